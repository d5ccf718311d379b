/* SPDX-License-Identifier: Apache-2.0 */
/* names: what dumps and loads share: their keywords, and the way to the Python half for what is out of the ordinary. */
#ifndef QUIRE_BINDING_JSON_NAMES_H
#define QUIRE_BINDING_JSON_NAMES_H

#include "binding/state.h"

#define QPY_JSON_KEYWORDS(X)                                                                                            \
    X(CLS, "cls") X(OBJECT_HOOK, "object_hook") X(OBJECT_PAIRS_HOOK, "object_pairs_hook") X(PARSE_FLOAT, "parse_float") \
    X(PARSE_INT, "parse_int") X(PARSE_CONSTANT, "parse_constant") X(STRICT, "strict")                                   \
    X(SKIPKEYS, "skipkeys") X(ENSURE_ASCII, "ensure_ascii") X(CHECK_CIRCULAR, "check_circular")                         \
    X(ALLOW_NAN, "allow_nan") X(INDENT, "indent") X(SEPARATORS, "separators") X(DEFAULT, "default")                     \
    X(SORT_KEYS, "sort_keys") X(ITEM_SEPARATOR, "item_separator") X(KEY_SEPARATOR, "key_separator")

typedef enum qpy_json_keyword {
#define X(NAME, text) QPY_JSON_##NAME,
    QPY_JSON_KEYWORDS(X)
#undef X
    QPY_JSON_UNKNOWN
} qpy_json_keyword;

/* Levels of nesting: as many as the interpreter allows, and the stack has room for. */
enum { QPY_JSON_DEPTH = 1000000 };

/* Which keyword is that? The state holds them interned, in this order. */
qpy_json_keyword qpy_json_name(qpy_state *state, PyObject *name);

/* quire.json._standard.<function>(...), a vector call: a new reference, or NULL with an exception. */
PyObject *qpy_json_standard(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* Adds functions json_<name> to the module, whose __module__ is quire.json. 0, or -1 with an exception. */
int qpy_json_add(PyObject *module, PyMethodDef *functions);

int qpy_json_names_init(PyObject *module, qpy_state *state);

#endif
