/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of json with options once more, compiled for AVX-512 (its flags are in binding/meson.build). */
#define QPY_FOR_AVX512
#include "binding/json_styled.c"
