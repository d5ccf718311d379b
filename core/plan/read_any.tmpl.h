/* SPDX-License-Identifier: Apache-2.0 */
/* read_any: values without a plan, and skipping them. A part of read.tmpl.h. */

QR_INLINE QR_VALUE QR_T(any_value)(qr_reader *r, QR_SINK *s)
{
    qr_token token;
    QR_ITER iter;
    if (!QR_IS_TEXT) /* was taken */
        return QR_FAILED;
    switch (QR_F(next)(r, &token)) {
    case QR_TOKEN_STR: return QR_S(str)(s, r, &token);
    case QR_TOKEN_INT: return QR_S(integer)(s, token.i);
    case QR_TOKEN_FLOAT: return QR_S(floating)(s, token.d);
    case QR_TOKEN_MAP:
        QR_F(open)(r, &token, &iter);
        return QR_T(any_map)(r, s, iter);
    case QR_TOKEN_ARRAY:
        QR_F(open)(r, &token, &iter);
        return QR_T(any_array)(r, s, iter);
    case QR_TOKEN_NULL: return QR_S(null)(s);
    case QR_TOKEN_BOOL: return QR_S(boolean)(s, (int)token.i);
    case QR_TOKEN_UINT: return QR_S(unsigned_integer)(s, token.u);
    case QR_TOKEN_BIG: return QR_S(big_integer)(s, r, &token);
    case QR_TOKEN_BYTES: return QR_S(bytes)(s, QR_PLAN_NONE, token.text, token.length);
    case QR_TOKEN_EXT: return QR_S(ext)(s, r, &token);
    case QR_TOKEN_OBJECT: return QR_S(object)(s, r, &token);
    case QR_TOKEN_ERROR: break;
    }
    return QR_FAILED;
}

static QR_UNUSED QR_NOINLINE QR_VALUE QR_T(read_any)(qr_reader *r, QR_SINK *s) { return QR_T(any_value)(r, s); }

static QR_NOINLINE QR_VALUE QR_T(any_array)(qr_reader *r, QR_SINK *s, QR_ITER iter)
{
    QR_FRAME frame;
    size_t index = 0;
    QR_READER_ENTER(r, QR_T(any_array)(r, s, iter));
    QR_S(open_array)(s, &frame);
    while (QR_F(more_array)(r, &iter)) {
        QR_LIMIT_ITEMS(index, r->p);
        QR_VALUE value = QR_T(any_value)(r, s);
        if (QR_UNLIKELY(!value || !QR_S(item)(s, &frame, value)))
            return QR_FAIL_INDEX(index);
        index++;
    }
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_array)(s, QR_PLAN_NONE, &frame);
    return QR_LIKELY(result) ? result : QR_FAIL_HERE();
}

/* A key that is not the predicted one, of whatever kind the format has. */
static QR_NOINLINE int QR_T(any_key)(qr_reader *r, QR_SINK *s, QR_ITER *iter, QR_FRAME *frame)
{
    qr_token token;
    qr_token_kind kind = QR_F(key_any)(r, iter, &token);
    QR_VALUE key;
    switch (kind) {
    case QR_TOKEN_ERROR: return 0;
    case QR_TOKEN_STR: return QR_S(key)(s, frame, r, &token);
    case QR_TOKEN_INT: key = QR_S(integer)(s, token.i); break;
    case QR_TOKEN_UINT: key = QR_S(unsigned_integer)(s, token.u); break;
    case QR_TOKEN_FLOAT: key = QR_S(floating)(s, token.d); break;
    case QR_TOKEN_BOOL: key = QR_S(boolean)(s, (int)token.i); break;
    case QR_TOKEN_NULL: key = QR_S(null)(s); break;
    case QR_TOKEN_BYTES: key = QR_S(bytes)(s, QR_PLAN_NONE, token.text, token.length); break;
    case QR_TOKEN_EXT: key = QR_S(ext)(s, r, &token); break;
    case QR_TOKEN_OBJECT: key = QR_S(object)(s, r, &token); break;
    default: return qr_reader_fail(r, QR_ERROR_EXPECTED_KEY, token.at);
    }
    return key && QR_S(key_value)(s, frame, r, key);
}

static QR_NOINLINE QR_VALUE QR_T(any_map)(qr_reader *r, QR_SINK *s, QR_ITER iter)
{
    QR_FRAME frame;
    size_t count = 0;
    QR_READER_ENTER(r, QR_T(any_map)(r, s, iter));
    QR_S(open_map)(s, &frame);
    for (;;) {
        const qr_image *image = QR_S(predict)(s, &frame, QR_FORMAT);
        int is_next = image && QR_F(pair_is)(r, &iter, image);
        if (!QR_LIKELY(is_next) && !QR_F(more_map)(r, &iter))
            break;
        QR_LIMIT_ITEMS(count, iter.key_at);
        if (QR_LIKELY(is_next || (image && QR_F(key_is)(r, &iter, image))))
            QR_S(predicted)(s, &frame);
        else if (QR_UNLIKELY(!QR_T(any_key)(r, s, &iter, &frame)))
            return QR_FAIL_HERE();
        QR_VALUE value = QR_T(any_value)(r, s);
        if (QR_UNLIKELY(!value || !QR_S(pair)(s, &frame, value)))
            return QR_FAIL_KEY(iter.key_at);
        count++;
    }
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_map)(s, QR_PLAN_NONE, &frame, r);
    return QR_LIKELY(result) ? result : QR_FAIL_HERE();
}

/* ---------------------------------------------------------------- skipping: as strict as reading, but makes nothing */

static int QR_T(skip_container)(qr_reader *r, qr_token_kind kind, QR_ITER iter)
{
    qr_token token;
    size_t count = 0;
    QR_READER_ENTER(r, QR_T(skip_container)(r, kind, iter));
    if (kind == QR_TOKEN_ARRAY)
        while (QR_F(more_array)(r, &iter)) {
            if (QR_UNLIKELY(count++ >= r->item_limit))
                return qr_reader_fail(r, QR_ERROR_ITEMS, r->p);
            if (!QR_T(skip)(r))
                return 0;
        }
    else
        while (QR_F(more_map)(r, &iter)) {
            if (QR_UNLIKELY(count++ >= r->item_limit))
                return qr_reader_fail(r, QR_ERROR_ITEMS, iter.key_at);
            qr_token_kind key = QR_F(key_any)(r, &iter, &token);
            if (key == QR_TOKEN_ERROR || (key == QR_TOKEN_STR && !QR_F(check_text)(r, &token)))
                return 0;
            if (QR_UNLIKELY(key == QR_TOKEN_ARRAY || key == QR_TOKEN_MAP)) /* never opened: its items would be taken for ours */
                return qr_reader_fail(r, QR_ERROR_EXPECTED_KEY, token.at);
            if (!QR_T(skip)(r))
                return 0;
        }
    qr_reader_leave(r);
    return r->error == QR_ERROR_NONE;
}

static int QR_T(skip)(qr_reader *r)
{
    qr_token token;
    QR_ITER iter;
    if (!QR_IS_TEXT)
        return 1;
    qr_token_kind kind = QR_F(next)(r, &token);
    if (kind == QR_TOKEN_STR)
        return QR_F(check_text)(r, &token);
    if (kind != QR_TOKEN_ARRAY && kind != QR_TOKEN_MAP)
        return kind != QR_TOKEN_ERROR;
    QR_F(open)(r, &token, &iter);
    return QR_T(skip_container)(r, kind, iter);
}
