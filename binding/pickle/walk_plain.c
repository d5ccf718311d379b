/* SPDX-License-Identifier: Apache-2.0 */
/* The walker of what runs no user code: references are borrowed, what has one reference is not looked up. */
#define PLAIN 1
#include "binding/pickle/walk.tmpl.h"
