/* SPDX-License-Identifier: Apache-2.0 */
/* order_keys: the pairs of a dict in the order of their keys, as places in its tables; nothing is held, nothing is moved.
 *
 * A number stands for a pair: what its key begins with, as far as there is room, and in the lowest bits the place of the pair. So most of the
 * work is to sort numbers (core/base/sort.h); keys that begin alike are told apart by what follows. */
#ifndef QUIRE_BINDING_ORDER_KEYS_H
#define QUIRE_BINDING_ORDER_KEYS_H

#include "binding/cpython_private.h"
#include "core/format/order.h"

/* Of a number, the bits that are a place; at least as many as sorting few likes to have (core/base/sort.c). */
QR_INLINE unsigned qpy_order_place_bits(const qpy_dict_places *places) { return places->count > 32 ? 64 - (unsigned)__builtin_clzll(places->count - 1) : 5; }

/* Fills `numbers` with those of all pairs, in order; `room` is for as many, `rest` for as many as there are places. 1, or 0 when some key is no exact str (or there are
 * 2^32), without an exception. */
int qpy_order_keys(const qpy_dict_places *places, qr_order_by by, uint64_t *numbers, uint64_t *room, uint64_t *rest);

#endif
