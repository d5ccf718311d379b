/* SPDX-License-Identifier: Apache-2.0 */
/* token: what a format's reader hands to the record loop, the same for every format.
 *
 * A token borrows from the input: text is a raw slice, not yet checked for UTF-8 and with its escapes still in it. What
 * was learnt while looking for its end (escapes, widest code point, how many) lets the receiver make a string of the
 * final size at once and have the format's `copy` write straight into it. */
#ifndef QUIRE_CORE_BASE_TOKEN_H
#define QUIRE_CORE_BASE_TOKEN_H

#include "core/base/utf8.h"

typedef enum qr_token_kind {
    QR_TOKEN_ERROR, /* 0: the reader failed */
    QR_TOKEN_NULL,
    QR_TOKEN_BOOL,  /* i: 0 or 1 */
    QR_TOKEN_INT,   /* i */
    QR_TOKEN_UINT,  /* u, beyond INT64_MAX */
    QR_TOKEN_BIG,   /* text, length: an integer beyond 64 bits: [-]digits */
    QR_TOKEN_FLOAT, /* d */
    QR_TOKEN_STR,   /* text, length; widest, count, escaped */
    QR_TOKEN_BYTES, /* text, length */
    QR_TOKEN_EXT,   /* text, length, ext: an extension of the format (MessagePack) with its payload */
    QR_TOKEN_ARRAY, /* just its start: `open`, then `more_array` */
    QR_TOKEN_MAP,   /* just its start: `open`, then `more_map` */
    QR_TOKEN_OBJECT /* object: a Python object that no other kind fits (only where objects are the source) */
} qr_token_kind;

typedef struct qr_token {
    union {
        int64_t i;
        uint64_t u;
        double d;
        const uint8_t *text;
        size_t items; /* ARRAY, MAP of counted formats */
        void *object;
    };
    size_t length;      /* bytes of the slice */
    size_t count;       /* STR: code points */
    const uint8_t *at;  /* where the token starts, for errors */
    uint8_t widest;     /* STR: qr_text_class, never too narrow for valid text */
    uint8_t escaped;    /* STR: the slice holds escapes of the format */
    int8_t ext;         /* EXT: its type */
} qr_token;

/* What an error says was found: "str", "int", "array" ... */
const char *qr_token_kind_name(qr_token_kind kind);

#endif
