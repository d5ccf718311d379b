/* SPDX-License-Identifier: Apache-2.0 */
/* The table against itself, each shape of argument, and every way in which a program can end too early. */
#include "core/format/pickle.h"
#include "tests/c/quire_test.h"

/* The instruction at the start of n bytes that stand in a block of just that size. */
static qr_error next(const char *bytes, size_t n, qr_pickle_instruction *op, size_t *used)
{
    static uint8_t *kept; /* what the instruction borrows lives until the next call */
    qr_reader r;
    free(kept);
    kept = malloc(n + 1);
    if (kept == NULL)
        exit(2);
    memcpy(kept, bytes, n);
    kept[n] = 0;
    qr_reader_init(&r, kept, n, NULL, 0);
    int ok = qr_pickle_next(&r, op);
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
#define NEXT(text) next((text), sizeof(text) - 1, &op, &used)

static void test_table(void)
{
    unsigned count = 0;
    for (unsigned code = 0; code < 256; code++) {
        const qr_pickle_info *info = qr_pickle_info_of((uint8_t)code);
        if (!info->name)
            continue;
        count++;
        CHECK(info->protocol <= QR_PICKLE_HIGHEST);
        CHECK((code >= 0x80) == (info->protocol >= 2) || info->protocol == 3); /* BINBYTES and SHORT_BINBYTES are letters */
    }
    CHECK_EQ(count, 68);
    CHECK_EQ(QR_PICKLE_STOP, '.');
    CHECK_EQ(QR_PICKLE_MARK, '(');
    CHECK_EQ(QR_PICKLE_GLOBAL, 'c');
}

static void test_fixed_arguments(void)
{
    qr_pickle_instruction op;
    size_t used;
    CHECK_EQ(NEXT("K\xFFK"), QR_ERROR_NONE);
    CHECK_EQ(op.code, QR_PICKLE_BININT1);
    CHECK_EQ(op.u, 255);
    CHECK_EQ(used, 2);
    CHECK_EQ(NEXT("M\x01\x02"), QR_ERROR_NONE);
    CHECK_EQ(op.u, 0x0201);
    CHECK_EQ(NEXT("J\xFE\xFF\xFF\xFF"), QR_ERROR_NONE);
    CHECK_EQ(op.i, -2);
    CHECK_EQ(NEXT("r\xFE\xFF\xFF\xFF"), QR_ERROR_NONE);
    CHECK_EQ(op.u, 0xFFFFFFFE);
    CHECK_EQ(NEXT("\x95\x01\x02\x03\x04\x05\x06\x07\x08"), QR_ERROR_NONE);
    CHECK(op.u == 0x0807060504030201);
    CHECK_EQ(NEXT("G\x3F\xF8\0\0\0\0\0\0"), QR_ERROR_NONE);
    CHECK(op.d == 1.5);
    CHECK_EQ(NEXT("N."), QR_ERROR_NONE);
    CHECK_EQ(used, 1);
}

static void test_counted_arguments(void)
{
    qr_pickle_instruction op;
    size_t used;
    CHECK_EQ(NEXT("U\x03" "abcd"), QR_ERROR_NONE);
    CHECK_BYTES_EQ(op.text, op.length, "abc", 3);
    CHECK_EQ(used, 5);
    CHECK_EQ(NEXT("X\x02\0\0\0zy"), QR_ERROR_NONE);
    CHECK_BYTES_EQ(op.text, op.length, "zy", 2);
    CHECK_EQ(NEXT("\x8E\x01\0\0\0\0\0\0\0!"), QR_ERROR_NONE);
    CHECK_BYTES_EQ(op.text, op.length, "!", 1);
    CHECK_EQ(NEXT("C\0."), QR_ERROR_NONE);
    CHECK_EQ(op.length, 0);
    CHECK_EQ(NEXT("T\xFF\xFF\xFF\xFFzy"), QR_ERROR_INVALID_NUMBER);
    CHECK_EQ(NEXT("\x8B\0\0\0\x80zy"), QR_ERROR_INVALID_NUMBER);
    CHECK_EQ(NEXT("X\xFF\xFF\xFF\xFFzy"), QR_ERROR_TRUNCATED);
    CHECK_EQ(NEXT("\x8E\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF!"), QR_ERROR_TRUNCATED);
}

static void test_lines(void)
{
    qr_pickle_instruction op;
    size_t used;
    CHECK_EQ(NEXT("I01\n."), QR_ERROR_NONE);
    CHECK_BYTES_EQ(op.text, op.length, "01", 2);
    CHECK_EQ(used, 4);
    CHECK_EQ(NEXT("cos\nsystem\n."), QR_ERROR_NONE);
    CHECK_BYTES_EQ(op.text, op.length, "os", 2);
    CHECK_BYTES_EQ(op.second, op.second_length, "system", 6);
    CHECK_EQ(used, 11);
    CHECK_EQ(NEXT("P\n"), QR_ERROR_NONE);
    CHECK_EQ(op.length, 0);
    CHECK_EQ(NEXT("cos\nsystem"), QR_ERROR_TRUNCATED);
}

static void test_truncated_everywhere(void)
{
    static const struct { const char *bytes; size_t n; } whole[] = {
        {"J\1\2\3\4", 5}, {"G\1\2\3\4\5\6\7\10", 9}, {"\x95\1\2\3\4\5\6\7\10", 9}, {"U\2ab", 4}, {"X\2\0\0\0ab", 7}, {"I12\n", 4}, {"ca\nb\n", 5},
    };
    qr_pickle_instruction op;
    size_t used;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(whole); i++) {
        CHECK_EQ(next(whole[i].bytes, whole[i].n, &op, &used), QR_ERROR_NONE);
        CHECK_EQ(used, whole[i].n);
        for (size_t n = 1; n < whole[i].n; n++)
            CHECK_EQ(next(whole[i].bytes, n, &op, &used), QR_ERROR_TRUNCATED);
        CHECK_EQ(next(whole[i].bytes, 0, &op, &used), QR_ERROR_EMPTY);
    }
}

static void test_no_such_opcode(void)
{
    qr_pickle_instruction op;
    size_t used;
    CHECK_EQ(NEXT("\xFF."), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(NEXT("\0."), QR_ERROR_INVALID_BYTE);
}

static void test_limit(void)
{
    qr_limits limits = QR_LIMITS_DEFAULT;
    qr_pickle_instruction op;
    qr_reader r;
    limits.str_bytes = 2;
    qr_reader_init(&r, (const uint8_t *)"U\3abcI123\n", 10, &limits, 0);
    CHECK(!qr_pickle_next(&r, &op));
    CHECK_EQ(r.error, QR_ERROR_STR_BYTES);
    qr_reader_init(&r, (const uint8_t *)"I123\n", 5, &limits, 0);
    CHECK(!qr_pickle_next(&r, &op));
    CHECK_EQ(r.error, QR_ERROR_STR_BYTES);
}

TEST_MAIN(TEST(test_table), TEST(test_fixed_arguments), TEST(test_counted_arguments), TEST(test_lines), TEST(test_truncated_everywhere),
          TEST(test_no_such_opcode), TEST(test_limit))
