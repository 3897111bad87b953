"""Images in and out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import decoupled
from decoupled.images import borrowed, pixels_of


def test_files_round_trip(tmp_path: Path, random: np.random.Generator) -> None:
    photo = random.integers(0, 256, (7, 11, 3), dtype=np.uint8)
    decoupled.save_image(photo, tmp_path / "photo.png")
    np.testing.assert_array_equal(decoupled.load_image(tmp_path / "photo.png"), photo)
    decoupled.save_image(photo[:, :, ::-1], tmp_path / "bgr.png", order="BGR")
    np.testing.assert_array_equal(decoupled.load_image(str(tmp_path / "bgr.png")), photo)
    decoupled.save_image(photo[:, :, 0], tmp_path / "grey.png")
    np.testing.assert_array_equal(decoupled.load_image(tmp_path / "grey.png"), np.repeat(photo[:, :, :1], 3, 2))
    decoupled.save_image(np.full((20, 30, 3), 99, np.uint8), tmp_path / "photo.jpg")
    assert abs(decoupled.load_image(tmp_path / "photo.jpg").astype(int) - 99).max() <= 2


def test_label_maps_round_trip(tmp_path: Path) -> None:
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    decoupled.save_label_map(labels, tmp_path / "labels.png")
    np.testing.assert_array_equal(decoupled.load_label_map(tmp_path / "labels.png"), labels)
    # Read as a photo it has the colours.
    np.testing.assert_array_equal(decoupled.load_image(tmp_path / "labels.png"), decoupled.label_colors()[labels])
    decoupled.save_label_map(labels[::2, ::-2], tmp_path / "part.png")
    np.testing.assert_array_equal(decoupled.load_label_map(tmp_path / "part.png"), labels[::2, ::-2])


def test_overlay(tmp_path: Path, random: np.random.Generator) -> None:
    photo = random.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    labels = np.ones((6, 5), np.uint8)
    decoupled.save_overlay(photo, labels, tmp_path / "all.png", opacity=1)
    np.testing.assert_array_equal(decoupled.load_image(tmp_path / "all.png"), decoupled.label_colors()[labels])
    with pytest.raises(decoupled.InvalidArgument, match="4x6.*5x6"):
        decoupled.save_overlay(photo, labels[:, :4], tmp_path / "no.png")


@pytest.mark.parametrize("make", [
    lambda a: a, lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a[:, :, ::-1], lambda a: a[2:9, 3:8],
    lambda a: a[::3], lambda a: np.asfortranarray(a), lambda a: a[:, :, 1], lambda a: a[:, :, :1], lambda a: a[:1],
    lambda a: np.broadcast_to(a[:1], a.shape), lambda a: a.transpose(1, 0, 2), lambda a: a[::-2, 1:6],
])
def test_views_arrive_as_they_are(make: object, tmp_path: Path, random: np.random.Generator) -> None:
    view = make(random.integers(0, 256, (12, 10, 3), dtype=np.uint8))  # type: ignore[operator]
    decoupled.save_image(view, tmp_path / "view.png")
    expected = np.broadcast_to(view.reshape(*view.shape[:2], -1), (*view.shape[:2], 3))
    np.testing.assert_array_equal(decoupled.load_image(tmp_path / "view.png"), expected)


def test_rows_are_not_copied(random: np.random.Generator) -> None:
    frame = random.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    for view in (frame, frame[::-1], frame[2:, 3:7]):
        assert np.shares_memory(pixels_of(view), frame)
    with borrowed(frame[::-1]) as image:
        assert image.row_stride == -30 and image.height == 12


@pytest.mark.parametrize("image, sentence", [
    (np.zeros((4, 4, 3), np.float32), "uint8, not float32; multiply"),
    (np.zeros((4, 4, 3), np.int64), "uint8, not int64"),
    (np.zeros((4, 4, 2), np.uint8), r"not \[4, 4, 2\]"),
    (np.zeros((3,), np.uint8), r"not \[3\]"),
    (np.zeros((0, 4, 3), np.uint8), "no pixels"),
])
def test_wrong_arrays_are_refused(image: np.ndarray, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=sentence):
        decoupled.save_image(image, tmp_path / "no.png")
    assert not (tmp_path / "no.png").exists()


def test_other_objects_are_refused(tmp_path: Path) -> None:
    for thing in (None, 7, [1, 2], object()):
        with pytest.raises(TypeError, match="path, a uint8 array or a PIL image"):
            decoupled.save_image(thing, tmp_path / "no.png")  # type: ignore[arg-type]
    with pytest.raises(decoupled.InvalidArgument, match="'RGB' or 'BGR'"):
        decoupled.save_image(np.zeros((2, 2, 3), np.uint8), tmp_path / "no.png", order="GRB")  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "CMYK", "YCbCr", "LA"])
def test_pil_images(mode: str, tmp_path: Path, random: np.random.Generator) -> None:
    images = pytest.importorskip("PIL.Image")
    picture = images.fromarray(random.integers(0, 256, (9, 8, 3), dtype=np.uint8)).convert(mode)
    decoupled.save_image(picture, tmp_path / "pil.png")
    np.testing.assert_array_equal(decoupled.load_image(tmp_path / "pil.png"), np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_deep_pil_images_are_refused(mode: str, tmp_path: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    with pytest.raises(decoupled.InvalidArgument, match=f"mode {mode} has more than 8 bits"):
        decoupled.save_image(images.new(mode, (4, 4)), tmp_path / "no.png")


def test_failures(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none.png") as caught:
        decoupled.load_image(tmp_path / "none.png")
    assert caught.value.filename == str(tmp_path / "none.png")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(decoupled.FormatError, match="bad.png"):
        decoupled.load_image(tmp_path / "bad.png")
    with pytest.raises(decoupled.FormatError, match="bad.png"):
        decoupled.load_label_map(tmp_path / "bad.png")
    with pytest.raises(OSError):
        decoupled.save_image(np.zeros((2, 2), np.uint8), tmp_path / "nowhere" / "a.png")
    with pytest.raises(decoupled.InvalidArgument, match="zero character"):
        decoupled.load_image("a\0b.png")
    for labels in (np.zeros((2, 2)), np.zeros(4, np.uint8)):
        with pytest.raises(decoupled.InvalidArgument, match="label map is uint8"):
            decoupled.save_label_map(labels, tmp_path / "no.png")
