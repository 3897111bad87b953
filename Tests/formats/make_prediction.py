"""Makes fixtures/prediction.json and prediction.png: what the released procedure gives for `caffemodel.py --divisor 16` on
`procedure.photograph(3)`, computed in float64 by a PyTorch implementation of the network.

    python make_prediction.py ORACLE_FOLDER      (with decouplednet_torch.py; needs torch and pillow)
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import procedure
from caffemodel import Net

sys.path.insert(0, sys.argv[1])
import decouplednet_torch as oracle  # noqa: E402

source = Net(16, 1)
network = oracle.DecoupledNet(oracle.width(1 / 16)).double().eval()
with torch.no_grad():
    for name, parameter in network.named_parameters():
        layer, part = name.split(".")
        caffe = {"cls_score": "cls-score-voc", "seg_score": "seg-score-voc"}.get(
            layer, layer if layer[:-1].endswith("_") and layer[-1].isdigit() else layer.replace("_", "-"))
        if isinstance(getattr(network, layer), torch.nn.BatchNorm2d):
            part = {"weight": "scale", "bias": "shift"}[part]
        parameter.copy_(torch.from_numpy(source.array(f"{caffe}.{part}").astype(np.float64)).view(parameter.shape))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.zero_()
            module.running_var.fill_(1 - module.eps)
    image = procedure.photograph(3)
    x = torch.from_numpy(procedure.network_input(image, 320))[None]
    state = network.trunk(x)
    scores = state["scores"][0].numpy()
    identified = np.flatnonzero(scores > 0.5)
    masked = torch.from_numpy(scores * (scores > 0.5))[None]
    background = network.segment(state, masked)[0, 0].numpy()
    foregrounds = [network.segment(state, masked * torch.eye(20, dtype=torch.float64)[[c]])[0, 1].numpy() for c in identified]
labels, lead = procedure.label_map(background, foregrounds, identified.tolist(), image.shape[:2])
print("scores", np.sort(scores), "identified", identified, "labels", np.unique(labels, return_counts=True))
print("near-ties", (lead < 1e-4).sum(), "spread", [(f.min(), f.max()) for f in foregrounds], background.min(), background.max())
folder = Path(__file__).parent / "fixtures"
folder.mkdir(exist_ok=True)
Image.fromarray(labels).save(folder / "prediction.png")
Image.fromarray((lead < 1e-4).astype(np.uint8) * 255).save(folder / "near_ties.png")
(folder / "prediction.json").write_text(json.dumps({
    "scores": scores.tolist(), "identified": identified.tolist(),
    "foreground_16th": {int(c): f[8::16, 8::16].round(6).tolist() for c, f in zip(identified, foregrounds)},
}) + "\n")
