"""Header and raw texts of a DBF table, before any reader decodes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.encodings import DbfText
from lianzhou_gis.formats.wholeness import Wholeness, WholenessGround

__all__ = ["Dbf", "read_dbf"]

_CHUNK_ROWS = 50_000
_DELETED = ord("*")


@dataclass(frozen=True)
class Dbf:
    """Header and texts of a DBF.

    Attributes
    ----------
    records : int
        Rows that the header declares, deleted ones included.
    text : DbfText
    deleted : int
        Rows that are marked as deleted.
    wholeness : Wholeness
    """

    records: int
    text: DbfText
    deleted: int
    wholeness: Wholeness


def read_dbf(path: Path) -> Dbf:
    """Read header and texts of a DBF.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FormatError
        If the header is broken.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            raise _broken(path.name)
        records, header_size, record_size = struct.unpack("<IHH", head[4:12])
        descriptors = stream.read(max(header_size - 32, 0))
        fields = _fields(descriptors)
        width = 1 + sum(field[2] for field in fields)
        if header_size < 33 or not fields or record_size < width:
            raise _broken(path.name)
        whole = max(size - header_size, 0) // record_size
        wholeness = Wholeness()
        end = header_size + records * record_size
        # A declared end beyond the file may be more than a file system can seek to.
        if whole != records and (end > size or not _only_padding(stream, end, record_size)):
            wholeness = wholeness.with_fault(
                WholenessGround.ATTRIBUTE_ROWS, "table_rows_differ", declared=records, rows=whole
            )
        deleted = 0
        cells: set[tuple[bytes, int]] = set()
        stream.seek(header_size)
        left = min(records, whole)
        while left > 0:
            rows = min(left, _CHUNK_ROWS)
            block = np.frombuffer(stream.read(rows * record_size), dtype=np.uint8)
            block = block[: len(block) // record_size * record_size].reshape(-1, record_size)
            if not len(block):
                break
            left -= rows
            deleted += int((block[:, 0] == _DELETED).sum())
            _collect(block, fields, cells)
    text = DbfText([name for name, _, _ in fields], sorted(cells), head[29])
    return Dbf(records, text, deleted, wholeness)


def _only_padding(stream: BinaryIO, place: int, record_size: int) -> bool:
    """Tell whether what follows the last declared row is no row: those begin with a blank or an asterisk."""
    stream.seek(place)
    rest = stream.read(record_size)
    return len(rest) == record_size and rest[:1] not in (b" ", b"*")


def _fields(descriptors: bytes) -> list[tuple[bytes, str, int]]:
    """Return name, kind and width of every field."""
    fields = []
    for start in range(0, len(descriptors) - 31, 32):
        block = descriptors[start : start + 32]
        if block[0] in (0x0D, 0x00):
            break
        kind = chr(block[11])
        # Long character fields keep the high byte of their width where numbers keep the decimals.
        width = block[16] + (256 * block[17] if kind == "C" else 0)
        fields.append((block[:11].split(b"\x00", 1)[0], kind, width))
    return fields


def _collect(
    block: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
    fields: list[tuple[bytes, str, int]],
    cells: set[tuple[bytes, int]],
) -> None:
    """Add the distinct texts beyond ASCII of a block of records."""
    offset = 1
    for _, kind, width in fields:
        if kind == "C" and width:
            column = block[:, offset : offset + width]
            foreign = column[(column > 0x7F).any(axis=1)]
            if len(foreign):
                unique = np.unique(np.ascontiguousarray(foreign).view(f"S{width}").ravel())
                cells.update((bytes(raw).rstrip(b" \x00"), width) for raw in unique)
        offset += width


def _broken(name: str) -> FormatError:
    return FormatError.from_code("dbf_header_invalid", file=name)
