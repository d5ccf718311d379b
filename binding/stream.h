/* SPDX-License-Identifier: Apache-2.0 */
/* stream: documents in other things than one bytes object: in the midst of a buffer, one after the other, in files, in pieces.
 *
 * Methods of Encoder and Decoder that are the same for every format: they know it by its qpy_codec (codec.h). codec_output.c writes into
 * buffers and files, codec_input.c reads from them, codec_lines.c iterates over many documents in memory, stream.c takes them in pieces. */
#ifndef QUIRE_BINDING_STREAM_H
#define QUIRE_BINDING_STREAM_H

#include "binding/codec.h"

/* Bytes to look at. stable: they are bytes of an object that does not change, with a 0 behind them. Other buffers stay locked (a
 * bytearray cannot be resized, a memoryview not released) but may change: each part of them that is read is copied first. */
typedef struct qpy_window {
    const uint8_t *data;
    size_t length;
    int stable;
    qpy_input input; /* stable */
    Py_buffer view;  /* otherwise */
} qpy_window;
/* 1, or 0 with an exception: function says who asks. A str is taken by text formats where text is allowed. What is not contiguous is copied. */
int qpy_window_init(qpy_window *self, PyObject *data, int is_text, const char *function);
void qpy_window_release(qpy_window *self);

/* (data, offset=0) of functions whose offset counts bytes: 1, or 0 with an exception. */
int qpy_offset_argument(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *names, size_t *offset);

/* Sets the exception for a fault that the reader need not see: at `at` in the document. */
void qpy_document_fail(qpy_decoder *decoder, const qpy_document *document, qr_error error, const uint8_t *at);
/* A scanner of the documents that this decoder reads. */
void qpy_document_scan_init(const qpy_decoder *decoder, qr_scan *scan);
/* After a failed decode: may what comes behind the document still be read? (It was of another type, or user code refused it.) */
int qpy_document_was_refused(const qpy_document *document);
/* After a failed decode: did it fail for reasons that are not the document's (memory, an interrupt)? */
int qpy_document_was_interrupted(void);

PyObject *qpy_encoder_encode_into(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *qpy_encoder_encode_lines(PyObject *self, PyObject *objects);
PyObject *qpy_encoder_write(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *qpy_decoder_decode_from(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *qpy_decoder_decode_lines(PyObject *self, PyObject *data);
PyObject *qpy_decoder_read(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *qpy_decoder_stream(PyObject *self, PyObject *unused);

#define QPY_FAST(function) ((PyCFunction)(void (*)(void))(function))

#define QPY_ENCODER_STREAM_METHODS                                                                                                                       \
    {"encode_into", QPY_FAST(qpy_encoder_encode_into), METH_FASTCALL | METH_KEYWORDS,                                                                    \
     "encode_into($self, obj, buffer, /, offset=0)\n--\n\nWrites the object into a writable buffer from offset on and returns where it ends.\n\n"            \
     "The buffer keeps its size. When the object does not fit, or cannot be encoded, nothing is written: EncodeError."},                                 \
    {"encode_lines", qpy_encoder_encode_lines, METH_O,                                                                                                   \
     "encode_lines($self, objs, /)\n--\n\nThe objects of an iterable as documents one after the other: JSON with a line end behind each (NDJSON)."},     \
    {"write", QPY_FAST(qpy_encoder_write), METH_FASTCALL,                                                                                                \
     "write($self, obj, fp, /)\n--\n\nWrites the object to a binary file and returns the number of bytes.\n\n"                                           \
     "It is encoded first: nothing is written when that fails. Partial writes of raw files are gone on with."},

#define QPY_DECODER_STREAM_METHODS                                                                                                                       \
    {"decode_from", QPY_FAST(qpy_decoder_decode_from), METH_FASTCALL | METH_KEYWORDS,                                                                    \
     "decode_from($self, data, /, offset=0)\n--\n\nThe value of the document at a byte offset of a buffer, and the offset behind it."},                     \
    {"decode_lines", qpy_decoder_decode_lines, METH_O,                                                                                                   \
     "decode_lines($self, data, /)\n--\n\nAn iterator over the values of many documents: JSON one in a line, MessagePack and pickles one after the other.\n\n"       \
     "Lazy: no more than one of them is held. Blank lines are passed over. After an error in a line iteration goes on behind it."},                      \
    {"read", QPY_FAST(qpy_decoder_read), METH_FASTCALL | METH_KEYWORDS,                                                                                  \
     "read($self, fp_or_path, /, *, mmap=False)\n--\n\nThe value of the document in a file, given by its path or open.\n\n"                              \
     "mmap=True maps a file instead of reading it: it must not be changed or cut off meanwhile."},                                                       \
    {"stream", qpy_decoder_stream, METH_NOARGS,                                                                                                          \
     "stream($self)\n--\n\nA Stream: documents one after the other in pieces that end anywhere."},

int qpy_stream_init(PyObject *module, qpy_state *state);
int qpy_lines_init(PyObject *module, qpy_state *state);

#endif
