"""Data sets: photos with their image-level labels and masks."""

from __future__ import annotations

import ctypes
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from . import _declarations as c
from ._handle import Guard, Handle, Path, copy_array, decode, encode, encode_optional, freed
from ._library import library
from .errors import NotFound, check
from .images import load_image, load_label_map

__all__ = ["Dataset", "Item", "Report"]


class Report(dict[str, Any]):
    """Numbers about something that was examined, by name; `str()` of it is a table to read.

    Attributes:
        text: the table
    """

    def __init__(self, values: dict[str, Any], text: str) -> None:
        super().__init__(values)
        self.text = text

    def __str__(self) -> str:
        return self.text

    @staticmethod
    def read(pointer: Any, numbers: Sequence[str]) -> Report:
        """From a handle, which is freed. `numbers` are added where the JSON does not name them."""
        lib = library()
        with freed(pointer, "dcn_report_free"):
            values = json.loads(lib.dcn_report_json(pointer))
            for name in numbers:
                if name not in values:
                    number = lib.dcn_report_number(pointer, name.encode())
                    values[name] = None if math.isnan(number) else number
            return Report(values, decode(lib.dcn_report_text(pointer)))


@dataclass(frozen=True, eq=False)
class Item:
    """One photo of a data set.

    Attributes:
        identifier: its name in the lists
        image_path: the photo
        mask_path: the mask; None when it has none that may be used
        labels: names of the classes it shows; None when the lists say nothing about it
        label_vector: uint8 [L], 1 = present; None as `labels`
    """

    identifier: str
    image_path: str
    mask_path: str | None
    labels: tuple[str, ...] | None
    label_vector: NDArray[np.uint8] | None

    def load_image(self) -> NDArray[np.uint8]:
        """The photo, uint8 [H,W,3] RGB, upright. Raises: FileNotFound, FormatError."""
        return load_image(self.image_path)

    def load_mask(self) -> NDArray[np.uint8]:
        """The mask, uint8 [H,W]: 0 background, c + 1 class c, 255 void. Raises: NotFound (it has none), FormatError."""
        if self.mask_path is None:
            raise NotFound(f"'{self.identifier}' has no mask that may be used.")
        return load_label_map(self.mask_path)


class Dataset(Handle, Sequence[Item]):
    """A folder in the layout of the VOC devkit, or a plain one: images/, masks/, labels.csv, classes.txt, <set>.txt.

    Files are read when they are needed. Threads may share a data set.

    Args:
        path: the folder
        set: the list of items, such as "train"; None = the usual one, or all images
        strong: list (name or path) of the items whose masks may be used; None = every mask there is
        labels_from_masks: take image-level labels from the masks instead of the lists
        mask_folder: of the VOC layout; None = "SegmentationClass"

    Raises:
        FileNotFound, NotFound, FormatError (a list is wrong), InvalidArgument
    """

    _free = "dcn_dataset_free"

    def __init__(
        self, path: Path, set: str | None = None, strong: Path | None = None, *, labels_from_masks: bool = False,
        mask_folder: str | None = None,
    ) -> None:
        options = c.dcn_dataset_options.initial(
            labels_from_masks=int(labels_from_masks), set=encode_optional(set, "set"),
            strong=encode_optional(strong, "list"), mask_folder=encode_optional(mask_folder, "folder"))
        pointer = ctypes.POINTER(c.dcn_dataset)()
        check(library().dcn_dataset_open(encode(path, "path"), ctypes.byref(options), ctypes.byref(pointer)), path=path)
        self._own(pointer)
        lib = library()
        #: Names of the object classes; label c + 1 of a mask is class c.
        self.classes: list[str] = [
            decode(lib.dcn_dataset_class_name(pointer, i)) for i in range(lib.dcn_dataset_class_count(pointer))]

    def __len__(self) -> int:
        return int(library().dcn_dataset_item_count(self._handle))

    @property
    def labelled_count(self) -> int:
        """Number of items with image-level labels."""
        return int(library().dcn_dataset_labelled_count(self._handle))

    @property
    def strong_count(self) -> int:
        """Number of items with a mask that may be used."""
        return int(library().dcn_dataset_strong_count(self._handle))

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        """One item, or a list of them."""
        if isinstance(index, slice):
            return [self._item(i) for i in range(*index.indices(len(self)))]
        position, count = index.__index__(), len(self)
        if not -count <= position < count:
            raise IndexError(f"item {position} of a data set of {count}")
        return self._item(position % count)

    def __iter__(self) -> Iterator[Item]:
        return (self._item(index) for index in range(len(self)))

    @property
    def items(self) -> list[Item]:
        """All items."""
        return list(self)

    def _item(self, index: int) -> Item:
        item = c.dcn_item.initial()
        check(library().dcn_dataset_item(self._handle, index, ctypes.byref(item)))
        vector = copy_array(item.labels, (item.class_count,)) if item.labels else None
        names = None if vector is None else tuple(n for n, present in zip(self.classes, vector) if present)
        mask = None if item.mask_path is None else decode(item.mask_path)
        return Item(decode(item.identifier), decode(item.image_path), mask, names, vector)

    def check(self, progress: Callable[[int, int], Any] | None = None) -> Report:
        """Reads every file and reports what is in the set and what is wrong with it.

        Args:
            progress: called with items done and their number; False or an exception stops

        Returns:
            a dict; "problems" lists the faults of files. `str()` of it is a table.

        Raises:
            Cancelled
        """
        lib, pointer, handle = library(), ctypes.POINTER(c.dcn_report)(), self._handle
        with Guard() as guard:
            told = c.dcn_count_callback(guard.wrapped(
                lambda done, total, user_data: progress is None or progress(done, total)))
            guard.finish(lib.dcn_dataset_check(handle, told, None, ctypes.byref(pointer)))
        return Report.read(pointer, ("problems",))

    def __repr__(self) -> str:
        if self.closed:
            return "<Dataset, closed>"
        return (
            f"<Dataset of {len(self)} images, {self.labelled_count} with labels, {self.strong_count} with masks,"
            f" {len(self.classes)} classes>")
