/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_styled: one more instance of the writing template, whose writer puts maps and sets in order (core/format/msgpack_styled.h). */
#include "core/format/msgpack_styled.h"

#include "binding/adapt.h"
#include "binding/codec.h"
#include "binding/cpython_private.h"
#include "binding/ext.h"
#include "binding/raw.h"
#include "binding/scalar.h"
#include "binding/union.h"
#include "binding/walk_order.h"

enum { QR_MSGPACK_STYLED_BINARY = QR_MSGPACK_BINARY, QR_MSGPACK_STYLED_TIMESTAMPS = QR_MSGPACK_TIMESTAMPS, QR_MSGPACK_STYLED_TEXT_KEYS = QR_MSGPACK_TEXT_KEYS, QR_MSGPACK_STYLED_STYLED = 1 };

QR_INLINE void out_sep(qr_buffer *b) { qr_msgpack_styled_sep(b, qpy_walk_style(b)); }
QR_INLINE void out_put_null(qr_buffer *b) { qr_msgpack_put_null(b); }
QR_INLINE void out_put_bool(qr_buffer *b, int value) { qr_msgpack_put_bool(b, value); }
QR_INLINE int out_put_int(qr_buffer *b, int64_t value) { return qr_msgpack_put_int(b, value); }
QR_INLINE int out_put_uint(qr_buffer *b, uint64_t value) { return qr_msgpack_put_uint(b, value); }
QR_INLINE int out_put_big(qr_buffer *b, const uint8_t *digits, size_t n) { return qr_msgpack_put_big(b, digits, n); }
QR_INLINE int out_put_float(qr_buffer *b, double value) { return qr_msgpack_styled_put_float(b, qpy_walk_style(b), value); }
QR_INLINE int out_put_str(qr_buffer *b, const uint8_t *s, size_t n) { return qr_msgpack_put_str(b, s, n); }
QR_INLINE int out_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width) { return qr_msgpack_put_str_units(b, units, n, width); }
QR_INLINE int out_put_key(qr_buffer *b, const uint8_t *s, size_t n) { return qr_msgpack_styled_put_key(b, qpy_walk_style(b), s, n); }
QR_INLINE int out_put_image(qr_buffer *b, const qr_image *image) { return qr_msgpack_styled_put_image(b, qpy_walk_style(b), image); }
QR_INLINE int out_key_done(qr_buffer *b) { return qr_msgpack_styled_key_done(b, qpy_walk_style(b)); }
QR_INLINE int out_put_bytes(qr_buffer *b, const uint8_t *s, size_t n) { return qr_msgpack_put_bytes(b, s, n); }
QR_INLINE int out_put_raw(qr_buffer *b, const uint8_t *s, size_t n) { return qr_buffer_put_raw(b, s, n); }
QR_INLINE int out_put_ext(qr_buffer *b, int8_t type, const uint8_t *s, size_t n) { return qr_msgpack_put_ext(b, type, s, n); }
QR_INLINE int out_put_timestamp(qr_buffer *b, int64_t seconds, uint32_t nanoseconds) { return qr_msgpack_put_timestamp(b, seconds, nanoseconds); }
QR_INLINE int out_put_array(qr_buffer *b, size_t n) { return qr_msgpack_styled_put_array(b, qpy_walk_style(b), n); }
QR_INLINE int out_put_map(qr_buffer *b, size_t n) { return qr_msgpack_styled_put_map(b, qpy_walk_style(b), n); }
QR_INLINE int out_end_array(qr_buffer *b) { return qr_msgpack_styled_end(b, qpy_walk_style(b)); }
QR_INLINE int out_end_map(qr_buffer *b) { return qr_msgpack_styled_end(b, qpy_walk_style(b)); }

#define QR_T(name) msgpack_styled_##name
#define QR_F(name) out_##name
#define QR_TRAIT(name) QR_MSGPACK_STYLED_##name
#define QR_FORMAT QR_FORMAT_MSGPACK
#define QPY_WALK_OPENS(byte) qr_msgpack_opens(byte)
#define QPY_WALK_SORTS
#include "binding/walk.tmpl.h"

int QPY_BUILD(qpy_msgpack_write_styled)(qpy_walker *walker, const qpy_plan *plan, uint32_t node, PyObject *object, const qr_style *style, qpy_order_memory **kept)
{
    qpy_styled styled;
    qpy_styled_init(&styled, style, QR_ORDER_BYTES, kept);
    walker->style = &styled.core;
    int ok = plan ? msgpack_styled_write_node(walker, plan, node, object) : msgpack_styled_write_value(walker, object);
    walker->style = NULL;
    qpy_styled_release(&styled);
    return ok;
}
