"""PyTorch files of both containers, written by torch, and files that try to run something."""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import decoupled
import fixtures_torch
from conftest import FIXTURES


@pytest.mark.parametrize("name", ["tiny_zip.pth", "tiny_legacy.pth"])
def test_values(name: str, tensors) -> None:
    ours, theirs = tensors(FIXTURES / name), fixtures_torch.plain()
    assert ours.keys() == theirs.keys()
    for key, values in theirs.items():
        np.testing.assert_array_equal(ours[key], values, err_msg=key)


@pytest.mark.parametrize("name", ["tiny_zip.pth", "tiny_legacy.pth"])
def test_import(name: str, tmp_path: Path) -> None:
    output = tmp_path / "m.safetensors"
    with pytest.raises(decoupled.InvalidArgument, match="does not say how its network was fed"):
        decoupled.convert(FIXTURES / name, output, "tiny", ["a", "b"], fill=True)
    report = decoupled.convert(FIXTURES / name, output, "tiny", ["a", "b"], "torchvision", fill=True)
    # The score layer is for ten other classes.
    assert report["unused"] == ["classifier.6.weight", "classifier.6.bias"]
    assert report["missing"] == ["cls_score.weight", "cls_score.bias"]
    model = decoupled.Model.open(output)
    weights = fixtures_torch.plain()
    np.testing.assert_array_equal(model.parameters["conv2_1.weight"], weights["features.3.weight"])
    np.testing.assert_array_equal(model.parameters["fc6.weight"], weights["classifier.0.weight"].reshape(32, 16, 3, 3))
    assert model.description["preprocessing"]["channelOrder"] == "rgb"
    # Weights for as many classes as the model has are used.
    ten = decoupled.convert(FIXTURES / name, output, "tiny", [f"c{i}" for i in range(10)], "torchvision")
    assert ten["missing"] == [] and ten["unused"] == []


def test_normalizations_are_folded(tmp_path: Path) -> None:
    report = decoupled.convert(FIXTURES / "tiny_bn.pth", tmp_path / "m.safetensors", "tiny", ["a"], "torchvision", fill=True)
    assert "folded" in report["notes"][0]
    model, state = decoupled.Model.open(tmp_path / "m.safetensors"), fixtures_torch.normalized()
    for layer, place, ours in [("features.0", 1, "conv1_1"), ("features.4", 5, "conv2_1"), ("features.8", 9, "conv3_1")]:
        weight, bias = state[f"{layer}.weight"].astype(float), state[f"{layer}.bias"].astype(float)
        gamma, beta, mean, var = (
            state[f"features.{place}.{p}"].astype(float) for p in ("weight", "bias", "running_mean", "running_var"))
        factor = gamma / np.sqrt(var + 1e-5)
        np.testing.assert_allclose(model.parameters[f"{ours}.weight"], weight * factor[:, None, None, None], rtol=1e-6)
        np.testing.assert_allclose(model.parameters[f"{ours}.bias"], (bias - mean) * factor + beta, rtol=1e-5, atol=1e-6)


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/decoupled-pickle-ran",)


MAGIC = 0x1950A86A20F9469CFC6C


def archive(path: Path, data: bytes, method: int = zipfile.ZIP_STORED, name: str = "model/data.pkl") -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr(name, data)
    return path


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("container", ["zip", "legacy", "bare"])
def test_malicious(protocol: int, container: str, tmp_path: Path, command) -> None:
    ran = Path("/tmp/decoupled-pickle-ran")
    ran.unlink(missing_ok=True)
    path = tmp_path / "evil.pth"
    evil = pickle.dumps({"features.0.weight": Evil()}, protocol=protocol)
    if container == "zip":
        archive(path, evil)
    elif container == "legacy":
        parts = [MAGIC, 1001, {"little_endian": True}]
        path.write_bytes(b"".join(pickle.dumps(p, protocol=2) for p in parts) + evil)
    else:
        path.write_bytes(evil)
    said = command("import", path, "--description", "tiny", "--output", tmp_path / "x", expect=1).stderr
    assert "'posix.system'" in said and "nothing of the file was run" in said
    assert not ran.exists()


@pytest.mark.parametrize("opcodes", [
    b"cbuiltins\neval\n(U\x011tR.", b"c__builtin__\ngetattr\n.", b"(ibuiltins\nexec\n.", b"(cbuiltins\nlist\no.",
    b"ctorch.nn\nModule\n)\x81}b.", b"ctorch\nload\n.", b"ctorch.storage\n_load_from_bytes\n.",
])
def test_other_globals(opcodes: bytes, tmp_path: Path, command) -> None:
    path = archive(tmp_path / "g.pth", b"\x80\x02" + opcodes)
    said = command("import", path, "--description", "tiny", "--output", tmp_path / "x", expect=1).stderr
    assert "refused" in said and "g.pth" in said


def tensor_pickle(shape, strides, offset=0, count=4, key="0") -> bytes:
    """A state dictionary of one tensor, written by hand."""
    def number(value: int) -> bytes:
        return b"\x8a\x08" + struct.pack("<q", value)

    def text(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(count) + b"tQ"
    views = b"".join(b"(" + b"".join(map(number, values)) + b"t" for values in (shape, strides))
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + views + b"\x89}tR"
    return b"\x80\x02}" + text("a") + call + b"s."


def torch_zip(path: Path, data: bytes, storage: bytes = struct.pack("<4f", 1, 2, 3, 4)) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("m/data.pkl", data)
        file.writestr("m/data/0", storage)
    return path


def test_hand_written_tensor(tmp_path: Path, tensors) -> None:
    path = torch_zip(tmp_path / "t.pth", tensor_pickle([2, 2], [1, 2]))
    np.testing.assert_array_equal(tensors(path)["a"], [[1, 3], [2, 4]])
    path = torch_zip(tmp_path / "u.pth", tensor_pickle([3], [1], offset=1))
    np.testing.assert_array_equal(tensors(path)["a"], [2, 3, 4])


@pytest.mark.parametrize("shape, strides, offset", [
    ([1 << 30, 1 << 30], [0, 0], 0), ([5], [1], 0), ([4], [1], 1), ([2], [4], 0), ([-1], [1], 0), ([2], [-1], 1),
    ([1 << 62, 4], [1, 1], 0), ([2], [1 << 62], 0), ([4], [1], -1), ([2, 2, 2], [0, 1, 2], 0),
])
def test_tensors_beyond_their_values(shape, strides, offset, tmp_path: Path, command) -> None:
    path = torch_zip(tmp_path / "t.pth", tensor_pickle(shape, strides, offset))
    said = command("import", path, "--as-is", "--output", tmp_path / "x", expect=1).stderr
    assert "'a'" in said and "t.pth" in said


def test_hostile_containers(tmp_path: Path, command) -> None:
    def refused(path: Path, *sentences: str) -> None:
        said = command("import", path, "--as-is", "--output", tmp_path / "x", expect=1).stderr
        assert any(s in said for s in sentences) and path.name in said, said

    good = tensor_pickle([4], [1])
    refused(archive(tmp_path / "deflated.pth", good * 50, zipfile.ZIP_DEFLATED), "is compressed")
    refused(archive(tmp_path / "other.pth", good, name="something"), "no data.pkl")
    refused(torch_zip(tmp_path / "key.pth", tensor_pickle([4], [1], key="7")), "has no values in the file")
    whole = torch_zip(tmp_path / "whole.pth", good).read_bytes()
    for length in range(4, len(whole), 7):
        (tmp_path / "cut.pth").write_bytes(whole[:length])
        if length % 49 == 4:
            refused(tmp_path / "cut.pth", "whole", "directory")
    legacy = (FIXTURES / "tiny_legacy.pth").read_bytes()
    for length in (14, 100, 2000, len(legacy) - 1):
        (tmp_path / "cut_legacy.pth").write_bytes(legacy[:length])
        refused(tmp_path / "cut_legacy.pth", "whole PyTorch file")
    # Containers in containers without end, and one that holds itself.
    deep = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    refused(archive(tmp_path / "deep.pth", deep), "no state dictionary")
    refused(archive(tmp_path / "cyclic.pth", b"\x80\x02}q\x00X\x05\x00\x00\x00modelh\x00s."), "no state dictionary")
    refused(archive(tmp_path / "bomb.pth", b"\x80\x02" + b")" * 3_000_000 + b"."), "more than 1000000 steps")
    refused(archive(tmp_path / "empty.pth", b"\x80\x02."), "the stack is empty")
