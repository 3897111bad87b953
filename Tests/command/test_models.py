"""What is done with a trained model: predict, evaluate, report, look at it, bring it into other programs and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import decoupled, tensors, verb
from PIL import Image


@verb("predict")
def test_predict(shapes: Path, model: Path, tmp_path: Path) -> None:
    result = decoupled(
        "predict", "--model", model, shapes / "images", "--output", tmp_path, "--threshold", 0.1, "--foreground", "--activation")
    lines = result.stdout.splitlines()
    assert len(lines) == 12 and lines[0].startswith(f"{shapes}/images/shape00.png: ")
    names = {path.name for path in tmp_path.iterdir()}
    assert {"shape00.png", "shape00-overlay.jpg", "shape00-foreground-square.jpg", "shape00-activation-square.png"} <= names
    found = Image.open(tmp_path / "shape00.png")
    assert found.size == (48, 48) and found.mode == "P" and set(np.unique(found)) <= {0, 1, 2}


def test_predict_as_json_with_given_labels(shapes: Path, model: Path, tmp_path: Path) -> None:
    photo = shapes / "images/shape00.png"
    plain, quick = tmp_path / "plain", tmp_path / "quick"
    options = ["predict", "--model", model, photo, "--labels", "disc", "--no-overlay", "--backend", "reference"]
    line = json.loads(decoupled(*options, "--json", "--output", quick).stdout)
    assert line["image"] == str(photo) and list(line["scores"]) == ["square", "disc"], line
    decoupled(*options, "--plain", "--output", plain)
    first, second = np.array(Image.open(quick / "shape00.png")), np.array(Image.open(plain / "shape00.png"))
    assert np.array_equal(first, second) and set(np.unique(first)) <= {0, 2}


def test_predict_refines(shapes: Path, model: Path, tmp_path: Path) -> None:
    options = ["predict", "--model", model, shapes / "images/shape02.png", "--no-overlay", "--threshold", 0.1, "--output"]
    decoupled(*options, tmp_path / "plain")
    decoupled(*options, tmp_path / "refined", "--refine", "guided:radius=2")
    first, second = (np.array(Image.open(tmp_path / name / "shape02.png")) for name in ("plain", "refined"))
    assert first.shape == second.shape and set(np.unique(second)) <= set(np.unique(first))
    said = decoupled(*options, tmp_path / "x", "--refine", "blur", status=64).stderr
    assert "There is no refinement 'blur'" in said


def test_predict_goes_on_behind_a_bad_image(shapes: Path, model: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    result = decoupled(
        "predict", "--model", model, bad, shapes / "images/shape01.png", "--output", tmp_path / "maps", status=1)
    assert "bad.png" in result.stderr and "1 of 2 images could not be read" in result.stderr
    assert (tmp_path / "maps/shape01.png").is_file() and "shape01" in result.stdout


@pytest.mark.parametrize("options, status, sentence", [
    (["--labels", "cat"], 1, "There is no class 'cat'; the model knows square, disc."),
    (["--threshold", "2"], 64, "threshold"),
    (["--batch", "0"], 64, "--batch must lie between 1 and 1024, not 0."),
    (["--backend", "abacus"], 1, "There is no backend named 'abacus'"),
])
def test_predict_tells_mistakes(
    options: list[str], status: int, sentence: str, shapes: Path, model: Path, tmp_path: Path
) -> None:
    said = decoupled("predict", "--model", model, shapes / "images", "--output", tmp_path / "x", *options, status=status).stderr
    assert sentence in said


def test_a_model_without_phase_2_says_what_to_do(shapes: Path, classified: Path, tmp_path: Path) -> None:
    said = decoupled(
        "predict", "--model", classified / "model.safetensors", shapes / "images", "--output", tmp_path / "x", status=1).stderr
    assert "run 'train segmentation'" in said
    assert "not there yet" in decoupled("info", classified / "model.safetensors").stdout


@verb("eval")
def test_eval(shapes: Path, model: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    said = decoupled("eval", "--model", model, "--data", shapes, "--json", result, "--threshold", 0.3).stdout
    assert "mean with background" in said and "4 images, 4 with masks, 4 with labels" in said
    numbers = json.loads(result.read_text())
    assert numbers["images"] == 4
    # The same from the label maps that predict writes.
    maps = tmp_path / "maps"
    decoupled("predict", "--model", model, shapes / "images", "--output", maps, "--no-overlay", "--threshold", 0.3)
    again = decoupled("eval", "--predictions", maps, "--data", shapes).stdout
    row = next(line for line in said.splitlines() if line.startswith("mean with background")).split()[3]
    assert row in again
    perfect = decoupled("eval", "--predictions", shapes / "masks", "--data", shapes).stdout
    assert "mean with background  100.00" in perfect
    assert "Give either --model or --predictions." in decoupled("eval", "--data", shapes, status=64).stderr


@verb("report")
def test_report(shapes: Path, model: Path, segmented: Path, tmp_path: Path) -> None:
    page = tmp_path / "page"
    decoupled("report", "--data", shapes, "--model", model, "--output", page, "--count", 2, "--threshold", 0.2, "--curves", segmented)
    text = (page / "index.html").read_text()
    assert "shape08" in text and "<svg" in text or "curve" in text
    assert len(list(page.rglob("*.jpg")) + list(page.rglob("*.png"))) >= 2


@verb("info")
def test_info(model: Path) -> None:
    said = decoupled("info", model, "--tensors").stdout
    assert "classes        square, disc" in said and "conv1_1.weight [8, 3, 3, 3]" in said
    assert json.loads(decoupled("info", model, "--json").stdout)["stage_channels"] == [8, 16, 16]
    assert "no safetensors file" in decoupled("info", __file__, status=1).stderr


@verb("export")
@pytest.mark.parametrize("form, begins", [
    ("onnx", b"\x08"), ("onnx-classification", b"\x08"), ("onnx-label-pass", b"\x08"), ("torchvision", None), ("caffe", b"\x0a")])
def test_export(form: str, begins: bytes | None, model: Path, tmp_path: Path) -> None:
    output = tmp_path / "file"
    assert decoupled("export", model, "--format", form, "--output", output).stdout == f"{output}\n"
    data = output.read_bytes()
    assert len(data) > 1000 and (begins is None or data.startswith(begins))
    if form == "torchvision":
        expected = tensors(model)
        assert np.array_equal(tensors(output)["features.0.weight"], expected["conv1_1.weight"])
    if form == "onnx":
        assert b"MaxUnpool" in data and b"square" in data


@verb("import")
def test_import(model: Path, tmp_path: Path) -> None:
    caffe, back, report = tmp_path / "net.caffemodel", tmp_path / "back.safetensors", tmp_path / "report.json"
    decoupled("export", model, "--format", "caffe", "--output", caffe)
    description = tmp_path / "net.json"
    description.write_text(decoupled("info", model, "--json").stdout)
    said = decoupled(
        "import", caffe, "--description", description, "--classes", "square,disc", "--output", back, "--report", report)
    assert str(back) in said.stdout and json.loads(report.read_text())
    first, second = tensors(model), tensors(back)
    assert first.keys() == second.keys()
    # Caffe's normalisation has scale and shift alone, so only what stands before one is the same.
    assert np.array_equal(first["conv1_1.weight"], second["conv1_1.weight"])
    half = tmp_path / "half.safetensors"
    decoupled("import", model, "--half", "--output", half)
    assert half.stat().st_size < model.stat().st_size
    refused = decoupled("import", model, "--description", "vgg16", "--output", tmp_path / "x.safetensors", status=1).stderr
    assert len(refused.strip().splitlines()) <= 40 and not (tmp_path / "x.safetensors").exists()
