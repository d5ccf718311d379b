/* SPDX-License-Identifier: Apache-2.0 */
/* text: a str from UTF-8 in which there may be lone surrogates, as the interpreter itself writes it (marshal, pickle); the UTF-8 of
 * a str of somebody else's, for a look.
 *
 * PyUnicode_AsUTF8() keeps what it makes in the str for as long as that lives: a program's data would grow for having been looked at.
 * It is for text of our own, and for text of types. */
#ifndef QUIRE_BINDING_TEXT_H
#define QUIRE_BINDING_TEXT_H

#include "binding/state.h"

/* A new reference, or NULL with an exception: what PyUnicode_DecodeUTF8 with "surrogatepass" makes of it. */
PyObject *qpy_text_from_utf8(const uint8_t *text, size_t length);

/* The UTF-8 of a str, or NULL with an exception (a lone surrogate has none). It stands in the str itself, or in *made, which the caller
 * drops afterwards: a new reference, or NULL. */
static inline const char *qpy_text_utf8(PyObject *str, Py_ssize_t *length, PyObject **made)
{
    *made = NULL;
    if (QR_LIKELY(PyUnicode_IS_COMPACT_ASCII(str))) {
        *length = PyUnicode_GET_LENGTH(str);
        return (const char *)PyUnicode_1BYTE_DATA(str);
    }
    *made = PyUnicode_AsUTF8String(str);
    *length = *made ? PyBytes_GET_SIZE(*made) : 0;
    return *made ? PyBytes_AS_STRING(*made) : NULL;
}

#endif
