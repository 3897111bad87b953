"""Semi-supervised semantic segmentation: many images with image-level labels, a handful with masks.

    import decoupled

    with decoupled.Session(decoupled.Model.open("model.safetensors")) as session:
        prediction = session.predict("photo.jpg")
    prediction.label_map     # uint8 [H,W]
    prediction.identified    # ["dog", "person"]

Everything runs in libdecoupled.so; calls release the interpreter lock. Arrays that are handed out are copies and outlive the
objects they came from. Handles (Model, Session, Dataset, Trainer, Inspector, Step) are freed by `close()`, at the end of a
`with` block, or with the object. Failures are exceptions of `decoupled.errors`, all of them DecoupledError.
"""

from ._library import LibraryError, library_path
from .backends import Backend, BackendFailure, Backends, backends, library_version, log_to, thread_count
from .conversion import convert
from .dataset import Dataset, Evaluation, Item, Report, check_data
from .errors import (
    BackendError, Cancelled, DecoupledError, FileNotFound, FormatError, InternalError, InvalidArgument, IOFailure,
    NameNotFound, NotFound, NumericError, OutOfMemory, StateError, Unsupported,
)
from .images import (
    ImageLike, label_colors, load_image, load_label_map, save_image, save_label_map, save_overlay,
)
from .inspect import Inspector
from .model import Model, Parameters, Parts, TensorInfo
from .proposals import Proposer, train_forest
from .session import Prediction, Predictor, Session, evaluate, predict
from .step import Step
from .training import Progress, Trainer, train, train_classification, train_segmentation

__version__ = "0.1.0"

__all__ = [
    "Backend", "BackendError", "BackendFailure", "Backends", "Cancelled", "Dataset", "DecoupledError", "Evaluation",
    "FileNotFound", "FormatError", "IOFailure", "ImageLike", "Inspector", "InternalError", "InvalidArgument", "Item",
    "LibraryError", "Model", "NameNotFound", "NotFound", "NumericError", "OutOfMemory", "Parameters", "Parts",
    "Prediction", "Predictor", "Progress", "Proposer", "Report", "Session", "StateError", "Step", "TensorInfo",
    "Trainer", "Unsupported", "backends", "check_data", "convert", "evaluate", "label_colors", "library_path", "library_version",
    "load_image", "load_label_map", "log_to", "predict", "save_image", "save_label_map", "save_overlay", "thread_count",
    "train", "train_classification", "train_forest", "train_segmentation",
]
