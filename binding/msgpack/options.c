/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/msgpack/options.h"

/* ---------------------------------------------------------------- values: 1, or 0 with an exception */

static int read_flag(PyObject *value, int *to)
{
    *to = PyObject_IsTrue(value);
    return *to >= 0;
}

static int read_size(PyObject *value, Py_ssize_t *to)
{
    *to = PyNumber_AsSsize_t(value, PyExc_OverflowError);
    return !(*to == -1 && PyErr_Occurred());
}

static int read_callable(PyObject *value, const char *name, PyObject **to)
{
    *to = value == Py_None ? NULL : value;
    if (!*to || PyCallable_Check(value))
        return 1;
    PyErr_Format(PyExc_TypeError, "%s must be a callable.", name);
    return 0;
}

/* The name of an error handler: text is held by its object. */
static int read_errors(PyObject *value, PyObject **holder, const char **to)
{
    *holder = value == Py_None ? NULL : value;
    *to = NULL;
    if (value == Py_None)
        return 1;
    if (PyBytes_Check(value))
        *to = PyBytes_AS_STRING(value);
    else if (PyUnicode_Check(value)) {
        PyObject *ascii = PyUnicode_AsASCIIString(value); /* names are ASCII: says so when this one is not */
        if (ascii)
            *to = PyUnicode_AsUTF8(value);
        Py_XDECREF(ascii);
    }
    else
        PyErr_Format(PyExc_TypeError, "expected bytes, %.200s found", Py_TYPE(value)->tp_name);
    return *to != NULL;
}

static int unknown(const char *function, PyObject *name)
{
    PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument %R", function, name);
    return 0;
}

/* The place of a keyword in a list that ends with NULL, or that of the NULL. */
static size_t find(const char *const *names, PyObject *name)
{
    size_t i = 0;
    while (names[i] && PyUnicode_CompareWithASCIIString(name, names[i]) != 0)
        i++;
    return i;
}

PyObject *qpy_one_argument(const char *function, const char *argument, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    Py_ssize_t more = names ? PyTuple_GET_SIZE(names) : 0;
    if (QR_LIKELY(count + more == 1) && (more == 0 || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), argument) == 0))
        return args[0];
    if (more && count + more == 1)
        unknown(function, PyTuple_GET_ITEM(names, 0));
    else
        PyErr_Format(PyExc_TypeError, "%s() takes exactly one argument (%zd given)", function, count + more);
    return NULL;
}

/* ---------------------------------------------------------------- packing */

int qpy_pack_keyword(qpy_pack_options *self, const char *function, PyObject *name, PyObject *value)
{
    static const char *const names[] = {"default", "use_single_float", "autoreset", "use_bin_type", "strict_types", "datetime", "unicode_errors", "buf_size", NULL};
    switch (find(names, name)) {
    case 0: return read_callable(value, "default", &self->default_);
    case 1: return read_flag(value, &self->single_float);
    case 2: return read_flag(value, &self->autoreset);
    case 3: return read_flag(value, &self->use_bin_type);
    case 4: return read_flag(value, &self->strict_types);
    case 5: return read_flag(value, &self->datetime);
    case 6: return read_errors(value, &self->unicode_errors, &self->errors);
    case 7: { /* room is made as it is needed */
        PyObject *index = PyNumber_Index(value);
        if (!index)
            return 0;
        size_t size = PyLong_AsSize_t(index);
        Py_DECREF(index);
        return !(size == (size_t)-1 && PyErr_Occurred());
    }
    default: return unknown(function, name);
    }
}

/* ---------------------------------------------------------------- unpacking */

static int read_timestamp(PyObject *value, int *to)
{
    PyObject *index = PyIndex_Check(value) ? PyNumber_Index(value) : NULL;
    int overflow = 0;
    long number = index ? PyLong_AsLongAndOverflow(index, &overflow) : -1;
    Py_XDECREF(index);
    if (!index && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "an integer is required");
    else if (!PyErr_Occurred() && (overflow || number != (int)number))
        PyErr_SetString(PyExc_OverflowError, "value too large to convert to int");
    *to = (int)number;
    return !PyErr_Occurred();
}

/* 1, 0 with an exception, or -1: not one of its names. */
static int unpack_keyword(qpy_unpack_options *self, PyObject *name, PyObject *value)
{
    static const char *const names[] = {
        "raw", "strict_map_key", "use_list", "timestamp", "object_hook", "object_pairs_hook", "list_hook", "ext_hook", "unicode_errors",
        "max_str_len", "max_bin_len", "max_array_len", "max_map_len", "max_ext_len", NULL,
    };
    PyObject *given = value == Py_None ? NULL : value;
    switch (find(names, name)) {
    case 0: return read_flag(value, &self->raw);
    case 1: return read_flag(value, &self->strict_map_key);
    case 2: return read_flag(value, &self->use_list);
    case 3: return read_timestamp(value, &self->timestamp);
    case 4: self->object_hook = given; return 1;
    case 5: self->object_pairs_hook = given; return 1;
    case 6: self->list_hook = given; return 1;
    case 7: self->ext_hook = value; return 1;
    case 8: return read_errors(value, &self->unicode_errors, &self->errors);
    case 9: return read_size(value, &self->max_str);
    case 10: return read_size(value, &self->max_bin);
    case 11: return read_size(value, &self->max_array);
    case 12: return read_size(value, &self->max_map);
    case 13: return read_size(value, &self->max_ext);
    default: return -1;
    }
}

int qpy_unpack_keyword(qpy_unpack_options *self, const char *function, PyObject *name, PyObject *value)
{
    int taken = unpack_keyword(self, name, value);
    return taken >= 0 ? taken : unknown(function, name);
}

int qpy_unpacker_keyword(qpy_unpacker_options *self, PyObject *name, PyObject *value)
{
    static const char *const names[] = {"file_like", "read_size", "max_buffer_size", NULL};
    int taken = unpack_keyword(&self->base, name, value);
    if (taken >= 0)
        return taken;
    switch (find(names, name)) {
    case 0: self->file_like = value == Py_None ? NULL : value; return 1;
    case 1: return read_size(value, &self->read_size);
    case 2: return read_size(value, &self->max_buffer_size);
    default: return unknown("__init__", name);
    }
}

int qpy_unpack_options_check(qpy_unpack_options *self, const qpy_state *state)
{
    PyObject *checked;
    if (QR_LIKELY(!self->object_hook && !self->object_pairs_hook && !self->list_hook && !self->ext_hook && self->timestamp == 0))
        return 1;
    if (self->object_hook && self->object_pairs_hook) {
        PyErr_SetString(PyExc_TypeError, "object_pairs_hook and object_hook are mutually exclusive.");
        return 0;
    }
    if (self->ext_hook && self->ext_hook == (PyObject *)state->msgpack_ext)
        self->ext_hook = NULL;
    if ((self->object_hook && !read_callable(self->object_hook, "object_hook", &checked)) ||
        (self->object_pairs_hook && !read_callable(self->object_pairs_hook, "object_pairs_hook", &checked)) ||
        (self->list_hook && !read_callable(self->list_hook, "list_hook", &checked)) ||
        (self->ext_hook && !read_callable(self->ext_hook, "ext_hook", &checked)))
        return 0;
    if (self->timestamp < 0 || self->timestamp > 3) {
        PyErr_SetString(PyExc_ValueError, "timestamp must be 0..3");
        return 0;
    }
    return 1;
}
