/* SPDX-License-Identifier: Apache-2.0 */
/* codec: the public face of a format: encode, decode, Encoder, Decoder. What does not depend on the format is in codec.c;
 * codec.tmpl.h makes the rest for one. */
#ifndef QUIRE_BINDING_CODEC_H
#define QUIRE_BINDING_CODEC_H

#include "binding/raise.h"
#include "binding/sink.h"
#include "binding/style.h"
#include "binding/walk.h"
#include "core/format/scan.h"

/* Bytes to read: the caller's own (bytes, ASCII str: followed by a 0, never changing) or a copy of them. */
typedef struct qpy_input {
    const uint8_t *data;
    size_t length;
    PyObject *owner; /* strong */
} qpy_input;
/* 1, or 0 with an exception. A buffer that can change or has no 0 behind it is copied; a str is input of text formats only. */
int qpy_input_init(qpy_input *self, PyObject *data, int is_text);
/* A copy of what a buffer holds, its items in that order ('C', 'A': as PyBuffer_ToContiguous has it); the buffer is released. */
int qpy_input_copy(qpy_input *self, Py_buffer *view, char order);
QR_INLINE void qpy_input_release(qpy_input *self) { Py_DECREF(self->owner); }

struct qpy_order_memory;

enum { QPY_ERRORS_DEFAULT = 100 };

/* What writing and checking take of a quire.Limits. */
typedef struct qpy_write_limits {
    uint32_t depth;
    size_t errors; /* faults that are collected; SIZE_MAX: no limit */
} qpy_write_limits;
#define QPY_WRITE_LIMITS_DEFAULT ((qpy_write_limits){QR_DEPTH_DEFAULT, QPY_ERRORS_DEFAULT})
/* limits= of what reads, by itself: the options are the default ones but for it (NULL or None: there too). 1, or 0 with an exception. */
struct qpy_decode_options;
int qpy_limits_option(const char *function, PyObject *value, struct qpy_decode_options *to);
/* limits=: 1, or 0 with an exception; what would bound a document must not be set. */
int qpy_write_limits_option(const char *function, PyObject *value, qpy_write_limits *to);

/* Among the options of the reader, which knows nothing of them: what is asked for once a document. */
enum {
    QPY_READ_COMMENTS = 1 << 16,    /* jsonc=True */
    QPY_READ_SHORT_LIMIT = 1 << 17, /* keys may be longer than Limits.str_bytes */
    QPY_READ_RARE = QPY_READ_COMMENTS | QPY_READ_SHORT_LIMIT
};

/* What decode and Decoder are told. */
typedef struct qpy_decode_options {
    qpy_plan *plan; /* strong, or NULL for Any */
    PyObject *context; /* for the functions of adapters, borrowed (a Decoder holds it), or NULL */
    qr_limits limits;
    uint32_t read_options;
    int all_errors;     /* errors="all" */
    size_t most_errors; /* of which so many are kept (Limits.errors); 0: no limit */
} qpy_decode_options;
/* errors="first" or "all": 1, or 0 with an exception. */
int qpy_errors_option(const char *function, PyObject *value, int *all);
/* (type=Any, *, strict=True, limits=None, adapters=None, context=None) from a vector call whose first positional argument (data) is left out. 1, or 0 with an exception. */
/* set: QPY_STYLE_TEXT for a format that has nan and jsonc. */
int qpy_decode_options_init(qpy_decode_options *self, qpy_state *state, qpy_style_set set, const char *name, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* What encode and Encoder are told beside the type. */
typedef struct qpy_encode_options {
    PyObject *adapters; /* a quire.Adapters, borrowed, or NULL */
    qr_style style;
    qpy_write_limits limits;
} qpy_encode_options;
/* From a vector call: 1, or 0 with an exception. */
int qpy_encode_options_init(qpy_encode_options *self, qpy_style_set set, const char *function, PyObject *const *values, PyObject *names);

/* jsonc=True: the reader goes on in a copy in which comments are spaces, and knows by `origin` what its user has. The copy (from
 * qpy_memory) is the caller's; NULL when the reader failed. */
uint8_t *qpy_decode_without_comments(qr_reader *reader, qr_origin *origin);
/* After a failure: when it was at a comment without end, that is the error. */
QR_COLD void qpy_decode_name_comment(qr_reader *reader, const uint8_t *copy);

/* A document that may be a part of something longer. */
typedef struct qpy_document {
    const uint8_t *data; /* stays, unchanged and followed by a 0, until it is decoded */
    size_t length;
    qr_origin origin;
    int open_end;           /* other things may follow: */
    size_t end;             /* out: where the value ends, from data */
    qr_error_class failed;  /* out, after a failure: of what class it was; MEMORY: of none, decoding again may go well */
} qpy_document;

struct qpy_decoder;

/* What is asked of a format as a whole by code that is the same for all of them (stream.h). */
typedef struct qpy_codec {
    const qpy_format *format;
    qr_scan_result (*scan)(qr_scan *self, const uint8_t *data, size_t length, size_t *taken);
    qr_scan_result (*scan_end)(const qr_scan *self);
    /* What is there of a document that is cut off, as a whole document: 1, 0 for nothing, or 0 with out->error. NULL: of such a format nothing
     * can be shown before its end. */
    int (*partial)(const uint8_t *data, size_t length, const qr_memory *memory, qr_buffer *out);
    const char *separator; /* behind each document of many; what ends a line, or nothing */
    PyObject *(*decode)(qpy_state *state, const qpy_decode_options *options, qpy_document *document);
    void (*fail)(struct qpy_decoder *decoder, const qpy_document *document, qr_error error, const uint8_t *at); /* qpy_document_fail; NULL: as of all formats */
    int (*write)(qpy_walker *walker, const qpy_plan *plan, uint32_t node, PyObject *object); /* plan NULL: any value */
    qpy_style_set styles;
    /* An instance of its own: <f>_styled.c. kept: what is remembered of the shapes of dicts (walk_order.h), or NULL. */
    int (*write_styled)(qpy_walker *walker, const qpy_plan *plan, uint32_t node, PyObject *object, const qr_style *style, struct qpy_order_memory **kept);
} qpy_codec;

/* Encoder and Decoder objects. */
typedef struct qpy_encoder {
    PyObject_HEAD
    const qpy_codec *codec;
    PyObject *type;
    qpy_plan *plan;  /* NULL: anything */
    PyObject *adapters; /* strong, or NULL */
    int all_errors;     /* errors="all" */
    qpy_state *state;
    PyObject *module;
    qpy_write_limits limits;
    int styled;      /* by the style, which is not the plain one */
    int aside;       /* styled, or to another depth than most: encoded by qpy_encoder_encode */
    int rare;        /* aside or all_errors */
    qr_style style;
    size_t hint;     /* length of the last result: read and written without a lock, any value is right */
    struct qpy_order_memory *order_memory; /* walk_order.h: of calls that are over, or NULL */
    int was_used;    /* an Encoder for one call has nothing to remember */
} qpy_encoder;
typedef struct qpy_decoder {
    PyObject_HEAD
    const qpy_codec *codec;
    PyObject *type;
    qpy_decode_options options;
    qpy_state *state;
    PyObject *module;
} qpy_decoder;

/* Bytes, or NULL with an exception: as the options say; and as the encoder's options say, of a format that has no shorter way.
 * kept: for canonical output alone. */
PyObject *qpy_encode_with(qpy_state *state, const qpy_codec *codec, const qpy_encode_options *options, PyObject *object, size_t *hint, struct qpy_order_memory **kept);
PyObject *qpy_encoder_encode(qpy_encoder *self, PyObject *object);

/* Shared slots of the two types. */
int qpy_encoder_init(qpy_encoder *self, const qpy_codec *codec, qpy_state *state, PyObject *args, PyObject *kwargs);
int qpy_decoder_init(qpy_decoder *self, const qpy_codec *codec, qpy_state *state, PyObject *args, PyObject *kwargs);
int qpy_encoder_traverse(PyObject *self, visitproc visit, void *arg);
int qpy_decoder_traverse(PyObject *self, visitproc visit, void *arg);
void qpy_encoder_dealloc(PyObject *self);
void qpy_decoder_dealloc(PyObject *self);
PyObject *qpy_encoder_repr(PyObject *self);
PyObject *qpy_decoder_repr(PyObject *self);

/* Encoding failed because something is not of the type (the exception that is set does not say what): checks again, by itself. */
void qpy_encoder_raise_mismatch(qpy_encoder *self, PyObject *object);

/* The next starting size after a result of that length. */
QR_INLINE size_t qpy_next_hint(size_t hint, size_t length)
{
    size_t wanted = length + (length >> 5) + 256;
    return wanted >= hint ? wanted : hint - (hint - wanted) / 4;
}

/* Encoding the object failed, and the exception is set: with errors="all" one that has all faults takes its place. */
QR_COLD void qpy_encoder_raise_all(qpy_encoder *self, qpy_plan *plan, PyObject *object);

/* For errors="all" of an encoder: all faults of a value that is not of the node, as exceptions into the list, of which it has as many as the limits allow then. way: list
 * of the steps to the value. 1, or 0 with an exception that is no fault (objects_check.c). */
int qpy_objects_collect_written(qpy_state *state, qpy_plan *plan, uint32_t node, PyObject *value, PyObject *way, PyObject *list, const qpy_write_limits *limits);

/* Checks a value against the type of an encoder, without writing (objects_check.c): 1, or 0 with an EncodeError. */
int qpy_objects_check(qpy_state *state, qpy_plan *plan, PyObject *value, uint32_t depth);

/* format_<f>.c is compiled twice where there may be AVX-512 (QPY_AVX512): for any machine, and by binding/avx512/format_<f>.c
 * for those that have it. Both make the same functions and types; module.c adds one of them. What such a file shows outside
 * is spelled QPY_BUILD(name). */
#ifdef QPY_FOR_AVX512
#define QPY_BUILD(name) QR_PASTE(name, _avx512)
#else
#define QPY_BUILD(name) name
#endif

/* The writers with options (qpy_codec.write_styled). */
#define X(NAME, name) \
    int qpy_##name##_write_styled(qpy_walker *walker, const qpy_plan *plan, uint32_t node, PyObject *object, const qr_style *style, struct qpy_order_memory **kept); \
    int qpy_##name##_write_styled_avx512(qpy_walker *walker, const qpy_plan *plan, uint32_t node, PyObject *object, const qr_style *style, struct qpy_order_memory **kept);
#include "core/format/formats.def"
#undef X

/* One per format: adds its functions and types to the module. */
#define X(NAME, name) \
    int qpy_format_##name##_init(PyObject *module, qpy_state *state); \
    int qpy_format_##name##_init_avx512(PyObject *module, qpy_state *state);
#include "core/format/formats.def"
#undef X
int qpy_format_objects_init(PyObject *module, qpy_state *state);

#endif
