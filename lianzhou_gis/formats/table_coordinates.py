"""The numbers in the coordinate columns of a table: degrees in whatever form, metres, and which of two is north."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.errors import FormatError, Issue, Phrase
from lianzhou_gis.formats.axis_order import Axis, classify_axes, zone_prefix
from lianzhou_gis.formats.parse_numbers import (
    WrittenNumber,
    packed_degrees,
    packed_step,
    parse_number,
    parse_written,
    split_pair,
)
from lianzhou_gis.formats.raw_features import Geometries
from lianzhou_gis.formats.table_header import Header

__all__ = ["TableCoordinates", "build_points", "pair_columns", "parse_coordinates"]

_PACKED = re.compile(r"度分秒|度\.分秒|d+\.?m+\.?s+", re.IGNORECASE)
_DECIMAL = re.compile(r"十进制|小数|decimal|°|\bdeg", re.IGNORECASE)
_DEGREES = (Axis.LON, Axis.LAT)


@dataclass(frozen=True)
class TableCoordinates:
    """The coordinates of the rows of a table.

    Attributes
    ----------
    xy : ndarray of float, shape (n, 2)
        East and north, or longitude and latitude; NaN where they cannot be read.
    steps : ndarray of float, shape (n, 2)
        Worth of the last written digit of each number, in its unit.
    may_be_packed : bool
        Whether both columns could be degrees packed as DDD.MMSS and the head does not declare the form.
    """

    xy: npt.NDArray[np.float64]
    steps: npt.NDArray[np.float64]
    may_be_packed: bool


def pair_columns(head: Header, pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], tuple[str, str] | None]:
    """Return the pair of coordinates that a head names, and a second one that it names as well."""
    there = [pair for pair in pairs if pair[0] in head.columns and pair[1] in head.columns]
    return there[0], (there[1] if len(there) > 1 and there[1][0] != "pair" else None)


def parse_coordinates(
    rows: pd.DataFrame, head: Header, pair: tuple[str, str], name: str, issues: list[Issue]
) -> TableCoordinates:
    """Return east and north of every row.

    Raises
    ------
    FormatError
        If rows contradict each other in order, unit or zone, or are not packed although the head declares it.
    """
    texts = _texts_of_pair(rows, head) if pair[0] == "pair" else _texts_of_columns(rows, head, pair)
    written = [[parse_written(cell) for cell in row] for row in texts]
    numbers, steps = _array(written, "value"), _array(written, "step")
    lines = rows.index.to_numpy()
    _note_carried(written, lines, name, issues)
    packable = _unpack(numbers, steps, written, [head.full[meaning] for meaning in pair], lines, name, issues)
    whole = np.isfinite(numbers).all(axis=1)
    numbers[~whole] = np.nan
    there = np.array([any(cell is not None for cell in row) for row in texts], dtype=bool).reshape(-1)
    bad = np.flatnonzero(there & ~whole)
    if len(bad):
        shown = ", ".join(str(lines[row]) for row in bad[:8]) + (" ..." if len(bad) > 8 else "")
        issues.append(Issue.from_code("error", "coordinate_unreadable", name, count=len(bad), shown=shown))
    if whole.any() and _northings_first(numbers[whole], lines[whole], name):
        numbers, steps = numbers[:, ::-1], steps[:, ::-1]
        if pair[0] != "pair":
            _note_axes([head.names[head.columns[meaning][0]] for meaning in pair], name, issues)
    _one_zone(numbers[whole], lines[whole], name)
    return TableCoordinates(np.ascontiguousarray(numbers), np.ascontiguousarray(steps), packable)


def _array(written: list[list[WrittenNumber | None]], attribute: str) -> npt.NDArray[np.float64]:
    rows = [[np.nan if cell is None else getattr(cell, attribute) for cell in row] for row in written]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _note_axes(names: list[str], name: str, issues: list[Issue]) -> None:
    issues.append(Issue.from_code("info", "axes_by_size", name, first=names[0], second=names[1]))


def _note_carried(
    written: list[list[WrittenNumber | None]], lines: npt.NDArray[np.int_], name: str, issues: list[Issue]
) -> None:
    rows = [
        line for row, line in zip(written, lines, strict=True) if any(cell is not None and cell.carried for cell in row)
    ]
    if rows:
        shown = ", ".join(map(str, rows[:8]))
        issues.append(Issue.from_code("warning", "sixty_carried", name, count=len(rows), shown=shown))


def _texts_of_columns(rows: pd.DataFrame, head: Header, pair: tuple[str, str]) -> npt.NDArray[np.object_]:
    return np.column_stack([_texts(rows, head.columns[meaning]) for meaning in pair])


def _texts_of_pair(rows: pd.DataFrame, head: Header) -> npt.NDArray[np.object_]:
    """Return the two texts of cells that hold both coordinates."""
    cells = rows[head.columns["pair"][0]].to_numpy(dtype=object)
    texts = np.empty((len(cells), 2), dtype=object)
    for row, cell in enumerate(cells):
        # What is no pair stays visible as such, and is noted with its line.
        texts[row] = split_pair(cell) or (None if cell is None else "?", None if cell is None else "?")
    return texts


def _texts(rows: pd.DataFrame, places: tuple[int, ...]) -> npt.NDArray[np.object_]:
    if len(places) == 1:
        return rows[places[0]].to_numpy(dtype=object)
    parts = [rows[place].to_numpy(dtype=object) for place in places]
    joined = np.empty(len(rows), dtype=object)
    for row, (degrees, minutes, seconds) in enumerate(zip(*parts, strict=True)):
        if degrees is not None:
            numbers = [parse_number(part) for part in (degrees, minutes or 0, seconds or 0)]
            there = [number for number in numbers if number is not None]
            # What is no number stays visible as such, and is noted with its line.
            if len(there) < len(numbers):
                joined[row] = "?"
            else:
                last = str(seconds).strip() if isinstance(seconds, str) else f"{there[2]:.10g}"
                joined[row] = f"{there[0]:.0f}°{there[1]:.10g}′{last}″"
    return joined


def _unpack(
    numbers: npt.NDArray[np.float64],
    steps: npt.NDArray[np.float64],
    written: list[list[WrittenNumber | None]],
    heads: list[str],
    lines: npt.NDArray[np.int_],
    name: str,
    issues: list[Issue],
) -> bool:
    """Turn packed degrees (DDD.MMSS) into decimal ones where the head declares it; return whether others may be."""
    plain = np.array([[cell is not None and not cell.angular for cell in row] for row in written], dtype=bool)
    degrees = plain.reshape(-1, 2) & np.isin(classify_axes(np.nan_to_num(numbers)), _DEGREES)
    stated = [bool(_PACKED.search(head)) for head in heads]
    for side, head in enumerate(heads):
        if stated[side] and degrees[:, side].any():
            _unpack_column(numbers[:, side], steps[:, side], degrees[:, side], head, lines, name, issues)
    if any(stated) or any(_DECIMAL.search(head) for head in heads) or not degrees.any():
        return False
    # Only where each number of both columns can be read either way, and the readings differ.
    both = degrees.all(axis=1) | np.isnan(numbers).any(axis=1)
    values = numbers[degrees]
    fractional = values != np.round(values)
    return bool(both.all()) and bool(fractional.any()) and not np.isnan(packed_degrees(values)).any()


def _unpack_column(
    numbers: npt.NDArray[np.float64],
    steps: npt.NDArray[np.float64],
    degrees: npt.NDArray[np.bool_],
    head: str,
    lines: npt.NDArray[np.int_],
    name: str,
    issues: list[Issue],
) -> None:
    values = packed_degrees(numbers[degrees])
    wrong = np.flatnonzero(np.isnan(values))
    if len(wrong):
        line, number = lines[degrees][wrong[0]], numbers[degrees][wrong[0]]
        raise FormatError.from_code("packed_impossible", file=name, line=line, number=number)
    numbers[degrees] = values
    steps[degrees] = packed_step(steps[degrees])
    issues.append(Issue.from_code("info", "degrees_unpacked", name, head=head))


def _northings_first(numbers: npt.NDArray[np.float64], lines: npt.NDArray[np.int_], name: str) -> bool:
    """Tell whether the first of each pair is the north one; rows that contradict each other are refused."""
    kinds = classify_axes(numbers)
    north_first = np.isin(kinds[:, 0], (Axis.LAT, Axis.NORTH)) & np.isin(
        kinds[:, 1], (Axis.LON, Axis.EAST, Axis.EAST_WITH_ZONE)
    )
    if north_first.any() and not north_first.all():
        line = lines[np.flatnonzero(north_first != north_first[0])[0]]
        raise FormatError.from_code("rows_mixed", file=name, line=line)
    return bool(north_first.all())


def _one_zone(numbers: npt.NDArray[np.float64], lines: npt.NDArray[np.int_], name: str) -> None:
    zones = zone_prefix(numbers[:, 0])
    if len(numbers) and (zones != zones[0]).any():
        row = int(np.flatnonzero(zones != zones[0])[0])
        raise FormatError.from_code(
            "zones_mixed",
            file=name,
            line=lines[row],
            zone=zones[row] or Phrase("无", "none"),
            first=zones[0] or Phrase("无", "none"),
        )


def build_points(xy: npt.NDArray[np.float64]) -> Geometries:
    """Return a point for every row, None where it has no coordinates."""
    whole = np.isfinite(xy).all(axis=1)
    points = np.full(len(xy), None, dtype=object)
    points[whole] = shapely.points(xy[whole])
    return points
