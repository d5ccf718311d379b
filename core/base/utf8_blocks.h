/* SPDX-License-Identifier: Apache-2.0 */
/* utf8_blocks: the block steps of utf8.c, for SSE2 and NEON. Included by utf8.c alone.
 *
 * A step reads and writes as many bytes as its comment says, whatever they are, and says which of the characters were of
 * the kind it converts; who calls moves on by those. `width` is a constant wherever these are inlined: bytes per unit,
 * or 0 where nothing is to be stored. */
#ifndef QUIRE_CORE_BASE_UTF8_BLOCKS_H
#define QUIRE_CORE_BASE_UTF8_BLOCKS_H

#include "core/base/utf8.h"

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

/* Sixteen bytes as PAIRS characters of two bytes; a mask with both bits set for each pair that is such a character. */
QR_INLINE uint32_t decode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i v = load(from);
    /* Into width 1 go only the leads C2 and C3. */
    __m128i shape = width == 1 ? _mm_cmpeq_epi16(_mm_and_si128(v, all16(0xC0FE)), all16(0x80C2))
                               : _mm_cmpeq_epi16(_mm_and_si128(v, all16(0xC0E0)), all16(0x80C0));
    __m128i overlong = _mm_cmpeq_epi16(_mm_and_si128(v, all16(0x1E)), _mm_setzero_si128());
    __m128i code =
        _mm_or_si128(_mm_slli_epi16(_mm_and_si128(v, all16(0x1F)), 6), _mm_and_si128(_mm_srli_epi16(v, 8), all16(0x3F)));
    if (width == 1)
        store_low(to, _mm_packus_epi16(code, code));
    if (width == 2)
        store(to, code);
    if (width == 4) {
        store(to, _mm_unpacklo_epi16(code, _mm_setzero_si128()));
        store(to + 16, _mm_unpackhi_epi16(code, _mm_setzero_si128()));
    }
    return (uint32_t)_mm_movemask_epi8(_mm_andnot_si128(overlong, shape));
}

/* Up to TRIPLES characters of three bytes from twelve bytes (sixteen are read). */
QR_INLINE unsigned decode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i v = load(from);
    __m128i ab = _mm_unpacklo_epi32(v, _mm_srli_si128(v, 3));
    __m128i cd = _mm_unpacklo_epi32(_mm_srli_si128(v, 6), _mm_srli_si128(v, 9));
    v = _mm_unpacklo_epi64(ab, cd);
    __m128i shape = _mm_cmpeq_epi32(_mm_and_si128(v, all32(0xC0C0F0)), all32(0x8080E0));
    __m128i code = _mm_or_si128(
        _mm_or_si128(_mm_and_si128(_mm_slli_epi32(v, 12), all32(0xF000)), _mm_and_si128(_mm_srli_epi32(v, 2), all32(0xFC0))),
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

/* Eight units as lanes of 16 bits; those of 4 bytes that do not fit become some lane from 0x7FFF. */
QR_INLINE __m128i load_units(const uint8_t *from, unsigned width)
{ return width == 2 ? load(from) : _mm_packs_epi32(load(from), load(from + 16)); }
/* All ones in the lanes that have none of the bits: those below a power of two. */
QR_INLINE __m128i has_none(__m128i v, unsigned bits)
{ return _mm_cmpeq_epi16(_mm_and_si128(v, all16(bits)), _mm_setzero_si128()); }

/* Which of sixteen units are ASCII. */
QR_INLINE uint32_t ascii_units(const uint8_t *from, unsigned width)
{
    return (uint32_t)_mm_movemask_epi8(
        _mm_packs_epi16(has_none(load_units(from, width), 0xFF80), has_none(load_units(from + 8 * width, width), 0xFF80)));
}

/* Eight units to eight bytes, right for those that are ASCII. */
QR_INLINE void narrow(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i v = load_units(from, width);
    store_low(to, _mm_packus_epi16(v, v));
}

/* PAIRS units to two bytes each; a mask with both bits set for each that is to be written so. */
QR_INLINE uint32_t encode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i v = load_units(from, width);
    store(to, _mm_or_si128(_mm_or_si128(_mm_srli_epi16(v, 6), _mm_slli_epi16(_mm_and_si128(v, all16(0x3F)), 8)), all16(0x80C0)));
    return (uint32_t)_mm_movemask_epi8(_mm_andnot_si128(has_none(v, 0xFF80), has_none(v, 0xF800)));
}

/* TRIPLES units to three bytes each (fourteen bytes are written); how many from the front are to be written so. */
QR_INLINE unsigned encode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    __m128i zero = _mm_setzero_si128();
    __m128i v = width == 4 ? load(from) : _mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)(const void *)from), zero);
    __m128i page = _mm_and_si128(v, all32(0xFFFFF800));
    __m128i refused = _mm_or_si128(_mm_cmpeq_epi32(page, zero), _mm_cmpeq_epi32(page, all32(0xD800)));
    if (width == 4)
        refused = _mm_or_si128(refused, _mm_cmpgt_epi32(_mm_srli_epi32(v, 16), zero));
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

/* Of eight units, how many times a byte is saved against the most a unit can take: summed over lanes of 16 bits. */
QR_INLINE qr_block count_saved(qr_block counters, const uint8_t *from, unsigned width)
{
    __m128i v = load_units(from, width);
    counters = _mm_sub_epi16(counters, _mm_add_epi16(has_none(v, 0xFF80), has_none(v, 0xF800)));
    if (width == 4) {
        __m128i high = _mm_packs_epi32(_mm_srli_epi32(load(from), 16), _mm_srli_epi32(load(from + 16), 16));
        counters = _mm_sub_epi16(counters, _mm_cmpeq_epi16(high, _mm_setzero_si128()));
    }
    return counters;
}
QR_INLINE size_t sum_saved(qr_block counters)
{
    __m128i v = _mm_madd_epi16(counters, all16(1));
    v = _mm_add_epi32(v, _mm_srli_si128(v, 8));
    return (uint32_t)_mm_cvtsi128_si32(v) + (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(v, 4));
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
QR_INLINE unsigned leading_32(uint32x4_t good)
{
    uint64_t lanes = ~vget_lane_u64(vreinterpret_u64_u16(vmovn_u32(good)), 0);
    return lanes ? (unsigned)__builtin_ctzll(lanes) / 16 : 4;
}

QR_INLINE uint32_t decode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    uint16x8_t v = vreinterpretq_u16_u8(vld1q_u8(from));
    uint16x8_t shape = width == 1 ? vceqq_u16(vandq_u16(v, vdupq_n_u16(0xC0FE)), vdupq_n_u16(0x80C2))
                                  : vceqq_u16(vandq_u16(v, vdupq_n_u16(0xC0E0)), vdupq_n_u16(0x80C0));
    uint16x8_t in_range = vtstq_u16(v, vdupq_n_u16(0x1E));
    uint16x8_t code = vorrq_u16(vshlq_n_u16(vandq_u16(v, vdupq_n_u16(0x1F)), 6), vandq_u16(vshrq_n_u16(v, 8), vdupq_n_u16(0x3F)));
    if (width == 1)
        vst1_u8(to, vmovn_u16(code));
    if (width == 2)
        vst1q_u8(to, vreinterpretq_u8_u16(code));
    if (width == 4) {
        vst1q_u8(to, vreinterpretq_u8_u32(vmovl_u16(vget_low_u16(code))));
        vst1q_u8(to + 16, vreinterpretq_u8_u32(vmovl_u16(vget_high_u16(code))));
    }
    return qr_block_mask(vreinterpretq_u8_u16(vandq_u16(shape, in_range)));
}

QR_INLINE uint32x4_t is_not_surrogate(uint32x4_t page) { return vmvnq_u32(vceqq_u32(page, vdupq_n_u32(0xD800))); }

QR_INLINE unsigned decode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    static const uint8_t order[16] = {0, 1, 2, 255, 3, 4, 5, 255, 6, 7, 8, 255, 9, 10, 11, 255};
    uint32x4_t v = vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(from), vld1q_u8(order)));
    uint32x4_t shape = vceqq_u32(vandq_u32(v, vdupq_n_u32(0xC0C0F0)), vdupq_n_u32(0x8080E0));
    uint32x4_t code =
        vorrq_u32(vorrq_u32(vandq_u32(vshlq_n_u32(v, 12), vdupq_n_u32(0xF000)), vandq_u32(vshrq_n_u32(v, 2), vdupq_n_u32(0xFC0))),
                  vandq_u32(vshrq_n_u32(v, 16), vdupq_n_u32(0x3F)));
    uint32x4_t page = vandq_u32(code, vdupq_n_u32(0xF800));
    uint32x4_t in_range = vandq_u32(vtstq_u32(page, page), is_not_surrogate(page));
    if (width == 2)
        vst1_u8(to, vreinterpret_u8_u16(vmovn_u32(code)));
    if (width == 4)
        vst1q_u8(to, vreinterpretq_u8_u32(code));
    return leading_32(vandq_u32(shape, in_range));
}

QR_INLINE uint16x8_t load_16(const uint8_t *p) { return vreinterpretq_u16_u8(vld1q_u8(p)); }
QR_INLINE uint32x4_t load_32(const uint8_t *p) { return vreinterpretq_u32_u8(vld1q_u8(p)); }

QR_INLINE uint16x8_t load_units(const uint8_t *from, unsigned width)
{ return width == 2 ? load_16(from) : vcombine_u16(vqmovn_u32(load_32(from)), vqmovn_u32(load_32(from + 16))); }
QR_INLINE uint16x8_t below(uint16x8_t v, unsigned bound) { return vcltq_u16(v, vdupq_n_u16((uint16_t)bound)); }

QR_INLINE uint32_t ascii_units(const uint8_t *from, unsigned width)
{
    return qr_block_mask(vcombine_u8(vmovn_u16(below(load_units(from, width), 0x80)),
                                     vmovn_u16(below(load_units(from + 8 * width, width), 0x80))));
}

QR_INLINE void narrow(uint8_t *to, const uint8_t *from, unsigned width) { vst1_u8(to, vmovn_u16(load_units(from, width))); }

QR_INLINE uint32_t encode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    uint16x8_t v = load_units(from, width);
    uint16x8_t bytes =
        vorrq_u16(vorrq_u16(vshrq_n_u16(v, 6), vshlq_n_u16(vandq_u16(v, vdupq_n_u16(0x3F)), 8)), vdupq_n_u16(0x80C0));
    vst1q_u8(to, vreinterpretq_u8_u16(bytes));
    return qr_block_mask(vreinterpretq_u8_u16(vbicq_u16(below(v, 0x800), below(v, 0x80))));
}

QR_INLINE unsigned encode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    static const uint8_t order[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255};
    uint32x4_t v = width == 4 ? load_32(from) : vmovl_u16(vreinterpret_u16_u8(vld1_u8(from)));
    uint32x4_t page = vandq_u32(v, vdupq_n_u32(0xFFFFF800));
    uint32x4_t in_range = vandq_u32(vtstq_u32(page, page), is_not_surrogate(page));
    if (width == 4)
        in_range = vandq_u32(in_range, vcltq_u32(v, vdupq_n_u32(0x10000)));
    uint32x4_t bytes = vorrq_u32(vorrq_u32(vshrq_n_u32(v, 12), vandq_u32(vshlq_n_u32(v, 2), vdupq_n_u32(0x3F00))),
                                 vorrq_u32(vshlq_n_u32(vandq_u32(v, vdupq_n_u32(0x3F)), 16), vdupq_n_u32(0x8080E0)));
    vst1q_u8(to, vqtbl1q_u8(vreinterpretq_u8_u32(bytes), vld1q_u8(order)));
    return leading_32(in_range);
}

QR_INLINE qr_block count_saved(qr_block counters, const uint8_t *from, unsigned width)
{
    uint16x8_t sums = vreinterpretq_u16_u8(counters), v = load_units(from, width);
    sums = vsubq_u16(sums, vaddq_u16(below(v, 0x80), below(v, 0x800)));
    if (width == 4) {
        uint32x4_t bound = vdupq_n_u32(0x10000);
        sums = vsubq_u16(
            sums, vcombine_u16(vmovn_u32(vcltq_u32(load_32(from), bound)), vmovn_u32(vcltq_u32(load_32(from + 16), bound))));
    }
    return vreinterpretq_u8_u16(sums);
}
QR_INLINE size_t sum_saved(qr_block counters) { return vaddlvq_u16(vreinterpretq_u16_u8(counters)); }

#else

/* Never called: HAS_BLOCKS is 0. */
QR_INLINE uint32_t widen(uint8_t *to, const uint8_t *from, unsigned width)
{
    (void)to;
    (void)from;
    (void)width;
    return 1;
}
QR_INLINE uint32_t decode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    (void)to;
    (void)from;
    (void)width;
    return 0;
}
QR_INLINE unsigned decode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    (void)to;
    (void)from;
    (void)width;
    return 0;
}
QR_INLINE uint32_t ascii_units(const uint8_t *from, unsigned width)
{
    (void)from;
    (void)width;
    return 0;
}
QR_INLINE void narrow(uint8_t *to, const uint8_t *from, unsigned width)
{
    (void)to;
    (void)from;
    (void)width;
}
QR_INLINE uint32_t encode_pairs(uint8_t *to, const uint8_t *from, unsigned width)
{
    (void)to;
    (void)from;
    (void)width;
    return 0;
}
QR_INLINE unsigned encode_triples(uint8_t *to, const uint8_t *from, unsigned width)
{
    (void)to;
    (void)from;
    (void)width;
    return 0;
}
QR_INLINE qr_block count_saved(qr_block counters, const uint8_t *from, unsigned width)
{
    (void)from;
    (void)width;
    return counters;
}
QR_INLINE size_t sum_saved(qr_block counters)
{
    (void)counters;
    return 0;
}

#endif

#if !defined(QR_SIMD_SCALAR)

/* ---- for measuring ---- */

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
QR_INLINE qr_block count_continuations(qr_block counters, qr_block v)
{ return _mm_sub_epi8(counters, _mm_cmplt_epi8(v, _mm_set1_epi8(-64))); }
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
{ return vsubq_u8(counters, vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(-64))); }
QR_INLINE size_t sum(qr_block counters) { return vaddlvq_u8(counters); }
QR_INLINE uint8_t largest_lane(qr_block v) { return vmaxvq_u8(v); }
#endif

#endif

#endif
