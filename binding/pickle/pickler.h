/* SPDX-License-Identifier: Apache-2.0 */
/* pickler: objects as pickles, to the byte as the running interpreter's C pickler writes them.
 *
 * One machine with a stack of its own: a container that is being written is a frame, and so is whatever has to be done after
 * something else is written (an opcode, the state of an instance, the next item of an iterator). Nothing calls itself, so depth is
 * bounded by memory; what user code makes is counted (QPY_PICKLE_REDUCES) and has the interpreter's limit.
 *
 * The walker is compiled twice (save.tmpl.h). The one for what is `plain` runs no user code at all: it borrows every reference, and an
 * object that has one reference is not looked up, as it cannot be met again. When it meets what only user code can tell it
 * gives up (nobody has seen anything of it) and the other one, which holds what it writes, starts anew. */
#ifndef QUIRE_BINDING_PICKLE_PICKLER_H
#define QUIRE_BINDING_PICKLE_PICKLER_H

#include "binding/output.h"
#include "binding/pickle/memo.h"
#include "binding/state.h"
#include "core/format/pickle_write.h"

enum { QPY_PICKLE_BATCH = 1000, QPY_PICKLE_ROOM = 1024, QPY_PICKLE_FRAMES = 16, QPY_PICKLE_FAST_LEVELS = 50 };

typedef enum qpy_pickle_frame_kind {
    QPY_FRAME_LIST, QPY_FRAME_TUPLE, QPY_FRAME_DICT, QPY_FRAME_SET, QPY_FRAME_FROZENSET,
    QPY_FRAME_INSTANCE,     /* the attributes of an instance whose __dict__ was never made; plain only */
    QPY_FRAME_SLOTS,        /* the slots of an instance; plain only */
    QPY_FRAME_ITEMS,        /* of an iterator: APPEND, APPENDS */
    QPY_FRAME_PAIRS,        /* of an iterator: SETITEM, SETITEMS */
    QPY_FRAME_SAVE,         /* `object` is to be written */
    QPY_FRAME_SAVE_ID,      /* the same for what persistent_id() gave: it is not asked again */
    QPY_FRAME_PUT,          /* n opcodes, lowest byte first, in `i` */
    QPY_FRAME_GLOBAL,       /* GLOBAL of the module `object` and the name `extra` */
    QPY_FRAME_MEMOIZE,      /* `object` is written */
    QPY_FRAME_REDUCED,      /* the same; when it was written in the midst, that one is taken, and the rest of its reduction left out */
    QPY_FRAME_REDUCTION,    /* the end of a reduction, whose tuple is `object` */
    QPY_FRAME_FAST_LEAVE,   /* the end of a container in fast mode */
} qpy_pickle_frame_kind;

typedef struct qpy_pickle_frame {
    PyObject *object;  /* held, unless plain; `extra` too; NULL: nothing */
    PyObject *extra;
    Py_ssize_t i, n;   /* the next item; how many there are */
    uint16_t batch;    /* items since the last MARK */
    uint8_t kind;
    uint8_t alone;     /* there is one item and no MARK */
    uint8_t after;     /* opcode that follows it, or 0; of FROZENSET: whether `i` walks */
    uint8_t state;     /* DICT: of an instance */
    uint8_t has_value; /* DICT: `extra` is the value of the key that was written */
} qpy_pickle_frame;

typedef struct qpy_pickling {
    qr_pickle_writer out; /* owner of its buffer: this */
    qpy_state *state;
    qpy_memo memo;
    qpy_pickle_frame *frames;
    size_t depth, room;
    size_t reduces;        /* reductions that are open */
    int plain;
    int gave_up;           /* plain: user code has to be asked; */
    PyTypeObject *wanted;  /* only for what this class is like: borrowed, or NULL */
    int ordinary;          /* plain: classes.c: 1, -1: no, 0: not yet looked */
    int lean, fix_imports;
    int fast;              /* int, as Pickler.fast is one */
    int bound;             /* the interpreter's recursion limit */
    qpy_output output;     /* what the buffer writes into, once it outgrew `start` */
    PyObject *write;       /* of a file, or NULL: dumps() */
    PyObject *persistent_id, *persistent_self; /* the latter borrowed, when the former is a method taken apart */
    PyObject *dispatch_table, *reducer_override, *buffer_callback;
    PyObject *fast_memo;   /* set of the addresses of open containers, in fast mode */
    Py_ssize_t fast_levels;
    uint32_t call;         /* serial number; plans.c: what was looked at in it */
    qpy_pickle_frame few[QPY_PICKLE_FRAMES];
    uint8_t start[QPY_PICKLE_ROOM];
} qpy_pickling;

/* ---------------------------------------------------------------- output.c */

/* Sets up an empty buffer. */
void qpy_pickle_output_init(qpy_pickling *self, int protocol);
/* Forgets what was written. */
void qpy_pickle_output_restart(qpy_pickling *self);
void qpy_pickle_output_release(qpy_pickling *self);
/* What was written, as bytes, and an empty buffer: a new reference, or NULL with an exception. */
PyObject *qpy_pickle_output_take(qpy_pickling *self);
/* 1, or 0 with an exception: to the file. */
int qpy_pickle_output_flush(qpy_pickling *self);
/* A head of `head_length` bytes was written; these are its n bytes; `payload`: an object that holds them, or NULL. 1, or 0. */
int qpy_pickle_output_block(qpy_pickling *self, size_t head_length, const void *bytes, size_t n, PyObject *payload);

/* ---------------------------------------------------------------- pickling.c */

/* 1, or 0 with an exception: what the standard library's pickler has at hand. */
int qpy_pickle_standard(qpy_state *state);
/* Sets `object`.name to *value (new), or to NULL without an exception when there is none: 1, or 0 with one. */
int qpy_pickle_lookup(PyObject *object, PyObject *name, PyObject **value);
void qpy_pickling_init(qpy_pickling *self, qpy_state *state);
/* Writes one pickle, from PROTO to STOP, into what was set up; `run` is one of the two below. 1, or 0 with an exception. */
int qpy_pickle_dump(qpy_pickling *self, PyObject *object, int (*run)(qpy_pickling *, PyObject *));
int qpy_pickle_run_plain(qpy_pickling *self, PyObject *object);
int qpy_pickle_run_held(qpy_pickling *self, PyObject *object);
/* What every frame holds is given back. */
void qpy_pickle_unwind(qpy_pickling *self);
QR_COLD int qpy_pickle_more_frames(qpy_pickling *self);

/* 2: a frame was pushed (the value is not yet written), 1: written, 0: failed with an exception. */
typedef enum qpy_saved { QPY_SAVE_FAILED, QPY_SAVED, QPY_SAVE_PUSHED } qpy_saved;

/* A frame on top, or NULL with an exception: everything but kind and object is 0; the object is held, unless plain. */
QR_INLINE qpy_pickle_frame *qpy_pickle_push(qpy_pickling *k, qpy_pickle_frame_kind kind, PyObject *object)
{
    if (QR_UNLIKELY(k->depth == k->room) && !qpy_pickle_more_frames(k))
        return NULL;
    qpy_pickle_frame *frame = &k->frames[k->depth++];
    *frame = (qpy_pickle_frame){.object = object, .kind = (uint8_t)kind};
    if (!k->plain)
        Py_XINCREF(object);
    return frame;
}
/* The pushes of what is done later: 1, or 0. */
int qpy_pickle_then_put(qpy_pickling *k, unsigned count, uint32_t codes);
int qpy_pickle_then(qpy_pickling *k, qpy_pickle_frame_kind kind, PyObject *object);

/* Writes MEMOIZE or PUT and remembers it (fast: neither): 1, or 0. */
int qpy_pickle_memoize(qpy_pickling *k, PyObject *object);
/* GET of an entry: 1, or 0. */
QR_INLINE int qpy_pickle_get(qpy_pickling *k, uint32_t index)
{
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    qr_pickle_put_get(&k->out, index);
    return 1;
}
int qpy_pickle_fast_enter(qpy_pickling *k, PyObject *object);
int qpy_pickle_fast_leave(qpy_pickling *k, PyObject *object);

/* ---------------------------------------------------------------- scalars.c: each writes what is rare of it */

int qpy_pickle_long(qpy_pickling *k, PyObject *o);
/* An int of any size: how many bytes it takes (-1 with an exception); and LONG1 or LONG4 with them at p, where five more are free: the end, or NULL. */
Py_ssize_t qpy_pickle_long_bytes(PyObject *o);
uint8_t *qpy_pickle_store_long(uint8_t *p, PyObject *o, size_t n);
int qpy_pickle_float_text(qpy_pickling *k, PyObject *o);
/* With MEMOIZE or without (index: the object's; remembered by the caller). */
int qpy_pickle_text(qpy_pickling *k, PyObject *o);
int qpy_pickle_bytes(qpy_pickling *k, PyObject *o, const char *data, Py_ssize_t n);     /* protocol 3 */
int qpy_pickle_bytearray(qpy_pickling *k, PyObject *o, const char *data, Py_ssize_t n); /* protocol 5 */
int qpy_pickle_buffer(qpy_pickling *k, PyObject *o);

/* ---------------------------------------------------------------- reduce.c, globals.c, classes.c */

qpy_saved qpy_pickle_other(qpy_pickling *k, PyObject *o);        /* what is none of the built-in types */
qpy_saved qpy_pickle_old(qpy_pickling *k, PyObject *o);          /* bytes, bytearray, sets in protocols that have no opcodes for them */
int qpy_pickle_pairs_of(qpy_pickling *k, PyObject *dict);        /* pushes a frame PAIRS of its items(): 1, or 0 */
qpy_saved qpy_pickle_step(qpy_pickling *k, qpy_pickle_frame top);       /* goes on with a frame of these rooms */
qpy_saved qpy_pickle_reduce(qpy_pickling *k, PyObject *reduction, PyObject *o); /* o NULL: not memoized */
qpy_saved qpy_pickle_global(qpy_pickling *k, PyObject *o, PyObject *name);      /* name NULL: its own */
qpy_saved qpy_pickle_toplevel(qpy_pickling *k, PyObject *module, PyObject *name); /* GLOBAL, not memoized */
qpy_saved qpy_pickle_persistent(qpy_pickling *k, PyObject *o, int *done);       /* done 0: it has no persistent id */

/* What is known of a class whose instances are written without asking them. */
typedef struct qpy_pickle_plan {
    PyTypeObject *type;       /* borrowed: `version` tells whether it is that one still */
    unsigned version;
    uint32_t call;            /* the last call in which everything else was looked at */
    PyObject *module, *name;  /* of its STACK_GLOBAL: strong */
    PyObject *qualname;       /* strong */
    PyObject *slots;          /* tuple of the slots' names (of a record's fields: or their numbers), or NULL */
    Py_ssize_t *offsets;      /* of the slots */
    int has_dict;
    int is_record;            /* a quire.Record: the reducer is Record's, and the state what Record gives */
    int refused;              /* the class has ways of its own */
} qpy_pickle_plan;

/* Finds out what a class is like; user code may run. 1; 0: it is no such class, perhaps with an exception. */
int qpy_pickle_prepare(qpy_pickling *k, PyTypeObject *type);
/* Of a class, for the call: borrowed; NULL: user code has to be asked (`wanted`: by preparing the class). Runs none itself. */
qpy_pickle_plan *qpy_pickle_plan_of(qpy_pickling *k, PyTypeObject *type);
/* A class or function by its name, where that runs no user code: 1, and *module and *name are borrowed; 0: it has to be asked. */
int qpy_pickle_plain_global(qpy_pickling *k, PyObject *o, PyObject **module, PyObject **name);
/* A function in C by its name, in the same way; *name is new. */
int qpy_pickle_plain_builtin(qpy_pickling *k, PyObject *o, PyObject **module, PyObject **name);
/* Is it a class of records whose reducer is Record's, so that it need not be looked for? 1; 0, perhaps with an exception. */
int qpy_pickle_is_record(qpy_pickling *k, PyTypeObject *type);
/* The same as object.__reduce_ex__ of a class that overrides nothing of it, without calling it: its frames are pushed. *done 0: it is
 * none. */
qpy_saved qpy_pickle_instance(qpy_pickling *k, PyObject *o, int *done);
void qpy_pickle_plans_free(qpy_state *state);
/* Before a plain call: when there are too many plans, they are made anew. */
void qpy_pickle_plans_check(qpy_state *state);

/* ---------------------------------------------------------------- dumps.c, pickler.c */

int qpy_pickler_init(PyObject *module, qpy_state *state);
/* Protocol number of an argument (NULL: the default): 0 to 5, or -1 with an exception. */
int qpy_pickle_protocol(PyObject *argument);
/* Its write(), new; and whether the protocol has a callback (*callback: None becomes NULL): 1, or 0 with an exception. */
int qpy_pickle_file(PyObject *file, PyObject **write);
int qpy_pickle_callback(PyObject **callback, int protocol);

#endif
