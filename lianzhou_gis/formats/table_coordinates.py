"""The numbers in the coordinate columns of a table: degrees in whatever form, metres, and which of two is north."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.axis_order import Axis, axis_of, zone_prefix
from lianzhou_gis.formats.parse_numbers import packed_degrees, parse_angle, parse_number
from lianzhou_gis.formats.raw_features import Geometries
from lianzhou_gis.formats.table_header import Header

__all__ = ["columns_of_pair", "coordinates_of", "points_of"]

_PACKED = re.compile(r"度分秒|度\.分秒|d+\.?m+\.?s+", re.IGNORECASE)
_DECIMAL = re.compile(r"十进制|小数|decimal|°|\bdeg", re.IGNORECASE)
# So many numbers that all can be read as minutes and seconds are no accident: for decimal fractions the odds are
# below one in a hundred.
_TELLING = 5


def columns_of_pair(head: Header, pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], tuple[str, str] | None]:
    """Return the pair of coordinates that a head names, and a second one that it names as well."""
    there = [pair for pair in pairs if pair[0] in head.columns and pair[1] in head.columns]
    return there[0], (there[1] if len(there) > 1 else None)


def coordinates_of(
    rows: pd.DataFrame, head: Header, pair: tuple[str, str], name: str, issues: list[Issue]
) -> npt.NDArray[np.float64]:
    """Return east and north of every row, shape (n, 2); NaN where they cannot be read.

    Raises
    ------
    FormatError
        If rows contradict each other in order, unit or zone, or degrees may be packed and the head does not say.
    """
    texts = np.column_stack([_texts(rows, head.columns[meaning]) for meaning in pair])
    numbers = np.array([[parse_angle(cell) for cell in row] for row in texts], dtype=np.float64).reshape(-1, 2)
    plain = np.array([[parse_number(cell) is not None for cell in row] for row in texts], dtype=bool).reshape(-1, 2)
    lines = rows.index.to_numpy()
    for side, meaning in enumerate(pair):
        _unpack(numbers[:, side], plain[:, side], head.full[meaning], lines, name, issues)
    whole = np.isfinite(numbers).all(axis=1)
    numbers[~whole] = np.nan
    there = np.array([any(cell is not None for cell in row) for row in texts], dtype=bool).reshape(-1)
    bad = np.flatnonzero(there & ~whole)
    if len(bad):
        shown = ", ".join(str(lines[row]) for row in bad[:8]) + (" ..." if len(bad) > 8 else "")
        issues.append(
            Issue(
                "error",
                "coordinate_unreadable",
                name,
                f"{len(bad)} 行坐标不是数字（第 {shown} 行），按无图形处理",
                f"{len(bad)} rows have coordinates that are no numbers (lines {shown}); they count as without geometry",
            )
        )
    if whole.any() and _northings_first(numbers[whole], lines[whole], name):
        numbers = numbers[:, ::-1]
        shown_names = [head.names[head.columns[meaning][0]] for meaning in pair]
        issues.append(
            Issue(
                "info",
                "axes_by_size",
                name,
                f"按数值大小判定：{shown_names[0]} 列为纵坐标（北）或纬度，{shown_names[1]} 列为横坐标（东）或经度",
                f"by the size of the numbers {shown_names[0]} is north or latitude and {shown_names[1]} is east or "
                "longitude",
            )
        )
    _one_zone(numbers[whole], lines[whole], name)
    return np.ascontiguousarray(numbers)


def _texts(rows: pd.DataFrame, places: tuple[int, ...]) -> npt.NDArray[Any]:
    if len(places) == 1:
        return rows[places[0]].to_numpy(dtype=object)
    parts = [rows[place].to_numpy(dtype=object) for place in places]
    joined = np.empty(len(rows), dtype=object)
    for row, (degrees, minutes, seconds) in enumerate(zip(*parts, strict=True)):
        if degrees is not None:
            numbers = [parse_number(part) for part in (degrees, minutes or 0, seconds or 0)]
            there = [number for number in numbers if number is not None]
            # What is no number stays visible as such, and is noted with its line.
            joined[row] = "{:.0f}°{:.10g}′{:.10g}″".format(*there) if len(there) == len(numbers) else "?"
    return joined


def _unpack(
    numbers: npt.NDArray[np.float64],
    plain: npt.NDArray[np.bool_],
    said: str,
    lines: npt.NDArray[Any],
    name: str,
    issues: list[Issue],
) -> None:
    """Turn packed degrees (DDD.MMSS) into decimal ones where the head says so; ask where it may be so."""
    degrees = plain & np.isin(axis_of(np.nan_to_num(numbers)), (Axis.LON, Axis.LAT))
    if not degrees.any():
        return
    values = packed_degrees(numbers[degrees])
    if _PACKED.search(said):
        wrong = np.flatnonzero(np.isnan(values))
        if len(wrong):
            line, number = lines[degrees][wrong[0]], numbers[degrees][wrong[0]]
            raise FormatError(
                f"{name}:{line}：{number:.10g} 的分或秒不小于 60，不是度分秒；若为十进制度，请在表头注明",
                f"{name}:{line}: minutes or seconds of {number:.10g} reach 60, so it is not packed as the head says; "
                "if it is decimal, let the head say so",
            )
        numbers[degrees] = values
        issues.append(
            Issue(
                "info",
                "degrees_unpacked",
                name,
                f"{said} 列按 度.分秒（DDD.MMSS）读取",
                f"the column {said} was read as DDD.MMSS",
            )
        )
    elif not _DECIMAL.search(said) and not np.isnan(values).any():
        whole = numbers[degrees] == np.round(numbers[degrees])
        count = len(np.unique(numbers[degrees][~whole]))
        zh = f"{said} 列的数既可能是十进制度，也可能是 度.分秒（DDD.MMSS）"
        en = f"the numbers of {said} may be decimal degrees or DDD.MMSS"
        if count >= _TELLING:
            raise FormatError(
                f"{name}：{zh}；请在表头注明，如 经度(度分秒) 或 经度(十进制)",
                f"{name}: {en}; let the head say which, for instance lon (DDMMSS) or lon (decimal)",
            )
        if count:
            issues.append(
                Issue("warning", "degrees_uncertain", name, f"{zh}；按十进制度读取，请核对", f"{en}; decimal was taken")
            )


def _northings_first(numbers: npt.NDArray[np.float64], lines: npt.NDArray[Any], name: str) -> bool:
    """Tell whether the first of each pair is the north one; rows that contradict each other are refused."""
    kinds = axis_of(numbers)
    north_first = np.isin(kinds[:, 0], (Axis.LAT, Axis.NORTH)) & np.isin(
        kinds[:, 1], (Axis.LON, Axis.EAST, Axis.EAST_WITH_ZONE)
    )
    if north_first.any() and not north_first.all():
        line = lines[np.flatnonzero(north_first != north_first[0])[0]]
        raise FormatError(
            f"{name}:{line}：坐标顺序或单位与前面各行不同；请统一后再读",
            f"{name}:{line}: order or unit of the coordinates differ from the rows before; make them the same",
        )
    return bool(north_first.all())


def _one_zone(numbers: npt.NDArray[np.float64], lines: npt.NDArray[Any], name: str) -> None:
    zones = zone_prefix(numbers[:, 0])
    if len(numbers) and (zones != zones[0]).any():
        row = int(np.flatnonzero(zones != zones[0])[0])
        raise FormatError(
            f"{name}:{lines[row]}：横坐标的带号（{zones[row] or '无'}）与前面各行（{zones[0] or '无'}）不同；"
            "请分成几个文件",
            f"{name}:{lines[row]}: the zone of the easting ({zones[row] or 'none'}) is not that of the rows before "
            f"({zones[0] or 'none'}); make them separate files",
        )


def points_of(xy: npt.NDArray[np.float64]) -> Geometries:
    """Return a point for every row, None where it has no coordinates."""
    whole = np.isfinite(xy).all(axis=1)
    points = np.full(len(xy), None, dtype=object)
    points[whole] = shapely.points(xy[whole])
    return points
