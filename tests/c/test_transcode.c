/* SPDX-License-Identifier: Apache-2.0 */
/* transcode: both directions, what one format has and the other has not, round trips, counts of every size, failing memory. */
#include "core/format/transcode.h"
#include "core/base/simd.h"
#include "tests/c/document.h"

typedef int (*transcoder)(qr_reader *r, qr_buffer *b);

static qr_error transcode(transcoder run, const void *bytes, size_t n, uint32_t options, qr_buffer *b, size_t *at)
{
    document d;
    document_open(&d, bytes, n, NULL, options);
    qr_buffer_init(b, &qr_memory_default);
    int done = run(&d.reader, b);
    qr_error error = d.reader.error;
    CHECK_EQ(done, error == QR_ERROR_NONE);
    if (at)
        *at = document_error_at(&d);
    document_close(&d);
    return error;
}

static void check_both(const char *json, const char *msgpack, size_t n)
{
    qr_buffer b;
    CHECK_STR_EQ(qr_error_code(transcode(qr_transcode_json_to_msgpack, json, strlen(json), 0, &b, NULL)), "ok");
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), msgpack, n);
    qr_buffer_release(&b);
    CHECK_STR_EQ(qr_error_code(transcode(qr_transcode_msgpack_to_json, msgpack, n, 0, &b, NULL)), "ok");
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), json, strlen(json));
    qr_buffer_release(&b);
}
#define CHECK_BOTH(json, msgpack) check_both(json, msgpack, sizeof(msgpack) - 1)

static void check_json(const void *msgpack, size_t n, const char *json)
{
    qr_buffer b;
    CHECK_STR_EQ(qr_error_code(transcode(qr_transcode_msgpack_to_json, msgpack, n, 0, &b, NULL)), "ok");
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), json, strlen(json));
    qr_buffer_release(&b);
}
#define CHECK_JSON(msgpack, json) check_json(msgpack, sizeof(msgpack) - 1, json)

static void check_fails(transcoder run, const void *bytes, size_t n, uint32_t options, const char *code, size_t offset)
{
    qr_buffer b;
    size_t at;
    CHECK_STR_EQ(qr_error_code(transcode(run, bytes, n, options, &b, &at)), code);
    CHECK_EQ(at, offset);
    qr_buffer_release(&b);
}
#define CHECK_PACK_FAILS(json, code, offset) check_fails(qr_transcode_json_to_msgpack, json, sizeof(json) - 1, 0, code, offset)
#define CHECK_UNPACK_FAILS(msgpack, code, offset) check_fails(qr_transcode_msgpack_to_json, msgpack, sizeof(msgpack) - 1, 0, code, offset)

static void test_both_ways(void)
{
    CHECK_BOTH("null", "\xc0");
    CHECK_BOTH("true", "\xc3");
    CHECK_BOTH("false", "\xc2");
    CHECK_BOTH("0", "\x00");
    CHECK_BOTH("-1", "\xff");
    CHECK_BOTH("18446744073709551615", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    CHECK_BOTH("-9223372036854775808", "\xd3\x80\0\0\0\0\0\0\0");
    CHECK_BOTH("1.5", "\xcb\x3f\xf8\0\0\0\0\0\0");
    CHECK_BOTH("-0.0", "\xcb\x80\0\0\0\0\0\0\0");
    CHECK_BOTH("\"\"", "\xa0");
    CHECK_BOTH("\"abc\"", "\xa3" "abc");
    CHECK_BOTH("\"a\\nb\\\"\\\\\\u0001\xc3\xa9\"", "\xa8" "a\nb\"\\\x01\xc3\xa9");
    CHECK_BOTH("\"0123456789abcdef0123456789abcde\"", "\xbf" "0123456789abcdef0123456789abcde");
    CHECK_BOTH("\"0123456789abcdef0123456789abcdef\"", "\xd9\x20" "0123456789abcdef0123456789abcdef");
    CHECK_BOTH("[]", "\x90");
    CHECK_BOTH("{}", "\x80");
    CHECK_BOTH("[1,[2,[3]],{}]", "\x93\x01\x92\x02\x91\x03\x80");
    CHECK_BOTH("{\"a\":1,\"b\":{\"c\":[null]}}", "\x82\xa1" "a\x01\xa1" "b\x81\xa1" "c\x91\xc0");
    CHECK_BOTH("{\"a\":1,\"a\":2}", "\x82\xa1" "a\x01\xa1" "a\x02");
    CHECK_BOTH("{\"\\n\":1}", "\x81\xa1\n\x01");
}

static void test_only_one_way(void)
{
    CHECK_JSON("\xc4\x03\x01\x02\x03", "\"AQID\"");
    CHECK_JSON("\xca\x3f\x80\0\0", "1.0");
    CHECK_JSON("\xd6\xff\x5e\x0b\xe1\x00", "\"2020-01-01T00:00:00Z\"");
    CHECK_JSON("\xd7\xff\x07\x5b\xca\x00\x5e\x0b\xe1\x00", "\"2020-01-01T00:00:00.030864Z\"");
    CHECK_JSON("\xc7\x0c\xff\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff", "\"1969-12-31T23:59:59.000000001Z\"");
    CHECK_JSON("\xc7\x0c\xff\x3b\x9a\xc9\xff\xff\xff\xff\xf1\x88\x6e\x09\x00", "\"0001-01-01T00:00:00.999999999Z\"");
    CHECK_JSON("\x81\x05\x01", "{\"5\":1}");
    CHECK_JSON("\x88\xff\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x02\xc0\x03\xc3\x04\xc2\x05\xca\x3f\xc0\0\0\x06\xc4\x01\xff\x07\xd6\xff\0\0\0\0\x08",
               "{\"-1\":1,\"18446744073709551615\":2,\"null\":3,\"true\":4,\"false\":5,\"1.5\":6,\"/w==\":7,\"1970-01-01T00:00:00Z\":8}");
    CHECK_UNPACK_FAILS("\x91\xcb\x7f\xf8\0\0\0\0\0\0", "non_finite", 1);
    CHECK_UNPACK_FAILS("\x91\xcb\xff\xf0\0\0\0\0\0\0", "non_finite", 1);
    CHECK_UNPACK_FAILS("\x81\xca\x7f\x80\0\0\x01", "non_finite", 1);
    CHECK_UNPACK_FAILS("\x92\x01\xd4\x05\x05", "unsupported_type", 2);
    CHECK_UNPACK_FAILS("\x81\xd4\x05\x05\x01", "unsupported_key", 1);
    CHECK_UNPACK_FAILS("\x81\x90\x01", "unsupported_key", 1);
    CHECK_UNPACK_FAILS("\x81\x80\x01", "unsupported_key", 1);
    CHECK_UNPACK_FAILS("\xd4\xff\x05", "invalid_timestamp", 0);
    CHECK_UNPACK_FAILS("\xd7\xff\xff\xff\xff\xff\0\0\0\0", "invalid_timestamp", 0);
    CHECK_UNPACK_FAILS("\xc7\x0c\xff\0\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", "out_of_range", 0);
    CHECK_UNPACK_FAILS("\x91\xa1\x80", "invalid_utf8", 2);
    CHECK_UNPACK_FAILS("\x81\xa1\x80\x01", "invalid_utf8", 2);
    CHECK_UNPACK_FAILS("\xc1", "invalid_byte", 0);
    CHECK_UNPACK_FAILS("", "empty", 0);
    CHECK_UNPACK_FAILS("\x01\x01", "trailing_data", 1);
    CHECK_PACK_FAILS("[18446744073709551616]", "out_of_range", 1);
    CHECK_PACK_FAILS("-9223372036854775809", "out_of_range", 0);
    CHECK_PACK_FAILS("[1,]", "trailing_comma", 3);
    CHECK_PACK_FAILS("[1 2]", "expected_comma", 3);
    CHECK_PACK_FAILS("{\"a\" 1}", "expected_colon", 5);
    CHECK_PACK_FAILS("{\"\xc3\":1}", "invalid_utf8", 2);
    CHECK_PACK_FAILS("\"\\n\xc3\"", "invalid_utf8", 3);
    CHECK_PACK_FAILS("1 2", "trailing_data", 2);
    CHECK_PACK_FAILS("", "empty", 0);
    CHECK_PACK_FAILS("\"\\ud800\"", "invalid_surrogate", 1);
    check_fails(qr_transcode_json_to_msgpack, "[\"a\\ud800\"]", 11, QR_READ_LONE_SURROGATES, "lone_surrogate", 1);
    check_fails(qr_transcode_json_to_msgpack, "{\"\\udc00\":1}", 12, QR_READ_LONE_SURROGATES, "lone_surrogate", 1);
    qr_buffer b;
    CHECK_STR_EQ(qr_error_code(transcode(qr_transcode_json_to_msgpack, "\"\\ud83d\\ude00\"", 14, QR_READ_LONE_SURROGATES, &b, NULL)), "ok");
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), "\xa4\xf0\x9f\x98\x80", 5);
    qr_buffer_release(&b);
    CHECK_STR_EQ(qr_error_code(transcode(qr_transcode_json_to_msgpack, "[NaN,-0]", 8, QR_READ_NON_FINITE, &b, NULL)), "ok");
    CHECK_EQ(qr_buffer_length(&b), 11);
    qr_buffer_release(&b);
}

static void test_paths(void)
{
    document d;
    qr_buffer b;
    const char *text = "{\"a\":[1,{\"b\":[true,18446744073709551616]}]}";
    document_open(&d, text, strlen(text), NULL, 0);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(!qr_transcode_json_to_msgpack(&d.reader, &b));
    REQUIRE(qr_path_kept(&d.path) == 4);
    CHECK_EQ(qr_path_step(&d.path, 0).kind, QR_STEP_KEY);
    CHECK(qr_path_step(&d.path, 0).at == d.data + 1);
    CHECK_EQ(qr_path_step(&d.path, 1).number, 1);
    CHECK(qr_path_step(&d.path, 2).at == d.data + 9);
    CHECK_EQ(qr_path_step(&d.path, 3).number, 1);
    qr_buffer_release(&b);
    document_close(&d);
}

/* A document whose containers have these many items at each level, nested in their last item. */
static char *nested_counts(const size_t *counts, size_t levels, size_t *length)
{
    size_t room = 64;
    for (size_t i = 0; i < levels; i++)
        room += counts[i] * 5 + 16;
    char *text = malloc(room), *p = text;
    for (size_t i = 0; i < levels; i++) {
        int map = i % 2 == 1;
        *p++ = map ? '{' : '[';
        for (size_t k = 0; k + 1 < counts[i]; k++)
            p += sprintf(p, map ? "\"\":0," : "7,");
        if (map)
            p += sprintf(p, "\"\":");
    }
    p += sprintf(p, "\"end\"");
    for (size_t i = levels; i-- > 0;)
        *p++ = i % 2 == 1 ? '}' : ']';
    *length = (size_t)(p - text);
    return text;
}

/* The headers that have to grow, in every order of small, medium and large around each other. */
static void test_counts(void)
{
    static const size_t sizes[] = {1, 15, 16, 17, 65535, 65536};
    for (size_t a = 0; a < QR_ARRAY_LENGTH(sizes); a++)
        for (size_t b = 0; b < QR_ARRAY_LENGTH(sizes); b++)
            for (size_t c = 0; c < QR_ARRAY_LENGTH(sizes); c++) {
                size_t counts[] = {sizes[a], sizes[b], sizes[c]}, n;
                char *text = nested_counts(counts, 3, &n);
                qr_buffer packed, back;
                REQUIRE(transcode(qr_transcode_json_to_msgpack, text, n, 0, &packed, NULL) == QR_ERROR_NONE);
                size_t first = counts[0];
                CHECK_EQ(packed.base[0], first <= 15 ? 0x90 | first : first <= 65535 ? 0xDC : 0xDD);
                REQUIRE(transcode(qr_transcode_msgpack_to_json, packed.base, qr_buffer_length(&packed), 0, &back, NULL) == QR_ERROR_NONE);
                CHECK_BYTES_EQ(back.base, qr_buffer_length(&back), text, n);
                qr_buffer_release(&packed);
                qr_buffer_release(&back);
                free(text);
            }
}

/* Siblings and nesting of random sizes, after bytes that are in the buffer already; every header is the shortest. */
static char *random_document(uint64_t *state, char *p, char *end, int depth)
{
    uint64_t dice = qr_test_random(state);
    if (depth == 0 || dice % 4 == 0 || end - p < 400)
        return p + sprintf(p, dice % 3 == 0 ? "%d" : dice % 3 == 1 ? "\"t%d\\n\"" : "%d.5", (int)(dice >> 40));
    int map = dice >> 8 & 1;
    size_t count = dice >> 16 & 1 ? dice >> 20 & 31 : dice >> 20 & 3;
    *p++ = map ? '{' : '[';
    for (size_t i = 0; i < count && end - p > 400; i++) {
        if (i)
            *p++ = ',';
        if (map)
            p += sprintf(p, "\"k%zu\":", i);
        p = random_document(state, p, end, depth - 1);
    }
    *p++ = map ? '}' : ']';
    return p;
}

static void test_random_documents(void)
{
    enum { ROOM = 20000 };
    uint64_t state = 11;
    char *text = malloc(ROOM);
    for (int round = 0; round < 500; round++) {
        size_t n = (size_t)(random_document(&state, text, text + ROOM - 1000, 7) - text);
        document d;
        qr_buffer packed, json, again;
        document_open(&d, text, n, NULL, 0);
        qr_buffer_init(&packed, &qr_memory_default);
        REQUIRE(qr_buffer_reserve(&packed, 3));
        memcpy(packed.p, "abc", 3);
        packed.p += 3;
        REQUIRE(qr_transcode_json_to_msgpack(&d.reader, &packed));
        CHECK_BYTES_EQ(packed.base, 3, "abc", 3);
        document_close(&d);
        REQUIRE(transcode(qr_transcode_msgpack_to_json, packed.base + 3, qr_buffer_length(&packed) - 3, 0, &json, NULL) == QR_ERROR_NONE);
        CHECK_BYTES_EQ(json.base, qr_buffer_length(&json), text, n);
        REQUIRE(transcode(qr_transcode_json_to_msgpack, json.base, qr_buffer_length(&json), 0, &again, NULL) == QR_ERROR_NONE);
        CHECK_BYTES_EQ(again.base, qr_buffer_length(&again), packed.base + 3, qr_buffer_length(&packed) - 3);
        qr_buffer_release(&packed);
        qr_buffer_release(&json);
        qr_buffer_release(&again);
    }
    free(text);
}

static void run_depth_and_limits(void)
{
    enum { DEEP = 100000 };
    char *text = malloc(2 * DEEP);
    qr_limits limits = QR_LIMITS_DEFAULT;
    qr_buffer b;
    document d;
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    check_fails(qr_transcode_json_to_msgpack, text, 2 * DEEP, 0, "depth_limit", QR_DEPTH_DEFAULT + 1);
    limits.depth = DEPTH_TRIED;
    document_open(&d, text + DEEP - DEPTH_TRIED, 2 * DEPTH_TRIED, &limits, 0);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(qr_transcode_json_to_msgpack(&d.reader, &b));
    document_close(&d);
    document back;
    qr_buffer json;
    document_open(&back, b.base, qr_buffer_length(&b), &limits, 0);
    qr_buffer_init(&json, &qr_memory_default);
    CHECK(qr_transcode_msgpack_to_json(&back.reader, &json)); /* every closing bracket has its room */
    CHECK_BYTES_EQ(json.base, qr_buffer_length(&json), text + DEEP - DEPTH_TRIED, 2 * DEPTH_TRIED);
    document_close(&back);
    qr_buffer_release(&json);
    qr_buffer_release(&b);
    memset(text, 0x91, DEEP);
    check_fails(qr_transcode_msgpack_to_json, text, DEEP, 0, "depth_limit", QR_DEPTH_DEFAULT + 1);
    free(text);
    limits = (qr_limits){.items = 2};
    static const char *const json_texts[] = {"[1,2,3]", "{\"a\":1,\"b\":2,\"c\":3}"};
    static const char *const packed[] = {"\x93\x01\x02\x03", "\x83\x01\x01\x02\x02\x03\x03"};
    for (int i = 0; i < 4; i++) {
        const char *bytes = i < 2 ? json_texts[i] : packed[i - 2];
        document_open(&d, bytes, strlen(bytes), &limits, 0);
        qr_buffer_init(&b, &qr_memory_default);
        CHECK(!(i < 2 ? qr_transcode_json_to_msgpack(&d.reader, &b) : qr_transcode_msgpack_to_json(&d.reader, &b)));
        CHECK_STR_EQ(qr_error_code(d.reader.error), "item_limit");
        document_close(&d);
        qr_buffer_release(&b);
    }
    limits = (qr_limits){.bytes = 2};
    document_open(&d, "[1]", 3, &limits, 0);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(!qr_transcode_json_to_msgpack(&d.reader, &b));
    CHECK(!qr_transcode_msgpack_to_json(&d.reader, &b));
    CHECK_STR_EQ(qr_error_code(d.reader.error), "byte_limit");
    document_close(&d);
}

static void test_depth_and_limits(void) { document_run_deep(run_depth_and_limits); }

static void check_failing(transcoder run, const void *bytes, size_t n)
{
    FOR_EACH_FAILURE(memory) {
        document d;
        qr_buffer b;
        document_open(&d, bytes, n, NULL, 0);
        d.reader.memory = &memory.hook;
        qr_buffer_init(&b, &memory.hook);
        int done = run(&d.reader, &b);
        CHECK_EQ(done, !memory.failed);
        CHECK_STR_EQ(qr_error_code(d.reader.error), memory.failed ? "out_of_memory" : "ok");
        qr_buffer_release(&b);
        document_close(&d);
    }
}

static void test_failing(void)
{
    enum { ROOM = 20000 };
    uint64_t state = 13;
    char *text = malloc(ROOM);
    for (int round = 0; round < 20; round++) {
        size_t n = (size_t)(random_document(&state, text, text + ROOM - 1000, 9) - text);
        qr_buffer packed;
        check_failing(qr_transcode_json_to_msgpack, text, n);
        REQUIRE(transcode(qr_transcode_json_to_msgpack, text, n, 0, &packed, NULL) == QR_ERROR_NONE);
        check_failing(qr_transcode_msgpack_to_json, packed.base, qr_buffer_length(&packed));
        qr_buffer_release(&packed);
    }
    memset(text, '[', 500); /* enough open containers for their list to grow */
    memset(text + 500, ']', 500);
    check_failing(qr_transcode_json_to_msgpack, text, 1000);
    char *p = text;
    for (int i = 0; i < 40; i++)
        p += sprintf(p, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,");
    p += sprintf(p, "\"%0500d\\n\"", 1);
    for (int i = 0; i < 40; i++)
        *p++ = ']';
    check_failing(qr_transcode_json_to_msgpack, text, (size_t)(p - text));
    static const char binary[] = "\xdc\x00\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\xc4\x05hello\xd6\xff\0\0\0\0\x81\xc4\x01x\x01";
    check_failing(qr_transcode_msgpack_to_json, binary, sizeof binary - 1);
    free(text);
}

static void test_no_room(void)
{
    uint8_t room[128];
    document d;
    qr_buffer b;
    document_open(&d, "[\"0123456789012345678901234567890123456789\"]", 44, NULL, 0);
    qr_buffer_init_fixed(&b, room, sizeof room);
    CHECK(!qr_transcode_json_to_msgpack(&d.reader, &b));
    CHECK_ERROR(&d, "no_room", 1);
    document_close(&d);
}

/* Cut off or changed at every byte: an error with its place, and nothing read or written beyond. */
static void test_broken_input(void)
{
    static const char json[] = "{\"a\":[1,-2.5e3,\"\\u00e9\\n\xc3\xa9\",null,true],\"b\\t\":{\"c\":[[],{}]}}";
    static const char packed[] = "\x85\xa1" "a\x93\x01\xcb\x3f\xf8\0\0\0\0\0\0\xa2\xc3\xa9\x01\xc4\x02\x01\x02\xc0\xd6\xff\0\0\0\1\xcd\x01\x00\x90\xc2\xdc\x00\x01\x80";
    for (int i = 0; i < 2; i++) {
        const char *bytes = i ? packed : json;
        size_t n = i ? sizeof packed - 1 : sizeof json - 1, at;
        transcoder run = i ? qr_transcode_msgpack_to_json : qr_transcode_json_to_msgpack;
        char copy[128];
        qr_buffer b;
        REQUIRE(n <= sizeof copy);
        CHECK_STR_EQ(qr_error_code(transcode(run, bytes, n, 0, &b, NULL)), "ok");
        qr_buffer_release(&b);
        for (size_t cut = 0; cut < n; cut++) {
            CHECK_EQ(qr_error_class_of(transcode(run, bytes, cut, 0, &b, &at)), QR_CLASS_TRUNCATED);
            CHECK(at <= cut);
            qr_buffer_release(&b);
        }
        for (size_t where = 0; where < n; where++)
            for (unsigned byte = 0; byte < 256; byte++) {
                memcpy(copy, bytes, n);
                copy[where] = (char)byte;
                if (transcode(run, copy, n, 0, &b, &at) != QR_ERROR_NONE)
                    CHECK(at <= n);
                qr_buffer_release(&b);
            }
    }
}

TEST_MAIN(TEST(test_both_ways), TEST(test_only_one_way), TEST(test_paths), TEST(test_counts), TEST(test_random_documents), TEST(test_depth_and_limits),
          TEST(test_failing), TEST(test_no_room), TEST(test_broken_input))
