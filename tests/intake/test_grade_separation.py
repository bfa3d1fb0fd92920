"""The grade may stand in another column than the one that was taken for it."""

import pytest

from lianzhou_gis.errors import CatalogError


def kinds(plan):
    return [(question.kind, question.subject) for question in plan.questions]


def test_a_code_beside_a_constant_column_is_asked_about(desk):
    path = desk.file({"级别": ["general"] * 4, "QY_JB": ["01", "02", "02", "02"]})
    reported = {"coverage": "POLYGON ((112 24.5, 113 24.5, 113 25.3, 112 25.3, 112 24.5))", "expected_count": 4}
    plan = desk.plan(path, "ecological_redline", **reported)
    assert kinds(plan) == [("coded_column", "QY_JB")]
    assert "01 (1)" in plan.questions[0].message.en
    named = desk.plan(path, "ecological_redline", **reported, columns={"QY_JB": "grade"})
    assert ("grade", "01") in kinds(named)
    settled = desk.plan(
        path,
        "ecological_redline",
        **reported,
        columns={"QY_JB": "grade"},
        grades={"01": "core", "02": "general"},
    )
    assert kinds(settled) == []
    denied = desk.plan(path, "ecological_redline", **reported, not_grade=["QY_JB"])
    assert kinds(denied) == [("constant_grade", None)]
    assert kinds(desk.plan(path, "ecological_redline", **reported, not_grade=["QY_JB"], constant_grade=True)) == []


def test_names_and_numbers_are_no_codes(desk):
    path = desk.file({"级别": ["一级", "二级", "二级"], "名称": ["甲", "乙", "丙"], "面积": [1.5, 2.5, 2.5]})
    assert "coded_column" not in [kind for kind, _ in kinds(desk.plan(path))]


def test_every_unused_column_is_listed_with_its_values(desk):
    path = desk.file({"级别": ["一级", "二级"], "备注栏": ["x", None]})
    done = desk.bring(path)
    (unused,) = desk.record("water_source_zone")["unused_columns"]
    assert (unused["name"], unused["distinct"], unused["empty"]) == ("备注栏", 1, 1)
    assert done.plan.proposal.unused[0].values == (("x", 1),)


def test_an_import_asks_for_the_expected_count(desk):
    path = desk.file({"级别": ["一级", "二级"]})
    plan = desk.plan(path, no_coverage=True)
    assert kinds(plan) == [("expected_count", None)]
    with pytest.raises(CatalogError, match="--expected-count"):
        desk.bring(path, expected_count=None, uncounted=None)
    desk.bring(path, expected_count=2, count_by="source_row")
    entry = desk.catalog().layers[0]
    assert (entry.expected_count, entry.count_by, entry.row_count) == (2, "source_row", 2)
