/* SPDX-License-Identifier: Apache-2.0 */
/* Events of containers and code objects, faults in between, the heads of .pyc files. */
#include "core/format/marshal_walk.h"
#include "tests/c/quire_test.h"

/* The kinds of the events as letters: the code of an item, '#' for a number, ')' for an end; then the error. */
static qr_error walk(const char *bytes, size_t n, unsigned version, const qr_memory *memory, char *letters, size_t room)
{
    uint8_t *copy = malloc(n + 1);
    qr_reader r;
    qr_marshal_walk walk;
    qr_marshal_event event;
    size_t count = 0;
    if (!copy)
        exit(2);
    memcpy(copy, bytes, n);
    copy[n] = 0;
    qr_reader_init(&r, copy, n, NULL, 0);
    if (memory)
        r.memory = memory;
    qr_marshal_walk_init(&walk, &r, version);
    while (qr_marshal_walk_next(&walk, &event) && count + 1 < room)
        letters[count++] = event.kind == QR_MARSHAL_EVENT_END ? ')' : event.kind == QR_MARSHAL_EVENT_NUMBER ? '#' : (char)event.item.code;
    letters[count] = 0;
    qr_error error = r.error;
    qr_marshal_walk_release(&walk);
    qr_reader_release(&r);
    free(copy);
    return error;
}
#define WALK(text, version) walk((text), sizeof(text) - 1, version, NULL, letters, sizeof letters)

static void test_containers(void)
{
    char letters[64];
    CHECK_EQ(WALK("N", 0), QR_ERROR_NONE);
    CHECK_EQ(strcmp(letters, "N"), 0);
    CHECK_EQ(WALK("[\2\0\0\0N)\1T", 0), QR_ERROR_NONE);
    CHECK_EQ(strcmp(letters, "[N)T))"), 0);
    CHECK_EQ(WALK("{NT{00", 0), QR_ERROR_INVALID_BYTE); /* a dict as a key, and no value */
    CHECK_EQ(strcmp(letters, "{NT{)"), 0);
    CHECK_EQ(WALK("{N)\0" "0", 0), QR_ERROR_NONE);
    CHECK_EQ(strcmp(letters, "{N)))"), 0);
    CHECK_EQ(WALK(":NNN", 0), QR_ERROR_NONE);
    CHECK_EQ(strcmp(letters, ":NNN)"), 0);
    CHECK_EQ(WALK("0", 0), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(WALK(")\1" "0", 0), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(WALK("{N0", 0), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(WALK("(\xFF\xFF\xFF\x7FN", 0), QR_ERROR_TRUNCATED);
    CHECK_EQ(WALK("", 0), QR_ERROR_EMPTY);
}

static void test_code(void)
{
    char letters[64];
    CHECK_EQ(WALK("cNNN", 0), QR_ERROR_INVALID_BYTE);
    CHECK_EQ(WALK("c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0NNNNNNNN\0\0\0\0N", 207), QR_ERROR_NONE);
    CHECK_EQ(strcmp(letters, "c####NNNNNNNN#N)"), 0);
    CHECK_EQ(WALK("c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0NNNNNNNN\0\0\0\0NN", 311), QR_ERROR_NONE);
    CHECK_EQ(strcmp(letters, "c#####NNNNNNNN#NN)"), 0);
    CHECK_EQ(WALK("c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0NNNNNNNN\0\0\0", 311), QR_ERROR_TRUNCATED);
}

static void test_depth(void)
{
    char letters[4000];
    char deep[2 * 1100];
    for (size_t i = 0; i < sizeof deep; i += 2)
        memcpy(deep + i, ")\1", 2);
    CHECK_EQ(walk(deep, sizeof deep, 0, NULL, letters, sizeof letters), QR_ERROR_DEPTH);
    CHECK_EQ(strlen(letters), QR_DEPTH_DEFAULT);
}

static void *no_memory(void *context, void *block, size_t size)
{
    (void)context, (void)block, (void)size;
    return NULL;
}

static void test_memory(void)
{
    static const qr_memory none = {no_memory, NULL};
    char letters[8];
    CHECK_EQ(walk(")\1N", 3, 0, &none, letters, sizeof letters), QR_ERROR_MEMORY);
    CHECK_EQ(walk("N", 1, 0, &none, letters, sizeof letters), QR_ERROR_NONE);
}

static void test_heads(void)
{
    qr_pyc_head head;
    const uint8_t *old = (const uint8_t *)"\x03\xF3\r\n\1\0\0\0", *new = (const uint8_t *)"\xA7\r\r\n\0\0\0\0\1\0\0\0\2\0\0\0", *hashed = (const uint8_t *)"\xA7\r\r\n\3\0\0\0hhhhhhhh";
    CHECK(qr_pyc_read_head(old, 8, &head));
    CHECK_EQ(head.version, 207);
    CHECK_EQ(head.length, 8);
    CHECK_EQ(head.mtime, 1);
    CHECK(qr_pyc_read_head(new, 16, &head));
    CHECK_EQ(head.version, 311);
    CHECK_EQ(head.mtime, 1);
    CHECK_EQ(head.size, 2);
    CHECK(head.hash == NULL);
    CHECK(qr_pyc_read_head(hashed, 16, &head));
    CHECK_EQ(head.flags, 3);
    CHECK(head.hash == hashed + 8);
    for (size_t n = 0; n < 16; n++)
        CHECK(!qr_pyc_read_head(new, n, &head));
    CHECK(!qr_pyc_read_head((const uint8_t *)"\1\1\r\n\0\0\0\0\1\0\0\0\2\0\0\0", 16, &head));
}

TEST_MAIN(TEST(test_containers), TEST(test_code), TEST(test_depth), TEST(test_memory), TEST(test_heads))
