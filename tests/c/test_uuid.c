/* SPDX-License-Identifier: Apache-2.0 */
/* The text of UUIDs and of decimal numbers. */
#include "core/base/decimal.h"
#include "core/base/uuid.h"
#include "tests/c/quire_test.h"

static const uint8_t bytes[16] = {0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0, 0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6};
static const char canonical[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"; /* RFC 9562, section 4 */
static const char plain[] = "f81d4fae7dec11d0a76500a0c91e6bf6";

static void *copy_of(const void *p, size_t n)
{
    void *copy = malloc(n ? n : 1);
    if (copy == NULL)
        exit(2);
    memcpy(copy, p, n);
    return copy;
}

static int read_text(uint8_t *to, const char *text, size_t n)
{
    uint8_t *copy = copy_of(text, n);
    int result = qr_uuid_read(to, copy, n);
    free(copy);
    return result;
}

static void test_uuid_forms(void)
{
    uint8_t to[16], text[QR_UUID_TEXT];
    CHECK_EQ(read_text(to, canonical, 36), 1);
    CHECK_BYTES_EQ(to, 16, bytes, 16);
    memset(to, 0, 16);
    CHECK_EQ(read_text(to, plain, 32), 1);
    CHECK_BYTES_EQ(to, 16, bytes, 16);
    CHECK_EQ(read_text(to, "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", 36), 1);
    CHECK_BYTES_EQ(to, 16, bytes, 16);
    CHECK(qr_uuid_write(text, bytes) == text + 36);
    CHECK_BYTES_EQ(text, 36, canonical, 36);
}

static void test_uuid_every_byte_at_every_place(void)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (int form = 0; form < 2; form++) {
        const char *base = form ? canonical : plain;
        size_t n = strlen(base);
        for (size_t at = 0; at < n; at++)
            for (int c = 0; c < 256; c++) {
                char text[36];
                uint8_t to[16];
                memcpy(text, base, n);
                text[at] = (char)c;
                int dash = form && (at == 8 || at == 13 || at == 18 || at == 23);
                int expected = dash ? c == '-' : c != 0 && strchr(digits, c) != NULL;
                CHECK_EQ(read_text(to, text, n), expected);
            }
    }
}

static void test_uuid_every_value(void)
{
    for (int value = 0; value < 256; value++) {
        uint8_t from[16], text[36], to[16];
        memset(from, value, 16);
        qr_uuid_write(text, from);
        CHECK_EQ(qr_uuid_read(to, text, 36), 1);
        CHECK_BYTES_EQ(to, 16, from, 16);
    }
}

static void test_uuid_lengths(void)
{
    uint8_t to[16];
    char text[64];
    memset(text, '0', sizeof text);
    for (size_t n = 0; n <= 64; n++)
        CHECK_EQ(read_text(to, text, n), n == 32);
    CHECK_EQ(read_text(to, canonical, 35), 0);
    CHECK_EQ(read_text(to, "{81d4fae-7dec-11d0-a765-00a0c91e6bf}", 36), 0);
}

static int is_decimal(const char *text)
{
    size_t n = strlen(text);
    uint8_t *copy = copy_of(text, n);
    int result = qr_decimal_is_valid(copy, n);
    free(copy);
    return result;
}

static void test_decimal(void)
{
    static const char *const valid[] = {
        "0",
        "-0",
        "+1",
        "1.",
        ".5",
        "+.5e3",
        "-.5E-3",
        "1.e5",
        "1.5",
        "0001",
        "12345678901234567890123456789.123456789",
        "1e0",
        "1E+007",
        "1e999999999999999999999999",
        "inf",
        "-inf",
        "+Infinity",
        "INFINITY",
        "iNfInItY",
        "nan",
        "NaN",
        "-nan",
        "nan0",
        "NaN007",
        "sNaN",
        "snan12",
        "+SNAN1",
    };
    static const char *const invalid[] = {
        "",      "+",       "-",         ".",         "+.",    "-.e1", "e5", "1e",       "1e+",        "1e-",   "1.5.2", "1..2",
        "--1",   "+-1",     "1-",        "1e5e5",     "1e1.5", " 1",   "1 ", "1_000",    "0x10",       "1,5",   "in",    "infi",
        "infin", "infinit", "infinityx", "infinity1", "inf1",  "n",    "na", "nanx",     "nan1a",      "nan-1", "s",     "sn",
        "sna",   "sinf",    "ssnan",     "1nan",      "nan.",  "1f",   "d",  "\xD9\xA1", "1e\xD9\xA1",
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(valid); i++)
        if (!CHECK_EQ(is_decimal(valid[i]), 1))
            printf("    %s\n", valid[i]);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(invalid); i++)
        if (!CHECK_EQ(is_decimal(invalid[i]), 0))
            printf("    %s\n", invalid[i]);
    CHECK_EQ(qr_decimal_is_valid(NULL, 0), 0);
    CHECK_EQ(qr_decimal_is_valid((const uint8_t *)"1\0", 2), 0);
}

TEST_MAIN(TEST(test_uuid_forms), TEST(test_uuid_every_byte_at_every_place), TEST(test_uuid_every_value), TEST(test_uuid_lengths),
          TEST(test_decimal))
