"""What is worth a word about an import: columns that were chosen, grades left open, repairs, what nobody stated."""

from __future__ import annotations

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue
from lianzhou_gis.intake.import_options import Told
from lianzhou_gis.intake.proposal import Proposal
from lianzhou_gis.intake.storage import RepairRecord

__all__ = ["remarks"]


def remarks(entry: LayerEntry, proposal: Proposal, repairs: list[RepairRecord], told: Told) -> list[Issue]:
    """Return an issue for everything about an import that a planner must know.

    Parameters
    ----------
    entry : LayerEntry
    proposal : Proposal
        What was found and chosen.
    repairs : list of RepairRecord
    told : Told
    """
    where = f"layer {entry.id}"
    found = []
    for ours, others in proposal.rivals.items():
        listed = ", ".join(others)
        found.append(
            Issue(
                "warning",
                "column_chosen",
                where,
                f"{ours} 取自字段 {proposal.column(ours)}；{listed} 也可能是，如有误请用 --column 指明",
                f"{ours} is read from {proposal.column(ours)}; {listed} would do as well: name it with --column if so",
            )
        )
    for choice in proposal.grades:
        if choice.how == "told" and choice.grade is None:
            found.append(
                Issue(
                    "warning",
                    "unknown_grade",
                    where,
                    f"级别 {choice.value or '空'}（{choice.count} 个区域）按说明留作级别不明，其所在处一律未核查",
                    f"the grade {choice.value or 'empty'} ({choice.count} zones) stays unknown as told: these places "
                    "are never cleared",
                )
            )
    for repair in repairs:
        after = "-" if repair.area_after_m2 is None else f"{repair.area_after_m2:.2f}"
        kept = repair.done == "kept_as_read"
        if repair.doubtful_m2 is None:
            found.append(
                Issue(
                    "warning",
                    "geometry_kept_broken",
                    f"{where}, row {repair.source_row}",
                    "图形自相交且顶点极多，按原样入库；每次使用时只修复研究范围内的环，含义不明处标为未核查",
                    "the shape is broken and very heavy; it is kept as read, and every use repairs the rings under its "
                    "study area and marks places where it is not plain what was meant",
                )
            )
            continue
        found.append(
            Issue(
                "warning",
                "geometry_doubtful" if kept else "geometry_repaired",
                f"{where}, row {repair.source_row}",
                f"图形自相交且含义不明（相差 {repair.doubtful_m2:.2f} 平方米），按原样入库，该处将一直标为未核查"
                if kept
                else f"图形已修复：面积由 {repair.area_before_m2:.2f} 变为 {after} 平方米",
                f"the shape crosses itself and it is not plain what was meant (by {repair.doubtful_m2:.2f} m2); it is "
                "kept as read, and the place will count as not assessed"
                if kept
                else f"the shape was repaired: {repair.area_before_m2:.2f} m2 before, {after} m2 after",
            )
        )
    if told.no_coverage and told.coverage is None:
        found.append(
            Issue(
                "warning",
                "no_coverage",
                where,
                "按说明未声明覆盖范围：该图层只能发现冲突，不能排除冲突",
                "no coverage is declared, as told: the layer can find conflicts, but clear nothing",
            )
        )
    absent = [name for name in ("publisher", "document", "data_date", "accuracy_m") if getattr(entry, name) is None]
    if absent:
        found.append(
            Issue(
                "warning",
                "provenance_missing",
                where,
                f"未说明 {'、'.join(absent)}；请向数据提供单位核实后补入图层目录",
                f"{', '.join(absent)} are not stated; ask the owner of the data and add them to the catalog",
            )
        )
    return found
