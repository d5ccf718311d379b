/* SPDX-License-Identifier: Apache-2.0 */
/* style: the options of an output (core/format/style.h) as keywords of encode() and Encoder(). */
#ifndef QUIRE_BINDING_STYLE_H
#define QUIRE_BINDING_STYLE_H

#include "binding/state.h"
#include "core/format/style.h"

/* Which of them a format has. */
typedef enum qpy_style_set {
    QPY_STYLE_NONE,
    QPY_STYLE_ORDER, /* key_order, canonical */
    QPY_STYLE_TEXT   /* all: indent, key_order, ascii, nan, canonical */
} qpy_style_set;

/* 1 when the keyword is one of them and was read, 0 when it is none, -1 with an exception. */
int qpy_style_keyword(qr_style *self, qpy_style_set set, const char *function, PyObject *name, PyObject *value);
/* After all keywords: do they go together? 1, or 0 with an exception. */
int qpy_style_check(qr_style *self, const char *function);
/* Does it ask for anything? */
QR_INLINE int qpy_style_is_plain(const qr_style *self) { return !(self->indents | self->ascii | self->nan | self->sorts); }
/* For messages: the keywords, each with a comma in front. */
const char *qpy_style_names(qpy_style_set set);

#endif
