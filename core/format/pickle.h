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

/* The next opcode: 1, or 0 with an error in the reader: INVALID_BYTE (no such opcode), TRUNCATED (the input ends in its argument, or
 * where an opcode should be), EMPTY, INVALID_NUMBER (a negative length), STR_BYTES. No argument is looked into: a LINE may hold
 * anything. */
int qr_pickle_next(qr_reader *r, qr_pickle_instruction *op);

#endif
