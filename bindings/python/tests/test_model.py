"""Models, their parameters and descriptions."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

import decoupled


def test_create(model: decoupled.Model) -> None:
    assert model.classes == ["circle", "square"]
    assert model.class_index("square") == 1
    assert model.input_size == 32 and model.parts == decoupled.Parts.ALL
    assert model.description["stage_channels"] == [8, 16, 16]
    assert model.family == "decouplednet" and model.phases == ("classification", "segmentation")
    assert repr(model) == "<Model of 2 classes, input 32x32>"
    with pytest.raises(KeyError, match="circle, square"):
        model.class_index("hexagon")


def test_descriptions() -> None:
    changed = decoupled.Model.create({"preset": "tiny", "input_size": 64, "dropout": np.float32(0.25)}, ["a"])
    assert changed.input_size == 64 and changed.description["dropout"] == 0.25
    again = decoupled.Model.create(changed.description, ["a"])
    assert again.description == changed.description
    assert decoupled.Model.create({"preset": "tiny", "classes": 3}).classes == ["class1", "class2", "class3"]
    text = decoupled.Model.create('{"preset": "tiny"}', ["ä", "日本"])
    assert text.classes == ["ä", "日本"]
    partly = decoupled.Model.create("tiny", ["a"], parts=decoupled.Parts.CLASSIFICATION)
    assert partly.parts == decoupled.Parts.CLASSIFICATION
    for wrong in ({"preset": "huge"}, {"input_sise": 64}, {"input_size": 33}, {"dropout": float("nan")}, "huge", "{"):
        with pytest.raises(ValueError):
            decoupled.Model.create(wrong, ["a"])
    with pytest.raises(ValueError):
        decoupled.Model.create("tiny", [])
    with pytest.raises(TypeError, match="list of names"):
        decoupled.Model.create("tiny", "abc")
    with pytest.raises(TypeError, match="Model.open"):
        decoupled.Model()
    with pytest.raises(ValueError, match="seed must lie"):
        decoupled.Model.create("tiny", ["a"], seed=-1)


def test_seeds(model: decoupled.Model) -> None:
    same = decoupled.Model.create("tiny", model.classes, seed=3)
    other = decoupled.Model.create("tiny", model.classes, seed=4)
    np.testing.assert_array_equal(same.parameters["fc6.weight"], model.parameters["fc6.weight"])
    assert not np.array_equal(other.parameters["fc6.weight"], model.parameters["fc6.weight"])


def test_parameters(model: decoupled.Model) -> None:
    parameters = model.parameters
    assert len(parameters) == len(list(parameters)) == len(parameters.infos())
    assert "conv1_1.weight" in parameters and "conv9_9.weight" not in parameters and 7 not in parameters
    info = parameters.info("conv1_1.weight")
    assert info.shape == (8, 3, 3, 3) and info.dtype == np.float32 and info.role == "parameter" and info.present
    weights = parameters["conv1_1.weight"]
    assert weights.shape == info.shape and weights.dtype == np.float32
    weights[:] = 0  # a copy
    assert parameters["conv1_1.weight"].any()
    new = np.arange(216, dtype=np.float64).reshape(8, 3, 3, 3)[::-1]
    parameters["conv1_1.weight"] = new
    np.testing.assert_array_equal(model.parameters["conv1_1.weight"], new)
    assert sum(values.size for values in parameters.values()) == sum(np.prod(i.shape) for i in parameters.infos())
    assert parameters.get("nothing") is None
    with pytest.raises(KeyError, match="nothing"):
        parameters["nothing"]
    with pytest.raises(KeyError, match="nothing"):
        parameters["nothing"] = new
    with pytest.raises(ValueError, match=r"\[8, 3, 3, 3\], the values \[8, 27\]"):
        parameters["conv1_1.weight"] = new.reshape(8, 27)
    with pytest.raises(TypeError):
        del parameters["conv1_1.weight"]


def test_save_and_open(model: decoupled.Model, tmp_path: Path) -> None:
    path = tmp_path / "modèle.safetensors"
    model.save(path)
    with decoupled.Model.open(str(path)) as opened:
        assert opened.classes == model.classes and opened.description == model.description
        for name, values in model.parameters.items():
            np.testing.assert_array_equal(opened.parameters[name], values)
        # The file stays as it is when a parameter is replaced.
        opened.parameters["fc7.bias"] = np.ones(32)
    assert decoupled.Model.open(path).parameters["fc7.bias"].tolist() != [1.0] * 32
    with pytest.raises(OSError):
        model.save(tmp_path / "nowhere" / "model.safetensors")


def write_tensor(path: Path, name: str, values: np.ndarray) -> None:
    """A safetensors file with one tensor."""
    header = json.dumps({name: {"dtype": "F32", "shape": values.shape, "data_offsets": [0, values.nbytes]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + values.tobytes())


def test_import_weights(model: decoupled.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "weights.safetensors")
    other = decoupled.Model.create("tiny", ["a", "b"], seed=7)
    imported = other.import_weights(tmp_path / "weights.safetensors")
    assert imported.classes == ["a", "b"]
    np.testing.assert_array_equal(imported.parameters["fc6.weight"], model.parameters["fc6.weight"])
    assert not np.array_equal(other.parameters["fc6.weight"], model.parameters["fc6.weight"])
    with pytest.raises(decoupled.FormatError):
        decoupled.Model.create({"preset": "tiny", "fc_width": 16}, ["a", "b"]).import_weights(
            tmp_path / "weights.safetensors")
    bias = np.arange(32, dtype=np.float32)
    write_tensor(tmp_path / "part.safetensors", "weights.fc7.bias", bias)
    part = other.import_weights(tmp_path / "part.safetensors", "torchvision")
    np.testing.assert_array_equal(part.parameters["fc7.bias"], bias)
    np.testing.assert_array_equal(part.parameters["fc6.weight"], other.parameters["fc6.weight"])
    assert part.description["preprocessing"] != other.description["preprocessing"]
    assert other.import_weights(tmp_path / "part.safetensors").description == other.description
    with pytest.raises(ValueError):
        other.import_weights(tmp_path / "part.safetensors", "openly")  # type: ignore[arg-type]
    write_tensor(tmp_path / "foreign.safetensors", "something", bias)
    with pytest.raises(decoupled.FormatError):
        other.import_weights(tmp_path / "foreign.safetensors")
    with pytest.raises(FileNotFoundError):
        other.import_weights(tmp_path / "none.safetensors")


def test_extend(model: decoupled.Model) -> None:
    larger = model.extend(["square", "star"], seed=2)
    assert larger.classes == ["circle", "square", "star"]
    np.testing.assert_array_equal(larger.parameters["cls_score.weight"][:2], model.parameters["cls_score.weight"])
    np.testing.assert_array_equal(larger.parameters["seg_score.weight"], model.parameters["seg_score.weight"])
    with pytest.raises(decoupled.InvalidArgument):
        model.extend(["circle"])
