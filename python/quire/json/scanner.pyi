# SPDX-License-Identifier: Apache-2.0
from quire._core import JsonScanner as make_scanner

__all__ = ["make_scanner"]

c_make_scanner = make_scanner
