"""Trains both phases on a folder of photos, evaluates, and writes the model.

    python train.py DATA RUN

DATA is a VOC devkit tree or a folder with images/, masks/, labels.csv and classes.txt; `python shapes.py DATA` makes a small
one. Stop with Ctrl-C and go on with --resume.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import decoupled


def show(progress: decoupled.Progress) -> None:
    """One line now and then."""
    every = max(1, progress.maximum_iterations // 10) if progress.stage == "training" else 10
    if progress.iteration % every and progress.iteration != progress.maximum_iterations:
        return
    line = f"{progress.phase} {progress.stage} {progress.iteration}/{progress.maximum_iterations}"
    if progress.stage == "training":
        line += f"  loss {progress.smoothed_loss:.4f}  {progress.images_per_second:.0f} images/s"
        line += f"  {progress.remaining_seconds:.0f} s left"
    if progress.mean_average_precision is not None:
        line += f"  mAP {progress.mean_average_precision:.3f}"
    if progress.foreground_iou is not None:
        line += f"  foreground IoU {progress.foreground_iou:.3f}"
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="data set with the sets train and val")
    parser.add_argument("run", help="folder for checkpoints and models")
    parser.add_argument("--network", default="tiny", help="preset: vgg16, vgg16-small, small, tiny")
    parser.add_argument("--iterations", type=int, default=300, help="of each phase")
    parser.add_argument("--classification-rate", type=float, default=0.001, help="learning rate of phase 1")
    parser.add_argument("--segmentation-rate", type=float, default=0.2, help="learning rate of phase 2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", help="name or path of a backend; the fastest when left out")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    arguments = parser.parse_args()
    run = Path(arguments.run)
    try:
        train = decoupled.Dataset(arguments.data, "train")
        validation = decoupled.Dataset(arguments.data, "val")
        common = dict(
            iterations=arguments.iterations, seed=arguments.seed, batch_size=8, iter_size=1, validation=validation,
            resume=arguments.resume, checkpoint_every=50, evaluate_every=100, backend=arguments.backend,
            threads=arguments.threads, progress=show)
        model = decoupled.Model.create(arguments.network, train.classes, arguments.seed)
        model = decoupled.train_classification(
            model, train, directory=run / "classification", learning_rate=arguments.classification_rate, **common)
        settings = {"solver": {"policy": "poly"}, "conversion": {"batches": 20, "batch_size": 8}}
        model = decoupled.train_segmentation(
            model, train, directory=run / "segmentation", learning_rate=arguments.segmentation_rate, settings=settings,
            **common)
        model.save(run / "model.safetensors")
        print(decoupled.evaluate(model, validation, backend=arguments.backend, threads=arguments.threads))
        print(run / "model.safetensors")
    except KeyboardInterrupt:
        print("Stopped; go on with --resume.", file=sys.stderr)
        return 130
    except (decoupled.DecoupledError, OSError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
