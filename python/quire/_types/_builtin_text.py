# SPDX-License-Identifier: Apache-2.0
"""Built-in adapters of classes that are written as the text str() gives: paths, IP addresses, time zones."""

from __future__ import annotations

from quire.adapters import Adapter

__all__ = ["address4", "address6", "path", "prefix4", "prefix6", "zone"]


def path(cls, _arguments):
    """A pathlib class as the path's text; a Path becomes the one of this system."""
    return Adapter(wire=str, encode=_path_text, decode=cls)


def _path_text(value):
    from pathlib import PurePath

    return PurePath.__str__(value)


# What only ipaddress can tell stays open: a network's host bits, the groups of an IPv6 address.
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_IPV6 = "(?=[^%]*:[^%]*:)[0-9A-Fa-f:.]{2,45}(?:%[^%/]+)?"
_SCHEMAS = {
    ("4", False): {"type": "string", "format": "ipv4", "pattern": f"^{_IPV4}$"},
    ("4", True): {"type": "string", "pattern": f"^{_IPV4}/(?:0*(?:[12]?[0-9]|3[0-2])|{_IPV4})$"},
    ("6", False): {"type": "string", "pattern": f"^{_IPV6}$"},
    ("6", True): {"type": "string", "pattern": f"^{_IPV6}/0*(?:[0-9]{{1,2}}|1[01][0-9]|12[0-8])$"},
}


def _network(cls, name, has_prefix):
    if cls.__name__ != name or cls.__module__ != "ipaddress":  # what else a subclass has would be lost
        return None

    def decode(text):
        if ("/" in text) is not has_prefix:
            raise ValueError(f"an {name} is written {'with' if has_prefix else 'without'} a prefix length")
        return cls(text)

    return Adapter(wire=str, encode=str, decode=decode, schema=_SCHEMAS[name[3], has_prefix])


def address4(cls, _arguments):
    return _network(cls, "IPv4Address", False)


def address6(cls, _arguments):
    return _network(cls, "IPv6Address", False)


def prefix4(cls, _arguments):
    """Networks and interfaces look the same, so that no union can tell them apart: hence one function."""
    return _network(cls, "IPv4Network", True) or _network(cls, "IPv4Interface", True)


def prefix6(cls, _arguments):
    return _network(cls, "IPv6Network", True) or _network(cls, "IPv6Interface", True)


def zone(cls, _arguments):
    """ZoneInfo as its key."""

    def encode(value):
        if value.key is None:
            raise ValueError("a ZoneInfo without a key cannot be written")
        return value.key

    def decode(text):
        try:
            return cls(text)
        except (KeyError, OSError, ValueError) as error:  # a folder of zones, a name that leads out of it
            raise ValueError(f"unknown time zone {text!r}") from error

    return Adapter(wire=str, encode=encode, decode=decode, schema={"type": "string", "minLength": 1})
