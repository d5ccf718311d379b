# SPDX-License-Identifier: Apache-2.0
"""Memory that fails, in a process of its own: a script that fails it is run by `run_alone` and imports `attempt` and `sweep` from here."""

import subprocess
import sys
import textwrap
from pathlib import Path


def run_alone(script, *arguments, timeout=600):
    """The finished process of an indented script that can import from this folder."""
    here = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    command = [sys.executable, "-c", here + textwrap.dedent(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def attempt(job, first, last):
    """What the job raises when its allocations from `first` up to `last` fail, or None."""
    import _testcapi

    _testcapi.set_nomemory(first, last)
    try:
        job()
    except BaseException as error:
        _testcapi.remove_mem_hooks()
        return error
    _testcapi.remove_mem_hooks()
    return None


def sweep(name, job, together, *, most, runs_python):
    """Fails each allocation in turn (`together` from there on), until 25 times none was left to fail: MemoryError, or what the job
    raises anyway, and at the end it does that still."""
    expected = type(attempt(job, 1 << 30, 0))
    quiet = failures = n = 0
    while quiet < 25 and n < most:
        error = attempt(job, n, n + together)
        # 3.11 has no exception set when there is no memory for the frame of a function.
        odd = runs_python and isinstance(error, SystemError) and "without" in str(error)
        assert odd or isinstance(error, MemoryError) or type(error) is expected, (name, n, together, repr(error))
        failures += isinstance(error, MemoryError)
        quiet = 0 if isinstance(error, MemoryError) else quiet + 1
        n += 1
        del error
    assert failures or together == 1, name
    assert type(attempt(job, 1 << 30, 0)) is expected, name
