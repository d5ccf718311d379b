# SPDX-License-Identifier: Apache-2.0
import sys
from collections.abc import Callable, Collection, Mapping
from inspect import Signature
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar, final, overload

from typing_extensions import Buffer, TypeForm, dataclass_transform

from quire.limits import Limits

_T = TypeVar("_T")
_Meta = TypeVar("_Meta", bound=type)
_T_contra = TypeVar("_T_contra", contravariant=True)
_T_co = TypeVar("_T_co", covariant=True)

@final
class UnsetType:
    def __bool__(self) -> Literal[False]: ...

UNSET: Final[UnsetType]

@final
class Raw:
    """A part of a document as it stands in it: read and written without a look inside."""

    def __new__(cls, data: Buffer | str, /, offset: int | None = None, format: str | None = None) -> Self: ...
    @property
    def offset(self) -> int | None: ...
    @property
    def format(self) -> str | None: ...
    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview: ...

    def __bytes__(self) -> bytes: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: Any, /) -> Self: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

_Omit = Literal["never", "default", "null"]

@overload
def field(
    number: int | None = ...,
    /,
    *,
    default: _T,
    name: str | None = ...,
    aliases: tuple[str, ...] | list[str] = ...,
    omit: _Omit | None = ...,
    serialize: bool = ...,
    secret: bool = ...,
    init: bool = ...,
    kw_only: bool | None = ...,
    repr: bool = ...,
    compare: bool = ...,
) -> _T: ...
@overload
def field(
    number: int | None = ...,
    /,
    *,
    default_factory: Callable[[], _T],
    name: str | None = ...,
    aliases: tuple[str, ...] | list[str] = ...,
    omit: _Omit | None = ...,
    serialize: bool = ...,
    secret: bool = ...,
    init: bool = ...,
    kw_only: bool | None = ...,
    repr: bool = ...,
    compare: bool = ...,
) -> _T: ...
@overload
def field(
    number: int | None = ...,
    /,
    *,
    name: str | None = ...,
    aliases: tuple[str, ...] | list[str] = ...,
    omit: _Omit | None = ...,
    serialize: bool = ...,
    secret: bool = ...,
    init: bool = ...,
    kw_only: bool | None = ...,
    repr: bool = ...,
    compare: bool = ...,
) -> Any: ...

_Rename = Literal["lower", "upper", "camel", "pascal", "kebab", "screaming"] | Mapping[str, str] | Callable[[str], str | None]
_Tag = bool | str | int | Callable[[str], str | int]

@dataclass_transform(field_specifiers=(field,))
class RecordMeta(type):
    def __new__(
        mcls: type[_Meta],
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        frozen: bool = ...,
        order: bool = ...,
        eq: bool = ...,
        kw_only: bool = ...,
        rename: _Rename | None = ...,
        tag: _Tag | None = ...,
        tag_field: str | None = ...,
        unknown: Literal["skip", "error"] = ...,
        omit: _Omit = ...,
        layout: Literal["object", "array"] = ...,
        reserved: Collection[int | str] = ...,
        weakref: bool = ...,
        **others: Any,
    ) -> _Meta: ...
    @property
    def __record_options__(cls) -> dict[str, Any]: ...
    @property
    def __record_specs__(cls) -> dict[str, Any]: ...
    @property
    def __record_defaults__(cls) -> dict[str, tuple[int, Any]]: ...
    @property
    def __signature__(cls) -> Signature: ...

class Record(metaclass=RecordMeta):
    """The base of records: fields in fixed slots, named and typed by annotations."""

    __record_fields__: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __replace__(self, /, **changes: Any) -> Self: ...
    def __copy__(self) -> Self: ...
    def __rich_repr__(self) -> list[Any]: ...

@final
class Ext:
    """A MessagePack extension value whose code has no meaning here."""

    @property
    def code(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, code: int, data: Buffer) -> Self: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: Any, /) -> Self: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def json_encode(obj: Any, /) -> bytes: ...
@overload
def json_decode(data: Buffer | str, /, *, strict: bool = True, limits: Limits | None = None) -> Any: ...
@overload
def json_decode(data: Buffer | str, type: TypeForm[_T], /, *, strict: bool = True, limits: Limits | None = None) -> _T: ...

@final
class JsonEncoder(Generic[_T_contra]):
    @overload
    def __new__(cls) -> JsonEncoder[Any]: ...
    @overload
    def __new__(cls, type: TypeForm[_T], /) -> JsonEncoder[_T]: ...
    def encode(self, obj: _T_contra, /) -> bytes: ...
    @property
    def type(self) -> Any: ...

@final
class JsonDecoder(Generic[_T_co]):
    @overload
    def __new__(cls, *, strict: bool = True, limits: Limits | None = None) -> JsonDecoder[Any]: ...
    @overload
    def __new__(cls, type: TypeForm[_T], /, *, strict: bool = True, limits: Limits | None = None) -> JsonDecoder[_T]: ...
    def decode(self, data: Buffer | str, /) -> _T_co: ...
    @property
    def type(self) -> Any: ...

def msgpack_encode(obj: Any, /) -> bytes: ...
@overload
def msgpack_decode(data: Buffer, /, *, strict: bool = True, limits: Limits | None = None) -> Any: ...
@overload
def msgpack_decode(data: Buffer, type: TypeForm[_T], /, *, strict: bool = True, limits: Limits | None = None) -> _T: ...

@final
class MsgpackEncoder(Generic[_T_contra]):
    @overload
    def __new__(cls) -> MsgpackEncoder[Any]: ...
    @overload
    def __new__(cls, type: TypeForm[_T], /) -> MsgpackEncoder[_T]: ...
    def encode(self, obj: _T_contra, /) -> bytes: ...
    @property
    def type(self) -> Any: ...

@final
class MsgpackDecoder(Generic[_T_co]):
    @overload
    def __new__(cls, *, strict: bool = True, limits: Limits | None = None) -> MsgpackDecoder[Any]: ...
    @overload
    def __new__(cls, type: TypeForm[_T], /, *, strict: bool = True, limits: Limits | None = None) -> MsgpackDecoder[_T]: ...
    def decode(self, data: Buffer, /) -> _T_co: ...
    @property
    def type(self) -> Any: ...

@overload
def convert(obj: Any, /, *, strict: bool = ...) -> Any: ...
@overload
def convert(obj: Any, type: TypeForm[_T], /, *, strict: bool = ...) -> _T: ...
def to_builtins(obj: Any, /) -> Any: ...
def validate(obj: Any, type: Any, /) -> None: ...
def _bind(*, describe: Callable[[Any], Any], make_error: Callable[..., BaseException]) -> None: ...
