/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/reader.h"

void qr_reader_init(qr_reader *self, const uint8_t *data, size_t length, const qr_limits *limits, uint32_t options)
{
    static const qr_limits defaults = QR_LIMITS_DEFAULT;
    *self = (qr_reader){.p = data, .start = data, .end = data + length, .options = options, .limits = limits ? *limits : defaults,
                         .error_node = UINT32_MAX, .error_field = UINT32_MAX, .memory = &qr_memory_default};
    qr_limits *own = &self->limits;
    if (own->depth == 0 || own->depth > QR_DEPTH_MAX)
        own->depth = own->depth ? QR_DEPTH_MAX : QR_DEPTH_DEFAULT;
    qr_depth_init(&self->depth, own->depth);
    self->str_limit = own->str_bytes ? own->str_bytes : SIZE_MAX;
    self->item_limit = own->items ? own->items : SIZE_MAX;
    if (own->bytes && length > own->bytes)
        qr_reader_fail(self, QR_ERROR_BYTES, data);
}

void qr_reader_fail_cold(qr_reader *self, qr_error error, const uint8_t *at)
{
    if (self->error != QR_ERROR_NONE)
        return;
    self->error = error;
    self->error_at = at;
}

uint32_t qr_reader_go_deeper(qr_reader *self)
{
    uint32_t lent = qr_depth_lend(&self->depth);
    return lent ? lent : (uint32_t)qr_reader_fail(self, QR_ERROR_DEPTH, self->p);
}

uint8_t *qr_reader_scratch(qr_reader *self, size_t n)
{
    if (n > self->scratch_size || !self->scratch) {
        uint8_t *bigger = qr_memory_array(self->memory, self->scratch, n, 1);
        if (!bigger) {
            qr_reader_fail(self, QR_ERROR_MEMORY, self->p);
            return NULL;
        }
        self->scratch = bigger;
        self->scratch_size = n;
    }
    return self->scratch;
}

void qr_reader_release(qr_reader *self)
{
    qr_memory_free(self->memory, self->scratch);
    self->scratch = NULL;
    self->scratch_size = 0;
}

/* Line ends, and code points since the last one. */
static void count_places(const uint8_t *p, size_t n, size_t *line, size_t *column)
{
    const uint8_t *end = p + n, *found;
    while (p < end && (found = memchr(p, '\n', (size_t)(end - p)))) {
        ++*line;
        *column = 0;
        p = found + 1;
    }
    for (; p < end; p++)
        *column += (*p & 0xC0) != 0x80;
}

void qr_origin_advance(qr_origin *self, const uint8_t *data, size_t n)
{
    self->offset += n;
    count_places(data, n, &self->line, &self->column);
}

void qr_reader_position(const qr_reader *self, const uint8_t *at, size_t *line, size_t *column)
{
    *line = *column = 0;
    if (self->origin) {
        *line = self->origin->line;
        *column = self->origin->column;
        count_places(self->origin->before, self->origin->before_length, line, column);
    }
    count_places(qr_reader_text(self), (size_t)((at < self->end ? at : self->end) - self->start), line, column);
    ++*line;
    ++*column;
}
