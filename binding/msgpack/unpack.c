/* SPDX-License-Identifier: Apache-2.0 */
/* unpack: the machine. */
#include "binding/msgpack/unpack.h"

#include "binding/cpython_private.h"
#include "binding/msgpack/numbers.h"
#include "core/format/msgpack.h"

#define QR_F(name) qr_msgpack_##name
#include "binding/object_sink.h"

/* ---------------------------------------------------------------- life */

void qpy_unpack_init(qpy_unpack *self, qpy_state *state, const qpy_unpack_options *options)
{
    self->options = options;
    self->frames = self->inline_;
    self->depth = 0;
    self->room = QPY_UNPACK_INLINE;
    qpy_sink_prepare(&self->sink, state, NULL, "msgpack");
}

void qpy_unpack_clear(qpy_unpack *self)
{
    qpy_sink *s = &self->sink;
    self->depth = 0;
    while (s->top > s->base) {
        PyObject *value = *--s->top;
        Py_XDECREF(value);
    }
}

void qpy_unpack_release(qpy_unpack *self)
{
    qpy_unpack_clear(self);
    qpy_sink_release(&self->sink);
    if (self->frames != self->inline_)
        PyMem_Free(self->frames);
}

/* ---------------------------------------------------------------- frames */

static QR_NOINLINE int grow_frames(qpy_unpack *self)
{
    size_t room = self->room * 4;
    qpy_unpack_frame *old = self->frames == self->inline_ ? NULL : self->frames, *frames = PyMem_Realloc(old, room * sizeof *frames);
    if (!frames) {
        PyErr_NoMemory();
        return 0;
    }
    if (!old)
        memcpy(frames, self->inline_, sizeof self->inline_);
    self->frames = frames;
    self->room = room;
    return 1;
}

/* A new frame on top, or NULL with an exception. */
QR_INLINE qpy_unpack_frame *push_frame(qpy_unpack *self, uint64_t left, qpy_unpack_state state)
{
    if (QR_UNLIKELY(self->depth == self->room) && !grow_frames(self))
        return NULL;
    qpy_unpack_frame *f = &self->frames[self->depth++];
    f->left = left;
    f->state = (uint8_t)state;
    f->odd_key = 0;
    return f;
}

/* ---------------------------------------------------------------- the head of a container */

typedef enum head_result { HEAD_NONE, HEAD_ARRAY, HEAD_MAP, HEAD_CUT } head_result;

/* Is there a container at p, and how many has it? Leaves *p behind its head, if it is. */
QR_INLINE head_result read_head(const uint8_t **at, const uint8_t *end, uint32_t *count)
{
    const uint8_t *p = *at;
    uint8_t c = *p;
    if (c < 0x80 || c > 0xDF)
        return HEAD_NONE;
    if (c <= 0x9F) {
        *count = c & 0xF;
        *at = p + 1;
        return c <= 0x8F ? HEAD_MAP : HEAD_ARRAY;
    }
    if (QR_LIKELY(c < 0xDC))
        return HEAD_NONE;
    size_t width = c & 1 ? 4 : 2;
    if ((size_t)(end - p) < 1 + width)
        return HEAD_CUT;
    *count = width == 4 ? qr_load32_be(p + 1) : qr_load16_be(p + 1);
    *at = p + 1 + width;
    return c < 0xDE ? HEAD_ARRAY : HEAD_MAP;
}

size_t qpy_unpack_head(const uint8_t *data, size_t length)
{
    if (length == 0)
        return 0;
    uint8_t c = *data;
    size_t width = c >= 0xC4 && c <= 0xC9 ? (size_t)1 << (c - 0xC4) % 3 : c >= 0xD9 && c <= 0xDB ? (size_t)1 << (c - 0xD9) : 0;
    return length - 1 >= width ? 1 + width : 1;
}

/* ---------------------------------------------------------------- between two parts of the input */

/* Maps that followed a shape become pairs on the stack: shapes may be dropped before there is more input. Frames below the
 * first of them were turned before, so all that this ever moves is what was pushed since. */
static int park(qpy_unpack *self)
{
    qpy_sink *s = &self->sink;
    size_t first = self->depth, more = 0;
    for (size_t i = 0; i < self->depth; i++) {
        qpy_unpack_frame *f = &self->frames[i];
        if (f->state == QPY_UNPACK_ITEM)
            continue;
        if (f->frame.shape && first > i)
            first = i;
        if (f->frame.shape)
            more += f->frame.shape->depth;
        else {
            f->frame.root = NULL;
            f->frame.made = (uint32_t)QPY_NOT_FOLLOWED;
        }
    }
    if (first == self->depth)
        return 1;
    while ((size_t)(s->limit - s->top) < more)
        if (!qpy_sink_grow(s))
            return 0;
    PyObject **end = s->top, **to = s->top + more;
    s->top = to;
    for (size_t i = self->depth; i-- > first;) {
        qpy_frame *f = &self->frames[i].frame;
        PyObject **values = s->base + f->base, *keys[QPY_SHAPE_KEYS];
        size_t count = (size_t)(end - values);
        if (self->frames[i].state == QPY_UNPACK_ITEM || !f->shape) {
            to -= count;
            memmove(to, values, count * sizeof *values);
        }
        else {
            size_t n = f->shape->depth; /* one more than values when a value is awaited */
            qpy_shape_keys(f->shape, keys);
            while (n-- > 0) {
                if (n < count)
                    *--to = values[n];
                *--to = Py_NewRef(keys[n]);
            }
            f->shape = f->root = NULL;
            f->made = (uint32_t)QPY_NOT_FOLLOWED;
        }
        end = values;
        f->base = (size_t)(to - s->base);
    }
    return 1;
}

static void attach(qpy_unpack *self)
{
    const qpy_unpack_options *options = self->options;
    qpy_sink *s = &self->sink;
    s->key_type = options->raw ? &PyBytes_Type : &PyUnicode_Type;
    qpy_sink_attach(s);
    /* keys that are not to go into a dict have no shape; and one that is only compared is not measured */
    if (QR_UNLIKELY(options->object_pairs_hook || options->max_str <= QR_IMAGE_ROOM))
        s->context = NULL;
    for (size_t i = 0; i < self->depth; i++)
        if (self->frames[i].state != QPY_UNPACK_ITEM)
            self->frames[i].frame.outer = s->context; /* of the last time: gone */
}

/* ---------------------------------------------------------------- values */

/* Text that stays what it is: nothing of it is looked at. 0: it is none, or not all there. */
QR_INLINE int read_raw(qr_reader *r, qr_token *token)
{
    const uint8_t *p = r->p;
    uint8_t c = *p;
    size_t left = (size_t)(r->end - p), length, head;
    if ((c & 0xE0) == 0xA0)
        length = c & 0x1F, head = 1;
    else if (c == 0xD9 && left > 1)
        length = p[1], head = 2;
    else if (c == 0xDA && left > 2)
        length = qr_load16_be(p + 1), head = 3;
    else if (c == 0xDB && left > 4)
        length = qr_load32_be(p + 1), head = 5;
    else
        return 0;
    if (QR_UNLIKELY(left - head < length))
        return 0;
    token->text = p + head;
    token->length = length;
    r->p = p + head + length;
    return 1;
}

QR_INLINE PyObject *make_str(qpy_unpack *self, qr_reader *r, const qr_token *token, int raw)
{
    if (QR_UNLIKELY((Py_ssize_t)token->length > self->options->max_str))
        return PyErr_Format(PyExc_ValueError, "%u exceeds max_str_len(%zd)", (unsigned)token->length, self->options->max_str);
    if (raw)
        return qpy_bytes_new(token->text, token->length, self->sink.state->private_ok);
    PyObject *str = object_str(&self->sink, r, token);
    if (QR_LIKELY(str) || PyErr_Occurred())
        return str;
    r->error = QR_ERROR_NONE; /* no UTF-8: the error handler decides */
    return qpy_unpack_text(self, token);
}

static QR_NOINLINE PyObject *make_key(qpy_unpack *self, qr_reader *r, const qr_token *token)
{
    if (token->widest == QR_TEXT_ASCII && (Py_ssize_t)token->length <= self->options->max_str)
        return qpy_keys_get(self->sink.keys, token->text, token->length);
    return make_str(self, r, token, 0);
}

static PyObject *make_bytes(qpy_unpack *self, const qr_token *token)
{
    if ((Py_ssize_t)token->length > self->options->max_bin)
        return PyErr_Format(PyExc_ValueError, "%u exceeds max_bin_len(%zd)", (unsigned)token->length, self->options->max_bin);
    return qpy_bytes_new(token->text, token->length, self->sink.state->private_ok);
}

static QR_NOINLINE PyObject *make_other(qpy_unpack *self, qr_token_kind kind, const qr_token *token)
{
    switch (kind) {
    case QR_TOKEN_UINT: return PyLong_FromUnsignedLongLong(token->u);
    case QR_TOKEN_BYTES: return make_bytes(self, token);
    case QR_TOKEN_EXT: return qpy_unpack_ext(self, token);
    default: PyErr_SetString(PyExc_SystemError, "not a token of MessagePack"); return NULL;
    }
}

/* The containers of the top frame when nothing is left to come. */
QR_INLINE PyObject *close_frame(qpy_unpack *self, qpy_unpack_frame *f, qr_reader *r)
{
    const qpy_unpack_options *options = self->options;
    qpy_sink *s = &self->sink;
    PyObject *value, *hook;
    if (f->state == QPY_UNPACK_ITEM) {
        if (QR_LIKELY(options->use_list))
            value = qpy_sink_close_array(s, QR_PLAN_NONE, &f->frame);
        else {
            PyObject **values = s->base + f->frame.base;
            value = qpy_sink_tuple(s, values, s->top - values);
            if (QR_LIKELY(value))
                s->top = values;
        }
        hook = options->list_hook;
    }
    else if (QR_UNLIKELY(options->object_pairs_hook)) {
        PyObject **values = s->base + f->frame.base;
        value = qpy_sink_pairs(values, (s->top - values) / 2);
        if (QR_LIKELY(value))
            s->top = values;
        hook = options->object_pairs_hook;
    }
    else {
        value = qpy_sink_close_map(s, QR_PLAN_NONE, &f->frame, r);
        hook = options->object_hook;
    }
    self->depth--;
    return QR_UNLIKELY(hook) && QR_LIKELY(value) ? qpy_unpack_hook(self, hook, value) : value;
}

static QR_COLD qpy_unpack_result too_deep(void)
{
    qpy_msgpack_raise("StackError", NULL);
    return QPY_UNPACK_FAILED;
}
static QR_COLD qpy_unpack_result too_many(uint32_t count, const char *name, Py_ssize_t limit)
{
    PyErr_Format(PyExc_ValueError, "%u exceeds %s(%zd)", (unsigned)count, name, limit);
    return QPY_UNPACK_FAILED;
}

/* ---------------------------------------------------------------- reading */

/* What the reader stopped at was no value (FAILED), or is not all there (MORE). */
static QR_COLD qpy_unpack_result stop(qr_reader *r, const qr_token *token)
{
    r->p = token->at;
    if (r->error == QR_ERROR_TRUNCATED)
        return QPY_UNPACK_MORE;
    qpy_msgpack_raise("FormatError", NULL);
    r->p = token->at + 1;
    return QPY_UNPACK_FAILED;
}

/* Is it an array with more to come? */
QR_INLINE int is_long_array(const qpy_unpack_frame *f) { return f && f->state == QPY_UNPACK_ITEM && f->left > 3; }

/* The loop, of which there is one for text and one for text that stays bytes. Of a failure r->p is left behind the value at fault. */
QR_INLINE qpy_unpack_result read_values(qpy_unpack *self, qr_reader *r, PyObject **result, const int raw)
{
    const qpy_unpack_options *options = self->options;
    qpy_sink *s = &self->sink;
    qpy_unpack_frame *f = self->depth ? &self->frames[self->depth - 1] : NULL;
    qr_token token;
    qr_token_kind kind;
    PyObject *value;
    uint32_t count;
    if (f)
        goto next;
    for (;;) {
    value:
        if (QR_UNLIKELY(r->p == r->end))
            return QPY_UNPACK_MORE;
        head_result head = read_head(&r->p, r->end, &count);
        if (head != HEAD_NONE) {
            if (QR_UNLIKELY(head == HEAD_CUT))
                return QPY_UNPACK_MORE;
            if (QR_UNLIKELY(self->depth == QPY_UNPACK_DEPTH))
                return too_deep();
            if (head == HEAD_ARRAY) {
                if (QR_UNLIKELY((Py_ssize_t)count > options->max_array))
                    return too_many(count, "max_array_len", options->max_array);
                if (count - 1 < QPY_POINT_MOST && QR_LIKELY(r->p < r->end) && QR_UNLIKELY(*r->p == 0xCB) && options->use_list && !options->list_hook) {
                    value = qpy_numbers_point(s, r, count);
                    if (value && is_long_array(f) && options->max_array >= QPY_POINT_MOST) {
                        f->left--;
                        if (QR_UNLIKELY(!qpy_sink_push(s, value) || !qpy_numbers_push_points(s, r, &f->left)))
                            return QPY_UNPACK_FAILED;
                        continue;
                    }
                    if (value || PyErr_Occurred())
                        goto have;
                }
                if (QR_UNLIKELY(!(f = push_frame(self, count, QPY_UNPACK_ITEM))))
                    return QPY_UNPACK_FAILED;
                object_open_array(s, &f->frame);
                if (QR_LIKELY(count))
                    continue;
            }
            else {
                if (QR_UNLIKELY((Py_ssize_t)count > options->max_map))
                    return too_many(count, "max_map_len", options->max_map);
                if (QR_UNLIKELY(!(f = push_frame(self, count, QPY_UNPACK_KEY))))
                    return QPY_UNPACK_FAILED;
                object_open_map(s, &f->frame);
                if (QR_LIKELY(count))
                    goto next;
            }
            goto close;
        }
        kind = raw && read_raw(r, &token) ? QR_TOKEN_STR : qr_msgpack_next(r, &token);
        switch (kind) {
        case QR_TOKEN_STR:
            if (f && f->state == QPY_UNPACK_KEY) {
                value = raw ? make_str(self, r, &token, 1) : make_key(self, r, &token);
                if (QR_UNLIKELY(!value) || QR_UNLIKELY(!qpy_sink_key(s, &f->frame, value)))
                    return QPY_UNPACK_FAILED;
                f->state = QPY_UNPACK_VALUE;
                continue;
            }
            value = make_str(self, r, &token, raw);
            break;
        case QR_TOKEN_INT:
        case QR_TOKEN_FLOAT:
            value = kind == QR_TOKEN_INT ? object_integer(s, token.i) : object_floating(s, token.d);
            if (is_long_array(f) && QR_LIKELY(value)) {
                f->left--;
                if (QR_UNLIKELY(!qpy_sink_push(s, value) || !qpy_numbers_push(s, r, &f->left)))
                    return QPY_UNPACK_FAILED;
                continue;
            }
            break;
        case QR_TOKEN_NULL: value = object_null(s); break;
        case QR_TOKEN_BOOL: value = object_boolean(s, (int)token.i); break;
        case QR_TOKEN_ERROR: return stop(r, &token);
        default: value = make_other(self, kind, &token); break;
        }
    have:
        if (QR_UNLIKELY(!value))
            return QPY_UNPACK_FAILED;
        if (QR_UNLIKELY(!f)) {
            *result = value;
            return QPY_UNPACK_DONE;
        }
        if (QR_UNLIKELY(f->state == QPY_UNPACK_KEY)) { /* anything but text */
            f->odd_key = !PyBytes_CheckExact(value) && !PyUnicode_CheckExact(value) && (options->strict_map_key || !PyLong_CheckExact(value));
            if (!qpy_sink_key(s, &f->frame, value))
                return QPY_UNPACK_FAILED;
            f->state = QPY_UNPACK_VALUE;
            continue;
        }
        if (QR_UNLIKELY(!qpy_sink_push(s, value)))
            return QPY_UNPACK_FAILED;
        if (QR_UNLIKELY(f->odd_key)) {
            if (!qpy_unpack_check_key(self, s->top[-2]))
                return QPY_UNPACK_FAILED;
            f->odd_key = 0;
        }
        f->state >>= 1;
        if (QR_UNLIKELY(--f->left == 0)) {
        close:
            value = close_frame(self, f, r);
            f = self->depth ? &self->frames[self->depth - 1] : NULL;
            goto have;
        }
    next:
        if (f->state == QPY_UNPACK_KEY) {
            const qr_image *image = object_predict(s, &f->frame, QR_FORMAT_MSGPACK);
            if (QR_LIKELY(image && qr_image_is_at(image, image->length, r->p, r->end))) {
                r->p += image->length;
                object_predicted(s, &f->frame);
                f->state = QPY_UNPACK_VALUE;
            }
        }
        goto value;
    }
}

static QR_NOINLINE qpy_unpack_result read_text(qpy_unpack *self, qr_reader *r, PyObject **result) { return read_values(self, r, result, 0); }
static QR_NOINLINE qpy_unpack_result read_bytes(qpy_unpack *self, qr_reader *r, PyObject **result) { return read_values(self, r, result, 1); }

/* The package leaves its cursor on the last byte of what failed. */
static size_t done_with(const qr_reader *r, qpy_unpack_result result)
{
    size_t n = (size_t)(r->p - r->start);
    return n - (result == QPY_UNPACK_FAILED && n > 0);
}

qpy_unpack_result qpy_unpack_run(qpy_unpack *self, const uint8_t *data, size_t length, size_t *used, PyObject **value)
{
    qr_reader r;
    qr_reader_init(&r, data, length, NULL, 0);
    r.memory = &qpy_memory;
    attach(self);
    qpy_unpack_result result = (QR_UNLIKELY(self->options->raw) ? read_bytes : read_text)(self, &r, value);
    if (QR_UNLIKELY(result == QPY_UNPACK_MORE) && !park(self))
        result = QPY_UNPACK_FAILED;
    if (QR_UNLIKELY(result == QPY_UNPACK_FAILED)) {
        PyObject *type, *error, *traceback; /* what is dropped must not see it */
        PyErr_Fetch(&type, &error, &traceback);
        qpy_unpack_clear(self);
        PyErr_Restore(type, error, traceback);
    }
    qpy_sink_detach(&self->sink);
    *used = done_with(&r, result);
    return result;
}

/* ---------------------------------------------------------------- skipping */

qpy_unpack_result qpy_unpack_skip(qpy_unpack *self, const uint8_t *data, size_t length, size_t *used)
{
    qr_reader r;
    qr_token token;
    uint32_t count;
    qpy_unpack_result result = QPY_UNPACK_MORE;
    qr_reader_init(&r, data, length, NULL, 0);
    while (r.p < r.end) {
        head_result head = read_head(&r.p, r.end, &count);
        if (head == HEAD_CUT)
            break;
        if (head != HEAD_NONE) {
            if (self->depth == QPY_UNPACK_DEPTH) {
                result = too_deep();
                break;
            }
            if (!push_frame(self, head == HEAD_MAP ? 2 * (uint64_t)count : count, QPY_UNPACK_ITEM)) {
                result = QPY_UNPACK_FAILED;
                break;
            }
            if (count)
                continue;
            self->depth--;
        }
        else if (qr_msgpack_next(&r, &token) == QR_TOKEN_ERROR) {
            result = stop(&r, &token);
            break;
        }
        while (self->depth && --self->frames[self->depth - 1].left == 0)
            self->depth--;
        if (self->depth == 0) {
            result = QPY_UNPACK_DONE;
            break;
        }
    }
    if (result == QPY_UNPACK_FAILED)
        self->depth = 0;
    *used = done_with(&r, result);
    return result;
}

qpy_unpack_result qpy_unpack_header(const uint8_t *data, size_t length, size_t *used, int is_map, uint32_t *count)
{
    const uint8_t *p = data;
    *used = 0;
    if (length == 0)
        return QPY_UNPACK_MORE;
    uint8_t fix = is_map ? 0x80 : 0x90, wide = is_map ? 0xDE : 0xDC;
    if ((*p & 0xF0) != fix && (*p & 0xFE) != wide) {
        PyErr_SetString(PyExc_ValueError, "Unexpected type header on stream");
        return QPY_UNPACK_FAILED;
    }
    if (read_head(&p, data + length, count) == HEAD_CUT)
        return QPY_UNPACK_MORE;
    *used = (size_t)(p - data);
    return QPY_UNPACK_DONE;
}
