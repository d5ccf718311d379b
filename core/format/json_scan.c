/* SPDX-License-Identifier: Apache-2.0 */
/* json x scan: the end of a JSON text (RFC 8259) in input that comes in pieces. See scan.h.
 *
 * Outside strings only quotes and brackets matter, inside only the quote and the backslash. In a container 64 bytes are taken at
 * a time: the quotes among them, each the sum of those before it, say which bytes are text (the idea is of Langdale and Lemire,
 * "Parsing gigabytes of JSON per second", 2019), and the brackets outside it are counted. Bytes with a backslash, and the last ones
 * of a piece, are gone through by the next quote or bracket. Which bracket closes which is not asked: the reader fails at the first that does not match, and the document ends there
 * or later. */
#include "core/base/simd.h"
#include "core/format/scan.h"

/* From SLASH on: in a comment, or behind what may begin one. */
enum { BETWEEN, INSIDE, STRING, ESCAPE, WORD, NUMBER, SLASH, LINE, BLOCK_COMMENT, STAR };

QR_INLINE int is_letter(uint8_t c) { return (uint8_t)((c | 0x20) - 'a') <= 'z' - 'a'; }
QR_INLINE int is_of_number(uint8_t c) { return is_letter(c) || (uint8_t)(c - '0') <= 9 || c == '.' || c == '-' || c == '+'; }

/* Letters after the first one of the words that JSON knows, and of NaN and Infinity, which a reader may allow. */
static uint8_t letters_after(uint8_t c)
{
    switch (c) {
    case 't': case 'n': return 3;
    case 'f': return 4;
    case 'N': return 2;
    case 'I': return 7;
    default: return 0;
    }
}

static const uint8_t *find_bracket(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= QR_SIMD_BLOCK; p += QR_SIMD_BLOCK) {
        uint32_t stop = qr_simd_bracket(p);
        if (stop)
            return p + qr_simd_first(stop);
    }
    while (p < end && !qr_byte_is_bracket(*p))
        p++;
    return p;
}

/* The next quote or backslash; controls, which a reader refuses, are stopped at and passed. */
static const uint8_t *find_quote(const uint8_t *p, const uint8_t *end)
{
    for (;;) {
        while (end - p >= QR_SIMD_BLOCK) {
            uint32_t stop = qr_simd_quote_stop(p);
            if (stop) {
                p += qr_simd_first(stop);
                break;
            }
            p += QR_SIMD_BLOCK;
        }
        while (p < end && !qr_byte_is_quote_stop(*p))
            p++;
        if (p == end || *p >= 0x20)
            return p;
        p++;
    }
}

enum { BLOCK = 64 };

/* Which of the BLOCK bytes at p are so. */
#define BITS_OF(mask_of)                                                                                                \
    ((uint64_t)mask_of(p) | (uint64_t)mask_of(p + 16) << 16 | (uint64_t)mask_of(p + 32) << 32 | (uint64_t)mask_of(p + 48) << 48)
QR_INLINE uint32_t mask_of_quotes(const uint8_t *p) { return qr_simd_equal_byte(p, '"'); }
QR_INLINE uint32_t mask_of_backslashes(const uint8_t *p) { return qr_simd_equal_byte(p, '\\'); }
QR_INLINE int has_backslash(const uint8_t *p) { return BITS_OF(mask_of_backslashes) != 0; }

/* Each bit the sum of itself and those below it. */
QR_INLINE uint64_t sum_bits(uint64_t x)
{
    x ^= x << 1;
    x ^= x << 2;
    x ^= x << 4;
    x ^= x << 8;
    x ^= x << 16;
    return x ^ x << 32;
}

/* The BLOCK bytes at p, within a container and without a backslash: MORE, or how far the document or its last level goes. */
QR_INLINE qr_scan_result scan_block(qr_scan *self, const uint8_t *p, size_t *taken)
{
    uint64_t quotes = BITS_OF(mask_of_quotes), text = sum_bits(quotes) ^ (self->state == STRING ? UINT64_MAX : 0);
    for (uint64_t brackets = BITS_OF(qr_simd_bracket) & ~(text | quotes); brackets; brackets &= brackets - 1) {
        unsigned at = (unsigned)__builtin_ctzll(brackets);
        int opens = p[at] & 2; /* { and [ have that bit, } and ] have not */
        if (QR_UNLIKELY(opens ? self->depth++ == self->depth_limit : --self->depth == 0)) {
            *taken = at + 1;
            return opens ? QR_SCAN_DEPTH : QR_SCAN_DONE;
        }
    }
    self->state = text >> 63 ? STRING : INSIDE;
    return QR_SCAN_MORE;
}

/* The first byte of a document. 1: it is a whole one, of a byte that starts no value. */
static int start(qr_scan *self, uint8_t c)
{
    if (c == '{' || c == '[') {
        self->state = INSIDE;
        self->depth = 1;
    }
    else if (c == '"')
        self->state = STRING;
    else if (c == '-' || (uint8_t)(c - '0') <= 9) {
        self->state = NUMBER;
        self->wanted = c == '-';
    }
    else {
        self->wanted = letters_after(c);
        self->state = self->wanted ? WORD : BETWEEN;
    }
    return self->state == BETWEEN;
}

static qr_scan_result done(qr_scan *self, const uint8_t *data, const uint8_t *p, size_t *taken)
{
    self->state = BETWEEN;
    *taken = (size_t)(p - data);
    return QR_SCAN_DONE;
}

/* A word ends with its last letter, or with what is no letter, which then belongs to the mistake. */
static qr_scan_result scan_word(qr_scan *self, const uint8_t *data, const uint8_t *p, const uint8_t *end, size_t *taken)
{
    for (; p < end; p++) {
        if (!is_letter(*p) || --self->wanted == 0)
            return done(self, data, p + 1, taken);
    }
    return QR_SCAN_MORE;
}

/* One that cannot end where it does (1. or -) is a mistake, and the byte behind it belongs to that: without it the number would seem to
 * be cut off. It is wanted where the last byte is no digit, nor the y of -Infinity. */
static qr_scan_result scan_number(qr_scan *self, const uint8_t *data, const uint8_t *p, const uint8_t *end, size_t *taken)
{
    const uint8_t *from = p;
    while (p < end && is_of_number(*p))
        p++;
    if (p > from)
        self->wanted = (uint8_t)(p[-1] - '0') > 9 && p[-1] != 'y';
    return p == end ? QR_SCAN_MORE : done(self, data, p + (self->wanted || !qr_byte_is_not_space(*p)), taken);
}

/* Outside of strings in a document with comments, byte by byte: MORE, or what qr_json_scan gives. *p is moved. */
static qr_scan_result scan_inside(qr_scan *self, const uint8_t **at, const uint8_t *end)
{
    for (const uint8_t *p = *at; p < end; p++) {
        if (*p != '/' && !qr_byte_is_bracket(*p))
            continue;
        *at = p + 1;
        switch (*p) {
        case '/':
            self->state = SLASH;
            return QR_SCAN_MORE;
        case '"':
            self->state = STRING;
            return QR_SCAN_MORE;
        case ']': case '}':
            if (--self->depth == 0)
                return QR_SCAN_DONE;
            break;
        default:
            if (self->depth++ == self->depth_limit)
                return QR_SCAN_DEPTH;
        }
    }
    *at = end;
    return QR_SCAN_MORE;
}

/* In a comment or behind a '/'. The same. DONE: the '/' begins nothing and is a document by itself. */
static qr_scan_result scan_comment(qr_scan *self, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at, *found;
    if (self->state == SLASH && *p != '/' && *p != '*') {
        self->state = INSIDE;
        return self->depth ? QR_SCAN_MORE : QR_SCAN_DONE;
    }
    if (self->state == SLASH)
        self->state = *p++ == '/' ? LINE : BLOCK_COMMENT;
    else if (self->state == STAR && *p != '/')
        self->state = *p++ == '*' ? STAR : BLOCK_COMMENT;
    else if (self->state == BLOCK_COMMENT) {
        found = memchr(p, '*', (size_t)(end - p));
        p = found ? found + 1 : end;
        self->state = found ? STAR : BLOCK_COMMENT;
    }
    else { /* to its last byte */
        found = self->state == STAR ? p : memchr(p, '\n', (size_t)(end - p));
        p = found ? found + 1 : end;
        if (found)
            self->state = self->depth ? INSIDE : BETWEEN;
    }
    *at = p;
    return self->state == BETWEEN ? QR_SCAN_SPACE : QR_SCAN_MORE;
}

/* The rest of what may have comments: a container, a string or a comment. */
static qr_scan_result scan_commented(qr_scan *self, const uint8_t *data, const uint8_t *p, const uint8_t *end, size_t *taken)
{
    qr_scan_result result = QR_SCAN_MORE;
    while (p < end && result == QR_SCAN_MORE) {
        if (self->state == STRING) {
            p = find_quote(p, end);
            if (p == end)
                break;
            self->state = *p == '\\' ? ESCAPE : INSIDE;
            if (*p++ == '"' && self->depth == 0)
                result = QR_SCAN_DONE;
        }
        else if (self->state == ESCAPE) {
            p++;
            self->state = STRING;
        }
        else
            result = self->state == INSIDE ? scan_inside(self, &p, end) : scan_comment(self, &p, end);
    }
    *taken = (size_t)(p - data);
    return result == QR_SCAN_DONE ? done(self, data, p, taken) : result;
}

qr_scan_result qr_json_scan(qr_scan *self, const uint8_t *data, size_t length, size_t *taken)
{
    const uint8_t *p = data, *end = data + length;
    *taken = length;
    if (self->state == BETWEEN) {
        while (p < end && !qr_byte_is_not_space(*p))
            p++;
        if (p > data || p == end) {
            *taken = (size_t)(p - data);
            return QR_SCAN_SPACE;
        }
        if (QR_UNLIKELY(self->comments) && *p == '/') {
            self->state = SLASH;
            p++;
        }
        else if (start(self, *p++))
            return done(self, data, p, taken);
    }
    if (self->state == WORD)
        return scan_word(self, data, p, end, taken);
    if (self->state == NUMBER)
        return scan_number(self, data, p, end, taken);
    if (QR_UNLIKELY(self->comments))
        return scan_commented(self, data, p, end, taken);
    const uint8_t *slow = p; /* up to here no block is tried */
    while (p < end) {
        if (end - p >= BLOCK && p >= slow && self->depth && self->state != ESCAPE) {
            if (has_backslash(p))
                slow = p + BLOCK;
            else {
                size_t n;
                qr_scan_result result = scan_block(self, p, &n);
                if (result == QR_SCAN_DONE)
                    return done(self, data, p + n, taken);
                if (result == QR_SCAN_DEPTH) {
                    *taken = (size_t)(p - data) + n;
                    return result;
                }
                p += BLOCK;
                continue;
            }
        }
        if (self->state == STRING) {
            p = find_quote(p, end);
            if (p == end)
                break;
            if (*p++ == '\\')
                self->state = ESCAPE;
            else if (self->depth == 0)
                return done(self, data, p, taken);
            else
                self->state = INSIDE;
        }
        else if (self->state == ESCAPE) { /* of \uXXXX only the u matters: what follows it ends no string */
            p++;
            self->state = STRING;
        }
        else {
            p = find_bracket(p, end);
            if (p == end)
                break;
            uint8_t c = *p++;
            if (c == '"')
                self->state = STRING;
            else if (c == ']' || c == '}') {
                if (--self->depth == 0)
                    return done(self, data, p, taken);
            }
            else if (self->depth++ == self->depth_limit) {
                *taken = (size_t)(p - data);
                return QR_SCAN_DEPTH;
            }
        }
    }
    return QR_SCAN_MORE;
}

qr_scan_result qr_json_scan_end(const qr_scan *self)
{
    int is_between = self->state == BETWEEN || (self->state == LINE && self->depth == 0);
    return is_between ? QR_SCAN_SPACE : self->state == NUMBER ? QR_SCAN_DONE : QR_SCAN_MORE;
}
