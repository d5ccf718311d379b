/* SPDX-License-Identifier: Apache-2.0 */
/* json_escape: strings of JSON that are ASCII throughout, and strings that may hold lone surrogates.
 *
 * RFC 8259 section 7 lets every character be written as \uXXXX, those beyond the Basic Multilingual Plane as a pair of
 * surrogates. In ASCII throughout, whatever is not a printable ASCII character is written so: DEL too.
 *
 * Each reserves for itself and leaves QR_BUFFER_SLACK behind it: 1, or 0 when there is no room (the buffer's error). */
#ifndef QUIRE_CORE_FORMAT_JSON_ESCAPE_H
#define QUIRE_CORE_FORMAT_JSON_ESCAPE_H

#include "core/format/json.h"

/* From units of 1 (Latin-1), 2 or 4 bytes. */
int qr_json_put_ascii_units(qr_buffer *b, const void *units, size_t n, unsigned width);
/* The rest of an open string from Latin-1, and its closing quote. */
int qr_json_put_ascii_from(qr_buffer *b, const uint8_t *s, size_t n);
/* Not ASCII alone, but surrogates pass: each becomes the three bytes that its code point would have, which is no UTF-8. */
int qr_json_put_lone_units(qr_buffer *b, const void *units, size_t n, unsigned width);

/* A string from ASCII (or Latin-1) bytes, of which most are plain. */
QR_INLINE int qr_json_put_ascii(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (QR_UNLIKELY(n > PTRDIFF_MAX - 4096 || !qr_buffer_reserve(b, n + 2 + QR_SIMD_BLOCK + QR_BUFFER_SLACK)))
        return n > PTRDIFF_MAX - 4096 ? qr_buffer_fail(b, QR_ERROR_MEMORY) : 0;
    uint8_t *to = b->p;
    *to++ = '"';
    if (n <= QR_SIMD_BLOCK) {
        if (QR_UNLIKELY(qr_simd_copy_short_ascii(to, s, n))) {
            b->p = to;
            return qr_json_put_ascii_from(b, s, n);
        }
        to[n] = '"';
        b->p = to + n + 1;
        return 1;
    }
    const uint8_t *end = s + n, *last = end - QR_SIMD_BLOCK;
    for (;;) {
        uint32_t stop = qr_simd_copy_ascii(to, s);
        if (QR_UNLIKELY(stop)) {
            b->p = to + qr_simd_first(stop);
            s += qr_simd_first(stop);
            return qr_json_put_ascii_from(b, s, (size_t)(end - s));
        }
        if (s == last)
            break;
        size_t step = (size_t)(last - s) < QR_SIMD_BLOCK ? (size_t)(last - s) : QR_SIMD_BLOCK; /* the last block overlaps */
        to += step;
        s += step;
    }
    to += QR_SIMD_BLOCK;
    *to++ = '"';
    b->p = to;
    return 1;
}

#endif
