# SPDX-License-Identifier: Apache-2.0
"""quire.Partial: a class of which every field may be missing."""

from quire._core import UNSET, Record, RecordMeta, field
from quire.errors import SchemaError

__all__ = ["Partial"]

_OF = "__quire_partial_of__"
_MADE = "__quire_partial__"
_COPIED = ("name", "aliases", "omit", "serialize", "secret", "init", "repr", "compare")


class Partial:
    """`Partial[User]` is a subclass of User whose fields are all optional, and UNSET where the document does not have them.

    For a Record, a dataclass or a TypedDict (of which what is missing is no key). `__init__` takes keywords only, and
    `__post_init__` and computed properties are left out: they may rely on fields that are not there.
    """

    def __new__(cls, *ignored, **more):
        raise TypeError("Partial is not called: write Partial[SomeClass]")

    def __class_getitem__(cls, of):
        if not isinstance(of, type) or hasattr(of, "__args__"):
            raise SchemaError(f"Partial needs a class, as in Partial[User], got {of!r}")
        made = vars(of).get(_MADE)
        if made is None or vars(made)[_OF] is not of:
            made = _make(of)
            setattr(of, _MADE, made)
        return made


def _make(of):
    if _OF in vars(of):
        return of
    space = {"__module__": of.__module__, "__qualname__": f"Partial[{of.__qualname__}]", "__doc__": of.__doc__, _OF: of}
    if isinstance(of, RecordMeta):
        return _make_record(of, space)
    if issubclass(of, dict) and hasattr(of, "__required_keys__"):
        return _make_dict(of, space)
    if "__dataclass_fields__" in vars(of):
        return _make_dataclass(of, space)
    raise SchemaError(f"Partial needs a Record, a dataclass or a TypedDict, got {of.__qualname__}")


def _make_record(of, space):
    options = of.__record_options__
    if options.get("mixin"):
        raise SchemaError(f"{of.__qualname__} is a mixin and has no instances that could be partial")
    if options.get("layout") == "array":
        raise SchemaError(f"{of.__qualname__} travels as an array, of which no place may be missing: Partial needs names")
    specs = of.__record_specs__
    space["__annotations__"] = dict.fromkeys(of.__record_fields__, object)  # for their types the class itself is asked
    for name in of.__record_fields__:
        space[name] = _unset(specs.get(name))
    space.update(_WITHOUT_HOOKS if hasattr(of, "__post_init__") else {}, __init__=Record.__dict__["__init__"], __reduce__=_reduce)
    return type(of)(f"Partial[{of.__name__}]", (of,), space, kw_only=True)


def _unset(spec):
    if spec is None:
        return UNSET
    number = () if spec.number is None else (spec.number,)
    return field(*number, default=UNSET, **{name: getattr(spec, name) for name in _COPIED})


def _make_dict(of, space):
    import typing

    made = typing.TypedDict(space["__qualname__"], dict(of.__annotations__), total=False)  # noqa: UP013
    for name, value in space.items():
        setattr(made, name, value)
    if "__quire_config__" in vars(of):
        made.__quire_config__ = of.__quire_config__
    return made


def _make_dataclass(of, space):
    import dataclasses

    space["__annotations__"] = {one.name: one.type for one in dataclasses.fields(of)}
    for one in dataclasses.fields(of):
        space[one.name] = dataclasses.field(
            default=UNSET, init=one.init, repr=one.repr, hash=one.hash, compare=one.compare, metadata=one.metadata
        )
    space.update(_WITHOUT_HOOKS if hasattr(of, "__post_init__") else {}, __reduce__=_reduce)
    params = of.__dataclass_params__
    made = type(of)(f"Partial[{of.__name__}]", (of,), space)
    return dataclasses.dataclass(
        made, kw_only=True, frozen=params.frozen, eq=params.eq, order=params.order, unsafe_hash=params.unsafe_hash
    )


_WITHOUT_HOOKS = {"__post_init__": lambda self: None}


def _reduce(self):
    state = self.__getstate__()
    return _new, (vars(type(self))[_OF],), state


def _new(of):
    return Partial[of]()
