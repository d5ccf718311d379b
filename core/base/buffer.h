/* SPDX-License-Identifier: Apache-2.0 */
/* buffer: where a writer puts its bytes.
 *
 *   base            p                 end
 *    |<- written -->|<---- room ------>|
 *
 * Invariants: base <= p <= end; the first error stays, and after it nothing is written.
 * A writer asks for room once per value (`qr_buffer_reserve`) and then stores without a check: QR_BUFFER_SLACK
 * bytes are enough for every value of a fixed size together with its separator.
 *
 * Where the bytes live is the owner's affair: `grow` is the one hook. qr_buffer_grow_memory (heap) serves C callers,
 * the Python binding has one that keeps them in a bytes object. */
#ifndef QUIRE_CORE_BASE_BUFFER_H
#define QUIRE_CORE_BASE_BUFFER_H

#include "core/base/error.h"
#include "core/base/memory.h"

enum { QR_BUFFER_SLACK = 96 };

typedef struct qr_buffer {
    uint8_t *p, *end, *base;
    /* Makes room for `need` more bytes after p, keeping what is written: 1, or 0 after qr_buffer_fail. */
    int (*grow)(struct qr_buffer *self, size_t need);
    void *owner;
    qr_error error;
} qr_buffer;

/* Keeps the first error; returns 0 so that `return qr_buffer_fail(...)` reads well. */
QR_COLD void qr_buffer_fail_cold(qr_buffer *self, qr_error error);
QR_INLINE int qr_buffer_fail(qr_buffer *self, qr_error error) { qr_buffer_fail_cold(self, error); return 0; }

QR_INLINE int qr_buffer_reserve(qr_buffer *self, size_t need)
{
    return QR_LIKELY((size_t)(self->end - self->p) >= need) ? 1 : self->grow(self, need);
}
QR_INLINE size_t qr_buffer_length(const qr_buffer *self) { return (size_t)(self->p - self->base); }

/* Bytes as they stand; leaves QR_BUFFER_SLACK behind them. */
int qr_buffer_put_raw(qr_buffer *self, const uint8_t *data, size_t n);

/* A heap buffer over `memory` (kept in owner). init allocates nothing; release frees; detach hands the bytes to the
 * caller (who frees them through the same memory) and leaves an empty buffer: NULL when nothing was ever written. */
void qr_buffer_init(qr_buffer *self, const qr_memory *memory);
void qr_buffer_release(qr_buffer *self);
uint8_t *qr_buffer_detach(qr_buffer *self, size_t *length);
int qr_buffer_grow_memory(qr_buffer *self, size_t need);

/* Over the caller's fixed room: growing fails with QR_ERROR_NO_ROOM. */
void qr_buffer_init_fixed(qr_buffer *self, uint8_t *room, size_t length);

/* The next capacity for a buffer that holds `used` and needs `need` more: at least half again; 0 when it overflows. */
size_t qr_buffer_next_capacity(size_t used, size_t need);

#endif
