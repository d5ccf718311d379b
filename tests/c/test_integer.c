/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/base/integer.h"
#include "tests/c/quire_test.h"

enum { RANDOM_ROUNDS = 1000000, GUARD = 8 };

/* The text of a value in a room with a guard behind it: what is written stays inside. */
typedef struct written {
    uint8_t room[QR_INTEGER_ROOM + GUARD];
    size_t length;
} written;

static int guard_holds(const written *w)
{
    for (int i = 0; i < GUARD; i++)
        if (w->room[QR_INTEGER_ROOM + i] != 0xEE)
            return 0;
    return w->length <= QR_INTEGER_ROOM;
}

static int writes_signed(int64_t v)
{
    written w;
    char expected[32];
    int n = snprintf(expected, sizeof expected, "%" PRId64, v);
    memset(w.room, 0xEE, sizeof w.room);
    w.length = (size_t)(qr_integer_write(w.room, v) - w.room);
    return guard_holds(&w) && CHECK_BYTES_EQ(w.room, w.length, expected, (size_t)n);
}

static int writes_unsigned(uint64_t v)
{
    written w;
    char expected[32];
    int n = snprintf(expected, sizeof expected, "%" PRIu64, v);
    memset(w.room, 0xEE, sizeof w.room);
    w.length = (size_t)(qr_integer_write_unsigned(w.room, v) - w.room);
    return guard_holds(&w) && CHECK_BYTES_EQ(w.room, w.length, expected, (size_t)n);
}

static void test_write_small(void)
{
    for (int64_t v = 0; v < 110000; v++) {
        REQUIRE(writes_unsigned((uint64_t)v));
        REQUIRE(writes_signed(v));
        REQUIRE(writes_signed(-v));
    }
}

static void test_write_boundaries(void)
{
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10)
        for (uint64_t d = 0; d < 3; d++) {
            CHECK(writes_unsigned(power + d - 1));
            CHECK(writes_signed((int64_t)(power + d - 1)));
            CHECK(writes_signed(-(int64_t)(power / 2 + d)));
        }
    for (int bit = 0; bit < 64; bit++)
        for (uint64_t d = 0; d < 3; d++) {
            CHECK(writes_unsigned(((uint64_t)1 << bit) + d - 1));
            CHECK(writes_signed((int64_t)(((uint64_t)1 << bit) + d - 1)));
        }
    CHECK(writes_signed(INT64_MIN));
    CHECK(writes_signed(INT64_MAX));
    CHECK(writes_unsigned(UINT64_MAX));
}

static void test_write_random(void)
{
    uint64_t state = 1;
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t v = qr_test_random(&state) >> (i & 63);
        REQUIRE(writes_unsigned(v));
        REQUIRE(writes_signed((int64_t)v));
    }
}

static void test_8_digits_of_a_number(void)
{
    uint64_t state = 2;
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        uint32_t v = i < 20000 ? (uint32_t)i * 5000 : (uint32_t)(qr_test_random(&state) % 100000000);
        char expected[16];
        uint8_t text[8];
        snprintf(expected, sizeof expected, "%08" PRIu32, v);
        qr_store64(text, qr_integer_8_digits(v) | QR_ASCII_ZEROS);
        REQUIRE(CHECK_BYTES_EQ(text, 8, expected, 8));
        REQUIRE(CHECK(qr_integer_is_8_digits(text)) && CHECK_EQ(qr_integer_read_8_digits(text), v));
    }
}

static void test_pairs(void)
{
    for (int i = 0; i < 100; i++)
        CHECK(qr_integer_pairs[2 * i] == '0' + i / 10 && qr_integer_pairs[2 * i + 1] == '0' + i % 10);
}

static void test_is_8_digits_sees_every_byte(void)
{
    for (int at = 0; at < 8; at++)
        for (int byte = 0; byte < 256; byte++) {
            uint8_t text[9] = "09182736";
            text[at] = (uint8_t)byte;
            CHECK_EQ(qr_integer_is_8_digits(text), byte >= '0' && byte <= '9');
        }
    uint64_t state = 3;
    for (int i = 0; i < RANDOM_ROUNDS; i++) { /* several bytes beside the digits at once, near their borders */
        uint8_t text[8];
        uint64_t bits = qr_test_random(&state);
        int digits = 1;
        for (int at = 0; at < 8; at++, bits >>= 8) {
            static const uint8_t some[] = {'0', '9', '0' - 1, '9' + 1, '5', 0xB9, 0xBA, 0xFF, 0x00, 0x2F, 0x7F, 0x80, '3', '7', '1', '8'};
            text[at] = some[bits & 15];
            digits &= text[at] >= '0' && text[at] <= '9';
        }
        REQUIRE(CHECK_EQ(qr_integer_is_8_digits(text), digits));
    }
}

/* Reads from a block of just that length, so that a sanitizer sees a byte too many. */
static int read_signed(const char *text, size_t length, int64_t *value)
{
    uint8_t *copy = malloc(length + 1);
    memcpy(copy + 1, text, length);
    int result = qr_integer_read(copy + 1, length, value);
    free(copy);
    return result;
}

static int read_unsigned(const char *text, size_t length, uint64_t *value)
{
    uint8_t *copy = malloc(length + 1);
    memcpy(copy + 1, text, length);
    int result = qr_integer_read_unsigned(copy + 1, length, value);
    free(copy);
    return result;
}

static void test_read(void)
{
    static const struct {
        const char *text;
        int as_signed, as_unsigned;
        uint64_t value;
    } cases[] = {
        {"0", 1, 1, 0},
        {"-0", 1, 1, 0},
        {"7", 1, 1, 7},
        {"-7", 1, 0, (uint64_t)-7},
        {"12345678", 1, 1, 12345678},
        {"123456789012345678", 1, 1, 123456789012345678},
        {"9223372036854775807", 1, 1, INT64_MAX},
        {"9223372036854775808", 0, 1, (uint64_t)INT64_MAX + 1},
        {"-9223372036854775808", 1, 0, (uint64_t)INT64_MAX + 1},
        {"-9223372036854775809", 0, 0, 0},
        {"18446744073709551615", 0, 1, UINT64_MAX},
        {"18446744073709551616", 0, 0, 0},
        {"-18446744073709551616", 0, 0, 0},
        {"99999999999999999999", 0, 0, 0},
        {"100000000000000000000000000000000000000000000000", 0, 0, 0},
        {"36893488147419103232", 0, 0, 0}, /* 2^65 */
        {"", -1, -1, 0},
        {"-", -1, -1, 0},
        {"--1", -1, -1, 0},
        {"+1", -1, -1, 0},
        {"01", -1, -1, 0},
        {"-01", -1, -1, 0},
        {"00", -1, -1, 0},
        {" 1", -1, -1, 0},
        {"1 ", -1, -1, 0},
        {"1.0", -1, -1, 0},
        {"1e3", -1, -1, 0},
        {"12345678x", -1, -1, 0},
        {"1234567x", -1, -1, 0},
        {"99999999999999999999x", -1, -1, 0},
        {"x", -1, -1, 0},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        int64_t v = 42;
        uint64_t u = 42;
        if (!CHECK_EQ(read_signed(cases[i].text, strlen(cases[i].text), &v), cases[i].as_signed) ||
            !CHECK_EQ(read_unsigned(cases[i].text, strlen(cases[i].text), &u), cases[i].as_unsigned))
            printf("    text \"%s\"\n", cases[i].text);
        CHECK(v == (cases[i].as_signed == 1 ? (int64_t)cases[i].value : 42));
        CHECK(u == (cases[i].as_unsigned == 1 ? cases[i].value : 42));
    }
    int64_t v;
    CHECK_EQ(qr_integer_read((const uint8_t *)"1\0", 2, &v), -1);
    CHECK_EQ(qr_integer_read((const uint8_t *)"12", 1, &v), 1);
    CHECK_EQ(v, 1);
}

static void test_read_what_was_written(void)
{
    uint64_t state = 4;
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t v = qr_test_random(&state) >> (i & 63), u = 0;
        int64_t s = 0;
        uint8_t room[QR_INTEGER_ROOM];
        size_t length = (size_t)(qr_integer_write_unsigned(room, v) - room);
        REQUIRE(CHECK_EQ(qr_integer_read_unsigned(room, length, &u), 1) && CHECK(u == v));
        length = (size_t)(qr_integer_write(room, (int64_t)v) - room);
        REQUIRE(CHECK_EQ(qr_integer_read(room, length, &s), 1) && CHECK(s == (int64_t)v));
    }
}

/* A number of every length, with every byte behind it that is no digit. */
static void test_some_digits(void)
{
    const uint8_t digits[] = "90817263";
    for (unsigned n = 0; n <= 8; n++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint8_t text[8];
            uint32_t expected = 0;
            if (byte >= '0' && byte <= '9')
                continue;
            memset(text, (int)byte, sizeof text);
            memcpy(text, digits, n);
            for (unsigned i = 0; i < n; i++)
                expected = expected * 10 + (uint32_t)(digits[i] - '0');
            REQUIRE(CHECK_EQ(qr_integer_count_digits(text), n));
            if (n)
                REQUIRE(CHECK_EQ(qr_integer_read_digits(text, n), expected));
        }
}

TEST_MAIN(TEST(test_some_digits), TEST(test_write_small), TEST(test_write_boundaries), TEST(test_write_random), TEST(test_8_digits_of_a_number), TEST(test_pairs),
          TEST(test_is_8_digits_sees_every_byte), TEST(test_read), TEST(test_read_what_was_written))
