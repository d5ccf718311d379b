/* SPDX-License-Identifier: Apache-2.0 */
/* table: the memo's table, which the state keeps between calls (memo.h). */
#ifndef QUIRE_BINDING_PICKLE_TABLE_H
#define QUIRE_BINDING_PICKLE_TABLE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct qpy_memo_entry {
    PyObject *object;
    uint32_t index, stamp;
} qpy_memo_entry;

typedef struct qpy_memo_table {
    qpy_memo_entry *entries; /* NULL: no table */
    size_t mask;
    uint32_t stamp;          /* of those that are in use, never 0 */
} qpy_memo_table;

#endif
