/* SPDX-License-Identifier: Apache-2.0 */
/* base64: RFC 4648, section 4: the standard alphabet, with padding.
 *
 * Reading is strict: padding must be there and right, nothing may stand between (no line breaks), and the bits that the
 * last digit has too many must be zero, so that one sequence of bytes has one text. The caller makes room by the length
 * functions; nothing beyond it is written. */
#ifndef QUIRE_CORE_BASE_BASE64_H
#define QUIRE_CORE_BASE_BASE64_H

#include "core/base/port.h"

/* 4 for every 3 bytes begun; SIZE_MAX when that overflows. */
size_t qr_base64_encoded_length(size_t n);
/* Writes that many and returns their end. */
uint8_t *qr_base64_write(uint8_t *to, const uint8_t *from, size_t n);

/* How many bytes the text stands for, judged from its length and padding alone: 1, or 0 when they cannot be right. */
int qr_base64_decoded_length(const uint8_t *text, size_t n, size_t *length);
/* Writes that many: 1, or 0 when the text is not Base64 (what was written is then garbage). */
int qr_base64_read(uint8_t *to, const uint8_t *text, size_t n);

#endif
