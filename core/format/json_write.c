/* SPDX-License-Identifier: Apache-2.0 */
/* json, the writing half that is out of line: text with escapes, text from wider units, binary, key images. */
#include "core/base/base64.h"
#include "core/format/json.h"

/* RFC 8259 section 7: what must be escaped, in its shortest form. */
uint8_t *qr_json_put_escape(uint8_t *to, uint8_t c)
{
    static const char letters[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu", hex[] = "0123456789abcdef";
    *to++ = '\\';
    if (c >= 0x20) { /* quote, backslash */
        *to++ = c;
        return to;
    }
    *to++ = (uint8_t)letters[c];
    if (letters[c] == 'u') {
        *to++ = '0';
        *to++ = '0';
        *to++ = (uint8_t)('0' + (c >> 4));
        *to++ = (uint8_t)hex[c & 15];
    }
    return to;
}

/* The rest of a string that is already open, and its closing quote. */
int qr_json_put_str_from(qr_buffer *b, const uint8_t *s, size_t n) { return qr_json_put_rest(b, s, n, 0, qr_json_put_escape); }

/* The bytes up to the next multiple of sixteen are readable too. */
static int has_escape(const uint8_t *s, size_t n)
{
    size_t i = 0;
    for (; n - i > QR_SIMD_BLOCK; i += QR_SIMD_BLOCK)
        if (qr_simd_quote_stop(s + i))
            return 1;
    return (qr_simd_quote_stop(s + i) & ((2u << (n - i - 1)) - 1)) != 0;
}

static size_t count_escapes(const uint8_t *s, size_t n)
{
    const uint8_t *end = s + n;
    size_t count = 0;
    for (; end - s >= QR_SIMD_BLOCK; s += QR_SIMD_BLOCK)
        count += (size_t)__builtin_popcount(qr_simd_quote_stop(s));
    for (; s < end; s++)
        count += (size_t)qr_byte_is_quote_stop(*s);
    return count;
}

/* What was encoded at b->p + 1 needs escapes: it is moved out of the way and read again from there. Each escape adds at most
 * five bytes, so with five times their number and a gap between them, the writing never reaches what is still to be read,
 * and never asks for more room either (which would lose what lies behind p). */
static int escape_in_place(qr_buffer *b, size_t n)
{
    enum { GAP = 256 };
    size_t escapes = count_escapes(b->p + 1, n);
    if (n > (PTRDIFF_MAX - 3 * GAP) / 6)
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    size_t far = 5 * escapes + GAP;
    /* Growing keeps only what lies before p. */
    b->p += n + 1;
    int grown = qr_buffer_reserve(b, far + GAP);
    b->p -= n + 1;
    if (!grown)
        return 0;
    memmove(b->p + far, b->p + 1, n);
    const uint8_t *moved = b->p + far;
    *b->p++ = '"';
    return qr_json_put_str_from(b, moved, n);
}

int qr_json_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width)
{
    size_t most = width == 1 ? 2 : width == 2 ? 3 : 4, room;
    if (qr_multiply_overflows(n, most, &room) || qr_add_overflows(room, 2 + QR_UTF8_SLACK + QR_BUFFER_SLACK, &room) || room > PTRDIFF_MAX)
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    if (!qr_buffer_reserve(b, room))
        return 0;
    uint8_t *to = b->p + 1, *end;
    if (width == 1)
        end = qr_utf8_encode_1(to, units, n);
    else
        end = width == 2 ? qr_utf8_encode_2(to, units, n) : qr_utf8_encode_4(to, units, n);
    if (!end)
        return qr_buffer_fail(b, QR_ERROR_LONE_SURROGATE);
    if (end != to && QR_UNLIKELY(has_escape(to, (size_t)(end - to)))) /* within the slack */
        return escape_in_place(b, (size_t)(end - to));
    *b->p = '"';
    *end = '"';
    b->p = end + 1;
    return 1;
}

int qr_json_put_big(qr_buffer *b, const uint8_t *digits, size_t n)
{
    if (n > PTRDIFF_MAX - 4096)
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    if (!qr_buffer_reserve(b, n + QR_BUFFER_SLACK))
        return 0;
    memcpy(b->p, digits, n);
    b->p += n;
    return 1;
}

int qr_json_put_bytes(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (n > PTRDIFF_MAX / 2)
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    if (!qr_buffer_reserve(b, qr_base64_encoded_length(n) + 2 + QR_BUFFER_SLACK))
        return 0;
    *b->p++ = '"';
    b->p = qr_base64_write(b->p, s, n);
    *b->p++ = '"';
    return 1;
}

uint8_t *qr_json_put_indent(uint8_t *to, const uint8_t *text, size_t length, size_t levels)
{
    size_t all = length * levels, done = length;
    if (all == 0)
        return to;
    if (length == 1 || memcmp(text, text + 1, length - 1) == 0) { /* mostly of one character, over and over */
        memset(to, *text, all);
        return to + all;
    }
    memcpy(to, text, length);
    for (; done < all - done; done *= 2)
        memcpy(to + done, to, done);
    memcpy(to + done, to, all - done);
    return to + all;
}

void qr_json_key_image(qr_image *image, const uint8_t *name, size_t n)
{
    uint8_t room[7 * QR_IMAGE_ROOM + QR_BUFFER_SLACK + 64]; /* even a key of nothing but controls */
    qr_buffer b;
    *image = (qr_image){.length = 0};
    if (n > QR_IMAGE_ROOM)
        return;
    qr_buffer_init_fixed(&b, room, sizeof room);
    if (!qr_json_put_key(&b, name, n) || qr_buffer_length(&b) > QR_IMAGE_ROOM)
        return;
    image->length = (uint32_t)qr_buffer_length(&b);
    memcpy(image->bytes, room, image->length);
}
