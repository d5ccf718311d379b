# SPDX-License-Identifier: Apache-2.0
"""What a type checker must refuse: every line that ends so, and no other."""

import quire


class Point(quire.Record):
    x: int
    y: int = 0


class Fixed(quire.Record, frozen=True):
    x: int


class Named(quire.Record, kw_only=True):
    x: int


class Plain(quire.Record):
    x: int = quire.field(default=1)
    names: list[str] = quire.field(default_factory=list)


Point()  # error
Point("1")  # error
Point(1, 2, 3)  # error
Point(x=1, z=2)  # error
Point(1).z  # error
fixed = Fixed(1)
fixed.x = 2  # error
Named(1)  # error
Point(1) < Point(2)  # error
Plain(names=[1])  # error
quire.field(name=1)  # error
quire.field(default_factory=3)  # error
quire.Limits(depth="deep")  # error
quire.Limits(duplicate_keys="first")  # error
quire.Limits(20)  # error
