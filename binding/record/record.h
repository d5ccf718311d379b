/* SPDX-License-Identifier: Apache-2.0 */
/* record: quire.Record, its metaclass, field(), UNSET.
 *
 * A record is a Python object with its fields in fixed slots right behind the object head:
 *
 *   [GC head] | ob_refcnt | ob_type | slot 0 | slot 1 | ... | (weak reference list)
 *
 * There is no __dict__ (unless a base brings one). It is tracked by the garbage collector only while some slot holds
 * something that could be part of a cycle; every path that stores into a slot keeps that rule (qpy_record_store). */
#ifndef QUIRE_BINDING_RECORD_H
#define QUIRE_BINDING_RECORD_H

#include "binding/state.h"

typedef struct qpy_record_field {
    PyObject *name;        /* interned str */
    PyObject *default_;    /* value, or NULL */
    PyObject *factory;     /* callable, or NULL; list, dict, set and bytearray literals as defaults become factories */
    Py_ssize_t offset;     /* of the slot in the instance */
    PyObject *spec;        /* the field() object, or NULL: what only reading annotations needs (name=, number, ...) */
    uint32_t number;       /* the field's number, 0 without */
    uint8_t kw_only, repr, compare;
    uint8_t init;          /* a parameter of __init__ */
    uint8_t secret;        /* its value is never shown */
} qpy_record_field;

enum {
    QPY_RECORD_FROZEN = 1,
    QPY_RECORD_EQ = 2,
    QPY_RECORD_ORDER = 4,
    QPY_RECORD_POST_INIT = 8, /* the class defines __post_init__ */
    QPY_RECORD_DICT = 16,     /* a base brings a __dict__: its instances are always tracked */
    QPY_RECORD_ABC = 32,      /* a base is an abstract base class: isinstance and issubclass ask ABCMeta */
    QPY_RECORD_POOLED = 64,   /* nothing but the slots: dropped instances' memory is kept for the next ones */
    QPY_RECORD_OWN_INIT = 128, /* __init__ or __new__ is Python's: the class is called the long way */
    QPY_RECORD_TRACKING = 256, /* its fields have descriptors of ours: object.__setattr__ stores, and tracks (member.c) */
    QPY_RECORD_VALIDATE_INIT = 1024,   /* __init__ checks the types of the values */
    QPY_RECORD_VALIDATE_ASSIGN = 2048, /* so does setting a field */
    QPY_RECORD_MIXIN = 4096,  /* fields and methods, no slots and no instances */
    QPY_RECORD_OPEN = 512      /* a class below it is TRACKING: object.__setattr__ must find no other tp_setattro here */
};

struct qpy_record_pool;

/* A record class: the type object with our members behind it (the metaclass's basicsize makes room). */
typedef struct qpy_record_class {
    PyHeapTypeObject head;
    qpy_state *state;          /* borrowed: the class keeps the module alive through `module` */
    PyObject *module;          /* strong */
    qpy_record_field *fields;  /* in order of __init__'s parameters: positional ones, keyword-only ones; then those without one */
    Py_ssize_t count, positional, parameters;
    uint32_t flags;
    PyObject *options;         /* dict of the class keywords as given, inherited ones merged: read by quire._types */
    PyObject *names;           /* tuple of the field names: __record_fields__ */
    PyObject *plan;            /* plan.c: the compiled plan of this class, or NULL until first needed */
    Py_ssize_t unknown;        /* offset of the slot for unknown fields (a tuple of (name, value)), or 0 */
    struct qpy_record_pool *pool; /* shared by the classes of one module */
} qpy_record_class;

/* Is it an instance of a record class? The metaclass may be subclassed (ABCs), hence the slow half. */
static inline int qpy_record_check(const qpy_state *state, PyTypeObject *type)
{
    PyTypeObject *meta = Py_TYPE(type);
    return meta == state->record_meta || (meta != &PyType_Type && PyType_IsSubtype(meta, state->record_meta));
}

/* Could the value be part of a reference cycle? Atoms and untracked tuples can't; an untracked dict can, later. */
static inline int qpy_may_cycle(PyObject *value)
{
    return PyType_IS_GC(Py_TYPE(value)) && !(PyTuple_CheckExact(value) && !PyObject_GC_IsTracked(value));
}

static inline PyObject **qpy_record_slot(PyObject *record, Py_ssize_t offset) { return (PyObject **)((char *)record + offset); }

/* Shorthand for classes made by our metaclass. */
static inline qpy_record_class *qpy_record_class_of(PyObject *record) { return (qpy_record_class *)Py_TYPE(record); }

/* A new instance, every slot NULL, not tracked. The caller fills slots directly and then calls qpy_record_track. */
PyObject *qpy_record_alloc(qpy_record_class *cls);
/* A field's default as a new reference, NULL with an exception, or NULL without one when it has none. */
PyObject *qpy_record_default(const qpy_record_field *field);
/* Tracks the record when it must be: after its slots were filled directly. */
void qpy_record_track(qpy_record_class *cls, PyObject *record);
/* Stores (a new reference is taken) and keeps the tracking rule. */
void qpy_record_store(PyObject *record, Py_ssize_t offset, PyObject *value);

/* What Record.__reduce__ gives where __getstate__ is Record's: new, or NULL with an exception. */
PyObject *qpy_record_reduction(PyObject *record);
enum { QPY_RECORD_LAYOUT = 1 }; /* of that, for pickles */

/* The slot in which a class with unknown="keep" holds them. */
#define QPY_RECORD_UNKNOWN "__record_unknown__"

/* Makes metaclass, Record, field, UNSET and adds them to the module: 0 or -1. */
int qpy_record_init(PyObject *module, qpy_state *state);

#endif
