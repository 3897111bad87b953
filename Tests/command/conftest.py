"""What all tests of the command share: the command itself, and a reader of the files that it writes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np

COMMAND = os.environ["DECOUPLED_COMMAND"]


def decoupled(*arguments: object, status: int = 0, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command and holds it to its exit status. Mistakes are told in one sentence, never by a trap."""
    result = subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL)
    assert result.returncode == status, f"status {result.returncode}: {result.stdout}{result.stderr}"
    return result


def tensors(path: Path) -> dict[str, np.ndarray]:
    """All tensors of a safetensors file; floats of 32 bits as the bits they are."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    result = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        assert entry["dtype"] == "F32", name
        result[name] = np.frombuffer(data[begin:end], np.uint32).reshape(entry["shape"])
    return result
