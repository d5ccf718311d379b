/* SPDX-License-Identifier: Apache-2.0 */
/* unpacker: unpackb and Unpacker of quire.msgpack.
 *
 *   buffer:  done with | head .. not read yet .. tail | room, and one byte for the 0 behind the tail
 *
 * An Unpacker is busy while it reads: hooks and files are user code, and whatever they call on it is refused, but for tell(). */
#include "binding/attribute.h"
#include "binding/codec.h"
#include "binding/msgpack/module.h"
#include "binding/msgpack/options.h"

/* ---------------------------------------------------------------- input */

/* Any buffer of single bytes; what may change is copied. 1, or 0 with an exception. */
static int read_input(qpy_input *self, PyObject *data)
{
    if (QR_LIKELY(PyBytes_Check(data)))
        return qpy_input_init(self, data, 0);
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_FULL_RO) < 0)
        return 0;
    if (view.itemsize == 1)
        return qpy_input_copy(self, &view, PyBuffer_IsContiguous(&view, 'A') ? 'A' : 'C');
    PyErr_SetString(PyExc_BufferError, "cannot unpack from multi-byte object");
    PyBuffer_Release(&view);
    return 0;
}

/* Limits that were not given. Text and bytes are only looked at once they are there, so `longest` can't be exceeded by them. */
static void set_limits(qpy_unpack_options *options, Py_ssize_t longest)
{
    Py_ssize_t *const limits[] = {&options->max_str, &options->max_bin, &options->max_ext};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(limits); i++)
        if (*limits[i] == -1)
            *limits[i] = PY_SSIZE_T_MAX;
    if (options->max_array == -1)
        options->max_array = longest;
    if (options->max_map == -1)
        options->max_map = longest / 2;
}

/* ---------------------------------------------------------------- unpackb */

static PyObject *unpack_all(qpy_state *state, PyObject *packed, qpy_unpack_options *options)
{
    qpy_input input;
    qpy_unpack unpack;
    size_t used;
    PyObject *value = NULL;
    if (!read_input(&input, packed))
        return NULL;
    if (!qpy_unpack_options_check(options, state)) {
        qpy_input_release(&input);
        return NULL;
    }
    set_limits(options, (Py_ssize_t)input.length);
    qpy_unpack_init(&unpack, state, options);
    switch (qpy_unpack_run(&unpack, input.data, input.length, &used, &value)) {
    case QPY_UNPACK_DONE:
        if (QR_UNLIKELY(used < input.length))
            value = qpy_msgpack_raise_extra(value, input.data + used, input.length - used);
        break;
    case QPY_UNPACK_MORE: PyErr_SetString(PyExc_ValueError, "Unpack failed: incomplete input"); break;
    case QPY_UNPACK_FAILED: break;
    }
    if (QR_UNLIKELY(!value)) {
        PyObject *type, *error, *traceback; /* what is dropped must not see it */
        PyErr_Fetch(&type, &error, &traceback);
        qpy_unpack_release(&unpack);
        PyErr_Restore(type, error, traceback);
    }
    else
        qpy_unpack_release(&unpack);
    qpy_input_release(&input);
    return value;
}

static PyObject *unpackb(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    qpy_unpack_options options = QPY_UNPACK_OPTIONS_DEFAULT;
    PyObject *packed = count ? args[0] : NULL;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i), *value = args[count + i];
        if (!packed && PyUnicode_CompareWithASCIIString(name, "packed") == 0)
            packed = value;
        else if (!qpy_unpack_keyword(&options, "unpackb", name, value))
            return NULL;
    }
    if (!packed || count > 1) {
        PyErr_Format(PyExc_TypeError, "unpackb() takes exactly 1 positional argument (%zd given)", count);
        return NULL;
    }
    return unpack_all(qpy_state_of(module), packed, &options);
}

/* ---------------------------------------------------------------- life of an Unpacker */

typedef enum unpack_method { METHOD_NONE, METHOD_UNPACK, METHOD_SKIP, METHOD_ARRAY, METHOD_MAP } unpack_method;

typedef struct unpacker_object {
    PyObject_HEAD
    qpy_state *state;
    PyObject *module;
    PyObject *file_like, *read;  /* owned; NULL: feed */
    qpy_unpack_options options;  /* its objects are owned */
    Py_ssize_t read_size, max_buffer_size;
    uint8_t *buffer;
    size_t head, tail, room;
    size_t peeked;               /* bytes behind head that the package would have done with */
    uint64_t offset;             /* of head, in the stream */
    int busy;
    unpack_method open;          /* whose value is not all there */
    qpy_unpack unpack;
} unpacker_object;

static PyObject *unpacker_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args, (void)kwargs;
    qpy_state *state = qpy_state_of_type(type);
    unpacker_object *self = state ? (unpacker_object *)type->tp_alloc(type, 0) : NULL;
    if (!self)
        return NULL;
    self->state = state;
    self->module = Py_NewRef(state->module);
    self->options = (qpy_unpack_options)QPY_UNPACK_OPTIONS_DEFAULT;
    self->max_buffer_size = INT_MAX;
    self->read_size = 1 << 20;
    set_limits(&self->options, INT_MAX);
    qpy_unpack_init(&self->unpack, state, &self->options);
    return (PyObject *)self;
}

/* Drops the document that is open, and the input; keeps the options. */
static void start_again(unpacker_object *self)
{
    qpy_unpack_clear(&self->unpack);
    PyMem_Free(self->buffer);
    self->buffer = NULL;
    self->head = self->tail = self->room = self->peeked = 0;
    self->offset = 0;
    self->open = METHOD_NONE;
}

/* The objects that it owns: all pointers to them. */
#define UNPACKER_OBJECTS(X)                                                                                                    \
    X(file_like) X(read) X(options.object_hook) X(options.object_pairs_hook) X(options.list_hook) X(options.ext_hook) X(options.unicode_errors)

static int unpacker_traverse(PyObject *op, visitproc visit, void *arg)
{
    unpacker_object *self = (unpacker_object *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->module);
#define X(member) Py_VISIT(self->member);
    UNPACKER_OBJECTS(X)
#undef X
    for (PyObject **value = self->unpack.sink.base; value && value < self->unpack.sink.top; value++)
        Py_VISIT(*value);
    return 0;
}

static int unpacker_clear(PyObject *op)
{
    unpacker_object *self = (unpacker_object *)op;
    qpy_unpack_clear(&self->unpack);
#define X(member) Py_CLEAR(self->member);
    UNPACKER_OBJECTS(X)
#undef X
    self->options.errors = NULL;
    return 0;
}

static void unpacker_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    unpacker_object *self = (unpacker_object *)op;
    PyObject_GC_UnTrack(op);
    unpacker_clear(op);
    PyMem_Free(self->buffer);
    qpy_unpack_release(&self->unpack);
    Py_XDECREF(self->module);
    type->tp_free(op);
    Py_DECREF(type);
}

/* 1, or 0 with RuntimeError. */
static int is_free(unpacker_object *self, const char *refusal)
{
    if (QR_LIKELY(!self->busy))
        return 1;
    PyErr_SetString(PyExc_RuntimeError, refusal);
    return 0;
}

/* Sizes that go together; what was not given. 1, or 0 with an exception. */
static int check_sizes(qpy_unpacker_options *options)
{
    if (options->max_buffer_size == 0)
        options->max_buffer_size = INT_MAX;
    set_limits(&options->base, options->max_buffer_size);
    if (options->read_size > options->max_buffer_size) {
        PyErr_SetString(PyExc_ValueError, "read_size should be less or equal to max_buffer_size");
        return 0;
    }
    if (options->read_size == 0)
        options->read_size = options->max_buffer_size < 1 << 20 ? options->max_buffer_size : 1 << 20;
    if (options->read_size < 0) {
        PyErr_SetString(PyExc_ValueError, "read_size and max_buffer_size must not be negative");
        return 0;
    }
    return 1;
}

static int read_arguments(qpy_unpacker_options *options, PyObject *args, PyObject *kwargs)
{
    PyObject *name, *value;
    Py_ssize_t i = 0;
    if (PyTuple_GET_SIZE(args) > 1) {
        PyErr_Format(PyExc_TypeError, "__init__() takes at most 1 positional argument (%zd given)", PyTuple_GET_SIZE(args));
        return 0;
    }
    if (PyTuple_GET_SIZE(args) && PyTuple_GET_ITEM(args, 0) != Py_None)
        options->file_like = PyTuple_GET_ITEM(args, 0);
    while (kwargs && PyDict_Next(kwargs, &i, &name, &value)) {
        if (PyTuple_GET_SIZE(args) && PyUnicode_CompareWithASCIIString(name, "file_like") == 0) {
            PyErr_SetString(PyExc_TypeError, "__init__() got multiple values for keyword argument 'file_like'");
            return 0;
        }
        if (!qpy_unpacker_keyword(options, name, value))
            return 0;
    }
    return 1;
}

/* file_like.read, called again and again: a new reference, or NULL with an exception. */
static PyObject *find_read(PyObject *file_like)
{
    PyObject *read = qpy_attribute(file_like, "read");
    if (read && !PyCallable_Check(read)) {
        PyErr_SetString(PyExc_TypeError, "`file_like.read` must be a callable.");
        Py_CLEAR(read);
    }
    return read;
}

static int unpacker_init(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static const char *const refusal = "Unpacker.__init__() cannot be called while unpacking is in progress";
    unpacker_object *self = (unpacker_object *)op;
    qpy_unpacker_options options = {.base = QPY_UNPACK_OPTIONS_DEFAULT, .max_buffer_size = 100 * 1024 * 1024};
    PyObject *read = NULL;
    if (!is_free(self, refusal) || !read_arguments(&options, args, kwargs) || (options.file_like && !(read = find_read(options.file_like))))
        return -1;
    if (!check_sizes(&options) || !qpy_unpack_options_check(&options.base, self->state) || !is_free(self, refusal)) {
        Py_XDECREF(read);
        return -1;
    }
    self->busy = 1; /* what is dropped now may be user code */
    start_again(self);
    unpacker_object old = {.file_like = self->file_like, .read = self->read, .options = self->options};
    self->file_like = options.file_like;
    self->options = options.base;
    self->read_size = options.read_size;
    self->max_buffer_size = options.max_buffer_size;
#define X(member) Py_XINCREF(self->member);
    self->read = NULL;
    UNPACKER_OBJECTS(X)
#undef X
    self->read = read;
#define X(member) Py_XDECREF(old.member);
    UNPACKER_OBJECTS(X)
#undef X
    self->busy = 0;
    return 0;
}

/* ---------------------------------------------------------------- the buffer */

/* Makes room for n more bytes and the 0. 1, or 0 with BufferFull or MemoryError. */
static int make_room(unpacker_object *self, size_t n)
{
    size_t kept = self->tail - self->head;
    if (self->head && (kept == 0 || (self->head >= self->room / 2 && kept + n <= self->room))) {
        memmove(self->buffer, self->buffer + self->head, kept); /* what is moved is less than what was read since */
        self->tail = kept;
        self->head = 0;
    }
    if (self->buffer && n <= self->room - self->tail)
        return 1;
    size_t room = kept + n < (size_t)PY_SSIZE_T_MAX / 4 ? 2 * (kept + n) : 0;
    uint8_t *buffer = room ? PyMem_Malloc(room + 1) : NULL;
    if (!buffer) {
        PyErr_NoMemory();
        return 0;
    }
    if (kept)
        memcpy(buffer, self->buffer + self->head, kept);
    PyMem_Free(self->buffer);
    self->buffer = buffer;
    self->room = room;
    self->tail = kept;
    self->head = 0;
    return 1;
}

static int append(unpacker_object *self, const uint8_t *data, size_t n)
{
    size_t waiting = self->tail - self->head - self->peeked;
    if (n > (size_t)self->max_buffer_size - (waiting < (size_t)self->max_buffer_size ? waiting : (size_t)self->max_buffer_size)) {
        qpy_msgpack_raise("BufferFull", NULL);
        return 0;
    }
    if (n == 0)
        return 1;
    if (!make_room(self, n))
        return 0;
    memcpy(self->buffer + self->tail, data, n);
    self->tail += n;
    self->buffer[self->tail] = 0;
    return 1;
}

static PyObject *unpacker_feed(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    unpacker_object *self = (unpacker_object *)op;
    PyObject *data = qpy_one_argument("feed", "next_bytes", args, count, names);
    qpy_input input;
    if (!data || !is_free(self, "Unpacker.feed() cannot be called while unpacking is in progress"))
        return NULL;
    if (self->file_like) {
        PyErr_SetString(PyExc_AssertionError, "unpacker.feed() is not be able to use with `file_like`.");
        return NULL;
    }
    if (!read_input(&input, data))
        return NULL;
    /* getting at the buffer may have been user code */
    int ok = is_free(self, "Unpacker.feed() cannot be called while unpacking is in progress") && append(self, input.data, input.length);
    qpy_input_release(&input);
    if (!ok)
        return NULL;
    Py_RETURN_NONE;
}

/* 1, or 0 with an exception; at the end of the file there is none any more. */
static int read_from_file(unpacker_object *self)
{
    Py_ssize_t waiting = (Py_ssize_t)(self->tail - self->head - self->peeked), left = self->max_buffer_size - waiting;
    if (left <= 0) {
        qpy_msgpack_raise("BufferFull", NULL);
        return 0;
    }
    PyObject *size = PyLong_FromSsize_t(left < self->read_size ? left : self->read_size);
    PyObject *data = size ? PyObject_CallOneArg(self->read, size) : NULL;
    Py_XDECREF(size);
    int some = data ? PyObject_IsTrue(data) : -1, ok = some >= 0;
    if (some == 0) {
        Py_CLEAR(self->file_like);
        Py_CLEAR(self->read);
    }
    else if (some > 0 && !PyBytes_Check(data)) {
        PyErr_Format(PyExc_TypeError, "expected bytes, %.200s found", Py_TYPE(data)->tp_name);
        ok = 0;
    }
    else if (some > 0)
        ok = append(self, (const uint8_t *)PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data));
    Py_XDECREF(data);
    return ok;
}

/* ---------------------------------------------------------------- reading */

static const char *const SWITCH = "Cannot switch unpacking methods while an object is incomplete";

/* One step of a method over what is in the buffer. */
static qpy_unpack_result step(unpacker_object *self, unpack_method method, PyObject **value)
{
    const uint8_t *data = self->buffer ? self->buffer + self->head : (const uint8_t *)"";
    size_t length = self->tail - self->head, used = 0;
    uint32_t count = 0;
    qpy_unpack_result result;
    if (length == 0)
        return QPY_UNPACK_MORE;
    if (method == METHOD_UNPACK)
        result = qpy_unpack_run(&self->unpack, data, length, &used, value);
    else if (method == METHOD_SKIP)
        result = qpy_unpack_skip(&self->unpack, data, length, &used);
    else {
        result = qpy_unpack_header(data, length, &used, method == METHOD_MAP, &count);
        if (result == QPY_UNPACK_DONE && !(*value = PyLong_FromUnsignedLong(count)))
            result = QPY_UNPACK_FAILED;
    }
    self->head += used;
    self->offset += used;
    self->peeked = result == QPY_UNPACK_MORE && method <= METHOD_SKIP ? qpy_unpack_head(data + used, length - used) : 0;
    self->open = result == QPY_UNPACK_MORE ? method : METHOD_NONE;
    return result;
}

/* The value of a method; NULL with an exception, or (quietly) without one when there is no more input. */
static PyObject *unpack_next(unpacker_object *self, unpack_method method, int quietly)
{
    PyObject *value = NULL;
    if (!is_free(self, "Unpacker cannot be called recursively while unpacking is in progress"))
        return NULL;
    if (QR_UNLIKELY(self->open != METHOD_NONE && self->open != method)) {
        PyErr_SetString(PyExc_ValueError, SWITCH);
        return NULL;
    }
    self->busy = 1;
    for (;;) {
        qpy_unpack_result result = step(self, method, &value);
        if (result != QPY_UNPACK_MORE)
            break;
        if (self->file_like) {
            if (read_from_file(self))
                continue;
        }
        else if (!quietly)
            qpy_msgpack_raise("OutOfData", "No more data to unpack.");
        break;
    }
    self->busy = 0;
    if (method == METHOD_SKIP && !PyErr_Occurred())
        value = Py_NewRef(Py_None);
    return value;
}

static PyObject *unpacker_unpack(PyObject *op, PyObject *ignored) { (void)ignored; return unpack_next((unpacker_object *)op, METHOD_UNPACK, 0); }
static PyObject *unpacker_skip(PyObject *op, PyObject *ignored) { (void)ignored; return unpack_next((unpacker_object *)op, METHOD_SKIP, 0); }
static PyObject *unpacker_array(PyObject *op, PyObject *ignored) { (void)ignored; return unpack_next((unpacker_object *)op, METHOD_ARRAY, 0); }
static PyObject *unpacker_map(PyObject *op, PyObject *ignored) { (void)ignored; return unpack_next((unpacker_object *)op, METHOD_MAP, 0); }
static PyObject *unpacker_iternext(PyObject *op) { return unpack_next((unpacker_object *)op, METHOD_UNPACK, 1); }

/* What the file has beyond the buffer: bytes + file_like.read(n). */
static PyObject *read_rest(unpacker_object *self, PyObject *bytes, Py_ssize_t n)
{
    PyObject *size = PyLong_FromSsize_t(n), *rest = size ? qpy_call_method(self->file_like, "read", size) : NULL;
    PyObject *all = NULL;
    if (rest && !PyBytes_Check(rest))
        PyErr_Format(PyExc_TypeError, "can't concat %.200s to bytes", Py_TYPE(rest)->tp_name);
    else if (rest)
        all = PySequence_Concat(bytes, rest);
    Py_XDECREF(rest);
    Py_XDECREF(size);
    return all;
}

static PyObject *unpacker_read_bytes(PyObject *op, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    unpacker_object *self = (unpacker_object *)op;
    PyObject *size = qpy_one_argument("read_bytes", "nbytes", args, count, names);
    Py_ssize_t n = size ? PyNumber_AsSsize_t(size, PyExc_OverflowError) : -1;
    if (n == -1 && PyErr_Occurred())
        return NULL;
    if (!is_free(self, "Unpacker.read_bytes() cannot be called while unpacking is in progress"))
        return NULL;
    if (n < 0 || self->open != METHOD_NONE) {
        PyErr_SetString(PyExc_ValueError, n < 0 ? "the number of bytes to read must not be negative" : SWITCH);
        return NULL;
    }
    size_t have = self->tail - self->head, taken = have < (size_t)n ? have : (size_t)n;
    PyObject *bytes = PyBytes_FromStringAndSize(self->buffer ? (const char *)self->buffer + self->head : NULL, (Py_ssize_t)taken), *all = bytes;
    if (!bytes)
        return NULL;
    self->head += taken;
    if (taken < (size_t)n && self->file_like) {
        self->busy = 1;
        all = read_rest(self, bytes, n - (Py_ssize_t)taken);
        self->busy = 0;
        Py_DECREF(bytes);
    }
    self->offset += all ? (size_t)PyBytes_GET_SIZE(all) : taken;
    return all;
}

static PyObject *unpacker_tell(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    unpacker_object *self = (unpacker_object *)op;
    return PyLong_FromUnsignedLongLong(self->offset + self->peeked);
}

/* ---------------------------------------------------------------- the class */

#define WORDS(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS
static PyMethodDef unpacker_methods[] = {
    {"feed", WORDS(unpacker_feed), "feed($self, next_bytes)\n--\n\nAppends bytes to what is to be unpacked.\n\nRaises BufferFull when more than max_buffer_size would wait."},
    {"unpack", unpacker_unpack, METH_NOARGS, "unpack($self, /)\n--\n\nThe next object.\n\nRaises OutOfData when it is not all there."},
    {"skip", unpacker_skip, METH_NOARGS, "skip($self, /)\n--\n\nReads the next object and forgets it.\n\nRaises OutOfData when it is not all there."},
    {"read_array_header", unpacker_array, METH_NOARGS, "read_array_header($self, /)\n--\n\nHow many items the array has that is next: so many objects follow."},
    {"read_map_header", unpacker_map, METH_NOARGS, "read_map_header($self, /)\n--\n\nHow many pairs the map has that is next: twice as many objects follow."},
    {"read_bytes", WORDS(unpacker_read_bytes), "read_bytes($self, nbytes)\n--\n\nThe next bytes as they stand, fewer at the end."},
    {"tell", unpacker_tell, METH_NOARGS, "tell($self, /)\n--\n\nHow many bytes of the stream are done with."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot unpacker_slots[] = {
    {Py_tp_new, unpacker_new}, {Py_tp_init, unpacker_init}, {Py_tp_dealloc, unpacker_dealloc}, {Py_tp_traverse, unpacker_traverse}, {Py_tp_clear, unpacker_clear},
    {Py_tp_methods, unpacker_methods}, {Py_tp_iter, PyObject_SelfIter}, {Py_tp_iternext, unpacker_iternext},
    {Py_tp_doc,
     (char *)"Unpacker(file_like=None, *, read_size=0, use_list=True, raw=False, timestamp=0, strict_map_key=True, object_hook=None, object_pairs_hook=None, "
     "list_hook=None, unicode_errors=None, max_buffer_size=104857600, ext_hook=ExtType, max_str_len=-1, max_bin_len=-1, max_array_len=-1, "
     "max_map_len=-1, max_ext_len=-1)\n\nUnpacks a stream of objects, from a file or as it is fed, as the package msgpack does."},
    {0, NULL},
};
static PyType_Spec unpacker_spec = {
    .name = "quire.msgpack.Unpacker", .basicsize = sizeof(unpacker_object), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, .slots = unpacker_slots,
};
static PyMethodDef unpackb_def = {
    "unpackb", (PyCFunction)(void (*)(void))unpackb, METH_FASTCALL | METH_KEYWORDS,
    "unpackb(packed, *, object_hook=None, list_hook=None, use_list=True, raw=False, timestamp=0, strict_map_key=True, unicode_errors=None, "
    "object_pairs_hook=None, ext_hook=..., max_str_len=-1, max_bin_len=-1, max_array_len=-1, max_map_len=-1, max_ext_len=-1)\n--\n\n"
    "The object of a whole document, unpacked as the package msgpack does.\n\nRaises ExtraData when something follows it, ValueError when it is not complete, FormatError, StackError."};
static PyMethodDef types_def = {"_msgpack_types", qpy_msgpack_set_types, METH_VARARGS, "_msgpack_types($module, ext_type, timestamp, /)\n--\n\nHands over the classes of quire.msgpack.ext."};

int qpy_msgpack_init(PyObject *module, qpy_state *state)
{
    (void)state;
    PyObject *name = PyUnicode_FromString("quire.msgpack"), *function = name ? PyCFunction_NewEx(&unpackb_def, module, name) : NULL;
    PyObject *types = function ? PyCFunction_NewEx(&types_def, module, name) : NULL;
    PyObject *type = types ? PyType_FromModuleAndSpec(module, &unpacker_spec, NULL) : NULL;
    int status = -1;
    if (type && PyModule_AddObjectRef(module, "msgpack_unpackb", function) == 0 && PyModule_AddObjectRef(module, "_msgpack_types", types) == 0 && PyModule_AddObjectRef(module, "MsgpackUnpacker", type) == 0)
        status = qpy_msgpack_pack_init(module);
    Py_XDECREF(type);
    Py_XDECREF(types);
    Py_XDECREF(function);
    Py_XDECREF(name);
    return status;
}
