"""Features as a file holds them, before their reference system is resolved: what every reader hands on."""

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
import shapely

from lianzhou_gis.errors import Issue

__all__ = [
    "Geometries",
    "RawFeatures",
    "dimension_issue",
    "geometries_from_wkb",
    "heard_warnings",
    "unique_names",
    "unreadable_issue",
    "without",
]

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
    """

    name: str
    columns: dict[str, npt.NDArray[Any]]
    geometries: Geometries
    crs: pyproj.CRS | str | None
    encoding: str | None
    issues: list[Issue] = field(default_factory=list)
    sha256: str = ""
    rows: Sequence[int] | None = None


def geometries_from_wkb(blobs: npt.NDArray[np.object_], name: str) -> tuple[Geometries, list[Issue]]:
    """Return geometries from WKB; what GEOS cannot read becomes None, with an Issue.

    Parameters
    ----------
    blobs : ndarray of bytes or None, shape (n,)
    name : str
        File, for issues.
    """
    geometries = np.asarray(shapely.from_wkb(blobs, on_invalid="ignore"), dtype=object)
    present = np.array([blob is not None and len(blob) > 0 for blob in blobs], dtype=bool)
    return geometries, unreadable_issue(present & shapely.is_missing(geometries), name)


def unreadable_issue(lost: npt.NDArray[np.bool_], name: str) -> list[Issue]:
    """Return the Issue for geometries that stand in the file but cannot be built, if there are any."""
    rows = np.flatnonzero(lost) + 1
    if not len(rows):
        return []
    shown = ", ".join(map(str, rows[:8])) + (" ..." if len(rows) > 8 else "")
    return [
        Issue(
            "error",
            "geometry_unreadable",
            name,
            f"{len(rows)} 个要素的图形无法读出（第 {shown} 条），按无图形处理",
            f"the geometry of {len(rows)} features cannot be read (records {shown}); they count as without geometry",
        )
    ]


@contextmanager
def heard_warnings(name: str, issues: list[Issue]) -> Iterator[None]:
    """Turn what GDAL and GEOS warn of inside the block into issues, paths cut to file names."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    seen = set()
    for warning in heard:
        text = _without_paths(str(warning.message))
        if text in seen:
            continue
        seen.add(text)
        if "Measured (M)" in text:
            issues.append(dimension_issue(name))
        else:
            issues.append(Issue("warning", "reader_warning", name, f"读取程序提示：{text}", f"the reader says: {text}"))


def dimension_issue(name: str) -> Issue:
    """Return the Issue for heights and measures that are left out."""
    return Issue(
        "info",
        "dimension_dropped",
        name,
        "图形带有 Z 或 M 值，核查只用平面坐标",
        "heights or measures (Z, M) are left out",
    )


def _without_paths(text: str) -> str:
    text = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    return re.sub(r"(?:[A-Za-z]:)?(?:[^\s'\"]*[/\\])+(?=[^\s'\"/\\])", "", text)[:300]


def without(geometries: Geometries, dropped: npt.NDArray[np.bool_]) -> Geometries:
    """Return geometries with None in the places of ``dropped``."""
    kept = geometries.copy()
    kept[dropped] = None
    return kept


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
