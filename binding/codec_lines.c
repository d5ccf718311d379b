/* SPDX-License-Identifier: Apache-2.0 */
/* codec_lines: an iterator over many documents in memory, one held at a time.
 *
 * Where documents are lines, the end of a line is looked for first and the line is copied, so that a fault stays within it and the next
 * line is found whatever this one holds. Where they follow each other, those in bytes that do not change are read in place: the value
 * ends where the next one starts. In other buffers a scanner finds the end of each, and what it found is copied. */
#include "binding/members.h"
#include "binding/stream.h"

typedef struct qpy_lines {
    PyObject_HEAD
    qpy_decoder *decoder;
    qpy_window window;
    size_t at;      /* of the next document */
    size_t line;    /* lines before it */
    uint8_t *copy;  /* of copy_room bytes */
    size_t copy_room;
    int busy, ended, has_window;
} qpy_lines;

PyObject *qpy_decoder_decode_lines(PyObject *op, PyObject *data)
{
    qpy_decoder *decoder = (qpy_decoder *)op;
    PyTypeObject *type = decoder->state->lines_type;
    qpy_lines *self = (qpy_lines *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->decoder = (qpy_decoder *)Py_NewRef(op);
    if (!qpy_window_init(&self->window, data, decoder->codec->format->is_text, "decode_lines()"))
        Py_CLEAR(self);
    else
        self->has_window = 1;
    return (PyObject *)self;
}

static void lines_end(qpy_lines *self)
{
    int has_window = self->has_window;
    self->ended = 1;
    self->has_window = 0; /* letting a buffer go may run code */
    if (has_window)
        qpy_window_release(&self->window);
    qr_memory_free(&qpy_memory, self->copy);
    self->copy = NULL;
    self->copy_room = 0;
}

static int lines_traverse(PyObject *op, visitproc visit, void *arg)
{
    qpy_lines *self = (qpy_lines *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->decoder);
    if (self->has_window)
        Py_VISIT(self->window.stable ? self->window.input.owner : self->window.view.obj);
    return 0;
}

static int lines_clear(PyObject *op)
{
    lines_end((qpy_lines *)op);
    return 0;
}

static void lines_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    lines_end((qpy_lines *)op);
    Py_XDECREF(((qpy_lines *)op)->decoder);
    type->tp_free(op);
    Py_DECREF(type);
}

/* A copy of the bytes with a 0 behind them, that stays until the next one. */
static int copy_bytes(qpy_lines *self, qpy_document *document, const uint8_t *data, size_t n)
{
    if (n >= self->copy_room || self->copy_room > 16 * (n + 4096)) {
        size_t room = n + (n >> 2) + 256;
        uint8_t *copy = qr_memory_array(&qpy_memory, self->copy, room, 1);
        if (!copy) {
            PyErr_NoMemory();
            return 0;
        }
        self->copy = copy;
        self->copy_room = room;
    }
    memcpy(self->copy, data, n);
    self->copy[n] = 0;
    document->data = self->copy;
    document->length = n;
    return 1;
}

/* Nothing but space and, where there may be comments, comments that end in the line? */
static int is_blank(const uint8_t *p, const uint8_t *end, int comments)
{
    for (;; p += 2) {
        while (p < end && !qr_byte_is_not_space(*p))
            p++;
        if (p == end)
            return 1;
        if (!comments || end - p < 2 || p[0] != '/' || (p[1] != '/' && p[1] != '*'))
            return 0;
        if (p[1] == '/')
            return 1;
        for (p += 2; end - p >= 2 && !(p[0] == '*' && p[1] == '/');)
            p++;
        if (end - p < 2)
            return 0;
    }
}

/* The next line that is not blank: 1 and the place behind it, 0 at the end, -1 with an exception. */
static int next_line(qpy_lines *self, qpy_document *document, size_t *next)
{
    const uint8_t *data = self->window.data;
    size_t length = self->window.length, limit = self->decoder->options.limits.bytes;
    for (; self->at < length; self->at = *next, self->line++) {
        const uint8_t *start = data + self->at, *found = memchr(start, '\n', length - self->at);
        size_t n = found ? (size_t)(found - start) : length - self->at;
        *next = self->at + n + (found != NULL);
        if (is_blank(start, start + n, (self->decoder->options.read_options & QPY_READ_COMMENTS) != 0))
            continue;
        document->origin = (qr_origin){.offset = self->at, .line = self->line};
        if (limit && n > limit) /* refused by the reader; nobody needs the rest of it */
            n = limit + 1;
        return copy_bytes(self, document, start, n) ? 1 : -1;
    }
    return 0;
}

/* The next of documents that follow each other. As above; *next is where it is known to end, or 0. */
static int next_document(qpy_lines *self, qpy_document *document, size_t *next)
{
    qpy_decoder *decoder = self->decoder;
    const uint8_t *start = self->window.data + self->at;
    size_t left = self->window.length - self->at, limit = decoder->options.limits.bytes, taken = 0;
    *document = (qpy_document){.data = start, .length = left, .origin = {.offset = self->at}};
    if (left == 0)
        return 0;
    *next = 0;
    if (self->window.stable && !limit) {
        document->open_end = 1;
        return 1;
    }
    qr_scan scan;
    qpy_document_scan_init(decoder, &scan);
    qr_scan_result result = decoder->codec->scan(&scan, start, left, &taken);
    qr_scan_release(&scan);
    if (result == QR_SCAN_MEMORY) {
        PyErr_NoMemory();
        return -1;
    }
    if (result == QR_SCAN_DEPTH || (limit && taken > limit)) {
        self->ended = 1;
        qpy_document_fail(decoder, document, result == QR_SCAN_DEPTH ? QR_ERROR_DEPTH : QR_ERROR_BYTES, result == QR_SCAN_DEPTH ? start + taken - 1 : start);
        return -1;
    }
    *next = self->at + taken;
    return copy_bytes(self, document, start, taken) ? 1 : -1;
}

/* After a document that was refused: where the next one starts, when that was not looked for. */
static size_t end_of_document(qpy_lines *self, const qpy_document *document)
{
    qr_scan scan;
    size_t taken;
    qpy_document_scan_init(self->decoder, &scan);
    qr_scan_result result = self->decoder->codec->scan(&scan, document->data, document->length, &taken);
    qr_scan_release(&scan);
    return result == QR_SCAN_DONE ? self->at + taken : self->window.length;
}

static PyObject *lines_step(qpy_lines *self)
{
    qpy_decoder *decoder = self->decoder;
    qpy_document document = {.data = NULL};
    size_t next;
    int is_lines = *decoder->codec->separator != 0;
    int found = is_lines ? next_line(self, &document, &next) : next_document(self, &document, &next);
    if (found <= 0) {
        self->ended |= found == 0;
        return NULL;
    }
    PyObject *value = decoder->codec->decode(decoder->state, &decoder->options, &document);
    if (QR_LIKELY(value)) {
        self->at = document.open_end ? self->at + document.end : next;
        self->line++;
    }
    else if (!qpy_document_was_interrupted()) {
        if (!is_lines && !qpy_document_was_refused(&document))
            self->ended = 1; /* nobody knows where the next one starts */
        self->at = next ? next : end_of_document(self, &document);
        self->line++;
    }
    return value;
}

static PyObject *lines_next(PyObject *op)
{
    qpy_lines *self = (qpy_lines *)op;
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "the iterator is in use: by the value it is decoding, or by another thread");
        return NULL;
    }
    if (self->ended)
        return NULL;
    self->busy = 1;
    PyObject *value = lines_step(self);
    self->busy = 0;
    if (self->ended) {
        PyObject *type, *saved, *traceback;
        PyErr_Fetch(&type, &saved, &traceback);
        lines_end(self);
        PyErr_Restore(type, saved, traceback);
    }
    return value;
}

static PyType_Slot slots[] = {
    {Py_tp_dealloc, lines_dealloc}, {Py_tp_traverse, lines_traverse}, {Py_tp_clear, lines_clear}, {Py_tp_iter, PyObject_SelfIter}, {Py_tp_iternext, lines_next},
    {Py_tp_doc, (char *)"The values of many documents, one after the other: what Decoder.decode_lines() returns."}, {0, NULL},
};
static PyType_Spec spec = {
    .name = "quire._core.Lines", .basicsize = sizeof(qpy_lines),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, .slots = slots,
};

int qpy_lines_init(PyObject *module, qpy_state *state)
{
    state->lines_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    return state->lines_type ? 0 : -1;
}
