/* SPDX-License-Identifier: Apache-2.0 */
/* read: the record loop. Tokens of one format become values of one sink, driven by a plan (or by the tokens alone).
 *
 * A C template: included once for each (format, sink) after these macros are set, it gives static functions that are
 * compiled as if written by hand for the pair. It holds no branch on the format: where formats differ, they differ in
 * their own functions or in a constant trait.
 *
 *   QR_T(name)   how the instance's own functions are called          QR_F(name)   a function of the format
 *   QR_S(name)   a function of the sink                                QR_TRAIT(NAME)  a constant of the format
 *   QR_FORMAT    qr_format of its key images                           QR_ITER      the format's iteration state
 *   QR_SINK      the sink's state   QR_VALUE   what it makes (0: failed)   QR_FRAME   what it keeps for an open container
 *   QR_TAKE      optional, for a source that is no text but values standing by themselves (Python objects): a function
 *                (r, s, plan, node, &value) that is asked first: 1 when it has read the value (or failed, value 0), 0 when
 *                tokens are to be read. Such a source is skipped by not looking at it, and reading it twice is free. (QR_IS_TEXT may
 *                be set too, to an expression that says whether it is one.)
 *   QR_PLACE     optional, for an instance that goes on after a fault (binding/collect.c): see QR_LOSE
 *
 * What a sink must have is listed in core/plan/check_sink.h, the smallest one. The entry points are QR_T(read_any) and
 * QR_T(read_node); the caller checks the end with QR_F(finish).
 *
 * On failure everything returns 0 at once; on the way up each level notes its step of the path and drops its frame. */

#define QR_FAILED ((QR_VALUE)0)
#ifndef QR_IS_TEXT
#ifdef QR_TAKE
#define QR_IS_TEXT 0
#else
#define QR_IS_TEXT 1
#endif
#endif

static QR_VALUE QR_T(read_node)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number);
static QR_VALUE QR_T(any_array)(qr_reader *r, QR_SINK *s, QR_ITER iter);
static QR_VALUE QR_T(any_map)(qr_reader *r, QR_SINK *s, QR_ITER iter);
static int QR_T(skip)(qr_reader *r);

/* ---------------------------------------------------------------- failing */

/* Each returns QR_FAILED, and the fault stays in the reader (the first one does). */
static QR_COLD void QR_T(note)(qr_reader *r, qr_error error, const uint8_t *at, uint32_t node, uint32_t field)
{
    if (r->error == QR_ERROR_NONE) {
        r->error_node = node;
        r->error_field = field;
    }
    qr_reader_fail_cold(r, error, at);
}
/* Something else stands where a container was wanted. When it is not even a value of the format (or the input ends), that
 * is the fault. */
static QR_COLD void QR_T(mismatch)(qr_reader *r, uint32_t node)
{
    qr_token token;
    const uint8_t *at = QR_F(at)(r);
    if (r->error == QR_ERROR_NONE && QR_F(next)(r, &token) != QR_TOKEN_ERROR)
        QR_T(note)(r, QR_ERROR_TYPE_MISMATCH, at, node, UINT32_MAX);
}
#define QR_FAIL(error, at, node) (QR_T(note)(r, (error), (at), (node), UINT32_MAX), QR_FAILED)
#define QR_FAIL_FIELD(error, at, node, field) (QR_T(note)(r, (error), (at), (node), (field)), QR_FAILED)
#define QR_MISMATCH(node) (QR_T(mismatch)(r, (node)), QR_FAILED)

static QR_COLD QR_VALUE QR_T(fail_step)(qr_reader *r, QR_SINK *s, QR_FRAME *frame, qr_step step, int noted)
{
    if (r->error == QR_ERROR_NONE)
        qr_reader_fail_cold(r, QR_ERROR_SINK, r->p);
    if (noted)
        qr_path_append(r->path, step);
    QR_S(drop)(s, frame);
    return QR_FAILED;
}
#define QR_FAIL_INDEX(index) QR_T(fail_step)(r, s, &frame, (qr_step){QR_STEP_INDEX, {.number = (index)}}, 1)
#define QR_FAIL_KEY(where) QR_T(fail_step)(r, s, &frame, (qr_step){QR_STEP_KEY, {.at = (where)}}, 1)
#define QR_FAIL_AT_FIELD(field) QR_T(fail_step)(r, s, &frame, (qr_step){QR_STEP_FIELD, {.number = (field)}}, 1)
/* Before another item or pair is read; what a record holds is limited by its plan, and what it skips by the same. */
#define QR_LIMIT_ITEMS(count, where) \
    if (QR_UNLIKELY((count) >= r->item_limit)) \
        return qr_reader_fail(r, QR_ERROR_ITEMS, (where)), QR_FAIL_HERE()
#define QR_FAIL_FRAME(frame) QR_T(fail_step)(r, s, (frame), (qr_step){QR_STEP_INDEX, {.number = 0}}, 0)
#define QR_FAIL_HERE() QR_FAIL_FRAME(&frame)

/* A step of a container that fails makes the container fail. Where QR_PLACE is set, a type, the instance may keep the fault, skip what
 * the step had and go on instead: QR_MARK keeps the place in one, before a step; QR_STEP says which step is to be read. */
#ifdef QR_PLACE
#define QR_MARK() QR_PLACE place_; QR_T(mark)(r, s, &place_)
#define QR_STEP(...) QR_T(step)(r, s, (qr_step){__VA_ARGS__})
#define QR_LOSE(iter, fail)                                  \
    do {                                                     \
        if (!QR_T(go_on)(r, s, &place_, (iter)))             \
            return fail;                                     \
    } while (0)
#else
#define QR_MARK() (void)0
#define QR_STEP(...) (void)0
#define QR_LOSE(iter, fail) return fail
#endif

/* The rooms of the template, in the order in which they use each other. */
#include "core/plan/read_any.tmpl.h"
#include "core/plan/read_scalar.tmpl.h"
#include "core/plan/read_union.tmpl.h"
#include "core/plan/read_token.tmpl.h"

/* ---------------------------------------------------------------- the plan's dispatch: the scalars that most fields are */

static QR_VALUE QR_T(read_other)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number);

QR_INLINE QR_VALUE QR_T(node_value)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    const qr_node *node = &plan->nodes[number];
    qr_token token;
    qr_token_kind kind;
    int truth;
#ifdef QR_TAKE
    QR_VALUE taken;
    if (QR_TAKE(r, s, plan, number, &taken))
        return taken;
#endif
    if ((node->flags & QR_NODE_NULLABLE) && QR_F(want_null)(r))
        return QR_S(null)(s);
    switch (node->kind) {
    case QR_KIND_STR:
        if (QR_LIKELY(QR_F(want_str)(r, &token)))
            return QR_T(str_from)(r, s, plan, number, &token);
        if (QR_UNLIKELY(r->error != QR_ERROR_NONE)) /* the cursor may stand within the token at fault */
            return QR_FAILED;
        break;
    case QR_KIND_INT:
        kind = QR_F(want_number)(r, &token);
        if (QR_LIKELY(kind == QR_TOKEN_INT && !(node->flags & QR_NODE_BOUNDED)))
            return QR_S(integer)(s, token.i);
        if (kind != QR_TOKEN_ERROR)
            return QR_T(int_from)(r, s, plan, number, kind, &token);
        if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
            return QR_FAILED;
        break;
    case QR_KIND_FLOAT:
        kind = QR_F(want_number)(r, &token);
        if (QR_LIKELY(kind == QR_TOKEN_FLOAT && !(node->flags & QR_NODE_BOUNDED)))
            return QR_S(floating)(s, token.d);
        if (kind != QR_TOKEN_ERROR)
            return QR_T(float_from)(r, s, plan, number, kind, &token);
        if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
            return QR_FAILED;
        break;
    case QR_KIND_BOOL:
        if (QR_LIKELY(QR_F(want_bool)(r, &truth)))
            return QR_S(boolean)(s, truth);
        break;
    case QR_KIND_ANY: return QR_T(any_value)(r, s);
    default: break;
    }
    return QR_T(read_other)(r, s, plan, number);
}

#include "core/plan/read_array.tmpl.h"
#include "core/plan/read_record.tmpl.h"

/* ---------------------------------------------------------------- the rest of the plan's dispatch */

static QR_NOINLINE QR_VALUE QR_T(read_raw)(qr_reader *r, QR_SINK *s)
{
    const uint8_t *at = QR_F(at)(r);
    return QR_T(skip)(r) ? QR_S(raw)(s, r, at, (size_t)(r->p - at)) : QR_FAILED;
}

/* What the document holds for it, then what the sink makes of that. */
static QR_NOINLINE QR_VALUE QR_T(read_adapted)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    const uint8_t *at = QR_F(at)(r);
    QR_VALUE value = QR_T(read_node)(r, s, plan, plan->nodes[number].item);
    return QR_LIKELY(value) ? QR_S(adapt)(s, r, number, value, at) : QR_FAILED;
}

/* What is not read in the loop of its container; a null that may be there is known not to be. */
static QR_NOINLINE QR_VALUE QR_T(read_other)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    const qr_node *node = &plan->nodes[number];
    QR_ITER iter;
    switch (node->kind) {
    case QR_KIND_RECORD: {
        const qr_record *record = qr_plan_record(plan, node);
        if (QR_UNLIKELY(record->array))
            return QR_T(read_record_array)(r, s, plan, number);
        if (QR_LIKELY(record->count <= QR_T(SMALL_RECORD)))
            return QR_T(read_small_record)(r, s, plan, number);
        const uint8_t *at = QR_F(at)(r);
        if (QR_UNLIKELY(!QR_F(want_map)(r, &iter)))
            return QR_MISMATCH(number);
        return QR_T(read_record)(r, s, plan, number, iter, at);
    }
    case QR_KIND_ARRAY: return QR_T(read_array)(r, s, plan, number);
    case QR_KIND_TUPLE: return QR_T(read_tuple)(r, s, plan, number);
    case QR_KIND_MAP: {
        const uint8_t *at = QR_F(at)(r);
        if (QR_UNLIKELY(!QR_F(want_map)(r, &iter)))
            return QR_MISMATCH(number);
        return QR_T(read_map)(r, s, plan, number, iter, at);
    }
    case QR_KIND_UNION: return QR_T(read_union)(r, s, plan, number);
    case QR_KIND_RAW: return QR_T(read_raw)(r, s);
    case QR_KIND_ADAPTER: return QR_T(read_adapted)(r, s, plan, number);
    default: return QR_T(read_scalar)(r, s, plan, number);
    }
}

static QR_NOINLINE QR_VALUE QR_T(read_node)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    return QR_T(node_value)(r, s, plan, number);
}
