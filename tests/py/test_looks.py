# SPDX-License-Identifier: Apache-2.0
"""What is only looked at stays as it was: a str keeps no UTF-8 of itself, methods get the arguments that they are given."""

import datetime as dt
import enum
import pickle
import sys
from collections import deque
from typing import Any

import pytest

import quire
import quire.pickle


class Cat(quire.Record, tag="kät"):
    näme: str = ""


class Dog(quire.Record, tag="dog", unknown="keep"):
    lives: int = 0


class Kind(enum.Enum):
    A = "ä"


def text(value):
    """A str of its own, that nobody has looked at."""
    return "".join(list(value))


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (lambda s: {s("näme"): 1, s("größe"): 2}, Any),
        (lambda s: {s("日本"): {s("näme"): 1}}, dict[str, dict[str, int]]),
        (lambda s: [{s("näme"): s("ä")}, {s("größe"): s("ö")}], list[Any]),
        (lambda s: [s("größe")], list[str | dt.date]),
        (lambda s: [s("größe")], list[str | Kind]),
        (lambda s: {s("größe"): s("größe")}, dict[str | dt.date, str | dt.date]),
        (lambda s: {s("größe"): 1}, Cat | dict[str, int]),
    ],
)
def test_a_str_keeps_no_utf8(fmt, value, type_):
    texts = []

    def make(word):
        texts.append(text(word))
        return texts[-1]

    for encode in (fmt.encode, fmt.Encoder(type_).encode):
        texts.clear()
        made = value(make)
        sizes = [sys.getsizeof(word) for word in texts]
        for _ in range(3):
            assert fmt.decode(encode(made), Any) == made
        assert [sys.getsizeof(word) for word in texts] == sizes


def test_a_key_that_is_read_keeps_no_utf8(fmt):
    document = fmt.encode([{"größe": 1, "日本": 2}] * 9)
    for _ in range(3):
        for read in (fmt.decode(document), fmt.decode(document, list[dict[str, int]])):
            assert [sys.getsizeof(key) for each in read for key in each] == [
                sys.getsizeof(text(key)) for each in read for key in each
            ]


def test_tuples_in_a_deque_of_a_pickle():
    value = deque([(1, 2), (3,), (), "x", [4]])
    assert quire.pickle.decode(pickle.dumps(value), deque[Any]) == value
    pairs = deque([(1, 2), (3, 4)])
    for protocol in range(6):
        assert quire.pickle.decode(pickle.dumps(pairs, protocol), deque[tuple[int, int]]) == pairs
        assert quire.pickle.decode(pickle.dumps(deque([(1,)]), protocol), deque[tuple[int, ...]]) == deque([(1,)])


def test_issubclass_is_asked_of_type():
    class Claims:
        __bases__ = (Cat,)

    assert issubclass(Cat, quire.Record)
    assert not issubclass(int, Cat)
    with pytest.raises(TypeError):
        issubclass(1, Cat)
    assert issubclass(Claims(), Cat)
