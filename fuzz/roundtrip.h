/* SPDX-License-Identifier: Apache-2.0 */
/* roundtrip: transcoding in a block of exactly the bytes that came out, to be read again. */
#ifndef QUIRE_FUZZ_ROUNDTRIP_H
#define QUIRE_FUZZ_ROUNDTRIP_H

#include "core/format/transcode.h"
#include "fuzz/fuzz.h"

typedef struct bytes {
    uint8_t *data; /* with a 0 behind it; NULL when transcoding failed */
    size_t size;
    qr_error error;
} bytes;

static bytes transcode(int (*run)(qr_reader *r, qr_buffer *b), const uint8_t *data, size_t size, uint32_t options)
{
    qr_reader r;
    qr_buffer b;
    qr_reader_init(&r, data, size, NULL, options);
    qr_buffer_init(&b, &qr_memory_default);
    int done = run(&r, &b);
    fuzz_check_reader(&r, done);
    bytes result = {done ? fuzz_copy(b.base, qr_buffer_length(&b)) : NULL, qr_buffer_length(&b), r.error};
    qr_buffer_release(&b);
    qr_reader_release(&r);
    return result;
}

static int is_same(const bytes *a, const bytes *b) { return a->size == b->size && memcmp(a->data, b->data, a->size) == 0; }

#endif
