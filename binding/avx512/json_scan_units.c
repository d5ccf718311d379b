/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner of the standard library's json once more, compiled for AVX-512 (its flags are in binding/meson.build). */
#define QPY_FOR_AVX512
#include "binding/json/scan_units.c"
