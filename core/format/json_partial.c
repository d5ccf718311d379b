/* SPDX-License-Identifier: Apache-2.0 */
/* json x partial: the value so far of a JSON text (RFC 8259) that is cut off. See scan.h.
 *
 *   {"a": [1, 2], "b": {"c": "te     the text as far as it has come
 *                           ^ safe   up to here it stands for something as soon as its brackets are closed:
 *   {"a": [1, 2], "b": {"c": "te"}}
 *
 * A place is safe after an opening bracket and after a value, not after a key or a comma. Brackets change at safe places only,
 * so those to close are always the ones that are open now. Nothing is judged: what is wrong is handed on for the reader to find. */
#include "core/base/simd.h"
#include "core/format/scan.h"

QR_INLINE int is_letter(uint8_t c) { return (uint8_t)((c | 0x20) - 'a') <= 'z' - 'a'; }
QR_INLINE int is_of_number(uint8_t c) { return is_letter(c) || (uint8_t)(c - '0') <= 9 || c == '.' || c == '-' || c == '+'; }
QR_INLINE int is_hex(uint8_t c) { return (uint8_t)(c - '0') <= 9 || (uint8_t)((c | 0x20) - 'a') <= 5; }

typedef struct walk {
    const uint8_t *p, *end, *safe;
    const uint8_t *text; /* what of an open string is to be kept ends here; NULL: none is open */
    uint8_t *closers;    /* the brackets that close what is open; room for all that may come */
    size_t depth;
    int is_key;          /* a string that comes now is a key */
} walk;

/* Bytes that the escape at p takes (with the second half of a pair, if it needs one), 0 when not all of them are there. */
static size_t escape_length(const uint8_t *p, const uint8_t *end)
{
    size_t left = (size_t)(end - p);
    if (left < 2)
        return 0;
    if (p[1] != 'u')
        return 2;
    for (size_t i = 2; i < 6; i++) {
        if (i >= left)
            return 0;
        if (!is_hex(p[i]))
            return 2; /* wrong: the reader says so */
    }
    int high = (p[2] | 0x20) == 'd' && strchr("89abAB", p[3]) != NULL;
    if (!high || (left > 6 && p[6] != '\\') || (left > 7 && p[7] != 'u'))
        return 6;
    return left < 12 ? 0 : 12;
}

/* The end of the last whole character of an open string from p on. */
static const uint8_t *last_character(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *escape;
    while (p < end && (escape = memchr(p, '\\', (size_t)(end - p)))) {
        size_t n = escape_length(escape, end);
        if (n == 0)
            return escape;
        p = escape + n;
    }
    for (size_t k = 1; k <= 3 && k <= (size_t)(end - p); k++) {
        uint8_t c = end[-(ptrdiff_t)k];
        if ((c & 0xC0) == 0x80)
            continue;
        size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return length > k ? end - k : end;
    }
    return end;
}

/* A string whose quote is passed: 1, or 0 when it has no end. */
static int string(walk *w)
{
    const uint8_t *start = w->p;
    while (w->p < w->end && *w->p != '"')
        w->p += *w->p == '\\' && w->end - w->p > 1 ? 2 : 1;
    if (w->p == w->end) {
        w->text = w->is_key ? NULL : last_character(start, w->end);
        return 0;
    }
    w->p++;
    if (!w->is_key)
        w->safe = w->p;
    return 1;
}

/* A word is known to be whole only by its letters, a number by what comes after it. */
static int word(walk *w)
{
    static const char *const words[] = {"true", "false", "null", "NaN", "Infinity"};
    const uint8_t *start = w->p - 1;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(words); i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(w->end - start) >= n && memcmp(start, words[i], n) == 0) {
            w->p = w->safe = start + n;
            return 1;
        }
    }
    while (w->p < w->end && is_letter(*w->p))
        w->p++;
    if (w->p == w->end)
        return 0;
    w->safe = w->p;
    return 1;
}

static int number(walk *w)
{
    while (w->p < w->end && is_of_number(*w->p))
        w->p++;
    if (w->p == w->end)
        return 0;
    w->safe = w->p;
    return 1;
}

/* One step; 0: at the end, or in something that the end cuts off. */
static int step(walk *w)
{
    if (w->p == w->end)
        return 0;
    uint8_t c = *w->p++;
    switch (c) {
    case ' ': case '\n': case '\r': case '\t': return 1;
    case '"': return string(w);
    case ':': w->is_key = 0; return 1;
    case ',': w->is_key = w->depth && w->closers[w->depth - 1] == '}'; return 1;
    case '{': case '[':
        w->closers[w->depth++] = (uint8_t)(c + 2); /* both stand two places before what closes them */
        w->is_key = c == '{';
        w->safe = w->p;
        return 1;
    case '}': case ']':
        w->safe = w->p;
        return w->depth && --w->depth;
    default:
        if (c == '-' || (uint8_t)(c - '0') <= 9)
            return number(w);
        if (is_letter(c))
            return word(w);
        w->safe = w->p;
        return 1;
    }
}

int qr_json_partial(const uint8_t *data, size_t length, const qr_memory *memory, qr_buffer *out)
{
    size_t kept, brackets;
    (void)memory;
    /* at most as many brackets as bytes; behind the room for the result (the text, a quote, the brackets) those that are open */
    if (qr_multiply_overflows(length, 3, &brackets) || qr_add_overflows(brackets, 8, &brackets))
        return qr_buffer_fail(out, QR_ERROR_MEMORY);
    if (!qr_buffer_reserve(out, brackets))
        return 0;
    walk w = {.p = data, .end = data + length, .safe = data, .closers = out->p + 2 * length + 8};
    while (step(&w))
        ;
    if (w.text)
        w.safe = w.text;
    kept = (size_t)(w.safe - data);
    if (kept == 0)
        return 0;
    memcpy(out->p, data, kept);
    out->p += kept;
    if (w.text)
        *out->p++ = '"';
    while (w.depth)
        *out->p++ = w.closers[--w.depth];
    return 1;
}
