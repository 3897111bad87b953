"""A network laid open: run it on tensors, read and replace any value by name."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _declarations as c
from ._handle import Handle, Path, create, encode, fitted, names_array, session_options, tensor_infos, whole
from ._library import library
from .errors import check
from .model import Model, TensorInfo

__all__ = ["Form", "Inspector"]

#: "prediction", or the name of a phase with "_loss" behind it; or the place: 0 for the prediction, then the phases.
Form = str | int


class Inspector(Handle):
    """Computes values of a network by name.

    With N images, R label rows, L classes and input size S the inputs of a DecoupledNet's forms are:

    - "prediction", the plain procedure: "image" float32 [N,3,S,S], "row_to_image" int32 [R] (the image of each label row),
      "seeds" float32 [R,L,1,1] (what is back-propagated for each class, 0 for those a row does not ask for). Among the
      results: "scores" [N,L], "probabilities" [R,2,S,S].
    - "classification_loss", loss and gradients of phase 1: "image", "labels" float32 [N,L], "loss_gradient" [1] (1).
    - "segmentation_loss", loss and gradients of phase 2, normalised by the statistics of the batch: "image", "labels"
      [N,L,1,1], "mask" int32 [N,S,S] (0, 1, or 255 = ignored), "loss_gradient" [1] (1). R is not used.

    Other families have the form "prediction" and one for each of `Model.phases`; `values` tells their inputs.

    A result is named after its layer; its second output, such as the switches of a pool, has ".1" behind the name.

    Args:
        model: kept alive by the inspector
        form: what is laid open: "prediction", or a phase's name with "_loss" behind it; or its number, 0 for the
            prediction, then the phases
        images: N
        rows: R
        backend, threads: as for `Session`

    Raises:
        InvalidArgument, BackendError
    """

    _free = "dcn_inspector_free"

    def __init__(
        self, model: Model, form: Form = "prediction", images: int = 1, rows: int = 1, *, backend: Path | None = None,
        threads: int = 0,
    ) -> None:
        options = session_options(backend=backend, threads=threads)
        pointer = ctypes.POINTER(c.dcn_inspector)()
        check(create(
            "dcn_inspector_create", model, form, "form", whole(images, "images"), whole(rows, "rows"),
            ctypes.byref(options), ctypes.byref(pointer)))
        self._own(pointer)

    @property
    def values(self) -> dict[str, TensorInfo]:
        """Inputs, parameters and results by name, in the order of computation."""
        handle, lib = self._handle, library()
        count = lib.dcn_inspector_value_count(handle)
        infos = tensor_infos(count, lambda index, info: int(lib.dcn_inspector_value_info(handle, index, info)))
        return {info.name: info for info in map(TensorInfo.read, infos)}

    def info(self, name: str) -> TensorInfo:
        """Shape, type and role of a value. Raises: NameNotFound."""
        info = c.dcn_tensor_info.initial()
        check(library().dcn_inspector_value_find(self._handle, encode(name), ctypes.byref(info)), name=name)
        return TensorInfo.read(info)

    def set(self, name: str, values: ArrayLike) -> None:
        """Sets a value to a copy of an array of its shape; it stays until it is set again. A result that is set is not
        computed, so that the network is cut there. Parameters cannot be set here.

        Raises:
            InvalidArgument, NameNotFound, StateError, OutOfMemory
        """
        info = self.info(name)
        array = fitted(values, info.dtype, info.shape, name)
        check(
            library().dcn_inspector_set(self._handle, encode(name), array.ctypes.data_as(ctypes.c_void_p), array.nbytes),
            name=name)

    def unset(self, name: str) -> None:
        """Forgets a value that was set. Raises: InvalidArgument, NameNotFound, StateError."""
        check(library().dcn_inspector_unset(self._handle, encode(name)), name=name)

    def run(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Computes values from the inputs that are set. Runs with the same names and inputs do not compile again.

        Args:
            names: the values wanted

        Returns:
            copies of them by name

        Raises:
            InvalidArgument (also an input that is needed and not set), NotFound (a value or weights), StateError,
            Cancelled, BackendError, OutOfMemory
        """
        wanted = names_array(names)
        check(library().dcn_inspector_run(self._handle, wanted, len(wanted)))
        return {name: self.copy(name) for name in names}

    def copy(self, name: str) -> NDArray[Any]:
        """A value that the last run kept. Raises: NameNotFound, StateError (it did not keep it)."""
        info = self.info(name)
        values = np.empty(info.shape, info.dtype)
        check(
            library().dcn_inspector_copy(
                self._handle, encode(name), values.ctypes.data_as(ctypes.c_void_p), values.nbytes),
            name=name)
        return values

    def cancel(self) -> None:
        """Stops a run under way on another thread: it raises Cancelled."""
        check(library().dcn_inspector_cancel(self._handle))
