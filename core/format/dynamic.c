/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format/dynamic.h"

#include "core/format/json.h"
#include "core/format/msgpack.h"

#define QR_D(name) json_##name
#define QR_F(name) qr_json_##name
#define QR_ITER qr_json_iter
#include "core/format/dynamic.tmpl.h"
const qr_dynamic qr_json_dynamic = {
    .format = QR_FORMAT_JSON, .BINARY = QR_JSON_BINARY, .TEXT_KEYS = QR_JSON_TEXT_KEYS, .TEXT_NUMBERS = QR_JSON_TEXT_NUMBERS,
    .is_text = 1, .copy = qr_json_copy, QR_DYNAMIC_FUNCTIONS,
};
#undef QR_D
#undef QR_F
#undef QR_ITER
#undef QR_DYNAMIC_FUNCTIONS

#define QR_D(name) msgpack_##name
#define QR_F(name) qr_msgpack_##name
#define QR_ITER qr_msgpack_iter
#include "core/format/dynamic.tmpl.h"
const qr_dynamic qr_msgpack_dynamic = {
    .format = QR_FORMAT_MSGPACK, .BINARY = QR_MSGPACK_BINARY, .TEXT_KEYS = QR_MSGPACK_TEXT_KEYS, .TEXT_NUMBERS = QR_MSGPACK_TEXT_NUMBERS,
    .is_text = 1, .copy = qr_msgpack_copy, QR_DYNAMIC_FUNCTIONS,
};
