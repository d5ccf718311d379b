/* SPDX-License-Identifier: Apache-2.0 */
/* scan: what is rare in the scanner or runs code of the interpreter; the scanner itself is scan_units.c. */
#include "binding/json/loads.h"

#include "binding/attribute.h"
#include "core/base/float64.h"

/* ---------------------------------------------------------------- failing */

PyObject *qpy_json_fail(const char *message, PyObject *text, Py_ssize_t at)
{
    PyObject *module = PyImport_ImportModule("json.decoder"), *cls = module ? qpy_attribute(module, "JSONDecodeError") : NULL;
    PyObject *error = cls ? PyObject_CallFunction(cls, "sOn", message, text, at) : NULL;
    if (error)
        PyErr_SetObject(cls, error);
    Py_XDECREF(error);
    Py_XDECREF(cls);
    Py_XDECREF(module);
    return NULL;
}

PyObject *qpy_json_no_value(Py_ssize_t at)
{
    PyObject *index = PyLong_FromSsize_t(at);
    if (index)
        PyErr_SetObject(PyExc_StopIteration, index);
    Py_XDECREF(index);
    return NULL;
}

/* ---------------------------------------------------------------- scalars */

/* The same objects as ever: a list that holds NaN is equal to another one only if it holds the same. */
PyObject *qpy_json_constant(qpy_state *state, const qpy_json_hooks *hooks, const char *name)
{
    if (hooks->parse_constant) {
        PyObject *text = PyUnicode_InternFromString(name), *value = text ? PyObject_CallOneArg(hooks->parse_constant, text) : NULL;
        Py_XDECREF(text);
        return value;
    }
    PyObject *module = PyImport_ImportModule("json.decoder");
    PyObject *value = module ? qpy_attribute(module, *name == 'N' ? "NaN" : *name == 'I' ? "PosInf" : "NegInf") : NULL;
    (void)state;
    Py_XDECREF(module);
    return value;
}

static PyObject *long_integer(const uint8_t *text, size_t length)
{
    char room[64], *digits = length < sizeof room ? room : PyMem_Malloc(length + 1);
    if (!digits)
        return PyErr_NoMemory();
    memcpy(digits, text, length);
    digits[length] = 0;
    PyObject *value = PyLong_FromString(digits, NULL, 10); /* sys.set_int_max_str_digits has its say */
    if (digits != room)
        PyMem_Free(digits);
    return value;
}

static PyObject *integer(const uint8_t *text, size_t length)
{
    int negative = *text == '-';
    if (QR_UNLIKELY(length - (size_t)negative > 18))
        return long_integer(text, length);
    int64_t value = 0;
    for (size_t i = (size_t)negative; i < length; i++)
        value = value * 10 + (text[i] - '0');
    return PyLong_FromLongLong(negative ? -value : value);
}

/* Up to nineteen digits and an exponent of few are gathered here; everything else goes the slower way. */
static PyObject *floating(const uint8_t *text, size_t length)
{
    const uint8_t *p = text, *end = text + length;
    uint64_t digits = 0;
    int64_t power = 0, shift = 0;
    size_t count = 0;
    double value;
    int negative = *p == '-';
    for (p += negative; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            power = p + 1 - end; /* how many follow; an exponent is taken off below */
            continue;
        }
        digits = digits * 10 + (uint64_t)(*p - '0');
        count++;
    }
    power += power ? end - p : 0;
    if (p < end) {
        int minus = p[1] == '-';
        p += 1 + (p[1] == '-' || p[1] == '+');
        if (end - p > 6)
            count = SIZE_MAX;
        for (; p < end && count != SIZE_MAX; p++)
            shift = shift * 10 + (*p - '0');
        power += minus ? -shift : shift;
    }
    if (QR_LIKELY(count <= 19 && qr_float64_from_decimal(digits, power, &value)))
        return PyFloat_FromDouble(negative ? -value : value);
    qr_float64_read(text, length, &value); /* the text is a number: infinity when it is too large */
    return PyFloat_FromDouble(value);
}

PyObject *qpy_json_number(const uint8_t *text, size_t length, int is_float) { return is_float ? floating(text, length) : integer(text, length); }

/* ---------------------------------------------------------------- the scanner */

PyObject *qpy_json_scan(qpy_state *state, PyObject *text, Py_ssize_t start, const qpy_json_hooks *hooks, Py_ssize_t *end)
{
    if (start < 0) {
        PyErr_SetString(PyExc_ValueError, "idx cannot be negative");
        return NULL;
    }
    return state->json_scan(state, text, start, hooks, end); /* as it was compiled for this machine: scan_units.c */
}
