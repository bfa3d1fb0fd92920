"""What the applicant fills in is read back as facts; what they are unsure of stays asked."""

import openpyxl
import pytest

from lianzhou_gis.errors import FormatError, MissingFileError
from lianzhou_gis.reports.answer_sheet import read_answer_sheet
from lianzhou_gis.reports.api import write_reports


def test_it_goes_there_and_back(run, tmp_path):
    (path,) = write_reports(run, tmp_path, kind="letter", formats=["xlsx"], sites=["DEMO-A"])
    assert read_answer_sheet(path).sites == {"DEMO-A": {}}
    book = openpyxl.load_workbook(path)
    sheet = book["信息填报表"]
    first = next(row[0].row for row in sheet.iter_rows() if row[0].value == "序") + 1
    facts = [sheet.cell(first + number, 2).value for number in range(3)]
    for number, (answer, paper) in enumerate((("否", None), ("不清楚", None), ("是", "某批复"))):
        sheet.cell(first + number, 4).value = answer
        sheet.cell(first + number, 8).value = paper
    book.save(path)
    assert read_answer_sheet(path).sites == {
        "DEMO-A": {facts[0]: "否", facts[2]: "是", f"{facts[2]}_document": "某批复"}
    }


def test_what_is_no_sheet_is_refused(tmp_path):
    with pytest.raises(MissingFileError):
        read_answer_sheet(tmp_path / "none.xlsx")
    book = openpyxl.Workbook()
    book.active["A1"] = "序"
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(FormatError, match="not the sheet"):
        read_answer_sheet(tmp_path / "other.xlsx")
