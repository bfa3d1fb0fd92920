"""Features in the coordinates of their file: the result of every reader."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj

from lianzhou_gis.errors import Issue
from lianzhou_gis.formats.wholeness import Wholeness

__all__ = [
    "ARC_DEGREES",
    "UNNAMED_CRS",
    "Geometries",
    "RawFeatures",
    "capture_warnings",
    "curves_issue",
    "dimension_issue",
    "unique_names",
    "unreadable_issue",
    "with_missing",
    "without_paths",
]

# Step of linearised arcs: for a radius of 1 km chords deviate by 9.5 mm.
ARC_DEGREES = 0.5

# Begins what a file declares as its reference system without naming one.
UNNAMED_CRS = "crs:"

Geometries = npt.NDArray[np.object_]


@dataclass
class RawFeatures:
    """The records of one layer in their own coordinates.

    Attributes
    ----------
    name : str
        File, and layer where there are several; for issues.
    columns : dict of str to array, each shape (n,)
        In the order of the file.
    geometries : ndarray of shapely geometries or None, shape (n,)
        x east, y north as the format has it.
    crs : pyproj.CRS or str, optional
        What the file declares.
    encoding : str, optional
        Of the texts, where the format leaves it open.
    issues : list of Issue
    sha256 : str
        Of the file's bytes.
    rows : sequence of int, optional
        Place of each record in the file, where that is not 1, 2, 3 ...
    wgs84_by : str, optional
        The format, if its standard fixes WGS 84 longitude and latitude.
    aliases : dict of str to str
        Column to the name that the file gives it for people.
    extent : tuple of float, optional
        West, south, east, north of all records, where these are only some of them.
    datum : {"gcj02", "bd09"}, optional
        Offset datum that the source or its maker declares.
    steps : ndarray of float, shape (n,), optional
        Worth of the last written digit of each record's coordinates, in their unit; NaN where unknown. Found from the
        numbers themselves where not given.
    may_be_packed : bool
        Whether numbers between -180 and 180 may be degrees packed as DDD.MMSS, because no form is declared.
    wholeness : Wholeness
        What the file tells about whether it holds all of its records.
    """

    name: str
    columns: dict[str, npt.NDArray[Any]]
    geometries: Geometries
    crs: pyproj.CRS | str | None
    encoding: str | None
    issues: list[Issue] = field(default_factory=list)
    sha256: str = ""
    rows: Sequence[int] | None = None
    wgs84_by: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    extent: tuple[float, float, float, float] | None = None
    datum: str | None = None
    steps: npt.NDArray[np.float64] | None = None
    may_be_packed: bool = False
    wholeness: Wholeness = field(default_factory=Wholeness)


def unreadable_issue(lost: npt.NDArray[np.bool_], name: str) -> list[Issue]:
    """Return the Issue for geometries that cannot be built, if there are any."""
    rows = np.flatnonzero(lost) + 1
    if not len(rows):
        return []
    shown = ", ".join(map(str, rows[:8])) + (" ..." if len(rows) > 8 else "")
    return [
        Issue(
            "error",
            "geometry_unreadable",
            name,
            f"{len(rows)} 个要素的图形无法读出（第 {shown} 条；已损坏，或为圆弧、曲面，须先转为折线），按无图形处理",
            f"the geometry of {len(rows)} features cannot be read (records {shown}; damaged, or arcs, surfaces, which "
            "are to be made straight first); they count as without geometry",
        )
    ]


@contextmanager
def capture_warnings(name: str, issues: list[Issue]) -> Iterator[None]:
    """Convert warnings of GDAL and GEOS inside the block to issues, paths cut to file names."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    seen = set()
    for warning in caught:
        text = without_paths(str(warning.message))
        if text in seen:
            continue
        seen.add(text)
        if "Measured (M)" in text:
            issues.append(dimension_issue(name))
        else:
            issues.append(Issue("warning", "reader_warning", name, f"读取程序提示：{text}", f"the reader says: {text}"))


def dimension_issue(name: str) -> Issue:
    """Return the Issue for dropped heights and measures."""
    return Issue(
        "info",
        "dimension_dropped",
        name,
        "图形带有 Z 或 M 值，核查只用平面坐标",
        "heights or measures (Z, M) are left out",
    )


def curves_issue(name: str) -> Issue:
    """Return the Issue for arcs that GDAL has linearised."""
    return Issue(
        "warning",
        "curves_linearised",
        name,
        f"图形含圆弧，已按短弦折线读取（每段不超过 {ARC_DEGREES}°，半径 1 公里时离弧不超过 1 厘米）",
        f"the geometry holds arcs; they were read as chords of at most {ARC_DEGREES} degrees, within 1 cm of an arc of "
        "1 km radius",
    )


def without_paths(text: str) -> str:
    """Return a message of a library on one line, its paths cut to file names."""
    text = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    return re.sub(r"(?:[A-Za-z]:)?(?:[^\s'\"]*[/\\])+(?=[^\s'\"/\\])", "", text)[:300]


def with_missing(geometries: Geometries, dropped: npt.NDArray[np.bool_]) -> Geometries:
    """Return geometries with None where ``dropped`` is true."""
    result = geometries.copy()
    result[dropped] = None
    return result


def unique_names(names: Sequence[str], taken: Sequence[str], name: str) -> tuple[list[str], list[Issue]]:
    """Return column names with repeated and reserved ones numbered (``名称_2``), and an Issue for each change.

    Examples
    --------
    >>> unique_names(["a", "a", "geometry"], ["geometry"], "x.shp")[0]
    ['a', 'a_2', 'geometry_2']
    """
    used = set(taken)
    result, issues = [], []
    for original in names:
        plain = original if original else "_"
        chosen, number = plain, 2
        while chosen in used:
            chosen, number = f"{plain}_{number}", number + 1
        used.add(chosen)
        result.append(chosen)
        if chosen != original:
            issues.append(
                Issue(
                    "info",
                    "column_renamed",
                    name,
                    f"字段 {original!r} 重名或为保留名，读作 {chosen!r}",
                    f"the column {original!r} is repeated or reserved; it is read as {chosen!r}",
                )
            )
    return result, issues
