"""Exceptions: one class for each status code of the library, each also a subclass of the fitting built-in one."""

from __future__ import annotations

import errno
import os
from typing import ClassVar

from . import _declarations as c
from ._library import LibraryError, library

__all__ = [
    "BackendError", "Cancelled", "DecoupledError", "FileNotFound", "FormatError", "IOFailure", "InternalError",
    "InvalidArgument", "LibraryError", "NameNotFound", "NotFound", "NumericError", "OutOfMemory", "StateError",
    "Unsupported",
]


class DecoupledError(Exception):
    """Any failure reported by the library. Its text is one sentence that names the file, layer, value or shape.

    Attributes:
        message: the sentence
        status: the number of the status code, `DCN_STATUS_` in decoupled.h
    """

    status: int = c.DCN_STATUS_INTERNAL

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class InvalidArgument(DecoupledError, ValueError):
    """A value that was handed in is wrong."""

    status = c.DCN_STATUS_INVALID_ARGUMENT


class NotFound(DecoupledError, LookupError):
    """There is no file, layer, class or backend of that name."""

    status = c.DCN_STATUS_NOT_FOUND


class NameNotFound(NotFound, KeyError):
    """A mapping of the library has no entry of that name."""


class FileNotFound(NotFound, FileNotFoundError):
    """There is no file or folder of that name; `filename` is its path."""

    def __init__(self, message: str, filename: str | None = None) -> None:
        super().__init__(message)
        self.errno = errno.ENOENT
        self.strerror = message
        self.filename = filename


class IOFailure(DecoupledError, OSError):
    """Reading or writing failed: permissions, disk full."""

    status = c.DCN_STATUS_IO


class FormatError(DecoupledError, ValueError):
    """A file is corrupt, truncated or of an unknown kind, or settings cannot be read."""

    status = c.DCN_STATUS_FORMAT


class Unsupported(DecoupledError, NotImplementedError):
    """Valid, but this build or backend cannot do it."""

    status = c.DCN_STATUS_UNSUPPORTED


class OutOfMemory(DecoupledError, MemoryError):
    """Memory ran out."""

    status = c.DCN_STATUS_OUT_OF_MEMORY


class Cancelled(DecoupledError):
    """The caller asked to stop."""

    status = c.DCN_STATUS_CANCELLED


class BackendError(DecoupledError, RuntimeError):
    """A backend could not be loaded or failed."""

    status = c.DCN_STATUS_BACKEND


class StateError(DecoupledError, RuntimeError):
    """Called in the wrong order, on something closed, or while another call is under way."""

    status = c.DCN_STATUS_STATE


class NumericError(DecoupledError, ArithmeticError):
    """A loss or score became NaN or infinite."""

    status = c.DCN_STATUS_NUMERIC


class InternalError(DecoupledError, RuntimeError):
    """A fault of the library itself; please report it."""

    status = c.DCN_STATUS_INTERNAL


_CLASSES: dict[int, type[DecoupledError]] = {
    cls.status: cls
    for cls in (
        InvalidArgument, NotFound, IOFailure, FormatError, Unsupported, OutOfMemory, Cancelled, BackendError, StateError,
        NumericError, InternalError,
    )
}


def failure(status: int, *, path: str | os.PathLike[str] | None = None, name: str | None = None) -> DecoupledError:
    """The exception for a status that was just returned on this thread."""
    message = library().dcn_last_error().decode("utf-8", "replace") or f"The library answered with status {status}."
    if status == c.DCN_STATUS_NOT_FOUND:
        if path is not None and not os.path.exists(path):
            return FileNotFound(message, os.fspath(path))
        if name is not None:
            return NameNotFound(message)
    return _CLASSES.get(status, InternalError)(message)


def check(status: int, *, path: str | os.PathLike[str] | None = None, name: str | None = None) -> None:
    """Raises the exception for `status` unless it is OK.

    Args:
        path: the file the call was about; a NotFound is a FileNotFoundError when there is none
        name: the entry the call was about; a NotFound is a KeyError then
    """
    if status != c.DCN_STATUS_OK:
        raise failure(status, path=path, name=name)
