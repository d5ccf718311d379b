/* SPDX-License-Identifier: Apache-2.0 */
/* pickle_data: any value, written as a pickle of plain data. The input says what the value is; what the opcodes of the pickle say, read by the
 * decoder of the loader, must be the same: each text, number and end of a container, keys fetched from the memo among them. */
#include "core/format/pickle_data.h"

#include "core/base/utf8.h"
#include "fuzz/fuzz.h"

enum { DEPTH = 24, ITEMS = 12, TEXT_MOST = 300 };

typedef struct source {
    const uint8_t *p, *end;
    uint64_t seen; /* a hash of what was written */
    qr_buffer *buffer;
    qr_pickle_keys *keys;
} source;

static void see(uint64_t *seen, char kind, const void *data, size_t n)
{
    *seen = (*seen ^ (uint8_t)kind) * 0x100000001B3u;
    for (size_t i = 0; i < n; i++)
        *seen = (*seen ^ ((const uint8_t *)data)[i]) * 0x100000001B3u;
    *seen = (*seen ^ n) * 0x100000001B3u;
}

static uint64_t take(source *s, unsigned n)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n && s->p < s->end; i++)
        value = value << 8 | *s->p++;
    return value;
}

/* A text made of a few bytes of input, and how it is spelled in UTF-8. */
static size_t make_text(source *s, unsigned width, void *units, uint8_t *utf8)
{
    size_t n = take(s, 1) % 8 ? take(s, 1) % 8 : take(s, 1) + 30, length = 0;
    uint32_t seed = (uint32_t)take(s, 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t unit = width == 0 ? 'a' + (seed + (uint32_t)i) % 26 : width == 1 ? (seed * 7 + (uint32_t)i) & 0xFF : width == 2 ? (seed << 8 | (uint32_t)i) & 0xFFFF : (seed << 12 | (uint32_t)i) % 0x110000;
        if (width <= 1)
            ((uint8_t *)units)[i] = (uint8_t)unit;
        else if (width == 2)
            ((uint16_t *)units)[i] = (uint16_t)unit;
        else
            ((uint32_t *)units)[i] = unit;
        length += (size_t)qr_utf8_encode_point(utf8 + length, unit);
    }
    see(&s->seen, 'S', utf8, length);
    return width == 0 ? length : n;
}

static void put_text(source *s, int is_key)
{
    uint32_t units[TEXT_MOST];
    uint8_t utf8[4 * TEXT_MOST];
    static const unsigned widths[] = {0, 0, 1, 2, 4};
    unsigned width = widths[take(s, 1) % 5];
    size_t n = make_text(s, width, units, utf8);
    FUZZ_CHECK(width ? qr_pickle_data_put_str_units(s->buffer, units, n, width)
               : is_key ? qr_pickle_data_put_key(s->buffer, s->keys, utf8, n) : qr_pickle_data_put_str(s->buffer, utf8, n));
}

static void put_value(source *s, int depth)
{
    uint8_t bytes[TEXT_MOST];
    size_t n;
    FUZZ_CHECK(qr_buffer_reserve(s->buffer, QR_BUFFER_SLACK));
    switch (take(s, 1) % 9) {
    case 0: qr_pickle_data_put_null(s->buffer); see(&s->seen, 'N', "", 0); break;
    case 1: qr_pickle_data_put_bool(s->buffer, 1); see(&s->seen, 'T', "", 0); break;
    case 2: {
        int64_t value = (int64_t)take(s, 1 + (unsigned)take(s, 1) % 8);
        value = take(s, 1) % 2 ? -value : value;
        qr_pickle_data_put_int(s->buffer, value);
        see(&s->seen, 'I', &value, sizeof value);
        break;
    }
    case 3: {
        double value;
        uint64_t bits = take(s, 8);
        memcpy(&value, &bits, sizeof value);
        qr_pickle_data_put_float(s->buffer, value);
        see(&s->seen, 'F', &bits, sizeof bits);
        break;
    }
    case 4:
    case 5: put_text(s, 0); break;
    case 6:
        n = take(s, 1) * 300 / 255;
        memset(bytes, (int)n, sizeof bytes);
        FUZZ_CHECK(n <= sizeof bytes && qr_pickle_data_put_bytes(s->buffer, bytes, n));
        see(&s->seen, 'B', bytes, n);
        break;
    case 7:
        n = depth ? take(s, 1) % ITEMS : 0;
        see(&s->seen, '[', "", 0);
        qr_pickle_data_put_array(s->buffer, s->keys, n);
        for (size_t i = 0; i < n; i++)
            put_value(s, depth - 1);
        FUZZ_CHECK(qr_pickle_data_end_array(s->buffer, s->keys));
        see(&s->seen, ']', "", 0);
        break;
    default:
        n = depth ? take(s, 1) % ITEMS : 0;
        see(&s->seen, '{', "", 0);
        qr_pickle_data_put_map(s->buffer, s->keys, n);
        for (size_t i = 0; i < n; i++) {
            FUZZ_CHECK(qr_buffer_reserve(s->buffer, QR_BUFFER_SLACK));
            s->keys->off = take(s, 1) % 32 == 31;
            put_text(s, 1);
            put_value(s, depth - 1);
        }
        FUZZ_CHECK(qr_pickle_data_end_map(s->buffer, s->keys));
        see(&s->seen, '}', "", 0);
        break;
    }
}

typedef struct read_back {
    qr_pickle_instruction memo[QR_PICKLE_KEYS_MOST];
    size_t memoized;
    char open[DEPTH + 1];
    int depth;
    uint64_t seen;
} read_back;

static void see_long(uint64_t *seen, const qr_pickle_instruction *op)
{
    FUZZ_CHECK(op->length >= 1 && op->length <= 8);
    uint64_t value = op->text[op->length - 1] & 0x80 ? UINT64_MAX : 0;
    memcpy(&value, op->text, op->length);
    see(seen, 'I', &value, sizeof value);
}

/* What a value's opcode says; the next one is told whether there is a MARK. */
static void see_opcode(read_back *back, const qr_pickle_instruction *op, const qr_pickle_instruction *before, uint8_t next)
{
    switch (op->code) {
    case QR_PICKLE_NONE: see(&back->seen, 'N', "", 0); break;
    case QR_PICKLE_NEWTRUE: see(&back->seen, 'T', "", 0); break;
    case QR_PICKLE_BININT: see(&back->seen, 'I', &op->i, sizeof op->i); break;
    case QR_PICKLE_BININT1:
    case QR_PICKLE_BININT2: see(&back->seen, 'I', &op->u, sizeof op->u); break;
    case QR_PICKLE_LONG1: see_long(&back->seen, op); break;
    case QR_PICKLE_BINFLOAT: {
        uint64_t bits;
        memcpy(&bits, &op->d, sizeof bits);
        see(&back->seen, 'F', &bits, sizeof bits);
        break;
    }
    case QR_PICKLE_SHORT_BINUNICODE:
    case QR_PICKLE_BINUNICODE: see(&back->seen, 'S', op->text, op->length); break;
    case QR_PICKLE_SHORT_BINBYTES:
    case QR_PICKLE_BINBYTES: see(&back->seen, 'B', op->text, op->length); break;
    case QR_PICKLE_MEMOIZE:
        FUZZ_CHECK(back->memoized < QR_PICKLE_KEYS_MOST && before->code == QR_PICKLE_SHORT_BINUNICODE);
        back->memo[back->memoized++] = *before;
        break;
    case QR_PICKLE_BINGET:
        FUZZ_CHECK(op->u < back->memoized);
        see(&back->seen, 'S', back->memo[op->u].text, back->memo[op->u].length);
        break;
    case QR_PICKLE_EMPTY_LIST:
    case QR_PICKLE_EMPTY_DICT: {
        int is_list = op->code == QR_PICKLE_EMPTY_LIST;
        see(&back->seen, is_list ? '[' : '{', "", 0);
        if (next != QR_PICKLE_MARK)
            see(&back->seen, is_list ? ']' : '}', "", 0);
        else {
            FUZZ_CHECK(back->depth <= DEPTH);
            back->open[back->depth++] = is_list ? ']' : '}';
        }
        break;
    }
    case QR_PICKLE_MARK: FUZZ_CHECK(before->code == QR_PICKLE_EMPTY_LIST || before->code == QR_PICKLE_EMPTY_DICT); break;
    case QR_PICKLE_APPENDS:
    case QR_PICKLE_SETITEMS:
        FUZZ_CHECK(back->depth > 0 && back->open[--back->depth] == (op->code == QR_PICKLE_APPENDS ? ']' : '}'));
        see(&back->seen, back->open[back->depth], "", 0);
        break;
    default: FUZZ_CHECK(!"an opcode of plain data");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    qr_buffer buffer;
    qr_pickle_keys keys;
    source s = {.p = copy, .end = copy + size, .seen = 1, .buffer = &buffer, .keys = &keys};
    qr_buffer_init(&buffer, &qr_memory_default);
    FUZZ_CHECK(qr_pickle_data_start(&buffer, &keys));
    put_value(&s, DEPTH);
    FUZZ_CHECK(qr_pickle_data_stop(&buffer, &keys));

    read_back *back = calloc(1, sizeof *back);
    qr_reader r;
    qr_pickle_instruction op = {0}, before;
    FUZZ_CHECK(back != NULL);
    back->seen = 1;
    qr_reader_init(&r, buffer.base, qr_buffer_length(&buffer), NULL, 0);
    FUZZ_CHECK(qr_pickle_next(&r, &op) && op.code == QR_PICKLE_PROTO && op.u == 4);
    FUZZ_CHECK(qr_pickle_next(&r, &op) && op.code == QR_PICKLE_FRAME && op.u == (uint64_t)(r.end - r.p));
    FUZZ_CHECK(qr_pickle_next(&r, &op) && op.code == QR_PICKLE_BININT1 && op.u == QR_PICKLE_DATA_VERSION);
    FUZZ_CHECK(qr_pickle_next(&r, &op) && op.code == QR_PICKLE_POP);
    for (before = op; qr_pickle_next(&r, &op) && op.code != QR_PICKLE_STOP; before = op)
        see_opcode(back, &op, &before, *r.p);
    FUZZ_CHECK(op.code == QR_PICKLE_STOP && r.p == r.end && r.error == QR_ERROR_NONE);
    FUZZ_CHECK(back->depth == 0 && back->memoized == keys.count && back->seen == s.seen);
    qr_reader_release(&r);
    free(back);
    qr_buffer_release(&buffer);
    free(copy);
    return 0;
}
