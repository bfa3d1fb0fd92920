"""The content of a document, independent of the file format that it is written in.

A builder (:mod:`form`, :mod:`annex`, :mod:`letter`, :mod:`chapters`) returns a :class:`Paper`; a writer
(:mod:`docx_writer`, :mod:`pdf_writer`, :mod:`workbook`) turns it into a file. Lengths are millimetres, font
sizes points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Block",
    "Cell",
    "Column",
    "DataTable",
    "GridTable",
    "Heading",
    "Margins",
    "Measure",
    "NewPage",
    "Paper",
    "Paragraph",
    "Picture",
    "Value",
    "display",
]

Align = Literal["left", "center", "right"]
Face = Literal["body", "label", "title", "kai"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with the decimals that it is written with; a workbook keeps it as a number.

    Examples
    --------
    >>> str(Measure(45882.7654)), str(Measure(0.24, 1, "%"))
    ('45,882.77', '0.2%')
    """

    number: float
    decimals: int = 2
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.number:,.{self.decimals}f}{self.unit}"


Value = str | Measure | None


def display(value: Value) -> str:
    """Return a value as text; nothing is an em dash, so that an empty cell is never taken for a forgotten one."""
    return "—" if value is None or value == "" else str(value)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG.

    Attributes
    ----------
    alt : str
        Text for readers who cannot see it.
    """

    svg: str
    width_mm: float
    height_mm: float
    alt: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph.

    Attributes
    ----------
    indent : bool
        First line indented by two characters.
    size_pt : float or None
        Default: the size of the paper's body.
    """

    text: str
    face: Face = "body"
    size_pt: float | None = None
    bold: bool = False
    align: Align = "left"
    indent: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, kept on one page with what follows; level 1 is the highest."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows begins on a new page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a :class:`GridTable`.

    Attributes
    ----------
    content : sequence of str, Paragraph or Picture
        From top to bottom.
    span : int
        Columns of the grid that it takes.
    label : bool
        Whether it names what stands beside or below it.
    """

    content: Sequence[str | Paragraph | Picture]
    span: int = 1
    label: bool = False
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class GridTable:
    """A form: rows of cells that span columns of one fine grid.

    Attributes
    ----------
    columns : int
        Of equal width.
    rows : sequence of sequences of Cell
        The spans of each add up to ``columns``.
    heavy : frozenset of int
        Rows above which a heavy line is drawn.
    least_mm : mapping
        Least heights of rows, by index.
    """

    columns: int
    rows: Sequence[Sequence[Cell]]
    heavy: frozenset[int] = frozenset()
    least_mm: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a :class:`DataTable`: its head with the unit, its share of the width, its alignment."""

    head: str
    width: float = 1.0
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class DataTable:
    """Rows of one kind under a head that is repeated on every page.

    Attributes
    ----------
    name : str
        Of the worksheet.
    empty : str
        The sentence that stands in place of rows where there are none.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    empty: str = "无。"


Block = Paragraph | Heading | NewPage | GridTable | DataTable | Picture


@dataclass(frozen=True, slots=True)
class Margins:
    """Margins of an A4 page."""

    top: float = 24.0
    bottom: float = 28.0
    left: float = 26.0
    right: float = 26.0

    @property
    def width_mm(self) -> float:
        """Width of the type area."""
        return 210.0 - self.left - self.right


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole document.

    Attributes
    ----------
    marks : sequence of str
        Words that stand in a box at the head of every page, such as 预筛.
    warning : str or None
        A sentence across the head of every page: an altered run, or one whose recheck day has passed.
    footer : sequence of str
        Lines at the foot of every page, beside the page number.
    code : str or None
        Text of the QR code at the foot of the first page.
    body_pt, table_pt : float
        Font sizes.
    leading_pt : float
        Distance between lines of running text.
    day : str
        ISO date that stands in the properties of the file, so that the same run gives the same bytes.
    fit_first_page : bool
        The first block is a form that is set as large as it fits on one page.
    """

    title: str
    blocks: Sequence[Block]
    marks: Sequence[str]
    footer: Sequence[str]
    day: str
    subject: str
    warning: str | None = None
    code: str | None = None
    margins: Margins = Margins()
    body_pt: float = 10.5
    table_pt: float = 9.5
    leading_pt: float = 16.0
    numbered_with_dashes: bool = False
    fit_first_page: bool = False

    def texts(self) -> Iterator[str]:
        """Yield every text that the document shows, pictures excepted."""
        yield from (self.title, self.subject, *self.marks, *self.footer, self.warning or "")
        for block in self.blocks:
            yield from _texts(block)

    def tables(self) -> Iterator[tuple[str, DataTable]]:
        """Yield the data tables with the heading above each."""
        heading = self.title
        for block in self.blocks:
            if isinstance(block, Heading):
                heading = block.text
            elif isinstance(block, DataTable):
                yield heading, block


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph | Heading):
        yield block.text
    elif isinstance(block, Picture):
        yield block.alt
    elif isinstance(block, GridTable):
        for row in block.rows:
            for cell in row:
                for item in cell.content:
                    if isinstance(item, str):
                        yield item
                    else:
                        yield from _texts(item)
    elif isinstance(block, DataTable):
        yield from (column.head for column in block.columns)
        yield from (display(value) for row in block.rows for value in row)
        if not block.rows:
            yield block.empty
