# SPDX-License-Identifier: Apache-2.0
FORMATS: tuple[str, ...]

def formats() -> tuple[str, ...]: ...
