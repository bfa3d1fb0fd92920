"""Worked cases of the rules, written so that a lawyer can read them, and run without any map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import RuleError
from lianzhou_gis.located_yaml import LocatedMapping, read_located_yaml
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import Effect

__all__ = ["Case", "read_cases"]

_KEYS = {
    "name", "rule", "as_of", "facts", "relation", "distance_m", "grade", "zone", "expect", "effect", "missing",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One worked case: a rule, a day, facts, how the site lies, and what is expected."""

    file: str
    line: int
    name: str
    rule: str
    as_of: date
    facts: dict[str, Any]
    relation: str
    distance_m: float
    grade: str | None
    zone: str | None
    expect: str
    effect: str | None
    missing: tuple[str, ...]

    def outcome(self, rulebook: Rulebook) -> tuple[str, str | None, tuple[str, ...]]:
        """Return the outcome of the rule: ``finding``, ``none`` or ``missing_fact``, the effect, the missing facts."""
        version = rulebook.rule(self.rule).version(self.as_of)
        if version is None:
            return "none", None, ()
        if version.needs_layer and not (
            version.applies_to(self.grade, name=self.zone) and version.applies_at(self.relation, self.distance_m)
        ):
            return "none", None, ()
        facts = {name: rulebook.facts.parse(name, raw, self.name)[0] for name, raw in self.facts.items()}
        settled, _ = rulebook.facts.settle_claims(facts, self.name)
        found = version.evaluate(settled)
        if found.value is None:
            return "missing_fact", version.effect.value, tuple(sorted(found.missing))
        return ("finding", version.effect.value, ()) if found.value else ("none", None, ())

    def failure(self, rulebook: Rulebook) -> str | None:
        """Return what is wrong with the case, or ``None`` where it comes out as expected."""
        expect, effect, missing = self.outcome(rulebook)
        if expect != self.expect:
            return f"expected {self.expect}, got {expect} {effect or ''} {list(missing) or ''}".strip()
        if self.effect is not None and effect != self.effect:
            return f"expected {self.effect}, got {effect}"
        if self.missing and missing != tuple(sorted(self.missing)):
            return f"expected {sorted(self.missing)} to be asked, got {list(missing)}"
        return None


def read_cases(rulebook: Rulebook) -> Iterator[Case]:
    """Yield all worked cases of a rulebook.

    Raises
    ------
    RuleError
        If a case is not as it should be.
    """
    for path in sorted((rulebook.folder / "rules").glob("*.cases.yaml")):
        data = read_located_yaml(path, RuleError)
        if not isinstance(data, dict) or set(data) != {"cases"}:
            raise RuleError.from_code("list_only", file=path.name, key="cases")
        for entry in data["cases"]:
            yield _case(path, entry)


def _case(path: Path, entry: object) -> Case:
    where = f"{path.name}:{getattr(entry, 'line', 0)}"
    if not isinstance(entry, LocatedMapping):
        raise RuleError.from_code("case_invalid", where=where, keys="?")
    unknown = sorted(set(entry) - _KEYS)
    absent = sorted({"name", "rule", "as_of", "expect"} - set(entry))
    if unknown or absent or entry["expect"] not in ("finding", "none", "missing_fact"):
        raise RuleError.from_code("case_invalid", where=where, keys=unknown + absent)
    if entry.get("effect") is not None:
        Effect(entry["effect"])
    return Case(
        file=path.name,
        line=entry.line,
        name=str(entry["name"]),
        rule=str(entry["rule"]),
        as_of=entry["as_of"],
        facts=dict(entry.get("facts") or {}),
        relation=str(entry.get("relation", "overlap")),
        distance_m=float(entry.get("distance_m", 0.0)),
        grade=entry.get("grade"),
        zone=entry.get("zone"),
        expect=str(entry["expect"]),
        effect=entry.get("effect"),
        missing=tuple(entry.get("missing") or ()),
    )
