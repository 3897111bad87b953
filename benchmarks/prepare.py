#!/usr/bin/env python3
"""Writes one network in the format of every peer, with two images and what PyTorch predicts for them.

In the first image one class is identified, in the second three. The folder holds description.json, model.safetensors (this
project's), *.onnx, ncnn_*.{param,bin} and images.npz.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

import decoupled
import export_ncnn
import export_onnx
from network import Network, network_input
from pictures import photo

#: identified classes of the two images
IDENTIFIED = (1, 3)


def describe(preset, settings):
    """Description of a preset with settings over it, without weights."""
    blank = decoupled.Model.create(preset, parts=decoupled.Parts(0))
    return blank.description | settings


def make(description):
    """The network with seeded weights and measured statistics; the images and their inputs."""
    net = Network(description)
    images = [photo(net.size, seed) for seed in (1, 2)]
    inputs = [network_input(image, description) for image in images]
    labels = torch.eye(net.classes)
    batches = [(torch.cat(inputs), labels[[0, 1]]), (torch.cat(inputs[::-1]), labels[[2, 3]])]
    net.calibrate(batches)
    margin = net.identify(*inputs, IDENTIFIED)
    print(f"least distance of a class score from the threshold, before the sigmoid: {margin:.3f}")
    return net.eval(), images, inputs


@torch.no_grad()
def expected(net, x):
    """What PyTorch computes: identified classes, probabilities of each pass, masks of the pools, ReLU masks."""
    pool, fc6, fc7, score_map, switches = net.trunk(x)
    scores = torch.sigmoid(score_map.mean((2, 3)))[0]
    identified = torch.nonzero(scores > 0.5)[:, 0].tolist()
    values = scores if net.description["saliency"]["seed"] == "score" else torch.ones_like(scores)
    rows = torch.zeros(len(identified) + 1, net.classes)
    rows[0, identified] = values[identified]
    for row, index in enumerate(identified, 1):
        rows[row, index] = values[index]
    passes = [
        net.label_pass(net.unpooled(row[None], score_map), pool, fc6, fc7, switches)[0].numpy() for row in rows]
    masks = []
    for stage, switch in enumerate(switches):
        side = net.size >> stage
        mask = torch.zeros(switch.shape[1], side * side).scatter(1, switch[0].flatten(1), 1.0)
        masks.append(mask.view(-1, side, side).numpy())
    return {"scores": scores.numpy(), "identified": np.array(identified), "probabilities": np.stack(passes)} | {
        f"mask_of_pool{stage}": mask for stage, mask in enumerate(masks, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="vgg16")
    parser.add_argument("--set", dest="settings", default="{}", help="settings over the preset, as JSON")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    description = describe(options.preset, json.loads(options.settings))
    net, images, inputs = make(description)
    (options.folder / "description.json").write_text(json.dumps(description))
    arrays = {}
    for number, (image, x) in enumerate(zip(images, inputs)):
        found = expected(net, x)
        if len(found["identified"]) != IDENTIFIED[number]:
            raise SystemExit(f"image {number} shows {len(found['identified'])} classes instead of {IDENTIFIED[number]}")
        arrays |= {f"{name}/{number}": value for name, value in found.items()}
        arrays |= {f"image/{number}": image, f"input/{number}": x.numpy()}
    np.savez(options.folder / "images.npz", **arrays)

    names = [name for name in net.state_dict() if not name.endswith("num_batches_tracked")]
    weights = options.folder / "weights.safetensors"
    save_file({name: net.state_dict()[name].contiguous() for name in names}, weights)
    blank = decoupled.Model.create(description, parts=decoupled.Parts(0))
    blank.import_weights(weights).save(options.folder / "model.safetensors")
    weights.unlink()
    for indices in (True, False):
        suffix = "_indices" if indices else ""
        export_onnx.trunk(net, options.folder / f"trunk{suffix}.onnx", indices)
        export_onnx.label_pass(net, options.folder / f"label_pass{suffix}.onnx", indices)
    export_ncnn.trunk(net, options.folder / "ncnn_trunk")
    export_ncnn.label_pass(net, options.folder / "ncnn_label_pass")


if __name__ == "__main__":
    main()
