/* SPDX-License-Identifier: Apache-2.0 */
/* read_record: maps and records. A part of read.tmpl.h. */

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
    QR_READER_ENTER(r, QR_T(read_map)(r, s, plan, number, iter, at));
    QR_S(open_typed_map)(s, &frame);
    while (QR_F(more_map)(r, &iter)) {
        QR_LIMIT_ITEMS(count, iter.key_at);
        QR_MARK();
        QR_STEP(QR_STEP_KEY, {.at = iter.key_at});
        count++;
        if (QR_UNLIKELY(!QR_T(map_key)(r, s, plan, node->item, &iter, &frame))) {
            QR_LOSE(&iter, QR_T(is_of_type)(r) ? QR_FAIL_KEY(iter.key_at) : QR_FAIL_HERE()); /* no path can name what is no key */
            continue;
        }
        QR_VALUE value = QR_T(read_node)(r, s, plan, node->value);
        if (QR_UNLIKELY(!value || !QR_S(pair)(s, &frame, value)))
            QR_LOSE(&iter, QR_FAIL_KEY(iter.key_at));
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

enum { QR_T(SKIPPED) = -1, QR_T(STOPPED) = -2, QR_T(NO_KEY) = -3, QR_T(TAGGED) = -4 };

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

/* A key that is not the expected one: the number of its field, or TAGGED or SKIPPED (unknown; value read), or STOPPED, or NO_KEY
 * when the key itself is at fault, so that no path can name it. */
static QR_NOINLINE int64_t QR_T(find_field)(qr_reader *r, QR_SINK *s, const qr_plan *plan, const qr_record *record, uint32_t number, QR_ITER *iter, QR_FRAME *frame)
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
        return QR_T(check_tag)(r, record, number) ? QR_T(TAGGED) : QR_T(STOPPED);
    if (QR_UNLIKELY(record->unknown != QR_UNKNOWN_SKIP && !qr_plan_is_ignored(plan, record, text, length))) {
        if (record->unknown == QR_UNKNOWN_KEEP) {
            const uint8_t *at = QR_F(at)(r);
            return QR_T(skip)(r) && QR_S(keep)(s, frame, r, &token, at, (size_t)(r->p - at)) ? QR_T(SKIPPED) : QR_T(STOPPED);
        }
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

/* The end of a record: what is missing is a fault, the level is left, the sink makes its value. */
QR_INLINE QR_VALUE QR_T(end_record)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_FRAME *frame, uint64_t *seen, const uint8_t *at)
{
    if (QR_UNLIKELY(QR_T(is_incomplete)(plan, qr_plan_record(plan, &plan->nodes[number]), seen)))
        QR_T(note_missing)(r, plan, number, seen, at);
    if (QR_UNLIKELY(r->error != QR_ERROR_NONE))
        return QR_FAIL_FRAME(frame);
    qr_reader_leave(r);
    QR_VALUE result = QR_S(close_record)(s, r, number, frame, seen, at);
    return QR_LIKELY(result) ? result : QR_FAIL_FRAME(frame);
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
    QR_READER_ENTER(r, (r->p = at, QR_T(read_record_array)(r, s, plan, number)));
    if (QR_UNLIKELY(!QR_S(open_record)(s, number, &frame)))
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
        QR_MARK();
        QR_STEP(QR_STEP_FIELD, {.number = field});
        if (QR_UNLIKELY(plan->fields[field].flags & QR_FIELD_GAP)) {
            if (!QR_T(skip)(r))
                return QR_FAIL_HERE();
            continue;
        }
        QR_VALUE value = QR_T(read_node)(r, s, plan, plan->fields[field].node);
        if (QR_UNLIKELY(!value || !QR_S(put_field)(s, &frame, field, value)))
            QR_LOSE(NULL, QR_FAIL_AT_FIELD(field));
        seen[i / 64] |= (uint64_t)1 << (i % 64);
    }
    return QR_T(end_record)(r, s, plan, number, &frame, seen, at);
}

/* The fields of a record whose map is open, up to its end; the level is entered. `seen`: room for a bit of each field. Most
 * documents have the fields in the order of the class, so the next expected key is compared first, as the bytes it would be. */
QR_INLINE QR_VALUE QR_T(record_fields)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at, uint64_t *seen)
{
    const qr_record *record = qr_plan_record(plan, &plan->nodes[number]);
    const qr_field *fields = &plan->fields[record->first];
    uint32_t count = record->count, expected = 0;
    size_t skipped = 0;
    int tagged = 0;
    QR_FRAME frame;
    if (QR_UNLIKELY(!QR_S(open_record)(s, number, &frame)))
        return r->error == QR_ERROR_NONE ? QR_FAIL(QR_ERROR_SINK, at, number) : QR_FAILED;
    seen[0] = 0;
    for (uint32_t word = 1; word * 64 < count; word++)
        seen[word] = 0;
    for (;;) {
        uint32_t i = expected;
        QR_MARK();
        if (QR_UNLIKELY(i >= count || !QR_F(pair_is)(r, &iter, &fields[i].image[QR_FORMAT]))) {
            if (!QR_F(more_map)(r, &iter))
                break;
            QR_STEP(QR_STEP_KEY, {.at = iter.key_at});
            if (i >= count || !QR_F(key_is)(r, &iter, &fields[i].image[QR_FORMAT])) {
                int64_t found = QR_T(find_field)(r, s, plan, record, number, &iter, &frame);
                if (QR_UNLIKELY(found < 0)) {
                    if (found == QR_T(SKIPPED) || (found == QR_T(TAGGED) && !tagged)) {
                        tagged |= found == QR_T(TAGGED);
                        QR_LIMIT_ITEMS(skipped++, iter.key_at);
                        continue;
                    }
                    if (found == QR_T(TAGGED))
                        QR_T(note)(r, QR_ERROR_DUPLICATE_FIELD, iter.key_at, number, UINT32_MAX);
                    QR_LOSE(&iter, found == QR_T(NO_KEY) ? QR_FAIL_HERE() : QR_FAIL_KEY(iter.key_at));
                    continue;
                }
                i = (uint32_t)found;
            }
        }
        uint64_t bit = (uint64_t)1 << (i % 64);
        QR_STEP(QR_STEP_FIELD, {.number = record->first + i});
        if (QR_UNLIKELY(seen[i / 64] & bit)) {
            QR_T(note)(r, QR_ERROR_DUPLICATE_FIELD, iter.key_at, number, record->first + i);
            QR_LOSE(&iter, QR_FAIL_AT_FIELD(record->first + i));
            continue;
        }
        seen[i / 64] |= bit;
        expected = i + 1;
        QR_VALUE value = QR_T(node_value)(r, s, plan, fields[i].node);
        if (QR_UNLIKELY(!value || !QR_S(put_field)(s, &frame, record->first + i, value)))
            QR_LOSE(&iter, QR_FAIL_AT_FIELD(record->first + i));
    }
    return QR_T(end_record)(r, s, plan, number, &frame, seen, at);
}

/* A record of any size whose map is open. */
static QR_NOINLINE QR_VALUE QR_T(read_record)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number, QR_ITER iter, const uint8_t *at)
{
    uint64_t seen[QR_RECORD_WORDS];
    QR_READER_ENTER(r, QR_T(read_record)(r, s, plan, number, iter, at));
    return QR_T(record_fields)(r, s, plan, number, iter, at, seen);
}

/* The record that comes next, of at most SMALL_RECORD fields: the usual one, and what recursive types are made of, so its frame is
 * kept small. */
enum { QR_T(SMALL_RECORD) = 128 };
static QR_NOINLINE QR_VALUE QR_T(read_small_record)(qr_reader *r, QR_SINK *s, const qr_plan *plan, uint32_t number)
{
    uint64_t seen[QR_T(SMALL_RECORD) / 64];
    QR_ITER iter;
    const uint8_t *at = QR_F(at)(r);
    if (QR_UNLIKELY(!QR_F(want_map)(r, &iter)))
        return QR_MISMATCH(number);
    QR_READER_ENTER(r, (r->p = at, QR_T(read_small_record)(r, s, plan, number)));
    return QR_T(record_fields)(r, s, plan, number, iter, at, seen);
}
