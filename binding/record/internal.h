/* SPDX-License-Identifier: Apache-2.0 */
/* internal: what the files of the record room share among themselves.
 *
 *   class.c    the metaclass: making a class, its slots, what changes when an attribute of a class is set
 *   collect.c  reading a class body: annotations and defaults become the table of fields
 *   options.c  class keywords
 *   member.c   descriptors of fields and storing through them: every store keeps the tracking rule
 *   record.c          instances: memory, constructor, collector, frozen attributes
 *   compare.c  == < hash
 *   copy.c     copy, replace, pickle, signature
 *   repr.c     repr and __rich_repr__
 *   field.c    field() and UNSET
 */
#ifndef QUIRE_BINDING_RECORD_INTERNAL_H
#define QUIRE_BINDING_RECORD_INTERNAL_H

#include "binding/record/record.h"
#include "core/base/port.h"

/* What quire.field() returns: read only. NULL members were not given. */
typedef struct qpy_field_object {
    PyObject_HEAD
    PyObject *number;  /* int */
    PyObject *default_;
    PyObject *factory;
    PyObject *name;    /* str */
    PyObject *kw_only; /* True or False */
    PyObject *aliases; /* tuple of str */
    PyObject *omit;    /* str */
    PyObject *checks;  /* dict: adapter and constraints by name */
    uint8_t repr, compare, serialize, secret, init;
} qpy_field_object;

/* dict[name]: borrowed; NULL without an exception when it is not there, NULL with one when memory fails. (PyDict_GetItemString cannot
 * tell these apart: with it, a class keyword would silently be lost.) */
static inline PyObject *qpy_dict_find(PyObject *dict, const char *name)
{
    PyObject *key = PyUnicode_FromString(name);
    PyObject *value = key == NULL ? NULL : PyDict_GetItemWithError(dict, key);
    Py_XDECREF(key);
    return value;
}

/* The head of every class is the same, so a class not finished yet (in __init_subclass__) has state == NULL. */
#define QPY_NOT_FINISHED "class %.200s is still being made"

/* class.c */
/* Raises quire.errors.SchemaError when that module is loaded, TypeError (its base) otherwise. Returns -1. */
int qpy_record_class_error(const char *format, ...);
PyObject *qpy_record_meta_new(PyTypeObject *meta, PyObject *args, PyObject *kwargs);
int qpy_record_meta_setattro(PyObject *type, PyObject *name, PyObject *value);
/* Sets the slots that depend on what the class and its bases define: after a class is made or changed. 0 or -1. */
int qpy_record_refresh(qpy_record_class *cls);
/* The state behind a metaclass (ours or derived from ours). */
qpy_state *qpy_record_meta_state(PyTypeObject *meta, PyObject **module);
/* Frees the table of fields. */
void qpy_record_fields_free(qpy_record_field *fields, Py_ssize_t count);

/* meta.c: the metaclass as a type. */
extern PyType_Spec qpy_record_meta_spec;
/* Once typing is loaded: lets records have protocols among their bases. 0, or -1 when memory fails. */
int qpy_record_meet_protocols(qpy_state *state);

/* options.c: takes our keywords out of `kwargs` (a dict of its own, what is left belongs to __init_subclass__) and merges
 * them over those of the bases. Sets *options (new reference), *flags (frozen, eq, order), *kw_only and *weakref. */
int qpy_record_options(PyObject *bases, PyObject *kwargs, PyObject **options, uint32_t *flags, int *kw_only, int *weakref);
/* objects_check.c: are the values of the record those of its class, or is the value one of the field? 1, or 0 with ValidationError
 * (SchemaError when the annotations cannot be read). A name that is no field's takes anything. */
int qpy_objects_check_record(qpy_record_class *cls, PyObject *record);
int qpy_objects_check_field(qpy_record_class *cls, PyObject *record, PyObject *name, PyObject *value);
/* Is it "never", "default" or "null"? 0, or -1 with the error that names what was given. */
int qpy_record_check_omit(const char *what, PyObject *value);
/* The nearest of `names` (ends with NULL) to what was written, or NULL. */
const char *qpy_record_nearest(const char *written, const char *const *names);

/* collect.c: reads names and defaults of a class body. */
typedef struct qpy_record_body {
    qpy_record_field *fields;  /* owned */
    Py_ssize_t count, positional, parameters;
    PyObject *slots;           /* list of the names that need a slot */
    PyObject *names;           /* tuple of all names */
} qpy_record_body;
/* `space` is the namespace, a copy that defaults are taken out of. Fields of the bases come first, those of the last base first of all, as
 * in dataclasses and for type checkers. */
int qpy_record_collect(const qpy_state *state, PyObject *class_name, PyObject *space, PyObject *bases, int kw_only, int mixin,
                       qpy_record_body *body);
void qpy_record_body_release(qpy_record_body *body);

/* member.c */
extern PyType_Spec qpy_member_spec;
/* Gives a new class the descriptors of its fields: `space` is its body. 0 or -1. */
int qpy_record_set_members(qpy_record_class *cls, PyObject *space);
/* After `value` was stored in a class: when it is code that stores by object.__setattr__, that must work. 0 or -1. */
int qpy_record_notice_code(qpy_record_class *cls, PyObject *value);
/* tp_setattro; and Record.__setattr__ and __delattr__, which also store in frozen records. */
int qpy_record_setattro(PyObject *self, PyObject *name, PyObject *value);
PyObject *qpy_record_setattr_method(PyObject *self, PyObject *const *args, Py_ssize_t nargs);
PyObject *qpy_record_delattr_method(PyObject *self, PyObject *name);

/* record.c */
PyObject *qpy_record_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);
PyObject *qpy_record_new(PyTypeObject *type, PyObject *args, PyObject *kwargs);
int qpy_record_init_slot(PyObject *self, PyObject *args, PyObject *kwargs);
void qpy_record_dealloc(PyObject *self);
int qpy_record_traverse(PyObject *self, visitproc visit, void *arg);
int qpy_record_clear(PyObject *self);
/* Index of the field called `name`, searched from `hint` on; -1 without an exception when there is none. */
Py_ssize_t qpy_record_find(const qpy_record_class *cls, PyObject *name, Py_ssize_t hint);
/* Defaults for the empty slots from field `start` on, else the error that names what is missing: 0 or -1. */
int qpy_record_complete(qpy_record_class *cls, PyObject *record, Py_ssize_t start);
/* Checks the values when the class says so, and calls __post_init__ when it has one: 0 or -1. */
int qpy_record_post_init(qpy_record_class *cls, PyObject *record);
/* AttributeError: the field is not set. Returns NULL. */
PyObject *qpy_record_unset_error(PyObject *record, PyObject *name);
/* The instance's __dict__ when it has one and it was used: borrowed, or NULL without an exception. */
PyObject *qpy_record_dict(PyObject *record);
struct qpy_record_pool *qpy_record_pool_new(void);
struct qpy_record_pool *qpy_record_pool_retain(struct qpy_record_pool *pool);
void qpy_record_pool_release(struct qpy_record_pool *pool);
/* Can instances of this size live in the pool? */
int qpy_record_pool_fits(Py_ssize_t slots);

/* compare.c */
PyObject *qpy_record_richcompare(PyObject *a, PyObject *b, int operation);
Py_hash_t qpy_record_hash(PyObject *self);

/* repr.c */
PyObject *qpy_record_repr(PyObject *self);
PyObject *qpy_record_rich_repr(PyObject *self, PyObject *ignored);

/* copy.c */
PyObject *qpy_record_copy(PyObject *self, PyObject *ignored);
PyObject *qpy_record_replace(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *qpy_record_reduce(PyObject *self, PyObject *ignored);
PyObject *qpy_record_getstate(PyObject *self, PyObject *ignored);
PyObject *qpy_record_setstate(PyObject *self, PyObject *state);
PyObject *qpy_record_restore(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *qpy_record_signature(PyObject *cls, void *ignored);

/* field.c */
int qpy_field_init(PyObject *module, qpy_state *state);
/* A default that several instances would share and could change: 1 when it is refused (with the error set), 0 otherwise; an empty
 * list, dict, set or bytearray becomes its factory: *factory is then a new reference. */
int qpy_record_default_check(PyObject *class_name, PyObject *field_name, PyObject *value, PyObject **factory);

#endif
