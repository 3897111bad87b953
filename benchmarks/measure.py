#!/usr/bin/env python3
"""Times engines side by side: each in a process of its own, only one at work at a time, in turns.

Every call adds one file to the results, so that a long comparison can be made of pieces; `report.py` reads them all.

    python measure.py network results decoupled ncnn onnxruntime --threads 2 --rounds 7
    python measure.py network results decoupled eager --phase segmentation --batch 4 --rounds 3
    python measure.py network results decoupled --rows given2 given3 given7 batch1 batch4
    python measure.py network results onnxruntime --formulation onnxruntime=indices --rows label_pass
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Client
from pathlib import Path

from timing import WARM_UP, undisturbed

HERE = Path(__file__).resolve().parent
#: what a row of a table runs: method of the engine and its arguments
ROWS = {"trunk": ("trunk", 0), "label_pass": ("label_pass", 0), "one": ("predict", 0), "three": ("predict", 1)}
#: Seconds until an engine's threads have stopped waiting actively for the next call.
PAUSE = 0.3


def method(row):
    """The call behind a row; "given5" is a prediction with 5 classes given, "batch4" one of 4 images."""
    for prefix, name in (("given", "predict_given"), ("batch", "predict_batch")):
        if row.startswith(prefix):
            return name, 0, int(row.removeprefix(prefix))
    return ROWS[row]


class Worker:
    def __init__(self, peer, options, folder):
        self.peer = peer
        self.formulation = options.formulations.get(peer, "")
        address = str(folder / peer)
        arguments = [sys.executable, str(HERE / "worker.py"), peer, str(options.folder), address]
        arguments += ["--threads", str(options.threads), "--formulation", self.formulation]
        if options.phase:
            arguments += ["--phase", options.phase, "--batch", str(options.batch)]
        # OpenMP runtimes of the peers take it from here.
        environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
        self.process = subprocess.Popen(arguments, env=environment)
        while not os.path.exists(address):
            if self.process.poll() is not None:
                raise SystemExit(f"{peer} did not start")
            time.sleep(0.05)
        self.connection = Client(address, "AF_UNIX")
        self.description = self.answer()

    def answer(self):
        try:
            status, value = self.connection.recv()
        except EOFError:
            raise SystemExit(f"{self.peer} ended") from None
        if status == "failed":
            raise SystemExit(f"{self.peer} failed:\n{value}")
        return value

    def ask(self, *command):
        self.connection.send(command)
        return self.answer()

    def stop(self):
        try:
            self.connection.send(("stop",))
        except OSError:
            self.process.terminate()
        self.process.wait()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written by prepare.py")
    parser.add_argument("results", type=Path)
    parser.add_argument("peers", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7, help="undisturbed runs wanted of each row")
    parser.add_argument("--seconds", type=float, default=600, help="stop after this time even without them")
    parser.add_argument("--rows", nargs="+", default=list(ROWS))
    parser.add_argument("--phase", choices=("classification", "segmentation"), help="time training steps instead")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--formulation", nargs="*", default=[], metavar="PEER=NAME")
    parser.add_argument("--wait", action="store_true", help="wait for a line on standard input before the first timed run")
    parser.add_argument("--no-check", action="store_true", help="do not compare with PyTorch; first runs are then timed, too")
    options = parser.parse_args()
    options.formulations = dict(text.split("=", 1) for text in options.formulation)
    options.rows = ["step"] if options.phase else options.rows
    return options


def main():
    options = parse()
    options.results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as sockets:
        workers = []
        try:
            for peer in options.peers:
                workers.append(Worker(peer, options, Path(sockets)))
                print(f"{peer} {workers[-1].description}", flush=True)
            measure(options, workers)
        finally:
            for worker in workers:
                worker.stop()


def wanted(times, rounds):
    """Engines and rows of which there are too few undisturbed runs. The first engine takes part in every round."""
    missing = {
        (peer, row) for peer, rows in times.items() for row, runs in rows.items() if len(undisturbed(runs[WARM_UP:])) < rounds}
    first = next(iter(times))
    return missing | {(first, row) for _, row in missing} | {(first, "trunk") for _, row in missing if row == "label_pass"}


def measure(options, workers):
    checks = {} if options.no_check else {worker.peer: worker.ask("check") for worker in workers}
    print(json.dumps(checks), flush=True)
    if options.wait:
        print("ready", flush=True)
        sys.stdin.readline()
    times = {worker.peer: {row: [] for row in options.rows} for worker in workers}
    end = time.monotonic() + options.seconds
    while (missing := wanted(times, options.rounds)) and time.monotonic() < end:
        for worker in workers:
            time.sleep(PAUSE)
            for row in options.rows:
                if (worker.peer, row) in missing:
                    command = ("step",) if options.phase else method(row)
                    times[worker.peer][row].append(worker.ask("run", *command))
        print(f"{len(missing)} rows", flush=True)
    record = {
        "description": json.loads((options.folder / "description.json").read_text()), "threads": options.threads,
        "phase": options.phase, "batch": options.batch if options.phase else 1, "processors": os.cpu_count(), "checks": checks,
        "workers": {w.peer: w.description | {"formulation": w.formulation} for w in workers},
        "memory": {w.peer: w.ask("memory") for w in workers}, "checked_first": not options.no_check, "times": times,
    }
    path = options.results / f"{time.strftime('%Y%m%d-%H%M%S')}-{'-'.join(options.peers)}-{options.threads}.json"
    path.write_text(json.dumps(record, indent=1))
    for peer, rows in times.items():
        print(peer, {row: [f"{1000 * s:.1f} ({100 * o:.0f}%)" for s, o in pairs] for row, pairs in rows.items()})


if __name__ == "__main__":
    main()
