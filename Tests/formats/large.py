"""Writes a DecoupledNet caffemodel of the full 1.7 GB, imports it, and tells time and memory beside a copy of the file that is
synced.

    python large.py FOLDER      needs DECOUPLED_LIBRARY (a release build) and 6 GB of free disk
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import measuring
from caffemodel import Net

folder = Path(sys.argv[1])
free = shutil.disk_usage(folder).free
if free < 6 << 30:
    sys.exit(f"'{folder}' has {free / 2**30:.1f} GB free; 6 GB are needed.")
command = Path(os.environ["DECOUPLED_LIBRARY"]).parent / "decoupled"
source, copy, model = (folder / name for name in ("full.caffemodel", "copy", "full.safetensors"))
try:
    if not source.exists():
        Net(1, 1).write(source)
    print(f"{source.stat().st_size} bytes")
    os.sync()
    start = time.monotonic()
    with open(source, "rb") as input, open(copy, "wb") as output:
        shutil.copyfileobj(input, output, 1 << 20)
        output.flush()
        os.fsync(output.fileno())
    copying = time.monotonic() - start
    copy.unlink()
    start = time.monotonic()
    status, output, said, memory = measuring.run(command, "import", source, "--output", model)
    importing = time.monotonic() - start
    print(output + said, end="")
    if status != 0:
        sys.exit("The import failed.")
    print(f"import {importing:.1f} s, copy and sync {copying:.1f} s, largest memory of the import {memory / 1e6:.0f} MB")
    if memory >= 300e6:
        sys.exit("The import took 300 MB or more.")
finally:
    for path in (copy, model, source):
        path.unlink(missing_ok=True)
