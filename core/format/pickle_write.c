/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/pickle_write.h"

void qr_pickle_moved(qr_pickle_writer *self)
{
    qr_buffer *b = &self->buffer;
    if (b->end - b->p <= QR_PICKLE_SLACK) {
        self->stop = b->p;
        return;
    }
    self->stop = b->end - QR_PICKLE_SLACK;
    if (self->frame != QR_PICKLE_NO_FRAME) {
        size_t full = self->frame + QR_PICKLE_FRAME_HEADER + QR_PICKLE_FRAME_TARGET;
        if (full < (size_t)(self->stop - b->base))
            self->stop = b->base + full;
    }
}

void qr_pickle_write_init(qr_pickle_writer *self, int protocol)
{
    self->frame = QR_PICKLE_NO_FRAME;
    self->protocol = protocol;
    self->binary = protocol > 0;
    self->framing = 0;
    self->flush = NULL;
    self->stop = self->buffer.p;
}

int qr_pickle_make_room(qr_pickle_writer *self, size_t n)
{
    size_t need;
    if (qr_add_overflows(n, 2 * QR_PICKLE_SLACK, &need))
        return qr_buffer_fail(&self->buffer, QR_ERROR_MEMORY);
    if (!qr_buffer_reserve(&self->buffer, need))
        return 0;
    qr_pickle_moved(self);
    return 1;
}

int qr_pickle_open_frame(qr_pickle_writer *self)
{
    if (!qr_pickle_make_room(self, 0))
        return 0;
    self->frame = qr_buffer_length(&self->buffer);
    self->buffer.p += QR_PICKLE_FRAME_HEADER;
    qr_pickle_moved(self);
    return 1;
}

/* n bytes from the header of the open frame on. */
static size_t frame_length(const qr_pickle_writer *self) { return qr_buffer_length(&self->buffer) - self->frame - QR_PICKLE_FRAME_HEADER; }

void qr_pickle_close_frame(qr_pickle_writer *self)
{
    if (self->frame == QR_PICKLE_NO_FRAME)
        return;
    uint8_t *header = self->buffer.base + self->frame;
    size_t n = frame_length(self);
    if (n >= QR_PICKLE_FRAME_LEAST) {
        header[0] = QR_PICKLE_FRAME;
        qr_store64(header + 1, n);
    }
    else {
        memmove(header, header + QR_PICKLE_FRAME_HEADER, n);
        self->buffer.p -= QR_PICKLE_FRAME_HEADER;
    }
    self->frame = QR_PICKLE_NO_FRAME;
    qr_pickle_moved(self);
}

int qr_pickle_make_ready(qr_pickle_writer *self, size_t n)
{
    if (self->framing && self->frame != QR_PICKLE_NO_FRAME && frame_length(self) >= QR_PICKLE_FRAME_TARGET) {
        qr_pickle_close_frame(self);
        if ((self->flush && !self->flush(self)) || !qr_pickle_open_frame(self))
            return 0;
    }
    return qr_pickle_room(self, n);
}

int qr_pickle_start(qr_pickle_writer *self)
{
    if (!qr_pickle_make_room(self, 0))
        return 0;
    if (self->protocol >= 2)
        qr_pickle_put_u8(self, QR_PICKLE_PROTO, (uint8_t)self->protocol);
    self->framing = self->protocol >= 4;
    if (self->framing)
        return qr_pickle_open_frame(self);
    qr_pickle_moved(self);
    return 1;
}

int qr_pickle_stop(qr_pickle_writer *self)
{
    if (!qr_pickle_room(self, 0))
        return 0;
    qr_pickle_put(self, QR_PICKLE_STOP);
    qr_pickle_close_frame(self);
    self->framing = 0;
    return 1;
}

int qr_pickle_put_bytes(qr_pickle_writer *self, const void *bytes, size_t n)
{
    if (!qr_pickle_room(self, n))
        return 0;
    if (n)
        memcpy(self->buffer.p, bytes, n);
    self->buffer.p += n;
    return 1;
}

void qr_pickle_unframe(qr_pickle_writer *self, size_t head_length)
{
    uint8_t head[QR_PICKLE_FRAME_HEADER];
    if (self->frame == QR_PICKLE_NO_FRAME)
        return;
    self->buffer.p -= head_length;
    memcpy(head, self->buffer.p, head_length);
    qr_pickle_close_frame(self);
    memcpy(self->buffer.p, head, head_length);
    self->buffer.p += head_length;
    qr_pickle_moved(self);
}

int qr_pickle_put_block(qr_pickle_writer *self, size_t head_length, const void *bytes, size_t n)
{
    qr_pickle_unframe(self, head_length);
    return qr_pickle_put_bytes(self, bytes, n) && (!self->framing || qr_pickle_open_frame(self));
}
