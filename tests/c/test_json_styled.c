/* SPDX-License-Identifier: Apache-2.0 */
/* The writers with options by themselves: pairs put in order, lines, numbers as ECMAScript has them, and comments made spaces. */
#include "core/format/json_comments.h"
#include "core/format/json_styled.h"
#include "core/format/msgpack_styled.h"
#include "tests/c/quire_test.h"

static void start(qr_buffer *b, qr_styled *s, const qr_style *style, const qr_memory *memory, qr_order_by by)
{
    qr_buffer_init(b, memory);
    qr_styled_init(s, style, memory, by);
    qr_buffer_reserve(b, QR_BUFFER_SLACK);
}

static void finish(qr_buffer *b, qr_styled *s)
{
    qr_buffer_release(b);
    qr_styled_release(s);
}

/* {"b":[],"a":{"é":1,"d":[2,1]},...} with `n` further keys that come from the largest down: 1, or 0 when it failed. */
static int write_json(qr_buffer *b, qr_styled *s, int n)
{
    int ok = qr_json_styled_put_map(b, s) && qr_json_styled_put_key(b, s, (const uint8_t *)"b", 1) && qr_json_styled_put_array(b, s) && qr_json_styled_end(b, s, ']');
    if (ok)
        qr_json_styled_sep(b, s);
    ok = ok && qr_buffer_reserve(b, QR_BUFFER_SLACK) && qr_json_styled_put_key(b, s, (const uint8_t *)"a", 1) && qr_json_styled_put_map(b, s) &&
         qr_json_styled_put_key(b, s, (const uint8_t *)"\xC3\xA9", 2) && qr_json_styled_put_int(b, s, 1);
    if (ok)
        qr_json_styled_sep(b, s);
    s->is_set = 1;
    ok = ok && qr_buffer_reserve(b, QR_BUFFER_SLACK) && qr_json_styled_put_key(b, s, (const uint8_t *)"d", 1) && qr_json_styled_put_array(b, s);
    for (int i = 2; ok && i > 0; i--) {
        ok = qr_buffer_reserve(b, QR_BUFFER_SLACK) && qr_json_styled_put_int(b, s, i);
        if (ok)
            qr_json_styled_sep(b, s);
    }
    ok = ok && qr_json_styled_end(b, s, ']');
    if (ok)
        qr_json_styled_sep(b, s);
    ok = ok && qr_buffer_reserve(b, QR_BUFFER_SLACK) && qr_json_styled_end(b, s, '}');
    if (ok)
        qr_json_styled_sep(b, s);
    for (int i = n; ok && i > 0; i--) {
        char name[16];
        int length = snprintf(name, sizeof name, "k%05d", i);
        ok = qr_buffer_reserve(b, QR_BUFFER_SLACK) && qr_json_styled_put_key(b, s, (const uint8_t *)name, (size_t)length) && qr_json_styled_put_int(b, s, i);
        if (ok)
            qr_json_styled_sep(b, s);
    }
    return ok && qr_buffer_reserve(b, QR_BUFFER_SLACK) && qr_json_styled_end(b, s, '}') && b->error == QR_ERROR_NONE;
}

static void check_json(const qr_style *style, const char *expected)
{
    qr_buffer b;
    qr_styled s;
    start(&b, &s, style, &qr_memory_default, style->canonical ? QR_ORDER_UTF16 : QR_ORDER_POINTS);
    CHECK(write_json(&b, &s, 2));
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), expected, strlen(expected));
    finish(&b, &s);
}

static void test_styles(void)
{
    check_json(&(qr_style){.sorts = 0}, "{\"b\":[],\"a\":{\"\xC3\xA9\":1,\"d\":[2,1]},\"k00002\":2,\"k00001\":1}");
    check_json(&(qr_style){.sorts = 1}, "{\"a\":{\"d\":[1,2],\"\xC3\xA9\":1},\"b\":[],\"k00001\":1,\"k00002\":2}");
    check_json(&(qr_style){.sorts = 1, .canonical = 1}, "{\"a\":{\"d\":[1,2],\"\xC3\xA9\":1},\"b\":[],\"k00001\":1,\"k00002\":2}");
    check_json(&(qr_style){.sorts = 1, .ascii = 1}, "{\"a\":{\"d\":[1,2],\"\\u00e9\":1},\"b\":[],\"k00001\":1,\"k00002\":2}");
    check_json(&(qr_style){.sorts = 1, .indents = 1, .indent = "\t", .indent_length = 1},
               "{\n\t\"a\": {\n\t\t\"d\": [\n\t\t\t1,\n\t\t\t2\n\t\t],\n\t\t\"\xC3\xA9\": 1\n\t},\n\t\"b\": [],\n\t\"k00001\": 1,\n\t\"k00002\": 2\n}");
}

static void test_many_pairs(void)
{
    static const qr_style style = {.sorts = 1};
    for (int n = 0; n < 3000; n = n < 130 ? n + 1 : n * 2) {
        qr_buffer b;
        qr_styled s;
        start(&b, &s, &style, &qr_memory_default, QR_ORDER_POINTS);
        CHECK(write_json(&b, &s, n));
        const uint8_t *p = b.base + 31, *end = b.p;
        for (int i = 1; i <= n; i++) {
            char wanted[32];
            int length = snprintf(wanted, sizeof wanted, "\"k%05d\":%d%c", i, i, i == n ? '}' : ',');
            REQUIRE(end - p >= length && memcmp(p, wanted, (size_t)length) == 0);
            p += length;
        }
        CHECK(n == 0 || p == end);
        finish(&b, &s);
    }
}

static void test_equal_keys(void)
{
    for (int canonical = 0; canonical < 2; canonical++) {
        qr_style style = {.sorts = 1, .canonical = (uint8_t)canonical};
        qr_buffer b;
        qr_styled s;
        start(&b, &s, &style, &qr_memory_default, QR_ORDER_BYTES);
        CHECK(qr_msgpack_styled_put_map(&b, &s, 3));
        for (int i = 0; i < 3; i++) {
            CHECK(qr_msgpack_styled_put_key(&b, &s, (const uint8_t *)(i == 1 ? "b" : "a"), 1));
            CHECK(qr_msgpack_put_int(&b, i));
            qr_msgpack_styled_sep(&b, &s);
        }
        CHECK_EQ(qr_msgpack_styled_end(&b, &s), !canonical);
        CHECK_EQ(b.error, canonical ? QR_ERROR_DUPLICATE_KEY : QR_ERROR_NONE);
        if (!canonical) /* as they came */
            CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), "\x83\xA1" "a\x00\xA1" "a\x02\xA1" "b\x01", 10);
        finish(&b, &s);
    }
}

static void test_indentation(void)
{
    static const char *const texts[] = {"", " ", "  ", "\t", " \t", "abc", "        "};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(texts); i++)
        for (size_t levels = 0; levels < 40; levels++) {
            uint8_t room[400], expected[400];
            size_t one = strlen(texts[i]);
            for (size_t k = 0; k < levels; k++)
                memcpy(expected + k * one, texts[i], one);
            uint8_t *end = qr_json_put_indent(room, (const uint8_t *)texts[i], one, levels);
            CHECK_BYTES_EQ(room, (size_t)(end - room), expected, one * levels);
        }
}

static void check_number(double value, const char *expected)
{
    uint8_t room[QR_FLOAT64_ROOM];
    uint8_t *end = qr_json_styled_number(room, value);
    CHECK_BYTES_EQ(room, (size_t)(end - room), expected, strlen(expected));
}

static void test_numbers(void)
{
    check_number(0.0, "0");
    check_number(-0.0, "0");
    check_number(1.0, "1");
    check_number(-1.5, "-1.5");
    check_number(1e21, "1e+21");
    check_number(123456789012345680000.0, "123456789012345680000");
    check_number(1e20, "100000000000000000000");
    check_number(1e16, "10000000000000000");
    check_number(-1.2345e17, "-123450000000000000");
    check_number(0.0001, "0.0001");
    check_number(0.00001, "0.00001");
    check_number(1.25e-6, "0.00000125");
    check_number(-1.25e-7, "-1.25e-7");
    check_number(1e-7, "1e-7");
    check_number(2.2250738585072014e-308, "2.2250738585072014e-308");
    check_number(-1.7976931348623157e308, "-1.7976931348623157e+308");
}

static void test_failing_memory(void)
{
    static const qr_style styles[] = {{.sorts = 1}, {.sorts = 1, .canonical = 1}, {.sorts = 1, .ascii = 1}, {.indents = 1, .indent = "                ", .indent_length = 16}};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(styles); i++)
        FOR_EACH_FAILURE(memory) {
            qr_buffer b;
            qr_styled s;
            qr_buffer_init(&b, &memory.hook);
            qr_styled_init(&s, &styles[i], &memory.hook, QR_ORDER_UTF16);
            int ok = qr_buffer_reserve(&b, QR_BUFFER_SLACK) && write_json(&b, &s, 200);
            CHECK(ok == !memory.failed);
            CHECK_EQ(b.error, ok ? QR_ERROR_NONE : QR_ERROR_MEMORY);
            finish(&b, &s);
        }
}

static void check_blank(const char *text, const char *expected)
{
    uint8_t to[64];
    size_t n = strlen(text), at = qr_json_blank_comments(to, (const uint8_t *)text, n);
    CHECK_BYTES_EQ(to, n, expected, n);
    CHECK_EQ(at, n);
}

static void test_comments(void)
{
    uint8_t to[64];
    check_blank("", "");
    check_blank("[1,2]", "[1,2]");
    check_blank("[1,]", "[1 ]");
    check_blank("{\"a\":1 , }", "{\"a\":1   }");
    check_blank("[,]", "[,]");
    check_blank("[1,,]", "[1,,]");
    check_blank("[[],]", "[[] ]");
    check_blank("//x\n1//", "   \n1  ");
    check_blank("[1/*,*/,/**/]", "[1          ]");
    check_blank("\"//\\\"/*\"", "\"//\\\"/*\"");
    check_blank("\"\\", "\"\\");
    check_blank("1/2", "1/2");
    CHECK_EQ(qr_json_blank_comments(to, (const uint8_t *)"[1,/*/", 6), 3);
    CHECK_EQ(qr_json_blank_comments(to, (const uint8_t *)"/*", 2), 0);
    CHECK_EQ(qr_json_blank_comments(to, (const uint8_t *)"[1/", 3), 2);
    CHECK_BYTES_EQ(to, 3, "[1/", 3);
}

TEST_MAIN(TEST(test_styles), TEST(test_many_pairs), TEST(test_equal_keys), TEST(test_indentation), TEST(test_numbers), TEST(test_failing_memory), TEST(test_comments))
