/* SPDX-License-Identifier: Apache-2.0 */
/* pickle: the opcodes of protocols 0 to 5 and their arguments, without objects.
 *
 *     opcode (one byte)   argument (see pickle_arguments.def)      a program for a stack machine, ended by STOP
 *
 *     80 04             PROTO 4
 *     95 0B .. (8)      FRAME: the next 11 bytes may be read at once; it changes no meaning
 *     5D 94             EMPTY_LIST, MEMOIZE
 *     28 4B 01 4B 02    MARK, BININT1 1, BININT1 2
 *     65 2E             APPENDS, STOP
 *
 * One table, pickle.def, says what there is; the loader, the writer, the disassembler and the scanner are made from it, so
 * none of them sees another program than the others. PEP 307, 3154, 574; Lib/pickletools.py describes each opcode. */
#ifndef QUIRE_CORE_FORMAT_PICKLE_H
#define QUIRE_CORE_FORMAT_PICKLE_H

#include "core/base/reader.h"

enum { QR_PICKLE_HIGHEST = 5 };

typedef enum qr_pickle_op {
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives) QR_PICKLE_##NAME = code,
#include "core/format/pickle.def"
#undef X
} qr_pickle_op;

typedef enum qr_pickle_argument {
#define X(NAME, SHAPE, size) QR_PICKLE_ARG_##NAME,
#include "core/format/pickle_arguments.def"
#undef X
} qr_pickle_argument;

/* What the table says of an opcode. */
typedef struct qr_pickle_info {
    const char *name; /* as pickletools has it; NULL: there is no such opcode */
    uint8_t protocol, argument, takes, marks, gives;
} qr_pickle_info;

const qr_pickle_info *qr_pickle_info_of(uint8_t code);

/* One opcode with its argument, as it stands in the input. */
typedef struct qr_pickle_instruction {
    const uint8_t *at;    /* of the opcode */
    uint8_t code;
    union {
        int64_t i;  /* I4 */
        uint64_t u; /* U1 to U8 */
        double d;   /* FLOAT8 */
    };
    const uint8_t *text;  /* COUNTED: the bytes; LINE: up to its '\n'; borrowed from the input */
    size_t length;
    const uint8_t *second; /* LINES: the other one */
    size_t second_length;
} qr_pickle_instruction;

/* ---------------------------------------------------------------- the decoder: the only one there is */

typedef enum qr_pickle_shape { QR_PICKLE_SHAPE_NOTHING, QR_PICKLE_SHAPE_FIXED, QR_PICKLE_SHAPE_COUNTED, QR_PICKLE_SHAPE_LINE, QR_PICKLE_SHAPE_LINES } qr_pickle_shape;

/* Where the kind is a constant, these are too, and so is every branch on them below. */
QR_INLINE qr_pickle_shape qr_pickle_shape_of(unsigned argument)
{
    switch (argument) {
#define X(NAME, SHAPE, size) case QR_PICKLE_ARG_##NAME: return QR_PICKLE_SHAPE_##SHAPE;
#include "core/format/pickle_arguments.def"
#undef X
    default: return QR_PICKLE_SHAPE_NOTHING;
    }
}
QR_INLINE unsigned qr_pickle_size_of(unsigned argument)
{
    switch (argument) {
#define X(NAME, SHAPE, size) case QR_PICKLE_ARG_##NAME: return size;
#include "core/format/pickle_arguments.def"
#undef X
    default: return 0;
    }
}

QR_INLINE uint64_t qr_pickle_little_endian(const uint8_t *p, unsigned size)
{
    switch (size) {
    case 1: return *p;
    case 2: return qr_load16(p);
    case 4: return qr_load32(p);
    default: return qr_load64(p);
    }
}

/* What an argument lacks when it is not all there: bytes in all, or a whole line more. */
enum { QR_PICKLE_WHOLE_LINE = -1 };

/* The argument of that kind at `at`: where it ends, its members of *op set. NULL: it goes beyond `end`, and op->length is how many bytes
 * behind `at` it has at least, or (size_t)QR_PICKLE_WHOLE_LINE. A length is read as unsigned, whatever it is. */
QR_INLINE const uint8_t *qr_pickle_argument_at(const uint8_t *at, const uint8_t *end, unsigned argument, qr_pickle_instruction *op)
{
    const unsigned size = qr_pickle_size_of(argument);
    size_t left = (size_t)(end - at);
    const uint8_t *line;
    switch (qr_pickle_shape_of(argument)) {
    case QR_PICKLE_SHAPE_FIXED:
        if (QR_UNLIKELY(left < size)) {
            op->length = size;
            return NULL;
        }
        if (argument == QR_PICKLE_ARG_FLOAT8) {
            uint64_t bits = qr_load64_be(at);
            memcpy(&op->d, &bits, sizeof bits);
        }
        else if (argument == QR_PICKLE_ARG_I4)
            op->i = (int32_t)qr_load32(at);
        else
            op->u = qr_pickle_little_endian(at, size);
        return at + size;
    case QR_PICKLE_SHAPE_COUNTED:
        if (QR_UNLIKELY(left < size)) {
            op->length = size;
            return NULL;
        }
        uint64_t length = qr_pickle_little_endian(at, size);
        if (QR_UNLIKELY(length > left - size)) {
            op->length = length > SIZE_MAX - 1 - size ? SIZE_MAX - 1 : (size_t)length + size;
            return NULL;
        }
        op->text = at + size;
        op->length = (size_t)length;
        return at + size + length;
    case QR_PICKLE_SHAPE_LINE:
    case QR_PICKLE_SHAPE_LINES:
        line = (const uint8_t *)memchr(at, '\n', left);
        if (QR_LIKELY(line)) {
            op->text = at;
            op->length = (size_t)(line - at);
            if (qr_pickle_shape_of(argument) == QR_PICKLE_SHAPE_LINE)
                return line + 1;
            at = line + 1;
            line = (const uint8_t *)memchr(at, '\n', (size_t)(end - at));
        }
        if (QR_UNLIKELY(!line)) {
            op->length = (size_t)QR_PICKLE_WHOLE_LINE;
            return NULL;
        }
        op->second = at;
        op->second_length = (size_t)(line - at);
        return line + 1;
    default: return at;
    }
}

/* The next opcode: 1, or 0 with an error in the reader: INVALID_BYTE (no such opcode), TRUNCATED (the input ends in its argument, or
 * where an opcode should be), EMPTY, INVALID_NUMBER (a negative length), STR_BYTES. No argument is looked into: a LINE may hold
 * anything. */
int qr_pickle_next(qr_reader *r, qr_pickle_instruction *op);

#endif
