/* SPDX-License-Identifier: Apache-2.0 */
/* uuid: RFC 9562, section 4. */
#include "core/base/uuid.h"

/* Where the sixteen pairs of digits stand in the canonical text. */
static const uint8_t places[QR_UUID_BYTES] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

/* The value of a digit, or from 16 on when it is none; without a branch, for the digits are random. */
QR_INLINE unsigned digit_value(uint8_t c)
{
    unsigned decimal = (unsigned)c - '0', letter = ((unsigned)c | 0x20) - 'a';
    return decimal < 10 ? decimal : letter < 6 ? letter + 10 : 16;
}

int qr_uuid_read(uint8_t bytes[QR_UUID_BYTES], const uint8_t *text, size_t n)
{
    unsigned wrong = 0;
    if (n == QR_UUID_TEXT)
        wrong = text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-';
    else if (n != 2 * QR_UUID_BYTES)
        return 0;
    for (unsigned i = 0; i < QR_UUID_BYTES; i++) {
        const uint8_t *pair = text + (n == QR_UUID_TEXT ? places[i] : 2 * i);
        unsigned high = digit_value(pair[0]), low = digit_value(pair[1]);
        wrong |= (high | low) & 16;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return wrong == 0;
}

uint8_t *qr_uuid_write(uint8_t *to, const uint8_t bytes[QR_UUID_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < QR_UUID_BYTES; i++) {
        to[places[i]] = (uint8_t)digits[bytes[i] >> 4];
        to[places[i] + 1] = (uint8_t)digits[bytes[i] & 15];
    }
    to[8] = to[13] = to[18] = to[23] = '-';
    return to + QR_UUID_TEXT;
}
