"""Overlaps + facts + rules + access lists -> findings, gaps, questions and the verdict of every site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import shapely

from lianzhou_gis.columns import Columns
from lianzhou_gis.errors import Issue
from lianzhou_gis.findings.access_list import ACCESS_RULE, apply_access_list
from lianzhou_gis.findings.bearing import OUTFALL, Bearing, Said, rows_by_site
from lianzhou_gis.findings.checks import checks_of
from lianzhou_gis.findings.layer_gaps import gaps_of_layers, gaps_of_rules, gaps_of_sites
from lianzhou_gis.findings.overrides import lay_beside
from lianzhou_gis.findings.questions import Asker, OpenPoint
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, Override, Question, in_order, table_of
from lianzhou_gis.findings.unread import gaps_of_time, points_unread
from lianzhou_gis.findings.verdicts import Answer, answer
from lianzhou_gis.formats import Sites
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.zones import Layers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Assessment", "assess"]

Row = TypeVar("Row", Finding, Gap)


@dataclass(frozen=True)
class Assessment:
    """What was found, and what could not be assessed: plain records, and tables of them where one is asked for.

    Attributes
    ----------
    answers : dict of site_id to Answer
    found : list of Finding
        By site, theme and rule.
    unknown : list of Gap
        By site and reason.
    compared : list of AccessComparison
        Every item of the access lists of the units that a site lies in, whatever came out; by site.
    points : dict of site_id to list of OpenPoint
        What hangs on facts.
    facts, contradicted : mapping of site_id
        What is known of the projects, and which of it contradicts itself.
    asker : Asker
        Makes questions of the open points.
    scope, ruled : tuple of str
        Themes that were looked at, and those that some rule in force is about.
    measured : Overlay
        What it rests on.
    """

    answers: dict[str, Answer]
    found: list[Finding]
    unknown: list[Gap]
    compared: list[AccessComparison]
    points: dict[str, list[OpenPoint]]
    facts: Mapping[str, Mapping[str, Any]]
    contradicted: Mapping[str, frozenset[str]]
    asker: Asker
    scope: tuple[str, ...]
    ruled: tuple[str, ...]
    measured: Overlay
    issues: tuple[Issue, ...] = field(default=())

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
        found, unknown = _by_site(self.found), _by_site(self.unknown)
        return [
            question
            for site_id in sorted(self.points)
            for question in self.asker.questions(
                site_id,
                self.facts.get(site_id, {}),
                self.contradicted.get(site_id, frozenset()),
                [(item.effect, item.worst) for item in found[site_id]],
                unknown[site_id],
                self.points[site_id],
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


def assess(
    sites: Sites,
    facts: Mapping[str, Mapping[str, Any]],
    layers: Layers,
    measured: Overlay,
    rulebook: Rulebook,
    *,
    as_of: date,
    scope: Sequence[str],
    contradicted: Mapping[str, frozenset[str]] | None = None,
    overrides: Sequence[Override] = (),
    said: Said | None = None,
) -> Assessment:
    """Apply the rules of a day to what was measured.

    Parameters
    ----------
    sites : Sites
    facts : mapping of site_id to facts
    layers : Layers
    measured : Overlay
    rulebook : Rulebook
    as_of : datetime.date
    scope : sequence of str
        Themes; rules that need no layer apply whatever the scope.
    contradicted : mapping of site_id to set of str, optional
        Facts that are unknown because what was given contradicts itself.
    overrides : sequence of Override
    said : dict, optional
        What the same rules made of facts in earlier calls; added to here.

    Returns
    -------
    Assessment
    """
    in_force = rulebook.in_force(as_of)
    rules = [rule for rule in in_force if rule.everywhere or rule.theme in scope]
    access_rule = next((rule for rule in rules if rule.id == ACCESS_RULE), None)
    bearing = Bearing(rules, said)
    rows = rows_by_site(measured.rows)
    margins: dict[str, list[Any]] = defaultdict(list)
    for ends in measured.ends.rows():
        margins[ends.site_id].append(ends)
    loaded = {layer.entry.theme: layer.entry.id for layer in layers.layers if layer.status == "loaded"}
    discharging = {rule.theme for rule in rules if rule.theme is not None and rule.subject == OUTFALL}
    gaps = [*gaps_of_layers(sites, layers, measured, discharging), *gaps_of_sites(sites)]
    gaps += gaps_of_rules(sites, [name for name in scope if name not in bearing.themes()])
    gaps += gaps_of_time(sites, rulebook, as_of)
    # Before its first law nothing was read at all, which is said once.
    later = rulebook.unread(as_of) if as_of >= rulebook.begins else ()
    unread = [rule for rule in later if rule.everywhere or rule.theme in scope]
    compared: list[AccessComparison] = []
    points: dict[str, list[OpenPoint]] = {}
    for site_id, outfall in zip(sites.columns["site_id"], sites.columns["outfall"], strict=True):
        own, known = rows.get(site_id, []), facts.get(site_id, {})
        outside = {name: layer for name, layer in loaded.items() if (site_id, name) not in measured.wholly_inside}
        given = isinstance(outfall, shapely.Geometry)
        bearing.apply(site_id, known, own, outside=outside, margins=margins.get(site_id, ()), outfall=given)
        units = [row for row in own if row.theme == "control_unit" and row.relation in ("overlap", "within")]
        units = [row for row in units if row.subject == "footprint"]
        listed = apply_access_list(site_id, known, units, layers.access_items, access_rule)
        bearing.findings.extend(listed.findings)
        bearing.gaps.extend(listed.gaps)
        compared += listed.comparisons
        missed = points_unread(
            site_id, known, unread, own, outside=outside, margins=margins.get(site_id, ()), outfall=given
        )
        bearing.gaps.extend(point.gap for point in missed)
        points[site_id] = [*listed.points, *missed]
    findings = bearing.findings
    issues = lay_beside(findings, overrides)
    gaps += bearing.gaps
    for (site_id, _), point in bearing.open.items():
        points[site_id].append(point)
    found, unknown = _by_site(findings), _by_site(gaps)
    return Assessment(
        answers={site_id: answer(found[site_id], unknown[site_id]) for site_id in sites.columns["site_id"]},
        found=in_order(findings, ["site_id", "theme", "rule_id", "layer_id", "zone_id", "subject"]),
        unknown=in_order(gaps, ["site_id", "reason", "theme", "layer_id", "zone_id", "rule_id"]),
        compared=in_order(compared, ["site_id", "level", "unit_id", "item_id"]),
        points=points,
        facts=facts,
        contradicted=contradicted or {},
        asker=Asker(rulebook, as_of),
        scope=tuple(scope),
        ruled=tuple(bearing.themes()),
        measured=measured,
        issues=tuple(issues),
    )


def _by_site(rows: Sequence[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.site_id].append(row)
    return found
