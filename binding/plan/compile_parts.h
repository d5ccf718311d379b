/* SPDX-License-Identifier: Apache-2.0 */
/* compile_parts: the parts of compile.c that have files of their own. Each returns 1, or 0 with an exception or with the core
 * plan's sticky error, which sealing tells. */
#ifndef QUIRE_BINDING_PLAN_COMPILE_PARTS_H
#define QUIRE_BINDING_PLAN_COMPILE_PARTS_H

#include "binding/plan/item.h"

/* A core function refused: 0 with a MemoryError. */
int qpy_compile_no_memory(void);

/* compile_record.c: a node of a class with fields, from its RECORD_* tuple; and once all nodes are there, what depends on those of
 * its fields. */
int qpy_compile_record(qpy_plan *self, uint32_t node, PyObject *cls, PyObject *info);
int qpy_finish_record(qpy_plan *self, uint32_t number);

/* compile_union.c: a node of a Literal or an enum, and of a union. */
int qpy_compile_choices(qpy_plan *self, uint32_t node, PyObject *info);
int qpy_compile_union(qpy_plan *self, uint32_t node, PyObject *info);

#endif
