"""Weight files of other programs become models."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Literal

from . import _declarations as c
from ._handle import Path, encode, names_array, to_json, whole
from ._library import library
from .dataset import Report
from .errors import check
from .model import Description

__all__ = ["convert"]


def convert(
    path: Path, output: Path, description: Description | None = None, classes: Sequence[str] | None = None,
    preprocessing: Literal["caffe", "torchvision"] | None = None, mean: Path | None = None, skip: Sequence[str] = (),
    fill: bool = False, seed: int = 1, half: bool = False,
) -> Report:
    """Turns a weight file into a model file, piece by piece: memory does not grow with the file.

    Args:
        path: a .caffemodel, a .pth of VGG-16 or VGG-16-BN, or safetensors with our names or torchvision's
        output: the model file; it appears whole or not at all
        description: a preset's name, settings, or the path of a .json description or a deploy .prototxt; None = as the file
            says, as a Caffe model of a DecoupledNet does
        classes: names of the object classes; None = those of VOC where there are 20, else numbered
        preprocessing: how the weights' network was fed; needed when neither file nor description says
        mean: a Caffe mean image (.binaryproto); its mean of each channel is subtracted
        skip: layers to leave out, by our names
        fill: draw the weights that the file lacks, from `seed`, instead of failing
        half: store the weights of convolutions in half precision

    Returns:
        what became of each tensor: "used", "dropped" (copies), "unused", and the weights that are "missing"

    Raises:
        FileNotFound, NotFound (weights are missing), InvalidArgument, IOFailure, FormatError, Unsupported
    """
    def text(value: Path | None, name: str) -> bytes | None:
        return None if value is None else encode(value, name)

    names = None if classes is None else names_array(classes)
    described = (
        None if description is None
        else encode(description, "description") if isinstance(description, str) else to_json(description))
    options = c.dcn_import_options.initial(
        half=int(half), description=described, class_count=0 if names is None else len(names), fill=int(fill),
        seed=whole(seed, "seed", 64), preprocessing=text(preprocessing, "preprocessing"), mean=text(mean, "mean"),
        skip=encode(",".join(skip), "skip"))
    if names is not None:
        options.class_names = names
    pointer = ctypes.POINTER(c.dcn_report)()
    check(
        library().dcn_import(encode(path, "path"), ctypes.byref(options), encode(output, "output"), ctypes.byref(pointer)),
        path=path)
    return Report.read(pointer, [])
