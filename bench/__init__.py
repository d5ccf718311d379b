# SPDX-License-Identifier: Apache-2.0
"""The benchmark of quire: see README.md in this folder."""
