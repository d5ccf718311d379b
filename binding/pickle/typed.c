/* SPDX-License-Identifier: Apache-2.0 */
/* typed: the machine that loads nothing but what a table allows.
 *
 * A global is looked up in a dict of (module, name) and nowhere else: no import, no attribute, no find_class. What is found there is a
 * `named`, which cannot be called and has no use but as the operand of an opcode: its three handlers are functions of quire
 * (python/quire/pickle/_typed.py), which get the arguments as they stand and make the object themselves.
 *
 *   named.reduce(args)   REDUCE      named.new(args)   NEWOBJ      each gives an object; of a `fresh` one (object, build)
 *   build(object, state) BUILD, once, of an object that such a handler has just made
 *
 * Of most classes no handler is asked: a `shape` says what an instance without arguments is made by and what its state may set.
 *
 * Objects that existed before are never changed, because BUILD, APPENDS and SETITEMS only take what this load has made: exact lists,
 * dicts and sets, the containers of the table, fresh objects. What is hashed is weighed first. The result is weighed as a tree
 * before anybody walks it: what is shared counts each time. */
#include "binding/pickle/typed.h"

#include "binding/attribute.h"
#include "binding/keys.h"
#include "binding/members.h"
#include "binding/plan/plan.h"

enum { KEY_DEPTH = 32 };

/* ---------------------------------------------------------------- named */

typedef struct named_object {
    PyObject_HEAD
    PyObject *module, *name, *reduce, *make, *fresh;
    PyObject *shape; /* (class, maker, setter, fields, names, build), or None; True: called with (class, 1) it makes one of that class's */
} named_object;

static PyObject *named_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"module", "name", "reduce", "new", "fresh", "shape", NULL};
    PyObject *module, *name, *reduce = Py_None, *make = Py_None, *fresh = Py_False, *shape = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "UU|OOO!O:_PickleNamed", (char **)names, &module, &name, &reduce, &make, &PyBool_Type, &fresh, &shape))
        return NULL;
    if (shape != Py_None && shape != Py_True && !(PyTuple_CheckExact(shape) && PyTuple_GET_SIZE(shape) == QPY_SHAPE_PARTS && PyType_Check(PyTuple_GET_ITEM(shape, QPY_SHAPE_CLASS)) &&
                              PyDict_CheckExact(PyTuple_GET_ITEM(shape, QPY_SHAPE_FIELDS)) && PyTuple_CheckExact(PyTuple_GET_ITEM(shape, QPY_SHAPE_NAMES)))) {
        PyErr_SetString(PyExc_TypeError, "shape of _PickleNamed() is (class, maker, setter, fields, names, build)");
        return NULL;
    }
    named_object *self = (named_object *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->module = Py_NewRef(module);
    self->name = Py_NewRef(name);
    self->reduce = Py_NewRef(reduce);
    self->make = Py_NewRef(make);
    self->fresh = Py_NewRef(fresh);
    self->shape = Py_NewRef(shape);
    return (PyObject *)self;
}

static int named_traverse(PyObject *op, visitproc visit, void *arg)
{
    named_object *self = (named_object *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->reduce);
    Py_VISIT(self->make);
    Py_VISIT(self->shape);
    return 0;
}

static int named_clear(PyObject *op)
{
    named_object *self = (named_object *)op;
    Py_CLEAR(self->module);
    Py_CLEAR(self->name);
    Py_CLEAR(self->reduce);
    Py_CLEAR(self->make);
    Py_CLEAR(self->fresh);
    Py_CLEAR(self->shape);
    return 0;
}

static void named_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    named_clear(op);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyMemberDef named_members[] = {
    {"module", QPY_MEMBER_OBJECT, offsetof(named_object, module), QPY_MEMBER_READONLY, NULL},
    {"name", QPY_MEMBER_OBJECT, offsetof(named_object, name), QPY_MEMBER_READONLY, NULL},
    {"new", QPY_MEMBER_OBJECT, offsetof(named_object, make), QPY_MEMBER_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot named_slots[] = {
    {Py_tp_new, named_new}, {Py_tp_dealloc, named_dealloc}, {Py_tp_traverse, named_traverse}, {Py_tp_clear, named_clear}, {Py_tp_members, named_members},
    {Py_tp_doc, (char *)"_PickleNamed(module, name, reduce=None, new=None, fresh=False, shape=None)\n--\n\nWhat a pickle may name, and what quire makes of it."}, {0, NULL},
};
static PyType_Spec named_spec = {
    .name = "quire._core._PickleNamed", .basicsize = sizeof(named_object), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, .slots = named_slots,
};

/* ---------------------------------------------------------------- refusing */

QR_COLD int qpy_typed_refuse(qpy_unpickle *m, const char *rule, PyObject *module, PyObject *name)
{
    PyObject *error = qpy_unpickle_error(m->state), *args = error ? Py_BuildValue("(sOO)", rule, module ? module : Py_None, name ? name : Py_None) : NULL;
    if (args)
        PyErr_SetObject(error, args);
    Py_XDECREF(args);
    return 0;
}

QR_COLD int qpy_typed_refuse_named(qpy_unpickle *m, const char *rule, PyObject *object)
{
    if (!Py_IS_TYPE(object, m->state->unpickle_named))
        return qpy_typed_refuse(m, rule, NULL, NULL);
    named_object *named = (named_object *)object;
    return qpy_typed_refuse(m, rule, named->module, named->name);
}

/* ---------------------------------------------------------------- what is hashed */

/* Weighs a key: 1, or 0 with an exception. *random: its hash cannot be foreseen. */
static int weigh(qpy_unpickle *m, PyObject *key, unsigned depth, int *random)
{
    qpy_typed *t = m->typed;
    if (t->hash_left == 0)
        return qpy_typed_refuse(m, "limit: hashing this key would take too long", NULL, NULL);
    t->hash_left--;
    if (PyUnicode_CheckExact(key) || PyBytes_CheckExact(key)) {
        *random |= PyUnicode_CheckExact(key) ? PyUnicode_GET_LENGTH(key) > 0 : PyBytes_GET_SIZE(key) > 0;
        return 1;
    }
    if (PyTuple_Check(key)) {
        if (!PyTuple_CheckExact(key) && !PySet_Contains(t->hashable, (PyObject *)Py_TYPE(key)))
            return PyErr_Occurred() ? 0 : qpy_typed_refuse(m, "a key of a class that is not named by the type", NULL, NULL);
        if (depth == KEY_DEPTH)
            return qpy_typed_refuse(m, "limit: a key that is nested too deep", NULL, NULL);
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); i++)
            if (!weigh(m, PyTuple_GET_ITEM(key, i), depth + 1, random))
                return 0;
        return 1;
    }
    if (PyLong_CheckExact(key) || key == Py_None || PyBool_Check(key) || PyFloat_CheckExact(key) || PyFrozenSet_CheckExact(key))
        return 1;
    int known = PySet_Contains(t->hashable, (PyObject *)Py_TYPE(key));
    if (known == 0)
        return qpy_typed_refuse(m, "a key of a class that is not named by the type", NULL, NULL);
    return known > 0;
}

static int is_small(PyObject *key)
{
    int overflow;
    if (key == Py_None || PyBool_Check(key) || PyFloat_CheckExact(key))
        return 1;
    if (!PyLong_CheckExact(key))
        return 0;
    long long value = PyLong_AsLongLongAndOverflow(key, &overflow);
    return !overflow && value > -(1LL << 60) && value < 1LL << 60;
}

static int typed_keys(qpy_unpickle *m, PyObject **from, PyObject **to, int step)
{
    for (PyObject **key = from; key < to; key += step) {
        int random = 0;
        if (QR_LIKELY(PyUnicode_CheckExact(*key)) || is_small(*key))
            continue;
        if (!weigh(m, *key, 0, &random))
            return 0;
        if (!random && m->typed->risky_left-- == 0) {
            m->typed->risky_left = 0;
            return qpy_typed_refuse(m, "limit: too many keys whose hashes can be foreseen", NULL, NULL);
        }
    }
    return 1;
}

static int typed_integer(qpy_unpickle *m, size_t bytes)
{
    return bytes <= m->typed->int_bytes || qpy_typed_refuse(m, "limit: an integer of too many digits", NULL, NULL);
}

/* ---------------------------------------------------------------- globals */

static int push_named(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject *module, PyObject *name)
{
    PyObject *key = PyTuple_Pack(2, module, name), *found = key ? PyDict_GetItemWithError(m->typed->table, key) : NULL;
    Py_XDECREF(key);
    if (found)
        return qpy_unpickle_push(s, Py_NewRef(found));
    return PyErr_Occurred() ? 0 : qpy_typed_refuse(m, "a global that the type does not name", module, name);
}

static int typed_global(qpy_unpickle *m, qpy_unpickle_stack *s, const qr_pickle_instruction *op)
{
    PyObject *module = PyUnicode_DecodeUTF8((const char *)op->text, (Py_ssize_t)op->length, "strict");
    PyObject *name = module ? PyUnicode_DecodeUTF8((const char *)op->second, (Py_ssize_t)op->second_length, "strict") : NULL;
    int ok = name && push_named(m, s, module, name);
    Py_XDECREF(name);
    Py_XDECREF(module);
    return ok;
}

static int typed_stack_global(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    if (s->top - s->fence < 2 || !PyUnicode_CheckExact(s->top[-1]) || !PyUnicode_CheckExact(s->top[-2]))
        return qpy_unpickle_fail(m, "STACK_GLOBAL requires str");
    PyObject *name = *--s->top, *module = *--s->top;
    int ok = push_named(m, s, module, name);
    Py_DECREF(name);
    Py_DECREF(module);
    return ok;
}

static int typed_ext(qpy_unpickle *m, qpy_unpickle_stack *s, int64_t code) { (void)s, (void)code; return qpy_typed_refuse(m, "an extension code: it names whatever is registered here", NULL, NULL); }
static int typed_persid(qpy_unpickle *m, qpy_unpickle_stack *s, const qr_pickle_instruction *op) { (void)s, (void)op; return qpy_typed_refuse(m, "a persistent object", NULL, NULL); }
static int typed_binpersid(qpy_unpickle *m, qpy_unpickle_stack *s) { (void)s; return qpy_typed_refuse(m, "a persistent object", NULL, NULL); }
static int typed_next_buffer(qpy_unpickle *m, qpy_unpickle_stack *s) { (void)s; return qpy_typed_refuse(m, "a buffer outside of the pickle", NULL, NULL); }
static int typed_readonly_buffer(qpy_unpickle *m, qpy_unpickle_stack *s) { (void)m, (void)s; return 1; /* bytes and a bytearray stay what they are */ }
static int typed_inst(qpy_unpickle *m, qpy_unpickle_stack *s, const qr_pickle_instruction *op) { (void)s, (void)op; return qpy_typed_refuse(m, "an instance of Python 2's kind", NULL, NULL); }
static int typed_obj(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **above) { (void)s, (void)above; return qpy_typed_refuse(m, "an instance of Python 2's kind", NULL, NULL); }

/* ---------------------------------------------------------------- objects */

/* What a call or a state looks at, and may copy, counts each time: a few opcodes can have the same again. 1, or 0 with an exception. */
static int charge(qpy_unpickle *m, PyObject *object)
{
    size_t weight = 0;
    if (PyTuple_Check(object) || PyList_CheckExact(object))
        weight = (size_t)Py_SIZE(object);
    else if (PyDict_Check(object))
        weight = (size_t)PyDict_GET_SIZE(object);
    else if (PyUnicode_Check(object))
        weight = (size_t)PyUnicode_GET_LENGTH(object) / 8;
    else if (PyBytes_Check(object))
        weight = (size_t)PyBytes_GET_SIZE(object) / 8;
    else if (PyLong_CheckExact(object))
        weight = (size_t)_PyLong_NumBits(object) / 8;
    if (weight > m->typed->work_left)
        return qpy_typed_refuse(m, "limit: made again of what is shared, it would be too large", NULL, NULL);
    m->typed->work_left -= weight;
    return 1;
}

static int charge_with_parts(qpy_unpickle *m, PyObject *tuple)
{
    int ok = charge(m, tuple);
    for (Py_ssize_t i = 0; ok && i < PyTuple_GET_SIZE(tuple); i++)
        ok = charge(m, PyTuple_GET_ITEM(tuple, i));
    return ok;
}

/* The containers of the table are held to the end: some of their types free what is nested in them by calling themselves, without a
 * bound. 1, or 0 with an exception. */
static int hold_container(qpy_typed *t, PyObject *object)
{
    int known = PySet_Contains(t->containers, (PyObject *)Py_TYPE(object));
    return known == 0 || (known > 0 && (t->held || (t->held = PyList_New(0))) && PyList_Append(t->held, object) == 0);
}

/* 1, 0, or -1 with an exception. */
static int is_kept(qpy_typed *t, PyObject *container)
{
    PyObject *key = t->kept ? PyLong_FromVoidPtr(container) : NULL;
    int known = key ? PySet_Contains(t->kept, key) : t->kept ? -1 : 0;
    Py_XDECREF(key);
    return known;
}

/* At the end, with no exception set: what is not in the result is emptied, so that freeing it goes no deeper. */
static void let_go(qpy_typed *t, int has_value)
{
    for (Py_ssize_t i = 0; t->held && i < PyList_GET_SIZE(t->held); i++) {
        PyObject *container = PyList_GET_ITEM(t->held, i);
        if (!has_value || is_kept(t, container) == 0)
            Py_XDECREF(qpy_call_method(container, "clear", NULL));
        PyErr_Clear();
    }
    Py_CLEAR(t->held);
    Py_CLEAR(t->kept);
    qpy_typed_forget(t);
}

/* set(list) and frozenset(list), of protocols that have no opcode for them. */
static PyObject *make_set(qpy_unpickle *m, PyObject *named, PyObject *args)
{
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    PyObject *list = n == 1 ? PyTuple_GET_ITEM(args, 0) : NULL;
    if (n > 1 || (list && !PyList_CheckExact(list))) {
        qpy_typed_refuse_named(m, "a set of something that is no list", named);
        return NULL;
    }
    PyObject **items = list ? ((PyListObject *)list)->ob_item : NULL;
    if (list && !typed_keys(m, items, items + PyList_GET_SIZE(list), 1))
        return NULL;
    return PyUnicode_GET_LENGTH(((named_object *)named)->name) == 3 ? PySet_New(list) : PyFrozenSet_New(list);
}

/* An instance of the class, without arguments; noted, with the shape that it may be built by. */
static PyObject *make_by_shape(qpy_unpickle *m, PyObject *shape)
{
    PyObject *maker = PyTuple_GET_ITEM(shape, QPY_SHAPE_MAKER), *cls = PyTuple_GET_ITEM(shape, QPY_SHAPE_CLASS), *made_;
    if (maker == Py_None) {
        PyObject *none = PyTuple_New(0);
        made_ = none ? PyBaseObject_Type.tp_new((PyTypeObject *)cls, none, NULL) : NULL;
        Py_XDECREF(none);
    }
    else {
        PyObject *version = PyLong_FromLong(1), *args[] = {cls, version};
        made_ = version ? PyObject_Vectorcall(maker, args, 2, NULL) : NULL;
        Py_XDECREF(version);
    }
    if (made_ && !qpy_typed_note(m->typed, made_, shape))
        Py_CLEAR(made_);
    return made_;
}

/* The shape that makes an instance of what is called so, or NULL: NEWOBJ of a class without arguments, and
 * REDUCE of what restores records (its shape is True) with (class, 1). */
static PyObject *shape_of(qpy_unpickle *m, named_object *named, PyObject *args, int reduces)
{
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    if (!reduces)
        return PyTuple_CheckExact(named->shape) && n == 0 ? named->shape : NULL;
    if (named->shape != Py_True || n != 2 || !Py_IS_TYPE(PyTuple_GET_ITEM(args, 0), m->state->unpickle_named))
        return NULL;
    PyObject *shape = ((named_object *)PyTuple_GET_ITEM(args, 0))->shape, *version = PyTuple_GET_ITEM(args, 1);
    if (!PyTuple_CheckExact(shape) || PyTuple_GET_ITEM(shape, QPY_SHAPE_MAKER) == Py_None || !PyLong_CheckExact(version))
        return NULL;
    int overflow;
    return PyLong_AsLongAndOverflow(version, &overflow) == 1 ? shape : NULL;
}

static int construct(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject *named, PyObject *args, PyObject **at, int reduces)
{
    if (!Py_IS_TYPE(named, m->state->unpickle_named) || !PyTuple_CheckExact(args))
        return qpy_typed_refuse(m, "a call of something that is no global", NULL, NULL);
    PyObject *handler = reduces ? ((named_object *)named)->reduce : ((named_object *)named)->make;
    if (handler == Py_None)
        return qpy_typed_refuse_named(m, "a global that must not be called so", named);
    if (!charge_with_parts(m, args))
        return 0;
    PyObject *shape = shape_of(m, (named_object *)named, args, reduces);
    PyObject *made_ = shape ? make_by_shape(m, shape) : handler == Py_True ? make_set(m, named, args) : PyObject_CallOneArg(handler, args);
    if (!shape && made_ && ((named_object *)named)->fresh == Py_True) {
        if (!PyTuple_CheckExact(made_) || PyTuple_GET_SIZE(made_) != 2) {
            Py_DECREF(made_);
            return qpy_typed_refuse_named(m, "a global that must not be called so", named);
        }
        PyObject *object = Py_NewRef(PyTuple_GET_ITEM(made_, 0));
        int ok = qpy_typed_note(m->typed, object, PyTuple_GET_ITEM(made_, 1));
        Py_SETREF(made_, object);
        if (!ok)
            Py_CLEAR(made_);
    }
    if (made_ && !shape && !hold_container(m->typed, made_))
        Py_CLEAR(made_);
    if (!made_)
        return 0;
    qpy_unpickle_stack_clear(s, at);
    return qpy_unpickle_push(s, made_);
}

static int typed_reduce(qpy_unpickle *m, qpy_unpickle_stack *s) { return construct(m, s, s->top[-2], s->top[-1], s->top - 2, 1); }

static int typed_newobj(qpy_unpickle *m, qpy_unpickle_stack *s, int with_names)
{
    if (with_names && !(PyDict_CheckExact(s->top[-1]) && PyDict_GET_SIZE(s->top[-1]) == 0))
        return qpy_typed_refuse_named(m, "a class that is called with keywords", s->top[-3]);
    PyObject **at = s->top - 2 - with_names;
    return construct(m, s, at[0], at[1], at, 0);
}

QR_INLINE PyObject *typed_make(qpy_unpickle *m, PyObject *cls, PyObject *args)
{
    if (!Py_IS_TYPE(cls, m->state->unpickle_named) || (args && (!PyTuple_CheckExact(args) || PyTuple_GET_SIZE(args))))
        return NULL;
    const named_object *named = (named_object *)cls;
    return PyTuple_CheckExact(named->shape) && named->make != Py_None ? qpy_typed_make(m, named->shape) : NULL;
}

/* The values that a state has now: whoever has it in the memo may change it. A new reference, or NULL with an exception. */
static PyObject *values_of(PyObject *state)
{
    if (PyDict_CheckExact(state))
        return PyDict_Values(state);
    if (PyList_CheckExact(state))
        return PyList_GetSlice(state, 0, PyList_GET_SIZE(state));
    if (!PyTuple_CheckExact(state))
        return Py_NewRef(Py_None);
    PyObject *values = PyTuple_New(PyTuple_GET_SIZE(state));
    for (Py_ssize_t i = 0; values && i < PyTuple_GET_SIZE(state); i++) {
        PyObject *part = PyTuple_GET_ITEM(state, i);
        part = PyDict_CheckExact(part) ? PyDict_Values(part) : Py_NewRef(part);
        if (part)
            PyTuple_SET_ITEM(values, i, part);
        else
            Py_CLEAR(values);
    }
    return values;
}

/* One field of an instance: 1, 0 when the class declares none of that name, -1 with an exception. No user code runs: the name is a str, the
 * member descriptor the class's own. */
static int set_field(PyObject *object, PyObject *fields, PyObject *name, PyObject *value, PyObject **dict)
{
    PyObject *member = PyUnicode_CheckExact(name) ? PyDict_GetItemWithError(fields, name) : NULL;
    if (!member)
        return PyErr_Occurred() ? -1 : 0;
    if (!PyUnicode_CheckExact(member))
        return Py_TYPE(member)->tp_descr_set(member, object, value) < 0 ? -1 : 1;
    if (!*dict && !(*dict = PyObject_GenericGetDict(object, NULL)))
        return -1;
    return PyDict_SetItem(*dict, member, value) < 0 ? -1 : 1;
}

static int set_fields(PyObject *object, PyObject *fields, PyObject *state, PyObject **dict)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    int status = 1;
    while (status > 0 && PyDict_Next(state, &at, &name, &value))
        status = set_field(object, fields, name, value, dict);
    return status;
}

static int is_state_of_record(PyObject *state)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    if (!PyDict_CheckExact(state))
        return 0;
    while (PyDict_Next(state, &at, &name, &value)) {
        if (!PyUnicode_CheckExact(name) || PyUnicode_GET_LENGTH(name) == 0 || PyUnicode_READ_CHAR(name, 0) == '_')
            return 0;
    }
    return 1;
}

/* The state is set as the shape says: 1; 0 when that is not for the shape to say (what was set is then set again by `build`); -1 with an exception. */
static int build_by_shape(PyObject *shape, PyObject *object, PyObject *state)
{
    PyObject *set_state = PyTuple_GET_ITEM(shape, QPY_SHAPE_SETTER), *fields = PyTuple_GET_ITEM(shape, QPY_SHAPE_FIELDS), *names = PyTuple_GET_ITEM(shape, QPY_SHAPE_NAMES), *dict = NULL;
    int status = 0;
    if (set_state != Py_None) {
        if (!is_state_of_record(state))
            return 0;
        PyObject *args[] = {object, state}, *done = PyObject_Vectorcall(set_state, args, 2, NULL);
        Py_XDECREF(done);
        return done ? 1 : -1;
    }
    if (PyDict_CheckExact(state))
        status = set_fields(object, fields, state, &dict);
    else if (PyTuple_CheckExact(state) && PyTuple_GET_SIZE(state) == 2) {
        PyObject *first = PyTuple_GET_ITEM(state, 0), *second = PyTuple_GET_ITEM(state, 1);
        if ((first == Py_None || PyDict_CheckExact(first)) && PyDict_CheckExact(second)) {
            status = first == Py_None ? 1 : set_fields(object, fields, first, &dict);
            if (status > 0)
                status = set_fields(object, fields, second, &dict);
        }
    }
    else if (PyList_CheckExact(state) && PyList_GET_SIZE(state) == PyTuple_GET_SIZE(names))
        for (Py_ssize_t i = 0, ok = status = 1; ok && status > 0 && i < PyTuple_GET_SIZE(names); i++)
            status = set_field(object, fields, PyTuple_GET_ITEM(names, i), PyList_GET_ITEM(state, i), &dict);
    Py_XDECREF(dict);
    return status;
}

/* What the values of a state weigh that have no parts, or 0 when one has, or is too long. */
static size_t weight_of(const qpy_typed *t, PyObject *state)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    size_t weight = 1;
    if (PyTuple_CheckExact(state) && PyTuple_GET_SIZE(state) == 2 && PyTuple_GET_ITEM(state, 0) == Py_None)
        state = PyTuple_GET_ITEM(state, 1);
    if (!PyDict_CheckExact(state) || (size_t)PyDict_GET_SIZE(state) > t->items)
        return 0;
    while (PyDict_Next(state, &at, &name, &value)) {
        size_t length = PyUnicode_CheckExact(value) ? (size_t)PyUnicode_GET_LENGTH(value) : 0;
        if (length > t->str_bytes || !(PyUnicode_CheckExact(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value) || value == Py_None || PyBool_Check(value)))
            return 0;
        weight += 1 + length / QPY_TYPED_TEXT_WEIGHT;
    }
    return weight;
}

/* The state of a frozen dataclass with slots, in the order of its fields: 1; 0: not that way, nothing has changed. */
static int store_list(qpy_unpickle *m, PyObject *object, PyObject *state)
{
    PyObject *pairs[2 * QPY_UNPICKLE_SLOTS];
    Py_ssize_t n = PyList_GET_SIZE(state);
    const qpy_typed_class *known = qpy_typed_class_of(m->typed, Py_TYPE(object));
    if (!known || !known->in_slots || PyTuple_GET_SIZE(known->names) != n || n > QPY_UNPICKLE_SLOTS)
        return 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        pairs[2 * i] = Py_NewRef(PyTuple_GET_ITEM(known->names, i));
        pairs[2 * i + 1] = PyList_GET_ITEM(state, i);
    }
    int done = qpy_unpickle_store_state(m, object, pairs, pairs + 2 * n, 1);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_DECREF(pairs[2 * i]);
        if (done)
            Py_INCREF(pairs[2 * i + 1]);
    }
    return done;
}

static int typed_build(qpy_unpickle *m, qpy_unpickle_stack *s)
{
    PyObject *object = s->top[-2], *state = s->top[-1];
    if (PyList_CheckExact(state) && store_list(m, object, state)) {
        qpy_unpickle_stack_clear(s, s->top - 1);
        return 1;
    }
    if (!qpy_typed_settle(m->typed))
        return 0;
    qpy_typed_made *place = qpy_typed_noted(m->typed, object);
    if (!place || place->built)
        return qpy_typed_refuse_named(m, "a state for what was not just made for one", object);
    if (!(PyTuple_CheckExact(state) ? charge_with_parts(m, state) : charge(m, state)))
        return 0;
    size_t weight = weight_of(m->typed, state);
    PyObject *values = weight ? NULL : values_of(state), *build = place->with;
    if (!weight && !values)
        return 0;
    place->with = values;
    place->weight = weight;
    place->built = 1;
    int status = PyTuple_CheckExact(build) ? build_by_shape(build, object, state) : 0;
    if (status == 0) {
        PyObject *function = PyTuple_CheckExact(build) ? PyTuple_GET_ITEM(build, QPY_SHAPE_BUILD) : build;
        PyObject *args[] = {object, state}, *done = PyObject_Vectorcall(function, args, 2, NULL);
        status = done ? 1 : -1;
        Py_XDECREF(done);
    }
    Py_DECREF(build);
    if (status < 0)
        return 0;
    qpy_unpickle_stack_clear(s, s->top - 1);
    return 1;
}

/* ---------------------------------------------------------------- containers */

static int is_container(qpy_unpickle *m, PyObject *object)
{
    int known = PySet_Contains(m->typed->containers, (PyObject *)Py_TYPE(object));
    return known > 0 ? 1 : known == 0 ? qpy_typed_refuse_named(m, "items for what is no container of the type", object) : 0;
}

static int typed_append_other(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **items)
{
    if (PyDict_Check(items[-1]) || PySet_Check(items[-1]))
        return qpy_typed_refuse(m, "items for what is no container of the type", NULL, NULL);
    if (!is_container(m, items[-1]))
        return 0;
    int ok = 1;
    for (PyObject **item = items; ok && item < s->top; item++) { /* a deque's own method: its class has no other */
        PyObject *result = qpy_call_method(items[-1], "append", *item);
        ok = result != NULL;
        Py_XDECREF(result);
    }
    qpy_unpickle_stack_clear(s, items);
    return ok;
}

static int typed_setitem_other(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **pairs)
{
    if (!PyDict_Check(pairs[-1]))
        return qpy_typed_refuse_named(m, "items for what is no container of the type", pairs[-1]);
    if (!is_container(m, pairs[-1]))
        return 0;
    int status = 0;
    for (PyObject **pair = pairs; status == 0 && pair < s->top; pair += 2)
        status = PyObject_SetItem(pairs[-1], pair[0], pair[1]);
    qpy_unpickle_stack_clear(s, pairs);
    return status == 0;
}

static int typed_additems(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **items)
{
    if (!PySet_CheckExact(items[-1]))
        return qpy_typed_refuse_named(m, "items for what is no container of the type", items[-1]);
    int status = 0;
    for (PyObject **item = items; status == 0 && item < s->top; item++)
        status = PySet_Add(items[-1], *item);
    qpy_unpickle_stack_clear(s, items);
    return status == 0;
}

static int typed_frozenset(qpy_unpickle *m, qpy_unpickle_stack *s, PyObject **items)
{
    (void)m;
    PyObject *set = PyFrozenSet_New(NULL);
    int status = set ? 0 : -1;
    for (PyObject **item = items; status == 0 && item < s->top; item++)
        status = PySet_Add(set, *item);
    qpy_unpickle_stack_clear(s, items);
    if (status < 0)
        Py_CLEAR(set);
    return qpy_unpickle_push(s, set);
}

/* ---------------------------------------------------------------- the machine */

enum { typed_stores = 1 };
#define QPY_P(name) QR_PASTE(typed_, name)
#include "binding/pickle/machine.tmpl.h"

/* ---------------------------------------------------------------- the function */

/* Where the instruction begins that reaches to `at` or was to begin there. */
static size_t instruction_before(const uint8_t *start, const uint8_t *end, const uint8_t *at)
{
    const uint8_t *p = start, *last = start;
    while (p && p < at && p < end) {
        qr_pickle_instruction op;
        last = p;
        const qr_pickle_info *info = qr_pickle_info_of(*p);
        p = info->name ? qr_pickle_argument_at(p + 1, end, info->argument, &op) : NULL;
    }
    return (size_t)(last - start);
}

/* What went wrong becomes what `fail(error, offset, opcode)` returns. */
static void explain(qpy_unpickle *m, PyObject *fail, const uint8_t *start)
{
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    size_t offset = instruction_before(start, m->end, m->p);
    const char *name = start + offset < m->end ? qr_pickle_info_of(start[offset])->name : NULL;
    PyObject *raised = error ? PyObject_CallFunction(fail, "Onz", error, (Py_ssize_t)offset, name) : NULL;
    if (raised) {
        PyErr_SetObject((PyObject *)Py_TYPE(raised), raised);
        Py_DECREF(raised);
    }
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
}

static PyObject *typed_load(PyObject *module, PyObject *args)
{
    qpy_typed typed;
    qpy_unpickle m;
    PyObject *data, *fail, *value = NULL;
    Py_ssize_t hash, risky, int_bytes, depth, nodes, items, str_bytes;
    memset(&typed, 0, sizeof typed);
    if (!PyArg_ParseTuple(args, "SO!O!O!O(nnnnnnn):_pickle_typed", &data, &PyDict_Type, &typed.table, &PyFrozenSet_Type, &typed.containers, &PyFrozenSet_Type,
                          &typed.hashable, &fail, &hash, &risky, &int_bytes, &depth, &nodes, &items, &str_bytes))
        return NULL;
    typed.hash_left = (size_t)hash;
    typed.risky_left = (size_t)risky;
    typed.int_bytes = (size_t)int_bytes;
    typed.depth = (size_t)depth;
    typed.nodes = typed.work_left = (size_t)nodes;
    typed.items = (size_t)items;
    typed.str_bytes = (size_t)str_bytes;
    qpy_unpickle_init(&m, qpy_state_of(module));
    m.typed = &typed;
    if (!qpy_unpickle_error(m.state) || !qpy_unpickle_set_data(&m, data))
        return NULL;
    const uint8_t *start = m.p;
    qpy_unpickle_look_ahead(&m);
    value = typed_run(&m);
    qpy_unpickle_looked(&m);
    if (value && m.p < m.end) {
        PyErr_SetString(qpy_unpickle_error(m.state), "data after the end of the pickle");
        Py_CLEAR(value);
    }
    if (value && !qpy_typed_measure(&m, value))
        Py_CLEAR(value);
    if (!value && !PyErr_ExceptionMatches(PyExc_MemoryError))
        explain(&m, fail, start);
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    qpy_unpickle_release(&m);
    let_go(&typed, value != NULL);
    PyErr_Restore(type, error, traceback);
    return value;
}

/* (type, adapters): the dict that the type's plan keeps for policies. A plan that nobody keeps keeps none. */
static PyObject *policies_of(PyObject *module, PyObject *args)
{
    PyObject *type, *given, *adapters, *policies = NULL;
    if (!PyArg_ParseTuple(args, "OO:_pickle_policies", &type, &given) || !qpy_plan_use(given, &adapters))
        return NULL;
    qpy_plan *plan = qpy_plan_get(qpy_state_of(module), adapters, type);
    if (plan && (plan->policies || (plan->policies = PyDict_New())))
        policies = Py_NewRef(plan->policies);
    Py_XDECREF(plan);
    return policies;
}

static PyMethodDef methods[] = {
    {"_pickle_policies", policies_of, METH_VARARGS, "_pickle_policies($module, type, adapters, /)\n--\n\nA dict that lives as long as what quire knows of the type."},
    {"_pickle_typed", typed_load, METH_VARARGS, "_pickle_typed($module, data, table, containers, hashable, fail, limits, /)\n--\n\nLoads what the table allows."},
    {NULL, NULL, 0, NULL},
};

int qpy_unpickle_typed_init(PyObject *module, qpy_state *state)
{
    state->unpickle_named = (PyTypeObject *)PyType_FromModuleAndSpec(module, &named_spec, NULL);
    if (!state->unpickle_named || PyModule_AddObjectRef(module, "_PickleNamed", (PyObject *)state->unpickle_named) < 0)
        return -1;
    return PyModule_AddFunctions(module, methods);
}
