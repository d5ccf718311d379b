/* SPDX-License-Identifier: Apache-2.0 */
/* plan: building, every allocation failing in turn, what sealing refuses, lookups, bounds, scalars from text. */
#include <math.h>

#include "core/format/json.h"
#include "core/plan/plan.h"
#include "core/plan/scalar.h"
#include "tests/c/quire_test.h"

static qr_plan *new_plan(void) { return qr_plan_new(&qr_memory_default); }

static uint32_t node(qr_plan *plan, qr_kind kind) { return qr_plan_add_node(plan, kind); }

static const char *seal(qr_plan *plan) { return qr_error_code(qr_plan_seal(plan)); }

static uint32_t find(const qr_plan *plan, uint32_t record, const char *name)
{
    return qr_plan_find_field(plan, qr_plan_record(plan, &plan->nodes[record]), (const uint8_t *)name, strlen(name));
}

static int add_field(qr_plan *plan, uint32_t record, const char *name, uint32_t type, uint32_t flags)
{
    return qr_plan_add_field(plan, record, name, strlen(name), type, flags) != QR_PLAN_NONE;
}

/* ---------------------------------------------------------------- building */

/* A bit of everything. 1 when every step said that it worked. */
static int build(qr_plan *plan)
{
    uint32_t list = node(plan, QR_KIND_ARRAY), record = node(plan, QR_KIND_RECORD), str = node(plan, QR_KIND_STR), number = node(plan, QR_KIND_INT);
    uint32_t pair = node(plan, QR_KIND_TUPLE), dict = node(plan, QR_KIND_MAP), color = node(plan, QR_KIND_CHOICE), either = node(plan, QR_KIND_UNION);
    uint32_t both[] = {str, number};
    int ok = qr_plan_set_items(plan, list, &record, 1) && qr_plan_set_items(plan, pair, both, 2) && qr_plan_set_items(plan, dict, both, 2);
    qr_plan_bounds *bounds = qr_plan_add_bounds(plan, number);
    ok = ok && bounds;
    if (bounds)
        bounds->has_least = 1;
    qr_plan_set_nullable(plan, str);
    ok = ok && qr_plan_begin_record(plan, record, QR_UNKNOWN_ERROR) && add_field(plan, record, "name", str, QR_FIELD_REQUIRED) && add_field(plan, record, "pair", pair, 0) &&
         add_field(plan, record, "dict", dict, 0) && add_field(plan, record, "color", color, QR_FIELD_REQUIRED) && add_field(plan, record, "either", either, 0) &&
         add_field(plan, record, "again", list, 0) && qr_plan_add_alias(plan, record, 3, "colour", 6) && qr_plan_set_tag(plan, record, "kind", 4, "thing", 5, 0);
    ok = ok && qr_plan_begin_choices(plan, color, 0) && qr_plan_add_choice_text(plan, color, "red", 3) && qr_plan_add_choice_int(plan, color, 7, 0) &&
         qr_plan_add_choice_int(plan, color, 1, 1);
    qr_union *u = ok ? qr_plan_begin_union(plan, either) : NULL;
    if (!u)
        return 0;
    u->int_ = number;
    u->array = list;
    u->map_default = dict;
    uint32_t texts[] = {color, str};
    return qr_plan_set_union_text(plan, either, texts, 2) && qr_plan_set_union_ints(plan, either, &color, 1) && qr_plan_set_union_tag(plan, either, "kind", 4) &&
           qr_plan_add_union_tag(plan, either, "thing", 5, 0, record) && qr_plan_add_union_tag(plan, either, NULL, 0, 5, dict);
}

static void test_build(void)
{
    qr_plan *plan = new_plan();
    REQUIRE(build(plan));
    CHECK_STR_EQ(seal(plan), "ok");
    CHECK_EQ(find(plan, 1, "name"), 0);
    CHECK_EQ(find(plan, 1, "again"), 5);
    CHECK_EQ(find(plan, 1, "color"), 3);
    CHECK_EQ(find(plan, 1, "colour"), 3);
    CHECK_EQ(find(plan, 1, "kind"), QR_PLAN_NONE);
    CHECK_EQ(find(plan, 1, ""), QR_PLAN_NONE);
    const qr_record *record = qr_plan_record(plan, &plan->nodes[1]);
    CHECK_EQ(plan->required[record->seen], 1 | 1 << 3);
    CHECK(record->has_tag && !record->tag_is_int && record->unknown == QR_UNKNOWN_ERROR);
    const qr_field *field = &plan->fields[record->first + 3];
    CHECK_BYTES_EQ(field->image[QR_FORMAT_JSON].bytes, field->image[QR_FORMAT_JSON].length, "\"color\":", 8);
    CHECK_BYTES_EQ(field->image[QR_FORMAT_MSGPACK].bytes, field->image[QR_FORMAT_MSGPACK].length, "\xa5" "color", 6);
    CHECK_BYTES_EQ(record->tag_image[QR_FORMAT_JSON].bytes, record->tag_image[QR_FORMAT_JSON].length, "\"kind\":", 7);
    const qr_choices *set = &plan->choice_sets[plan->nodes[6].value];
    CHECK_EQ(qr_plan_find_choice_text(plan, set, (const uint8_t *)"red", 3), 0);
    CHECK_EQ(qr_plan_find_choice_text(plan, set, (const uint8_t *)"re", 2), QR_PLAN_NONE);
    CHECK_EQ(qr_plan_find_choice_text(plan, set, (const uint8_t *)"rot", 3), QR_PLAN_NONE);
    CHECK_EQ(qr_plan_find_choice_int(plan, set, 7, 0), 1);
    CHECK_EQ(qr_plan_find_choice_int(plan, set, 1, 0), QR_PLAN_NONE);
    CHECK_EQ(qr_plan_find_choice_int(plan, set, 1, 1), 2);
    CHECK_EQ(qr_plan_find_choice_int(plan, set, 7, 1), QR_PLAN_NONE);
    const qr_union *u = &plan->unions[plan->nodes[7].value];
    CHECK_EQ(qr_plan_find_tag_text(plan, u, (const uint8_t *)"thing", 5), 1);
    CHECK_EQ(qr_plan_find_tag_text(plan, u, (const uint8_t *)"other", 5), QR_PLAN_NONE);
    CHECK_EQ(qr_plan_find_tag_int(plan, u, 5, 0), 5);
    CHECK_EQ(qr_plan_find_tag_int(plan, u, 0, 0), QR_PLAN_NONE); /* the text's number is none */
    qr_plan_free(plan);
    qr_plan_free(NULL);
}

static void test_build_failing(void)
{
    FOR_EACH_FAILURE(memory) {
        qr_plan *plan = qr_plan_new(&memory.hook);
        if (!plan) {
            CHECK(memory.failed);
            continue;
        }
        int built = build(plan);
        qr_error error = qr_plan_seal(plan);
        CHECK_EQ(error, memory.failed ? QR_ERROR_MEMORY : QR_ERROR_NONE);
        CHECK(!built || !memory.failed || error == QR_ERROR_MEMORY);
        qr_plan_free(plan);
    }
}

static void test_nothing_lost_to_growing(void)
{
    enum { MANY = 1000 };
    qr_plan *plan = new_plan();
    uint32_t str = node(plan, QR_KIND_STR);
    char name[16];
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t record = node(plan, QR_KIND_RECORD);
        REQUIRE(qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP));
        for (uint32_t k = 0; k < 5; k++) {
            snprintf(name, sizeof name, "f%u_%u", i, k);
            REQUIRE(qr_plan_add_field(plan, record, name, strlen(name), str, k & 1) == k);
        }
        REQUIRE(qr_plan_add_alias(plan, record, i % 5, "alias", 5));
    }
    REQUIRE(qr_plan_seal(plan) == QR_ERROR_NONE);
    for (uint32_t i = 0; i < MANY; i++) {
        for (uint32_t k = 0; k < 5; k++) {
            snprintf(name, sizeof name, "f%u_%u", i, k);
            CHECK_EQ(find(plan, 1 + i, name), k);
        }
        CHECK_EQ(find(plan, 1 + i, "alias"), i % 5);
        snprintf(name, sizeof name, "f%u_%u", i + 1, 0);
        CHECK_EQ(find(plan, 1 + i, name), QR_PLAN_NONE);
    }
    qr_plan_free(plan);
}

static const char *seal_of_fields(uint32_t count, qr_plan **sealed)
{
    qr_plan *plan = new_plan();
    uint32_t record = node(plan, QR_KIND_RECORD), str = node(plan, QR_KIND_STR);
    char name[16];
    qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%u", i);
        qr_plan_add_field(plan, record, name, strlen(name), str, QR_FIELD_REQUIRED);
    }
    const char *code = seal(plan);
    if (sealed)
        *sealed = plan;
    else
        qr_plan_free(plan);
    return code;
}

static void test_many_fields(void)
{
    qr_plan *plan;
    char name[16];
    CHECK_STR_EQ(seal_of_fields(0, NULL), "ok");
    CHECK_STR_EQ(seal_of_fields(64, NULL), "ok");
    CHECK_STR_EQ(seal_of_fields(QR_RECORD_FIELDS + 1, NULL), "too_long");
    REQUIRE(strcmp(seal_of_fields(QR_RECORD_FIELDS, &plan), "ok") == 0);
    for (uint32_t i = 0; i < QR_RECORD_FIELDS; i++) {
        snprintf(name, sizeof name, "%u", i);
        CHECK_EQ(find(plan, 0, name), i);
    }
    for (uint32_t word = 0; word < QR_RECORD_WORDS; word++)
        CHECK(plan->required[qr_plan_record(plan, &plan->nodes[0])->seen + word] == UINT64_MAX);
    qr_plan_free(plan);
}

/* ---------------------------------------------------------------- what is refused */

/* Builds a plan by one of the cases below and says what sealing calls it. */
static const char *refused(int which)
{
    qr_plan *plan = new_plan();
    uint32_t root = QR_PLAN_NONE, str = QR_PLAN_NONE, record = QR_PLAN_NONE, other = QR_PLAN_NONE, far = 99;
    uint32_t two[2], none = QR_PLAN_NONE;
    qr_union *u;
    qr_plan_bounds *bounds;
    if (which > 0) {
        root = node(plan, which <= 3 ? QR_KIND_ARRAY : which <= 6 ? QR_KIND_MAP : which <= 8 ? QR_KIND_TUPLE : which <= 19 ? QR_KIND_RECORD : which <= 24 ? QR_KIND_CHOICE : which <= 50 || which >= 55 ? QR_KIND_UNION : QR_KIND_INT);
        str = node(plan, QR_KIND_STR);
        record = node(plan, QR_KIND_RECORD);
        other = node(plan, QR_KIND_CHOICE);
        qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP);
        qr_plan_begin_choices(plan, other, 0);
    }
    two[0] = str;
    two[1] = far;
    switch (which) {
    case 1: break;                                         /* array without items */
    case 2: qr_plan_set_items(plan, root, &far, 1); break;
    case 3: qr_plan_set_items(plan, root, two, 2); break;
    case 4: break;                                         /* map without */
    case 5: qr_plan_set_items(plan, root, two, 2); break;
    case 6: qr_plan_set_items(plan, root, &str, 1); break;
    case 7: qr_plan_set_items(plan, root, two, 2); break;
    case 8: qr_plan_set_items(plan, root, &none, 1); break;
    case 9: break;                                         /* record that was never begun */
    case 10: add_field(plan, root, "a", str, 0); break;
    case 11: qr_plan_begin_record(plan, root, 0), add_field(plan, root, "a", far, 0); break;
    case 12: qr_plan_begin_record(plan, root, 0), add_field(plan, root, "a", str, 0), add_field(plan, root, "a", str, 0); break; /* duplicate */
    case 13: qr_plan_begin_record(plan, root, 0), add_field(plan, root, "a", str, 0), qr_plan_add_alias(plan, root, 0, "a", 1); break;
    case 14: qr_plan_begin_record(plan, root, 0), add_field(plan, root, "a", str, 0), add_field(plan, root, "b", str, 0), qr_plan_add_alias(plan, root, 0, "b", 1); break;
    case 15: qr_plan_begin_record(plan, root, 0), qr_plan_add_alias(plan, root, 0, "a", 1); break;
    case 16: qr_plan_begin_record(plan, root, 0), add_field(plan, root, "a", str, 0), add_field(plan, record, "a", str, 0); break; /* not its turn any more */
    case 17: qr_plan_set_tag(plan, root, "t", 1, "x", 1, 0); break;
    case 18: qr_plan_set_array(plan, root); break;
    case 19: qr_plan_begin_record(plan, str, 0); break;
    case 20: break;                                        /* choices that were never begun */
    case 21: qr_plan_add_choice_text(plan, root, "a", 1); break;
    case 22: qr_plan_add_choice_int(plan, root, 1, 0); break;
    case 23: qr_plan_begin_choices(plan, root, 0), qr_plan_add_choice_int(plan, root, 1, 0), qr_plan_add_choice_text(plan, other, "a", 1); break; /* not its turn any more */
    case 24: qr_plan_begin_choices(plan, str, 0); break;
    case 25: break;                                        /* union that was never begun */
    case 26: qr_plan_set_union_text(plan, root, two, 1); break;
    case 27: CHECK(qr_plan_begin_union(plan, str) == NULL); break;
    default: break;
    }
    if ((which >= 28 && which <= 50) || which >= 55) {
        u = qr_plan_begin_union(plan, root);
        switch (which) {
        case 28: u->int_ = far; break;
        case 29: u->float_ = root; break; /* itself */
        case 30: u->array = root; break;
        case 31: u->map = str; break;
        case 32: u->map_default = other; break;
        case 33: u->map = far; break;
        case 34: qr_plan_set_union_text(plan, root, &root, 1); break;
        case 35: qr_plan_set_union_text(plan, root, two, 2); break;
        case 36: qr_plan_set_union_ints(plan, root, &str, 1); break;
        case 37: qr_plan_set_union_ints(plan, root, &none, 1); break;
        case 38: qr_plan_set_union_tag(plan, root, "t", 1), qr_plan_add_union_tag(plan, root, "a", 1, 0, far); break;
        case 39: qr_plan_set_union_tag(plan, root, "t", 1), qr_plan_add_union_tag(plan, root, "a", 1, 0, str); break;
        case 40: qr_plan_add_union_tag(plan, root, "a", 1, 0, record); break; /* a tag without its name */
        case 41: qr_plan_set_union_tag(plan, root, "t", 1), qr_plan_add_union_tag(plan, root, "a", 1, 0, record), qr_plan_add_union_tag(plan, root, "a", 1, 0, record); break;
        case 42: qr_plan_set_union_tag(plan, root, "t", 1), qr_plan_add_union_tag(plan, root, NULL, 0, 3, record), qr_plan_add_union_tag(plan, root, NULL, 0, 3, record); break;
        case 43: qr_plan_add_union_key_arm(plan, root, str); break;
        case 44: qr_plan_add_union_key_arm(plan, root, far); break;
        case 45: qr_plan_set_union_tag(plan, root, "t", 1), qr_plan_add_union_tag_bool(plan, root, 1, record), qr_plan_add_union_tag_bool(plan, root, 2, record); break;
        case 46: qr_plan_set_array(plan, record), u->map = record; break; /* is read from an array */
        case 47: qr_plan_set_array(plan, record), qr_plan_add_union_key_arm(plan, root, record); break;
        case 48: qr_plan_add_union_tag(plan, str, "a", 1, 0, record); break;
        case 49: u->bytes = far; break;
        case 50: u->bool_ = far; break;
        case 55: qr_plan_add_union_array(plan, root, str, 0, 1, 0); break; /* is read from no array */
        case 56: qr_plan_add_union_array(plan, root, far, 0, 1, 0); break;
        case 57: qr_plan_add_union_slot(plan, root, 1, QR_PLAN_NONE); break; /* of no arm */
        case 58: qr_plan_set_array(plan, record), qr_plan_add_union_array(plan, root, record, 0, 1, 0), qr_plan_add_union_slot(plan, root, 1, str); break;
        case 59:
            qr_plan_set_array(plan, record);
            for (int i = 0; i <= QR_UNION_ARRAYS; i++)
                qr_plan_add_union_array(plan, root, record, 0, 1, 0);
            break;
        default: break;
        }
    }
    if (which >= 51 && which <= 54) {
        bounds = qr_plan_add_bounds(plan, root);
        bounds->has_least = bounds->has_most = 1;
        bounds->least_is_float = bounds->most_is_float = 1;
        *(which == 51 ? &bounds->least : which == 52 ? &bounds->most : &bounds->multiple) = (double)NAN;
        if (which == 54)
            bounds->multiple = (double)INFINITY;
    }
    const char *code = seal(plan);
    qr_plan_free(plan);
    return code;
}

static void test_refused_adapters(void)
{
    for (int which = 0; which < 6; which++) {
        qr_plan *plan = new_plan();
        uint32_t one = node(plan, QR_KIND_ADAPTER), two = node(plan, QR_KIND_ADAPTER), either = node(plan, QR_KIND_UNION), far = 99;
        uint32_t str = node(plan, QR_KIND_STR), both[] = {str, one};
        qr_union *u = qr_plan_begin_union(plan, either);
        switch (which) {
        case 0: qr_plan_set_items(plan, one, &two, 1); break; /* without items */
        case 1: qr_plan_set_items(plan, one, &far, 1), qr_plan_set_items(plan, two, &str, 1); break;
        case 2: qr_plan_set_items(plan, one, both, 2), qr_plan_set_items(plan, two, &str, 1); break;
        case 3: qr_plan_set_items(plan, one, &two, 1), qr_plan_set_items(plan, two, &one, 1); break; /* for ever */
        case 4: qr_plan_set_items(plan, one, &two, 1), qr_plan_set_items(plan, two, &either, 1), u->array = one; break; /* a union in a union */
        default: qr_plan_set_items(plan, one, &two, 1), qr_plan_set_items(plan, two, &str, 1), u->map = one; break; /* is read from no map */
        }
        if (!CHECK_STR_EQ(seal(plan), "invalid_value"))
            printf("    case %d\n", which);
        qr_plan_free(plan);
    }
}

static void test_refused(void)
{
    for (int which = 0; which <= 59; which++) {
        int duplicate = which >= 12 && which <= 14;
        if (!CHECK_STR_EQ(refused(which), duplicate ? "duplicate_field" : "invalid_value"))
            printf("    case %d\n", which);
    }
    qr_plan *plan = new_plan();
    CHECK(qr_plan_add_bounds(plan, 0) == NULL);
    CHECK(!qr_plan_set_items(plan, 7, NULL, 0));
    CHECK_EQ(qr_plan_add_node(plan, QR_KIND_STR), QR_PLAN_NONE); /* the first fault stays */
    CHECK_STR_EQ(seal(plan), "invalid_value");
    qr_plan_free(plan);
    plan = new_plan();
    qr_plan_add_node(plan, (qr_kind)QR_KIND_COUNT);
    CHECK_STR_EQ(seal(plan), "invalid_value");
    qr_plan_free(plan);
    plan = new_plan();
    uint32_t tuple = node(plan, QR_KIND_TUPLE);
    CHECK(qr_plan_set_items(plan, tuple, NULL, 0));
    CHECK_STR_EQ(seal(plan), "ok");
    CHECK(!qr_plan_set_items(plan, tuple, NULL, (size_t)UINT16_MAX + 1));
    qr_plan_free(plan);
}

static void test_kinds(void)
{
    CHECK_STR_EQ(qr_kind_name(QR_KIND_ANY), "any");
    CHECK_STR_EQ(qr_kind_name(QR_KIND_UNION), "union");
    CHECK_STR_EQ(qr_kind_expected(QR_KIND_RECORD), "object");
    CHECK_STR_EQ(qr_kind_name((qr_kind)QR_KIND_COUNT), "?");
    CHECK_STR_EQ(qr_kind_expected((qr_kind)QR_KIND_COUNT), "?");
}

static void test_key_is_number(void)
{
    qr_plan *plan = new_plan();
    uint32_t number = node(plan, QR_KIND_INT), str = node(plan, QR_KIND_STR), ints = node(plan, QR_KIND_CHOICE), mixed = node(plan, QR_KIND_CHOICE);
    qr_plan_begin_choices(plan, ints, 0);
    qr_plan_add_choice_int(plan, ints, 1, 0);
    qr_plan_begin_choices(plan, mixed, 0);
    qr_plan_add_choice_int(plan, mixed, 1, 0);
    qr_plan_add_choice_text(plan, mixed, "a", 1);
    REQUIRE(qr_plan_seal(plan) == QR_ERROR_NONE);
    CHECK(qr_plan_key_is_number(plan, number) && qr_plan_key_is_number(plan, ints));
    CHECK(!qr_plan_key_is_number(plan, str) && !qr_plan_key_is_number(plan, mixed));
    qr_plan_free(plan);
}

/* Every name of every length finds its own field and no other does. */
static void test_names(void)
{
    enum { LENGTHS = 40 };
    char name[LENGTHS + 1];
    qr_plan *plan = new_plan();
    uint32_t record = node(plan, QR_KIND_RECORD), str = node(plan, QR_KIND_STR);
    qr_plan_begin_record(plan, record, QR_UNKNOWN_SKIP);
    for (uint32_t n = 0; n <= LENGTHS; n++) {
        memset(name, 'x', n);
        REQUIRE(qr_plan_add_field(plan, record, name, n, str, 0) == n);
    }
    REQUIRE(qr_plan_seal(plan) == QR_ERROR_NONE);
    for (uint32_t n = 0; n <= LENGTHS; n++) {
        char *exact = malloc(n + !n); /* the hash reads no further */
        memset(exact, 'x', n);
        CHECK_EQ(qr_plan_find_field(plan, plan->records, (uint8_t *)exact, n), n);
        for (uint32_t i = 0; i < n; i++) {
            exact[i] = 'y';
            CHECK_EQ(qr_plan_find_field(plan, plan->records, (uint8_t *)exact, n), QR_PLAN_NONE);
            exact[i] = 'x';
        }
        free(exact);
    }
    qr_plan_free(plan);
}

/* ---------------------------------------------------------------- bounds */

static const qr_plan_bounds open_bounds = {.max_length = SIZE_MAX};

static qr_plan_bounds int_bounds(int least_kind, int64_t least, int most_kind, int64_t most)
{
    qr_plan_bounds b = open_bounds;
    b.has_least = (uint8_t)least_kind, b.least_int = least, b.has_most = (uint8_t)most_kind, b.most_int = most;
    return b;
}

static qr_plan_bounds float_bounds(int least_kind, double least, int most_kind, double most)
{
    qr_plan_bounds b = open_bounds;
    b.has_least = (uint8_t)least_kind, b.least = least, b.has_most = (uint8_t)most_kind, b.most = most, b.least_is_float = b.most_is_float = 1;
    return b;
}

#define CHECK_BOUND(check, code) CHECK_STR_EQ(qr_error_code(check), code)

static void test_int_bounds(void)
{
    qr_plan_bounds b = int_bounds(1, -5, 1, 5);
    CHECK_BOUND(qr_bounds_check_int(&b, -6), "too_small");
    CHECK_BOUND(qr_bounds_check_int(&b, -5), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, 5), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, 6), "too_large");
    CHECK_BOUND(qr_bounds_check_uint(&b, 5), "ok");
    CHECK_BOUND(qr_bounds_check_uint(&b, UINT64_MAX), "too_large");
    b = int_bounds(2, -5, 2, 5);
    CHECK_BOUND(qr_bounds_check_int(&b, -5), "too_small");
    CHECK_BOUND(qr_bounds_check_int(&b, -4), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, 4), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, 5), "too_large");
    b = int_bounds(1, INT64_MIN, 1, INT64_MAX);
    CHECK_BOUND(qr_bounds_check_int(&b, INT64_MIN), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, INT64_MAX), "ok");
    CHECK_BOUND(qr_bounds_check_uint(&b, (uint64_t)1 << 63), "too_large");
    b = int_bounds(2, INT64_MAX, 0, 0);
    CHECK_BOUND(qr_bounds_check_int(&b, INT64_MAX), "too_small");
    CHECK_BOUND(qr_bounds_check_uint(&b, (uint64_t)1 << 63), "ok");
}

/* Doubles against integers, exactly. */
static void test_mixed_bounds(void)
{
    static const double edges[] = {-0.5, 0.5, 2.5, -2.5, 2.0, -2.0, 0.0, -0.0, 9007199254740993.0, 9223372036854775808.0, -9223372036854775808.0, 1e300, -1e300,
                                   18446744073709551616.0, 9223372036854774784.0, 18446744073709549568.0};
    static const int64_t values[] = {0, 1, -1, 2, -2, 3, -3, INT64_MAX, INT64_MIN, INT64_MIN + 1, 9007199254740992, 9007199254740993, 9223372036854774784};
    for (size_t e = 0; e < QR_ARRAY_LENGTH(edges); e++)
        for (int kind = 1; kind <= 2; kind++) {
            qr_plan_bounds least = float_bounds(kind, edges[e], 0, 0), most = float_bounds(0, 0, kind, edges[e]);
            for (size_t i = 0; i < QR_ARRAY_LENGTH(values); i++) {
                long double value = (long double)values[i], edge = (long double)edges[e];
                CHECK_BOUND(qr_bounds_check_int(&least, values[i]), kind == 1 ? (value >= edge ? "ok" : "too_small") : value > edge ? "ok" : "too_small");
                CHECK_BOUND(qr_bounds_check_int(&most, values[i]), kind == 1 ? (value <= edge ? "ok" : "too_large") : value < edge ? "ok" : "too_large");
            }
            static const uint64_t large[] = {(uint64_t)1 << 63, ((uint64_t)1 << 63) + 1, UINT64_MAX, UINT64_MAX - 1, 18446744073709549568u, 18446744073709549569u};
            for (size_t i = 0; i < QR_ARRAY_LENGTH(large); i++) {
                long double value = (long double)large[i], edge = (long double)edges[e];
                CHECK_BOUND(qr_bounds_check_uint(&least, large[i]), kind == 1 ? (value >= edge ? "ok" : "too_small") : value > edge ? "ok" : "too_small");
                CHECK_BOUND(qr_bounds_check_uint(&most, large[i]), kind == 1 ? (value <= edge ? "ok" : "too_large") : value < edge ? "ok" : "too_large");
            }
        }
    qr_plan_bounds b = float_bounds(1, -(double)INFINITY, 1, (double)INFINITY);
    CHECK_BOUND(qr_bounds_check_int(&b, INT64_MIN), "ok");
    CHECK_BOUND(qr_bounds_check_uint(&b, UINT64_MAX), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, (double)INFINITY), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, (double)NAN), "too_small");
}

static void test_float_bounds(void)
{
    qr_plan_bounds b = float_bounds(1, 0.5, 2, 1.5);
    CHECK_BOUND(qr_bounds_check_float(&b, 0.25), "too_small");
    CHECK_BOUND(qr_bounds_check_float(&b, 0.5), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, 1.5), "too_large");
    CHECK_BOUND(qr_bounds_check_float(&b, (double)NAN), "too_small");
    b = float_bounds(0, 0, 1, 1.5);
    CHECK_BOUND(qr_bounds_check_float(&b, (double)NAN), "too_large");
    CHECK_BOUND(qr_bounds_check_float(&b, -(double)INFINITY), "ok");
    b = int_bounds(2, 0, 1, 10);
    CHECK_BOUND(qr_bounds_check_float(&b, 0.0), "too_small");
    CHECK_BOUND(qr_bounds_check_float(&b, 0.001), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, 10.001), "too_large");
}

static qr_error big(const qr_plan_bounds *b, const char *text) { return qr_bounds_check_big(b, (const uint8_t *)text, strlen(text)); }

static void test_big_bounds(void)
{
    qr_plan_bounds b = int_bounds(1, INT64_MIN, 0, 0);
    CHECK_BOUND(big(&b, "100000000000000000000"), "ok");
    CHECK_BOUND(big(&b, "-100000000000000000000"), "too_small");
    b = int_bounds(0, 0, 1, INT64_MAX);
    CHECK_BOUND(big(&b, "100000000000000000000"), "too_large");
    CHECK_BOUND(big(&b, "-100000000000000000000"), "ok");
    b = float_bounds(1, -1e25, 1, 1e25);
    CHECK_BOUND(big(&b, "1000000000000000000000000"), "ok");
    CHECK_BOUND(big(&b, "100000000000000000000000000"), "too_large");
    CHECK_BOUND(big(&b, "-100000000000000000000000000"), "too_small");
    b = open_bounds;
    b.multiple_int = 7;
    CHECK_BOUND(big(&b, "700000000000000000000000000000"), "ok");
    CHECK_BOUND(big(&b, "-700000000000000000000000000000"), "ok");
    CHECK_BOUND(big(&b, "700000000000000000000000000001"), "not_multiple");
    b.multiple_int = INT64_MIN;
    CHECK_BOUND(big(&b, "18446744073709551616"), "ok");
    CHECK_BOUND(big(&b, "18446744073709551617"), "not_multiple");
    b = open_bounds;
    b.multiple = 10.0;
    CHECK_BOUND(big(&b, "100000000000000000000000000000"), "ok");
    CHECK_BOUND(big(&b, "100000000000000000000000000001"), "not_multiple");
    char digits[5001];
    memset(digits, '9', 5000);
    digits[5000] = 0;
    b = float_bounds(0, 0, 1, 1e308);
    CHECK_BOUND(big(&b, digits), "too_large");
}

static void test_multiples(void)
{
    qr_plan_bounds b = open_bounds;
    b.multiple_int = 3;
    CHECK_BOUND(qr_bounds_check_int(&b, 9), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, -9), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, 0), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, 10), "not_multiple");
    CHECK_BOUND(qr_bounds_check_uint(&b, 18446744073709551615u), "ok");
    CHECK_BOUND(qr_bounds_check_uint(&b, 18446744073709551614u), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, 9.0), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, 9.5), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, 1e16), "not_multiple"); /* exactly */
    CHECK_BOUND(qr_bounds_check_float(&b, 9007199254740993.0 * 3), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, -0x1p70), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, -0x3p70), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, 0.0), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, 1e-300), "not_multiple");
    uint64_t state = 17;
    for (int i = 0; i < 20000; i++) { /* against the C library's remainder */
        double value = ldexp((double)(int64_t)qr_test_random(&state), (int)(qr_test_random(&state) % 1000) - 20);
        b.multiple_int = (int64_t)(qr_test_random(&state) >> (1 + i % 62)) + 1;
        if (b.multiple_int < (int64_t)1 << 53)
            CHECK_BOUND(qr_bounds_check_float(&b, value), fmod(value, (double)b.multiple_int) == 0 ? "ok" : "not_multiple");
    }
    b.multiple_int = -1;
    CHECK_BOUND(qr_bounds_check_int(&b, INT64_MIN), "ok");
    b.multiple_int = INT64_MIN;
    CHECK_BOUND(qr_bounds_check_int(&b, INT64_MIN), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, INT64_MAX), "not_multiple");
    b = open_bounds;
    b.multiple = 0.1;
    CHECK_BOUND(qr_bounds_check_float(&b, 0.3), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, 1.1), "ok");
    CHECK_BOUND(qr_bounds_check_float(&b, 0.35), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, 0.30000000001), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, (double)NAN), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, (double)INFINITY), "not_multiple");
    CHECK_BOUND(qr_bounds_check_int(&b, 1), "ok");
    CHECK_BOUND(qr_bounds_check_int(&b, -7), "ok");
    b.multiple = 1.0;
    CHECK_BOUND(qr_bounds_check_float(&b, 1e-10), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, 10000000000.5), "not_multiple");
    CHECK_BOUND(qr_bounds_check_float(&b, 1e300), "ok");
    b.multiple = 0.01;
    for (int cents = -10000; cents <= 10000; cents++) {
        char text[32];
        snprintf(text, sizeof text, "%.2f", cents / 100.0);
        CHECK_BOUND(qr_bounds_check_float(&b, strtod(text, NULL)), "ok");
        snprintf(text, sizeof text, "%.2f5", cents / 100.0);
        CHECK_BOUND(qr_bounds_check_float(&b, strtod(text, NULL)), "not_multiple");
    }
}

static void test_length_bounds(void)
{
    qr_plan_bounds b = open_bounds;
    CHECK_BOUND(qr_bounds_check_length(&b, 0), "ok");
    CHECK_BOUND(qr_bounds_check_length(&b, SIZE_MAX), "ok");
    b.min_length = 2, b.max_length = 3;
    CHECK_BOUND(qr_bounds_check_length(&b, 1), "too_short");
    CHECK_BOUND(qr_bounds_check_length(&b, 2), "ok");
    CHECK_BOUND(qr_bounds_check_length(&b, 3), "ok");
    CHECK_BOUND(qr_bounds_check_length(&b, 4), "too_long");
}

/* ---------------------------------------------------------------- scalars from text */

static qr_token_kind number_of(const char *text, size_t digits, qr_token *token)
{
    size_t n = strlen(text);
    char *exact = malloc(n + !n);
    memcpy(exact, text, n);
    qr_token_kind kind = qr_scalar_number((uint8_t *)exact, n, digits, token);
    CHECK(kind != QR_TOKEN_BIG || (token->text == (uint8_t *)exact && token->length == n));
    free(exact);
    return kind;
}

static void test_scalar_number(void)
{
    static const char *const bad[] = {"", " 1", "1 ", "+1", "-", "01", "1.", ".5", "1e", "nan", "Infinity", "-Infinity", "0x1", "1,", "true", "\"1\"", "1e999"};
    qr_token token;
    CHECK(number_of("12", 0, &token) == QR_TOKEN_INT && token.i == 12);
    CHECK(number_of("-12", 0, &token) == QR_TOKEN_INT && token.i == -12);
    CHECK(number_of("18446744073709551615", 0, &token) == QR_TOKEN_UINT && token.u == UINT64_MAX);
    CHECK(number_of("1.5e3", 0, &token) == QR_TOKEN_FLOAT && token.d == 1500);
    CHECK_EQ(number_of("123456789012345678901", 0, &token), QR_TOKEN_BIG);
    CHECK_EQ(number_of("-123456789012345678901", 30, &token), QR_TOKEN_BIG);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(bad); i++)
        CHECK_EQ(number_of(bad[i], 0, &token), QR_TOKEN_ERROR);
    char digits[300];
    for (size_t n = 100; n < sizeof digits - 2; n++) {
        memset(digits, '8', n);
        digits[n] = 0;
        CHECK_EQ(number_of(digits, 0, &token), QR_TOKEN_BIG);
        CHECK_EQ(number_of(digits, n, &token), QR_TOKEN_BIG);
        CHECK_EQ(number_of(digits, n - 1, &token), QR_TOKEN_ERROR);
        digits[0] = '-';
        CHECK_EQ(number_of(digits, n - 1, &token), QR_TOKEN_BIG); /* the sign is no digit */
        CHECK_EQ(number_of(digits, n - 2, &token), QR_TOKEN_ERROR);
        digits[1] = '0';
        CHECK_EQ(number_of(digits, 0, &token), QR_TOKEN_ERROR);
        digits[1] = '8', digits[n - 1] = 'x';
        CHECK_EQ(number_of(digits, 0, &token), QR_TOKEN_ERROR);
    }
}

static const char *scalar_code(qr_kind kind, const char *text)
{
    qr_scalar scalar;
    return qr_error_code(qr_scalar_read_text(kind, (const uint8_t *)text, strlen(text), &scalar));
}

static void test_scalar_text(void)
{
    CHECK_STR_EQ(scalar_code(QR_KIND_DATETIME, "2024-02-29T12:00:00Z"), "ok");
    CHECK_STR_EQ(scalar_code(QR_KIND_DATETIME, "2024-02-29T12:00:00+01:00[Europe/Berlin]"), "ok");
    CHECK_STR_EQ(scalar_code(QR_KIND_DATETIME, "2023-02-29T12:00:00Z"), "invalid_format");
    CHECK_STR_EQ(scalar_code(QR_KIND_DATETIME, "2024-02-29T12:00:00.1234567Z"), "inexact");
    CHECK_STR_EQ(scalar_code(QR_KIND_DATE, "2024-02-29"), "ok");
    CHECK_STR_EQ(scalar_code(QR_KIND_DATE, "0000-02-29"), "invalid_format");
    CHECK_STR_EQ(scalar_code(QR_KIND_TIME, "23:59:59.5"), "ok");
    CHECK_STR_EQ(scalar_code(QR_KIND_TIME, "24:00:00"), "invalid_format");
    CHECK_STR_EQ(scalar_code(QR_KIND_DURATION, "P1DT2H"), "ok");
    CHECK_STR_EQ(scalar_code(QR_KIND_DURATION, "P"), "invalid_format");
    CHECK_STR_EQ(scalar_code(QR_KIND_UUID, "12345678-1234-5678-1234-567812345678"), "ok");
    CHECK_STR_EQ(scalar_code(QR_KIND_UUID, "12345678"), "invalid_format");
    CHECK_STR_EQ(scalar_code(QR_KIND_DECIMAL, "-1.50E+3"), "ok");
    CHECK_STR_EQ(scalar_code(QR_KIND_DECIMAL, "1,5"), "invalid_format");
    CHECK_STR_EQ(scalar_code(QR_KIND_STR, "x"), "type_mismatch");
    qr_scalar scalar;
    CHECK_STR_EQ(qr_error_code(qr_scalar_read_text(QR_KIND_DATETIME, (const uint8_t *)"2024-02-29T12:00:00+01:00[Europe/Berlin]", 40, &scalar)), "ok");
    CHECK_BYTES_EQ(scalar.zone, scalar.zone_length, "Europe/Berlin", 13);
}

static void test_scalar_timestamp(void)
{
    static const struct {
        const char *payload;
        size_t n;
        const char *code;
    } cases[] = {
        {"\0\0\0\0", 4, "ok"}, {"\xff\xff\xff\xff", 4, "ok"}, {"\0\0\0", 3, "invalid_timestamp"}, {"", 0, "invalid_timestamp"}, {"\0\0\0\0\0\0\0\0", 8, "ok"},
        {"\xff\xff\xff\xff\0\0\0\0", 8, "invalid_timestamp"}, {"\0\0\0\4\0\0\0\0", 8, "inexact"}, {"\0\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12, "invalid_value"},
        {"\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 12, "ok"}, {"\0\0\0\1\0\0\0\0\0\0\0\0", 12, "inexact"}, {"\x3b\x9a\xca\0\0\0\0\0\0\0\0\0", 12, "invalid_timestamp"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(cases); i++) {
        qr_scalar scalar;
        CHECK_STR_EQ(qr_error_code(qr_scalar_read_timestamp((const uint8_t *)cases[i].payload, cases[i].n, &scalar)), cases[i].code);
        CHECK(scalar.zone == NULL);
    }
}

TEST_MAIN(TEST(test_build), TEST(test_build_failing), TEST(test_nothing_lost_to_growing), TEST(test_many_fields), TEST(test_refused), TEST(test_refused_adapters), TEST(test_kinds),
          TEST(test_key_is_number), TEST(test_names), TEST(test_int_bounds), TEST(test_mixed_bounds), TEST(test_float_bounds), TEST(test_big_bounds), TEST(test_multiples),
          TEST(test_length_bounds), TEST(test_scalar_number), TEST(test_scalar_text), TEST(test_scalar_timestamp))
