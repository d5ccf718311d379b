# SPDX-License-Identifier: Apache-2.0
"""`python -m quire.json.tool`: the command line of `python -m json.tool` of the running version, over quire.json."""

import json.tool as _standard
import sys
from types import FunctionType

import quire.json

# The same program, in whose world `json` is quire.json.
main = FunctionType(_standard.main.__code__, {**vars(_standard), "json": quire.json}, "main", _standard.main.__defaults__)


def __getattr__(name):
    return getattr(_standard, name)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError as error:
        sys.exit(error.errno)
