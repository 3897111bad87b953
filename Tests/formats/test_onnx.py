"""Exported ONNX files in the onnx checker and in ONNX Runtime, and the other exports."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import decoupled
import procedure
from fixtures_torch import plain

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
GRAPHS = ["onnx-classification", "onnx-label-pass", "onnx"]


def model_of(saliency: str) -> decoupled.Model:
    """Random weights, spread so that several classes are found and the maps are not flat."""
    model = decoupled.Model.create(
        {"preset": "tiny", "input_size": 48, "saliency": saliency, "stage_convolutions": [2, 1, 2],
         "decoder_convolutions": [1, 2, 1], "batch_normalization_epsilon": 1e-9}, ["a", "b", "c", "d"], seed=4)
    random = np.random.default_rng(3)
    for name in model.parameters:
        shape = model.parameters[name].shape
        if name.endswith("running_var"):
            scale = 1e-9 if name.startswith("pool3_bp") else 1.0
            model.parameters[name] = scale * random.uniform(0.5, 2, shape)
        elif name.endswith("running_mean"):
            model.parameters[name] = random.normal(size=shape) * (1e-5 if name.startswith("pool3_bp") else 0.1)
        elif name.endswith(".bias") or "bn" in name:
            model.parameters[name] = model.parameters[name] + random.normal(size=shape) * 0.1
    model.parameters["cls_score.bias"] = [0.4, -0.5, 0.3, 0.2]
    return model


@pytest.mark.parametrize("saliency", ["paper", "released", "fp_bp"])
def test_onnx(saliency: str, tmp_path: Path) -> None:
    from onnx_prediction import Runtime, engine_maps

    model = model_of(saliency)
    for name in GRAPHS:
        model.export(tmp_path / f"{name}.onnx", name)
        onnx.checker.check_model(str(tmp_path / f"{name}.onnx"), full_check=True)
        loaded = onnx.shape_inference.infer_shapes(onnx.load(tmp_path / f"{name}.onnx"), check_type=True, strict_mode=True)
        assert loaded.ir_version == 8 and loaded.opset_import[0].version == 13
    runtime = Runtime(tmp_path)
    assert runtime.classes == model.classes and runtime.size == 48
    assert json.loads(runtime.notes["palette"])[1] == [128, 0, 0] and len(json.loads(runtime.notes["palette"])) == 5
    inspector = decoupled.Inspector(model, backend="reference")
    session = decoupled.Session(model, backend="reference")
    found = set()
    for seed in range(4):
        image = procedure.photograph(seed, 61 + seed, 90)
        result, engine = runtime.predict(image), session.predict(image)
        found.update(engine.identified)
        np.testing.assert_allclose(result["scores"][0], engine.scores, atol=1e-5)
        reference = engine_maps(inspector, runtime.input(image), runtime.notes)
        np.testing.assert_allclose(result["score_maps"][0], reference, atol=1e-4)
        np.testing.assert_array_equal(result["label_map"][0], result["score_maps"][0].argmax(0))
        scores, maps = runtime.predict_in_passes(image)
        np.testing.assert_allclose(maps, reference, atol=1e-4)
        wrong = result["labels"] != engine.label_map
        assert not (wrong & (result["lead"] > 1e-4)).any()
        assert reference[1:].std() > 0.01
    assert len(found) >= 2


def test_other_parts(tmp_path: Path) -> None:
    """A trunk without switches, a head without ReLUs, a decoder that reads features of several resolutions."""
    from onnx_prediction import Runtime, engine_maps

    model = decoupled.Model.create(
        {"preset": "resnet18", "input_size": 96, "decoder_widths": [8, 8, 8], "segmentation_fc_width": 16}, ["a", "b", "c"], seed=4)
    random = np.random.default_rng(3)
    for name in model.parameters:
        if name.endswith("running_var"):
            model.parameters[name] = random.uniform(0.5, 2, model.parameters[name].shape)
    model.parameters["cls_score.bias"] = [0.4, -0.5, 0.3]
    for name in GRAPHS:
        model.export(tmp_path / f"{name}.onnx", name)
        onnx.checker.check_model(str(tmp_path / f"{name}.onnx"), full_check=True)
    runtime, image = Runtime(tmp_path), procedure.photograph(1, 61, 90)
    result = runtime.predict(image)
    reference = engine_maps(decoupled.Inspector(model, backend="reference"), runtime.input(image), runtime.notes)
    np.testing.assert_allclose(result["score_maps"][0], reference, atol=1e-4)
    np.testing.assert_allclose(runtime.predict_in_passes(image)[1], reference, atol=1e-4)
    assert reference[1:].std() > 0.01
    for format in ("torchvision", "caffe"):
        with pytest.raises(decoupled.Unsupported, match=f"cannot be written as '{format}'"):
            model.export(tmp_path / "x", format)


def test_another_family(tmp_path: Path) -> None:
    """FCN gives the maps of all classes in one pass."""
    import onnxruntime

    model = decoupled.Model.create({"preset": "tiny", "family": "fcn", "input_size": 64}, ["a", "b"], seed=4)
    shape = model.parameters["score_fr.weight"].shape
    model.parameters["score_fr.weight"] = np.random.default_rng(3).normal(size=shape) * 0.1
    model.export(tmp_path / "fcn.onnx", "onnx")
    onnx.checker.check_model(str(tmp_path / "fcn.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(str(tmp_path / "fcn.onnx"), providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(5).normal(size=(1, 3, 64, 64)).astype(np.float32) * 50
    maps, labels = session.run(["score_maps", "label_map"], {"image": pixels})
    inspector = decoupled.Inspector(model, backend="reference")
    inspector.set("image", pixels)
    np.testing.assert_allclose(maps, inspector.run(["probabilities"])["probabilities"], atol=1e-5)
    np.testing.assert_array_equal(labels, maps.argmax(1))
    assert maps.std() > 0.01 and maps.shape == (1, 3, 64, 64)
    with pytest.raises(decoupled.Unsupported, match="label passes"):
        model.export(tmp_path / "x", "onnx-label-pass")


def test_fewer_passes(tmp_path: Path) -> None:
    """The classes with the highest scores are kept."""
    from onnx_prediction import Runtime

    model = model_of("released")
    for name in GRAPHS:
        model.export(tmp_path / f"{name}.onnx", name, label_passes=2 if name == "onnx" else None)
    onnx.checker.check_model(str(tmp_path / "onnx.onnx"), full_check=True)
    runtime, image = Runtime(tmp_path), procedure.photograph(1, 61, 90)
    result = runtime.predict(image)
    scores = result["scores"][0]
    identified = np.flatnonzero(scores > 0.5)
    assert len(identified) > 2
    shown = np.flatnonzero(result["score_maps"][0][1:].reshape(4, -1).max(1) > 0)
    assert set(shown) == set(identified[np.argsort(-scores[identified])][:2])
    with pytest.raises(decoupled.InvalidArgument, match="5 label passes"):
        model.export(tmp_path / "x.onnx", label_passes=5)
    with pytest.raises(decoupled.InvalidArgument):
        model.export(tmp_path / "x.onnx", "tflite")
    assert not (tmp_path / "x.onnx").exists()


def test_torchvision_names(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    model = model_of("paper")
    model.export(tmp_path / "trunk.safetensors", "torchvision")
    trunk = load_file(tmp_path / "trunk.safetensors")
    assert sorted(trunk) == sorted(
        f"{n}.{p}" for n in ["features.0", "features.2", "features.5", "features.8", "features.10", "classifier.0", "classifier.3",
                             "classifier.6"] for p in ("weight", "bias"))
    np.testing.assert_array_equal(trunk["classifier.0.weight"], model.parameters["fc6.weight"].reshape(32, -1))
    np.testing.assert_array_equal(trunk["features.8.weight"], model.parameters["conv3_1.weight"])
    # It says itself how it was fed, and comes back the same.
    again = decoupled.Model.create({**model.description, "preprocessing": decoupled.Model.create("vgg16", ["a"], parts=decoupled.Parts.NONE).description["preprocessing"]}, model.classes, seed=9)
    again = again.import_weights(tmp_path / "trunk.safetensors")
    assert again.description["preprocessing"] == model.description["preprocessing"]
    np.testing.assert_array_equal(again.parameters["fc6.weight"], model.parameters["fc6.weight"])
    # What torch's users write is read.
    save_file(plain(), tmp_path / "tiny.safetensors")
    report = decoupled.convert(tmp_path / "tiny.safetensors", tmp_path / "m.safetensors", "tiny", ["a"], "torchvision", fill=True)
    assert len(report["used"]) == 10


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    model = decoupled.Model.create("tiny", ["a"], parts=decoupled.Parts.CLASSIFICATION)
    model.export(tmp_path / "cls.onnx", "onnx-classification")
    onnx.checker.check_model(str(tmp_path / "cls.onnx"), full_check=True)
    for format in ("onnx", "onnx-label-pass", "caffe"):
        with pytest.raises(decoupled.StateError, match="no segmentation network"):
            model.export(tmp_path / "x", format)
    with pytest.raises(decoupled.IOFailure):
        model.export(tmp_path / "nowhere" / "x", "torchvision")
    assert not (tmp_path / "x").exists()
