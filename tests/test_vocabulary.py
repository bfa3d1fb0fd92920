"""Codes, labels, themes and grades."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianzhou_gis.vocabulary import (
    DISCLAIMER,
    Effect,
    GapReason,
    Relation,
    Verdict,
    grade_of,
    label,
    other_style,
    patterns,
    shown_at_first,
    themes,
    verdict_style,
)


@pytest.mark.parametrize(
    ("kind", "codes"), [("verdict", Verdict), ("effect", Effect), ("relation", Relation), ("gap", GapReason)]
)
def test_every_code_has_both_labels(kind, codes):
    for code in codes:
        assert set(label(kind, code)) == {"zh", "en"} and all(label(kind, code).values())


def test_no_label_promises_anything():
    texts = [
        text
        for kind, codes in (("verdict", Verdict), ("effect", Effect))
        for code in codes
        for text in label(kind, code).values()
    ]
    texts += DISCLAIMER.values()
    for word in ("pass", "safe", "clear", "compliant", "合格", "符合", "通过", "安全"):
        assert not any(re.search(rf"\b{word}\b", text.casefold()) if word.isascii() else word in text for text in texts)


def test_verdicts_are_in_order():
    assert [verdict.rank for verdict in Verdict] == list(range(7))
    assert Effect.NOTICE.verdict is Verdict.NO_CONFLICT_FOUND
    assert Effect.PROHIBITED.verdict is Verdict.PROHIBITED


@pytest.mark.parametrize(
    ("theme", "text", "grade"),
    [
        ("water_source_zone", "一级保护区", "primary"),
        ("water_source_zone", " Ⅰ级 ", "primary"),
        ("water_source_zone", "饮用水源一级", "primary"),
        ("water_source_zone", "1", "primary"),
        ("water_source_zone", "准保护区", "quasi"),
        ("water_source_zone", "非一级保护区", None),
        ("water_source_zone", "", None),
        ("control_unit", "2", "key"),
        ("control_unit", "一般管控单元", "general"),
        ("water_function", "Ⅱ类", "II"),
        ("water_function", "ⅱ類", None),
        ("nature_reserve", "缓冲区", "buffer"),
        ("livestock_prohibited_zone", "限养区", "limited"),
        ("scenic_area", "核心区", "core"),
        ("river_range", "五十年一遇", "flood_50"),
        ("growth_boundary", "开发边界外", None),
    ],
)
def test_grades_in_the_wild(theme, text, grade):
    assert grade_of(theme, text) == grade


@given(st.sampled_from(sorted(themes())), st.text(max_size=12))
def test_a_grade_is_one_of_its_theme_or_none(theme, text):
    assert grade_of(theme, text) in {None, *(grade.id for grade in themes()[theme].grades)}


def test_no_spelling_means_two_grades():
    for theme in themes().values():
        seen = {}
        for grade in theme.grades:
            for text in (grade.id, grade.label["zh"], *grade.spellings):
                assert seen.setdefault(text, grade.id) == grade.id, (theme.id, text)
                assert grade_of(theme.id, text) == grade.id


def styles():
    for theme in themes().values():
        yield theme.style
        yield from (grade.style for grade in theme.grades)
    yield from (other_style(name)[1] for name in ("piece", "gap", "nearest", "outfall"))


def test_every_style_names_a_pattern_and_colours():
    for style in styles():
        assert style.pattern in patterns()
        assert re.fullmatch("#[0-9a-f]{6}", style.fill) and re.fullmatch("#[0-9a-f]{6}", style.line)


def test_verdicts_differ_by_more_than_colour():
    looks = [verdict_style(verdict) for verdict in Verdict]
    assert len({look.mark for look in looks}) == len(looks)
    assert len({look.colour for look in looks}) == len(looks)


def test_marks_can_be_read_on_their_colour():
    def luminance(colour):
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for verdict in Verdict:
        assert 1.05 / (luminance(verdict_style(verdict).colour) + 0.05) >= 4.5


def test_grades_of_a_theme_can_be_reported_apart():
    for theme in themes().values():
        looks = [(grade.style.fill, grade.style.pattern) for grade in theme.grades]
        assert len(set(looks)) == len(looks), theme.id


def test_what_is_hidden_at_first_is_a_theme():
    hidden = {name for name in themes() if not shown_at_first(name)}
    assert "permanent_basic_farmland" in hidden and "water_source_zone" not in hidden
