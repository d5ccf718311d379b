/* SPDX-License-Identifier: Apache-2.0 */
/* read_scalar: scalars of a plan, and what they are checked against. A part of read.tmpl.h. */

/* The text of a STR token as UTF-8: a slice of the input, or of the scratch when it has escapes. */
static int QR_T(text)(qr_reader *r, const qr_token *token, const uint8_t **text, size_t *length)
{
    if (QR_LIKELY(!token->escaped)) {
        *text = token->text;
        *length = token->length;
        return QR_F(check_text)(r, token);
    }
    uint8_t *room = qr_reader_scratch(r, token->length);
    if (!room)
        return 0;
    *text = room;
    *length = QR_F(copy_utf8)(r, token, room);
    return *length != (size_t)-1;
}

static QR_NOINLINE QR_VALUE QR_T(bounded_number)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token)
{
    const qr_plan_bounds *bounds = &plan->bounds[plan->nodes[number].bounds];
    qr_error error = kind == QR_TOKEN_INT    ? qr_bounds_check_int(bounds, token->i)
                     : kind == QR_TOKEN_UINT ? qr_bounds_check_uint(bounds, token->u)
                                             : qr_bounds_check_float(bounds, token->d);
    if (error != QR_ERROR_NONE)
        return QR_FAIL(error, token->at, number);
    if (kind == QR_TOKEN_UINT) { /* a bound beyond INT64_MAX is the sink's to judge */
        QR_VALUE value = QR_S(unsigned_integer)(s, token->u);
        return value ? QR_S(bounded)(s, r, number, value, token->at) : QR_FAILED;
    }
    return kind == QR_TOKEN_INT ? QR_S(integer)(s, token->i) : QR_S(floating)(s, token->d);
}

/* An integer of more than 64 bits: the sink, which has the exact number, may judge it once more. */
static QR_VALUE QR_T(big)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, const qr_token *token)
{
    if (plan->nodes[number].flags & QR_NODE_BOUNDED) {
        qr_error error = qr_bounds_check_big(&plan->bounds[plan->nodes[number].bounds], token->text, token->length);
        if (error != QR_ERROR_NONE)
            return QR_FAIL(error, token->at, number);
    }
    QR_VALUE value = QR_S(big_integer)(s, r, token);
    return value ? QR_S(bounded)(s, r, number, value, token->at) : QR_FAILED;
}

/* A number token for an INT node. */
static QR_NOINLINE QR_VALUE QR_T(int_from)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token)
{
    if (kind == QR_TOKEN_BIG)
        return QR_T(big)(r, s, plan, number, token);
    if (kind == QR_TOKEN_FLOAT && (r->options & QR_READ_LAX) && token->d >= -9007199254740992.0 && token->d <= 9007199254740992.0 && (double)(int64_t)token->d == token->d) {
        qr_token whole = *token;
        whole.i = (int64_t)token->d;
        return QR_T(int_from)(r, s, plan, number, QR_TOKEN_INT, &whole);
    }
    if (kind != QR_TOKEN_INT && kind != QR_TOKEN_UINT)
        return QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
    if (plan->nodes[number].flags & QR_NODE_BOUNDED)
        return QR_T(bounded_number)(r, s, plan, number, kind, token);
    return kind == QR_TOKEN_INT ? QR_S(integer)(s, token->i) : QR_S(unsigned_integer)(s, token->u);
}

/* A number token for a FLOAT node: an integer that a double holds exactly is one. */
static QR_NOINLINE QR_VALUE QR_T(float_from)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token)
{
    qr_token exact = *token;
    if (kind == QR_TOKEN_INT) {
        exact.d = (double)token->i;
        if (exact.d >= 9223372036854775808.0 || (int64_t)exact.d != token->i)
            return QR_FAIL(QR_ERROR_INEXACT, token->at, number);
    }
    else if (kind == QR_TOKEN_UINT) {
        exact.d = (double)token->u;
        if (exact.d >= 18446744073709551616.0 || (uint64_t)exact.d != token->u)
            return QR_FAIL(QR_ERROR_INEXACT, token->at, number);
    }
    else if (kind != QR_TOKEN_FLOAT)
        return QR_FAIL(kind == QR_TOKEN_BIG ? QR_ERROR_INEXACT : QR_ERROR_TYPE_MISMATCH, token->at, number);
    if (plan->nodes[number].flags & QR_NODE_BOUNDED)
        return QR_T(bounded_number)(r, s, plan, number, QR_TOKEN_FLOAT, &exact);
    return QR_S(floating)(s, exact.d);
}

static QR_NOINLINE QR_VALUE QR_T(bounded_str)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, const qr_token *token)
{
    qr_error error = qr_bounds_check_length(&plan->bounds[plan->nodes[number].bounds], token->count);
    if (error != QR_ERROR_NONE)
        return QR_FAIL(error, token->at, number);
    QR_VALUE value = QR_S(str)(s, r, token);
    return value ? QR_S(bounded)(s, r, number, value, token->at) : QR_FAILED;
}

QR_INLINE QR_VALUE QR_T(str_from)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, const qr_token *token)
{
    if (QR_UNLIKELY(plan->nodes[number].flags & QR_NODE_BOUNDED))
        return QR_T(bounded_str)(r, s, plan, number, token);
    return QR_S(str)(s, r, token);
}

static QR_VALUE QR_T(bytes_from)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token)
{
    const uint8_t *data = token->text;
    size_t length = token->length;
    if (kind == QR_TOKEN_STR && !QR_TRAIT(BINARY)) { /* base64 */
        const uint8_t *text;
        size_t text_length;
        if (!QR_T(text)(r, token, &text, &text_length))
            return QR_FAILED;
        if (!qr_base64_decoded_length(text, text_length, &length))
            return QR_FAIL(QR_ERROR_INVALID_FORMAT, token->at, number);
        uint8_t *room = text == r->scratch ? r->scratch : qr_reader_scratch(r, length ? length : 1);
        if (!room)
            return QR_FAILED;
        if (!qr_base64_read(room, text, text_length)) /* in place is fine: three bytes never overtake four */
            return QR_FAIL(QR_ERROR_INVALID_FORMAT, token->at, number);
        data = room;
    }
    else if (kind != QR_TOKEN_BYTES)
        return QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
    if (plan->nodes[number].flags & QR_NODE_BOUNDED) {
        qr_error error = qr_bounds_check_length(&plan->bounds[plan->nodes[number].bounds], length);
        if (error != QR_ERROR_NONE)
            return QR_FAIL(error, token->at, number);
    }
    return QR_S(bytes)(s, number, data, length);
}

/* Date, time, UUID, Decimal from whatever token may stand for one. */
static QR_VALUE QR_T(scalar_from)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token)
{
    qr_scalar scalar;
    qr_error error = QR_ERROR_TYPE_MISMATCH;
    unsigned wanted = plan->nodes[number].kind;
    const uint8_t *text = token->text;
    size_t length = token->length;
    if (kind == QR_TOKEN_STR) {
        if (!QR_T(text)(r, token, &text, &length))
            return QR_FAILED;
        error = qr_scalar_read_text((qr_kind)wanted, text, length, &scalar);
    }
    else if (kind == QR_TOKEN_EXT && token->ext == -1 && wanted == QR_KIND_DATETIME)
        error = qr_scalar_read_timestamp(text, length, &scalar);
    else if (kind == QR_TOKEN_BYTES && length == 16 && wanted == QR_KIND_UUID) {
        memcpy(scalar.uuid, text, 16);
        error = QR_ERROR_NONE;
    }
    else if (wanted == QR_KIND_DECIMAL && (kind == QR_TOKEN_INT || kind == QR_TOKEN_UINT || kind == QR_TOKEN_BIG || (kind == QR_TOKEN_FLOAT && QR_TRAIT(TEXT_NUMBERS)))) {
        uint8_t digits[QR_INTEGER_ROOM];
        if (QR_TRAIT(TEXT_NUMBERS)) { /* its text is a decimal already, to the last digit */
            scalar.decimal.text = token->at;
            scalar.decimal.length = (size_t)(r->p - token->at);
        }
        else if (!QR_IS_TEXT && kind == QR_TOKEN_BIG) {
            scalar.decimal.text = text;
            scalar.decimal.length = length;
        }
        else {
            uint8_t *end = kind == QR_TOKEN_INT ? qr_integer_write(digits, token->i) : qr_integer_write_unsigned(digits, token->u);
            scalar.decimal.text = digits;
            scalar.decimal.length = (size_t)(end - digits);
        }
        QR_VALUE value = QR_S(scalar)(s, r, number, &scalar, token->at);
        return value ? QR_S(bounded)(s, r, number, value, token->at) : QR_FAILED;
    }
    if (error != QR_ERROR_NONE)
        return QR_FAIL(error, token->at, number);
    QR_VALUE value = QR_S(scalar)(s, r, number, &scalar, token->at);
    return value ? QR_S(bounded)(s, r, number, value, token->at) : QR_FAILED;
}

/* The choice the token names, or QR_PLAN_NONE (or r->error). */
static uint32_t QR_T(choice_index)(qr_reader *r, const qr_plan *plan, const qr_choices *set, qr_token_kind kind, const qr_token *token)
{
    const uint8_t *text;
    size_t length;
    if (kind == QR_TOKEN_STR)
        return QR_T(text)(r, token, &text, &length) ? qr_plan_find_choice_text(plan, set, text, length) : QR_PLAN_NONE;
    if (kind == QR_TOKEN_INT || kind == QR_TOKEN_BOOL)
        return qr_plan_find_choice_int(plan, set, token->i, kind == QR_TOKEN_BOOL);
    return QR_PLAN_NONE;
}

static QR_VALUE QR_T(choice_from)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token)
{
    const qr_choices *set = &plan->choice_sets[plan->nodes[number].value];
    uint32_t index = QR_T(choice_index)(r, plan, set, kind, token);
    if (QR_LIKELY(index != QR_PLAN_NONE))
        return QR_S(choice)(s, number, index);
    if (set->open && r->error == QR_ERROR_NONE && (kind == QR_TOKEN_STR || kind == QR_TOKEN_INT)) {
        QR_VALUE wire = kind == QR_TOKEN_STR ? QR_S(str)(s, r, token) : QR_S(integer)(s, token->i);
        return wire ? QR_S(choice_open)(s, r, number, wire, token->at) : QR_FAILED;
    }
    return QR_FAIL(QR_ERROR_INVALID_CHOICE, token->at, number);
}
