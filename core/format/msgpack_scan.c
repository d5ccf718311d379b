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

/* Over values whose first byte says how long they are, as long as one is left in the container and they are surely all there. Such are
 * most, and the state is the same after each. */
static const uint8_t *short_values(qr_scan *self, const uint8_t *p, const uint8_t *end)
{
    uint64_t *left = &self->left[self->depth - 1], n = *left;
    for (; n > 1 && end - p > 1 + 0x1F; n--) {
        uint8_t c = *p;
        if (c <= 0x7F || c >= 0xE0)
            p++;
        else if (c >= 0xA0 && c < 0xC0)
            p += 1 + (c & 0x1F);
        else if (c >= 0xC0 && c != 0xC1 && forms[c - 0xC0].length == 0)
            p += 1 + forms[c - 0xC0].fixed;
        else
            break;
    }
    *left = n;
    return p;
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
        else {
            if (self->depth)
                p = short_values(self, p, end);
            result = first_byte(self, *p++);
        }
        if (QR_UNLIKELY(result != QR_SCAN_MORE)) {
            *taken = (size_t)(p - data);
            return result;
        }
    }
    return QR_SCAN_MORE;
}

qr_scan_result qr_msgpack_scan_end(const qr_scan *self) { return self->state == BETWEEN ? QR_SCAN_SPACE : QR_SCAN_MORE; }

/* ---------------------------------------------------------------- what is there of a document
 * Counts stand in front: each container is written with a count of four bytes, which is set when it is known. */

typedef struct level {
    uint64_t left;  /* values still to come */
    size_t at;      /* where its first byte is in the output */
    size_t pair_at; /* map: where the pair that is being written starts */
    uint64_t made;  /* values written */
    uint8_t each;   /* values for each one counted */
} level;

typedef struct partial {
    qr_buffer *out;
    const qr_memory *memory;
    level *levels;
    size_t depth, room;
} partial;

static void store_count(partial *self, const level *l) { qr_store32_be(self->out->base + l->at + 1, (uint32_t)(l->made / l->each)); }

/* A value was written: counts it, and what it completes. 0: the document is whole. */
static int count_value(partial *self)
{
    while (self->depth) {
        level *l = &self->levels[self->depth - 1];
        l->made++;
        if (--l->left)
            return 1;
        store_count(self, l);
        self->depth--;
    }
    return 0;
}

static int open_level(partial *self, uint64_t n, uint8_t each)
{
    if (!qr_buffer_reserve(self->out, 5))
        return 0;
    size_t at = qr_buffer_length(self->out);
    *self->out->p = each == 2 ? 0xDF : 0xDD;
    qr_store32_be(self->out->p + 1, 0);
    self->out->p += 5;
    if (n == 0)
        return count_value(self);
    if (self->depth == self->room) {
        size_t room = self->room ? 2 * self->room : 16;
        level *levels = qr_memory_array(self->memory, self->levels, room, sizeof *levels);
        if (!levels)
            return qr_buffer_fail(self->out, QR_ERROR_MEMORY);
        self->levels = levels;
        self->room = room;
    }
    self->levels[self->depth++] = (level){.left = n, .at = at, .pair_at = at, .each = each};
    return 1;
}

static int put_whole(partial *self, const uint8_t *data, size_t n)
{
    if (!qr_buffer_reserve(self->out, n))
        return 0;
    memcpy(self->out->p, data, n);
    self->out->p += n;
    return count_value(self);
}

/* The first n bytes of a payload that goes on: of text, its whole characters. */
static void put_cut(partial *self, uint8_t first, const uint8_t *data, size_t n)
{
    int is_text = first < 0xC0 || first >= 0xD9;
    for (size_t k = 1; is_text && k <= 3 && k <= n; k++) {
        uint8_t c = data[n - k];
        if ((c & 0xC0) == 0x80)
            continue;
        n -= (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : c >= 0xC0 ? 2u : 1u) > k ? k : 0;
        break;
    }
    if (n > 0xFFFFFFFF || !qr_buffer_reserve(self->out, n + 5))
        return;
    *self->out->p = is_text ? 0xDB : 0xC6;
    qr_store32_be(self->out->p + 1, (uint32_t)n);
    memcpy(self->out->p + 5, data, n);
    self->out->p += n + 5;
    count_value(self);
}

/* One value from *at on, of a container only the header. 0: the end cuts it off, or nothing more is to come. */
static int put_value(partial *self, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *start = *at, *p = start + 1;
    size_t left = (size_t)(end - start);
    if (left == 0)
        return 0;
    uint8_t c = *start;
    level *top = self->depth ? &self->levels[self->depth - 1] : NULL;
    if (top && top->each == 2 && top->made % 2 == 0)
        top->pair_at = qr_buffer_length(self->out);
    uint64_t size = 0;
    if (c >= 0x80 && c < 0xA0) {
        *at = p;
        return open_level(self, (uint64_t)(c & 0xF) * (c < 0x90 ? 2 : 1), c < 0x90 ? 2 : 1);
    }
    if (c >= 0xA0 && c < 0xC0)
        size = c & 0x1F;
    else if (c >= 0xC0 && c < 0xE0) {
        const form *f = &forms[c - 0xC0];
        if (left - 1 < f->length)
            return 0;
        for (unsigned i = 0; i < f->length; i++)
            size = size << 8 | *p++;
        if (f->each) {
            *at = p;
            return open_level(self, size * f->each, f->each);
        }
        size += f->fixed;
    }
    if ((uint64_t)(end - p) >= size) {
        *at = p + size;
        return put_whole(self, start, (size_t)(p - start) + (size_t)size);
    }
    int can_be_cut = (c >= 0xA0 && c < 0xC0) || (c >= 0xC4 && c <= 0xC6) || (c >= 0xD9 && c <= 0xDB);
    if (can_be_cut && !(top && top->each == 2 && top->made % 2 == 0))
        put_cut(self, c, p, (size_t)(end - p));
    return 0;
}

int qr_msgpack_partial(const uint8_t *data, size_t length, const qr_memory *memory, qr_buffer *out)
{
    partial self = {.out = out, .memory = memory};
    const uint8_t *p = data, *end = data + length;
    size_t before = qr_buffer_length(out);
    while (put_value(&self, &p, end))
        ;
    for (size_t i = self.depth; i-- > 0 && out->error == QR_ERROR_NONE;) { /* from the innermost */
        level *l = &self.levels[i];
        if (l->each == 2 && l->made % 2) {
            out->p = out->base + l->pair_at;
            l->made--;
        }
        store_count(&self, l);
        if (i > 0)
            self.levels[i - 1].made++;
    }
    qr_memory_free(memory, self.levels);
    return out->error == QR_ERROR_NONE && qr_buffer_length(out) > before;
}
