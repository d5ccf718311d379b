# SPDX-License-Identifier: Apache-2.0
"""The package `msgpack` as the oracle of `quire.msgpack`'s drop-in half: what a call came to, in a form that can be compared, and
documents to try."""

import datetime as dt

import msgpack
from hypothesis import strategies as st

import quire.msgpack


def described(value):
    """A value with the types of all its parts; the two Timestamp classes and nan are each like their like."""
    kind = type(value)
    if kind in (quire.msgpack.Timestamp, msgpack.Timestamp):
        return "Timestamp", value.seconds, value.nanoseconds
    if kind in (quire.msgpack.ExtType, msgpack.ExtType):
        return "ExtType", value.code, value.data
    if kind in (list, tuple):
        return kind, [described(item) for item in value]
    if kind is dict:
        return dict, [(described(key), described(item)) for key, item in value.items()]
    return kind, repr(value)


def outcome(call, *args, **kwargs):
    """What a call came to: its value, or the exception's class and text."""
    try:
        return "value", described(call(*args, **kwargs))
    except Exception as error:  # noqa: BLE001
        if isinstance(error, quire.msgpack.ExtraData):
            return type(error), described(error.unpacked), error.extra
        return type(error), str(error)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.integers(-300, 300),
    st.floats(),
    st.text(max_size=40),
    st.binary(max_size=40),
    st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=20)),
    st.builds(msgpack.Timestamp, st.integers(-(2**63), 2**63 - 1), st.integers(0, 10**9 - 1)),
)
keys = st.one_of(st.text(max_size=8), st.sampled_from(["id", "name", "x" * 40, "é"]), st.binary(max_size=4))
any_keys = st.one_of(keys, st.integers(-5, 300), st.none(), st.booleans(), st.tuples(st.integers(0, 3), st.text(max_size=2)))
records = st.lists(st.fixed_dictionaries({"id": st.integers(0, 5), "name": st.text(max_size=3)}), max_size=4)
points = st.lists(st.floats(), min_size=1, max_size=5)
numbers = st.lists(st.one_of(st.floats(), st.integers(-(2**31), 2**32)), max_size=9)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(points, max_size=5),
        st.lists(st.one_of(points, numbers, inner), max_size=4),
        records,
        st.dictionaries(keys, inner, max_size=5),
        st.dictionaries(any_keys, inner, max_size=3),
    ),
    max_leaves=12,
)
documents = values.map(msgpack.packb)


@st.composite
def damaged(draw):
    """A document with some of its bytes changed, cut out or put in; or no document at all."""
    data = bytearray(draw(st.one_of(documents, st.binary(max_size=30), st.lists(documents, max_size=3).map(b"".join))))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        piece = draw(st.one_of(st.binary(min_size=1, max_size=2), st.integers(0x80, 0xDF).map(lambda byte: bytes([byte]))))
        data[at : at + draw(st.integers(0, 2))] = piece
    cut = draw(st.integers(0, len(data)))
    return bytes(data[:cut] if draw(st.integers(0, 4)) == 0 else data)


def is_comparable(data):
    """The package takes an extension of 2**32 - 1 bytes for one of -1."""
    return b"\xc9\xff\xff\xff\xff" not in data


def _pair(code, data):
    return code, data


def _refuse(value):
    if len(value) == 2:
        raise KeyError("two")
    return len(value)


options = st.fixed_dictionaries(
    {},
    optional={
        "raw": st.booleans(),
        "use_list": st.booleans(),
        "strict_map_key": st.booleans(),
        "timestamp": st.integers(0, 3),
        "unicode_errors": st.sampled_from([None, "strict", "ignore", "replace", "surrogateescape", "no such handler"]),
        "list_hook": st.sampled_from([None, tuple, _refuse, repr]),
        "ext_hook": st.sampled_from([_pair, _refuse]),
        "max_str_len": st.integers(-2, 20),
        "max_bin_len": st.integers(-2, 20),
        "max_array_len": st.integers(-2, 4),
        "max_map_len": st.integers(-2, 4),
        "max_ext_len": st.integers(-2, 20),
    },
)
map_hooks = st.sampled_from(
    [{}, {}, {"object_hook": repr}, {"object_hook": _refuse}, {"object_pairs_hook": tuple}, {"object_pairs_hook": _refuse}]
)
all_options = st.builds(lambda first, second: {**first, **second}, options, map_hooks)

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
