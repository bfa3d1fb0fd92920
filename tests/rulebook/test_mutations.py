"""The worked cases hold every rule in place: whatever is taken away or turned round by one step, a case fails."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from lianzhou_gis.rulebook import Condition, Rulebook, Test, read_cases
from lianzhou_gis.rulebook.model import Rule, RuleVersion
from lianzhou_gis.vocabulary import Effect

Test.__test__ = False
BOOK = Rulebook.load()
CASES = defaultdict(list)
for _case in read_cases(BOOK):
    CASES[_case.rule].append(_case)
DAY = timedelta(days=1)


def conditions(tree: Condition | Test) -> Iterator[tuple[str, Condition | Test | None]]:
    """Every condition that differs from this one in one place, with what was done."""
    yield f"not {tree.tree()}", Condition("not", (tree,))
    if isinstance(tree, Test):
        if tree.operator == "in" and len(tree.value) > 1:
            for value in tree.value:
                rest = tuple(item for item in tree.value if item != value)
                yield f"{tree.fact}: {value} forgotten", replace(tree, value=rest)
        if tree.operator in ("at_least", "at_most"):
            for step in (-1, 1):
                yield f"{tree.fact} {tree.operator} {tree.value + step}", replace(tree, value=tree.value + step)
        return
    if tree.operator == "not":
        yield f"{tree.tree()} without not", tree.members[0]
    elif tree.operator == "asked_if":
        yield f"all for asked_if in {tree.tree()}", replace(tree, operator="all")
        yield f"asked of everyone: {tree.tree()}", tree.members[1]
    elif len(tree.members) > 1:
        other = "any" if tree.operator == "all" else "all"
        yield f"{other} for {tree.operator} in {tree.tree()}", replace(tree, operator=other)
        for number in range(len(tree.members)):
            rest = tree.members[:number] + tree.members[number + 1 :]
            yield f"{tree.members[number].tree()} forgotten", replace(tree, members=rest)
    for number, member in enumerate(tree.members):
        for stated, changed in conditions(member):
            if changed is not None:
                members = (*tree.members[:number], changed, *tree.members[number + 1 :])
                yield stated, replace(tree, members=members)


def _versions(rule: Rule) -> Iterator[tuple[str, tuple[RuleVersion, ...]]]:
    for number, version in enumerate(rule.versions):
        others = rule.versions[:number], rule.versions[number + 1 :]

        def put(changed: RuleVersion, others=others) -> tuple[RuleVersion, ...]:
            return (*others[0], changed, *others[1])

        start = version.effective_from
        yield f"the version from {start} forgotten", (*others[0], *others[1])
        yield f"the version from {start} a day late", put(replace(version, effective_from=start + DAY))
        if not number:
            yield f"the version from {start} a day early", put(replace(version, effective_from=start - DAY))
        if version.effective_to is not None:
            yield (
                f"ends on {version.effective_to - DAY}",
                put(replace(version, effective_to=version.effective_to - DAY)),
            )
            if not others[1]:
                yield "ends a day late", put(replace(version, effective_to=version.effective_to + DAY))
        for effect in Effect:
            if effect is not version.effect:
                yield f"{effect} from {start}", put(replace(version, effect=effect))
        for grade in version.grades or ():
            rest = tuple(item for item in version.grades or () if item != grade)
            yield f"{grade} forgotten from {start}", put(replace(version, grades=rest))


def _rule_wide(rule: Rule, **changes: object) -> tuple[RuleVersion, ...]:
    return tuple(replace(version, **changes) for version in rule.versions)  # type: ignore[arg-type]


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Every rule that differs from this one in one place, with what was done."""
    for stated, versions in _versions(rule):
        yield stated, replace(rule, versions=versions)
    # A condition stands once in the file for all versions that have it.
    for when in {version.when for version in rule.versions if version.when is not None}:
        for stated, changed in conditions(when):
            versions = tuple(
                replace(version, when=changed) if version.when == when else version for version in rule.versions
            )
            yield stated, replace(rule, versions=versions)
        versions = tuple(replace(version, when=None) if version.when == when else version for version in rule.versions)
        yield "no condition", replace(rule, versions=versions)
    last = rule.versions[-1]
    if last.named is not None:
        for name in last.named:
            rest = tuple(item for item in last.named if item != name)
            yield f"{name} forgotten", replace(rule, versions=_rule_wide(rule, named=rest))
        yield "any name", replace(rule, versions=_rule_wide(rule, named=None))
    if any(version.grades for version in rule.versions):
        yield "any grade", replace(rule, versions=_rule_wide(rule, grades=None))
    if last.setback_m is not None:
        for step in (-1, 1):
            yield f"setback {step:+d} m", replace(rule, versions=_rule_wide(rule, setback_m=last.setback_m + step))
    elif last.theme is not None:
        for relation in ("overlap", "touch", "outside"):
            if relation != last.relation:
                yield f"relation {relation}", replace(rule, versions=_rule_wide(rule, relation=relation))


def survivors_of(rule, cases):
    """What could be done to a rule without any of these cases noticing."""
    found = []
    for stated, mutant in mutants(rule):
        book = replace(BOOK, rules=(mutant,))
        if all(case.failure(book) is None for case in cases):
            found.append(stated)
    return found


def survivors(rule):
    """What could be done to the rule without any of its cases noticing."""
    return survivors_of(rule, CASES[rule.id])


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_no_step_goes_unnoticed(rule):
    assert survivors(rule) == []


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_without_the_rule_a_case_fails(rule):
    gone = replace(BOOK, rules=tuple(replace(other, versions=()) if other is rule else other for other in BOOK.rules))
    assert any(case.failure(gone) is not None for case in CASES[rule.id])
