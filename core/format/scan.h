/* SPDX-License-Identifier: Apache-2.0 */
/* scan: where a document ends, found in input that comes in pieces.
 *
 *   chunks      | {"a": [1, 2 | , "x\ | n"]}  \n 12 | 3 {"b" | ...
 *   documents     <---------------------->       <--->  <----...
 *
 * A scanner judges nothing: it follows strings, brackets and declared lengths just far enough to know the end of the document
 * in front of it. Whoever gathers the bytes hands them to the format's reader, which does judge: a document that is not well-formed
 * ends where that can no longer be missed, or goes on until its brackets close. So a scanner needs a few words of state, looks at
 * each byte once, and may be stopped anywhere: within an escape, a character, a number or a length.
 *
 *     qr_scan scan;
 *     qr_scan_init(&scan, depth, &qr_memory_default);
 *     for each chunk:
 *         while (length) {
 *             switch (qr_json_scan(&scan, data, length, &taken)) {
 *             case QR_SCAN_SPACE: ... the taken bytes lie between documents: drop them
 *             case QR_SCAN_MORE:  ... all of the bytes belong to a document that goes on: keep them
 *             case QR_SCAN_DONE:  ... a document ends with the taken bytes: those kept and these are it
 *             case QR_SCAN_DEPTH, QR_SCAN_MEMORY: ... the scanner is of no more use but for qr_scan_release or qr_scan_clear
 *             }
 *             data += taken, length -= taken;
 *         }
 *     at the end of the input: qr_json_scan_end(&scan)
 *     qr_scan_release(&scan);
 *
 * Sizes are the caller's to limit: it knows how much it has gathered. Depth is limited here, so that what no reader would take
 * is not gathered first. Between documents the scanner is as it was after init.
 *
 * JSON (RFC 8259): documents stand back to back, with space between them or not. A number ends before the first byte that can be
 * part of neither a number nor a word, or with the space after it, or, where it cannot end, with the byte after it; `true`, `false` and `null` end with their last letter, a
 * byte that starts no value is a document of its own, which a reader refuses.
 * With `comments`, those before a document may be part of it or be told as space; one that is cut off counts as the next document.
 * MessagePack: documents stand back to back; the byte C1, which starts no value, ends the document that it is in. */
#ifndef QUIRE_CORE_FORMAT_SCAN_H
#define QUIRE_CORE_FORMAT_SCAN_H

#include "core/base/buffer.h"
#include "core/base/memory.h"

typedef enum qr_scan_result {
    QR_SCAN_SPACE,  /* taken: how many bytes belong to no document; 0 only when there are none */
    QR_SCAN_MORE,   /* all are taken: the document goes on */
    QR_SCAN_DONE,   /* the document ends after the taken bytes: none, when a number of the last piece ends before this one */
    QR_SCAN_DEPTH,  /* the last of the taken bytes opens a level too many */
    QR_SCAN_MEMORY  /* memory is out */
} qr_scan_result;

typedef struct qr_scan {
    const qr_memory *memory;
    uint64_t *left;       /* MessagePack: values still to come in each open container; `room` of them, owned */
    uint64_t skip;        /* MessagePack: bytes of a payload that need no look */
    uint64_t number;      /* MessagePack: a length as far as it has come */
    uint32_t depth;       /* open containers */
    uint32_t depth_limit;
    uint32_t room;
    uint8_t state;        /* 0 between documents; what else is the format's own affair */
    uint8_t first;        /* MessagePack: the byte whose length is being read */
    uint8_t comments;     /* JSON: set by the caller after init: comments may stand wherever space may (json_comments.h) */
    uint8_t wanted;       /* bytes of that length, letters of a JSON word, bytes behind a JSON number, that are still to come */
} qr_scan;

/* Allocates nothing. memory must outlive the scanner. */
void qr_scan_init(qr_scan *self, uint32_t depth_limit, const qr_memory *memory);
/* Forgets the document it is in: as after init, but what was allocated is kept. */
void qr_scan_clear(qr_scan *self);
void qr_scan_release(qr_scan *self);

/* Is nothing open: no document begun that has not ended? */
QR_INLINE int qr_scan_is_between(const qr_scan *self) { return self->state == 0; }

/* Looks at the next bytes of the input, up to the end of a document. */
#define X(NAME, name) qr_scan_result qr_##name##_scan(qr_scan *self, const uint8_t *data, size_t length, size_t *taken);
#include "core/format/formats.def"
#undef X

/* What is there of a document that is cut off, appended to `out` as a whole one that a reader takes, unless what is there is wrong:
 * containers that are open are closed, text (and MessagePack's binary) ends with its last whole character or escape; a key without a
 * value is left out, and so is anything else that has not ended: a JSON number too, of which more digits may come. 1, or 0 when
 * nothing is there yet, or with out->error. Takes room of a few times the length; memory is for what is kept meanwhile. */
#define X(NAME, name) int qr_##name##_partial(const uint8_t *data, size_t length, const qr_memory *memory, qr_buffer *out);
#include "core/format/formats.def"
#undef X

/* The input has ended: SPACE between documents, DONE when the end completes the document (a JSON number), MORE when it is cut off.
 * The scanner stays as it is. */
#define X(NAME, name) qr_scan_result qr_##name##_scan_end(const qr_scan *self);
#include "core/format/formats.def"
#undef X

#endif
