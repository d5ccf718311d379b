/* SPDX-License-Identifier: Apache-2.0 */
/* transcode: JSON on standard input becomes MessagePack on standard output, or the other way round.
 *
 *     transcode json < people.json > people.msgpack        names the format of the input
 *     transcode msgpack < people.msgpack
 *
 * Against an installed library: cc -o transcode transcode.c $(pkg-config --cflags --libs --static quire) */
#include <stdio.h>
#include <stdlib.h>

#include "core/format/transcode.h"

/* All of a stream and the 0 byte that readers rely on; NULL when it cannot be read. */
static uint8_t *read_all(FILE *file, size_t *length)
{
    size_t room = 65536, used = 0, got;
    uint8_t *data = malloc(room);
    while (data && (got = fread(data + used, 1, room - used - 1, file)) > 0) {
        used += got;
        if (used == room - 1) {
            uint8_t *bigger = room <= SIZE_MAX / 2 ? realloc(data, room *= 2) : NULL;
            if (!bigger)
                free(data);
            data = bigger;
        }
    }
    if (!data || ferror(file)) {
        free(data);
        return NULL;
    }
    data[used] = 0;
    *length = used;
    return data;
}

static void print_fault(const qr_reader *reader, int is_text)
{
    size_t line, column;
    qr_reader_position(reader, reader->error_at, &line, &column);
    fprintf(stderr, "transcode: %s (%s)", qr_error_message(reader->error), qr_error_code(reader->error));
    if (is_text)
        fprintf(stderr, " at line %zu, column %zu", line, column);
    fprintf(stderr, ", byte %zu\n", qr_reader_offset(reader, reader->error_at));
}

int main(int argc, char **argv)
{
    int from_json = argc == 2 && strcmp(argv[1], "json") == 0, done = 0;
    qr_reader reader;
    qr_buffer buffer;
    size_t length;
    if (!from_json && !(argc == 2 && strcmp(argv[1], "msgpack") == 0)) {
        fprintf(stderr, "usage: transcode json|msgpack < input > output\n");
        return 2;
    }
    uint8_t *data = read_all(stdin, &length);
    if (!data) {
        fprintf(stderr, "transcode: the input cannot be read\n");
        return 2;
    }
    qr_reader_init(&reader, data, length, NULL, 0);
    qr_buffer_init(&buffer, &qr_memory_default);
    if (!(from_json ? qr_transcode_json_to_msgpack(&reader, &buffer) : qr_transcode_msgpack_to_json(&reader, &buffer)))
        print_fault(&reader, from_json);
    else if (fwrite(buffer.base, 1, qr_buffer_length(&buffer), stdout) != qr_buffer_length(&buffer) || fflush(stdout) != 0)
        fprintf(stderr, "transcode: the output cannot be written\n");
    else
        done = 1;
    qr_buffer_release(&buffer);
    qr_reader_release(&reader);
    free(data);
    return done ? 0 : 1;
}
