/* SPDX-License-Identifier: Apache-2.0 */
/* walk_order: what can be put in order before it is written: dicts whose keys are strs, fields of records. It is written in place
 * then; everything else is written as it comes and put in order in the buffer (core/format/order.h).
 *
 * Dicts in a row mostly have the same keys in the same order: how the last ones with as many keys were put in order is tried first, which
 * takes a comparison a key. Large ones are sorted. Most comparisons are of two numbers, made of the first characters. */
#ifndef QUIRE_BINDING_WALK_ORDER_H
#define QUIRE_BINDING_WALK_ORDER_H

#include "binding/walk.h"

enum { QPY_ORDER_MOST = 64 /* fields of a record, pairs of a dict that is not sorted anew */, QPY_ORDER_GUESSES = 8 };

typedef struct qpy_order_pair {
    uint64_t head;         /* keys with different ones are in their order */
    PyObject *key, *value; /* held */
} qpy_order_pair;

/* A style while it is heeded; the walker's `style` is its first member. */
typedef struct qpy_styled {
    qr_styled core;
    qpy_order_pair *pairs; /* of the open dicts, the innermost last; `inline_` until there are more */
    size_t count, room;
    uint8_t guessed[QPY_ORDER_GUESSES]; /* pairs of each guess, 0: none */
    uint8_t guesses[QPY_ORDER_GUESSES][QPY_ORDER_MOST];
    PyObject *guess_keys[QPY_ORDER_GUESSES][QPY_ORDER_MOST]; /* of which dict it was, held: these very keys need not be compared */
    qpy_order_pair inline_[QPY_ORDER_MOST];
} qpy_styled;

void qpy_styled_init(qpy_styled *self, const qr_style *style, qr_order_by by);
void qpy_styled_release(qpy_styled *self);
QR_INLINE qpy_styled *qpy_walk_styled(const qpy_walker *walker) { return (qpy_styled *)walker->style; }

/* Holds the pairs of a dict, behind those that are held already. order[i] is which of them comes i-th; more than QPY_ORDER_MOST come as
 * they are held. Their number; -1 when it cannot be done here (nothing is held), -2 when memory is out (failed). */
Py_ssize_t qpy_walk_hold_pairs(qpy_walker *self, PyObject *dict, uint8_t order[QPY_ORDER_MOST]);
/* Lets the last n go. */
void qpy_walk_drop_pairs(qpy_walker *self, size_t n);

/* In which order a record's fields are written: their numbers, and that of a tag is how many fields there are. NULL: as they are. */
const uint8_t *qpy_walk_field_order(const qpy_walker *self, const qr_record *record, const qpy_record_side *side);

#endif
