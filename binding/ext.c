/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/ext.h"

/* Not tracked by the garbage collector: bytes lead nowhere. */
typedef struct ext_object {
    PyObject_HEAD
    PyObject *data; /* exact bytes */
    int8_t code;
} ext_object;

/* Takes over the reference to `data`, and drops it on failure. */
static PyObject *ext_new_steal(PyTypeObject *type, int8_t code, PyObject *data)
{
    ext_object *self = (ext_object *)type->tp_alloc(type, 0);
    if (self == NULL) {
        Py_DECREF(data);
        return NULL;
    }
    self->code = code;
    self->data = data;
    return (PyObject *)self;
}

PyObject *qpy_ext_new(qpy_state *state, int8_t code, const uint8_t *data, size_t length)
{
    if (length > PY_SSIZE_T_MAX)
        return PyErr_NoMemory();
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)length);
    return bytes == NULL ? NULL : ext_new_steal(state->ext_type, code, bytes);
}

int8_t qpy_ext_code(PyObject *ext) { return ((ext_object *)ext)->code; }
PyObject *qpy_ext_data(PyObject *ext) { return ((ext_object *)ext)->data; }

/* 0, or -1 with an exception. */
static int read_code(PyObject *object, int8_t *code)
{
    PyObject *index = PyNumber_Index(object);
    if (index == NULL)
        return -1;
    int overflow;
    long number = PyLong_AsLongAndOverflow(index, &overflow);
    int ok = !overflow && number >= -128 && number <= 127;
    if (!ok && !PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "code must be from -128 to 127, got %R", index);
    Py_DECREF(index);
    *code = (int8_t)number;
    return ok ? 0 : -1;
}

/* An exact bytes object: a new reference. */
static PyObject *read_data(PyObject *object)
{
    if (PyBytes_CheckExact(object))
        return Py_NewRef(object);
    if (PyObject_CheckBuffer(object))
        return PyBytes_FromObject(object);
    PyErr_Format(PyExc_TypeError, "data must be bytes-like, not %.200s", Py_TYPE(object)->tp_name);
    return NULL;
}

static PyObject *ext_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"code", "data", NULL};
    PyObject *code_object, *data_object;
    int8_t code;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:Ext", (char **)names, &code_object, &data_object) || read_code(code_object, &code) < 0)
        return NULL;
    PyObject *data = read_data(data_object);
    return data == NULL ? NULL : ext_new_steal(type, code, data);
}

static void ext_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(((ext_object *)self)->data);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *ext_richcompare(PyObject *a, PyObject *b, int operation)
{
    if (Py_TYPE(a) != Py_TYPE(b) || (operation != Py_EQ && operation != Py_NE))
        Py_RETURN_NOTIMPLEMENTED;
    ext_object *left = (ext_object *)a, *right = (ext_object *)b;
    if (left->code != right->code)
        return PyBool_FromLong(operation == Py_NE);
    return PyObject_RichCompare(left->data, right->data, operation);
}

static Py_hash_t ext_hash(PyObject *self)
{
    Py_hash_t hash = PyObject_Hash(((ext_object *)self)->data);
    if (hash == -1)
        return -1;
    hash ^= (Py_hash_t)(((Py_uhash_t)((ext_object *)self)->code + 129) * 1000003);
    return hash == -1 ? -2 : hash;
}

static PyObject *ext_repr(PyObject *self)
{
    return PyUnicode_FromFormat("Ext(code=%d, data=%R)", (int)((ext_object *)self)->code, ((ext_object *)self)->data);
}

static PyObject *ext_reduce(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return Py_BuildValue("O(iO)", Py_TYPE(self), (int)((ext_object *)self)->code, ((ext_object *)self)->data);
}

/* Immutable, so a copy is the object. Also __deepcopy__, whose argument does not matter. */
static PyObject *ext_copy(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return Py_NewRef(self);
}

static PyObject *get_code(PyObject *self, void *ignored)
{
    (void)ignored;
    return PyLong_FromLong(((ext_object *)self)->code);
}

static PyObject *get_data(PyObject *self, void *ignored)
{
    (void)ignored;
    return Py_NewRef(((ext_object *)self)->data);
}

static PyMethodDef ext_methods[] = {
    {"__reduce__", ext_reduce, METH_NOARGS, NULL},
    {"__copy__", ext_copy, METH_NOARGS, NULL},
    {"__deepcopy__", ext_copy, METH_O, NULL},
    {NULL},
};

static PyGetSetDef ext_getset[] = {
    {"code", get_code, NULL, "from -128 to 127", NULL},
    {"data", get_data, NULL, "bytes", NULL},
    {NULL},
};

static PyType_Slot ext_slots[] = {
    {Py_tp_doc, (char *)"Ext(code, data)\n--\n\nA MessagePack extension value whose code has no meaning here."},
    {Py_tp_new, ext_new},
    {Py_tp_dealloc, ext_dealloc},
    {Py_tp_richcompare, ext_richcompare},
    {Py_tp_hash, ext_hash},
    {Py_tp_repr, ext_repr},
    {Py_tp_methods, ext_methods},
    {Py_tp_getset, ext_getset},
    {0, NULL},
};

static PyType_Spec ext_spec = {
    .name = "quire.msgpack.Ext", /* where users find it, and pickle */
    .basicsize = sizeof(ext_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = ext_slots,
};

int qpy_ext_init(PyObject *module, qpy_state *state)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &ext_spec, NULL);
    if (type == NULL)
        return -1;
    state->ext_type = (PyTypeObject *)type;
    PyObject *names = Py_BuildValue("(ss)", "code", "data");
    if (names == NULL)
        return -1;
    int result = PyDict_SetItemString(state->ext_type->tp_dict, "__match_args__", names);
    Py_DECREF(names);
    PyType_Modified(state->ext_type);
    return result < 0 ? -1 : PyModule_AddObjectRef(module, "Ext", type);
}
