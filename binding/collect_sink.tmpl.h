/* SPDX-License-Identifier: Apache-2.0 */
/* collect_sink: the table of one sink. A C template, included after QR_S(name), QR_SINK and QPY_D(name), how the table's own functions
 * are called, and QPY_MEMBER, the sink's frame in qpy_collect_frame, are set. */
#define QPY_COLLECT void *
#define QPY_INNER (QR_SINK *)s
#define QPY_FRAME(f) &(f)->inner.QPY_MEMBER
#define S(result, name, parameters, arguments) static result QPY_D(name) parameters { return QR_S(name) arguments; }
#define C(result, name, parameters, arguments) static result QPY_D(name) parameters { return QR_S(name) arguments; }
#include "binding/collect_sink.def"
#undef S
#undef C
static PyObject *QPY_D(adapt)(void *s, qr_reader *r, uint32_t node, PyObject *v, const uint8_t *at) { return QR_S(adapt)(QPY_INNER, r, node, v, at); }
static void QPY_D(open_array)(void *s, qpy_collect_frame *f) { QR_S(open_array)(QPY_INNER, QPY_FRAME(f)); }
static void QPY_D(open_map)(void *s, qpy_collect_frame *f) { QR_S(open_map)(QPY_INNER, QPY_FRAME(f)); }
static void QPY_D(open_typed_map)(void *s, qpy_collect_frame *f) { QR_S(open_typed_map)(QPY_INNER, QPY_FRAME(f)); }
static int QPY_D(open_record)(void *s, uint32_t node, qpy_collect_frame *f) { return QR_S(open_record)(QPY_INNER, node, QPY_FRAME(f)); }
static PyObject *QPY_D(close_array)(void *s, uint32_t node, qpy_collect_frame *f) { return QR_S(close_array)(QPY_INNER, node, QPY_FRAME(f)); }
static PyObject *QPY_D(close_map)(void *s, uint32_t node, qpy_collect_frame *f, qr_reader *r) { return QR_S(close_map)(QPY_INNER, node, QPY_FRAME(f), r); }
static PyObject *QPY_D(close_record)(void *s, qr_reader *r, uint32_t node, qpy_collect_frame *f, const uint64_t *seen, const uint8_t *at)
{
    return QR_S(close_record)(QPY_INNER, r, node, QPY_FRAME(f), seen, at);
}
static void QPY_D(drop)(void *s, qpy_collect_frame *f) { QR_S(drop)(QPY_INNER, QPY_FRAME(f)); }
#undef QPY_COLLECT
#undef QPY_INNER
#undef QPY_FRAME

/* The members of the table that both sinks have. */
#define S(result, name, parameters, arguments) .name = QPY_D(name),
#define C(result, name, parameters, arguments) .name = QPY_D(name),
#define QPY_SINK_REST                                                                                                          \
    .adapt = QPY_D(adapt), .open_array = QPY_D(open_array), .open_map = QPY_D(open_map), .open_typed_map = QPY_D(open_typed_map), .open_record = QPY_D(open_record), \
    .close_array = QPY_D(close_array), .close_map = QPY_D(close_map), .close_record = QPY_D(close_record), .drop = QPY_D(drop)
