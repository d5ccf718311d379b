/* SPDX-License-Identifier: Apache-2.0 */
/* order: most comparisons are decided by the first eight bytes of the keys as a number; sorting is by insertion, in runs that
 * are merged. It is stable, so equal keys stay as they came. */
#include "core/format/order.h"

#include "core/base/utf8.h"

void qr_order_init(qr_order *self, const qr_memory *memory, qr_order_by by, int distinct)
{
    *self = (qr_order){.memory = memory, .by = by, .distinct = distinct, .plain = 1};
}

void qr_order_release(qr_order *self)
{
    qr_memory_free(self->memory, self->marks);
    qr_memory_free(self->memory, self->levels);
    qr_memory_free(self->memory, self->room);
}

int qr_order_grow_marks(qr_order *self, qr_buffer *buffer)
{
    size_t room = self->mark_room ? 2 * self->mark_room : 64;
    qr_order_mark *marks = qr_memory_array(self->memory, self->marks, room, sizeof *marks);
    if (!marks)
        return qr_buffer_fail(buffer, QR_ERROR_MEMORY);
    self->marks = marks;
    self->mark_room = room;
    return 1;
}

int qr_order_open_level(qr_order *self, qr_buffer *buffer, int what)
{
    if (QR_UNLIKELY(self->depth == self->level_room)) {
        size_t room = self->level_room ? 2 * self->level_room : 16;
        qr_order_level *levels = qr_memory_array(self->memory, self->levels, room, sizeof *levels);
        if (!levels)
            return qr_buffer_fail(buffer, QR_ERROR_MEMORY);
        self->levels = levels;
        self->level_room = room;
    }
    self->levels[self->depth++] = (qr_order_level){self->count, qr_buffer_length(buffer), self->plain, what};
    self->what = what;
    self->plain = 0;
    return 1;
}

/* ---------------------------------------------------------------- comparing */

typedef struct entry {
    uint64_t head; /* the first bytes, the first of them on top; 0 where the key has no more */
    const uint8_t *key;
    size_t length, index;
} entry;

static uint64_t head_of(const uint8_t *key, size_t n, const uint8_t *end)
{
    uint64_t head = 0;
    if (QR_LIKELY(end - key >= 8)) {
        head = qr_load64_be(key);
        return n >= 8 ? head : n ? head >> (64 - 8 * n) << (64 - 8 * n) : 0;
    }
    for (size_t i = 0; i < 8; i++)
        head = head << 8 | (i < n ? key[i] : 0);
    return head;
}

static int compare_bytes(const entry *a, const entry *b)
{
    size_t n = a->length < b->length ? a->length : b->length;
    int order = n > 8 ? memcmp(a->key + 8, b->key + 8, n - 8) : 0;
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static unsigned hex_value(uint8_t c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/* Four digits as this very writer wrote them. */
static uint32_t hex_unit(const uint8_t *p) { return hex_value(p[0]) << 12 | hex_value(p[1]) << 8 | hex_value(p[2]) << 4 | hex_value(p[3]); }

/* The next code point of the text of a JSON string that was written here, so is valid. */
static uint32_t next_point(const uint8_t **at)
{
    const uint8_t *p = *at;
    uint32_t c = *p++;
    if (c == '\\') {
        static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
        const char *found;
        c = *p++;
        if (c == 'u') {
            c = hex_unit(p);
            p += 4;
            if ((c & 0xFC00) == 0xD800) { /* its other half follows */
                c = 0x10000 + ((c & 0x3FF) << 10) + (hex_unit(p + 2) & 0x3FF);
                p += 6;
            }
        }
        else if ((found = strchr(letters, (int)c)))
            c = (uint8_t)controls[found - letters];
    }
    else if (c >= 0xF0) {
        c = (c & 7) << 18 | (p[0] & 0x3Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        p += 3;
    }
    else if (c >= 0xE0) {
        c = (c & 15) << 12 | (p[0] & 0x3Fu) << 6 | (p[1] & 0x3Fu);
        p += 2;
    }
    else if (c >= 0xC0)
        c = (c & 31) << 6 | (*p++ & 0x3Fu);
    *at = p;
    return c;
}

/* What a code point counts for: in UTF-16 those beyond the Basic Multilingual Plane begin with D800 to DBFF, so they come before E000. */
static uint32_t rank_of(uint32_t point, int utf16) { return utf16 && point >= 0xE000 && point < 0x10000 ? point + 0x110000 : point; }

static int compare_points(const entry *a, const entry *b, int utf16)
{
    const uint8_t *p = a->key, *q = b->key, *p_end = p + a->length, *q_end = q + b->length;
    while (p < p_end && q < q_end) {
        uint32_t c = rank_of(next_point(&p), utf16), d = rank_of(next_point(&q), utf16);
        if (c != d)
            return c < d ? -1 : 1;
    }
    return (p < p_end) - (q < q_end);
}

/* Are the bytes of the text not in the order of its code points (escapes), or of its UTF-16? */
static int is_hard(const uint8_t *text, size_t n, int utf16)
{
    uint8_t least = utf16 ? 0xEE : 0xFF;
    for (size_t i = 0; i < n; i++)
        if (QR_UNLIKELY(text[i] == '\\' || text[i] >= least))
            return 1;
    return 0;
}

typedef enum order_mode { BY_BYTES, BY_POINTS, BY_UTF16 } order_mode;

QR_INLINE int compare(const entry *a, const entry *b, order_mode mode)
{
    if (QR_UNLIKELY(mode != BY_BYTES))
        return compare_points(a, b, mode == BY_UTF16);
    if (QR_LIKELY(a->head != b->head))
        return a->head < b->head ? -1 : 1;
    return compare_bytes(a, b);
}

/* ---------------------------------------------------------------- sorting */

enum { RUN = 24 };

static void sort_run(entry *entries, size_t n, order_mode mode)
{
    for (size_t i = 1; i < n; i++) {
        entry moved = entries[i];
        size_t at = i;
        for (; at > 0 && compare(&moved, &entries[at - 1], mode) < 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = moved;
    }
}

static void merge(entry *to, const entry *left, size_t left_count, const entry *right, size_t right_count, order_mode mode)
{
    while (left_count && right_count) {
        int takes_right = compare(right, left, mode) < 0;
        *to++ = takes_right ? *right++ : *left++;
        left_count -= (size_t)!takes_right;
        right_count -= (size_t)takes_right;
    }
    memcpy(to, left, left_count * sizeof *to);
    memcpy(to + left_count, right, right_count * sizeof *to);
}

/* Where the entries are sorted in the end: here or in `other`, which has room for as many. */
static entry *sort(entry *entries, entry *other, size_t n, order_mode mode)
{
    for (size_t i = 0; i < n; i += RUN)
        sort_run(entries + i, n - i < RUN ? n - i : RUN, mode);
    for (size_t width = RUN; width < n; width *= 2) {
        for (size_t i = 0; i < n; i += 2 * width) {
            size_t left = n - i < width ? n - i : width, right = n - i - left < width ? n - i - left : width;
            merge(other + i, entries + i, left, entries + i + left, right, mode);
        }
        entry *sorted = other;
        other = entries;
        entries = sorted;
    }
    return entries;
}

/* ---------------------------------------------------------------- closing */

static uint8_t *room_for(qr_order *self, qr_buffer *buffer, size_t n)
{
    if (n > self->room_size) {
        size_t size = n + n / 2;
        uint8_t *room = qr_memory_array(self->memory, self->room, size, 1);
        if (!room) {
            qr_buffer_fail(buffer, QR_ERROR_MEMORY);
            return NULL;
        }
        self->room = room;
        self->room_size = size;
    }
    return self->room;
}

/* 1 when they are in order as they are. *mode becomes how they are to be compared. */
static int fill(const qr_order *self, const qr_buffer *buffer, const qr_order_level *level, entry *entries, size_t n, order_mode *mode)
{
    const qr_order_mark *marks = self->marks + level->first;
    size_t quote = self->by != QR_ORDER_BYTES && level->what == QR_ORDER_PAIRS, start = level->start;
    int in_order = 1;
    *mode = BY_BYTES;
    for (size_t i = 0; i < n; i++) {
        entry *e = &entries[i];
        e->key = buffer->base + start + quote;
        e->length = marks[i].key_end - start - 2 * quote;
        e->index = i;
        if (quote && QR_UNLIKELY(is_hard(e->key, e->length, self->by == QR_ORDER_UTF16)))
            *mode = self->by == QR_ORDER_UTF16 ? BY_UTF16 : BY_POINTS;
        e->head = head_of(e->key, e->length, buffer->end);
        start = marks[i].end;
        if (i && in_order)
            in_order = compare(&entries[i - 1], e, BY_BYTES) < 0;
    }
    return in_order && *mode == BY_BYTES;
}

/* Writes the pairs as the entries have them; only those that move are touched. */
static int permute(qr_order *self, qr_buffer *buffer, const qr_order_level *level, const entry *entries, size_t n, uint8_t *room)
{
    const qr_order_mark *marks = self->marks + level->first;
    size_t first = 0, last = n - 1;
    while (first < n && entries[first].index == first)
        first++;
    if (first == n)
        return 1;
    while (entries[last].index == last)
        last--;
    size_t from = first ? marks[first - 1].end : level->start, length = marks[last].end - from;
    uint8_t *to = room;
    for (size_t i = first; i <= last; i++) {
        size_t at = entries[i].index, start = at ? marks[at - 1].end : level->start;
        memcpy(to, buffer->base + start, marks[at].end - start);
        to += marks[at].end - start;
    }
    memcpy(buffer->base + from, room, length);
    return 1;
}

int qr_order_close_level(qr_order *self, qr_buffer *buffer)
{
    if (QR_UNLIKELY(buffer->error != QR_ERROR_NONE)) /* what the marks tell of may be gone */
        return 0;
    qr_order_level level = self->levels[--self->depth];
    size_t n = self->count - level.first, sizes, bytes;
    self->count = level.first;
    self->plain = level.plain;
    self->what = self->depth ? self->levels[self->depth - 1].what : QR_ORDER_NOTHING;
    if (n < 2)
        return 1;
    if (qr_multiply_overflows(n, 2 * sizeof(entry), &sizes) || qr_add_overflows(sizes, qr_buffer_length(buffer) - level.start, &bytes))
        return qr_buffer_fail(buffer, QR_ERROR_MEMORY);
    uint8_t *room = room_for(self, buffer, bytes);
    if (!room)
        return 0;
    order_mode mode;
    entry *entries = (entry *)(void *)room;
    if (fill(self, buffer, &level, entries, n, &mode))
        return 1;
    entries = mode == BY_BYTES ? sort(entries, entries + n, n, BY_BYTES) : sort(entries, entries + n, n, mode);
    if (self->distinct && level.what == QR_ORDER_PAIRS)
        for (size_t i = 1; i < n; i++)
            if (QR_UNLIKELY(entries[i].length == entries[i - 1].length && memcmp(entries[i].key, entries[i - 1].key, entries[i].length) == 0))
                return qr_buffer_fail(buffer, QR_ERROR_DUPLICATE_KEY);
    return permute(self, buffer, &level, entries, n, room + sizes);
}
