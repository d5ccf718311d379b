/* SPDX-License-Identifier: Apache-2.0 */
/* json_styled: the writer of JSON with options: indented, sorted, in ASCII alone, NaN let through, or canonical as RFC 8785
 * (JSON Canonicalization Scheme) has it. The reader is that of json.h.
 *
 * The functions are those of a format's writer (json.h), with a qr_styled beside the buffer. */
#ifndef QUIRE_CORE_FORMAT_JSON_STYLED_H
#define QUIRE_CORE_FORMAT_JSON_STYLED_H

#include "core/format/json.h"
#include "core/format/style.h"

/* A new line, indented as deep as the level; leaves QR_BUFFER_SLACK behind it. */
int qr_json_styled_line(qr_buffer *b, qr_styled *s);
void qr_json_styled_close_lines(qr_buffer *b, qr_styled *s);
int qr_json_styled_ascii(qr_buffer *b, const uint8_t *utf8, size_t n);
int qr_json_styled_ascii_units(qr_buffer *b, const void *units, size_t n, unsigned width);
int qr_json_styled_non_finite(qr_buffer *b, const qr_styled *s, double value);
/* JSON text (a string of it has to be valid UTF-8) as it stands, with escapes for what is beyond ASCII. */
int qr_json_styled_raw_ascii(qr_buffer *b, const uint8_t *text, size_t n);

/* A finite value as ECMAScript's Number::toString has it (RFC 8785 section 3.2.2.3): returns the end, within QR_FLOAT64_ROOM bytes. */
uint8_t *qr_json_styled_number(uint8_t *to, double value);

enum { QR_JSON_EXACT_BITS = 53 }; /* integers up to 2^53 are the same in every reader */

QR_INLINE void qr_json_styled_sep(qr_buffer *b, qr_styled *s)
{
    *b->p++ = ',';
    if (s->style->indents && !qr_json_styled_line(b, s))
        return;
    qr_order_item(&s->order, b);
}

QR_INLINE int qr_json_styled_put_int(qr_buffer *b, qr_styled *s, int64_t value)
{
    if (s->style->canonical && QR_UNLIKELY((uint64_t)value + ((uint64_t)1 << QR_JSON_EXACT_BITS) > (uint64_t)2 << QR_JSON_EXACT_BITS))
        return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
    return qr_json_put_int(b, value);
}
QR_INLINE int qr_json_styled_put_uint(qr_buffer *b, qr_styled *s, uint64_t value)
{
    return s->style->canonical && value > (uint64_t)1 << QR_JSON_EXACT_BITS ? qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE) : qr_json_put_uint(b, value);
}
QR_INLINE int qr_json_styled_put_big(qr_buffer *b, qr_styled *s, const uint8_t *digits, size_t n)
{
    return s->style->canonical ? qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE) : qr_json_put_big(b, digits, n);
}
QR_INLINE int qr_json_styled_put_float(qr_buffer *b, qr_styled *s, double value)
{
    if (QR_UNLIKELY(!__builtin_isfinite(value)))
        return qr_json_styled_non_finite(b, s, value);
    b->p = s->style->canonical ? qr_json_styled_number(b->p, value) : qr_float64_write(b->p, value);
    return 1;
}
QR_INLINE int qr_json_styled_put_str(qr_buffer *b, qr_styled *s, const uint8_t *utf8, size_t n)
{
    return s->style->ascii ? qr_json_styled_ascii(b, utf8, n) : qr_json_put_str(b, utf8, n);
}
QR_INLINE int qr_json_styled_put_str_units(qr_buffer *b, qr_styled *s, const void *units, size_t n, unsigned width)
{
    return s->style->ascii ? qr_json_styled_ascii_units(b, units, n, width) : qr_json_put_str_units(b, units, n, width);
}
/* Behind a key that was put as a string. */
QR_INLINE int qr_json_styled_key_done(qr_buffer *b, qr_styled *s)
{
    int ok = qr_order_key(&s->order, b, 0);
    b->p[0] = ':';
    b->p[1] = ' ';
    b->p += 1 + s->style->indents;
    return ok;
}
QR_INLINE int qr_json_styled_put_key(qr_buffer *b, qr_styled *s, const uint8_t *utf8, size_t n)
{
    return qr_json_styled_put_str(b, s, utf8, n) && qr_json_styled_key_done(b, s);
}
/* The image of a key: 1 when it was put, 0 when the name must be (or the buffer failed). */
QR_INLINE int qr_json_styled_put_image(qr_buffer *b, qr_styled *s, const qr_image *image)
{
    if (QR_UNLIKELY(!image->length || s->style->ascii || s->style->indents))
        return 0;
    qr_image_put(image, b);
    return qr_order_key(&s->order, b, 1);
}
QR_INLINE int qr_json_styled_open(qr_buffer *b, qr_styled *s, uint8_t bracket, int what)
{
    *b->p++ = bracket;
    s->level++;
    if (s->style->indents && !qr_json_styled_line(b, s))
        return 0;
    return !s->style->sorts || qr_order_open(&s->order, b, what);
}
QR_INLINE int qr_json_styled_put_array(qr_buffer *b, qr_styled *s) { return qr_json_styled_open(b, s, '[', qr_styled_array(s)); }
QR_INLINE int qr_json_styled_put_map(qr_buffer *b, qr_styled *s) { return qr_json_styled_open(b, s, '{', qr_styled_map(s)); }
QR_INLINE int qr_json_styled_end(qr_buffer *b, qr_styled *s, uint8_t close)
{
    if (QR_UNLIKELY(b->error != QR_ERROR_NONE) || (s->style->sorts && QR_UNLIKELY(!qr_order_close(&s->order, b))))
        return 0;
    if (s->style->indents)
        qr_json_styled_close_lines(b, s);
    s->level--;
    qr_json_end(b, close);
    return 1;
}

#endif
