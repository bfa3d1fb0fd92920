"""Signs as the standard has them (Styled Layer Descriptor 1.1 with Symbology Encoding), for QGIS and map servers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from lianzhou_gis.runs.qml import CELL, DOT, STROKE
from lianzhou_gis.vocabulary import Style, patterns

if TYPE_CHECKING:
    from lianzhou_gis.runs.layer_styles import Sign

__all__ = ["as_sld"]

Element = ElementTree.Element
_SPACES = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:se": "http://www.opengis.net/se",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "version": "1.1.0",
}
_PIXEL = "http://www.opengeospatial.org/se/units/pixel"


def _add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _set(parent: Element, name: str, value: str) -> None:
    _add(parent, "se:SvgParameter", value, name=name)


def _equal(parent: Element, column: str, value: str) -> None:
    test = _add(parent, "ogc:PropertyIsEqualTo")
    _add(test, "ogc:PropertyName", column)
    _add(test, "ogc:Literal", value)


def _filter(rule: Element, sign: Sign) -> None:
    if not sign.where:
        return
    whole = _add(rule, "ogc:Filter")
    parent = _add(whole, "ogc:And") if len(sign.where) + bool(sign.known) > 1 else whole
    for column, value in sign.where:
        _equal(parent, column, value)
    if sign.known:
        # No grade, or one that has no sign of its own: never left out.
        either = _add(parent, "ogc:Or")
        _add(_add(either, "ogc:PropertyIsNull"), "ogc:PropertyName", "grade")
        other = _add(either, "ogc:Not")
        other = _add(other, "ogc:Or") if len(sign.known) > 1 else other
        for grade in sign.known:
            _equal(other, "grade", grade)


def _polygon(rule: Element, sign: Sign) -> None:
    pattern = patterns()[sign.style.pattern]
    tint = pattern.tint if sign.opaque is None else sign.opaque
    if sign.fill and tint:
        fill = _add(_symbolizer(rule), "se:Fill")
        _set(fill, "fill", sign.style.fill)
        _set(fill, "fill-opacity", f"{tint:g}")
    if sign.fill and pattern.mark:
        graphic = _add(_add(_add(_symbolizer(rule), "se:Fill"), "se:GraphicFill"), "se:Graphic")
        mark = _add(graphic, "se:Mark")
        _add(mark, "se:WellKnownName", pattern.mark)
        dots = pattern.mark == "circle"
        colour = _add(mark, "se:Fill" if dots else "se:Stroke")
        _set(colour, "fill" if dots else "stroke", sign.style.fill)
        if not dots:
            _set(colour, "stroke-width", f"{STROKE:g}")
        _add(graphic, "se:Size", f"{DOT if dots else CELL:g}")
    if sign.line:
        _border(_symbolizer(rule), sign.style, dashed=sign.dashed)


def _symbolizer(rule: Element) -> Element:
    return _add(rule, "se:PolygonSymbolizer", uom=_PIXEL)


def _border(parent: Element, style: Style, *, dashed: bool) -> None:
    stroke = _add(parent, "se:Stroke")
    _set(stroke, "stroke", style.line)
    _set(stroke, "stroke-width", f"{style.width:g}")
    _set(stroke, "stroke-linejoin", "round")
    if dashed:
        _set(stroke, "stroke-dasharray", "6 4")


def _point(rule: Element, sign: Sign) -> None:
    graphic = _add(_add(rule, "se:PointSymbolizer", uom=_PIXEL), "se:Graphic")
    mark = _add(graphic, "se:Mark")
    _add(mark, "se:WellKnownName", "circle")
    _set(_add(mark, "se:Fill"), "fill", sign.style.fill)
    _border(mark, sign.style, dashed=False)
    _add(graphic, "se:Size", "10")


def as_sld(layer: str, signs: list[Sign]) -> str:
    """Return signs as an SLD document; a server draws rules in their order, so that the later stand above."""
    root = ElementTree.Element("StyledLayerDescriptor", _SPACES)
    named = _add(root, "NamedLayer")
    _add(named, "se:Name", layer)
    style = _add(named, "UserStyle")
    _add(style, "se:Name", layer)
    kind = _add(style, "se:FeatureTypeStyle")
    for sign in signs:
        rule = _add(kind, "se:Rule")
        words = f"{sign.group} · {sign.text}" if sign.group and sign.group != sign.text else sign.text
        _add(rule, "se:Name", words)
        _add(_add(rule, "se:Description"), "se:Title", words)
        _filter(rule, sign)
        (_point if sign.point else _polygon)(rule, sign)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
