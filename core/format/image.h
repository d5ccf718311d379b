/* SPDX-License-Identifier: Apache-2.0 */
/* image: a key as its format writes it (`"id":` or `a2 69 64`), made once.
 *
 * Writing copies it, reading compares it with the key that is expected next. It is the fast path only: a key written with
 * spaces before the colon, with escapes or with a longer header than needed takes the slow one and is found by its text. */
#ifndef QUIRE_CORE_FORMAT_IMAGE_H
#define QUIRE_CORE_FORMAT_IMAGE_H

#include "core/base/buffer.h"
#include "core/base/simd.h"

enum { QR_IMAGE_ROOM = 32 };

typedef enum qr_format {
#define X(NAME, name) QR_FORMAT_##NAME,
#include "core/format/formats.def"
#undef X
    QR_FORMAT_COUNT
} qr_format;

typedef struct qr_image {
    uint8_t bytes[QR_IMAGE_ROOM];
    uint32_t length; /* 0: the key is too long for an image; reading and writing take the slow path */
} qr_image;

/* Do the image's first n bytes (n at most its length; 0 is no) stand at p? Exact bounds. */
QR_INLINE int qr_image_is_at(const qr_image *self, uint32_t n, const uint8_t *p, const uint8_t *end)
{
#if defined(QR_SIMD_SSE2)
    if (QR_LIKELY(end - p >= QR_IMAGE_ROOM)) {
        uint32_t same = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(qr_block_load(p), qr_block_load(self->bytes)));
        if (n <= 16)
            return (~same & ((1u << n) - 1)) == 0 && n != 0;
        same |= (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(qr_block_load(p + 16), qr_block_load(self->bytes + 16))) << 16;
        return (~same & (uint32_t)((1ull << n) - 1)) == 0;
    }
#endif
    return n != 0 && (size_t)(end - p) >= n && memcmp(p, self->bytes, n) == 0;
}

/* Writes it; QR_IMAGE_ROOM bytes must be free (they are within QR_BUFFER_SLACK). */
QR_INLINE void qr_image_put(const qr_image *self, qr_buffer *buffer)
{
    memcpy(buffer->p, self->bytes, QR_IMAGE_ROOM);
    buffer->p += self->length;
}

#endif
