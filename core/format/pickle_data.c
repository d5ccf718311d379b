/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/pickle_data.h"

#include "core/base/utf8.h"

int qr_pickle_data_start(qr_buffer *b, qr_pickle_keys *keys)
{
    keys->start = qr_buffer_length(b);
    keys->off = keys->empty = 0;
    keys->count = 0;
    memset(keys->slots, 0, sizeof keys->slots);
    if (!qr_buffer_reserve(b, QR_PICKLE_FRAME_HEADER + QR_BUFFER_SLACK))
        return 0;
    b->p[0] = QR_PICKLE_PROTO;
    b->p[1] = 4;
    b->p += 2 + QR_PICKLE_FRAME_HEADER;
    b->p[0] = QR_PICKLE_BININT1;
    b->p[1] = QR_PICKLE_DATA_VERSION;
    b->p[2] = QR_PICKLE_POP;
    b->p += 3;
    return 1;
}

int qr_pickle_data_stop(qr_buffer *b, qr_pickle_keys *keys)
{
    if (!qr_buffer_reserve(b, 1))
        return 0;
    *b->p++ = QR_PICKLE_STOP;
    uint8_t *header = b->base + keys->start + 2;
    header[0] = QR_PICKLE_FRAME; /* never too short for one: a version, a value and STOP */
    qr_store64(header + 1, (uint64_t)(b->p - header) - QR_PICKLE_FRAME_HEADER);
    return 1;
}

int qr_pickle_data_put_new_key(qr_buffer *b, qr_pickle_keys *keys, const uint8_t *s, size_t n, unsigned slot)
{
    if (!qr_pickle_data_put_str(b, s, n))
        return 0;
    if (keys->slots[slot])
        slot++;
    if (keys->off || n > QR_PICKLE_KEY_BYTES || keys->slots[slot] || keys->count == QR_PICKLE_KEYS_MOST)
        return 1;
    keys->at[keys->count++] = qr_buffer_length(b) - n;
    keys->slots[slot] = (uint8_t)keys->count;
    *b->p++ = QR_PICKLE_MEMOIZE;
    return 1;
}

static uint8_t *put_points(uint8_t *p, const void *units, size_t n, unsigned width)
{
    for (size_t i = 0; i < n; i++)
        p += qr_utf8_encode_point(p, width == 2 ? ((const uint16_t *)units)[i] : ((const uint32_t *)units)[i]);
    return p;
}

int qr_pickle_data_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width)
{
    size_t length = width == 1 ? qr_utf8_encoded_length_1(units, n) : width == 2 ? qr_utf8_encoded_length_2(units, n) : qr_utf8_encoded_length_4(units, n);
    if (length > PTRDIFF_MAX / 2 || !qr_buffer_reserve(b, length + 9 + QR_UTF8_SLACK + QR_BUFFER_SLACK))
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    b->p = qr_pickle_store_text_head(b->p, length);
    uint8_t *end = width == 1   ? qr_utf8_encode_1(b->p, units, n)
                   : width == 2 ? qr_utf8_encode_2(b->p, units, n)
                                : qr_utf8_encode_4(b->p, units, n);
    b->p = end ? end : put_points(b->p, units, n, width);
    return 1;
}

int qr_pickle_data_put_bytes(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (n > PTRDIFF_MAX / 2 || !qr_buffer_reserve(b, n + 9 + QR_BUFFER_SLACK))
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    b->p = qr_pickle_store_bytes_head(b->p, n);
    if (n)
        memcpy(b->p, s, n);
    b->p += n;
    return 1;
}
