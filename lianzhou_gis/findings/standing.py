"""What the rules of a day make of one set of facts: found out once, for all projects of which the same is known.

Most of what is said of a site hangs on its facts and on the kind of the zones that it meets, not on where it lies.
Verdicts are weighed from what is kept here; findings and gaps are written down where somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lianzhou_gis.findings.access_list import AccessOutcome, access_says
from lianzhou_gis.findings.bearing import Bearing, Templates
from lianzhou_gis.findings.day_rules import OUTFALL, DayRules
from lianzhou_gis.findings.effects import proven_effect
from lianzhou_gis.findings.questions import Unresolved
from lianzhou_gis.findings.records import Finding, Gap, place_of_finding, place_of_gap
from lianzhou_gis.findings.verdicts import Tally
from lianzhou_gis.rulebook import AccessItem, Outcome, RuleVersion
from lianzhou_gis.vocabulary import Effect, Verdict, theme

__all__ = ["RowOutcome", "Shared", "Standing"]

_HITS = ("overlap", "within")
# Different kinds of zones, or sets of units, of which it is remembered what rules make of them.
_KEPT = 512


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What comes of an overlap of a kind.

    Attributes
    ----------
    rules : tuple of (RuleVersion, Outcome)
        That are about it.
    gap : {"grade", "rule"} or None
        What of the zone is not known: its grade, or any rule.
    tally : Tally or None
        ``None`` where nothing comes of it.
    """

    rules: tuple[tuple[RuleVersion, Outcome], ...]
    gap: str | None
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What sites have in common of which the same is known and that lie in the same towns.

    Attributes
    ----------
    found : tuple of (place, Finding)
        Of no site yet, sorted by their place among those of a site.
    unknown : tuple of (place, Gap)
        As found.
    points : tuple of Unresolved
    rest : tuple of Gap
        Those that hang on no fact.
    tally : Tally
    """

    found: tuple[tuple[tuple[str, ...], Finding], ...]
    unknown: tuple[tuple[tuple[str, ...], Gap], ...]
    points: tuple[Unresolved, ...]
    rest: tuple[Gap, ...]
    tally: Tally


class Standing:
    """What rules make of one set of facts.

    Parameters
    ----------
    facts : mapping
    rules : DayRules
    items : sequence of AccessItem
        Of the access lists, in force.
    """

    def __init__(self, facts: Mapping[str, Any], rules: DayRules, items: Sequence[AccessItem]) -> None:
        self.facts, self.rules = facts, rules
        self._templates = Templates(facts, rules)
        self._items = items
        self._said: dict[str, Outcome] = {}
        self._decided: dict[str, Outcome] = {}
        self._rows: dict[Any, RowOutcome] = {}
        self._margins: dict[tuple[str, int], tuple[tuple[RuleVersion, Outcome], ...]] = {}
        self._units: dict[Any, AccessOutcome] = {}
        self._shared: dict[Any, Shared] = {}

    def says(self, rule: RuleVersion) -> Outcome:
        """Return what a rule makes of the facts."""
        if rule.id not in self._said:
            self._said[rule.id] = rule.evaluate(self.facts)
        return self._said[rule.id]

    def _decides(self, item: AccessItem) -> Outcome:
        if item.item_id not in self._decided:
            self._decided[item.item_id] = item.bears_on(self.facts)
        return self._decided[item.item_id]

    def bearing(self, site_id: str) -> Bearing:
        """Return what takes down the findings and gaps of a site."""
        return Bearing(site_id, self._templates)

    def row(self, row: Any) -> RowOutcome:  # noqa: ANN401 - a named tuple of the overlaps
        """Return what comes of an overlap."""
        name = row.theme
        reach = self.rules.reach(name, row.distance_m)
        key = (name, row.subject, row.relation, row.grade, row.part, self.rules.name_of(row), row.doubtful, reach)
        if key not in self._rows:
            _make_room(self._rows)
            self._rows[key] = self._of_row(row)
        return self._rows[key]

    def _of_row(self, row: Any) -> RowOutcome:  # noqa: ANN401
        rules = [rule for rule in self.rules.of_theme.get(row.theme, ()) if rule.subject == row.subject]
        hit = row.relation in _HITS and row.subject == "footprint"
        bearing = [rule for rule in rules if rule.bears(row.relation, row.distance_m)]
        applying = [rule for rule in bearing if rule.applies_to(row.grade, row.part, row.zone_name)]
        gap = None
        if theme(row.theme).grades and row.grade is None and (hit or bearing):
            gap = "grade"
        elif hit and not applying:
            gap = "rule"
        if gap is None and not applying:
            return RowOutcome((), None, None)
        tally = Tally()
        if gap is not None:
            tally.gap(Verdict.PROHIBITED, asks=False)
        for rule in applying:
            outcome = self.says(rule)
            if outcome.value:
                tally.finding(proven_effect(rule, bool(row.doubtful)), rule.strictest, bool(row.doubtful))
            elif outcome.value is None and rule.strictest is not Effect.NOTICE:
                tally.gap(rule.strictest.verdict, asks=True)
        return RowOutcome(tuple((rule, self.says(rule)) for rule in applying), gap, tally)

    def margin(self, margin: Any) -> tuple[tuple[RuleVersion, Outcome], ...]:  # noqa: ANN401
        """Return the rules that look further than the coverage of a layer goes."""
        key = margin.theme, self.rules.short(margin.theme, margin.margin_m)
        if key not in self._margins:
            self._margins[key] = tuple(
                (rule, self.says(rule))
                for rule in self.rules.of_theme.get(margin.theme, ())
                if rule.setback_m is not None and margin.margin_m < rule.setback_m and rule.subject != OUTFALL
            )
        return self._margins[key]

    def units(self, rows: Sequence[Any]) -> AccessOutcome:
        """Return what the access lists say in the control units of some overlaps."""
        key = tuple((row.layer_id, row.zone_id, row.doubtful) for row in rows)
        if key not in self._units:
            _make_room(self._units)
            self._units[key] = access_says(rows, self._items, self._decides, self.rules.access)
        return self._units[key]

    def receiving(self, rows: Sequence[Any]) -> list[tuple[str, list[RuleVersion]]]:
        """Return the themes that would say into which water an outfall leads and do not, and the rules that ask it."""
        found = []
        for name, about in self.rules.about_outfalls.items():
            asking = [rule for rule in about if self.says(rule).value is not False]
            met = [row for row in rows if row.theme == name and row.subject == OUTFALL]
            known = any(rule.bears(row.relation, row.distance_m) for rule in about for row in met)
            if asking and not known and theme(name).receiving:
                found.append((name, asking))
        return found

    def shared(self, key: Any, outside: Iterable[tuple[str, str]], outfall: bool, gaps: Sequence[Gap]) -> Shared:  # noqa: ANN401
        """Return what sites have in common.

        Parameters
        ----------
        key : hashable
            What it hangs on beside the facts; the same key for the same.
        outside : iterable of (str, str)
            Themes with a layer whose zones do not hold the sites whole, and the layer.
        outfall : bool
            Whether the outfall is given as a point.
        gaps : sequence of Gap
            Further ones that all of them have, of no site yet.
        """
        if key not in self._shared:
            _make_room(self._shared)
            self._shared[key] = self._in_common(outside, outfall, gaps)
        return self._shared[key]

    def _in_common(self, outside: Iterable[tuple[str, str]], outfall: bool, gaps: Sequence[Gap]) -> Shared:
        bearing = self.bearing("")
        for name, layer_id in outside:
            for rule in self.rules.outside(name):
                bearing.bears(rule, self.says(rule), layer_id=layer_id, relation="apart")
        for rule in self.rules.everywhere:
            bearing.bears(rule, self.says(rule))
        for rules in self.rules.about_outfalls.values() if not outfall else ():
            for rule in rules:
                outcome = self.says(rule)
                if outcome.value is not False:
                    bearing.missing(rule, outcome.missing | {OUTFALL}, closes_if_true=False)
                else:
                    bearing.spare(rule, outcome, closes_if_true=False)
        tally = Tally()
        for finding in bearing.findings:
            tally.finding(finding.effect, finding.worst, finding.doubtful)
        for gap in (*gaps, *bearing.gaps):
            tally.gap(gap.worst, gap.asks)
        found = [(place_of_finding(item), item) for item in bearing.findings]
        unknown = [(place_of_gap(gap), gap) for gap in (*gaps, *bearing.gaps)]
        return Shared(
            found=tuple(sorted(found, key=_place)),
            unknown=tuple(sorted(unknown, key=_place)),
            points=tuple(bearing.open.values()),
            rest=tuple(gaps),
            tally=tally,
        )


def _place(pair: tuple[tuple[str, ...], Any]) -> tuple[str, ...]:
    return pair[0]


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
