/* SPDX-License-Identifier: Apache-2.0 */
/* scalars: ints of many digits, text and floats of protocol 0, text that is not yet UTF-8, bytes of every length. */
#include "binding/pickle/pickler.h"

/* n bytes after their head, in the frame or, when they are many, outside. */
static int put(qpy_pickling *k, size_t head_length, const void *data, size_t n, PyObject *payload)
{
    if (n >= QR_PICKLE_FRAME_TARGET)
        return qpy_pickle_output_block(k, head_length, data, n, payload);
    return qr_pickle_put_bytes(&k->out, data, n);
}

static int too_large(const char *what)
{
    PyErr_Format(PyExc_OverflowError, "serializing a %s larger than 4 GiB requires pickle protocol 4 or higher", what);
    return 0;
}

/* ---------------------------------------------------------------- ints */

static int put_int_text(qpy_pickling *k, PyObject *o)
{
    PyObject *repr = PyObject_Repr(o);
    Py_ssize_t n = 0;
    const char *text = repr ? PyUnicode_AsUTF8AndSize(repr, &n) : NULL;
    int ok = text && qr_pickle_room(&k->out, 0);
    if (ok) {
        qr_pickle_put(&k->out, QR_PICKLE_LONG);
        ok = qr_pickle_put_bytes(&k->out, text, (size_t)n) && qr_pickle_put_bytes(&k->out, "L\n", 2);
    }
    Py_XDECREF(repr);
    return ok;
}

#if PY_VERSION_HEX < 0x030D0000
#define AS_BYTES(o, to, n) _PyLong_AsByteArray((PyLongObject *)(o), to, n, 1, 1)
#else
#define AS_BYTES(o, to, n) _PyLong_AsByteArray((PyLongObject *)(o), to, n, 1, 1, 1)
#endif

Py_ssize_t qpy_pickle_long_bytes(PyObject *o)
{
    size_t bits = _PyLong_NumBits(o), n = (bits >> 3) + 1;
    if (bits == (size_t)-1 && PyErr_Occurred())
        return -1;
    if (n > INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "int too large to pickle");
        return -1;
    }
    return (Py_ssize_t)n;
}

uint8_t *qpy_pickle_store_long(uint8_t *p, PyObject *o, size_t n)
{
    uint8_t *to = p + (n < 256 ? 2 : 5);
    if (AS_BYTES(o, to, n) < 0)
        return NULL;
    if (n > 1 && to[n - 1] == 0xFF && to[n - 2] & 0x80) { /* a negative one may need one less: -2**(8*i-1) */
        n--;
        if (n == 255)
            memmove(to - 3, to, n);
    }
    if (n < 256) {
        p[0] = QR_PICKLE_LONG1;
        p[1] = (uint8_t)n;
        return p + 2 + n;
    }
    p[0] = QR_PICKLE_LONG4;
    qr_store32(p + 1, (uint32_t)n);
    return p + 5 + n;
}

int qpy_pickle_long(qpy_pickling *k, PyObject *o)
{
    qr_pickle_writer *out = &k->out;
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (!overflow) {
        if (value >= INT32_MIN && value <= INT32_MAX)
            qr_pickle_put_int32(out, (int32_t)value);
        else
            qr_pickle_put_int64(out, value);
        return 1;
    }
    if (out->protocol < 2)
        return put_int_text(k, o);
    Py_ssize_t n = qpy_pickle_long_bytes(o);
    if (n < 0 || !qr_pickle_room(out, (size_t)n))
        return 0;
    uint8_t *end = qpy_pickle_store_long(out->buffer.p, o, (size_t)n);
    if (!end)
        return 0;
    out->buffer.p = end;
    return 1;
}

/* ---------------------------------------------------------------- floats in text */

int qpy_pickle_float_text(qpy_pickling *k, PyObject *o)
{
    char *text = PyOS_double_to_string(PyFloat_AS_DOUBLE(o), 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    if (!text) {
        PyErr_NoMemory();
        return 0;
    }
    qr_pickle_put(&k->out, QR_PICKLE_FLOAT);
    int ok = qr_pickle_put_bytes(&k->out, text, strlen(text)) && qr_pickle_put_bytes(&k->out, "\n", 1);
    PyMem_Free(text);
    return ok;
}

/* ---------------------------------------------------------------- str */

static uint8_t *put_hex(uint8_t *p, char letter, uint32_t value, int digits)
{
    *p++ = '\\';
    *p++ = (uint8_t)letter;
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        *p++ = (uint8_t)"0123456789abcdef"[value >> shift & 15];
    return p;
}

/* Protocol 0: raw-unicode-escape, and what would end the line or the file escaped too. */
static int put_escaped(qpy_pickling *k, PyObject *o)
{
    Py_ssize_t n = PyUnicode_GET_LENGTH(o);
    int kind = PyUnicode_KIND(o);
    const void *data = PyUnicode_DATA(o);
    qr_pickle_writer *out = &k->out;
    if (!qr_pickle_room(out, 0))
        return 0;
    qr_pickle_put(out, QR_PICKLE_UNICODE);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_UCS4 c = PyUnicode_READ(kind, data, i);
        if (!qr_pickle_room(out, 0))
            return 0;
        if (c >= 0x10000)
            out->buffer.p = put_hex(out->buffer.p, 'U', c, 8);
        else if (c >= 256 || c == '\\' || c == 0 || c == '\n' || c == '\r' || c == 0x1A)
            out->buffer.p = put_hex(out->buffer.p, 'u', c, 4);
        else
            qr_pickle_put(out, (uint8_t)c);
    }
    if (!qr_pickle_room(out, 0))
        return 0;
    qr_pickle_put(out, '\n');
    return 1;
}

int qpy_pickle_text(qpy_pickling *k, PyObject *o)
{
    Py_ssize_t n;
    PyObject *encoded = NULL;
    if (!k->out.binary)
        return put_escaped(k, o);
    const char *text = PyUnicode_AsUTF8AndSize(o, &n);
    if (!text) { /* a lone surrogate */
        if (k->plain && PyErr_ExceptionMatches(PyExc_UnicodeError)) {
            PyErr_Clear();
            k->gave_up = 1; /* somebody may have registered an error handler of that name */
            return 0;
        }
        PyErr_Clear();
        encoded = PyUnicode_AsEncodedString(o, "utf-8", "surrogatepass");
        if (!encoded)
            return 0;
        text = PyBytes_AS_STRING(encoded);
        n = PyBytes_GET_SIZE(encoded);
    }
    uint8_t *head = k->out.buffer.p;
    int ok = qr_pickle_room(&k->out, 0);
    if (ok) {
        head = k->out.buffer.p;
        ok = qr_pickle_put_text_head(&k->out, (size_t)n) ? put(k, (size_t)(k->out.buffer.p - head), text, (size_t)n, encoded) : too_large("string");
    }
    Py_XDECREF(encoded);
    return ok;
}

/* ---------------------------------------------------------------- bytes, bytearray, PickleBuffer */

int qpy_pickle_bytes(qpy_pickling *k, PyObject *o, const char *data, Py_ssize_t n)
{
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    uint8_t *head = k->out.buffer.p;
    if (!qr_pickle_put_bytes_head(&k->out, (size_t)n))
        return too_large("bytes object");
    return put(k, (size_t)(k->out.buffer.p - head), data, (size_t)n, o);
}

int qpy_pickle_bytearray(qpy_pickling *k, PyObject *o, const char *data, Py_ssize_t n)
{
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    qr_pickle_put_u64(&k->out, QR_PICKLE_BYTEARRAY8, (uint64_t)n);
    return put(k, 9, data, (size_t)n, o);
}

#if PY_VERSION_HEX < 0x030D0000
#define CAN_ONLY "PickleBuffer can only pickled with protocol >= 5" /* sic */
#else
#define CAN_ONLY "PickleBuffer can only be pickled with protocol >= 5"
#endif

static int out_of_band(qpy_pickling *k, const Py_buffer *view)
{
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    qr_pickle_put(&k->out, QR_PICKLE_NEXT_BUFFER);
    if (view->readonly)
        qr_pickle_put(&k->out, QR_PICKLE_READONLY_BUFFER);
    return 1;
}

int qpy_pickle_buffer(qpy_pickling *k, PyObject *o)
{
    const char *refused = NULL;
    if (k->out.protocol < 5)
        refused = CAN_ONLY;
    const Py_buffer *view = refused ? NULL : PyPickleBuffer_GetBuffer(o);
    if (!refused && !view)
        return 0;
    if (!refused && (view->suboffsets || !PyBuffer_IsContiguous(view, 'A')))
        refused = "PickleBuffer can not be pickled when pointing to a non-contiguous buffer";
    if (refused) {
        PyErr_SetString(k->state->pickle_error, refused);
        return 0;
    }
    if (k->buffer_callback) {
        PyObject *result = PyObject_CallOneArg(k->buffer_callback, o);
        int in_band = result ? PyObject_IsTrue(result) : -1;
        Py_XDECREF(result);
        if (in_band < 0 || !(view = PyPickleBuffer_GetBuffer(o))) /* the callback may have released it */
            return 0;
        if (!in_band)
            return out_of_band(k, view);
    }
    int ok = view->readonly ? qpy_pickle_bytes(k, o, view->buf, view->len) : qpy_pickle_bytearray(k, o, view->buf, view->len);
    return ok && qpy_pickle_memoize(k, o);
}
