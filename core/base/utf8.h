/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: between UTF-8 and units of 1, 2 or 4 bytes (Latin-1, UCS-2 and UCS-4: the widths of a Python str).
 *
 * Reading a text takes two passes: qr_utf8_measure says how many code points there are and how wide the widest is
 * (without validating), the caller makes room, and qr_utf8_decode fills it and validates on the way. Decoding is strict
 * as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF. It trusts nothing that was measured:
 * it returns 0 for text that does not fill the room exactly, and never writes outside it.
 *
 * Writing takes one pass into room the caller made. Nothing here allocates. */
#ifndef QUIRE_CORE_BASE_UTF8_H
#define QUIRE_CORE_BASE_UTF8_H

#include "core/base/simd.h"

/* The widest code point of a text; ascending, so they can be compared. */
typedef enum qr_text_class {
    QR_TEXT_ASCII,  /* to U+007F, 1 byte per unit */
    QR_TEXT_LATIN1, /* to U+00FF, 1 */
    QR_TEXT_BMP,    /* to U+FFFF, 2 */
    QR_TEXT_FULL    /* to U+10FFFF, 4 */
} qr_text_class;

/* Bytes per unit: 1, 1, 2, 4. */
QR_INLINE unsigned qr_text_width(qr_text_class class_) { return class_ <= QR_TEXT_LATIN1 ? 1u : class_ == QR_TEXT_BMP ? 2u : 4u; }
/* The largest code point that the class holds (what PyUnicode_New wants): 0x7F, 0xFF, 0xFFFF, 0x10FFFF. */
QR_INLINE uint32_t qr_text_maximum(qr_text_class class_)
{ return class_ == QR_TEXT_ASCII ? 0x7F : class_ == QR_TEXT_LATIN1 ? 0xFF : class_ == QR_TEXT_BMP ? 0xFFFF : 0x10FFFF; }

/* *count: the bytes that are not continuations, which for valid text are the code points. The class is judged from the
 * largest byte alone. Both mean nothing for invalid text, but decoding will refuse that. */
qr_text_class qr_utf8_measure(const uint8_t *s, size_t n, size_t *count);

/* Measures the text of a JSON string from p on: up to the first '"', '\\' or control, which is returned; *end must be readable
 * and hold a control. */
const uint8_t *qr_utf8_measure_text(const uint8_t *p, const uint8_t *end, size_t *count, qr_text_class *widest);

/* 1 when all n bytes were valid and gave exactly `room` units, each fitting `width` (1, 2 or 4 bytes, `to` aligned to
 * it); else 0, and what was written is garbage. ASCII text may have any width. */
int qr_utf8_decode(const uint8_t *s, size_t n, void *to, unsigned width, size_t room);

/* The same for text that was not measured: how many units it gave (at most `room`), or QR_UTF8_INVALID. */
#define QR_UTF8_INVALID SIZE_MAX
size_t qr_utf8_decode_some(const uint8_t *s, size_t n, void *to, unsigned width, size_t room);

/* Where the first sequence that is not valid begins, or n. */
size_t qr_utf8_invalid_at(const uint8_t *s, size_t n);

/* Room beyond the text that the encoders may scribble on: to[0 .. length + QR_UTF8_SLACK) must be writable, where
 * length is the encoded length (exact or a bound: 2n, 3n, 4n bytes for units of 1, 2, 4 bytes). */
enum { QR_UTF8_SLACK = 16 };

/* Exact length in UTF-8; lone surrogates count as three bytes, units beyond U+10FFFF as four. */
size_t qr_utf8_encoded_length_1(const uint8_t *s, size_t n);
size_t qr_utf8_encoded_length_2(const uint16_t *s, size_t n);
size_t qr_utf8_encoded_length_4(const uint32_t *s, size_t n);

/* Return the end of what was written, or NULL at a surrogate or (4) a unit beyond U+10FFFF. Units of 2 bytes are UCS-2,
 * not UTF-16: a surrogate is refused even when paired. */
uint8_t *qr_utf8_encode_1(uint8_t *to, const uint8_t *from, size_t n);
uint8_t *qr_utf8_encode_2(uint8_t *to, const uint16_t *from, size_t n);
uint8_t *qr_utf8_encode_4(uint8_t *to, const uint32_t *from, size_t n);

/* One sequence of two to four bytes of at most `left`: its length and *code, or 0 when it is not valid. */
QR_INLINE unsigned qr_utf8_decode_point(const uint8_t *p, size_t left, uint32_t *code)
{
    uint32_t lead = p[0];
    if (lead < 0xE0) {
        if (lead < 0xC2 || left < 2 || (p[1] & 0xC0) != 0x80)
            return 0;
        *code = (lead & 0x1F) << 6 | (p[1] & 0x3Fu);
        return 2;
    }
    if (lead < 0xF0) {
        if (left < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
            return 0;
        uint32_t c = (lead & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        *code = c;
        return c < 0x800 || (c & 0xF800) == 0xD800 ? 0 : 3;
    }
    if (lead > 0xF4 || left < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80)
        return 0;
    uint32_t c = (lead & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    *code = c;
    return c - 0x10000 > 0xFFFFF ? 0 : 4;
}

/* One code point (at most U+10FFFF) to at most four bytes: how many were written. A surrogate is written as its three
 * bytes, which is not UTF-8: who calls decides whether that may happen. */
QR_INLINE int qr_utf8_encode_point(uint8_t *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (uint8_t)(0xC0 | code >> 6);
        to[1] = (uint8_t)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (uint8_t)(0xE0 | code >> 12);
        to[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        to[2] = (uint8_t)(0x80 | (code & 0x3F));
        return 3;
    }
    to[0] = (uint8_t)(0xF0 | code >> 18);
    to[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
    to[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    to[3] = (uint8_t)(0x80 | (code & 0x3F));
    return 4;
}

#endif
