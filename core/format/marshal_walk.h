/* SPDX-License-Identifier: Apache-2.0 */
/* marshal_walk: marshalled data as a row of events, containers with their ends, code objects with the names of their fields; and the
 * head of a .pyc.
 *
 * Nothing is built and nothing recurses: open containers are on a stack from the reader's memory, no more than limits.depth of
 * them. What a reference refers to is the caller's affair.
 *
 *     qr_marshal_walk_init(&walk, &reader, version);
 *     while (qr_marshal_walk_next(&walk, &event))
 *         ...
 *     if (reader.error) ...
 *     qr_marshal_walk_release(&walk); */
#ifndef QUIRE_CORE_FORMAT_MARSHAL_WALK_H
#define QUIRE_CORE_FORMAT_MARSHAL_WALK_H

#include "core/format/marshal.h"

typedef enum qr_marshal_event_kind {
    QR_MARSHAL_EVENT_ITEM,   /* item: a scalar, a reference, or a container that opens */
    QR_MARSHAL_EVENT_NUMBER, /* of a code object: item.i, which has no type code */
    QR_MARSHAL_EVENT_END     /* of the innermost container; item.at is where it ends (a dict: at its NULL) */
} qr_marshal_event_kind;

typedef struct qr_marshal_event {
    qr_marshal_event_kind kind;
    qr_marshal_item item;
    const uint8_t *end; /* of the item */
    const char *field;  /* the field of a code object that this is, or NULL */
} qr_marshal_event;

typedef struct qr_marshal_frame {
    uint8_t code;
    uint8_t field;   /* FIELDS: the next one */
    uint32_t left;   /* objects to come; of PAIRS: UINT32_MAX */
} qr_marshal_frame;

typedef struct qr_marshal_walk {
    qr_reader *r;
    unsigned version; /* of Python: 100 * major + minor; what code objects look like. 0: unknown, they are an error */
    qr_marshal_frame *frames;
    size_t depth, room;
    int begun;
} qr_marshal_walk;

void qr_marshal_walk_init(qr_marshal_walk *self, qr_reader *r, unsigned version);
void qr_marshal_walk_release(qr_marshal_walk *self);
/* The next event: 1; 0 at the end of the one object, or with an error in the reader: those of qr_marshal_next, DEPTH, MEMORY,
 * INVALID_BYTE also for a NULL that ends no dict, and for a code object of an unknown version. */
int qr_marshal_walk_next(qr_marshal_walk *self, qr_marshal_event *event);

/* ---------------------------------------------------------------- .pyc */

typedef struct qr_pyc_head {
    unsigned magic, version;
    size_t length;         /* of the head; the code object follows */
    uint32_t flags;        /* from 3.7 on (PEP 552): 1: hash, 3: hash that is checked; else 0 */
    uint32_t mtime, size;  /* of the source; size from 3.3 on; 0 with a hash */
    const uint8_t *hash;   /* 8 bytes of the source's hash, or NULL */
} qr_pyc_head;

/* 1; or 0: not the head of a .pyc of a version that is known. */
int qr_pyc_read_head(const uint8_t *data, size_t length, qr_pyc_head *head);

#endif
