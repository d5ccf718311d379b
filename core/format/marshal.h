/* SPDX-License-Identifier: Apache-2.0 */
/* marshal: the items of Python's own internal format, without objects.
 *
 *     code (one byte; 0x80: can be referred to)   argument (marshal_arguments.def)   the objects within, one after the other
 *
 *     A9 02             a tuple of two, that can be referred to as number 0
 *     E9 01 00 00 00    1, that can be referred to as number 1
 *     72 01 00 00 00    what has number 1
 *
 * marshal.def says what there is, marshal_code.def what a code object is made of. An item is what stands before the objects
 * within it: a container's is its number of objects. Nothing here follows references or knows where a container ends.
 *
 * The inline functions read one argument each and are shared by qr_marshal_next (any item) and by the binding, which knows the code
 * already. `at` is the place of the item, for errors. They return 1, or 0 with an error in the reader:
 *     EMPTY, TRUNCATED   the input ends: before the code (the place is the end), or within the argument
 *     INVALID_BYTE       no such code
 *     INVALID_NUMBER     at the item: a length that is negative; behind it: a digit beyond 15 bits, or a highest one of 0
 *     STR_BYTES, ITEMS   more than the limits allow */
#ifndef QUIRE_CORE_FORMAT_MARSHAL_H
#define QUIRE_CORE_FORMAT_MARSHAL_H

#include "core/base/buffer.h"
#include "core/base/reader.h"

enum { QR_MARSHAL_FLAG = 0x80, QR_MARSHAL_HIGHEST = 5 };

typedef enum qr_marshal_code {
#define X(NAME, code, ARGUMENT, since) QR_MARSHAL_##NAME = code,
#include "core/format/marshal.def"
#undef X
} qr_marshal_code;

typedef enum qr_marshal_argument {
#define X(NAME, SHAPE, size) QR_MARSHAL_ARG_##NAME,
#include "core/format/marshal_arguments.def"
#undef X
} qr_marshal_argument;

typedef struct qr_marshal_info {
    const char *name; /* NULL: there is no such code */
    uint8_t argument, since;
} qr_marshal_info;

/* Of a code without its flag (below 0x80). */
const qr_marshal_info *qr_marshal_info_of(uint8_t code);

typedef struct qr_marshal_item {
    const uint8_t *at;   /* of the code */
    uint8_t code;        /* without the flag */
    uint8_t flag;        /* 0 or 1 */
    union {
        int64_t i;       /* I4, I8; INDEX; DIGITS: the length with its sign; ITEMS: how many objects follow */
        double d[2];     /* FLOAT8, TWO_FLOATS */
    };
    const uint8_t *text; /* COUNTED, SHORTS, TEXTS: the bytes, borrowed from the input */
    size_t length;
    const uint8_t *second; /* TWO_FLOAT_TEXTS: the other one */
    size_t second_length;
} qr_marshal_item;

/* The next item. */
int qr_marshal_next(qr_reader *r, qr_marshal_item *item);

/* For input that comes in pieces: how many more bytes than these `n` the item needs at least; 0: it is whole, or no item. */
uint64_t qr_marshal_missing(const uint8_t *data, size_t n);

/* ---------------------------------------------------------------- one argument */

QR_INLINE int qr_marshal_has(qr_reader *r, size_t n, const uint8_t *at)
{
    return QR_LIKELY(qr_reader_left(r) >= n) ? 1 : qr_reader_fail(r, QR_ERROR_TRUNCATED, at);
}

QR_INLINE int qr_marshal_want_i4(qr_reader *r, const uint8_t *at, int32_t *value)
{
    if (!qr_marshal_has(r, 4, at))
        return 0;
    *value = (int32_t)qr_load32(r->p);
    r->p += 4;
    return 1;
}

QR_INLINE int qr_marshal_want_float(qr_reader *r, const uint8_t *at, double *value)
{
    if (!qr_marshal_has(r, 8, at))
        return 0;
    memcpy(value, r->p, 8);
    r->p += 8;
    return 1;
}

/* A number of objects; `size` is that of the table, 1 or 4. How much input there is does not matter here. */
QR_INLINE int qr_marshal_want_count(qr_reader *r, const uint8_t *at, unsigned size, size_t *count)
{
    int32_t n;
    if (size == 1) {
        if (!qr_marshal_has(r, 1, at))
            return 0;
        *count = *r->p++;
    }
    else {
        if (!qr_marshal_want_i4(r, at, &n))
            return 0;
        if (QR_UNLIKELY(n < 0))
            return qr_reader_fail(r, QR_ERROR_INVALID_NUMBER, at);
        *count = (size_t)n;
    }
    return QR_LIKELY(*count <= r->item_limit) ? 1 : qr_reader_fail(r, QR_ERROR_ITEMS, at);
}

/* A length and that many bytes. */
QR_INLINE int qr_marshal_want_text(qr_reader *r, const uint8_t *at, unsigned size, const uint8_t **text, size_t *length)
{
    int32_t n;
    if (size == 1) {
        if (!qr_marshal_has(r, 1, at))
            return 0;
        n = *r->p++;
    }
    else if (!qr_marshal_want_i4(r, at, &n))
        return 0;
    if (QR_UNLIKELY(n < 0))
        return qr_reader_fail(r, QR_ERROR_INVALID_NUMBER, at);
    if (!qr_marshal_has(r, (size_t)n, at))
        return 0;
    if (QR_UNLIKELY((size_t)n > r->str_limit))
        return qr_reader_fail(r, QR_ERROR_STR_BYTES, at);
    *text = r->p;
    *length = (size_t)n;
    r->p += n;
    return 1;
}

/* The digits of a LONG, checked: *count with the sign of the number. */
int qr_marshal_want_digits(qr_reader *r, const uint8_t *at, const uint8_t **digits, int32_t *count);

/* ---------------------------------------------------------------- writing */

/* Items of a fixed size: the caller has made sure of room (QR_BUFFER_SLACK is enough). `code` has its flag. */
QR_INLINE void qr_marshal_put_code(qr_buffer *b, uint8_t code) { *b->p++ = code; }
QR_INLINE void qr_marshal_put_i4(qr_buffer *b, int32_t value) { qr_store32(b->p, (uint32_t)value); b->p += 4; }
QR_INLINE void qr_marshal_put_int(qr_buffer *b, uint8_t code, int32_t value)
{
    *b->p = code;
    qr_store32(b->p + 1, (uint32_t)value);
    b->p += 5;
}
QR_INLINE void qr_marshal_put_float(qr_buffer *b, uint8_t code, double value)
{
    *b->p = code;
    memcpy(b->p + 1, &value, 8);
    b->p += 9;
}

/* A code, a length of `size` bytes and the text, with room for what comes after. 1, or 0 with an error in the buffer: OUT_OF_RANGE beyond
 * 2**31 - 1 bytes. */
QR_INLINE int qr_marshal_put_text(qr_buffer *b, uint8_t code, unsigned size, const uint8_t *text, size_t n)
{
    if (QR_UNLIKELY(n > INT32_MAX))
        return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
    if (!qr_buffer_reserve(b, n + 5 + QR_BUFFER_SLACK))
        return 0;
    *b->p++ = code;
    if (size == 1)
        *b->p++ = (uint8_t)n;
    else
        qr_marshal_put_i4(b, (int32_t)n);
    memcpy(b->p, text, n);
    b->p += n;
    return 1;
}

#endif
