/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_roundtrip: MessagePack -> JSON -> MessagePack -> JSON: what JSON can say comes back as the same JSON. */
#include "core/format/check.h"
#include "fuzz/roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    qr_reader r;
    qr_reader_init(&r, copy, size, NULL, 0);
    int readable = qr_msgpack_check(&r, NULL);
    qr_reader_release(&r);
    bytes json = transcode(qr_transcode_msgpack_to_json, copy, size, 0);
    FUZZ_CHECK(!json.data || readable);
    if (json.data) {
        qr_reader_init(&r, json.data, json.size, NULL, 0);
        FUZZ_CHECK(qr_json_check(&r, NULL));
        bytes packed = transcode(qr_transcode_json_to_msgpack, json.data, json.size, 0);
        FUZZ_CHECK(packed.data != NULL);
        bytes again = transcode(qr_transcode_msgpack_to_json, packed.data, packed.size, 0);
        FUZZ_CHECK(again.data != NULL && is_same(&json, &again));
        free(packed.data);
        free(again.data);
    }
    free(json.data);
    free(copy);
    return 0;
}
