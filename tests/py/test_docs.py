# SPDX-License-Identifier: Apache-2.0
"""Every example in the documentation runs, and shows what it says it shows."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = load("run_doc_examples")


@pytest.mark.parametrize("page", examples.pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page):
    assert page.exists()
    _, failed = examples.run_page(page)
    assert not failed, "\n".join(failed)


def test_there_are_examples():
    assert sum(examples.run_page(page)[0] for page in examples.pages()) > 15


def test_a_wrong_example_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\n1 + 1  # -> 3\n```\n\n```python\n# raises KeyError\n{}.get(1)\n```\n\n```python\n1 / 0\n```\n")
    count, failed = examples.run_page(page)
    assert count == len(failed) == 3


def test_generated_pages_are_current():
    assert load("generate_docs").main(True) == 0
