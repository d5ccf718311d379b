/* SPDX-License-Identifier: Apache-2.0 */
/* sort: few by counting how many are less, more of them by merging runs, many by their digits, the lowest first (LSD radix sort; Knuth, The Art of Computer
 * Programming, volume 3, section 5.2.5). A digit begins at a bit in which the numbers differ, so that what all have in common costs nothing. */
#include "core/base/sort.h"

enum { RUN = 16, MANY = 1024, MANY_BITS = 8, MOST = 4096, MOST_BITS = 11 };

/* The bits in which some differ, from `low` on; 0 also when they are in order. */
static uint64_t look(const uint64_t *numbers, size_t n, unsigned low)
{
    uint64_t differ = 0, last = numbers[0] >> low;
    int in_order = 1;
    for (size_t i = 1; i < n; i++) {
        uint64_t next = numbers[i] >> low;
        in_order &= last <= next;
        differ |= last ^ next;
        last = next;
    }
    return in_order ? 0 : differ << low;
}

static void insert(uint64_t *to, const uint64_t *from, size_t n, unsigned low)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t moved = from[i], key = moved >> low;
        size_t at = i;
        for (; at > 0 && to[at - 1] >> low > key; at--)
            to[at] = to[at - 1];
        to[at] = moved;
    }
}

/* Each goes behind those that are less. `width` is a constant, and the difference of numbers below 2^63 has their order as its highest bit, so
 * that vectors do it without a branch. */
QR_INLINE void rank(uint64_t *to, const uint64_t *from, size_t n, unsigned low, size_t width)
{
    uint64_t keys[RUN];
    for (size_t i = 0; i < width; i++)
        keys[i] = UINT64_MAX >> 1;
    for (size_t i = 0; i < n; i++)
        keys[i] = from[i] >> low << (low - 1) | i; /* none like another */
    for (size_t i = 0; i < n; i++) {
        uint64_t key = keys[i], less = 0;
        for (size_t k = 0; k < width; k++)
            less += (keys[k] - key) >> 63;
        to[less] = from[i];
    }
}

/* At most RUN, to another place. */
static void sort_few(uint64_t *to, const uint64_t *from, size_t n, unsigned low)
{
    if (n <= 4 || QR_UNLIKELY(2 * n > (uint64_t)1 << low))
        insert(to, from, n, low);
    else if (n <= RUN / 2)
        rank(to, from, n, low, RUN / 2);
    else
        rank(to, from, n, low, RUN);
}

/* Which of two comes next is as good as random: there is no branch to guess. */
static void merge(uint64_t *to, const uint64_t *left, const uint64_t *left_end, const uint64_t *right, const uint64_t *right_end, unsigned low)
{
    while (left < left_end && right < right_end) {
        uint64_t a = *left, b = *right;
        int takes_right = b >> low < a >> low;
        *to++ = takes_right ? b : a;
        right += takes_right;
        left += !takes_right;
    }
    memcpy(to, left, (size_t)(left_end - left) * sizeof *to);
    memcpy(to + (left_end - left), right, (size_t)(right_end - right) * sizeof *to);
}

static uint64_t *sort_by_runs(uint64_t *from, uint64_t *to, size_t n, unsigned low)
{
    for (size_t i = 0; i < n; i += RUN)
        sort_few(to + i, from + i, n - i < RUN ? n - i : RUN, low);
    uint64_t *runs = to;
    to = from;
    from = runs;
    for (size_t width = RUN; width < n; width *= 2) {
        for (size_t i = 0; i < n; i += 2 * width) {
            size_t middle = n - i < width ? n : i + width, end = n - middle < width ? n : middle + width;
            merge(to + i, from + i, from + middle, from + middle, from + end, low);
        }
        uint64_t *sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

static void sort_by_digit(uint64_t *to, const uint64_t *from, size_t n, unsigned shift, unsigned bits)
{
    uint32_t at[1 << MOST_BITS];
    uint64_t mask = ((uint64_t)1 << bits) - 1;
    memset(at, 0, sizeof *at << bits);
    for (size_t i = 0; i < n; i++)
        at[from[i] >> shift & mask]++;
    uint32_t sum = 0;
    for (size_t i = 0; i <= mask; i++) {
        uint32_t count = at[i];
        at[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[at[from[i] >> shift & mask]++] = from[i];
}

void qr_sort64(uint64_t *numbers, uint64_t *room, size_t n, unsigned low)
{
    if (n < 2)
        return;
    uint64_t differ = look(numbers, n, low), *from = numbers, *to = room;
    unsigned bits = n < MOST ? MANY_BITS : MOST_BITS;
    if (n < MANY && differ) {
        from = sort_by_runs(numbers, room, n, low);
        differ = 0;
    }
    while (differ) {
        unsigned shift = (unsigned)__builtin_ctzll(differ);
        sort_by_digit(to, from, n, shift, bits);
        uint64_t *sorted = to;
        to = from;
        from = sorted;
        differ = shift + bits < 64 ? differ >> (shift + bits) << (shift + bits) : 0;
    }
    if (from != numbers)
        memcpy(numbers, from, n * sizeof *numbers);
}
