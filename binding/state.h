/* SPDX-License-Identifier: Apache-2.0 */
/* state: everything the extension remembers, per module instance (so per interpreter). No C statics that change.
 *
 * State is passed down; slots that only have an object reach it through class -> state (a record class keeps the pointer),
 * never by a look-up on a hot path. Each member names the file that owns it. */
#ifndef QUIRE_BINDING_STATE_H
#define QUIRE_BINDING_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "binding/cpython_private.h"
#include "binding/pickle/table.h"
#include "core/base/error.h"

struct qpy_json_hooks;
struct qpy_keys;
struct qpy_order_memory;
struct qpy_shapes;
struct qpy_pickle_plans;

/* Python objects: X(type, name) is one strong reference, visited and cleared by module.c. */
#define QPY_STATE_OBJECTS(X)                                                                                                   \
    /* module.c: handed over once by quire/__init__.py */                                                                      \
    X(PyObject, describe)        /* type -> Description */                                                                     \
    X(PyObject, describe_class)  /* kept for plan.c: see there */                                                              \
    X(PyObject, make_error)      /* raise.c: (class name, Fault members...) -> exception */                                    \
    /* record.c */                                                                                                             \
    X(PyTypeObject, record_meta)  /* metaclass of Record */                                                                    \
    X(PyTypeObject, record_type)  /* Record itself */                                                                          \
    X(PyTypeObject, field_type)   /* what quire.field() returns */                                                             \
    X(PyObject, unset)            /* UNSET */                                                                                  \
    X(PyTypeObject, unset_type)                                                                                                \
    X(PyObject, record_restore)   /* callable that unpickles a record */                                                       \
    X(PyTypeObject, member_type)  /* descriptor of a field */                                                                  \
    X(PyTypeObject, abc_meta)     /* abc.ABCMeta: a base of record_meta */                                                     \
    X(PyObject, record_setattr)   /* __setattr__ and __delattr__ of frozen classes */                                          \
    X(PyObject, record_delattr)   X(PyObject, str_class)                                                                       \
    /* raw.c */                                                                                                                \
    X(PyTypeObject, raw_type)                                                                                                  \
    /* plan.c */                                                                                                               \
    X(PyTypeObject, plan_type)                                                                                                 \
    X(PyObject, plan_cache)       /* dict: type -> plan, for types that are no record classes */                               \
    /* scalar.c */                                                                                                             \
    X(PyTypeObject, decimal_type) X(PyTypeObject, uuid_type) X(PyTypeObject, enum_type) X(PyTypeObject, zoneinfo_type)         \
    X(PyObject, uuid_safe_unknown) X(PyObject, decimal_context)                                                                \
    X(PyObject, str_datetime) X(PyObject, str_decimal) X(PyObject, str_uuid) X(PyObject, str_zoneinfo)                         \
    /* containers.c */                                                                                                         \
    X(PyTypeObject, deque_type) X(PyObject, str_collections)                                                                   \
    X(PyObject, str_utcoffset) X(PyObject, str_key) X(PyObject, str_is_safe)                                                   \
    /* codec_lines.c, stream.c */                                                                                              \
    X(PyTypeObject, lines_type) X(PyTypeObject, stream_type)                                                                   \
    /* ext.c */                                                                                                                \
    X(PyTypeObject, ext_type)                                                                                                  \
    /* json/names.c */                                                                                                         \
    X(PyObject, json_keywords)    /* tuple of names */                                                                         \
    /* msgpack/values.c: ExtType and Timestamp of quire.msgpack.ext, once needed */                                            \
    X(PyTypeObject, msgpack_ext) X(PyTypeObject, msgpack_timestamp)                                                            \
    /* pickle/construct.c: of the standard library, once needed */                                                             \
    X(PyObject, unpickle_error) X(PyObject, unpickle_names) X(PyObject, unpickle_modules)                                      \
    X(PyObject, unpickle_extension_cache) X(PyObject, unpickle_inverted_registry)                                              \
    X(PyObject, str_setstate) X(PyObject, str_instance_dict) X(PyObject, str_find_class)                                       \
    X(PyObject, str_extend) X(PyObject, str_getinitargs)                                                                       \
    /* pickle/unpickler.c */                                                                                                   \
    X(PyTypeObject, unpickler_type) X(PyTypeObject, unpickler_memo_type) X(PyTypeObject, unpickle_named)                      \
    /* pickle/pickler.c: what the standard library's pickler asks; NULL until first needed */                                 \
    X(PyObject, pickle_dispatch) X(PyObject, pickle_extensions) X(PyObject, pickle_names) X(PyObject, pickle_imports)          \
    X(PyObject, pickle_error) X(PyObject, pickle_getattr) X(PyObject, pickle_partial) X(PyObject, pickle_codecs_encode)        \
    X(PyObject, pickle_slotnames)                                                                                              \
    X(PyObject, str_reduce_ex) X(PyObject, str_reduce) X(PyObject, str_module) X(PyObject, str_qualname) X(PyObject, str_name) \
    X(PyTypeObject, pickler_type) X(PyTypeObject, pickler_memo_type)                                                           \
    /* interned names */                                                                                                       \
    X(PyObject, str_post_init) X(PyObject, str_fields) X(PyObject, str_value) X(PyObject, str_int) X(PyObject, str_bytes) X(PyObject, str_plan)                           \
    X(PyObject, str_dataclass_fields) X(PyObject, str_attrs) X(PyObject, str_quire)

typedef struct qpy_state {
#define X(type, name) type *name;
    QPY_STATE_OBJECTS(X)
#undef X
    PyObject *module;             /* module.c; borrowed */
    size_t record_classes;        /* record/class.c: how many were ever made */
    size_t hints[8];              /* codec.tmpl.h: length of each format's last result */
    struct qpy_order_memory *order_memory[8]; /* walk_order.h: of each format's canonical output by encode() */
    size_t pickle_data_hint;      /* pickle/data.c: the same */
    PyObject *(*json_read)(struct qpy_state *, const uint8_t *, size_t, size_t, int, size_t *); /* json/loads.h */
    PyObject *(*json_scan)(struct qpy_state *, PyObject *, Py_ssize_t, const struct qpy_json_hooks *, Py_ssize_t *);
    size_t json_hint;             /* json/dumps.c: length of its last result */
    size_t marshal_hint;          /* marshal/write.c: the same */
    qpy_str_header str_header;    /* module.c */
    qpy_ints ints;                /* module.c */
    int knows_protocols;          /* record/meta.c: the metaclass has that of typing.Protocol as its base */
    setattrofunc slot_setattro;   /* record/class.c: what `type` gives a class with a __setattr__ in Python */
    int private_ok;               /* module.c: the layouts of cpython_private.h hold here: the one switch for all that is behind them */
    size_t str_least;             /* module.c: length from which a str is made of str_header; SIZE_MAX without private_ok */
    void *datetime_api;           /* scalar.c: PyDateTime_CAPI *, NULL until first needed (its macro's global would be a static) */
    Py_ssize_t msgpack_slots[2];  /* msgpack/values.c: seconds and nanoseconds in a Timestamp */
    qpy_memo_table pickle_table;  /* pickle/memo.c: of a call that is over */
    struct qpy_pickle_plans *pickle_plans; /* pickle/classes.c: classes met */
    size_t pickle_hint;           /* pickle/output.c: length of the last result of dumps */
    int pickle_wary;              /* pickle/dumps.c: calls that do not try the plain way first */
    uint32_t pickle_calls;        /* pickle/dumps.c: how many there were */
    struct qpy_keys *keys;        /* keys.c: text of a key -> str */
    struct qpy_shapes *shapes;    /* shapes.c: key sequences of dicts seen */
} qpy_state;

/* The state of a module object of ours. */
qpy_state *qpy_state_of(PyObject *module);
/* Of a class of ours or one derived from it: NULL with an exception. */
qpy_state *qpy_state_of_type(PyTypeObject *type);

#endif
