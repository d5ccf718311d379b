/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack x Python objects: names the format and its traits and includes the templates. */
#include "core/format/msgpack.h"

#include "binding/adapt.h"
#include "binding/codec.h"
#include "binding/collect.h"
#include "binding/cpython_private.h"
#include "binding/ext.h"
#include "binding/members.h"
#include "binding/scalar.h"
#include "binding/union.h"
#include "binding/walk_order.h"
#include "core/base/base64.h"

#define QR_T(name) msgpack_##name
#define QR_F(name) qr_msgpack_##name
#define QR_S(name) object_##name
#define QR_TRAIT(name) QR_MSGPACK_##name
#define QR_FORMAT QR_FORMAT_MSGPACK
#define QR_ITER qr_msgpack_iter
#define QR_SINK qpy_sink
#define QR_VALUE PyObject *
#define QR_FRAME qpy_frame
#define QPY_FORMAT_NAME "msgpack"
#define QPY_FORMAT_CLASS "Msgpack"
#define QPY_FORMAT_MODULE "quire.msgpack"
#define QPY_FORMAT_IS_TEXT 0
#define QPY_FORMAT_SEPARATOR ""
#define QPY_FORMAT_STYLES QPY_STYLE_ORDER
#define QPY_FORMAT_WRITE_STYLED qpy_msgpack_write_styled
#define QPY_FORMAT_STYLE_SIGNATURE ", key_order=\"insertion\", canonical=False"
#define QPY_FORMAT_READ_SIGNATURE ""
#define QPY_FORMAT_HINT hints[QR_FORMAT_MSGPACK]

#define QPY_WALK_OPENS(byte) qr_msgpack_opens(byte)

#include "binding/object_sink.h"
#include "core/plan/read.tmpl.h"
#include "binding/walk.tmpl.h"
#include "binding/codec.tmpl.h"

int QPY_BUILD(qpy_format_msgpack_init)(PyObject *module, qpy_state *state)
{
    (void)state;
    return msgpack_init(module);
}
