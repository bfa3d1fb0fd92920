"""A paper as DOCX: the file that is edited in Word or WPS.

The frame of the package comes from python-docx once; body, headers and footers are written as XML, because python-docx
needs milliseconds for every cell and a tenth of a second for every document. Every run names its East Asian font: Word
sets Chinese in another font otherwise.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import assert_never
from xml.sax.saxutils import escape, quoteattr

from lianzhou_gis.errors import extra
from lianzhou_gis.reports.content import (
    Align,
    Block,
    Cell,
    DataTable,
    Face,
    GridTable,
    Heading,
    NewPage,
    Paper,
    Paragraph,
    Picture,
    display,
)
from lianzhou_gis.reports.fonts import DOCX_FACES
from lianzhou_gis.reports.pdf_writer import png_of_svg
from lianzhou_gis.reports.qr import qr_svg

__all__ = ["docx_bytes"]

_TWIPS_PER_MM = 1440 / 25.4
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
# A form must stay on one page whatever the fonts of the machine that opens it.
_LARGE_MM, _LARGE_SCALE = 40.0, 0.88
_LATIN = "Times New Roman"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "[Content_Types].xml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def _clean(text: str) -> str:
    return _ILLEGAL.sub(" ", text.replace("\n", " ").replace("\r", " "))


def _run(text: str, face: Face, size_pt: float, bold: bool = False) -> str:
    font = DOCX_FACES[face]
    half = round(size_pt * 2)
    strong = "<w:b/>" if bold else ""
    return (
        f'<w:r><w:rPr><w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:eastAsia="{font}" w:cs="{_LATIN}"/>{strong}'
        f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(_clean(text))}</w:t></w:r>'
    )


def _field(code: str, size_pt: float) -> str:
    half = round(size_pt * 2)
    fonts = f'<w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:eastAsia="{DOCX_FACES["body"]}"/>'
    look = f'<w:rPr>{fonts}<w:sz w:val="{half}"/></w:rPr>'
    return (
        f'<w:r>{look}<w:fldChar w:fldCharType="begin"/></w:r><w:r>{look}<w:instrText xml:space="preserve"> {code} '
        f'</w:instrText></w:r><w:r>{look}<w:fldChar w:fldCharType="separate"/></w:r><w:r>{look}<w:t>1</w:t></w:r>'
        f'<w:r>{look}<w:fldChar w:fldCharType="end"/></w:r>'
    )


def _p(
    content: str,
    align: Align = "left",
    *,
    before: float = 0,
    after: float = 0,
    line_pt: float | None = None,
    indent_pt: float = 0,
    together: bool = False,
    justify: bool = True,
    extra_properties: str = "",
) -> str:
    jc = {"left": "both" if justify else "left", "center": "center", "right": "right"}[align]
    rule = f' w:line="{round(line_pt * 20)}" w:lineRule="exact"' if line_pt else ""
    first = f'<w:ind w:firstLine="{round(indent_pt * 20)}"/>' if indent_pt else ""
    keep = "<w:keepNext/>" if together else ""
    return (
        f"<w:p><w:pPr>{keep}{extra_properties}"
        f'<w:spacing w:before="{round(before * 20)}" w:after="{round(after * 20)}"{rule}/>{first}<w:jc w:val="{jc}"/>'
        f"</w:pPr>{content}</w:p>"
    )


@cache
def _skeleton() -> dict[str, bytes]:
    """Return the parts that every document shares, as python-docx writes them, without styles that nothing uses.

    The first header and footer hold for every page but the first, the second for the first page.
    """
    document = extra("docx", "reports").Document()
    section = document.sections[0]
    section.different_first_page_header_footer = True
    for edge in (section.header, section.first_page_header, section.footer, section.first_page_footer):
        edge.is_linked_to_previous = False
        for child in list(edge._element):
            edge._element.remove(child)
    defaults = [style for style in document.styles if style.element.get(f"{{{_NAMESPACE}}}default") == "1"]
    for style in list(document.styles):
        if style.name not in {default.name for default in defaults}:
            style.delete()
    for owner, unused in ((document.part, ("stylesWithEffects", "customXml")), (document.part.package, ("thumbnail",))):
        for name in [name for name, relation in owner.rels.items() if relation.reltype.endswith(unused)]:
            del owner.rels[name]
    content = io.BytesIO()
    document.save(content)
    with zipfile.ZipFile(content) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    png = b'<Default Extension="png" ContentType="image/png"/>'
    parts[_TYPES] = parts[_TYPES].replace(b"<Default ", png + b"<Default ", 1)
    return parts


class _Pictures:
    """The pictures of one part of a package: each is stored once and related to the part."""

    def __init__(self, part: str) -> None:
        self._part = part
        self.images: dict[bytes, str] = {}

    def relation(self, image: bytes) -> str:
        return self.images.setdefault(image, f"rIdPicture{len(self.images) + 1}")

    def relations(self) -> str:
        return "".join(
            f'<Relationship Id="{name}" Type="{_RELATIONS}/image" Target="media/{self.target(name)}"/>'
            for name in self.images.values()
        )

    def target(self, name: str) -> str:
        return f"{self._part}-{name.removeprefix('rIdPicture')}.png"


class _Writer:
    """Writes the blocks of one paper as the parts of a DOCX package."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._body: list[str] = []
        self._pictures = {part: _Pictures(part) for part in ("document", "footer2")}
        self._drawn = 0
        self._breaks = False

    def _add(self, xml: str) -> None:
        if self._breaks and xml.startswith("<w:p>"):
            self._breaks = False
            place = xml.index("<w:spacing")
            xml = xml[:place] + "<w:pageBreakBefore/>" + xml[place:]
        self._body.append(xml)

    def parts(self) -> dict[str, bytes]:
        """Return the parts of the package by name."""
        paper = self._paper
        self._add(_p(_run(paper.title, "title", 22.0), "center", after=6, line_pt=28))
        for block in paper.blocks:
            self._block(block)
        parts = dict(_skeleton())
        head = "".join(self._head())
        written = {
            "header1": head,
            "header2": head,
            "footer1": "".join(self._foot(first=False)),
            "footer2": "".join(self._foot(first=True)),
        }
        for name, xml in written.items():
            parts[f"word/{name}.xml"] = re.sub(
                rb"/>$", b">" + xml.encode() + (b"</w:hdr>" if name.startswith("header") else b"</w:ftr>"),
                parts[f"word/{name}.xml"].rstrip(),
            )  # fmt: skip
        document = parts["word/document.xml"].decode()
        start, end = document.index("<w:body>") + len("<w:body>"), document.index("<w:sectPr")
        section = re.sub(r"<w:pgSz [^>]*/><w:pgMar [^>]*/>", self._page(), document[end:])
        parts["word/document.xml"] = (document[:start] + "".join(self._body) + section).encode()
        for name, pictures in self._pictures.items():
            path = f"word/_rels/{name}.xml.rels"
            before = parts.get(path, f'{_XML}<Relationships xmlns="{_PACKAGE}"></Relationships>'.encode())
            parts[path] = before.replace(b"</Relationships>", f"{pictures.relations()}</Relationships>".encode())
            for image, relation in pictures.images.items():
                parts[f"word/media/{pictures.target(relation)}"] = image
        parts["docProps/core.xml"] = self._properties()
        return parts

    def _properties(self) -> bytes:
        paper = self._paper
        stamp = f"{datetime.fromisoformat(paper.day):%Y-%m-%dT%H:%M:%S}Z"
        days = "".join(
            f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{stamp}</dcterms:{name}>' for name in ("created", "modified")
        )
        return (
            f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE.replace("relationships", "metadata/core-properties")}" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{escape(_clean(paper.title))}</dc:title><dc:subject>{escape(_clean(paper.subject))}</dc:subject>"
            "<dc:creator>lianzhou_gis</dc:creator><cp:lastModifiedBy>lianzhou_gis</cp:lastModifiedBy>"
            f"<cp:revision>1</cp:revision>{days}</cp:coreProperties>"
        ).encode()

    def _block(self, block: Block) -> None:
        paper = self._paper
        match block:
            case Paragraph():
                self._add(self._paragraph(block, paper.body_pt))
            case Heading():
                face: Face = "label" if block.level == 1 else "kai" if block.level == 2 else "body"
                size = {1: 14.0, 2: 12.0}.get(block.level, 10.5) if paper.body_pt < 14 else paper.body_pt
                outline = f'<w:outlineLvl w:val="{block.level - 1}"/>'
                # The order of properties is fixed: outlineLvl comes after jc.
                xml = _p(_run(block.text, face, size), "left", before=10, after=5, together=True)
                self._add(xml.replace("</w:pPr>", f"{outline}</w:pPr>", 1))
            case NewPage():
                self._breaks = True
            case Picture():
                self._add(_p(self._picture(block), "center"))
            case GridTable():
                self._add(self._grid(block))
            case DataTable():
                if block.rows:
                    self._add(self._data(block))
                    self._add(_p("", after=2))
                else:
                    self._add(self._paragraph(Paragraph(block.empty), paper.body_pt))
            case _:
                assert_never(block)

    def _paragraph(self, item: Paragraph, size: float, *, in_cell: bool = False) -> str:
        points = item.size_pt or size
        line = 1.3 * points if in_cell else self._paper.leading_pt if item.size_pt is None else None
        return _p(
            _run(item.text, item.face, points, item.bold), item.align,
            before=0 if in_cell else 2, after=0 if in_cell else 2, line_pt=line,
            indent_pt=2 * points if item.indent else 0,
        )  # fmt: skip

    def _picture(self, picture: Picture, scale: float = 1.0, part: str = "document") -> str:
        relation = self._pictures[part].relation(png_of_svg(picture))
        self._drawn += 1
        number = self._drawn
        cx, cy = round(picture.width_mm * scale * 36000), round(picture.height_mm * scale * 36000)
        alt = quoteattr(_clean(picture.alt))
        return (
            "<w:r><w:drawing><wp:inline "
            'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
            f'distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{cx}" cy="{cy}"/>'
            f'<wp:docPr id="{number}" name="图 {number}" descr={alt}/>'
            '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData '
            'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic '
            'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture">'
            f'<pic:nvPicPr><pic:cNvPr id="{number}" name="图 {number}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
            '<a:blip xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
            f'r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
            f'<a:off x="0" y="0"/><a:ext cx="{cx}" cy="{cy}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
            "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )

    def _grid(self, table: GridTable) -> str:
        # Word cannot set a form as large as it fits: this size leaves room for the fonts of any machine.
        size = self._paper.table_pt - 1.2 if self._paper.fit_first_page else self._paper.table_pt
        width = self._paper.margins.width_mm / table.columns
        rows = []
        for number, row in enumerate(table.rows):
            least = table.least_mm.get(number)
            high = f'<w:trHeight w:val="{round(least * _TWIPS_PER_MM)}" w:hRule="atLeast"/>' if least else ""
            top = '<w:top w:val="single" w:sz="10"/>' if number in table.heavy or number == 0 else ""
            cells = "".join(self._cell(cell, width * cell.span, size, top) for cell in row)
            rows.append(f"<w:tr><w:trPr><w:cantSplit/>{high}</w:trPr>{cells}</w:tr>")
        return self._table([width] * table.columns, "".join(rows), padding=12)

    def _cell(self, cell: Cell, width_mm: float, size: float, top: str = "") -> str:
        pictures = bool(cell.content) and all(isinstance(item, Picture) for item in cell.content)
        parts = []
        for item in cell.content:
            if isinstance(item, Picture):
                large = self._paper.fit_first_page and item.height_mm > _LARGE_MM
                parts.append(_p(self._picture(item, _LARGE_SCALE if large else 1.0), cell.align))
            elif isinstance(item, Paragraph):
                parts.append(self._paragraph(item, size, in_cell=True))
            else:
                parts.append(
                    _p(
                        _run(item, "label" if cell.label else "body", size),
                        cell.align,
                        justify=False,
                        line_pt=1.25 * size,
                    )
                )
        margins = '<w:tcMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tcMar>' if pictures else ""
        span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
        borders = f"<w:tcBorders>{top}</w:tcBorders>" if top else ""
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{round(width_mm * _TWIPS_PER_MM)}" w:type="dxa"/>{span}{borders}{margins}'
            f'<w:vAlign w:val="center"/></w:tcPr>{"".join(parts) or _p("")}</w:tc>'
        )

    def _data(self, table: DataTable) -> str:
        size = self._paper.table_pt
        total = sum(column.width for column in table.columns)
        widths = [self._paper.margins.width_mm * column.width / total for column in table.columns]
        shade = '<w:shd w:val="clear" w:color="auto" w:fill="F0F0F0"/>'
        heads = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{round(width * _TWIPS_PER_MM)}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/>'
            f"</w:tcPr>{_p(_run(column.head, 'label', size), 'center')}</w:tc>"
            for column, width in zip(table.columns, widths, strict=True)
        )
        rows = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{heads}</w:tr>"]
        for row in table.rows:
            cells = "".join(
                f'<w:tc><w:tcPr><w:tcW w:w="{round(width * _TWIPS_PER_MM)}" w:type="dxa"/>'
                '<w:vAlign w:val="center"/></w:tcPr>'
                f"{_p(_run(display(value), 'body', size), column.align, justify=False, line_pt=1.25 * size)}</w:tc>"
                for column, width, value in zip(table.columns, widths, row, strict=True)
            )
            rows.append(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>")
        return self._table(widths, "".join(rows))

    def _table(self, widths_mm: Sequence[float], rows: str, padding: int = 30) -> str:
        grid = "".join(f'<w:gridCol w:w="{round(width * _TWIPS_PER_MM)}"/>' for width in widths_mm)
        outer, inner = '<w:{} w:val="single" w:sz="10"/>', '<w:{} w:val="single" w:sz="4"/>'
        borders = "".join(outer.format(side) for side in ("top", "left", "bottom", "right"))
        borders += "".join(inner.format(side) for side in ("insideH", "insideV"))
        return (
            f'<w:tbl><w:tblPr><w:tblW w:w="{round(sum(widths_mm) * _TWIPS_PER_MM)}" w:type="dxa"/>'
            f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>'
            f'<w:tblCellMar><w:top w:w="{padding}" w:type="dxa"/><w:left w:w="70" w:type="dxa"/>'
            f'<w:bottom w:w="{padding}" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>'
            f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
        )

    def _page(self) -> str:
        margins = self._paper.margins
        sides = {**{side: getattr(margins, side) for side in ("top", "right", "bottom", "left")},
                 "header": min(12.0, margins.top / 2), "footer": 8.0, "gutter": 0.0}  # fmt: skip
        twips = " ".join(f'w:{side}="{round(mm * _TWIPS_PER_MM)}"' for side, mm in sides.items())
        size = f'w:w="{round(210 * _TWIPS_PER_MM)}" w:h="{round(297 * _TWIPS_PER_MM)}"'
        return f"<w:pgSz {size}/><w:pgMar {twips}/>"

    def _head(self) -> Iterator[str]:
        paper = self._paper
        sides = "".join(f'<w:{side} w:val="single" w:sz="8" w:space="1"/>' for side in ("top", "bottom"))
        box = f"<w:pBdr>{sides}</w:pBdr>"
        if paper.warning:
            yield _p(_run(paper.warning, "label", 10.5, bold=True), "center", extra_properties=box)
        yield _p(_run("［" + "　".join(paper.marks) + "］" if paper.marks else "", "label", 10.5), "right")

    def _foot(self, *, first: bool) -> Iterator[str]:
        paper = self._paper
        lines = paper.footer if first else paper.footer[:1]
        texts = "".join(_p(_run(line, "body", 8.0), "left", line_pt=11) for line in lines)
        if first and paper.code:
            mark = self._picture(Picture(qr_svg(paper.code), 15.0, 15.0, "二维码"), part="footer2")
            widths = (17.0, paper.margins.width_mm - 17.0)
            contents = (_p(mark, "left"), texts)
            cells = "".join(
                f'<w:tc><w:tcPr><w:tcW w:w="{round(width * _TWIPS_PER_MM)}" w:type="dxa"/><w:vAlign w:val="center"/>'
                f"</w:tcPr>{content}</w:tc>"
                for width, content in zip(widths, contents, strict=True)
            )
            grid = "".join(f'<w:gridCol w:w="{round(width * _TWIPS_PER_MM)}"/>' for width in widths)
            yield (
                f'<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/><w:tblLayout w:type="fixed"/></w:tblPr>'
                f"<w:tblGrid>{grid}</w:tblGrid><w:tr>{cells}</w:tr></w:tbl>"
            )
        else:
            yield from (_p(_run(line, "body", 8.0), "left", line_pt=11) for line in lines)
        if paper.numbered_with_dashes:
            yield _p(_run("— ", "body", 14.0) + _field("PAGE", 14.0) + _run(" —", "body", 14.0), "center")
        else:
            number = _run("第 ", "body", 8.0) + _field("PAGE", 8.0) + _run(" 页，共 ", "body", 8.0)
            yield _p(number + _field("NUMPAGES", 8.0) + _run(" 页", "body", 8.0), "right")


def docx_bytes(paper: Paper) -> bytes:
    """Return a paper as DOCX, the same bytes for the same paper.

    Raises
    ------
    MissingExtraError
        If python-docx or Typst (which draws the pictures) is not installed.
    """
    parts = _Writer(paper).parts()
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts, key=lambda name: (name != _TYPES, name)):
            info = zipfile.ZipInfo(name, _ZIP_DAY)
            # Pictures are compressed already.
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, parts[name])
    return result.getvalue()
