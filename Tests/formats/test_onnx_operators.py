"""Each operator as ONNX. The Swift tests write the files, with inputs and the results of the reference backend in them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
CASES = sorted((Path(os.environ["DECOUPLED_LIBRARY"]).resolve().parents[2] / "onnx-cases").glob("*.onnx"))


def test_there_are_cases() -> None:
    assert len(CASES) > 40, "'swift test --filter ONNXOperatorTests' writes them"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("optimised", [True, False])
def test_operator(path: Path, optimised: bool) -> None:
    onnx.checker.check_model(str(path), full_check=True)
    onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    results = {o.name: value for o, value in zip(session.get_outputs(), session.run(None, {}))}
    for name in (name for name in results if not name.endswith("_expected")):
        expected = results[f"{name}_expected"]
        assert results[name].shape == expected.shape and expected.any()
        np.testing.assert_allclose(results[name], expected, rtol=1e-5, atol=1e-6)
