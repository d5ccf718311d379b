/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/plan/item.h"

PyObject *qpy_item(PyObject *tuple, Py_ssize_t i)
{
    if (PyTuple_Check(tuple) && i < PyTuple_GET_SIZE(tuple))
        return PyTuple_GET_ITEM(tuple, i);
    PyErr_Format(PyExc_SystemError, "a description's %.100s has no member %zd", Py_TYPE(tuple)->tp_name, i);
    return NULL;
}

int qpy_item_text(PyObject *op, const char **text, size_t *length)
{
    Py_ssize_t n;
    if (!op)
        return 0;
    if (!PyUnicode_Check(op)) {
        PyErr_Format(PyExc_SystemError, "a description's member is %.100s, not str", Py_TYPE(op)->tp_name);
        return 0;
    }
    *text = PyUnicode_AsUTF8AndSize(op, &n);
    *length = (size_t)n;
    return *text != NULL;
}

int qpy_item_number(PyObject *op, uint32_t *number)
{
    long value = op == Py_None ? -1 : op ? PyLong_AsLong(op) : -1;
    if (!op || (value == -1 && PyErr_Occurred()))
        return 0;
    *number = value < 0 ? QR_PLAN_NONE : (uint32_t)value;
    return 1;
}

uint32_t *qpy_item_numbers(PyObject *tuple, size_t *count)
{
    if (!tuple || !PyTuple_Check(tuple)) {
        if (tuple)
            PyErr_SetString(PyExc_SystemError, "a description's items are no tuple");
        return NULL;
    }
    *count = (size_t)PyTuple_GET_SIZE(tuple);
    uint32_t *numbers = PyMem_Calloc(*count + 1, sizeof *numbers);
    if (!numbers) {
        PyErr_NoMemory();
        return NULL;
    }
    for (size_t i = 0; i < *count; i++)
        if (!qpy_item_number(PyTuple_GET_ITEM(tuple, (Py_ssize_t)i), &numbers[i])) {
            PyMem_Free(numbers);
            return NULL;
        }
    return numbers;
}

int qpy_item_true(PyObject *op) { return op ? PyObject_IsTrue(op) : -1; }
