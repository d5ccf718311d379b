/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/walk.h"
#include "binding/adapt.h"
#include "binding/attribute.h"

#include "binding/containers.h"
#include "binding/ext.h"
#include "binding/raise.h"
#include "binding/raw.h"
#include "binding/scalar.h"
#include "binding/text.h"
#include "core/base/base64.h"
#include "core/base/float64.h"
#include "core/base/integer.h"
#include "core/base/reader.h"

/* ---------------------------------------------------------------- the output */

static int grow(qr_buffer *buffer, size_t need)
{
    qpy_walker *self = buffer->owner;
    return qpy_output_grow(&self->output, buffer, need);
}

void qpy_walker_init(qpy_walker *self, qpy_state *state, const char *format, size_t hint)
{
    self->buffer = (qr_buffer){.grow = grow, .owner = self};
    qpy_output_begin(&self->output, &self->buffer, self->room, sizeof self->room, hint, 0);
    self->state = state;
    self->record_meta = state->record_meta;
    self->adapters = NULL;
    qr_depth_init(&self->depth, QR_DEPTH_DEFAULT);
    self->calls = 0;
    self->adapting = 0;
    self->format = format;
    self->failed = self->steps = NULL;
    self->secret = self->knows = 0;
    memset(self->known, 0, sizeof self->known);
    self->adapted = (qpy_known_class){NULL, NULL};
    self->style = NULL;
    self->keys = NULL;
}

static PyObject *steps_from_root(PyObject *list)
{
    if (!list)
        return PyTuple_New(0);
    return PyList_Reverse(list) < 0 ? NULL : PyList_AsTuple(list);
}

static void raise_failure(qpy_walker *self)
{
    PyObject *type = NULL, *value = NULL, *traceback = NULL, *failed = self->secret ? NULL : self->failed;
    qr_error error = self->buffer.error;
    PyErr_Fetch(&type, &value, &traceback); /* what user code left */
    PyObject *steps = steps_from_root(self->steps);
    if (!steps)
        PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    if (error == QR_ERROR_NONE || error == QR_ERROR_SINK) {
        PyObject *cause = qpy_raise_sort(steps, self->adapting);
        if (!cause) {
            Py_XDECREF(steps);
            return;
        }
        if (self->secret)
            Py_CLEAR(cause);
        qpy_raise_write(self->state, QR_ERROR_INVALID_VALUE, steps, failed, cause);
        return;
    }
    PyErr_Clear();
    qpy_raise_write(self->state, error, steps, failed, NULL);
}

int qpy_walker_check(qpy_walker *self, int ok)
{
    if (QR_LIKELY(ok && self->buffer.error == QR_ERROR_NONE))
        return 1;
    raise_failure(self);
    return 0;
}

void qpy_walker_release(qpy_walker *self)
{
    qpy_output_release(&self->output);
    Py_XDECREF(self->failed);
    Py_XDECREF(self->steps);
    if (QR_LIKELY(!self->knows))
        return;
    for (size_t i = 0; i < QPY_KNOWN_CLASSES; i++)
        Py_XDECREF(self->known[i].plan);
    Py_XDECREF(self->adapted.plan);
}

PyObject *qpy_walker_finish(qpy_walker *self, int ok)
{
    PyObject *result = qpy_walker_check(self, ok) ? qpy_output_take(&self->output, &self->buffer) : NULL;
    qpy_walker_release(self);
    return result;
}

/* ---------------------------------------------------------------- failing */

int qpy_walk_fail(qpy_walker *self, qr_error error, PyObject *value)
{
    qr_buffer_fail(&self->buffer, error);
    if (!self->failed && value)
        self->failed = Py_NewRef(value);
    return 0;
}

uint32_t qpy_walk_go_deeper(qpy_walker *self, PyObject *value)
{
    uint32_t lent = qr_depth_lend(&self->depth);
    return lent ? lent : (uint32_t)qpy_walk_fail(self, QR_ERROR_DEPTH, value);
}

/* An exception that is set stays; what goes wrong here only shortens the path. */
static int append_step(qpy_walker *self, PyObject *step)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (step && !self->steps)
        self->steps = PyList_New(0);
    if (step && self->steps && PyList_GET_SIZE(self->steps) < QR_DEPTH_DEFAULT)
        PyList_Append(self->steps, step);
    Py_XDECREF(step);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    return 0;
}

int qpy_walk_step(qpy_walker *self, PyObject *key, Py_ssize_t index)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *step = key ? Py_NewRef(key) : PyLong_FromSsize_t(index);
    PyErr_Restore(type, value, traceback);
    return append_step(self, step);
}

int qpy_walk_field(qpy_walker *self, const qpy_plan *plan, uint32_t field)
{
    if (QR_UNLIKELY(plan->fields[field].secret)) { /* the steps below it may be keys of it */
        self->secret = 1;
        Py_CLEAR(self->steps);
    }
    return append_step(self, Py_NewRef(plan->fields[field].name));
}

/* ---------------------------------------------------------------- what a value is */

int qpy_walk_is_enum(qpy_state *state, PyTypeObject *type)
{
    if (QR_UNLIKELY(!state->enum_type)) { /* a class that nobody imported has no members */
        PyObject *modules = PyImport_GetModuleDict(), *module = modules ? PyDict_GetItemString(modules, "enum") : NULL;
        PyObject *cls = module ? qpy_attribute(module, "Enum") : NULL;
        if (!cls || !PyType_Check(cls)) {
            Py_XDECREF(cls);
            PyErr_Clear();
            return 0;
        }
        state->enum_type = (PyTypeObject *)cls;
    }
    return PyType_IsSubtype(type, state->enum_type);
}

qpy_way qpy_walk_way(qpy_walker *self, PyObject *value, qpy_plan **plan, qr_kind *kind)
{
    qpy_state *state = self->state;
    PyTypeObject *type = Py_TYPE(value);
    if (QR_UNLIKELY(self->adapters != NULL)) {
        *plan = qpy_plan_of_adapted(state, self->adapters, type);
        if (*plan || PyErr_Occurred())
            return *plan ? QPY_WAY_ADAPTER : QPY_WAY_ERROR;
    }
    if (qpy_ext_check(state, type)) /* whatever its plan is: that of a declared Ext says that it is one */
        return QPY_WAY_EXT;
    if (qpy_record_check(state, type) || (type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        if (qpy_walk_is_enum(state, type) && !_PyType_Lookup(type, state->str_quire))
            return QPY_WAY_ENUM;
        *plan = qpy_plan_of_class(state, self->adapters, type);
        if (*plan && (*plan)->core->nodes[0].kind == QR_KIND_ADAPTER)
            return QPY_WAY_ADAPTER;
        if (*plan && (*plan)->core->nodes[0].kind == QR_KIND_RECORD)
            return (*plan)->records[(*plan)->core->nodes[0].value].form == QPY_FORM_RECORD ? QPY_WAY_RECORD : QPY_WAY_OBJECT;
        if (!*plan && PyErr_Occurred())
            return QPY_WAY_ERROR;
    }
    if (PyBytes_Check(value) || PyByteArray_Check(value))
        return QPY_WAY_BUFFER;
    if (PyMemoryView_Check(value))
        return qpy_walk_is_flat(value) ? QPY_WAY_BUFFER : QPY_WAY_NONE;
    if (PyAnySet_Check(value) || qpy_containers_is_deque(state, value))
        return QPY_WAY_SET;
    if (type == state->raw_type)
        return QPY_WAY_RAW;
    int scalar = qpy_scalar_kind(state, type);
    if (scalar >= 0) {
        *kind = (qr_kind)scalar;
        return QPY_WAY_SCALAR;
    }
    if (PyUnicode_Check(value))
        return QPY_WAY_STR;
    if (PyLong_Check(value))
        return QPY_WAY_INT;
    if (PyFloat_Check(value))
        return QPY_WAY_FLOAT;
    if (PyDict_Check(value))
        return QPY_WAY_DICT;
    if (PyList_Check(value))
        return QPY_WAY_LIST;
    if (PyTuple_Check(value))
        return QPY_WAY_TUPLE;
    *plan = qpy_plan_of_adapted(state, NULL, type);
    return *plan ? QPY_WAY_ADAPTER : PyErr_Occurred() ? QPY_WAY_ERROR : QPY_WAY_NONE;
}

/* ---------------------------------------------------------------- fields */

PyObject *qpy_walk_attribute(qpy_walker *self, const qpy_record_side *side, const qpy_field_side *field, Py_ssize_t index, PyObject *object)
{
    PyObject *value;
    if (side->form == QPY_FORM_NAMEDTUPLE && index < PyTuple_GET_SIZE(object))
        return Py_NewRef(PyTuple_GET_ITEM(object, index));
    if (field->offset > 0) {
        value = *qpy_record_slot(object, field->offset);
        if (value)
            return Py_NewRef(value);
    }
    else {
        value = qpy_plan_is_plain(side) ? qpy_instance_get(object, (size_t)index, field->name) : NULL;
        if (QR_LIKELY(value))
            return Py_NewRef(value);
        self->calls++;
        value = PyObject_GetAttr(object, field->name);
        if (value)
            return value;
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            return NULL;
        PyErr_Clear();
    }
    qpy_walk_fail(self, QR_ERROR_UNSET_FIELD, object);
    return NULL;
}

/* Equal values of one type may be written otherwise: 0.0 and -0.0, Decimal("1.5") and Decimal("1.50"), [1] and [True]. The repr tells them
 * apart; 1, 0, or -1 with an exception. */
static int is_same(PyObject *value, PyObject *other)
{
    if (value == other)
        return 1;
    if (Py_TYPE(value) != Py_TYPE(other))
        return 0;
    int equal = PyObject_RichCompareBool(value, other, Py_EQ);
    if (equal <= 0 || PyLong_CheckExact(value) || PyUnicode_CheckExact(value) || PyBytes_CheckExact(value))
        return equal;
    PyObject *text = PyObject_Repr(value), *other_text = text ? PyObject_Repr(other) : NULL;
    equal = other_text ? PyObject_RichCompareBool(text, other_text, Py_EQ) : -1;
    Py_XDECREF(text);
    Py_XDECREF(other_text);
    return equal;
}

static int equals_default(const qpy_field_side *field, PyObject *value)
{
    if (field->default_kind == 1)
        return is_same(value, field->default_);
    if (field->default_kind == 0)
        return 0;
    if (field->default_ == (PyObject *)Py_TYPE(value) && (PyList_CheckExact(value) || PyDict_CheckExact(value) || PyAnySet_CheckExact(value)))
        return PyObject_Size(value) == 0;
    PyObject *made = PyObject_CallNoArgs(field->default_);
    int same = made ? is_same(value, made) : -1;
    Py_XDECREF(made);
    return same;
}

int qpy_walk_omits(qpy_walker *self, const qpy_field_side *field, PyObject *value)
{
    if (value == self->state->unset)
        return 1;
    if (field->omit == QPY_OMIT_NULL)
        return value == Py_None;
    if (field->omit != QPY_OMIT_DEFAULT)
        return 0;
    self->calls++;
    return equals_default(field, value);
}

/* ---------------------------------------------------------------- what is written beside the fields */

static int append_computed(qpy_walker *self, PyObject *list, PyObject *one, PyObject *object)
{
    PyObject *name = PyTuple_GET_ITEM(one, 0);
    self->calls++;
    PyObject *value = PyObject_GetAttr(object, name), *pair = NULL;
    int ok = value != NULL, omit = value == self->state->unset || (value == Py_None && PyTuple_GET_ITEM(one, 2) == Py_True);
    if (ok && !omit) {
        pair = PyTuple_Pack(2, PyTuple_GET_ITEM(one, 1), value);
        ok = pair && PyList_Append(list, pair) == 0;
    }
    Py_XDECREF(pair);
    Py_XDECREF(value);
    return ok || qpy_walk_step(self, name, 0);
}

/* Of what was read from documents only what was in this format, of what came as objects only where it comes as objects again. */
static int append_unknown(qpy_walker *self, PyObject *list, PyObject *unknown)
{
    int objects = strcmp(self->format, "objects") == 0 || strcmp(self->format, "pickle") == 0;
    for (Py_ssize_t i = 0; unknown && PyTuple_Check(unknown) && i < PyTuple_GET_SIZE(unknown); i++) {
        PyObject *pair = PyTuple_GET_ITEM(unknown, i);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2)
            continue;
        PyObject *value = PyTuple_GET_ITEM(pair, 1);
        int is_raw = qpy_raw_check(self->state, value);
        if (is_raw ? qpy_raw_is(value, self->format) != 1 || !PyUnicode_CheckExact(PyTuple_GET_ITEM(pair, 0)) : !objects)
            continue;
        if (PyList_Append(list, pair) < 0)
            return 0;
    }
    return 1;
}

int qpy_walk_extras(qpy_walker *self, const qpy_record_side *side, PyObject *object, PyObject **pairs)
{
    *pairs = NULL;
    if (QR_LIKELY(!side->computed && !side->unknown))
        return 1;
    int ok = (*pairs = PyList_New(0)) != NULL;
    for (Py_ssize_t i = 0; ok && side->computed && i < PyTuple_GET_SIZE(side->computed); i++)
        ok = append_computed(self, *pairs, PyTuple_GET_ITEM(side->computed, i), object);
    if (ok && side->unknown && *qpy_record_slot(object, side->unknown)) {
        PyObject *unknown = Py_NewRef(*qpy_record_slot(object, side->unknown));
        ok = append_unknown(self, *pairs, unknown);
        Py_DECREF(unknown);
    }
    if (!ok)
        Py_CLEAR(*pairs);
    return ok;
}

/* ---------------------------------------------------------------- an output with options */

void qpy_walk_note_set(qpy_walker *self, PyObject *object)
{
    self->style->is_set = self->style->style->sorts && PyAnySet_Check(object);
}

/* {"limits": Limits(duplicate_keys="error")}: two equal keys in it are a fault, for one of them would be lost. */
static PyObject *strict_limits(void)
{
    PyObject *module = PyImport_ImportModule("quire.limits"), *cls = module ? qpy_attribute(module, "Limits") : NULL;
    PyObject *none = cls ? PyTuple_New(0) : NULL, *policy = none ? Py_BuildValue("{ss}", "duplicate_keys", "error") : NULL;
    PyObject *limits = policy ? PyObject_Call(cls, none, policy) : NULL, *keywords = limits ? Py_BuildValue("{sO}", "limits", limits) : NULL;
    Py_XDECREF(limits);
    Py_XDECREF(policy);
    Py_XDECREF(none);
    Py_XDECREF(cls);
    Py_XDECREF(module);
    return keywords;
}

PyObject *qpy_walk_raw_value(qpy_walker *self, PyObject *raw)
{
    self->calls++;
    PyObject *name = PyUnicode_FromFormat("quire.%s", self->format), *module = name ? PyImport_Import(name) : NULL;
    PyObject *decode = module ? qpy_attribute(module, "decode") : NULL, *keywords = decode ? strict_limits() : NULL;
    PyObject *arguments = keywords ? PyTuple_Pack(1, ((qpy_raw *)raw)->bytes) : NULL, *value = arguments ? PyObject_Call(decode, arguments, keywords) : NULL;
    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    Py_XDECREF(decode);
    Py_XDECREF(module);
    Py_XDECREF(name);
    if (!value && !self->failed)
        self->failed = Py_NewRef(raw);
    return value;
}

/* ---------------------------------------------------------------- text */

static size_t put(uint8_t *room, const char *text)
{
    size_t n = strlen(text);
    memcpy(room, text, n);
    return n;
}

static int enum_key(qpy_walker *self, PyObject *key, uint8_t *room, size_t *length, PyObject **object)
{
    QPY_WALK_ENTER(self, key, enum_key(self, key, room, length, object)); /* a value may be a member again, without end */
    self->calls++;
    PyObject *value = PyObject_GetAttr(key, self->state->str_value);
    int ok = value && qpy_walk_key_text(self, value, room, length, object);
    Py_XDECREF(value);
    qpy_walk_leave(self, key);
    return ok;
}

static PyObject *encode_key(qpy_walker *self, PyObject *encode, PyObject *key)
{
    if (QR_LIKELY(!self->style || !self->style->style->sorts))
        return PyObject_CallOneArg(encode, key);
    PyObject *arguments = PyTuple_Pack(1, key), *names = arguments ? Py_BuildValue("{ss}", "key_order", "sorted") : NULL; /* there may be sets in it */
    PyObject *bytes = names ? PyObject_Call(encode, arguments, names) : NULL;
    Py_XDECREF(arguments);
    Py_XDECREF(names);
    return bytes;
}

PyObject *qpy_walk_packed_key(qpy_walker *self, PyObject *key)
{
    QPY_WALK_ENTER(self, key, qpy_walk_packed_key(self, key));
    self->calls++;
    PyObject *text = NULL, *module = PyImport_ImportModule("quire.json"), *encode = module ? qpy_attribute(module, "encode") : NULL;
    PyObject *bytes = encode ? encode_key(self, encode, key) : NULL;
    if (!bytes && encode && PyErr_ExceptionMatches(PyExc_ValueError)) { /* what it holds cannot be written */
        PyErr_Clear();
        qpy_walk_fail(self, QR_ERROR_UNSUPPORTED_KEY, key);
    }
    if (bytes)
        text = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), NULL);
    Py_XDECREF(bytes);
    Py_XDECREF(encode);
    Py_XDECREF(module);
    qpy_walk_leave(self, key);
    return text;
}

static int float_key(qpy_walker *self, PyObject *key, uint8_t *room, size_t *length)
{
    double value = PyFloat_AS_DOUBLE(key);
    if (!__builtin_isfinite(value))
        return qpy_walk_fail(self, QR_ERROR_NON_FINITE, key);
    *length = (size_t)(qr_float64_write(room, value) - room);
    return 1;
}

static int adapted_key(qpy_walker *self, qpy_plan *plan, PyObject *key, uint8_t *room, size_t *length, PyObject **object)
{
    QPY_WALK_ENTER(self, key, adapted_key(self, plan, key, room, length, object));
    Py_INCREF(plan);
    PyObject *wire = qpy_adapt_key(self, plan, 0, key);
    int ok = wire && qpy_walk_key_text(self, wire, room, length, object);
    Py_XDECREF(wire);
    Py_DECREF(plan);
    qpy_walk_leave(self, key);
    return ok;
}

static PyObject *base64_of(PyObject *buffer)
{
    Py_buffer view;
    if (PyObject_GetBuffer(buffer, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    size_t length = qr_base64_encoded_length((size_t)view.len);
    PyObject *text = length <= PY_SSIZE_T_MAX ? PyUnicode_New((Py_ssize_t)length, 127) : PyErr_NoMemory();
    if (text)
        qr_base64_write(PyUnicode_1BYTE_DATA(text), view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return text;
}

int qpy_walk_key_text(qpy_walker *self, PyObject *key, uint8_t room[QPY_KEY_ROOM], size_t *length, PyObject **object)
{
    qpy_plan *plan = NULL;
    qr_kind kind;
    *object = NULL;
    if (PyTuple_Check(key))
        return (*object = qpy_walk_packed_key(self, key)) != NULL;
    if (key == Py_None)
        return *length = put(room, "null"), 1;
    if (PyBool_Check(key))
        return *length = put(room, key == Py_True ? "true" : "false"), 1;
    if (PyFloat_CheckExact(key))
        return float_key(self, key, room, length);
    if (PyLong_CheckExact(key))
        return (*object = qpy_walk_digits(self, key)) != NULL;
    switch (qpy_walk_way(self, key, &plan, &kind)) {
    case QPY_WAY_ENUM: return enum_key(self, key, room, length, object);
    case QPY_WAY_SCALAR: {
        self->calls++;
        Py_ssize_t n = qpy_scalar_text(self->state, kind, key, room, object);
        *length = n > 0 ? (size_t)n : 0;
        return n >= 0;
    }
    case QPY_WAY_STR:
        *object = Py_NewRef(key);
        return 1;
    case QPY_WAY_INT: return (*object = qpy_walk_digits(self, key)) != NULL;
    case QPY_WAY_FLOAT: return float_key(self, key, room, length);
    case QPY_WAY_ADAPTER: return adapted_key(self, plan, key, room, length, object);
    case QPY_WAY_BUFFER: return (*object = base64_of(key)) != NULL;
    case QPY_WAY_ERROR: return 0;
    default: return qpy_walk_fail(self, QR_ERROR_UNSUPPORTED_KEY, key);
    }
}

/* Of one class, no two values of which are written alike; or, where keys stay what they are, such that no two are read as one. */
int qpy_walk_keys_differ(qpy_walker *self, PyObject *dict, int text_keys)
{
    PyTypeObject *first = NULL;
    PyObject *key, *value;
    Py_ssize_t i = 0;
    int same = 1, plain = !text_keys;
    if (PyDict_GET_SIZE(dict) < 2)
        return 1;
    while ((same || plain) && PyDict_Next(dict, &i, &key, &value)) {
        PyTypeObject *type = Py_TYPE(key);
        first = first ? first : type;
        same = same && type == first;
        plain = plain && (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type || type == &PyBytes_Type || key == Py_None);
    }
    if (plain || !same)
        return plain;
    int kind = qpy_scalar_kind(self->state, first);
    return first == &PyUnicode_Type || first == &PyLong_Type || first == &PyFloat_Type || first == &PyBool_Type || first == &PyBytes_Type || kind == QR_KIND_DATE || kind == QR_KIND_UUID || kind == QR_KIND_DURATION;
}

int qpy_walk_is_new(qpy_walker *self, PyObject *written, size_t start)
{
    qr_buffer *buffer = &self->buffer;
    Py_ssize_t before = PySet_GET_SIZE(written);
    PyObject *key = PyBytes_FromStringAndSize((const char *)buffer->base + start, (Py_ssize_t)(qr_buffer_length(buffer) - start));
    int ok = key && PySet_Add(written, key) == 0 && PySet_GET_SIZE(written) > before;
    Py_XDECREF(key);
    buffer->p = buffer->base + start;
    return ok;
}

int qpy_walk_key_fails(qpy_walker *self, PyObject *key)
{
    if (self->buffer.error == QR_ERROR_NONE && !PyErr_Occurred())
        qpy_walk_fail(self, QR_ERROR_DUPLICATE_KEY, key);
    return qpy_walk_step(self, key, 0);
}

int qpy_walk_is_container(const qpy_walker *self, const PyTypeObject *cls)
{
    if (self->adapted.cls != cls)
        return 0;
    const qr_plan *core = self->adapted.plan->core;
    unsigned kind = core->nodes[qr_plan_wire(core, 0)].kind;
    return !((kind >= QR_KIND_NONE && kind <= QR_KIND_UUID) || kind == QR_KIND_CHOICE);
}

uint32_t qpy_walk_field_of(const qpy_plan *plan, const qr_record *record, PyObject *key)
{
    for (uint32_t i = record->first; i < record->first + record->count; i++)
        if (plan->fields[i].name == key || (PyUnicode_Check(key) && PyUnicode_Compare(plan->fields[i].name, key) == 0))
            return i;
    return QR_PLAN_NONE;
}

void qpy_walk_drop_entries(qpy_walk_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Py_XDECREF(entries[i].key);
        Py_XDECREF(entries[i].value);
    }
    PyMem_Free(entries);
}

/* A key that the type does not know must not be read back as one that it does, or as its tag. */
static int is_free_name(const qpy_plan *plan, const qr_record *record, PyObject *key)
{
    Py_ssize_t length;
    PyObject *made = NULL;
    const char *text = PyUnicode_Check(key) ? qpy_text_utf8(key, &length, &made) : NULL;
    if (!text) {
        PyErr_Clear(); /* a lone surrogate is found when it is written */
        return PyUnicode_Check(key);
    }
    int is_free = qr_plan_find_field(plan->core, record, (const uint8_t *)text, (size_t)length) == QR_PLAN_NONE;
    Py_XDECREF(made);
    return is_free;
}

/* 1 when the pair is written, 0 when it is left out, -1 when that failed. */
static int is_written(qpy_walker *self, const qpy_plan *plan, const qr_record *record, uint32_t field, PyObject *key, PyObject *value)
{
    if (field != QR_PLAN_NONE)
        return !plan->fields[field].written ? 0 : record->array ? 1 : qpy_walk_omits(self, &plan->fields[field], value) == 0;
    if (record->array || !is_free_name(plan, record, key)) {
        qpy_walk_fail(self, PyUnicode_Check(key) ? QR_ERROR_UNKNOWN_FIELD : QR_ERROR_UNSUPPORTED_KEY, key);
        return -1;
    }
    return 1;
}

static int append_entries(qpy_walker *self, const qpy_plan *plan, uint32_t node, PyObject *dict, qpy_walk_entry *entries, size_t *count)
{
    const qr_record *record = qpy_plan_record(plan, node);
    PyObject *key, *value;
    Py_ssize_t at = 0, n = PyDict_GET_SIZE(dict);
    *count = record->array ? qpy_plan_record_side(plan, node)->width : 0;
    while (PyDict_Next(dict, &at, &key, &value)) {
        uint32_t field = qpy_walk_field_of(plan, record, key);
        Py_INCREF(key);
        Py_INCREF(value);
        int written = is_written(self, plan, record, field, key, value);
        if (PyDict_GET_SIZE(dict) != n)
            written = (qpy_walk_fail(self, QR_ERROR_CHANGED, dict), -1);
        if (written > 0) {
            entries[record->array ? field - record->first : (*count)++] = (qpy_walk_entry){field, key, value};
            continue;
        }
        if (written < 0)
            qpy_walk_step(self, key, 0);
        Py_DECREF(key);
        Py_DECREF(value);
        if (written < 0)
            return 0;
    }
    return 1;
}

int qpy_walk_entries(qpy_walker *self, const qpy_plan *plan, uint32_t node, PyObject *dict, qpy_walk_entry **entries, size_t *count)
{
    PyObject *plain = qpy_walk_plain_dict(self, dict);
    if (!plain)
        return 0;
    *entries = PyMem_Calloc((size_t)PyDict_GET_SIZE(plain) + qpy_plan_record(plan, node)->count + 1, sizeof **entries);
    int ok = *entries ? append_entries(self, plan, node, plain, *entries, count) : qpy_walk_fail(self, QR_ERROR_MEMORY, NULL);
    if (!ok && *entries)
        qpy_walk_drop_entries(*entries, *count);
    Py_DECREF(plain);
    return ok;
}

PyObject *qpy_walk_plain_dict(qpy_walker *self, PyObject *dict)
{
    if (Py_TYPE(dict)->tp_iter == PyDict_Type.tp_iter)
        return Py_NewRef(dict);
    self->calls++;
    PyObject *items = PyMapping_Items(dict), *plain = items ? PyDict_New() : NULL;
    if (plain && PyDict_MergeFromSeq2(plain, items, 1) < 0)
        Py_CLEAR(plain);
    Py_XDECREF(items);
    return plain;
}

PyObject *qpy_walk_digits(qpy_walker *self, PyObject *value)
{
    self->calls++; /* from 3.12 very long ones are the affair of a Python module */
    PyObject *digits = PyLong_Type.tp_repr(value);
    if (!digits && PyErr_ExceptionMatches(PyExc_ValueError)) { /* sys.set_int_max_str_digits */
        PyErr_Clear();
        qpy_walk_fail(self, QR_ERROR_INT_DIGITS, value);
    }
    return digits;
}
