/* SPDX-License-Identifier: Apache-2.0 */
/* json_comments: JSON with comments (`//` to the end of the line, `/` `*` to `*` `/`) and a comma before a closing bracket, made JSON.
 *
 * One pass before reading: what is no JSON becomes spaces, so every other byte stays where it is and the reader knows nothing of it. */
#ifndef QUIRE_CORE_FORMAT_JSON_COMMENTS_H
#define QUIRE_CORE_FORMAT_JSON_COMMENTS_H

#include "core/base/port.h"

/* The n bytes at `from` go to `to`, line ends at their places. Returns where a comment begins that has no end, which stays as it is (a '/'
 * that the reader fails at), or a '/' that is last and may begin one; or n. */
size_t qr_json_blank_comments(uint8_t *to, const uint8_t *from, size_t n);

#endif
