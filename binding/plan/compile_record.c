/* SPDX-License-Identifier: Apache-2.0 */
/* compile_record: classes with fields: the fields of a plan, their order and their places in an instance. */
#include "binding/plan/compile_parts.h"
#include "binding/walk_order.h"

#include "binding/cpython_private.h"
#include "binding/members.h"

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
        if (!qpy_item_text(PyTuple_GET_ITEM(aliases, i), &text, &length) || (!qr_plan_add_alias(self->core, node, field, text, length) && !qpy_compile_no_memory()))
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
    PyObject *name = qpy_item(field, FIELD_NAME), *keyword = qpy_item(field, FIELD_KEYWORD), *default_ = qpy_item(field, FIELD_DEFAULT);
    (void)position_wire;
    if (!name || !keyword || !default_ || !qpy_item_text(qpy_item(field, FIELD_WIRE), &wire, &length) || !qpy_item_number(qpy_item(field, FIELD_NODE), &child))
        return 0;
    int required = qpy_item_true(qpy_item(field, FIELD_REQUIRED)), init = qpy_item_true(qpy_item(field, FIELD_INIT)), stored = qpy_item_true(qpy_item(field, FIELD_STORED));
    int serialize = qpy_item_true(qpy_item(field, FIELD_SERIALIZE)), secret = qpy_item_true(qpy_item(field, FIELD_SECRET)), gap = qpy_item_true(qpy_item(field, FIELD_GAP));
    long kind = PyLong_AsLong(qpy_item(field, FIELD_DEFAULT_KIND)), omit = PyLong_AsLong(qpy_item(field, FIELD_OMIT));
    if (required < 0 || init < 0 || stored < 0 || serialize < 0 || secret < 0 || gap < 0 || PyErr_Occurred())
        return 0;
    uint32_t number = self->core->fields_count;
    uint32_t index = qr_plan_add_field(self->core, node, wire, length, child, (required ? QR_FIELD_REQUIRED : 0) | (gap ? QR_FIELD_GAP : 0));
    if (index == QR_PLAN_NONE)
        return qpy_compile_no_memory();
    qpy_field_side *bigger = PyMem_Realloc(self->fields, (number + 1) * sizeof *bigger);
    if (!bigger) {
        self->core->fields_count--; /* the side table ends before it */
        return qpy_compile_no_memory();
    }
    self->fields = bigger;
    qpy_field_side *side = &self->fields[number];
    *side = (qpy_field_side){.default_kind = (uint8_t)kind, .omit = (uint8_t)omit, .init = (uint8_t)init, .stored = (uint8_t)stored, .written = stored && serialize, .secret = (uint8_t)secret};
    side->name = Py_NewRef(name);
    PyUnicode_InternInPlace(&side->name);
    side->keyword = Py_NewRef(keyword == Py_None ? name : keyword);
    side->wire = Py_NewRef(qpy_item(field, FIELD_WIRE));
    PyUnicode_InternInPlace(&side->wire);
    side->default_ = kind ? Py_NewRef(default_) : NULL;
    if (form == QPY_FORM_RECORD && !gap && (side->offset = record_offset((qpy_record_class *)cls, name)) < 0)
        return 0;
    if (form == QPY_FORM_DATACLASS)
        side->offset = slot_offset(cls, name);
    return compile_aliases(self, node, index, qpy_item(field, FIELD_ALIASES));
}

static int compile_tag(qpy_plan *self, uint32_t node, PyObject *name, PyObject *tag)
{
    const char *name_text, *text = NULL;
    size_t name_length, length = 0;
    long long number = 0;
    if (name == Py_None || tag == Py_None)
        return 1;
    if (!qpy_item_text(name, &name_text, &name_length))
        return 0;
    if (PyLong_Check(tag)) {
        number = PyLong_AsLongLong(tag);
        if (number == -1 && PyErr_Occurred())
            return 0;
    }
    else if (!qpy_item_text(tag, &text, &length))
        return 0;
    return qr_plan_set_tag(self->core, node, name_text, name_length, text, length, number) || qpy_compile_no_memory();
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
        if (!qpy_item_text(PyTuple_GET_ITEM(names, i), &text, &length) || (!qr_plan_add_ignored(self->core, node, text, length) && !qpy_compile_no_memory()))
            return 0;
    }
    return names != NULL;
}

static int compile_computed(qpy_record_side *side, PyObject *computed)
{
    for (Py_ssize_t i = 0; computed && PyTuple_Check(computed) && i < PyTuple_GET_SIZE(computed); i++) {
        PyObject *one = PyTuple_GET_ITEM(computed, i), *name = qpy_item(one, 0), *wire = qpy_item(one, 1);
        if (!name || !wire || !qpy_item(one, 2))
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

int qpy_compile_record(qpy_plan *self, uint32_t node, PyObject *cls, PyObject *info)
{
    PyObject *fields = qpy_item(info, RECORD_FIELDS), *unknown = qpy_item(info, RECORD_UNKNOWN), *tag_name = qpy_item(info, RECORD_TAG_FIELD), *tag = qpy_item(info, RECORD_TAG);
    int form = form_of(qpy_item(info, RECORD_FORM)), array = qpy_item_true(qpy_item(info, RECORD_ARRAY)), post_init = qpy_item_true(qpy_item(info, RECORD_POST_INIT));
    if (!fields || !unknown || !tag_name || !tag || form < 0 || array < 0 || post_init < 0)
        return 0;
    if (!PyTuple_Check(fields) || !PyUnicode_Check(unknown) || !PyType_Check(cls) ||
        (form == QPY_FORM_RECORD && !qpy_record_check(self->state, (PyTypeObject *)cls))) {
        PyErr_SetString(PyExc_SystemError, "a description's record is not well formed");
        return 0;
    }
    uint32_t number = self->core->records_count;
    if (!qr_plan_begin_record(self->core, node, unknown_of(unknown)) || (array && !qr_plan_set_array(self->core, node)))
        return qpy_compile_no_memory();
    qpy_record_side *bigger = PyMem_Realloc(self->records, (number + 1) * sizeof *bigger);
    if (!bigger) {
        self->core->records_count--;
        return qpy_compile_no_memory();
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
    if (!compile_computed(&self->records[number], qpy_item(info, RECORD_COMPUTED)) || !compile_ignored(self, node, qpy_item(info, RECORD_IGNORED)))
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

int qpy_finish_record(qpy_plan *self, uint32_t number)
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
            return qpy_compile_no_memory();
        for (uint32_t i = 0; i < record->count; i++)
            names[i] = self->fields[record->first + i].name;
        side->dict_template = self->state->private_ok ? qpy_dict_template(names, record->count) : NULL;
        PyMem_Free(names);
        if (!side->dict_template && PyErr_Occurred())
            return 0;
    }
    return order_fields(self, number);
}
