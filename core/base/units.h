/* SPDX-License-Identifier: Apache-2.0 */
/* units: the characters of a wide text, of two or four bytes each, sixteen at a time.
 *
 * Sixteen units are narrowed to a block of sixteen bytes (what is no byte becomes 0xFF), so the classes of simd.h serve for every
 * width. Nothing is read or written beyond the units that are named. A unit of four bytes is at most U+10FFFF. */
#ifndef QUIRE_CORE_BASE_UNITS_H
#define QUIRE_CORE_BASE_UNITS_H

#include "core/base/simd.h"

/* Sixteen units as bytes; those above 0xFE are 0xFF. */
QR_INLINE qr_block qr_units_narrow_1(const uint8_t *p) { return qr_block_load(p); }
#if defined(QR_SIMD_SSE2)
QR_INLINE qr_block qr_units_narrow_2(const uint16_t *p)
{
    const __m128i most = _mm_set1_epi16(0xFF);
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p), b = _mm_loadu_si128((const __m128i *)(const void *)(p + 8));
    a = _mm_sub_epi16(a, _mm_subs_epu16(a, most)); /* packing takes units for signed */
    b = _mm_sub_epi16(b, _mm_subs_epu16(b, most));
    return _mm_packus_epi16(a, b);
}
QR_INLINE qr_block qr_units_narrow_4(const uint32_t *p)
{
    const __m128i *from = (const __m128i *)(const void *)p;
    __m128i low = _mm_packs_epi32(_mm_loadu_si128(from), _mm_loadu_si128(from + 1));
    __m128i high = _mm_packs_epi32(_mm_loadu_si128(from + 2), _mm_loadu_si128(from + 3));
    return _mm_packus_epi16(low, high);
}
/* Eight units of four bytes that fit, as units of two. */
QR_INLINE qr_block qr_units_halve(const uint32_t *p)
{
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p), b = _mm_loadu_si128((const __m128i *)(const void *)(p + 4));
    return _mm_packs_epi32(_mm_srai_epi32(_mm_slli_epi32(a, 16), 16), _mm_srai_epi32(_mm_slli_epi32(b, 16), 16)); /* packing takes units for signed */
}
#elif defined(QR_SIMD_NEON)
QR_INLINE qr_block qr_units_narrow_2(const uint16_t *p) { return vcombine_u8(vqmovn_u16(vld1q_u16(p)), vqmovn_u16(vld1q_u16(p + 8))); }
QR_INLINE qr_block qr_units_narrow_4(const uint32_t *p)
{
    uint16x8_t low = vcombine_u16(vqmovn_u32(vld1q_u32(p)), vqmovn_u32(vld1q_u32(p + 4)));
    uint16x8_t high = vcombine_u16(vqmovn_u32(vld1q_u32(p + 8)), vqmovn_u32(vld1q_u32(p + 12)));
    return vcombine_u8(vqmovn_u16(low), vqmovn_u16(high));
}
QR_INLINE qr_block qr_units_halve(const uint32_t *p) { return vreinterpretq_u8_u16(vcombine_u16(vmovn_u32(vld1q_u32(p)), vmovn_u32(vld1q_u32(p + 4)))); }
#else
QR_INLINE qr_block qr_units_narrow_2(const uint16_t *p)
{
    uint8_t bytes[16];
    for (unsigned i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(p[i] < 0xFF ? p[i] : 0xFF);
    return qr_block_load(bytes);
}
QR_INLINE qr_block qr_units_narrow_4(const uint32_t *p)
{
    uint8_t bytes[16];
    for (unsigned i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(p[i] < 0xFF ? p[i] : 0xFF);
    return qr_block_load(bytes);
}
QR_INLINE qr_block qr_units_halve(const uint32_t *p)
{
    qr_block v;
    for (unsigned i = 0; i < 8; i++) {
        uint16_t unit = (uint16_t)p[i];
        memcpy(v.bytes + 2 * i, &unit, 2);
    }
    return v;
}
#endif

/* All n bytes or'ed, as a word of eight: a bit of a unit is set where one of the units that stand there in a word has it. The bytes are
 * those of whole units; qr_units_fold puts those of a word together. */
QR_INLINE uint64_t qr_units_or(const void *units, size_t n)
{
    const uint8_t *p = units;
    if (n >= 16) {
        qr_block all = qr_block_or(qr_block_load(p), qr_block_load(p + n - 16));
        for (size_t i = 16; i + 16 < n; i += 16)
            all = qr_block_or(all, qr_block_load(p + i));
        return qr_block_fold(all);
    }
    if (n >= 8)
        return qr_load64(p) | qr_load64(p + n - 8);
    if (n >= 4)
        return qr_load32(p) | qr_load32(p + n - 4);
    return n >= 2 ? (uint64_t)(qr_load16(p) | qr_load16(p + n - 2)) : n ? *p : 0;
}
QR_INLINE uint32_t qr_units_fold(uint64_t word, unsigned width)
{
    uint32_t all = (uint32_t)(word | word >> 32);
    if (width <= 2)
        all = (all | all >> 16) & 0xFFFF;
    return width == 1 ? (all | all >> 8) & 0xFF : all;
}

/* How many of the n units from p on stand before the first '"', '\\' or control (n: there is none); *all gets their bits. */
#if defined(QR_SIMD_MASKED)
QR_INLINE __mmask16 qr_units_lanes(size_t n) { return (__mmask16)(n >= 16 ? 0xFFFF : _bzhi_u32(0xFFFF, (unsigned)n)); }
QR_INLINE uint64_t qr_units_fold_512(__m512i v)
{
    __m256i half = _mm256_or_si256(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    return qr_block_fold(_mm_or_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}
/* LANES units a time. Classes are told apart in vectors, where a class is a zero and the least of them has the zeros of all: masks are slow
 * to get at, so that there is but one. */
#define QR_UNITS_PLAIN_MASKED(WIDTH, UNIT, LANES, MASK, BITS)                                                                        \
    QR_INLINE MASK qr_units_stops_##WIDTH(__m512i v)                                                                                 \
    {                                                                                                                                \
        __m512i quote = _mm512_xor_si512(v, _mm512_set1_epi##BITS('"')), back = _mm512_xor_si512(v, _mm512_set1_epi##BITS('\\'));    \
        __m512i control = _mm512_andnot_si512(_mm512_set1_epi##BITS(0x1F), v);                                                       \
        __m512i least = _mm512_min_epu##BITS(_mm512_min_epu##BITS(quote, back), control);                                            \
        return _mm512_testn_epi##BITS##_mask(least, least);                                                                          \
    }                                                                                                                                \
    QR_INLINE size_t qr_units_plain_##WIDTH(const UNIT *p, size_t n, uint32_t *all)                                                  \
    {                                                                                                                                \
        __m512i seen = _mm512_setzero_si512(), v = seen;                                                                             \
        size_t i = 0;                                                                                                                \
        MASK stops = 0;                                                                                                              \
        for (; QR_LIKELY(n - i >= LANES); i += LANES) {                                                                              \
            v = _mm512_loadu_si512(p + i);                                                                                           \
            if ((stops = qr_units_stops_##WIDTH(v)) != 0)                                                                            \
                break;                                                                                                               \
            seen = _mm512_or_si512(seen, v);                                                                                         \
        }                                                                                                                            \
        if (QR_UNLIKELY(!stops)) {                                                                                                   \
            MASK lanes = (MASK)_bzhi_u32(UINT32_MAX, (unsigned)(n - i));                                                             \
            v = _mm512_maskz_loadu_epi##BITS(lanes, p + i);                                                                          \
            stops = qr_units_stops_##WIDTH(v) & lanes;                                                                               \
        }                                                                                                                            \
        MASK before = stops ? (MASK)(_blsmsk_u32(stops) >> 1) : (MASK)UINT32_MAX;                                                    \
        seen = _mm512_or_si512(seen, _mm512_maskz_mov_epi##BITS(before, v));                                                         \
        *all |= qr_units_fold(qr_units_fold_512(seen), WIDTH);                                                                       \
        return stops ? i + qr_simd_first(stops) : n;                                                                                 \
    }
QR_UNITS_PLAIN_MASKED(2, uint16_t, 32, __mmask32, 16)
QR_UNITS_PLAIN_MASKED(4, uint32_t, 16, __mmask16, 32)
#endif
#define QR_UNITS_PLAIN(name, UNIT, narrow)                                                  \
    QR_INLINE size_t name(const UNIT *p, size_t n, uint32_t *all)                           \
    {                                                                                       \
        size_t i = 0;                                                                       \
        uint32_t stops = 0;                                                                 \
        for (; QR_LIKELY(n - i >= QR_SIMD_BLOCK); i += QR_SIMD_BLOCK)                       \
            if ((stops = qr_block_quote_stop(narrow(p + i))) != 0) {                        \
                i += qr_simd_first(stops);                                                  \
                break;                                                                      \
            }                                                                               \
        if (!stops)                                                                         \
            while (i < n && p[i] != '"' && p[i] != '\\' && p[i] >= 0x20)                    \
                i++;                                                                        \
        *all |= qr_units_fold(qr_units_or(p, i * sizeof(UNIT)), sizeof(UNIT));              \
        return i;                                                                           \
    }
QR_UNITS_PLAIN(qr_units_plain_1, uint8_t, qr_block_load)
#if !defined(QR_SIMD_MASKED)
QR_UNITS_PLAIN(qr_units_plain_2, uint16_t, qr_units_narrow_2)
QR_UNITS_PLAIN(qr_units_plain_4, uint32_t, qr_units_narrow_4)
#endif

/* Copies n units that fit into narrower ones. From `from` on `readable` units can be read: at least n, better sixteen more. */
#if defined(QR_SIMD_MASKED)
QR_INLINE void qr_units_copy_4_2(uint16_t *to, const uint32_t *from, size_t n, size_t QR_UNUSED readable)
{
    for (size_t i = 0; i < n; i += 16)
        _mm512_mask_cvtepi32_storeu_epi16(to + i, qr_units_lanes(n - i), _mm512_maskz_loadu_epi32(qr_units_lanes(n - i), from + i));
}
QR_INLINE void qr_units_copy_4_1(uint8_t *to, const uint32_t *from, size_t n, size_t QR_UNUSED readable)
{
    for (size_t i = 0; i < n; i += 16)
        _mm512_mask_cvtepi32_storeu_epi8(to + i, qr_units_lanes(n - i), _mm512_maskz_loadu_epi32(qr_units_lanes(n - i), from + i));
}
QR_INLINE void qr_units_copy_2_1(uint8_t *to, const uint16_t *from, size_t n, size_t QR_UNUSED readable)
{
    for (size_t i = 0; i < n; i += 16)
        _mm256_mask_cvtepi16_storeu_epi8(to + i, qr_units_lanes(n - i), _mm256_maskz_loadu_epi16(qr_units_lanes(n - i), from + i));
}
#else
/* Blocks of `step` units; of the last one only what is asked for, and unit by unit where it cannot be read whole. */
#define QR_UNITS_COPY(name, FROM, TO, step, narrow)                                                 \
    QR_INLINE void name(TO *to, const FROM *from, size_t n, size_t readable)                        \
    {                                                                                               \
        uint8_t room[QR_SIMD_BLOCK];                                                                \
        size_t i = 0;                                                                               \
        for (; n - i >= step; i += step)                                                            \
            qr_block_store((uint8_t *)(to + i), narrow(from + i));                                  \
        if (QR_LIKELY(readable - i >= step)) {                                                      \
            qr_block_store(room, narrow(from + i));                                                 \
            qr_copy_short((uint8_t *)(to + i), room, (n - i) * sizeof(TO));                         \
        }                                                                                           \
        else                                                                                        \
            for (; i < n; i++)                                                                      \
                to[i] = (TO)from[i];                                                                \
    }
QR_UNITS_COPY(qr_units_copy_4_2, uint32_t, uint16_t, 8, qr_units_halve)
QR_UNITS_COPY(qr_units_copy_4_1, uint32_t, uint8_t, 16, qr_units_narrow_4)
QR_UNITS_COPY(qr_units_copy_2_1, uint16_t, uint8_t, 16, qr_units_narrow_2)
#endif

#endif
