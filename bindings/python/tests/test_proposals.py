"""Object proposals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import decoupled


def picture() -> np.ndarray:
    image = np.full((90, 120, 3), 50, np.uint8)
    image[20:70, 30:80] = (220, 200, 90)
    return image


def test_boxes() -> None:
    with decoupled.Proposer() as proposer:
        assert proposer.detector == "gradient edges"
        boxes, scores = proposer(picture())
        assert boxes.shape == (len(scores), 4) and (np.diff(scores) <= 0).all() and scores[-1] > 0
        assert np.abs(boxes[0] - (30, 20, 50, 50)).max() <= 6
        assert (boxes[:, :2] >= 0).all() and (boxes[:, :2] + boxes[:, 2:] <= (120, 90)).all()
        magnitude, orientation = proposer.edges(picture(), thinned=True)
        again, same = proposer.boxes_of_edges(magnitude, orientation)
        np.testing.assert_array_equal(again, boxes)
        np.testing.assert_array_equal(same, scores)
        few, _ = decoupled.Proposer(max_boxes=3, beta=0.9)(picture())
        assert len(few) == 3


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(decoupled.InvalidArgument, match="alpha"):
        decoupled.Proposer(alpha=1)
    with pytest.raises(TypeError, match="no parameter 'gama'"):
        decoupled.Proposer(gama=1)
    with pytest.raises(decoupled.InvalidArgument, match="forest"):
        decoupled.Proposer(multiscale=True)
    with pytest.raises(FileNotFoundError):
        decoupled.Proposer(tmp_path / "none.yml")
    (tmp_path / "bad.yml").write_text("%YAML:1.0\n---\nchilds: 3\n")
    with pytest.raises(decoupled.FormatError, match="bad.yml"):
        decoupled.Proposer(tmp_path / "bad.yml")
    proposer = decoupled.Proposer()
    with pytest.raises(decoupled.InvalidArgument, match="0 to pi"):
        proposer.boxes_of_edges(np.zeros((4, 4)), np.full((4, 4), 9.0))
    with pytest.raises(decoupled.InvalidArgument, match="height, width"):
        proposer.boxes_of_edges(np.zeros(4), np.zeros(4))


def test_forest(train_set: decoupled.Dataset, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "edges.safetensors"
    decoupled.train_forest(
        train_set, path, trees=2, samples=200, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)
    proposer = decoupled.Proposer(path, sharpening=1)
    assert "2 trees, sharpening 1" in proposer.detector
    magnitude, orientation = proposer.edges(train_set[0].load_image())
    assert magnitude.shape == orientation.shape == (48, 48) and 0 <= orientation.min() and orientation.max() <= np.pi + 1e-6
    with pytest.raises(decoupled.Cancelled):
        decoupled.train_forest(train_set, tmp_path / "no.safetensors", trees=2, samples=200, progress=lambda *_: False)
    assert not (tmp_path / "no.safetensors").exists()
