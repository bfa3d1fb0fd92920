"""Access lists as planners hold them: a row per requirement, or a row per unit with four texts."""

import csv
import datetime
from pathlib import Path

import openpyxl
import pytest
import shapely

from lianzhou_gis.errors import FormatError
from lianzhou_gis.intake import read_access_table
from lianzhou_gis.layers import load_layers

BOX = shapely.box(112.4, 24.8, 112.41, 24.81)
FOUR = ["HJZHGKDYBM", "HJZHGKDYMC", "KJBJYS\n", "pwwpfgk", "HJFXFK", "ZYKFXLYQ"]


@pytest.fixture
def workbook(tmp_path):
    """Write rows into a workbook, a title above."""

    def _write(*rows, title="某市生态环境准入清单（2023年）"):
        book = openpyxl.Workbook()
        for row in ([title], *rows):
            book.active.append(list(row))
        book.save(tmp_path / "list.xlsx")
        return tmp_path / "list.xlsx"

    return _write


def test_four_texts_of_a_unit_become_items(workbook, facts):
    spatial = (
        "1-1.【产业/鼓励引导类】重点发展新材料产业。1-2.【产业/禁止类】禁止新建小电镀；容积率不低于1.5。"
        "1-3.【水/限制类】严格限制高耗水项目。"
    )
    path = workbook(FOUR, ["ZH1", "甲单元", spatial, "3-1.实施雨污分流。", None, "不得新建燃煤锅炉"])
    found = read_access_table(path, facts)
    reported = [(item.item_id, item.dimension, item.kind) for item in found.items]
    assert reported == [
        ("ZH1-spatial-1", "spatial", "encouraged"),
        ("ZH1-spatial-2", "spatial", "prohibited"),
        ("ZH1-spatial-3", "spatial", "restricted"),
        ("ZH1-emission-1", "emission", "required"),
        ("ZH1-resource-1", "resource", "prohibited"),
    ]
    assert found.items[1].text == "【产业/禁止类】禁止新建小电镀；容积率不低于1.5。"
    (issue,) = [issue for issue in found.issues if issue.code == "access_list_read"]
    assert "读出 5 条" in issue.zh and "其中 2 条按文字从严定类" in issue.zh


def test_a_prohibition_under_a_milder_heading_is_still_one(workbook, facts):
    path = workbook(FOUR, ["ZH1", "甲", "【产业/鼓励引导类】鼓励入园，禁止新建化工项目。", None, None, None])
    assert [item.kind for item in read_access_table(path, facts).items] == ["prohibited"]


def test_a_row_per_requirement(tmp_path, facts):
    path = tmp_path / "list.csv"
    path.write_bytes(
        "条目编号,单元编码,管控维度,管控类型,行业代码,管控要求,依据\n"
        "A-1,全市,空间布局约束,禁止类,C2511,禁止新建炼油,某文\n"
        "A-2,ZH1,污染物排放管控,,,落实总量控制,某文\n"
        "A-3,ZH1,环境风险防控,其他,,不得排放重金属,某文\n".encode("gb18030")
    )
    items = read_access_table(path, facts).items
    assert [(item.item_id, item.unit_id, item.level, item.dimension, item.kind) for item in items] == [
        ("A-1", "*", "city", "spatial", "prohibited"),
        ("A-2", "ZH1", "unit", "emission", "required"),
        # What its column says counts, where it says something.
        ("A-3", "ZH1", "unit", "risk", "required"),
    ]
    assert items[0].industries == ("C2511",) and items[0].document == "某文"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((["单元编码", "名称"], ["ZH1", "甲"]), "requirements in one column or in four"),
        ((["编码", "名称"], ["ZH1", "甲"]), "no header row was found"),
        ((["单元编码", "管控维度", "管控要求"], ["ZH1", "风水", "不得新建"]), "cannot be read"),
        ((FOUR, [None, "甲", "禁止新建", None, None, None]), "the code of the unit is blank"),
    ],
)
def test_lists_that_are_none(workbook, facts, rows, words):
    with pytest.raises(FormatError, match=words):
        read_access_table(workbook(*rows), facts)


def test_it_is_retained_beside_the_units_and_read_from_there(desk, workbook, facts):
    from lianzhou_gis.intake import carry_out, parse_options, plan_import, read_source

    path = desk.file(
        {"HJZHGKDYBM": ["ZH1", "ZH2"], "ZHGKDYFL": [1, 3]}, [BOX, shapely.box(112.42, 24.8, 112.43, 24.81)]
    )
    listed = read_access_table(
        workbook(FOUR, ["ZH1", "甲", "禁止新建", None, None, None], ["ZH9", "丁", "限制新建"]), facts
    )
    day = datetime.date(2026, 11, 23)
    source = read_source(path, "control_unit", desk.catalog_path, day=day, facts=facts)
    done = carry_out(plan_import(source, parse_options({"coverage": "union", "expected_count": 2}, ""), access=listed))
    errors = {issue.code: issue.zh for issue in done.issues if issue.severity == "error"}
    assert "ZH2" in errors["unit_without_items"] and "ZH9" in errors["list_unit_without_polygon"]
    assert done.entry.access_list == "control_unit.access.csv"
    assert desk.record("control_unit")["access_list"] == {"file": "list.xlsx", "sha256": listed.sha256}
    layers = load_layers(desk.catalog(), ["control_unit"], day, facts=facts)
    assert layers.access_items == listed.items


def test_only_control_units_have_one(desk, workbook, facts):
    from lianzhou_gis.intake import parse_options, plan_import, read_source

    listed = read_access_table(workbook(FOUR, ["ZH1", "甲", "禁止新建", None, None, None]), facts)
    path = desk.file({"级别": ["一级"]})
    source = read_source(path, "water_source_zone", desk.catalog_path, day=datetime.date(2026, 1, 1), facts=facts)
    with pytest.raises(ValueError, match="control units only"):
        plan_import(source, parse_options({}, ""), access=listed)


def test_the_list_of_the_demo_comes_back_equal(facts):
    from lianzhou_gis.rulebook import parse_access_items

    path = Path(__file__).parent.parent.parent / "layers/demo/access_list.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        items, issues = parse_access_items(csv.DictReader(stream), facts)
    assert not issues and read_access_table(path, facts).items == items


def test_a_decision_table_goes_out_comes_back_and_decides_only_what_was_confirmed(workbook, facts, tmp_path):
    from lianzhou_gis.intake.access_decisions import (
        compile_list,
        decision_table,
        read_decisions,
        share,
        write_decisions,
    )

    texts = ["禁止新建、扩建印染、制革项目。", "生态保护红线按照国家和省的有关规定管理", "限制大规模、高强度城镇建设"]
    heads = ["单元编码", "管控维度", "管控类型", "管控要求"]
    kinds = ["禁止", "禁止", "限制"]
    rows = [[f"ZH{unit}", "空间布局约束", *cells] for unit in range(3) for cells in zip(kinds, texts, strict=True)]
    listed = read_access_table(workbook(heads, *rows), facts)
    table = decision_table(listed.items)
    assert sorted((row.outcome, row.count) for row in table) == [("decided", 3), ("restated", 3), ("undecided", 3)]
    path = tmp_path / "decisions.xlsx"
    write_decisions(path, table, datetime.date(2026, 11, 23))
    assert compile_list(listed, read_decisions(path, facts)) == listed.text, "nothing is confirmed yet"
    book = openpyxl.load_workbook(path)
    sheet = book.active
    head = next(row for row in sheet.iter_rows() if row[0].value == "条目文本")
    columns = {cell.value: cell.column for cell in head}
    for row in range(head[0].row + 1, sheet.max_row + 1):
        if sheet.cell(row, columns["处理"]).value != "逐项目人工判断":
            sheet.cell(row, columns["确认"]).value = "是"
            sheet.cell(row, columns["确认人"]).value = "规划股 甲"
            sheet.cell(row, columns["确认日期"]).value = "2026-11-23"
    book.save(path)
    compiled = tmp_path / "list.csv"
    compiled.write_text(compile_list(listed, read_decisions(path, facts)), encoding="utf-8")
    items = read_access_table(compiled, facts).items
    assert share(items) == (9, 3)
    dyeing = next(item for item in items if "印染" in item.text)
    project = {"industry_code": ("C1713",), "construction_nature": "new"}
    assert dyeing.applies_under(project).value is True
    assert dyeing.applies_under({"industry_code": ("G5990",), "construction_nature": "new"}).value is False
    assert dyeing.applies_under(project | {"industry_code": ("C1810",)}).missing == {dyeing.fact}
    assert next(item for item in items if "红线" in item.text).restates == ("ecological_redline",)
    sheet.cell(head[0].row + 1, columns["确认人"]).value = None
    book.save(path)
    with pytest.raises(FormatError):
        read_decisions(path, facts)
