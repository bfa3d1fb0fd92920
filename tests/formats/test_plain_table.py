"""Tables without coordinates, as lists come."""

import datetime

import openpyxl
import pytest

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.plain_table import is_plain_table, read_plain_table

KNOWN = ["地块名称", "状态", "乡镇"]


def book(path, *sheets):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets:
        page = workbook.create_sheet(title)
        for row in rows:
            page.append(row)
    workbook.save(path)
    return path


def test_a_head_below_titles(tmp_path):
    rows = [
        ["污染地块名录"],
        [],
        ["序号", "地块名称", "状态", "列入日期"],
        [1, "甲", "名录", datetime.datetime(2026, 1, 2)],
        [2.0, " 乙 "],
    ]
    table = read_plain_table(book(tmp_path / "a.xlsx", ("名录", rows)), known=KNOWN)
    assert list(table.frame.columns) == ["序号", "地块名称", "状态", "列入日期"]
    assert table.frame.to_numpy().tolist() == [["1", "甲", "名录", "2026-01-02"], ["2", "乙", None, None]]
    # The lines of the file, for messages.
    assert table.frame.index.tolist()[-1] - table.frame.index.tolist()[0] == 1


def test_the_sheet_that_names_what_is_wanted(tmp_path):
    sheets = ("说明", [["见下表"]]), ("名录", [["地块名称"], ["甲"]])
    assert read_plain_table(book(tmp_path / "a.xlsx", *sheets), known=KNOWN).name == "a.xlsx/名录"
    two = ("一", [["地块名称"], ["甲"]]), ("二", [["地块名称"], ["乙"]])
    path = book(tmp_path / "b.xlsx", *two)
    with pytest.raises(FormatError, match="一, 二"):
        read_plain_table(path, known=KNOWN)
    assert read_plain_table(path, known=KNOWN, sheet="二").frame["地块名称"].tolist() == ["乙"]


def test_csv_in_gbk(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("地块名称,状态\n甲,名录\n\n乙,疑似\n".encode("gbk"))
    table = read_plain_table(path, known=KNOWN)
    assert table.frame["地块名称"].tolist() == ["甲", "乙"] and table.encoding.lower().startswith("gb")


def test_a_table_with_coordinates_is_none(tmp_path):
    (tmp_path / "a.csv").write_text("地块名称,经度,纬度\n甲,112.4,24.8\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("地块名称,状态\n甲,名录\n", encoding="utf-8")
    (tmp_path / "c.geojson").write_text('{"type": "Point", "coordinates": [112.4, 24.8]}', encoding="utf-8")
    assert [is_plain_table(tmp_path / name) for name in ("a.csv", "b.csv", "c.geojson")] == [False, True, False]
    assert not is_plain_table(tmp_path)


def test_no_row_names_anything(tmp_path):
    (tmp_path / "a.csv").write_text("x1,y2\n1,2\n", encoding="utf-8")
    with pytest.raises(FormatError, match="no header row was found"):
        read_plain_table(tmp_path / "a.csv", known=KNOWN)
