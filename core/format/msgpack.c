/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack, the half that is out of line: the longer forms, text from wider units, extensions. */
#include "core/format/msgpack.h"

#include "core/base/timestamp.h"

/* ---------------------------------------------------------------- reading */

/* The big-endian number of `width` bytes after the first byte; r->p is left behind it. */
static int header(qr_reader *r, const qr_token *token, unsigned width, uint64_t *value)
{
    const uint8_t *p = r->p + 1;
    if ((size_t)(r->end - p) < width)
        return qr_reader_fail(r, QR_ERROR_TRUNCATED, token->at);
    *value = width == 1 ? *p : width == 2 ? qr_load16_be(p) : width == 4 ? qr_load32_be(p) : qr_load64_be(p);
    r->p = p + width;
    return 1;
}

static qr_token_kind slice(qr_reader *r, qr_token *token, size_t n, qr_token_kind kind)
{
    if (n > qr_reader_left(r))
        return (qr_token_kind)qr_reader_fail(r, QR_ERROR_TRUNCATED, token->at);
    if (n > r->str_limit)
        return (qr_token_kind)qr_reader_fail(r, QR_ERROR_STR_BYTES, token->at);
    token->text = r->p;
    token->length = n;
    r->p += n;
    return kind;
}

static qr_token_kind extension(qr_reader *r, qr_token *token, size_t n)
{
    if (qr_reader_left(r) == 0)
        return (qr_token_kind)qr_reader_fail(r, QR_ERROR_TRUNCATED, token->at);
    token->ext = (int8_t)*r->p++;
    return slice(r, token, n, QR_TOKEN_EXT);
}

static qr_token_kind float_from(qr_token *token, uint64_t bits, unsigned width)
{
    if (width == 4) {
        uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, 4);
        token->d = value;
    }
    else
        memcpy(&token->d, &bits, 8);
    return QR_TOKEN_FLOAT;
}

qr_token_kind qr_msgpack_next_long(qr_reader *r, qr_token *token)
{
    uint8_t c = *r->p;
    uint64_t n;
    switch (c) {
    case 0xC2: case 0xC3:
        token->i = c & 1;
        r->p++;
        return QR_TOKEN_BOOL;
    case 0xC4: case 0xC5: case 0xC6:
        return header(r, token, 1u << (c - 0xC4), &n) ? slice(r, token, n, QR_TOKEN_BYTES) : QR_TOKEN_ERROR;
    case 0xC7: case 0xC8: case 0xC9:
        return header(r, token, 1u << (c - 0xC7), &n) ? extension(r, token, n) : QR_TOKEN_ERROR;
    case 0xCA: case 0xCB:
        return header(r, token, 4u << (c - 0xCA), &n) ? float_from(token, n, 4u << (c - 0xCA)) : QR_TOKEN_ERROR;
    case 0xCC: case 0xCD: case 0xCE: case 0xCF:
        if (!header(r, token, 1u << (c - 0xCC), &n))
            return QR_TOKEN_ERROR;
        token->u = n;
        return n <= INT64_MAX ? QR_TOKEN_INT : QR_TOKEN_UINT; /* i and u share their bits */
    case 0xD0: case 0xD1: case 0xD2: case 0xD3:
        if (!header(r, token, 1u << (c - 0xD0), &n))
            return QR_TOKEN_ERROR;
        token->i = c == 0xD0 ? (int8_t)n : c == 0xD1 ? (int16_t)n : c == 0xD2 ? (int32_t)n : (int64_t)n;
        return QR_TOKEN_INT;
    case 0xD4: case 0xD5: case 0xD6: case 0xD7: case 0xD8:
        r->p++;
        return extension(r, token, (size_t)1 << (c - 0xD4));
    case 0xD9: case 0xDA: case 0xDB:
        return header(r, token, 1u << (c - 0xD9), &n) && qr_msgpack_text(r, token, n) ? QR_TOKEN_STR : QR_TOKEN_ERROR;
    case 0xDC: case 0xDD:
        return header(r, token, 2u << (c - 0xDC), &n) ? qr_msgpack_container(r, token, n, 1, QR_TOKEN_ARRAY) : QR_TOKEN_ERROR;
    case 0xDE: case 0xDF:
        return header(r, token, 2u << (c - 0xDE), &n) ? qr_msgpack_container(r, token, n, 2, QR_TOKEN_MAP) : QR_TOKEN_ERROR;
    default:
        return (qr_token_kind)qr_reader_fail(r, QR_ERROR_INVALID_BYTE, token->at);
    }
}

/* Text was wanted. A scalar in its place is a key of the wrong type, a container is a key of no type that quire reads. */
int qr_msgpack_fail_key(qr_reader *r, qr_token_kind found, const qr_token *token)
{
    if (found == QR_TOKEN_ERROR)
        return 0;
    return qr_reader_fail(r, found == QR_TOKEN_ARRAY || found == QR_TOKEN_MAP ? QR_ERROR_EXPECTED_KEY : QR_ERROR_TYPE_MISMATCH, token->at);
}

int qr_msgpack_check_text(qr_reader *r, const qr_token *token)
{
    if (token->widest == QR_TEXT_ASCII)
        return 1;
    size_t bad = qr_utf8_invalid_at(token->text, token->length);
    return bad == token->length ? 1 : qr_reader_fail(r, QR_ERROR_INVALID_UTF8, token->text + bad);
}

int qr_msgpack_copy(qr_reader *r, const qr_token *token, void *to, unsigned width, size_t room)
{
    if (qr_utf8_decode(token->text, token->length, to, width, room))
        return 1;
    size_t bad = qr_utf8_invalid_at(token->text, token->length);
    return qr_reader_fail(r, bad < token->length ? QR_ERROR_INVALID_UTF8 : QR_ERROR_INPUT_CHANGED, token->text + bad);
}

size_t qr_msgpack_copy_utf8(qr_reader *r, const qr_token *token, uint8_t *to)
{
    if (!qr_msgpack_check_text(r, token))
        return (size_t)-1;
    memcpy(to, token->text, token->length);
    return token->length;
}

/* ---------------------------------------------------------------- writing */

/* Array and map: fix | n, or the 16-bit form `wide`, or the 32-bit one behind it. */
int qr_msgpack_put_count(qr_buffer *b, size_t n, uint8_t fix, uint8_t wide)
{
    uint8_t *p = b->p;
    if (n <= 15)
        *p++ = (uint8_t)(fix | n);
    else if (n <= 0xFFFF)
        *p++ = wide, qr_store16_be(p, (uint16_t)n), p += 2;
    else if (n <= 0xFFFFFFFF)
        *p++ = (uint8_t)(wide + 1), qr_store32_be(p, (uint32_t)n), p += 4;
    else
        return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
    b->p = p;
    return 1;
}

int qr_msgpack_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width)
{
    size_t length = width == 1 ? qr_utf8_encoded_length_1(units, n) : width == 2 ? qr_utf8_encoded_length_2(units, n) : qr_utf8_encoded_length_4(units, n);
    if (length > 0xFFFFFFFF)
        return qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
    if (!qr_buffer_reserve(b, length + 5 + QR_UTF8_SLACK + QR_BUFFER_SLACK) || !qr_msgpack_put_str_header(b, length))
        return 0;
    uint8_t *end = width == 1   ? qr_utf8_encode_1(b->p, units, n)
                   : width == 2 ? qr_utf8_encode_2(b->p, units, n)
                                : qr_utf8_encode_4(b->p, units, n);
    if (!end)
        return qr_buffer_fail(b, QR_ERROR_LONE_SURROGATE);
    b->p = end;
    return 1;
}

/* The 8-, 16- or 32-bit form of a length; `first` is the code of the 8-bit one. */
static void put_length(qr_buffer *b, size_t n, uint8_t first)
{
    uint8_t *p = b->p;
    if (n <= 0xFF)
        *p++ = first, *p++ = (uint8_t)n;
    else if (n <= 0xFFFF)
        *p++ = (uint8_t)(first + 1), qr_store16_be(p, (uint16_t)n), p += 2;
    else
        *p++ = (uint8_t)(first + 2), qr_store32_be(p, (uint32_t)n), p += 4;
    b->p = p;
}

static int put_payload(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (n)
        memcpy(b->p, s, n);
    b->p += n;
    return 1;
}

static int reserve_payload(qr_buffer *b, size_t n)
{
    return n <= 0xFFFFFFFF ? qr_buffer_reserve(b, n + 6 + QR_BUFFER_SLACK) : qr_buffer_fail(b, QR_ERROR_OUT_OF_RANGE);
}

int qr_msgpack_put_bytes(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (!reserve_payload(b, n))
        return 0;
    put_length(b, n, 0xC4);
    return put_payload(b, s, n);
}

int qr_msgpack_put_ext(qr_buffer *b, int8_t type, const uint8_t *s, size_t n)
{
    if (!reserve_payload(b, n))
        return 0;
    if (n && n <= 16 && (n & (n - 1)) == 0)
        *b->p++ = (uint8_t)(0xD4 + __builtin_ctzl(n));
    else
        put_length(b, n, 0xC7);
    *b->p++ = (uint8_t)type;
    return put_payload(b, s, n);
}

int qr_msgpack_put_timestamp(qr_buffer *b, int64_t seconds, uint32_t nanoseconds)
{
    uint8_t payload[QR_TIMESTAMP_EXT];
    return qr_msgpack_put_ext(b, -1, payload, qr_timestamp_write_ext(payload, seconds, nanoseconds));
}

void qr_msgpack_key_image(qr_image *image, const uint8_t *name, size_t n)
{
    *image = (qr_image){.length = 0};
    if (n > QR_IMAGE_ROOM - 2)
        return;
    size_t head = n <= 31 ? 1 : 2;
    image->bytes[0] = (uint8_t)(n <= 31 ? 0xA0 | n : 0xD9);
    memcpy(image->bytes + head, name, n);
    image->length = (uint32_t)(head + n);
}
