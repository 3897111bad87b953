"""Data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import decoupled


def test_items(train_set: decoupled.Dataset, folder: Path) -> None:
    assert len(train_set) == 18 and train_set.labelled_count == 18 and train_set.strong_count == 12
    assert train_set.classes == ["circle", "square"]
    item = train_set[2]
    assert item.identifier == "0002" and item.labels == ("circle", "square")
    assert item.label_vector is not None and item.label_vector.tolist() == [1, 1]
    assert Path(item.image_path) == folder / "images" / "0002.png"
    assert item.load_image().shape == (48, 48, 3) and set(np.unique(item.load_mask())) <= {0, 1, 2}
    assert train_set[-1].identifier == "0017" and train_set[-1].mask_path is None
    with pytest.raises(LookupError, match="'0017' has no mask"):
        train_set[-1].load_mask()
    assert [i.identifier for i in train_set[:2]] == ["0000", "0001"]
    assert len(list(train_set)) == len(train_set.items) == 18
    for index in (18, -19):
        with pytest.raises(IndexError):
            train_set[index]
    assert repr(train_set) == "<Dataset of 18 images, 18 with labels, 12 with masks, 2 classes>"


def test_options(folder: Path, tmp_path: Path) -> None:
    assert len(decoupled.Dataset(folder)) == 24
    (tmp_path / "strong.txt").write_text("0000\n0003\n")
    with decoupled.Dataset(str(folder), "train", strong=tmp_path / "strong.txt") as few:
        assert few.strong_count == 2
    strong = decoupled.Dataset(folder, set="val", labels_from_masks=True)
    assert strong.labelled_count == 6
    with pytest.raises(decoupled.DecoupledError, match="nonesuch"):
        decoupled.Dataset(folder, "nonesuch")
    with pytest.raises(FileNotFoundError):
        decoupled.Dataset(tmp_path / "none")


def test_items_outlive_the_data_set(folder: Path) -> None:
    data = decoupled.Dataset(folder, "val")
    item = data[0]
    data.close()
    assert item.identifier == "0018" and item.label_vector is not None and item.label_vector.sum() > 0
    with pytest.raises(decoupled.StateError):
        data[0]


def test_check(train_set: decoupled.Dataset, folder: Path, shapes: object, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    report = train_set.check(lambda done, total: told.append((done, total)))
    assert told[-1] == (18, 18) and report["problems"] == [] and report["items"] == 18
    assert "no problems" in str(report)
    spoilt = shapes.make(tmp_path / "spoilt", train=4, val=2, masks=4)  # type: ignore[attr-defined]
    (spoilt / "images" / "0001.png").write_bytes(b"nothing")
    report = decoupled.Dataset(spoilt, "train").check()
    assert len(report["problems"]) == 1 and "0001" in report["problems"][0]["file"]
    with pytest.raises(decoupled.Cancelled):
        train_set.check(lambda done, total: False)
    with pytest.raises(KeyError):
        train_set.check(lambda done, total: {}["x"])
