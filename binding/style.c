/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/style.h"

static int is_text(PyObject *value, const char *text) { return PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, text) == 0; }

/* One of two or three words: its number, or -1 with an exception. */
static int read_word(const char *function, const char *option, PyObject *value, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (is_text(value, words[i]))
            return i;
    PyErr_Format(PyUnicode_Check(value) ? PyExc_ValueError : PyExc_TypeError, "%s of %s() must be \"%s\"%s%s%s or \"%s\", got %R", option, function, words[0],
                 count == 3 ? ", \"" : "", count == 3 ? words[1] : "", count == 3 ? "\"" : "", words[count - 1], value);
    return -1;
}

static int read_truth(PyObject *value, uint8_t *to)
{
    int truth = PyObject_IsTrue(value);
    *to = truth > 0;
    return truth < 0 ? -1 : 1;
}

static int fail_indent(const char *function, PyObject *value)
{
    PyErr_Format(PyLong_Check(value) || PyUnicode_Check(value) ? PyExc_ValueError : PyExc_TypeError,
                 "indent of %s() must be None, a number of spaces or a str of spaces and tabs, at most %d, got %R", function, (int)QR_STYLE_INDENT, value);
    return -1;
}

static int read_indent(qr_style *self, const char *function, PyObject *value)
{
    self->indents = value != Py_None;
    self->indent_length = 0;
    if (value == Py_None)
        return 1;
    if (PyLong_Check(value) && !PyBool_Check(value)) {
        int overflow;
        long n = PyLong_AsLongAndOverflow(value, &overflow);
        if (overflow || n < 0 || n > QR_STYLE_INDENT)
            return fail_indent(function, value);
        memset(self->indent, ' ', (size_t)n);
        self->indent_length = (uint8_t)n;
        return 1;
    }
    if (!PyUnicode_Check(value) || PyUnicode_GetLength(value) > QR_STYLE_INDENT)
        return fail_indent(function, value);
    Py_ssize_t n = PyUnicode_GetLength(value);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_UCS4 c = PyUnicode_ReadChar(value, i);
        if (c != ' ' && c != '\t')
            return fail_indent(function, value);
        self->indent[i] = (uint8_t)c;
    }
    self->indent_length = (uint8_t)n;
    return 1;
}

int qpy_style_keyword(qr_style *self, qpy_style_set set, const char *function, PyObject *name, PyObject *value)
{
    static const char *const orders[] = {"insertion", "sorted"}, *const nans[] = {"error", "null", "allow"};
    if (set == QPY_STYLE_NONE)
        return 0;
    if (is_text(name, "key_order")) {
        int order = read_word(function, "key_order", value, orders, 2);
        self->sorts = (uint8_t)(order > 0);
        return order < 0 ? -1 : 1;
    }
    if (is_text(name, "canonical"))
        return read_truth(value, &self->canonical);
    if (set != QPY_STYLE_TEXT)
        return 0;
    if (is_text(name, "indent"))
        return read_indent(self, function, value);
    if (is_text(name, "ascii"))
        return read_truth(value, &self->ascii);
    if (is_text(name, "nan")) {
        int nan = read_word(function, "nan", value, nans, 3);
        self->nan = (uint8_t)(nan < 0 ? 0 : nan);
        return nan < 0 ? -1 : 1;
    }
    return 0;
}

int qpy_style_check(qr_style *self, const char *function)
{
    if (!self->canonical)
        return 1;
    const char *other = self->indents ? "indent" : self->ascii ? "ascii" : self->nan ? "nan" : self->sorts ? "key_order" : NULL;
    if (other) {
        PyErr_Format(PyExc_ValueError, "canonical=True of %s() leaves nothing to choose: %s does not go with it", function, other);
        return 0;
    }
    self->sorts = 1;
    return 1;
}

const char *qpy_style_names(qpy_style_set set)
{
    return set == QPY_STYLE_TEXT ? ", indent, key_order, ascii, nan, canonical" : set == QPY_STYLE_ORDER ? ", key_order, canonical" : "";
}
