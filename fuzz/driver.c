/* SPDX-License-Identifier: Apache-2.0 */
/* driver: runs a fuzz target without libFuzzer: every file that is named or lies in a folder that is named, then, with
 * -runs=N, N changed copies of them. The same -seed=S gives the same copies everywhere. The input that a sanitizer or a check
 * stops at is left in the file <prefix>crash-<target>, the prefix given by -artifact_prefix=. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

typedef struct input {
    uint8_t *data;
    size_t size;
} input;

enum { SIZE_MOST = 4096 };

static input *inputs;
static size_t input_count;
static input running; /* what the target is looking at */
static char crash_path[512];

/* The sanitizers' hook, when they are there. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void keep_running_input(void)
{
    int file = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0 && write(file, running.data, running.size) == (ssize_t)running.size)
        fprintf(stderr, "the input is in %s\n", crash_path);
    if (file >= 0)
        close(file);
}

static void on_signal(int number)
{
    keep_running_input();
    signal(number, SIG_DFL);
    raise(number);
}

static void run(uint8_t *data, size_t size)
{
    running = (input){data, size};
    LLVMFuzzerTestOneInput(data, size);
}

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "%s: %s: %s\n", path, what, strerror(errno));
    exit(2);
}

static void add_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t room = 4096, size = 0, got;
    uint8_t *data = malloc(room);
    if (!file || !data)
        fail("cannot be read", path);
    while ((got = fread(data + size, 1, room - size, file)) > 0) {
        size += got;
        if (size == room && !(data = realloc(data, room *= 2)))
            fail("is too large", path);
    }
    if (ferror(file))
        fail("cannot be read", path);
    fclose(file);
    inputs = realloc(inputs, (input_count + 1) * sizeof *inputs);
    if (!inputs)
        fail("no memory", path);
    inputs[input_count++] = (input){data, size};
}

static int is_earlier(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* In the order of the names, so that a run is the same on every machine. */
static void add_folder(const char *path)
{
    DIR *folder = opendir(path);
    char **names = NULL;
    size_t count = 0;
    if (!folder)
        fail("cannot be read", path);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        size_t length = strlen(path) + strlen(entry->d_name) + 2;
        names = realloc(names, (count + 1) * sizeof *names);
        if (!names || !(names[count] = malloc(length)))
            fail("no memory", path);
        snprintf(names[count++], length, "%s/%s", path, entry->d_name);
    }
    closedir(folder);
    if (count)
        qsort(names, count, sizeof *names, is_earlier);
    for (size_t i = 0; i < count; i++) {
        add_file(names[i]);
        free(names[i]);
    }
    free(names);
}

static uint64_t random_number(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t limit) { return limit ? (size_t)(random_number(state) % limit) : 0; }

/* What tends to matter to one of the formats. */
static const char *const words[] = {
    "\"", "\\", "\\u", "\\ud800", "\\udc00", "\\n", "{", "}", "[", "]", ",", ":", "null", "true", "false", "0", "-", "1e", ".5", "E+", "18446744073709551616", "-9223372036854775808",
    "NaN", "Infinity", " ", "\"a\":", "\"kind\":", "\"id\":", "\xc0", "\xc1", "\xc4\x04", "\xca", "\xcb", "\xcf", "\xd3", "\xd4", "\xd6\xff", "\xd7\xff", "\xd9", "\xdb\xff\xff\xff\xff", "\xdc", "\xdd\xff\xff\xff\xff",
    "\xde", "\xdf\xff\xff\xff\xff", "\x81", "\x91", "\xe0", "\xff", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x7f", "\x80", "0123456789abcdef",
};

/* One change of the size bytes in a room of SIZE_MOST; the new size. */
static size_t change(uint8_t *data, size_t size, uint64_t *state)
{
    size_t at = below(state, size + 1), n;
    const uint8_t *from;
    switch (below(state, 8)) {
    case 0: /* a bit */
        if (at < size)
            data[at] ^= (uint8_t)(1u << below(state, 8));
        return size;
    case 1: /* a byte */
        if (at < size)
            data[at] = (uint8_t)random_number(state);
        return size;
    case 2: /* a byte a little larger or smaller */
        if (at < size)
            data[at] = (uint8_t)(data[at] + below(state, 9) - 4);
        return size;
    case 3: /* the end is cut off */
        return at;
    case 4: /* a part is taken out */
        n = below(state, size - at + 1);
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 5: /* a word is put in */
        from = (const uint8_t *)words[below(state, sizeof words / sizeof *words)];
        n = strlen((const char *)from);
        break;
    case 6: { /* a part of another input is put in */
        const input *other = &inputs[below(state, input_count)];
        size_t start = below(state, other->size + 1);
        from = other->data + start;
        n = below(state, other->size - start + 1);
        break;
    }
    default: { /* a part is repeated, perhaps many times */
        n = below(state, size - at + 1);
        size_t times = below(state, 4) ? 1 : 1 + below(state, 64);
        uint8_t part[SIZE_MOST];
        memcpy(part, data + at, n);
        for (; times && n && n <= SIZE_MOST - size; times--, size += n) {
            memmove(data + at + n, data + at, size - at);
            memcpy(data + at, part, n);
        }
        return size;
    }
    }
    if (n > SIZE_MOST - size)
        return size;
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, from, n);
    return size + n;
}

static void run_changed(size_t runs, uint64_t seed)
{
    uint64_t state = seed;
    uint8_t data[SIZE_MOST];
    for (; runs; runs--) {
        const input *base = &inputs[below(&state, input_count)];
        size_t size = base->size < SIZE_MOST ? base->size : SIZE_MOST;
        memcpy(data, base->data, size);
        for (size_t changes = 1 + below(&state, 6); changes; changes--)
            size = change(data, size, &state);
        run(data, size);
    }
}

int main(int argc, char **argv)
{
    size_t runs = 0, replayed;
    uint64_t seed = 1;
    const char *name = strrchr(argv[0], '/'), *prefix = "";
    struct stat status;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-runs=", 6) == 0)
            runs = strtoul(argv[i] + 6, NULL, 10);
        else if (strncmp(argv[i], "-seed=", 6) == 0)
            seed = strtoull(argv[i] + 6, NULL, 10);
        else if (strncmp(argv[i], "-artifact_prefix=", 17) == 0)
            prefix = argv[i] + 17;
        else if (argv[i][0] == '-') {
            fprintf(stderr, "usage: %s [-runs=N] [-seed=S] [-artifact_prefix=P] file or folder ...\n", argv[0]);
            return 2;
        }
        else if (stat(argv[i], &status) != 0)
            fail("is not there", argv[i]);
        else if (S_ISDIR(status.st_mode))
            add_folder(argv[i]);
        else
            add_file(argv[i]);
    }
    if (input_count == 0) {
        fprintf(stderr, "%s: no input was named\n", argv[0]);
        return 2;
    }
    snprintf(crash_path, sizeof crash_path, "%scrash-%s", prefix, name ? name + 1 : argv[0]);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(keep_running_input);
    else
        signal(SIGSEGV, on_signal);
    signal(SIGABRT, on_signal);
    for (replayed = 0; replayed < input_count; replayed++)
        run(inputs[replayed].data, inputs[replayed].size);
    run_changed(runs, seed);
    printf("%zu inputs, %zu changed\n", replayed, runs);
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].data);
    free(inputs);
    return 0;
}
