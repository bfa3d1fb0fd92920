"""Permitted routes can be reached by true answers, no choice of the law is forgotten, texts to obtain are named."""

from dataclasses import replace
from datetime import date

import pytest

from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.rulebook.authoring import routes
from lianzhou_gis.rulebook.authoring.consistency import example
from lianzhou_gis.rulebook.conditions import Test as Comparison
from lianzhou_gis.vocabulary import Effect

BOOK, DAY = Rulebook.load(), date(2026, 11, 23)


def rules_of(theme, grade):
    return next(rules for place, rules in routes._places(BOOK, DAY) if place == (theme, grade))


def test_no_route_of_the_shipped_rulebook_is_closed_and_no_choice_forgotten():
    assert routes.routes(BOOK, DAY) == []


@pytest.mark.parametrize(
    ("theme", "grade", "rule_id"),
    [
        ("water_source_zone", "secondary", "source.secondary_not_discharging"),
        ("permanent_basic_farmland", None, "farmland.temporary"),
        ("ecological_redline", "general", "redline.limited_activity"),
        ("nature_reserve", "core", "reserve.core_protection"),
        ("wetland", "general", "wetland.temporary"),
    ],
)
def test_routes_that_the_law_opens_are_reached_and_a_wider_ban_closes_them(theme, grade, rule_id):
    rules = rules_of(theme, grade)
    names = {rule.id for rule in rules}
    assert rule_id in names, sorted(names)
    route = next(rule for rule in rules if rule.id == rule_id)
    assert routes._is_reachable(route, rules, BOOK, DAY)
    ban = replace(next(rule for rule in rules if rule.effect is Effect.PROHIBITED), when=route.when)
    assert not routes._is_reachable(route, [*rules, ban], BOOK, DAY)


def test_every_class_of_limited_activities_leads_to_a_rule_of_the_red_line():
    rules = [rule for rule in rules_of("ecological_redline", "general") if rule.effect is not Effect.NOTICE]
    for choice in BOOK.facts.get("limited_activity_class").choices:
        wanted = [(Comparison("limited_activity_class", "is", choice), True)]
        assert any(example([*wanted, (rule.when, True)], BOOK, DAY) for rule in rules), choice
        if choice == "not_listed":
            continue
        prohibiting = [(rule.when, False) for rule in rules if rule.effect is Effect.PROHIBITED]
        assert example([*wanted, *prohibiting], BOOK, DAY) is not None, f"class {choice} cannot be had"


def test_texts_to_obtain_are_named_with_the_rules_that_wait():
    found = routes.pending_texts(BOOK, DAY)
    assert any("142号" in issue.zh for issue in found)
    assert all(issue.severity == "info" for issue in found)
