#!/usr/bin/env python3
"""Time and memory of a prediction with many identified classes on a large photograph (docs/speed.md).

    large_prediction.py [--classes 60] [--width 8660] [--height 5774] [--threads 2] [--refine NAME ...] [--libraries PATH ...]

The network has drawn weights; all of its classes are given. Each library runs in a process of its own, whose memory holds the
photograph twice: as the array and as the library's image. With several libraries the label maps are compared.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", type=int, default=60)
    parser.add_argument("--width", type=int, default=8660)
    parser.add_argument("--height", type=int, default=5774)
    parser.add_argument("--size", type=int, default=320, help="of the network's input")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--refine", nargs="*", default=[], help="names of refinements")
    parser.add_argument("--libraries", nargs="+", default=[str(ROOT / ".build/release/libdecoupled.so")])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def predict(arguments):
    sys.path.insert(0, str(ROOT / "bindings/python"))
    import numpy as np

    import decoupled

    model = decoupled.Model.create({"preset": "tiny", "classes": arguments.classes, "input_size": arguments.size}, seed=1)
    blocks = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    rows = np.arange(arguments.height) * 64 // arguments.height
    columns = np.arange(arguments.width) * 96 // arguments.width
    photo = blocks[rows[:, None], columns[None, :]]
    options = {"refinements": arguments.refine} if arguments.refine else {}
    with decoupled.Session(model, threads=arguments.threads, **options) as session:
        small = np.ascontiguousarray(photo[:arguments.size, :arguments.size])
        session.predict(small, labels=[0])
        began = time.perf_counter()
        found = session.predict(photo, labels=list(range(arguments.classes)))
        seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    labels = len(np.unique(found.label_map))
    print(f"{hashlib.sha256(found.label_map.tobytes()).hexdigest()[:12]} {seconds:.2f} s, at most {memory:.2f} GB resident, "
          f"{labels} labels found", flush=True)


def main():
    arguments = parse()
    if arguments.here:
        predict(arguments)
        return 0
    print(f"{arguments.classes} classes on {arguments.width}x{arguments.height}, {arguments.threads} threads")
    maps = set()
    for library in arguments.libraries:
        line = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--here"], env={**os.environ, "DECOUPLED_LIBRARY": library},
            check=True, capture_output=True, text=True).stdout
        digest, _, rest = line.partition(" ")
        maps.add(digest)
        print(f"{library}: {rest.strip()}")
    if len(maps) > 1:
        print("The label maps differ.")
    return len(maps) > 1


if __name__ == "__main__":
    sys.exit(main())
