"""The legend of a figure: the same colours, patterns and words as that of the web map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lianzhou_gis.maps.figures.draw import mark, swatch, write
from lianzhou_gis.maps.figures.fonts import width_of
from lianzhou_gis.vocabulary import Style, Verdict, label, other_style, theme, themes, verdict_style

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from lianzhou_gis.maps.figures.scene import Scene

__all__ = ["Row", "draw_legend", "legend_rows", "styled"]

UNKNOWN = "级别不明"
_SHORT = 11


@dataclass(frozen=True)
class Row:
    """A line of the legend: a heading, or a sign with its words."""

    text: str
    style: Style | None = None
    verdict: str | None = None
    dash: Any = "solid"


def styled(zones: gpd.GeoDataFrame) -> list[tuple[str, str, Style, Any]]:
    """Return the zones by theme and grade: theme, words, style, rows; what covers most comes first."""
    found = []
    names = [name for name in themes() if (zones["theme"] == name).any()]
    names.sort(key=lambda name: (name == "administrative", not theme(name).covering))
    for name in names:
        entry, own = theme(name), zones[zones["theme"] == name]
        grades = {grade.id: grade for grade in entry.grades}
        known = own["grade"].where(own["grade"].isin(list(grades)), "")
        # Mild grades first: the strict ones are drawn over them.
        for grade in ["", *reversed(grades)]:
            group = own[known == grade]
            if len(group):
                words = grades[grade].label["zh"] if grade else UNKNOWN if grades else ""
                found.append((name, words, grades[grade].style if grade else entry.style, group))
    return found


def legend_rows(scene: Scene, seen: gpd.GeoDataFrame) -> list[Row]:
    """Return the lines of the legend for the zones that are seen."""
    rows: list[Row] = []
    if scene.sites:
        rows.append(Row("项目：颜色和标记为已查明的结论，虚线为尚待查明"))
        used = {site["verdict"] for site in scene.sites}
        for name in (verdict.value for verdict in Verdict):
            if name in used:
                dashed = verdict_style(name).line == "dashed"
                rows.append(Row(label("verdict", name)["zh"] + ("（虚线）" if dashed else ""), verdict=name))
    for sign, shown, dash in (
        ("piece", scene.pieces, "solid"), ("gap", scene.gaps, (0, (3, 2))), ("nearest", scene.ways, (0, (1, 1.5))),
    ):  # fmt: skip
        if shown:
            texts, style = other_style(sign)
            rows.append(Row(texts["zh"] + ("（斜线）" if sign == "gap" else ""), style, dash=dash))
    groups: dict[str, list[tuple[str, Style, int]]] = {}
    for name, words, style, group in styled(seen):
        groups.setdefault(name, []).append((words, style, len(group)))
    for name in themes():
        signs = list(reversed(groups.get(name, [])))
        title = theme(name).label["zh"]
        # Words of one line where they fit it.
        if len(signs) == 1 and len(title) + len(signs[0][0]) <= _SHORT:
            words, style, number = signs[0]
            rows.append(Row(f"{title}{' · ' + words if words else ''}（{number}）", style))
        elif signs:
            rows.append(Row(title))
            rows += [Row(f"{words or title}（{number}）", style) for words, style, number in signs]
    return rows


def draw_legend(axes: Axes, rows: list[Row], wide: float, high: float, families: list[str]) -> None:
    """Draw the lines of a legend, in as many columns as they need, all of them.

    Parameters
    ----------
    axes : matplotlib Axes
        Its units are millimetres, 0 at the lower left.
    rows : list of Row
    wide, high : float
        Millimetres.
    families : list of str
        Fonts.
    """
    write(axes, 0, high - 1, "图例", 8.5, families, weight="bold", va="top")
    top = high - 6.5
    columns = 1 if len(rows) * 4.3 <= top else 2 if len(rows) * 3.6 <= 2 * top else 3
    each = -(-len(rows) // columns) if rows else 1
    step = min(4.6, top / each)
    column = wide / columns
    size = min(7.0, step * 1.75)
    sign = 7.0 if columns == 1 else 5.0
    for place, row in enumerate(rows):
        x, y = (place // each) * column, top - (place % each + 0.5) * step
        indent = 0.0
        if row.style is not None or row.verdict is not None:
            indent = sign + 1.4
            if row.style is not None:
                swatch(axes, (x, y - step * 0.36, x + sign, y + step * 0.36), row.style, dash=row.dash)
            else:
                mark(
                    axes,
                    x + sign / 2,
                    y,
                    verdict_style(row.verdict or ""),
                    families,
                    order=5,
                    size=min(6.5, step * 1.5),
                )
        room = (column - indent - 1.0) / 0.3528
        fitting = min(size, room / max(width_of(row.text), 1.0))
        bold = "bold" if row.style is None and row.verdict is None else "normal"
        fitting *= 0.93 if bold == "bold" else 1.0
        write(axes, x + indent, y, row.text, fitting, families, va="center_baseline", weight=bold)
