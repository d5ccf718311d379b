# SPDX-License-Identifier: Apache-2.0
"""Errors and limits."""

import quire
import quire.json
from quire import Fault, Limits
from typing_extensions import assert_type

try:
    quire.convert(1, str)
except quire.ValidationError as error:
    assert_type(error.errors, list[Fault])
    fault = error.errors[0]
    assert_type(fault.path, str)
    assert_type(fault.offset, int | None)
    assert_type(fault.line, int | None)
except (quire.MalformedError, quire.TruncatedError, quire.LimitError, quire.UnsafeError) as error:
    base: quire.DecodeError = error
except quire.EncodeError as error:
    as_type_error: TypeError = error
    as_value_error: ValueError = error
except quire.SchemaError as error:
    print(error)

limits = Limits(depth=10, bytes=None, items=5, duplicate_keys="error")
assert_type(limits.depth, int)
assert_type(limits.items, int | None)
assert_type(limits.replace(depth=3), Limits)
assert_type(quire.json.encode([1], limits=limits), bytes)
assert_type(quire.json.Encoder(int, limits=limits, errors="all"), quire.json.Encoder[int])
quire.validate(1, int, limits=limits)
