"""A DecoupledNet `.caffemodel` as the authors' conversion script leaves it: V1 layers with numbered types, BN layers in LEARN
mode that give mean and variance as further tops (their blobs already hold scale and shift), copied back-pass weights.

    python caffemodel.py OUTPUT [--divisor 16] [--seed 1]      divisor 1 writes the full 1.7 GB, streaming
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

import wire

CONVOLUTION, DECONVOLUTION, POOLING, RELU, SIGMOID, CONCAT, ELTWISE, UNPOOLING, BN, SELECT_SEG_BINARY = (
    4, 39, 17, 18, 19, 3, 25, 42, 43, 52)
STAGES = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
CLASSES, KERNEL, SCORES = 20, 7, 4


class Net:
    """Layers, and the arrays behind their blobs. An array is made when it is asked for, always the same for a name."""

    def __init__(self, divisor: int, seed: int) -> None:
        self.seed = seed
        self.layers: wire.Message = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        #: standard deviation of a blob's values
        self.scales: dict[str, float] = {}
        self.copies: dict[str, str] = {}
        self._build(divisor)

    def array(self, name: str) -> np.ndarray:
        name = self.copies.get(name, name)
        # RandomState's stream is frozen for all versions of numpy.
        random = np.random.RandomState([self.seed, sum(ord(c) * (i + 1) for i, c in enumerate(name))])
        values = random.standard_normal(self.shapes[name]).astype(np.float32) * np.float32(self.scales[name])
        if name.endswith(".scale"):
            return np.float32(self.scales[name]) * (1 + np.float32(0.1) * values / np.float32(self.scales[name]))
        return values

    def blob_array(self, name: str) -> np.ndarray:
        """What a blob holds."""
        if name == "cls-score-voc-bp.weight":
            return self.array("cls-score-voc.weight").transpose(1, 0, 2, 3).copy()
        if name.endswith("-bp.bias"):
            return np.zeros(self.shapes[name], np.float32)
        return self.array(name)

    def _chunks(self, name: str) -> Iterator[bytes]:
        yield self.blob_array(name).tobytes()

    def _blob(self, name: str, shape: tuple[int, ...], scale: float, copy: str | None = None) -> wire.Message:
        self.shapes[name], self.scales[name] = shape, scale
        if copy:
            self.copies[name] = copy
        dims = (1,) * (4 - len(shape)) + shape

        def put(file: BinaryIO) -> None:
            for chunk in self._chunks(name):
                file.write(chunk)

        fields = [p for number, dim in enumerate(dims, 1) for p in wire.integer(number, dim)]
        return wire.message(6, fields + wire.stream(5, 4 * int(np.prod(shape)), put))

    def _layer(
        self, name: str, kind: int, bottoms: list[str], tops: list[str], extra: wire.Message | None = None
    ) -> None:
        fields = [p for b in bottoms for p in wire.text(2, b)] + [p for t in tops for p in wire.text(3, t)]
        self.layers += wire.message(2, fields + wire.text(4, name) + wire.integer(5, kind) + (extra or []))

    def _convolution(
        self, name: str, bottom: str, top: str, inputs: int, outputs: int, kernel: int, pad: int = 0,
        transposed: bool = False, copy: str | None = None,
    ) -> None:
        shape = (inputs, outputs, kernel, kernel) if transposed else (outputs, inputs, kernel, kernel)
        gain = 2 / (inputs * (1 if transposed and kernel > 3 else kernel * kernel))
        blobs = self._blob(f"{name}.weight", shape, float(np.sqrt(gain)), copy and f"{copy}.weight")
        blobs += self._blob(f"{name}.bias", (outputs,), 0.05)
        parameters = wire.integer(1, outputs) + (wire.integer(3, pad) if pad else []) + wire.integer(4, kernel)
        rates = wire.real(7, 0) + wire.real(7, 0) + wire.real(8, 1) + wire.real(8, 0)
        self._layer(name, DECONVOLUTION if transposed else CONVOLUTION, [bottom], [top],
                    blobs + rates + wire.message(10, parameters))

    def _bn(self, name: str, bottom: str, top: str, channels: int, scale: float = 1.0) -> None:
        blobs = self._blob(f"{name}.scale", (1, channels, 1, 1), scale)
        blobs += self._blob(f"{name}.shift", (1, channels, 1, 1), 0.05)
        fillers = wire.message(1, wire.text(1, "constant")) + wire.message(2, wire.text(1, "constant"))
        self._layer(name, BN, [bottom], [top, f"{name}-mean", f"{name}-var"], blobs + wire.message(45, fillers))

    def _build(self, divisor: int) -> None:
        width = lambda channels: max(1, channels // divisor)
        fc, seg = width(4096), width(2048)
        means = [p for m in (104.008, 116.669, 122.675) for p in wire.real(5, m)]
        self._layer("data", SELECT_SEG_BINARY, [], ["data", "seg-label", "cls-label"], wire.message(36, means))
        x, channels = "data", 3
        for stage, (full, count) in enumerate(STAGES, 1):
            for number in range(1, count + 1):
                name = f"conv{stage}_{number}"
                self._convolution(name, x, name, channels, width(full), 3, 1)
                if stage == 1 and number == 1:
                    self.scales["conv1_1.weight"] *= 0.02
                self._layer(f"relu{stage}_{number}", RELU, [name], [name])
                x, channels = name, width(full)
            pool = wire.message(19, wire.integer(1, 0) + wire.integer(2, 2) + wire.integer(3, 2))
            self._layer(f"pool{stage}", POOLING, [x], [f"pool{stage}", f"pool{stage}_mask"], pool)
            x = f"pool{stage}"
        self._convolution("fc6", x, "fc6", channels, fc, KERNEL)
        self._layer("relu6", RELU, ["fc6"], ["fc6", "relu6-mask"])
        self._convolution("fc7", "fc6", "fc7", fc, fc, 1)
        self._layer("relu7", RELU, ["fc7"], ["fc7", "relu7-mask"])
        self._convolution("cls-score-voc", "fc7", "cls-score", fc, CLASSES, 1)
        pool = wire.message(19, wire.integer(1, 0) + wire.integer(2, SCORES) + wire.integer(3, 1))
        self._layer("avg-pool", POOLING, ["cls-score"], ["cls-score-pooled", "score-pool-mask"], pool)
        self._layer("cls-score-sigmoid", SIGMOID, ["cls-score-pooled"], ["cls-score-sigmoid"])
        self._layer("cls-score-mask", ELTWISE, ["cls-score-sigmoid", "cls-label"], ["cls-score-masked"])
        unpool = wire.message(44, wire.integer(1, 0) + wire.integer(2, SCORES) + wire.integer(12, SCORES))
        self._layer("avg-unpool", UNPOOLING, ["cls-score-masked", "score-pool-mask"], ["cls-score-unpooled"], unpool)
        self._convolution("cls-score-voc-bp", "cls-score-unpooled", "fc7-bp", CLASSES, fc, 1)
        self._layer("relu7-mask", ELTWISE, ["fc7-bp", "relu7-mask"], ["fc7-bp"])
        self._convolution("fc7-bp", "fc7-bp", "fc6-bp", fc, fc, 1, transposed=True, copy="fc7")
        self._layer("relu6-mask", ELTWISE, ["fc6-bp", "relu6-mask"], ["fc6-bp"])
        self._convolution("fc6-bp", "fc6-bp", "pool5-bp", fc, channels, KERNEL, transposed=True, copy="fc6")
        self._bn("pool5-bn", "pool5", "pool5-bn", channels)
        self._bn("pool5-bp-bn", "pool5-bp", "pool5-bp-bn", channels, scale=100.0)
        self._layer("pool5-concat", CONCAT, ["pool5-bn", "pool5-bp-bn"], ["pool5-concat"])
        self._convolution("fc6-seg", "pool5-concat", "fc6-seg", 2 * channels, seg, KERNEL)
        self._bn("bnfc6-seg", "fc6-seg", "fc6-seg", seg)
        self._layer("relu6-seg", RELU, ["fc6-seg"], ["fc6-seg"])
        self._convolution("fc7-seg", "fc6-seg", "fc7-seg", seg, seg, 1)
        self._bn("bnfc7-seg", "fc7-seg", "fc7-seg", seg)
        self._layer("relu7-seg", RELU, ["fc7-seg"], ["fc7-seg"])
        self._convolution("fc6-deconv", "fc7-seg", "fc6-deconv", seg, channels, KERNEL, transposed=True)
        self._bn("fc6-deconv-bn", "fc6-deconv", "fc6-deconv", channels)
        self._layer("fc6-deconv-relu", RELU, ["fc6-deconv"], ["fc6-deconv"])
        x = "fc6-deconv"
        for stage in range(5, 0, -1):
            self._layer(f"unpool{stage}", UNPOOLING, [x, f"pool{stage}_mask"], [f"unpool{stage}"],
                        wire.message(44, wire.integer(1, 0) + wire.integer(2, 2)))
            x, (full, count) = f"unpool{stage}", STAGES[stage - 1]
            for number in range(1, count + 1):
                below = STAGES[stage - 2][0] if number == count and stage > 1 else full
                name = f"deconv{stage}_{number}"
                self._convolution(name, x, name, channels, width(below), 3, 1, transposed=True)
                self._bn(f"debn{stage}_{number}", name, name, width(below))
                self._layer(f"derelu{stage}_{number}", RELU, [name], [name])
                x, channels = name, width(below)
        self._convolution("seg-score-voc", x, "seg-score", channels, 2, 1)

    def write(self, path: str | Path) -> None:
        with open(path, "wb") as file:
            wire.write(wire.text(1, "train_seg_5_anno_make_inference") + self.layers, file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("--divisor", type=int, default=16, help="of every layer's width")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    Net(options.divisor, options.seed).write(options.output)
