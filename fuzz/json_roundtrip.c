/* SPDX-License-Identifier: Apache-2.0 */
/* json_roundtrip: JSON -> MessagePack -> JSON -> MessagePack: what the first step made, the third makes again; and the first
 * takes what reading takes, but for integers beyond 64 bits. */
#include "core/format/check.h"
#include "fuzz/roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    qr_reader r;
    qr_reader_init(&r, copy, size, NULL, 0);
    int readable = qr_json_check(&r, NULL);
    qr_reader_release(&r);
    bytes packed = transcode(qr_transcode_json_to_msgpack, copy, size, 0);
    FUZZ_CHECK(packed.data ? readable : !readable || packed.error == QR_ERROR_OUT_OF_RANGE);
    if (packed.data) {
        qr_reader_init(&r, packed.data, packed.size, NULL, 0);
        FUZZ_CHECK(qr_msgpack_check(&r, NULL));
        bytes json = transcode(qr_transcode_msgpack_to_json, packed.data, packed.size, 0);
        FUZZ_CHECK(json.data != NULL);
        bytes again = transcode(qr_transcode_json_to_msgpack, json.data, json.size, 0);
        FUZZ_CHECK(again.data != NULL && is_same(&packed, &again));
        free(json.data);
        free(again.data);
    }
    free(packed.data);
    free(copy);
    return 0;
}
