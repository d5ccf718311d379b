/* SPDX-License-Identifier: Apache-2.0 */
/* decimal: "General Decimal Arithmetic Specification" (M. Cowlishaw), "Conversions": the numeric string syntax. */
#include "core/base/decimal.h"

QR_INLINE int is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && is_digit(*p))
        p++;
    return p;
}

/* Behind the word (in lower case) when it stands at p in any case, else p. */
static const uint8_t *skip_word(const uint8_t *p, const uint8_t *end, const char *word, size_t length)
{
    if ((size_t)(end - p) < length)
        return p;
    for (size_t i = 0; i < length; i++)
        if ((p[i] | 0x20) != (uint8_t)word[i])
            return p;
    return p + length;
}

static int is_special(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *behind = skip_word(p, end, "inf", 3);
    if (behind != p)
        return behind == end || skip_word(behind, end, "inity", 5) == end;
    p = skip_word(p, end, "s", 1);
    behind = skip_word(p, end, "nan", 3);
    return behind != p && skip_digits(behind, end) == end;
}

int qr_decimal_is_valid(const uint8_t *text, size_t n)
{
    if (n == 0)
        return 0;
    const uint8_t *p = text, *end = text + n;
    p += *p == '+' || *p == '-';
    if (p < end && !is_digit(*p) && *p != '.')
        return is_special(p, end);
    const uint8_t *whole = p;
    p = skip_digits(p, end);
    size_t digits = (size_t)(p - whole);
    if (p < end && *p == '.') {
        const uint8_t *fraction = ++p;
        p = skip_digits(p, end);
        digits += (size_t)(p - fraction);
    }
    if (digits == 0)
        return 0;
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        const uint8_t *exponent = p;
        p = skip_digits(p, end);
        if (p == exponent)
            return 0;
    }
    return p == end;
}
