"""The records of a Shapefile counted one by one: geometry file against index against attribute table.

Readers go by the index. One that names fewer records than the geometry file holds, or one of them twice, loses zones
without a warning; so every byte of the geometry file is accounted for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lianzhou_gis.formats.wholeness import Wholeness, WholenessGround

__all__ = ["ShapeRecords", "check_shape_records"]

_HEADER = 100
_SHAPE_TYPES = frozenset({0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, 31})
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ShapeRecords:
    """What was counted.

    Attributes
    ----------
    indexed : int
        Entries of the index.
    wholeness : Wholeness
    """

    indexed: int
    wholeness: Wholeness


def check_shape_records(shp: Path, shx: Path, table_rows: int | None) -> ShapeRecords:
    """Compare geometry file, index and attribute table of a Shapefile record by record.

    Parameters
    ----------
    shp, shx : Path
        With headers that were checked before.
    table_rows : int, optional
        Rows of the attribute table, deleted ones included; None where there is no table.
    """
    index = shx.read_bytes()[_HEADER:]
    # An entry that is cut off is none.
    entries = np.frombuffer(index[: len(index) // 8 * 8], dtype=">i4")
    entries = entries.reshape(-1, 2).astype(np.int64)
    offsets, lengths = 2 * entries[:, 0], 2 * entries[:, 1]
    size = shp.stat().st_size
    content = np.memmap(shp, dtype=np.uint8, mode="r") if size else np.empty(0, dtype=np.uint8)
    whole = Wholeness()
    inside = (offsets >= _HEADER) & (lengths >= 4) & (offsets + 8 + lengths <= size)
    numbers, stated = _heads(content, offsets[inside])
    wrong = int((~inside).sum() + (stated != lengths[inside]).sum())
    if wrong:
        whole = whole.with_fault(WholenessGround.SHAPE_INDEX, "shape_index_wrong", count=wrong)
    repeated = len(offsets) - len(np.unique(offsets))
    if repeated:
        whole = whole.with_fault(WholenessGround.SHAPE_INDEX, "shape_index_repeated", count=repeated)
    lost = _unindexed(content, offsets[inside], stated, set(numbers.tolist()), size)
    if lost:
        whole = whole.with_fault(
            WholenessGround.SHAPE_RECORDS, "shape_records_unindexed", count=lost, indexed=len(offsets)
        )
    if table_rows is not None and table_rows != len(offsets):
        whole = whole.with_fault(
            WholenessGround.ATTRIBUTE_ROWS, "shape_table_differs", shapes=len(offsets), rows=table_rows
        )
    if whole.is_whole:
        whole = whole.with_proof(WholenessGround.SHAPE_RECORDS)
    return ShapeRecords(len(offsets), whole)


def _heads(content: npt.NDArray[np.uint8], offsets: Ints) -> tuple[Ints, Ints]:
    """Return number and length in bytes from the header of each record."""
    if not len(offsets):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    head = content[offsets[:, None] + np.arange(8)]
    pairs = np.ascontiguousarray(head).view(">i4").astype(np.int64)
    return pairs[:, 0], 2 * pairs[:, 1]


def _unindexed(content: npt.NDArray[np.uint8], offsets: Ints, lengths: Ints, known: set[int], size: int) -> int:
    """Return how many records lie in bytes that no entry of the index covers.

    Programs that enlarge a geometry write it anew at the end and leave the old record behind: one whose number is
    indexed is not lost.
    """
    order = np.argsort(offsets, kind="stable")
    starts, ends = offsets[order], (offsets + 8 + lengths)[order]
    gaps = _gaps(starts, ends, size)
    lost = 0
    for start, end in gaps:
        place = start
        while place + 12 <= end:
            (number,), (length,) = _heads(content, np.array([place], dtype=np.int64))
            kind = int.from_bytes(content[place + 8 : place + 12].tobytes(), "little")
            if length < 4 or place + 8 + length > end or kind not in _SHAPE_TYPES:
                break
            lost += int(number) not in known
            place += 8 + int(length)
    return lost


def _gaps(starts: Ints, ends: Ints, size: int) -> list[tuple[int, int]]:
    """Return the stretches of a file between its header and its end that no record covers."""
    if not len(starts):
        return [(_HEADER, size)] if size > _HEADER else []
    reached = np.maximum.accumulate(ends)
    begin = np.r_[_HEADER, reached]
    finish = np.r_[starts, size]
    free = finish > begin
    return list(zip(begin[free].tolist(), finish[free].tolist(), strict=True))
