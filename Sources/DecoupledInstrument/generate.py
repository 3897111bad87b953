#!/usr/bin/env python3
"""Writes TableSignatures.swift from backend.h: what each function of dcn_backend_table takes and returns.

usage: generate.py [--check]     --check only says whether the committed file is up to date.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE.parents[1] / "Include/decoupled/backend.h"
TARGET = HERE / "TableSignatures.swift"
SCALARS = {"int32_t": "int32", "uint64_t": "uint64", "size_t": "size"}
RESULTS = {"int32_t": "int32", "uint64_t": "uint64", "void": "nothing"}


def kind_of(declaration, opaque):
    """The kind of a parameter from its C type alone."""
    match = re.fullmatch(r"(const )?(\w+) (\**)(\w+)", declaration)
    if not match:
        sys.exit(f"'{declaration}' is not understood; teach {__file__} to read it")
    constant, base, stars, name = match.groups()
    if not stars and base in SCALARS:
        return name, f".{SCALARS[base]}"
    if stars == "**":
        return name, f'.created("{base}")'
    if stars == "*" and base == "char":
        return name, ".text" if constant else ".message"
    if stars == "*" and base == "void":
        return name, ".address"
    if stars == "*" and base in opaque:
        return name, f'.handle("{base}")'
    if stars == "*":
        return name, f'.{"records" if constant else "filled"}("{base}")'
    sys.exit(f"'{declaration}' is not understood; teach {__file__} to read it")


def preprocessed():
    return subprocess.run(["cc", "-E", "-P", str(HEADER)], check=True, capture_output=True, text=True).stdout


def functions(plain):
    """Name, result and parameters of each function of the table, in its order."""
    opaque = set(re.findall(r"typedef struct (\w+) \1;", plain))
    table = re.search(r"typedef struct dcn_backend_table \{(.*?)\} dcn_backend_table;", plain, re.S).group(1)
    for member in filter(None, (" ".join(part.split()) for part in table.split(";"))):
        match = re.fullmatch(r"(\w+) \(\*(\w+)\)\((.*)\)", member)
        if not match:
            continue
        result, name, parameters = match.groups()
        listed = [] if parameters == "void" else [kind_of(part.strip(), opaque) for part in parameters.split(",")]
        yield name, RESULTS[result], listed


def text():
    plain = preprocessed()
    lines = [
        "// swift-format-ignore-file",
        "// Generated from Include/decoupled/backend.h by generate.py beside this file; do not edit.",
        "import CDecoupled",
        "",
        "extension TableSignature {",
        "  /// Every function of `dcn_backend_table`, in its order.",
        "  static let all: [TableSignature] = [",
    ]
    for name, result, parameters in functions(plain):
        head = f'    TableSignature("{name}", \\.{name}, returns: .{result}, ['
        if not parameters:
            lines.append(head + "]),")
            continue
        lines.append(head)
        lines += [f'      .init("{parameter}", {kind}),' for parameter, kind in parameters]
        lines.append("    ]),")
    return "\n".join(lines + ["  ]", "}", ""])


def main():
    wanted = text()
    if sys.argv[1:] == ["--check"]:
        if TARGET.read_text() != wanted:
            sys.exit(f"{TARGET.name} is not what {HEADER.name} says; run {pathlib.Path(__file__).name}")
        return
    TARGET.write_text(wanted)


main()
