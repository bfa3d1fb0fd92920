"""The access lists (准入清单) of the control units, item by item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import Issue, RuleError
from lianzhou_gis.resources import read_resource
from lianzhou_gis.rulebook.conditions import Condition, Outcome, Test
from lianzhou_gis.rulebook.facts import ACCESS_PREFIX, FactVocabulary
from lianzhou_gis.rulebook.industries import parse_industry_code
from lianzhou_gis.rulebook.parser import condition_of
from lianzhou_gis.vocabulary import Effect, themes

__all__ = ["AccessItem", "parse_access_items"]

EVERY_UNIT = "*"
LEVELS = ("province", "region", "city", "unit")
DIMENSIONS = ("spatial", "emission", "risk", "resource")


@cache
def _kinds() -> dict[str, str]:
    return dict(read_resource(Path(__file__).with_name("access_kinds.yaml")))


@dataclass(frozen=True)
class AccessItem:
    """One item of an access list.

    Attributes
    ----------
    unit_id : str
        The control unit; ``"*"`` for items of province, region or city.
    kind : {"prohibited", "restricted", "required", "encouraged"}
    industries : tuple of str
        Codes of GB/T 4754; a project's code matches exactly or by a parent. Empty: industry does not decide.
    when : Condition, Test or None
    effect : Effect
        Of its kind, unless the list states its own.
    restates : tuple of str
        Themes whose rules have the same content: those decide, the item is not asked again.
    """

    item_id: str
    unit_id: str
    level: str
    dimension: str
    kind: str
    industries: tuple[str, ...]
    when: Condition | Test | None
    effect: Effect
    text: str
    document: str | None
    valid_from: date | None
    valid_to: date | None
    restates: tuple[str, ...] = ()

    @property
    def fact(self) -> str:
        """Name of the fact by which a person settles whether the item applies to the project."""
        return ACCESS_PREFIX + self.item_id

    def in_force(self, day: date) -> bool:
        """Tell whether the item is in force on a day; both ends count."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def applies_in(self, unit_id: str) -> bool:
        """Tell whether the item belongs to a unit."""
        return self.unit_id in (EVERY_UNIT, unit_id)

    def tests(self) -> tuple[Test, ...]:
        """Return the comparisons of facts by which the item decides."""
        industry = (Test("industry_code", "in", self.industries),) if self.industries else ()
        return (*industry, *(self.when.tests() if self.when is not None else ()), Test(self.fact, "is", True))

    def applies_under(self, facts: Mapping[str, Any]) -> Outcome:
        """Decide whether the item applies to a project.

        A person's answer comes first, then industry and condition (both must hold where both are given). What neither
        decides is unknown for prohibited and restricted items; required and encouraged ones apply to all.
        """
        answer = facts.get(self.fact)
        if answer is not None:
            return Outcome(bool(answer), used=frozenset({self.fact}))
        if self.restates:
            return Outcome(False)
        outcomes = []
        if self.industries:
            industry = Test("industry_code", "in", self.industries).evaluate(facts)
            # Where the code is too coarse to tell, a person may.
            asked = industry.missing | ({self.fact} if industry.used and industry.value is None else set())
            outcomes.append(Outcome(industry.value, frozenset(asked), industry.used))
        if self.when is not None:
            outcomes.append(self.when.evaluate(facts))
        if not outcomes:
            if self.kind in ("required", "encouraged"):
                return Outcome(True)
            return Outcome(None, missing=frozenset({self.fact}))
        for outcome in outcomes:
            if outcome.value is False:
                return outcome
        used = frozenset().union(*(outcome.used for outcome in outcomes))
        missing = frozenset().union(*(outcome.missing for outcome in outcomes))
        return Outcome(None if missing else True, missing, used)


_COLUMNS = {
    "item_id", "unit_id", "level", "dimension", "kind", "industries", "when", "effect", "text", "document",
    "valid_from", "valid_to", "restates",
}  # fmt: skip


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _item(row: Mapping[str, Any], vocabulary: FactVocabulary) -> AccessItem:
    cells = {key: "" if row.get(key) is None else str(row[key]).strip() for key in _COLUMNS}
    for key in ("item_id", "unit_id", "text"):
        if not cells[key]:
            raise ValueError(f"{key} is empty")
    if not re.fullmatch(r"[\w.\-]{1,80}", cells["item_id"]):
        raise ValueError(f"item_id {cells['item_id'][:40]!r}")
    if cells["kind"] not in _kinds():
        raise ValueError(f"kind {cells['kind'][:40]!r}")
    if cells["level"] not in LEVELS or cells["dimension"] not in DIMENSIONS:
        raise ValueError(f"level {cells['level'][:40]!r} or dimension {cells['dimension'][:40]!r}")
    listed = [code for code in re.split(r"[;；,，、\s]+", cells["industries"]) if code]
    industries = tuple(code for text in listed if (code := parse_industry_code(text)) is not None)
    if len(industries) < len(listed):
        # A code that is not in GB/T 4754 would match no project, and so clear them all.
        raise ValueError(f"industries {cells['industries'][:40]!r}")
    restates = tuple(name for name in re.split(r"[;；,，、\s]+", cells["restates"]) if name)
    if set(restates) - set(themes()) or (restates and (industries or cells["when"])):
        raise ValueError(f"restates {cells['restates'][:40]!r}")
    when = condition_of(json.loads(cells["when"]), vocabulary, cells["item_id"]) if cells["when"] else None
    return AccessItem(
        item_id=cells["item_id"],
        unit_id=cells["unit_id"],
        level=cells["level"],
        dimension=cells["dimension"],
        kind=cells["kind"],
        industries=industries,
        when=when,
        effect=Effect(cells["effect"] or _kinds()[cells["kind"]]),
        text=cells["text"][:4000],
        document=cells["document"] or None,
        valid_from=_day(cells["valid_from"]),
        valid_to=_day(cells["valid_to"]),
        restates=restates,
    )


def parse_access_items(
    rows: Iterable[Mapping[str, Any]], vocabulary: FactVocabulary, where: str = ""
) -> tuple[tuple[AccessItem, ...], list[Issue]]:
    """Read an access list from the rows of its table.

    Parameters
    ----------
    rows : iterable of mapping
        Cells as texts; ``when`` is JSON of the shape that rules use.
    vocabulary : FactVocabulary
    where : str
        The file, for messages.

    Returns
    -------
    items : tuple of AccessItem
    issues : list of Issue
        An error ``access_item_unreadable`` for each row that is no item; the caller must treat the list as incomplete.
    """
    items: dict[str, AccessItem] = {}
    issues = []
    for number, row in enumerate(rows, start=2):
        try:
            item = _item(row, vocabulary)
            if item.item_id in items:
                raise ValueError(f"item_id {item.item_id} is there twice")
        except (ValueError, RuleError) as error:
            issues.append(
                Issue.from_code("error", "access_item_unreadable", f"{where}:{number}", number=number, reason=error)
            )
            continue
        items[item.item_id] = item
    return tuple(items.values()), issues
