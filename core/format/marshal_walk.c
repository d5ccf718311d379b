/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of .pyc: PEP 3147 and 552, and the documentation of py_compile. */
#include "core/format/marshal_walk.h"

typedef enum field_kind { INT, OBJECT } field_kind;

static const struct { const char *name; uint16_t first, last; uint8_t kind; } fields[] = {
#define X(name, KIND, first, last) {#name, first, last, KIND},
#include "core/format/marshal_code.def"
#undef X
};
enum { FIELDS = QR_ARRAY_LENGTH(fields), UNCOUNTED = UINT32_MAX };

void qr_marshal_walk_init(qr_marshal_walk *self, qr_reader *r, unsigned version) { *self = (qr_marshal_walk){.r = r, .version = version}; }

void qr_marshal_walk_release(qr_marshal_walk *self)
{
    qr_memory_free(self->r->memory, self->frames);
    self->frames = NULL;
}

/* The first field from this one on that the version has. */
static uint8_t field_from(const qr_marshal_walk *self, unsigned field)
{
    while (field < FIELDS && (self->version < fields[field].first || self->version > fields[field].last))
        field++;
    return (uint8_t)field;
}

static int open(qr_marshal_walk *self, const qr_marshal_item *item, uint32_t left)
{
    if (self->depth >= self->r->limits.depth)
        return qr_reader_fail(self->r, QR_ERROR_DEPTH, item->at);
    if (self->depth == self->room) {
        size_t room = self->room * 2 + 16;
        qr_marshal_frame *frames = qr_memory_array(self->r->memory, self->frames, room, sizeof *frames);
        if (!frames)
            return qr_reader_fail(self->r, QR_ERROR_MEMORY, item->at);
        self->frames = frames;
        self->room = room;
    }
    self->frames[self->depth++] = (qr_marshal_frame){item->code, item->code == QR_MARSHAL_CODE ? field_from(self, 0) : FIELDS, left};
    return 1;
}

static int open_container(qr_marshal_walk *self, const qr_marshal_item *item)
{
    switch (qr_marshal_info_of(item->code)->argument) {
    case QR_MARSHAL_ARG_COUNT1:
    case QR_MARSHAL_ARG_COUNT4: return open(self, item, (uint32_t)item->i);
    case QR_MARSHAL_ARG_PAIRS: return open(self, item, UNCOUNTED);
    case QR_MARSHAL_ARG_THREE: return open(self, item, 3);
    case QR_MARSHAL_ARG_FIELDS: return self->version ? open(self, item, UNCOUNTED) : qr_reader_fail(self->r, QR_ERROR_INVALID_BYTE, item->at);
    default: return 1;
    }
}

static int end(qr_marshal_walk *self, qr_marshal_event *event, const uint8_t *at)
{
    *event = (qr_marshal_event){.kind = QR_MARSHAL_EVENT_END, .item = {.at = at, .code = self->frames[self->depth - 1].code}, .end = self->r->p};
    self->depth--;
    return 1;
}

static int read_number(qr_marshal_walk *self, qr_marshal_event *event)
{
    int32_t number;
    *event = (qr_marshal_event){.kind = QR_MARSHAL_EVENT_NUMBER, .item = {.at = self->r->p}, .field = event->field};
    if (!qr_marshal_want_i4(self->r, event->item.at, &number))
        return 0;
    event->item.i = number;
    event->end = self->r->p;
    return 1;
}

static int read_item(qr_marshal_walk *self, qr_marshal_event *event, qr_marshal_frame *frame)
{
    event->kind = QR_MARSHAL_EVENT_ITEM;
    if (!qr_marshal_next(self->r, &event->item))
        return 0;
    if (event->item.code == QR_MARSHAL_NULL) {
        int is_key = frame && frame->code == QR_MARSHAL_DICT && frame->left % 2;
        return is_key ? end(self, event, event->item.at) : qr_reader_fail(self->r, QR_ERROR_INVALID_BYTE, event->item.at);
    }
    event->end = self->r->p;
    if (frame)
        frame->left--;
    return open_container(self, &event->item);
}

int qr_marshal_walk_next(qr_marshal_walk *self, qr_marshal_event *event)
{
    qr_marshal_frame *frame = self->depth ? &self->frames[self->depth - 1] : NULL;
    event->field = NULL;
    if (self->r->error != QR_ERROR_NONE || (!frame && self->begun))
        return 0;
    self->begun = 1;
    if (frame && frame->code == QR_MARSHAL_CODE) {
        if (frame->field == FIELDS)
            return end(self, event, self->r->p);
        unsigned field = frame->field;
        event->field = fields[field].name;
        frame->field = field_from(self, field + 1);
        return fields[field].kind == INT ? read_number(self, event) : read_item(self, event, frame);
    }
    if (frame && frame->left == 0)
        return end(self, event, self->r->p);
    return read_item(self, event, frame);
}

/* ---------------------------------------------------------------- .pyc */

static unsigned version_of(unsigned magic)
{
    switch (magic) {
#define X(number, version) \
    case number: return version;
#include "core/format/marshal_magic.def"
#undef X
    default: return 0;
    }
}

int qr_pyc_read_head(const uint8_t *data, size_t length, qr_pyc_head *head)
{
    *head = (qr_pyc_head){0};
    if (length < 4 || data[2] != '\r' || data[3] != '\n')
        return 0;
    head->magic = qr_load16(data);
    head->version = version_of(head->magic);
    head->length = head->version >= 307 ? 16 : head->version >= 303 ? 12 : 8;
    if (!head->version || length < head->length)
        return 0;
    const uint8_t *p = data + 4;
    if (head->version >= 307) {
        head->flags = qr_load32(p);
        p += 4;
    }
    if (head->flags & 1)
        head->hash = p;
    else {
        head->mtime = qr_load32(p);
        head->size = head->version >= 303 ? qr_load32(p + 4) : 0;
    }
    return 1;
}
