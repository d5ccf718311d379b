/* SPDX-License-Identifier: Apache-2.0 */
/* text: a str from UTF-8 in which there may be lone surrogates, as the interpreter itself writes it (marshal, pickle). */
#ifndef QUIRE_BINDING_TEXT_H
#define QUIRE_BINDING_TEXT_H

#include "binding/state.h"

/* A new reference, or NULL with an exception: what PyUnicode_DecodeUTF8 with "surrogatepass" makes of it. */
PyObject *qpy_text_from_utf8(const uint8_t *text, size_t length);

#endif
