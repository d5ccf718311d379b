/* SPDX-License-Identifier: Apache-2.0 */
/* MessagePack: every first byte, the edges of every form both ways, lengths that lie, text in every width, and the writer. */
#include <math.h>

#include "core/format/check.h"
#include "core/format/msgpack.h"
#include "tests/c/document.h"

/* ---------------------------------------------------------------- whole documents */

typedef struct outcome {
    qr_error error;
    size_t at;
} outcome;

static outcome read_document(const void *bytes, size_t n, const qr_limits *limits, int skip)
{
    document d;
    qr_plan *plan = NULL;
    document_open(&d, bytes, n, limits, 0);
    if (skip) {
        plan = qr_plan_new(&qr_memory_default);
        qr_plan_add_node(plan, QR_KIND_RAW);
        CHECK_EQ(qr_plan_seal(plan), QR_ERROR_NONE);
    }
    int right = qr_msgpack_check(&d.reader, plan);
    outcome result = {d.reader.error, document_error_at(&d)};
    CHECK(right == (d.reader.error == QR_ERROR_NONE));
    CHECK(d.reader.p >= d.reader.start && d.reader.p <= d.reader.end);
    qr_plan_free(plan);
    document_close(&d);
    return result;
}

/* Reading and skipping must come to the same end. */
static outcome outcome_of(const void *bytes, size_t n)
{
    outcome read = read_document(bytes, n, NULL, 0), skipped = read_document(bytes, n, NULL, 1);
    if (!CHECK_STR_EQ(qr_error_code(read.error), qr_error_code(skipped.error)) | !CHECK_EQ(read.at, skipped.at))
        qr_test_print_bytes("document", bytes, n);
    return read;
}

#define CHECK_OUTCOME(bytes, code, offset)                                                                                  \
    do {                                                                                                                    \
        outcome o_ = outcome_of(bytes, sizeof(bytes) - 1);                                                                  \
        CHECK_STR_EQ(qr_error_code(o_.error), code);                                                                        \
        CHECK_EQ(o_.at, offset);                                                                                            \
    } while (0)

static qr_token_kind first_token(document *d, const void *bytes, size_t n, qr_token *token)
{
    document_open(d, bytes, n, NULL, 0);
    return qr_msgpack_next(&d->reader, token);
}

/* ---------------------------------------------------------------- every first byte */

static qr_token_kind kind_of_byte(unsigned c)
{
    if (c <= 0x7F || c >= 0xE0 || (c >= 0xD0 && c <= 0xD3) || (c >= 0xCC && c <= 0xCF))
        return QR_TOKEN_INT;
    if (c <= 0x8F || c >= 0xDE)
        return QR_TOKEN_MAP;
    if (c <= 0x9F || c == 0xDC || c == 0xDD)
        return QR_TOKEN_ARRAY;
    if (c <= 0xBF || c >= 0xD9)
        return QR_TOKEN_STR;
    if (c == 0xC0)
        return QR_TOKEN_NULL;
    if (c == 0xC2 || c == 0xC3)
        return QR_TOKEN_BOOL;
    if (c >= 0xC4 && c <= 0xC6)
        return QR_TOKEN_BYTES;
    if (c == 0xCA || c == 0xCB)
        return QR_TOKEN_FLOAT;
    return c == 0xC1 ? QR_TOKEN_ERROR : QR_TOKEN_EXT;
}

/* With zeros behind it each is a value: of the kind, and no read beyond for any number of bytes that are there. */
static void test_every_first_byte(void)
{
    for (unsigned c = 0; c < 256; c++)
        for (size_t n = 1; n <= 40; n++) {
            uint8_t bytes[40] = {(uint8_t)c};
            document d;
            qr_token token;
            qr_token_kind kind = first_token(&d, bytes, n, &token);
            if (kind == QR_TOKEN_ERROR)
                CHECK_ERROR(&d, c == 0xC1 ? "invalid_byte" : "truncated", 0);
            else
                CHECK_EQ(kind, kind_of_byte(c));
            CHECK(token.at == d.data);
            if (n == 40)
                CHECK_EQ(kind, kind_of_byte(c));
            document_close(&d);
        }
}

static void test_fixed(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        qr_token_kind kind;
        int64_t i;
    } cases[] = {
        {"\x00", 1, QR_TOKEN_INT, 0}, {"\x7f", 1, QR_TOKEN_INT, 127}, {"\xff", 1, QR_TOKEN_INT, -1}, {"\xe0", 1, QR_TOKEN_INT, -32},
        {"\xc2", 1, QR_TOKEN_BOOL, 0}, {"\xc3", 1, QR_TOKEN_BOOL, 1},
        {"\xcc\x00", 2, QR_TOKEN_INT, 0}, {"\xcc\xff", 2, QR_TOKEN_INT, 255}, {"\xcd\x00\x01", 3, QR_TOKEN_INT, 1}, {"\xcd\xff\xff", 3, QR_TOKEN_INT, 65535},
        {"\xce\x00\x00\x00\x01", 5, QR_TOKEN_INT, 1}, {"\xce\xff\xff\xff\xff", 5, QR_TOKEN_INT, 4294967295},
        {"\xcf\x00\x00\x00\x00\x00\x00\x00\x01", 9, QR_TOKEN_INT, 1}, {"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, QR_TOKEN_INT, INT64_MAX},
        {"\xd0\x00", 2, QR_TOKEN_INT, 0}, {"\xd0\x7f", 2, QR_TOKEN_INT, 127}, {"\xd0\x80", 2, QR_TOKEN_INT, -128}, {"\xd0\xff", 2, QR_TOKEN_INT, -1},
        {"\xd1\x80\x00", 3, QR_TOKEN_INT, -32768}, {"\xd1\xff\xff", 3, QR_TOKEN_INT, -1}, {"\xd1\x7f\xff", 3, QR_TOKEN_INT, 32767},
        {"\xd2\x80\x00\x00\x00", 5, QR_TOKEN_INT, INT32_MIN}, {"\xd2\xff\xff\xff\xfe", 5, QR_TOKEN_INT, -2},
        {"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, QR_TOKEN_INT, INT64_MIN}, {"\xd3\xff\xff\xff\xff\xff\xff\xff\xff", 9, QR_TOKEN_INT, -1},
        {"\xd3\x12\x34\x56\x78\x9a\xbc\xde\xf0", 9, QR_TOKEN_INT, 0x123456789abcdef0},
    };
    document d;
    qr_token token;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        CHECK_EQ(first_token(&d, cases[i].bytes, cases[i].n, &token), cases[i].kind);
        CHECK_EQ(token.i, cases[i].i);
        CHECK(d.reader.p == d.reader.end);
        document_close(&d);
    }
    CHECK_EQ(first_token(&d, "\xcf\x80\0\0\0\0\0\0\0", 9, &token), QR_TOKEN_UINT);
    CHECK(token.u == (uint64_t)1 << 63);
    document_close(&d);
    CHECK_EQ(first_token(&d, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9, &token), QR_TOKEN_UINT);
    CHECK(token.u == UINT64_MAX);
    document_close(&d);
    CHECK_EQ(first_token(&d, "\xca\x3f\xc0\x00\x00", 5, &token), QR_TOKEN_FLOAT);
    CHECK(token.d == 1.5);
    document_close(&d);
    CHECK_EQ(first_token(&d, "\xcb\xbf\xf8\0\0\0\0\0\0", 9, &token), QR_TOKEN_FLOAT);
    CHECK(token.d == -1.5);
    document_close(&d);
    CHECK_EQ(first_token(&d, "\xcb\x7f\xf8\0\0\0\0\0\x01", 9, &token), QR_TOKEN_FLOAT);
    CHECK(isnan(token.d));
    document_close(&d);
    CHECK_EQ(first_token(&d, "\xca\xff\x80\x00\x00", 5, &token), QR_TOKEN_FLOAT);
    CHECK(isinf(token.d) && token.d < 0);
    document_close(&d);
}

/* Text, binary, extensions and containers in each of their forms, the short ones where a shorter one would do too. */
static void test_lengths(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        qr_token_kind kind;
        size_t length;
        const char *payload;
        int ext;
    } cases[] = {
        {"\xa0", 1, QR_TOKEN_STR, 0, "", 0}, {"\xa3" "abc", 4, QR_TOKEN_STR, 3, "abc", 0}, {"\xd9\x00", 2, QR_TOKEN_STR, 0, "", 0}, {"\xd9\x02" "ab", 4, QR_TOKEN_STR, 2, "ab", 0},
        {"\xda\x00\x01" "a", 4, QR_TOKEN_STR, 1, "a", 0}, {"\xdb\x00\x00\x00\x01" "a", 6, QR_TOKEN_STR, 1, "a", 0}, {"\xdb\0\0\0\0", 5, QR_TOKEN_STR, 0, "", 0},
        {"\xc4\x00", 2, QR_TOKEN_BYTES, 0, "", 0}, {"\xc4\x01\xff", 3, QR_TOKEN_BYTES, 1, "\xff", 0}, {"\xc5\x00\x01\xff", 4, QR_TOKEN_BYTES, 1, "\xff", 0},
        {"\xc6\x00\x00\x00\x02\x01\x02", 7, QR_TOKEN_BYTES, 2, "\1\2", 0},
        {"\xc7\x00\x05", 3, QR_TOKEN_EXT, 0, "", 5}, {"\xc7\x03\xff" "abc", 6, QR_TOKEN_EXT, 3, "abc", -1}, {"\xc8\x00\x01\x80" "a", 5, QR_TOKEN_EXT, 1, "a", -128},
        {"\xc9\x00\x00\x00\x01\x7f" "a", 7, QR_TOKEN_EXT, 1, "a", 127}, {"\xd4\x01" "a", 3, QR_TOKEN_EXT, 1, "a", 1}, {"\xd5\x02" "ab", 4, QR_TOKEN_EXT, 2, "ab", 2},
        {"\xd6\xff" "abcd", 6, QR_TOKEN_EXT, 4, "abcd", -1}, {"\xd7\x03" "abcdefgh", 10, QR_TOKEN_EXT, 8, "abcdefgh", 3},
        {"\xd8\x04" "abcdefghijklmnop", 18, QR_TOKEN_EXT, 16, "abcdefghijklmnop", 4},
    };
    document d;
    qr_token token;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        CHECK_EQ(first_token(&d, cases[i].bytes, cases[i].n, &token), cases[i].kind);
        CHECK_BYTES_EQ(token.text, token.length, cases[i].payload, cases[i].length);
        CHECK(cases[i].kind != QR_TOKEN_EXT || token.ext == cases[i].ext);
        CHECK(cases[i].kind != QR_TOKEN_STR || (token.count == cases[i].length && !token.escaped && token.widest == QR_TEXT_ASCII));
        CHECK(d.reader.p == d.reader.end);
        document_close(&d);
    }
    static const char *const containers[] = {"\x90", "\x91\x00", "\xdc\x00\x01\x00", "\xdd\x00\x00\x00\x01\x00", "\x80", "\x81\x00\x00", "\xde\x00\x01\x00\x00", "\xdf\x00\x00\x00\x01\x00\x00"};
    static const size_t sizes[] = {1, 2, 4, 6, 1, 3, 5, 7}, items[] = {0, 1, 1, 1, 0, 1, 1, 1};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(containers); i++) {
        CHECK_EQ(first_token(&d, containers[i], sizes[i], &token), i < 4 ? QR_TOKEN_ARRAY : QR_TOKEN_MAP);
        CHECK_EQ(token.items, items[i]);
        document_close(&d);
        CHECK_STR_EQ(qr_error_code(outcome_of(containers[i], sizes[i]).error), "ok");
    }
}

/* ---------------------------------------------------------------- faults */

static void test_faults(void)
{
    CHECK_OUTCOME("", "empty", 0);
    CHECK_OUTCOME("\xc1", "invalid_byte", 0);
    CHECK_OUTCOME("\x92\x01\xc1", "invalid_byte", 2);
    CHECK_OUTCOME("\x01\x02", "trailing_data", 1);
    CHECK_OUTCOME("\x90\x90", "trailing_data", 1);
    CHECK_OUTCOME("\x91", "truncated", 0);
    CHECK_OUTCOME("\x92\x01", "truncated", 0); /* two items cannot be in one byte */
    CHECK_OUTCOME("\x92\x91\x01", "truncated", 3);
    CHECK_OUTCOME("\x81\xa1" "a", "truncated", 3);
}

static void test_truncated_forms(void)
{
    CHECK_OUTCOME("\xa1", "truncated", 0);
    CHECK_OUTCOME("\xd9", "truncated", 0);
    CHECK_OUTCOME("\xd9\x01", "truncated", 0);
    CHECK_OUTCOME("\xda\x00", "truncated", 0);
    CHECK_OUTCOME("\xdb\x00\x00\x00", "truncated", 0);
    CHECK_OUTCOME("\xc4\x02\x01", "truncated", 0);
    CHECK_OUTCOME("\xd8\x01" "abcdefghijklmno", "truncated", 0);
    CHECK_OUTCOME("\xd4", "truncated", 0);
    CHECK_OUTCOME("\xc7\x00", "truncated", 0);
    CHECK_OUTCOME("\xcb\0\0\0\0\0\0\0", "truncated", 0);
    CHECK_OUTCOME("\xca\0\0\0", "truncated", 0);
    CHECK_OUTCOME("\xcf\0\0\0\0\0\0\0", "truncated", 0);
    CHECK_OUTCOME("\xd1\0", "truncated", 0);
    CHECK_OUTCOME("\x91\xda\x00", "truncated", 1);
}

/* Lengths that nothing could hold. */
static void test_lying_lengths(void)
{
    static const uint8_t codes[] = {0xC6, 0xC9, 0xDB, 0xDD, 0xDF};
    static const uint8_t wide[] = {0xC5, 0xC8, 0xDA, 0xDC, 0xDE};
    uint8_t bytes[64] = {0};
    for (size_t i = 0; i < sizeof codes; i++)
        for (size_t n = 1; n <= sizeof bytes; n++) {
            memset(bytes, 0, sizeof bytes);
            memset(bytes + 1, 0xFF, 4);
            bytes[0] = codes[i];
            outcome o = outcome_of(bytes, n);
            CHECK_STR_EQ(qr_error_code(o.error), "truncated");
            CHECK_EQ(o.at, 0);
            bytes[0] = wide[i];
            CHECK_STR_EQ(qr_error_code(outcome_of(bytes, n).error), "truncated");
        }
    /* A tower of arrays, each of which claims all that is left and more. */
    uint8_t *tower = malloc(5 * 900 + 1);
    for (size_t i = 0; i < 900; i++)
        memcpy(tower + 5 * i, "\xdd\x00\x00\x00\x05", 5);
    CHECK_STR_EQ(qr_error_code(outcome_of(tower, 5 * 900).error), "truncated");
    free(tower);
}

static void test_keys(void)
{
    CHECK_OUTCOME("\x81\x90\x01", "expected_key", 1);
    CHECK_OUTCOME("\x81\x80\x01", "expected_key", 1);
    CHECK_OUTCOME("\x81\x91\x01\x02", "expected_key", 1);
    CHECK_OUTCOME("\x81\xc1\x01", "invalid_byte", 1);
    CHECK_OUTCOME("\x82\x01\x02\xdc\x00\x01\x05\x05", "expected_key", 3);
    CHECK_OUTCOME("\x89\x01\x01\xff\x01\xc0\x01\xc2\x01\xca\0\0\0\0\x01\xc4\x01\xff\x01\xd4\x05\x05\x01\xa1k\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01", "ok", 36);
    document d; /* a record's keys are text */
    qr_token token;
    qr_msgpack_iter iter;
    document_open(&d, "\x82\xa1k\x01\x02\x03", 6, NULL, 0);
    REQUIRE(qr_msgpack_want_map(&d.reader, &iter));
    REQUIRE(qr_msgpack_more_map(&d.reader, &iter));
    CHECK(qr_msgpack_key(&d.reader, &iter, &token));
    CHECK_BYTES_EQ(token.text, token.length, "k", 1);
    CHECK_EQ(qr_msgpack_next(&d.reader, &token), QR_TOKEN_INT);
    REQUIRE(qr_msgpack_more_map(&d.reader, &iter));
    CHECK_EQ(iter.key_at - d.data, 4);
    CHECK(!qr_msgpack_key(&d.reader, &iter, &token));
    CHECK_ERROR(&d, "type_mismatch", 4);
    document_close(&d);
    document_open(&d, "\x81\x90\x01", 3, NULL, 0);
    REQUIRE(qr_msgpack_want_map(&d.reader, &iter) && qr_msgpack_more_map(&d.reader, &iter));
    CHECK(!qr_msgpack_key(&d.reader, &iter, &token));
    CHECK_ERROR(&d, "expected_key", 1);
    document_close(&d);
}

#define SAMPLE(bytes) {bytes, sizeof(bytes) - 1}
static const struct {
    const char *bytes;
    size_t n;
} samples[] = {
    SAMPLE("\x84\xa2" "id\xcd\x30\x39\xa4" "name\xd9\x22" "plain text that is longer than two\xa4" "tags\x95\xa1" "a\xc0\xc2\xc3\x90\xa6" "nested\x82\xa1x\xcb\xbf\x58\x93\x74\xbc\x6a\x7e\xfa\xa1y\x80"),
    SAMPLE("\xdc\x00\x10\x00\x7f\xe0\xff\xcc\xff\xcd\x01\x00\xce\x00\x01\x00\x00\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xd0\x80\xd1\x80\x00\xd2\x80\x00\x00\x00\xd3\x80\0\0\0\0\0\0\0"
           "\xca\x3f\x80\0\0\xcb\x3f\xf0\0\0\0\0\0\0\x91\x91\x90\xc0"),
    SAMPLE("\x97\xc4\x02\x00\xff\xc5\x00\x01\x01\xc7\x03\x05" "abc\xd4\x01\x01\xd6\xff\x5e\x0b\xe1\x00\xda\x00\x09\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xdf\x00\x00\x00\x02\x01\x02\xa1k\xdd\x00\x00\x00\x00"),
};

static void test_truncated_everywhere(void)
{
    for (size_t i = 0; i < QR_ARRAY_LENGTH(samples); i++) {
        CHECK_STR_EQ(qr_error_code(outcome_of(samples[i].bytes, samples[i].n).error), "ok");
        for (size_t cut = 0; cut < samples[i].n; cut++) {
            outcome o = outcome_of(samples[i].bytes, cut);
            if (!CHECK_EQ(qr_error_class_of(o.error), QR_CLASS_TRUNCATED) | !CHECK(o.at <= cut))
                printf("    sample %zu after %zu bytes: %s\n", i, cut, qr_error_code(o.error));
        }
    }
}

static void test_changed_everywhere(void)
{
    char copy[256];
    for (size_t i = 0; i < QR_ARRAY_LENGTH(samples); i++) {
        size_t n = samples[i].n;
        REQUIRE(n < sizeof copy);
        for (size_t at = 0; at < n; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                memcpy(copy, samples[i].bytes, n);
                copy[at] = (char)byte;
                outcome o = outcome_of(copy, n);
                REQUIRE(o.error == QR_ERROR_NONE || o.at <= n);
                REQUIRE(o.error == QR_ERROR_NONE || qr_error_class_of(o.error) == QR_CLASS_TRUNCATED || qr_error_class_of(o.error) == QR_CLASS_MALFORMED);
            }
    }
}

static void run_depth(void)
{
    enum { DEEP = 1000000 };
    uint8_t *bytes = malloc(DEEP + 1);
    qr_limits limits = QR_LIMITS_DEFAULT;
    memset(bytes, 0x91, DEEP);
    bytes[DEEP] = 0;
    CHECK_STR_EQ(qr_error_code(outcome_of(bytes, DEEP + 1).error), "depth_limit");
    CHECK_STR_EQ(qr_error_code(outcome_of(bytes + DEEP - QR_DEPTH_DEFAULT, QR_DEPTH_DEFAULT + 1).error), "ok");
    CHECK_STR_EQ(qr_error_code(outcome_of(bytes + DEEP - QR_DEPTH_DEFAULT - 1, QR_DEPTH_DEFAULT + 2).error), "depth_limit");
    limits.depth = DEPTH_TRIED;
    for (int skip = 0; skip < 2; skip++) {
        CHECK_STR_EQ(qr_error_code(read_document(bytes + DEEP - DEPTH_TRIED, DEPTH_TRIED + 1, &limits, skip).error), "ok");
        CHECK_STR_EQ(qr_error_code(read_document(bytes, DEEP + 1, &limits, skip).error), "depth_limit");
    }
    for (size_t i = 0; i < DEEP; i += 2)
        bytes[i] = 0x81, bytes[i + 1] = 0x01;
    CHECK_STR_EQ(qr_error_code(outcome_of(bytes, DEEP + 1).error), "depth_limit");
    free(bytes);
}

static void test_depth(void) { document_run_deep(run_depth); }

static void test_limits(void)
{
    static const struct {
        qr_limits limits;
        const char *bytes;
        size_t n;
        const char *code;
        size_t at;
    } cases[] = {
        {{.bytes = 1}, "\x91\x01", 2, "byte_limit", 0}, {{.items = 2}, "\x92\x01\x02", 3, "ok", 3}, {{.items = 2}, "\x94\x01\x02\x03\x04", 5, "item_limit", 3},
        {{.items = 1}, "\x82\x01\x02\x03\x04", 5, "item_limit", 3}, {{.str_bytes = 3}, "\x92\xa3" "abc\xa4" "abcd", 10, "str_limit", 5},
        {{.str_bytes = 3}, "\xd9\x04\x01\x01\x01\x01", 6, "str_limit", 0}, {{.str_bytes = 1}, "\xc4\x02\x01\x01", 4, "str_limit", 0},
        {{.str_bytes = 1}, "\xd5\x02\x01\x01", 4, "str_limit", 0}, {{.str_bytes = 1}, "\x81\xa2" "ab\x01", 5, "str_limit", 1},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++)
        for (int skip = 0; skip < 2; skip++) {
            outcome o = read_document(cases[i].bytes, cases[i].n, &cases[i].limits, skip);
            if (!CHECK_STR_EQ(qr_error_code(o.error), cases[i].code) | !CHECK_EQ(o.at, cases[i].at))
                printf("    case %zu\n", i);
        }
}

/* ---------------------------------------------------------------- the reader's functions */

static void test_wants(void)
{
    document d;
    qr_token token;
    qr_msgpack_iter iter;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t bytes[32] = {(uint8_t)c};
        qr_token_kind kind = kind_of_byte(c);
        for (int want = 0; want < 5; want++) {
            document_open(&d, bytes, sizeof bytes, NULL, 0);
            qr_reader *r = &d.reader;
            int got = want == 0   ? qr_msgpack_want_null(r)
                      : want == 1 ? qr_msgpack_want_str(r, &token)
                      : want == 2 ? qr_msgpack_want_number(r, &token) != QR_TOKEN_ERROR
                      : want == 3 ? qr_msgpack_want_array(r, &iter)
                                  : qr_msgpack_want_map(r, &iter);
            static const qr_token_kind wanted[] = {QR_TOKEN_NULL, QR_TOKEN_STR, QR_TOKEN_INT, QR_TOKEN_ARRAY, QR_TOKEN_MAP};
            CHECK_EQ(got, kind == wanted[want] || (want == 2 && kind == QR_TOKEN_FLOAT));
            CHECK_EQ(r->error, QR_ERROR_NONE);
            CHECK(got || r->p == r->start);
            document_close(&d);
        }
    }
    document_open(&d, "", 0, NULL, 0);
    CHECK(!qr_msgpack_want_null(&d.reader) && !qr_msgpack_want_str(&d.reader, &token) && !qr_msgpack_want_array(&d.reader, &iter) && !qr_msgpack_want_map(&d.reader, &iter));
    CHECK_EQ(qr_msgpack_want_number(&d.reader, &token), QR_TOKEN_ERROR);
    CHECK_EQ(d.reader.error, QR_ERROR_NONE);
    document_close(&d);
}

static void check_image(const char *name, size_t n, size_t image_length)
{
    document d;
    qr_image image;
    qr_msgpack_iter iter;
    qr_buffer b;
    qr_msgpack_key_image(&image, (const uint8_t *)name, n);
    CHECK_EQ(image.length, image_length);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(qr_msgpack_put_key(&b, (const uint8_t *)name, n));
    for (int more = 0; more < 2; more++, qr_buffer_reserve(&b, 40), memset(b.p, 0, 40), b.p += 40) {
        document_open(&d, b.base, qr_buffer_length(&b), NULL, 0);
        CHECK_EQ(qr_msgpack_key_is(&d.reader, &iter, &image), image_length != 0);
        CHECK_EQ(d.reader.p - d.reader.start, image_length);
        document_close(&d);
        document_open(&d, b.base, qr_buffer_length(&b) - (more ? 0 : 1), NULL, 0);
        d.data[more ? n : 0] ^= 1;
        CHECK(!qr_msgpack_key_is(&d.reader, &iter, &image));
        document_close(&d);
    }
    qr_buffer_release(&b);
}

static void test_key_images(void)
{
    check_image("", 0, 1);
    check_image("id", 2, 3);
    check_image("0123456789abcde", 15, 16);
    check_image("0123456789abcdef", 16, 17);
    check_image("0123456789abcdef0123456789abcd", 30, 31);
    check_image("0123456789abcdef0123456789abcdef", 32, 0);
}

static void test_want_bool_and_pair_is(void)
{
    document d;
    qr_image image;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        int value = -1;
        document_open(&d, &byte, 1, NULL, 0);
        CHECK_EQ(qr_msgpack_want_bool(&d.reader, &value), c == 0xC2 || c == 0xC3);
        CHECK_EQ(value, c == 0xC2 ? 0 : c == 0xC3 ? 1 : -1);
        CHECK_EQ(d.reader.p - d.reader.start, value >= 0);
        document_close(&d);
    }
    document_open(&d, "", 0, NULL, 0);
    int value;
    CHECK(!qr_msgpack_want_bool(&d.reader, &value));
    document_close(&d);
    qr_msgpack_key_image(&image, (const uint8_t *)"id", 2);
    for (size_t left = 0; left < 2; left++)
        for (size_t n = 0; n <= 4; n++) {
            qr_msgpack_iter iter = {.left = left};
            document_open(&d, "\xa2id\x01", n, NULL, 0);
            int is_next = left == 1 && n >= 3;
            CHECK_EQ(qr_msgpack_pair_is(&d.reader, &iter, &image), is_next);
            CHECK_EQ(iter.left, is_next ? 0 : left);
            CHECK_EQ(d.reader.p - d.reader.start, is_next ? 3 : 0);
            CHECK(!is_next || iter.key_at == d.reader.start);
            document_close(&d);
        }
}

/* ---------------------------------------------------------------- text in every width */

static void check_text(const uint32_t *codes, size_t n)
{
    uint8_t utf8[512];
    size_t length = 0;
    uint32_t highest = 0;
    qr_buffer b;
    document d;
    qr_token token;
    for (size_t i = 0; i < n; i++) {
        length += (size_t)qr_utf8_encode_point(utf8 + length, codes[i]);
        highest = codes[i] > highest ? codes[i] : highest;
    }
    for (unsigned from = highest < 0x100 ? 1 : highest < 0x10000 ? 2 : 4; from <= 4; from *= 2) {
        uint8_t *units = malloc(n * from + !n);
        for (size_t i = 0; i < n; i++)
            memcpy(units + i * from, &codes[i], from);
        qr_buffer_init(&b, &qr_memory_default);
        CHECK(qr_msgpack_put_str_units(&b, units, n, from));
        CHECK((size_t)(b.end - b.p) >= QR_BUFFER_SLACK);
        document_open(&d, b.base, qr_buffer_length(&b), NULL, 0);
        REQUIRE(qr_msgpack_next(&d.reader, &token) == QR_TOKEN_STR);
        CHECK_BYTES_EQ(token.text, token.length, utf8, length);
        CHECK_EQ(token.count, n);
        CHECK(qr_text_maximum(token.widest) >= highest);
        CHECK(qr_msgpack_check_text(&d.reader, &token));
        CHECK(d.reader.p == d.reader.end);
        for (unsigned width = qr_text_width(token.widest); width <= 4; width *= 2) {
            uint8_t *copy = malloc(n * width + !n);
            CHECK(qr_msgpack_copy(&d.reader, &token, copy, width, n));
            for (size_t i = 0; i < n; i++) {
                uint32_t code = 0;
                memcpy(&code, copy + i * width, width);
                REQUIRE(code == codes[i]);
            }
            free(copy);
        }
        uint8_t *copy = malloc(token.length + !token.length);
        CHECK_EQ(qr_msgpack_copy_utf8(&d.reader, &token, copy), length);
        CHECK_BYTES_EQ(copy, length, utf8, length);
        free(copy);
        document_close(&d);
        qr_buffer_release(&b);
        free(units);
    }
}

static void test_text(void)
{
    static const uint32_t special[] = {'a', 0x7F, 0x80, 0xFF, 0x100, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
    uint32_t codes[48];
    for (size_t which = 0; which < QR_ARRAY_LENGTH(special); which++)
        for (size_t n = 0; n <= QR_ARRAY_LENGTH(codes); n++) {
            for (size_t i = 0; i < n; i++)
                codes[i] = special[which];
            check_text(codes, n);
            for (size_t at = 0; at < n; at++) {
                for (size_t i = 0; i < n; i++)
                    codes[i] = i == at ? special[which] : 'a' + (uint32_t)i % 26;
                check_text(codes, n);
            }
        }
}

static void test_text_invalid(void)
{
    static const char *const bad[] = {"\x80", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC0\xAF", "\xFF"};
    for (size_t which = 0; which < QR_ARRAY_LENGTH(bad); which++)
        for (size_t before = 0; before < 40; before++) {
            char text[96];
            document d;
            qr_token token;
            int n = sprintf(text, "\xd9 %.*s%stail", (int)before, "0123456789012345678901234567890123456789", bad[which]);
            text[1] = (char)(n - 2);
            document_open(&d, text, (size_t)n, NULL, 0);
            REQUIRE(qr_msgpack_next(&d.reader, &token) == QR_TOKEN_STR);
            uint32_t units[96];
            CHECK(!qr_msgpack_copy(&d.reader, &token, units, 4, token.count));
            CHECK_ERROR(&d, "invalid_utf8", before + 2);
            CHECK(qr_msgpack_copy_utf8(&d.reader, &token, (uint8_t *)units) == (size_t)-1);
            document_close(&d);
            outcome o = outcome_of(text, (size_t)n);
            CHECK_STR_EQ(qr_error_code(o.error), "invalid_utf8");
            CHECK_EQ(o.at, before + 2);
        }
    document d; /* the room that was not measured */
    qr_token token;
    uint8_t room[4];
    CHECK_EQ(first_token(&d, "\xa3" "abc", 4, &token), QR_TOKEN_STR);
    CHECK(!qr_msgpack_copy(&d.reader, &token, room, 1, 2));
    CHECK_STR_EQ(qr_error_code(d.reader.error), "input_changed");
    document_close(&d);
}

/* ---------------------------------------------------------------- writing */

static void check_written(const qr_buffer *b, const char *expected, size_t n)
{
    CHECK_BYTES_EQ(b->base, qr_buffer_length(b), expected, n);
}

static void test_put_integers(void)
{
    static const struct {
        int64_t value;
        const char *bytes;
        size_t n;
    } cases[] = {
        {0, "\x00", 1}, {127, "\x7f", 1}, {128, "\xcc\x80", 2}, {255, "\xcc\xff", 2}, {256, "\xcd\x01\x00", 3}, {65535, "\xcd\xff\xff", 3},
        {65536, "\xce\x00\x01\x00\x00", 5}, {4294967295, "\xce\xff\xff\xff\xff", 5}, {4294967296, "\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9},
        {INT64_MAX, "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9}, {-1, "\xff", 1}, {-32, "\xe0", 1}, {-33, "\xd0\xdf", 2}, {-128, "\xd0\x80", 2},
        {-129, "\xd1\xff\x7f", 3}, {-32768, "\xd1\x80\x00", 3}, {-32769, "\xd2\xff\xff\x7f\xff", 5}, {INT32_MIN, "\xd2\x80\x00\x00\x00", 5},
        {(int64_t)INT32_MIN - 1, "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff", 9}, {INT64_MIN, "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9},
    };
    uint8_t room[QR_BUFFER_SLACK];
    qr_buffer b;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        qr_buffer_init_fixed(&b, room, sizeof room);
        CHECK(qr_msgpack_put_int(&b, cases[i].value));
        check_written(&b, cases[i].bytes, cases[i].n);
        if (cases[i].value >= 0) {
            qr_buffer_init_fixed(&b, room, sizeof room);
            CHECK(qr_msgpack_put_uint(&b, (uint64_t)cases[i].value));
            check_written(&b, cases[i].bytes, cases[i].n);
        }
    }
    qr_buffer_init_fixed(&b, room, sizeof room);
    CHECK(qr_msgpack_put_uint(&b, UINT64_MAX));
    check_written(&b, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    CHECK(!qr_msgpack_put_big(&b, (const uint8_t *)"18446744073709551616", 20));
    CHECK_EQ(b.error, QR_ERROR_OUT_OF_RANGE);
    for (int bit = 0; bit < 64; bit++)
        for (int d = -1; d <= 1; d++)
            for (int sign = 0; sign < 2; sign++) {
                uint64_t magnitude = ((uint64_t)1 << bit) + (uint64_t)(int64_t)d;
                int64_t value = (int64_t)(sign ? 0 - magnitude : magnitude);
                document doc;
                qr_token token;
                qr_buffer_init_fixed(&b, room, sizeof room);
                qr_msgpack_put_int(&b, value);
                CHECK_EQ(first_token(&doc, room, qr_buffer_length(&b), &token), QR_TOKEN_INT);
                CHECK_EQ(token.i, value);
                document_close(&doc);
            }
}

static void test_put_floats(void)
{
    static const double values[] = {0.0, -0.0, 1.5, 1e308, 5e-324};
    uint64_t state = 9, bits;
    for (int i = 0; i < 1000; i++) {
        uint8_t room[QR_BUFFER_SLACK];
        qr_buffer b;
        document d;
        qr_token token;
        double value;
        bits = qr_test_random(&state); /* among them infinities and nans */
        memcpy(&value, &bits, 8);
        if (i < (int)QR_ARRAY_LENGTH(values))
            value = values[i];
        qr_buffer_init_fixed(&b, room, sizeof room);
        CHECK(qr_msgpack_put_float(&b, value));
        CHECK_EQ(qr_buffer_length(&b), 9);
        CHECK_EQ(first_token(&d, room, 9, &token), QR_TOKEN_FLOAT);
        CHECK(memcmp(&token.d, &value, 8) == 0);
        document_close(&d);
    }
}

/* The edges of every length form, written and read. */
static void test_put_lengths(void)
{
    static const size_t lengths[] = {0, 1, 2, 3, 4, 8, 15, 16, 17, 31, 32, 33, 64, 65, 255, 256, 65535, 65536, 70000};
    uint8_t *payload = malloc(70000);
    memset(payload, 'x', 70000);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(lengths); i++) {
        size_t n = lengths[i];
        for (int what = 0; what < 4; what++) {
            qr_buffer b;
            document d;
            qr_token token;
            size_t head = what == 0   ? (n <= 31 ? 1 : n <= 255 ? 2 : n <= 65535 ? 3 : 5)
                          : what == 1 ? (n <= 31 ? 1 : n <= 255 ? 2 : n <= 65535 ? 3 : 5)
                          : what == 2 ? (n <= 255 ? 2 : n <= 65535 ? 3 : 5)
                                      : (n == 1 || n == 2 || n == 4 || n == 8 || n == 16 ? 2 : n <= 255 ? 3 : n <= 65535 ? 4 : 6);
            qr_buffer_init(&b, &qr_memory_default);
            CHECK(what == 0   ? qr_msgpack_put_str(&b, payload, n)
                  : what == 1 ? qr_msgpack_put_str_units(&b, payload, n, 1)
                  : what == 2 ? qr_msgpack_put_bytes(&b, payload, n)
                              : qr_msgpack_put_ext(&b, -7, payload, n));
            CHECK((size_t)(b.end - b.p) >= QR_BUFFER_SLACK);
            CHECK_EQ(qr_buffer_length(&b), head + n);
            CHECK_EQ(first_token(&d, b.base, qr_buffer_length(&b), &token), what < 2 ? QR_TOKEN_STR : what == 2 ? QR_TOKEN_BYTES : QR_TOKEN_EXT);
            CHECK_BYTES_EQ(token.text, token.length, payload, n);
            CHECK(what < 3 || token.ext == -7);
            CHECK(d.reader.p == d.reader.end);
            document_close(&d);
            qr_buffer_release(&b);
        }
        uint8_t room[QR_BUFFER_SLACK];
        size_t head = n <= 15 ? 1 : n <= 65535 ? 3 : 5;
        for (int map = 0; map < 2; map++) {
            qr_buffer b;
            document d;
            qr_token token;
            qr_buffer_init_fixed(&b, room, sizeof room);
            CHECK(map ? qr_msgpack_put_map(&b, n) : qr_msgpack_put_array(&b, n));
            CHECK_EQ(qr_buffer_length(&b), head);
            uint8_t *all = calloc(1, head + 2 * n); /* fixint 0, as often as is needed */
            memcpy(all, room, head);
            CHECK_EQ(first_token(&d, all, head + (map ? 2 : 1) * n, &token), map ? QR_TOKEN_MAP : QR_TOKEN_ARRAY);
            CHECK_EQ(token.items, n);
            document_close(&d);
            CHECK_STR_EQ(qr_error_code(outcome_of(all, head + (map ? 2 : 1) * n).error), "ok");
            free(all);
        }
    }
    free(payload);
}

static void test_put_too_long(void)
{
    static const size_t n = (size_t)UINT32_MAX + 1;
    uint8_t room[QR_BUFFER_SLACK];
    for (int what = 0; what < 6; what++) {
        qr_buffer b;
        qr_buffer_init_fixed(&b, room, sizeof room);
        CHECK(!(what == 0   ? qr_msgpack_put_str(&b, room, n)
                : what == 1 ? qr_msgpack_put_bytes(&b, room, n)
                : what == 2 ? qr_msgpack_put_ext(&b, 1, room, n)
                : what == 3 ? qr_msgpack_put_array(&b, n)
                : what == 4 ? qr_msgpack_put_map(&b, n)
                            : qr_msgpack_put_str_header(&b, n)));
        CHECK_EQ(b.error, QR_ERROR_OUT_OF_RANGE);
        CHECK_EQ(qr_buffer_length(&b), 0);
    }
    uint8_t *p = room;
    qr_buffer b;
    qr_buffer_init_fixed(&b, room, sizeof room);
    CHECK(qr_msgpack_put_map(&b, UINT32_MAX) && qr_msgpack_put_str_header(&b, UINT32_MAX));
    CHECK_BYTES_EQ(p, qr_buffer_length(&b), "\xdf\xff\xff\xff\xff\xdb\xff\xff\xff\xff", 10);
}

static void test_put_surrogates(void)
{
    static const uint16_t narrow[] = {'a', 0xD83D, 0xDE00};
    static const uint32_t wide[] = {'a', 0xDFFF}, beyond[] = {0x110000};
    for (int i = 0; i < 3; i++) {
        qr_buffer b;
        qr_buffer_init(&b, &qr_memory_default);
        CHECK(!(i == 0 ? qr_msgpack_put_str_units(&b, narrow, 3, 2) : i == 1 ? qr_msgpack_put_str_units(&b, wide, 2, 4) : qr_msgpack_put_str_units(&b, beyond, 1, 4)));
        CHECK_EQ(b.error, QR_ERROR_LONE_SURROGATE);
        qr_buffer_release(&b);
    }
}

static void test_put_failing(void)
{
    static const uint16_t units[] = {0x434, '"', 0x20AC};
    uint8_t payload[400];
    memset(payload, 'x', sizeof payload);
    FOR_EACH_FAILURE(memory) {
        qr_buffer b;
        qr_buffer_init(&b, &memory.hook);
        int done = qr_buffer_reserve(&b, QR_BUFFER_SLACK) && qr_msgpack_put_array(&b, 4) && qr_msgpack_put_str(&b, payload, sizeof payload) &&
                   qr_msgpack_put_bytes(&b, payload, sizeof payload) && qr_msgpack_put_str_units(&b, units, 3, 2) && qr_msgpack_put_ext(&b, 1, payload, sizeof payload);
        CHECK_EQ(done, !memory.failed);
        CHECK_EQ(b.error, memory.failed ? QR_ERROR_MEMORY : QR_ERROR_NONE);
        if (done)
            CHECK_STR_EQ(qr_error_code(outcome_of(b.base, qr_buffer_length(&b)).error), "ok");
        qr_buffer_release(&b);
    }
}

TEST_MAIN(TEST(test_every_first_byte), TEST(test_fixed), TEST(test_lengths), TEST(test_faults), TEST(test_truncated_forms), TEST(test_lying_lengths), TEST(test_keys),
          TEST(test_truncated_everywhere), TEST(test_changed_everywhere), TEST(test_depth), TEST(test_limits), TEST(test_wants), TEST(test_key_images), TEST(test_want_bool_and_pair_is),
          TEST(test_text), TEST(test_text_invalid), TEST(test_put_integers), TEST(test_put_floats), TEST(test_put_lengths), TEST(test_put_too_long),
          TEST(test_put_surrogates), TEST(test_put_failing))
