/* SPDX-License-Identifier: Apache-2.0 */
/* json x Python objects once more, compiled for AVX-512 (its flags are in binding/meson.build). */
#define QPY_FOR_AVX512
#include "binding/format_json.c"
