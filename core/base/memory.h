/* SPDX-License-Identifier: Apache-2.0 */
/* memory: the one hook through which the core allocates.
 *
 * The caller of an init function passes a qr_memory, which must outlive the object. Tests pass one that fails
 * the n-th allocation; the Python binding passes one over PyMem. The core never calls malloc by name elsewhere. */
#ifndef QUIRE_CORE_BASE_MEMORY_H
#define QUIRE_CORE_BASE_MEMORY_H

#include "core/base/port.h"

typedef struct qr_memory {
    /* realloc's contract with size 0 meaning free: block may be NULL; NULL is returned on failure (block stays valid) and for size 0. */
    void *(*resize)(void *context, void *block, size_t size);
    void *context;
} qr_memory;

/* Over the C library's realloc and free. */
extern const qr_memory qr_memory_default;

QR_INLINE void *qr_memory_resize(const qr_memory *memory, void *block, size_t size) { return memory->resize(memory->context, block, size); }
QR_INLINE void qr_memory_free(const qr_memory *memory, void *block) { if (block) memory->resize(memory->context, block, 0); }
/* Room for count items of a size; NULL when the product overflows or memory is out. Not cleared. */
QR_INLINE void *qr_memory_array(const qr_memory *memory, void *block, size_t count, size_t size)
{
    size_t bytes;
    return qr_multiply_overflows(count, size, &bytes) ? NULL : memory->resize(memory->context, block, bytes ? bytes : 1);
}

#endif
