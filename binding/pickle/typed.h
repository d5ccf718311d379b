/* SPDX-License-Identifier: Apache-2.0 */
/* typed: what the files of the typed machine share.
 *
 * What a load has made for a state is noted: it may be built, once, and what it was built of is weighed at the end. Of a class whose fields are
 * all in the instance's __dict__, or all slots, this takes no entry of its own: its instances are *expected*, the last one made first, and
 * weighed by their own fields. */
#ifndef QUIRE_BINDING_PICKLE_TYPED_H
#define QUIRE_BINDING_PICKLE_TYPED_H

#include "binding/pickle/machine.h"

/* A shape is (class, maker, setter, fields, names, build). maker(class, 1) makes an instance, or None: object.__new__ does. setter(object, state)
 * sets a state, or None: each of `fields`, {name: member descriptor, or the name of what is in the instance's __dict__}, is set; `names` are those
 * in their order, for a state without names. build(object, state) is asked about any other state. */
enum { QPY_SHAPE_CLASS, QPY_SHAPE_MAKER, QPY_SHAPE_SETTER, QPY_SHAPE_FIELDS, QPY_SHAPE_NAMES, QPY_SHAPE_BUILD, QPY_SHAPE_PARTS };

enum { QPY_TYPED_CLASSES = 8, QPY_TYPED_TEXT_WEIGHT = 64 /* characters that weigh as much as an object */ };

/* One object that this load has made: how it may be built, or the values that it was built of; of values without parts, their weight alone. Of a
 * class: its shape. */
typedef struct qpy_typed_made {
    PyObject *object, *with;
    size_t weight;
    int built;
} qpy_typed_made;

/* A class of which instances are expected; borrowed. */
typedef struct qpy_typed_class {
    PyTypeObject *type;
    PyObject *fields, *names;
    int in_slots;                           /* all of its fields, else none */
    uint8_t count;
    Py_ssize_t offsets[QPY_UNPICKLE_SLOTS]; /* in_slots: of the fields, in any order */
} qpy_typed_class;

typedef struct qpy_typed {
    PyObject *table, *containers, *hashable; /* borrowed */
    qpy_typed_made *made;                    /* what may be built and what was: a table by address, of a power of two, half full at most */
    size_t made_room, made_count;
    PyObject **expected;                     /* strong: made, and not built yet */
    size_t expected_room, expected_count;
    PyObject *held;                          /* list of the containers of the table that were made */
    PyObject *kept;                          /* set of the addresses of those that are in the result */
    size_t work_left;                        /* what calls and states may look at and copy; of an int, its bytes */
    size_t hash_left, risky_left;            /* objects that hashing may look at; keys whose hashes can be foreseen */
    size_t int_bytes, depth, nodes, items, str_bytes;
    qpy_typed_class classes[QPY_TYPED_CLASSES]; /* by address: those that were met last */
} qpy_typed;

/* The entry of an object, until the next is noted; or NULL. */
qpy_typed_made *qpy_typed_noted(const qpy_typed *t, PyObject *object);
/* 1, or 0 with an exception. */
int qpy_typed_note(qpy_typed *t, PyObject *object, PyObject *with);
/* Lets go of all that is noted and expected. */
void qpy_typed_forget(qpy_typed *t);

/* An instance by a shape without a maker, which is expected from now on; NULL without an exception: not that way. Runs no user code. */
PyObject *qpy_typed_make(qpy_unpickle *m, PyObject *shape);
/* May the instance be given a state of n fields now, and of `weight`? What was made after it is noted instead. */
int qpy_typed_expects(qpy_unpickle *m, PyObject *instance, Py_ssize_t n, size_t weight);
/* It has been. */
void qpy_typed_stored(qpy_unpickle *m, size_t weight);
/* Notes all that is expected: 1, or 0 with an exception. */
int qpy_typed_settle(qpy_typed *t);

/* What is known of a class of which instances were expected, or NULL; holds until the next is asked for. */
qpy_typed_class *qpy_typed_class_of(qpy_typed *t, PyTypeObject *type);
/* The values of an instance of it, at most QPY_UNPICKLE_SLOTS, borrowed: how many; -1: they cannot be told. */
Py_ssize_t qpy_typed_values(const qpy_typed_class *known, PyObject *instance, PyObject **values);

/* UnpicklingError(rule, module, name): _typed.py makes the exception of it that the user sees. 0. */
QR_COLD int qpy_typed_refuse(qpy_unpickle *m, const char *rule, PyObject *module, PyObject *name);
/* The same of a global that stands where it may not, or of another object. */
QR_COLD int qpy_typed_refuse_named(qpy_unpickle *m, const char *rule, PyObject *object);

/* Walks the value as a tree: 1, or 0 with an exception where it is too deep (a circle is) or too large. */
int qpy_typed_measure(qpy_unpickle *m, PyObject *value);

#endif
