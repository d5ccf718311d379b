/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_styled: the writer of MessagePack that puts maps and sets in order: by the bytes of their keys and items as they are
 * written. The plain writer (msgpack.h) always takes the shortest form, so order is all that is left to say, and one NaN. */
#ifndef QUIRE_CORE_FORMAT_MSGPACK_STYLED_H
#define QUIRE_CORE_FORMAT_MSGPACK_STYLED_H

#include "core/format/msgpack.h"
#include "core/format/style.h"

QR_INLINE void qr_msgpack_styled_sep(qr_buffer *b, qr_styled *s) { qr_order_item(&s->order, b); }
/* In the canonical form every NaN is the quiet one without payload. */
QR_INLINE int qr_msgpack_styled_put_float(qr_buffer *b, qr_styled *s, double value)
{
    return qr_msgpack_put_float(b, s->style->canonical && QR_UNLIKELY(value != value) ? __builtin_nan("") : value);
}
QR_INLINE int qr_msgpack_styled_key_done(qr_buffer *b, qr_styled *s) { return qr_order_key(&s->order, b, 0); }
QR_INLINE int qr_msgpack_styled_put_key(qr_buffer *b, qr_styled *s, const uint8_t *utf8, size_t n)
{
    return qr_msgpack_put_str(b, utf8, n) && qr_order_key(&s->order, b, 0);
}
/* The image of a key: 1 when it was put, 0 when the name must be (or the buffer failed). */
QR_INLINE int qr_msgpack_styled_put_image(qr_buffer *b, qr_styled *s, const qr_image *image)
{
    if (QR_UNLIKELY(!image->length))
        return 0;
    qr_image_put(image, b);
    return qr_order_key(&s->order, b, 0);
}
QR_INLINE int qr_msgpack_styled_put_array(qr_buffer *b, qr_styled *s, size_t n) { return qr_msgpack_put_array(b, n) && qr_order_open(&s->order, b, qr_styled_array(s)); }
QR_INLINE int qr_msgpack_styled_put_map(qr_buffer *b, qr_styled *s, size_t n) { return qr_msgpack_put_map(b, n) && qr_order_open(&s->order, b, qr_styled_map(s)); }
QR_INLINE int qr_msgpack_styled_end(qr_buffer *b, qr_styled *s) { return qr_order_close(&s->order, b); }

#endif
