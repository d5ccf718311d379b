/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/pickle.h"

static const qr_pickle_info infos[256] = {
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives) [code] = {#NAME, protocol, QR_PICKLE_ARG_##ARGUMENT, takes, marks, gives},
#include "core/format/pickle.def"
#undef X
};

const qr_pickle_info *qr_pickle_info_of(uint8_t code) { return &infos[code]; }

/* Of the kinds whose lengths are signed no valid one is this long. */
static int is_negative(unsigned argument, size_t length)
{
    return (argument == QR_PICKLE_ARG_STR4 || argument == QR_PICKLE_ARG_LONG4) && length > INT32_MAX;
}

int qr_pickle_next(qr_reader *r, qr_pickle_instruction *op)
{
    *op = (qr_pickle_instruction){.at = r->p};
    if (r->p == r->end)
        return qr_reader_fail(r, r->p == r->start ? QR_ERROR_EMPTY : QR_ERROR_TRUNCATED, r->p);
    op->code = *r->p;
    if (!infos[op->code].name)
        return qr_reader_fail(r, QR_ERROR_INVALID_BYTE, r->p);
    unsigned argument = infos[op->code].argument, size = qr_pickle_size_of(argument);
    int is_text = qr_pickle_shape_of(argument) >= QR_PICKLE_SHAPE_COUNTED;
    const uint8_t *p = qr_pickle_argument_at(r->p + 1, r->end, argument, op);
    int has_length = p || op->length != (size_t)QR_PICKLE_WHOLE_LINE;
    if (has_length && is_text && is_negative(argument, p ? op->length : op->length - size))
        return qr_reader_fail(r, QR_ERROR_INVALID_NUMBER, op->at);
    if (!p)
        return qr_reader_fail(r, QR_ERROR_TRUNCATED, op->at);
    if (is_text && (op->length > r->str_limit || op->second_length > r->str_limit))
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, op->at);
    r->p = p;
    return 1;
}
