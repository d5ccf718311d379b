/* SPDX-License-Identifier: Apache-2.0 */
/* json: reader and writer of JSON (RFC 8259), hot half.
 *
 *   value = ws ( object | array | string | number | true | false | null ) ws
 *   ws    = { 20 | 09 | 0A | 0D }
 *
 * The reader relies on the 0 byte at the end of the input (reader.h): it starts no value, is no space, no digit and ends
 * every scan, so only sixteen-byte loads ask how much is left. Strings are the bulk of most documents: the scan for the
 * closing quote is sixteen bytes a step, and only text that is not plain ASCII without escapes takes a second look.
 *
 * The contract of a format (see docs/dev/add-a-format.md): next, want_*, open, more_*, key_is, key, copy, finish; put_*. */
#ifndef QUIRE_CORE_FORMAT_JSON_H
#define QUIRE_CORE_FORMAT_JSON_H

#include "core/base/float64.h"
#include "core/base/integer.h"
#include "core/base/reader.h"
#include "core/base/token.h"
#include "core/format/image.h"
#include "core/format/json_string.h"

/* Traits that the templates ask for (constants, so nothing is left of the question). */
enum { QR_JSON_BINARY = 0 /* binary is base64 text */, QR_JSON_TIMESTAMPS = 0 /* datetimes in UTC are no text */, QR_JSON_TEXT_KEYS = 1 /* every key is text */, QR_JSON_TEXT_NUMBERS = 1, QR_JSON_STYLED = 0 /* the writer has options (style.h) */ };

/* ---------------------------------------------------------------- reading */

typedef struct qr_json_iter {
    const uint8_t *key_at; /* the key of the pair that is being read, for paths */
    int first;
} qr_json_iter;

const uint8_t *qr_json_space_long(const uint8_t *p, const uint8_t *end);
int qr_json_text_long(qr_reader *r, qr_token *token, const uint8_t *p);
qr_token_kind qr_json_number(qr_reader *r, qr_token *token);
qr_token_kind qr_json_special(qr_reader *r, qr_token *token);
QR_COLD int qr_json_fail_separator(qr_reader *r, uint8_t close);

QR_INLINE void qr_json_space(qr_reader *r)
{
    const uint8_t *p = r->p;
    if (QR_LIKELY(*p > ' '))
        return;
    if ((*p == ' ' || *p == '\n') && p[1] > ' ') { /* p[1] is readable: *p is not the end's 0 */
        r->p = p + 1;
        return;
    }
    r->p = qr_json_space_long(p, r->end);
}

/* Where the next token starts. */
QR_INLINE const uint8_t *qr_json_at(qr_reader *r) { qr_json_space(r); return r->p; }

/* A string whose opening quote is at r->p. */
QR_INLINE int qr_json_text(qr_reader *r, qr_token *token)
{
    const uint8_t *start = r->p + 1, *p = start, *end = r->end;
    token->at = r->p;
    token->text = start;
    for (;;) {
        if (QR_LIKELY(end - p >= QR_SIMD_BLOCK)) {
            uint32_t stop = qr_block_text_stop(qr_block_load(p));
            if (stop == 0) {
                p += QR_SIMD_BLOCK;
                continue;
            }
            p += qr_simd_first(stop);
        }
        else
            while (!qr_byte_is_text_stop(*p))
                p++;
        break;
    }
    if (QR_UNLIKELY(*p != '"'))
        return qr_json_text_long(r, token, p);
    token->length = token->count = (size_t)(p - start);
    token->widest = QR_TEXT_ASCII;
    token->escaped = 0;
    r->p = p + 1;
    if (QR_UNLIKELY(token->length > r->str_limit))
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, token->at);
    return 1;
}

/* The next value: scalars are read whole, of a container only the bracket. */
QR_INLINE qr_token_kind qr_json_next(qr_reader *r, qr_token *token)
{
    qr_json_space(r);
    uint8_t c = *r->p;
    if (c == '"')
        return qr_json_text(r, token) ? QR_TOKEN_STR : QR_TOKEN_ERROR;
    if (c == '-' || (uint8_t)(c - '0') <= 9)
        return qr_json_number(r, token);
    token->at = r->p;
    if (c == '{') {
        r->p++;
        return QR_TOKEN_MAP;
    }
    if (c == '[') {
        r->p++;
        return QR_TOKEN_ARRAY;
    }
    return qr_json_special(r, token);
}

QR_INLINE int qr_json_want_null(qr_reader *r)
{
    qr_json_space(r);
    if (QR_LIKELY(*r->p != 'n'))
        return 0;
    qr_token token;
    return qr_json_special(r, &token) == QR_TOKEN_NULL;
}
QR_INLINE int qr_json_want_bool(qr_reader *r, int *value)
{
    qr_json_space(r);
    const uint8_t *p = r->p;
    if (QR_UNLIKELY(r->end - p < 5)) /* as the last thing of a document; and `true]` has five */
        return 0;
    uint32_t word = qr_load32(p);
    if (word == 0x65757274) { /* true */
        r->p = p + 4;
        return *value = 1;
    }
    if (word != 0x736C6166 || p[4] != 'e') /* false */
        return 0;
    *value = 0;
    r->p = p + 5;
    return 1;
}
QR_INLINE int qr_json_want_str(qr_reader *r, qr_token *token)
{
    qr_json_space(r);
    return QR_LIKELY(*r->p == '"') && qr_json_text(r, token);
}
QR_INLINE qr_token_kind qr_json_want_number(qr_reader *r, qr_token *token)
{
    qr_json_space(r);
    uint8_t c = *r->p;
    return QR_LIKELY(c == '-' || (uint8_t)(c - '0') <= 9) ? qr_json_number(r, token) : QR_TOKEN_ERROR;
}
QR_INLINE void qr_json_open(qr_reader *r, const qr_token *token, qr_json_iter *iter)
{
    (void)r, (void)token;
    iter->first = 1;
}
QR_INLINE int qr_json_want_array(qr_reader *r, qr_json_iter *iter)
{
    qr_json_space(r);
    if (QR_UNLIKELY(*r->p != '['))
        return 0;
    r->p++;
    iter->first = 1;
    return 1;
}
QR_INLINE int qr_json_want_map(qr_reader *r, qr_json_iter *iter)
{
    qr_json_space(r);
    if (QR_UNLIKELY(*r->p != '{'))
        return 0;
    r->p++;
    iter->first = 1;
    return 1;
}

QR_INLINE int qr_json_more(qr_reader *r, qr_json_iter *iter, uint8_t close)
{
    qr_json_space(r);
    if (*r->p == close) {
        r->p++;
        return 0;
    }
    if (iter->first) {
        iter->first = 0;
        return 1;
    }
    if (QR_UNLIKELY(*r->p != ','))
        return qr_json_fail_separator(r, close), 0;
    r->p++;
    return 1;
}
/* 1: an item (a pair) follows; 0: the container ended, or r->error. */
QR_INLINE int qr_json_more_array(qr_reader *r, qr_json_iter *iter) { return qr_json_more(r, iter, ']'); }
QR_INLINE int qr_json_more_map(qr_reader *r, qr_json_iter *iter)
{
    if (!qr_json_more(r, iter, '}'))
        return 0;
    qr_json_space(r);
    iter->key_at = r->p;
    return 1;
}

QR_INLINE int qr_json_colon(qr_reader *r)
{
    qr_json_space(r);
    if (QR_UNLIKELY(*r->p != ':'))
        return qr_reader_fail(r, r->p == r->end ? QR_ERROR_TRUNCATED : QR_ERROR_EXPECTED_COLON, r->p);
    r->p++;
    return 1;
}
/* Consumes key and colon when the expected one is next. */
QR_INLINE int qr_json_key_is(qr_reader *r, qr_json_iter *iter, const qr_image *image)
{
    (void)iter;
    uint32_t n = image->length ? image->length - 1 : 0; /* the colon may stand apart */
    if (!qr_image_is_at(image, n, r->p, r->end))
        return 0;
    r->p += n;
    if (QR_LIKELY(*r->p == ':')) {
        r->p++;
        return 1;
    }
    return qr_json_colon(r);
}
/* The same for a whole step: a further pair whose key that is, with nothing but a comma before it. 0: nothing is consumed. */
QR_INLINE int qr_json_pair_is(qr_reader *r, qr_json_iter *iter, const qr_image *image)
{
    const uint8_t *p = r->p;
    uint32_t n = image->length;
    p += (*p == ',') & !iter->first;
    if (!qr_image_is_at(image, n, p, r->end) || (p == r->p && !iter->first))
        return 0;
    iter->first = 0;
    iter->key_at = p;
    r->p = p + n;
    return 1;
}
QR_COLD int qr_json_fail_key(qr_reader *r);
/* Any key, and its colon: a STR token. */
QR_INLINE int qr_json_key(qr_reader *r, qr_json_iter *iter, qr_token *token)
{
    (void)iter;
    if (QR_UNLIKELY(*r->p != '"'))
        return qr_json_fail_key(r), 0;
    return qr_json_text(r, token) && qr_json_colon(r);
}

/* A key of any kind: here always text. */
QR_INLINE qr_token_kind qr_json_key_any(qr_reader *r, qr_json_iter *iter, qr_token *token)
{
    return qr_json_key(r, iter, token) ? QR_TOKEN_STR : QR_TOKEN_ERROR;
}

/* The value of a hexadecimal digit, 0xFF for anything else. */
extern const uint8_t qr_json_hex_digits[256];
/* The text of a STR token as `room` units of `width` bytes: 1, or 0 with the error (invalid UTF-8) kept. Never writes
 * beyond room. Plain ASCII (widest ASCII, not escaped) is the caller's memcpy. */
int qr_json_copy(qr_reader *r, const qr_token *token, void *to, unsigned width, size_t room);
/* The same as UTF-8 bytes, for C callers: returns the length, at most token->length, or (size_t)-1. */
size_t qr_json_copy_utf8(qr_reader *r, const qr_token *token, uint8_t *to);
/* Is the text of a token that nobody copied valid? */
int qr_json_check_text(qr_reader *r, const qr_token *token);
/* Nothing but space may follow. */
QR_INLINE int qr_json_finish(qr_reader *r)
{
    qr_json_space(r);
    return QR_LIKELY(r->p == r->end && r->error == QR_ERROR_NONE) ? 1 : qr_reader_fail(r, QR_ERROR_TRAILING_DATA, r->p);
}

/* ---------------------------------------------------------------- writing
 * put_* of a fixed size store without a check: the caller has reserved QR_BUFFER_SLACK for the value. Every value is
 * followed by sep(); end_* turns the last comma into the bracket. */

QR_INLINE void qr_json_sep(qr_buffer *b) { *b->p++ = ','; }
QR_INLINE void qr_json_put_null(qr_buffer *b) { memcpy(b->p, "null", 4); b->p += 4; }
QR_INLINE void qr_json_put_bool(qr_buffer *b, int value)
{
    memcpy(b->p, value ? "true" : "false", 5);
    b->p += value ? 4 : 5;
}
QR_INLINE int qr_json_put_int(qr_buffer *b, int64_t value) { b->p = qr_integer_write(b->p, value); return 1; }
QR_INLINE int qr_json_put_uint(qr_buffer *b, uint64_t value) { b->p = qr_integer_write_unsigned(b->p, value); return 1; }
/* Digits of an integer of any size. */
int qr_json_put_big(qr_buffer *b, const uint8_t *digits, size_t n);
/* Fails (NON_FINITE) for nan and infinity. */
QR_INLINE int qr_json_put_float(qr_buffer *b, double value)
{
    if (QR_UNLIKELY(!__builtin_isfinite(value)))
        return qr_buffer_fail(b, QR_ERROR_NON_FINITE);
    b->p = qr_float64_write(b->p, value);
    return 1;
}

/* The escape of a quote, a backslash or a control, of at most six bytes: returns its end. */
uint8_t *qr_json_put_escape(uint8_t *to, uint8_t c);
int qr_json_put_str_from(qr_buffer *b, const uint8_t *s, size_t n);

/* A string from UTF-8. Reserves for itself and leaves QR_BUFFER_SLACK behind it. */
QR_INLINE int qr_json_put_str(qr_buffer *b, const uint8_t *s, size_t n) { return qr_json_put_text(b, s, n, 0, qr_json_put_str_from); }
/* From units of 1 (Latin-1), 2 or 4 bytes that hold something beyond ASCII; fails at a lone surrogate. */
int qr_json_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width);

QR_INLINE int qr_json_put_key(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (!qr_json_put_str(b, s, n))
        return 0;
    *b->p++ = ':';
    return 1;
}
QR_INLINE int qr_json_key_done(qr_buffer *b) { *b->p++ = ':'; return 1; } /* after a key that was put as a string */
/* 1, or 0 when there is none and the name has to be put. */
QR_INLINE int qr_json_put_image(qr_buffer *b, const qr_image *image)
{
    if (QR_UNLIKELY(!image->length))
        return 0;
    qr_image_put(image, b);
    return 1;
}
/* base64 (RFC 4648): JSON has no binary. */
int qr_json_put_bytes(qr_buffer *b, const uint8_t *s, size_t n);
QR_INLINE int qr_json_put_raw(qr_buffer *b, const uint8_t *s, size_t n) { return qr_buffer_put_raw(b, s, n); }
/* JSON has no extensions, and a timestamp is text. */
QR_INLINE int qr_json_put_ext(qr_buffer *b, int8_t type, const uint8_t *s, size_t n) { (void)type, (void)s, (void)n; return qr_buffer_fail(b, QR_ERROR_UNSUPPORTED_TYPE); }
QR_INLINE int qr_json_put_timestamp(qr_buffer *b, int64_t seconds, uint32_t nanoseconds) { (void)seconds, (void)nanoseconds; return qr_buffer_fail(b, QR_ERROR_UNSUPPORTED_TYPE); }
QR_INLINE int qr_json_put_array(qr_buffer *b, size_t n) { (void)n; *b->p++ = '['; return 1; }
QR_INLINE int qr_json_put_map(qr_buffer *b, size_t n) { (void)n; *b->p++ = '{'; return 1; }
QR_INLINE void qr_json_end(qr_buffer *b, uint8_t close)
{
    if (b->p[-1] == ',')
        b->p[-1] = close;
    else
        *b->p++ = close;
}
QR_INLINE int qr_json_end_array(qr_buffer *b) { qr_json_end(b, ']'); return 1; }
QR_INLINE int qr_json_end_map(qr_buffer *b) { qr_json_end(b, '}'); return 1; }

/* So many times that text, where there is room for it: returns the end. */
uint8_t *qr_json_put_indent(uint8_t *to, const uint8_t *text, size_t length, size_t levels);

/* The image of a key: quote, text with its escapes, quote, colon; length 0 when that does not fit. */
void qr_json_key_image(qr_image *image, const uint8_t *name, size_t n);

#endif
