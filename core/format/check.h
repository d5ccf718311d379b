/* SPDX-License-Identifier: Apache-2.0 */
/* check: is the whole document in the reader of that type? Makes nothing, allocates nothing but a reader's scratch.
 *
 *     qr_path path = {0};
 *     qr_reader reader;
 *     qr_reader_init(&reader, data, length, NULL, 0);
 *     reader.path = &path;
 *     if (!qr_json_check(&reader, plan))
 *         ... reader.error, reader.error_at, path say what, where, and how to get there
 *     qr_reader_release(&reader);
 *
 * With a NULL plan any document of the format is right. A field that comes twice is an error; other maps are not searched for
 * duplicate keys, whatever the limits say: that would take memory. */
#ifndef QUIRE_CORE_FORMAT_CHECK_H
#define QUIRE_CORE_FORMAT_CHECK_H

#include "core/base/reader.h"
#include "core/plan/plan.h"

#define X(NAME, name) int qr_##name##_check(qr_reader *r, const qr_plan *plan);
#include "core/format/formats.def"
#undef X

#endif
