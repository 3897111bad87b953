"""Fixtures of the format tests. They need the package `decoupled` with its library (DECOUPLED_LIBRARY) and the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
FIXTURES = HERE / "fixtures"
sys.path.insert(0, str(HERE))
import measuring

COMMAND = Path(os.environ["DECOUPLED_LIBRARY"]).parent / "decoupled"


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command; stderr and stdout are in the result."""
    def run(*arguments: object, expect: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True)
        assert (result.returncode == 0) == (expect == 0), result.stdout + result.stderr
        assert result.returncode >= 0, f"ended by signal {-result.returncode}: {result.stderr}"
        return result

    return run


def measured(*arguments: object) -> tuple[str, int]:
    """What the command says when it refuses something, and the bytes of memory that it took."""
    status, _, said, memory = measuring.run(COMMAND, *arguments)
    assert status > 0, f"ended by {status}: {said}"
    return said, memory


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """The sentence with which a weight file is refused: one line that names it, no output file, and no more memory than a small file
    needs."""
    def run(path: Path, *arguments: object) -> str:
        output = tmp_path / "refused.safetensors"
        said, memory = measured("import", path, *(arguments or ["--as-is"]), "--output", output)
        assert len(said.strip().splitlines()) == 1 and path.name in said, said
        assert memory < 200 << 20, f"{memory >> 20} MB of memory: {said}"
        assert not output.exists()
        return said

    return run


@pytest.fixture(scope="session")
def tensors(command: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory):
    """Reads all tensors of a weight file through the engine."""
    from safetensors.numpy import load_file

    def read(path: Path) -> dict[str, np.ndarray]:
        output = tmp_path_factory.mktemp("tensors") / "all.safetensors"
        command("import", path, "--as-is", "--output", output)
        return load_file(output)

    return read


@pytest.fixture(scope="session")
def caffemodel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DecoupledNet caffemodel at a sixteenth of the width."""
    from caffemodel import Net

    path = tmp_path_factory.mktemp("caffe") / "DecoupledNet_5_anno_inference.caffemodel"
    Net(16, 1).write(path)
    return path
