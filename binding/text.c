/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/text.h"

#include "core/base/utf8.h"

static PyObject *by_the_interpreter(const uint8_t *text, size_t length)
{
    return PyUnicode_DecodeUTF8((const char *)text, (Py_ssize_t)length, "surrogatepass");
}

PyObject *qpy_text_from_utf8(const uint8_t *text, size_t length)
{
    size_t count;
    qr_text_class widest = qr_utf8_measure(text, length, &count);
    if (count <= 1 || widest == QR_TEXT_ASCII) /* it shares the shortest */
        return by_the_interpreter(text, length);
    PyObject *str = PyUnicode_New((Py_ssize_t)count, qr_text_maximum(widest));
    if (!str || qr_utf8_decode(text, length, PyUnicode_DATA(str), (unsigned)PyUnicode_KIND(str), count))
        return str;
    Py_DECREF(str);
    return by_the_interpreter(text, length);
}
