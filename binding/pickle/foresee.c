/* SPDX-License-Identifier: Apache-2.0 */
/* foresee: a pickler memoizes nearly everything and fetches little of it. A pickle has no jumps, so a look at its opcodes tells
 * which entries are ever fetched; the others need not be kept, and an object that only the stack has may be taken apart where it is
 * used. Costs a few instructions for each opcode, saves a reference, its release at the end and a cache miss. */
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

/* One pass. 1 when the end was found (or where the pickle breaks off) and every number is below `count`. */
static int look(const uint8_t *p, const uint8_t *end, uint64_t *bits, size_t count)
{
    unsigned puts = 0;
    while (p < end) {
        qr_pickle_instruction op;
        uint64_t number;
        switch (*p++) {
#define X(NAME, code, protocol, ARGUMENT, takes, marks, gives)                                                                 \
    case code:                                                                                                                 \
        if (!(p = qr_pickle_argument_at(p, end, QR_PICKLE_ARG_##ARGUMENT, &op)))                                               \
            return 1;                                                                                                          \
        if (code == QR_PICKLE_STOP)                                                                                            \
            return 1;                                                                                                          \
        if (code == QR_PICKLE_MEMOIZE)                                                                                         \
            puts |= 1;                                                                                                         \
        else if (code == QR_PICKLE_PUT || code == QR_PICKLE_BINPUT || code == QR_PICKLE_LONG_BINPUT)                           \
            puts |= 2;                                                                                                         \
        else if (code == QR_PICKLE_GET || code == QR_PICKLE_BINGET || code == QR_PICKLE_LONG_BINGET) {                         \
            if (code != QR_PICKLE_GET)                                                                                         \
                number = op.u;                                                                                                 \
            else if (!read_number(op.text, op.length, &number))                                                                \
                return 0;                                                                                                      \
            if (number >= count)                                                                                               \
                return 0;                                                                                                      \
            bits[number / 64] |= (uint64_t)1 << number % 64;                                                                   \
        }                                                                                                                      \
        if (puts == 3)                                                                                                         \
            return 0;                                                                                                          \
        break;
#include "core/format/pickle.def"
#undef X
        default: return 1;
        }
    }
    return 1;
}

void qpy_unpickle_foresee(qpy_unpickle *m, uint64_t *room, size_t words)
{
    size_t length = (size_t)(m->end - m->p), count = length; /* no more entries than bytes */
    if (length == 0)
        return;
    if (count > words * 64) {
        count = (count + 63) / 64 * 64;
        if (!(room = m->wanted_room = PyMem_Calloc(count / 64, sizeof *room)))
            return;
    }
    else {
        count = words * 64;
        memset(room, 0, words * sizeof *room);
    }
    if (look(m->p, m->end, room, count)) {
        m->wanted = room;
        m->wanted_count = count;
    }
}
