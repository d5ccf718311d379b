/* SPDX-License-Identifier: Apache-2.0 */
/* walk: objects to opcodes. Compiled once with PLAIN 1 and once with PLAIN 0 (pickler.h says what that means).
 *
 * leaf() writes what has no parts. A container's function (list_items ...) writes its leaves in a row; at the first item that is none
 * it puts a frame on the stack, where it is not on it yet, and goes on from there, once that item has been written. `once`: there is but
 * one reference to the object, and we came by it. */
#include "binding/pickle/pickler.h"
#include "binding/record/record.h"
#include "core/base/simd.h"

#if PLAIN
#define ONE_REFERENCE 1
#define HOLD(o) ((void)0)
#define LET_GO(o) ((void)0)
#else
#define ONE_REFERENCE 2 /* ours is the other */
#define HOLD(o) Py_INCREF(o)
#define LET_GO(o) Py_DECREF(o)
#endif

/* The item that was just held: can it be met again? */
#define MET_ONCE(o) (Py_REFCNT(o) == ONE_REFERENCE)

QR_INLINE qpy_pickle_frame *top(qpy_pickling *k) { return &k->frames[k->depth - 1]; }

static qpy_saved pop(qpy_pickling *k)
{
    qpy_pickle_frame frame = k->frames[--k->depth];
    (void)frame;
#if !PLAIN
    Py_XDECREF(frame.object);
    Py_XDECREF(frame.extra);
#endif
    return QPY_SAVED;
}

#if PLAIN
static QR_COLD qpy_saved give_up(qpy_pickling *k)
{
    k->gave_up = 1;
    return QPY_SAVE_FAILED;
}
#endif

/* Is there no need to look it up? With references held the object's user may hand out another one: then only what cannot change, and only
 * where the pickle need not be the standard library's. */
#define UNSHARED(k, once, immutable) ((once) && (PLAIN || ((immutable) && (k)->lean)))

/* The opcode that memoizes it, and its entry. */
QR_INLINE int remember(qpy_pickling *k, PyObject *o, int unshared)
{
    if (!unshared)
        return qpy_pickle_memoize(k, o);
    if (k->lean)
        return 1;
    if (QR_UNLIKELY(k->memo.next > UINT32_MAX))
        return qpy_pickle_memoize(k, o);
    qr_pickle_put_memoize(&k->out, (uint32_t)k->memo.next++);
    return 1;
}

/* ---------------------------------------------------------------- leaves */

static QR_NOINLINE qpy_saved text_slowly(qpy_pickling *k, PyObject *o, int unshared)
{
    return qpy_pickle_text(k, o) && (unshared ? qr_pickle_room(&k->out, 0) && remember(k, o, 1) : qpy_pickle_memoize(k, o)) ? QPY_SAVED : QPY_SAVE_FAILED;
}

QR_INLINE qpy_saved text(qpy_pickling *k, PyObject *o, int once)
{
    qr_pickle_writer *out = &k->out;
    const int unshared = UNSHARED(k, once, 1);
    if (!qr_pickle_ready(out, 0))
        return QPY_SAVE_FAILED;
    qpy_memo_entry *entry = NULL;
    if (!unshared) {
        entry = qpy_memo_find(&k->memo, o);
        if (qpy_memo_has(&k->memo, entry)) {
            qr_pickle_put_get(out, entry->index);
            return QPY_SAVED;
        }
    }
    if (QR_UNLIKELY(!PyUnicode_IS_COMPACT_ASCII(o) || !out->binary))
        return text_slowly(k, o, unshared);
    size_t n = (size_t)PyUnicode_GET_LENGTH(o);
    if (QR_UNLIKELY(n >= QR_PICKLE_FRAME_TARGET))
        return text_slowly(k, o, unshared);
    if (!qr_pickle_room(out, n))
        return QPY_SAVE_FAILED;
    qr_pickle_put_text_head(out, n);
    qr_copy_short(out->buffer.p, (const uint8_t *)((const PyASCIIObject *)o + 1), n);
    out->buffer.p += n;
    if (PLAIN && !unshared && QR_LIKELY(k->memo.next <= UINT32_MAX)) { /* its place is still known */
        uint32_t index = (uint32_t)k->memo.next++;
        qr_pickle_put_memoize(out, index);
        return qpy_memo_add(&k->memo, entry, o, index) ? QPY_SAVED : QPY_SAVE_FAILED;
    }
    return remember(k, o, unshared) ? QPY_SAVED : QPY_SAVE_FAILED;
}

QR_INLINE qpy_saved integer(qpy_pickling *k, PyObject *o)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (QR_LIKELY(PyUnstable_Long_IsCompact((PyLongObject *)o))) {
        qr_pickle_put_int32(&k->out, (int32_t)PyUnstable_Long_CompactValue((PyLongObject *)o));
        return QPY_SAVED;
    }
#else
    Py_ssize_t size = Py_SIZE(o); /* sign and number of 30-bit digits */
    if (QR_LIKELY(size >= -1 && size <= 1)) {
        qr_pickle_put_int32(&k->out, (int32_t)(size * (int64_t)((PyLongObject *)o)->ob_digit[0]));
        return QPY_SAVED;
    }
#endif
    return qpy_pickle_long(k, o) ? QPY_SAVED : QPY_SAVE_FAILED;
}

/* PUSHED: it has parts or is rare; nothing was written. */
QR_INLINE qpy_saved leaf(qpy_pickling *k, PyObject *o, int once)
{
    PyTypeObject *type = Py_TYPE(o);
    if (type == &PyUnicode_Type)
        return text(k, o, once);
    if (QR_UNLIKELY(!qr_pickle_ready(&k->out, 0)))
        return QPY_SAVE_FAILED;
    if (type == &PyLong_Type)
        return integer(k, o);
    if (type == &PyFloat_Type) {
        if (QR_UNLIKELY(!k->out.binary))
            return qpy_pickle_float_text(k, o) ? QPY_SAVED : QPY_SAVE_FAILED;
        qr_pickle_put_float(&k->out, PyFloat_AS_DOUBLE(o));
        return QPY_SAVED;
    }
    if (o == Py_None) {
        qr_pickle_put_none(&k->out);
        return QPY_SAVED;
    }
    if (type == &PyBool_Type) {
        qr_pickle_put_bool(&k->out, o == Py_True);
        return QPY_SAVED;
    }
    return QPY_SAVE_PUSHED;
}

static qpy_saved container(qpy_pickling *k, PyObject *o, int once);
static qpy_saved parts(qpy_pickling *k, PyObject *o, int once);

/* The same, where a persistent id may stand for anything. */
QR_INLINE qpy_saved item_leaf(qpy_pickling *k, PyObject *o, int once) { return !PLAIN && QR_UNLIKELY(k->persistent_id != NULL) ? QPY_SAVE_PUSHED : leaf(k, o, once); }

static qpy_saved value(qpy_pickling *k, PyObject *o, int once)
{
    qpy_saved saved = item_leaf(k, o, once);
    return saved == QPY_SAVE_PUSHED ? container(k, o, once) : saved;
}

/* Closing opcodes: 1, or 0. */
QR_INLINE int put(qpy_pickling *k, uint8_t code)
{
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    qr_pickle_put(&k->out, code);
    return 1;
}
/* The end of a batch and the beginning of the next. */
QR_INLINE int put_batch(qpy_pickling *k, uint8_t code) { return put(k, code) && put(k, QR_PICKLE_MARK); }

/* ---------------------------------------------------------------- list */

/* Items from i on. In protocol 0 (`each`) one APPEND for each, once it is written. */
static qpy_saved list_items(qpy_pickling *k, PyObject *o, Py_ssize_t i, unsigned batch, int alone, int on_stack)
{
    const int each = k->out.protocol == 0;
    for (;;) {
        if (QR_UNLIKELY(each) && i && !put(k, QR_PICKLE_APPEND))
            return QPY_SAVE_FAILED;
        if (i >= (alone ? 1 : PyList_GET_SIZE(o)))
            break;
        if (QR_UNLIKELY(batch == QPY_PICKLE_BATCH) && !each) {
            if (!put_batch(k, QR_PICKLE_APPENDS))
                return QPY_SAVE_FAILED;
            batch = 0;
        }
        PyObject *item = PyList_GET_ITEM(o, i);
        HOLD(item);
        const int once = MET_ONCE(item);
        qpy_saved saved = item_leaf(k, item, once);
        if (saved == QPY_SAVE_PUSHED) {
            qpy_pickle_frame *frame = on_stack ? top(k) : qpy_pickle_push(k, QPY_FRAME_LIST, o);
            if (frame) {
                frame->i = i + on_stack;
                frame->batch = (uint16_t)(batch + (unsigned)on_stack);
                frame->alone = (uint8_t)alone;
            }
            saved = !frame ? QPY_SAVE_FAILED : on_stack ? container(k, item, once) : QPY_SAVE_PUSHED;
            if (saved != QPY_SAVED) {
                LET_GO(item);
                return saved;
            }
        }
        LET_GO(item);
        if (QR_UNLIKELY(saved == QPY_SAVE_FAILED))
            return saved;
        i++;
        batch += !each;
    }
    if (!each && !put(k, alone ? QR_PICKLE_APPEND : QR_PICKLE_APPENDS))
        return QPY_SAVE_FAILED;
    return on_stack ? pop(k) : QPY_SAVED;
}

static qpy_saved begin_list(qpy_pickling *k, PyObject *o, int once)
{
    if (k->out.binary)
        qr_pickle_put(&k->out, QR_PICKLE_EMPTY_LIST);
    else {
        qr_pickle_put(&k->out, QR_PICKLE_MARK);
        qr_pickle_put(&k->out, QR_PICKLE_LIST);
    }
    Py_ssize_t n = PyList_GET_SIZE(o);
    if (!remember(k, o, UNSHARED(k, once, 0)))
        return QPY_SAVE_FAILED;
    if (n == 0)
        return QPY_SAVED;
    if (k->out.protocol == 0) {
        return qpy_pickle_push(k, QPY_FRAME_LIST, o) ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
    }
    if (n != 1 && !put(k, QR_PICKLE_MARK))
        return QPY_SAVE_FAILED;
    return list_items(k, o, 0, 0, n == 1, 0);
}

/* ---------------------------------------------------------------- tuple */

static qpy_saved end_tuple(qpy_pickling *k, PyObject *o, Py_ssize_t n, int unshared)
{
    const int numbered = n <= 3 && k->out.protocol >= 2;
    if (!unshared) {
        qpy_memo_entry *entry = qpy_memo_find(&k->memo, o);
        if (QR_UNLIKELY(qpy_memo_has(&k->memo, entry))) { /* it holds itself, and was written in the midst */
            uint32_t index = entry->index;
            if (!numbered && k->out.binary)
                return put(k, QR_PICKLE_POP_MARK) && qpy_pickle_get(k, index) ? QPY_SAVED : QPY_SAVE_FAILED;
            for (Py_ssize_t i = numbered ? 1 : 0; i <= n; i++)
                if (!put(k, QR_PICKLE_POP))
                    return QPY_SAVE_FAILED;
            return qpy_pickle_get(k, index) ? QPY_SAVED : QPY_SAVE_FAILED;
        }
    }
    static const uint8_t codes[] = {0, QR_PICKLE_TUPLE1, QR_PICKLE_TUPLE2, QR_PICKLE_TUPLE3};
    return put(k, numbered ? codes[n] : QR_PICKLE_TUPLE) && remember(k, o, unshared) ? QPY_SAVED : QPY_SAVE_FAILED;
}

/* `once` is the tuple's. */
static qpy_saved tuple_items(qpy_pickling *k, PyObject *o, Py_ssize_t i, int once, int on_stack)
{
    Py_ssize_t n = PyTuple_GET_SIZE(o);
    for (; i < n; i++) {
        PyObject *item = PyTuple_GET_ITEM(o, i);
        if (QR_UNLIKELY(!item)) { /* somebody is still making it */
            PyErr_BadInternalCall();
            return QPY_SAVE_FAILED;
        }
        HOLD(item);
        const int item_once = once && MET_ONCE(item); /* until it is written a tuple that holds itself is met again, and so are its items */
        qpy_saved saved = item_leaf(k, item, item_once);
        if (saved == QPY_SAVE_PUSHED) {
            qpy_pickle_frame *frame = on_stack ? top(k) : qpy_pickle_push(k, QPY_FRAME_TUPLE, o);
            if (frame) {
                frame->i = i + on_stack;
                frame->alone = (uint8_t)once;
            }
            saved = !frame ? QPY_SAVE_FAILED : on_stack ? container(k, item, item_once) : QPY_SAVE_PUSHED;
            if (saved != QPY_SAVED) {
                LET_GO(item);
                return saved;
            }
        }
        LET_GO(item);
        if (QR_UNLIKELY(saved == QPY_SAVE_FAILED))
            return saved;
    }
    qpy_saved saved = end_tuple(k, o, n, UNSHARED(k, once, 1));
    return on_stack && saved == QPY_SAVED ? pop(k) : saved;
}

static qpy_saved begin_tuple(qpy_pickling *k, PyObject *o, int once)
{
    Py_ssize_t n = PyTuple_GET_SIZE(o);
    if (n == 0) {
        if (k->out.protocol)
            qr_pickle_put(&k->out, QR_PICKLE_EMPTY_TUPLE);
        else {
            qr_pickle_put(&k->out, QR_PICKLE_MARK);
            qr_pickle_put(&k->out, QR_PICKLE_TUPLE);
        }
        return QPY_SAVED;
    }
    if (n > 3 || k->out.protocol < 2)
        qr_pickle_put(&k->out, QR_PICKLE_MARK);
    return tuple_items(k, o, 0, once, 0);
}

/* ---------------------------------------------------------------- dict, and the attributes of an instance */

#if PLAIN
QR_INLINE int is_special(PyObject *name)
{
    return PyUnicode_IS_COMPACT_ASCII(name) && PyUnicode_GET_LENGTH(name) > 10 && qr_load16((const PyASCIIObject *)name + 1) == 0x5F5F;
}
#endif

static QR_COLD qpy_saved dict_changed(void)
{
    PyErr_SetString(PyExc_RuntimeError, "dictionary changed size during iteration");
    return QPY_SAVE_FAILED;
}

/* The value of a key that was written. */
static qpy_saved pair_value(qpy_pickling *k, PyObject *item)
{
    top(k)->has_value = 0;
    top(k)->extra = NULL;
    const int once = MET_ONCE(item);
    qpy_saved saved = value(k, item, once);
    LET_GO(item);
    return saved;
}

/* The walk's frame as `at` says, put there if it is not there yet: 1, or 0. */
QR_INLINE int keep(qpy_pickling *k, qpy_pickle_frame at, int on_stack)
{
    qpy_pickle_frame *frame = on_stack ? top(k) : qpy_pickle_push(k, (qpy_pickle_frame_kind)at.kind, at.object);
    if (frame)
        *frame = at;
    return frame != NULL;
}

/* The pairs from at.i on. n: the dict's size at the start. */
static qpy_saved dict_items(qpy_pickling *k, qpy_pickle_frame at, int on_stack)
{
    PyObject *o = at.object, *key, *item;
    qpy_saved saved;
#if PLAIN
    qpy_dict_iter walk;
#if QPY_PRIVATE
    if (at.kind == QPY_FRAME_INSTANCE)
        qpy_instance_iter_init(&walk, o);
    else
#endif
        qpy_dict_iter_init(&walk, o, k->state->private_ok);
    walk.i = at.i;
    const int own_keys = qpy_dict_iter_owns_keys(&walk);
#endif
    if (at.has_value) {
        saved = pair_value(k, at.extra);
        if (saved != QPY_SAVED)
            return saved;
        at.has_value = 0;
        at.extra = NULL;
    }
    for (;;) {
        if (QR_UNLIKELY(at.batch == QPY_PICKLE_BATCH)) {
            if (!put(k, QR_PICKLE_SETITEMS))
                return QPY_SAVE_FAILED;
            if (!PLAIN && PyDict_GET_SIZE(o) != at.n)
                return dict_changed();
            if (!put(k, QR_PICKLE_MARK))
                return QPY_SAVE_FAILED;
            at.batch = 0;
        }
        qpy_pickle_frame before = at;
#if PLAIN
        if (!qpy_dict_iter_next(&walk, &key, &item))
            break;
        at.i = walk.i;
        if (at.state && QR_UNLIKELY(!PyUnicode_CheckExact(key) || is_special(key)))
            return give_up(k); /* an attribute that may be asked before the class's own */
        const int key_once = own_keys && MET_ONCE(key);
#else
        if ((at.alone && at.batch) || !PyDict_Next(o, &at.i, &key, &item))
            break;
        const int key_once = 0;
#endif
        HOLD(key);
        HOLD(item);
        at.batch++;
        saved = item_leaf(k, key, key_once);
        if (QR_UNLIKELY(saved == QPY_SAVE_PUSHED) && !on_stack)
            saved = keep(k, before, 0) ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
        else if (QR_UNLIKELY(saved == QPY_SAVE_PUSHED)) {
            at.has_value = 1;
            HOLD(item);
            at.extra = item;
            *top(k) = at;
            saved = container(k, key, key_once);
            if (saved == QPY_SAVED)
                saved = QPY_SAVE_PUSHED; /* and on from the frame */
        }
        LET_GO(key);
        if (saved == QPY_SAVED) {
            const int once = MET_ONCE(item);
            saved = item_leaf(k, item, once);
            if (saved == QPY_SAVE_PUSHED && !on_stack) {
                at.has_value = 1;
                HOLD(item);
            at.extra = item;
                saved = keep(k, at, 0) ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
            }
            else if (saved == QPY_SAVE_PUSHED) {
                *top(k) = at;
                saved = container(k, item, once);
            }
        }
        LET_GO(item);
        if (QR_UNLIKELY(saved != QPY_SAVED))
            return saved;
    }
    if (!put(k, at.alone ? QR_PICKLE_SETITEM : QR_PICKLE_SETITEMS) || (at.after && !put(k, at.after)))
        return QPY_SAVE_FAILED;
    if (!PLAIN && !at.alone && PyDict_GET_SIZE(o) != at.n)
        return dict_changed();
    return on_stack ? pop(k) : QPY_SAVED;
}

/* EMPTY_DICT and what memoizes it are written. */
static qpy_saved begin_pairs(qpy_pickling *k, PyObject *o, qpy_pickle_frame_kind kind, Py_ssize_t n, int state, uint8_t after)
{
    qpy_pickle_frame at = {.object = o, .kind = (uint8_t)kind, .n = n, .alone = n == 1, .state = (uint8_t)state, .after = after};
    if (n == 0)
        return !after || put(k, after) ? QPY_SAVED : QPY_SAVE_FAILED;
    if (n != 1 && !put(k, QR_PICKLE_MARK))
        return QPY_SAVE_FAILED;
    return dict_items(k, at, 0);
}

/* `state`: it is an instance's; `after`: opcode that follows it, or 0. */
static qpy_saved begin_dict(qpy_pickling *k, PyObject *o, int once, int state, uint8_t after)
{
    if (k->out.binary)
        qr_pickle_put(&k->out, QR_PICKLE_EMPTY_DICT);
    else {
        qr_pickle_put(&k->out, QR_PICKLE_MARK);
        qr_pickle_put(&k->out, QR_PICKLE_DICT);
    }
    if (!remember(k, o, UNSHARED(k, once, 0)))
        return QPY_SAVE_FAILED;
    if (k->out.protocol > 0)
        return begin_pairs(k, o, QPY_FRAME_DICT, PyDict_GET_SIZE(o), state, after);
#if PLAIN
    return PyDict_GET_SIZE(o) == 0 ? QPY_SAVED : give_up(k); /* an iterator is an object of the garbage collector */
#else
    if (PyDict_GET_SIZE(o) == 0)
        return QPY_SAVED;
    return qpy_pickle_pairs_of(k, o) ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
#endif
}

/* ---------------------------------------------------------------- set and frozenset, by their tables */

QR_INLINE PyObject *set_next(PyObject *o, Py_ssize_t *i)
{
    PySetObject *set = (PySetObject *)o;
    while (*i <= set->mask) {
        setentry *entry = &set->table[(*i)++];
        if (entry->key && entry->hash != -1) /* the hash of a place that was left */
            return entry->key;
    }
    return NULL;
}

static qpy_saved end_frozenset(qpy_pickling *k, PyObject *o, int unshared)
{
    qpy_memo_entry *entry = unshared ? NULL : qpy_memo_find(&k->memo, o);
    if (entry && QR_UNLIKELY(qpy_memo_has(&k->memo, entry))) {
        uint32_t index = entry->index;
        return put(k, QR_PICKLE_POP_MARK) && qpy_pickle_get(k, index) ? QPY_SAVED : QPY_SAVE_FAILED;
    }
    return put(k, QR_PICKLE_FROZENSET) && remember(k, o, unshared) ? QPY_SAVED : QPY_SAVE_FAILED;
}

static qpy_saved set_items(qpy_pickling *k, qpy_pickle_frame at, int on_stack)
{
    PyObject *o = at.object, *item;
    const int frozen = at.kind == QPY_FRAME_FROZENSET;
    for (;;) {
        if (!frozen && QR_UNLIKELY(at.batch == QPY_PICKLE_BATCH)) {
            if (!put(k, QR_PICKLE_ADDITEMS))
                return QPY_SAVE_FAILED;
            if (!PLAIN && PySet_GET_SIZE(o) != at.n)
                break;
            if (!put(k, QR_PICKLE_MARK))
                return QPY_SAVE_FAILED;
            at.batch = 0;
        }
        const qpy_pickle_frame before = at;
        item = set_next(o, &at.i);
        if (!item)
            break;
        at.batch += !frozen;
        HOLD(item);
        const int once = (!frozen || at.alone) && MET_ONCE(item); /* see tuple_items */
        qpy_saved saved = item_leaf(k, item, once);
        if (saved == QPY_SAVE_PUSHED && !on_stack)
            saved = keep(k, before, 0) ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
        else if (saved == QPY_SAVE_PUSHED) {
            *top(k) = at;
            saved = container(k, item, once);
        }
        LET_GO(item);
        if (QR_UNLIKELY(saved != QPY_SAVED))
            return saved;
    }
    if (frozen) {
        qpy_saved saved = end_frozenset(k, o, UNSHARED(k, at.alone, 1));
        return on_stack && saved == QPY_SAVED ? pop(k) : saved;
    }
    if (at.batch < QPY_PICKLE_BATCH && !put(k, QR_PICKLE_ADDITEMS))
        return QPY_SAVE_FAILED;
    if (!PLAIN && PySet_GET_SIZE(o) != at.n) {
        PyErr_SetString(PyExc_RuntimeError, "set changed size during iteration");
        return QPY_SAVE_FAILED;
    }
    return on_stack ? pop(k) : QPY_SAVED;
}

static qpy_saved begin_set(qpy_pickling *k, PyObject *o, int once)
{
    qpy_pickle_frame at = {.object = o, .kind = QPY_FRAME_SET, .n = PySet_GET_SIZE(o)};
    qr_pickle_put(&k->out, QR_PICKLE_EMPTY_SET);
    if (!remember(k, o, UNSHARED(k, once, 0)))
        return QPY_SAVE_FAILED;
    if (at.n == 0)
        return QPY_SAVED;
    return put(k, QR_PICKLE_MARK) ? set_items(k, at, 0) : QPY_SAVE_FAILED;
}

static qpy_saved begin_frozenset(qpy_pickling *k, PyObject *o, int once)
{
    qpy_pickle_frame at = {.object = o, .kind = QPY_FRAME_FROZENSET, .n = PySet_GET_SIZE(o), .alone = (uint8_t)once};
    qr_pickle_put(&k->out, QR_PICKLE_MARK);
    return set_items(k, at, 0);
}

/* ---------------------------------------------------------------- classes and instances, without asking them */

#if PLAIN
static qpy_saved global(qpy_pickling *k, PyObject *o, PyObject *module, PyObject *name)
{
    return text(k, module, 0) == QPY_SAVED && text(k, name, 0) == QPY_SAVED && put(k, QR_PICKLE_STACK_GLOBAL) && qpy_pickle_memoize(k, o) ? QPY_SAVED : QPY_SAVE_FAILED;
}

static qpy_saved named(qpy_pickling *k, PyObject *o)
{
    PyObject *module, *name;
    return k->out.protocol >= 4 && qpy_pickle_plain_global(k, o, &module, &name) ? global(k, o, module, name) : give_up(k);
}

QR_INLINE PyObject *slot_of(PyObject *o, Py_ssize_t offset) { return *(PyObject **)(void *)((char *)o + offset); }

/* What a field's value is called in the state of a record, or a slot's. */
QR_INLINE qpy_saved slot_name(qpy_pickling *k, PyObject *name) { return QR_LIKELY(PyUnicode_CheckExact(name)) ? text(k, name, 0) : leaf(k, name, 0); }

/* The slots that have values, then TUPLE2, which the state of a record does without, and BUILD. frame: i: next slot, n: how many have values, batch: whether any was written. */
static qpy_saved slot_items(qpy_pickling *k, qpy_pickle_frame at, int on_stack)
{
    const qpy_pickle_plan *plan = (const qpy_pickle_plan *)(void *)at.extra;
    const Py_ssize_t count = PyTuple_GET_SIZE(plan->slots);
    if (!at.batch) {
        if (!qr_pickle_ready(&k->out, 0))
            return QPY_SAVE_FAILED;
        qr_pickle_put(&k->out, QR_PICKLE_EMPTY_DICT);
        if (!remember(k, NULL, 1) || (!at.alone && !put(k, QR_PICKLE_MARK)))
            return QPY_SAVE_FAILED;
        at.batch = 1;
    }
    while (at.i < count) {
        PyObject *item = slot_of(at.object, plan->offsets[at.i]);
        if (!item) {
            at.i++;
            continue;
        }
        if (!at.has_value && slot_name(k, PyTuple_GET_ITEM(plan->slots, at.i)) != QPY_SAVED)
            return QPY_SAVE_FAILED;
        const int once = MET_ONCE(item);
        qpy_saved saved = leaf(k, item, once);
        if (saved == QPY_SAVE_PUSHED && !on_stack) {
            at.has_value = 1; /* its name is written */
            return keep(k, at, 0) ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
        }
        at.has_value = 0;
        at.i++;
        if (saved == QPY_SAVE_PUSHED) {
            *top(k) = at;
            saved = container(k, item, once);
        }
        if (saved != QPY_SAVED)
            return saved;
    }
    if (!put(k, at.alone ? QR_PICKLE_SETITEM : QR_PICKLE_SETITEMS) || (!plan->is_record && (!put(k, QR_PICKLE_TUPLE2) || !remember(k, NULL, 1))) || !put(k, QR_PICKLE_BUILD))
        return QPY_SAVE_FAILED;
    return on_stack ? pop(k) : QPY_SAVED;
}

/* An instance's attributes as a dict, `after` after it; *any 0: it has none, and nothing was written. */
static qpy_saved attributes(qpy_pickling *k, PyObject *o, uint8_t after, int *any)
{
    PyObject *dict = NULL;
    *any = 1;
#if QPY_PRIVATE
    PyTypeObject *type = Py_TYPE(o);
    Py_ssize_t n;
    if (QR_LIKELY(k->state->private_ok)) {
        dict = qpy_instance_dict(o, type);
        if (!dict) {
            n = qpy_instance_count(o, type);
            if (n < 0)
                return give_up(k);
            *any = n > 0;
            if (n == 0)
                return QPY_SAVED;
            if (!qr_pickle_ready(&k->out, 0))
                return QPY_SAVE_FAILED;
            qr_pickle_put(&k->out, QR_PICKLE_EMPTY_DICT);
            if (!remember(k, NULL, 1))
                return QPY_SAVE_FAILED;
            return begin_pairs(k, o, QPY_FRAME_INSTANCE, n, 1, after);
        }
    }
    else
#endif
        return give_up(k);
    if (PyDict_GET_SIZE(dict) == 0) {
        *any = 0;
        return QPY_SAVED;
    }
    if (!qr_pickle_ready(&k->out, 0))
        return QPY_SAVE_FAILED;
    const int once = MET_ONCE(dict);
    if (!once) {
        qpy_memo_entry *entry = qpy_memo_find(&k->memo, dict);
        if (qpy_memo_has(&k->memo, entry))
            return qpy_pickle_get(k, entry->index) && (!after || put(k, after)) ? QPY_SAVED : QPY_SAVE_FAILED;
    }
    return begin_dict(k, dict, once, 1, after);
}

/* The class of an instance, which was just met. */
QR_INLINE int class_of(qpy_pickling *k, PyTypeObject *type, const qpy_pickle_plan *plan)
{
    qpy_memo_entry *entry = qpy_memo_find(&k->memo, (PyObject *)type);
    if (QR_LIKELY(qpy_memo_has(&k->memo, entry)))
        qr_pickle_put_get(&k->out, entry->index);
    else if (global(k, (PyObject *)type, plan->module, plan->name) != QPY_SAVED)
        return 0;
    return qr_pickle_ready(&k->out, 0);
}

/* What makes records, as its reducer says it: named anew each time that somebody asks, so the name is not met again. */
static int restorer(qpy_pickling *k)
{
    PyObject *restore = k->state->record_restore, *module, *name;
    qpy_memo_entry *entry = qpy_memo_find(&k->memo, restore);
    if (QR_LIKELY(qpy_memo_has(&k->memo, entry))) {
        qr_pickle_put_get(&k->out, entry->index);
        return qr_pickle_ready(&k->out, 0);
    }
    if (!qpy_pickle_plain_builtin(k, restore, &module, &name))
        return give_up(k) == QPY_SAVED;
    int ok = text(k, module, 0) == QPY_SAVED && text(k, name, 1) == QPY_SAVED && put(k, QR_PICKLE_STACK_GLOBAL) && qpy_pickle_memoize(k, restore) && qr_pickle_ready(&k->out, 0);
    Py_DECREF(name);
    return ok;
}

/* A quire.Record: _restore_record(class, layout), and a dict of its fields. */
static qpy_saved record(qpy_pickling *k, PyObject *o, qpy_pickle_plan *plan, Py_ssize_t count, int once)
{
    if (!restorer(k) || !class_of(k, Py_TYPE(o), plan))
        return QPY_SAVE_FAILED;
    qr_pickle_put_u8(&k->out, QR_PICKLE_BININT1, QPY_RECORD_LAYOUT);
    qr_pickle_put(&k->out, QR_PICKLE_TUPLE2);
    if (!remember(k, NULL, 1) || !put(k, QR_PICKLE_REDUCE) || !remember(k, o, once) || !qr_pickle_ready(&k->out, 0))
        return QPY_SAVE_FAILED;
    if (QR_LIKELY(count))
        return slot_items(k, (qpy_pickle_frame){.object = o, .extra = (PyObject *)(void *)plan, .kind = QPY_FRAME_SLOTS, .n = count, .alone = count == 1}, 0);
    qr_pickle_put(&k->out, QR_PICKLE_EMPTY_DICT);
    return remember(k, NULL, 1) && put(k, QR_PICKLE_BUILD) ? QPY_SAVED : QPY_SAVE_FAILED;
}

static qpy_saved instance(qpy_pickling *k, PyObject *o, int once)
{
    PyTypeObject *type = Py_TYPE(o);
    qpy_pickle_plan *plan = k->out.protocol >= 4 ? qpy_pickle_plan_of(k, type) : NULL;
    if (!plan)
        return give_up(k);
    int any = 0;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; plan->slots && i < PyTuple_GET_SIZE(plan->slots); i++)
        count += slot_of(o, plan->offsets[i]) != NULL;
    if (plan->is_record)
        return record(k, o, plan, count, once);
    if (!class_of(k, type, plan))
        return QPY_SAVE_FAILED;
    qr_pickle_put(&k->out, QR_PICKLE_EMPTY_TUPLE);
    qr_pickle_put(&k->out, QR_PICKLE_NEWOBJ);
    if (!remember(k, o, once))
        return QPY_SAVE_FAILED;
    if (count == 0)
        return plan->has_dict ? attributes(k, o, QR_PICKLE_BUILD, &any) : QPY_SAVED;
    qpy_pickle_frame at = {.object = o, .extra = (PyObject *)(void *)plan, .kind = QPY_FRAME_SLOTS, .n = count, .alone = count == 1};
    if (!qr_pickle_ready(&k->out, 0))
        return QPY_SAVE_FAILED;
    if (plan->has_dict) {
        qpy_pickle_frame *frame = qpy_pickle_push(k, QPY_FRAME_SLOTS, o);
        if (!frame)
            return QPY_SAVE_FAILED;
        *frame = at;
        qpy_saved saved = attributes(k, o, 0, &any);
        if (saved != QPY_SAVED || any)
            return saved == QPY_SAVED ? QPY_SAVE_PUSHED : saved;
        pop(k);
    }
    if (!qr_pickle_ready(&k->out, 0))
        return QPY_SAVE_FAILED;
    qr_pickle_put_none(&k->out);
    return slot_items(k, at, 0);
}
#endif

/* ---------------------------------------------------------------- everything else */

/* Bytes and what is like them: n bytes that are in the object. */
static qpy_saved block(qpy_pickling *k, PyObject *o, int written, int unshared)
{
    return written && qr_pickle_room(&k->out, 0) && remember(k, o, unshared) ? QPY_SAVED : QPY_SAVE_FAILED;
}

/* A container of the kinds that fast mode watches. */
static qpy_saved watched(qpy_pickling *k, PyObject *o, PyTypeObject *type, int once)
{
#if !PLAIN
    if (QR_UNLIKELY(k->fast) && (!qpy_pickle_fast_enter(k, o) || !qpy_pickle_then(k, QPY_FRAME_FAST_LEAVE, o)))
        return QPY_SAVE_FAILED;
    const int fast = k->fast;
    const size_t depth = k->depth;
#endif
    qpy_saved saved = type == &PyList_Type ? begin_list(k, o, once) : type == &PyDict_Type ? begin_dict(k, o, once, 0, 0) : begin_frozenset(k, o, once);
#if !PLAIN
    if (fast && saved == QPY_SAVED && k->depth == depth)
        return QPY_SAVE_PUSHED; /* the frame that leaves */
#endif
    return saved;
}

static qpy_saved old_protocol(qpy_pickling *k, PyObject *o)
{
#if PLAIN
    (void)o;
    return give_up(k);
#else
    return qpy_pickle_old(k, o);
#endif
}

/* What item_leaf() did not write. */
static qpy_saved container(qpy_pickling *k, PyObject *o, int once)
{
#if !PLAIN
    if (QR_UNLIKELY(k->persistent_id != NULL)) {
        int done;
        if (!qr_pickle_ready(&k->out, 0))
            return QPY_SAVE_FAILED;
        qpy_saved saved = qpy_pickle_persistent(k, o, &done);
        if (done)
            return saved;
        saved = leaf(k, o, once);
        if (saved != QPY_SAVE_PUSHED)
            return saved;
    }
#endif
    return parts(k, o, once);
}

/* What leaf() did not write. */
static qpy_saved parts(qpy_pickling *k, PyObject *o, int once)
{
    PyTypeObject *type = Py_TYPE(o);
    if (!qr_pickle_ready(&k->out, 0))
        return QPY_SAVE_FAILED;
    if (!UNSHARED(k, once, type == &PyTuple_Type || type == &PyBytes_Type || type == &PyFrozenSet_Type)) {
        qpy_memo_entry *entry = qpy_memo_find(&k->memo, o);
        if (qpy_memo_has(&k->memo, entry)) {
            qr_pickle_put_get(&k->out, entry->index);
            return QPY_SAVED;
        }
    }
    const int protocol = k->out.protocol;
    if (type == &PyTuple_Type)
        return begin_tuple(k, o, once);
    if (type == &PyDict_Type || type == &PyList_Type)
        return watched(k, o, type, once);
    if (type == &PyBytes_Type)
        return protocol < 3 ? old_protocol(k, o) : block(k, o, qpy_pickle_bytes(k, o, PyBytes_AS_STRING(o), PyBytes_GET_SIZE(o)), UNSHARED(k, once, 1));
    if (type == &PySet_Type)
        return protocol < 4 ? old_protocol(k, o) : begin_set(k, o, once);
    if (type == &PyFrozenSet_Type)
        return protocol < 4 ? old_protocol(k, o) : watched(k, o, type, once);
    if (type == &PyByteArray_Type)
        return protocol < 5 ? old_protocol(k, o)
                            : block(k, o, qpy_pickle_bytearray(k, o, PyByteArray_AS_STRING(o), PyByteArray_GET_SIZE(o)), UNSHARED(k, once, 0));
#if PLAIN
    if (type == &PyType_Type || type == &PyFunction_Type)
        return named(k, o);
    return type->tp_flags & Py_TPFLAGS_HEAPTYPE ? instance(k, o, once) : give_up(k);
#else
    if (type == &PyPickleBuffer_Type)
        return qpy_pickle_buffer(k, o) ? QPY_SAVED : QPY_SAVE_FAILED;
    return qpy_pickle_other(k, o);
#endif
}

/* ---------------------------------------------------------------- the machine */

#if PLAIN
#define RUN qpy_pickle_run_plain
#else
#define RUN qpy_pickle_run_held

static qpy_saved put_codes(qpy_pickling *k, qpy_pickle_frame frame)
{
    for (Py_ssize_t i = 0; i < frame.n; i++)
        if (!put(k, (uint8_t)((size_t)frame.i >> 8 * i)))
            return QPY_SAVE_FAILED;
    return pop(k);
}

/* What a frame holds is written, and the frame is gone before. */
static qpy_saved save_held(qpy_pickling *k, PyObject *o, int persistent)
{
    k->depth--;
    qpy_saved saved = persistent ? item_leaf(k, o, 0) : leaf(k, o, 0);
    if (saved == QPY_SAVE_PUSHED)
        saved = persistent ? container(k, o, 0) : parts(k, o, 0);
    Py_DECREF(o);
    return saved;
}

static qpy_saved step_held(qpy_pickling *k, qpy_pickle_frame frame)
{
    int ok;
    switch (frame.kind) {
    case QPY_FRAME_SAVE: return save_held(k, frame.object, 1);
    case QPY_FRAME_SAVE_ID: return save_held(k, frame.object, 0);
    case QPY_FRAME_PUT: return put_codes(k, frame);
    case QPY_FRAME_MEMOIZE:
        ok = qpy_pickle_memoize(k, frame.object);
        break;
    case QPY_FRAME_FAST_LEAVE:
        ok = qpy_pickle_fast_leave(k, frame.object);
        break;
    default: return qpy_pickle_step(k, frame);
    }
    return ok ? pop(k) : QPY_SAVE_FAILED;
}
#endif

int RUN(qpy_pickling *k, PyObject *object)
{
    qpy_saved saved = value(k, object, 0);
    while (saved != QPY_SAVE_FAILED && k->depth) {
        const qpy_pickle_frame frame = *top(k);
        switch (frame.kind) {
        case QPY_FRAME_LIST: saved = list_items(k, frame.object, frame.i, frame.batch, frame.alone, 1); break;
        case QPY_FRAME_TUPLE: saved = tuple_items(k, frame.object, frame.i, frame.alone, 1); break;
        case QPY_FRAME_INSTANCE:
        case QPY_FRAME_DICT: saved = dict_items(k, frame, 1); break;
        case QPY_FRAME_SET:
        case QPY_FRAME_FROZENSET: saved = set_items(k, frame, 1); break;
#if PLAIN
        default: saved = slot_items(k, frame, 1); break;
#else
        default: saved = step_held(k, frame); break;
#endif
        }
    }
    return saved != QPY_SAVE_FAILED;
}
