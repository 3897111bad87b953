"""Object proposals: edges, Edge Boxes, and the training of structured forests."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _declarations as c
from ._handle import Guard, Handle, Path, decode, encode, encode_optional, fitted, floats, whole
from ._library import library
from .dataset import Dataset
from .errors import InvalidArgument, check
from .images import ImageLike, Order, borrowed

__all__ = ["Proposer", "train_forest"]

_RUNS = {"refuse": c.DCN_RUN_REFUSE, "resume": c.DCN_RUN_RESUME, "overwrite": c.DCN_RUN_OVERWRITE}
_FEATURES = {"authors": c.DCN_FEATURES_AUTHORS, "opencv": c.DCN_FEATURES_OPENCV}


class Proposer(Handle):
    """Proposes boxes that are likely to hold whole objects (Edge Boxes). Threads may share one.

    Args:
        forest: file of a structured forest (`train_forest`, or OpenCV's model.yml.gz); None = plain gradients, which find
            fewer objects
        sharpening: of the forest's edges, 0 to 2; None = 2, or 0 for a forest without segments
        multiscale: average the forest's edges at three scales
        parameters: the authors' parameters: alpha, beta, eta, min_score, max_boxes, edge_min_mag, edge_merge_thr,
            cluster_min_mag, max_aspect_ratio, min_box_area, gamma, kappa

    Raises:
        InvalidArgument, FileNotFound, FormatError, Unsupported
        TypeError: there is no such parameter
    """

    _free = "dcn_proposer_free"

    def __init__(
        self, forest: Path | None = None, *, sharpening: int | None = None, multiscale: bool = False, **parameters: float
    ) -> None:
        members: dict[str, Any] = dict(parameters)
        known = {name for name, _ in c.dcn_proposer_options._fields_[4:]}
        for name in members:
            if name not in known:
                raise TypeError(f"There is no parameter {name!r}; there are {', '.join(sorted(known))}.")
        if "max_boxes" in members:
            members["max_boxes"] = whole(members["max_boxes"], "max_boxes")
        options = c.dcn_proposer_options.initial(
            forest=encode_optional(forest, "forest"), multiscale=int(multiscale),
            sharpening=-1 if sharpening is None else whole(sharpening, "sharpening"), **members)
        pointer = ctypes.POINTER(c.dcn_proposer)()
        check(library().dcn_proposer_create(ctypes.byref(options), ctypes.byref(pointer)), path=forest)
        self._own(pointer)
        self._capacity = options.max_boxes

    @property
    def detector(self) -> str:
        """What finds the edges, in words."""
        return decode(library().dcn_proposer_detector(self._handle))

    def edges(
        self, image: ImageLike, *, thinned: bool = False, order: Order = "RGB"
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How strong the edges are (about 0 to 1) and the direction across them (0 to pi), both float32 [H,W].

        Args:
            thinned: edges stay only where they are strongest across themselves, as `boxes_of_edges` needs them

        Raises:
            InvalidArgument; for an image that is a path also as `load_image`
        """
        with borrowed(image, order) as pixels:
            magnitude = np.empty((pixels.height, pixels.width), np.float32)
            orientation = np.empty_like(magnitude)
            check(
                library().dcn_proposer_edges(
                    self._handle, ctypes.byref(pixels), int(thinned), floats(magnitude), floats(orientation),
                    magnitude.size))
        return magnitude, orientation

    def __call__(self, image: ImageLike, *, order: Order = "RGB") -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The boxes of an image, the best first: int32 [N,4] of x, y, width, height in pixels from 0, and scores [N].

        Raises:
            InvalidArgument; for an image that is a path also as `load_image`
        """
        with borrowed(image, order) as pixels:
            return self._boxes(lambda *room: library().dcn_proposer_run(self._handle, ctypes.byref(pixels), *room))

    def boxes_of_edges(
        self, magnitude: ArrayLike, orientation: ArrayLike
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """As calling the proposer, from thinned edges of any origin, both [H,W]; orientations are 0 to pi.

        Raises:
            InvalidArgument
        """
        shape = np.shape(magnitude)
        if len(shape) != 2:
            raise InvalidArgument(f"Edges have the shape [height, width], not {list(shape)}.")
        strong = fitted(magnitude, np.float32, shape, "magnitude")
        across = fitted(orientation, np.float32, shape, "orientation")
        return self._boxes(
            lambda *room: library().dcn_proposer_run_edges(
                self._handle, floats(strong), floats(across), shape[1], shape[0], *room))

    def _boxes(self, run: Callable[..., int]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        room = (c.dcn_box * self._capacity)()
        count = ctypes.c_int32()
        check(run(room, self._capacity, ctypes.byref(count)))
        boxes = np.frombuffer(room, np.dtype([("box", np.int32, 4), ("score", np.float32)]), count.value)
        return boxes["box"].copy(), boxes["score"].copy()


def train_forest(
    dataset: Dataset, path: Path, *, features: Literal["authors", "opencv"] = "authors", trees: int = 8,
    samples: int = 40_000, seed: int = 1, threads: int = 0, existing: Literal["refuse", "resume", "overwrite"] = "refuse",
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Trains a structured forest on the masks of a data set and writes it.

    Args:
        path: safetensors; OpenCV's YAML when it ends in .yml, .yaml or .gz
        features: "opencv" for a forest that OpenCV is to run
        samples: patches with an edge, and as many without, of each tree; each takes about 15 kB of memory
        existing: what is done with the trees of a training that was stopped
        progress: told the finished trees and their number; False cancels

    Raises:
        InvalidArgument, FormatError, IOFailure, StateError, Cancelled
    """
    if existing not in _RUNS:
        raise InvalidArgument(f"'existing' is one of {', '.join(_RUNS)}, not {existing!r}.")
    if features not in _FEATURES:
        raise InvalidArgument(f"'features' is one of {', '.join(_FEATURES)}, not {features!r}.")
    options = c.dcn_forest_options.initial(
        threads=whole(threads, "threads"), features=_FEATURES[features], trees=whole(trees, "trees"),
        samples=whole(samples, "samples"), existing_run=_RUNS[existing], seed=whole(seed, "seed", 64))
    with Guard() as guard:
        told = guard.wrapped(lambda done, total, _: progress(done, total) if progress else None)
        callback = c.dcn_count_callback(told)
        guard.finish(
            library().dcn_forest_train(
                dataset._handle, ctypes.byref(options), encode(path, "path"), callback, None))
