"""Zones as a map shows them: one layer per theme, with legend and counts, and only the attributes that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.maps.drawing import encoded, simplified
from lianzhou_gis.vocabulary import Style, other_style, patterns, shown_at_first, theme, themes

__all__ = ["bounds_of", "others", "pattern_table", "style_record", "zone_layers"]

# Attributes shown beside the name of a clicked zone.
_MORE = {"source_name": "水源", "town": "所在", "authority": "批准机关", "document": "依据"}
_OUTLINE = "administrative"


def style_record(style: Style) -> dict[str, Any]:
    """Return a style as the script takes it."""
    return {"fill": style.fill, "line": style.line, "pattern": style.pattern, "width": style.width}


def pattern_table() -> dict[str, Any]:
    """Return the patterns as the script takes them."""
    return {name: {"paths": list(entry.paths), "tint": entry.tint} for name, entry in patterns().items()}


def others() -> dict[str, Any]:
    """Return label and style of overlap pieces, gaps, nearest ways and outfalls."""
    table = {}
    for name in ("piece", "gap", "nearest", "outfall"):
        words, style = other_style(name)
        table[name] = {"text": words["zh"], **style_record(style)}
    return table


def _text(value: str | float | None) -> str | None:
    return None if value is None or pd.isna(value) else str(value)


def _column(zones: pd.DataFrame, name: str) -> list[str | None]:
    return [_text(value) for value in zones[name]] if name in zones else [None] * len(zones)


def _layer(
    theme_id: str,
    zones: pd.DataFrame,
    shapes: npt.NDArray[np.object_],
    titles: Mapping[str, str],
    beside: Mapping[str, str],
) -> dict[str, Any]:
    entry = theme(theme_id)
    known = {grade.id for grade in entry.grades}
    grades = [grade if grade in known else "" for grade in _column(zones, "grade")]
    more = [
        "；".join(f"{word}：{value}" for word, value in zip(beside.values(), row, strict=True) if value) or None
        for row in zip(*(_column(zones, name) for name in beside), strict=True)
    ] or [None] * len(zones)
    legend = [
        {"style": grade.id, "text": grade.label["zh"], "count": grades.count(grade.id)}
        for grade in entry.grades
        if grade.id in grades
    ]
    if "" in grades:
        words = "级别不明" if entry.grades else entry.label["zh"]
        legend.append({"style": "", "text": words, "count": grades.count("")})
    return {
        "theme": theme_id,
        "title": entry.label["zh"],
        "shown": shown_at_first(theme_id),
        "count": len(zones),
        "styles": {
            "": style_record(entry.style),
            **{grade.id: style_record(grade.style) for grade in entry.grades if grade.id in grades},
        },
        "legend": legend,
        "names": _column(zones, "name"),
        "ids": _column(zones, "zone_id"),
        "grades": grades,
        "of": [titles.get(name or "") for name in _column(zones, "layer_id")],
        "more": more,
        "shapes": encoded(shapes),
    }


def zone_layers(
    zones: pd.DataFrame, titles: Mapping[str, str], *, more: Mapping[str, str] = _MORE, simplify: bool = True
) -> tuple[list[dict[str, Any]], float]:
    """Return zones as layers of a map, and how far their lines may have moved, metres.

    Parameters
    ----------
    zones : DataFrame
        With ``theme``, ``zone_id``, ``name``, ``grade``, ``layer_id`` and ``geometry`` in EPSG:4490.
    titles : mapping of str to str
        The title of each layer by its id.
    more : mapping of str to str
        Further columns of the popup, with their labels.
    simplify : bool
        Whether the shapes are made coarser for drawing.
    """
    # Large areas first, so that the lines of towns are over everything and small zones over large ones.
    names = [name for name in themes() if (zones["theme"] == name).any()]
    names.sort(key=lambda name: (name == _OUTLINE, not theme(name).covering))
    frames = [_large_first(zones[zones["theme"] == name]) for name in names]
    shapes = [frame["geometry"].to_numpy() for frame in frames]
    moved_m = 0.0
    if simplify:
        drawn = simplified(shapes)
        shapes, moved_m = drawn.shapes, drawn.tolerance_m
    layers = [_layer(name, frame, own, titles, more) for name, frame, own in zip(names, frames, shapes, strict=True)]
    return layers, moved_m


def _large_first(zones: pd.DataFrame) -> pd.DataFrame:
    shapes = zones["geometry"].to_numpy()
    return zones.iloc[np.argsort(-shapely.area(shapes), kind="stable")]


def bounds_of(geometries: Sequence[BaseGeometry | None] | npt.NDArray[np.object_]) -> list[list[float]] | None:
    """Return the corners around geometries as Leaflet takes them, a point widened; ``None`` where there is nothing."""
    shapes = np.asarray(geometries, dtype=object)
    if not shapes.size:
        return None
    box = shapely.total_bounds(shapes)
    if not np.isfinite(box).all():
        return None
    west, south, east, north = (float(value) for value in box)
    wide = 0.002 if max(east - west, north - south) < 0.002 else 0.0
    return [[round(south - wide, 6), round(west - wide, 6)], [round(north + wide, 6), round(east + wide, 6)]]
