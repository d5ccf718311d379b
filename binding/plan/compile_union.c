/* SPDX-License-Identifier: Apache-2.0 */
/* compile_union: the choices of a Literal or an enum, and the arms of a union by what tells them apart. */
#include "binding/plan/compile_parts.h"
#include "binding/union.h"

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
        return qr_plan_add_choice_int(self->core, node, number, PyBool_Check(wire)) || qpy_compile_no_memory();
    }
    return qpy_item_text(wire, &text, &length) && (qr_plan_add_choice_text(self->core, node, text, length) || qpy_compile_no_memory());
}

int qpy_compile_choices(qpy_plan *self, uint32_t node, PyObject *info)
{
    PyObject *wires = qpy_item(info, 0), *values = qpy_item(info, 1);
    int open = qpy_item_true(qpy_item(info, 2));
    if (!wires || !values || open < 0)
        return 0;
    Py_ssize_t count = PyTuple_Check(wires) && PyTuple_Check(values) && PyTuple_GET_SIZE(wires) == PyTuple_GET_SIZE(values) ? PyTuple_GET_SIZE(wires) : -1;
    if (count < 0) {
        PyErr_SetString(PyExc_SystemError, "a description's choices do not match");
        return 0;
    }
    if (!qr_plan_begin_choices(self->core, node, open))
        return qpy_compile_no_memory();
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t number = self->core->choices_count;
        PyObject **bigger = PyMem_Realloc(self->choices, (number + 1) * sizeof *bigger);
        if (!bigger)
            return qpy_compile_no_memory();
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
        PyObject *pair = PyTuple_GET_ITEM(tags, i), *tag = qpy_item(pair, 0);
        const char *text = NULL;
        size_t length = 0;
        long long number = 0;
        uint32_t arm;
        if (!tag || !qpy_item_number(qpy_item(pair, 1), &arm))
            return 0;
        if (PyBool_Check(tag)) {
            if (!qr_plan_add_union_tag_bool(self->core, node, tag == Py_True, arm))
                return qpy_compile_no_memory();
            continue;
        }
        if (PyLong_Check(tag)) {
            number = PyLong_AsLongLong(tag);
            if (number == -1 && PyErr_Occurred())
                return 0;
        }
        else if (!qpy_item_text(tag, &text, &length))
            return 0;
        if (!qr_plan_add_union_tag(self->core, node, text, length, number, arm))
            return qpy_compile_no_memory();
    }
    return tags != NULL;
}

static int compile_key_arms(qpy_plan *self, uint32_t node, PyObject *keys)
{
    for (Py_ssize_t i = 0; keys && PyTuple_Check(keys) && i < PyTuple_GET_SIZE(keys); i++) {
        uint32_t arm;
        if (!qpy_item_number(qpy_item(PyTuple_GET_ITEM(keys, i), 1), &arm) || (!qr_plan_add_union_key_arm(self->core, node, arm) && !qpy_compile_no_memory()))
            return 0;
    }
    return keys != NULL;
}

static int compile_slots(qpy_plan *self, uint32_t node, PyObject *slots)
{
    for (Py_ssize_t i = 0; slots && PyTuple_Check(slots) && i < PyTuple_GET_SIZE(slots); i++) {
        PyObject *slot = PyTuple_GET_ITEM(slots, i);
        uint32_t kinds, choice;
        if (!qpy_item_number(qpy_item(slot, 0), &kinds) || !qpy_item_number(qpy_item(slot, 1), &choice) || (!qr_plan_add_union_slot(self->core, node, kinds, choice) && !qpy_compile_no_memory()))
            return 0;
    }
    return slots != NULL;
}

static int compile_arrays(qpy_plan *self, uint32_t node, PyObject *arrays)
{
    for (Py_ssize_t i = 0; arrays && PyTuple_Check(arrays) && i < PyTuple_GET_SIZE(arrays); i++) {
        PyObject *array = PyTuple_GET_ITEM(arrays, i), *least = qpy_item(array, ARRAY_LEAST), *most = qpy_item(array, ARRAY_MOST);
        uint32_t arm, rest;
        if (!least || !most || !qpy_item_number(qpy_item(array, ARRAY_ARM), &arm) || !qpy_item_number(qpy_item(array, ARRAY_REST), &rest))
            return 0;
        Py_ssize_t fewest = PyLong_AsSsize_t(least), many = PyErr_Occurred() ? -1 : PyLong_AsSsize_t(most);
        if (PyErr_Occurred())
            return 0;
        if (!qr_plan_add_union_array(self->core, node, arm, (size_t)fewest, many < 0 ? SIZE_MAX : (size_t)many, rest))
            return qpy_compile_no_memory();
        if (!compile_slots(self, node, qpy_item(array, ARRAY_SLOTS)))
            return 0;
    }
    return arrays != NULL;
}

static int set_arms(qpy_plan *self, uint32_t node, PyObject *tuple, int (*set)(qr_plan *, uint32_t, const uint32_t *, size_t))
{
    size_t count;
    uint32_t *arms = qpy_item_numbers(tuple, &count);
    if (!arms)
        return 0;
    int ok = set(self->core, node, arms, count) || qpy_compile_no_memory();
    PyMem_Free(arms);
    return ok;
}

int qpy_compile_union(qpy_plan *self, uint32_t node, PyObject *info)
{
    qr_union *u = qr_plan_begin_union(self->core, node);
    const char *text;
    size_t length;
    if (!u)
        return qpy_compile_no_memory();
    if (!qpy_item_number(qpy_item(info, UNION_BOOL), &u->bool_) || !qpy_item_number(qpy_item(info, UNION_INT), &u->int_) || !qpy_item_number(qpy_item(info, UNION_FLOAT), &u->float_) ||
        !qpy_item_number(qpy_item(info, UNION_BYTES), &u->bytes) || !qpy_item_number(qpy_item(info, UNION_ARRAY), &u->array) || !qpy_item_number(qpy_item(info, UNION_MAP), &u->map) ||
        !qpy_item_number(qpy_item(info, UNION_MAP_DEFAULT), &u->map_default))
        return 0;
    int open = qpy_item_true(qpy_item(info, UNION_OPEN));
    if (open < 0)
        return 0;
    u->open = (uint8_t)open;
    PyObject *tag_field = qpy_item(info, UNION_TAG_FIELD);
    if (!tag_field || !set_arms(self, node, qpy_item(info, UNION_TEXT), qr_plan_set_union_text) || !set_arms(self, node, qpy_item(info, UNION_INTS), qr_plan_set_union_ints))
        return 0;
    if (tag_field != Py_None && (!qpy_item_text(tag_field, &text, &length) || (!qr_plan_set_union_tag(self->core, node, text, length) && !qpy_compile_no_memory())))
        return 0;
    return compile_tags(self, node, qpy_item(info, UNION_TAGS)) && compile_key_arms(self, node, qpy_item(info, UNION_KEYS)) && compile_arrays(self, node, qpy_item(info, UNION_ARRAYS));
}
