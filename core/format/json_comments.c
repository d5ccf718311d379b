/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/json_comments.h"

#include "core/base/simd.h"

/* Behind the closing quote of the string that opens at i; at the end of the input when it has none. */
static size_t string_end(const uint8_t *p, size_t i, size_t n)
{
    for (i++; i < n && p[i] != '"'; i++)
        if (p[i] == '\\')
            i++;
    return i < n ? i + 1 : n;
}

/* Behind the comment that begins at i; 0 where none begins, n + 1 where it has no end. */
static size_t comment_end(const uint8_t *p, size_t i, size_t n)
{
    if (n - i < 2 || (p[i + 1] != '/' && p[i + 1] != '*'))
        return 0;
    if (p[i + 1] == '/') {
        const uint8_t *found = memchr(p + i, '\n', n - i);
        return found ? (size_t)(found - p) : n;
    }
    for (i += 2; n - i >= 2; i++)
        if (p[i] == '*' && p[i + 1] == '/')
            return i + 2;
    return n + 1;
}

size_t qr_json_blank_comments(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t comma = n; /* the last thing was that comma, behind an item */
    uint8_t last = '[';
    memcpy(to, from, n);
    for (size_t i = 0, end; i < n;) {
        uint8_t c = from[i];
        if (c == '/' && i + 1 == n)
            return i;
        if (!qr_byte_is_not_space(c)) {
            i++;
            continue;
        }
        if (c == '/' && (end = comment_end(from, i, n))) {
            if (end > n)
                return i;
            for (; i < end; i++)
                if (from[i] != '\n' && from[i] != '\r')
                    to[i] = ' ';
            continue;
        }
        if ((c == ']' || c == '}') && comma < n)
            to[comma] = ' ';
        comma = c == ',' && last != '[' && last != '{' && last != ',' && last != ':' ? i : n;
        last = c;
        i = c == '"' ? string_end(from, i, n) : i + 1;
    }
    return n;
}
