/* SPDX-License-Identifier: Apache-2.0 */
/* order: the pairs of a map, and the items of a set, put in order when it closes.
 *
 *   {"b":1,"a":[2],"c":3,          marks: where each key and each pair ends (offsets from the buffer's base)
 *    ^start    ^   ^    ^
 *
 * A writer that sorts writes pairs as they come and notes where they end; when the map closes, what stands in the buffer is
 * put in order. So all ways to write a map (a record, a dict, a tag, computed fields) are the same, and pairs that are in order
 * already cost a comparison each. Marks of open maps are on one stack: those of the innermost are the last. */
#ifndef QUIRE_CORE_FORMAT_ORDER_H
#define QUIRE_CORE_FORMAT_ORDER_H

#include "core/base/buffer.h"

/* By which keys are compared. */
typedef enum qr_order_by {
    QR_ORDER_BYTES,  /* as they are written */
    QR_ORDER_POINTS, /* JSON strings, by the code points of their text */
    QR_ORDER_UTF16   /* JSON strings, by the UTF-16 code units of their text (RFC 8785 section 3.2.3) */
} qr_order_by;

enum { QR_ORDER_NOTHING, QR_ORDER_PAIRS, QR_ORDER_ITEMS };

typedef struct qr_order_mark {
    size_t key_end, end;
} qr_order_mark;
typedef struct qr_order_level {
    size_t first, start; /* its first mark; where its first pair begins */
    size_t plain;        /* of the level around it */
    int what;
} qr_order_level;

typedef struct qr_order {
    const qr_memory *memory;
    qr_order_by by;
    int distinct; /* two equal keys are an error (DUPLICATE_KEY) */
    int what;     /* of the innermost level */
    size_t plain; /* containers in it that are open and stay as they come; 1 more outside of all levels */
    qr_order_mark *marks;
    qr_order_level *levels;
    uint8_t *room; /* for sorting */
    size_t count, mark_room, depth, level_room, room_size;
} qr_order;

/* Allocates nothing. `memory` must outlive it. */
void qr_order_init(qr_order *self, const qr_memory *memory, qr_order_by by, int distinct);
void qr_order_release(qr_order *self);

/* Each of the following fails (0) with the buffer's error, MEMORY where not said otherwise. */

int qr_order_open_level(qr_order *self, qr_buffer *buffer, int what);
int qr_order_close_level(qr_order *self, qr_buffer *buffer);
/* A container opens: what follows in the buffer is its first pair or item. */
QR_INLINE int qr_order_open(qr_order *self, qr_buffer *buffer, int what)
{
    if (what != QR_ORDER_NOTHING)
        return qr_order_open_level(self, buffer, what);
    self->plain++;
    return 1;
}
/* The innermost container has no more pairs: puts them in order. DUPLICATE_KEY. */
QR_INLINE int qr_order_close(qr_order *self, qr_buffer *buffer)
{
    if (!self->plain)
        return qr_order_close_level(self, buffer);
    self->plain--;
    return 1;
}

int qr_order_grow_marks(qr_order *self, qr_buffer *buffer);

/* A key ended `back` bytes before the end of what is written. */
QR_INLINE int qr_order_key(qr_order *self, qr_buffer *buffer, size_t back)
{
    if (self->plain || self->what != QR_ORDER_PAIRS)
        return 1;
    if (QR_UNLIKELY(self->count == self->mark_room) && !qr_order_grow_marks(self, buffer))
        return 0;
    self->marks[self->count++].key_end = qr_buffer_length(buffer) - back;
    return 1;
}
/* A pair or an item ended, with what separates it from the next. */
QR_INLINE int qr_order_item(qr_order *self, qr_buffer *buffer)
{
    if (self->plain)
        return 1;
    if (QR_UNLIKELY(buffer->error != QR_ERROR_NONE)) /* its key may have no mark */
        return 0;
    if (self->what == QR_ORDER_ITEMS) {
        if (QR_UNLIKELY(self->count == self->mark_room) && !qr_order_grow_marks(self, buffer))
            return 0;
        self->marks[self->count++].key_end = qr_buffer_length(buffer);
    }
    self->marks[self->count - 1].end = qr_buffer_length(buffer);
    return 1;
}

#endif
