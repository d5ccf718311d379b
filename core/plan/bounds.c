/* SPDX-License-Identifier: Apache-2.0 */
/* bounds: numbers against the limits of a node. Where a double meets a 64-bit integer, the double is taken apart and never
 * the integer rounded: every int64 and uint64 is compared exactly. */
#include "core/plan/plan.h"

#include "core/base/float64.h"

#define TWO_63 9223372036854775808.0
#define TWO_64 18446744073709551616.0

/* value < bound (inclusive: value <= bound), with the bound an integer or a double. */
static int int_below(int64_t value, int is_float, int64_t bound_int, double bound, int inclusive)
{
    if (!is_float)
        return inclusive ? value <= bound_int : value < bound_int;
    if (bound >= TWO_63)
        return 1;
    if (!(bound >= -TWO_63))
        return 0;
    int64_t whole = (int64_t)bound; /* toward zero */
    if ((double)whole == bound)
        return inclusive ? value <= whole : value < whole;
    return bound > 0 ? value <= whole : value < whole; /* between two integers */
}

/* The same for a value beyond INT64_MAX, which is above every integer bound. */
static int uint_below(uint64_t value, int is_float, double bound, int inclusive)
{
    if (!is_float || !(bound >= TWO_63))
        return 0;
    if (bound >= TWO_64)
        return 1;
    return inclusive ? value <= (uint64_t)bound : value < (uint64_t)bound; /* a double of 2^63 and more is an integer */
}

static int is_integral(double value) { return value >= -TWO_63 && value < TWO_63 && (double)(int64_t)value == value; }

static uint64_t magnitude_of(int64_t value) { return value < 0 ? 0 - (uint64_t)value : (uint64_t)value; }

/* The remainder of a double of 2^63 and more, which is an integer: significand * 2^exponent, doubled step by step. */
static uint64_t remainder_of_large(double value, uint64_t divisor)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    uint64_t rest = ((bits & 0xFFFFFFFFFFFFF) | 0x10000000000000) % divisor;
    for (int exponent = (int)(bits >> 52 & 0x7FF) - 1075; exponent > 0; exponent--)
        rest = rest >= divisor - rest ? rest - (divisor - rest) : rest + rest;
    return rest;
}

/* A whole divisor is judged exactly. 0.3 is a multiple of 0.1 to whoever writes it, so for a divisor with a fraction the
 * quotient may be as far from a whole number as the rounding of both and of the division explains. */
static int is_multiple(double value, double divisor)
{
    if (!__builtin_isfinite(value))
        return 0;
    if (is_integral(divisor)) {
        uint64_t whole = magnitude_of((int64_t)divisor);
        return is_integral(value) ? magnitude_of((int64_t)value) % whole == 0 : __builtin_fabs(value) >= TWO_63 && remainder_of_large(value, whole) == 0;
    }
    double quotient = __builtin_fabs(value / divisor);
    if (quotient >= 0x1p52) /* whole as far as a double tells */
        return __builtin_isfinite(quotient);
    double nearest = (quotient + 0x1p52) - 0x1p52;
    return __builtin_fabs(quotient - nearest) <= 4 * 0x1p-53 * nearest;
}

/* |multiple_int|, or that of a double which is an integer; 0: neither. */
static uint64_t whole_divisor(const qr_plan_bounds *b)
{
    return magnitude_of(b->multiple_int ? b->multiple_int : is_integral(b->multiple) ? (int64_t)b->multiple : 0);
}

static qr_error integer_multiple(const qr_plan_bounds *b, uint64_t magnitude)
{
    uint64_t divisor = whole_divisor(b);
    if (divisor)
        return magnitude % divisor ? QR_ERROR_NOT_MULTIPLE : QR_ERROR_NONE;
    return b->multiple == 0 || is_multiple((double)magnitude, b->multiple) ? QR_ERROR_NONE : QR_ERROR_NOT_MULTIPLE;
}

qr_error qr_bounds_check_int(const qr_plan_bounds *b, int64_t value)
{
    if (b->has_least && int_below(value, b->least_is_float, b->least_int, b->least, b->has_least == 2))
        return QR_ERROR_TOO_SMALL;
    if (b->has_most && !int_below(value, b->most_is_float, b->most_int, b->most, b->has_most == 1))
        return QR_ERROR_TOO_LARGE;
    return integer_multiple(b, magnitude_of(value));
}

qr_error qr_bounds_check_uint(const qr_plan_bounds *b, uint64_t value)
{
    if (value <= INT64_MAX)
        return qr_bounds_check_int(b, (int64_t)value);
    if (b->has_least && uint_below(value, b->least_is_float, b->least, b->has_least == 2))
        return QR_ERROR_TOO_SMALL;
    if (b->has_most && !uint_below(value, b->most_is_float, b->most, b->has_most == 1))
        return QR_ERROR_TOO_LARGE;
    return integer_multiple(b, value);
}

/* The digits modulo a divisor, which is not 0. */
static uint64_t remainder_of(const uint8_t *digits, size_t n, uint64_t divisor)
{
    __extension__ unsigned __int128 rest = 0;
    for (size_t i = 0; i < n; i++)
        rest = (rest * 10 + (unsigned)(digits[i] - '0')) % divisor;
    return (uint64_t)rest;
}

qr_error qr_bounds_check_big(const qr_plan_bounds *b, const uint8_t *text, size_t length)
{
    int negative = text[0] == '-';
    double value; /* only what a double cannot tell apart is lost: bounds beyond 2^64 are doubles themselves */
    qr_float64_read(text, length, &value);
    if (b->has_least && (b->least_is_float ? !(b->has_least == 1 ? value >= b->least : value > b->least) : negative))
        return QR_ERROR_TOO_SMALL;
    if (b->has_most && (b->most_is_float ? !(b->has_most == 1 ? value <= b->most : value < b->most) : !negative))
        return QR_ERROR_TOO_LARGE;
    uint64_t divisor = whole_divisor(b);
    if (divisor)
        return remainder_of(text + negative, length - (size_t)negative, divisor) ? QR_ERROR_NOT_MULTIPLE : QR_ERROR_NONE;
    return b->multiple == 0 || is_multiple(value, b->multiple) ? QR_ERROR_NONE : QR_ERROR_NOT_MULTIPLE;
}

qr_error qr_bounds_check_float(const qr_plan_bounds *b, double value)
{
    double least = b->least_is_float ? b->least : (double)b->least_int, most = b->most_is_float ? b->most : (double)b->most_int;
    if (b->has_least && !(b->has_least == 1 ? value >= least : value > least)) /* nan is outside of every bound */
        return QR_ERROR_TOO_SMALL;
    if (b->has_most && !(b->has_most == 1 ? value <= most : value < most))
        return QR_ERROR_TOO_LARGE;
    double multiple = b->multiple_int ? (double)b->multiple_int : b->multiple;
    return multiple == 0 || is_multiple(value, multiple) ? QR_ERROR_NONE : QR_ERROR_NOT_MULTIPLE;
}
