/* SPDX-License-Identifier: Apache-2.0 */
/* copy, replace, pickle, signature.
 *
 * A pickled record is (restore, (class, version), {name or number: value}): never positional, so that fields may be added,
 * dropped and moved between writing and reading. The state is pickle's third part, not an argument, because a record in a
 * cycle must exist before its values are read. Restoring calls neither __init__ nor __post_init__: the values were through it. */
#include "binding/record/internal.h"
#include "binding/attribute.h"


static int copy_dict(PyObject *from, PyObject *to)
{
    PyObject *dict = qpy_record_dict(from);
    if (dict == NULL)
        return 0;
    PyObject *copy = PyDict_Copy(dict);
    int result = copy == NULL ? -1 : PyObject_GenericSetDict(to, copy, NULL);
    Py_XDECREF(copy);
    return result;
}

PyObject *qpy_record_copy(PyObject *self, PyObject *ignored)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    PyObject *copy = qpy_record_alloc(cls);
    if (copy == NULL)
        return NULL;
    const PyTypeObject *type = &cls->head.ht_type;
    for (Py_ssize_t offset = sizeof(PyObject); offset < type->tp_basicsize; offset += (Py_ssize_t)sizeof(PyObject *)) {
        if (offset != type->tp_weaklistoffset)
            *qpy_record_slot(copy, offset) = Py_XNewRef(*qpy_record_slot(self, offset));
    }
    if (PyObject_GC_IsTracked(self))
        PyObject_GC_Track(copy);
    if ((cls->flags & QPY_RECORD_DICT) && copy_dict(self, copy) < 0)
        Py_CLEAR(copy);
    return copy;
}

/* ---- replace ---- */

/* What was unknown in the document stays with the record that is made of it. */
static void keep_unknown(qpy_record_class *cls, PyObject *from, PyObject *to)
{
    PyObject *unknown = cls->unknown ? *qpy_record_slot(from, cls->unknown) : NULL;
    if (unknown != NULL)
        qpy_record_store(to, cls->unknown, unknown);
}

/* A class with an __init__ of its own is called: it alone knows what its arguments mean. */
static PyObject *replace_by_call(qpy_record_class *cls, PyObject *self, PyObject *const *values, PyObject *names)
{
    PyObject *arguments = PyDict_New(), *nothing = PyTuple_New(0), *result = NULL;
    if (arguments == NULL || nothing == NULL)
        goto done;
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        PyObject *value = cls->fields[i].init ? *qpy_record_slot(self, cls->fields[i].offset) : NULL;
        if (value != NULL && PyDict_SetItem(arguments, cls->fields[i].name, value) < 0)
            goto done;
    }
    for (Py_ssize_t k = 0; names != NULL && k < PyTuple_GET_SIZE(names); k++) {
        if (PyDict_SetItem(arguments, PyTuple_GET_ITEM(names, k), values[k]) < 0)
            goto done;
    }
    result = PyObject_Call((PyObject *)cls, nothing, arguments);
    if (result != NULL && Py_IS_TYPE(result, &cls->head.ht_type))
        keep_unknown(cls, self, result);
done:
    Py_XDECREF(arguments);
    Py_XDECREF(nothing);
    return result;
}

PyObject *qpy_record_replace(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    if (nargs > 0)
        return PyErr_Format(PyExc_TypeError, "__replace__() takes no positional arguments (%zd given)", nargs);
    if (cls->flags & QPY_RECORD_OWN_INIT)
        return replace_by_call(cls, self, args, kwnames);
    PyObject *copy = qpy_record_alloc(cls);
    if (copy == NULL)
        return NULL;
    for (Py_ssize_t k = 0, next = 0; kwnames != NULL && k < PyTuple_GET_SIZE(kwnames); k++) {
        PyObject *name = PyTuple_GET_ITEM(kwnames, k);
        next = qpy_record_find(cls, name, next);
        if (next < 0) {
            PyErr_Format(PyExc_TypeError, "%.200s has no field '%U' to replace", cls->head.ht_type.tp_name, name);
            goto fail;
        }
        Py_XSETREF(*qpy_record_slot(copy, cls->fields[next].offset), Py_NewRef(args[k]));
    }
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        PyObject **slot = qpy_record_slot(copy, cls->fields[i].offset);
        if (*slot == NULL)
            *slot = Py_XNewRef(*qpy_record_slot(self, cls->fields[i].offset));
    }
    keep_unknown(cls, self, copy);
    if (qpy_record_complete(cls, copy, 0) < 0)
        goto fail;
    qpy_record_track(cls, copy);
    if (qpy_record_post_init(cls, copy) < 0)
        goto fail;
    return copy;
fail:
    Py_DECREF(copy);
    return NULL;
}

/* ---- pickle ---- */

PyObject *qpy_record_getstate(PyObject *self, PyObject *ignored)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    PyObject *state = PyDict_New();
    if (state == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        PyObject *value = *qpy_record_slot(self, field->offset);
        if (value == NULL)
            continue;
        PyObject *key = field->number ? PyLong_FromUnsignedLong(field->number) : Py_NewRef(field->name);
        int failed = key == NULL || PyDict_SetItem(state, key, value) < 0;
        Py_XDECREF(key);
        if (failed)
            goto fail;
    }
    PyObject *unknown = cls->unknown ? *qpy_record_slot(self, cls->unknown) : NULL;
    if (unknown != NULL && PyDict_SetItemString(state, QPY_RECORD_UNKNOWN, unknown) < 0)
        goto fail;
    if (cls->flags & QPY_RECORD_DICT) {
        PyObject *dict = qpy_record_dict(self);
        if (dict != NULL && PyDict_GET_SIZE(dict) > 0 && PyDict_SetItemString(state, "__dict__", dict) < 0)
            goto fail;
    }
    return state;
fail:
    Py_DECREF(state);
    return NULL;
}

PyObject *qpy_record_reduce(PyObject *self, PyObject *ignored)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    /* Interned: a new string at each call would fill the interpreter's cache of methods. */
    PyObject *name = PyUnicode_InternFromString("__getstate__");
    PyObject *state = name == NULL ? NULL : PyObject_CallMethodNoArgs(self, name);
    Py_XDECREF(name);
    return state == NULL ? NULL : Py_BuildValue("O(Oi)N", cls->state->record_restore, cls, QPY_RECORD_LAYOUT, state);
}

PyObject *qpy_record_reduction(PyObject *self)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    PyObject *state = qpy_record_getstate(self, NULL);
    return state == NULL ? NULL : Py_BuildValue("O(Oi)N", cls->state->record_restore, cls, QPY_RECORD_LAYOUT, state);
}

PyObject *qpy_record_restore(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    qpy_state *state = qpy_state_of(module);
    if (nargs != 2 || !PyType_Check(args[0]) || !qpy_record_check(state, (PyTypeObject *)args[0]))
        return PyErr_Format(PyExc_TypeError, "restoring a record needs a record class and a version");
    long version = PyLong_AsLong(args[1]);
    if (version == -1 && PyErr_Occurred())
        return NULL;
    if (version != QPY_RECORD_LAYOUT)
        return PyErr_Format(PyExc_ValueError, "%.200s was pickled in layout %ld, this quire reads layout %d",
                            ((PyTypeObject *)args[0])->tp_name, version, QPY_RECORD_LAYOUT);
    qpy_record_class *cls = (qpy_record_class *)args[0];
    PyObject *record = qpy_record_alloc(cls);
    if (record != NULL)
        qpy_record_track(cls, record);
    return record;
}

/* The field that a key of the state means: by name or by number; -1 without an exception when there is none. */
static Py_ssize_t field_of_key(const qpy_record_class *cls, PyObject *key, Py_ssize_t hint)
{
    if (PyUnicode_Check(key))
        return qpy_record_find(cls, key, hint < cls->count ? hint : 0);
    if (!PyLong_CheckExact(key))
        return -1;
    int overflow;
    long number = PyLong_AsLongAndOverflow(key, &overflow);
    for (Py_ssize_t i = 0; number > 0 && i < cls->count; i++) {
        if (cls->fields[i].number == (unsigned long)number)
            return i;
    }
    return -1;
}

/* May the state name fields that the class does not have? Only when the class says so itself. */
static int skips_unknown(qpy_record_class *cls)
{
    PyObject *unknown = cls->options == NULL ? NULL : qpy_dict_find(cls->options, "unknown");
    return unknown != NULL && PyUnicode_Check(unknown) && PyUnicode_CompareWithASCIIString(unknown, "skip") == 0;
}

static int set_dict(PyObject *self, PyObject *value)
{
    PyObject *dict = PyObject_GenericGetDict(self, NULL);
    int result = dict == NULL ? -1 : PyDict_Update(dict, value);
    Py_XDECREF(dict);
    return result;
}

PyObject *qpy_record_setstate(PyObject *self, PyObject *state)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    PyObject *key, *value;
    Py_ssize_t position = 0, next = 0;
    if (!PyDict_Check(state))
        return PyErr_Format(PyExc_TypeError, "the state of %.200s must be a dict, not %.200s", cls->head.ht_type.tp_name,
                            Py_TYPE(state)->tp_name);
    while (PyDict_Next(state, &position, &key, &value)) {
        next = field_of_key(cls, key, next);
        if (next >= 0) {
            /* Storing may drop an old value, whose end may run anything, the end of the state's key included. */
            Py_INCREF(value);
            qpy_record_store(self, cls->fields[next++].offset, value);
            Py_DECREF(value);
            continue;
        }
        next = 0;
        if ((cls->flags & QPY_RECORD_DICT) && PyUnicode_Check(key) && PyUnicode_CompareWithASCIIString(key, "__dict__") == 0) {
            if (set_dict(self, value) < 0)
                return NULL;
        } else if (PyUnicode_Check(key) && PyUnicode_CompareWithASCIIString(key, QPY_RECORD_UNKNOWN) == 0) {
            if (cls->unknown && PyTuple_Check(value)) /* else the class no longer keeps them */
                qpy_record_store(self, cls->unknown, value);
        } else if (!skips_unknown(cls)) {
            return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "%.200s has no field %R, which its pickled state holds", cls->head.ht_type.tp_name, key);
        }
    }
    int failed = qpy_record_complete(cls, self, 0) < 0;
    qpy_record_track(cls, self);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- signature ---- */

/* The annotation as it is written in the class that wrote it last, or NULL without an exception. */
static PyObject *find_annotation(PyTypeObject *type, PyObject *name)
{
    PyObject *mro = type->tp_mro;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        PyObject *annotations = base->tp_dict == NULL ? NULL : qpy_dict_find(base->tp_dict, "__annotations__");
        PyObject *annotation = annotations == NULL || !PyDict_Check(annotations) ? NULL : PyDict_GetItemWithError(annotations, name);
        if (annotation != NULL || PyErr_Occurred())
            return annotation;
    }
    return NULL;
}

static PyObject *make_parameter(qpy_record_class *cls, const qpy_record_field *field, PyObject *parameter)
{
    PyObject *kind = qpy_attribute(parameter, field->kw_only ? "KEYWORD_ONLY" : "POSITIONAL_OR_KEYWORD"), *result = NULL;
    PyObject *arguments = kind == NULL ? NULL : PyTuple_Pack(2, field->name, kind), *keywords = PyDict_New();
    if (arguments == NULL || keywords == NULL)
        goto done;
    PyObject *shown = field->factory ? Py_Ellipsis : field->default_;
    if (shown != NULL && PyDict_SetItemString(keywords, "default", shown) < 0)
        goto done;
    PyObject *annotation = find_annotation(&cls->head.ht_type, field->name);
    if (annotation == NULL ? PyErr_Occurred() != NULL : PyDict_SetItemString(keywords, "annotation", annotation) < 0)
        goto done;
    result = PyObject_Call(parameter, arguments, keywords);
done:
    Py_XDECREF(kind);
    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    return result;
}

/* inspect.signature(cls). A factory's default is shown as `...`. */
PyObject *qpy_record_signature(PyObject *self, void *ignored)
{
    qpy_record_class *cls = (qpy_record_class *)self;
    if (cls->flags & QPY_RECORD_OWN_INIT) /* inspect then looks at that __init__ */
        return PyErr_Format(PyExc_AttributeError, "__signature__");
    PyObject *inspect = PyImport_ImportModule("inspect"), *list = PyList_New(0), *result = NULL;
    PyObject *parameter = inspect == NULL ? NULL : qpy_attribute(inspect, "Parameter");
    PyObject *signature = parameter == NULL ? NULL : qpy_attribute(inspect, "Signature");
    if (signature == NULL || list == NULL)
        goto done;
    for (Py_ssize_t i = 0; i < cls->parameters; i++) {
        PyObject *made = make_parameter(cls, &cls->fields[i], parameter);
        int failed = made == NULL || PyList_Append(list, made) < 0;
        Py_XDECREF(made);
        if (failed)
            goto done;
    }
    result = PyObject_CallOneArg(signature, list);
done:
    Py_XDECREF(inspect);
    Py_XDECREF(list);
    Py_XDECREF(parameter);
    Py_XDECREF(signature);
    return result;
}
