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

from lianzhou_gis.errors import Issue
from lianzhou_gis.formats.wholeness import Wholeness
from lianzhou_gis.geodesy.reference_systems import CrsLike

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
    doubles : bool
        Whether coordinates came as binary numbers and not as written digits.
    wholeness : Wholeness
        Evidence of the file on whether all of its records were read.
    """

    name: str
    columns: dict[str, npt.NDArray[Any]]
    geometries: Geometries
    crs: CrsLike | None
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
    doubles: bool = False
    wholeness: Wholeness = field(default_factory=Wholeness)


def unreadable_issue(lost: npt.NDArray[np.bool_], name: str) -> list[Issue]:
    """Return the Issue for geometries that cannot be built, if there are any."""
    rows = np.flatnonzero(lost) + 1
    if not len(rows):
        return []
    shown = ", ".join(map(str, rows[:8])) + (" ..." if len(rows) > 8 else "")
    return [Issue.from_code("error", "geometry_unreadable", name, count=len(rows), shown=shown)]


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
            issues.append(Issue.from_code("warning", "reader_warning", name, text=text))


def dimension_issue(name: str) -> Issue:
    """Return the Issue for dropped heights and measures."""
    return Issue.from_code("info", "dimension_dropped", name)


def curves_issue(name: str) -> Issue:
    """Return the Issue for arcs that GDAL has linearised."""
    return Issue.from_code("warning", "curves_linearised.by_angle", name, arc_degrees=ARC_DEGREES)


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
            issues.append(Issue.from_code("info", "column_renamed.table", name, original=original, chosen=chosen))
    return result, issues
