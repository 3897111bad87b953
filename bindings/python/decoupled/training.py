"""Training, one phase a run; of a DecoupledNet: classification from image-level labels, then segmentation from masks."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import _declarations as c
from ._handle import Guard, Handle, Path, create, encode_optional, to_json, whole
from ._library import library
from .dataset import Dataset
from .errors import Cancelled, InvalidArgument, check
from .model import Model

__all__ = ["Phase", "Progress", "ProgressCallback", "Trainer", "train", "train_classification", "train_segmentation"]

#: The name of a phase, one of `Model.phases`, or its place among them, from 1.
Phase = str | int
_STAGES = {c.DCN_STAGE_TRAINING: "training", c.DCN_STAGE_CONVERSION: "conversion"}


@dataclass(frozen=True)
class Progress:
    """What a run tells after each iteration. The last five belong to the evaluation after it and are None where nothing
    was measured; other numbers are NaN then.

    Attributes:
        phase: its name, one of `Model.phases`
        stage: "training", or behind phase 2 "conversion": statistics are measured over training batches
        iteration: finished iterations (of the conversion: batches)
        maximum_iterations: when it ends; 0 = unknown
        loss: of this iteration, before its step
        smoothed_loss: exponential average; an iteration weighs 1/20
        learning_rate: of this iteration
        gradient_norm: Euclidean norm of all gradients
        images_per_second: images trained on a second
        remaining_seconds: estimated, to the end of this stage
        validation_loss: phase 1
        mean_average_precision: phase 1, 0 to 1
        pixel_accuracy: phase 2, of held-out crops, 0 to 1
        foreground_iou: phase 2, of held-out crops, 0 to 1
        mean_iou: phase 2, of whole images when asked for, 0 to 1
    """

    phase: str
    stage: str
    iteration: int
    maximum_iterations: int
    loss: float
    smoothed_loss: float
    learning_rate: float
    gradient_norm: float
    images_per_second: float
    remaining_seconds: float
    validation_loss: float | None
    mean_average_precision: float | None
    pixel_accuracy: float | None
    foreground_iou: float | None
    mean_iou: float | None

    @staticmethod
    def read(record: Any, phase: str) -> Progress:
        """From a `dcn_progress` of a phase."""

        def measured(number: float) -> float | None:
            return None if math.isnan(number) else number

        return Progress(
            phase, _STAGES.get(record.stage, str(record.stage)), record.iteration, record.maximum_iterations, record.loss,
            record.smoothed_loss, record.learning_rate, record.gradient_norm, record.images_per_second,
            record.remaining_seconds, measured(record.validation_loss), measured(record.mean_average_precision),
            measured(record.pixel_accuracy), measured(record.foreground_iou), measured(record.mean_iou))


#: Called after each iteration on the thread that trains. False stops the run, an exception does too and is raised again.
ProgressCallback = Callable[[Progress], Any]


class Trainer(Handle):
    """A training run of one phase.

    Args:
        model: is not changed; weights it lacks are drawn from the seed. Phase 2 needs a trained classification part.
        dataset: its classes are matched with the model's by name. Phase 1 uses all items, which need labels, phase 2 those
            with masks.
        phase: one of `model.phases`, or its number from 1: "classification" (1) or "segmentation" (2) for a DecoupledNet
        validation: evaluated on now and then; the best model is kept by it
        settings: those left out keep their defaults, unknown ones are an error; docs/settings.md explains them. All phases:
            "seed", "solver" {base_learning_rate, policy, warm_up_iterations, method, momentum, second_momentum, weight_decay,
            batch_size, iter_size, maximum_iterations, multipliers, gradient_clipping, caffe}, "augmentation" {resize_to,
            mirror, square, scale_jitter, colour_jitter}; phase 1 also "labels"; phase 2 also "cropping" {windows_per_subset,
            maximum_subsets, enclosed_share, context, whole_image_share, fixed_windows, proposals}, "conversion" {batches,
            batch_size, unbiased}
        directory: where configuration, metrics and checkpoints go; None = nothing is written
        resume: continue the run in `directory` bit for bit from its last checkpoint; without one begin anew
        overwrite: delete the run in `directory`
        backend, threads: as for `Session`
        checkpoint_every, evaluate_every: iterations between them; 0 = 500
        record_every: iterations between lines of the metrics files; 0 = 1
        whole_images: phase 2: evaluations also segment the validation images whole and measure the mean IoU
        prediction: how they are segmented: threshold, plain, images_per_batch, rows_per_chunk and refinements, as in
            `Session`; settings that are left out keep their defaults

    Raises:
        InvalidArgument, NotFound, FormatError (settings or files), IOFailure, StateError (`directory` holds a run and
        neither `resume` nor `overwrite` is set), BackendError, OutOfMemory
    """

    _free = "dcn_trainer_free"

    def __init__(
        self, model: Model, dataset: Dataset, phase: Phase, *, validation: Dataset | None = None,
        settings: Mapping[str, Any] | None = None, directory: Path | None = None, resume: bool = False,
        overwrite: bool = False, backend: Path | None = None, threads: int = 0, checkpoint_every: int = 0,
        evaluate_every: int = 0, record_every: int = 0, whole_images: bool = False,
        prediction: Mapping[str, Any] | None = None,
    ) -> None:
        if resume and overwrite:
            raise InvalidArgument("A run is either resumed or overwritten.")
        if (resume or overwrite) and directory is None:
            raise InvalidArgument("To resume or overwrite a run its directory is needed.")
        existing = c.DCN_RUN_RESUME if resume else c.DCN_RUN_OVERWRITE if overwrite else c.DCN_RUN_REFUSE
        options = c.dcn_trainer_options.initial(
            threads=whole(threads, "threads"), backend=encode_optional(backend, "backend"),
            settings=None if settings is None else to_json(settings),
            run_directory=encode_optional(directory, "path"), existing_run=existing,
            checkpoint_every=whole(checkpoint_every, "checkpoint_every"),
            evaluate_every=whole(evaluate_every, "evaluate_every"), record_every=whole(record_every, "record_every"),
            whole_images=int(whole_images), prediction=None if prediction is None else to_json(prediction))
        pointer = ctypes.POINTER(c.dcn_trainer)()
        check(create(
            "dcn_trainer_create", model, phase, "phase", dataset._handle,
            None if validation is None else validation._handle, ctypes.byref(options), ctypes.byref(pointer)))
        self._own(pointer)
        #: the name of the phase
        self.phase = model._phase_name(phase)

    def run(self, progress: ProgressCallback | None = None) -> bool:
        """Trains to the last iteration; phase 2 then measures the final statistics.

        Ctrl-C on the main thread, an exception in `progress`, and its answer False stop the run between two iterations. It
        then writes a checkpoint; the exception (KeyboardInterrupt) is raised behind that. A further call goes on.

        Args:
            progress: called after each iteration. It may use the library but of this trainer `cancel` only.

        Returns:
            True when the run is finished, False when `progress` or `cancel` stopped it

        Raises:
            StateError, FormatError (a photo or mask cannot be used), IOFailure, BackendError, OutOfMemory,
            NumericError (the loss is no longer finite; the last checkpoint stays)
        """
        lib, handle = library(), self._handle

        def tell(record: Any, user_data: Any) -> Any:
            return progress is None or progress(Progress.read(record.contents, self.phase))

        try:
            with Guard(lambda: lib.dcn_trainer_cancel(handle)) as guard:
                told = c.dcn_progress_callback(guard.wrapped(tell))
                guard.finish(lib.dcn_trainer_run(handle, told, None))
        except Cancelled:
            return False
        return True

    def cancel(self) -> None:
        """Stops the run under way on another thread: it writes a checkpoint and `run` returns False."""
        check(library().dcn_trainer_cancel(self._handle))

    @property
    def iteration(self) -> int:
        """Finished iterations, also while a run is under way."""
        return int(library().dcn_trainer_iteration(self._handle))

    def model(self) -> Model:
        """The finished model after a complete run, else a copy of the weights as they are now.

        Raises:
            StateError (a run is under way), OutOfMemory
        """
        pointer = ctypes.POINTER(c.dcn_model)()
        check(library().dcn_trainer_model(self._handle, ctypes.byref(pointer)))
        return Model._of(pointer)

    def __repr__(self) -> str:
        return "<Trainer, closed>" if self.closed else f"<Trainer after {self.iteration} iterations>"


def train(
    model: Model, dataset: Dataset, phase: Phase, *, iterations: int | None = None, learning_rate: float | None = None,
    batch_size: int | None = None, iter_size: int | None = None, seed: int | None = None,
    settings: Mapping[str, Any] | None = None, progress: ProgressCallback | None = None, **options: Any,
) -> Model:
    """Trains one phase to its end. An iteration takes `batch_size` x `iter_size` images.

    Args:
        iterations, learning_rate, batch_size, iter_size: `maximum_iterations`, `base_learning_rate`, `batch_size` and
            `iter_size` of the solver, over `settings`
        seed: of order, crops and dropout, over `settings`
        progress: called after each iteration; False stops
        model, dataset, phase, settings, options: as for `Trainer`: validation, directory, resume, backend, threads...

    Returns:
        the trained model; `model` is not changed

    Raises:
        Cancelled: `progress` stopped the run; use `Trainer` to have the model nevertheless
        and as `Trainer` and `Trainer.run`
    """
    chosen = dict(settings or {})
    if seed is not None:
        chosen["seed"] = seed
    solver = {
        "maximum_iterations": iterations, "base_learning_rate": learning_rate, "batch_size": batch_size,
        "iter_size": iter_size}
    named = {name: value for name, value in solver.items() if value is not None}
    if named:
        chosen["solver"] = {**chosen.get("solver", {}), **named}
    with Trainer(model, dataset, phase, settings=chosen, **options) as trainer:
        if not trainer.run(progress):
            place = options.get("directory")
            how = f"; go on with directory={str(place)!r}, resume=True" if place is not None else ""
            raise Cancelled(f"The {trainer.phase} training was stopped after {trainer.iteration} iterations{how}.")
        return trainer.model()


def train_classification(
    model: Model, dataset: Dataset, *, iterations: int | None = None, learning_rate: float | None = None,
    batch_size: int | None = None, iter_size: int | None = None, seed: int | None = None,
    settings: Mapping[str, Any] | None = None, progress: ProgressCallback | None = None, **options: Any,
) -> Model:
    """Phase 1 of a DecoupledNet: learns the classes from image-level labels.

    Arguments, result and exceptions are those of `train`.
    """
    return train(
        model, dataset, "classification", iterations=iterations, learning_rate=learning_rate, batch_size=batch_size,
        iter_size=iter_size, seed=seed, settings=settings, progress=progress, **options)


def train_segmentation(
    model: Model, dataset: Dataset, *, iterations: int | None = None, learning_rate: float | None = None,
    batch_size: int | None = None, iter_size: int | None = None, seed: int | None = None,
    settings: Mapping[str, Any] | None = None, progress: ProgressCallback | None = None, **options: Any,
) -> Model:
    """Phase 2 of a DecoupledNet: learns to segment from the items with masks, with a classification part that stays as it
    is.

    Arguments, result and exceptions are those of `train`.
    """
    return train(
        model, dataset, "segmentation", iterations=iterations, learning_rate=learning_rate, batch_size=batch_size,
        iter_size=iter_size, seed=seed, settings=settings, progress=progress, **options)
