/* SPDX-License-Identifier: Apache-2.0 */
/* document: input for the tests of readers, in a block of exactly its length and the 0 byte, so that the address sanitizer
 * sees every read beyond. */
#ifndef QUIRE_TESTS_C_DOCUMENT_H
#define QUIRE_TESTS_C_DOCUMENT_H

#include <pthread.h>

#include "core/base/reader.h"
#include "tests/c/quire_test.h"

typedef struct document {
    uint8_t *data;
    qr_reader reader;
    qr_path path;
} document;

QR_UNUSED static void document_open(document *self, const void *bytes, size_t length, const qr_limits *limits, uint32_t options)
{
    self->data = malloc(length + 1);
    if (length)
        memcpy(self->data, bytes, length);
    self->data[length] = 0;
    self->path = (qr_path){0};
    qr_reader_init(&self->reader, self->data, length, limits, options);
    self->reader.path = &self->path;
}

QR_UNUSED static void document_close(document *self)
{
    qr_reader_release(&self->reader);
    free(self->data);
}

/* Where the error is, or the length when there is none. */
QR_UNUSED static size_t document_error_at(const document *self)
{
    return qr_reader_offset(&self->reader, self->reader.error ? self->reader.error_at : self->reader.end);
}

/* What an outcome must be: the error, by its code so that a failure can be read, and its offset. */
#define CHECK_ERROR(self, code, offset) document_check_error(self, code, offset, __FILE__, __LINE__)
QR_UNUSED static int document_check_error(const document *self, const char *code, size_t offset, const char *file, int line)
{
    int same = qr_test_check_str(qr_error_code(self->reader.error), code, "error", file, line);
    return qr_test_check_eq((long long)document_error_at(self), (long long)offset, "offset of the error", file, line) && same;
}

QR_UNUSED static void *document_run(void *run)
{
    (*(void (**)(void))run)();
    return NULL;
}

enum { DEPTH_TRIED = 10000, STACK_LARGE = 256 << 20, STACK_SMALL = 256 << 10 };

/* Runs a test on a stack of that size: DEPTH_TRIED levels take some 4 MB when the compiler optimizes, and several times that when
 * it does not or when the sanitizers keep every variable apart. */
QR_UNUSED static void document_run_on(size_t size, void (*run)(void))
{
    pthread_t thread;
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, size) == 0);
    REQUIRE(pthread_create(&thread, &attributes, document_run, &run) == 0 && pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
}
QR_UNUSED static void document_run_deep(void (*run)(void)) { document_run_on(STACK_LARGE, run); }

#endif
