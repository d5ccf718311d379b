/* SPDX-License-Identifier: Apache-2.0 */
/* error: the closed list of faults, their classes and texts.
 *
 * A core function reports one qr_error; which exception, path and position the caller sees is decided
 * where the fault leaves the core. Faults are sticky: the first one stays (see reader.h, buffer.h). */
#ifndef QUIRE_CORE_BASE_ERROR_H
#define QUIRE_CORE_BASE_ERROR_H

#include "core/base/port.h"

typedef enum qr_error {
#define X(name, class_, code, message) QR_ERROR_##name,
#include "core/base/errors.def"
#undef X
    QR_ERROR_COUNT
} qr_error;

/* What kind of fault it is; the Python binding has one exception class for each. */
typedef enum qr_error_class {
    QR_CLASS_NONE,
    QR_CLASS_MEMORY,     /* an allocation failed */
    QR_CLASS_SINK,       /* the receiver failed and knows why itself */
    QR_CLASS_TRUNCATED,  /* the input ended too early: more input may help */
    QR_CLASS_MALFORMED,  /* not a document of the format */
    QR_CLASS_VALIDATION, /* a document, but not of the type */
    QR_CLASS_ENCODE,     /* a value that the format cannot hold */
    QR_CLASS_LIMIT       /* larger or deeper than allowed */
} qr_error_class;

/* The stable code ("type_mismatch"), the message and the class of an error. Never NULL; any value is accepted. */
const char *qr_error_code(qr_error error);
const char *qr_error_message(qr_error error);
qr_error_class qr_error_class_of(qr_error error);

#endif
