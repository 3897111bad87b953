"""Files made to fill the memory or to run for ever: each is refused in a sentence, with the memory of a small file."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

import caffe_proto
import wire
from conftest import FIXTURES, measured
from test_torch import MAGIC, archive, tensor_pickle, torch_zip


def header(tensors: object, data: bytes = b"") -> bytes:
    text = tensors if isinstance(tensors, bytes) else json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize("data, sentence", [
    (struct.pack("<Q", 1 << 60) + b"{}", "header of 1152921504606846976 bytes"),
    (struct.pack("<Q", 3) + b"{}", "header of 3 bytes"),
    (header({"a": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 4]}}, bytes(4)), "does not fit its place"),
    (header({"a": {"dtype": "F32", "shape": [1 << 31, 1 << 31, 1 << 31], "data_offsets": [0, 4]}}, bytes(4)), "does not fit"),
    (header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)), "does not fit"),
    (header({"a": {"dtype": "F32", "shape": [0, 1 << 62], "data_offsets": [4, 0]}}, bytes(4)), "does not fit"),
    (header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1 << 62]}}, bytes(4)), "does not fit"),
    (header({n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in "ab"}, bytes(4)), "overlaps"),
    (header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(8)), "belong to no tensor"),
    (header({"a": {"dtype": "F32", "shape": [1] * 100, "data_offsets": [0, 4]}}, bytes(4)), "does not fit"),
    (header({"a": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}, bytes(4)), "'F8_E4M3'"),
    (header(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "damaged JSON"),
    (header(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "damaged JSON"),
    (header(b'{"a": {"dtype": "F32", "shape": [1e400], "data_offsets": [0, 4]}}', bytes(4)), "damaged JSON"),
    (header(b"{" + b'"k": "' + b"\xff" * 50 + b'"}'), "damaged JSON"),
    (header({}), "holds no weights"),
])
def test_safetensors(data: bytes, sentence: str, tmp_path: Path, refused) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(data)
    assert sentence in refused(path)


def blob(*dims: int, data: bytes = struct.pack("<f", 1)) -> bytes:
    shape = wire.message(7, [wire.varint(1 << 3 | 2) + wire.varint(sum(len(wire.varint(d)) for d in dims))]
                         + [wire.varint(d) for d in dims])
    layer = wire.text(1, "fc6") + wire.message(7, shape + wire.text(5, data))
    return b"".join(wire.message(100, layer))


@pytest.mark.parametrize("data, sentence", [
    (blob(1 << 60), "asks for another number"),
    (blob(1 << 31, 1 << 31, 1 << 31, 1 << 31), "fc6"),
    (blob(1 << 62, 1 << 62), "fc6"),
    (blob(*[1] * 40), "more than"),
    # A message that announces 2^60 bytes, in a layer and in a blob of it.
    (b"".join(wire.text(1, "net")) + wire.varint(100 << 3 | 2) + wire.varint(1 << 60), "are announced where"),
    (b"".join(wire.message(100, [wire.varint(7 << 3 | 2) + wire.varint(1 << 60)])), "are announced where"),
    # A million empty blobs in one layer; a message in a message 100,000 deep in a field that nobody reads.
    (b"".join(wire.message(100, [b"".join(wire.message(7, []))] * 1_000_000)), "blobs"),
])
def test_caffemodels(data: bytes, sentence: str, tmp_path: Path, refused) -> None:
    path = tmp_path / "hostile.caffemodel"
    path.write_bytes(data)
    assert sentence in refused(path)


@pytest.mark.parametrize("content, sentence", [
    (caffe_proto.message("BlobProto")(num=1, channels=3, height=1 << 30, width=1 << 30, data=[1]).SerializeToString(),
     "asks for another number"),
    (b"\x2a" + wire.varint(1 << 60), "are announced where"),
    (b"", "is empty"),
    (b"\xff" * 100, "hostile.binaryproto"),
])
def test_means(content: bytes, sentence: str, tmp_path: Path) -> None:
    path, mean = tmp_path / "fc.caffemodel", tmp_path / "hostile.binaryproto"
    path.write_bytes(blob(1))
    mean.write_bytes(content)
    said, memory = measured("import", path, "--description", "tiny", "--mean", mean, "--fill", "--output", tmp_path / "x")
    assert sentence in said and mean.name in said and len(said.strip().splitlines()) == 1 and memory < 200 << 20


@pytest.mark.parametrize("text, sentence", [
    ("layer { " * 100_000, "nested more than 32"),
    ("name: '" + "x" * 3_000_000, "no closing quote"),
    ("a: 1 " * 1_000_001, "more than 1000000 fields"),
    ("layer { name: 'a'", "ends inside a message"),
    ("input_dim: [" + "1, " * 1_000_001 + "]", "more than 1000000 fields"),
    ("\x00\xff", "missing"),
])
def test_prototxts(text: str, sentence: str, tmp_path: Path, command) -> None:
    path, weights = tmp_path / "hostile.prototxt", tmp_path / "w.caffemodel"
    path.write_bytes(text.encode("latin1"))
    weights.write_bytes(blob(1))
    said = command("import", weights, "--description", path, "--output", tmp_path / "x", expect=1).stderr
    assert sentence in said and "hostile.prototxt" in said, said[:500]


def resized(archive: bytes, size: int, name: bytes = b"m/data/0") -> bytes:
    """The archive with another size of an entry in its directory."""
    place = archive.rindex(name) - 46
    assert archive[place:place + 4] == b"PK\1\2"
    return archive[:place + 20] + struct.pack("<II", size, size) + archive[place + 28:]


def test_archives_with_sizes_that_they_do_not_have(tmp_path: Path, refused) -> None:
    whole = torch_zip(tmp_path / "whole.pth", tensor_pickle([4], [1])).read_bytes()
    path = tmp_path / "hostile.pth"
    for size, sentence in ((0xFFFF_FFFF, "outside"), (0xFFFF_FFFE, "outside"), (len(whole) - 30, "cut off")):
        path.write_bytes(resized(whole, size))
        assert sentence in refused(path)
    # The same in the 64-bit fields behind a name, whose sizes are beyond any file.
    for size in (1 << 32, 1 << 62, (1 << 64) - 1):
        place = whole.rindex(b"m/data/0")
        extra = struct.pack("<HHQQ", 1, 16, size, size)
        entry = bytearray(resized(whole, 0xFFFF_FFFF))
        entry[place - 16:place - 14] = struct.pack("<H", len(extra))
        path.write_bytes(bytes(entry[:place + 8]) + extra + bytes(entry[place + 8:]))
        assert "outside" in refused(path) or "damaged" in refused(path)
    # As many entries as 32 bits can say, all of them the same one.
    end = whole.rindex(b"PK\5\6")
    path.write_bytes(whole[:end + 8] + b"\xff\xff\xff\xff" + whole[end + 12:])
    assert "ZIP archive" in refused(path)
    # An entry that expands to a gigabyte.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("m/data.pkl", bytes(64 << 20))
    assert "is compressed" in refused(path)


def test_pickles_that_grow(tmp_path: Path, refused) -> None:
    # Each list holds the one before twice, so that a copy of the last would have 2^200 elements.
    doubling = b"\x80\x02]q\x00" + b"".join(b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(200))
    assert "no state dictionary" in refused(archive(tmp_path / "doubling.pth", doubling + b"."))
    # Dictionaries that hold each other, under the names that a reader follows.
    loop = b"\x80\x02}q\x00}q\x01X\x05\0\0\0modelh\x00sX\x0a\0\0\0state_dicth\x01sh\x00X\x0a\0\0\0state_dicth\x01s."
    assert "no state dictionary" in refused(archive(tmp_path / "loop.pth", loop))
    # A text of 4 GB in a file of a few bytes, alone and in the older container.
    giant = b"\x80\x02X\xff\xff\xff\xff."
    assert "whole PyTorch file" in refused(archive(tmp_path / "giant.pth", giant))
    legacy = tmp_path / "legacy.pth"
    legacy.write_bytes(b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little") + b"." + giant)
    assert "whole PyTorch file" in refused(legacy)
    # The same storage under 200,000 names: more tensors than a network has.
    one = tensor_pickle([4], [1])
    body = one[one.index(b"ctorch._utils"):-2]
    names = b"".join(b"X" + struct.pack("<I", 6) + b"%06d" % n + b"h\x01s" for n in range(200_000))
    many = torch_zip(tmp_path / "many.pth", b"\x80\x02}" + b"X\x01\0\0\0a" + body + b"q\x01s" + names + b".")
    assert "it is no network" in refused(many)


FOREST = "%YAML:1.0\n---\noptions:\n   numberOfTrees: 1\n"


@pytest.mark.parametrize("content, sentence", [
    (gzip.compress(FOREST.encode())[:-6], "no whole gzip file"),
    (zlib.compress(FOREST.encode()), "hostile"),
    ((FOREST.replace("1\n", "99999999999\n")).encode(), "'99999999999' is no whole number"),
    ((FOREST.replace("1\n", "2147483648\n")).encode(), "'2147483648' is no whole number"),
    ((FOREST.replace("1\n", "1x\n")).encode(), "'1x' is no whole number"),
    ((FOREST.replace("1\n", "-\n")).encode(), "'-' is no whole number"),
    ((FOREST.replace("1\n", "-2147483648\n")).encode(), "forest"),
    ((FOREST + "childs:\n   - [ 1e9 ]\n").encode(), "no whole number"),
    (header({"__metadata__": {"decoupled_forest": json.dumps({"format_version": 1, "trees": 1 << 40, "settings": {}})}}), "forest"),
], ids=range(9))
def test_forests(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.yml.gz"
    path.write_bytes(content)
    said, memory = measured("proposals", FIXTURES / "prediction.png", "--forest", path, "--output", tmp_path / "out")
    assert sentence in said and "hostile" in said and len(said.strip().splitlines()) == 1, said
    assert memory < 200 << 20


def test_a_forest_that_expands_without_end(tmp_path: Path) -> None:
    path = tmp_path / "hostile.yml.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write((FOREST + "childs:\n   - [ 0").encode())
        for _ in range(600):
            file.write(b", 0" * (1 << 20))
    said, memory = measured("proposals", FIXTURES / "prediction.png", "--forest", path, "--output", tmp_path / "out")
    assert "when it is decompressed" in said and memory < 700 << 20, said


def test_a_mask_that_expands_without_end(tmp_path: Path) -> None:
    """A MATLAB file of 600 kB with a field of 600 MB in front of the labels."""
    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data

    zeros = 600 << 20
    names = b"Boundaries".ljust(16, b"\0") + b"Segmentation".ljust(16, b"\0")
    start = (element(6, struct.pack("<II", 2, 0)) + element(5, struct.pack("<ii", 1, 1)) + struct.pack("<II", 1, 5) + b"GTcls\0\0\0"
             + struct.pack("<HHI", 5, 4, 16) + element(1, names) + struct.pack("<II", 14, zeros))
    packer = zlib.compressobj(9)
    data = packer.compress(struct.pack("<II", 14, len(start) + zeros) + start)
    data += b"".join(packer.compress(bytes(1 << 20)) for _ in range(zeros >> 20)) + packer.flush()
    (tmp_path / "cls").mkdir()
    (tmp_path / "cls" / "bomb.mat").write_bytes(b"MATLAB 5.0".ljust(124) + b"\0\1IM" + element(15, data))
    (tmp_path / "train.txt").write_text("bomb\n")
    said, memory = measured("dataset", "stats", tmp_path, "--kind", "sbd", "--output", tmp_path / "x")
    assert "cut short or damaged" in said and "bomb.mat" in said and memory < 200 << 20


ALIASES = "network:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"


@pytest.mark.parametrize("text, sentence", [
    # Each line repeats the one before ten times; with twenty aliases in all, three times.
    (ALIASES + "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)), "80 aliases"),
    (ALIASES.replace("x]", "x" + ", x" * 2000 + "]") + "".join(f"  a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 7)),
     "more than 100000 values"),
    ("network: " + "[" * 100_000, "is not YAML"),
    ("network: " + "{a: " * 900 + "1" + "}" * 900, "no such setting"),
    ("#" * (1 << 19), "at most 262144 are read"),
    ("network: {preset: tiny", "is not YAML"),
    ("network: &n {preset: *n}", "is not YAML"),
    ("\x00", "is not UTF-8 text"),
    ("- 1\n- 2\n", "settings by name"),
    ("[segmentation]: 1\n", "a list where the name of a setting belongs in line 1"),
    ("network: {preset: tiny}\nsegmentation:\n  cropping:\n    ? {share: 1}\n    : 2\n", "settings where the name of a setting belongs in line 4"),
    ("segmentation: [cropping]\n", "'segmentation' is not of the kind Mapping"),
], ids=range(12))
def test_configurations(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    said, memory = measured("crops", "--data", tmp_path, "--config", path, "--output", tmp_path / "x")
    assert sentence in said and path.name in said and len(said.strip().splitlines()) == 1, said[:1000]
    assert len(said) < 1000 and memory < 200 << 20
