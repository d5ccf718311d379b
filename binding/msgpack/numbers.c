/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/msgpack/numbers.h"

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

/* Are these `count` floats? All of their bytes are there. */
QR_INLINE int are_floats(const uint8_t *p, uint32_t count)
{
    int same = 1;
    for (uint32_t i = 0; i < count; i++)
        same &= p[FLOAT_BYTES * i] == FLOAT;
    return same;
}

QR_INLINE PyObject *make_point(qpy_sink *s, const uint8_t *p, uint32_t count, int private_ok)
{
    PyObject **items, *list;
    qpy_sink_count_container(s);
    if (QR_UNLIKELY(!(list = qpy_list_new(count, &items, private_ok))))
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        PyObject *item = read_float(p + FLOAT_BYTES * i, private_ok);
        if (QR_UNLIKELY(!item)) {
            Py_SET_SIZE(list, i);
            Py_DECREF(list);
            return NULL;
        }
        items[i] = item;
    }
    Py_SET_SIZE(list, count);
    return list;
}

/* Up to n points of `count` floats each, heads and all, for which there is room in the input and on the stack: how many, or -1 with an
 * exception. The count is a constant where this is inlined. */
QR_INLINE Py_ssize_t push_points(qpy_sink *s, const uint8_t *p, Py_ssize_t n, uint32_t count)
{
    const int private_ok = s->state->private_ok;
    Py_ssize_t i = 0;
    for (; i < n && *p == (0x90 | count) && are_floats(p + 1, count); i++) {
        PyObject *list = make_point(s, p + 1, count, private_ok);
        if (QR_UNLIKELY(!list))
            return -1;
        *s->top++ = list;
        p += 1 + FLOAT_BYTES * count;
    }
    return i;
}
static QR_NOINLINE Py_ssize_t push_points_1(qpy_sink *s, const uint8_t *p, Py_ssize_t n) { return push_points(s, p, n, 1); }
static QR_NOINLINE Py_ssize_t push_points_2(qpy_sink *s, const uint8_t *p, Py_ssize_t n) { return push_points(s, p, n, 2); }
static QR_NOINLINE Py_ssize_t push_points_3(qpy_sink *s, const uint8_t *p, Py_ssize_t n) { return push_points(s, p, n, 3); }
static QR_NOINLINE Py_ssize_t push_points_4(qpy_sink *s, const uint8_t *p, Py_ssize_t n) { return push_points(s, p, n, 4); }

PyObject *qpy_numbers_point(qpy_sink *s, qr_reader *r, uint32_t count)
{
    if ((size_t)(r->end - r->p) < FLOAT_BYTES * (size_t)count || !are_floats(r->p, count))
        return NULL;
    PyObject *list = make_point(s, r->p, count, s->state->private_ok);
    if (QR_LIKELY(list))
        r->p += FLOAT_BYTES * count;
    return list;
}

int qpy_numbers_push_points(qpy_sink *s, qr_reader *r, uint64_t *left)
{
    static Py_ssize_t (*const push[QPY_POINT_MOST])(qpy_sink *, const uint8_t *, Py_ssize_t) = {push_points_1, push_points_2, push_points_3, push_points_4};
    while (*left > 1 && r->p < r->end) {
        uint32_t count = (uint32_t)(*r->p ^ 0x90), bytes = 1 + FLOAT_BYTES * count; /* more than 15: another head */
        if (count - 1 >= QPY_POINT_MOST)
            return 1;
        if (QR_UNLIKELY(s->top == s->limit) && !qpy_sink_grow(s))
            return 0;
        Py_ssize_t n = push[count - 1](s, r->p, least(*left - 1, (r->end - r->p) / bytes, s->limit - s->top));
        if (n <= 0)
            return n == 0;
        r->p += bytes * (size_t)n;
        *left -= (uint64_t)n;
    }
    return 1;
}
