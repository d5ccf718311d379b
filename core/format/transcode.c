/* SPDX-License-Identifier: Apache-2.0 */
/* transcode: the two loops, and how counts that JSON does not have come into MessagePack.
 *
 * A container's header is written as its one-byte form before its items are read, and filled in when they are counted. Only
 * one with more than 15 items needs a longer header (two or four bytes more); those are moved apart at the end, in one sweep
 * from the right, so every byte moves at most once however deep the document is. The list of headers that the sweep needs is
 * in the order of the document, and short: a container of 15 items or fewer leaves it when it closes, unless a large one
 * stands in it.
 *
 * Measured on documents of records, text and numbers: reading twice, counting in the first pass, takes 1.4 to 1.8 times as
 * long. Moving the tail at every close of a large container is 1 to 13 % faster than the list, but quadratic where large
 * containers are nested. */
#include "core/format/transcode.h"

#include "core/base/timestamp.h"
#include "core/format/json.h"
#include "core/format/msgpack.h"

/* A fault of the writer becomes the reader's, with the place of the token that could not be written. */
static int fail_write(qr_reader *r, const qr_buffer *b, const uint8_t *at) { return qr_reader_fail(r, b->error, at); }

static int fail_index(qr_reader *r, size_t index)
{
    qr_path_append(r->path, (qr_step){QR_STEP_INDEX, {.number = index}});
    return 0;
}

static int fail_pair(qr_reader *r, const uint8_t *key_at)
{
    qr_path_append(r->path, (qr_step){QR_STEP_KEY, {.at = key_at}});
    return 0;
}

/* ---------------------------------------------------------------- JSON to MessagePack */

typedef struct header {
    size_t at;    /* offset of its first byte in the buffer */
    size_t count; /* items or pairs; 0 until it closes */
} header;

typedef struct packer {
    qr_reader *r;
    qr_buffer *b;
    header *headers;
    size_t count, capacity;
} packer;

static int pack_value(packer *self);

static int push_header(packer *self, uint8_t fix)
{
    if (QR_UNLIKELY(self->count == self->capacity)) {
        size_t capacity = self->capacity + self->capacity / 2 + 64;
        header *bigger = qr_memory_array(self->r->memory, self->headers, capacity, sizeof *bigger);
        if (!bigger)
            return qr_reader_fail(self->r, QR_ERROR_MEMORY, self->r->p);
        self->headers = bigger;
        self->capacity = capacity;
    }
    self->headers[self->count++] = (header){qr_buffer_length(self->b), 0};
    *self->b->p++ = fix;
    return 1;
}

static int close_header(packer *self, size_t slot, size_t count, const uint8_t *at)
{
    header *own = &self->headers[slot];
    if (QR_UNLIKELY(count > UINT32_MAX))
        return qr_reader_fail(self->r, QR_ERROR_OUT_OF_RANGE, at);
    own->count = count;
    if (count <= 15) {
        self->b->base[own->at] |= (uint8_t)count;
        if (slot + 1 == self->count)
            self->count--;
    }
    return 1;
}

static size_t header_growth(const header *h) { return h->count <= 15 ? 0 : h->count <= 0xFFFF ? 2 : 4; }

/* Makes room for the long headers and writes them. */
static int settle_headers(packer *self)
{
    qr_buffer *b = self->b;
    size_t growth = 0;
    for (size_t i = 0; i < self->count; i++)
        growth += header_growth(&self->headers[i]);
    if (growth == 0)
        return 1;
    if (!qr_buffer_reserve(b, growth + QR_BUFFER_SLACK))
        return fail_write(self->r, b, self->r->p);
    size_t end = qr_buffer_length(b), shift = growth;
    for (size_t i = self->count; shift; i--) {
        const header *h = &self->headers[i - 1];
        size_t more = header_growth(h);
        if (!more)
            continue;
        uint8_t *first = b->base + h->at, fix = *first;
        memmove(first + 1 + shift, first + 1, end - h->at - 1);
        shift -= more;
        first[shift] = (uint8_t)((fix == 0x90 ? 0xDC : 0xDE) + (more == 4));
        if (more == 2)
            qr_store16_be(first + shift + 1, (uint16_t)h->count);
        else
            qr_store32_be(first + shift + 1, (uint32_t)h->count);
        end = h->at;
    }
    b->p += growth;
    return 1;
}

/* Text with escapes is decoded behind the longest header and moved up to the one it needs. */
static int pack_escaped(packer *self, const qr_token *token)
{
    enum { HEADER = 5 };
    qr_reader *r = self->r;
    qr_buffer *b = self->b;
    if (token->length > PTRDIFF_MAX / 2 || !qr_buffer_reserve(b, token->length + HEADER + QR_BUFFER_SLACK))
        return token->length > PTRDIFF_MAX / 2 ? qr_reader_fail(r, QR_ERROR_MEMORY, token->at) : fail_write(r, b, token->at);
    uint8_t *text = b->p + HEADER;
    size_t n = qr_json_copy_utf8(r, token, text);
    if (n == (size_t)-1)
        return 0;
    if ((r->options & QR_READ_LONE_SURROGATES) && qr_utf8_invalid_at(text, n) < n)
        return qr_reader_fail(r, QR_ERROR_LONE_SURROGATE, token->at);
    if (!qr_msgpack_put_str_header(b, n))
        return fail_write(r, b, token->at);
    memmove(b->p, text, n);
    b->p += n;
    return 1;
}

QR_INLINE int pack_text(packer *self, const qr_token *token)
{
    if (QR_UNLIKELY(token->escaped))
        return pack_escaped(self, token);
    if (!qr_json_check_text(self->r, token))
        return 0;
    return qr_msgpack_put_str(self->b, token->text, token->length) || fail_write(self->r, self->b, token->at);
}

static int pack_array(packer *self, qr_json_iter iter, const uint8_t *at)
{
    qr_reader *r = self->r;
    size_t slot = self->count, count = 0;
    QR_READER_ENTER(r, pack_array(self, iter, at));
    if (!push_header(self, 0x90))
        return 0;
    for (; qr_json_more_array(r, &iter); count++) {
        if (QR_UNLIKELY(count >= r->item_limit))
            return qr_reader_fail(r, QR_ERROR_ITEMS, r->p);
        if (!pack_value(self))
            return fail_index(r, count);
    }
    qr_reader_leave(r);
    return r->error == QR_ERROR_NONE && close_header(self, slot, count, at);
}

static int pack_map(packer *self, qr_json_iter iter, const uint8_t *at)
{
    qr_reader *r = self->r;
    size_t slot = self->count, count = 0;
    QR_READER_ENTER(r, pack_map(self, iter, at));
    if (!push_header(self, 0x80))
        return 0;
    for (; qr_json_more_map(r, &iter); count++) {
        qr_token key;
        if (QR_UNLIKELY(count >= r->item_limit))
            return qr_reader_fail(r, QR_ERROR_ITEMS, iter.key_at);
        if (!qr_json_key(r, &iter, &key) || !pack_text(self, &key))
            return 0;
        if (!pack_value(self))
            return fail_pair(r, iter.key_at);
    }
    qr_reader_leave(r);
    return r->error == QR_ERROR_NONE && close_header(self, slot, count, at);
}

static int pack_value(packer *self)
{
    qr_token token;
    qr_json_iter iter;
    qr_reader *r = self->r;
    qr_buffer *b = self->b;
    if (QR_UNLIKELY(!qr_buffer_reserve(b, QR_BUFFER_SLACK)))
        return fail_write(r, b, r->p);
    switch (qr_json_next(r, &token)) {
    case QR_TOKEN_STR: return pack_text(self, &token);
    case QR_TOKEN_INT: return qr_msgpack_put_int(b, token.i);
    case QR_TOKEN_UINT: return qr_msgpack_put_uint(b, token.u);
    case QR_TOKEN_FLOAT: return qr_msgpack_put_float(b, token.d);
    case QR_TOKEN_BIG: return qr_reader_fail(r, QR_ERROR_OUT_OF_RANGE, token.at);
    case QR_TOKEN_NULL: qr_msgpack_put_null(b); return 1;
    case QR_TOKEN_BOOL: qr_msgpack_put_bool(b, (int)token.i); return 1;
    case QR_TOKEN_ARRAY: qr_json_open(r, &token, &iter); return pack_array(self, iter, token.at);
    case QR_TOKEN_MAP: qr_json_open(r, &token, &iter); return pack_map(self, iter, token.at);
    default: return 0;
    }
}

int qr_transcode_json_to_msgpack(qr_reader *r, qr_buffer *b)
{
    packer self = {.r = r, .b = b};
    if (r->error != QR_ERROR_NONE)
        return 0;
    int done = pack_value(&self) && qr_json_finish(r) && settle_headers(&self);
    qr_memory_free(r->memory, self.headers);
    return done;
}

/* ---------------------------------------------------------------- MessagePack to JSON */

static int unpack_value(qr_reader *r, qr_buffer *b);

/* Nanoseconds where microseconds do not do: the text's own digits are replaced. */
static uint8_t *put_nanoseconds(uint8_t *to, qr_datetime *at, uint32_t nanoseconds)
{
    at->microsecond = 0;
    to = qr_timestamp_write_datetime(to, at);
    to[-1] = '.'; /* was the Z */
    for (int i = 8; i >= 0; i--, nanoseconds /= 10)
        to[i] = (uint8_t)('0' + nanoseconds % 10);
    to[9] = 'Z';
    return to + 10;
}

static int unpack_extension(qr_reader *r, qr_buffer *b, const qr_token *token)
{
    int64_t seconds;
    uint32_t nanoseconds;
    qr_datetime at;
    if (!qr_timestamp_read_ext(token->text, token->length, &seconds, &nanoseconds))
        return qr_reader_fail(r, QR_ERROR_INVALID_TIMESTAMP, token->at);
    qr_timestamp_result result = qr_timestamp_from_unix(seconds, nanoseconds, &at);
    if (result != QR_TIMESTAMP_OK && result != QR_TIMESTAMP_INEXACT)
        return qr_reader_fail(r, QR_ERROR_OUT_OF_RANGE, token->at);
    *b->p++ = '"';
    b->p = result == QR_TIMESTAMP_OK ? qr_timestamp_write_datetime(b->p, &at) : put_nanoseconds(b->p, &at, nanoseconds);
    *b->p++ = '"';
    return 1;
}

static int unpack_text(qr_reader *r, qr_buffer *b, const qr_token *token)
{
    return qr_msgpack_check_text(r, token) && (qr_json_put_str(b, token->text, token->length) || fail_write(r, b, token->at));
}

/* Every kind that fits in the room that was reserved for a value; `quoted`: as the text of a key. */
static int unpack_fixed(qr_reader *r, qr_buffer *b, qr_token_kind kind, const qr_token *token, int quoted)
{
    if (quoted)
        *b->p++ = '"';
    switch (kind) {
    case QR_TOKEN_INT: qr_json_put_int(b, token->i); break;
    case QR_TOKEN_UINT: qr_json_put_uint(b, token->u); break;
    case QR_TOKEN_NULL: qr_json_put_null(b); break;
    case QR_TOKEN_BOOL: qr_json_put_bool(b, (int)token->i); break;
    case QR_TOKEN_FLOAT:
        if (!qr_json_put_float(b, token->d))
            return fail_write(r, b, token->at);
        break;
    default: return 0;
    }
    if (quoted)
        *b->p++ = '"';
    return 1;
}

static int unpack_bytes(qr_reader *r, qr_buffer *b, const qr_token *token)
{
    return qr_json_put_bytes(b, token->text, token->length) || fail_write(r, b, token->at);
}

static int unpack_key(qr_reader *r, qr_buffer *b, qr_msgpack_iter *iter)
{
    qr_token token;
    int done;
    if (QR_UNLIKELY(!qr_buffer_reserve(b, QR_BUFFER_SLACK)))
        return fail_write(r, b, r->p);
    qr_token_kind kind = qr_msgpack_key_any(r, iter, &token);
    switch (kind) {
    case QR_TOKEN_ERROR: return 0;
    case QR_TOKEN_STR: done = unpack_text(r, b, &token); break;
    case QR_TOKEN_BYTES: done = unpack_bytes(r, b, &token); break;
    case QR_TOKEN_EXT:
        done = token.ext == -1 ? unpack_extension(r, b, &token) : qr_reader_fail(r, QR_ERROR_UNSUPPORTED_KEY, token.at);
        break;
    case QR_TOKEN_ARRAY:
    case QR_TOKEN_MAP: return qr_reader_fail(r, QR_ERROR_UNSUPPORTED_KEY, token.at);
    default: done = unpack_fixed(r, b, kind, &token, 1); break;
    }
    if (done)
        qr_json_key_done(b);
    return done;
}

/* The bracket of every level takes a byte that no value has reserved. */
static int unpack_close(qr_reader *r, qr_buffer *b)
{
    if (QR_UNLIKELY(!qr_buffer_reserve(b, QR_BUFFER_SLACK)))
        return fail_write(r, b, r->p);
    qr_reader_leave(r);
    return 1;
}

static int unpack_array(qr_reader *r, qr_buffer *b, qr_msgpack_iter iter)
{
    QR_READER_ENTER(r, unpack_array(r, b, iter));
    qr_json_put_array(b, 0);
    for (size_t count = 0; qr_msgpack_more_array(r, &iter); count++) {
        if (QR_UNLIKELY(count >= r->item_limit))
            return qr_reader_fail(r, QR_ERROR_ITEMS, r->p);
        if (!unpack_value(r, b))
            return fail_index(r, count);
        qr_json_sep(b);
    }
    if (!unpack_close(r, b))
        return 0;
    qr_json_end_array(b);
    return 1;
}

static int unpack_map(qr_reader *r, qr_buffer *b, qr_msgpack_iter iter)
{
    QR_READER_ENTER(r, unpack_map(r, b, iter));
    qr_json_put_map(b, 0);
    for (size_t count = 0; qr_msgpack_more_map(r, &iter); count++) {
        if (QR_UNLIKELY(count >= r->item_limit))
            return qr_reader_fail(r, QR_ERROR_ITEMS, iter.key_at);
        if (!unpack_key(r, b, &iter))
            return 0;
        if (!unpack_value(r, b))
            return fail_pair(r, iter.key_at);
        qr_json_sep(b);
    }
    if (!unpack_close(r, b))
        return 0;
    qr_json_end_map(b);
    return 1;
}

static int unpack_value(qr_reader *r, qr_buffer *b)
{
    qr_token token;
    qr_msgpack_iter iter;
    if (QR_UNLIKELY(!qr_buffer_reserve(b, QR_BUFFER_SLACK)))
        return fail_write(r, b, r->p);
    qr_token_kind kind = qr_msgpack_next(r, &token);
    switch (kind) {
    case QR_TOKEN_ERROR: return 0;
    case QR_TOKEN_STR: return unpack_text(r, b, &token);
    case QR_TOKEN_BYTES: return unpack_bytes(r, b, &token);
    case QR_TOKEN_EXT: return token.ext == -1 ? unpack_extension(r, b, &token) : qr_reader_fail(r, QR_ERROR_UNSUPPORTED_TYPE, token.at);
    case QR_TOKEN_ARRAY: qr_msgpack_open(r, &token, &iter); return unpack_array(r, b, iter);
    case QR_TOKEN_MAP: qr_msgpack_open(r, &token, &iter); return unpack_map(r, b, iter);
    default: return unpack_fixed(r, b, kind, &token, 0);
    }
}

int qr_transcode_msgpack_to_json(qr_reader *r, qr_buffer *b)
{
    return r->error == QR_ERROR_NONE && unpack_value(r, b) && qr_msgpack_finish(r);
}
