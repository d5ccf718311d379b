/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/msgpack_numbers.h"

#include "binding/cpython_private.h"

enum { FLOAT = 0xCB, FLOAT_BYTES = 9 };

QR_INLINE PyObject *read_float(const uint8_t *p, int private_ok)
{
    uint64_t bits = qr_load64_be(p + 1);
    double value;
    memcpy(&value, &bits, sizeof value);
    return qpy_float_new(value, private_ok);
}

/* ---------------------------------------------------------------- numbers */

/* Up to n floats, for which there is room in the input and on the stack: how many, or -1 with an exception. */
QR_INLINE Py_ssize_t push_floats(qpy_sink *s, const uint8_t *p, Py_ssize_t n)
{
    const int private_ok = s->state->private_ok;
    PyObject **top = s->top;
    Py_ssize_t i = 0;
    for (; i < n && p[FLOAT_BYTES * i] == FLOAT; i++) {
        PyObject *value = read_float(p + FLOAT_BYTES * i, private_ok);
        if (QR_UNLIKELY(!value)) {
            i = -1;
            break;
        }
        *top++ = value;
    }
    s->top = top;
    return i;
}

QR_INLINE Py_ssize_t least(uint64_t a, Py_ssize_t b, Py_ssize_t c)
{
    Py_ssize_t least = b < c ? b : c;
    return a < (uint64_t)least ? (Py_ssize_t)a : least;
}

int qpy_numbers_push(qpy_sink *s, qr_reader *r, uint64_t *left)
{
    const uint8_t *p = r->p;
    uint64_t more = *left;
    int ok = 1;
    while (more > 1 && r->end - p >= FLOAT_BYTES) {
        PyObject *value;
        uint8_t c = *p;
        if (QR_UNLIKELY(s->top == s->limit) && !qpy_sink_grow(s)) {
            ok = 0;
            break;
        }
        if (c == FLOAT) {
            Py_ssize_t n = push_floats(s, p, least(more - 1, (r->end - p) / FLOAT_BYTES, s->limit - s->top));
            if (QR_UNLIKELY(n < 0)) {
                ok = 0;
                break;
            }
            p += FLOAT_BYTES * n;
            more -= (uint64_t)n;
            continue;
        }
        switch (c) {
        case 0xCC: value = PyLong_FromLong(p[1]); p += 2; break;
        case 0xCD: value = PyLong_FromLong(qr_load16_be(p + 1)); p += 3; break;
        case 0xCE: value = PyLong_FromLongLong(qr_load32_be(p + 1)); p += 5; break;
        case 0xD0: value = PyLong_FromLong((int8_t)p[1]); p += 2; break;
        case 0xD1: value = PyLong_FromLong((int16_t)qr_load16_be(p + 1)); p += 3; break;
        case 0xD2: value = PyLong_FromLong((int32_t)qr_load32_be(p + 1)); p += 5; break;
        default:
            if (c > 0x7F && c < 0xE0)
                goto done;
            value = PyLong_FromLong((int8_t)c);
            p++;
            break;
        }
        if (QR_UNLIKELY(!value)) {
            ok = 0;
            break;
        }
        *s->top++ = value;
        more--;
    }
done:
    *left = more;
    r->p = p;
    return ok;
}

/* ---------------------------------------------------------------- points */

QR_INLINE int is_point(const uint8_t *p, const uint8_t *end, uint32_t count)
{
    if ((size_t)(end - p) < FLOAT_BYTES * (size_t)count)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (p[FLOAT_BYTES * i] != FLOAT)
            return 0;
    return 1;
}

QR_INLINE PyObject *make_point(qpy_sink *s, const uint8_t *p, uint32_t count)
{
    const int private_ok = s->state->private_ok;
    PyObject **items, *list;
    qpy_sink_count_container(s);
    if (QR_UNLIKELY(!(list = qpy_list_new(count, &items, private_ok))))
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        items[i] = read_float(p + FLOAT_BYTES * i, private_ok);
        if (QR_UNLIKELY(!items[i])) {
            Py_SET_SIZE(list, i);
            Py_DECREF(list);
            return NULL;
        }
    }
    Py_SET_SIZE(list, count);
    return list;
}

PyObject *qpy_numbers_point(qpy_sink *s, qr_reader *r, uint32_t count)
{
    if (!is_point(r->p, r->end, count))
        return NULL;
    PyObject *list = make_point(s, r->p, count);
    if (QR_LIKELY(list))
        r->p += FLOAT_BYTES * count;
    return list;
}

int qpy_numbers_push_points(qpy_sink *s, qr_reader *r, uint64_t *left)
{
    const uint8_t *p = r->p;
    uint64_t more = *left;
    int ok = 1;
    for (; more > 1 && p < r->end; more--) {
        uint32_t count = (uint32_t)(*p ^ 0x90); /* more than 15: another head */
        if (count - 1 >= QPY_POINT_MOST || !is_point(p + 1, r->end, count))
            break;
        PyObject *list = make_point(s, p + 1, count);
        if (QR_UNLIKELY(!list) || QR_UNLIKELY(!qpy_sink_push(s, list))) {
            ok = 0;
            break;
        }
        p += 1 + FLOAT_BYTES * count;
    }
    *left = more;
    r->p = p;
    return ok;
}
