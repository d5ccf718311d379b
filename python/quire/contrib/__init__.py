# SPDX-License-Identifier: Apache-2.0
"""Adapters for the types of other packages, one module each. Nothing here is imported before it is asked for."""
