# SPDX-License-Identifier: Apache-2.0
"""`python -m quire inspect FILE`: a payload as a tree with byte offsets.

The core's readers say what stands where (`quire._core.inspect_events`); nothing is built from it, imported or run. Exit status 0;
1: the data is damaged (what was read before the fault is shown); 2: there is no such file, or its format cannot be told.
"""

import argparse
import os
import sys

from quire._inspect.formats import FORMATS, guess, read
from quire._inspect.show import as_json, as_text
from quire.json import encode


def _parser():
    parser = argparse.ArgumentParser(prog="python -m quire", description="quire: serialization for Python")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    inspect = commands.add_parser(
        "inspect",
        help="print a payload as a tree with byte offsets",
        description="Prints a payload as a tree with byte offsets; nothing in it is run.",
    )
    inspect.add_argument("file", help="the file to read; - for standard input")
    inspect.add_argument("--format", choices=FORMATS, help="what it is (default: told by its content)")
    inspect.add_argument("--instructions", action="store_true", help="of a pickle: its instructions, not the value they build")
    inspect.add_argument("--json", action="store_true", help="print JSON, for other programs")
    inspect.add_argument("--depth", type=_count, default=None, metavar="N", help="show N levels (default: all)")
    inspect.add_argument(
        "--max-items", type=_count, default=100, metavar="N", help="show N items of a container, 0 for all (default: 100)"
    )
    return parser


def _count(text):
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _load(name):
    if name == "-":
        return sys.stdin.buffer.read()
    with open(name, "rb") as file:
        return file.read()


def _in_colour(stream):
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def main(arguments=None):
    """Runs the command line; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        data = _load(options.file)
    except OSError as error:
        print(f"quire: {error}", file=sys.stderr)
        return 2
    format = options.format or guess(data)
    if format is None:
        print("quire: this is none of the formats that are known; --format says which one to try", file=sys.stderr)
        return 2
    roots, fault = read(data, format, options.instructions)
    try:
        if options.json:
            print(encode(as_json(data, format, roots, fault, options.depth, options.max_items)).decode())
        else:
            for line in as_text(data, format, roots, options.depth, options.max_items, _in_colour(sys.stdout)):
                print(line.encode("utf-8", "backslashreplace").decode() if line.isascii() is False else line)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if fault is not None:
        if not options.json:
            print(f"quire: damaged at byte {fault.offset}: {fault.message} ({fault.code})", file=sys.stderr)
        return 1
    return 0
