/* SPDX-License-Identifier: Apache-2.0 */
#include "core/plan/plan.h"

/* value < bound, with the bound an integer or a double. Doubles beyond 2^63 decide without a conversion. */
static int int_below(int64_t value, int is_float, int64_t bound_int, double bound, int inclusive)
{
    if (!is_float)
        return inclusive ? value <= bound_int : value < bound_int;
    if (bound >= 9223372036854775808.0)
        return 1;
    if (bound < -9223372036854775808.0)
        return 0;
    int64_t whole = (int64_t)bound; /* toward zero */
    if ((double)whole == bound)
        return inclusive ? value <= whole : value < whole;
    return bound > 0 ? value <= whole : value < whole; /* between two integers */
}

/* Is value on the right side of the lower, the upper bound? has: 1 inclusive, 2 exclusive. */
static qr_error int_within(const qr_plan_bounds *b, int64_t value)
{
    if (b->has_least && int_below(value, b->least_is_float, b->least_int, b->least, b->has_least == 2))
        return QR_ERROR_TOO_SMALL;
    if (b->has_most && !int_below(value, b->most_is_float, b->most_int, b->most, b->has_most == 1))
        return QR_ERROR_TOO_LARGE;
    return QR_ERROR_NONE;
}

qr_error qr_bounds_check_int(const qr_plan_bounds *b, int64_t value)
{
    qr_error error = int_within(b, value);
    if (error != QR_ERROR_NONE)
        return error;
    if (b->multiple_int)
        return b->multiple_int != -1 && value % b->multiple_int ? QR_ERROR_NOT_MULTIPLE : QR_ERROR_NONE;
    return b->multiple != 0 && __builtin_fmod((double)value, b->multiple) != 0 ? QR_ERROR_NOT_MULTIPLE : QR_ERROR_NONE;
}

qr_error qr_bounds_check_uint(const qr_plan_bounds *b, uint64_t value)
{
    if (value <= INT64_MAX)
        return qr_bounds_check_int(b, (int64_t)value);
    /* Above every 64-bit bound; a double one is compared as such. */
    if (b->has_most && (!b->most_is_float || (b->has_most == 1 ? (double)value > b->most : (double)value >= b->most)))
        return QR_ERROR_TOO_LARGE;
    if (b->has_least && b->least_is_float && (b->has_least == 1 ? (double)value < b->least : (double)value <= b->least))
        return QR_ERROR_TOO_SMALL;
    if (b->multiple_int)
        return value % (uint64_t)(b->multiple_int < 0 ? 0 - (uint64_t)b->multiple_int : (uint64_t)b->multiple_int) ? QR_ERROR_NOT_MULTIPLE : QR_ERROR_NONE;
    return b->multiple != 0 && __builtin_fmod((double)value, b->multiple) != 0 ? QR_ERROR_NOT_MULTIPLE : QR_ERROR_NONE;
}

qr_error qr_bounds_check_float(const qr_plan_bounds *b, double value)
{
    double least = b->least_is_float ? b->least : (double)b->least_int, most = b->most_is_float ? b->most : (double)b->most_int;
    if (b->has_least && !(b->has_least == 1 ? value >= least : value > least)) /* nan is outside of every bound */
        return QR_ERROR_TOO_SMALL;
    if (b->has_most && !(b->has_most == 1 ? value <= most : value < most))
        return QR_ERROR_TOO_LARGE;
    double multiple = b->multiple != 0 ? b->multiple : (double)b->multiple_int;
    if (multiple == 0)
        return QR_ERROR_NONE;
    double quotient = value / multiple; /* 0.3 is a multiple of 0.1 to whoever writes it */
    double nearest = __builtin_nearbyint(quotient);
    return __builtin_fabs(quotient - nearest) <= 1e-9 * __builtin_fmax(1.0, __builtin_fabs(nearest)) ? QR_ERROR_NONE : QR_ERROR_NOT_MULTIPLE;
}
