/* SPDX-License-Identifier: Apache-2.0 */
/* reader: a cursor over one document in memory, with limits and the first error.
 *
 * Invariants: start <= p <= end; `end` is readable and holds 0, and the bytes do not change while they are read (the
 * caller copies input for which that cannot be promised). Scanners may stop at the 0 instead of asking for the end,
 * but nothing beyond `end` is ever read.
 *
 * Errors are sticky: the first one stays, with the place of the token at fault. A format's functions return 0 when they
 * fail; one that also returns 0 for "nothing more" leaves `error` set, and the caller asks once after its loop. */
#ifndef QUIRE_CORE_BASE_READER_H
#define QUIRE_CORE_BASE_READER_H

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/path.h"
#include "core/base/stack.h"

/* What a document may ask for; 0 stands for no limit where not said otherwise. */
typedef struct qr_limits {
    size_t bytes;        /* of the whole input */
    size_t items;        /* in any one container */
    size_t str_bytes;    /* of any one string or binary, as it stands in the input */
    size_t int_digits;   /* decimal digits of an integer */
    uint32_t depth;      /* of nested containers; at least 1, at most QR_DEPTH_MAX, and never more than the stack has room for */
    uint32_t reject_duplicate_keys; /* 1: a key twice in an untyped map is an error */
} qr_limits;

enum { QR_DEPTH_DEFAULT = 1000, QR_DEPTH_MAX = 1000000, QR_INT_DIGITS_DEFAULT = 4300 };
#define QR_LIMITS_DEFAULT {0, 0, 0, QR_INT_DIGITS_DEFAULT, QR_DEPTH_DEFAULT, 0}

/* Extensions that a format allows only by option. */
enum {
    QR_READ_NON_FINITE = 1,      /* JSON: NaN, Infinity, -Infinity */
    QR_READ_LONE_SURROGATES = 2, /* JSON: \ud800 alone */
    QR_READ_LAX = 4              /* typed: text for numbers and the like (strict=False) */
};

/* Where an input stands in a longer one: a document of a stream, a line of a file. */
typedef struct qr_origin {
    size_t offset;          /* bytes before it */
    size_t line, column;    /* text: line ends before it, and code points since the last of them; without `before` */
    const uint8_t *before;  /* bytes right before it that are not counted in line and column yet: only a fault asks for them */
    size_t before_length;
    const uint8_t *text;    /* what the reader reads as its user has it, of the same length; NULL: as it is read */
} qr_origin;

/* Counts n further bytes that stand before the input. */
void qr_origin_advance(qr_origin *self, const uint8_t *data, size_t n);

typedef struct qr_reader {
    const uint8_t *p, *end, *start;
    qr_depth depth;
    uint32_t options;
    size_t str_limit, item_limit; /* the limits, SIZE_MAX for none: one compare each */
    qr_limits limits;
    qr_error error;
    uint32_t error_node, error_field; /* what the plan wanted there: numbers, UINT32_MAX for none */
    uint64_t error_missing[16];       /* MISSING_FIELD: which of the record's fields, as bits */
    const uint8_t *error_at;
    size_t work;                      /* bytes read more than once to tell the arms of unions apart */
    uint8_t *scratch;                 /* of scratch_size bytes, from memory: see qr_reader_scratch */
    size_t scratch_size;
    const qr_memory *memory;          /* for the scratch; qr_memory_default unless the caller says otherwise after init */
    const struct qr_dynamic *dynamic; /* core/format/dynamic.h: the format, where it is chosen while running */
    qr_path *path; /* where the way to a fault is noted while unwinding; NULL: nowhere */
    const qr_origin *origin; /* set by the caller after init; NULL: the input stands by itself */
} qr_reader;

/* `data` must be followed by one readable 0 byte. Limits may be NULL (the defaults). Fails (sticky) when length is over limits->bytes. */
void qr_reader_init(qr_reader *self, const uint8_t *data, size_t length, const qr_limits *limits, uint32_t options);

/* Keeps the first error and its place; the inline wrapper lets the compiler see the constant result. */
QR_COLD void qr_reader_fail_cold(qr_reader *self, qr_error error, const uint8_t *at);
QR_INLINE int qr_reader_fail(qr_reader *self, qr_error error, const uint8_t *at) { qr_reader_fail_cold(self, error, at); return 0; }

/* Room for n bytes that stay until the next call; NULL (sticky MEMORY) when memory is out. Freed by qr_reader_release. */
uint8_t *qr_reader_scratch(qr_reader *self, size_t n);
void qr_reader_release(qr_reader *self);

/* One level down, at the head of a function that opens a container and is as before when it is called `again` (QR_STACK_ENTER);
 * returns 0, whatever that is of the function's type, with DEPTH where it is too deep. And up again. */
QR_COLD uint32_t qr_reader_go_deeper(qr_reader *self);
#define QR_READER_ENTER(self, again) QR_STACK_ENTER(&(self)->depth, qr_reader_go_deeper(self), 0, again)
QR_INLINE void qr_reader_leave(qr_reader *self) { self->depth.left++; }

QR_INLINE size_t qr_reader_left(const qr_reader *self) { return (size_t)(self->end - self->p); }
/* Of a place in the whole input, of which this one may be a part. */
QR_INLINE size_t qr_reader_offset(const qr_reader *self, const uint8_t *at) { return (size_t)(at - self->start) + (self->origin ? self->origin->offset : 0); }

/* What is read as its user has it: the place `at` is as far from its start as in the reader. */
QR_INLINE const uint8_t *qr_reader_text(const qr_reader *self) { return self->origin && self->origin->text ? self->origin->text : self->start; }

/* Line and column (both from 1, the column in code points) of a place in UTF-8 text, in the whole input as well. */
void qr_reader_position(const qr_reader *self, const uint8_t *at, size_t *line, size_t *column);

#endif
