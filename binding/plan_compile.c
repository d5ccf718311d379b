/* SPDX-License-Identifier: Apache-2.0 */
/* plan_compile: reads the named tuples of a Description by position and builds both halves of a plan.
 *
 * The description comes from our own Python code, but a wrong one must still be an exception, never a crash: every position
 * is checked for length and type before it is used (`item`, `number_of`, `text_of`). */
#include "binding/plan_compile.h"
#include "binding/walk_order.h"

#include "binding/cpython_private.h"
#include "binding/members.h"
#include "binding/union.h"

/* ---------------------------------------------------------------- reading tuples */

static PyObject *item(PyObject *tuple, Py_ssize_t i)
{
    if (PyTuple_Check(tuple) && i < PyTuple_GET_SIZE(tuple))
        return PyTuple_GET_ITEM(tuple, i);
    PyErr_Format(PyExc_SystemError, "a description's %.100s has no member %zd", Py_TYPE(tuple)->tp_name, i);
    return NULL;
}

/* 1 and the text (borrowed), or 0 with an exception. */
static int text_of(PyObject *op, const char **text, size_t *length)
{
    Py_ssize_t n;
    if (!op)
        return 0;
    if (!PyUnicode_Check(op)) {
        PyErr_Format(PyExc_SystemError, "a description's member is %.100s, not str", Py_TYPE(op)->tp_name);
        return 0;
    }
    *text = PyUnicode_AsUTF8AndSize(op, &n);
    *length = (size_t)n;
    return *text != NULL;
}

/* A node number, with -1 (and None) as QR_PLAN_NONE: 1, or 0 with an exception. */
static int number_of(PyObject *op, uint32_t *number)
{
    long value = op == Py_None ? -1 : op ? PyLong_AsLong(op) : -1;
    if (!op || (value == -1 && PyErr_Occurred()))
        return 0;
    *number = value < 0 ? QR_PLAN_NONE : (uint32_t)value;
    return 1;
}

/* A tuple of node numbers: memory for the caller to free, or NULL with an exception. */
static uint32_t *numbers_of(PyObject *tuple, size_t *count)
{
    if (!tuple || !PyTuple_Check(tuple)) {
        if (tuple)
            PyErr_SetString(PyExc_SystemError, "a description's items are no tuple");
        return NULL;
    }
    *count = (size_t)PyTuple_GET_SIZE(tuple);
    uint32_t *numbers = PyMem_Calloc(*count + 1, sizeof *numbers);
    if (!numbers) {
        PyErr_NoMemory();
        return NULL;
    }
    for (size_t i = 0; i < *count; i++)
        if (!number_of(PyTuple_GET_ITEM(tuple, (Py_ssize_t)i), &numbers[i])) {
            PyMem_Free(numbers);
            return NULL;
        }
    return numbers;
}

static int is_true(PyObject *op) { return op ? PyObject_IsTrue(op) : -1; }

/* A core function refused: its sticky error is told at the end, by seal. */
static int no_memory(void)
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
        return no_memory();
    if (!read_bound(item(bounds, BOUNDS_GE), 1, 1, &to->has_least, &to->least_is_float, &to->least_int, &to->least) ||
        !read_bound(item(bounds, BOUNDS_GT), 1, 2, &to->has_least, &to->least_is_float, &to->least_int, &to->least) ||
        !read_bound(item(bounds, BOUNDS_LE), -1, 1, &to->has_most, &to->most_is_float, &to->most_int, &to->most) ||
        !read_bound(item(bounds, BOUNDS_LT), -1, 2, &to->has_most, &to->most_is_float, &to->most_int, &to->most) ||
        !read_length(item(bounds, BOUNDS_MIN_LENGTH), &to->min_length) || !read_length(item(bounds, BOUNDS_MAX_LENGTH), &to->max_length))
        return 0;
    uint8_t has = 0, is_float = 0;
    if (!read_bound(item(bounds, BOUNDS_MULTIPLE), 0, 1, &has, &is_float, &to->multiple_int, &to->multiple))
        return 0;
    PyObject *pattern = item(bounds, BOUNDS_PATTERN);
    if (!pattern)
        return 0;
    PyObject *timezone = item(bounds, BOUNDS_TIMEZONE), *predicates = item(bounds, BOUNDS_PREDICATES);
    if (!timezone || !predicates || (timezone != Py_None && !PyTuple_Check(timezone)) || (predicates != Py_None && !PyTuple_Check(predicates))) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_SystemError, "a description's predicates are no tuple");
        return 0;
    }
    self->nodes[node].bounds = Py_NewRef(bounds);
    self->nodes[node].pattern = pattern == Py_None ? NULL : Py_NewRef(pattern);
    return 1;
}

/* ---------------------------------------------------------------- records */

enum { FIELD_NAME, FIELD_WIRE, FIELD_ALIASES, FIELD_NODE, FIELD_REQUIRED, FIELD_DEFAULT_KIND, FIELD_DEFAULT, FIELD_OMIT, FIELD_NUMBER, FIELD_INIT, FIELD_STORED, FIELD_KEYWORD, FIELD_SERIALIZE, FIELD_SECRET, FIELD_GAP };
enum { RECORD_FORM, RECORD_FIELDS, RECORD_TAG_FIELD, RECORD_TAG, RECORD_UNKNOWN, RECORD_ARRAY, RECORD_POST_INIT, RECORD_FROZEN, RECORD_COMPUTED, RECORD_IGNORED };

static int form_of(PyObject *op)
{
    static const char *const forms[] = {"record", "dataclass", "typeddict", "namedtuple", "call"};
    for (size_t i = 0; op && PyUnicode_Check(op) && i < QR_ARRAY_LENGTH(forms); i++)
        if (PyUnicode_CompareWithASCIIString(op, forms[i]) == 0)
            return (int)i;
    PyErr_Format(PyExc_SystemError, "a description's record has the form %R", op);
    return -1;
}

static int compile_aliases(qpy_plan *self, uint32_t node, uint32_t field, PyObject *aliases)
{
    for (Py_ssize_t i = 0; aliases && PyTuple_Check(aliases) && i < PyTuple_GET_SIZE(aliases); i++) {
        const char *text;
        size_t length;
        if (!text_of(PyTuple_GET_ITEM(aliases, i), &text, &length) || (!qr_plan_add_alias(self->core, node, field, text, length) && !no_memory()))
            return 0;
    }
    return aliases != NULL;
}

/* The offset of a record's slot; -1 with an exception when there is none of that name. */
static Py_ssize_t record_offset(const qpy_record_class *cls, PyObject *name)
{
    for (Py_ssize_t i = 0; i < cls->count; i++)
        if (PyUnicode_Compare(cls->fields[i].name, name) == 0)
            return cls->fields[i].offset;
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_SystemError, "the record has no field %R", name);
    return -1;
}

/* The offset of a slot that __slots__ made (a plain member descriptor), or 0. */
static Py_ssize_t slot_offset(PyTypeObject *cls, PyObject *name)
{
    PyObject *descriptor = _PyType_Lookup(cls, name);
    if (!descriptor || Py_TYPE(descriptor) != &PyMemberDescr_Type)
        return 0;
    const PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    return member->type == QPY_MEMBER_OBJECT ? member->offset : 0;
}

static int is_atom(const qr_node *node)
{
    return (node->kind >= QR_KIND_NONE && node->kind <= QR_KIND_STR) || node->kind == QR_KIND_UUID || node->kind == QR_KIND_DATE;
}

static int compile_field(qpy_plan *self, uint32_t node, PyObject *field, int form, PyTypeObject *cls, PyObject *position_wire)
{
    const char *wire;
    size_t length;
    uint32_t child;
    PyObject *name = item(field, FIELD_NAME), *keyword = item(field, FIELD_KEYWORD), *default_ = item(field, FIELD_DEFAULT);
    (void)position_wire;
    if (!name || !keyword || !default_ || !text_of(item(field, FIELD_WIRE), &wire, &length) || !number_of(item(field, FIELD_NODE), &child))
        return 0;
    int required = is_true(item(field, FIELD_REQUIRED)), init = is_true(item(field, FIELD_INIT)), stored = is_true(item(field, FIELD_STORED));
    int serialize = is_true(item(field, FIELD_SERIALIZE)), secret = is_true(item(field, FIELD_SECRET)), gap = is_true(item(field, FIELD_GAP));
    long kind = PyLong_AsLong(item(field, FIELD_DEFAULT_KIND)), omit = PyLong_AsLong(item(field, FIELD_OMIT));
    if (required < 0 || init < 0 || stored < 0 || serialize < 0 || secret < 0 || gap < 0 || PyErr_Occurred())
        return 0;
    uint32_t number = self->core->fields_count;
    uint32_t index = qr_plan_add_field(self->core, node, wire, length, child, (required ? QR_FIELD_REQUIRED : 0) | (gap ? QR_FIELD_GAP : 0));
    if (index == QR_PLAN_NONE)
        return no_memory();
    qpy_field_side *bigger = PyMem_Realloc(self->fields, (number + 1) * sizeof *bigger);
    if (!bigger) {
        self->core->fields_count--; /* the side table ends before it */
        return no_memory();
    }
    self->fields = bigger;
    qpy_field_side *side = &self->fields[number];
    *side = (qpy_field_side){.default_kind = (uint8_t)kind, .omit = (uint8_t)omit, .init = (uint8_t)init, .stored = (uint8_t)stored, .written = stored && serialize, .secret = (uint8_t)secret};
    side->name = Py_NewRef(name);
    PyUnicode_InternInPlace(&side->name);
    side->keyword = Py_NewRef(keyword == Py_None ? name : keyword);
    side->wire = Py_NewRef(item(field, FIELD_WIRE));
    PyUnicode_InternInPlace(&side->wire);
    side->default_ = kind ? Py_NewRef(default_) : NULL;
    if (form == QPY_FORM_RECORD && !gap && (side->offset = record_offset((qpy_record_class *)cls, name)) < 0)
        return 0;
    if (form == QPY_FORM_DATACLASS)
        side->offset = slot_offset(cls, name);
    return compile_aliases(self, node, index, item(field, FIELD_ALIASES));
}

static int compile_tag(qpy_plan *self, uint32_t node, PyObject *name, PyObject *tag)
{
    const char *name_text, *text = NULL;
    size_t name_length, length = 0;
    long long number = 0;
    if (name == Py_None || tag == Py_None)
        return 1;
    if (!text_of(name, &name_text, &name_length))
        return 0;
    if (PyLong_Check(tag)) {
        number = PyLong_AsLongLong(tag);
        if (number == -1 && PyErr_Occurred())
            return 0;
    }
    else if (!text_of(tag, &text, &length))
        return 0;
    return qr_plan_set_tag(self->core, node, name_text, name_length, text, length, number) || no_memory();
}

static qr_unknown unknown_of(PyObject *op)
{
    if (PyUnicode_CompareWithASCIIString(op, "error") == 0)
        return QR_UNKNOWN_ERROR;
    return PyUnicode_CompareWithASCIIString(op, "keep") == 0 ? QR_UNKNOWN_KEEP : QR_UNKNOWN_SKIP;
}

static int compile_ignored(qpy_plan *self, uint32_t node, PyObject *names)
{
    for (Py_ssize_t i = 0; names && PyTuple_Check(names) && i < PyTuple_GET_SIZE(names); i++) {
        const char *text;
        size_t length;
        if (!text_of(PyTuple_GET_ITEM(names, i), &text, &length) || (!qr_plan_add_ignored(self->core, node, text, length) && !no_memory()))
            return 0;
    }
    return names != NULL;
}

static int compile_computed(qpy_record_side *side, PyObject *computed)
{
    for (Py_ssize_t i = 0; computed && PyTuple_Check(computed) && i < PyTuple_GET_SIZE(computed); i++) {
        PyObject *one = PyTuple_GET_ITEM(computed, i), *name = item(one, 0), *wire = item(one, 1);
        if (!name || !wire || !item(one, 2))
            return 0;
        if (!PyUnicode_Check(name) || !PyUnicode_Check(wire)) {
            PyErr_SetString(PyExc_SystemError, "a description's computed field has no name");
            return 0;
        }
    }
    if (computed && PyTuple_Check(computed) && PyTuple_GET_SIZE(computed))
        side->computed = Py_NewRef(computed);
    return computed != NULL;
}

static int compile_record(qpy_plan *self, uint32_t node, PyObject *cls, PyObject *info)
{
    PyObject *fields = item(info, RECORD_FIELDS), *unknown = item(info, RECORD_UNKNOWN), *tag_name = item(info, RECORD_TAG_FIELD), *tag = item(info, RECORD_TAG);
    int form = form_of(item(info, RECORD_FORM)), array = is_true(item(info, RECORD_ARRAY)), post_init = is_true(item(info, RECORD_POST_INIT));
    if (!fields || !unknown || !tag_name || !tag || form < 0 || array < 0 || post_init < 0)
        return 0;
    if (!PyTuple_Check(fields) || !PyUnicode_Check(unknown) || !PyType_Check(cls) ||
        (form == QPY_FORM_RECORD && !qpy_record_check(self->state, (PyTypeObject *)cls))) {
        PyErr_SetString(PyExc_SystemError, "a description's record is not well formed");
        return 0;
    }
    uint32_t number = self->core->records_count;
    if (!qr_plan_begin_record(self->core, node, unknown_of(unknown)) || (array && !qr_plan_set_array(self->core, node)))
        return no_memory();
    qpy_record_side *bigger = PyMem_Realloc(self->records, (number + 1) * sizeof *bigger);
    if (!bigger) {
        self->core->records_count--;
        return no_memory();
    }
    self->records = bigger;
    self->records[number] = (qpy_record_side){.plan = self, .cls = (PyTypeObject *)cls, .node = node, .form = (uint8_t)form, .post_init = (uint8_t)post_init};
    if (unknown_of(unknown) == QR_UNKNOWN_KEEP) {
        self->records[number].unknown = form == QPY_FORM_RECORD ? ((qpy_record_class *)cls)->unknown : 0;
        if (self->records[number].unknown == 0) {
            PyErr_SetString(PyExc_SystemError, "a description keeps unknown fields of a class that has no place for them");
            return 0;
        }
    }
    if (!compile_computed(&self->records[number], item(info, RECORD_COMPUTED)) || !compile_ignored(self, node, item(info, RECORD_IGNORED)))
        return 0;
    Py_ssize_t count = PyTuple_GET_SIZE(fields);
    if (count > QR_RECORD_FIELDS) {
        PyErr_Format(PyExc_TypeError, "%.200s has %zd fields; a record may have %d", ((PyTypeObject *)cls)->tp_name, count, QR_RECORD_FIELDS);
        return 0;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        if (!compile_field(self, node, PyTuple_GET_ITEM(fields, i), form, (PyTypeObject *)cls, NULL))
            return 0;
    return compile_tag(self, node, tag_name, tag);
}

/* What only shows when all fields are there. */
typedef struct field_name {
    const uint8_t *text;
    uint32_t length;
} field_name;

static int name_is_less(const field_name *a, const field_name *b, int by_length)
{
    if (by_length && a->length != b->length)
        return a->length < b->length;
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    return order ? order < 0 : a->length < b->length;
}

static void sort_names(const field_name *names, uint32_t n, uint8_t *order, int by_length)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = i;
        for (; at > 0 && name_is_less(&names[i], &names[order[at - 1]], by_length); at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
}

/* qpy_record_side.order. 1, or 0 with an exception. */
static int order_fields(qpy_plan *self, uint32_t number)
{
    const qr_record *record = &self->core->records[number];
    field_name names[QPY_ORDER_MOST + 1];
    uint32_t n = record->count + record->has_tag;
    if (record->array || record->count > QPY_ORDER_MOST)
        return 1;
    for (uint32_t i = 0; i < record->count; i++)
        names[i] = (field_name){self->core->fields[record->first + i].name, self->core->fields[record->first + i].length};
    if (record->has_tag)
        names[record->count] = (field_name){record->tag_name, record->tag_name_length};
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < names[i].length; k++)
            if (names[i].text[k] >= 0x80)
                return 1;
    if (!(self->records[number].order = PyMem_Calloc(2, record->count + 1))) {
        PyErr_NoMemory();
        return 0;
    }
    sort_names(names, n, self->records[number].order, 0);
    sort_names(names, n, self->records[number].order + record->count + 1, 1);
    return 1;
}

static int finish_record(qpy_plan *self, uint32_t number)
{
    qpy_record_side *side = &self->records[number];
    const qr_record *record = &self->core->records[number];
    side->slots = record->count > 0;
    side->omits = side->computed || side->unknown;
    side->closing = side->post_init || side->unknown;
    for (uint32_t i = 0; i < record->count; i++) {
        qpy_field_side *field = &self->fields[record->first + i];
        uint32_t node = self->core->fields[record->first + i].node;
        field->atom = (uint8_t)is_atom(&self->core->nodes[node]);
        field->exact = self->nodes[node].exact;
        field->nullable = (self->core->nodes[node].flags & QR_NODE_NULLABLE) != 0;
        field->adapts = self->nodes[node].adapts;
        side->omits |= field->adapts ? QPY_ADAPTS : 0;
        side->omits |= field->omit != QPY_OMIT_NEVER || (field->default_kind && field->default_ == self->state->unset) || !field->written;
        self->secrets |= field->secret;
        side->width = field->written || !record->array ? i + 1 : side->width;
        side->gaps |= (self->core->fields[record->first + i].flags & QR_FIELD_GAP) != 0;
        side->slots = side->slots && field->offset > 0;
    }
    side->in_place = side->form == QPY_FORM_DATACLASS && !(side->omits & ~QPY_ADAPTS) && !record->array;
    for (uint32_t i = 0; i < record->count; i++)
        side->in_place = side->in_place && self->fields[record->first + i].stored && self->fields[record->first + i].offset == 0;
    if (side->form == QPY_FORM_TYPEDDICT) {
        PyObject **names = PyMem_Calloc(record->count + 1, sizeof *names);
        if (!names)
            return no_memory();
        for (uint32_t i = 0; i < record->count; i++)
            names[i] = self->fields[record->first + i].name;
        side->dict_template = self->state->private_ok ? qpy_dict_template(names, record->count) : NULL;
        PyMem_Free(names);
        if (!side->dict_template && PyErr_Occurred())
            return 0;
    }
    return 1;
}

/* ---------------------------------------------------------------- choices and unions */

static int add_choice(qpy_plan *self, uint32_t node, PyObject *wire)
{
    const char *text;
    size_t length;
    if (PyLong_Check(wire)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(wire, &overflow);
        if (overflow) {
            PyErr_Format(PyExc_TypeError, "the choice %R is beyond 64 bits", wire);
            return 0;
        }
        return qr_plan_add_choice_int(self->core, node, number, PyBool_Check(wire)) || no_memory();
    }
    return text_of(wire, &text, &length) && (qr_plan_add_choice_text(self->core, node, text, length) || no_memory());
}

static int compile_choices(qpy_plan *self, uint32_t node, PyObject *info)
{
    PyObject *wires = item(info, 0), *values = item(info, 1);
    int open = is_true(item(info, 2));
    if (!wires || !values || open < 0)
        return 0;
    Py_ssize_t count = PyTuple_Check(wires) && PyTuple_Check(values) && PyTuple_GET_SIZE(wires) == PyTuple_GET_SIZE(values) ? PyTuple_GET_SIZE(wires) : -1;
    if (count < 0) {
        PyErr_SetString(PyExc_SystemError, "a description's choices do not match");
        return 0;
    }
    if (!qr_plan_begin_choices(self->core, node, open))
        return no_memory();
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t number = self->core->choices_count;
        PyObject **bigger = PyMem_Realloc(self->choices, (number + 1) * sizeof *bigger);
        if (!bigger)
            return no_memory();
        self->choices = bigger;
        self->choices[number] = NULL;
        if (!add_choice(self, node, PyTuple_GET_ITEM(wires, i)))
            return 0;
        self->choices[number] = Py_NewRef(PyTuple_GET_ITEM(values, i));
    }
    return 1;
}

enum { UNION_BOOL, UNION_INTS, UNION_INT, UNION_FLOAT, UNION_TEXT, UNION_BYTES, UNION_ARRAY, UNION_MAP, UNION_TAG_FIELD, UNION_TAGS, UNION_KEYS, UNION_MAP_DEFAULT, UNION_ARRAYS, UNION_OPEN };
enum { ARRAY_ARM, ARRAY_LEAST, ARRAY_MOST, ARRAY_SLOTS, ARRAY_REST };

static int compile_tags(qpy_plan *self, uint32_t node, PyObject *tags)
{
    for (Py_ssize_t i = 0; tags && PyTuple_Check(tags) && i < PyTuple_GET_SIZE(tags); i++) {
        PyObject *pair = PyTuple_GET_ITEM(tags, i), *tag = item(pair, 0);
        const char *text = NULL;
        size_t length = 0;
        long long number = 0;
        uint32_t arm;
        if (!tag || !number_of(item(pair, 1), &arm))
            return 0;
        if (PyBool_Check(tag)) {
            if (!qr_plan_add_union_tag_bool(self->core, node, tag == Py_True, arm))
                return no_memory();
            continue;
        }
        if (PyLong_Check(tag)) {
            number = PyLong_AsLongLong(tag);
            if (number == -1 && PyErr_Occurred())
                return 0;
        }
        else if (!text_of(tag, &text, &length))
            return 0;
        if (!qr_plan_add_union_tag(self->core, node, text, length, number, arm))
            return no_memory();
    }
    return tags != NULL;
}

static int compile_key_arms(qpy_plan *self, uint32_t node, PyObject *keys)
{
    for (Py_ssize_t i = 0; keys && PyTuple_Check(keys) && i < PyTuple_GET_SIZE(keys); i++) {
        uint32_t arm;
        if (!number_of(item(PyTuple_GET_ITEM(keys, i), 1), &arm) || (!qr_plan_add_union_key_arm(self->core, node, arm) && !no_memory()))
            return 0;
    }
    return keys != NULL;
}

static int compile_slots(qpy_plan *self, uint32_t node, PyObject *slots)
{
    for (Py_ssize_t i = 0; slots && PyTuple_Check(slots) && i < PyTuple_GET_SIZE(slots); i++) {
        PyObject *slot = PyTuple_GET_ITEM(slots, i);
        uint32_t kinds, choice;
        if (!number_of(item(slot, 0), &kinds) || !number_of(item(slot, 1), &choice) || (!qr_plan_add_union_slot(self->core, node, kinds, choice) && !no_memory()))
            return 0;
    }
    return slots != NULL;
}

static int compile_arrays(qpy_plan *self, uint32_t node, PyObject *arrays)
{
    for (Py_ssize_t i = 0; arrays && PyTuple_Check(arrays) && i < PyTuple_GET_SIZE(arrays); i++) {
        PyObject *array = PyTuple_GET_ITEM(arrays, i), *least = item(array, ARRAY_LEAST), *most = item(array, ARRAY_MOST);
        uint32_t arm, rest;
        if (!least || !most || !number_of(item(array, ARRAY_ARM), &arm) || !number_of(item(array, ARRAY_REST), &rest))
            return 0;
        Py_ssize_t fewest = PyLong_AsSsize_t(least), many = PyErr_Occurred() ? -1 : PyLong_AsSsize_t(most);
        if (PyErr_Occurred())
            return 0;
        if (!qr_plan_add_union_array(self->core, node, arm, (size_t)fewest, many < 0 ? SIZE_MAX : (size_t)many, rest))
            return no_memory();
        if (!compile_slots(self, node, item(array, ARRAY_SLOTS)))
            return 0;
    }
    return arrays != NULL;
}

static int set_arms(qpy_plan *self, uint32_t node, PyObject *tuple, int (*set)(qr_plan *, uint32_t, const uint32_t *, size_t))
{
    size_t count;
    uint32_t *arms = numbers_of(tuple, &count);
    if (!arms)
        return 0;
    int ok = set(self->core, node, arms, count) || no_memory();
    PyMem_Free(arms);
    return ok;
}

static int compile_union(qpy_plan *self, uint32_t node, PyObject *info)
{
    qr_union *u = qr_plan_begin_union(self->core, node);
    const char *text;
    size_t length;
    if (!u)
        return no_memory();
    if (!number_of(item(info, UNION_BOOL), &u->bool_) || !number_of(item(info, UNION_INT), &u->int_) || !number_of(item(info, UNION_FLOAT), &u->float_) ||
        !number_of(item(info, UNION_BYTES), &u->bytes) || !number_of(item(info, UNION_ARRAY), &u->array) || !number_of(item(info, UNION_MAP), &u->map) ||
        !number_of(item(info, UNION_MAP_DEFAULT), &u->map_default))
        return 0;
    int open = is_true(item(info, UNION_OPEN));
    if (open < 0)
        return 0;
    u->open = (uint8_t)open;
    PyObject *tag_field = item(info, UNION_TAG_FIELD);
    if (!tag_field || !set_arms(self, node, item(info, UNION_TEXT), qr_plan_set_union_text) || !set_arms(self, node, item(info, UNION_INTS), qr_plan_set_union_ints))
        return 0;
    if (tag_field != Py_None && (!text_of(tag_field, &text, &length) || (!qr_plan_set_union_tag(self->core, node, text, length) && !no_memory())))
        return 0;
    return compile_tags(self, node, item(info, UNION_TAGS)) && compile_key_arms(self, node, item(info, UNION_KEYS)) && compile_arrays(self, node, item(info, UNION_ARRAYS));
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
    PyObject *encode = item(info, ADAPTER_ENCODE), *decode = item(info, ADAPTER_DECODE);
    int with_context = is_true(item(info, ADAPTER_CONTEXT)), declared = is_true(item(info, ADAPTER_DECLARED));
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
    PyObject *cls = item(description, NODE_CLS), *info = item(description, NODE_INFO), *bounds = item(description, NODE_BOUNDS);
    int nullable = is_true(item(description, NODE_NULLABLE));
    if (!cls || !info || !bounds || nullable < 0)
        return 0;
    self->nodes[node].cls = Py_NewRef(cls);
    self->nodes[node].flavour = kind == QR_KIND_TUPLE && cls == Py_None ? QPY_TUPLE : flavour_of(kind, cls);
    if (nullable)
        qr_plan_set_nullable(self->core, node);
    if (kind == QR_KIND_ARRAY || kind == QR_KIND_MAP || kind == QR_KIND_TUPLE || kind == QR_KIND_ADAPTER) {
        size_t count;
        uint32_t *items = numbers_of(item(description, NODE_ITEMS), &count);
        int ok = items && (qr_plan_set_items(self->core, node, items, count) || no_memory());
        PyMem_Free(items);
        if (!ok)
            return 0;
        if (kind != QR_KIND_ADAPTER && info != Py_None && (!keep_tuple(&self->nodes[node].also, item(info, CONTAINER_ALSO)) || !keep_tuple(&self->nodes[node].extra, item(info, CONTAINER_EXTRA))))
            return 0;
    }
    if (kind == QR_KIND_ADAPTER && !compile_adapter(&self->nodes[node], info))
        return 0;
    if (kind == QR_KIND_RECORD && !compile_record(self, node, cls, info))
        return 0;
    if (kind == QR_KIND_CHOICE && !compile_choices(self, node, info))
        return 0;
    if (kind == QR_KIND_UNION && !compile_union(self, node, info))
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
        return no_memory();
    for (Py_ssize_t i = 0; i < count; i++) {
        int kind = kind_of(item(PyTuple_GET_ITEM(nodes, i), NODE_KIND));
        if (kind < 0 || (qr_plan_add_node(self->core, (qr_kind)kind) == QR_PLAN_NONE && !no_memory()))
            return 0;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        if (!compile_node(self, (uint32_t)i, PyTuple_GET_ITEM(nodes, i)))
            return 0;
    qr_error error = qr_plan_seal(self->core);
    if (error == QR_ERROR_MEMORY)
        return no_memory();
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
        if (!finish_record(self, i) || !order_fields(self, i))
            return 0;
    return compile_unions(self);
}

/* Pairs (node, callable). */
static int compile_packed(qpy_plan *self, PyObject *packed)
{
    for (Py_ssize_t i = 0; packed && PyTuple_Check(packed) && i < PyTuple_GET_SIZE(packed); i++) {
        PyObject *pair = PyTuple_GET_ITEM(packed, i), *unpack = item(pair, 1);
        uint32_t node;
        if (!unpack || !number_of(item(pair, 0), &node))
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
    PyObject *callable = item(watch, 0);
    int records = is_true(item(watch, 1));
    if (!callable || records < 0)
        return 0;
    self->watch = Py_NewRef(callable);
    self->watches_records = (uint8_t)records;
    return 1;
}

qpy_plan *qpy_plan_compile(qpy_state *state, PyObject *type, PyObject *description, int *temporary)
{
    PyObject *nodes = item(description, 0);
    *temporary = is_true(item(description, 1));
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
    int ok = self->core ? compile_nodes(self, nodes) && compile_watch(self, item(description, 2)) && compile_packed(self, item(description, 3)) : no_memory();
    PyObject_GC_Track((PyObject *)self);
    if (!ok)
        Py_CLEAR(self);
    return self;
}
