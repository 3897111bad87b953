"""Fixtures: a folder of drawn shapes, a model with random weights, a model that was trained for a moment."""

from __future__ import annotations

import importlib.util
import signal
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples" / "python"
try:
    import decoupled
except ImportError:  # not installed: the source beside the tests
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import decoupled


def pytest_configure(config: pytest.Config) -> None:
    # A shell's background jobs begin with Ctrl-C ignored; the tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        decoupled.library_version()
    except decoupled.LibraryError as error:
        pytest.exit(str(error), returncode=2)


@pytest.fixture(scope="session")
def shapes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shapes", EXAMPLES / "shapes.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def folder(shapes: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 images of two classes: 18 to train on, 12 of them with masks, 6 to evaluate on."""
    return shapes.make(tmp_path_factory.mktemp("data") / "shapes", train=18, val=6, masks=12)


@pytest.fixture(scope="session")
def train_set(folder: Path) -> decoupled.Dataset:
    return decoupled.Dataset(folder, "train")


@pytest.fixture(scope="session")
def val_set(folder: Path) -> decoupled.Dataset:
    return decoupled.Dataset(folder, "val")


@pytest.fixture()
def model() -> decoupled.Model:
    return decoupled.Model.create("tiny", ["circle", "square"], seed=3)


@pytest.fixture(scope="session")
def trained(train_set: decoupled.Dataset) -> decoupled.Model:
    model = decoupled.Model.create("tiny", train_set.classes, seed=1)
    model = decoupled.train_classification(
        model, train_set, iterations=120, learning_rate=0.001, batch_size=8, iter_size=1)
    return decoupled.train_segmentation(
        model, train_set, iterations=60, learning_rate=0.1, batch_size=8, iter_size=1,
        settings={"conversion": {"batches": 5, "batch_size": 8}})


@pytest.fixture()
def random() -> np.random.Generator:
    return np.random.default_rng(5)
