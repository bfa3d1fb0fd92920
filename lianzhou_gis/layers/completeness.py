"""Whether a layer is whole: its count, its rows, its content as recorded, its area as approved."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue, Message, Phrase
from lianzhou_gis.formats.repair import repaired
from lianzhou_gis.geodesy import statutory_area
from lianzhou_gis.layers.content_hash import Content
from lianzhou_gis.layers.layer import LayerGap
from lianzhou_gis.vocabulary import GapReason

__all__ = ["area_issues", "completeness_gaps", "whole_area_issues"]

# A share by which a measured area may differ from the approved one before it is worth a word.
_AREA_TOLERANCE = 0.01


def _gap(entry: LayerEntry, code: str, **parameters: object) -> LayerGap:
    return LayerGap(GapReason.LAYER_INCOMPLETE, entry.theme, entry.id, Message.from_code(code, **parameters))


def completeness_gaps(whole: Content, current: Content, entry: LayerEntry) -> tuple[list[LayerGap], list[Issue]]:
    """Compare a layer with what the catalog says a whole one has; where it says nothing, nothing is proven.

    Parameters
    ----------
    whole : Content
        Of all zones, those of other dates and without geometry included: what was recorded at import.
    current : Content
        Of those in force on the day, which is what must be as many as expected.
    entry : LayerEntry
    """
    gaps, issues = [], []
    if entry.expected_count is None and entry.row_count is None and entry.sha256 is None:
        gaps.append(_gap(entry, "completeness_unknown"))
    where = f"layer {entry.id}"
    if entry.expected_count is not None:
        if entry.count_by is not None and entry.count_by not in current.counts:
            gaps.append(_gap(entry, "count_column_missing", column=entry.count_by, expected=entry.expected_count))
        else:
            count = current.rows if entry.count_by is None else current.counts[entry.count_by]
            expected, unit = entry.expected_count, entry.count_by or Phrase("条数", "rows")
            if count < expected:
                gaps.append(_gap(entry, "count_below_expected", unit=unit, expected=expected, count=count))
            elif count > expected:
                issues.append(
                    Issue.from_code("warning", "count_above_expected", where, unit=unit, expected=expected, count=count)
                )
    if entry.row_count is not None and whole.rows < entry.row_count:
        gaps.append(_gap(entry, "rows_below_recorded", recorded=entry.row_count, rows=whole.rows))
    elif entry.sha256 is not None and whole.sha256 != entry.sha256:
        gaps.append(_gap(entry, "content_differs"))
    return gaps, issues


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
    for row, repair in repaired(shapes).items():
        shapes[row] = repair.geometry
    measured = float(statutory_area([shapely.union_all(shapes)])[0])
    return _differing(f"layer {entry.id}", measured, entry.official_area_m2)


def _differing(where: str, measured_m2: float, official_m2: float) -> list[Issue]:
    if abs(measured_m2 - official_m2) <= _AREA_TOLERANCE * official_m2:
        return []
    return [Issue.from_code("warning", "area_differs_from_official", where, measured=measured_m2, official=official_m2)]
