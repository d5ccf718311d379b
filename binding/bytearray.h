/* SPDX-License-Identifier: Apache-2.0 */
/* bytearray: a new bytearray, without PyByteArray_FromStringAndSize.
 *
 * When there is no memory for the bytes, that one drops an object whose count of exports it has not set yet, and what stands there by
 * chance decides whether "deallocated bytearray object has exported buffers" is printed. An empty one that grows is whole all the time. */
#ifndef QUIRE_BINDING_BYTEARRAY_H
#define QUIRE_BINDING_BYTEARRAY_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* A new reference: the n bytes at `data`, or n bytes of anything for NULL; or NULL with an exception. */
static inline PyObject *qpy_bytearray_new(const void *data, Py_ssize_t n)
{
    PyObject *made = PyByteArray_FromStringAndSize(NULL, 0);
    if (made && n > 0 && PyByteArray_Resize(made, n) < 0)
        Py_CLEAR(made);
    if (made && n > 0 && data)
        memcpy(PyByteArray_AS_STRING(made), data, (size_t)n);
    return made;
}

#endif
