/* SPDX-License-Identifier: Apache-2.0 */
/* json, the reading half that is out of line: spaces, numbers, literals, text that is not plain ASCII. */
#include "core/format/json.h"

const uint8_t *qr_json_space_long(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= QR_SIMD_BLOCK) {
        uint32_t stop = qr_simd_not_space(p);
        if (stop)
            return p + qr_simd_first(stop);
        p += QR_SIMD_BLOCK;
    }
    while (!qr_byte_is_not_space(*p))
        p++;
    return p;
}

/* At the end of the input the fault is that it ends, whatever was expected. */
static int fail_at(qr_reader *r, qr_error error, const uint8_t *p)
{
    return qr_reader_fail(r, p == r->end ? QR_ERROR_TRUNCATED : error, p);
}

static int after_comma(const qr_reader *r, const uint8_t *p)
{
    while (p > r->start && !qr_byte_is_not_space(p[-1]))
        p--;
    return p > r->start && p[-1] == ',';
}

int qr_json_fail_separator(qr_reader *r, uint8_t close)
{
    (void)close;
    return fail_at(r, QR_ERROR_EXPECTED_COMMA, r->p);
}

int qr_json_fail_key(qr_reader *r)
{
    return fail_at(r, *r->p == '}' && after_comma(r, r->p) ? QR_ERROR_TRAILING_COMMA : QR_ERROR_EXPECTED_KEY, r->p);
}

/* ---------------------------------------------------------------- literals */

static int literal(qr_reader *r, const char *word, size_t n)
{
    const uint8_t *p = r->p;
    for (size_t i = 0; i < n; i++)
        if (p[i] != (uint8_t)word[i]) /* stops at the end's 0 before it could pass it */
            return qr_reader_fail(r, p + i == r->end ? QR_ERROR_TRUNCATED : QR_ERROR_INVALID_LITERAL, p);
    r->p = p + n;
    return 1;
}

static qr_token_kind non_finite(qr_reader *r, qr_token *token, const char *word, size_t n, double value)
{
    if (!literal(r, word, n))
        return QR_TOKEN_ERROR;
    token->d = value;
    return QR_TOKEN_FLOAT;
}

/* Whatever starts with no quote, digit, minus or opening bracket. */
qr_token_kind qr_json_special(qr_reader *r, qr_token *token)
{
    const uint8_t *p = r->p;
    token->at = p;
    switch (*p) {
    case 'n':
        return literal(r, "null", 4) ? QR_TOKEN_NULL : QR_TOKEN_ERROR;
    case 't':
        token->i = 1;
        return literal(r, "true", 4) ? QR_TOKEN_BOOL : QR_TOKEN_ERROR;
    case 'f':
        token->i = 0;
        return literal(r, "false", 5) ? QR_TOKEN_BOOL : QR_TOKEN_ERROR;
    case 'N':
        if (r->options & QR_READ_NON_FINITE)
            return non_finite(r, token, "NaN", 3, __builtin_nan(""));
        break;
    case 'I':
        if (r->options & QR_READ_NON_FINITE)
            return non_finite(r, token, "Infinity", 8, __builtin_inf());
        break;
    case ']':
        if (after_comma(r, p))
            return (qr_token_kind)qr_reader_fail(r, QR_ERROR_TRAILING_COMMA, p);
        break;
    default:
        break;
    }
    if (p == r->end)
        return (qr_token_kind)qr_reader_fail(r, p == r->start ? QR_ERROR_EMPTY : QR_ERROR_TRUNCATED, p);
    return (qr_token_kind)qr_reader_fail(r, QR_ERROR_EXPECTED_VALUE, p);
}

/* ---------------------------------------------------------------- numbers
 *   number = [ - ] ( 0 | 1-9 {0-9} ) [ . 0-9 {0-9} ] [ (e|E) [+|-] 0-9 {0-9} ]
 * Up to 19 digits are gathered in 64 bits; whoever has more takes a slower way. */

QR_INLINE int is_digit(uint8_t c) { return (uint8_t)(c - '0') <= 9; }

static qr_token_kind integer(qr_reader *r, qr_token *token, const uint8_t *digits, const uint8_t *p, uint64_t value, int negative)
{
    size_t n = (size_t)(p - digits);
    r->p = p;
    if (QR_LIKELY(n <= 18)) {
        token->i = negative ? -(int64_t)value : (int64_t)value;
        return QR_TOKEN_INT;
    }
    /* 19 digits fit 64 bits; 20 do when they start with 1 and the sum did not wrap: 1e19 <= value. */
    if (n == 19 || (n == 20 && *digits == '1' && value >= 10000000000000000000u)) {
        if (negative ? value <= (uint64_t)INT64_MAX + 1 : value <= INT64_MAX) {
            token->i = (int64_t)(negative ? 0 - value : value);
            return QR_TOKEN_INT;
        }
        if (!negative) {
            token->u = value;
            return QR_TOKEN_UINT;
        }
    }
    if (r->limits.int_digits && n > r->limits.int_digits)
        return (qr_token_kind)qr_reader_fail(r, QR_ERROR_INT_DIGITS, token->at);
    token->text = token->at;
    token->length = (size_t)(p - token->at);
    return QR_TOKEN_BIG;
}

/* The text is known to be of the grammar. */
static QR_NOINLINE qr_token_kind long_float(qr_reader *r, qr_token *token)
{
    if (qr_float64_read(token->at, (size_t)(r->p - token->at), &token->d) != 1)
        return (qr_token_kind)qr_reader_fail(r, QR_ERROR_NON_FINITE_NUMBER, token->at);
    return QR_TOKEN_FLOAT;
}

/* [+-]digits after the e; *p is left behind them. Exponents saturate where no number of digits in front can bring them back. */
static int exponent(const uint8_t **at, int64_t *value)
{
    const uint8_t *p = *at;
    int negative = *p == '-';
    p += *p == '-' || *p == '+';
    if (!is_digit(*p)) {
        *at = p;
        return 0;
    }
    int64_t sum = 0;
    for (; is_digit(*p); p++)
        if (sum < 100000000000000000)
            sum = sum * 10 + (*p - '0');
    *value = negative ? -sum : sum;
    *at = p;
    return 1;
}

/* The digits from p on join the value, eight a step, without asking for each whether it is one: fractions end anywhere. */
QR_INLINE const uint8_t *more_digits(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    uint64_t sum = *value;
    while (QR_LIKELY(end - p >= 8)) {
        unsigned n = qr_integer_count_digits(p);
        if (n == 0)
            break;
        sum = sum * powers[n] + qr_integer_read_digits(p, n);
        p += n;
        if (n < 8)
            break;
    }
    while (is_digit(*p))
        sum = sum * 10 + (uint64_t)(*p++ - '0');
    *value = sum;
    return p;
}

qr_token_kind qr_json_number(qr_reader *r, qr_token *token)
{
    const uint8_t *p = r->p, *end = r->end;
    token->at = p;
    int negative = *p == '-';
    p += negative;
    const uint8_t *digits = p;
    uint64_t value = 0;
    if (QR_UNLIKELY(*p == '0')) {
        p++;
        if (is_digit(*p))
            return (qr_token_kind)qr_reader_fail(r, QR_ERROR_INVALID_NUMBER, token->at);
    }
    else {
        while (is_digit(*p))
            value = value * 10 + (uint64_t)(*p++ - '0');
        if (QR_UNLIKELY(p == digits)) {
            if (*p == 'I' && negative && (r->options & QR_READ_NON_FINITE)) {
                r->p = p;
                return non_finite(r, token, "Infinity", 8, -__builtin_inf());
            }
            return (qr_token_kind)qr_reader_fail(r, p == end ? QR_ERROR_TRUNCATED : QR_ERROR_INVALID_NUMBER, token->at);
        }
    }
    size_t count = (size_t)(p - digits);
    int64_t power = 0;
    if (*p == '.') {
        const uint8_t *fraction = ++p;
        p = more_digits(p, end, &value);
        if (QR_UNLIKELY(p == fraction))
            return (qr_token_kind)qr_reader_fail(r, p == end ? QR_ERROR_TRUNCATED : QR_ERROR_INVALID_NUMBER, token->at);
        count += (size_t)(p - fraction);
        power = fraction - p;
    }
    else if ((*p | 0x20) != 'e')
        return integer(r, token, digits, p, value, negative);
    if ((*p | 0x20) == 'e') {
        int64_t shift;
        p++;
        if (QR_UNLIKELY(!exponent(&p, &shift)))
            return (qr_token_kind)qr_reader_fail(r, p == end ? QR_ERROR_TRUNCATED : QR_ERROR_INVALID_NUMBER, token->at);
        power += shift;
    }
    r->p = p;
    if (QR_UNLIKELY(count > 19)) { /* zeros in front are no digits that count */
        const uint8_t *q = digits;
        for (; count > 19 && (*q == '0' || *q == '.'); q++)
            count -= *q == '0';
    }
    double result;
    if (QR_UNLIKELY(count > 19 || !qr_float64_from_decimal(value, power, &result)))
        return long_float(r, token);
    token->d = negative ? -result : result;
    return QR_TOKEN_FLOAT;
}

/* ---------------------------------------------------------------- text */

const uint8_t qr_json_hex_digits[256] = {
#define NONE_16 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
    NONE_16, NONE_16, NONE_16,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 255, 255, 255, 255, 255,
    255, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255, NONE_16,
    255, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255, NONE_16,
    NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16,
#undef NONE_16
};

/* Four hexadecimal digits, or -1. */
QR_INLINE int32_t hex4(const uint8_t *p, const uint8_t *end)
{
    if (QR_UNLIKELY(end - p < 4))
        return -1;
    uint32_t a = qr_json_hex_digits[p[0]], b = qr_json_hex_digits[p[1]], c = qr_json_hex_digits[p[2]], d = qr_json_hex_digits[p[3]];
    return QR_UNLIKELY((a | b | c | d) > 15) ? -1 : (int32_t)(a << 12 | b << 8 | c << 4 | d);
}

QR_INLINE int is_high_surrogate(int32_t code) { return (code & ~0x3FF) == 0xD800; }
QR_INLINE int is_low_surrogate(int32_t code) { return (code & ~0x3FF) == 0xDC00; }

/* The escape at p (a backslash): its code point and how many bytes it takes; a negative qr_error when it is none. */
QR_INLINE int32_t escape(const uint8_t *p, const uint8_t *end, int lone_surrogates, size_t *taken)
{
    *taken = 2;
    if (p[1] != 'u') {
        switch (p[1]) {
        case '"': case '\\': case '/':
            return p[1];
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default:
            return -QR_ERROR_INVALID_ESCAPE;
        }
    }
    int32_t code = hex4(p + 2, end);
    if (code < 0)
        return -QR_ERROR_INVALID_ESCAPE;
    *taken = 6;
    if (QR_LIKELY((code & ~0x7FF) != 0xD800))
        return code;
    if (is_high_surrogate(code) && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        int32_t low = hex4(p + 8, end);
        if (is_low_surrogate(low)) {
            *taken = 12;
            return 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
        }
    }
    return lone_surrogates ? code : -QR_ERROR_INVALID_SURROGATE;
}

static qr_text_class class_of_code(int32_t code)
{
    return code < 0x80 ? QR_TEXT_ASCII : code < 0x100 ? QR_TEXT_LATIN1 : code < 0x10000 ? QR_TEXT_BMP : QR_TEXT_FULL;
}

/* Do the bytes from p to the end begin a \u escape (of a low surrogate) that the end cuts off? */
static int is_cut_off(const uint8_t *p, const uint8_t *end, int low_surrogate)
{
    size_t left = (size_t)(end - p);
    if (left >= 6 || (left > 0 && p[0] != '\\') || (left > 1 && p[1] != 'u'))
        return 0;
    for (size_t i = 2; i < left; i++)
        if (qr_json_hex_digits[p[i]] > 15)
            return 0;
    return !low_surrogate || left < 3 || ((p[2] | 0x20) == 'd' && (left < 4 || (qr_json_hex_digits[p[3]] & 0xFC) == 0xC));
}

/* An escape, or a pair of them, that is cut off by the end of the input is a truncation. */
static int fail_escape(qr_reader *r, qr_error error, const uint8_t *p)
{
    int cut = error == QR_ERROR_INVALID_SURROGATE ? is_high_surrogate(hex4(p + 2, r->end)) && is_cut_off(p + 6, r->end, 1) : is_cut_off(p, r->end, 0);
    return qr_reader_fail(r, cut ? QR_ERROR_TRUNCATED : error, p);
}

/* The rest of a string from p, the first byte that is not plain ASCII. */
int qr_json_text_long(qr_reader *r, qr_token *token, const uint8_t *p)
{
    const uint8_t *end = r->end;
    qr_text_class widest = QR_TEXT_ASCII;
    size_t count = (size_t)(p - token->text);
    token->escaped = 0;
    while (*p != '"') {
        if (*p == '\\') {
            size_t taken;
            int32_t code = escape(p, end, (r->options & QR_READ_LONE_SURROGATES) != 0, &taken);
            if (QR_UNLIKELY(code < 0))
                return fail_escape(r, (qr_error)-code, p);
            qr_text_class class_ = class_of_code(code);
            widest = class_ > widest ? class_ : widest;
            count++;
            token->escaped = 1;
            p += taken;
            continue;
        }
        if (QR_UNLIKELY(*p < 0x20))
            return qr_reader_fail(r, p == end ? QR_ERROR_TRUNCATED : QR_ERROR_CONTROL_CHARACTER, p == end ? token->at : p);
        qr_text_class class_;
        size_t units;
        p = qr_utf8_measure_text(p, end, &units, &class_);
        count += units;
        widest = class_ > widest ? class_ : widest;
    }
    token->length = (size_t)(p - token->text);
    token->count = count;
    token->widest = (uint8_t)widest;
    r->p = p + 1;
    if (QR_UNLIKELY(token->length > r->str_limit))
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, token->at);
    return 1;
}

static int fail_text(qr_reader *r, const uint8_t *s, size_t n)
{
    size_t bad = qr_utf8_invalid_at(s, n);
    return qr_reader_fail(r, bad < n ? QR_ERROR_INVALID_UTF8 : QR_ERROR_INPUT_CHANGED, s + bad);
}

/* ASCII with escapes, to bytes. */
static int copy_ascii(qr_reader *r, const qr_token *token, uint8_t *to, size_t room)
{
    const uint8_t *p = token->text, *stop = p + token->length;
    uint8_t *limit = to + room;
    while (p < stop) {
        while (stop - p >= QR_SIMD_BLOCK && limit - to >= QR_SIMD_BLOCK) {
            uint32_t at = qr_simd_copy_text(to, p);
            unsigned n = at ? qr_simd_first(at) : QR_SIMD_BLOCK;
            p += n;
            to += n;
            if (at)
                break;
        }
        if (to == limit)
            break;
        if (*p != '\\')
            *to++ = *p++;
        else {
            size_t taken;
            int32_t code = escape(p, stop, 1, &taken);
            if (code < 0 || code > 0x7F)
                break;
            *to++ = (uint8_t)code;
            p += taken;
        }
    }
    return p == stop && to == limit ? 1 : qr_reader_fail(r, QR_ERROR_INPUT_CHANGED, token->at);
}

enum { COPY_LONG = 32 }; /* bytes without an escape that are worth the search for the next one */

/* Text with escapes: some of it is long and has few, some (emoji) has one after each character or two. */
QR_INLINE int copy_escaped(qr_reader *r, const qr_token *token, uint8_t *to, unsigned width, size_t room)
{
    const uint8_t *p = token->text, *stop = p + token->length;
    const uint32_t most = width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF;
    uint8_t *limit = to + room * width;
    int searched = 0;
    while (p < stop) {
        uint32_t code = *p;
        if (code == '\\') {
            size_t taken;
            int32_t escaped = escape(p, stop, 1, &taken);
            if (QR_UNLIKELY(escaped < 0))
                return qr_reader_fail(r, QR_ERROR_INPUT_CHANGED, p);
            code = (uint32_t)escaped;
            p += taken;
            searched = 0;
        }
        else {
            if (stop - p >= COPY_LONG && !searched) {
                const uint8_t *next = memchr(p, '\\', (size_t)(stop - p));
                size_t n = (size_t)((next ? next : stop) - p);
                searched = 1;
                if (n >= COPY_LONG) {
                    size_t units = qr_utf8_decode_some(p, n, to, width, (size_t)(limit - to) / width);
                    if (QR_UNLIKELY(units == QR_UTF8_INVALID))
                        return fail_text(r, p, n);
                    to += units * width;
                    p += n;
                    continue;
                }
            }
            if (code < 0x80)
                p++;
            else {
                unsigned taken = qr_utf8_decode_point(p, (size_t)(stop - p), &code);
                if (QR_UNLIKELY(taken == 0))
                    return fail_text(r, p, (size_t)(stop - p));
                p += taken;
            }
        }
        if (QR_UNLIKELY(to == limit || code > most))
            return qr_reader_fail(r, QR_ERROR_INPUT_CHANGED, token->at);
        if (width == 1)
            *to = (uint8_t)code;
        else if (width == 2)
            qr_store16(to, (uint16_t)code);
        else
            qr_store32(to, code);
        to += width;
    }
    return to == limit ? 1 : qr_reader_fail(r, QR_ERROR_INPUT_CHANGED, token->at);
}

int qr_json_copy(qr_reader *r, const qr_token *token, void *to, unsigned width, size_t room)
{
    if (!token->escaped)
        return qr_utf8_decode(token->text, token->length, to, width, room) ? 1 : fail_text(r, token->text, token->length);
    if (width == 1)
        return token->widest == QR_TEXT_ASCII ? copy_ascii(r, token, to, room) : copy_escaped(r, token, to, 1, room);
    return width == 2 ? copy_escaped(r, token, to, 2, room) : copy_escaped(r, token, to, 4, room);
}

size_t qr_json_copy_utf8(qr_reader *r, const qr_token *token, uint8_t *to)
{
    const uint8_t *p = token->text, *stop = p + token->length;
    if (!qr_json_check_text(r, token))
        return (size_t)-1;
    uint8_t *out = to;
    while (p < stop) {
        const uint8_t *next = token->escaped ? memchr(p, '\\', (size_t)(stop - p)) : NULL;
        size_t n = (size_t)((next ? next : stop) - p);
        memcpy(out, p, n);
        out += n;
        p += n;
        if (!next)
            break;
        size_t taken;
        int32_t code = escape(p, stop, 1, &taken);
        if (code < 0)
            return (size_t)-1;
        out += qr_utf8_encode_point(out, (uint32_t)code); /* no escape is shorter than its code point */
        p += taken;
    }
    return (size_t)(out - to);
}

int qr_json_check_text(qr_reader *r, const qr_token *token)
{
    if (token->widest == QR_TEXT_ASCII)
        return 1;
    size_t bad = qr_utf8_invalid_at(token->text, token->length); /* escapes are ASCII: the slice as a whole must be valid */
    return bad == token->length ? 1 : qr_reader_fail(r, QR_ERROR_INVALID_UTF8, token->text + bad);
}
