"""Makes the fixtures of the proposal tests with OpenCV, which the library does not use.

pip install numpy opencv-contrib-python-headless; python3 make_proposal_fixtures.py
"""

import json
import pathlib

import cv2
import numpy as np

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(11)
SHRINK, PATCH, INNER, CHANNELS = 2, 32, 16, 13
FEATURES = CHANNELS * (PATCH // SHRINK) ** 2 + CHANNELS * 300


def scene(height, width):
    """Shapes of even colour on a gradient."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:] = np.linspace(40, 120, width)[None, :, None]
    for _ in range(9):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        a, b = (int(v) for v in rng.integers(8, 40, 2))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        if rng.random() < 0.5:
            cv2.rectangle(image, (x - a, y - b), (x + a, y + b), colour, -1)
        else:
            cv2.ellipse(image, (x, y), (a, b), float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return cv2.GaussianBlur(image, (0, 0), 1)


def forest(path, trees=4, depth=5):
    """A forest of drawn questions in OpenCV's format; its leaves hold short lines."""
    nodes = 2 ** (depth + 1) - 1
    rows = lambda values: "".join(f"   - [ {', '.join(map(str, row))} ]\n" for row in values)
    children = [[2 * n + 2 if n < 2**depth - 1 else 0 for n in range(nodes)] for _ in range(trees)]
    features = [[int(rng.integers(FEATURES)) for _ in range(nodes)] for _ in range(trees)]
    regular = CHANNELS * (PATCH // SHRINK) ** 2
    thresholds = [
        [round(float(rng.uniform(0.02, 0.4)), 6) if f < regular else round(float(rng.normal(0, 0.02)), 6) for f in row]
        for row in features]
    bins, bounds = [], [0]
    for tree in range(trees):
        for node in range(nodes):
            if children[tree][node] == 0:
                column = int(rng.integers(2, INNER - 2))
                pixels = [column * INNER + r for r in range(INNER)] if rng.random() < 0.5 else [
                    c * INNER + column for c in range(INNER)]
                bins += pixels
            bounds.append(len(bins))
    options = {
        "numberOfTrees": trees, "numberOfTreesToEvaluate": 2, "selfsimilarityGridSize": 5, "stride": 2, "shrinkNumber": SHRINK,
        "patchSize": PATCH, "patchInnerSize": INNER, "numberOfGradientOrientations": 4, "gradientSmoothingRadius": 0,
        "regFeatureSmoothingRadius": 2, "ssFeatureSmoothingRadius": 8, "gradientNormalizationRadius": 4}
    text = "%YAML:1.0\n---\noptions:\n" + "".join(f"   {k}: {v}\n" for k, v in options.items())
    text += "childs:\n" + rows(children) + "featureIds:\n" + rows(features) + "thresholds:\n" + rows(thresholds)
    text += "edgeBoundaries:\n" + rows([bounds]) + "edgeBins:\n" + rows([bins])
    path.write_text(text)


forest(here / "forest.yml")
detector = cv2.ximgproc.createStructuredEdgeDetection(str(here / "forest.yml"))
expected = {"edges": []}
for name, size in (("even", (64, 80)), ("odd", (61, 75))):
    image = scene(*size)
    cv2.imwrite(str(here / f"{name}.png"), image[:, :, ::-1])
    edges = detector.detectEdges(image.astype(np.float32) / 255)
    expected["edges"].append({
        "name": name, "height": size[0], "width": size[1], "values": [round(float(v), 4) for v in edges.ravel()]})

# Edges as bytes, so that both sides read the same numbers.
image = cv2.cvtColor(scene(150, 200), cv2.COLOR_RGB2GRAY).astype(np.float32)
dx, dy = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
magnitude = np.clip(np.hypot(dx, dy) / 200, 0, 1)
orientation = np.clip(np.mod(np.arctan2(dy, dx), np.pi) * 256 / np.pi, 0, 255).astype(np.uint8)
angles = orientation.astype(np.float32) * np.float32(np.pi / 256)
magnitude = (magnitude * 255).astype(np.uint8)
cv2.imwrite(str(here / "magnitude.png"), magnitude)
cv2.imwrite(str(here / "orientation.png"), orientation)
whole = magnitude.astype(np.float32) / np.float32(255)
thinned = detector.edgesNms(whole, angles, r=2, s=0, m=1.0, isParallel=False)
expected["thinned"] = {"height": 150, "width": 200, "values": np.rint(thinned * 255).astype(int).ravel().tolist()}
expected["boxes"] = []
for settings in ({}, {"alpha": 0.7, "beta": 0.9, "eta": 0.9996, "minBoxArea": 400.0}, {"maxBoxes": 25, "kappa": 1.8, "gamma": 1.0}):
    boxes, scores = cv2.ximgproc.createEdgeBoxes(**settings).getBoundingBoxes(thinned, angles)
    # OpenCV counts columns and rows from 1.
    boxes = (np.asarray(boxes) - [1, 1, 0, 0])[:400]
    expected["boxes"].append({
        "settings": settings, "count": len(scores), "boxes": boxes.tolist(),
        "scores": [round(float(v), 6) for v in np.asarray(scores).ravel()[:400]]})
    print(settings, len(scores))
(here / "expected.json").write_text(json.dumps(expected, separators=(",", ":")))
