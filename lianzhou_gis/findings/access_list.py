"""The items of the access lists: each has the effect of its kind; one that nothing decides is said to be undecided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lianzhou_gis.findings.bearing import number
from lianzhou_gis.findings.records import Finding, Gap, finding_id
from lianzhou_gis.rulebook import AccessItem, RuleVersion
from lianzhou_gis.vocabulary import Effect, GapReason

__all__ = ["ACCESS_RULE", "apply_access_list"]

# The rule that says by which law the list binds, who decides and what follows; every item takes these over from it.
ACCESS_RULE = "control_unit.access_list"
EVERY_UNIT = "*"


def _of_all(rows: Sequence[Any]) -> dict[str, float | None]:
    shares = [row.share_of_site for row in rows if number(row.share_of_site) is not None]
    return {"area_m2": float(sum(row.area_m2 for row in rows)), "share_of_site": sum(shares) if shares else None}


def apply_access_list(
    site_id: str,
    facts: Mapping[str, Any],
    rows: Sequence[Any],
    items: Sequence[AccessItem],
    rule: RuleVersion | None,
) -> tuple[list[Finding], list[Gap]]:
    """Apply the items of the units that a site lies in; items for every unit once.

    Parameters
    ----------
    facts : mapping
        Of the site.
    rows : sequence of named tuples
        Its overlaps with control units.
    items : sequence of AccessItem
        In force.
    rule : RuleVersion or None
        :data:`ACCESS_RULE` of the day; without one an item has no law to rest on and is undecided.
    """
    findings: list[Finding] = []
    gaps: list[Gap] = []
    for item in items if rows else ():
        held = [None] if item.unit_id == EVERY_UNIT else [row for row in rows if row.zone_id == item.unit_id]
        for row in held:
            outcome = item.bears_on(facts)
            if outcome.value is False:
                continue
            if outcome.value is None or rule is None:
                if item.effect is not Effect.NOTICE:
                    gaps.append(_undecided(site_id, item, outcome.missing, row, rows))
                continue
            findings.append(_finding(site_id, facts, item, outcome.used, row, rows, rule))
    return findings, gaps


def _undecided(site_id: str, item: AccessItem, missing: frozenset[str], row: Any, rows: Sequence[Any]) -> Gap:  # noqa: ANN401
    return Gap(
        site_id=site_id,
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
    # A unit that is met only within the accuracy of borders calls for judgement, as any zone does.
    doubtful = all(other.doubtful for other in (rows if row is None else [row]))
    restricts = item.effect in (Effect.PROHIBITED, Effect.PROCEDURE_REQUIRED)
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
        effect=Effect.NEEDS_JUDGEMENT if doubtful and restricts else item.effect,
        worst=item.effect,
        doubtful=doubtful,
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
