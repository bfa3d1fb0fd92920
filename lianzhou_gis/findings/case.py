"""One site: what was decided on it, and the records of that, written down where somebody asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lianzhou_gis.findings.access_list import AccessOutcome, compared, listed_findings
from lianzhou_gis.findings.bearing import Bearing
from lianzhou_gis.findings.questions import Unresolved
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, of_site, place_of_finding, place_of_gap
from lianzhou_gis.findings.records import finding_id as id_of
from lianzhou_gis.findings.standing import RowOutcome, Shared, Standing
from lianzhou_gis.rulebook import Outcome, RuleVersion
from lianzhou_gis.vocabulary import Effect

__all__ = ["Case", "SiteRecords"]


@dataclass(frozen=True, slots=True)
class SiteRecords:
    """The records of one site, each kind in its order.

    Attributes
    ----------
    found : list of Finding
    unknown : list of Gap
    points : list of Unresolved
        What hangs on facts; the gaps of those that many sites share are of no site.
    rest : list of Gap
        Those that are of no point.
    """

    found: list[Finding]
    unknown: list[Gap]
    points: list[Unresolved]
    rest: list[Gap]


class Case:
    """One site, decided.

    Parameters
    ----------
    site_id : str
    standing : Standing
        What the rules make of its facts.
    shared : Shared
        What it has in common with others.
    rows : sequence of named tuples
        Its overlaps.
    margins : sequence of named tuples
        How far from the site the coverage of each layer ends (``theme, layer_id, margin_m``).
    placed, own : sequence of Gap
        That layers leave open where it lies, and that it leaves open itself.
    missed : sequence of Unresolved
        Of law that was not read.
    outfall : bool
        Whether the outfall is given as a point.
    """

    __slots__ = (
        "_margins", "_missed", "_own", "_placed", "_receiving", "_rows", "_shared", "_standing", "_units", "_units_say",
        "site_id", "tally",
    )  # fmt: skip

    def __init__(
        self,
        site_id: str,
        standing: Standing,
        shared: Shared,
        rows: Sequence[Any],
        margins: Sequence[Any],
        placed: Sequence[Gap],
        own: Sequence[Gap],
        missed: Sequence[Unresolved],
        outfall: bool,
    ) -> None:
        self.site_id, self._standing, self._shared, self._missed = site_id, standing, shared, missed
        self._placed, self._own = placed, own
        self.tally = tally = shared.tally.copy()
        self._rows: list[tuple[Any, RowOutcome]] = []
        self._units: list[Any] = []
        for row in rows:
            said = standing.row(row)
            if said.tally is not None:
                self._rows.append((row, said))
                tally.add(said.tally)
            if row.theme == "control_unit" and row.subject == "footprint" and row.relation in ("overlap", "within"):
                self._units.append(row)
        self._margins = [(margin, standing.margin(margin)) for margin in margins]
        for _, looking in self._margins:
            for rule, outcome in looking:
                if outcome.value is not False and rule.strictest is not Effect.NOTICE:
                    tally.gap(rule.strictest.verdict, asks=False)
        self._receiving: Bearing | None = None
        if outfall:
            self._receiving = standing.bearing(site_id)
            for name, asking in standing.receiving(rows):
                self._receiving.receiving(name, asking)
        self._units_say: AccessOutcome = standing.units(self._units)
        tally.add(self._units_say.tally)
        known = () if self._receiving is None else self._receiving.gaps
        for gap in (*placed, *own, *known, *(point.gap for point in missed)):
            tally.gap(gap.worst, gap.asks)

    def written(self) -> SiteRecords:
        """Return the records of the site."""
        site_id, shared, said = self.site_id, self._shared, self._units_say
        bearing = self._taken_down()
        listed = listed_findings(site_id, self._standing.facts, said, self._units, self._standing.rules.access)
        found = [(place_of_finding(item), item) for item in (*bearing.findings, *listed.values())]
        for place, template in shared.found:
            item = of_site(template, site_id)
            item.finding_id = id_of(site_id, item.layer_id, item.zone_id, item.rule_id, item.subject)
            found.append((place, item))
        gaps = [*self._placed, *self._own, *bearing.gaps, *(of_site(gap, site_id) for gap in said.gaps)]
        gaps += [point.gap for point in self._missed]
        # What is alike stands in the order in which it was looked at, the gaps of layers first.
        unknown = [(place, of_site(gap, site_id)) for place, gap in shared.unknown]
        unknown += [(place_of_gap(gap), gap) for gap in gaps]
        asking = {id(point.gap) for point in bearing.open.values()}
        return SiteRecords(
            found=[item for _, item in sorted(found, key=_place)],
            unknown=[gap for _, gap in sorted(unknown, key=_place)],
            points=[*said.points, *self._missed, *bearing.open.values(), *shared.points],
            rest=[*shared.rest, *self._placed, *self._own, *(gap for gap in bearing.gaps if id(gap) not in asking)],
        )

    def compared(self) -> list[AccessComparison]:
        """Return every item of the access lists of its units, whatever came out."""
        rule, facts = self._standing.rules.access, self._standing.facts
        rows = compared(self.site_id, facts, self._units_say, self._units, rule)
        return sorted(rows, key=lambda row: (row.level, row.unit_id or "", row.item_id))

    def _taken_down(self) -> Bearing:
        """Return what the overlaps, the ends of coverage and the outfall come to."""
        bearing = self._standing.bearing(self.site_id)
        for row, said in self._rows:
            if said.gap is not None:
                (bearing.unknown_grade if said.gap == "grade" else bearing.no_rule)(row)
            for rule, outcome in said.rules:
                bearing.bears(rule, outcome, row=row, layer_id=row.layer_id, relation=row.relation)
        for margin, looking in self._margins:
            for rule, outcome in looking:
                _beyond(bearing, rule, outcome, margin)
        if self._receiving is not None:
            bearing.gaps += self._receiving.gaps
            bearing.open |= self._receiving.open
        return bearing


def _beyond(bearing: Bearing, rule: RuleVersion, outcome: Outcome, margin: Any) -> None:  # noqa: ANN401
    # A notice restricts nothing: that it may not have been seen opens no verdict.
    if outcome.value is False:
        bearing.spare(rule, outcome, closes_if_true=False)
    elif rule.strictest is not Effect.NOTICE:
        bearing.short_of_setback(rule, margin, outcome.missing)


def _place(pair: tuple[tuple[str, ...], Any]) -> tuple[str, ...]:
    return pair[0]
