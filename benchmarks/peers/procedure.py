"""The inference procedure of the paper's released code, for engines that run the network's two graphs."""

import json

import numpy as np

#: scores above it identify a class
THRESHOLD = 0.5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Images:
    """What `prepare.py` has written."""

    def __init__(self, folder):
        self.folder = folder
        self.description = json.loads((folder / "description.json").read_text())
        self.stages = len(self.description["stage_channels"])
        self.file = np.load(folder / "images.npz")
        self.arrays = {}

    def __getitem__(self, key):
        name = "%s/%d" % key
        if name not in self.arrays:
            self.arrays[name] = self.file[name]
        return self.arrays[name]

    def masks(self, number):
        """Masks of the pools, finest first."""
        return [self["mask_of_pool%d" % stage, number] for stage in range(1, self.stages + 1)]


class Procedure:
    """Trunk once, then a pass of all identified classes and one of each.

    Engines define `run_trunk(number) -> state`, a dict with "score_map" [L,n,n] among what `run_label_pass(state, seeds)`
    needs, and `run_label_pass`, which gives probabilities [2,S,S]. `number` is that of the image.
    """

    #: ways to write the network for this engine; the fastest is measured
    FORMULATIONS = ("",)
    #: whether the engine gives the switches of the pools; where it does not, they are handed to it without cost
    GIVES_SWITCHES = False

    def __init__(self, images, threads, formulation=""):
        self.images = images
        self.threads = threads
        self.formulation = formulation or self.FORMULATIONS[0]
        self.saliency = images.description["saliency"]

    def unpooled(self, row, score_map):
        """A row of seeds [L] at its places, [L,n,n]."""
        classes, height, width = score_map.shape
        if self.saliency["placement"] == "average":
            seeds = np.repeat(row[:, None] / (height * width), height * width, 1)
        else:
            seeds = np.zeros((classes, height * width), np.float32)
            seeds[np.arange(classes), score_map.reshape(classes, -1).argmax(1)] = row
        return np.ascontiguousarray(seeds.reshape(classes, height, width), np.float32)

    def rows(self, score_map):
        """Identified classes and the seeds of each pass."""
        scores = sigmoid(score_map.mean((1, 2)))
        identified = np.flatnonzero(scores > THRESHOLD)
        values = scores if self.saliency["seed"] == "score" else np.ones_like(scores)
        rows = np.zeros((len(identified) + 1, len(scores)), np.float32)
        rows[0, identified] = values[identified]
        rows[np.arange(1, len(rows)), identified] = values[identified]
        return identified, rows

    def trunk(self, number):
        """The state of the image, which `label_pass` takes."""
        return self.run_trunk(number)

    def label_pass(self, state):
        """The pass of all identified classes of an image whose trunk has been run."""
        score_map = state["score_map"]
        return self.run_label_pass(state, self.unpooled(self.rows(score_map)[1][0], score_map))

    def predict(self, number):
        """Identified classes, label map [S,S] and the probabilities of each pass."""
        state = self.run_trunk(number)
        identified, rows = self.rows(state["score_map"])
        passes = [self.run_label_pass(state, self.unpooled(row, state["score_map"])) for row in rows]
        scores = np.stack([passes[0][0]] + [one[1] for one in passes[1:]])
        labels = np.concatenate(([0], identified + 1)).astype(np.uint8)
        return identified, labels[scores.argmax(0)], passes

    predict_and_keep = predict
