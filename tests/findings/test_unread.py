"""Law that the rulebook does not hold: early days, days before all law, days long after the last check."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from lianzhou_gis.errors import RuleError
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.rulebook.files import SHIPPED

BOOK = Rulebook.load()
HERE = (112.438, 24.872)
FACTS = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def site(square):
    return square(*HERE, 100)


def reported(result):
    (row,) = result.sites.itertuples()
    unread = result.gaps[result.gaps["reason"] == "no_rule"]
    return row, {rule_id for rule_id in unread["rule_id"] if isinstance(rule_id, str)}


def never_clear(row):
    assert not row.complete
    assert row.worst_possible == "prohibited"
    assert "未发现冲突" not in row.label_zh


@pytest.mark.parametrize(
    ("day", "theme", "grade", "facts", "rule"),
    [
        ("2022-05-31", "wetland", None, {}, "wetland.occupation"),
        ("2021-11-30", "karst_strong", None, {"groundwater_risk": True}, "karst.groundwater_risk"),
        ("2021-11-30", "groundwater_key_area", None, {"groundwater_risk": True}, "gwkey.risk"),
        ("2022-06-04", "noise_sensitive_area", None, {"target_use": "industrial", "noise": True}, "noise.new_industry"),
        ("2025-12-31", "national_park", "core", {}, "npark.core"),
    ],
)
def test_a_zone_of_which_the_law_of_the_day_was_not_read(county, site, square, day, theme, grade, facts, rule):
    """Such a site met a notice at most, and read as clear."""
    county.add(theme, square(*HERE, 300), grade=grade, name="示例区")
    row, unread = reported(county.screen(site, {**FACTS, **facts}, as_of=day))
    assert rule in unread
    never_clear(row)
    after = str(date.fromisoformat(day) + timedelta(days=1))
    _, unread = reported(county.screen(site, {**FACTS, **facts}, as_of=after))
    assert rule not in unread


def test_one_far_from_such_zones_is_left_alone(county, site):
    row, unread = reported(county.screen(site, FACTS, as_of="2022-05-31"))
    assert unread == set()
    assert row.verdict == "no_conflict_found"


def test_a_project_that_the_later_rule_is_not_about_is_left_alone(county, site, square):
    county.add("karst_strong", square(*HERE, 300), name="示例区")
    row, unread = reported(county.screen(site, FACTS, as_of="2021-11-30"))
    assert unread == set()
    assert row.verdict == "no_conflict_found"


def test_whether_it_is_about_the_project_is_asked(county, site, square):
    county.add("karst_strong", square(*HERE, 300), name="示例区")
    facts = {name: value for name, value in FACTS.items() if name != "groundwater_risk"}
    result = county.screen(site, facts, as_of="2021-11-30")
    row, unread = reported(result)
    assert unread == {"karst.groundwater_risk"}
    never_clear(row)
    (question,) = (item for item in result.questions if item.fact == "groundwater_risk")
    replies = {reply.value: reply for reply in question.replies}
    for value in ("no", "yes"):
        (after,) = county.screen(site, {**facts, "groundwater_risk": value}, as_of="2021-11-30").sites.itertuples()
        assert (replies[value].verdict, replies[value].worst_possible) == (after.verdict, after.worst_possible)
    assert replies["no"].worst_possible == "no_conflict_found"
    assert replies["yes"].worst_possible == "prohibited"


def test_a_rule_on_facts_alone_that_begins_later(county, site):
    facts = {**FACTS, "heavy_metal": True, "target_use": "industrial", "industry_code": "C3360", "soil_risk": True}
    row, unread = reported(county.screen(site, facts, as_of="2022-03-06"))
    assert "park.heavy_metal_outside" in unread
    never_clear(row)


def test_the_red_line_before_the_notice_asks_for_judgement_and_states_so_once(county, site, square):
    county.add("ecological_redline", square(*HERE, 300), grade="其他区域", name="示例区")
    row, unread = reported(county.screen(site, FACTS, as_of="2022-08-15"))
    assert unread == set()
    assert (row.verdict, row.worst_possible) == ("needs_judgement", "prohibited")


@pytest.mark.parametrize("grade", ["缓冲区", "实验区"])
def test_an_old_grade_of_a_reserve_after_it_was_abolished(county, site, square, grade):
    county.add("nature_reserve", square(*HERE, 300), grade=grade, name="示例区")
    before, _ = reported(county.screen(site, FACTS, as_of="2026-03-14"))
    assert before.verdict in ("prohibited", "procedure_required")
    for day in ("2026-03-15", "2026-08-14", "2026-08-15", "2026-11-23"):
        result = county.screen(site, FACTS, as_of=day)
        row, _ = reported(result)
        assert ("no_rule", "nature_reserve") in set(zip(result.gaps["reason"], result.gaps["theme"], strict=True))
        never_clear(row)


@pytest.mark.parametrize("day", ["2020-12-31", "1999-01-01"])
def test_a_day_before_all_law_that_was_read(county, site, day):
    row, _ = reported(county.screen(site, FACTS, as_of=day))
    assert row.verdict == "not_assessed"
    never_clear(row)


def test_a_day_long_after_the_last_check(county, site):
    last = BOOK.known_until
    (row,) = county.screen(site, FACTS, as_of=str(last)).sites.itertuples()
    assert row.verdict == "no_conflict_found"
    for day in (last + timedelta(days=1), date(2099, 1, 1)):
        result = county.screen(site, FACTS, as_of=str(day))
        row, _ = reported(result)
        assert row.verdict == "not_assessed"
        never_clear(row)
        assert any(str(last) in detail["zh"] and "未经核对" in detail["zh"] for detail in result.gaps["detail"])


def test_one_rule_checked_anew_states_nothing_of_the_others():
    first = BOOK.rules[0]
    anew = replace(first, versions=tuple(replace(item, checked_on=date(2030, 1, 1)) for item in first.versions))
    assert replace(BOOK, rules=(anew, *BOOK.rules[1:])).known_until == BOOK.known_until
    old = replace(first, versions=(*first.versions[:-1], replace(first.versions[-1], checked_on=date(2025, 1, 1))))
    assert old.versions[-1].effective_to is None
    assert replace(BOOK, rules=(old, *BOOK.rules[1:])).known_until == date(2026, 1, 1)


def test_the_span_is_data_and_one_that_is_none_is_refused(tmp_path):
    assert (BOOK.known_until - BOOK.checked_for).year == 2026
    (tmp_path / "rules").mkdir()
    for name in ("facts.yaml", "laws.yaml"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    (tmp_path / "rules" / "karst_strong.yaml").write_bytes((SHIPPED / "rules" / "karst_strong.yaml").read_bytes())
    assert Rulebook.load(tmp_path).checked_for == BOOK.checked_for
    (tmp_path / "horizon.yaml").write_text("checked_for_days: 30\n", encoding="utf-8")
    assert Rulebook.load(tmp_path).checked_for == timedelta(days=30)
    for wrong in ("checked_for_days: 0\n", "checked_for_days: soon\n", "checked_for_days: true\n", "days: 30\n"):
        (tmp_path / "horizon.yaml").write_text(wrong, encoding="utf-8")
        with pytest.raises(RuleError, match=r"horizon\.yaml"):
            Rulebook.load(tmp_path)


def test_every_rule_that_begins_later_is_a_hole_or_states_why_not():
    """What is a hole on the first day: nobody adds a rule that begins later without its being said."""
    holes = {version.id for version in BOOK.unread(BOOK.begins)}
    for rule in BOOK.rules:
        first = rule.versions[0]
        if first.effective_from > BOOK.begins and first.effect.value != "notice":
            assert (rule.id in holes) is (rule.nothing_before is None), rule.id
        else:
            assert rule.nothing_before is None, rule.id
