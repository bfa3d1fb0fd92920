"""How the text of a fact is read."""

import math

import pytest

from lianzhou_gis.errors import FactError
from lianzhou_gis.rulebook import Rulebook

FACTS = Rulebook.load().facts


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("livestock", "是", True),
        ("livestock", "ＹＥＳ", True),
        ("livestock", "无", False),
        ("livestock", 0, False),
        ("livestock", 1.0, True),
        ("livestock", "未知", None),
        ("livestock", " ", None),
        ("livestock", math.nan, None),
        ("livestock_head", "3,000 头", 3000.0),
        ("livestock_head", "３０００", 3000.0),
        ("livestock_head", 12.5, 12.5),
        ("target_use", "工业", "industrial"),
        ("target_use", "Industrial", "industrial"),
        ("wastewater_route", "no_wastewater", "no_wastewater"),
        ("industry_code", "c2631、D4415", ("C2631", "D4415")),
        ("industry_code", ["C2631"], ("C2631",)),
        ("outfall", " 东陂河左岸 ", "东陂河左岸"),
        ("access_item.DEMO-1", "否", False),
    ],
)
def test_values_in_the_wild(name, raw, value):
    assert FACTS.parse(name, raw, "here")[0] == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("livestock", "perhaps"),
        ("livestock", "2"),
        ("livestock_head", "-5"),
        ("livestock_head", "many"),
        ("livestock_head", "1e400"),
        ("livestock_head", True),
        ("target_use", "castle"),
        ("industry_code", "塑料"),
        ("industry_code", "C26315"),
        ("livestock", "x" * 1000),
        ("no_such_fact", "yes"),
        ("livestock_document", "no claim"),
    ],
)
def test_impossible_values_are_refused(name, raw):
    with pytest.raises(FactError):
        FACTS.parse(name, raw, "here")


def test_labels_name_facts_too():
    assert FACTS.find("畜禽养殖") == FACTS.find("livestock") == "livestock"
    assert FACTS.find("备注") is None


def test_no_choice_reads_as_unknown():
    for fact in FACTS:
        for choice, text in fact.choices.items():
            for raw in (choice, text["zh"], text["en"]):
                assert FACTS.parse(fact.name, raw, "here")[0] == choice, (fact.name, raw)


def test_every_fact_has_a_question_in_both_languages():
    for fact in FACTS:
        assert fact.question["zh"].endswith(("？", "。")) and fact.question["en"]
