# SPDX-License-Identifier: Apache-2.0
"""Every Python program in examples/ runs by itself and prints what it says it prints, warnings being errors."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
MARK = "\n# prints:\n"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_example(path, tmp_path):
    source, mark, shown = path.read_text(encoding="utf-8").partition(MARK)
    assert mark and source.count("print(") > 0
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "utf8", str(path)], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert done.stderr == "" and done.returncode == 0
    assert done.stdout.splitlines() == [line.removeprefix("#").removeprefix(" ") for line in shown.splitlines()]


def test_there_are_examples():
    assert len(list(FOLDER.glob("*.py"))) >= 10
