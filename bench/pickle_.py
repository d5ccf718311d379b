# SPDX-License-Identifier: Apache-2.0
"""quire.pickle in place of pickle: the same calls, the same bytes; beside others that write Python objects.

Judged against the standard library's C pickle alone; the others are shown. An array in band is judged against a copy of
its bytes.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from typing import Any

from bench import graphs, targets, tasks
from bench.contenders import need
from bench.graphs import ARRAY, GRAPH, INSTANCES, PLAIN, SLOTTED, Sample
from bench.result import Result, Settings, timed

TITLE = "quire.pickle in place of pickle"
PROTOCOL = 5

Maker = Callable[[Any], tuple[Callable, Any]]  # of a value: the call that is timed, and its argument


def subjects() -> list[Sample]:
    return graphs.samples(PLAIN, INSTANCES, SLOTTED, GRAPH, ARRAY)


def takes(sample: Sample) -> bool:
    return True


# -- writing: of the value, bytes --------------------------------------------------------------------------------


def dumps(module: str, **options: Any) -> Maker:
    def make(value: Any) -> tuple[Callable, Any]:
        write = need(module).dumps
        return (lambda one: write(one, PROTOCOL, **options)), value

    return make


def fory() -> Any:
    """An instance that keeps sharing and knows the classes of the samples."""
    instance = need("pyfory").Fory(xlang=False, ref=True, strict=True)
    for known in graphs.CLASSES:
        instance.register_type(known)
    return instance


def msgspec_encode(value: Any) -> tuple[Callable, Any]:
    return need("msgspec.msgpack").Encoder().encode, value


def marshal_dumps(value: Any) -> tuple[Callable, Any]:
    return need("marshal").dumps, value


def copied(value: Any) -> tuple[Callable, Any]:
    return (lambda one: one.tobytes()), value


def out_of_band(module: str) -> Maker:
    def make(value: Any) -> tuple[Callable, Any]:
        write = need(module).dumps

        def call(one: Any) -> tuple[bytes, list]:
            buffers: list = []
            return write(one, PROTOCOL, buffer_callback=buffers.append), buffers

        return call, value

    return make


WRITERS: dict[str, Maker] = {
    "quire": dumps("quire.pickle"),
    "pickle": dumps("pickle"),
    "cloudpickle": dumps("cloudpickle"),
    "dill": dumps("dill"),
    "pyfory": lambda value: (fory().serialize, value),
    "msgspec msgpack": msgspec_encode,
    "marshal": marshal_dumps,
}
LEAN: dict[str, Maker] = {"quire": dumps("quire.pickle", lean=True), "pickle": dumps("pickle")}


def msgspec_decode(value: Any) -> Callable:
    """Of a list of dataclasses, their type is said."""
    kind = type(value[0]) if type(value) is list else None
    return need("msgspec.msgpack").Decoder(list[kind] if kind in (graphs.Record, graphs.Slotted) else Any).decode


READ_BACK: dict[str, Callable[[Any], Callable]] = {
    "pyfory": lambda value: fory().deserialize,
    "msgspec msgpack": msgspec_decode,
    "marshal": lambda value: need("marshal").loads,
}


# -- reading: of the value, from bytes made outside the timed region ----------------------------------------------


def loads(module: str, **options: Any) -> Maker:
    """The bytes are the standard library's; with options, quire's own."""

    def make(value: Any) -> tuple[Callable, Any]:
        data = need("quire.pickle").dumps(value, PROTOCOL, **options) if options else pickle.dumps(value, PROTOCOL)
        return need(module).loads, data

    return make


def load(module: str) -> Maker:
    """From a file on the disk, which the system has in memory."""

    def make(value: Any) -> tuple[Callable, Any]:
        read = need(module).load
        kept = tempfile.NamedTemporaryFile()  # noqa: SIM115 - it lasts as long as the call
        kept.write(pickle.dumps(value, PROTOCOL))
        kept.flush()

        def call(file: Any) -> Any:
            with open(file.name, "rb") as opened:
                return read(opened)

        return call, kept

    return make


def other(write: Maker, read: Callable[[Any], Callable]) -> Maker:
    def make(value: Any) -> tuple[Callable, Any]:
        call, argument = write(value)
        return read(value), call(argument)

    return make


def loads_out_of_band(module: str) -> Maker:
    def make(value: Any) -> tuple[Callable, Any]:
        buffers: list = []
        data = pickle.dumps(value, PROTOCOL, buffer_callback=buffers.append)
        read = need(module).loads
        return (lambda one: read(one, buffers=buffers)), data

    return make


def decoded(value: Any) -> tuple[Callable, Any]:
    """Only what the type names may be built, and the result is validated."""
    return need("quire.pickle").Decoder(list[type(value[0])]).decode, pickle.dumps(value, PROTOCOL)


READERS: dict[str, Maker] = {
    "quire": loads("quire.pickle"),
    "pickle": loads("pickle"),
    "dill": loads("dill"),
    **{name: other(WRITERS[name], read) for name, read in READ_BACK.items()},
}


# -- rows ---------------------------------------------------------------------------------------------------------


def rows_of(sample: Sample) -> dict[str, tuple[dict[str, Maker], tuple[str, ...]]]:
    """Of each task: who takes part, and who is judged against."""
    if sample.shape == ARRAY:
        return {
            "dumps": ({**WRITERS, "a copy": copied}, ("a copy",)),
            "dumps out of band": ({name: out_of_band(module) for name, module in PAIR.items()}, ("pickle",)),
            "loads": (READERS, ("pickle",)),
            "loads out of band": ({name: loads_out_of_band(module) for name, module in PAIR.items()}, ("pickle",)),
        }
    found = {"dumps": (WRITERS, ("pickle",)), "dumps lean": (LEAN, ("pickle",)), "loads": (READERS, ("pickle",))}
    found["loads of lean"] = ({"quire": loads("quire.pickle", lean=True), "pickle": loads("pickle", lean=True)}, ("pickle",))
    found["load of a file"] = ({name: load(module) for name, module in PAIR.items()}, ("pickle",))
    if sample.name in ("dataclasses", "slotted"):
        found["decode of a type"] = ({"quire": decoded, "pickle": loads("pickle")}, ("pickle",))
    return found


PAIR = {"quire": "quire.pickle", "pickle": "pickle"}


def check(name: str, task: str, value: Any) -> Callable[[Any], Any]:
    """What a contender's result holds, as the value again."""

    def held(result: Any) -> Any:
        if "dumps" not in task:
            return result
        if "out of band" in task:
            return pickle.loads(result[0], buffers=result[1])
        if name == "a copy":
            import numpy

            return numpy.frombuffer(result)
        return READ_BACK[name](value)(result) if name in READ_BACK else pickle.loads(result)

    return held


def run(sample: Sample, settings: Settings):
    value = sample.make()
    for task, (makers, rivals) in rows_of(sample).items():
        must, goal = targets.PICKLE.get((task, sample.shape), targets.PICKLE.get((task, ""), targets.NONE))
        field = tasks.Field(differs=graphs.differs)
        for name, make in makers.items():
            field.admit(name, lambda make=make: make(value), check(name, task, value), value)
        result = Result("pickle_", task, sample.name, sample.shape, sample.judged, must=must, goal=goal)
        result.absent = field.absent
        yield timed(result, field.contenders, settings, rivals=rivals)
