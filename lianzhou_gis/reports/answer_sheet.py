"""The sheet on which an applicant answers, as XLSX: written with the letter, read back by ``screen --answers``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lianzhou_gis.errors import FormatError, Issue, MissingFileError
from lianzhou_gis.formats import FactsFile
from lianzhou_gis.formats.workbook import read_sheets
from lianzhou_gis.formats.workbook_writing import Sheet, write_workbook

if TYPE_CHECKING:
    from lianzhou_gis.reports.page_frame import Frame
    from lianzhou_gis.reports.site_view import Record, SiteView

__all__ = ["answer_choices", "read_answer_sheet", "write_answer_sheet"]

_TITLE = "信息填报表"
_HEADS = ("序", "信息名称", "问题", "答案", "可填的内容", "填写说明", "填写人", "依据文件")
_SITE = "项目编号："
_UNSURE = "不清楚"
_DOCUMENT = "_document"
_FACT, _ANSWER, _PERSON, _PAPER = 1, 3, 6, 7


def answer_choices(question: Record) -> str:
    """Return what may be answered to a question, in words."""
    words = list(dict.fromkeys(reply["label"]["zh"] for reply in question["replies"]))
    return "、".join([*words, _UNSURE]) if words else "按实际填写"


def write_answer_sheet(path: Path, site: SiteView, frame: Frame) -> None:
    """Write the sheet of a site.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    """
    rows = [
        (
            number, question["fact"], question["question"]["zh"], None, answer_choices(question),
            site.view.fact_help(question["fact"]), None, None,
        )
        for number, question in enumerate(site.open_questions, start=1)
    ]  # fmt: skip
    record = site.view.record
    notes = [
        f"{_SITE}{site.site_id}",
        f"项目名称：{site.name}",
        "只填“答案”“填写人”“依据文件”三栏；不清楚的留空或填“不清楚”。",
        f"运行号 {record['id']}　{'　'.join(frame.marks)}",
    ]
    sheet = Sheet(_TITLE, notes, _HEADS, (5, 24, 46, 18, 30, 46, 14, 24), rows)
    write_workbook(path, [sheet], title=_TITLE, day=date.fromisoformat(record["as_of"]))


def read_answer_sheet(path: str | Path) -> FactsFile:
    """Read a sheet that was filled in.

    What was left empty, or answered 不清楚, is not in the result: it stays asked. A document that was named stands as
    the document of the fact.

    Raises
    ------
    MissingFileError, FormatError
        If there is no such file, or it is no such sheet.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError.from_code("file_missing", file=path)
    issues: list[Issue] = []
    sheets, _ = read_sheets(path, path.name, issues)
    if _TITLE not in sheets:
        raise FormatError.from_code("answer_sheet", file=path)
    rows = [[_text(cell) for cell in row] for row in sheets[_TITLE].to_numpy(dtype=object).tolist()]
    site_id = next((row[0].removeprefix(_SITE).strip() for row in rows if row and row[0].startswith(_SITE)), "")
    head = next((number for number, row in enumerate(rows) if row[_FACT : _FACT + 1] == [_HEADS[_FACT]]), None)
    if not site_id or head is None:
        raise FormatError.from_code("answer_sheet", file=path)
    answers: dict[str, str] = {}
    for row in rows[head + 1 :]:
        cells = row + [""] * (len(_HEADS) - len(row))
        fact, answer = cells[_FACT], cells[_ANSWER]
        if fact and answer and answer != _UNSURE:
            answers[fact] = answer
            if cells[_PAPER]:
                answers[fact + _DOCUMENT] = cells[_PAPER]
    return FactsFile(sites={site_id: dict(answers)}, name=path.name)


def _text(cell: object) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
