"""Signs as QGIS keeps them (QML): rules with symbols, in millimetres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from lianzhou_gis.vocabulary import Style, patterns, themes

if TYPE_CHECKING:
    from lianzhou_gis.runs.layer_styles import Sign

__all__ = ["MM", "as_qml"]

Element = ElementTree.Element
# A pixel of the web map, millimetres; the cell of a pattern and its strokes, pixels.
MM = 0.2646
CELL, STROKE, DOT = 8, 1.2, 2.0


def _colour(text: str, opacity: float = 1.0) -> str:
    red, green, blue = (int(text[place : place + 2], 16) for place in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _layer(parent: Element, kind: str, level: int, **options: str) -> Element:
    layer = ElementTree.SubElement(parent, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": str(level)})
    held = ElementTree.SubElement(layer, "Option", {"type": "Map"})
    for name, value in options.items():
        ElementTree.SubElement(held, "Option", {"name": name, "type": "QString", "value": value})
    return layer


def _symbol(parent: Element, kind: str, name: str) -> Element:
    return ElementTree.SubElement(
        parent, "symbol", {"type": kind, "name": name, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    )


def _fill(parent: Element, name: str, sign: Sign, level: int) -> None:
    style, pattern = sign.style, patterns()[sign.style.pattern]
    symbol = _symbol(parent, "fill", name)
    tint = (pattern.tint if sign.opaque is None else sign.opaque) if sign.fill else 0.0
    place = 0

    def ground(colour: str, brush: str, line: str) -> None:
        _layer(
            symbol, "SimpleFill", level, color=colour, style=brush, outline_color=_colour(style.line),
            outline_style=line, outline_width=f"{style.width * MM:.3f}", outline_width_unit="MM", joinstyle="round",
        )  # fmt: skip

    if tint:
        ground(_colour(style.fill, tint), "solid", "no")
        place += 1
    if sign.fill and pattern.mark == "circle":
        _dots(symbol, f"@{name}@{place}", style, level)
    elif sign.fill:
        for angle in pattern.angles:
            _strokes(symbol, f"@{name}@{place}", style, level, angle)
            place += 1
    if sign.line:
        ground(_colour(style.fill, 0), "no", "dash" if sign.dashed else "solid")


def _strokes(symbol: Element, name: str, style: Style, level: int, angle: float) -> None:
    apart = CELL * (math.sqrt(0.5) if angle % 90 else 1.0) * MM
    layer = _layer(
        symbol, "LinePatternFill", level, angle=f"{angle:g}", color=_colour(style.fill), distance=f"{apart:.3f}",
        distance_unit="MM", line_width=f"{STROKE * MM:.3f}", line_width_unit="MM",
    )  # fmt: skip
    line = _symbol(layer, "line", name)
    _layer(
        line, "SimpleLine", 0, line_color=_colour(style.fill), line_style="solid", line_width=f"{STROKE * MM:.3f}",
        line_width_unit="MM", capstyle="flat",
    )  # fmt: skip


def _dots(symbol: Element, name: str, style: Style, level: int) -> None:
    layer = _layer(
        symbol, "PointPatternFill", level, distance_x=f"{CELL * MM:.3f}", distance_x_unit="MM",
        distance_y=f"{CELL * MM:.3f}", distance_y_unit="MM", clip_mode="shape",
    )  # fmt: skip
    marker = _symbol(layer, "marker", name)
    _layer(
        marker, "SimpleMarker", 0, name="circle", color=_colour(style.fill), outline_style="no",
        size=f"{DOT * MM:.3f}", size_unit="MM",
    )  # fmt: skip


def _point(parent: Element, name: str, sign: Sign, level: int) -> None:
    _layer(
        _symbol(parent, "marker", name), "SimpleMarker", level, name="circle", color=_colour(sign.style.fill),
        outline_color=_colour(sign.style.line), outline_style="solid", outline_width=f"{sign.style.width * MM:.3f}",
        outline_width_unit="MM", size=f"{10 * MM:.3f}", size_unit="MM",
    )  # fmt: skip


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def condition(sign: Sign) -> str:
    """Return when a sign holds, as QGIS writes it."""
    parts = [f'"{column}" = {_quoted(value)}' for column, value in sign.where]
    if sign.known:
        parts.append(f'("grade" IS NULL OR "grade" NOT IN ({", ".join(map(_quoted, sign.known))}))')
    return " AND ".join(parts)


def as_qml(signs: list[Sign]) -> str:
    """Return signs as a QML document; those that come later are drawn over those before."""
    point = any(sign.point for sign in signs)
    root = ElementTree.Element("qgis", {"version": "3.34.0", "styleCategories": "Symbology", "minScale": "1e+08"})
    renderer = ElementTree.SubElement(
        root, "renderer-v2", {"type": "RuleRenderer", "symbollevels": "1", "forceraster": "0", "enableorderby": "0"}
    )
    rules = ElementTree.SubElement(renderer, "rules", {"key": "rules"})
    symbols = ElementTree.SubElement(renderer, "symbols")
    groups: dict[str, Element] = {}
    # Symbol levels say what stands above: the legend has the order of the vocabulary, strictest first.
    order = {entry.label["zh"]: place for place, entry in enumerate(themes().values())}
    for place, sign in sorted(enumerate(signs), key=lambda item: (order.get(item[1].group, 0), -item[0])):
        parent = rules
        if sign.group:
            if sign.group not in groups:
                groups[sign.group] = ElementTree.SubElement(
                    rules, "rule", {"key": f"group-{len(groups)}", "label": sign.group}
                )
                if not sign.shown:
                    groups[sign.group].set("checkstate", "0")
            parent = groups[sign.group]
        rule = {"key": f"rule-{place}", "symbol": str(place), "label": sign.text}
        ElementTree.SubElement(parent, "rule", rule | ({"filter": condition(sign)} if condition(sign) else {}))
    for place, sign in enumerate(signs):
        (_point if sign.point else _fill)(symbols, str(place), sign, place)
    ElementTree.SubElement(root, "blendMode").text = "0"
    ElementTree.SubElement(root, "layerGeometryType").text = "0" if point else "2"
    ElementTree.indent(root, " ")
    body = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}\n"
