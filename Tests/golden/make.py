"""Writes tiny.safetensors: every number of a tiny DecoupledNet, computed in float64 by PyTorch.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install torch && /tmp/golden/bin/python Tests/golden/make.py

The network is written down here once more, from the paper and the released network files, so that the engine is held to
something that it shares no code with. README.md says what is in the files. Tests read the files; nobody needs PyTorch to run them.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

HERE = Path(__file__).resolve().parent
DESCRIPTION = {
    "name": "golden tiny", "classes": 3, "input_size": 24, "stage_channels": [4, 5, 6], "stage_convolutions": [1, 2, 1],
    "decoder_convolutions": [1, 2, 2], "fc6_kernel": 2, "fc_width": 10, "segmentation_fc_width": 8,
    "batch_normalization_epsilon": 1e-5, "saliency": "released"}
CLASSES, SIZE = DESCRIPTION["classes"], DESCRIPTION["input_size"]
CHANNELS, CONVOLUTIONS = DESCRIPTION["stage_channels"], DESCRIPTION["stage_convolutions"]
DECONVOLUTIONS, KERNEL = DESCRIPTION["decoder_convolutions"], DESCRIPTION["fc6_kernel"]
WIDTH, SEGMENTATION_WIDTH = DESCRIPTION["fc_width"], DESCRIPTION["segmentation_fc_width"]
EPSILON, LAST = DESCRIPTION["batch_normalization_epsilon"], len(CHANNELS)
#: No ReLU and no pool may be decided by less than this share of the largest value, so that every engine decides alike.
LEAST_MARGIN = 1e-5
#: The first seed whose least margin is larger.
SEED = 94


class Net:
    """The layers, with whatever they computed kept by name."""

    def __init__(self, weights: dict[str, Tensor], training: bool = False) -> None:
        self.weights, self.training = weights, training
        self.values: dict[str, Tensor] = {}
        self.statistics: dict[str, tuple[Tensor, Tensor, int]] = {}
        self.margin = 1.0

    def keep(self, name: str, value: Tensor) -> Tensor:
        self.values[name] = value
        return value

    def relu(self, x: Tensor) -> Tensor:
        self.margin = min(self.margin, float((x.abs().min() / x.abs().max()).detach()))
        return F.relu(x)

    def convolution(self, name: str, x: Tensor, pad: int = 0) -> Tensor:
        return F.conv2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], padding=pad)

    def deconvolution(self, name: str, x: Tensor, pad: int = 0) -> Tensor:
        return F.conv_transpose2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], padding=pad)

    def normalization(self, name: str, x: Tensor) -> Tensor:
        if self.training:
            mean = x.mean((0, 2, 3))
            variance = ((x - mean[:, None, None]) ** 2).mean((0, 2, 3))
            self.statistics[name] = (mean.detach(), variance.detach(), x.numel() // x.shape[1])
        else:
            mean, variance = self.weights[f"{name}.running_mean"], self.weights[f"{name}.running_var"]
        normal = (x - mean[:, None, None]) / (variance[:, None, None] + EPSILON).sqrt()
        return normal * self.weights[f"{name}.weight"][:, None, None] + self.weights[f"{name}.bias"][:, None, None]

    def pool(self, name: str, x: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Maxima and their places y * W + x in the plane; the first of equal ones."""
        n, c, h, w = x.shape
        windows = x.reshape(n, c, h // size, size, w // size, size).transpose(3, 4).reshape(n, c, h // size, w // size, size * size)
        order = windows.detach().sort(-1, descending=True).values
        # Equal values (zeros behind a ReLU) are equal in every engine.
        apart = (order[..., 0] - order[..., 1])[order[..., 0] != order[..., 1]]
        if apart.numel():
            self.margin = min(self.margin, float(apart.min() / x.detach().abs().max()))
        cell = (windows == order[..., :1]).to(torch.int8).argmax(-1)
        rows, columns = torch.meshgrid(torch.arange(h // size), torch.arange(w // size), indexing="ij")
        places = (rows * size + cell // size) * w + columns * size + cell % size
        values = windows.gather(-1, cell[..., None])[..., 0]
        self.keep(f"{name}_switch", places)
        return self.keep(name, values), places

    def classification(self, image: Tensor) -> None:
        """Section 4.1."""
        x = image
        self.switches = []
        for stage in range(1, LAST + 1):
            for number in range(1, CONVOLUTIONS[stage - 1] + 1):
                x = self.keep(f"conv{stage}_{number}", self.relu(self.convolution(f"conv{stage}_{number}", x, pad=1)))
            x, places = self.pool(f"pool{stage}", x, 2)
            self.switches.append(places)
        self.last_pool = x
        self.fc6 = self.keep("fc6", self.relu(self.convolution("fc6", x)))
        self.fc7 = self.keep("fc7", self.relu(self.convolution("fc7", self.fc6)))
        self.map = self.keep("cls_score", self.convolution("cls_score", self.fc7))
        self.keep("logits", self.map.mean((2, 3)))
        self.keep("scores", self.values["logits"].sigmoid())
        largest, self.score_switch = self.pool("score", self.map, self.map.shape[-1])
        self.values.pop("score")
        self.keep("scores_max", largest.flatten(1).sigmoid())

    def saliency(self, seeds: Tensor, placement: str, rows: list[int] | None = None) -> Tensor:
        """Eq. (3): what the seeds of each class give when they go back from the pooled score to the last pool."""
        rows = rows if rows is not None else list(range(len(seeds)))
        n = self.map.shape[-1]
        if placement == "max":
            unpooled = torch.zeros(len(seeds), CLASSES, n * n, dtype=seeds.dtype)
            unpooled = unpooled.scatter(2, self.score_switch[rows].flatten(2), seeds[:, :, None])
        else:
            unpooled = (seeds / (n * n))[:, :, None].expand(-1, -1, n * n)
        x = self.keep("cls_score_unpooled", unpooled.reshape(len(seeds), CLASSES, n, n))
        x = self.keep("fc7_bp", F.conv_transpose2d(x, self.weights["cls_score.weight"]) * (self.fc7[rows] > 0))
        x = self.keep("fc6_bp", F.conv_transpose2d(x, self.weights["fc7.weight"]) * (self.fc6[rows] > 0))
        return self.keep("pool5_bp", F.conv_transpose2d(x, self.weights["fc6.weight"]))

    def segmentation(self, saliency: Tensor, rows: list[int] | None = None) -> Tensor:
        """Sections 4.3 and 4.2: bridging layers, then the un-pooling network. Scores of background and foreground."""
        rows = rows if rows is not None else list(range(len(saliency)))
        pool = self.keep("pool5_bn", self.normalization(f"pool{LAST}_bn", self.last_pool[rows]))
        own = self.keep("pool5_bp_bn", self.normalization(f"pool{LAST}_bp_bn", saliency))
        x = torch.cat([pool, own], 1)
        for name in ("fc6_seg", "fc7_seg"):
            x = self.keep(name, self.relu(self.normalization(f"bn{name}", self.convolution(name, x))))
        x = self.keep("fc6_deconv", self.relu(self.normalization("fc6_deconv_bn", self.deconvolution("fc6_deconv", x))))
        for stage in range(LAST, 0, -1):
            places = self.switches[stage - 1][rows]
            side = SIZE >> (stage - 1)
            plane = torch.zeros(*x.shape[:2], side * side, dtype=x.dtype)
            x = plane.scatter(2, places.flatten(2), x.flatten(2)).reshape(*x.shape[:2], side, side)
            self.keep(f"unpool{stage}", x)
            for number in range(1, DECONVOLUTIONS[stage - 1] + 1):
                name = f"{stage}_{number}"
                x = self.relu(self.normalization(f"debn{name}", self.deconvolution(f"deconv{name}", x, pad=1)))
                self.keep(f"deconv{name}", x)
        return self.keep("seg_score", self.convolution("seg_score", x))


def shapes() -> dict[str, tuple[int, ...]]:
    """Weights by layer, in the order in which the layers run."""
    result: dict[str, tuple[int, ...]] = {}
    channels = 3
    for stage, out in enumerate(CHANNELS, 1):
        for number in range(1, CONVOLUTIONS[stage - 1] + 1):
            result[f"conv{stage}_{number}"] = (out, channels, 3, 3)
            channels = out
    result |= {"fc6": (WIDTH, channels, KERNEL, KERNEL), "fc7": (WIDTH, WIDTH, 1, 1), "cls_score": (CLASSES, WIDTH, 1, 1)}
    result |= {f"pool{LAST}_bn": (channels,), f"pool{LAST}_bp_bn": (channels,)}
    wide = SEGMENTATION_WIDTH
    result |= {"fc6_seg": (wide, 2 * channels, KERNEL, KERNEL), "bnfc6_seg": (wide,), "fc7_seg": (wide, wide, 1, 1), "bnfc7_seg": (wide,)}
    # Weights of transposed convolutions are stored (in, out, kernel, kernel).
    result |= {"fc6_deconv": (wide, channels, KERNEL, KERNEL), "fc6_deconv_bn": (channels,)}
    for stage in range(LAST, 0, -1):
        for number in range(1, DECONVOLUTIONS[stage - 1] + 1):
            last = number == DECONVOLUTIONS[stage - 1] and stage > 1
            out = CHANNELS[stage - 2] if last else CHANNELS[stage - 1]
            result |= {f"deconv{stage}_{number}": (channels, out, 3, 3), f"debn{stage}_{number}": (out,)}
            channels = out
    return result | {"seg_score": (2, channels, 1, 1)}


def draw(seed: int) -> dict[str, Tensor]:
    """Weights that are no special case of anything: no bias is 0, no scale is 1. Rounded to float32, as a file has them."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int, deviation: float, mean: float = 0) -> Tensor:
        return (torch.randn(*shape, generator=generator, dtype=torch.float64) * deviation + mean).float().double()

    weights: dict[str, Tensor] = {}
    for name, shape in shapes().items():
        if len(shape) == 1:
            weights[f"{name}.weight"] = normal(*shape, deviation=0.1, mean=1)
            weights[f"{name}.bias"] = normal(*shape, deviation=0.1, mean=0.2)
            continue
        transposed = "deconv" in name
        fan_in = (shape[0] if transposed else shape[1]) * shape[2] * shape[3]
        weights[f"{name}.weight"] = normal(*shape, deviation=(2 / fan_in) ** 0.5)
        weights[f"{name}.bias"] = normal(shape[1] if transposed else shape[0], deviation=0.1)
    return weights


def trained(weights: dict[str, Tensor], phase: int) -> list[str]:
    first = [name for name in weights if name.startswith(("conv", "fc6.", "fc7.", "cls_score"))]
    return first if phase == 1 else [n for n in weights if n not in first and "running" not in n]


def loss_of(net: Net, batch: dict[str, Tensor], phase: int) -> Tensor:
    net.classification(batch["x"])
    if phase == 1:
        # Sigmoid cross-entropy of the average-pooled scores, summed over classes, divided by the images.
        z, t = net.values["logits"], batch["p1_target"]
        return (z.clamp(min=0) - z * t + (-z.abs()).exp().log1p()).sum() / len(z)
    seeds = net.keep("masked_scores", net.values["scores_max"] * batch["p2_cls_label"])
    scores = net.segmentation(net.saliency(seeds, "max"))
    # Softmax cross-entropy, mean over the pixels that are not ignored.
    target = batch["p2_seg_label"]
    counted = target != 255
    chosen = scores.log_softmax(1).gather(1, torch.where(counted, target, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum()


def steps(
    weights: dict[str, Tensor], batch: dict[str, Tensor], phase: int, rate: float, caffe_rates: bool
) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor, Net, float]:
    """Three steps of v = 0.9 v + rate (g + 5e-4 w), w -= v: the first gradients, the last weights, losses, the first net."""
    names = trained(weights, phase)
    now = dict(weights)
    velocity = {name: torch.zeros_like(weights[name]) for name in names}
    losses, gradients, first, margin = [], {}, None, 1.0
    for _ in range(3):
        leaves = {name: now[name].detach().requires_grad_() for name in names}
        net = Net(now | leaves, training=phase == 2)
        loss = loss_of(net, batch, phase)
        found = dict(zip(names, torch.autograd.grad(loss, [leaves[name] for name in names])))
        losses.append(loss.detach())
        margin = min(margin, net.margin)
        if first is None:
            gradients, first = found, net
        for name in names:
            # The released files: biases of (de)convolutions learn twice as fast and do not decay.
            bias = caffe_rates and name.endswith(".bias") and "bn" not in name
            decay = 0 if bias else 5e-4
            velocity[name] = 0.9 * velocity[name] + rate * (2 if bias else 1) * (found[name] + decay * now[name])
            now[name] = now[name] - velocity[name]
    return gradients, {name: now[name] for name in names}, torch.stack(losses), first, margin


def compute(seed: int, dtype: torch.dtype) -> tuple[dict[str, Tensor], float]:
    """All tensors of the file, and the least margin of any decision."""
    generator = torch.Generator().manual_seed(1000 + seed)
    weights = draw(seed)
    image = (torch.randn(1, 3, SIZE, SIZE, generator=generator, dtype=torch.float64)).float().double()
    batch = {
        "x": torch.randn(2, 3, SIZE, SIZE, generator=generator, dtype=torch.float64).float().double(),
        "p1_target": torch.tensor([[1, 0, 1], [0, 1, 0]], dtype=torch.float64),
        "p2_cls_label": torch.tensor([[1, 0, 0], [0, 1, 1]], dtype=torch.float64),
        "p2_seg_label": torch.randint(0, 2, (2, SIZE, SIZE), generator=generator)}
    batch["p2_seg_label"][:, 5:9, 3:17] = 255
    # The scores of the image: two classes above one half. Then statistics as training would leave them, near those of a batch.
    net = Net(weights)
    net.classification(image)
    weights["cls_score.bias"] = (weights["cls_score.bias"] + torch.tensor([0.9, -0.8, 0.4]) - net.values["logits"][0]).float().double()
    net = Net(weights, training=True)
    loss_of(net, batch, 2)
    for name, (mean, variance, _) in net.statistics.items():
        weights[f"{name}.running_mean"] = (mean * 1.1).float().double()
        weights[f"{name}.running_var"] = (variance * 0.8).float().double()
    weights = {name: value.to(dtype) for name, value in weights.items()}
    image = image.to(dtype)
    batch = {name: value.to(dtype) if value.is_floating_point() else value for name, value in batch.items()}

    result: dict[str, Tensor] = {f"weights.{name}": value for name, value in weights.items()}
    net = Net(weights)
    net.classification(image)
    result["input"] = image
    result |= {f"fwd.{name}": value for name, value in net.values.items()}
    scores = net.values["scores"][0]
    identified = (scores > 0.5).nonzero().flatten()
    rows = torch.stack([scores * (scores > 0.5), *(scores * F.one_hot(i, CLASSES) for i in identified)])
    result |= {"infer.identified": identified, "infer.labels": rows}
    first = [0] * len(rows)
    for placement, prefix in (("average", "saliency_avg"), ("max", "saliency_max")):
        net.values = {}
        saliency = net.saliency(rows, placement, first)
        result |= {f"{prefix}.{name}": value for name, value in net.values.items()}
    net.values = {}
    probabilities = net.segmentation(saliency, first).softmax(1)
    result |= {f"seg_all.{name}": value[:1] for name, value in net.values.items()}
    result["infer.probs"] = probabilities
    # Background of the pass of all classes, foreground of each class's own; divided by their sum.
    maps = torch.zeros(CLASSES + 1, SIZE, SIZE, dtype=dtype)
    maps[0] = probabilities[0, 0]
    maps[identified + 1] = probabilities[1:, 1]
    normal = maps / maps.sum(0)
    best = normal.sort(0, descending=True).values
    margin = min(net.margin, float((best[0] - best[1]).min()), float((scores - 0.5).abs().min()))
    result |= {"infer.score_map": maps, "infer.norm_score_map": normal, "infer.label_map": normal.argmax(0)}

    result |= {f"train.{name}": value for name, value in batch.items()}
    gradients, after, losses, _, least = steps(weights, batch, 1, 0.001, False)
    margin = min(margin, least)
    result |= {f"p1.grad.{name}": value for name, value in gradients.items()}
    result |= {f"p1.after3.{name}": value for name, value in after.items()} | {"p1.after3_losses": losses}
    for group, caffe_rates in (("p2.after3", False), ("p2.after3_caffe_rates", True)):
        gradients, after, losses, net, least = steps(weights, batch, 2, 0.01, caffe_rates)
        margin = min(margin, least)
        result |= {f"{group}.{name}": value for name, value in after.items()} | {f"{group}_losses": losses}
    result |= {f"p2.grad.{name}": value for name, value in gradients.items()}
    result |= {f"p2.{name}": net.values[name].detach() for name in ("masked_scores", "pool5_bp", "seg_score")}
    for name, (mean, variance, count) in net.statistics.items():
        old = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
        result[f"p2.running_after1.{name}.running_mean"] = 0.9 * old[0] + 0.1 * mean
        result[f"p2.running_after1.{name}.running_var"] = 0.9 * old[1] + 0.1 * variance * count / (count - 1)
    return result, margin


def write(tensors: dict[str, Tensor]) -> None:
    """The tensors as float32 and int32, with an index that programs without a JSON reader can read."""
    entries, blocks, offset = {}, [], 0
    for name, value in tensors.items():
        value = value.detach().to(torch.float32 if value.is_floating_point() else torch.int32).contiguous()
        data = value.numpy().tobytes()
        kind = "F32" if value.is_floating_point() else "I32"
        entries[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [offset, offset + len(data)]}
        blocks.append(data)
        offset += len(data)
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    (HERE / "tiny.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"".join(blocks))
    lines = []
    for name, entry in entries.items():
        shape = ",".join(map(str, entry["shape"])) or "1"
        lines.append(f"{name} {entry['dtype'].lower()} {8 + len(header) + entry['data_offsets'][0]} {shape}\n")
    (HERE / "tiny.index.txt").write_text("".join(lines))
    (HERE / "tiny.json").write_text(json.dumps(DESCRIPTION) + "\n")


#: Tensors whose deviations are stated together: the worst of them.
GROUPS = ("p1.grad", "p1.after3", "p2.grad", "p2.after3", "p2.after3_caffe_rates", "p2.running_after1")


def deviations(exact: dict[str, Tensor], single: dict[str, Tensor]) -> None:
    """How far PyTorch's own run in float32 is from float64: max |a - b| / max |b|. Tests allow a few times as much."""
    worst: dict[str, float] = {}
    largest = {g: max(float(v.abs().max()) for n, v in exact.items() if n.startswith(g + ".")) for g in GROUPS if g.endswith("grad")}
    for name, value in exact.items():
        if name.startswith("weights.") or not value.is_floating_point():
            assert torch.equal(value.float(), single[name].float()), name
            continue
        group = next((group for group in GROUPS if name.startswith(group + ".")), name)
        scale = float(value.abs().max())
        # Biases before a normalisation have no gradient but rounding.
        if group in largest and scale < 1e-9 * largest[group]:
            continue
        found = float((value - single[name].double()).abs().max()) / max(scale, 1e-300)
        worst[group] = max(worst.get(group, 0), found, 6e-8)
    lines = [f"{name} {value:.2e}\n" for name, value in worst.items()]
    (HERE / "tiny.deviation.txt").write_text("# max |float32 - float64| / max |float64|, of the worst tensor of a group\n" + "".join(lines))


def main() -> None:
    torch.set_num_threads(1)
    exact, margin = compute(SEED, torch.float64)
    assert margin > LEAST_MARGIN, margin
    write(exact)
    deviations(exact, compute(SEED, torch.float32)[0])
    print(f"margin {margin:.1e}, {(HERE / 'tiny.safetensors').stat().st_size} bytes")


if __name__ == "__main__":
    main()
