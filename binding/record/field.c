/* SPDX-License-Identifier: Apache-2.0 */
/* field() and UNSET. */
#include "binding/record/internal.h"

/* ---- UNSET ---- */

static PyObject *unset_repr(PyObject *self) { return PyUnicode_FromString("UNSET"); }

static int unset_bool(PyObject *self) { return 0; }

/* The name it is found under in its module: pickle and copy then give the very same object. */
static PyObject *unset_reduce(PyObject *self, PyObject *ignored) { return PyUnicode_FromString("UNSET"); }

static PyObject *unset_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    if (PyTuple_GET_SIZE(args) != 0 || (kwargs != NULL && PyDict_GET_SIZE(kwargs) != 0))
        return PyErr_Format(PyExc_TypeError, "UnsetType takes no arguments");
    qpy_state *state = PyType_GetModuleState(type);
    return state == NULL ? NULL : Py_NewRef(state->unset);
}

static void plain_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef unset_methods[] = {
    {"__reduce__", unset_reduce, METH_NOARGS, NULL},
    {NULL},
};

static PyType_Slot unset_slots[] = {
    {Py_tp_doc, (void *)"The type of UNSET: a field that the document did not have, told apart from one that is null."},
    {Py_tp_dealloc, plain_dealloc},
    {Py_tp_repr, unset_repr},
    {Py_nb_bool, unset_bool},
    {Py_tp_methods, unset_methods},
    {Py_tp_new, unset_new},
    {0, NULL},
};

static PyType_Spec unset_spec = {
    .name = "quire.UnsetType",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = unset_slots,
};

/* ---- field() ---- */

/* 1..2^29-1 without 19000..19999: what Protocol Buffers allow as field numbers (language guide, "Assigning Field Numbers"). */
enum { NUMBER_LAST = 536870911, RESERVED_FIRST = 19000, RESERVED_LAST = 19999 };

static int field_traverse(PyObject *self, visitproc visit, void *arg)
{
    qpy_field_object *field = (qpy_field_object *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(field->default_);
    Py_VISIT(field->factory);
    Py_VISIT(field->checks);
    return 0;
}

static int field_clear(PyObject *self)
{
    qpy_field_object *field = (qpy_field_object *)self;
    Py_CLEAR(field->default_);
    Py_CLEAR(field->factory);
    Py_CLEAR(field->checks);
    return 0;
}

static void field_dealloc(PyObject *self)
{
    qpy_field_object *field = (qpy_field_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    field_clear(self);
    Py_XDECREF(field->number);
    Py_XDECREF(field->name);
    Py_XDECREF(field->kw_only);
    Py_XDECREF(field->aliases);
    Py_XDECREF(field->omit);
    type->tp_free(self);
    Py_DECREF(type);
}

static int check_number(PyObject *number)
{
    if (PyBool_Check(number) || !PyLong_Check(number))
        return qpy_record_class_error("field: the number must be an int, not %.200s: write default=%R for a default",
                                      Py_TYPE(number)->tp_name, number);
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (value == 0 && !overflow)
        return qpy_record_class_error("field(0): numbers begin at 1; write field(default=0) for a default");
    if (overflow || value < 1 || value > NUMBER_LAST)
        return qpy_record_class_error("field: the number must be between 1 and %d, got %R", NUMBER_LAST, number);
    if (value >= RESERVED_FIRST && value <= RESERVED_LAST)
        return qpy_record_class_error("field: the numbers %d to %d are reserved by Protocol Buffers, got %R", RESERVED_FIRST,
                                      RESERVED_LAST, number);
    return 0;
}

/* The names as a tuple of their own: 0 or -1. */
static int take_aliases(qpy_field_object *field, PyObject *value)
{
    if (value == NULL || value == Py_None)
        return 0;
    if (PyUnicode_Check(value))
        return qpy_record_class_error("field: aliases is a tuple of names, not a str: write aliases=(%R,)", value);
    field->aliases = PySequence_Tuple(value);
    if (field->aliases == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(field->aliases); i++) {
        if (!PyUnicode_Check(PyTuple_GET_ITEM(field->aliases, i)))
            return qpy_record_class_error("field: every alias must be a str, got %R", PyTuple_GET_ITEM(field->aliases, i));
    }
    return 0;
}

static int check_field(const qpy_field_object *field)
{
    if (field->number != NULL && check_number(field->number) < 0)
        return -1;
    if (field->default_ != NULL && field->factory != NULL)
        return qpy_record_class_error("field: default and default_factory cannot both be given");
    if (field->factory != NULL && !PyCallable_Check(field->factory))
        return qpy_record_class_error("field: default_factory must be callable, not %.200s", Py_TYPE(field->factory)->tp_name);
    if (field->name != NULL && !PyUnicode_Check(field->name))
        return qpy_record_class_error("field: name must be a str, not %.200s", Py_TYPE(field->name)->tp_name);
    if (field->omit != NULL)
        return qpy_record_check_omit("field: omit", field->omit);
    return 0;
}

static int take_flag(const char *name, PyObject *value, uint8_t *flag)
{
    if (value == NULL)
        return 0;
    if (!PyBool_Check(value))
        return qpy_record_class_error("field: %s must be True or False, not %R", name, value);
    *flag = value == Py_True;
    return 0;
}

/* What only describing a type reads, and checks: moved from the keywords to a dict of its own, which the caller owns. 0 or -1. */
static int take_checks(PyObject **kwargs, PyObject **checks)
{
    static const char *const names[] = {"adapter", "ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern", "timezone", "predicate"};
    PyObject *rest = NULL;
    *checks = NULL;
    for (size_t i = 0; *kwargs != NULL && i < QR_ARRAY_LENGTH(names); i++) {
        PyObject *value = qpy_dict_find(rest != NULL ? rest : *kwargs, names[i]);
        if (value == NULL) {
            if (PyErr_Occurred())
                goto failed;
            continue;
        }
        if ((rest == NULL && (rest = PyDict_Copy(*kwargs)) == NULL) || (*checks == NULL && (*checks = PyDict_New()) == NULL) ||
            (value != Py_None && PyDict_SetItemString(*checks, names[i], value) < 0) || PyDict_DelItemString(rest, names[i]) < 0)
            goto failed;
    }
    *kwargs = rest != NULL ? rest : Py_XNewRef(*kwargs);
    return 0;
failed:
    Py_XDECREF(rest);
    Py_CLEAR(*checks);
    return -1;
}

PyDoc_STRVAR(field_doc, "field(number=None, /, *, default=..., default_factory=..., name=None, aliases=(), omit=None, serialize=True, "
                        "secret=False, init=True, kw_only=None, repr=True, compare=True, adapter=None, ge=None, gt=None, le=None, lt=None, "
                        "multiple_of=None, min_length=None, max_length=None, pattern=None, timezone=None, predicate=None)\n--\n\n"
                        "What is to be said of a field beside its type: as its default, or inside Annotated for classes of any kind.\n\n"
                        "number is its identity in formats that use numbers; name its name in the document, aliases further names that\n"
                        "are accepted; default_factory makes the default anew for each record; omit (\"never\", \"default\", \"null\") says when\n"
                        "it is left out of a document, serialize=False always; secret values are shown nowhere; init, repr and compare\n"
                        "leave it out of __init__, of repr(), and of == and hash(). adapter says how values are written and read;\n"
                        "what follows it are constraints, as Annotated has them.");

static PyObject *field_function(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"", "default", "default_factory", "name", "kw_only", "repr", "compare", "aliases", "omit", "serialize", "secret", "init", NULL};
    PyObject *number = NULL, *default_ = NULL, *factory = NULL, *name = NULL, *kw_only = NULL, *repr = NULL, *compare = NULL;
    PyObject *aliases = NULL, *omit = NULL, *serialize = NULL, *secret = NULL, *init = NULL;
    PyObject *checks;
    if (take_checks(&kwargs, &checks) < 0)
        return NULL;
    int parsed = PyArg_ParseTupleAndKeywords(args, kwargs, "|O$OOOOOOOOOOO:field", (char **)names, &number, &default_, &factory, &name, &kw_only, &repr, &compare, &aliases, &omit,
                                             &serialize, &secret, &init);
    qpy_state *state = qpy_state_of(module);
    qpy_field_object *field = parsed ? PyObject_GC_New(qpy_field_object, state->field_type) : NULL;
    if (field == NULL) {
        Py_XDECREF(kwargs);
        Py_XDECREF(checks);
        return NULL;
    }
    field->checks = checks;
    field->number = number == Py_None ? NULL : Py_XNewRef(number);
    field->default_ = Py_XNewRef(default_);
    field->factory = Py_XNewRef(factory);
    field->name = name == Py_None ? NULL : Py_XNewRef(name);
    field->kw_only = kw_only == Py_None ? NULL : Py_XNewRef(kw_only);
    field->aliases = NULL;
    field->omit = omit == Py_None ? NULL : Py_XNewRef(omit);
    field->repr = field->compare = field->serialize = field->init = 1;
    field->secret = 0;
    PyObject_GC_Track(field);
    uint8_t ignored = 0;
    if (take_flag("kw_only", field->kw_only, &ignored) < 0 || take_flag("repr", repr, &field->repr) < 0 ||
        take_flag("compare", compare, &field->compare) < 0 || take_flag("serialize", serialize, &field->serialize) < 0 ||
        take_flag("secret", secret, &field->secret) < 0 || take_flag("init", init, &field->init) < 0 || check_field(field) < 0 ||
        take_aliases(field, aliases) < 0)
        Py_CLEAR(field);
    Py_XDECREF(kwargs);
    return (PyObject *)field;
}

static PyObject *or_none(PyObject *value) { return Py_NewRef(value != NULL ? value : Py_None); }

static PyObject *get_number(PyObject *self, void *ignored) { return or_none(((qpy_field_object *)self)->number); }

static PyObject *get_name(PyObject *self, void *ignored) { return or_none(((qpy_field_object *)self)->name); }

static PyObject *get_kw_only(PyObject *self, void *ignored) { return or_none(((qpy_field_object *)self)->kw_only); }

static PyObject *get_repr(PyObject *self, void *ignored) { return PyBool_FromLong(((qpy_field_object *)self)->repr); }

static PyObject *get_compare(PyObject *self, void *ignored) { return PyBool_FromLong(((qpy_field_object *)self)->compare); }

static PyObject *get_serialize(PyObject *self, void *ignored) { return PyBool_FromLong(((qpy_field_object *)self)->serialize); }

static PyObject *get_secret(PyObject *self, void *ignored) { return PyBool_FromLong(((qpy_field_object *)self)->secret); }

static PyObject *get_init(PyObject *self, void *ignored) { return PyBool_FromLong(((qpy_field_object *)self)->init); }

static PyObject *get_omit(PyObject *self, void *ignored) { return or_none(((qpy_field_object *)self)->omit); }

static PyObject *get_aliases(PyObject *self, void *ignored)
{
    PyObject *aliases = ((qpy_field_object *)self)->aliases;
    return aliases != NULL ? Py_NewRef(aliases) : PyTuple_New(0);
}

static PyObject *get_checks(PyObject *self, void *ignored)
{
    PyObject *checks = ((qpy_field_object *)self)->checks;
    return checks != NULL ? PyDict_Copy(checks) : PyDict_New();
}

/* Every value may be a default, None and UNSET too, so what was not given is not there. */
static PyObject *get_default(PyObject *self, void *ignored)
{
    PyObject *value = ((qpy_field_object *)self)->default_;
    return value != NULL ? Py_NewRef(value) : PyErr_Format(PyExc_AttributeError, "this field() has no default");
}

static PyObject *get_factory(PyObject *self, void *ignored)
{
    PyObject *value = ((qpy_field_object *)self)->factory;
    return value != NULL ? Py_NewRef(value) : PyErr_Format(PyExc_AttributeError, "this field() has no default_factory");
}

static PyObject *field_repr(PyObject *self)
{
    qpy_field_object *field = (qpy_field_object *)self;
    const struct { const char *name; PyObject *value; } members[] = {
        {"default", field->default_},
        {"default_factory", field->factory},
        {"name", field->name},
        {"kw_only", field->kw_only},
        {"aliases", field->aliases},
        {"omit", field->omit},
        {"serialize", field->serialize ? NULL : Py_False},
        {"secret", field->secret ? Py_True : NULL},
        {"init", field->init ? NULL : Py_False},
        {"repr", field->repr ? NULL : Py_False},
        {"compare", field->compare ? NULL : Py_False},
    };
    int entered = Py_ReprEnter(self);
    if (entered != 0)
        return entered < 0 ? NULL : PyUnicode_FromString("field(...)");
    PyObject *text = field->number ? PyUnicode_FromFormat("field(%S", field->number) : PyUnicode_FromString("field(");
    int first = field->number == NULL;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(members) && text != NULL; i++) {
        if (members[i].value == NULL)
            continue;
        Py_SETREF(text, PyUnicode_FromFormat("%U%s%s=%R", text, first ? "" : ", ", members[i].name, members[i].value));
        first = 0;
    }
    PyObject *name, *value;
    Py_ssize_t at = 0;
    while (field->checks != NULL && text != NULL && PyDict_Next(field->checks, &at, &name, &value)) {
        Py_SETREF(text, PyUnicode_FromFormat("%U%s%U=%R", text, first ? "" : ", ", name, value));
        first = 0;
    }
    if (text != NULL)
        Py_SETREF(text, PyUnicode_FromFormat("%U)", text));
    Py_ReprLeave(self);
    return text;
}

static PyGetSetDef field_getset[] = {
    {"number", get_number, NULL, "int or None", NULL},
    {"default", get_default, NULL, "raises AttributeError when there is none", NULL},
    {"default_factory", get_factory, NULL, "raises AttributeError when there is none", NULL},
    {"name", get_name, NULL, "name in the document, or None", NULL},
    {"kw_only", get_kw_only, NULL, "True, False or None (as the class says)", NULL},
    {"repr", get_repr, NULL, "shown by repr()", NULL},
    {"compare", get_compare, NULL, "part of ==, < and hash()", NULL},
    {"aliases", get_aliases, NULL, "further names in the document: a tuple", NULL},
    {"omit", get_omit, NULL, "\"never\", \"default\", \"null\" or None (as the class says)", NULL},
    {"serialize", get_serialize, NULL, "written to documents", NULL},
    {"secret", get_secret, NULL, "shown nowhere", NULL},
    {"init", get_init, NULL, "a parameter of __init__", NULL},
    {"checks", get_checks, NULL, "adapter and constraints, by name: a dict", NULL},
    {NULL},
};

static PyType_Slot field_slots[] = {
    {Py_tp_doc, (void *)"What quire.field() returns: read only."},
    {Py_tp_dealloc, field_dealloc},
    {Py_tp_traverse, field_traverse},
    {Py_tp_clear, field_clear},
    {Py_tp_repr, field_repr},
    {Py_tp_getset, field_getset},
    {0, NULL},
};

static PyType_Spec field_spec = {
    .name = "quire._core.Field",
    .basicsize = sizeof(qpy_field_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = field_slots,
};

int qpy_record_default_check(PyObject *class_name, PyObject *field_name, PyObject *value, PyObject **factory)
{
    PyTypeObject *type = Py_TYPE(value);
    *factory = NULL;
    if (type == &PyList_Type || type == &PyDict_Type || type == &PySet_Type || type == &PyByteArray_Type) {
        Py_ssize_t length = PyObject_Size(value);
        if (length == 0) {
            *factory = Py_NewRef((PyObject *)type);
            return 0;
        }
        if (length > 0)
            qpy_record_class_error("%U.%U: a default %s that is not empty would be shared by all records: write "
                                   "field(default_factory=lambda: %R)", class_name, field_name, type->tp_name, value);
        return 1;
    }
    if (type->tp_hash == NULL || type->tp_hash == PyObject_HashNotImplemented) {
        qpy_record_class_error("%U.%U: a default of mutable type %.200s would be shared by all records: use default_factory=",
                               class_name, field_name, type->tp_name);
        return 1;
    }
    return 0;
}

static PyMethodDef field_methods[] = {
    {"field", (PyCFunction)(void (*)(void))field_function, METH_VARARGS | METH_KEYWORDS, field_doc},
    {NULL},
};

int qpy_field_init(PyObject *module, qpy_state *state)
{
    state->field_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &field_spec, NULL);
    state->unset_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &unset_spec, NULL);
    if (state->field_type == NULL || state->unset_type == NULL)
        return -1;
    state->unset = PyObject_New(PyObject, state->unset_type);
    if (state->unset == NULL || PyModule_AddObjectRef(module, "UNSET", state->unset) < 0 ||
        PyModule_AddObjectRef(module, "UnsetType", (PyObject *)state->unset_type) < 0)
        return -1;
    return PyModule_AddFunctions(module, field_methods);
}
