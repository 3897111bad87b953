"""The seeded batch that training steps are compared on, and the solver's settings."""

import numpy as np

from pictures import network_input, photo

# Small enough that the drawn weights do not diverge.
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 1e-6, 0.9, 5e-4


class Batch:
    """Images [N,3,S,S], labels [N,L] and masks [N,S,S]."""

    def __init__(self, description, count):
        size, classes = description["input_size"], description["classes"]
        inputs = [network_input(photo(size, 10 + number), description) for number in range(count)]
        self.images = np.concatenate(inputs)
        self.labels = np.eye(classes, dtype=np.float32)[np.arange(count) % classes]
        self.masks = np.random.default_rng(5).integers(0, 2, (count, size, size))
