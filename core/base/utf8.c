/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: from RFC 3629 and table 3-7 of the Unicode Standard ("Well-Formed UTF-8 Byte Sequences").
 *
 * Text comes in runs of one sequence length: ASCII, or two bytes (Cyrillic, Greek, Arabic), or three (Chinese, Japanese).
 * A block step converts as many characters as sixteen bytes hold as if all were of the length of the first, stores them
 * all, and says how many from the front truly were; the cursors move on by that many, and what was stored behind is
 * overwritten by the next step. So there is one branch per run, not one per character. What does not fill a block, and
 * all of the plain C variant, goes character by character. */
#include "core/base/utf8_avx512.h"
#include "core/base/utf8_blocks.h"

/* ---- measuring ---- */

QR_INLINE qr_text_class class_of_byte(uint8_t largest)
{ return largest < 0x80 ? QR_TEXT_ASCII : largest < 0xC4 ? QR_TEXT_LATIN1 : largest < 0xF0 ? QR_TEXT_BMP : QR_TEXT_FULL; }

#if defined(QR_SIMD_SCALAR)

qr_text_class qr_utf8_measure(const uint8_t *s, size_t n, size_t *count)
{
    size_t continuations = 0;
    uint8_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        continuations += (s[i] & 0xC0) == 0x80;
        largest = s[i] > largest ? s[i] : largest;
    }
    *count = n - continuations;
    return class_of_byte(largest);
}

const uint8_t *qr_utf8_measure_text(const uint8_t *p, const uint8_t *end, size_t *count, qr_text_class *widest)
{
    const uint8_t *start = p;
    (void)end;
    while (!qr_byte_is_quote_stop(*p))
        p++;
    *widest = qr_utf8_measure(start, (size_t)(p - start), count);
    return p;
}

#else

qr_text_class qr_utf8_measure(const uint8_t *s, size_t n, size_t *count)
{
    if (QR_HAS_AVX512)
        return qr_avx512_measure(s, n, count);
    qr_block last = load_rest(s, n), largest = last, counters = count_continuations(none(), last);
    size_t continuations = 0;
    for (size_t blocks = n / 16; blocks;) {
        size_t some = blocks < 254 ? blocks : 254; /* counters are bytes, and one may be used already */
        blocks -= some;
        for (; some; some--, s += 16) {
            qr_block v = qr_block_load(s);
            largest = larger(largest, v);
            counters = count_continuations(counters, v);
        }
        continuations += sum(counters);
        counters = none();
    }
    continuations += sum(counters);
    *count = n - continuations;
    return class_of_byte(largest_lane(largest));
}

const uint8_t *qr_utf8_measure_text(const uint8_t *p, const uint8_t *end, size_t *count, qr_text_class *widest)
{
    const uint8_t *start = p;
    if (QR_HAS_AVX512)
        return qr_avx512_measure_text(p, end, count, widest);
    while (end - p >= QR_SIMD_BLOCK) {
        uint32_t stop = qr_simd_quote_stop(p);
        if (stop) {
            p += qr_simd_first(stop);
            break;
        }
        p += QR_SIMD_BLOCK;
    }
    while (!qr_byte_is_quote_stop(*p))
        p++;
    *widest = qr_utf8_measure(start, (size_t)(p - start), count);
    return p;
}

#endif

/* ---- decoding ---- */

QR_INLINE void put(uint8_t *to, unsigned width, uint32_t code)
{
    if (width == 1)
        *to = (uint8_t)code;
    if (width == 2)
        qr_store16(to, (uint16_t)code);
    if (width == 4)
        qr_store32(to, code);
}

/* How far a decoder came. */
typedef struct cursor {
    const uint8_t *p;
    uint8_t *to;
    size_t left; /* units of room */
} cursor;

QR_INLINE void advance(cursor *at, size_t bytes, size_t units, unsigned width)
{
    at->p += bytes;
    at->to += units * width;
    at->left -= units;
}

enum { WINDOW = 64, WORDS_ROOM = PAIRS + 16 };

/* Words of two-byte characters with ASCII between them, as alphabets other than the Latin one make them. Where the runs
 * end is read off one mask of 64 bytes, so that a step waits for bit arithmetic on the step before and not for its loads;
 * and how long the runs are costs no branch. Leaves at anything else, with 0 when that came at once. */
QR_INLINE int decode_words(cursor *at, const uint8_t *end, unsigned width)
{
    const uint8_t *start = at->p;
    while (end - at->p >= WINDOW) {
        uint64_t high = 0;
        for (unsigned i = 0; i < WINDOW; i += 16)
            high |= (uint64_t)qr_simd_high(at->p + i) << i;
        if (high == 0)
            break; /* a long run of ASCII goes faster by itself */
        cursor here = *at;
        unsigned i = 0, moved;
        do {
            if (here.left < WORDS_ROOM)
                break;
            unsigned run = (unsigned)__builtin_ctzll(~(high >> i) | 1u << 16) & ~1u;
            uint32_t good = decode_pairs(here.to, at->p + i, width);
            if (QR_UNLIKELY(~good & ((1u << run) - 1)))
                break;
            i += run;
            here.to += run / 2 * width;
            unsigned ascii = (unsigned)__builtin_ctzll(high >> i | 1u << 16);
            widen(here.to, at->p + i, width);
            i += ascii;
            here.to += ascii * width;
            here.left -= run / 2 + ascii;
            moved = run + ascii;
        } while (i <= WINDOW / 2 && moved);
        here.p += i;
        *at = here;
        if (i <= WINDOW / 2)
            break;
    }
    return at->p != start;
}

/* Decodes until the end, a fault or the end of the room, and returns how far it came; *room is what is left of it.
 * The width is a constant wherever this is inlined; 0 stores nothing. */
QR_INLINE const uint8_t *decode(const uint8_t *p, const uint8_t *end, uint8_t *to, unsigned width, size_t *room)
{
    cursor at = {p, to, *room};
    while (at.p < end) {
        size_t bytes = (size_t)(end - at.p);
        uint8_t lead = *at.p;
        if (lead < 0x80) {
            if (HAS_BLOCKS && bytes >= 16 && at.left >= 16) {
                uint32_t high;
                while ((high = widen(at.to, at.p, width)) == 0) {
                    advance(&at, 16, 16, width);
                    if (end - at.p < 16 || at.left < 16)
                        break;
                }
                if (high)
                    advance(&at, qr_simd_first(high), qr_simd_first(high), width);
                continue;
            }
            if (at.left == 0)
                break;
            put(at.to, width, lead);
            advance(&at, 1, 1, width);
            continue;
        }
        if (HAS_BLOCKS && bytes >= 16 && lead < 0xE0) {
            if (decode_words(&at, end, width))
                continue;
            if (at.left >= PAIRS) {
                unsigned pairs = qr_simd_first(~decode_pairs(at.to, at.p, width)) / 2;
                if (QR_UNLIKELY(pairs == 0))
                    break;
                advance(&at, 2 * pairs, pairs, width);
                continue;
            }
        }
        if (HAS_BLOCKS && width != 1 && lead >= 0xE0 && lead < 0xF0) {
            /* Runs are long: that all four are good is worth a branch, which frees each step from waiting for the last. */
            unsigned triples = TRIPLES;
            while (end - at.p >= 16 && at.left >= TRIPLES && (triples = decode_triples(at.to, at.p, width)) == TRIPLES)
                advance(&at, 3 * TRIPLES, TRIPLES, width);
            if (triples != TRIPLES)
                advance(&at, 3 * triples, triples, width);
            if (at.p != end - bytes)
                continue;
        }
        uint32_t code;
        unsigned length = qr_utf8_decode_point(at.p, bytes, &code);
        if (QR_UNLIKELY(length == 0 || at.left == 0 || (width == 1 && code > 0xFF) || (width == 2 && code > 0xFFFF)))
            break;
        put(at.to, width, code);
        advance(&at, length, 1, width);
    }
    *room = at.left;
    return at.p;
}

size_t qr_utf8_decode_some(const uint8_t *s, size_t n, void *to, unsigned width, size_t room)
{
    if (n == 0)
        return 0;
    const uint8_t *end = s + n;
    size_t left = room;
    if (QR_HAS_AVX512 && (width == 1 || width == 2 || width == 4)) {
        s = qr_avx512_decode(s, end, to, width, &left);
        to = (uint8_t *)to + (room - left) * width;
    }
    if (s < end)
        switch (width) {
        case 1: s = decode(s, end, to, 1, &left); break;
        case 2: s = decode(s, end, to, 2, &left); break;
        case 4: s = decode(s, end, to, 4, &left); break;
        default: break;
        }
    return s == end ? room - left : QR_UTF8_INVALID;
}

int qr_utf8_decode(const uint8_t *s, size_t n, void *to, unsigned width, size_t room)
{
    return qr_utf8_decode_some(s, n, to, width, room) == room;
}

size_t qr_utf8_invalid_at(const uint8_t *s, size_t n)
{
    if (n == 0)
        return 0;
    uint8_t nowhere;
    const uint8_t *p = s, *end = s + n;
    size_t room = n;
    if (QR_HAS_AVX512)
        p = qr_avx512_decode(p, end, &nowhere, 0, &room);
    return p < end ? (size_t)(decode(p, end, &nowhere, 0, &room) - s) : n;
}

/* ---- encoding ---- */

QR_INLINE uint32_t unit_at(const uint8_t *from, unsigned width)
{ return width == 1 ? *from : width == 2 ? qr_load16(from) : qr_load32(from); }

/* A unit takes three bytes at most, or four (width 4); the smaller ones save some. */
QR_INLINE size_t encoded_length(const uint8_t *from, size_t n, unsigned width)
{
    size_t most = width == 2 ? 3 : 4, saved = 0, blocks = HAS_BLOCKS ? n / 8 : 0, rest = n - blocks * 8;
    while (blocks) {
        size_t some = blocks < 8192 ? blocks : 8192; /* three a lane and step fit 15 bits */
        uint8_t zeros[16] = {0};
        qr_block counters = qr_block_load(zeros);
        blocks -= some;
        for (; some; some--, from += 8 * width)
            counters = count_saved(counters, from, width);
        saved += sum_saved(counters);
    }
    for (; rest; rest--, from += width) {
        uint32_t unit = unit_at(from, width);
        saved += (size_t)(unit < 0x80) + (size_t)(unit < 0x800) + (size_t)(width == 4 && unit < 0x10000);
    }
    return n * most - saved;
}

size_t qr_utf8_encoded_length_1(const uint8_t *s, size_t n)
{
    size_t length = n, i = 0;
    for (; n - i >= 8; i += 8) {
        /* The high bits, summed by a multiplication. */
        uint64_t high = qr_load64(s + i) >> 7 & 0x0101010101010101u;
        length += high * 0x0101010101010101u >> 56;
    }
    for (; i < n; i++)
        length += s[i] >> 7;
    return length;
}

size_t qr_utf8_encoded_length_2(const uint16_t *s, size_t n) { return encoded_length((const uint8_t *)s, n, 2); }
size_t qr_utf8_encoded_length_4(const uint32_t *s, size_t n) { return encoded_length((const uint8_t *)s, n, 4); }

uint8_t *qr_utf8_encode_1(uint8_t *to, const uint8_t *from, size_t n)
{
    if (QR_HAS_AVX512)
        return qr_avx512_encode(to, &from, &n, 1);
    if (n == 0)
        return to;
    const uint8_t *end = from + n;
    while (HAS_BLOCKS && end - from >= WINDOW) {
        uint64_t high = 0;
        for (unsigned i = 0; i < WINDOW; i += 16)
            high |= (uint64_t)qr_simd_high(from + i) << i;
        if (high == 0) {
            memcpy(to, from, WINDOW);
            to += WINDOW;
            from += WINDOW;
            continue;
        }
        unsigned i = 0;
        do {
            unsigned ascii = (unsigned)__builtin_ctzll(high >> i | 1u << 16);
            widen(to, from + i, 1);
            to += ascii;
            i += ascii;
            /* One that is not ASCII, if there is one here. */
            unsigned one = high >> i & 1;
            to[0] = (uint8_t)(0xC0 | from[i] >> 6);
            to[1] = (uint8_t)(0x80 | (from[i] & 0x3F));
            to += 2 * one;
            i += one;
        } while (i < WINDOW - 16);
        from += i;
    }
    while (from < end) {
        if (HAS_BLOCKS && end - from >= 16) {
            uint32_t high = widen(to, from, 1);
            unsigned ascii = high ? qr_simd_first(high) : 16;
            to += ascii;
            from += ascii;
            if (high == 0)
                continue;
        }
        to += qr_utf8_encode_point(to, *from++);
    }
    return to;
}

/* How far an encoder came. */
typedef struct pen {
    const uint8_t *from;
    uint8_t *to;
    size_t left; /* units to come */
} pen;

QR_INLINE void move_on(pen *at, size_t units, size_t bytes, unsigned width)
{
    at->from += units * width;
    at->to += bytes;
    at->left -= units;
}

enum { UNITS_WINDOW = 32 };

/* The counterpart of decode_words. */
QR_INLINE int encode_words(pen *at, unsigned width)
{
    size_t before = at->left;
    while (at->left >= UNITS_WINDOW) {
        uint64_t ascii = ascii_units(at->from, width) | (uint64_t)ascii_units(at->from + 16 * width, width) << 16;
        if (ascii == 0xFFFFFFFF)
            break;
        uint8_t *to = at->to;
        unsigned i = 0, moved;
        do {
            unsigned run = (unsigned)__builtin_ctzll(ascii >> i | 1u << PAIRS);
            uint32_t good = encode_pairs(to, at->from + i * width, width);
            if (QR_UNLIKELY(~good & ((1u << 2 * run) - 1)))
                break;
            i += run;
            to += 2 * run;
            unsigned plain = (unsigned)__builtin_ctzll(~(ascii >> i) | 1u << 8);
            narrow(to, at->from + i * width, width);
            i += plain;
            to += plain;
            moved = run + plain;
        } while (i <= UNITS_WINDOW / 2 && moved);
        at->from += i * width;
        at->left -= i;
        at->to = to;
        if (i <= UNITS_WINDOW / 2)
            break;
    }
    return at->left != before;
}

QR_INLINE uint8_t *encode(uint8_t *to, const uint8_t *from, size_t n, unsigned width)
{
    if (QR_HAS_AVX512)
        to = qr_avx512_encode(to, &from, &n, width);
    pen at = {from, to, n};
    while (at.left) {
        uint32_t unit = unit_at(at.from, width);
        if (HAS_BLOCKS && unit < 0x80 && at.left >= 16) {
            uint32_t other = ascii_units(at.from, width) ^ QR_SIMD_ALL;
            narrow(at.to, at.from, width);
            narrow(at.to + 8, at.from + 8 * width, width);
            if (other == 0) {
                move_on(&at, 16, 16, width);
                continue;
            }
            move_on(&at, qr_simd_first(other), qr_simd_first(other), width);
            unit = unit_at(at.from, width);
        }
        if (HAS_BLOCKS && unit >= 0x80 && unit < 0x800 && at.left >= PAIRS) {
            if (encode_words(&at, width))
                continue;
            unsigned pairs = qr_simd_first(~encode_pairs(at.to, at.from, width)) / 2;
            move_on(&at, pairs, 2 * pairs, width);
            continue;
        }
        if (HAS_BLOCKS && unit >= 0x800 && unit < 0x10000) {
            size_t before = at.left;
            unsigned triples = TRIPLES;
            while (at.left >= TRIPLES && (triples = encode_triples(at.to, at.from, width)) == TRIPLES)
                move_on(&at, TRIPLES, 3 * TRIPLES, width);
            if (triples != TRIPLES)
                move_on(&at, triples, 3 * triples, width);
            if (at.left != before)
                continue;
        }
        if (QR_UNLIKELY((unit & 0xFFFFF800) == 0xD800 || unit > 0x10FFFF))
            return NULL;
        move_on(&at, 1, (size_t)qr_utf8_encode_point(at.to, unit), width);
    }
    return at.to;
}

uint8_t *qr_utf8_encode_2(uint8_t *to, const uint16_t *from, size_t n) { return encode(to, (const uint8_t *)from, n, 2); }
uint8_t *qr_utf8_encode_4(uint8_t *to, const uint32_t *from, size_t n) { return encode(to, (const uint8_t *)from, n, 4); }
