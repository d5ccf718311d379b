/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan: the documents of a stream that is cut anywhere. See scan.h. */
#include "fuzz/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_scanner scanner = {qr_json_scan, qr_json_scan_end, qr_json_check, qr_json_partial};
    fuzz_scan(&scanner, data, size);
    return 0;
}
