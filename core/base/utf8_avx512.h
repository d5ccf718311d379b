/* SPDX-License-Identifier: Apache-2.0 */
/* utf8_avx512: text in steps of sixty-four bytes, where the processor has AVX-512 with VBMI2.
 *
 * The one place where the machine is asked at run time: text that is not ASCII goes two to five times faster so. Call
 * these only if QR_HAS_AVX512; everybody else uses utf8.h, which calls them where they pay. They read and write exactly
 * what they are given, and do as much of the work as is plainly good: at anything else they stop, and the general
 * code goes on from there (and finds the fault, if it is one). */
#ifndef QUIRE_CORE_BASE_UTF8_AVX512_H
#define QUIRE_CORE_BASE_UTF8_AVX512_H

#include "core/base/utf8.h"

#if defined(QR_SIMD_SSE2) && !defined(QR_SIMD_NO_AVX512)
#define QR_HAS_AVX512 \
    (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw") && \
     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2"))
#else
#define QR_HAS_AVX512 0
#endif

/* As qr_utf8_measure. */
qr_text_class qr_avx512_measure(const uint8_t *s, size_t n, size_t *count);

/* As qr_utf8_measure_text. */
const uint8_t *qr_avx512_measure_text(const uint8_t *p, const uint8_t *end, size_t *count, qr_text_class *widest);

/* Decodes from p towards end into at most *room units of `width` bytes (0 stores nothing); returns where it stopped and
 * takes from *room what it used. */
const uint8_t *qr_avx512_decode(const uint8_t *p, const uint8_t *end, void *to, unsigned width, size_t *room);

/* Encodes from *from, *n units of `width` bytes, and moves both on; returns the end of what was written. Needs no slack. */
uint8_t *qr_avx512_encode(uint8_t *to, const uint8_t **from, size_t *n, unsigned width);

/* Copies up to the first '"', '\\' or control of n bytes and returns how many that were, or n. Beyond those, up to the next
 * multiple of 64 bytes is scribbled on. */
size_t qr_avx512_copy_text(uint8_t *to, const uint8_t *from, size_t n);

#endif
