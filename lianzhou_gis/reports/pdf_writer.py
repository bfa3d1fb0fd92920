"""A paper as PDF, set by Typst: the file that is filed.

The texts of a paper enter as one literal of JSON before the template ``document.typ``, so that nothing in them is ever
read as Typst code.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from lianzhou_gis.errors import extra
from lianzhou_gis.reports.content import (
    Block,
    Cell,
    DataTable,
    GridTable,
    Heading,
    NewPage,
    Paper,
    Paragraph,
    Picture,
    display,
)
from lianzhou_gis.reports.fonts import check_glyphs, shared_fonts, system_faces
from lianzhou_gis.reports.qr import qr_svg

if TYPE_CHECKING:
    import typst

__all__ = ["pdf_bytes", "png_of_svg"]

_TEMPLATE = Path(__file__).with_name("document.typ")
_SIZES = (9.5, 9.2, 8.9, 8.6, 8.3, 8.0, 7.7, 7.4)
# Rows longer than this may break across pages; shorter ones stay whole.
_BREAKABLE_CHARACTERS = 600
_QR_MM = 17.0

Json = str | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


def _clean(text: str) -> str:
    r"""Return a text without controls and turns of direction; long codes may break behind an underscore.

    Examples
    --------
    >>> _clean("a\nb\u202ec"), _clean("甲　乙")
    ('a b c', '甲　乙')
    """
    if not text.replace("\u3000", "").isprintable():
        text = "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter for letter in text)
    return text.replace("_", "_\u200b")


def _picture(picture: Picture) -> dict[str, Json]:
    return {
        "kind": "picture",
        "svg": picture.svg,
        "width": round(picture.width_mm, 2),
        "height": round(picture.height_mm, 2),
        "alt": _clean(picture.alt),
    }


def _paragraph(item: Paragraph) -> dict[str, Json]:
    return {
        "kind": "paragraph",
        "text": _clean(item.text),
        "face": item.face,
        "size": item.size_pt,
        "bold": item.bold,
        "align": item.align,
        "indent": item.indent,
    }


def _cell(cell: Cell) -> dict[str, Json]:
    pictures = bool(cell.content) and all(isinstance(item, Picture) for item in cell.content)
    mixed = any(isinstance(item, Paragraph) for item in cell.content)
    parts: list[Json] = [
        _clean(item) if isinstance(item, str) else _picture(item) if isinstance(item, Picture) else _paragraph(item)
        for item in cell.content
    ]
    return {
        "parts": parts,
        "span": cell.span,
        "label": cell.label,
        "align": cell.align,
        "inset": "pictures" if pictures else "mixed" if mixed else "text",
    }


def _grid(table: GridTable) -> dict[str, Json]:
    return {
        "kind": "grid",
        "columns": table.columns,
        "rows": [
            {"cells": [_cell(cell) for cell in row], "least": table.least_mm.get(number)}
            for number, row in enumerate(table.rows)
        ],
        "heavy": [0, *sorted(table.heavy - {0, len(table.rows)}), len(table.rows)],
    }


def _data(table: DataTable) -> dict[str, Json]:
    if not table.rows:
        return _paragraph(Paragraph(table.empty, size_pt=None))
    cells: list[Json] = []
    for row in table.rows:
        texts = [_clean(display(value)) for value in row]
        long = max(map(len, texts)) >= _BREAKABLE_CHARACTERS
        cells += [[text] for text in texts] if long else texts
    return {
        "kind": "data",
        "widths": [column.width for column in table.columns],
        "aligns": [column.align for column in table.columns],
        "heads": [_clean(column.head) for column in table.columns],
        "cells": cells,
    }


def _block(block: Block, paper: Paper) -> dict[str, Json]:
    match block:
        case Paragraph():
            return _paragraph(block)
        case Heading():
            size = {1: 14.0, 2: 12.0}.get(block.level, 10.5) if paper.body_pt < 14 else paper.body_pt
            name = {1: "label", 2: "kai"}.get(block.level, "body")
            return {"kind": "heading", "level": block.level, "face": name, "size": size, "text": _clean(block.text)}
        case NewPage():
            return {"kind": "page"}
        case Picture():
            return _picture(block)
        case DataTable():
            return _data(block)
        case GridTable():
            return _grid(block)
        case _:
            assert_never(block)


def _source(paper: Paper) -> bytes:
    faces, margins = system_faces(), paper.margins
    blocks = list(paper.blocks)
    breaks = (number for number, block in enumerate(blocks) if isinstance(block, NewPage))
    count = next(breaks, len(blocks)) if paper.fit_first_page else 0
    frame: dict[str, Json] = {
        "marks": _clean("　".join(paper.marks)),
        "warning": _clean(paper.warning) if paper.warning else None,
        "footer": [_clean(line) for line in paper.footer],
        "substitutes": faces.substitutes,
        "code": _picture(Picture(qr_svg(paper.code), _QR_MM, _QR_MM, paper.code)) if paper.code else None,
        "numbered-with-dashes": paper.numbered_with_dashes,
    }
    content: dict[str, Json] = {
        "title": _clean(paper.title),
        "frame": frame,
        "margins": {side: getattr(margins, side) for side in ("top", "bottom", "left", "right")},
        "body-size": paper.body_pt,
        "table-size": paper.table_pt,
        "leading": max(0.3, round(paper.leading_pt / paper.body_pt - 1, 2)),
        "sizes": list(_SIZES),
        "fitted": [_block(block, paper) for block in blocks[:count]],
        "blocks": [_block(block, paper) for block in blocks[count:]],
    }
    families = {name: list(found) for name, found in faces.families.items()}
    return f"#let faces = {_literal(families)}\n#let paper = {_literal(content)}\n{_template()}".encode()


def _literal(value: Json) -> str:
    r"""Return values as Typst reads them.

    Examples
    --------
    >>> print(_literal(['a"b']))
    json(bytes("[\"a\\\"b\"]"))
    """
    text = json.dumps(value, ensure_ascii=False).replace("\\", "\\\\").replace('"', '\\"')
    return f'json(bytes("{text}"))'


@cache
def _template() -> str:
    return _TEMPLATE.read_text(encoding="utf-8")


@cache
def _compiler() -> typst.Compiler:
    compiler: typst.Compiler = extra("typst", "reports").Compiler(font_paths=shared_fonts(), ignore_system_fonts=True)
    return compiler


def pdf_bytes(paper: Paper) -> bytes:
    """Return a paper as PDF, the same bytes for the same paper and fonts.

    Raises
    ------
    MissingExtraError
        If Typst, fontTools or a Chinese font is not installed.
    FormatError
        If no font has a character that is used.
    """
    check_glyphs(paper.texts())
    stamp = datetime.fromisoformat(paper.day).replace(tzinfo=UTC)
    found = _compiler().compile(input=_source(paper), format="pdf", timestamp=stamp)
    assert isinstance(found, bytes)
    return found


@lru_cache(maxsize=64)
def png_of_svg(picture: Picture, *, dpi: int = 200) -> bytes:
    """Return a drawing as PNG, for formats that take no SVG; marks that many sites share are drawn once."""
    svg = picture.svg.replace("\\", "\\\\").replace('"', '\\"')
    source = (
        f"#set page(width: {picture.width_mm:.2f}mm, height: {picture.height_mm:.2f}mm, margin: 0mm)\n"
        f'#image(bytes("{svg}"), format: "svg", width: {picture.width_mm:.2f}mm, height: {picture.height_mm:.2f}mm)'
    )
    found = _compiler().compile(input=source.encode(), format="png", ppi=float(dpi))
    return found if isinstance(found, bytes) else b"".join(found or ())
