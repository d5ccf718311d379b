# SPDX-License-Identifier: Apache-2.0
"""The neutral description of a type: what the engine compiles into a plan.

`describe(type)` turns any annotation into a `Description`: a list of nodes that refer to each other by number, so that
recursive types are plain data. It is read once, in C, by position: the order of the members here is the contract with
`binding/plan/plan.c`, and every difference between Python versions in `typing` stays on this side of it.
"""

from __future__ import annotations

from collections import namedtuple

__all__ = [
    "NO_DEFAULT",
    "AdapterInfo",
    "Bounds",
    "Choices",
    "Container",
    "Description",
    "Field",
    "Node",
    "RecordInfo",
    "UnionArray",
    "UnionInfo",
]

# nodes: tuple of Node; nodes[0] is the root.  temporary: True when the description depends on a forward reference that
# could not be followed yet or on anything else that must not be cached.
# watch: None, or (callable, True when it is about records alone): it says whether the subclasses found are still all of them.
# packed: tuple of (number of a node, callable that makes a value of the text that stands for it as a key).
Description = namedtuple("Description", "nodes temporary watch packed", defaults=(None, ()))

# kind: a name of core/plan/kinds.def. nullable: null is accepted (and gives None) as well.
# items: numbers of the child nodes: array (item,), tuple (item, ...), map (key, value), union (arm, ...), adapter (wire,).
# cls: the Python class to build: list/tuple/set/frozenset/deque for array, tuple or a NamedTuple class for tuple, dict or a
#      subclass for map, the record's class, the Enum class of a choice (None for a Literal), bytes or bytearray for bytes,
#      the class an adapter is for (None: it takes anything), None where the kind says it.
# info: RecordInfo, Choices, UnionInfo, Container, AdapterInfo or None.  bounds: Bounds or None.
Node = namedtuple("Node", "kind nullable items cls info bounds", defaults=(False, (), None, None, None))

# Annotated bounds; None where not given. Numbers for int, float, decimal; lengths (code points, bytes or items) for str, bytes
# and containers; pattern: compiled re.Pattern, searched.
# timezone, predicates: functions of a value that say whether it is right, asked by an adapter's node only (which also measures).
Bounds = namedtuple(
    "Bounds",
    "ge gt le lt multiple_of min_length max_length pattern timezone predicates",
    defaults=(None, None, None, None, None, None, None, None, None, None),
)

# What a field has that is left out of the input: nothing, a value, or a callable that makes one.
NO_DEFAULT, DEFAULT_VALUE, DEFAULT_FACTORY = 0, 1, 2
# When a field is left out of the output; one that is UNSET always is.
OMIT_NEVER, OMIT_DEFAULT, OMIT_NULL = 0, 1, 2

# name: the Python attribute (or TypedDict key). wire: the name in the document; aliases: further names accepted on reading.
# node: number of the field's node. required: the document must have it. default_kind: NO_DEFAULT...; default: the value or
# the factory.
# omit: OMIT_NEVER, OMIT_DEFAULT when equal to the default, OMIT_NULL when None. number: the field number or 0.
# init: False for a field that __init__ does not take (a dataclass's init=False): it is still read and written.
# stored: False for an InitVar: read and passed to the call, but no attribute, so never written. keyword: the parameter's name
# when the class is called, None for the same as the attribute.
# serialize: False for a field that is read and never written. secret: its value is in no error. gap: no field, but a place in an
# array that is skipped on reading and null on writing. doc: what Annotated says about it, for schemas.
Field = namedtuple(
    "Field",
    "name wire aliases node required default_kind default omit number init stored keyword serialize secret gap doc",
    defaults=(True, True, None, True, False, False, None),
)

# form: "record" (quire.Record), "dataclass" (also attrs-like classes: attributes are set), "typeddict", "namedtuple", "call" (the
#       class is called with keywords).
# fields: tuple of Field, in order.  tag_field, tag: name and value (str or int) written first and checked, or None.
# unknown: "skip", "error" or, for a quire.Record, "keep".  array: the record travels as an array of its fields in order.
# post_init: the class has a __post_init__ to call (no arguments).  frozen: instances refuse setattr.
# computed: tuple of (attribute, name in the document, is None left out), written behind the fields. ignored: names that a
# document may have although they are no fields.
RecordInfo = namedtuple(
    "RecordInfo", "form fields tag_field tag unknown array post_init frozen computed ignored", defaults=((), ())
)

# An array or a map that is not just its class.
# also: classes whose instances are values too (an abstract collection is built as a plain one).
# extra: () or (argument,) of the class beside the items: a deque's maxlen, a defaultdict's factory.
Container = namedtuple("Container", "also extra", defaults=((), ()))

# wire: tuple of str, int, bool the document holds; values: tuple of the Python objects they stand for, same order.
# missing: the Enum class defines _missing_, so an unknown wire value is offered to cls(value).
Choices = namedtuple("Choices", "wire values missing")

# encode, decode: the adapter's functions, or None for a node that makes nothing and only has bounds. context: decode takes the
# context as well. declared: the annotation or the field says that it is used, so the class of a value does not tell (as it does
# for an adapter of the class).
# schema: what the adapter says of its JSON Schema; own: it is the user's, of a class or of the call. Both are for schemas alone.
AdapterInfo = namedtuple("AdapterInfo", "encode decode context declared schema own", defaults=(None, False))

# Which arm (a node number, or -1) takes what the document holds. text: numbers of the arms tried in order on a text
# (choice, datetime, date, time, timedelta, uuid, decimal, bytes, ..., str last).  number arms: int takes integers, float takes
# floats and, without an int arm, integers. ints: numbers of choice arms tried on an integer before int.
# array: one arm; or -1 and arrays, a tuple of UnionArray, tried in order. map: one arm when nothing else is to be told apart,
# else -1 and tag_field + tags (tuple of (tag value, arm)), keys (tuple of (tuple of required wire names, arm), tried in order
# when the tag is missing or unknown) or both; map_default: the arm for a map that no tag or key set matches (a dict arm), or -1;
# open: it is Unknown, which keeps what other programs may know.
UnionInfo = namedtuple(
    "UnionInfo", "bool ints int float text bytes array map tag_field tags keys map_default arrays open", defaults=((), False)
)

# How an arm that is read from an array is told from others: by the number of items (most: -1 for any), and by what stands in
# each place. slots: (kinds, choice) of the first items, kinds being the sum of what may stand there (`_union_arrays.KINDS`,
# QR_UNION_NULL... in core/plan/plan.h), choice the number of a choice node or -1; rest: the kinds of all further items.
UnionArray = namedtuple("UnionArray", "arm least most slots rest")
