/* SPDX-License-Identifier: Apache-2.0 */
/* plans: the fixed types that documents are checked against. Made once, never freed. */
#ifndef QUIRE_FUZZ_PLANS_H
#define QUIRE_FUZZ_PLANS_H

#include "core/plan/plan.h"
#include "fuzz/fuzz.h"

/* PLAN_ANY has no plan; PLAN_RAW takes everything too, by skipping it. */
typedef enum plan_name { PLAN_ANY, PLAN_RAW, PLAN_PEOPLE, PLAN_SHAPES, PLAN_SCALARS, PLAN_ROWS, PLAN_ADAPTED, PLAN_COUNT } plan_name;

static uint32_t plan_node(qr_plan *plan, qr_kind kind) { return qr_plan_add_node(plan, kind); }

static uint32_t plan_items(qr_plan *plan, qr_kind kind, uint32_t a, uint32_t b, size_t count)
{
    uint32_t number = plan_node(plan, kind), items[] = {a, b};
    qr_plan_set_items(plan, number, items, count);
    return number;
}

static void plan_field(qr_plan *plan, uint32_t record, const char *name, uint32_t node, uint32_t flags)
{
    qr_plan_add_field(plan, record, name, strlen(name), node, flags);
}

/* [{id, name, tags, boss, scores}]: nested and recursive, with bounds, an alias and null. */
static void plan_people(qr_plan *plan, uint32_t root)
{
    uint32_t person = plan_node(plan, QR_KIND_RECORD), id = plan_node(plan, QR_KIND_INT), name = plan_node(plan, QR_KIND_STR), boss = plan_node(plan, QR_KIND_RECORD);
    uint32_t tags = plan_items(plan, QR_KIND_ARRAY, name, 0, 1), scores = plan_items(plan, QR_KIND_MAP, name, plan_node(plan, QR_KIND_FLOAT), 2);
    qr_plan_set_items(plan, root, &person, 1);
    qr_plan_bounds *bounds = qr_plan_add_bounds(plan, id);
    bounds->has_least = 1, bounds->has_most = 2, bounds->most_is_float = 1, bounds->most = 1e12, bounds->multiple_int = 1;
    qr_plan_add_bounds(plan, name)->max_length = 40;
    qr_plan_begin_record(plan, person, QR_UNKNOWN_SKIP);
    plan_field(plan, person, "id", id, QR_FIELD_REQUIRED);
    plan_field(plan, person, "name", name, QR_FIELD_REQUIRED);
    plan_field(plan, person, "tags", tags, 0);
    plan_field(plan, person, "boss", boss, 0);
    plan_field(plan, person, "scores", scores, 0);
    plan_field(plan, person, "a name that is too long for an image", name, 0);
    qr_plan_add_alias(plan, person, 1, "label", 5);
    qr_plan_begin_record(plan, boss, QR_UNKNOWN_ERROR);
    plan_field(plan, boss, "id", id, 0);
    plan_field(plan, boss, "boss", boss, 0);
    qr_plan_set_nullable(plan, boss);
}

/* Circle | Square by their tag, Point | Line by their names, or a map; arrays of such; text of four kinds. */
static void plan_shapes(qr_plan *plan, uint32_t root)
{
    uint32_t records[4], real = plan_node(plan, QR_KIND_FLOAT), str = plan_node(plan, QR_KIND_STR), choice = plan_node(plan, QR_KIND_CHOICE);
    static const char *const fields[4][2] = {{"r", "inner"}, {"side", "inner"}, {"x", "y"}, {"from", "to"}};
    uint32_t texts[] = {choice, plan_node(plan, QR_KIND_DATE), plan_node(plan, QR_KIND_BYTES), str};
    qr_plan_begin_choices(plan, choice, 0);
    qr_plan_add_choice_text(plan, choice, "none", 4);
    qr_plan_add_choice_int(plan, choice, 7, 0);
    for (int i = 0; i < 4; i++) {
        records[i] = plan_node(plan, QR_KIND_RECORD);
        qr_plan_begin_record(plan, records[i], i & 1 ? QR_UNKNOWN_ERROR : QR_UNKNOWN_SKIP);
        plan_field(plan, records[i], fields[i][0], i == 3 ? root : real, QR_FIELD_REQUIRED);
        plan_field(plan, records[i], fields[i][1], i == 2 ? real : root, i < 2 ? 0 : QR_FIELD_REQUIRED);
    }
    qr_plan_set_tag(plan, records[0], "kind", 4, "circle", 6, 0);
    qr_plan_set_tag(plan, records[1], "kind", 4, NULL, 0, 4);
    uint32_t map = plan_items(plan, QR_KIND_MAP, str, root, 2), list = plan_items(plan, QR_KIND_ARRAY, root, 0, 1);
    qr_union *u = qr_plan_begin_union(plan, root);
    u->float_ = real, u->array = list, u->map_default = map;
    qr_plan_set_union_text(plan, root, texts, 4);
    qr_plan_set_union_ints(plan, root, &choice, 1);
    qr_plan_set_union_tag(plan, root, "kind", 4);
    qr_plan_add_union_tag(plan, root, "circle", 6, 0, records[0]);
    qr_plan_add_union_tag(plan, root, NULL, 0, 4, records[1]);
    qr_plan_add_union_key_arm(plan, root, records[2]);
    qr_plan_add_union_key_arm(plan, root, records[3]);
    qr_plan_set_nullable(plan, root);
}

/* A record with a field of every kind that is no container, named by its kind. */
static void plan_scalars(qr_plan *plan, uint32_t root)
{
    uint32_t nodes[QR_KIND_ARRAY];
    for (unsigned kind = 0; kind < QR_KIND_ARRAY; kind++)
        nodes[kind] = plan_node(plan, (qr_kind)kind);
    qr_plan_bounds *bounds = qr_plan_add_bounds(plan, nodes[QR_KIND_FLOAT]);
    bounds->has_most = 1, bounds->most_int = 1000, bounds->multiple = 0.1;
    qr_plan_add_bounds(plan, nodes[QR_KIND_BYTES])->min_length = 1;
    qr_plan_begin_record(plan, root, QR_UNKNOWN_ERROR);
    for (unsigned kind = 0; kind < QR_KIND_ARRAY; kind++)
        plan_field(plan, root, qr_kind_name((qr_kind)kind), nodes[kind], 0);
    for (unsigned kind = QR_KIND_ANY; kind <= QR_KIND_UUID; kind++) { /* maps with such keys */
        char name[32];
        snprintf(name, sizeof name, "by_%s", qr_kind_name((qr_kind)kind));
        plan_field(plan, root, name, plan_items(plan, QR_KIND_MAP, nodes[kind], nodes[QR_KIND_ANY], 2), 0);
    }
}

/* [row] with rows as arrays: (int, str | null, (float, bool)), and an empty record at the end. */
static void plan_rows(qr_plan *plan, uint32_t root)
{
    uint32_t row = plan_node(plan, QR_KIND_RECORD), text = plan_node(plan, QR_KIND_STR), nothing = plan_node(plan, QR_KIND_RECORD);
    uint32_t pair = plan_items(plan, QR_KIND_TUPLE, plan_node(plan, QR_KIND_FLOAT), plan_node(plan, QR_KIND_BOOL), 2);
    qr_plan_set_nullable(plan, text);
    qr_plan_set_items(plan, root, &row, 1);
    qr_plan_begin_record(plan, row, QR_UNKNOWN_SKIP);
    plan_field(plan, row, "id", plan_node(plan, QR_KIND_INT), QR_FIELD_REQUIRED);
    plan_field(plan, row, "text", text, QR_FIELD_REQUIRED);
    plan_field(plan, row, "pair", pair, 0);
    plan_field(plan, row, "nothing", nothing, 0);
    qr_plan_set_array(plan, row);
    qr_plan_begin_record(plan, nothing, QR_UNKNOWN_ERROR);
}

/* [{text, list, table, either, twice}]: adapters over text and containers, as keys and as arms of a union; lengths with bounds. */
static void plan_adapted(qr_plan *plan, uint32_t root)
{
    uint32_t str = plan_node(plan, QR_KIND_STR), number = plan_node(plan, QR_KIND_INT), record = plan_node(plan, QR_KIND_RECORD), either = plan_node(plan, QR_KIND_UNION);
    uint32_t text = plan_items(plan, QR_KIND_ADAPTER, str, 0, 1), list = plan_items(plan, QR_KIND_ARRAY, number, 0, 1);
    uint32_t adapted = plan_items(plan, QR_KIND_ADAPTER, list, 0, 1), table = plan_items(plan, QR_KIND_MAP, text, adapted, 2);
    uint32_t texts[] = {plan_node(plan, QR_KIND_DATE), text};
    qr_plan_add_bounds(plan, str)->max_length = 8;
    qr_plan_bounds *bounds = qr_plan_add_bounds(plan, list);
    bounds->min_length = 1, bounds->max_length = 3;
    qr_plan_add_bounds(plan, table)->max_length = 2;
    qr_plan_set_items(plan, root, &record, 1);
    qr_plan_begin_record(plan, record, QR_UNKNOWN_ERROR);
    plan_field(plan, record, "text", text, QR_FIELD_REQUIRED);
    plan_field(plan, record, "list", adapted, 0);
    plan_field(plan, record, "table", table, 0);
    plan_field(plan, record, "either", either, 0);
    plan_field(plan, record, "twice", plan_items(plan, QR_KIND_ADAPTER, text, 0, 1), 0);
    qr_union *u = qr_plan_begin_union(plan, either);
    u->int_ = number, u->array = adapted, u->map = table;
    qr_plan_set_union_text(plan, either, texts, 2);
    qr_plan_set_nullable(plan, either);
}

static const qr_plan *fuzz_plan(plan_name name)
{
    static const qr_plan *made[PLAN_COUNT];
    static const qr_kind roots[] = {QR_KIND_ANY, QR_KIND_RAW, QR_KIND_ARRAY, QR_KIND_UNION, QR_KIND_RECORD, QR_KIND_ARRAY, QR_KIND_ARRAY};
    if (name == PLAN_ANY || made[name])
        return made[name];
    qr_plan *plan = qr_plan_new(&qr_memory_default);
    uint32_t root = plan_node(plan, roots[name]);
    switch (name) {
    case PLAN_PEOPLE: plan_people(plan, root); break;
    case PLAN_SHAPES: plan_shapes(plan, root); break;
    case PLAN_SCALARS: plan_scalars(plan, root); break;
    case PLAN_ROWS: plan_rows(plan, root); break;
    case PLAN_ADAPTED: plan_adapted(plan, root); break;
    default: break;
    }
    FUZZ_CHECK(qr_plan_seal(plan) == QR_ERROR_NONE);
    return made[name] = plan;
}

/* The first byte of an input: which plan (low bits), options and limits (high bits). */
QR_UNUSED static const qr_plan *fuzz_choose(uint8_t byte, uint32_t *options, qr_limits *limits)
{
    static const qr_limits tight = {.items = 4, .str_bytes = 12, .int_digits = 20, .depth = 4}, defaults = QR_LIMITS_DEFAULT;
    *options = (byte & 0x10 ? QR_READ_NON_FINITE | QR_READ_LONE_SURROGATES : 0) | (byte & 0x20 ? QR_READ_LAX : 0);
    *limits = byte & 0x40 ? tight : defaults;
    return fuzz_plan((plan_name)((byte & 7) % PLAN_COUNT));
}

#endif
