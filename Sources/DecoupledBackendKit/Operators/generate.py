#!/usr/bin/env python3
"""Writes what backend.h says of the operators as Swift: OperatorTable.swift beside this file, and for each of them the type
that computes it on `reference` and the entry of the conformance tool. What is missing there does not compile.

usage: generate.py [--check]     --check only says whether the committed files are up to date.
"""

import pathlib
import re
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[2]
HEADER = SOURCES.parent / "Include/decoupled/backend.h"
TABLE = SOURCES / "DecoupledBackendKit/Operators/OperatorTable.swift"
REFERENCE = SOURCES / "Backends/Reference/ReferenceOperators.swift"
ENTRIES = SOURCES / "DecoupledConformance/Operators/OperatorEntries.swift"
TYPES = {"int32": "DCN_ELEMENT_I32", "int64": "DCN_ELEMENT_I64"}
TRAITS = {"optional", "parameter", "weight"}
PRECISIONS = {"exact", "rounded", "computed", "averaged", "summed", "product"}


def fail(operator, what):
    sys.exit(f"{HEADER.name}: {operator} {what}; see the comment above the operators")


def split(text):
    """The parts between commas outside of brackets."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text)]


class Operand:
    def __init__(self, operator, text):
        match = re.fullmatch(r"(\w+)(( int32| int64)?)( \[([^\]]*)\])?((?: [\w.]+)*)", text)
        if not match:
            fail(operator, f"has the operand '{text}', which is not understood")
        self.name, self.type = match.group(1), match.group(2).strip()
        shape, words = match.group(5), match.group(6).split()
        self.traits = [word for word in words if word in TRAITS]
        if set(words) - TRAITS - {"..."}:
            fail(operator, f"has the operand '{text}', which is not understood")
        if "..." in words:
            self.traits.append("repeated")
        if shape and "(per image)" in shape:
            self.traits.append("perImage")
            shape = shape.replace("(per image)", "").strip()
        if not shape or shape.split(",")[0] in ("N", "rows", "m"):
            self.traits.append("batched")

    def swift(self):
        traits = ", ".join(f".{trait}" for trait in sorted(self.traits))
        return f'.init("{self.name}", [{traits}]' + (f", Int32({TYPES[self.type]}))" if self.type else ")")


def attribute(operator, text):
    match = re.fullmatch(r"(\w+) (?:= (\S+)|(integers|real)( required)?)", text)
    if not match:
        fail(operator, f"has the attribute '{text}', which is not understood")
    name, standard, kind, required = match.groups()
    kind = kind or ("real" if re.search(r"[.e]", standard) else "integers")
    kind = {"real": "reals", "integers": "integers"}[kind]
    standard = f"[{', '.join(standard.split(','))}]" if standard else "nil"
    return f'.init("{name}", .{kind}({standard}){", isRequired: true" if required else ""})'


class Operator:
    def __init__(self, comment, constant, number):
        self.name = "".join(word.capitalize() for word in constant.split("_"))
        self.case = self.name[0].lower() + self.name[1:]
        self.number = number
        text = " ".join(re.sub(r"^\s*/?\*+/?", " ", line).strip() for line in comment.splitlines()).strip()
        operands = re.match(r"([^:]*?) -> ([^:]*):", text)
        if not operands:
            fail(self.name, "does not begin with its operands")
        self.inputs, self.outputs = ([Operand(self.name, part) for part in split(side)] for side in operands.groups())
        listed = re.search(r"\[(\w+ (?:=|integers|real) ?[^\]]*)\]", text[operands.end():])
        self.attributes = [attribute(self.name, part.strip()) for part in listed.group(1).split(";")] if listed else []
        precision = re.search(r"\{(\w+)(?:, (\w+) with (\w+))?\}", text)
        if not precision or precision.group(1) not in PRECISIONS:
            fail(self.name, "does not say in braces how precise it is")
        self.precision, self.other, self.switch = precision.groups()

    def swift(self):
        inputs, outputs = (", ".join(operand.swift() for operand in side) for side in (self.inputs, self.outputs))
        other = f', (.{self.other}, "{self.switch}")' if self.other else ""
        return (
            f'    .init("{self.name}", inputs: [{inputs}], outputs: [{outputs}], '
            f"attributes: [{', '.join(self.attributes)}], precision: .{self.precision}{other}),"
        )


def operators():
    text = HEADER.read_text()
    found = re.findall(r"/\*\*((?:(?!\*/).)*)\*/\s*DCN_OPERATOR_(\w+) = (\d+)", text, re.S)
    result = [Operator(*parts) for parts in found if parts[1] != "PRIVATE"]
    if [operator.number for operator in result] != [str(index + 1) for index in range(len(result))]:
        sys.exit(f"{HEADER.name}: the operators are not numbered from 1 on")
    if len(result) != len(re.findall(r"DCN_OPERATOR_\w+ = \d+", text)) - 1:
        sys.exit(f"{HEADER.name}: an operator has no comment of its own")
    return result


HEAD = [
    "// swift-format-ignore-file",
    "// Generated from Include/decoupled/backend.h by DecoupledBackendKit/Operators/generate.py; do not edit.",
]


def table(operators):
    lines = HEAD + ["import CDecoupled", "", "/// The operators of `backend.h` by their numbers there."]
    lines.append("public enum OperatorKind: Int32, CaseIterable, Sendable {")
    lines += [f"  case {operator.case} = {operator.number}" for operator in operators]
    lines += ["}", "", "extension OperatorSignature {", "  /// By number, from 1 on.", "  static let all: [OperatorSignature] = ["]
    lines += [operator.swift() for operator in operators]
    return "\n".join(lines + ["  ]", "}", ""])


def choice(operators, comment, declaration, value):
    """A property of OperatorKind with a value for each operator."""
    lines = HEAD + ["import DecoupledBackendKit", "", "extension OperatorKind {", f"  /// {comment}"]
    lines += [f"  var {declaration} {{", "    switch self {"]
    lines += [f"    case .{operator.case}: {operator.name}{value}" for operator in operators]
    return "\n".join(lines + ["    }", "  }", "}", ""])


def main():
    found = operators()
    reference = choice(found, "The type that computes the operator here.", "reference: any Operator.Type", ".self")
    entries = choice(found, "What the tool knows of the operator.", "entry: any OperatorEntry", "Entry()")
    for path, wanted in ((TABLE, table(found)), (REFERENCE, reference), (ENTRIES, entries)):
        if sys.argv[1:] != ["--check"]:
            path.write_text(wanted)
        elif not path.exists() or path.read_text() != wanted:
            sys.exit(f"{path.name} is not what {HEADER.name} says; run {pathlib.Path(__file__).relative_to(SOURCES.parent)}")
    print(f"{len(found)} operators, up to date")


main()
