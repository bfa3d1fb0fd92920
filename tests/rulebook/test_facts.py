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
        ("target_use", "工矿", "industrial"),
        ("target_use", "Industrial and mining", "industrial"),
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
        ("livestock_head", 12.5),
        ("livestock_head", 1e9),
        ("limited_activity_class", 0.5),
        ("limited_activity_class", 0.5),
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


@pytest.mark.parametrize(
    ("document", "stands"),
    [
        ("粤府函〔2026〕12号，广东省人民政府，2026-03-01", True),
        ("广东省自然资源厅 2026年3月1日 粤自然资函〔2026〕12号", True),
        ("2026-441882-44-01-123456；连州市发展和改革局；2026/3/1", True),
        ({"number": "粤府函〔2026〕12号", "issuer": "广东省人民政府", "date": "2026-03-01"}, True),
        ("无", False),
        ("待办", False),
        ("123", False),
        ("粤府函〔2026〕12号", False),
        ("粤府函〔2026〕12号，广东省人民政府", False),
        ("粤府函〔2026〕12号，2026-03-01", False),
        ("粤府函〔2026〕12号，广东省人民政府，2026-02-31", False),
        ({"number": "粤府函〔2026〕12号"}, False),
    ],
)
def test_a_claim_is_on_a_document_with_number_issuer_and_date(document, stands):
    name = "national_major_project"
    text = FACTS.parse(f"{name}_document", document, "here")[0]
    settled, issues = FACTS.settle_claims({name: True, f"{name}_document": text}, "here")
    assert (settled[name] is True) == stands
    assert bool(issues) != stands
