# SPDX-License-Identifier: Apache-2.0
"""Many documents in one: lines, and a stream that is fed in pieces, against a call for each document.

The stream is asked to cost little more than quire's own `decode` in a loop over documents that somebody has taken apart
already; the lines are measured beside msgspec's `decode_lines` and `encode_lines`, and beside a call of json and orjson for
each line.
"""

from __future__ import annotations

import random

from bench import contenders as table
from bench import documents, models, targets, tasks
from bench.contenders import JSON, MSGPACK
from bench.documents import OBJECTS, Document
from bench.result import Result, Settings, timed

TITLE = "Streams and lines"
CHUNK = 64 * 1024
READING = models.Model("Reading", {"Reading": {"id": int, "sensor": str, "value": float, "unit": str, "ok": bool}})


def readings() -> bytes:
    rng = random.Random(8)
    line = '{{"id":{},"sensor":"sensor-{:03}","value":{:.3f},"unit":"{}","ok":{}}}'
    made = (
        line.format(
            10_000 + i, rng.randint(0, 999), rng.uniform(0, 99), rng.choice(("kelvin", "pascal")), rng.choice(("true", "false"))
        )
        for i in range(5000)
    )
    return "\n".join(made).encode()


def subjects() -> list[Document]:
    lines = Document("reading-lines", OBJECTS, readings, "5,000 lines of some 80 bytes (by seed)", lines=True)
    return [*documents.choose("city-lines", None), lines]


def takes(document: Document) -> bool:
    return document.lines


def run(document: Document, settings: Settings):
    model = READING if document.name == "reading-lines" else document.model
    plain = [model.plain(one) for one in document.parsed()]
    for format in (JSON, MSGPACK):
        yield streamed(document, model, plain, format, settings)
    yield lines_read(document, settings)
    yield typed_lines_read(document, model, plain, settings)
    yield lines_written(document, settings)


def row(document: Document, task: str, pair: targets.Pair = targets.NONE) -> Result:
    return Result("streams", task, document.name, document.shape, document.judged, must=pair[0], goal=pair[1])


def finish(result: Result, field: tasks.Field, settings: Settings, rivals: tuple[str, ...] = ()) -> Result:
    result.absent = field.absent
    return timed(result, field.contenders, settings, rivals=rivals)


def streamed(document: Document, model: models.Model, plain: list, format: str, settings: Settings) -> Result:
    field = tasks.Field()
    codec = table.need(f"quire.{format}")
    decoder = codec.Decoder(model.root("quire"))
    parts = [codec.encode(one) for one in document.parsed()]
    whole = b"".join(parts)
    chunks = [whole[i : i + CHUNK] for i in range(0, len(whole), CHUNK)]

    def fed(chunks):
        stream, found = decoder.stream(), []
        for chunk in chunks:
            found.extend(stream.feed(chunk))
        return found + stream.close()

    def check(result):
        return [tasks.in_order(model, one) for one in result]

    field.admit("quire", lambda: (fed, chunks), check, plain)
    field.admit("quire, a call each", lambda: (table.per_line(decoder.decode), parts), check, plain)
    return finish(row(document, f"{format}-stream", targets.STREAM), field, settings, rivals=("quire, a call each",))


def lines_read(document: Document, settings: Settings) -> Result:
    field = tasks.Field()
    reference = document.parsed()

    def by_line(loads):
        return lambda data: [loads(line) for line in data.splitlines()]

    field.admit(
        "quire",
        lambda: (lambda data: list(table.need("quire.json").Decoder().decode_lines(data)), document.data),
        list,
        reference,
    )
    field.admit("msgspec", lambda: (table.need("msgspec.json").Decoder().decode_lines, document.data), list, reference)
    field.admit("json, a call each", lambda: (by_line(table.need("json").loads), document.data), list, reference)
    field.admit("orjson, a call each", lambda: (by_line(table.need("orjson").loads), document.data), list, reference)
    return finish(row(document, "decode_lines"), field, settings)


def typed_lines_read(document: Document, model: models.Model, plain: list, settings: Settings) -> Result:
    field = tasks.Field()

    def check(result):
        return [tasks.in_order(model, one) for one in result]

    def quire():
        decoder = table.need("quire.json").Decoder(model.root("quire"))
        return lambda data: list(decoder.decode_lines(data)), document.data

    field.admit("quire", quire, check, plain)
    field.admit(
        "msgspec", lambda: (table.need("msgspec.json").Decoder(model.root("struct")).decode_lines, document.data), check, plain
    )
    return finish(row(document, "typed-decode_lines"), field, settings)


def lines_written(document: Document, settings: Settings) -> Result:
    field = tasks.Field()
    rows = document.parsed()
    read = table.need("json").loads

    def check(result):
        return [read(line) for line in result.splitlines()]

    def by_line(dumps):
        return lambda rows: b"\n".join([dumps(one) for one in rows])

    def standard():
        dumps = table.need("json").dumps
        return lambda rows: "\n".join([dumps(one) for one in rows]).encode(), rows

    field.admit("quire", lambda: (table.need("quire.json").Encoder().encode_lines, rows), check, rows)
    field.admit("msgspec", lambda: (table.need("msgspec.json").Encoder().encode_lines, rows), check, rows)
    field.admit("orjson, a call each", lambda: (by_line(table.need("orjson").dumps), rows), check, rows)
    field.admit("json, a call each", standard, check, rows)
    return finish(row(document, "encode_lines"), field, settings)
