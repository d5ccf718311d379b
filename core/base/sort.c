/* SPDX-License-Identifier: Apache-2.0 */
/* sort: few by insertion, more of them by merging runs, many by their digits, the lowest first (LSD radix sort; Knuth, The Art of Computer
 * Programming, volume 3, section 5.2.5). A digit begins at a bit in which the numbers differ, so that what all have in common costs nothing. */
#include "core/base/sort.h"

enum { RUN = 12, FEW = 2 * RUN, MANY = 1024, MANY_BITS = 8, MOST = 4096, MOST_BITS = 11 };

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

static void insert(uint64_t *numbers, size_t n, unsigned low)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t moved = numbers[i], key = moved >> low;
        size_t at = i;
        for (; at > 0 && numbers[at - 1] >> low > key; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = moved;
    }
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
        insert(from + i, n - i < RUN ? n - i : RUN, low);
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
    if (n <= FEW) {
        insert(numbers, n, low);
        return;
    }
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
