"""Law that the rulebook does not hold for a day: said by name, so that its silence never reads as freedom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lianzhou_gis.findings.questions import Unresolved
from lianzhou_gis.findings.records import Gap
from lianzhou_gis.rulebook import Rulebook, RuleVersion
from lianzhou_gis.vocabulary import GapReason, Verdict

__all__ = ["gaps_of_time", "points_unread"]


def gaps_of_time(rulebook: Rulebook, day: date) -> list[Gap]:
    """Return the gap of a day that the rulebook does not reach: before its first law, or long after its last check."""
    begins, until = rulebook.begins, rulebook.known_until
    if begins <= day <= until:
        return []
    if day < begins:
        zh = f"规则库只收录 {begins} 起的法律，基准日 {day} 当时的法律未收入，不能判断"
        en = f"the rulebook holds the law from {begins} on; that of {day} was not read"
    else:
        zh = f"规则库的核对只管到 {until}，基准日 {day} 的法律未经核对，请更新规则库"
        en = f"the rulebook was checked for days up to {until}; the law of {day} was not looked at: update the rulebook"
    return [_gap("", None, {"zh": zh, "en": en})]


def points_unread(
    site_id: str,
    facts: Mapping[str, Any],
    rules: Sequence[RuleVersion],
    rows: Sequence[Any],
    *,
    outside: Mapping[str, str],
    margins: Sequence[Any],
    outfall: bool,
) -> list[Unresolved]:
    """Return what hangs on law that was not read: a rule begins later, and would bear on the site or might.

    Parameters
    ----------
    facts : mapping
        Of the site.
    rules : sequence of RuleVersion
        In scope, each the first version of its rule, in force only after the day.
    rows : sequence of named tuples
        The overlaps of the site.
    outside, margins, outfall
        As :meth:`Bearing.apply` has them.
    """
    points = []
    for rule in rules:
        said = rule.evaluate(facts)
        if said.value is False:
            continue
        met = [row for row in rows if row.theme == rule.theme and row.subject == rule.subject and _meets(rule, row)]
        short = [
            margin
            for margin in margins
            if margin.theme == rule.theme and rule.setback_m is not None and margin.margin_m < rule.setback_m
        ]
        beyond = rule.relation == "outside" and rule.theme in outside
        unplaced = rule.subject == "outfall" and not outfall
        if not (rule.everywhere or met or short or beyond or unplaced):
            continue
        detail = {
            "zh": f"“{rule.title['zh']}”自 {rule.effective_from} 起才收入规则库，基准日当时的法律未收入，不能判断",
            "en": f"{rule.id} is in the rulebook from {rule.effective_from} on; the law of the day was not read",
        }
        gap = _gap(site_id, rule, detail, met[0] if len(met) == 1 else None, said.missing)
        tests = () if rule.when is None else rule.when.tests()
        points.append(Unresolved(gap, rule.evaluate, tests, rule.effect, rule.strictest, closes_if_true=False))
    return points


def _meets(rule: RuleVersion, row: Any) -> bool:  # noqa: ANN401 - a named tuple of the overlaps
    bears = rule.bears(row.relation, row.distance_m)
    # What is of no known grade may be of any.
    return bears and (row.grade is None or rule.applies_to(row.grade, row.part, row.zone_name))


def _gap(
    site_id: str,
    rule: RuleVersion | None,
    detail: dict[str, str],
    row: Any = None,  # noqa: ANN401 - a named tuple of the overlaps
    missing: frozenset[str] = frozenset(),
) -> Gap:
    return Gap(
        site_id=site_id,
        reason=GapReason.NO_RULE,
        theme=None if rule is None else rule.theme,
        layer_id=None if row is None else row.layer_id,
        zone_id=None if row is None else row.zone_id,
        rule_id=None if rule is None else rule.id,
        facts=tuple(sorted(missing)),
        detail=detail,
        worst=Verdict.PROHIBITED,
        area_m2=None if row is None else float(row.area_m2),
        geometry=None if row is None else row.geometry,
    )
