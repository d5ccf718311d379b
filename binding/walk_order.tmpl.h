/* SPDX-License-Identifier: Apache-2.0 */
/* walk_order: dicts for an output that may have to be in order. A part of walk.tmpl.h, for instances that define QPY_WALK_SORTS. */

static QR_NOINLINE int QR_T(write_any_dict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key_node, uint32_t node)
{
    return plan ? QR_T(write_pairs)(w, op, plan, key_node, node) : QR_T(write_pairs)(w, op, NULL, 0, 0);
}

/* After a pair: has user code, that may have run, left the dict alone? */
QR_INLINE int QR_T(is_unchanged)(qpy_walker *w, const qpy_dict_places *places, uint32_t *calls)
{
    if (QR_LIKELY(*calls == w->calls))
        return 1;
    *calls = w->calls;
    return qpy_dict_places_valid(places) || qpy_walk_fail(w, QR_ERROR_CHANGED, places->dict);
}

/* The pair that was to be written is at fault, unless user code dropped it. */
static QR_COLD int QR_T(place_fails)(qpy_walker *w, const qpy_dict_places *places, size_t place, uint32_t calls)
{
    int is_there = calls == w->calls || qpy_dict_places_valid(places);
    return qpy_walk_step(w, is_there ? qpy_dict_places_key(places, place) : Py_Ellipsis, 0);
}

/* The key that comes i-th in its shape. */
QR_INLINE int QR_T(write_shape_key)(qpy_walker *w, qpy_order_shape *shape, size_t i, PyObject *key)
{
    qpy_order_image *image = &shape->images[i];
    if (QR_LIKELY(image->length)) {
        memcpy(w->buffer.p, image->bytes, QPY_ORDER_IMAGE);
        w->buffer.p += image->length;
        return 1;
    }
    size_t start = qr_buffer_length(&w->buffer);
    if (!QR_T(write_key)(w, key))
        return 0;
    size_t length = qr_buffer_length(&w->buffer) - start;
    if (length <= QPY_ORDER_IMAGE) {
        memcpy(image->bytes, w->buffer.base + start, length);
        image->length = (uint8_t)length;
    }
    return 1;
}

/* A dict of the shape, which stays for as long as it is pinned. The caller went a level down for it. */
QR_INLINE int QR_T(write_shape)(qpy_walker *w, const qpy_plan *plan, uint32_t node, const qpy_dict_places *places, qpy_order_shape *shape)
{
    uint32_t begin = w->calls, calls = begin;
    size_t n = shape->count;
    shape->pins++;
    shape->was_met = 1;
    w->style->in_order = 1;
    int ok = 1;
    if (QR_UNLIKELY(!QR_F(put_map)(&w->buffer, n)))
        ok = qpy_walk_fail(w, w->buffer.error, places->dict);
    for (size_t i = 0; ok && i < n; i++) {
        size_t place = shape->order[i];
        PyObject *key = shape->keys[place], *value = qpy_dict_places_value(places, place);
        if (n > QPY_PLACES_FEW && i + 1 < n) /* those of few are on their way, to ask for what they are would be to wait */
            qpy_walk_prefetch(qpy_dict_places_value(places, shape->order[i + 1]));
        /* user code put another table in the place of the one that was? */
        if (QR_UNLIKELY(begin != calls) && (!value || qpy_dict_places_key(places, place) != key))
            ok = qpy_walk_fail(w, QR_ERROR_CHANGED, places->dict);
        else if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)))
            ok = 0;
        else if (QR_UNLIKELY(!QR_T(write_shape_key)(w, shape, i, key) || !QR_T(write_item)(w, plan, node, value)))
            ok = qpy_walk_step(w, key, 0);
        else {
            QR_F(sep)(&w->buffer);
            ok = QR_T(is_unchanged)(w, places, &calls);
        }
    }
    shape->pins--;
    return ok && QR_T(close_map)(w);
}

QR_INLINE size_t QR_T(place_at)(const qpy_walker *w, const uint8_t *order, size_t i, size_t mask) { return QR_LIKELY(order != NULL) ? order[i] : (size_t)qpy_walk_styled(w)->numbers[i] & mask; }

/* In that order; NULL: in that of the walker's last numbers. */
static QR_NOINLINE int QR_T(write_sorted)(qpy_walker *w, const qpy_plan *plan, uint32_t node, const qpy_dict_places *places, const uint8_t *order)
{
    QPY_WALK_ENTER(w, places->dict, QR_T(write_sorted)(w, plan, node, places, order));
    PyObject *op = places->dict;
    size_t n = places->used, first = order ? 0 : qpy_walk_styled(w)->count - n, mask = ((size_t)1 << qpy_order_place_bits(places)) - 1;
    size_t ahead = order ? 1 : QPY_ORDER_AHEAD;
    uint32_t begin = w->calls, calls = begin;
    w->style->in_order = 1;
    int ok = 1;
    if (QR_UNLIKELY(!QR_F(put_map)(&w->buffer, n)))
        ok = qpy_walk_fail(w, w->buffer.error, op);
    for (size_t i = 0; ok && i < n; i++) {
        size_t place = QR_T(place_at)(w, order, first + i, mask);
        if (i + 2 * ahead < n) {
            size_t later = QR_T(place_at)(w, order, first + i + 2 * ahead, mask);
            const char *later_key = (const char *)qpy_dict_places_key(places, later), *later_value = (const char *)qpy_dict_places_value(places, later);
            QR_PREFETCH(later_key);
            QR_PREFETCH(later_value);
            if (!order) { /* they lie scattered, and most have text behind the head */
                QR_PREFETCH(later_key + 64);
                QR_PREFETCH(later_value + 64);
                QR_PREFETCH(later_value + 128);
            }
        }
        if (i + ahead < n)
            qpy_walk_prefetch(qpy_dict_places_value(places, QR_T(place_at)(w, order, first + i + ahead, mask)));
        PyObject *key = qpy_dict_places_key(places, place), *value = qpy_dict_places_value(places, place);
        if (QR_UNLIKELY(begin != calls) && (!value || !PyUnicode_CheckExact(key))) /* another table in the place of the one that was */
            ok = qpy_walk_fail(w, QR_ERROR_CHANGED, op);
        else if (QR_UNLIKELY(!qr_buffer_reserve(&w->buffer, QR_BUFFER_SLACK)))
            ok = 0;
        else if (QR_UNLIKELY(!QR_T(write_key)(w, key) || !QR_T(write_item)(w, plan, node, value)))
            ok = QR_T(place_fails)(w, places, place, calls);
        else {
            QR_F(sep)(&w->buffer);
            ok = QR_T(is_unchanged)(w, places, &calls);
        }
    }
    if (!order)
        qpy_walk_styled(w)->count = first;
    ok = ok && QR_T(close_map)(w);
    qpy_walk_leave(w, op);
    return ok;
}

/* A dict whose shape is not known (yet). */
static QR_NOINLINE int QR_T(write_unknown)(qpy_walker *w, const qpy_plan *plan, uint32_t key_node, uint32_t node, const qpy_dict_places *places)
{
    uint8_t order[QPY_ORDER_MOST];
    int found = qpy_walk_order_dict(w, places, order);
    if (found > 0)
        return QR_T(write_sorted)(w, plan, node, places, places->count <= QPY_ORDER_MOST ? order : NULL);
    return found == 0 && QR_T(write_any_dict)(w, places->dict, plan, key_node, node);
}

/* One that has no order; what is small is met most often. */
static QR_NOINLINE int QR_T(write_empty_dict)(qpy_walker *w, PyObject *op)
{
    QPY_WALK_ENTER(w, op, QR_T(write_empty_dict)(w, op));
    w->style->in_order = 1;
    int ok = (QR_F(put_map)(&w->buffer, 0) || qpy_walk_fail(w, w->buffer.error, op)) && QR_T(close_map)(w);
    qpy_walk_leave(w, op);
    return ok;
}

QR_INLINE int QR_T(write_ordered)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key_node, uint32_t node)
{
    qpy_dict_places places;
    if (PyDict_GET_SIZE(op) == 0)
        return QR_T(write_empty_dict)(w, op);
    int may_sort = w->style->style->sorts && (!plan || (plan->nodes[key_node].exact == &PyUnicode_Type && !QPY_ADAPTS_KEY(plan, key_node)));
    if (!may_sort || !qpy_dict_places_init(&places, op, w->state->private_ok)) {
        w->style->in_order = PyDict_GET_SIZE(op) == 1;
        return QR_T(write_any_dict)(w, op, plan, key_node, node);
    }
    qpy_order_shape *shape = qpy_walk_shape(w, &places);
    if (QR_UNLIKELY(!shape))
        return QR_T(write_unknown)(w, plan, key_node, node, &places);
    QPY_WALK_ENTER(w, op, plan ? QR_T(write_typed_dict)(w, op, plan, key_node, node) : QR_T(write_dict)(w, op));
    int ok = QR_T(write_shape)(w, plan, node, &places, shape);
    qpy_walk_leave(w, op);
    return ok;
}

static QR_NOINLINE int QR_T(write_typed_dict)(qpy_walker *w, PyObject *op, const qpy_plan *plan, uint32_t key_node, uint32_t node) { return QR_T(write_ordered)(w, op, plan, key_node, node); }
static QR_NOINLINE int QR_T(write_dict)(qpy_walker *w, PyObject *op) { return QR_T(write_ordered)(w, op, NULL, 0, 0); }
