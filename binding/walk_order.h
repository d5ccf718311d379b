/* SPDX-License-Identifier: Apache-2.0 */
/* walk_order: what can be put in order before it is written: dicts whose keys are strs, fields of records. It is written in place
 * then; everything else is written as it comes and put in order in the buffer (core/format/order.h).
 *
 * Dicts in a row mostly have the same keys in the same order: the shape of a dict that begins as one before it is remembered. Then its order takes
 * a comparison of pointers a key, and its keys are copied as they were written. Other dicts are sorted (order_keys.h).
 *
 * What is remembered outlives the call where there is a place for it (an Encoder has one): small documents, a call each, have the same few shapes.
 * A call takes it out of its place and puts it back at the end, so that a call within it, or in another thread, has its own. */
#ifndef QUIRE_BINDING_WALK_ORDER_H
#define QUIRE_BINDING_WALK_ORDER_H

#include "binding/order_keys.h"
#include "binding/walk.h"

enum {
    QPY_ORDER_MOST = 64, /* fields of a record, places of a dict whose shape is kept */
    QPY_ORDER_SHAPES = 1024,
    QPY_ORDER_IDLE = 64, /* shapes in a row of no use, after which few are made */
    QPY_ORDER_IMAGE = 31, /* bytes of a key as it is written, with what stands behind it */
    QPY_ORDER_AHEAD = 6,
    QPY_ORDER_KEPT_TEXT = 4096, /* characters in the keys of a shape: they stay alive with it */
    QPY_ORDER_TABLES = 8,
    QPY_ORDER_LARGE = 1 << 13,      /* places of a dict that is kept as a table, */
    QPY_ORDER_LARGE_TEXT = 1 << 17, /* and characters in its keys */
    QPY_ORDER_ALONE = 16         /* dicts of unknown shape in a call that leaves nothing behind, before it is worth to remember one */
};

typedef struct qpy_order_image {
    uint8_t length; /* 0: not yet written, or too long */
    uint8_t bytes[QPY_ORDER_IMAGE];
} qpy_order_image;

/* The keys of a dict as they come, and how they are in order. */
typedef struct qpy_order_shape {
    size_t count, pins;      /* while it is pinned it stays */
    int was_met;             /* again, since it was last in the way of another */
    uint8_t *order;          /* places */
    qpy_order_image *images; /* of the keys in order */
    PyObject *keys[];        /* strong, so that no other key can have the place of one in memory; at least QPY_PLACES_FEW, the last of them NULL */
} qpy_order_shape;

/* The keys of a dict with more places than a shape has, as they come, and how they are in order. */
typedef struct qpy_order_table {
    size_t count;
    uint32_t *order;    /* places */
    PyObject *keys[];   /* strong */
} qpy_order_table;

/* What was met. It is only for output of one style. */
typedef struct qpy_order_memory {
    uintptr_t last[QPY_ORDER_SHAPES]; /* which dict came there last (qpy_order_hash) */
    qpy_order_shape *shapes[QPY_ORDER_SHAPES]; /* in their place, or in the one beside it (place ^ 1) */
    unsigned idle; /* shapes in a row that were of no use */
    uintptr_t large_last[QPY_ORDER_TABLES]; /* the same of dicts that have more places */
    qpy_order_table *large[QPY_ORDER_TABLES];
} qpy_order_memory;
void qpy_order_memory_free(qpy_order_memory *self);

/* A style while it is heeded; the walker's `style` is its first member. */
typedef struct qpy_styled {
    qr_styled core;
    uint64_t *numbers; /* of the large dicts that are open, the innermost last (order_keys.h) */
    size_t count, room;
    qpy_order_memory *memory, **kept; /* NULL: there is none (yet); no place for it */
    unsigned unknown;                 /* dicts of unknown shape */
} qpy_styled;

/* `kept`: where what is remembered stays between calls of that style; NULL: nowhere. Allocates nothing. */
void qpy_styled_init(qpy_styled *self, const qr_style *style, qr_order_by by, qpy_order_memory **kept);
void qpy_styled_release(qpy_styled *self);
QR_INLINE qpy_styled *qpy_walk_styled(const qpy_walker *walker) { return (qpy_styled *)walker->style; }

/* Of a dict that is not empty, from how many keys it has and five of them, as addresses. */
QR_INLINE uintptr_t qpy_order_hash(const qpy_dict_places *places)
{
    size_t n = places->count;
#define KEY(i) (uintptr_t)qpy_dict_places_key(places, i)
    uintptr_t hash = (KEY(0) + 3 * KEY(n / 4) + 5 * KEY(n / 2) + 7 * KEY(n - 1 - n / 4) + 11 * KEY(n - 1)) / 16 + n * 61;
#undef KEY
    return hash ^ hash >> 9;
}

/* The shape of a dict that is not empty, or NULL: none is known. */
QR_INLINE qpy_order_shape *qpy_walk_shape(const qpy_walker *self, const qpy_dict_places *places)
{
    size_t n = places->count, slot;
    const qpy_order_memory *memory = qpy_walk_styled(self)->memory;
    if (!memory || n != places->used)
        return NULL;
    slot = qpy_order_hash(places) % QPY_ORDER_SHAPES;
    qpy_order_shape *shape = memory->shapes[slot];
    if (QR_LIKELY(shape != NULL) && shape->count == n && qpy_dict_places_are(places, shape->keys))
        return shape;
    shape = memory->shapes[slot ^ 1];
    return shape && shape->count == n && qpy_dict_places_are(places, shape->keys) ? shape : NULL;
}

/* The order of a dict of unknown shape: to `order` where it has at most QPY_ORDER_MOST places, else to the end of the walker's numbers. It may be
 * a shape from then on. 1; 0 when it cannot be found here; -1 when memory is out (failed). Runs no user code. */
int qpy_walk_order_dict(qpy_walker *self, const qpy_dict_places *places, uint8_t order[QPY_ORDER_MOST]);

/* A value (or NULL) is written soon, out of the order in which it was made: what it consists of, as far as its head tells, is fetched. */
QR_INLINE void qpy_walk_prefetch(PyObject *value)
{
    if (QR_UNLIKELY(!value))
        return;
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyDict_Type)
        qpy_dict_prefetch(value);
    else if (type == &PyList_Type)
        QR_PREFETCH(((PyListObject *)value)->ob_item);
    else
        QR_PREFETCH((const char *)value + 64);
}

/* In which order a record's fields are written: their numbers, and that of a tag is how many fields there are. NULL: as they are. */
QR_INLINE const uint8_t *qpy_walk_field_order(const qpy_walker *self, const qr_record *record, const qpy_record_side *side)
{
    const qr_styled *style = self->style;
    if (!style->style->sorts || !side->order || record->array)
        return NULL;
    return side->order + (style->order.by == QR_ORDER_BYTES ? record->count + 1 : 0);
}

#endif
