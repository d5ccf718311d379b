/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in order, of every count at which another way of sorting begins. */
#include "core/base/sort.h"
#include "tests/c/quire_test.h"

enum { MOST = 6000 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* n numbers of which only the bits in `mask` differ, with their places in the bits below `low`: 1 when they come out in order, each once. */
static int sorts(size_t n, uint64_t mask, unsigned low, int descends)
{
    uint64_t *numbers = malloc((n + 1) * 2 * sizeof *numbers), state = 88172645463325252u + n, places = ((uint64_t)1 << low) - 1, seen = 0;
    int ok = numbers != NULL;
    for (size_t i = 0; ok && i < n; i++)
        numbers[i] = ((descends ? (uint64_t)(n - i) << low : next_random(&state) & mask) & ~places) | (i & places);
    if (ok)
        qr_sort64(numbers, numbers + n, n, low);
    for (size_t i = 0; ok && i < n; i++) {
        uint64_t last = i ? numbers[i - 1] : 0;
        ok = numbers[i] >> low >= last >> low;
        if (i && numbers[i] >> low == last >> low && n <= places)
            ok = ok && (numbers[i] & places) > (last & places); /* as they came */
        seen += numbers[i] & places;
    }
    if (n <= places)
        ok = ok && seen == (uint64_t)n * (n - (n > 0)) / 2;
    free(numbers);
    return ok;
}

static void test_every_count(void)
{
    static const size_t counts[] = {0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 23, 24, 25, 26, 31, 32, 33, 47, 48, 49, 96, 97, 500, 1023, 1024, 1025, 4095, 4096, MOST};
    static const uint64_t masks[] = {~(uint64_t)0, (uint64_t)0xFF << 56, 0xFFFFF0000, (uint64_t)1 << 63, 0, 0x0101010101010101};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
            CHECK(sorts(counts[c], masks[m], 13, 0));
            CHECK(sorts(counts[c], masks[m], 0, 0));
            CHECK(sorts(counts[c], masks[m], 2, 0));
            CHECK(sorts(counts[c], masks[m], 32, 1));
        }
}

TEST_MAIN(TEST(test_every_count))
