/* SPDX-License-Identifier: Apache-2.0 */
/* dumps: what json.dumps, json.dump and json.JSONEncoder.encode do, to the letter of the running interpreter.
 *
 * A writer of its own beside walk.tmpl.h: separators, indentation, sorting and the treatment of other types are the caller's, and the
 * order in which user code runs, what it may change meanwhile and every message are the standard library's C encoder's. Text is
 * written as UTF-8 into a str (ASCII is already one when it ends).
 *
 * Where the standard library itself runs in Python (indentation before 3.13, dump) other types are treated in other ways: a writer that
 * is `cautious` runs no user code and gives up without an exception at whatever is not plain or not right, so that the standard
 * library can be asked instead. */
#ifndef QUIRE_BINDING_JSON_DUMPS_H
#define QUIRE_BINDING_JSON_DUMPS_H

#include "binding/output.h"
#include "binding/state.h"
#include "core/base/stack.h"

/* Before 3.13 the standard library indents in Python. */
#define QPY_JSON_INDENTS_IN_PYTHON (PY_VERSION_HEX < 0x030D0000)
/* Before 3.12 the pairs of a dict are taken out before the first is written; since then they are looked at one after the other. */
#define QPY_JSON_TAKES_PAIRS (PY_VERSION_HEX < 0x030C0000)

/* A separator or one level of indentation: ASCII, borrowed; those of few bytes are copied whole. */
typedef struct qpy_json_mark {
    const uint8_t *text;
    size_t length;
    uint8_t few[8];
} qpy_json_mark;

typedef struct qpy_json_style {
    int skip_keys, ascii, check_circular, allow_nan, sort_keys;
    int indents, cautious;
    qpy_json_mark item, key, indent;
    PyObject *default_; /* borrowed; NULL: that of quire.json.JSONEncoder */
} qpy_json_style;

enum { QPY_JSON_ROOM = 2048, QPY_JSON_OPEN = 64 };

struct qpy_json_pairs;

typedef struct qpy_json_writer {
    qr_buffer buffer; /* owner: this writer */
    qpy_state *state;
    const qpy_json_style *style;
    qpy_output output; /* ASCII that the buffer writes into */
    size_t depth;     /* containers and objects that are open, with check_circular */
    size_t level;     /* of indentation */
    qr_depth stack;   /* the interpreter counts levels too, but takes every stack to be large */
    int wide;         /* something beyond ASCII was written, */
    int lone;         /* and a lone surrogate */
    uint32_t calls;   /* how often user code may have run */
    struct qpy_json_pairs *pairs;    /* the innermost dict that is being written */
    PyObject *open[QPY_JSON_OPEN];   /* the outermost of those that are open, borrowed */
    PyObject *deeper;                /* set of the addresses of the others, or NULL */
    uint8_t room[QPY_JSON_ROOM];
} qpy_json_writer;

void qpy_json_writer_init(qpy_json_writer *self, qpy_state *state, const qpy_json_style *style);
/* The finished str, or (ok 0) NULL with the exception; a cautious writer gives NotImplemented instead. Releases the writer. */
PyObject *qpy_json_writer_finish(qpy_json_writer *self, int ok);

/* 1, or 0 with an exception (dumps_walk.c). */
int qpy_json_write(qpy_json_writer *self, PyObject *value);

int qpy_json_dumps_init(PyObject *module, qpy_state *state);

#endif
