"""Prediction."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import decoupled


@pytest.fixture(scope="module")
def session(trained: decoupled.Model) -> decoupled.Session:
    return decoupled.Session(trained, foreground=True, activation=True)


@pytest.fixture(scope="module")
def photo(val_set: decoupled.Dataset) -> np.ndarray:
    return val_set[2].load_image()  # a circle and a square


def test_prediction(session: decoupled.Session, trained: decoupled.Model, random: np.random.Generator) -> None:
    image = random.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    prediction = session.predict(image, labels=["square", 0])
    assert prediction.label_map.shape == (37, 53) and prediction.label_map.dtype == np.uint8
    assert prediction.label_map.max() <= 2
    assert prediction.scores.shape == (2,) and prediction.scores.dtype == np.float32
    assert ((prediction.scores >= 0) & (prediction.scores <= 1)).all()
    assert prediction.identified == ["circle", "square"] and list(prediction.classes) == trained.classes
    for name in prediction.identified:
        assert prediction.foreground[name].shape == (37, 53) and prediction.foreground[name].dtype == np.float32
        assert 0 <= prediction.foreground[name].min() and prediction.foreground[name].max() <= 1
        assert prediction.activation[name].shape == (16, 4, 4)
        assert prediction.mask(name).sum() == (prediction.label_map == trained.class_index(name) + 1).sum()
    assert prediction.score("circle") == prediction.scores[0]
    with pytest.raises(LookupError, match="circle, square"):
        prediction.score("star")


def test_arrays_outlive_the_session(trained: decoupled.Model, photo: np.ndarray) -> None:
    with decoupled.Session(trained, foreground=True) as session:
        prediction = session.predict(photo, ["circle"])
        before = prediction.foreground["circle"].copy(), prediction.label_map.copy()
        session.predict(np.zeros((48, 48, 3), np.uint8), ["circle"])
    np.testing.assert_array_equal(prediction.foreground["circle"], before[0])
    np.testing.assert_array_equal(prediction.label_map, before[1])
    assert prediction.label_map.flags.owndata and prediction.label_map.flags.writeable
    assert prediction.activation == {}


def test_all_forms_of_an_image_agree(session: decoupled.Session, photo: np.ndarray, tmp_path: Path) -> None:
    expected = session.predict(photo)
    decoupled.save_image(photo, tmp_path / "photo.png")
    alpha = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
    forms = {
        "path": tmp_path / "photo.png", "text": str(tmp_path / "photo.png"), "RGBA": alpha,
        "strided": np.repeat(photo, 2, axis=0)[::2], "upside down": photo[::-1].copy()[::-1],
    }
    images = pytest.importorskip("PIL.Image")
    forms["PIL"] = images.fromarray(photo)
    forms["PIL file"] = images.open(tmp_path / "photo.png")
    for name, image in forms.items():
        found = session.predict(image)
        np.testing.assert_array_equal(found.scores, expected.scores, name)
        np.testing.assert_array_equal(found.label_map, expected.label_map, name)
    for image in (photo[:, :, ::-1], alpha[:, :, [2, 1, 0, 3]]):
        np.testing.assert_array_equal(session.predict(image, order="BGR").scores, expected.scores)
    grey = photo[:, :, 1]
    np.testing.assert_array_equal(
        session.predict(grey).scores, session.predict(np.repeat(grey[:, :, None], 3, axis=2)).scores)


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (200, 300)])
def test_any_size(session: decoupled.Session, size: tuple[int, int], random: np.random.Generator) -> None:
    image = random.integers(0, 256, (*size, 3), dtype=np.uint8)
    assert session.predict(image, ["circle"]).label_map.shape == size


def test_lists(trained: decoupled.Model, val_set: decoupled.Dataset) -> None:
    images = [item.load_image() for item in val_set]
    labels = [None, ["circle"], [1], None, [], ["square", "circle"]]
    with decoupled.Session(trained, images_per_batch=4, rows_per_chunk=2) as batches, decoupled.Session(trained) as single:
        together = batches.predict(images, labels)
        assert len(together) == 6 and together[4].identified == [] and not together[4].label_map.any()
        for image, given, found in zip(images, labels, together):
            alone = single.predict(image, given)
            assert alone.identified == found.identified
            np.testing.assert_array_equal(alone.label_map, found.label_map)
        scores = batches.classify(images)
        np.testing.assert_allclose(scores, [p.scores for p in together], atol=1e-6)
        np.testing.assert_allclose(batches.classify(images[0]), scores[0], atol=1e-6)
        assert batches.predict([]) == [] and batches.classify([]).shape == (0, 2)


def test_threshold(trained: decoupled.Model, photo: np.ndarray) -> None:
    with decoupled.Session(trained, foreground=True) as usual:
        scores = usual.predict(photo).scores
        for threshold in (0.0, float(scores.mean()), 1.0):
            with decoupled.Session(trained, foreground=True, threshold=threshold) as other:
                expected = other.predict(photo)
            found = usual.predict(photo, threshold=threshold)
            assert found.identified == expected.identified
            assert found.identified == [n for n, s in zip(trained.classes, scores) if s > threshold]
            np.testing.assert_array_equal(found.label_map, expected.label_map)
            for name in found.identified:
                np.testing.assert_allclose(found.foreground[name], expected.foreground[name], atol=1e-6)


def test_plain_procedure_and_reference_agree(trained: decoupled.Model, random: np.random.Generator) -> None:
    # Noise: in flat areas the largest value under a pool is a matter of rounding.
    photo = random.integers(0, 256, (48, 48, 3), dtype=np.uint8)
    maps = []
    for options in ({}, {"plain": True}, {"backend": "reference"}, {"threads": 1}):
        with decoupled.Session(trained, foreground=True, **options) as session:
            maps.append(session.predict(photo, ["circle", "square"]).foreground["square"])
    for other in maps[1:]:
        np.testing.assert_allclose(other, maps[0], atol=1e-4)


def test_what_is_wrong_with_labels(session: decoupled.Session, photo: np.ndarray) -> None:
    with pytest.raises(LookupError, match="'star'; classes are circle, square"):
        session.predict(photo, ["star"])
    with pytest.raises(ValueError, match="not the text 'circle'"):
        session.predict(photo, "circle")
    with pytest.raises(ValueError):
        session.predict(photo, [2])
    with pytest.raises(ValueError):
        session.predict(photo, [-1])
    with pytest.raises(ValueError, match="2 images need as many"):
        session.predict([photo, photo], [["circle"]])


def test_without_segmentation_weights(photo: np.ndarray) -> None:
    model = decoupled.Model.create("tiny", ["a", "b"], parts=decoupled.Parts.CLASSIFICATION)
    with decoupled.Session(model) as session:
        assert session.classify(photo).shape == (2,)
        with pytest.raises(decoupled.StateError):
            session.predict(photo)
    with pytest.raises(decoupled.NotFound):
        decoupled.Session(decoupled.Model.create("tiny", ["a"], parts=decoupled.Parts.NONE))


def test_shortcuts_and_files(trained: decoupled.Model, photo: np.ndarray, tmp_path: Path) -> None:
    trained.save(tmp_path / "model.safetensors")
    prediction = decoupled.predict(tmp_path / "model.safetensors", photo, ["circle"], threads=1)
    prediction.save_label_map(tmp_path / "labels.png")
    np.testing.assert_array_equal(decoupled.load_label_map(tmp_path / "labels.png"), prediction.label_map)
    prediction.save_overlay(photo, tmp_path / "overlay.png")
    assert decoupled.load_image(tmp_path / "overlay.png").shape == photo.shape
    assert repr(prediction).startswith("<Prediction 48x48: circle")


def test_backends(session: decoupled.Session) -> None:
    found = decoupled.backends()
    assert found[0].name == "reference" and found[0].path is None
    assert session.backend in found and session.backend.score == max(b.score for b in found)
    assert found.failures == []
    assert decoupled.thread_count(3) == 3 and decoupled.thread_count() >= 1


def test_failed_plugins_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libdecoupled-backend-broken.so").write_bytes(b"nothing")
    monkeypatch.setenv("DECOUPLED_BACKEND_PATH", str(tmp_path))
    failures = decoupled.backends().failures
    assert [f.path for f in failures] == [str(tmp_path / "libdecoupled-backend-broken.so")] and failures[0].message


def test_evaluate(session: decoupled.Session, val_set: decoupled.Dataset) -> None:
    told: list[tuple[int, int]] = []
    report = session.evaluate(val_set, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (6, 6) and report["images"] == report["masks"] == 6
    for name in ("mean_iou", "mean_object_iou", "pixel_accuracy", "mean_average_precision"):
        assert 0 <= report[name] <= 1
    assert "circle" in str(report) and report.text == str(report)
    told_labels = decoupled.evaluate(decoupled.Model.create("tiny", val_set.classes), val_set, true_labels=True)
    assert told_labels["true_labels"] is True
    with pytest.raises(decoupled.Cancelled):
        session.evaluate(val_set, progress=lambda done, total: False)
    with pytest.raises(ZeroDivisionError):
        session.evaluate(val_set, progress=lambda done, total: 1 / 0)
    assert session.evaluate(val_set)["mean_iou"] == report["mean_iou"]



def test_a_session_traces_and_verifies(trained: decoupled.Model, photo: np.ndarray, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    with decoupled.Session(trained, "openblas", trace=trace, verify=True, verify_rate=1) as session:
        watched = session.predict(photo, ["circle"])
    events = [event for event in json.loads(trace.read_text())["traceEvents"] if event.get("cat") == "run"]
    assert any(event["args"]["operators"].startswith("Conv") for event in events)
    with decoupled.Session(trained, "openblas") as session:
        np.testing.assert_array_equal(session.predict(photo, ["circle"]).label_map, watched.label_map)
    with pytest.raises(decoupled.InvalidArgument, match="between 0 and 1"):
        decoupled.Session(trained, verify=True, verify_rate=2)
    with pytest.raises(decoupled.InvalidArgument, match="'verify' is 0"):
        decoupled.Session(trained, verify_rate=1)
    with pytest.raises(decoupled.IOFailure, match="missing"):
        decoupled.Session(trained, trace=tmp_path / "missing" / "trace.json")


def test_refinements(trained: decoupled.Model, photo: np.ndarray) -> None:
    def labels(*refinements: str | dict[str, object]) -> np.ndarray:
        with decoupled.Session(trained, refinements=refinements) as session:
            return session.predict(photo, ["circle", "square"]).label_map

    plain, refined = labels(), labels("guided")
    assert (plain != refined).any()
    np.testing.assert_array_equal(refined, labels({"name": "guided", "radius": 4}))
    assert (refined != labels({"name": "guided", "radius": 9})).any()


@pytest.mark.parametrize(("refinements", "message"), [
    (["sharpen"], "no refinement 'sharpen'"), ([{"name": "guided", "size": 3}], "no setting 'size'"),
    ([{"name": "guided", "radius": 0}], "from 1 to 64, not 0"), ([3], "no list of refinements"),
])
def test_refinements_that_do_not_exist(trained: decoupled.Model, refinements: list[object], message: str) -> None:
    with pytest.raises(decoupled.DecoupledError, match=message):
        decoupled.Session(trained, refinements=refinements)  # type: ignore[arg-type]
