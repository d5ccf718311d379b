/* SPDX-License-Identifier: Apache-2.0 */
/* classes: which classes leave their instances to object.__reduce_ex__, and what that gives, without calling it.
 *
 * A plan is made of what is in the class and its bases; the class's version tag, which changes with any of them and is never given
 * twice, tells whether it still holds. What else may change (the name, the module, copyreg's tables) is looked at once in
 * each plain call, in which nothing can change, by looking into dicts of names alone: no user code runs. Who holds what he writes
 * asks the tables for every object, and the name is qpy_pickle_global's affair. */
#include "binding/attribute.h"
#include "binding/pickle/pickler.h"
#include "binding/record/record.h"

#if PY_VERSION_HEX >= 0x030C0000
#define MEMBER_OBJECT Py_T_OBJECT_EX
#else
#include <structmember.h>
#define MEMBER_OBJECT T_OBJECT_EX
#endif

enum { FIRST_PLANS = 64, MOST_PLANS = 4096, MOST_SLOTS = 250, MOST_DISPATCHED = 256 };

struct qpy_pickle_plans {
    qpy_pickle_plan **places; /* open addressing; NULL: empty */
    size_t mask, used;
};

static void plan_clear(qpy_pickle_plan *plan)
{
    Py_CLEAR(plan->module);
    Py_CLEAR(plan->qualname);
    Py_CLEAR(plan->slots);
    PyMem_Free(plan->offsets);
    plan->offsets = NULL;
}

void qpy_pickle_plans_free(qpy_state *state)
{
    struct qpy_pickle_plans *plans = state->pickle_plans;
    state->pickle_plans = NULL;
    for (size_t i = 0; plans && i <= plans->mask; i++)
        if (plans->places[i]) {
            plan_clear(plans->places[i]);
            PyMem_Free(plans->places[i]);
        }
    if (plans)
        PyMem_Free(plans->places);
    PyMem_Free(plans);
}

void qpy_pickle_plans_check(qpy_state *state)
{
    if (state->pickle_plans && state->pickle_plans->used >= MOST_PLANS)
        qpy_pickle_plans_free(state);
}

static qpy_pickle_plan **place_of(const struct qpy_pickle_plans *plans, const PyTypeObject *type)
{
    size_t i = (size_t)((uintptr_t)type >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32;
    for (;; i++) {
        qpy_pickle_plan **place = &plans->places[i & plans->mask];
        if (!*place || (*place)->type == type)
            return place;
    }
}

static int make_plans(struct qpy_pickle_plans *plans, size_t places)
{
    qpy_pickle_plan **fresh = PyMem_Calloc(places, sizeof *fresh), **old = plans->places;
    size_t n = old ? plans->mask + 1 : 0;
    if (!fresh)
        return 0;
    plans->places = fresh;
    plans->mask = places - 1;
    for (size_t i = 0; i < n; i++)
        if (old[i])
            *place_of(plans, old[i]->type) = old[i];
    PyMem_Free(old);
    return 1;
}

/* The plan's place in memory, which it keeps while there are plans: NULL: no memory, or too many classes (no exception). */
static qpy_pickle_plan *plan_at(qpy_state *state, PyTypeObject *type)
{
    struct qpy_pickle_plans *plans = state->pickle_plans;
    if (!plans) {
        plans = PyMem_Calloc(1, sizeof *plans);
        if (!plans || !make_plans(plans, FIRST_PLANS)) {
            PyMem_Free(plans);
            return NULL;
        }
        state->pickle_plans = plans;
    }
    qpy_pickle_plan **place = place_of(plans, type);
    if (QR_LIKELY(*place != NULL))
        return *place;
    if (plans->used >= MOST_PLANS || (plans->used * 2 > plans->mask && !make_plans(plans, (plans->mask + 1) * 2)))
        return NULL;
    qpy_pickle_plan *plan = PyMem_Calloc(1, sizeof *plan);
    if (plan) {
        plan->type = type;
        *place_of(plans, type) = plan;
        plans->used++;
    }
    return plan;
}

/* ---------------------------------------------------------------- what is in a class */

/* 0: it has none, and what is known of it may be wrong at any time. */
static unsigned version_of(const PyTypeObject *type)
{
#if PY_VERSION_HEX < 0x030D0000
    if (!(type->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG))
        return 0;
#endif
    return type->tp_version_tag;
}

/* Is the attribute `name` of the type what `base` has? */
static int inherits(PyTypeObject *type, PyTypeObject *base, const char *name)
{
    PyObject *key = PyUnicode_InternFromString(name);
    int same = key && _PyType_Lookup(type, key) == _PyType_Lookup(base, key);
    Py_XDECREF(key);
    return same;
}

/* Do instances consist of attributes and slots alone, made by classes in Python? */
static int is_plain_layout(PyTypeObject *type)
{
    PyTypeObject *base = type;
    while (base && base->tp_flags & Py_TPFLAGS_HEAPTYPE)
        base = base->tp_base;
    return base == &PyBaseObject_Type && type->tp_itemsize == 0 && type->tp_new && type->tp_getattro == PyObject_GenericGetAttr &&
           (type->tp_dictoffset == 0 || type->tp_flags & Py_TPFLAGS_MANAGED_DICT);
}

/* Of a metaclass, has it nothing to say of the module of its classes? A str is its own: that of the class comes first. */
static int leaves_module(PyTypeObject *meta)
{
    PyObject *key = PyUnicode_InternFromString("__module__"), *found = key ? _PyType_Lookup(meta, key) : NULL;
    int leaves = key && (found == _PyType_Lookup(&PyType_Type, key) || (found && PyUnicode_CheckExact(found)));
    Py_XDECREF(key);
    return leaves;
}

/* Is the metaclass asked nothing of the class? */
static int is_plain_class(PyTypeObject *type)
{
    static const char *const of_class[] = {"__qualname__", "__name__", "__reduce__", "__reduce_ex__"};
    PyTypeObject *meta = Py_TYPE(type);
    if (meta != &PyType_Type && !leaves_module(meta))
        return 0;
    for (size_t i = 0; meta != &PyType_Type && i < QR_ARRAY_LENGTH(of_class); i++)
        if (!inherits(meta, &PyType_Type, of_class[i]))
            return 0;
    return meta->tp_getattro == PyType_Type.tp_getattro && meta->tp_hash == PyType_Type.tp_hash;
}

static int overrides_nothing(PyTypeObject *type)
{
    static const char *const own[] = {"__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__", "__getnewargs__", "__class__"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(own); i++)
        if (!inherits(type, &PyBaseObject_Type, own[i]))
            return 0;
    return is_plain_class(type);
}

/* Of a class of records: do its instances consist of their fields, and is Record asked for them? */
static int is_plain_record(qpy_state *state, PyTypeObject *type)
{
    const qpy_record_class *cls = (const qpy_record_class *)type;
    return cls->state && cls->count <= MOST_SLOTS && !(cls->flags & (QPY_RECORD_DICT | QPY_RECORD_MIXIN)) && !cls->unknown && type->tp_getattro == PyObject_GenericGetAttr &&
           inherits(type, &PyBaseObject_Type, "__reduce_ex__") && inherits(type, &PyBaseObject_Type, "__class__") && inherits(type, state->record_type, "__reduce__") &&
           inherits(type, state->record_type, "__getstate__") && is_plain_class(type);
}

static PyObject *in_dict(PyObject *dict, const char *name)
{
    PyObject *key = PyUnicode_InternFromString(name), *found = key && dict ? PyDict_GetItemWithError(dict, key) : NULL;
    Py_XDECREF(key);
    return found;
}
static PyObject *in_class(PyTypeObject *type, const char *name) { return in_dict(type->tp_dict, name); }

/* Where the slots are: 1, or 0: not all are slots (an exception where memory is out). */
static int read_slots(qpy_pickle_plan *plan, PyTypeObject *type, PyObject *names)
{
    if (names == Py_None || (PyList_CheckExact(names) && PyList_GET_SIZE(names) == 0))
        return 1;
    if (!PyList_CheckExact(names) || PyList_GET_SIZE(names) > MOST_SLOTS)
        return 0;
    Py_ssize_t n = PyList_GET_SIZE(names);
    PyObject *slots = PyTuple_New(n);
    Py_ssize_t *offsets = PyMem_Calloc((size_t)n, sizeof *offsets);
    int ok = slots && offsets;
    for (Py_ssize_t i = 0; ok && i < n; i++) {
        PyObject *name = PyList_GET_ITEM(names, i), *found = PyUnicode_CheckExact(name) ? _PyType_Lookup(type, name) : NULL;
        PyMemberDef *member = found && Py_IS_TYPE(found, &PyMemberDescr_Type) ? ((PyMemberDescrObject *)found)->d_member : NULL;
        ok = member && member->type == MEMBER_OBJECT && PyType_IsSubtype(type, PyDescr_TYPE(found));
        if (ok) {
            PyTuple_SET_ITEM(slots, i, Py_NewRef(name));
            offsets[i] = member->offset;
        }
    }
    Py_XSETREF(plan->slots, slots);
    PyMem_Free(plan->offsets);
    plan->offsets = offsets;
    return ok;
}

/* The fields of a record: 1, or 0 with an exception. */
static int read_fields(qpy_pickle_plan *plan, const qpy_record_class *cls)
{
    plan->slots = PyTuple_New(cls->count);
    plan->offsets = PyMem_Calloc((size_t)cls->count + 1, sizeof *plan->offsets);
    int ok = plan->slots && plan->offsets;
    for (Py_ssize_t i = 0; ok && i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        PyObject *key = field->number ? PyLong_FromUnsignedLong(field->number) : Py_NewRef(field->name);
        ok = key != NULL;
        if (ok)
            PyTuple_SET_ITEM(plan->slots, i, key);
        plan->offsets[i] = field->offset;
    }
    return ok || (PyErr_Occurred() ? 0 : (PyErr_NoMemory(), 0));
}

/* What object.__reduce_ex__ would refuse: fields that it does not know. */
static int is_all_there(const qpy_pickle_plan *plan, PyTypeObject *type)
{
    Py_ssize_t size = PyBaseObject_Type.tp_basicsize + (plan->slots ? PyTuple_GET_SIZE(plan->slots) : 0) * (Py_ssize_t)sizeof(PyObject *);
    return type->tp_basicsize <= size + (type->tp_weaklistoffset > 0 ? (Py_ssize_t)sizeof(PyObject *) : 0);
}

/* Runs no user code, and allocates nothing that the garbage collector counts but a tuple of names, which may make it run: so only
 * where what is being written is held. 1; 0: the class has ways of its own. */
static int make_plan(qpy_pickle_plan *plan, PyTypeObject *type, PyObject *slotnames)
{
    plan_clear(plan);
    plan->version = 0;
    plan->call = 0;
    if (plan->is_record ? !read_fields(plan, (const qpy_record_class *)type) : !is_plain_layout(type) || !overrides_nothing(type) || !read_slots(plan, type, slotnames) || !is_all_there(plan, type))
        return 0;
    plan->has_dict = (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
    PyObject *module = in_class(type, "__module__");
    plan->module = module && PyUnicode_CheckExact(module) ? Py_NewRef(module) : NULL;
    plan->qualname = Py_NewRef(((PyHeapTypeObject *)type)->ht_qualname);
    plan->name = plan->qualname;
    return 1;
}

/* The plan, made anew where the class has changed. User code may run (copyreg asks the class for its slots). 1; 0: none (*refused: for
 * good), perhaps with an exception. */
static int prepare(qpy_state *state, PyTypeObject *type, qpy_pickle_plan **result)
{
    qpy_pickle_plan *plan = plan_at(state, type);
    *result = plan;
    if (!plan)
        return 0;
    if (plan->version && plan->version == version_of(type))
        return !plan->refused;
    plan->refused = 1;
    plan->version = 0;
    plan->is_record = qpy_record_check(state, type);
    if (plan->is_record ? !is_plain_record(state, type) : !is_plain_layout(type) || !overrides_nothing(type)) { /* which has asked for a version, if there is one to be had */
        plan->version = version_of(type);
        return 0;
    }
    PyObject *names = plan->is_record ? Py_NewRef(Py_None) : Py_XNewRef(in_class(type, "__slotnames__"));
    if (!names)
        names = PyObject_CallOneArg(state->pickle_slotnames, (PyObject *)type);
    if (!names)
        return 0;
    plan = *result = plan_at(state, type);
    int ok = plan && make_plan(plan, type, names);
    Py_DECREF(names);
    if (!plan)
        return 0;
    if (PyErr_Occurred())
        return 0;
    plan->refused = !ok;
    plan->version = version_of(type);
    return ok;
}

int qpy_pickle_prepare(qpy_pickling *k, PyTypeObject *type)
{
    qpy_pickle_plan *plan;
    return qpy_pickle_standard(k->state) && prepare(k->state, type, &plan);
}

int qpy_pickle_is_record(qpy_pickling *k, PyTypeObject *type)
{
    qpy_pickle_plan *plan;
    return qpy_record_check(k->state, type) && prepare(k->state, type, &plan) && plan->is_record;
}

/* ---------------------------------------------------------------- names, looked up without user code */

#if QPY_PRIVATE
/* In a dict of which every key is a str, so that none is asked whether it is equal: borrowed, or NULL. */
static PyObject *named_in(qpy_state *state, PyObject *dict, PyObject *name)
{
    if (!state->private_ok || !dict || !PyDict_CheckExact(dict) || qpy_keys_of(dict)->kind == QPY_KEYS_GENERAL)
        return NULL;
    return PyDict_GetItemWithError(dict, name);
}

/* The part of `at`, a class, that is a class or function itself and no base's. */
static PyObject *part_of(qpy_state *state, PyObject *at, PyObject *name)
{
    if (!Py_IS_TYPE(at, &PyType_Type) || _PyType_Lookup(&PyType_Type, name))
        return NULL;
    PyObject *found = named_in(state, ((PyTypeObject *)at)->tp_dict, name);
    return found && (Py_IS_TYPE(found, &PyType_Type) || PyFunction_Check(found)) ? found : NULL;
}

static int is_importable(qpy_state *state, PyObject *o, PyObject *module, PyObject *qualname)
{
    PyObject *imported = named_in(state, PyImport_GetModuleDict(), module);
    PyObject *at = imported && PyModule_CheckExact(imported) ? PyModule_GetDict(imported) : NULL;
    Py_ssize_t n = PyUnicode_GET_LENGTH(qualname), dot = PyUnicode_FindChar(qualname, '.', 0, n, 1);
    if (!at)
        return 0;
    if (dot < 0)
        return named_in(state, at, qualname) == o;
    for (Py_ssize_t from = 0, first = 1; at && from <= n; from = dot + 1, first = 0) {
        dot = PyUnicode_FindChar(qualname, '.', from, n, 1);
        dot = dot < 0 ? n : dot;
        PyObject *part = PyUnicode_Substring(qualname, from, dot);
        if (!part) {
            PyErr_Clear();
            return 0;
        }
        PyUnicode_InternInPlace(&part);
        at = first ? named_in(state, at, part) : part_of(state, at, part);
        Py_DECREF(part);
    }
    return at == o;
}
#else
static PyObject *named_in(qpy_state *state, PyObject *dict, PyObject *name) { return (void)state, (void)dict, (void)name, NULL; }
static int is_importable(qpy_state *state, PyObject *o, PyObject *module, PyObject *qualname) { return (void)state, (void)o, (void)module, (void)qualname, 0; }
#endif

static PyObject *named_by(qpy_state *state, PyObject *dict, const char *name)
{
    PyObject *key = PyUnicode_InternFromString(name), *found = key ? named_in(state, dict, key) : NULL;
    Py_XDECREF(key);
    return found;
}

/* Has nobody a say in how something is imported and written? Looked at once in a call. */
static int is_ordinary(qpy_pickling *k)
{
    if (k->ordinary == 0) {
        PyObject *builtins = PyEval_GetBuiltins(), *import = named_by(k->state, builtins, "__import__");
        k->ordinary = import && PyCFunction_Check(import) && PyDict_GET_SIZE(k->state->pickle_extensions) == 0 ? 1 : -1;
    }
    return k->ordinary > 0;
}

int qpy_pickle_plain_global(qpy_pickling *k, PyObject *o, PyObject **module, PyObject **name)
{
    if (PyFunction_Check(o)) {
        *module = ((PyFunctionObject *)o)->func_module;
        *name = ((PyFunctionObject *)o)->func_qualname;
    }
    else if (((PyTypeObject *)o)->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        *module = named_by(k->state, ((PyTypeObject *)o)->tp_dict, "__module__");
        *name = ((PyHeapTypeObject *)o)->ht_qualname;
    }
    else
        return 0;
    return k->state->pickle_error && *module && PyUnicode_CheckExact(*module) && *name && PyUnicode_CheckExact(*name) && is_ordinary(k) && is_importable(k->state, o, *module, *name);
}

static int is_dispatched(qpy_state *state, PyTypeObject *type);

int qpy_pickle_plain_builtin(qpy_pickling *k, PyObject *o, PyObject **module, PyObject **name)
{
    *module = ((PyCFunctionObject *)o)->m_module;
    if (!*module || !PyUnicode_CheckExact(*module) || !is_ordinary(k) || is_dispatched(k->state, Py_TYPE(o)))
        return 0;
    *name = PyUnicode_FromString(((PyCFunctionObject *)o)->m_ml->ml_name);
    if (!*name)
        PyErr_Clear();
    else if (!is_importable(k->state, o, *module, *name))
        Py_CLEAR(*name);
    return *name != NULL;
}

/* Has somebody registered a reducer for one of both? By identity: a lookup could run what a key has for __eq__. */
static int is_dispatched(qpy_state *state, PyTypeObject *type)
{
    PyObject *key, *value;
    Py_ssize_t i = 0;
    if (PyDict_GET_SIZE(state->pickle_dispatch) > MOST_DISPATCHED)
        return 1;
    while (PyDict_Next(state->pickle_dispatch, &i, &key, &value))
        if (key == (PyObject *)type || (key == (PyObject *)Py_TYPE(type) && key != (PyObject *)&PyType_Type) || !PyType_Check(key))
            return 1;
    return 0;
}

qpy_pickle_plan *qpy_pickle_plan_of(qpy_pickling *k, PyTypeObject *type)
{
    struct qpy_pickle_plans *plans = k->state->pickle_plans;
    qpy_pickle_plan *plan = plans ? *place_of(plans, type) : NULL;
    if (QR_LIKELY(plan && plan->call == k->call))
        return plan;
    if (!plan || !k->state->pickle_error || plan->version == 0 || plan->version != version_of(type)) {
        k->wanted = type;
        return NULL;
    }
    if (plan->refused || !plan->module || ((PyHeapTypeObject *)type)->ht_qualname != plan->qualname || is_dispatched(k->state, type) || !is_ordinary(k) ||
        !is_importable(k->state, (PyObject *)type, plan->module, plan->qualname))
        return NULL;
    plan->call = k->call;
    return plan;
}

/* ---------------------------------------------------------------- an instance that is held */

/* 1: asked before the class's own methods; -1 with an exception. */
static int has_special(PyObject *dict)
{
    static const char *const names[] = {"__reduce_ex__", "__getstate__"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(names); i++) {
        PyObject *key = PyUnicode_InternFromString(names[i]);
        int has = key ? PyDict_Contains(dict, key) : -1;
        Py_XDECREF(key);
        if (has)
            return has;
    }
    return 0;
}

/* What of a plan is needed while user code may replace it. */
typedef struct own_plan {
    PyObject *slots; /* held */
    Py_ssize_t offsets[MOST_SLOTS];
} own_plan;

static void own_plan_init(own_plan *self, const qpy_pickle_plan *plan)
{
    self->slots = Py_XNewRef(plan->slots);
    if (plan->slots)
        memcpy(self->offsets, plan->offsets, (size_t)PyTuple_GET_SIZE(plan->slots) * sizeof *self->offsets);
}

/* The slots with their values, as a dict: new, or NULL with an exception. */
static PyObject *slots_of(const own_plan *plan, PyObject *o)
{
    PyObject *slots = PyDict_New();
    for (Py_ssize_t i = 0; slots && i < PyTuple_GET_SIZE(plan->slots); i++) {
        PyObject *value = *(PyObject **)(void *)((char *)o + plan->offsets[i]);
        if (value && PyDict_SetItem(slots, PyTuple_GET_ITEM(plan->slots, i), value) < 0)
            Py_CLEAR(slots);
    }
    return slots;
}

/* What object.__getstate__() gives: new, or NULL with an exception. */
static PyObject *state_of(const own_plan *plan, PyObject *o, PyObject *dict)
{
    PyObject *state = dict && PyDict_GET_SIZE(dict) ? dict : Py_None, *slots, *both;
    if (!plan->slots)
        return Py_NewRef(state);
    slots = slots_of(plan, o);
    if (!slots)
        return NULL;
    both = PyDict_GET_SIZE(slots) ? PyTuple_Pack(2, state, slots) : Py_NewRef(state);
    Py_DECREF(slots);
    return both;
}

static int then_instance(qpy_pickling *k, PyObject *o, PyObject *state)
{
    PyObject *type = (PyObject *)Py_TYPE(o);
    if (state != Py_None && (!qpy_pickle_then_put(k, 1, QR_PICKLE_BUILD) || !qpy_pickle_then(k, QPY_FRAME_SAVE, state)))
        return 0;
    qpy_memo_entry *entry = qpy_memo_find(&k->memo, type);
    if (k->persistent_id || !qpy_memo_has(&k->memo, entry)) {
        PyObject *none = PyTuple_New(0);
        int ok = none && qpy_pickle_then(k, QPY_FRAME_MEMOIZE, o) && qpy_pickle_then_put(k, 1, QR_PICKLE_NEWOBJ) && qpy_pickle_then(k, QPY_FRAME_SAVE, none) &&
                 qpy_pickle_then(k, QPY_FRAME_SAVE, type);
        Py_XDECREF(none);
        return ok;
    }
    uint32_t index = entry->index;
    if (!qpy_pickle_get(k, index) || !qr_pickle_ready(&k->out, 0))
        return 0;
    qr_pickle_put(&k->out, QR_PICKLE_EMPTY_TUPLE);
    qr_pickle_put(&k->out, QR_PICKLE_NEWOBJ);
    return qpy_pickle_memoize(k, o);
}

qpy_saved qpy_pickle_instance(qpy_pickling *k, PyObject *o, int *done)
{
    PyTypeObject *type = Py_TYPE(o);
    qpy_pickle_plan *plan;
    *done = 0;
    if (k->out.protocol < 2 || !(type->tp_flags & Py_TPFLAGS_HEAPTYPE))
        return QPY_SAVED;
    if (!prepare(k->state, type, &plan)) {
        *done = PyErr_Occurred() != NULL;
        return QPY_SAVE_FAILED;
    }
    if (plan->is_record)
        return QPY_SAVED;
    own_plan own;
    const int has_dict = plan->has_dict;
    own_plan_init(&own, plan);
    PyObject *dict = has_dict ? PyObject_GenericGetDict(o, NULL) : NULL, *state = NULL;
    int special = !has_dict ? 0 : !dict ? -1 : PyDict_CheckExact(dict) ? has_special(dict) : 1;
    *done = special <= 0;
    if (special == 0 && Py_TYPE(o) == type) /* has_special() may have run some __eq__ */
        state = state_of(&own, o, dict);
    else if (special == 0)
        *done = 0;
    Py_XDECREF(dict);
    Py_XDECREF(own.slots);
    if (!state)
        return QPY_SAVE_FAILED;
    int ok = then_instance(k, o, state);
    Py_DECREF(state);
    return ok ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
}
