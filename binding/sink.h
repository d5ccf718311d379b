/* SPDX-License-Identifier: Apache-2.0 */
/* sink: the half of the object sink that is the same for every format: the value stack and the containers.
 *
 * Finished values are pushed on one stack; a container is built when it closes, from the values above its base, so a hostile
 * count allocates nothing and lists are made to size. Everything made so far is on the stack or in an open frame, so a
 * failure anywhere drops it all: frames drop what they hold, the stack is cleared at the end.
 *
 * binding/object_sink.h completes it for one format. */
#ifndef QUIRE_BINDING_SINK_H
#define QUIRE_BINDING_SINK_H

#include "binding/plan/plan.h"
#include "binding/shapes.h"
#include "core/base/reader.h"
#include "core/plan/scalar.h"

enum { QPY_STACK_INLINE = 512 };

typedef struct qpy_sink {
    qpy_state *state;
    qpy_plan *plan;           /* NULL: untyped */
    PyObject **top, **limit, **base;
    qpy_keys *keys;           /* NULL: another decode has it */
    qpy_shapes *shapes;       /* the same */
    qpy_shape *context;       /* the key whose value is being read: below it are the maps that open now; NULL: not followed */
    PyTypeObject *key_type;   /* of the keys that shapes are made of: str, or bytes */
    const char *format;       /* name, for Raw */
    PyObject *user_context;   /* for the functions of adapters that want it, borrowed; or NULL */
    PyObject *source;         /* the bytes that are read, borrowed: what a memoryview may look into; NULL: none */
    int strict_keys;          /* a duplicate key of an untyped map is an error */
    int pausing;              /* the collector was paused by us (below 3.12) */
    int pause_left;           /* containers that may still be made meanwhile */
    PyObject *stack[QPY_STACK_INLINE];
} qpy_sink;

enum { QPY_NOT_FOLLOWED = -1 }; /* qpy_frame.made of a typed map */

/* What an open container keeps in the template's C frame. Values are found by index: the stack may move. */
typedef struct qpy_frame {
    size_t base;
    PyObject *object; /* record: the instance being filled, owned; NULL in all other frames */
    union {
        struct { qpy_shape *shape, *root, *outer; uint32_t made; }; /* untyped map: where it is in the trie; NULL shape: keys are on the stack too */
        struct { const qpy_record_side *record; const qpy_field_side *fields; int may_cycle; }; /* record; fields: of the whole plan */
    };
} qpy_frame;

void qpy_sink_init(qpy_sink *self, qpy_state *state, qpy_plan *plan, const char *format);
void qpy_sink_prepare(qpy_sink *self, qpy_state *state, qpy_plan *plan, const char *format); /* all of it but attach */
/* Gives back what init took and drops what is left on the stack. */
void qpy_sink_release(qpy_sink *self);
/* For a document that is read in parts: gives the caches and the collector back and leaves the stack as it is; takes them again. What
 * was predicted from the caches must not be used across that. init has attached, release detaches. */
void qpy_sink_detach(qpy_sink *self);
void qpy_sink_attach(qpy_sink *self);
void qpy_sink_pause_gc(qpy_sink *self);
void qpy_sink_resume_gc(qpy_sink *self);
/* Around user code: the collector runs meanwhile; what was finished is safe on the stack. */
typedef struct qpy_outside { qpy_shape *context; } qpy_outside;
qpy_outside qpy_sink_go_outside(qpy_sink *self);
void qpy_sink_come_back(qpy_sink *self, qpy_outside saved);

/* A container opens. The collector's pass over what was made while it was paused is only put off, and over very many
 * objects that have left the cache it costs more than passes over fewer. So it gets its turn after each some thousands: by itself it would
 * come more often, and look at each object two or three times. */
enum { QPY_PAUSE_CONTAINERS = 4096 };
QR_COLD void qpy_sink_let_collect(qpy_sink *self);
QR_INLINE void qpy_sink_count_container(qpy_sink *self)
{
#if PY_VERSION_HEX < 0x030C0000
    if (QR_UNLIKELY(--self->pause_left == 0))
        qpy_sink_let_collect(self);
#else
    (void)self;
#endif
}

QR_NOINLINE int qpy_sink_grow(qpy_sink *self);
/* Takes the reference, also when it fails (0, with MemoryError). */
QR_INLINE int qpy_sink_push(qpy_sink *self, PyObject *value)
{
    if (QR_UNLIKELY(self->top == self->limit) && !qpy_sink_grow(self)) {
        Py_DECREF(value);
        return 0;
    }
    *self->top++ = value;
    return 1;
}

/* A list or an untyped map opens: what is pushed from here on is in it. */
QR_INLINE void qpy_sink_open_array(qpy_sink *self, qpy_frame *frame)
{
    qpy_sink_count_container(self);
    frame->base = (size_t)(self->top - self->base);
    frame->object = NULL;
}
QR_INLINE void qpy_sink_open_map(qpy_sink *self, qpy_frame *frame)
{
    qpy_shape *holder = self->context;
    qpy_sink_count_container(self);
    frame->base = (size_t)(self->top - self->base);
    frame->object = NULL;
    frame->outer = holder;
    frame->shape = frame->root = QR_LIKELY(holder) ? holder->sub : NULL; /* the first key makes it */
    frame->made = QR_LIKELY(frame->root) ? frame->root->made : 0;
}
/* A map whose keys are not foreseen: they are on the stack too. */
QR_INLINE void qpy_sink_open_pairs(qpy_sink *self, qpy_frame *frame)
{
    frame->base = (size_t)(self->top - self->base);
    frame->object = NULL;
    frame->shape = frame->root = NULL;
    frame->outer = self->context;
    frame->made = (uint32_t)QPY_NOT_FOLLOWED;
}
/* The next key is the one that was expected: the map's is frame->shape->next. */
QR_INLINE void qpy_sink_predicted(qpy_sink *self, qpy_frame *frame)
{
    frame->shape = frame->shape->next;
    self->context = qpy_shape_holder(frame->root, frame->shape);
}

/* Not inlined: what the template calls once per container. Each returns a new object, or NULL with an exception. */
PyObject *qpy_sink_close_array(qpy_sink *self, uint32_t node, qpy_frame *frame);
/* A tuple of these values, whose references are stolen on success. */
PyObject *qpy_sink_tuple(const qpy_sink *self, PyObject **values, Py_ssize_t n);
/* A list of n tuples of two from keys and values one after the other, whose references it takes: NULL with an exception, and nothing taken. */
PyObject *qpy_sink_pairs(PyObject **pairs, Py_ssize_t n);
PyObject *qpy_sink_close_map(qpy_sink *self, uint32_t node, qpy_frame *frame, qr_reader *r);
PyObject *qpy_sink_close_record(qpy_sink *self, qr_reader *r, uint32_t node, qpy_frame *frame, const uint64_t *seen, const uint8_t *at);
int qpy_sink_open_other(qpy_sink *self, qpy_frame *frame);
int qpy_sink_put_other(qpy_sink *self, qpy_frame *frame, uint32_t field, PyObject *value);
/* An unknown field of a record that keeps them (references taken, NULL: failed): 1, or 0 with an exception. */
int qpy_sink_keep(qpy_frame *frame, PyObject *key, PyObject *value);
/* A key that was not predicted joins the map (reference taken): 1, or 0 with an exception. */
int qpy_sink_key(qpy_sink *self, qpy_frame *frame, PyObject *key);

PyObject *qpy_sink_big_integer(const qr_token *token);
PyObject *qpy_sink_ext(qpy_sink *self, qr_reader *r, const qr_token *token);
PyObject *qpy_sink_bytes(qpy_sink *self, uint32_t node, const uint8_t *data, size_t n);
PyObject *qpy_sink_scalar(qpy_sink *self, qr_reader *r, uint32_t node, const qr_scalar *scalar, const uint8_t *at);
PyObject *qpy_sink_choice_open(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *wire, const uint8_t *at);
/* What an ADAPTER's decode makes of the wire value (its reference taken). */
/* A value of the node from the text (reference taken) that stands for it as a key. */
PyObject *qpy_sink_packed(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *text, const uint8_t *at);
PyObject *qpy_sink_adapt(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *wire, const uint8_t *at);
/* Did user code refuse a value (ValueError), so that another arm may be tried? Then the exception is cleared. */
int qpy_sink_refused(qpy_sink *self, qr_reader *r);
/* Bounds that the core could not judge: returns the value (its reference taken), or NULL with r->error. */
PyObject *qpy_sink_bounded(qpy_sink *self, qr_reader *r, uint32_t node, PyObject *value, const uint8_t *at);

#endif
