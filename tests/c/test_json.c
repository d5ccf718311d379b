/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what RFC 8259 accepts and refuses, the error and its place, text in every width, and the writer. */
#include <math.h>

#include "core/format/check.h"
#include "core/format/json.h"
#include "tests/c/document.h"

/* ---------------------------------------------------------------- whole documents */

typedef struct outcome {
    qr_error error;
    size_t at;
} outcome;

/* Reads a document by building nothing, or by skipping it: both must come to the same end. */
static outcome read_document(const void *text, size_t n, const qr_limits *limits, uint32_t options, int skip)
{
    document d;
    qr_plan *plan = NULL;
    document_open(&d, text, n, limits, options);
    if (skip) {
        plan = qr_plan_new(&qr_memory_default);
        qr_plan_add_node(plan, QR_KIND_RAW);
        CHECK_EQ(qr_plan_seal(plan), QR_ERROR_NONE);
    }
    int right = qr_json_check(&d.reader, plan);
    outcome result = {d.reader.error, document_error_at(&d)};
    CHECK(right == (d.reader.error == QR_ERROR_NONE));
    CHECK(d.reader.p >= d.reader.start && d.reader.p <= d.reader.end);
    qr_plan_free(plan);
    document_close(&d);
    return result;
}

static outcome outcome_of(const void *text, size_t n, uint32_t options)
{
    outcome read = read_document(text, n, NULL, options, 0), skipped = read_document(text, n, NULL, options, 1);
    if (!CHECK_STR_EQ(qr_error_code(read.error), qr_error_code(skipped.error)) | !CHECK_EQ(read.at, skipped.at))
        qr_test_print_bytes("document", text, n);
    return read;
}

static void test_accepted(void)
{
    static const char *const documents[] = {
        "0", "-0", "1", "-1", "10", "1234567890", "0.0", "-0.0", "0.1", "1.5", "1e1", "1E1", "1e+1", "1e-1", "0e1", "0E+0", "1.0e0",
        "123.456e78", "1e0000000000001", "1e-400", "0e400", "0.000000000000000000000000000000000000000000001e40",
        "123456789012345678901234567890", "-123456789012345678901234567890", "1.7976931348623157e308",
        "true", "false", "null", " null ", "\t\r\n null\n", "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"",
        "\"\\u00e9\\u00E9\"", "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\"", "\"\\uffff\"", "\"\\udbff\\udfff\"", "\"\x7f\"",
        "\"\xc2\x80\"", "\"\xdf\xbf\"", "\"\xe0\xa0\x80\"", "\"\xed\x9f\xbf\"", "\"\xee\x80\x80\"", "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80\"",
        "\"\xf4\x8f\xbf\xbf\"", "\"/\"", "\"'\"", "\"a                                   b\"",
        "[]", "[ ]", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],[[]]]", "[1,\"a\",null,true,false,{},[],1.5]",
        "[\n1\n,\n2\n]", "[                                                        1                                       ]",
        "{}", "{ }", "{\"\":0}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":{\"a\":{}}}", "{\"a\":1,\"a\":2}",
        "{\"\\u0061\":1}", "{\"\xc3\xa9\":\"\xe2\x82\xac\"}", "[{\"a\":[{}]},{\"b\":[[{}]]}]", "\"\\\\u0000\"", "\"\\\\\\\"\"",
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(documents); i++) {
        outcome o = outcome_of(documents[i], strlen(documents[i]), 0);
        if (!CHECK_STR_EQ(qr_error_code(o.error), "ok"))
            printf("    document %s\n", documents[i]);
    }
}

typedef struct refused {
    const char *text, *code;
    size_t at;
} refused;

static void test_refused(void)
{
    static const refused documents[] = {
        /* nothing, or something else */
        {"", "empty", 0}, {" ", "truncated", 1}, {"\n\t\r  ", "truncated", 5}, {"a", "expected_value", 0}, {"]", "expected_value", 0},
        {"}", "expected_value", 0}, {",", "expected_value", 0}, {":", "expected_value", 0}, {"'a'", "expected_value", 0},
        {"\xef\xbb\xbf""1", "expected_value", 0}, {"/**/1", "expected_value", 0}, {"#\n1", "expected_value", 0}, {"\f1", "expected_value", 0},
        {"\v", "expected_value", 0}, {"\xc2\xa0""1", "expected_value", 0}, {"undefined", "expected_value", 0},
        /* literals */
        {"nul", "truncated", 0}, {"n", "truncated", 0}, {"tru", "truncated", 0}, {"fals", "truncated", 0}, {"nulL", "invalid_literal", 0},
        {"nan", "invalid_literal", 0}, {"True", "expected_value", 0}, {"tRue", "invalid_literal", 0}, {"faLse", "invalid_literal", 0},
        {"NULL", "expected_value", 0}, {"NaN", "expected_value", 0}, {"Infinity", "expected_value", 0}, {"nullx", "trailing_data", 4},
        {"truefalse", "trailing_data", 4}, {"[nul]", "invalid_literal", 1}, {"[true,fal se]", "invalid_literal", 6},
        /* numbers */
        {"-", "truncated", 0}, {"+1", "expected_value", 0}, {".5", "expected_value", 0}, {"1.", "truncated", 0}, {"1.e1", "invalid_number", 0},
        {"[1.]", "invalid_number", 1}, {"[-]", "invalid_number", 1}, {"--1", "invalid_number", 0}, {"-a", "invalid_number", 0}, {"01", "invalid_number", 0},
        {"-01", "invalid_number", 0}, {"00", "invalid_number", 0}, {"1e", "truncated", 0}, {"1e+", "truncated", 0}, {"1E-", "truncated", 0},
        {"[1e]", "invalid_number", 1}, {"[1e+]", "invalid_number", 1}, {"1e1.5", "trailing_data", 3}, {"1.5.5", "trailing_data", 3},
        {"0x10", "trailing_data", 1}, {"1_000", "trailing_data", 1}, {"1a", "trailing_data", 1}, {"1 2", "trailing_data", 2},
        {"-Infinity", "invalid_number", 0}, {"-NaN", "invalid_number", 0}, {"1e400", "non_finite_number", 0}, {"[-1e309]", "non_finite_number", 1},
        {"\xef\xbc\x91", "expected_value", 0}, {"1,", "trailing_data", 1}, {"- 1", "invalid_number", 0},
        /* strings */
        {"\"", "truncated", 0}, {"\"a", "truncated", 0}, {" \"abcdefghijklmnopqrstuvwxyz", "truncated", 1}, {"\"a\\", "truncated", 2},
        {"\"\\u", "truncated", 1}, {"\"\\u1", "truncated", 1}, {"\"\\u12", "truncated", 1}, {"\"\\u123", "truncated", 1}, {"\"\\u1234", "truncated", 0},
        {"\"\\ud83d", "truncated", 1}, {"\"\\ud83d\\", "truncated", 1}, {"\"\\ud83d\\u", "truncated", 1}, {"\"\\ud83d\\ud", "truncated", 1},
        {"\"\\ud83d\\ude0", "truncated", 1}, {"\"\\ud83d\\ude00", "truncated", 0}, {"\"\\ud83d\\ua", "invalid_surrogate", 1},
        {"\"\\ud83d\\ud8", "invalid_surrogate", 1}, {"\"\\ud83dx", "invalid_surrogate", 1}, {"\"\\ude00", "invalid_surrogate", 1},
        {"\"\\x\"", "invalid_escape", 1}, {"\"\\a\"", "invalid_escape", 1}, {"\"\\'\"", "invalid_escape", 1}, {"\"\\U0041\"", "invalid_escape", 1},
        {"\"\\u12g4\"", "invalid_escape", 1}, {"\"\\u12\"", "invalid_escape", 1}, {"\"\\u 123\"", "invalid_escape", 1}, {"\"\\0\"", "invalid_escape", 1},
        {"\"abc\\\n\"", "invalid_escape", 4}, {"\"\\u123G\"", "invalid_escape", 1}, {"\"\\u-123\"", "invalid_escape", 1},
        {"\"\\ud800\"", "invalid_surrogate", 1}, {"\"\\udc00\"", "invalid_surrogate", 1}, {"\"\\ud800\\ud800\"", "invalid_surrogate", 1},
        {"\"\\ud800\\u0041\"", "invalid_surrogate", 1}, {"\"\\ud800\\n\"", "invalid_surrogate", 1}, {"\"\\udc00\\ud800\"", "invalid_surrogate", 1},
        {"\"ab\\ud800\\ug000\"", "invalid_surrogate", 3},
        {"\"\x01\"", "control_character", 1}, {"\"a\nb\"", "control_character", 2}, {"\"a\tb\"", "control_character", 2},
        {"\"0123456789abcdef0123456789abcdef\x1f\"", "control_character", 33}, {"\"\xc3\xa9\x02\"", "control_character", 3},
        {"\"a\" \"b\"", "trailing_data", 4}, {"\"a\"b", "trailing_data", 3},
        /* UTF-8 */
        {"\"\x80\"", "invalid_utf8", 1}, {"\"\xff\"", "invalid_utf8", 1}, {"\"\xc0\x80\"", "invalid_utf8", 1}, {"\"\xc3\"", "invalid_utf8", 1},
        {"\"\xe2\x82\"", "invalid_utf8", 1}, {"\"\xed\xa0\x80\"", "invalid_utf8", 1}, {"\"\xf4\x90\x80\x80\"", "invalid_utf8", 1},
        {"\"\xf8\x88\x80\x80\x80\"", "invalid_utf8", 1}, {"\"abc\xe0\x80\x80\"", "invalid_utf8", 4}, {"\"\\n\xc3(\"", "invalid_utf8", 3},
        {"{\"\xc3\":1}", "invalid_utf8", 2}, {"[\"\xc3\xa9\",\"\xc3\"]", "invalid_utf8", 7}, {"\xff", "expected_value", 0},
        /* arrays */
        {"[", "truncated", 1}, {"[1", "truncated", 2}, {"[1,", "truncated", 3}, {"[[", "truncated", 2}, {"[]]", "trailing_data", 2}, {"[1]]", "trailing_data", 3},
        {"[1,]", "trailing_comma", 3}, {"[1 , \n]", "trailing_comma", 6}, {"[,]", "expected_value", 1}, {"[,1]", "expected_value", 1},
        {"[1,,2]", "expected_value", 3}, {"[1 2]", "expected_comma", 3}, {"[1:2]", "expected_comma", 2}, {"[1}", "expected_comma", 2},
        {"[}", "expected_value", 1}, {"[1;2]", "expected_comma", 2}, {"[\"a\"\"b\"]", "expected_comma", 4}, {"[a]", "expected_value", 1},
        {"[1.5\"\"]", "expected_comma", 4}, {"[[1],]", "trailing_comma", 5},
        /* objects */
        {"{", "truncated", 1}, {"{\"a\"", "truncated", 4}, {"{\"a", "truncated", 1}, {"{\"a\":", "truncated", 5}, {"{\"a\":1", "truncated", 6}, {"{\"a\":1,", "truncated", 7},
        {"{\"a\":1,}", "trailing_comma", 7}, {"{\"a\":1 ,\n }", "trailing_comma", 10}, {"{,}", "expected_key", 1}, {"{1:1}", "expected_key", 1},
        {"{a:1}", "expected_key", 1}, {"{'a':1}", "expected_key", 1}, {"{null:1}", "expected_key", 1}, {"{[]:1}", "expected_key", 1},
        {"{\"a\" 1}", "expected_colon", 5}, {"{\"a\"}", "expected_colon", 4}, {"{\"a\",1}", "expected_colon", 4}, {"{\"a\"::1}", "expected_value", 5},
        {"{\"a\":}", "expected_value", 5}, {"{\"a\":,}", "expected_value", 5}, {"{\"a\":1 \"b\":2}", "expected_comma", 7}, {"{\"a\":1:2}", "expected_comma", 6},
        {"{\"a\":1]", "expected_comma", 6}, {"{]", "expected_key", 1}, {"{\"a\":1}}", "trailing_data", 7}, {"{}{}", "trailing_data", 2}, {"{\"a\":1}#", "trailing_data", 7},
        {"{\"a\":1,,\"b\":2}", "expected_key", 7}, {"{\"a\\x\":1}", "invalid_escape", 3}, {"{\"a\":1,\"b\"", "truncated", 10},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(documents); i++) {
        const refused *d = &documents[i];
        outcome o = outcome_of(d->text, strlen(d->text), 0);
        if (!CHECK_STR_EQ(qr_error_code(o.error), d->code) | !CHECK_EQ(o.at, d->at))
            printf("    document %s\n", d->text);
    }
}

/* A 0 byte is no end, wherever it stands. */
static void test_zero_bytes(void)
{
    static const struct {
        const char *text;
        size_t n;
        const char *code;
        size_t at;
    } documents[] = {
        {"\0", 1, "expected_value", 0}, {"1\0", 2, "trailing_data", 1}, {"[1\0]", 4, "expected_comma", 2}, {"[\0", 2, "expected_value", 1},
        {"\"a\0b\"", 5, "control_character", 2}, {"\"\\\0\"", 4, "invalid_escape", 1}, {"\"\\u00\0\0\"", 8, "invalid_escape", 1}, {"nu\0l", 4, "invalid_literal", 0},
        {"{\0}", 3, "expected_key", 1}, {"{\"a\"\0:1}", 8, "expected_colon", 4}, {"-\0", 2, "invalid_number", 0}, {"[1.\0]", 5, "invalid_number", 1},
        {"[1e\0]", 5, "invalid_number", 1}, {" \0 ", 3, "expected_value", 1}, {"\"\xc3\xa9\0\"", 5, "control_character", 3}, {"[\0\0", 3, "expected_value", 1},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(documents); i++) {
        outcome o = outcome_of(documents[i].text, documents[i].n, 0);
        if (!CHECK_STR_EQ(qr_error_code(o.error), documents[i].code) | !CHECK_EQ(o.at, documents[i].at))
            qr_test_print_bytes("document", documents[i].text, documents[i].n);
    }
}

static const char *const samples[] = {
    "{\"id\": 12345, \"name\": \"plain text that is longer than a block\", \"tags\": [\"a\", \"b\", null, true, false], \"nested\": {\"x\": -1.5e-3, \"y\": {}}}",
    "[0, -1, 12345678901234567890, 123456789012345678901234567890, 0.1, 1E+5, 1.7976931348623157e308, [], [[]], {}]",
    "[\"\\u00e9\\ud83d\\ude00\\n\\\\ \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 and more plain text behind it \\\"\\/\\b\\f\\r\\t\", \"\", \"\\u0000\"]",
    "  [  {  \"a\"  :  [  1  ,  2  ]  ,  \"b\\n\"  :  \"c\"  }  ,                                       null\t]",
};

static void test_truncated_everywhere(void)
{
    for (size_t i = 0; i < QR_ARRAY_LENGTH(samples); i++) {
        size_t n = strlen(samples[i]);
        CHECK_EQ(outcome_of(samples[i], n, 0).error, QR_ERROR_NONE);
        for (size_t cut = 0; cut < n; cut++) {
            outcome o = outcome_of(samples[i], cut, 0);
            if (!CHECK_EQ(qr_error_class_of(o.error), QR_CLASS_TRUNCATED) | !CHECK(o.at <= cut))
                printf("    %s after %zu bytes of %s\n", qr_error_code(o.error), cut, samples[i]);
        }
    }
}

/* Every byte of the samples changed to every other: nothing is read beyond the end, and skipping agrees with reading. */
static void test_changed_everywhere(void)
{
    char copy[256];
    for (size_t i = 0; i < QR_ARRAY_LENGTH(samples); i++) {
        size_t n = strlen(samples[i]), accepted = 0;
        REQUIRE(n < sizeof copy);
        for (size_t at = 0; at < n; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                memcpy(copy, samples[i], n);
                copy[at] = (char)byte;
                outcome o = outcome_of(copy, n, 0);
                accepted += o.error == QR_ERROR_NONE;
                REQUIRE(o.error == QR_ERROR_NONE || o.at <= n);
                REQUIRE(o.error == QR_ERROR_NONE || qr_error_class_of(o.error) == QR_CLASS_TRUNCATED || qr_error_class_of(o.error) == QR_CLASS_MALFORMED);
            }
        CHECK(accepted >= n); /* at least by not changing it */
    }
}

/* ---------------------------------------------------------------- limits and options */

static char *nested(size_t depth, const char *open, const char *close, size_t *length)
{
    size_t a = strlen(open), b = strlen(close);
    char *text = malloc(depth * (a + b) + 1), *p = text;
    for (size_t i = 0; i < depth; i++, p += a)
        memcpy(p, open, a);
    for (size_t i = 0; i < depth; i++, p += b)
        memcpy(p, close, b);
    *length = (size_t)(p - text);
    return text;
}

static void run_depth(void)
{
    size_t n;
    qr_limits limits = QR_LIMITS_DEFAULT;
    for (limits.depth = 1; limits.depth <= 3; limits.depth++)
        for (size_t depth = 1; depth <= 4; depth++)
            for (int skip = 0; skip < 2; skip++) {
                char *text = nested(depth, "[", "]", &n);
                outcome o = read_document(text, n, &limits, 0, skip);
                CHECK_STR_EQ(qr_error_code(o.error), depth <= limits.depth ? "ok" : "depth_limit");
                free(text);
            }
    char *text = nested(1000000, "[", "]", &n);
    CHECK_STR_EQ(qr_error_code(outcome_of(text, n, 0).error), "depth_limit");
    free(text);
    text = nested(1000000, "{\"a\":", "}", &n);
    CHECK_STR_EQ(qr_error_code(outcome_of(text, n, 0).error), "depth_limit");
    free(text);
    limits.depth = DEPTH_TRIED;
    text = nested(DEPTH_TRIED, "[", "]", &n);
    CHECK_STR_EQ(qr_error_code(read_document(text, n, &limits, 0, 0).error), "ok");
    CHECK_STR_EQ(qr_error_code(read_document(text, n, &limits, 0, 1).error), "ok");
    free(text);
    text = nested(DEPTH_TRIED + 1, "[", "]", &n);
    CHECK_STR_EQ(qr_error_code(read_document(text, n, &limits, 0, 0).error), "depth_limit");
    free(text);
}

static void test_depth(void) { document_run_deep(run_depth); }

static void test_limits(void)
{
    static const struct {
        qr_limits limits;
        const char *text, *code;
        size_t at;
    } cases[] = {
        {{.bytes = 4}, "[12]", "ok", 4}, {{.bytes = 3}, "[12]", "byte_limit", 0},
        {{.items = 2}, "[1,2]", "ok", 5}, {{.items = 2}, "[1,2,3,4,5]", "item_limit", 5}, {{.items = 1}, "[[1,2],3]", "item_limit", 4},
        {{.items = 1}, "{\"a\":1}", "ok", 7}, {{.items = 1}, "{\"a\":1,\"b\":2,\"c\":3}", "item_limit", 7},
        {{.str_bytes = 3}, "[\"abc\",\"abcd\"]", "str_limit", 7}, {{.str_bytes = 3}, "\"\\n\\n\"", "str_limit", 0}, {{.str_bytes = 3}, "{\"abcd\":1}", "str_limit", 1},
        {{.str_bytes = 4}, "\"\xc3\xa9\xc3\xa9\"", "ok", 6}, {{.str_bytes = 3}, "\"\xc3\xa9\xc3\xa9\"", "str_limit", 0},
        {{.int_digits = 20}, "12345678901234567890123", "digit_limit", 0}, {{.int_digits = 23}, "-12345678901234567890123", "ok", 24},
        {{.int_digits = 5}, "[1234567890123456789012.5]", "ok", 26}, {{.int_digits = 0}, "123456789012345678901234567890", "ok", 30},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++)
        for (int skip = 0; skip < 2; skip++) {
            outcome o = read_document(cases[i].text, strlen(cases[i].text), &cases[i].limits, 0, skip);
            if (!CHECK_STR_EQ(qr_error_code(o.error), cases[i].code) | !CHECK_EQ(o.at, cases[i].at))
                printf("    document %s\n", cases[i].text);
        }
    char digits[QR_INT_DIGITS_DEFAULT + 2];
    memset(digits, '7', sizeof digits);
    CHECK_STR_EQ(qr_error_code(outcome_of(digits, QR_INT_DIGITS_DEFAULT, 0).error), "ok");
    CHECK_STR_EQ(qr_error_code(outcome_of(digits, QR_INT_DIGITS_DEFAULT + 1, 0).error), "digit_limit");
}

static void test_options(void)
{
    static const char *const finite[] = {"NaN", "Infinity", "-Infinity", "[NaN,-Infinity]"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(finite); i++) {
        CHECK_STR_EQ(qr_error_code(outcome_of(finite[i], strlen(finite[i]), QR_READ_NON_FINITE).error), "ok");
        CHECK_EQ(qr_error_class_of(outcome_of(finite[i], strlen(finite[i]), 0).error), QR_CLASS_MALFORMED);
        if (finite[i][0] != '[')
            for (size_t cut = 1; cut < strlen(finite[i]); cut++)
                CHECK_STR_EQ(qr_error_code(outcome_of(finite[i], cut, QR_READ_NON_FINITE).error), "truncated");
    }
    CHECK_STR_EQ(qr_error_code(outcome_of("-NaN", 4, QR_READ_NON_FINITE).error), "invalid_number");
    CHECK_STR_EQ(qr_error_code(outcome_of("Nan", 3, QR_READ_NON_FINITE).error), "invalid_literal");
    CHECK_STR_EQ(qr_error_code(outcome_of("-Inf ", 5, QR_READ_NON_FINITE).error), "invalid_literal");
    static const char *const lone[] = {"\"\\ud800\"", "\"\\udfff\"", "\"a\\ud83db\"", "\"\\ud83d\\ud83d\\ude00\"", "\"\\ud83d\\u0041\"", "{\"\\udc00\":1}"};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(lone); i++)
        CHECK_STR_EQ(qr_error_code(outcome_of(lone[i], strlen(lone[i]), QR_READ_LONE_SURROGATES).error), "ok");
    CHECK_STR_EQ(qr_error_code(outcome_of("\"\\ud8\"", 6, QR_READ_LONE_SURROGATES).error), "invalid_escape");
}

/* ---------------------------------------------------------------- numbers */

static qr_token_kind number(document *d, const char *text, qr_token *token)
{
    document_open(d, text, strlen(text), NULL, QR_READ_NON_FINITE);
    qr_token_kind kind = qr_json_next(&d->reader, token);
    CHECK(d->reader.p == d->reader.end);
    return kind;
}

static void test_integers(void)
{
    static const struct {
        const char *text;
        int64_t value;
    } fit[] = {
        {"0", 0}, {"-0", 0}, {"9", 9}, {"-9", -9}, {"99999999", 99999999}, {"999999999999999999", 999999999999999999}, {"1000000000000000000", 1000000000000000000},
        {"9223372036854775807", INT64_MAX}, {"-9223372036854775807", -INT64_MAX}, {"-9223372036854775808", INT64_MIN},
    };
    static const struct {
        const char *text;
        uint64_t value;
    } large[] = {
        {"9223372036854775808", 9223372036854775808u}, {"9999999999999999999", 9999999999999999999u}, {"10000000000000000000", 10000000000000000000u},
        {"18446744073709551615", UINT64_MAX},
    };
    static const char *const big[] = {
        "-9223372036854775809", "-9999999999999999999", "-18446744073709551615", "18446744073709551616", "19999999999999999999", "20000000000000000000",
        "28446744073709551616", "36893488147419103232", "99999999999999999999", "100000000000000000000", "-100000000000000000000", "340282366920938463463374607431768211456",
    };
    document d;
    qr_token token;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(fit); i++) {
        CHECK_EQ(number(&d, fit[i].text, &token), QR_TOKEN_INT);
        CHECK_EQ(token.i, fit[i].value);
        document_close(&d);
    }
    for (size_t i = 0; i < QR_ARRAY_LENGTH(large); i++) {
        CHECK_EQ(number(&d, large[i].text, &token), QR_TOKEN_UINT);
        CHECK(token.u == large[i].value);
        document_close(&d);
    }
    for (size_t i = 0; i < QR_ARRAY_LENGTH(big); i++) {
        CHECK_EQ(number(&d, big[i], &token), QR_TOKEN_BIG);
        CHECK_BYTES_EQ(token.text, token.length, big[i], strlen(big[i]));
        document_close(&d);
    }
}

static void check_double(const char *text)
{
    document d;
    qr_token token;
    double expected = strtod(text, NULL);
    if (CHECK_EQ(number(&d, text, &token), QR_TOKEN_FLOAT) && !CHECK(memcmp(&token.d, &expected, 8) == 0))
        printf("    %s read as %.17g\n", text, token.d);
    document_close(&d);
}

static void test_floats(void)
{
    static const char *const texts[] = {
        "0.0", "-0.0", "0e0", "-0e5", "1.0", "0.1", "-0.3", "1e22", "1e23", "123456789.123456789", "1234567890123456789.0", "12345678901234567890.0", "0.12345678901234567890123",
        "9007199254740993.0", "9007199254740992.99999999999999999999", "5e-324", "2.5e-324", "2.4e-324", "4.9406564584124654e-324", "2.2250738585072014e-308",
        "1.7976931348623157e308", "1.797693134862315807e308", "1e-400", "-1e-400", "1e-99999999999999999999", "0e99999999999999999999", "0.000e-5",
        "00.5" + 1, "0.00000000000000000000000000000000000000000000000012345678901234567", "100000000000000000000000000000000000000000000000000000000.5",
        "12345678.12345678", "1.123456789012345678", "123456.1234567e-10", "179769313486231580793e288", "6.02214076e23", "1e+05", "1E-05",
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(texts); i++)
        check_double(texts[i]);
    uint64_t state = 7;
    char text[64];
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = qr_test_random(&state);
        double value;
        memcpy(&value, &bits, 8);
        if (!isfinite(value))
            continue;
        snprintf(text, sizeof text, "%.*e", (int)(bits % 25), value);
        if (isfinite(strtod(text, NULL)))
            check_double(text);
        snprintf(text, sizeof text, "%.*f", (int)(bits % 20) + 1, ldexp((double)(int64_t)bits, -(int)(bits >> 8 & 63)));
        check_double(text);
    }
}

/* Zeros that an exponent takes back: it must be counted to its last digit. */
static void test_float_of_many_digits(void)
{
    enum { ZEROS = 10000000 };
    char *text = malloc(ZEROS + 64);
    qr_token token;
    document d;
    memset(text, '0', ZEROS + 2);
    text[1] = '.';
    strcpy(text + 2 + ZEROS, "15e10000001");
    CHECK_EQ(number(&d, text, &token), QR_TOKEN_FLOAT);
    CHECK(token.d == 1.5);
    document_close(&d);
    text[0] = '1';
    memset(text + 1, '0', ZEROS);
    strcpy(text + 1 + ZEROS, "e-10000000");
    CHECK_EQ(number(&d, text, &token), QR_TOKEN_FLOAT);
    CHECK(token.d == 1.0);
    document_close(&d);
    free(text);
}

static void test_non_finite(void)
{
    document d;
    qr_token token;
    CHECK_EQ(number(&d, "NaN", &token), QR_TOKEN_FLOAT);
    CHECK(isnan(token.d));
    document_close(&d);
    CHECK_EQ(number(&d, "Infinity", &token), QR_TOKEN_FLOAT);
    CHECK(isinf(token.d) && token.d > 0);
    document_close(&d);
    CHECK_EQ(number(&d, "-Infinity", &token), QR_TOKEN_FLOAT);
    CHECK(isinf(token.d) && token.d < 0);
    CHECK(token.at == d.data);
    document_close(&d);
}

/* ---------------------------------------------------------------- the reader's functions */

static void test_tokens(void)
{
    document d;
    qr_token token;
    qr_json_iter outer, inner;
    const char *text = " { \"a\" : [ null , true ] , \"b\":{}} ";
    document_open(&d, text, strlen(text), NULL, 0);
    qr_reader *r = &d.reader;
    CHECK(!qr_json_want_array(r, &outer) && !qr_json_want_str(r, &token) && !qr_json_want_null(r) && qr_json_want_number(r, &token) == QR_TOKEN_ERROR);
    CHECK_EQ(r->error, QR_ERROR_NONE); /* what is not there is no fault */
    REQUIRE(qr_json_want_map(r, &outer));
    REQUIRE(qr_json_more_map(r, &outer));
    CHECK_EQ(outer.key_at - r->start, 3);
    REQUIRE(qr_json_key(r, &outer, &token));
    CHECK_BYTES_EQ(token.text, token.length, "a", 1);
    REQUIRE(qr_json_want_array(r, &inner));
    REQUIRE(qr_json_more_array(r, &inner));
    CHECK(qr_json_want_null(r));
    REQUIRE(qr_json_more_array(r, &inner));
    CHECK(!qr_json_want_null(r));
    CHECK_EQ(qr_json_at(r) - r->start, 18);
    CHECK_EQ(qr_json_next(r, &token), QR_TOKEN_BOOL);
    CHECK_EQ(token.i, 1);
    CHECK(!qr_json_more_array(r, &inner));
    REQUIRE(qr_json_more_map(r, &outer));
    CHECK_EQ(qr_json_key_any(r, &outer, &token), QR_TOKEN_STR);
    CHECK_EQ(qr_json_next(r, &token), QR_TOKEN_MAP);
    qr_json_open(r, &token, &inner);
    CHECK(!qr_json_more_map(r, &inner) && !qr_json_more_map(r, &outer));
    CHECK(qr_json_finish(r));
    document_close(&d);
}

static void check_image(const char *name, const char *text, int is_there, size_t image_length)
{
    document d;
    qr_image image;
    qr_json_iter iter = {NULL, 0};
    qr_json_key_image(&image, (const uint8_t *)name, strlen(name));
    CHECK_EQ(image.length, image_length);
    document_open(&d, text, strlen(text), NULL, 0);
    CHECK_EQ(qr_json_key_is(&d.reader, &iter, &image), is_there);
    CHECK_EQ(d.reader.error, QR_ERROR_NONE);
    CHECK_EQ(d.reader.p - d.reader.start, is_there ? strcspn(text, ":") + 1 : 0);
    document_close(&d);
}

/* The key is the expected one, and no colon follows: that is the fault, wherever the caller looks for the key next. */
static void check_no_colon(const char *text, qr_error error)
{
    document d;
    qr_image image;
    qr_json_iter iter = {NULL, 0};
    qr_json_key_image(&image, (const uint8_t *)"id", 2);
    document_open(&d, text, strlen(text), NULL, 0);
    CHECK(!qr_json_key_is(&d.reader, &iter, &image));
    CHECK_EQ(d.reader.error, error);
    document_close(&d);
}

static void test_key_images(void)
{
    check_no_colon("\"id\"", QR_ERROR_TRUNCATED);
    check_no_colon("\"id\" ", QR_ERROR_TRUNCATED);
    check_no_colon("\"id\" 1", QR_ERROR_EXPECTED_COLON);
    check_image("id", "\"id\":1", 1, 5);
    check_image("id", "\"id\":", 1, 5);
    check_image("id", "\"id\" :1", 1, 5); /* the colon may stand apart */
    check_image("id", "\"id\"\n\t :1", 1, 5);
    check_image("id", "\"ix\":1", 0, 5);
    check_image("id", "", 0, 5);
    check_image("", "\"\":", 1, 3);
    check_image("a\"b", "\"a\\\"b\":                                                  ", 1, 7);
    check_image("\xc3\xa9", "\"\xc3\xa9\":1", 1, 5);
    check_image("0123456789abc", "\"0123456789abc\":0000000000000000000000000", 1, 16);
    check_image("0123456789abcd", "\"0123456789abcd\":000000000000000000000000", 1, 17);
    check_image("0123456789abcd", "\"0123456789abcD\":000000000000000000000000", 0, 17);
    check_image("0123456789abcdef0123456789abc", "\"0123456789abcdef0123456789abc\":0", 1, 32);
    check_image("0123456789abcdef0123456789abc", "\"0123456789abcdef0123456789abc\":", 1, 32);
    check_image("0123456789abcdef0123456789abc", "\"0123456789abcdef0123456789abd\":0", 0, 32);
    check_image("0123456789abcdef0123456789abcd", "\"0123456789abcdef0123456789abcd\":0", 0, 0);
    check_image("\x01\x02\x03\x04", "\"\\u0001\\u0002\\u0003\\u0004\":", 1, 27);
    check_image("\x01\x02\x03\x04\x05", "\"\\u0001\\u0002\\u0003\\u0004\\u0005\":", 0, 0);
    char controls[33];
    memset(controls, 1, 32);
    controls[32] = 0;
    check_image(controls, "\"\"", 0, 0);
}

static void test_want_bool(void)
{
    static const struct {
        const char *text;
        int found, value;
        size_t taken;
    } cases[] = {
        {"true ]", 1, 1, 4}, {"true]", 1, 1, 4}, {"false", 1, 0, 5}, {" false,", 1, 0, 6}, {"\n\ttrue,1", 1, 1, 6}, {"tru", 0, 0, 0}, {"", 0, 0, 0}, {"fals]", 0, 0, 0}, {"falsy", 0, 0, 0},
        {"null,", 0, 0, 0}, {"\"true\"", 0, 0, 0}, {"True ", 0, 0, 0},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        document d;
        int value = -1;
        document_open(&d, cases[i].text, strlen(cases[i].text), NULL, 0);
        CHECK_EQ(qr_json_want_bool(&d.reader, &value), cases[i].found);
        CHECK(!cases[i].found || value == cases[i].value);
        CHECK_EQ(d.reader.p - d.reader.start, cases[i].taken);
        CHECK_EQ(d.reader.error, QR_ERROR_NONE); /* what is not there is no fault */
        document_close(&d);
    }
}

/* A whole step in one: the comma and the key that is expected. */
static void test_pair_is(void)
{
    static const struct {
        const char *text;
        int first, is_next;
    } cases[] = {
        {"\"id\":1", 1, 1}, {",\"id\":1", 0, 1}, {",\"id\":1", 1, 0}, {"\"id\":1", 0, 0}, {", \"id\":1", 0, 0}, {",\"id\" :1", 0, 0}, {",\"ix\":1", 0, 0}, {",\"id\"", 0, 0}, {"}", 0, 0}, {"}", 1, 0},
        {"", 0, 0}, {",", 0, 0}, {",,\"id\":1", 0, 0}, {",\"id\":                                       1", 0, 1},
    };
    qr_image image, none = {.length = 0};
    qr_json_key_image(&image, (const uint8_t *)"id", 2);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        document d;
        qr_json_iter iter = {NULL, cases[i].first};
        document_open(&d, cases[i].text, strlen(cases[i].text), NULL, 0);
        CHECK(!qr_json_pair_is(&d.reader, &iter, &none));
        if (!CHECK_EQ(qr_json_pair_is(&d.reader, &iter, &image), cases[i].is_next))
            printf("    document %s\n", cases[i].text);
        CHECK_EQ(d.reader.p - d.reader.start, cases[i].is_next ? 5 + !cases[i].first : 0);
        CHECK(!cases[i].is_next || (iter.key_at == d.reader.p - 5 && !iter.first));
        CHECK(cases[i].is_next || iter.first == cases[i].first);
        CHECK_EQ(d.reader.error, QR_ERROR_NONE);
        document_close(&d);
    }
}

/* ---------------------------------------------------------------- text in every width */

static const uint32_t alphabets[][4] = {
    {'a', 'z', '~', ' '}, {'a', 0xE9, 0x80, 0xFF}, {0x100, 'b', 0xFFFD, 0x20AC}, {0x1F600, 'c', 0x10FFFF, 0xE9}, {'"', '\\', '\n', 0x01}, {0xE9, '"', 0x1F, '/'}, {0x20AC, '\\', 8, 9}, {0x10000, '"', 12, 13},
};

/* The code points as the inside of a JSON string; escapes: 0 only what must be, 1 some, 2 all. Returns its length. */
static size_t spell(char *to, const uint32_t *codes, size_t n, int escapes)
{
    char *p = to;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = codes[i];
        if (c < 0x20 || c == '"' || c == '\\' || escapes == 2 || (escapes == 1 && i % 3 == 0)) {
            if (c >= 0x10000)
                p += sprintf(p, "\\u%04X\\u%04x", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + (c & 0x3FF));
            else
                p += sprintf(p, "\\u%04x", c);
        }
        else
            p += qr_utf8_encode_point((uint8_t *)p, c);
    }
    return (size_t)(p - to);
}

static uint32_t unit_at(const void *units, unsigned width, size_t i)
{
    return width == 1 ? ((const uint8_t *)units)[i] : width == 2 ? ((const uint16_t *)units)[i] : ((const uint32_t *)units)[i];
}

static void check_copy(const uint32_t *codes, size_t n, int escapes)
{
    char text[1024];
    uint32_t highest = 0;
    document d;
    qr_token token;
    text[0] = '"';
    size_t length = spell(text + 1, codes, n, escapes);
    text[length + 1] = '"';
    for (size_t i = 0; i < n; i++)
        highest = codes[i] > highest ? codes[i] : highest;
    document_open(&d, text, length + 2, NULL, 0);
    REQUIRE(qr_json_next(&d.reader, &token) == QR_TOKEN_STR);
    CHECK_EQ(token.count, n);
    CHECK_EQ(token.length, length);
    CHECK(qr_text_maximum(token.widest) >= highest);
    CHECK(qr_json_check_text(&d.reader, &token));
    for (unsigned width = 1; width <= 4; width *= 2) {
        if (qr_text_width(token.widest) > width)
            continue;
        void *units = malloc(n * width + !n); /* exactly: the sanitizer sees what is written beyond */
        CHECK(qr_json_copy(&d.reader, &token, units, width, n));
        for (size_t i = 0; i < n; i++)
            REQUIRE(unit_at(units, width, i) == codes[i]);
        free(units);
        qr_reader again = d.reader; /* the wrong room: refused, and not a byte beyond it */
        if (n) {
            units = malloc((n - 1) * width + (n == 1));
            CHECK(!qr_json_copy(&again, &token, units, width, n - 1));
            free(units);
        }
        again = d.reader;
        units = malloc((n + 1) * width);
        CHECK(!qr_json_copy(&again, &token, units, width, n + 1));
        free(units);
    }
    uint8_t *utf8 = malloc(token.length + 1), expected[1024];
    size_t written = qr_json_copy_utf8(&d.reader, &token, utf8), wanted = 0;
    for (size_t i = 0; i < n; i++)
        wanted += (size_t)qr_utf8_encode_point(expected + wanted, codes[i]);
    CHECK_BYTES_EQ(utf8, written, expected, wanted);
    free(utf8);
    document_close(&d);
}

static void test_copy(void)
{
    uint32_t codes[48];
    for (size_t alphabet = 0; alphabet < QR_ARRAY_LENGTH(alphabets); alphabet++)
        for (int escapes = 0; escapes < 3; escapes++)
            for (size_t n = 0; n <= QR_ARRAY_LENGTH(codes); n++) {
                for (size_t i = 0; i < n; i++)
                    codes[i] = alphabets[alphabet][i % 4];
                check_copy(codes, n, escapes);
            }
    /* one that is different, at every place */
    for (size_t alphabet = 1; alphabet < QR_ARRAY_LENGTH(alphabets); alphabet++)
        for (size_t n = 1; n <= QR_ARRAY_LENGTH(codes); n++)
            for (size_t at = 0; at < n; at++) {
                for (size_t i = 0; i < n; i++)
                    codes[i] = 'a' + (uint32_t)i % 26;
                codes[at] = alphabets[alphabet][0];
                check_copy(codes, n, 0);
            }
}

/* Invalid UTF-8 at every place of a string, with and without an escape: found, and by the copy too. */
static void test_copy_invalid(void)
{
    static const char *const bad[] = {"\x80", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC0\xAF", "\xFF", "\xF0\x9F\x98"};
    for (size_t which = 0; which < QR_ARRAY_LENGTH(bad); which++)
        for (size_t before = 0; before < 40; before++)
            for (int escaped = 0; escaped < 2; escaped++) {
                char text[96];
                document d;
                qr_token token;
                int n = sprintf(text, "\"%.*s%s%s%s\"", (int)before, "0123456789012345678901234567890123456789", bad[which], escaped ? "\\n" : "", "tail");
                document_open(&d, text, (size_t)n, NULL, 0);
                REQUIRE(qr_json_next(&d.reader, &token) == QR_TOKEN_STR);
                uint32_t *units = malloc(4 * (size_t)n);
                CHECK(!qr_json_copy(&d.reader, &token, units, 4, token.count));
                CHECK_ERROR(&d, "invalid_utf8", before + 1);
                CHECK(qr_json_copy_utf8(&d.reader, &token, (uint8_t *)units) == (size_t)-1);
                CHECK(!qr_json_check_text(&d.reader, &token));
                free(units);
                document_close(&d);
            }
}

static void test_copy_lone_surrogates(void)
{
    document d;
    qr_token token;
    uint16_t units[4];
    const char *text = "\"a\\ud800\\ud83d\\ude00\"";
    document_open(&d, text, strlen(text), NULL, QR_READ_LONE_SURROGATES);
    REQUIRE(qr_json_next(&d.reader, &token) == QR_TOKEN_STR);
    uint32_t wide[3];
    CHECK_EQ(token.count, 3);
    CHECK(qr_json_copy(&d.reader, &token, wide, 4, 3));
    CHECK(wide[0] == 'a' && wide[1] == 0xD800 && wide[2] == 0x1F600);
    CHECK(!qr_json_copy(&d.reader, &token, units, 2, 3)); /* too narrow */
    document_close(&d);
    text = "\"\\udc00\\ud800\"";
    document_open(&d, text, strlen(text), NULL, QR_READ_LONE_SURROGATES);
    REQUIRE(qr_json_next(&d.reader, &token) == QR_TOKEN_STR);
    CHECK(qr_json_copy(&d.reader, &token, units, 2, 2));
    CHECK(units[0] == 0xDC00 && units[1] == 0xD800);
    document_close(&d);
}

/* ---------------------------------------------------------------- writing */

/* What a string must be written as. */
static size_t reference(uint8_t *to, const uint8_t *s, size_t n)
{
    uint8_t *p = to;
    *p++ = '"';
    for (size_t i = 0; i < n; i++) {
        static const char from[] = "\"\\\b\f\n\r\t", into[] = "\"\\bfnrt";
        const char *found = s[i] ? strchr(from, s[i]) : NULL;
        if (found) {
            *p++ = '\\';
            *p++ = (uint8_t)into[found - from];
        }
        else if (s[i] < 0x20)
            p += sprintf((char *)p, "\\u%04x", s[i]);
        else
            *p++ = s[i];
    }
    *p++ = '"';
    return (size_t)(p - to);
}

static void check_put_str(const uint8_t *s, size_t n)
{
    uint8_t expected[4096];
    qr_buffer b;
    size_t length = reference(expected, s, n);
    uint8_t *exact = malloc(n + !n);
    memcpy(exact, s, n);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(qr_json_put_str(&b, exact, n));
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), expected, length);
    CHECK((size_t)(b.end - b.p) >= QR_BUFFER_SLACK);
    qr_buffer_release(&b);
    free(exact);
}

static void test_put_str(void)
{
    uint8_t text[600];
    for (unsigned c = 0; c < 256; c++) {
        text[0] = (uint8_t)c;
        check_put_str(text, 1);
    }
    for (size_t n = 0; n < 70; n++)
        for (size_t at = 0; at <= n; at++) { /* at == n: no escape */
            memset(text, 'x', n);
            if (at < n)
                text[at] = at % 3 == 0 ? '"' : at % 3 == 1 ? '\n' : 0x1F;
            check_put_str(text, n);
        }
    for (size_t n = 0; n < sizeof text; n += 13) {
        memset(text, 1, n);
        check_put_str(text, n);
    }
    uint64_t state = 3;
    for (int i = 0; i < 3000; i++) {
        size_t n = qr_test_random(&state) % sizeof text;
        for (size_t k = 0; k < n; k++) {
            uint64_t dice = qr_test_random(&state);
            text[k] = dice % 16 ? (uint8_t)('a' + dice % 26) : (uint8_t)(dice >> 32 & 0x7F);
        }
        check_put_str(text, n);
    }
}

static void check_put_units(const uint32_t *codes, size_t n, unsigned width)
{
    uint8_t utf8[4096], expected[8192];
    qr_buffer b;
    size_t length = 0;
    uint8_t *units = malloc(n * width + !n);
    for (size_t i = 0; i < n; i++) {
        length += (size_t)qr_utf8_encode_point(utf8 + length, codes[i]);
        if (width == 1)
            units[i] = (uint8_t)codes[i];
        else if (width == 2)
            qr_store16(units + 2 * i, (uint16_t)codes[i]);
        else
            qr_store32(units + 4 * i, codes[i]);
    }
    length = reference(expected, utf8, length);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(qr_json_put_str_units(&b, units, n, width));
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), expected, length);
    CHECK((size_t)(b.end - b.p) >= QR_BUFFER_SLACK);
    qr_buffer_release(&b);
    free(units);
}

static void test_put_str_units(void)
{
    uint32_t codes[300];
    for (unsigned width = 1; width <= 4; width *= 2)
        for (size_t alphabet = 0; alphabet < QR_ARRAY_LENGTH(alphabets); alphabet++)
            for (size_t n = 0; n < 60; n++) {
                for (size_t i = 0; i < n; i++) {
                    codes[i] = alphabets[alphabet][i % 4];
                    if (width < 4)
                        codes[i] &= width == 1 ? 0xFF : 0x7FFF;
                }
                check_put_units(codes, n, width);
            }
    uint64_t state = 5;
    for (int i = 0; i < 3000; i++) {
        size_t n = qr_test_random(&state) % QR_ARRAY_LENGTH(codes);
        unsigned width = 1u << (i % 3), rare = 2 + (unsigned)i % 40;
        for (size_t k = 0; k < n; k++) {
            uint64_t dice = qr_test_random(&state);
            codes[k] = dice % rare ? 'a' + (uint32_t)(dice >> 8) % 26 : width == 1 ? dice >> 16 & 0xFF : width == 2 ? dice >> 16 & 0x7FFF : dice >> 16 & 0xFFFFF;
            if ((codes[k] & 0x1FF800) == 0xD800)
                codes[k] = '"';
        }
        check_put_units(codes, n, width);
    }
    for (size_t i = 0; i < QR_ARRAY_LENGTH(codes); i++) /* the most that escaping can make of a text */
        codes[i] = 1;
    codes[299] = 0xE9;
    check_put_units(codes, 300, 4);
    check_put_units(codes, 300, 1);
}

/* A single newline in a long text must not ask for a multiple of its room. */
static void test_put_str_units_room(void)
{
    enum { N = 100000 };
    uint16_t *units = malloc(N * sizeof *units);
    qr_test_memory memory;
    qr_buffer b;
    for (size_t i = 0; i < N; i++)
        units[i] = i % 1000 == 999 ? '\n' : 0x434;
    qr_test_memory_init(&memory, 0);
    qr_buffer_init(&b, &memory.hook);
    CHECK(qr_json_put_str_units(&b, units, N, 2));
    CHECK_EQ(qr_buffer_length(&b), 2 * N + 2);
    CHECK(memory.bytes < 6 * N); /* three bytes a unit, and half of that for growing */
    qr_buffer_release(&b);
    free(units);
}

static void test_put_surrogates(void)
{
    static const uint16_t narrow[] = {'a', 0xD83D, 0xDE00};
    static const uint32_t wide[] = {'a', 0xDFFF}, beyond[] = {0x110000};
    qr_buffer b;
    for (int i = 0; i < 3; i++) {
        qr_buffer_init(&b, &qr_memory_default);
        CHECK(!(i == 0 ? qr_json_put_str_units(&b, narrow, 3, 2) : i == 1 ? qr_json_put_str_units(&b, wide, 2, 4) : qr_json_put_str_units(&b, beyond, 1, 4)));
        CHECK_EQ(b.error, QR_ERROR_LONE_SURROGATE);
        qr_buffer_release(&b);
    }
}

static int put_document(qr_buffer *b, size_t round)
{
    static const uint16_t units[] = {0x434, '"', 0x20AC, '\n', 1, 2, 3};
    static const uint8_t bytes[] = {0, 1, 2, 0xFF};
    char text[300];
    memset(text, round % 3 ? 'x' : '\n', sizeof text);
    if (!qr_buffer_reserve(b, QR_BUFFER_SLACK) || !qr_json_put_map(b, 3) || !qr_json_put_key(b, (const uint8_t *)"key\t", 4) || !qr_json_put_array(b, 9))
        return 0;
    qr_json_put_null(b);
    qr_json_sep(b);
    qr_json_put_bool(b, 1);
    qr_json_sep(b);
    qr_json_put_bool(b, 0);
    qr_json_sep(b);
    qr_json_put_int(b, INT64_MIN);
    qr_json_sep(b);
    if (!qr_buffer_reserve(b, QR_BUFFER_SLACK))
        return 0;
    qr_json_put_uint(b, UINT64_MAX);
    qr_json_sep(b);
    if (!qr_json_put_float(b, -1.5))
        return 0;
    qr_json_sep(b);
    if (!qr_json_put_str(b, (const uint8_t *)text, round % sizeof text))
        return 0;
    qr_json_sep(b);
    if (!qr_json_put_str_units(b, units, QR_ARRAY_LENGTH(units), 2))
        return 0;
    qr_json_sep(b);
    if (!qr_json_put_bytes(b, bytes, sizeof bytes))
        return 0;
    qr_json_sep(b);
    if (!qr_json_put_big(b, (const uint8_t *)"123456789012345678901234567890", 30))
        return 0;
    qr_json_sep(b);
    qr_json_end_array(b);
    qr_json_sep(b);
    if (!qr_json_put_str_units(b, units, 1, 2))
        return 0;
    qr_json_key_done(b);
    qr_json_put_array(b, 0);
    qr_json_end_array(b);
    qr_json_sep(b);
    if (!qr_json_put_key(b, (const uint8_t *)"", 0))
        return 0;
    qr_json_put_map(b, 0);
    qr_json_end_map(b);
    qr_json_sep(b);
    qr_json_end_map(b);
    return 1;
}

static void test_put_document(void)
{
    static const char expected[] = "{\"key\\t\":[null,true,false,-9223372036854775808,18446744073709551615,-1.5,\"xx\",\"\xd0\xb4\\\"\xe2\x82\xac\\n\\u0001\\u0002\\u0003\","
                                   "\"AAEC/w==\",123456789012345678901234567890],\"\xd0\xb4\":[],\"\":{}}";
    qr_buffer b;
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(put_document(&b, 2));
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), expected, strlen(expected));
    CHECK_STR_EQ(qr_error_code(outcome_of(b.base, qr_buffer_length(&b), 0).error), "ok");
    qr_buffer_release(&b);
}

static void test_put_failing(void)
{
    for (size_t round = 0; round < 300; round += 37)
        FOR_EACH_FAILURE(memory) {
            qr_buffer b;
            qr_buffer_init(&b, &memory.hook);
            int done = put_document(&b, round) && put_document(&b, round + 1);
            CHECK_EQ(done, !memory.failed);
            CHECK_EQ(b.error, memory.failed ? QR_ERROR_MEMORY : QR_ERROR_NONE);
            qr_buffer_release(&b);
        }
}

static void test_put_non_finite(void)
{
    double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(values); i++) {
        uint8_t room[QR_BUFFER_SLACK];
        qr_buffer b;
        qr_buffer_init_fixed(&b, room, sizeof room);
        CHECK(!qr_json_put_float(&b, values[i]));
        CHECK_EQ(b.error, QR_ERROR_NON_FINITE);
    }
}

static void test_put_too_long(void)
{
    qr_buffer b;
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(!qr_json_put_str(&b, (const uint8_t *)"", SIZE_MAX));
    CHECK_EQ(b.error, QR_ERROR_MEMORY);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(!qr_json_put_str_units(&b, "", SIZE_MAX / 2, 4));
    CHECK_EQ(b.error, QR_ERROR_MEMORY);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(!qr_json_put_bytes(&b, (const uint8_t *)"", SIZE_MAX));
    CHECK_EQ(b.error, QR_ERROR_MEMORY);
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(!qr_json_put_big(&b, (const uint8_t *)"", SIZE_MAX));
    CHECK_EQ(b.error, QR_ERROR_MEMORY);
    uint8_t room[128];
    qr_buffer_init_fixed(&b, room, sizeof room);
    CHECK(!qr_json_put_str(&b, room, 100));
    CHECK_EQ(b.error, QR_ERROR_NO_ROOM);
}

TEST_MAIN(TEST(test_accepted), TEST(test_refused), TEST(test_zero_bytes), TEST(test_truncated_everywhere), TEST(test_changed_everywhere), TEST(test_depth),
          TEST(test_limits), TEST(test_options), TEST(test_integers), TEST(test_floats), TEST(test_float_of_many_digits), TEST(test_non_finite),
          TEST(test_tokens), TEST(test_key_images), TEST(test_want_bool), TEST(test_pair_is), TEST(test_copy), TEST(test_copy_invalid), TEST(test_copy_lone_surrogates), TEST(test_put_str),
          TEST(test_put_str_units), TEST(test_put_str_units_room), TEST(test_put_surrogates), TEST(test_put_document), TEST(test_put_failing),
          TEST(test_put_non_finite), TEST(test_put_too_long))
