# SPDX-License-Identifier: Apache-2.0
"""unpackb and unpack as the package msgpack has them, which is the oracle."""

import array
import gc
import io

import msgpack
import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st
from msgpack_oracle import all_options, damaged, described, documents, is_comparable, outcome, values

import quire.msgpack as q

no_deadline = settings(max_examples=120)


@no_deadline
@given(values, st.booleans())
def test_values_come_back(value, as_list):
    data = msgpack.packb(value)
    kwargs = {"strict_map_key": False, "use_list": as_list}
    assert outcome(q.unpackb, data, **kwargs) == outcome(msgpack.unpackb, data, **kwargs)


@no_deadline
@given(damaged(), all_options)
def test_any_bytes_with_any_keywords(data, kwargs):
    if is_comparable(data):
        assert outcome(q.unpackb, data, **kwargs) == outcome(msgpack.unpackb, data, **kwargs)


@no_deadline
@given(damaged())
def test_any_bytes(data):
    if is_comparable(data):
        assert outcome(q.unpackb, data) == outcome(msgpack.unpackb, data)
        assert outcome(q.unpackb, data, strict_map_key=False) == outcome(msgpack.unpackb, data, strict_map_key=False)


@pytest.mark.parametrize("first", range(256))
def test_every_first_byte(first):
    for rest in (b"", b"\x00", b"\x01" * 3, b"\xff" * 4, b"\x00\x00\x00\x02ab\x01\x02\x03", b"a" * 40):
        data = bytes([first]) + rest
        if is_comparable(data):
            for kwargs in ({}, {"strict_map_key": False}, {"raw": True}, {"timestamp": 1}, {"timestamp": 3}):
                assert outcome(q.unpackb, data, **kwargs) == outcome(msgpack.unpackb, data, **kwargs), (data, kwargs)


BAD_CALLS = [
    ((), {}),
    ((b"\x01", b"\x02"), {}),
    ((b"\x01",), {"encoding": "utf-8"}),
    (("text",), {}),
    ((1,), {}),
    ((None,), {}),
    ((array.array("i", [1]),), {}),
    ((b"\x01",), {"object_hook": dict, "object_pairs_hook": dict}),
    *(((b"\x01",), {name: 1}) for name in ("object_hook", "object_pairs_hook", "list_hook", "ext_hook", "unicode_errors")),
    ((b"\x01",), {"timestamp": 4}),
    ((b"\x01",), {"timestamp": -1}),
    ((b"\x01",), {"timestamp": "a"}),
    ((b"\x01",), {"timestamp": 2**40}),
    ((b"\x01",), {"max_str_len": "a"}),
    ((b"\xa1\xff",), {"unicode_errors": "no such handler"}),
    ((b"\xa1\xff",), {"unicode_errors": "\u1234"}),
]


@pytest.mark.parametrize(("args", "kwargs"), BAD_CALLS)
def test_calls_that_are_refused(args, kwargs):
    assert outcome(q.unpackb, *args, **kwargs) == outcome(msgpack.unpackb, *args, **kwargs)


@pytest.mark.parametrize(
    "wrap", [bytes, bytearray, memoryview, lambda b: memoryview(bytearray(b)), lambda b: array.array("b", b)]
)
def test_input_is_any_buffer_of_bytes(wrap):
    data = msgpack.packb({"a": [1, b"x", "é"]})
    assert q.unpackb(wrap(data)) == {"a": [1, b"x", "é"]}
    assert q.unpackb(packed=wrap(data)) == {"a": [1, b"x", "é"]}


def test_input_with_gaps():
    assert q.unpackb(memoryview(b"\x92\xc1\x01\xc1\x02\xc1")[::2]) == [1, 2]
    with pytest.raises(q.ExtraData) as caught:
        q.unpackb(memoryview(b"\x01\xc1\x02\xc1")[::2])
    assert (caught.value.unpacked, caught.value.extra) == (1, b"\x02")


def test_input_that_changes_while_hooks_run():
    data = bytearray(msgpack.packb([[1], [2], ["three"]]))

    def hook(items):
        data[:] = b"\xc1" * len(data)
        return items

    assert q.unpackb(data, list_hook=hook) == [[1], [2], ["three"]]


def nested(depth, unit=b"\x91", end=b"\x90"):
    return unit * (depth - 1) + end


@pytest.mark.parametrize(("unit", "end"), [(b"\x91", b"\x90"), (b"\x81\xa1a", b"\x80"), (b"\xdc\x00\x01", b"\x90")])
def test_depth(unit, end):
    assert outcome(lambda: len(q.unpackb(nested(1024, unit, end)))) == ("value", (int, "1"))
    for depth in (1025, 5000, 200_000):
        data = nested(depth, unit, end)
        for module in (q, msgpack):
            with pytest.raises(q.StackError) as caught:
                module.unpackb(data)
            assert str(caught.value) == ""


def test_declared_lengths_allocate_nothing():
    for data in (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff"):
        with pytest.raises(ValueError):
            q.unpackb(data)
        with pytest.raises(ValueError, match="incomplete"):
            q.unpackb(data, max_array_len=2**33, max_map_len=2**33)
    with pytest.raises(ValueError, match="incomplete"):
        q.unpackb(b"\xc9\xff\xff\xff\xff\x01")


@pytest.mark.parametrize("mode", range(4))
@pytest.mark.parametrize("nanoseconds", [0, 1, 999, 1000, 999_999_999])
def test_timestamps(mode, nanoseconds):
    for seconds in (
        0,
        1,
        -1,
        2**32,
        2**34 - 1,
        2**34,
        -(2**63),
        2**63 - 1,
        253402300799,
        253402300800,
        -62135596800,
        -62135596801,
    ):
        data = msgpack.packb(msgpack.Timestamp(seconds, nanoseconds))
        assert outcome(q.unpackb, data, timestamp=mode) == outcome(msgpack.unpackb, data, timestamp=mode), seconds


def test_an_extension_without_a_hook():
    for module in (q, msgpack):
        unpacker = module.Unpacker(ext_hook=None)
        unpacker.feed(b"\xd4\x05a")
        with pytest.raises(AssertionError, match="ext_hook cannot be NULL"):
            unpacker.unpack()
    with pytest.raises(AssertionError):
        q.unpackb(b"\xd4\x05a", ext_hook=None)


def test_the_default_hook_may_be_given():
    assert q.unpackb(b"\xd4\x05a", ext_hook=q.ExtType) == q.ExtType(5, b"a")
    assert type(q.unpackb(b"\xd4\x05a", ext_hook=q.ExtType)) is q.ExtType
    assert type(q.unpackb(b"\xd4\x05a", ext_hook=msgpack.ExtType)) is msgpack.ExtType


def test_keys_that_come_twice():
    data = b"\x83\xa1a\x01\xa1b\x02\xa1a\x03"
    bytes_keys = b"\x86\xc4\x01a\x01\xa2bb\x02\xa1a\x90\xa0\x04\xa2bb\x05\xc4\x02bb\x06"
    many = b"\xde\x00\xff" + b"".join(b"\xa3k%02d\xcc%c" % (i % 100, i) for i in range(255))
    for document in (data, bytes_keys, many):
        for kwargs in ({}, {"raw": True}, {"raw": True, "use_list": False}, {"object_pairs_hook": list}):
            assert outcome(q.unpackb, document, **kwargs) == outcome(msgpack.unpackb, document, **kwargs)


class Key:
    """Is what Python code makes of it."""

    log: list[str] = []

    def __init__(self, code, data):
        self.code = code

    def __hash__(self):
        self.log.append("hash")
        if self.code == 1:
            raise KeyError("no hash")
        return 7

    def __eq__(self, other):
        self.log.append("eq")
        if self.code == 2:
            raise ZeroDivisionError("no comparison")
        return self is other


@pytest.mark.parametrize("code", [0, 1, 2])
def test_keys_with_methods_of_their_own(code):
    data = b"\x82" + (b"\xd4" + bytes([code]) + b"a\x01") * 2
    for kwargs in ({"strict_map_key": False}, {}):
        expected = outcome(lambda: len(msgpack.unpackb(data, ext_hook=Key, **kwargs)))  # noqa: B023
        assert outcome(lambda: len(q.unpackb(data, ext_hook=Key, **kwargs))) == expected  # noqa: B023
    assert len(q.unpackb(data, ext_hook=Key, object_pairs_hook=list, strict_map_key=False)) == 2


def test_containers_as_keys():
    for data in (
        b"\x81\x91\x01\x02",
        b"\x81\x80\x02",
        b"\x82\x91\xa1a\x02\xa1b\x81\xa1c\x01",
        b"\x81\x91\x90\x02",
        b"\x81\x91\xc1\x02",
    ):
        for kwargs in (
            {},
            {"use_list": False},
            {"use_list": False, "object_hook": repr},
            {"list_hook": repr},
            {"object_pairs_hook": tuple},
        ):
            for strict in (True, False):
                calls = (outcome(module.unpackb, data, strict_map_key=strict, **kwargs) for module in (q, msgpack))
                assert len({repr(call) for call in calls}) == 1, (data, kwargs, strict)


def test_a_hook_may_unpack():
    data = msgpack.packb([{"a": 1, "b": [2]}] * 5)
    inner = msgpack.packb([{"a": 3, "b": [4]}] * 5)

    def hook(value):
        assert q.unpackb(inner) == [{"a": 3, "b": [4]}] * 5
        return value

    for _ in range(5):
        assert q.unpackb(data, object_hook=hook, list_hook=hook) == [{"a": 1, "b": [2]}] * 5


def test_hooks_are_called_from_the_inside_out():
    seen = []
    data = msgpack.packb({"a": [1, {"b": []}], "c": {}})
    q.unpackb(data, object_hook=lambda value: seen.append(value) or value, list_hook=lambda value: seen.append(value) or value)
    assert seen == [[], {"b": []}, [1, {"b": []}], {}, {"a": [1, {"b": []}], "c": {}}]


def test_hooks_run_with_the_collector_on():
    states = []
    q.unpackb(
        b"\x91\x81\xa1a\xd4\x05a",
        object_hook=lambda _: states.append(gc.isenabled()),
        ext_hook=lambda *_: states.append(gc.isenabled()),
    )
    assert states == [True, True] and gc.isenabled()


def test_unpack_reads_a_whole_file():
    data = msgpack.packb([1, "two"])
    assert q.unpack(io.BytesIO(data)) == q.load(io.BytesIO(data)) == q.loads(data) == [1, "two"]
    assert outcome(q.unpack, io.BytesIO(data + b"x")) == outcome(msgpack.unpack, io.BytesIO(data + b"x"))
    assert q.unpack(io.BytesIO(data), use_list=False) == (1, "two")


@given(documents)
@settings(max_examples=50)
def test_long_and_short_forms_are_the_same(data):
    kwargs = {"strict_map_key": False, "use_list": False}
    value = described(msgpack.unpackb(data, **kwargs))
    assert described(q.unpackb(b"\xdd\x00\x00\x00\x01" + data, **kwargs)[0]) == value
    assert described(q.unpackb(b"\xdf\x00\x00\x00\x01\xdb\x00\x00\x00\x01k" + data, **kwargs)["k"]) == value


POINT = [1.5, -2.25]
NUMBERS = {
    "points": [POINT] * 6,
    "points of all sizes": [[1.5] * n for n in (1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 2)],
    "points and others": [
        POINT,
        POINT,
        POINT,
        [1.5, None],
        POINT,
        POINT,
        POINT,
        [1, 2.5],
        POINT,
        POINT,
        None,
        POINT,
        [POINT],
        POINT,
    ],
    "numbers": [1.5, 2.5, 1, -1, 200, -100, 40_000, -20_000, 2**31, -(2**31), 2**40, 2**63, 2.5, 3.5],
    "numbers and others": [1.5, 2.5, 3.5, "x", 4.5, 5.5, 6.5, [7.5], 8.5, 9.5, 1, 2, 3, {"k": POINT}, 4, 5, 6, 7, None],
    "many": [i / 7 for i in range(1200)],
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "kwargs", [{}, {"use_list": False}, {"list_hook": len}, *({"max_array_len": n} for n in (0, 1, 2, 3, 4, 5, 1200))], ids=str
)
def test_arrays_of_numbers(name, kwargs):
    data = msgpack.packb(NUMBERS[name])
    assert outcome(q.unpackb, data, **kwargs) == outcome(msgpack.unpackb, data, **kwargs)
    for end in range(0, len(data), 1 + len(data) // 200):
        assert outcome(q.unpackb, data[:end], **kwargs) == outcome(msgpack.unpackb, data[:end], **kwargs)
    for size in (1, 2, 7, 19, 100):
        assert outcome(fed, q.Unpacker, data, size, kwargs) == outcome(fed, msgpack.Unpacker, data, size, kwargs)


def fed(unpacker, data, size, kwargs):
    unpacker = unpacker(**kwargs)
    found = []
    for i in range(0, len(data), size):
        unpacker.feed(data[i : i + size])
        found.extend(unpacker)
    return found


def test_lists_of_numbers_are_ordinary_lists():
    made = q.unpackb(msgpack.packb(NUMBERS["points of all sizes"]))
    for i, point in enumerate(made):
        point.extend([i] * 20)
        point.insert(0, point.pop())
        del point[2:]
        assert point == ([i, 1.5] if 0 < i < 9 or i == 10 else [i, i] if i else [0, 1.5])
        assert gc.is_tracked(point)
    numbers = q.unpackb(msgpack.packb([0.5] * 150))
    assert len({id(number) for number in numbers}) == 150 and all(type(number) is float for number in numbers)


RAW = {
    "records": [{"id": i, "name": "é" * i, "on": None, "inner": {"a": [1.5, "x"], "long key " * 4: 1}} for i in range(9)],
    "optional keys": [{key: 1 for i, key in enumerate(("a", "bb", "ccc", "d" * 40)) if n & 1 << i} for n in range(16)] * 2,
    "both kinds of keys": [{"id": 1, b"id": 2, b"other": 3}, {b"id": 1, "other": 2}, {b"other": 1, "id": b"x"}] * 4,
    "tables": [{f"key {i} {j}": {"k": i} for j in range(40)} for i in range(8)],
    "more than templates share": [{f"k{i}": i for i in range(n)} for n in (30, 31, 60, 201)] * 4,
    "odd keys": [{"a": 1, 2: {"b": 3}, None: 4, True: 5, 1.5: 6}] * 5,
    "text": ["", "x", "ab", "c" * 31, "d" * 32, "e" * 255, "f" * 256, "g" * 65536, b"", b"h", b"i" * 300],
}


@pytest.mark.parametrize("name", RAW)
def test_raw(name):
    data = msgpack.packb(RAW[name], use_bin_type=True) + msgpack.packb({b"\xff\xfe": b"\x80", "id": 1}, use_bin_type=False)
    for kwargs in ({"strict_map_key": False}, {}, {"strict_map_key": False, "max_str_len": 8}, {"object_pairs_hook": tuple}):
        for _ in range(2):
            for size in (3, 100, len(data)):
                mine, theirs = (outcome(fed, module.Unpacker, data, size, {"raw": True, **kwargs}) for module in (q, msgpack))
                assert mine == theirs
    for end in range(0, min(len(data), 400)):
        assert outcome(q.unpackb, data[:end], raw=True) == outcome(msgpack.unpackb, data[:end], raw=True)
    text, theirs = (outcome(module.unpackb, msgpack.packb(RAW[name]), strict_map_key=False) for module in (q, msgpack))
    assert text == theirs


@pytest.mark.parametrize("n", [1, 2, 5, 6, 10, 11, 30, 31, 85, 86, 200, 201])
def test_dicts_of_bytes_keys_are_ordinary_dicts(n):
    plain = {b"k%d" % i: i for i in range(n)}
    data = msgpack.packb([plain] * 6, use_bin_type=False)
    changes = [
        lambda d: d.update({b"new": 1}),
        lambda d: d.update({f"n{i}": i for i in range(50)}),
        lambda d: d.pop(b"k0"),
        lambda d: [d.pop(key) for key in list(d)],
        lambda d: d.update(dict.fromkeys(d, None)),
        lambda d: d.popitem(),
        lambda d: d.clear(),
        lambda d: d.setdefault(None, d.copy()),
    ]
    for change in changes:
        made, model = q.unpackb(data, raw=True), dict(plain)
        assert made == [plain] * 6 and all(map(type(plain).__eq__, made, [plain] * 6)) and b"no such key" not in made[-1]
        change(made[-1])
        change(model)
        assert list(made[-1].items()) == list(model.items()) and all(made[-1][key] == model[key] for key in model)
        assert made[:-1] == [plain] * 5
        assert made[-1] | {b"more": 1} == model | {b"more": 1}
    inner = q.unpackb(msgpack.packb([{"a": [], "b": 1}] * 6), raw=True)
    assert all(map(gc.is_tracked, inner)) and not any(gc.is_tracked(row) for row in made[:-1])


def test_dicts_of_many_shapes():
    rows = [{f"k{j}": j for j in range(i % 60)} for i in range(300)] + [{i: i for i in range(300)}]
    data = msgpack.packb(rows)
    for _ in range(4):
        assert described(q.unpackb(data, strict_map_key=False)) == described(rows)


def test_leaks():
    good = msgpack.packb([{"a": [1, 2.5, "x" * 50], "b": msgpack.ExtType(5, b"a"), "c": msgpack.Timestamp(1, 2), "é": b"x"}] * 3)
    bad = [
        good[:-1],
        b"\x92\x01\xc1",
        b"\x81\x01\x02",
        b"\x92\x90\xa1\xff",
        b"\x91" * 2000,
        b"\x01\x02",
        b"\x81\x90\x01",
        good + b"x",
    ]

    def fail(value):
        raise KeyError(value)

    def work():
        for kwargs in (
            {},
            {"raw": True},
            {"use_list": False},
            {"timestamp": 3},
            {"object_pairs_hook": list},
            {"object_hook": len},
        ):
            q.unpackb(good, **kwargs)
        for hook in ("object_hook", "list_hook", "object_pairs_hook"):
            with pytest.raises(KeyError):
                q.unpackb(good, **{hook: fail})
        with pytest.raises(KeyError):
            q.unpackb(good, ext_hook=lambda code, data: fail(data))
        for data in bad:
            with pytest.raises((ValueError, TypeError)):
                q.unpackb(data, strict_map_key=data != b"\x81\x90\x01")

    leaves_nothing(work)
