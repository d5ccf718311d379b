/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a class body: which annotations are fields, and their defaults.
 *
 * Annotations may be strings or objects and are not evaluated: making a class imports nothing and may refer to what does not exist
 * yet. Only ClassVar, InitVar and KW_ONLY must be told from fields here, by their spelling or by what they are. */
#include "binding/record/internal.h"
#include "binding/attribute.h"

typedef enum { A_FIELD, A_CLASS_VARIABLE, A_INIT_VARIABLE, A_KW_ONLY } annotation_kind;

/* module.name when the module is loaded already: borrowed, or NULL, with an exception only when memory fails. */
static PyObject *loaded(const char *module_name, const char *name)
{
    PyObject *modules = PyImport_GetModuleDict(), *module = modules == NULL ? NULL : qpy_dict_find(modules, module_name);
    return module == NULL || !PyModule_Check(module) ? NULL : qpy_dict_find(PyModule_GetDict(module), name);
}

/* Is the text "word", "x.word" or "x.y.word", alone or before '['? */
static int is_spelled(const char *text, const char *word)
{
    size_t length = strcspn(text, "[ "), size = strlen(word);
    return length >= size && memcmp(text + length - size, word, size) == 0 && (length == size || text[length - size - 1] == '.');
}

static annotation_kind kind_of_text(PyObject *annotation)
{
    const char *text = PyUnicode_AsUTF8(annotation);
    if (text == NULL) {
        PyErr_Clear(); /* lone surrogates: no name of ours */
        return A_FIELD;
    }
    while (*text == ' ' || *text == '"' || *text == '\'')
        text++;
    if (is_spelled(text, "ClassVar"))
        return A_CLASS_VARIABLE;
    if (is_spelled(text, "InitVar"))
        return A_INIT_VARIABLE;
    return is_spelled(text, "KW_ONLY") ? A_KW_ONLY : A_FIELD;
}

/* Without asking the annotation anything that could run code of its own but __origin__. */
static annotation_kind kind_of_object(PyObject *annotation)
{
    PyObject *class_variable = loaded("typing", "ClassVar"), *init_variable = loaded("dataclasses", "InitVar");
    PyObject *kw_only = loaded("dataclasses", "KW_ONLY");
    if (kw_only != NULL && annotation == kw_only)
        return A_KW_ONLY;
    if (init_variable != NULL && (annotation == init_variable || (PyObject *)Py_TYPE(annotation) == init_variable))
        return A_INIT_VARIABLE;
    if (PyErr_Occurred() || class_variable == NULL || PyType_Check(annotation))
        return A_FIELD;
    if (annotation == class_variable)
        return A_CLASS_VARIABLE;
    PyObject *origin = qpy_attribute(annotation, "__origin__");
    annotation_kind kind = origin == class_variable ? A_CLASS_VARIABLE : A_FIELD;
    Py_XDECREF(origin);
    if (origin == NULL && !PyErr_ExceptionMatches(PyExc_MemoryError))
        PyErr_Clear();
    return kind;
}

static annotation_kind kind_of(PyObject *annotation)
{
    return PyUnicode_Check(annotation) ? kind_of_text(annotation) : kind_of_object(annotation);
}

/* Could a field() sit inside the annotation, where only evaluating it finds it? */
static int may_hold_spec(PyObject *annotation)
{
    if (PyUnicode_Check(annotation)) {
        const char *text = PyUnicode_AsUTF8(annotation);
        PyErr_Clear();
        return text != NULL && strstr(text, "Annotated") != NULL;
    }
    PyObject *metadata = qpy_attribute(annotation, "__metadata__");
    if (metadata == NULL && !PyErr_ExceptionMatches(PyExc_MemoryError))
        PyErr_Clear();
    Py_XDECREF(metadata);
    return metadata != NULL;
}

/* The annotations of the body: a new reference; an empty dict when there are none. From 3.14 on they come as a function, asked
 * for the form in which what does not exist yet is left standing. */
static PyObject *read_annotations(PyObject *space)
{
    PyObject *annotations = qpy_dict_find(space, "__annotations__");
    if (annotations == NULL && PyErr_Occurred())
        return NULL;
    if (annotations != NULL)
        return PyDict_Check(annotations) ? Py_NewRef(annotations) : (qpy_record_class_error("__annotations__ must be a dict"), NULL);
#if PY_VERSION_HEX >= 0x030E0000
    PyObject *library = PyImport_ImportModule("annotationlib"), *format = NULL, *result = NULL;
    PyObject *annotate = library == NULL ? NULL : qpy_call_method(library, "get_annotate_from_class_namespace", space);
    if (annotate != NULL && annotate != Py_None) {
        PyObject *formats = qpy_attribute(library, "Format");
        format = formats == NULL ? NULL : qpy_attribute(formats, "FORWARDREF");
        Py_XDECREF(formats);
        result = format == NULL ? NULL : qpy_call_method_two(library, "call_annotate_function", annotate, format);
    } else if (annotate != NULL) {
        result = PyDict_New();
    }
    Py_XDECREF(format);
    Py_XDECREF(annotate);
    Py_XDECREF(library);
    return result;
#else
    return PyDict_New();
#endif
}

/* ---- the table ---- */

static void field_release(qpy_record_field *field)
{
    Py_CLEAR(field->name);
    Py_CLEAR(field->default_);
    Py_CLEAR(field->factory);
    Py_CLEAR(field->spec);
}

void qpy_record_fields_free(qpy_record_field *fields, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; fields != NULL && i < count; i++)
        field_release(&fields[i]);
    PyMem_Free(fields);
}

void qpy_record_body_release(qpy_record_body *body)
{
    qpy_record_fields_free(body->fields, body->count);
    body->fields = NULL;
    Py_CLEAR(body->slots);
    Py_CLEAR(body->names);
}

static void copy_field(qpy_record_field *to, const qpy_record_field *from)
{
    *to = *from;
    Py_INCREF(to->name);
    Py_XINCREF(to->default_);
    Py_XINCREF(to->factory);
    Py_XINCREF(to->spec);
}

static int take_spec(PyObject *class_name, qpy_record_field *field, qpy_field_object *spec)
{
    Py_XSETREF(field->spec, Py_NewRef((PyObject *)spec));
    Py_XSETREF(field->factory, Py_XNewRef(spec->factory));
    field->number = spec->number == NULL ? 0 : (uint32_t)PyLong_AsUnsignedLong(spec->number);
    field->repr = spec->repr;
    field->compare = spec->compare;
    field->init = spec->init;
    field->secret = spec->secret;
    if (spec->kw_only != NULL)
        field->kw_only = spec->kw_only == Py_True;
    return 0;
}

/* value: what the body assigns to the field (a default or a field()), or NULL. */
static int set_field(const qpy_state *state, PyObject *class_name, qpy_record_field *field, PyObject *value, int kw_only)
{
    Py_CLEAR(field->default_);
    Py_CLEAR(field->factory);
    Py_CLEAR(field->spec);
    field->number = 0;
    field->kw_only = (uint8_t)kw_only;
    field->repr = field->compare = field->init = 1;
    field->secret = 0;
    if (value != NULL && Py_IS_TYPE(value, state->field_type)) {
        take_spec(class_name, field, (qpy_field_object *)value);
        value = ((qpy_field_object *)value)->default_;
    }
    if (value == NULL)
        return 0;
    PyObject *factory;
    if (qpy_record_default_check(class_name, field->name, value, &factory))
        return -1;
    if (factory != NULL)
        field->factory = factory;
    else
        field->default_ = Py_NewRef(value);
    return 0;
}

static qpy_record_field *find_field(qpy_record_body *body, PyObject *name)
{
    for (Py_ssize_t i = 0; i < body->count; i++) {
        if (PyUnicode_Compare(body->fields[i].name, name) == 0)
            return &body->fields[i];
    }
    return NULL;
}

static int check_name(PyObject *class_name, PyObject *name)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    if (!PyUnicode_IsIdentifier(name))
        return qpy_record_class_error("%U: the field name %R is not an identifier", class_name, name);
    if (length > 4 && PyUnicode_READ_CHAR(name, 0) == '_' && PyUnicode_READ_CHAR(name, 1) == '_' &&
        PyUnicode_READ_CHAR(name, length - 1) == '_' && PyUnicode_READ_CHAR(name, length - 2) == '_')
        return qpy_record_class_error("%U: %U is a name for Python's own use, not for a field", class_name, name);
    return 0;
}

/* One annotation that is a field: a new row of the table, or the inherited row changed in its place. */
static int add_field(const qpy_state *state, PyObject *class_name, PyObject *space, PyObject *name, int kw_only, qpy_record_body *body)
{
    qpy_record_field *field = find_field(body, name);
    if (field == NULL) {
        if (check_name(class_name, name) < 0)
            return -1;
        field = &body->fields[body->count++];
        memset(field, 0, sizeof *field);
        field->name = Py_NewRef(name);
        PyUnicode_InternInPlace(&field->name);
    }
    PyObject *value = PyDict_GetItemWithError(space, name);
    if (value == NULL && PyErr_Occurred())
        return -1;
    Py_XINCREF(value);
    int result = set_field(state, class_name, field, value, kw_only);
    if (result == 0 && value != NULL)
        result = PyDict_DelItem(space, name);
    Py_XDECREF(value);
    return result;
}

static int add_annotation(const qpy_state *state, PyObject *class_name, PyObject *space, PyObject *name, PyObject *annotation,
                          int *kw_only, qpy_record_body *body)
{
    if (!PyUnicode_CheckExact(name))
        return qpy_record_class_error("%U: the name of a field must be a str, not %R", class_name, name);
    annotation_kind kind = kind_of(annotation);
    if (PyErr_Occurred())
        return -1;
    switch (kind) {
    case A_CLASS_VARIABLE:
        return 0;
    case A_KW_ONLY:
        *kw_only = 1;
        return 0;
    case A_INIT_VARIABLE:
        return qpy_record_class_error("%U.%U: a Record has no InitVar: keep the value in a field, or write a classmethod that makes "
                                      "the record", class_name, name);
    default:
        return add_field(state, class_name, space, name, *kw_only, body);
    }
}

/* Assigned but not annotated: a field() without its annotation, or a shadow over an inherited field. */
static int check_space(const qpy_state *state, PyObject *class_name, PyObject *space, qpy_record_body *body)
{
    PyObject *name, *value;
    Py_ssize_t position = 0;
    while (PyDict_Next(space, &position, &name, &value)) {
        if (!PyUnicode_Check(name))
            continue;
        if (Py_IS_TYPE(value, state->field_type))
            return qpy_record_class_error("%U.%U = field(...) needs an annotation: write `%U: type = field(...)`", class_name, name, name);
        if (find_field(body, name) != NULL)
            return qpy_record_class_error("%U.%U is an inherited field: annotate it to give it another default", class_name, name);
    }
    return 0;
}

/* Positional fields first, then the keyword-only ones, then those that __init__ does not take; each in the order they were written. */
static int rank_of(const qpy_record_field *field) { return !field->init ? 2 : field->kw_only; }

static int sort_fields(qpy_record_body *body)
{
    Py_ssize_t count = body->count, at = 0;
    qpy_record_field *sorted = PyMem_Calloc((size_t)count + 1, sizeof *sorted);
    if (sorted == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int rank = 0; rank <= 2; rank++) {
        for (Py_ssize_t i = 0; i < count; i++) {
            if (rank_of(&body->fields[i]) == rank)
                sorted[at++] = body->fields[i];
        }
        if (rank == 0)
            body->positional = at;
        if (rank <= 1)
            body->parameters = at;
    }
    PyMem_Free(body->fields);
    body->fields = sorted;
    return 0;
}

static int check_order(PyObject *class_name, const qpy_record_body *body)
{
    const qpy_record_field *optional = NULL;
    for (Py_ssize_t i = 0; i < body->positional; i++) {
        const qpy_record_field *field = &body->fields[i];
        if (field->default_ != NULL || field->factory != NULL)
            optional = field;
        else if (optional != NULL)
            return qpy_record_class_error("%U: required field '%U' follows field '%U', which has a default: move it before, or make it "
                                          "keyword-only", class_name, field->name, optional->name);
    }
    return 0;
}

static int check_numbers(PyObject *class_name, PyObject *annotations, const qpy_record_body *body)
{
    const qpy_record_field *with = NULL, *without = NULL;
    for (Py_ssize_t i = 0; i < body->count; i++) {
        const qpy_record_field *field = &body->fields[i];
        if (field->number == 0) {
            PyObject *annotation = PyDict_GetItemWithError(annotations, field->name);
            if (annotation == NULL || !may_hold_spec(annotation))
                without = field;
            if (PyErr_Occurred())
                return -1;
            continue;
        }
        with = field;
        for (Py_ssize_t j = 0; j < i; j++) {
            if (body->fields[j].number == field->number)
                return qpy_record_class_error("%U: fields '%U' and '%U' both have number %u", class_name, body->fields[j].name,
                                              field->name, (unsigned)field->number);
        }
    }
    if (with != NULL && without != NULL)
        return qpy_record_class_error("%U: field '%U' has a number and field '%U' has none: number all fields or none", class_name,
                                      with->name, without->name);
    return 0;
}

static PyObject *names_of(const qpy_record_body *body)
{
    PyObject *names = PyTuple_New(body->count);
    for (Py_ssize_t i = 0; names != NULL && i < body->count; i++)
        PyTuple_SET_ITEM(names, i, Py_NewRef(body->fields[i].name));
    return names;
}

/* Takes over the fields of a base: one of the same name is replaced in its place, but keeps its slot. */
static void inherit_fields(const qpy_record_class *base, qpy_record_body *body)
{
    for (Py_ssize_t i = 0; i < base->count; i++) {
        qpy_record_field *known = find_field(body, base->fields[i].name);
        Py_ssize_t offset = known == NULL ? 0 : known->offset;
        if (known != NULL)
            field_release(known);
        else
            known = &body->fields[body->count++];
        copy_field(known, &base->fields[i]);
        known->offset = known->offset ? known->offset : offset;
    }
}

static const qpy_record_class *record_base(const qpy_state *state, PyObject *bases, Py_ssize_t i)
{
    PyObject *base = PyTuple_GET_ITEM(bases, i);
    return PyType_Check(base) && qpy_record_check(state, (PyTypeObject *)base) ? (const qpy_record_class *)base : NULL;
}

/* Fields that have none need a slot; those of a mixin get theirs in the class that it is mixed into. */
static int list_slots(qpy_record_body *body, int mixin)
{
    for (Py_ssize_t i = 0; i < body->count && !mixin; i++) {
        if (body->fields[i].offset == 0 && PyList_Append(body->slots, body->fields[i].name) < 0)
            return -1;
    }
    return 0;
}

int qpy_record_collect(const qpy_state *state, PyObject *class_name, PyObject *space, PyObject *bases, int kw_only, int mixin,
                       qpy_record_body *body)
{
    memset(body, 0, sizeof *body);
    PyObject *annotations = read_annotations(space), *pairs = NULL;
    if (annotations == NULL)
        return -1;
    Py_ssize_t inherited = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bases); i++)
        inherited += record_base(state, bases, i) != NULL ? record_base(state, bases, i)->count : 0;
    pairs = PyDict_Items(annotations); /* asking an annotation what it is may run code */
    body->slots = PyList_New(0);
    if (pairs == NULL || body->slots == NULL)
        goto fail;
    body->fields = PyMem_Calloc((size_t)(inherited + PyList_GET_SIZE(pairs)) + 1, sizeof *body->fields);
    if (body->fields == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    for (Py_ssize_t i = PyTuple_GET_SIZE(bases) - 1; i >= 0; i--) {
        if (record_base(state, bases, i) != NULL)
            inherit_fields(record_base(state, bases, i), body);
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(pairs); i++) {
        PyObject *pair = PyList_GET_ITEM(pairs, i);
        if (add_annotation(state, class_name, space, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), &kw_only, body) < 0)
            goto fail;
    }
    if (check_space(state, class_name, space, body) < 0 || sort_fields(body) < 0 || check_order(class_name, body) < 0 ||
        check_numbers(class_name, annotations, body) < 0 || (body->names = names_of(body)) == NULL || list_slots(body, mixin) < 0)
        goto fail;
    Py_DECREF(pairs);
    Py_DECREF(annotations);
    return 0;
fail:
    Py_XDECREF(pairs);
    Py_DECREF(annotations);
    qpy_record_body_release(body);
    return -1;
}
