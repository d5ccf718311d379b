/* SPDX-License-Identifier: Apache-2.0 */
/* Base64: RFC 4648's vectors, every length with exact rooms, and everything that strict reading refuses. */
#include "core/base/base64.h"
#include "tests/c/quire_test.h"

static void *exact(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (p == NULL)
        exit(2);
    return p;
}

static int readable(const char *text)
{
    size_t n = strlen(text), length;
    uint8_t *copy = exact(n);
    memcpy(copy, text, n);
    int right = qr_base64_decoded_length(copy, n, &length);
    uint8_t *to = exact(right ? length : 0);
    int result = qr_base64_read(to, copy, n);
    free(to);
    free(copy);
    return result;
}

static void test_vectors(void)
{
    static const struct {
        const char *bytes, *text;
    } vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFF\xFF\xFE", "///+"},
        {"\xFB\xEF\xBE\xFB\xEF\xBE\xFB\xEF\xBE", "++++++++++++"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(vectors); i++) {
        size_t n = strlen(vectors[i].bytes), length = qr_base64_encoded_length(n), back;
        CHECK_EQ(length, strlen(vectors[i].text));
        uint8_t *text = exact(length), *bytes = exact(n);
        CHECK(qr_base64_write(text, (const uint8_t *)vectors[i].bytes, n) == text + length);
        CHECK_BYTES_EQ(text, length, vectors[i].text, length);
        CHECK_EQ(qr_base64_decoded_length(text, length, &back), 1);
        CHECK_EQ(back, n);
        CHECK_EQ(qr_base64_read(bytes, text, length), 1);
        CHECK_BYTES_EQ(bytes, n, vectors[i].bytes, n);
        free(text);
        free(bytes);
    }
}

static void test_every_length(void)
{
    uint64_t state = 3;
    for (size_t n = 0; n <= 100; n++)
        for (int round = 0; round < 8; round++) {
            size_t length = qr_base64_encoded_length(n), back;
            uint8_t *from = exact(n), *text = exact(length), *to = exact(n);
            for (size_t i = 0; i < n; i++)
                from[i] = (uint8_t)qr_test_random(&state);
            CHECK(qr_base64_write(text, from, n) == text + length);
            CHECK(qr_base64_decoded_length(text, length, &back) && back == n);
            CHECK_EQ(qr_base64_read(to, text, length), 1);
            CHECK_BYTES_EQ(to, n, from, n);
            free(from);
            free(text);
            free(to);
        }
}

/* A byte outside the alphabet is refused wherever it stands: in the long steps, the short one and the rest. */
static void test_every_wrong_byte(void)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t n = 1; n <= 24; n++) {
        size_t length = qr_base64_encoded_length(n), digits = (n * 8 + 5) / 6;
        uint8_t *text = exact(length), *to = exact(n), zeros[24] = {0};
        for (size_t at = 0; at < digits; at++)
            for (int c = 0; c < 256; c++) {
                qr_base64_write(text, zeros, n);
                text[at] = (uint8_t)c;
                const char *place = c ? strchr(alphabet, c) : NULL;
                int value = place ? (int)(place - alphabet) : -1;
                int expected = value >= 0;
                if (at == digits - 1 && n % 3) /* the bits too many must be zero */
                    expected = expected && value % (n % 3 == 1 ? 16 : 4) == 0;
                size_t back;
                if (!qr_base64_decoded_length(text, length, &back) || back != n)
                    continue; /* it was made padding: below */
                CHECK_EQ(qr_base64_read(to, text, length), expected);
            }
        free(text);
        free(to);
    }
}

static void test_refused(void)
{
    static const char *const texts[] = {
        "Z",
        "Zg",
        "Zg=",
        "Zm8",
        "=",
        "==",
        "===",
        "====",
        "Z===",
        "Zg==Zg==",
        "Zm8=Zm8=",
        "=g==",
        "Z=g=",
        "Zg=a",
        "Zm9v=",
        "Zm9v====",
        "Zm9vYg=",
        "Zh==",
        "Zm9=",
        "Zm 9",
        "Zm9v\n",
        "Zm9vYmFy\r\n",
        " Zm9",
        "Zm9-",
        "Zm9_",
        ("Zm\xFF"
         "v"),
        "AAAAAAAAAAAA===A",
        "AAAAAAAA====",
        "AAAA=AAAAAAA",
        "AAAAAAA=AAAA",
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(texts); i++)
        if (!CHECK_EQ(readable(texts[i]), 0))
            printf("    %s\n", texts[i]);
    CHECK_EQ(readable("Zg=="), 1);
    CHECK_EQ(readable("Zm8="), 1);
    CHECK_EQ(readable(""), 1);
}

static void test_lengths(void)
{
    CHECK_EQ(qr_base64_encoded_length(0), 0);
    CHECK_EQ(qr_base64_encoded_length(1), 4);
    CHECK_EQ(qr_base64_encoded_length(3), 4);
    CHECK_EQ(qr_base64_encoded_length(4), 8);
    CHECK(qr_base64_encoded_length(SIZE_MAX) == SIZE_MAX);
    CHECK(qr_base64_encoded_length(SIZE_MAX / 4 * 3 + 3) == SIZE_MAX);
    size_t length = 9;
    CHECK_EQ(qr_base64_decoded_length((const uint8_t *)"AAA", 3, &length), 0);
    CHECK_EQ(qr_base64_decoded_length(NULL, 0, &length), 1);
    CHECK_EQ(length, 0);
}

TEST_MAIN(TEST(test_vectors), TEST(test_every_length), TEST(test_every_wrong_byte), TEST(test_refused), TEST(test_lengths))
