/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_read: reading MessagePack, with and without a type; the same properties as json_read. */
#include "core/format/check.h"
#include "core/format/msgpack.h"
#include "fuzz/plans.h"

static void copy_text(qr_reader *r, const qr_token *token)
{
    qr_reader scrap = *r;
    int valid = qr_msgpack_check_text(&scrap, token);
    uint8_t *utf8 = malloc(token->length + 1);
    FUZZ_CHECK(valid == (qr_msgpack_copy_utf8(&scrap, token, utf8) != (size_t)-1));
    free(utf8);
    for (unsigned width = qr_text_width((qr_text_class)token->widest); width <= 4; width *= 2) {
        uint8_t *units = malloc(token->count * width + 1);
        FUZZ_CHECK(qr_msgpack_copy(&scrap, token, units, width, token->count) == valid);
        free(units);
    }
}

static int walk(qr_reader *r)
{
    qr_token token;
    qr_msgpack_iter iter;
    const uint8_t *at = r->p;
    qr_token_kind kind = qr_msgpack_next(r, &token);
    FUZZ_CHECK((kind == QR_TOKEN_ERROR) == (r->error != QR_ERROR_NONE));
    if (kind == QR_TOKEN_STR)
        copy_text(r, &token);
    if (kind == QR_TOKEN_BYTES || kind == QR_TOKEN_EXT || kind == QR_TOKEN_STR)
        FUZZ_CHECK(token.text >= r->start && token.text + token.length == r->p);
    if (kind != QR_TOKEN_ARRAY && kind != QR_TOKEN_MAP)
        return kind != QR_TOKEN_ERROR;
    QR_READER_ENTER(r, (r->p = at, walk(r)));
    qr_msgpack_open(r, &token, &iter);
    if (kind == QR_TOKEN_ARRAY)
        while (qr_msgpack_more_array(r, &iter)) {
            if (!walk(r))
                return 0;
        }
    else
        while (qr_msgpack_more_map(r, &iter)) {
            if (!walk(r) || !walk(r)) /* keys of every kind */
                return 0;
        }
    qr_reader_leave(r);
    return 1;
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
    fuzz_check_reader(&r, qr_msgpack_check(&r, plan));
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
        FUZZ_CHECK(typed.error != QR_ERROR_NONE || untyped.error == QR_ERROR_NONE || untyped.error == QR_ERROR_ITEMS);
        /* Extensions are judged by types alone. */
        FUZZ_CHECK((class_ != QR_CLASS_MALFORMED && class_ != QR_CLASS_TRUNCATED) || untyped.error != QR_ERROR_NONE || typed.error == QR_ERROR_INVALID_TIMESTAMP);
    }
    qr_reader r;
    qr_reader_init(&r, copy, size, &limits, options);
    walk(&r);
    free(copy);
    return 0;
}
