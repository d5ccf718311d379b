/* SPDX-License-Identifier: Apache-2.0 */
/* decimal: the text of a decimal number of any length.
 *
 * The value stays text: whoever wants to count with it hands it to a decimal type. What is checked is the numeric
 * string of the General Decimal Arithmetic Specification, which is what Python's Decimal accepts apart from blanks
 * around it, underscores and digits that are not ASCII. Whether an exponent is too large for that type is its own affair. */
#ifndef QUIRE_CORE_BASE_DECIMAL_H
#define QUIRE_CORE_BASE_DECIMAL_H

#include "core/base/port.h"

/* 1 when the n bytes are [+-] followed by one of: digits[.digits?][e[+-]digits], .digits[e[+-]digits], inf, infinity,
 * nan[digits], snan[digits]; words and the e in any case. */
int qr_decimal_is_valid(const uint8_t *text, size_t n);

#endif
