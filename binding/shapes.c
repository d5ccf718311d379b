/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/shapes.h"

#include "binding/cpython_private.h"
#include "binding/text.h"
#include "core/format/json.h"
#include "core/format/msgpack.h"

enum { BLOCK = 64 };

qpy_shapes *qpy_shapes_new(int templates)
{
    qpy_shapes *self = PyMem_Calloc(1, sizeof *self);
    if (!self)
        return (qpy_shapes *)PyErr_NoMemory();
    self->templates = templates;
    return self;
}

static void drop_nodes(qpy_shapes *self)
{
    for (size_t i = 0; i < self->count; i++) {
        qpy_shape *shape = &self->blocks[i / BLOCK][i % BLOCK];
        Py_CLEAR(shape->key);
        Py_CLEAR(shape->template_);
    }
    self->count = 0;
    self->root = self->bytes_root = NULL;
}

void qpy_shapes_free(qpy_shapes *self)
{
    if (!self)
        return;
    drop_nodes(self);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(self->blocks); i++)
        PyMem_Free(self->blocks[i]);
    PyMem_Free(self);
}

static qpy_shape *new_shape(qpy_shapes *self)
{
    size_t i = self->count;
    if (i == QPY_SHAPES_NODES)
        return NULL;
    qpy_shape **block = &self->blocks[i / BLOCK];
    if (!*block && !(*block = PyMem_Calloc(BLOCK, sizeof **block)))
        return NULL;
    self->count++;
    qpy_shape *shape = &(*block)[i % BLOCK];
    memset(shape, 0, sizeof *shape);
    return shape;
}

qpy_shape *qpy_shapes_acquire(qpy_shapes *self, int bytes_keys)
{
    qpy_shape **root = bytes_keys ? &self->bytes_root : &self->root;
    if (self->busy)
        return NULL;
    if (self->count == QPY_SHAPES_NODES)
        drop_nodes(self);
    if (!*root && !(*root = new_shape(self)))
        return NULL;
    self->busy = 1;
    return *root;
}

void qpy_shapes_release(qpy_shapes *self) { self->busy = 0; }

static void make_images(qr_image *image, PyObject *key)
{
    Py_ssize_t length;
    PyObject *made = NULL;
    const char *text;
    if (PyBytes_CheckExact(key)) { /* in MessagePack alone */
        memset(image, 0, QR_FORMAT_COUNT * sizeof *image);
        if (PyBytes_GET_SIZE(key) <= QR_IMAGE_ROOM)
            qr_msgpack_key_image(&image[QR_FORMAT_MSGPACK], (const uint8_t *)PyBytes_AS_STRING(key), (size_t)PyBytes_GET_SIZE(key));
        return;
    }
    if (PyUnicode_GET_LENGTH(key) > QR_IMAGE_ROOM || !(text = qpy_text_utf8(key, &length, &made))) { /* fails for lone surrogates */
        PyErr_Clear();
        memset(image, 0, QR_FORMAT_COUNT * sizeof *image);
        return;
    }
#define X(NAME, name) qr_##name##_key_image(&image[QR_FORMAT_##NAME], (const uint8_t *)text, (size_t)length);
#include "core/format/formats.def"
#undef X
    Py_XDECREF(made);
}

/* Keys of the cache are one object per text; others (long, not ASCII, evicted) are compared. */
static int same_key(PyObject *a, PyObject *b)
{
    if (QR_UNLIKELY(PyBytes_CheckExact(b)))
        return a == b || (PyBytes_GET_SIZE(a) == PyBytes_GET_SIZE(b) && memcmp(PyBytes_AS_STRING(a), PyBytes_AS_STRING(b), (size_t)PyBytes_GET_SIZE(b)) == 0);
    return a == b || (PyUnicode_GET_LENGTH(a) == PyUnicode_GET_LENGTH(b) && PyUnicode_KIND(a) == PyUnicode_KIND(b) &&
                      memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)PyUnicode_GET_LENGTH(a) * PyUnicode_KIND(a)) == 0);
}

static int is_on_path(const qpy_shape *shape, PyObject *key)
{
    for (; shape->parent; shape = shape->parent)
        if (same_key(shape->key, key))
            return 1;
    return 0;
}

/* A table: its keys are data, looking for them is in vain. */
static qpy_shape *give_up(qpy_shape *root)
{
    root->wide = 1;
    root->children = root->next = NULL;
    root->child_count = 0;
    return NULL;
}

qpy_shape *qpy_shape_step(qpy_shapes *self, qpy_shape *root, qpy_shape *shape, PyObject *key)
{
    for (qpy_shape *child = shape->children; child; child = child->sibling)
        if (same_key(child->key, key)) {
            shape->next = child;
            return child;
        }
    if (shape->wide || shape->depth == QPY_SHAPE_KEYS || is_on_path(shape, key))
        return NULL;
    if (root->misses > QPY_SHAPE_MISSES + root->hits || root->made > QPY_SHAPE_TRIAL + QPY_SHAPE_WORTH * root->hits || (shape == root && shape->child_count == QPY_SHAPE_CHILDREN))
        return give_up(root);
    if (shape->child_count == QPY_SHAPE_CHILDREN) {
        shape->wide = 1;
        return NULL;
    }
    qpy_shape *child = new_shape(self);
    if (!child)
        return NULL;
    root->made++;
    child->key = Py_NewRef(key);
    child->parent = shape;
    child->depth = (uint16_t)(shape->depth + 1);
    make_images(child->image, key);
    child->sibling = shape->children;
    shape->children = shape->next = child;
    shape->child_count++;
    return child;
}

/* A key that was seen again takes over what the root has gathered below new keys: much of it was most likely learned below this one, and in a
 * tree each level would otherwise learn all levels below it once more. */
qpy_shape *qpy_shape_sub(qpy_shapes *self, qpy_shape *shape)
{
    qpy_shape *root = shape;
    if (shape->sub)
        return shape->sub;
    while (root->parent)
        root = root->parent;
    if (root != shape && root->sub && !root->sub->wide) {
        shape->sub = root->sub;
        root->sub = NULL;
    }
    else
        shape->sub = new_shape(self);
    return shape->sub;
}

void qpy_shape_keys(const qpy_shape *shape, PyObject **keys)
{
    for (; shape->parent; shape = shape->parent)
        keys[shape->depth - 1] = shape->key;
}

static PyObject *plain_dict(const qpy_shape *shape, PyObject *const *values)
{
    PyObject *keys[QPY_SHAPE_KEYS];
    PyObject *dict = PyDict_New();
    qpy_shape_keys(shape, keys);
    for (size_t i = 0; dict && i < shape->depth; i++)
        if (PyDict_SetItem(dict, keys[i], values[i]) < 0)
            Py_CLEAR(dict);
    if (dict)
        for (size_t i = 0; i < shape->depth; i++)
            Py_DECREF(values[i]);
    return dict;
}

static QR_NOINLINE int warm_up(qpy_shapes *self, qpy_shape *shape)
{
    if (!self->templates || shape->no_template || shape->depth == 0)
        return 0;
    if (shape->ended < QPY_SHAPE_WARM) {
        shape->ended++;
        return 0;
    }
    PyObject *keys[QPY_SHAPE_KEYS];
    qpy_shape_keys(shape, keys);
    shape->template_ = (PyBytes_CheckExact(keys[0]) ? qpy_dict_template_of_bytes : qpy_dict_template)(keys, shape->depth);
    if (shape->template_)
        return 1;
    PyErr_Clear();
    shape->no_template = 1;
    return 0;
}

PyObject *qpy_shape_dict(qpy_shapes *self, qpy_shape *shape, PyObject *const *values, int may_cycle)
{
    if (QR_LIKELY(shape->template_ || warm_up(self, shape)))
        return qpy_dict_from_template(shape->template_, values, shape->depth, may_cycle);
    return plain_dict(shape, values);
}
