# SPDX-License-Identifier: Apache-2.0
from quire import adapters as adapters
from quire import errors as errors
from quire import json as json
from quire import limits as limits
from quire import marshal as marshal
from quire import msgpack as msgpack
from quire import pickle as pickle
from quire._computed import computed as computed
from quire._config import config as config
from quire._core import UNSET as UNSET
from quire._core import Raw as Raw
from quire._core import Record as Record
from quire._core import RecordMeta as RecordMeta
from quire._core import Stream as Stream
from quire._core import UnsetType as UnsetType
from quire._core import convert as convert
from quire._core import field as field
from quire._core import to_builtins as to_builtins
from quire._core import validate as validate
from quire._formats import formats as formats
from quire._open_unions import Subclasses as Subclasses
from quire._open_unions import Unknown as Unknown
from quire._partial import Partial as Partial
from quire.adapters import Adapter as Adapter
from quire.adapters import Adapters as Adapters
from quire.errors import DecodeError as DecodeError
from quire.errors import EncodeError as EncodeError
from quire.errors import Fault as Fault
from quire.errors import LimitError as LimitError
from quire.errors import MalformedError as MalformedError
from quire.errors import QuireError as QuireError
from quire.errors import SchemaError as SchemaError
from quire.errors import TruncatedError as TruncatedError
from quire.errors import UnsafeError as UnsafeError
from quire.errors import ValidationError as ValidationError
from quire.limits import Limits as Limits

__version__: str
__all__ = [
    "UNSET",
    "Adapter",
    "Adapters",
    "DecodeError",
    "EncodeError",
    "Fault",
    "LimitError",
    "Limits",
    "MalformedError",
    "Partial",
    "QuireError",
    "Raw",
    "Record",
    "RecordMeta",
    "SchemaError",
    "Stream",
    "Subclasses",
    "TruncatedError",
    "UnsafeError",
    "Unknown",
    "UnsetType",
    "ValidationError",
    "computed",
    "config",
    "convert",
    "field",
    "formats",
    "to_builtins",
    "validate",
]
