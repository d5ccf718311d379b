/* SPDX-License-Identifier: Apache-2.0 */
/* json_styled: one more instance of the writing template, whose writer has options (core/format/json_styled.h). So what is written
 * without any has no question to ask. */
#include "core/format/json_styled.h"

#include "binding/adapt.h"
#include "binding/codec.h"
#include "binding/cpython_private.h"
#include "binding/ext.h"
#include "binding/raw.h"
#include "binding/scalar.h"
#include "binding/union.h"
#include "binding/walk_order.h"

enum { QR_JSON_STYLED_BINARY = QR_JSON_BINARY, QR_JSON_STYLED_TIMESTAMPS = QR_JSON_TIMESTAMPS, QR_JSON_STYLED_TEXT_KEYS = QR_JSON_TEXT_KEYS, QR_JSON_STYLED_STYLED = 1 };

QR_INLINE void out_sep(qr_buffer *b) { qr_json_styled_sep(b, qpy_walk_style(b)); }
QR_INLINE void out_put_null(qr_buffer *b) { qr_json_put_null(b); }
QR_INLINE void out_put_bool(qr_buffer *b, int value) { qr_json_put_bool(b, value); }
QR_INLINE int out_put_int(qr_buffer *b, int64_t value) { return qr_json_styled_put_int(b, qpy_walk_style(b), value); }
QR_INLINE int out_put_uint(qr_buffer *b, uint64_t value) { return qr_json_styled_put_uint(b, qpy_walk_style(b), value); }
QR_INLINE int out_put_big(qr_buffer *b, const uint8_t *digits, size_t n) { return qr_json_styled_put_big(b, qpy_walk_style(b), digits, n); }
QR_INLINE int out_put_float(qr_buffer *b, double value) { return qr_json_styled_put_float(b, qpy_walk_style(b), value); }
QR_INLINE int out_put_str(qr_buffer *b, const uint8_t *s, size_t n) { return qr_json_styled_put_str(b, qpy_walk_style(b), s, n); }
QR_INLINE int out_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width) { return qr_json_styled_put_str_units(b, qpy_walk_style(b), units, n, width); }
QR_INLINE int out_put_key(qr_buffer *b, const uint8_t *s, size_t n) { return qr_json_styled_put_key(b, qpy_walk_style(b), s, n); }
QR_INLINE int out_put_image(qr_buffer *b, const qr_image *image) { return qr_json_styled_put_image(b, qpy_walk_style(b), image); }
QR_INLINE int out_key_done(qr_buffer *b) { return qr_json_styled_key_done(b, qpy_walk_style(b)); }
QR_INLINE int out_put_bytes(qr_buffer *b, const uint8_t *s, size_t n) { return qr_json_put_bytes(b, s, n); }
QR_INLINE int out_put_raw(qr_buffer *b, const uint8_t *s, size_t n) { return qpy_walk_style(b)->style->ascii ? qr_json_styled_raw_ascii(b, s, n) : qr_buffer_put_raw(b, s, n); }
QR_INLINE int out_put_ext(qr_buffer *b, int8_t type, const uint8_t *s, size_t n) { return qr_json_put_ext(b, type, s, n); }
QR_INLINE int out_put_timestamp(qr_buffer *b, int64_t seconds, uint32_t nanoseconds) { return qr_json_put_timestamp(b, seconds, nanoseconds); }
QR_INLINE int out_put_array(qr_buffer *b, size_t n) { return (void)n, qr_json_styled_put_array(b, qpy_walk_style(b)); }
QR_INLINE int out_put_map(qr_buffer *b, size_t n) { return (void)n, qr_json_styled_put_map(b, qpy_walk_style(b)); }
QR_INLINE int out_end_array(qr_buffer *b) { return qr_json_styled_end(b, qpy_walk_style(b), ']'); }
QR_INLINE int out_end_map(qr_buffer *b) { return qr_json_styled_end(b, qpy_walk_style(b), '}'); }

#define QR_T(name) json_styled_##name
#define QR_F(name) out_##name
#define QR_TRAIT(name) QR_JSON_STYLED_##name
#define QR_FORMAT QR_FORMAT_JSON
#define QPY_WALK_SORTS
#include "binding/walk.tmpl.h"

int QPY_BUILD(qpy_json_write_styled)(qpy_walker *walker, const qpy_plan *plan, uint32_t node, PyObject *object, const qr_style *style, qpy_order_memory **kept)
{
    qpy_styled styled;
    qpy_styled_init(&styled, style, style->canonical ? QR_ORDER_UTF16 : QR_ORDER_POINTS, kept);
    walker->style = &styled.core;
    int ok = plan ? json_styled_write_node(walker, plan, node, object) : json_styled_write_value(walker, object);
    walker->style = NULL;
    qpy_styled_release(&styled);
    return ok;
}
