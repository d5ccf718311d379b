/* SPDX-License-Identifier: Apache-2.0 */
/* json_escape: strings of JSON that are ASCII throughout, and strings that may hold lone surrogates.
 *
 * RFC 8259 section 7 lets every character be written as \uXXXX, those beyond the Basic Multilingual Plane as a pair of
 * surrogates. In ASCII throughout, whatever is not a printable ASCII character is written so: DEL too.
 *
 * Each reserves for itself and leaves QR_BUFFER_SLACK behind it: 1, or 0 when there is no room (the buffer's error). */
#ifndef QUIRE_CORE_FORMAT_JSON_ESCAPE_H
#define QUIRE_CORE_FORMAT_JSON_ESCAPE_H

#include "core/format/json.h"

/* From units of 1 (Latin-1), 2 or 4 bytes. */
int qr_json_put_ascii_units(qr_buffer *b, const void *units, size_t n, unsigned width);
/* The rest of an open string from Latin-1, and its closing quote. */
int qr_json_put_ascii_from(qr_buffer *b, const uint8_t *s, size_t n);
/* From valid UTF-8 and without quotes around it; what JSON escapes in ASCII too stays as it is unless `escapes`. */
int qr_json_put_ascii_utf8(qr_buffer *b, const uint8_t *s, size_t n, int escapes);
/* Not ASCII alone, but surrogates pass: each becomes the three bytes that its code point would have, which is no UTF-8. */
int qr_json_put_lone_units(qr_buffer *b, const void *units, size_t n, unsigned width);

/* A string from ASCII (or Latin-1) bytes, of which most are plain. */
QR_INLINE int qr_json_put_ascii(qr_buffer *b, const uint8_t *s, size_t n) { return qr_json_put_text(b, s, n, 1, qr_json_put_ascii_from); }

#endif
