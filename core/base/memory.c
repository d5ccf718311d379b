/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/memory.h"

#include <stdlib.h>

static void *resize(void *context, void *block, size_t size)
{
    (void)context;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

const qr_memory qr_memory_default = {resize, NULL};
