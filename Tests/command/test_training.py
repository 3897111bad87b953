"""Training as a user does it: both phases, resuming, and a forest for proposals."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
from conftest import COMMAND, decoupled, tensors, verb


def records(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@verb("train phase")
def test_phase_1(classified: Path) -> None:
    assert {path.name for path in classified.iterdir()} == {
        "configuration.json", "last.safetensors", "metrics.csv", "metrics.jsonl", "model.safetensors", "training-state.safetensors"}
    losses = [record["smoothed_loss"] for record in records(classified)]
    assert len(losses) == 60 and losses[-1] < losses[0]
    assert (classified / "metrics.csv").read_text().splitlines()[0].startswith("iteration,")
    assert json.loads((classified / "configuration.json").read_text())["settings"]["solver"]["method"] == "adam"


@verb("train phase")
def test_phase_2(segmented: Path, classified: Path) -> None:
    found = records(segmented)
    assert [record["iteration"] for record in found] == list(range(1, 61))
    assert 0 <= found[-1]["evaluation"]["mean_iou"] <= 1 and (segmented / "best.safetensors").is_file()
    before, after = tensors(classified / "model.safetensors"), tensors(segmented / "model.safetensors")
    # The classification network stays as it is.
    assert before and all(np.array_equal(before[name], after[name]) for name in before) and len(after) > len(before)


def test_a_run_that_is_interrupted_goes_on(shapes: Path, recipe: Path, tmp_path: Path) -> None:
    options = ["train", "classification", "--data", shapes, "--config", recipe, "--backend", "reference", "--threads", 1]
    whole, run = tmp_path / "whole", tmp_path / "run"
    decoupled(*options, "--output", whole, "--iterations", 60)
    process = subprocess.Popen(
        [COMMAND, *map(str, [*options, "--output", run, "--iterations", 60])], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    metrics = run / "metrics.jsonl"
    while process.poll() is None and not (metrics.is_file() and metrics.read_text().count("\n") > 2):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130 and "go on with --resume" in said, said
    assert "already holds a run" in decoupled(*options, "--output", run, "--iterations", 60, status=1).stderr
    decoupled(*options, "--output", run, "--iterations", 60, "--resume")
    expected, found = tensors(whole / "model.safetensors"), tensors(run / "model.safetensors")
    assert all(np.array_equal(expected[name], found[name]) for name in expected)
    decoupled(*options, "--output", run, "--iterations", 2, "--overwrite")
    assert len(records(run)) == 2


def test_mistakes_are_told(shapes: Path, classified: Path, tmp_path: Path) -> None:
    def said(*arguments: object, status: int = 1) -> str:
        return decoupled("train", *arguments, "--data", shapes, "--output", tmp_path / "run", status=status).stderr

    assert "There is no network 'huge'" in said("classification", "--network", "huge")
    assert "stage_convolutions needs one number" in said("classification", "--set-value", "network.stage_channels=[8]")
    assert "There is no set 'nothing'" in said("classification", "--network", "tiny", "--set", "nothing")
    assert "exclude each other" in said("classification", "--resume", "--overwrite", status=64)
    assert "nothing.safetensors" in said("segmentation", "--model", tmp_path / "nothing.safetensors")
    assert "There is no backend named 'abacus'" in said("classification", "--network", "tiny", "--backend", "abacus")
    assert "is not YAML" in said("classification", "--config", _file(tmp_path / "bad.yaml", "{"))
    assert not (tmp_path / "run" / "model.safetensors").exists()


def _file(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@verb("train edges")
def test_a_forest(shapes: Path, tmp_path: Path) -> None:
    forest = tmp_path / "forest.safetensors"
    options = ["--data", shapes, "--trees", 2, "--samples", 100, "--feature-share", 0.02]
    result = decoupled("train", "edges", *options, "--output", forest)
    assert result.stdout == f"{forest}\n" and "8 masks, 2 trees" in result.stderr
    assert not Path(f"{forest}.trees").exists()
    again = tmp_path / "again.safetensors"
    decoupled("train", "edges", *options, "--output", again, "--threads", 1)
    assert forest.read_bytes() == again.read_bytes()
    for_opencv = tmp_path / "forest.yml"
    decoupled("train", "edges", *options, "--output", for_opencv)
    assert for_opencv.read_text().startswith("%YAML:1.0")
    boxes = decoupled("proposals", shapes / "images", "--forest", forest, "--min-box-area", 50).stdout
    assert boxes.startswith("image,x,y,width,height,score\n")
    said = decoupled("train", "edges", *options, "--min-child", 0, "--output", forest, status=1).stderr
    assert "minChild must lie between 1 and 100000, not 0" in said
