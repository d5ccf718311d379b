/* SPDX-License-Identifier: Apache-2.0 */
/* json x Python objects: names the format and its traits and includes the templates. */
#include "core/format/json.h"

#include "binding/adapt.h"
#include "binding/codec.h"
#include "binding/collect.h"
#include "binding/cpython_private.h"
#include "binding/ext.h"
#include "binding/json/loads.h"
#include "binding/members.h"
#include "binding/scalar.h"
#include "binding/union.h"
#include "binding/walk_order.h"
#include "core/base/base64.h"

#define QR_T(name) json_##name
#define QR_F(name) qr_json_##name
#define QR_S(name) object_##name
#define QR_TRAIT(name) QR_JSON_##name
#define QR_FORMAT QR_FORMAT_JSON
#define QR_ITER qr_json_iter
#define QR_SINK qpy_sink
#define QR_VALUE PyObject *
#define QR_FRAME qpy_frame
#define QPY_FORMAT_NAME "json"
#define QPY_FORMAT_CLASS "Json"
#define QPY_FORMAT_MODULE "quire.json"
#define QPY_FORMAT_IS_TEXT 1
#define QPY_FORMAT_SEPARATOR "\n"
#define QPY_FORMAT_STYLES QPY_STYLE_TEXT
#define QPY_FORMAT_WRITE_STYLED qpy_json_write_styled
#define QPY_FORMAT_STYLE_SIGNATURE ", indent=None, key_order=\"insertion\", ascii=False, nan=\"error\", canonical=False"
#define QPY_FORMAT_READ_SIGNATURE ", nan=\"error\", jsonc=False"
#define QPY_FORMAT_HINT hints[QR_FORMAT_JSON]

#include "binding/object_sink.h"
#include "core/plan/read.tmpl.h"
#include "binding/walk.tmpl.h"
#include "binding/codec.tmpl.h"

/* qpy_json_read (json/loads.h). */
static PyObject *json_read(qpy_state *state, const uint8_t *data, size_t length, size_t start, int whole, size_t *end)
{
    /* 640 digits are as many as sys.set_int_max_str_digits can not forbid. */
    static const qr_limits none = {.depth = QR_DEPTH_DEFAULT, .int_digits = 640};
    qr_reader reader;
    qpy_sink sink;
    qr_reader_init(&reader, data, length, &none, QR_READ_LONE_SURROGATES);
    reader.p += start;
    reader.memory = &qpy_memory;
    qpy_sink_init(&sink, state, NULL, QPY_FORMAT_NAME);
    PyObject *value = json_read_any(&reader, &sink);
    if (QR_LIKELY(value) && whole && QR_UNLIKELY(!qr_json_finish(&reader)))
        Py_CLEAR(value);
    if (QR_UNLIKELY(!value) && PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_MemoryError))
        PyErr_Clear();
    qpy_sink_release(&sink);
    qr_reader_release(&reader);
    *end = (size_t)(reader.p - data);
    return value;
}

int QPY_BUILD(qpy_format_json_init)(PyObject *module, qpy_state *state)
{
    state->json_read = json_read;
    state->json_scan = QPY_BUILD(qpy_json_scan_units);
    return json_init(module);
}
