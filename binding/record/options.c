/* SPDX-License-Identifier: Apache-2.0 */
/* Class keywords: `class Point(Record, frozen=True)`. Checked when the class is made, inherited by its subclasses.
 *
 * What C needs becomes flags, the rest (rename, tag, unknown, omit, layout) is kept for the reading of annotations. kw_only and
 * mixin are not inherited: they speak of this class and the fields written in it, as in dataclasses and for type checkers. */
#include "binding/attribute.h"
#include "binding/record/internal.h"

enum { NAME_MAX_LENGTH = 32 };

typedef int (*option_check)(const char *name, PyObject *value);

static int check_bool(const char *name, PyObject *value)
{
    return PyBool_Check(value) ? 0 : qpy_record_class_error("class keyword %s must be True or False, not %R", name, value);
}

static int is_choice(PyObject *value, const char *const *choices)
{
    for (; PyUnicode_Check(value) && *choices != NULL; choices++) {
        if (PyUnicode_CompareWithASCIIString(value, *choices) == 0)
            return 1;
    }
    return 0;
}

static int check_choice(const char *what, PyObject *value, const char *const *choices)
{
    if (is_choice(value, choices))
        return 0;
    const char *near = PyUnicode_Check(value) ? PyUnicode_AsUTF8(value) : NULL;
    near = near == NULL ? NULL : qpy_record_nearest(near, choices);
    PyErr_Clear(); /* lone surrogates are like nothing of ours */
    PyObject *text = PyUnicode_FromString("");
    for (int i = 0; choices[i] != NULL && text != NULL; i++)
        Py_SETREF(text, PyUnicode_FromFormat("%U%s\"%s\"", text, i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]));
    if (text != NULL)
        qpy_record_class_error("%s must be %U, not %R%s%s%s", what, text, value, near ? ": did you mean \"" : "",
                               near ? near : "", near ? "\"?" : "");
    Py_XDECREF(text);
    return -1;
}

static int check_unknown(const char *name, PyObject *value)
{
    static const char *const choices[] = {"skip", "error", "keep", NULL};
    return check_choice("class keyword unknown", value, choices);
}

int qpy_record_check_omit(const char *what, PyObject *value)
{
    static const char *const choices[] = {"never", "default", "null", NULL};
    return check_choice(what, value, choices);
}

static int check_omit(const char *name, PyObject *value) { return qpy_record_check_omit("class keyword omit", value); }

static int check_validate(const char *name, PyObject *value)
{
    static const char *const choices[] = {"decode", "init", "assign", NULL};
    return check_choice("class keyword validate", value, choices);
}

/* Numbers and names that no field may have any more. */
static int check_reserved(const char *name, PyObject *value)
{
    PyObject *items = PyTuple_Check(value) || PyList_Check(value) || PyAnySet_Check(value) || PyRange_Check(value) ? PySequence_List(value) : NULL;
    if (items == NULL)
        return PyErr_Occurred() ? -1 : qpy_record_class_error("class keyword %s must be a tuple of numbers and names, not %R", name, value);
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(items); i++) {
        PyObject *item = PyList_GET_ITEM(items, i);
        if (!PyUnicode_Check(item) && (!PyLong_Check(item) || PyBool_Check(item)))
            result = qpy_record_class_error("class keyword %s holds numbers and names, not %R", name, item);
    }
    Py_DECREF(items);
    return result;
}

static int check_layout(const char *name, PyObject *value)
{
    static const char *const choices[] = {"object", "array", NULL};
    return check_choice("class keyword layout", value, choices);
}

static int check_rename(const char *name, PyObject *value)
{
    static const char *const choices[] = {"lower", "upper", "camel", "pascal", "kebab", "screaming", NULL};
    if (value == Py_None || PyCallable_Check(value) || PyDict_Check(value))
        return 0;
    if (PyUnicode_Check(value))
        return check_choice("class keyword rename", value, choices);
    return PyMapping_Check(value) ? 0
               : qpy_record_class_error("class keyword rename must be the name of a policy, a dict or a callable, not %R", value);
}

static int check_tag(const char *name, PyObject *value)
{
    if (value == Py_None || PyBool_Check(value) || PyLong_Check(value) || PyUnicode_Check(value) || PyCallable_Check(value))
        return 0;
    PyObject *of_member = qpy_attribute(value, "_value_"); /* of an Enum: reading the class looks at what it is */
    if (of_member == NULL)
        PyErr_Clear();
    int is_member = of_member != NULL && (PyLong_Check(of_member) || PyUnicode_Check(of_member));
    Py_XDECREF(of_member);
    if (is_member)
        return 0;
    return qpy_record_class_error("class keyword tag must be True, a str, an int, a member of an Enum or a callable that makes one, not %R", value);
}

static int check_tag_field(const char *name, PyObject *value)
{
    if (value == Py_None || (PyUnicode_Check(value) && PyUnicode_GET_LENGTH(value) > 0))
        return 0;
    return qpy_record_class_error("class keyword tag_field must be a str that is not empty, not %R", value);
}

static int check_later(const char *name, PyObject *value)
{
    return qpy_record_class_error("class keyword %s is not supported yet", name);
}

static const struct { const char *name; option_check check; } OPTIONS[] = {
    {"frozen", check_bool},     {"order", check_bool},     {"eq", check_bool},       {"kw_only", check_bool},
    {"weakref", check_bool},    {"rename", check_rename},  {"tag", check_tag},       {"tag_field", check_tag_field},
    {"unknown", check_unknown}, {"omit", check_omit},      {"layout", check_layout}, {"version", check_later},
    {"since", check_later},     {"removed", check_later},  {"mixin", check_bool},    {"reserved", check_reserved},
    {"validate", check_validate},
};
static const char *const KNOWN[] = {"frozen", "order", "eq", "kw_only", "weakref", "rename", "tag", "tag_field", "unknown", "omit",
                                    "layout", "reserved", "validate", "mixin", NULL};

/* Edit distance (Levenshtein), for short names. */
static int distance(const char *a, const char *b)
{
    int row[NAME_MAX_LENGTH + 1], length = (int)strlen(b);
    for (int j = 0; j <= length; j++)
        row[j] = j;
    for (int i = 0; a[i] != 0; i++) {
        int diagonal = row[0];
        row[0] = i + 1;
        for (int j = 0; j < length; j++) {
            int replace = diagonal + (a[i] != b[j]), step = 1 + (row[j] < row[j + 1] ? row[j] : row[j + 1]);
            diagonal = row[j + 1];
            row[j + 1] = replace < step ? replace : step;
        }
    }
    return row[length];
}

const char *qpy_record_nearest(const char *written, const char *const *names)
{
    const char *nearest = NULL;
    int least = 4;
    if (strlen(written) > NAME_MAX_LENGTH)
        return NULL;
    for (; *names != NULL; names++) {
        int steps = distance(written, *names);
        if (steps < least && steps < (int)strlen(*names)) {
            nearest = *names;
            least = steps;
        }
    }
    return nearest;
}

static int unknown_keyword(PyObject *name)
{
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    PyErr_Clear();
    const char *near = text == NULL ? NULL : qpy_record_nearest(text, KNOWN);
    if (near != NULL)
        return qpy_record_class_error("unknown class keyword %R: did you mean %s?", name, near);
    return qpy_record_class_error("unknown class keyword %R: there are frozen, order, eq, kw_only, weakref, rename, tag, tag_field, "
                                  "unknown, omit, layout, reserved, validate and mixin", name);
}

/* Does one of the bases take keywords of its own in __init_subclass__? typing's only hand them on. */
static int takes_keywords(PyObject *bases)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bases); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(bases, i);
        PyObject *mro = PyType_Check(base) ? base->tp_mro : NULL;
        for (Py_ssize_t j = 0; mro != NULL && j < PyTuple_GET_SIZE(mro); j++) {
            PyTypeObject *type = (PyTypeObject *)PyTuple_GET_ITEM(mro, j);
            if (type == &PyBaseObject_Type || type->tp_dict == NULL)
                continue;
            PyObject *module = qpy_dict_find(type->tp_dict, "__module__");
            if (PyErr_Occurred())
                return 0;
            if (module != NULL && PyUnicode_Check(module) && PyUnicode_CompareWithASCIIString(module, "typing") == 0)
                continue;
            if (qpy_dict_find(type->tp_dict, "__init_subclass__") != NULL)
                return 1;
            if (PyErr_Occurred())
                return 0;
        }
    }
    return 0;
}

/* Speak of the class they are written in. */
static const char *const OWN[] = {"kw_only", "mixin"};

static int merge_bases(PyObject *bases, PyObject *options)
{
    for (Py_ssize_t i = PyTuple_GET_SIZE(bases) - 1; i >= 0; i--) {
        PyObject *base = PyTuple_GET_ITEM(bases, i);
        if (!PyType_Check(base) || Py_TYPE(base)->tp_basicsize < (Py_ssize_t)sizeof(qpy_record_class) ||
            ((PyTypeObject *)base)->tp_dealloc != qpy_record_dealloc)
            continue;
        PyObject *inherited = ((qpy_record_class *)base)->options;
        if (inherited != NULL && PyDict_Update(options, inherited) < 0)
            return -1;
    }
    for (size_t i = 0; i < QR_ARRAY_LENGTH(OWN); i++) {
        if (qpy_dict_find(options, OWN[i]) != NULL && PyDict_DelItemString(options, OWN[i]) < 0)
            return -1;
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* Takes the keywords that are ours out of kwargs into options. */
static int take_own(PyObject *kwargs, PyObject *options)
{
    for (size_t i = 0; i < QR_ARRAY_LENGTH(OPTIONS); i++) {
        PyObject *value = qpy_dict_find(kwargs, OPTIONS[i].name);
        if (value == NULL && PyErr_Occurred())
            return -1;
        if (value == NULL)
            continue;
        Py_INCREF(value);
        int failed = OPTIONS[i].check(OPTIONS[i].name, value) < 0 || PyDict_SetItemString(options, OPTIONS[i].name, value) < 0 ||
                     PyDict_DelItemString(kwargs, OPTIONS[i].name) < 0;
        Py_DECREF(value);
        if (failed)
            return -1;
    }
    return 0;
}

static int flag_of(PyObject *options, const char *name, int otherwise)
{
    PyObject *value = qpy_dict_find(options, name);
    return value == NULL ? otherwise : value == Py_True;
}

static uint32_t validation(PyObject *options)
{
    PyObject *value = qpy_dict_find(options, "validate");
    if (value == NULL || PyUnicode_CompareWithASCIIString(value, "decode") == 0)
        return 0;
    return PyUnicode_CompareWithASCIIString(value, "init") == 0 ? QPY_RECORD_VALIDATE_INIT : QPY_RECORD_VALIDATE_INIT | QPY_RECORD_VALIDATE_ASSIGN;
}

int qpy_record_options(PyObject *bases, PyObject *kwargs, PyObject **result, uint32_t *flags, int *kw_only, int *weakref)
{
    PyObject *options = PyDict_New(), *name, *value;
    Py_ssize_t position = 0;
    if (options == NULL || merge_bases(bases, options) < 0)
        goto fail;
    int was_frozen = flag_of(options, "frozen", 0);
    if (PyErr_Occurred() || take_own(kwargs, options) < 0)
        goto fail;
    if (PyDict_Next(kwargs, &position, &name, &value) && !takes_keywords(bases)) {
        if (!PyErr_Occurred())
            unknown_keyword(name);
        goto fail;
    }
    int eq = flag_of(options, "eq", 1), order = flag_of(options, "order", 0), frozen = flag_of(options, "frozen", 0);
    if (PyErr_Occurred())
        goto fail;
    if (order && !eq) {
        qpy_record_class_error("class keyword order=True needs eq=True");
        goto fail;
    }
    if (was_frozen && !frozen) {
        qpy_record_class_error("a class that is not frozen cannot inherit from a frozen one");
        goto fail;
    }
    *kw_only = flag_of(options, "kw_only", 0);
    *weakref = flag_of(options, "weakref", 0);
    if (PyErr_Occurred())
        goto fail;
    uint32_t more = (flag_of(options, "mixin", 0) ? QPY_RECORD_MIXIN : 0) | validation(options);
    if (PyErr_Occurred())
        goto fail;
    *flags = more | (frozen ? QPY_RECORD_FROZEN : 0) | (eq ? QPY_RECORD_EQ : 0) | (order ? QPY_RECORD_ORDER : 0);
    *result = options;
    return 0;
fail:
    Py_XDECREF(options);
    return -1;
}
