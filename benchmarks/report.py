#!/usr/bin/env python3
"""Tables and a plot of what `measure.py` has stored.

    python report.py results docs/benchmark.md [docs/benchmark.png]

Ratios compare runs of one call of `measure.py` only. Runs during which others used the machine are left out.
"""

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

from peers import TITLES
from timing import WARM_UP, undisturbed

ROWS = {
    "trunk": "trunk + classification", "label_pass": "one label pass", "one": "prediction, 1 class",
    "three": "prediction, 3 classes", "step": "training step",
}
OURS = "decoupled"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("markdown", type=Path)
    parser.add_argument("plot", type=Path, nargs="?")
    return parser.parse_args()


def runs_of(record, peer, row):
    """Undisturbed seconds. Of an engine that gives a label pass with the trunk only, the difference of the medians."""
    runs = undisturbed(record["times"][peer].get(row, [])[WARM_UP:])
    if row == "label_pass" and record["workers"][peer].get("label_pass_contains_trunk"):
        trunk = undisturbed(record["times"][peer].get("trunk", [])[WARM_UP:])
        return [run - statistics.median(trunk) for run in runs] if trunk else []
    return runs


class Comparison:
    """All records of one network, phase, batch and number of threads."""

    def __init__(self):
        self.runs = defaultdict(list)
        self.ratios = defaultdict(list)
        self.memory = {}
        self.workers = {}
        self.checks = {}
        self.notes = []

    def add(self, record):
        for peer, rows in record["times"].items():
            self.workers[peer] = record["workers"][peer]
            self.checks |= {peer: record["checks"][peer]} if peer in record["checks"] else {}
            # Rows of their own, such as batches, hold sessions of their own besides.
            if set(rows) <= set(ROWS):
                self.memory[peer] = max(self.memory.get(peer, 0), record["memory"][peer]["peak"])
            if not record["checked_first"] and peer == OURS and rows.get("one"):
                first, later = rows["one"][0][0], undisturbed(rows["one"][WARM_UP:])
                if later:
                    opening = 1000 * record["workers"][peer]["opening"]
                    self.notes.append(
                        f"A new process opened the model in {opening:.0f} ms; its first prediction took {1000 * first:.0f} ms, "
                        f"later ones {1000 * statistics.median(later):.0f} ms ({first / statistics.median(later):.1f}x).")
            for row in rows:
                runs = runs_of(record, peer, row)
                own = runs_of(record, OURS, row) if OURS in record["times"] else []
                self.runs[peer, row] += runs
                if runs and own and peer != OURS:
                    self.ratios[peer, row].append(statistics.median(runs) / statistics.median(own))

    def cell(self, peer, row):
        runs = [1000 * seconds for seconds in self.runs.get((peer, row), [])]
        if not runs:
            return "-"
        digits = 0 if statistics.median(runs) >= 20 else 2
        spread = f"{min(runs):.{digits}f}-{max(runs):.{digits}f}, {len(runs)}"
        ratio = self.ratios.get((peer, row))
        factor = f"**{statistics.median(ratio):.2f}x** " if ratio else ""
        return f"{factor}{statistics.median(runs):.{digits}f} ({spread})"

    def table(self, rows):
        peers = sorted(self.workers, key=list(TITLES).index)
        lines = ["| | " + " | ".join(ROWS.get(row, row) for row in rows) + " | peak memory, GB |",
                 "| --- |" + " --- |" * (len(rows) + 1)]
        for peer in peers:
            version = " ".join(filter(None, (self.workers[peer]["version"], self.workers[peer]["formulation"])))
            cells = [self.cell(peer, row) for row in rows] + [f"{self.memory.get(peer, 0) / 1e9:.2f}"]
            lines.append(f"| {TITLES[peer]} {version} | " + " | ".join(cells) + " |")
        return lines

    def agreement(self):
        found = [f"{TITLES[p]} {max(c['mean/0'], c['mean/1']):.1e}" for p, c in self.checks.items() if "mean/0" in c]
        losses = [f"{TITLES[p]} {c['losses'][1]:.6f}" for p, c in self.checks.items() if "losses" in c]
        text = []
        if found:
            text = ["", "Mean difference of probabilities from PyTorch eager: " + ", ".join(found) + "."]
        if losses:
            text += ["", "Loss before the second step: " + ", ".join(losses) + "."]
        return text + [line for note in self.notes for line in ("", note)]

    def own_rows(self):
        """What was measured of this project alone."""
        names = sorted({row for _, row in self.runs if row not in ROWS})
        if not names:
            return []
        kinds = {"given": "prediction, {} classes given", "batch": "{} images in one call, 1 class each"}
        lines = ["", "| decoupled alone | ms |", "| --- | --- |"]
        for name in names:
            kind = name.rstrip("0123456789")
            lines.append(f"| {kinds[kind].format(name.removeprefix(kind))} | {self.cell(OURS, name)} |")
        return lines


def key_of(record):
    network = record["description"]
    kind = f"{network['name']}, {network['input_size']}x{network['input_size']}"
    if record["phase"]:
        kind += f", training step of the {record['phase']} phase, batch {record['batch']}"
    return kind, record["threads"]


def draw(comparisons, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    # A panel for each comparison of predictions, and one for all training steps: {title: {group of bars: {peer: ratios}}}
    panels = {}
    for (kind, threads), one in comparisons.items():
        network, _, training = kind.partition(", training step of the ")
        for (peer, row), ratios in one.ratios.items():
            if ratios and training:
                title, group = f"training steps, {threads} threads", f"{network}\n" + training.replace(" phase, ", "\n")
            elif ratios:
                title, group = f"{network}, {threads} thread{'s' * (threads > 1)}", ROWS[row]
            else:
                continue
            panels.setdefault(title, {}).setdefault(group, {})[peer] = statistics.median(ratios)
    figure, axes = pyplot.subplots(len(panels), 1, figsize=(9, 2.6 * len(panels)), squeeze=False)
    for axis, (title, groups) in zip(axes[:, 0], panels.items()):
        peers = sorted({peer for ratios in groups.values() for peer in ratios}, key=list(TITLES).index)
        for number, peer in enumerate(peers):
            places = [place + (number + 0.5) * 0.8 / len(peers) for place in range(len(groups))]
            axis.bar(places, [ratios.get(peer, 0) for ratios in groups.values()], 0.8 / len(peers), label=TITLES[peer])
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_xticks([place + 0.4 for place in range(len(groups))], list(groups), fontsize=8)
        axis.set_title(f"{title}: time as a multiple of decoupled's", fontsize=9)
        axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main():
    options = parse()
    comparisons = defaultdict(Comparison)
    for path in sorted(options.results.glob("*.json")):
        record = json.loads(path.read_text())
        comparisons[key_of(record)].add(record)
    comparisons = dict(sorted(comparisons.items(), key=lambda item: (item[0][0], -item[0][1])))
    lines = ["# Benchmark", "", "Made by `benchmarks/run`. Milliseconds: **how many times decoupled's time**, median (least-most, runs). The first run of each row, which warms up, and runs that other programs disturbed are not counted.", ""]
    for (kind, threads), one in comparisons.items():
        rows = [row for row in ROWS if any(row == other for _, other in one.runs)]
        lines += [f"## {kind}, {threads} thread{'s' * (threads > 1)}", "", *one.table(rows), *one.own_rows(), *one.agreement(), ""]
    options.markdown.write_text("\n".join(lines))
    if options.plot:
        draw(comparisons, options.plot)


if __name__ == "__main__":
    main()
