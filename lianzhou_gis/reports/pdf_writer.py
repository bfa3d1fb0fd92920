"""A paper as PDF, set by Typst: the file that is filed.

All text of a paper enters the source as string literals, so that nothing in it is ever read as Typst code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
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

_SIZES = (9.5, 9.2, 8.9, 8.6, 8.3, 8.0, 7.7, 7.4)
# Rows longer than this may break across pages; shorter ones stay whole.
_BREAKABLE_CHARACTERS = 600

_PRELUDE = """
#let face(name, size, body, weight: "regular") = text(font: faces.at(name), size: size, weight: weight, body)
#let fitted(sizes, build) = layout(space => {
  let chosen = sizes.last()
  for size in sizes {
    if measure(width: space.width, build(size * 1pt)).height <= space.height { chosen = size; break }
  }
  build(chosen * 1pt)
})
#set table.cell(breakable: true)
#show table: set par(justify: false)
#let line-text(name, size, align-to, indent, weight, body) = block(
  above: 0.55em, below: 0.55em, width: 100%,
  align(align-to, par(
    first-line-indent: (amount: if indent { 2em } else { 0em }, all: true),
    face(name, size, body, weight: weight),
  )),
)
"""


def _string(text: str) -> str:
    r"""Return a text as a Typst string literal; controls and turns of direction become spaces.

    Examples
    --------
    >>> print(_string('a"b' + chr(10)))
    "a\"b "
    """
    cleaned = "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter for letter in text)
    # Long codes may break behind an underscore.
    cleaned = cleaned.replace("_", "_\u200b")
    return '"' + cleaned.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _picture(picture: Picture) -> str:
    svg = picture.svg.replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'image(bytes("{svg}"), format: "svg", width: {picture.width_mm:.2f}mm, height: {picture.height_mm:.2f}mm, '
        f"alt: {_string(picture.alt)})"
    )


def _paragraph(item: Paragraph, size: str) -> str:
    points = f"{item.size_pt}pt" if item.size_pt else size
    weight = '"bold"' if item.bold else '"regular"'
    return (
        f'line-text("{item.face}", {points}, {item.align}, {"true" if item.indent else "false"}, {weight}, '
        f"{_string(item.text)})"
    )


def _cell_content(cell: Cell) -> str:
    face = "label" if cell.label else "body"
    parts = []
    for item in cell.content:
        if isinstance(item, Picture):
            parts.append(_picture(item))
        elif isinstance(item, Paragraph):
            parts.append(_paragraph(item, "size"))
        else:
            parts.append(f'face("{face}", size, {_string(item)})')
    if len(parts) == 1:
        return parts[0]
    return f"stack(spacing: 0.5em, {', '.join(parts)})" if parts else "none"


def _grid(table: GridTable) -> str:
    rows, lines = [], []
    for number, row in enumerate(table.rows):
        least = table.least_mm.get(number)
        for cell in row:
            pictures = bool(cell.content) and all(isinstance(item, Picture) for item in cell.content)
            mixed = any(isinstance(item, Paragraph) for item in cell.content)
            inset = "0pt" if pictures else "(x: 4pt, y: 5.5pt)" if mixed else "(x: 4pt, y: 3.2pt)"
            content = _cell_content(cell)
            if least:
                content = f"block(height: {least:.2f}mm, width: 100%, align(horizon, {content}))"
            rows.append(f"table.cell(colspan: {cell.span}, align: {cell.align} + horizon, inset: {inset}, {content})")
        if number in table.heavy:
            lines.append(f"table.hline(y: {number}, stroke: 1.2pt)")
    lines += [f"table.hline(y: {edge}, stroke: 1.2pt)" for edge in (0, len(table.rows))]
    return f"table(columns: (1fr,) * {table.columns}, stroke: 0.5pt, {', '.join([*rows, *lines])})"


def _data(table: DataTable, size: float) -> str:
    if not table.rows:
        return _paragraph(Paragraph(table.empty), f"{size}pt")
    widths = ", ".join(f"{column.width:g}fr" for column in table.columns)
    heads = ", ".join(
        f'table.cell(align: center + horizon, fill: luma(240), face("label", {size}pt, {_string(column.head)}))'
        for column in table.columns
    )
    cells: list[str] = []
    for row in table.rows:
        texts = [display(value) for value in row]
        if max(map(len, texts)) < _BREAKABLE_CHARACTERS:
            cells += map(_string, texts)
        else:
            cells += [f"table.cell(breakable: true, {_string(text)})" for text in texts]
    aligns = ", ".join(f"{column.align} + horizon" for column in table.columns)
    # Style is set once for the table: to style every cell takes twice the time.
    return (
        f"{{ set text(size: {size}pt); set table.cell(breakable: false); table(columns: ({widths},), "
        f"align: ({aligns},), stroke: 0.5pt, inset: (x: 3.5pt, y: 3pt), table.header({heads}), {', '.join(cells)}) }}"
    )


def _block(block: Block, paper: Paper) -> str:
    match block:
        case Paragraph():
            return _paragraph(block, f"{paper.body_pt}pt")
        case Heading():
            size = {1: 14.0, 2: 12.0}.get(block.level, 10.5) if paper.body_pt < 14 else paper.body_pt
            name = {1: "label", 2: "kai"}.get(block.level, "body")
            return (
                f"heading(level: {block.level}, block(sticky: true, above: 1.1em, below: 0.7em, "
                f'face("{name}", {size}pt, weight: "regular", {_string(block.text)})))'
            )
        case NewPage():
            return "pagebreak(weak: true)"
        case Picture():
            return f"align(center, {_picture(block)})"
        case DataTable():
            return _data(block, paper.table_pt)
        case GridTable():
            return f"{{ let size = {paper.table_pt}pt; {_grid(block)} }}"
        case _:
            assert_never(block)


def _title(paper: Paper) -> str:
    return (
        f'align(center, block(above: 2pt, below: 0.7em, face("title", 22pt, weight: "bold", {_string(paper.title)})))'
    )


def _header(paper: Paper) -> str:
    marks = "　".join(paper.marks)
    box = (
        f'align(right, box(stroke: 0.8pt, inset: (x: 8pt, y: 4pt), face("label", 10.5pt, {_string(marks)})))'
        if marks
        else "none"
    )
    band = (
        "block(width: 100%, inset: 3pt, stroke: 1pt, align(center, "
        f'face("label", 10.5pt, weight: "bold", {_string(paper.warning)})))'
        if paper.warning
        else "none"
    )
    return f"stack(spacing: 3pt, {band}, {box})"


def _footer(paper: Paper) -> str:
    lines = [f'face("body", 8pt, {_string(line)})' for line in paper.footer]
    notes = system_faces().substitutes
    first = [*lines, f'face("body", 7pt, {_string(notes)})'] if notes else lines
    number = (
        'face("body", 14pt, [— #counter(page).display() —])'
        if paper.numbered_with_dashes
        else 'face("body", 8pt, [第 #counter(page).display() 页，共 #counter(page).final().first() 页])'
    )
    later = lines[:1] or ["none"]
    qr = f"[#{_picture(Picture(qr_svg(paper.code), 17, 17, paper.code))}]" if paper.code else "none"
    return (
        "context if here().page() == 1 { grid(columns: (auto, 1fr, auto), column-gutter: 8pt, align: horizon, "
        f"{qr}, stack(spacing: 4pt, {', '.join(first) or 'none'}), align(bottom, {number})) }} "
        f"else {{ grid(columns: (1fr, auto), align: horizon, stack({', '.join(later)}), {number}) }}"
    )


def _source(paper: Paper) -> str:
    faces = system_faces().families
    margins = paper.margins
    table = ", ".join(f"{name}: ({', '.join(map(_string, names))},)" for name, names in faces.items())
    return "\n".join([
        f"#let faces = ({table})",
        _PRELUDE,
        f'#set document(title: {_string(paper.title)}, author: "lianzhou_gis", date: none)',
        f'#set text(font: faces.body, size: {paper.body_pt}pt, lang: "zh", region: "cn")',
        f"#set par(leading: {max(0.3, paper.leading_pt / paper.body_pt - 1):.2f}em, justify: true)",
        "#show heading: it => it.body",
        f'#set page(paper: "a4", margin: (top: {margins.top}mm, bottom: {margins.bottom}mm, left: {margins.left}mm, '
        f"right: {margins.right}mm), header: {_header(paper)}, header-ascent: 9pt, footer: {_footer(paper)}, "
        f"footer-descent: 8pt)",
        *(f"#{line}" for line in _flow(paper)),
    ])  # fmt: skip


def _flow(paper: Paper) -> Iterator[str]:
    blocks: Sequence[Block] = paper.blocks
    if paper.fit_first_page:
        count = next((number for number, block in enumerate(blocks) if isinstance(block, NewPage)), len(blocks))
        inner = "; ".join(
            _grid(block) if isinstance(block, GridTable) else _block(block, paper) for block in blocks[:count]
        )
        sizes = ", ".join(map(str, _SIZES))
        yield f"fitted(({sizes}), size => {{ {_title(paper)}; {inner} }})"
        blocks = blocks[count:]
    else:
        yield _title(paper)
    yield from (_block(block, paper) for block in blocks)


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
    found = _compiler().compile(input=_source(paper).encode(), format="pdf", timestamp=stamp)
    assert isinstance(found, bytes)
    return found


@lru_cache(maxsize=64)
def png_of_svg(picture: Picture, *, dpi: int = 200) -> bytes:
    """Return a drawing as PNG, for formats that take no SVG; marks that many sites share are drawn once."""
    source = (
        f"#set page(width: {picture.width_mm:.2f}mm, height: {picture.height_mm:.2f}mm, margin: 0mm)\n"
        f"#{_picture(picture)}"
    )
    found = _compiler().compile(input=source.encode(), format="png", ppi=float(dpi))
    return found if isinstance(found, bytes) else b"".join(found or ())
