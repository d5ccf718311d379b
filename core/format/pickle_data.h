/* SPDX-License-Identifier: Apache-2.0 */
/* pickle_data: pickles that hold data alone, as the writing templates write a document: protocol 4 (PEP 3154), one frame.
 *
 *     80 04   95 .. 8 bytes ..   4B 01 30   5D 28  7D 28  8C 02 'i' 'd' 94  4B 01  75   7D 28  68 00  4B 02  75  65   2E
 *     PROTO   FRAME, patched     1, POP     [  (   {  (   "id"   MEMOIZE    1      }    {  (   "id"   2      }   ]    STOP
 *
 * What is pushed and popped before anything else is the version of the layout: no pickler begins so, and every unpickler takes it.
 *
 *     qr_pickle_keys keys;
 *     qr_pickle_data_start(&b, &keys)
 *         qr_pickle_data_put_map(&b, &keys, 1), qr_pickle_data_put_key(&b, &keys, ..), ..
 *     qr_pickle_data_stop(&b, &keys)
 *
 * Values are lists, dicts, str, bytes, numbers, None and truth values; of what is written nothing is remembered but keys, which are what
 * recurs: the first 255 different ones get a number. A key is known by its text, which stands in the buffer, so it does not matter what
 * it came from. Room is as with the other formats: QR_BUFFER_SLACK is free before each value. */
#ifndef QUIRE_CORE_FORMAT_PICKLE_DATA_H
#define QUIRE_CORE_FORMAT_PICKLE_DATA_H

#include "core/base/simd.h"
#include "core/format/pickle_write.h"

enum { QR_PICKLE_KEY_SLOTS = 512, QR_PICKLE_KEYS_MOST = 255, QR_PICKLE_KEY_BYTES = 255, QR_PICKLE_DATA_VERSION = 1 };

typedef struct qr_pickle_keys {
    size_t start;                         /* of the pickle in the buffer */
    uint8_t off;                          /* keys are written as they stand */
    uint8_t empty;                        /* the container that is open has no items */
    unsigned count;
    uint8_t slots[QR_PICKLE_KEY_SLOTS];   /* two for each hash: number in the memo + 1, or 0 */
    size_t at[QR_PICKLE_KEYS_MOST];       /* where the text of each stands, from the buffer's base, behind its length */
} qr_pickle_keys;

int qr_pickle_data_start(qr_buffer *b, qr_pickle_keys *keys);
int qr_pickle_data_stop(qr_buffer *b, qr_pickle_keys *keys);

QR_INLINE void qr_pickle_data_put_null(qr_buffer *b) { *b->p++ = QR_PICKLE_NONE; }
QR_INLINE void qr_pickle_data_put_bool(qr_buffer *b, int value) { *b->p++ = value ? QR_PICKLE_NEWTRUE : QR_PICKLE_NEWFALSE; }
QR_INLINE int qr_pickle_data_put_int(qr_buffer *b, int64_t value)
{
    b->p = QR_LIKELY(value >= INT32_MIN && value <= INT32_MAX) ? qr_pickle_store_int32(b->p, (int32_t)value) : qr_pickle_store_int64(b->p, value);
    return 1;
}
QR_INLINE int qr_pickle_data_put_float(qr_buffer *b, double value)
{
    b->p = qr_pickle_store_float(b->p, value);
    return 1;
}
QR_INLINE int qr_pickle_data_put_str(qr_buffer *b, const uint8_t *s, size_t n)
{
    if (QR_UNLIKELY(n > PTRDIFF_MAX / 2 || !qr_buffer_reserve(b, n + 9 + QR_BUFFER_SLACK)))
        return qr_buffer_fail(b, QR_ERROR_MEMORY);
    b->p = qr_pickle_store_text_head(b->p, n);
    qr_copy_short(b->p, s, n);
    b->p += n;
    return 1;
}
/* Units of 1, 2 or 4 bytes; lone surrogates are written as the interpreter's pickler does. */
int qr_pickle_data_put_str_units(qr_buffer *b, const void *units, size_t n, unsigned width);
int qr_pickle_data_put_bytes(qr_buffer *b, const uint8_t *s, size_t n);

/* The pair of slots where a text of n bytes may be. */
QR_INLINE unsigned qr_pickle_key_slot(const uint8_t *s, size_t n)
{
    uint64_t h = n;
    if (n >= 8)
        h ^= qr_load64(s) ^ (qr_load64(s + n - 8) << 21 | qr_load64(s + n - 8) >> 43);
    else if (n >= 4)
        h ^= qr_load32(s) | (uint64_t)qr_load32(s + n - 4) << 32;
    else if (n)
        h ^= (uint64_t)s[0] << 8 | (uint64_t)s[n >> 1] << 16 | (uint64_t)s[n - 1] << 24;
    h *= 0x9E3779B97F4A7C15u;
    return (unsigned)(h >> 56) * 2;
}
/* A key that is met for the first time, or cannot be remembered. */
int qr_pickle_data_put_new_key(qr_buffer *b, qr_pickle_keys *keys, const uint8_t *s, size_t n, unsigned slot);
QR_INLINE int qr_pickle_data_put_key(qr_buffer *b, qr_pickle_keys *keys, const uint8_t *s, size_t n)
{
    unsigned slot = qr_pickle_key_slot(s, n);
    for (unsigned i = 0; i < 2; i++) {
        unsigned known = keys->slots[slot + i];
        if (!known || keys->off)
            break;
        const uint8_t *text = b->base + keys->at[known - 1];
        if (QR_LIKELY(text[-1] == n && memcmp(text, s, n) == 0)) {
            b->p[0] = QR_PICKLE_BINGET;
            b->p[1] = (uint8_t)(known - 1);
            b->p += 2;
            return 1;
        }
    }
    return qr_pickle_data_put_new_key(b, keys, s, n, slot);
}

/* Containers are closed by what follows their items. */
QR_INLINE int qr_pickle_data_open(qr_buffer *b, qr_pickle_keys *keys, uint8_t code, size_t n)
{
    b->p[0] = code;
    b->p[1] = QR_PICKLE_MARK;
    b->p += 1 + (n != 0);
    keys->empty = n == 0;
    return 1;
}
QR_INLINE int qr_pickle_data_close(qr_buffer *b, qr_pickle_keys *keys, uint8_t code)
{
    if (QR_UNLIKELY(!qr_buffer_reserve(b, 1)))
        return 0;
    *b->p = code;
    b->p += !keys->empty;
    keys->empty = 0;
    return 1;
}
QR_INLINE int qr_pickle_data_put_array(qr_buffer *b, qr_pickle_keys *keys, size_t n) { return qr_pickle_data_open(b, keys, QR_PICKLE_EMPTY_LIST, n); }
QR_INLINE int qr_pickle_data_put_map(qr_buffer *b, qr_pickle_keys *keys, size_t n) { return qr_pickle_data_open(b, keys, QR_PICKLE_EMPTY_DICT, n); }
QR_INLINE int qr_pickle_data_end_array(qr_buffer *b, qr_pickle_keys *keys) { return qr_pickle_data_close(b, keys, QR_PICKLE_APPENDS); }
QR_INLINE int qr_pickle_data_end_map(qr_buffer *b, qr_pickle_keys *keys) { return qr_pickle_data_close(b, keys, QR_PICKLE_SETITEMS); }

#endif
