/* SPDX-License-Identifier: Apache-2.0 */
/* plan: building one. Everything that lives in an array of the plan grows through `grow`; texts are copied into a chain
 * of blocks, so their addresses stay. */
#include "core/plan/plan_parts.h"

#include "core/format/json.h"
#include "core/format/msgpack.h"

static const char *const kind_names[] = {
#define X(NAME, name, expected) name,
#include "core/plan/kinds.def"
#undef X
};
static const char *const kind_expected[] = {
#define X(NAME, name, expected) expected,
#include "core/plan/kinds.def"
#undef X
};

const char *qr_kind_name(qr_kind kind) { return (unsigned)kind < QR_KIND_COUNT ? kind_names[kind] : "?"; }
const char *qr_kind_expected(qr_kind kind) { return (unsigned)kind < QR_KIND_COUNT ? kind_expected[kind] : "?"; }

qr_plan *qr_plan_new(const qr_memory *memory)
{
    qr_plan *self = qr_memory_resize(memory, NULL, sizeof *self);
    if (self) {
        memset(self, 0, sizeof *self);
        self->memory = memory;
    }
    return self;
}

void qr_plan_free(qr_plan *self)
{
    if (!self)
        return;
    const qr_memory *memory = self->memory;
#define X(type, name) qr_memory_free(memory, self->name);
    QR_PLAN_ARRAYS(X)
#undef X
    for (void *block = self->blocks, *next; block; block = next) {
        memcpy(&next, block, sizeof next);
        qr_memory_free(memory, block);
    }
    qr_memory_free(memory, self);
}

int qr_plan_fail(qr_plan *self, qr_error error)
{
    if (self->error == QR_ERROR_NONE)
        self->error = error;
    return 0;
}

/* Room for `more` further elements of an array; they are cleared. Asked for none, a new array is allocated all the same: its
 * address says that nothing failed. */
int qr_plan_grow(qr_plan *self, void **array, uint32_t count, uint32_t *capacity, size_t size, uint32_t more)
{
    if (self->error != QR_ERROR_NONE)
        return 0;
    if (more > UINT32_MAX / 4 - count)
        return qr_plan_fail(self, QR_ERROR_MEMORY);
    if (!*array || count + more > *capacity) {
        uint32_t wanted = (count + more) + (count + more) / 2 + 4;
        void *bigger = qr_memory_array(self->memory, *array, wanted, size);
        if (!bigger)
            return qr_plan_fail(self, QR_ERROR_MEMORY);
        *array = bigger;
        *capacity = wanted;
    }
    memset((char *)*array + (size_t)count * size, 0, (size_t)more * size);
    return 1;
}

const uint8_t *qr_plan_copy_text(qr_plan *self, const char *text, size_t length)
{
    size_t size;
    void *block = NULL;
    if (length > UINT32_MAX / 2 || qr_add_overflows(length, sizeof(void *) + 1, &size) || !(block = qr_memory_resize(self->memory, NULL, size))) {
        qr_plan_fail(self, QR_ERROR_MEMORY);
        return NULL;
    }
    memcpy(block, &self->blocks, sizeof(void *));
    self->blocks = block;
    uint8_t *copy = (uint8_t *)block + sizeof(void *);
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

qr_node *qr_plan_node_at(qr_plan *self, uint32_t node)
{
    if (node < self->nodes_count)
        return &self->nodes[node];
    qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    return NULL;
}

/* The description of a node of that kind, which its begin_* must have made. */
qr_node *qr_plan_node_of(qr_plan *self, uint32_t node, qr_kind kind, uint32_t count)
{
    qr_node *n = qr_plan_node_at(self, node);
    if (n && n->kind == kind && n->value < count)
        return n;
    qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    return NULL;
}

uint32_t qr_plan_add_node(qr_plan *self, qr_kind kind)
{
    qr_node *node = add_nodes(self, 1);
    if (!node)
        return QR_PLAN_NONE;
    *node = (qr_node){.kind = (uint8_t)kind, .item = QR_PLAN_NONE, .value = QR_PLAN_NONE};
    return self->nodes_count - 1;
}

void qr_plan_set_nullable(qr_plan *self, uint32_t node)
{
    qr_node *n = qr_plan_node_at(self, node);
    if (n)
        n->flags |= QR_NODE_NULLABLE;
}

int qr_plan_set_items(qr_plan *self, uint32_t node, const uint32_t *items, size_t count)
{
    qr_node *n = qr_plan_node_at(self, node);
    if (!n)
        return 0;
    if ((n->kind == QR_KIND_ARRAY || n->kind == QR_KIND_ADAPTER) && count == 1)
        n->item = items[0];
    else if (n->kind == QR_KIND_MAP && count == 2) {
        n->item = items[0];
        n->value = items[1];
    }
    else if (n->kind == QR_KIND_TUPLE && count <= UINT16_MAX) {
        uint32_t *room = add_items(self, (uint32_t)count);
        if (!room)
            return 0;
        if (count)
            memcpy(room, items, count * sizeof *room);
        n->item = self->items_count - (uint32_t)count;
        n->item_count = (uint16_t)count;
    }
    else
        return qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    return 1;
}

qr_plan_bounds *qr_plan_add_bounds(qr_plan *self, uint32_t node)
{
    qr_node *n = qr_plan_node_at(self, node);
    qr_plan_bounds *bounds = n ? add_bounds(self, 1) : NULL;
    if (!bounds)
        return NULL;
    bounds->max_length = SIZE_MAX;
    n->flags |= QR_NODE_BOUNDED;
    n->bounds = self->bounds_count - 1;
    return bounds;
}

/* ---------------------------------------------------------------- records */

int qr_plan_begin_record(qr_plan *self, uint32_t node, qr_unknown unknown)
{
    qr_node *n = qr_plan_node_at(self, node);
    qr_record *record = n && n->kind == QR_KIND_RECORD ? add_records(self, 1) : NULL;
    if (!record)
        return qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    record->first = self->fields_count;
    record->unknown = (uint8_t)unknown;
    n->value = self->records_count - 1;
    return 1;
}

uint32_t qr_plan_add_field(qr_plan *self, uint32_t node, const char *name, size_t length, uint32_t field_node, uint32_t flags)
{
    qr_node *n = qr_plan_node_of(self, node, QR_KIND_RECORD, self->records_count);
    if (!n || self->records[n->value].first + self->records[n->value].count != self->fields_count) {
        qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
        return QR_PLAN_NONE;
    }
    const uint8_t *copy = qr_plan_copy_text(self, name, length);
    qr_field *field = copy ? add_fields(self, 1) : NULL;
    if (!field)
        return QR_PLAN_NONE;
    *field = (qr_field){.name = copy, .length = (uint32_t)length, .node = field_node, .flags = flags};
    return self->records[n->value].count++;
}

int qr_plan_add_alias(qr_plan *self, uint32_t node, uint32_t field, const char *name, size_t length)
{
    qr_node *n = qr_plan_node_of(self, node, QR_KIND_RECORD, self->records_count);
    if (!n || field >= self->records[n->value].count)
        return qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    const uint8_t *copy = qr_plan_copy_text(self, name, length);
    qr_name *alias = copy ? add_aliases(self, 1) : NULL;
    if (!alias)
        return 0;
    *alias = (qr_name){copy, (uint32_t)length, self->records[n->value].first + field};
    return 1;
}

int qr_plan_add_ignored(qr_plan *self, uint32_t node, const char *name, size_t length)
{
    qr_node *n = qr_plan_node_of(self, node, QR_KIND_RECORD, self->records_count);
    const uint8_t *copy = n ? qr_plan_copy_text(self, name, length) : NULL;
    qr_name *ignored = copy ? add_ignored(self, 1) : NULL;
    if (!ignored)
        return 0;
    *ignored = (qr_name){copy, (uint32_t)length, n->value};
    return 1;
}

int qr_plan_set_tag(qr_plan *self, uint32_t node, const char *name, size_t name_length, const char *tag, size_t tag_length, int64_t tag_int)
{
    qr_node *n = qr_plan_node_of(self, node, QR_KIND_RECORD, self->records_count);
    const uint8_t *copy = n ? qr_plan_copy_text(self, name, name_length) : NULL, *text = copy && tag ? qr_plan_copy_text(self, tag, tag_length) : NULL;
    if (!copy || (tag && !text))
        return 0;
    qr_record *record = &self->records[n->value];
    record->has_tag = 1;
    record->tag_is_int = !tag;
    record->tag_name = copy;
    record->tag_name_length = (uint32_t)name_length;
    record->tag = text;
    record->tag_length = (uint32_t)tag_length;
    record->tag_int = tag_int;
    return 1;
}

int qr_plan_set_array(qr_plan *self, uint32_t node)
{
    qr_node *n = qr_plan_node_of(self, node, QR_KIND_RECORD, self->records_count);
    if (!n)
        return 0;
    self->records[n->value].array = 1;
    return 1;
}

/* ---------------------------------------------------------------- choices */

int qr_plan_begin_choices(qr_plan *self, uint32_t node, int open)
{
    qr_node *n = qr_plan_node_at(self, node);
    qr_choices *set = n && n->kind == QR_KIND_CHOICE ? add_choice_sets(self, 1) : NULL;
    if (!set)
        return qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    *set = (qr_choices){self->choices_count, 0, (uint8_t)open};
    n->value = self->choice_sets_count - 1;
    return 1;
}

static int add_choice(qr_plan *self, uint32_t node, qr_choice value)
{
    qr_node *n = qr_plan_node_of(self, node, QR_KIND_CHOICE, self->choice_sets_count);
    if (!n || self->choice_sets[n->value].first + self->choice_sets[n->value].count != self->choices_count)
        return qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    qr_choice *choice = add_choices(self, 1);
    if (!choice)
        return 0;
    *choice = value;
    self->choice_sets[n->value].count++;
    return 1;
}

int qr_plan_add_choice_text(qr_plan *self, uint32_t node, const char *text, size_t length)
{
    const uint8_t *copy = qr_plan_copy_text(self, text, length);
    return copy && add_choice(self, node, (qr_choice){.text = copy, .length = (uint32_t)length});
}

int qr_plan_add_choice_int(qr_plan *self, uint32_t node, int64_t number, int is_bool)
{
    return add_choice(self, node, (qr_choice){.number = number, .is_bool = (uint8_t)is_bool});
}

/* ---------------------------------------------------------------- sealing */

static void make_images(qr_image *images, const uint8_t *name, size_t length)
{
#define X(NAME, name_) qr_##name_##_key_image(&images[QR_FORMAT_##NAME], name, length);
#include "core/format/formats.def"
#undef X
}

/* A free hash table for that many names. */
int qr_plan_add_table(qr_plan *self, uint32_t names, uint32_t *first, uint32_t *mask)
{
    uint32_t size = 2;
    if (names > UINT32_MAX / 16)
        return qr_plan_fail(self, QR_ERROR_TOO_LONG);
    while (size < names * 2 + 1)
        size *= 2;
    if (!add_names(self, size))
        return 0;
    *first = self->names_count - size;
    *mask = size - 1;
    return 1;
}

/* 0 without an error when the table has the name already. */
int qr_plan_enter_table(qr_plan *self, uint32_t first, uint32_t mask, const uint8_t *name, uint32_t length, uint32_t field)
{
    qr_name *table = self->names + first;
    if (qr_plan_find_name(self, first, mask, name, length) != QR_PLAN_NONE)
        return 0;
    for (uint32_t i = qr_name_hash(name, length);; i++) {
        qr_name *entry = &table[i & mask];
        if (entry->field == 0) {
            *entry = (qr_name){name, length, field + 1};
            return 1;
        }
    }
}

static int enter_name(qr_plan *self, const qr_record *record, const uint8_t *name, uint32_t length, uint32_t field)
{
    return qr_plan_enter_table(self, record->names, record->mask, name, length, field) || qr_plan_fail(self, QR_ERROR_DUPLICATE_FIELD);
}

static int seal_record(qr_plan *self, qr_record *record)
{
    uint32_t names = record->count, words = (record->count + 63) / 64;
    if (record->count > QR_RECORD_FIELDS)
        return qr_plan_fail(self, QR_ERROR_TOO_LONG);
    for (uint32_t i = 0; i < self->aliases_count; i++)
        names += self->aliases[i].field - record->first < record->count;
    if (!qr_plan_add_table(self, names, &record->names, &record->mask))
        return 0;
    if (words && !add_required(self, words))
        return 0;
    record->seen = self->required_count - words;
    if (record->has_tag)
        make_images(record->tag_image, record->tag_name, record->tag_name_length);
    for (uint32_t i = 0; i < record->count; i++) {
        qr_field *field = &self->fields[record->first + i];
        if (field->node >= self->nodes_count)
            return qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
        make_images(field->image, field->name, field->length);
        if (field->flags & QR_FIELD_REQUIRED)
            self->required[record->seen + i / 64] |= (uint64_t)1 << (i % 64);
        if (!enter_name(self, record, field->name, field->length, i))
            return 0;
    }
    for (uint32_t i = 0; i < self->aliases_count; i++) {
        const qr_name *alias = &self->aliases[i];
        if (alias->field - record->first < record->count && !enter_name(self, record, alias->name, alias->length, alias->field - record->first))
            return 0;
    }
    return 1;
}

/* A bound that is not a number would compare with nothing. */
static int seal_bounds(const qr_plan_bounds *b)
{
    return !__builtin_isnan(b->least) && !__builtin_isnan(b->most) && __builtin_isfinite(b->multiple);
}

static int seal_node(const qr_plan *self, const qr_node *node)
{
    switch (node->kind) {
    case QR_KIND_ARRAY:
    case QR_KIND_ADAPTER: return node->item < self->nodes_count;
    case QR_KIND_MAP: return node->item < self->nodes_count && node->value < self->nodes_count;
    case QR_KIND_RECORD: return node->value < self->records_count;
    case QR_KIND_CHOICE: return node->value < self->choice_sets_count;
    case QR_KIND_UNION: return node->value < self->unions_count;
    case QR_KIND_TUPLE: return node->item_count == 0 || node->item + node->item_count <= self->items_count;
    default: return node->kind < QR_KIND_COUNT;
    }
}

/* Does an adapter come to something that is read? One that stood for itself would be followed for ever. */
static int seal_adapter(const qr_plan *self, uint32_t number)
{
    for (uint32_t steps = 0; steps <= self->nodes_count; steps++, number = self->nodes[number].item)
        if (self->nodes[number].kind != QR_KIND_ADAPTER)
            return 1;
    return 0;
}

qr_error qr_plan_seal(qr_plan *self)
{
    if (self->nodes_count == 0)
        qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    for (uint32_t i = 0; i < self->nodes_count && self->error == QR_ERROR_NONE; i++)
        if (!seal_node(self, &self->nodes[i]))
            qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    for (uint32_t i = 0; i < self->nodes_count && self->error == QR_ERROR_NONE; i++)
        if (self->nodes[i].kind == QR_KIND_ADAPTER && !seal_adapter(self, i))
            qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    for (uint32_t i = 0; i < self->items_count && self->error == QR_ERROR_NONE; i++)
        if (self->items[i] >= self->nodes_count)
            qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    for (uint32_t i = 0; i < self->records_count && self->error == QR_ERROR_NONE; i++)
        seal_record(self, &self->records[i]);
    for (uint32_t i = 0; i < self->bounds_count && self->error == QR_ERROR_NONE; i++)
        if (!seal_bounds(&self->bounds[i]))
            qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    for (uint32_t i = 0; i < self->unions_count && self->error == QR_ERROR_NONE; i++)
        if (!qr_plan_seal_union(self, &self->unions[i]))
            qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    return self->error;
}

/* ---------------------------------------------------------------- looking up: sets are small, most have a handful */

static int choice_is_text(const qr_choice *choice, const uint8_t *text, size_t length)
{
    return choice->text && choice->length == length && memcmp(choice->text, text, length) == 0;
}

int qr_plan_is_ignored(const qr_plan *self, const qr_record *record, const uint8_t *name, size_t length)
{
    for (uint32_t i = 0; i < self->ignored_count; i++) {
        const qr_name *ignored = &self->ignored[i];
        if (&self->records[ignored->field] == record && ignored->length == length && memcmp(ignored->name, name, length) == 0)
            return 1;
    }
    return 0;
}

uint32_t qr_plan_find_choice_text(const qr_plan *self, const qr_choices *set, const uint8_t *text, size_t length)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (choice_is_text(&self->choices[set->first + i], text, length))
            return i;
    return QR_PLAN_NONE;
}

uint32_t qr_plan_find_choice_int(const qr_plan *self, const qr_choices *set, int64_t number, int is_bool)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const qr_choice *choice = &self->choices[set->first + i];
        if (!choice->text && choice->number == number && choice->is_bool == is_bool)
            return i;
    }
    return QR_PLAN_NONE;
}

int qr_plan_key_is_number(const qr_plan *self, uint32_t number)
{
    const qr_node *node = &self->nodes[qr_plan_wire(self, number)];
    if (node->kind == QR_KIND_UNION) {
        const qr_union *u = &self->unions[node->value];
        return u->ints_count || u->bool_ != QR_PLAN_NONE || u->int_ != QR_PLAN_NONE || u->float_ != QR_PLAN_NONE;
    }
    if (node->kind != QR_KIND_CHOICE)
        return node->kind == QR_KIND_INT || node->kind == QR_KIND_FLOAT || node->kind == QR_KIND_BOOL || node->kind == QR_KIND_NONE;
    const qr_choices *set = &self->choice_sets[node->value];
    for (uint32_t i = 0; i < set->count; i++)
        if (self->choices[set->first + i].text)
            return 0;
    return 1;
}
