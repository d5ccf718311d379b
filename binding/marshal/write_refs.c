/* SPDX-License-Identifier: Apache-2.0 */
/* write_refs: the table of what was written. */
#include "binding/marshal/write.h"

static unsigned shift_for(size_t room) { return 64 - (unsigned)__builtin_ctzll(room); }

void qpy_marshal_refs_init(qpy_marshal_refs *self, qpy_marshal_refs *outer)
{
    self->table = self->inline_;
    self->room = QPY_MARSHAL_REFS_INLINE;
    self->shift = shift_for(self->room);
    self->count = 0;
    self->round = 1;
    self->outer = outer;
    memset(self->inline_, 0, sizeof self->inline_);
}

static void drop(qpy_marshal_refs *self)
{
    for (size_t i = 0; i < self->room; i++)
        if (qpy_marshal_ref_is(self, &self->table[i]))
            Py_DECREF(self->table[i].object);
}

void qpy_marshal_refs_clear(qpy_marshal_refs *self, int holding)
{
    if (holding)
        drop(self);
    self->count = 0;
    if (++self->round == 0) {
        memset(self->table, 0, self->room * sizeof *self->table);
        self->round = 1;
    }
}

void qpy_marshal_refs_release(qpy_marshal_refs *self, int holding)
{
    if (holding)
        drop(self);
    if (self->table != self->inline_)
        PyMem_Free(self->table);
}

int qpy_marshal_refs_grow(qpy_marshal_refs *self)
{
    qpy_marshal_refs old = {.table = self->table, .room = self->room, .round = self->round};
    size_t room = self->room * 4;
    qpy_marshal_ref *table = PyMem_Calloc(room, sizeof *table);
    if (!table)
        return 0;
    self->table = table;
    self->room = room;
    self->shift = shift_for(room);
    for (size_t i = 0; i < old.room; i++)
        if (qpy_marshal_ref_is(&old, &old.table[i]))
            *qpy_marshal_refs_find(self, old.table[i].object) = old.table[i];
    if (old.table != self->inline_)
        PyMem_Free(old.table);
    return 1;
}

void qpy_marshal_hold(qpy_marshal_writer *w)
{
    w->walker.calls++;
    if (w->holding)
        return;
    w->holding = 1;
    for (qpy_marshal_refs *refs = w->refs; refs; refs = refs->outer)
        for (size_t i = 0; i < refs->room; i++)
            if (qpy_marshal_ref_is(refs, &refs->table[i]))
                Py_INCREF(refs->table[i].object);
}
