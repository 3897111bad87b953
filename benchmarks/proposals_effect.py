#!/usr/bin/env python3
"""What windows from proposals do for mean IoU beside random windows alone (docs/cropping.md).

    proposals_effect.py CLASSIFICATION_MODEL DATA OUTPUT [--iterations 300] [--seeds 1 2 3] [--strong strong_5]

Phase 2 alone, on one classification network, with and without proposals; everything else is equal. The edges that proposals
need are learned from the masks that the segmentation network learns from, no others. An interrupted run goes on when it is called again.
"""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENCLOSED = ["--set-value", "cropping.enclosed_share=0.8"]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="its classification network is used")
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--strong", default="strong_5", help="list of the images with masks")
    parser.add_argument("--edges", type=Path, help="forest to use instead of one that learns from the images of --strong")
    parser.add_argument("--config", type=Path, default=ROOT / "examples/recipes/photos.yaml")
    parser.add_argument("--command", default=os.environ.get("DECOUPLED", ROOT / ".build/release/decoupled"))
    return parser.parse_args()


def evaluated(call, data, run, name, *options):
    """Mean IoU in percent."""
    file = run / f"{name}.json"
    if not file.exists():
        call("eval", "--model", run / "model.safetensors", "--data", data, "--json", file, *options)
    return 100 * json.loads(file.read_text())["segmentation"]["meanIntersectionOverUnion"]


def main():
    arguments = parse()

    def call(*words):
        subprocess.run([str(arguments.command), *map(str, words)], check=True)

    arguments.output.mkdir(parents=True, exist_ok=True)
    edges = arguments.edges or arguments.output / "edges.safetensors"
    arms = {
        "random alone": [],
        "proposals and random": [
            "--set-value", "cropping.proposals.share=0.5", "--set-value", "cropping.proposals.growth=0.1",
            "--set-value", f"cropping.proposals.edges={edges}"],
    }
    columns = {"threshold 0.5": [], "true labels given": ["--true-labels"]}
    results = {arm: {column: [] for column in columns} for arm in arms}
    for seed in arguments.seeds:
        for arm, settings in arms.items():
            run = arguments.output / f"{arm.replace(' ', '_')}-{seed}"
            if settings and not edges.exists():
                call("train", "edges", "--data", arguments.data, "--strong", arguments.strong, "--output", edges, "--resume")
            if not (run / "model.safetensors").exists():
                call("train", "segmentation", "--data", arguments.data, "--strong", arguments.strong, "--model", arguments.model,
                     "--output", run, "--config", arguments.config, "--iterations", arguments.iterations, "--seed", seed,
                     "--resume", *ENCLOSED, *settings)
            for column, options in columns.items():
                results[arm][column].append(evaluated(call, arguments.data, run, column.replace(" ", "_"), *options))
    for column in columns:
        print(f"\n| mean IoU, {column} | " + " | ".join(f"seed {seed}" for seed in arguments.seeds) + " | mean |")
        print("| --- " * (len(arguments.seeds) + 2) + "|")
        for arm in arms:
            values = results[arm][column]
            print(f"| {arm} | " + " | ".join(f"{value:.1f}" for value in [*values, statistics.mean(values)]) + " |")


if __name__ == "__main__":
    main()
