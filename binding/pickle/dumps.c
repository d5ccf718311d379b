/* SPDX-License-Identifier: Apache-2.0 */
/* dumps: dump() and dumps(). What is plain is written without holding anything; where that does not do, it starts anew. */
#include "binding/codec.h"
#include "binding/pickle/module.h"
#include "binding/pickle/pickler.h"

enum { HIGHEST = QR_PICKLE_HIGHEST, DEFAULT = PY_VERSION_HEX >= 0x030E0000 ? 5 : 4, MOST_TRIES = 32, WARY = 4, WASTED = 4096 };

typedef struct options {
    PyObject *object, *file, *protocol, *buffer_callback; /* borrowed */
    int fix_imports, lean;
} options;

int qpy_pickle_protocol(PyObject *argument)
{
    if (!argument || argument == Py_None)
        return DEFAULT;
    long protocol = PyLong_AsLong(argument);
    if (protocol < 0)
        return protocol == -1 && PyErr_Occurred() ? -1 : HIGHEST;
    if (protocol > HIGHEST) {
        PyErr_Format(PyExc_ValueError, "pickle protocol must be <= %d", HIGHEST);
        return -1;
    }
    return (int)protocol;
}

int qpy_pickle_file(PyObject *file, PyObject **write)
{
    PyObject *key = PyUnicode_InternFromString("write");
    int ok = key && qpy_pickle_lookup(file, key, write);
    Py_XDECREF(key);
    if (ok && !*write) {
        PyErr_SetString(PyExc_TypeError, "file must have a 'write' attribute");
        ok = 0;
    }
    return ok;
}

int qpy_pickle_callback(PyObject **callback, int protocol)
{
    if (*callback == Py_None)
        *callback = NULL;
    if (!*callback || protocol >= 5)
        return 1;
    PyErr_SetString(PyExc_ValueError, "buffer_callback needs protocol >= 5");
    return 0;
}

/* 1: written; 0 with an exception; -1: it is not plain. */
static int dump_plain(qpy_pickling *k, int protocol, PyObject *object)
{
    for (int tries = 0;; tries++) {
        qpy_pickle_output_init(k, protocol);
        if (qpy_memo_init(&k->memo, k->state, 0) < 0)
            return 0;
        k->plain = 1;
        k->gave_up = k->ordinary = 0;
        k->wanted = NULL;
        k->call = ++k->state->pickle_calls;
        if (k->call == 0) /* plans may remember a call of that number */
            qpy_pickle_plans_free(k->state);
        int ok = qpy_pickle_dump(k, object, qpy_pickle_run_plain);
        qpy_memo_release(&k->memo, k->state);
        qpy_pickle_unwind(k);
        k->plain = 0;
        if (ok || !k->gave_up)
            return ok;
        if (qr_buffer_length(&k->out.buffer) > WASTED)
            k->state->pickle_wary = WARY;
        qpy_pickle_output_release(k);
        k->gave_up = 0;
        if (!k->wanted || tries == MOST_TRIES)
            return -1;
        PyTypeObject *type = (PyTypeObject *)Py_NewRef(k->wanted);
        ok = qpy_pickle_prepare(k, type);
        Py_DECREF(type);
        if (!ok)
            return PyErr_Occurred() ? 0 : -1;
    }
}

static int dump_held(qpy_pickling *k, int protocol, PyObject *object)
{
    qpy_pickle_output_init(k, protocol);
    if (!qpy_pickle_standard(k->state) || qpy_memo_init(&k->memo, k->state, 1) < 0)
        return 0;
    int ok = qpy_pickle_dump(k, object, qpy_pickle_run_held);
    qpy_pickle_unwind(k);
    Py_CLEAR(k->fast_memo);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    qpy_memo_release(&k->memo, k->state);
    PyErr_Restore(type, value, traceback);
    return ok;
}

static PyObject *dump_with(qpy_state *state, options *given)
{
    qpy_pickling k;
    PyObject *result = NULL;
    int protocol = qpy_pickle_protocol(given->protocol), ok = -1;
    qpy_pickling_init(&k, state);
    if (protocol < 0 || (given->file && !qpy_pickle_file(given->file, &k.write)))
        return NULL;
    k.buffer_callback = given->buffer_callback;
    k.fix_imports = given->fix_imports && protocol < 3;
    k.lean = given->lean;
    if (!qpy_pickle_callback(&k.buffer_callback, protocol)) {
        Py_XDECREF(k.write);
        return NULL;
    }
    qpy_pickle_plans_check(state);
    if (QR_UNLIKELY(state->pickle_wary))
        state->pickle_wary--;
    else
        ok = dump_plain(&k, protocol, given->object);
    if (ok < 0)
        ok = dump_held(&k, protocol, given->object);
    if (ok && k.write)
        result = qpy_pickle_output_flush(&k) ? Py_NewRef(Py_None) : NULL;
    else if (ok)
        result = qpy_pickle_output_take(&k);
    if (result && !k.write)
        state->pickle_hint = qpy_next_hint(state->pickle_hint, (size_t)PyBytes_GET_SIZE(result));
    qpy_pickle_output_release(&k);
    Py_XDECREF(k.write);
    return result;
}

/* ---------------------------------------------------------------- arguments */

/* As the interpreter reads them, with its messages. */
static int read_slowly(const char *format, const char *const *names, PyObject *const *args, Py_ssize_t count, PyObject *keywords, options *to, PyObject **first, PyObject **second)
{
    PyObject *tuple = PyTuple_New(count), *dict = PyDict_New();
    int ok = tuple && dict;
    for (Py_ssize_t i = 0; ok && i < count; i++)
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(args[i]));
    for (Py_ssize_t i = 0; ok && keywords && i < PyTuple_GET_SIZE(keywords); i++)
        ok = PyDict_SetItem(dict, PyTuple_GET_ITEM(keywords, i), args[count + i]) == 0;
    if (ok)
        ok = second ? PyArg_ParseTupleAndKeywords(tuple, dict, format, (char **)names, first, second, &to->protocol, &to->fix_imports, &to->buffer_callback, &to->lean)
                    : PyArg_ParseTupleAndKeywords(tuple, dict, format, (char **)names, first, &to->protocol, &to->fix_imports, &to->buffer_callback, &to->lean);
    Py_XDECREF(tuple); /* the caller has what was in it */
    Py_XDECREF(dict);
    return ok;
}

/* Only what is meant by position, and flags that are True or False: 1; 0: read it slowly. */
static int read_quickly(PyObject *const *args, Py_ssize_t count, PyObject *keywords, options *to)
{
    for (Py_ssize_t i = 0; keywords && i < PyTuple_GET_SIZE(keywords); i++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, i), *value = args[count + i];
        if (PyUnicode_CompareWithASCIIString(name, "protocol") == 0 && !to->protocol)
            to->protocol = value;
        else if (PyUnicode_CompareWithASCIIString(name, "lean") == 0 && PyBool_Check(value))
            to->lean = value == Py_True;
        else if (PyUnicode_CompareWithASCIIString(name, "buffer_callback") == 0)
            to->buffer_callback = value;
        else
            return 0;
    }
    return 1;
}

static PyObject *dumps(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"obj", "protocol", "fix_imports", "buffer_callback", "lean", NULL};
    options given = {.fix_imports = 1};
    if (QR_LIKELY(count == 1 || count == 2)) {
        given.object = args[0];
        given.protocol = count == 2 ? args[1] : NULL;
        if (QR_LIKELY(read_quickly(args, count, keywords, &given)))
            return dump_with(qpy_state_of(module), &given);
        given = (options){.fix_imports = 1};
    }
    return read_slowly("O|O$pOp:dumps", names, args, count, keywords, &given, &given.object, NULL) ? dump_with(qpy_state_of(module), &given) : NULL;
}

static PyObject *dump(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"obj", "file", "protocol", "fix_imports", "buffer_callback", "lean", NULL};
    options given = {.fix_imports = 1};
    if (QR_LIKELY(count == 2 || count == 3)) {
        given.object = args[0];
        given.file = args[1];
        given.protocol = count == 3 ? args[2] : NULL;
        if (QR_LIKELY(read_quickly(args, count, keywords, &given)))
            return dump_with(qpy_state_of(module), &given);
        given = (options){.fix_imports = 1};
    }
    return read_slowly("OO|O$pOp:dump", names, args, count, keywords, &given, &given.object, &given.file) ? dump_with(qpy_state_of(module), &given) : NULL;
}

static PyMethodDef functions[] = {
    {"pickle_dumps", (PyCFunction)(void (*)(void))dumps, METH_FASTCALL | METH_KEYWORDS,
     "dumps($module, /, obj, protocol=None, *, fix_imports=True, buffer_callback=None, lean=False)\n--\n\nThe object as a pickle: what pickle.dumps() gives; lean: without what no reader needs."},
    {"pickle_dump", (PyCFunction)(void (*)(void))dump, METH_FASTCALL | METH_KEYWORDS,
     "dump($module, /, obj, file, protocol=None, *, fix_imports=True, buffer_callback=None, lean=False)\n--\n\nThe object as a pickle, into a file: what pickle.dump() writes; lean: without what no reader needs."},
    {NULL, NULL, 0, NULL},
};

int qpy_pickle_init(PyObject *module, qpy_state *state) { return PyModule_AddFunctions(module, functions) < 0 ? -1 : qpy_pickler_init(module, state); }
