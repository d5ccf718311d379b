/* SPDX-License-Identifier: Apache-2.0 */
/* path: the way from the root of a document to a fault.
 *
 * It costs nothing until something fails: while the readers unwind, each level appends its own step, so the steps
 * come innermost first. Beyond QR_PATH_STEPS levels the outermost are kept (they say more) and `lost` counts the rest. */
#ifndef QUIRE_CORE_BASE_PATH_H
#define QUIRE_CORE_BASE_PATH_H

#include "core/base/port.h"

enum { QR_PATH_STEPS = 64 };

typedef enum qr_step_kind {
    QR_STEP_INDEX, /* number: item of an array */
    QR_STEP_FIELD, /* number: field of the plan, counted over all its records */
    QR_STEP_KEY    /* at: where the key's token starts in the input, or for Python objects the key itself */
} qr_step_kind;

typedef struct qr_step {
    qr_step_kind kind;
    union { size_t number; const void *at; };
} qr_step;

typedef struct qr_path {
    size_t count, lost;
    qr_step steps[QR_PATH_STEPS]; /* a ring once count reached its length: newest (outermost) at (count - 1) % length */
} qr_path;

QR_COLD void qr_path_append(qr_path *self, qr_step step); /* self may be NULL */
/* The i-th step from the root, 0 <= i < kept. */
size_t qr_path_kept(const qr_path *self);
qr_step qr_path_step(const qr_path *self, size_t i);

#endif
