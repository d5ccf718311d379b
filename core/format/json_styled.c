/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/json_styled.h"

#include "core/base/utf8.h"
#include "core/format/json_escape.h"

/* ---------------------------------------------------------------- lines */

int qr_json_styled_line(qr_buffer *b, qr_styled *s)
{
    size_t one = s->style->indent_length, length;
    if (qr_multiply_overflows(one, s->level, &length) || length > PTRDIFF_MAX - 4096)
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    if (!qr_buffer_reserve(b, length + 1 + QR_BUFFER_SLACK))
        return 0;
    uint8_t *to = b->p;
    *to++ = '\n';
    b->p = qr_json_put_indent(to, s->style->indent, one, s->level);
    return 1;
}

/* The line that was begun for a further item is taken back; the bracket gets one of its own, unless there was no item. */
void qr_json_styled_close_lines(qr_buffer *b, qr_styled *s)
{
    size_t one = s->style->indent_length;
    b->p -= 1 + s->level * one;
    if (b->p[-1] != ',')
        return;
    /* Moved up by a comma: what qr_json_end takes back is the last comma, so the line goes before it. */
    b->p[-1] = '\n';
    b->p = qr_json_put_indent(b->p, s->style->indent, one, s->level - 1);
    *b->p++ = ',';
}

/* ---------------------------------------------------------------- text in ASCII */

int qr_json_styled_ascii(qr_buffer *b, const uint8_t *utf8, size_t n)
{
    size_t plain = 0;
    while (plain < n && utf8[plain] < 0x80)
        plain++;
    if (plain == n)
        return qr_json_put_ascii(b, utf8, n);
    if (!qr_buffer_reserve(b, QR_BUFFER_SLACK))
        return 0;
    *b->p++ = '"';
    if (!qr_json_put_ascii_utf8(b, utf8, n, 1))
        return 0;
    *b->p++ = '"';
    return 1;
}

static int has_surrogate(const void *units, size_t n, unsigned width)
{
    unsigned found = 0;
    if (width == 2)
        for (size_t i = 0; i < n; i++)
            found |= (qr_load16((const uint8_t *)units + 2 * i) & 0xF800) == 0xD800;
    else if (width == 4)
        for (size_t i = 0; i < n; i++)
            found |= (qr_load32((const uint8_t *)units + 4 * i) & 0xFFFFF800) == 0xD800;
    return found != 0;
}

int qr_json_styled_ascii_units(qr_buffer *b, const void *units, size_t n, unsigned width)
{
    return has_surrogate(units, n, width) ? qr_buffer_fail(b, QR_ERROR_LONE_SURROGATE) : qr_json_put_ascii_units(b, units, n, width);
}

int qr_json_styled_raw_ascii(qr_buffer *b, const uint8_t *text, size_t n)
{
    if (qr_utf8_invalid_at(text, n) != n)
        return qr_buffer_fail(b, QR_ERROR_INVALID_UTF8);
    return qr_json_put_ascii_utf8(b, text, n, 0);
}

/* ---------------------------------------------------------------- numbers */

int qr_json_styled_non_finite(qr_buffer *b, const qr_styled *s, double value)
{
    if (s->style->nan == QR_NAN_ERROR)
        return qr_buffer_fail(b, QR_ERROR_NON_FINITE);
    const char *text = s->style->nan == QR_NAN_NULL ? "null" : value > 0 ? "Infinity" : value < 0 ? "-Infinity" : "NaN";
    size_t n = strlen(text);
    memcpy(b->p, text, n);
    b->p += n;
    return 1;
}

/* Text with an exponent, as repr() lays it out (1.25e-07, 1e+22), in the digits and the exponent that it has. */
static uint8_t *rewrite_exponent(uint8_t *to, uint8_t *e, const uint8_t *end)
{
    uint8_t digits[QR_FLOAT64_ROOM];
    size_t count = 0;
    int exponent = 0, negative = e[1] == '-';
    for (const uint8_t *p = to; p < e; p++)
        if (*p != '.')
            digits[count++] = *p;
    for (const uint8_t *p = e + 2; p < end; p++)
        exponent = exponent * 10 + (*p - '0');
    if (!negative && exponent < 21) { /* 123e18: its digits and zeros; more than 17 digits there are none */
        memcpy(to, digits, count);
        memset(to + count, '0', (size_t)exponent + 1 - count);
        return to + exponent + 1;
    }
    if (negative && exponent < 7) { /* 0.00000123 */
        memcpy(to, "0.000000", 8);
        memcpy(to + 1 + exponent, digits, count);
        return to + 1 + exponent + count;
    }
    uint8_t *out = e + 2; /* the exponent without a zero in front */
    if (*out == '0' && end - out > 1) {
        memmove(out, out + 1, (size_t)(end - out) - 1);
        end--;
    }
    return (uint8_t *)end;
}

uint8_t *qr_json_styled_number(uint8_t *to, double value)
{
    if (value == 0) { /* of either sign */
        *to = '0';
        return to + 1;
    }
    uint8_t *end = qr_float64_write(to, value);
    double size = __builtin_fabs(value);
    if (QR_LIKELY(size >= 0.0001 && size < 1e16)) /* without an exponent */
        return end[-2] == '.' && end[-1] == '0' ? end - 2 : end;
    for (uint8_t *e = end - 1; e > to && end - e <= 5; e--) /* e+308 */
        if (*e == 'e') {
            to += *to == '-';
            return rewrite_exponent(to, e, end);
        }
    return end;
}
