/* SPDX-License-Identifier: Apache-2.0 */
/* Pickles of plain data: their bytes, keys that recur, and memory that fails. */
#include "core/format/pickle_data.h"
#include "tests/c/quire_test.h"

#define KEY(text) CHECK(qr_pickle_data_put_key(&b, &keys, (const uint8_t *)(text), sizeof(text) - 1))

static void test_layout(void)
{
    static const char expected[] = "\x80\x04\x95\x2a\0\0\0\0\0\0\0K\x01" "0](}(\x8c\x02id\x94K\x01\x8c\x01" "b\x94]u}(h\x00J\xff\xff\xff\xffh\x01\x8a\x05\0\0\0\0\x01uNe.";
    qr_buffer b;
    qr_pickle_keys keys;
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(qr_pickle_data_start(&b, &keys));
    qr_pickle_data_put_array(&b, &keys, 3);
    qr_pickle_data_put_map(&b, &keys, 2);
    KEY("id");
    qr_pickle_data_put_int(&b, 1);
    KEY("b");
    qr_pickle_data_put_array(&b, &keys, 0);
    CHECK(qr_pickle_data_end_array(&b, &keys) && qr_pickle_data_end_map(&b, &keys));
    qr_pickle_data_put_map(&b, &keys, 2);
    KEY("id");
    qr_pickle_data_put_int(&b, -1);
    KEY("b");
    qr_pickle_data_put_int(&b, INT64_C(1) << 32);
    CHECK(qr_pickle_data_end_map(&b, &keys));
    qr_pickle_data_put_null(&b);
    CHECK(qr_pickle_data_end_array(&b, &keys) && qr_pickle_data_stop(&b, &keys));
    CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), expected, sizeof expected - 1);
    qr_buffer_release(&b);
}

/* As many as there are numbers for, each known again; those beyond are written each time, as long ones and such that are to be compared. */
static void test_keys(void)
{
    qr_buffer b;
    qr_pickle_keys keys;
    uint8_t key[300];
    size_t fetched = 0, length;
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(qr_pickle_data_start(&b, &keys));
    for (int round = 0; round < 2; round++)
        for (size_t n = 0; n < sizeof key; n++) {
            memset(key, 'k', sizeof key);
            length = qr_buffer_length(&b);
            CHECK(qr_buffer_reserve(&b, QR_BUFFER_SLACK) && qr_pickle_data_put_key(&b, &keys, key, n));
            fetched += b.base[length] == QR_PICKLE_BINGET;
        }
    CHECK(keys.count > 200 && keys.count <= QR_PICKLE_KEYS_MOST);
    CHECK_EQ(fetched, keys.count);
    keys.off = 1;
    length = qr_buffer_length(&b);
    KEY("");
    CHECK_BYTES_EQ(b.base + length, qr_buffer_length(&b) - length, "\x8c\0", 2);
    KEY("new");
    keys.off = 0;
    length = qr_buffer_length(&b);
    KEY("new");
    CHECK(b.base[length] == QR_PICKLE_SHORT_BINUNICODE);
    qr_buffer_release(&b);
}

static void test_surrogates(void)
{
    static const uint16_t units[] = {'a', 0xD800, 0x20AC};
    qr_buffer b;
    qr_pickle_keys keys;
    qr_buffer_init(&b, &qr_memory_default);
    CHECK(qr_pickle_data_start(&b, &keys));
    size_t length = qr_buffer_length(&b);
    CHECK(qr_pickle_data_put_str_units(&b, units, 3, 2));
    CHECK_BYTES_EQ(b.base + length, qr_buffer_length(&b) - length, "\x8c\x07" "a\xed\xa0\x80\xe2\x82\xac", 9);
    qr_buffer_release(&b);
}

static void test_memory_fails(void)
{
    static const uint8_t text[5000];
    FOR_EACH_FAILURE(memory) {
        qr_buffer b;
        qr_pickle_keys keys;
        qr_buffer_init(&b, &memory.hook);
        int ok = qr_pickle_data_start(&b, &keys) && qr_pickle_data_put_array(&b, &keys, 9);
        for (int i = 0; ok && i < 3; i++)
            ok = qr_pickle_data_put_str(&b, text, sizeof text) && qr_pickle_data_put_bytes(&b, text, sizeof text) &&
                 qr_pickle_data_put_str_units(&b, text, sizeof text, 1);
        ok = ok && qr_pickle_data_end_array(&b, &keys) && qr_pickle_data_stop(&b, &keys);
        CHECK(ok == !memory.failed && b.error == (ok ? QR_ERROR_NONE : QR_ERROR_MEMORY));
        qr_buffer_release(&b);
    }
}

TEST_MAIN(TEST(test_layout), TEST(test_keys), TEST(test_surrogates), TEST(test_memory_fails))
