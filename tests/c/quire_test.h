/* SPDX-License-Identifier: Apache-2.0 */
/* quire_test: the harness of the C test programs; each program includes it once.
 *
 *     static void test_sum(void)
 *     {
 *         CHECK(1 + 1 == 2);
 *         CHECK_EQ(sum(1, 1), 2);              two integers
 *         CHECK_STR_EQ(name, "quire");         two texts
 *         CHECK_BYTES_EQ(p, n, "\x01\x02", 2); two runs of bytes
 *         REQUIRE(pointer != NULL);            leaves the test when it does not hold
 *     }
 *     TEST_MAIN(TEST(test_sum), TEST(test_more))
 *
 * A check that fails prints its place and goes on; each check is an expression, 1 when it held. The program prints
 * "N passed, N failed" on its last line and exits with 1 when any test failed. Its arguments, if any, pick the tests
 * whose name contains one of them.
 *
 * Failing memory: the body below runs again and again, its first, second, third... allocation failing, until a run
 * needs no more than that (the last run sees no failure: memory.failed is 0). After each run no block may be left.
 *
 *     FOR_EACH_FAILURE(memory) {
 *         thing *t = thing_new(&memory.hook);
 *         CHECK((t == NULL) == memory.failed);
 *         thing_free(t);
 *     }
 *
 * Every resize moves the block, new room is filled with 0xA5, and only the n-th allocation fails (those after it
 * succeed), so that a forgotten error check shows. `continue` ends a run; do not `break` or `return` out of the body. */
#ifndef QUIRE_TESTS_C_QUIRE_TEST_H
#define QUIRE_TESTS_C_QUIRE_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/port.h"

typedef struct qr_test {
    const char *name;
    void (*run)(void);
} qr_test;

enum { QR_TEST_SHOWN = 20 }; /* failed checks printed for one test; the others are only counted */

static size_t qr_test_failures; /* of the running test */

#define CHECK(condition) qr_test_check(!!(condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(a, b) qr_test_check_eq((long long)(a), (long long)(b), #a " == " #b, __FILE__, __LINE__)
#define CHECK_STR_EQ(a, b) qr_test_check_str(a, b, #a " == " #b, __FILE__, __LINE__)
#define CHECK_BYTES_EQ(a, a_length, b, b_length) qr_test_check_bytes(a, a_length, b, b_length, #a " == " #b, __FILE__, __LINE__)
#define REQUIRE(condition) do { if (!qr_test_check(!!(condition), #condition, __FILE__, __LINE__)) return; } while (0)

#define TEST(function) {#function, function}
/* Built for AVX-512 (its twin without runs everywhere)? Then the machine must have it. */
#ifdef __AVX512VL__
#define QR_TEST_RUNS_HERE (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2"))
#else
#define QR_TEST_RUNS_HERE 1
#endif
enum { QR_TEST_SKIPPED = 77 }; /* as meson has it */

#define TEST_MAIN(...) \
    int main(int argc, char **argv) \
    { \
        if (!QR_TEST_RUNS_HERE) \
            return QR_TEST_SKIPPED; \
        static const qr_test tests[] = {__VA_ARGS__}; \
        return qr_test_run(tests, QR_ARRAY_LENGTH(tests), argc, argv); \
    }

/* 1 when this failure is to be described. */
QR_UNUSED static int qr_test_failed(const char *text, const char *file, int line)
{
    if (qr_test_failures++ < QR_TEST_SHOWN) {
        printf("%s:%d: failed: %s\n", file, line, text);
        return 1;
    }
    return 0;
}

QR_UNUSED static int qr_test_check(int holds, const char *text, const char *file, int line)
{
    if (!holds)
        qr_test_failed(text, file, line);
    return holds;
}

QR_UNUSED static int qr_test_check_eq(long long a, long long b, const char *text, const char *file, int line)
{
    if (a != b && qr_test_failed(text, file, line))
        printf("    left %lld, right %lld\n", a, b);
    return a == b;
}

QR_UNUSED static void qr_test_print_bytes(const char *label, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    printf("    %s (%zu) \"", label, length);
    for (size_t i = 0; i < length && i < 256; i++)
        printf(p[i] >= 0x20 && p[i] < 0x7F && p[i] != '\\' && p[i] != '"' ? "%c" : "\\x%02x", p[i]);
    puts(length > 256 ? "\"..." : "\"");
}

QR_UNUSED static int qr_test_check_bytes(const void *a, size_t a_length, const void *b, size_t b_length, const char *text, const char *file, int line)
{
    int holds = a_length == b_length && (a_length == 0 || memcmp(a, b, a_length) == 0);
    if (!holds && qr_test_failed(text, file, line)) {
        qr_test_print_bytes("left", a, a_length);
        qr_test_print_bytes("right", b, b_length);
    }
    return holds;
}

QR_UNUSED static int qr_test_check_str(const char *a, const char *b, const char *text, const char *file, int line)
{
    if (a == NULL || b == NULL)
        return qr_test_check(a == b, text, file, line);
    return qr_test_check_bytes(a, strlen(a), b, strlen(b), text, file, line);
}

QR_UNUSED static int qr_test_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(name, argv[i]))
            return 1;
    return argc <= 1;
}

QR_UNUSED static int qr_test_run(const qr_test *tests, size_t count, int argc, char **argv)
{
    size_t passed = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!qr_test_wanted(tests[i].name, argc, argv))
            continue;
        qr_test_failures = 0;
        tests[i].run();
        if (qr_test_failures == 0) {
            passed++;
            continue;
        }
        failed++;
        printf("FAILED %s: %zu checks\n", tests[i].name, qr_test_failures);
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed != 0;
}

/* The generator of random test input: the same sequence on every machine (splitmix64). */
QR_UNUSED static uint64_t qr_test_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Memory that counts its blocks and fails one allocation. */
typedef struct qr_test_memory {
    qr_memory hook;     /* give out &memory.hook */
    size_t fail_at;     /* which allocation fails, counted from 1; 0: none */
    size_t allocations; /* asked for so far (frees do not count) */
    size_t blocks;      /* outstanding */
    size_t bytes;       /* outstanding */
    int failed;         /* 1 once an allocation was refused */
} qr_test_memory;

typedef union qr_test_block {
    size_t size;
    max_align_t align;
} qr_test_block;

QR_UNUSED static void *qr_test_memory_resize(void *context, void *block, size_t size)
{
    qr_test_memory *self = context;
    qr_test_block *old = block ? (qr_test_block *)block - 1 : NULL, *new_block = NULL;
    if (size != 0) {
        if (++self->allocations == self->fail_at || size > SIZE_MAX / 2 || !(new_block = malloc(sizeof(qr_test_block) + size))) {
            self->failed = 1;
            return NULL;
        }
        new_block->size = size;
        memset(new_block + 1, 0xA5, size);
        if (old)
            memcpy(new_block + 1, old + 1, old->size < size ? old->size : size);
        self->blocks++;
        self->bytes += size;
    }
    if (old) {
        self->blocks--;
        self->bytes -= old->size;
        free(old);
    }
    return new_block ? new_block + 1 : NULL;
}

/* The object must stay where it is while its hook is in use. fail_at 0 only counts. */
QR_UNUSED static void qr_test_memory_init(qr_test_memory *self, size_t fail_at)
{
    *self = (qr_test_memory){.hook = {qr_test_memory_resize, self}, .fail_at = fail_at};
}

/* Whether another run is due: the first one, or after a run in which an allocation still failed. */
QR_UNUSED static int qr_test_memory_again(qr_test_memory *self, const char *file, int line)
{
    size_t next = self->fail_at + 1;
    if (self->fail_at) {
        if (self->blocks && qr_test_failed("no block is left after the run", file, line))
            printf("    %zu blocks, %zu bytes, allocation %zu failing\n", self->blocks, self->bytes, self->fail_at);
        if (self->allocations < self->fail_at)
            return 0;
    }
    qr_test_memory_init(self, next);
    return 1;
}
#define FOR_EACH_FAILURE(memory) \
    for (qr_test_memory memory = {.fail_at = 0}; qr_test_memory_again(&memory, __FILE__, __LINE__);)

#endif
