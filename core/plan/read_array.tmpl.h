/* SPDX-License-Identifier: Apache-2.0 */
/* read_array: arrays and tuples. A part of read.tmpl.h. */

/* What both end with: the level is left, the sink makes its value. */
QR_INLINE QR_VALUE QR_T(end_array)(qr_reader *r, QR_SINK *s, uint32_t number, QR_FRAME *frame, const uint8_t *at)
{
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_array)(s, number, frame);
    if (QR_LIKELY(result))
        return result;
    QR_T(note)(r, QR_ERROR_SINK, at, number, UINT32_MAX); /* items that a set cannot hold, and the like */
    return QR_FAIL_FRAME(frame);
}

static QR_NOINLINE QR_VALUE QR_T(read_array)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    QR_FRAME frame;
    QR_ITER iter;
    size_t index = 0;
    const uint8_t *at = QR_F(at)(r);
    const qr_node *node = &plan->nodes[number];
    uint32_t item = node->item;
    if (QR_UNLIKELY(!QR_F(want_array)(r, &iter)))
        return QR_MISMATCH(number);
    QR_READER_ENTER(r, (r->p = at, QR_T(read_array)(r, s, plan, number)));
    QR_S(open_array)(s, &frame);
    while (QR_F(more_array)(r, &iter)) {
        QR_LIMIT_ITEMS(index, r->p);
        QR_MARK();
        QR_STEP(QR_STEP_INDEX, {.number = index});
        QR_VALUE value = QR_T(node_value)(r, s, plan, item);
        if (QR_UNLIKELY(!value || !QR_S(item)(s, &frame, value)))
            QR_LOSE(NULL, QR_FAIL_INDEX(index));
        index++;
    }
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    if (QR_UNLIKELY(node->flags & QR_NODE_BOUNDED)) {
        qr_error error = qr_bounds_check_length(&plan->bounds[node->bounds], index);
        if (error != QR_ERROR_NONE) {
            QR_T(note)(r, error, at, number, UINT32_MAX);
            return QR_FAIL_HERE();
        }
    }
    return QR_T(end_array)(r, s, number, &frame, at);
}

static QR_NOINLINE QR_VALUE QR_T(read_tuple)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    QR_FRAME frame;
    QR_ITER iter;
    size_t index = 0;
    const uint8_t *at = QR_F(at)(r);
    const qr_node *node = &plan->nodes[number];
    if (QR_UNLIKELY(!QR_F(want_array)(r, &iter)))
        return QR_MISMATCH(number);
    QR_READER_ENTER(r, (r->p = at, QR_T(read_tuple)(r, s, plan, number)));
    QR_S(open_array)(s, &frame);
    while (QR_F(more_array)(r, &iter)) {
        if (QR_UNLIKELY(index == node->item_count)) {
            QR_T(note)(r, QR_ERROR_WRONG_LENGTH, at, number, UINT32_MAX);
            return QR_FAIL_HERE();
        }
        QR_MARK();
        QR_STEP(QR_STEP_INDEX, {.number = index});
        QR_VALUE value = QR_T(read_node)(r, s, plan, plan->items[node->item + index]);
        if (QR_UNLIKELY(!value || !QR_S(item)(s, &frame, value)))
            QR_LOSE(NULL, QR_FAIL_INDEX(index));
        index++;
    }
    if (QR_UNLIKELY(r->error == QR_ERROR_NONE && index != node->item_count))
        QR_T(note)(r, QR_ERROR_WRONG_LENGTH, at, number, UINT32_MAX);
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    return QR_T(end_array)(r, s, number, &frame, at);
}
