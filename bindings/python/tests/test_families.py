"""Networks of another family: FCN-32s, made tiny."""

from __future__ import annotations

import math

import numpy as np
import pytest

import decoupled

TINY = {"preset": "tiny", "family": "fcn"}


@pytest.fixture()
def fcn() -> decoupled.Model:
    return decoupled.Model.create(TINY, ["circle", "square"], seed=3)


def test_names(fcn: decoupled.Model) -> None:
    assert fcn.family == "fcn" and fcn.phases == ("fcn32s",)
    preset = decoupled.Model.create("fcn32s", ["a"], parts=decoupled.Parts.NONE)
    assert (preset.family, preset.phases) == (fcn.family, fcn.phases)
    fcn.close()
    with pytest.raises(decoupled.StateError):
        fcn.phases


def test_train(fcn: decoupled.Model, train_set: decoupled.Dataset, random: np.random.Generator) -> None:
    told: list[decoupled.Progress] = []
    solver = {"batch_size": 2, "iter_size": 1, "iterations": 3, "learning_rate": 0.01}
    trained = decoupled.train(fcn, train_set, "fcn32s", seed=2, progress=told.append, **solver)
    assert [(p.phase, p.stage, p.iteration) for p in told] == [("fcn32s", "training", i) for i in (1, 2, 3)]
    assert trained.phases == fcn.phases
    # The score layer begins at 0.
    assert not fcn.parameters["score_fr.weight"].any() and trained.parameters["score_fr.weight"].any()
    with decoupled.Session(trained, threshold=0) as session:
        prediction = session.predict(random.integers(0, 256, (40, 50, 3), np.uint8))
    assert prediction.label_map.shape == (40, 50) and prediction.label_map.max() <= 2
    with pytest.raises(decoupled.Cancelled, match="The fcn32s training was stopped after 1 iteration"):
        decoupled.train(fcn, train_set, 1, progress=lambda progress: False, **solver)


@pytest.mark.parametrize("phase", ["fcn32s", 1])
def test_step(phase: str | int, fcn: decoupled.Model, random: np.random.Generator) -> None:
    images, masks = random.normal(size=(2, 3, 32, 32)), random.integers(0, 3, (2, 32, 32))
    with decoupled.Step(fcn, phase, 2) as step:
        assert "score_fr.weight" in step.parameters and "upscore.weight" not in step.parameters
        # All scores are 0 at first: three classes of equal probability.
        assert step.compute(images, masks=masks) == pytest.approx(math.log(3), rel=1e-5)
        assert step.gradient("score_fr.bias").any()
        with pytest.raises(ValueError, match="phase 'fcn32s' needs masks"):
            step.compute(images)
        with pytest.raises(ValueError, match="phase 'fcn32s' reads no labels"):
            step.compute(images, np.eye(2), masks)


def test_inspect(fcn: decoupled.Model, random: np.random.Generator) -> None:
    with decoupled.Inspector(fcn, images=2) as inspector:
        assert [name for name, info in inspector.values.items() if info.role == "input"] == ["image"]
        inspector.set("image", random.normal(size=(2, 3, 32, 32)))
        np.testing.assert_allclose(inspector.run(["probabilities"])["probabilities"], 1 / 3, atol=1e-6)
    with decoupled.Inspector(fcn, "fcn32s_loss", images=2) as inspector:
        assert inspector.info("mask").shape == (2, 32, 32) and "labels" not in inspector.values


def test_what_is_refused(fcn: decoupled.Model, train_set: decoupled.Dataset) -> None:
    sentence = "family 'fcn' has no phase 'segmentation'; its phases are fcn32s"
    with pytest.raises(decoupled.InvalidArgument, match=sentence):
        decoupled.Trainer(fcn, train_set, "segmentation")
    with pytest.raises(decoupled.InvalidArgument, match=sentence):
        decoupled.Step(fcn, "segmentation", 1)
    with pytest.raises(decoupled.InvalidArgument, match="no phase 2"):
        decoupled.Step(fcn, 2, 1)
    with pytest.raises(decoupled.InvalidArgument, match="no form 'segmentation_loss'"):
        decoupled.Inspector(fcn, "segmentation_loss")
