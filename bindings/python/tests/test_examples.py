"""The examples run as their readers run them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import decoupled
from conftest import EXAMPLES

PACKAGE = Path(decoupled.__file__).resolve().parents[1]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, cwd="/", env=environment, timeout=300)


def test_scripts(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    assert run(EXAMPLES / "shapes.py", data).stdout.strip() == str(data)
    options = ["--iterations", 40]
    trained = run(EXAMPLES / "train.py", data, out, *options)
    assert trained.returncode == 0, trained.stderr
    assert "segmentation conversion 20/20" in trained.stdout and "mean with background" in trained.stdout
    assert run(EXAMPLES / "train.py", data, out, *options).returncode == 1
    resumed = run(EXAMPLES / "train.py", data, out, *options, "--resume")
    assert resumed.returncode == 0, resumed.stderr

    photos = [data / "images" / "0048.png", data / "images" / "0049.png"]
    found = run(EXAMPLES / "predict.py", out / "model.safetensors", *photos, "--output", tmp_path / "results")
    assert found.returncode == 0, found.stderr
    assert [line.split(":")[0] for line in found.stdout.splitlines()] == [str(photo) for photo in photos]
    assert decoupled.load_label_map(tmp_path / "results" / "0048-labels.png").shape == (48, 48)
    assert decoupled.load_image(tmp_path / "results" / "0049-overlay.png").shape == (48, 48, 3)
    wrong = run(EXAMPLES / "predict.py", out / "model.safetensors", tmp_path / "none.jpg", "--labels", "circle")
    assert wrong.returncode == 1 and "none.jpg" in wrong.stderr and "Traceback" not in wrong.stderr


def test_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    book = json.loads((EXAMPLES / "walkthrough.ipynb").read_text())
    assert book["nbformat"] == 4 and all(not cell.get("outputs") for cell in book["cells"])
    monkeypatch.syspath_prepend(str(EXAMPLES))
    names: dict[str, object] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for number, cell in enumerate(book["cells"]):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    assert "with true labels" in printed.getvalue()


@pytest.mark.skipif(os.environ.get("DECOUPLED_TEST_WHEEL") != "1", reason="set DECOUPLED_TEST_WHEEL=1; installs a wheel")
def test_wheel(tmp_path: Path) -> None:
    """Builds a wheel and uses it in an environment of its own, without any variable that names the library."""
    source = Path(__file__).resolve().parents[1]
    environment = {
        **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "DECOUPLED_LIBRARY", "DECOUPLED_BACKEND_PATH")},
        "DECOUPLED_BUILD_DIR": os.environ.get("DECOUPLED_BUILD_DIR", str(decoupled.library_path().parent))}
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, source], check=True, env=environment)
    wheel = next(tmp_path.glob("decoupled-*-py3-none-linux_x86_64.whl"))
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--no-deps", wheel], check=True, env=environment)
    code = "import decoupled; print(decoupled.library_path(), [b.name for b in decoupled.backends()])"
    output = subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True, env=environment, cwd="/").stdout
    assert str(tmp_path / "venv") in output and "openblas" in output
