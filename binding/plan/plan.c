/* SPDX-License-Identifier: Apache-2.0 */
/* plan: finding the plan of a type, and its life. Compiling a description is in compile.c. */
#include "binding/plan/plan.h"

#include "binding/attribute.h"
#include "binding/plan/compile.h"
#include "binding/union.h"

enum { CACHE_LIMIT = 256 };

static PyObject *not_a_type(PyObject *Py_UNUSED(cls), PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    PyErr_SetString(PyExc_TypeError, "a plan is made by quire itself");
    return NULL;
}

static int plan_traverse(PyObject *op, visitproc visit, void *arg)
{
    qpy_plan *self = (qpy_plan *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->module);
    Py_VISIT(self->type);
    Py_VISIT(self->adapters);
    Py_VISIT(self->tags);
    Py_VISIT(self->watch);
    Py_VISIT(self->policies);
    if (!self->core)
        return 0;
    if (self->nodes)
        for (uint32_t i = 0; i < self->core->nodes_count; i++) {
            Py_VISIT(self->nodes[i].cls);
            Py_VISIT(self->nodes[i].pattern);
            Py_VISIT(self->nodes[i].bounds);
            Py_VISIT(self->nodes[i].also);
            Py_VISIT(self->nodes[i].extra);
            Py_VISIT(self->nodes[i].unpack);
            Py_VISIT(self->nodes[i].encode);
            Py_VISIT(self->nodes[i].decode);
        }
    if (self->fields)
        for (uint32_t i = 0; i < self->core->fields_count; i++)
            Py_VISIT(self->fields[i].default_);
    if (self->records)
        for (uint32_t i = 0; i < self->core->records_count; i++)
            Py_VISIT(self->records[i].dict_template);
    if (self->choices)
        for (uint32_t i = 0; i < self->core->choices_count; i++)
            Py_VISIT(self->choices[i]);
    return 0;
}

static int plan_clear(PyObject *op)
{
    qpy_plan *self = (qpy_plan *)op;
    Py_CLEAR(self->type);
    Py_CLEAR(self->adapters);
    Py_CLEAR(self->tags);
    Py_CLEAR(self->watch);
    Py_CLEAR(self->policies);
    if (self->core) {
        if (self->nodes)
            for (uint32_t i = 0; i < self->core->nodes_count; i++) {
                Py_CLEAR(self->nodes[i].cls);
                Py_CLEAR(self->nodes[i].pattern);
                Py_CLEAR(self->nodes[i].bounds);
                Py_CLEAR(self->nodes[i].also);
                Py_CLEAR(self->nodes[i].extra);
                Py_CLEAR(self->nodes[i].unpack);
                Py_CLEAR(self->nodes[i].encode);
                Py_CLEAR(self->nodes[i].decode);
            }
        if (self->fields)
            for (uint32_t i = 0; i < self->core->fields_count; i++) {
                Py_CLEAR(self->fields[i].name);
                Py_CLEAR(self->fields[i].keyword);
                Py_CLEAR(self->fields[i].wire);
                Py_CLEAR(self->fields[i].default_);
            }
        if (self->records)
            for (uint32_t i = 0; i < self->core->records_count; i++) {
                Py_CLEAR(self->records[i].dict_template);
                Py_CLEAR(self->records[i].computed);
            }
        if (self->choices)
            for (uint32_t i = 0; i < self->core->choices_count; i++)
                Py_CLEAR(self->choices[i]);
    }
    return 0;
}

static void plan_dealloc(PyObject *op)
{
    qpy_plan *self = (qpy_plan *)op;
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    plan_clear(op);
    for (uint32_t i = 0; self->records && i < self->core->records_count; i++)
        PyMem_Free(self->records[i].order);
    PyMem_Free(self->nodes);
    PyMem_Free(self->fields);
    PyMem_Free(self->records);
    PyMem_Free(self->choices);
    if (self->core)
        qpy_union_release(self);
    qr_plan_free(self->core);
    Py_CLEAR(self->module);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyType_Slot plan_slots[] = {
    {Py_tp_new, not_a_type}, {Py_tp_traverse, plan_traverse}, {Py_tp_clear, plan_clear}, {Py_tp_dealloc, plan_dealloc},
    {Py_tp_doc, (char *)"The compiled plan of a type."}, {0, NULL},
};
static PyType_Spec plan_spec = {
    .name = "quire._core.Plan", .basicsize = sizeof(qpy_plan), .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = plan_slots,
};

int qpy_plan_init(PyObject *module, qpy_state *state)
{
    state->plan_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &plan_spec, NULL);
    state->plan_cache = PyDict_New();
    state->str_plan = PyUnicode_InternFromString("__quire_plan__");
    return state->plan_type && state->plan_cache && state->str_plan ? 0 : -1;
}

/* ---------------------------------------------------------------- looking into one */

int qpy_plan_arm(const qr_plan *core, const qr_union *u, uint32_t i, uint32_t *arm)
{
    const uint32_t single[] = {u->bool_, u->int_, u->float_, u->bytes, u->array, u->map, u->map_default};
    const uint32_t n = QR_ARRAY_LENGTH(single);
    if (i < n)
        return *arm = single[i], 1;
    if ((i -= n) < u->ints_count)
        return *arm = core->items[u->ints + i], 1;
    if ((i -= u->ints_count) < u->text_count)
        return *arm = core->items[u->text + i], 1;
    if ((i -= u->text_count) < u->array_count)
        return *arm = core->array_arms[u->arrays + i].arm, 1;
    if ((i -= u->array_count) < u->tag_count)
        return *arm = core->tags[u->tags + i].arm, 1;
    if ((i -= u->tag_count) < u->key_count)
        return *arm = core->key_arms[u->keys + i].arm, 1;
    return 0;
}

/* ---------------------------------------------------------------- finding one */

/* option: Py_True for a plan only if the type has an adapter (else NULL without an exception), or Py_False. */
static qpy_plan *compile(qpy_state *state, PyObject *adapters, PyObject *type, PyObject *option, int *temporary)
{
    if (!state->describe) {
        PyErr_SetString(PyExc_RuntimeError, "quire._core is used without the quire package");
        return NULL;
    }
    PyObject *description = PyObject_CallFunctionObjArgs(state->describe, type, option, adapters ? adapters : Py_None, NULL);
    if (!description)
        return NULL;
    qpy_plan *plan = description == Py_None ? NULL : qpy_plan_compile(state, type, description, temporary);
    if (plan)
        plan->adapters = Py_XNewRef(adapters);
    Py_DECREF(description);
    return plan;
}

int qpy_plan_use(PyObject *argument, PyObject **adapters)
{
    *adapters = NULL;
    if (!argument || argument == Py_None)
        return 1;
    PyObject *use = qpy_attribute(argument, "_use"), *plans = use ? PyObject_CallNoArgs(use) : NULL;
    int ok = plans && PyDict_Check(plans);
    Py_XDECREF(use);
    Py_XDECREF(plans);
    if (ok)
        *adapters = argument;
    else if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Format(PyExc_TypeError, "adapters must be a quire.Adapters or None, got %.100s", Py_TYPE(argument)->tp_name);
    return ok;
}

/* The plans that go by these adapters: borrowed (they keep it), or NULL with an exception. */
static PyObject *plans_of(PyObject *adapters)
{
    PyObject *plans = qpy_attribute(adapters, "_plans");
    Py_XDECREF(plans);
    return plans;
}

/* The plan that a class that is no record keeps in its own __dict__ (not a base's): borrowed, or NULL, no exception. */
static qpy_plan *kept_by_class(const qpy_state *state, PyTypeObject *cls)
{
    PyObject *dict = cls->tp_dict, *plan = dict ? PyDict_GetItemWithError(dict, state->str_plan) : NULL;
    if (!plan)
        PyErr_Clear();
    /* Whoever copies a class copies its __dict__ too: what is kept there may be the plan of the original. */
    return plan && Py_TYPE(plan) == state->plan_type && ((qpy_plan *)plan)->type == (PyObject *)cls ? (qpy_plan *)plan : NULL;
}

static int keep_in(PyObject *plans, PyObject *type, qpy_plan *plan)
{
    if (PyDict_GET_SIZE(plans) >= CACHE_LIMIT)
        PyDict_Clear(plans);
    if (PyDict_SetItem(plans, type, (PyObject *)plan) == 0)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) /* unhashable metadata: works, only not cached */
        return -1;
    PyErr_Clear();
    return 0;
}

static int keep(qpy_state *state, PyObject *adapters, PyObject *type, qpy_plan *plan)
{
    if (adapters) {
        PyObject *plans = plans_of(adapters);
        return plans ? keep_in(plans, type, plan) : -1;
    }
    /* What a record class keeps is how its instances are written field by field; an adapter's plan is kept as other classes' are. */
    if (PyType_Check(type) && qpy_record_check(state, (PyTypeObject *)type) && plan->core->nodes[0].kind == QR_KIND_RECORD) {
        Py_XSETREF(((qpy_record_class *)type)->plan, Py_NewRef((PyObject *)plan));
        return 0;
    }
    if (PyType_Check(type) && !(((PyTypeObject *)type)->tp_flags & Py_TPFLAGS_IMMUTABLETYPE))
        return PyType_Type.tp_setattro(type, state->str_plan, (PyObject *)plan); /* a metaclass that refuses does not mean us */
    return keep_in(state->plan_cache, type, plan);
}

qpy_plan *qpy_plan_known(qpy_state *state, PyObject *adapters, PyObject *type)
{
    qpy_plan *plan;
    PyObject *plans = adapters ? plans_of(adapters) : state->plan_cache;
    if (!plans)
        return NULL;
    if (!adapters && PyType_Check(type) && !(((PyTypeObject *)type)->tp_flags & Py_TPFLAGS_IMMUTABLETYPE)) {
        plan = qpy_record_check(state, (PyTypeObject *)type) ? (qpy_plan *)((qpy_record_class *)type)->plan : NULL;
        return plan ? plan : kept_by_class(state, (PyTypeObject *)type);
    }
    plan = (qpy_plan *)PyDict_GetItemWithError(plans, type);
    if (!plan && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_TypeError))
        PyErr_Clear();
    return plan && Py_TYPE(plan) == state->plan_type ? plan : NULL;
}

/* Have no subclasses been made meanwhile that it should know of? 1, 0, or -1 with an exception. */
static int is_current(const qpy_state *state, qpy_plan *plan)
{
    size_t classes = state->record_classes;
    if (QR_LIKELY(!plan->watch) || (plan->watches_records && plan->watched_at == classes))
        return 1;
    Py_INCREF(plan); /* user code may run */
    PyObject *same = PyObject_CallNoArgs(plan->watch);
    int current = same ? PyObject_IsTrue(same) : -1;
    if (current > 0)
        plan->watched_at = classes;
    Py_XDECREF(same);
    Py_DECREF(plan);
    return current;
}

qpy_plan *qpy_plan_get(qpy_state *state, PyObject *adapters, PyObject *type)
{
    int temporary = 0;
    qpy_plan *plan = qpy_plan_known(state, adapters, type);
    if (plan) {
        Py_INCREF(plan);
        int current = is_current(state, plan);
        if (QR_LIKELY(current > 0))
            return plan;
        Py_CLEAR(plan);
    }
    if (PyErr_Occurred())
        return NULL;
    size_t classes = state->record_classes; /* one that is made while the type is read may be missing from it */
    plan = compile(state, adapters, type, Py_False, &temporary);
    if (plan)
        plan->watched_at = classes;
    if (plan && !temporary && keep(state, adapters, type, plan) < 0)
        Py_CLEAR(plan);
    return plan;
}

/* Does a class that is no record say that it can be written field by field? Cheap signs, before reading annotations. */
static int has_fields(const qpy_state *state, PyTypeObject *cls)
{
    if (!(cls->tp_flags & Py_TPFLAGS_HEAPTYPE))
        return 0;
    PyObject *const names[] = {state->str_dataclass_fields, state->str_attrs, state->str_quire, PyType_IsSubtype(cls, &PyTuple_Type) ? state->str_fields : NULL};
    for (size_t i = 0; i < QR_ARRAY_LENGTH(names); i++)
        if (names[i] && _PyType_Lookup(cls, names[i]))
            return 1;
    return 0;
}

qpy_plan *qpy_plan_of_class(qpy_state *state, PyObject *adapters, PyTypeObject *cls)
{
    qpy_plan *plan = qpy_plan_known(state, adapters, (PyObject *)cls);
    if (!plan && !PyErr_Occurred() && !qpy_record_check(state, cls) && !has_fields(state, cls))
        return NULL;
    if (plan || PyErr_Occurred())
        return plan;
    plan = qpy_plan_get(state, adapters, (PyObject *)cls);
    if (plan && Py_REFCNT(plan) == 1) { /* nobody keeps it: an unresolved forward reference */
        Py_DECREF(plan);
        PyErr_Format(PyExc_TypeError, "the annotations of %.200s cannot be read yet", cls->tp_name);
        return NULL;
    }
    Py_XDECREF(plan); /* the class keeps it */
    return plan;
}

qpy_plan *qpy_plan_of_adapted(qpy_state *state, PyObject *adapters, PyTypeObject *cls)
{
    int temporary = 0;
    PyObject *plans = adapters ? plans_of(adapters) : state->plan_cache;
    qpy_plan *plan = plans ? qpy_plan_known(state, adapters, (PyObject *)cls) : NULL;
    if (plan)
        return plan->core->nodes[0].kind == QR_KIND_ADAPTER ? plan : NULL;
    if (PyErr_Occurred() || (adapters && PyDict_GetItemWithError(plans, (PyObject *)cls))) /* None: has no adapter */
        return NULL;
    plan = compile(state, adapters, (PyObject *)cls, Py_True, &temporary);
    if (plan ? keep(state, adapters, (PyObject *)cls, plan) < 0 : adapters && !PyErr_Occurred() && keep_in(plans, (PyObject *)cls, (qpy_plan *)Py_None) < 0)
        Py_CLEAR(plan);
    Py_XDECREF(plan); /* who keeps it, has it */
    return plan;
}

int qpy_plan_is_plain_again(qpy_record_side *side)
{
    const qpy_plan *self = side->plan;
    PyTypeObject *cls = side->cls;
    const qr_record *record = &self->core->records[side - self->records];
    if (side->form != QPY_FORM_DATACLASS || !self->state->private_ok || !(cls->tp_flags & Py_TPFLAGS_HEAPTYPE) || cls->tp_getattro != PyObject_GenericGetAttr)
        return 0;
    for (uint32_t i = 0; i < record->count; i++) {
        PyObject *found = _PyType_Lookup(cls, self->fields[record->first + i].name);
        if (found && Py_TYPE(found)->tp_descr_set)
            return 0;
    }
    side->plain_version = cls->tp_version_tag; /* 0 when the interpreter has run out of them: asked again each time */
    return 1;
}
