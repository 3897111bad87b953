"""Makes the fixtures of the image tests with OpenCV, Pillow and NumPy, none of which the library uses.

pip install numpy pillow opencv-python-headless; python3 make_fixtures.py
"""

import json
import pathlib

import cv2
import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)
expected = {}


def flat(array):
    return [round(float(v), 6) for v in np.asarray(array).ravel()]


def matlab(plane, height, width, kernel):
    """MATLAB's imresize by Pillow: same kernels, but Pillow cuts them off at the border where MATLAB mirrors.

    So the plane is mirrored to three times its size first and the middle of the result is taken.
    """
    h, w = plane.shape
    mirrored = np.pad(plane, ((h, h), (w, w)), mode="symmetric").astype(np.float32)
    filters = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
    big = np.asarray(Image.fromarray(mirrored, "F").resize((3 * width, 3 * height), filters[kernel]))
    return big[height : 2 * height, width : 2 * width]


plane = rng.normal(size=(11, 17)).astype(np.float32)
expected["plane"] = {"height": 11, "width": 17, "values": flat(plane)}
expected["matlab"] = [
    {"kernel": kernel, "height": h, "width": w, "values": flat(matlab(plane, h, w, kernel))}
    for kernel in ("bilinear", "bicubic")
    for h, w in ((5, 6), (23, 20), (11, 8), (4, 29))
]
expected["linearFloat"] = [
    {"height": h, "width": w, "values": flat(cv2.resize(plane, (w, h), interpolation=cv2.INTER_LINEAR))}
    for h, w in ((5, 6), (23, 20))
]

rgb = rng.integers(0, 256, size=(13, 9, 3), dtype=np.uint8)
expected["rgb"] = {"height": 13, "width": 9, "values": rgb.ravel().tolist()}
expected["linear8"] = [
    {"height": h, "width": w, "values": cv2.resize(rgb, (w, h), interpolation=cv2.INTER_LINEAR).ravel().tolist()}
    for h, w in ((20, 17), (5, 7), (26, 18))
]
labels = np.ascontiguousarray(rgb[:, :, 0])
expected["nearest"] = [
    {"height": h, "width": w, "values": cv2.resize(labels, (w, h), interpolation=cv2.INTER_NEAREST).ravel().tolist()}
    for h, w in ((20, 17), (5, 7), (35, 24))
]

# The released inference script: pad to a square, MATLAB bilinear, BGR minus mean.
square = np.zeros((13, 13, 3))
square[:, :9] = rgb
mean = [104.00698793, 116.66876762, 122.67891434]
expected["inferenceInput"] = [
    {
        "height": size,
        "width": size,
        "values": flat([matlab(square[:, :, 2 - c], size, size, "bilinear") - mean[c] for c in range(3)]),
    }
    for size in (8, 13, 16)
]

# Files of every kind.
ids = np.array([[0, 1, 2, 3, 1], [3, 2, 1, 0, 0], [1, 1, 0, 2, 3]], dtype=np.uint8)
palette = rng.integers(0, 256, size=768).tolist()


def palette_png(name, indices, bits):
    image = Image.fromarray(indices, "P")
    image.putpalette(palette)
    image.save(here / name, bits=bits)


palette_png("palette1.png", ids & 1, 1)
palette_png("palette2.png", ids, 2)
palette_png("palette4.png", ids * 5, 4)
palette_png("palette8.png", ids * 85, 8)
Image.fromarray(ids * 80).save(here / "grey8.png")
Image.fromarray((ids & 1) * 255).convert("1").save(here / "grey1.png")
Image.fromarray(ids.astype(np.uint16) * 20000).save(here / "grey16.png")
Image.fromarray(rgb).save(here / "rgb.png")
rgba = np.dstack([rgb, rng.integers(0, 256, size=(13, 9), dtype=np.uint8)])
Image.fromarray(rgba, "RGBA").save(here / "rgba.png")
expected["ids"] = ids.ravel().tolist()
expected["alpha"] = rgba[:, :, 3].ravel().tolist()

# A smooth photo, so that decoders with other rounding stay close.
y, x = np.mgrid[0:16, 0:24]
photo = np.dstack([x * 10, y * 15, 255 - x * 5 - y * 8]).astype(np.uint8)


def jpeg(name, image, **options):
    image.save(here / name, quality=90, **options)
    decoded = np.asarray(Image.open(here / name).convert("RGB"))
    expected[name] = {"height": decoded.shape[0], "width": decoded.shape[1], "values": decoded.ravel().tolist()}


jpeg("baseline.jpg", Image.fromarray(photo))
jpeg("progressive.jpg", Image.fromarray(photo), progressive=True)
jpeg("grey.jpg", Image.fromarray(photo).convert("L"))
jpeg("cmyk.jpg", Image.fromarray(photo).convert("CMYK"))
# Two corners and an edge are enough to tell the eight orientations apart.
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    name = f"orientation{orientation}.jpg"
    Image.fromarray(photo[:8, :16]).save(here / name, quality=90, exif=exif)
    upright = cv2.cvtColor(cv2.imread(str(here / name)), cv2.COLOR_BGR2RGB)
    h, w = upright.shape[:2]
    corners = [upright[0, 0], upright[0, w - 1], upright[h - 1, 0], upright[h - 1, w - 1]]
    expected[name] = {"height": h, "width": w, "values": np.array(corners).ravel().tolist()}


def voc_average_precision(scores, positive):
    """The VOC 2012 rule (all points), written from its description."""
    order = np.argsort(-scores)
    hits = np.cumsum(positive[order])
    recall = np.concatenate([[0], hits / positive.sum(), [1]])
    precision = np.concatenate([[0], hits / np.arange(1, len(scores) + 1), [0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.where(recall[1:] != recall[:-1])[0]
    return float(((recall[steps + 1] - recall[steps]) * precision[steps + 1]).sum())


scores = rng.permutation(60).reshape(20, 3) / 60
positive = rng.random((20, 3)) < 0.4
expected["precision"] = {
    "scores": flat(scores),
    "positive": positive.astype(int).ravel().tolist(),
    "values": [voc_average_precision(scores[:, c], positive[:, c]) for c in range(3)],
}

truth = rng.choice([0, 1, 2, 3, 255], size=200)
guess = rng.choice([0, 1, 3], size=200)
valid = truth != 255
matrix = np.zeros((5, 5), dtype=int)
np.add.at(matrix, (truth[valid], guess[valid]), 1)
with np.errstate(invalid="ignore"):
    iou = np.nan_to_num(np.diag(matrix) / (matrix.sum(0) + matrix.sum(1) - np.diag(matrix)))
expected["confusion"] = {
    "truth": truth.tolist(),
    "guess": guess.tolist(),
    "counts": matrix.ravel().tolist(),
    "values": flat(iou),
    "accuracy": float(np.diag(matrix).sum() / matrix.sum()),
}

(here / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
