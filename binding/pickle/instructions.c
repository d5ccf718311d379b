/* SPDX-License-Identifier: Apache-2.0 */
/* instructions: the opcodes of a pickle one by one, as the core's decoder sees them, for the disassembler. Nothing is run. */
#include "binding/pickle/machine.h"

static const char *const kinds[] = {
#define X(NAME, SHAPE, size) #NAME,
#include "core/format/pickle_arguments.def"
#undef X
};

/* {code: (name, protocol, kind of the argument, takes, marks, gives)}, from pickle.def. */
static PyObject *opcodes(PyObject *module, PyObject *ignored)
{
    (void)module, (void)ignored;
    PyObject *table = PyDict_New();
    for (int code = 0; table && code < 256; code++) {
        const qr_pickle_info *info = qr_pickle_info_of((uint8_t)code);
        if (!info->name)
            continue;
        PyObject *key = PyLong_FromLong(code), *row = Py_BuildValue("siiiii", info->name, info->protocol, info->argument, info->takes, info->marks, info->gives);
        PyObject *kind = row ? PyUnicode_FromString(kinds[info->argument]) : NULL;
        if (kind)
            PyTuple_SET_ITEM(row, 2, (Py_DECREF(PyTuple_GET_ITEM(row, 2)), kind));
        if (!key || !kind || PyDict_SetItem(table, key, row) < 0)
            Py_CLEAR(table);
        Py_XDECREF(row);
        Py_XDECREF(key);
    }
    return table;
}

static PyObject *bytes_of(const uint8_t *text, size_t length) { return PyBytes_FromStringAndSize((const char *)text, (Py_ssize_t)length); }

static PyObject *argument_of(const qr_pickle_instruction *op)
{
    unsigned argument = qr_pickle_info_of(op->code)->argument;
    switch (qr_pickle_shape_of(argument)) {
    case QR_PICKLE_SHAPE_FIXED:
        if (argument == QR_PICKLE_ARG_FLOAT8)
            return PyFloat_FromDouble(op->d);
        return argument == QR_PICKLE_ARG_I4 ? PyLong_FromLongLong(op->i) : PyLong_FromUnsignedLongLong(op->u);
    case QR_PICKLE_SHAPE_COUNTED:
    case QR_PICKLE_SHAPE_LINE: return bytes_of(op->text, op->length);
    case QR_PICKLE_SHAPE_LINES: return Py_BuildValue("(NN)", bytes_of(op->text, op->length), bytes_of(op->second, op->second_length));
    default: return Py_NewRef(Py_None);
    }
}

/* The instruction at `offset`: (code, argument as it stands there, where the next one is). */
static PyObject *instruction(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer data;
    Py_ssize_t offset;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*n:instruction", &data, &offset))
        return NULL;
    if (offset < 0 || offset >= data.len) {
        PyErr_SetString(PyExc_ValueError, "pickle exhausted before seeing STOP");
        PyBuffer_Release(&data);
        return NULL;
    }
    const uint8_t *start = data.buf;
    qr_pickle_instruction op = {.at = start + offset, .code = start[offset]};
    const qr_pickle_info *info = qr_pickle_info_of(op.code);
    const uint8_t *next = info->name ? qr_pickle_argument_at(op.at + 1, start + data.len, info->argument, &op) : NULL;
    if (!info->name) {
        PyObject *byte = bytes_of(&op.code, 1);
        if (byte)
            PyErr_Format(PyExc_ValueError, "at position %zd, opcode %R unknown", offset, byte);
        Py_XDECREF(byte);
    }
    else if (!next)
        PyErr_Format(PyExc_ValueError, "at position %zd, the argument of %s goes beyond the end", offset, info->name);
    else if ((info->argument == QR_PICKLE_ARG_LONG4 || info->argument == QR_PICKLE_ARG_STR4) && op.length > INT32_MAX)
        PyErr_Format(PyExc_ValueError, "at position %zd, %s has a negative length", offset, info->name);
    else
        result = Py_BuildValue("(iNn)", op.code, argument_of(&op), (Py_ssize_t)(next - start));
    PyBuffer_Release(&data);
    return result;
}

static PyMethodDef methods[] = {
    {"_pickle_opcodes", opcodes, METH_NOARGS, "_pickle_opcodes($module, /)\n--\n\n{code: (name, protocol, kind of argument, takes, marks, gives)}"},
    {"_pickle_instruction", instruction, METH_VARARGS, "_pickle_instruction($module, data, offset, /)\n--\n\n(code, argument, where the next one is)"},
    {NULL, NULL, 0, NULL},
};

int qpy_unpickle_instructions_init(PyObject *module) { return PyModule_AddFunctions(module, methods); }
