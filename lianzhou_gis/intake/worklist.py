"""The worklist for the owner of the data: a workbook to fill in, and the places as a GeoPackage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from lianzhou_gis.formats.geopackage_writing import write_tables
from lianzhou_gis.formats.workbook_writing import Sheet, write_workbook
from lianzhou_gis.intake.checking import LayersCheck
from lianzhou_gis.intake.quality_issues import Defect
from lianzhou_gis.vocabulary import theme

__all__ = ["write_worklist"]

WORKBOOK, PLACES = "worklist.xlsx", "worklist.gpkg"
_SEVERITY = {"error": "错误", "warning": "疑问", "info": "提示"}
_UNIT = {"m2": "平方米", "m": "米", "count": "个", "days": "天"}
_STATUS = {"loaded": "已载入"}
_FORM = {"nested": "套合", "ring": "环状", "mixed": "部分重叠", "apart": "不相邻"}
_HEADS = (
    "序号", "程度", "图层", "图层编号", "区域编号", "区域名称", "问题", "说明", "数量", "单位", "经度", "纬度",
    "3度带", "X（北，米）", "Y（东，米）", "建议处理", "发布单位", "处理结果", "处理人/日期",
)  # fmt: skip
_WIDTHS = (6, 7, 22, 18, 20, 24, 24, 44, 13, 8, 12, 11, 13, 13, 14, 36, 20, 20, 16)


def _titles(check: LayersCheck) -> dict[str | None, tuple[str, str | None]]:
    return {entry.id: (entry.name["zh"], entry.publisher) for entry in check.catalog.layers}


def _row(number: int, item: Defect, titles: dict[str | None, tuple[str, str | None]]) -> list[Any]:
    title, publisher = titles.get(item.layer_id, (None, None))
    place = item.place
    where = [place.lon, place.lat, place.zone, place.north, place.east] if place else [None] * 5
    return [
        number,
        _SEVERITY[item.severity],
        title,
        item.layer_id,
        item.zone_id,
        item.zone_name,
        item.title["zh"],
        item.zh,
        item.amount,
        _UNIT.get(item.unit or "", item.unit),
        *where,
        item.todo["zh"],
        publisher,
        None,
        None,
    ]


def _summary(check: LayersCheck) -> list[list[Any]]:
    rows = []
    for report in check.reports:
        own = [item.severity for item in check.defects if item.layer_id == report.entry.id]
        labels = {grade.id: grade.label["zh"] for grade in theme(report.entry.theme).grades}
        counted = report.counted
        rows.append(
            [
                report.entry.name["zh"],
                report.entry.id,
                theme(report.entry.theme).label["zh"],
                _STATUS.get(report.status, report.status),
                report.zones,
                round(report.area_m2 / 1e6, 4),
                "；".join(f"{labels.get(name, '级别不明')} {count}" for name, count in report.grades.items()),
                None if counted is None else counted["expected"],
                None if counted is None else counted["found"],
                "；".join(
                    f"{item.source or '全部'}：{labels[item.stricter]}与{labels[item.milder]}{_FORM[item.form]}"
                    for item in report.nesting
                ),
                *(own.count(severity) for severity in _SEVERITY),
            ]
        )
    return rows


_SUMMARY_HEADS = (
    "图层", "图层编号", "主题", "状态", "区域数", "面积（平方公里）", "各级数量", "应有数量", "实有数量", "级别关系",
    "错误", "疑问", "提示",
)  # fmt: skip
_SUMMARY_WIDTHS = (26, 20, 22, 12, 8, 12, 36, 9, 9, 50, 7, 7, 7)


def _notes(check: LayersCheck) -> list[str]:
    notes = [
        f"{check.catalog.region.name}管控图层核对清单（基准日 {check.day.isoformat()}）",
        "内部使用，含未公开图层的坐标，不得对外发布。坐标为 CGCS2000；X 为纵坐标（北），Y 为横坐标（东，含带号）。",
    ]
    if check.synthetic:
        notes.append("图层含合成演示数据，不代表真实区划。")
    return notes


def _places(check: LayersCheck) -> dict[str, gpd.GeoDataFrame]:
    """Return the places as two layers: the areas, and a point for each entry that has a place."""
    titles = _titles(check)
    names = [
        "number", "severity", "layer", "layer_id", "zone_id", "zone_name", "kind", "what", "amount", "unit", "lon",
        "lat", "zone_crs", "x_north", "y_east", "todo", "publisher",
    ]  # fmt: skip
    records = [_row(number, item, titles)[:-2] for number, item in enumerate(check.defects, start=1)]
    table = pd.DataFrame(records, columns=names)
    shapes = gpd.GeoSeries([item.shape for item in check.defects], index=table.index, crs="EPSG:4490")
    points = gpd.GeoSeries(
        [None if item.place is None else shapely.Point(item.place.lon, item.place.lat) for item in check.defects],
        index=table.index,
        crs="EPSG:4490",
    )
    areal = shapely.get_dimensions(shapes.to_numpy()) == 2
    return {
        "areas": gpd.GeoDataFrame(table[areal], geometry=shapes[areal]),
        "points": gpd.GeoDataFrame(table[points.notna()], geometry=points[points.notna()]),
    }


def write_worklist(check: LayersCheck, folder: Path) -> list[Path]:
    """Write the worklist of a check as a workbook and a GeoPackage; earlier ones in the folder are replaced.

    Parameters
    ----------
    check : LayersCheck
    folder : pathlib.Path

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    MissingExtraError
        If the package for workbooks is not installed; then nothing is written.
    """
    titles = _titles(check)
    rows = [_row(number, item, titles) for number, item in enumerate(check.defects, start=1)]
    sheets = [
        Sheet("核对清单", _notes(check), _HEADS, _WIDTHS, rows),
        Sheet("图层概况", _notes(check)[:1], _SUMMARY_HEADS, _SUMMARY_WIDTHS, _summary(check)),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_workbook(folder / WORKBOOK, sheets, title="管控图层核对清单", day=check.day)
    (folder / PLACES).unlink(missing_ok=True)
    write_tables(folder / PLACES, _places(check), f"{check.day.isoformat()}T00:00:00Z")
    return [folder / WORKBOOK, folder / PLACES]
