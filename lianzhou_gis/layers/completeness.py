"""Evidence that a layer is whole: its expected count, its rows and content as imported, its approved area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue, Message, Phrase
from lianzhou_gis.formats.repair import repair_geometries
from lianzhou_gis.geodesy import statutory_area
from lianzhou_gis.layers.content_hash import Content
from lianzhou_gis.layers.layer import LayerGap
from lianzhou_gis.vocabulary import GapReason

__all__ = ["area_issues", "completeness_gaps", "whole_area_issues"]

# Relative difference of measured and approved area before a warning is issued.
_AREA_TOLERANCE = 0.01
# Below this share of the approved area a part of a zone is taken to be missing.
_AREA_SHORTFALL = 0.8


def _gap(entry: LayerEntry, code: str, **parameters: object) -> LayerGap:
    return LayerGap(GapReason.LAYER_INCOMPLETE, entry.theme, entry.id, Message.from_code(code, **parameters))


def completeness_gaps(whole: Content, current: Content, entry: LayerEntry) -> tuple[list[LayerGap], list[Issue]]:
    """Compare a layer with the evidence of the catalog that it is whole.

    The expected count comes from outside the file. Row count and hash, recorded at import, only show a later change:
    a truncated file that was imported has the hash of a truncated file. Without an expected count the layer is
    ``layer_incomplete``, unless its entry states why nobody can count it (``uncounted``).

    Parameters
    ----------
    whole : Content
        Of all zones, those of other dates and without geometry included.
    current : Content
        Of the zones in force on the day, which the expected count is about.
    entry : LayerEntry
    """
    gaps: list[LayerGap] = []
    issues: list[Issue] = []
    if entry.expected_count is not None:
        count_gaps, issues = _compare_count(current, entry, entry.expected_count)
        gaps += count_gaps
    elif entry.uncounted is not None:
        issues.append(Issue.from_code("warning", "uncounted", f"layer {entry.id}", reason=entry.uncounted))
    else:
        gaps.append(_gap(entry, "completeness_unknown"))
    if entry.row_count is not None and whole.rows < entry.row_count:
        gaps.append(_gap(entry, "rows_below_recorded", recorded=entry.row_count, rows=whole.rows))
    elif entry.sha256 is not None and whole.sha256 != entry.sha256:
        gaps.append(_gap(entry, "content_differs"))
    return gaps, issues


def _compare_count(current: Content, entry: LayerEntry, expected: int) -> tuple[list[LayerGap], list[Issue]]:
    column = entry.count_by or "zone_id"
    if column not in current.counts:
        return [_gap(entry, "count_column_missing", column=column, expected=expected)], []
    count, unit = current.counts[column], entry.count_by or Phrase("编号", "id")
    if count < expected:
        return [_gap(entry, "count_below_expected", unit=unit, expected=expected, count=count)], []
    if count > expected:
        where = f"layer {entry.id}"
        issue = Issue.from_code("warning", "count_above_expected", where, unit=unit, expected=expected, count=count)
        return [], [issue]
    return [], []


def area_issues(zones: pd.DataFrame, entry: LayerEntry, uncut: npt.NDArray[np.object_] | None = None) -> list[Issue]:
    """Compare the areas of zones, uncut, with those approved.

    Parameters
    ----------
    zones : DataFrame
    entry : LayerEntry
    uncut : ndarray of shapely geometries, shape (n,), optional
        Their whole shapes, where some of ``zones`` were cut.
    """
    shapes = zones["geometry"].to_numpy(dtype=object) if uncut is None else uncut
    known = zones["official_area_m2"].notna().to_numpy() & ~shapely.is_missing(shapes)
    measured = statutory_area(shapes[known])
    issues = []
    for zone_id, measured_m2, official_m2 in zip(
        zones["zone_id"][known], measured, zones["official_area_m2"][known], strict=True
    ):
        issues += _differing(f"layer {entry.id}, zone {zone_id}", float(measured_m2), float(official_m2))
    return issues


def whole_area_issues(zones: pd.DataFrame, entry: LayerEntry) -> list[Issue]:
    """Compare the area of a whole layer, as read, with the one approved; broken shapes are repaired whole for it."""
    if entry.official_area_m2 is None:
        return []
    shapes = zones["geometry"].to_numpy(dtype=object).copy()
    for row, repair in repair_geometries(shapes).items():
        shapes[row] = repair.geometry
    measured = float(statutory_area([shapely.union_all(shapes)])[0])
    return _differing(f"layer {entry.id}", measured, entry.official_area_m2)


def _differing(where: str, measured_m2: float, official_m2: float) -> list[Issue]:
    if abs(measured_m2 - official_m2) <= _AREA_TOLERANCE * official_m2:
        return []
    if measured_m2 < _AREA_SHORTFALL * official_m2:
        return [Issue.from_code("error", "area_below_official", where, measured=measured_m2, official=official_m2)]
    return [Issue.from_code("warning", "area_differs_from_official", where, measured=measured_m2, official=official_m2)]
