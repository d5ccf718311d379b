/* SPDX-License-Identifier: Apache-2.0 */
/* code: code objects from their fields.
 *
 * The public constructor wants the names of locals, cells and free variables apart, as they were before Python 3.11, and puts them
 * together again. What it made is compared with what was read; where it differs, the standard library is to read it all. */
#include "binding/marshal/read.h"

#include <opcode.h>

typedef struct fields {
    int32_t argcount, posonlyargcount, kwonlyargcount, stacksize, flags, firstlineno;
    PyObject *code, *consts, *names, *locals, *kinds, *filename, *name, *qualname, *linetable, *exceptiontable;
    int only_locals; /* no cells, no free variables */
} fields;

static void release(fields *f)
{
    PyObject *objects[] = {f->code, f->consts, f->names, f->locals, f->kinds, f->filename, f->name, f->qualname, f->linetable, f->exceptiontable};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(objects); i++)
        Py_XDECREF(objects[i]);
}

/* n integers in a row: 1, or 0 with an exception. */
static int read_numbers(qpy_marshal_reader *m, int32_t **numbers, size_t n)
{
    if (!qpy_marshal_fetch(m, 4 * n))
        return 0;
    const uint8_t *at = m->r.p - 1; /* any place that is no item's: the fault is that the input ends */
    for (size_t i = 0; i < n; i++)
        if (!qr_marshal_want_i4(&m->r, at, numbers[i]))
            return qpy_marshal_fail(m) != NULL;
    return 1;
}

/* 1, or 0 with an exception, or without one: NULL where an object should be. */
static int read_fields(qpy_marshal_reader *m, fields *f)
{
    int32_t *head[] = {&f->argcount, &f->posonlyargcount, &f->kwonlyargcount, &f->stacksize, &f->flags}, *line[] = {&f->firstlineno};
    PyObject **first[] = {&f->code, &f->consts, &f->names, &f->locals, &f->kinds, &f->filename, &f->name, &f->qualname};
    if (!read_numbers(m, head, QR_ARRAY_LENGTH(head)))
        return 0;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(first); i++)
        if (!(*first[i] = qpy_marshal_read_within(m)))
            return 0;
    return read_numbers(m, line, 1) && (f->linetable = qpy_marshal_read_within(m)) && (f->exceptiontable = qpy_marshal_read_within(m));
}

/* The constructor looks at the other names itself. */
static int is_tuple_of_str(PyObject *tuple)
{
    if (!PyTuple_CheckExact(tuple))
        return 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++)
        if (!PyTuple_GET_ITEM(tuple, i) || !PyUnicode_CheckExact(PyTuple_GET_ITEM(tuple, i)))
            return 0;
    return 1;
}

/* From 3.12 on there are opcodes that tools put in the place of others while a function runs. They are never written, and the interpreter
 * looks for the ones that they stand for where there are none. */
static int has_foreign_opcodes(PyObject *code)
{
#ifdef MIN_INSTRUMENTED_OPCODE
    const uint8_t *p = (const uint8_t *)PyBytes_AS_STRING(code);
    int highest = 0;
    for (Py_ssize_t i = 0; i < PyBytes_GET_SIZE(code); i += 2)
        highest = p[i] > highest ? p[i] : highest;
    return highest >= MIN_INSTRUMENTED_OPCODE;
#else
    (void)code;
    return 0;
#endif
}

/* What the interpreter takes for granted or calls a SystemError: 1, or 0 with an exception. */
static int check(qpy_marshal_reader *m, const fields *f)
{
    int ok = PyBytes_CheckExact(f->code) && PyTuple_CheckExact(f->consts) && PyTuple_CheckExact(f->names) && is_tuple_of_str(f->locals) &&
             PyBytes_CheckExact(f->kinds) && PyBytes_GET_SIZE(f->kinds) == PyTuple_GET_SIZE(f->locals) && PyUnicode_CheckExact(f->filename) &&
             PyUnicode_CheckExact(f->name) && PyUnicode_CheckExact(f->qualname) && PyBytes_CheckExact(f->linetable) && PyBytes_CheckExact(f->exceptiontable);
    if (!ok) {
        PyErr_SetString(PyExc_SystemError, "bad marshal data (the fields of a code object)");
        return 0;
    }
    if (has_foreign_opcodes(f->code)) {
        PyErr_SetString(PyExc_ValueError, "bad marshal data (opcodes that are never written)");
        return 0;
    }
    return qpy_marshal_check_constants(m, f->consts);
}

#if QPY_PRIVATE

enum { HIDDEN = 0x10, LOCAL = 0x20, CELL = 0x40, FREE = 0x80 }; /* the kinds of a variable */

#if PY_VERSION_HEX >= 0x030C0000
#define NEW_CODE PyUnstable_Code_NewWithPosOnlyArgs
#else
#define NEW_CODE PyCode_NewWithPosOnlyArgs
#endif

/* The names of one kind: a new tuple (or the one of all), or NULL with an exception. */
static PyObject *names_of(const fields *f, uint8_t kind)
{
    const uint8_t *kinds = (const uint8_t *)PyBytes_AS_STRING(f->kinds);
    Py_ssize_t all = PyTuple_GET_SIZE(f->locals), n = 0;
    if (f->only_locals)
        return kind == LOCAL ? Py_NewRef(f->locals) : PyTuple_New(0);
    for (Py_ssize_t i = 0; i < all; i++)
        n += (kinds[i] & kind) != 0;
    PyObject *names = PyTuple_New(n);
    for (Py_ssize_t i = 0, to = 0; names && i < all; i++)
        if (kinds[i] & kind)
            PyTuple_SET_ITEM(names, to++, Py_NewRef(PyTuple_GET_ITEM(f->locals, i)));
    return names;
}

static int has_only_locals(const fields *f)
{
    uint8_t kinds = 0;
    for (Py_ssize_t i = 0; i < PyBytes_GET_SIZE(f->kinds); i++)
        kinds |= (uint8_t)(PyBytes_AS_STRING(f->kinds)[i] ^ LOCAL);
    return !(kinds & (uint8_t)~HIDDEN);
}

/* Has it the variables that were read? Then it gets the very objects. */
static int adopt(PyCodeObject *code, const fields *f)
{
    PyObject *names = code->co_localsplusnames, *kinds = code->co_localspluskinds;
    Py_ssize_t n = PyTuple_GET_SIZE(f->locals);
    if (PyTuple_GET_SIZE(names) != n || PyBytes_GET_SIZE(kinds) != n)
        return 0;
    int same = 1, known = f->only_locals;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!known && (PyBytes_AS_STRING(kinds)[i] ^ PyBytes_AS_STRING(f->kinds)[i]) & (uint8_t)~HIDDEN)
            return 0;
        PyObject *made = PyTuple_GET_ITEM(names, i), *read = PyTuple_GET_ITEM(f->locals, i);
        if (made != read) {
            same = 0;
            if (PyUnicode_Compare(made, read) != 0)
                return 0;
        }
    }
    Py_INCREF(f->kinds);
    Py_SETREF(code->co_localspluskinds, f->kinds);
    if (same) { /* else the constructor has interned them */
        Py_INCREF(f->locals);
        Py_SETREF(code->co_localsplusnames, f->locals);
    }
    return 1;
}

/* A new reference, NULL with an exception, or NULL without one: it comes out differently. */
static PyObject *make(fields *f)
{
    f->only_locals = has_only_locals(f);
    PyObject *locals = names_of(f, LOCAL), *cells = locals ? names_of(f, CELL) : NULL, *frees = cells ? names_of(f, FREE) : NULL;
    PyCodeObject *code = NULL;
    if (frees)
        code = NEW_CODE(f->argcount, f->posonlyargcount, f->kwonlyargcount, (int)PyTuple_GET_SIZE(locals), f->stacksize, f->flags, f->code, f->consts,
                        f->names, locals, frees, cells, f->filename, f->name, f->qualname, f->firstlineno, f->linetable, f->exceptiontable);
    Py_XDECREF(locals);
    Py_XDECREF(cells);
    Py_XDECREF(frees);
    if (code && !adopt(code, f))
        Py_CLEAR(code);
    return (PyObject *)code;
}

#else

static PyObject *make(fields *f) { return (void)f, NULL; }

#endif

/* What stands for a code object until the standard library makes it: it holds the same. */
static PyObject *stand_in(qpy_marshal_reader *m, const fields *f)
{
    m->handed_over++;
    return PyTuple_Pack(3, f->consts, f->names, f->locals);
}

PyObject *qpy_marshal_read_code(qpy_marshal_reader *m)
{
    fields f = {0};
    PyObject *code = NULL;
    if (read_fields(m, &f) && check(m, &f)) {
        code = m->sink.state->private_ok ? make(&f) : NULL;
        if (!code && !PyErr_Occurred())
            code = stand_in(m, &f);
    }
    release(&f);
    return code;
}
