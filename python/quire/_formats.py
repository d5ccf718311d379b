# SPDX-License-Identifier: Apache-2.0
"""The formats there are: each name is a module `quire.<name>` with `encode`, `decode`, `Encoder` and `Decoder`."""

FORMATS = ("json", "msgpack")


def formats():
    """Names of the formats, in the order in which they came to be."""
    return FORMATS
