/* SPDX-License-Identifier: Apache-2.0 */
/* unpickle_memo: an array while numbers come in turn, as every pickler gives them. A number is no length: one that is far beyond what was
 * put so far asks for no room, it goes into a dict. */
#include "binding/pickle/machine.h"

/* How far the array may go: twice the entries there are, so it is never more than a constant times the input. */
static size_t reach(const qpy_unpickle_memo *self) { return 2 * self->count + 1024; }

static int make_room(qpy_unpickle_memo *self, size_t number)
{
    size_t room = self->room ? 2 * self->room : QPY_UNPICKLE_MEMO;
    if (room <= number)
        room = number + 1;
    PyObject **items = room <= PY_SSIZE_T_MAX / sizeof *items ? PyMem_Realloc(self->items, room * sizeof *items) : NULL;
    if (!items) {
        PyErr_NoMemory();
        return 0;
    }
    self->items = items;
    self->room = room;
    return 1;
}

static int put_far(qpy_unpickle_memo *self, size_t number, PyObject *object)
{
    PyObject *key = PyLong_FromSize_t(number);
    int status = -1;
    if (key && (self->far || (self->far = PyDict_New()))) {
        Py_ssize_t before = PyDict_GET_SIZE(self->far);
        status = PyDict_SetItem(self->far, key, object);
        if (status == 0 && PyDict_GET_SIZE(self->far) > before)
            self->count++;
    }
    Py_XDECREF(key);
    return status == 0;
}

int qpy_unpickle_memo_put(qpy_unpickle_memo *self, size_t number, PyObject *object)
{
    if (number >= self->high) {
        PyObject *far = self->far ? qpy_unpickle_memo_far(self, number) : NULL;
        if (far || number > reach(self))
            return put_far(self, number, object);
        if (PyErr_Occurred() || (number >= self->room && !make_room(self, number)))
            return 0;
        while (self->high <= number)
            self->items[self->high++] = NULL;
    }
    PyObject *old = self->items[number];
    self->items[number] = Py_NewRef(object);
    if (!old) {
        /* it may have been far when it was first put */
        self->count++;
    }
    Py_XDECREF(old);
    return 1;
}

int qpy_unpickle_memoize(qpy_unpickle *m, size_t number, PyObject *object)
{
    if (m->may_foresee && number >= QPY_UNPICKLE_MEMO)
        qpy_unpickle_foresee(m);
    return qpy_unpickle_memo_put(&m->memo, number, object);
}

PyObject *qpy_unpickle_memo_far(qpy_unpickle_memo *self, size_t number)
{
    if (!self->far)
        return NULL;
    PyObject *key = PyLong_FromSize_t(number), *value = key ? PyDict_GetItemWithError(self->far, key) : NULL;
    Py_XDECREF(key);
    return value;
}

void qpy_unpickle_memo_clear(qpy_unpickle_memo *self)
{
    qpy_unpickle_memo old = *self; /* what is dropped may be user code that looks here */
    *self = (qpy_unpickle_memo){0};
    for (size_t i = 0; i < old.high; i++)
        Py_XDECREF(old.items[i]);
    PyMem_Free(old.items);
    Py_XDECREF(old.far);
}

PyObject *qpy_unpickle_memo_copy(const qpy_unpickle_memo *self)
{
    PyObject *copy = PyDict_New();
    for (size_t i = 0; copy && i < self->high; i++) {
        if (!self->items[i])
            continue;
        PyObject *key = PyLong_FromSize_t(i);
        if (!key || PyDict_SetItem(copy, key, self->items[i]) < 0)
            Py_CLEAR(copy);
        Py_XDECREF(key);
    }
    if (copy && self->far && PyDict_Update(copy, self->far) < 0)
        Py_CLEAR(copy);
    return copy;
}

int qpy_unpickle_memo_from_dict(qpy_unpickle_memo *self, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict, &at, &key, &value)) {
        if (!PyLong_Check(key)) {
            PyErr_SetString(PyExc_TypeError, "memo key must be integers");
            return 0;
        }
        Py_ssize_t number = PyLong_AsSsize_t(key);
        if (number < 0) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "memo key must be positive integers.");
            return 0;
        }
        if (!qpy_unpickle_memo_put(self, (size_t)number, value))
            return 0;
    }
    return 1;
}

int qpy_unpickle_memo_from(qpy_unpickle_memo *self, const qpy_unpickle_memo *other)
{
    PyObject *copy = qpy_unpickle_memo_copy(other);
    int ok = copy && qpy_unpickle_memo_from_dict(self, copy);
    Py_XDECREF(copy);
    return ok;
}
