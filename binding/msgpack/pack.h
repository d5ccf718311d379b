/* SPDX-License-Identifier: Apache-2.0 */
/* pack: objects as the package `msgpack` writes them, for quire.msgpack.packb and Packer.
 *
 * Other rules than those of binding/walk.tmpl.h: no records, subclasses as what they derive from (or, with strict_types, not at all),
 * and what is left goes to `default`. The walker's output is used, and the core's writer. */
#ifndef QUIRE_BINDING_MSGPACK_PACK_H
#define QUIRE_BINDING_MSGPACK_PACK_H

#include "binding/walk.h"

/* As that package: levels below the outermost value. */
enum { QPY_PACK_DEPTH = 1024 };

/* Objects are borrowed or owned as the owner says; NULL: not given. */
typedef struct qpy_pack_options {
    PyObject *default_;
    PyObject *unicode_errors; /* holds `errors` */
    const char *errors;       /* NULL: strict */
    int single_float, autoreset, use_bin_type, strict_types, datetime;
} qpy_pack_options;
#define QPY_PACK_OPTIONS_DEFAULT {.autoreset = 1, .use_bin_type = 1}

typedef struct qpy_pack {
    const qpy_pack_options *options;
    qr_depth depth;
    qpy_walker walker;
} qpy_pack;

void qpy_pack_init(qpy_pack *self, qpy_state *state, const qpy_pack_options *options, size_t hint);
/* Each writes one thing: 1, or 0 with an exception. Between them the options may not be changed. */
int qpy_pack_value(qpy_pack *self, PyObject *value);
int qpy_pack_head(qpy_pack *self, int is_map, size_t count);
int qpy_pack_ext(qpy_pack *self, int8_t code, const uint8_t *data, size_t length);
/* The finished bytes, a new reference; or, when something failed (ok 0), NULL with the exception that is set. Releases it. */
PyObject *qpy_pack_finish(qpy_pack *self, int ok);

#endif
