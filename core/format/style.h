/* SPDX-License-Identifier: Apache-2.0 */
/* style: what an output may look like beside the plain form, and the state of a writer that heeds it.
 *
 * The plain writers (json.h, msgpack.h) know nothing of it: json_styled.h and msgpack_styled.h are writers of their own, which take a
 * qr_styled beside the buffer. One qr_style may serve many writers at a time: it does not change. */
#ifndef QUIRE_CORE_FORMAT_STYLE_H
#define QUIRE_CORE_FORMAT_STYLE_H

#include "core/format/order.h"

enum { QR_STYLE_INDENT = 64 /* the longest text of one level */ };

typedef enum qr_style_nan { QR_NAN_ERROR, QR_NAN_NULL, QR_NAN_ALLOW } qr_style_nan;

typedef struct qr_style {
    uint8_t indent[QR_STYLE_INDENT]; /* of one level */
    uint8_t indent_length;
    uint8_t indents;   /* JSON: a line for each item */
    uint8_t ascii;     /* JSON: \u escapes for what is beyond ASCII */
    uint8_t nan;       /* JSON: qr_style_nan */
    uint8_t sorts;     /* maps by their keys, sets by their items as they are written */
    uint8_t canonical; /* JSON: RFC 8785; MessagePack: docs/canonical.md. With `sorts` and nothing else */
} qr_style;

typedef struct qr_styled {
    const qr_style *style;
    qr_order order;
    size_t level; /* of indentation */
    int is_set;   /* the next array is a set */
    int in_order; /* the pairs of the next map come in order */
} qr_styled;

/* `by` is how the format orders keys. Allocates nothing. */
QR_INLINE void qr_styled_init(qr_styled *self, const qr_style *style, const qr_memory *memory, qr_order_by by)
{
    self->style = style;
    qr_order_init(&self->order, memory, by, style->canonical);
    self->level = 0;
    self->is_set = self->in_order = 0;
}
/* What is to be put in order of the array or map that opens. */
QR_INLINE int qr_styled_array(qr_styled *self)
{
    int is_set = self->is_set;
    self->is_set = 0;
    return is_set ? QR_ORDER_ITEMS : QR_ORDER_NOTHING;
}
QR_INLINE int qr_styled_map(qr_styled *self)
{
    int in_order = self->in_order;
    self->in_order = 0;
    return in_order ? QR_ORDER_NOTHING : QR_ORDER_PAIRS;
}
QR_INLINE void qr_styled_release(qr_styled *self) { qr_order_release(&self->order); }

#endif
