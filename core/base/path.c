/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/path.h"

void qr_path_append(qr_path *self, qr_step step)
{
    if (!self)
        return;
    self->steps[self->count++ % QR_PATH_STEPS] = step;
    if (self->count > QR_PATH_STEPS)
        self->lost++;
}

size_t qr_path_kept(const qr_path *self) { return self->count < QR_PATH_STEPS ? self->count : QR_PATH_STEPS; }
qr_step qr_path_step(const qr_path *self, size_t i) { return self->steps[(self->count - 1 - i) % QR_PATH_STEPS]; }
