/* SPDX-License-Identifier: Apache-2.0 */
/* What the template asks of a sink and binding/collect_sink.def does not name should stop here, not when the module is imported. */
#pragma GCC diagnostic error "-Wimplicit-function-declaration"
#include "binding/collect.h"

#include "binding/attribute.h"
#include "binding/ext.h"
#include "binding/scalar.h"
#include "core/base/base64.h"
#include "core/base/integer.h"

/* ---------------------------------------------------------------- the object sink over any format, as a table */

#define QR_F(name) qr_dynamic_##name
#define QR_S(name) object_##name
#define QR_SINK qpy_sink
#define QPY_D(name) plain_##name
#define QPY_MEMBER plain
#include "binding/object_sink.h"
#include "binding/collect_sink.tmpl.h"

static const qpy_collect_sink plain_sink = {
#include "binding/collect_sink.def"
    QPY_SINK_REST,
};
#undef S
#undef C
#undef QR_S
#undef QR_SINK

/* ---------------------------------------------------------------- the collecting sink: the other one, but for what is lost */

#define QPY_COLLECT qpy_collector *
#define QPY_INNER s->inner
#define QPY_FRAME(f) f
#define S(result, name, parameters, arguments) static result collected_##name parameters { return s->functions->name arguments; }
#define C(result, name, parameters, arguments) static result collected_##name parameters { return s->functions->name arguments; }
#include "binding/collect_sink.def"
#undef S
#undef C

static void pop(qpy_sink *sink, size_t height)
{
    while ((size_t)(sink->top - sink->base) > height)
        Py_XDECREF(*--sink->top);
}

static Py_ssize_t faults_of(const qpy_collector *s) { return PyList_GET_SIZE(s->faults); }

/* A container that lost something is not made: the list of faults stands for it, in one that is not made either. */
static int has_lost(const qpy_collector *s, const qpy_collect_frame *f) { return faults_of(s) != f->faults; }
static PyObject *lost(qpy_collector *s, qpy_collect_frame *f)
{
    s->functions->drop(s->inner, f);
    pop(s->sink, f->inner.plain.base);
    return Py_NewRef(s->faults);
}

static void collected_open_array(qpy_collector *s, qpy_collect_frame *f)
{
    f->faults = faults_of(s);
    s->functions->open_array(s->inner, f);
}
static void collected_open_map(qpy_collector *s, qpy_collect_frame *f)
{
    f->faults = faults_of(s);
    s->functions->open_map(s->inner, f);
}
static void collected_open_typed_map(qpy_collector *s, qpy_collect_frame *f)
{
    f->faults = faults_of(s);
    s->functions->open_typed_map(s->inner, f);
}
static int collected_open_record(qpy_collector *s, uint32_t node, qpy_collect_frame *f)
{
    f->faults = faults_of(s);
    return s->functions->open_record(s->inner, node, f);
}
static PyObject *collected_close_array(qpy_collector *s, uint32_t node, qpy_collect_frame *f) { return has_lost(s, f) ? lost(s, f) : s->functions->close_array(s->inner, node, f); }
static PyObject *collected_close_map(qpy_collector *s, uint32_t node, qpy_collect_frame *f, qr_reader *r) { return has_lost(s, f) ? lost(s, f) : s->functions->close_map(s->inner, node, f, r); }
static PyObject *collected_close_record(qpy_collector *s, qr_reader *r, uint32_t node, qpy_collect_frame *f, const uint64_t *seen, const uint8_t *at)
{
    return has_lost(s, f) ? lost(s, f) : s->functions->close_record(s->inner, r, node, f, seen, at);
}
/* What an adapter would have been given was lost. */
static PyObject *collected_adapt(qpy_collector *s, qr_reader *r, uint32_t node, PyObject *v, const uint8_t *at)
{
    return v == s->faults ? v : s->functions->adapt(s->inner, r, node, v, at);
}
static void collected_drop(qpy_collector *s, qpy_collect_frame *f) { s->functions->drop(s->inner, f); }
static const qr_image *collected_predict(qpy_collector *s, qpy_collect_frame *f, qr_format format) { (void)s, (void)f, (void)format; return NULL; }
static void collected_predicted(qpy_collector *s, qpy_collect_frame *f) { (void)s, (void)f; }

/* ---------------------------------------------------------------- where reading is, and going on */

typedef struct place {
    const uint8_t *p; /* where the value of the step starts, for what is no pair */
    qr_depth depth;
    size_t height;    /* of the value stack */
} place;

static void collect_mark(qr_reader *r, qpy_collector *s, place *here);
static void collect_step(qr_reader *r, qpy_collector *s, qr_step step);
static int collect_go_on(qr_reader *r, qpy_collector *s, const place *here, qr_dynamic_iter *iter);

static int collect_take(qr_reader *r, qpy_collector *s, const qr_plan *plan, uint32_t number, PyObject **value)
{
    return s->functions->take && s->functions->take(r, s->inner, plan, number, value);
}

#define QR_T(name) collect_##name
#define QR_S(name) collected_##name
#define QR_TRAIT(name) (r->dynamic->name)
#define QR_FORMAT (r->dynamic->format)
#define QR_ITER qr_dynamic_iter
#define QR_SINK qpy_collector
#define QR_VALUE PyObject *
#define QR_FRAME qpy_collect_frame
#define QR_TAKE collect_take
#define QR_IS_TEXT (r->dynamic->is_text)
#define QR_PLACE place
#include "core/plan/read.tmpl.h"

static void collect_mark(qr_reader *r, qpy_collector *s, place *here)
{
    here->p = r->p;
    here->depth = r->depth;
    here->height = (size_t)(s->sink->top - s->sink->base);
}

/* How many containers are open around the one whose step it is. */
static uint32_t level_of(const qpy_collector *s, const qr_depth *depth) { return s->levels - (depth->left + depth->deeper) - 1; }

static void collect_step(qr_reader *r, qpy_collector *s, qr_step step)
{
    uint32_t level = level_of(s, &r->depth);
    if (level >= QR_PATH_STEPS)
        return;
    s->live[level] = step;
    if (!r->dynamic->is_text && step.kind == QR_STEP_KEY) /* user code may drop it meanwhile */
        Py_XSETREF(s->keys[level], Py_XNewRef((PyObject *)step.at));
}

/* The steps below the container are in the path; its own and those above it are where they are. */
static void complete_path(qr_reader *r, const qpy_collector *s, uint32_t level)
{
    for (uint32_t i = level + 1; i-- > 0;)
        qr_path_append(r->path, i < QR_PATH_STEPS ? s->live[i] : (qr_step){QR_STEP_INDEX, {.number = 0}});
}

/* Keeps the exception that is set, which is a fault: 1, or 0 when it was MemoryError, or is now. */
static int keep_fault(qpy_collector *s)
{
    PyObject *fault = qpy_raise_take();
    int kept = fault && !PyErr_GivenExceptionMatches(fault, PyExc_MemoryError) && PyList_Append(s->faults, fault) == 0;
    if (!kept) {
        s->fatal = 1;
        if (!PyErr_Occurred())
            PyErr_NoMemory();
    }
    Py_XDECREF(fault);
    return kept;
}

static void clear_fault(qr_reader *r, qpy_collector *s, const place *here)
{
    if (s->functions->forget)
        s->functions->forget(s->inner);
    r->error = QR_ERROR_NONE;
    r->error_at = NULL;
    r->error_node = r->error_field = UINT32_MAX;
    r->path->count = r->path->lost = 0;
    r->depth = here->depth;
    pop(s->sink, here->height);
}

/* Over the value that was lost. 1, or 0 with the reader's error: it is no value, or beyond a limit. */
static int skip_lost(qr_reader *r, const place *here, qr_dynamic_iter *iter)
{
    qr_token token;
    if (!r->dynamic->is_text)
        return 1;
    r->p = iter ? iter->key_at : here->p;
    return (!iter || qr_dynamic_key_any(r, iter, &token) != QR_TOKEN_ERROR) && collect_skip(r);
}

/* A step of a container failed: 1 when the fault is kept and what follows can be read, 0 when all ends here. iter: of a map. */
static int collect_go_on(qr_reader *r, qpy_collector *s, const place *here, qr_dynamic_iter *iter)
{
    if (s->full || s->fatal)
        return 0;
    if (r->error == QR_ERROR_NONE)
        qr_reader_fail(r, QR_ERROR_SINK, here->p);
    if (!qpy_raise_is_fault(r, s->plan))
        return 0;
    if (s->functions->hold)
        s->functions->hold(s->inner);
    complete_path(r, s, level_of(s, &here->depth));
    qpy_raise_read(s->sink->state, r, s->plan, s->format);
    if (!keep_fault(s))
        return 0;
    clear_fault(r, s, here);
    s->full = (size_t)faults_of(s) >= s->most;
    if (s->full)
        return qr_reader_fail(r, QR_ERROR_SINK, here->p);
    return skip_lost(r, here, iter);
}

/* ---------------------------------------------------------------- who asks */

PyObject *qpy_collect_node(qpy_collector *self, uint32_t number) { return collect_read_node(self->reader, self, self->plan->core, number); }
PyObject *qpy_collect_record_array(qpy_collector *self, uint32_t number) { return collect_read_record_array(self->reader, self, self->plan->core, number); }
PyObject *qpy_collect_record(qpy_collector *self, uint32_t number, const qpy_objects_iter *iter, const uint8_t *at)
{
    qr_dynamic_iter any = {.key_at = NULL};
    memcpy(any.room, iter, sizeof *iter);
    return collect_read_record(self->reader, self, self->plan->core, number, any, at);
}

void qpy_collect_raise(PyObject *first, PyObject *faults)
{
    if (!faults || PyList_GET_SIZE(faults) == 0) {
        Py_XDECREF(faults);
        if (PyErr_Occurred())
            Py_DECREF(first);
        else
            qpy_raise_set_steal(first);
        return;
    }
    PyObject *errors = PyImport_ImportModule("quire.errors"), *all = errors ? qpy_call_method(errors, "join_errors", faults) : NULL;
    if (all)
        qpy_raise_set_steal(all);
    Py_XDECREF(errors);
    Py_DECREF(faults);
    Py_DECREF(first);
}

/* The list of faults, or NULL with an exception that is none. */
static PyObject *collect(qpy_collector *self)
{
    qr_reader *r = self->reader;
    PyObject *value = collect_read_node(r, self, self->plan->core, 0);
    if (value && self->whole && !qr_dynamic_finish(r))
        Py_CLEAR(value);
    if (!value && !self->full && !self->fatal) { /* what ended it */
        if (r->error == QR_ERROR_NONE)
            qr_reader_fail(r, QR_ERROR_SINK, r->p);
        int is_fault = r->error != QR_ERROR_MEMORY && (r->error != QR_ERROR_SINK || qpy_raise_is_fault(r, self->plan));
        if (self->functions->hold)
            self->functions->hold(self->inner);
        qpy_raise_read(self->sink->state, r, self->plan, self->format);
        if (is_fault)
            keep_fault(self);
        else
            self->fatal = 1;
    }
    Py_XDECREF(value);
    for (size_t i = 0; i < QR_PATH_STEPS; i++)
        Py_CLEAR(self->keys[i]);
    if (self->fatal)
        Py_CLEAR(self->faults);
    return self->faults;
}

/* `self` with its members up to `format` set. */
static PyObject *start(qpy_collector *self, const qr_dynamic *dynamic, size_t most)
{
    self->faults = PyList_New(0);
    if (!self->faults)
        return NULL;
    self->most = most ? most : SIZE_MAX;
    self->reader->dynamic = dynamic;
    self->levels = self->reader->depth.left + self->reader->depth.deeper;
    return collect(self);
}

/* What is dropped must not see an exception. */
static PyObject *finish(PyObject *faults, qpy_sink *sink)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    qpy_sink_release(sink);
    PyErr_Restore(type, value, traceback);
    return faults;
}

void qpy_collect_read(const qpy_sink *failed, const qr_reader *r, const qpy_decode_options *options, int whole, const qpy_format *format, const qr_dynamic *dynamic)
{
    PyObject *first = qpy_raise_take();
    qr_reader reader;
    qr_path path;
    qpy_sink sink;
    qr_reader_init(&reader, r->start, (size_t)(r->end - r->start), &options->limits, options->read_options);
    reader.origin = r->origin;
    path.count = path.lost = 0;
    reader.path = &path;
    reader.memory = &qpy_memory;
    qpy_sink_init(&sink, failed->state, failed->plan, format->name);
    sink.strict_keys = failed->strict_keys;
    sink.user_context = failed->user_context;
    sink.context = NULL; /* no guesses */
    qpy_collector self = {.functions = &plain_sink, .inner = &sink, .sink = &sink, .reader = &reader, .plan = failed->plan, .format = format, .whole = whole != 0};
    PyObject *faults = finish(start(&self, dynamic, options->most_errors), &sink);
    qr_reader_release(&reader);
    qpy_collect_raise(first, faults);
}

void qpy_collect_convert(const qpy_sink *failed, PyObject *object, const qpy_decode_options *options)
{
    PyObject *first = qpy_raise_take();
    qpy_objects objects;
    qr_path path;
    qpy_objects_init(&objects, &path, failed->state, failed->plan, object, &options->limits, options->read_options);
    objects.sink.user_context = failed->user_context;
    objects.sink.strict_keys = failed->strict_keys;
    qpy_collector self = {.functions = &qpy_objects_collect_sink, .inner = &objects, .sink = &objects.sink, .reader = &objects.reader, .plan = failed->plan, .format = &qpy_objects_format};
    objects.collector = &self;
    PyObject *faults = start(&self, options->read_options & QPY_OBJECTS_PICKLED ? &qpy_pickled_dynamic : &qpy_objects_dynamic, options->most_errors);
    objects.reader.error = QR_ERROR_NONE; /* raised already */
    qpy_objects_release(&objects, &qpy_objects_format);
    qpy_collect_raise(first, faults);
}
