/* SPDX-License-Identifier: Apache-2.0 */
/* walk_subclass: an instance of a subclass where a type says the base: what is written of it.
 *
 * It is written with all of its fields, but must be read back as the base. So each field of the base is checked, left out and written as
 * the base declares it, whatever the subclass made of it; and what makes an object of the subclass another one to a reader of the base
 * (its tag, its layout, names of fields, fields that the base refuses) is an error. */
#include "binding/text.h"
#include "binding/union.h"
#include "binding/walk.h"

typedef struct gatherer {
    qpy_walker *walker;
    const qpy_plan *base_plan, *own_plan;
    const qr_record *base, *own;
    const qpy_record_side *own_side;
    PyObject *object;
} gatherer;

static int differs(gatherer *g) { return qpy_walk_fail(g->walker, QR_ERROR_SUBCLASS_DIFFERS, g->object); }

/* Does a reader of the base pass over what has this name? */
static int is_passed_over(const gatherer *g, const uint8_t *name, size_t length)
{
    return (g->base->unknown != QR_UNKNOWN_ERROR || qr_plan_is_ignored(g->base_plan->core, g->base, name, length)) &&
           qr_plan_find_field(g->base_plan->core, g->base, name, length) == QR_PLAN_NONE;
}

static int check_class(gatherer *g)
{
    const qr_record *base = g->base, *own = g->own;
    if (base->array != own->array)
        return differs(g);
    if (qpy_union_same_tag(base, own))
        return 1;
    return base->has_tag || own->array || !is_passed_over(g, own->tag_name, own->tag_name_length) ? differs(g) : 1;
}

/* The base's field of the same attribute (its number in the plan), or QR_PLAN_NONE. Mostly it stands at the same place. */
static uint32_t inherited_field(const gatherer *g, uint32_t index)
{
    PyObject *name = g->own_plan->fields[g->own->first + index].name;
    if (index < g->base->count && g->base_plan->fields[g->base->first + index].name == name)
        return g->base->first + index;
    return qpy_walk_field_of(g->base_plan, g->base, name);
}

/* Is the field written under the name, or at the place, where the base has it? */
static int is_in_place(const gatherer *g, uint32_t index, uint32_t inherited)
{
    const qr_field *own = &g->own_plan->core->fields[g->own->first + index], *base = &g->base_plan->core->fields[inherited];
    if (g->own->array)
        return inherited - g->base->first == index;
    return own->length == base->length && memcmp(own->name, base->name, own->length) == 0;
}

/* 1; or 0 with the fault, and the way to it. */
static int gather_field(gatherer *g, uint32_t index, qpy_inherited *to)
{
    const qr_field *own = &g->own_plan->core->fields[g->own->first + index];
    uint32_t inherited = inherited_field(g, index);
    *to = inherited != QR_PLAN_NONE ? (qpy_inherited){g->base_plan, inherited, 1, NULL} : (qpy_inherited){g->own_plan, g->own->first + index, 0, NULL};
    const qpy_field_side *side = &to->plan->fields[to->field];
    if (!side->written)
        return 1;
    if (inherited != QR_PLAN_NONE ? !is_in_place(g, index, inherited) : !g->own->array && !is_passed_over(g, own->name, own->length))
        return inherited != QR_PLAN_NONE ? differs(g) : qpy_walk_fail(g->walker, QR_ERROR_UNKNOWN_FIELD, g->object);
    to->value = qpy_walk_attribute(g->walker, g->own_side, &g->own_plan->fields[g->own->first + index], index, g->object);
    int omit = !to->value ? -1 : g->own->array ? 0 : qpy_walk_omits(g->walker, side, to->value);
    if (omit > 0)
        Py_CLEAR(to->value);
    return omit >= 0;
}

static int gather_fields(gatherer *g, qpy_subclass_parts *parts)
{
    uint32_t found = 0, width = qpy_plan_record_side(g->base_plan, parts->node)->width;
    for (uint32_t i = 0; i < g->own_side->width; i++) {
        qpy_inherited *to = &parts->fields[parts->count++];
        if (!gather_field(g, i, to))
            return qpy_walk_field(g->walker, to->plan, to->field);
        found += to->is_inherited && to->field < g->base->first + width;
    }
    if (found < width || (g->own->array && g->base->unknown == QR_UNKNOWN_ERROR && g->own_side->width > g->base->count))
        return differs(g);
    return 1;
}

/* Computed fields, and those that the object keeps without knowing them. */
static int gather_extras(gatherer *g, qpy_subclass_parts *parts)
{
    if (!qpy_walk_extras(g->walker, g->own_side, g->object, &parts->extras))
        return 0;
    for (Py_ssize_t i = 0; parts->extras && i < PyList_GET_SIZE(parts->extras); i++) {
        PyObject *name = PyTuple_GET_ITEM(PyList_GET_ITEM(parts->extras, i), 0);
        Py_ssize_t length;
        PyObject *made = NULL;
        const char *text = PyUnicode_Check(name) ? qpy_text_utf8(name, &length, &made) : NULL;
        int is_new = text && !is_passed_over(g, (const uint8_t *)text, (size_t)length);
        Py_XDECREF(made);
        if (!text)
            PyErr_Clear(); /* it is found when it is written */
        else if (is_new) {
            qpy_walk_fail(g->walker, QR_ERROR_UNKNOWN_FIELD, g->object);
            return qpy_walk_step(g->walker, name, 0);
        }
    }
    return 1;
}

int qpy_walk_gather_subclass(qpy_walker *self, const qpy_plan *plan, uint32_t node, PyObject *object, qpy_subclass_parts *parts)
{
    gatherer g = {.walker = self, .base_plan = plan, .base = qpy_plan_record(plan, node), .object = object};
    qpy_plan *own = NULL;
    qr_kind kind;
    *parts = (qpy_subclass_parts){.node = node};
    self->calls++; /* a class that is met for the first time may be asked for its fields */
    qpy_way way = qpy_walk_way(self, object, &own, &kind);
    if (way != QPY_WAY_RECORD && way != QPY_WAY_OBJECT)
        return way != QPY_WAY_ERROR;
    parts->plan = (qpy_plan *)Py_NewRef((PyObject *)own);
    parts->record = g.own = qpy_plan_record(own, 0);
    g.own_plan = own;
    g.own_side = qpy_plan_record_side(own, 0);
    parts->fields = PyMem_Calloc((size_t)g.own_side->width + 1, sizeof *parts->fields);
    if (!parts->fields)
        return qpy_walk_fail(self, QR_ERROR_MEMORY, NULL);
    return check_class(&g) && gather_fields(&g, parts) && gather_extras(&g, parts);
}

void qpy_walk_drop_subclass(qpy_subclass_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        Py_XDECREF(parts->fields[i].value);
    PyMem_Free(parts->fields);
    Py_XDECREF(parts->extras);
    Py_XDECREF((PyObject *)parts->plan);
}
