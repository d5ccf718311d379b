/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_scan: the documents of a stream that is cut anywhere. See scan.h. */
#include "fuzz/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_scanner scanner = {qr_msgpack_scan, qr_msgpack_scan_end, qr_msgpack_check, qr_msgpack_partial};
    fuzz_scan(&scanner, data, size);
    return 0;
}
