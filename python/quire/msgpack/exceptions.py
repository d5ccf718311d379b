# SPDX-License-Identifier: Apache-2.0
"""The exceptions of the drop-in half of `quire.msgpack`.

Where the package `msgpack` is installed they are its own classes, so that code which catches those catches what quire raises;
elsewhere they are classes of the same names and bases. Which it is, is decided when this module is imported: at the first
exception, or when somebody asks for one.
"""


def _of_the_package():
    """The package's module of exceptions, or None. A package that can't be imported is as none, and so is something else of
    that name, `quire.msgpack` under it included."""
    import sys

    if getattr(sys.modules.get("msgpack"), "__name__", "msgpack") != "msgpack":
        return None
    try:
        from msgpack import exceptions as found

        bases = {
            "UnpackException": (Exception,),
            "BufferFull": (found.UnpackException,),
            "OutOfData": (found.UnpackException,),
            "FormatError": (ValueError, found.UnpackException),
            "StackError": (ValueError, found.UnpackException),
            "ExtraData": (ValueError,),
        }
        complete = all(issubclass(getattr(found, name), bases_) for name, bases_ in bases.items())
    except Exception:  # noqa: BLE001
        return None
    return found if complete else None


_package = _of_the_package()

if _package is not None:
    UnpackException = _package.UnpackException
    BufferFull = _package.BufferFull
    OutOfData = _package.OutOfData
    FormatError = _package.FormatError
    StackError = _package.StackError
    ExtraData = _package.ExtraData
else:

    class UnpackException(Exception):  # noqa: N818
        """Base of some of what unpacking raises; not of all of it."""

    class BufferFull(UnpackException):
        """More input would wait than max_buffer_size allows."""

    class OutOfData(UnpackException):
        """The next object is not all there."""

    class FormatError(ValueError, UnpackException):
        """This is no MessagePack."""

    class StackError(ValueError, UnpackException):
        """Containers are nested too deep."""

    class ExtraData(ValueError):  # noqa: N818
        """Something follows the object of a one-shot call.

        `unpacked` is the object, `extra` the bytes behind it.
        """

        def __init__(self, unpacked, extra):
            self.unpacked = unpacked
            self.extra = extra

        def __str__(self):
            return "unpack(b) received extra data."


# Names of earlier versions.
UnpackValueError = ValueError
PackException = Exception
PackValueError = ValueError
PackOverflowError = OverflowError
