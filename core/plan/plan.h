/* SPDX-License-Identifier: Apache-2.0 */
/* plan: a type, compiled: all that reading and validating needs, without Python.
 *
 * A plan is a graph of nodes that name each other by number, so recursive types are plain data; node 0 is the root. It
 * is built once by the functions below (in any order, children may come later), sealed, and immutable from then on: any
 * number of threads may read it. The idea is upb's mini table; what is not in it (classes, defaults, slot offsets) is the
 * receiver's affair, indexed by the same node and field numbers.
 *
 * Building: every `add` returns the new number or QR_PLAN_NONE when memory is out (sticky: seal fails too).
 * Names are copied. Example: [Person], Person = {name: str, age: int >= 0 or null}
 *
 *     qr_plan *plan = qr_plan_new(&qr_memory_default);
 *     uint32_t list = qr_plan_add_node(plan, QR_KIND_ARRAY), person = qr_plan_add_node(plan, QR_KIND_RECORD);
 *     uint32_t name = qr_plan_add_node(plan, QR_KIND_STR), age = qr_plan_add_node(plan, QR_KIND_INT);
 *     qr_plan_set_items(plan, list, &person, 1);
 *     qr_plan_bounds *bounds = qr_plan_add_bounds(plan, age);
 *     bounds->has_least = 1, bounds->least_int = 0;
 *     qr_plan_set_nullable(plan, age);
 *     qr_plan_begin_record(plan, person, QR_UNKNOWN_SKIP);
 *     qr_plan_add_field(plan, person, "name", 4, name, QR_FIELD_REQUIRED);
 *     qr_plan_add_field(plan, person, "age", 3, age, 0);
 *     if (qr_plan_seal(plan) != QR_ERROR_NONE) ...
 */
#ifndef QUIRE_CORE_PLAN_PLAN_H
#define QUIRE_CORE_PLAN_PLAN_H

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/token.h"
#include "core/format/image.h"

#define QR_PLAN_NONE UINT32_MAX

/* Sizes that are fixed because they live in a reading function's frame: fields of a record (16 words of 64 bits), words of the
 * bitmaps of a union told apart by keys (with more, they are allocated), arms of one that are read from arrays; and how many bytes may be read again for that: a free
 * part plus a multiple of the input. */
enum { QR_RECORD_WORDS = 16, QR_RECORD_FIELDS = 64 * QR_RECORD_WORDS, QR_UNION_WORDS = 64, QR_UNION_ARRAYS = 64, QR_WORK_FACTOR = 32, QR_WORK_FREE = 65536 };

typedef enum qr_kind {
#define X(NAME, name, expected) QR_KIND_##NAME,
#include "core/plan/kinds.def"
#undef X
    QR_KIND_COUNT
} qr_kind;

const char *qr_kind_name(qr_kind kind);
const char *qr_kind_expected(qr_kind kind);

enum { QR_NODE_NULLABLE = 1, QR_NODE_BOUNDED = 2 };

typedef struct qr_node {
    uint8_t kind;         /* qr_kind */
    uint8_t flags;
    uint16_t item_count;  /* TUPLE: items */
    uint32_t item;        /* ARRAY: the item's node; MAP: the key's; TUPLE: first in plan->items; ADAPTER: of what is read for it */
    uint32_t value;       /* MAP: the value's node; RECORD, CHOICE, UNION: index of its description */
    uint32_t bounds;      /* with QR_NODE_BOUNDED: index in plan->bounds */
} qr_node;

/* Numbers compare as integers when the value is one and the bound is (has_* bit 0), as doubles otherwise. Lengths count code
 * points, bytes or items. Patterns and whatever else only the receiver can judge are its own. */
typedef struct qr_plan_bounds {
    uint8_t has_least, has_most;          /* 0 none, 1 inclusive, 2 exclusive */
    uint8_t least_is_float, most_is_float;
    int64_t least_int, most_int;
    double least, most;
    double multiple;                      /* 0: none */
    int64_t multiple_int;                 /* 0: none */
    size_t min_length, max_length;        /* max SIZE_MAX: none */
} qr_plan_bounds;

enum { QR_FIELD_REQUIRED = 1, QR_FIELD_GAP = 2 }; /* GAP: a place in an array that is skipped */
typedef enum qr_unknown { QR_UNKNOWN_SKIP, QR_UNKNOWN_ERROR, QR_UNKNOWN_KEEP } qr_unknown; /* KEEP: the sink is given them */

typedef struct qr_field {
    const uint8_t *name; /* UTF-8, the plan's own copy */
    uint32_t length;
    uint32_t node;
    uint32_t flags;
    qr_image image[QR_FORMAT_COUNT];
} qr_field;

typedef struct qr_record {
    uint32_t first, count;     /* its fields: plan->fields[first .. first + count) */
    uint32_t names, mask;      /* hash table of its names and aliases: plan->names[names .. names + mask], open addressing */
    uint32_t seen;             /* plan->required[seen ...]: bitmap of the required fields, (count + 63) / 64 words */
    uint8_t unknown;           /* qr_unknown */
    uint8_t array;             /* travels as an array of its fields in order */
    uint8_t has_tag;           /* a tag field comes first: tag_name, tag */
    uint8_t tag_is_int;
    const uint8_t *tag_name, *tag; /* tag: UTF-8, or NULL for an integer */
    uint32_t tag_name_length, tag_length;
    int64_t tag_int;
    qr_image tag_image[QR_FORMAT_COUNT]; /* of tag_name */
} qr_record;

/* One place of a hash table, a record's: field number within the record + 1, 0 for free. Aliases share their field's number. */
typedef struct qr_name {
    const uint8_t *name;
    uint32_t length, field;
} qr_name;

typedef struct qr_choice {
    const uint8_t *text; /* NULL: an integer, or a bool with is_bool */
    uint32_t length;
    uint8_t is_bool;
    int64_t number;
} qr_choice;
typedef struct qr_choices {
    uint32_t first, count; /* plan->choices */
    uint8_t open;          /* what is none of them is still offered to the receiver (Enum._missing_) */
} qr_choices;

/* Which arm takes what: node numbers, QR_PLAN_NONE for no. */
typedef struct qr_union {
    uint32_t bool_, int_, float_, bytes, array, map, map_default;
    uint32_t text, text_count; /* plan->items: arms tried in order on a text */
    uint32_t ints, ints_count; /* plan->items: choice arms tried on an integer */
    uint32_t tags, tag_count;  /* plan->tags, told apart by tag_name */
    uint32_t keys, key_count;  /* plan->key_arms: told apart by their required names, in this order; a tag that is known goes first */
    uint32_t arrays, array_count; /* plan->array_arms: when there are several, told apart by their items, in this order */
    const uint8_t *tag_name;
    uint32_t tag_name_length;
    uint32_t tag_table, tag_mask; /* hash table of the tags that are text: plan->names, field is the number among the tags + 1 */
    uint32_t key_table, key_mask; /* of the names that key arms require: field is the first of plan->key_bits + 1 */
    uint32_t key_words;           /* of the bitmaps of all key arms, one behind the other */
    uint8_t tag_is_key;           /* some key arm has a field of the tag's name: a tag that is unknown may be a value of that */
    uint8_t open;                 /* map_default keeps what it does not know, to be written back (set by the caller; for the receiver) */
} qr_union;
typedef struct qr_tag { qr_choice value; uint32_t arm; } qr_tag;
/* A record that is known by what it requires: fields and its tag's name, a bit for each in its part of the bitmaps. */
typedef struct qr_key_arm { uint32_t arm; uint32_t word, bits; } qr_key_arm;
/* What may stand in a place of an array, as bits. */
enum { QR_UNION_NULL = 1, QR_UNION_BOOL = 2, QR_UNION_INT = 4, QR_UNION_FLOAT = 8, QR_UNION_STR = 16, QR_UNION_BYTES = 32, QR_UNION_ARRAY = 64, QR_UNION_MAP = 128, QR_UNION_EXT = 256 };
/* An arm that is known by how many items there are, from least to most, and by what they are: count slots for the first ones, then rest. */
typedef struct qr_array_arm { uint32_t arm, first, count, rest; size_t least, most; } qr_array_arm;
typedef struct qr_array_slot { uint32_t kinds, choice; } qr_array_slot; /* choice: node of the only ones allowed, or QR_PLAN_NONE */
/* What a name says of one arm: the bit to set; then the next + 1, 0 at the end. */
typedef struct qr_key_bit { uint64_t bit; uint32_t word, next; } qr_key_bit;

#define QR_PLAN_ARRAYS(X) X(qr_node, nodes) X(qr_plan_bounds, bounds) X(qr_field, fields) X(qr_record, records) X(qr_name, names)    \
    X(uint64_t, required) X(qr_choices, choice_sets) X(qr_choice, choices) X(qr_union, unions) X(qr_tag, tags)                       \
    X(qr_key_arm, key_arms) X(qr_key_bit, key_bits) X(uint32_t, items)                     \
    X(qr_array_arm, array_arms) X(qr_array_slot, array_slots) X(qr_name, aliases) X(qr_name, ignored)

typedef struct qr_plan {
    const qr_memory *memory;
    qr_error error; /* while building */
#define X(type, name) type *name; uint32_t name##_count, name##_capacity;
    QR_PLAN_ARRAYS(X)
#undef X
    void *blocks;   /* chain of the copied texts */
} qr_plan;

qr_plan *qr_plan_new(const qr_memory *memory); /* NULL when memory is out */
void qr_plan_free(qr_plan *self);              /* NULL is fine */

uint32_t qr_plan_add_node(qr_plan *self, qr_kind kind);
void qr_plan_set_nullable(qr_plan *self, uint32_t node);
/* ARRAY: 1 item; MAP: key and value; TUPLE: any number (at most 65535); ADAPTER: the node of what the document holds, which the
 * receiver then makes something else of. */
int qr_plan_set_items(qr_plan *self, uint32_t node, const uint32_t *items, size_t count);
/* Cleared bounds of the node, to be filled in before the next call; NULL when memory is out. */
qr_plan_bounds *qr_plan_add_bounds(qr_plan *self, uint32_t node);

/* The fields of a record are added between its begin and the next begin (they must be neighbours). */
int qr_plan_begin_record(qr_plan *self, uint32_t node, qr_unknown unknown);
uint32_t qr_plan_add_field(qr_plan *self, uint32_t node, const char *name, size_t length, uint32_t field_node, uint32_t flags);
/* A further name of the field (a number add_field returned) that is accepted on reading. */
int qr_plan_add_alias(qr_plan *self, uint32_t node, uint32_t field, const char *name, size_t length);
/* A name that the record's documents may have and that is no field: skipped, also where unknown fields are errors or kept. */
int qr_plan_add_ignored(qr_plan *self, uint32_t node, const char *name, size_t length);
/* tag NULL: the integer. */
int qr_plan_set_tag(qr_plan *self, uint32_t node, const char *name, size_t name_length, const char *tag, size_t tag_length, int64_t tag_int);
int qr_plan_set_array(qr_plan *self, uint32_t node);

/* The choices are added before the next begin. */
int qr_plan_begin_choices(qr_plan *self, uint32_t node, int open);
int qr_plan_add_choice_text(qr_plan *self, uint32_t node, const char *text, size_t length);
int qr_plan_add_choice_int(qr_plan *self, uint32_t node, int64_t number, int is_bool);

/* A cleared union (all arms QR_PLAN_NONE) for the caller to fill in before the next begin; NULL when memory is out. No arm
 * may be a union itself; arms read from maps are maps and records, those in `ints` choices. An ADAPTER stands for what is
 * read for it; among the arms of `text` it is one that the receiver may refuse, then the next one is tried. */
qr_union *qr_plan_begin_union(qr_plan *self, uint32_t node);
int qr_plan_set_union_text(qr_plan *self, uint32_t node, const uint32_t *arms, size_t count);
int qr_plan_set_union_ints(qr_plan *self, uint32_t node, const uint32_t *arms, size_t count);
int qr_plan_set_union_tag(qr_plan *self, uint32_t node, const char *name, size_t length);
/* tag NULL: the integer. */
int qr_plan_add_union_tag(qr_plan *self, uint32_t node, const char *tag, size_t length, int64_t tag_int, uint32_t arm);
int qr_plan_add_union_tag_bool(qr_plan *self, uint32_t node, int truth, uint32_t arm);
int qr_plan_add_union_key_arm(qr_plan *self, uint32_t node, uint32_t arm);
/* An arm that is read from an array, beside others that are (a single one is `array`), then its slots. most SIZE_MAX: any number. */
int qr_plan_add_union_array(qr_plan *self, uint32_t node, uint32_t arm, size_t least, size_t most, uint32_t rest);
int qr_plan_add_union_slot(qr_plan *self, uint32_t node, uint32_t kinds, uint32_t choice);

/* Checks every number, that names and tags are unique and that bounds are numbers; builds name tables, required bitmaps and
 * key images. The plan may be used only when this gives NONE: else DUPLICATE_FIELD, TOO_LONG (fields), INVALID_VALUE, MEMORY. */
qr_error qr_plan_seal(qr_plan *self);

/* ---------------------------------------------------------------- looking up (sealed) */

QR_INLINE uint32_t qr_name_hash(const uint8_t *s, size_t n)
{
    uint64_t a, b;
    if (n >= 8) {
        a = qr_load64(s);
        b = qr_load64(s + n - 8);
    }
    else if (n >= 4) {
        a = qr_load32(s);
        b = qr_load32(s + n - 4);
    }
    else {
        a = n ? (uint64_t)s[0] | (uint64_t)s[n >> 1] << 8 | (uint64_t)s[n - 1] << 16 : 0;
        b = 0;
    }
    a = (a ^ n * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
    a = (a ^ (a >> 32) ^ b) * 0xCA5A826395121157u; /* the last bytes are in the highest bits only */
    return (uint32_t)(((a ^ (a >> 29)) * 0xD6E8FEB86659FD93u) >> 32);
}

/* What one of the hash tables in plan->names has for the name, or QR_PLAN_NONE. */
QR_INLINE uint32_t qr_plan_find_name(const qr_plan *self, uint32_t first, uint32_t mask, const uint8_t *name, size_t length)
{
    const qr_name *table = self->names + first;
    for (uint32_t i = qr_name_hash(name, length);; i++) {
        const qr_name *entry = &table[i & mask];
        if (entry->field == 0)
            return QR_PLAN_NONE;
        if (entry->length == length && memcmp(entry->name, name, length) == 0)
            return entry->field - 1;
    }
}
/* A union's object has that name: sets the bits of the key arms that require it. present: key_words of the union, cleared before. */
QR_INLINE void qr_plan_mark_key(const qr_plan *self, const qr_union *u, uint64_t *present, const uint8_t *name, size_t length)
{
    uint32_t next = u->key_count ? qr_plan_find_name(self, u->key_table, u->key_mask, name, length) + 1 : 0; /* none is 0 */
    while (next) {
        const qr_key_bit *bit = &self->key_bits[next - 1];
        present[bit->word] |= bit->bit;
        next = bit->next;
    }
}
/* The first key arm that has all it requires, or QR_PLAN_NONE. */
uint32_t qr_plan_find_key_arm(const qr_plan *self, const qr_union *u, const uint64_t *present);
/* The record's field of that name (number within the record), or QR_PLAN_NONE. */
QR_INLINE uint32_t qr_plan_find_field(const qr_plan *self, const qr_record *record, const uint8_t *name, size_t length)
{
    return qr_plan_find_name(self, record->names, record->mask, name, length);
}
/* Is it a name that add_ignored was told? Rare: looked for when no field has the name. */
int qr_plan_is_ignored(const qr_plan *self, const qr_record *record, const uint8_t *name, size_t length);
/* The choice equal to the text or number: its number within the set, or QR_PLAN_NONE. */
uint32_t qr_plan_find_choice_text(const qr_plan *self, const qr_choices *set, const uint8_t *text, size_t length);
uint32_t qr_plan_find_choice_int(const qr_plan *self, const qr_choices *set, int64_t number, int is_bool);
uint32_t qr_plan_find_tag_text(const qr_plan *self, const qr_union *union_, const uint8_t *text, size_t length);
uint32_t qr_plan_find_tag_int(const qr_plan *self, const qr_union *union_, int64_t number, int is_bool);

QR_INLINE const qr_record *qr_plan_record(const qr_plan *self, const qr_node *node) { return &self->records[node->value]; }

/* The node that is read for `number`: an ADAPTER's, all the way down; else itself. */
QR_INLINE uint32_t qr_plan_wire(const qr_plan *self, uint32_t number)
{
    while (QR_UNLIKELY(self->nodes[number].kind == QR_KIND_ADAPTER))
        number = self->nodes[number].item;
    return number;
}

/* Does the node stand for numbers or truth values (or, in a union, for some), which formats with text keys write as text? */
int qr_plan_key_is_number(const qr_plan *self, uint32_t node);

/* ---------------------------------------------------------------- bounds: QR_ERROR_NONE or what is wrong */
qr_error qr_bounds_check_int(const qr_plan_bounds *bounds, int64_t value);
qr_error qr_bounds_check_uint(const qr_plan_bounds *bounds, uint64_t value);
qr_error qr_bounds_check_float(const qr_plan_bounds *bounds, double value);
/* An integer of more than 64 bits as [-]digits. Exact but where a bound is a double: the number is rounded to one first. */
qr_error qr_bounds_check_big(const qr_plan_bounds *bounds, const uint8_t *text, size_t length);
QR_INLINE qr_error qr_bounds_check_length(const qr_plan_bounds *bounds, size_t length)
{
    return length < bounds->min_length ? QR_ERROR_TOO_SHORT : length > bounds->max_length ? QR_ERROR_TOO_LONG : QR_ERROR_NONE;
}

#endif
