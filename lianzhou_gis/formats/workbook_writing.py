"""Workbooks for people: plain tables in XLSX, the same bytes for the same tables, no cell ever a formula."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import extra
from lianzhou_gis.formats.site_ids import plain_text

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["Sheet", "write_workbook"]

_LONGEST = 2000
# The earliest day that a ZIP can hold; stands for no day at all.
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Sheet:
    """One table of a workbook.

    Attributes
    ----------
    notes : sequence of str
        Lines above the table.
    heads : sequence of str
    widths : sequence of float
        Of the columns, in characters.
    rows : sequence of sequences
        Texts, numbers, dates or ``None``.
    formats : sequence of str or None
        Number formats of the columns, such as ``#,##0.00``; empty: none of them has one.
    frozen_columns : int
        Columns that stay in sight at the left.
    """

    title: str
    notes: Sequence[str]
    heads: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[Any]]
    formats: Sequence[str | None] = ()
    frozen_columns: int = 0


def write_workbook(path: Path, sheets: Sequence[Sheet], *, title: str, day: date) -> None:
    """Write tables as a workbook.

    Texts stay texts whatever they begin with: a name such as ``=HYPERLINK(...)`` is shown, never computed.

    Parameters
    ----------
    path : pathlib.Path
    sheets : sequence of Sheet
    title : str
        Of the document.
    day : datetime.date
        The day that stands in the document's properties.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    """
    openpyxl = extra("openpyxl", "tables")
    styles = extra("openpyxl.styles", "tables")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.title), sheet, styles)
    stamp = datetime(day.year, day.month, day.day)
    book.properties.title = title
    book.properties.creator = "lianzhou_gis"
    book.properties.created = book.properties.modified = stamp
    content = io.BytesIO()
    book.save(content)
    path.write_bytes(_timeless(content.getvalue(), stamp))


def _fill(page: Worksheet, sheet: Sheet, styles: ModuleType) -> None:
    bold, wrapped = styles.Font(bold=True), styles.Alignment(wrap_text=True, vertical="top")
    for number, note in enumerate(sheet.notes, start=1):
        _set(page.cell(number, 1), note)
    head = len(sheet.notes) + 1
    for column, (text, width) in enumerate(zip(sheet.heads, sheet.widths, strict=True), start=1):
        cell = page.cell(head, column)
        _set(cell, text)
        cell.font, cell.alignment = bold, wrapped
        cell.fill = styles.PatternFill("solid", fgColor="FFE8E8E8")
        page.column_dimensions[cell.column_letter].width = width
    formats = sheet.formats or [None] * len(sheet.heads)
    for line, row in enumerate(sheet.rows, start=head + 1):
        for column, (value, shown) in enumerate(zip(row, formats, strict=True), start=1):
            cell = page.cell(line, column)
            _set(cell, value)
            cell.alignment = wrapped
            if shown is not None:
                cell.number_format = shown
    page.freeze_panes = page.cell(head + 1, 1 + sheet.frozen_columns)
    if sheet.rows:
        page.auto_filter.ref = f"A{head}:{page.cell(head + len(sheet.rows), len(sheet.heads)).coordinate}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{head}:{head}"


def _set(cell: Cell, value: object) -> None:
    if isinstance(value, str):
        cell.value = plain_text(value, _LONGEST)[0]
        if cell.value is not None:
            # Not "f", which openpyxl takes whatever begins with an equals sign for.
            cell.data_type = "s"
            cell.quotePrefix = cell.value[0] in "=+-@"
    else:
        cell.value = value


def _timeless(content: bytes, stamp: datetime) -> bytes:
    """Return a workbook whose parts carry no clock."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _with_day(data, stamp)
            info = zipfile.ZipInfo(name, _ZIP_DAY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(info, data)
    return result.getvalue()


def _with_day(data: bytes, stamp: datetime) -> bytes:
    """Return the core properties with one day; openpyxl writes the clock when it saves."""
    text = f"{stamp.isoformat()}Z".encode()
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + text, data)
