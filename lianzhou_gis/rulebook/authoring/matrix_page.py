"""The matrix as one page that a planner reads: kinds of projects across, zones down, a sign and a colour in a cell."""

from __future__ import annotations

from html import escape
from itertools import groupby

from lianzhou_gis.rulebook.authoring.matrix import COLOURS, Cell, Matrix, Place
from lianzhou_gis.rulebook.authoring.page_parts import head
from lianzhou_gis.vocabulary import Effect, themes

__all__ = ["matrix_page"]

# The page takes the whole width of the window; column headings are vertical, so that twenty of them fit.
_STYLE = """<style>
div.document, div.body { width: auto; max-width: none; }
div.sphinxsidebar { display: none; }
div.bodywrapper { margin: 0; }
table.matrix { border-collapse: collapse; font-size: 12px; line-height: 1.15; }
table.matrix th, table.matrix td { border: 1px solid #aaa; padding: 1px 3px; text-align: center; }
table.matrix thead th { position: sticky; top: 0; background: #fff; vertical-align: bottom; }
table.matrix thead th span { writing-mode: vertical-rl; white-space: nowrap; letter-spacing: 1px; }
table.matrix tbody th { text-align: left; font-weight: normal; }
table.matrix tbody th.theme { font-weight: bold; background: #f3f3f3; max-width: 8em; }
table.matrix tbody td { min-width: 2.6em; }
table.matrix td.notice { color: #999; }
table.matrix small { white-space: nowrap; }
%s
@media print { @page { size: A3 landscape; margin: 8mm; } table.matrix { font-size: 9px; } }
</style>"""


def matrix_page(matrix: Matrix, book: str) -> str:
    """Return the page.

    Parameters
    ----------
    matrix : Matrix
    book : str
        The file name of the same as a workbook.

    Examples
    --------
    >>> from lianzhou_gis.rulebook import Rulebook
    >>> page = matrix_page(Matrix(Rulebook.load()), "matrix.xlsx")
    >>> page.count("<tr>") > 50
    True
    """
    kinds = matrix.kinds.types
    rows: list[tuple[Place, list[tuple[Cell, Cell]]]] = []
    quiet: list[str] = []
    for place in matrix.places():
        old, new = matrix.kinds.states
        cells = [(matrix.cell(place, kind, old), matrix.cell(place, kind, new)) for kind in kinds]
        if any(_restricts(cell) for pair in cells for cell in pair):
            rows.append((place, cells))
        else:
            quiet.append(place.words["zh"])
    heads = "".join(
        f'<th title="{escape(kind.title["en"])}"><span>{escape(kind.title["zh"])}</span></th>' for kind in kinds
    )
    colours = "\n".join(f"table.matrix td.{effect.value} {{ background: #{rgb}; }}" for effect, rgb in COLOURS.items())
    lines = [
        _STYLE % colours,
        '<table class="matrix"><thead><tr>',
        f'<th colspan="2">管控区</th>{heads}</tr></thead><tbody>',
    ]
    for theme, listed in groupby(rows, key=lambda row: row[0].theme):
        # Grades of which the same holds share a row.
        group = [(list(same), cells) for cells, same in groupby(listed, key=lambda row: row[1])]
        name = themes()[theme].label if theme else {"zh": "不限地点", "en": "anywhere"}
        first = f'<th class="theme" rowspan="{len(group)}" title="{escape(name["en"])}">{escape(name["zh"])}</th>'
        for same, cells in group:
            en = "; ".join(place.words["en"] for place, _ in same)
            heading = f'<th title="{escape(en)}">{escape(_grades([place for place, _ in same], name["zh"]))}</th>'
            lines.append(f"<tr>{first}{heading}{''.join(_cell(*pair) for pair in cells)}</tr>")
            first = ""
    lines.append("</tbody></table>")
    return "\n\n".join(
        [
            head("项目类型 × 管控区：效力一览", "Matrix: kind of project x zone and grade", matrix.legend("zh")),
            f"同一内容的工作簿：[{book}]({book})。两行的格：上为旧法（{matrix.kinds.states[0]}），下为法典（{matrix.kinds.states[1]}）。",
            "\n".join(lines),
            f"对上列各类项目仅有提示的管控区：{'；'.join(quiet)}。" if quiet else "",
            "仅涉及特定名称区域的规则未列入本表，见各主题页。",
        ]
    )


def _grades(places: list[Place], theme: str) -> str:
    """Return how the rows of a theme are called beside its name."""
    labels = [place.words["zh"].replace(theme, "").strip("·") for place in places]
    labels = [words.replace("排污口位于：·", "排污口：").replace("排污口位于：", "排污口在其内") for words in labels]
    if len(labels) > 1 and all(words.startswith("排污口：") for words in labels):
        return "排污口：" + "、".join(words.removeprefix("排污口：") for words in labels)
    return "、".join(labels) or "区内"


def _restricts(cell: Cell) -> bool:
    return any(effect not in (None, Effect.NOTICE) for effect in (cell.proven, cell.possible))


def _cell(old: Cell, new: Cell) -> str:
    shown = new.proven if new.proven not in (None, Effect.NOTICE) else new.possible
    kind = f' class="{shown.value}"' if shown in COLOURS else ' class="notice"'
    sign = new.sign if old.sign == new.sign else f"{old.sign}<br>→{new.sign}"
    return f"<td{kind}>{sign if len(sign) < 2 else f'<small>{sign}</small>'}</td>"
