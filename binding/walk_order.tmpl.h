/* SPDX-License-Identifier: Apache-2.0 */
/* walk_order: dicts for an output that may have to be in order. A part of walk.tmpl.h, for instances that define QPY_WALK_SORTS. */

static QR_NOINLINE int QR_T(write_any_dict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key_node, uint32_t node)
{
    return plan ? QR_T(write_pairs)(w, op, plan, key_node, node) : QR_T(write_pairs)(w, op, NULL, 0, 0);
}

/* The pairs are written as they were when it began; a dict that has more or fewer in the end has changed. */
static QR_NOINLINE int QR_T(write_held_dict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t node, const uint8_t *order, size_t n)
{
    QPY_WALK_ENTER(w, op, QR_T(write_held_dict)(w, op, plan, node, order, n)); /* what is held then is let go in the end */
    size_t first = qpy_walk_styled(w)->count - n;
    w->style->in_order = 1;
    int ok = QR_F(put_map)(&w->buffer, n) || qpy_walk_fail(w, w->buffer.error, op);
    for (size_t i = 0; ok && i < n; i++) {
        qpy_order_pair pair = qpy_walk_styled(w)->pairs[first + (n <= QPY_ORDER_MOST ? order[i] : i)];
        ok = qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && QR_T(write_key)(w, pair.key) && qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK) && QR_T(write_item)(w, plan, node, pair.value);
        if (QR_LIKELY(ok))
            QR_F(sep)(&w->buffer);
        else
            qpy_walk_step(w, pair.key, 0);
    }
    if (ok && QR_UNLIKELY((size_t)PyDict_GET_SIZE(op) != n))
        ok = qpy_walk_fail(w, QR_ERROR_CHANGED, op);
    qpy_walk_drop_pairs(w, n);
    ok = ok && QR_T(close_map)(w);
    qpy_walk_leave(w, op);
    return ok;
}

static QR_NOINLINE int QR_T(write_typed_dict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key_node, uint32_t node)
{
    uint8_t order[QPY_ORDER_MOST];
    int may_sort = w->style->style->sorts && (!plan || (plan->nodes[key_node].exact == &PyUnicode_Type && !QPY_ADAPTS_KEY(plan, key_node)));
    Py_ssize_t n = may_sort ? qpy_walk_hold_pairs(w, op, order) : -1;
    if (n == -1)
        return QR_T(write_any_dict)(w, op, plan, key_node, node);
    return n >= 0 && QR_T(write_held_dict)(w, op, plan, node, order, (size_t)n);
}
static QR_NOINLINE int QR_T(write_dict)(qpy_walker *w, PyObject *op) { return QR_T(write_typed_dict)(w, op, NULL, 0, 0); }
