/* SPDX-License-Identifier: Apache-2.0 */
/* read_token: a scalar token for any node that takes one. A part of read.tmpl.h. */

/* What strict reading refuses but as a key: a number or a truth value as text. Of a union the arms that are texts go first. */
static QR_VALUE QR_T(lax_from_text)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, const qr_token *token)
{
    const uint8_t *text;
    size_t length;
    qr_token inner;
    qr_token_kind kind;
    if (QR_UNLIKELY(plan->nodes[number].kind == QR_KIND_ADAPTER)) {
        QR_VALUE value = QR_T(lax_from_text)(r, s, plan, plan->nodes[number].item, token);
        return value ? QR_S(adapt)(s, r, number, value, token->at) : QR_FAILED;
    }
    if (!QR_T(text)(r, token, &text, &length))
        return QR_FAILED;
    unsigned wanted = plan->nodes[number].kind;
    if (wanted == QR_KIND_UNION) {
        const qr_union *u = &plan->unions[plan->nodes[number].value];
        for (uint32_t i = 0; i < u->text_count; i++)
            if (QR_T(arm_takes_text)(r, plan, plan->items[u->text + i], token))
                return QR_T(from_token)(r, s, plan, plan->items[u->text + i], QR_TOKEN_STR, token);
        if (r->error != QR_ERROR_NONE)
            return QR_FAILED;
    }
    int truth = length == 4 && memcmp(text, "true", 4) == 0 ? 1 : length == 5 && memcmp(text, "false", 5) == 0 ? 0 : -1;
    if (wanted == QR_KIND_BOOL)
        return truth >= 0 ? QR_S(boolean)(s, truth) : QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
    if ((wanted == QR_KIND_CHOICE || wanted == QR_KIND_UNION) && truth >= 0) {
        inner.at = token->at;
        inner.i = truth;
        return QR_T(from_token)(r, s, plan, number, QR_TOKEN_BOOL, &inner);
    }
    if (wanted == QR_KIND_NONE)
        return length == 4 && memcmp(text, "null", 4) == 0 ? QR_S(null)(s) : QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
    kind = qr_scalar_number(text, length, r->limits.int_digits, &inner);
    if (kind == QR_TOKEN_ERROR)
        return QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
    inner.at = token->at;
    if (wanted == QR_KIND_CHOICE || wanted == QR_KIND_UNION)
        return QR_T(from_token)(r, s, plan, number, kind, &inner);
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
                    if (plan->nodes[qr_plan_wire(plan, plan->items[plan->unions[node->value].text + i])].kind == QR_KIND_DATETIME)
                        arm = plan->items[plan->unions[node->value].text + i];
            return arm != QR_PLAN_NONE ? QR_T(from_token)(r, s, plan, arm, kind, token) : QR_FAIL(QR_ERROR_TYPE_MISMATCH, token->at, number);
        }
    case QR_KIND_ADAPTER: {
        QR_VALUE value = QR_T(from_token)(r, s, plan, node->item, kind, token);
        return value ? QR_S(adapt)(s, r, number, value, token->at) : QR_FAILED;
    }
    default:
        if (qr_kind_is_scalar_text(node->kind))
            return QR_T(scalar_from)(r, s, plan, number, kind, token);
        break;
    }
    if (kind == QR_TOKEN_STR && (node->kind == QR_KIND_TUPLE || node->kind == QR_KIND_ARRAY || node->kind == QR_KIND_RECORD)) /* a key */
        return QR_S(packed)(s, r, number, token);
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
