"""The workbook of a run: one sheet for each table, numbers as numbers, and a matrix of sites and themes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from lianzhou_gis.formats.workbook_writing import Sheet, write_workbook
from lianzhou_gis.reports.page_frame import Frame
from lianzhou_gis.reports.site_view import RunView, SiteView, citations_words, cure_words, stages_words
from lianzhou_gis.runs.seal import short_seal
from lianzhou_gis.vocabulary import DISCLAIMER, Effect, label, theme

__all__ = ["write_run_workbook"]

_AREA, _METRES, _SHARE, _COUNT = "#,##0.00", "#,##0.00", "0.0%", "0"
_TEXT = None
# What stands in the matrix: the strictest proven effect, or why there is none.
_STATUS = {"none": "无", "not_assessed": "未核查", "not_in_scope": "—"}

Head = tuple[str, float, str | None]
Row = Sequence[object]


def write_run_workbook(path: Path, views: Sequence[SiteView], frame: Frame) -> None:
    """Write the sites of a run as one workbook.

    Parameters
    ----------
    path : pathlib.Path
    views : sequence of SiteView
        At least one, all of one run.
    frame : Frame

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    """
    view = views[0].view
    notes = [
        "　".join((*frame.marks, f"{DISCLAIMER['zh']}。")),
        f"运行号 {view.record['id']}　封印 {short_seal(view.run.document)}　核查基准日 {view.record['as_of']}　"
        f"须于 {view.record['recheck_by']} 前重新核查",
        *([frame.warning] if frame.warning else []),
    ]
    sheets = [
        _sheet("项目", notes, _SITES, [_site_row(site) for site in views], frozen=2),
        _matrix(views, notes),
        _sheet("核查发现", notes, _FINDINGS, list(_finding_rows(views))),
        _sheet("位置关系", notes, _OVERLAPS, list(_overlap_rows(views))),
        _sheet("未核查与待补充", notes, _GAPS, list(_gap_rows(views))),
        _sheet("准入清单", notes, _ACCESS, list(_access_rows(views))),
        _sheet("图层", notes, _LAYERS, list(_layer_rows(view))),
    ]
    write_workbook(path, sheets, title="选址环境管控初筛结果", day=date.fromisoformat(view.record["as_of"]))


def _sheet(title: str, notes: Sequence[str], heads: Sequence[Head], rows: Sequence[Row], *, frozen: int = 0) -> Sheet:
    return Sheet(
        title=title,
        notes=notes,
        heads=[head for head, _, _ in heads],
        widths=[width for _, width, _ in heads],
        rows=rows,
        formats=[shown for _, _, shown in heads],
        frozen_columns=frozen,
    )


_SITES: tuple[Head, ...] = (
    ("项目编号", 14, _TEXT), ("项目名称", 28, _TEXT), ("项目代码", 24, _TEXT), ("建设单位", 22, _TEXT),
    ("所在乡镇", 14, _TEXT), ("用地面积（m²）", 15, _AREA), ("用地面积（公顷）", 12, "#,##0.0000"),
    ("申报面积（m²）", 15, _AREA), ("长度（m）", 12, _METRES), ("初筛结论", 34, _TEXT),
    ("可能适用的最严结论", 20, _TEXT), ("核查是否完整", 10, _TEXT), ("限制性发现（项）", 10, _COUNT),
    ("未核查（项）", 10, _COUNT), ("待补充信息（项）", 10, _COUNT),
    ("城镇开发边界", 12, _TEXT), ("须征求意见", 34, _TEXT),
)  # fmt: skip


def _site_row(site: SiteView) -> Row:
    record = site.site
    area = record["statutory_area_m2"]
    return (
        site.site_id, record["name"], site.particulars.project_code, site.particulars.applicant, site.town, area,
        area / 10_000.0, record["declared_area_m2"], record["length_m"], record["label"]["zh"],
        label("verdict", record["worst_possible"])["zh"], "是" if record["complete"] else "否", len(site.findings),
        len(site.not_assessed), len(site.missing_facts), site.growth_boundary, "、".join(site.offices),
    )  # fmt: skip


def _matrix(views: Sequence[SiteView], notes: Sequence[str]) -> Sheet:
    names = list(views[0].view.record["scope"])
    heads: list[Head] = [("项目编号", 14, _TEXT), ("项目名称", 26, _TEXT)]
    heads += [(theme(name).label["zh"], 11, _TEXT) for name in names]
    rows = []
    for site in views:
        strictest: dict[str, Effect] = {}
        for item in site.findings:
            if item["theme"]:
                effect = Effect(item["effect"])
                strictest[item["theme"]] = min(strictest.get(item["theme"], effect), effect, key=lambda one: one.rank)
        status = {check["theme"]: check["status"] for check in site.site["checks"]}
        words = [
            label("effect", strictest[name])["zh"] if name in strictest else _STATUS.get(status.get(name, ""), "在区内")
            for name in names
        ]
        rows.append((site.site_id, site.site["name"], *words))
    return _sheet("项目与主题", notes, heads, rows, frozen=2)


_FINDINGS: tuple[Head, ...] = (
    ("项目编号", 14, _TEXT), ("结论", 12, _TEXT), ("须实测界址", 9, _TEXT), ("规定", 34, _TEXT), ("主题", 18, _TEXT),
    ("管控区", 24, _TEXT), ("占用面积（m²）", 14, _AREA), ("占项目比例", 10, _SHARE), ("占用长度（m）", 12, _METRES),
    ("距离（m）", 12, _METRES), ("依据", 40, _TEXT), ("须办事项", 34, _TEXT), ("主管部门", 22, _TEXT),
    ("受限环节", 20, _TEXT), ("可否消除", 18, _TEXT), ("人工判断", 20, _TEXT), ("发现编号", 15, _TEXT),
)  # fmt: skip


def _finding_rows(views: Sequence[SiteView]) -> Iterator[Row]:
    for site in views:
        for item in site.findings:
            yield (
                site.site_id, label("effect", item["effect"])["zh"], "是" if item["doubtful"] else "否",
                item["title"]["zh"], theme(item["theme"]).label["zh"] if item["theme"] else None,
                item["zone_name"] or item["zone_id"], item["area_m2"] or None, item["share_of_site"], item["length_m"],
                item["distance_m"], citations_words(item["citations"]), item["action"]["zh"], item["authority"]["zh"],
                stages_words(item["blocks"]), cure_words(item["curable"]),
                item["override"]["decision"] if item["override"] else None, item["finding_id"],
            )  # fmt: skip


_OVERLAPS: tuple[Head, ...] = (
    ("项目编号", 14, _TEXT), ("管控区类别", 30, _TEXT), ("管控区", 26, _TEXT), ("方位", 8, _TEXT),
    ("最近距离（m）", 13, _METRES), ("占用面积（m²）", 14, _AREA), ("占用长度（m）", 12, _METRES),
    ("深度（m）", 11, _METRES), ("翻转距离（m）", 12, _METRES),
    ("须实测界址", 9, _TEXT),
)  # fmt: skip


def _overlap_rows(views: Sequence[SiteView]) -> Iterator[Row]:
    for site in views:
        for row in site.neighbours:
            yield (
                site.site_id, row.name, row.zone or None, row.direction or None, row.distance_m, row.area_m2 or None,
                row.length_m, row.depth_m, row.flip_m, "是" if row.doubtful else "否",
            )  # fmt: skip


_GAPS: tuple[Head, ...] = (
    ("项目编号", 14, _TEXT), ("主题", 20, _TEXT), ("原因", 16, _TEXT), ("说明", 60, _TEXT), ("须补充的信息", 34, _TEXT),
    ("最严可能", 16, _TEXT), ("范围（m²）", 14, _AREA),
)  # fmt: skip


def _gap_rows(views: Sequence[SiteView]) -> Iterator[Row]:
    for site in views:
        for gap in site.site["gaps"]:
            yield (
                site.site_id, theme(gap["theme"]).label["zh"] if gap["theme"] else None,
                label("gap", gap["reason"])["zh"], gap["detail"]["zh"],
                "、".join(site.view.fact_name(name) for name in gap["facts"]) or None,
                label("verdict", gap["worst"])["zh"], gap["area_m2"],
            )  # fmt: skip


_ACCESS: tuple[Head, ...] = (
    ("项目编号", 14, _TEXT), ("管控单元", 26, _TEXT), ("单元编码", 18, _TEXT), ("条目编号", 16, _TEXT),
    ("维度", 16, _TEXT), ("类别", 10, _TEXT), ("管控要求", 50, _TEXT), ("本项目情况", 34, _TEXT),
    ("是否相符", 22, _TEXT), ("面积（m²）", 14, _AREA),
)  # fmt: skip


def _access_rows(views: Sequence[SiteView]) -> Iterator[Row]:
    for site in views:
        for row in site.site["access"]:
            known = "；".join(
                f"{site.view.fact_name(name)}：{site.view.fact_value(name, value)}"
                for name, value in row["known"].items()
            )
            yield (
                site.site_id, row["unit_name"] or label("access_level", row["level"])["zh"], row["unit_id"],
                row["item_id"], label("access_dimension", row["dimension"])["zh"],
                label("access_kind", row["kind"])["zh"], row["text"], known or None, row["said"]["zh"],
                row["area_m2"],
            )  # fmt: skip


_LAYERS: tuple[Head, ...] = (
    ("图层", 30, _TEXT), ("主题", 20, _TEXT), ("数据日期", 12, _TEXT), ("有效期起", 12, _TEXT), ("有效期止", 12, _TEXT),
    ("来源单位", 24, _TEXT), ("文件", 24, _TEXT), ("要素数", 10, _COUNT), ("应有数", 10, _COUNT), ("状态", 12, _TEXT),
    ("合成", 8, _TEXT), ("校验值（SHA-256）", 66, _TEXT),
)  # fmt: skip


def _layer_rows(view: RunView) -> Iterator[Row]:
    for layer in view.record["layers"]:
        yield (
            view.layer_title(layer["id"]), theme(layer["theme"]).label["zh"], layer["data_date"], layer["valid_from"],
            layer["valid_to"], layer["publisher"], layer["document"], layer["feature_count"], layer["expected_count"],
            "已载入" if layer["status"] == "loaded" else layer["status"], "是" if layer["synthetic"] else "否",
            layer["sha256"],
        )  # fmt: skip
