/* SPDX-License-Identifier: Apache-2.0 */
/* stack: how deep a document may be followed: as far as the limit says, and as the stack of the calling thread has room.
 *
 * Whoever goes down a document calls itself, some hundred bytes a level, and a thread may have 256 KiB or less. Looking at the
 * stack in each level would cost each container. So levels are counted as they are anyway, and only some at a time may be
 * entered: the first QR_STACK_FREE are taken to fit, and when none is left (cold) the stack is looked at and, where it has room for as
 * many of the largest levels there are, the next QR_STACK_BATCH are lent. A container that needs them is read once more by the
 * same function, and when it is done they are given back: what follows it may have larger frames.
 *
 *     static int read_array(reader *r, iter iter)
 *     {
 *         QR_STACK_ENTER(&r->depth, more(r), 0, read_array(r, iter));
 *         ...
 *         r->depth.left++;
 *
 * tests/py/test_stack.py holds the sizes against the frames, also the sanitizers'. */
#ifndef QUIRE_CORE_BASE_STACK_H
#define QUIRE_CORE_BASE_STACK_H

#include "core/base/port.h"

/* Sanitizers, and builds without optimization, make frames several times as large. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define QR_STACK_FACTOR 6
#else
#define QR_STACK_FACTOR 1
#endif

enum {
    QR_STACK_FREE = 32,                            /* levels that nobody asks about */
    QR_STACK_BATCH = 16,
    QR_STACK_LEVEL = 1536 * QR_STACK_FACTOR,       /* bytes of the largest level */
    QR_STACK_RESERVE = 64 * 1024 * QR_STACK_FACTOR, /* below the last one: user code and what it decodes, the allocator */
    QR_STACK_UNKNOWN = 256 * 1024                  /* what there is taken to be where its end cannot be found */
};

typedef struct qr_depth {
    uint32_t left;   /* levels that may be entered */
    uint32_t deeper; /* the rest */
    uintptr_t end;   /* of the stack, the reserve left out; 0: not yet looked at */
} qr_depth;

QR_INLINE void qr_depth_init(qr_depth *self, uint32_t levels)
{
    self->left = levels < QR_STACK_FREE ? levels : QR_STACK_FREE;
    self->deeper = levels - self->left;
    self->end = 0;
}

/* With none left: lends some and says how many, 0 when that is too deep. */
QR_COLD uint32_t qr_depth_lend(qr_depth *self);
QR_INLINE void qr_depth_give_back(qr_depth *self, uint32_t levels)
{
    self->left = 0;
    self->deeper += levels;
}

/* One level down, at the head of a function that is as before when it is called `again`. `lend`: qr_depth_lend, or a function around it
 * that also notes the fault; on 0 the function returns `failed`. */
#define QR_STACK_ENTER(depth, lend, failed, again)                                                                         \
    do {                                                                                                                   \
        if (QR_UNLIKELY((depth)->left == 0)) {                                                                             \
            uint32_t lent_ = lend;                                                                                         \
            if (!lent_)                                                                                                    \
                return failed;                                                                                             \
            __typeof__(again) result_ = again;                                                                             \
            qr_depth_give_back(depth, lent_);                                                                              \
            return result_;                                                                                                \
        }                                                                                                                  \
        (depth)->left--;                                                                                                   \
    } while (0)

#endif
