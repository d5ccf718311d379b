/* SPDX-License-Identifier: Apache-2.0 */
/* check: documents against plans, in JSON and (the same document, transcoded) in MessagePack: what each kind takes and
 * refuses, the error, its place and the path to it. */
#include "core/format/check.h"
#include "core/format/transcode.h"
#include "tests/c/document.h"

/* ---------------------------------------------------------------- small plans */

static qr_plan *plan; /* of the running test */

static uint32_t node(qr_kind kind) { return qr_plan_add_node(plan, kind); }
static uint32_t nullable(uint32_t number) { return qr_plan_set_nullable(plan, number), number; }
static void start(void) { plan = qr_plan_new(&qr_memory_default); }
static void seal(void) { CHECK_STR_EQ(qr_error_code(qr_plan_seal(plan)), "ok"); }
static void done(void) { qr_plan_free(plan); }

static void items(uint32_t number, uint32_t a, uint32_t b, size_t count)
{
    uint32_t both[] = {a, b};
    CHECK(qr_plan_set_items(plan, number, both, count));
}

static uint32_t array_of(uint32_t item)
{
    uint32_t number = node(QR_KIND_ARRAY);
    items(number, item, 0, 1);
    return number;
}

static void field(uint32_t record, const char *name, uint32_t type, uint32_t flags)
{
    CHECK(qr_plan_add_field(plan, record, name, strlen(name), type, flags) != QR_PLAN_NONE);
}

static void start_kind(qr_kind kind)
{
    start();
    node(kind);
    seal();
}

static qr_plan_bounds *bounds(uint32_t number) { return qr_plan_add_bounds(plan, number); }

/* ---------------------------------------------------------------- the check of a check */

/* $.name[1].key: fields by their name in the plan, keys as they stand in the document (MessagePack: their text). */
static void print_path(const document *d, char *to, size_t room)
{
    char *p = to, *end = to + room;
    p += snprintf(p, room, "$");
    for (size_t i = 0; i < qr_path_kept(&d->path); i++) {
        qr_step step = qr_path_step(&d->path, i);
        const uint8_t *key = step.kind == QR_STEP_KEY ? step.at : NULL;
        if (step.kind == QR_STEP_INDEX)
            p += snprintf(p, (size_t)(end - p), "[%zu]", step.number);
        else if (step.kind == QR_STEP_FIELD)
            p += snprintf(p, (size_t)(end - p), ".%s", plan->fields[step.number].name);
        else if (*key == '"')
            p += snprintf(p, (size_t)(end - p), ".%.*s", (int)strcspn((const char *)key + 1, "\""), key + 1);
        else if ((*key & 0xE0) == 0xA0)
            p += snprintf(p, (size_t)(end - p), ".%.*s", *key & 0x1F, key + 1);
        else
            p += snprintf(p, (size_t)(end - p), ".?");
    }
}

typedef struct expected {
    const char *json, *code;
    size_t at;        /* in the JSON text */
    const char *path; /* NULL: "$" */
} expected;

static const qr_limits *limits_of_test; /* NULL: the defaults */
static uint32_t options_of_test;

static void check_json(const expected *e)
{
    char path[512];
    document d;
    document_open(&d, e->json, strlen(e->json), limits_of_test, options_of_test);
    int right = qr_json_check(&d.reader, plan), wanted = strcmp(e->code, "ok") == 0;
    print_path(&d, path, sizeof path);
    int same = CHECK_EQ(right, wanted);
    same &= CHECK_ERROR(&d, e->code, wanted ? strlen(e->json) : e->at);
    same &= CHECK_STR_EQ(path, e->path ? e->path : "$");
    if (!same)
        printf("    document %s\n", e->json);
    document_close(&d);
}

/* The document as MessagePack: as many bytes as it takes, or 0 when it has no such form. */
static size_t pack(const char *json, uint8_t *to, size_t room)
{
    document d;
    qr_buffer b;
    size_t n = 0;
    document_open(&d, json, strlen(json), NULL, 0);
    qr_buffer_init(&b, &qr_memory_default);
    if (qr_transcode_json_to_msgpack(&d.reader, &b)) {
        n = qr_buffer_length(&b);
        CHECK(n <= room);
        memcpy(to, b.base, n);
    }
    qr_buffer_release(&b);
    document_close(&d);
    return n;
}

static void check_msgpack_bytes(const void *bytes, size_t n, const char *code, const char *wanted_path)
{
    char path[512];
    document d;
    document_open(&d, bytes, n, limits_of_test, options_of_test);
    int right = qr_msgpack_check(&d.reader, plan), wanted = strcmp(code, "ok") == 0;
    print_path(&d, path, sizeof path);
    int same = CHECK_EQ(right, wanted);
    same &= CHECK_STR_EQ(qr_error_code(d.reader.error), code);
    same &= CHECK_STR_EQ(path, wanted_path ? wanted_path : "$");
    CHECK(wanted || (d.reader.error_at >= d.reader.start && d.reader.error_at <= d.reader.end));
    if (!same)
        qr_test_print_bytes("msgpack", bytes, n);
    document_close(&d);
}
#define CHECK_MSGPACK(bytes, code) check_msgpack_bytes(bytes, sizeof(bytes) - 1, code, NULL)

/* In JSON; and in MessagePack, where the document has such a form, the same but for the offset. */
static void check_both(const expected *cases, size_t count)
{
    uint8_t packed[4096];
    for (size_t i = 0; i < count; i++) {
        check_json(&cases[i]);
        size_t n = pack(cases[i].json, packed, sizeof packed);
        if (n)
            check_msgpack_bytes(packed, n, cases[i].code, cases[i].path);
    }
}
static void check_all_json(const expected *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_json(&cases[i]);
}
#define BOTH(...) check_both((const expected[]){__VA_ARGS__}, sizeof((const expected[]){__VA_ARGS__}) / sizeof(expected))
#define JSON(...) check_all_json((const expected[]){__VA_ARGS__}, sizeof((const expected[]){__VA_ARGS__}) / sizeof(expected))

/* ---------------------------------------------------------------- scalars */

static void test_scalars(void)
{
    static const struct {
        qr_kind kind;
        const char *takes[6], *refuses[12];
    } cases[] = {
        {QR_KIND_NONE, {"null"}, {"0", "false", "\"\"", "[]", "{}", "1.5"}},
        {QR_KIND_BOOL, {"true", "false"}, {"0", "1", "null", "\"true\"", "[]", "{}", "1.0"}},
        {QR_KIND_INT, {"0", "-5", "18446744073709551615", "-9223372036854775808"}, {"1.0", "1e2", "true", "null", "\"1\"", "[]", "{}"}},
        {QR_KIND_FLOAT, {"0.5", "-1e300", "1", "9007199254740992", "18446744073709549568"}, {"true", "null", "\"1\"", "[]", "{}"}},
        {QR_KIND_STR, {"\"\"", "\"abc\"", "\"\\u00e9\""}, {"1", "1.5", "true", "null", "[]", "{}"}},
        {QR_KIND_ANY, {"1", "null", "[1,{\"a\":[]}]", "\"x\"", "1.5", "true"}, {NULL}},
        {QR_KIND_RAW, {"1", "null", "[1,{\"a\":[]}]", "\"x\"", "1.5", "true"}, {NULL}},
        {QR_KIND_DATETIME, {"\"2024-02-29T12:00:00Z\""}, {"1", "null", "true", "1.5", "[]", "{}"}},
        {QR_KIND_DATE, {"\"2024-02-29\""}, {"1", "null", "true", "1.5", "[]", "{}"}},
        {QR_KIND_TIME, {"\"23:59:59\""}, {"1", "null", "true", "1.5", "[]", "{}"}},
        {QR_KIND_DURATION, {"\"P1D\""}, {"1", "null", "true", "1.5", "[]", "{}"}},
        {QR_KIND_UUID, {"\"12345678-1234-5678-1234-567812345678\""}, {"1", "null", "true", "1.5", "[]", "{}"}},
        {QR_KIND_DECIMAL, {"\"1.50\"", "5", "\"NaN\""}, {"null", "true", "[]", "{}"}},
        {QR_KIND_ARRAY, {"[]"}, {"1", "null", "true", "1.5", "\"\"", "{}"}},
        {QR_KIND_TUPLE, {"[]"}, {"1", "null", "true", "1.5", "\"\"", "{}"}},
        {QR_KIND_MAP, {"{}"}, {"1", "null", "true", "1.5", "\"\"", "[]"}},
        {QR_KIND_RECORD, {"{}"}, {"1", "null", "true", "1.5", "\"\"", "[]"}},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++)
        for (int null = 0; null < 2; null++) {
            start();
            uint32_t root = node(cases[i].kind);
            if (null)
                nullable(root);
            if (cases[i].kind == QR_KIND_ARRAY || cases[i].kind == QR_KIND_MAP)
                items(root, root, root, cases[i].kind == QR_KIND_MAP ? 2 : 1);
            if (cases[i].kind == QR_KIND_RECORD)
                CHECK(qr_plan_begin_record(plan, root, QR_UNKNOWN_SKIP));
            seal();
            for (size_t k = 0; k < QR_ARRAY_LENGTH(cases[i].takes) && cases[i].takes[k]; k++)
                BOTH({cases[i].takes[k], "ok", 0, NULL});
            for (size_t k = 0; k < QR_ARRAY_LENGTH(cases[i].refuses) && cases[i].refuses[k]; k++) {
                int fine = null && strcmp(cases[i].refuses[k], "null") == 0;
                BOTH({cases[i].refuses[k], fine ? "ok" : "type_mismatch", 0, NULL});
                char text[64]; /* the place is where the value starts */
                snprintf(text, sizeof text, "\n  %s", cases[i].refuses[k]);
                BOTH({text, fine ? "ok" : "type_mismatch", 3, NULL});
            }
            done();
        }
}

static void test_number_limits(void)
{
    start_kind(QR_KIND_INT);
    JSON({"123456789012345678901234567890", "ok", 0, NULL}, {"-123456789012345678901234567890", "ok", 0, NULL});
    done();
    start_kind(QR_KIND_FLOAT);
    BOTH({"9007199254740993", "inexact", 0, NULL}, {"-9007199254740993", "inexact", 0, NULL}, {"9223372036854775807", "inexact", 0, NULL}, {"-9223372036854775808", "ok", 0, NULL},
         {"18446744073709551615", "inexact", 0, NULL}, {"9223372036854775808", "ok", 0, NULL});
    JSON({"123456789012345678901234567890", "inexact", 0, NULL}, {"1e400", "non_finite_number", 0, NULL}, {"NaN", "expected_value", 0, NULL});
    CHECK_MSGPACK("\xcb\x7f\xf8\0\0\0\0\0\0", "ok");
    CHECK_MSGPACK("\xca\x7f\x80\0\0", "ok");
    done();
    start_kind(QR_KIND_DECIMAL);
    JSON({"123456789012345678901234567890", "ok", 0, NULL}, {"1.50", "ok", 0, NULL}, {"\"1,5\"", "invalid_format", 0, NULL});
    CHECK_MSGPACK("\xcb\x3f\xf8\0\0\0\0\0\0", "type_mismatch"); /* a double is not what was written */
    CHECK_MSGPACK("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "ok");
    done();
}

static void test_text_scalars(void)
{
    start_kind(QR_KIND_DATETIME);
    BOTH({"\"2024-02-30T12:00:00Z\"", "invalid_format", 0, NULL}, {"\"2024-02-28T12:00:00.1234567Z\"", "inexact", 0, NULL}, {"\"2024-02-28\\u005412:00:00Z\"", "ok", 0, NULL},
         {"\"\"", "invalid_format", 0, NULL});
    JSON({"\"2024-02-28T12:00:00", "truncated", 0, NULL}, {"\"2024\xff\"", "invalid_utf8", 5, NULL}, {"\"\\ud83d\"", "invalid_surrogate", 1, NULL});
    CHECK_MSGPACK("\xd6\xff\0\0\0\0", "ok");
    CHECK_MSGPACK("\xd6\x05\0\0\0\0", "type_mismatch");
    CHECK_MSGPACK("\xd5\xff\0\0", "invalid_timestamp");
    CHECK_MSGPACK("\xd7\xff\0\0\0\4\0\0\0\0", "inexact");
    CHECK_MSGPACK("\xc7\x0c\xff\0\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", "invalid_value");
    done();
    start_kind(QR_KIND_DATE);
    CHECK_MSGPACK("\xd6\xff\0\0\0\0", "type_mismatch");
    done();
    start_kind(QR_KIND_UUID);
    BOTH({"\"12345678-1234-5678-1234-56781234567\"", "invalid_format", 0, NULL}, {"\"12345678123456781234567812345678\"", "ok", 0, NULL});
    CHECK_MSGPACK("\xc4\x10" "0123456789abcdef", "ok");
    CHECK_MSGPACK("\xc4\x0f" "0123456789abcde", "type_mismatch");
    done();
    start_kind(QR_KIND_BYTES);
    JSON({"\"\"", "ok", 0, NULL}, {"\"AAEC\"", "ok", 0, NULL}, {"\"AAE=\"", "ok", 0, NULL}, {"\"\\u0041AEC\"", "ok", 0, NULL}, {"\"AAE\"", "invalid_format", 0, NULL},
         {"\"AA!C\"", "invalid_format", 0, NULL}, {"\"AAF=\"", "invalid_format", 0, NULL}, {"1", "type_mismatch", 0, NULL}, {"[]", "type_mismatch", 0, NULL}, {"null", "type_mismatch", 0, NULL});
    CHECK_MSGPACK("\xc4\x02\x01\x02", "ok");
    CHECK_MSGPACK("\xc4\x00", "ok");
    CHECK_MSGPACK("\xa4" "AAEC", "type_mismatch");
    done();
}

/* ---------------------------------------------------------------- bounds */

static void test_bounds(void)
{
    start();
    qr_plan_bounds *b = bounds(node(QR_KIND_INT));
    b->has_least = 1, b->least_int = 0, b->has_most = 2, b->most_int = 10, b->multiple_int = 2;
    seal();
    BOTH({"0", "ok", 0, NULL}, {"8", "ok", 0, NULL}, {"-1", "too_small", 0, NULL}, {"10", "too_large", 0, NULL}, {"3", "not_multiple", 0, NULL}, {"18446744073709551615", "too_large", 0, NULL},
         {"1.5", "type_mismatch", 0, NULL});
    JSON({"123456789012345678901234567890", "too_large", 0, NULL}, {"-123456789012345678901234567890", "too_small", 0, NULL});
    done();
    start();
    b = bounds(node(QR_KIND_FLOAT));
    b->has_least = 2, b->least_is_float = 1, b->least = 0.5, b->has_most = 1, b->most_int = 2;
    seal();
    BOTH({"0.75", "ok", 0, NULL}, {"0.5", "too_small", 0, NULL}, {"2", "ok", 0, NULL}, {"2.5", "too_large", 0, NULL}, {"3", "too_large", 0, NULL});
    CHECK_MSGPACK("\xcb\x7f\xf8\0\0\0\0\0\0", "too_small");
    done();
    start();
    b = bounds(node(QR_KIND_STR));
    b->min_length = 2, b->max_length = 3;
    seal();
    BOTH({"\"ab\"", "ok", 0, NULL}, {"\"abc\"", "ok", 0, NULL}, {"\"a\"", "too_short", 0, NULL}, {"\"abcd\"", "too_long", 0, NULL}, {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "ok", 0, NULL},
         {"\"\\ud83d\\ude00\"", "too_short", 0, NULL}, {"\"\\ud83d\\ude00\\n\\u00e9\"", "ok", 0, NULL});
    done();
    start();
    uint32_t list = array_of(1);
    node(QR_KIND_INT);
    b = bounds(list);
    b->min_length = 1, b->max_length = 2;
    seal();
    BOTH({"[1]", "ok", 0, NULL}, {"[1,2]", "ok", 0, NULL}, {" []", "too_short", 1, NULL}, {" [1,2,3]", "too_long", 1, NULL}, {"[\"\"]", "type_mismatch", 1, "$[0]"});
    done();
    start();
    uint32_t map = node(QR_KIND_MAP);
    items(map, node(QR_KIND_STR), node(QR_KIND_INT), 2);
    b = bounds(map);
    b->min_length = 1, b->max_length = 1;
    seal();
    BOTH({"{\"a\":1}", "ok", 0, NULL}, {" {}", "too_short", 1, NULL}, {"{\"a\":1,\"b\":2}", "too_long", 0, NULL});
    done();
    start();
    b = bounds(node(QR_KIND_BYTES));
    b->min_length = 1, b->max_length = 2;
    seal();
    JSON({"\"AA==\"", "ok", 0, NULL}, {"\"\"", "too_short", 0, NULL}, {"\"AAEC\"", "too_long", 0, NULL});
    CHECK_MSGPACK("\xc4\x02\x01\x02", "ok");
    CHECK_MSGPACK("\xc4\x03\x01\x02\x03", "too_long");
    done();
}

/* ---------------------------------------------------------------- containers */

static void test_arrays_and_maps(void)
{
    start();
    uint32_t outer = array_of(1);
    CHECK_EQ(outer, 0);
    CHECK_EQ(array_of(2), 1);
    node(QR_KIND_INT);
    seal();
    BOTH({"[]", "ok", 0, NULL}, {"[[],[1,2]]", "ok", 0, NULL}, {"[[1],2]", "type_mismatch", 5, "$[1]"}, {"[[1],[2,3,\"x\"]]", "type_mismatch", 10, "$[1][2]"}, {"[[1],[[2]]]", "type_mismatch", 6, "$[1][0]"});
    JSON({"[[1],]", "trailing_comma", 5, "$[1]"}, {"[[1]", "truncated", 4, NULL}, {"[[1,", "truncated", 4, "$[0][1]"}, {"[", "truncated", 1, "$[0]"}, {"", "empty", 0, NULL}, {"[[1],nul]", "invalid_literal", 5, "$[1]"},
         {"[[1]]]", "trailing_data", 5, NULL}, {"[[1] [2]]", "expected_comma", 5, NULL}, {"nul", "truncated", 0, NULL}, {"x", "expected_value", 0, NULL}, {"{]", "type_mismatch", 0, NULL});
    CHECK_MSGPACK("", "empty");
    CHECK_MSGPACK("\xc1", "invalid_byte");
    check_msgpack_bytes("\x91\xc1", 2, "invalid_byte", "$[0]");
    check_msgpack_bytes("\x92\x90\x91", 3, "truncated", "$[1]");
    check_msgpack_bytes("\x91\xdd\xff\xff\xff\xff", 6, "truncated", "$[0]");
    done();
    start();
    uint32_t map = node(QR_KIND_MAP);
    items(map, node(QR_KIND_STR), array_of(3), 2);
    node(QR_KIND_INT);
    seal();
    BOTH({"{}", "ok", 0, NULL}, {"{\"a\":[1],\"b\":[]}", "ok", 0, NULL}, {"{\"a\":[1],\"bc\":2}", "type_mismatch", 14, "$.bc"}, {"{\"a\":[1,null]}", "type_mismatch", 8, "$.a[1]"}, {"{\"a\":[],\"a\":[]}", "ok", 0, NULL});
    JSON({"{1:[]}", "expected_key", 1, NULL}, {"{\"a\":[],}", "trailing_comma", 8, NULL}, {"{\"a\"", "truncated", 4, NULL}, {"{\"a", "truncated", 1, NULL}, {"{\"a\":", "truncated", 5, "$.a"},
         {"{\"a\xff\":[]}", "invalid_utf8", 3, NULL});
    check_msgpack_bytes("\x81\x01\x90", 3, "type_mismatch", "$.?");
    CHECK_MSGPACK("\x81\xa2" "a\xff\x90", "invalid_utf8");
    done();
}

static void test_map_keys(void)
{
    start();
    uint32_t map = node(QR_KIND_MAP);
    items(map, node(QR_KIND_INT), node(QR_KIND_ANY), 2);
    seal();
    JSON({"{\"1\":null,\"-5\":1,\"18446744073709551615\":2,\"123456789012345678901\":3}", "ok", 0, NULL}, {"{\"\\u0031\":1}", "ok", 0, NULL}, {"{\"1\":1,\"a\":2}", "type_mismatch", 7, "$.a"},
         {"{\"1.0\":1}", "type_mismatch", 1, "$.1.0"}, {"{\"\":1}", "type_mismatch", 1, "$."}, {"{\" 1\":1}", "type_mismatch", 1, "$. 1"}, {"{1:1}", "expected_key", 1, NULL});
    CHECK_MSGPACK("\x82\x01\x01\xff\x02", "ok");
    check_msgpack_bytes("\x81\xa1" "1\x01", 4, "type_mismatch", "$.1");
    check_msgpack_bytes("\x81\x90\x01", 3, "type_mismatch", "$.?");
    check_msgpack_bytes("\x81\xc1\x01", 3, "invalid_byte", NULL);
    done();
    start();
    map = node(QR_KIND_MAP);
    items(map, node(QR_KIND_BOOL), node(QR_KIND_INT), 2);
    seal();
    JSON({"{\"true\":1,\"false\":0}", "ok", 0, NULL}, {"{\"True\":1}", "type_mismatch", 1, "$.True"});
    CHECK_MSGPACK("\x82\xc3\x01\xc2\x00", "ok");
    done();
    start();
    map = node(QR_KIND_MAP);
    items(map, node(QR_KIND_FLOAT), node(QR_KIND_INT), 2);
    seal();
    JSON({"{\"1.5\":1,\"2\":0,\"1e3\":1}", "ok", 0, NULL}, {"{\"nan\":1}", "type_mismatch", 1, "$.nan"});
    done();
    start();
    map = node(QR_KIND_MAP);
    items(map, node(QR_KIND_DATE), node(QR_KIND_INT), 2);
    seal();
    BOTH({"{\"2024-01-01\":1}", "ok", 0, NULL}, {"{\"2024-01-32\":1}", "invalid_format", 1, "$.2024-01-32"});
    done();
    start();
    map = node(QR_KIND_MAP);
    uint32_t short_key = node(QR_KIND_STR);
    items(map, short_key, node(QR_KIND_INT), 2);
    bounds(short_key)->max_length = 2;
    seal();
    BOTH({"{\"ab\":1}", "ok", 0, NULL}, {"{\"abc\":1}", "too_long", 1, "$.abc"});
    done();
    start(); /* any key that the format has */
    map = node(QR_KIND_MAP);
    items(map, node(QR_KIND_ANY), node(QR_KIND_INT), 2);
    seal();
    BOTH({"{\"a\":1,\"b\":2}", "ok", 0, NULL});
    CHECK_MSGPACK("\x89\x01\x01\xff\x01\xc0\x01\xc2\x01\xca\0\0\0\0\x01\xc4\x01\xff\x01\xd4\x05\x05\x01\xa1k\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01", "ok");
    check_msgpack_bytes("\x81\x90\x01", 3, "expected_key", NULL);
    done();
    start(); /* choices as keys */
    map = node(QR_KIND_MAP);
    uint32_t choice = node(QR_KIND_CHOICE);
    items(map, choice, node(QR_KIND_INT), 2);
    qr_plan_begin_choices(plan, choice, 0);
    qr_plan_add_choice_int(plan, choice, 1, 0);
    qr_plan_add_choice_int(plan, choice, 2, 0);
    seal();
    JSON({"{\"1\":1,\"2\":2}", "ok", 0, NULL}, {"{\"3\":1}", "invalid_choice", 1, "$.3"});
    CHECK_MSGPACK("\x81\x02\x01", "ok");
    done();
}

static void test_tuples(void)
{
    start();
    uint32_t tuple = node(QR_KIND_TUPLE);
    items(tuple, node(QR_KIND_STR), node(QR_KIND_INT), 2);
    seal();
    BOTH({"[\"a\",1]", "ok", 0, NULL}, {" [\"a\"]", "wrong_length", 1, NULL}, {" []", "wrong_length", 1, NULL}, {" [\"a\",1,2]", "wrong_length", 1, NULL}, {"[1,\"a\"]", "type_mismatch", 1, "$[0]"},
         {"[\"a\",\"b\"]", "type_mismatch", 5, "$[1]"});
    JSON({"[\"a\",1,]", "wrong_length", 0, NULL}, {"[\"a\"", "truncated", 4, NULL}, {"[\"a\",", "truncated", 5, "$[1]"}, {"[", "truncated", 1, "$[0]"});
    done();
}

/* ---------------------------------------------------------------- records */

/* [Person], Person = {id: int, name: str, tags: [str], boss: Person | null} */
static void start_people(qr_unknown unknown, int as_array)
{
    start();
    uint32_t list = array_of(1), person = node(QR_KIND_RECORD), id = node(QR_KIND_INT), name = node(QR_KIND_STR);
    CHECK_EQ(list, 0);
    uint32_t tags = array_of(name), boss = nullable(node(QR_KIND_RECORD));
    CHECK(qr_plan_begin_record(plan, person, unknown));
    field(person, "id", id, QR_FIELD_REQUIRED);
    field(person, "name", name, QR_FIELD_REQUIRED);
    field(person, "tags", tags, 0);
    field(person, "boss", boss, 0);
    CHECK(qr_plan_add_alias(plan, person, 1, "label", 5));
    if (as_array)
        CHECK(qr_plan_set_array(plan, person));
    CHECK(qr_plan_begin_record(plan, boss, unknown));
    field(boss, "id", id, QR_FIELD_REQUIRED);
    seal();
}

static void test_records(void)
{
    start_people(QR_UNKNOWN_SKIP, 0);
    BOTH({"[]", "ok", 0, NULL}, {"[{\"id\":1,\"name\":\"a\"}]", "ok", 0, NULL}, {"[{\"name\":\"a\",\"id\":1}]", "ok", 0, NULL}, {"[ { \"id\" : 1 , \"name\" : \"a\" , \"tags\" : [ \"x\" ] } ]", "ok", 0, NULL},
         {"[{\"id\":1,\"name\":\"a\",\"boss\":null}]", "ok", 0, NULL}, {"[{\"id\":1,\"name\":\"a\",\"boss\":{\"id\":2}}]", "ok", 0, NULL}, {"[{\"id\":1,\"label\":\"a\"}]", "ok", 0, NULL},
         {"[{\"\\u0069d\":1,\"name\":\"a\"}]", "ok", 0, NULL}, {"[{\"id\":1,\"x\":{\"y\":[1,{\"z\":null}]},\"name\":\"a\"}]", "ok", 0, NULL},
         {"[{\"id\":1}]", "missing_field", 1, "$[0]"}, {"[{\"id\":1,\"name\":\"a\"}, {}]", "missing_field", 22, "$[1]"}, {"[{\"name\":\"a\"}]", "missing_field", 1, "$[0]"},
         {"[{\"id\":1,\"name\":\"a\",\"id\":2}]", "duplicate_field", 20, "$[0].id"}, {"[{\"id\":1,\"name\":\"a\",\"label\":\"b\"}]", "duplicate_field", 20, "$[0].name"},
         {"[{\"id\":1,\"name\":2}]", "type_mismatch", 16, "$[0].name"}, {"[{\"id\":1,\"name\":null}]", "type_mismatch", 16, "$[0].name"}, {"[{\"id\":1,\"name\":\"a\",\"tags\":[\"x\",5]}]", "type_mismatch", 32, "$[0].tags[1]"},
         {"[{\"id\":1,\"name\":\"a\",\"boss\":{}}]", "missing_field", 27, "$[0].boss"}, {"[{\"id\":1,\"name\":\"a\",\"boss\":[]}]", "type_mismatch", 27, "$[0].boss"}, {"[[]]", "type_mismatch", 1, "$[0]"});
    JSON({"[{\"id\":1,\"name\":\"a\"", "truncated", 19, "$[0]"}, {"[{\"id\":1,\"name\":\"a", "truncated", 16, "$[0].name"}, {"[{\"id\":1,\"na", "truncated", 9, "$[0]"}, {"[{\"id\":1,", "truncated", 9, "$[0]"},
         {"[{\"id\":", "truncated", 7, "$[0].id"}, {"[{", "truncated", 2, "$[0]"}, {"[{\"id\":1,}]", "trailing_comma", 9, "$[0]"}, {"[{\"id\":1,\"x\":tru}]", "invalid_literal", 13, "$[0].x"},
         {"[{\"id\":1,\"x\":[1,{\"y\":\"\xff\"}]}]", "invalid_utf8", 22, "$[0].x"}, {"[{\"id\" 1}]", "expected_colon", 7, "$[0]"}, {"[{id:1}]", "expected_key", 2, "$[0]"}, {"[{\"id\":1 \"name\":\"a\"}]", "expected_comma", 9, "$[0]"});
    check_msgpack_bytes("\x91\x81\x01\x02", 4, "type_mismatch", "$[0]");
    check_msgpack_bytes("\x91\x81\x90\x02", 4, "expected_key", "$[0]");
    check_msgpack_bytes("\x91\x82\xd9\x02" "id\x01\xda\x00\x04name\xa1" "a", 16, "ok", NULL); /* longer headers than needed */
    done();
    start_people(QR_UNKNOWN_ERROR, 0);
    BOTH({"[{\"id\":1,\"name\":\"a\"}]", "ok", 0, NULL}, {"[{\"id\":1,\"x\":1,\"name\":\"a\"}]", "unknown_field", 9, "$[0].x"}, {"[{\"id\":1,\"name\":\"a\",\"boss\":{\"id\":1,\"name\":1}}]", "unknown_field", 35, "$[0].boss.name"});
    done();
}

static void test_missing_fields_of_error(void)
{
    document d;
    start_people(QR_UNKNOWN_SKIP, 0);
    document_open(&d, "[{\"id\":1}]", 10, NULL, 0);
    CHECK(!qr_json_check(&d.reader, plan));
    CHECK_EQ(d.reader.error_node, 1);
    CHECK_EQ(d.reader.error_field, 1);
    CHECK_STR_EQ((const char *)plan->fields[d.reader.error_field].name, "name");
    document_close(&d);
    document_open(&d, "[{\"id\":true}]", 13, NULL, 0);
    CHECK(!qr_json_check(&d.reader, plan));
    CHECK_EQ(plan->nodes[d.reader.error_node].kind, QR_KIND_INT);
    document_close(&d);
    done();
}

static void test_record_arrays(void)
{
    start_people(QR_UNKNOWN_SKIP, 1);
    BOTH({"[[1,\"a\"]]", "ok", 0, NULL}, {"[[1,\"a\",[\"x\"],{\"id\":1}]]", "ok", 0, NULL}, {"[[1,\"a\",[],null,5,[{\"a\":6}]]]", "ok", 0, NULL}, {"[[1]]", "missing_field", 1, "$[0]"}, {"[[]]", "missing_field", 1, "$[0]"},
         {"[[1,2]]", "type_mismatch", 4, "$[0].name"}, {"[{\"id\":1,\"name\":\"a\"}]", "type_mismatch", 1, "$[0]"}, {"[[1,\"a\",[\"x\",1]]]", "type_mismatch", 13, "$[0].tags[1]"});
    JSON({"[[1,\"a\",[],null,5,tru]]", "invalid_literal", 18, "$[0]"}, {"[[1,", "truncated", 4, "$[0].name"}, {"[[1", "truncated", 3, "$[0]"}, {"[[", "truncated", 2, "$[0].id"});
    done();
    start_people(QR_UNKNOWN_ERROR, 1);
    BOTH({"[[1,\"a\",[],null]]", "ok", 0, NULL}, {"[[1,\"a\",[],null,5]]", "wrong_length", 1, "$[0]"});
    done();
}

/* Names that are no fields and no errors; what is unknown is kept; places in an array that no field has. */
static void test_ignored_kept_and_gaps(void)
{
    for (int keep = 0; keep <= 1; keep++) {
        start();
        uint32_t record = node(QR_KIND_RECORD), number = node(QR_KIND_INT);
        CHECK(qr_plan_begin_record(plan, record, keep ? QR_UNKNOWN_KEEP : QR_UNKNOWN_ERROR));
        field(record, "a", number, QR_FIELD_REQUIRED);
        CHECK(qr_plan_add_ignored(plan, record, "old", 3) && qr_plan_add_ignored(plan, record, "older", 5));
        CHECK(!qr_plan_is_ignored(plan, &plan->records[0], (const uint8_t *)"ol", 2));
        seal();
        BOTH({"{\"old\":[],\"a\":1,\"older\":{}}", "ok", 0, NULL}, {"{\"a\":1,\"new\":[1]}", keep ? "ok" : "unknown_field", keep ? 0 : 7, keep ? NULL : "$.new"},
             {"{\"old\":1,\"ol\":1,\"a\":2}", keep ? "ok" : "unknown_field", keep ? 0 : 9, keep ? NULL : "$.ol"}, {"{\"old\":1}", "missing_field", 0, "$"});
        done();
    }
    start();
    uint32_t record = node(QR_KIND_RECORD), number = node(QR_KIND_INT);
    CHECK(qr_plan_begin_record(plan, record, QR_UNKNOWN_ERROR) && qr_plan_set_array(plan, record));
    field(record, "a", number, QR_FIELD_REQUIRED);
    field(record, "gap", node(QR_KIND_ANY), QR_FIELD_GAP);
    field(record, "b", number, 0);
    seal();
    BOTH({"[1,{},2]", "ok", 0, NULL}, {"[1,null]", "ok", 0, NULL}, {"[1,2,[]]", "type_mismatch", 5, "$.b"}, {"[1,2,3,4]", "wrong_length", 0, "$"});
    done();
}

/* More fields than a word has bits, required ones everywhere, in order and out of it. */
static void test_many_fields(void)
{
    enum { COUNT = 150, ROOM = COUNT * 16 };
    char text[ROOM], name[16];
    start();
    uint32_t record = node(QR_KIND_RECORD), number = node(QR_KIND_INT);
    CHECK(qr_plan_begin_record(plan, record, QR_UNKNOWN_ERROR));
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "f%u", i);
        field(record, name, number, i % 3 == 0 ? QR_FIELD_REQUIRED : 0);
    }
    seal();
    for (int order = 0; order < 3; order++)
        for (uint32_t left_out = 0; left_out <= COUNT; left_out++) {
            char *p = text;
            *p++ = '{';
            for (uint32_t i = 0; i < COUNT; i++) {
                uint32_t which = order == 0 ? i : order == 1 ? COUNT - 1 - i : i * 7 % COUNT;
                if (which != left_out)
                    p += snprintf(p, 16, "%s\"f%u\":%u", p[-1] == '{' ? "" : ",", which, which);
            }
            strcpy(p, "}");
            check_json(&(expected){text, left_out % 3 == 0 && left_out != COUNT ? "missing_field" : "ok", 0, NULL});
        }
    char *p = text; /* twice, beyond the first word */
    p += sprintf(p, "{\"f100\":1,\"f149\":1,");
    sprintf(p, "\"f149\":2}");
    check_json(&(expected){text, "duplicate_field", (size_t)(p - text), "$.f149"});
    done();
}

static void test_empty_record(void)
{
    start();
    CHECK(qr_plan_begin_record(plan, node(QR_KIND_RECORD), QR_UNKNOWN_ERROR));
    seal();
    BOTH({"{}", "ok", 0, NULL}, {"{\"a\":1}", "unknown_field", 1, "$.a"});
    done();
}

/* ---------------------------------------------------------------- choices */

static void test_choices(void)
{
    start();
    uint32_t choice = node(QR_KIND_CHOICE);
    CHECK(qr_plan_begin_choices(plan, choice, 0));
    CHECK(qr_plan_add_choice_text(plan, choice, "red", 3) && qr_plan_add_choice_text(plan, choice, "", 0) && qr_plan_add_choice_int(plan, choice, -7, 0) && qr_plan_add_choice_int(plan, choice, 1, 1));
    seal();
    BOTH({"\"red\"", "ok", 0, NULL}, {"\"\\u0072ed\"", "ok", 0, NULL}, {"\"\"", "ok", 0, NULL}, {"-7", "ok", 0, NULL}, {"true", "ok", 0, NULL}, {"\"blue\"", "invalid_choice", 0, NULL}, {"\"re\"", "invalid_choice", 0, NULL},
         {"1", "invalid_choice", 0, NULL}, {"false", "invalid_choice", 0, NULL}, {"null", "invalid_choice", 0, NULL}, {"-7.0", "invalid_choice", 0, NULL}, {"[]", "invalid_choice", 0, NULL},
         {"18446744073709551609", "invalid_choice", 0, NULL});
    JSON({"\"red\xff\"", "invalid_utf8", 4, NULL});
    done();
    start();
    choice = node(QR_KIND_CHOICE);
    CHECK(qr_plan_begin_choices(plan, choice, 1) && qr_plan_add_choice_text(plan, choice, "red", 3)); /* open: the sink is asked */
    seal();
    BOTH({"\"red\"", "ok", 0, NULL}, {"\"blue\"", "ok", 0, NULL}, {"5", "ok", 0, NULL}, {"true", "invalid_choice", 0, NULL}, {"1.5", "invalid_choice", 0, NULL});
    JSON({"\"blu\xff\"", "invalid_utf8", 4, NULL});
    done();
}

/* ---------------------------------------------------------------- unions */

static void test_union_of_scalars(void)
{
    start();
    uint32_t either = node(QR_KIND_UNION), number = node(QR_KIND_INT), date = node(QR_KIND_DATE), uuid = node(QR_KIND_UUID), str = node(QR_KIND_STR), list = array_of(number), map = node(QR_KIND_MAP);
    uint32_t colors = node(QR_KIND_CHOICE), texts[] = {colors, date, uuid, str};
    items(map, str, number, 2);
    CHECK(qr_plan_begin_choices(plan, colors, 0) && qr_plan_add_choice_text(plan, colors, "red", 3));
    bounds(str)->max_length = 4;
    nullable(either);
    qr_union *u = qr_plan_begin_union(plan, either);
    u->int_ = number, u->array = list, u->map = map;
    CHECK(qr_plan_set_union_text(plan, either, texts, 4));
    seal();
    BOTH({"1", "ok", 0, NULL}, {"null", "ok", 0, NULL}, {"\"red\"", "ok", 0, NULL}, {"\"2024-01-01\"", "ok", 0, NULL}, {"\"12345678-1234-5678-1234-567812345678\"", "ok", 0, NULL}, {"\"abcd\"", "ok", 0, NULL},
         {"\"abcde\"", "too_long", 0, NULL}, {"\"2024-01-32\"", "too_long", 0, NULL}, {"[1,2]", "ok", 0, NULL}, {"{\"a\":1}", "ok", 0, NULL}, {"true", "type_mismatch", 0, NULL}, {"1.5", "type_mismatch", 0, NULL},
         {" [1,\"x\"]", "type_mismatch", 4, "$[1]"}, {" {\"a\":\"x\"}", "type_mismatch", 6, "$.a"});
    JSON({"\"\xff\"", "invalid_utf8", 1, NULL}, {"[1,", "truncated", 3, "$[1]"}, {"tru", "truncated", 0, NULL}, {"", "empty", 0, NULL});
    CHECK_MSGPACK("\xc4\x01\x01", "type_mismatch");
    CHECK_MSGPACK("\xd6\xff\0\0\0\0", "type_mismatch");
    done();
    start();
    either = node(QR_KIND_UNION);
    uint32_t real = node(QR_KIND_FLOAT), ints = node(QR_KIND_CHOICE), bytes = node(QR_KIND_BYTES), time = node(QR_KIND_DATETIME);
    str = node(QR_KIND_STR);
    uint32_t order[] = {time, bytes, str};
    CHECK(qr_plan_begin_choices(plan, ints, 0) && qr_plan_add_choice_int(plan, ints, 7, 0) && qr_plan_add_choice_int(plan, ints, 1, 1));
    u = qr_plan_begin_union(plan, either);
    u->float_ = real, u->bytes = bytes;
    CHECK(qr_plan_set_union_ints(plan, either, &ints, 1) && qr_plan_set_union_text(plan, either, order, 3));
    seal();
    BOTH({"7", "ok", 0, NULL}, {"8", "ok", 0, NULL}, {"true", "ok", 0, NULL}, {"false", "type_mismatch", 0, NULL}, {"1.5", "ok", 0, NULL}, {"null", "type_mismatch", 0, NULL}, {"9007199254740993", "inexact", 0, NULL},
         {"\"AAEC\"", "ok", 0, NULL}, {"\"AA!C\"", "ok", 0, NULL}, {"\"2024-01-01T00:00:00Z\"", "ok", 0, NULL}, {"\"\\u0041A!C\"", "ok", 0, NULL}, {"[]", "type_mismatch", 0, NULL}, {"{}", "type_mismatch", 0, NULL});
    CHECK_MSGPACK("\xc4\x01\x01", "ok");
    CHECK_MSGPACK("\xd6\xff\0\0\0\0", "ok");
    CHECK_MSGPACK("\xd6\x01\0\0\0\0", "type_mismatch");
    done();
}

/* What is read for an adapter is checked; what is made of it is the receiver's affair. */
static void test_adapters(void)
{
    start();
    uint32_t record = node(QR_KIND_RECORD), outer = node(QR_KIND_ADAPTER), inner = node(QR_KIND_ADAPTER), number = node(QR_KIND_INT), dict = node(QR_KIND_MAP), list = array_of(outer);
    uint32_t either = node(QR_KIND_UNION), point = node(QR_KIND_ADAPTER), pair = node(QR_KIND_RECORD), text = node(QR_KIND_ADAPTER), date = node(QR_KIND_DATE), str = node(QR_KIND_STR), flag = node(QR_KIND_ADAPTER), truth = node(QR_KIND_BOOL);
    uint32_t texts[] = {text, str};
    CHECK(qr_plan_set_items(plan, outer, &inner, 1) && qr_plan_set_items(plan, inner, &number, 1) && qr_plan_set_items(plan, point, &pair, 1) && qr_plan_set_items(plan, text, &date, 1) && qr_plan_set_items(plan, flag, &truth, 1));
    items(dict, outer, flag, 2);
    nullable(outer);
    bounds(number)->has_least = 1;
    CHECK(qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP));
    field(record, "a", outer, 0);
    field(record, "l", list, 0);
    field(record, "d", dict, 0);
    field(record, "u", either, 0);
    CHECK(qr_plan_begin_record(plan, pair, QR_UNKNOWN_SKIP));
    field(pair, "x", outer, QR_FIELD_REQUIRED);
    qr_union *u = qr_plan_begin_union(plan, either);
    u->map = point, u->bool_ = flag;
    CHECK(qr_plan_set_union_text(plan, either, texts, 2));
    seal();
    BOTH({"{\"a\":5}", "ok", 0, NULL}, {"{\"a\":null}", "ok", 0, NULL}, {"{\"a\":-5}", "too_small", 5, "$.a"}, {"{\"a\":\"x\"}", "type_mismatch", 5, "$.a"}, {"{\"l\":[1,null,[]]}", "type_mismatch", 13, "$.l[2]"},
         {"{\"u\":{\"x\":1}}", "ok", 0, NULL}, {"{\"u\":{\"x\":true}}", "type_mismatch", 10, "$.u.x"}, {"{\"u\":true}", "ok", 0, NULL}, {"{\"u\":\"2024-01-01\"}", "ok", 0, NULL}, {"{\"u\":\"text\"}", "ok", 0, NULL},
         {"{\"u\":1}", "type_mismatch", 5, "$.u"});
    JSON({"{\"d\":{\"1\":true,\"2\":false}}", "ok", 0, NULL}, {"{\"d\":{\"x\":true}}", "type_mismatch", 6, "$.d.x"}, {"{\"d\":{\"1\":1}}", "type_mismatch", 10, "$.d.1"}, {"{\"a\":", "truncated", 5, "$.a"});
    done();
}

/* Shape = Circle(tag "circle", r: float) | Square(tag 4, side: int), the tag in "kind" */
static uint32_t start_shapes(void)
{
    start();
    uint32_t shape = node(QR_KIND_UNION), circle = node(QR_KIND_RECORD), square = node(QR_KIND_RECORD), real = node(QR_KIND_FLOAT), number = node(QR_KIND_INT);
    CHECK(qr_plan_begin_record(plan, circle, QR_UNKNOWN_ERROR));
    field(circle, "r", real, QR_FIELD_REQUIRED);
    CHECK(qr_plan_set_tag(plan, circle, "kind", 4, "circle", 6, 0));
    CHECK(qr_plan_begin_record(plan, square, QR_UNKNOWN_ERROR));
    field(square, "side", number, QR_FIELD_REQUIRED);
    field(square, "inner", shape, 0);
    CHECK(qr_plan_set_tag(plan, square, "kind", 4, NULL, 0, 4));
    CHECK(qr_plan_begin_union(plan, shape) != NULL);
    CHECK(qr_plan_set_union_tag(plan, shape, "kind", 4) && qr_plan_add_union_tag(plan, shape, "circle", 6, 0, circle) && qr_plan_add_union_tag(plan, shape, NULL, 0, 4, square));
    return shape;
}

static void test_tagged_union(void)
{
    start_shapes();
    seal();
    BOTH({"{\"kind\":\"circle\",\"r\":1.5}", "ok", 0, NULL}, {"{\"r\":1,\"kind\":\"circle\"}", "ok", 0, NULL}, {"{\"kind\":4,\"side\":2}", "ok", 0, NULL}, {"{\"side\":2,\"inner\":{\"r\":1,\"kind\":\"circle\"},\"kind\":4}", "ok", 0, NULL},
         {"{\"k\\u0069nd\":\"c\\u0069rcle\",\"r\":1.5}", "ok", 0, NULL}, {" {\"r\":1}", "missing_tag", 1, NULL}, {" {}", "missing_tag", 1, NULL}, {"{\"kind\":\"cube\",\"r\":1}", "invalid_tag", 8, NULL},
         {"{\"r\":1,\"kind\":5}", "invalid_tag", 14, NULL}, {"{\"kind\":null}", "invalid_tag", 8, NULL}, {"{\"kind\":[1]}", "invalid_tag", 8, NULL}, {"{\"kind\":\"4\"}", "invalid_tag", 8, NULL},
         {"{\"kind\":\"circle\",\"side\":1}", "unknown_field", 17, "$.side"}, {"{\"kind\":4,\"r\":1}", "unknown_field", 10, "$.r"}, {"{\"kind\":4}", "missing_field", 0, NULL},
         {"{\"kind\":\"circle\",\"r\":1,\"kind\":4}", "invalid_tag", 30, "$.kind"}, {"{\"side\":1,\"kind\":4,\"inner\":{\"kind\":\"circle\",\"r\":\"x\"}}", "type_mismatch", 48, "$.inner.r"},
         {"[]", "type_mismatch", 0, NULL}, {"1", "type_mismatch", 0, NULL});
    JSON({"{\"r\":1,\"kind\":", "truncated", 14, NULL}, {"{\"r\":tru,\"kind\":4}", "invalid_literal", 5, NULL}, {"{\"r\":1,\"kind\":\"\xff\"}", "invalid_utf8", 15, NULL}, {"{1:1}", "expected_key", 1, NULL});
    done();
    start(); /* a tagged record by itself: its tag may be missing, but not be another's */
    uint32_t circle = node(QR_KIND_RECORD);
    CHECK(qr_plan_begin_record(plan, circle, QR_UNKNOWN_ERROR) && qr_plan_set_tag(plan, circle, "kind", 4, "circle", 6, 0));
    seal();
    BOTH({"{}", "ok", 0, NULL}, {"{\"kind\":\"circle\"}", "ok", 0, NULL}, {"{\"kind\":\"square\"}", "invalid_tag", 8, "$.kind"}, {"{\"kind\":1}", "invalid_tag", 8, "$.kind"});
    JSON({"{\"kind\":\"\xff\"}", "invalid_utf8", 9, "$.kind"});
    done();
}

static void test_union_by_keys(void)
{
    start();
    uint32_t either = node(QR_KIND_UNION), both = node(QR_KIND_RECORD), one = node(QR_KIND_RECORD), number = node(QR_KIND_INT), dict = node(QR_KIND_MAP);
    items(dict, node(QR_KIND_STR), number, 2);
    CHECK(qr_plan_begin_record(plan, both, QR_UNKNOWN_SKIP));
    field(both, "a", number, QR_FIELD_REQUIRED);
    field(both, "b", number, QR_FIELD_REQUIRED);
    CHECK(qr_plan_begin_record(plan, one, QR_UNKNOWN_SKIP));
    field(one, "a", number, QR_FIELD_REQUIRED);
    field(one, "text", node(QR_KIND_STR), 0);
    qr_union *u = qr_plan_begin_union(plan, either);
    CHECK(qr_plan_add_union_key_arm(plan, either, both) && qr_plan_add_union_key_arm(plan, either, one));
    seal();
    BOTH({"{\"a\":1,\"b\":2}", "ok", 0, NULL}, {"{\"b\":1,\"x\":[{}],\"a\":2}", "ok", 0, NULL}, {"{\"a\":1}", "ok", 0, NULL}, {"{\"a\":1,\"text\":\"x\"}", "ok", 0, NULL}, {" {\"b\":1}", "no_match", 1, NULL}, {" {}", "no_match", 1, NULL},
         {"{\"a\":1,\"b\":\"x\"}", "type_mismatch", 11, "$.b"}, {"{\"a\":1,\"text\":5}", "type_mismatch", 14, "$.text"}, {"{\"a\":1,\"a\":2}", "duplicate_field", 7, "$.a"});
    u->map_default = dict;
    seal();
    BOTH({"{\"b\":1}", "ok", 0, NULL}, {"{}", "ok", 0, NULL}, {"{\"b\":\"x\"}", "type_mismatch", 5, "$.b"});
    done();
}

/* {type: "dog", age} | {age} | {ok: true} | {ok: false}, and what has a field of the tag's name itself */
static void test_union_by_tags_and_keys(void)
{
    start();
    uint32_t either = node(QR_KIND_UNION), dog = node(QR_KIND_RECORD), stray = node(QR_KIND_RECORD), number = node(QR_KIND_INT), truth = node(QR_KIND_BOOL);
    CHECK(qr_plan_begin_record(plan, dog, QR_UNKNOWN_SKIP) && qr_plan_set_tag(plan, dog, "type", 4, "dog", 3, 0));
    field(dog, "age", number, QR_FIELD_REQUIRED);
    CHECK(qr_plan_begin_record(plan, stray, QR_UNKNOWN_SKIP));
    field(stray, "age", number, QR_FIELD_REQUIRED);
    CHECK(qr_plan_add_alias(plan, stray, 0, "years", 5));
    CHECK(qr_plan_begin_union(plan, either) && qr_plan_set_union_tag(plan, either, "type", 4) && qr_plan_add_union_tag(plan, either, "dog", 3, 0, dog) && qr_plan_add_union_key_arm(plan, either, stray));
    seal();
    BOTH({"{\"age\":1,\"type\":\"dog\"}", "ok", 0, NULL}, {"{\"age\":1}", "ok", 0, NULL}, {"{\"years\":1}", "ok", 0, NULL}, {"{\"age\":1,\"type\":\"cow\"}", "invalid_tag", 16, NULL}, {" {\"x\":1}", "no_match", 1, NULL},
         {"{\"type\":\"dog\",\"age\":1,\"type\":\"dog\"}", "duplicate_field", 22, "$.type"});
    done();
    start();
    either = node(QR_KIND_UNION), dog = node(QR_KIND_RECORD), stray = node(QR_KIND_RECORD), number = node(QR_KIND_INT), truth = node(QR_KIND_BOOL);
    CHECK(qr_plan_begin_record(plan, dog, QR_UNKNOWN_SKIP));
    field(dog, "ok", truth, QR_FIELD_REQUIRED);
    CHECK(qr_plan_begin_record(plan, stray, QR_UNKNOWN_SKIP));
    field(stray, "ok", number, QR_FIELD_REQUIRED);
    CHECK(qr_plan_begin_union(plan, either) && qr_plan_set_union_tag(plan, either, "ok", 2) && qr_plan_add_union_tag_bool(plan, either, 1, dog) && qr_plan_add_union_tag_bool(plan, either, 0, dog) && qr_plan_add_union_key_arm(plan, either, stray));
    seal();
    BOTH({"{\"ok\":true}", "ok", 0, NULL}, {"{\"ok\":false}", "ok", 0, NULL}, {"{\"ok\":1}", "ok", 0, NULL}, {"{\"ok\":\"x\"}", "type_mismatch", 6, "$.ok"}, {" {}", "no_match", 1, NULL});
    done();
}

/* More arms than there is room for in the frame; each requires a name of its own. */
static void test_union_of_many(void)
{
    enum { MANY = 100 };
    start();
    uint32_t either = node(QR_KIND_UNION), number = node(QR_KIND_INT), arms[MANY];
    char name[16], text[64];
    for (int i = 0; i < MANY; i++) {
        arms[i] = node(QR_KIND_RECORD);
        CHECK(qr_plan_begin_record(plan, arms[i], QR_UNKNOWN_ERROR));
        snprintf(name, sizeof name, "name%d", i);
        field(arms[i], name, number, QR_FIELD_REQUIRED);
        field(arms[i], "both", number, QR_FIELD_REQUIRED);
    }
    CHECK(qr_plan_begin_union(plan, either) != NULL);
    for (int i = 0; i < MANY; i++)
        CHECK(qr_plan_add_union_key_arm(plan, either, arms[i]));
    seal();
    for (int i = 0; i <= MANY; i++) {
        snprintf(text, sizeof text, "{\"both\":1,\"name%d\":2}", i);
        BOTH({text, i < MANY ? "ok" : "no_match", 0, NULL});
    }
    done();
}

/* [int ...] | [str ...] | [int, str, "a" or "b"] */
static void test_union_of_arrays(void)
{
    start();
    uint32_t either = node(QR_KIND_UNION), number = node(QR_KIND_INT), str = node(QR_KIND_STR), letter = node(QR_KIND_CHOICE), ints = array_of(number), strs = array_of(str), three = node(QR_KIND_TUPLE);
    uint32_t of_three[] = {number, str, letter};
    CHECK(qr_plan_begin_choices(plan, letter, 0) && qr_plan_add_choice_text(plan, letter, "a", 1) && qr_plan_add_choice_text(plan, letter, "b", 1));
    CHECK(qr_plan_set_items(plan, three, of_three, 3) && qr_plan_begin_union(plan, either));
    CHECK(qr_plan_add_union_array(plan, either, three, 3, 3, 0) && qr_plan_add_union_slot(plan, either, QR_UNION_INT, QR_PLAN_NONE) && qr_plan_add_union_slot(plan, either, QR_UNION_STR, QR_PLAN_NONE) &&
          qr_plan_add_union_slot(plan, either, QR_UNION_STR, letter));
    CHECK(qr_plan_add_union_array(plan, either, ints, 0, SIZE_MAX, QR_UNION_INT) && qr_plan_add_union_array(plan, either, strs, 0, SIZE_MAX, QR_UNION_STR));
    seal();
    BOTH({"[]", "ok", 0, NULL}, {"[1,2,3,4]", "ok", 0, NULL}, {"[\"x\"]", "ok", 0, NULL}, {"[1,\"x\",\"b\"]", "ok", 0, NULL}, {"[1,\"x\",\"c\"]", "invalid_choice", 7, "$[2]"}, {"[1]", "ok", 0, NULL}, {" [null]", "no_match", 1, NULL},
         {" [[1]]", "no_match", 1, NULL}, {"[\"x\",1]", "type_mismatch", 5, "$[1]"}, {"[1,\"x\"]", "wrong_length", 0, NULL}, {"{}", "type_mismatch", 0, NULL});
    JSON({"[1,", "truncated", 3, NULL}, {"[1,]", "trailing_comma", 3, NULL}, {"[\"\xff\"]", "invalid_utf8", 2, NULL});
    done();
}

/* ---------------------------------------------------------------- limits */

static void test_depth(void)
{
    qr_limits limits = QR_LIMITS_DEFAULT;
    limits.depth = 3;
    limits_of_test = &limits;
    start_people(QR_UNKNOWN_SKIP, 0);
    BOTH({"[{\"id\":1,\"name\":\"a\",\"tags\":[\"x\"]}]", "ok", 0, NULL}, {"[{\"id\":1,\"name\":\"a\",\"boss\":{\"id\":1}}]", "ok", 0, NULL}, {"[{\"id\":1,\"x\":[[]]}]", "depth_limit", 15, "$[0].x"},
         {"[{\"id\":1,\"name\":\"a\",\"boss\":{\"id\":1,\"x\":[]}}]", "depth_limit", 40, "$[0].boss.x"});
    done();
    limits_of_test = NULL;
    enum { DEEP = 100000 };
    char *text = malloc(DEEP * 6 + 2), *p = text;
    for (int i = 0; i < DEEP; i++, p += 5)
        memcpy(p, "{\"n\":", 5);
    strcpy(p, "1");
    start(); /* a record that holds itself */
    uint32_t record = nullable(node(QR_KIND_RECORD));
    CHECK(qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP));
    field(record, "n", record, 0);
    seal();
    document d;
    document_open(&d, text, (size_t)(p - text) + 1, NULL, 0);
    CHECK(!qr_json_check(&d.reader, plan));
    CHECK_ERROR(&d, "depth_limit", 5 * QR_DEPTH_DEFAULT + 1);
    CHECK_EQ(qr_path_kept(&d.path), QR_PATH_STEPS);
    CHECK_EQ(d.path.lost + QR_PATH_STEPS, d.path.count);
    CHECK_EQ(d.path.count, QR_DEPTH_DEFAULT);
    document_close(&d);
    done();
    free(text);
}

/* Whatever the limit, a document ends before the stack does; and where it is deep twice, also the second time. */
static void run_small_stack(void)
{
    enum { DEEP = 100000 };
    static const struct { const char *open; int typed; } cases[] = {{"{\"n\":", 1}, {"{\"x\":", 1}, {"[", 0}, {"[[[{\"n\":", 0}, {"{\"n\":", 0}};
    qr_limits limits = QR_LIMITS_DEFAULT;
    limits.depth = QR_DEPTH_MAX;
    start();
    uint32_t record = nullable(node(QR_KIND_RECORD));
    CHECK(qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP));
    field(record, "n", record, 0);
    seal();
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        size_t n = strlen(cases[i].open);
        char *text = malloc(DEEP * n + 1);
        for (size_t at = 0; at < DEEP; at++)
            memcpy(text + at * n, cases[i].open, n);
        document d;
        document_open(&d, text, DEEP * n, &limits, 0);
        CHECK(!qr_json_check(&d.reader, cases[i].typed ? plan : NULL));
        CHECK_STR_EQ(qr_error_code(d.reader.error), "depth_limit");
        document_close(&d);
        free(text);
    }
    done();
}
static void test_small_stack(void) { document_run_on(STACK_SMALL, run_small_stack); }

static void test_limits(void)
{
    qr_limits limits = {.items = 2, .str_bytes = 4, .int_digits = 20};
    limits_of_test = &limits;
    start();
    array_of(1);
    node(QR_KIND_INT);
    seal();
    BOTH({"[1,2]", "ok", 0, NULL}, {"[1,2,3]", "item_limit", 5, NULL}, {"[1,2,\"x\"]", "item_limit", 5, NULL});
    JSON({"[12345678901234567890]", "ok", 0, NULL}, {"[123456789012345678901]", "digit_limit", 1, "$[0]"}, {"[123456789012345678901 5]", "digit_limit", 1, "$[0]"});
    done();
    start();
    items(node(QR_KIND_MAP), 1, 1, 2);
    node(QR_KIND_STR);
    seal();
    BOTH({"{\"a\":\"b\",\"c\":\"d\"}", "ok", 0, NULL}, {"{\"a\":\"b\",\"c\":\"d\",\"e\":\"f\"}", "item_limit", 17, NULL}, {"{\"a\":\"12345\"}", "str_limit", 5, "$.a"}, {"{\"abcde\":\"1\"}", "str_limit", 1, NULL});
    done();
    start_kind(QR_KIND_STR);
    BOTH({"\"1234\"", "ok", 0, NULL}, {"\"12345\"", "str_limit", 0, NULL});
    CHECK_MSGPACK("\xd9\x05\xa4" "abcd", "str_limit"); /* whose text is a document in itself */
    CHECK_MSGPACK("\xa5\xa4" "abcd", "str_limit");
    JSON({"\"12345\"\"a\"", "str_limit", 0, NULL});
    done();
    start_kind(QR_KIND_INT);
    JSON({"123456789012345678901", "digit_limit", 0, NULL}, {"123456789012345678901 5", "digit_limit", 0, NULL});
    done();
    start_people(QR_UNKNOWN_SKIP, 0);
    BOTH({"[{\"id\":1,\"name\":\"a\",\"tags\":[\"a\",\"b\"],\"boss\":null}]", "ok", 0, NULL}, {"[{\"x\":1,\"y\":2,\"id\":1,\"name\":\"a\"}]", "ok", 0, NULL}, {"[{\"x\":1,\"y\":2,\"z\":3,\"id\":1}]", "item_limit", 14, "$[0]"},
         {"[{\"id\":1,\"x\":[1,2,3]}]", "item_limit", 18, "$[0].x"}, {"[{\"id\":1,\"x\":{\"a\":1,\"b\":2,\"c\":3}}]", "item_limit", 26, "$[0].x"});
    done();
    start_people(QR_UNKNOWN_SKIP, 1);
    limits.items = 1;
    BOTH({"[[1,\"a\",[\"x\"],null,5]]", "ok", 0, NULL}, {"[[1,\"a\",[\"x\"],null,5,6]]", "item_limit", 21, "$[0]"});
    done();
    limits_of_test = NULL;
}

/* Unions nested in each other, the tag last at every level: each level is read again, which must not go on for ever. */
static void test_work_limit(void)
{
    enum { LEVELS = 900, FILL = 200000 };
    static const char *const codes[] = {"ok", "work_limit"};
    for (int by_keys = 0; by_keys < 2; by_keys++)
        for (int levels = 10; levels <= LEVELS; levels += LEVELS - 10) {
            start();
            uint32_t either = node(QR_KIND_UNION), record = node(QR_KIND_RECORD), str = node(QR_KIND_STR);
            uint32_t texts[] = {str};
            CHECK(qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP));
            field(record, "v", either, 0);
            field(record, "z", str, by_keys ? QR_FIELD_REQUIRED : 0);
            CHECK(qr_plan_begin_union(plan, either) != NULL && qr_plan_set_union_text(plan, either, texts, 1));
            if (by_keys)
                CHECK(qr_plan_add_union_key_arm(plan, either, record));
            else {
                CHECK(qr_plan_set_tag(plan, record, "t", 1, "a", 1, 0));
                CHECK(qr_plan_set_union_tag(plan, either, "t", 1) && qr_plan_add_union_tag(plan, either, "a", 1, 0, record));
            }
            seal();
            char *text = malloc((size_t)levels * 16 + FILL + 16), *p = text;
            for (int i = 0; i < levels; i++)
                p += sprintf(p, "{\"v\":");
            *p++ = '"';
            memset(p, 'x', FILL);
            p += FILL;
            *p++ = '"';
            for (int i = 0; i < levels; i++)
                p += sprintf(p, by_keys ? ",\"z\":\"\"}" : ",\"t\":\"a\"}");
            document d;
            document_open(&d, text, (size_t)(p - text), NULL, 0);
            qr_json_check(&d.reader, plan);
            CHECK_STR_EQ(qr_error_code(d.reader.error), codes[levels > 10]);
            CHECK(d.reader.work <= (size_t)(QR_WORK_FACTOR + 2) * (size_t)(p - text) + QR_WORK_FREE);
            document_close(&d);
            free(text);
            done();
        }
}

/* ---------------------------------------------------------------- lax reading */

static void test_lax(void)
{
    options_of_test = QR_READ_LAX;
    start_kind(QR_KIND_INT);
    BOTH({"\"12\"", "ok", 0, NULL}, {"\"-12\"", "ok", 0, NULL}, {"2.0", "ok", 0, NULL}, {"\"2.0\"", "ok", 0, NULL}, {"2.5", "type_mismatch", 0, NULL}, {"\"a\"", "type_mismatch", 0, NULL}, {"\"\"", "type_mismatch", 0, NULL},
         {"1e300", "type_mismatch", 0, NULL}, {"true", "type_mismatch", 0, NULL}, {"null", "type_mismatch", 0, NULL}, {"\"123456789012345678901234567890\"", "ok", 0, NULL});
    done();
    start_kind(QR_KIND_FLOAT);
    BOTH({"\"1.5\"", "ok", 0, NULL}, {"\"12\"", "ok", 0, NULL}, {"\"nan\"", "type_mismatch", 0, NULL}, {"\"1.5 \"", "type_mismatch", 0, NULL});
    done();
    start_kind(QR_KIND_BOOL);
    BOTH({"\"true\"", "ok", 0, NULL}, {"\"false\"", "ok", 0, NULL}, {"\"yes\"", "type_mismatch", 0, NULL}, {"1", "type_mismatch", 0, NULL});
    done();
    start_kind(QR_KIND_NONE);
    BOTH({"\"null\"", "ok", 0, NULL}, {"\"None\"", "type_mismatch", 0, NULL});
    done();
    start();
    qr_plan_bounds *b = bounds(node(QR_KIND_INT));
    b->has_most = 1, b->most_int = 5;
    seal();
    BOTH({"\"5\"", "ok", 0, NULL}, {"\"6\"", "too_large", 0, NULL}, {"6.0", "too_large", 0, NULL}, {"\"60000000000000000000000\"", "too_large", 0, NULL});
    done();
    start();
    uint32_t choice = node(QR_KIND_CHOICE);
    CHECK(qr_plan_begin_choices(plan, choice, 0) && qr_plan_add_choice_int(plan, choice, 7, 0) && qr_plan_add_choice_text(plan, choice, "8", 1));
    seal();
    BOTH({"7", "ok", 0, NULL}, {"\"7\"", "ok", 0, NULL}, {"\"8\"", "ok", 0, NULL}, {"8", "invalid_choice", 0, NULL}, {"\"9\"", "invalid_choice", 0, NULL}, {"\"x\"", "type_mismatch", 0, NULL});
    done();
    options_of_test = 0;
}

/* ---------------------------------------------------------------- broken documents of a type */

static const char people[] = "[{\"id\":1,\"name\":\"plain text longer than a block\",\"tags\":[\"a\",\"\\u00e9\\ud83d\\ude00\"],\"boss\":{\"id\":2}},"
                             "{\"extra\":[1,{\"a\":null}],\"label\":\"\xc3\xa9\xe2\x82\xac\",\"id\":-12345678901,\"boss\":null}]";

static void test_truncated_everywhere(void)
{
    uint8_t packed[512];
    size_t n = pack(people, packed, sizeof packed), length = strlen(people);
    for (int msgpack = 0; msgpack < 2; msgpack++) {
        start_people(QR_UNKNOWN_SKIP, 0);
        for (size_t cut = 0; cut <= (msgpack ? n : length); cut++) {
            document d;
            document_open(&d, msgpack ? (const void *)packed : people, cut, NULL, 0);
            int right = msgpack ? qr_msgpack_check(&d.reader, plan) : qr_json_check(&d.reader, plan);
            CHECK_EQ(right, cut == (msgpack ? n : length));
            if (!right && !CHECK_EQ(qr_error_class_of(d.reader.error), QR_CLASS_TRUNCATED))
                printf("    %s after %zu bytes\n", qr_error_code(d.reader.error), cut);
            document_close(&d);
        }
        done();
    }
}

/* What is right by a plan is right without one; what is no document of the format stays none. */
static void test_changed_everywhere(void)
{
    uint8_t packed[512], copy[512];
    size_t sizes[2] = {strlen(people), pack(people, packed, sizeof packed)};
    start_people(QR_UNKNOWN_SKIP, 0);
    for (int msgpack = 0; msgpack < 2; msgpack++)
        for (size_t at = 0; at < sizes[msgpack]; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                document d, any;
                memcpy(copy, msgpack ? (const void *)packed : people, sizes[msgpack]);
                copy[at] = (uint8_t)byte;
                document_open(&d, copy, sizes[msgpack], NULL, 0);
                document_open(&any, copy, sizes[msgpack], NULL, 0);
                int typed = msgpack ? qr_msgpack_check(&d.reader, plan) : qr_json_check(&d.reader, plan);
                int untyped = msgpack ? qr_msgpack_check(&any.reader, NULL) : qr_json_check(&any.reader, NULL);
                REQUIRE(typed ? untyped : d.reader.error != QR_ERROR_NONE && d.reader.error_at <= d.reader.end);
                REQUIRE(qr_error_class_of(d.reader.error) != QR_CLASS_MALFORMED || !untyped);
                document_close(&d);
                document_close(&any);
            }
    done();
}

/* The scratch is the only thing that is allocated. */
static void test_failing(void)
{
    static const char *const texts[] = {"[{\"\\u0069d\":1,\"na\\u006de\":\"a\",\"un\\u006bnown and quite a bit longer\":1}]", "[]"};
    start_people(QR_UNKNOWN_SKIP, 0);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(texts); i++)
        FOR_EACH_FAILURE(memory) {
            document d;
            document_open(&d, texts[i], strlen(texts[i]), NULL, 0);
            d.reader.memory = &memory.hook;
            int right = qr_json_check(&d.reader, plan);
            CHECK_EQ(right, !memory.failed);
            CHECK_EQ(d.reader.error, memory.failed ? QR_ERROR_MEMORY : QR_ERROR_NONE);
            document_close(&d);
        }
    done();
    start_kind(QR_KIND_BYTES);
    FOR_EACH_FAILURE(memory) {
        document d;
        document_open(&d, "\"AAECAAEC\"", 10, NULL, 0);
        d.reader.memory = &memory.hook;
        int right = qr_json_check(&d.reader, plan);
        CHECK_EQ(right, !memory.failed);
        document_close(&d);
    }
    done();
}

static void test_reader_with_error(void)
{
    document d;
    qr_limits limits = {.bytes = 1};
    document_open(&d, "[]", 2, &limits, 0);
    CHECK(!qr_json_check(&d.reader, NULL) && !qr_msgpack_check(&d.reader, NULL));
    CHECK_ERROR(&d, "byte_limit", 0);
    document_close(&d);
}

TEST_MAIN(TEST(test_scalars), TEST(test_number_limits), TEST(test_text_scalars), TEST(test_bounds), TEST(test_arrays_and_maps), TEST(test_map_keys), TEST(test_tuples),
          TEST(test_records), TEST(test_missing_fields_of_error), TEST(test_record_arrays), TEST(test_many_fields), TEST(test_empty_record), TEST(test_choices),
          TEST(test_union_of_scalars), TEST(test_adapters), TEST(test_tagged_union), TEST(test_union_by_keys), TEST(test_union_by_tags_and_keys), TEST(test_union_of_many), TEST(test_union_of_arrays),
          TEST(test_depth), TEST(test_small_stack), TEST(test_limits), TEST(test_work_limit), TEST(test_lax),
          TEST(test_truncated_everywhere), TEST(test_changed_everywhere), TEST(test_failing), TEST(test_reader_with_error),
          TEST(test_ignored_kept_and_gaps))
