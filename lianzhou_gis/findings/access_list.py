"""The items of the access lists: each has the effect of its kind; one that nothing decides is said to be undecided.

Every item of every unit that a site lies in is compared, whatever comes out: the table that an EIA form asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lianzhou_gis.findings.bearing import number
from lianzhou_gis.findings.questions import Unresolved
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, finding_id
from lianzhou_gis.findings.verdicts import Tally
from lianzhou_gis.rulebook import AccessItem, Outcome, RuleVersion
from lianzhou_gis.vocabulary import Effect, GapReason

__all__ = ["AccessOutcome", "access_says", "compared", "listed_findings"]

EVERY_UNIT = "*"


@dataclass(frozen=True, slots=True)
class AccessOutcome:
    """What the access lists say of a project in some units, wherever in them it lies.

    Attributes
    ----------
    items : tuple of (AccessItem, Outcome, int or None)
        Every item, and the place among the overlaps of its unit; ``None`` for one that holds in every unit.
    gaps : tuple of Gap
        Of no site yet.
    points : tuple of Unresolved
    tally : Tally
    """

    items: tuple[tuple[AccessItem, Outcome, int | None], ...]
    gaps: tuple[Gap, ...]
    points: tuple[Unresolved, ...]
    tally: Tally


def access_says(
    rows: Sequence[Any],
    items: Sequence[AccessItem],
    decide: Callable[[AccessItem], Outcome],
    rule: RuleVersion | None,
) -> AccessOutcome:
    """Apply the items of the units that a site lies in; items for every unit once.

    Parameters
    ----------
    rows : sequence of named tuples
        Its overlaps with control units; of these nothing counts but unit, layer and whether they are doubtful.
    items : sequence of AccessItem
        In force.
    decide : callable
        What an item comes to with the facts of the site.
    rule : RuleVersion or None
        On access lists, of the day; without one an item has no law to rest on and is undecided.
    """
    said: list[tuple[AccessItem, Outcome, int | None]] = []
    gaps, points, tally = [], [], Tally()
    units = {row.zone_id for row in rows}
    for item in items if rows else ():
        everywhere = item.unit_id == EVERY_UNIT
        if not everywhere and item.unit_id not in units:
            continue
        outcome = decide(item)
        places = [None] if everywhere else [place for place, row in enumerate(rows) if row.zone_id == item.unit_id]
        for place in places:
            said.append((item, outcome, place))
            met = rows if place is None else [rows[place]]
            effect, doubtful = _proven(item, met), all(row.doubtful for row in met)
            if outcome.value and rule is not None:
                tally.finding(effect, item.effect, doubtful)
            elif outcome.value is not False and item.effect is not Effect.NOTICE:
                gap = _undecided(item, outcome.missing, None if place is None else rows[place], rows)
                tally.gap(gap.worst, gap.asks)
                gaps.append(gap)
                points.append(
                    Unresolved(gap, item.bears_on, item.tests(), effect, item.effect, closes_if_true=rule is not None)
                )
    return AccessOutcome(tuple(said), tuple(gaps), tuple(points), tally)


def listed_findings(
    site_id: str, facts: Mapping[str, Any], said: AccessOutcome, rows: Sequence[Any], rule: RuleVersion | None
) -> dict[int, Finding]:
    """Return the findings on one site, by the places of their items in what is said.

    Parameters
    ----------
    facts : mapping
        Of the site.
    said : AccessOutcome
        Made with the same rows and rule.
    rows : sequence of named tuples
        Its overlaps with control units.
    """
    return {
        number: _finding(site_id, facts, item, outcome.used, None if place is None else rows[place], rows, rule)
        for number, (item, outcome, place) in enumerate(said.items)
        if outcome.value and rule is not None
    }


def compared(
    site_id: str, facts: Mapping[str, Any], said: AccessOutcome, rows: Sequence[Any], rule: RuleVersion | None
) -> list[AccessComparison]:
    """Return every item compared with one site; parameters as those of :func:`listed_findings`."""
    findings = listed_findings(site_id, facts, said, rows, rule)
    return [
        _compared(site_id, facts, item, outcome, None if place is None else rows[place], rows, findings.get(number))
        for number, (item, outcome, place) in enumerate(said.items)
    ]


def _of_all(rows: Sequence[Any]) -> dict[str, float | None]:
    shares = [row.share_of_site for row in rows if number(row.share_of_site) is not None]
    return {"area_m2": float(sum(row.area_m2 for row in rows)), "share_of_site": sum(shares) if shares else None}


def _compared(
    site_id: str,
    facts: Mapping[str, Any],
    item: AccessItem,
    outcome: Outcome,
    row: Any,  # noqa: ANN401 - a named tuple of the overlaps
    rows: Sequence[Any],
    finding: Finding | None,
) -> AccessComparison:
    measures = _of_all(rows if row is None else [row])
    asked = dict.fromkeys(test.fact for test in item.tests())
    # A person's answer is told only where there is one; the question for it stands among the missing facts.
    told = [name for name in asked if name != item.fact or facts.get(name) is not None]
    return AccessComparison(
        site_id=site_id,
        layer_id=rows[0].layer_id,
        level=item.level,
        unit_id=None if row is None else row.zone_id,
        unit_name=None if row is None else row.zone_name,
        unit_grade=None if row is None else row.grade,
        item_id=item.item_id,
        dimension=item.dimension,
        kind=item.kind,
        effect=item.effect,
        text=item.text,
        document=item.document,
        known={name: facts.get(name) for name in told},
        missing_facts=tuple(sorted(outcome.missing)),
        outcome="does_not_bear" if outcome.value is False else "undecided" if finding is None else "bears",
        finding_id=None if finding is None else finding.finding_id,
        area_m2=float(measures["area_m2"] or 0.0),
        share_of_site=measures["share_of_site"],
    )


def _proven(item: AccessItem, rows: Sequence[Any]) -> Effect:
    """Return what an item proves: in a unit met only within the accuracy of borders it calls for judgement."""
    restricts = item.effect in (Effect.PROHIBITED, Effect.PROCEDURE_REQUIRED)
    return Effect.NEEDS_JUDGEMENT if restricts and all(row.doubtful for row in rows) else item.effect


def _undecided(item: AccessItem, missing: frozenset[str], row: Any, rows: Sequence[Any]) -> Gap:  # noqa: ANN401
    return Gap(
        site_id="",
        reason=GapReason.ACCESS_UNDECIDED,
        theme="control_unit",
        layer_id=rows[0].layer_id,
        zone_id=None if row is None else row.zone_id,
        rule_id=f"access_item.{item.item_id}",
        facts=tuple(sorted(missing | {item.fact})),
        detail={
            "zh": f"准入清单条目 {item.item_id} 是否适用未判定：{item.text}",
            "en": f"whether item {item.item_id} of the access list bears is undecided: {item.text}",
        },
        worst=item.effect.verdict,
    )


def _finding(
    site_id: str,
    facts: Mapping[str, Any],
    item: AccessItem,
    used: frozenset[str],
    row: Any,  # noqa: ANN401 - a named tuple of the overlaps, None for an item of every unit
    rows: Sequence[Any],
    rule: RuleVersion,
) -> Finding:
    measures = _of_all(rows if row is None else [row])
    rule_id = f"access_item.{item.item_id}"
    layer_id = rows[0].layer_id
    zone_id = None if row is None else row.zone_id
    met = rows if row is None else [row]
    document = f"（{item.document}）" if item.document else ""
    return Finding(
        finding_id=finding_id(site_id, layer_id, zone_id, rule_id, "footprint"),
        site_id=site_id,
        layer_id=layer_id,
        theme="control_unit",
        zone_id=zone_id,
        zone_name=None if row is None else row.zone_name,
        grade=None if row is None else row.grade,
        relation=rows[0].relation if row is None else row.relation,
        subject="footprint",
        rule_id=rule_id,
        title={"zh": f"准入清单 {item.item_id}：{item.text}", "en": f"Access list {item.item_id}: {item.text}"},
        effect=_proven(item, met),
        worst=item.effect,
        doubtful=all(other.doubtful for other in met),
        unverified=False,
        general_procedure=False,
        facts_used={name: facts.get(name) for name in sorted(used)},
        missing_facts=(),
        paraphrase={"zh": f"{item.text}{document}", "en": f"{item.text} {item.document or ''}".strip()},
        citations=rule.citations,
        action=rule.action,
        authority=rule.authority,
        blocks=rule.blocks,
        curable=None,
        override=None,
        area_m2=float(measures["area_m2"] or 0.0),
        share_of_site=measures["share_of_site"],
        length_m=None,
        distance_m=0.0,
        geometry=None if row is None else row.geometry,
    )
