"""Caffe models against the protobuf package, and a DecoupledNet of the released form against a PyTorch implementation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import caffe_proto
import procedure
import wire
from conftest import FIXTURES
import decoupled


def same_tensors(ours: dict, theirs: dict) -> None:
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        assert ours[name].shape == values.shape and ours[name].dtype == values.dtype, name
        assert ours[name].tobytes() == values.tobytes(), name


def test_blobs_equal_those_of_protobuf(caffemodel: Path, tensors) -> None:
    same_tensors(tensors(caffemodel), caffe_proto.arrays(caffemodel))


def test_new_layers_doubles_and_unpacked_values(tmp_path: Path, tensors) -> None:
    net = caffe_proto.message("NetParameter")(name="new")
    random = np.random.default_rng(1)
    for index, (field, dims) in enumerate([("data", (4, 3, 2, 2)), ("double_data", (5,)), ("data", (2, 0))]):
        layer = net.layer.add(name=f"layer{index}", type="Convolution")
        blob = layer.blobs.add()
        blob.shape.dim.extend(dims)
        getattr(blob, field).extend(random.normal(size=int(np.prod(dims))).tolist())
        blob.diff.extend([1.0] * int(np.prod(dims)))
    net.layer.add(name="no-blobs", type="ReLU")
    path = tmp_path / "new.caffemodel"
    path.write_bytes(net.SerializeToString())
    same_tensors(tensors(path), caffe_proto.arrays(path))
    unpacked = caffe_proto.message("UnpackedNet")()
    blob = unpacked.layer.add(name="a").blobs.add()
    values = random.normal(size=6).astype(np.float32)
    blob.shape.dim.extend([2, 3])
    blob.data.extend(values.tolist())
    (tmp_path / "unpacked.caffemodel").write_bytes(unpacked.SerializeToString())
    np.testing.assert_array_equal(tensors(tmp_path / "unpacked.caffemodel")["a blob 0"], values.reshape(2, 3))


@pytest.mark.skipif("DECOUPLED_REAL" not in os.environ, reason="real caffemodels are downloaded by 'make test-large' only")
@pytest.mark.parametrize("name", ["resnet_50_1by2_nsfw.caffemodel", "res10_300x300_ssd_iter_140000.caffemodel"])
def test_real_files_equal_protobuf(name: str, tensors) -> None:
    path = next(Path(os.environ["DECOUPLED_REAL"]).rglob(name))
    theirs = caffe_proto.arrays(path)
    assert len(theirs) > 50
    same_tensors(tensors(path), theirs)


def close_to_the_procedure(model: decoupled.Model) -> None:
    expected = json.loads((FIXTURES / "prediction.json").read_text())
    with decoupled.Session(model, backend="reference") as session:
        prediction = session.predict(procedure.photograph(3))
    np.testing.assert_allclose(prediction.scores, expected["scores"], atol=2e-5)
    assert [decoupled_class_index(model, n) for n in prediction.identified] == expected["identified"]
    labels = decoupled.load_label_map(FIXTURES / "prediction.png")
    ties = decoupled.load_label_map(FIXTURES / "near_ties.png") > 0
    wrong = prediction.label_map != labels
    assert not (wrong & ~ties).any(), f"{(wrong & ~ties).sum()} pixels differ"
    assert ties.mean() < 0.02


def decoupled_class_index(model: decoupled.Model, name: str) -> int:
    return model.classes.index(name)


def test_released_model_becomes_a_model_by_one_command(caffemodel: Path, tmp_path: Path, command) -> None:
    output, report = tmp_path / "model.safetensors", tmp_path / "report.json"
    said = command("import", caffemodel, "--output", output, "--report", report)
    assert "both networks" in said.stdout and "dropped copies: cls-score-voc-bp" in said.stderr
    listed = json.loads(report.read_text())
    assert len(listed["dropped"]) == 3 and not listed["unused"] and not listed["missing"]
    model = decoupled.Model.open(output)
    description = model.description
    assert description["saliency"] == {"placement": "max", "seed": "score"} and description["input_size"] == 320
    assert description["preprocessing"]["channelOrder"] == "bgr"
    assert description["preprocessing"]["mean"] == pytest.approx(procedure.CAFFE_MEAN.tolist())
    assert model.classes[0] == "aeroplane" and model.classes[19] == "tvmonitor"
    close_to_the_procedure(model)


def test_export_and_import_give_the_same_network(caffemodel: Path, tmp_path: Path, command, tensors) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    assert decoupled.convert(caffemodel, first)["missing"] == []
    exported = tmp_path / "again.caffemodel"
    decoupled.Model.open(first).export(exported, "caffe")
    same_tensors(tensors(exported), caffe_proto.arrays(exported))
    original = caffe_proto.arrays(caffemodel)
    for name, values in caffe_proto.arrays(exported).items():
        np.testing.assert_allclose(values, original[name], rtol=1e-6, atol=0, err_msg=name)
    decoupled.convert(exported, second)
    a, b = decoupled.Model.open(first), decoupled.Model.open(second)
    assert {**a.description, "name": ""} == {**b.description, "name": ""}
    for name, values in a.parameters.items():
        np.testing.assert_allclose(b.parameters[name], values, rtol=1e-6, err_msg=name)


def edited(source: Path, target: Path, edit) -> Path:
    net = caffe_proto.message("NetParameter")()
    net.ParseFromString(source.read_bytes())
    edit({layer.name: layer for layer in reversed(net.layers)}, net)
    target.write_bytes(net.SerializeToString())
    return target


def test_a_back_pass_of_its_own_is_refused(caffemodel: Path, tmp_path: Path, command) -> None:
    def change(layers, net) -> None:
        layers["fc7-bp"].blobs[0].data[5] += 1

    path = edited(caffemodel, tmp_path / "changed.caffemodel", change)
    said = command("import", path, "--output", tmp_path / "x", expect=1).stderr
    assert "'fc7-bp' are not those of 'fc7'" in said and not (tmp_path / "x").exists()

    def change_bias(layers, net) -> None:
        layers["fc6-bp"].blobs[1].data[0] = 1

    path = edited(caffemodel, tmp_path / "biased.caffemodel", change_bias)
    assert "'fc6-bp' has a bias that is not zero" in command("import", path, "--output", tmp_path / "x", expect=1).stderr

    def change_score(layers, net) -> None:
        layers["cls-score-voc-bp"].blobs[0].data[7] = 3

    path = edited(caffemodel, tmp_path / "score.caffemodel", change_score)
    assert "'cls-score-voc-bp' are not those" in command("import", path, "--output", tmp_path / "x", expect=1).stderr


def test_training_snapshots_need_their_statistics(caffemodel: Path, tmp_path: Path, command) -> None:
    def one_top(layers, net) -> None:
        for layer in net.layers:
            if layer.type == 43:
                del layer.top[1:]

    path = edited(caffemodel, tmp_path / "snapshot.caffemodel", one_top)
    assert "is in LEARN mode" in command("import", path, "--output", tmp_path / "x", expect=1).stderr
    net = [
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 320 input_dim: 320 # the photo',
        "layers { name: 'fc6' type: CONVOLUTION convolution_param { kernel_size: 7 num_output:256 } }",
        "layers { name: 'cls-score-voc' top: 'cls-score' type: CONVOLUTION convolution_param { num_output: 20 kernel_size: 1 } }",
        "layers: { name: 'avg-unpool' type: UNPOOLING unpooling_param { unpool: MAX } } layers { name: 'fc7' type: CONVOLUTION }",
    ]
    widths = {1: (4, 2), 2: (8, 2), 3: (16, 3), 4: (32, 3), 5: (32, 3)}
    for stage, (width, count) in widths.items():
        for number in range(1, count + 1):
            net.append(f"layers {{ name: 'conv{stage}_{number}' type: CONVOLUTION convolution_param {{ num_output: {width} }} }}")
            net.append(f"layers {{ name: 'deconv{stage}_{number}' type: DECONVOLUTION }}")
    net.append("layers { name: 'fc6-seg' type: CONVOLUTION convolution_param { num_output: 128 } } layers { name: 'seg-score-voc' }")
    read = caffe_proto.message("NetParameter")()
    read.ParseFromString(caffemodel.read_bytes())
    for layer in read.layers:
        if layer.type == 43:
            net.append(f"layers {{ name: '{layer.name}' type: BN bn_param {{ bn_mode: INFERENCE }} }}")
    (tmp_path / "deploy.prototxt").write_text("\n".join(net))
    output = tmp_path / "model.safetensors"
    command("import", path, "--description", tmp_path / "deploy.prototxt", "--output", output)
    close_to_the_procedure(decoupled.Model.open(output))


def test_strictness(caffemodel: Path, tmp_path: Path, command) -> None:
    def cut(layers, net) -> None:
        layers["fc7"].blobs[0].data.pop()

    path = edited(caffemodel, tmp_path / "short.caffemodel", cut)
    assert "'fc7 blob 0' has 65535 values" in command("import", path, "--output", tmp_path / "x", expect=1).stderr

    def lack(layers, net) -> None:
        net.layers.remove(layers["deconv3_2"])
        net.layers.add(name="extra", type=4).blobs.add(num=1, channels=1, height=1, width=1, data=[1.0])

    path = edited(caffemodel, tmp_path / "lacking.caffemodel", lack)
    output = tmp_path / "filled.safetensors"
    said = command("import", path, "--output", output, expect=1).stderr
    assert "does not fit" in said or "lacks" in said
    with pytest.raises(decoupled.FormatError, match=r"'conv1_2 blob 0' \[4, 4, 3, 3\] for 'conv1_2.weight' \[64, 64, 3, 3\]"):
        decoupled.convert(caffemodel, output, "vgg16")
    assert not output.exists()


def test_fully_connected_layers_become_convolutions(tmp_path: Path) -> None:
    net = caffe_proto.message("NetParameter")()
    random = np.random.default_rng(2)
    # The preset tiny: three stages of 8, 16, 16 channels, fc6 over 3x3 of 16 channels.
    for name, shape in [("conv1_1", (8, 3, 3, 3)), ("conv2_1", (16, 8, 3, 3)), ("conv3_1", (16, 16, 3, 3)),
                        ("fc6", (1, 1, 32, 144)), ("fc7", (32, 32))]:
        layer = net.layer.add(name=name, type="InnerProduct" if name < "fd" and name > "fb" else "Convolution")
        for dims in (shape, (shape[-2] if name.startswith("fc") else shape[0],)):
            blob = layer.blobs.add()
            blob.shape.dim.extend(dims)
            blob.data.extend(random.normal(size=int(np.prod(dims))).astype(np.float32).tolist())
    path = tmp_path / "vgg.caffemodel"
    path.write_bytes(net.SerializeToString())
    with pytest.raises(decoupled.InvalidArgument, match="does not say how its network was fed"):
        decoupled.convert(path, tmp_path / "m.safetensors", "tiny", ["a", "b"], fill=True)
    with pytest.raises(decoupled.NotFound, match="lacks cls_score.weight, cls_score.bias"):
        decoupled.convert(path, tmp_path / "m.safetensors", "tiny", ["a", "b"], preprocessing="caffe")
    blob = caffe_proto.message("BlobProto")(num=1, channels=3, height=2, width=2, data=[1, 2, 3, 4] + [5] * 4 + [7, 9, 7, 9])
    (tmp_path / "mean.binaryproto").write_bytes(blob.SerializeToString())
    report = decoupled.convert(path, tmp_path / "m.safetensors", "tiny", ["a", "b"], mean=tmp_path / "mean.binaryproto", fill=True)
    assert len(report["used"]) == 10 and report["missing"] == ["cls_score.weight", "cls_score.bias"]
    model = decoupled.Model.open(tmp_path / "m.safetensors")
    theirs = caffe_proto.arrays(path)
    np.testing.assert_array_equal(model.parameters["fc6.weight"], theirs["fc6 blob 0"].reshape(32, 16, 3, 3))
    np.testing.assert_array_equal(model.parameters["fc7.weight"], theirs["fc7 blob 0"].reshape(32, 32, 1, 1))
    assert model.description["preprocessing"]["mean"] == [2.5, 5, 8]
    skipped = decoupled.convert(path, tmp_path / "s.safetensors", "tiny", ["a"], "caffe", skip=["fc6", "fc7"], fill=True)
    assert "fc6.weight" in skipped["missing"] and "fc6 blob 0" in skipped["unused"]


@pytest.mark.parametrize("share", [0.001, 0.3, 0.5, 0.9, 0.99999])
def test_truncated(caffemodel: Path, tmp_path: Path, command, share: float) -> None:
    data = caffemodel.read_bytes()
    path = tmp_path / "cut.caffemodel"
    path.write_bytes(data[: int(len(data) * share)])
    said = command("import", path, "--output", tmp_path / "x", expect=1).stderr
    assert "cut.caffemodel" in said and len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("data, sentence", [
    (wire.varint(100 << 3 | 2) + wire.varint(1 << 62), "are announced where"),
    (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "more than ten bytes"),
    (b"\x0b\x00", "no field of a protocol buffer"),
    (b"".join(wire.message(100, [])) * 5000, "more than 4096 layers"),
    (b"".join(wire.message(100, wire.message(7, wire.message(7, wire.integer(1, 1 << 40))))), "asks for another number"),
    (b"".join(wire.message(2, wire.message(1, wire.text(1, "old")))), "before V1"),
    (b"name: 'net'\nlayer { name: 'a' }\n", "is a text"),
    (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    (b"", "is empty"),
])
def test_hostile(data: bytes, sentence: str, tmp_path: Path, command) -> None:
    path = tmp_path / "hostile.caffemodel"
    path.write_bytes(data)
    said = command("import", path, "--output", tmp_path / "x", expect=1).stderr
    assert sentence in said and "hostile.caffemodel" in said and not (tmp_path / "x").exists()


@pytest.mark.skipif("DECOUPLED_LARGE" not in os.environ, reason="the file of 1.7 GB is written by 'make test-large' only")
def test_full_size(tmp_path: Path) -> None:
    subprocess.run([sys.executable, Path(__file__).parent / "large.py", tmp_path], check=True)
