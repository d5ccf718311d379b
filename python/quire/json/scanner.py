# SPDX-License-Identifier: Apache-2.0
"""`json.scanner`: quire's scanner as `make_scanner` and `c_make_scanner`. Every other name is the standard library's."""

import json.scanner as _standard

from quire._core import JsonScanner as make_scanner

c_make_scanner = make_scanner

__all__ = ["make_scanner"]


def __getattr__(name):
    return getattr(_standard, name)
