"""Backends, threads, log and version of the library."""

from __future__ import annotations

import atexit
import ctypes
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _declarations as c
from ._handle import decode, freed
from ._library import library
from .errors import check

__all__ = ["Backend", "BackendFailure", "Backends", "backends", "library_version", "log_to", "thread_count"]


@dataclass(frozen=True)
class Backend:
    """What computes.

    Attributes:
        name: what `backend=` takes
        variant: which of several builds of it, "" when there is one
        version: its own version
        path: the file it was loaded from, None when built in
        score: 0 = does not run on this processor; the highest is chosen by default
    """

    name: str
    variant: str
    version: str
    path: str | None
    score: int


@dataclass(frozen=True)
class BackendFailure:
    """A plugin that was found and could not be loaded: its file, why, and what to do."""

    path: str
    message: str


class Backends(list[Backend]):
    """The backends of this machine, `reference` first.

    Attributes:
        failures: plugins that were found and could not be loaded
    """

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[BackendFailure] = []


def backend_of(info: Any) -> Backend:
    """A filled `dcn_backend_info` in Python."""
    return Backend(
        decode(info.name), decode(info.variant), decode(info.version),
        None if info.path is None else decode(info.path), info.score)


def backends() -> Backends:
    """Looks for backends: those built in, then plugins in the folders of DECOUPLED_BACKEND_PATH and beside the library.

    Raises:
        DecoupledError
    """
    lib = library()
    handle = ctypes.POINTER(c.dcn_backends)()
    check(lib.dcn_backends_find(ctypes.byref(handle)))
    with freed(handle, "dcn_backends_free"):
        found = Backends()
        for index in range(lib.dcn_backends_count(handle)):
            info = c.dcn_backend_info.initial()
            check(lib.dcn_backends_info(handle, index, ctypes.byref(info)))
            found.append(backend_of(info))
        for index in range(lib.dcn_backends_failure_count(handle)):
            found.failures.append(BackendFailure(
                decode(lib.dcn_backends_failure_path(handle, index)),
                decode(lib.dcn_backends_failure_message(handle, index))))
    return found


def thread_count(requested: int = 0) -> int:
    """How many threads `threads=requested` stands for: itself above 0 (at most 256); for 0 the number in
    DECOUPLED_NUM_THREADS, else what processor affinity and the control group's quota allow."""
    return int(library().dcn_thread_count(requested))


def library_version() -> str:
    """Version of the loaded library, "major.minor.patch"."""
    return decode(library().dcn_version_string())


_LEVELS = {
    c.DCN_LOG_LEVEL_DEBUG: logging.DEBUG, c.DCN_LOG_LEVEL_INFO: logging.INFO,
    c.DCN_LOG_LEVEL_WARNING: logging.WARNING, c.DCN_LOG_LEVEL_ERROR: logging.ERROR,
}
# A line may still be under way to a former callback, so none is ever given up.
_log_callbacks: list[Any] = []


def log_to(target: logging.Logger | Callable[[int, str], object] | None) -> None:
    """Sends the log of the library and its backends somewhere; of the whole process, the last call wins.

    Args:
        target: a logger, or a function of a level of `logging` and a line; None (the default of the library) drops the log.
            It is called from any thread, must not use this package, and its exceptions are lost.
    """
    lib = library()
    if target is None:
        lib.dcn_set_log_callback(c.dcn_log_callback(), None)
        return
    function = target.log if isinstance(target, logging.Logger) else target

    def line(level: int, message: bytes | None, user_data: int | None) -> None:
        try:
            function(_LEVELS.get(level, logging.ERROR), (message or b"").decode("utf-8", "replace"))
        except Exception:  # nobody is there to catch it
            pass

    callback = c.dcn_log_callback(line)
    if not _log_callbacks:
        # The interpreter must not be called when it is gone.
        atexit.register(lib.dcn_set_log_callback, c.dcn_log_callback(), None)
    _log_callbacks.append(callback)
    lib.dcn_set_log_callback(callback, None)
