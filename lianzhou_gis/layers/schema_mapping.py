"""The attributes of zones: a layer's own columns and values mapped to ours; what cannot be mapped is an issue."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import CatalogError, Issue
from lianzhou_gis.formats import Features
from lianzhou_gis.formats.column_aliases import find_columns, unit_in_name
from lianzhou_gis.formats.site_ids import plain_text
from lianzhou_gis.layers.layer import COLUMNS
from lianzhou_gis.resources import read_resource
from lianzhou_gis.vocabulary import grade_of, theme

__all__ = ["as_zones", "column_names", "columns_of", "grade_of_cell", "named_columns", "source_ids"]

_TEXTS = ("name", "part", "source_name", "source_type", "town", "authority", "document")
_LONGEST = {"document": 300, "name": 200}
_SQUARE_METRES = {"m2": 1.0, "ha": 1e4, "mu": 1e4 / 15}
# A day as tables have it: 2026-08-15, 2026/8/15, 2026年8月15日, 20260815 (a number too), with a time of day or without.
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]\d{1,2}:.*)?|(\d{4})(\d{2})(\d{2})(?:\.0+)?")
# An accuracy as tables have it: 2, 2.5 m, ±5米.
_METRES = re.compile(r"\s*[±]?\s*(\d+(?:\.\d+)?)\s*(?:m|米|公尺)?\s*", re.IGNORECASE)
_PARTS = {
    **dict.fromkeys(("water", "水域", "水域范围", "水域保护区", "水"), "water"),
    **dict.fromkeys(("land", "陆域", "陆域范围", "陆域保护区", "陆"), "land"),
}


@cache
def _aliases() -> dict[str, list[str]]:
    return dict(read_resource(Path(__file__).with_name("aliases.yaml")))


def named_columns(features: Features, entry: LayerEntry) -> pd.DataFrame:
    """Return what was read of a layer; where a file gives its columns names for people, those that are known here."""
    words = [word for words in _aliases().values() for word in words]
    return features.named([*_aliases(), *words], requested=entry.columns).frame


def column_names() -> list[str]:
    """Return every name under which a column of zones is known."""
    return [name for names in _aliases().values() for name in names]


def columns_of(frame: pd.DataFrame, entry: LayerEntry) -> dict[str, str]:
    """Return which column of the layer carries which of ours: as declared by the catalog, else by alias.

    Raises
    ------
    CatalogError
        If the catalog names a column that the layer does not have, or leads to one that zones do not have.
    """
    names = [str(name) for name in frame.columns if name not in ("source_row", "geometry")]
    absent = sorted(set(entry.columns) - set(names))
    if absent:
        raise CatalogError.from_code("mapped_columns_missing", layer=entry.id, absent=absent, columns=names)
    unknown = sorted(set(entry.columns.values()) - set(_aliases()))
    if unknown:
        raise CatalogError.from_code("mapped_columns_unknown", layer=entry.id, unknown=unknown, known=list(_aliases()))
    declared = {ours: theirs for theirs, ours in entry.columns.items()}
    free = [name for name in names if name not in entry.columns]
    return {**find_columns(free, {key: words for key, words in _aliases().items() if key not in declared}), **declared}


def _texts(values: pd.Series, longest: int) -> pd.Series:
    return pd.Series([plain_text(value, longest)[0] for value in values], index=values.index, dtype=object)


def _numbers(values: pd.Series, unit: str | None = None) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64") * _SQUARE_METRES.get(unit or "m2", 1.0)
    return numbers.where(np.isfinite(numbers) & (numbers >= 0))


def _accuracies(values: pd.Series, where: str, issues: list[Issue]) -> pd.Series:
    """Return accuracies in metres, NaN for empty cells and for 0, which tables write for them.

    A text that states no length is an error: nobody knows how far such a zone reaches.
    """
    numbers = np.array(pd.to_numeric(values, errors="coerce"), dtype=np.float64)
    written = (values.notna() & ~values.astype(str).str.strip().isin(("", "nan", "None"))).to_numpy()
    for row in np.flatnonzero(np.isnan(numbers) & written).tolist():
        found = _METRES.fullmatch(str(values.iloc[row]))
        numbers[row] = float(found[1]) if found else np.nan
    bad = np.flatnonzero(written & ~(np.isfinite(numbers) & (numbers >= 0))).tolist()
    if bad:
        shown = plain_text(values.iloc[bad[0]], 40)[0]
        issues.append(Issue.from_code("error", "accuracy_unreadable", where, count=len(bad), value=shown))
    return pd.Series(np.where(np.isfinite(numbers) & (numbers > 0), numbers, np.nan), index=values.index)


def _report_repeated_shapes(frame: pd.DataFrame, table: Mapping[str, Any], where: str, issues: list[Issue]) -> None:
    """Report zones of one shape, grade, name and part under several ids: one may stand for a zone that is missing."""
    shapes = frame.geometry.to_numpy(dtype=object)
    boxes = pd.DataFrame(shapely.bounds(shapes), index=frame.index)
    alike = (boxes.duplicated(keep=False) & boxes[0].notna()).to_numpy()
    if not alike.any():
        return
    rows = np.flatnonzero(alike)
    rounded = shapely.transform(shapely.force_2d(shapes[rows]), lambda xy: np.round(xy, 9) + 0.0)
    named = [table[name].iloc[rows].tolist() for name in ("grade", "name", "part", "valid_from", "valid_to")]
    kinds = list(zip(shapely.to_wkb(shapely.normalize(rounded)), *named, strict=True))
    often = {kind for kind, count in Counter(kinds).items() if count > 1}
    repeated = [int(frame["source_row"].iloc[row]) for row, kind in zip(rows, kinds, strict=True) if kind in often]
    if repeated and not any(issue.code == "identical_rows" and issue.where == where for issue in issues):
        issues.append(Issue.from_code("error", "shapes_repeated", where, count=len(repeated), rows=repeated[:8]))


def _day(value: object) -> date | None:
    """Return a whole day; ``None`` for an empty cell.

    Raises
    ------
    ValueError
        If the cell holds something that is no date.
    """
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) or str(value).strip() == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DAY.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is no day")
    year, month, day = (int(part) for part in found.groups() if part is not None)
    return date(year, month, day)


def _dates(values: pd.Series, column: str, where: str, issues: list[Issue]) -> pd.Series:
    days: list[date | None] = []
    for row, value in enumerate(values, start=1):
        try:
            days.append(_day(value))
        except ValueError:
            # An unreadable limit must not end a zone's validity: it counts as open.
            days.append(None)
            shown = plain_text(value, 40)[0]
            issues.append(Issue.from_code("warning", "date_unreadable", f"{where}:{row}", column=column, value=shown))
    return pd.Series(days, index=values.index, dtype=object)


def source_ids(frame: pd.DataFrame, zones: pd.DataFrame, entry: LayerEntry) -> pd.Series:
    """Return the ids of zones as the source gives them, repeated ones included; for a zone without one, its zone_id.

    Parameters
    ----------
    frame : DataFrame
        Records as read.
    zones : DataFrame
        The same records by :func:`as_zones`.
    entry : LayerEntry
    """
    column = columns_of(frame, entry).get("zone_id")
    if column is None:
        return zones["zone_id"]
    given = [plain_text(value, 80)[0] for value in frame[column]]
    return pd.Series(
        [name or zone_id for name, zone_id in zip(given, zones["zone_id"], strict=True)],
        index=zones.index,
        dtype=object,
    )


def _ids(frame: pd.DataFrame, given: pd.Series, where: str, issues: list[Issue]) -> list[str]:
    """Return a unique id for every zone: the given one, else 12 hex of the geometry's hash; repeated ones get -2, -3.

    Repeated ids are numbered by content, so that the order of rows does not name a zone. A row that repeats another in
    geometry and every attribute is an error: it may stand for a missing row.
    """
    # A nanodegree is a tenth of a millimetre: rounding errors of a transformation must not rename a zone.
    rounded = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, 9) + 0.0)
    blobs = shapely.to_wkb(shapely.normalize(rounded), byte_order=1, output_dimension=2)
    cells = frame.drop(columns=["source_row", "geometry"])

    def content(row: int) -> bytes:
        return (blobs[row] or b"") + repr([str(cell) for cell in cells.iloc[row]]).encode("utf-8", "backslashreplace")

    wanted = [
        plain_text(value, 80)[0] or hashlib.sha256(blobs[row] or content(row)).hexdigest()[:12]
        for row, value in enumerate(given)
    ]
    rows_by_id: dict[str, list[int]] = {}
    for row, name in enumerate(wanted):
        rows_by_id.setdefault(name, []).append(row)
    ids, taken = list(wanted), set(wanted)
    identical: list[int] = []
    for name in sorted(name for name, rows in rows_by_id.items() if len(rows) > 1):
        number, seen = 1, set()
        for position, row in enumerate(sorted(rows_by_id[name], key=content)):
            if (digest := content(row)) in seen:
                identical.append(row)
            seen.add(digest)
            if not position:
                continue
            number += 1
            while f"{name}-{number}" in taken:
                number += 1
            ids[row] = f"{name}-{number}"
            taken.add(ids[row])
    if repeated := len(wanted) - len(rows_by_id):
        issues.append(Issue.from_code("info", "zone_id_repeated", where, count=repeated))
    if identical:
        rows = [int(frame["source_row"].iloc[row]) for row in sorted(identical)]
        issues.append(Issue.from_code("error", "identical_rows", where, count=len(identical), rows=rows))
    return ids


def grade_of_cell(entry: LayerEntry, value: object) -> tuple[str | None, str | None]:
    """Return the text of a cell and the grade that it means: as declared by the catalog, else by its spelling.

    Examples
    --------
    >>> entry = LayerEntry(id="w", series="w", theme="water_source_zone", path="w.gpkg", grades={"甲": "primary"})
    >>> [grade_of_cell(entry, cell) for cell in ("甲", 2.0, "?", None)]
    [('甲', 'primary'), ('2', 'secondary'), ('?', None), (None, None)]
    """
    text = plain_text(value, 80)[0]
    declared = {str(key).strip(): grade for key, grade in entry.grades.items()}
    return text, grade_of(entry.theme, declared.get(text, text)) if text else None


def _grades(values: pd.Series, entry: LayerEntry, where: str, issues: list[Issue]) -> pd.Series:
    if not theme(entry.theme).grades:
        return pd.Series([None] * len(values), index=values.index, dtype=object)
    known: dict[str, tuple[str | None, str | None]] = {}
    grades: list[str | None] = []
    unknown: set[str] = set()
    for value in values:
        key = repr(value)
        text, grade = known[key] if key in known else known.setdefault(key, grade_of_cell(entry, value))
        if grade is None:
            unknown.add(text or "空")
        grades.append(grade)
    if unknown:
        shown = sorted(unknown)[:5]
        issues.append(Issue.from_code("warning", "unknown_grade", where, grades=shown))
    return pd.Series(grades, index=values.index, dtype=object)


def as_zones(frame: pd.DataFrame, entry: LayerEntry, survey_crs: str | None, issues: list[Issue]) -> pd.DataFrame:
    """Return the records of a layer with the columns of zones first, then its own.

    Parameters
    ----------
    frame : DataFrame
        As :func:`lianzhou_gis.formats.read_features` gives it.
    entry : LayerEntry
    survey_crs : str or None
        In which the layer's edges are straight; ``None`` for EPSG:4490.
    issues : list of Issue
        Added to.

    Raises
    ------
    CatalogError
        If the catalog names a column that the layer does not have.
    """
    where = f"layer {entry.id}"
    found = columns_of(frame, entry)
    empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    given = {ours: frame[theirs] if (theirs := found.get(ours)) else empty for ours in COLUMNS}
    table: dict[str, Any] = {name: _texts(given[name], _LONGEST.get(name, 80)) for name in _TEXTS}
    # A list, for a column of texts would have NaN for None, which no rule takes for an unknown part.
    parts = [_PARTS.get(text) if text else None for text in table["part"]]
    table["part"] = pd.Series(parts, index=frame.index, dtype=object)
    table["grade"] = _grades(given["grade"], entry, where, issues)
    table["valid_from"] = _dates(given["valid_from"], "valid_from", where, issues)
    table["valid_to"] = _dates(given["valid_to"], "valid_to", where, issues)
    unit = unit_in_name(found.get("official_area_m2", ""))[1]
    table["official_area_m2"] = _numbers(given["official_area_m2"], unit)
    accuracy = _accuracies(given["accuracy_m"], where, issues)
    table["accuracy_m"] = accuracy.fillna(np.nan if entry.accuracy_m is None else entry.accuracy_m)
    table["zone_id"] = _ids(frame, given["zone_id"], where, issues)
    _report_repeated_shapes(frame, table, where, issues)
    table["layer_id"], table["theme"] = entry.id, entry.theme
    table["survey_crs"] = pd.Series([entry.survey_crs or survey_crs] * len(frame), index=frame.index, dtype=object)
    table["source_row"] = frame["source_row"]
    taken = {*found.values(), "source_row", "geometry"}
    own = {str(name): frame[name] for name in frame.columns if name not in taken and str(name) not in COLUMNS}
    ordered = {name: table[name] for name in COLUMNS}
    geometry = pd.Series(np.asarray(frame.geometry, dtype=object), index=frame.index, dtype=object)
    return pd.DataFrame({**ordered, **own, "geometry": geometry})
