/* SPDX-License-Identifier: Apache-2.0 */
/* pickle, written: opcodes with their arguments, and frames (PEP 307, 3154, 574). No objects.
 *
 *     80 05   95 .. 8 bytes ..   5D 94 28 ...          2E
 *     PROTO   FRAME, patched     values                STOP
 *             when it is whole
 *
 *     qr_pickle_writer w;
 *     qr_pickle_write_init(&w, protocol);     over w.buffer, which is the caller's
 *     qr_pickle_start(&w)
 *         qr_pickle_ready(&w, n) && ...       before each value: n bytes of text and QR_PICKLE_SLACK more fit
 *     qr_pickle_stop(&w)
 *
 * A value starts where qr_pickle_ready() says so: there a frame that has QR_PICKLE_FRAME_TARGET bytes is closed, given to `flush`, and
 * the next one opened. What a value ends with (qr_pickle_room) never closes one. Text that is as long stands outside frames
 * (qr_pickle_put_block). Every function returns 1, or 0 with an error in the buffer; after `ready` or `room` those that write
 * an opcode of fixed size do not fail and return nothing. */
#ifndef QUIRE_CORE_FORMAT_PICKLE_WRITE_H
#define QUIRE_CORE_FORMAT_PICKLE_WRITE_H

#include "core/base/buffer.h"
#include "core/base/integer.h"
#include "core/format/pickle.h"

enum {
    QR_PICKLE_SLACK = 64,            /* any group of opcodes without text, the largest number in text, and a frame's header */
    QR_PICKLE_FRAME_HEADER = 9,
    QR_PICKLE_FRAME_LEAST = 4,       /* shorter ones have no header */
    QR_PICKLE_FRAME_TARGET = 64 * 1024
};
#define QR_PICKLE_NO_FRAME SIZE_MAX

typedef struct qr_pickle_writer {
    qr_buffer buffer;
    uint8_t *stop;   /* a value of fixed size may start below it: where there is slack, and the frame not yet full */
    size_t frame;    /* place of the open frame's header, or QR_PICKLE_NO_FRAME */
    int protocol;
    int binary;      /* protocol 1 and more; a user of the class may say otherwise */
    int framing;     /* frames are being written */
    /* A frame is closed: hands over what is written and empties the buffer: 1, or 0. NULL: it is kept. */
    int (*flush)(struct qr_pickle_writer *self);
} qr_pickle_writer;

/* The buffer is set up by the caller and may hold something. */
void qr_pickle_write_init(qr_pickle_writer *self, int protocol);
int qr_pickle_start(qr_pickle_writer *self);
int qr_pickle_stop(qr_pickle_writer *self);
/* No frame is open afterwards. */
void qr_pickle_close_frame(qr_pickle_writer *self);
int qr_pickle_open_frame(qr_pickle_writer *self);
/* Whoever changed the buffer by hand says so. */
void qr_pickle_moved(qr_pickle_writer *self);
QR_COLD int qr_pickle_make_ready(qr_pickle_writer *self, size_t n);
QR_COLD int qr_pickle_make_room(qr_pickle_writer *self, size_t n);

QR_INLINE int qr_pickle_ready(qr_pickle_writer *self, size_t n)
{
    return QR_LIKELY(self->stop - self->buffer.p > (ptrdiff_t)n) ? 1 : qr_pickle_make_ready(self, n);
}
QR_INLINE int qr_pickle_room(qr_pickle_writer *self, size_t n)
{
    return QR_LIKELY((size_t)(self->buffer.end - self->buffer.p) >= n + QR_PICKLE_SLACK) ? 1 : qr_pickle_make_room(self, n);
}

QR_INLINE void qr_pickle_put(qr_pickle_writer *self, uint8_t code) { *self->buffer.p++ = code; }
QR_INLINE void qr_pickle_put_u8(qr_pickle_writer *self, uint8_t code, uint8_t value)
{
    self->buffer.p[0] = code;
    self->buffer.p[1] = value;
    self->buffer.p += 2;
}
QR_INLINE void qr_pickle_put_u16(qr_pickle_writer *self, uint8_t code, uint16_t value)
{
    self->buffer.p[0] = code;
    qr_store16(self->buffer.p + 1, value);
    self->buffer.p += 3;
}
QR_INLINE void qr_pickle_put_u32(qr_pickle_writer *self, uint8_t code, uint32_t value)
{
    self->buffer.p[0] = code;
    qr_store32(self->buffer.p + 1, value);
    self->buffer.p += 5;
}
QR_INLINE void qr_pickle_put_u64(qr_pickle_writer *self, uint8_t code, uint64_t value)
{
    self->buffer.p[0] = code;
    qr_store64(self->buffer.p + 1, value);
    self->buffer.p += 9;
}

/* A line of decimal digits: "K12\n". */
QR_INLINE void qr_pickle_put_decimal(qr_pickle_writer *self, uint8_t code, int64_t value)
{
    uint8_t *p = self->buffer.p;
    *p++ = code;
    p = qr_integer_write(p, value);
    *p++ = '\n';
    self->buffer.p = p;
}

/* The binary forms, from protocol 4 on: each is stored at p, where there is room, and returns its end. */
QR_INLINE uint8_t *qr_pickle_store_int32(uint8_t *p, int32_t value)
{
    uint32_t bits = (uint32_t)value;
    qr_store32(p + 1, bits);
    p[0] = bits < 256 ? QR_PICKLE_BININT1 : bits < 65536 ? QR_PICKLE_BININT2 : QR_PICKLE_BININT;
    return p + (bits < 256 ? 2 : bits < 65536 ? 3 : 5);
}
/* Two's complement in as few bytes as hold it with its sign; writes up to ten. */
QR_INLINE uint8_t *qr_pickle_store_int64(uint8_t *p, int64_t value)
{
    unsigned n = (unsigned)(64 - __builtin_clzll((uint64_t)(value < 0 ? ~value : value) | 1)) / 8 + 1;
    p[0] = QR_PICKLE_LONG1;
    p[1] = (uint8_t)n;
    qr_store64(p + 2, (uint64_t)value);
    return p + 2 + n;
}
QR_INLINE uint8_t *qr_pickle_store_float(uint8_t *p, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    p[0] = QR_PICKLE_BINFLOAT;
    qr_store64_be(p + 1, bits);
    return p + 9;
}
/* The head of n bytes, by the codes for 1, 4 and 8 bytes of length. */
QR_INLINE uint8_t *qr_pickle_store_head(uint8_t *p, size_t n, uint8_t code1, uint8_t code4, uint8_t code8)
{
    if (QR_LIKELY(n < 256)) {
        p[0] = code1;
        p[1] = (uint8_t)n;
        return p + 2;
    }
    qr_store64(p + 1, n);
    p[0] = n <= UINT32_MAX ? code4 : code8;
    return p + (n <= UINT32_MAX ? 5 : 9);
}
QR_INLINE uint8_t *qr_pickle_store_text_head(uint8_t *p, size_t n)
{
    return qr_pickle_store_head(p, n, QR_PICKLE_SHORT_BINUNICODE, QR_PICKLE_BINUNICODE, QR_PICKLE_BINUNICODE8);
}
QR_INLINE uint8_t *qr_pickle_store_bytes_head(uint8_t *p, size_t n)
{
    return qr_pickle_store_head(p, n, QR_PICKLE_SHORT_BINBYTES, QR_PICKLE_BINBYTES, QR_PICKLE_BINBYTES8);
}

QR_INLINE void qr_pickle_put_none(qr_pickle_writer *self) { qr_pickle_put(self, QR_PICKLE_NONE); }
QR_INLINE void qr_pickle_put_bool(qr_pickle_writer *self, int value)
{
    if (self->protocol >= 2)
        qr_pickle_put(self, value ? QR_PICKLE_NEWTRUE : QR_PICKLE_NEWFALSE);
    else {
        memcpy(self->buffer.p, value ? "I01\n" : "I00\n", 4);
        self->buffer.p += 4;
    }
}
QR_INLINE void qr_pickle_put_int32(qr_pickle_writer *self, int32_t value)
{
    if (QR_LIKELY(self->binary))
        self->buffer.p = qr_pickle_store_int32(self->buffer.p, value);
    else
        qr_pickle_put_decimal(self, QR_PICKLE_INT, value);
}
/* Beyond 32 bits. */
QR_INLINE void qr_pickle_put_int64(qr_pickle_writer *self, int64_t value)
{
    uint8_t *p = self->buffer.p;
    if (self->protocol >= 2)
        self->buffer.p = qr_pickle_store_int64(p, value);
    else {
        *p++ = QR_PICKLE_LONG;
        p = qr_integer_write(p, value);
        *p++ = 'L';
        *p++ = '\n';
        self->buffer.p = p;
    }
}
/* Binary only: in text a float is the interpreter's repr(). */
QR_INLINE void qr_pickle_put_float(qr_pickle_writer *self, double value) { self->buffer.p = qr_pickle_store_float(self->buffer.p, value); }

/* The heads of what holds n bytes: what follows is the caller's affair. Binary only. 0: the protocol has none for so many. */
QR_INLINE int qr_pickle_put_text_head(qr_pickle_writer *self, size_t n)
{
    if (QR_LIKELY(self->protocol >= 4))
        self->buffer.p = qr_pickle_store_text_head(self->buffer.p, n);
    else if (n <= UINT32_MAX)
        qr_pickle_put_u32(self, QR_PICKLE_BINUNICODE, (uint32_t)n);
    else
        return 0;
    return 1;
}
QR_INLINE int qr_pickle_put_bytes_head(qr_pickle_writer *self, size_t n)
{
    if (n > UINT32_MAX && self->protocol < 4)
        return 0;
    self->buffer.p = qr_pickle_store_bytes_head(self->buffer.p, n);
    return 1;
}
/* For which there is room (qr_pickle_ready(self, n)). */
QR_INLINE void qr_pickle_put_short(qr_pickle_writer *self, const uint8_t *text, size_t n)
{
    memcpy(self->buffer.p, text, n);
    self->buffer.p += n;
}
/* Any number of bytes that belong to what was begun. */
int qr_pickle_put_bytes(qr_pickle_writer *self, const void *bytes, size_t n);
/* A head that was written, and its n >= QR_PICKLE_FRAME_TARGET bytes, outside frames: `head` is where it begins. */
int qr_pickle_put_block(qr_pickle_writer *self, size_t head_length, const void *bytes, size_t n);
/* The same without the bytes: the caller writes them himself, then opens the next frame where there are some (framing). */
void qr_pickle_unframe(qr_pickle_writer *self, size_t head_length);

QR_INLINE void qr_pickle_put_memoize(qr_pickle_writer *self, uint32_t index)
{
    if (QR_LIKELY(self->protocol >= 4))
        qr_pickle_put(self, QR_PICKLE_MEMOIZE);
    else if (!self->binary)
        qr_pickle_put_decimal(self, QR_PICKLE_PUT, index);
    else if (index < 256)
        qr_pickle_put_u8(self, QR_PICKLE_BINPUT, (uint8_t)index);
    else
        qr_pickle_put_u32(self, QR_PICKLE_LONG_BINPUT, index);
}
QR_INLINE void qr_pickle_put_get(qr_pickle_writer *self, uint32_t index)
{
    if (QR_UNLIKELY(!self->binary))
        qr_pickle_put_decimal(self, QR_PICKLE_GET, index);
    else if (index < 256)
        qr_pickle_put_u8(self, QR_PICKLE_BINGET, (uint8_t)index);
    else
        qr_pickle_put_u32(self, QR_PICKLE_LONG_BINGET, index);
}

#endif
