/* SPDX-License-Identifier: Apache-2.0 */
/* scalar: values that travel as text (or bytes) but are something else: date and time, UUID, Decimal. Read and checked
 * here, once for every format and every sink; the sink only builds its object from the parts. */
#ifndef QUIRE_CORE_PLAN_SCALAR_H
#define QUIRE_CORE_PLAN_SCALAR_H

#include "core/base/timestamp.h"
#include "core/plan/plan.h"

typedef struct qr_scalar {
    union {
        qr_datetime datetime;  /* DATETIME, DATE, TIME */
        qr_duration duration;  /* DURATION */
        uint8_t uuid[16];      /* UUID, most significant byte first */
        struct { const uint8_t *text; size_t length; } decimal; /* DECIMAL: checked text, borrowed */
    };
    const uint8_t *zone; /* DATETIME: name of an RFC 9557 suffix, borrowed, or NULL */
    size_t zone_length;
} qr_scalar;

QR_INLINE int qr_kind_is_scalar_text(unsigned kind) { return kind >= QR_KIND_DATETIME && kind <= QR_KIND_UUID; }

/* A text of that kind: NONE, INVALID_FORMAT or INEXACT. */
qr_error qr_scalar_read_text(qr_kind kind, const uint8_t *text, size_t length, qr_scalar *scalar);
/* A MessagePack timestamp as a DATETIME in UTC: NONE, INVALID_TIMESTAMP, INEXACT (nanoseconds), INVALID_VALUE (year). */
qr_error qr_scalar_read_timestamp(const uint8_t *payload, size_t length, qr_scalar *scalar);

/* Text that stands for a number (JSON's grammar, the whole text), as in keys and in lax reading: INT, UINT, BIG, FLOAT or
 * ERROR. A BIG token borrows the text; integers of more than int_digits digits (0: no limit) are an ERROR. */
qr_token_kind qr_scalar_number(const uint8_t *text, size_t length, size_t int_digits, qr_token *token);

#endif
