/* SPDX-License-Identifier: Apache-2.0 */
/* collect: errors="all": what has failed is read once more, by a build of the reading template that goes on after a fault.
 *
 * One cold copy for all formats and sources: format (core/format/dynamic.h) and sink (qpy_collect_sink) are function pointers. A value
 * that is not of its type becomes a fault with everything that raise knows of it, is skipped, and reading goes on with what follows; a
 * container that has lost something is itself not made, so its __post_init__ and the like do not see half a value. What is no document,
 * or beyond a limit, ends the pass. User code runs again for what it has seen already. */
#ifndef QUIRE_BINDING_COLLECT_H
#define QUIRE_BINDING_COLLECT_H

#include "binding/codec.h"
#include "binding/objects.h"
#include "core/format/dynamic.h"

typedef struct qpy_collect_frame {
    Py_ssize_t faults; /* found before the container opened */
    union { qpy_frame plain; qpy_objects_frame objects; } inner; /* both begin with a qpy_frame */
} qpy_collect_frame;

typedef struct qpy_collect_sink {
#define QPY_COLLECT void *
#define S(result, name, parameters, arguments) result (*name) parameters;
#define C(result, name, parameters, arguments) result (*name) parameters;
#include "binding/collect_sink.def"
#undef QPY_COLLECT
#undef S
#undef C
    PyObject *(*adapt)(void *s, qr_reader *r, uint32_t node, PyObject *v, const uint8_t *at);
    void (*open_array)(void *s, qpy_collect_frame *f);
    void (*open_map)(void *s, qpy_collect_frame *f);
    void (*open_typed_map)(void *s, qpy_collect_frame *f);
    int (*open_record)(void *s, uint32_t node, qpy_collect_frame *f);
    PyObject *(*close_array)(void *s, uint32_t node, qpy_collect_frame *f);
    PyObject *(*close_map)(void *s, uint32_t node, qpy_collect_frame *f, qr_reader *r);
    PyObject *(*close_record)(void *s, qr_reader *r, uint32_t node, qpy_collect_frame *f, const uint64_t *seen, const uint8_t *at);
    void (*drop)(void *s, qpy_collect_frame *f);
    int (*take)(qr_reader *r, void *s, const qr_plan *plan, uint32_t number, PyObject **value); /* NULL: the source is text */
    void (*hold)(void *s);   /* a fault is about to be raised: what it points to must live; NULL: it does */
    void (*forget)(void *s); /* and has been */
} qpy_collect_sink;

typedef struct qpy_collector {
    const qpy_collect_sink *functions;
    void *inner;               /* what they are called with: the sink, or the conversion */
    qpy_sink *sink;            /* the value stack */
    qr_reader *reader;
    qpy_plan *plan;
    const qpy_format *format;
    PyObject *faults;          /* list: an exception for each */
    size_t most;
    uint32_t levels;           /* that could be entered at the start */
    uint8_t whole;
    uint8_t full, fatal;       /* as many as are wanted; an exception is set that is no fault */
    qr_step live[QR_PATH_STEPS]; /* where each open container is */
    PyObject *keys[QR_PATH_STEPS]; /* objects: of the steps that are keys, strong */
} qpy_collector;

/* An exception is set, the first fault of what the reader and the sink (released already) were to read. Reads it again and puts one in
 * its place that has all faults; or another that came up, MemoryError for one; when no fault is found the first stands. whole: nothing may
 * follow the value. */
void qpy_collect_read(const qpy_sink *failed, const qr_reader *r, const qpy_decode_options *options, int whole, const qpy_format *format, const qr_dynamic *dynamic);
/* The same for convert (format_objects.c). */
void qpy_collect_convert(const qpy_sink *failed, PyObject *object, const qpy_decode_options *options);

/* For the conversion's `take`: a value read by the collecting build. */
PyObject *qpy_collect_node(qpy_collector *self, uint32_t number);
PyObject *qpy_collect_record(qpy_collector *self, uint32_t number, const qpy_objects_iter *iter, const uint8_t *at);
PyObject *qpy_collect_record_array(qpy_collector *self, uint32_t number);

/* The list of faults in place of the exception that is set (reference taken; NULL: an exception is set that is no fault). */
void qpy_collect_raise(PyObject *first, PyObject *faults);

extern const qpy_collect_sink qpy_objects_collect_sink; /* format_objects.c */
extern const qr_dynamic qpy_objects_dynamic, qpy_pickled_dynamic; /* the second with QPY_OBJECTS_PICKLED */

#endif
