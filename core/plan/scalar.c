/* SPDX-License-Identifier: Apache-2.0 */
#include "core/plan/scalar.h"

#include "core/base/decimal.h"
#include "core/base/uuid.h"
#include "core/format/json.h"

static qr_error from_timestamp(qr_timestamp_result result)
{
    return result == QR_TIMESTAMP_OK ? QR_ERROR_NONE : result == QR_TIMESTAMP_INEXACT ? QR_ERROR_INEXACT : QR_ERROR_INVALID_FORMAT;
}

qr_error qr_scalar_read_text(qr_kind kind, const uint8_t *text, size_t length, qr_scalar *scalar)
{
    qr_zone_name zone = {NULL, 0};
    qr_error error;
    switch (kind) {
    case QR_KIND_DATETIME:
        error = from_timestamp(qr_timestamp_read_datetime(text, length, &scalar->datetime, &zone));
        scalar->zone = zone.name;
        scalar->zone_length = zone.length;
        return error;
    case QR_KIND_DATE: return from_timestamp(qr_timestamp_read_date(text, length, &scalar->datetime));
    case QR_KIND_TIME: return from_timestamp(qr_timestamp_read_time(text, length, &scalar->datetime));
    case QR_KIND_DURATION: return from_timestamp(qr_timestamp_read_duration(text, length, &scalar->duration));
    case QR_KIND_UUID: return qr_uuid_read(scalar->uuid, text, length) ? QR_ERROR_NONE : QR_ERROR_INVALID_FORMAT;
    case QR_KIND_DECIMAL:
        scalar->decimal.text = text;
        scalar->decimal.length = length;
        return qr_decimal_is_valid(text, length) ? QR_ERROR_NONE : QR_ERROR_INVALID_FORMAT;
    default: return QR_ERROR_TYPE_MISMATCH;
    }
}

qr_error qr_scalar_read_timestamp(const uint8_t *payload, size_t length, qr_scalar *scalar)
{
    int64_t seconds;
    uint32_t nanoseconds;
    scalar->zone = NULL;
    scalar->zone_length = 0;
    if (!qr_timestamp_read_ext(payload, length, &seconds, &nanoseconds))
        return QR_ERROR_INVALID_TIMESTAMP;
    qr_timestamp_result result = qr_timestamp_from_unix(seconds, nanoseconds, &scalar->datetime);
    return result == QR_TIMESTAMP_RANGE ? QR_ERROR_INVALID_VALUE : from_timestamp(result);
}

/* [-]digits without a leading zero, of any length. */
static int is_integer(const uint8_t *text, size_t length)
{
    size_t i = length && text[0] == '-';
    if (i == length || (text[i] == '0' && length > i + 1))
        return 0;
    for (; i < length; i++)
        if ((uint8_t)(text[i] - '0') > 9)
            return 0;
    return 1;
}

qr_token_kind qr_scalar_number(const uint8_t *text, size_t length, size_t int_digits, qr_token *token)
{
    uint8_t copy[128]; /* the number reader wants a 0 behind its text */
    if (length == 0 || length >= sizeof copy) {
        if (!is_integer(text, length) || (int_digits && length - (text[0] == '-') > int_digits))
            return QR_TOKEN_ERROR;
        token->text = text;
        token->length = length;
        return QR_TOKEN_BIG;
    }
    memcpy(copy, text, length);
    copy[length] = 0;
    qr_reader r;
    qr_reader_init(&r, copy, length, &(qr_limits){.int_digits = int_digits}, 0);
    if (copy[0] != '-' && (uint8_t)(copy[0] - '0') > 9)
        return QR_TOKEN_ERROR;
    qr_token_kind kind = qr_json_number(&r, token);
    if (kind == QR_TOKEN_ERROR || r.p != r.end)
        return QR_TOKEN_ERROR;
    if (kind == QR_TOKEN_BIG)
        token->text = text;
    return kind;
}
