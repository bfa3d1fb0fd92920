"""Checks of attributes: grades, approved areas, dates, accuracy, provenance."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Message, Phrase
from lianzhou_gis.geodesy import statutory_area
from lianzhou_gis.intake.quality_issues import Defect, threshold
from lianzhou_gis.vocabulary import theme

__all__ = ["approved_areas", "expiry", "provenance", "unknown_grades"]

# Ratios of measured to approved area that reveal another unit.
_UNITS = {1e4: ("公顷", "hectares"), 1e4 / 15: ("亩", "mu"), 1e6: ("平方公里", "square kilometres")}
_UNIT_TOLERANCE = 0.05


def unknown_grades(zones: pd.DataFrame, entry: LayerEntry) -> list[Defect]:
    """Return the zones of unknown grade, which are gaps in every screening."""
    if not theme(entry.theme).grades:
        return []
    found = []
    for position in np.flatnonzero(~zones["grade"].map(lambda grade: isinstance(grade, str))):
        row = zones.iloc[position]
        found.append(
            Defect.from_kind(
                "unknown_grade",
                entry.id,
                Message.from_code("zone_grade_unknown", record=row["source_row"]),
                zone_id=row["zone_id"],
                zone_name=row["name"] if isinstance(row["name"], str) else None,
                shape=row["geometry"],
            )
        )
    return found


def _area_defect(
    entry: LayerEntry, measured: float, approved: float, row: pd.Series | None, shape: BaseGeometry | None
) -> Defect:
    unit = Phrase("", "")
    for factor, (unit_zh, unit_en) in _UNITS.items():
        if abs(measured / approved - factor) <= _UNIT_TOLERANCE * factor:
            unit = Phrase(f"；批复面积的单位似为{unit_zh}", f"; the approved area seems to be in {unit_en}")
    share = (measured - approved) / approved
    message = Message.from_code("approved_area_differs", measured=measured, approved=approved, share=share, unit=unit)
    return Defect.from_kind(
        "area_differs",
        entry.id,
        message,
        zone_id=None if row is None else row["zone_id"],
        zone_name=None if row is None or not isinstance(row["name"], str) else row["name"],
        amount=abs(measured - approved),
        unit="m2",
        shape=shape,
    )


def approved_areas(zones: pd.DataFrame, entry: LayerEntry) -> list[Defect]:
    """Compare areas, uncut and by the statutory formula, with those approved: of every zone, and of the layer."""
    shapes = zones["geometry"].to_numpy(dtype=object)
    approved = zones["official_area_m2"].to_numpy(dtype=np.float64)
    known = np.flatnonzero((approved > 0) & (shapely.get_dimensions(shapes) == 2))
    measured = statutory_area(shapes[known])
    share = threshold("area_share")
    found = [
        _area_defect(entry, float(area), float(approved[position]), zones.iloc[position], shapes[position])
        for position, area in zip(known, measured, strict=True)
        if abs(area - approved[position]) > share * approved[position]
    ]
    if entry.official_area_m2 is not None:
        whole = float(statutory_area([shapely.union_all(shapes)])[0])
        if abs(whole - entry.official_area_m2) > share * entry.official_area_m2:
            found.append(_area_defect(entry, whole, entry.official_area_m2, None, None))
    return found


def expiry(zones: pd.DataFrame, entry: LayerEntry, day: date) -> list[Defect]:
    """Return the layer and zones that expire soon."""
    soon = day + timedelta(days=threshold("expiry_days"))
    found = []
    if entry.valid_to is not None and entry.valid_to <= soon:
        left = (entry.valid_to - day).days
        message = Message.from_code("layer_ends", day=entry.valid_to, days=left)
        found.append(Defect.from_kind("expires_soon", entry.id, message, amount=left, unit="days"))
    for position in np.flatnonzero([end is not None and end <= soon for end in zones["valid_to"]]):
        row = zones.iloc[position]
        left = (row["valid_to"] - day).days
        found.append(
            Defect.from_kind(
                "expires_soon",
                entry.id,
                Message.from_code("zone_ends", day=row["valid_to"], days=left),
                zone_id=row["zone_id"],
                zone_name=row["name"] if isinstance(row["name"], str) else None,
                amount=left,
                unit="days",
                shape=row["geometry"],
            )
        )
    return found


def provenance(zones: pd.DataFrame, entry: LayerEntry) -> list[Defect]:
    """Return missing provenance: accuracy, publisher, document, date."""
    found = []
    accuracy = zones["accuracy_m"].to_numpy(dtype=np.float64)
    unstated = int(np.isnan(accuracy).sum())
    if unstated:
        metres = threshold("unstated_accuracy_m")
        message = Message.from_code("zones_without_accuracy", count=unstated, metres=metres)
        found.append(Defect.from_kind("accuracy_missing", entry.id, message, amount=unstated, unit="count"))
    worst = float(np.nanmax(accuracy)) if unstated < len(accuracy) else 0.0
    if worst > threshold("coarse_accuracy_m"):
        message = Message.from_code("zones_of_coarse_accuracy", metres=worst)
        found.append(Defect.from_kind("accuracy_coarse", entry.id, message, amount=worst, unit="m"))
    names = {"publisher": "发布单位", "document": "文号", "data_date": "数据日期"}
    absent = [name for name in names if getattr(entry, name) is None]
    if absent:
        listed = [Phrase(names[name], name) for name in absent]
        found.append(
            Defect.from_kind("provenance_missing", entry.id, Message.from_code("provenance_unstated", names=listed))
        )
    return found
