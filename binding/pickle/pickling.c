/* SPDX-License-Identifier: Apache-2.0 */
/* pickling: what both walkers share: frames, the memo's opcodes, fast mode, what the standard library keeps. */
#include "binding/attribute.h"
#include "binding/pickle/pickler.h"

/* ---------------------------------------------------------------- what is asked of the standard library */

static PyObject *imported(const char *module, const char *name)
{
    PyObject *from = PyImport_ImportModule(module), *value = from ? qpy_attribute(from, name) : NULL;
    Py_XDECREF(from);
    return value;
}

static PyObject *imported_dict(const char *module, const char *name)
{
    PyObject *value = imported(module, name);
    if (value && !PyDict_CheckExact(value)) {
        PyErr_Format(PyExc_RuntimeError, "%s.%s should be a dict, not %.200s", module, name, Py_TYPE(value)->tp_name);
        Py_CLEAR(value);
    }
    return value;
}

/* All or nothing: pickle_error comes last. */
int qpy_pickle_standard(qpy_state *state)
{
    static const struct { size_t offset; const char *module, *name; int is_dict; } wanted[] = {
        {offsetof(qpy_state, pickle_dispatch), "copyreg", "dispatch_table", 1},
        {offsetof(qpy_state, pickle_extensions), "copyreg", "_extension_registry", 1},
        {offsetof(qpy_state, pickle_slotnames), "copyreg", "_slotnames", 0},
        {offsetof(qpy_state, pickle_names), "_compat_pickle", "REVERSE_NAME_MAPPING", 1},
        {offsetof(qpy_state, pickle_imports), "_compat_pickle", "REVERSE_IMPORT_MAPPING", 1},
        {offsetof(qpy_state, pickle_codecs_encode), "codecs", "encode", 0},
        {offsetof(qpy_state, pickle_getattr), "builtins", "getattr", 0},
        {offsetof(qpy_state, pickle_partial), "functools", "partial", 0},
        {offsetof(qpy_state, pickle_error), "_pickle", "PicklingError", 0},
    };
    for (size_t i = 0; !state->pickle_error && i < QR_ARRAY_LENGTH(wanted); i++) {
        PyObject **slot = (PyObject **)((char *)state + wanted[i].offset);
        PyObject *value = *slot ? Py_NewRef(*slot) : wanted[i].is_dict ? imported_dict(wanted[i].module, wanted[i].name) : imported(wanted[i].module, wanted[i].name);
        if (!value)
            return 0;
        Py_XSETREF(*slot, value);
    }
    return 1;
}

int qpy_pickle_lookup(PyObject *object, PyObject *name, PyObject **value)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyObject_GetOptionalAttr(object, name, value) >= 0;
#else
    return _PyObject_LookupAttr(object, name, value) >= 0;
#endif
}

/* ---------------------------------------------------------------- frames */

void qpy_pickling_init(qpy_pickling *self, qpy_state *state)
{
    memset(self, 0, offsetof(qpy_pickling, few));
    self->state = state;
    self->frames = self->few;
    self->room = QPY_PICKLE_FRAMES;
}

int qpy_pickle_more_frames(qpy_pickling *self)
{
    size_t room = self->room * 2;
    qpy_pickle_frame *frames = room <= SIZE_MAX / sizeof *frames / 2 ? PyMem_Realloc(self->frames == self->few ? NULL : self->frames, room * sizeof *frames) : NULL;
    if (!frames) {
        PyErr_NoMemory();
        return 0;
    }
    if (self->frames == self->few)
        memcpy(frames, self->few, sizeof self->few);
    self->frames = frames;
    self->room = room;
    return 1;
}

/* The exception, if there is one, outlives what this lets go. */
void qpy_pickle_unwind(qpy_pickling *self)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    while (self->depth) {
        qpy_pickle_frame frame = self->frames[--self->depth];
        if (!self->plain) {
            Py_XDECREF(frame.object);
            Py_XDECREF(frame.extra);
        }
    }
    if (self->frames != self->few)
        PyMem_Free(self->frames);
    self->frames = self->few;
    self->room = QPY_PICKLE_FRAMES;
    self->reduces = 0;
    PyErr_Restore(type, value, traceback);
}

int qpy_pickle_dump(qpy_pickling *self, PyObject *object, int (*run)(qpy_pickling *, PyObject *))
{
    self->bound = Py_GetRecursionLimit();
    self->fast_levels = 0;
    Py_CLEAR(self->fast_memo);
    int ok = qr_pickle_start(&self->out) && run(self, object) && qr_pickle_stop(&self->out);
    self->out.framing = 0;
    if (!ok && !self->gave_up && !PyErr_Occurred())
        PyErr_NoMemory();
    return ok;
}

int qpy_pickle_then(qpy_pickling *k, qpy_pickle_frame_kind kind, PyObject *object) { return qpy_pickle_push(k, kind, object) != NULL; }

int qpy_pickle_then_put(qpy_pickling *k, unsigned count, uint32_t codes)
{
    qpy_pickle_frame *frame = qpy_pickle_push(k, QPY_FRAME_PUT, NULL);
    if (!frame)
        return 0;
    frame->n = count;
    frame->i = (Py_ssize_t)codes;
    return 1;
}

/* ---------------------------------------------------------------- the memo's opcodes */

static int too_many(qpy_pickling *k)
{
    PyErr_SetString(k->state->pickle_error, "memo id too large for LONG_BINPUT");
    return 0;
}

int qpy_pickle_memoize(qpy_pickling *k, PyObject *object)
{
    if (QR_UNLIKELY(k->fast))
        return 1;
    qpy_memo_entry *entry = qpy_memo_find(&k->memo, object);
    if (!qr_pickle_room(&k->out, 0))
        return 0;
    if (QR_UNLIKELY(k->memo.next > UINT32_MAX))
        return too_many(k);
    uint32_t index = (uint32_t)k->memo.next;
    if (QR_UNLIKELY(qpy_memo_has(&k->memo, entry)))
        entry->index = index; /* the number is not counted on: as there */
    else {
        k->memo.next++;
        if (!qpy_memo_add(&k->memo, entry, object, index))
            return 0;
    }
    qr_pickle_put_memoize(&k->out, index);
    return 1;
}

/* ---------------------------------------------------------------- fast mode: no memo, but cycles are found below some depth */

int qpy_pickle_fast_enter(qpy_pickling *k, PyObject *object)
{
    if (++k->fast_levels < QPY_PICKLE_FAST_LEVELS)
        return 1;
    PyObject *key = PyLong_FromVoidPtr(object);
    if (!k->fast_memo)
        k->fast_memo = PySet_New(NULL);
    int found = key && k->fast_memo ? PySet_Contains(k->fast_memo, key) : -1;
    if (found > 0)
        PyErr_Format(PyExc_ValueError, "fast mode: can't pickle cyclic objects including object type %.200s at %p", Py_TYPE(object)->tp_name, object);
    if (found == 0)
        found = PySet_Add(k->fast_memo, key);
    Py_XDECREF(key);
    return found == 0;
}

int qpy_pickle_fast_leave(qpy_pickling *k, PyObject *object)
{
    if (k->fast_levels-- < QPY_PICKLE_FAST_LEVELS)
        return 1;
    PyObject *key = PyLong_FromVoidPtr(object);
    int done = key && k->fast_memo ? PySet_Discard(k->fast_memo, key) : -1;
    Py_XDECREF(key);
    return done >= 0;
}
