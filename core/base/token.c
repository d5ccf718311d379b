/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/token.h"

const char *qr_token_kind_name(qr_token_kind kind)
{
    static const char *const names[] = {"nothing", "null", "bool", "int", "int", "int", "float", "str", "bytes", "extension", "array", "object", "object"};
    return (unsigned)kind < QR_ARRAY_LENGTH(names) ? names[kind] : names[0];
}
