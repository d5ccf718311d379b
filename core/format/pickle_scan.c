/* SPDX-License-Identifier: Apache-2.0 */
/* Opcode by opcode, by the table that the loader has (pickle.def): what is pushed does not matter, only where each argument ends. */
#include "core/format/pickle_scan.h"

#include "core/format/pickle.h"

/* LENGTH: bytes of a length are still to come (wanted), of `first` in all; BYTES: bytes that need no look (skip); LINE: lines (wanted). */
enum { BETWEEN, OPCODE, LENGTH, LENGTH_SIGNED, BYTES, LINE };

/* Behind an opcode that is no end: what to do about its argument. */
static void enter(qr_scan *self, unsigned argument)
{
    unsigned size = qr_pickle_size_of(argument);
    self->state = OPCODE;
    self->number = 0;
    switch (qr_pickle_shape_of(argument)) {
    case QR_PICKLE_SHAPE_FIXED:
        self->skip = size;
        self->state = BYTES;
        break;
    case QR_PICKLE_SHAPE_COUNTED:
        self->first = self->wanted = (uint8_t)size;
        self->state = argument == QR_PICKLE_ARG_STR4 || argument == QR_PICKLE_ARG_LONG4 ? LENGTH_SIGNED : LENGTH;
        break;
    case QR_PICKLE_SHAPE_LINE:
    case QR_PICKLE_SHAPE_LINES:
        self->wanted = qr_pickle_shape_of(argument) == QR_PICKLE_SHAPE_LINES ? 2 : 1;
        self->state = LINE;
        break;
    default: break;
    }
}

/* One more byte of a length: 0 when it is below zero. */
static int add_length(qr_scan *self, uint8_t byte)
{
    self->number |= (uint64_t)byte << 8 * (self->first - self->wanted);
    if (--self->wanted > 0)
        return 1;
    if (self->state == LENGTH_SIGNED && self->number > INT32_MAX)
        return 0;
    self->skip = self->number;
    self->state = BYTES;
    return 1;
}

qr_scan_result qr_pickle_scan(qr_scan *self, const uint8_t *data, size_t length, size_t *taken)
{
    const uint8_t *p = data, *end = data + length, *line;
    int is_over = 0;
    *taken = length;
    if (length == 0)
        return self->state == BETWEEN ? QR_SCAN_SPACE : QR_SCAN_MORE;
    while (p < end && !is_over) {
        switch (self->state) {
        case LENGTH:
        case LENGTH_SIGNED: is_over = !add_length(self, *p++); break;
        case BYTES: {
            size_t n = self->skip < (uint64_t)(end - p) ? (size_t)self->skip : (size_t)(end - p);
            p += n;
            self->skip -= n;
            if (self->skip == 0)
                self->state = OPCODE;
            break;
        }
        case LINE:
            line = memchr(p, '\n', (size_t)(end - p));
            p = line ? line + 1 : end;
            if (line && --self->wanted == 0)
                self->state = OPCODE;
            break;
        default: {
            const qr_pickle_info *info = qr_pickle_info_of(*p);
            is_over = !info->name || *p == QR_PICKLE_STOP;
            p++;
            if (!is_over)
                enter(self, info->argument);
        }
        }
    }
    if (!is_over)
        return QR_SCAN_MORE;
    qr_scan_clear(self);
    *taken = (size_t)(p - data);
    return QR_SCAN_DONE;
}

qr_scan_result qr_pickle_scan_end(const qr_scan *self) { return self->state == BETWEEN ? QR_SCAN_SPACE : QR_SCAN_MORE; }
