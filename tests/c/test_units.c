/* SPDX-License-Identifier: Apache-2.0 */
/* Every width beside a loop over its units: each length, each place of a stop, in blocks of exactly that size (a sanitizer sees what
 * reaches beyond). */
#include "core/base/units.h"
#include "tests/c/quire_test.h"

enum { LONGEST = 140 };

static void *exact(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (p == NULL)
        exit(2);
    return p;
}

/* Units that stop nothing; `most` is the largest of the width. */
static uint32_t harmless(uint64_t *state, uint32_t most)
{
    static const uint32_t often[] = {0x20, 0x21, 0x23, 'a', 0x5B, 0x5D, 0x7F, 0x80, 0xFF};
    static const uint32_t large[] = {0x100, 0x122, 0x15C, 0x7FFF, 0x8000, 0x8022, 0xFF22, 0xFFFF, 0x10000, 0x10022, 0x1005C, 0x10FFFF};
    uint64_t r = qr_test_random(state);
    uint32_t unit = r & 3 ? often[(r >> 8) % QR_ARRAY_LENGTH(often)] : large[(r >> 8) % QR_ARRAY_LENGTH(large)];
    return unit <= most ? unit : 'x';
}

static const uint32_t stops[] = {'"', '\\', 0, 0x1F, '\n'};

#define TESTS_OF(WIDTH, UNIT, MOST)                                                             \
    static void test_plain_##WIDTH(void)                                                        \
    {                                                                                           \
        uint64_t state = WIDTH;                                                                 \
        for (size_t n = 0; n < LONGEST; n++)                                                    \
            for (size_t at = 0; at <= n; at++) {                                                \
                UNIT *p = exact(n * sizeof *p);                                                 \
                uint32_t expected = 1, all = 1;                                                 \
                for (size_t i = 0; i < n; i++)                                                  \
                    p[i] = (UNIT)harmless(&state, MOST);                                        \
                for (size_t i = 0; i < at; i++)                                                 \
                    expected |= p[i];                                                           \
                if (at < n)                                                                     \
                    p[at] = (UNIT)stops[(n + at) % QR_ARRAY_LENGTH(stops)];                     \
                if (at + 1 < n) /* what comes behind the first one counts for nothing */        \
                    p[at + 1] = (UNIT)stops[n % QR_ARRAY_LENGTH(stops)];                        \
                CHECK_EQ(qr_units_plain_##WIDTH(p, n, &all), at);                               \
                CHECK_EQ(all, expected);                                                        \
                free(p);                                                                        \
            }                                                                                   \
    }                                                                                           \
    static void test_narrow_##WIDTH(void)                                                       \
    {                                                                                           \
        uint64_t state = WIDTH;                                                                 \
        for (int round = 0; round < 200; round++) {                                             \
            UNIT *p = exact(16 * sizeof *p);                                                    \
            uint8_t narrow[16];                                                                 \
            for (size_t i = 0; i < 16; i++)                                                     \
                p[i] = (UNIT)harmless(&state, MOST);                                            \
            qr_block_store(narrow, qr_units_narrow_##WIDTH(p));                                 \
            for (size_t i = 0; i < 16; i++)                                                     \
                CHECK_EQ(narrow[i], p[i] < 0xFF ? p[i] : 0xFF);                                 \
            free(p);                                                                            \
        }                                                                                       \
    }
TESTS_OF(1, uint8_t, 0xFF)
TESTS_OF(2, uint16_t, 0xFFFF)
TESTS_OF(4, uint32_t, 0x10FFFF)

#define TEST_OF_COPY(FROM_WIDTH, TO_WIDTH, FROM, TO, MOST)                                      \
    static void test_copy_##FROM_WIDTH##_##TO_WIDTH(void)                                       \
    {                                                                                           \
        uint64_t state = 1;                                                                     \
        for (size_t n = 0; n < LONGEST; n++)                                                    \
            for (size_t more = 0; more < 20; more++) {                                          \
                FROM *from = exact((n + more) * sizeof *from);                                  \
                TO *to = exact(n * sizeof *to);                                                 \
                for (size_t i = 0; i < n + more; i++)                                           \
                    from[i] = (FROM)harmless(&state, MOST);                                     \
                qr_units_copy_##FROM_WIDTH##_##TO_WIDTH(to, from, n, n + more);                 \
                for (size_t i = 0; i < n; i++)                                                  \
                    CHECK_EQ(to[i], from[i]);                                                   \
                free(from);                                                                     \
                free(to);                                                                       \
            }                                                                                   \
    }
TEST_OF_COPY(4, 2, uint32_t, uint16_t, 0xFFFF)
TEST_OF_COPY(4, 1, uint32_t, uint8_t, 0xFF)
TEST_OF_COPY(2, 1, uint16_t, uint8_t, 0xFF)

TEST_MAIN(TEST(test_plain_1), TEST(test_plain_2), TEST(test_plain_4), TEST(test_narrow_1), TEST(test_narrow_2), TEST(test_narrow_4),
          TEST(test_copy_4_2), TEST(test_copy_4_1), TEST(test_copy_2_1))
