/* SPDX-License-Identifier: Apache-2.0 */
/* objects_faults: what a check of objects has found that goes on after a fault (errors="all").
 *
 * While the check unwinds from a fault, the containers around it append their steps; the check goes on with what follows in the
 * innermost one. So the faults that were found are kept aside, each with the way to it as far as it is known, and a
 * container's step goes to all that were found below it: those are at the end of the list. Exceptions are made at the end. */
#ifndef QUIRE_BINDING_OBJECTS_FAULTS_H
#define QUIRE_BINDING_OBJECTS_FAULTS_H

#include "binding/objects.h"

typedef struct qpy_found {
    qr_error error;
    uint32_t node, field; /* as the reader's error_node and error_field */
    int64_t left;         /* levels that could be entered where its way starts; -1: not yet known */
    uint64_t missing[16]; /* MISSING_FIELD: as the reader's error_missing */
    PyObject *value;      /* at fault, strong, or NULL */
    PyObject *raised;     /* what user code raised, strong, or NULL */
    qr_step *steps;       /* innermost first; keys are strong */
    size_t steps_count, steps_room;
} qpy_found;

typedef struct qpy_faults {
    qpy_found *items;
    size_t count, room, most;
} qpy_faults;

/* The reader's error, if it is a fault of a value, becomes the last item: 1, or 0 when the check has to end (it is no such fault, and stays
 * with the reader; or there are enough). left: see qpy_found. */
int qpy_faults_keep(qpy_faults *self, qpy_objects *objects, int64_t left);
/* The step of a container, in which so many levels could be entered, for all that was found below it. */
void qpy_faults_step(qpy_faults *self, int64_t left, qr_step step);
/* The exceptions, as decoding or encoding raises them, into the list: 1, or 0 with an exception that is no fault. way: list of the steps to what
 * was checked, or NULL. */
int qpy_faults_raise(const qpy_faults *self, qpy_objects *objects, const qpy_format *format, PyObject *way, PyObject *list);
void qpy_faults_release(qpy_faults *self);

/* Checks the value again from the start and appends the exceptions of all faults to the list, of which it has `most` then: 1, or 0 with an
 * exception that is no fault. partial: fields of records that are not set are somebody else's affair. */
int qpy_objects_collect(qpy_state *state, qpy_plan *plan, uint32_t number, PyObject *value, int bounds, const qpy_format *format, PyObject *way, PyObject *list, size_t most,
                        uint32_t depth);

#endif
