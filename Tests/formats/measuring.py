"""Runs a program and tells how much memory it took."""

from __future__ import annotations

import subprocess
import sys

# A process begins with the largest memory of the one that started it, which therefore has to be a small one.
STARTER = """import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print("measured", status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""


def run(*call: object) -> tuple[int, str, str, int]:
    """Exit status, what was written to standard output and to standard error, largest memory in bytes."""
    result = subprocess.run([sys.executable, "-S", "-c", STARTER, *map(str, call)], capture_output=True, text=True)
    output, _, numbers = result.stdout.rpartition("measured ")
    status, kilobytes = map(int, numbers.split())
    return status, output, result.stderr, kilobytes << 10
