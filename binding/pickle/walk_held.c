/* SPDX-License-Identifier: Apache-2.0 */
/* The walker of everything: whatever is being written is held, and looked at anew after each item. */
#define PLAIN 0
#include "binding/pickle/walk.tmpl.h"
