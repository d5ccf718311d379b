# SPDX-License-Identifier: Apache-2.0
"""`python -m quire inspect FILE`: see quire._inspect."""

import sys

from quire._inspect import main

if __name__ == "__main__":
    sys.exit(main())
