/* SPDX-License-Identifier: Apache-2.0 */
/* objects: Python objects as a format. The reader of core/plan/read.tmpl.h over lists, dicts and objects with fields.
 *
 * The cursor is the object: `r->p` points to the PyObject that is read next, a token's `at` to the one it stands for, so
 * places of faults and keys of paths are objects too, and going back to a mark costs nothing. Tokens carry text and numbers
 * where the plan has to look at them; the sink hands on the objects themselves (format_objects.c).
 *
 *   str  int  float  bool  None  bytes-like    scalars (their subclasses count as them)
 *   list tuple set frozenset                   an array
 *   dict                                       a map
 *   record, dataclass, attrs object            a map of its attributes, but only where the plan asks for a record
 *
 * Ownership: what is open is held by its frame (QR_FRAME), for user code may run below it and change what it stands in. A
 * list or dict whose size or table changed meanwhile is INPUT_CHANGED, never read beyond. What a fault points to is held
 * (qpy_objects_hold) before the frames let go. */
#ifndef QUIRE_BINDING_OBJECTS_H
#define QUIRE_BINDING_OBJECTS_H

#include "binding/cpython_private.h"
#include "binding/raise.h"
#include "binding/sink.h"
#include "core/base/token.h"

/* Where the objects come from, among the options of the reader (codec.h). */
enum {
    QPY_OBJECTS_PICKLED = 1 << 18, /* a pickle: bytes are bytes, and a str is a str if it may be one */
    QPY_OBJECTS_WRITTEN = 1 << 19  /* one that an encoder wrote, so what has an adapter is what the adapter wrote */
};

/* Traits: binary may stand as base64 text, as in JSON; keys and numbers are objects of their own. */
enum { QR_OBJECTS_TEXT_KEYS = 0, QR_OBJECTS_TEXT_NUMBERS = 0 };
#define QR_OBJECTS_BINARY (r->options & QPY_OBJECTS_PICKLED)

/* What an open container keeps beside the object sink's frame. */
typedef struct qpy_objects_frame {
    qpy_frame frame;
    PyObject *source;                /* strong: the container that is read */
    PyObject *key;                   /* map: the key of the pair that is read, strong; or NULL */
    PyObject *value;                 /* attributes: the one that is read, strong; or NULL */
    struct qpy_objects_frame *outer; /* the record around it */
} qpy_objects_frame;

/* One conversion: sink and reader know each other, for a value is its own token. */
typedef struct qpy_objects {
    qpy_sink sink;
    qr_reader reader;
    qpy_objects_frame *record; /* the innermost open record */
    PyObject *key;             /* of the pair that is read, borrowed */
    PyObject *made;            /* a list made of a set, until the frame takes it */
    PyObject *failed;          /* what the fault points to, strong */
    PyObject *kept;            /* list: keys of the path, or NULL */
    size_t kept_steps;         /* steps of the path whose keys are kept */
    uint32_t calls;            /* how often user code may have run */
    struct qpy_collector *collector; /* collect.c reads, not the record loop; else NULL */
} qpy_objects;

QR_INLINE qpy_objects *qpy_objects_of(const qr_reader *r) { return (qpy_objects *)((char *)r - offsetof(qpy_objects, reader)); }
QR_INLINE PyObject *qpy_objects_at(const qr_reader *r) { return (PyObject *)r->p; }
QR_INLINE void qpy_objects_set(qr_reader *r, PyObject *object) { r->p = (const uint8_t *)object; }

typedef struct qpy_objects_iter {
    const uint8_t *key_at;     /* the key, an object */
    PyObject *source;          /* borrowed: the frame holds it */
    const qpy_plan *plan;      /* attributes: of the record that is made; NULL: a dict */
    const qr_field *field;     /* attributes: the one that is read */
    Py_ssize_t i, n;           /* array; attributes */
    uint32_t calls;
    qpy_dict_iter dict;
} qpy_objects_iter;

/* ---------------------------------------------------------------- cold halves (objects_read.c) */

qr_token_kind qpy_objects_token(qr_reader *r, PyObject *object, qr_token *token);
int qpy_objects_next_attribute(qr_reader *r, qpy_objects_iter *iter);
PyObject *qpy_objects_plain_dict(qr_reader *r, PyObject *object);
int qpy_objects_set_array(qr_reader *r, qpy_objects_iter *iter);
QR_COLD int qpy_objects_changed(qr_reader *r);
size_t qpy_objects_utf8(const qr_token *token, uint8_t *to);

/* ---------------------------------------------------------------- the reader's contract */

#define QR_OBJECTS QR_INLINE

QR_OBJECTS const uint8_t *qr_objects_at(qr_reader *r) { return r->p; }

/* The text of a str: of plain ASCII as it is, else to be copied. */
QR_OBJECTS int qr_objects_text(PyObject *object, qr_token *token)
{
    token->at = (const uint8_t *)object;
    token->count = (size_t)PyUnicode_GET_LENGTH(object);
    if (QR_LIKELY(PyUnicode_IS_COMPACT_ASCII(object))) {
        token->text = PyUnicode_1BYTE_DATA(object);
        token->length = token->count;
        token->widest = QR_TEXT_ASCII;
        token->escaped = 0;
        return 1;
    }
    token->text = NULL;
    token->length = 4 * token->count + 1;
    token->widest = QR_TEXT_FULL;
    token->escaped = 1;
    return 1;
}

QR_OBJECTS qr_token_kind qr_objects_next(qr_reader *r, qr_token *token) { return qpy_objects_token(r, qpy_objects_at(r), token); }
QR_OBJECTS int qr_objects_want_null(qr_reader *r) { return qpy_objects_at(r) == Py_None; }
QR_OBJECTS int qr_objects_want_str(qr_reader *r, qr_token *token)
{
    return PyUnicode_Check(qpy_objects_at(r)) && qpy_objects_token(r, qpy_objects_at(r), token) == QR_TOKEN_STR;
}
QR_OBJECTS qr_token_kind qr_objects_want_number(qr_reader *r, qr_token *token)
{
    PyObject *object = qpy_objects_at(r);
    return (PyLong_Check(object) && !PyBool_Check(object)) || PyFloat_Check(object) ? qpy_objects_token(r, object, token) : QR_TOKEN_ERROR;
}

QR_OBJECTS int qr_objects_want_array(qr_reader *r, qpy_objects_iter *iter)
{
    PyObject *object = qpy_objects_at(r);
    if (QR_UNLIKELY(!PyList_Check(object) && !PyTuple_Check(object)))
        return qpy_objects_set_array(r, iter);
    iter->source = object;
    iter->i = 0;
    iter->n = Py_SIZE(object);
    return QR_LIKELY((size_t)iter->n <= r->item_limit) || qr_reader_fail(r, QR_ERROR_ITEMS, (const uint8_t *)object);
}
QR_OBJECTS int qr_objects_more_array(qr_reader *r, qpy_objects_iter *iter)
{
    PyObject *source = iter->source;
    if (QR_UNLIKELY(Py_SIZE(source) != iter->n))
        return qpy_objects_changed(r);
    if (iter->i == iter->n)
        return 0;
    qpy_objects_set(r, PyList_Check(source) ? PyList_GET_ITEM(source, iter->i) : PyTuple_GET_ITEM(source, iter->i));
    iter->i++;
    return 1;
}

QR_OBJECTS int qr_objects_want_map(qr_reader *r, qpy_objects_iter *iter)
{
    PyObject *object = qpy_objects_at(r);
    if (QR_UNLIKELY(!PyDict_Check(object)))
        return 0;
    if (QR_UNLIKELY((size_t)PyDict_GET_SIZE(object) > r->item_limit))
        return qr_reader_fail(r, QR_ERROR_ITEMS, (const uint8_t *)object);
    if (QR_UNLIKELY(Py_TYPE(object)->tp_iter != PyDict_Type.tp_iter) && !(object = qpy_objects_plain_dict(r, object)))
        return 0;
    iter->source = object;
    iter->plan = NULL;
    iter->calls = qpy_objects_of(r)->calls;
    qpy_dict_iter_init(&iter->dict, object, qpy_objects_of(r)->sink.state->private_ok);
    return 1;
}
/* After a token MAP; an array is wanted, for that needs no token. */
QR_OBJECTS void qr_objects_open(qr_reader *r, const qr_token *token, qpy_objects_iter *iter)
{
    (void)token;
    if (QR_UNLIKELY(!qr_objects_want_map(r, iter))) { /* failed: nothing is in it */
        iter->plan = qpy_objects_of(r)->sink.plan;
        iter->i = iter->n = 0;
    }
}
QR_OBJECTS int qr_objects_more_map(qr_reader *r, qpy_objects_iter *iter)
{
    PyObject *key, *value;
    qpy_objects *self = qpy_objects_of(r);
    if (QR_UNLIKELY(iter->plan))
        return qpy_objects_next_attribute(r, iter);
    if (QR_UNLIKELY(iter->calls != self->calls)) {
        if (!qpy_dict_iter_valid(&iter->dict))
            return qpy_objects_changed(r);
        iter->calls = self->calls;
    }
    if (!qpy_dict_iter_next(&iter->dict, &key, &value))
        return 0;
    iter->key_at = (const uint8_t *)key;
    self->key = key;
    qpy_objects_set(r, value);
    return 1;
}

QR_OBJECTS int qr_objects_same_text(const uint8_t *a, const uint8_t *b, size_t n)
{
    if (n >= 8) {
        uint64_t other = qr_load64(a + n - 8) ^ qr_load64(b + n - 8);
        for (size_t i = 0; i + 8 < n; i += 8)
            other |= qr_load64(a + i) ^ qr_load64(b + i);
        return other == 0;
    }
    if (n >= 4)
        return ((qr_load32(a) ^ qr_load32(b)) | (qr_load32(a + n - 4) ^ qr_load32(b + n - 4))) == 0;
    return n == 0 || (a[0] == b[0] && a[n >> 1] == b[n >> 1] && a[n - 1] == b[n - 1]);
}
/* Steps are taken one by one, scalars as they come. */
QR_OBJECTS int qr_objects_pair_is(qr_reader *r, qpy_objects_iter *iter, const qr_image *image) { (void)r, (void)iter, (void)image; return 0; }
QR_OBJECTS int qr_objects_want_bool(qr_reader *r, int *value) { (void)r, (void)value; return 0; }
/* Is it the key of that field? An image is of no use here, but it stands in the field whose name is. */
QR_OBJECTS int qr_objects_key_is(qr_reader *r, qpy_objects_iter *iter, const qr_image *image)
{
    const qr_field *field = (const qr_field *)((const char *)image - offsetof(qr_field, image));
    PyObject *key = (PyObject *)iter->key_at;
    (void)r;
    if (QR_UNLIKELY(iter->plan))
        return iter->field == field;
    return PyUnicode_CheckExact(key) && PyUnicode_IS_COMPACT_ASCII(key) && (size_t)PyUnicode_GET_LENGTH(key) == field->length &&
           qr_objects_same_text(PyUnicode_1BYTE_DATA(key), field->name, field->length);
}
/* The key as text, to find a field by. One that is no text is the name of none. */
QR_OBJECTS int qr_objects_key(qr_reader *r, qpy_objects_iter *iter, qr_token *token)
{
    PyObject *key = (PyObject *)iter->key_at;
    token->at = iter->key_at;
    if (QR_LIKELY(!iter->plan && PyUnicode_Check(key)))
        return qpy_objects_token(r, key, token) == QR_TOKEN_STR;
    token->text = iter->plan ? iter->field->name : (const uint8_t *)"\xFF";
    token->length = token->count = iter->plan ? iter->field->length : 1;
    token->escaped = 0;
    return 1;
}
/* A key of any kind is an object that is read as a value (typed_object). */
QR_OBJECTS qr_token_kind qr_objects_key_any(qr_reader *r, qpy_objects_iter *iter, qr_token *token)
{
    (void)r;
    token->at = iter->key_at;
    token->object = (void *)iter->key_at;
    token->count = 1; /* a key */
    return QR_TOKEN_OBJECT;
}

QR_OBJECTS int qr_objects_check_text(qr_reader *r, const qr_token *token) { (void)r, (void)token; return 1; }
QR_OBJECTS size_t qr_objects_copy_utf8(qr_reader *r, const qr_token *token, uint8_t *to) { (void)r; return qpy_objects_utf8(token, to); }

/* ---------------------------------------------------------------- a conversion */

/* `self` and `path` need not be cleared before. plan: borrowed. */
void qpy_objects_init(qpy_objects *self, qr_path *path, qpy_state *state, qpy_plan *plan, PyObject *root, const qr_limits *limits, uint32_t options);
/* Raises the fault, if there is one, and drops everything; an exception that is set stays. */
void qpy_objects_release(qpy_objects *self, const qpy_format *format);
/* convert's: fields by their names in a document. */
extern const qpy_format qpy_objects_format;

/* Before the frames let go: keeps the object at fault and the newest key of the path. An exception that is set stays. */
QR_COLD void qpy_objects_hold(qpy_objects *self);

/* Keeps an object to the end of the conversion: 1, or 0 without an exception. */
QR_COLD int qpy_objects_keep(qpy_objects *self, PyObject *object);

/* ---------------------------------------------------------------- checking (objects_check.c) */

/* Is the object a value of the node already, down to the last field, bounds included? 1, or 0. Quiet: only what user code raised is
 * left as the reader's error; else every fault is, with its path. */
int qpy_objects_is(qpy_objects *self, uint32_t number, PyObject *object, int quiet);

PyObject *qpy_objects_validate(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
/* objects_build.c */
PyObject *qpy_objects_to_builtins(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);

#endif
