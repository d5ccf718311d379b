/* SPDX-License-Identifier: Apache-2.0 */
/* Scanners: the documents of a stream are the same however it is cut, and end where the format says. */
#include "core/format/check.h"
#include "core/format/json.h"
#include "core/format/msgpack.h"
#include "core/format/pickle_scan.h"
#include "core/format/scan.h"
#include "tests/c/document.h"

typedef qr_scan_result scan_function(qr_scan *self, const uint8_t *data, size_t length, size_t *taken);
typedef qr_scan_result end_function(const qr_scan *self);

/* What a stream is, as text: a document in <>, space left out, and how it ends: nothing, "?" unfinished, "!" ended by the end. */
typedef struct outcome {
    char text[4096];
    size_t length;
    int inside;
} outcome;

static void put(outcome *o, const void *bytes, size_t n)
{
    if (o->length + n < sizeof o->text) {
        memcpy(o->text + o->length, bytes, n);
        o->length += n;
    }
}

static void put_part(outcome *o, qr_scan_result result, const uint8_t *data, size_t n)
{
    if (result == QR_SCAN_SPACE)
        return;
    if (!o->inside)
        put(o, "<", 1);
    put(o, data, n);
    o->inside = result != QR_SCAN_DONE;
    if (!o->inside)
        put(o, ">", 1);
    if (result == QR_SCAN_DEPTH)
        put(o, "^", 1);
}

/* Each piece in a block of exactly its length. 0: the scanner gave up. */
static int feed(qr_scan *scan, scan_function *f, outcome *o, const uint8_t *data, size_t length)
{
    uint8_t *block = malloc(length ? length : 1), *p = block;
    memcpy(block, data, length);
    qr_scan_result result = QR_SCAN_MORE;
    while (length) {
        size_t taken;
        result = f(scan, p, length, &taken);
        CHECK((taken > 0 || result == QR_SCAN_DONE) && taken <= length && (result != QR_SCAN_MORE || taken == length));
        CHECK(qr_scan_is_between(scan) == (result == QR_SCAN_SPACE || result == QR_SCAN_DONE));
        put_part(o, result, p, taken);
        p += taken;
        length -= taken;
        if (result >= QR_SCAN_DEPTH)
            break;
    }
    free(block);
    return result < QR_SCAN_DEPTH;
}

static void finish(qr_scan *scan, end_function *end, outcome *o)
{
    qr_scan_result result = end(scan);
    put(o, result == QR_SCAN_MORE ? "?" : "!", result == QR_SCAN_SPACE ? 0 : 1);
    qr_scan_release(scan);
}

/* The stream in pieces of `size` bytes, the first one `first` bytes long. */
static void run(outcome *o, scan_function *f, end_function *end, const void *data, size_t length, size_t first, size_t size, uint32_t depth)
{
    qr_scan scan;
    const uint8_t *p = data;
    *o = (outcome){.length = 0};
    qr_scan_init(&scan, depth, &qr_memory_default);
    for (size_t at = 0, n = first; at < length; at += n, n = size) {
        n = n < length - at ? n : length - at;
        if (!feed(&scan, f, o, p + at, n)) {
            qr_scan_release(&scan);
            return;
        }
    }
    finish(&scan, end, o);
}

static void check_stream(scan_function *f, end_function *end, const void *data, size_t length, const void *expected, size_t expected_length)
{
    outcome o;
    run(&o, f, end, data, length, length, length, 100);
    CHECK_BYTES_EQ(o.text, o.length, expected, expected_length);
    for (size_t split = 1; split < length; split++) {
        run(&o, f, end, data, length, split, length, 100);
        CHECK_BYTES_EQ(o.text, o.length, expected, expected_length);
    }
    for (size_t size = 1; size < 8; size++) {
        run(&o, f, end, data, length, size, size, 100);
        CHECK_BYTES_EQ(o.text, o.length, expected, expected_length);
    }
}
#define CHECK_JSON(text, expected) check_stream(qr_json_scan, qr_json_scan_end, text, sizeof(text) - 1, expected, sizeof(expected) - 1)
#define CHECK_MSGPACK(text, expected) check_stream(qr_msgpack_scan, qr_msgpack_scan_end, text, sizeof(text) - 1, expected, sizeof(expected) - 1)

#define CHECK_PICKLE(text, expected) check_stream(qr_pickle_scan, qr_pickle_scan_end, text, sizeof(text) - 1, expected, sizeof(expected) - 1)

static void test_json(void)
{
    CHECK_JSON("", "");
    CHECK_JSON(" \n\t\r ", "");
    CHECK_JSON("{}", "<{}>");
    CHECK_JSON("{}[]{\"a\":[1,{}]}", "<{}><[]><{\"a\":[1,{}]}>");
    CHECK_JSON(" {\"a\": 1}\r\n\n{\"b\": 2}\n", "<{\"a\": 1}><{\"b\": 2}>");
    CHECK_JSON("\"a\"\"b\"", "<\"a\"><\"b\">");
    CHECK_JSON("\"\\\"\" \"\\\\\" \"\\u0022\" \"]}\"", "<\"\\\"\"><\"\\\\\"><\"\\u0022\"><\"]}\">");
    CHECK_JSON("[\"\\\"]\", \"}\"]", "<[\"\\\"]\", \"}\"]>");
    CHECK_JSON("\"\xc3\xa9\xf0\x9f\x98\x80\"[\"\xe2\x82\xac\"]", "<\"\xc3\xa9\xf0\x9f\x98\x80\"><[\"\xe2\x82\xac\"]>");
    CHECK_JSON("{\"a rather long key that fills blocks\": \"and text of more than sixteen bytes, \\\" too\"} 1 ",
               "<{\"a rather long key that fills blocks\": \"and text of more than sixteen bytes, \\\" too\"}><1 >");
    CHECK_JSON("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]x", "<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]><x>");
}

static void test_json_scalars(void)
{
    CHECK_JSON("1 -2.5e+3\n0", "<1 ><-2.5e+3\n><0!");
    CHECK_JSON("12[3]", "<12><[3]>");
    CHECK_JSON("12\"3\"4{}", "<12><\"3\"><4><{}>");
    CHECK_JSON("12", "<12!");
    CHECK_JSON("true", "<true>");
    CHECK_JSON("truefalsenull true", "<true><false><null><true>");
    CHECK_JSON("nul", "<nul?");
    CHECK_JSON("fals ", "<fals >");
    CHECK_JSON("tru[]", "<tru[><]>");
    CHECK_JSON("NaN Infinity -Infinity 1", "<NaN><Infinity><-Infinity ><1!");
    CHECK_JSON("1true", "<1true!");
    CHECK_JSON("-[1]", "<-[><1><]>"); /* no end of a number: the byte behind it shows that it is not cut off */
    CHECK_JSON("1./2", "<1./><2!");
    CHECK_JSON("1e+\"a\"", "<1e+\"><a><\"?");
    CHECK_JSON("-Infinity[]", "<-Infinity><[]>");
    CHECK_JSON("-Infinit[]", "<-Infinit[><]>");
    CHECK_JSON("-", "<-!");
    CHECK_JSON("-0.5[1e9]", "<-0.5><[1e9]>");
}

static void test_json_that_is_none(void)
{
    CHECK_JSON("]", "<]>");
    CHECK_JSON(", {}", "<,><{}>");
    CHECK_JSON("[}", "<[}>");
    CHECK_JSON("{]{}", "<{]><{}>");
    CHECK_JSON("\x00\x80", "<\x00><\x80>");
    CHECK_JSON("[1, 2", "<[1, 2?");
    CHECK_JSON("\"abc", "<\"abc?");
    CHECK_JSON("\"abc\\", "<\"abc\\?");
    CHECK_JSON("[\"a\nb\"]", "<[\"a\nb\"]>");
}

/* Documents with comments, in pieces of `size` bytes of which the first has `first`: what a gatherer has of each, in brackets. */
static void run_commented(outcome *o, const char *text, size_t first, size_t size)
{
    qr_scan scan;
    const uint8_t *data = (const uint8_t *)text;
    size_t length = strlen(text), start = 0, seen = 0, taken;
    *o = (outcome){.length = 0};
    qr_scan_init(&scan, 3, &qr_memory_default);
    scan.comments = 1;
    for (size_t end = first < length ? first : length;; end = length - end > size ? end + size : length) {
        while (seen < end) {
            qr_scan_result result = qr_json_scan(&scan, data + seen, end - seen, &taken);
            seen += taken;
            CHECK(taken || result == QR_SCAN_DONE);
            if (result == QR_SCAN_DONE || result == QR_SCAN_DEPTH) {
                put(o, "<", 1);
                put(o, data + start, seen - start);
                put(o, result == QR_SCAN_DONE ? ">" : "^", 1);
            }
            if (result == QR_SCAN_DEPTH) {
                qr_scan_release(&scan);
                return;
            }
            if (result != QR_SCAN_MORE)
                start = seen;
        }
        if (end == length)
            break;
    }
    if (qr_json_scan_end(&scan) != QR_SCAN_SPACE) {
        put(o, data + start, length - start);
        put(o, qr_json_scan_end(&scan) == QR_SCAN_MORE ? "?" : "!", 1);
    }
    qr_scan_release(&scan);
}

static void check_commented(const char *text, const char *expected)
{
    outcome o;
    size_t length = strlen(text);
    for (size_t split = 0; split <= length; split++) {
        run_commented(&o, text, split, length);
        CHECK_BYTES_EQ(o.text, o.length, expected, strlen(expected));
    }
    for (size_t size = 1; size < 8; size++) {
        run_commented(&o, text, size, size);
        CHECK_BYTES_EQ(o.text, o.length, expected, strlen(expected));
    }
}

static void test_json_with_comments(void)
{
    check_commented("", "");
    check_commented("// a\n/* b */ /**/ /***/ /*/*/ // c", "");
    check_commented("/* ] */ [1, // ]\n 2, /* \" */ ] // x\n{}//", "<[1, // ]\n 2, /* \" */ ]><{}>");
    check_commented("[\"//\", \"/*\", \"\\\"/*\"]\"//\\\"\" 1", "<[\"//\", \"/*\", \"\\\"/*\"]><\"//\\\"\">1!");
    check_commented("12// x\n3/**/true/**/null//\n\"a\"/**/", "<12><3><true><null><\"a\">");
    check_commented("{/*}*/\"a\":1,}[/**//**/]", "<{/*}*/\"a\":1,}><[/**//**/]>");
    check_commented("/x", "</><x>");
    check_commented("1 /", "<1 >/?");
    check_commented("[1/2]/[", "<[1/2]></>[?");
    check_commented("[1 /* x", "[1 /* x?");
    check_commented("[1 // x", "[1 // x?");
    check_commented("1 /* x *", "<1 >/* x *?");
    check_commented("/*/", "/*/?");
    check_commented("[[/*[*/[[", "<[[/*[*/[[^");
}

static void test_msgpack(void)
{
    CHECK_MSGPACK("", "");
    CHECK_MSGPACK("\x01\xff\xc0\xc2\xc3", "<\x01><\xff><\xc0><\xc2><\xc3>");
    CHECK_MSGPACK("\x80\x90\xa0", "<\x80><\x90><\xa0>");
    CHECK_MSGPACK("\x82\xa1" "a\x01\xa1" "b\x92\x01\x02\x05", "<\x82\xa1" "a\x01\xa1" "b\x92\x01\x02><\x05>");
    CHECK_MSGPACK("\xa3" "abc\xd9\x02xy\xda\x00\x01z\xdb\x00\x00\x00\x00", "<\xa3" "abc><\xd9\x02xy><\xda\x00\x01z><\xdb\x00\x00\x00\x00>");
    CHECK_MSGPACK("\xc4\x01.\xc5\x00\x02..\xc6\x00\x00\x00\x00", "<\xc4\x01.><\xc5\x00\x02..><\xc6\x00\x00\x00\x00>");
    CHECK_MSGPACK("\xc7\x02\x05..\xc8\x00\x00\x05\xc9\x00\x00\x00\x01\x05.", "<\xc7\x02\x05..><\xc8\x00\x00\x05><\xc9\x00\x00\x00\x01\x05.>");
    CHECK_MSGPACK("\xd4t.\xd5t..\xd6t....\xd7t........\xd8t................", "<\xd4t.><\xd5t..><\xd6t....><\xd7t........><\xd8t................>");
    CHECK_MSGPACK("\xca....\xcb........\xcc.\xcd..\xce....\xcf........", "<\xca....><\xcb........><\xcc.><\xcd..><\xce....><\xcf........>");
    CHECK_MSGPACK("\xd0.\xd1..\xd2....\xd3........", "<\xd0.><\xd1..><\xd2....><\xd3........>");
    CHECK_MSGPACK("\xdc\x00\x02\x01\x02\xdd\x00\x00\x00\x01\x90\xde\x00\x01\x01\x02\xdf\x00\x00\x00\x00", "<\xdc\x00\x02\x01\x02><\xdd\x00\x00\x00\x01\x90><\xde\x00\x01\x01\x02><\xdf\x00\x00\x00\x00>");
    CHECK_MSGPACK("\x91\x91\x92\x90\x80\x07", "<\x91\x91\x92\x90\x80><\x07>");
    CHECK_MSGPACK("\xdd\xff\xff\xff\xff\x01", "<\xdd\xff\xff\xff\xff\x01?");
    CHECK_MSGPACK("\xdf\xff\xff\xff\xff", "<\xdf\xff\xff\xff\xff?");
    CHECK_MSGPACK("\xc6\xff\xff\xff\xff.", "<\xc6\xff\xff\xff\xff.?");
    CHECK_MSGPACK("\xc9\xff\xff\xff\xff\x01.", "<\xc9\xff\xff\xff\xff\x01.?");
    CHECK_MSGPACK("\xda\x00", "<\xda\x00?");
    CHECK_MSGPACK("\x92\xc1\x05", "<\x92\xc1><\x05>");
}

/* Every first byte: where its value ends, a reader agrees. */
static void test_msgpack_every_first_byte(void)
{
    for (unsigned c = 0; c < 256; c++) {
        uint8_t bytes[64] = {(uint8_t)c};
        document d;
        qr_token token;
        qr_scan scan;
        size_t taken;
        if (c == 0xC1 || (c > 0x80 && c <= 0x8F) || (c > 0x90 && c <= 0x9F)) /* no value; more values than one */
            continue;
        document_open(&d, bytes, sizeof bytes, NULL, 0);
        CHECK(qr_msgpack_next(&d.reader, &token) != QR_TOKEN_ERROR);
        qr_scan_init(&scan, 10, &qr_memory_default);
        CHECK_EQ(qr_msgpack_scan(&scan, bytes, sizeof bytes, &taken), QR_SCAN_DONE);
        CHECK_EQ(taken, d.reader.p - d.reader.start);
        qr_scan_release(&scan);
        document_close(&d);
    }
}

static void test_depth(void)
{
    outcome o;
    run(&o, qr_json_scan, qr_json_scan_end, "[[]][[[1]]]", 11, 11, 11, 2);
    CHECK_BYTES_EQ(o.text, o.length, "<[[]]><[[[^", 11);
    run(&o, qr_msgpack_scan, qr_msgpack_scan_end, "\x91\x90\x91\x91\x90", 5, 5, 5, 2);
    CHECK_BYTES_EQ(o.text, o.length, "<\x91\x90><\x91\x91\x90^", 9);
    run(&o, qr_msgpack_scan, qr_msgpack_scan_end, "\x91\x91\xdc\x00\x05", 5, 1, 1, 2);
    CHECK_BYTES_EQ(o.text, o.length, "<\x91\x91\xdc\x00\x05^", 7);
}

/* A scanner that gave up, or is not wanted any more within a document, can be used again. */
static void test_clear(void)
{
    qr_scan scan;
    size_t taken;
    qr_scan_init(&scan, 2, &qr_memory_default);
    CHECK_EQ(qr_json_scan(&scan, (const uint8_t *)"[[[", 3, &taken), QR_SCAN_DEPTH);
    qr_scan_clear(&scan);
    CHECK_EQ(qr_json_scan(&scan, (const uint8_t *)"\"a", 2, &taken), QR_SCAN_MORE);
    qr_scan_clear(&scan);
    CHECK_EQ(qr_json_scan(&scan, (const uint8_t *)"[]", 2, &taken), QR_SCAN_DONE);
    CHECK_EQ(qr_msgpack_scan(&scan, (const uint8_t *)"\x91\xc5\x01", 3, &taken), QR_SCAN_MORE);
    qr_scan_clear(&scan);
    CHECK_EQ(qr_msgpack_scan(&scan, (const uint8_t *)"\x91\xa5" "ab", 4, &taken), QR_SCAN_MORE);
    qr_scan_clear(&scan);
    CHECK_EQ(qr_msgpack_scan(&scan, (const uint8_t *)"\x91\x05", 2, &taken), QR_SCAN_DONE);
    qr_scan_release(&scan);
}

static void test_memory(void)
{
    uint8_t deep[100];
    memset(deep, 0x91, sizeof deep - 1);
    deep[sizeof deep - 1] = 1;
    FOR_EACH_FAILURE(memory) {
        qr_scan scan;
        size_t taken;
        qr_scan_init(&scan, 1000, &memory.hook);
        qr_scan_result result = qr_msgpack_scan(&scan, deep, sizeof deep, &taken);
        CHECK_EQ(result, memory.failed ? QR_SCAN_MEMORY : QR_SCAN_DONE);
        CHECK(memory.failed || taken == sizeof deep);
        qr_scan_release(&scan);
    }
}

/* A long stream, cut at random: the same documents, and each of them is one for the reader. */
static void test_random_cuts(void)
{
    static const char piece[] = "{\"id\": 12, \"name\": \"a \\\"quoted\\\" \xc3\xa9 name\", \"tags\": [[], {}, \"}\"]}\n\n [1.5e3, null]\t\"\\\\\"";
    uint64_t state = 7;
    char text[20 * sizeof piece];
    size_t length = 0;
    for (int i = 0; i < 20; i++, length += sizeof piece - 1)
        memcpy(text + length, piece, sizeof piece - 1);
    outcome whole, cut;
    run(&whole, qr_json_scan, qr_json_scan_end, text, length, length, length, 10);
    for (int round = 0; round < 200; round++) {
        qr_scan scan;
        cut = (outcome){.length = 0};
        qr_scan_init(&scan, 10, &qr_memory_default);
        for (size_t at = 0, n; at < length; at += n) {
            n = 1 + qr_test_random(&state) % 40;
            n = n < length - at ? n : length - at;
            CHECK(feed(&scan, qr_json_scan, &cut, (const uint8_t *)text + at, n));
        }
        finish(&scan, qr_json_scan_end, &cut);
        CHECK_BYTES_EQ(cut.text, cut.length, whole.text, whole.length);
    }
}

/* ---------------------------------------------------------------- what is there of a document */

typedef int partial_function(const uint8_t *data, size_t length, const qr_memory *memory, qr_buffer *out);

static void check_partial(partial_function *f, const void *text, size_t length, const void *expected, size_t expected_length)
{
    uint8_t *block = malloc(length ? length : 1);
    qr_buffer out;
    memcpy(block, text, length);
    qr_buffer_init(&out, &qr_memory_default);
    CHECK_EQ(f(block, length, &qr_memory_default, &out), expected_length > 0);
    if (!CHECK_BYTES_EQ(out.base, qr_buffer_length(&out), expected, expected_length))
        qr_test_print_bytes("partial", text, length);
    CHECK_EQ(out.error, QR_ERROR_NONE);
    qr_buffer_release(&out);
    free(block);
}
#define CHECK_JSON_PARTIAL(text, expected) check_partial(qr_json_partial, text, sizeof(text) - 1, expected, sizeof(expected) - 1)
#define CHECK_MSGPACK_PARTIAL(text, expected) check_partial(qr_msgpack_partial, text, sizeof(text) - 1, expected, sizeof(expected) - 1)

static void test_json_partial(void)
{
    CHECK_JSON_PARTIAL("", "");
    CHECK_JSON_PARTIAL("  ", "");
    CHECK_JSON_PARTIAL("{", "{}");
    CHECK_JSON_PARTIAL("[[{", "[[{}]]");
    CHECK_JSON_PARTIAL("{\"a", "{}");
    CHECK_JSON_PARTIAL("{\"a\"", "{}");
    CHECK_JSON_PARTIAL("{\"a\":", "{}");
    CHECK_JSON_PARTIAL("{\"a\": \"", "{\"a\": \"\"}");
    CHECK_JSON_PARTIAL("{\"a\": \"x\", \"b", "{\"a\": \"x\"}");
    CHECK_JSON_PARTIAL("{\"a\": {\"b\": [1, 2], ", "{\"a\": {\"b\": [1, 2]}}");
    CHECK_JSON_PARTIAL("[{}, ", "[{}]");
    CHECK_JSON_PARTIAL("[[1], {\"a\": 1}, \"b", "[[1], {\"a\": 1}, \"b\"]");
    CHECK_JSON_PARTIAL("{\"a\": [], \"b\": \"c\"", "{\"a\": [], \"b\": \"c\"}");
    CHECK_JSON_PARTIAL("[{\"a\": [\"b\"]}, \"c\\\"d", "[{\"a\": [\"b\"]}, \"c\\\"d\"]");
}

static void test_json_partial_scalars(void)
{
    CHECK_JSON_PARTIAL("12", "");
    CHECK_JSON_PARTIAL("-", "");
    CHECK_JSON_PARTIAL("[1, 23", "[1]");
    CHECK_JSON_PARTIAL("[1, 2.5e", "[1]");
    CHECK_JSON_PARTIAL("[1, 23 ", "[1, 23]");
    CHECK_JSON_PARTIAL("{\"a\": 1, \"b\": 2", "{\"a\": 1}");
    CHECK_JSON_PARTIAL("tru", "");
    CHECK_JSON_PARTIAL("[tru", "[]");
    CHECK_JSON_PARTIAL("[true", "[true]");
    CHECK_JSON_PARTIAL("[false, nul", "[false]");
    CHECK_JSON_PARTIAL("[null", "[null]");
    CHECK_JSON_PARTIAL("{\"a\": nu", "{}");
}

static void test_json_partial_text(void)
{
    CHECK_JSON_PARTIAL("\"", "\"\"");
    CHECK_JSON_PARTIAL("\"ab", "\"ab\"");
    CHECK_JSON_PARTIAL("\"ab\\", "\"ab\"");
    CHECK_JSON_PARTIAL("\"ab\\n", "\"ab\\n\"");
    CHECK_JSON_PARTIAL("\"ab\\\\", "\"ab\\\\\"");
    CHECK_JSON_PARTIAL("\"ab\\u", "\"ab\"");
    CHECK_JSON_PARTIAL("\"ab\\u00e", "\"ab\"");
    CHECK_JSON_PARTIAL("\"ab\\u00e9", "\"ab\\u00e9\"");
    CHECK_JSON_PARTIAL("\"\\ud83d", "\"\"");
    CHECK_JSON_PARTIAL("\"\\ud83d\\", "\"\"");
    CHECK_JSON_PARTIAL("\"\\uD83D\\ude0", "\"\"");
    CHECK_JSON_PARTIAL("\"\\ud83d\\ude00", "\"\\ud83d\\ude00\"");
    CHECK_JSON_PARTIAL("\"\\ud83dx", "\"\\ud83dx\""); /* wrong: for the reader to say */
    CHECK_JSON_PARTIAL("\"a\xc3", "\"a\"");
    CHECK_JSON_PARTIAL("\"a\xc3\xa9", "\"a\xc3\xa9\"");
    CHECK_JSON_PARTIAL("\"a\xe2\x82", "\"a\"");
    CHECK_JSON_PARTIAL("\"a\xe2\x82\xac", "\"a\xe2\x82\xac\"");
    CHECK_JSON_PARTIAL("\"\xf0\x9f\x98", "\"\"");
    CHECK_JSON_PARTIAL("\"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"");
}

static void test_json_partial_that_is_none(void)
{
    CHECK_JSON_PARTIAL("[}", "[}");
    CHECK_JSON_PARTIAL("]", "]");
    CHECK_JSON_PARTIAL("[1 x", "[1]"); /* not there yet, so not judged */
    CHECK_JSON_PARTIAL("[1 # ", "[1 #]");
}

static void test_msgpack_partial(void)
{
    CHECK_MSGPACK_PARTIAL("", "");
    CHECK_MSGPACK_PARTIAL("\xcd\x01", "");
    CHECK_MSGPACK_PARTIAL("\x93\x01", "\xdd\0\0\0\1\x01");
    CHECK_MSGPACK_PARTIAL("\x93\x01\xcd\x01", "\xdd\0\0\0\1\x01");
    CHECK_MSGPACK_PARTIAL("\x92\x91\x90", "\xdd\0\0\0\1\xdd\0\0\0\1\xdd\0\0\0\0");
    CHECK_MSGPACK_PARTIAL("\x82\xa1" "a", "\xdf\0\0\0\0");
    CHECK_MSGPACK_PARTIAL("\x82\xa1" "a\x05\xa1", "\xdf\0\0\0\1\xa1" "a\x05");
    CHECK_MSGPACK_PARTIAL("\x82\xa1" "a\x82\xa1" "b\x01\xa1" "c", "\xdf\0\0\0\1\xa1" "a\xdf\0\0\0\1\xa1" "b\x01");
    CHECK_MSGPACK_PARTIAL("\xdf\xff\xff\xff\xff", "\xdf\0\0\0\0");
    CHECK_MSGPACK_PARTIAL("\xdd\xff\xff\xff\xff\xc3", "\xdd\0\0\0\1\xc3");
    CHECK_MSGPACK_PARTIAL("\xa5" "ab\xc3", "\xdb\0\0\0\2" "ab");
    CHECK_MSGPACK_PARTIAL("\xd9\x09" "ab\xc3\xa9", "\xdb\0\0\0\4" "ab\xc3\xa9");
    CHECK_MSGPACK_PARTIAL("\x91\xc4\x09.\xc3", "\xdd\0\0\0\1\xc6\0\0\0\2.\xc3");
    CHECK_MSGPACK_PARTIAL("\x92\x01\xd6\x01..", "\xdd\0\0\0\1\x01");
    CHECK_MSGPACK_PARTIAL("\x92\x80\x01", "\xdd\0\0\0\2\xdf\0\0\0\0\x01");
}

static void test_partial_memory(void)
{
    uint8_t deep[400];
    memset(deep, 0x91, sizeof deep);
    FOR_EACH_FAILURE(memory) {
        qr_buffer out;
        qr_buffer_init(&out, &memory.hook);
        int ok = qr_msgpack_partial(deep, sizeof deep, &memory.hook, &out);
        CHECK_EQ(ok, !memory.failed);
        CHECK_EQ(out.error, memory.failed ? QR_ERROR_MEMORY : QR_ERROR_NONE);
        qr_buffer_release(&out);
    }
    FOR_EACH_FAILURE(memory) {
        qr_buffer out;
        qr_buffer_init(&out, &memory.hook);
        int ok = qr_json_partial((const uint8_t *)"[[[[\"a", 6, &memory.hook, &out);
        CHECK_EQ(ok, !memory.failed);
        qr_buffer_release(&out);
    }
}

static void test_pickle(void)
{
    CHECK_PICKLE("", "");
    CHECK_PICKLE("N.", "<N.>");
    CHECK_PICKLE("N.N.", "<N.><N.>");
    CHECK_PICKLE("\x80\x04K..", "<\x80\x04K..>"); /* the first . is a number */
    CHECK_PICKLE("U\x02..q..I1\n.", "<U\x02..q..><I1\n.>");
    CHECK_PICKLE("B\x03\x00\x00\x00....", "<B\x03\x00\x00\x00....>");
    CHECK_PICKLE("\x8E\x01\x00\x00\x00\x00\x00\x00\x00...", "<\x8E\x01\x00\x00\x00\x00\x00\x00\x00..><.>");
    CHECK_PICKLE("c..\n..\n.N", "<c..\n..\n.><N?");
    CHECK_PICKLE("c..\n..", "<c..\n..?");
    CHECK_PICKLE("U\x00.", "<U\x00.>");
    CHECK_PICKLE("\xFFN.", "<\xFF><N.>");                        /* no opcode */
    CHECK_PICKLE("T\xFF\xFF\xFF\xFFN.", "<T\xFF\xFF\xFF\xFF><N.>"); /* less than nothing */
    CHECK_PICKLE("B\xFF\xFF\xFF\xFFN.", "<B\xFF\xFF\xFF\xFFN.?");
    CHECK_PICKLE("\x96\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF.", "<\x96\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF.?");
}

/* Blocks of 64 bytes: quotes, brackets and escapes at each place of them, against a scanner that gets one byte at a time. */
static void test_json_blocks(void)
{
    static const char *const insets[] = {"\"", "\"x", "\"]\"", "[", "]", "{}", "\\\"", "\"\\\"\"", "\"\\\\\"", "]]", "}", "\"\xc3\xa9\"", "]\"["};
    char text[260];
    for (size_t k = 0; k < QR_ARRAY_LENGTH(insets); k++)
        for (size_t at = 1; at < 140; at++)
            for (int filler = 0; filler < 2; filler++) {
                outcome whole, bytes;
                memset(text, filler ? ' ' : ',', sizeof text);
                text[0] = '[';
                memcpy(text + at, insets[k], strlen(insets[k]));
                memcpy(text + 200, "]\"]{}", 5);
                run(&whole, qr_json_scan, qr_json_scan_end, text, sizeof text, sizeof text, sizeof text, 2);
                run(&bytes, qr_json_scan, qr_json_scan_end, text, sizeof text, 1, 1, 2);
                CHECK_BYTES_EQ(whole.text, whole.length, bytes.text, bytes.length);
            }
}

TEST_MAIN(TEST(test_json_blocks), TEST(test_pickle), TEST(test_json_partial), TEST(test_json_partial_scalars), TEST(test_json_partial_text), TEST(test_json_partial_that_is_none), TEST(test_msgpack_partial),
          TEST(test_partial_memory), TEST(test_json), TEST(test_json_with_comments), TEST(test_json_scalars), TEST(test_json_that_is_none), TEST(test_msgpack), TEST(test_msgpack_every_first_byte), TEST(test_depth),
          TEST(test_clear), TEST(test_memory), TEST(test_random_cuts))
