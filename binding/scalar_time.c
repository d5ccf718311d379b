/* SPDX-License-Identifier: Apache-2.0 */
/* scalar_time: datetime's objects and the parts they are made of; zone names are RFC 9557's. */
#include "binding/scalar_internal.h"

enum { DAY = 86400, MILLION = 1000000, ZONE_NAME_MAX = 255 };

PyDateTime_CAPI *qpy_time_import(qpy_state *state)
{
    if (state->datetime_api == NULL)
        state->datetime_api = PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0);
    return state->datetime_api;
}

PyDateTime_CAPI *qpy_time_find(qpy_state *state)
{
    if (state->datetime_api == NULL) {
        PyObject *modules = PyImport_GetModuleDict();
        if (modules != NULL && PyDict_Check(modules) && PyDict_GetItemWithError(modules, state->str_datetime) != NULL)
            qpy_time_import(state);
        PyErr_Clear(); /* the module is half imported still: then nobody has a datetime yet */
    }
    return state->datetime_api;
}

/* ---- offsets ---- */

/* A timedelta of less than a day as the core has it: seconds and microseconds of the same sign. */
static void offset_of_delta(PyObject *delta, qr_datetime *parts)
{
    int64_t seconds = (int64_t)PyDateTime_DELTA_GET_DAYS(delta) * DAY + PyDateTime_DELTA_GET_SECONDS(delta);
    int64_t total = seconds * MILLION + PyDateTime_DELTA_GET_MICROSECONDS(delta);
    parts->has_offset = 1;
    parts->offset = (int32_t)(total / MILLION);
    parts->offset_microsecond = (int32_t)(total % MILLION);
}

/* What the zone says of a datetime or time: a new reference, or NULL with an exception. A plain value's own method only asks the zone,
 * by a name it makes anew each time (see attribute.h); one of a subclass may answer otherwise. */
static PyObject *utcoffset(qpy_state *state, PyObject *value, PyObject *tzinfo)
{
    PyDateTime_CAPI *api = state->datetime_api;
    if (Py_IS_TYPE(value, api->DateTimeType))
        return PyObject_CallMethodOneArg(tzinfo, state->str_utcoffset, value);
    if (Py_IS_TYPE(value, api->TimeType))
        return PyObject_CallMethodOneArg(tzinfo, state->str_utcoffset, Py_None);
    return PyObject_CallMethodNoArgs(value, state->str_utcoffset);
}

/* The offset of a datetime or time that has a tzinfo: 0 or -1. Without an offset it would come back as another value. */
static int read_offset(qpy_state *state, PyObject *value, PyObject *tzinfo, qr_datetime *parts)
{
    PyObject *delta = utcoffset(state, value, tzinfo);
    if (delta == NULL)
        return -1;
    PyDateTime_CAPI *api = state->datetime_api;
    int ok = PyObject_TypeCheck(delta, api->DeltaType);
    if (ok)
        offset_of_delta(delta, parts);
    else if (delta == Py_None)
        PyErr_Format(PyExc_ValueError, "the time zone of this %.200s gives no UTC offset", Py_TYPE(value)->tp_name);
    else
        PyErr_Format(PyExc_TypeError, "utcoffset() returned %.200s, not timedelta", Py_TYPE(delta)->tp_name);
    Py_DECREF(delta);
    if (ok && (parts->offset <= -DAY || parts->offset >= DAY)) { /* a method of a subclass may return anything */
        PyErr_SetString(PyExc_ValueError, "utcoffset() is not less than a day");
        return -1;
    }
    return ok ? 0 : -1;
}

/* The timezone of a fixed offset: a new reference. */
static PyObject *timezone_of(PyDateTime_CAPI *api, const qr_datetime *parts)
{
    if (parts->offset == 0 && parts->offset_microsecond == 0)
        return Py_NewRef(api->TimeZone_UTC);
    PyObject *delta = api->Delta_FromDelta(0, parts->offset, parts->offset_microsecond, 1, api->DeltaType);
    if (delta == NULL)
        return NULL;
    PyObject *timezone = api->TimeZone_FromTimeZone(delta, NULL);
    Py_DECREF(delta);
    return timezone;
}

/* ---- reading ---- */

static PyObject *datetime_in(PyDateTime_CAPI *api, const qr_datetime *parts, PyObject *tzinfo, int fold)
{
    return api->DateTime_FromDateAndTimeAndFold(parts->year, parts->month, parts->day, parts->hour, parts->minute, parts->second,
                                                (int)parts->microsecond, tzinfo, fold, api->DateTimeType);
}

static PyObject *zone_of(qpy_state *state, PyObject *key)
{
    if (qpy_scalar_import(&state->zoneinfo_type, state->str_zoneinfo, "ZoneInfo") < 0)
        return NULL;
    PyObject *zone = PyObject_CallOneArg((PyObject *)state->zoneinfo_type, key);
    /* ZoneInfoNotFoundError is a KeyError; a folder of zones or a file that is not one raises what it likes */
    if (zone == NULL && (PyErr_ExceptionMatches(PyExc_KeyError) || PyErr_ExceptionMatches(PyExc_ValueError) ||
                         PyErr_ExceptionMatches(PyExc_OSError)))
        PyErr_Format(PyExc_ValueError, "unknown time zone '%U'", key);
    return zone;
}

/* The clock of a zone may show the same time twice: it is the one (fold) with the offset as written. */
static PyObject *datetime_in_zone(qpy_state *state, const qr_scalar *scalar)
{
    PyDateTime_CAPI *api = state->datetime_api;
    const qr_datetime *written = &scalar->datetime;
    if (scalar->zone_length > ZONE_NAME_MAX) {
        PyErr_SetString(PyExc_ValueError, "the name of the time zone is too long");
        return NULL;
    }
    PyObject *key = PyUnicode_DecodeASCII((const char *)scalar->zone, (Py_ssize_t)scalar->zone_length, NULL);
    if (key == NULL)
        return NULL;
    PyObject *zone = zone_of(state, key), *datetime = NULL;
    for (int fold = 0; zone != NULL && fold < 2; fold++) {
        qr_datetime found = {0};
        datetime = datetime_in(api, written, zone, fold);
        if (datetime == NULL || (read_offset(state, datetime, zone, &found) == 0 && found.offset == written->offset &&
                                 found.offset_microsecond == written->offset_microsecond))
            break;
        Py_CLEAR(datetime);
        if (PyErr_Occurred())
            break;
    }
    if (datetime == NULL && !PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "the offset does not belong to the time zone '%U' at that time", key);
    Py_XDECREF(zone);
    Py_DECREF(key);
    return datetime;
}

static PyObject *datetime_new(qpy_state *state, const qr_scalar *scalar)
{
    PyDateTime_CAPI *api = state->datetime_api;
    const qr_datetime *parts = &scalar->datetime;
    if (!parts->has_offset)
        return datetime_in(api, parts, Py_None, 0);
    if (scalar->zone != NULL)
        return datetime_in_zone(state, scalar);
    PyObject *timezone = timezone_of(api, parts);
    if (timezone == NULL)
        return NULL;
    PyObject *datetime = datetime_in(api, parts, timezone, 0);
    Py_DECREF(timezone);
    return datetime;
}

static PyObject *time_new(PyDateTime_CAPI *api, const qr_datetime *parts)
{
    PyObject *timezone = parts->has_offset ? timezone_of(api, parts) : Py_NewRef(Py_None);
    if (timezone == NULL)
        return NULL;
    PyObject *time = api->Time_FromTimeAndFold(parts->hour, parts->minute, parts->second, (int)parts->microsecond, timezone, 0,
                                               api->TimeType);
    Py_DECREF(timezone);
    return time;
}

PyObject *qpy_time_new(qpy_state *state, qr_kind kind, const qr_scalar *scalar)
{
    PyDateTime_CAPI *api = qpy_time_import(state);
    if (api == NULL)
        return NULL;
    const qr_datetime *parts = &scalar->datetime;
    const qr_duration *duration = &scalar->duration;
    switch (kind) {
    case QR_KIND_DATETIME: return datetime_new(state, scalar);
    case QR_KIND_DATE: return api->Date_FromDate(parts->year, parts->month, parts->day, api->DateType);
    case QR_KIND_TIME: return time_new(api, parts);
    case QR_KIND_DURATION:
        return api->Delta_FromDelta(duration->days, duration->seconds, duration->microseconds, 0, api->DeltaType);
    default: PyErr_SetString(PyExc_SystemError, "not a kind of scalar"); return NULL;
    }
}

/* ---- writing ---- */

static qr_datetime parts_of_date(PyObject *date)
{
    return (qr_datetime){
        .year = PyDateTime_GET_YEAR(date),
        .month = (uint8_t)PyDateTime_GET_MONTH(date),
        .day = (uint8_t)PyDateTime_GET_DAY(date),
        .has_date = 1,
    };
}

static qr_datetime parts_of_datetime(PyObject *datetime)
{
    qr_datetime parts = parts_of_date(datetime);
    parts.hour = (uint8_t)PyDateTime_DATE_GET_HOUR(datetime);
    parts.minute = (uint8_t)PyDateTime_DATE_GET_MINUTE(datetime);
    parts.second = (uint8_t)PyDateTime_DATE_GET_SECOND(datetime);
    parts.microsecond = (uint32_t)PyDateTime_DATE_GET_MICROSECOND(datetime);
    parts.has_time = 1;
    return parts;
}

static qr_datetime parts_of_time(PyObject *time)
{
    return (qr_datetime){
        .hour = (uint8_t)PyDateTime_TIME_GET_HOUR(time),
        .minute = (uint8_t)PyDateTime_TIME_GET_MINUTE(time),
        .second = (uint8_t)PyDateTime_TIME_GET_SECOND(time),
        .microsecond = (uint32_t)PyDateTime_TIME_GET_MICROSECOND(time),
        .has_time = 1,
    };
}

/* The offset of a value whose tzinfo that is (None too): 0 or -1. */
static int add_offset(qpy_state *state, PyObject *value, PyObject *tzinfo, qr_datetime *parts)
{
    PyDateTime_CAPI *api = state->datetime_api;
    if (tzinfo == Py_None)
        return 0;
    if (tzinfo != api->TimeZone_UTC)
        return read_offset(state, value, tzinfo, parts);
    parts->has_offset = 1;
    return 0;
}

/* Sets *key to the name of a ZoneInfo (a new reference), or to NULL for one without a name and any other tzinfo: 0 or -1. */
static int zone_key(qpy_state *state, PyObject *tzinfo, PyObject **key)
{
    PyDateTime_CAPI *api = state->datetime_api;
    *key = NULL;
    if (tzinfo == Py_None || Py_IS_TYPE(tzinfo, Py_TYPE(api->TimeZone_UTC)))
        return 0;
    if (!qpy_scalar_find(&state->zoneinfo_type, state->str_zoneinfo, "ZoneInfo") ||
        !PyObject_TypeCheck(tzinfo, state->zoneinfo_type))
        return 0;
    *key = PyObject_GetAttr(tzinfo, state->str_key);
    if (*key == NULL)
        return -1;
    if (*key == Py_None)
        Py_CLEAR(*key);
    return 0;
}

/* Puts [key] behind the `n` bytes in the room, in a str when there is no room for it. The result is read once, to be sure that the
 * key (anything, for a zone made from a file) can be read back. */
static Py_ssize_t add_zone(PyObject *key, uint8_t room[QPY_SCALAR_ROOM], size_t n, PyObject **object)
{
    Py_ssize_t length = 0;
    const char *name = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, &length) : NULL;
    if (name == NULL)
        goto refuse;
    size_t total = n + (size_t)length + 2;
    uint8_t *text = room;
    if (total > QPY_SCALAR_ROOM) {
        if (length > ZONE_NAME_MAX || !PyUnicode_IS_ASCII(key))
            goto refuse;
        *object = PyUnicode_New((Py_ssize_t)total, 127);
        if (*object == NULL)
            return -1;
        text = PyUnicode_1BYTE_DATA(*object);
        memcpy(text, room, n);
    }
    text[n] = '[';
    memcpy(text + n + 1, name, (size_t)length);
    text[total - 1] = ']';
    qr_datetime read;
    qr_zone_name zone;
    if (qr_timestamp_read_datetime(text, total, &read, &zone) == QR_TIMESTAMP_OK && zone.length == (size_t)length)
        return *object == NULL ? (Py_ssize_t)total : 0;
    Py_CLEAR(*object);
refuse:
    PyErr_Clear(); /* a lone surrogate */
    PyErr_Format(PyExc_ValueError, "the time zone key %R cannot be written", key);
    return -1;
}

static Py_ssize_t datetime_text(qpy_state *state, PyObject *value, uint8_t room[QPY_SCALAR_ROOM], PyObject **object)
{
    qr_datetime parts = parts_of_datetime(value);
    PyObject *tzinfo = PyDateTime_DATE_GET_TZINFO(value), *key;
    if (add_offset(state, value, tzinfo, &parts) < 0 || zone_key(state, tzinfo, &key) < 0)
        return -1;
    Py_ssize_t length = qr_timestamp_write_datetime(room, &parts) - room;
    if (key != NULL) {
        length = add_zone(key, room, (size_t)length, object);
        Py_DECREF(key);
    }
    return length;
}

Py_ssize_t qpy_time_text(qpy_state *state, qr_kind kind, PyObject *value, uint8_t room[QPY_SCALAR_ROOM], PyObject **object)
{
    qr_datetime parts;
    qr_duration duration;
    if (qpy_time_import(state) == NULL)
        return -1;
    switch (kind) {
    case QR_KIND_DATETIME: return datetime_text(state, value, room, object);
    case QR_KIND_DATE: parts = parts_of_date(value); return qr_timestamp_write_date(room, &parts) - room;
    case QR_KIND_TIME:
        parts = parts_of_time(value);
        if (add_offset(state, value, PyDateTime_TIME_GET_TZINFO(value), &parts) < 0)
            return -1;
        return qr_timestamp_write_time(room, &parts) - room;
    case QR_KIND_DURATION:
        duration.days = PyDateTime_DELTA_GET_DAYS(value);
        duration.seconds = PyDateTime_DELTA_GET_SECONDS(value);
        duration.microseconds = PyDateTime_DELTA_GET_MICROSECONDS(value);
        return qr_timestamp_write_duration(room, &duration) - room;
    default: PyErr_SetString(PyExc_SystemError, "not a kind of scalar"); return -1;
    }
}

int qpy_scalar_unix(qpy_state *state, PyObject *datetime, int64_t *seconds, uint32_t *nanoseconds)
{
    PyDateTime_CAPI *api = qpy_time_import(state);
    if (api == NULL)
        return -1;
    if (PyDateTime_DATE_GET_TZINFO(datetime) != api->TimeZone_UTC)
        return 0;
    qr_datetime parts = parts_of_datetime(datetime);
    *seconds = qr_timestamp_to_unix(&parts, nanoseconds);
    return 1;
}
