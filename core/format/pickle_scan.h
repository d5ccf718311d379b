/* SPDX-License-Identifier: Apache-2.0 */
/* pickle x scan: where a pickle ends, in input that comes in pieces. Used as the scanners of core/format/scan.h are.
 *
 * Pickles stand back to back. One ends with STOP, and also with an opcode that there is none of and with a length below zero, which a
 * loader refuses. Nothing is between them: QR_SCAN_SPACE is given for no bytes alone. */
#ifndef QUIRE_CORE_FORMAT_PICKLE_SCAN_H
#define QUIRE_CORE_FORMAT_PICKLE_SCAN_H

#include "core/format/scan.h"

qr_scan_result qr_pickle_scan(qr_scan *self, const uint8_t *data, size_t length, size_t *taken);
qr_scan_result qr_pickle_scan_end(const qr_scan *self);

#endif
