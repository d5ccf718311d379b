/* SPDX-License-Identifier: Apache-2.0 */
/* union: which arm of a union an object belongs to, by its class: a look-up, however many arms there are.
 *
 * Enums and Literals are asked first, for their values say what they are; then the very class, then its bases, nearest first. Only
 * dicts (whose tag or keys decide) and arrays (whose items do, where several arms are read from arrays) are looked into. */
#ifndef QUIRE_BINDING_UNION_H
#define QUIRE_BINDING_UNION_H

#include "binding/plan/plan.h"

/* A class and its arm. */
typedef struct qpy_class_arm {
    PyTypeObject *cls; /* borrowed from the arm's node; NULL: free */
    uint32_t arm;
} qpy_class_arm;

/* By the core's union number. */
typedef struct qpy_union_side {
    qpy_class_arm *classes;        /* hash table by address: mask + 1 places; NULL: not made */
    uint32_t mask;
    uint32_t kinds[QR_KIND_COUNT]; /* arms whose class is found by the kind (datetime and the like), or QR_PLAN_NONE */
    uint8_t literals;              /* some arm is a Literal */
    uint8_t may_change;            /* something that is written may be read as another arm: see qpy_union_keeps */
} qpy_union_side;

/* Fills in the sides of all unions, once the plan is sealed: 1, or 0 with an exception. */
int qpy_union_compile(qpy_plan *plan);
void qpy_union_release(qpy_plan *plan);

/* The arm of the union node for the object, or QR_PLAN_NONE, perhaps with an exception. read_as (may be NULL) becomes the arm that a
 * document of the object would be read as, where that is another one. */
uint32_t qpy_union_arm(qpy_state *state, const qpy_plan *plan, uint32_t node, PyObject *object, uint32_t *read_as);

/* Is a text that is written for an object of that arm read as the arm again? 1, 0, or -1 with an exception. is_binary: bytes are not
 * written as text. */
int qpy_union_keeps(qpy_state *state, const qpy_plan *plan, uint32_t node, uint32_t arm, PyObject *object, int is_binary);

/* Have objects of both records the same tag, or none? */
int qpy_union_same_tag(const qr_record *a, const qr_record *b);

/* A member of the choice's Enum, or a value equal to one of the Literal and of its very type. */
int qpy_union_is_choice(const qpy_plan *plan, uint32_t node, PyObject *object);

#endif
