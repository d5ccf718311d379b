/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: from RFC 3629 and table 3-7 of the Unicode Standard ("Well-Formed UTF-8 Byte Sequences").
 *
 * Text comes in runs of one sequence length: ASCII, or two bytes (Cyrillic, Greek, Arabic), or three (Chinese, Japanese).
 * A block step converts as many characters as sixteen bytes hold as if all were of the length of the first, stores them
 * all, and says how many from the front truly were; the cursors move on by that many, and what was stored behind is
 * overwritten by the next step. So there is one branch per run, not one per character. The rest, and the whole of the
 * plain C variant, is character by character. */
#include "core/base/utf8.h"

/* ---- block steps ---- */

#if defined(QR_SIMD_SCALAR)
enum { HAS_BLOCKS = 0 };
#else
enum { HAS_BLOCKS = 1 };
#endif

enum { PAIRS = 8, TRIPLES = 4 }; /* characters of two and of three bytes per step */

#if defined(QR_SIMD_SSE2)

QR_INLINE __m128i load(const void *p) { return _mm_loadu_si128((const __m128i *)p); }
QR_INLINE void store(void *p, __m128i v) { _mm_storeu_si128((__m128i *)p, v); }
QR_INLINE void store_low(void *p, __m128i v) { _mm_storel_epi64((__m128i *)p, v); }
QR_INLINE __m128i all16(unsigned v) { return _mm_set1_epi16((short)v); }
QR_INLINE __m128i all32(unsigned v) { return _mm_set1_epi32((int)v); }

/* Sixteen bytes to sixteen units; a mask of those that are not ASCII. */
QR_INLINE uint32_t widen(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i v = load(from), zero = _mm_setzero_si128();
    if (width == 1)
        store(to, v);
    if (width > 1) {
        __m128i low = _mm_unpacklo_epi8(v, zero), high = _mm_unpackhi_epi8(v, zero);
        if (width == 2) {
            store(to, low);
            store(to + 16, high);
        } else {
            store(to, _mm_unpacklo_epi16(low, zero));
            store(to + 16, _mm_unpackhi_epi16(low, zero));
            store(to + 32, _mm_unpacklo_epi16(high, zero));
            store(to + 48, _mm_unpackhi_epi16(high, zero));
        }
    }
    return (uint32_t)_mm_movemask_epi8(v);
}

/* Up to PAIRS characters of two bytes from sixteen bytes; how many from the front are such. */
QR_INLINE unsigned decode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i v = load(from);
    __m128i shape = _mm_cmpeq_epi16(_mm_and_si128(v, all16(0xC0E0)), all16(0x80C0));
    __m128i overlong = _mm_cmpeq_epi16(_mm_and_si128(v, all16(0x1E)), _mm_setzero_si128());
    __m128i code = _mm_or_si128(_mm_slli_epi16(_mm_and_si128(v, all16(0x1F)), 6), _mm_and_si128(_mm_srli_epi16(v, 8), all16(0x3F)));
    if (width == 2)
        store(to, code);
    if (width == 4) {
        store(to, _mm_unpacklo_epi16(code, _mm_setzero_si128()));
        store(to + 16, _mm_unpackhi_epi16(code, _mm_setzero_si128()));
    }
    uint32_t good = (uint32_t)_mm_movemask_epi8(_mm_andnot_si128(overlong, shape));
    return qr_simd_first(~good) / 2;
}

/* Up to TRIPLES characters of three bytes from twelve bytes (sixteen are read). */
QR_INLINE unsigned decode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i v = load(from);
    __m128i ab = _mm_unpacklo_epi32(v, _mm_srli_si128(v, 3));
    __m128i cd = _mm_unpacklo_epi32(_mm_srli_si128(v, 6), _mm_srli_si128(v, 9));
    v = _mm_unpacklo_epi64(ab, cd);
    __m128i shape = _mm_cmpeq_epi32(_mm_and_si128(v, all32(0xC0C0F0)), all32(0x8080E0));
    __m128i code = _mm_or_si128(_mm_or_si128(_mm_and_si128(_mm_slli_epi32(v, 12), all32(0xF000)), _mm_and_si128(_mm_srli_epi32(v, 2), all32(0xFC0))),
                                _mm_and_si128(_mm_srli_epi32(v, 16), all32(0x3F)));
    __m128i page = _mm_and_si128(code, all32(0xF800));
    __m128i refused = _mm_or_si128(_mm_cmpeq_epi32(page, _mm_setzero_si128()), _mm_cmpeq_epi32(page, all32(0xD800)));
    if (width == 2) {
        /* SSE2 packs with signed saturation only: let the sign be that of the low half. */
        __m128i half = _mm_srai_epi32(_mm_slli_epi32(code, 16), 16);
        store_low(to, _mm_packs_epi32(half, half));
    }
    if (width == 4)
        store(to, code);
    uint32_t good = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_andnot_si128(refused, shape)));
    return qr_simd_first(~good);
}

/* Eight units to eight bytes; how many from the front are ASCII. */
QR_INLINE unsigned narrow_2(uint8_t *to, const uint16_t *from)
{
    __m128i v = load(from);
    store_low(to, _mm_packus_epi16(v, v));
    __m128i ascii = _mm_cmpeq_epi16(_mm_and_si128(v, all16(0xFF80)), _mm_setzero_si128());
    return qr_simd_first(~(uint32_t)_mm_movemask_epi8(ascii)) / 2;
}

QR_INLINE unsigned encode_pairs(uint8_t *to, const uint16_t *from)
{
    __m128i v = load(from), zero = _mm_setzero_si128();
    __m128i bytes = _mm_or_si128(_mm_or_si128(_mm_srli_epi16(v, 6), _mm_slli_epi16(_mm_and_si128(v, all16(0x3F)), 8)), all16(0x80C0));
    store(to, bytes);
    __m128i ascii = _mm_cmpeq_epi16(_mm_and_si128(v, all16(0xFF80)), zero);
    __m128i fits = _mm_cmpeq_epi16(_mm_and_si128(v, all16(0xF800)), zero);
    return qr_simd_first(~(uint32_t)_mm_movemask_epi8(_mm_andnot_si128(ascii, fits))) / 2;
}

QR_INLINE unsigned encode_triples(uint8_t *to, const uint16_t *from)
{
    __m128i zero = _mm_setzero_si128(), v = _mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)(const void *)from), zero);
    __m128i page = _mm_and_si128(v, all32(0xF800));
    __m128i refused = _mm_or_si128(_mm_cmpeq_epi32(page, zero), _mm_cmpeq_epi32(page, all32(0xD800)));
    __m128i bytes = _mm_or_si128(_mm_or_si128(_mm_srli_epi32(v, 12), _mm_and_si128(_mm_slli_epi32(v, 2), all32(0x3F00))),
                                 _mm_or_si128(_mm_slli_epi32(_mm_and_si128(v, all32(0x3F)), 16), all32(0x8080E0)));
    /* Each half holds two characters of three bytes and a gap: close it. */
    __m128i even = _mm_and_si128(bytes, _mm_set1_epi64x(0xFFFFFF));
    __m128i odd = _mm_srli_epi64(_mm_andnot_si128(_mm_set1_epi64x(0xFFFFFFFF), bytes), 8);
    __m128i packed = _mm_or_si128(even, odd);
    store_low(to, packed);
    store_low(to + 6, _mm_unpackhi_epi64(packed, packed));
    return qr_simd_first((uint32_t)_mm_movemask_ps(_mm_castsi128_ps(refused)) | 1u << TRIPLES);
}

#elif defined(QR_SIMD_NEON)

QR_INLINE uint32_t widen(uint8_t *to, const uint8_t *from, unsigned width)
{
    uint8x16_t v = vld1q_u8(from);
    if (width == 1)
        vst1q_u8(to, v);
    if (width > 1) {
        uint16x8_t low = vmovl_u8(vget_low_u8(v)), high = vmovl_u8(vget_high_u8(v));
        if (width == 2) {
            vst1q_u8(to, vreinterpretq_u8_u16(low));
            vst1q_u8(to + 16, vreinterpretq_u8_u16(high));
        } else {
            vst1q_u8(to, vreinterpretq_u8_u32(vmovl_u16(vget_low_u16(low))));
            vst1q_u8(to + 16, vreinterpretq_u8_u32(vmovl_u16(vget_high_u16(low))));
            vst1q_u8(to + 32, vreinterpretq_u8_u32(vmovl_u16(vget_low_u16(high))));
            vst1q_u8(to + 48, vreinterpretq_u8_u32(vmovl_u16(vget_high_u16(high))));
        }
    }
    return qr_block_high(v);
}

/* How many lanes from the front are all ones. */
QR_INLINE unsigned leading_16(uint16x8_t good)
{
    uint64_t lanes = ~vget_lane_u64(vreinterpret_u64_u8(vmovn_u16(good)), 0);
    return lanes ? (unsigned)__builtin_ctzll(lanes) / 8 : 8;
}
QR_INLINE unsigned leading_32(uint32x4_t good)
{
    uint64_t lanes = ~vget_lane_u64(vreinterpret_u64_u16(vmovn_u32(good)), 0);
    return lanes ? (unsigned)__builtin_ctzll(lanes) / 16 : 4;
}

QR_INLINE unsigned decode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    uint16x8_t v = vreinterpretq_u16_u8(vld1q_u8(from));
    uint16x8_t shape = vceqq_u16(vandq_u16(v, vdupq_n_u16(0xC0E0)), vdupq_n_u16(0x80C0));
    uint16x8_t in_range = vtstq_u16(v, vdupq_n_u16(0x1E));
    uint16x8_t code = vorrq_u16(vshlq_n_u16(vandq_u16(v, vdupq_n_u16(0x1F)), 6), vandq_u16(vshrq_n_u16(v, 8), vdupq_n_u16(0x3F)));
    if (width == 2)
        vst1q_u8(to, vreinterpretq_u8_u16(code));
    if (width == 4) {
        vst1q_u8(to, vreinterpretq_u8_u32(vmovl_u16(vget_low_u16(code))));
        vst1q_u8(to + 16, vreinterpretq_u8_u32(vmovl_u16(vget_high_u16(code))));
    }
    return leading_16(vandq_u16(shape, in_range));
}

QR_INLINE uint32x4_t is_not_surrogate(uint32x4_t page) { return vmvnq_u32(vceqq_u32(page, vdupq_n_u32(0xD800))); }

QR_INLINE unsigned decode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    static const uint8_t order[16] = {0, 1, 2, 255, 3, 4, 5, 255, 6, 7, 8, 255, 9, 10, 11, 255};
    uint32x4_t v = vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(from), vld1q_u8(order)));
    uint32x4_t shape = vceqq_u32(vandq_u32(v, vdupq_n_u32(0xC0C0F0)), vdupq_n_u32(0x8080E0));
    uint32x4_t code = vorrq_u32(vorrq_u32(vandq_u32(vshlq_n_u32(v, 12), vdupq_n_u32(0xF000)), vandq_u32(vshrq_n_u32(v, 2), vdupq_n_u32(0xFC0))),
                                vandq_u32(vshrq_n_u32(v, 16), vdupq_n_u32(0x3F)));
    uint32x4_t page = vandq_u32(code, vdupq_n_u32(0xF800));
    uint32x4_t in_range = vandq_u32(vtstq_u32(page, page), is_not_surrogate(page));
    if (width == 2)
        vst1_u8(to, vreinterpret_u8_u16(vmovn_u32(code)));
    if (width == 4)
        vst1q_u8(to, vreinterpretq_u8_u32(code));
    return leading_32(vandq_u32(shape, in_range));
}

QR_INLINE unsigned narrow_2(uint8_t *to, const uint16_t *from)
{
    uint16x8_t v = vld1q_u16(from);
    vst1_u8(to, vmovn_u16(v));
    return leading_16(vcltq_u16(v, vdupq_n_u16(0x80)));
}

QR_INLINE unsigned encode_pairs(uint8_t *to, const uint16_t *from)
{
    uint16x8_t v = vld1q_u16(from);
    uint16x8_t bytes = vorrq_u16(vorrq_u16(vshrq_n_u16(v, 6), vshlq_n_u16(vandq_u16(v, vdupq_n_u16(0x3F)), 8)), vdupq_n_u16(0x80C0));
    vst1q_u8(to, vreinterpretq_u8_u16(bytes));
    return leading_16(vandq_u16(vcgeq_u16(v, vdupq_n_u16(0x80)), vcltq_u16(v, vdupq_n_u16(0x800))));
}

QR_INLINE unsigned encode_triples(uint8_t *to, const uint16_t *from)
{
    static const uint8_t order[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255};
    uint32x4_t v = vmovl_u16(vld1_u16(from));
    uint32x4_t page = vandq_u32(v, vdupq_n_u32(0xF800));
    uint32x4_t in_range = vandq_u32(vtstq_u32(page, page), is_not_surrogate(page));
    uint32x4_t bytes = vorrq_u32(vorrq_u32(vshrq_n_u32(v, 12), vandq_u32(vshlq_n_u32(v, 2), vdupq_n_u32(0x3F00))),
                                 vorrq_u32(vshlq_n_u32(vandq_u32(v, vdupq_n_u32(0x3F)), 16), vdupq_n_u32(0x8080E0)));
    vst1q_u8(to, vqtbl1q_u8(vreinterpretq_u8_u32(bytes), vld1q_u8(order)));
    return leading_32(in_range);
}

#else

/* Never called: HAS_BLOCKS is 0. */
QR_INLINE uint32_t widen(uint8_t *to, const uint8_t *from, unsigned width) { (void)to; (void)from; (void)width; return 1; }
QR_INLINE unsigned decode_pairs(uint8_t *to, const uint8_t *from, unsigned width) { (void)to; (void)from; (void)width; return 0; }
QR_INLINE unsigned decode_triples(uint8_t *to, const uint8_t *from, unsigned width) { (void)to; (void)from; (void)width; return 0; }
QR_INLINE unsigned narrow_2(uint8_t *to, const uint16_t *from) { (void)to; (void)from; return 0; }
QR_INLINE unsigned encode_pairs(uint8_t *to, const uint16_t *from) { (void)to; (void)from; return 0; }
QR_INLINE unsigned encode_triples(uint8_t *to, const uint16_t *from) { (void)to; (void)from; return 0; }

#endif

/* ---- measuring ---- */

QR_INLINE qr_text_class class_of_byte(uint8_t largest)
{
    return largest < 0x80 ? QR_TEXT_ASCII : largest < 0xC4 ? QR_TEXT_LATIN1 : largest < 0xF0 ? QR_TEXT_BMP : QR_TEXT_FULL;
}

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

#else

/* The last n % 16 bytes as a block, zero elsewhere. */
QR_INLINE qr_block load_rest(const uint8_t *s, size_t n)
{
    uint64_t halves[2] = {0, 0};
    size_t rest = n & 15;
    if (rest)
        s += n - rest;
    if (rest >= 8) {
        halves[0] = qr_load64(s);
        halves[1] = rest > 8 ? qr_load64(s + rest - 8) >> (16 - rest) * 8 : 0;
    } else if (rest >= 4) {
        halves[0] = qr_load32(s);
        halves[0] |= (uint64_t)qr_load32(s + rest - 4) << (rest - 4) * 8; /* the bits that meet are the same */
    } else if (rest) {
        halves[0] = (uint64_t)s[0] | (uint64_t)s[rest / 2] << rest / 2 * 8 | (uint64_t)s[rest - 1] << (rest - 1) * 8;
    }
#if defined(QR_SIMD_SSE2)
    return _mm_set_epi64x((long long)halves[1], (long long)halves[0]);
#else
    return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(halves[0]), vcreate_u64(halves[1])));
#endif
}

#if defined(QR_SIMD_SSE2)
QR_INLINE qr_block none(void) { return _mm_setzero_si128(); }
QR_INLINE qr_block larger(qr_block a, qr_block b) { return _mm_max_epu8(a, b); }
/* Takes away (-1) from the counters of those lanes that hold a continuation: as signed bytes, those below -64. */
QR_INLINE qr_block count_continuations(qr_block counters, qr_block v) { return _mm_sub_epi8(counters, _mm_cmplt_epi8(v, _mm_set1_epi8(-64))); }
QR_INLINE size_t sum(qr_block counters)
{
    __m128i halves = _mm_sad_epu8(counters, _mm_setzero_si128());
    return (size_t)(uint64_t)_mm_cvtsi128_si64(_mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves)));
}
QR_INLINE uint8_t largest_lane(qr_block v)
{
    v = _mm_max_epu8(v, _mm_srli_si128(v, 8));
    uint64_t x = (uint64_t)_mm_cvtsi128_si64(_mm_max_epu8(v, _mm_srli_epi64(v, 32)));
    v = _mm_cvtsi64_si128((long long)x);
    v = _mm_max_epu8(v, _mm_srli_epi64(v, 16));
    v = _mm_max_epu8(v, _mm_srli_epi64(v, 8));
    return (uint8_t)_mm_cvtsi128_si32(v);
}
#else
QR_INLINE qr_block none(void) { return vdupq_n_u8(0); }
QR_INLINE qr_block larger(qr_block a, qr_block b) { return vmaxq_u8(a, b); }
QR_INLINE qr_block count_continuations(qr_block counters, qr_block v)
{
    return vsubq_u8(counters, vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(-64)));
}
QR_INLINE size_t sum(qr_block counters) { return vaddlvq_u8(counters); }
QR_INLINE uint8_t largest_lane(qr_block v) { return vmaxvq_u8(v); }
#endif

qr_text_class qr_utf8_measure(const uint8_t *s, size_t n, size_t *count)
{
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

#endif

/* ---- decoding ---- */

/* One sequence of two to four bytes of at most `left`: its length and *code, or 0. */
QR_INLINE unsigned decode_one(const uint8_t *p, size_t left, uint32_t *code)
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

QR_INLINE void put(uint8_t *to, unsigned width, uint32_t code)
{
    if (width == 1)
        *to = (uint8_t)code;
    if (width == 2)
        qr_store16(to, (uint16_t)code);
    if (width == 4)
        qr_store32(to, code);
}

/* Decodes until the end, a fault or the end of the room, and returns how far it came; *room is what is left of it.
 * The width is a constant wherever this is inlined; 0 stores nothing. */
QR_INLINE const uint8_t *decode(const uint8_t *p, const uint8_t *end, uint8_t *to, unsigned width, size_t *room)
{
    size_t left = *room;
#define ADVANCE(bytes, units) (p += (bytes), to += (size_t)(units) * width, left -= (units))
    while (p < end) {
        size_t bytes = (size_t)(end - p);
        uint8_t lead = *p;
        if (lead < 0x80) {
            if (HAS_BLOCKS && bytes >= 16 && left >= 16) {
                unsigned ascii = qr_simd_first(widen(to, p, width) | 1u << 16);
                ADVANCE(ascii, ascii);
                continue;
            }
            if (left == 0)
                break;
            put(to, width, lead);
            ADVANCE(1, 1);
            continue;
        }
        if (HAS_BLOCKS && bytes >= 16 && width != 1) {
            if (lead < 0xE0 && left >= PAIRS + 2) {
                unsigned pairs = decode_pairs(to, p, width);
                if (QR_UNLIKELY(pairs == 0))
                    break;
                ADVANCE(2 * pairs, pairs);
                if (pairs < PAIRS) {
                    /* Between two words there are mostly one or two of ASCII: take them without a branch. */
                    unsigned one = p[0] < 0x80, two = one & (p[1] < 0x80);
                    put(to, width, p[0]);
                    put(to + width, width, p[1]);
                    ADVANCE(one + two, one + two);
                }
                continue;
            }
            if (lead >= 0xE0 && lead < 0xF0 && left >= TRIPLES) {
                unsigned triples = decode_triples(to, p, width);
                if (QR_UNLIKELY(triples == 0))
                    break;
                ADVANCE(3 * triples, triples);
                continue;
            }
        }
        uint32_t code;
        unsigned length = decode_one(p, bytes, &code);
        if (QR_UNLIKELY(length == 0 || left == 0 || (width == 1 && code > 0xFF) || (width == 2 && code > 0xFFFF)))
            break;
        put(to, width, code);
        ADVANCE(length, 1);
    }
#undef ADVANCE
    *room = left;
    return p;
}

int qr_utf8_decode(const uint8_t *s, size_t n, void *to, unsigned width, size_t room)
{
    if (n == 0)
        return room == 0;
    const uint8_t *end = s + n, *stop;
    switch (width) {
    case 1: stop = decode(s, end, to, 1, &room); break;
    case 2: stop = decode(s, end, to, 2, &room); break;
    case 4: stop = decode(s, end, to, 4, &room); break;
    default: return 0;
    }
    return stop == end && room == 0;
}

size_t qr_utf8_invalid_at(const uint8_t *s, size_t n)
{
    uint8_t nowhere;
    size_t room = n;
    return n ? (size_t)(decode(s, s + n, &nowhere, 0, &room) - s) : 0;
}

/* ---- encoding ---- */

size_t qr_utf8_encoded_length_1(const uint8_t *s, size_t n)
{
    size_t length = n, i = 0;
    for (; n - i >= 16; i += 16)
        length += (size_t)__builtin_popcount(qr_simd_high(s + i));
    for (; i < n; i++)
        length += s[i] >> 7;
    return length;
}

size_t qr_utf8_encoded_length_2(const uint16_t *s, size_t n)
{
    size_t length = n;
    for (size_t i = 0; i < n; i++)
        length += (size_t)(s[i] >= 0x80) + (size_t)(s[i] >= 0x800);
    return length;
}

size_t qr_utf8_encoded_length_4(const uint32_t *s, size_t n)
{
    size_t length = n;
    for (size_t i = 0; i < n; i++)
        length += (size_t)(s[i] >= 0x80) + (size_t)(s[i] >= 0x800) + (size_t)(s[i] >= 0x10000);
    return length;
}

uint8_t *qr_utf8_encode_1(uint8_t *to, const uint8_t *from, size_t n)
{
    while (n) {
        if (HAS_BLOCKS && n >= 16) {
            unsigned ascii = qr_simd_first(widen(to, from, 1) | 1u << 16);
            to += ascii;
            from += ascii;
            n -= ascii;
            if (ascii == 16)
                continue;
        }
        to += qr_utf8_encode_point(to, *from++);
        n--;
    }
    return to;
}

uint8_t *qr_utf8_encode_2(uint8_t *to, const uint16_t *from, size_t n)
{
    while (n) {
        uint16_t unit = *from;
        if (HAS_BLOCKS && n >= 8) {
            unsigned done;
            if (unit < 0x80) {
                done = narrow_2(to, from);
                to += done;
            } else if (unit < 0x800) {
                done = encode_pairs(to, from);
                to += 2 * done;
            } else {
                done = encode_triples(to, from);
                if (QR_UNLIKELY(done == 0))
                    return NULL;
                to += 3 * done;
            }
            from += done;
            n -= done;
            continue;
        }
        if (QR_UNLIKELY((unit & 0xF800) == 0xD800))
            return NULL;
        to += qr_utf8_encode_point(to, unit);
        from++;
        n--;
    }
    return to;
}

uint8_t *qr_utf8_encode_4(uint8_t *to, const uint32_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t unit = from[i];
        if (QR_UNLIKELY(unit > 0x10FFFF || (unit & 0xFFFFF800) == 0xD800))
            return NULL;
        to += qr_utf8_encode_point(to, unit);
    }
    return to;
}
