/* SPDX-License-Identifier: Apache-2.0 */
/* compile: reads the named tuples of a Description by position and builds both halves of a plan.
 *
 * The description comes from our own Python code, but a wrong one must still be an exception, never a crash: every position
 * is checked for length and type before it is used (item.h). */
#include "binding/plan/compile.h"
#include "binding/plan/compile_parts.h"
#include "binding/union.h"

int qpy_compile_no_memory(void)
{
    PyErr_NoMemory();
    return 0;
}

/* ---------------------------------------------------------------- bounds */

enum { BOUNDS_GE, BOUNDS_GT, BOUNDS_LE, BOUNDS_LT, BOUNDS_MULTIPLE, BOUNDS_MIN_LENGTH, BOUNDS_MAX_LENGTH, BOUNDS_PATTERN, BOUNDS_TIMEZONE, BOUNDS_PREDICATES };

/* A bound as integer when it is one that fits, else as double. */
/* refusing: 1 for a least bound, -1 for a most: the side on which a bound beyond 64 bits refuses all that has fewer. */
static int read_bound(PyObject *op, int refusing, uint8_t inclusive, uint8_t *has, uint8_t *is_float, int64_t *as_int, double *as_double)
{
    if (!op)
        return 0;
    if (op == Py_None)
        return 1;
    *has = inclusive;
    if (PyLong_Check(op)) {
        int overflow;
        *as_int = PyLong_AsLongLongAndOverflow(op, &overflow);
        if (*as_int == -1 && PyErr_Occurred())
            return 0;
        if (overflow) { /* what has 64 bits is judged here, what has more by Python: least or most? is the only question */
            *has = overflow == refusing ? 2 : 0;
            *as_int = overflow > 0 ? INT64_MAX : INT64_MIN;
        }
        return 1;
    }
    *is_float = 1;
    *as_double = PyFloat_AsDouble(op);
    if (*as_double == -1.0 && PyErr_Occurred()) { /* a Decimal bound and the like is judged by Python */
        PyErr_Clear();
        *has = 0;
    }
    return 1;
}

static int read_length(PyObject *op, size_t *length)
{
    if (!op)
        return 0;
    if (op == Py_None)
        return 1;
    *length = PyLong_AsSize_t(op);
    return !(*length == (size_t)-1 && PyErr_Occurred());
}

static int compile_bounds(qpy_plan *self, uint32_t node, PyObject *bounds)
{
    if (bounds == Py_None)
        return 1;
    qr_plan_bounds *to = qr_plan_add_bounds(self->core, node);
    if (!to)
        return qpy_compile_no_memory();
    if (!read_bound(qpy_item(bounds, BOUNDS_GE), 1, 1, &to->has_least, &to->least_is_float, &to->least_int, &to->least) ||
        !read_bound(qpy_item(bounds, BOUNDS_GT), 1, 2, &to->has_least, &to->least_is_float, &to->least_int, &to->least) ||
        !read_bound(qpy_item(bounds, BOUNDS_LE), -1, 1, &to->has_most, &to->most_is_float, &to->most_int, &to->most) ||
        !read_bound(qpy_item(bounds, BOUNDS_LT), -1, 2, &to->has_most, &to->most_is_float, &to->most_int, &to->most) ||
        !read_length(qpy_item(bounds, BOUNDS_MIN_LENGTH), &to->min_length) || !read_length(qpy_item(bounds, BOUNDS_MAX_LENGTH), &to->max_length))
        return 0;
    uint8_t has = 0, is_float = 0;
    if (!read_bound(qpy_item(bounds, BOUNDS_MULTIPLE), 0, 1, &has, &is_float, &to->multiple_int, &to->multiple))
        return 0;
    PyObject *pattern = qpy_item(bounds, BOUNDS_PATTERN);
    if (!pattern)
        return 0;
    PyObject *timezone = qpy_item(bounds, BOUNDS_TIMEZONE), *predicates = qpy_item(bounds, BOUNDS_PREDICATES);
    if (!timezone || !predicates || (timezone != Py_None && !PyTuple_Check(timezone)) || (predicates != Py_None && !PyTuple_Check(predicates))) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_SystemError, "a description's predicates are no tuple");
        return 0;
    }
    self->nodes[node].bounds = Py_NewRef(bounds);
    self->nodes[node].pattern = pattern == Py_None ? NULL : Py_NewRef(pattern);
    return 1;
}

/* ---------------------------------------------------------------- nodes */

enum { NODE_KIND, NODE_NULLABLE, NODE_ITEMS, NODE_CLS, NODE_INFO, NODE_BOUNDS };

static int kind_of(PyObject *op)
{
    for (int kind = 0; op && PyUnicode_Check(op) && kind < QR_KIND_COUNT; kind++)
        if (PyUnicode_CompareWithASCIIString(op, qr_kind_name((qr_kind)kind)) == 0)
            return kind;
    PyErr_Format(PyExc_SystemError, "a description's node has the kind %R", op);
    return -1;
}

static uint8_t flavour_of(qr_kind kind, PyObject *cls)
{
    if (kind == QR_KIND_MAP)
        return cls == (PyObject *)&PyDict_Type ? QPY_LIST : QPY_MADE;
    if (cls == (PyObject *)&PyTuple_Type)
        return QPY_TUPLE;
    if (cls == (PyObject *)&PySet_Type)
        return QPY_SET;
    if (cls == (PyObject *)&PyFrozenSet_Type)
        return QPY_FROZENSET;
    if (PyType_Check(cls) && PyType_IsSubtype((PyTypeObject *)cls, &PyTuple_Type))
        return QPY_NAMEDTUPLE;
    return kind == QR_KIND_ARRAY && cls != (PyObject *)&PyList_Type ? QPY_MADE : QPY_LIST;
}

enum { CONTAINER_ALSO, CONTAINER_EXTRA };

/* A tuple of the description, or NULL for an empty one: 1, or 0 with an exception. */
static int keep_tuple(PyObject **to, PyObject *tuple)
{
    if (!tuple)
        return 0;
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_SystemError, "a description's container is not well formed");
        return 0;
    }
    *to = PyTuple_GET_SIZE(tuple) ? Py_NewRef(tuple) : NULL;
    return 1;
}

/* The one class whose objects need no further look; a subclass, bounds or a choice of values do. */
static PyTypeObject *exact_of(const qr_node *node, PyObject *cls)
{
    if (node->flags & QR_NODE_BOUNDED)
        return NULL;
    switch (node->kind) {
    case QR_KIND_NONE: return Py_TYPE(Py_None);
    case QR_KIND_BOOL: return &PyBool_Type;
    case QR_KIND_INT: return &PyLong_Type;
    case QR_KIND_FLOAT: return &PyFloat_Type;
    case QR_KIND_STR: return &PyUnicode_Type;
    case QR_KIND_BYTES:
        if (cls == (PyObject *)&PyMemoryView_Type) /* has to be one of bytes */
            return NULL;
        QR_FALLTHROUGH;
    case QR_KIND_CHOICE: return PyType_Check(cls) ? (PyTypeObject *)cls : NULL; /* an Enum's instances are its members */
    default: return NULL;
    }
}

enum { ADAPTER_ENCODE, ADAPTER_DECODE, ADAPTER_CONTEXT, ADAPTER_DECLARED };

static int compile_adapter(qpy_node_side *side, PyObject *info)
{
    PyObject *encode = qpy_item(info, ADAPTER_ENCODE), *decode = qpy_item(info, ADAPTER_DECODE);
    int with_context = qpy_item_true(qpy_item(info, ADAPTER_CONTEXT)), declared = qpy_item_true(qpy_item(info, ADAPTER_DECLARED));
    if (!encode || !decode || with_context < 0 || declared < 0)
        return 0;
    if (side->cls != Py_None && !PyType_Check(side->cls)) {
        PyErr_SetString(PyExc_SystemError, "a description's adapter is of no class");
        return 0;
    }
    side->encode = encode == Py_None ? NULL : Py_NewRef(encode); /* both None: nothing is made of what is read, but it has bounds */
    side->decode = decode == Py_None ? NULL : Py_NewRef(decode);
    side->with_context = (uint8_t)with_context;
    side->adapts = (uint8_t)declared;
    return 1;
}

static int compile_node(qpy_plan *self, uint32_t node, PyObject *description)
{
    qr_kind kind = (qr_kind)self->core->nodes[node].kind;
    PyObject *cls = qpy_item(description, NODE_CLS), *info = qpy_item(description, NODE_INFO), *bounds = qpy_item(description, NODE_BOUNDS);
    int nullable = qpy_item_true(qpy_item(description, NODE_NULLABLE));
    if (!cls || !info || !bounds || nullable < 0)
        return 0;
    self->nodes[node].cls = Py_NewRef(cls);
    self->nodes[node].flavour = kind == QR_KIND_TUPLE && cls == Py_None ? QPY_TUPLE : flavour_of(kind, cls);
    if (nullable)
        qr_plan_set_nullable(self->core, node);
    if (kind == QR_KIND_ARRAY || kind == QR_KIND_MAP || kind == QR_KIND_TUPLE || kind == QR_KIND_ADAPTER) {
        size_t count;
        uint32_t *items = qpy_item_numbers(qpy_item(description, NODE_ITEMS), &count);
        int ok = items && (qr_plan_set_items(self->core, node, items, count) || qpy_compile_no_memory());
        PyMem_Free(items);
        if (!ok)
            return 0;
        if (kind != QR_KIND_ADAPTER && info != Py_None && (!keep_tuple(&self->nodes[node].also, qpy_item(info, CONTAINER_ALSO)) || !keep_tuple(&self->nodes[node].extra, qpy_item(info, CONTAINER_EXTRA))))
            return 0;
    }
    if (kind == QR_KIND_ADAPTER && !compile_adapter(&self->nodes[node], info))
        return 0;
    if (kind == QR_KIND_RECORD && !qpy_compile_record(self, node, cls, info))
        return 0;
    if (kind == QR_KIND_CHOICE && !qpy_compile_choices(self, node, info))
        return 0;
    if (kind == QR_KIND_UNION && !qpy_compile_union(self, node, info))
        return 0;
    if (!compile_bounds(self, node, bounds))
        return 0;
    self->nodes[node].exact = exact_of(&self->core->nodes[node], cls);
    return 1;
}

/* A TypedDict whose options make another document of it than its dict would be: nothing but the type tells. */
static int is_told(const qpy_plan *self, uint32_t number)
{
    const qr_record *record = &self->core->records[number];
    if (self->records[number].form != QPY_FORM_TYPEDDICT)
        return 0;
    int told = record->array;
    for (uint32_t i = record->first; i < record->first + record->count; i++)
        told |= self->fields[i].omit != QPY_OMIT_NEVER || !self->fields[i].written || self->fields[i].secret || self->fields[i].wire != self->fields[i].name;
    return told;
}

/* Is an adapter that no class tells below the node, or a union that looks at its values? By what is known of the nodes so far. */
static int adapts_below(const qpy_plan *self, const qr_node *node)
{
    const qr_plan *core = self->core;
    const qr_record *record;
    const qr_union *u;
    int found = 0;
    switch (node->kind) {
    case QR_KIND_ARRAY:
    case QR_KIND_ADAPTER: return self->nodes[node->item].adapts;
    case QR_KIND_MAP: return self->nodes[node->item].adapts | self->nodes[node->value].adapts;
    case QR_KIND_TUPLE:
        for (uint32_t i = 0; i < node->item_count; i++)
            found |= self->nodes[core->items[node->item + i]].adapts;
        return found;
    case QR_KIND_RECORD:
        record = &core->records[node->value];
        for (uint32_t i = 0; i < record->count; i++)
            found |= self->nodes[core->fields[record->first + i].node].adapts;
        return found;
    case QR_KIND_UNION: {
        uint32_t arm;
        u = &core->unions[node->value];
        for (uint32_t i = 0; qpy_plan_arm(core, u, i, &arm); i++)
            found |= arm != QR_PLAN_NONE ? self->nodes[arm].adapts : 0;
        return found;
    }
    default: return 0;
    }
}

/* What is above one adapts too; in a recursive type that takes a few rounds. */
static void spread_adapts(qpy_plan *self)
{
    for (int changed = 1; changed;) {
        changed = 0;
        for (uint32_t i = self->core->nodes_count; i-- > 0;) {
            int found = adapts_below(self, &self->core->nodes[i]) & ~self->nodes[i].adapts;
            self->nodes[i].adapts |= (uint8_t)found;
            changed |= found;
        }
    }
}

static int compile_unions(qpy_plan *self)
{
    int found = 0;
    if (!qpy_union_compile(self))
        return 0;
    for (uint32_t i = 0; i < self->core->nodes_count; i++)
        if (self->core->nodes[i].kind == QR_KIND_UNION && self->unions[self->core->nodes[i].value].may_change)
            self->nodes[i].adapts |= QPY_ADAPTS_TYPED, found = 1;
    if (found)
        spread_adapts(self);
    return 1;
}

static int compile_nodes(qpy_plan *self, PyObject *nodes)
{
    Py_ssize_t count = PyTuple_GET_SIZE(nodes);
    self->nodes = PyMem_Calloc((size_t)count + 1, sizeof *self->nodes);
    if (!self->nodes)
        return qpy_compile_no_memory();
    for (Py_ssize_t i = 0; i < count; i++) {
        int kind = kind_of(qpy_item(PyTuple_GET_ITEM(nodes, i), NODE_KIND));
        if (kind < 0 || (qr_plan_add_node(self->core, (qr_kind)kind) == QR_PLAN_NONE && !qpy_compile_no_memory()))
            return 0;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        if (!compile_node(self, (uint32_t)i, PyTuple_GET_ITEM(nodes, i)))
            return 0;
    qr_error error = qr_plan_seal(self->core);
    if (error == QR_ERROR_MEMORY)
        return qpy_compile_no_memory();
    if (error != QR_ERROR_NONE) {
        PyErr_Format(PyExc_TypeError, "the type cannot be compiled: %s", qr_error_message(error));
        return 0;
    }
    int adapts = 0;
    for (uint32_t i = 0; i < self->core->records_count; i++)
        self->nodes[self->records[i].node].adapts |= (uint8_t)is_told(self, i);
    for (Py_ssize_t i = 0; i < count; i++) { /* a key that is a union is written by its arm */
        const qr_node *node = &self->core->nodes[i];
        if (node->kind == QR_KIND_MAP && self->core->nodes[node->item].kind == QR_KIND_UNION)
            self->nodes[node->item].adapts = QPY_ADAPTS_ALWAYS;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        adapts |= self->nodes[i].adapts;
    if (adapts)
        spread_adapts(self);
    for (uint32_t i = 0; i < self->core->records_count; i++)
        if (!qpy_finish_record(self, i))
            return 0;
    return compile_unions(self);
}

/* Pairs (node, callable). */
static int compile_packed(qpy_plan *self, PyObject *packed)
{
    for (Py_ssize_t i = 0; packed && PyTuple_Check(packed) && i < PyTuple_GET_SIZE(packed); i++) {
        PyObject *pair = PyTuple_GET_ITEM(packed, i), *unpack = qpy_item(pair, 1);
        uint32_t node;
        if (!unpack || !qpy_item_number(qpy_item(pair, 0), &node))
            return 0;
        if (node >= self->core->nodes_count) {
            PyErr_SetString(PyExc_SystemError, "a description's key is no node");
            return 0;
        }
        Py_XSETREF(self->nodes[node].unpack, Py_NewRef(unpack));
    }
    return packed != NULL;
}

/* ---------------------------------------------------------------- the whole */

static void *resize(void *context, void *block, size_t size)
{
    (void)context;
    if (size)
        return PyMem_Realloc(block, size);
    PyMem_Free(block);
    return NULL;
}
const qr_memory qpy_memory = {resize, NULL};

static int compile_watch(qpy_plan *self, PyObject *watch)
{
    if (!watch || watch == Py_None)
        return watch != NULL;
    PyObject *callable = qpy_item(watch, 0);
    int records = qpy_item_true(qpy_item(watch, 1));
    if (!callable || records < 0)
        return 0;
    self->watch = Py_NewRef(callable);
    self->watches_records = (uint8_t)records;
    return 1;
}

qpy_plan *qpy_plan_compile(qpy_state *state, PyObject *type, PyObject *description, int *temporary)
{
    PyObject *nodes = qpy_item(description, 0);
    *temporary = qpy_item_true(qpy_item(description, 1));
    if (!nodes || *temporary < 0)
        return NULL;
    if (!PyTuple_Check(nodes) || PyTuple_GET_SIZE(nodes) > INT32_MAX) {
        PyErr_SetString(PyExc_SystemError, "a description's nodes are no tuple");
        return NULL;
    }
    qpy_plan *self = PyObject_GC_New(qpy_plan, state->plan_type);
    if (!self)
        return NULL;
    memset((char *)self + sizeof(PyObject), 0, sizeof *self - sizeof(PyObject));
    self->state = state;
    self->module = Py_NewRef(state->module);
    self->type = Py_NewRef(type);
    self->core = qr_plan_new(&qpy_memory);
    int ok = self->core ? compile_nodes(self, nodes) && compile_watch(self, qpy_item(description, 2)) && compile_packed(self, qpy_item(description, 3)) : qpy_compile_no_memory();
    PyObject_GC_Track((PyObject *)self);
    if (!ok)
        Py_CLEAR(self);
    return self;
}
