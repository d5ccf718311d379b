/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack: reader and writer of MessagePack (github.com/msgpack/msgpack, spec.md), hot half.
 *
 *   00-7f  positive fixint          80-8f  fixmap, pairs in the low nibble      90-9f  fixarray
 *   a0-bf  fixstr                   c0 nil  c1 (never used)  c2 false  c3 true
 *   c4 c5 c6  bin 8/16/32           c7 c8 c9  ext 8/16/32: length, type, data   ca cb  float 32/64
 *   cc-cf  uint 8/16/32/64          d0-d3  int 8/16/32/64                       d4-d8  fixext 1/2/4/8/16: type, data
 *   d9 da db  str 8/16/32           dc dd  array 16/32                          de df  map 16/32
 *   e0-ff  negative fixint          numbers are big-endian; ext type -1 is a timestamp
 *
 * Lengths come from the input: each is compared with what is left before it is used, and the count of a container is
 * never an allocation (an item takes at least a byte, so a count beyond what is left is a truncation at once). */
#ifndef QUIRE_CORE_FORMAT_MSGPACK_H
#define QUIRE_CORE_FORMAT_MSGPACK_H

#include "core/base/integer.h"
#include "core/base/reader.h"
#include "core/base/token.h"
#include "core/format/image.h"

enum { QR_MSGPACK_BINARY = 1, QR_MSGPACK_TIMESTAMPS = 1, QR_MSGPACK_TEXT_KEYS = 0, QR_MSGPACK_TEXT_NUMBERS = 0, QR_MSGPACK_STYLED = 0 };

/* ---------------------------------------------------------------- reading */

typedef struct qr_msgpack_iter {
    size_t left;
    const uint8_t *key_at;
} qr_msgpack_iter;

/* Everything but the shortest forms. */
qr_token_kind qr_msgpack_next_long(qr_reader *r, qr_token *token);
QR_COLD int qr_msgpack_fail_key(qr_reader *r, qr_token_kind found, const qr_token *token);

/* The payload of a str whose header is read: classifies its text. */
QR_INLINE int qr_msgpack_text(qr_reader *r, qr_token *token, size_t n)
{
    if (QR_UNLIKELY(n > qr_reader_left(r)))
        return qr_reader_fail(r, QR_ERROR_TRUNCATED, token->at);
    if (QR_UNLIKELY(n > r->str_limit))
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, token->at);
    const uint8_t *p = r->p;
    token->text = p;
    token->length = n;
    token->escaped = 0;
    r->p = p + n;
    uint64_t high;
    if (n >= 8 && n <= 16)
        high = qr_load64(p) | qr_load64(p + n - 8);
    else if (n >= 4 && n < 8)
        high = qr_load32(p) | qr_load32(p + n - 4);
    else if (n < 4) {
        high = 0;
        for (size_t i = 0; i < n; i++)
            high |= p[i];
    }
    else {
        const uint8_t *last = p + n - QR_SIMD_BLOCK;
        uint32_t mask = qr_simd_high(last);
        for (; p < last && !mask; p += QR_SIMD_BLOCK)
            mask = qr_simd_high(p);
        high = mask ? 0x80 : 0;
    }
    if (QR_LIKELY((high & 0x8080808080808080u) == 0)) {
        token->widest = QR_TEXT_ASCII;
        token->count = n;
    }
    else
        token->widest = (uint8_t)qr_utf8_measure(token->text, n, &token->count);
    return 1;
}

QR_INLINE qr_token_kind qr_msgpack_container(qr_reader *r, qr_token *token, size_t n, size_t bytes_each, qr_token_kind kind)
{
    if (QR_UNLIKELY(n > qr_reader_left(r) / bytes_each))
        return (qr_token_kind)qr_reader_fail(r, QR_ERROR_TRUNCATED, token->at);
    token->items = n;
    return kind;
}

/* The next value: scalars are read whole, of a container only the header. */
QR_INLINE qr_token_kind qr_msgpack_next(qr_reader *r, qr_token *token)
{
    const uint8_t *p = r->p;
    token->at = p;
    if (QR_UNLIKELY(p == r->end))
        return (qr_token_kind)qr_reader_fail(r, p == r->start ? QR_ERROR_EMPTY : QR_ERROR_TRUNCATED, p);
    uint8_t c = *p;
    r->p = p + 1;
    if (c <= 0x7F) {
        token->i = c;
        return QR_TOKEN_INT;
    }
    if (c >= 0xE0) {
        token->i = (int8_t)c;
        return QR_TOKEN_INT;
    }
    if (c < 0xC0) {
        if (c >= 0xA0)
            return qr_msgpack_text(r, token, c & 0x1F) ? QR_TOKEN_STR : QR_TOKEN_ERROR;
        return c < 0x90 ? qr_msgpack_container(r, token, c & 0xF, 2, QR_TOKEN_MAP) : qr_msgpack_container(r, token, c & 0xF, 1, QR_TOKEN_ARRAY);
    }
    if (c == 0xCB && QR_LIKELY(qr_reader_left(r) >= 8)) {
        uint64_t bits = qr_load64_be(p + 1);
        memcpy(&token->d, &bits, 8);
        r->p = p + 9;
        return QR_TOKEN_FLOAT;
    }
    if (c == 0xC0)
        return QR_TOKEN_NULL;
    if (c == 0xD9 && QR_LIKELY(qr_reader_left(r) >= 1)) {
        r->p = p + 2;
        return qr_msgpack_text(r, token, p[1]) ? QR_TOKEN_STR : QR_TOKEN_ERROR;
    }
    r->p = p;
    return qr_msgpack_next_long(r, token);
}

QR_INLINE const uint8_t *qr_msgpack_at(qr_reader *r) { return r->p; }
QR_INLINE int qr_msgpack_want_null(qr_reader *r)
{
    if (r->p == r->end || *r->p != 0xC0)
        return 0;
    r->p++;
    return 1;
}
QR_INLINE int qr_msgpack_want_bool(qr_reader *r, int *value)
{
    if (QR_UNLIKELY(r->p == r->end || (*r->p & 0xFE) != 0xC2))
        return 0;
    *value = *r->p++ & 1;
    return 1;
}
QR_INLINE int qr_msgpack_want_str(qr_reader *r, qr_token *token)
{
    const uint8_t *p = r->p;
    if (QR_UNLIKELY(p == r->end))
        return 0;
    token->at = p;
    if (QR_LIKELY((*p & 0xE0) == 0xA0)) {
        r->p = p + 1;
        return qr_msgpack_text(r, token, *p & 0x1F);
    }
    return *p >= 0xD9 && *p <= 0xDB && qr_msgpack_next(r, token) == QR_TOKEN_STR;
}
QR_INLINE qr_token_kind qr_msgpack_want_number(qr_reader *r, qr_token *token)
{
    const uint8_t *p = r->p;
    if (QR_UNLIKELY(p == r->end))
        return QR_TOKEN_ERROR;
    return *p <= 0x7F || *p >= 0xE0 || (*p >= 0xCA && *p <= 0xD3) ? qr_msgpack_next(r, token) : QR_TOKEN_ERROR;
}
QR_INLINE void qr_msgpack_open(qr_reader *r, const qr_token *token, qr_msgpack_iter *iter)
{
    (void)r;
    iter->left = token->items;
}
QR_INLINE int qr_msgpack_want_array(qr_reader *r, qr_msgpack_iter *iter)
{
    qr_token token;
    if (QR_UNLIKELY(r->p == r->end) || !((*r->p & 0xF0) == 0x90 || *r->p == 0xDC || *r->p == 0xDD) || qr_msgpack_next(r, &token) != QR_TOKEN_ARRAY)
        return 0;
    iter->left = token.items;
    return 1;
}
QR_INLINE int qr_msgpack_want_map(qr_reader *r, qr_msgpack_iter *iter)
{
    qr_token token;
    if (QR_UNLIKELY(r->p == r->end) || !((*r->p & 0xF0) == 0x80 || *r->p == 0xDE || *r->p == 0xDF) || qr_msgpack_next(r, &token) != QR_TOKEN_MAP)
        return 0;
    iter->left = token.items;
    return 1;
}
/* 1: an item (a pair) follows; 0: the container ended. */
QR_INLINE int qr_msgpack_more_array(qr_reader *r, qr_msgpack_iter *iter)
{
    (void)r;
    return iter->left && iter->left--;
}
QR_INLINE int qr_msgpack_more_map(qr_reader *r, qr_msgpack_iter *iter)
{
    iter->key_at = r->p;
    return iter->left && iter->left--;
}
QR_INLINE int qr_msgpack_key_is(qr_reader *r, qr_msgpack_iter *iter, const qr_image *image)
{
    (void)iter;
    if (!qr_image_is_at(image, image->length, r->p, r->end))
        return 0;
    r->p += image->length;
    return 1;
}
QR_INLINE int qr_msgpack_pair_is(qr_reader *r, qr_msgpack_iter *iter, const qr_image *image)
{
    if (QR_UNLIKELY(!iter->left || !qr_image_is_at(image, image->length, r->p, r->end)))
        return 0;
    iter->left--;
    iter->key_at = r->p;
    r->p += image->length;
    return 1;
}
QR_INLINE qr_token_kind qr_msgpack_key_any(qr_reader *r, qr_msgpack_iter *iter, qr_token *token)
{
    (void)iter;
    return qr_msgpack_next(r, token);
}
/* A text key. */
QR_INLINE int qr_msgpack_key(qr_reader *r, qr_msgpack_iter *iter, qr_token *token)
{
    (void)iter;
    qr_token_kind kind = qr_msgpack_next(r, token);
    return QR_LIKELY(kind == QR_TOKEN_STR) ? 1 : qr_msgpack_fail_key(r, kind, token);
}
int qr_msgpack_copy(qr_reader *r, const qr_token *token, void *to, unsigned width, size_t room);
size_t qr_msgpack_copy_utf8(qr_reader *r, const qr_token *token, uint8_t *to);
int qr_msgpack_check_text(qr_reader *r, const qr_token *token);
QR_INLINE int qr_msgpack_finish(qr_reader *r)
{
    return QR_LIKELY(r->p == r->end && r->error == QR_ERROR_NONE) ? 1 : qr_reader_fail(r, QR_ERROR_TRAILING_DATA, r->p);
}

/* ---------------------------------------------------------------- writing: always the shortest form */

QR_INLINE void qr_msgpack_sep(qr_buffer *b) { (void)b; }
QR_INLINE void qr_msgpack_put_null(qr_buffer *b) { *b->p++ = 0xC0; }
QR_INLINE void qr_msgpack_put_bool(qr_buffer *b, int value) { *b->p++ = value ? 0xC3 : 0xC2; }
QR_INLINE int qr_msgpack_put_uint(qr_buffer *b, uint64_t v)
{
    uint8_t *p = b->p;
    if (v <= 0x7F)
        *p++ = (uint8_t)v;
    else if (v <= 0xFF)
        *p++ = 0xCC, *p++ = (uint8_t)v;
    else if (v <= 0xFFFF)
        *p++ = 0xCD, qr_store16_be(p, (uint16_t)v), p += 2;
    else if (v <= 0xFFFFFFFF)
        *p++ = 0xCE, qr_store32_be(p, (uint32_t)v), p += 4;
    else
        *p++ = 0xCF, qr_store64_be(p, v), p += 8;
    b->p = p;
    return 1;
}
QR_INLINE int qr_msgpack_put_int(qr_buffer *b, int64_t v)
{
    if (QR_LIKELY(v >= 0))
        return qr_msgpack_put_uint(b, (uint64_t)v);
    uint8_t *p = b->p;
    if (v >= -32)
        *p++ = (uint8_t)v;
    else if (v >= INT8_MIN)
        *p++ = 0xD0, *p++ = (uint8_t)v;
    else if (v >= INT16_MIN)
        *p++ = 0xD1, qr_store16_be(p, (uint16_t)v), p += 2;
    else if (v >= INT32_MIN)
        *p++ = 0xD2, qr_store32_be(p, (uint32_t)v), p += 4;
    else
        *p++ = 0xD3, qr_store64_be(p, (uint64_t)v), p += 8;
    b->p = p;
    return 1;
}
/* The format has no integers beyond 64 bits. */
QR_INLINE int qr_msgpack_put_big(qr_buffer *b, const uint8_t *digits, size_t n)
{
    (void)digits, (void)n;
    return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
}
QR_INLINE int qr_msgpack_put_float(qr_buffer *b, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    b->p[0] = 0xCB;
    qr_store64_be(b->p + 1, bits);
    b->p += 9;
    return 1;
}
/* Header of a str, bin or ext of n bytes; 0 (OUT_OF_RANGE) beyond 32 bits. */
QR_INLINE int qr_msgpack_put_str_header(qr_buffer *b, size_t n)
{
    uint8_t *p = b->p;
    if (n <= 31)
        *p++ = (uint8_t)(0xA0 | n);
    else if (n <= 0xFF)
        *p++ = 0xD9, *p++ = (uint8_t)n;
    else if (n <= 0xFFFF)
        *p++ = 0xDA, qr_store16_be(p, (uint16_t)n), p += 2;
    else if (QR_LIKELY(n <= 0xFFFFFFFF))
        *p++ = 0xDB, qr_store32_be(p, (uint32_t)n), p += 4;
    else
        return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
    b->p = p;
    return 1;
}
QR_INLINE int qr_msgpack_put_str(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (QR_UNLIKELY(n > 0xFFFFFFFF))
        return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
    if (QR_UNLIKELY(!qr_buffer_reserve(b, n + 5 + QR_BUFFER_SLACK)))
        return 0;
    qr_msgpack_put_str_header(b, n);
    qr_copy_short(b->p, s, n);
    b->p += n;
    return 1;
}
int qr_msgpack_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width);
QR_INLINE int qr_msgpack_put_key(qr_buffer *b, const uint8_t *s, size_t n) { return qr_msgpack_put_str(b, s, n); }
QR_INLINE int qr_msgpack_key_done(qr_buffer *b) { (void)b; return 1; }
QR_INLINE int qr_msgpack_put_image(qr_buffer *b, const qr_image *image)
{
    if (QR_UNLIKELY(!image->length))
        return 0;
    qr_image_put(image, b);
    return 1;
}
int qr_msgpack_put_bytes(qr_buffer *b, const uint8_t *s, size_t n);
QR_INLINE int qr_msgpack_put_raw(qr_buffer *b, const uint8_t *s, size_t n) { return qr_buffer_put_raw(b, s, n); }
int qr_msgpack_put_ext(qr_buffer *b, int8_t type, const uint8_t *s, size_t n);
int qr_msgpack_put_timestamp(qr_buffer *b, int64_t seconds, uint32_t nanoseconds);
int qr_msgpack_put_count(qr_buffer *b, size_t n, uint8_t fix, uint8_t wide);
QR_INLINE int qr_msgpack_put_array(qr_buffer *b, size_t n)
{
    if (QR_LIKELY(n <= 15)) {
        *b->p++ = (uint8_t)(0x90 | n);
        return 1;
    }
    return qr_msgpack_put_count(b, n, 0x90, 0xDC);
}
/* Does that byte begin an array or a map? */
QR_INLINE int qr_msgpack_opens(uint8_t byte) { return (byte >= 0x80 && byte < 0xA0) || (byte >= 0xDC && byte < 0xE0); }
QR_INLINE int qr_msgpack_put_map(qr_buffer *b, size_t n)
{
    if (QR_LIKELY(n <= 15)) {
        *b->p++ = (uint8_t)(0x80 | n);
        return 1;
    }
    return qr_msgpack_put_count(b, n, 0x80, 0xDE);
}
QR_INLINE int qr_msgpack_end_array(qr_buffer *b) { (void)b; return 1; }
QR_INLINE int qr_msgpack_end_map(qr_buffer *b) { (void)b; return 1; }

/* The image of a key: header and text; length 0 when that does not fit. */
void qr_msgpack_key_image(qr_image *image, const uint8_t *name, size_t n);

#endif
