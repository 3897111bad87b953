"""No verb of the command is without a test."""

from __future__ import annotations

import re

import pytest
import test_backends  # noqa: F401  (so that its verbs are known, whatever is run)
import test_data  # noqa: F401
import test_models  # noqa: F401
import test_settings  # noqa: F401
import test_training  # noqa: F401
from conftest import TESTED, decoupled


def verbs(path: tuple[str, ...] = ()) -> list[str]:
    """The verbs that `decoupled help` lists, those of a verb in place of the verb itself."""
    text = decoupled("help", *path).stdout
    if "SUBCOMMANDS:" not in text:
        return [" ".join(path)]
    names = re.findall(r"^  ([a-z][a-z-]*)", text.split("SUBCOMMANDS:")[1], re.MULTILINE)
    assert names
    return [verb for name in names for verb in verbs((*path, name))]


@pytest.mark.parametrize("verb", verbs())
def test_has_a_test(verb: str) -> None:
    assert verb in TESTED, f"No test in Tests/command says @verb({verb!r})."


@pytest.mark.parametrize("verb", verbs())
def test_explains_itself(verb: str) -> None:
    said = decoupled(*verb.split(), "--help").stdout
    overview = said.split("USAGE:")[0].removeprefix("OVERVIEW:")
    assert overview.strip().endswith((".", "?")), said
    # Every argument and option has a help text: words behind its name and the name of its value.
    section = said.split("USAGE:")[1].split("SUBCOMMANDS:")[0]
    for line in re.findall(r"^  (?:-|<)\S.*(?:\n {4,}.*)*", section, re.MULTILINE):
        assert re.match(r"(?:-[\w/-]+,? ?|<[^>]+>(?: \.\.\.)?)+\s+\w", line.strip()), line


def test_mistakes_in_the_call_are_told() -> None:
    assert "Unexpected argument 'segment'" in decoupled("segment", status=64).stderr
    assert "Missing expected argument '--data" in decoupled("eval", status=64).stderr
    assert "0.1.0" in decoupled("--version").stdout
