#!/usr/bin/env python3
"""Agreement with, and speed against, an independent PyTorch implementation of the network.

Builds the same network with the same seeded weights on both sides, checks that scores, probabilities and label maps agree, then times
a whole prediction and one training step of phase 2, interleaved, with the same number of threads. Prints medians and ratios.

    python benchmarks/pytorch_eager.py --oracle ../shared/oracle --threads 2 [--width 1] [--size 320] [--runs 5] [--no-train]

Needs torch, numpy and safetensors in the environment, and this project's Python package (or bindings/python on PYTHONPATH).
"""

import argparse
import copy
import json
import os
import resource
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def write_safetensors(tensors, path):
    """The format is a length, a JSON header and the data; torch tensors are written one by one."""
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + 4 * tensor.numel()]}
        offset += 4 * tensor.numel()
    text = json.dumps(header).encode()
    text += b" " * (-(8 + len(text)) % 64)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.detach().contiguous().numpy().tobytes())


def description(config, classes):
    return {
        "name": "oracle", "classes": classes, "input_size": config.image, "stage_channels": list(config.channels),
        "fc6_kernel": config.fc6_kernel, "fc_width": config.fc, "segmentation_fc_width": config.seg_fc, "dropout": 0,
        "batch_normalization_epsilon": config.bn_eps,
        "saliency": {"placement": "max" if config.unpool == "max" else "average", "seed": "score"},
    }


def photo(size, seed):
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (size // 16, size // 16, 3)).repeat(16, 0).repeat(16, 1)
    return (0.7 * coarse + 0.3 * generator.integers(0, 256, (size, size, 3))).astype(np.uint8)


def network_input(image, torch):
    mean = np.array([104.00698793, 116.66876762, 122.67891434])
    planes = image[..., ::-1].astype(np.float64) - mean
    return torch.from_numpy(planes.transpose(2, 0, 1)[None].astype(np.float32))


def compare(prediction, expected):
    """Largest difference of the foreground probabilities, and how many labels differ outside near-ties."""
    label_map, normalized, _, probabilities = expected
    worst = max(
        (float(np.abs(prediction.foreground[name] - probabilities[row + 1, 1].numpy()).max())
         for row, name in enumerate(prediction.identified)), default=0.0)
    top = np.sort(normalized.numpy(), axis=0)
    clear = top[-1] - top[-2] > 1e-4
    return worst, int(((prediction.label_map != label_map.numpy()) & clear).sum())


def infer(net, x, torch):
    """Label map, normalised score maps, identified classes and probabilities of each pass, computed in the type of x."""
    keep = {}
    torch.set_default_dtype(x.dtype)
    try:
        return *net.infer(x, keep=keep), keep["probs"]
    finally:
        torch.set_default_dtype(torch.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", required=True, help="folder with decouplednet_torch.py")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--width", type=float, default=1.0, help="factor on every layer's channels")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--backend", default="openblas")
    parser.add_argument("--identified", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--double", action="store_true", help="compare with the same network in float64 too")
    parser.add_argument("--no-train", action="store_true")
    options = parser.parse_args()

    sys.path.insert(0, options.oracle)
    import torch
    import decouplednet_torch as oracle

    import decoupled

    torch.set_num_threads(options.threads)
    config = oracle.width(options.width, image=options.size, unpool="max")
    net = oracle.DecoupledNet(config, seed=1).eval()
    image = photo(options.size, 1)
    x = network_input(image, torch)
    others = [network_input(photo(options.size, seed), torch) for seed in (2, 3)]
    labels = [torch.eye(config.classes)[[0, 5]], torch.eye(config.classes)[[7, 11]]]
    oracle.calibrate_bn(net, [torch.cat([x, others[0]]), torch.cat(others)], labels)

    folder = Path(tempfile.mkdtemp())
    (folder / "network.json").write_text(json.dumps(description(config, config.classes)))
    rows = []
    print(f"{os.cpu_count()} processors, {options.threads} threads, torch {torch.__version__}, {options.size}x{options.size}")
    for count in options.identified:
        oracle.set_identified(net, x, count)
        weights = {name: tensor for name, tensor in net.state_dict().items() if not name.endswith("num_batches_tracked")}
        write_safetensors(weights, folder / "weights.safetensors")
        names = [f"class{index}" for index in range(config.classes)]
        blank = decoupled.Model.create(json.loads((folder / "network.json").read_text()), names, parts=decoupled.Parts(0))
        model = blank.import_weights(folder / "weights.safetensors", preprocessing="caffe")
        model.save(folder / "model.safetensors")
        del blank, model
        began = time.perf_counter()
        model = decoupled.Model.open(folder / "model.safetensors")
        opening = time.perf_counter() - began
        session = decoupled.Session(model, backend=options.backend, threads=options.threads, foreground=True)

        theirs, ours = [], []
        expected = infer(net, x, torch)
        prediction = session.predict(image)
        found = [model.class_index(name) for name in prediction.identified]
        assert found == expected[2].tolist(), (found, expected[2])
        worst, different = compare(prediction, expected)
        print(f"{count} identified: largest difference of probabilities {worst:.1e} (standard deviation "
              f"{float(expected[3][1:, 1].std()):.2f}), labels that differ outside near-ties {different}, "
              f"opening {1000 * opening:.0f} ms", flush=True)
        if options.double:
            exact = infer(copy.deepcopy(net).double(), x.double(), torch)
            worst, different = compare(prediction, exact)
            own = float((expected[3] - exact[3]).abs().max())
            print(f"  against float64: ours {worst:.1e} and {different} labels, torch's float32 {own:.1e}", flush=True)
        for _ in range(options.runs):
            began = time.perf_counter()
            net.infer(x)
            theirs.append(time.perf_counter() - began)
            began = time.perf_counter()
            session.predict(image)
            ours.append(time.perf_counter() - began)
        rows.append((f"prediction, {count} identified", theirs, ours))
        session.close()

    if not options.no_train:
        batch = 4
        xs = torch.cat([x, *others, x])[:batch]
        classes = torch.eye(config.classes)[[0, 3, 5, 7]]
        mask = torch.from_numpy(np.random.default_rng(5).integers(0, 2, (batch, options.size, options.size)))
        oracle.set_bn_train(net, True)
        optimiser = oracle.caffe_sgd(net.phase2_parameters(), lr=1e-4, caffe_rates=True)
        step = decoupled.Step(
            model, "segmentation", batch, backend=options.backend, threads=options.threads)
        theirs, ours = [], []
        for _ in range(max(2, options.runs // 2)):
            began = time.perf_counter()
            optimiser.zero_grad()
            loss = oracle.phase2_loss(net, xs, classes, mask)
            loss.backward()
            optimiser.step()
            theirs.append(time.perf_counter() - began)
            began = time.perf_counter()
            own = step.compute(xs.numpy(), classes.numpy(), mask.numpy().astype(np.int32))
            step.apply(1e-4)
            ours.append(time.perf_counter() - began)
        print(f"loss of the last step: torch {loss.item():.6f}, ours {own:.6f}")
        rows.append((f"phase 2 step, batch {batch}", theirs, ours))

    if options.runs:
        print("| what | torch eager, ms | ours, ms | ratio |\n|---|---|---|---|")
    for what, theirs, ours in rows if options.runs else []:
        a, b = statistics.median(theirs), statistics.median(ours)
        print(f"| {what} | {1000 * a:.0f} | {1000 * b:.0f} | {a / b:.2f}x |")
    print(f"peak memory of this process with both sides: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
