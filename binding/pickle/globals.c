/* SPDX-License-Identifier: Apache-2.0 */
/* globals: classes and functions, by the name under which they can be imported. */
#include "binding/pickle/pickler.h"

#if PY_VERSION_HEX < 0x030D0000
#define LOCAL_OBJECT "Can't pickle local object %R"
#else
#define LOCAL_OBJECT "Can't get local object %R"
#endif

/* The parts of a dotted name: new list, or NULL with an exception. */
static PyObject *dotted(PyObject *name)
{
    PyObject *path;
    if (PyUnicode_CheckExact(name) && PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1) == -1) {
        if ((path = PyList_New(1)))
            PyList_SET_ITEM(path, 0, Py_NewRef(name));
    }
    else {
        PyObject *dot = PyUnicode_InternFromString(".");
        path = dot ? PyUnicode_Split(name, dot, -1) : NULL;
        Py_XDECREF(dot);
    }
    for (Py_ssize_t i = 0; path && i < PyList_GET_SIZE(path); i++)
        if (PyUnicode_GET_LENGTH(PyList_GET_ITEM(path, i)) == 8 && PyUnicode_CompareWithASCIIString(PyList_GET_ITEM(path, i), "<locals>") == 0) {
            PyErr_Format(PyExc_AttributeError, LOCAL_OBJECT, name);
            Py_CLEAR(path);
        }
    return path;
}

/* What is found along the path: new, and *parent (new, may be NULL as argument) what has it; NULL, perhaps with an exception. */
static PyObject *deep_attribute(PyObject *from, PyObject *path, PyObject **parent)
{
    PyObject *at = Py_NewRef(from), *before = NULL;
    for (Py_ssize_t i = 0; at && i < PyList_GET_SIZE(path); i++) {
        Py_XSETREF(before, at);
        if (!qpy_pickle_lookup(before, PyList_GET_ITEM(path, i), &at))
            at = NULL;
    }
    if (at && parent)
        *parent = before;
    else
        Py_XDECREF(before);
    return at;
}

static int is_named(PyObject *name, const char *text) { return PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, text) == 0; }

/* Does the module have it? -1 with an exception. */
static int module_has(PyObject *name, PyObject *module, PyObject *o, PyObject *path)
{
    if (module == Py_None || is_named(name, "__main__"))
        return 0;
    PyObject *found = deep_attribute(module, path, NULL);
    int has = found == o;
    Py_XDECREF(found);
    return PyErr_Occurred() ? -1 : has;
}

/* The name of the first module of sys.modules that has it: new; *failed tells NULL from an exception. */
static PyObject *search_modules(PyObject *o, PyObject *path, int *failed)
{
    PyObject *modules = PySys_GetObject("modules"), *name, *module;
    int has = 0;
    *failed = 1;
    if (!modules) {
        PyErr_SetString(PyExc_RuntimeError, "unable to get sys.modules");
        return NULL;
    }
    Py_INCREF(modules);
    if (PyDict_CheckExact(modules)) {
        Py_ssize_t i = 0;
        while (!has && PyDict_Next(modules, &i, &name, &module)) {
            Py_INCREF(name);
            Py_INCREF(module);
            has = module_has(name, module, o, path);
            Py_DECREF(module);
            if (has <= 0)
                Py_DECREF(name);
        }
    }
    else {
        PyObject *iterator = PyObject_GetIter(modules);
        while (iterator && !has && (name = PyIter_Next(iterator))) {
            module = PyObject_GetItem(modules, name);
            has = module ? module_has(name, module, o, path) : -1;
            Py_XDECREF(module);
            if (has <= 0)
                Py_DECREF(name);
        }
        Py_XDECREF(iterator);
        if (!has && PyErr_Occurred())
            has = -1;
    }
    Py_DECREF(modules);
    *failed = has < 0;
    return has > 0 ? name : NULL;
}

static PyObject *module_of(const qpy_state *state, PyObject *o, PyObject *path)
{
    PyObject *name;
    int failed;
    if (!qpy_pickle_lookup(o, state->str_module, &name))
        return NULL;
    if (name && name != Py_None)
        return name;
    Py_XDECREF(name);
    name = search_modules(o, path, &failed);
    return name || failed ? name : PyUnicode_InternFromString("__main__");
}

/* ---------------------------------------------------------------- names of Python 2 */

static int bad_mapping(const char *which, const char *wanted, PyObject *found)
{
    PyErr_Format(PyExc_RuntimeError, "_compat_pickle.%s values should be %s, not %.200s", which, wanted, Py_TYPE(found)->tp_name);
    return 0;
}

/* Both are replaced in place: 1, or 0 with an exception. */
static int old_names(qpy_state *state, PyObject **module, PyObject **name)
{
    PyObject *key = PyTuple_Pack(2, *module, *name), *found = key ? PyDict_GetItemWithError(state->pickle_names, key) : NULL;
    Py_XDECREF(key);
    if (found) {
        if (!PyTuple_Check(found) || PyTuple_GET_SIZE(found) != 2)
            return bad_mapping("REVERSE_NAME_MAPPING", "2-tuples", found);
        PyObject *first = PyTuple_GET_ITEM(found, 0), *second = PyTuple_GET_ITEM(found, 1);
        if (!PyUnicode_Check(first) || !PyUnicode_Check(second)) {
            PyErr_Format(PyExc_RuntimeError, "_compat_pickle.REVERSE_NAME_MAPPING values should be pairs of str, not (%.200s, %.200s)", Py_TYPE(first)->tp_name, Py_TYPE(second)->tp_name);
            return 0;
        }
        Py_XSETREF(*module, Py_NewRef(first));
        Py_XSETREF(*name, Py_NewRef(second));
        return 1;
    }
    if (PyErr_Occurred())
        return 0;
    found = PyDict_GetItemWithError(state->pickle_imports, *module);
    if (found && !PyUnicode_Check(found))
        return bad_mapping("REVERSE_IMPORT_MAPPING", "strings", found);
    if (found)
        Py_XSETREF(*module, Py_NewRef(found));
    return !PyErr_Occurred();
}

/* ---------------------------------------------------------------- opcodes */

/* Is it a code of the extension registry that can be written? 1; 0 with an exception. */
static int check_code(qpy_pickling *k, PyObject *o, PyObject *code, long *number)
{
#if PY_VERSION_HEX < 0x030D0000
    if (!PyLong_Check(code)) {
        PyErr_Format(k->state->pickle_error, "Can't pickle %R: extension code %R isn't an integer", o, code);
        return 0;
    }
#endif
    *number = PyLong_AsLong(code);
    if (*number > 0 && *number <= INT32_MAX)
        return 1;
    if (!PyErr_Occurred()) {
#if PY_VERSION_HEX < 0x030D0000
        PyErr_Format(k->state->pickle_error, "Can't pickle %R: extension code %ld is out of range", o, *number);
#else
        PyErr_Format(PyExc_RuntimeError, "extension code %ld is out of range", *number);
#endif
    }
    return 0;
}

/* EXT1, EXT2 or EXT4, when the registry has it: 1 (written), 0 (it has not), -1 with an exception. */
static int put_extension(qpy_pickling *k, PyObject *o, PyObject *module, PyObject *name)
{
    PyObject *key = PyTuple_Pack(2, module, name), *code = key ? PyDict_GetItemWithError(k->state->pickle_extensions, key) : NULL;
    long number;
    Py_XDECREF(key);
    if (!code)
        return PyErr_Occurred() ? -1 : 0;
    Py_INCREF(code);
    int ok = check_code(k, o, code, &number) && qr_pickle_room(&k->out, 0);
    Py_DECREF(code);
    if (!ok)
        return -1;
    if (number < 256)
        qr_pickle_put_u8(&k->out, QR_PICKLE_EXT1, (uint8_t)number);
    else if (number < 65536)
        qr_pickle_put_u16(&k->out, QR_PICKLE_EXT2, (uint16_t)number);
    else
        qr_pickle_put_u32(&k->out, QR_PICKLE_EXT4, (uint32_t)number);
    return 1;
}

static int put_line(qpy_pickling *k, PyObject *text, const char *what)
{
    PyObject *encoded = k->out.protocol == 3 ? PyUnicode_AsUTF8String(text) : PyUnicode_AsASCIIString(text);
    if (!encoded) {
        if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            PyErr_Format(k->state->pickle_error, "can't pickle %s identifier '%S' using pickle protocol %i", what, text, k->out.protocol);
        return 0;
    }
    int ok = qr_pickle_put_bytes(&k->out, PyBytes_AS_STRING(encoded), (size_t)PyBytes_GET_SIZE(encoded)) && qr_pickle_put_bytes(&k->out, "\n", 1);
    Py_DECREF(encoded);
    return ok;
}

static int put_global(qpy_pickling *k, PyObject **module, PyObject **name)
{
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    qr_pickle_put(&k->out, QR_PICKLE_GLOBAL);
    if (k->out.protocol < 3 && k->fix_imports && !old_names(k->state, module, name))
        return 0;
    return put_line(k, *module, "module") && put_line(k, *name, "global");
}

qpy_saved qpy_pickle_toplevel(qpy_pickling *k, PyObject *module, PyObject *name)
{
    Py_INCREF(module);
    Py_INCREF(name);
    int ok = put_global(k, &module, &name);
    Py_DECREF(module);
    Py_DECREF(name);
    return ok ? QPY_SAVED : QPY_SAVE_FAILED;
}

#if PY_VERSION_HEX >= 0x030D0000
/* getattr(getattr(first, second), third), where protocols have no names with dots. */
static qpy_saved then_path(qpy_pickling *k, PyObject *o, PyObject *module, PyObject *name)
{
    const uint8_t old = k->out.protocol < 2;
    PyObject *path = dotted(name);
    int ok = path && qpy_pickle_then(k, QPY_FRAME_MEMOIZE, o);
    Py_ssize_t n = path ? PyList_GET_SIZE(path) : 0;
    for (Py_ssize_t i = n - 1; ok && i > 0; i--)
        ok = qpy_pickle_then_put(k, 2, (old ? QR_PICKLE_TUPLE : QR_PICKLE_TUPLE2) | (uint32_t)QR_PICKLE_REDUCE << 8) && qpy_pickle_then(k, QPY_FRAME_SAVE, PyList_GET_ITEM(path, i));
    qpy_pickle_frame *frame = ok ? qpy_pickle_push(k, QPY_FRAME_GLOBAL, module) : NULL;
    if (frame)
        frame->extra = Py_NewRef(PyList_GET_ITEM(path, 0));
    ok = frame != NULL;
    for (Py_ssize_t i = 1; ok && i < n; i++)
        ok = (!old || qpy_pickle_then_put(k, 1, QR_PICKLE_MARK)) && qpy_pickle_then(k, QPY_FRAME_SAVE, k->state->pickle_getattr);
    Py_XDECREF(path);
    return ok ? QPY_SAVE_PUSHED : QPY_SAVE_FAILED;
}
#endif

/* `parent` has it under `last`; `name` is the whole name. */
static qpy_saved put_named(qpy_pickling *k, PyObject *o, PyObject **module_name, PyObject *module, PyObject *parent, PyObject **name, PyObject *last)
{
    if (k->out.protocol >= 2) {
        int put = put_extension(k, o, *module_name, *name);
        if (put)
            return put > 0 ? QPY_SAVED : QPY_SAVE_FAILED;
    }
    if (parent == module)
        Py_SETREF(*name, Py_NewRef(last));
    if (k->out.protocol >= 4)
        return qpy_pickle_then(k, QPY_FRAME_MEMOIZE, o) && qpy_pickle_then_put(k, 1, QR_PICKLE_STACK_GLOBAL) && qpy_pickle_then(k, QPY_FRAME_SAVE, *name) &&
                       qpy_pickle_then(k, QPY_FRAME_SAVE, *module_name)
                   ? QPY_SAVE_PUSHED
                   : QPY_SAVE_FAILED;
    if (parent == module)
        return put_global(k, module_name, name) && qpy_pickle_memoize(k, o) ? QPY_SAVED : QPY_SAVE_FAILED;
#if PY_VERSION_HEX >= 0x030D0000
    return then_path(k, o, *module_name, *name);
#endif
    PyObject *reduction = Py_BuildValue("(O(OO))", k->state->pickle_getattr, parent, last);
    qpy_saved saved = reduction && qpy_pickle_then(k, QPY_FRAME_MEMOIZE, o) ? qpy_pickle_reduce(k, reduction, NULL) : QPY_SAVE_FAILED;
    Py_XDECREF(reduction);
    return saved;
}

/* Its __qualname__, or where there is none its __name__: new, or NULL with an exception. */
static PyObject *name_of(const qpy_state *state, PyObject *o)
{
    PyObject *name;
    if (!qpy_pickle_lookup(o, state->str_qualname, &name))
        return NULL;
    return name ? name : PyObject_GetAttr(o, state->str_name);
}

qpy_saved qpy_pickle_global(qpy_pickling *k, PyObject *o, PyObject *given)
{
    PyObject *name = given ? Py_NewRef(given) : name_of(k->state, o);
    PyObject *path = name ? dotted(name) : NULL, *module_name = path ? module_of(k->state, o, path) : NULL;
    PyObject *module = NULL, *found = NULL, *parent = NULL;
    qpy_saved saved = QPY_SAVE_FAILED;
    if (!module_name)
        goto done;
    module = PyImport_Import(module_name);
    if (!module) {
        PyErr_Clear();
        PyErr_Format(k->state->pickle_error, "Can't pickle %R: import of module %R failed", o, module_name);
        goto done;
    }
    found = deep_attribute(module, path, &parent);
    PyErr_Clear();
    if (!found)
        PyErr_Format(k->state->pickle_error, "Can't pickle %R: attribute lookup %S on %S failed", o, name, module_name);
    else if (found != o)
        PyErr_Format(k->state->pickle_error, "Can't pickle %R: it's not the same object as %S.%S", o, module_name, name);
    else
        saved = put_named(k, o, &module_name, module, parent, &name, PyList_GET_ITEM(path, PyList_GET_SIZE(path) - 1));
done:
    Py_XDECREF(found);
    Py_XDECREF(parent);
    Py_XDECREF(module);
    Py_XDECREF(module_name);
    Py_XDECREF(path);
    Py_XDECREF(name);
    return saved;
}
