"""Items of the access lists."""

import pytest

from lianzhou_gis.rulebook import Rulebook, parse_access_items
from lianzhou_gis.vocabulary import Effect

FACTS = Rulebook.load().facts
ROW = {"item_id": "A-1", "unit_id": "U1", "level": "unit", "dimension": "spatial", "kind": "prohibited", "text": "文"}


def item(**cells):
    items, issues = parse_access_items([{**ROW, **cells}], FACTS, "list.csv")
    assert not issues, issues
    return items[0]


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("prohibited", "prohibited"),
        ("restricted", "procedure_required"),
        ("required", "conditional"),
        ("encouraged", "notice"),
    ],
)
def test_the_effect_of_its_kind(kind, effect):
    assert item(kind=kind).effect == effect
    assert item(kind=kind, effect="needs_judgement").effect is Effect.NEEDS_JUDGEMENT


@pytest.mark.parametrize(
    ("industries", "codes", "value"),
    [
        ("C26", ("C2631",), True),
        ("C2631", ("C2631",), True),
        ("C26;C31", ("C3110",), True),
        ("C26", ("C2710",), False),
        ("C", ("C2710",), True),
        # A code coarser than that of the list may be the listed industry or another.
        ("C2631", ("C26",), None),
        ("C26", None, None),
    ],
)
def test_industries(industries, codes, value):
    facts = {} if codes is None else {"industry_code": codes}
    outcome = item(industries=industries).applies_under(facts)
    assert outcome.value is value
    assert bool(outcome.missing) == (value is None)


def test_industry_and_condition_must_both_hold():
    both = item(industries="C26", when='{"fact": "two_highs", "is": true}')
    assert both.applies_under({"industry_code": ("C2631",), "two_highs": True}).value is True
    assert both.applies_under({"industry_code": ("C2710",)}).value is False
    assert both.applies_under({"two_highs": False}).value is False
    assert both.applies_under({"industry_code": ("C2631",)}).missing == {"two_highs"}


def test_what_nothing_decides_is_undecided_and_a_person_settles_it():
    vague = item()
    assert vague.applies_under({}).value is None
    assert vague.applies_under({}).missing == {"access_item.A-1"}
    assert vague.applies_under({"access_item.A-1": False}).value is False
    assert item(kind="required").applies_under({}).value is True


def test_dates_and_units():
    dated = item(valid_from="2021-07-01", valid_to="2026-08-14", unit_id="*")
    from datetime import date

    assert [
        dated.in_force(date(2021, 6, 30)),
        dated.in_force(date(2021, 7, 1)),
        dated.in_force(date(2026, 8, 14)),
        dated.in_force(date(2026, 8, 15)),
    ] == [False, True, True, False]
    assert dated.applies_in("U7") and not item().applies_in("U7")


@pytest.mark.parametrize(
    "cells",
    [
        {"item_id": ""},
        {"item_id": "a b"},
        {"kind": "maybe"},
        {"level": "planet"},
        {"industries": "塑料"},
        {"when": "{"},
        {"when": '{"fact": "nothing", "is": true}'},
        {"effect": "forbidden"},
        {"valid_from": "soon"},
        {"text": ""},
    ],
)
def test_a_row_that_is_no_item_is_an_error_with_its_line(cells):
    items, issues = parse_access_items([ROW, {**ROW, "item_id": "A-2", **cells}], FACTS, "list.csv")
    assert len(items) == 1
    assert [(issue.severity, issue.where) for issue in issues] == [("error", "list.csv:3")]


def test_an_id_twice():
    _, issues = parse_access_items([ROW, ROW], FACTS, "list.csv")
    assert "is there twice" in issues[0].en
