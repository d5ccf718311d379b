/* SPDX-License-Identifier: Apache-2.0 */
/* plan_union: building and sealing unions. */
#include "core/plan/plan_parts.h"

qr_union *qr_plan_begin_union(qr_plan *self, uint32_t node)
{
    qr_node *n = qr_plan_node_at(self, node);
    qr_union *u = n && n->kind == QR_KIND_UNION ? add_unions(self, 1) : NULL;
    if (!u) {
        qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
        return NULL;
    }
    u->bool_ = u->int_ = u->float_ = u->bytes = u->array = u->map = u->map_default = QR_PLAN_NONE;
    n->value = self->unions_count - 1;
    return u;
}

static qr_union *union_of(qr_plan *self, uint32_t node)
{
    qr_node *n = qr_plan_node_of(self, node, QR_KIND_UNION, self->unions_count);
    return n ? &self->unions[n->value] : NULL;
}

static int add_arms(qr_plan *self, const uint32_t *arms, size_t count, uint32_t *first, uint32_t *length)
{
    uint32_t *room = count < UINT32_MAX / 2 ? add_items(self, (uint32_t)count) : NULL;
    if (!room)
        return qr_plan_fail(self, QR_ERROR_MEMORY);
    if (count)
        memcpy(room, arms, count * sizeof *room);
    *first = self->items_count - (uint32_t)count;
    *length = (uint32_t)count;
    return 1;
}

int qr_plan_set_union_text(qr_plan *self, uint32_t node, const uint32_t *arms, size_t count)
{
    qr_union *u = union_of(self, node);
    return u && add_arms(self, arms, count, &u->text, &u->text_count);
}

int qr_plan_set_union_ints(qr_plan *self, uint32_t node, const uint32_t *arms, size_t count)
{
    qr_union *u = union_of(self, node);
    return u && add_arms(self, arms, count, &u->ints, &u->ints_count);
}

int qr_plan_set_union_tag(qr_plan *self, uint32_t node, const char *name, size_t length)
{
    qr_union *u = union_of(self, node);
    const uint8_t *copy = u ? qr_plan_copy_text(self, name, length) : NULL;
    if (!copy)
        return 0;
    u->tag_name = copy;
    u->tag_name_length = (uint32_t)length;
    return 1;
}

static int add_tag(qr_plan *self, qr_union *u, qr_tag value)
{
    qr_tag *tag = u ? add_tags(self, 1) : NULL;
    if (!tag)
        return 0;
    *tag = value;
    if (u->tag_count++ == 0)
        u->tags = self->tags_count - 1;
    return u->tags + u->tag_count == self->tags_count || qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
}

int qr_plan_add_union_tag(qr_plan *self, uint32_t node, const char *text, size_t length, int64_t tag_int, uint32_t arm)
{
    qr_union *u = union_of(self, node);
    const uint8_t *copy = u && text ? qr_plan_copy_text(self, text, length) : NULL;
    return u && (copy || !text) && add_tag(self, u, (qr_tag){{.text = copy, .length = (uint32_t)length, .number = tag_int}, arm});
}

int qr_plan_add_union_tag_bool(qr_plan *self, uint32_t node, int truth, uint32_t arm)
{
    return add_tag(self, union_of(self, node), (qr_tag){{.number = truth != 0, .is_bool = 1}, arm});
}

int qr_plan_add_union_key_arm(qr_plan *self, uint32_t node, uint32_t arm)
{
    qr_union *u = union_of(self, node);
    qr_key_arm *key_arm = u ? add_key_arms(self, 1) : NULL;
    if (!key_arm)
        return 0;
    key_arm->arm = arm;
    if (u->key_count++ == 0)
        u->keys = self->key_arms_count - 1;
    return u->keys + u->key_count == self->key_arms_count || qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
}

static int add_array_arm(qr_plan *self, qr_union *u, qr_array_arm value)
{
    qr_array_arm *arm = u ? add_array_arms(self, 1) : NULL;
    if (!arm)
        return 0;
    *arm = value;
    if (u->array_count++ == 0)
        u->arrays = self->array_arms_count - 1;
    return u->arrays + u->array_count == self->array_arms_count || qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
}

int qr_plan_add_union_array(qr_plan *self, uint32_t node, uint32_t arm, size_t least, size_t most, uint32_t rest)
{
    return add_array_arm(self, union_of(self, node), (qr_array_arm){.arm = arm, .first = self->array_slots_count, .rest = rest, .least = least, .most = most});
}

int qr_plan_add_union_slot(qr_plan *self, uint32_t node, uint32_t kinds, uint32_t choice)
{
    qr_union *u = union_of(self, node);
    qr_array_arm *arm = u && u->array_count ? &self->array_arms[u->arrays + u->array_count - 1] : NULL;
    if (!arm || arm->first + arm->count != self->array_slots_count)
        return qr_plan_fail(self, QR_ERROR_INVALID_VALUE);
    qr_array_slot *slot = add_array_slots(self, 1);
    if (!slot)
        return 0;
    *slot = (qr_array_slot){kinds, choice};
    arm->count++;
    return 1;
}

/* ---------------------------------------------------------------- sealing */

/* No arm is a union: flatten them. One that led back to itself would be followed for ever. */
static int is_arm(const qr_plan *self, uint32_t arm) { return arm < self->nodes_count && self->nodes[qr_plan_wire(self, arm)].kind != QR_KIND_UNION; }

/* A node that is read from a map, and whose map may be opened before it is chosen. */
static int is_map_arm(const qr_plan *self, uint32_t arm)
{
    if (!is_arm(self, arm))
        return 0;
    const qr_node *node = &self->nodes[qr_plan_wire(self, arm)];
    return node->kind == QR_KIND_MAP || (node->kind == QR_KIND_RECORD && !self->records[node->value].array);
}

static int seal_tags(qr_plan *self, qr_union *u)
{
    if (u->tag_count == 0)
        return 1;
    if (!u->tag_name || !qr_plan_add_table(self, u->tag_count, &u->tag_table, &u->tag_mask))
        return 0;
    const qr_tag *tags = self->tags + u->tags;
    for (uint32_t i = 0; i < u->tag_count; i++) {
        const qr_choice *value = &tags[i].value;
        if (!is_map_arm(self, tags[i].arm) || (value->text && !qr_plan_enter_table(self, u->tag_table, u->tag_mask, value->text, value->length, i)))
            return 0;
        for (uint32_t earlier = 0; !value->text && earlier < i; earlier++)
            if (!tags[earlier].value.text && tags[earlier].value.number == value->number && tags[earlier].value.is_bool == value->is_bool)
                return 0;
    }
    return 1;
}

/* The arm requires what is known by that name, too. */
static int enter_key(qr_plan *self, const qr_union *u, const qr_key_arm *arm, uint32_t bit, const uint8_t *name, uint32_t length)
{
    qr_key_bit *added = add_key_bits(self, 1);
    if (!added)
        return 0;
    uint32_t found = qr_plan_find_name(self, u->key_table, u->key_mask, name, length);
    *added = (qr_key_bit){(uint64_t)1 << (bit % 64), arm->word + bit / 64, 0};
    if (found == QR_PLAN_NONE)
        return qr_plan_enter_table(self, u->key_table, u->key_mask, name, length, self->key_bits_count - 1);
    added->next = self->key_bits[found].next;
    self->key_bits[found].next = self->key_bits_count;
    return 1;
}

static int enter_keys(qr_plan *self, const qr_union *u, qr_key_arm *arm)
{
    const qr_record *record = &self->records[self->nodes[qr_plan_wire(self, arm->arm)].value];
    arm->bits = 0;
    if (record->has_tag && !enter_key(self, u, arm, arm->bits++, record->tag_name, record->tag_name_length))
        return 0;
    for (uint32_t i = 0; i < record->count; i++) {
        const qr_field *field = &self->fields[record->first + i];
        if (!(field->flags & QR_FIELD_REQUIRED))
            continue;
        if (!enter_key(self, u, arm, arm->bits, field->name, field->length))
            return 0;
        for (uint32_t k = 0; k < self->aliases_count; k++) {
            const qr_name *alias = &self->aliases[k];
            if (alias->field == record->first + i && !enter_key(self, u, arm, arm->bits, alias->name, alias->length))
                return 0;
        }
        arm->bits++;
    }
    return 1;
}

static int seal_keys(qr_plan *self, qr_union *u)
{
    uint64_t names = 0;
    for (uint32_t i = 0; i < u->key_count; i++) {
        uint32_t arm = self->key_arms[u->keys + i].arm;
        if (!is_map_arm(self, arm) || self->nodes[qr_plan_wire(self, arm)].kind != QR_KIND_RECORD)
            return 0;
        names += self->records[self->nodes[qr_plan_wire(self, arm)].value].count + 1;
    }
    names += u->key_count ? self->aliases_count : 0; /* at most: some arm's, or another record's */
    u->key_words = 0;
    if (u->key_count == 0)
        return 1;
    if (names > UINT32_MAX / 16 || !qr_plan_add_table(self, (uint32_t)names, &u->key_table, &u->key_mask))
        return qr_plan_fail(self, QR_ERROR_TOO_LONG);
    for (uint32_t i = 0; i < u->key_count; i++) {
        qr_key_arm *arm = &self->key_arms[u->keys + i];
        const qr_record *record = &self->records[self->nodes[qr_plan_wire(self, arm->arm)].value];
        u->tag_is_key |= u->tag_name && qr_plan_find_field(self, record, u->tag_name, u->tag_name_length) != QR_PLAN_NONE;
        arm->word = u->key_words;
        if (!enter_keys(self, u, arm))
            return 0;
        u->key_words += (arm->bits + 63) / 64;
    }
    return 1;
}

static int is_array_arm(const qr_plan *self, uint32_t arm)
{
    const qr_node *node = arm < self->nodes_count ? &self->nodes[qr_plan_wire(self, arm)] : NULL;
    return node && (node->kind == QR_KIND_ARRAY || node->kind == QR_KIND_TUPLE || (node->kind == QR_KIND_RECORD && self->records[node->value].array));
}

static int seal_arrays(const qr_plan *self, const qr_union *u)
{
    if (u->array_count > QR_UNION_ARRAYS)
        return 0;
    for (uint32_t i = 0; i < u->array_count; i++) {
        const qr_array_arm *arm = &self->array_arms[u->arrays + i];
        if (!is_array_arm(self, arm->arm))
            return 0;
        for (uint32_t k = 0; k < arm->count; k++) {
            uint32_t choice = self->array_slots[arm->first + k].choice;
            if (choice != QR_PLAN_NONE && (choice >= self->nodes_count || self->nodes[choice].kind != QR_KIND_CHOICE))
                return 0;
        }
    }
    return 1;
}

int qr_plan_seal_union(qr_plan *self, qr_union *u)
{
    const uint32_t arms[] = {u->bool_, u->int_, u->float_, u->bytes, u->array}, maps[] = {u->map, u->map_default};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(arms); i++)
        if (arms[i] != QR_PLAN_NONE && !is_arm(self, arms[i]))
            return 0;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(maps); i++)
        if (maps[i] != QR_PLAN_NONE && !is_map_arm(self, maps[i]))
            return 0;
    for (uint32_t i = 0; i < u->text_count; i++)
        if (!is_arm(self, self->items[u->text + i]))
            return 0;
    for (uint32_t i = 0; i < u->ints_count; i++)
        if (!is_arm(self, self->items[u->ints + i]) || self->nodes[qr_plan_wire(self, self->items[u->ints + i])].kind != QR_KIND_CHOICE)
            return 0;
    return seal_arrays(self, u) && seal_tags(self, u) && seal_keys(self, u);
}

/* ---------------------------------------------------------------- looking up */

uint32_t qr_plan_find_tag_text(const qr_plan *self, const qr_union *u, const uint8_t *text, size_t length)
{
    uint32_t tag = u->tag_count ? qr_plan_find_name(self, u->tag_table, u->tag_mask, text, length) : QR_PLAN_NONE;
    return tag == QR_PLAN_NONE ? QR_PLAN_NONE : self->tags[u->tags + tag].arm;
}

uint32_t qr_plan_find_tag_int(const qr_plan *self, const qr_union *u, int64_t number, int is_bool)
{
    for (uint32_t i = 0; i < u->tag_count; i++) {
        const qr_choice *value = &self->tags[u->tags + i].value;
        if (!value->text && value->number == number && value->is_bool == is_bool)
            return self->tags[u->tags + i].arm;
    }
    return QR_PLAN_NONE;
}

static int has_all(const qr_key_arm *arm, const uint64_t *present)
{
    const uint64_t *words = present + arm->word;
    uint32_t whole = arm->bits / 64, rest = arm->bits % 64;
    for (uint32_t i = 0; i < whole; i++)
        if (~words[i])
            return 0;
    return rest == 0 || words[whole] == ((uint64_t)1 << rest) - 1;
}

uint32_t qr_plan_find_key_arm(const qr_plan *self, const qr_union *u, const uint64_t *present)
{
    for (uint32_t i = 0; i < u->key_count; i++)
        if (has_all(&self->key_arms[u->keys + i], present))
            return self->key_arms[u->keys + i].arm;
    return QR_PLAN_NONE;
}
