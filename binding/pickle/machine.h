/* SPDX-License-Identifier: Apache-2.0 */
/* machine: what runs a pickle: its input, stack, marks and memo.
 *
 *   machine.tmpl.h   the loop over the opcodes; a file that includes it says with QPY_P(name) what globals, calls and states do
 *   input.c          bytes that are not there yet, from a file: never more than the stack machine needs, so that what follows STOP
 *                    stays in the file
 *   values.c         arguments in text (protocol 0) as objects
 *   unpickle_memo.c  the memo
 *   foresee.c        which memo entries are ever fetched
 *   build.c          containers and instances from what is on the stack
 *   dataclasses.c    the state of frozen dataclasses
 *   typed.c          nothing but what a table allows
 *   typed_made.c     what that has made
 *   instructions.c   the opcodes one by one, for the disassembler
 *   construct.c      globals, calls and states as the standard library has them
 *
 * Whatever may run user code goes through a function that gets machine and stack: the loop keeps the cursor and the top of the stack in
 * registers and writes them back before. User code may load with the same Unpickler meanwhile: it then uses a stack of its own,
 * and input and memo are read anew afterwards. */
#ifndef QUIRE_BINDING_PICKLE_MACHINE_H
#define QUIRE_BINDING_PICKLE_MACHINE_H

#include "binding/bytearray.h"
#include "binding/state.h"
#include "binding/text.h"
#include "core/format/pickle.h"

enum { QPY_UNPICKLE_STACK = 128, QPY_UNPICKLE_MARKS = 32, QPY_UNPICKLE_MEMO = 64, QPY_UNPICKLE_TYPES = 8, QPY_UNPICKLE_SLOTS = 32, QPY_UNPICKLE_SHAPES = 8, QPY_UNPICKLE_FORESEEN = 512 };

/* Objects, and the marks between them: strong references, of one run. */
typedef struct qpy_unpickle_stack {
    PyObject **base, **top, **limit;
    PyObject **fence;                 /* what is above the topmost mark begins here; without a mark: base */
    size_t *marks, mark_count, mark_room;
    PyObject *first[QPY_UNPICKLE_STACK]; /* until more are needed */
    size_t first_marks[QPY_UNPICKLE_MARKS];
} qpy_unpickle_stack;

/* Number -> object. Numbers that no pickler gives (far beyond the entries that there are) live in a dict. */
typedef struct qpy_unpickle_memo {
    PyObject **items;  /* strong; NULL where a number was left out */
    size_t room, high; /* items[high..room) are not set */
    size_t count;      /* entries: the number that MEMOIZE gives next */
    PyObject *far;     /* dict or NULL */
} qpy_unpickle_memo;

/* What is known of a type that instances are made of; holds while the type's version does. */
typedef struct qpy_unpickle_type {
    unsigned version;
    uint8_t in_dict;   /* BUILD does nothing but store into a __dict__ that instances of the type have */
    uint8_t in_slots;  /* nor anything but set attributes in the ordinary way */
    uint8_t slots;     /* how many are known */
    PyObject *fields;  /* borrowed: typed, what may be set; {name: member descriptor, or the name} */
    PyObject *setstate; /* borrowed: a __setstate__ that may be that of frozen dataclasses with slots, or NULL */
    PyObject *names[QPY_UNPICKLE_SLOTS]; /* borrowed from the type's descriptors */
    Py_ssize_t offsets[QPY_UNPICKLE_SLOTS];
    uint8_t count;     /* of the names that the last state had */
    uint8_t placed;    /* of an instance without a __dict__: so many of them are at these places */
    uint8_t places[QPY_UNPICKLE_SLOTS];
    PyObject *given[QPY_UNPICKLE_SLOTS], *interned[QPY_UNPICKLE_SLOTS]; /* these names, as they were and as they are in attributes: strong */
} qpy_unpickle_type;

/* How dataclasses keep their fields; strong, `setstate` NULL until it was looked for. */
typedef struct qpy_unpickle_dataclasses {
    PyObject *setstate;    /* the function, or None where it is not the one that is known */
    PyObject *field, *field_kind; /* the class Field, and the _field_type of fields that are no pseudo-fields */
    Py_ssize_t name, kind; /* offsets in a Field */
} qpy_unpickle_dataclasses;

/* The keys that dicts had last; keys are only compared by address and may be gone when there is no template. */
typedef struct qpy_unpickle_shape {
    PyObject *template_; /* strong, or NULL */
    PyObject *keys[QPY_SPLIT_KEYS];
} qpy_unpickle_shape;

typedef struct qpy_unpickle {
    qpy_state *state;
    /* input */
    const uint8_t *p, *end;
    const uint8_t *ahead;  /* of a file: what is behind it was only peeked at */
    PyObject *read, *readline, *readinto, *peek; /* strong or NULL; without read everything is there */
    Py_buffer view;        /* view.obj NULL: none */
    uint8_t *own;          /* input that was put together, or NULL */
    /* what it was told */
    PyObject *self;            /* borrowed: the Unpickler whose find_class is overridden, or NULL */
    PyObject *persistent_load; /* strong or NULL */
    PyObject *buffers;         /* an iterator, strong or NULL */
    const char *encoding, *errors;
    PyObject *encoding_text, *errors_text; /* strong, whose UTF-8 these are, or NULL */
    int fix_imports;
    int protocol;
    struct qpy_typed *typed;   /* typed.c: what may be constructed, borrowed; else NULL */
    /* what it knows */
    qpy_unpickle_memo memo;
    int may_foresee;           /* input is a whole pickle in bytes, and was not looked through yet */
    const uint64_t *wanted;    /* which numbers are fetched from here on; NULL: any may be */
    size_t wanted_count;
    uint64_t *wanted_room;     /* allocated, or NULL */
    size_t idle_until;         /* MEMOIZE's numbers below it are not fetched; 0 without `wanted` */
    PyObject *spare;           /* a dict that was only made to be a state, still empty: the next one; or NULL */
    qpy_unpickle_dataclasses dataclasses;
    int holds_collector;       /* 3.11: it was on and is to be turned on again */
    Py_ssize_t pause_left;     /* 3.11: items of containers that may be loaded before it gets a turn */
    PyTypeObject *types[QPY_UNPICKLE_TYPES]; /* borrowed, compared only */
    Py_ssize_t shape_sizes[QPY_UNPICKLE_SHAPES];
    qpy_unpickle_type plans[QPY_UNPICKLE_TYPES];
    qpy_unpickle_shape shapes[QPY_UNPICKLE_SHAPES];
    uint64_t wanted_first[QPY_UNPICKLE_FORESEEN / 64];
} qpy_unpickle;

/* ---------------------------------------------------------------- life */

void qpy_unpickle_init(qpy_unpickle *self, qpy_state *state);
void qpy_unpickle_release(qpy_unpickle *self);
/* All of `data`: 1, or 0 with an exception. */
int qpy_unpickle_set_data(qpy_unpickle *self, PyObject *data);
/* A file: 1, or 0 with an exception. */
int qpy_unpickle_set_file(qpy_unpickle *self, PyObject *file);

/* The arguments of load, loads and Unpickler beside the data; NULL where not given. */
typedef struct qpy_unpickle_options { PyObject *encoding, *errors, *buffers; int fix_imports; } qpy_unpickle_options;
/* 1, or 0 with an exception. */
int qpy_unpickle_set_options(qpy_unpickle *self, const qpy_unpickle_options *options, const char *function);
/* The object of the next pickle, as the standard library loads it: a new reference, or NULL with an exception. */
PyObject *qpy_unpickle_load(qpy_unpickle *self);

/* Dicts' templates and the like, which hold for one run. */
void qpy_unpickle_forget(qpy_unpickle *self);

/* ---------------------------------------------------------------- the stack */

QR_INLINE void qpy_unpickle_stack_init(qpy_unpickle_stack *s)
{
    s->base = s->top = s->fence = s->first;
    s->limit = s->first + QPY_UNPICKLE_STACK;
    s->marks = s->first_marks;
    s->mark_count = 0;
    s->mark_room = QPY_UNPICKLE_MARKS;
}
void qpy_unpickle_stack_release(qpy_unpickle_stack *s);
int qpy_unpickle_stack_grow(qpy_unpickle_stack *s);  /* 1, or 0 with MemoryError */
int qpy_unpickle_marks_grow(qpy_unpickle_stack *s);
/* Takes the objects from `from` on away. */
void qpy_unpickle_stack_clear(qpy_unpickle_stack *s, PyObject **from);

/* Puts a new reference on the stack; a NULL stands for an exception. 1, or 0 with one. */
QR_INLINE int qpy_unpickle_push(qpy_unpickle_stack *s, PyObject *value)
{
    if (QR_UNLIKELY(!value))
        return 0;
    if (QR_UNLIKELY(s->top == s->limit) && !qpy_unpickle_stack_grow(s)) {
        Py_DECREF(value);
        return 0;
    }
    *s->top++ = value;
    return 1;
}

/* Takes the topmost mark away: what was above it begins where this points. Only where there is one. */
QR_INLINE PyObject **qpy_unpickle_unmark(qpy_unpickle_stack *s)
{
    PyObject **above = s->fence;
    s->mark_count--;
    s->fence = s->mark_count ? s->base + s->marks[s->mark_count - 1] : s->base;
    return above;
}

/* ---------------------------------------------------------------- failing: always 0, with an exception */

PyObject *qpy_unpickle_error(qpy_state *state); /* UnpicklingError: borrowed, or NULL with an exception */
QR_COLD int qpy_unpickle_fail(qpy_unpickle *m, const char *format, ...);
QR_COLD int qpy_unpickle_underflow(qpy_unpickle *m, const qpy_unpickle_stack *s);
QR_COLD int qpy_unpickle_truncated(qpy_unpickle *m);
QR_COLD int qpy_unpickle_no_mark(qpy_unpickle *m);
QR_COLD int qpy_unpickle_no_opcode(qpy_unpickle *m, uint8_t code);
QR_COLD int qpy_unpickle_not_memoized(qpy_unpickle *m, size_t number);

/* ---------------------------------------------------------------- user code */

/* The collector gets its turn after each some thousands of items, for what binding/sink.h says: 1. */
int qpy_unpickle_let_collect(qpy_unpickle *m);

/* Around user code that is called from the loop: the collector, which is held back while nothing but our own code runs, may run in it.
 * From 3.12 on the interpreter collects only between bytecodes, so there is nothing to hold. */
#if PY_VERSION_HEX < 0x030C0000
QR_INLINE void qpy_unpickle_enter(qpy_unpickle *m) { m->holds_collector = PyGC_Disable(); }
QR_INLINE void qpy_unpickle_leave(qpy_unpickle *m)
{
    if (m->holds_collector) {
        m->holds_collector = 0;
        PyGC_Enable();
    }
}
#else
QR_INLINE void qpy_unpickle_enter(qpy_unpickle *m) { (void)m; }
QR_INLINE void qpy_unpickle_leave(qpy_unpickle *m) { (void)m; }
#endif

/* ---------------------------------------------------------------- input.c */

/* Makes n bytes from m->p on be there, or a whole line more (QR_PICKLE_WHOLE_LINE): 1, or 0 with an exception. */
int qpy_unpickle_more(qpy_unpickle *m, size_t n);
/* Bytes or a bytearray, whose length is a number of `size` bytes at m->p: for those that are not all there. */
PyObject *qpy_unpickle_read_bytes(qpy_unpickle *m, unsigned size, int mutable_);
/* Moves the file to where the pickle has been read. */
int qpy_unpickle_skip_peeked(qpy_unpickle *m);
void qpy_unpickle_drop_input(qpy_unpickle *m);

/* ---------------------------------------------------------------- values.c: new references, or NULL with an exception */

PyObject *qpy_unpickle_int_line(qpy_unpickle *m, const uint8_t *text, size_t length);
PyObject *qpy_unpickle_long_line(qpy_unpickle *m, const uint8_t *text, size_t length);
PyObject *qpy_unpickle_float_line(qpy_unpickle *m, const uint8_t *text, size_t length);
PyObject *qpy_unpickle_string_line(qpy_unpickle *m, const uint8_t *text, size_t length);
PyObject *qpy_unpickle_string(qpy_unpickle *m, const uint8_t *text, size_t length);
/* The number of GET and PUT: 1, or 0 with an exception. */
int qpy_unpickle_number_line(qpy_unpickle *m, const uint8_t *text, size_t length, Py_ssize_t *number);

/* ---------------------------------------------------------------- memo.c */

int qpy_unpickle_memo_put(qpy_unpickle_memo *self, size_t number, PyObject *object); /* 1, or 0 with MemoryError; may run user code */
int qpy_unpickle_memoize(qpy_unpickle *m, size_t number, PyObject *object);          /* the same, and looks ahead when it is time to */
PyObject *qpy_unpickle_memo_far(qpy_unpickle_memo *self, size_t number);             /* borrowed, or NULL, with an exception or without */
void qpy_unpickle_memo_clear(qpy_unpickle_memo *self);
PyObject *qpy_unpickle_memo_copy(const qpy_unpickle_memo *self);                     /* {number: object} */
int qpy_unpickle_memo_from_dict(qpy_unpickle_memo *self, PyObject *dict);            /* into an empty one: 1, or 0 with an exception */
int qpy_unpickle_memo_from(qpy_unpickle_memo *self, const qpy_unpickle_memo *other);

/* Borrowed, or NULL, with an exception or without. */
QR_INLINE PyObject *qpy_unpickle_memo_get(qpy_unpickle_memo *self, size_t number)
{
    return QR_LIKELY(number < self->high) ? self->items[number] : qpy_unpickle_memo_far(self, number);
}

/* ---------------------------------------------------------------- foresee.c */

/* Looks which numbers are fetched in m->p .. m->end, which is the rest of m->view: sets m->wanted, or leaves it NULL where it cannot be told.
 * What was memoized until then stays. */
void qpy_unpickle_foresee(qpy_unpickle *m);

/* The numbers from this one on are looked at: sets m->idle_until. */
void qpy_unpickle_look_on(qpy_unpickle *m, size_t number);

/* Before a run: where the input allows it, foresee is called in time. After it: that is over. */
void qpy_unpickle_look_ahead(qpy_unpickle *m);
void qpy_unpickle_looked(qpy_unpickle *m);

/* Only with m->wanted. */
QR_INLINE int qpy_unpickle_is_wanted(const qpy_unpickle *m, size_t number)
{
    return number < m->wanted_count && (m->wanted[number / 64] >> number % 64 & 1);
}

/* ---------------------------------------------------------------- build.c: what the loop does with the stack: 1, or 0 with an exception */

/* Items from `from` to the top into the exact list; they leave the stack. */
int qpy_unpickle_extend_list(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject *list, PyObject **from);
/* Pairs from `from` to the top into the exact dict; they leave the stack. May run user code. */
int qpy_unpickle_fill_dict(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject *dict, PyObject **from);
/* Pairs from `from` to the top as the state of a new instance, in its __dict__ or by its slots: 1; 0: not told, nothing has changed. Runs no
 * user code. References of the values are taken where it is done, the keys' are left. */
int qpy_unpickle_store_state(qpy_unpickle *m, PyObject *instance, PyObject **from, PyObject **to, int in_slots);
/* Where None, a new dict for these pairs, TUPLE2 and BUILD make the state of an instance by its slots: where the input goes on behind them, all of
 * it done; NULL: not told, nothing has changed. */
const uint8_t *qpy_unpickle_build_slots(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **from, const uint8_t *p, const uint8_t *end);
/* The same with a dict. Leaves the dict's references. */
int qpy_unpickle_store_dict(qpy_unpickle *m, PyObject *instance, PyObject *state, int in_slots);
/* What the __setstate__ of frozen dataclasses with slots does: 1; 0: it is not that one, or not told, nothing has changed. May run user code. */
int qpy_unpickle_store_fields(qpy_unpickle *m, PyObject *instance, PyObject *state);

/* As object.__new__ does it without arguments, of a class that is not abstract and has the ordinary allocator. */
QR_INLINE PyObject *qpy_unpickle_new_instance(PyTypeObject *type)
{
#if QPY_PRIVATE /* from 3.13 on the allocator makes room for attributes too */
    if (PY_VERSION_HEX >= 0x030D0000 || !(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
        return PyType_GenericAlloc(type, 0);
#endif
    PyObject *none = PyTuple_New(0), *made = none ? PyBaseObject_Type.tp_new(type, none, NULL) : NULL;
    Py_XDECREF(none);
    return made;
}

/* Takes a dict that is empty and that nobody else has. */
QR_INLINE void qpy_unpickle_spare(qpy_unpickle *m, PyObject *dict)
{
    if (QR_LIKELY(!m->spare && !PyObject_GC_IsTracked(dict)))
        m->spare = dict;
    else
        Py_DECREF(dict);
}

/* dataclasses.c: looks for what dataclasses are made with: m->dataclasses.setstate is set. May run user code. */
void qpy_unpickle_find_dataclasses(qpy_unpickle *m);

/* ---------------------------------------------------------------- construct.c: of the standard library */

PyObject *qpy_unpickle_find_class(qpy_unpickle *m, PyObject *module, PyObject *name);
int qpy_unpickle_construct_init(PyObject *module, qpy_state *state);

/* ---------------------------------------------------------------- unpickler.c */

int qpy_unpickler_init(PyObject *module, qpy_state *state);

/* ---------------------------------------------------------------- typed.c */

int qpy_unpickle_typed_init(PyObject *module, qpy_state *state);

/* ---------------------------------------------------------------- instructions.c */

int qpy_unpickle_instructions_init(PyObject *module);

#endif
