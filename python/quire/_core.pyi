# SPDX-License-Identifier: Apache-2.0
import datetime
import os
import pickle
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from inspect import Signature
from json import JSONDecoder, JSONEncoder
from types import EllipsisType, GenericAlias, TracebackType
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, Self, TypeVar, final, overload

from _typeshed import SupportsRead, SupportsWrite
from typing_extensions import Buffer, TypeForm, dataclass_transform

from quire.adapters import Adapter, Adapters
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

_KeyOrder = Literal["insertion", "sorted"]
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
    adapter: Adapter[Any, Any] | None = ...,
    ge: Any = ...,
    gt: Any = ...,
    le: Any = ...,
    lt: Any = ...,
    multiple_of: Any = ...,
    min_length: int | None = ...,
    max_length: int | None = ...,
    pattern: str | re.Pattern[str] | re.Pattern[bytes] | None = ...,
    timezone: str | datetime.tzinfo | EllipsisType | bool | None = ...,
    predicate: Callable[[Any], object] | tuple[Callable[[Any], object], ...] | None = ...,
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
    adapter: Adapter[Any, Any] | None = ...,
    ge: Any = ...,
    gt: Any = ...,
    le: Any = ...,
    lt: Any = ...,
    multiple_of: Any = ...,
    min_length: int | None = ...,
    max_length: int | None = ...,
    pattern: str | re.Pattern[str] | re.Pattern[bytes] | None = ...,
    timezone: str | datetime.tzinfo | EllipsisType | bool | None = ...,
    predicate: Callable[[Any], object] | tuple[Callable[[Any], object], ...] | None = ...,
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
    adapter: Adapter[Any, Any] | None = ...,
    ge: Any = ...,
    gt: Any = ...,
    le: Any = ...,
    lt: Any = ...,
    multiple_of: Any = ...,
    min_length: int | None = ...,
    max_length: int | None = ...,
    pattern: str | re.Pattern[str] | re.Pattern[bytes] | None = ...,
    timezone: str | datetime.tzinfo | EllipsisType | bool | None = ...,
    predicate: Callable[[Any], object] | tuple[Callable[[Any], object], ...] | None = ...,
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
        unknown: Literal["skip", "error", "keep"] = ...,
        omit: _Omit = ...,
        layout: Literal["object", "array"] = ...,
        reserved: Collection[int | str] = ...,
        validate: Literal["decode", "init", "assign"] = ...,
        mixin: bool = ...,
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

class _Readable(Protocol):
    def read(self, size: int = ..., /) -> Any: ...

class _Writable(Protocol):
    def write(self, data: Any, /) -> Any: ...

@final
class Stream(Generic[_T_co]):
    """Documents one after the other, in pieces that end anywhere. Made by `Decoder.stream()`; used by one thread at a time."""

    def feed(self, chunk: Buffer | str, /) -> Iterator[_T_co]: ...
    def partial(self, /) -> Any: ...
    def close(self, /) -> list[_T_co]: ...
    @property
    def offset(self) -> int: ...
    @property
    def closed(self) -> bool: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T_co: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    @classmethod
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...

def json_encode(
    obj: Any,
    /,
    *,
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    indent: int | str | None = None,
    key_order: _KeyOrder = "insertion",
    ascii: bool = False,
    nan: Literal["error", "null", "allow"] = "error",
    canonical: bool = False,
) -> bytes: ...
@overload
def json_decode(
    data: Buffer | str,
    /,
    *,
    strict: bool = True,
    errors: Literal["first", "all"] = "first",
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    context: Any = None,
    nan: Literal["error", "allow"] = "error",
    jsonc: bool = False,
) -> Any: ...
@overload
def json_decode(
    data: Buffer | str,
    type: TypeForm[_T],
    /,
    *,
    strict: bool = True,
    errors: Literal["first", "all"] = "first",
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    context: Any = None,
    nan: Literal["error", "allow"] = "error",
    jsonc: bool = False,
) -> _T: ...
def json_dumps(
    obj: Any,
    *,
    skipkeys: bool = False,
    ensure_ascii: bool = True,
    check_circular: bool = True,
    allow_nan: bool = True,
    cls: type[JSONEncoder] | None = None,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    **kw: Any,
) -> str: ...
def json_dump(
    obj: Any,
    fp: SupportsWrite[str],
    *,
    skipkeys: bool = False,
    ensure_ascii: bool = True,
    check_circular: bool = True,
    allow_nan: bool = True,
    cls: type[JSONEncoder] | None = None,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    default: Callable[[Any], Any] | None = None,
    sort_keys: bool = False,
    **kw: Any,
) -> None: ...
def json_loads(
    s: str | bytes | bytearray,
    *,
    cls: type[JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    **kw: Any,
) -> Any: ...
def json_load(
    fp: SupportsRead[str | bytes],
    *,
    cls: type[JSONDecoder] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    **kw: Any,
) -> Any: ...
def json_encode_like(encoder: Any, obj: Any, /) -> Any: ...

@final
class JsonScanner:
    def __new__(cls, context: Any) -> JsonScanner: ...
    def __call__(self, string: str, idx: int) -> tuple[Any, int]: ...
    def decode(self, string: str, /) -> Any: ...
    @property
    def strict(self) -> bool: ...
    @property
    def object_hook(self) -> Any: ...
    @property
    def object_pairs_hook(self) -> Any: ...
    @property
    def parse_float(self) -> Any: ...
    @property
    def parse_int(self) -> Any: ...
    @property
    def parse_constant(self) -> Any: ...

@final
class JsonEncoder(Generic[_T_contra]):
    @overload
    def __new__(
        cls,
        *,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        indent: int | str | None = None,
        key_order: _KeyOrder = "insertion",
        ascii: bool = False,
        nan: Literal["error", "null", "allow"] = "error",
        canonical: bool = False,
    ) -> JsonEncoder[Any]: ...
    @overload
    def __new__(
        cls,
        type: TypeForm[_T],
        /,
        *,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        indent: int | str | None = None,
        key_order: _KeyOrder = "insertion",
        ascii: bool = False,
        nan: Literal["error", "null", "allow"] = "error",
        canonical: bool = False,
    ) -> JsonEncoder[_T]: ...
    def encode(self, obj: _T_contra, /) -> bytes: ...
    def encode_into(self, obj: _T_contra, buffer: Buffer, /, offset: int = 0) -> int: ...
    def encode_lines(self, objs: Iterable[_T_contra], /) -> bytes: ...
    def write(self, obj: _T_contra, fp: _Writable, /) -> int: ...
    @property
    def type(self) -> Any: ...

@final
class JsonDecoder(Generic[_T_co]):
    @overload
    def __new__(
        cls,
        *,
        strict: bool = True,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        context: Any = None,
        nan: Literal["error", "allow"] = "error",
        jsonc: bool = False,
    ) -> JsonDecoder[Any]: ...
    @overload
    def __new__(
        cls,
        type: TypeForm[_T],
        /,
        *,
        strict: bool = True,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        context: Any = None,
        nan: Literal["error", "allow"] = "error",
        jsonc: bool = False,
    ) -> JsonDecoder[_T]: ...
    def decode(self, data: Buffer | str, /) -> _T_co: ...
    def decode_from(self, data: Buffer, /, offset: int = 0) -> tuple[_T_co, int]: ...
    def decode_lines(self, data: Buffer | str, /) -> Iterator[_T_co]: ...
    def read(self, fp_or_path: str | bytes | os.PathLike[Any] | _Readable, /, *, mmap: bool = False) -> _T_co: ...
    def stream(self) -> Stream[_T_co]: ...
    @property
    def type(self) -> Any: ...

def pickle_encode(obj: Any, /, *, limits: Limits | None = None, adapters: Adapters | None = None) -> bytes: ...

@final
class PickleEncoder(Generic[_T_contra]):
    @overload
    def __new__(
        cls, *, errors: Literal["first", "all"] = "first", limits: Limits | None = None, adapters: Adapters | None = None
    ) -> PickleEncoder[Any]: ...
    @overload
    def __new__(
        cls,
        type: TypeForm[_T],
        /,
        *,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
    ) -> PickleEncoder[_T]: ...
    def encode(self, obj: _T_contra, /) -> bytes: ...
    def encode_into(self, obj: _T_contra, buffer: Buffer, /, offset: int = 0) -> int: ...
    def encode_lines(self, objs: Iterable[_T_contra], /) -> bytes: ...
    def write(self, obj: _T_contra, fp: _Writable, /) -> int: ...
    @property
    def type(self) -> Any: ...

def msgpack_encode(
    obj: Any,
    /,
    *,
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    key_order: _KeyOrder = "insertion",
    canonical: bool = False,
) -> bytes: ...
@overload
def msgpack_decode(
    data: Buffer,
    /,
    *,
    strict: bool = True,
    errors: Literal["first", "all"] = "first",
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    context: Any = None,
) -> Any: ...
@overload
def msgpack_decode(
    data: Buffer,
    type: TypeForm[_T],
    /,
    *,
    strict: bool = True,
    errors: Literal["first", "all"] = "first",
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    context: Any = None,
) -> _T: ...

@final
class MsgpackEncoder(Generic[_T_contra]):
    @overload
    def __new__(
        cls,
        *,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        key_order: _KeyOrder = "insertion",
        canonical: bool = False,
    ) -> MsgpackEncoder[Any]: ...
    @overload
    def __new__(
        cls,
        type: TypeForm[_T],
        /,
        *,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        key_order: _KeyOrder = "insertion",
        canonical: bool = False,
    ) -> MsgpackEncoder[_T]: ...
    def encode(self, obj: _T_contra, /) -> bytes: ...
    def encode_into(self, obj: _T_contra, buffer: Buffer, /, offset: int = 0) -> int: ...
    def encode_lines(self, objs: Iterable[_T_contra], /) -> bytes: ...
    def write(self, obj: _T_contra, fp: _Writable, /) -> int: ...
    @property
    def type(self) -> Any: ...

@final
class MsgpackDecoder(Generic[_T_co]):
    @overload
    def __new__(
        cls,
        *,
        strict: bool = True,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        context: Any = None,
    ) -> MsgpackDecoder[Any]: ...
    @overload
    def __new__(
        cls,
        type: TypeForm[_T],
        /,
        *,
        strict: bool = True,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        context: Any = None,
    ) -> MsgpackDecoder[_T]: ...
    def decode(self, data: Buffer, /) -> _T_co: ...
    def decode_from(self, data: Buffer, /, offset: int = 0) -> tuple[_T_co, int]: ...
    def decode_lines(self, data: Buffer, /) -> Iterator[_T_co]: ...
    def read(self, fp_or_path: str | bytes | os.PathLike[Any] | _Readable, /, *, mmap: bool = False) -> _T_co: ...
    def stream(self) -> Stream[_T_co]: ...
    @property
    def type(self) -> Any: ...

# The drop-in half of quire.msgpack: see quire.msgpack.
def msgpack_packb(
    o: object,
    *,
    default: Callable[[Any], object] | None = None,
    use_single_float: bool = False,
    autoreset: bool = True,
    use_bin_type: bool = True,
    strict_types: bool = False,
    datetime: bool = False,
    unicode_errors: str | None = None,
    buf_size: int = 262144,
) -> bytes: ...
def msgpack_unpackb(
    packed: Buffer,
    *,
    object_hook: Callable[[dict[Any, Any]], object] | None = None,
    list_hook: Callable[[Any], object] | None = None,
    use_list: bool = True,
    raw: bool = False,
    timestamp: int = 0,
    strict_map_key: bool = True,
    unicode_errors: str | None = None,
    object_pairs_hook: Callable[[list[tuple[Any, Any]]], object] | None = None,
    ext_hook: Callable[[int, bytes], object] | None = ...,
    max_str_len: int = -1,
    max_bin_len: int = -1,
    max_array_len: int = -1,
    max_map_len: int = -1,
    max_ext_len: int = -1,
) -> Any: ...

class MsgpackPacker:
    def __init__(
        self,
        *,
        default: Callable[[Any], object] | None = None,
        use_single_float: bool = False,
        autoreset: bool = True,
        use_bin_type: bool = True,
        strict_types: bool = False,
        datetime: bool = False,
        unicode_errors: str | None = None,
        buf_size: int = 262144,
    ) -> None: ...
    # With autoreset=False what is packed stays in the buffer, and None is returned.
    def pack(self, obj: object) -> bytes: ...
    def pack_array_header(self, size: int) -> bytes: ...
    def pack_map_header(self, size: int) -> bytes: ...
    def pack_map_pairs(self, pairs: Collection[Iterable[Any]]) -> bytes: ...
    def pack_ext_type(self, typecode: int, data: bytes | bytearray | str) -> bytes: ...
    def bytes(self) -> bytes: ...
    def reset(self) -> None: ...
    def getbuffer(self) -> memoryview: ...
    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview: ...
        def __release_buffer__(self, buffer: memoryview, /) -> None: ...

class _BytesReadable(Protocol):
    def read(self, n: int, /) -> bytes: ...

class MsgpackUnpacker:
    def __init__(
        self,
        file_like: _BytesReadable | None = None,
        *,
        read_size: int = 0,
        use_list: bool = True,
        raw: bool = False,
        timestamp: int = 0,
        strict_map_key: bool = True,
        object_hook: Callable[[dict[Any, Any]], object] | None = None,
        object_pairs_hook: Callable[[list[tuple[Any, Any]]], object] | None = None,
        list_hook: Callable[[Any], object] | None = None,
        unicode_errors: str | None = None,
        max_buffer_size: int = 104857600,
        ext_hook: Callable[[int, bytes], object] | None = ...,
        max_str_len: int = -1,
        max_bin_len: int = -1,
        max_array_len: int = -1,
        max_map_len: int = -1,
        max_ext_len: int = -1,
    ) -> None: ...
    def feed(self, next_bytes: Buffer) -> None: ...
    def unpack(self) -> Any: ...
    def skip(self) -> None: ...
    def read_array_header(self) -> int: ...
    def read_map_header(self) -> int: ...
    def read_bytes(self, nbytes: int) -> bytes: ...
    def tell(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Any: ...

def _msgpack_types(ext_type: type[tuple[int, bytes]], timestamp: type, /) -> None: ...

# quire.marshal: see there. allow_code= as the running interpreter has it.
class _MarshalReadable(Protocol):
    def read(self, n: int, /) -> bytes: ...
    def readinto(self, buffer: memoryview, /) -> int | None: ...

class _MarshalWritable(Protocol):
    def write(self, data: bytes, /) -> Any: ...

marshal_version: int

# What `python -m quire inspect` is made from.
_InspectEvent = tuple[int, int, str, Any, int, str | None]

def inspect_events(
    data: Buffer, format: str, offset: int, most: int, python: int, /
) -> tuple[list[_InspectEvent], tuple[str, str, int] | None, int]: ...
def pyc_head(data: Buffer, /) -> tuple[int, int, int, int, int, int, bytes | None] | None: ...

if sys.version_info >= (3, 13):
    def marshal_dump(
        value: object, file: _MarshalWritable, version: int = ..., /, *, allow_code: bool = True, canonical: bool = False
    ) -> Any: ...
    def marshal_dumps(value: object, version: int = ..., /, *, allow_code: bool = True, canonical: bool = False) -> bytes: ...
    def marshal_load(file: _MarshalReadable, /, *, allow_code: bool = True) -> Any: ...
    def marshal_loads(bytes: Buffer, /, *, allow_code: bool = True) -> Any: ...

else:
    def marshal_dump(value: object, file: _MarshalWritable, version: int = ..., /, *, canonical: bool = False) -> Any: ...
    def marshal_dumps(value: object, version: int = ..., /, *, canonical: bool = False) -> bytes: ...
    def marshal_load(file: _MarshalReadable, /) -> Any: ...
    def marshal_loads(bytes: Buffer, /) -> Any: ...

@overload
def convert(
    obj: Any,
    /,
    *,
    strict: bool = ...,
    errors: Literal["first", "all"] = ...,
    limits: Limits | None = ...,
    adapters: Adapters | None = ...,
    context: Any = ...,
) -> Any: ...
@overload
def convert(
    obj: Any,
    type: TypeForm[_T],
    /,
    *,
    strict: bool = ...,
    errors: Literal["first", "all"] = ...,
    limits: Limits | None = ...,
    adapters: Adapters | None = ...,
    context: Any = ...,
) -> _T: ...
def to_builtins(obj: Any, /, *, limits: Limits | None = None, adapters: Adapters | None = None) -> Any: ...
def validate(
    obj: Any,
    type: Any,
    /,
    *,
    errors: Literal["first", "all"] = "first",
    limits: Limits | None = None,
    adapters: Adapters | None = None,
) -> None: ...
def _bind(*, describe: Callable[..., Any], make_error: Callable[..., BaseException]) -> None: ...

class Pickler:
    """Writes pickles into a file, as pickle.Pickler does."""

    fast: bool
    bin: bool
    dispatch_table: Mapping[type, Callable[[Any], str | tuple[Any, ...]]]
    memo: Any
    persistent_id: Callable[[Any], Any]
    reducer_override: Callable[[Any], Any]
    def __init__(
        self,
        file: SupportsWrite[bytes],
        protocol: int | None = None,
        fix_imports: bool = True,
        buffer_callback: Callable[[Any], Any] | None = None,
        *,
        lean: bool = False,
    ) -> None: ...
    def dump(self, obj: Any, /) -> None: ...
    def clear_memo(self) -> None: ...

def pickle_dumps(
    obj: Any,
    protocol: int | None = None,
    *,
    fix_imports: bool = True,
    buffer_callback: Callable[[Any], Any] | None = None,
    lean: bool = False,
) -> bytes: ...
def pickle_dump(
    obj: Any,
    file: SupportsWrite[bytes],
    protocol: int | None = None,
    *,
    fix_imports: bool = True,
    buffer_callback: Callable[[Any], Any] | None = None,
    lean: bool = False,
) -> None: ...

class PickleUnpickler:
    """Reads pickles from a file, as pickle.Unpickler does."""

    memo: Any
    persistent_load: Callable[[Any], Any]
    def __init__(
        self,
        file: _Readable,
        *,
        fix_imports: bool = True,
        encoding: str = "ASCII",
        errors: str = "strict",
        buffers: Iterable[Any] | None = ...,
    ) -> None: ...
    def find_class(self, module_name: str, global_name: str, /) -> Any: ...
    def load(self) -> Any: ...

pickle_load = pickle.load
pickle_loads = pickle.loads
