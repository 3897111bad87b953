"""A training step of this project, in a module without PyTorch: its libraries are not this project's memory."""

import numpy as np

from batch import MOMENTUM, WEIGHT_DECAY, LEARNING_RATE, Batch


class DecoupledStep:
    FORMULATIONS = ("cpu",)

    def __init__(self, images, threads, formulation, phase, count):
        import decoupled

        batch = Batch(images.description, count)
        model = decoupled.Model.open(images.folder / "model.safetensors")
        self.own = decoupled.Step(
            model, phase, count, backend=formulation or "cpu", threads=threads, momentum=MOMENTUM,
            weight_decay=WEIGHT_DECAY)
        masks = (batch.masks.astype(np.int32),) if phase == "segmentation" else ()
        self.arrays = (batch.images, batch.labels, *masks)
        self.version = ""

    def step(self):
        """One step; the loss before it."""
        loss = self.own.compute(*self.arrays)
        self.own.apply(LEARNING_RATE)
        return loss
