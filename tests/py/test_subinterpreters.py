# SPDX-License-Identifier: Apache-2.0
"""Sub-interpreters: quire works in each, with a GIL of its own where there is one, and what one does no other sees."""

import subprocess
import sys
import textwrap

import pytest

WORK = """
    import sys
    sys.path[:] = {path!r}
    import dataclasses, enum, gc
    from typing import Any, NamedTuple, TypedDict

    import quire
    from quire import Record, field, json, msgpack

    class Kind(enum.Enum):
        A = "a"

    class Dog(Record, tag="dog"):
        age: int

    class Cat(Record, tag="cat"):
        name: str

    class Movie(TypedDict, total=False):
        title: str

    class Pair(NamedTuple):
        a: int
        b: str = "x"

    @dataclasses.dataclass
    class Data:
        a: int
        b: list[int] = dataclasses.field(default_factory=list)

    class Node(Record):
        id: int
        kind: Kind = Kind.A
        pets: list[Dog | Cat] = field(default_factory=list)
        movie: Movie | None = None
        pair: Pair | None = None
        data: Data | None = None
        rest: Any = None
        children: "list[Node]" = field(default_factory=list)

    node = Node(7, pets=[Dog(3), Cat("é")], movie={{"title": "M"}}, pair=Pair(1), data=Data(1, [2]), rest=[{{"k": [i]}} for i in range(20)])
    for turn in range({turns}):
        for fmt in (json, msgpack):
            data = fmt.encode(node)
            assert fmt.decode(data, Node) == node
            assert fmt.decode(data)["rest"] == node.rest
            rows = [{{f"k{{(i * 7) % 13}}": i, "id": [i]}} for i in range(100)]
            assert fmt.decode(fmt.encode(rows)) == rows
            for bad in (data[:-1], data[1:]):
                try:
                    fmt.decode(bad, Node)
                except quire.DecodeError as error:
                    assert error.errors[0].path
            try:
                fmt.encode({{"a": object()}})
            except quire.EncodeError as error:
                assert error.errors[0].path == "$.a"
    made = quire.RecordMeta("Made", (Record,), {{"__annotations__": {{"a": int}}}})
    assert json.decode(b'{{"a":1}}', made) == made(1)
    cycle = json.decode(b'{{"id":1,"rest":[]}}', Node)
    cycle.rest.append(cycle)
    del cycle
    gc.collect()
"""

RUN = """
    import sys, threading

    try:
        import _interpreters as interpreters  # 3.13
        create = lambda: interpreters.create("isolated")
        def run(number, code):
            failure = interpreters.run_string(number, code)
            assert failure is None, failure
    except ImportError:
        import _xxsubinterpreters as interpreters
        create = lambda: interpreters.create(isolated=False)
        run = interpreters.run_string

    code = open(sys.argv[1]).read()
"""

SCRIPTS = {
    "one after the other": """
        for _ in range(4):
            number = create()
            run(number, code)
            run(number, code)
            interpreters.destroy(number)
    """,
    "the main one too": """
        exec(code, {"__name__": "inner"})
        numbers = [create() for _ in range(3)]
        for number in numbers:
            run(number, code)
        exec(code, {"__name__": "inner"})
        for number in numbers:
            interpreters.destroy(number)
        exec(code, {"__name__": "inner"})
    """,
    "at the same time": """
        errors = []
        def job():
            try:
                number = create()
                run(number, code)
                interpreters.destroy(number)
            except BaseException as error:
                errors.append(error)
        threads = [threading.Thread(target=job) for _ in range(4)]
        for thread in threads:
            thread.start()
        exec(code, {"__name__": "inner"})
        for thread in threads:
            thread.join()
        assert not errors, errors
    """,
    "left behind": """
        for _ in range(3):
            run(create(), code)
    """,
}


def start(script, tmp_path, *, turns=5):
    work = tmp_path / "work.py"
    work.write_text(textwrap.dedent(WORK).format(path=sys.path, turns=turns))
    program = textwrap.dedent(RUN) + textwrap.dedent(script) + '\nprint("done")\n'
    return subprocess.run([sys.executable, "-c", program, str(work)], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("name", SCRIPTS)
def test_sub_interpreters(tmp_path, name):
    run = start(SCRIPTS[name], tmp_path)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]


if sys.version_info >= (3, 13):

    def test_a_gil_of_its_own(tmp_path):
        script = """
            config = interpreters.new_config("isolated")
            assert config.gil == "own" and config.check_multi_interp_extensions
            number = interpreters.create(config)
            run(number, code)
            interpreters.destroy(number)
        """
        run = start(script, tmp_path)
        assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]


def test_the_module_says_that_it_may(tmp_path):
    """A module without multi-phase initialisation, or one that forbids it, could not be imported twice."""
    script = """
        import quire._core, importlib.util
        spec = importlib.util.find_spec("quire._core")
        for _ in range(3):
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            assert module is not quire._core and module.Record is not quire.Record
            del module
        import gc
        gc.collect()
        assert quire.json.decode(b"[1]") == [1]
    """
    run = start(script.replace("import quire._core", "import quire.json, quire._core", 1), tmp_path)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]


def test_threads_of_an_interpreter_that_ends(tmp_path):
    """Daemon threads that decode while the interpreter goes down do no harm."""
    script = """
        import quire.json
        data = quire.json.encode([{"a": [i]} for i in range(1000)])
        def forever():
            while True:
                quire.json.decode(data)
        for _ in range(3):
            threading.Thread(target=forever, daemon=True).start()
    """
    run = start(script, tmp_path)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]
