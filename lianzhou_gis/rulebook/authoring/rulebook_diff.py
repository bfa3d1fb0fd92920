"""``rules diff``: differences between two rulebooks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lianzhou_gis.rulebook.model import Rule, RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["RulebookChange", "diff_rulebooks"]

_IGNORED = {"id", "checked_on"}


@dataclass(frozen=True)
class RulebookChange:
    """One difference between two rulebooks.

    Attributes
    ----------
    kind : {"added", "removed", "changed"}
    what : {"rule", "version", "fact", "law", "implication"}
    id : str
        Of a version: ``rule@day``.
    fields : tuple of (str, before, after)
        What changed, as texts.
    """

    kind: str
    what: str
    id: str
    fields: tuple[tuple[str, str, str], ...] = ()


def _shown(value: object) -> str:
    if hasattr(value, "tree"):
        return str(value.tree())
    if isinstance(value, tuple) and value and hasattr(value[0], "article"):
        return "; ".join(f"{item.law} {item.article}" for item in value)
    return str(value)


def _fields(before: DataclassInstance, after: DataclassInstance) -> tuple[tuple[str, str, str], ...]:
    found = []
    for field in dataclasses.fields(before):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if field.name not in _IGNORED and one != other:
            found.append((field.name, _shown(one), _shown(other)))
    return tuple(found)


def _versions(before: Rule, after: Rule) -> Iterator[RulebookChange]:
    old: dict[Any, RuleVersion] = {version.effective_from: version for version in before.versions}
    new = {version.effective_from: version for version in after.versions}
    for day in sorted(set(old) | set(new)):
        name = f"{before.id}@{day}"
        if day not in new:
            yield RulebookChange("removed", "version", name)
        elif day not in old:
            yield RulebookChange("added", "version", name)
        elif fields := _fields(old[day], new[day]):
            yield RulebookChange("changed", "version", name, fields)


def diff_rulebooks(before: Rulebook, after: Rulebook) -> list[RulebookChange]:
    """Return what differs, rules first.

    Examples
    --------
    >>> book = Rulebook.load()
    >>> diff_rulebooks(book, book)
    []
    """
    found: list[RulebookChange] = []
    old, new = ({rule.id: rule for rule in book.rules} for book in (before, after))
    for rule_id in sorted(set(old) | set(new)):
        if rule_id not in new or rule_id not in old:
            found.append(RulebookChange("removed" if rule_id in old else "added", "rule", rule_id))
        else:
            found += _versions(old[rule_id], new[rule_id])
    for what, one, other in (
        ("fact", {fact.name: fact for fact in before.facts}, {fact.name: fact for fact in after.facts}),
        ("law", dict(before.laws), dict(after.laws)),
        (
            "implication",
            {row.id: dataclasses.replace(row, line=0) for row in before.implications},
            {row.id: dataclasses.replace(row, line=0) for row in after.implications},
        ),
    ):
        for name in sorted(set(one) | set(other)):
            if name not in other or name not in one:
                found.append(RulebookChange("removed" if name in one else "added", what, name))
            elif fields := _fields(one[name], other[name]):
                found.append(RulebookChange("changed", what, name, fields))
    return found
