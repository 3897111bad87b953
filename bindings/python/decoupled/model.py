"""Models: a network with its weights, its class names and how its input is made."""

from __future__ import annotations

import ctypes
import enum
import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _declarations as c
from ._handle import Handle, Path, decode, encode, fitted, floats, names_array, tensor_infos, to_json, whole
from ._library import library
from .errors import InvalidArgument, Unsupported, check

__all__ = ["Description", "Model", "Parameters", "Parts", "TensorInfo"]

#: A preset's name ("vgg16", "small", "tiny", "fcn32s"...), or settings; `{"preset": "tiny", "input_size": 64}` does both.
Description = str | Mapping[str, Any]

_TYPES: dict[int, Any] = {
    c.DCN_TYPE_FLOAT32: np.float32, c.DCN_TYPE_FLOAT16: np.float16, c.DCN_TYPE_FLOAT64: np.float64,
    c.DCN_TYPE_INT32: np.int32, c.DCN_TYPE_INT64: np.int64,
}
_FORMATS = {
    "onnx": c.DCN_EXPORT_ONNX, "onnx-classification": c.DCN_EXPORT_ONNX_CLASSIFICATION,
    "onnx-label-pass": c.DCN_EXPORT_ONNX_LABEL_PASS, "torchvision": c.DCN_EXPORT_TORCHVISION,
    "caffe": c.DCN_EXPORT_CAFFE,
}
_ROLES = {c.DCN_ROLE_INPUT: "input", c.DCN_ROLE_PARAMETER: "parameter", c.DCN_ROLE_RESULT: "result"}


class Parts(enum.IntFlag):
    """Parts of a network."""

    NONE = c.DCN_PART_NONE
    #: the classification network, trained in phase 1
    CLASSIFICATION = c.DCN_PART_CLASSIFICATION
    #: bridging layers and segmentation network, trained in phase 2
    SEGMENTATION = c.DCN_PART_SEGMENTATION
    ALL = c.DCN_PART_ALL


@dataclass(frozen=True)
class TensorInfo:
    """What a tensor is.

    Attributes:
        name: of the tensor
        shape: row-major; images are N, C, H, W
        dtype: type of its elements
        role: "input", "parameter" or "result"
        present: whether it has a value: loaded, set, or kept by the last run
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    role: str
    present: bool

    @staticmethod
    def read(info: Any) -> TensorInfo:
        """From a filled `dcn_tensor_info`."""
        name = decode(info.name)
        if info.element_type not in _TYPES:
            raise Unsupported(f"'{name}' holds elements of the unknown type {info.element_type}.")
        return TensorInfo(
            name, tuple(info.dims[:info.rank]), np.dtype(_TYPES[info.element_type]), _ROLES.get(info.role, "result"),
            bool(info.present))


class Parameters(MutableMapping[str, NDArray[np.float32]]):
    """Weights and statistics by name. Reading gives a copy, setting replaces; none can be added or deleted.

    Names are "LAYER.weight", "LAYER.bias", for batch normalisation also "LAYER.running_mean" and "LAYER.running_var".
    Weights of convolutions are [out, in, kernel, kernel], of transposed ones [in, out, kernel, kernel].
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    def info(self, name: str) -> TensorInfo:
        """Shape of a parameter, and whether it is present. Raises: NameNotFound."""
        info = c.dcn_tensor_info.initial()
        check(
            library().dcn_model_parameter_find(self._model._handle, encode(name), ctypes.byref(info)), name=name)
        return TensorInfo.read(info)

    def infos(self) -> list[TensorInfo]:
        """All parameters in the order of the layers."""
        handle = self._model._handle
        read = library().dcn_model_parameter_info
        return [TensorInfo.read(i) for i in tensor_infos(len(self), lambda index, info: read(handle, index, info))]

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        info = self.info(name)
        values = np.empty(info.shape, np.float32)
        check(
            library().dcn_model_copy_parameter(self._model._handle, encode(name), floats(values), values.size), name=name)
        return values

    def __setitem__(self, name: str, values: ArrayLike) -> None:
        info = self.info(name)
        array = fitted(values, np.float32, info.shape, name)
        check(
            library().dcn_model_set_parameter(self._model._handle, encode(name), floats(array), array.size), name=name)

    def __delitem__(self, name: str) -> None:
        raise TypeError("a network keeps all its parameters")

    def __iter__(self) -> Iterator[str]:
        return iter([info.name for info in self.infos()])

    def __len__(self) -> int:
        return int(library().dcn_model_parameter_count(self._model._handle))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(name == known for known in self)

    def __repr__(self) -> str:
        return f"<{len(self)} parameters>"


class Model(Handle):
    """A network with its weights and class names. Make one with `open` or `create`.

    Threads may share a model. While parameters are set, nothing else may use it (StateError).
    """

    _free = "dcn_model_free"

    def __init__(self) -> None:
        raise TypeError("use Model.open or Model.create")

    @classmethod
    def _of(cls, pointer: Any) -> Model:
        model = cls.__new__(cls)
        model._own(pointer)
        return model

    @classmethod
    def open(cls, path: Path) -> Model:
        """Opens a model file. Weights are mapped: it takes no time and little memory until they are used.

        Do not change the file while the model is open; replacing it by renaming is safe.

        Raises:
            FileNotFound, IOFailure, FormatError, Unsupported (written by a newer release)
        """
        pointer = ctypes.POINTER(c.dcn_model)()
        check(library().dcn_model_open(encode(path, "path"), ctypes.byref(pointer)), path=path)
        return cls._of(pointer)

    @classmethod
    def create(
        cls, description: Description, classes: Sequence[str] | None = None, seed: int = 1, parts: Parts = Parts.ALL
    ) -> Model:
        """Makes a model with weights drawn from `seed`.

        Args:
            description: a preset's name, or settings; those left out are those of the preset, else of vgg16. Their "family"
                is the kind of network
            classes: names of the object classes in the order of the scores, without background; None = as many as the
                description says, named "class1", "class2" and so on
            parts: whose weights to draw; trainers draw what is missing

        Raises:
            InvalidArgument, FormatError (the description), OutOfMemory
        """
        names = None if classes is None else names_array(classes)
        text = encode(description, "description") if isinstance(description, str) else to_json(description)
        pointer = ctypes.POINTER(c.dcn_model)()
        check(library().dcn_model_create(
            text, names, 0 if names is None else len(names), int(parts), whole(seed, "seed", 64), ctypes.byref(pointer)))
        return cls._of(pointer)

    def import_weights(self, path: Path, preprocessing: Literal["caffe", "torchvision"] | None = None) -> Model:
        """A model like this one with the weights of a file in the place of its own: a Caffe model, a PyTorch state
        dictionary, or safetensors.

        Tensors are named as in `parameters`, with or without "weights." in front, as torchvision names those of a VGG-16 (or
        VGG-16-BN, which is folded), or as the released Caffe networks name their layers; others are left out. What the file
        lacks stays as it is here; `parts` tells what is complete.

        Args:
            preprocessing: how the network of these weights was fed: "caffe" (BGR minus mean) or "torchvision" (RGB,
                normalised); None = as the file says when it does, else as this model's description says

        Returns:
            the new model; this one is not changed

        Raises:
            FileNotFound, InvalidArgument, IOFailure, FormatError (also a tensor of the wrong shape, or none that fits),
            Unsupported (weights that are no real numbers; a pickle that asks for more than tensors, which is not run)
        """
        pointer = ctypes.POINTER(c.dcn_model)()
        check(
            library().dcn_model_import(
                self._handle, encode(path, "path"),
                None if preprocessing is None else encode(preprocessing, "preprocessing"), ctypes.byref(pointer)),
            path=path)
        return self._of(pointer)

    def export(
        self, path: Path,
        format: Literal["onnx", "onnx-classification", "onnx-label-pass", "torchvision", "caffe"] = "onnx",
        label_passes: int | None = None,
    ) -> None:
        """Writes the model for other programs; whole or not at all.

        Args:
            format: "onnx" takes an image to score maps and label map; "onnx-classification" and "onnx-label-pass" do so in
                two graphs; "torchvision" writes the classification network as safetensors with torchvision's names; "caffe"
                a .caffemodel with the layer names of the released networks
            label_passes: of "onnx": classes of an image that are segmented, those with the highest scores; None = all

        Raises:
            InvalidArgument, NotFound and StateError (weights are missing), IOFailure, Unsupported (the file would have 2 GiB
            or more)
        """
        if format not in _FORMATS:
            raise InvalidArgument(f"There is no export format '{format}'; choose {', '.join(_FORMATS)}.")
        passes = 0 if label_passes is None else whole(label_passes, "label_passes", 31)
        if label_passes is not None and passes < 1:
            raise InvalidArgument("label_passes must be at least 1.")
        check(library().dcn_model_export(self._handle, _FORMATS[format], passes, encode(path, "path")))

    def extend(self, classes: Sequence[str], seed: int = 1) -> Model:
        """A larger model that knows `classes` too. Known classes keep their scores; the segmentation network, which knows
        no classes, stays. Train phase 1 of the result with a rate of 0 for all but the score layer.

        Raises:
            InvalidArgument (also when no name is new), NotFound (no weights to extend)
        """
        names = names_array(classes)
        pointer = ctypes.POINTER(c.dcn_model)()
        check(library().dcn_model_extend(
            self._handle, names, len(names), whole(seed, "seed", 64), ctypes.byref(pointer)))
        return self._of(pointer)

    def save(self, path: Path) -> None:
        """Writes description, class names and weights as one safetensors file; whole or not at all.

        Raises:
            IOFailure, StateError
        """
        check(library().dcn_model_save(self._handle, encode(path, "path")))

    @property
    def classes(self) -> list[str]:
        """Names of the object classes in the order of the scores; label c + 1 of a label map is class c."""
        handle, lib = self._handle, library()
        return [decode(lib.dcn_model_class_name(handle, i)) for i in range(lib.dcn_model_class_count(handle))]

    def class_index(self, name: str) -> int:
        """Index of a class, from 0.

        Raises:
            NameNotFound: there is none of that name; the text lists those there are
        """
        index = int(library().dcn_model_class_index(self._handle, encode(name)))
        if index < 0:
            check(c.DCN_STATUS_NOT_FOUND, name=name)
        return index

    @property
    def description(self) -> dict[str, Any]:
        """All settings of the network."""
        settings: dict[str, Any] = json.loads(library().dcn_model_description(self._handle))
        return settings

    @property
    def family(self) -> str:
        """The kind of network: "decouplednet", or one of those it is compared with."""
        return decode(library().dcn_model_family(self._handle))

    @property
    def phases(self) -> tuple[str, ...]:
        """Names of the phases in which the family is trained, one after the other: ("classification", "segmentation") for
        a DecoupledNet. The number of a phase is its place, from 1.
        """
        handle, lib = self._handle, library()
        return tuple(decode(lib.dcn_model_phase_name(handle, i)) for i in range(lib.dcn_model_phase_count(handle)))

    def _phase_name(self, phase: str | int) -> str:
        """Name of a phase that the library has taken by name or number."""
        return phase if isinstance(phase, str) else self.phases[phase - 1]

    @property
    def input_size(self) -> int:
        """Height and width of the network's input in pixels."""
        return int(library().dcn_model_input_size(self._handle))

    @property
    def parts(self) -> Parts:
        """The parts whose weights are all there. Prediction needs both, classification only its own."""
        return Parts(library().dcn_model_parts(self._handle))

    @property
    def parameters(self) -> Parameters:
        """Weights and statistics by name."""
        return Parameters(self)

    def __repr__(self) -> str:
        if self.closed:
            return "<Model, closed>"
        return f"<Model of {len(self.classes)} classes, input {self.input_size}x{self.input_size}>"

