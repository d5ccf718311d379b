/* SPDX-License-Identifier: Apache-2.0 */
/* The tables against themselves, each shape of argument, and every way in which an item can end too early. */
#include "core/format/marshal.h"
#include "tests/c/quire_test.h"

/* The item at the start of n bytes that stand in a block of just that size. */
static qr_error next(const char *bytes, size_t n, qr_marshal_item *item, size_t *used)
{
    static uint8_t *kept; /* what the item borrows lives until the next call */
    qr_reader r;
    free(kept);
    kept = malloc(n + 1);
    if (kept == NULL)
        exit(2);
    memcpy(kept, bytes, n);
    kept[n] = 0;
    qr_reader_init(&r, kept, n, NULL, 0);
    int ok = qr_marshal_next(&r, item);
    CHECK_EQ(ok, r.error == QR_ERROR_NONE);
    *used = (size_t)(r.p - r.start);
    qr_error error = r.error;
    qr_reader_release(&r);
    if (n == 0) {
        free(kept);
        kept = NULL;
    }
    return error;
}
#define NEXT(text) next((text), sizeof(text) - 1, &item, &used)

static void test_table(void)
{
    unsigned count = 0;
    for (unsigned code = 0; code < 128; code++) {
        const qr_marshal_info *info = qr_marshal_info_of((uint8_t)code);
        CHECK(info == qr_marshal_info_of((uint8_t)(code | QR_MARSHAL_FLAG)));
        if (!info->name)
            continue;
        count++;
        CHECK(info->since <= QR_MARSHAL_HIGHEST);
    }
    CHECK_EQ(count, 30);
    CHECK_EQ(QR_MARSHAL_DICT, '{');
    CHECK_EQ(strcmp(qr_marshal_info_of('N')->name, "NONE"), 0);
}

static void test_arguments(void)
{
    qr_marshal_item item;
    size_t used;
    CHECK_EQ(NEXT("\xE9\xFE\xFF\xFF\xFF" "N"), QR_ERROR_NONE);
    CHECK_EQ(item.code, 'i');
    CHECK_EQ(item.flag, 1);
    CHECK_EQ(item.i, -2);
    CHECK_EQ(used, 5);
    CHECK_EQ(NEXT("I\1\0\0\0\0\0\0\x80"), QR_ERROR_NONE);
    CHECK(item.i == INT64_MIN + 1);
    CHECK_EQ(NEXT("g\0\0\0\0\0\0\xF8\x3F"), QR_ERROR_NONE);
    CHECK(item.d[0] == 1.5);
    CHECK_EQ(NEXT("y\0\0\0\0\0\0\xF8\x3F\0\0\0\0\0\0\0\x40"), QR_ERROR_NONE);
    CHECK(item.d[1] == 2.0);
    CHECK_EQ(NEXT("z\3abcd"), QR_ERROR_NONE);
    CHECK_BYTES_EQ(item.text, item.length, "abc", 3);
    CHECK_EQ(used, 5);
    CHECK_EQ(NEXT("u\2\0\0\0zy"), QR_ERROR_NONE);
    CHECK_BYTES_EQ(item.text, item.length, "zy", 2);
    CHECK_EQ(NEXT("x\0011\2-2"), QR_ERROR_NONE);
    CHECK_BYTES_EQ(item.text, item.length, "1", 1);
    CHECK_BYTES_EQ(item.second, item.second_length, "-2", 2);
    CHECK_EQ(NEXT("l\xFE\xFF\xFF\xFF\1\0\2\0"), QR_ERROR_NONE);
    CHECK_EQ(item.i, -2);
    CHECK_EQ(item.length, 4);
    CHECK_EQ(NEXT("(\xFF\xFF\xFF\x7F"), QR_ERROR_NONE); /* whether there are so many is not its affair */
    CHECK_EQ(item.i, INT32_MAX);
    CHECK_EQ(NEXT(")\x02NN"), QR_ERROR_NONE);
    CHECK_EQ(item.i, 2);
    CHECK_EQ(used, 2);
    CHECK_EQ(NEXT("{N"), QR_ERROR_NONE);
    CHECK_EQ(used, 1);
}

static void test_faults(void)
{
    qr_marshal_item item;
    size_t used;
    CHECK_EQ(NEXT("?"), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(NEXT("\0"), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(NEXT("\xFF"), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(NEXT("(\xFF\xFF\xFF\xFF"), QR_ERROR_INVALID_NUMBER);
    CHECK_EQ(NEXT("s\xFF\xFF\xFF\xFF"), QR_ERROR_INVALID_NUMBER);
    CHECK_EQ(NEXT("l\0\0\0\x80"), QR_ERROR_INVALID_NUMBER);
    CHECK_EQ(NEXT("l\1\0\0\0\0\x80"), QR_ERROR_INVALID_NUMBER);
    CHECK_EQ(NEXT("l\1\0\0\0\0\0"), QR_ERROR_INVALID_NUMBER);
    CHECK_EQ(NEXT("s\xFF\xFF\xFF\x7Fzy"), QR_ERROR_TRUNCATED);
    CHECK_EQ(NEXT("l\xFF\xFF\xFF\x7F\1\0"), QR_ERROR_TRUNCATED);
}

/* Bytes in the pieces that are said to be missing come to the same item, and to no byte more. */
static void test_ends_and_pieces(void)
{
    static const struct { const char *bytes; size_t n; } whole[] = {
        {"N", 1}, {"i\1\2\3\4", 5}, {"I\1\2\3\4\5\6\7\10", 9}, {"g\1\2\3\4\5\6\7\10", 9}, {"y\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10", 17}, {"z\2ab", 4},
        {"s\2\0\0\0ab", 7}, {"x\0011\0022e", 6}, {"f\3nan", 5}, {"l\2\0\0\0\1\0\1\0", 9}, {"[\1\0\0\0", 5}, {")\1", 2}, {"r\0\0\0\0", 5}, {"{", 1}, {"c", 1},
    };
    qr_marshal_item item;
    size_t used;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(whole); i++) {
        size_t there = 0;
        uint64_t missing;
        CHECK_EQ(next(whole[i].bytes, whole[i].n, &item, &used), QR_ERROR_NONE);
        CHECK_EQ(used, whole[i].n);
        for (size_t n = 1; n < whole[i].n; n++) {
            CHECK_EQ(next(whole[i].bytes, n, &item, &used), QR_ERROR_TRUNCATED);
            CHECK(qr_marshal_missing((const uint8_t *)whole[i].bytes, n) > 0);
        }
        CHECK_EQ(next(whole[i].bytes, 0, &item, &used), QR_ERROR_EMPTY);
        while ((missing = qr_marshal_missing((const uint8_t *)whole[i].bytes, there)) && there < whole[i].n)
            there += (size_t)missing;
        CHECK_EQ(there, whole[i].n);
    }
}

static void test_limits(void)
{
    qr_limits limits = QR_LIMITS_DEFAULT;
    qr_marshal_item item;
    qr_reader r;
    limits.str_bytes = limits.items = 2;
    qr_reader_init(&r, (const uint8_t *)"z\3abc", 5, &limits, 0);
    CHECK(!qr_marshal_next(&r, &item));
    CHECK_EQ(r.error, QR_ERROR_STR_BYTES);
    qr_reader_init(&r, (const uint8_t *)")\3NNN", 5, &limits, 0);
    CHECK(!qr_marshal_next(&r, &item));
    CHECK_EQ(r.error, QR_ERROR_ITEMS);
}

TEST_MAIN(TEST(test_table), TEST(test_arguments), TEST(test_faults), TEST(test_ends_and_pieces), TEST(test_limits))
