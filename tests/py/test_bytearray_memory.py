# SPDX-License-Identifier: Apache-2.0
"""Where memory fails for the bytes of a bytearray, that is a MemoryError and nothing is printed."""

from failing_memory import run_alone

SCRIPT = """
import io, marshal, pickle
import quire.json, quire.marshal, quire.msgpack, quire.pickle
from failing_memory import sweep

MARSHALLED = marshal.dumps([1, "abc" * 50, b"x" * 5000, (1, 2, 3), {"a": 1.5}, 10**50])
PICKLED = pickle.dumps([bytearray(b"x" * n) for n in (0, 1, 300, 70000)], 5)
PACKED = quire.msgpack.encode([b"x" * 300, b""])

def read(load, data):
    return lambda: load(io.BytesIO(data))

jobs = {
    "marshal": read(quire.marshal.load, MARSHALLED),
    "pickle": read(quire.pickle.load, PICKLED),
    "pickles in memory": lambda: quire.pickle.loads(PICKLED),
    "msgpack": lambda: quire.msgpack.decode(PACKED, list[bytearray]),
    "json": lambda: quire.json.decode('["abcd", "", "' + "abcd" * 90 + '"]', list[bytearray]),
}
for name, job in jobs.items():
    for _ in range(3):  # what stands in memory that is taken again differs
        sweep(name, job, 1, most=300, runs_python=True)
assert quire.pickle.loads(PICKLED) == pickle.loads(PICKLED)
assert quire.marshal.load(io.BytesIO(MARSHALLED)) == marshal.loads(MARSHALLED)
print("done")
"""


def test_nothing_is_printed():
    done = run_alone(SCRIPT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
