# SPDX-License-Identifier: Apache-2.0
"""Run CPython's own tests of a module against quire's drop-in for it: tests/foreign/run.py [suite ...]

The suites are those of the running interpreter (`test.test_json`); nothing of them is copied. While a suite is imported, the
modules that it tests stand for ours in `sys.modules`, and what makes fresh copies of them gives ours. Programs that it starts
(`python -m json.tool`) are started as ours.

A suite that is missing fails, and so does one in which less was run than it should hold, or in which a test that is listed
as excluded is no longer there. What may be excluded is said with each.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import unittest
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock


@dataclass(frozen=True)
class Suite:
    """One suite of CPython: what it is called, what stands for what in it, what is left out and why."""

    name: str
    modules: dict[str, str]  # the module that it tests -> ours
    at_least: int  # tests that the smallest of its versions holds
    programs: dict[str, str] = field(default_factory=dict)  # python -m of it -> ours
    excluded: dict[str, str] = field(default_factory=dict)  # end of a test's id, or name of its class (a * for the rest) -> why
    sources: dict[str, str] = field(default_factory=dict)  # what stands in python -c -> what is to stand there
    parts: tuple[str, ...] = ()  # modules that hold parts of it


_PICKLE = {"pickle": "quire.pickle", "_pickle": "quire.pickle"}
_OTHERS = {  # what is not the C pickler, or looks into it
    "SizeofTests": "sizes of the interpreter's own objects",
    "CompatPickleTests": "the tables of _compat_pickle",
    "Py*": "the pickler in Python",
}
if sys.version_info >= (3, 12):
    _OTHERS["HeapTypesTests"] = "types of the module _pickle"

SUITES = (
    Suite(
        "test.test_json",
        modules={f"json{part}": f"quire.json{part}" for part in ("", ".decoder", ".encoder", ".scanner", ".tool")},
        programs={"json.tool": "quire.json.tool"},
        at_least=150,
        excluded={
            "TestPyTest.test_pyjson": "asks for modules by name: json.scanner, json.decoder, json.encoder",
            "TestCTest.test_cjson": "asks for modules by name: _json",
        },
    ),
    Suite(
        "test.test_marshal",
        modules={"marshal": "quire.marshal"},
        sources={"import marshal": "import quire.marshal as marshal"},
        at_least=58,
        excluded={"CAPI_TestCase": "C functions of the interpreter"},
    ),
    Suite("test.test_pickle", modules=_PICKLE, at_least=550, parts=("test.pickletester",), excluded=_OTHERS),
    Suite("test.test_pickletools", modules=_PICKLE, at_least=130, parts=("test.pickletester",)),
    Suite("test.test_copyreg", modules=_PICKLE, at_least=6, parts=("test.pickletester",)),
    Suite("test.test_picklebuffer", modules=_PICKLE, at_least=9),
)


@contextmanager
def imports_swapped(suite: Suite):
    """While the suite is imported, imports and fresh imports give ours. Not while it runs: ours import what they stand for."""
    from test.support import import_helper

    ours = {name: importlib.import_module(other) for name, other in suite.modules.items()}
    theirs = {name: importlib.import_module(name) for name in suite.modules}  # the ones that ours are built on stay what they are
    for module in ours.values():  # what comes in when somebody asks for it comes in now
        for name in getattr(module, "__all__", ()):
            getattr(module, name)
    fresh = import_helper.import_fresh_module

    def import_fresh_module(name, *args, **kwargs):
        return ours[name] if name in ours else fresh(name, *args, **kwargs)

    sys.modules.update(ours)
    try:
        with mock.patch.object(import_helper, "import_fresh_module", import_fresh_module):
            yield
    finally:  # what else was imported stays: it is what the suite's objects are looked up in
        sys.modules.update(theirs)


def programs_swapped(suite: Suite):
    """Programs that the suite starts are ours."""

    class Popen(subprocess.Popen):
        def __init__(self, args, *rest, **kwargs):
            if not isinstance(args, str | bytes):
                args = [suite.programs.get(arg, arg) for arg in args]
                for theirs, ours in suite.sources.items():
                    args = [arg.replace(theirs, ours) if isinstance(arg, str) else arg for arg in args]
            super().__init__(args, *rest, **kwargs)

    return mock.patch.object(subprocess, "Popen", Popen)


def tests_of(suite: unittest.TestSuite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def is_excluded(name: str, end: str) -> bool:
    """Is the test, or its class, the one that is called so ("Py*": begins with it)?"""
    return f".{end[:-1]}" in name if end.endswith("*") else f".{end}." in f"{name}."


def run(suite: Suite) -> bool:
    try:
        importlib.import_module(suite.name)
    except ImportError as error:
        print(f"{suite.name}: this interpreter has no tests of its own ({error}); Debian: libpython3.x-testsuite")
        return False
    own = (suite.name, *suite.parts)
    for name in [name for name in sys.modules if name in own or name.startswith(f"{suite.name}.")]:
        del sys.modules[name]
    with imports_swapped(suite):
        found = list(tests_of(unittest.defaultTestLoader.loadTestsFromName(suite.name)))
    left_out = {end: [test for test in found if is_excluded(test.id(), end)] for end in suite.excluded}
    chosen = [test for test in found if not any(test in tests for tests in left_out.values())]
    with programs_swapped(suite):
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0, buffer=True).run(unittest.TestSuite(chosen))
    excluded = sum(len(tests) for tests in left_out.values())
    gone = [end for end, tests in left_out.items() if not tests]
    for end, why in suite.excluded.items():
        print(f"{suite.name}: excluded {end}: {why}")
    for end in gone:
        print(f"{suite.name}: there is no {end} to exclude")
    version = re.match(r"[\w.]+", sys.version)[0]
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(
        f"{suite.name} of Python {version} against quire: {result.testsRun} run, {bad} failed, "
        f"{len(result.skipped)} skipped by itself, {excluded} excluded"
    )
    if result.testsRun < suite.at_least:
        print(f"{suite.name}: {suite.at_least} tests or more were expected")
    return bad == 0 and not gone and result.testsRun >= suite.at_least


def main(names: list[str]) -> int:
    suites = [suite for suite in SUITES if not names or suite.name in names or suite.name.removeprefix("test.") in names]
    if not suites:
        print(f"no such suite; there are {', '.join(suite.name for suite in SUITES)}")
        return 2
    failed = [suite.name for suite in suites if not run(suite)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
