#!/usr/bin/env python3
"""What Winograd's transforms change in practice: label maps and mean IoU of a trained model with and without them.

    python agreement.py model.safetensors dataset --set val [--images 60]

Runs the model on the items of a data set with the backend `cpu` as it is, with plain sums (DECOUPLED_CPU_PRECISE=1), and with
`openblas` summing in double, each in a process of its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

MODES = {"cpu": ("cpu", {}), "cpu, precise": ("cpu", {"DECOUPLED_CPU_PRECISE": "1"}), "openblas, sums in double": ("openblas", {"DECOUPLED_OPENBLAS_PRECISE": "1"})}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("dataset")
    parser.add_argument("--set", default="val")
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--backend", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def predict(options):
    """Label maps and scores of the items, and the evaluation of them all, in one file."""
    import decoupled

    dataset = decoupled.Dataset(options.dataset, set=options.set)
    model = decoupled.Model.open(options.model)
    found = {}
    with decoupled.Session(model, backend=options.backend, threads=options.threads) as session:
        for number, item in enumerate(list(dataset)[:options.images]):
            prediction = session.predict(item.image_path)
            found[f"map{number}"] = prediction.label_map
            found[f"scores{number}"] = prediction.scores
        report = session.evaluate(dataset)
    np.savez(options.output, mean_iou=report["mean_iou"], **found)


def main():
    options = parse()
    if options.output:
        predict(options)
        return
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (mode, (backend, settings)) in enumerate(MODES.items()):
            path = Path(folder) / f"{number}.npz"
            subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--backend", backend, "--output", str(path)],
                env=os.environ | settings, check=True)
            results[mode] = dict(np.load(path))
    exact = results["openblas, sums in double"]
    print("| | mean IoU | pixels with another label than with sums in double | images that differ | largest difference of a score |")
    print("| --- | --- | --- | --- | --- |")
    for mode, found in results.items():
        maps = [name for name in found if name.startswith("map")]
        pixels = sum(found[name].size for name in maps)
        different = [int((found[name] != exact[name]).sum()) for name in maps]
        scores = max(np.abs(found[name] - exact[name]).max() for name in found if name.startswith("scores"))
        print(
            f"| {mode} | {float(found['mean_iou']):.6f} | {sum(different)} of {pixels} | "
            f"{sum(count > 0 for count in different)} of {len(maps)} | {scores:.1e} |")


if __name__ == "__main__":
    main()
