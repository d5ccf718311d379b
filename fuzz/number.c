/* SPDX-License-Identifier: Apache-2.0 */
/* number: the input as the text of a number, and its first eight bytes as the bits of a double. The C library's strtod is the
 * oracle of the one; writing and reading must give back the bits of the other. */
#include <math.h>

#include "core/base/float64.h"
#include "core/base/integer.h"
#include "core/format/json.h"
#include "fuzz/fuzz.h"

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    return bits;
}

static void check_text(const uint8_t *text, size_t size)
{
    qr_reader r;
    qr_token token;
    qr_limits limits = {.int_digits = 0};
    double slow = 0;
    int64_t integer = 0;
    uint64_t natural = 0;
    qr_reader_init(&r, text, size, &limits, 0);
    qr_token_kind kind = size && (text[0] == '-' || (uint8_t)(text[0] - '0') <= 9) ? qr_json_number(&r, &token) : QR_TOKEN_ERROR;
    int whole = kind != QR_TOKEN_ERROR && r.p == r.end, read = qr_float64_read(text, size, &slow), fits = qr_integer_read(text, size, &integer);
    int fits_unsigned = qr_integer_read_unsigned(text, size, &natural);
    /* The two readers know the same grammar; only whether a number is too large is found by the value. */
    FUZZ_CHECK(whole ? read == 1 || kind == QR_TOKEN_BIG : read == -1 || (read == 0 && r.error == QR_ERROR_NON_FINITE_NUMBER));
    FUZZ_CHECK((fits == 1) == (whole && kind == QR_TOKEN_INT));
    FUZZ_CHECK((fits == 0) == (whole && (kind == QR_TOKEN_UINT || kind == QR_TOKEN_BIG)));
    FUZZ_CHECK(fits != 1 || integer == token.i);
    FUZZ_CHECK(kind != QR_TOKEN_UINT || !whole || (fits_unsigned == 1 && natural == token.u));
    FUZZ_CHECK(fits_unsigned != 1 || (fits == 1 ? natural == (uint64_t)integer && integer >= 0 : kind == QR_TOKEN_UINT));
    if (read < 0)
        return;
    double expected = strtod((const char *)text, NULL);
    FUZZ_CHECK(bits_of(slow) == bits_of(expected));
    FUZZ_CHECK(read == 1 ? isfinite(expected) : isinf(expected));
    if (whole && kind == QR_TOKEN_FLOAT)
        FUZZ_CHECK(bits_of(token.d) == bits_of(expected));
    if (whole && kind == QR_TOKEN_BIG)
        FUZZ_CHECK(token.text == text && token.length == size);
}

static void check_double(double value)
{
    uint8_t room[QR_FLOAT64_ROOM + 1];
    double back;
    qr_token token;
    qr_reader r;
    size_t length = (size_t)(qr_float64_write(room, value) - room);
    FUZZ_CHECK(length <= QR_FLOAT64_ROOM);
    if (!isfinite(value))
        return;
    room[length] = 0;
    FUZZ_CHECK(qr_float64_read(room, length, &back) == 1 && bits_of(back) == bits_of(value));
    FUZZ_CHECK(bits_of(strtod((const char *)room, NULL)) == bits_of(value));
    qr_reader_init(&r, room, length, NULL, 0);
    FUZZ_CHECK(qr_json_number(&r, &token) == QR_TOKEN_FLOAT && r.p == r.end && bits_of(token.d) == bits_of(value));
    size_t digits = 0, shortest = 0; /* no fewer significant digits would do */
    char text[40];
    for (size_t i = 0; i < length && (room[i] | 0x20) != 'e'; i++)
        if ((uint8_t)(room[i] - '0') <= 9 && (digits || room[i] != '0'))
            digits++;
    for (size_t i = length; i-- > 0 && digits > 1 && !memchr(room, 'e', length) && (room[i] == '0' || room[i] == '.');)
        digits -= room[i] == '0';
    do
        snprintf(text, sizeof text, "%.*e", (int)shortest++, value);
    while (bits_of(strtod(text, NULL)) != bits_of(value));
    FUZZ_CHECK(value == 0 || digits <= shortest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    check_text(copy, size);
    if (size >= 8) {
        double value;
        memcpy(&value, data, 8);
        check_double(value);
    }
    free(copy);
    return 0;
}
