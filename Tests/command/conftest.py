"""What all tests of the command share: the command itself, a data set and a model that it trained, a reader of its files."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COMMAND = os.environ["DECOUPLED_COMMAND"]
#: Verbs that a test says it runs.
TESTED: set[str] = set()


def verb(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a test as the one that runs these verbs."""
    TESTED.update(names)
    return lambda test: test


def decoupled(*arguments: object, status: int = 0, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command and holds it to its exit status. Mistakes are told in one sentence, never by a trap."""
    result = subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL)
    assert result.returncode == status, f"status {result.returncode}: {result.stdout}{result.stderr}"
    return result


def tensors(path: Path) -> dict[str, np.ndarray]:
    """All tensors of a safetensors file; floats of 32 bits as the bits they are."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    result = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        assert entry["dtype"] == "F32", name
        result[name] = np.frombuffer(data[begin:end], np.uint32).reshape(entry["shape"])
    return result


def photograph(kinds: list[int], random: np.random.Generator, side: int) -> tuple[Image.Image, Image.Image]:
    """Squares (1) and discs (2) on noisy ground, and their mask."""
    y, x = np.mgrid[:side, :side]
    photo = random.integers(0, 90, (side, side, 3))
    mask = np.zeros((side, side), np.uint8)
    for kind in kinds:
        (cx, cy), radius = random.integers(side // 4, 3 * side // 4, 2), int(random.integers(side // 7, side // 5))
        square = np.maximum(abs(x - cx), abs(y - cy)) <= radius
        inside = square if kind == 1 else (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        mask[inside] = kind
        photo[inside] = (220, 60, 30) if kind == 1 else (30, 60, 220)
    return Image.fromarray(photo.astype(np.uint8)), Image.fromarray(mask)


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve photographs with masks and image-level labels, eight of them in the set train, four in val."""
    root = tmp_path_factory.mktemp("shapes")
    for folder in ("images", "masks"):
        (root / folder).mkdir()
    random = np.random.default_rng(1)
    (root / "classes.txt").write_text("square\ndisc\n")
    rows = ["image,labels"]
    for number in range(12):
        kinds = [[1], [2], [1, 2]][number % 3]
        photo, mask = photograph(kinds, random, 48)
        photo.save(root / "images" / f"shape{number:02}.png")
        mask.save(root / "masks" / f"shape{number:02}.png")
        labels = [name for kind, name in ((1, "square"), (2, "disc")) if (np.array(mask) == kind).any()]
        rows.append(f"shape{number:02}.png,{';'.join(labels)}")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    names = [f"shape{number:02}" for number in range(12)]
    (root / "train.txt").write_text("\n".join(names[:8]) + "\n")
    (root / "val.txt").write_text("\n".join(names[8:]) + "\n")
    return root


#: Settings with which a phase is done in a second.
RECIPE = """
network: {preset: tiny}
classification:
  solver: {method: adam, base_learning_rate: 0.003, batch_size: 4, iter_size: 1, policy: fixed}
segmentation:
  cropping: {windows_per_subset: 3}
  conversion: {batches: 3, batch_size: 4}
  solver: {base_learning_rate: 0.02, batch_size: 4, iter_size: 1, policy: fixed}
"""


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="session")
def classified(shapes: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of phase 1."""
    run = tmp_path_factory.mktemp("classification") / "run"
    decoupled("train", "classification", "--data", shapes, "--config", recipe, "--output", run, "--iterations", 60)
    return run


@pytest.fixture(scope="session")
def segmented(shapes: Path, recipe: Path, classified: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of phase 2."""
    run = tmp_path_factory.mktemp("segmentation") / "run"
    decoupled(
        "train", "segmentation", "--data", shapes, "--config", recipe, "--output", run, "--iterations", 60,
        "--model", classified / "model.safetensors", "--validation", "val")
    return run


@pytest.fixture(scope="session")
def model(segmented: Path) -> Path:
    return segmented / "model.safetensors"
