/* SPDX-License-Identifier: Apache-2.0 */
/* codec_input: documents in the midst of a buffer, and in files. */
#include "binding/attribute.h"
#include "binding/stream.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---------------------------------------------------------------- what is looked at */

int qpy_window_init(qpy_window *self, PyObject *data, int is_text, const char *function)
{
    if (PyUnicode_Check(data) && !is_text) {
        PyErr_Format(PyExc_TypeError, "%s takes bytes or another buffer, not str: offsets count bytes", function);
        return 0;
    }
    self->stable = PyBytes_Check(data) || PyUnicode_Check(data) || !PyObject_CheckBuffer(data);
    if (!self->stable) {
        if (PyObject_GetBuffer(data, &self->view, PyBUF_CONTIG_RO) == 0) {
            self->data = self->view.buf;
            self->length = (size_t)self->view.len;
            return 1;
        }
        if (!PyErr_ExceptionMatches(PyExc_BufferError))
            return 0;
        PyErr_Clear(); /* not contiguous: taken as a copy */
        self->stable = 1;
    }
    if (!qpy_input_init(&self->input, data, is_text))
        return 0;
    self->data = self->input.data;
    self->length = self->input.length;
    return 1;
}

void qpy_window_release(qpy_window *self)
{
    if (self->stable)
        qpy_input_release(&self->input);
    else
        PyBuffer_Release(&self->view);
}

int qpy_offset_argument(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *names, size_t *offset)
{
    Py_ssize_t keywords = names ? PyTuple_GET_SIZE(names) : 0, value = 0;
    if (count + keywords > 2 || (keywords && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "offset") != 0)) {
        PyErr_Format(PyExc_TypeError, "%s() takes nothing but an offset behind its first arguments", function);
        return 0;
    }
    if (count + keywords == 2) {
        value = PyNumber_AsSsize_t(args[1], PyExc_OverflowError);
        if (value == -1 && PyErr_Occurred())
            return 0;
    }
    if (value < 0) {
        PyErr_Format(PyExc_ValueError, "%s(): the offset must not be negative, it is %zd", function, value);
        return 0;
    }
    *offset = (size_t)value;
    return 1;
}

/* ---------------------------------------------------------------- faults */

void qpy_document_fail(qpy_decoder *decoder, const qpy_document *document, qr_error error, const uint8_t *at)
{
    qr_reader reader;
    qr_path path = {.count = 0};
    if (decoder->codec->fail) {
        decoder->codec->fail(decoder, document, error, at);
        return;
    }
    qr_reader_init(&reader, document->data, document->length, NULL, 0);
    reader.path = &path;
    reader.origin = &document->origin;
    qr_reader_fail(&reader, error, at);
    qpy_raise_read(decoder->state, &reader, decoder->options.plan, decoder->codec->format);
}

void qpy_document_scan_init(const qpy_decoder *decoder, qr_scan *scan)
{
    qr_scan_init(scan, decoder->options.limits.depth, &qpy_memory);
    scan->comments = (decoder->options.read_options & QPY_READ_COMMENTS) != 0;
}

int qpy_document_was_refused(const qpy_document *document) { return document->failed == QR_CLASS_VALIDATION || document->failed == QR_CLASS_SINK; }

int qpy_document_was_interrupted(void) { return PyErr_ExceptionMatches(PyExc_MemoryError) || !PyErr_ExceptionMatches(PyExc_Exception); }

/* ---------------------------------------------------------------- decode_from */

/* Bytes of the document that starts at `from`, with the space before it: 1, or 0 with an exception. What is unfinished has all that is left. */
static int measure(qpy_decoder *self, const qpy_document *rest, size_t *length)
{
    qr_scan scan;
    qr_scan_result result = QR_SCAN_SPACE;
    size_t at = 0, taken;
    qpy_document_scan_init(self, &scan);
    for (; at < rest->length && result == QR_SCAN_SPACE; at += taken)
        result = self->codec->scan(&scan, rest->data + at, rest->length - at, &taken);
    qr_scan_release(&scan);
    *length = at;
    if (result == QR_SCAN_DEPTH)
        qpy_document_fail(self, rest, QR_ERROR_DEPTH, rest->data + at - 1);
    if (result == QR_SCAN_MEMORY)
        PyErr_NoMemory();
    return result < QR_SCAN_DEPTH;
}

/* From bytes that may change, or of which only a part counts for the limits: a copy of the one document. */
static PyObject *decode_copy(qpy_decoder *self, qpy_document *document)
{
    size_t limit = self->options.limits.bytes, n;
    if (!measure(self, document, &n))
        return NULL;
    if (limit && n > limit) {
        qpy_document_fail(self, document, QR_ERROR_BYTES, document->data);
        return NULL;
    }
    uint8_t *copy = qr_memory_array(&qpy_memory, NULL, n + 1, 1);
    if (!copy)
        return PyErr_NoMemory();
    memcpy(copy, document->data, n);
    copy[n] = 0;
    document->data = copy;
    document->length = n;
    PyObject *value = self->codec->decode(self->state, &self->options, document);
    qr_memory_free(&qpy_memory, copy);
    return value;
}

PyObject *qpy_decoder_decode_from(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_decoder *self = (qpy_decoder *)op;
    qpy_window window;
    size_t offset, limit = self->options.limits.bytes;
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "decode_from() takes data and an offset, nothing was given");
        return NULL;
    }
    if (!qpy_offset_argument("decode_from", args, count, names, &offset) || !qpy_window_init(&window, args[0], 0, "decode_from()"))
        return NULL;
    PyObject *value = NULL, *result = NULL;
    if (offset > window.length)
        PyErr_Format(PyExc_ValueError, "decode_from(): offset %zu is beyond the end of %zu bytes", offset, window.length);
    else {
        qpy_document document = {
            .data = window.data + offset, .length = window.length - offset, .open_end = 1,
            .origin = {.offset = offset, .before = window.data, .before_length = offset},
        };
        int has_comments = (self->options.read_options & QPY_READ_COMMENTS) != 0; /* the reader copies all it is given */
        int in_place = window.stable && !has_comments && (!limit || document.length <= limit);
        value = in_place ? self->codec->decode(self->state, &self->options, &document) : decode_copy(self, &document);
        if (value)
            result = Py_BuildValue("Nn", value, (Py_ssize_t)(offset + document.end));
    }
    qpy_window_release(&window);
    return result;
}

/* ---------------------------------------------------------------- read */

static PyObject *decode_object(qpy_decoder *self, PyObject *data)
{
    qpy_input input;
    if (!qpy_input_init(&input, data, self->codec->format->is_text))
        return NULL;
    qpy_document document = {.data = input.data, .length = input.length};
    PyObject *value = self->codec->decode(self->state, &self->options, &document);
    qpy_input_release(&input);
    return value;
}

/* What one read() gave, as bytes or str (a new reference; takes the other), or NULL. */
static PyObject *check_part(PyObject *part)
{
    if (!part || PyBytes_Check(part) || PyUnicode_Check(part))
        return part;
    PyObject *bytes = NULL;
    if (part == Py_None)
        PyErr_SetString(PyExc_BlockingIOError, "read(): the file would block");
    else if (PyObject_CheckBuffer(part))
        bytes = PyBytes_FromObject(part);
    else
        PyErr_Format(PyExc_TypeError, "read(): the file gave %.100s, not bytes", Py_TYPE(part)->tp_name);
    Py_DECREF(part);
    return bytes;
}

static PyObject *read_part(PyObject *file, size_t most)
{
    PyObject *size = PyLong_FromSize_t(most), *part = size ? qpy_call_method(file, "read", size) : NULL;
    Py_XDECREF(size);
    return check_part(part);
}

/* A file that may not be larger than the limit is not read beyond it. */
static PyObject *read_limited(PyObject *file, size_t limit)
{
    PyObject *data = read_part(file, limit + 1);
    while (data) {
        size_t have = (size_t)PyObject_Length(data);
        if (have > limit)
            break;
        PyObject *part = read_part(file, limit + 1 - have), *joined = NULL;
        if (part && PyObject_Length(part) == 0) {
            Py_DECREF(part);
            break;
        }
        if (part)
            joined = PySequence_Concat(data, part);
        Py_XDECREF(part);
        Py_SETREF(data, joined);
    }
    return data;
}

static PyObject *read_file(qpy_decoder *self, PyObject *file)
{
    size_t limit = self->options.limits.bytes;
    PyObject *data;
    if (limit && limit < PY_SSIZE_T_MAX)
        data = read_limited(file, limit);
    else {
        PyObject *method = qpy_attribute(file, "read");
        data = method ? check_part(PyObject_CallNoArgs(method)) : NULL;
        Py_XDECREF(method);
    }
    PyObject *value = data ? decode_object(self, data) : NULL;
    Py_XDECREF(data);
    return value;
}

/* A file in memory, with a 0 of our own behind it: the last page is one that nobody else has, and where the file fills its last
 * page there is one more. What others write to the file may still show in the other pages. */
typedef struct mapping {
    uint8_t *data;
    size_t length, mapped;
} mapping;

static int map_file(mapping *self, int descriptor)
{
    struct stat status;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (fstat(descriptor, &status) < 0)
        goto failed;
    if (!S_ISREG(status.st_mode) || status.st_size < 0 || (uint64_t)status.st_size > PTRDIFF_MAX - page) {
        PyErr_SetString(PyExc_ValueError, "read(mmap=True) needs a regular file");
        return 0;
    }
    self->length = (size_t)status.st_size;
    self->mapped = (self->length / page + 1) * page;
    void *room = mmap(NULL, self->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        goto failed;
    self->data = room;
    if (self->length && mmap(room, self->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, descriptor, 0) == MAP_FAILED) {
        int reason = errno;
        munmap(room, self->mapped);
        errno = reason;
        goto failed;
    }
    self->data[self->length] = 0;
    return 1;
failed:
    PyErr_SetFromErrno(PyExc_OSError);
    return 0;
}

/* The position of an open file; 0 for one that has just been opened. -1 with an exception. */
static Py_ssize_t position(PyObject *file)
{
    PyObject *tell = qpy_attribute(file, "tell"), *at = tell ? PyObject_CallNoArgs(tell) : NULL;
    Py_ssize_t result = at ? PyNumber_AsSsize_t(at, PyExc_OverflowError) : -1;
    Py_XDECREF(tell);
    Py_XDECREF(at);
    if (result < 0 && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "read(): the file is at a negative position");
    return result;
}

static PyObject *map_and_decode(qpy_decoder *self, PyObject *file)
{
    mapping map;
    int descriptor = PyObject_AsFileDescriptor(file);
    Py_ssize_t from = descriptor < 0 ? -1 : position(file);
    if (from < 0 || !map_file(&map, descriptor))
        return NULL;
    size_t at = (size_t)from < map.length ? (size_t)from : map.length;
    qpy_document document = {.data = map.data + at, .length = map.length - at};
    PyObject *value = self->codec->decode(self->state, &self->options, &document);
    munmap(map.data, map.mapped);
    return value;
}

static PyObject *open_file(PyObject *path)
{
    PyObject *io = PyImport_ImportModule("io"), *open = io ? qpy_attribute(io, "open") : NULL;
    PyObject *file = open ? PyObject_CallFunction(open, "Os", path, "rb") : NULL;
    Py_XDECREF(open);
    Py_XDECREF(io);
    return file;
}

/* Keeps the exception that is set. */
static int close_file(PyObject *file)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *method = qpy_attribute(file, "close"), *result = method ? PyObject_CallNoArgs(method) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(result);
    if (type) {
        PyErr_Clear();
        PyErr_Restore(type, value, traceback);
    }
    return !PyErr_Occurred();
}

/* 1, 0, or -1 with an exception. */
static int is_path(PyObject *object)
{
    if (PyUnicode_Check(object) || PyBytes_Check(object))
        return 1;
    PyObject *method = qpy_attribute((PyObject *)Py_TYPE(object), "__fspath__");
    int found = method != NULL;
    Py_XDECREF(method);
    if (!found && !PyErr_ExceptionMatches(PyExc_AttributeError))
        return -1;
    PyErr_Clear();
    return found;
}

/* 1, or 0 with an exception. */
static int check_file(PyObject *object)
{
    PyObject *method = qpy_attribute(object, "read");
    int found = method != NULL;
    Py_XDECREF(method);
    if (!found && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "read() takes a path or an open file, got %.100s", Py_TYPE(object)->tp_name);
    }
    return found;
}

/* (fp_or_path, *, mmap=False) */
PyObject *qpy_decoder_read(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_decoder *self = (qpy_decoder *)op;
    Py_ssize_t keywords = names ? PyTuple_GET_SIZE(names) : 0;
    if (count != 1 || keywords > 1 || (keywords && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "mmap") != 0)) {
        PyErr_SetString(PyExc_TypeError, "read() takes a path or a file, and mmap by name");
        return NULL;
    }
    int is_mapped = keywords ? PyObject_IsTrue(args[1]) : 0, opens = is_mapped < 0 ? -1 : is_path(args[0]);
    if (opens < 0 || (!opens && !check_file(args[0])))
        return NULL;
    PyObject *file = opens ? open_file(args[0]) : Py_NewRef(args[0]);
    if (!file)
        return NULL;
    PyObject *value = is_mapped ? map_and_decode(self, file) : read_file(self, file);
    if (opens && !close_file(file))
        Py_CLEAR(value);
    Py_DECREF(file);
    return value;
}
