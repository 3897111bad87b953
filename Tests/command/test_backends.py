"""Backends: listed, tried, timed."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
from conftest import decoupled, verb


@verb("backends")
def test_backends() -> None:
    said = decoupled("backends").stdout
    assert "reference" in said and "cpu" in said and "! " not in said
    # A process of its own loads each; a plugin that this processor cannot run is told with a sentence.
    plugin = Path(os.environ["DECOUPLED_COMMAND"]).parent / "libdecoupled-backend-openblas.so"
    assert "openblas" in decoupled("backends", "--probe", plugin).stdout
    assert "! " in decoupled("backends", "--probe", __file__, status=1).stdout
    assert "Paths of plugins are for --probe." in decoupled("backends", "x.so", status=64).stderr


@verb("backend test", "backend grad")
@pytest.mark.parametrize("verb_, case", [("test", "Softmax["), ("grad", "Softmax")])
def test_a_backend_is_right(verb_: str, case: str, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.json"
    said = decoupled("backend", verb_, "openblas", "--filter", case, "--json", outcomes).stdout
    assert "0 failed" in said, said
    assert json.loads(outcomes.read_text())
    assert "No case's text holds 'Abacus'" in decoupled("backend", verb_, "openblas", "--filter", "Abacus", status=1).stderr


@verb("backend perf")
def test_a_backend_is_timed() -> None:
    said = decoupled("backend", "perf", "openblas", "--filter", "Softmax[").stdout
    assert "GFLOP/s" in said and "Softmax[" in said


@verb("backend support")
def test_support() -> None:
    said = decoupled("backend", "support", "reference", "--filter", "Relu").stdout
    assert "Relu" in said and "|" in said
    assert "," in decoupled("backend", "support", "reference", "--filter", "Relu", "--format", "csv").stdout


def field(number: int, value: bytes | int) -> bytes:
    """A field of a protobuf message."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def tensor_type(name: bytes, count: int) -> bytes:
    """An ONNX ValueInfoProto of float [count]."""
    shape = field(1, field(1, count))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


@verb("backend vectors")
def test_vectors(tmp_path: Path) -> None:
    """A node case in the form of ONNX's own: Relu of three numbers."""
    case = tmp_path / "test_relu"
    data = case / "test_data_set_0"
    data.mkdir(parents=True)
    node = field(1, b"x") + field(2, b"y") + field(4, b"Relu")
    graph = field(1, node) + field(2, b"g") + field(11, tensor_type(b"x", 3)) + field(12, tensor_type(b"y", 3))
    (case / "model.onnx").write_bytes(field(1, 8) + field(7, graph) + field(8, field(2, 13)))

    def tensor(name: bytes, *values: float) -> bytes:
        return field(1, len(values)) + field(2, 1) + field(8, name) + field(9, struct.pack(f"<{len(values)}f", *values))

    (data / "input_0.pb").write_bytes(tensor(b"x", -1, 0, 2))
    (data / "output_0.pb").write_bytes(tensor(b"y", 0, 0, 2))
    assert "1 passed, 0 failed" in decoupled("backend", "vectors", "reference", "--folder", tmp_path).stdout
    (data / "output_0.pb").write_bytes(tensor(b"y", 0, 0, 3))
    assert "1 failed" in decoupled("backend", "vectors", "reference", "--folder", tmp_path, status=1).stdout


@verb("bench")
def test_bench(model: Path) -> None:
    said = decoupled("bench", "--network", "tiny", "--runs", 1, "--layers").stdout
    assert "GFLOP/s" in said and "conv1_1" in said
    assert decoupled("bench", "--model", model, "--runs", 1, "--phase", "segmentation", "--batch", 2).stdout
    assert "There is no network 'huge'" in decoupled("bench", "--network", "huge", status=1).stderr
