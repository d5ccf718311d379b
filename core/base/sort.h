/* SPDX-License-Identifier: Apache-2.0 */
/* sort: numbers of 64 bits in ascending order.
 *
 * What is sorted by more than a number is put behind the number: the place of the record it belongs to, in the lowest bits. */
#ifndef QUIRE_CORE_BASE_SORT_H
#define QUIRE_CORE_BASE_SORT_H

#include "core/base/port.h"

/* Puts n numbers (fewer than 2^32) in order by all bits from `low` (below 64) on; those that are alike in them stay as they came. `room` is for
 * as many. */
void qr_sort64(uint64_t *numbers, uint64_t *room, size_t n, unsigned low);

#endif
