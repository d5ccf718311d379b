/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the compiled plan of a Python type: the core's half and the side table of what only Python knows.
 *
 * One object that the garbage collector knows holds it all: the core plan (nodes name each other by number) and, by the
 * same numbers, classes, slot offsets, defaults, choices. A record class owns its plan (so a plan and its class die together), other
 * classes keep theirs in their __dict__ as __quire_plan__, and what is no class (list[int]) waits in a small cache. */
#ifndef QUIRE_BINDING_PLAN_H
#define QUIRE_BINDING_PLAN_H

#include "binding/record/record.h"
#include "core/plan/plan.h"

/* What an array node becomes; MADE, also of a map: its class is called with the finished list or dict (deque, OrderedDict). */
typedef enum qpy_flavour { QPY_LIST, QPY_TUPLE, QPY_SET, QPY_FROZENSET, QPY_NAMEDTUPLE, QPY_MADE } qpy_flavour;

/* How a record of the plan is made (RecordInfo.form). */
typedef enum qpy_form { QPY_FORM_RECORD, QPY_FORM_DATACLASS, QPY_FORM_TYPEDDICT, QPY_FORM_NAMEDTUPLE, QPY_FORM_CALL } qpy_form;

typedef struct qpy_node_side {
    PyObject *cls;     /* Node.cls, strong */
    PyObject *pattern; /* Bounds.pattern, strong, or NULL */
    PyObject *bounds;  /* Bounds, strong, or NULL: for what the core does not judge */
    PyObject *also;    /* Container.also: tuple of classes, strong, or NULL: instances of these are values too */
    PyObject *unpack;  /* makes a value of the text that is a key (a tuple's), strong, or NULL */
    PyObject *extra;   /* Container.extra: tuple, strong, or NULL: what a class that is called gets beside the items */
    PyTypeObject *exact; /* an object of exactly this class is a value of the node, nothing else to ask; NULL: none is; borrowed */
    PyObject *encode, *decode; /* ADAPTER: strong, both NULL where the value stays what it is and is only checked; else NULL */
    uint8_t flavour;   /* ARRAY, TUPLE, MAP */
    uint8_t with_context; /* ADAPTER: decode takes the context too */
    uint8_t adapts;    /* QPY_ADAPTS_ALWAYS: at or below it is what the class of a value does not tell, an adapter or the options of a
                        * TypedDict: it must be written by its type; QPY_ADAPTS_TYPED: a union that looks at what would be read back as
                        * another arm, where types are known */
} qpy_node_side;

enum { QPY_ADAPTS_ALWAYS = 1, QPY_ADAPTS_TYPED = 2 };
enum { QPY_ADAPTS = 2 };
enum { QPY_OMIT_NEVER, QPY_OMIT_DEFAULT, QPY_OMIT_NULL };

typedef struct qpy_field_side {
    PyObject *name;     /* attribute, interned, strong */
    PyObject *keyword;  /* parameter's name when the class is called, strong */
    PyObject *wire;     /* name in a document, interned, strong */
    PyObject *default_; /* value or factory, strong, or NULL */
    Py_ssize_t offset;  /* of the slot, in records */
    uint8_t default_kind, omit, init, stored;
    uint8_t written;    /* an attribute that is written; in an array the place of one that is not holds null */
    uint8_t secret;     /* its value is in no error */
    uint8_t adapts;     /* of its node */
    uint8_t atom;       /* its values cannot be part of a cycle */
    uint8_t nullable;   /* of its node */
    PyTypeObject *exact; /* of its node */
} qpy_field_side;

typedef struct qpy_record_side {
    struct qpy_plan *plan; /* whose it is, borrowed */
    PyTypeObject *cls;   /* borrowed from the node */
    PyObject *dict_template; /* of the field names: TypedDicts, instances; strong, or NULL */
    uint32_t node;
    uint8_t form, post_init;
    uint8_t closing;     /* RECORD: there is something to do when all fields are there: post_init, unknown */
    Py_ssize_t unknown;  /* offset of the slot for unknown fields, or 0: they are not kept */
    PyObject *computed;  /* tuple of (attribute, name in a document, null is left out), strong, or NULL */
    uint8_t omits;       /* some field may be left out when writing, or something else than fields is written (1); QPY_ADAPTS: some must be
                          * written by their types */
    uint8_t gaps;        /* an array with places that no field has */
    uint32_t width;      /* fields that are walked when it is written: all but the gaps at the end */
    uint8_t in_place;    /* DATACLASS: every field is an attribute of the instance's __dict__ and is written */
    unsigned plain_version; /* DATACLASS: tp_version_tag of the class when its attributes were found to be plain; 0: not yet */
    uint8_t *order;      /* its fields as their names are in order: by their bytes, then by length and bytes, count + 1 numbers each (a tag is
                          * number `count`); NULL where a name is not ASCII, or there are more than 64 */
    Py_ssize_t slots;    /* DATACLASS with __slots__: every field has a slot; 0 no */
} qpy_record_side;

typedef struct qpy_plan {
    PyObject_HEAD
    qpy_state *state;
    PyObject *module;       /* strong: keeps the state */
    qr_plan *core;
    qpy_node_side *nodes;
    qpy_field_side *fields;
    qpy_record_side *records;
    struct qpy_union_side *unions; /* union.c */
    PyObject **choices;     /* the Python object of each core choice, strong */
    PyObject *tags;         /* of records, by record number: the tag as an object or NULL */
    PyObject *type;         /* what it is a plan of, strong */
    PyObject *adapters;     /* the quire.Adapters it was made with, strong, or NULL; it keeps the plan */
    PyObject *watch;        /* callable: are the subclasses that it knows (Subclasses[T]) still all of them? strong, or NULL */
    size_t watched_at;      /* the state's record_classes when the answer was yes */
    uint8_t watches_records; /* only subclasses of records are asked for */
    uint8_t secrets;        /* some field is secret: no error shows what stands in the document */
    PyObject *policies;     /* dict, strong, or NULL: what pickles of the type may construct, kept here by pickle/typed.c */
} qpy_plan;

/* The plan of a type: a new reference, or NULL with an exception (SchemaError for types that cannot be). adapters, here and below: the
 * quire.Adapters of the call, or NULL. Each has its own plans. */
qpy_plan *qpy_plan_get(qpy_state *state, PyObject *adapters, PyObject *type);
/* The plan again, or a newer one of its type when there are subclasses that it does not know: a new reference, or NULL with an exception. */
QR_INLINE qpy_plan *qpy_plan_current(qpy_state *state, qpy_plan *self)
{
    return QR_LIKELY(!self->watch) ? (qpy_plan *)Py_NewRef((PyObject *)self) : qpy_plan_get(state, self->adapters, self->type);
}
/* Takes an `adapters=` argument into use: 1, with *adapters NULL for None; 0 with an exception. */
int qpy_plan_use(PyObject *argument, PyObject **adapters);
/* The plan of the class of a value that is written, when it has one (record, dataclass, attrs class, NamedTuple): borrowed (the class
 * keeps it), NULL without an exception for any other class, with one when the type cannot be. */
qpy_plan *qpy_plan_of_class(qpy_state *state, PyObject *adapters, PyTypeObject *cls);

/* The plan of a type if somebody keeps it: borrowed, or NULL (with an exception only if looking failed). */
qpy_plan *qpy_plan_known(qpy_state *state, PyObject *adapters, PyObject *type);
/* The plan of a class that is written through an adapter of the call, of its own or a built-in one; made if need be, and borrowed from
 * who keeps it. NULL as above. */
qpy_plan *qpy_plan_of_adapted(qpy_state *state, PyObject *adapters, PyTypeObject *cls);

/* The core's allocation hook over PyMem. */
extern const qr_memory qpy_memory;

/* Are the attributes of that DATACLASS side plain ones of the instance, so that qpy_instance_get and _set may be used? Found out
 * again after the class was changed. */
int qpy_plan_is_plain_again(qpy_record_side *side);
QR_INLINE int qpy_plan_is_plain(const qpy_record_side *side)
{
    return QR_LIKELY(side->plain_version && side->plain_version == side->cls->tp_version_tag) || qpy_plan_is_plain_again((qpy_record_side *)side);
}

/* The i-th arm of a union: bool and numbers, then what is tried on integers and texts, then arrays and records. *arm may be QR_PLAN_NONE for no
 * arm; 0 at the end. */
int qpy_plan_arm(const qr_plan *core, const qr_union *u, uint32_t i, uint32_t *arm);

int qpy_plan_init(PyObject *module, qpy_state *state);

QR_INLINE const qr_record *qpy_plan_record(const qpy_plan *self, uint32_t node) { return &self->core->records[self->core->nodes[node].value]; }
QR_INLINE const qpy_record_side *qpy_plan_record_side(const qpy_plan *self, uint32_t node) { return &self->records[self->core->nodes[node].value]; }

#endif
