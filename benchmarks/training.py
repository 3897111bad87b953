"""Training steps of PyTorch."""

import torch

from batch import LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, Batch
from network import Network
from peers.torch_engine import load


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


STEPS = {"eager": EagerStep, "compiled": CompiledStep}
