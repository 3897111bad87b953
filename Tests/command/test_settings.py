"""Settings: declared once, so that the page, the header, the package and what is refused all say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import decoupled, verb

ROOT = Path(__file__).resolve().parents[2]
LISTED = json.loads(decoupled("settings", "--json").stdout)
CONFIGURATION = {entry["name"]: entry for entry in LISTED if entry["section"] == "Configurations"}


@verb("settings")
def test_the_page_is_not_stale() -> None:
    page = decoupled("settings", "--markdown").stdout
    assert page == (ROOT / "docs/settings.md").read_text(), "Write it anew: decoupled settings --markdown > docs/settings.md"


def members(group: str) -> list[str]:
    depth = group.count(".") + 1
    return [name.split(".")[-1] for name in CONFIGURATION
            if name.startswith(group + ".") and name.count(".") == depth and "[]" not in name]


@pytest.mark.parametrize("path", ["Include/decoupled/decoupled.h", "bindings/python/decoupled/training.py"])
def test_lists_for_programmers_are_whole(path: str) -> None:
    text = (ROOT / path).read_text()
    found = re.search(r'(?:All|Both) phases:\s.*?"seed", .*?"conversion" \{.*?\}', text.replace(" *  ", " "), re.DOTALL)
    assert found, path
    common, first, second = re.split(r'phase [12] also', found[0])
    groups = {name: re.findall(r"\w+", names) for name, names in re.findall(r'"(\w+)"\s+\{(.*?)\}', found[0], re.DOTALL)}
    assert groups == {
        "solver": members("segmentation.solver"), "augmentation": members("segmentation.augmentation"),
        "cropping": members("segmentation.cropping"), "conversion": members("segmentation.conversion")}
    assert members("classification.solver") == groups["solver"]
    named = [set(re.findall(r'"(\w+)"', part)) for part in (common, first, second)]
    assert named[0] | named[1] == set(members("classification"))
    assert named[0] | named[2] == set(members("segmentation"))


def test_the_header_has_all_parameters_of_edge_boxes() -> None:
    header = (ROOT / "Include/decoupled/decoupled.h").read_text()
    struct = header.split("typedef struct dcn_proposer_options")[1].split("} dcn_proposer_options")[0]
    fields = re.findall(r"(?:double|int32_t) (\w+);", struct)
    names = [re.sub(r"([A-Z])", lambda letter: "_" + letter[0].lower(), entry["name"])
             for entry in LISTED if entry["section"] == "Edge Boxes"]
    assert len(names) == 12 and set(names) <= set(fields)


def test_settings_are_found_by_name() -> None:
    said = decoupled("settings", "momentum").stdout
    assert "classification.solver.momentum = 0.9\n" in said and "segmentation.solver.momentum = 0.9\n" in said
    assert "at least 0 and below 1" in said and "second_momentum" not in said
    group = decoupled("settings", "cropping.proposals").stdout
    assert "segmentation.cropping.proposals.share = 0.5" in group and "solver" not in group
    assert "no setting 'momentumm'" in decoupled("settings", "momentumm", status=1).stderr
    assert all(entry["meaning"].endswith(".") for entry in LISTED)


def outside(values: str) -> list[str]:
    """Values next to a range and outside of it."""
    lower = re.search(r"(?:between|at least|above) ([\d.]+)", values)
    upper = re.search(r"(?:and|below|at most) ([\d.]+)$", values)
    assert lower, values
    wrong = [str(-float(lower[1]) - 1) if "." in lower[1] else str(int(lower[1]) - 1)]
    if "above" in values:
        wrong.append(lower[1])
    if upper:
        wrong.append(upper[1] if "below" in values else str(int(upper[1]) + 1))
    return wrong


RANGES = [(name, wrong) for name, entry in CONFIGURATION.items()
          if re.match(r"(numbers, each )?(between|at least|above)", entry.get("values") or "") and "[]" not in name
          and not name.endswith("seed")
          for wrong in outside(entry["values"])]


def refused(*values: str) -> str:
    overrides = [part for value in values for part in ("--set-value", value)]
    return decoupled("train", "segmentation", "--data", "x", "--output", "x", "--model", "x", *overrides, status=1).stderr


def test_values_out_of_range_are_refused() -> None:
    assert len(RANGES) > 50
    for name, wrong in RANGES:
        entry = CONFIGURATION[name]
        value = f"[{wrong}]" if entry["values"].startswith("numbers") else wrong
        extra = ["segmentation.cropping.proposals={}"] if ".proposals." in name else []
        if name.endswith(("policy.gamma", "policy.step_size", "policy.power")):
            extra = [f"{name.rsplit('.', 1)[0]}.name={'poly' if name.endswith('power') else 'step'}"]
        said = refused(*extra, f"{name}={value}")
        range_ = entry["values"].removeprefix("numbers, each ")
        assert re.fullmatch(
            rf"Error: The configuration: {re.escape(name)} must (lie|be) {re.escape(range_)}, not \[?-?[\d.]+\]?\.\n", said), said


@pytest.mark.parametrize("value, sentence", [
    ("solver.momentumm=0.9", "'segmentation.solver.momentumm': there is no such setting of the solver."),
    ("solver.momentum=high", "'segmentation.solver.momentum' is not a number."),
    ("solver.method=newton", "'segmentation.solver.method': 'newton' is not one of sgd, adam."),
    ("solver.policy=cosine", "'segmentation.solver.policy': 'cosine' is not one of fixed, step, poly."),
    ("solver.policy={gamma: 0.5}", "'segmentation.solver.policy.name' is missing."),
    ("solver.multipliers=[{learning_rate: 1}]", "pattern' is missing."),
    ("augmentation.scale_jitter=[2, 1]", "scale_jitter needs two ascending numbers, each above 0 and at most 16, not [2.0, 1.0]."),
    ("network.saliency=gradient", "'network.saliency': 'gradient' is not one of paper, released, fp_bp."),
    ("network.preset=huge", "'network.preset': 'huge' is not one of vgg16, vgg16-small, small, tiny"),
    ("network.preprocessing={mean: [1, 2, 3]}", "'network.preprocessing.channelOrder' is missing."),
    ("segmentation.solver={method: adam, caffe: true}", "repeats quirks of sgd and does not go with adam."),
    ("evaluate_every=0", "evaluate_every must be at least 1, not 0."),
])
def test_mistakes_are_told(value: str, sentence: str) -> None:
    said = refused(value)
    assert sentence in said and len(said.splitlines()) == 1, said
