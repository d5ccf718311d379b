/* SPDX-License-Identifier: Apache-2.0 */
/* reduce: what objects say of themselves (PEP 307, PEP 574): persistent ids, reducers, and the tuples that __reduce_ex__ gives.
 *
 * Whatever is written later is a frame, pushed in reverse order; only what runs at once is done at once. */
#include "binding/attribute.h"
#include "binding/pickle/pickler.h"
#include "binding/record/record.h"

/* A level of what user code made, closed by a frame REDUCTION: 1, or 0 with RecursionError. */
static int open_level(qpy_pickling *k)
{
    if (++k->reduces <= (size_t)k->bound)
        return 1;
    PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded while pickling an object");
    return 0;
}

/* ---------------------------------------------------------------- persistent ids */

static int put_persistent_text(qpy_pickling *k, PyObject *id)
{
    PyObject *text = PyObject_Str(id);
    if (!text)
        return 0;
    int ok = PyUnicode_IS_ASCII(text);
    if (!ok)
        PyErr_SetString(k->state->pickle_error, "persistent IDs in protocol 0 must be ASCII strings");
    ok = ok && qr_pickle_room(&k->out, 0);
    if (ok) {
        qr_pickle_put(&k->out, QR_PICKLE_PERSID);
        ok = qr_pickle_put_bytes(&k->out, PyUnicode_DATA(text), (size_t)PyUnicode_GET_LENGTH(text)) && qr_pickle_put_bytes(&k->out, "\n", 1);
    }
    Py_DECREF(text);
    return ok;
}

qpy_saved qpy_pickle_persistent(qpy_pickling *k, PyObject *o, int *done)
{
    PyObject *ask = Py_NewRef(k->persistent_id);
    PyObject *arguments[] = {NULL, k->persistent_self, o}; /* the first is for the callee */
    PyObject *id = k->persistent_self ? PyObject_Vectorcall(ask, arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL) : PyObject_CallOneArg(ask, o);
    Py_DECREF(ask);
    *done = id != Py_None;
    if (!id)
        return QPY_SAVE_FAILED;
    qpy_saved saved = QPY_SAVED;
    if (*done && k->out.binary) { /* its parts are asked for ids of their own */
        qpy_pickle_frame *end = open_level(k) ? qpy_pickle_push(k, QPY_FRAME_REDUCTION, NULL) : NULL;
        if (end)
            end->alone = 1;
        saved = end && qpy_pickle_then_put(k, 1, QR_PICKLE_BINPERSID) && qpy_pickle_then(k, QPY_FRAME_SAVE_ID, id) ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
    }
    else if (*done)
        saved = put_persistent_text(k, id) ? QPY_SAVED : QPY_SAVE_FAILED;
    Py_DECREF(id);
    return saved;
}

/* ---------------------------------------------------------------- the tuple of a reduction */

typedef struct reduction { PyObject *callable, *arguments, *state, *items, *pairs, *setter; } reduction;

static int refuse(qpy_pickling *k, const char *message)
{
    PyErr_SetString(k->state->pickle_error, message);
    return 0;
}

static int check_iterator(qpy_pickling *k, PyObject *o, const char *which)
{
    if (!o || PyIter_Check(o))
        return 1;
    PyErr_Format(k->state->pickle_error, "%s element of the tuple returned by __reduce__ must be an iterator, not %s", which, Py_TYPE(o)->tp_name);
    return 0;
}

static int read_reduction(qpy_pickling *k, PyObject *tuple, reduction *r)
{
    PyObject *parts[6] = {NULL};
    Py_ssize_t n = PyTuple_GET_SIZE(tuple);
    if (n < 2 || n > 6)
        return refuse(k, "tuple returned by __reduce__ must contain 2 through 6 elements");
    for (Py_ssize_t i = 0; i < n; i++)
        parts[i] = i >= 2 && PyTuple_GET_ITEM(tuple, i) == Py_None ? NULL : PyTuple_GET_ITEM(tuple, i);
    *r = (reduction){parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]};
    if (!PyCallable_Check(r->callable))
        return refuse(k, "first item of the tuple returned by __reduce__ must be callable");
    if (!PyTuple_Check(r->arguments))
        return refuse(k, "second item of the tuple returned by __reduce__ must be a tuple");
    if (!check_iterator(k, r->items, "fourth") || !check_iterator(k, r->pairs, "fifth"))
        return 0;
    if (r->setter && !PyCallable_Check(r->setter)) {
        PyErr_Format(k->state->pickle_error, "sixth element of the tuple returned by __reduce__ must be a function, not %s", Py_TYPE(r->setter)->tp_name);
        return 0;
    }
    return 1;
}

/* The callable's name, when it stands for an opcode: 1: __newobj__, 2: __newobj_ex__, 0: neither; -1 with an exception. */
static int special_callable(qpy_pickling *k, PyObject *callable)
{
    PyObject *name;
    int which = 0;
    if (k->out.protocol < 2)
        return 0;
    if (!qpy_pickle_lookup(callable, k->state->str_name, &name))
        return -1;
    if (name && PyUnicode_Check(name) && PyUnicode_GET_LENGTH(name) >= 10 && PyUnicode_READ_CHAR(name, 2) == 'n')
        which = PyUnicode_CompareWithASCIIString(name, "__newobj_ex__") == 0 ? 2 : PyUnicode_CompareWithASCIIString(name, "__newobj__") == 0;
    Py_XDECREF(name);
    return which;
}

static int check_part(qpy_pickling *k, int ok, const char *what, PyObject *found)
{
    if (!ok)
        PyErr_Format(k->state->pickle_error, "%s, not %.200s", what, Py_TYPE(found)->tp_name);
    return ok;
}

/* functools.partial(cls.__new__, cls, *args, **kwargs): what stands for NEWOBJ_EX in protocols 2 and 3. */
static PyObject *partial_new(qpy_pickling *k, PyObject *cls, PyObject *args, PyObject *kwargs)
{
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    PyObject *make = qpy_attribute(cls, "__new__"), *all = make ? PyTuple_New(n + 2) : NULL;
    if (!all) {
        Py_XDECREF(make);
        return NULL;
    }
    PyTuple_SET_ITEM(all, 0, make);
    PyTuple_SET_ITEM(all, 1, Py_NewRef(cls));
    for (Py_ssize_t i = 0; i < n; i++)
        PyTuple_SET_ITEM(all, i + 2, Py_NewRef(PyTuple_GET_ITEM(args, i)));
    PyObject *result = PyObject_Call(k->state->pickle_partial, all, kwargs);
    Py_DECREF(all);
    return result;
}

static int then_call(qpy_pickling *k, PyObject *callable, PyObject *arguments, uint8_t code)
{
    return qpy_pickle_then_put(k, 1, code) && qpy_pickle_then(k, QPY_FRAME_SAVE, arguments) && qpy_pickle_then(k, QPY_FRAME_SAVE, callable);
}

static int then_new_ex(qpy_pickling *k, PyObject *arguments)
{
    if (PyTuple_GET_SIZE(arguments) != 3) {
        PyErr_Format(k->state->pickle_error, "length of the NEWOBJ_EX argument tuple must be exactly 3, not %zd", PyTuple_GET_SIZE(arguments));
        return 0;
    }
    PyObject *cls = PyTuple_GET_ITEM(arguments, 0), *args = PyTuple_GET_ITEM(arguments, 1), *kwargs = PyTuple_GET_ITEM(arguments, 2);
    if (!check_part(k, PyType_Check(cls), "first item from NEWOBJ_EX argument tuple must be a class", cls) ||
        !check_part(k, PyTuple_Check(args), "second item from NEWOBJ_EX argument tuple must be a tuple", args) ||
        !check_part(k, PyDict_Check(kwargs), "third item from NEWOBJ_EX argument tuple must be a dict", kwargs))
        return 0;
    if (k->out.protocol >= 4)
        return qpy_pickle_then_put(k, 1, QR_PICKLE_NEWOBJ_EX) && qpy_pickle_then(k, QPY_FRAME_SAVE, kwargs) && qpy_pickle_then(k, QPY_FRAME_SAVE, args) &&
               qpy_pickle_then(k, QPY_FRAME_SAVE, cls);
    PyObject *callable = partial_new(k, cls, args, kwargs), *none = callable ? PyTuple_New(0) : NULL;
    int ok = none && then_call(k, callable, none, QR_PICKLE_REDUCE);
    Py_XDECREF(callable);
    Py_XDECREF(none);
    return ok;
}

static int then_new(qpy_pickling *k, PyObject *arguments, PyObject *o)
{
    PyObject *cls = PyTuple_GET_SIZE(arguments) ? PyTuple_GET_ITEM(arguments, 0) : NULL, *own = NULL;
    if (!cls)
        return refuse(k, "__newobj__ arglist is empty");
    if (!PyType_Check(cls))
        return refuse(k, "args[0] from __newobj__ args is not a type");
    if (o) {
        PyObject *key = PyUnicode_InternFromString("__class__");
        if (!key || !qpy_pickle_lookup(o, key, &own)) {
            Py_XDECREF(key);
            return 0;
        }
        Py_DECREF(key);
        const int is = (own ? own : (PyObject *)Py_TYPE(o)) == cls;
        Py_XDECREF(own);
        if (!is)
            return refuse(k, "args[0] from __newobj__ args has the wrong class");
    }
    PyObject *rest = PyTuple_GetSlice(arguments, 1, PyTuple_GET_SIZE(arguments));
    int ok = rest && then_call(k, cls, rest, QR_PICKLE_NEWOBJ);
    Py_XDECREF(rest);
    return ok;
}

static int then_state(qpy_pickling *k, const reduction *r, PyObject *o)
{
    if (!r->state)
        return 1;
    if (!r->setter)
        return qpy_pickle_then_put(k, 1, QR_PICKLE_BUILD) && qpy_pickle_then(k, QPY_FRAME_SAVE, r->state);
    return qpy_pickle_then_put(k, 3, QR_PICKLE_TUPLE2 | (uint32_t)QR_PICKLE_REDUCE << 8 | (uint32_t)QR_PICKLE_POP << 16) &&
           qpy_pickle_then(k, QPY_FRAME_SAVE, r->state) && qpy_pickle_then(k, QPY_FRAME_SAVE, o ? o : Py_None) && qpy_pickle_then(k, QPY_FRAME_SAVE, r->setter);
}

static qpy_saved reduce(qpy_pickling *k, PyObject *tuple, PyObject *o, int counted)
{
    reduction r;
    if (!read_reduction(k, tuple, &r))
        return QPY_SAVE_FAILED;
    int special = special_callable(k, r.callable);
    if (special < 0)
        return QPY_SAVE_FAILED;
    if (counted && !open_level(k))
        return QPY_SAVE_FAILED;
    qpy_pickle_frame *end = qpy_pickle_push(k, QPY_FRAME_REDUCTION, tuple);
    if (!end)
        return QPY_SAVE_FAILED;
    end->alone = (uint8_t)counted;
    int ok = then_state(k, &r, o) && (!r.pairs || qpy_pickle_then(k, QPY_FRAME_PAIRS, r.pairs)) && (!r.items || qpy_pickle_then(k, QPY_FRAME_ITEMS, r.items)) &&
             (!o || qpy_pickle_then(k, QPY_FRAME_REDUCED, o)) &&
             (special == 2   ? then_new_ex(k, r.arguments)
              : special == 1 ? then_new(k, r.arguments, o)
                             : then_call(k, r.callable, r.arguments, QR_PICKLE_REDUCE));
    return ok ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
}

qpy_saved qpy_pickle_reduce(qpy_pickling *k, PyObject *value, PyObject *o) { return reduce(k, value, o, 1); }

/* A reduction of our own making (taken): of a built-in type, so no limit. */
static qpy_saved reduce_own(qpy_pickling *k, PyObject *tuple, PyObject *o)
{
    qpy_saved saved = tuple ? reduce(k, tuple, o, 0) : QPY_SAVE_FAILED;
    Py_XDECREF(tuple);
    return saved;
}

qpy_saved qpy_pickle_old(qpy_pickling *k, PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);
    if (type == &PyBytes_Type && PyBytes_GET_SIZE(o)) { /* what Python 2 reads as str */
        PyObject *text = PyUnicode_DecodeLatin1(PyBytes_AS_STRING(o), PyBytes_GET_SIZE(o), "strict");
        PyObject *latin1 = text ? PyUnicode_InternFromString("latin1") : NULL;
        PyObject *tuple = latin1 ? Py_BuildValue("(O(OO))", k->state->pickle_codecs_encode, text, latin1) : NULL;
        Py_XDECREF(text);
        Py_XDECREF(latin1);
        return reduce_own(k, tuple, o);
    }
    if (PyObject_Size(o) == 0 && (type == &PyBytes_Type || type == &PyByteArray_Type))
        return reduce_own(k, Py_BuildValue("(O())", type), o);
    PyObject *parts = type == &PyByteArray_Type ? PyBytes_FromObject(o) : PySequence_List(o);
    qpy_saved saved = parts ? reduce_own(k, Py_BuildValue("(O(O))", type, parts), o) : QPY_SAVE_FAILED;
    Py_XDECREF(parts);
    return saved;
}

/* ---------------------------------------------------------------- frames */

/* Is a pair two things? */
static int is_pair(PyObject *pair)
{
    if (PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2)
        return 1;
    PyErr_SetString(PyExc_TypeError, "dict items iterator must return 2-tuples");
    return 0;
}

/* An item, or a pair, that the iterator gave (taken). */
static qpy_saved then_item(qpy_pickling *k, PyObject *item, int pairs)
{
    int ok = pairs ? is_pair(item) && qpy_pickle_then(k, QPY_FRAME_SAVE, PyTuple_GET_ITEM(item, 1)) && qpy_pickle_then(k, QPY_FRAME_SAVE, PyTuple_GET_ITEM(item, 0))
                   : qpy_pickle_then(k, QPY_FRAME_SAVE, item);
    Py_DECREF(item);
    return ok ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
}

static int put(qpy_pickling *k, uint8_t code)
{
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    qr_pickle_put(&k->out, code);
    return 1;
}

static qpy_saved finished(qpy_pickling *k, int ok)
{
    if (!ok)
        return QPY_SAVE_FAILED;
    qpy_pickle_frame frame = k->frames[--k->depth];
    Py_XDECREF(frame.object);
    Py_XDECREF(frame.extra);
    return QPY_SAVED;
}

/* Items of an iterator, as many as QPY_PICKLE_BATCH after a MARK. batch: how many, 0: none was taken for it yet; extra: the second one,
 * which is taken before the first is written; alone: the only one is being written. */
static qpy_saved iterate(qpy_pickling *k, qpy_pickle_frame at, int pairs)
{
    const uint8_t one = pairs ? QR_PICKLE_SETITEM : QR_PICKLE_APPEND, many = pairs ? QR_PICKLE_SETITEMS : QR_PICKLE_APPENDS;
    const size_t mine = k->depth - 1;
    PyObject *item, *second = NULL;
    if (k->out.protocol == 0) {
        if (at.i && !put(k, one))
            return QPY_SAVE_FAILED;
        k->frames[mine].i = 1;
        item = PyIter_Next(at.object);
        return item ? then_item(k, item, pairs) : finished(k, !PyErr_Occurred());
    }
    if (at.alone)
        return finished(k, put(k, one));
    if (at.extra) {
        k->frames[mine].extra = NULL;
        k->frames[mine].batch++;
        return then_item(k, at.extra, pairs);
    }
    if (at.batch == QPY_PICKLE_BATCH) {
        if (!put(k, many))
            return QPY_SAVE_FAILED;
        at.batch = 0;
    }
    item = PyIter_Next(at.object);
    if (!item)
        return finished(k, !PyErr_Occurred() && (!at.batch || put(k, many)));
    if (at.batch == 0) {
        if (!pairs || is_pair(item))
            second = PyIter_Next(at.object);
        if (PyErr_Occurred() || (second && !put(k, QR_PICKLE_MARK))) {
            Py_XDECREF(second);
            Py_DECREF(item);
            return QPY_SAVE_FAILED;
        }
        k->frames[mine].alone = second == NULL;
        k->frames[mine].extra = second;
    }
    k->frames[mine].batch = (uint16_t)(at.batch + 1);
    return then_item(k, item, pairs);
}

/* The object is there; when that happened in the midst of its own arguments, those are taken away again and the rest is left out. */
static qpy_saved reduced(qpy_pickling *k, qpy_pickle_frame at)
{
    qpy_memo_entry *entry = qpy_memo_find(&k->memo, at.object);
    if (!qpy_memo_has(&k->memo, entry))
        return finished(k, qpy_pickle_memoize(k, at.object));
    uint32_t index = entry->index;
    if (!put(k, QR_PICKLE_POP) || !qpy_pickle_get(k, index))
        return QPY_SAVE_FAILED;
    while (k->frames[k->depth - 1].kind != QPY_FRAME_REDUCTION)
        finished(k, 1);
    return QPY_SAVED;
}

qpy_saved qpy_pickle_step(qpy_pickling *k, qpy_pickle_frame top)
{
    switch (top.kind) {
    case QPY_FRAME_ITEMS: return iterate(k, top, 0);
    case QPY_FRAME_PAIRS: return iterate(k, top, 1);
    case QPY_FRAME_REDUCED: return reduced(k, top);
    case QPY_FRAME_GLOBAL: return finished(k, qpy_pickle_toplevel(k, top.object, top.extra) == QPY_SAVED);
    default:
        k->reduces -= top.alone;
        return finished(k, 1);
    }
}

int qpy_pickle_pairs_of(qpy_pickling *k, PyObject *dict)
{
    PyObject *items = qpy_call_method(dict, "items", NULL), *iterator = items ? PyObject_GetIter(items) : NULL;
    int ok = iterator && qpy_pickle_then(k, QPY_FRAME_PAIRS, iterator);
    Py_XDECREF(items);
    Py_XDECREF(iterator);
    return ok;
}

/* ---------------------------------------------------------------- the order in which an object's reducers are asked */

/* The reducer of a type in dispatch tables: new, or NULL; -1 with an exception. */
static int dispatched(qpy_pickling *k, PyTypeObject *type, PyObject **function)
{
    *function = NULL;
    if (!k->dispatch_table) {
        *function = Py_XNewRef(PyDict_GetItemWithError(k->state->pickle_dispatch, (PyObject *)type));
        return *function || !PyErr_Occurred() ? 0 : -1;
    }
    PyObject *table = Py_NewRef(k->dispatch_table);
    *function = PyObject_GetItem(table, (PyObject *)type);
    Py_DECREF(table);
    if (*function)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_KeyError))
        return -1;
    PyErr_Clear();
    return 0;
}

static qpy_saved reduced_to(qpy_pickling *k, PyObject *value, PyObject *o)
{
    qpy_saved saved = QPY_SAVE_FAILED;
    if (!value)
        return saved;
    if (PyUnicode_Check(value))
        saved = qpy_pickle_global(k, o, value);
    else if (PyTuple_Check(value))
        saved = reduce(k, value, o, 1);
    else
        refuse(k, "__reduce__ must return a string or tuple");
    Py_DECREF(value);
    return saved;
}

/* What the object itself gives: new, or NULL with an exception. */
static PyObject *ask_object(qpy_pickling *k, PyObject *o)
{
    if (qpy_pickle_is_record(k, Py_TYPE(o)))
        return qpy_record_reduction(o);
    if (PyErr_Occurred())
        return NULL;
    PyObject *method, *result = NULL;
    if (!qpy_pickle_lookup(o, k->state->str_reduce_ex, &method))
        return NULL;
    if (method) {
        PyObject *protocol = PyLong_FromLong(k->out.protocol);
        result = protocol ? PyObject_CallOneArg(method, protocol) : NULL;
        Py_XDECREF(protocol);
    }
    else if (qpy_pickle_lookup(o, k->state->str_reduce, &method)) {
        if (method)
            result = PyObject_CallNoArgs(method);
        else
            PyErr_Format(k->state->pickle_error, "can't pickle '%.200s' object: %R", Py_TYPE(o)->tp_name, o);
    }
    Py_XDECREF(method);
    return result;
}

static qpy_saved save_type(qpy_pickling *k, PyObject *o)
{
    PyObject *only = o == (PyObject *)Py_TYPE(Py_None) ? Py_None : o == (PyObject *)Py_TYPE(Py_Ellipsis) ? Py_Ellipsis : o == (PyObject *)Py_TYPE(Py_NotImplemented) ? Py_NotImplemented : NULL;
    return only ? reduce_own(k, Py_BuildValue("O(O)", &PyType_Type, only), o) : qpy_pickle_global(k, o, NULL);
}

static qpy_saved other(qpy_pickling *k, PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);
    PyObject *function;
    if (k->reducer_override) {
        PyObject *override = Py_NewRef(k->reducer_override), *value = PyObject_CallOneArg(override, o);
        Py_DECREF(override);
        if (value != Py_NotImplemented)
            return reduced_to(k, value, o);
        Py_DECREF(value);
    }
    if (type == &PyType_Type)
        return save_type(k, o);
    if (type == &PyFunction_Type)
        return qpy_pickle_global(k, o, NULL);
    if (dispatched(k, type, &function) < 0)
        return QPY_SAVE_FAILED;
    if (function) {
        PyObject *value = PyObject_CallOneArg(function, o);
        Py_DECREF(function);
        return reduced_to(k, value, o);
    }
    if (PyType_IsSubtype(type, &PyType_Type))
        return qpy_pickle_global(k, o, NULL);
    int done = 0;
    qpy_saved saved = qpy_pickle_instance(k, o, &done);
    return done ? saved : reduced_to(k, ask_object(k, o), o);
}

/* It is held while its reducers run. */
qpy_saved qpy_pickle_other(qpy_pickling *k, PyObject *o)
{
    Py_INCREF(o);
    qpy_saved saved = other(k, o);
    Py_DECREF(o);
    return saved;
}
