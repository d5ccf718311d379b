/* SPDX-License-Identifier: Apache-2.0 */
/* unpickler: load, loads, the class Unpickler and what stands for its memo. */
#include "binding/pickle/machine.h"

#include "binding/attribute.h"
#include "binding/pickle/memo_proxy.h"

#if PY_VERSION_HEX >= 0x030D0000
#define HAS_METHOD 1 /* persistent_load is a method that refuses, and an attribute comes before it */
#else
#define HAS_METHOD 0
#endif

/* ---------------------------------------------------------------- arguments */

/* One keyword: 1; 0: not known; -1 with an exception. */
static int read_keyword(qpy_unpickle_options *options, PyObject *name, PyObject *value)
{
    if (PyUnicode_CompareWithASCIIString(name, "fix_imports") == 0)
        return (options->fix_imports = PyObject_IsTrue(value)) < 0 ? -1 : 1;
    if (PyUnicode_CompareWithASCIIString(name, "encoding") == 0)
        options->encoding = value;
    else if (PyUnicode_CompareWithASCIIString(name, "errors") == 0)
        options->errors = value;
    else if (PyUnicode_CompareWithASCIIString(name, "buffers") == 0)
        options->buffers = value;
    else
        return 0;
    return 1;
}

/* *first: the argument in front, which may be called `first_name` (NULL: may not). 1, or 0 with an exception. */
static int read_name(const char *function, const char *first_name, PyObject **first, qpy_unpickle_options *options, PyObject *name, PyObject *value)
{
    int known = read_keyword(options, name, value);
    if (known)
        return known > 0;
    if (first_name && PyUnicode_CompareWithASCIIString(name, first_name) == 0) {
        if (!*first) {
            *first = value;
            return 1;
        }
        PyErr_Format(PyExc_TypeError, "argument for %s() given by name ('%s') and position (1)", function, first_name);
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "'%U' is an invalid keyword argument for %s()", name, function);
    return 0;
}

static int check_first(const char *function, const char *first_name, PyObject *first, Py_ssize_t count)
{
    if (first && count <= 1)
        return 1;
    if (!first && first_name)
        PyErr_Format(PyExc_TypeError, "%s() missing required argument '%s' (pos 1)", function, first_name);
    else
        PyErr_Format(PyExc_TypeError, "%s() takes exactly 1 positional argument (%zd given)", function, count);
    return 0;
}

static int read_arguments(const char *function, const char *first_name, PyObject **first, qpy_unpickle_options *options, PyObject *const *args, Py_ssize_t count,
                          PyObject *names)
{
    *options = (qpy_unpickle_options){.fix_imports = 1};
    *first = count ? args[0] : NULL;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++)
        if (!read_name(function, first_name, first, options, PyTuple_GET_ITEM(names, i), args[count + i]))
            return 0;
    return check_first(function, first_name, *first, count);
}

/* ---------------------------------------------------------------- functions */

static PyObject *load_and_release(qpy_unpickle *m, int ok)
{
    PyObject *value = ok ? qpy_unpickle_load(m) : NULL;
    if (QR_LIKELY(value))
        qpy_unpickle_release(m);
    else {
        PyObject *type, *error, *traceback;
        PyErr_Fetch(&type, &error, &traceback);
        qpy_unpickle_release(m);
        PyErr_Restore(type, error, traceback);
    }
    return value;
}

static PyObject *loads(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_unpickle m;
    qpy_unpickle_options options;
    PyObject *data;
    if (!read_arguments("loads", NULL, &data, &options, args, count, names))
        return NULL;
    qpy_unpickle_init(&m, qpy_state_of(module));
    return load_and_release(&m, qpy_unpickle_set_options(&m, &options, "loads") && qpy_unpickle_set_data(&m, data));
}

static PyObject *load(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_unpickle m;
    qpy_unpickle_options options;
    PyObject *file;
    if (!read_arguments("load", "file", &file, &options, args, count, names))
        return NULL;
    qpy_unpickle_init(&m, qpy_state_of(module));
    return load_and_release(&m, qpy_unpickle_set_file(&m, file) && qpy_unpickle_set_options(&m, &options, "load"));
}

/* ---------------------------------------------------------------- Unpickler */

typedef struct unpickler_object {
    PyObject_HEAD
    PyObject *persistent_load; /* the attribute, or NULL */
    PyObject *module;          /* keeps the state */
    qpy_unpickle machine;
} unpickler_object;

static PyObject *unpickler_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args, (void)kwargs;
    qpy_state *state = qpy_state_of_type(type);
    unpickler_object *self = state ? (unpickler_object *)type->tp_alloc(type, 0) : NULL;
    if (!self)
        return NULL;
    qpy_unpickle_init(&self->machine, state);
    self->module = Py_NewRef(state->module);
    return (PyObject *)self;
}

static int unpickler_init(PyObject *op, PyObject *args, PyObject *kwargs)
{
    unpickler_object *self = (unpickler_object *)op;
    qpy_unpickle_options options = {.fix_imports = 1};
    PyObject *file = PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : NULL, *name, *value;
    Py_ssize_t at = 0;
    while (kwargs && PyDict_Next(kwargs, &at, &name, &value))
        if (!read_name("Unpickler", "file", &file, &options, name, value))
            return -1;
    if (!check_first("Unpickler", "file", file, PyTuple_GET_SIZE(args)))
        return -1;
    qpy_unpickle_release(&self->machine);
    return qpy_unpickle_set_file(&self->machine, file) && qpy_unpickle_set_options(&self->machine, &options, "Unpickler") ? 0 : -1;
}

static int unpickler_traverse(PyObject *op, visitproc visit, void *arg)
{
    unpickler_object *self = (unpickler_object *)op;
    qpy_unpickle *m = &self->machine;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->module);
    Py_VISIT(self->persistent_load);
    Py_VISIT(m->read);
    Py_VISIT(m->readline);
    Py_VISIT(m->readinto);
    Py_VISIT(m->peek);
    Py_VISIT(m->buffers);
    Py_VISIT(m->persistent_load);
    for (size_t i = 0; i < m->memo.high; i++)
        Py_VISIT(m->memo.items[i]);
    Py_VISIT(m->memo.far);
    return 0;
}

static int unpickler_clear(PyObject *op)
{
    unpickler_object *self = (unpickler_object *)op;
    qpy_unpickle_release(&self->machine);
    Py_CLEAR(self->persistent_load);
    return 0;
}

static void unpickler_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    unpickler_clear(op);
    Py_XDECREF(((unpickler_object *)op)->module);
    type->tp_free(op);
    Py_DECREF(type);
}

/* What persistent objects come from: 1 and a new reference or NULL, or 0 with an exception. */
static int find_persistent_load(unpickler_object *self, PyObject **found)
{
    *found = Py_XNewRef(self->persistent_load);
    if (*found || (PyObject *)Py_TYPE(self) == (PyObject *)self->machine.state->unpickler_type)
        return 1;
    *found = qpy_attribute((PyObject *)self, "persistent_load");
    if (!*found) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            return 0;
        PyErr_Clear();
    }
    return 1;
}

static PyObject *unpickler_load(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    unpickler_object *self = (unpickler_object *)op;
    qpy_unpickle *m = &self->machine;
    PyObject *persistent_load, *before = m->persistent_load, *error = qpy_unpickle_error(m->state);
    if (!error)
        return NULL;
    if (!m->read)
        return PyErr_Format(error, "Unpickler.__init__() was not called by %s.__init__()", Py_TYPE(op)->tp_name);
    if (!find_persistent_load(self, &persistent_load))
        return NULL;
    m->persistent_load = persistent_load;
    m->self = Py_TYPE(op) == m->state->unpickler_type ? NULL : op;
    PyObject *value = qpy_unpickle_load(m);
    if (m->persistent_load == persistent_load) /* else __init__ was called */
        m->persistent_load = before;
    else
        Py_XDECREF(before), persistent_load = NULL;
    Py_XDECREF(persistent_load);
    return value;
}

static PyObject *unpickler_find_class(PyObject *op, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "find_class expected 2 arguments, got %zd", count);
    return qpy_unpickle_find_class(&((unpickler_object *)op)->machine, args[0], args[1]);
}

static PyObject *unpickler_sizeof(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    unpickler_object *self = (unpickler_object *)op;
    qpy_unpickle *m = &self->machine;
    return PyLong_FromSize_t(sizeof *self + m->memo.room * sizeof *m->memo.items + (m->own ? (size_t)(m->end - m->own) : 0));
}

#if HAS_METHOD
static PyObject *unpickler_persistent_load(PyObject *op, PyObject *id)
{
    (void)id;
    qpy_unpickle_fail(&((unpickler_object *)op)->machine, "A load persistent id instruction was encountered, but no persistent_load function was specified.");
    return NULL;
}

static int is_persistent_load(PyObject *name) { return PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "persistent_load") == 0; }

static PyObject *unpickler_getattro(PyObject *op, PyObject *name)
{
    unpickler_object *self = (unpickler_object *)op;
    return self->persistent_load && is_persistent_load(name) ? Py_NewRef(self->persistent_load) : PyObject_GenericGetAttr(op, name);
}

static int unpickler_setattro(PyObject *op, PyObject *name, PyObject *value)
{
    unpickler_object *self = (unpickler_object *)op;
    if (!is_persistent_load(name) || (!value && !self->persistent_load))
        return PyObject_GenericSetAttr(op, name, value);
    Py_XSETREF(self->persistent_load, Py_XNewRef(value));
    return 0;
}
#else
static PyObject *get_persistent_load(PyObject *op, void *ignored)
{
    (void)ignored;
    unpickler_object *self = (unpickler_object *)op;
    if (self->persistent_load)
        return Py_NewRef(self->persistent_load);
    PyErr_SetString(PyExc_AttributeError, "persistent_load");
    return NULL;
}

static int set_persistent_load(PyObject *op, PyObject *value, void *ignored)
{
    (void)ignored;
    unpickler_object *self = (unpickler_object *)op;
    if (!value || !PyCallable_Check(value)) {
        PyErr_SetString(PyExc_TypeError, value ? "persistent_load must be a callable taking one argument" : "attribute deletion is not supported");
        return -1;
    }
    Py_XSETREF(self->persistent_load, Py_NewRef(value));
    return 0;
}
#endif

/* ---------------------------------------------------------------- its memo */

static PyObject *get_memo(PyObject *op, void *ignored)
{
    (void)ignored;
    return qpy_memo_proxy_new(((unpickler_object *)op)->machine.state->unpickler_memo_type, op);
}

static qpy_unpickle_memo *memo_of(PyObject *proxy) { return &((unpickler_object *)qpy_memo_proxy_owner(proxy))->machine.memo; }

static int set_memo(PyObject *op, PyObject *value, void *ignored)
{
    (void)ignored;
    qpy_unpickle *m = &((unpickler_object *)op)->machine;
    qpy_unpickle_memo memo = {0};
    int ok = 0;
    if (!value)
        PyErr_SetString(PyExc_TypeError, "attribute deletion is not supported");
    else if (Py_IS_TYPE(value, m->state->unpickler_memo_type))
        ok = qpy_unpickle_memo_from(&memo, memo_of(value));
    else if (PyDict_Check(value))
        ok = qpy_unpickle_memo_from_dict(&memo, value);
    else
        PyErr_Format(PyExc_TypeError, "'memo' attribute must be an UnpicklerMemoProxy object or dict, not %.200s", Py_TYPE(value)->tp_name);
    if (ok) {
        qpy_unpickle_memo old = m->memo;
        m->memo = memo;
        memo = old;
    }
    qpy_unpickle_memo_clear(&memo);
    return ok ? 0 : -1;
}

static PyObject *proxy_clear_memo(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    qpy_unpickle_memo_clear(memo_of(op));
    Py_RETURN_NONE;
}

static PyObject *proxy_copy(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    return qpy_unpickle_memo_copy(memo_of(op));
}

static PyMethodDef proxy_methods[] = QPY_MEMO_PROXY_METHODS(proxy_clear_memo, proxy_copy);

/* ---------------------------------------------------------------- the class */

#define OPTIONS "*, fix_imports=True, encoding='ASCII', errors='strict', buffers=())\n--\n\n"
static PyMethodDef unpickler_methods[] = {
    {"load", unpickler_load, METH_NOARGS, "load($self, /)\n--\n\nThe object of the next pickle in the file."},
    {"find_class", (PyCFunction)(void (*)(void))unpickler_find_class, METH_FASTCALL, "find_class($self, module_name, global_name, /)\n--\n\nThe object of that name in the module, which is imported when it is not yet."},
    {"__sizeof__", unpickler_sizeof, METH_NOARGS, "__sizeof__($self, /)\n--\n\nReturns size in memory, in bytes."},
#if HAS_METHOD
    {"persistent_load", unpickler_persistent_load, METH_O, "persistent_load($self, pid, /)\n--\n\nThe object of a persistent id: refused unless a class says otherwise."},
#endif
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef unpickler_members[] = {
    {"memo", get_memo, set_memo, NULL, NULL},
#if !HAS_METHOD
    {"persistent_load", get_persistent_load, set_persistent_load, NULL, NULL},
#endif
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot unpickler_slots[] = {
    {Py_tp_new, unpickler_new}, {Py_tp_init, unpickler_init}, {Py_tp_dealloc, unpickler_dealloc}, {Py_tp_traverse, unpickler_traverse}, {Py_tp_clear, unpickler_clear},
    {Py_tp_methods, unpickler_methods}, {Py_tp_getset, unpickler_members},
#if HAS_METHOD
    {Py_tp_getattro, unpickler_getattro}, {Py_tp_setattro, unpickler_setattro},
#endif
    {Py_tp_doc, (char *)"Unpickler(file, " OPTIONS "Reads objects from a file that pickles were written to, as pickle.Unpickler does."},
    {0, NULL},
};
static PyType_Spec unpickler_spec = {
    .name = "quire.pickle.Unpickler", .basicsize = sizeof(unpickler_object), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, .slots = unpickler_slots,
};

#define WORDS(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS
static PyMethodDef functions[] = {
    {"loads", WORDS(loads), "loads($module, data, /, " OPTIONS "The object of a pickle in bytes. What follows the pickle is ignored.\n\nRaises UnpicklingError, EOFError, and whatever the pickle runs raises."},
    {"load", WORDS(load), "load($module, /, file, " OPTIONS "The object of the next pickle in a file, which is read no further than that.\n\nRaises UnpicklingError, EOFError, and whatever the pickle runs raises."},
};

int qpy_unpickler_init(PyObject *module, qpy_state *state)
{
    static const char *const names[] = {"pickle_loads", "pickle_load"};
    PyObject *name = PyUnicode_FromString("quire.pickle");
    int status = name ? 0 : -1;
    for (size_t i = 0; status == 0 && i < QR_ARRAY_LENGTH(functions); i++) {
        PyObject *function = PyCFunction_NewEx(&functions[i], module, name);
        status = function ? PyModule_AddObjectRef(module, names[i], function) : -1;
        Py_XDECREF(function);
    }
    Py_XDECREF(name);
    if (status < 0)
        return -1;
    state->unpickler_memo_type = qpy_memo_proxy_type(module, "quire.pickle.UnpicklerMemoProxy", proxy_methods);
    state->unpickler_type = state->unpickler_memo_type ? (PyTypeObject *)PyType_FromModuleAndSpec(module, &unpickler_spec, NULL) : NULL;
    if (!state->unpickler_type || qpy_unpickle_construct_init(module, state) < 0 || qpy_unpickle_instructions_init(module) < 0 ||
        qpy_unpickle_typed_init(module, state) < 0)
        return -1;
    return PyModule_AddObjectRef(module, "PickleUnpickler", (PyObject *)state->unpickler_type);
}
