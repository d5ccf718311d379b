/* SPDX-License-Identifier: Apache-2.0 */
/* raise: a fault and its path -> an exception. The only place where one of quire's errors is made.
 *
 * The core keeps code and place of the first fault; what is shown beside it (the value found, its line, the names around
 * it) is read again here, from the input and the plan, so it costs nothing before something fails. */
#ifndef QUIRE_BINDING_RAISE_H
#define QUIRE_BINDING_RAISE_H

#include "binding/plan/plan.h"
#include "core/base/reader.h"

/* What raise must know of a format. */
typedef struct qpy_format {
    const char *name;
    int is_text; /* faults have lines and columns */
    /* What stands at that place: the kind's name in *got and a scalar as a new object, or NULL (a container, or nothing readable). No
     * exception is left behind. */
    PyObject *(*value_at)(qpy_state *state, const qr_reader *r, const uint8_t *at, const char **got);
    /* The key a step of the path points to: a new reference, or NULL without an exception. */
    PyObject *(*key_at)(qpy_state *state, const qr_reader *r, const void *at);
    int attributes;    /* fields are called as in Python, not as in a document */
    const char *class_; /* the exception's class, whatever the code says (but for limits and memory); NULL: as the code says */
} qpy_format;

/* Sets the exception for the reader's error (or completes the one that user code left) and returns NULL. plan may be NULL. */
PyObject *qpy_raise_read(qpy_state *state, qr_reader *r, qpy_plan *plan, const qpy_format *format);

/* The name of a class without its module. */
const char *qpy_raise_class_name(const PyTypeObject *cls);

/* What the reader's error_field holds when the exception that is set says why a constraint refused the value: an error as a number that no
 * field has. And the error again, or NONE. */
QR_INLINE uint32_t qpy_raise_refusal(qr_error error) { return UINT32_MAX - (uint32_t)error; }
QR_INLINE qr_error qpy_raise_refused(uint32_t error_field)
{
    uint32_t error = UINT32_MAX - error_field;
    return error == QR_ERROR_PREDICATE || error == QR_ERROR_TIMEZONE ? (qr_error)error : QR_ERROR_NONE;
}

/* Is the reader's error, or the exception that user code left, a fault of a value, so that what follows it can still be read? */
int qpy_raise_is_fault(const qr_reader *r, const qpy_plan *plan);

/* The exception that user code left: a ValueError (and a TypeError, unless an adapter's function raised it) is taken and returned, to
 * be the cause of a fault; any other stays set (with the path as a note) and NULL is returned. steps may be NULL. */
PyObject *qpy_raise_sort(PyObject *steps, int of_adapter);

/* Sets the exception for a value that cannot be written and returns NULL. value may be NULL. steps: tuple from the root (reference
 * taken), or NULL. cause: exception of user code (reference taken), or NULL. */
PyObject *qpy_raise_write(qpy_state *state, qr_error error, PyObject *steps, PyObject *value, PyObject *cause);

/* Takes the exception that is set, with its traceback in it (NULL when none is); and sets one, whose reference it steals. */
PyObject *qpy_raise_take(void);
void qpy_raise_set_steal(PyObject *exception);

#endif
