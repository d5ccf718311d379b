/* SPDX-License-Identifier: Apache-2.0 */
/* utf8_avx512: from RFC 3629 and table 3-7 of the Unicode Standard ("Well-Formed UTF-8 Byte Sequences").
 *
 * Every question about sixty-four bytes is a mask of 64 bits: which of them lead, which continue, which are the last of
 * their character. A character's code is put together at its last byte, from that and the ones before it; VPCOMPRESSB
 * then closes the gaps. So neither the scripts nor the lengths of words cost a branch. Loads and stores of less than
 * a block are masked: those lanes are not touched. */
#include "core/base/utf8_avx512.h"

#if defined(QR_SIMD_SSE2) && !defined(QR_SIMD_NO_AVX512)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")))
#define STEP static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")))

enum { BLOCK = 64 };

STEP __m512i all(int byte) { return _mm512_set1_epi8((char)byte); }
STEP uint64_t first(size_t n) { return _bzhi_u64(~(uint64_t)0, (unsigned)n); } /* n of 0 to 64 */
STEP __m512i load(const uint8_t *p, size_t n) { return n >= BLOCK ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi8(first(n), p); }

/* ---- measuring ---- */

STEP qr_text_class class_of(int not_ascii, int not_latin1, int full)
{ return full ? QR_TEXT_FULL : not_latin1 ? QR_TEXT_BMP : not_ascii ? QR_TEXT_LATIN1 : QR_TEXT_ASCII; }

TARGET qr_text_class qr_avx512_measure(const uint8_t *s, size_t n, size_t *count)
{
    __m512i largest = _mm512_setzero_si512();
    size_t continuations = 0;
    for (size_t left = n; left;) {
        size_t step = left < BLOCK ? left : BLOCK;
        __m512i v = load(s, step);
        largest = _mm512_max_epu8(largest, v);
        continuations += (size_t)_mm_popcnt_u64(_mm512_cmplt_epi8_mask(v, all(0xC0)));
        s += step;
        left -= step;
    }
    *count = n - continuations;
    return class_of(_mm512_movepi8_mask(largest) != 0, _mm512_cmpge_epu8_mask(largest, all(0xC4)) != 0,
                    _mm512_cmpge_epu8_mask(largest, all(0xF0)) != 0);
}

STEP uint64_t text_stops(__m512i v)
{
    return _mm512_cmplt_epu8_mask(v, all(0x20)) | _mm512_cmpeq_epi8_mask(v, all('"')) | _mm512_cmpeq_epi8_mask(v, all('\\'));
}

TARGET const uint8_t *qr_avx512_measure_text(const uint8_t *p, const uint8_t *end, size_t *count, qr_text_class *widest)
{
    uint64_t high = 0, not_latin1 = 0, full = 0;
    size_t units = 0;
    for (;;) {
        __m512i v = load(p, (size_t)(end - p)); /* the lanes beyond the end hold 0, which stops */
        uint64_t stops = text_stops(v);
        unsigned n = (unsigned)_tzcnt_u64(stops);
        /* The masks are cut as numbers, so that they need not wait for the stops. */
        high |= _bzhi_u64(_mm512_movepi8_mask(v), n);
        not_latin1 |= _bzhi_u64(_mm512_cmpge_epu8_mask(v, all(0xC4)), n);
        full |= _bzhi_u64(_mm512_cmpge_epu8_mask(v, all(0xF0)), n);
        units += n - (size_t)_mm_popcnt_u64(_bzhi_u64(_mm512_cmplt_epi8_mask(v, all(0xC0)), n));
        p += n;
        if (stops || p == end)
            break;
    }
    *count = units;
    *widest = class_of(high != 0, not_latin1 != 0, full != 0);
    return p;
}

/* ---- decoding ---- */

/* The characters of a block, one a lane: code = low | high << 8 | top << 16. */
typedef struct characters {
    __m512i low, high, top;
    unsigned count, bytes; /* how many, and from how many bytes */
    int full;              /* top is not all 0 (else it is not set) */
} characters;

/* The lanes moved up by n, those of the mask, else 0. */
STEP __m512i before(__m512i v, int n, uint64_t mask)
{
    static const uint8_t order[BLOCK + 4] = {
        60, 61, 62, 63, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    return _mm512_maskz_permutexvar_epi8(mask, _mm512_loadu_si512(order + 4 - n), v);
}

/* 1 when all of them are valid and no wider than the units. What the end of the block cuts off is left for the next. */
STEP int gather(const uint8_t *p, size_t left, unsigned width, characters *to)
{
    __m512i v = load(p, left);
    uint64_t beyond = _mm512_movepi8_mask(v);
    if (beyond == 0) {
        to->low = v;
        to->high = _mm512_setzero_si512();
        to->full = 0;
        to->count = to->bytes = left < BLOCK ? (unsigned)left : BLOCK;
        return 1;
    }
    uint64_t next = _mm512_cmplt_epi8_mask(v, all(0xC0)), lead = beyond & ~next;
    uint64_t three = _mm512_cmpge_epu8_mask(v, all(0xE0)), four = _mm512_cmpge_epu8_mask(v, all(0xF0));
    uint64_t cut = (lead & (uint64_t)1 << 63) | (three & (uint64_t)3 << 62) | (four & (uint64_t)7 << 61);
    unsigned bytes = left < BLOCK ? (unsigned)left : (unsigned)_tzcnt_u64(cut);
    uint64_t here = first(bytes);
    next &= here, lead &= here, three &= here, four &= here;
    uint64_t second = lead << 1, third = three << 2, fourth = four << 3;
    uint64_t bad = (second | third | fourth) ^ next;
    if (width == 1)
        bad |= (lead & _mm512_cmpge_epu8_mask(v, all(0xC4)));
    bad |= lead & _mm512_cmplt_epu8_mask(v, all(0xC2));
    if (width != 1 && three) {
        /* The second byte decides what is overlong or a surrogate. */
        uint64_t from_a0 = _mm512_cmpge_epu8_mask(v, all(0xA0));
        bad |= (_mm512_cmpeq_epi8_mask(v, all(0xE0)) & here) << 1 & ~from_a0;
        bad |= (_mm512_cmpeq_epi8_mask(v, all(0xED)) & here) << 1 & from_a0;
    }
    to->full = 0;
    if (QR_UNLIKELY(four)) {
        uint64_t from_90 = _mm512_cmpge_epu8_mask(v, all(0x90));
        bad |= (_mm512_cmpeq_epi8_mask(v, all(0xF0)) & here) << 1 & ~from_90;
        bad |= (_mm512_cmpeq_epi8_mask(v, all(0xF4)) & here) << 1 & from_90;
        bad |= four & _mm512_cmpgt_epu8_mask(v, all(0xF4));
        if (width == 1 || width == 2)
            bad = 1;
    }
    if (QR_UNLIKELY(bad))
        return 0;
    uint64_t last = here & ~(next >> 1);
    __m512i w = _mm512_mask_mov_epi8(v, beyond, _mm512_and_si512(v, all(0x3F))); /* a longer lead keeps bits, which fall off the top */
    __m512i one = before(w, 1, next), low = _mm512_or_si512(w, _mm512_and_si512(_mm512_slli_epi16(one, 6), all(0xC0)));
    to->low = _mm512_maskz_compress_epi8(last, low);
    to->high = _mm512_setzero_si512();
    if (width != 1) {
        __m512i high = _mm512_and_si512(_mm512_srli_epi16(one, 2), all(0x0F));
        if (three) {
            __m512i two = before(w, 2, third | fourth);
            high = _mm512_or_si512(high, _mm512_and_si512(_mm512_slli_epi16(two, 4), all(0xF0)));
            if (width != 2 && QR_UNLIKELY(four)) {
                __m512i middle = _mm512_and_si512(_mm512_srli_epi16(two, 4), all(0x03));
                __m512i top = _mm512_or_si512(middle, _mm512_and_si512(_mm512_slli_epi16(before(w, 3, fourth), 2), all(0x1C)));
                to->top = _mm512_maskz_compress_epi8(last, _mm512_maskz_mov_epi8(fourth, top));
                to->full = 1;
            }
        }
        to->high = _mm512_maskz_compress_epi8(last, high);
    }
    to->count = (unsigned)_mm_popcnt_u64(last);
    to->bytes = bytes;
    return 1;
}

STEP __m512i join(__m256i low, __m256i high) { return _mm512_or_si512(_mm512_cvtepu8_epi16(low), _mm512_slli_epi16(_mm512_cvtepu8_epi16(high), 8)); }

/* Exactly the first n lanes. */
STEP void store_1(uint8_t *to, __m512i v, size_t n)
{
    if (n >= 64)
        _mm512_storeu_si512(to, v);
    else
        _mm512_mask_storeu_epi8(to, first(n), v);
}
STEP void store_2(uint8_t *to, __m512i v, size_t n)
{
    if (n >= 32)
        _mm512_storeu_si512(to, v);
    else
        _mm512_mask_storeu_epi16(to, (__mmask32)first(n), v);
}
STEP void store_4(uint8_t *to, __m512i v, size_t n)
{
    if (n >= 16)
        _mm512_storeu_si512(to, v);
    else
        _mm512_mask_storeu_epi32(to, (__mmask16)first(n), v);
}

/* Room is for count units at least; what lies in room behind them may be written too. */
STEP void scatter(uint8_t *to, const characters *c, unsigned width, size_t room)
{
    if (width == 1)
        store_1(to, c->low, room);
    if (width == 2 || width == 4) {
        __m512i units[2] = {join(_mm512_castsi512_si256(c->low), _mm512_castsi512_si256(c->high)),
                            join(_mm512_extracti64x4_epi64(c->low, 1), _mm512_extracti64x4_epi64(c->high, 1))};
        if (width == 2) {
            store_2(to, units[0], room);
            if (c->count > 32)
                store_2(to + 64, units[1], room - 32);
        } else {
            uint8_t tops[BLOCK];
            if (QR_UNLIKELY(c->full))
                _mm512_storeu_si512(tops, c->top);
            for (unsigned i = 0; i < c->count; i += 16) {
                __m512i half = units[i / 32];
                __m512i v = _mm512_cvtepu16_epi32(i & 16 ? _mm512_extracti64x4_epi64(half, 1) : _mm512_castsi512_si256(half));
                if (QR_UNLIKELY(c->full))
                    v = _mm512_or_si512(v, _mm512_slli_epi32(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(tops + i))), 16));
                store_4(to + 4 * i, v, room - i);
            }
        }
    }
}

STEP const uint8_t *decode(const uint8_t *p, const uint8_t *end, uint8_t *to, unsigned width, size_t *room)
{
    size_t left = *room;
    while (p < end) {
        characters c;
        if (!gather(p, (size_t)(end - p), width, &c) || c.count > left)
            break;
        scatter(to, &c, width, left);
        to += c.count * width;
        left -= c.count;
        p += c.bytes;
    }
    *room = left;
    return p;
}

TARGET const uint8_t *qr_avx512_decode(const uint8_t *p, const uint8_t *end, void *to, unsigned width, size_t *room)
{
    switch (width) {
    case 1: return decode(p, end, to, 1, room);
    case 2: return decode(p, end, to, 2, room);
    case 4: return decode(p, end, to, 4, room);
    default: return decode(p, end, to, 0, room);
    }
}

/* ---- encoding ---- */

/* How many of the n units from p on, in steps of 64, are ASCII before a step that is not; written to `to`. */
STEP size_t encode_ascii(uint8_t *to, const uint8_t *p, size_t n, unsigned width)
{
    size_t i = 0;
    for (; n - i >= 64; i += 64, p += 64 * width, to += 64) {
        __m512i a = _mm512_loadu_si512(p), b, c, d;
        if (width == 1) {
            if (_mm512_movepi8_mask(a))
                break;
            _mm512_storeu_si512(to, a);
            continue;
        }
        b = _mm512_loadu_si512(p + 64);
        if (width == 2) {
            if (_mm512_test_epi16_mask(_mm512_or_si512(a, b), _mm512_set1_epi16((short)0xFF80)))
                break;
            _mm256_storeu_si256((__m256i *)(void *)to, _mm512_cvtepi16_epi8(a));
            _mm256_storeu_si256((__m256i *)(void *)(to + 32), _mm512_cvtepi16_epi8(b));
            continue;
        }
        c = _mm512_loadu_si512(p + 128);
        d = _mm512_loadu_si512(p + 192);
        if (_mm512_test_epi32_mask(_mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d)), _mm512_set1_epi32(~0x7F)))
            break;
        _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(a));
        _mm_storeu_si128((__m128i *)(void *)(to + 16), _mm512_cvtepi32_epi8(b));
        _mm_storeu_si128((__m128i *)(void *)(to + 32), _mm512_cvtepi32_epi8(c));
        _mm_storeu_si128((__m128i *)(void *)(to + 48), _mm512_cvtepi32_epi8(d));
    }
    return i;
}

/* Sixteen units at a time, each in a lane with room for its four bytes. */
STEP uint8_t *encode(uint8_t *to, const uint8_t **from, size_t *n, unsigned width)
{
    const uint8_t *p = *from;
    size_t left = *n;
    while (left) {
        size_t some = left < 16 ? left : 16;
        __mmask16 here = (__mmask16)first(some);
        __m512i v = width == 1   ? _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(here, p))
                    : width == 2 ? _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(here, p))
                                 : _mm512_maskz_loadu_epi32(here, p);
        __mmask16 two = _mm512_cmpge_epu32_mask(v, _mm512_set1_epi32(0x80));
        if (two == 0) {
            _mm_mask_storeu_epi8(to, here, _mm512_cvtepi32_epi8(v));
            size_t more = encode_ascii(to + some, p + some * width, left - some, width);
            to += some + more;
            some += more;
        } else {
            const __m512i six = _mm512_set1_epi32(0x3F), lead = _mm512_set1_epi32(0x80);
            __m512i last = _mm512_or_si512(_mm512_and_si512(v, six), lead);
            __m512i bytes = _mm512_mask_or_epi32(v, two, _mm512_or_si512(_mm512_srli_epi32(v, 6), _mm512_set1_epi32(0xC0)), _mm512_slli_epi32(last, 8));
            if (width != 1) {
                __mmask16 three = _mm512_cmpge_epu32_mask(v, _mm512_set1_epi32(0x800));
                if (three) {
                    __m512i page = _mm512_and_si512(v, _mm512_set1_epi32(0xF800));
                    __mmask16 four = width == 2 ? 0 : _mm512_cmpge_epu32_mask(v, _mm512_set1_epi32(0x10000));
                    if ((_mm512_cmpeq_epi32_mask(page, _mm512_set1_epi32(0xD800)) & ~four) ||
                        (width == 4 && _mm512_cmpgt_epu32_mask(v, _mm512_set1_epi32(0x10FFFF))))
                        break;
                    __m512i middle = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi32(v, 6), six), lead);
                    __m512i long_ = _mm512_or_si512(_mm512_or_si512(_mm512_srli_epi32(v, 12), _mm512_set1_epi32(0xE0)),
                                                    _mm512_or_si512(_mm512_slli_epi32(middle, 8), _mm512_slli_epi32(last, 16)));
                    bytes = _mm512_mask_mov_epi32(bytes, three, long_);
                    if (width == 4 && QR_UNLIKELY(four)) {
                        __m512i second = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi32(v, 12), six), lead);
                        __m512i head = _mm512_or_si512(_mm512_or_si512(_mm512_srli_epi32(v, 18), _mm512_set1_epi32(0xF0)), _mm512_slli_epi32(second, 8));
                        bytes = _mm512_mask_or_epi32(bytes, four, head, _mm512_or_si512(_mm512_slli_epi32(middle, 16), _mm512_slli_epi32(last, 24)));
                    }
                }
            }
            /* The first byte of a unit stays even if it is 0; the others are 0 where there are none. */
            uint64_t kept = (_mm512_test_epi8_mask(bytes, bytes) | 0x1111111111111111u) & first(4 * some);
            size_t length = (size_t)_mm_popcnt_u64(kept);
            store_1(to, _mm512_maskz_compress_epi8(kept, bytes), left >= 64 ? 64 : length);
            to += length;
        }
        p += some * width;
        left -= some;
    }
    *from = p;
    *n = left;
    return to;
}

TARGET uint8_t *qr_avx512_encode(uint8_t *to, const uint8_t **from, size_t *n, unsigned width)
{ return width == 1 ? encode(to, from, n, 1) : width == 2 ? encode(to, from, n, 2) : encode(to, from, n, 4); }

/* ---- copying ---- */

TARGET size_t qr_avx512_copy_text(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t i = 0;
    for (; n - i > BLOCK; i += BLOCK) {
        __m512i v = _mm512_loadu_si512(from + i);
        uint64_t stops = text_stops(v);
        _mm512_storeu_si512(to + i, v);
        if (QR_UNLIKELY(stops))
            return i + (size_t)_tzcnt_u64(stops);
    }
    uint64_t here = first(n - i);
    __m512i v = _mm512_maskz_loadu_epi8(here, from + i);
    uint64_t stops = text_stops(v) & here;
    _mm512_storeu_si512(to + i, v);
    if (QR_UNLIKELY(stops)) /* a branch: who calls goes on at n without waiting for the answer */
        return i + (size_t)_tzcnt_u64(stops);
    return n;
}

#endif
