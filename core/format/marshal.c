/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/marshal.h"

static const qr_marshal_info infos[128] = {
#define X(NAME, code, ARGUMENT, since) [code] = {#NAME, QR_MARSHAL_ARG_##ARGUMENT, since},
#include "core/format/marshal.def"
#undef X
};

const qr_marshal_info *qr_marshal_info_of(uint8_t code) { return &infos[code & 0x7F]; }

typedef enum shape { NOTHING, FIXED, COUNTED, SHORTS, TEXTS, ITEMS, OTHERS } shape;

static const struct { uint8_t shape, size; } arguments[] = {
#define X(NAME, SHAPE, size) {SHAPE, size},
#include "core/format/marshal_arguments.def"
#undef X
};

/* How many digits of 15 bits; the sign is the number's. */
static uint64_t digits_of(int32_t count) { return count < 0 ? (uint64_t)-(int64_t)count : (uint64_t)count; }

int qr_marshal_want_digits(qr_reader *r, const uint8_t *at, const uint8_t **digits, int32_t *count)
{
    if (!qr_marshal_want_i4(r, at, count))
        return 0;
    size_t n = (size_t)digits_of(*count);
    if (*count == INT32_MIN)
        return qr_reader_fail(r, QR_ERROR_INVALID_NUMBER, at);
    const uint8_t *p = r->p;
    for (size_t i = 0; i < n; i++, p += 2) {
        if ((size_t)(r->end - p) < 2)
            return qr_reader_fail(r, QR_ERROR_TRUNCATED, at);
        if ((p[1] & 0x80) || (i == n - 1 && !(p[0] | p[1])))
            return qr_reader_fail(r, QR_ERROR_INVALID_NUMBER, p);
    }
    if (2 * n > r->str_limit)
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, at);
    *digits = r->p;
    r->p = p;
    return 1;
}

static int read_fixed(qr_reader *r, qr_marshal_item *item, unsigned argument, size_t size)
{
    if (!qr_marshal_has(r, size, item->at))
        return 0;
    if (argument == QR_MARSHAL_ARG_FLOAT8 || argument == QR_MARSHAL_ARG_TWO_FLOATS)
        memcpy(item->d, r->p, size);
    else
        item->i = size == 4 ? (int32_t)qr_load32(r->p) : (int64_t)qr_load64(r->p);
    r->p += size;
    return 1;
}

static int read_texts(qr_reader *r, qr_marshal_item *item, unsigned how_many)
{
    return qr_marshal_want_text(r, item->at, 1, &item->text, &item->length) &&
           (how_many == 1 || qr_marshal_want_text(r, item->at, 1, &item->second, &item->second_length));
}

static int read_digits(qr_reader *r, qr_marshal_item *item)
{
    int32_t count;
    if (!qr_marshal_want_digits(r, item->at, &item->text, &count))
        return 0;
    item->i = count;
    item->length = 2 * (size_t)digits_of(count);
    return 1;
}

static int read_count(qr_reader *r, qr_marshal_item *item, unsigned size)
{
    size_t count;
    if (!qr_marshal_want_count(r, item->at, size, &count))
        return 0;
    item->i = (int64_t)count;
    return 1;
}

int qr_marshal_next(qr_reader *r, qr_marshal_item *item)
{
    *item = (qr_marshal_item){.at = r->p};
    if (r->p == r->end)
        return qr_reader_fail(r, r->p == r->start ? QR_ERROR_EMPTY : QR_ERROR_TRUNCATED, r->p);
    item->code = *r->p & 0x7F;
    item->flag = *r->p >> 7;
    if (!infos[item->code].name)
        return qr_reader_fail(r, QR_ERROR_INVALID_BYTE, r->p);
    r->p++;
    unsigned argument = infos[item->code].argument, size = arguments[argument].size;
    switch (arguments[argument].shape) {
    case FIXED: return read_fixed(r, item, argument, size);
    case COUNTED: return qr_marshal_want_text(r, item->at, size, &item->text, &item->length);
    case SHORTS: return read_digits(r, item);
    case TEXTS: return read_texts(r, item, size);
    case ITEMS: return read_count(r, item, size);
    default: return 1;
    }
}

/* A length of `size` bytes and that many: how much is missing of n bytes. */
static uint64_t missing_text(const uint8_t *p, size_t n, unsigned size)
{
    if (n < size)
        return size - n;
    int32_t length = size == 1 ? *p : (int32_t)qr_load32(p);
    return length < 0 || (uint64_t)length <= n - size ? 0 : (uint64_t)length - (n - size);
}

static uint64_t missing_digits(const uint8_t *p, size_t n)
{
    if (n < 4)
        return 4 - n;
    uint64_t bytes = 2 * digits_of((int32_t)qr_load32(p));
    return bytes <= n - 4 || bytes > 2 * (uint64_t)INT32_MAX ? 0 : bytes - (n - 4);
}

uint64_t qr_marshal_missing(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 1;
    const uint8_t *p = data + 1;
    unsigned argument = infos[*data & 0x7F].argument, size = arguments[argument].size;
    uint64_t missing;
    n--;
    switch (arguments[argument].shape) {
    case FIXED:
    case ITEMS: return n < size ? size - n : 0;
    case COUNTED: return missing_text(p, n, size);
    case SHORTS: return missing_digits(p, n);
    case TEXTS:
        missing = missing_text(p, n, 1);
        return missing || size == 1 ? missing : missing_text(p + 1 + *p, n - 1 - *p, 1);
    default: return 0;
    }
}
