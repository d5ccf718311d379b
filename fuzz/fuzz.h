/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: what the targets share. A target is one function over arbitrary bytes; what must hold is said with FUZZ_CHECK, the
 * rest is for the sanitizers. Input is copied to a block of exactly its length and the 0 byte that readers rely on. */
#ifndef QUIRE_FUZZ_FUZZ_H
#define QUIRE_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                                                               \
    do {                                                                                                                    \
        if (!(condition)) {                                                                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                                        \
        }                                                                                                                   \
    } while (0)

QR_UNUSED static uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    FUZZ_CHECK(copy != NULL);
    if (size)
        memcpy(copy, data, size);
    copy[size] = 0;
    return copy;
}

/* What holds for every reader that is done. */
QR_UNUSED static void fuzz_check_reader(const qr_reader *r, int success)
{
    FUZZ_CHECK(success == (r->error == QR_ERROR_NONE));
    FUZZ_CHECK(r->p >= r->start && r->p <= r->end);
    FUZZ_CHECK(success ? r->p == r->end : r->error_at >= r->start && r->error_at <= r->end);
    if (!success) {
        size_t line, column;
        qr_reader_position(r, r->error_at, &line, &column);
        FUZZ_CHECK(line >= 1 && column >= 1 && line + column <= (size_t)(r->end - r->start) + 2);
    }
}

#endif
