/* SPDX-License-Identifier: Apache-2.0 */
/* simd: sixteen bytes at a time.
 *
 * Three variants with the same results: SSE2 (part of every x86-64), NEON (part of every arm64) and plain C, which is
 * the reference and is chosen by -DQR_SIMD_SCALAR. Nothing here is dispatched at run time (text is: utf8_avx512.h). A source
 * file that is compiled for AVX-512 (QR_SIMD_MASKED) gets the short copies without a branch on the length: loads and stores
 * through a mask touch no byte beyond it. Names and values of 5 to 25 bytes in turn are a branch missed each otherwise.
 *
 * qr_simd_<class>(p) reads exactly sixteen bytes at p and returns a mask whose bit i says that byte i is of the class;
 * qr_simd_first(mask) is the index of the first one. The classes by themselves are qr_byte_is_<class>, for the bytes at
 * the end of the input that make no block.
 *
 * qr_simd_equal and qr_copy_short touch exactly n bytes: they use loads that overlap, never ones that reach beyond. */
#ifndef QUIRE_CORE_BASE_SIMD_H
#define QUIRE_CORE_BASE_SIMD_H

#include "core/base/port.h"

#if defined(QR_SIMD_SCALAR)
#define QR_SIMD_NAME "scalar"
#elif defined(__SSE2__)
#define QR_SIMD_SSE2 1
#include <emmintrin.h>
#if defined(__AVX512VL__) && defined(__AVX512BW__) && defined(__BMI2__)
#define QR_SIMD_MASKED 1
#define QR_SIMD_NAME "avx512"
#include <immintrin.h>
#else
#define QR_SIMD_NAME "sse2"
#endif
#elif defined(__aarch64__)
#define QR_SIMD_NEON 1
#define QR_SIMD_NAME "neon"
#include <arm_neon.h>
#else
#define QR_SIMD_SCALAR 1
#define QR_SIMD_NAME "scalar"
#endif

enum { QR_SIMD_BLOCK = 16, QR_SIMD_ALL = 0xFFFF };

/* The classes, byte by byte. */
QR_INLINE int qr_byte_is_quote_stop(uint8_t c) { return c < 0x20 || c == '"' || c == '\\'; }
QR_INLINE int qr_byte_is_ascii_stop(uint8_t c) { return c < 0x20 || c > 0x7E || c == '"' || c == '\\'; }
QR_INLINE int qr_byte_is_text_stop(uint8_t c) { return (int8_t)c < 0x20 || c == '"' || c == '\\'; }
QR_INLINE int qr_byte_is_not_space(uint8_t c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; }
QR_INLINE int qr_byte_is_high(uint8_t c) { return c >= 0x80; }
QR_INLINE int qr_byte_is_bracket(uint8_t c) { return c == '"' || (c | 0x20) == '{' || (c | 0x20) == '}'; }

/* Index of the first byte of the class. The mask must not be 0. */
QR_INLINE unsigned qr_simd_first(uint32_t mask) { return (unsigned)__builtin_ctz(mask); }

#if defined(QR_SIMD_SSE2)

typedef __m128i qr_block;

QR_INLINE qr_block qr_block_load(const uint8_t *p) { return _mm_loadu_si128((const __m128i *)(const void *)p); }
QR_INLINE void qr_block_store(uint8_t *p, qr_block v) { _mm_storeu_si128((__m128i *)(void *)p, v); }

QR_INLINE qr_block qr_block_words(uint64_t low, uint64_t high) { return _mm_set_epi64x((long long)high, (long long)low); }
QR_INLINE uint32_t qr_block_high(qr_block v) { return (uint32_t)_mm_movemask_epi8(v); }
QR_INLINE uint32_t qr_block_text_stop(qr_block v)
{
    /* Read as signed, the bytes from 0x80 are negative: one compare takes them together with the controls. */
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
}
QR_INLINE uint32_t qr_block_quote_stop(qr_block v)
{
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
}
QR_INLINE uint32_t qr_block_ascii_stop(qr_block v)
{
    __m128i outside = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7F)));
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(outside, marks));
}
QR_INLINE uint32_t qr_block_not_space(qr_block v)
{
    __m128i a = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
    __m128i b = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\r')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(a, b)) ^ QR_SIMD_ALL;
}
QR_INLINE uint32_t qr_block_bracket(qr_block v)
{
    __m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20)); /* '[' and ']' become '{' and '}', nothing else does */
    __m128i brackets = _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')), _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(brackets, _mm_cmpeq_epi8(v, _mm_set1_epi8('"'))));
}
QR_INLINE uint32_t qr_block_equal(qr_block v, uint8_t c) { return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)c))); }
QR_INLINE qr_block qr_block_or(qr_block a, qr_block b) { return _mm_or_si128(a, b); }
QR_INLINE uint64_t qr_block_fold(qr_block v) { return (uint64_t)_mm_cvtsi128_si64(_mm_or_si128(v, _mm_unpackhi_epi64(v, v))); }
QR_INLINE int qr_block_differ(qr_block a, qr_block b) { return _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) != QR_SIMD_ALL; }

#elif defined(QR_SIMD_NEON)

typedef uint8x16_t qr_block;

QR_INLINE qr_block qr_block_load(const uint8_t *p) { return vld1q_u8(p); }
QR_INLINE void qr_block_store(uint8_t *p, qr_block v) { vst1q_u8(p, v); }
QR_INLINE qr_block qr_block_words(uint64_t low, uint64_t high) { return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high))); }

/* What movemask is on x86: bit i from byte i, whose bits are all alike. */
QR_INLINE uint32_t qr_block_mask(uint8x16_t v)
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t bits = vandq_u8(v, vld1q_u8(weights));
    return (uint32_t)vaddv_u8(vget_low_u8(bits)) | (uint32_t)vaddv_u8(vget_high_u8(bits)) << 8;
}
QR_INLINE uint32_t qr_block_high(qr_block v) { return qr_block_mask(vcgeq_u8(v, vdupq_n_u8(0x80))); }
QR_INLINE uint32_t qr_block_text_stop(qr_block v)
{
    uint8x16_t low = vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(0x20));
    uint8x16_t marks = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
    return qr_block_mask(vorrq_u8(low, marks));
}
QR_INLINE uint32_t qr_block_quote_stop(qr_block v)
{
    uint8x16_t marks = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
    return qr_block_mask(vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), marks));
}
QR_INLINE uint32_t qr_block_ascii_stop(qr_block v)
{
    uint8x16_t marks = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
    uint8x16_t outside = vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), vcgtq_u8(v, vdupq_n_u8(0x7E)));
    return qr_block_mask(vorrq_u8(outside, marks));
}
QR_INLINE uint32_t qr_block_not_space(qr_block v)
{
    uint8x16_t a = vorrq_u8(vceqq_u8(v, vdupq_n_u8(' ')), vceqq_u8(v, vdupq_n_u8('\n')));
    uint8x16_t b = vorrq_u8(vceqq_u8(v, vdupq_n_u8('\r')), vceqq_u8(v, vdupq_n_u8('\t')));
    return qr_block_mask(vmvnq_u8(vorrq_u8(a, b)));
}
QR_INLINE uint32_t qr_block_bracket(qr_block v)
{
    uint8x16_t folded = vorrq_u8(v, vdupq_n_u8(0x20));
    uint8x16_t brackets = vorrq_u8(vceqq_u8(folded, vdupq_n_u8('{')), vceqq_u8(folded, vdupq_n_u8('}')));
    return qr_block_mask(vorrq_u8(brackets, vceqq_u8(v, vdupq_n_u8('"'))));
}
QR_INLINE uint32_t qr_block_equal(qr_block v, uint8_t c) { return qr_block_mask(vceqq_u8(v, vdupq_n_u8(c))); }
QR_INLINE qr_block qr_block_or(qr_block a, qr_block b) { return vorrq_u8(a, b); }
QR_INLINE uint64_t qr_block_fold(qr_block v) { return vget_lane_u64(vreinterpret_u64_u8(vorr_u8(vget_low_u8(v), vget_high_u8(v))), 0); }
QR_INLINE int qr_block_differ(qr_block a, qr_block b) { return vminvq_u8(vceqq_u8(a, b)) != 0xFF; }

#else

typedef struct qr_block {
    uint8_t bytes[16];
} qr_block;

QR_INLINE qr_block qr_block_load(const uint8_t *p)
{
    qr_block v;
    memcpy(v.bytes, p, 16);
    return v;
}
QR_INLINE void qr_block_store(uint8_t *p, qr_block v) { memcpy(p, v.bytes, 16); }
QR_INLINE qr_block qr_block_words(uint64_t low, uint64_t high) { qr_block v; memcpy(v.bytes, &low, 8); memcpy(v.bytes + 8, &high, 8); return v; }

#define QR_BLOCK_CLASS(name)                                      \
    QR_INLINE uint32_t qr_block_##name(qr_block v)                \
    {                                                             \
        uint32_t mask = 0;                                        \
        for (unsigned i = 0; i < 16; i++)                         \
            mask |= (uint32_t)qr_byte_is_##name(v.bytes[i]) << i; \
        return mask;                                              \
    }
QR_BLOCK_CLASS(high)
QR_BLOCK_CLASS(text_stop)
QR_BLOCK_CLASS(quote_stop)
QR_BLOCK_CLASS(ascii_stop)
QR_BLOCK_CLASS(not_space)
QR_BLOCK_CLASS(bracket)
#undef QR_BLOCK_CLASS
QR_INLINE uint32_t qr_block_equal(qr_block v, uint8_t c)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < 16; i++)
        mask |= (uint32_t)(v.bytes[i] == c) << i;
    return mask;
}
QR_INLINE qr_block qr_block_or(qr_block a, qr_block b)
{
    for (unsigned i = 0; i < 16; i++)
        a.bytes[i] |= b.bytes[i];
    return a;
}
/* The two halves or'ed. */
QR_INLINE uint64_t qr_block_fold(qr_block v) { return qr_load64(v.bytes) | qr_load64(v.bytes + 8); }
QR_INLINE int qr_block_differ(qr_block a, qr_block b) { return memcmp(a.bytes, b.bytes, 16) != 0; }

#endif

/* ---- scanning: sixteen bytes at p ---- */

/* Ends a run of plain ASCII text in a JSON string: '"', '\\', a control or a byte from 0x80. */
QR_INLINE uint32_t qr_simd_text_stop(const uint8_t *p) { return qr_block_text_stop(qr_block_load(p)); }
/* The same, but bytes from 0x80 pass: '"', '\\' or a control. */
QR_INLINE uint32_t qr_simd_quote_stop(const uint8_t *p) { return qr_block_quote_stop(qr_block_load(p)); }
/* What does not stand as it is in a string that is ASCII throughout: '"', '\\', a control, DEL or a byte from 0x80. */
QR_INLINE uint32_t qr_simd_ascii_stop(const uint8_t *p) { return qr_block_ascii_stop(qr_block_load(p)); }
/* Not one of JSON's four spaces. */
QR_INLINE uint32_t qr_simd_not_space(const uint8_t *p) { return qr_block_not_space(qr_block_load(p)); }
/* A quote or a bracket of JSON: '"', '[', ']', '{', '}'. */
QR_INLINE uint32_t qr_simd_bracket(const uint8_t *p) { return qr_block_bracket(qr_block_load(p)); }
/* That very byte. */
QR_INLINE uint32_t qr_simd_equal_byte(const uint8_t *p, uint8_t c) { return qr_block_equal(qr_block_load(p), c); }
/* From 0x80: not ASCII. */
QR_INLINE uint32_t qr_simd_high(const uint8_t *p) { return qr_block_high(qr_block_load(p)); }

/* Copies sixteen bytes whatever they are and says which of them must not stand as they are: the bytes before the first
 * one of the mask are written, the others are to be written again. */
QR_INLINE uint32_t qr_simd_copy_text(uint8_t *to, const uint8_t *from)
{
    qr_block v = qr_block_load(from);
    qr_block_store(to, v);
    return qr_block_quote_stop(v);
}
QR_INLINE uint32_t qr_simd_copy_ascii(uint8_t *to, const uint8_t *from)
{
    qr_block v = qr_block_load(from);
    qr_block_store(to, v);
    return qr_block_ascii_stop(v);
}
QR_INLINE uint32_t qr_simd_copy_plain(uint8_t *to, const uint8_t *from)
{
    qr_block v = qr_block_load(from);
    qr_block_store(to, v);
    return qr_block_text_stop(v);
}

/* ---- short comparison and copy ---- */

/* What qr_simd_copy_short_text takes, and how far beyond the text it may scribble. */
#if defined(QR_SIMD_MASKED)
enum { QR_SIMD_SHORT = 32 };
QR_INLINE __mmask32 qr_simd_lanes(size_t n) { return _bzhi_u32(~0u, (unsigned)n); } /* n <= 32 */
QR_INLINE __m256i qr_simd_load_lanes(const uint8_t *p, size_t n) { return _mm256_maskz_loadu_epi8(qr_simd_lanes(n), p); }
#else
enum { QR_SIMD_SHORT = QR_SIMD_BLOCK };
#endif

/* 1 when the n bytes are equal; n must be at most 32. */
QR_INLINE int qr_simd_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
#if defined(QR_SIMD_MASKED)
    return _mm256_cmpneq_epi8_mask(qr_simd_load_lanes(a, n), qr_simd_load_lanes(b, n)) == 0;
#endif
    if (n >= 16)
        return !qr_block_differ(qr_block_load(a), qr_block_load(b)) &&
               !qr_block_differ(qr_block_load(a + n - 16), qr_block_load(b + n - 16));
    if (n >= 8)
        return ((qr_load64(a) ^ qr_load64(b)) | (qr_load64(a + n - 8) ^ qr_load64(b + n - 8))) == 0;
    if (n >= 4)
        return ((qr_load32(a) ^ qr_load32(b)) | (qr_load32(a + n - 4) ^ qr_load32(b + n - 4))) == 0;
    if (n >= 2)
        return ((qr_load16(a) ^ qr_load16(b)) | (qr_load16(a + n - 2) ^ qr_load16(b + n - 2))) == 0;
    return n == 0 || *a == *b;
}

/* memcpy, inlined for n up to 64: the loads come before the stores of each case, and the last ones overlap. */
QR_INLINE void qr_copy_short(uint8_t *to, const uint8_t *from, size_t n)
{
#if defined(QR_SIMD_MASKED)
    if (n <= 32) {
        _mm256_mask_storeu_epi8(to, qr_simd_lanes(n), qr_simd_load_lanes(from, n));
        return;
    }
#endif
    if (n >= 16) {
        if (QR_UNLIKELY(n > 64)) {
            memcpy(to, from, n);
            return;
        }
        qr_block first = qr_block_load(from), last = qr_block_load(from + n - 16);
        if (n > 32) {
            qr_block second = qr_block_load(from + 16), third = qr_block_load(from + n - 32);
            qr_block_store(to + 16, second);
            qr_block_store(to + n - 32, third);
        }
        qr_block_store(to, first);
        qr_block_store(to + n - 16, last);
    } else if (n >= 8) {
        uint64_t first = qr_load64(from), last = qr_load64(from + n - 8);
        qr_store64(to, first);
        qr_store64(to + n - 8, last);
    } else if (n >= 4) {
        uint32_t first = qr_load32(from), last = qr_load32(from + n - 4);
        qr_store32(to, first);
        qr_store32(to + n - 4, last);
    } else if (n >= 2) {
        uint16_t first = qr_load16(from), last = qr_load16(from + n - 2);
        qr_store16(to, first);
        qr_store16(to + n - 2, last);
    } else if (n) {
        *to = *from;
    }
}

/* Copies n <= 16 bytes, exactly, and gives them as a block, filled up with spaces (which stop nothing). */
QR_INLINE qr_block qr_simd_copy_short(uint8_t *to, const uint8_t *from, size_t n)
{
    const uint64_t spaces = 0x2020202020202020u;
    uint64_t first, last;
    if (n >= 8) {
        first = qr_load64(from), last = qr_load64(from + n - 8);
        qr_store64(to, first);
        qr_store64(to + n - 8, last);
        return qr_block_words(first, last);
    }
    if (n >= 4) {
        first = qr_load32(from), last = qr_load32(from + n - 4);
        qr_store32(to, (uint32_t)first);
        qr_store32(to + n - 4, (uint32_t)last);
        return qr_block_words(first | last << 32, spaces);
    }
    if (n >= 2) {
        first = qr_load16(from), last = qr_load16(from + n - 2);
        qr_store16(to, (uint16_t)first);
        qr_store16(to + n - 2, (uint16_t)last);
        return qr_block_words(first | last << 16 | spaces << 32, spaces);
    }
    if (n == 0)
        return qr_block_words(spaces, spaces);
    *to = *from;
    return qr_block_words(*from | spaces << 8, spaces);
}

/* Copies n <= 16 bytes, exactly, and says whether one of them (ascii_stop) must not stand as it is. */
QR_INLINE int qr_simd_copy_short_ascii(uint8_t *to, const uint8_t *from, size_t n) { return qr_block_ascii_stop(qr_simd_copy_short(to, from, n)) != 0; }

/* The same for n <= QR_SIMD_SHORT bytes and quote_stop. The rest of QR_SIMD_SHORT bytes at `to` may be scribbled on. */
QR_INLINE int qr_simd_copy_short_text(uint8_t *to, const uint8_t *from, size_t n)
{
#if defined(QR_SIMD_MASKED)
    __m256i v = qr_simd_load_lanes(from, n);
    _mm256_storeu_si256((__m256i *)(void *)to, v);
    __mmask32 stops = _mm256_mask_cmplt_epu8_mask(qr_simd_lanes(n), v, _mm256_set1_epi8(0x20));
    return (stops | _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8('"')) | _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8('\\'))) != 0;
#else
    return qr_block_quote_stop(qr_simd_copy_short(to, from, n)) != 0;
#endif
}

#endif
