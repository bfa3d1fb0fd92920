"""A comparison of editions as JSON values, a workbook and a GeoPackage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from lianzhou_gis.formats.geopackage_writing import write_tables
from lianzhou_gis.formats.workbook_writing import Sheet, write_workbook
from lianzhou_gis.intake.edition_diff import STATUSES, UNKNOWN_GRADE, EditionDiff
from lianzhou_gis.intake.editions import Edition
from lianzhou_gis.intake.reruns import RunOutcome, outcome_record
from lianzhou_gis.vocabulary import theme

__all__ = ["STATUS_LABELS", "diff_document", "grade_label", "write_diff"]

STATUS_LABELS = {
    "added": {"zh": "新增", "en": "added"},
    "removed": {"zh": "删除", "en": "removed"},
    "moved_regraded": {"zh": "边界与级别改变", "en": "moved and regraded"},
    "regraded": {"zh": "级别改变", "en": "regraded"},
    "moved": {"zh": "边界改变", "en": "moved"},
    "redrawn_in": {"zh": "重划而来", "en": "drawn anew on ground of others"},
    "redrawn_out": {"zh": "并入其他区域", "en": "taken up by others"},
    "attributes": {"zh": "仅属性改变", "en": "attributes only"},
    "unchanged": {"zh": "未变", "en": "unchanged"},
}


def grade_label(theme_id: str, grade: str | None) -> dict[str, str]:
    """Return the label of a grade of a comparison: ``None`` is ground in no zone."""
    if grade is None:
        return {"zh": "不在区内", "en": "in no zone"}
    if grade == UNKNOWN_GRADE:
        return {"zh": "级别不明", "en": "unknown grade"}
    entry = theme(theme_id)
    return next((dict(item.label) for item in entry.grades if item.id == grade), dict(entry.label))


def _side(edition: Edition | None) -> dict[str, Any] | None:
    if edition is None:
        return None
    entry = edition.entry
    day = entry.data_date or entry.valid_from
    return {
        "id": entry.id,
        "title": entry.name,
        "document": entry.document,
        "date": None if day is None else day.isoformat(),
        "zones": len(edition.zones),
    }


def _diff(diff: EditionDiff) -> dict[str, Any]:
    gained, lost = diff.outer()
    return {
        "theme": diff.theme,
        "series": diff.series,
        "old": _side(diff.old),
        "new": _side(diff.new),
        "counts": {status: diff.count(status) for status in STATUSES},
        "gained_m2": round(gained, 2),
        "lost_m2": round(lost, 2),
        "net_m2": round(gained - lost, 2),
        "grades": [
            dict(
                zip(
                    ("grade", "old_m2", "new_m2", "gained_m2", "lost_m2", "net_m2"),
                    (grade, *(round(value, 2) for value in (*balance, balance[1] - balance[0]))),
                    strict=True,
                )
            )
            for grade in diff.grades
            for balance in [diff.balance(grade)]
        ],
        "ground": [
            {"old_grade": item.old_grade, "new_grade": item.new_grade, "area_m2": round(item.area_m2, 2)}
            for item in diff.ground
        ],
        "zones": [
            {
                "status": zone.status,
                "old_id": zone.old_id,
                "new_id": zone.new_id,
                "name": zone.name,
                "old_grade": zone.old_grade,
                "new_grade": zone.new_grade,
                **{name: round(getattr(zone, name), 2) for name in ("old_m2", "new_m2", "gained_m2", "lost_m2")},
                "others": list(zone.others),
                "changed": list(zone.changed),
            }
            for zone in diff.zones
        ],
    }


def diff_document(diffs: Sequence[EditionDiff], runs: Sequence[RunOutcome] | None) -> dict[str, Any]:
    """Return a comparison as JSON values; ``runs`` only if runs were repeated."""
    document: dict[str, Any] = {"layers": [_diff(diff) for diff in diffs]}
    if runs is not None:
        document["runs"] = [outcome_record(run) for run in runs]
    return document


def _name(edition: Edition | None) -> str:
    return "（无）" if edition is None else f"{edition.entry.name['zh']}（{edition.entry.id}）"


def _sheets(diffs: Sequence[EditionDiff], runs: Sequence[RunOutcome] | None, day: date) -> list[Sheet]:
    notes = [
        f"图层版本比较（{day.isoformat()}）",
        "面积为等积平面上的平方米，按级别净计（重叠只计一次，从严）。内部使用，不得对外发布。",
    ]
    balances = []
    for diff in diffs:
        for grade in diff.grades:
            old, new, gained, lost = diff.balance(grade)
            values = (round(value, 2) for value in (old, new, gained, lost, new - old))
            balances.append([_name(diff.old), _name(diff.new), grade_label(diff.theme, grade)["zh"], *values])
        gained, lost = diff.outer()
        total = [None, None, round(gained, 2), round(lost, 2), round(gained - lost, 2)]
        balances.append([_name(diff.old), _name(diff.new), "合计（不分级别）", *total])
    ground = [
        [
            diff.entry.name["zh"],
            grade_label(diff.theme, item.old_grade)["zh"],
            grade_label(diff.theme, item.new_grade)["zh"],
            round(item.area_m2, 2),
        ]
        for diff in diffs
        for item in diff.ground
    ]
    zones = [
        [
            diff.entry.name["zh"],
            STATUS_LABELS[zone.status]["zh"],
            zone.old_id,
            zone.new_id,
            zone.name,
            grade_label(diff.theme, zone.old_grade)["zh"] if zone.old_id else None,
            grade_label(diff.theme, zone.new_grade)["zh"] if zone.new_id else None,
            *(round(getattr(zone, name), 2) for name in ("old_m2", "new_m2", "gained_m2", "lost_m2")),
            "、".join(zone.others),
            "、".join(zone.changed),
        ]
        for diff in diffs
        for zone in diff.zones
    ]
    heads = ("旧版", "新版", "级别", "旧版面积（m²）", "新版面积（m²）", "增加（m²）", "减少（m²）", "净变化（m²）")
    sheets = [
        Sheet("按级别", notes, heads, (34, 34, 22, 18, 18, 18, 18, 18), balances),
        Sheet("去向", notes[:1], ("图层", "旧版级别", "新版级别", "面积（m²）"), (34, 26, 26, 20), ground),
        Sheet(
            "逐个区域",
            notes[:1],
            (
                *("图层", "变化", "旧编号", "新编号", "名称", "旧级别", "新级别"),
                *("旧面积（m²）", "新面积（m²）", "增加（m²）", "减少（m²）", "对应区域", "改变的字段"),
            ),
            (28, 16, 20, 20, 28, 22, 22, 16, 16, 16, 16, 36, 24),
            zones,
        ),
    ]  # fmt: skip
    if runs is not None:
        rows = [row for run in runs for row in run.rows()]
        titles = ("核查结果", "基准日", "项目", "名称", "原结论", "新结论", "原因")
        sheets.append(Sheet("受影响的核查", notes[:1], titles, (24, 12, 20, 28, 40, 40, 70), rows))
    return sheets


def _tables(diffs: Sequence[EditionDiff]) -> dict[str, gpd.GeoDataFrame]:
    """Return the ground that changed, and every zone that changed with what it gained and lost."""
    ground, zones = [], []
    for diff in diffs:
        for item in diff.ground:
            if item.shape is not None:
                labels = [grade_label(diff.theme, grade)["zh"] for grade in (item.old_grade, item.new_grade)]
                ground.append(
                    [
                        diff.theme,
                        diff.series,
                        item.old_grade,
                        item.new_grade,
                        *labels,
                        round(item.area_m2, 2),
                        item.shape,
                    ]
                )
        for zone in diff.zones:
            for what, area, shape in (("gained", zone.gained_m2, zone.gained), ("lost", zone.lost_m2, zone.lost)):
                if shape is not None:
                    zones.append(
                        [diff.theme, diff.series, zone.status, zone.old_id, zone.new_id, zone.name, zone.old_grade,
                         zone.new_grade, what, round(area, 2), shape]
                    )  # fmt: skip
    columns = ["theme", "series", "old_grade", "new_grade", "old_label", "new_label", "area_m2", "geometry"]
    more = [
        "theme",
        "series",
        "status",
        "old_id",
        "new_id",
        "name",
        "old_grade",
        "new_grade",
        "what",
        "area_m2",
        "geometry",
    ]
    tables = {"ground": pd.DataFrame(ground, columns=columns), "zones": pd.DataFrame(zones, columns=more)}
    return {name: gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490") for name, table in tables.items()}


def write_diff(
    diffs: Sequence[EditionDiff], runs: Sequence[RunOutcome] | None, folder: Path, day: date, pages: dict[str, str]
) -> list[Path]:
    """Write a comparison as a workbook and a GeoPackage, with the pages that are given (its map).

    Parameters
    ----------
    diffs : sequence of EditionDiff
    runs : sequence of RunOutcome, optional
        The runs that were looked at.
    folder : pathlib.Path
    day : datetime.date
        The day that stands in the files.
    pages : dict of file name to text
        Made by the caller, because maps stand above this room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_workbook(folder / "diff.xlsx", _sheets(diffs, runs, day), title="图层版本比较", day=day)
    (folder / "diff.gpkg").unlink(missing_ok=True)
    write_tables(folder / "diff.gpkg", _tables(diffs), f"{day.isoformat()}T00:00:00Z")
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / "diff.xlsx", folder / "diff.gpkg", *(folder / name for name in pages)]
