/* SPDX-License-Identifier: Apache-2.0 */
/* compile: a Description (python/quire/_types/_description.py) -> a plan. */
#ifndef QUIRE_BINDING_PLAN_COMPILE_H
#define QUIRE_BINDING_PLAN_COMPILE_H

#include "binding/plan/plan.h"

/* A new plan, or NULL with an exception. *temporary: it must not be kept. */
qpy_plan *qpy_plan_compile(qpy_state *state, PyObject *type, PyObject *description, int *temporary);

#endif
