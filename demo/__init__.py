# SPDX-License-Identifier: Apache-2.0
"""The main job on real input: `make demo`, or `python -m demo` where quire is installed.

Documents out of packages of the Python registry are decoded into typed records and validated, written and read back in
every format that quire has, checked equal, and set beside the standard library's json and pickle.
"""
