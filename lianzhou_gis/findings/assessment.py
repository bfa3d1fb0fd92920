"""Overlaps + facts + rules + access lists -> findings, gaps, questions and the verdict of every site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import shapely

from lianzhou_gis.errors import FactError, Issue
from lianzhou_gis.findings.access_list import ACCESS_RULE, apply_access_list
from lianzhou_gis.findings.bearing import OUTFALL, Bearing, rows_by_site
from lianzhou_gis.findings.checks import checks_of
from lianzhou_gis.findings.layer_gaps import gaps_of_layers, gaps_of_rules, gaps_of_sites
from lianzhou_gis.findings.records import Finding, Gap, Override, Question, in_order, table_of
from lianzhou_gis.findings.verdicts import Answer, answer
from lianzhou_gis.formats import Sites
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.zones import Layers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Assessment", "assess"]


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
    rulebook : Rulebook
    scope, ruled : tuple of str
        Themes that were looked at, and those that some rule in force is about.
    measured : Overlay
        What it rests on.
    """

    answers: dict[str, Answer]
    found: list[Finding]
    unknown: list[Gap]
    rulebook: Rulebook
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
    def questions(self) -> list[Question]:
        """The facts that are missing, by site, those that settle most first."""
        return _questions(self.unknown, self.rulebook)

    @cached_property
    def checks(self) -> pd.DataFrame:
        """A row for every site and theme, negatives included."""
        return checks_of(list(self.answers), self.scope, self.unknown, self.measured, self.ruled)


def assess(
    sites: Sites,
    facts: Mapping[str, Mapping[str, Any]],
    layers: Layers,
    measured: Overlay,
    rulebook: Rulebook,
    *,
    as_of: date,
    scope: Sequence[str],
    overrides: Sequence[Override] = (),
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
    overrides : sequence of Override

    Returns
    -------
    Assessment
    """
    in_force = rulebook.in_force(as_of)
    rules = [rule for rule in in_force if rule.everywhere or rule.theme in scope]
    access_rule = next((rule for rule in rules if rule.id == ACCESS_RULE), None)
    bearing = Bearing(rules)
    rows = rows_by_site(measured.rows)
    margins: dict[str, list[Any]] = defaultdict(list)
    for ends in measured.ends.rows():
        margins[ends.site_id].append(ends)
    loaded = {layer.entry.theme: layer.entry.id for layer in layers.layers if layer.status == "loaded"}
    discharging = {rule.theme for rule in rules if rule.theme is not None and rule.subject == OUTFALL}
    gaps = [*gaps_of_layers(sites, layers, measured, discharging), *gaps_of_sites(sites)]
    gaps += gaps_of_rules(sites, [name for name in scope if name not in bearing.themes()])
    for site_id, outfall in zip(sites.table["site_id"], sites.table["outfall"], strict=True):
        own, known = rows.get(site_id, []), facts.get(site_id, {})
        outside = {name: layer for name, layer in loaded.items() if (site_id, name) not in measured.wholly_inside}
        given = isinstance(outfall, shapely.Geometry)
        bearing.apply(site_id, known, own, outside=outside, margins=margins.get(site_id, ()), outfall=given)
        units = [row for row in own if row.theme == "control_unit" and row.relation in ("overlap", "within")]
        units = [row for row in units if row.subject == "footprint"]
        found, undecided = apply_access_list(site_id, known, units, layers.access_items, access_rule)
        bearing.findings.extend(found)
        bearing.gaps.extend(undecided)
    findings = _with_overrides(bearing.findings, overrides)
    gaps += bearing.gaps
    return Assessment(
        answers=_answers(sites, findings, gaps),
        found=in_order(findings, ["site_id", "theme", "rule_id", "layer_id", "zone_id", "subject"]),
        unknown=in_order(gaps, ["site_id", "reason", "theme", "layer_id", "zone_id", "rule_id"]),
        rulebook=rulebook,
        scope=tuple(scope),
        ruled=tuple(bearing.themes()),
        measured=measured,
    )


def _with_overrides(findings: list[Finding], overrides: Sequence[Override]) -> list[Finding]:
    by_id = {item.finding_id: item for item in findings}
    for override in overrides:
        if override.finding_id not in by_id:
            raise FactError(
                f"人工判断所指的条目 {override.finding_id} 不在本次结果中；请核对编号",
                f"the judgement names finding {override.finding_id}, which this run does not have; check the id",
            )
        by_id[override.finding_id].override = asdict(override)
    return findings


def _answers(sites: Sites, findings: Sequence[Finding], gaps: Sequence[Gap]) -> dict[str, Answer]:
    found: dict[str, list[Finding]] = defaultdict(list)
    unknown: dict[str, list[Gap]] = defaultdict(list)
    for item in findings:
        found[item.site_id].append(item)
    for gap in gaps:
        unknown[gap.site_id].append(gap)
    return {site_id: answer(found[site_id], unknown[site_id]) for site_id in sites.table["site_id"]}


def _questions(gaps: Sequence[Gap], rulebook: Rulebook) -> list[Question]:
    asked: dict[tuple[str, str], list[str]] = defaultdict(list)
    for gap in gaps:
        for fact in gap.facts:
            asked[gap.site_id, fact].append(gap.rule_id or "")
    questions = [
        Question(site_id, fact, dict(rulebook.facts.get(fact).question), tuple(sorted(set(rules))), len(rules))
        for (site_id, fact), rules in asked.items()
    ]
    return sorted(questions, key=lambda item: (item.site_id, -item.settles, item.fact))
