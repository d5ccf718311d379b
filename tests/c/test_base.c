/* SPDX-License-Identifier: Apache-2.0 */
/* The base rooms: error, memory, buffer, reader, path. */
#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/path.h"
#include "core/base/reader.h"
#include "tests/c/quire_test.h"

/* port */

static void test_loads_and_stores(void)
{
    static const uint8_t bytes[9] = {0xFF, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
    uint8_t room[9] = {0};
    CHECK_EQ(qr_load16(bytes + 1), 0x0201);
    CHECK_EQ(qr_load32(bytes + 1), 0x04030201);
    CHECK(qr_load64(bytes + 1) == 0x0807060504030201u);
    CHECK_EQ(qr_load16_be(bytes + 1), 0x0102);
    CHECK_EQ(qr_load32_be(bytes + 1), 0x01020304);
    CHECK(qr_load64_be(bytes + 1) == 0x0102030405060708u);
    qr_store64(room + 1, 0x0807060504030201u);
    CHECK_BYTES_EQ(room + 1, 8, bytes + 1, 8);
    qr_store64_be(room + 1, 0x0102030405060708u);
    CHECK_BYTES_EQ(room + 1, 8, bytes + 1, 8);
    qr_store32_be(room + 1, 0xA1A2A3A4u);
    qr_store16_be(room + 5, 0xA5A6);
    CHECK_BYTES_EQ(room + 1, 8, "\xA1\xA2\xA3\xA4\xA5\xA6\x07\x08", 8);
    qr_store32(room + 1, 0xA1A2A3A4u);
    qr_store16(room + 5, 0xA5A6);
    CHECK_BYTES_EQ(room, 9, "\0\xA4\xA3\xA2\xA1\xA6\xA5\x07\x08", 9);
}

static void test_size_arithmetic(void)
{
    size_t result = 0;
    CHECK(!qr_add_overflows(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
    CHECK(qr_add_overflows(SIZE_MAX, 1, &result));
    CHECK(!qr_multiply_overflows(SIZE_MAX / 2, 2, &result) && result == SIZE_MAX - 1);
    CHECK(qr_multiply_overflows(SIZE_MAX / 2 + 1, 2, &result));
}

/* error */

static void test_errors_are_described(void)
{
    for (int i = 0; i < QR_ERROR_COUNT; i++) {
        const char *code = qr_error_code((qr_error)i), *message = qr_error_message((qr_error)i);
        REQUIRE(code != NULL && message != NULL);
        CHECK(i == QR_ERROR_NONE || (code[0] && message[0]));
        CHECK((qr_error_class_of((qr_error)i) == QR_CLASS_NONE) == (i == QR_ERROR_NONE));
        for (int other = 0; other < i; other++)
            CHECK(strcmp(code, qr_error_code((qr_error)other)) != 0);
    }
}

static void test_error_takes_any_value(void)
{
    static const int odd[] = {QR_ERROR_COUNT, QR_ERROR_COUNT + 1, -1, 1 << 30};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(odd); i++) {
        CHECK(qr_error_code((qr_error)odd[i]) != NULL);
        CHECK(qr_error_message((qr_error)odd[i]) != NULL);
        CHECK(qr_error_class_of((qr_error)odd[i]) != QR_CLASS_NONE);
    }
}

static void test_error_classes(void)
{
    CHECK_EQ(qr_error_class_of(QR_ERROR_NONE), QR_CLASS_NONE);
    CHECK_EQ(qr_error_class_of(QR_ERROR_MEMORY), QR_CLASS_MEMORY);
    CHECK_EQ(qr_error_class_of(QR_ERROR_DEPTH), QR_CLASS_LIMIT);
}

/* memory */

static void test_default_memory(void)
{
    uint8_t *block = qr_memory_resize(&qr_memory_default, NULL, 4);
    REQUIRE(block != NULL);
    memcpy(block, "abcd", 4);
    block = qr_memory_resize(&qr_memory_default, block, 4000);
    REQUIRE(block != NULL);
    CHECK_BYTES_EQ(block, 4, "abcd", 4);
    CHECK(qr_memory_resize(&qr_memory_default, block, 0) == NULL);
    CHECK(qr_memory_resize(&qr_memory_default, NULL, 0) == NULL);
    qr_memory_free(&qr_memory_default, NULL);
}

static void test_memory_array(void)
{
    qr_test_memory memory;
    qr_test_memory_init(&memory, 0);
    CHECK(qr_memory_array(&memory.hook, NULL, SIZE_MAX / 2, 3) == NULL);
    CHECK_EQ(memory.allocations, 0);
    void *block = qr_memory_array(&memory.hook, NULL, 0, 8);
    CHECK(block != NULL);
    CHECK_EQ(memory.bytes, 1);
    block = qr_memory_array(&memory.hook, block, 10, 8);
    CHECK(block != NULL);
    CHECK_EQ(memory.bytes, 80);
    CHECK_EQ(memory.blocks, 1);
    qr_memory_free(&memory.hook, block);
    CHECK_EQ(memory.blocks, 0);
    CHECK_EQ(memory.bytes, 0);
}

static void test_failing_memory_itself(void)
{
    size_t runs = 0, failures = 0;
    FOR_EACH_FAILURE(memory) {
        void *a = qr_memory_resize(&memory.hook, NULL, 1), *b = qr_memory_resize(&memory.hook, NULL, 2);
        runs++;
        failures += (size_t)memory.failed;
        CHECK_EQ(memory.failed, memory.fail_at <= 2);
        CHECK_EQ(memory.blocks, memory.failed ? 1 : 2);
        CHECK((a == NULL) == (memory.fail_at == 1));
        CHECK((b == NULL) == (memory.fail_at == 2));
        qr_memory_free(&memory.hook, a);
        qr_memory_free(&memory.hook, b);
    }
    CHECK_EQ(runs, 3);
    CHECK_EQ(failures, 2);
}

/* buffer */

static int put(qr_buffer *self, const void *bytes, size_t length)
{
    if (!qr_buffer_reserve(self, length))
        return 0;
    memcpy(self->p, bytes, length);
    self->p += length;
    return 1;
}

static void test_buffer_grows(void)
{
    qr_test_memory memory;
    qr_buffer buffer;
    qr_test_memory_init(&memory, 0);
    qr_buffer_init(&buffer, &memory.hook);
    CHECK_EQ(memory.allocations, 0);
    CHECK_EQ(qr_buffer_length(&buffer), 0);
    for (int i = 0; i < 100000; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        REQUIRE(put(&buffer, &byte, 1));
    }
    CHECK_EQ(qr_buffer_length(&buffer), 100000);
    CHECK(memory.allocations < 20);
    size_t length;
    uint8_t *bytes = qr_buffer_detach(&buffer, &length);
    REQUIRE(length == 100000);
    int same = 1;
    for (int i = 0; i < 100000; i++)
        same &= bytes[i] == (uint8_t)(i * 7);
    CHECK(same);
    CHECK(buffer.base == NULL && buffer.p == NULL && buffer.end == NULL);
    qr_memory_free(&memory.hook, bytes);
    CHECK_EQ(memory.blocks, 0);
}

static void test_buffer_when_memory_fails(void)
{
    FOR_EACH_FAILURE(memory) {
        qr_buffer buffer;
        qr_buffer_init(&buffer, &memory.hook);
        int ok = 1;
        size_t written = 0;
        for (int i = 0; i < 3000 && ok; i++) {
            ok = put(&buffer, "0123456789", 10);
            written += ok ? 10 : 0;
        }
        CHECK_EQ(ok, !memory.failed);
        CHECK_EQ(buffer.error, memory.failed ? QR_ERROR_MEMORY : QR_ERROR_NONE);
        CHECK_EQ(qr_buffer_length(&buffer), written); /* what was written before stays */
        CHECK(buffer.p <= buffer.end);
        if (written)
            CHECK_BYTES_EQ(buffer.p - 10, 10, "0123456789", 10);
        qr_buffer_release(&buffer);
        CHECK(buffer.base == NULL);
        qr_buffer_release(&buffer); /* twice is harmless */
    }
}

static void test_buffer_detach_when_memory_fails(void)
{
    FOR_EACH_FAILURE(memory) {
        qr_buffer buffer;
        size_t length = 1;
        qr_buffer_init(&buffer, &memory.hook);
        int ok = put(&buffer, "x", 1);
        uint8_t *bytes = qr_buffer_detach(&buffer, &length);
        CHECK((bytes != NULL) == ok);
        CHECK_EQ(length, ok ? 1 : 0);
        qr_memory_free(&memory.hook, bytes);
    }
}

static void test_buffer_keeps_the_first_error(void)
{
    qr_buffer buffer;
    qr_buffer_init(&buffer, &qr_memory_default);
    CHECK_EQ(qr_buffer_fail(&buffer, QR_ERROR_DEPTH), 0);
    CHECK_EQ(qr_buffer_fail(&buffer, QR_ERROR_MEMORY), 0);
    CHECK_EQ(buffer.error, QR_ERROR_DEPTH);
    qr_buffer_release(&buffer);
}

static void test_buffer_refuses_huge_sizes(void)
{
    qr_test_memory memory;
    qr_buffer buffer;
    qr_test_memory_init(&memory, 0);
    qr_buffer_init(&buffer, &memory.hook);
    REQUIRE(put(&buffer, "abc", 3));
    CHECK(!qr_buffer_reserve(&buffer, SIZE_MAX - 1));
    CHECK_EQ(buffer.error, QR_ERROR_MEMORY);
    CHECK_EQ(memory.allocations, 1); /* the size was refused before memory was asked */
    CHECK_BYTES_EQ(buffer.base, 3, "abc", 3);
    qr_buffer_release(&buffer);
    CHECK_EQ(memory.blocks, 0);
}

static void test_buffer_next_capacity(void)
{
    CHECK_EQ(qr_buffer_next_capacity(SIZE_MAX, 1), 0);
    CHECK_EQ(qr_buffer_next_capacity(SIZE_MAX / 2, SIZE_MAX / 4), 0);
    CHECK_EQ(qr_buffer_next_capacity((size_t)PTRDIFF_MAX - 10, 1), 0);
    static const size_t some[] = {0, 1, 95, 96, 1000, 1 << 20, (size_t)1 << 40};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(some); i++)
        CHECK(qr_buffer_next_capacity(some[i], 1) >= some[i] + some[i] / 2 + 1);
}

static void test_buffer_fixed(void)
{
    uint8_t room[11] = "..........!";
    qr_buffer buffer;
    qr_buffer_init_fixed(&buffer, room, 10);
    CHECK(put(&buffer, "01234567", 8));
    CHECK(put(&buffer, "89", 2));
    CHECK_EQ(buffer.error, QR_ERROR_NONE);
    CHECK(!put(&buffer, "x", 1));
    CHECK_EQ(buffer.error, QR_ERROR_NO_ROOM);
    CHECK_EQ(qr_buffer_length(&buffer), 10);
    CHECK_BYTES_EQ(room, 11, "0123456789!", 11);
}

/* reader */

static qr_reader over(const char *text, const qr_limits *limits)
{
    qr_reader reader;
    qr_reader_init(&reader, (const uint8_t *)text, strlen(text), limits, 0);
    return reader;
}

static void test_reader_defaults(void)
{
    qr_reader reader = over("abc", NULL);
    CHECK_EQ(reader.error, QR_ERROR_NONE);
    CHECK_EQ(qr_reader_left(&reader), 3);
    CHECK_EQ(reader.depth.left + reader.depth.deeper, QR_DEPTH_DEFAULT);
    CHECK(reader.str_limit == SIZE_MAX && reader.item_limit == SIZE_MAX);
    CHECK_EQ(reader.limits.int_digits, QR_INT_DIGITS_DEFAULT);
    CHECK_EQ(qr_reader_offset(&reader, reader.end), 3);
}

static void test_reader_limits(void)
{
    qr_limits limits = {.bytes = 3, .items = 5, .str_bytes = 7, .depth = QR_DEPTH_MAX + 1};
    qr_reader reader = over("abc", &limits);
    CHECK_EQ(reader.error, QR_ERROR_NONE);
    CHECK_EQ(reader.depth.left + reader.depth.deeper, QR_DEPTH_MAX);
    CHECK_EQ(reader.item_limit, 5);
    CHECK_EQ(reader.str_limit, 7);
    reader = over("abcd", &limits);
    CHECK_EQ(reader.error, QR_ERROR_BYTES);
    CHECK(reader.error_at == reader.start);
    limits.depth = 0;
    reader = over("", &limits);
    CHECK_EQ(reader.depth.left + reader.depth.deeper, QR_DEPTH_DEFAULT);
}

static int enter(qr_reader *reader)
{
    QR_READER_ENTER(reader, enter(reader));
    return 1;
}

static void test_reader_depth(void)
{
    qr_limits limits = {.depth = 2};
    qr_reader reader = over("[[[", &limits);
    CHECK(enter(&reader));
    CHECK(enter(&reader));
    CHECK(!enter(&reader));
    CHECK_EQ(reader.error, QR_ERROR_DEPTH);
    qr_reader_leave(&reader);
    CHECK_EQ(reader.depth.left, 1);
}

static void test_reader_keeps_the_first_error(void)
{
    qr_reader reader = over("abc", NULL);
    CHECK_EQ(qr_reader_fail(&reader, QR_ERROR_DEPTH, reader.p + 1), 0);
    CHECK_EQ(qr_reader_fail(&reader, QR_ERROR_BYTES, reader.p + 2), 0);
    CHECK_EQ(reader.error, QR_ERROR_DEPTH);
    CHECK(reader.error_at == reader.start + 1);
}

static void test_reader_position(void)
{
    qr_reader reader = over("a\n\xC3\xA4\xE2\x82\xAC" "b\n\n", NULL);
    static const struct { size_t offset, line, column; } places[] = {{0, 1, 1}, {1, 1, 2}, {2, 2, 1}, {4, 2, 2}, {7, 2, 3}, {8, 2, 4}, {9, 3, 1}, {10, 4, 1}};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(places); i++) {
        size_t line, column;
        qr_reader_position(&reader, reader.start + places[i].offset, &line, &column);
        CHECK_EQ(line, places[i].line);
        CHECK_EQ(column, places[i].column);
    }
}

/* A document within a longer text: what stands before it counts. */
static void test_reader_position_in_a_longer_input(void)
{
    static const char text[] = "ab\n\xC3\xA4" "c\nde";
    for (size_t counted = 0; counted < sizeof text - 1; counted++)
        for (size_t start = counted; start < sizeof text - 1; start++) {
            qr_reader whole = over(text, NULL), part = over(text + start, NULL);
            qr_origin origin = {.offset = 0};
            qr_origin_advance(&origin, (const uint8_t *)text, counted);
            CHECK_EQ(origin.offset, counted);
            origin.offset = start;
            origin.before = (const uint8_t *)text + counted;
            origin.before_length = start - counted;
            part.origin = &origin;
            for (size_t i = 0; start + i < sizeof text; i++) {
                size_t line, column, line_of_part, column_of_part;
                qr_reader_position(&whole, whole.start + start + i, &line, &column);
                qr_reader_position(&part, part.start + i, &line_of_part, &column_of_part);
                CHECK_EQ(line, line_of_part);
                CHECK_EQ(column, column_of_part);
                CHECK_EQ(qr_reader_offset(&part, part.start + i), start + i);
            }
        }
}

/* path */

static void append(qr_path *path, size_t number) { qr_path_append(path, (qr_step){.kind = QR_STEP_INDEX, .number = number}); }

static void test_path(void)
{
    qr_path path = {.count = 0};
    CHECK_EQ(qr_path_kept(&path), 0);
    append(&path, 3);
    append(&path, 2);
    append(&path, 1);
    CHECK_EQ(qr_path_kept(&path), 3);
    CHECK_EQ(path.lost, 0);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ(qr_path_step(&path, i).number, i + 1);
    append(NULL, 1);
}

static void test_path_keeps_the_outermost(void)
{
    qr_path path = {.count = 0};
    for (size_t i = 0; i < 200; i++)
        append(&path, i);
    CHECK_EQ(qr_path_kept(&path), QR_PATH_STEPS);
    CHECK_EQ(path.lost, 200 - QR_PATH_STEPS);
    for (size_t i = 0; i < QR_PATH_STEPS; i++)
        CHECK_EQ(qr_path_step(&path, i).number, 199 - i);
}

TEST_MAIN(TEST(test_loads_and_stores), TEST(test_size_arithmetic), TEST(test_errors_are_described), TEST(test_error_takes_any_value),
          TEST(test_error_classes), TEST(test_default_memory), TEST(test_memory_array), TEST(test_failing_memory_itself),
          TEST(test_buffer_grows), TEST(test_buffer_when_memory_fails), TEST(test_buffer_detach_when_memory_fails),
          TEST(test_buffer_keeps_the_first_error), TEST(test_buffer_refuses_huge_sizes), TEST(test_buffer_next_capacity),
          TEST(test_buffer_fixed), TEST(test_reader_defaults), TEST(test_reader_limits), TEST(test_reader_depth),
          TEST(test_reader_keeps_the_first_error), TEST(test_reader_position), TEST(test_reader_position_in_a_longer_input), TEST(test_path), TEST(test_path_keeps_the_outermost))
