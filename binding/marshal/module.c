/* SPDX-License-Identifier: Apache-2.0 */
/* module: dump, dumps, load and loads. Their parameters are positional, as there; allow_code and canonical are keywords. */
#include "binding/marshal/marshal.h"

#include "binding/attribute.h"

#include <marshal.h>

/* allow_code= came with Python 3.13, like this name. */
#if PY_VERSION_HEX >= 0x030D0000
enum { HAS_ALLOW_CODE = 1 };
#define AS_INT PyLong_AsInt
#define ALLOW_CODE "allow_code=True, "
#define ONLY_ALLOW_CODE ", *, allow_code=True"
#else
enum { HAS_ALLOW_CODE = 0 };
#define AS_INT _PyLong_AsInt
#define ALLOW_CODE ""
#define ONLY_ALLOW_CODE ""
#endif

static PyObject *standard(const char *name)
{
    PyObject *module = PyImport_ImportModule("marshal"), *function = module ? qpy_attribute(module, name) : NULL;
    Py_XDECREF(module);
    return function;
}

PyObject *qpy_marshal_standard_dumps(PyObject *value, int version, int allow_code)
{
    (void)allow_code; /* who must not write code does not come here */
    PyObject *dumps = standard("dumps"), *number = dumps ? PyLong_FromLong(version) : NULL, *result = NULL;
    if (number) /* no reference more than there would be */
        result = PyObject_Vectorcall(dumps, (PyObject *[]){value, number}, 2, NULL);
    Py_XDECREF(number);
    Py_XDECREF(dumps);
    return result;
}

PyObject *qpy_marshal_standard_loads(const uint8_t *data, size_t length)
{
    PyObject *loads = standard("loads"), *bytes = loads ? PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)length) : NULL;
    PyObject *result = bytes ? PyObject_CallOneArg(loads, bytes) : NULL;
    Py_XDECREF(bytes);
    Py_XDECREF(loads);
    return result;
}

/* ---------------------------------------------------------------- parameters */

typedef struct options {
    int version, allow_code, canonical;
} options;

static int fail_keyword(const char *function, PyObject *name)
{
    PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, name);
    return 0;
}

/* Positional ones are `least` objects and, where `most` is larger, the version. 1, or 0 with an exception. */
static int read_options(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *names, Py_ssize_t least, Py_ssize_t most, options *o)
{
    *o = (options){Py_MARSHAL_VERSION, 1, 0};
    if (count < least || count > most) {
        if (least == most)
            PyErr_Format(PyExc_TypeError, "%s() takes exactly %zd argument%s (%zd given)", function, least, least == 1 ? "" : "s", count);
        else
            PyErr_Format(PyExc_TypeError, "%s expected at %s %zd argument%s, got %zd", function, count < least ? "least" : "most", count < least ? least : most,
                         (count < least ? least : most) == 1 ? "" : "s", count);
        return 0;
    }
    if (count > least && (o->version = AS_INT(args[least])) == -1 && PyErr_Occurred())
        return 0;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        int *flag = HAS_ALLOW_CODE && PyUnicode_CompareWithASCIIString(name, "allow_code") == 0 ? &o->allow_code
                    : most > least && PyUnicode_CompareWithASCIIString(name, "canonical") == 0 ? &o->canonical
                                                                                             : NULL;
        if (!flag)
            return fail_keyword(function, name);
        if ((*flag = PyObject_IsTrue(args[count + i])) < 0)
            return 0;
    }
    return 1;
}

/* ---------------------------------------------------------------- functions */

static PyObject *dumps(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    options o;
    if (!read_options("dumps", args, count, names, 1, 2, &o))
        return NULL;
    return qpy_marshal_dumps(qpy_state_of(module), args[0], o.version, o.allow_code, o.canonical);
}

static PyObject *dump(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    options o;
    if (!read_options("dump", args, count, names, 2, 3, &o))
        return NULL;
    PyObject *data = qpy_marshal_dumps(qpy_state_of(module), args[0], o.version, o.allow_code, o.canonical);
    PyObject *result = data ? qpy_call_method(args[1], "write", data) : NULL;
    Py_XDECREF(data);
    return result;
}

static PyObject *loads(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    options o;
    Py_buffer view;
    if (!read_options("marshal.loads", args, count, names, 1, 1, &o))
        return NULL;
    if (PyBytes_CheckExact(args[0]))
        return qpy_marshal_loads(qpy_state_of(module), (const uint8_t *)PyBytes_AS_STRING(args[0]), (size_t)PyBytes_GET_SIZE(args[0]), o.allow_code);
    if (PyObject_GetBuffer(args[0], &view, PyBUF_SIMPLE) < 0)
        return NULL;
    PyObject *copy = PyBytes_FromStringAndSize(view.buf, view.len), *result = NULL; /* it might change while it is read */
    PyBuffer_Release(&view);
    if (copy)
        result = qpy_marshal_loads(qpy_state_of(module), (const uint8_t *)PyBytes_AS_STRING(copy), (size_t)PyBytes_GET_SIZE(copy), o.allow_code);
    Py_XDECREF(copy);
    return result;
}

static PyObject *load(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    options o;
    if (!read_options("marshal.load", args, count, names, 1, 1, &o))
        return NULL;
    return qpy_marshal_load(qpy_state_of(module), args[0], o.allow_code);
}

#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)
#define VERSION TEXT(Py_MARSHAL_VERSION)
#define WORDS(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS
static PyMethodDef methods[] = {
    {"dump", WORDS(dump),
     "dump($module, value, file, version=" VERSION ", /, *, " ALLOW_CODE "canonical=False)\n--\n\nWrites the value to the file, whose write() gets one bytes object.\n\n"
     "Returns what write() returns. Raises ValueError for what marshal cannot hold."},
    {"dumps", WORDS(dumps),
     "dumps($module, value, version=" VERSION ", /, *, " ALLOW_CODE "canonical=False)\n--\n\nThe bytes that the standard library's marshal writes for the value.\n\n"
     "canonical=True: bytes that depend on the value alone. Raises ValueError for what marshal cannot hold."},
    {"load", WORDS(load),
     "load($module, file, /" ONLY_ALLOW_CODE ")\n--\n\nReads one value from the file, by its readinto(), and no byte beyond it.\n\nRaises EOFError, ValueError or TypeError."},
    {"loads", WORDS(loads),
     "loads($module, bytes, /" ONLY_ALLOW_CODE ")\n--\n\nThe value that the bytes-like object begins with; what follows is ignored.\n\nRaises EOFError, ValueError or TypeError."},
    {NULL, NULL, 0, NULL},
};

/* As marshal_<name>; the functions name quire.marshal as their module. */
static int add(PyObject *module, PyObject *name, PyMethodDef *method)
{
    char attribute[32] = "marshal_";
    PyObject *function = PyCFunction_NewEx(method, module, name);
    int ok = function ? PyModule_AddObjectRef(module, strcat(attribute, method->ml_name), function) : -1;
    Py_XDECREF(function);
    return ok;
}

int qpy_marshal_init(PyObject *module, qpy_state *Py_UNUSED(state))
{
    PyObject *name = PyUnicode_FromString("quire.marshal");
    int ok = name ? 0 : -1;
    for (PyMethodDef *method = methods; ok == 0 && method->ml_name; method++)
        ok = add(module, name, method);
    Py_XDECREF(name);
    return ok < 0 ? -1 : PyModule_AddIntConstant(module, "marshal_version", Py_MARSHAL_VERSION);
}
