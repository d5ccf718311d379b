/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* pthread_getattr_np */
#endif
#include "core/base/stack.h"

#include <pthread.h>
#if defined(__linux__)
#include <sys/auxv.h>
#include <sys/resource.h>
#endif

enum { MAIN_STACK_MOST = 64 * 1024 * 1024 }; /* Linux leaves 128 MiB below the main stack whatever its limit was when the program started */

/* Is `here` in the stack of `size` bytes below `high`? Then its end. */
static uintptr_t end_within(uintptr_t here, uintptr_t high, size_t size) { return here <= high && high - here < size ? high - size : 0; }

#if defined(__linux__)
/* The main thread's stack starts right below the program's name and grows to the limit. pthread_getattr_np knows it too, but has to
 * read /proc for it: fifty times as long. */
static uintptr_t main_end(uintptr_t here)
{
    struct rlimit limit;
    uintptr_t high = (uintptr_t)getauxval(AT_EXECFN);
    if (!high || getrlimit(RLIMIT_STACK, &limit) != 0)
        return 0;
    return end_within(here, high, limit.rlim_cur < MAIN_STACK_MOST ? (size_t)limit.rlim_cur : (size_t)MAIN_STACK_MOST);
}

static uintptr_t thread_end(uintptr_t here)
{
    pthread_attr_t attributes;
    void *base;
    size_t size;
    uintptr_t end = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return 0;
    if (pthread_attr_getstack(&attributes, &base, &size) == 0)
        end = end_within(here, (uintptr_t)base + size, size);
    pthread_attr_destroy(&attributes);
    return end;
}
#elif defined(__APPLE__)
static uintptr_t main_end(uintptr_t here) { return (void)here, 0; }
static uintptr_t thread_end(uintptr_t here)
{
    pthread_t self = pthread_self();
    return end_within(here, (uintptr_t)pthread_get_stackaddr_np(self), pthread_get_stacksize_np(self));
}
#else
static uintptr_t main_end(uintptr_t here) { return (void)here, 0; }
static uintptr_t thread_end(uintptr_t here) { return (void)here, 0; }
#endif

/* Who runs on a stack of his own (a coroutine's) is in none of these. */
static uintptr_t find_end(uintptr_t here)
{
    uintptr_t end = main_end(here);
    if (!end)
        end = thread_end(here);
    if (!end)
        end = here > QR_STACK_UNKNOWN ? here - QR_STACK_UNKNOWN : 0;
    return end + QR_STACK_RESERVE;
}

uint32_t qr_depth_lend(qr_depth *self)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uint32_t lent = self->deeper < QR_STACK_BATCH ? self->deeper : QR_STACK_BATCH;
    if (lent && !self->end)
        self->end = find_end(here);
    if (lent == 0 || here < self->end || here - self->end < (size_t)QR_STACK_BATCH * QR_STACK_LEVEL)
        return 0;
    self->deeper -= lent;
    return self->left = lent;
}
