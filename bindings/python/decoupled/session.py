"""Prediction: label maps, scores and per-class maps of images."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from . import _declarations as c
from ._handle import Guard, Handle, Path, copy_array, floats, session_options, to_json, whole
from ._library import library
from .backends import Backend, backend_of
from .dataset import Dataset, Report
from .errors import InvalidArgument, NotFound, check
from .images import ImageLike, Order, borrowed, save_label_map, save_overlay
from .model import Model

__all__ = ["Labels", "Prediction", "Predictor", "Session", "evaluate", "predict"]

#: Classes to segment in one image: names or indices.
Labels = Sequence[str | int]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What was found in one image. The arrays are the caller's own.

    Attributes:
        label_map: uint8 [H,W], the size of the image: 0 background, c + 1 class c
        scores: float32 [L], 0 to 1, for each class of the model
        classes: names of the model's classes
        identified: names of the classes that were identified or given, in the model's order
        foreground: for each of them the probability of the foreground, float32 [h,w]; empty unless the session keeps it
        activation: for each of them the class-specific activation map, float32 [C,h,w]; empty unless the session keeps it
    """

    label_map: NDArray[np.uint8]
    scores: NDArray[np.float32]
    classes: tuple[str, ...]
    identified: list[str]
    foreground: Mapping[str, NDArray[np.float32]]
    activation: Mapping[str, NDArray[np.float32]]

    def _index(self, name: str) -> int:
        if name not in self.classes:
            raise NotFound(f"There is no class '{name}'; classes are {', '.join(self.classes)}.")
        return self.classes.index(name)

    def score(self, name: str) -> float:
        """Score of a class, 0 to 1. Raises: NotFound."""
        return float(self.scores[self._index(name)])

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Where a class is, bool [H,W]. Raises: NotFound."""
        return np.equal(self.label_map, self._index(name) + 1)

    def save_label_map(self, path: Path) -> None:
        """Writes the label map as a palette PNG. Raises: IOFailure."""
        save_label_map(self.label_map, path)

    def save_overlay(self, image: ImageLike, path: Path, *, opacity: float = 0.5, order: Order = "RGB") -> None:
        """Writes the image that was segmented with the labels' colours over it, see `decoupled.save_overlay`."""
        save_overlay(image, self.label_map, path, opacity=opacity, order=order)

    def __repr__(self) -> str:
        height, width = self.label_map.shape
        found = ", ".join(f"{name} {self.score(name):.2f}" for name in self.identified)
        return f"<Prediction {width}x{height}: {found or 'background'}>"


class Session(Handle):
    """Runs a model on a backend. One thread at a time may use a session; many sessions may share a model.

    Args:
        model: kept alive by the session
        backend: a name ("openblas"), a path of a plugin (anything with a '/'), or None for the one with the best score
        threads: 0 = what DECOUPLED_NUM_THREADS, processor affinity and quota say
        threshold: a class is identified when its score lies above
        images_per_batch: images that go through the classification network together; 0 = 1
        rows_per_chunk: label passes that run together, bounds the memory; 0 = 4
        foreground: keep the foreground map of each identified class
        activation: keep the class-specific activation map of each identified class
        refinements: what changes the scores of the labels before the largest decides, in this order: names, or dicts of
            "name" and settings, such as [{"name": "guided", "radius": 8}]
        plain: the procedure of the paper's released code step by step: slower, to compare with
        trace: file for a trace of all calls of the backend (Chrome's trace events), written when the session is closed
        verify: compare with the backend `reference` on samples of the calls; one that differs raises BackendError
        verify_rate: share of the calls, 0 to 1, that are compared besides the first one of each kernel

    Raises:
        InvalidArgument, NotFound (weights of the classification part), BackendError, IOFailure (the trace cannot be
        written), OutOfMemory
    """

    _free = "dcn_session_free"

    def __init__(
        self, model: Model, backend: Path | None = None, threads: int = 0, *, threshold: float = 0.5,
        images_per_batch: int = 0, rows_per_chunk: int = 0, foreground: bool = False, activation: bool = False,
        plain: bool = False, refinements: Sequence[str | Mapping[str, Any]] = (), trace: Path | None = None,
        verify: bool = False, verify_rate: float = 0.0,
    ) -> None:
        options = session_options(
            backend=backend, threads=threads, threshold=threshold, plain=int(plain), foreground_maps=int(foreground),
            activation_maps=int(activation), images_per_batch=whole(images_per_batch, "images_per_batch"),
            rows_per_chunk=whole(rows_per_chunk, "rows_per_chunk"), trace=trace, verify=int(verify),
            verify_rate=float(verify_rate), refinements=to_json(list(refinements)) if refinements else None)
        pointer = ctypes.POINTER(c.dcn_session)()
        check(library().dcn_session_create(model._handle, ctypes.byref(options), ctypes.byref(pointer)))
        self._own(pointer)
        self._classes = tuple(model.classes)
        self._group = max(1, images_per_batch)
        self._options = options
        #: A class is identified when its score lies above.
        self.threshold = float(threshold)

    @property
    def backend(self) -> Backend:
        """The backend the session runs on."""
        info = c.dcn_backend_info.initial()
        check(library().dcn_session_backend(self._handle, ctypes.byref(info)))
        return backend_of(info)

    @property
    def classes(self) -> list[str]:
        """Names of the model's classes."""
        return list(self._classes)

    @overload
    def predict(
        self, image: list[ImageLike] | tuple[ImageLike, ...], labels: Sequence[Labels | None] | None = None,
        threshold: float | None = None, *, order: Order = "RGB",
    ) -> list[Prediction]: ...

    @overload
    def predict(
        self, image: ImageLike, labels: Labels | None = None, threshold: float | None = None, *, order: Order = "RGB",
    ) -> Prediction: ...

    def predict(
        self, image: Any, labels: Any = None, threshold: float | None = None, *, order: Order = "RGB",
    ) -> Any:
        """Segments an image of any size, or several.

        Args:
            image: path, uint8 array ([H,W,3], [H,W,4] whose alpha is ignored, [H,W] grey), PIL image; or a list or tuple of
                these. Files are turned upright as their EXIF block says, PIL images are taken as they are.
            labels: the classes to segment, names or indices, instead of those the network identifies; for several images a
                list with one entry an image, None in it leaves that one to the network
            threshold: instead of the session's, for this call; it costs one more pass of the classification network
            order: of the channels of arrays, "RGB" or "BGR" (as OpenCV reads them)

        Returns:
            a Prediction, or a list of them; a result does not depend on the other images

        Raises:
            InvalidArgument, NotFound (a class), FileNotFound, FormatError, StateError (busy on another thread, or
            the segmentation part has not been trained), Cancelled, BackendError, NumericError, OutOfMemory
        """
        if not isinstance(image, (list, tuple)):
            return self._predict([image], [labels], threshold, order)[0]
        if labels is None:
            labels = [None] * len(image)
        if isinstance(labels, str) or len(labels) != len(image):
            raise InvalidArgument(f"{len(image)} images need as many lists of labels, not {labels!r}.")
        predictions: list[Prediction] = []
        for start in range(0, len(image), self._group):
            part = slice(start, start + self._group)
            predictions += self._predict(image[part], labels[part], threshold, order)
        return predictions

    def _indices(self, labels: Labels) -> list[int]:
        if isinstance(labels, str):
            raise InvalidArgument(f"Labels are a list of classes, not the text '{labels}'.")
        indices = []
        for label in labels:
            if isinstance(label, str):
                if label not in self._classes:
                    raise NotFound(f"There is no class '{label}'; classes are {', '.join(self._classes)}.")
                indices.append(self._classes.index(label))
            else:
                indices.append(whole(label, "the index of a class"))
        return indices

    def _predict(
        self, images: Sequence[ImageLike], labels: Sequence[Labels | None], threshold: float | None, order: Order
    ) -> list[Prediction]:
        given = [None if chosen is None else self._indices(chosen) for chosen in labels]
        with contextlib.ExitStack() as stack:
            pixels = (c.dcn_image * len(images))(*[stack.enter_context(borrowed(i, order)) for i in images])
            if threshold is not None and threshold != self.threshold and None in given:
                scores = self._classify(pixels)
                given = [
                    np.flatnonzero(row > threshold).tolist() if chosen is None else chosen
                    for row, chosen in zip(scores, given)]
            sets = (c.dcn_label_set * len(images))()
            keep = []
            for one, chosen in zip(sets, given):
                values = None if chosen is None else (ctypes.c_int32 * len(chosen))(*chosen)
                keep.append(values)
                one.struct_size = ctypes.sizeof(c.dcn_label_set)
                one.count = -1 if chosen is None else len(chosen)
                one.classes = None if values is None else ctypes.cast(values, ctypes.POINTER(ctypes.c_int32))
            results = (ctypes.POINTER(c.dcn_result) * len(images))()
            check(library().dcn_session_predict_batch(self._handle, pixels, len(images), sets, results))
        try:
            return [self._read(result) for result in results]
        finally:
            for result in results:
                library().dcn_result_free(result)

    def _read(self, result: Any) -> Prediction:
        lib = library()
        first, second, third = ctypes.c_int32(), ctypes.c_int32(), ctypes.c_int32()
        labels = lib.dcn_result_label_map(result, first, second)
        label_map = copy_array(labels, (second.value, first.value))
        scores = copy_array(lib.dcn_result_scores(result, first), (first.value,))
        indices = lib.dcn_result_classes(result, first)
        identified = [self._classes[indices[position]] for position in range(first.value)]
        foreground, activation = {}, {}
        for position, name in enumerate(identified):
            if self._options.foreground_maps:
                values = lib.dcn_result_foreground_map(result, position, first, second)
                if values:
                    foreground[name] = copy_array(values, (second.value, first.value))
            if self._options.activation_maps:
                values = lib.dcn_result_activation_map(result, position, first, second, third)
                if values:
                    activation[name] = copy_array(values, (first.value, second.value, third.value))
        return Prediction(label_map, scores, self._classes, identified, foreground, activation)

    def _classify(self, pixels: Any) -> NDArray[np.float32]:
        scores = np.empty((len(pixels), len(self._classes)), np.float32)
        check(library().dcn_session_classify(self._handle, pixels, len(pixels), floats(scores), scores.size))
        return scores

    def classify(self, images: ImageLike | Sequence[ImageLike], *, order: Order = "RGB") -> NDArray[np.float32]:
        """Scores of the classes by the classification network alone; the other part need not have been trained.

        Args:
            images: as for `predict`

        Returns:
            float32 [L] for one image, [N,L] for a list

        Raises:
            as `predict`
        """
        several: Any = images if isinstance(images, (list, tuple)) else [images]
        rows = [np.empty((0, len(self._classes)), np.float32)]
        for start in range(0, len(several), self._group):
            with contextlib.ExitStack() as stack:
                part = [stack.enter_context(borrowed(i, order)) for i in several[start:start + self._group]]
                rows.append(self._classify((c.dcn_image * len(part))(*part)))
        scores = np.concatenate(rows)
        return scores if several is images else scores[0]

    def evaluate(
        self, dataset: Dataset, *, true_labels: bool = False, progress: Callable[[int, int], Any] | None = None
    ) -> Report:
        """Segments all items of a data set and compares with their masks and labels.

        Args:
            true_labels: give the image-level labels to the network, so that the segmentation alone is measured
            progress: called with images done and their number; False or an exception stops

        Returns:
            a dict with "mean_iou" (all classes and background), "mean_object_iou", "pixel_accuracy",
            "mean_average_precision" (shares from 0 to 1; None where nothing could be measured), "images", "masks" and more;
            `str()` of it is a table

        Raises:
            as `predict`, and FormatError (a photo or mask cannot be used)
        """
        lib, pointer = library(), ctypes.POINTER(c.dcn_report)()
        handle, data = self._handle, dataset._handle
        with Guard(lambda: lib.dcn_session_cancel(handle)) as guard:
            told = c.dcn_count_callback(guard.wrapped(
                lambda done, total, user_data: progress is None or progress(done, total)))
            guard.finish(lib.dcn_session_evaluate(handle, data, int(true_labels), told, None, ctypes.byref(pointer)))
        return Report.read(pointer, (
            "mean_iou", "mean_object_iou", "pixel_accuracy", "mean_average_precision", "images", "masks"))

    def cancel(self) -> None:
        """Stops the call that is under way on another thread: it raises Cancelled. Without one nothing happens."""
        check(library().dcn_session_cancel(self._handle))


#: Another name of `Session`.
Predictor = Session


def _opened(model: Model | Path) -> Model:
    return Model.open(model) if isinstance(model, (str, os.PathLike)) else model


def predict(model: Model | Path, image: Any, labels: Any = None, **options: Any) -> Any:
    """Segments with a session made for this call; keep a `Session` to segment more than once.

    Args:
        model: a model or the path of one
        image, labels: as for `Session.predict`
        options: of `Session`, and `order`

    Returns:
        a Prediction, or a list of them for a list of images
    """
    order = options.pop("order", "RGB")
    with Session(_opened(model), **options) as session:
        return session.predict(image, labels, order=order)


def evaluate(
    model: Model | Path, dataset: Dataset, *, true_labels: bool = False,
    progress: Callable[[int, int], Any] | None = None, **options: Any,
) -> Report:
    """`Session.evaluate` with a session made for this call; `options` are those of `Session`."""
    with Session(_opened(model), **options) as session:
        return session.evaluate(dataset, true_labels=true_labels, progress=progress)
