/* SPDX-License-Identifier: Apache-2.0 */
/* json_read: reading JSON, with and without a type. What must hold beyond the sanitizers' silence:
 *   - what a plan takes, reading without a plan takes too;
 *   - skipping a document finds the same fault at the same place as reading it;
 *   - the text of every string copies into exactly the room that was measured, in every width that holds it, and all copies
 *     are the same text. */
#include "core/format/check.h"
#include "core/format/json.h"
#include "fuzz/plans.h"

static void copy_text(qr_reader *r, const qr_token *token)
{
    uint8_t *utf8 = malloc(token->length + 1), *units[3];
    qr_reader scrap = *r; /* keeps its own error */
    int valid = qr_json_check_text(&scrap, token);
    size_t length = qr_json_copy_utf8(&scrap, token, utf8);
    FUZZ_CHECK(valid == (length != (size_t)-1));
    for (unsigned i = 0; i < 3; i++) {
        unsigned width = 1u << i;
        units[i] = malloc(token->count * width + 1);
        int fits = qr_text_width((qr_text_class)token->widest) <= width;
        int copied = fits && qr_json_copy(&scrap, token, units[i], width, token->count);
        FUZZ_CHECK(!fits || copied == valid);
        for (size_t k = 0; copied && i > 0 && k < token->count && qr_text_width((qr_text_class)token->widest) < width; k++) {
            uint32_t wide = i == 1 ? qr_load16(units[1] + 2 * k) : qr_load32(units[2] + 4 * k);
            FUZZ_CHECK(wide == (i == 1 ? units[0][k] : qr_load16(units[1] + 2 * k)));
        }
    }
    for (unsigned i = 0; i < 3; i++)
        free(units[i]);
    free(utf8);
}

/* Every token of the document; the recursion is bounded by the reader's depth. */
static int walk(qr_reader *r)
{
    qr_token token;
    qr_json_iter iter;
    const uint8_t *at = r->p;
    qr_token_kind kind = qr_json_next(r, &token);
    FUZZ_CHECK((kind == QR_TOKEN_ERROR) == (r->error != QR_ERROR_NONE));
    if (kind == QR_TOKEN_STR)
        copy_text(r, &token);
    if (kind != QR_TOKEN_ARRAY && kind != QR_TOKEN_MAP)
        return kind != QR_TOKEN_ERROR;
    QR_READER_ENTER(r, (r->p = at, walk(r)));
    qr_json_open(r, &token, &iter);
    if (kind == QR_TOKEN_ARRAY)
        while (qr_json_more_array(r, &iter)) {
            if (!walk(r))
                return 0;
        }
    else
        while (qr_json_more_map(r, &iter)) {
            if (!qr_json_key(r, &iter, &token))
                return 0;
            copy_text(r, &token);
            if (!walk(r))
                return 0;
        }
    qr_reader_leave(r);
    return r->error == QR_ERROR_NONE;
}

typedef struct outcome {
    qr_error error;
    size_t at;
} outcome;

static outcome check(const uint8_t *data, size_t size, const qr_plan *plan, const qr_limits *limits, uint32_t options)
{
    qr_reader r;
    qr_path path = {0};
    qr_reader_init(&r, data, size, limits, options);
    r.path = &path;
    fuzz_check_reader(&r, qr_json_check(&r, plan));
    FUZZ_CHECK(r.error != QR_ERROR_NONE || path.count == 0);
    outcome result = {r.error, r.error ? qr_reader_offset(&r, r.error_at) : 0};
    qr_reader_release(&r);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint32_t options;
    qr_limits limits;
    const qr_plan *plan = fuzz_choose(data[0], &options, &limits);
    uint8_t *copy = fuzz_copy(data + 1, --size);
    outcome untyped = check(copy, size, NULL, &limits, options), raw = check(copy, size, fuzz_plan(PLAN_RAW), &limits, options);
    FUZZ_CHECK(untyped.error == raw.error && untyped.at == raw.at);
    if (plan) {
        outcome typed = check(copy, size, plan, &limits, options);
        qr_error_class class_ = qr_error_class_of(typed.error);
        FUZZ_CHECK(typed.error != QR_ERROR_NONE || untyped.error == QR_ERROR_NONE || untyped.error == QR_ERROR_ITEMS); /* a record's own fields are not counted */
        FUZZ_CHECK((class_ != QR_CLASS_MALFORMED && class_ != QR_CLASS_TRUNCATED) || untyped.error != QR_ERROR_NONE);
    }
    qr_reader r;
    qr_reader_init(&r, copy, size, &limits, options);
    walk(&r);
    free(copy);
    return 0;
}
