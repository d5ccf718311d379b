/* SPDX-License-Identifier: Apache-2.0 */
/* Strings in ASCII alone, and with lone surrogates: every character at every place, in every width, against a plain reference. */
#include "core/format/json_escape.h"
#include "tests/c/quire_test.h"

static const uint32_t odd[] = {0, 8, 9, 10, 12, 13, 0x1F, 0x20, '"', '/', '\\', 0x7E, 0x7F, 0x80, 0xE9, 0xFF, 0x100, 0x20AC, 0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF};

/* What a string must be, the slow way. */
static size_t reference(uint8_t *to, const uint32_t *from, size_t n, int ascii)
{
    static const char letters[] = "btnfr", codes[] = "\b\t\n\f\r";
    uint8_t *p = to;
    *p++ = '"';
    for (size_t i = 0; i < n; i++) {
        uint32_t c = from[i];
        const char *letter = c && c < 0x20 ? strchr(codes, (int)c) : NULL;
        if (c == '"' || c == '\\' || letter) {
            *p++ = '\\';
            *p++ = (uint8_t)(letter ? letters[letter - codes] : (int)c);
        }
        else if (c < 0x20 || (ascii && c > 0x7E)) {
            if (c > 0xFFFF)
                p += sprintf((char *)p, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
            else
                p += sprintf((char *)p, "\\u%04x", c);
        }
        else
            p += qr_utf8_encode_point(p, c);
    }
    *p++ = '"';
    return (size_t)(p - to);
}

static void check_text(const uint32_t *text, size_t n)
{
    static uint8_t expected[8192], units[8192];
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = text[i] > most ? text[i] : most;
    for (unsigned width = most < 0x100 ? 1 : most < 0x10000 ? 2 : 4; width <= 4; width *= 2) {
        for (size_t i = 0; i < n; i++) {
            if (width == 1)
                units[i] = (uint8_t)text[i];
            else if (width == 2)
                qr_store16(units + 2 * i, (uint16_t)text[i]);
            else
                qr_store32(units + 4 * i, text[i]);
        }
        for (int how = 0; how < 3; how++) {
            qr_buffer b;
            if (how == 2 && width != 1)
                continue;
            qr_buffer_init(&b, &qr_memory_default);
            CHECK(how == 0 ? qr_json_put_ascii_units(&b, units, n, width) : how == 1 ? qr_json_put_lone_units(&b, units, n, width) : qr_json_put_ascii(&b, units, n));
            size_t length = reference(expected, text, n, how != 1);
            CHECK_BYTES_EQ(b.base, qr_buffer_length(&b), expected, length);
            CHECK((size_t)(b.end - b.p) >= QR_BUFFER_SLACK);
            qr_buffer_release(&b);
        }
    }
}

static void test_every_character_everywhere(void)
{
    static const uint32_t fillers[] = {'a', 0xE9, 0x20AC, 0x1F600, '"'};
    uint32_t text[64];
    for (size_t f = 0; f < QR_ARRAY_LENGTH(fillers); f++)
        for (size_t o = 0; o < QR_ARRAY_LENGTH(odd); o++)
            for (size_t n = 0; n < 40; n += n < 20 ? 1 : 5)
                for (size_t at = 0; at <= n; at += n < 20 ? 1 : 4) {
                    for (size_t i = 0; i <= n; i++)
                        text[i] = i == at ? odd[o] : fillers[f];
                    check_text(text, n + 1);
                }
    check_text(text, 0);
}

static void test_long_text(void)
{
    uint32_t text[600];
    uint64_t state = 7;
    for (int round = 0; round < 200; round++) {
        size_t n = qr_test_random(&state) % 600;
        for (size_t i = 0; i < n; i++) {
            uint64_t r = qr_test_random(&state);
            text[i] = r % 4 ? 'a' + (uint32_t)(r >> 8) % 26 : odd[(r >> 8) % (round % 2 ? 16 : QR_ARRAY_LENGTH(odd))];
        }
        check_text(text, n);
    }
}

static void test_failing_memory(void)
{
    static uint8_t text[4000];
    memset(text, 0xE9, sizeof text);
    for (int how = 0; how < 4; how++)
        FOR_EACH_FAILURE(memory) {
            qr_buffer b;
            qr_buffer_init(&b, &memory.hook);
            int ok = how == 0   ? qr_json_put_ascii(&b, text, sizeof text)
                     : how == 1 ? qr_json_put_ascii_units(&b, text, sizeof text / 2, 2)
                     : how == 2 ? qr_json_put_lone_units(&b, text, sizeof text, 1)
                                : qr_json_put_ascii_from(&b, text, sizeof text);
            CHECK(ok == !memory.failed);
            CHECK_EQ(b.error, ok ? QR_ERROR_NONE : QR_ERROR_MEMORY);
            qr_buffer_release(&b);
        }
}

TEST_MAIN(TEST(test_every_character_everywhere), TEST(test_long_text), TEST(test_failing_memory))
