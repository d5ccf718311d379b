/* SPDX-License-Identifier: Apache-2.0 */
/* validate: is each file a JSON document of the type below? No values are made; the plan is built here, in C.
 *
 *     validate orders.json           says "orders.json: valid", or what is wrong, where, and the way to it
 *
 *     orders = [Order]
 *     Order  = {id: int >= 1, customer: str of at most 40 characters, status: "open" | "paid" | "shipped", placed: date and time,
 *               lines: [Line] with at least one, note: str or null (may be missing), pay: Card | Transfer (may be missing)}
 *     Line   = {sku: str, count: int from 1 to 999, price: decimal}; no other fields
 *     Card     = {kind: "card", number: str}        Transfer = {kind: "transfer", iban: str}
 *
 * Against an installed library: cc -o validate validate.c $(pkg-config --cflags --libs --static quire) */
#include <stdio.h>
#include <stdlib.h>

#include "core/format/check.h"
#include "core/format/json.h"

static void add_field(qr_plan *plan, uint32_t record, const char *name, uint32_t node, uint32_t flags)
{
    qr_plan_add_field(plan, record, name, strlen(name), node, flags);
}

static uint32_t add_int(qr_plan *plan, int64_t least, int64_t most)
{
    uint32_t node = qr_plan_add_node(plan, QR_KIND_INT);
    qr_plan_bounds *bounds = qr_plan_add_bounds(plan, node);
    if (bounds) {
        bounds->has_least = bounds->has_most = 1;
        bounds->least_int = least;
        bounds->most_int = most;
    }
    return node;
}

static uint32_t add_line(qr_plan *plan)
{
    uint32_t line = qr_plan_add_node(plan, QR_KIND_RECORD);
    qr_plan_begin_record(plan, line, QR_UNKNOWN_ERROR);
    add_field(plan, line, "sku", qr_plan_add_node(plan, QR_KIND_STR), QR_FIELD_REQUIRED);
    add_field(plan, line, "count", add_int(plan, 1, 999), QR_FIELD_REQUIRED);
    add_field(plan, line, "price", qr_plan_add_node(plan, QR_KIND_DECIMAL), QR_FIELD_REQUIRED);
    return line;
}

static uint32_t add_status(qr_plan *plan)
{
    static const char *const names[] = {"open", "paid", "shipped"};
    uint32_t status = qr_plan_add_node(plan, QR_KIND_CHOICE);
    qr_plan_begin_choices(plan, status, 0);
    for (size_t i = 0; i < QR_ARRAY_LENGTH(names); i++)
        qr_plan_add_choice_text(plan, status, names[i], strlen(names[i]));
    return status;
}

/* Two records that are told apart by what their field "kind" says. */
static uint32_t add_pay(qr_plan *plan)
{
    static const char *const tags[] = {"card", "transfer"}, *const fields[] = {"number", "iban"};
    uint32_t pay = qr_plan_add_node(plan, QR_KIND_UNION), str = qr_plan_add_node(plan, QR_KIND_STR), arms[2];
    for (int i = 0; i < 2; i++) {
        arms[i] = qr_plan_add_node(plan, QR_KIND_RECORD);
        qr_plan_begin_record(plan, arms[i], QR_UNKNOWN_SKIP);
        qr_plan_set_tag(plan, arms[i], "kind", 4, tags[i], strlen(tags[i]), 0);
        add_field(plan, arms[i], fields[i], str, QR_FIELD_REQUIRED);
    }
    qr_plan_begin_union(plan, pay);
    qr_plan_set_union_tag(plan, pay, "kind", 4);
    for (int i = 0; i < 2; i++)
        qr_plan_add_union_tag(plan, pay, tags[i], strlen(tags[i]), 0, arms[i]);
    return pay;
}

/* Errors are sticky: sealing tells of every step before it. */
static qr_plan *make_plan(void)
{
    qr_plan *plan = qr_plan_new(&qr_memory_default);
    if (!plan)
        return NULL;
    uint32_t orders = qr_plan_add_node(plan, QR_KIND_ARRAY); /* the first node is the root */
    uint32_t order = qr_plan_add_node(plan, QR_KIND_RECORD), customer = qr_plan_add_node(plan, QR_KIND_STR), note = qr_plan_add_node(plan, QR_KIND_STR);
    uint32_t lines = qr_plan_add_node(plan, QR_KIND_ARRAY), line = add_line(plan), pay = add_pay(plan);
    qr_plan_set_items(plan, orders, &order, 1);
    qr_plan_set_items(plan, lines, &line, 1);
    qr_plan_set_nullable(plan, note);
    qr_plan_bounds *bounds = qr_plan_add_bounds(plan, customer);
    if (bounds)
        bounds->max_length = 40;
    bounds = qr_plan_add_bounds(plan, lines);
    if (bounds)
        bounds->min_length = 1;
    uint32_t id = add_int(plan, 1, INT64_MAX), status = add_status(plan), placed = qr_plan_add_node(plan, QR_KIND_DATETIME);
    qr_plan_begin_record(plan, order, QR_UNKNOWN_SKIP);
    add_field(plan, order, "id", id, QR_FIELD_REQUIRED);
    add_field(plan, order, "customer", customer, QR_FIELD_REQUIRED);
    add_field(plan, order, "status", status, QR_FIELD_REQUIRED);
    add_field(plan, order, "placed", placed, QR_FIELD_REQUIRED);
    add_field(plan, order, "lines", lines, QR_FIELD_REQUIRED);
    add_field(plan, order, "note", note, 0);
    add_field(plan, order, "pay", pay, 0);
    if (qr_plan_seal(plan) == QR_ERROR_NONE)
        return plan;
    qr_plan_free(plan);
    return NULL;
}

/* A key as it stands in the document. */
static void print_key(const qr_reader *reader, const uint8_t *at)
{
    qr_reader key;
    qr_token token;
    qr_reader_init(&key, at, (size_t)(reader->end - at), NULL, 0);
    if (qr_json_next(&key, &token) == QR_TOKEN_STR)
        printf(".%.*s", (int)token.length, (const char *)token.text);
}

static void print_path(const qr_reader *reader, const qr_plan *plan)
{
    putchar('$');
    for (size_t i = 0; i < qr_path_kept(reader->path); i++) {
        qr_step step = qr_path_step(reader->path, i);
        if (step.kind == QR_STEP_INDEX)
            printf("[%zu]", step.number);
        else if (step.kind == QR_STEP_FIELD)
            printf(".%.*s", (int)plan->fields[step.number].length, (const char *)plan->fields[step.number].name);
        else
            print_key(reader, step.at);
    }
}

static void print_fault(const qr_reader *reader, const qr_plan *plan, const char *name)
{
    size_t line, column;
    qr_reader_position(reader, reader->error_at, &line, &column);
    printf("%s:%zu:%zu: ", name, line, column);
    print_path(reader, plan);
    printf(": %s [%s]", qr_error_message(reader->error), qr_error_code(reader->error));
    if (reader->error == QR_ERROR_TYPE_MISMATCH && reader->error_node < plan->nodes_count)
        printf(", expected %s", qr_kind_expected((qr_kind)plan->nodes[reader->error_node].kind));
    if (reader->error == QR_ERROR_MISSING_FIELD && reader->error_field < plan->fields_count)
        printf(": %s", (const char *)plan->fields[reader->error_field].name);
    putchar('\n');
}

static int validate(const qr_plan *plan, const char *name, const uint8_t *data, size_t length)
{
    qr_path path = {0};
    qr_reader reader;
    qr_reader_init(&reader, data, length, NULL, 0);
    reader.path = &path;
    int valid = qr_json_check(&reader, plan);
    if (valid)
        printf("%s: valid\n", name);
    else
        print_fault(&reader, plan, name);
    qr_reader_release(&reader);
    return valid;
}

/* A whole file and the 0 byte that readers rely on; NULL when it cannot be read. */
static uint8_t *read_file(const char *name, size_t *length)
{
    FILE *file = fopen(name, "rb");
    long size;
    uint8_t *data = NULL;
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0 && (data = malloc((size_t)size + 1)) != NULL) {
        *length = fread(data, 1, (size_t)size, file);
        data[*length] = 0;
    }
    if (file)
        fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    int all_valid = 1;
    qr_plan *plan = make_plan();
    if (!plan || argc < 2) {
        fprintf(stderr, plan ? "usage: validate file ...\n" : "validate: the plan could not be made\n");
        qr_plan_free(plan);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        size_t length;
        uint8_t *data = read_file(argv[i], &length);
        if (!data)
            fprintf(stderr, "validate: %s cannot be read\n", argv[i]);
        if (!data || !validate(plan, argv[i], data, length))
            all_valid = 0;
        free(data);
    }
    qr_plan_free(plan);
    return all_valid ? 0 : 1;
}
