"""Data sets: photos with their image-level labels and masks."""

from __future__ import annotations

import ctypes
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from . import _declarations as c
from ._handle import (
    Guard, Handle, Path, copy_array, decode, encode, encode_optional, freed, names_array, to_json, whole,
)
from ._library import library
from .errors import InvalidArgument, NotFound, check
from .images import load_image, taken

__all__ = ["Dataset", "Evaluation", "Item", "Report", "check_data"]

Kind = Literal["automatic", "voc", "folder", "sbd", "coco", "coco-panoptic", "ade20k", "labelme"]
Counting = Callable[[int, int], Any] | None
#: Numbers of the reports of evaluations.
_SCORES = ("mean_iou", "mean_object_iou", "pixel_accuracy")


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
    _index: int = field(repr=False)
    _dataset: Dataset = field(repr=False)

    def load_image(self) -> NDArray[np.uint8]:
        """The photo, uint8 [H,W,3] RGB, upright. Raises: FileNotFound, FormatError."""
        return load_image(self.image_path)

    def load_mask(self) -> NDArray[np.uint8]:
        """The mask, uint8 [H,W]: 0 background, c + 1 class c, 255 void, whatever file it is made from.

        Raises:
            NotFound (it has none), FormatError, StateError (the data set is closed)
        """
        if self.mask_path is None:
            raise NotFound(f"'{self.identifier}' has no mask that may be used.")
        return taken(lambda image: library().dcn_dataset_item_mask(self._dataset._handle, self._index, image))


def _options(
    set: str | None, strong: Path | None, labels_from_masks: bool, mask_folder: str | None, kind: Kind,
    list: Path | None, extra_masks: Path | None, ignored_ids: Sequence[int], reduce_zero: bool, overlap: str, crowd: str,
) -> Any:
    ids = (ctypes.c_uint8 * len(ignored_ids))(*[whole(value, "an id", 8) for value in ignored_ids])
    return c.dcn_dataset_options.initial(
        labels_from_masks=int(labels_from_masks), set=encode_optional(set, "set"),
        strong=encode_optional(strong, "list"), mask_folder=encode_optional(mask_folder, "folder"),
        kind=encode(kind, "kind"), list=encode_optional(list, "list"),
        extra_masks=encode_optional(extra_masks, "folder"), ignored_ids=ctypes.cast(ids, c.POINTER(c.c_uint8)),
        ignored_id_count=len(ignored_ids), reduce_zero=int(reduce_zero), overlap=encode(overlap, "overlap"),
        crowd=encode(crowd, "crowd"))


def _counted(progress: Counting, call: Callable[[Any], int]) -> None:
    """Makes a call that tells its progress; the function or Ctrl-C can stop it."""
    with Guard() as guard:
        told = c.dcn_count_callback(guard.wrapped(
            lambda done, total, user_data: progress is None or progress(done, total)))
        guard.finish(call(told))


def _report(progress: Counting, call: Callable[[Any, Any], int], numbers: Sequence[str]) -> Report:
    pointer = ctypes.POINTER(c.dcn_report)()
    _counted(progress, lambda told: call(told, ctypes.byref(pointer)))
    return Report.read(pointer, numbers)


class Dataset(Handle, Sequence[Item]):
    """A folder in the layout of the VOC devkit, a plain one (images/, masks/, labels.csv, classes.txt, <set>.txt), or one of
    SBD, COCO, ADE20K or LabelMe.

    Files are read when they are needed. Threads may share a data set.

    Args:
        path: the folder
        set: the list of items, such as "train"; None = the usual one, or all images
        strong: list (name or path) of the items whose masks may be used; None = every mask there is
        labels_from_masks: take image-level labels from the masks instead of the lists
        mask_folder: of the VOC layout; None = "SegmentationClass"
        kind: the layout; "automatic" = whichever the folder fits
        list: official list of training windows, "image mask x1 y1 x2 y2 bits..." a line, with paths that begin at the folder
        extra_masks: folder of SBD, whose masks serve where the VOC layout has none; adds the sets train_aug, trainval_aug
        ignored_ids: ids in PNG masks that become void
        reduce_zero: id 0 of PNG masks becomes void and every other id one less, as for ADE20K
        overlap: what pixels of several COCO objects become: those of the "later" one, or "void"
        crowd: what crowds of COCO become: "void", or an "object" like others

    Raises:
        FileNotFound, NotFound, FormatError (a list is wrong), InvalidArgument
    """

    _free = "dcn_dataset_free"

    def __init__(
        self, path: Path, set: str | None = None, strong: Path | None = None, *, labels_from_masks: bool = False,
        mask_folder: str | None = None, kind: Kind = "automatic", list: Path | None = None,
        extra_masks: Path | None = None, ignored_ids: Sequence[int] = (), reduce_zero: bool = False,
        overlap: Literal["later", "void"] = "later", crowd: Literal["void", "object"] = "void",
    ) -> None:
        options = _options(
            set, strong, labels_from_masks, mask_folder, kind, list, extra_masks, ignored_ids, reduce_zero, overlap, crowd)
        pointer = ctypes.POINTER(c.dcn_dataset)()
        check(library().dcn_dataset_open(encode(path, "path"), ctypes.byref(options), ctypes.byref(pointer)), path=path)
        self._own(pointer)
        lib = library()
        #: Names of the object classes; label c + 1 of a mask is class c.
        self.classes = [
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
        return Item(decode(item.identifier), decode(item.image_path), mask, names, vector, index, self)

    def check(self, progress: Callable[[int, int], Any] | None = None) -> Report:
        """Reads every file and reports what is in the set and what is wrong with it.

        Args:
            progress: called with items done and their number; False or an exception stops

        Returns:
            a dict; "problems" lists the faults of files. `str()` of it is a table.

        Raises:
            Cancelled
        """
        lib, handle = library(), self._handle
        return _report(
            progress, lambda told, out: lib.dcn_dataset_check(handle, told, None, out), ("problems",))

    def statistics(self, progress: Counting = None) -> Report:
        """Counts images, masks and pixels of each class, and how often two classes occur together ("together", [L*L]).

        Args:
            progress: called with items done and their number; False or an exception stops

        Raises:
            FormatError, Cancelled
        """
        lib, handle = library(), self._handle
        return _report(
            progress, lambda told, out: lib.dcn_dataset_statistics(handle, told, None, out), ("images",))

    def split(self, per_class: int, path: Path, *, seed: int = 1) -> None:
        """Chooses about so many masks for each class (5, 10 or 25 in the paper) and writes a list of them for `strong`.

        Raises:
            InvalidArgument, FormatError, IOFailure
        """
        check(library().dcn_dataset_split(
            self._handle, whole(per_class, "per_class"), whole(seed, "seed", 64), encode(path, "path")), path=path)

    def write_voc(self, folder: Path, set: str = "train", *, progress: Counting = None) -> None:
        """Writes the data set as a tree in the VOC layout, with masks as palette PNG; other sets of the tree stay.

        Raises:
            FormatError, IOFailure, Cancelled
        """
        lib, handle = library(), self._handle
        _counted(progress, lambda told: lib.dcn_dataset_write_voc(
            handle, encode(set, "set"), encode(folder, "folder"), told, None))

    def write_crops(
        self, path: Path, root: Path, *, cropping: Mapping[str, Any] | None = None, seed: int = 1,
        progress: Counting = None,
    ) -> int:
        """Makes the windows of combinatorial cropping (paper, section 5) and writes them as an official list, for `list`.

        Args:
            path: the list
            root: folder that its paths begin at
            cropping: settings such as windows_per_subset, enclosed_share, proposals={"share": 0.5}; None = the paper's

        Returns:
            number of windows

        Raises:
            InvalidArgument, FormatError, IOFailure, Cancelled
        """
        lib, handle, count = library(), self._handle, ctypes.c_int64()
        settings = None if cropping is None else to_json(cropping)
        _counted(progress, lambda told: lib.dcn_dataset_write_crops(
            handle, settings, whole(seed, "seed", 64), encode(root, "folder"), encode(path, "path"), told, None,
            ctypes.byref(count)))
        return count.value

    def evaluate(self, folder: Path, progress: Counting = None) -> Report:
        """Compares the label maps <folder>/<identifier>.png with the masks, as VOC's evaluation does.

        Returns:
            a dict with "mean_iou" (all classes with background), "mean_object_iou", "pixel_accuracy", "classes"

        Raises:
            FormatError (a map is missing or does not fit), Cancelled
        """
        lib, handle = library(), self._handle
        return _report(
            progress, lambda told, out: lib.dcn_dataset_evaluate(handle, encode(folder, "folder"), told, None, out),
            _SCORES)

    def __repr__(self) -> str:
        if self.closed:
            return "<Dataset, closed>"
        return (
            f"<Dataset of {len(self)} images, {self.labelled_count} with labels, {self.strong_count} with masks,"
            f" {len(self.classes)} classes>")


def check_data(
    path: Path, set: str | None = None, strong: Path | None = None, *, progress: Counting = None,
    labels_from_masks: bool = False, mask_folder: str | None = None, kind: Kind = "automatic",
    extra_masks: Path | None = None, ignored_ids: Sequence[int] = (), reduce_zero: bool = False,
    overlap: Literal["later", "void"] = "later", crowd: Literal["void", "object"] = "void",
) -> Report:
    """As `Dataset.check` for all sets that a folder lists, each image once; with `set` only for that one.

    Arguments are those of `Dataset`. Sets that cannot be opened are problems of the report.

    Raises:
        FileNotFound, FormatError, Cancelled
    """
    options = _options(
        set, strong, labels_from_masks, mask_folder, kind, None, extra_masks, ignored_ids, reduce_zero, overlap, crowd)
    folder = encode(path, "path")
    return _report(
        progress,
        lambda told, out: library().dcn_dataset_check_folder(folder, ctypes.byref(options), told, None, out),
        ("problems",))


class Evaluation(Handle):
    """Counts of pixels by true and predicted class over many label maps, from any source. Threads may share one.

    Args:
        classes: names of the object classes

    Raises:
        InvalidArgument, FormatError
    """

    _free = "dcn_evaluation_free"

    def __init__(self, classes: Sequence[str]) -> None:
        pointer = ctypes.POINTER(c.dcn_evaluation)()
        check(library().dcn_evaluation_create(names_array(classes), len(classes), ctypes.byref(pointer)))
        self._own(pointer)

    def add(self, truth: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> None:
        """Adds one image: uint8 [H,W] each, 0 background, c + 1 class c; pixels whose truth is 255 do not count.

        Raises:
            InvalidArgument, FormatError (an id is no class; 255 is none in a prediction)
        """
        maps = [np.ascontiguousarray(array) for array in (truth, prediction)]
        if any(array.dtype != np.uint8 or array.ndim != 2 for array in maps) or maps[0].shape != maps[1].shape:
            raise InvalidArgument("Truth and prediction must be uint8 [H,W] of one size.")
        height, width = maps[0].shape
        pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)) for array in maps]
        check(library().dcn_evaluation_add(self._handle, *pointers, width, height))

    def report(self) -> Report:
        """What has been counted so far: "mean_iou" (all classes with background, the paper's), "mean_object_iou",
        "pixel_accuracy", "classes"; `str()` of it is a table."""
        pointer = ctypes.POINTER(c.dcn_report)()
        check(library().dcn_evaluation_report(self._handle, ctypes.byref(pointer)))
        return Report.read(pointer, _SCORES)
