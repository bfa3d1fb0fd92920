"""Two runs compared, as a workbook."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lianzhou_gis.formats.workbook_writing import Sheet, write_workbook
from lianzhou_gis.vocabulary import DISCLAIMER, theme

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run
    from lianzhou_gis.runs.difference import RunDifference

__all__ = ["write_difference"]


def write_difference(path: Path, found: RunDifference, after: Run) -> None:
    """Write a comparison of two runs as XLSX.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    """
    notes = [f"{DISCLAIMER['zh']}。运行号 {found.before} → {found.after}；没有变化的项目 {found.same} 个。"]
    sheets = [
        Sheet(
            "项目", notes, ("项目编号", "项目名称", "原结论", "新结论", "结论是否变化", "原因"),
            (16, 28, 34, 34, 12, 60),
            [
                (
                    site.site_id, site.name, (site.before or {}).get("zh"), (site.after or {}).get("zh"),
                    "是" if site.verdict_changed else "否",
                    "；".join(cause.text("zh") for cause in site.causes) or None,
                )
                for site in found.sites
            ],
        ),
        Sheet(
            "变化", notes, ("项目编号", "规定或缺项", "管控区", "主题", "原", "现", "原因"),
            (16, 36, 26, 20, 14, 14, 70),
            [
                (
                    site.site_id, change.title["zh"], change.zone,
                    theme(change.theme).label["zh"] if change.theme else None,
                    change.words(change.before, "zh"), change.words(change.after, "zh"),
                    "；".join(cause.text("zh") for cause in change.causes) or None,
                )
                for site in found.sites
                for change in site.changes
            ],
        ),
        Sheet("运行差异", notes, ("差异",), (90,), [(cause.text("zh"),) for cause in found.causes]),
    ]  # fmt: skip
    write_workbook(path, sheets, title="核查结果比较", day=date.fromisoformat(after.document["run"]["as_of"]))
