"""The features of a FlatGeobuf counted one by one against the count in its header."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from lianzhou_gis.formats.wholeness import Wholeness, WholenessGround

__all__ = ["check_flatgeobuf_records"]

_MAGIC_BYTES = 8
_NODE_BYTES = 40
# Fields of the header table in its schema (flatbuffers): the eighth and the ninth.
_FEATURES_COUNT, _INDEX_NODE_SIZE = 8, 9


def check_flatgeobuf_records(path: Path, read: int) -> Wholeness:
    """Walk through a FlatGeobuf from its header to its last byte.

    Parameters
    ----------
    path : Path
        A file that a reader has opened.
    read : int
        Features that the reader returned.
    """
    whole = Wholeness()
    size = path.stat().st_size
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            (header,) = struct.unpack_from("<I", content, _MAGIC_BYTES)
            declared, node_size = _header(content[_MAGIC_BYTES + 4 : _MAGIC_BYTES + 4 + header])
            place = _MAGIC_BYTES + 4 + header + _index_bytes(declared, node_size)
            counted = 0
            while place + 4 <= size:
                (length,) = struct.unpack_from("<I", content, place)
                place += 4 + length
                counted += 1
    except (struct.error, ValueError, IndexError, OSError):
        return whole.with_fault(WholenessGround.FILE_BYTES, "bytes_unaccounted", count=size)
    if place != size:
        whole = whole.with_fault(WholenessGround.FILE_BYTES, "bytes_unaccounted", count=abs(size - place))
    if declared and declared > counted:
        whole = whole.with_fault(WholenessGround.RECORD_COUNT, "count_above_rows", declared=declared, read=counted)
    if counted != read:
        whole = whole.with_fault(WholenessGround.RECORD_COUNT, "rows_not_read", rows=counted, read=read)
    return whole.with_proof(WholenessGround.RECORD_COUNT) if whole.is_whole else whole


def _header(table: bytes) -> tuple[int, int]:
    """Return the count of features and the node size of the index, with the defaults of the schema."""
    (root,) = struct.unpack_from("<I", table, 0)
    (back,) = struct.unpack_from("<i", table, root)
    vtable = root - back
    (vtable_bytes,) = struct.unpack_from("<H", table, vtable)

    def field(number: int, form: str, default: int) -> int:
        slot = 4 + 2 * number
        if slot + 2 > vtable_bytes:
            return default
        (offset,) = struct.unpack_from("<H", table, vtable + slot)
        return int(struct.unpack_from(form, table, root + offset)[0]) if offset else default

    return field(_FEATURES_COUNT, "<Q", 0), field(_INDEX_NODE_SIZE, "<H", 16)


def _index_bytes(count: int, node_size: int) -> int:
    """Return the bytes of a packed R-tree: the nodes of all its levels."""
    if node_size == 0 or count == 0:
        return 0
    nodes = level = count
    while True:
        level = -(-level // node_size)
        nodes += level
        if level == 1:
            return nodes * _NODE_BYTES
