# SPDX-License-Identifier: Apache-2.0
"""Classes that are there already: dataclasses, named tuples, typed dicts and enums need no change and no base class."""

import enum
from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

import quire


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Point(NamedTuple):
    x: float
    y: float


class Source(TypedDict):
    host: str
    port: int


@dataclass
class Alarm:
    level: Level
    at: Point
    source: Source
    notes: list[str] = field(default_factory=list)


text = b'{"level": "high", "at": [1.5, 2], "source": {"host": "tower", "port": 80}}'
alarm = quire.json.decode(text, Alarm)
print(alarm)
print(quire.json.encode(alarm).decode())

# prints:
# Alarm(level=<Level.HIGH: 'high'>, at=Point(x=1.5, y=2.0), source={'host': 'tower', 'port': 80}, notes=[])
# {"level":"high","at":[1.5,2.0],"source":{"host":"tower","port":80},"notes":[]}
