"""The assessment of some sites: verdicts at once, records and tables where somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lianzhou_gis.errors import Issue
from lianzhou_gis.findings.decision_rows import Evaluation
from lianzhou_gis.findings.decisions import OpenPoint
from lianzhou_gis.findings.overrides import unmatched
from lianzhou_gis.findings.questions import QuestionKey, QuestionPlanner
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, Override, Question
from lianzhou_gis.findings.rendering import RecordTable, access_comparisons, finding_table, gap_table
from lianzhou_gis.findings.verdicts import Answer, Tally
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import themes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Assessment"]


@dataclass(frozen=True)
class Assessment:
    """What was found on some sites, and what could not be assessed.

    Attributes
    ----------
    evaluation : Evaluation
        The decisions that everything here is rendered from.
    contradicted : mapping of site_id to frozenset of str
        Facts that are unknown because what was given contradicts itself.
    planner : QuestionPlanner
        Makes questions of the open points.
    scope : tuple of str
        Themes that were looked at.
    ruled : frozenset of str
        Those that a rule in force is about.
    judgements : tuple of Override
        Of people, put beside the findings.
    """

    evaluation: Evaluation
    contradicted: Mapping[str, frozenset[str]]
    planner: QuestionPlanner
    scope: tuple[str, ...]
    ruled: frozenset[str]
    judgements: tuple[Override, ...] = ()

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """The verdict for every site, by ``site_id``."""
        return dict(zip(self.evaluation.ids.tolist(), self.evaluation.answers, strict=True))

    @cached_property
    def finding_table(self) -> RecordTable[Finding]:
        """Findings by site, theme and rule, as columns."""
        return finding_table(self.evaluation, self.judgements)

    @cached_property
    def gap_table(self) -> RecordTable[Gap]:
        """Gaps by site and reason, as columns."""
        return gap_table(self.evaluation)

    @property
    def finding_records(self) -> list[Finding]:
        """Findings by site, theme and rule."""
        return self.finding_table.records

    @property
    def gap_records(self) -> list[Gap]:
        """Gaps by site and reason."""
        return self.gap_table.records

    @cached_property
    def access_records(self) -> list[AccessComparison]:
        """Every item of the access lists of the units that a site lies in, whatever came out; by site."""
        return access_comparisons(self.evaluation)

    @cached_property
    def issues(self) -> Sequence[Issue]:
        """Judgements that are on no finding of this run."""
        if not self.judgements:
            return ()
        return unmatched(self.judgements, self.finding_table.column("finding_id").tolist())

    @property
    def overrides(self) -> list[Override]:
        """The judgements of people that stand beside findings."""
        if not self.judgements:
            return []
        return [own for own in self.finding_table.column("override").tolist() if own is not None]

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """``site_id, verdict, worst_possible, complete, label_zh, label_en``."""
        import pandas as pd

        records = [
            (site_id, own.verdict.value, own.worst_possible.value, own.complete, own.label["zh"], own.label["en"])
            for site_id, own in self.answers.items()
        ]
        names = ["site_id", "verdict", "worst_possible", "complete", "label_zh", "label_en"]
        return pd.DataFrame(records, columns=names)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Columns as the fields of :class:`Finding`; geometry EPSG:4490."""
        return self.finding_table.frame()

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Columns as the fields of :class:`Gap`; geometry EPSG:4490."""
        return self.gap_table.frame()

    @cached_property
    def access(self) -> pd.DataFrame:
        """Columns as the fields of :class:`AccessComparison`."""
        return RecordTable.from_records(AccessComparison, self.access_records).frame()

    @cached_property
    def points(self) -> dict[str, list[OpenPoint]]:
        """What depends on facts, by ``site_id``; also what such projects are not asked for."""
        found: dict[str, list[OpenPoint]] = {site_id: [] for site_id in self.answers}
        for rows, once in ((self.evaluation.gaps, False), (self.evaluation.spared, True)):
            pairs = zip(rows.site.tolist(), rows.decision.tolist(), strict=True)
            for site, decision in dict.fromkeys(pairs) if once else pairs:
                point = self.evaluation.decisions[decision].point
                if point is not None:
                    found[self.evaluation.ids[site]].append(point)
        return found

    @cached_property
    def questions(self) -> list[Question]:
        """What to ask, by site, those that settle most first."""
        evaluation = self.evaluation
        used = {*evaluation.findings.decision.tolist(), *evaluation.gaps.decision.tolist()}
        tallies = {number: Tally.from_decision(evaluation.decisions[number]) for number in used}
        settled: list[list[Tally]] = [[] for _ in evaluation.ids]
        for site, decision in zip(
            evaluation.findings.site.tolist(), evaluation.findings.decision.tolist(), strict=True
        ):
            settled[site].append(tallies[decision])
        for site, decision in zip(evaluation.gaps.site.tolist(), evaluation.gaps.decision.tolist(), strict=True):
            if evaluation.decisions[decision].point is None:
                settled[site].append(tallies[decision])
        return [
            question
            for (site_id, points), facts, own in zip(self.points.items(), evaluation.facts, settled, strict=True)
            for question in self.planner.questions(
                site_id,
                QuestionKey.from_points(facts, self.contradicted.get(site_id, frozenset()), points, Tally.total(own)),
            )
        ]

    @cached_property
    def check_rows(self) -> Columns:
        """A row for every site and theme of the vocabulary, negatives included.

        ``site_id, theme, status, zones, gross_area_m2, net_area_m2, nearest_m``. ``status`` is ``hit`` (an overlap,
        whether or not a rule applies to it), ``none``, ``not_assessed`` (no overlap is known, but part of the theme was
        not looked at) or ``not_in_scope``.
        """
        return _checks(self.evaluation, self.scope, self.ruled)

    @cached_property
    def checks(self) -> pd.DataFrame:
        """:attr:`check_rows` as a table."""
        return self.check_rows.frame(inferred=("site_id", "theme", "status"))


def _checks(evaluation: Evaluation, scope: Sequence[str], ruled: frozenset[str]) -> Columns:
    names, overlay = list(themes()), evaluation.overlay
    number = {name: position for position, name in enumerate(names)}
    position = {site_id: place for place, site_id in enumerate(evaluation.ids.tolist())}
    shape = len(evaluation.ids), len(names)
    zones = _zones(overlay, shape, number)
    gross, net, near = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
    for row in overlay.total_columns.rows():
        if row.grade is None:
            at = position[row.site_id], number[row.theme]
            gross[at], net[at] = row.gross_area_m2, row.net_area_m2
    for row in overlay.nearest_columns.rows():
        near[position[row.site_id], number[row.theme]] = row.nearest_m
    # Missing facts are about rules; that a theme was not looked at is what the other gaps say.
    unseen = np.tile([name not in ruled for name in names], (shape[0], 1))
    used, which = np.unique(evaluation.gaps.decision, return_inverse=True)
    gaps = [evaluation.decisions[number].gap for number in used.tolist()]
    column = [-2 if gap is None or gap.asks else -1 if gap.theme is None else number[gap.theme] for gap in gaps]
    theme = np.array(column, dtype=np.intp)[which]
    unseen[evaluation.gaps.site[theme == -1]] = True
    unseen[evaluation.gaps.site[theme >= 0], theme[theme >= 0]] = True
    status = np.where(zones > 0, "hit", np.where(unseen, "not_assessed", "none")).astype(object)
    status[:, [name not in scope for name in names]] = "not_in_scope"
    return Columns(
        {
            "site_id": np.repeat(evaluation.ids, shape[1]),
            "theme": np.tile(cells(names), shape[0]),
            "status": status.ravel(),
            "zones": zones.ravel(),
            "gross_area_m2": gross.ravel(),
            "net_area_m2": net.ravel(),
            "nearest_m": near.ravel(),
        }
    )


def _zones(overlay: Overlay, shape: tuple[int, int], number: Mapping[str, int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many zones of every theme every site lies in; an id counts once."""
    rows = overlay.overlap_columns
    hit = (rows["subject"] == "footprint") & ((rows["relation"] == "overlap") | (rows["relation"] == "within"))
    columns = (rows[name][hit].tolist() for name in ("site", "theme", "zone_id"))
    counts = np.zeros(shape, dtype=np.int64)
    for site, theme, _ in set(zip(*columns, strict=True)):
        counts[site, number[theme]] += 1
    return counts
