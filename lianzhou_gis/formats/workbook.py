"""XLSX: a sheet of a workbook as a table of coordinates. Formulas are never computed, only their stored values read."""

from __future__ import annotations

import datetime
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

import pandas as pd

from lianzhou_gis.errors import FormatError, Issue, LianzhouError, extra
from lianzhou_gis.formats.archives import Member, list_members
from lianzhou_gis.formats.coordinate_table import features_from_cells
from lianzhou_gis.formats.layer_choice import choose_layer
from lianzhou_gis.formats.limits import MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.raw_features import RawFeatures, capture_warnings
from lianzhou_gis.formats.table_header import find_header

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["read_sheets", "read_workbook", "stored_values"]

# Excel's own bounds are 16,384 columns and 1,048,576 rows; a cell in the last corner of an empty sheet claims them all.
_WIDEST = 256
_MOST_CELLS = 2_000_000
_MOST_BLANK = 100_000
_CELL = re.compile(r"([A-Z]{1,3})\d{1,8}")


def read_workbook(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read the sheet of a workbook that holds coordinates.

    Parameters
    ----------
    layer : str, optional
        Name of the sheet, where several hold coordinates.
    encoding : str, optional
        Not used: the format fixes it.

    Raises
    ------
    FormatError
        If it is damaged or out of bounds, no sheet holds coordinates, several do, or a formula has no stored value.
    """
    issues: list[Issue] = []
    sheets, sha256 = read_sheets(path, name, issues)
    tables = {title: cells for title, cells in sheets.items() if find_header(_head(cells), name) is not None}
    chosen = choose_layer(name, list(tables), layer, also=[title for title in sheets if title not in tables])
    if len(tables) > 1 or len(sheets) > 1:
        name = f"{name}/{chosen}"
    raw = features_from_cells(stored_values(sheets[chosen], name, issues), name, issues)
    raw.sha256 = sha256
    return raw


def read_sheets(path: Path, name: str, issues: list[Issue]) -> tuple[dict[str, pd.DataFrame], str]:
    """Return the cells of every sheet of a workbook that holds any, and the hash of the file.

    Raises
    ------
    FormatError
        If it is damaged or out of bounds.
    """
    content = read_bounded(path, MAX_TEXT_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # Any part can be named as a sheet.
            formulas = [_scanned(archive, member, name) for member in list_members(archive, name, limit=MAX_TEXT_BYTES)]
        with capture_warnings(name, issues):
            sheets = _sheets(content, name, with_formulas=any(formulas))
    except LianzhouError:
        raise
    except Exception as error:
        # Whatever the reader meets in a damaged workbook.
        raise FormatError.from_code("workbook_damaged", file=name) from error
    return sheets, hashlib.sha256(content).hexdigest()


def stored_values(cells: pd.DataFrame, name: str, issues: list[Issue]) -> pd.DataFrame:
    """Return the cells of a sheet with the values that were stored for formulas; a formula without one is refused."""
    cells, formulas = _plain(cells, name)
    if formulas:
        shown = ", ".join(formulas[:8]) + (" ..." if len(formulas) > 8 else "")
        issues.append(Issue.from_code("warning", "formula_value", name, count=len(formulas), shown=shown))
    return cells


def _scanned(archive: zipfile.ZipFile, member: Member, name: str) -> bool:
    """Tell whether a part of a workbook holds formulas; refuse one with too many cells, or with cells too far out.

    The empty cells before one in the last corner of a sheet take for ever.
    """
    parser = expat.ParserCreate(None, " ")
    name = f"{name}/{member.name}"
    cells = rows = 0
    formulas = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal cells, rows, formulas
        local = tag.rsplit(" ", 1)[-1]
        if local == "c":
            cells += 1
            place = _CELL.fullmatch(attributes.get("r", ""))
            if place and len(place[1]) > 1:
                refuse_count(f"{name}:{place[0]}", _number(place[1]), _WIDEST, "columns")
            refuse_count(name, cells, _MOST_CELLS, "cells")
        elif local == "row":
            rows += 1
            number = attributes.get("r", "")
            last = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else rows
            refuse_count(f"{name}:{number or rows}", last - rows, _MOST_BLANK, "blank_rows")
        elif local == "f":
            formulas = True

    def doctype(*_: object) -> None:
        raise FormatError.from_code("workbook_doctype", file=name)

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        with archive.open(member.info) as stream:
            parser.ParseFile(stream)
    except expat.ExpatError:
        # A picture, or a damaged part on which the reader itself will stumble.
        return formulas
    return formulas


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


class _Formula:
    """The stored value of a cell with a formula."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __str__(self) -> str:
        return "" if self.value is None else str(self.value)


def _head(cells: pd.DataFrame) -> list[list[object]]:
    rows: list[list[object]] = cells.iloc[:24].to_numpy(dtype=object).tolist()
    return rows


def _sheets(content: bytes, name: str, *, with_formulas: bool) -> dict[str, pd.DataFrame]:
    """Return the cells of all sheets that hold any, formulas marked."""
    openpyxl = extra("openpyxl", "tables")
    values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    written = values
    if with_formulas:
        written = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    sheets = {}
    for sheet, source_sheet in zip(values.worksheets, written.worksheets, strict=True):
        sheet.reset_dimensions()
        source_sheet.reset_dimensions()
        rows: list[list[object]] = []
        lines: list[int] = []
        width = 0
        pairs = zip(_rows(sheet), _rows(source_sheet), strict=True) if with_formulas else ((r, r) for r in _rows(sheet))
        for line, (row, source) in enumerate(pairs, start=1):
            end = len(source)
            while end and source[end - 1] is None:
                end -= 1
            cells = [_cell(value, text) for value, text in zip(row[:end], source[:end], strict=True)]
            if len(cells) > _WIDEST:
                raise FormatError.from_code(
                    "workbook_columns_many", file=name, sheet=sheet.title, line=line, most=_WIDEST
                )
            width = max(width, len(cells))
            # Blank rows part plots: they stay, but not those that a cell at the far end of the sheet claims.
            if cells or (rows and rows[-1]):
                rows.append(cells)
                lines.append(line)
            refuse_count(name, len(rows) * max(width, 1), _MOST_CELLS, "cells")
        if width:
            sheets[str(sheet.title)] = pd.DataFrame(
                [row + [None] * (width - len(row)) for row in rows], index=lines, columns=range(width), dtype=object
            )
    return sheets


def _rows(sheet: Worksheet) -> Iterator[tuple[object, ...]]:
    rows: Iterator[tuple[object, ...]] = sheet.iter_rows(max_col=_WIDEST + 1, values_only=True)
    return rows


def _cell(value: object, written: object) -> object:
    if isinstance(written, str) and written.startswith("=") and value != written:
        return _Formula(value)
    if isinstance(written, str | int | float | bool | datetime.date | datetime.time | datetime.timedelta | None):
        value = written if value is None else value
    elif written is not None:
        # An array or data table formula.
        return _Formula(value)
    if isinstance(value, str):
        return value.strip() or None
    return value


def _plain(cells: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Return cells with the stored values of formulas, and their places; one without a value is refused."""
    found = []
    grid = cells.to_numpy(dtype=object, copy=True)
    for column in range(grid.shape[1]):
        for row, line in enumerate(cells.index):
            value = grid[row, column]
            if not isinstance(value, _Formula):
                continue
            place = f"{_letters(column)}{line}"
            if value.value is None or (isinstance(value.value, str) and value.value.startswith("#")):
                raise FormatError.from_code("formula_without_value", file=name, place=place)
            found.append(place)
            grid[row, column] = value.value
    return pd.DataFrame(grid, index=cells.index, columns=cells.columns, dtype=object), found


def _letters(column: int) -> str:
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
