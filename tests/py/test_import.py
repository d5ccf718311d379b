# SPDX-License-Identifier: Apache-2.0
"""What importing quire loads: the engine and next to nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import quire
import quire._core

HEAVY = {"typing", "re", "json", "enum", "datetime", "dataclasses", "collections", "decimal", "uuid", "functools", "inspect"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The package by itself, however it is installed here."""
    root = tmp_path_factory.mktemp("alone")
    shutil.copytree(Path(quire.__file__).parent, root / "quire", ignore=shutil.ignore_patterns("__pycache__", "_core.*"))
    shutil.copy(quire._core.__file__, root / "quire")
    return root


def loaded_by(folder, statement):
    before = f"import sys; sys.path.insert(0, {str(folder)!r}); before = set(sys.modules)"
    code = f"{before}\n{statement}\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["quire", "quire.json", "quire.msgpack", "quire.pickle", "quire.marshal"])
def test_import_loads_nothing_heavy(folder, module):
    loaded = loaded_by(folder, f"import {module}")
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("quire.")} <= {"quire._core", module}


def test_json_in_place_of_the_standard_one_loads_it_only_when_needed(folder):
    plain = "import quire.json as json\nassert json.loads(json.dumps({'a': [1, '\u20ac']}), strict=False) == {'a': [1, '\u20ac']}"
    assert not loaded_by(folder, plain) & HEAVY
    assert "json" in loaded_by(folder, "import quire.json as json\ntry: json.loads('[')\nexcept json.JSONDecodeError: pass")


def test_declaring_a_record_loads_nothing_heavy(folder):
    loaded = loaded_by(folder, "import quire\nclass User(quire.Record):\n    id: int\n    name: str = ''")
    assert not loaded & HEAVY
    assert not any(name.startswith("quire._types") for name in loaded)


def test_reading_annotations_is_loaded_when_needed(folder):
    record = "class User(quire.Record):\n    id: int\n    tags: list[str] | None = None"
    loaded = loaded_by(folder, f"import quire\n{record}\nfrom quire._types import describe\ndescribe(User)")
    assert "quire._types" in loaded
    assert not loaded & {"dataclasses", "inspect", "datetime", "decimal", "uuid", "json", "attr"}


@pytest.mark.parametrize("name", ["errors", "json", "limits", "msgpack", "Limits", "ValidationError", "formats"])
def test_names_that_are_loaded_when_used(folder, name):
    loaded_by(folder, f"import quire\nassert quire.{name}\nfrom quire import {name}")
