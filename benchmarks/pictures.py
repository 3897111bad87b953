"""Seeded pictures and what networks see of them. Without PyTorch, whose libraries would count as memory of who uses this."""

import numpy as np


def photo(size, seed):
    """A seeded picture [S,S,3] with large and small structure, uint8 RGB."""
    generator = np.random.default_rng(seed)
    block = max(1, size // 20)
    cells = -(-size // block)
    coarse = generator.integers(0, 256, (cells, cells, 3)).repeat(block, 0).repeat(block, 1)[:size, :size]
    return (0.7 * coarse + 0.3 * generator.integers(0, 256, (size, size, 3))).astype(np.uint8)


def network_input(image, description):
    """[1,3,S,S] as the model wants it, as float32."""
    form = description["preprocessing"]
    pixels = (image[..., ::-1] if form["channelOrder"] == "bgr" else image).astype(np.float64) * form["scale"]
    pixels = (pixels - form["mean"]) / form["deviation"]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
