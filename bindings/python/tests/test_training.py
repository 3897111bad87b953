"""Training: callbacks, cancelling, resuming, single steps."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import decoupled

SMALL: dict[str, Any] = {"learning_rate": 0.001, "batch_size": 4, "iter_size": 1, "seed": 2}
SETTINGS = {
    "seed": 2, "solver": {"base_learning_rate": 0.001, "batch_size": 4, "iter_size": 1, "maximum_iterations": 8}}


def same(first: decoupled.Model, second: decoupled.Model) -> bool:
    return all(np.array_equal(values, second.parameters[name]) for name, values in first.parameters.items())


def test_training_learns(trained: decoupled.Model, val_set: decoupled.Dataset) -> None:
    assert trained.parts == decoupled.Parts.ALL
    report = decoupled.evaluate(trained, val_set, true_labels=True)
    # All background reaches about 0.27.
    assert report["mean_average_precision"] > 0.7 and report["mean_iou"] > 0.3


def test_progress_and_files(
    model: decoupled.Model, train_set: decoupled.Dataset, val_set: decoupled.Dataset, tmp_path: Path
) -> None:
    before = model.parameters["fc6.weight"]
    told: list[decoupled.Progress] = []
    result = decoupled.train_classification(
        model, train_set, iterations=6, validation=val_set, evaluate_every=3, directory=tmp_path / "run",
        progress=told.append, **SMALL)
    assert [p.iteration for p in told] == [1, 2, 3, 4, 5, 6]
    assert {(p.phase, p.stage, p.maximum_iterations) for p in told} == {("classification", "training", 6)}
    assert all(math.isfinite(p.loss) and p.learning_rate == pytest.approx(0.001) for p in told)
    assert [p.mean_average_precision is not None for p in told] == [False, False, True] * 2
    assert all(p.foreground_iou is None and p.mean_iou is None for p in told)
    np.testing.assert_array_equal(model.parameters["fc6.weight"], before)
    assert same(result, decoupled.Model.open(tmp_path / "run" / "model.safetensors"))
    assert (tmp_path / "run" / "metrics.csv").read_text().count("\n") == 7
    with pytest.raises(decoupled.StateError, match="already holds a run"):
        decoupled.train_classification(model, train_set, iterations=6, directory=tmp_path / "run", **SMALL)
    again = decoupled.train_classification(
        model, train_set, iterations=6, validation=val_set, evaluate_every=3, directory=tmp_path / "run", overwrite=True,
        **SMALL)
    assert same(result, again)


def test_conversion_is_told(trained: decoupled.Model, train_set: decoupled.Dataset) -> None:
    told: list[decoupled.Progress] = []
    settings = {"conversion": {"batches": 3, "batch_size": 4}, "solver": {"policy": "poly"}}
    decoupled.train_segmentation(trained, train_set, iterations=2, settings=settings, progress=told.append, **SMALL)
    assert [(p.stage, p.iteration) for p in told] == [
        ("training", 1), ("training", 2), ("conversion", 1), ("conversion", 2), ("conversion", 3)]
    assert {p.phase for p in told} == {"segmentation"}


@pytest.mark.parametrize("name, number", [("classification", 1), ("segmentation", 2)])
def test_phases_by_number(name: str, number: int, trained: decoupled.Model, train_set: decoupled.Dataset) -> None:
    with decoupled.Trainer(trained, train_set, name) as named, decoupled.Trainer(trained, train_set, number) as numbered:
        assert named.phase == numbered.phase == name
    model = decoupled.Model.create("tiny", trained.classes)
    with decoupled.Step(model, name, 1) as one, decoupled.Step(model, number, 1) as other:
        assert list(one.parameters) == list(other.parameters)


class Oops(Exception):
    """Raised by a callback."""


def stop_at(iteration: int, how: Callable[[], Any]) -> decoupled.training.ProgressCallback:
    return lambda progress: how() if progress.iteration == iteration else None


def fail() -> None:
    raise Oops("in the callback")


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("how, error", [
    (lambda: False, None), (lambda: np.bool_(False), None), (fail, Oops), (interrupt, KeyboardInterrupt),
    (lambda: exec("raise KeyboardInterrupt"), KeyboardInterrupt), (lambda: exec("raise SystemExit(3)"), SystemExit),
])
def test_stop_and_resume(
    how: Callable[[], Any], error: type[BaseException] | None, model: decoupled.Model, train_set: decoupled.Dataset,
    tmp_path: Path,
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    with decoupled.Trainer(model, train_set, "classification", settings=SETTINGS, directory=tmp_path / "a") as trainer:
        if error is None:
            assert trainer.run(stop_at(3, how)) is False
        else:
            with pytest.raises(error):
                trainer.run(stop_at(3, how))
        assert trainer.iteration == 3
        partly = trainer.model()
    assert signal.getsignal(signal.SIGINT) is handler
    assert same(partly, decoupled.Model.open(tmp_path / "a" / "last.safetensors"))
    assert not (tmp_path / "a" / "model.safetensors").exists()
    iterations: list[int] = []
    with decoupled.Trainer(
        model, train_set, "classification", settings=SETTINGS, directory=tmp_path / "a", resume=True
    ) as trainer:
        assert trainer.run(lambda progress: iterations.append(progress.iteration))
        resumed = trainer.model()
    assert iterations == [4, 5, 6, 7, 8]
    with decoupled.Trainer(model, train_set, "classification", settings=SETTINGS, threads=1) as trainer:
        assert trainer.run() and trainer.iteration == 8
        assert same(trainer.model(), resumed)


def test_ctrl_c_without_a_callback(model: decoupled.Model, train_set: decoupled.Dataset, tmp_path: Path) -> None:
    settings = {**SETTINGS, "solver": {**SETTINGS["solver"], "maximum_iterations": 100_000}}
    timer = threading.Timer(0.5, interrupt)
    with decoupled.Trainer(model, train_set, "classification", settings=settings, directory=tmp_path) as trainer:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        assert trainer.iteration > 0
    assert (tmp_path / "training-state.safetensors").is_file()


def test_a_stopped_run_goes_on(model: decoupled.Model, train_set: decoupled.Dataset) -> None:
    with decoupled.Trainer(model, train_set, "classification", settings=SETTINGS) as trainer:
        assert not trainer.run(stop_at(2, lambda: False))
        assert not trainer.run(stop_at(5, lambda: False))
        assert trainer.run() and trainer.iteration == 8
        whole = trainer.model()
    with decoupled.Trainer(model, train_set, "classification", settings=SETTINGS) as trainer:
        assert trainer.run() and same(whole, trainer.model())


def test_train_functions_raise_cancelled(model: decoupled.Model, train_set: decoupled.Dataset, tmp_path: Path) -> None:
    with pytest.raises(decoupled.Cancelled, match="after 2 iterations; go on with directory=.*resume=True"):
        decoupled.train_classification(
            model, train_set, iterations=9, directory=tmp_path, progress=stop_at(2, lambda: False), **SMALL)
    assert decoupled.train_classification(
        model, train_set, iterations=9, directory=tmp_path, resume=True, **SMALL).parts & decoupled.Parts.CLASSIFICATION


def test_cancel_from_another_thread(model: decoupled.Model, train_set: decoupled.Dataset) -> None:
    settings = {**SETTINGS, "solver": {**SETTINGS["solver"], "maximum_iterations": 100_000}}
    outcome: list[bool] = []
    with decoupled.Trainer(model, train_set, "classification", settings=settings) as trainer:
        begun = threading.Event()
        thread = threading.Thread(target=lambda: outcome.append(trainer.run(lambda progress: begun.set())))
        thread.start()
        assert begun.wait(60)
        with pytest.raises(decoupled.StateError):
            trainer.run()
        assert trainer.iteration > 0
        trainer.cancel()
        thread.join(60)
        assert outcome == [False]


def test_what_is_refused(model: decoupled.Model, train_set: decoupled.Dataset, tmp_path: Path) -> None:
    def trainer(**options: Any) -> None:
        decoupled.Trainer(model, train_set, **{"phase": "classification", **options}).close()

    for options, sentence in (
        ({"phase": "both"}, "'decouplednet' has no phase 'both'; its phases are classification, segmentation"),
        ({"phase": 3}, "no phase 3"),
        ({"phase": 0}, "no phase 0"),
        ({"phase": -1}, "phase must lie"),
        ({"resume": True, "overwrite": True, "directory": tmp_path}, "either resumed or overwritten"),
        ({"resume": True}, "directory is needed"),
        ({"settings": {"solver": {"learning_rate": 1}}}, "learning_rate"),
        ({"settings": {"cropping": {}}}, "cropping"),
        ({"settings": {"seed": {1, 2}}}, "no JSON form"),
        ({"threads": -1}, "threads must lie"),
    ):
        with pytest.raises(ValueError, match=sentence):
            trainer(**options)
    for wrong in ({"threads": 1.5}, {"phase": None}, {"phase": 1.0}):
        with pytest.raises(TypeError):
            trainer(**wrong)
    (tmp_path / "file").write_text("")
    with pytest.raises(decoupled.DecoupledError, match="file' is in the way"):
        trainer(directory=tmp_path / "file" / "run")
    with pytest.raises(decoupled.NumericError):
        decoupled.train_classification(model, train_set, iterations=200, **{**SMALL, "learning_rate": 1e4})


def test_an_unknown_phase_deletes_no_run(
    model: decoupled.Model, train_set: decoupled.Dataset, tmp_path: Path
) -> None:
    decoupled.train(model, train_set, "classification", iterations=1, directory=tmp_path, **SMALL)
    files = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ValueError, match="no phase 'clasification'"):
        decoupled.train(model, train_set, "clasification", iterations=1, directory=tmp_path, overwrite=True, **SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == files and "model.safetensors" in files


def test_step_classification(model: decoupled.Model, random: np.random.Generator) -> None:
    images = random.normal(size=(2, 3, 32, 32)) * 50
    labels = np.array([[1, 0], [0, 1]])
    with decoupled.Step(model, "classification", 2, multipliers="uniform", momentum=0.5, weight_decay=0.0) as step:
        assert "fc6.weight" in step.parameters and "fc6_seg.weight" not in step.parameters and step.layers == {}
        with pytest.raises(decoupled.StateError):
            step.gradient("fc6.weight")
        loss = step.compute(images, labels)
        gradients = step.gradients()
        before = {name: model.parameters[name] for name in gradients}
        step.apply(1e-6)
        with pytest.raises(decoupled.StateError):
            step.apply(1e-6)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(model.parameters[name], before[name] - 1e-6 * gradient, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(step.momentum("fc6.weight"), 1e-6 * gradients["fc6.weight"], rtol=1e-4, atol=1e-10)
        assert step.compute(images, labels) < loss
        with pytest.raises(KeyError, match="nothing"):
            step.gradient("nothing")
        for wrong in ((images[:1], labels), (images, labels[:, :1])):
            with pytest.raises(ValueError):
                step.compute(*wrong)
        with pytest.raises(ValueError, match="phase 'classification' reads no masks"):
            step.compute(images, labels, np.zeros((2, 32, 32), int))


def test_step_segmentation(trained: decoupled.Model, tmp_path: Path, random: np.random.Generator) -> None:
    trained.save(tmp_path / "copy.safetensors")
    model = decoupled.Model.open(tmp_path / "copy.safetensors")
    images = random.normal(size=(2, 3, 32, 32)) * 50
    masks = random.integers(0, 2, (2, 32, 32))
    rules = [{"pattern": "seg_score.*", "learning_rate": 0}]
    with decoupled.Step(model, "segmentation", 2, multipliers=rules) as step:
        # A parameter whose rate is 0 is not trained.
        assert "fc6_seg.weight" in step.parameters and "fc6.weight" not in step.parameters
        assert "seg_score.weight" not in step.parameters
        loss = step.compute(images, np.eye(2), masks)
        assert math.isfinite(loss)
        mean, variance = step.statistics(next(iter(step.layers)))
        assert mean.shape == variance.shape == step.layers[next(iter(step.layers))].shape and (variance >= 0).all()
        fixed, moving = model.parameters["seg_score.weight"], model.parameters["fc6_seg.weight"]
        step.apply(0.01)
        np.testing.assert_array_equal(model.parameters["seg_score.weight"], fixed)
        assert not np.array_equal(model.parameters["fc6_seg.weight"], moving)
        with pytest.raises(ValueError, match="phase 'segmentation' needs masks"):
            step.compute(images, np.eye(2))
        with pytest.raises(ValueError, match="phase 'segmentation' needs labels"):
            step.compute(images, None, masks)
        with pytest.raises(ValueError, match="int32, which float64"):
            step.compute(images, np.eye(2), masks.astype(float))
        with pytest.raises(KeyError):
            step.statistics("fc6")
    with pytest.raises(ValueError):
        decoupled.Step(model, "segmentation", 2, multipliers=[{"patern": "*"}])
