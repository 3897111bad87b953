"""The released inference procedure around a network, in numpy: MATLAB's imresize, the input, the score maps, the label map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CAFFE_MEAN = np.array([104.00698793, 116.66876762, 122.67891434])


def _kernel(x: np.ndarray, cubic: bool) -> np.ndarray:
    x = np.abs(x)
    if not cubic:
        return np.clip(1 - x, 0, None)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


def _matrix(length: int, out: int, cubic: bool) -> np.ndarray:
    """Weights [out, length] of one dimension: antialiased when it shrinks, mirrored at the borders."""
    scale = out / length
    shrink = min(scale, 1.0)
    width = (4 if cubic else 2) / shrink
    u = np.arange(1, out + 1) / scale + 0.5 * (1 - 1 / scale)
    left = np.floor(u - width / 2)
    index = left[:, None] + np.arange(int(np.ceil(width)) + 2)
    weights = shrink * _kernel(shrink * (u[:, None] - index), cubic)
    weights /= weights.sum(1, keepdims=True)
    mirrored = np.concatenate((np.arange(length), np.arange(length)[::-1]))
    place = mirrored[(index.astype(int) - 1) % (2 * length)]
    matrix = np.zeros((out, length))
    np.add.at(matrix, (np.arange(out)[:, None], place), weights)
    return matrix


def imresize(planes: np.ndarray, size: int, cubic: bool) -> np.ndarray:
    """Square planes [..., S, S] to [..., size, size]."""
    matrix = _matrix(planes.shape[-1], size, cubic)
    return matrix @ planes @ matrix.T


def network_input(
    image: np.ndarray, size: int, order: str = "bgr", scale: float = 1.0, mean: np.ndarray = CAFFE_MEAN,
    deviation: np.ndarray = np.ones(3),
) -> np.ndarray:
    """RGB [H, W, 3] of bytes to the input [3, size, size]; by default BGR minus mean."""
    side = max(image.shape[:2])
    square = np.zeros((side, side, 3))
    square[: image.shape[0], : image.shape[1]] = image
    if order == "bgr":
        square = square[:, :, ::-1]
    resized = imresize(square.transpose(2, 0, 1), size, cubic=False)
    return (resized * scale - np.reshape(mean, (3, 1, 1))) / np.reshape(deviation, (3, 1, 1))


def label_map(
    background: np.ndarray, foregrounds: Sequence[np.ndarray], classes: Sequence[int], shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [S, S] of background and identified classes to labels [H, W], and the lead of the winner over the next."""
    maps = np.stack([background, *foregrounds])
    maps = maps + (maps.sum(0, keepdims=True) <= 0)
    maps = imresize(maps / maps.sum(0, keepdims=True), max(shape), cubic=True)[:, : shape[0], : shape[1]]
    labels = np.array([0, *(c + 1 for c in classes)], np.uint8)[maps.argmax(0)]
    ordered = np.sort(maps, axis=0)
    return labels, ordered[-1] - ordered[-2] if len(maps) > 1 else np.ones(shape)


def photograph(seed: int, height: int = 213, width: int = 320) -> np.ndarray:
    """A drawn scene, RGB [height, width, 3]: discs on a slope of colours, with grain. Whole numbers only, so that it is the same
    everywhere."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:height, :width]
    image = np.stack([(x * (3 + c) // 2 + y * (5 - c)) // 4 % 256 for c in range(3)], 2)
    for _ in range(6):
        cy, cx, r = random.randint(height), random.randint(width), random.randint(15, 60)
        image[(y - cy) ** 2 + (x - cx) ** 2 < r * r] = random.randint(0, 256, 3)
    return np.clip(image + random.randint(-12, 13, image.shape), 0, 255).astype(np.uint8)
