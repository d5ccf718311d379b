# SPDX-License-Identifier: Apache-2.0
"""Keys that are data, of which each is met once: the caches of keys step aside, and are back for the keys that come again."""

import json

import pytest

import quire.json
import quire.msgpack

KINDS = {
    "ascii": lambda i: f"key-{i}",
    "long": lambda i: f"a-key-that-no-cache-of-short-ones-takes-{'x' * 40}-{i}",
    "latin": lambda i: f"clé-{i}",
    "cyrillic": lambda i: f"ключ-{i}",
    "astral": lambda i: f"\U0001f511-{i}",
}
READERS = {
    "loads of str": lambda text: quire.json.loads(text),
    "loads of wide str": lambda text: quire.json.loads(text.replace('"end"', '"\u03c9\U0001f511' + "я" * len(text) + '"')),
    "loads of bytes": lambda text: quire.json.loads(text.encode()),
    "decode": lambda text: quire.json.decode(text.encode()),
    "with a hook": lambda text: quire.json.loads(text, object_pairs_hook=dict),
    "unpackb": lambda text: quire.msgpack.unpackb(quire.msgpack.packb(json.loads(text))),
}
KIND = pytest.mark.parametrize("key", KINDS.values(), ids=KINDS)
READER = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@KIND
@READER
@pytest.mark.parametrize("escaped", [False, True], ids=["plain", "escaped"])
def test_tables_are_read(key, read, escaped):
    tables = [{key(i): i for i in range(300)}, {key(i): {key(i + 1): i} for i in range(0, 400, 3)}, {"end": "end"}]
    got = read(json.dumps(tables, ensure_ascii=escaped))
    assert got[:2] == tables[:2]
    assert [list(table) for table in got[:2]] == [list(table) for table in tables[:2]]


@READER
def test_keys_behind_a_table_are_shared(read):
    """One object of each, all but the few that are met before a cache is asked again."""
    key = KINDS["ascii"]
    records = [{key(i % 5 + 1000): i, key(i % 3 + 2000): i} for i in range(300)]
    got = read(json.dumps([{key(i): i for i in range(500)}, *records, {"end": "end"}], ensure_ascii=False))
    assert got[1:-1] == records
    objects = {}  # no id is one that came again: they are all alive
    for record in got[1:-1]:
        for name in record:
            objects.setdefault(name, set()).add(id(name))
    assert len(objects) == 8
    assert sum(map(len, objects.values())) < 100
