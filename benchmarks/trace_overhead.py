#!/usr/bin/env python3
"""What tracing costs: predictions of one model by two sessions in turn, one of them traced.

usage: DECOUPLED_LIBRARY=.../libdecoupled.so trace_overhead.py [--network vgg16] [--backend cpu] [--pairs 40]

Prints the medians and the median over all pairs of what the traced prediction took longer. The order within a pair changes
from pair to pair, so that neither session always comes first.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bindings/python"))
import decoupled  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="vgg16")
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--pairs", type=int, default=40)
    arguments = parser.parse_args()
    model = decoupled.Model.create(arguments.network, [f"class{index}" for index in range(20)], seed=1)
    image = np.random.default_rng(1).integers(0, 256, (320, 320, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder, "trace.json")
        sessions = {
            "plain": decoupled.Session(model, arguments.backend),
            "traced": decoupled.Session(model, arguments.backend, trace=trace),
        }
        seconds = {name: [] for name in sessions}
        for pair in range(arguments.pairs + 2):
            for name in list(sessions)[:: 1 if pair % 2 else -1]:
                began = time.perf_counter()
                sessions[name].predict(image, ["class0"])
                seconds[name].append(time.perf_counter() - began)
        # The first two pairs plan, pack and touch memory for the first time.
        seconds = {name: times[2:] for name, times in seconds.items()}
        for session in sessions.values():
            session.close()
        size = trace.stat().st_size
    ratios = sorted(traced / plain - 1 for plain, traced in zip(seconds["plain"], seconds["traced"]))
    middle = len(ratios) // 2
    spread = 1.25 * statistics.stdev(ratios) / len(ratios) ** 0.5
    print(
        f"{arguments.network} on {arguments.backend}, {len(ratios)} pairs: plain {1e3 * statistics.median(seconds['plain']):.1f} ms,"
        f" traced {1e3 * statistics.median(seconds['traced']):.1f} ms, fastest {1e3 * min(seconds['plain']):.3f} and"
        f" {1e3 * min(seconds['traced']):.3f}; tracing costs {100 * ratios[middle]:+.2f} % (+- {100 * spread:.2f}), trace of {size} bytes"
    )


main()
