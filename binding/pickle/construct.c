/* SPDX-License-Identifier: Apache-2.0 */
/* construct: globals, calls and states as the standard library's unpickler has them, and the machine made for them. */
#include "binding/pickle/machine.h"

#include "binding/attribute.h"
#include "binding/keys.h"

/* ---------------------------------------------------------------- globals */

static PyObject *module_member(PyObject **place, const char *module, const char *name)
{
    if (!*place) {
        PyObject *imported = PyImport_ImportModule(module), *found = imported ? qpy_attribute(imported, name) : NULL;
        Py_XDECREF(imported);
        if (found && !*place)
            *place = Py_NewRef(found);
        Py_XDECREF(found);
    }
    return *place;
}

PyObject *qpy_unpickle_error(qpy_state *state) { return module_member(&state->unpickle_error, "_pickle", "UnpicklingError"); }

static int is_text(PyObject *object, const char *what)
{
    if (PyUnicode_Check(object))
        return 1;
    PyErr_Format(PyExc_RuntimeError, what, Py_TYPE(object)->tp_name);
    return 0;
}

/* What Python 2 called so is called what now: borrowed, still the same where nothing has changed. 1, or 0 with an exception. */
static int map_names(qpy_unpickle *m, PyObject **module, PyObject **name)
{
    PyObject *names = module_member(&m->state->unpickle_names, "_compat_pickle", "NAME_MAPPING");
    PyObject *modules = names ? module_member(&m->state->unpickle_modules, "_compat_pickle", "IMPORT_MAPPING") : NULL;
    PyObject *key = modules ? PyTuple_Pack(2, *module, *name) : NULL;
    if (!key)
        return 0;
    PyObject *found = PyDict_GetItemWithError(names, key);
    Py_DECREF(key);
    if (found) {
        if (!PyTuple_Check(found) || PyTuple_GET_SIZE(found) != 2) {
            PyErr_Format(PyExc_RuntimeError, "_compat_pickle.NAME_MAPPING values should be 2-tuples, not %.200s", Py_TYPE(found)->tp_name);
            return 0;
        }
        *module = PyTuple_GET_ITEM(found, 0);
        *name = PyTuple_GET_ITEM(found, 1);
        return is_text(*module, "_compat_pickle.NAME_MAPPING values should be pairs of str, not (%.200s, ...)") &&
               is_text(*name, "_compat_pickle.NAME_MAPPING values should be pairs of str, not (..., %.200s)");
    }
    if (PyErr_Occurred() || !(found = PyDict_GetItemWithError(modules, *module)))
        return !PyErr_Occurred();
    *module = found;
    return is_text(found, "_compat_pickle.IMPORT_MAPPING values should be strings, not %.200s");
}

static PyObject *no_attribute(PyObject *name, PyObject *module, const char *format)
{
    if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Format(PyExc_AttributeError, format, name, module);
    return NULL;
}

/* What an ordinary module has by a name without two underscores before it, of which its class has none: new, or NULL, with an exception or without.
 * A name in a pickle is a new str each time, and the interpreter's cache of the attributes of classes would keep each. */
static PyObject *member_of(PyObject *module, PyObject *name)
{
    if (!PyModule_CheckExact(module) || !PyUnicode_CheckExact(name) || PyUnicode_GET_LENGTH(name) < 2 || (PyUnicode_READ_CHAR(name, 0) == '_' && PyUnicode_READ_CHAR(name, 1) == '_'))
        return NULL;
    return Py_XNewRef(PyDict_GetItemWithError(PyModule_GetDict(module), name));
}

/* module.name, which from protocol 4 on may have dots. */
static PyObject *walk_to(PyObject *module, PyObject *name, int dotted)
{
    PyObject *object = NULL;
    if (!dotted || PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1) == -1) {
        if (dotted && PyUnicode_CompareWithASCIIString(name, "<locals>") == 0)
            return no_attribute(name, module, "Can't get local attribute %R on %R");
        object = member_of(module, name);
        if (!object && !PyErr_Occurred())
            object = PyObject_GetAttr(module, name);
        return object ? object : no_attribute(name, module, "Can't get attribute %R on %R");
    }
    PyObject *dot = PyUnicode_FromString("."), *parts = dot ? PyUnicode_Split(name, dot, -1) : NULL;
    Py_XDECREF(dot);
    if (!parts)
        return NULL;
    object = Py_NewRef(module);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(parts); i++)
        if (PyUnicode_CompareWithASCIIString(PyList_GET_ITEM(parts, i), "<locals>") == 0) {
            no_attribute(name, module, "Can't get local attribute %R on %R");
            Py_CLEAR(object);
            break;
        }
    for (Py_ssize_t i = 0; object && i < PyList_GET_SIZE(parts); i++) {
        Py_SETREF(object, PyObject_GetAttr(object, PyList_GET_ITEM(parts, i)));
        if (!object)
            no_attribute(name, module, "Can't get attribute %R on %R");
    }
    Py_DECREF(parts);
    return object;
}

PyObject *qpy_unpickle_find_class(qpy_unpickle *m, PyObject *module, PyObject *name)
{
    if (PySys_Audit("pickle.find_class", "OO", module, name) < 0)
        return NULL;
    if (m->protocol < 3 && m->fix_imports && !map_names(m, &module, &name))
        return NULL;
    PyObject *imported = PyImport_Import(module);
    PyObject *found = imported ? walk_to(imported, name, m->protocol >= 4) : NULL;
    Py_XDECREF(imported);
    return found;
}

static PyObject *find(qpy_unpickle *m, PyObject *module, PyObject *name)
{
    if (QR_LIKELY(!m->self))
        return qpy_unpickle_find_class(m, module, name);
    PyObject *args[] = {m->self, module, name};
    return PyObject_VectorcallMethod(m->state->str_find_class, args, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
}

/* A line as a str; empty is an error. */
static PyObject *name_of(qpy_unpickle *m, const uint8_t *text, size_t length, int ascii)
{
    if (length == 0) {
        qpy_unpickle_truncated(m);
        return NULL;
    }
    return ascii ? PyUnicode_DecodeASCII((const char *)text, (Py_ssize_t)length, "strict") : PyUnicode_DecodeUTF8((const char *)text, (Py_ssize_t)length, "strict");
}

static PyObject *find_lines(qpy_unpickle *m, const qr_pickle_instruction *op, int ascii)
{
    PyObject *module = name_of(m, op->text, op->length, ascii), *name = module ? name_of(m, op->second, op->second_length, ascii) : NULL;
    PyObject *found = name ? find(m, module, name) : NULL;
    Py_XDECREF(name);
    Py_XDECREF(module);
    return found;
}

static int standard_global(qpy_unpickle *m, qpy_unpickle_stack *s, const qr_pickle_instruction *op) { return qpy_unpickle_push(s, find_lines(m, op, 0)); }

static int standard_stack_global(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    if (s->top - s->fence < 2 || !PyUnicode_CheckExact(s->top[-1]) || !PyUnicode_CheckExact(s->top[-2]))
        return qpy_unpickle_fail(m, "STACK_GLOBAL requires str");
    PyObject *found = find(m, s->top[-2], s->top[-1]);
    if (!found)
        return 0;
    qpy_unpickle_stack_clear(s, s->top - 2);
    return qpy_unpickle_push(s, found);
}

static PyObject *find_extension(qpy_unpickle *m, int64_t code, PyObject *number)
{
    PyObject *cache = module_member(&m->state->unpickle_extension_cache, "copyreg", "_extension_cache");
    PyObject *registry = cache ? module_member(&m->state->unpickle_inverted_registry, "copyreg", "_inverted_registry") : NULL;
    if (!registry)
        return NULL;
    PyObject *found = PyDict_GetItemWithError(cache, number);
    if (found || PyErr_Occurred())
        return Py_XNewRef(found);
    PyObject *pair = PyDict_GetItemWithError(registry, number);
    if (!pair)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "unregistered extension code %ld", (long)code);
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2 || !PyUnicode_Check(PyTuple_GET_ITEM(pair, 0)) || !PyUnicode_Check(PyTuple_GET_ITEM(pair, 1)))
        return PyErr_Format(PyExc_ValueError, "_inverted_registry[%ld] isn't a 2-tuple of strings", (long)code);
    Py_INCREF(pair);
    found = find(m, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
    Py_DECREF(pair);
    if (found && PyDict_SetItem(cache, number, found) < 0)
        Py_CLEAR(found);
    return found;
}

static int standard_ext(qpy_unpickle *m, qpy_unpickle_stack *s, int64_t code)
{
    if (code <= 0)
        return qpy_unpickle_fail(m, "EXT specifies code <= 0");
    PyObject *number = PyLong_FromLongLong(code), *found = number ? find_extension(m, code, number) : NULL;
    Py_XDECREF(number);
    return qpy_unpickle_push(s, found);
}

/* ---------------------------------------------------------------- persistent objects, buffers */

static const char *const NO_PERSISTENT_LOAD = "A load persistent id instruction was encountered, but no persistent_load function was specified.";

static int push_persistent(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject *id)
{
    PyObject *function = Py_NewRef(m->persistent_load);
    PyObject *found = PyObject_CallOneArg(function, id);
    Py_DECREF(function);
    Py_DECREF(id);
    return qpy_unpickle_push(s, found);
}

static int standard_persid(qpy_unpickle *m, qpy_unpickle_stack *s, const qr_pickle_instruction *op)
{
    if (!m->persistent_load)
        return qpy_unpickle_fail(m, NO_PERSISTENT_LOAD);
    PyObject *id = PyUnicode_DecodeASCII((const char *)op->text, (Py_ssize_t)op->length, "strict");
    if (id)
        return push_persistent(m, s, id);
    if (PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
        qpy_unpickle_fail(m, "persistent IDs in protocol 0 must be ASCII strings");
    }
    return 0;
}

static int standard_binpersid(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    if (!m->persistent_load)
        return qpy_unpickle_fail(m, NO_PERSISTENT_LOAD);
    return push_persistent(m, s, *--s->top);
}

static int standard_next_buffer(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    if (!m->buffers)
        return qpy_unpickle_fail(m, "pickle stream refers to out-of-band data but no *buffers* argument was given");
    PyObject *buffers = Py_NewRef(m->buffers), *buffer = PyIter_Next(buffers);
    Py_DECREF(buffers);
    if (!buffer && !PyErr_Occurred())
        return qpy_unpickle_fail(m, "not enough out-of-band buffers");
    return qpy_unpickle_push(s, buffer);
}

static int standard_readonly_buffer(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    (void)m;
    PyObject *view = PyMemoryView_FromObject(s->top[-1]);
    if (!view)
        return 0;
    if (PyMemoryView_GET_BUFFER(view)->readonly) {
        Py_DECREF(view);
        return 1;
    }
    PyObject *readonly = qpy_call_method(view, "toreadonly", NULL);
    Py_DECREF(view);
    if (!readonly)
        return 0;
    Py_SETREF(s->top[-1], readonly);
    return 1;
}

/* ---------------------------------------------------------------- containers that are none of the plain ones */

static int call_with(PyObject *function, PyObject *argument)
{
    PyObject *result = PyObject_CallOneArg(function, argument);
    Py_XDECREF(result);
    return result != NULL;
}

static PyObject *list_of(PyObject *const *items, Py_ssize_t n)
{
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++)
        PyList_SET_ITEM(list, i, Py_NewRef(items[i]));
    return list;
}

/* object.name(item) for each. */
static int call_each(qpy_unpickle_stack *s, PyObject *object, PyObject **items, const char *name)
{
    PyObject *function = qpy_attribute(object, name);
    int ok = function != NULL;
    for (PyObject **item = items; ok && item < s->top; item++)
        ok = call_with(function, *item);
    Py_XDECREF(function);
    return ok;
}

static int standard_append_other(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **items)
{
    PyObject *extend;
    int ok;
    if (qpy_attribute_if_any(items[-1], m->state->str_extend, &extend) < 0)
        return 0;
    if (extend) {
        PyObject *list = list_of(items, s->top - items);
        ok = list && call_with(extend, list);
        Py_XDECREF(list);
        Py_DECREF(extend);
    }
    else
        ok = call_each(s, items[-1], items, "append");
    qpy_unpickle_stack_clear(s, items);
    return ok;
}

static int standard_setitem_other(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **pairs)
{
    (void)m;
    int status = 0;
    for (PyObject **pair = pairs; status == 0 && pair < s->top; pair += 2)
        status = PyObject_SetItem(pairs[-1], pair[0], pair[1]);
    qpy_unpickle_stack_clear(s, pairs);
    return status == 0;
}

static int standard_additems(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **items)
{
    (void)m;
    PyObject *set = items[-1];
    int ok = 1;
    if (!PySet_Check(set))
        ok = call_each(s, set, items, "add");
    else
        for (PyObject **item = items; ok && item < s->top; item++)
            ok = PySet_Add(set, *item) == 0;
    qpy_unpickle_stack_clear(s, items);
    return ok;
}

static int standard_frozenset(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **items)
{
    (void)m;
    PyObject *list = list_of(items, s->top - items), *set = list ? PyFrozenSet_New(list) : NULL;
    Py_XDECREF(list);
    qpy_unpickle_stack_clear(s, items);
    return qpy_unpickle_push(s, set);
}

/* ---------------------------------------------------------------- instances */

static PyObject *tuple_of(PyObject *const *items, Py_ssize_t n)
{
    PyObject *tuple = PyTuple_New(n);
    for (Py_ssize_t i = 0; tuple && i < n; i++)
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(items[i]));
    return tuple;
}

/* An instance of a class of Python 2's kind: without arguments it is not initialised, unless it says which they are. */
static PyObject *instantiate(qpy_unpickle *m, PyObject *cls, PyObject *args)
{
    if (PyTuple_GET_SIZE(args) == 0 && PyType_Check(cls)) {
        PyObject *known;
        if (qpy_attribute_if_any(cls, m->state->str_getinitargs, &known) < 0)
            return NULL;
        if (!known)
            return qpy_call_method(cls, "__new__", cls);
        Py_DECREF(known);
    }
    return PyObject_CallObject(cls, args);
}

static int standard_obj(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **above)
{
    PyObject *args = tuple_of(above + 1, s->top - above - 1), *made = args ? instantiate(m, *above, args) : NULL;
    Py_XDECREF(args);
    if (!made)
        return 0;
    qpy_unpickle_stack_clear(s, above);
    return qpy_unpickle_push(s, made);
}

static int standard_inst(qpy_unpickle *m, qpy_unpickle_stack *s, const qr_pickle_instruction *op)
{
    PyObject *cls = find_lines(m, op, 1);
    if (!cls)
        return 0;
    PyObject **above = qpy_unpickle_unmark(s);
    PyObject *args = tuple_of(above, s->top - above), *made = args ? instantiate(m, cls, args) : NULL;
    Py_XDECREF(args);
    Py_DECREF(cls);
    if (!made)
        return 0;
    qpy_unpickle_stack_clear(s, above);
    return qpy_unpickle_push(s, made);
}

/* A new instance of a class that has object's __new__: nothing of the user runs. */
QR_INLINE PyObject *standard_make(qpy_unpickle *m, PyObject *cls, PyObject *args)
{
    (void)m;
    if (!PyType_Check(cls) || ((PyTypeObject *)cls)->tp_new != PyBaseObject_Type.tp_new || (args && (!PyTuple_CheckExact(args) || PyTuple_GET_SIZE(args))))
        return NULL;
    PyTypeObject *type = (PyTypeObject *)cls;
    if (type->tp_flags & Py_TPFLAGS_IS_ABSTRACT || type->tp_alloc != PyType_GenericAlloc)
        return NULL;
    PyObject *made = qpy_unpickle_new_instance(type);
    if (!made)
        PyErr_Clear(); /* it is tried again in the ordinary way */
    return made;
}

static int newobj_refused(qpy_unpickle *m, const char *format, int with_names, const char *name)
{
    return qpy_unpickle_fail(m, format, with_names ? "NEWOBJ_EX" : "NEWOBJ", name);
}

static int standard_newobj(qpy_unpickle *m, qpy_unpickle_stack *s, int with_names)
{
    PyObject **at = s->top - 2 - with_names, *cls = at[0], *args = at[1], *names = with_names ? at[2] : NULL;
    if (!PyType_Check(cls))
        return newobj_refused(m, "%s class argument must be a type, not %.200s", with_names, Py_TYPE(cls)->tp_name);
    PyTypeObject *type = (PyTypeObject *)cls;
    if (!type->tp_new)
        return newobj_refused(m, "%s class argument '%.200s' doesn't have __new__", with_names, type->tp_name);
    if (!PyTuple_Check(args))
        return newobj_refused(m, "%s args argument must be a tuple, not %.200s", with_names, Py_TYPE(args)->tp_name);
    if (names && !PyDict_Check(names))
        return newobj_refused(m, "%s kwargs argument must be a dict, not %.200s", with_names, Py_TYPE(names)->tp_name);
    PyObject *made = type->tp_new(type, args, names);
    if (!made)
        return 0;
    qpy_unpickle_stack_clear(s, at);
    return qpy_unpickle_push(s, made);
}

static int standard_reduce(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    (void)m;
    PyObject *args = s->top[-1];
    if (!PyTuple_Check(args)) {
        PyErr_SetString(PyExc_TypeError, "argument list must be a tuple");
        return 0;
    }
    PyObject *made = PyObject_Call(s->top[-2], args, NULL);
    if (!made)
        return 0;
    qpy_unpickle_stack_clear(s, s->top - 2);
    return qpy_unpickle_push(s, made);
}

/* ---------------------------------------------------------------- states */

static int set_dict(qpy_unpickle *m, PyObject *instance, PyObject *state)
{
    if (!PyDict_Check(state))
        return qpy_unpickle_fail(m, "state is not a dictionary");
    PyObject *dict = PyObject_GetAttr(instance, m->state->str_instance_dict), *key, *value;
    Py_ssize_t at = 0;
    int status = dict ? 0 : -1;
    while (status == 0 && PyDict_Next(state, &at, &key, &value)) {
        Py_INCREF(key);
        Py_INCREF(value);
        if (PyUnicode_CheckExact(key))
            PyUnicode_InternInPlace(&key);
        status = PyObject_SetItem(dict, key, value);
        Py_DECREF(value);
        Py_DECREF(key);
    }
    Py_XDECREF(dict);
    return status == 0;
}

static int set_attributes(qpy_unpickle *m, PyObject *instance, PyObject *state)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    int status = 0;
    if (!PyDict_Check(state))
        return qpy_unpickle_fail(m, "slot state is not a dictionary");
    if (PyDict_CheckExact(state) && qpy_unpickle_store_dict(m, instance, state, 1))
        return 1;
    while (status == 0 && PyDict_Next(state, &at, &key, &value)) {
        Py_INCREF(key);
        Py_INCREF(value);
        status = PyObject_SetAttr(instance, key, value);
        Py_DECREF(value);
        Py_DECREF(key);
    }
    return status == 0;
}

static int standard_build(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    PyObject *instance = s->top[-2], *state = s->top[-1], *slots = NULL;
    PyObject *setstate;
    int ok = 1;
    if (qpy_unpickle_store_fields(m, instance, state)) {
        Py_DECREF(state);
        s->top--;
        return 1;
    }
    if (qpy_attribute_if_any(instance, m->state->str_setstate, &setstate) < 0)
        return 0;
    if (setstate) {
        ok = call_with(setstate, state);
        Py_DECREF(setstate);
    }
    else {
        if (PyTuple_Check(state) && PyTuple_GET_SIZE(state) == 2) {
            slots = PyTuple_GET_ITEM(state, 1);
            state = PyTuple_GET_ITEM(state, 0);
        }
        ok = (state == Py_None || set_dict(m, instance, state)) && (!slots || set_attributes(m, instance, slots));
    }
    qpy_unpickle_stack_clear(s, s->top - 1);
    return ok;
}

/* ---------------------------------------------------------------- the machine */

enum { standard_stores = 1 };
#define standard_keys(m, from, to, step) 1
#define standard_integer(m, length) 1
#define QPY_P(name) QR_PASTE(standard_, name)
#include "binding/pickle/machine.tmpl.h"

PyObject *qpy_unpickle_load(qpy_unpickle *self)
{
    self->protocol = 0;
    if (!qpy_unpickle_error(self->state))
        return NULL;
    qpy_unpickle_look_ahead(self);
    PyObject *value = standard_run(self);
    qpy_unpickle_looked(self);
    qpy_unpickle_forget(self);
    return value;
}

#undef standard_keys
#undef standard_integer

int qpy_unpickle_construct_init(PyObject *Py_UNUSED(module), qpy_state *state)
{
    static const struct { size_t offset; const char *text; } names[] = {
        {offsetof(qpy_state, str_setstate), "__setstate__"},
        {offsetof(qpy_state, str_instance_dict), "__dict__"},
        {offsetof(qpy_state, str_find_class), "find_class"},
        {offsetof(qpy_state, str_extend), "extend"},
        {offsetof(qpy_state, str_getinitargs), "__getinitargs__"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(names); i++)
        if (!(*(PyObject **)(void *)((char *)state + names[i].offset) = PyUnicode_InternFromString(names[i].text)))
            return -1;
    return 0;
}
