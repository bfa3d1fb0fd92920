"""CSV: a point per row in columns of coordinates, or any geometry in a column of WKT."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.angles import parse_angle
from lianzhou_gis.formats.axes import Axis, axis_of
from lianzhou_gis.formats.columns import COORDINATE_ALIASES, find_columns, plain_name
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.limits import MAX_FEATURES, MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.raw_features import Geometries, RawFeatures, unreadable_issue

__all__ = ["read_coordinate_table", "split_srid"]

_SRID = re.compile(r"\s*SRID\s*=\s*(\d{1,6})\s*;", re.IGNORECASE)
_POINT_NUMBERS = {
    plain_name(word) for word in ("点号", "拐点", "拐点号", "界址点", "界址点号", "拐点编号", "pt_no", "point_no")
}
_PAIRS = (("lon", "lat"), ("east", "north"), ("x", "y"))


def read_coordinate_table(path: Path, *, encoding: str | None = None) -> RawFeatures:
    """Read a CSV with columns of longitude and latitude, of plane coordinates, or of WKT.

    Parameters
    ----------
    path : Path
        Its first row names the columns. Separated by comma, tab, semicolon or full-width comma.
    encoding : str, optional

    Returns
    -------
    RawFeatures
        Without reference system, unless WKT carries ``SRID=``.

    Raises
    ------
    FormatError
        If there are no such columns, or a row has more fields than the first.
    """
    content = read_bounded(path, MAX_TEXT_BYTES)
    text, used, issues = decode_text(content, path.name, encoding=encoding)
    table = _table(text, path.name, issues)
    refuse_count(path.name, len(table), MAX_FEATURES, "行", "rows")
    found = find_columns(table.columns, COORDINATE_ALIASES)
    crs = None
    if "wkt" in found:
        geometries, crs = _from_wkt(table[found["wkt"]].to_numpy(dtype=object), path.name, issues)
        used_columns = {found["wkt"]}
    else:
        pair = next((pair for pair in _PAIRS if pair[0] in found and pair[1] in found), None)
        if pair is None:
            shown = ", ".join(map(str, table.columns[:8]))
            raise FormatError(
                f"{path.name}:1：找不到坐标列；需要 经度/纬度、X/Y 或 WKT，现有 {shown}",
                f"{path.name}:1: no coordinate columns; lon/lat, X/Y or WKT are needed, there are {shown}",
            )
        first, second = (table[found[meaning]].to_numpy(dtype=object) for meaning in pair)
        geometries = _points(first, second, (found[pair[0]], found[pair[1]]), path.name, issues)
        used_columns = {found[pair[0]], found[pair[1]]}
        if len(table) >= 3 and any(plain_name(str(name)) in _POINT_NUMBERS for name in table.columns):
            issues.append(
                Issue(
                    "warning",
                    "points_may_be_corners",
                    path.name,
                    "表中有点号列，各行可能是同一地块的拐点；此处逐行读作点。成片用地请用坐标 TXT 或 WKT",
                    "there is a column of point numbers: rows may be corners of one plot, but each is read as a point; "
                    "give areas as coordinate TXT or WKT",
                )
            )
    columns: dict[str, npt.NDArray[Any]] = {}
    for name in table.columns:
        if name not in used_columns and name not in ("geometry", "source_row"):
            values = table[name].to_numpy(dtype=object)
            columns[str(name)] = np.array([value.strip() or None for value in values], dtype=object)
    return RawFeatures(
        name=path.name,
        columns=columns,
        geometries=geometries,
        crs=crs,
        encoding=used,
        issues=issues,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _table(text: str, name: str, issues: list[Issue]) -> pd.DataFrame:
    head = next((line for line in text.splitlines() if line.strip()), "")
    skip = 0
    if re.fullmatch(r"sep=.", head.strip(), re.IGNORECASE):
        separator, skip = head.strip()[-1], 1
    else:
        separator = max((",", "\t", ";", "，"), key=head.count)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            table = pd.read_csv(
                io.StringIO(text.lstrip("\ufeff")),
                sep=separator,
                skiprows=skip,
                dtype=object,
                keep_default_na=False,
                na_filter=False,
                index_col=False,
                engine="c" if separator.isascii() else "python",
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            found = re.search(r"line (\d+)", str(error))
            place = f":{found[1]}" if found else ""
            raise FormatError(
                f"{name}{place}：不是规整的 CSV（字段数与首行不同、引号不成对或为空表）",
                f"{name}{place}: no regular CSV (a row longer than the first, an open quote, or nothing in it)",
            ) from error
    if heard:
        issues.append(
            Issue(
                "warning",
                "row_cut",
                name,
                "有的行比表头多出字段，多出的部分未读取",
                "some rows have more fields than the first row names; the rest was not read",
            )
        )
    table.columns = [str(column).strip() for column in table.columns]
    text_only = table.map(lambda value: value if isinstance(value, str) else "")
    return pd.DataFrame(text_only)


def split_srid(text: str) -> tuple[str, str | None]:
    """Split ``SRID=4525;POLYGON ...`` into WKT and ``EPSG:4525``.

    Examples
    --------
    >>> split_srid("SRID=4525;POINT (1 2)"), split_srid("POINT (1 2)")
    (('POINT (1 2)', 'EPSG:4525'), ('POINT (1 2)', None))
    """
    found = _SRID.match(text)
    return (text[found.end() :], f"EPSG:{found[1]}") if found else (text, None)


def _from_wkt(values: npt.NDArray[Any], name: str, issues: list[Issue]) -> tuple[Geometries, str | None]:
    split = [split_srid(value) for value in values]
    codes = {code for (_, code), value in zip(split, values, strict=True) if value.strip()}
    if len(codes) > 1:
        listed = ", ".join(sorted(code or "-" for code in codes))
        raise FormatError(
            f"{name}：各行 SRID 不一致（{listed}）；请分成几个文件",
            f"{name}: rows differ in SRID ({listed}); make them separate files",
        )
    texts = np.array([text.strip() or None for text, _ in split], dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        geometries = np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
    present = np.array([text is not None for text in texts], dtype=bool)
    issues.extend(unreadable_issue(present & shapely.is_missing(geometries), name))
    return geometries, next(iter(codes), None)


def _points(
    first: npt.NDArray[Any], second: npt.NDArray[Any], names: tuple[str, str], name: str, issues: list[Issue]
) -> Geometries:
    """Return a point per row, x east and y north; rows without readable coordinates get None."""
    raw = np.column_stack([first, second])
    numbers = np.array([[parse_angle(value) for value in row] for row in raw], dtype=np.float64).reshape(-1, 2)
    whole = np.isfinite(numbers).all(axis=1)
    filled = np.array([any(value.strip() for value in row) for row in raw], dtype=bool).reshape(-1)
    bad = np.flatnonzero(filled & ~whole)
    if len(bad):
        shown = ", ".join(str(row + 2) for row in bad[:8]) + (" ..." if len(bad) > 8 else "")
        issues.append(
            Issue(
                "error",
                "coordinate_unreadable",
                name,
                f"{len(bad)} 行坐标不是数字（第 {shown} 行），按无图形处理",
                f"{len(bad)} rows have coordinates that are no numbers (lines {shown}); they count as without geometry",
            )
        )
    if whole.any() and _northings_first(numbers[whole], np.flatnonzero(whole), name):
        numbers = numbers[:, ::-1]
        issues.append(
            Issue(
                "info",
                "axes_by_size",
                name,
                f"按数值大小判定：{names[0]} 列为纵坐标（北）或纬度，{names[1]} 列为横坐标（东）或经度",
                f"by the size of the numbers {names[0]} is north or latitude and {names[1]} is east or longitude",
            )
        )
    points = np.full(len(numbers), None, dtype=object)
    points[whole] = shapely.points(numbers[whole])
    return points


def _northings_first(numbers: npt.NDArray[np.float64], rows: npt.NDArray[np.intp], name: str) -> bool:
    """Tell whether the first of each pair is the north one; rows that contradict each other are refused."""
    kinds = axis_of(numbers)
    north_first = np.isin(kinds[:, 0], (Axis.LAT, Axis.NORTH)) & np.isin(
        kinds[:, 1], (Axis.LON, Axis.EAST, Axis.EAST_WITH_ZONE)
    )
    if north_first.any() and not north_first.all():
        line = int(rows[np.flatnonzero(north_first != north_first[0])[0]]) + 2
        raise FormatError(
            f"{name}:{line}：坐标顺序或单位与前面各行不同；请统一后再读",
            f"{name}:{line}: order or unit of the coordinates differ from the rows before; make them the same",
        )
    return bool(north_first.all())
