"""Overlaps + facts + rules + access lists -> findings, gaps, questions and the verdict of every site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from lianzhou_gis.errors import FactError, Issue
from lianzhou_gis.findings.access_list import ACCESS_RULE, apply_access_list
from lianzhou_gis.findings.bearing import Bearing, rows_by_site
from lianzhou_gis.findings.checks import checks_of
from lianzhou_gis.findings.layer_gaps import gaps_of_layers, gaps_of_sites
from lianzhou_gis.findings.records import Finding, Gap, Override, Question, table_of
from lianzhou_gis.findings.verdicts import answer
from lianzhou_gis.formats import Sites
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.zones import Layers

__all__ = ["Assessment", "assess"]


@dataclass(frozen=True)
class Assessment:
    """What was found, and what could not be assessed, as plain tables.

    Attributes
    ----------
    verdicts : DataFrame
        ``site_id, verdict, worst_possible, complete, label_zh, label_en``.
    findings, gaps : DataFrame
        Columns as the fields of :class:`Finding` and :class:`Gap`; geometry EPSG:4490.
    checks : DataFrame
        A row for every site and theme.
    questions : list of Question
        By site, those that settle most first.
    """

    verdicts: pd.DataFrame
    findings: pd.DataFrame
    gaps: pd.DataFrame
    checks: pd.DataFrame
    questions: list[Question]
    issues: tuple[Issue, ...] = field(default=())


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
    rows = rows_by_site(measured.overlaps)
    margins: dict[str, list[Any]] = defaultdict(list)
    ends: Any
    for ends in measured.margins.itertuples():
        margins[ends.site_id].append(ends)
    loaded = {layer.entry.theme: layer.entry.id for layer in layers.layers if layer.status == "loaded"}
    gaps = [*gaps_of_layers(sites, layers, measured), *gaps_of_sites(sites)]
    for site_id, outfall in zip(sites.table["site_id"], sites.table["outfall"], strict=True):
        own, known = rows.get(site_id, []), facts.get(site_id, {})
        outside = {name: layer for name, layer in loaded.items() if (site_id, name) not in measured.wholly_inside}
        given = outfall is not None and not pd.isna(outfall)
        bearing.apply(site_id, known, own, outside=outside, margins=margins.get(site_id, ()), outfall=given)
        units = [row for row in own if row.theme == "control_unit" and row.relation in ("overlap", "within")]
        units = [row for row in units if row.subject == "footprint"]
        found, undecided = apply_access_list(site_id, known, units, layers.access_items, access_rule)
        bearing.findings.extend(found)
        bearing.gaps.extend(undecided)
    findings = _with_overrides(bearing.findings, overrides)
    gaps += bearing.gaps
    return Assessment(
        verdicts=_verdicts(sites, findings, gaps),
        findings=table_of(Finding, findings, ["site_id", "theme", "rule_id", "layer_id", "zone_id", "subject"]),
        gaps=table_of(Gap, gaps, ["site_id", "reason", "theme", "layer_id", "zone_id", "rule_id"]),
        checks=checks_of(list(sites.table["site_id"]), scope, gaps, measured, bearing.themes()),
        questions=_questions(gaps, rulebook),
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


def _verdicts(sites: Sites, findings: Sequence[Finding], gaps: Sequence[Gap]) -> pd.DataFrame:
    found: dict[str, list[Finding]] = defaultdict(list)
    unknown: dict[str, list[Gap]] = defaultdict(list)
    for item in findings:
        found[item.site_id].append(item)
    for gap in gaps:
        unknown[gap.site_id].append(gap)
    records = []
    for site_id in sites.table["site_id"]:
        said = answer(found[site_id], unknown[site_id])
        records.append(
            (
                site_id,
                said.verdict.value,
                said.worst_possible.value,
                said.complete,
                said.label["zh"],
                said.label["en"],
            )
        )
    return pd.DataFrame(records, columns=["site_id", "verdict", "worst_possible", "complete", "label_zh", "label_en"])


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
