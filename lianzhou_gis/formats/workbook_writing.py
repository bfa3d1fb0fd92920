"""Workbooks for people: plain tables in XLSX, the same bytes for the same tables, no cell ever a formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

from lianzhou_gis.errors import extra
from lianzhou_gis.formats.site_ids import plain_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["Sheet", "write_workbook"]

_LONGEST = 2000
# Number of the paper size in a workbook.
_A4 = 9


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
    rows: Sequence[Sequence[object]]
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
        If XlsxWriter is not installed.
    """
    book = extra("xlsxwriter", "tables").Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
    stamp = datetime(day.year, day.month, day.day)
    # The program names itself with its version: a workbook is made by this package.
    book.set_properties({"title": title, "author": "lianzhou_gis", "created": stamp})
    styles = _Styles(book)
    for sheet in sheets:
        _write_sheet(book.add_worksheet(sheet.title), sheet, styles)
    book.close()


class _Styles:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def of(self, **look: object) -> Format:
        """Return the format of some properties."""
        key = tuple(sorted(look.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(look)
        return self._made[key]


def _write_sheet(page: Worksheet, sheet: Sheet, styles: _Styles) -> None:
    """Write a table row by row; nothing of it stays in memory."""
    head, last = len(sheet.notes), len(sheet.heads) - 1
    page.freeze_panes(head + 1, sheet.frozen_columns)
    if sheet.rows:
        page.autofilter(head, 0, head + len(sheet.rows), last)
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)
    for column, width in enumerate(sheet.widths):
        page.set_column(column, column, width)
    for number, note in enumerate(sheet.notes):
        _write(page, number, 0, note, styles.of(), styles.of(quote_prefix=True))
    bold = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8E8E8"}
    for column, text in enumerate(sheet.heads):
        _write(page, head, column, text, styles.of(**bold), styles.of(**bold, quote_prefix=True))
    looks = []
    for shown in sheet.formats or [None] * len(sheet.heads):
        look: dict[str, object] = {"text_wrap": True, "valign": "top", **({"num_format": shown} if shown else {})}
        looks.append((styles.of(**look), styles.of(**look, quote_prefix=True)))
    for number, row in enumerate(sheet.rows, start=head + 1):
        for column, (value, (plain, quoted)) in enumerate(zip(row, looks, strict=True)):
            _write(page, number, column, value, plain, quoted)


@lru_cache(maxsize=65536)
def _shown(text: str) -> str | None:
    return plain_text(text, _LONGEST)[0]


def _write(page: Worksheet, row: int, column: int, value: object, plain: Format, quoted: Format) -> None:
    """Write a cell; texts that begin like a formula are marked as texts."""
    if isinstance(value, str):
        text = _shown(value)
        if text is None:
            page.write_blank(row, column, None, plain)
        else:
            page.write_string(row, column, text, quoted if text[0] in "=+-@" else plain)
    elif value is None or value != value:
        page.write_blank(row, column, None, plain)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value, plain)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, plain)
    elif isinstance(value, Real):
        page.write_number(row, column, float(value), plain)
    else:
        raise TypeError(f"{type(value).__name__} has no place in a workbook")
