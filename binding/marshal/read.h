/* SPDX-License-Identifier: Apache-2.0 */
/* read: what the files of the reader share.
 *
 * A tuple exists before its items do, and they may refer to it. Two things would then bring the interpreter down, and are errors
 * here: a tuple within itself with nothing but tuples (and code objects) between, and one that is hashed
 * before it is whole. Neither can be written, and neither can what takes too long or too deep a recursion to hash. */
#ifndef QUIRE_BINDING_MARSHAL_READ_H
#define QUIRE_BINDING_MARSHAL_READ_H

#include "binding/keys.h"
#include "binding/marshal/marshal.h"
#include "binding/sink.h"
#include "core/format/marshal.h"

enum {
    QPY_MARSHAL_LONG = 256,      /* items of a list or tuple for which room is not made unasked */
    QPY_MARSHAL_LARGE = 1 << 16, /* items that are made room for without a byte of them */
    QPY_MARSHAL_CHUNK = 1 << 20, /* bytes of one text that a file is asked for at a time */
    QPY_MARSHAL_HASHED = 1 << 24 /* objects that one key may hold, each as often as it is in it */
};

/* A tuple that is open; those between which there is nothing that can be changed are linked. */
typedef struct qpy_marshal_open {
    PyObject *tuple;
    const struct qpy_marshal_open *outer;
} qpy_marshal_open;

typedef struct qpy_marshal_file qpy_marshal_file; /* read_file.c */

/* The keys of a dict that was made, for the next one that has the very same: where dicts share their keys, most do. */
enum { QPY_MARSHAL_TEMPLATES = 8 };
typedef struct qpy_marshal_template {
    size_t n;           /* 0: free */
    PyObject *template; /* of qpy_dict_template, once a second dict had them; or NULL */
    PyObject *keys[QPY_SPLIT_KEYS];
} qpy_marshal_template;

typedef struct qpy_marshal_reader {
    qr_reader r;          /* the whole input, or of a file the item that is being read */
    qpy_sink sink;        /* its stack, and the pause of the collector */
    PyObject **refs;      /* number -> object, strong; NULL: not there yet */
    size_t refs_count, refs_room;
    const qpy_marshal_open *open;
    qpy_marshal_file *file; /* NULL: all of it is in memory */
    uint32_t level;       /* open containers */
    uint32_t handed_over; /* code objects that are for the standard library to make */
    size_t promised;      /* items for which room was made before they came */
    int allow_code;
    qpy_marshal_template templates[QPY_MARSHAL_TEMPLATES];
} qpy_marshal_reader;

void qpy_marshal_reader_init(qpy_marshal_reader *m, qpy_state *state, int allow_code);
void qpy_marshal_reader_release(qpy_marshal_reader *m);

/* An object: a new reference, or NULL with an exception, or without one for what ends a dict. */
PyObject *qpy_marshal_read(qpy_marshal_reader *m);
/* The same, faster for what containers mostly hold. */
PyObject *qpy_marshal_read_within(qpy_marshal_reader *m);
/* One that must be there. */
PyObject *qpy_marshal_read_object(qpy_marshal_reader *m, const char *container);

/* May the object be hashed? 1, or 0 with an exception. */
int qpy_marshal_check_key(qpy_marshal_reader *m, PyObject *key);
/* May the tuple be the constants of a code object? The same. */
int qpy_marshal_check_constants(qpy_marshal_reader *m, PyObject *constants);

/* The error of the reader as an exception, if there is none yet. Returns NULL. */
QR_COLD PyObject *qpy_marshal_fail(const qpy_marshal_reader *m);

/* ---------------------------------------------------------------- code.c */

/* What stands behind the code of a code object. As qpy_marshal_read. */
PyObject *qpy_marshal_read_code(qpy_marshal_reader *m);

/* ---------------------------------------------------------------- read_file.c */

/* Has the next n bytes (of an item that has begun) ready in the reader, where the input is a file: 1, or 0 with an exception. */
int qpy_marshal_fetch(qpy_marshal_reader *m, size_t n);
/* The same for a whole item. */
int qpy_marshal_fetch_item(qpy_marshal_reader *m);

#endif
