"""The rulebook that is shipped: its cases, its citations, its switch from the old laws to the code."""

from datetime import date, timedelta

import pytest

from lianzhou_gis.errors import MissingFileError, RuleError
from lianzhou_gis.rulebook import Rulebook, check_rulebook, read_cases
from lianzhou_gis.vocabulary import Effect, themes

BOOK = Rulebook.load()
SWITCH = date(2026, 8, 15)
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("case", list(read_cases(BOOK)), ids=lambda case: f"{case.rule}: {case.name}")
def test_worked_case(case):
    assert case.failure(BOOK) is None


def test_nothing_is_wrong_with_it():
    assert [issue for issue in check_rulebook(BOOK, today=TODAY) if issue.severity == "error"] == []


def test_every_grade_has_a_rule_but_those_that_are_abolished():
    missing = {issue.where for issue in check_rulebook(BOOK, today=TODAY) if issue.code == "no_rule"}
    assert missing == {"nature_reserve/buffer", "nature_reserve/experimental"}
    before = {issue.where for issue in check_rulebook(BOOK, today=date(2026, 3, 14)) if issue.code == "no_rule"}
    assert before == {"nature_reserve/general"}


def test_all_five_themes_of_the_mission_prohibit_something_on_both_days():
    mission = ["ecological_redline", "water_source_zone", "livestock_prohibited_zone", "contaminated_plot"]
    for day in (SWITCH - timedelta(days=1), SWITCH):
        rules = BOOK.in_force(day)
        for theme in mission:
            assert any(rule.theme == theme and rule.effect is Effect.PROHIBITED for rule in rules), (theme, day)


def test_no_version_cites_a_law_of_another_time():
    for day in (date(2022, 9, 1), SWITCH - timedelta(days=1), SWITCH, TODAY):
        for rule in BOOK.in_force(day):
            for citation in rule.citations:
                law = BOOK.laws[citation.law]
                assert law.in_force(day) or rule.effect is Effect.NOTICE, (rule.id, citation.law, day)


def test_the_switch_is_on_the_day_itself():
    old = {citation.law for rule in BOOK.in_force(SWITCH - timedelta(days=1)) for citation in rule.citations}
    new = {citation.law for rule in BOOK.in_force(SWITCH) for citation in rule.citations}
    repealed = {law.id for law in BOOK.laws.values() if law.effective_to == SWITCH - timedelta(days=1)}
    assert "ecological_code" in new - old
    assert repealed & old and not repealed & new


def test_rules_that_rest_on_the_plan_alone_end_with_it():
    for rule in BOOK.in_force(date(2026, 1, 1)):
        if {citation.law for citation in rule.citations} == {"lz_plan_14"}:
            assert rule.effect is Effect.NOTICE, rule.id


def test_every_rule_states_what_to_do_and_who_decides():
    for rule in BOOK.in_force(TODAY):
        assert rule.citations and rule.action["zh"] and rule.action["en"] and rule.authority["zh"], rule.id
        assert len(rule.paraphrase["zh"]) <= 120, rule.id


def test_strict_where_a_sliver_may_not_soften_it():
    strict = {rule.id for rule in BOOK.in_force(TODAY) if rule.strict}
    assert {"source.primary_unrelated", "redline.core", "reserve.core", "source.outfall"} <= strict


def test_a_setback_prohibits_only_where_a_law_gives_the_metres():
    for rule in BOOK.in_force(TODAY):
        if rule.setback_m is not None and rule.theme not in ("highway", "oil_gas_pipeline", "power_facility"):
            assert rule.effect is not Effect.PROHIBITED, rule.id


def test_the_hash_is_of_the_content():
    assert BOOK.sha256 == Rulebook.load().sha256
    assert len(BOOK.sha256) == 64


def test_what_is_no_rulebook_is_refused(tmp_path):
    with pytest.raises(MissingFileError, match=r"rules/\*\.yaml"):
        Rulebook.load(tmp_path)
    with pytest.raises(RuleError, match="rules list"):
        BOOK.rule("nothing")


def test_themes_without_a_prohibition_are_meant_to_have_none():
    prohibiting = {rule.theme for rule in BOOK.in_force(TODAY) if Effect.PROHIBITED in (rule.effect, rule.worst)}
    assert set(themes()) - prohibiting == {"element_zone", "administrative"}
