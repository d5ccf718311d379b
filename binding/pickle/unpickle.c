/* SPDX-License-Identifier: Apache-2.0 */
/* unpickle: the machine's beginning and end, its stack, and the ways to fail that are the same whatever the policy. */
#include "binding/pickle/machine.h"

#include "binding/sink.h"

#include <stdarg.h>

/* ---------------------------------------------------------------- life */

void qpy_unpickle_init(qpy_unpickle *self, qpy_state *state)
{
    memset(self, 0, offsetof(qpy_unpickle, plans));
    self->state = state;
    self->encoding = "ASCII";
    self->errors = "strict";
    self->fix_imports = 1;
    self->pause_left = QPY_PAUSE_CONTAINERS;
}

/* A set is never made of one that was freed, so this is where a pass that is due starts. */
int qpy_unpickle_let_collect(qpy_unpickle *m)
{
    PyObject *set = PySet_New(NULL);
    m->pause_left = QPY_PAUSE_CONTAINERS;
    if (!set)
        PyErr_Clear();
    Py_XDECREF(set);
    return 1;
}

void qpy_unpickle_release(qpy_unpickle *self)
{
    qpy_unpickle_forget(self);
    qpy_unpickle_drop_input(self);
    Py_CLEAR(self->read);
    Py_CLEAR(self->readline);
    Py_CLEAR(self->readinto);
    Py_CLEAR(self->peek);
    Py_CLEAR(self->persistent_load);
    Py_CLEAR(self->buffers);
    self->encoding = "ASCII";
    self->errors = "strict";
    Py_CLEAR(self->encoding_text);
    Py_CLEAR(self->errors_text);
    qpy_unpickle_memo_clear(&self->memo);
}

/* The UTF-8 of an argument without zeros in it: 1, or 0 with an exception. */
static int set_text(PyObject *text, const char *function, const char *name, PyObject **owner, const char **utf8)
{
    Py_ssize_t length;
    if (!text)
        return 1;
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "%s() argument '%s' must be str, not %.200s", function, name, Py_TYPE(text)->tp_name);
        return 0;
    }
    const char *found = PyUnicode_AsUTF8AndSize(text, &length);
    if (!found)
        return 0;
    if (strlen(found) != (size_t)length) {
        PyErr_SetString(PyExc_ValueError, "embedded null character");
        return 0;
    }
    *utf8 = found;
    Py_XSETREF(*owner, Py_NewRef(text));
    return 1;
}

int qpy_unpickle_set_options(qpy_unpickle *self, const qpy_unpickle_options *options, const char *function)
{
    self->fix_imports = options->fix_imports;
    if (!set_text(options->encoding, function, "encoding", &self->encoding_text, &self->encoding) ||
        !set_text(options->errors, function, "errors", &self->errors_text, &self->errors))
        return 0;
    return !options->buffers || options->buffers == Py_None || (self->buffers = PyObject_GetIter(options->buffers));
}

/* ---------------------------------------------------------------- the stack */

/* An array of twice the size, or NULL with MemoryError; the first one is part of the stack. */
static void *twice(void *items, const void *first, size_t count, size_t size)
{
    size_t bytes;
    void *room = qr_multiply_overflows(2 * size, count, &bytes) || bytes > (size_t)PY_SSIZE_T_MAX ? NULL : items == first ? PyMem_Malloc(bytes) : PyMem_Realloc(items, bytes);
    if (!room)
        return PyErr_NoMemory();
    if (items == first)
        memcpy(room, first, count * size);
    return room;
}

int qpy_unpickle_stack_grow(qpy_unpickle_stack *s)
{
    size_t room = (size_t)(s->limit - s->base), used = (size_t)(s->top - s->base), fence = (size_t)(s->fence - s->base);
    PyObject **base = twice(s->base, s->first, room, sizeof *base);
    if (!base)
        return 0;
    s->base = base;
    s->top = base + used;
    s->limit = base + 2 * room;
    s->fence = base + fence;
    return 1;
}

int qpy_unpickle_marks_grow(qpy_unpickle_stack *s)
{
    size_t *marks = twice(s->marks, s->first_marks, s->mark_room, sizeof *marks);
    if (!marks)
        return 0;
    s->marks = marks;
    s->mark_room *= 2;
    return 1;
}

void qpy_unpickle_stack_clear(qpy_unpickle_stack *s, PyObject **from)
{
    while (s->top > from)
        Py_DECREF(*--s->top);
}

void qpy_unpickle_stack_release(qpy_unpickle_stack *s)
{
    if (s->top > s->base) { /* only where it failed, or the pickle left something there */
        PyObject *type, *error, *traceback;
        PyErr_Fetch(&type, &error, &traceback);
        qpy_unpickle_stack_clear(s, s->base);
        PyErr_Restore(type, error, traceback);
    }
    if (s->base != s->first)
        PyMem_Free(s->base);
    if (s->marks != s->first_marks)
        PyMem_Free(s->marks);
}

/* ---------------------------------------------------------------- failing */

int qpy_unpickle_fail(qpy_unpickle *m, const char *format, ...)
{
    va_list arguments;
    PyObject *error = qpy_unpickle_error(m->state);
    if (error) {
        va_start(arguments, format);
        PyErr_FormatV(error, format, arguments);
        va_end(arguments);
    }
    return 0;
}

int qpy_unpickle_underflow(qpy_unpickle *m, const qpy_unpickle_stack *s)
{
    return qpy_unpickle_fail(m, s->mark_count ? "unexpected MARK found" : "unpickling stack underflow");
}

int qpy_unpickle_truncated(qpy_unpickle *m) { return qpy_unpickle_fail(m, "pickle data was truncated"); }
int qpy_unpickle_no_mark(qpy_unpickle *m) { return qpy_unpickle_fail(m, "could not find MARK"); }

int qpy_unpickle_no_opcode(qpy_unpickle *m, uint8_t code)
{
    int is_shown = code >= 0x20 && code <= 0x7E && code != '\'' && code != '\\';
    return qpy_unpickle_fail(m, is_shown ? "invalid load key, '%c'." : "invalid load key, '\\x%02x'.", code);
}

int qpy_unpickle_not_memoized(qpy_unpickle *m, size_t number)
{
    return PyErr_Occurred() ? 0 : qpy_unpickle_fail(m, "Memo value not found at index %ld", (long)number);
}
