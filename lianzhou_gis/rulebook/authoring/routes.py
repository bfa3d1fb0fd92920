"""Proofs on what the rules of one place leave open: each permitted route can be reached, no choice is forgotten.

A route is a rule that lets a project through by a procedure or a judgement where other rules of its place prohibit.
It is reachable where some true answers make it apply and no prohibition of the place. A choice is forgotten where rules
of a place tell the choices of a fact apart and none of them can apply with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from lianzhou_gis.errors import Issue
from lianzhou_gis.rulebook.authoring.consistency import example
from lianzhou_gis.rulebook.conditions import Condition, Test
from lianzhou_gis.rulebook.industries import industries
from lianzhou_gis.rulebook.model import RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import Effect, themes

__all__ = ["pending_texts", "routes"]

_ROUTES = (Effect.PROCEDURE_REQUIRED, Effect.NEEDS_JUDGEMENT)
# In how many choices of a fact the rules of a place must tell apart before a forgotten one is a hole.
_HALF = 0.5

Place = tuple[str, str | None]


def routes(rulebook: Rulebook, day: date) -> list[Issue]:
    """Return the routes that no answers reach, and the choices that the rules of a place forget.

    Parameters
    ----------
    rulebook : Rulebook
    day : datetime.date
    """
    issues = []
    for (theme, grade), rules in _places(rulebook, day):
        named = f"{theme}/{grade}" if grade else theme
        issues += [
            Issue.from_code("warning", "route_unreachable", named, rule=rule.id, zone=named)
            for rule in rules
            if rule.effect in _ROUTES and not _is_reachable(rule, rules, rulebook, day)
        ]
        issues += [
            Issue.from_code("warning", "choice_forgotten", named, fact=fact, choice=choice, zone=named)
            for fact, choice in _forgotten(rules, rulebook, day)
        ]
    return issues


def pending_texts(rulebook: Rulebook, day: date) -> list[Issue]:
    """Return the texts that rules in force rest on and that were not at hand, with how many rules wait for each.

    Parameters
    ----------
    rulebook : Rulebook
    day : datetime.date
    """
    waiting: dict[str, list[str]] = {}
    for version in rulebook.in_force(day):
        if version.unverified:
            for citation in version.citations:
                if rulebook.laws[citation.law].text is None:
                    waiting.setdefault(citation.law, []).append(version.id)
    return [
        Issue.from_code(
            "info",
            "text_to_obtain",
            "laws.yaml",
            title=rulebook.laws[law].title,
            issuer=rulebook.laws[law].issuer,
            count=len(set(rules)),
            rules=sorted(set(rules))[:4],
        )
        for law, rules in sorted(waiting.items())
    ]


def _places(rulebook: Rulebook, day: date) -> Iterator[tuple[Place, Sequence[RuleVersion]]]:
    """Yield every theme and grade with the rules about what lies in it."""
    versions = [one for one in rulebook.in_force(day) if one.relation == "overlap" and one.subject == "footprint"]
    for theme in themes().values():
        grades: list[str | None] = [item.id for item in theme.grades]
        for grade in grades or [None]:
            own = [one for one in versions if one.theme == theme.id and one.applies_to(grade)]
            if own:
                yield (theme.id, grade), own


def _is_reachable(rule: RuleVersion, rules: Sequence[RuleVersion], rulebook: Rulebook, day: date) -> bool:
    prohibiting = [other for other in rules if other.effect is Effect.PROHIBITED and other is not rule]
    wanted: list[tuple[Condition | Test | None, bool]] = [(rule.when, True)]
    wanted += [(other.when, False) for other in prohibiting]
    # An industry that the rules do not name may itself say what the project is: each section is tried.
    sections = [Test("industry_code", "in", (code,)) for code in industries() if len(code) == 1]
    return any(example([*wanted, *more], rulebook, day) for more in ([], *([(one, True)] for one in sections)))


def _forgotten(rules: Sequence[RuleVersion], rulebook: Rulebook, day: date) -> Iterator[tuple[str, str]]:
    for fact in rulebook.facts:
        testing = [rule for rule in rules if any(test.fact == fact.name for test in rule.tests())]
        if fact.type != "choice" or not testing:
            continue
        open_choices = [
            choice
            for choice in fact.choices
            if not any(
                example([(Test(fact.name, "is", choice), True), (rule.when, True)], rulebook, day) for rule in testing
            )
        ]
        if len(open_choices) <= len(fact.choices) * (1 - _HALF):
            passed_over = (*fact.silent, fact.none)
            yield from ((fact.name, choice) for choice in open_choices if choice not in passed_over)
