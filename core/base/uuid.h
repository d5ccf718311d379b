/* SPDX-License-Identifier: Apache-2.0 */
/* uuid: the text of a UUID (RFC 9562).
 *
 * Read are the canonical form, 8-4-4-4-12 hexadecimal digits, and the 32 digits alone, in either case; written is the
 * canonical form in lower case. Version and variant are not looked at. */
#ifndef QUIRE_CORE_BASE_UUID_H
#define QUIRE_CORE_BASE_UUID_H

#include "core/base/port.h"

enum { QR_UUID_BYTES = 16, QR_UUID_TEXT = 36 };

/* 1, or 0 when the text is not a UUID (the bytes are then garbage). */
int qr_uuid_read(uint8_t bytes[QR_UUID_BYTES], const uint8_t *text, size_t n);
/* Writes QR_UUID_TEXT bytes and returns their end. */
uint8_t *qr_uuid_write(uint8_t *to, const uint8_t bytes[QR_UUID_BYTES]);

#endif
