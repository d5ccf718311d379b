/* SPDX-License-Identifier: Apache-2.0 */
/* port: the compiler and the machine, in one place.
 *
 * Everything that is not C11 (attributes, builtins, unaligned access, byte order) is spelled here once,
 * so that the other rooms read as plain C. A platform that quire does not support is refused here,
 * with a sentence, rather than failing somewhere later. */
#ifndef QUIRE_CORE_BASE_PORT_H
#define QUIRE_CORE_BASE_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#error "quire does not support Windows yet: Linux and macOS are supported"
#endif
#if !defined(__GNUC__)
#error "quire needs gcc 12 or clang 14 (or newer): it uses their attributes and builtins"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "quire needs a little-endian machine"
#endif
#if SIZE_MAX < UINT64_MAX
#error "quire needs a 64-bit machine"
#endif

#define QR_INLINE static inline __attribute__((always_inline, unused))
#define QR_COLD __attribute__((cold, noinline))
#define QR_NOINLINE __attribute__((noinline))
#define QR_LIKELY(x) __builtin_expect(!!(x), 1)
#define QR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define QR_PREFETCH(p) __builtin_prefetch(p)
#define QR_MAY_ALIAS __attribute__((may_alias))
#define QR_UNUSED __attribute__((unused))
#define QR_FALLTHROUGH __attribute__((fallthrough))
#define QR_PRINTF(format, first) __attribute__((format(printf, format, first)))
#define QR_ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define QR_PASTE_(a, b) a##b
#define QR_PASTE(a, b) QR_PASTE_(a, b)

/* Unaligned loads and stores; memcpy of a constant size is one instruction. */
QR_INLINE uint16_t qr_load16(const void *p) { uint16_t v; memcpy(&v, p, 2); return v; }
QR_INLINE uint32_t qr_load32(const void *p) { uint32_t v; memcpy(&v, p, 4); return v; }
QR_INLINE uint64_t qr_load64(const void *p) { uint64_t v; memcpy(&v, p, 8); return v; }
QR_INLINE void qr_store16(void *p, uint16_t v) { memcpy(p, &v, 2); }
QR_INLINE void qr_store32(void *p, uint32_t v) { memcpy(p, &v, 4); }
QR_INLINE void qr_store64(void *p, uint64_t v) { memcpy(p, &v, 8); }

/* The same in network byte order (big-endian), as MessagePack has it. */
QR_INLINE uint16_t qr_load16_be(const void *p) { return __builtin_bswap16(qr_load16(p)); }
QR_INLINE uint32_t qr_load32_be(const void *p) { return __builtin_bswap32(qr_load32(p)); }
QR_INLINE uint64_t qr_load64_be(const void *p) { return __builtin_bswap64(qr_load64(p)); }
QR_INLINE void qr_store16_be(void *p, uint16_t v) { qr_store16(p, __builtin_bswap16(v)); }
QR_INLINE void qr_store32_be(void *p, uint32_t v) { qr_store32(p, __builtin_bswap32(v)); }
QR_INLINE void qr_store64_be(void *p, uint64_t v) { qr_store64(p, __builtin_bswap64(v)); }

/* Size arithmetic that says when it overflows: 1 on overflow, else 0 and *result is set. */
QR_INLINE int qr_add_overflows(size_t a, size_t b, size_t *result) { return __builtin_add_overflow(a, b, result); }
QR_INLINE int qr_multiply_overflows(size_t a, size_t b, size_t *result) { return __builtin_mul_overflow(a, b, result); }

#endif
