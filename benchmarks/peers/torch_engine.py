"""PyTorch, eager and compiled."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import folded
from network import Network
from peers.procedure import Procedure


def load(images):
    """The network of the files."""
    with torch.device("meta"):
        net = Network(images.description, seed=None)
    weights = load_file(images.folder / "model.safetensors")
    weights = {name.removeprefix("weights."): tensor for name, tensor in weights.items()}
    counters = {name: torch.zeros((), dtype=torch.long) for name in net.state_dict() if name.endswith("num_batches_tracked")}
    net.load_state_dict(weights | counters, assign=True)
    return net.eval()


class Eager(Procedure):
    FORMULATIONS = ("contiguous", "channels_last")
    GIVES_SWITCHES = True
    version = torch.__version__

    def __init__(self, images, threads, formulation=""):
        super().__init__(images, threads, formulation)
        torch.set_num_threads(threads)
        self.net = load(images)
        self.format = torch.channels_last if self.formulation == "channels_last" else torch.contiguous_format
        self.net.to(memory_format=self.format)
        self.trunk_function, self.label_function = self.net.trunk, self.net.label_pass

    @torch.no_grad()
    def run_trunk(self, number):
        image = torch.from_numpy(self.images["input", number]).to(memory_format=self.format)
        pool, fc6, fc7, score_map, switches = self.trunk_function(image)
        return {"inputs": (pool, fc6, fc7, switches), "score_map": score_map[0].numpy()}

    @torch.no_grad()
    def run_label_pass(self, state, seeds):
        return self.label_function(torch.from_numpy(seeds[None]), *state["inputs"])[0].numpy()


class Folded(torch.nn.Module):
    """Layers as `folded` gives them, on a dict of values."""

    def __init__(self, layers):
        super().__init__()
        self.layers = [replace(layer, weight=None, bias=None) for layer in layers]
        for layer in layers:
            for kind in ("weight", "bias"):
                values = getattr(layer, kind)
                if values is not None:
                    self.register_buffer(f"{layer.name}_{kind}", torch.from_numpy(values))

    def parameters_of(self, layer):
        return getattr(self, f"{layer.name}_weight"), getattr(self, f"{layer.name}_bias", None)

    def forward(self, values):
        values = dict(values)
        for layer in self.layers:
            x = [values[name] for name in layer.inputs]
            if layer.kind == "conv":
                y = F.conv2d(x[0], *self.parameters_of(layer), padding=layer.pad)
            elif layer.kind == "transposed":
                y = F.conv_transpose2d(x[0], *self.parameters_of(layer), padding=layer.pad)
            elif layer.kind == "pool":
                y, values[f"switch{layer.stage}"] = F.max_pool2d(x[0], 2, 2, return_indices=True)
            elif layer.kind == "unpool":
                y = F.max_unpool2d(x[0], values[f"switch{layer.stage}"], 2, 2)
            elif layer.kind == "multiply":
                y = x[0] * x[1]
            elif layer.kind == "concat":
                y = torch.cat(x, 1)
            else:
                y = torch.softmax(x[0], 1)
            values[layer.name] = F.relu(y) if layer.relu else y
        return values


class Compiled(Procedure):
    """torch.compile with frozen weights, which it lays out for its kernels, on the folded network: left to fold the
    normalisations behind transposed convolutions by itself, torch 2.13 gives wrong values."""

    GIVES_SWITCHES = True
    version = torch.__version__

    def __init__(self, images, threads, formulation=""):
        super().__init__(images, threads, formulation)
        import torch._inductor.config as settings

        settings.freezing = True
        torch.set_num_threads(threads)
        net = load(images)
        stages = range(1, images.stages + 1)
        kept = [f"pool{images.stages}", "fc6", "fc7", "score_map"] + [f"switch{stage}" for stage in stages]
        trunk, label_pass = Folded(folded.trunk(net)).eval(), Folded(folded.label_pass(net)).eval()
        del net

        def run_trunk(image):
            values = trunk({"image": image})
            return {name: values[name] for name in kept}

        def run_label_pass(seeds, values):
            masks = {f"mask{number}": (values[f"fc{number}"] > 0).to(seeds.dtype) for number in (6, 7)}
            given = values | masks | {"seeds": seeds, "pool": values[kept[0]]}
            return label_pass(given)["probabilities"]

        self.trunk_function, self.label_function = torch.compile(run_trunk), torch.compile(run_label_pass)

    @torch.no_grad()
    def run_trunk(self, number):
        values = self.trunk_function(torch.from_numpy(self.images["input", number]))
        return {"inputs": values, "score_map": values["score_map"][0].numpy()}

    @torch.no_grad()
    def run_label_pass(self, state, seeds):
        return self.label_function(torch.from_numpy(seeds[None]), state["inputs"])[0].numpy()
