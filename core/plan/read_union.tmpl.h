/* SPDX-License-Identifier: Apache-2.0 */
/* read_union: which arm of a union a value belongs to. A part of read.tmpl.h. */

/* Could the token be read as that node? For the arms that are tried in order: no side effects, no fault. */
static int QR_T(arm_takes_text)(qr_reader *r, const qr_plan *plan, uint32_t arm, const qr_token *token)
{
    const qr_node *node = &plan->nodes[qr_plan_wire(plan, arm)];
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

/* An adapter may refuse a text that it could have been: then the next arm is tried. */
static QR_COLD int QR_T(refused)(qr_reader *r, QR_SINK *s)
{
    if (qr_error_class_of(r->error) != QR_CLASS_VALIDATION && !(r->error == QR_ERROR_SINK && QR_S(refused)(s, r)))
        return 0;
    r->error = QR_ERROR_NONE;
    return 1;
}

static QR_VALUE QR_T(union_text)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, const qr_token *token)
{
    const qr_union *u = &plan->unions[plan->nodes[number].value];
    for (uint32_t i = 0; i < u->text_count; i++) {
        uint32_t arm = plan->items[u->text + i];
        if (i + 1 == u->text_count || QR_T(arm_takes_text)(r, plan, arm, token)) {
            QR_VALUE value = QR_T(from_token)(r, s, plan, arm, QR_TOKEN_STR, token);
            if (QR_LIKELY(value) || i + 1 == u->text_count || plan->nodes[arm].kind != QR_KIND_ADAPTER || !QR_T(refused)(r, s))
                return value;
        }
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
            if (qr_plan_find_choice_int(plan, &plan->choice_sets[plan->nodes[qr_plan_wire(plan, arm)].value], token->i, kind == QR_TOKEN_BOOL) != QR_PLAN_NONE)
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

/* The arm that a value of the tag field names, or QR_PLAN_NONE (or r->error). */
static uint32_t QR_T(tag_arm)(qr_reader *r, const qr_plan *plan, const qr_union *u, qr_token *token)
{
    const uint8_t *text;
    size_t length;
    qr_token_kind kind = QR_F(next)(r, token);
    if (kind == QR_TOKEN_STR)
        return QR_T(text)(r, token, &text, &length) ? qr_plan_find_tag_text(plan, u, text, length) : QR_PLAN_NONE;
    return kind == QR_TOKEN_INT || kind == QR_TOKEN_BOOL ? qr_plan_find_tag_int(plan, u, token->i, kind == QR_TOKEN_BOOL) : QR_PLAN_NONE;
}

static uint32_t QR_T(map_arm_by)(qr_reader *r, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at, uint64_t *present)
{
    const qr_union *u = &plan->unions[plan->nodes[number].value];
    const uint8_t *start = r->p, *text, *tag_at = NULL;
    size_t length;
    int keyed = 1;
    qr_token token;
    while (QR_F(more_map)(r, &iter)) {
        if (!QR_F(key)(r, &iter, &token) || !QR_T(text)(r, &token, &text, &length))
            return QR_PLAN_NONE;
        qr_plan_mark_key(plan, u, present, text, length);
        if (u->tag_count && length == u->tag_name_length && memcmp(text, u->tag_name, length) == 0) {
            const uint8_t *mark = r->p;
            uint32_t arm = QR_T(tag_arm)(r, plan, u, &token);
            if (arm != QR_PLAN_NONE)
                return QR_T(charge)(r, start, at) ? arm : QR_PLAN_NONE;
            if (r->error != QR_ERROR_NONE)
                return QR_PLAN_NONE;
            tag_at = tag_at ? tag_at : token.at;
            if (!u->tag_is_key) {
                keyed = 0;
                break;
            }
            r->p = mark;
        }
        if (!QR_T(skip)(r))
            return QR_PLAN_NONE;
    }
    if (r->error != QR_ERROR_NONE || !QR_T(charge)(r, start, at))
        return QR_PLAN_NONE;
    uint32_t arm = keyed ? qr_plan_find_key_arm(plan, u, present) : QR_PLAN_NONE;
    if (arm != QR_PLAN_NONE)
        return arm;
    if (u->map_default == QR_PLAN_NONE)
        QR_T(note)(r, tag_at ? QR_ERROR_INVALID_TAG : u->key_count ? QR_ERROR_NO_MATCH : QR_ERROR_MISSING_TAG, tag_at ? tag_at : at, number, UINT32_MAX);
    return u->map_default;
}

/* The arm of a union of maps, told apart by a tag or by the names that are there: a pass over the keys only, from `iter`;
 * the caller rewinds. A tag that is known decides, wherever it stands. QR_PLAN_NONE with r->error when nothing fits. */
static QR_NOINLINE uint32_t QR_T(map_arm)(qr_reader *r, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at)
{
    const qr_union *u = &plan->unions[plan->nodes[number].value];
    uint64_t few[QR_UNION_WORDS], *present = few;
    if (QR_UNLIKELY(u->key_words > QR_UNION_WORDS) && !(present = qr_memory_array(r->memory, NULL, u->key_words, sizeof *present)))
        return qr_reader_fail(r, QR_ERROR_MEMORY, at), QR_PLAN_NONE;
    if (u->key_words)
        memset(present, 0, u->key_words * sizeof *present);
    uint32_t arm = QR_T(map_arm_by)(r, plan, number, iter, at, present);
    if (present != few)
        qr_memory_free(r->memory, present);
    return arm;
}

static QR_VALUE QR_T(read_map)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at);

/* The same for the arm that was found. */
static QR_VALUE QR_T(arm_map)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t arm, QR_ITER iter, const uint8_t *at)
{
    if (QR_UNLIKELY(plan->nodes[arm].kind == QR_KIND_ADAPTER)) {
        QR_VALUE value = QR_T(arm_map)(r, s, plan, plan->nodes[arm].item, iter, at);
        return value ? QR_S(adapt)(s, r, arm, value, at) : QR_FAILED;
    }
    return plan->nodes[arm].kind == QR_KIND_RECORD ? QR_T(read_record)(r, s, plan, arm, iter, at) : QR_T(read_map)(r, s, plan, arm, iter, at);
}

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
    return QR_T(arm_map)(r, s, plan, arm, iter, at);
}

static uint32_t QR_T(kinds_of)(qr_token_kind kind)
{
    switch (kind) {
    case QR_TOKEN_NULL: return QR_UNION_NULL;
    case QR_TOKEN_BOOL: return QR_UNION_BOOL;
    case QR_TOKEN_INT:
    case QR_TOKEN_UINT:
    case QR_TOKEN_BIG: return QR_UNION_INT;
    case QR_TOKEN_FLOAT: return QR_UNION_FLOAT;
    case QR_TOKEN_STR: return QR_UNION_STR;
    case QR_TOKEN_BYTES: return QR_UNION_BYTES;
    case QR_TOKEN_ARRAY: return QR_UNION_ARRAY;
    case QR_TOKEN_MAP: return QR_UNION_MAP;
    case QR_TOKEN_EXT: return QR_UNION_EXT;
    default: return UINT32_MAX; /* an object: whoever reads it has to judge */
    }
}

/* May the item stand at that place of the arm's array? */
static int QR_T(fits_slot)(qr_reader *r, const qr_plan *plan, const qr_array_arm *arm, size_t index, qr_token_kind kind, const qr_token *token)
{
    const qr_array_slot *slot = index < arm->count ? &plan->array_slots[arm->first + index] : NULL;
    if (index >= arm->most || !((slot ? slot->kinds : arm->rest) & QR_T(kinds_of)(kind)))
        return 0;
    if (!slot || slot->choice == QR_PLAN_NONE || (kind != QR_TOKEN_STR && kind != QR_TOKEN_INT && kind != QR_TOKEN_BOOL))
        return 1;
    return QR_T(choice_index)(r, plan, &plan->choice_sets[plan->nodes[slot->choice].value], kind, token) != QR_PLAN_NONE;
}

/* The arm of a union of arrays: items are looked at until one arm is left; the caller rewinds. QR_PLAN_NONE with r->error. */
static QR_NOINLINE uint32_t QR_T(array_arm)(qr_reader *r, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at)
{
    const qr_union *u = &plan->unions[plan->nodes[number].value];
    const qr_array_arm *arms = &plan->array_arms[u->arrays];
    const uint8_t *start = r->p;
    uint64_t left = u->array_count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << u->array_count) - 1;
    size_t index = 0;
    qr_token token;
    for (; left & (left - 1) && QR_F(more_array)(r, &iter); index++) {
        const uint8_t *mark = r->p;
        token.at = mark;
        qr_token_kind kind = QR_F(next)(r, &token);
        if (kind == QR_TOKEN_ERROR)
            return QR_PLAN_NONE;
        for (uint64_t rest = left; rest; rest &= rest - 1) {
            int i = __builtin_ctzll(rest);
            if (!QR_T(fits_slot)(r, plan, &arms[i], index, kind, &token))
                left &= ~((uint64_t)1 << i);
        }
        r->p = mark;
        if (r->error != QR_ERROR_NONE || !QR_T(skip)(r))
            return QR_PLAN_NONE;
    }
    if (r->error != QR_ERROR_NONE || !QR_T(charge)(r, start, at))
        return QR_PLAN_NONE;
    if (left && !(left & (left - 1)))
        return arms[__builtin_ctzll(left)].arm;
    for (; left; left &= left - 1)
        if (index >= arms[__builtin_ctzll(left)].least)
            return arms[__builtin_ctzll(left)].arm;
    QR_T(note)(r, QR_ERROR_NO_MATCH, at, number, UINT32_MAX);
    return QR_PLAN_NONE;
}

static QR_NOINLINE QR_VALUE QR_T(read_union)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    const uint8_t *mark = QR_F(at)(r);
    qr_token token;
    QR_ITER iter;
    qr_token_kind kind = QR_F(next)(r, &token);
    if (kind == QR_TOKEN_ERROR)
        return QR_FAILED;
    iter.key_at = NULL; /* it is passed on by value before there is a key */
    if (kind == QR_TOKEN_MAP) {
        QR_F(open)(r, &token, &iter);
        return QR_T(union_map)(r, s, plan, number, iter, mark);
    }
    if (kind == QR_TOKEN_ARRAY) {
        const qr_union *u = &plan->unions[plan->nodes[number].value];
        uint32_t arm = u->array;
        if (u->array_count) {
            r->p = mark;
            arm = QR_F(want_array)(r, &iter) ? QR_T(array_arm)(r, plan, number, iter, mark) : QR_PLAN_NONE;
            if (arm == QR_PLAN_NONE)
                return QR_FAILED;
        }
        if (arm == QR_PLAN_NONE)
            return QR_FAIL(QR_ERROR_TYPE_MISMATCH, mark, number);
        r->p = mark;
        return QR_T(read_node)(r, s, plan, arm);
    }
    return QR_T(from_token)(r, s, plan, number, kind, &token);
}
