/* SPDX-License-Identifier: Apache-2.0 */
/* pickle_scan: the pickles of a stream that is cut anywhere. See scan.h. What the decoder of the loader takes for one pickle is one for
 * the scanner. */
#include "core/format/pickle_scan.h"

#include "core/format/pickle.h"
#include "fuzz/scan.h"

static int check(qr_reader *r, const qr_plan *plan)
{
    qr_pickle_instruction op;
    (void)plan;
    do {
        if (!qr_pickle_next(r, &op))
            return 0;
    } while (op.code != QR_PICKLE_STOP);
    return r->p == r->end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_scanner scanner = {qr_pickle_scan, qr_pickle_scan_end, check, NULL};
    fuzz_scan(&scanner, data, size);
    return 0;
}
