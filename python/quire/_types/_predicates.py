# SPDX-License-Identifier: Apache-2.0
"""Time zones as functions that say whether a datetime or a time has the right one."""

from __future__ import annotations

import datetime
import functools

__all__ = ["timezone", "zone_of"]


def timezone(graph, wanted):
    """wanted, as in annotated_types.Timezone: a tzinfo or its name, ... or True for any, None or False for none at all."""
    if wanted is None or wanted is False:
        return _is_naive
    if wanted is ... or wanted is True:
        return _is_aware
    if isinstance(wanted, str):
        return lambda value: _name_of(value.tzinfo) == wanted
    if isinstance(wanted, datetime.tzinfo):
        return functools.partial(_is_in, wanted)
    raise graph.error(f"timezone must be a tzinfo, its name, True (any) or False (none), got {wanted!r}")


def _is_naive(value):
    return value.tzinfo is None


def _is_aware(value):
    return value.tzinfo is not None


def _is_in(wanted, value):
    return value.tzinfo is not None and value.tzinfo == wanted


def zone_of(asked):
    """What one of these functions wants: "none", "utc" or "some"."""
    if asked is _is_naive:
        return "none"
    return "utc" if getattr(asked, "args", ()) == (datetime.UTC,) else "some"


def _name_of(tzinfo):
    """The key of a ZoneInfo, "UTC" and the like of a timezone."""
    if tzinfo is None:
        return None
    return getattr(tzinfo, "key", None) or tzinfo.tzname(None)
