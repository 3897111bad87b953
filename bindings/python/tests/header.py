"""Reads decoupled.h: enumerations, structs, callbacks, functions, INIT macros. Anything else in it is an error."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass, field
from typing import Any

SCALARS: dict[str, Any] = {
    "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64,
    "uint8_t": ctypes.c_uint8, "float": ctypes.c_float, "double": ctypes.c_double,
}
_WORD = re.compile(r"[A-Za-z_]\w*|-?\d+|[{}()\[\],;*=]")


class Unreadable(Exception):
    """Something in the header that this reader does not know."""


@dataclass
class Type:
    """A C type: a base name, the number of `*` behind it, the length of an array."""

    base: str
    pointers: int = 0
    length: int | None = None


@dataclass
class Header:
    enumerators: dict[str, int] = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)
    structs: dict[str, list[tuple[str, Type]]] = field(default_factory=dict)
    callbacks: dict[str, tuple[Type, list[Type]]] = field(default_factory=dict)
    functions: dict[str, tuple[Type, list[Type]]] = field(default_factory=dict)
    initial: dict[str, list[str]] = field(default_factory=dict)
    version: tuple[int, ...] = ()


class Reader:
    def __init__(self, text: str) -> None:
        self.header = Header()
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
        text = text.replace("\\\n", " ")
        body = []
        for line in text.splitlines():
            if line.lstrip().startswith("#"):
                self.directive(line.strip())
            else:
                body.append(line)
        code = "\n".join(body).replace('extern "C" {', "")
        code = re.sub(r"\bDCN_(NULLABLE|NONNULL)\b", " ", code)
        self.tokens = _WORD.findall(code)
        rest = _WORD.sub("", code).strip()
        if rest:
            raise Unreadable(f"unknown characters {rest[:20]!r}")
        # The brace that closes extern "C".
        if self.tokens[-1:] != ["}"]:
            raise Unreadable("no closing brace at the end")
        del self.tokens[-1]
        self.at = 0
        while self.at < len(self.tokens):
            self.declaration()

    def directive(self, line: str) -> None:
        version = re.fullmatch(r"#define DCN_VERSION_(MAJOR|MINOR|PATCH) (\d+)", line)
        if version:
            self.header.version += (int(version[2]),)
        initial = re.fullmatch(r"#define DCN_(\w+)_INIT\s+\{ \(uint32_t\)sizeof\((\w+)\), (.*) \}", line)
        if initial:
            if f"dcn_{initial[1].lower()}" != initial[2]:
                raise Unreadable(line)
            self.header.initial[initial[2]] = re.split(r", (?![^{]*\})", initial[3])
        elif "_INIT" in line:
            raise Unreadable(line)

    def next(self, *expected: str) -> str:
        token = self.tokens[self.at]
        if expected and token not in expected:
            raise Unreadable(f"{token!r} in place of {' or '.join(expected)}, behind {self.tokens[self.at - 6:self.at]}")
        self.at += 1
        return token

    def peek(self, token: str, ahead: int = 0) -> bool:
        return self.tokens[self.at + ahead] == token

    def word(self) -> str:
        token = self.next()
        if not re.fullmatch(r"[A-Za-z_]\w*", token) or token in ("const", "struct", "enum", "typedef"):
            raise Unreadable(f"{token!r} in place of a name")
        return token

    def type(self) -> Type:
        if self.peek("const"):
            self.next()
        base, pointers = self.word(), 0
        while self.peek("*") or self.peek("const"):
            pointers += self.next() == "*"
        return Type(base, pointers)

    def parameters(self) -> list[Type]:
        self.next("(")
        found: list[Type] = []
        if self.peek("void") and self.peek(")", 1):
            self.next()
        else:
            while True:
                found.append(self.type())
                self.word()
                if not self.peek(","):
                    break
                self.next()
        self.next(")")
        return found

    def declaration(self) -> None:
        if self.peek("enum"):
            self.enumeration()
        elif self.peek("typedef") and self.peek("struct", 1):
            self.struct()
        elif self.peek("typedef"):
            self.next()
            result = self.type()
            self.next("(")
            self.next("*")
            name = self.word()
            self.next(")")
            self.header.callbacks[name] = (result, self.parameters())
            self.next(";")
        else:
            result, name = self.type(), self.word()
            if name in self.header.functions:
                raise Unreadable(f"{name} is declared twice")
            self.header.functions[name] = (result, self.parameters())
            self.next(";")

    def enumeration(self) -> None:
        self.next("enum")
        self.next("{")
        while True:
            name = self.word()
            self.next("=")
            self.header.enumerators[name] = int(self.next())
            if self.next(",", "}") == "}":
                break
        self.next(";")

    def struct(self) -> None:
        self.next("typedef")
        self.next("struct")
        name = self.word()
        if self.peek("{"):
            self.next()
            fields: list[tuple[str, Type]] = []
            while not self.peek("}"):
                kind, member = self.type(), self.word()
                if self.peek("["):
                    self.next()
                    kind.length = int(self.next())
                    self.next("]")
                self.next(";")
                fields.append((member, kind))
            self.next("}")
            self.header.structs[name] = fields
        else:
            self.header.opaque.add(name)
        self.next(name)
        self.next(";")


def read(text: str) -> Header:
    """What the header declares. Raises: Unreadable."""
    return Reader(text).header


def as_ctypes(kind: Type, module: Any) -> Any:
    """The ctypes type that stands for a C type; structs and callbacks are those of `module`."""
    if kind.base == "char" and kind.pointers:
        result, left = ctypes.c_char_p, kind.pointers - 1
    elif kind.base == "void":
        if kind.pointers > 1:
            raise Unreadable("void **")
        result, left = (ctypes.c_void_p if kind.pointers else None), 0
    elif kind.base in SCALARS:
        result, left = SCALARS[kind.base], kind.pointers
    else:
        result, left = getattr(module, kind.base), kind.pointers
    for _ in range(left):
        result = ctypes.POINTER(result)
    return result if kind.length is None else result * kind.length


def differences(header: Header, module: Any) -> list[str]:
    """Where the declarations of `module` differ from the header; empty when they agree."""
    found: list[str] = []

    def compare(what: str, wanted: Any, given: Any) -> None:
        if wanted != given:
            found.append(f"{what}: the header has {wanted}, the declarations {given}")

    compare("version", header.version, module.VERSION)
    names = [name for name in vars(module) if name.startswith("DCN_")]
    compare("enumerators", header.enumerators, {name: getattr(module, name) for name in names})
    compare("functions", sorted(header.functions), sorted(module.FUNCTIONS))
    for name, (result, arguments) in header.functions.items():
        wanted = (as_ctypes(result, module), [as_ctypes(argument, module) for argument in arguments])
        compare(name, wanted, module.FUNCTIONS.get(name))
    for name, (result, arguments) in header.callbacks.items():
        callback = getattr(module, name)
        compare(name, as_ctypes(result, module), callback._restype_)
        compare(name, tuple(as_ctypes(argument, module) for argument in arguments), tuple(callback._argtypes_))
    structs = {
        name: value for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, ctypes.Structure) and name.startswith("dcn_")}
    compare("structs", sorted([*header.structs, *header.opaque]), sorted(structs))
    for name in header.opaque:
        compare(name, False, hasattr(structs.get(name), "_fields_"))
    for name, fields in header.structs.items():
        wanted = [(member, as_ctypes(kind, module)) for member, kind in fields]
        compare(name, wanted, list(getattr(structs.get(name), "_fields_", [])))
    for name, values in header.initial.items():
        compare(f"{name} INIT", [number(value, header) for value in values], initial_values(structs[name]))
    return found


def number(text: str, header: Header) -> Any:
    """Value of a member in an INIT macro."""
    if text.startswith("{"):
        return [number(part, header) for part in text.strip("{ }").split(", ")]
    if text == "NULL":
        return None
    return header.enumerators[text] if text in header.enumerators else float(text.rstrip("f"))


def initial_values(struct: Any) -> list[Any]:
    """The members of `initial()` behind struct_size."""
    record, values = struct.initial(), []
    if record.struct_size != ctypes.sizeof(struct):
        return ["struct_size"]
    for name, _ in struct._fields_[1:]:
        value = getattr(record, name)
        if isinstance(value, ctypes.Array):
            value = list(value)
        elif isinstance(value, ctypes._Pointer):
            value = value if value else None
        values.append(value)
    return values
