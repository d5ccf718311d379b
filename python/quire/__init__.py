# SPDX-License-Identifier: Apache-2.0
"""quire: one typed Python model, every serialization format, one C engine.

`Record` and `field` declare types, `quire.json` and `quire.msgpack` read and write them, `convert`, `to_builtins` and
`validate` do the same with Python objects. What is needed only sometimes (errors, limits, reading annotations) is imported
when it is first used: importing quire loads the engine and nothing else.
"""

from quire._core import (
    UNSET,
    Raw,
    Record,
    RecordMeta,
    Stream,
    UnsetType,
    _bind,
    convert,
    field,
    to_builtins,
    validate,
)

__version__ = "0.1.0"

_ERRORS = (
    "DecodeError",
    "EncodeError",
    "Fault",
    "LimitError",
    "MalformedError",
    "QuireError",
    "SchemaError",
    "TruncatedError",
    "UnsafeError",
    "ValidationError",
)
_LAZY = {
    **dict.fromkeys(_ERRORS, "errors"),
    "Adapter": "adapters",
    "Adapters": "adapters",
    "Limits": "limits",
    "Partial": "_partial",
    "computed": "_computed",
    "config": "_config",
    "Subclasses": "_open_unions",
    "Unknown": "_open_unions",
    "formats": "_formats",
}
_MODULES = ("adapters", "errors", "json", "limits", "marshal", "msgpack", "pickle")

__all__ = [  # noqa: PLE0604, PLE0605
    "UNSET",
    "Raw",
    "Record",
    "RecordMeta",
    "Stream",
    "UnsetType",
    "convert",
    "field",
    "to_builtins",
    "validate",
    *_LAZY,
]


def _lazy_attributes(package, namespace, names, modules):
    """`__getattr__` and `__dir__` (PEP 562) of a package whose globals are `namespace`: names that it has when somebody asks.

    names: name -> the submodule that has it, imported (and the name kept) at the first use.
    modules: submodules that are names too.
    """

    def __getattr__(name):
        from importlib import import_module

        if name in modules:
            return import_module(f"{package}.{name}")
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = namespace[name] = getattr(import_module(f"{package}.{names[name]}"), name)
        return value

    def __dir__():
        return sorted({*namespace, *names, *modules})

    return __getattr__, __dir__


__getattr__, __dir__ = _lazy_attributes(__name__, globals(), _LAZY, _MODULES)


# The two calls of the engine up the stairs, each importing what it needs when it happens.
def _describe(type_, only_adapter=False, adapters=None):
    from quire._types import describe

    return describe(type_, only_adapter, adapters)


def _make_error(*parts):
    from quire.errors import make_error

    return make_error(*parts)


_bind(describe=_describe, make_error=_make_error)
