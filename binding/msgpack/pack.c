/* SPDX-License-Identifier: Apache-2.0 */
/* pack: the walk. An exception is set as soon as something fails, except for what fails in the buffer: qpy_pack_finish. */
#include "binding/msgpack/pack.h"

#include "binding/attribute.h"
#include "binding/msgpack/unpack.h"
#include "binding/scalar.h"
#include "binding/scalar_internal.h"
#include "core/format/msgpack.h"

static int write_value(qpy_pack *k, PyObject *o);
static int write_other(qpy_pack *k, PyObject *o, int last);

void qpy_pack_init(qpy_pack *self, qpy_state *state, const qpy_pack_options *options, size_t hint)
{
    self->options = options;
    qpy_walker_init(&self->walker, state, "msgpack", hint);
    qr_depth_init(&self->depth, QPY_PACK_DEPTH + 1);
}

static void raise_buffer(qr_error error)
{
    if (error == QR_ERROR_MEMORY)
        PyErr_NoMemory();
    else
        PyErr_SetString(PyExc_ValueError, "object is too large for MessagePack");
}

PyObject *qpy_pack_finish(qpy_pack *self, int ok)
{
    qr_error error = self->walker.buffer.error;
    if (QR_LIKELY(ok && error == QR_ERROR_NONE))
        return qpy_walker_finish(&self->walker, 1);
    if (!PyErr_Occurred())
        raise_buffer(error);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    qpy_walker_release(&self->walker);
    PyErr_Restore(type, value, traceback);
    return NULL;
}

/* ---------------------------------------------------------------- what cannot be written */

/* Exactly a datetime? A class that nobody imported has no instances. */
static int is_datetime(qpy_pack *k, PyObject *o)
{
    const PyDateTime_CAPI *api = qpy_time_find(k->walker.state);
    return api && Py_IS_TYPE(o, api->DateTimeType);
}

static int refuse(qpy_pack *k, PyObject *o)
{
    const char *name = Py_TYPE(o)->tp_name;
    if (k->options->datetime && is_datetime(k, o))
        PyErr_Format(PyExc_ValueError, "can not serialize '%.200s' object where tzinfo=None", name);
    else
        PyErr_Format(PyExc_TypeError, "can not serialize '%.200s' object", name);
    return 0;
}

/* The one value that `default` gives instead; what it gives is not given to it again. */
static int write_default(qpy_pack *k, PyObject *o)
{
    k->walker.calls++;
    Py_INCREF(o); /* its container may let go of it meanwhile */
    PyObject *value = PyObject_CallOneArg(k->options->default_, o);
    Py_DECREF(o);
    int ok = value && qr_buffer_reserve(&k->walker.buffer, QR_BUFFER_SLACK) && write_other(k, value, 1);
    Py_XDECREF(value);
    return ok;
}

/* ---------------------------------------------------------------- scalars */

static QR_NOINLINE int write_long_int(qpy_pack *k, PyObject *o, int last)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (!overflow)
        return qr_msgpack_put_int(&k->walker.buffer, value);
    if (overflow > 0) {
        unsigned long long wide = PyLong_AsUnsignedLongLong(o);
        if (!(wide == (unsigned long long)-1 && PyErr_Occurred()))
            return qr_msgpack_put_uint(&k->walker.buffer, wide);
        PyErr_Clear();
    }
    if (k->options->default_ && !last)
        return write_default(k, o);
    PyErr_SetString(PyExc_OverflowError, "Integer value out of range");
    return 0;
}

QR_INLINE int write_int(qpy_pack *k, PyObject *o, int last)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (QR_LIKELY(PyUnstable_Long_IsCompact((PyLongObject *)o)))
        return qr_msgpack_put_int(&k->walker.buffer, PyUnstable_Long_CompactValue((PyLongObject *)o));
#else
    Py_ssize_t size = Py_SIZE(o); /* sign and number of 30-bit digits */
    if (QR_LIKELY(size >= -1 && size <= 1))
        return qr_msgpack_put_int(&k->walker.buffer, size * (int64_t)((PyLongObject *)o)->ob_digit[0]);
#endif
    return write_long_int(k, o, last);
}

QR_INLINE int write_float(qpy_pack *k, PyObject *o)
{
    double value = PyFloat_AS_DOUBLE(o);
    if (QR_LIKELY(!k->options->single_float))
        return qr_msgpack_put_float(&k->walker.buffer, value);
    uint8_t *p = k->walker.buffer.p;
    if (PyFloat_Pack4(value, (char *)p + 1, 0) < 0)
        return 0;
    *p = 0xCA;
    k->walker.buffer.p = p + 5;
    return 1;
}

/* The head of text and bytes before there was bin: no 8-bit form. */
static int put_old_raw(qr_buffer *b, const uint8_t *data, size_t n)
{
    if (n > UINT32_MAX)
        return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
    if (!qr_buffer_reserve(b, n + 5 + QR_BUFFER_SLACK))
        return 0;
    if (n <= 31)
        *b->p++ = (uint8_t)(0xA0 | n);
    else if (n <= UINT16_MAX)
        *b->p = 0xDA, qr_store16_be(b->p + 1, (uint16_t)n), b->p += 3;
    else
        *b->p = 0xDB, qr_store32_be(b->p + 1, (uint32_t)n), b->p += 5;
    if (n)
        memcpy(b->p, data, n);
    b->p += n;
    return 1;
}

QR_INLINE int put_text(qpy_pack *k, const uint8_t *text, size_t n)
{
    return QR_LIKELY(k->options->use_bin_type) ? qr_msgpack_put_str(&k->walker.buffer, text, n) : put_old_raw(&k->walker.buffer, text, n);
}

/* What the codec makes of it: lone surrogates are the error handler's affair. */
static int write_encoded(qpy_pack *k, PyObject *o)
{
    k->walker.calls++;
    Py_INCREF(o);
    PyObject *bytes = PyUnicode_AsEncodedString(o, "utf-8", k->options->errors);
    Py_DECREF(o);
    int ok = bytes && put_text(k, (const uint8_t *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    Py_XDECREF(bytes);
    return ok;
}

static QR_NOINLINE int write_wide_str(qpy_pack *k, PyObject *o)
{
    qr_buffer *b = &k->walker.buffer;
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(o) < 0)
        return 0;
#endif
    if (!k->options->use_bin_type)
        return write_encoded(k, o);
    size_t length = qr_buffer_length(b);
    if (qr_msgpack_put_str_units(b, PyUnicode_DATA(o), (size_t)PyUnicode_GET_LENGTH(o), (unsigned)PyUnicode_KIND(o)))
        return 1;
    if (b->error != QR_ERROR_LONE_SURROGATE)
        return 0;
    b->error = QR_ERROR_NONE; /* its head is taken back */
    b->p = b->base + length;
    return write_encoded(k, o);
}

QR_INLINE int write_str(qpy_pack *k, PyObject *o)
{
    size_t length;
    const uint8_t *utf8 = qpy_walk_utf8(o, &length);
    return QR_LIKELY(utf8) ? put_text(k, utf8, length) : write_wide_str(k, o);
}

static int write_bytes(qpy_pack *k, const char *data, Py_ssize_t n)
{
    return k->options->use_bin_type ? qr_msgpack_put_bytes(&k->walker.buffer, (const uint8_t *)data, (size_t)n)
                                    : put_old_raw(&k->walker.buffer, (const uint8_t *)data, (size_t)n);
}

/* ---------------------------------------------------------------- containers */

static QR_COLD int fail_depth(void)
{
    PyErr_SetString(PyExc_ValueError, "recursion limit exceeded.");
    return 0;
}
static QR_COLD uint32_t lend(qpy_pack *k)
{
    uint32_t levels = qr_depth_lend(&k->depth);
    if (!levels)
        fail_depth();
    return levels;
}
/* One level down, at the head of a function. The value is held while user code may run below it. */
#define ENTER(function) \
    QR_STACK_ENTER(&k->depth, lend(k), 0, function(k, o)); \
    Py_INCREF(o)
QR_INLINE void leave(qpy_pack *k, PyObject *o)
{
    k->depth.left++;
    Py_DECREF(o);
}
/* May the container that was entered have items? */
QR_INLINE int may_hold(const qpy_pack *k, Py_ssize_t n) { return QR_LIKELY(k->depth.left || k->depth.deeper || n == 0) ? 1 : fail_depth(); }

/* A value within a container. */
QR_INLINE int write_item(qpy_pack *k, PyObject *o) { return qr_buffer_reserve(&k->walker.buffer, QR_BUFFER_SLACK) && write_value(k, o); }

static int changed(const char *what)
{
    PyErr_Format(PyExc_RuntimeError, "%s changed size during iteration", what);
    return 0;
}

static QR_NOINLINE int write_sequence(qpy_pack *k, PyObject *o)
{
    ENTER(write_sequence);
    int is_list = PyList_Check(o);
    Py_ssize_t n = is_list ? PyList_GET_SIZE(o) : PyTuple_GET_SIZE(o), i;
    int ok = may_hold(k, n) && qr_msgpack_put_array(&k->walker.buffer, (size_t)n);
    for (i = 0; ok && i < n; i++) {
        if (QR_UNLIKELY(is_list && PyList_GET_SIZE(o) <= i))
            break;
        ok = write_item(k, is_list ? PyList_GET_ITEM(o, i) : PyTuple_GET_ITEM(o, i));
    }
    if (QR_UNLIKELY(ok && is_list && PyList_GET_SIZE(o) != n))
        ok = changed("list");
    leave(k, o);
    return ok && qr_buffer_reserve(&k->walker.buffer, QR_BUFFER_SLACK);
}

/* A list or tuple that iterates in its own way. */
static QR_NOINLINE int write_iterated(qpy_pack *k, PyObject *o)
{
    Py_ssize_t n = Py_SIZE(o);
    k->walker.calls++;
    PyObject *list = PySequence_List(o);
    int ok = list && (PyList_GET_SIZE(list) == n ? write_sequence(k, list) : changed("sequence"));
    Py_XDECREF(list);
    return ok;
}

static QR_NOINLINE int write_dict(qpy_pack *k, PyObject *o)
{
    ENTER(write_dict);
    qpy_dict_iter iter;
    PyObject *key, *value;
    Py_ssize_t left = PyDict_GET_SIZE(o);
    uint32_t calls = k->walker.calls;
    int ok = may_hold(k, left) && qr_msgpack_put_map(&k->walker.buffer, (size_t)left);
    qpy_dict_iter_init(&iter, o, k->walker.state->private_ok);
    while (ok && qpy_dict_iter_next(&iter, &key, &value)) {
        left--;
        size_t length;
        const uint8_t *utf8 = QR_LIKELY(PyUnicode_CheckExact(key)) ? qpy_walk_utf8(key, &length) : NULL;
        if (QR_LIKELY(utf8))
            ok = qr_buffer_reserve(&k->walker.buffer, QR_BUFFER_SLACK) && put_text(k, utf8, length) && write_item(k, value);
        else { /* writing the key may run user code */
            Py_INCREF(key);
            Py_INCREF(value);
            ok = write_item(k, key) && write_item(k, value);
            Py_DECREF(value);
            Py_DECREF(key);
        }
        if (QR_UNLIKELY(calls != k->walker.calls)) {
            calls = k->walker.calls;
            if (ok && !qpy_dict_iter_valid(&iter))
                ok = changed("dictionary");
        }
    }
    if (QR_UNLIKELY(ok && left != 0))
        ok = changed("dictionary");
    leave(k, o);
    return ok && qr_buffer_reserve(&k->walker.buffer, QR_BUFFER_SLACK);
}

/* A subclass of dict, in the order of its items(). */
static QR_NOINLINE int write_items(qpy_pack *k, PyObject *o)
{
    ENTER(write_items);
    Py_ssize_t n = PyObject_Size(o);
    k->walker.calls++;
    PyObject *items = n < 0 ? NULL : PyMapping_Items(o);
    int ok = items && (PyList_GET_SIZE(items) == n ? may_hold(k, n) && qr_msgpack_put_map(&k->walker.buffer, (size_t)n) : changed("dictionary"));
    for (Py_ssize_t i = 0; ok && i < n; i++) {
        PyObject *pair = PyList_GET_ITEM(items, i);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_Format(PyExc_TypeError, "%.200s.items() must give pairs", Py_TYPE(o)->tp_name);
            ok = 0;
        }
        ok = ok && write_item(k, PyTuple_GET_ITEM(pair, 0)) && write_item(k, PyTuple_GET_ITEM(pair, 1));
    }
    leave(k, o);
    Py_XDECREF(items);
    return ok && qr_buffer_reserve(&k->walker.buffer, QR_BUFFER_SLACK);
}

/* ---------------------------------------------------------------- ExtType, Timestamp, datetime, memoryview */

/* `name` of the package's own module msgpack.ext, when somebody has imported it (else there are no instances): is the type that, or
 * (exact 0) derived from it? */
static int is_package_type(PyTypeObject *type, const char *name, int exact)
{
    PyObject *modules = PyImport_GetModuleDict(), *module = modules ? PyDict_GetItemString(modules, "msgpack.ext") : NULL;
    PyObject *cls = module ? qpy_attribute(module, name) : NULL;
    int is = cls && PyType_Check(cls) && (type == (PyTypeObject *)cls || (!exact && PyType_IsSubtype(type, (PyTypeObject *)cls)));
    Py_XDECREF(cls);
    PyErr_Clear();
    return is;
}

static int is_ext(qpy_pack *k, PyTypeObject *type)
{
    PyTypeObject *own = k->walker.state->msgpack_ext;
    int exact = k->options->strict_types;
    return (own && (type == own || (!exact && PyType_IsSubtype(type, own)))) || is_package_type(type, "ExtType", exact);
}

static int is_timestamp(qpy_pack *k, PyTypeObject *type)
{
    return type == k->walker.state->msgpack_timestamp || is_package_type(type, "Timestamp", 1);
}

static int write_ext(qpy_pack *k, PyObject *o)
{
    PyObject *code = qpy_attribute(o, "code"), *data = code ? qpy_attribute(o, "data") : NULL;
    int overflow = 0, ok = 0;
    if (!data)
        goto done;
    long number = PyLong_AsLongAndOverflow(code, &overflow);
    if (number == -1 && PyErr_Occurred())
        goto done;
    if (overflow || number < -128 || number > 127)
        PyErr_SetString(PyExc_OverflowError, "value too large to convert to char");
    else if (!PyBytes_Check(data))
        PyErr_Format(PyExc_TypeError, "expected bytes, %.200s found", Py_TYPE(data)->tp_name);
    else
        ok = qr_msgpack_put_ext(&k->walker.buffer, (int8_t)number, (const uint8_t *)PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data));
done:
    Py_XDECREF(data);
    Py_XDECREF(code);
    return ok;
}

static int put_timestamp(qpy_pack *k, int64_t seconds, int64_t nanoseconds)
{
    if (nanoseconds < 0 || nanoseconds > 999999999) {
        PyErr_SetString(PyExc_ValueError, "nanoseconds must be a non-negative integer not greater than 999999999.");
        return 0;
    }
    return qr_msgpack_put_timestamp(&k->walker.buffer, seconds, (uint32_t)nanoseconds);
}

static int write_timestamp(qpy_pack *k, PyObject *o)
{
    PyObject *seconds = qpy_attribute(o, "seconds"), *nanoseconds = seconds ? qpy_attribute(o, "nanoseconds") : NULL;
    int ok = 0;
    if (nanoseconds) {
        long long whole = PyLong_AsLongLong(seconds), rest = whole == -1 && PyErr_Occurred() ? -1 : PyLong_AsLongLong(nanoseconds);
        ok = !PyErr_Occurred() && put_timestamp(k, whole, rest);
    }
    Py_XDECREF(nanoseconds);
    Py_XDECREF(seconds);
    return ok;
}

/* A datetime with a tzinfo, by its distance from the epoch. */
static int write_datetime(qpy_pack *k, PyObject *o)
{
    qpy_state *state = k->walker.state;
    int64_t seconds;
    uint32_t nanoseconds;
    int utc = qpy_scalar_unix(state, o, &seconds, &nanoseconds);
    if (utc < 0)
        return 0;
    if (utc)
        return put_timestamp(k, seconds, nanoseconds);
    PyDateTime_CAPI *api = state->datetime_api;
    PyObject *epoch = api->DateTime_FromDateAndTime(1970, 1, 1, 0, 0, 0, 0, api->TimeZone_UTC, api->DateTimeType);
    PyObject *delta = epoch ? PyNumber_Subtract(o, epoch) : NULL;
    int ok = 0;
    if (delta && !Py_IS_TYPE(delta, api->DeltaType))
        PyErr_SetString(PyExc_ValueError, "failed to calculate delta");
    else if (delta)
        ok = put_timestamp(k, PyDateTime_DELTA_GET_DAYS(delta) * INT64_C(86400) + PyDateTime_DELTA_GET_SECONDS(delta), PyDateTime_DELTA_GET_MICROSECONDS(delta) * INT64_C(1000));
    Py_XDECREF(delta);
    Py_XDECREF(epoch);
    return ok;
}

static int write_view(qpy_pack *k, PyObject *o)
{
    Py_buffer view;
    if (PyObject_GetBuffer(o, &view, PyBUF_SIMPLE) < 0)
        return 0;
    int ok = write_bytes(k, view.buf, view.len);
    PyBuffer_Release(&view);
    return ok;
}

/* ---------------------------------------------------------------- the order of the questions is the package's */

static int write_held(qpy_pack *k, PyObject *o, int last)
{
    PyTypeObject *type = Py_TYPE(o);
    int strict = k->options->strict_types;
    if (strict ? PyLong_CheckExact(o) : PyLong_Check(o))
        return o == Py_True || o == Py_False ? (qr_msgpack_put_bool(&k->walker.buffer, o == Py_True), 1) : write_int(k, o, last);
    if (strict ? PyFloat_CheckExact(o) : PyFloat_Check(o))
        return write_float(k, o);
    if (strict ? PyBytes_CheckExact(o) : PyBytes_Check(o))
        return write_bytes(k, PyBytes_AS_STRING(o), PyBytes_GET_SIZE(o));
    if (strict ? PyByteArray_CheckExact(o) : PyByteArray_Check(o))
        return write_bytes(k, PyByteArray_AS_STRING(o), PyByteArray_GET_SIZE(o));
    if (strict ? PyUnicode_CheckExact(o) : PyUnicode_Check(o))
        return write_str(k, o);
    if (PyDict_CheckExact(o))
        return write_dict(k, o);
    if (!strict && PyDict_Check(o))
        return write_items(k, o);
    if (PyTuple_Check(o) && type != &PyTuple_Type && is_ext(k, type))
        return write_ext(k, o);
    if (PyList_CheckExact(o) || (!strict && PyTuple_CheckExact(o)))
        return write_sequence(k, o);
    if (!strict && (PyList_Check(o) || PyTuple_Check(o)))
        return type->tp_iter == PyList_Type.tp_iter || type->tp_iter == PyTuple_Type.tp_iter ? write_sequence(k, o) : write_iterated(k, o);
    if (PyMemoryView_Check(o))
        return write_view(k, o);
    if (k->options->datetime && is_datetime(k, o) && PyDateTime_DATE_GET_TZINFO(o) != Py_None)
        return write_datetime(k, o);
    if (is_timestamp(k, type))
        return write_timestamp(k, o);
    return k->options->default_ && !last ? write_default(k, o) : refuse(k, o);
}

/* Any value that is none of the common ones (with `last`: any), held meanwhile. */
static QR_NOINLINE int write_other(qpy_pack *k, PyObject *o, int last)
{
    if (last && o == Py_None) {
        qr_msgpack_put_null(&k->walker.buffer);
        return 1;
    }
    k->walker.calls++;
    Py_INCREF(o);
    int ok = write_held(k, o, last);
    Py_DECREF(o);
    return ok;
}

/* Any value; QR_BUFFER_SLACK is free. */
static int write_value(qpy_pack *k, PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);
    if (type == &PyUnicode_Type)
        return write_str(k, o);
    if (type == &PyLong_Type)
        return write_int(k, o, 0);
    if (type == &PyFloat_Type)
        return write_float(k, o);
    if (o == Py_None) {
        qr_msgpack_put_null(&k->walker.buffer);
        return 1;
    }
    if (type == &PyBool_Type) {
        qr_msgpack_put_bool(&k->walker.buffer, o == Py_True);
        return 1;
    }
    if (type == &PyDict_Type)
        return write_dict(k, o);
    if (type == &PyList_Type || (type == &PyTuple_Type && !k->options->strict_types))
        return write_sequence(k, o);
    if (type == &PyBytes_Type)
        return write_bytes(k, PyBytes_AS_STRING(o), PyBytes_GET_SIZE(o));
    return write_other(k, o, 0);
}

int qpy_pack_value(qpy_pack *self, PyObject *value)
{
    return qr_buffer_reserve(&self->walker.buffer, QR_BUFFER_SLACK) && write_value(self, value);
}

int qpy_pack_head(qpy_pack *self, int is_map, size_t count)
{
    qr_buffer *b = &self->walker.buffer;
    return qr_buffer_reserve(b, QR_BUFFER_SLACK) && (is_map ? qr_msgpack_put_map(b, count) : qr_msgpack_put_array(b, count));
}

int qpy_pack_ext(qpy_pack *self, int8_t code, const uint8_t *data, size_t length)
{
    return qr_msgpack_put_ext(&self->walker.buffer, code, data, length);
}
