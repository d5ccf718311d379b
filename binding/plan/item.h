/* SPDX-License-Identifier: Apache-2.0 */
/* item: reads the members of a Description's tuples, which our own Python code made and which may be wrong all the same: each
 * function takes NULL for a member that was not there, keeps the exception of it, and sets one for a member of another type. */
#ifndef QUIRE_BINDING_PLAN_ITEM_H
#define QUIRE_BINDING_PLAN_ITEM_H

#include "binding/plan/plan.h"

/* A member of a tuple, borrowed, or NULL with an exception. */
PyObject *qpy_item(PyObject *tuple, Py_ssize_t i);
/* 1 and the text (borrowed), or 0 with an exception. */
int qpy_item_text(PyObject *op, const char **text, size_t *length);
/* A node number, with -1 (and None) as QR_PLAN_NONE: 1, or 0 with an exception. */
int qpy_item_number(PyObject *op, uint32_t *number);
/* A tuple of node numbers: memory for the caller to free with PyMem_Free, or NULL with an exception. */
uint32_t *qpy_item_numbers(PyObject *tuple, size_t *count);
/* 1, 0, or -1 with an exception. */
int qpy_item_true(PyObject *op);

#endif
