"""Alternative sites side by side: verdicts, procedures, and what each theme means for each; no score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from lianzhou_gis.formats.workbook_writing import Sheet, write_workbook
from lianzhou_gis.reports.content import Column, DataTable, Paper, Paragraph
from lianzhou_gis.reports.page_frame import Frame
from lianzhou_gis.reports.site_view import SiteView, area_words
from lianzhou_gis.vocabulary import DISCLAIMER, label, theme

__all__ = ["comparison_paper", "comparison_rows", "write_comparison"]

_TITLE = "选址方案比较表"


def comparison_rows(sites: Sequence[SiteView], lang: str = "zh") -> list[tuple[str, ...]]:
    """Return what is compared, one row each, a cell for every site behind the name of the row."""
    zh = lang == "zh"
    none = "无" if zh else "none"
    rows: list[tuple[str, ...]] = [
        ("用地面积" if zh else "Area", *(area_words(site.site["statutory_area_m2"]) for site in sites)),
        ("结论" if zh else "Verdict", *(str(site.site["label"][lang]) for site in sites)),
        (
            "可能适用的最严结论" if zh else "Worst possible",
            *(label("verdict", site.site["worst_possible"])[lang] for site in sites),
        ),
        ("待补充信息（项）" if zh else "Facts missing", *(str(len(site.missing_facts)) for site in sites)),
        ("未核查（项）" if zh else "Not assessed", *(str(len(site.not_assessed)) for site in sites)),
        ("须办程序" if zh else "Procedures", *(_procedures(site, lang) or none for site in sites)),
        (
            "所在管控单元" if zh else "Control units",
            *("、".join(name for name, _, _, _ in site.units) or none for site in sites),
        ),
    ]
    for name in sites[0].view.record["scope"]:
        if theme(name).context:
            continue
        cells = [_theme_cell(site, name, lang) for site in sites]
        # Themes that say the same of every alternative, and nothing, would only fill the page.
        if any(cell is not None for cell in cells):
            rows.append((theme(name).label[lang], *(cell or none for cell in cells)))
    return rows


def _procedures(site: SiteView, lang: str) -> str:
    del lang
    return "；".join(dict.fromkeys(step.title for step in site.steps))


def _theme_cell(site: SiteView, name: str, lang: str) -> str | None:
    """Return area, depth and distance of a theme; ``None`` where the site lies outside and nothing is near."""
    zh = lang == "zh"
    check = next((item for item in site.site["checks"] if item["theme"] == name), None)
    if check is None or check["status"] == "not_assessed":
        return "未核查" if zh else "not assessed"
    own = [row for row in site.neighbours if row.theme == name]
    depth = max((row.depth_m for row in own if row.depth_m is not None), default=None)
    deep = "" if depth is None or depth <= 0 else (f"，深 {depth:,.2f} m" if zh else f", {depth:,.2f} m deep")
    if check["net_area_m2"]:
        return f"{'占用' if zh else 'occupies'} {check['net_area_m2']:,.2f} m²{deep}"
    if check["status"] == "hit":
        return "有重叠" if zh else "overlap"
    if check["nearest_m"] is not None and own:
        return f"{'相距' if zh else 'at'} {check['nearest_m']:,.2f} m"
    return None


def comparison_paper(sites: Sequence[SiteView], frame: Frame) -> Paper:
    """Return the comparison as a document."""
    columns = [Column("比较项", 1.0), *(Column(f"{site.site_id} {site.name}", 1.6) for site in sites)]
    rows = [list(row) for row in comparison_rows(sites)]
    words = f"各方案按同一天的法规和图层核查（基准日 {sites[0].view.record['as_of']}）。本表只列事实，不评分、不排序。"
    return frame.paper(
        _TITLE,
        [Paragraph(words), DataTable("方案比较", columns, rows)],
        subject=f"{_TITLE} {DISCLAIMER['zh']}",
    )


def write_comparison(path: Path, sites: Sequence[SiteView], frame: Frame) -> None:
    """Write the comparison as XLSX.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    """
    heads = ["比较项", *(f"{site.site_id} {site.name}" for site in sites)]
    notes = ["　".join((*frame.marks, f"{DISCLAIMER['zh']}。只列事实，不评分、不排序。"))]
    sheet = Sheet("方案比较", notes, heads, [22, *([36] * len(sites))], comparison_rows(sites), frozen_columns=1)
    write_workbook(path, [sheet], title=_TITLE, day=date.fromisoformat(sites[0].view.record["as_of"]))
