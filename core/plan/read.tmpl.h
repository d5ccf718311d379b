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
 *                tokens are to be read. Such a source is skipped by not looking at it, and reading it twice is free.
 *
 * What a sink must have is listed in core/plan/check_sink.h, the smallest one. The entry points are QR_T(read_any) and
 * QR_T(read_node); the caller checks the end with QR_F(finish).
 *
 * On failure everything returns 0 at once; on the way up each level notes its step of the path and drops its frame. */

#define QR_FAILED ((QR_VALUE)0)
#ifdef QR_TAKE
#define QR_IS_TEXT 0
#else
#define QR_IS_TEXT 1
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
#define QR_FAIL_HERE() QR_T(fail_step)(r, s, &frame, (qr_step){QR_STEP_INDEX, {.number = 0}}, 0)

/* ---------------------------------------------------------------- without a plan */

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
    if (QR_UNLIKELY(!qr_reader_enter(r)))
        return QR_FAILED;
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
    if (QR_UNLIKELY(!qr_reader_enter(r)))
        return QR_FAILED;
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
    if (!qr_reader_enter(r))
        return 0;
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

/* ---------------------------------------------------------------- scalars */

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

/* ---------------------------------------------------------------- unions */

/* Could the token be read as that node? For the arms that are tried in order: no side effects, no fault. */
static int QR_T(arm_takes_text)(qr_reader *r, const qr_plan *plan, uint32_t arm, const qr_token *token)
{
    const qr_node *node = &plan->nodes[arm];
    qr_scalar scalar;
    const uint8_t *text;
    size_t length;
    if (node->kind == QR_KIND_STR || node->kind == QR_KIND_ANY)
        return 1;
    if (!QR_T(text)(r, token, &text, &length))
        return 0;
    if (node->kind == QR_KIND_CHOICE)
        return qr_plan_find_choice_text(plan, &plan->choice_sets[node->value], text, length) != QR_PLAN_NONE;
    if (qr_kind_is_scalar_text(node->kind))
        return qr_scalar_read_text((qr_kind)node->kind, text, length, &scalar) == QR_ERROR_NONE;
    if (node->kind != QR_KIND_BYTES || QR_TRAIT(BINARY))
        return 0;
    size_t decoded;
    if (!qr_base64_decoded_length(text, length, &decoded))
        return 0;
    uint8_t *room = text == r->scratch ? r->scratch : qr_reader_scratch(r, decoded ? decoded : 1);
    return room && qr_base64_read(room, text, length);
}

static QR_VALUE QR_T(from_token)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token);
static QR_VALUE QR_T(read_record)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at);

static QR_VALUE QR_T(union_text)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, const qr_token *token)
{
    const qr_union *u = &plan->unions[plan->nodes[number].value];
    for (uint32_t i = 0; i < u->text_count; i++) {
        uint32_t arm = plan->items[u->text + i];
        if (i + 1 == u->text_count || QR_T(arm_takes_text)(r, plan, arm, token))
            return QR_T(from_token)(r, s, plan, arm, QR_TOKEN_STR, token);
        if (r->error != QR_ERROR_NONE)
            return QR_FAILED;
    }
    return QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
}

static uint32_t QR_T(union_scalar_arm)(const qr_plan *plan, const qr_union *u, qr_token_kind kind, const qr_token *token)
{
    switch (kind) {
    case QR_TOKEN_BOOL:
    case QR_TOKEN_INT:
        for (uint32_t i = 0; i < u->ints_count; i++) {
            uint32_t arm = plan->items[u->ints + i];
            if (qr_plan_find_choice_int(plan, &plan->choice_sets[plan->nodes[arm].value], token->i, kind == QR_TOKEN_BOOL) != QR_PLAN_NONE)
                return arm;
        }
        if (kind == QR_TOKEN_BOOL)
            return u->bool_;
        QR_FALLTHROUGH;
    case QR_TOKEN_UINT:
    case QR_TOKEN_BIG: return u->int_ != QR_PLAN_NONE ? u->int_ : u->float_;
    case QR_TOKEN_FLOAT: return u->float_;
    case QR_TOKEN_BYTES: return u->bytes;
    default: return QR_PLAN_NONE;
    }
}

/* What was read from `start` on will be read again: nested, this costs depth x input, hence the limit. */
static int QR_T(charge)(qr_reader *r, const uint8_t *start, const uint8_t *at)
{
    if (!QR_IS_TEXT)
        return 1;
    r->work += (size_t)(r->p - start);
    return r->work <= QR_WORK_FACTOR * (size_t)(r->end - r->start) + QR_WORK_FREE || qr_reader_fail(r, QR_ERROR_WORK, at);
}

/* The arm of a union of maps, told apart by a tag or by the names that are there: a pass over the keys only, from `iter`;
 * the caller rewinds. QR_PLAN_NONE with r->error when nothing fits. */
static QR_NOINLINE uint32_t QR_T(map_arm)(qr_reader *r, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at)
{
    const qr_union *u = &plan->unions[plan->nodes[number].value];
    const uint8_t *start = r->p;
    uint64_t present[QR_UNION_KEY_ARMS][QR_RECORD_WORDS];
    const uint8_t *text;
    size_t length;
    qr_token token;
    if (u->key_count)
        memset(present, 0, sizeof present);
    while (QR_F(more_map)(r, &iter)) {
        if (!QR_F(key)(r, &iter, &token) || !QR_T(text)(r, &token, &text, &length))
            return QR_PLAN_NONE;
        if (u->tag_count && length == u->tag_name_length && memcmp(text, u->tag_name, length) == 0) {
            qr_token_kind kind = QR_F(next)(r, &token);
            if (kind == QR_TOKEN_ERROR || (kind == QR_TOKEN_STR && !QR_T(text)(r, &token, &text, &length)))
                return QR_PLAN_NONE;
            uint32_t arm = kind == QR_TOKEN_STR ? qr_plan_find_tag_text(plan, u, text, length) : kind == QR_TOKEN_INT ? qr_plan_find_tag_int(plan, u, token.i) : QR_PLAN_NONE;
            if (arm == QR_PLAN_NONE)
                QR_T(note)(r, QR_ERROR_INVALID_TAG, token.at, number, UINT32_MAX);
            return QR_T(charge)(r, start, at) ? arm : QR_PLAN_NONE;
        }
        for (uint32_t i = 0; i < u->key_count; i++) {
            uint32_t field = qr_plan_find_field(plan, &plan->records[plan->key_arms[u->keys + i].record], text, length);
            if (field != QR_PLAN_NONE)
                present[i][field / 64] |= (uint64_t)1 << (field % 64);
        }
        if (!QR_T(skip)(r))
            return QR_PLAN_NONE;
    }
    if (r->error != QR_ERROR_NONE || !QR_T(charge)(r, start, at))
        return QR_PLAN_NONE;
    for (uint32_t i = 0; i < u->key_count; i++) {
        const qr_record *record = &plan->records[plan->key_arms[u->keys + i].record];
        uint32_t words = (record->count + 63) / 64, w = 0;
        while (w < words && (plan->required[record->seen + w] & ~present[i][w]) == 0)
            w++;
        if (w == words)
            return plan->key_arms[u->keys + i].arm;
    }
    if (u->map_default == QR_PLAN_NONE)
        QR_T(note)(r, u->tag_count ? QR_ERROR_MISSING_TAG : QR_ERROR_NO_MATCH, at, number, UINT32_MAX);
    return u->map_default;
}

static QR_VALUE QR_T(read_map)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at);

/* A map whose start is read. */
static QR_VALUE QR_T(union_map)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at)
{
    const qr_union *u = &plan->unions[plan->nodes[number].value];
    uint32_t arm = u->map;
    if (arm == QR_PLAN_NONE) {
        if (u->tag_count == 0 && u->key_count == 0)
            return QR_FAIL(QR_ERROR_TYPE_MISMATCH, at, number);
        const uint8_t *mark = r->p;
        arm = QR_T(map_arm)(r, plan, number, iter, at);
        if (arm == QR_PLAN_NONE)
            return QR_FAILED;
        r->p = mark;
    }
    return plan->nodes[arm].kind == QR_KIND_RECORD ? QR_T(read_record)(r, s, plan, arm, iter, at) : QR_T(read_map)(r, s, plan, arm, iter, at);
}

static QR_VALUE QR_T(read_union)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    const uint8_t *mark = QR_F(at)(r);
    qr_token token;
    QR_ITER iter;
    qr_token_kind kind = QR_F(next)(r, &token);
    if (kind == QR_TOKEN_ERROR)
        return QR_FAILED;
    if (kind == QR_TOKEN_MAP) {
        QR_F(open)(r, &token, &iter);
        return QR_T(union_map)(r, s, plan, number, iter, mark);
    }
    if (kind == QR_TOKEN_ARRAY) {
        uint32_t arm = plan->unions[plan->nodes[number].value].array;
        if (arm == QR_PLAN_NONE)
            return QR_FAIL(QR_ERROR_TYPE_MISMATCH, mark, number);
        r->p = mark;
        return QR_T(read_node)(r, s, plan, arm);
    }
    return QR_T(from_token)(r, s, plan, number, kind, &token);
}

/* ---------------------------------------------------------------- a scalar token for any node that takes one */

/* What strict reading refuses: a number or a truth value as text. */
static QR_VALUE QR_T(lax_from_text)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, const qr_token *token)
{
    const uint8_t *text;
    size_t length;
    qr_token inner;
    qr_token_kind kind;
    if (!QR_T(text)(r, token, &text, &length))
        return QR_FAILED;
    unsigned wanted = plan->nodes[number].kind;
    if (wanted == QR_KIND_BOOL) {
        int value = length == 4 && memcmp(text, "true", 4) == 0;
        if (!value && !(length == 5 && memcmp(text, "false", 5) == 0))
            return QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
        return QR_S(boolean)(s, value);
    }
    if (wanted == QR_KIND_NONE)
        return length == 4 && memcmp(text, "null", 4) == 0 ? QR_S(null)(s) : QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
    kind = qr_scalar_number(text, length, r->limits.int_digits, &inner);
    if (kind == QR_TOKEN_ERROR)
        return QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
    inner.at = token->at;
    if (wanted == QR_KIND_CHOICE)
        return QR_T(choice_from)(r, s, plan, number, kind, &inner);
    return wanted == QR_KIND_INT ? QR_T(int_from)(r, s, plan, number, kind, &inner) : QR_T(float_from)(r, s, plan, number, kind, &inner);
}

/* A scalar without a plan. */
static QR_VALUE QR_T(any_from)(qr_reader *r, QR_SINK *s, qr_token_kind kind, const qr_token *token)
{
    switch (kind) {
    case QR_TOKEN_NULL: return QR_S(null)(s);
    case QR_TOKEN_BOOL: return QR_S(boolean)(s, (int)token->i);
    case QR_TOKEN_INT: return QR_S(integer)(s, token->i);
    case QR_TOKEN_UINT: return QR_S(unsigned_integer)(s, token->u);
    case QR_TOKEN_BIG: return QR_S(big_integer)(s, r, token);
    case QR_TOKEN_FLOAT: return QR_S(floating)(s, token->d);
    case QR_TOKEN_STR: return QR_S(str)(s, r, token);
    case QR_TOKEN_BYTES: return QR_S(bytes)(s, QR_PLAN_NONE, token->text, token->length);
    case QR_TOKEN_EXT: return QR_S(ext)(s, r, token);
    default: return qr_reader_fail(r, QR_ERROR_EXPECTED_KEY, token->at), QR_FAILED; /* a container: only keys come here */
    }
}

static QR_VALUE QR_T(from_token)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, qr_token_kind kind, const qr_token *token)
{
    const qr_node *node = &plan->nodes[number];
    if (kind == QR_TOKEN_NULL && (node->flags & QR_NODE_NULLABLE))
        return QR_S(null)(s);
    switch (node->kind) {
    case QR_KIND_STR:
        if (kind == QR_TOKEN_STR)
            return QR_T(str_from)(r, s, plan, number, token);
        break;
    case QR_KIND_ANY: return QR_T(any_from)(r, s, kind, token);
    case QR_KIND_INT:
        if (kind != QR_TOKEN_STR)
            return QR_T(int_from)(r, s, plan, number, kind, token);
        break;
    case QR_KIND_FLOAT:
        if (kind != QR_TOKEN_STR)
            return QR_T(float_from)(r, s, plan, number, kind, token);
        break;
    case QR_KIND_BOOL:
        if (kind == QR_TOKEN_BOOL)
            return QR_S(boolean)(s, (int)token->i);
        break;
    case QR_KIND_NONE:
        if (kind == QR_TOKEN_NULL)
            return QR_S(null)(s);
        break;
    case QR_KIND_BYTES: return QR_T(bytes_from)(r, s, plan, number, kind, token);
    case QR_KIND_CHOICE:
        if (kind != QR_TOKEN_STR || !(r->options & QR_READ_LAX) || QR_T(arm_takes_text)(r, plan, number, token))
            return QR_T(choice_from)(r, s, plan, number, kind, token);
        break;
    case QR_KIND_UNION:
        if (kind == QR_TOKEN_STR)
            return QR_T(union_text)(r, s, plan, number, token);
        else {
            uint32_t arm = QR_T(union_scalar_arm)(plan, &plan->unions[node->value], kind, token);
            if (arm == QR_PLAN_NONE && (kind == QR_TOKEN_EXT)) /* a timestamp */
                for (uint32_t i = 0; i < plan->unions[node->value].text_count && arm == QR_PLAN_NONE; i++)
                    if (plan->nodes[plan->items[plan->unions[node->value].text + i]].kind == QR_KIND_DATETIME)
                        arm = plan->items[plan->unions[node->value].text + i];
            return arm != QR_PLAN_NONE ? QR_T(from_token)(r, s, plan, arm, kind, token) : QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
        }
    default:
        if (qr_kind_is_scalar_text(node->kind))
            return QR_T(scalar_from)(r, s, plan, number, kind, token);
        break;
    }
    if (kind == QR_TOKEN_STR && (r->options & QR_READ_LAX) && (node->kind <= QR_KIND_FLOAT || node->kind == QR_KIND_CHOICE))
        return QR_T(lax_from_text)(r, s, plan, number, token);
    return QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
}

/* Any scalar node: reads one token. Containers in its place are a mismatch at their bracket. */
static QR_NOINLINE QR_VALUE QR_T(read_scalar)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    qr_token token;
    const uint8_t *at = QR_F(at)(r);
    qr_token_kind kind = QR_F(next)(r, &token);
    if (QR_UNLIKELY(kind == QR_TOKEN_ERROR))
        return QR_FAILED;
    if (kind == QR_TOKEN_OBJECT)
        return QR_S(typed_object)(s, r, number, &token);
    token.at = at;
    return QR_T(from_token)(r, s, plan, number, kind, &token);
}

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

/* ---------------------------------------------------------------- containers */

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
    if (QR_UNLIKELY(!qr_reader_enter(r)))
        return QR_FAILED;
    QR_S(open_array)(s, &frame);
    while (QR_F(more_array)(r, &iter)) {
        QR_LIMIT_ITEMS(index, r->p);
        QR_VALUE value = QR_T(node_value)(r, s, plan, item);
        if (QR_UNLIKELY(!value || !QR_S(item)(s, &frame, value)))
            return QR_FAIL_INDEX(index);
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
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_array)(s, number, &frame);
    if (QR_LIKELY(result))
        return result;
    QR_T(note)(r, QR_ERROR_SINK, at, number, UINT32_MAX); /* items that a set cannot hold, and the like */
    return QR_FAIL_HERE();
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
    if (QR_UNLIKELY(!qr_reader_enter(r)))
        return QR_FAILED;
    QR_S(open_array)(s, &frame);
    while (QR_F(more_array)(r, &iter)) {
        if (QR_UNLIKELY(index == node->item_count)) {
            QR_T(note)(r, QR_ERROR_WRONG_LENGTH, at, number, UINT32_MAX);
            return QR_FAIL_HERE();
        }
        QR_VALUE value = QR_T(read_node)(r, s, plan, plan->items[node->item + index]);
        if (QR_UNLIKELY(!value || !QR_S(item)(s, &frame, value)))
            return QR_FAIL_INDEX(index);
        index++;
    }
    if (QR_UNLIKELY(r->error == QR_ERROR_NONE && index != node->item_count))
        QR_T(note)(r, QR_ERROR_WRONG_LENGTH, at, number, UINT32_MAX);
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_array)(s, number, &frame);
    if (QR_LIKELY(result))
        return result;
    QR_T(note)(r, QR_ERROR_SINK, at, number, UINT32_MAX); /* items that a set cannot hold, and the like */
    return QR_FAIL_HERE();
}

/* A key of a typed map. */
QR_INLINE int QR_T(map_key)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t key, QR_ITER *iter, QR_FRAME *frame)
{
    qr_token token;
    if (QR_IS_TEXT && plan->nodes[key].kind == QR_KIND_STR && !(plan->nodes[key].flags & QR_NODE_BOUNDED))
        return QR_F(key)(r, iter, &token) && QR_S(key)(s, frame, r, &token);
    qr_token_kind kind = QR_F(key_any)(r, iter, &token);
    QR_VALUE value;
    if (kind == QR_TOKEN_ERROR)
        return 0;
    if (kind == QR_TOKEN_OBJECT)
        value = QR_S(typed_object)(s, r, key, &token);
    else if (kind == QR_TOKEN_STR && QR_TRAIT(TEXT_KEYS) && qr_plan_key_is_number(plan, key))
        value = QR_T(lax_from_text)(r, s, plan, key, &token);
    else
        value = QR_T(from_token)(r, s, plan, key, kind, &token);
    return value && QR_S(key_value)(s, frame, r, value);
}

/* Is the fault one of the type (or the sink's), so that what was read is sound? */
static QR_COLD int QR_T(is_of_type)(const qr_reader *r)
{
    qr_error_class class_ = qr_error_class_of(r->error);
    return class_ == QR_CLASS_NONE || class_ == QR_CLASS_SINK || class_ == QR_CLASS_VALIDATION;
}

static QR_NOINLINE QR_VALUE QR_T(read_map)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at)
{
    QR_FRAME frame;
    size_t count = 0;
    const qr_node *node = &plan->nodes[number];
    if (QR_UNLIKELY(!qr_reader_enter(r)))
        return QR_FAILED;
    QR_S(open_typed_map)(s, &frame);
    while (QR_F(more_map)(r, &iter)) {
        QR_LIMIT_ITEMS(count, iter.key_at);
        if (QR_UNLIKELY(!QR_T(map_key)(r, s, plan, node->item, &iter, &frame)))
            return QR_T(is_of_type)(r) ? QR_FAIL_KEY(iter.key_at) : QR_FAIL_HERE(); /* no path can name what is no key */
        QR_VALUE value = QR_T(read_node)(r, s, plan, node->value);
        if (QR_UNLIKELY(!value || !QR_S(pair)(s, &frame, value)))
            return QR_FAIL_KEY(iter.key_at);
        count++;
    }
    if (QR_UNLIKELY(r->error == QR_ERROR_NONE && (node->flags & QR_NODE_BOUNDED))) {
        qr_error error = qr_bounds_check_length(&plan->bounds[node->bounds], count);
        if (error != QR_ERROR_NONE)
            QR_T(note)(r, error, at, number, UINT32_MAX);
    }
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_map)(s, number, &frame, r);
    return QR_LIKELY(result) ? result : QR_FAIL_HERE();
}

/* ---------------------------------------------------------------- records */

enum { QR_T(SKIPPED) = -1, QR_T(STOPPED) = -2, QR_T(NO_KEY) = -3 };

/* The tag of a record that was asked for by itself: it must be the right one. */
static int QR_T(check_tag)(qr_reader *r, const qr_record *record, uint32_t number)
{
    qr_token token;
    const uint8_t *text;
    size_t length;
    qr_token_kind kind = QR_F(next)(r, &token);
    if (kind == QR_TOKEN_ERROR)
        return 0;
    if (record->tag_is_int ? kind == QR_TOKEN_INT && token.i == record->tag_int
                           : kind == QR_TOKEN_STR && QR_T(text)(r, &token, &text, &length) && length == record->tag_length && memcmp(text, record->tag, length) == 0)
        return 1;
    QR_T(note)(r, QR_ERROR_INVALID_TAG, token.at, number, UINT32_MAX);
    return 0;
}

/* A key that is not the expected one: the number of its field, or SKIPPED (tag or unknown, value read), or STOPPED, or NO_KEY
 * when the key itself is at fault, so that no path can name it. */
static QR_NOINLINE int64_t QR_T(find_field)(qr_reader *r, const qr_plan *plan, const qr_record *record, uint32_t number, QR_ITER *iter)
{
    qr_token token;
    const uint8_t *text;
    size_t length;
    if (!QR_F(key)(r, iter, &token) || !QR_T(text)(r, &token, &text, &length))
        return QR_T(NO_KEY);
    uint32_t field = qr_plan_find_field(plan, record, text, length);
    if (QR_LIKELY(field != QR_PLAN_NONE))
        return field;
    if (record->has_tag && length == record->tag_name_length && memcmp(text, record->tag_name, length) == 0)
        return QR_T(check_tag)(r, record, number) ? QR_T(SKIPPED) : QR_T(STOPPED);
    if (record->unknown == QR_UNKNOWN_ERROR) {
        QR_T(note)(r, QR_ERROR_UNKNOWN_FIELD, token.at, number, UINT32_MAX);
        return QR_T(STOPPED);
    }
    return QR_T(skip)(r) ? QR_T(SKIPPED) : QR_T(STOPPED);
}

/* Is a required field missing? */
QR_INLINE int QR_T(is_incomplete)(const qr_plan *plan, const qr_record *record, const uint64_t *seen)
{
    for (uint32_t word = 0; word * 64 < record->count; word++)
        if (QR_UNLIKELY(plan->required[record->seen + word] & ~seen[word]))
            return 1;
    return 0;
}

/* All that is missing is told at once: the first as the fault's field, the others in the bitmap. */
static QR_COLD void QR_T(note_missing)(qr_reader *r, const qr_plan *plan, uint32_t number, const uint64_t *seen, const uint8_t *at)
{
    const qr_record *record = qr_plan_record(plan, &plan->nodes[number]);
    uint32_t first = QR_PLAN_NONE;
    if (r->error != QR_ERROR_NONE)
        return;
    for (uint32_t word = 0; word * 64 < record->count; word++) {
        r->error_missing[word] = plan->required[record->seen + word] & ~seen[word];
        if (r->error_missing[word] && first == QR_PLAN_NONE)
            first = word * 64 + (uint32_t)__builtin_ctzll(r->error_missing[word]);
    }
    QR_T(note)(r, QR_ERROR_MISSING_FIELD, at, number, record->first + first);
}

/* The fields of an array-like record, in order; the missing ones at the end take their defaults. */
static QR_NOINLINE QR_VALUE QR_T(read_record_array)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    const qr_record *record = qr_plan_record(plan, &plan->nodes[number]);
    const uint8_t *at = QR_F(at)(r);
    uint64_t seen[QR_RECORD_WORDS] = {0};
    QR_FRAME frame;
    QR_ITER iter;
    size_t i = 0;
    if (QR_UNLIKELY(!QR_F(want_array)(r, &iter)))
        return QR_MISMATCH(number);
    if (QR_UNLIKELY(!qr_reader_enter(r) || !QR_S(open_record)(s, number, &frame)))
        return r->error == QR_ERROR_NONE ? QR_FAIL(QR_ERROR_SINK, at, number) : QR_FAILED;
    for (; QR_F(more_array)(r, &iter); i++) {
        if (i >= record->count) {
            QR_LIMIT_ITEMS(i - record->count, r->p);
            if (record->unknown == QR_UNKNOWN_ERROR)
                QR_T(note)(r, QR_ERROR_WRONG_LENGTH, at, number, UINT32_MAX);
            if (record->unknown == QR_UNKNOWN_ERROR || !QR_T(skip)(r))
                return QR_FAIL_HERE();
            continue;
        }
        uint32_t field = record->first + (uint32_t)i;
        QR_VALUE value = QR_T(read_node)(r, s, plan, plan->fields[field].node);
        if (QR_UNLIKELY(!value || !QR_S(put_field)(s, &frame, field, value)))
            return QR_FAIL_AT_FIELD(field);
        seen[i / 64] |= (uint64_t)1 << (i % 64);
    }
    if (QR_UNLIKELY(QR_T(is_incomplete)(plan, record, seen)))
        QR_T(note_missing)(r, plan, number, seen, at);
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_record)(s, r, number, &frame, seen, at);
    return QR_LIKELY(result) ? result : QR_FAIL_HERE();
}

/* A record whose map is open. Most documents have the fields in the order of the class, so the next expected key is
 * compared first, as the bytes it would be. */
static QR_NOINLINE QR_VALUE QR_T(read_record)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at)
{
    const qr_record *record = qr_plan_record(plan, &plan->nodes[number]);
    const qr_field *fields = &plan->fields[record->first];
    uint32_t count = record->count, expected = 0;
    size_t skipped = 0;
    uint64_t seen[QR_RECORD_WORDS];
    QR_FRAME frame;
    if (QR_UNLIKELY(!qr_reader_enter(r) || !QR_S(open_record)(s, number, &frame)))
        return r->error == QR_ERROR_NONE ? QR_FAIL(QR_ERROR_SINK, at, number) : QR_FAILED;
    seen[0] = 0;
    for (uint32_t word = 1; word * 64 < count; word++)
        seen[word] = 0;
    for (;;) {
        uint32_t i = expected;
        if (QR_UNLIKELY(i >= count || !QR_F(pair_is)(r, &iter, &fields[i].image[QR_FORMAT]))) {
            if (!QR_F(more_map)(r, &iter))
                break;
            if (i >= count || !QR_F(key_is)(r, &iter, &fields[i].image[QR_FORMAT])) {
                int64_t found = QR_T(find_field)(r, plan, record, number, &iter);
                if (QR_UNLIKELY(found < 0)) {
                    if (found == QR_T(SKIPPED)) {
                        QR_LIMIT_ITEMS(skipped++, iter.key_at);
                        continue;
                    }
                    return found == QR_T(NO_KEY) ? QR_FAIL_HERE() : QR_FAIL_KEY(iter.key_at);
                }
                i = (uint32_t)found;
            }
        }
        uint64_t bit = (uint64_t)1 << (i % 64);
        if (QR_UNLIKELY(seen[i / 64] & bit)) {
            QR_T(note)(r, QR_ERROR_DUPLICATE_FIELD, iter.key_at, number, record->first + i);
            return QR_FAIL_AT_FIELD(record->first + i);
        }
        seen[i / 64] |= bit;
        expected = i + 1;
        QR_VALUE value = QR_T(node_value)(r, s, plan, fields[i].node);
        if (QR_UNLIKELY(!value || !QR_S(put_field)(s, &frame, record->first + i, value)))
            return QR_FAIL_AT_FIELD(record->first + i);
    }
    if (QR_UNLIKELY(QR_T(is_incomplete)(plan, record, seen)))
        QR_T(note_missing)(r, plan, number, seen, at);
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_HERE();
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_record)(s, r, number, &frame, seen, at);
    return QR_LIKELY(result) ? result : QR_FAIL_HERE();
}

/* ---------------------------------------------------------------- the rest of the plan's dispatch */

static QR_NOINLINE QR_VALUE QR_T(read_raw)(qr_reader *r, QR_SINK *s)
{
    const uint8_t *at = QR_F(at)(r);
    return QR_T(skip)(r) ? QR_S(raw)(s, r, at, (size_t)(r->p - at)) : QR_FAILED;
}

/* What is not read in the loop of its container; a null that may be there is known not to be. */
static QR_NOINLINE QR_VALUE QR_T(read_other)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    const qr_node *node = &plan->nodes[number];
    QR_ITER iter;
    switch (node->kind) {
    case QR_KIND_RECORD: {
        const uint8_t *at = QR_F(at)(r);
        if (QR_UNLIKELY(qr_plan_record(plan, node)->array))
            return QR_T(read_record_array)(r, s, plan, number);
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
    default: return QR_T(read_scalar)(r, s, plan, number);
    }
}

static QR_NOINLINE QR_VALUE QR_T(read_node)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    return QR_T(node_value)(r, s, plan, number);
}
