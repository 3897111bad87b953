"""Segments photos: prints what was found and writes a label map and an overlay for each.

    python predict.py model.safetensors photo.jpg [photo.png ...] --output results
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import decoupled


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="model file")
    parser.add_argument("photos", nargs="+", help="JPEG or PNG files")
    parser.add_argument("--output", default="results", help="folder for the pictures")
    parser.add_argument("--labels", help="segment these classes, separated by commas, whatever the scores")
    parser.add_argument("--threshold", type=float, default=0.5, help="score above which a class is identified")
    parser.add_argument("--backend", help="name or path of a backend; the fastest when left out")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    output = Path(arguments.output)
    labels = arguments.labels.split(",") if arguments.labels else None
    try:
        output.mkdir(parents=True, exist_ok=True)
        model = decoupled.Model.open(arguments.model)
        with decoupled.Session(
            model, arguments.backend, arguments.threads, threshold=arguments.threshold
        ) as session:
            for photo in arguments.photos:
                prediction = session.predict(photo, labels)
                found = [f"{name} ({prediction.score(name):.2f})" for name in prediction.identified]
                print(f"{photo}: {', '.join(found) or 'background only'}")
                stem = Path(photo).stem
                prediction.save_label_map(output / f"{stem}-labels.png")
                prediction.save_overlay(photo, output / f"{stem}-overlay.png")
    except (decoupled.DecoupledError, OSError) as error:
        print(f"predict.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
