# SPDX-License-Identifier: Apache-2.0
"""quire.marshal in place of marshal: the same calls, the same bytes."""

from __future__ import annotations

import marshal
from typing import Any

from bench import graphs, targets, tasks
from bench.contenders import need
from bench.graphs import CODE, PLAIN, Sample
from bench.result import Result, Settings, timed

TITLE = "quire.marshal in place of marshal"
MODULES = {"quire": "quire.marshal", "marshal": "marshal"}


def subjects() -> list[Sample]:
    return graphs.samples(PLAIN, CODE)


def takes(sample: Sample) -> bool:
    return True


def run(sample: Sample, settings: Settings):
    value = sample.make()
    data = marshal.dumps(value)
    calls: dict[str, tuple[str, Any, Any]] = {
        "dumps": ("dumps", value, marshal.loads),
        "loads": ("loads", data, lambda result: result),
    }
    for task, (function, argument, check) in calls.items():
        must, goal = targets.MARSHAL[sample.shape, task]
        field = tasks.Field(differs=graphs.differs)
        for name, module in MODULES.items():
            field.admit(name, lambda m=module, f=function, a=argument: (getattr(need(m), f), a), check, value)  # noqa: B023
        result = Result("marshal_", task, sample.name, sample.shape, sample.judged, must=must, goal=goal)
        result.absent = field.absent
        yield timed(result, field.contenders, settings)
