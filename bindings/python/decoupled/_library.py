"""Finds and loads libdecoupled.so."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path

from ._declarations import FUNCTIONS, VERSION


class LibraryError(ImportError):
    """libdecoupled.so is missing, cannot be loaded, or does not fit this package."""


def library_path() -> Path:
    """Absolute path of the libdecoupled.so that is (or would be) loaded.

    The first of: the file that DECOUPLED_LIBRARY names; the one inside this package; when the package lies in a
    checkout, that of its release or debug build.

    Raises:
        LibraryError: there is none.
    """
    named = os.environ.get("DECOUPLED_LIBRARY")
    if named:
        path = Path(named).absolute()
        if not path.is_file():
            raise LibraryError(f"DECOUPLED_LIBRARY names '{named}', which is not a file.")
        return path
    package = Path(__file__).absolute().parent
    places = [package / "lib" / "libdecoupled.so"]
    checkout = package.parents[2] if len(package.parents) > 2 else package
    if (checkout / "Include" / "decoupled" / "decoupled.h").is_file():
        places += [checkout / ".build" / kind / "libdecoupled.so" for kind in ("release", "debug")]
    for place in places:
        if place.is_file():
            return place
    raise LibraryError(
        "There is no libdecoupled.so in " + " or ".join(str(place.parent) for place in places)
        + ": install the package from a built checkout, or name the file in DECOUPLED_LIBRARY."
    )


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    """The library with all functions declared; loaded when it is first needed.

    Calls through it release the interpreter lock.

    Raises:
        LibraryError: the library is missing, cannot be loaded, or is of another version.
    """
    path = library_path()
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError as error:
        raise LibraryError(f"'{path}' cannot be loaded: {error}.") from error
    for name, (result, arguments) in FUNCTIONS.items():
        try:
            function = getattr(loaded, name)
        except AttributeError:
            raise LibraryError(
                f"'{path}' has no function {name}: it is not libdecoupled, or older than this package"
                f" ({'.'.join(map(str, VERSION))}). Install both from the same release."
            ) from None
        function.restype = result
        function.argtypes = arguments
    found = int(loaded.dcn_version())
    if found // 10000 != VERSION[0] or found < VERSION[0] * 10000 + VERSION[1] * 100:
        raise LibraryError(
            f"'{path}' is version {loaded.dcn_version_string().decode()}, this package needs"
            f" {VERSION[0]}.{VERSION[1]}: install both from the same release."
        )
    return loaded
