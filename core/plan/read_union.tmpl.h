/* SPDX-License-Identifier: Apache-2.0 */
/* read_union: which arm of a union a value belongs to. A part of read.tmpl.h. */

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
