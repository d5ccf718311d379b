# SPDX-License-Identifier: Apache-2.0
"""Who takes part: one function per library and task. A library that is not installed is left out and named.

A contender gets the fastest documented way its library has for the task, made once outside the timed region
(a reused decoder, a compiled adapter). `quire` takes part like any other as soon as it can be imported.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from collections.abc import Callable
from typing import Any

from bench import models

JSON = "json"
MSGPACK = "msgpack"

DISTRIBUTIONS = {
    "quire": "quire",
    "orjson": "orjson",
    "msgspec": "msgspec",
    "ormsgpack": "ormsgpack",
    "msgpack": "msgpack",
    "ujson": "ujson",
    "simdjson": "pysimdjson",
    "pydantic": "pydantic",
    "mashumaro": "mashumaro",
    "cattrs": "cattrs",
    "attrs": "attrs",
    "cloudpickle": "cloudpickle",
    "dill": "dill",
    "pyfory": "pyfory",
}


class Missing(Exception):
    """The library is not here, or cannot do this task."""


def need(name: str):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Missing(f"{name}: {error}") from None


def versions() -> dict[str, str]:
    """The installed version of every contender."""
    found = {}
    for name, distribution in DISTRIBUTIONS.items():
        try:
            found[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            try:
                found[name] = getattr(importlib.import_module(name), "__version__", "unreleased")
            except ImportError:
                continue
    return found


# -- untyped ------------------------------------------------------------------------------------------------------


def json_stdlib(direction: str) -> Callable:
    if direction == "decode":
        return json.loads
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return lambda value: encode(value).encode()


def json_orjson(direction: str) -> Callable:
    orjson = need("orjson")
    return orjson.loads if direction == "decode" else orjson.dumps


def json_msgspec(direction: str) -> Callable:
    module = need("msgspec.json")
    return module.Decoder().decode if direction == "decode" else module.Encoder().encode


def json_ujson(direction: str) -> Callable:
    ujson = need("ujson")
    if direction == "decode":
        return ujson.loads
    dumps = ujson.dumps
    return lambda value: dumps(value, ensure_ascii=False, escape_forward_slashes=False).encode()


def json_simdjson(direction: str) -> Callable:
    if direction != "decode":
        raise Missing("pysimdjson: decodes only")
    parse = need("simdjson").Parser().parse
    return lambda data: parse(data, True)


def json_quire(direction: str) -> Callable:
    module = need("quire.json")
    return module.decode if direction == "decode" else module.encode


def msgpack_msgpack(direction: str) -> Callable:
    msgpack = need("msgpack")
    if direction == "decode":
        unpackb = msgpack.unpackb
        return lambda data: unpackb(data, strict_map_key=False)
    return msgpack.packb


def msgpack_ormsgpack(direction: str) -> Callable:
    ormsgpack = need("ormsgpack")
    return ormsgpack.unpackb if direction == "decode" else ormsgpack.packb


def msgpack_msgspec(direction: str) -> Callable:
    module = need("msgspec.msgpack")
    return module.Decoder().decode if direction == "decode" else module.Encoder().encode


def msgpack_quire(direction: str) -> Callable:
    module = need("quire.msgpack")
    return module.decode if direction == "decode" else module.encode


UNTYPED: dict[str, dict[str, Callable[[str], Callable]]] = {
    JSON: {
        "quire": json_quire,
        "orjson": json_orjson,
        "msgspec": json_msgspec,
        "ujson": json_ujson,
        "pysimdjson": json_simdjson,
        "json": json_stdlib,
    },
    MSGPACK: {
        "quire": msgpack_quire,
        "ormsgpack": msgpack_ormsgpack,
        "msgspec": msgpack_msgspec,
        "msgpack": msgpack_msgpack,
    },
}


# -- typed --------------------------------------------------------------------------------------------------------
# Each takes (format, direction, model) and returns the callable; the class kind it works on stands in TYPED.


def binary(format: str):
    """The untyped reader and writer that libraries without a format of their own are paired with."""
    if format == JSON:
        orjson = need("orjson")
        return orjson.loads, orjson.dumps
    ormsgpack = need("ormsgpack")
    return ormsgpack.unpackb, ormsgpack.packb


def typed_quire(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    module = need(f"quire.{format}")
    if direction == "decode":
        return module.Decoder(model.root(kind)).decode
    return module.Encoder(model.root(kind)).encode


def typed_msgspec(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    module = need(f"msgspec.{format}")
    return module.Decoder(model.root(kind)).decode if direction == "decode" else module.Encoder().encode


def typed_pydantic(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    adapter = need("pydantic").TypeAdapter(model.root(kind))
    if format == JSON:
        return adapter.validate_json if direction == "decode" else adapter.dump_json
    loads, dumps = binary(format)
    validate, dump = adapter.validate_python, adapter.dump_python
    return (lambda data: validate(loads(data))) if direction == "decode" else (lambda value: dumps(dump(value)))


def typed_mashumaro(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    if format == JSON:
        codecs = need("mashumaro.codecs.orjson")
        decoder, encoder = codecs.ORJSONDecoder, codecs.ORJSONEncoder
    else:
        codecs = need("mashumaro.codecs.msgpack")
        decoder, encoder = codecs.MessagePackDecoder, codecs.MessagePackEncoder
    return decoder(model.root(kind)).decode if direction == "decode" else encoder(model.root(kind)).encode


def typed_cattrs(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    need("cattrs")
    if format == JSON:
        converter = need("cattrs.preconf.orjson").make_converter()
    else:
        converter = need("cattrs.preconf.msgpack").make_converter()
    loads, dumps = binary(format)
    root = model.root(kind)
    structure, unstructure = converter.structure, converter.unstructure
    if direction == "decode":
        return lambda data: structure(loads(data), root)
    return lambda value: dumps(unstructure(value, root))


def typed_by_hand(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    loads, dumps = binary(format)
    if direction == "encode":
        return dumps
    build = model.builder(kind)
    return lambda data: build(loads(data))


TYPED: dict[str, tuple[str, Callable]] = {
    "quire": ("quire", typed_quire),
    "msgspec": ("struct", typed_msgspec),
    "msgspec dataclass": ("dataclass", typed_msgspec),
    "pydantic": ("pydantic", typed_pydantic),
    "mashumaro": ("dataclass", typed_mashumaro),
    "cattrs": ("attrs", typed_cattrs),
    "by hand": ("dataclass", typed_by_hand),
}

DATACLASSES: dict[str, tuple[str, Callable]] = {
    "quire": ("dataclass", typed_quire),
    "msgspec": ("dataclass", typed_msgspec),
}


def call_quire(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    module, root = need(f"quire.{format}"), model.root(kind)
    if direction == "encode":
        return module.encode
    decode = module.decode
    return lambda data: decode(data, root)


def call_msgspec(format: str, direction: str, model: "models.Model", kind: str) -> Callable:
    module, root = need(f"msgspec.{format}"), model.root(kind)
    if direction == "encode":
        return module.encode
    decode = module.decode
    return lambda data: decode(data, type=root)


# the module's functions instead of a prepared decoder or encoder
CALLS: dict[str, tuple[str, Callable]] = {
    "quire": ("quire", call_quire),
    "msgspec": ("struct", call_msgspec),
}


# -- convert ------------------------------------------------------------------------------------------------------


def convert_quire(model: "models.Model", kind: str) -> Callable:
    convert, root = need("quire").convert, model.root(kind)
    return lambda value: convert(value, root)


def convert_msgspec(model: "models.Model", kind: str) -> Callable:
    convert, root = need("msgspec").convert, model.root(kind)
    return lambda value: convert(value, root)


def convert_pydantic(model: "models.Model", kind: str) -> Callable:
    return need("pydantic").TypeAdapter(model.root(kind)).validate_python


def convert_mashumaro(model: "models.Model", kind: str) -> Callable:
    return need("mashumaro.codecs").BasicDecoder(model.root(kind)).decode


def convert_cattrs(model: "models.Model", kind: str) -> Callable:
    structure, root = need("cattrs").Converter().structure, model.root(kind)
    return lambda value: structure(value, root)


CONVERT: dict[str, tuple[str, Callable]] = {
    "quire": ("quire", convert_quire),
    "msgspec": ("struct", convert_msgspec),
    "pydantic": ("pydantic", convert_pydantic),
    "mashumaro": ("dataclass", convert_mashumaro),
    "cattrs": ("attrs", convert_cattrs),
}


def per_line(call: Callable) -> Callable[[list], list[Any]]:
    """The same for a list of documents, one call each."""
    return lambda lines: [call(line) for line in lines]
