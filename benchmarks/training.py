"""Training steps of this project and of PyTorch on the same seeded batch."""

import numpy as np
import torch

from network import Network, network_input, photo
from peers.torch_engine import load

# Small enough that the drawn weights do not diverge.
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 1e-6, 0.9, 5e-4


class Batch:
    """Images [N,3,S,S], labels [N,L] and masks [N,S,S]."""

    def __init__(self, description, count):
        size, classes = description["input_size"], description["classes"]
        inputs = [network_input(photo(size, 10 + number), description) for number in range(count)]
        self.images = np.concatenate([x.numpy() for x in inputs])
        self.labels = np.eye(classes, dtype=np.float32)[np.arange(count) % classes]
        self.masks = np.random.default_rng(5).integers(0, 2, (count, size, size))


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


class EagerStep:
    def __init__(self, images, threads, formulation, phase, count):
        torch.set_num_threads(threads)
        batch = Batch(images.description, count)
        self.net: Network = load(images)
        for module in self.net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.train()
        groups = []
        trained = self.net.parameters_of(phase)
        for parameter in self.net.parameters():
            parameter.requires_grad_(False)
        for name, parameter in trained:
            # The authors' files give biases of convolutions twice the rate and no decay.
            bias = name.endswith(".bias") and "bn" not in name
            parameter.requires_grad_(True)
            groups.append({
                "params": [parameter], "lr": LEARNING_RATE * (2 if bias else 1), "weight_decay": 0 if bias else WEIGHT_DECAY})
        self.optimizer = torch.optim.SGD(groups, lr=LEARNING_RATE, momentum=MOMENTUM)
        self.arrays = [torch.from_numpy(batch.images), torch.from_numpy(batch.labels)]
        if phase == "segmentation":
            self.arrays.append(torch.from_numpy(batch.masks))
        self.loss = getattr(self.net, f"{phase}_loss")
        self.version = torch.__version__

    def step(self):
        self.optimizer.zero_grad()
        loss = self.loss(*self.arrays)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class CompiledStep(EagerStep):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.loss = torch.compile(self.loss)


STEPS = {"decoupled": DecoupledStep, "eager": EagerStep, "compiled": CompiledStep}
