"""This project, through the C library."""

import os
import time

import numpy as np


class DecoupledLibrary:
    """`formulation` is the name of a backend, with " precise" behind it for plain sums instead of Winograd's."""

    FORMULATIONS = ("cpu",)
    GIVES_SWITCHES = True
    #: a pass cannot be had alone: `label_pass` is a whole prediction with one pass
    LABEL_PASS_CONTAINS_TRUNK = True

    def __init__(self, images, threads, formulation=""):
        backend, *mode = (formulation or self.FORMULATIONS[0]).split()
        if mode == ["precise"]:
            os.environ["DECOUPLED_CPU_PRECISE"] = "1"
        import decoupled

        self.images, self.threads, self.backend = images, threads, backend
        began = time.perf_counter()
        self.model = decoupled.Model.open(images.folder / "model.safetensors")
        #: seconds it took to open the model
        self.opening = time.perf_counter() - began
        self.session = decoupled.Session(self.model, backend=backend, threads=threads)
        self.batches = {}
        self.version = f"{self.session.backend.name} {self.session.backend.variant}"

    def trunk(self, number):
        self.session.classify(self.images["image", number])
        return number

    def label_pass(self, state):
        self.session.predict(self.images["image", state], labels=[0])

    def predict(self, number):
        return self.session.predict(self.images["image", number])

    def predict_and_keep(self, number):
        """`predict` with what the other engines return: identified classes, label map, probabilities of each pass."""
        import decoupled

        with decoupled.Session(self.model, backend=self.backend, threads=self.threads, foreground=True) as session:
            prediction = session.predict(self.images["image", number])
        identified = np.array([self.model.class_index(name) for name in prediction.identified], int)
        return identified, prediction.label_map, [None] + [
            np.stack((1 - plane, plane)) for plane in prediction.foreground.values()]

    def predict_batch(self, number, count):
        """`count` images in one call, which share every pass over the weights."""
        import decoupled

        if count not in self.batches:
            self.batches[count] = decoupled.Session(
                self.model, backend=self.backend, threads=self.threads, images_per_batch=count)
        self.batches[count].predict([self.images["image", number]] * count)

    def predict_given(self, number, count):
        """With the first `count` classes given."""
        self.session.predict(self.images["image", number], labels=list(range(count)))
