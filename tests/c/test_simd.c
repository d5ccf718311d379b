/* SPDX-License-Identifier: Apache-2.0 */
/* Every mask against its class byte by byte, whatever the variant; comparison and copy at every length, in blocks of
 * exactly that size (a sanitizer sees what reaches beyond). */
#include "core/base/simd.h"
#include "tests/c/quire_test.h"

typedef uint32_t mask_function(const uint8_t *p);
typedef int class_function(uint8_t c);

static uint32_t text_stop(const uint8_t *p) { return qr_simd_text_stop(p); }
static uint32_t quote_stop(const uint8_t *p) { return qr_simd_quote_stop(p); }
static uint32_t ascii_stop(const uint8_t *p) { return qr_simd_ascii_stop(p); }
static uint32_t not_space(const uint8_t *p) { return qr_simd_not_space(p); }
static uint32_t high(const uint8_t *p) { return qr_simd_high(p); }
static uint32_t bracket(const uint8_t *p) { return qr_simd_bracket(p); }

static uint32_t letter(const uint8_t *p) { return qr_simd_equal_byte(p, 'a'); }
static uint32_t last(const uint8_t *p) { return qr_simd_equal_byte(p, 0xFF); }

/* The classes once more, in other words than the header's. */
static int is_text_stop(uint8_t c) { return c == 34 || c == 92 || c < 32 || c > 127; }
static int is_quote_stop(uint8_t c) { return c == 34 || c == 92 || c < 32; }
static int is_ascii_stop(uint8_t c) { return c == 34 || c == 92 || c < 32 || c > 126; }
static int is_not_space(uint8_t c) { return c == 0 || strchr(" \t\n\r", c) == NULL; }
static int is_high(uint8_t c) { return c > 127; }
static int is_letter(uint8_t c) { return c == 97; }
static int is_last(uint8_t c) { return c == 255; }
static int is_bracket(uint8_t c) { return c && strchr("\"[]{}", c) != NULL; }

static const struct {
    mask_function *mask;
    class_function *is;
} classes[] = {{text_stop, is_text_stop}, {quote_stop, is_quote_stop}, {ascii_stop, is_ascii_stop}, {not_space, is_not_space}, {high, is_high}, {bracket, is_bracket}, {letter, is_letter}, {last, is_last}};

static uint8_t *exact(size_t n)
{
    uint8_t *p = malloc(n ? n : 1);
    if (p == NULL)
        exit(2);
    return p + (n ? 0 : 1); /* of no length: its end */
}
static void release(uint8_t *p, size_t n) { free(p - (n ? 0 : 1)); }

static uint32_t expected(class_function *is, const uint8_t *p)
{
    uint32_t mask = 0;
    for (int i = 0; i < 16; i++)
        if (is(p[i]))
            mask |= 1u << i;
    return mask;
}

static void test_masks_of_every_byte_everywhere(void)
{
    uint8_t *p = exact(16);
    for (size_t k = 0; k < QR_ARRAY_LENGTH(classes); k++)
        for (int filler = 0; filler < 2; filler++)
            for (int c = 0; c < 256; c++)
                for (int at = 0; at < 16; at++) {
                    memset(p, filler ? '\t' : 'a', 16);
                    p[at] = (uint8_t)c;
                    CHECK_EQ(classes[k].mask(p), expected(classes[k].is, p));
                }
    release(p, 16);
}

static void test_masks_of_random_blocks(void)
{
    uint64_t state = 1;
    static const uint8_t often[] = {'"', '\\', 0x1F, 0x20, 0x7F, 0x80, 0xFF, '\t', '\n', '\r', 0, 'a'};
    uint8_t *p = exact(16);
    for (int round = 0; round < 20000; round++) {
        for (int i = 0; i < 16; i++) {
            uint64_t r = qr_test_random(&state);
            p[i] = r & 1 ? (uint8_t)(r >> 8) : often[(r >> 8) % sizeof often];
        }
        for (size_t k = 0; k < QR_ARRAY_LENGTH(classes); k++)
            CHECK_EQ(classes[k].mask(p), expected(classes[k].is, p));
    }
    release(p, 16);
}

static void test_bytes_of_the_classes(void)
{
    for (int c = 0; c < 256; c++) {
        CHECK_EQ(qr_byte_is_text_stop((uint8_t)c), is_text_stop((uint8_t)c));
        CHECK_EQ(qr_byte_is_quote_stop((uint8_t)c), is_quote_stop((uint8_t)c));
        CHECK_EQ(qr_byte_is_ascii_stop((uint8_t)c), is_ascii_stop((uint8_t)c));
        CHECK_EQ(qr_byte_is_not_space((uint8_t)c), is_not_space((uint8_t)c));
        CHECK_EQ(qr_byte_is_high((uint8_t)c), is_high((uint8_t)c));
        CHECK_EQ(qr_byte_is_bracket((uint8_t)c), is_bracket((uint8_t)c));
    }
}

static void test_copy_and_mask(void)
{
    uint8_t *from = exact(16), *to = exact(16);
    for (int at = 0; at < 16; at++)
        for (int c = 0; c < 256; c++) {
            for (int i = 0; i < 16; i++)
                from[i] = (uint8_t)('A' + i);
            from[at] = (uint8_t)c;
            memset(to, 0, 16);
            CHECK_EQ(qr_simd_copy_text(to, from), expected(is_quote_stop, from));
            CHECK_BYTES_EQ(to, 16, from, 16);
            memset(to, 0, 16);
            CHECK_EQ(qr_simd_copy_ascii(to, from), expected(is_ascii_stop, from));
            CHECK_BYTES_EQ(to, 16, from, 16);
            memset(to, 0, 16);
            CHECK_EQ(qr_simd_copy_plain(to, from), expected(is_text_stop, from));
            CHECK_BYTES_EQ(to, 16, from, 16);
        }
    release(from, 16);
    release(to, 16);
}

static void test_first(void)
{
    for (unsigned i = 0; i < 16; i++) {
        CHECK_EQ(qr_simd_first(1u << i), i);
        CHECK_EQ(qr_simd_first(0xFFFFu << i), i);
    }
}

static void test_equal(void)
{
    for (size_t n = 0; n <= 32; n++) {
        uint8_t *a = exact(n), *b = exact(n);
        for (size_t i = 0; i < n; i++)
            a[i] = b[i] = (uint8_t)(i * 7 + 1);
        CHECK_EQ(qr_simd_equal(a, b, n), 1);
        for (size_t i = 0; i < n; i++)
            for (int bit = 0; bit < 8; bit++) {
                b[i] ^= (uint8_t)(1 << bit);
                CHECK_EQ(qr_simd_equal(a, b, n), 0);
                b[i] ^= (uint8_t)(1 << bit);
            }
        release(a, n);
        release(b, n);
    }
}

static void test_copy_short(void)
{
    for (size_t n = 0; n <= 130; n++) {
        uint8_t *from = exact(n), *to = exact(n), around[132];
        for (size_t i = 0; i < n; i++)
            from[i] = (uint8_t)(i * 3 + 5);
        memset(to, 0, n);
        qr_copy_short(to, from, n);
        CHECK_BYTES_EQ(to, n, from, n);
        memset(around, 0xEE, sizeof around);
        qr_copy_short(around + 1, from, n);
        CHECK_BYTES_EQ(around + 1, n, from, n);
        CHECK_EQ(around[0], 0xEE);
        CHECK_EQ(around[n + 1], 0xEE);
        release(from, n);
        release(to, n);
    }
}

/* With one byte that must not stand as it is, at every place of every length, and with none. */
static void test_copy_short_text(void)
{
    static const uint8_t stops[] = {0, 31, '"', '\\'}, passes[] = {32, 'a', 127, 128, 255};
    for (size_t n = 0; n <= QR_SIMD_SHORT; n++) {
        uint8_t *from = exact(n), *to = exact(QR_SIMD_SHORT);
        for (size_t k = 0; k < QR_ARRAY_LENGTH(passes); k++) {
            memset(from, passes[k], n);
            CHECK(!qr_simd_copy_short_text(to, from, n));
            CHECK_BYTES_EQ(to, n, from, n);
            for (size_t at = 0; at < n; at++)
                for (size_t j = 0; j < QR_ARRAY_LENGTH(stops); j++) {
                    from[at] = stops[j];
                    CHECK(qr_simd_copy_short_text(to, from, n));
                    from[at] = passes[k];
                }
        }
        release(from, n);
        release(to, QR_SIMD_SHORT);
    }
}

TEST_MAIN(TEST(test_masks_of_every_byte_everywhere), TEST(test_masks_of_random_blocks), TEST(test_bytes_of_the_classes),
          TEST(test_copy_and_mask), TEST(test_first), TEST(test_equal), TEST(test_copy_short),
          TEST(test_copy_short_text))
