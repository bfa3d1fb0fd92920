"""The classification of industries, and codes that it does not have."""

from lianzhou_gis.rulebook import Rulebook, conditions
from lianzhou_gis.rulebook.industries import codes_match, industries, parse_industry_code

FACTS = Rulebook.load().facts


def test_every_code_has_all_its_parents():
    table = industries()
    lengths = [sum(len(code) == length for code in table) for length in (1, 3, 4, 5)]
    assert lengths == [20, 97, 473, 1381]
    for code in table:
        if len(code) > 1:
            assert (code[0] if len(code) == 3 else code[:-1]) in table, code


def test_a_code_is_completed_by_its_section_and_one_that_is_not_there_is_reported():
    assert FACTS.parse("industry_code", "2631", "here") == (("C2631",), [])
    value, issues = FACTS.parse("industry_code", "C2631、C9999", "site A")
    assert value == ("C2631", "?")
    assert [(issue.severity, issue.code, issue.where) for issue in issues] == [
        ("warning", "industry_code_unknown", "site A")
    ]
    assert parse_industry_code("A2631") is None


def test_an_unknown_or_coarse_code_never_states_no():
    assert codes_match(("?",), ("C26",)) is None
    assert codes_match(("?", "C2631"), ("C26",)) is True
    assert codes_match(("C2710", "?"), ("C26",)) is None
    coarse = conditions.Test("industry_code", "in", ("C2631",)).evaluate({"industry_code": ("C26",)})
    assert (coarse.value, coarse.missing) == (None, {"industry_code"})
