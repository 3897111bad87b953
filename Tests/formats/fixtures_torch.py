"""Weights of the tiny fixture networks, the same wherever they are computed; and, run as a program with torch installed, the
fixtures themselves: `python fixtures_torch.py` writes fixtures/*.pth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

#: A VGG of torchvision's form for the preset "tiny": one convolution in each of three stages.
SHAPES = {
    "features.0": (8, 3, 3, 3), "features.3": (16, 8, 3, 3), "features.6": (16, 16, 3, 3), "classifier.0": (32, 144),
    "classifier.3": (32, 32), "classifier.6": (10, 32),
}
NORMALIZED = {"features.0": 1, "features.4": 5, "features.8": 9}


def values(name: str, shape: tuple[int, ...]) -> np.ndarray:
    random = np.random.RandomState(sum(ord(c) * (i + 1) for i, c in enumerate(name)))
    array = random.standard_normal(shape).astype(np.float32)
    return np.abs(array) + np.float32(0.5) if name.endswith("running_var") else array


def plain() -> dict[str, np.ndarray]:
    return {f"{n}.{p}": values(f"{n}.{p}", s if p == "weight" else s[:1]) for n, s in SHAPES.items() for p in ("weight", "bias")}


def normalized() -> dict[str, np.ndarray]:
    moved = dict(zip(["features.0", "features.3", "features.6"], NORMALIZED))
    state = {}
    for name, array in plain().items():
        layer, part = name.rsplit(".", 1)
        state[f"{moved.get(layer, layer)}.{part}"] = array
    for layer, place in NORMALIZED.items():
        channels = state[f"{layer}.weight"].shape[:1]
        for part in ("weight", "bias", "running_mean", "running_var"):
            name = f"features.{place}.{part}"
            state[name] = values(name, channels)
        state[f"features.{place}.num_batches_tracked"] = np.array(7, np.int64)
    return state


if __name__ == "__main__":
    from collections import OrderedDict

    import torch

    folder = Path(__file__).parent / "fixtures"

    def state(arrays: dict[str, np.ndarray]) -> OrderedDict:
        tensors = OrderedDict((name, torch.from_numpy(array)) for name, array in arrays.items())
        # A convolution whose channels lie innermost: its storage is not in row-major order.
        tensors["features.6.weight"] = tensors["features.6.weight"].to(memory_format=torch.channels_last) \
            if "features.6.weight" in tensors else None
        tensors = OrderedDict((n, t) for n, t in tensors.items() if t is not None)
        tensors._metadata = OrderedDict(version=1)
        return tensors

    torch.save(state(plain()), folder / "tiny_zip.pth")
    torch.save(state(plain()), folder / "tiny_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": state(normalized()), "optimizer": {"lr": 0.1}}, folder / "tiny_bn.pth")
