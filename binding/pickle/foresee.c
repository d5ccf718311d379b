/* SPDX-License-Identifier: Apache-2.0 */
/* foresee: a pickler memoizes nearly everything and fetches little of it. A pickle has no jumps, so a look at its opcodes tells
 * which entries are ever fetched; the others need not be kept, and an object that only the stack has may be taken apart where it is
 * used. Costs a few instructions for each opcode, saves a reference, its release at the end and a cache miss: for short pickles and
 * for those that turn out to memoize more than a few objects. */
#include "binding/pickle/machine.h"

static int read_number(const uint8_t *text, size_t length, uint64_t *number)
{
    *number = 0;
    if (length == 0 || length > 10)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        *number = *number * 10 + (text[i] - '0');
    }
    return 1;
}

/* How long an opcode is where that is always the same, else 0. */
enum {
#define X(NAME, SHAPE, size) STEP_##NAME = QR_PICKLE_SHAPE_##SHAPE <= QR_PICKLE_SHAPE_FIXED ? 1 + (size) : 0,
#include "core/format/pickle_arguments.def"
#undef X
    LONGEST_STEP = 9
};
/* Numbers are put by MEMOIZE, or by one of PUT's kind. */
enum { PUTS_NEXT = 1, PUTS_NUMBER = 2, PUTS = PUTS_NEXT | PUTS_NUMBER };
#define PUTS_OF(code)                                                                                                          \
    ((code) == QR_PICKLE_MEMOIZE ? PUTS_NEXT                                                                                   \
                                 : (code) == QR_PICKLE_PUT || (code) == QR_PICKLE_BINPUT || (code) == QR_PICKLE_LONG_BINPUT ? PUTS_NUMBER : 0)
#define IS_GET(code) ((code) == QR_PICKLE_GET || (code) == QR_PICKLE_BINGET || (code) == QR_PICKLE_LONG_BINGET)

/* Passes over what begins before `safe`, as far as it goes quickly. No step depends on what was read but by a branch, so that the processor
 * need not wait. */
static QR_NOINLINE const uint8_t *skip(const uint8_t *p, const uint8_t *safe, const uint8_t *end, unsigned *puts, uint64_t *bits, size_t count)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
    static const void *const labels[256] = {
        [0 ... 255] = &&other,
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives)                                                                 \
    [code] = code == QR_PICKLE_SHORT_BINUNICODE ? &&text                                                                       \
             : code == QR_PICKLE_BINGET ? &&get                                                                                \
             : code == QR_PICKLE_LONG_BINGET ? &&long_get                                                                      \
             : code == QR_PICKLE_MEMOIZE ? &&memoize                                                                           \
             : code == QR_PICKLE_BINPUT ? &&put                                                                                \
             : code == QR_PICKLE_LONG_BINPUT ? &&long_put                                                                      \
             : code == QR_PICKLE_STOP ? &&other                                                                                \
             : STEP_##ARGUMENT == 1 ? &&step_1                                                                                 \
             : STEP_##ARGUMENT == 2 ? &&step_2                                                                                 \
             : STEP_##ARGUMENT == 3 ? &&step_3                                                                                 \
             : STEP_##ARGUMENT == 5 ? &&step_5                                                                                 \
             : STEP_##ARGUMENT == 9 ? &&step_9 : &&other,
#include "core/format/pickle.def"
#undef X
    };
#pragma GCC diagnostic pop
    size_t number;
#define ON(step)                                                                                                               \
    do {                                                                                                                       \
        p += (step);                                                                                                           \
        if (QR_UNLIKELY(p >= safe))                                                                                            \
            return p;                                                                                                          \
        goto *labels[*p];                                                                                                      \
    } while (0)
    ON(0);
text:
    if (QR_UNLIKELY(p[1] > end - p - 2))
        return p;
    ON(2 + p[1]);
get:
    if (QR_UNLIKELY((number = p[1]) >= count))
        return p;
    bits[number / 64] |= (uint64_t)1 << number % 64;
    ON(2);
long_get:
    if (QR_UNLIKELY((number = qr_load32(p + 1)) >= count))
        return p;
    bits[number / 64] |= (uint64_t)1 << number % 64;
    ON(5);
memoize:
    *puts |= PUTS_NEXT;
    ON(1);
put:
    *puts |= PUTS_NUMBER;
    ON(2);
long_put:
    *puts |= PUTS_NUMBER;
    ON(5);
step_1: ON(1);
step_2: ON(2);
step_3: ON(3);
step_5: ON(5);
step_9: ON(9);
#undef ON
other:
    return p;
}

/* One pass. 1 when the end was found (or where the pickle breaks off) and every number is below `count`. */
static int look(const uint8_t *p, const uint8_t *end, uint64_t *bits, size_t count)
{
    unsigned puts = 0;
    const uint8_t *safe = end - p >= LONGEST_STEP ? end - LONGEST_STEP + 1 : p; /* before it, a step stays within */
    while (p < end) {
        qr_pickle_instruction op;
        uint64_t number;
        p = skip(p, safe, end, &puts, bits, count);
        if (QR_UNLIKELY(p == end))
            break;
        switch (*p++) {
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives)                                                                 \
    case code:                                                                                                                 \
        if (!(p = qr_pickle_argument_at(p, end, QR_PICKLE_ARG_##ARGUMENT, &op)) || code == QR_PICKLE_STOP)                     \
            return (puts & PUTS) != PUTS;                                                                                      \
        puts |= PUTS_OF(code);                                                                                                 \
        if (IS_GET(code)) {                                                                                                    \
            if (code != QR_PICKLE_GET)                                                                                         \
                number = op.u;                                                                                                 \
            else if (!read_number(op.text, op.length, &number))                                                                \
                return 0;                                                                                                      \
            if (number >= count)                                                                                               \
                return 0;                                                                                                      \
            bits[number / 64] |= (uint64_t)1 << number % 64;                                                                   \
        }                                                                                                                      \
        break;
#include "core/format/pickle.def"
#undef X
        default: return (puts & PUTS) != PUTS;
        }
    }
    return (puts & PUTS) != PUTS;
}

void qpy_unpickle_look_on(qpy_unpickle *m, size_t number)
{
    size_t word = number / 64;
    if (!m->wanted)
        return;
    m->idle_until = SIZE_MAX;
    if (word >= m->wanted_count / 64)
        return;
    uint64_t bits = m->wanted[word] >> number % 64 << number % 64;
    while (!bits && ++word < m->wanted_count / 64)
        bits = m->wanted[word];
    if (bits)
        m->idle_until = word * 64 + (size_t)__builtin_ctzll(bits);
}

void qpy_unpickle_foresee(qpy_unpickle *m)
{
    size_t count = (size_t)m->view.len; /* no more entries than bytes */
    m->may_foresee = 0;
    if (count > QPY_UNPICKLE_FORESEEN) {
        count = (count + 63) / 64 * 64;
        if (!(m->wanted_room = PyMem_Calloc(count / 64, sizeof *m->wanted_room)))
            return;
    }
    else {
        count = QPY_UNPICKLE_FORESEEN;
        memset(m->wanted_first, 0, sizeof m->wanted_first);
    }
    uint64_t *room = m->wanted_room ? m->wanted_room : m->wanted_first;
    if (look(m->p, m->end, room, count)) {
        m->wanted = room;
        m->wanted_count = count;
        qpy_unpickle_look_on(m, m->memo.count);
    }
}

void qpy_unpickle_look_ahead(qpy_unpickle *m)
{
    if (m->read || !m->view.obj || !PyBytes_CheckExact(m->view.obj) || m->memo.count)
        return;
    m->may_foresee = 1;
    if (m->view.len <= QPY_UNPICKLE_FORESEEN)
        qpy_unpickle_foresee(m);
}

void qpy_unpickle_looked(qpy_unpickle *m)
{
    m->may_foresee = 0;
    m->wanted = NULL;
    m->idle_until = 0;
    PyMem_Free(m->wanted_room);
    m->wanted_room = NULL;
}
