/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/scan.h"

void qr_scan_init(qr_scan *self, uint32_t depth_limit, const qr_memory *memory)
{
    *self = (qr_scan){.memory = memory, .depth_limit = depth_limit ? depth_limit : 1};
}

void qr_scan_clear(qr_scan *self)
{
    self->state = self->wanted = 0;
    self->depth = 0;
    self->skip = 0;
}

void qr_scan_release(qr_scan *self)
{
    qr_memory_free(self->memory, self->left);
    self->left = NULL;
    self->room = 0;
    qr_scan_clear(self);
}
