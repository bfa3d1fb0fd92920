"""The annex of the form: everything that the one page rests on, as numbered tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.geodesy import from_cgcs2000, gauss_kruger
from lianzhou_gis.reports.content import Block, Column, DataTable, Heading, Measure, NewPage, Paragraph, Value
from lianzhou_gis.reports.site_view import Neighbour, Record, SiteView, citations_words, cure_words, stages_words
from lianzhou_gis.vocabulary import Verdict, label, theme

__all__ = ["Corners", "annex_blocks", "corners_of"]

_NUMBERS = "一二三四五六七八九十"
_BY_OFFICE = "（由单位填写）"
_MOST_CORNERS = 2000
_MOST_NEIGHBOURS = 200
_OUTCOMES = {"bears": "适用", "does_not_bear": "不涉及", "undecided": "未判定", "restated": "按同款规定核查"}


@dataclass(frozen=True)
class Corners:
    """Corner points in one zone of the 3-degree Gauss-Krueger projection.

    Attributes
    ----------
    zone : int
        The one in which most of the corners lie.
    split : int
        Corners that lie in another zone by their longitude.
    rows : list of (str, int, float, float, str, str)
        Number, ring, north (X), east (Y, with the zone's prefix), longitude and latitude in degrees, minutes, seconds.
    """

    zone: int
    split: int
    rows: list[tuple[str, int, float, float, str, str]]


def corners_of(shape: BaseGeometry | None) -> Corners:
    """Return the corners of a site, EPSG:4490, as a coordinate table shows them."""
    if shape is None or shape.is_empty:
        return Corners(0, 0, [])
    points = shapely.get_coordinates(shape)
    zones = np.floor((points[:, 0] + 1.5) / 3).astype(int)
    values, counts = np.unique(zones, return_counts=True)
    zone = int(values[np.argmax(counts)])
    plane = from_cgcs2000(np.asarray([shape], dtype=object), gauss_kruger(zone))[0]
    rows: list[tuple[str, int, float, float, str, str]] = []
    ring_number = 0
    for part, flat in zip(shapely.get_parts(shape), shapely.get_parts(plane), strict=True):
        is_area = shapely.get_type_id(part) == 3
        rings = shapely.get_rings(part) if is_area else [part]
        flat_rings = shapely.get_rings(flat) if is_area else [flat]
        for ring, flat_ring in zip(rings, flat_rings, strict=True):
            ring_number += 1
            lonlat, metres = shapely.get_coordinates(ring), shapely.get_coordinates(flat_ring)
            count = len(lonlat) - 1 if is_area else len(lonlat)
            for (lon, lat), (east, north) in zip(lonlat[:count], metres[:count], strict=True):
                rows.append((f"J{len(rows) + 1}", ring_number, float(north), float(east), _dms(lon), _dms(lat)))
    return Corners(zone, int((zones != zone).sum()), rows)


def _dms(degrees: float) -> str:
    """Return degrees as degrees, minutes and seconds of three decimals.

    Examples
    --------
    >>> _dms(112.4890388888)
    '112°29′20.540″'
    """
    thousandths = round(degrees * 3_600_000)
    seconds, rest = divmod(thousandths, 1000)
    return f"{seconds // 3600}°{seconds // 60 % 60:02d}′{seconds % 60:02d}.{rest:03d}″"


def annex_blocks(site: SiteView) -> list[Block]:
    """Return the annex as numbered tables, each under its heading."""
    parts = (
        _corners, _positions, _access, _findings, _facts, _open, _cases, _layers, _certificate, _overrides, _queries,
    )  # fmt: skip
    blocks: list[Block] = [NewPage()]
    number = 0
    for part in parts:
        found = list(part(site))
        if found:
            title, *rest = found
            assert isinstance(title, str)
            blocks.append(Heading(f"附表{_number(number + 1)}　{title}"))
            blocks += [block for block in rest if not isinstance(block, str)]
            number += 1
    return blocks


def _number(value: int) -> str:
    return _NUMBERS[value - 1] if value <= 10 else f"十{_NUMBERS[value - 11]}"


def _corners(site: SiteView) -> Iterator[str | Block]:
    corners = corners_of(site.geometry)
    yield "界址点坐标"
    if corners.zone:
        words = f"2000国家大地坐标系，3度带第 {corners.zone} 带（中央子午线 {corners.zone * 3}°E），"
        words += "X 为北坐标，Y 为东坐标（含带号）。"
        if corners.split:
            words += f"有 {corners.split} 个点按经度属相邻带，均换算至第 {corners.zone} 带。"
        yield Paragraph(words, size_pt=9.5)
    if len(corners.rows) > _MOST_CORNERS:
        yield Paragraph(f"共 {len(corners.rows)} 点，表列前 {_MOST_CORNERS} 点，其余见界址点文件。", size_pt=9.5)
    rows: list[list[Value]] = [
        [name, Measure(ring, 0), Measure(north, 3), Measure(east, 3), lon, lat]
        for name, ring, north, east, lon, lat in corners.rows[:_MOST_CORNERS]
    ]
    yield DataTable(
        "界址点",
        (Column("点号", 0.7, "center"), Column("圈号", 0.6, "center"), Column("X（m）", 1.4, "right"),
         Column("Y（m）", 1.5, "right"), Column("经度", 1.5, "right"), Column("纬度", 1.5, "right")),
        rows, "本项目没有图形。",
    )  # fmt: skip


def _positions(site: SiteView) -> Iterator[str | Block]:
    yield "与管控区的位置关系"
    rows = site.neighbours[:_MOST_NEIGHBOURS]
    if len(site.neighbours) > len(rows):
        yield Paragraph(f"共 {len(site.neighbours)} 行，表列最近的 {len(rows)} 行。", size_pt=9.5)
    deep = any(row.depth_m is not None for row in rows)
    columns = [Column("管控区（名称）", 3.2), Column("方位", 0.6, "center"), Column("最近距离（m）", 1.1, "right"),
               Column("占用面积（m²）", 1.3, "right"), Column("占用长度（m）", 1.1, "right")]  # fmt: skip
    if deep:
        columns += [Column("深度（m）", 0.9, "right"), Column("翻转距离（m）", 0.9, "right")]
    columns.append(Column("说明", 1.1))
    yield DataTable(
        "位置关系",
        columns,
        [
            [
                f"{row.name}（{row.zone}）" if row.zone else f"{row.name}（最近一处）",
                row.direction,
                None if row.distance_m is None else Measure(row.distance_m),
                Measure(row.area_m2) if row.area_m2 else None,
                Measure(row.length_m) if row.length_m else None,
                *([_at_least(row.depth_m, row), _at_least(row.flip_m, row)] if deep else []),
                "须实测界址" if row.doubtful else "",
            ]
            for row in rows
        ],
        "没有可列的管控区。",
    )


def _measure(value: float | None) -> Value:
    return None if value is None or math.isnan(value) else Measure(value)


def _at_least(value: float | None, row: Neighbour) -> Value:
    """Return a depth; where the search ended at it, as a lower bound."""
    shown = _measure(value)
    return f"≥{shown}" if row.depth_at_least and shown is not None else shown


def _access(site: SiteView) -> Iterator[str | Block]:
    yield "生态环境准入清单逐条对照"
    rows: list[list[Value]] = []
    for row in site.site["access"]:
        unit = row["unit_name"] or label("access_level", row["level"])["zh"]
        known = "；".join(
            f"{site.view.fact_name(name)}：{site.view.fact_value(name, value)}" for name, value in row["known"].items()
        )
        rows.append([
            unit, f"{label('access_dimension', row['dimension'])['zh']}·{label('access_kind', row['kind'])['zh']}",
            row["text"], known or "条目不取决于项目信息", _access_outcome(site, row),
        ])  # fmt: skip
    yield DataTable(
        "准入清单",
        (Column("管控单元", 1.3), Column("维度、类别", 1.1), Column("管控要求", 2.6), Column("本项目情况", 2.0),
         Column("是否相符", 1.3)),
        rows, "未核查到准入清单条目。",
    )  # fmt: skip


def _access_outcome(site: SiteView, row: Record) -> str:
    """Return the outcome as the sheet asks: whether the requirement applies, and what follows."""
    words = _OUTCOMES[str(row["outcome"])]
    if row["outcome"] == "undecided":
        missing = row["missing_facts"]
        return f"{words}，须补充{'、'.join(site.view.fact_name(name) for name in missing)}" if missing else words
    if row["outcome"] == "bears":
        return f"{words}（{label('effect', str(row['effect']))['zh']}）"
    return words


def _findings(site: SiteView) -> Iterator[str | Block]:
    yield "核查发现与须办事项"
    rows: list[list[Value]] = []
    for item in site.findings:
        doubt = "（重叠深度小于定位误差，须实测界址后认定）" if item["doubtful"] else ""
        where = item["zone_name"] or item["zone_id"] or "不因位置"
        rows.append([
            label("effect", item["effect"])["zh"] + doubt, f"{item['title']['zh']}（{where}）", _extent(item),
            citations_words(item["citations"]), f"{item['action']['zh']}（{item['authority']['zh']}）",
            stages_words(item["blocks"]), cure_words(item["curable"]),
        ])  # fmt: skip
    yield DataTable(
        "核查发现",
        (Column("结论", 0.8), Column("规定（管控区）", 1.9), Column("占用、距离", 1.1), Column("依据", 1.7),
         Column("须办事项（主管部门）", 2.1), Column("受限环节", 0.9), Column("可否消除", 0.9)),
        rows, label("nothing_proven", "rule")["zh"],
    )  # fmt: skip
    general = list(dict.fromkeys(
        f"{item['title']['zh']}：{item['action']['zh']}（{citations_words(item['citations'])}）"
        for item in site.notices
    ))  # fmt: skip
    if general:
        yield Heading("通用程序与提示（不因选址而异，不计入结论）", 3)
        yield from (Paragraph(f"{number}. {words}", size_pt=9.5) for number, words in enumerate(general, start=1))


def _extent(item: Record) -> str:
    """Return how much a finding is about: area, length, else the distance."""
    if item["area_m2"]:
        return f"占用 {item['area_m2']:,.2f} m²"
    if item["length_m"]:
        return f"占用 {item['length_m']:,.2f} m"
    return "" if item["distance_m"] is None else f"相距 {item['distance_m']:,.2f} m"


def _facts(site: SiteView) -> Iterator[str | Block]:
    yield "项目信息"
    derived = {item["fact"]: item for item in site.site["facts_derived"]}
    rows: list[list[Value]] = []
    for name, value in sorted(site.site["facts"].items()):
        if value is None or name.endswith("_document"):
            continue
        document = site.site["facts"].get(f"{name}_document")
        if name in derived:
            source = f"推定：{derived[name]['says']['zh']}（{citations_words(derived[name]['citations'])}）"
        else:
            source = f"建设单位提供{f'，{document}' if document else ''}"
        rows.append([site.view.fact_name(name), site.view.fact_value(name, value), source])
    yield DataTable(
        "项目信息", (Column("信息", 2.0), Column("内容", 1.5), Column("提供者与依据", 3.0)), rows, "没有提供项目信息。"
    )


def _open(site: SiteView) -> Iterator[str | Block]:
    yield "未核查与待补充"
    yield DataTable(
        "未核查",
        (Column("主题", 1.2), Column("原因", 1.0), Column("说明", 3.2), Column("范围（m²）", 0.9, "right")),
        [
            [
                theme(gap["theme"]).label["zh"] if gap["theme"] else "本项目", label("gap", gap["reason"])["zh"],
                gap["detail"]["zh"], Measure(gap["area_m2"]) if gap["area_m2"] else None,
            ]
            for gap in site.not_assessed
        ],
        "没有未核查的事项。",
    )  # fmt: skip
    rows: list[list[Value]] = []
    for number, question in enumerate(site.open_questions, start=1):
        worst = max(
            (reply for reply in question["replies"] if not reply["contradicts"]),
            key=lambda reply: -Verdict(reply["worst_possible"]).rank, default=None,
        )  # fmt: skip
        rows.append([
            Measure(number, 0), question["question"]["zh"], site.view.fact_help(question["fact"]),
            Measure(question["settles"], 0), label("verdict", worst["worst_possible"])["zh"] if worst else "视内容而定",
        ])  # fmt: skip
    yield DataTable(
        "待补充信息",
        (Column("序", 0.4, "center"), Column("须补充的信息", 2.4), Column("填写说明", 2.4),
         Column("可解决（项）", 0.8, "right"), Column("最严可能", 1.1)),
        rows, "没有待补充的信息。",
    )  # fmt: skip


def _cases(site: SiteView) -> Iterator[str | Block]:
    yield "用地审查要点（情形、面积、涵盖文件）"
    yield DataTable(
        "用地审查要点",
        (Column("要点", 1.5), Column("情形", 2.2), Column("面积（公顷）", 1.0, "right"),
         Column("涵盖该面积的文件", 2.2)),
        [
            [words, case, Measure(hectares, 4) if hectares else None, document or (_BY_OFFICE if hectares else None)]
            for words, case, hectares, document in site.cases()
        ],
    )  # fmt: skip


def _layers(site: SiteView) -> Iterator[str | Block]:
    yield "图层与规则库"
    record = site.view.record
    rows: list[list[Value]] = []
    for layer in record["layers"]:
        valid = f"{layer['valid_from'] or '不限'} 至 {layer['valid_to'] or '不限'}"
        counted = "未载明" if layer["expected_count"] is None else f"应有 {layer['expected_count']}"
        rows.append([
            site.view.layer_title(layer["id"]), layer["data_date"], valid, layer["publisher"], layer["document"],
            f"{layer['feature_count']} 个（{counted}）", label("secrecy", layer["secrecy"] or "unstated")["zh"],
            (layer["sha256"] or "")[:8],
        ])  # fmt: skip
    yield DataTable(
        "图层",
        (Column("图层", 1.7), Column("数据日期", 0.95, "center"), Column("有效期", 1.2), Column("来源单位", 1.2),
         Column("文件", 1.5), Column("要素", 1.0), Column("密级", 0.7), Column("校验值", 0.9)),
        rows, "没有图层。",
    )  # fmt: skip
    yield Paragraph(
        f"规则库 {record['rulebook']['version']}（校验值 {record['rulebook']['sha256'][:12]}），"
        f"法规截至 {record['as_of']}；程序版本 {record['software']['version']}。",
        size_pt=9.5,
    )


def _certificate(site: SiteView) -> Iterator[str | Block]:
    if site.verdict is not Verdict.NO_CONFLICT_FOUND:
        return
    yield "未发现冲突的证书"
    found, check = site.view.certified.get(site.site_id), site.view.certificate_check
    agreed = found is not None and check.state == "consistent"
    words = "核查时经校验程序读取图层核对一致；写出本表时复核，证书与结果、规则和所附管控区一致。"
    yield Paragraph(words if agreed else "证书未复核，不得据此认为未发现冲突。", size_pt=9.5)
    if found is None:
        return
    yield Paragraph(
        "项目外扩“覆盖余量”后仍全部在图层覆盖范围内；凡项目信息未排除其规定的管控区，距项目均不小于“所证距离”；"
        "“余量”为该距离扣除定位误差和规定退让距离后所剩。",
        size_pt=9.5,
    )
    status = {check["theme"]: check for check in site.site["checks"]}
    scope = site.view.record["scope"]
    yield DataTable(
        "证书",
        (Column("主题", 2.0), Column("状态", 1.2), Column("覆盖余量（m）", 1.2, "right"),
         Column("所证距离（m）", 1.2, "right"), Column("余量（m）", 1.1, "right"),
         Column("最近管控区（m）", 1.3, "right")),
        [
            [
                theme(name).label["zh"], label("check", status[name]["status"])["zh"], Measure(coverage),
                Measure(distance), Measure(margin), _measure(status[name]["nearest_m"]),
            ]
            for name, coverage, distance, margin in zip(
                scope, found.coverage_m, found.distance_m, found.margin_m, strict=True
            )
        ],
    )  # fmt: skip


def _overrides(site: SiteView) -> Iterator[str | Block]:
    judged = [item for item in site.site["findings"] if item["override"]]
    if not judged:
        return
    yield "人工判断（与程序发现并列，不改变程序结论）"
    yield DataTable(
        "人工判断",
        (Column("程序发现", 2.0), Column("人工判断", 1.6), Column("作出单位、人", 1.3), Column("理由", 1.8),
         Column("依据", 1.3), Column("日期", 0.9, "center")),
        [
            [
                f"{label('effect', item['effect'])['zh']}：{item['title']['zh']}", item["override"]["decision"],
                "、".join(text for text in (item["override"]["office"], item["override"]["by"]) if text),
                item["override"]["reason"], item["override"]["evidence"], item["override"]["decided_on"],
            ]
            for item in judged
        ],
    )  # fmt: skip


def _queries(site: SiteView) -> Iterator[str | Block]:
    """Draft queries to the offices, to be taken over into letters."""
    if not site.offices:
        return
    yield "征求意见函（代拟稿）"
    for office, points in site.offices.items():
        asked: Sequence[str] = points
        yield Heading(f"致{office}：", 3)
        yield Paragraph(
            f"{site.name}拟选址于{site.town or '（乡镇）'}，用地 {site.site['statutory_area_m2']:,.2f} m²，"
            "界址点见附表一。"
            f"请就下列事项出具意见：{'；'.join(asked)}。请一并说明所依据的图件版本、数据日期和文号。",
            indent=True,
        )
