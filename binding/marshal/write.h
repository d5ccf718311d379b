/* SPDX-License-Identifier: Apache-2.0 */
/* write: what the files of the writer share.
 *
 * Which objects can be referred to is a matter of reference counts, as in the standard library: those that have more than
 * one, and interned text. So nothing here may hold an object while it is looked at without saying so (`extra`). The table of what
 * was written holds nothing, until user code may run: then it takes a reference to all that is in it (`holding`), so that
 * no other object can come to stand at the same address. */
#ifndef QUIRE_BINDING_MARSHAL_WRITE_H
#define QUIRE_BINDING_MARSHAL_WRITE_H

#include "binding/marshal/marshal.h"
#include "binding/walk.h"
#include "core/format/marshal.h"

enum { QPY_MARSHAL_REFS_INLINE = 64 };

typedef struct qpy_marshal_ref {
    PyObject *object; /* NULL: free */
    uint32_t index;
    uint32_t round;   /* another than the table's: free */
} qpy_marshal_ref;

/* Object -> number, by address. */
typedef struct qpy_marshal_refs {
    qpy_marshal_ref *table;
    size_t room;  /* a power of two */
    unsigned shift;
    uint32_t count, round;
    struct qpy_marshal_refs *outer; /* of the set whose elements are written on their own, to be sorted */
    qpy_marshal_ref inline_[QPY_MARSHAL_REFS_INLINE];
} qpy_marshal_refs;

struct qpy_marshal_canon;

typedef struct qpy_marshal_writer {
    qpy_walker walker;
    qpy_marshal_refs *refs;
    struct qpy_marshal_canon *canon; /* canonical.c; NULL: as the standard library writes */
    qr_depth depth;
    uint32_t level;     /* open containers */
    int version, allow_code;
    int plain;          /* as version 4 and later write it, not canonically */
    int holding;
    int hand_over;      /* a code object that cannot be taken apart here */
    qpy_marshal_refs first_refs;
} qpy_marshal_writer;

/* ---------------------------------------------------------------- write_refs.c */

void qpy_marshal_refs_init(qpy_marshal_refs *self, qpy_marshal_refs *outer);
void qpy_marshal_refs_release(qpy_marshal_refs *self, int holding);
/* Forgets all that is in it. */
void qpy_marshal_refs_clear(qpy_marshal_refs *self, int holding);
int qpy_marshal_refs_grow(qpy_marshal_refs *self); /* 1, or 0 without memory (no exception) */
/* Before user code runs. */
void qpy_marshal_hold(qpy_marshal_writer *w);

/* Where the object is, or where it would stand: then with another round. There is always room for one. */
QR_INLINE qpy_marshal_ref *qpy_marshal_refs_find(qpy_marshal_refs *self, PyObject *object)
{
    size_t i = (size_t)(((uint64_t)(uintptr_t)object >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> self->shift);
    for (;; i = (i + 1) & (self->room - 1)) {
        qpy_marshal_ref *ref = &self->table[i];
        if (ref->object == object || !ref->object || ref->round != self->round)
            return ref;
    }
}
/* Is it there? */
QR_INLINE int qpy_marshal_ref_is(const qpy_marshal_refs *self, const qpy_marshal_ref *ref) { return ref->object && ref->round == self->round; }

/* ---------------------------------------------------------------- write.c */

/* `extra`: references that count (1) or do not (-1) beside those that the object has. 1, or 0: failed, with an exception, an error in the
 * buffer, or hand_over. */
int qpy_marshal_write(qpy_marshal_writer *w, PyObject *o, int extra);

QR_COLD uint32_t qpy_marshal_lend(qpy_marshal_writer *w);
/* One level down, at the head of a function of (w, o, flag), and up again. The container is held while user code may run below it: it
 * cannot be within itself unless it has two references anyway. */
#define QPY_MARSHAL_ENTER(function)                                                    \
    QR_STACK_ENTER(&w->depth, qpy_marshal_lend(w), 0, function(w, o, flag));           \
    Py_INCREF(o);                                                                      \
    w->level++
QR_INLINE void qpy_marshal_leave(qpy_marshal_writer *w, PyObject *o)
{
    w->level--;
    w->depth.left++;
    Py_DECREF(o);
}

/* ---------------------------------------------------------------- write_set.c */

int qpy_marshal_write_set(qpy_marshal_writer *w, PyObject *o, uint8_t flag);

/* ---------------------------------------------------------------- canonical.c */

/* The object as the same bytes wherever it is written: in two rounds, the first of which only looks what recurs. As qpy_marshal_write. */
int qpy_marshal_write_canonically(qpy_marshal_writer *w, PyObject *o);
/* Is the first round going on? Then the order of what is written does not matter. */
int qpy_marshal_canon_is_looking(const qpy_marshal_writer *w);

typedef enum qpy_canon_result {
    QPY_CANON_FAILED, /* with an exception, or an error in the buffer */
    QPY_CANON_ONCE,   /* to be written */
    QPY_CANON_RECURS, /* to be referred to */
    QPY_CANON_KNOWN   /* the first round has been there */
} qpy_canon_result;
/* *object becomes the one that stands for all that are the same. */
qpy_canon_result qpy_marshal_canon_look(qpy_marshal_writer *w, PyObject **object);
/* Is the text written as interned? By what is in it. */
int qpy_marshal_canon_interned(PyObject *text);

#endif
