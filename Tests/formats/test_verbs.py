"""What verbs of the command say about data sets that they looked at and files that they wrote."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import procedure

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """A VOC tree of three photographs with masks, of which the set `strong` has two; class 1 is a square, class 2 a line."""
    image = pytest.importorskip("PIL.Image")
    root = tmp_path / "set"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    (root / "classes.txt").write_text("square\nline\n")
    for number in range(3):
        name = f"photo{number}"
        image.fromarray(procedure.photograph(number, 60, 80)).save(root / "JPEGImages" / f"{name}.jpg")
        mask = np.zeros((60, 80), np.uint8)
        mask[10:40, 20:50] = 1
        mask[50:54, 5:70] = 2 if number else 0
        image.fromarray(mask).save(root / "SegmentationClass" / f"{name}.png")
    (root / "ImageSets/Segmentation/train.txt").write_text("photo0\nphoto1\nphoto2\n")
    (root / "ImageSets/Segmentation/strong.txt").write_text("photo0\nphoto1\n")
    return root


def test_statistics(shapes: Path, command: Command, tmp_path: Path) -> None:
    plain = command("dataset", "stats", shapes, "--set", "strong")
    assert f"the set 'strong' of '{shapes}'" in plain.stderr and "Wrote" not in plain.stderr
    output = tmp_path / "stats"
    result = command("dataset", "stats", shapes, "--json", "--output", output)
    assert f"the set 'train' of '{shapes}'" in result.stderr
    counted = json.loads(result.stdout)
    assert counted == json.loads((output / "statistics.json").read_text())
    for name in ("histogram.png", "cooccurrence.png", "statistics.json"):
        assert str(output / name) in result.stderr and (output / name).stat().st_size > 0


def test_proposals(shapes: Path, command: Command, tmp_path: Path) -> None:
    boxes, pictures = tmp_path / "boxes.csv", tmp_path / "pictures"
    result = command("proposals", shapes / "JPEGImages", "--min-box-area", 100, "--output", boxes, "--pictures", pictures)
    rows = boxes.read_text().splitlines()
    assert rows[0] == "image,x,y,width,height,score" and len(rows) > 3
    assert result.stdout == f"{boxes}: {len(rows) - 1} boxes of 3 images\n" and str(pictures) in result.stderr
    assert {path.name for path in pictures.iterdir()} == {
        f"photo{n}-{kind}" for n in range(3) for kind in ("boxes.jpg", "edges.png")}


def test_crops(shapes: Path, command: Command, tmp_path: Path) -> None:
    windows, sheet = tmp_path / "crops.txt", tmp_path / "crops.jpg"
    settings = ["--set-value", "windows_per_subset=4", "--output", windows]
    said = command("crops", "--data", shapes, "--strong", "strong", *settings, "--contact-sheet", sheet).stdout
    lines = windows.read_text().splitlines()
    # The whole image, and four windows for each combination: one of the first image's label, three of the second's two.
    assert [sum(f"/photo{n}.jpg" in line for line in lines) for n in range(3)] == [1 + 4, 1 + 4 * 3, 0]
    assert said.splitlines() == [
        f"{windows}: 18 windows of the set 'train' of '{shapes}', masks of 'strong'", f"{sheet}: contact sheet"]
    assert sheet.stat().st_size > 0
