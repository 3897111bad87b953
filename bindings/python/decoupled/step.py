"""Single training steps on the caller's arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _declarations as c
from ._handle import Handle, Path, create, encode, encode_optional, fitted, floats, tensor_infos, to_json, whole
from ._library import library
from .errors import InvalidArgument, NameNotFound, check
from .inspect import Inspector
from .model import Model, TensorInfo
from .training import Phase

__all__ = ["Step"]


class Step(Handle):
    """Loss, gradients and steps of stochastic gradient descent.

    Args:
        model: its trained parameters are replaced by copies in memory, which `apply` changes; all weights must be there
        phase: one of `model.phases`, or its number from 1: "classification" (1) or "segmentation" (2) for a DecoupledNet
        images: N, the images of a batch
        multipliers: what learning rate and weight decay are multiplied by: None or "caffe" = those of the authors' files
            (biases twice the rate and no decay, all else 1); "uniform" = 1 for everything; or rules on top of the
            former, the last that matches wins: [{"pattern": "conv*.weight", "learning_rate": 0, "decay": 1}]. A rate
            of 0 fixes a parameter: it is not among `parameters` then.
        momentum: of the steps; it starts at 0
        weight_decay: of the steps
        dropout: drop out as in training, where the phase does
        seed: of dropout
        backend, threads: as for `Session`

    Raises:
        InvalidArgument, FormatError (the rules), NotFound (weights), StateError, BackendError, OutOfMemory
    """

    _free = "dcn_step_free"

    def __init__(
        self, model: Model, phase: Phase, images: int, *,
        multipliers: str | Sequence[Mapping[str, Any]] | None = None, momentum: float = 0.9, weight_decay: float = 5e-4,
        dropout: bool = False, seed: int = 1, backend: Path | None = None, threads: int = 0,
    ) -> None:
        rules = to_json(multipliers) if not isinstance(multipliers, (str, type(None))) else encode_optional(multipliers)
        options = c.dcn_step_options.initial(
            threads=whole(threads, "threads"), backend=encode_optional(backend, "backend"), multipliers=rules,
            momentum=float(momentum), weight_decay=float(weight_decay), dropout=int(dropout), seed=whole(seed, "seed", 64))
        pointer = ctypes.POINTER(c.dcn_step)()
        check(create(
            "dcn_step_create", model, phase, "phase", whole(images, "images"), ctypes.byref(options),
            ctypes.byref(pointer)))
        self._own(pointer)
        self._shapes = (int(images), model.input_size, len(model.classes))
        self._phase = model._phase_name(phase)
        # The inputs of the phase's graph tell whether it reads labels and masks.
        with Inspector(model, f"{self._phase}_loss", images, backend="reference", threads=1) as loss:
            self._inputs = {name for name, info in loss.values.items() if info.role == "input"}

    def compute(self, images: ArrayLike, labels: ArrayLike | None = None, masks: ArrayLike | None = None) -> float:
        """Computes loss and gradients of a batch; the model stays as it is.

        Args:
            images: float32 [N,3,S,S], preprocessed
            labels: float32 [N,L]; "classification": image-level labels, 0 to 1; "segmentation": 1 for the classes of the
                mask; None in phases that read none
            masks: int32 [N,S,S], 0 background, 255 ignored; "segmentation": 1 foreground; phases that learn all classes at
                once: c + 1 class c; None in phases that read none, such as "classification"

        Returns:
            the loss

        Raises:
            InvalidArgument, StateError, Cancelled, BackendError, NumericError (the loss is not finite), OutOfMemory
        """
        count, size, classes = self._shapes
        pixels = fitted(images, np.float32, (count, 3, size, size), "images")
        for what, given, read in (("labels", labels, "labels"), ("masks", masks, "mask")):
            if (given is not None) != (read in self._inputs):
                raise InvalidArgument(f"The phase '{self._phase}' {'needs' if given is None else 'reads no'} {what}.")
        rows = None if labels is None else fitted(labels, np.float32, (count, classes), "labels")
        mask = None if masks is None else fitted(masks, np.int32, (count, size, size), "masks")
        loss = ctypes.c_double()
        check(library().dcn_step_compute(
            self._handle, floats(pixels), None if rows is None else floats(rows),
            None if mask is None else mask.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)), ctypes.byref(loss)))
        return loss.value

    def apply(self, learning_rate: float) -> None:
        """Changes the model by the last gradients: v = momentum v + rate (g + decay w), w = w - v, with rate and decay times
        the parameter's multipliers. Each computation is applied at most once; nothing else may be using the model.

        Raises:
            InvalidArgument, StateError (nothing computed, or the model is in use), NumericError
        """
        check(library().dcn_step_apply(self._handle, float(learning_rate)))

    @property
    def parameters(self) -> dict[str, TensorInfo]:
        """The trained parameters by name; their gradients and momenta have the same shapes."""
        return self._infos("dcn_step_parameter_count", "dcn_step_parameter_info")

    @property
    def layers(self) -> dict[str, TensorInfo]:
        """The layers that normalise by the statistics of the batch, with the shape [channels]; there may be none."""
        return self._infos("dcn_step_layer_count", "dcn_step_layer_info")

    def _infos(self, count: str, read: str) -> dict[str, TensorInfo]:
        handle, function = self._handle, getattr(library(), read)
        infos = tensor_infos(getattr(library(), count)(handle), lambda index, info: int(function(handle, index, info)))
        return {info.name: info for info in map(TensorInfo.read, infos)}

    def _copy(self, function: Callable[..., int], name: str) -> NDArray[np.float32]:
        known = self.parameters
        if name not in known:
            raise NameNotFound(f"'{name}' is not among the trained parameters; they are {', '.join(known)}.")
        values = np.empty(known[name].shape, np.float32)
        check(function(self._handle, encode(name), floats(values), values.size), name=name)
        return values

    def gradient(self, name: str) -> NDArray[np.float32]:
        """The last gradient of a parameter. Raises: NameNotFound, StateError (nothing computed yet)."""
        return self._copy(library().dcn_step_copy_gradient, name)

    def gradients(self) -> dict[str, NDArray[np.float32]]:
        """The last gradients of all trained parameters. Raises: StateError (nothing computed yet)."""
        return {name: self.gradient(name) for name in self.parameters}

    def momentum(self, name: str) -> NDArray[np.float32]:
        """The momentum of a parameter. Raises: NameNotFound, StateError."""
        return self._copy(library().dcn_step_copy_momentum, name)

    def statistics(self, layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and biased variance of the last batch at a layer, one value a channel.

        Raises:
            NameNotFound, StateError (nothing computed yet)
        """
        known = self.layers
        if layer not in known:
            raise NameNotFound(
                f"'{layer}' does not normalise by the batch; layers that do: {', '.join(known) or 'none'}.")
        mean, variance = np.empty(known[layer].shape, np.float32), np.empty(known[layer].shape, np.float32)
        check(
            library().dcn_step_copy_statistics(
                self._handle, encode(layer), floats(mean), floats(variance), mean.size),
            name=layer)
        return mean, variance

    def cancel(self) -> None:
        """Stops a computation under way on another thread: it raises Cancelled."""
        check(library().dcn_step_cancel(self._handle))

