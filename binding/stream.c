/* SPDX-License-Identifier: Apache-2.0 */
/* stream: documents that come in pieces.
 *
 *   data  | documents that were given | the next one ...  | not looked at yet |  room, and one byte for a 0
 *         0                           start               seen                length
 *
 * A scanner (core/format/scan.h) finds the end of the document that starts at `start`; then the ordinary decoder reads it where it
 * is, with a 0 written over the byte behind it. What was given is thrown away when the next piece needs the room.
 *
 * While a document is decoded user code may run; nobody else may touch the bytes then, so the stream is busy. */
#include "binding/attribute.h"
#include "binding/stream.h"
#include "core/format/json_comments.h"

enum { KEEP_ROOM = 64 * 1024 }; /* an empty stream keeps no more than that, or what its last piece needed */

typedef enum stream_state { STREAM_OPEN, STREAM_FAILED, STREAM_CLOSED } stream_state;

typedef struct qpy_stream {
    PyObject_HEAD
    qpy_decoder *decoder;
    qr_scan scan;
    uint8_t *data;
    size_t start, seen, length, room;
    qr_origin origin;  /* of data */
    stream_state state;
    int is_ready;      /* the document from start to seen is whole */
    int is_busy;
} qpy_stream;

static void drop_bytes(qpy_stream *self)
{
    qr_memory_free(&qpy_memory, self->data);
    self->data = NULL;
    self->origin.offset += self->start; /* lines are counted for faults alone: there will be none */
    self->start = self->seen = self->length = self->room = 0;
    self->is_ready = 0;
    qr_scan_release(&self->scan);
}

static int check_free(qpy_stream *self)
{
    if (QR_LIKELY(!self->is_busy))
        return 1;
    PyErr_SetString(PyExc_RuntimeError, "the stream is in use: by the value it is decoding, or by another thread");
    return 0;
}

static int check_open(qpy_stream *self)
{
    if (!check_free(self))
        return 0;
    if (QR_LIKELY(self->state == STREAM_OPEN))
        return 1;
    PyErr_SetString(PyExc_ValueError, self->state == STREAM_CLOSED ? "the stream is closed" : "the stream has failed before: what comes behind the fault cannot be read");
    return 0;
}

/* ---------------------------------------------------------------- bytes in */

/* Throws away the documents that were given. */
static void compact(qpy_stream *self)
{
    if (self->decoder->codec->format->is_text)
        qr_origin_advance(&self->origin, self->data, self->start);
    else
        self->origin.offset += self->start;
    memmove(self->data, self->data + self->start, self->length - self->start);
    self->seen -= self->start;
    self->length -= self->start;
    self->start = 0;
}

/* Room for n more bytes and the 0. What stays is moved no more often than as much was read, so that each byte is moved a few times at most. */
static int make_room(qpy_stream *self, size_t n)
{
    if (self->start && self->start >= self->length - self->start)
        compact(self);
    if (self->length == 0 && self->room > KEEP_ROOM && self->room / 8 > n) {
        qr_memory_free(&qpy_memory, self->data);
        self->data = NULL;
        self->room = 0;
    }
    if (n < self->room - self->length)
        return 1;
    size_t need, room;
    if (qr_add_overflows(self->length, n, &need) || qr_add_overflows(need, need / 2 + 256, &room) || room > PTRDIFF_MAX) {
        PyErr_NoMemory();
        return 0;
    }
    uint8_t *data = qr_memory_array(&qpy_memory, self->data, room, 1);
    if (!data) {
        PyErr_NoMemory();
        return 0;
    }
    self->data = data;
    self->room = room;
    return 1;
}

static PyObject *stream_feed(PyObject *op, PyObject *chunk)
{
    qpy_stream *self = (qpy_stream *)op;
    qpy_window window;
    if (!check_open(self))
        return NULL;
    self->is_busy = 1; /* a buffer of Python code may run some */
    int ok = qpy_window_init(&window, chunk, self->decoder->codec->format->is_text, "feed()");
    if (ok) {
        ok = make_room(self, window.length);
        if (ok && window.length) {
            memcpy(self->data + self->length, window.data, window.length);
            self->length += window.length;
        }
        qpy_window_release(&window);
    }
    self->is_busy = 0;
    return ok ? Py_NewRef(op) : NULL;
}

/* ---------------------------------------------------------------- values out */

static qpy_document document_to(const qpy_stream *self, size_t end)
{
    return (qpy_document){
        .data = self->data + self->start, .length = end - self->start,
        .origin = {.offset = self->origin.offset + self->start, .line = self->origin.line, .column = self->origin.column, .before = self->data, .before_length = self->start},
    };
}

static int fail(qpy_stream *self, qr_error error, size_t at)
{
    qpy_document document = document_to(self, self->seen);
    qpy_document_fail(self->decoder, &document, error, self->data + at);
    self->state = STREAM_FAILED;
    drop_bytes(self);
    return -1;
}

/* Looks for the end of the next document: 1: it is ready, 0: more bytes must come, -1 with an exception. */
static int advance(qpy_stream *self)
{
    const qpy_codec *codec = self->decoder->codec;
    size_t taken, limit = self->decoder->options.limits.bytes;
    if (!self->data)
        return 0;
    while (!self->is_ready) {
        qr_scan_result result = codec->scan(&self->scan, self->data + self->seen, self->length - self->seen, &taken);
        self->seen += taken;
        switch (result) {
        case QR_SCAN_SPACE:
            self->start = self->seen;
            if (self->seen == self->length)
                return 0;
            break;
        case QR_SCAN_MORE:
            return limit && self->seen - self->start > limit ? fail(self, QR_ERROR_BYTES, self->start) : 0;
        case QR_SCAN_DONE:
            self->is_ready = 1;
            break;
        case QR_SCAN_DEPTH:
            return fail(self, QR_ERROR_DEPTH, self->seen - 1);
        case QR_SCAN_MEMORY: /* from the start of the document again, when there is some */
            qr_scan_clear(&self->scan);
            self->seen = self->start;
            PyErr_NoMemory();
            return -1;
        }
    }
    return 1;
}

/* The value of the document that ends at `end`; the byte there is put aside for the 0. */
static PyObject *decode_to(qpy_stream *self, size_t end, qpy_document *document)
{
    qpy_decoder *decoder = self->decoder;
    uint8_t behind = self->data[end];
    *document = document_to(self, end);
    self->data[end] = 0;
    PyObject *value = decoder->codec->decode(decoder->state, &decoder->options, document);
    self->data[end] = behind;
    return value;
}

/* The value of the document that is ready. */
static PyObject *take(qpy_stream *self)
{
    qpy_document document;
    PyObject *value = decode_to(self, self->seen, &document);
    if (QR_UNLIKELY(!value)) {
        if (qpy_document_was_interrupted()) /* it is still there for the next time */
            return NULL;
        if (!qpy_document_was_refused(&document)) {
            self->state = STREAM_FAILED;
            drop_bytes(self);
            return NULL;
        }
    }
    self->is_ready = 0;
    self->start = self->seen;
    return value;
}

static PyObject *stream_next(PyObject *op)
{
    qpy_stream *self = (qpy_stream *)op;
    if (!check_free(self) || self->state != STREAM_OPEN)
        return NULL;
    self->is_busy = 1;
    PyObject *value = advance(self) > 0 ? take(self) : NULL;
    self->is_busy = 0;
    return value;
}

/* ---------------------------------------------------------------- partial */

static PyObject *decode_plainly(qpy_stream *self, qpy_document *document)
{
    qpy_decode_options options = self->decoder->options;
    options.plan = NULL;
    return self->decoder->codec->decode(self->decoder->state, &options, document);
}

/* The same document without its comments, in memory that is the caller's, as far as no comment is open: or NULL with an exception. */
static uint8_t *copy_without_comments(qpy_document *document)
{
    uint8_t *copy = qr_memory_array(&qpy_memory, NULL, document->length + 1, 1);
    if (!copy) {
        PyErr_NoMemory();
        return NULL;
    }
    document->length = qr_json_blank_comments(copy, document->data, document->length);
    document->data = copy;
    return copy;
}

static PyObject *decode_unfinished(qpy_stream *self)
{
    qr_buffer out;
    PyObject *value = NULL;
    uint8_t *copy = NULL;
    qpy_document document = document_to(self, self->seen);
    if (self->scan.comments && document.length && !(copy = copy_without_comments(&document)))
        return NULL;
    qr_buffer_init(&out, &qpy_memory);
    if (self->decoder->codec->partial(document.data, document.length, &qpy_memory, &out) && qr_buffer_reserve(&out, 1)) {
        *out.p = 0;
        document.data = out.base;
        document.length = qr_buffer_length(&out);
        value = decode_plainly(self, &document);
    }
    else if (out.error != QR_ERROR_NONE)
        PyErr_NoMemory();
    else
        value = Py_NewRef(self->decoder->state->unset);
    qr_buffer_release(&out);
    qr_memory_free(&qpy_memory, copy);
    return value;
}

static PyObject *decode_ready(qpy_stream *self)
{
    uint8_t behind = self->data[self->seen];
    qpy_document document = document_to(self, self->seen);
    self->data[self->seen] = 0;
    PyObject *value = decode_plainly(self, &document);
    self->data[self->seen] = behind;
    return value;
}

static PyObject *stream_partial(PyObject *op, PyObject *Py_UNUSED(unused))
{
    qpy_stream *self = (qpy_stream *)op;
    if (!check_open(self))
        return NULL;
    if (!self->decoder->codec->partial) {
        PyErr_Format(PyExc_TypeError, "of a document in %s nothing can be shown before its end", self->decoder->codec->format->name);
        return NULL;
    }
    self->is_busy = 1;
    int found = advance(self);
    PyObject *value = found < 0 ? NULL : found ? decode_ready(self) : decode_unfinished(self);
    self->is_busy = 0;
    return value;
}

/* ---------------------------------------------------------------- the end */

/* The values that are left, the last one ended by the end of the stream, are appended to the list: 1, or 0 with an exception. */
static int drain(qpy_stream *self, PyObject *list)
{
    qpy_document document;
    int found;
    while ((found = advance(self)) >= 0) {
        PyObject *value;
        if (found)
            value = take(self);
        else if (self->start == self->length || self->decoder->codec->scan_end(&self->scan) == QR_SCAN_SPACE)
            return 1;
        else {
            self->seen = self->length;
            value = decode_to(self, self->length, &document); /* says what is missing, or wrong */
            self->start = self->length;
            qr_scan_clear(&self->scan);
        }
        int ok = value && PyList_Append(list, value) == 0;
        Py_XDECREF(value);
        if (!ok)
            return 0;
    }
    return 0;
}

static PyObject *stream_close(PyObject *op, PyObject *Py_UNUSED(unused))
{
    qpy_stream *self = (qpy_stream *)op;
    PyObject *list = check_free(self) ? PyList_New(0) : NULL;
    if (!list)
        return NULL;
    if (self->state == STREAM_OPEN) {
        self->is_busy = 1;
        if (!drain(self, list))
            Py_CLEAR(list);
        self->is_busy = 0;
    }
    self->state = STREAM_CLOSED;
    drop_bytes(self);
    return list;
}

static PyObject *stream_enter(PyObject *op, PyObject *Py_UNUSED(unused)) { return Py_NewRef(op); }

/* Closes; what would be lost by that is an error, unless there is one already. */
static PyObject *stream_exit(PyObject *op, PyObject *const *args, Py_ssize_t count)
{
    qpy_stream *self = (qpy_stream *)op;
    if (count > 0 && args[0] != Py_None) {
        if (!self->is_busy) {
            self->state = STREAM_CLOSED;
            drop_bytes(self);
        }
        Py_RETURN_NONE;
    }
    PyObject *rest = stream_close(op, NULL);
    if (!rest)
        return NULL;
    Py_ssize_t n = PyList_GET_SIZE(rest);
    Py_DECREF(rest);
    if (n > 0)
        return PyErr_Format(PyExc_ValueError, "the stream ended with values that nobody took (%zd): iterate over what close() returns", n);
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- the type */

PyObject *qpy_decoder_stream(PyObject *op, PyObject *Py_UNUSED(unused))
{
    qpy_decoder *decoder = (qpy_decoder *)op;
    PyTypeObject *type = decoder->state->stream_type;
    qpy_stream *self = (qpy_stream *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->decoder = (qpy_decoder *)Py_NewRef(op);
    qpy_document_scan_init(decoder, &self->scan);
    return (PyObject *)self;
}

static int stream_traverse(PyObject *op, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(((qpy_stream *)op)->decoder);
    return 0;
}

static void stream_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    drop_bytes((qpy_stream *)op);
    Py_XDECREF(((qpy_stream *)op)->decoder);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyObject *stream_repr(PyObject *op)
{
    static const char *const states[] = {"", ", failed", ", closed"};
    qpy_stream *self = (qpy_stream *)op;
    return PyUnicode_FromFormat("<Stream of %R at byte %zu%s>", self->decoder, self->origin.offset + self->start, states[self->state]);
}

static PyObject *stream_offset(PyObject *op, void *Py_UNUSED(closure))
{
    qpy_stream *self = (qpy_stream *)op;
    return PyLong_FromSize_t(self->origin.offset + self->start);
}
static PyObject *stream_closed(PyObject *op, void *Py_UNUSED(closure)) { return PyBool_FromLong(((qpy_stream *)op)->state == STREAM_CLOSED); }

static PyMethodDef methods[] = {
    {"feed", stream_feed, METH_O,
     "feed($self, chunk, /)\n--\n\nTakes the next piece of the input and returns an iterator over the values that are whole now: the stream itself.\n\n"
     "What is not iterated over stays for the next time."},
    {"partial", stream_partial, METH_NOARGS,
     "partial($self, /)\n--\n\nThe value so far of the document that iteration would give next, of plain types; UNSET when nothing of it is there."},
    {"close", stream_close, METH_NOARGS,
     "close($self, /)\n--\n\nThe input has ended: returns the values that are left, such as a number that only the end ends.\n\n"
     "Raises TruncatedError when a document is unfinished."},
    {"__enter__", stream_enter, METH_NOARGS, NULL},
    {"__exit__", QPY_FAST(stream_exit), METH_FASTCALL, NULL},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef getters[] = {
    {"offset", stream_offset, NULL, "Bytes before the document that comes next.", NULL},
    {"closed", stream_closed, NULL, "Was close() called?", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot slots[] = {
    {Py_tp_dealloc, stream_dealloc}, {Py_tp_traverse, stream_traverse}, {Py_tp_iter, PyObject_SelfIter}, {Py_tp_iternext, stream_next}, {Py_tp_repr, stream_repr},
    {Py_tp_methods, methods}, {Py_tp_getset, getters},
    {Py_tp_doc, (char *)"Documents one after the other, in pieces that end anywhere. Made by Decoder.stream(); used by one thread at a time."}, {0, NULL},
};
static PyType_Spec spec = {
    .name = "quire.Stream", .basicsize = sizeof(qpy_stream),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, .slots = slots,
};

int qpy_stream_init(PyObject *module, qpy_state *state)
{
    state->stream_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    return state->stream_type ? PyModule_AddObjectRef(module, "Stream", (PyObject *)state->stream_type) : -1;
}
