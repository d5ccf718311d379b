/* SPDX-License-Identifier: Apache-2.0 */
/* marshal_walk: marshalled data as it may be found in a .pyc of any version; the first byte says of which.
 *   - events lie in the input, one after the other, and containers end as often as they begin;
 *   - the same bytes in the pieces that are said to be missing come to the same items. */
#include "core/format/marshal_walk.h"
#include "fuzz/fuzz.h"

static void check_pieces(const qr_marshal_event *event, const uint8_t *end)
{
    const uint8_t *at = event->item.at;
    size_t there = 0;
    uint64_t missing;
    while ((missing = qr_marshal_missing(at, there)) != 0) {
        FUZZ_CHECK(missing <= (size_t)(end - at) - there);
        there += (size_t)missing;
    }
    FUZZ_CHECK(at + there == event->end);
}

static void walk(const uint8_t *data, size_t size, unsigned version)
{
    qr_reader r;
    qr_marshal_walk walk;
    qr_marshal_event event;
    size_t depth = 0;
    qr_reader_init(&r, data, size, NULL, 0);
    qr_marshal_walk_init(&walk, &r, version);
    const uint8_t *last = r.p;
    while (qr_marshal_walk_next(&walk, &event)) {
        FUZZ_CHECK(event.item.at >= last - 1 && event.end >= event.item.at && event.end <= r.end && event.end == r.p);
        last = event.end;
        if (event.kind == QR_MARSHAL_EVENT_ITEM)
            check_pieces(&event, r.end);
        FUZZ_CHECK(event.kind != QR_MARSHAL_EVENT_END || walk.depth + 1 == depth);
        depth = walk.depth;
    }
    FUZZ_CHECK(r.error != QR_ERROR_NONE || depth == 0);
    if (r.error == QR_ERROR_NONE)
        r.end = r.p; /* what follows is none of its affair */
    fuzz_check_reader(&r, r.error == QR_ERROR_NONE);
    qr_marshal_walk_release(&walk);
    qr_reader_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned versions[] = {0, 207, 303, 308, 310, 311, 314};
    qr_pyc_head head;
    if (size == 0)
        return 0;
    uint8_t *copy = fuzz_copy(data + 1, size - 1);
    walk(copy, size - 1, versions[*data % QR_ARRAY_LENGTH(versions)]);
    free(copy);
    copy = fuzz_copy(data, size);
    if (qr_pyc_read_head(copy, size, &head)) {
        FUZZ_CHECK(head.length <= size && head.version >= 207 && (!head.hash || head.hash + 8 == copy + head.length));
        uint8_t *rest = fuzz_copy(copy + head.length, size - head.length);
        walk(rest, size - head.length, head.version);
        free(rest);
    }
    free(copy);
    return 0;
}
