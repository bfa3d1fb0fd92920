"""The matrix as a workbook: one page of A3, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

from lianzhou_gis.errors import extra
from lianzhou_gis.rulebook.authoring.matrix import COLOURS, SIGNS, Matrix
from lianzhou_gis.vocabulary import Effect

__all__ = ["write_xlsx"]

_STAMP = datetime(2026, 1, 1)


def write_xlsx(matrix: Matrix, path: Path) -> None:
    """Write the matrix as a workbook, one page wide; the same bytes every time.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    """
    openpyxl = extra("openpyxl", "tables")
    styles = __import__("openpyxl.styles", fromlist=["Alignment"])
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "准入矩阵"
    thin = styles.Side(style="thin", color="999999")
    grid = styles.Border(left=thin, right=thin, top=thin, bottom=thin)
    sheet.append(["项目类型 × 管控区：效力（Matrix of effects）"])
    sheet.append(["管控区", *(kind.title["zh"] for kind in matrix.kinds.types)])
    for place in matrix.places():
        sheet.append([place.words["zh"], *(matrix.text(place, kind) for kind in matrix.kinds.types)])
    last = len(matrix.kinds.types) + 1
    for row in sheet.iter_rows(min_row=2, max_col=last):
        for cell in row:
            cell.border = grid
            cell.alignment = styles.Alignment(wrap_text=True, vertical="center", horizontal="center")
            effect = _strictest(str(cell.value)) if cell.row > 2 and cell.column > 1 else None
            if effect in COLOURS:
                cell.fill = styles.PatternFill("solid", start_color=COLOURS[effect])
    sheet.append([matrix.legend("zh")])
    for row in (1, sheet.max_row):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=last)
        sheet.cell(row, 1).alignment = styles.Alignment(wrap_text=True, vertical="center")
    sheet.cell(1, 1).font = styles.Font(bold=True, size=14)
    sheet.row_dimensions[sheet.max_row].height = 48
    sheet.column_dimensions["A"].width = 34
    for column in range(2, last + 1):
        sheet.column_dimensions[openpyxl.utils.get_column_letter(column)].width = 9.5
    sheet.freeze_panes = "B3"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 8
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    book.properties.creator = "lianzhou_gis"
    book.properties.created = book.properties.modified = _STAMP
    stream = io.BytesIO()
    book.save(stream)
    path.write_bytes(_timeless(stream.getvalue()))


def _timeless(content: bytes) -> bytes:
    """Return a workbook whose parts carry no clock; stored, so that no compressor can change a byte."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as new:
        for name in sorted(old.namelist()):
            data = old.read(name)
            if name == "docProps/core.xml":
                # openpyxl writes the clock when it saves.
                day = f"{_STAMP.isoformat()}Z".encode()
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + day, data)
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o600 << 16
            new.writestr(info, data)
    return result.getvalue()


def _strictest(text: str) -> Effect | None:
    """Return the strictest effect that is proven on the later day, by its sign."""
    proven = text.rpartition("→")[2][:1]
    return next((effect for effect, sign in SIGNS.items() if sign == proven), None)
