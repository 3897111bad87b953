"""A small data set to try things on: coloured circles and squares on noise, in the plain folder layout.

    python shapes.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import decoupled

CLASSES = ["circle", "square"]


def draw(random: np.random.Generator, size: int, shapes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """A photo (uint8 [size,size,3]) and its mask (uint8 [size,size]) with the given shapes."""
    photo = random.integers(60, 130, (size, size, 3))
    mask = np.zeros((size, size), np.uint8)
    rows, columns = np.mgrid[:size, :size]
    for shape in shapes:
        radius = random.integers(size // 6, size // 4)
        y, x = random.integers(radius, size - radius, 2)
        if shape == "circle":
            inside = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
            colour = [random.integers(190, 256), random.integers(0, 60), random.integers(0, 60)]
        else:
            inside = (abs(rows - y) <= radius) & (abs(columns - x) <= radius)
            colour = [random.integers(0, 60), random.integers(0, 60), random.integers(190, 256)]
        photo[inside] = colour
        mask[inside] = CLASSES.index(shape) + 1
    return photo.astype(np.uint8), mask


def make(folder: str | Path, train: int = 48, val: int = 12, masks: int = 32, size: int = 48, seed: int = 1) -> Path:
    """Writes the sets `train` and `val`. Every photo has labels; the first `masks` of train and all of val have masks."""
    folder, random = Path(folder), np.random.default_rng(seed)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lines, ids = ["image,labels"], []
    for index in range(train + val):
        shapes = [["circle"], ["square"], ["circle", "square"]][index % 3]
        photo, mask = draw(random, size, shapes)
        shown = [name for number, name in enumerate(CLASSES, 1) if (mask == number).any()]
        ids.append(f"{index:04}")
        decoupled.save_image(photo, folder / "images" / f"{ids[-1]}.png")
        if index < masks or index >= train:
            decoupled.save_label_map(mask, folder / "masks" / f"{ids[-1]}.png")
        lines.append(f"{ids[-1]},{';'.join(shown)}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    (folder / "train.txt").write_text("\n".join(ids[:train]) + "\n")
    (folder / "val.txt").write_text("\n".join(ids[train:]) + "\n")
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(make(sys.argv[1]))
