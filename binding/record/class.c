/* SPDX-License-Identifier: Apache-2.0 */
/* Making a record class.
 *
 * The body is read first (options, fields), then `type` makes the class with a __slots__ of the new names, so that conflicts of
 * layout, __class__ cells, __set_name__ and __init_subclass__ are CPython's affair. Afterwards the member descriptors are
 * made read only or exchanged for ours (member.c) and the slots of the type object point to our functions instead of the
 * generic ones for Python classes. */
#include "binding/record/internal.h"
#include "binding/attribute.h"

#include <stdarg.h>
#include <structmember.h>

int qpy_record_class_error(const char *format, ...)
{
    PyObject *type = PyExc_TypeError, *modules = PyImport_GetModuleDict();
    PyObject *module = modules == NULL ? NULL : PyDict_GetItemString(modules, "quire.errors");
    PyObject *found = module == NULL || !PyModule_Check(module) ? NULL : PyDict_GetItemString(PyModule_GetDict(module), "SchemaError");
    if (found != NULL && PyExceptionClass_Check(found))
        type = found;
    va_list arguments;
    va_start(arguments, format);
    PyErr_FormatV(type, format, arguments);
    va_end(arguments);
    return -1;
}

qpy_state *qpy_record_meta_state(PyTypeObject *meta, PyObject **module)
{
    /* Metaclasses written in Python have no module of their own; ours is below them. */
    while (((PyHeapTypeObject *)meta)->ht_module == NULL)
        meta = meta->tp_base;
    *module = ((PyHeapTypeObject *)meta)->ht_module;
    return qpy_state_of(*module);
}

/* ---- bases ---- */

/* The class that brought the slots that `cls` has. */
static PyTypeObject *storage_of(const qpy_state *state, qpy_record_class *cls)
{
    PyTypeObject *type = &cls->head.ht_type;
    while (qpy_record_check(state, type->tp_base) && type->tp_base->tp_basicsize == type->tp_basicsize)
        type = type->tp_base;
    return type;
}

static int check_plain_base(PyObject *class_name, PyTypeObject *base)
{
    Py_ssize_t size = base->tp_basicsize - (Py_ssize_t)sizeof(PyObject);
    size -= base->tp_dictoffset > 0 ? (Py_ssize_t)sizeof(PyObject *) : 0;
    size -= base->tp_weaklistoffset > 0 ? (Py_ssize_t)sizeof(PyObject *) : 0;
    if (size == 0 && base->tp_itemsize == 0)
        return 0;
    return qpy_record_class_error("%U: base %.200s brings storage of its own: a record's other bases must be without (no __slots__ with "
                                  "names, no built-in type)", class_name, base->tp_name);
}

/* *chosen: the base whose fields are inherited, or NULL. */
static int choose_base(const qpy_state *state, PyObject *class_name, PyObject *bases, qpy_record_class **chosen)
{
    *chosen = NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bases); i++) {
        PyTypeObject *type = (PyTypeObject *)PyTuple_GET_ITEM(bases, i);
        qpy_record_class *base = (qpy_record_class *)type;
        if (!PyType_Check(type))
            continue; /* type says it better */
        if (!qpy_record_check(state, type)) {
            if (check_plain_base(class_name, type) < 0)
                return -1;
            continue;
        }
        if (base->state == NULL)
            return qpy_record_class_error(QPY_NOT_FINISHED, type->tp_name);
        if (base->count == 0 || (base->flags & QPY_RECORD_MIXIN))
            continue;
        if (*chosen == NULL || PyType_IsSubtype(type, storage_of(state, *chosen)))
            *chosen = *chosen == NULL || type->tp_basicsize > (*chosen)->head.ht_type.tp_basicsize ? base : *chosen;
        else if (!PyType_IsSubtype(&(*chosen)->head.ht_type, storage_of(state, base)))
            return qpy_record_class_error("%U: %.200s and %.200s both bring fields: only one base may", class_name,
                                          (*chosen)->head.ht_type.tp_name, type->tp_name);
    }
    return 0;
}

static int has_abstract_base(const qpy_state *state, PyObject *bases)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bases); i++) {
        PyObject *base = PyTuple_GET_ITEM(bases, i);
        if (PyType_Check(base) && qpy_record_check(state, (PyTypeObject *)base)) {
            if (((qpy_record_class *)base)->flags & QPY_RECORD_ABC)
                return 1;
        } else if (PyType_IsSubtype(Py_TYPE(base), state->abc_meta)) {
            return 1;
        }
    }
    return 0;
}

static int bases_have_weakref(PyObject *bases)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bases); i++) {
        PyObject *base = PyTuple_GET_ITEM(bases, i);
        if (PyType_Check(base) && ((PyTypeObject *)base)->tp_weaklistoffset != 0)
            return 1;
    }
    return 0;
}

/* ---- before: the namespace ---- */

static int set_default(PyObject *space, const char *name, PyObject *value)
{
    if (qpy_dict_find(space, name) != NULL)
        return 0;
    return PyErr_Occurred() ? -1 : PyDict_SetItemString(space, name, value);
}

static PyObject *positional_names(const qpy_record_body *body)
{
    return PyTuple_GetSlice(body->names, 0, body->positional);
}

static int append_name(PyObject *list, const char *text)
{
    PyObject *name = PyUnicode_FromString(text);
    int result = name == NULL ? -1 : PyList_Append(list, name);
    Py_XDECREF(name);
    return result;
}

static int prepare_space(const qpy_state *state, PyObject *space, const qpy_record_body *body, uint32_t flags, int weakref, int unknown)
{
    int result = -1;
    PyObject *slots = NULL, *match = positional_names(body);
    if (match == NULL || (weakref && append_name(body->slots, "__weakref__") < 0) || (unknown && append_name(body->slots, QPY_RECORD_UNKNOWN) < 0))
        goto done;
    slots = PyList_AsTuple(body->slots);
    if (slots == NULL || PyDict_SetItemString(space, "__slots__", slots) < 0 ||
        PyDict_SetItemString(space, "__record_fields__", body->names) < 0 || set_default(space, "__match_args__", match) < 0)
        goto done;
    if ((flags & QPY_RECORD_FROZEN) && (set_default(space, "__setattr__", state->record_setattr) < 0 ||
                                        set_default(space, "__delattr__", state->record_delattr) < 0))
        goto done;
    result = 0;
done:
    Py_XDECREF(slots);
    Py_XDECREF(match);
    return result;
}

/* ---- after: the slots ---- */

/* What the class or a base defines under the name: borrowed; NULL when only `object` might (or with an exception). */
static PyObject *defined(PyTypeObject *type, const char *name)
{
    PyObject *mro = type->tp_mro;
    for (Py_ssize_t i = 0; mro != NULL && i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        PyObject *found = base == &PyBaseObject_Type || base->tp_dict == NULL ? NULL : qpy_dict_find(base->tp_dict, name);
        if (found != NULL || PyErr_Occurred())
            return found;
    }
    return NULL;
}

static int is_ours(const qpy_state *state, PyTypeObject *type, const char *name)
{
    return defined(type, name) == qpy_dict_find(state->record_type->tp_dict, name);
}

/* object.__setattr__ may store in it, and assignment, which checks, must not end in the same function. */
enum { VALIDATED = QPY_RECORD_TRACKING | QPY_RECORD_VALIDATE_ASSIGN };

int qpy_record_refresh(qpy_record_class *cls)
{
    static const char *const comparisons[] = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"};
    PyTypeObject *type = &cls->head.ht_type;
    qpy_state *state = cls->state;
    int own_compare = 1, own_new = is_ours(state, type, "__new__"), own_init = is_ours(state, type, "__init__");
    for (size_t i = 0; i < QR_ARRAY_LENGTH(comparisons); i++)
        own_compare = own_compare && is_ours(state, type, comparisons[i]);
    int post_init = defined(type, "__post_init__") != NULL, own_store = is_ours(state, type, "__setattr__") && is_ours(state, type, "__delattr__");
    if (PyErr_Occurred())
        return -1;
    if (own_compare)
        type->tp_richcompare = qpy_record_richcompare;
    if (own_new)
        type->tp_new = qpy_record_new;
    if (own_init)
        type->tp_init = qpy_record_init_slot;
    if (own_store && type != state->record_type)
        type->tp_setattro = cls->flags & QPY_RECORD_OPEN || (cls->flags & VALIDATED) == VALIDATED ? state->slot_setattro
                            : cls->flags & QPY_RECORD_TRACKING ? PyObject_GenericSetAttr : qpy_record_setattro;
    type->tp_vectorcall = own_new && own_init ? qpy_record_vectorcall : NULL;
    uint32_t flags = cls->flags & ~(uint32_t)(QPY_RECORD_POST_INIT | QPY_RECORD_OWN_INIT);
    flags |= own_new && own_init ? 0 : QPY_RECORD_OWN_INIT;
    flags |= post_init ? QPY_RECORD_POST_INIT : 0;
    cls->flags = flags;
    return 0;
}

static int refresh_tree(PyObject *type)
{
    qpy_record_class *cls = (qpy_record_class *)type;
    if (cls->state == NULL)
        return 0;
    if (qpy_record_refresh(cls) < 0)
        return -1;
    PyObject *children = qpy_call_method((PyObject *)&PyType_Type, "__subclasses__", type);
    int result = children == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(children); i++)
        result = refresh_tree(PyList_GET_ITEM(children, i));
    Py_XDECREF(children);
    return result;
}

int qpy_record_meta_setattro(PyObject *type, PyObject *name, PyObject *value)
{
    if (PyType_Type.tp_setattro(type, name, value) < 0)
        return -1;
    qpy_record_class *cls = (qpy_record_class *)type;
    if (value != NULL && cls->state != NULL && qpy_record_notice_code(cls, value) < 0)
        return -1;
    if (PyUnicode_GET_LENGTH(name) < 2 || PyUnicode_READ_CHAR(name, 0) != '_' || PyUnicode_READ_CHAR(name, 1) != '_')
        return 0;
    return refresh_tree(type);
}

/* As dataclasses have it: equal and changeable records cannot be hashed. */
static int set_hash(qpy_record_class *cls, PyObject *space)
{
    PyTypeObject *type = &cls->head.ht_type;
    qpy_state *state = cls->state;
    if (qpy_dict_find(space, "__hash__") != NULL || !is_ours(state, type, "__eq__"))
        return PyErr_Occurred() ? -1 : 0;
    PyObject *hash = qpy_dict_find(state->record_type->tp_dict, "__hash__");
    if ((cls->flags & QPY_RECORD_EQ) && !(cls->flags & QPY_RECORD_FROZEN))
        hash = Py_None;
    else if (!(cls->flags & QPY_RECORD_EQ) && defined(type, "__hash__") != Py_None)
        hash = NULL;
    if (hash == NULL || PyErr_Occurred())
        return PyErr_Occurred() ? -1 : 0;
    PyObject *name = PyUnicode_InternFromString("__hash__");
    int result = name == NULL ? -1 : PyType_Type.tp_setattro((PyObject *)type, name, hash);
    Py_XDECREF(name);
    return result;
}

/* The slot for unknown fields, the class's own or a base's: nothing is stored in it but by us. */
static int find_unknown(qpy_record_class *cls)
{
    PyTypeObject *type = &cls->head.ht_type;
    PyObject *found = qpy_dict_find(type->tp_dict, QPY_RECORD_UNKNOWN);
    if (found != NULL && Py_IS_TYPE(found, &PyMemberDescr_Type)) {
        ((PyMemberDescrObject *)found)->d_member->flags |= READONLY;
        cls->unknown = ((PyMemberDescrObject *)found)->d_member->offset;
    }
    for (PyTypeObject *base = type->tp_base; cls->unknown == 0 && base->tp_dealloc == qpy_record_dealloc; base = base->tp_base)
        cls->unknown = ((qpy_record_class *)base)->unknown;
    return PyErr_Occurred() ? -1 : 0;
}

/* The offsets of the new fields. */
static int find_offsets(qpy_record_class *cls, qpy_record_body *body, uint32_t flags)
{
    PyTypeObject *type = &cls->head.ht_type;
    if (find_unknown(cls) < 0)
        return -1;
    for (Py_ssize_t i = 0; i < body->count; i++) {
        qpy_record_field *field = &body->fields[i];
        if (field->offset != 0 || (flags & QPY_RECORD_MIXIN))
            continue; /* inherited; without slots */
        PyObject *found = PyDict_GetItemWithError(type->tp_dict, field->name);
        if (found == NULL || !Py_IS_TYPE(found, &PyMemberDescr_Type))
            return PyErr_Occurred() ? -1 : qpy_record_class_error("%.200s: field '%U' got no slot", type->tp_name, field->name);
        field->offset = ((PyMemberDescrObject *)found)->d_member->offset;
    }
    return 0;
}

static void set_slots(qpy_record_class *cls)
{
    PyTypeObject *type = &cls->head.ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC; /* a class without fields would have none, its subclasses do */
    type->tp_alloc = PyType_GenericAlloc;
    type->tp_free = PyObject_GC_Del;
    type->tp_dealloc = qpy_record_dealloc;
    type->tp_traverse = qpy_record_traverse;
    type->tp_clear = qpy_record_clear;
    if (type->tp_dictoffset != 0)
        cls->flags |= QPY_RECORD_DICT;
    else if (type->tp_weaklistoffset == 0 &&
             qpy_record_pool_fits((type->tp_basicsize - (Py_ssize_t)sizeof(PyObject)) / (Py_ssize_t)sizeof(PyObject *)))
        cls->flags |= QPY_RECORD_POOLED;
}

/* Our members of the new class; the body's table and the options are handed over. */
static int finish(qpy_state *state, PyObject *module, qpy_record_class *cls, qpy_record_body *body, PyObject *options, uint32_t flags,
                  PyObject *space)
{
    struct qpy_record_pool *pool = state->record_type == NULL ? qpy_record_pool_new()
                                       : qpy_record_pool_retain(((qpy_record_class *)state->record_type)->pool);
    if (pool == NULL || find_offsets(cls, body, flags) < 0) {
        qpy_record_pool_release(pool);
        return -1;
    }
    cls->pool = pool;
    cls->flags = flags;
    cls->count = body->count;
    cls->positional = body->positional;
    cls->parameters = body->parameters;
    cls->fields = body->fields;
    body->fields = NULL;
    cls->names = Py_NewRef(body->names);
    cls->options = Py_NewRef(options);
    cls->module = Py_NewRef(module);
    set_slots(cls);
    if (state->slot_setattro == NULL && state->record_type != NULL)
        state->slot_setattro = cls->head.ht_type.tp_setattro; /* Record has a __setattr__, and nobody has set the slot yet */
    cls->state = state; /* from here on it can be instantiated */
    if (qpy_record_set_members(cls, space) < 0)
        return -1;
    PyType_Modified(&cls->head.ht_type);
    if (state->record_type == NULL)
        return 0; /* Record itself: qpy_record_init goes on */
    return set_hash(cls, space) < 0 ? -1 : qpy_record_refresh(cls);
}

static int start_abc(PyObject *type)
{
    PyObject *library = PyImport_ImportModule("_abc");
    PyObject *result = library == NULL ? NULL : qpy_call_method(library, "_abc_init", type);
    Py_XDECREF(library);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static PyObject *make_class(PyTypeObject *meta, PyObject *name, PyObject *bases, PyObject *space, PyObject *rest)
{
    PyObject *arguments = PyTuple_Pack(3, name, bases, space);
    PyObject *type = arguments == NULL ? NULL : PyType_Type.tp_new(meta, arguments, PyDict_GET_SIZE(rest) > 0 ? rest : NULL);
    Py_XDECREF(arguments);
    return type;
}

static int keeps_unknown(PyObject *options)
{
    PyObject *unknown = qpy_dict_find(options, "unknown");
    return unknown != NULL && PyUnicode_Check(unknown) && PyUnicode_CompareWithASCIIString(unknown, "keep") == 0;
}

/* typing.Protocol itself among the bases would make a protocol of the class. */
static int check_protocol(PyObject *class_name, PyObject *bases)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bases); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(bases, i);
        if (!PyType_Check(base) || strcmp(base->tp_name, "Protocol") != 0 || base->tp_dict == NULL)
            continue;
        PyObject *module = qpy_dict_find(base->tp_dict, "__module__");
        if (module != NULL && PyUnicode_Check(module) && PyUnicode_CompareWithASCIIString(module, "typing") == 0)
            return qpy_record_class_error("%U: a Record is no protocol, but may inherit from one", class_name);
        if (PyErr_Occurred())
            return -1;
    }
    return 0;
}

static int check_mixin(PyObject *name, const qpy_record_class *base, int mixin)
{
    return !mixin || base == NULL ? 0
               : qpy_record_class_error("%U is a mixin and cannot inherit from %.200s, whose fields have slots", name, base->head.ht_type.tp_name);
}

PyObject *qpy_record_meta_new(PyTypeObject *meta, PyObject *args, PyObject *kwargs)
{
    PyObject *name, *bases, *original, *module, *space = NULL, *rest = NULL, *options = NULL, *type = NULL;
    qpy_record_body body = {0};
    qpy_record_class *base;
    uint32_t flags;
    int kw_only, weakref, mixin;
    if (!PyArg_ParseTuple(args, "UO!O!:RecordMeta", &name, &PyTuple_Type, &bases, &PyDict_Type, &original))
        return NULL;
    qpy_state *state = qpy_record_meta_state(meta, &module);
    if (state == NULL || qpy_record_meet_protocols(state) < 0)
        return NULL;
    space = PyDict_Copy(original);
    rest = kwargs == NULL ? PyDict_New() : PyDict_Copy(kwargs);
    if (space == NULL || rest == NULL)
        goto fail;
    if (qpy_dict_find(space, "__slots__") != NULL)
        qpy_record_class_error("%U: a Record makes its own __slots__", name);
    if (PyErr_Occurred())
        goto fail;
    if (check_protocol(name, bases) < 0 || choose_base(state, name, bases, &base) < 0 || qpy_record_options(bases, rest, &options, &flags, &kw_only, &weakref) < 0 ||
        check_mixin(name, base, mixin = (flags & QPY_RECORD_MIXIN) != 0) < 0 || qpy_record_collect(state, name, space, bases, kw_only, mixin, &body) < 0 ||
        prepare_space(state, space, &body, flags, !mixin && weakref && !bases_have_weakref(bases),
                      !mixin && keeps_unknown(options) && (base == NULL || base->unknown == 0)) < 0 ||
        PyErr_Occurred())
        goto fail;
    int abstract = has_abstract_base(state, bases);
    type = make_class(meta, name, bases, space, rest);
    if (type == NULL)
        goto fail;
    state->record_classes++;
    if (!PyType_IsSubtype(Py_TYPE(type), meta)) /* type found a metaclass further down, which has done the work */
        goto done;
    if (finish(state, module, (qpy_record_class *)type, &body, options, flags | (abstract ? QPY_RECORD_ABC : 0), space) < 0 ||
        (abstract && start_abc(type) < 0))
        goto fail;
    if (mixin)
        ((PyTypeObject *)type)->tp_flags |= Py_TPFLAGS_IS_ABSTRACT; /* see alloc_error */
done:
    qpy_record_body_release(&body);
    Py_DECREF(space);
    Py_DECREF(rest);
    Py_DECREF(options);
    return type;
fail:
    Py_CLEAR(type);
    qpy_record_body_release(&body);
    Py_XDECREF(space);
    Py_XDECREF(rest);
    Py_XDECREF(options);
    return NULL;
}
