"""Models and training states that an earlier version wrote: they open, predict the same maps, and go on to the same bits.

The folder `earlier` holds for each phase the state of a run of format 1 at a checkpoint (training-state and last), and the model that
it came to six iterations later (finished), written by version 0.1.0 on backend `reference`; and the label maps that the finished model
gave for the photos in data/images. They are never written again: that they still work is what is tested.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import decoupled, tensors
from PIL import Image

EARLIER = Path(__file__).resolve().parent / "earlier"
ENGINE = ["--backend", "reference", "--threads", 1]


@pytest.mark.parametrize("phase, iterations, options", [
    ("classification", 306, ["--labels-from-masks"]),
    ("segmentation", 406, ["--model", EARLIER / "classification/finished.safetensors"]),
])
def test_a_run_goes_on_to_the_same_bits(phase: str, iterations: int, options: list[object], tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(EARLIER / phase, run)
    (run / "finished.safetensors").unlink()
    decoupled(
        "train", phase, "--data", EARLIER / "data", "--config", EARLIER / "recipe.yaml", "--output", run, "--resume",
        "--iterations", iterations, *options, *ENGINE)
    expected, found = tensors(EARLIER / phase / "finished.safetensors"), tensors(run / "model.safetensors")
    assert expected.keys() == found.keys()
    assert [name for name in expected if not np.array_equal(expected[name], found[name])] == []
    # It did train: the checkpoint that it began with is another.
    start = tensors(EARLIER / phase / "last.safetensors")
    assert any(not np.array_equal(start[name], found[name]) for name in start)


def test_a_run_does_not_go_on_with_other_settings(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(EARLIER / "segmentation", run)
    said = decoupled(
        "train", "segmentation", "--data", EARLIER / "data", "--config", EARLIER / "recipe.yaml", "--output", run, "--resume",
        "--iterations", 406, "--model", EARLIER / "classification/finished.safetensors",
        "--set-value", "solver.momentum=0.8", *ENGINE, status=1).stderr
    assert "settings.solver.momentum = 0.9, not 0.8" in said


@pytest.mark.parametrize("options", [[], ["--plain"]])
def test_a_model_predicts_the_same_maps(options: list[object], tmp_path: Path) -> None:
    decoupled(
        "predict", "--model", EARLIER / "segmentation/finished.safetensors", EARLIER / "data/images", "--output", tmp_path,
        "--no-overlay", *options, *ENGINE)
    maps = sorted((EARLIER / "maps").iterdir())
    assert len(maps) == 6
    for path in maps:
        expected, found = np.array(Image.open(path)), np.array(Image.open(tmp_path / path.name))
        assert expected.max() > 0 and np.array_equal(expected, found), path.name
