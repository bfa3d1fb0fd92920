"""``rules check`` finds what is planted: stale rules, rules that never bear, contradictions, cases that are missing."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

import lianzhou_gis.rulebook
from lianzhou_gis.rulebook import Rulebook, check_rulebook
from lianzhou_gis.rulebook.authoring.case_coverage import proofs
from lianzhou_gis.rulebook.authoring.consistency import soundness

SHIPPED = Path(lianzhou_gis.rulebook.__file__).parent
BOOK = Rulebook.load()
TODAY = date(2026, 11, 26)
HEAD = """
  - id: {id}
    title: {{zh: 标题, en: Title}}
    theme: {theme}
    relation: overlap
    effect: {effect}
    when: {when}
    action: {{zh: 做, en: Do}}
    authority: {{zh: 局, en: Bureau}}
    checked_on: {checked}
    versions:
      - effective_from: 2021-01-01
        paraphrase: {{zh: 意思, en: Meaning}}
        citations: [{{law: gd_water, article: "44"}}]
"""
FARM = "{fact: livestock, is: true}"


def rule(rule_id, *, theme="wetland", effect="prohibited", when=FARM, checked="2026-11-01"):
    return HEAD.format(id=rule_id, theme=theme, effect=effect, when=when, checked=checked)


@pytest.fixture
def check(tmp_path):
    (tmp_path / "rules").mkdir()
    for name in ("facts.yaml", "laws.yaml"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    shutil.copytree(SHIPPED / "implications", tmp_path / "implications")

    def run(*rules, cases="", today=TODAY):
        (tmp_path / "rules" / "test.yaml").write_text("rules:" + "".join(rules), encoding="utf-8")
        (tmp_path / "rules" / "test.cases.yaml").write_text(f"cases:{cases or ' []'}", encoding="utf-8")
        issues = check_rulebook(Rulebook.load(tmp_path), today=today)
        return {(issue.severity, issue.code) for issue in issues if issue.where.startswith("test")}

    return run


CASES = """
  - {name: 甲, rule: test.one, as_of: 2021-01-01, facts: {livestock: true}, expect: finding, effect: prohibited}
  - {name: 乙, rule: test.one, as_of: 2020-12-31, facts: {livestock: true}, expect: none}
  - {name: 丙, rule: test.one, as_of: 2021-01-01, facts: {livestock: false}, expect: none}
  - {name: 丁, rule: test.one, as_of: 2021-01-01, expect: missing_fact, missing: [livestock]}
"""


def without(name):
    return "\n".join(line for line in CASES.splitlines() if f"name: {name}," not in line)


def test_a_sound_rule_raises_nothing(check):
    assert check(rule("test.one"), cases=CASES) == set()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("甲", {("error", "case_missing")}),
        ("乙", {("error", "case_missing")}),
        ("丙", {("warning", "case_missing")}),
        ("丁", {("warning", "case_missing")}),
    ],
)
def test_every_kind_of_case_is_asked_for(check, name, found):
    assert check(rule("test.one"), cases=without(name)) == found


def test_a_rule_without_any_case(check):
    assert ("error", "rule_without_case") in check(rule("test.one"))


def test_a_case_that_does_not_come_out_and_one_of_no_rule(check):
    wrong = CASES.replace("expect: finding, effect: prohibited", "expect: finding, effect: notice")
    assert ("error", "case_fails") in check(rule("test.one"), cases=wrong)
    assert ("error", "case_fails") in check(
        rule("test.one"), cases=CASES.replace("rule: test.one", "rule: test.two", 1)
    )


def test_a_rule_that_nobody_looked_at_for_long(check):
    last = date(2026, 11, 1) + BOOK.checked_for
    assert check(rule("test.one"), cases=CASES, today=last) == set()
    late = check(rule("test.one"), cases=CASES, today=last + timedelta(days=1))
    assert late == {("warning", "not_checked_lately")}


@pytest.mark.parametrize(
    "when",
    [
        "{all: [{fact: livestock, is: true}, {fact: livestock, is: false}]}",
        "{all: [{fact: livestock_head, at_least: 500}, {fact: livestock_head, at_most: 499}]}",
        "{all: [{fact: target_use, is: residential}, {not: {fact: target_use, in: [residential, industrial]}}]}",
        # A farm of scale is no household's few animals: an implication says so.
        "{all: [{fact: livestock_large_scale, is: true}, {fact: livestock_household_only, is: true}]}",
    ],
)
def test_a_rule_that_can_never_apply(check, when):
    planted = rule("test.one", when=when).replace("effective_from: 2021-01-01", "effective_from: 2025-09-01")
    assert ("error", "rule_never_applies") in check(planted)


def test_two_rules_that_contradict_one_another(check):
    other = rule("test.two", effect="conditional", when="{not: {fact: livestock, is: false}}")
    assert ("error", "rules_contradict") in check(rule("test.one"), other)


def test_two_rules_that_state_the_same(check):
    found = check(rule("test.one"), rule("test.two", when="{all: [{fact: livestock, is: true}]}"))
    assert ("warning", "rule_twice") in found
    assert ("error", "rules_contradict") not in found


@pytest.mark.parametrize(
    "other",
    [
        {"effect": "notice"},
        {"effect": "conditional", "theme": "karst_strong"},
        {"effect": "conditional", "when": "{fact: tourism, is: true}"},
        {"effect": "conditional", "when": "{all: [{fact: livestock, is: true}, {fact: tourism, is: true}]}"},
    ],
)
def test_a_notice_another_place_or_another_condition_contradicts_nothing(check, other):
    found = check(rule("test.one"), rule("test.two", **other))
    assert not {"rules_contradict", "rule_twice"} & {code for _, code in found}


def test_a_law_that_is_not_in_force_with_the_version(check):
    assert ("error", "law_not_in_force") in check(rule("test.one").replace("law: gd_water", "law: soil_law"))


def test_a_fact_that_nothing_uses_is_named(check, tmp_path):
    check(rule("test.one"))
    path = tmp_path / "facts.yaml"
    text = path.read_text(encoding="utf-8")
    entry = "moon:\n  type: yes_no\n  zh: 月\n  en: moon\n  question: {zh: 月？, en: moon?}\n"
    path.write_text(text + entry, encoding="utf-8")
    issues = check_rulebook(Rulebook.load(tmp_path), today=TODAY)
    assert any(issue.code == "fact_unused" and "moon" in issue.en for issue in issues)


def test_the_rulebook_that_is_shipped_has_none_of_it():
    allowed = {"nature_reserve/buffer", "nature_reserve/experimental"}
    found = check_rulebook(BOOK, today=TODAY)
    assert {issue.where for issue in found if issue.severity != "info"} == allowed
    assert {issue.code for issue in found if issue.severity == "info"} == {"text_to_obtain"}
    assert soundness(BOOK) == []


@pytest.mark.parametrize(
    "proof", list(proofs(BOOK)), ids=lambda proof: f"{proof.rule.id} {proof.version.effective_from}"
)
def test_every_version_has_an_article_in_its_law_and_all_kinds_of_cases(proof):
    assert proof.lacking == []
    assert proof.version.citations
    for citation in proof.version.citations:
        law = BOOK.laws[citation.law]
        number = citation.article
        if law.articles is not None and number.isdigit():
            assert 1 <= int(number) <= law.articles
