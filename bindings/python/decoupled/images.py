"""Images in and out: numpy arrays, PIL images, files."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _declarations as c
from ._handle import Path, encode
from ._library import library
from .errors import InvalidArgument, check

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

#: What stands for an image: a path, an array (uint8; [H,W,3], [H,W,4], [H,W] or [H,W,1]), or a PIL image.
ImageLike = Union[str, "os.PathLike[str]", NDArray[np.uint8], "PILImage"]
Order = Literal["RGB", "BGR"]

__all__ = [
    "ImageLike", "label_colors", "load_image", "load_label_map", "save_image", "save_label_map", "save_overlay",
]

_BYTES = ctypes.POINTER(ctypes.c_uint8)
_FORMATS = {
    ("RGB", 1): c.DCN_FORMAT_GRAY8, ("BGR", 1): c.DCN_FORMAT_GRAY8, ("RGB", 3): c.DCN_FORMAT_RGB,
    ("BGR", 3): c.DCN_FORMAT_BGR, ("RGB", 4): c.DCN_FORMAT_RGBA, ("BGR", 4): c.DCN_FORMAT_BGRA,
}


def pixels_of(image: Any) -> NDArray[np.uint8]:
    """The pixels of an array or PIL image as uint8 [H,W] or [H,W,C], without a copy where possible.

    Raises:
        InvalidArgument: wrong type of element or shape, or a PIL mode of more than 8 bits
        TypeError: it is neither an array nor a PIL image
    """
    if isinstance(image, np.ndarray):
        array = image
    elif hasattr(image, "mode") and hasattr(image, "convert") and hasattr(image, "size"):
        if image.mode.startswith(("I", "F")):
            raise InvalidArgument(
                f"A PIL image of mode {image.mode} has more than 8 bits a channel; convert it to 'RGB' or 'L' first.")
        array = np.asarray(image if image.mode in ("RGB", "RGBA", "L") else image.convert("RGB"))
    elif hasattr(image, "__array__") or hasattr(image, "__array_interface__"):
        array = np.asarray(image)
    else:
        raise TypeError(f"an image is a path, a uint8 array or a PIL image, not {type(image).__name__}")
    if array.dtype != np.uint8:
        hint = "; multiply values from 0 to 1 by 255" if array.dtype.kind == "f" else ""
        raise InvalidArgument(f"An image array holds uint8, not {array.dtype}{hint}.")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise InvalidArgument(
            f"An image array has the shape [height, width], with 1, 3 or 4 channels behind, not {list(array.shape)}.")
    if 0 in array.shape:
        raise InvalidArgument(f"An image of shape {list(array.shape)} has no pixels.")
    channels = array.shape[2] if array.ndim == 3 else 1
    inner = (channels, 1) if array.ndim == 3 else (1,)
    if array.strides[1:] != inner or abs(array.strides[0]) < array.shape[1] * channels:
        array = np.ascontiguousarray(array)
    return array


@contextlib.contextmanager
def borrowed(image: ImageLike, order: Order = "RGB") -> Iterator[Any]:
    """An image as `dcn_image`, valid inside the block; files are read and released."""
    if isinstance(image, (str, os.PathLike)):
        loaded = c.dcn_image.initial()
        check(library().dcn_image_load(encode(image, "path"), ctypes.byref(loaded)), path=image)
        try:
            yield loaded
        finally:
            library().dcn_image_free(ctypes.byref(loaded))
        return
    array = pixels_of(image)
    channels = array.shape[2] if array.ndim == 3 else 1
    if order not in ("RGB", "BGR"):
        raise InvalidArgument(f"The order of channels is 'RGB' or 'BGR', not {order!r}.")
    yield c.dcn_image.initial(
        format=_FORMATS[order, channels], width=array.shape[1], height=array.shape[0],
        row_stride=array.strides[0] if array.shape[0] > 1 else 0, pixels=array.ctypes.data_as(_BYTES))


def taken(fill: Callable[[Any], int], path: Path | None = None) -> NDArray[np.uint8]:
    """A copy of the pixels that a function of the library puts into a dcn_image."""
    image = c.dcn_image.initial()
    check(fill(ctypes.byref(image)), path=path)
    try:
        channels = 1 if image.format == c.DCN_FORMAT_GRAY8 else 3
        shape = (image.height, image.width) if channels == 1 else (image.height, image.width, 3)
        stride = image.row_stride or image.width * channels
        memory = np.ctypeslib.as_array(image.pixels, shape=(stride * (image.height - 1) + image.width * channels,))
        return np.lib.stride_tricks.as_strided(memory, shape, (stride, channels, 1)[:len(shape)]).copy()
    finally:
        library().dcn_image_free(ctypes.byref(image))


def _load(path: Path, function: str) -> NDArray[np.uint8]:
    return taken(lambda image: getattr(library(), function)(encode(path, "path"), image), path)


def load_image(path: Path) -> NDArray[np.uint8]:
    """Reads a JPEG or PNG file as RGB, uint8 [H,W,3], turned upright as its EXIF block says.

    Raises:
        FileNotFound, FormatError, OutOfMemory
    """
    return _load(path, "dcn_image_load")


def load_label_map(path: Path) -> NDArray[np.uint8]:
    """Reads the class ids of a mask as stored (palette or grey PNG), uint8 [H,W]: 0 background, c + 1 class c, 255 void.

    Raises:
        FileNotFound, FormatError, OutOfMemory
    """
    return _load(path, "dcn_label_map_load")


def save_image(image: ImageLike, path: Path, *, order: Order = "RGB") -> None:
    """Writes an image as PNG, or as JPEG when the path ends in ".jpg" or ".jpeg"; whole or not at all.

    Raises:
        InvalidArgument, IOFailure
    """
    with borrowed(image, order) as pixels:
        check(library().dcn_image_save(ctypes.byref(pixels), encode(path, "path")), path=path)


def _labels(labels: ArrayLike) -> NDArray[np.uint8]:
    array = np.asarray(labels)
    if array.dtype != np.uint8 or array.ndim != 2 or 0 in array.shape:
        raise InvalidArgument(f"A label map is uint8 [H,W], not {array.dtype} {list(array.shape)}.")
    return np.ascontiguousarray(array)


def save_label_map(labels: ArrayLike, path: Path) -> None:
    """Writes a label map, uint8 [H,W], as a palette PNG: viewers show colours, readers get the ids.

    Raises:
        InvalidArgument, IOFailure
    """
    array = _labels(labels)
    height, width = array.shape
    check(library().dcn_label_map_save(array.ctypes.data_as(_BYTES), width, height, encode(path, "path")), path=path)


def save_overlay(
    image: ImageLike, labels: ArrayLike, path: Path, *, opacity: float = 0.5, order: Order = "RGB"
) -> None:
    """Writes an image with the colours of `labels` (uint8 [H,W], of its size) mixed in.

    Args:
        opacity: share of the label's colour, 0 to 1

    Raises:
        InvalidArgument, IOFailure; for an image that is a path also as `load_image`
    """
    array = _labels(labels)
    with borrowed(image, order) as pixels:
        if (pixels.height, pixels.width) != array.shape:
            raise InvalidArgument(
                f"The label map is {array.shape[1]}x{array.shape[0]}, the image {pixels.width}x{pixels.height}.")
        check(
            library().dcn_overlay_save(
                ctypes.byref(pixels), array.ctypes.data_as(_BYTES), float(opacity), encode(path, "path")),
            path=path)


def label_colors() -> NDArray[np.uint8]:
    """The colour of each label in the files above, uint8 [256,3] RGB: `label_colors()[label_map]` is a picture."""
    values = np.array([library().dcn_label_color(label) for label in range(256)], dtype=np.uint32)
    return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1).astype(np.uint8)
