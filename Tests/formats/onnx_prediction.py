"""Runs exported ONNX files in ONNX Runtime the way a user would, with what the metadata says, and compares with the engine.

    python onnx_prediction.py [--backend NAME] MODEL FOLDER_OF_EXPORTS IMAGE...     prints the largest differences
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

import procedure


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Runtime:
    """The three graphs in `folder`: onnx-classification.onnx, onnx-label-pass.onnx, onnx.onnx."""

    def __init__(self, folder: Path) -> None:
        self.classification, self.label_pass, self.whole = (
            _session(folder / f"{name}.onnx") for name in ("onnx-classification", "onnx-label-pass", "onnx"))
        self.notes = self.whole.get_modelmeta().custom_metadata_map
        self.classes: list[str] = json.loads(self.notes["classes"])
        self.size = int(self.notes["input_size"])

    def input(self, image: np.ndarray) -> np.ndarray:
        notes = self.notes
        values = procedure.network_input(
            image, self.size, notes["channel_order"], float(notes["scale"]), json.loads(notes["mean"]),
            json.loads(notes["deviation"]))
        return values[None].astype(np.float32)

    def predict(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """By the whole graph; the label map is brought to the size of the image."""
        names = ["scores", "score_maps", "label_map"]
        result = dict(zip(names, self.whole.run(names, {"image": self.input(image)})))
        height, width = image.shape[:2]
        maps = procedure.imresize(result["score_maps"][0].astype(float), max(height, width), cubic=True)[:, :height, :width]
        result["labels"] = maps.argmax(0).astype(np.uint8)
        ordered = np.sort(maps, axis=0)
        result["lead"] = ordered[-1] - ordered[-2]
        return result

    def predict_in_passes(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """By the two graphs: scores [L] and score maps [L + 1, S, S]."""
        names = [o.name for o in self.classification.get_outputs()]
        features = dict(zip(names, self.classification.run(names, {"image": self.input(image)})))
        scores, logits = features["scores"][0], features["logits"][0]
        needed = {i.name for i in self.label_pass.get_inputs()}
        feed = {name: value for name, value in features.items() if name in needed}
        identified = scores > float(self.notes["threshold"])
        value = {"one": np.ones_like(scores), "score": scores, "raw": logits}[self.notes["saliency_seed"]]

        def run(classes: np.ndarray) -> np.ndarray:
            seeds = (value * classes).astype(np.float32).reshape(1, -1, 1, 1)
            return self.label_pass.run(["probabilities"], feed | {"seeds": seeds})[0][0]

        maps = np.zeros((len(scores) + 1, self.size, self.size))
        maps[0] = run(identified)[0]
        for index in np.flatnonzero(identified):
            maps[index + 1] = run(np.eye(len(scores))[index])[1]
        maps[np.concatenate(([True], identified))] += maps.sum(0) <= 0
        return scores, maps / maps.sum(0)


def engine_maps(inspector: Any, pixels: np.ndarray, notes: dict[str, str], backend_scores: np.ndarray | None = None) -> np.ndarray:
    """The engine's score maps by its plain procedure, one label pass at a time."""
    inspector.set("image", pixels)
    inspector.set("row_to_image", [0])
    placement = "logits" if notes["saliency_placement"] == "average" else "logits_max"
    size = pixels.shape[-1]
    # The score decides the seeds, so it is computed first.
    values = inspector.run(["scores", placement])
    scores, logits = values["scores"][0], values[placement][0]
    identified = scores > float(notes["threshold"])
    value = {"one": np.ones_like(scores), "score": scores, "raw": logits}[notes["saliency_seed"]]
    maps = np.zeros((len(scores) + 1, size, size))
    rows = [identified] + [np.eye(len(scores))[i] for i in np.flatnonzero(identified)]
    for number, row in enumerate(rows):
        inspector.set("seeds", (value * row).astype(np.float32).reshape(1, -1, 1, 1))
        probabilities = inspector.run(["probabilities"])["probabilities"][0]
        if number == 0:
            maps[0] = probabilities[0]
        else:
            maps[np.flatnonzero(identified)[number - 1] + 1] = probabilities[1]
    maps[np.concatenate(([True], identified))] += maps.sum(0) <= 0
    return maps / maps.sum(0)


if __name__ == "__main__":
    import decoupled

    parser = argparse.ArgumentParser()
    parser.add_argument("--backend")
    parser.add_argument("model")
    parser.add_argument("exports", type=Path)
    parser.add_argument("images", nargs="+")
    arguments = parser.parse_args()
    runtime = Runtime(arguments.exports)
    model = decoupled.Model.open(arguments.model)
    session = decoupled.Session(model, backend=arguments.backend)
    inspector = decoupled.Inspector(model, backend=arguments.backend)
    different, pixels, scores_off, found = 0, 0, 0.0, 0
    # Largest difference of a score map, on the photo and on the padding below or beside it, which nobody sees.
    whole, parts = np.zeros(2), np.zeros(2)
    for path in arguments.images:
        image = decoupled.load_image(path)
        result, engine = runtime.predict(image), session.predict(image)
        reference = engine_maps(inspector, runtime.input(image), runtime.notes)
        _, passes = runtime.predict_in_passes(image)
        height, width = (-(-side * runtime.size // max(image.shape[:2])) for side in image.shape[:2])
        for worst, maps in (whole, result["score_maps"][0]), (parts, passes):
            off = np.abs(maps - reference).max(0)
            padding = off.copy()
            padding[:height, :width] = 0
            np.maximum(worst, [off[:height, :width].max(), padding.max()], out=worst)
        scores_off = max(scores_off, float(np.abs(result["scores"][0] - engine.scores).max()))
        wrong = result["labels"] != engine.label_map
        found += len(engine.identified)
        if wrong.any():
            different += 1
            pixels += int(wrong.sum())
            print(f"{path}: {wrong.sum()} pixels differ, the winner leads by at most {result['lead'][wrong].max():.2e}")
    print(f"{len(arguments.images)} images, {found} identified classes: score maps differ by at most {whole[0]:.2e} (whole graph), "
          f"{parts[0]:.2e} (two graphs), in the padding by {whole[1]:.2e} and {parts[1]:.2e}, scores by {scores_off:.2e}; "
          f"label maps differ in {different} images, {pixels} pixels")
