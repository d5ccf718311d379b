/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/json_escape.h"

/* The two lower-case hexadecimal digits of every byte. */
static const char hex_pairs[512] = {
#define PAIR(a, b) a, b,
#define ROW(a) \
    PAIR(a, '0') PAIR(a, '1') PAIR(a, '2') PAIR(a, '3') PAIR(a, '4') PAIR(a, '5') PAIR(a, '6') PAIR(a, '7') \
    PAIR(a, '8') PAIR(a, '9') PAIR(a, 'a') PAIR(a, 'b') PAIR(a, 'c') PAIR(a, 'd') PAIR(a, 'e') PAIR(a, 'f')
    ROW('0') ROW('1') ROW('2') ROW('3') ROW('4') ROW('5') ROW('6') ROW('7')
    ROW('8') ROW('9') ROW('a') ROW('b') ROW('c') ROW('d') ROW('e') ROW('f')
#undef ROW
#undef PAIR
};

enum { CHUNK = 512, LONGEST = 12 }; /* units between two looks at the room; bytes a unit may take */

QR_INLINE uint8_t *put_u(uint8_t *to, uint32_t code)
{
    to[0] = '\\';
    to[1] = 'u';
    qr_store16(to + 2, qr_load16(hex_pairs + 2 * (code >> 8 & 0xFF)));
    qr_store16(to + 4, qr_load16(hex_pairs + 2 * (code & 0xFF)));
    return to + 6;
}

/* Anything but a plain ASCII character. */
QR_INLINE uint8_t *put_other(uint8_t *to, uint32_t code)
{
    if (code < 0x7F)
        return qr_json_put_escape(to, (uint8_t)code);
    if (QR_LIKELY(code < 0x10000))
        return put_u(to, code);
    code -= 0x10000;
    return put_u(put_u(to, 0xD800 | (code >> 10 & 0x3FF)), 0xDC00 | (code & 0x3FF));
}

static uint8_t *put_latin1(uint8_t *to, uint8_t c) { return put_other(to, c); }

int qr_json_put_ascii_from(qr_buffer *b, const uint8_t *s, size_t n) { return qr_json_put_rest(b, s, n, 1, put_latin1); }

QR_INLINE uint32_t unit_at(const void *units, size_t i, unsigned width)
{
    const uint8_t *p = (const uint8_t *)units + i * width;
    return width == 1 ? *p : width == 2 ? qr_load16(p) : qr_load32(p);
}

QR_INLINE int is_plain(uint32_t code) { return code - 0x20 < 0x5F && code != '"' && code != '\\'; }

/* Constant widths, so that each is a loop of its own. */
QR_INLINE int put_ascii(qr_buffer *b, const void *units, size_t n, unsigned width)
{
    size_t i = 0;
    *b->p++ = '"'; /* from the slack of what was before */
    do {
        size_t stop = n - i < CHUNK ? n : i + CHUNK;
        if (!qr_buffer_reserve(b, CHUNK * LONGEST + 1 + QR_BUFFER_SLACK))
            return 0;
        uint8_t *to = b->p;
        for (; i < stop; i++) {
            uint32_t code = unit_at(units, i, width);
            if (is_plain(code))
                *to++ = (uint8_t)code;
            else
                to = put_other(to, code);
        }
        b->p = to;
    } while (i < n);
    *b->p++ = '"';
    return 1;
}

int qr_json_put_ascii_units(qr_buffer *b, const void *units, size_t n, unsigned width)
{
    if (!qr_buffer_reserve(b, QR_BUFFER_SLACK))
        return 0;
    if (width == 1) {
        *b->p++ = '"';
        return qr_json_put_ascii_from(b, units, n);
    }
    return width == 2 ? put_ascii(b, units, n, 2) : put_ascii(b, units, n, 4);
}

int qr_json_put_ascii_utf8(qr_buffer *b, const uint8_t *s, size_t n, int escapes)
{
    const uint8_t *end = s + n;
    do {
        const uint8_t *stop = end - s < CHUNK ? end : s + CHUNK;
        if (!qr_buffer_reserve(b, (CHUNK + 4) * LONGEST + QR_BUFFER_SLACK))
            return 0;
        uint8_t *to = b->p;
        while (s < stop) {
            uint32_t code = *s++;
            if (code >= 0x80) {
                unsigned more = code < 0xE0 ? 1 : code < 0xF0 ? 2 : 3;
                code &= 0x3Fu >> more;
                for (; more && s < end; more--)
                    code = code << 6 | (*s++ & 0x3F);
                to = put_other(to, code);
            }
            else if (escapes && !is_plain(code))
                to = put_other(to, code);
            else
                *to++ = (uint8_t)code;
        }
        b->p = to;
    } while (s < end);
    return 1;
}

int qr_json_put_lone_units(qr_buffer *b, const void *units, size_t n, unsigned width)
{
    size_t i = 0;
    if (!qr_buffer_reserve(b, QR_BUFFER_SLACK))
        return 0;
    *b->p++ = '"';
    do {
        size_t stop = n - i < CHUNK ? n : i + CHUNK;
        if (!qr_buffer_reserve(b, CHUNK * LONGEST + 1 + QR_BUFFER_SLACK))
            return 0;
        for (; i < stop; i++) {
            uint32_t code = unit_at(units, i, width);
            if (code < 0x80 && qr_byte_is_quote_stop((uint8_t)code))
                b->p = qr_json_put_escape(b->p, (uint8_t)code);
            else
                b->p += qr_utf8_encode_point(b->p, code);
        }
    } while (i < n);
    *b->p++ = '"';
    return 1;
}
