/* SPDX-License-Identifier: Apache-2.0 */
/* transcode: a document of one format as the same document of another, token by token, with no values in between.
 *
 *     qr_reader reader;
 *     qr_buffer buffer;
 *     qr_reader_init(&reader, data, length, NULL, 0);
 *     qr_buffer_init(&buffer, &qr_memory_default);
 *     if (qr_transcode_json_to_msgpack(&reader, &buffer))
 *         ... buffer.base, qr_buffer_length(&buffer)
 *     else
 *         ... reader.error, reader.error_at, and reader.path when one was set
 *     qr_buffer_release(&buffer);
 *     qr_reader_release(&reader);
 *
 * Both take the whole document and append to the buffer: 1, or 0 when reading or writing failed. The reader then has the
 * error, also when it is one of writing; what the buffer holds is incomplete. Limits and options are the reader's; duplicate
 * keys pass as they are.
 *
 * What one format has and the other has not:
 *
 *   JSON to MessagePack    integers beyond 64 bits fail (OUT_OF_RANGE); lone surrogates, where the reader lets them pass,
 *                          fail (LONE_SURROGATE); -0 is the integer 0
 *   MessagePack to JSON    binary becomes Base64 text; a timestamp becomes RFC 3339 text in UTC, with nine digits where six
 *                          do not do (outside the years 0001 to 9999: OUT_OF_RANGE); other extensions fail
 *                          (UNSUPPORTED_TYPE), nan and infinity too (NON_FINITE)
 *     keys                 integers, floats, truth values, nil, binary and timestamps become the text that they are as
 *                          values; extensions, arrays and maps fail (UNSUPPORTED_KEY) */
#ifndef QUIRE_CORE_FORMAT_TRANSCODE_H
#define QUIRE_CORE_FORMAT_TRANSCODE_H

#include "core/base/buffer.h"
#include "core/base/reader.h"

int qr_transcode_json_to_msgpack(qr_reader *r, qr_buffer *b);
int qr_transcode_msgpack_to_json(qr_reader *r, qr_buffer *b);

#endif
