/* SPDX-License-Identifier: Apache-2.0 */
/* pickle_read: the opcodes of a pickle. What must hold beyond the sanitizers' silence:
 *   - every instruction lies in the input, one behind the other, and its argument in the instruction;
 *   - the decoder that a machine is made of, asked for each kind of argument by itself, sees the same;
 *   - cut off anywhere, an instruction is truncated, and how many bytes it asks for is more than there were and no more than it has. */
#include "core/format/pickle.h"
#include "fuzz/fuzz.h"

static void check_within(const qr_pickle_instruction *op, const uint8_t *end)
{
    if (op->text)
        FUZZ_CHECK(op->text > op->at && op->text + op->length <= end);
    if (op->second)
        FUZZ_CHECK(op->second > op->text + op->length && op->second + op->second_length < end);
}

/* The argument with only some of its bytes there. */
static void check_cuts(const qr_pickle_instruction *op, const uint8_t *end)
{
    const uint8_t *first = op->at + 1;
    unsigned argument = qr_pickle_info_of(op->code)->argument;
    size_t whole = (size_t)(end - first), step = whole / 16 + 1;
    for (size_t n = 0; n < whole; n += step) {
        qr_pickle_instruction cut = {0};
        FUZZ_CHECK(!qr_pickle_argument_at(first, first + n, argument, &cut));
        FUZZ_CHECK(cut.length == (size_t)QR_PICKLE_WHOLE_LINE || (cut.length > n && cut.length <= whole));
    }
    qr_pickle_instruction same = {0};
    FUZZ_CHECK(qr_pickle_argument_at(first, end, argument, &same) == end);
    FUZZ_CHECK(same.text == op->text && same.length == op->length && same.second == op->second && same.u == op->u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    qr_reader r;
    qr_pickle_instruction op;
    qr_reader_init(&r, copy, size, NULL, 0);
    const uint8_t *before = r.p;
    while (qr_pickle_next(&r, &op)) {
        FUZZ_CHECK(op.at == before && r.p > op.at && r.p <= r.end);
        FUZZ_CHECK(qr_pickle_info_of(op.code)->name && *op.at == op.code);
        check_within(&op, r.p);
        check_cuts(&op, r.p);
        before = r.p;
    }
    FUZZ_CHECK(r.error != QR_ERROR_NONE && r.p == before && r.error_at >= before && r.error_at <= r.end);
    qr_reader_release(&r);
    free(copy);
    return 0;
}
