"""What rules prove, and what they may mean, where they bear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lianzhou_gis.rulebook import Outcome, RuleVersion
from lianzhou_gis.vocabulary import Effect, Verdict

__all__ = ["any_bears", "cure_of", "proven_effect", "worst_of"]

_RESTRICTING = (Effect.PROHIBITED, Effect.PROCEDURE_REQUIRED)


def proven_effect(rule: RuleVersion, doubtful: bool) -> Effect:
    """Return what a rule proves: a doubtful overlap or an unverified rule calls for judgement, unless it is strict.

    Examples
    --------
    >>> from datetime import date
    >>> from lianzhou_gis.rulebook import Rulebook
    >>> rules = [rule for rule in Rulebook.load().in_force(date(2026, 11, 23)) if rule.effect == "prohibited"]
    >>> {proven_effect(rule, True).value for rule in rules if rule.strict}
    {'prohibited'}
    """
    uncertain = (doubtful and not rule.strict) or rule.unverified
    return Effect.NEEDS_JUDGEMENT if uncertain and rule.effect in _RESTRICTING else rule.effect


def any_bears(rules: Sequence[RuleVersion], facts: Mapping[str, Any]) -> Outcome:
    """Return whether any of the rules is about a project."""
    said = [rule.evaluate(facts) for rule in rules]
    if any(outcome.value for outcome in said):
        return Outcome(True)
    missing = frozenset().union(*(outcome.missing for outcome in said))
    return Outcome(None if missing else False, missing)


def worst_of(rules: Sequence[RuleVersion], facts: Mapping[str, Any]) -> Verdict:
    """Return the strictest that any of the rules may mean for a project."""
    meant = [rule.strictest.verdict for rule in rules if rule.evaluate(facts).value is not False]
    return Verdict.strictest([Verdict.NO_CONFLICT_FOUND, *meant])


def cure_of(rule: RuleVersion, doubtful: bool, area_m2: float) -> dict[str, Any] | None:
    """Return by what a finding can be cured; a doubtful overlap by a survey of so many m2, or by cutting them off."""
    if doubtful:
        return {"by": "survey", "or": "cut", "area_m2": round(area_m2, 2)}
    if rule.curable is None:
        return None
    cure: dict[str, Any] = dict(rule.curable)
    return {**cure, "area_m2": round(area_m2, 2)} if cure.get("by") == "cut" else cure
