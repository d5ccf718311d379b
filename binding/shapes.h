/* SPDX-License-Identifier: Apache-2.0 */
/* shapes: which keys untyped maps have had, in which order, so that the next key can be guessed.
 *
 * A trie: the root of a map, then a node for each key that followed. Each node remembers the child that was taken last:
 * its key, as the bytes it has in each format, is compared with the input before anything is hashed. Below each node that
 * was seen again (in a map of not too many keys) a root of its own waits for the maps found under that key, so a guess is made in context: users look like
 * users; until then they share one below the map's root, which the first key that is seen again takes over. When
 * a sequence of keys has ended a few times, its node gets a dict template (cpython_private.h) and from then on such
 * maps become dicts without a single look-up.
 *
 *   root --id--> [id] --name--> [name]*            * = ended here: template {id, name}
 *                           \-- sub: root of the maps under "name"
 *
 * A root with too many different children, or whose maps seldom find their keys, stands for a map used as a table
 * (keys are data): it is followed no further. The
 * whole is bounded by QPY_SHAPES_NODES; when full it is dropped between two decodes and learns anew. It holds keys, never
 * values. One decode at a time uses it (`busy`); another one that runs meanwhile does without. */
#ifndef QUIRE_BINDING_SHAPES_H
#define QUIRE_BINDING_SHAPES_H

#include "binding/keys.h"
#include "core/format/image.h"

enum { QPY_SHAPES_NODES = 4096, QPY_SHAPE_CHILDREN = 16, QPY_SHAPE_KEYS = 200, QPY_SHAPE_WARM = 2, QPY_SHAPE_TRIAL = 256, QPY_SHAPE_WORTH = 8, QPY_SHAPE_MISSES = 8, QPY_SHAPE_OWN = 96, QPY_SHAPE_HITS = 1 << 24 };

typedef struct qpy_shape {
    PyObject *key;               /* strong; NULL: a root */
    struct qpy_shape *parent;    /* NULL: a root */
    struct qpy_shape *next;      /* the child taken last */
    struct qpy_shape *children, *sibling;
    struct qpy_shape *sub;       /* root of the maps found under this key; of a root: under its other keys */
    PyObject *template_;         /* strong, or NULL */
    uint32_t made;               /* of a root: nodes made below it */
    uint32_t hits, misses;       /* of a root: maps that found all their keys, and that did not */
    uint16_t depth;              /* keys from the root to here */
    uint16_t child_count;
    uint8_t wide;                /* no more children */
    uint8_t ended;               /* how often a map ended here, up to QPY_SHAPE_WARM */
    uint8_t no_template;         /* it was tried in vain */
    qr_image image[QR_FORMAT_COUNT];
} qpy_shape;

typedef struct qpy_shapes {
    qpy_shape *blocks[QPY_SHAPES_NODES / 64];
    size_t count;
    qpy_shape *root, *bytes_root; /* of maps whose keys are str, and bytes: no trie has both */
    int busy, templates; /* templates: dicts are made from them (qpy_private_check passed) */
} qpy_shapes;

qpy_shapes *qpy_shapes_new(int templates); /* NULL with MemoryError */
void qpy_shapes_free(qpy_shapes *self);

/* Takes it for one decode: the node that holds the outermost map's root as its sub, or NULL (busy, or memory is out: the decode does without). */
qpy_shape *qpy_shapes_acquire(qpy_shapes *self, int bytes_keys);
void qpy_shapes_release(qpy_shapes *self);

/* The child of that key, made when there is room; NULL: from here on this map is not followed. No exception. */
qpy_shape *qpy_shape_step(qpy_shapes *self, qpy_shape *root, qpy_shape *shape, PyObject *key);
/* Whose sub the maps under a known key have: the key's own, or one for all keys where there are many of them. */
QR_INLINE qpy_shape *qpy_shape_holder(qpy_shape *root, qpy_shape *shape) { return QR_LIKELY(root->made <= QPY_SHAPE_OWN) ? shape : root; }
/* The root of the maps under this node's key, made when needed; NULL when there is no room. */
qpy_shape *qpy_shape_sub(qpy_shapes *self, qpy_shape *shape);
/* The keys from the root to here, borrowed, in order: shape->depth of them. */
void qpy_shape_keys(const qpy_shape *shape, PyObject **keys);
/* A map ended here: the dict of these depth values (references stolen on success), or NULL with an exception. */
PyObject *qpy_shape_dict(qpy_shapes *self, qpy_shape *shape, PyObject *const *values, int may_cycle);

#endif
