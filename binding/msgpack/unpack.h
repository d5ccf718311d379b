/* SPDX-License-Identifier: Apache-2.0 */
/* unpack: MessagePack as the package `msgpack` reads it, for quire.msgpack.unpackb and Unpacker.
 *
 * Documents may arrive in parts: where the input ends, reading stops, and it goes on when there is more, so nothing is read
 * twice (but a scalar that is cut in two) and what was read need not be kept. Therefore the open containers are on a stack of
 * their own and not on C's, and `core/plan/read.tmpl.h` is not used; the sink is, with its stack of values, its caches and its ways of making dicts:
 *
 *   frames:  [array, 2 left] [map, waits for a value] ...     sink: the values of all of them, one above the other
 *
 * While it waits for more input it holds no cache: maps that followed a shape are turned into plain pairs. Hooks are
 * user code: they run between two tokens, and the owner sees to it that they can't use the same object. */
#ifndef QUIRE_BINDING_MSGPACK_UNPACK_H
#define QUIRE_BINDING_MSGPACK_UNPACK_H

#include "binding/sink.h"
#include "core/base/token.h"

/* As that package: containers within each other. */
enum { QPY_UNPACK_DEPTH = 1024, QPY_UNPACK_INLINE = 16 };

enum { QPY_TIMESTAMP_OBJECT, QPY_TIMESTAMP_FLOAT, QPY_TIMESTAMP_INT, QPY_TIMESTAMP_DATETIME };

/* Objects are borrowed or owned as the owner says; NULL: not given. */
typedef struct qpy_unpack_options {
    PyObject *object_hook, *object_pairs_hook, *list_hook;
    PyObject *ext_hook;       /* NULL: ExtType; None: there is none */
    PyObject *unicode_errors; /* holds `errors` */
    const char *errors;       /* NULL: strict */
    Py_ssize_t max_str, max_bin, max_array, max_map, max_ext;
    int timestamp;
    int use_list, raw, strict_map_key;
} qpy_unpack_options;
#define QPY_UNPACK_OPTIONS_DEFAULT {.max_str = -1, .max_bin = -1, .max_array = -1, .max_map = -1, .max_ext = -1, .use_list = 1, .strict_map_key = 1}

typedef enum qpy_unpack_state {
    QPY_UNPACK_ITEM,  /* of an array */
    QPY_UNPACK_KEY,   /* of a map */
    QPY_UNPACK_VALUE, /* halved it is what follows */
} qpy_unpack_state;

typedef struct qpy_unpack_frame {
    qpy_frame frame;
    uint64_t left;    /* items, or pairs, that have not ended */
    uint8_t state;    /* qpy_unpack_state */
    uint8_t odd_key;  /* the key needs a look when its value is there */
} qpy_unpack_frame;

typedef struct qpy_unpack {
    const qpy_unpack_options *options;
    qpy_unpack_frame *frames;
    size_t depth, room;
    qpy_sink sink;
    qpy_unpack_frame inline_[QPY_UNPACK_INLINE];
} qpy_unpack;

typedef enum qpy_unpack_result {
    QPY_UNPACK_FAILED, /* with an exception; the document so far is dropped */
    QPY_UNPACK_MORE,   /* the input ended within the document, or before it */
    QPY_UNPACK_DONE
} qpy_unpack_result;

/* Starts detached, with no document open. The options are kept by address. */
void qpy_unpack_init(qpy_unpack *self, qpy_state *state, const qpy_unpack_options *options);
/* Drops the document that is open. */
void qpy_unpack_clear(qpy_unpack *self);
void qpy_unpack_release(qpy_unpack *self);

/* Reads on from data[0 .. length), behind which stands a 0 byte; *used: how much is done with. The bytes must not change meanwhile. A new
 * reference in *value when DONE. */
qpy_unpack_result qpy_unpack_run(qpy_unpack *self, const uint8_t *data, size_t length, size_t *used, PyObject **value);
/* The same, but makes nothing and knows no limits but depth. */
qpy_unpack_result qpy_unpack_skip(qpy_unpack *self, const uint8_t *data, size_t length, size_t *used);
/* The header of an array or map: DONE with the count, FAILED (ValueError) for anything else. */
qpy_unpack_result qpy_unpack_header(const uint8_t *data, size_t length, size_t *used, int is_map, uint32_t *count);

/* The first bytes of a value that is cut off: how many of them need not come again (the head of the value), for whoever counts bytes. */
size_t qpy_unpack_head(const uint8_t *data, size_t length);

/* ---------------------------------------------------------------- values.c: what is rare. Each is a new reference, or NULL with an exception. */

PyObject *qpy_unpack_text(qpy_unpack *self, const qr_token *token); /* by the codec's error handler */
PyObject *qpy_unpack_ext(qpy_unpack *self, const qr_token *token);
/* hook(value), whose reference is taken. */
PyObject *qpy_unpack_hook(qpy_unpack *self, PyObject *hook, PyObject *value);
/* A key that is no plain one, once its value is there: 1, or 0 with an exception. */
int qpy_unpack_check_key(qpy_unpack *self, PyObject *key);

/* Raise FormatError, StackError ... of quire.msgpack.exceptions. Return NULL. */
PyObject *qpy_msgpack_raise(const char *class_, const char *message); /* message NULL: none */
PyObject *qpy_msgpack_raise_extra(PyObject *value, const uint8_t *data, size_t length); /* takes the value */

/* A method of the module: what quire.msgpack.ext calls with (ExtType, Timestamp), of which it may be that some exist from then on. */
PyObject *qpy_msgpack_set_types(PyObject *module, PyObject *args);
/* The two: borrowed (the state's), or NULL with an exception. */
PyTypeObject *qpy_msgpack_ext_type(qpy_state *state);
PyTypeObject *qpy_msgpack_timestamp_type(qpy_state *state);

#endif
