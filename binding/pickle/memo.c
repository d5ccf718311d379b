/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/pickle/memo.h"

static int make_table(qpy_memo_table *table, size_t places)
{
    table->entries = places <= SIZE_MAX / sizeof *table->entries / 2 ? PyMem_Calloc(places, sizeof *table->entries) : NULL;
    table->mask = places - 1;
    table->stamp = 1;
    if (table->entries)
        return 1;
    PyErr_NoMemory();
    return 0;
}

int qpy_memo_init(qpy_memo *self, qpy_state *state, int held)
{
    self->used = 0;
    self->next = 0;
    self->held = held;
    self->table = state->pickle_table;
    state->pickle_table.entries = NULL;
    if (self->table.entries && ++self->table.stamp != 0)
        return 0;
    PyMem_Free(self->table.entries); /* all stamps were used */
    return make_table(&self->table, QPY_MEMO_FIRST) ? 0 : -1;
}

/* The references of a table that is no longer in use. */
static void let_go(qpy_memo_table *table, size_t used)
{
    for (size_t i = 0; used; i++)
        if (table->entries[i].stamp == table->stamp) {
            used--;
            Py_DECREF(table->entries[i].object);
        }
}

void qpy_memo_release(qpy_memo *self, qpy_state *state)
{
    qpy_memo_table table = self->table;
    size_t used = self->used;
    self->table.entries = NULL;
    self->used = 0;
    if (!table.entries)
        return;
    if (self->held)
        let_go(&table, used);
    if (state && !state->pickle_table.entries && table.mask < QPY_MEMO_KEPT)
        state->pickle_table = table;
    else
        PyMem_Free(table.entries);
}

/* What letting go runs may use the memo: it gets another table before. */
int qpy_memo_clear(qpy_memo *self)
{
    qpy_memo_table old = self->table;
    size_t used = self->used;
    if (!make_table(&self->table, QPY_MEMO_FIRST)) {
        self->table = old;
        return 0;
    }
    self->used = 0;
    self->next = 0;
    if (self->held)
        let_go(&old, used);
    PyMem_Free(old.entries);
    return 1;
}

int qpy_memo_grow(qpy_memo *self)
{
    qpy_memo_table old = self->table;
    size_t left = self->used - 1;
    if (!make_table(&self->table, (old.mask + 1) * (self->used > 1 << 19 ? 2 : 4))) {
        self->table = old;
        self->used--;
        return 0;
    }
    for (size_t i = 0; left; i++)
        if (old.entries[i].stamp == old.stamp) {
            left--;
            qpy_memo_entry *entry = qpy_memo_find(self, old.entries[i].object);
            *entry = (qpy_memo_entry){old.entries[i].object, old.entries[i].index, self->table.stamp};
        }
    PyMem_Free(old.entries);
    return 1;
}
