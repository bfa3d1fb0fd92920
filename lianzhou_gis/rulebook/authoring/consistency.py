"""Checks of rules without any site: each can apply, and no two contradict one another on the same ground.

Conditions are small, so all that matters can be tried: facts are assumed one by one, only where the outcome still
hangs on them, and only values that some condition distinguishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any

from lianzhou_gis.errors import Issue
from lianzhou_gis.rulebook.conditions import Condition, Test
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.industries import codes_match, industries
from lianzhou_gis.rulebook.model import Rule, RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import Effect

__all__ = ["assignments", "example", "soundness"]

Wanted = Sequence[tuple[Condition | Test | None, bool]]


def soundness(rulebook: Rulebook) -> list[Issue]:
    """Return what is unsound: rules that can never apply, and pairs that contradict or repeat one another.

    Examples
    --------
    >>> [issue.en for issue in soundness(Rulebook.load()) if issue.severity == "error"]
    []
    """
    return [*_never(rulebook), *_pairs(rulebook)]


def example(wanted: Wanted, rulebook: Rulebook, day: date) -> dict[str, Any] | None:
    """Return facts under which every condition comes out as wanted; ``None`` where there are none.

    Parameters
    ----------
    wanted : sequence of (condition, bool)
        ``None`` is a condition that always holds.
    rulebook : Rulebook
        Facts that contradict one another by its implications do not count.
    day : datetime.date
    """
    return next(assignments(wanted, rulebook, day), None)


def assignments(wanted: Wanted, rulebook: Rulebook, day: date) -> Iterator[dict[str, Any]]:
    """Yield all facts under which every condition comes out as wanted, each with no more facts than it needs.

    Parameters are those of :func:`example`.
    """
    conditions = [(tree, value) for tree, value in wanted if tree is not None]
    if any(tree is None and not value for tree, value in wanted):
        return
    tests = [test for tree, _ in conditions for test in tree.tests()]
    yield from _assume(conditions, tests, {}, rulebook, day)


def _assume(
    conditions: Wanted, tests: Sequence[Test], facts: Mapping[str, Any], rulebook: Rulebook, day: date
) -> Iterator[dict[str, Any]]:
    open_fact = None
    for tree, value in conditions:
        assert tree is not None
        outcome = tree.evaluate(facts)
        if outcome.value is not None and outcome.value is not value:
            return
        if outcome.value is None and open_fact is None:
            open_fact = min(outcome.missing)
    if open_fact is None:
        if not rulebook.infer(facts, day).contradicted:
            yield dict(facts)
        return
    for value in _values(open_fact, [test for test in tests if test.fact == open_fact], rulebook.facts):
        yield from _assume(conditions, tests, {**facts, open_fact: value}, rulebook, day)


def _values(name: str, tests: Sequence[Test], vocabulary: FactVocabulary) -> list[Any]:
    """Return the values of a fact that the tests tell apart."""
    fact = vocabulary.get(name)
    named = [value for test in tests for value in (test.value if isinstance(test.value, tuple) else (test.value,))]
    if fact.type == "yes_no":
        return [True, False]
    if fact.type == "choice":
        return list(fact.choices)
    if fact.type == "number":
        numbers = {float(value) for value in named}
        return sorted(numbers | {value + 1 for value in numbers} | {max(0.0, value - 1) for value in numbers})
    if fact.type == "codes":
        whole = [code for code in industries() if len(code) == 5]
        within = [next(code for code in whole if codes_match((code,), (str(parent),))) for parent in named]
        other = next(code for code in whole if codes_match((code,), tuple(map(str, named))) is False)
        return [(code,) for code in dict.fromkeys([*within, other])]
    return [*dict.fromkeys(named), "…"]


def _never(rulebook: Rulebook) -> list[Issue]:
    return [
        Issue.from_code(
            "error", "rule_never_applies", f"{rule.file}:{rule.line}", rule=rule.id, day=version.effective_from
        )
        for rule in rulebook.rules
        for version in rule.versions
        if example([(version.when, True)], rulebook, version.effective_from) is None
    ]


def _pairs(rulebook: Rulebook) -> list[Issue]:
    found = {}
    for one, other in combinations(rulebook.rules, 2):
        for left in one.versions:
            for right in other.versions:
                if _same_place(left, right) and _same_time(left, right) and _same_when(left, right, rulebook):
                    found[one.id, other.id] = _contradiction(one, other, left, right)
    return [issue for issue in found.values() if issue is not None]


def _contradiction(one: Rule, other: Rule, left: RuleVersion, right: RuleVersion) -> Issue | None:
    where = f"{one.file}:{one.line}"
    if Effect.NOTICE in (left.effect, right.effect):
        # A notice adds to a rule and does not contradict it.
        return None
    if left.effect is right.effect:
        return Issue.from_code("warning", "rule_twice", where, one=one.id, other=other.id)
    return Issue.from_code(
        "error", "rules_contradict", where, one=one.id, left=left.effect, other=other.id, right=right.effect
    )


def _same_place(left: RuleVersion, right: RuleVersion) -> bool:
    if (left.theme, left.subject, left.named, left.relation, left.setback_m) != (
        right.theme, right.subject, right.named, right.relation, right.setback_m,
    ):  # fmt: skip
        return False
    return left.grades is None or right.grades is None or bool(set(left.grades) & set(right.grades))


def _same_time(left: RuleVersion, right: RuleVersion) -> bool:
    return left.effective_from <= (right.effective_to or date.max) and right.effective_from <= (
        left.effective_to or date.max
    )


def _same_when(left: RuleVersion, right: RuleVersion, rulebook: Rulebook) -> bool:
    """Tell whether one condition holds exactly where the other does."""
    named = [version.when.facts() if version.when is not None else frozenset() for version in (left, right)]
    if named[0] != named[1]:
        # Conditions on other facts could agree only by what follows of facts; no two do so by accident.
        return False
    day = max(left.effective_from, right.effective_from)
    apart = ([(left.when, True), (right.when, False)], [(left.when, False), (right.when, True)])
    return all(example(wanted, rulebook, day) is None for wanted in apart)
