"""Whatever is wrong in a rulebook is refused with file and line."""

import re
import shutil
from pathlib import Path

import pytest

import lianzhou_gis.rulebook
from lianzhou_gis.errors import RuleError
from lianzhou_gis.rulebook import Rulebook, read_cases

SHIPPED = Path(lianzhou_gis.rulebook.__file__).parent
RULE = """
rules:
  - id: test.rule
    title: {zh: 标题, en: Title}
    theme: water_source_zone
    grade: primary
    relation: overlap
    effect: prohibited
    when: {fact: livestock, is: true}
    action: {zh: 做, en: Do}
    authority: {zh: 局, en: Bureau}
    blocks: [eia_approval]
    checked_on: 2026-11-23
    versions:
      - effective_from: 2021-01-01
        effective_to: 2026-08-14
        paraphrase: {zh: 意思, en: Meaning}
        citations: [{law: water_pollution_law, article: "65"}]
      - effective_from: 2026-08-15
        paraphrase: {zh: 意思, en: Meaning}
        citations: [{law: ecological_code, article: "319"}]
"""


@pytest.fixture
def load(tmp_path):
    (tmp_path / "rules").mkdir()
    for name in ("facts.yaml", "laws.yaml"):
        shutil.copy(SHIPPED / name, tmp_path / name)

    def run(text=RULE, **files):
        (tmp_path / "rules" / "test.yaml").write_text(text, encoding="utf-8")
        for name, content in files.items():
            (tmp_path / "rules" / f"{name}.yaml").write_text(content, encoding="utf-8")
        return Rulebook.load(tmp_path)

    return run


def test_the_rule_itself_is_sound(load):
    (rule,) = load().rules
    assert [version.effective_from.isoformat() for version in rule.versions] == ["2021-01-01", "2026-08-15"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("effect: prohibited", "effect: forbidden", "forbidden"),
        ("    blocks: [eia_approval]\n", "    blocks: [everything]\n", "everything"),
        ("    action: {zh: 做, en: Do}\n", "", "action"),
        ("    action: {zh: 做, en: Do}\n", "    action: {zh: 做}\n", "action"),
        ("    action: {zh: 做, en: Do}\n", "    action: {zh: 做, en: Do}\n    remark: x\n", "remark"),
        ("grade: primary", "grade: first", "first"),
        ("theme: water_source_zone", "theme: water", "water"),
        ("relation: overlap", "relation: inside", "inside"),
        ("    relation: overlap\n", "", "setback_m"),
        ("    relation: overlap\n", "    relation: overlap\n    setback_m: 50\n", "setback_m"),
        ("{fact: livestock, is: true}", "{fact: livestok, is: true}", "livestok"),
        ("{fact: livestock, is: true}", "{fact: livestock, is: maybe}", "livestock"),
        ("{fact: livestock, is: true}", "{fact: livestock, at_least: 3}", "livestock"),
        ("{fact: livestock, is: true}", "{fact: livestock}", "livestock"),
        ("{fact: livestock, is: true}", "{all: []}", "all"),
        ("{fact: livestock, is: true}", "{asked_if: [{fact: livestock, is: true}]}", "asked_if"),
        (
            "{fact: livestock, is: true}",
            "{not: {asked_if: [{fact: livestock, is: true}, {fact: odour, is: true}]}}",
            "within not",
        ),
        ("{fact: livestock, is: true}", "{some: [{fact: livestock, is: true}]}", "some"),
        ("{fact: livestock, is: true}", "{fact: target_use, is: castle}", "target_use"),
        ("law: water_pollution_law", "law: rain_law", "rain_law"),
        ('article: "65"', 'article: "650"', "650"),
        ('        citations: [{law: ecological_code, article: "319"}]\n', "", "citations"),
        ('[{law: ecological_code, article: "319"}]', "[]", "citations"),
        ("effective_from: 2026-08-15", "effective_from: 2026-08-14", "overlap"),
        ("effective_from: 2026-08-15", "effective_from: 2020-01-01", "order"),
        ("effective_to: 2026-08-14", "effective_to: 2020-01-01", "before"),
        ("effective_from: 2026-08-15", "effective_from: soon", "date"),
        ("checked_on: 2026-11-23", "checked_on: 5", "date"),
        ("    checked_on: 2026-11-23\n", "", "checked_on"),
        ("theme: water_source_zone", "theme: water_source_zone\n    everywhere: true", "everywhere"),
        ("grade: primary", "grade: primary\n    grade: secondary", "duplicate"),
        ("grade: primary", "grade: primary\n    named: 连江", "named"),
        ("grade: primary", "grade: primary\n    named: []", "named"),
        ("id: test.rule", "id: &x test.rule\n    subject: *x", "alias"),
        ("rules:", "rule:", "rules"),
    ],
)
def test_refusals_name_file_and_line(load, old, new, words):
    assert old in RULE
    with pytest.raises(RuleError) as refused:
        load(RULE.replace(old, new, 1))
    text = str(refused.value)
    assert "test.yaml" in text and words in text, text
    if words not in ("alias", "rules"):
        line = int(re.search(r"test\.yaml:(\d+)", text)[1])
        assert 1 < line <= 22


def test_an_id_twice_names_both_places(load):
    with pytest.raises(RuleError, match=r"(?s)test\.rule.*other\.yaml:3|other\.yaml:3.*test\.rule"):
        load(other=RULE)


def test_defaults_hold_for_every_rule_of_a_file(load):
    text = RULE.replace("    theme: water_source_zone\n", "").replace("    checked_on: 2026-11-23\n", "")
    book = load("defaults: {theme: water_source_zone, checked_on: 2026-11-23}" + text)
    assert book.rules[0].versions[0].theme == "water_source_zone"
    with pytest.raises(RuleError, match="effect"):
        load("defaults: {effect: notice}" + text)


def test_a_case_that_does_not_come_out_is_reported(load):
    cases = """
cases:
  - {name: 甲, rule: test.rule, as_of: 2026-08-15, facts: {livestock: true}, grade: primary, expect: none}
  - {name: 乙, rule: test.rule, as_of: 2020-12-31, facts: {livestock: true}, grade: primary, expect: none}
  - {name: 丙, rule: test.rule, as_of: 2026-08-15, grade: primary, expect: missing_fact, missing: [tourism]}
"""
    load()
    book = load(**{"test.cases": cases})
    failures = [case.failure(book) for case in read_cases(book)]
    assert failures[0] == "expected none, got finding prohibited"
    assert failures[1] is None
    assert "livestock" in failures[2]


def test_a_rule_for_named_zones_leaves_others_alone(load):
    book = load(RULE.replace("grade: primary", "grade: primary\n    named: [连江, 东陂河]"))
    version = book.rules[0].versions[0]
    assert version.applies_to("primary", name="连江（示例）") and version.applies_to("primary", name="上东陂河")
    assert not version.applies_to("primary", name="三江河") and not version.applies_to("secondary", name="连江")
    # Which zone it is that has no name nobody knows: it may be one of these.
    assert version.applies_to("primary", name=None)
