# SPDX-License-Identifier: Apache-2.0
"""What of `pickle` is the standard library's own: exceptions, opcodes, helpers and the pickler and unpickler in Python."""

import pickle as _pickle


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(_pickle, name)
