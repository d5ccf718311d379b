/* SPDX-License-Identifier: Apache-2.0 */
/* Instances of records: memory, the constructor, the collector.
 *
 * The tracking rule: a record is tracked by the garbage collector when a slot has ever held something that may be part of a cycle.
 * A record of numbers and text is never seen by the collector: a full pass over 100,000 of them costs what a pass over the list
 * costs. Whoever stores into a slot keeps the rule: the constructor, the descriptor (so `r.x = v` and object.__setattr__),
 * __setstate__, replace and decode.
 *
 * Memory of dropped records goes into a small pool per size, which the classes of one module share: making a record of five
 * fields costs about a third less than through malloc. Only instances that are nothing but a head and slots live there. */
#include "binding/record/internal.h"

/* Under a sanitizer and without a GIL every record has memory of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(Py_GIL_DISABLED) || defined(QPY_NO_POOL)
#define QPY_POOL 0
#else
#define QPY_POOL 1
#endif

enum { POOL_SLOTS = 16, POOL_DEPTH = 256 };

struct qpy_record_pool {
    size_t references;
    PyObject *first[POOL_SLOTS + 1]; /* linked through their first slot; reference count and type are not valid */
    uint32_t depth[POOL_SLOTS + 1];
};

struct qpy_record_pool *qpy_record_pool_new(void)
{
    struct qpy_record_pool *pool = PyMem_Calloc(1, sizeof *pool);
    if (pool == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    pool->references = 1;
    return pool;
}

struct qpy_record_pool *qpy_record_pool_retain(struct qpy_record_pool *pool)
{
    pool->references++;
    return pool;
}

void qpy_record_pool_release(struct qpy_record_pool *pool)
{
    if (pool == NULL || --pool->references > 0)
        return;
    for (int slots = 1; slots <= POOL_SLOTS; slots++) {
        while (pool->first[slots] != NULL) {
            PyObject *block = pool->first[slots];
            pool->first[slots] = *qpy_record_slot(block, sizeof(PyObject));
            /* PyObject_GC_Del reads the type to find where the block begins: any type without a pre-header will do. */
            block->ob_type = &PyBaseObject_Type;
            PyObject_GC_Del(block);
        }
    }
    PyMem_Free(pool);
}

int qpy_record_pool_fits(Py_ssize_t slots) { return QPY_POOL && slots >= 1 && slots <= POOL_SLOTS; }

/* ---- memory ---- */

static Py_ssize_t slot_count(const PyTypeObject *type)
{
    return (type->tp_basicsize - (Py_ssize_t)sizeof(PyObject)) / (Py_ssize_t)sizeof(PyObject *);
}

static QR_COLD PyObject *alloc_error(qpy_record_class *cls)
{
    PyTypeObject *type = &cls->head.ht_type;
    if (cls->state == NULL)
        return PyErr_Format(PyExc_TypeError, QPY_NOT_FINISHED, type->tp_name);
    if (cls->flags & QPY_RECORD_MIXIN)
        return PyErr_Format(PyExc_TypeError, "%.200s is a mixin: it has no instances, only classes that inherit from it have", type->tp_name);
    /* object.__new__ has the sentence about abstract methods. */
    PyObject *nothing = PyTuple_New(0);
    if (nothing == NULL)
        return NULL;
    PyObject *never = PyBaseObject_Type.tp_new(type, nothing, NULL);
    Py_DECREF(nothing);
    Py_XDECREF(never);
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, "cannot make an instance of abstract class %.200s", type->tp_name);
    return NULL;
}

/* Memory whose slots hold anything. */
QR_INLINE PyObject *alloc_raw(qpy_record_class *cls)
{
    PyTypeObject *type = &cls->head.ht_type;
    if (QR_UNLIKELY(cls->state == NULL || (type->tp_flags & Py_TPFLAGS_IS_ABSTRACT)))
        return alloc_error(cls);
    if (cls->flags & QPY_RECORD_POOLED) {
        Py_ssize_t slots = slot_count(type);
        PyObject *block = cls->pool->first[slots];
        if (block != NULL) {
            cls->pool->first[slots] = *qpy_record_slot(block, sizeof(PyObject));
            cls->pool->depth[slots]--;
            return PyObject_Init(block, type);
        }
    }
#if PY_VERSION_HEX >= 0x030C0000
    if (cls->flags & QPY_RECORD_DICT) {
        PyObject *record = PyType_GenericAlloc(type, 0);
        if (record != NULL)
            PyObject_GC_UnTrack(record);
        return record;
    }
#endif
    return (PyObject *)PyObject_GC_New(PyObject, type);
}

QR_INLINE void clear_slots_from(PyObject *record, Py_ssize_t offset)
{
    Py_ssize_t end = Py_TYPE(record)->tp_basicsize;
    for (; offset < end; offset += (Py_ssize_t)sizeof(PyObject *))
        *qpy_record_slot(record, offset) = NULL;
}

PyObject *qpy_record_alloc(qpy_record_class *cls)
{
    PyObject *record = alloc_raw(cls);
    if (record != NULL)
        clear_slots_from(record, sizeof(PyObject)); /* a weak reference list among the slots begins as NULL, too */
    return record;
}

PyObject *qpy_record_dict(PyObject *record)
{
    PyObject **dict = _PyObject_GetDictPtr(record);
    return dict == NULL ? NULL : *dict;
}

static int visit_dict(PyObject *self, visitproc visit, void *arg)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyObject_VisitManagedDict(self, visit, arg);
#elif PY_VERSION_HEX >= 0x030C0000
    return _PyObject_VisitManagedDict(self, visit, arg);
#else
    /* Instances come from PyObject_GC_New, so they never have inline values: looking makes nothing. */
    Py_VISIT(qpy_record_dict(self));
    return 0;
#endif
}

static void clear_dict(PyObject *self)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject_ClearManagedDict(self);
#elif PY_VERSION_HEX >= 0x030C0000
    _PyObject_ClearManagedDict(self);
#else
    PyObject **dict = _PyObject_GetDictPtr(self);
    if (dict != NULL)
        Py_CLEAR(*dict);
#endif
}

int qpy_record_traverse(PyObject *self, visitproc visit, void *arg)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_VISIT(type);
    for (Py_ssize_t offset = sizeof(PyObject); offset < type->tp_basicsize; offset += (Py_ssize_t)sizeof(PyObject *)) {
        if (offset != type->tp_weaklistoffset)
            Py_VISIT(*qpy_record_slot(self, offset));
    }
    return qpy_record_class_of(self)->flags & QPY_RECORD_DICT ? visit_dict(self, visit, arg) : 0;
}

int qpy_record_clear(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    for (Py_ssize_t offset = sizeof(PyObject); offset < type->tp_basicsize; offset += (Py_ssize_t)sizeof(PyObject *)) {
        if (offset != type->tp_weaklistoffset)
            Py_CLEAR(*qpy_record_slot(self, offset));
    }
    if (qpy_record_class_of(self)->flags & QPY_RECORD_DICT)
        clear_dict(self);
    return 0;
}

QR_INLINE void free_memory(qpy_record_class *cls, PyObject *self)
{
    PyTypeObject *type = &cls->head.ht_type;
    Py_ssize_t slots = slot_count(type);
    /* __del__ may have been given to the class later: a finalized head must not be used again. */
    if ((cls->flags & QPY_RECORD_POOLED) && type->tp_finalize == NULL && cls->pool->depth[slots] < POOL_DEPTH) {
        *qpy_record_slot(self, sizeof(PyObject)) = cls->pool->first[slots];
        cls->pool->first[slots] = self;
        cls->pool->depth[slots]++;
    } else {
        type->tp_free(self);
    }
    Py_DECREF(type);
}

static void dealloc_tracked(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, qpy_record_dealloc)
    if (Py_TYPE(self)->tp_weaklistoffset != 0)
        PyObject_ClearWeakRefs(self);
    qpy_record_clear(self);
    free_memory(qpy_record_class_of(self), self);
    Py_TRASHCAN_END
}

void qpy_record_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (QR_UNLIKELY(type->tp_finalize != NULL)) {
        /* The record may come back to life in __del__; tracked is the state in which it can be anything. */
        if (!PyObject_GC_IsTracked(self))
            PyObject_GC_Track(self);
        if (PyObject_CallFinalizerFromDealloc(self) < 0)
            return;
    }
    if (type->tp_weaklistoffset != 0 || (qpy_record_class_of(self)->flags & QPY_RECORD_DICT) || PyObject_GC_IsTracked(self)) {
        dealloc_tracked(self);
        return;
    }
    /* Untracked: only atoms in it, so the stack cannot grow; or the trashcan hands it back, which it does at its own depth. */
    for (Py_ssize_t offset = sizeof(PyObject); offset < type->tp_basicsize; offset += (Py_ssize_t)sizeof(PyObject *))
        Py_XDECREF(*qpy_record_slot(self, offset));
    free_memory((qpy_record_class *)type, self);
}

/* ---- slots ---- */

void qpy_record_track(qpy_record_class *cls, PyObject *record)
{
    if (PyObject_GC_IsTracked(record))
        return;
    int track = cls->flags & QPY_RECORD_DICT;
    for (Py_ssize_t i = 0; i < cls->count && !track; i++) {
        PyObject *value = *qpy_record_slot(record, cls->fields[i].offset);
        track = value != NULL && qpy_may_cycle(value);
    }
    if (track)
        PyObject_GC_Track(record);
}

void qpy_record_store(PyObject *record, Py_ssize_t offset, PyObject *value)
{
    PyObject **slot = qpy_record_slot(record, offset);
    PyObject *old = *slot;
    *slot = Py_NewRef(value);
    if (qpy_may_cycle(value) && !PyObject_GC_IsTracked(record))
        PyObject_GC_Track(record);
    Py_XDECREF(old);
}

PyObject *qpy_record_default(const qpy_record_field *field)
{
    if (field->factory == NULL)
        return Py_XNewRef(field->default_);
    if (field->factory == (PyObject *)&PyList_Type)
        return PyList_New(0);
    if (field->factory == (PyObject *)&PyDict_Type)
        return PyDict_New();
    return PyObject_CallNoArgs(field->factory);
}

/* For each slot from `start` that is still NULL stores the default (or calls the factory): 0, or -1 with an exception; a field without a
 * default makes it return 1 + its index with no exception set. */
static Py_ssize_t fill_defaults_from(qpy_record_class *cls, PyObject *record, Py_ssize_t start)
{
    for (Py_ssize_t i = start; i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        PyObject **slot = qpy_record_slot(record, field->offset);
        if (*slot != NULL)
            continue;
        PyObject *value = qpy_record_default(field);
        if (value == NULL && !field->init && !PyErr_Occurred())
            continue; /* __post_init__'s affair */
        if (value == NULL)
            return PyErr_Occurred() ? -1 : 1 + i;
        Py_XSETREF(*slot, value); /* an initialised record's factory can reach it and store, too */
    }
    return 0;
}

PyObject *qpy_record_unset_error(PyObject *record, PyObject *name)
{
    return PyErr_Format(PyExc_AttributeError, "'%.200s' object has no attribute '%U'", Py_TYPE(record)->tp_name, name);
}

/* ---- constructor ---- */

static QR_COLD int missing_error(qpy_record_class *cls, PyObject *record)
{
    Py_ssize_t missing = 0, seen = 0;
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        const qpy_record_field *field = &cls->fields[i];
        missing += *qpy_record_slot(record, field->offset) == NULL && !field->default_ && !field->factory && field->init;
    }
    PyObject *text = PyUnicode_FromString("");
    for (Py_ssize_t i = 0; i < cls->count && text != NULL; i++) {
        const qpy_record_field *field = &cls->fields[i];
        if (*qpy_record_slot(record, field->offset) != NULL || field->default_ || field->factory || !field->init)
            continue;
        const char *glue = seen == 0 ? "" : missing == 2 ? " and " : seen == missing - 1 ? ", and " : ", ";
        Py_SETREF(text, PyUnicode_FromFormat("%U%s'%U'", text, glue, field->name));
        seen++;
    }
    if (text != NULL)
        PyErr_Format(PyExc_TypeError, "%.200s() missing %zd required argument%s: %U", cls->head.ht_type.tp_name, missing,
                     missing == 1 ? "" : "s", text);
    Py_XDECREF(text);
    return -1;
}

int qpy_record_complete(qpy_record_class *cls, PyObject *record, Py_ssize_t start)
{
    Py_ssize_t result = fill_defaults_from(cls, record, start);
    return result == 0 ? 0 : result < 0 ? -1 : missing_error(cls, record);
}

static QR_COLD int too_many_error(qpy_record_class *cls, Py_ssize_t nargs)
{
    PyErr_Format(PyExc_TypeError, "%.200s() takes at most %zd positional argument%s (%zd given)", cls->head.ht_type.tp_name,
                 cls->positional, cls->positional == 1 ? "" : "s", nargs);
    return -1;
}

static QR_COLD int keyword_error(qpy_record_class *cls, PyObject *name, int known)
{
    PyErr_Format(PyExc_TypeError, known ? "%.200s() got multiple values for argument '%U'" : "%.200s() got an unexpected keyword argument '%U'",
                 cls->head.ht_type.tp_name, name);
    return -1;
}

Py_ssize_t qpy_record_find(const qpy_record_class *cls, PyObject *name, Py_ssize_t hint)
{
    Py_ssize_t count = cls->count;
    for (Py_ssize_t i = hint; i < count; i++) {
        if (cls->fields[i].name == name)
            return i;
    }
    for (Py_ssize_t i = 0; i < hint && i < count; i++) {
        if (cls->fields[i].name == name)
            return i;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyUnicode_Compare(cls->fields[i].name, name) == 0)
            return i;
    }
    return -1;
}

/* Stores the arguments into empty slots and completes them: 0 or -1. The record is not tracked by this. */
QR_INLINE int fill_arguments(qpy_record_class *cls, PyObject *record, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                                    int *track)
{
    int cycle = 0;
    if (QR_UNLIKELY(nargs > cls->positional))
        return too_many_error(cls, nargs);
    for (Py_ssize_t i = 0; i < nargs; i++) {
        *qpy_record_slot(record, cls->fields[i].offset) = Py_NewRef(args[i]);
        cycle |= qpy_may_cycle(args[i]);
    }
    Py_ssize_t keywords = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames), next = nargs;
    for (Py_ssize_t k = 0; k < keywords; k++) {
        PyObject *name = PyTuple_GET_ITEM(kwnames, k), *value = args[nargs + k];
        if (QR_UNLIKELY(next >= cls->parameters || cls->fields[next].name != name)) {
            next = qpy_record_find(cls, name, nargs);
            if (QR_UNLIKELY(next < 0 || next >= cls->parameters))
                return keyword_error(cls, name, 0);
        }
        PyObject **slot = qpy_record_slot(record, cls->fields[next++].offset);
        if (QR_UNLIKELY(*slot != NULL))
            return keyword_error(cls, name, 1);
        *slot = Py_NewRef(value);
        cycle |= qpy_may_cycle(value);
    }
    *track = cycle;
    if (nargs + keywords == cls->count)
        return 0;
    *track = 2; /* defaults: look again */
    return qpy_record_complete(cls, record, nargs);
}

static int call_post_init(qpy_record_class *cls, PyObject *record)
{
    if (!(cls->flags & QPY_RECORD_POST_INIT))
        return 0;
    PyObject *result = PyObject_CallMethodNoArgs(record, cls->state->str_post_init);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static int check_values(qpy_record_class *cls, PyObject *record)
{
    return (cls->flags & QPY_RECORD_VALIDATE_INIT) && !qpy_objects_check_record(cls, record) ? -1 : 0;
}

int qpy_record_post_init(qpy_record_class *cls, PyObject *record)
{
    return check_values(cls, record) < 0 ? -1 : call_post_init(cls, record);
}

PyObject *qpy_record_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    qpy_record_class *cls = (qpy_record_class *)callable;
    int track = 0;
    PyObject *record = qpy_record_alloc(cls);
    if (QR_UNLIKELY(record == NULL))
        return NULL;
    if (QR_UNLIKELY(fill_arguments(cls, record, args, PyVectorcall_NARGS(nargsf), kwnames, &track) < 0))
        goto fail;
    if (track == 1)
        PyObject_GC_Track(record);
    else if (track == 2 || (cls->flags & QPY_RECORD_DICT))
        qpy_record_track(cls, record);
    if (QR_UNLIKELY(cls->flags & (QPY_RECORD_POST_INIT | QPY_RECORD_VALIDATE_INIT)) && qpy_record_post_init(cls, record) < 0)
        goto fail;
    return record;
fail:
    Py_DECREF(record);
    return NULL;
}

/* Called the long way, when __init__ or __new__ is Python's: arguments are __init__'s affair. */
PyObject *qpy_record_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    qpy_record_class *cls = (qpy_record_class *)type;
    PyObject *record = qpy_record_alloc(cls);
    if (record != NULL)
        qpy_record_track(cls, record);
    return record;
}

/* The old values of a record that is initialised again; put back when that fails. */
static int take_values(qpy_record_class *cls, PyObject *self, PyObject ***values)
{
    *values = NULL;
    for (Py_ssize_t i = 0; i < cls->count; i++) {
        PyObject **slot = qpy_record_slot(self, cls->fields[i].offset);
        if (*slot == NULL)
            continue;
        if (*values == NULL && (*values = PyMem_Calloc((size_t)cls->count, sizeof(PyObject *))) == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        (*values)[i] = *slot;
        *slot = NULL;
    }
    return 0;
}

int qpy_record_init_slot(PyObject *self, PyObject *args, PyObject *kwargs)
{
    qpy_record_class *cls = qpy_record_class_of(self);
    Py_ssize_t nargs = PyTuple_GET_SIZE(args), keywords = kwargs == NULL ? 0 : PyDict_GET_SIZE(kwargs), position = 0;
    PyObject **old, **values = PyMem_Calloc((size_t)(nargs + keywords + 1), sizeof(PyObject *)), *name, *value;
    PyObject *names = PyTuple_New(keywords);
    int result = -1, track;
    if (values == NULL || names == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < nargs; i++)
        values[i] = PyTuple_GET_ITEM(args, i);
    for (Py_ssize_t i = 0; i < keywords && PyDict_Next(kwargs, &position, &name, &value); i++) {
        if (!PyUnicode_Check(name)) {
            PyErr_SetString(PyExc_TypeError, "keywords must be strings");
            goto done;
        }
        PyTuple_SET_ITEM(names, i, Py_NewRef(name));
        values[nargs + i] = value;
    }
    if (take_values(cls, self, &old) < 0)
        goto done;
    result = fill_arguments(cls, self, values, nargs, names, &track);
    if (result == 0)
        result = check_values(cls, self);
    for (Py_ssize_t i = 0; old != NULL && i < cls->count; i++) {
        PyObject **slot = qpy_record_slot(self, cls->fields[i].offset), *drop = old[i];
        if (result < 0) {
            drop = *slot;
            *slot = old[i];
        }
        Py_XDECREF(drop);
    }
    PyMem_Free(old);
    qpy_record_track(cls, self);
    if (result == 0)
        result = call_post_init(cls, self);
done:
    PyMem_Free(values);
    Py_XDECREF(names);
    return result;
}
