/* SPDX-License-Identifier: Apache-2.0 */
/* values: what opcodes of protocol 0 carry as text, and Python 2's str. Numbers are whatever the interpreter's own readers of
 * numbers take (C's base 0 for INT, for one). */
#include "binding/pickle/machine.h"

#include "binding/keys.h"

#include <errno.h>

/* Up to 18 digits, the first not 0 (but for "0"): 1, or 0 when it is something else. */
static int plain_digits(const uint8_t *text, size_t length, int64_t *number)
{
    int64_t value = 0;
    if (length == 0 || length > 18 || (text[0] == '0' && length > 1))
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value * 10 + (text[i] - '0');
    }
    *number = value;
    return 1;
}

/* The text with a 0 behind it: in `room` or, longer than that, allocated. NULL with an exception. */
enum { LINE_ROOM = 128 };
static char *line_open(char *room, const uint8_t *text, size_t length)
{
    char *line = length < LINE_ROOM ? room : length < (size_t)PY_SSIZE_T_MAX ? PyMem_Malloc(length + 1) : NULL;
    if (!line) {
        PyErr_NoMemory();
        return NULL;
    }
    memcpy(line, text, length);
    line[length] = 0;
    return line;
}
static void line_close(const char *room, char *line)
{
    if (line != room)
        PyMem_Free(line);
}

PyObject *qpy_unpickle_int_line(qpy_unpickle *m, const uint8_t *text, size_t length)
{
    int64_t number;
    char room[LINE_ROOM], *line, *end;
    if (plain_digits(text, length, &number))
        return PyLong_FromLongLong(number);
    if (length < 1) {
        qpy_unpickle_truncated(m);
        return NULL;
    }
    if (!(line = line_open(room, text, length)))
        return NULL;
    errno = 0;
    long small = strtol(line, &end, 0);
    PyObject *value;
    if (errno == 0 && *end == '\0')
        value = length == 2 && (small == 0 || small == 1) ? PyBool_FromLong(small) : PyLong_FromLong(small);
    else {
        errno = 0;
        value = PyLong_FromString(line, NULL, 0);
        if (!value)
            PyErr_SetString(PyExc_ValueError, "could not convert string to int");
    }
    line_close(room, line);
    return value;
}

PyObject *qpy_unpickle_long_line(qpy_unpickle *m, const uint8_t *text, size_t length)
{
    int64_t number;
    char room[LINE_ROOM], *line;
    if (length < 1) {
        qpy_unpickle_truncated(m);
        return NULL;
    }
    size_t digits = text[length - 1] == 'L' ? length - 1 : length;
    if (plain_digits(text, digits, &number))
        return PyLong_FromLongLong(number);
    if (!(line = line_open(room, text, digits)))
        return NULL;
    PyObject *value = PyLong_FromString(line, NULL, 0);
    line_close(room, line);
    return value;
}

PyObject *qpy_unpickle_float_line(qpy_unpickle *m, const uint8_t *text, size_t length)
{
    char room[LINE_ROOM], *line, *end;
    if (length < 1) {
        qpy_unpickle_truncated(m);
        return NULL;
    }
    if (!(line = line_open(room, text, length)))
        return NULL;
    double number = PyOS_string_to_double(line, &end, PyExc_OverflowError);
    PyObject *value = NULL;
    if (number == -1.0 && PyErr_Occurred())
        ;
    else if (*end)
        PyErr_SetString(PyExc_ValueError, "could not convert string to float");
    else
        value = PyFloat_FromDouble(number);
    line_close(room, line);
    return value;
}

int qpy_unpickle_number_line(qpy_unpickle *m, const uint8_t *text, size_t length, Py_ssize_t *number)
{
    int64_t small;
    char room[LINE_ROOM], *line;
    if (plain_digits(text, length, &small)) {
        *number = (Py_ssize_t)small;
        return 1;
    }
    if (length < 1)
        return qpy_unpickle_truncated(m);
    if (!(line = line_open(room, text, length)))
        return 0;
    PyObject *value = PyLong_FromString(line, NULL, 10);
    *number = value ? PyLong_AsSsize_t(value) : -1;
    Py_XDECREF(value);
    line_close(room, line);
    return *number != -1 || !PyErr_Occurred();
}

/* A codec may be user code, which may make the machine anew. */
static PyObject *decode(qpy_unpickle *m, PyObject *bytes)
{
    if (!bytes || strcmp(m->encoding, "bytes") == 0)
        return bytes;
    PyObject *encoding = Py_XNewRef(m->encoding_text), *errors = Py_XNewRef(m->errors_text);
    PyObject *text = PyUnicode_FromEncodedObject(bytes, m->encoding, m->errors);
    Py_XDECREF(errors);
    Py_XDECREF(encoding);
    Py_DECREF(bytes);
    return text;
}

PyObject *qpy_unpickle_string_line(qpy_unpickle *m, const uint8_t *text, size_t length)
{
    if (length < 2 || text[0] != text[length - 1] || (text[0] != '"' && text[0] != '\'')) {
        qpy_unpickle_fail(m, "the STRING opcode argument must be quoted");
        return NULL;
    }
    return decode(m, PyBytes_DecodeEscape((const char *)text + 1, (Py_ssize_t)length - 2, NULL, 0, NULL));
}

PyObject *qpy_unpickle_string(qpy_unpickle *m, const uint8_t *text, size_t length)
{
    return decode(m, PyBytes_FromStringAndSize((const char *)text, (Py_ssize_t)length));
}
