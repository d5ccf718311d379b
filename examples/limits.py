# SPDX-License-Identifier: Apache-2.0
"""Documents from strangers: limits on size and depth, for this call."""

import quire

careful = quire.Limits(depth=10, items=1000, bytes=100_000)
for name, document in {"fine": b"[[1]]", "deep": b"[" * 20, "long": b"[" + b"1," * 1000 + b"1]", "large": b" " * 200_000}.items():
    try:
        print(name, quire.json.decode(document, limits=careful))
    except quire.LimitError as error:
        print(name, error.errors[0].code)

# prints:
# fine [[1]]
# deep depth_limit
# long item_limit
# large byte_limit
