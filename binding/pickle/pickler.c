/* SPDX-License-Identifier: Apache-2.0 */
/* pickler: the type Pickler and the proxy of its memo. It is made to be derived from, and what it writes it holds. */
#include "binding/pickle/memo_proxy.h"
#include "binding/pickle/pickler.h"
#include "core/base/port.h"

#if PY_VERSION_HEX >= 0x030C0000
#define MEMBER(name, kind, offset) {name, Py_T_##kind, offset, 0, NULL}
#else
#include <structmember.h>
#define MEMBER(name, kind, offset) {name, T_##kind, offset, 0, NULL}
#endif
/* Since 3.13 persistent_id is a method like others, asked for in each dump(); before, an attribute that __init__ reads. */
#define PERSISTENT_ID_IS_METHOD (PY_VERSION_HEX >= 0x030D0000)

typedef struct pickler_object {
    PyObject_HEAD
    PyObject *module;
    int running;
    PyObject *persistent_attribute; /* 3.13 */
    qpy_pickling k;
} pickler_object;

static int busy(pickler_object *self)
{
    if (self->running)
        PyErr_SetString(PyExc_RuntimeError, "Pickler is in the midst of dump()");
    return self->running;
}

/* ---------------------------------------------------------------- life */

static PyObject *pickler_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args, (void)kwargs;
    qpy_state *state = qpy_state_of_type(type);
    pickler_object *self = state ? (pickler_object *)type->tp_alloc(type, 0) : NULL;
    if (!self)
        return NULL;
    self->module = Py_NewRef(state->module);
    qpy_pickling_init(&self->k, state);
    qpy_pickle_output_init(&self->k, 0);
    return (PyObject *)self;
}

static int pickler_clear(PyObject *op)
{
    pickler_object *self = (pickler_object *)op;
    Py_CLEAR(self->k.write);
    Py_CLEAR(self->k.persistent_id);
    self->k.persistent_self = NULL;
    Py_CLEAR(self->persistent_attribute);
    Py_CLEAR(self->k.dispatch_table);
    Py_CLEAR(self->k.reducer_override);
    Py_CLEAR(self->k.buffer_callback);
    Py_CLEAR(self->k.fast_memo);
    qpy_memo_release(&self->k.memo, NULL);
    qpy_pickle_output_release(&self->k);
    return 0;
}

static int pickler_traverse(PyObject *op, visitproc visit, void *arg)
{
    pickler_object *self = (pickler_object *)op;
    const qpy_memo_table *table = &self->k.memo.table;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->module);
    Py_VISIT(self->k.write);
    Py_VISIT(self->k.persistent_id);
    Py_VISIT(self->persistent_attribute);
    Py_VISIT(self->k.dispatch_table);
    Py_VISIT(self->k.reducer_override);
    Py_VISIT(self->k.buffer_callback);
    for (size_t i = 0; table->entries && i <= table->mask; i++)
        if (table->entries[i].stamp == table->stamp)
            Py_VISIT(table->entries[i].object);
    return 0;
}

static void pickler_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    pickler_object *self = (pickler_object *)op;
    PyObject_GC_UnTrack(op);
    pickler_clear(op);
    Py_XDECREF(self->module);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyObject *interned(const char *name) { return PyUnicode_InternFromString(name); }

/* self.name into a slot, where it is missing NULL: 1, or 0. */
static int take_attribute(pickler_object *self, const char *name, PyObject **slot)
{
    PyObject *key = interned(name), *found = NULL;
    int ok = key && qpy_pickle_lookup((PyObject *)self, key, &found);
    Py_XDECREF(key);
    if (ok)
        Py_XSETREF(*slot, found);
    return ok;
}

#if !PERSISTENT_ID_IS_METHOD
/* A method of its own is taken apart: no cycle. */
static int take_persistent_id(pickler_object *self)
{
    qpy_pickling *k = &self->k;
    k->persistent_self = NULL;
    if (!take_attribute(self, "persistent_id", &k->persistent_id))
        return 0;
    if (k->persistent_id && PyMethod_Check(k->persistent_id) && PyMethod_GET_SELF(k->persistent_id) == (PyObject *)self) {
        k->persistent_self = (PyObject *)self;
        Py_SETREF(k->persistent_id, Py_NewRef(PyMethod_GET_FUNCTION(k->persistent_id)));
    }
    return 1;
}
#endif

static int pickler_init(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"file", "protocol", "fix_imports", "buffer_callback", "lean", NULL};
    pickler_object *self = (pickler_object *)op;
    qpy_pickling *k = &self->k;
    PyObject *file, *argument = NULL, *callback = NULL;
    int fix_imports = 1, lean = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OpO$p:Pickler", (char **)names, &file, &argument, &fix_imports, &callback, &lean) || busy(self))
        return -1;
    if (k->write)
        pickler_clear(op);
    int protocol = qpy_pickle_protocol(argument);
    if (protocol < 0)
        return -1;
    qpy_pickle_output_init(k, protocol);
    k->fix_imports = fix_imports && protocol < 3;
    k->lean = lean;
    PyObject *write = NULL;
    if (!qpy_pickle_file(file, &write))
        return -1;
    Py_XSETREF(k->write, write);
    if (!qpy_pickle_callback(&callback, protocol))
        return -1;
    Py_XSETREF(k->buffer_callback, Py_XNewRef(callback));
    qpy_pickle_output_init(k, protocol); /* now it has a file */
    if (!qpy_pickle_standard(k->state) || (!k->memo.table.entries && qpy_memo_init(&k->memo, k->state, 1) < 0))
        return -1;
    k->fast = 0;
#if !PERSISTENT_ID_IS_METHOD
    if (!take_persistent_id(self))
        return -1;
#endif
    return k->dispatch_table || take_attribute(self, "dispatch_table", &k->dispatch_table) ? 0 : -1;
}

/* ---------------------------------------------------------------- methods */

#if PERSISTENT_ID_IS_METHOD
static PyObject *pickler_persistent_id(PyObject *op, PyObject *o)
{
    (void)op, (void)o;
    Py_RETURN_NONE;
}

static int take_persistent_id(pickler_object *self)
{
    PyObject **slot = &self->k.persistent_id;
    if (!take_attribute(self, "persistent_id", slot))
        return 0;
    if (*slot && PyCFunction_Check(*slot) && PyCFunction_GET_SELF(*slot) == (PyObject *)self && PyCFunction_GET_FUNCTION(*slot) == pickler_persistent_id)
        Py_CLEAR(*slot); /* the one that never has any */
    return 1;
}
#endif

static PyObject *pickler_dump(PyObject *op, PyObject *object)
{
    pickler_object *self = (pickler_object *)op;
    qpy_pickling *k = &self->k;
    if (!qpy_pickle_standard(k->state))
        return NULL;
    if (!k->write) {
        PyErr_Format(k->state->pickle_error, "Pickler.__init__() was not called by %s.__init__()", Py_TYPE(op)->tp_name);
        return NULL;
    }
    if (busy(self))
        return NULL;
    self->running = 1;
    Py_INCREF(op);
    qpy_pickle_output_restart(k);
    int ok = take_attribute(self, "reducer_override", &k->reducer_override);
#if PERSISTENT_ID_IS_METHOD
    ok = ok && take_persistent_id(self);
#endif
    ok = ok && qpy_pickle_dump(k, object, qpy_pickle_run_held);
    qpy_pickle_unwind(k);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    Py_CLEAR(k->reducer_override); /* bound methods of its own */
#if PERSISTENT_ID_IS_METHOD
    Py_CLEAR(k->persistent_id);
#endif
    PyErr_Restore(type, value, traceback);
    ok = ok && qpy_pickle_output_flush(k);
    self->running = 0;
    Py_DECREF(op);
    return ok ? Py_NewRef(Py_None) : NULL;
}

static PyObject *pickler_clear_memo(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    qpy_memo *memo = &((pickler_object *)op)->k.memo;
    if (memo->table.entries && !qpy_memo_clear(memo))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *pickler_sizeof(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    const qpy_memo_table *table = &((pickler_object *)op)->k.memo.table;
    size_t size = (size_t)Py_TYPE(op)->tp_basicsize;
    return PyLong_FromSize_t(size + (table->entries ? (table->mask + 1) * sizeof *table->entries : 0));
}

/* ---------------------------------------------------------------- the memo's proxy */

static qpy_memo *memo_of(PyObject *op) { return &((pickler_object *)qpy_memo_proxy_owner(op))->k.memo; }

static PyObject *memo_clear_items(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    return pickler_clear_memo(qpy_memo_proxy_owner(op), NULL);
}

/* {address: (index, object)} */
static PyObject *memo_copy(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    PyObject *copy = PyDict_New();
    int ok = copy != NULL;
    for (size_t i = 0; ok && memo_of(op)->table.entries && i <= memo_of(op)->table.mask; i++) { /* making objects may run what clears it */
        qpy_memo_entry entry = memo_of(op)->table.entries[i];
        if (entry.stamp != memo_of(op)->table.stamp)
            continue;
        Py_INCREF(entry.object);
        PyObject *key = PyLong_FromVoidPtr(entry.object), *value = Py_BuildValue("kO", (unsigned long)entry.index, entry.object);
        ok = key && value && PyDict_SetItem(copy, key, value) == 0;
        Py_XDECREF(key);
        Py_XDECREF(value);
        Py_DECREF(entry.object);
    }
    if (!ok)
        Py_CLEAR(copy);
    return copy;
}

static PyObject *pickler_get_memo(PyObject *op, void *closure)
{
    (void)closure;
    return qpy_memo_proxy_new(((pickler_object *)op)->k.state->pickler_memo_type, op);
}

/* An object of another memo: 1, or 0 with an exception. */
static int add_entry(qpy_memo *memo, PyObject *object, uint32_t index)
{
    qpy_memo_entry *entry = qpy_memo_find(memo, object);
    if (!qpy_memo_has(memo, entry)) {
        memo->next++;
        return qpy_memo_add(memo, entry, object, index);
    }
    entry->index = index;
    return 1;
}

static int add_memo(qpy_memo *to, const qpy_memo *from)
{
    for (size_t i = 0; from->table.entries && i <= from->table.mask; i++)
        if (from->table.entries[i].stamp == from->table.stamp && !add_entry(to, from->table.entries[i].object, from->table.entries[i].index))
            return 0;
    return 1;
}

static int add_dict(qpy_memo *to, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t i = 0;
    while (PyDict_Next(dict, &i, &key, &value)) {
        if (!PyTuple_Check(value) || PyTuple_GET_SIZE(value) != 2) {
            PyErr_SetString(PyExc_TypeError, "'memo' values must be 2-item tuples");
            return 0;
        }
        unsigned long index = PyLong_AsUnsignedLong(PyTuple_GET_ITEM(value, 0));
        if (index == (unsigned long)-1 && PyErr_Occurred())
            return 0;
        if (index > UINT32_MAX) {
            PyErr_SetString(PyExc_OverflowError, "'memo' index too large");
            return 0;
        }
        if (!add_entry(to, PyTuple_GET_ITEM(value, 1), (uint32_t)index))
            return 0;
    }
    return 1;
}

static int pickler_set_memo(PyObject *op, PyObject *value, void *closure)
{
    (void)closure;
    qpy_pickling *k = &((pickler_object *)op)->k;
    qpy_memo memo = {.held = 1};
    int ok;
    if (!value) {
        PyErr_SetString(PyExc_TypeError, "attribute deletion is not supported");
        return -1;
    }
    if (!Py_IS_TYPE(value, k->state->pickler_memo_type) && !PyDict_Check(value)) {
        PyErr_Format(PyExc_TypeError, "'memo' attribute must be a PicklerMemoProxy object or dict, not %.200s", Py_TYPE(value)->tp_name);
        return -1;
    }
    if (qpy_memo_init(&memo, k->state, 1) < 0)
        return -1;
    ok = Py_IS_TYPE(value, k->state->pickler_memo_type) ? add_memo(&memo, memo_of(value)) : add_dict(&memo, value);
    if (ok) {
        qpy_memo old = k->memo;
        k->memo = memo;
        memo = old;
    }
    qpy_memo_release(&memo, NULL);
    return ok ? 0 : -1;
}

/* ---------------------------------------------------------------- attributes */

#if PERSISTENT_ID_IS_METHOD
static int is_persistent_id(PyObject *name) { return PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "persistent_id") == 0; }

static PyObject *pickler_getattro(PyObject *op, PyObject *name)
{
    PyObject *own = ((pickler_object *)op)->persistent_attribute;
    return own && is_persistent_id(name) ? Py_NewRef(own) : PyObject_GenericGetAttr(op, name);
}

static int pickler_setattro(PyObject *op, PyObject *name, PyObject *value)
{
    if (!is_persistent_id(name))
        return PyObject_GenericSetAttr(op, name, value);
    Py_XSETREF(((pickler_object *)op)->persistent_attribute, Py_XNewRef(value));
    return 0;
}
#else
static PyObject *pickler_get_persistent_id(PyObject *op, void *closure)
{
    (void)closure;
    qpy_pickling *k = &((pickler_object *)op)->k;
    if (!k->persistent_id)
        PyErr_SetString(PyExc_AttributeError, "persistent_id");
    return !k->persistent_id ? NULL : k->persistent_self ? PyMethod_New(k->persistent_id, k->persistent_self) : Py_NewRef(k->persistent_id);
}

static int pickler_set_persistent_id(PyObject *op, PyObject *value, void *closure)
{
    (void)closure;
    qpy_pickling *k = &((pickler_object *)op)->k;
    if (!value || !PyCallable_Check(value)) {
        PyErr_SetString(PyExc_TypeError, value ? "persistent_id must be a callable taking one argument" : "attribute deletion is not supported");
        return -1;
    }
    k->persistent_self = NULL;
    Py_XSETREF(k->persistent_id, Py_NewRef(value));
    return 0;
}
#endif

#define IN_PICKLING(member) (offsetof(pickler_object, k) + offsetof(qpy_pickling, member))

static PyMemberDef members[] = {
    MEMBER("bin", INT, IN_PICKLING(out) + offsetof(qr_pickle_writer, binary)),
    MEMBER("fast", INT, IN_PICKLING(fast)),
    MEMBER("dispatch_table", OBJECT_EX, IN_PICKLING(dispatch_table)),
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef getset[] = {
    {"memo", pickler_get_memo, pickler_set_memo, NULL, NULL},
#if !PERSISTENT_ID_IS_METHOD
    {"persistent_id", pickler_get_persistent_id, pickler_set_persistent_id, NULL, NULL},
#endif
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef methods[] = {
    {"dump", pickler_dump, METH_O, "dump($self, obj, /)\n--\n\nWrite a pickled representation of the given object to the open file."},
    {"clear_memo", pickler_clear_memo, METH_NOARGS, "clear_memo($self, /)\n--\n\nForget which objects were written: they will be written again, not referred to."},
    {"__sizeof__", pickler_sizeof, METH_NOARGS, "__sizeof__($self, /)\n--\n\nSize in memory, in bytes."},
#if PERSISTENT_ID_IS_METHOD
    {"persistent_id", pickler_persistent_id, METH_O, "persistent_id($self, obj, /)\n--\n\nWhat stands for the object in the pickle; None: the object itself is written."},
#endif
    {NULL, NULL, 0, NULL},
};

static PyMethodDef memo_methods[] = QPY_MEMO_PROXY_METHODS(memo_clear_items, memo_copy);

static PyType_Slot pickler_slots[] = {
    {Py_tp_doc, (char *)"Pickler(file, protocol=None, fix_imports=True, buffer_callback=None, *, lean=False)\n--\n\nWrites pickles into a file, as pickle.Pickler does; lean: without what no reader needs."},
    {Py_tp_new, pickler_new},
    {Py_tp_init, pickler_init},
    {Py_tp_dealloc, pickler_dealloc},
    {Py_tp_traverse, pickler_traverse},
    {Py_tp_clear, pickler_clear},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, getset},
#if PERSISTENT_ID_IS_METHOD
    {Py_tp_getattro, pickler_getattro},
    {Py_tp_setattro, pickler_setattro},
#endif
    {0, NULL},
};

static PyType_Spec pickler_spec = {
    .name = "quire.pickle.Pickler", .basicsize = sizeof(pickler_object), .slots = pickler_slots,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
};

int qpy_pickler_init(PyObject *module, qpy_state *state)
{
    state->pickler_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &pickler_spec, NULL);
    state->pickler_memo_type = qpy_memo_proxy_type(module, "quire.pickle.PicklerMemoProxy", memo_methods);
    return state->pickler_type && state->pickler_memo_type ? PyModule_AddObjectRef(module, "Pickler", (PyObject *)state->pickler_type) : -1;
}
