/* SPDX-License-Identifier: Apache-2.0 */
/* scan: the property of a scanner, once for all formats. The input is a stream after two bytes that say how it is cut:
 *   - however it is cut, the documents are the same;
 *   - what a reader takes as one whole document is one for the scanner;
 *   - every byte of the stream is space or of a document, in order;
 *   - what is there of a document that is cut off is a document, when the whole one is. */
#ifndef QUIRE_FUZZ_SCAN_H
#define QUIRE_FUZZ_SCAN_H

#include "core/format/check.h"
#include "core/format/scan.h"
#include "fuzz/fuzz.h"

enum { FUZZ_SCAN_DEPTH = 20 };

typedef struct fuzz_scanner {
    qr_scan_result (*scan)(qr_scan *self, const uint8_t *data, size_t length, size_t *taken);
    qr_scan_result (*end)(const qr_scan *self);
    int (*check)(qr_reader *r, const qr_plan *plan);
    int (*partial)(const uint8_t *data, size_t length, const qr_memory *memory, qr_buffer *out); /* or NULL */
} fuzz_scanner;

/* How the stream falls apart: the ends of all parts, folded into one number, and of what it ended in. */
typedef struct fuzz_parts {
    uint64_t digest;
    size_t documents, last_start, last_end;
    qr_scan_result last;
} fuzz_parts;

static void fuzz_note(fuzz_parts *parts, qr_scan_result result, size_t at)
{
    parts->digest = (parts->digest ^ (at * 8 + (uint64_t)result)) * 0x100000001B3u;
}

/* `step` 0: in one piece; else pieces of 1 to `step` bytes, as `seed` wants. */
static fuzz_parts fuzz_split(const fuzz_scanner *f, const uint8_t *data, size_t size, unsigned step, uint64_t seed)
{
    fuzz_parts parts = {.last = QR_SCAN_SPACE};
    qr_scan scan;
    size_t at = 0;
    int between = 1;
    qr_scan_init(&scan, FUZZ_SCAN_DEPTH, &qr_memory_default);
    while (at < size && parts.last < QR_SCAN_DEPTH) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t n = step ? 1 + (size_t)(seed >> 33) % step : size, taken;
        n = n < size - at ? n : size - at;
        uint8_t *piece = malloc(n); /* without the 0 that readers need */
        FUZZ_CHECK(piece != NULL);
        memcpy(piece, data + at, n);
        for (size_t from = 0; from < n && parts.last < QR_SCAN_DEPTH; from += taken) {
            parts.last = f->scan(&scan, piece + from, n - from, &taken);
            FUZZ_CHECK((taken > 0 || parts.last == QR_SCAN_DONE) && taken <= n - from);
            FUZZ_CHECK(parts.last != QR_SCAN_MORE || taken == n - from);
            FUZZ_CHECK(parts.last != QR_SCAN_MEMORY);
            if (parts.last != QR_SCAN_SPACE && between)
                parts.last_start = at + from;
            between = parts.last <= QR_SCAN_SPACE || parts.last == QR_SCAN_DONE;
            parts.last_end = at + from + taken;
            if (parts.last == QR_SCAN_DONE || parts.last == QR_SCAN_DEPTH) {
                parts.documents += parts.last == QR_SCAN_DONE;
                fuzz_note(&parts, parts.last, parts.last_start);
                fuzz_note(&parts, parts.last, parts.last_end);
            }
        }
        free(piece);
        at += n;
    }
    if (parts.last < QR_SCAN_DEPTH)
        fuzz_note(&parts, f->end(&scan), parts.last_start);
    qr_scan_release(&scan);
    return parts;
}

static int fuzz_is_document(const fuzz_scanner *f, const uint8_t *data, size_t size)
{
    qr_reader r;
    qr_limits limits = QR_LIMITS_DEFAULT;
    limits.depth = FUZZ_SCAN_DEPTH;
    qr_reader_init(&r, data, size, &limits, QR_READ_NON_FINITE);
    int ok = f->check(&r, NULL);
    qr_reader_release(&r);
    return ok;
}

static void fuzz_partial(const fuzz_scanner *f, const uint8_t *data, size_t size, size_t cut)
{
    uint8_t *piece = malloc(cut ? cut : 1);
    qr_buffer out;
    FUZZ_CHECK(piece != NULL && cut <= size);
    memcpy(piece, data, cut);
    qr_buffer_init(&out, &qr_memory_default);
    int there = f->partial(piece, cut, &qr_memory_default, &out);
    FUZZ_CHECK(out.error == QR_ERROR_NONE && there == (qr_buffer_length(&out) > 0));
    if (there) {
        uint8_t *copy = fuzz_copy(out.base, qr_buffer_length(&out));
        int is_document = fuzz_is_document(f, copy, qr_buffer_length(&out));
        FUZZ_CHECK(is_document || !fuzz_is_document(f, data, size));
        free(copy);
    }
    qr_buffer_release(&out);
    free(piece);
}

static void fuzz_scan(const fuzz_scanner *f, const uint8_t *data, size_t size)
{
    if (size < 2)
        return;
    unsigned step = 1 + data[0] % 40;
    uint64_t seed = data[1];
    uint8_t *copy = fuzz_copy(data + 2, size -= 2);
    fuzz_parts whole = fuzz_split(f, copy, size, 0, 0), cut = fuzz_split(f, copy, size, step, seed), bytes = fuzz_split(f, copy, size, 1, 0);
    FUZZ_CHECK(whole.digest == cut.digest && whole.documents == cut.documents);
    FUZZ_CHECK(whole.digest == bytes.digest && whole.documents == bytes.documents);
    if (fuzz_is_document(f, copy, size)) {
        FUZZ_CHECK(whole.last < QR_SCAN_DEPTH);
        FUZZ_CHECK(whole.documents == 1 || (whole.documents == 0 && whole.last == QR_SCAN_MORE)); /* a number that the end ends */
    }
    if (f->partial)
        fuzz_partial(f, copy, size, size ? (step * 257 + seed) % (size + 1) : 0);
    free(copy);
}

#endif
