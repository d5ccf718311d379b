/* SPDX-License-Identifier: Apache-2.0 */
/* json_string: the copying of text into a string, once for both ways of writing one: as UTF-8 (json.h) and ASCII throughout
 * (json_escape.h). `ascii` and the functions are constants of the caller, so nothing is left of the question. */
#ifndef QUIRE_CORE_FORMAT_JSON_STRING_H
#define QUIRE_CORE_FORMAT_JSON_STRING_H

#include "core/base/buffer.h"
#include "core/base/simd.h"
#include "core/base/utf8_avx512.h"

QR_INLINE uint32_t qr_json_copy_block(uint8_t *to, const uint8_t *from, int ascii) { return ascii ? qr_simd_copy_ascii(to, from) : qr_simd_copy_text(to, from); }
QR_INLINE int qr_json_is_stop(uint8_t c, int ascii) { return ascii ? qr_byte_is_ascii_stop(c) : qr_byte_is_quote_stop(c); }

/* A whole string. At the first byte that may not stand as it is, `rest` goes on, in the open string. Reserves for itself and leaves
 * QR_BUFFER_SLACK behind it: 1, or 0 with the buffer's error. */
QR_INLINE int qr_json_put_text(qr_buffer *b, const uint8_t *s, size_t n, int ascii, int (*rest)(qr_buffer *, const uint8_t *, size_t))
{
    if (QR_UNLIKELY(n > PTRDIFF_MAX - 4096 || !qr_buffer_reserve(b, n + 2 + QR_SIMD_SHORT + QR_BUFFER_SLACK)))
        return n > PTRDIFF_MAX - 4096 ? qr_buffer_fail(b, QR_ERROR_MEMORY) : 0;
    uint8_t *to = b->p;
    *to++ = '"';
    if (!ascii && n > 4 * QR_SIMD_BLOCK && QR_HAS_AVX512) { /* its scribbling stays within the slack */
        size_t plain = qr_avx512_copy_text(to, s, n);
        if (QR_UNLIKELY(plain != n)) {
            b->p = to + plain;
            return rest(b, s + plain, n - plain);
        }
        to[n] = '"';
        b->p = to + n + 1;
        return 1;
    }
    if (n <= (size_t)(ascii ? QR_SIMD_BLOCK : QR_SIMD_SHORT)) {
        if (QR_UNLIKELY(ascii ? qr_simd_copy_short_ascii(to, s, n) : qr_simd_copy_short_text(to, s, n))) {
            b->p = to;
            return rest(b, s, n);
        }
        to[n] = '"';
        b->p = to + n + 1;
        return 1;
    }
    const uint8_t *end = s + n, *last = end - QR_SIMD_BLOCK;
    for (;;) {
        uint32_t stop = qr_json_copy_block(to, s, ascii);
        if (QR_UNLIKELY(stop)) {
            b->p = to + qr_simd_first(stop);
            s += qr_simd_first(stop);
            return rest(b, s, (size_t)(end - s));
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

/* The rest of an open string, and its closing quote. `escape` writes one byte that may not stand as it is, in at most eight. */
QR_INLINE int qr_json_put_rest(qr_buffer *b, const uint8_t *s, size_t n, int ascii, uint8_t *(*escape)(uint8_t *, uint8_t))
{
    const uint8_t *end = s + n;
    for (;;) {
        if (!qr_buffer_reserve(b, (size_t)(end - s) + 8 + QR_SIMD_BLOCK + QR_BUFFER_SLACK))
            return 0;
        uint8_t *to = b->p;
        uint32_t stop = 0;
        while (end - s >= QR_SIMD_BLOCK) {
            stop = qr_json_copy_block(to, s, ascii);
            if (stop) {
                to += qr_simd_first(stop);
                s += qr_simd_first(stop);
                break;
            }
            to += QR_SIMD_BLOCK;
            s += QR_SIMD_BLOCK;
        }
        if (!stop)
            while (s < end && !qr_json_is_stop(*s, ascii))
                *to++ = *s++;
        if (s == end) {
            *to++ = '"';
            b->p = to;
            return 1;
        }
        b->p = escape(to, *s++);
    }
}

#endif
