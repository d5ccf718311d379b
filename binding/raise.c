/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/raise.h"
#include "binding/attribute.h"

static const char *class_name(qr_error error)
{
    static const char *const names[] = {"memory", "memory", "validation", "truncated", "malformed", "validation", "encode", "limit"};
    return names[qr_error_class_of(error)];
}

/* A format that writes raises one class, whatever the code is. */
static const char *format_class(const char *name, qr_error_class class_) { return class_ == QR_CLASS_LIMIT ? "encode_limit" : name; }

/* ---------------------------------------------------------------- the path */

static PyObject *field_name(const qpy_plan *plan, size_t field)
{
    const qr_field *core = &plan->core->fields[field];
    return PyUnicode_DecodeUTF8((const char *)core->name, core->length, "replace");
}

static PyObject *step_object(qpy_state *state, const qr_reader *r, const qpy_plan *plan, const qpy_format *format, qr_step step)
{
    PyObject *key;
    switch (step.kind) {
    case QR_STEP_INDEX: return PyLong_FromSize_t(step.number);
    case QR_STEP_FIELD: return format->attributes ? Py_NewRef(plan->fields[step.number].name) : field_name(plan, step.number);
    default:
        key = format->key_at(state, r, step.at);
        return key || PyErr_Occurred() ? key : PyUnicode_FromString("?");
    }
}

static int is_secret(const qpy_plan *plan, qr_step step) { return step.kind == QR_STEP_FIELD && plan->fields[step.number].secret; }

/* Does the path lead into a secret field? The number of steps up to it, else 0. */
static size_t secret_steps(const qr_reader *r, const qpy_plan *plan)
{
    size_t n = r->path && plan && plan->secrets ? qr_path_kept(r->path) : 0;
    for (size_t i = 0; i < n; i++)
        if (is_secret(plan, qr_path_step(r->path, i)))
            return i + 1;
    return n && r->path->lost ? n : 0; /* it may be among the steps that were not kept */
}

static const qr_union *union_at(const qpy_plan *plan, uint32_t node)
{
    return plan && node < plan->core->nodes_count && plan->core->nodes[node].kind == QR_KIND_UNION ? &plan->core->unions[plan->core->nodes[node].value] : NULL;
}

static PyObject *path_steps(qpy_state *state, const qr_reader *r, const qpy_plan *plan, const qpy_format *format)
{
    const qr_path *path = r->path;
    size_t n = path ? qr_path_kept(path) : 0, lost = path && path->lost ? 1 : 0, secret = secret_steps(r, plan);
    if (secret) { /* what is below may be a key of it */
        n = secret;
        lost = 0;
    }
    const qr_union *tagged = r->error == QR_ERROR_INVALID_TAG && !secret ? union_at(plan, r->error_node) : NULL; /* its map is not open yet */
    PyObject *steps = PyTuple_New((Py_ssize_t)(n + lost + (tagged != NULL)));
    for (size_t i = 0; steps && i < n; i++) {
        PyObject *step = step_object(state, r, plan, format, qr_path_step(path, i));
        if (!step)
            Py_CLEAR(steps);
        else
            PyTuple_SET_ITEM(steps, (Py_ssize_t)i, step);
    }
    if (steps && lost)
        PyTuple_SET_ITEM(steps, (Py_ssize_t)n, Py_NewRef(Py_Ellipsis));
    if (steps && tagged) {
        PyObject *name = PyUnicode_DecodeUTF8((const char *)tagged->tag_name, tagged->tag_name_length, "replace");
        if (name)
            PyTuple_SET_ITEM(steps, (Py_ssize_t)(n + lost), name);
        else
            Py_CLEAR(steps);
    }
    return steps;
}

/* ---------------------------------------------------------------- what was expected */

static int append_name(PyObject *list, const char *name)
{
    PyObject *str = PyUnicode_FromString(name);
    int status = str ? PySequence_Contains(list, str) : -1;
    if (status == 0)
        status = PyList_Append(list, str);
    Py_XDECREF(str);
    return status < 0 ? -1 : 0;
}

const char *qpy_raise_class_name(const PyTypeObject *cls)
{
    const char *dot = strrchr(cls->tp_name, '.');
    return dot ? dot + 1 : cls->tp_name;
}

/* What a node is called: as in a document, or, where objects are compared with it, by its class. */
static const char *name_of_node(const qpy_plan *plan, uint32_t number, int by_class)
{
    unsigned kind = plan->core->nodes[number].kind;
    PyObject *cls = plan->nodes[number].cls;
    if (by_class && (kind == QR_KIND_ARRAY || kind == QR_KIND_TUPLE || kind == QR_KIND_MAP || kind == QR_KIND_RECORD || kind == QR_KIND_ADAPTER) && PyType_Check(cls))
        return qpy_raise_class_name((PyTypeObject *)cls);
    return qr_kind_expected((qr_kind)plan->core->nodes[qr_plan_wire(plan->core, number)].kind);
}

enum { ARMS_SHOWN = 12 };

static int append_arm(PyObject *list, const qpy_plan *plan, uint32_t arm, int by_class)
{
    if (arm == QR_PLAN_NONE)
        return 0;
    return append_name(list, PyList_GET_SIZE(list) < ARMS_SHOWN ? name_of_node(plan, arm, by_class) : "...");
}

/* Those that are read from objects and arrays: by their classes, or once. */
static int append_classes(PyObject *list, const qpy_plan *plan, const qr_union *u)
{
    const qr_plan *core = plan->core;
    for (uint32_t i = 0; i < u->array_count; i++)
        if (append_arm(list, plan, core->array_arms[u->arrays + i].arm, 1) < 0)
            return -1;
    for (uint32_t i = 0; i < u->tag_count; i++)
        if (append_arm(list, plan, core->tags[u->tags + i].arm, 1) < 0)
            return -1;
    for (uint32_t i = 0; i < u->key_count; i++)
        if (append_arm(list, plan, core->key_arms[u->keys + i].arm, 1) < 0)
            return -1;
    return 0;
}

static int append_union(PyObject *list, const qpy_plan *plan, const qr_union *u, int by_class)
{
    const qr_plan *core = plan->core;
    const uint32_t arms[] = {u->bool_, u->int_, u->float_, u->bytes, u->array, u->map, u->map_default};
    for (uint32_t i = 0; i < u->ints_count; i++)
        if (append_arm(list, plan, core->items[u->ints + i], by_class) < 0)
            return -1;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(arms); i++)
        if (append_arm(list, plan, arms[i], by_class) < 0)
            return -1;
    for (uint32_t i = 0; i < u->text_count; i++)
        if (append_arm(list, plan, core->items[u->text + i], by_class) < 0)
            return -1;
    if (by_class)
        return append_classes(list, plan, u);
    if (u->array_count && append_name(list, "array") < 0)
        return -1;
    return u->tag_count || u->key_count ? append_name(list, "object") : 0;
}

/* "int", "int or null", "int, str or null". */
static PyObject *expected_of(const qpy_plan *plan, uint32_t number, int by_class)
{
    if (!plan || number >= plan->core->nodes_count)
        return Py_NewRef(Py_None);
    const qr_node *node = &plan->core->nodes[number];
    PyObject *list = PyList_New(0), *result = NULL, *last = NULL;
    if (!list)
        return NULL;
    if ((node->kind == QR_KIND_UNION ? append_union(list, plan, &plan->core->unions[node->value], by_class) : append_name(list, name_of_node(plan, number, by_class))) < 0)
        goto done;
    if ((node->flags & QR_NODE_NULLABLE) && append_name(list, "null") < 0)
        goto done;
    Py_ssize_t n = PyList_GET_SIZE(list);
    if (n == 0) {
        result = Py_NewRef(Py_None);
        goto done;
    }
    last = Py_NewRef(PyList_GET_ITEM(list, n - 1));
    if (n == 1)
        result = Py_NewRef(last);
    else {
        PyObject *comma = PyUnicode_FromString(", "), *head = comma && PyList_SetSlice(list, n - 1, n, NULL) == 0 ? PyUnicode_Join(comma, list) : NULL;
        result = head ? PyUnicode_FromFormat("%U or %U", head, last) : NULL;
        Py_XDECREF(comma);
        Py_XDECREF(head);
    }
done:
    Py_XDECREF(last);
    Py_DECREF(list);
    return result;
}

/* ---------------------------------------------------------------- the names around a fault */

static PyObject *choice_object(const qr_choice *choice)
{
    if (choice->text)
        return PyUnicode_DecodeUTF8((const char *)choice->text, choice->length, "replace");
    return choice->is_bool ? PyBool_FromLong((long)choice->number) : PyLong_FromLongLong(choice->number);
}

/* The fields of the record: as they are called in Python, or in a document. only: which of them, as bits; NULL: all. */
static PyObject *names_of_fields(const qpy_plan *plan, const qr_record *record, const uint64_t *only, int attributes)
{
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < record->count; i++)
        if (!only || only[i / 64] & (uint64_t)1 << (i % 64)) {
            PyObject *name = attributes ? Py_NewRef(plan->fields[record->first + i].name) : field_name(plan, record->first + i);
            if (!name || PyList_Append(list, name) < 0)
                Py_CLEAR(list);
            Py_XDECREF(name);
        }
    return list;
}

static PyObject *names_of_tags(const qr_plan *core, const qr_node *node)
{
    if (node->kind == QR_KIND_RECORD) {
        const qr_record *record = &core->records[node->value];
        qr_choice tag = {.text = record->tag, .length = record->tag_length, .number = record->tag_int};
        PyObject *name = choice_object(&tag), *tuple = name ? PyTuple_Pack(1, name) : NULL;
        Py_XDECREF(name);
        return tuple;
    }
    const qr_union *u = &core->unions[node->value];
    PyObject *tuple = PyTuple_New(u->tag_count);
    for (uint32_t i = 0; tuple && i < u->tag_count; i++) {
        PyObject *name = choice_object(&core->tags[u->tags + i].value);
        if (!name)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, name);
    }
    return tuple;
}

enum { NAMES_SHOWN = 6 };

/* 'Circle with "radius"': a new reference. */
static PyObject *wants_of(const qpy_plan *plan, uint32_t arm)
{
    const qr_record *record = qpy_plan_record(plan, arm);
    const char *name = qpy_plan_record_side(plan, arm)->cls->tp_name, *dot = strrchr(name, '.');
    PyObject *text = PyUnicode_FromString(dot ? dot + 1 : name);
    int shown = 0;
    for (uint32_t i = 0; text && i < record->count; i++) {
        const qr_field *field = &plan->core->fields[record->first + i];
        if (!(field->flags & QR_FIELD_REQUIRED) || shown > NAMES_SHOWN)
            continue;
        PyObject *key = field_name(plan, record->first + i);
        const char *before = shown ? ", " : " with ";
        Py_SETREF(text, key ? shown == NAMES_SHOWN ? PyUnicode_FromFormat("%U, ...", text) : PyUnicode_FromFormat("%U%s\"%U\"", text, before, key) : NULL);
        Py_XDECREF(key);
        shown++;
    }
    return text;
}

/* What each arm that is read from an object (or from an array) would have taken. */
static PyObject *what_arms_want(const qpy_plan *plan, const qr_union *u, int is_array)
{
    PyObject *list = PyList_New(0);
    uint32_t count = is_array ? u->array_count : u->key_count;
    for (uint32_t i = 0; list && i < count; i++) {
        uint32_t arm = is_array ? plan->core->array_arms[u->arrays + i].arm : plan->core->key_arms[u->keys + i].arm;
        PyObject *cls = plan->nodes[arm].cls;
        PyObject *text = plan->core->nodes[arm].kind == QR_KIND_RECORD ? wants_of(plan, arm) : PyUnicode_FromString(PyType_Check(cls) ? ((PyTypeObject *)cls)->tp_name : "tuple");
        if (!text || PyList_Append(list, text) < 0)
            Py_CLEAR(list);
        Py_XDECREF(text);
    }
    PyObject *tagged = list && !is_array && u->tag_count ? PyUnicode_FromFormat("one with the tag \"%s\"", (const char *)u->tag_name) : NULL;
    if (list && !is_array && u->tag_count && (!tagged || PyList_Append(list, tagged) < 0))
        Py_CLEAR(list);
    Py_XDECREF(tagged);
    return list;
}

/* "User.id", when the path ends at a field. */
static PyObject *label_of(const qpy_plan *plan, const qr_path *path)
{
    size_t n = plan && path && !path->lost ? qr_path_kept(path) : 0;
    if (n == 0 || qr_path_step(path, n - 1).kind != QR_STEP_FIELD)
        return Py_NewRef(Py_None);
    size_t field = qr_path_step(path, n - 1).number;
    for (uint32_t i = 0; i < plan->core->records_count; i++) {
        const qr_record *record = &plan->core->records[i];
        if (field >= record->first && field - record->first < record->count)
            return PyUnicode_FromFormat("%s.%U", qpy_raise_class_name(plan->records[i].cls), plan->fields[field].name);
    }
    return Py_NewRef(Py_None);
}

/* See make_error: what could have stood there. A new reference. */
static PyObject *choices_of(const qpy_plan *plan, const qr_reader *r, const char *got, int attributes)
{
    if (!plan || r->error_node >= plan->core->nodes_count)
        return Py_NewRef(Py_None);
    const qr_plan *core = plan->core;
    const qr_node *node = &core->nodes[r->error_node];
    PyObject *list = NULL, *tuple;
    if (r->error == QR_ERROR_MISSING_FIELD)
        list = names_of_fields(plan, &core->records[node->value], r->error_missing, attributes);
    else if (r->error == QR_ERROR_UNKNOWN_FIELD && node->kind == QR_KIND_RECORD)
        list = names_of_fields(plan, &core->records[node->value], NULL, attributes);
    else if (r->error == QR_ERROR_INVALID_CHOICE && node->kind == QR_KIND_CHOICE) {
        const qr_choices *set = &core->choice_sets[node->value];
        list = PyList_New(0);
        for (uint32_t i = 0; list && i < set->count; i++) {
            PyObject *name = choice_object(&core->choices[set->first + i]);
            if (!name || PyList_Append(list, name) < 0)
                Py_CLEAR(list);
            Py_XDECREF(name);
        }
    }
    else if (r->error == QR_ERROR_NO_MATCH && node->kind == QR_KIND_UNION)
        list = what_arms_want(plan, &core->unions[node->value], got && strcmp(got, "array") == 0);
    else if ((r->error == QR_ERROR_INVALID_TAG || r->error == QR_ERROR_MISSING_TAG) && (node->kind == QR_KIND_UNION || node->kind == QR_KIND_RECORD))
        return names_of_tags(core, node);
    else
        return Py_NewRef(Py_None);
    tuple = list ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return tuple;
}

/* ---------------------------------------------------------------- where in the text */

enum { EXCERPT_BEFORE = 60, EXCERPT_AFTER = 40, LONGEST_MARK = 40 };

/* (text of the line, or of what is around the place in a long one, 1-based column in that text, width of the token, label of the place or
 * None), or None. */
static PyObject *excerpt_of(const qr_reader *r, const qpy_plan *plan, const uint8_t *at)
{
    const uint8_t *start = qr_reader_text(r), *end = start + (r->end - r->start);
    at = start + (at - r->start);
    const uint8_t *from = at, *to = at, *mark = at;
    while (from > start && from[-1] != '\n' && from[-1] != '\r' && at - from < EXCERPT_BEFORE)
        from--;
    while (from < at && (*from & 0xC0) == 0x80)
        from++;
    while (to < end && *to != '\n' && *to != '\r' && to - at < EXCERPT_AFTER)
        to++;
    while (to > at && to < end && (*to & 0xC0) == 0x80)
        to--;
    if (mark < to && *mark == '"')
        for (mark++; mark < to && *mark != '"'; mark++)
            ;
    else
        while (mark + 1 < to && mark[1] > ' ' && mark[1] != ',' && mark[1] != ']' && mark[1] != '}' && mark[1] != ':')
            mark++;
    PyObject *before = PyUnicode_DecodeUTF8((const char *)from, at - from, "replace"), *text = PyUnicode_DecodeUTF8((const char *)from, to - from, "replace");
    PyObject *marked = PyUnicode_DecodeUTF8((const char *)at, mark - at, "replace"), *label = label_of(plan, r->path), *result = NULL;
    if (before && text && marked && label) {
        Py_ssize_t width = PyUnicode_GET_LENGTH(marked) + 1;
        result = Py_BuildValue("(OnnO)", text, PyUnicode_GET_LENGTH(before) + 1, width > LONGEST_MARK ? LONGEST_MARK : width, label);
    }
    Py_XDECREF(before);
    Py_XDECREF(text);
    Py_XDECREF(marked);
    Py_XDECREF(label);
    return result;
}

/* ---------------------------------------------------------------- making the exception */

static PyObject *to_size(int known, size_t value) { return known ? PyLong_FromSize_t(value) : Py_NewRef(Py_None); }

enum { PARTS = 11 };

/* Calls make_error with these (references taken; NULL anywhere means that making it failed) and raises the result. */
static void raise_parts(qpy_state *state, qr_error error, const char *class_, PyObject *parts[PARTS])
{
    PyObject *exception = NULL, *args = NULL;
    int complete = state->make_error != NULL;
    for (int i = 0; i < PARTS; i++)
        complete = complete && parts[i];
    if (complete)
        args = Py_BuildValue("(sssOOOOOOOOOOO)", class_, qr_error_code(error), qr_error_message(error), parts[0], parts[1], parts[2],
                             parts[3], parts[4], parts[5], parts[6], parts[7], parts[8], parts[9], parts[10]);
    if (args)
        exception = PyObject_CallObject(state->make_error, args);
    if (exception) {
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        Py_DECREF(exception);
    }
    else if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, qr_error_message(error));
    Py_XDECREF(args);
    for (int i = 0; i < PARTS; i++)
        Py_XDECREF(parts[i]);
}

PyObject *qpy_raise_take(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (type)
        PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback && value)
        PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

/* "in $.users[1]" on an exception that passes through. */
static void add_note(PyObject *exception, PyObject *steps)
{
    PyObject *text = NULL, *result = NULL, *errors = PyImport_ImportModule("quire.errors");
    if (errors)
        text = qpy_call_method(errors, "path_text", steps);
    PyObject *note = text ? PyUnicode_FromFormat("at %U", text) : NULL;
    if (note)
        result = qpy_call_method(exception, "add_note", note);
    Py_XDECREF(note);
    Py_XDECREF(result);
    Py_XDECREF(text);
    Py_XDECREF(errors);
    PyErr_Clear();
}

void qpy_raise_set_steal(PyObject *exception)
{
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_DECREF(exception);
}

static void add_note_to_raised(PyObject *steps)
{
    PyObject *exception = qpy_raise_take();
    if (steps && PyTuple_GET_SIZE(steps))
        add_note(exception, steps);
    qpy_raise_set_steal(exception);
}

/* Is it a SchemaError? It says that a class is wrong, not a value, though it is a TypeError. */
static int is_schema_error(void)
{
    PyObject *type = PyErr_Occurred(); /* by name: looking for the class could fail, and lose what is raised */
    return PyErr_ExceptionMatches(PyExc_TypeError) && PyType_Check(type) && strcmp(((PyTypeObject *)type)->tp_name, "SchemaError") == 0;
}

static int is_adapter(const qpy_plan *plan, uint32_t node) { return plan && node < plan->core->nodes_count && plan->core->nodes[node].kind == QR_KIND_ADAPTER; }

/* A ValueError is a fault of the value; so is a TypeError, unless an adapter's function raised it. */
static int is_fault(int of_adapter) { return PyErr_ExceptionMatches(PyExc_ValueError) || (!of_adapter && PyErr_ExceptionMatches(PyExc_TypeError)); }

int qpy_raise_is_fault(const qr_reader *r, const qpy_plan *plan)
{
    if (r->error != QR_ERROR_SINK)
        return qr_error_class_of(r->error) == QR_CLASS_VALIDATION;
    return PyErr_Occurred() && !is_schema_error() && is_fault(is_adapter(plan, r->error_node));
}

/* What user code raised: ValueError and TypeError become a fault with it as the cause, the rest passes through. */
PyObject *qpy_raise_sort(PyObject *steps, int of_adapter)
{
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_SystemError, "quire: a value was refused without a reason");
    if (is_schema_error())
        add_note_to_raised(steps);
    else if (is_fault(of_adapter))
        return qpy_raise_take();
    else if (!PyErr_ExceptionMatches(PyExc_MemoryError))
        add_note_to_raised(steps);
    return NULL;
}

/* What user code cannot be asked about a set but whether its items can be hashed. */
static int is_set(const qpy_plan *plan, uint32_t node)
{
    return plan && node < plan->core->nodes_count && (plan->nodes[node].flavour == QPY_SET || plan->nodes[node].flavour == QPY_FROZENSET);
}

PyObject *qpy_raise_read(qpy_state *state, qr_reader *r, qpy_plan *plan, const qpy_format *format)
{
    PyObject *cause = NULL, *steps, *value = NULL;
    const char *got = NULL;
    size_t line = 0, column = 0;
    int secret = secret_steps(r, plan) != 0;
    if (r->error == QR_ERROR_MEMORY)
        return PyErr_NoMemory();
    if (r->error == QR_ERROR_SINK) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError))
            return NULL;
        PyObject *type, *saved, *traceback; /* reading the path must not see it */
        PyErr_Fetch(&type, &saved, &traceback);
        steps = path_steps(state, r, plan, format);
        if (!steps)
            PyErr_Clear();
        PyErr_Restore(type, saved, traceback);
        cause = qpy_raise_sort(steps, is_adapter(plan, r->error_node));
        if (!cause) {
            Py_XDECREF(steps);
            return NULL;
        }
        qr_error refused = qpy_raise_refused(r->error_field);
        r->error = refused != QR_ERROR_NONE ? refused : is_set(plan, r->error_node) && PyObject_TypeCheck(cause, (PyTypeObject *)PyExc_TypeError) ? QR_ERROR_UNHASHABLE : QR_ERROR_INVALID_VALUE;
    }
    else {
        PyErr_Clear(); /* a copy that failed on its own account */
        steps = path_steps(state, r, plan, format);
    }
    qr_error_class class_ = qr_error_class_of(r->error);
    int known = r->error_at != NULL && r->start != NULL; /* objects have no offset, but can be shown */
    if (r->error_at && class_ == QR_CLASS_VALIDATION && !cause && format->value_at && r->error != QR_ERROR_MISSING_FIELD && r->error != QR_ERROR_UNKNOWN_FIELD && r->error != QR_ERROR_DUPLICATE_FIELD)
        value = format->value_at(state, r, r->error_at, &got);
    if (secret) {
        Py_CLEAR(value);
        Py_CLEAR(cause);
    }
    if (known && format->is_text)
        qr_reader_position(r, r->error_at, &line, &column);
    PyObject *parts[PARTS] = {
        steps,
        class_ == QR_CLASS_VALIDATION && r->error == QR_ERROR_TYPE_MISMATCH ? expected_of(plan, r->error_node, format->attributes) : Py_NewRef(Py_None),
        got ? PyUnicode_FromString(got) : Py_NewRef(Py_None),
        value ? value : Py_NewRef(Py_None),
        to_size(known, known ? qr_reader_offset(r, r->error_at) : 0),
        to_size(line > 0, line),
        to_size(line > 0, column),
        choices_of(plan, r, got, format->attributes),
        cause ? cause : Py_NewRef(Py_None),
        line > 0 && !(plan && plan->secrets) ? excerpt_of(r, plan, r->error_at) : Py_NewRef(Py_None),
        Py_NewRef(format->attributes ? Py_None : r->options & QR_READ_LAX ? Py_False : Py_True), /* see make_error */
    };
    raise_parts(state, r->error, format->class_ ? format_class(format->class_, class_) : class_name(r->error), parts);
    return NULL;
}

PyObject *qpy_raise_write(qpy_state *state, qr_error error, PyObject *steps, PyObject *value, PyObject *cause)
{
    if (error == QR_ERROR_MEMORY) {
        Py_XDECREF(steps);
        Py_XDECREF(cause);
        return PyErr_NoMemory();
    }
    PyObject *parts[PARTS] = {
        steps ? steps : PyTuple_New(0), Py_NewRef(Py_None), value ? PyUnicode_FromString(Py_TYPE(value)->tp_name) : Py_NewRef(Py_None), Py_NewRef(value ? value : Py_None),
        Py_NewRef(Py_None), Py_NewRef(Py_None), Py_NewRef(Py_None), Py_NewRef(Py_None), cause ? cause : Py_NewRef(Py_None), Py_NewRef(Py_None), Py_NewRef(Py_False),
    };
    /* what user code refused is invalid here too, but nothing was decoded */
    raise_parts(state, error, format_class("encode", qr_error_class_of(error)), parts);
    return NULL;
}
