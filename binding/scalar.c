/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/scalar_internal.h"
#include "binding/attribute.h"

#include "core/base/uuid.h"

/* ---- the classes ---- */

static int keep_class(PyTypeObject **slot, PyObject *module, const char *name)
{
    PyObject *found = qpy_attribute(module, name);
    if (found == NULL)
        return -1;
    if (!PyType_Check(found)) {
        PyErr_Format(PyExc_TypeError, "%R.%s is not a class", module, name);
        Py_DECREF(found);
        return -1;
    }
    if (*slot == NULL) /* another thread may have been faster */
        *slot = (PyTypeObject *)found;
    else
        Py_DECREF(found);
    return 0;
}

int qpy_scalar_find(PyTypeObject **slot, PyObject *module_name, const char *name)
{
    if (*slot != NULL)
        return 1;
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = modules != NULL && PyDict_Check(modules) ? PyDict_GetItemWithError(modules, module_name) : NULL;
    if (module != NULL) {
        Py_INCREF(module);
        int failed = keep_class(slot, module, name); /* it may be half imported still: then it has no instances */
        Py_DECREF(module);
        if (!failed)
            return 1;
    }
    PyErr_Clear();
    return 0;
}

int qpy_scalar_import(PyTypeObject **slot, PyObject *module_name, const char *name)
{
    if (*slot != NULL)
        return 0;
    PyObject *module = PyImport_Import(module_name);
    if (module == NULL)
        return -1;
    int result = keep_class(slot, module, name);
    Py_DECREF(module);
    return result;
}

/* One look at each base, nearest first: so a datetime is found before the date that it is too. */
static int kind_of_base(const qpy_state *state, const PyDateTime_CAPI *api, PyTypeObject *base)
{
    if (api != NULL) {
        if (base == api->DateTimeType)
            return QR_KIND_DATETIME;
        if (base == api->DateType)
            return QR_KIND_DATE;
        if (base == api->TimeType)
            return QR_KIND_TIME;
        if (base == api->DeltaType)
            return QR_KIND_DURATION;
    }
    if (base == state->uuid_type)
        return QR_KIND_UUID;
    return base == state->decimal_type ? QR_KIND_DECIMAL : -1;
}

int qpy_scalar_kind(qpy_state *state, PyTypeObject *type)
{
    const PyDateTime_CAPI *api = qpy_time_find(state);
    qpy_scalar_find(&state->uuid_type, state->str_uuid, "UUID");
    qpy_scalar_find(&state->decimal_type, state->str_decimal, "Decimal");
    int kind = kind_of_base(state, api, type);
    if (kind >= 0)
        return kind;
    PyObject *bases = type->tp_mro;
    for (Py_ssize_t i = 1, n = bases == NULL ? 0 : PyTuple_GET_SIZE(bases); i < n; i++) {
        kind = kind_of_base(state, api, (PyTypeObject *)PyTuple_GET_ITEM(bases, i));
        if (kind >= 0)
            return kind;
    }
    return -1;
}

/* ---- Decimal ---- */

/* A context of our own: the thread's may say that text that is no number, or with an exponent that is too large, becomes NaN.
 * Reading text is exact whatever the context's precision. */
static int import_decimal(qpy_state *state)
{
    if (state->decimal_context != NULL)
        return 0;
    PyTypeObject *context_type = NULL;
    PyObject *trap = NULL, *module = PyImport_Import(state->str_decimal), *context = NULL;
    if (module == NULL || qpy_scalar_import(&state->decimal_type, state->str_decimal, "Decimal") < 0 ||
        keep_class(&context_type, module, "Context") < 0)
        goto done;
    trap = qpy_attribute(module, "InvalidOperation");
    if (trap == NULL)
        goto done;
    PyObject *arguments = PyTuple_New(0), *words = Py_BuildValue("{s:[O]}", "traps", trap);
    if (arguments != NULL && words != NULL)
        context = PyObject_Call((PyObject *)context_type, arguments, words);
    Py_XDECREF(arguments);
    Py_XDECREF(words);
    if (context != NULL)
        Py_XSETREF(state->decimal_context, context);
done:
    Py_XDECREF(trap);
    Py_XDECREF(context_type);
    Py_XDECREF(module);
    return context == NULL ? -1 : 0;
}

static PyObject *decimal_new(qpy_state *state, const uint8_t *text, size_t length)
{
    if (import_decimal(state) < 0)
        return NULL;
    PyObject *string = PyUnicode_New((Py_ssize_t)length, 127);
    if (string == NULL)
        return NULL;
    memcpy(PyUnicode_1BYTE_DATA(string), text, length);
    PyObject *decimal = PyObject_CallFunctionObjArgs((PyObject *)state->decimal_type, string, state->decimal_context, NULL);
    Py_DECREF(string);
    return decimal;
}

/* ---- UUID ---- */

static PyObject *integer_of_bytes(const uint8_t bytes[QR_UUID_BYTES])
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyLong_FromUnsignedNativeBytes(bytes, QR_UUID_BYTES, Py_ASNATIVEBYTES_BIG_ENDIAN);
#else
    return _PyLong_FromByteArray(bytes, QR_UUID_BYTES, 0, 0);
#endif
}

/* 0, or -1 with an exception when the integer is negative or has more than 128 bits. */
static int bytes_of_integer(PyObject *integer, uint8_t bytes[QR_UUID_BYTES])
{
#if PY_VERSION_HEX >= 0x030D0000
    const int flags = Py_ASNATIVEBYTES_BIG_ENDIAN | Py_ASNATIVEBYTES_UNSIGNED_BUFFER | Py_ASNATIVEBYTES_REJECT_NEGATIVE;
    Py_ssize_t needed = PyLong_AsNativeBytes(integer, bytes, QR_UUID_BYTES, flags);
    int fits = needed >= 0 && needed <= QR_UUID_BYTES;
#else
    int fits = _PyLong_AsByteArray((PyLongObject *)integer, bytes, QR_UUID_BYTES, 0, 0) == 0;
#endif
    if (!fits) /* the versions disagree about the exception */
        PyErr_SetString(PyExc_ValueError, "the int of a UUID is not of 128 bits");
    return fits ? 0 : -1;
}

static int import_uuid(qpy_state *state)
{
    if (state->uuid_safe_unknown != NULL)
        return 0;
    PyTypeObject *safe_type = NULL;
    if (qpy_scalar_import(&state->uuid_type, state->str_uuid, "UUID") < 0 ||
        qpy_scalar_import(&safe_type, state->str_uuid, "SafeUUID") < 0)
        return -1;
    PyObject *unknown = qpy_attribute((PyObject *)safe_type, "unknown");
    Py_DECREF(safe_type);
    if (unknown == NULL)
        return -1;
    Py_XSETREF(state->uuid_safe_unknown, unknown);
    return 0;
}

/* What UUID.__init__ does in the end: the class refuses setattr, so its two slots are filled as object.__setattr__ would. */
static PyObject *uuid_new(qpy_state *state, const uint8_t bytes[QR_UUID_BYTES])
{
    if (import_uuid(state) < 0)
        return NULL;
    PyObject *integer = integer_of_bytes(bytes), *uuid = integer == NULL ? NULL : state->uuid_type->tp_alloc(state->uuid_type, 0);
    if (uuid != NULL && (PyObject_GenericSetAttr(uuid, state->str_int, integer) < 0 ||
                         PyObject_GenericSetAttr(uuid, state->str_is_safe, state->uuid_safe_unknown) < 0))
        Py_CLEAR(uuid);
    Py_XDECREF(integer);
    return uuid;
}

static Py_ssize_t uuid_text(qpy_state *state, PyObject *value, uint8_t *room)
{
    uint8_t bytes[QR_UUID_BYTES];
    PyObject *integer = PyObject_GetAttr(value, state->str_int);
    if (integer == NULL)
        return -1;
    int result = -1;
    if (PyLong_Check(integer))
        result = bytes_of_integer(integer, bytes);
    else
        PyErr_Format(PyExc_TypeError, "the int of a UUID is of type %.200s", Py_TYPE(integer)->tp_name);
    Py_DECREF(integer);
    return result < 0 ? -1 : qr_uuid_write(room, bytes) - room;
}

/* ---- all kinds ---- */

PyObject *qpy_scalar_new(qpy_state *state, qr_kind kind, const qr_scalar *scalar)
{
    if (kind == QR_KIND_UUID)
        return uuid_new(state, scalar->uuid);
    if (kind == QR_KIND_DECIMAL)
        return decimal_new(state, scalar->decimal.text, scalar->decimal.length);
    return qpy_time_new(state, kind, scalar);
}

Py_ssize_t qpy_scalar_text(qpy_state *state, qr_kind kind, PyObject *value, uint8_t room[QPY_SCALAR_ROOM], PyObject **object)
{
    *object = NULL;
    if (kind == QR_KIND_UUID)
        return uuid_text(state, value, room);
    if (kind != QR_KIND_DECIMAL)
        return qpy_time_text(state, kind, value, room, object);
    /* the number itself, whatever a subclass shows as its text */
    PyTypeObject *decimal = state->decimal_type;
    *object = decimal != NULL && decimal->tp_str != NULL ? decimal->tp_str(value) : PyObject_Str(value);
    return *object == NULL ? -1 : 0;
}

static int intern(PyObject **slot, const char *text)
{
    if (*slot == NULL)
        *slot = PyUnicode_InternFromString(text);
    return *slot == NULL ? -1 : 0;
}

int qpy_scalar_init(PyObject *module, qpy_state *state)
{
    (void)module;
    return intern(&state->str_datetime, "datetime") < 0 || intern(&state->str_decimal, "decimal") < 0 ||
                   intern(&state->str_uuid, "uuid") < 0 || intern(&state->str_zoneinfo, "zoneinfo") < 0 ||
                   intern(&state->str_utcoffset, "utcoffset") < 0 || intern(&state->str_key, "key") < 0 ||
                   intern(&state->str_is_safe, "is_safe") < 0 || intern(&state->str_collections, "collections") < 0 || intern(&state->str_int, "int") < 0
               ? -1
               : 0;
}
