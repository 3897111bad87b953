"""The ctypes declarations are those of decoupled.h."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import types
from pathlib import Path

import pytest

import header
from conftest import ROOT
from decoupled import _declarations as declarations
from decoupled._library import library

PATH = ROOT / "Include" / "decoupled" / "decoupled.h"


@pytest.fixture(scope="module")
def text() -> str:
    return PATH.read_text()


def changed(**members: object) -> types.SimpleNamespace:
    """The declarations with some members replaced."""
    return types.SimpleNamespace(**{**vars(declarations), **members})


def test_declarations_agree(text: str) -> None:
    read = header.read(text)
    assert header.differences(read, declarations) == []
    # Nothing was overlooked by the reader.
    code = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    assert len(read.functions) == len(re.findall(r"^[a-z].*\bdcn_\w+\(", code, flags=re.MULTILINE))
    assert len(read.structs) + len(read.opaque) == len(re.findall(r"^typedef struct", code, flags=re.MULTILINE))
    assert len(read.enumerators) == len(re.findall(r"DCN_\w+ = -?\d+", code))
    assert len(read.initial) == len(re.findall(r"^#define DCN_\w+_INIT", code, flags=re.MULTILINE))


def test_differences_are_noticed(text: str) -> None:
    read = header.read(text)
    fields = list(declarations.dcn_session_options._fields_)
    fields[3], fields[4] = fields[4], fields[3]
    swapped = type("dcn_session_options", (declarations.Record,), {"_fields_": fields, "_initial_": {"threshold": 0.5}})
    assert any("dcn_session_options" in line for line in header.differences(read, changed(dcn_session_options=swapped)))

    functions = dict(declarations.FUNCTIONS)
    functions["dcn_step_apply"] = (ctypes.c_int32, [functions["dcn_step_apply"][1][0], ctypes.c_float])
    assert any("dcn_step_apply" in line for line in header.differences(read, changed(FUNCTIONS=functions)))
    del functions["dcn_step_apply"]
    assert header.differences(read, changed(FUNCTIONS=functions))

    assert header.differences(read, changed(DCN_STATUS_IO=4))
    assert header.differences(read, changed(VERSION=(0, 2, 0)))
    other = type("dcn_label_set", (declarations.Record,), {"_fields_": declarations.dcn_label_set._fields_})
    assert any("dcn_label_set INIT" in line for line in header.differences(read, changed(dcn_label_set=other)))


@pytest.mark.parametrize("before, after", [
    ("int32_t images_per_batch; ", "int32_t rows_per_chunk; "),
    ("float threshold; ", "double threshold; "),
    ("int32_t dcn_version(void);", "int64_t dcn_version(void);"),
    ("DCN_STATUS_IO = 3", "DCN_STATUS_IO = 30"),
    ("0.5f, NULL, 0.0", "0.4f, NULL, 0.0"),
    ("int64_t dims[8];", "int64_t dims[7];"),
])
def test_changes_of_the_header_are_noticed(text: str, before: str, after: str) -> None:
    assert text.count(before) == 1
    assert header.differences(header.read(text.replace(before, after)), declarations)


@pytest.mark.parametrize("line", ["union u { int32_t a; };", "static int x;", "int32_t f(int32_t);", "#define DCN_X_INIT 0"])
def test_unknown_parts_are_refused(text: str, line: str) -> None:
    with pytest.raises(header.Unreadable):
        header.read(text.replace("int32_t dcn_version(void);", f"int32_t dcn_version(void);\n{line}"))


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_sizes_and_offsets_are_the_compilers(text: str, tmp_path: Path) -> None:
    lines = []
    for name, fields in header.read(text).structs.items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        lines += [f'printf("{name}.{member} %zu\\n", offsetof({name}, {member}));' for member, _ in fields]
    source = tmp_path / "sizes.c"
    source.write_text(
        '#include <stdio.h>\n#include "decoupled/decoupled.h"\nint main(void) {' + "\n".join(lines) + "return 0; }\n")
    subprocess.run(["cc", "-std=c99", f"-I{ROOT / 'Include'}", source, "-o", tmp_path / "sizes"], check=True)
    output = subprocess.run([tmp_path / "sizes"], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        name, size = line.split()
        struct, _, member = name.partition(".")
        declared = getattr(declarations, struct)
        assert int(size) == (getattr(declared, member).offset if member else ctypes.sizeof(declared)), name


def test_library_has_all_functions() -> None:
    for name, (result, arguments) in declarations.FUNCTIONS.items():
        function = getattr(library(), name)
        assert function.restype == result and list(function.argtypes) == arguments
