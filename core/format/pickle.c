/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/pickle.h"

static const qr_pickle_info infos[256] = {
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives) [code] = {#NAME, protocol, QR_PICKLE_ARG_##ARGUMENT, takes, marks, gives},
#include "core/format/pickle.def"
#undef X
};

const qr_pickle_info *qr_pickle_info_of(uint8_t code) { return &infos[code]; }

typedef enum shape { NOTHING, FIXED, COUNTED, LINE, LINES } shape;

static const struct { uint8_t shape, size; } arguments[] = {
#define X(NAME, SHAPE, size) {SHAPE, size},
#include "core/format/pickle_arguments.def"
#undef X
};

static uint64_t little_endian(const uint8_t *p, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = size; i--;)
        value = value << 8 | p[i];
    return value;
}

static int read_fixed(qr_reader *r, qr_pickle_instruction *op, unsigned argument, unsigned size)
{
    if (qr_reader_left(r) < size)
        return qr_reader_fail(r, QR_ERROR_TRUNCATED, op->at);
    if (argument == QR_PICKLE_ARG_FLOAT8) {
        uint64_t bits = qr_load64_be(r->p);
        memcpy(&op->d, &bits, sizeof bits);
    }
    else if (argument == QR_PICKLE_ARG_I4)
        op->i = (int32_t)little_endian(r->p, size);
    else
        op->u = little_endian(r->p, size);
    r->p += size;
    return 1;
}

static int has_signed_length(unsigned argument) { return argument == QR_PICKLE_ARG_STR4 || argument == QR_PICKLE_ARG_LONG4; }

static int read_counted(qr_reader *r, qr_pickle_instruction *op, unsigned argument, unsigned size)
{
    if (qr_reader_left(r) < size)
        return qr_reader_fail(r, QR_ERROR_TRUNCATED, op->at);
    uint64_t length = little_endian(r->p, size);
    if (has_signed_length(argument) && length > INT32_MAX)
        return qr_reader_fail(r, QR_ERROR_INVALID_NUMBER, op->at);
    r->p += size;
    if (length > qr_reader_left(r))
        return qr_reader_fail(r, QR_ERROR_TRUNCATED, op->at);
    if (length > r->str_limit)
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, op->at);
    op->text = r->p;
    op->length = (size_t)length;
    r->p += length;
    return 1;
}

static int read_line(qr_reader *r, qr_pickle_instruction *op, const uint8_t **text, size_t *length)
{
    const uint8_t *end = memchr(r->p, '\n', qr_reader_left(r));
    if (!end)
        return qr_reader_fail(r, QR_ERROR_TRUNCATED, op->at);
    *text = r->p;
    *length = (size_t)(end - r->p);
    if (*length > r->str_limit)
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, op->at);
    r->p = end + 1;
    return 1;
}

int qr_pickle_next(qr_reader *r, qr_pickle_instruction *op)
{
    *op = (qr_pickle_instruction){.at = r->p};
    if (r->p == r->end)
        return qr_reader_fail(r, r->p == r->start ? QR_ERROR_EMPTY : QR_ERROR_TRUNCATED, r->p);
    op->code = *r->p;
    if (!infos[op->code].name)
        return qr_reader_fail(r, QR_ERROR_INVALID_BYTE, r->p);
    r->p++;
    unsigned argument = infos[op->code].argument, size = arguments[argument].size;
    switch (arguments[argument].shape) {
    case FIXED: return read_fixed(r, op, argument, size);
    case COUNTED: return read_counted(r, op, argument, size);
    case LINE: return read_line(r, op, &op->text, &op->length);
    case LINES: return read_line(r, op, &op->text, &op->length) && read_line(r, op, &op->second, &op->second_length);
    default: return 1;
    }
}
