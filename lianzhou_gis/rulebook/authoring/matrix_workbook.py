"""The matrix as a workbook: one page of A3, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

from lianzhou_gis.errors import extra
from lianzhou_gis.rulebook.authoring.matrix import COLOURS, SIGNS, Matrix
from lianzhou_gis.vocabulary import Effect

__all__ = ["write_xlsx"]

_STAMP = datetime(2026, 1, 1)
# Number of the paper size in a workbook.
_A3 = 8


def write_xlsx(matrix: Matrix, path: Path) -> None:
    """Write the matrix as a workbook, one page wide; the same bytes every time.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    """
    content = io.BytesIO()
    book = extra("xlsxwriter", "tables").Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"author": "lianzhou_gis", "created": _STAMP})
    look = {"text_wrap": True, "valign": "vcenter"}
    boxed = {**look, "align": "center", "border": 1, "border_color": "#999999"}
    plain, title = book.add_format(look), book.add_format({**look, "bold": True, "font_size": 14})
    cell = book.add_format(boxed)
    coloured = {effect: book.add_format({**boxed, "bg_color": f"#{colour}"}) for effect, colour in COLOURS.items()}

    sheet = book.add_worksheet("准入矩阵")
    last = len(matrix.kinds.types)
    places = list(matrix.places())
    sheet.merge_range(0, 0, 0, last, "项目类型 × 管控区：效力（Matrix of effects）", title)
    sheet.write_row(1, 0, ["管控区", *(kind.title["zh"] for kind in matrix.kinds.types)], cell)
    for row, place in enumerate(places, start=2):
        sheet.write_string(row, 0, place.words["zh"], cell)
        for column, kind in enumerate(matrix.kinds.types, start=1):
            text = matrix.text(place, kind)
            effect = _strictest(text)
            sheet.write_string(row, column, text, cell if effect is None else coloured.get(effect, cell))
    foot = len(places) + 2
    sheet.merge_range(foot, 0, foot, last, matrix.legend("zh"), plain)
    # Wrapped heads and the legend need their height named: not every program finds it out.
    sheet.set_row(1, 48)
    sheet.set_row(foot, 48)
    sheet.set_column(0, 0, 56)
    sheet.set_column(1, last, 9.5)
    sheet.freeze_panes(2, 1)
    sheet.set_portrait()
    sheet.set_paper(_A3)
    sheet.fit_to_pages(1, 1)
    book.close()
    path.write_bytes(_stored(content))


def _stored(content: io.BytesIO) -> bytes:
    """Return a workbook without compression: another version of the compressor writes the same bytes."""
    result = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name))
    return result.getvalue()


def _strictest(text: str) -> Effect | None:
    """Return the strictest effect that is proven on the later day, by its sign."""
    proven = text.rpartition("→")[2][:1]
    return next((effect for effect, sign in SIGNS.items() if sign == proven), None)
