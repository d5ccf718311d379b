# SPDX-License-Identifier: Apache-2.0
"""Memory that fails while an output with options is written, or a document with comments is read."""

from failing_memory import run_alone

SCRIPT = """
    import quire, quire.json, quire.msgpack
    from failing_memory import sweep
    from quire import Raw, Record

    class Line(Record, tag="line"):
        z: int
        a: str = "x"

    many = {f"k{i * 7 % 100}": i for i in range(100)}
    value = {"b": many, "a": [{"\\xe9\\u20ac": 1, "\\u20acx": 2, "z": {3, 1, 2}}] * 3, "line": [Line(1), Line(2, "\\xe9\\n" * 50)], 1: {5: 2, "x": 1}, (2, 1): None}
    nested = value
    for i in range(40):
        nested = {"k": nested, "a": {i: [i], "x\\xe9": 1}}
    raw = {name: [Raw(quire_format.encode({"b": 1, "a": [2, {}]}), format=name)] for name, quire_format in (("json", quire.json), ("msgpack", quire.msgpack))}
    commented = '{"a": [1, /* x */ 2, ], // y' + " " * 5000 + "\\n}"
    jobs = {}
    for name, fmt in (("json", quire.json), ("msgpack", quire.msgpack)):
        for options in ({"canonical": True}, {"key_order": "sorted"}):
            encoder = fmt.Encoder(**options)
            jobs[f"{name} {options}"] = lambda encoder=encoder: encoder.encode(nested)
        jobs[f"{name} remembers"] = lambda fmt=fmt: [made.encode([many, value["a"][0]]) for made in [fmt.Encoder(canonical=True)] * 3]
        jobs[f"{name} raw"] = lambda encoder=fmt.Encoder(canonical=True), value=raw[name]: encoder.encode(value)
    for options in ({"indent": 40}, {"ascii": True, "indent": "\\t"}):
        jobs[f"json {options}"] = lambda encoder=quire.json.Encoder(**options): encoder.encode(nested)
    jobs["comments"] = lambda: quire.json.decode(commented, jsonc=True)
    runs_python = {"json raw", "msgpack raw"}
    for name, job in jobs.items():
        job()
        sweep(name, job, 1, most=400, runs_python=True)
        if name not in runs_python:
            sweep(name, job, 1 << 20, most=400, runs_python=True)
    assert quire.json.encode({"b": 1, "a": {2, 1}}, canonical=True) == b'{"a":[1,2],"b":1}'
    print("done")
"""


def test_failing_memory():
    done = run_alone(SCRIPT)
    assert done.returncode == 0 and done.stdout == "done\n", done.stdout + done.stderr
