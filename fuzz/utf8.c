/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: measuring, validating, decoding and encoding against a decoder that reads RFC 3629 literally, one byte at a time; and
 * the input as units of two and four bytes. */
#include "core/base/utf8.h"
#include "fuzz/fuzz.h"

/* The code point at p, or -1; *taken bytes. */
static int32_t reference(const uint8_t *p, size_t left, size_t *taken)
{
    static const struct {
        uint8_t mask, lead;
        int32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    for (size_t more = 0; more < 4; more++) {
        if ((*p & forms[more].mask) != forms[more].lead)
            continue;
        if (more >= left)
            return -1;
        int32_t code = *p & (uint8_t)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((p[i] & 0xC0) != 0x80)
                return -1;
            code = code << 6 | (p[i] & 0x3F);
        }
        *taken = more + 1;
        return code < forms[more].least || code > 0x10FFFF || (code & ~0x7FF) == 0xD800 ? -1 : code;
    }
    return -1;
}

static uint8_t *encode(const void *units, size_t n, unsigned width, size_t *length)
{
    *length = width == 1 ? qr_utf8_encoded_length_1(units, n) : width == 2 ? qr_utf8_encoded_length_2(units, n) : qr_utf8_encoded_length_4(units, n);
    uint8_t *to = malloc(*length + QR_UTF8_SLACK);
    uint8_t *end = width == 1 ? qr_utf8_encode_1(to, units, n) : width == 2 ? qr_utf8_encode_2(to, units, n) : qr_utf8_encode_4(to, units, n);
    FUZZ_CHECK(!end || (size_t)(end - to) == *length);
    if (end)
        return to;
    free(to);
    return NULL;
}

static void check_text(const uint8_t *text, size_t size)
{
    uint32_t *codes = malloc((size + 1) * sizeof *codes), highest = 0;
    size_t count = 0, at = 0, taken, measured;
    for (; at < size; at += taken) {
        int32_t code = reference(text + at, size - at, &taken);
        if (code < 0)
            break;
        codes[count++] = (uint32_t)code;
        highest = (uint32_t)code > highest ? (uint32_t)code : highest;
    }
    int valid = at == size;
    FUZZ_CHECK(qr_utf8_invalid_at(text, size) == at);
    qr_text_class widest = qr_utf8_measure(text, size, &measured);
    FUZZ_CHECK(!valid || (measured == count && qr_text_maximum(widest) >= highest));
    for (unsigned width = 1; width <= 4; width *= 2) {
        uint8_t *units = malloc((measured + 1) * width), *exact = malloc(measured * width + 1);
        int holds = valid && highest < (width == 1 ? 0x100u : width == 2 ? 0x10000u : 0x110000u);
        int decoded = qr_utf8_decode(text, size, exact, width, measured);
        FUZZ_CHECK(decoded == holds);
        FUZZ_CHECK(!qr_utf8_decode(text, size, units, width, measured + 1)); /* does not fill it */
        if (measured)
            FUZZ_CHECK(!qr_utf8_decode(text, size, units, width, measured - 1));
        for (size_t i = 0; decoded && i < count; i++) {
            uint32_t code = width == 1 ? exact[i] : width == 2 ? qr_load16(exact + 2 * i) : qr_load32(exact + 4 * i);
            FUZZ_CHECK(code == codes[i]);
        }
        if (decoded) {
            size_t length;
            uint8_t *back = encode(exact, measured, width, &length);
            FUZZ_CHECK(back && length == size && memcmp(back, text, size) == 0);
            free(back);
        }
        free(units);
        free(exact);
    }
    free(codes);
}

/* Any units: what can be encoded is valid UTF-8 and decodes to them. */
static void check_units(const uint8_t *data, size_t n, unsigned width)
{
    size_t length;
    int surrogates = 0;
    uint8_t *units = malloc(n * width + 1), *again = malloc(n * width + 1);
    memcpy(units, data, n * width);
    for (size_t i = 0; i < n; i++) {
        uint32_t code = width == 1 ? units[i] : width == 2 ? qr_load16(units + 2 * i) : qr_load32(units + 4 * i);
        surrogates |= code > 0x10FFFF || (code & ~0x7FFu) == 0xD800;
    }
    uint8_t *text = encode(units, n, width, &length);
    FUZZ_CHECK((text == NULL) == surrogates);
    if (text) {
        FUZZ_CHECK(qr_utf8_invalid_at(text, length) == length);
        FUZZ_CHECK(qr_utf8_decode(text, length, again, width, n) && memcmp(units, again, n * width) == 0);
    }
    free(text);
    free(again);
    free(units);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size + !size); /* these functions rely on no 0 behind the text */
    memcpy(exact, data, size);
    check_text(exact, size);
    for (unsigned width = 1; width <= 4; width *= 2)
        check_units(exact, size / width, width);
    free(exact);
    return 0;
}
