"""The network laid open."""

from __future__ import annotations

import numpy as np
import pytest

import decoupled


@pytest.fixture()
def inspector(trained: decoupled.Model, random: np.random.Generator) -> decoupled.Inspector:
    inspector = decoupled.Inspector(trained, "prediction", images=2, rows=3)
    inspector.set("image", random.normal(size=(2, 3, 32, 32)) * 40)
    inspector.set("row_to_image", [0, 1, 1])
    inspector.set("seeds", np.array([[1, 0], [0, 1], [1, 1]]).reshape(3, 2, 1, 1))
    return inspector


def test_values(inspector: decoupled.Inspector) -> None:
    values = inspector.values
    assert values["image"].shape == (2, 3, 32, 32) and values["image"].role == "input"
    assert values["row_to_image"].dtype == np.int32 and values["seeds"].shape == (3, 2, 1, 1)
    assert values["scores"].shape == (2, 2) and values["probabilities"].shape == (3, 2, 32, 32)
    assert values["conv1_1.weight"].role == "parameter" and values["scores"].role == "result"
    with pytest.raises(KeyError, match="nothing"):
        inspector.info("nothing")


def test_run(inspector: decoupled.Inspector) -> None:
    found = inspector.run(["scores", "probabilities", "pool1", "pool1.1"])
    assert found["pool1.1"].dtype == np.int32 and found["pool1"].shape == (2, 8, 16, 16)
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(inspector.copy("scores"), found["scores"])
    with pytest.raises(decoupled.StateError):
        inspector.copy("conv2_1")
    with pytest.raises(LookupError, match="nothing"):
        inspector.run(["nothing"])


def test_cut(inspector: decoupled.Inspector) -> None:
    whole = inspector.run(["pool2", "scores"])
    inspector.set("pool2", whole["pool2"] * 0)
    cut = inspector.run(["scores"])["scores"]
    assert not np.allclose(cut, whole["scores"])
    np.testing.assert_allclose(cut[0], cut[1], atol=1e-6)
    inspector.unset("pool2")
    np.testing.assert_allclose(inspector.run(["scores"])["scores"], whole["scores"], atol=1e-6)


def test_what_is_refused(trained: decoupled.Model, inspector: decoupled.Inspector) -> None:
    with pytest.raises(ValueError, match=r"\[2, 3, 32, 32\], the values \[1, 3, 32, 32\]"):
        inspector.set("image", np.zeros((1, 3, 32, 32)))
    with pytest.raises(ValueError, match="int32, which float64"):
        inspector.set("row_to_image", np.zeros(3))
    with pytest.raises(ValueError):
        inspector.set("conv1_1.weight", np.zeros((8, 3, 3, 3)))
    with pytest.raises(ValueError, match="no form 'other'; its forms are prediction, classification_loss, segmentation_loss"):
        decoupled.Inspector(trained, "other")
    with pytest.raises(ValueError, match="no form 3"):
        decoupled.Inspector(trained, 3)
    with decoupled.Inspector(trained) as empty, pytest.raises(ValueError, match="image"):
        empty.run(["scores"])


@pytest.mark.parametrize("name, number", [("prediction", 0), ("classification_loss", 1), ("segmentation_loss", 2)])
def test_forms_by_number(name: str, number: int, trained: decoupled.Model) -> None:
    with decoupled.Inspector(trained, name) as named, decoupled.Inspector(trained, number) as numbered:
        assert named.values == numbered.values


def test_gradients_agree_with_a_step(trained: decoupled.Model, random: np.random.Generator) -> None:
    model = decoupled.Model.create("tiny", trained.classes, seed=9)
    images, labels = random.normal(size=(2, 3, 32, 32)) * 40, np.array([[1.0, 0], [1, 1]])
    with decoupled.Inspector(model, "classification_loss", images=2) as inspector:
        inspector.set("image", images)
        inspector.set("labels", labels)
        inspector.set("loss_gradient", 1)
        names = [name for name in inspector.values if "gradient" in name and name != "loss_gradient"]
        loss = next(name for name in inspector.values if name == "loss")
        found = inspector.run([loss, *[name for name in names if name.startswith("fc7.bias")]])
    with decoupled.Step(model, "classification", 2) as step:
        assert step.compute(images, labels) == pytest.approx(float(found.pop(loss).ravel()[0]), rel=1e-5)
        for values in found.values():
            np.testing.assert_allclose(values.reshape(-1), step.gradient("fc7.bias"), rtol=1e-3, atol=1e-5)
