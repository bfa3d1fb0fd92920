"""What a layer says of itself: grades, areas, counts, dates, accuracy, where it comes from."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.geodesy import statutory_area
from lianzhou_gis.intake.quality_issues import Defect, defect_of, threshold
from lianzhou_gis.vocabulary import theme

__all__ = ["approved_areas", "expiry", "provenance", "unknown_grades"]

# A measured area that is this many times the approved one was written in another unit.
_UNITS = {1e4: ("公顷", "hectares"), 1e4 / 15: ("亩", "mu"), 1e6: ("平方公里", "square kilometres")}
_UNIT_TOLERANCE = 0.05


def unknown_grades(zones: pd.DataFrame, entry: LayerEntry) -> list[Defect]:
    """Return the zones whose grade is not known: they count as gaps in every screening."""
    if not theme(entry.theme).grades:
        return []
    found = []
    for position in np.flatnonzero(~zones["grade"].map(lambda grade: isinstance(grade, str))):
        row = zones.iloc[position]
        found.append(
            defect_of(
                "unknown_grade",
                entry.id,
                f"源记录第 {row['source_row']} 条的级别空缺或无法识别，其所在处一律未核查",
                f"the grade of record {row['source_row']} is empty or not known; its place is never cleared",
                zone_id=row["zone_id"],
                zone_name=row["name"] if isinstance(row["name"], str) else None,
                shape=row["geometry"],
            )
        )
    return found


def _area_defect(entry: LayerEntry, measured: float, approved: float, row: pd.Series | None, shape: object) -> Defect:
    zh = f"图形 {measured:.2f} 平方米，批复 {approved:.2f} 平方米，相差 {(measured - approved) / approved:+.2%}"
    en = f"measured {measured:.2f} m2, approved {approved:.2f} m2, {(measured - approved) / approved:+.2%}"
    for factor, (unit_zh, unit_en) in _UNITS.items():
        if abs(measured / approved - factor) <= _UNIT_TOLERANCE * factor:
            zh += f"；批复面积的单位似为{unit_zh}"
            en += f"; the approved area seems to be in {unit_en}"
    return defect_of(
        "area_differs",
        entry.id,
        zh,
        en,
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
    """Return what of a layer ends soon."""
    soon = day + timedelta(days=threshold("expiry_days"))
    found = []
    if entry.valid_to is not None and entry.valid_to <= soon:
        left = (entry.valid_to - day).days
        zh, en = f"图层于 {entry.valid_to} 失效，还有 {left} 天", f"the layer ends on {entry.valid_to}, in {left} days"
        found.append(defect_of("expires_soon", entry.id, zh, en, amount=left, unit="days"))
    for position in np.flatnonzero([end is not None and end <= soon for end in zones["valid_to"]]):
        row = zones.iloc[position]
        left = (row["valid_to"] - day).days
        zh, en = f"该区域于 {row['valid_to']} 失效，还有 {left} 天", f"ends on {row['valid_to']}, in {left} days"
        name = row["name"] if isinstance(row["name"], str) else None
        more = {"zone_id": row["zone_id"], "zone_name": name, "amount": left, "unit": "days"}
        found.append(defect_of("expires_soon", entry.id, zh, en, shape=row["geometry"], **more))
    return found


def provenance(zones: pd.DataFrame, entry: LayerEntry) -> list[Defect]:
    """Return what nobody stated: accuracy, publisher, document, date."""
    found = []
    accuracy = zones["accuracy_m"].to_numpy(dtype=np.float64)
    unstated = int(np.isnan(accuracy).sum())
    if unstated:
        metres = threshold("unstated_accuracy_m")
        zh = f"{unstated} 个区域没有精度，按 {metres:g} 米处理"
        en = f"{unstated} zones state no accuracy; {metres:g} m is assumed"
        found.append(defect_of("accuracy_missing", entry.id, zh, en, amount=unstated, unit="count"))
    worst = float(np.nanmax(accuracy)) if unstated < len(accuracy) else 0.0
    if worst > threshold("coarse_accuracy_m"):
        zh, en = f"精度最差 {worst:g} 米", f"the coarsest accuracy is {worst:g} m"
        found.append(defect_of("accuracy_coarse", entry.id, zh, en, amount=worst, unit="m"))
    names = {"publisher": "发布单位", "document": "文号", "data_date": "数据日期"}
    absent = [name for name in names if getattr(entry, name) is None]
    if absent:
        listed = "、".join(names[name] for name in absent)
        found.append(
            defect_of("provenance_missing", entry.id, f"未说明{listed}", f"{', '.join(absent)} are not stated")
        )
    return found
