# SPDX-License-Identifier: Apache-2.0
"""Many threads at once: plans made, documents read and written, with caches that only one of them has at a time."""

import os
import random
import sys
import threading
from typing import Any

import pytest
from in_threads import together

import quire
from quire import Record, RecordMeta, field


@pytest.fixture(autouse=True)
def often():
    """Threads take turns as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Item(Record):
    id: int
    name: str = ""
    rest: Any = None

    def __post_init__(self):  # Python code: another thread may go on
        self.id += 0


class Tree(Record):
    value: int
    children: list["Tree"] = field(default_factory=list)


def test_decoding_and_encoding(fmt):
    documents = [[{f"k{(i + j) % 30}": [i, {"x": j}], "id": i, f"only {i}": None} for j in range(30)] for i in range(8)]
    items = [{"id": i, "name": f"é{i}", "rest": [{"a": i, "b": {"c": [i]}}] * 3} for i in range(20)]
    data, item_data = [fmt.encode(d) for d in documents], fmt.encode(items)

    def job(i):
        for n in range(60):
            assert fmt.decode(data[(i + n) % 8]) == documents[(i + n) % 8]
            found = fmt.decode(item_data, list[Item])
            assert [(v.id, v.rest) for v in found] == [(v["id"], v["rest"]) for v in items]
            assert fmt.encode(found) == fmt.encode(found)
            with pytest.raises(quire.DecodeError):
                fmt.decode(data[i][:-1])

    together(job, 8)


def test_one_decoder_and_encoder_for_all(fmt):
    decoder, encoder = fmt.Decoder(list[Item]), fmt.Encoder(list[Item])

    def job(i):
        for n in range(200):
            values = [Item(i * 1000 + n, "x" * (n % 50), {"n": [n]})] * (n % 5)
            assert decoder.decode(encoder.encode(values)) == values

    together(job, 8)


def test_plans_made_at_once(fmt):
    for _ in range(5):
        classes = [
            RecordMeta(
                f"Fresh{k}", (Record,), {"__annotations__": {"a": int, "c": dict[str, Tree], "b": list[Item] | None}, "b": None}
            )
            for k in range(6)
        ]
        data = fmt.encode({"a": 1, "c": {"t": {"value": 1, "children": [{"value": 2}]}}})

        def job(i, classes=classes, data=data):
            for cls in classes[i % 3 :] + classes[: i % 3]:
                value = fmt.decode(data, cls)
                assert type(value) is cls and value.c["t"].children == [Tree(2)]
                assert fmt.decode(fmt.encode(value), cls) == value
                assert fmt.decode(fmt.encode([value]), list[cls]) == [value]

        together(job, 8)


def test_classes_written_for_the_first_time_while_others_change_the_dict(fmt):
    """Reading annotations runs Python code in the midst of a dict that another thread changes."""
    stop = threading.Event()
    shared = {}

    def change():
        i = 0
        while not stop.is_set():
            i += 1
            shared[f"k{i % 97}"] = [i]
            if i % 61 == 0:
                shared.clear()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for i in range(60):
            cls = RecordMeta(
                f"New{i}", (Record,), {"__annotations__": {"a": int, "b": list[Tree]}, "b": field(default_factory=list)}
            )
            shared["new"] = value = [cls(1)]
            try:
                data = fmt.encode(shared)
            except quire.EncodeError as error:
                assert error.errors[0].code == "changed"
            else:
                fmt.decode(data)
            assert fmt.decode(fmt.encode(value)) == [{"a": 1, "b": []}]
    finally:
        stop.set()
        thread.join()


def test_lists_that_others_change(fmt):
    stop = threading.Event()
    shared = [Item(i) for i in range(50)]

    def change():
        rng = random.Random(5)
        while not stop.is_set():
            if rng.random() < 0.5:
                shared.append(Item(1, "x" * 100))
            else:
                del shared[rng.randrange(50) : rng.randrange(50)]
            if len(shared) > 300:
                shared.clear()

    threads = [threading.Thread(target=change) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2000):
            try:
                data = fmt.encode([shared, {"a": shared}])
            except quire.EncodeError as error:
                assert error.errors[0].code == "changed"
            else:
                fmt.decode(data, list[Any])
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_records_that_others_change(fmt):
    stop = threading.Event()
    shared = Item(1, "a", ["b"])

    def change():
        while not stop.is_set():
            shared.name, shared.rest = "x" * 50, {"some": ["text"]}
            shared.name, shared.rest = "é", None

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(3000):
            value = fmt.decode(fmt.encode([shared]), list[Item])[0]
            assert value.name in ("a", "x" * 50, "é") and value.rest in (["b"], {"some": ["text"]}, None)
    finally:
        stop.set()
        thread.join()


def test_a_buffer_that_others_write(fmt):
    data = fmt.encode([{"key": i, "text": "é" * 20} for i in range(50)])
    buffer = bytearray(data)
    stop = threading.Event()

    def change():
        rng = random.Random(1)
        while not stop.is_set():
            buffer[rng.randrange(len(buffer))] = rng.randrange(256)
            if rng.random() < 0.1:
                buffer[:] = data

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(2000):
            try:
                fmt.decode(buffer)
            except quire.DecodeError as error:
                assert error.errors
    finally:
        stop.set()
        thread.join()


def test_small_stacks(fmt):
    """The depth that is allowed by default fits into half a megabyte; the sanitizers' frames are many times larger."""
    before = threading.stack_size(512 * 1024 * (32 if os.environ.get("QUIRE_SANITIZED") else 1))
    try:
        deep = []
        for _ in range(990):
            deep = [deep]
        mapping = {}
        for _ in range(990):
            mapping = {"a": mapping}
        tree = {"value": 1}
        for _ in range(490):
            tree = {"value": 1, "children": [tree]}
        deep_data, mapping_data, tree_data = fmt.encode(deep), fmt.encode(mapping), fmt.encode(tree)

        def job(i):
            assert fmt.encode(fmt.decode(deep_data)) == deep_data
            assert fmt.encode(fmt.decode(mapping_data)) == mapping_data
            value = fmt.decode(tree_data, Tree)
            fmt.encode(value)
            fmt.decode(deep_data, quire.Raw)

        together(job, 2)
    finally:
        threading.stack_size(before)


def test_interrupted_by_signals(fmt):
    import signal

    class Slow(Record):
        a: int

        def __post_init__(self):
            signal.raise_signal(signal.SIGINT)

    data = fmt.encode([{"a": i} for i in range(10)])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        for _ in range(5):
            with pytest.raises(KeyboardInterrupt):
                fmt.decode(data, list[Slow])
            assert fmt.decode(data) == [{"a": i} for i in range(10)]
    finally:
        signal.signal(signal.SIGINT, before)
