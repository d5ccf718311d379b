# SPDX-License-Identifier: Apache-2.0
"""Subclasses[Base]: a union of a class and all its subclasses, which may become more."""

from __future__ import annotations

from quire import _core

__all__ = ["family_of", "watch_of"]


def family_of(base):
    """The class and its subclasses of any depth, as tuple, without those that have no instances."""
    found, left = {}, [base]
    while left:
        cls = left.pop(0)
        if cls not in found:
            found[cls] = None
            left.extend(type.__subclasses__(cls))
    return tuple(cls for cls in found if _has_instances(cls))


def _has_instances(cls):
    is_mixin = (getattr(cls, "__record_options__", None) or {}).get("mixin") is True
    return not is_mixin and not getattr(cls, "__abstractmethods__", None)


def watch_of(families):
    """The member `watch` of a Description in which these families were asked for."""
    if not families:
        return None
    return _Watch(tuple(families.items())), all(isinstance(base, _core.RecordMeta) for base in families)


class _Watch:
    __slots__ = ("families",)

    def __init__(self, families):
        self.families = families

    def __call__(self):
        return all(family_of(base) == known for base, known in self.families)
