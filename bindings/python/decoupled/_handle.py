"""What the classes of this package share: handles that are freed once, texts, options, callbacks."""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import operator
import os
import signal
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _declarations as c
from ._library import library
from .errors import Cancelled, DecoupledError, InvalidArgument, StateError, check, failure

Path = str | os.PathLike[str]
Self = TypeVar("Self", bound="Handle")


class Handle:
    """Owns a handle of the library: freed by `close()`, at the end of a `with` block, or with the object."""

    _free = ""  # name of the function that frees it

    def _own(self, pointer: Any) -> None:
        self._pointer = pointer
        self._finalizer = weakref.finalize(self, getattr(library(), self._free), pointer)

    @property
    def _handle(self) -> Any:
        finalizer = getattr(self, "_finalizer", None)
        if finalizer is None or not finalizer.alive:
            raise StateError(f"This {type(self).__name__} is closed.")
        return self._pointer

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Frees the memory; further use raises StateError. May be called again. Arrays handed out stay valid."""
        self._finalizer()

    def __enter__(self: Self) -> Self:
        self._handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def encode(text: Path, what: str = "name") -> bytes:
    """Text for the library; paths as the file system spells them.

    Raises:
        InvalidArgument: it holds a zero character
        TypeError: it is no text or path
    """
    data = os.fsencode(text) if not isinstance(text, str) else text.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise InvalidArgument(f"The {what} {text!r} holds a zero character.")
    return data


def encode_optional(text: Path | None, what: str = "name") -> bytes | None:
    """As `encode`, None stays None."""
    return None if text is None else encode(text, what)


def decode(data: bytes | None) -> str:
    """Text from the library; "" for NULL."""
    return "" if data is None else data.decode("utf-8", "surrogateescape")


def names_array(names: Sequence[str]) -> Any:
    """An array of strings. Keep it while the library uses it."""
    if isinstance(names, (str, bytes)):
        raise TypeError(f"a list of names is needed, not the text {names!r}")
    return (ctypes.c_char_p * len(names))(*[encode(name) for name in names])


def to_json(settings: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """JSON text of settings; numpy numbers are taken too.

    Raises:
        InvalidArgument: something in it has no JSON form
    """

    def plain(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return value.tolist()
        if isinstance(value, Mapping):
            return dict(value)
        raise TypeError(f"{type(value).__name__} has no JSON form")

    try:
        return json.dumps(settings, default=plain, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"The settings cannot be written as JSON: {error}.") from error


def whole(value: int, what: str, bits: int = 31) -> int:
    """A whole number that fits into the library's type.

    Raises:
        InvalidArgument: it is below 0 or too large
        TypeError: it is no whole number
    """
    number = operator.index(value)
    if not 0 <= number < 1 << bits:
        raise InvalidArgument(f"{what} must lie between 0 and {(1 << bits) - 1}, not {number}.")
    return number


def create(function: str, model: Handle, choice: str | int, what: str, *arguments: Any) -> int:
    """Calls a function of the library that makes a handle for a phase or form of a model.

    Args:
        function: takes the number; with `_what` behind its name there is one that takes the name
        choice: name or number of the phase or form
        what: "phase" or "form"

    Returns:
        the status
    """
    if isinstance(choice, str):
        return int(getattr(library(), f"{function}_{what}")(model._handle, encode(choice, what), *arguments))
    return int(getattr(library(), function)(model._handle, whole(choice, what), *arguments))


def session_options(**members: Any) -> Any:
    """`dcn_session_options` of Python values; the struct keeps its strings alive."""
    members["backend"] = encode_optional(members.get("backend"), "backend")
    members["trace"] = encode_optional(members.get("trace"), "trace")
    members["threads"] = whole(members.get("threads", 0), "threads")
    return c.dcn_session_options.initial(**members)


def floats(array: NDArray[np.float32]) -> Any:
    """Pointer to a contiguous float32 array. Keep the array while it is used."""
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def fitted(values: ArrayLike, dtype: Any, shape: tuple[int, ...], what: str) -> NDArray[Any]:
    """`values` as a contiguous array of a type and shape; a single number fits any shape of one element.

    Raises:
        InvalidArgument: they have another shape, or fractions where whole numbers are needed
    """
    array = np.asarray(values)
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        raise InvalidArgument(f"'{what}' holds {np.dtype(dtype)}, which {array.dtype} cannot be turned into.")
    if array.shape != shape and not (array.ndim == 0 and math.prod(shape) == 1):
        raise InvalidArgument(f"'{what}' has the shape {list(shape)}, the values {list(array.shape)}.")
    return np.ascontiguousarray(array.reshape(shape), dtype)


def copy_array(pointer: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """A copy of an array that belongs to the library."""
    return np.ctypeslib.as_array(pointer, shape=shape).copy()


class Guard:
    """Carries what happens inside a callback out of a call of the library.

    `wrapped` turns a Python function into one that cancels the call when it raises or returns False; `finish` takes the
    status of the call. Leaving the `with` block raises what there is to raise: the function's own exception first. Ctrl-C on
    the main thread cancels too and raises KeyboardInterrupt behind the call: the library has then stopped cleanly.
    """

    def __init__(self, cancel: Callable[[], Any] | None = None) -> None:
        self._cancel = cancel
        self._error: BaseException | None = None
        self._failure: DecoupledError | None = None
        self._interrupts: list[tuple[int, FrameType | None]] = []
        self._former: Any = None

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., int]:
        """`function` with 0 (go on) or 1 (cancel) as its answer."""

        def call(*arguments: Any) -> int:
            try:
                if self._error is not None or self._interrupts:
                    return 1
                answer = function(*arguments)
                return int(isinstance(answer, (bool, np.bool_)) and not answer)
            except BaseException as error:  # also KeyboardInterrupt and SystemExit: raised again by __exit__
                self._error = error
            return 1

        return call

    def finish(self, status: int) -> None:
        """Keeps the failure, if any, for the end of the block."""
        if status != c.DCN_STATUS_OK:
            self._failure = failure(status)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        # Raising here could happen where ctypes swallows it: note it and stop.
        self._interrupts.append((number, frame))
        if self._cancel is not None:
            self._cancel()

    def __enter__(self) -> Guard:
        if threading.current_thread() is threading.main_thread():
            former = signal.getsignal(signal.SIGINT)
            if callable(former):
                self._former = former
                signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)
        if self._error is not None:
            raise self._error from (None if isinstance(self._failure, Cancelled) else self._failure)
        for number, frame in self._interrupts[:1]:
            self._former(number, frame)
        if self._failure is not None:
            raise self._failure


def tensor_infos(count: int, read: Callable[[int, Any], int]) -> Iterator[Any]:
    """The filled `dcn_tensor_info` structs of a handle."""
    for index in range(count):
        info = c.dcn_tensor_info.initial()
        check(read(index, ctypes.byref(info)))
        yield info


@contextlib.contextmanager
def freed(pointer: Any, free: str) -> Iterator[Any]:
    """Frees a handle at the end of the block."""
    try:
        yield pointer
    finally:
        getattr(library(), free)(pointer)
