/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/objects_faults.h"

static int append_step(qpy_found *self, qr_step step)
{
    if (self->steps_count == self->steps_room) {
        size_t room = self->steps_room ? 2 * self->steps_room : 8;
        qr_step *steps = PyMem_Realloc(self->steps, room * sizeof *steps);
        if (!steps)
            return 0;
        self->steps = steps;
        self->steps_room = room;
    }
    if (step.kind == QR_STEP_KEY)
        Py_XINCREF((PyObject *)step.at);
    self->steps[self->steps_count++] = step;
    return 1;
}

/* A new item with nothing in it, or NULL. */
static qpy_found *append_item(qpy_faults *self)
{
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 8;
        qpy_found *items = PyMem_Realloc(self->items, room * sizeof *items);
        if (!items)
            return NULL;
        self->items = items;
        self->room = room;
    }
    memset(&self->items[self->count], 0, sizeof *self->items);
    return &self->items[self->count++];
}

static void forget(qpy_objects *objects)
{
    qr_reader *r = &objects->reader;
    r->error = QR_ERROR_NONE;
    r->error_at = NULL;
    r->error_node = r->error_field = UINT32_MAX;
    r->path->count = r->path->lost = 0;
    Py_CLEAR(objects->kept);
    objects->kept_steps = 0;
}

int qpy_faults_keep(qpy_faults *self, qpy_objects *objects, int64_t left)
{
    qr_reader *r = &objects->reader;
    if (r->error == QR_ERROR_NONE)
        return 1;
    if (self->count >= self->most || !qpy_raise_is_fault(r, objects->sink.plan))
        return 0;
    PyObject *raised = r->error == QR_ERROR_SINK ? qpy_raise_take() : NULL;
    PyErr_Clear(); /* a copy that failed on its own account */
    qpy_found *found = append_item(self);
    if (!found) {
        Py_XDECREF(raised);
        r->error = QR_ERROR_MEMORY;
        return 0;
    }
    found->error = r->error;
    found->node = r->error_node;
    found->field = r->error_field;
    found->left = left;
    if (r->error == QR_ERROR_MISSING_FIELD)
        memcpy(found->missing, r->error_missing, sizeof found->missing);
    found->raised = raised;
    found->value = objects->failed;
    objects->failed = NULL;
    forget(objects);
    return self->count < self->most;
}

void qpy_faults_step(qpy_faults *self, int64_t left, qr_step step)
{
    for (size_t i = self->count; i-- > 0 && self->items[i].left < left;) {
        append_step(&self->items[i], step); /* a way that lacks a step, when memory is out, is still a way */
        self->items[i].left = left;
    }
}

static void append_way(qr_reader *r, PyObject *way)
{
    for (Py_ssize_t i = way ? PyList_GET_SIZE(way) : 0; i-- > 0;)
        qr_path_append(r->path, (qr_step){QR_STEP_KEY, {.at = PyList_GET_ITEM(way, i)}});
}

/* The reader as it was when the fault was found, with the whole way. */
static void restore(const qpy_found *found, qpy_objects *objects, PyObject *way)
{
    qr_reader *r = &objects->reader;
    forget(objects);
    Py_XSETREF(objects->failed, Py_XNewRef(found->value));
    r->error = found->error;
    r->error_at = (const uint8_t *)found->value;
    r->error_node = found->node;
    r->error_field = found->field;
    memcpy(r->error_missing, found->missing, sizeof r->error_missing);
    for (size_t i = 0; i < found->steps_count; i++)
        qr_path_append(r->path, found->steps[i]);
    append_way(r, way);
    if (found->raised)
        qpy_raise_set_steal(Py_NewRef(found->raised));
}

/* The exception that is set joins the list, unless it is MemoryError: 1, or 0 with one set. */
static int take_into(PyObject *list)
{
    PyObject *exception = qpy_raise_take();
    int ok = exception && !PyErr_GivenExceptionMatches(exception, PyExc_MemoryError) && PyList_Append(list, exception) == 0;
    Py_XDECREF(exception);
    if (!ok && !PyErr_Occurred())
        PyErr_NoMemory();
    return ok;
}

int qpy_faults_raise(const qpy_faults *self, qpy_objects *objects, const qpy_format *format, PyObject *way, PyObject *list)
{
    qr_reader *r = &objects->reader;
    /* What ended the check is its last fault; an exception that is none passes through. */
    int ended = r->error != QR_ERROR_NONE, is_fault = r->error != QR_ERROR_MEMORY && (r->error != QR_ERROR_SINK || qpy_raise_is_fault(r, objects->sink.plan)), ok = 1;
    PyObject *last = NULL;
    if (ended) {
        append_way(r, way);
        qpy_raise_read(objects->sink.state, r, objects->sink.plan, format);
        r->error = QR_ERROR_NONE;
        if (!is_fault)
            return 0;
        last = qpy_raise_take();
    }
    for (size_t i = 0; ok && i < self->count; i++) {
        restore(&self->items[i], objects, way);
        qpy_raise_read(objects->sink.state, r, objects->sink.plan, format);
        ok = take_into(list);
    }
    Py_CLEAR(objects->failed);
    forget(objects);
    if (ok && last && self->count < self->most) {
        qpy_raise_set_steal(Py_NewRef(last));
        ok = take_into(list);
    }
    Py_XDECREF(last);
    return ok;
}

void qpy_faults_release(qpy_faults *self)
{
    PyObject *type, *value, *traceback; /* what is dropped must not see it */
    PyErr_Fetch(&type, &value, &traceback);
    for (size_t i = 0; i < self->count; i++) {
        qpy_found *found = &self->items[i];
        for (size_t k = 0; k < found->steps_count; k++)
            if (found->steps[k].kind == QR_STEP_KEY)
                Py_XDECREF((PyObject *)found->steps[k].at);
        PyMem_Free(found->steps);
        Py_XDECREF(found->value);
        Py_XDECREF(found->raised);
    }
    PyMem_Free(self->items);
    PyErr_Restore(type, value, traceback);
}
