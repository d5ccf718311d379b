/* SPDX-License-Identifier: Apache-2.0 */
/* plan_parts: what the files that build a plan share. Not for others.
 *
 * Failing is sticky: the first error stays in the plan, `add_*` and the like then give NULL or 0. add_<array>(plan, n) makes n further
 * elements, cleared; those of before may move. */
#ifndef QUIRE_CORE_PLAN_PLAN_PARTS_H
#define QUIRE_CORE_PLAN_PLAN_PARTS_H

#include "core/plan/plan.h"

/* Keeps the first error; 0. */
int qr_plan_fail(qr_plan *self, qr_error error);
int qr_plan_grow(qr_plan *self, void **array, uint32_t count, uint32_t *capacity, size_t size, uint32_t more);
/* A copy that the plan owns, with a 0 behind it. */
const uint8_t *qr_plan_copy_text(qr_plan *self, const char *text, size_t length);
/* The node of that number; node_of: of that kind, with the description that its begin_* made (one of `count`). NULL: failed. */
qr_node *qr_plan_node_at(qr_plan *self, uint32_t node);
qr_node *qr_plan_node_of(qr_plan *self, uint32_t node, qr_kind kind, uint32_t count);

/* A free hash table in plan->names for that many names. */
int qr_plan_add_table(qr_plan *self, uint32_t names, uint32_t *first, uint32_t *mask);
/* 0 without an error when the table has the name already. */
int qr_plan_enter_table(qr_plan *self, uint32_t first, uint32_t mask, const uint8_t *name, uint32_t length, uint32_t field);

/* plan_union.c: checks the arms, builds the tables of tags and keys. 0 when it is not well formed. */
int qr_plan_seal_union(qr_plan *self, qr_union *u);

#define X(type, name)                                                                                                           \
    QR_UNUSED static inline type *add_##name(qr_plan *self, uint32_t more)                                                             \
    {                                                                                                                           \
        if (!qr_plan_grow(self, (void **)&self->name, self->name##_count, &self->name##_capacity, sizeof(type), more))                  \
            return NULL;                                                                                                        \
        self->name##_count += more;                                                                                             \
        return self->name + self->name##_count - more;                                                                          \
    }
QR_PLAN_ARRAYS(X)
#undef X

#endif
