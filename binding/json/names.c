/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/json/names.h"

#include "binding/attribute.h"

static const char *const texts[] = {
#define X(NAME, text) text,
    QPY_JSON_KEYWORDS(X)
#undef X
};

qpy_json_keyword qpy_json_name(qpy_state *state, PyObject *name)
{
    for (Py_ssize_t i = 0; i < QPY_JSON_UNKNOWN; i++) /* names in a call are interned where they are written down */
        if (PyTuple_GET_ITEM(state->json_keywords, i) == name)
            return (qpy_json_keyword)i;
    for (Py_ssize_t i = 0; i < QPY_JSON_UNKNOWN; i++)
        if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, texts[i]) == 0)
            return (qpy_json_keyword)i;
    return QPY_JSON_UNKNOWN;
}

PyObject *qpy_json_standard(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *module = PyImport_ImportModule("quire.json._standard"), *callable = module ? qpy_attribute(module, function) : NULL;
    PyObject *result = callable ? PyObject_Vectorcall(callable, args, (size_t)count, names) : NULL;
    Py_XDECREF(callable);
    Py_XDECREF(module);
    return result;
}

int qpy_json_add(PyObject *module, PyMethodDef *functions)
{
    PyObject *name = PyUnicode_FromString("quire.json");
    int status = name ? 0 : -1;
    for (PyMethodDef *f = functions; status == 0 && f->ml_name; f++) {
        PyObject *function = PyCFunction_NewEx(f, module, name), *key = function ? PyUnicode_FromFormat("json_%s", f->ml_name) : NULL;
        status = key ? PyObject_SetAttr(module, key, function) : -1;
        Py_XDECREF(key);
        Py_XDECREF(function);
    }
    Py_XDECREF(name);
    return status;
}

int qpy_json_names_init(PyObject *Py_UNUSED(module), qpy_state *state)
{
    PyObject *names = PyTuple_New(QPY_JSON_UNKNOWN);
    for (Py_ssize_t i = 0; names && i < QPY_JSON_UNKNOWN; i++) {
        PyObject *name = PyUnicode_InternFromString(texts[i]);
        if (!name) {
            Py_CLEAR(names);
            break;
        }
        PyTuple_SET_ITEM(names, i, name);
    }
    state->json_keywords = names;
    return names ? 0 : -1;
}
