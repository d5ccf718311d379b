/* SPDX-License-Identifier: Apache-2.0 */
/* module: quire._core. Multi-phase initialisation, per-interpreter state, and the table of what each room adds. */
#include "binding/codec.h"
#include "binding/cpython_private.h"
#include "binding/ext.h"
#include "binding/inspect.h"
#include "binding/json/dumps.h"
#include "binding/json/loads.h"
#include "binding/json/names.h"
#include "binding/marshal/marshal.h"
#include "binding/msgpack/module.h"
#include "binding/pickle/machine.h"
#include "binding/pickle/module.h"
#include "binding/raw.h"
#include "binding/scalar.h"
#include "binding/stream.h"
#include "binding/walk_order.h"
#include "core/base/utf8_avx512.h"

qpy_state *qpy_state_of(PyObject *module) { return PyModule_GetState(module); }

static PyObject *bind(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"describe", "make_error", NULL};
    PyObject *describe, *make_error;
    qpy_state *state = qpy_state_of(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "$OO:_bind", (char **)names, &describe, &make_error))
        return NULL;
    Py_XSETREF(state->describe, Py_NewRef(describe));
    Py_XSETREF(state->make_error, Py_NewRef(make_error));
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"_bind", (PyCFunction)(void (*)(void))bind, METH_VARARGS | METH_KEYWORDS, "_bind($module, *, describe, make_error)\n--\n\nHands over what the engine calls in the Python half."},
    {NULL, NULL, 0, NULL},
};

static int names_init(PyObject *Py_UNUSED(module), qpy_state *state)
{
    static const struct { size_t offset; const char *text; } names[] = {
        {offsetof(qpy_state, str_post_init), "__post_init__"},
        {offsetof(qpy_state, str_fields), "_fields"},
        {offsetof(qpy_state, str_value), "value"},
        {offsetof(qpy_state, str_bytes), "bytes"},
        {offsetof(qpy_state, str_dataclass_fields), "__dataclass_fields__"},
        {offsetof(qpy_state, str_attrs), "__attrs_attrs__"},
        {offsetof(qpy_state, str_quire), "__quire__"},
        {offsetof(qpy_state, str_reduce_ex), "__reduce_ex__"},
        {offsetof(qpy_state, str_reduce), "__reduce__"},
        {offsetof(qpy_state, str_module), "__module__"},
        {offsetof(qpy_state, str_qualname), "__qualname__"},
        {offsetof(qpy_state, str_name), "__name__"},
    };
    for (size_t i = 0; i < QR_ARRAY_LENGTH(names); i++) {
        PyObject **slot = (PyObject **)((char *)state + names[i].offset);
        if (!*slot && !(*slot = PyUnicode_InternFromString(names[i].text)))
            return -1;
    }
    return 0;
}

static int caches_init(PyObject *Py_UNUSED(module), qpy_state *state)
{
    const char *wanted = getenv("QUIRE_PRIVATE_LAYOUTS");
    if (qpy_str_header_init(&state->str_header) < 0)
        return -1;
    state->private_ok = wanted && strcmp(wanted, "0") == 0 ? 0 : qpy_private_check(&state->str_header);
    if (state->private_ok < 0)
        return -1;
    state->str_least = QPY_PRIVATE && !state->private_ok ? SIZE_MAX : 2;
    if (qpy_ints_init(&state->ints, state->private_ok) < 0)
        return -1;
    state->keys = qpy_keys_new();
    state->shapes = qpy_shapes_new(state->private_ok);
    return state->keys && state->shapes ? 0 : -1;
}

/* Each format as it was compiled for this machine. */
static int formats_init(PyObject *module, qpy_state *state)
{
#ifdef QPY_AVX512
    const int wide = QR_HAS_AVX512;
#define X(NAME, name) \
    if ((wide ? qpy_format_##name##_init_avx512 : qpy_format_##name##_init)(module, state) < 0) \
        return -1;
#else
#define X(NAME, name) \
    if (qpy_format_##name##_init(module, state) < 0) \
        return -1;
#endif
#include "core/format/formats.def"
#undef X
    return 0;
}

static int exec(PyObject *module)
{
    static int (*const rooms[])(PyObject *, qpy_state *) = {
        names_init, caches_init, qpy_record_init, qpy_raw_init, qpy_ext_init, qpy_plan_init, qpy_scalar_init,
        qpy_lines_init, qpy_stream_init, formats_init, qpy_format_objects_init,
        qpy_json_names_init, qpy_json_loads_init, qpy_json_dumps_init,
        qpy_msgpack_init, qpy_marshal_init, qpy_pickle_init, qpy_pickle_data_init, qpy_pickle_decoder_init, qpy_unpickler_init, qpy_inspect_init,
    };
    qpy_state *state = qpy_state_of(module);
    state->module = module;
    for (size_t i = 0; i < QR_ARRAY_LENGTH(rooms); i++)
        if (rooms[i](module, state) < 0)
            return -1;
    return PyModule_AddIntConstant(module, "_private_layouts", state->private_ok);
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    qpy_state *state = qpy_state_of(module);
#define X(type, name) Py_VISIT(state->name);
    QPY_STATE_OBJECTS(X)
#undef X
    return 0;
}

static int clear(PyObject *module)
{
    qpy_state *state = qpy_state_of(module);
#define X(type, name) Py_CLEAR(state->name);
    QPY_STATE_OBJECTS(X)
#undef X
    return 0;
}

static void free_module(void *module)
{
    qpy_state *state = qpy_state_of(module);
    clear(module);
    for (size_t i = 0; i < sizeof state->order_memory / sizeof *state->order_memory; i++) {
        qpy_order_memory_free(state->order_memory[i]);
        state->order_memory[i] = NULL;
    }
    qpy_keys_free(state->keys);
    qpy_shapes_free(state->shapes);
    qpy_pickle_plans_free(state);
    PyMem_Free(state->pickle_table.entries);
    state->pickle_table.entries = NULL;
    state->keys = NULL;
    state->shapes = NULL;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "quire._core", .m_doc = "The engine of quire; use the modules of the quire package.", .m_size = sizeof(qpy_state),
    .m_methods = methods, .m_slots = slots, .m_traverse = traverse, .m_clear = clear, .m_free = free_module,
};

qpy_state *qpy_state_of_type(PyTypeObject *type)
{
    PyObject *module = PyType_GetModuleByDef(type, &definition);
    return module ? qpy_state_of(module) : NULL;
}

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&definition); }
