/* SPDX-License-Identifier: Apache-2.0 */
/* check: the sink that makes nothing. Typed validation of a document, without Python.
 *
 * It is the smallest set of functions that read.tmpl.h asks of a sink, and the proof that reader, plan and record loop
 * need none of the object sink's knowledge. (binding/collect_sink.def lists the same functions for the build that collects faults.)
 * A value is 1; 0 would mean that the sink failed, which this one never does. */
#ifndef QUIRE_CORE_PLAN_CHECK_SINK_H
#define QUIRE_CORE_PLAN_CHECK_SINK_H

#include "core/base/base64.h"
#include "core/base/reader.h"
#include "core/plan/plan.h"
#include "core/plan/scalar.h"

typedef struct qr_check_sink { char unused; } qr_check_sink;
typedef struct qr_check_frame { char unused; } qr_check_frame;

#define QR_CHECK static inline __attribute__((always_inline, unused)) int

/* Scalars without a plan. */
QR_CHECK qr_check_null(qr_check_sink *s) { (void)s; return 1; }
QR_CHECK qr_check_boolean(qr_check_sink *s, int v) { (void)s, (void)v; return 1; }
QR_CHECK qr_check_integer(qr_check_sink *s, int64_t v) { (void)s, (void)v; return 1; }
QR_CHECK qr_check_unsigned_integer(qr_check_sink *s, uint64_t v) { (void)s, (void)v; return 1; }
QR_CHECK qr_check_floating(qr_check_sink *s, double v) { (void)s, (void)v; return 1; }
QR_CHECK qr_check_big_integer(qr_check_sink *s, qr_reader *r, const qr_token *t) { (void)s, (void)r, (void)t; return 1; }
QR_CHECK qr_check_bytes(qr_check_sink *s, uint32_t node, const uint8_t *data, size_t n) { (void)s, (void)node, (void)data, (void)n; return 1; }
QR_CHECK qr_check_ext(qr_check_sink *s, qr_reader *r, const qr_token *t) { (void)s, (void)r, (void)t; return 1; }
QR_CHECK qr_check_object(qr_check_sink *s, qr_reader *r, const qr_token *t) { (void)s, (void)r, (void)t; return 1; }

/* What only a plan asks for. `bounded`: bounds that the core could not judge (a big integer's, a decimal's, a pattern). */
QR_CHECK qr_check_scalar(qr_check_sink *s, qr_reader *r, uint32_t node, const qr_scalar *v, const uint8_t *at) { (void)s, (void)r, (void)node, (void)v, (void)at; return 1; }
QR_CHECK qr_check_bounded(qr_check_sink *s, qr_reader *r, uint32_t node, int v, const uint8_t *at) { (void)s, (void)r, (void)node, (void)at; return v; }
QR_CHECK qr_check_choice(qr_check_sink *s, uint32_t node, uint32_t index) { (void)s, (void)node, (void)index; return 1; }
QR_CHECK qr_check_choice_open(qr_check_sink *s, qr_reader *r, uint32_t node, int v, const uint8_t *at) { (void)s, (void)r, (void)node, (void)at; return v; }
/* A key that is a container in a text: only the receiver can tell. */
QR_CHECK qr_check_packed(qr_check_sink *s, qr_reader *r, uint32_t node, const qr_token *t)
{
    (void)s;
    if (r->error == QR_ERROR_NONE)
        r->error_node = node;
    qr_reader_fail(r, QR_ERROR_TYPE_MISMATCH, t->at);
    return 0;
}
/* What was read for an ADAPTER; `refused`: it failed, but for the value only, so that another arm of the union may be tried. */
QR_CHECK qr_check_adapt(qr_check_sink *s, qr_reader *r, uint32_t node, int v, const uint8_t *at) { (void)s, (void)r, (void)node, (void)at; return v; }
QR_CHECK qr_check_refused(qr_check_sink *s, qr_reader *r) { (void)s, (void)r; return 0; }
QR_CHECK qr_check_raw(qr_check_sink *s, qr_reader *r, const uint8_t *at, size_t n) { (void)s, (void)r, (void)at, (void)n; return 1; }
QR_CHECK qr_check_typed_object(qr_check_sink *s, qr_reader *r, uint32_t node, const qr_token *t) { (void)s, (void)r, (void)node, (void)t; return 1; }

/* Containers: open, then item / key and pair / put_field, then close; drop instead when something failed. */
QR_CHECK qr_check_open_array(qr_check_sink *s, qr_check_frame *f) { (void)s, (void)f; return 1; }
QR_CHECK qr_check_item(qr_check_sink *s, qr_check_frame *f, int v) { (void)s, (void)f; return v; }
QR_CHECK qr_check_close_array(qr_check_sink *s, uint32_t node, qr_check_frame *f) { (void)s, (void)node, (void)f; return 1; }
QR_CHECK qr_check_open_map(qr_check_sink *s, qr_check_frame *f) { (void)s, (void)f; return 1; }
QR_CHECK qr_check_open_typed_map(qr_check_sink *s, qr_check_frame *f) { (void)s, (void)f; return 1; }
QR_CHECK qr_check_key_value(qr_check_sink *s, qr_check_frame *f, qr_reader *r, int v) { (void)s, (void)f, (void)r; return v; }
QR_CHECK qr_check_pair(qr_check_sink *s, qr_check_frame *f, int v) { (void)s, (void)f; return v; }
QR_CHECK qr_check_close_map(qr_check_sink *s, uint32_t node, qr_check_frame *f, qr_reader *r) { (void)s, (void)node, (void)f, (void)r; return 1; }
QR_CHECK qr_check_open_record(qr_check_sink *s, uint32_t node, qr_check_frame *f) { (void)s, (void)node, (void)f; return 1; }
QR_CHECK qr_check_put_field(qr_check_sink *s, qr_check_frame *f, uint32_t field, int v) { (void)s, (void)f, (void)field; return v; }
/* A field that the record does not know, of a record that keeps them: its key and where its value stands. */
QR_CHECK qr_check_keep(qr_check_sink *s, qr_check_frame *f, qr_reader *r, const qr_token *key, const uint8_t *at, size_t n) { (void)s, (void)f, (void)r, (void)key, (void)at, (void)n; return 1; }
QR_CHECK qr_check_close_record(qr_check_sink *s, qr_reader *r, uint32_t node, qr_check_frame *f, const uint64_t *seen, const uint8_t *at)
{
    (void)s, (void)r, (void)node, (void)f, (void)seen, (void)at;
    return 1;
}
QR_INLINE void qr_check_drop(qr_check_sink *s, qr_check_frame *f) { (void)s, (void)f; }

/* A guess at the next key of an untyped map, as its image, or NULL; `predicted` when it was right. */
QR_INLINE const qr_image *qr_check_predict(qr_check_sink *s, qr_check_frame *f, qr_format format) { (void)s, (void)f, (void)format; return NULL; }
QR_INLINE void qr_check_predicted(qr_check_sink *s, qr_check_frame *f) { (void)s, (void)f; }

/* `str` and `key` get the token and call the format's copy; here it is enough that the text is valid. The two are the
 * only functions of a sink that differ by format, so they are made from it. */
#define QR_CHECK_TEXT(format)                                                                                               \
    QR_CHECK qr_check_str_##format(qr_check_sink *s, qr_reader *r, const qr_token *t) { (void)s; return qr_##format##_check_text(r, t); } \
    QR_CHECK qr_check_key_##format(qr_check_sink *s, qr_check_frame *f, qr_reader *r, const qr_token *t) { (void)s, (void)f; return qr_##format##_check_text(r, t); }

#endif
