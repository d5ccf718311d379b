/* SPDX-License-Identifier: Apache-2.0 */
/* What is written is read back by the reader: opcodes, where frames begin and end, blocks outside of them, memory that fails. */
#include "core/format/pickle_write.h"
#include "tests/c/quire_test.h"

static void begin(qr_pickle_writer *w, int protocol)
{
    qr_buffer_init(&w->buffer, &qr_memory_default);
    qr_pickle_write_init(w, protocol);
    CHECK(qr_pickle_start(w));
}

#define CHECK_WRITTEN(w, text) CHECK_BYTES_EQ((w).buffer.base, qr_buffer_length(&(w).buffer), text, sizeof(text) - 1)

static void test_numbers(void)
{
    static const int64_t numbers[] = {0, 255, 256, 65535, 65536, -1, INT32_MAX, INT32_MIN};
    static const int64_t large[] = {INT64_C(1) << 31, -(INT64_C(1) << 31) - 1, INT64_C(1) << 39, -(INT64_C(1) << 39), INT64_MAX, INT64_MIN};
    qr_pickle_writer w;
    qr_pickle_instruction op;
    qr_reader r;
    begin(&w, 2);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(numbers); i++) {
        CHECK(qr_pickle_ready(&w, 0));
        qr_pickle_put_int32(&w, (int32_t)numbers[i]);
    }
    for (size_t i = 0; i < QR_ARRAY_LENGTH(large); i++) {
        CHECK(qr_pickle_ready(&w, 0));
        qr_pickle_put_int64(&w, large[i]);
    }
    CHECK(qr_pickle_ready(&w, 0));
    qr_pickle_put_float(&w, 1.5);
    CHECK(qr_pickle_stop(&w));
    qr_reader_init(&r, w.buffer.base, qr_buffer_length(&w.buffer), NULL, 0);
    CHECK(qr_pickle_next(&r, &op) && op.code == QR_PICKLE_PROTO && op.u == 2);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(numbers); i++) {
        CHECK(qr_pickle_next(&r, &op));
        CHECK(numbers[i] == (op.code == QR_PICKLE_BININT ? op.i : (int64_t)op.u));
    }
    for (size_t i = 0; i < QR_ARRAY_LENGTH(large); i++) {
        uint64_t value = large[i] < 0 ? UINT64_MAX : 0;
        CHECK(qr_pickle_next(&r, &op) && op.code == QR_PICKLE_LONG1);
        memcpy(&value, op.text, op.length);
        CHECK((int64_t)value == large[i]);
    }
    CHECK(qr_pickle_next(&r, &op) && op.d == 1.5);
    CHECK(qr_pickle_next(&r, &op) && op.code == QR_PICKLE_STOP);
    qr_reader_release(&r);
    qr_buffer_release(&w.buffer);
}

static void test_protocol_0(void)
{
    qr_pickle_writer w;
    begin(&w, 0);
    qr_pickle_put_bool(&w, 1);
    qr_pickle_put_int32(&w, -70000);
    qr_pickle_put_int64(&w, INT64_C(5000000000));
    qr_pickle_put_memoize(&w, 300);
    qr_pickle_put_get(&w, 7);
    CHECK(qr_pickle_stop(&w));
    CHECK_WRITTEN(w, "I01\nI-70000\nL5000000000L\np300\ng7\n.");
    qr_buffer_release(&w.buffer);
}

static void test_short_frames_have_no_header(void)
{
    qr_pickle_writer w;
    begin(&w, 4);
    qr_pickle_put_none(&w);
    CHECK(qr_pickle_stop(&w));
    CHECK_WRITTEN(w, "\x80\x04N.");
    qr_buffer_release(&w.buffer);
    begin(&w, 4);
    for (int i = 0; i < 3; i++)
        qr_pickle_put_none(&w);
    CHECK(qr_pickle_stop(&w));
    CHECK_WRITTEN(w, "\x80\x04\x95\x04\0\0\0\0\0\0\0NNN.");
    qr_buffer_release(&w.buffer);
}

/* Every frame says its length, no opcode but FRAME follows one, none of fixed size stands in two. */
static void check_frames(const qr_pickle_writer *w, size_t frames, size_t blocks)
{
    qr_reader r;
    qr_pickle_instruction op;
    size_t seen = 0, outside = 0;
    const uint8_t *end = NULL;
    qr_reader_init(&r, w->buffer.base, qr_buffer_length(&w->buffer), NULL, 0);
    do {
        CHECK(qr_pickle_next(&r, &op));
        if (op.code == QR_PICKLE_FRAME) {
            CHECK(!end || op.at >= end);
            end = r.p + op.u;
            CHECK(end <= r.end);
            seen++;
        }
        else if (!end || op.at >= end)
            outside++;
        else
            CHECK(r.p <= end);
    } while (op.code != QR_PICKLE_STOP && r.error == QR_ERROR_NONE);
    CHECK_EQ(seen, frames);
    CHECK_EQ(outside, blocks);
    CHECK(r.p == r.end);
    qr_reader_release(&r);
}

static void test_frames(void)
{
    static uint8_t text[QR_PICKLE_FRAME_TARGET + 5];
    qr_pickle_writer w;
    begin(&w, 4);
    for (int i = 0; i < 3 * QR_PICKLE_FRAME_TARGET / 2; i++) { /* 5 bytes each */
        CHECK(qr_pickle_ready(&w, 0));
        qr_pickle_put_int32(&w, -1);
    }
    CHECK(qr_pickle_stop(&w));
    check_frames(&w, 8, 1); /* PROTO stands before the first */
    qr_buffer_release(&w.buffer);
    begin(&w, 4);
    for (int i = 0; i < 3; i++) {
        CHECK(qr_pickle_ready(&w, 0));
        qr_pickle_put_int32(&w, -1);
        CHECK(qr_pickle_put_bytes_head(&w, sizeof text));
        CHECK(qr_pickle_put_block(&w, 5, text, sizeof text));
        qr_pickle_put_memoize(&w, 0);
    }
    CHECK(qr_pickle_stop(&w));
    check_frames(&w, 3, 6); /* PROTO, three blocks, and MEMOIZE with STOP, which are too short for a frame */
    qr_buffer_release(&w.buffer);
}

static void test_no_room(void)
{
    uint8_t room[100];
    qr_pickle_writer w;
    qr_buffer_init_fixed(&w.buffer, room, sizeof room);
    qr_pickle_write_init(&w, 5);
    CHECK(!qr_pickle_start(&w));
    CHECK_EQ(w.buffer.error, QR_ERROR_NO_ROOM);
    CHECK(!qr_pickle_room(&w, SIZE_MAX - QR_PICKLE_SLACK));
}

TEST_MAIN(TEST(test_numbers), TEST(test_protocol_0), TEST(test_short_frames_have_no_header), TEST(test_frames), TEST(test_no_room))
