"""What was found of sites: verdicts at once, records and tables where somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import Issue
from lianzhou_gis.findings.case import Case, SiteRecords
from lianzhou_gis.findings.checks import checks_of
from lianzhou_gis.findings.overrides import lay_beside
from lianzhou_gis.findings.questions import QuestionPlanner, Unresolved
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, Override, Question, table_of
from lianzhou_gis.findings.verdicts import Answer
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.table import Columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Assessment"]


@dataclass(frozen=True)
class Assessment:
    """What was found, and what could not be assessed: plain records, and tables of them where one is asked for.

    Attributes
    ----------
    answers : dict of site_id to Answer
    cases : tuple of Case
        What was decided on each site, by ``site_id``.
    facts, contradicted : mapping of site_id
        What is known of the projects, and which of it contradicts itself.
    asker : QuestionPlanner
        Makes questions of the open points.
    scope, ruled : tuple of str
        Themes that were looked at, and those that some rule in force is about.
    measured : Overlay
        What it rests on.
    judged : tuple of Override
        Judgements of people, laid beside the findings.
    """

    answers: dict[str, Answer]
    cases: tuple[Case, ...]
    facts: Mapping[str, Mapping[str, Any]]
    contradicted: Mapping[str, frozenset[str]]
    asker: QuestionPlanner
    scope: tuple[str, ...]
    ruled: tuple[str, ...]
    measured: Overlay
    judged: tuple[Override, ...] = ()

    @cached_property
    def _written(self) -> list[SiteRecords]:
        return [case.written() for case in self.cases]

    @cached_property
    def found(self) -> list[Finding]:
        """Findings by site, theme and rule."""
        return self._laid[0]

    @cached_property
    def unknown(self) -> list[Gap]:
        """Gaps by site and reason."""
        return [gap for written in self._written for gap in written.unknown]

    @cached_property
    def compared(self) -> list[AccessComparison]:
        """Every item of the access lists of the units that a site lies in, whatever came out; by site."""
        return [row for case in self.cases for row in case.compared()]

    @cached_property
    def points(self) -> dict[str, list[Unresolved]]:
        """What hangs on facts, by ``site_id``; the gaps of what many sites share are of no site."""
        return {case.site_id: written.points for case, written in zip(self.cases, self._written, strict=True)}

    @cached_property
    def _laid(self) -> tuple[list[Finding], list[Issue]]:
        found = [item for written in self._written for item in written.found]
        return found, lay_beside(found, self.judged)

    @property
    def issues(self) -> Sequence[Issue]:
        """Judgements that are on no finding of this run."""
        return self._laid[1] if self.judged else ()

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """``site_id, verdict, worst_possible, complete, label_zh, label_en``."""
        import pandas as pd

        records = [
            (site_id, said.verdict.value, said.worst_possible.value, said.complete, said.label["zh"], said.label["en"])
            for site_id, said in self.answers.items()
        ]
        names = ["site_id", "verdict", "worst_possible", "complete", "label_zh", "label_en"]
        return pd.DataFrame(records, columns=names)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Columns as the fields of :class:`Finding`; geometry EPSG:4490."""
        return table_of(Finding, self.found)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Columns as the fields of :class:`Gap`; geometry EPSG:4490."""
        return table_of(Gap, self.unknown)

    @cached_property
    def access(self) -> pd.DataFrame:
        """Columns as the fields of :class:`AccessComparison`."""
        return table_of(AccessComparison, self.compared)

    @cached_property
    def questions(self) -> list[Question]:
        """What to ask, by site, those that settle most first."""
        return [
            question
            for case, written in zip(self.cases, self._written, strict=True)
            for question in self.asker.questions(
                case.site_id,
                self.facts.get(case.site_id, {}),
                self.contradicted.get(case.site_id, frozenset()),
                [(item.effect, item.worst) for item in written.found],
                written.rest,
                written.points,
            )
        ]

    @property
    def overrides(self) -> list[Override]:
        """The judgements of people that stand beside findings."""
        return [item.override for item in self.found if item.override is not None]

    @cached_property
    def checked(self) -> Columns:
        """A row for every site and theme, negatives included."""
        return checks_of(list(self.answers), self.scope, self.unknown, self.measured, self.ruled)

    @cached_property
    def checks(self) -> pd.DataFrame:
        """:attr:`checked` as a table."""
        return self.checked.frame(inferred=("site_id", "theme", "status"))
