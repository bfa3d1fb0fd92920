"""Issues of an import: chosen columns, open grades, repairs, missing provenance."""

from __future__ import annotations

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue, Phrase
from lianzhou_gis.intake.import_options import ImportOptions
from lianzhou_gis.intake.proposal import Proposal
from lianzhou_gis.intake.storage import RepairRecord

__all__ = ["import_issues"]


def import_issues(
    entry: LayerEntry, proposal: Proposal, repairs: list[RepairRecord], options: ImportOptions
) -> list[Issue]:
    """Return the issues of an import that a planner must know.

    Parameters
    ----------
    entry : LayerEntry
    proposal : Proposal
        The columns and grades chosen.
    repairs : list of RepairRecord
    options : ImportOptions
    """
    where = f"layer {entry.id}"
    found = []
    for ours, others in proposal.rivals.items():
        found.append(
            Issue.from_code("warning", "column_chosen", where, ours=ours, column=proposal.column(ours), others=others)
        )
    for choice in proposal.grades:
        if choice.how == "stated" and choice.grade is None:
            found.append(
                Issue.from_code(
                    "warning",
                    "unknown_grade.stated",
                    where,
                    grade=choice.value or Phrase("空", "blank"),
                    count=choice.count,
                )
            )
    for repair in repairs:
        after = "-" if repair.area_after_m2 is None else f"{repair.area_after_m2:.2f}"
        kept = repair.done == "kept_as_read"
        if repair.doubtful_m2 is None:
            found.append(Issue.from_code("warning", "geometry_kept_broken", f"{where}, row {repair.source_row}"))
            continue
        place = f"{where}, row {repair.source_row}"
        if kept:
            found.append(Issue.from_code("warning", "geometry_doubtful.stored", place, area=repair.doubtful_m2))
        else:
            before = repair.area_before_m2
            found.append(Issue.from_code("warning", "geometry_repaired.stored", place, before=before, after=after))
    if options.no_coverage and options.coverage is None:
        found.append(Issue.from_code("warning", "no_coverage", where))
    absent = [name for name in ("publisher", "document", "data_date", "accuracy_m") if getattr(entry, name) is None]
    if absent:
        found.append(Issue.from_code("warning", "provenance_missing", where, names=absent))
    return found
