"""Access lists of the control units: every item of every unit that a site lies in is compared, whatever comes out.

An item has the effect of its kind; one that nothing decides is reported as undecided. The comparison is the table that
an EIA form asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lianzhou_gis.findings.decisions import (
    NOTHING,
    Decision,
    FactSet,
    FindingTemplate,
    GapTemplate,
    OpenPoint,
    proven_effect,
)
from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.findings.rules_in_force import FactValue
from lianzhou_gis.rulebook import AccessItem, Outcome, RuleVersion
from lianzhou_gis.vocabulary import Effect, GapReason

__all__ = ["AccessList", "ComparedItem", "ItemKey", "Unit", "UnitsKey"]

EVERY_UNIT = "*"
THEME = "control_unit"
_CACHED_SETS_OF_UNITS = 512
_CACHED_ITEMS = 16384


@dataclass(frozen=True, slots=True)
class Unit:
    """A control unit that a site lies in, and whether that is doubtful."""

    zone_id: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class UnitsKey:
    """What the comparison of a site with the access lists depends on: its facts and its units, in their order."""

    facts: FactSet
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class ItemKey:
    """What the decision of an item depends on.

    Attributes
    ----------
    item : int
        Its position in the list.
    values : tuple
        Of the facts that it asks for.
    doubtful : bool
        Whether all units that it holds in are doubtful.
    """

    item: int
    values: tuple[FactValue, ...]
    doubtful: bool


@dataclass(frozen=True, slots=True, eq=False)
class ComparedItem:
    """An item of an access list as it was compared.

    Attributes
    ----------
    unit : int or None
        Position of its unit among those of the site; ``None`` for an item that holds in every unit.
    """

    item: AccessItem
    outcome: Outcome
    unit: int | None
    decision: Decision

    @property
    def result(self) -> str:
        """What came of it, as the codes of the vocabulary."""
        if self.item.restates and self.item.fact not in self.outcome.used:
            return "restated"
        if self.outcome.value is False:
            return "does_not_bear"
        return "undecided" if self.decision.finding is None else "bears"


class AccessList:
    """The items in force.

    Parameters
    ----------
    items : sequence of AccessItem
    rule : RuleVersion or None
        On access lists, of the day; without one an item has no law to rest on and stays undecided.
    """

    def __init__(self, items: Sequence[AccessItem], rule: RuleVersion | None) -> None:
        self._items, self._rule = tuple(items), rule
        self._fact_names = tuple(tuple(sorted({test.fact for test in item.tests()})) for item in items)
        self.compare = memoised(self._compare, _CACHED_SETS_OF_UNITS)
        self._decide = memoised(self._decision, _CACHED_ITEMS)

    def _compare(self, key: UnitsKey) -> tuple[ComparedItem, ...]:
        """Compare a project with the items of its units, and once with those that hold in every unit."""
        found = []
        units = {unit.zone_id for unit in key.units}
        doubtful = all(unit.doubtful for unit in key.units)
        for number, item in enumerate(self._items if key.units else ()):
            everywhere = item.unit_id == EVERY_UNIT
            if not everywhere and item.unit_id not in units:
                continue
            values = tuple([key.facts.get(name) for name in self._fact_names[number]])
            places: list[int | None] = [None]
            if not everywhere:
                places = [place for place, unit in enumerate(key.units) if unit.zone_id == item.unit_id]
            for place in places:
                uncertain = doubtful if place is None else key.units[place].doubtful
                outcome, decision = self._decide(ItemKey(number, values, uncertain))
                found.append(ComparedItem(item, outcome, place, decision))
        return tuple(found)

    def _decision(self, key: ItemKey) -> tuple[Outcome, Decision]:
        item, facts = self._items[key.item], dict(zip(self._fact_names[key.item], key.values, strict=True))
        outcome = item.applies_under(facts)
        effect = proven_effect(item.effect, uncertain=key.doubtful)
        if outcome.value and self._rule is not None:
            return outcome, Decision(finding=_finding(item, outcome, facts, effect, key.doubtful, self._rule))
        if outcome.value is False or item.effect is Effect.NOTICE:
            return outcome, NOTHING
        gap = GapTemplate(
            reason=GapReason.ACCESS_UNDECIDED,
            theme=THEME,
            rule_id=f"access_item.{item.item_id}",
            facts=tuple(sorted(outcome.missing | {item.fact})),
            detail={
                "zh": f"准入清单条目 {item.item_id} 是否适用未判定：{item.text}",
                "en": f"whether item {item.item_id} of the access list bears is undecided: {item.text}",
            },
            worst=item.effect.verdict,
        )
        point = OpenPoint(
            rule_id=gap.rule_id,
            facts=gap.facts,
            decide=item.applies_under,
            tests=item.tests(),
            effect=effect,
            worst_effect=item.effect,
            worst=gap.worst,
            asks=True,
            closes_if_true=self._rule is not None,
        )
        return outcome, Decision(gap=gap, point=point)


def _finding(
    item: AccessItem,
    outcome: Outcome,
    facts: Mapping[str, FactValue],
    effect: Effect,
    doubtful: bool,
    rule: RuleVersion,
) -> FindingTemplate:
    document = f"（{item.document}）" if item.document else ""
    return FindingTemplate(
        theme=THEME,
        subject="footprint",
        rule_id=f"access_item.{item.item_id}",
        title={"zh": f"准入清单 {item.item_id}：{item.text}", "en": f"Access list {item.item_id}: {item.text}"},
        effect=effect,
        worst=item.effect,
        doubtful=doubtful,
        unverified=False,
        general_procedure=False,
        facts_used={name: facts.get(name) for name in sorted(outcome.used)},
        paraphrase={"zh": f"{item.text}{document}", "en": f"{item.text} {item.document or ''}".strip()},
        citations=rule.citations,
        action=rule.action,
        authority=rule.authority,
        blocks=rule.blocks,
        curable=None,
    )
