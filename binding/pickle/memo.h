/* SPDX-License-Identifier: Apache-2.0 */
/* memo: which objects have been written, and their numbers.
 *
 * Open addressing over entries of 16 bytes. Objects lie in pages in the order in which they were made, and so do their entries:
 * the page's address is hashed, the place within it is kept, so that a run of neighbours stays a run. An entry of another stamp is
 * an empty one: a table that is used again is not cleared.
 *
 * `held`: the memo holds a reference to each object. Otherwise nothing may run meanwhile that could free one. */
#ifndef QUIRE_BINDING_PICKLE_MEMO_H
#define QUIRE_BINDING_PICKLE_MEMO_H

#include "binding/pickle/table.h"
#include "binding/state.h"
#include "core/base/port.h"

enum { QPY_MEMO_FIRST = 256, QPY_MEMO_KEPT = 1 << 15 };

typedef struct qpy_memo {
    qpy_memo_table table;
    size_t used;
    uint64_t next; /* what the next object is called: `used`, and those that need no entry */
    int held;
} qpy_memo;

/* 0, or -1 with an exception. Takes the table that the state has kept, when it is there. */
int qpy_memo_init(qpy_memo *self, qpy_state *state, int held);
/* Gives the table back to the state (NULL: frees it), and the references. */
void qpy_memo_release(qpy_memo *self, qpy_state *state);
int qpy_memo_clear(qpy_memo *self); /* 1, or 0 with an exception */
/* Room for the object that `used` counts already: 1, or 0 with an exception, and it is counted no more. */
int qpy_memo_grow(qpy_memo *self);

QR_INLINE size_t qpy_memo_place(const qpy_memo *self, const PyObject *object)
{
    uint64_t bits = (uint64_t)(uintptr_t)object, page = (bits >> 12) * UINT64_C(0x9E3779B97F4A7C15);
    return ((size_t)(page >> 32) + (size_t)(bits >> 4 & 255)) & self->table.mask;
}

/* Where it is or should be: `stamp` tells. Never when the table is full: there is always an empty one. */
QR_INLINE qpy_memo_entry *qpy_memo_find(const qpy_memo *self, const PyObject *object)
{
    size_t i = qpy_memo_place(self, object);
    for (;;) {
        qpy_memo_entry *entry = &self->table.entries[i];
        if (entry->stamp != self->table.stamp || entry->object == object)
            return entry;
        i = (i + 1) & self->table.mask;
    }
}
QR_INLINE int qpy_memo_has(const qpy_memo *self, const qpy_memo_entry *entry) { return entry->stamp == self->table.stamp; }

/* At the place that was found, which is empty: 1, or 0 with an exception. */
QR_INLINE int qpy_memo_add(qpy_memo *self, qpy_memo_entry *entry, PyObject *object, uint32_t index)
{
    if (QR_UNLIKELY(++self->used * 2 > self->table.mask)) {
        if (!qpy_memo_grow(self))
            return 0;
        entry = qpy_memo_find(self, object);
    }
    entry->object = object;
    entry->index = index;
    entry->stamp = self->table.stamp;
    if (self->held)
        Py_INCREF(object);
    return 1;
}

#endif
