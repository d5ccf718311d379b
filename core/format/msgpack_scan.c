/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack x scan: the end of a MessagePack object (github.com/msgpack/msgpack, spec.md) in input that comes in pieces. See scan.h.
 *
 * What is open is one count for each container: the values still to come in it. A declared count allocates nothing by itself;
 * the counts take eight bytes a level, up to the limit on depth. */
#include "core/format/scan.h"

enum { BETWEEN, INSIDE };

/* What follows a first byte from C0 on, before or as its payload.
 *   length:  bytes of a big-endian length (or count)      fixed: bytes beside what the length says
 *   each:    values for each one counted; 0: the length is of a payload */
typedef struct form {
    uint8_t length, fixed, each;
} form;

static const form forms[] = {
    {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0},            /* C0 nil, C1, C2 false, C3 true */
    {1, 0, 0}, {2, 0, 0}, {4, 0, 0},                       /* C4 bin */
    {1, 1, 0}, {2, 1, 0}, {4, 1, 0},                       /* C7 ext: the type */
    {0, 4, 0}, {0, 8, 0},                                  /* CA float */
    {0, 1, 0}, {0, 2, 0}, {0, 4, 0}, {0, 8, 0},            /* CC uint */
    {0, 1, 0}, {0, 2, 0}, {0, 4, 0}, {0, 8, 0},            /* D0 int */
    {0, 2, 0}, {0, 3, 0}, {0, 5, 0}, {0, 9, 0}, {0, 17, 0},/* D4 fixext: the type and the data */
    {1, 0, 0}, {2, 0, 0}, {4, 0, 0},                       /* D9 str */
    {2, 0, 1}, {4, 0, 1},                                  /* DC array */
    {2, 0, 2}, {4, 0, 2},                                  /* DE map */
};

/* A value is whole, and with it perhaps the containers that it was the last of. */
static qr_scan_result value_done(qr_scan *self)
{
    while (self->depth && --self->left[self->depth - 1] == 0)
        self->depth--;
    if (self->depth)
        return QR_SCAN_MORE;
    self->state = BETWEEN;
    return QR_SCAN_DONE;
}

static qr_scan_result payload(qr_scan *self, uint64_t n)
{
    self->skip = n;
    return n ? QR_SCAN_MORE : value_done(self);
}

static int more_room(qr_scan *self)
{
    uint32_t room = self->room ? 2 * self->room : 16;
    room = room < self->depth_limit ? room : self->depth_limit;
    uint64_t *left = qr_memory_array(self->memory, self->left, room, sizeof *left);
    if (!left)
        return 0;
    self->left = left;
    self->room = room;
    return 1;
}

static qr_scan_result container(qr_scan *self, uint64_t n)
{
    if (self->depth == self->depth_limit)
        return QR_SCAN_DEPTH;
    if (n == 0)
        return value_done(self);
    if (self->depth == self->room && !more_room(self))
        return QR_SCAN_MEMORY;
    self->left[self->depth++] = n;
    return QR_SCAN_MORE;
}

/* The length of a first byte from C0 on has come. */
static qr_scan_result length_done(qr_scan *self)
{
    const form *f = &forms[self->first - 0xC0];
    return f->each ? container(self, self->number * f->each) : payload(self, self->number + f->fixed);
}

static qr_scan_result first_byte(qr_scan *self, uint8_t c)
{
    if (c <= 0x7F || c >= 0xE0)
        return value_done(self);
    if (c >= 0xC0) {
        if (c == 0xC1) { /* starts no value: a reader stops here */
            self->depth = 0;
            return value_done(self);
        }
        self->first = c;
        self->number = 0;
        self->wanted = forms[c - 0xC0].length;
        return self->wanted ? QR_SCAN_MORE : length_done(self);
    }
    return c >= 0xA0 ? payload(self, c & 0x1F) : container(self, c < 0x90 ? 2 * (c & 0xFu) : c & 0xFu);
}

qr_scan_result qr_msgpack_scan(qr_scan *self, const uint8_t *data, size_t length, size_t *taken)
{
    const uint8_t *p = data, *end = data + length;
    *taken = length;
    if (p == end)
        return self->state == BETWEEN ? QR_SCAN_SPACE : QR_SCAN_MORE;
    self->state = INSIDE;
    while (p < end) {
        qr_scan_result result;
        if (self->skip) {
            size_t n = (size_t)(end - p) < self->skip ? (size_t)(end - p) : (size_t)self->skip;
            p += n;
            self->skip -= n;
            result = self->skip ? QR_SCAN_MORE : value_done(self);
        }
        else if (self->wanted) {
            self->number = self->number << 8 | *p++;
            result = --self->wanted ? QR_SCAN_MORE : length_done(self);
        }
        else
            result = first_byte(self, *p++);
        if (QR_UNLIKELY(result != QR_SCAN_MORE)) {
            *taken = (size_t)(p - data);
            return result;
        }
    }
    return QR_SCAN_MORE;
}

qr_scan_result qr_msgpack_scan_end(const qr_scan *self) { return self->state == BETWEEN ? QR_SCAN_SPACE : QR_SCAN_MORE; }
