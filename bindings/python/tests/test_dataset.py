"""Data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


FIXTURES = Path(__file__).resolve().parents[3] / "Tests" / "DecoupledVisionTests" / "Fixtures" / "datasets"


@pytest.mark.parametrize(
    ("name", "options", "count", "classes"),
    [
        ("coco", {"set": "small", "overlap": "void", "kind": "coco"}, 6, ["cat", "bird", "dog"]),
        ("panoptic", {}, 2, ["person", "tree-merged", "rug-merged"]),
        ("ade20k", {"reduce_zero": True}, 2, ["building", "sky"]),
        ("labelme", {}, 2, ["leaf", "stone"]),
    ])
def test_kinds(name: str, options: dict[str, Any], count: int, classes: list[str]) -> None:
    with decoupled.Dataset(FIXTURES / name, **options) as data:
        assert len(data) == count and data.classes == classes
        item = next(i for i in data if i.mask_path is not None)
        expected = {
            "coco": "expected/0000-void.png", "panoptic": "expected/p0.png",
            "ade20k": f"expected/{item.identifier}.png", "labelme": "expected/one.png"}[name]
        assert np.array_equal(item.load_mask(), decoupled.load_label_map(FIXTURES / name / expected))
    with pytest.raises(decoupled.StateError):
        item.load_mask()


def test_ignored_ids_and_wrong_choices() -> None:
    item = decoupled.Dataset(FIXTURES / "ade20k", ignored_ids=[0, 2])[0]
    raw = decoupled.load_label_map(str(item.mask_path))
    assert np.array_equal(item.load_mask(), np.where(np.isin(raw, [0, 2]), 255, raw))
    with pytest.raises(decoupled.InvalidArgument, match="'kind' must be one of automatic, voc"):
        decoupled.Dataset(FIXTURES / "ade20k", kind="tiff")  # type: ignore[arg-type]
    with pytest.raises(decoupled.InvalidArgument):
        decoupled.Dataset(FIXTURES / "ade20k", ignored_ids=[256])


def test_crops_become_a_data_set(train_set: decoupled.Dataset, folder: Path, tmp_path: Path) -> None:
    tree, told = tmp_path / "voc", []
    train_set.write_voc(tree, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (18, 18)
    data = decoupled.Dataset(tree)
    assert data.classes == train_set.classes and [i.labels for i in data] == [i.labels for i in train_set]
    cropping = {"windows_per_subset": 3, "proposals": {"share": 0.5, "count": 50}}
    count = data.write_crops(tmp_path / "list.txt", tree, cropping=cropping, seed=4)
    lines = (tmp_path / "list.txt").read_text().splitlines()
    assert len(lines) == count and all(len(line.split()) == 8 for line in lines)
    assert data.write_crops(tmp_path / "again.txt", tree, cropping=cropping, seed=4) == count
    assert (tmp_path / "again.txt").read_bytes() == (tmp_path / "list.txt").read_bytes()
    listed = decoupled.Dataset(tree, list=tmp_path / "list.txt")
    assert len(listed) == 12 and listed.strong_count == 12
    model = decoupled.Model.create("tiny", listed.classes, seed=1)
    settings = {"conversion": {"batches": 0}}
    decoupled.train_segmentation(model, listed, iterations=1, batch_size=2, iter_size=1, settings=settings)
    with pytest.raises(decoupled.FormatError, match="windows_per_subsets"):
        data.write_crops(tmp_path / "x.txt", tree, cropping={"windows_per_subsets": 3})
    with pytest.raises(decoupled.Cancelled):
        data.write_crops(tmp_path / "x.txt", tree, progress=lambda done, total: False)
    assert not (tmp_path / "x.txt").exists()


def test_statistics_split_and_check_of_a_folder(folder: Path, tmp_path: Path) -> None:
    data = decoupled.Dataset(folder, "train")
    statistics = data.statistics()
    together = np.array(statistics["together"]).reshape(2, 2)
    vectors = np.array([item.label_vector for item in data]).astype(int)
    assert np.array_equal(together, vectors.T @ vectors) and statistics["images"] == 18
    data.split(2, tmp_path / "strong_2.txt", seed=3)
    few = decoupled.Dataset(folder, "train", strong=tmp_path / "strong_2.txt")
    assert 2 <= few.strong_count <= 4
    report = decoupled.check_data(folder)
    assert [s["name"] for s in report["sets"]] == ["train", "val"] and report["items"] == 24
    assert report["problems"] == []


def test_evaluation_equals_numpy(random: np.random.Generator, tmp_path: Path) -> None:
    names = ["a", "b", "c"]
    counts = np.zeros((4, 4), int)
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    with decoupled.Evaluation(names) as evaluation:
        for number in range(6):
            shape = tuple(random.integers(5, 40, 2))
            truth = random.choice([0, 1, 2, 255], shape).astype(np.uint8)
            guess = random.integers(0, 4, shape).astype(np.uint8)
            evaluation.add(truth, guess)
            np.add.at(counts, (truth[truth < 255], guess[truth < 255]), 1)
            decoupled.save_label_map(truth, tmp_path / "masks" / f"{number}.png")
            decoupled.save_image(np.zeros((*shape, 3), np.uint8), tmp_path / "images" / f"{number}.png")
            decoupled.save_label_map(guess, tmp_path / f"{number}.png")
        report = evaluation.report()
        hits = counts.diagonal()
        unions = counts.sum(0) + counts.sum(1) - hits
        iou = hits / unions
        assert np.allclose([c["intersection_over_union"] for c in report["classes"]], iou, atol=1e-12)
        assert report["mean_iou"] == pytest.approx(iou.mean(), abs=1e-12)
        assert report["mean_object_iou"] == pytest.approx(iou[1:].mean(), abs=1e-12)
        assert report["pixel_accuracy"] == pytest.approx(hits.sum() / counts.sum(), abs=1e-12)
        assert decoupled.Dataset(tmp_path).evaluate(tmp_path) == report
        with pytest.raises(decoupled.FormatError, match="255"):
            evaluation.add(np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8))
        with pytest.raises(decoupled.InvalidArgument):
            evaluation.add(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
        assert evaluation.report() == report
    with pytest.raises(decoupled.FormatError, match="twice"):
        decoupled.Evaluation(["a", "a"])


def test_palette() -> None:
    """The formula of the devkit's colour map, all 256 entries."""
    for label, colour in enumerate(decoupled.label_colors()):
        expected, rest = [0, 0, 0], label
        for bit in range(8):
            for channel in range(3):
                expected[channel] |= (rest >> channel & 1) << (7 - bit)
            rest >>= 3
        assert list(colour) == expected
