"""Data sets: looked at, split, converted, composed; training windows and object proposals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from conftest import decoupled, verb
from PIL import Image


@verb("dataset check")
def test_check(shapes: Path, tmp_path: Path) -> None:
    assert "12" in decoupled("dataset", "check", shapes).stdout
    assert json.loads(decoupled("dataset", "check", shapes, "--json").stdout)
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "classes.txt").write_text("square\n")
    Image.new("RGB", (20, 10)).save(tmp_path / "images/a.png")
    Image.new("L", (10, 10)).save(tmp_path / "masks/a.png")
    (tmp_path / "images/b.png").write_bytes(b"no image")
    said = decoupled("dataset", "check", tmp_path, status=1).stdout
    assert "a.png" in said and "b.png" in said
    assert "no data set" in decoupled("dataset", "check", tmp_path / "images", status=1).stderr.lower()


@verb("dataset stats")
def test_stats(shapes: Path, tmp_path: Path) -> None:
    output = tmp_path / "stats"
    result = decoupled("dataset", "stats", shapes, "--set", "train", "--json", "--output", output)
    assert json.loads(result.stdout) == json.loads((output / "statistics.json").read_text())
    assert "the set 'train'" in result.stderr
    assert {path.name for path in output.iterdir()} == {"histogram.png", "cooccurrence.png", "statistics.json"}


@verb("dataset split")
def test_split(shapes: Path, tmp_path: Path) -> None:
    chosen = decoupled("dataset", "split", shapes, "--strong", 2, "--seed", 3).stdout.split()
    train = (shapes / "train.txt").read_text().split()
    assert set(chosen) <= set(train) and 2 <= len(chosen) <= 4
    output = tmp_path / "strong_2.txt"
    decoupled("dataset", "split", shapes, "--strong", 2, "--seed", 3, "--output", output)
    assert output.read_text().split() == chosen


@verb("dataset convert")
def test_convert(shapes: Path, tmp_path: Path) -> None:
    tree = tmp_path / "voc"
    assert decoupled("dataset", "convert", shapes, "--set", "val", "--name", "val", "--output", tree).stdout == f"{tree}\n"
    names = (tree / "ImageSets/Segmentation/val.txt").read_text().split()
    assert names == [f"shape{number:02}" for number in range(8, 12)]
    for name in names:
        mask = Image.open(tree / "SegmentationClass" / f"{name}.png")
        assert mask.mode == "P" and np.array_equal(np.array(mask), np.array(Image.open(shapes / "masks" / f"{name}.png")))
    before = decoupled("dataset", "stats", shapes, "--set", "val").stdout
    assert decoupled("dataset", "stats", tree, "--set", "val").stdout == before


@verb("dataset compose")
def test_compose(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    for name, colour in (("apple", (200, 40, 40)), ("leaf", (40, 200, 40))):
        (tmp_path / name).mkdir()
        for number in range(4):
            cut = np.zeros((40, 40, 4), np.uint8)
            cut[5:35, 8:32] = (*colour, 255)
            Image.fromarray(cut).save(tmp_path / name / f"{number}.png")
    (tmp_path / "ground").mkdir()
    for number in range(4):
        ground = random.integers(0, 255, (200, 200, 3)).astype(np.uint8)
        Image.fromarray(ground).save(tmp_path / "ground" / f"{number}.jpg")
    output = tmp_path / "set"
    options = [
        "--class", f"apple={tmp_path / 'apple'}", "--class", f"leaf={tmp_path / 'leaf'}", "--background", tmp_path / "ground",
        "--train", 6, "--test", 3, "--size", 64, "--strong", 2]
    decoupled("dataset", "compose", *options, "--output", output)
    assert decoupled("dataset", "check", output).returncode == 0
    assert len(list((output / "JPEGImages").iterdir())) == 9
    assert (output / "classes.txt").read_text().split() == ["apple", "leaf"]
    said = decoupled("dataset", "compose", *options, "--objects", 0, "--output", tmp_path / "x", status=1).stderr
    assert "--objects must be at least 1, not 0." in said


@verb("crops")
def test_crops(shapes: Path, tmp_path: Path) -> None:
    windows, sheet = tmp_path / "crops.txt", tmp_path / "crops.jpg"
    options = ["crops", "--data", shapes, "--set", "train", "--set-value", "windows_per_subset=2"]
    said = decoupled(*options, "--output", windows, "--contact-sheet", sheet).stdout
    lines = windows.read_text().splitlines()
    assert f"{windows}: {len(lines)} windows of the set 'train'" in said and Image.open(sheet).size
    # 'image mask x1 y1 x2 y2 bit bit'; the windows are made into batches by train segmentation.
    assert len(lines) > 16 and all(len(line.split()) == 8 for line in lines)
    again = tmp_path / "again.txt"
    decoupled(*options, "--output", again)
    assert again.read_text() == windows.read_text()


@verb("proposals")
def test_proposals(shapes: Path, tmp_path: Path) -> None:
    output, pictures = tmp_path / "boxes.json", tmp_path / "pictures"
    decoupled(
        "proposals", shapes / "images", "--json", "--output", output, "--pictures", pictures, "--min-box-area", 50)
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(lines) == 12 and all(line["boxes"] for line in lines)
    assert {f"shape00-{kind}" for kind in ("boxes.jpg", "edges.png")} <= {path.name for path in pictures.iterdir()}
    said = decoupled("proposals", shapes / "images", "--alpha", 5, status=1).stderr
    assert "The Edge Boxes parameter alpha must lie between 0.1 and 0.98, not 5.0." in said
