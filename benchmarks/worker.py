#!/usr/bin/env python3
"""One engine in a process of its own, which runs what `measure.py` asks for and says how long it took."""

import argparse
import traceback
from multiprocessing.connection import Listener
from pathlib import Path

import numpy as np

from peers import peer_class
from peers.procedure import Images
from timing import timed

#: Mean difference of probabilities above which engines do not compute the same network. Single pixels differ by more: where
#: two neighbours are equal but for rounding, the maximum of a pool moves, and with it a value of the segmentation network.
TOLERANCE = 1e-3


def memory():
    """Bytes resident now and at most."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: 1024 * int(lines[key].split()[0]) for name, key in (("resident", "VmRSS"), ("peak", "VmHWM"))}


class Prediction:
    def __init__(self, options):
        self.images = Images(options.folder)
        self.engine = peer_class(options.peer)(self.images, options.threads, options.formulation)
        self.states = {}

    def describe(self):
        engine = self.engine
        return {
            "version": engine.version, "gives_switches": engine.GIVES_SWITCHES, "opening": getattr(engine, "opening", None),
            "label_pass_contains_trunk": getattr(engine, "LABEL_PASS_CONTAINS_TRUNK", False)}

    def check(self):
        """Differences from what PyTorch has predicted."""
        found = {}
        for number in (0, 1):
            identified, label_map, passes = self.engine.predict_and_keep(number)
            if identified.tolist() != self.images["identified", number].tolist():
                raise RuntimeError(f"image {number}: identifies {identified}, not {self.images['identified', number]}")
            expected = self.images["probabilities", number]
            differences = [np.abs(own - theirs) for own, theirs in zip(passes, expected) if own is not None]
            mean = float(np.mean(differences))
            found |= {f"largest/{number}": float(np.max(differences)), f"mean/{number}": mean}
            scores = np.stack([expected[0][0]] + [one[1] for one in expected[1:]])
            labels = np.concatenate(([0], identified + 1))[scores.argmax(0)]
            found[f"labels/{number}"] = int((labels != label_map).sum())
            found[f"deviation/{number}"] = float(expected[:, 1].std())
            if not mean <= TOLERANCE:
                raise RuntimeError(f"image {number}: probabilities differ by {mean} on average")
        return found

    def run(self, row, *arguments):
        if row == "label_pass":
            number = arguments[0]
            if number not in self.states:
                self.states[number] = self.engine.trunk(number)
            return timed(self.engine.label_pass, self.states[number])
        return timed(getattr(self.engine, row), *arguments)


class Training:
    def __init__(self, options):
        if options.peer == "decoupled":
            from decoupled_step import DecoupledStep as Step
        else:
            from training import STEPS

            Step = STEPS[options.peer]
        self.steps = Step(
            Images(options.folder), options.threads, options.formulation, options.phase, options.batch)
        self.losses = []

    def describe(self):
        return {"version": self.steps.version}

    def check(self):
        """The losses of the first steps."""
        self.losses += [self.steps.step() for _ in range(2)]
        return {"losses": self.losses}

    def run(self, row):
        return timed(self.steps.step)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer")
    parser.add_argument("folder", type=Path)
    parser.add_argument("socket")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--formulation", default="")
    parser.add_argument("--phase", choices=("classification", "segmentation"))
    parser.add_argument("--batch", type=int, default=4)
    options = parser.parse_args()
    with Listener(options.socket, "AF_UNIX") as listener, listener.accept() as connection:
        try:
            subject = (Training if options.phase else Prediction)(options)
            connection.send(("ready", subject.describe()))
            while True:
                command, *arguments = connection.recv()
                if command == "stop":
                    break
                if command == "memory":
                    connection.send(("done", memory()))
                else:
                    connection.send(("done", getattr(subject, command)(*arguments)))
        except EOFError:
            pass
        except Exception:
            connection.send(("failed", traceback.format_exc()))


if __name__ == "__main__":
    main()
