/* SPDX-License-Identifier: Apache-2.0 */
/* walk: the half of the object walker that is the same for every format.
 *
 * Walking may run user code (a tzinfo, a property, a __str__): whatever was borrowed across that is held, and a container
 * that changed meanwhile is an error, never a wrong count. `calls` counts the times user code may have run. */
#ifndef QUIRE_BINDING_WALK_H
#define QUIRE_BINDING_WALK_H

#include "binding/output.h"
#include "binding/plan/plan.h"
#include "core/base/stack.h"
#include "core/format/style.h"

enum { QPY_WALK_INLINE = 2048 };

/* A class met during this call and its plan, so that the next instance need not be asked for its ways. */
typedef struct qpy_known_class {
    PyTypeObject *cls; /* alive while its plan is */
    qpy_plan *plan;    /* strong */
} qpy_known_class;
enum { QPY_KNOWN_CLASSES = 4 };

typedef struct qpy_walker {
    qr_buffer buffer;     /* owner: this walker */
    qpy_state *state;
    PyTypeObject *record_meta; /* of classes whose plan is at hand; NULL when `adapters` have plans of their own */
    PyObject *adapters;   /* the quire.Adapters of the call, borrowed, or NULL */
    qr_depth depth;
    uint32_t calls;
    int adapting;         /* the exception is one of an adapter's function */
    const char *format;
    qpy_output output;    /* what the buffer writes into */
    PyObject *failed;     /* the value at fault, strong */
    PyObject *steps;      /* list: the way to it, innermost first; NULL: none */
    int secret;           /* it is, or is in, a secret field: not to be shown */
    int knows;            /* there may be a plan in `known` or `adapted` */
    qpy_known_class known[QPY_KNOWN_CLASSES];
    qpy_known_class adapted; /* the last class met that has an adapter */
    qr_styled *style;     /* of an output with options, while it is written; NULL: the plain form */
    struct qr_pickle_keys *keys; /* of the pickle that is written */
    uint8_t room[QPY_WALK_INLINE];
} qpy_walker;

/* The style of the writer whose buffer that is. */
QR_INLINE qr_styled *qpy_walk_style(const qr_buffer *buffer)
{
    _Static_assert(offsetof(qpy_walker, buffer) == 0, "the buffer is where the walker is");
    return ((const qpy_walker *)(const void *)buffer)->style;
}

/* The place of a class among the known ones. */
QR_INLINE qpy_known_class *qpy_walk_known(qpy_walker *self, PyTypeObject *cls)
{
    uintptr_t bits = (uintptr_t)cls;
    return &self->known[(bits >> 5 ^ bits >> 9 ^ bits >> 12) % QPY_KNOWN_CLASSES];
}
QR_INLINE void qpy_walk_remember(qpy_known_class *known, PyTypeObject *cls, qpy_plan *plan)
{
    Py_INCREF(plan);
    Py_XSETREF(known->plan, plan);
    known->cls = cls;
}

void qpy_walker_init(qpy_walker *self, qpy_state *state, const char *format, size_t hint);
/* Before anything is written: by these adapters (borrowed; NULL: none). */
QR_INLINE void qpy_walker_use(qpy_walker *self, PyObject *adapters)
{
    if (QR_UNLIKELY(adapters != NULL)) {
        self->adapters = adapters;
        self->record_meta = NULL;
    }
}
/* The finished bytes (a new reference); or, when walking failed or memory is out, NULL with the exception. Releases the walker. */
PyObject *qpy_walker_finish(qpy_walker *self, int ok);
/* For who takes the bytes from the buffer: 1, or 0 with the exception; then, in any case, release. */
int qpy_walker_check(qpy_walker *self, int ok);
void qpy_walker_release(qpy_walker *self);

/* One level down, at the head of a function that is as before when it is called `again` (QR_STACK_ENTER); returns 0, failed, where it is
 * too deep. The value is held, for user code may run below it. And up again. */
QR_COLD uint32_t qpy_walk_go_deeper(qpy_walker *self, PyObject *value);
#define QPY_WALK_ENTER(self, value, again)                                                     \
    QR_STACK_ENTER(&(self)->depth, qpy_walk_go_deeper(self, value), 0, again);                 \
    Py_INCREF(value)
QR_INLINE void qpy_walk_leave(qpy_walker *self, PyObject *value)
{
    self->depth.left++;
    Py_DECREF(value);
}

/* Each returns 0. */
QR_COLD int qpy_walk_fail(qpy_walker *self, qr_error error, PyObject *value); /* first error stays */
QR_COLD int qpy_walk_step(qpy_walker *self, PyObject *key, Py_ssize_t index); /* key NULL: index */
QR_COLD int qpy_walk_field(qpy_walker *self, const qpy_plan *plan, uint32_t field);

/* Is the value one of the node, all the way down? 1, or 0 with the walker failed (objects_check.c). The plan is an encoder's. */
int qpy_walk_checks(qpy_walker *self, const qpy_plan *plan, uint32_t node, PyObject *value);

/* Is it a class of members of an Enum? */
int qpy_walk_is_enum(qpy_state *state, PyTypeObject *type);

/* Is the memoryview one of bytes in a row? Another has items or a shape that would be lost. */
QR_INLINE int qpy_walk_is_flat(PyObject *memoryview)
{
    const Py_buffer *view = PyMemoryView_GET_BUFFER(memoryview);
    return view->itemsize == 1 && view->ndim == 1;
}

/* What a value of a less common type is written as. */
typedef enum qpy_way {
    QPY_WAY_NONE, /* cannot be written */
    QPY_WAY_ERROR, /* an exception is set */
    QPY_WAY_INT, QPY_WAY_FLOAT, QPY_WAY_STR, QPY_WAY_LIST, QPY_WAY_TUPLE, QPY_WAY_DICT, QPY_WAY_SET /* deque too: any iterable */, QPY_WAY_BUFFER, QPY_WAY_RECORD, QPY_WAY_OBJECT,
    QPY_WAY_ENUM, QPY_WAY_SCALAR, QPY_WAY_RAW, QPY_WAY_EXT, QPY_WAY_ADAPTER
} qpy_way;
/* plan is set for RECORD, OBJECT (dataclass and the like) and ADAPTER, kind for SCALAR. */
qpy_way qpy_walk_way(qpy_walker *self, PyObject *value, qpy_plan **plan, qr_kind *kind);

/* The value of an attribute of an OBJECT: a new reference, or NULL (the exception is kept, or cleared and the error set). */
PyObject *qpy_walk_attribute(qpy_walker *self, const qpy_record_side *side, const qpy_field_side *field, Py_ssize_t index, PyObject *object);
/* Is the field left out for its value? 1, 0, or -1 with an exception. */
int qpy_walk_omits(qpy_walker *self, const qpy_field_side *field, PyObject *value);

/* What a record holds beside its fields, ready to be written: pairs (name, value), of which a Raw is one of the walker's format. 1 and a
 * new list or NULL (there is nothing), or 0 when it failed. */
int qpy_walk_extras(qpy_walker *self, const qpy_record_side *side, PyObject *object, PyObject **pairs);

/* For an output with options. The list of what is in `object` is written next: it is to be put in order when that is a set. */
void qpy_walk_note_set(qpy_walker *self, PyObject *object);
/* What a Raw of the walker's format holds: a new reference, or NULL (failed). */
PyObject *qpy_walk_raw_value(qpy_walker *self, PyObject *raw);

/* A tuple that is a key, as its JSON text: a new str, or NULL (failed). */
PyObject *qpy_walk_packed_key(qpy_walker *self, PyObject *key);

/* A key that is no str, as text: fills room and gives the length, or a new str in *object; 0 on failure. */
enum { QPY_KEY_ROOM = 160 };
int qpy_walk_key_text(qpy_walker *self, PyObject *key, uint8_t room[QPY_KEY_ROOM], size_t *length, PyObject **object);

/* Are the keys of the dict known to be written as different ones, without a look at what they are written as? */
int qpy_walk_keys_differ(qpy_walker *self, PyObject *dict, int text_keys);
/* The key behind `start` in the buffer is taken back into the set: 1, or 0 when it was there already (nothing is set), or failed. */
int qpy_walk_is_new(qpy_walker *self, PyObject *written, size_t start);
/* The key is one too many, unless something failed already; returns 0. */
QR_COLD int qpy_walk_key_fails(qpy_walker *self, PyObject *key);

/* Was an object of the class, just written through its adapter, declared to be written as what is no scalar (or as anything)? */
int qpy_walk_is_container(const qpy_walker *self, const PyTypeObject *cls);

/* The field of a TypedDict with that key (its number in the plan), or QR_PLAN_NONE. */
uint32_t qpy_walk_field_of(const qpy_plan *plan, const qr_record *record, PyObject *key);

/* What is written of the dict of a TypedDict, in the order of the dict, or of the places in an array. */
typedef struct qpy_walk_entry {
    uint32_t field;        /* its number in the plan; QR_PLAN_NONE: a key that the type does not know */
    PyObject *key, *value; /* strong; of a place that no key has both are NULL */
} qpy_walk_entry;
/* 1 with `count` entries in an array for qpy_walk_drop_entries, or 0 (failed). */
int qpy_walk_entries(qpy_walker *self, const qpy_plan *plan, uint32_t node, PyObject *dict, qpy_walk_entry **entries, size_t *count);
void qpy_walk_drop_entries(qpy_walk_entry *entries, size_t count);

/* What is written of an instance of a subclass of a record's class (walk_subclass.c). */
typedef struct qpy_inherited {
    const qpy_plan *plan; /* whose field it is: the encoder's where the base declares it, else the subclass's own */
    uint32_t field;       /* its number in that plan */
    int is_inherited;
    PyObject *value;      /* strong; NULL: it is left out */
} qpy_inherited;
typedef struct qpy_subclass_parts {
    qpy_plan *plan;          /* of the subclass, strong; NULL: it has none, and is written as any value is */
    const qr_record *record; /* of the subclass */
    uint32_t node;           /* of the base */
    qpy_inherited *fields;   /* owned, `count` of them in the order of the subclass */
    size_t count;
    PyObject *extras;        /* strong, or NULL: as qpy_walk_extras has it */
} qpy_subclass_parts;
/* 1, or 0 (failed). To be dropped in any case. */
int qpy_walk_gather_subclass(qpy_walker *self, const qpy_plan *plan, uint32_t node, PyObject *object, qpy_subclass_parts *parts);
void qpy_walk_drop_subclass(qpy_subclass_parts *parts);

/* The pairs of an instance of a subclass of dict as a plain dict, in the order of its items(): a new reference, or NULL (failed). */
PyObject *qpy_walk_plain_dict(qpy_walker *self, PyObject *dict);

/* The decimal digits of an integer beyond 64 bits as a str: a new reference, or NULL (failed). */
PyObject *qpy_walk_digits(qpy_walker *self, PyObject *value);
/* The UTF-8 of a str that has it: of ASCII the text itself, else what someone asked for before (a str keeps it); else NULL. */
QR_INLINE const uint8_t *qpy_walk_utf8(PyObject *str, size_t *length)
{
    if (QR_LIKELY(PyUnicode_IS_COMPACT_ASCII(str))) {
        *length = (size_t)((const PyASCIIObject *)str)->length;
        return (const uint8_t *)((const PyASCIIObject *)str + 1);
    }
    *length = (size_t)((const PyCompactUnicodeObject *)str)->utf8_length;
    return (const uint8_t *)((const PyCompactUnicodeObject *)str)->utf8;
}

#endif
