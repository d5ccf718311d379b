# SPDX-License-Identifier: Apache-2.0
"""Packages that derive from pickle.Pickler, derived from ours: they write what they wrote."""

import importlib
import io
import multiprocessing.reduction
import pickle
import sys
from contextlib import contextmanager

import pytest

import quire.pickle as ours


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


DATA = [Point(1, [2]), {"a": (1, "b", 2.5)}, [Point(3, 4)] * 2, {1, 2}, b"bytes"]


@contextmanager
def imported_with_ours(package, *replaced):
    """The package, imported anew while `pickle` (and what else is named) is ours."""
    for name in ours.__all__:
        getattr(ours, name)
    mine = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    kept = {name: sys.modules.pop(name) for name in mine}
    theirs = {name: importlib.import_module(name) for name in ("pickle", "_pickle", *replaced)}
    sys.modules.update(dict.fromkeys(("pickle", "_pickle"), ours))
    try:
        yield importlib.import_module(package)
    finally:
        for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
            del sys.modules[name]
        sys.modules.update(theirs)
        sys.modules.update(kept)


def reduce_point(point):
    return dict, (), None, None, iter([("x", point.x)])


def make_function(n):
    def add(x, *, y=n):
        return x + y + n

    return add


@pytest.mark.parametrize("protocol", range(2, 6))
def test_cloudpickle(protocol):
    standard = pytest.importorskip("cloudpickle")
    with imported_with_ours("cloudpickle") as package:
        assert issubclass(package.Pickler, ours.Pickler)
        assert package.dumps(DATA, protocol) == standard.dumps(DATA, protocol)
        local = type("Local", (), {"method": lambda self: 5})
        for value in (make_function(5), lambda: 3, local):
            back = pickle.loads(package.dumps(value, protocol))
            assert back.__name__ == value.__name__
        assert pickle.loads(package.dumps(make_function(5), protocol))(1) == 11
        assert pickle.loads(package.dumps(local(), protocol)).method() == 5


def test_dill():
    """Its Pickler is made of the one in Python, which `quire.pickle` has from the standard library."""
    standard = pytest.importorskip("dill")
    with imported_with_ours("dill") as package:
        assert package.Pickler.__mro__[1] is ours._Pickler
        assert package.dumps([1, "a", (2.5, b"b")]) == standard.dumps([1, "a", (2.5, b"b")])
        assert package.loads(package.dumps(make_function(5)))(1) == 11


def test_joblib():
    pytest.importorskip("joblib")
    import joblib.pool as standard

    reducers = {Point: reduce_point}
    with imported_with_ours("joblib"):
        package = importlib.import_module("joblib.pool")
        assert issubclass(package.CustomizablePickler, ours.Pickler)
        written = []
        for module in (package, standard):
            file = io.BytesIO()
            module.CustomizablePickler(file, reducers).dump(DATA)
            written.append(file.getvalue())
    assert written[0] == written[1]
    assert pickle.loads(written[0])[0] == {"x": 1}


def test_forking_pickler():
    standard = multiprocessing.reduction.ForkingPickler
    with imported_with_ours("multiprocessing.reduction") as module:
        assert issubclass(module.ForkingPickler, ours.Pickler)
        for value in (DATA, [Point(1, 2).__eq__], str.join, [].append):
            assert bytes(module.ForkingPickler.dumps(value)) == bytes(standard.dumps(value))
        module.ForkingPickler.register(Point, reduce_point)
        assert pickle.loads(module.ForkingPickler.dumps(Point(1, 2))) == {"x": 1}
