"""Writes protocol buffers: a wire-format writer of its own, so that the reader is tested against what it did not write.

Messages are lists of pieces: bytes, or (length, function that writes that many bytes to a file), so that gigabytes stream.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

Piece = bytes | tuple[int, Callable[[BinaryIO], None]]
Message = list[Piece]


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def size(message: Message) -> int:
    return sum(len(p) if isinstance(p, bytes) else p[0] for p in message)


def integer(number: int, value: int) -> Message:
    return [varint(number << 3) + varint(value)]


def real(number: int, value: float) -> Message:
    return [varint(number << 3 | 5) + struct.pack("<f", value)]


def text(number: int, value: str | bytes) -> Message:
    data = value.encode() if isinstance(value, str) else value
    return [varint(number << 3 | 2) + varint(len(data)) + data]


def message(number: int, inner: Message) -> Message:
    return [varint(number << 3 | 2) + varint(size(inner)), *inner]


def stream(number: int, length: int, put: Callable[[BinaryIO], None]) -> Message:
    return [varint(number << 3 | 2) + varint(length), (length, put)]


def write(inner: Message, file: BinaryIO) -> None:
    for piece in inner:
        if isinstance(piece, bytes):
            file.write(piece)
        else:
            start = file.tell()
            piece[1](file)
            assert file.tell() - start == piece[0]
