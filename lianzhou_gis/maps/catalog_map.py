"""The map of the layers of a catalog on a day, without any site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.layers import Layer, Layers
from lianzhou_gis.maps.drawing import encoded, simplified
from lianzhou_gis.maps.payload import INTERNAL, SYNTHETIC, frame_of
from lianzhou_gis.maps.zone_layers import bounds_of, zone_layers
from lianzhou_gis.rulebook import day_of
from lianzhou_gis.vocabulary import DISCLAIMER, label, theme

__all__ = ["catalog_map", "layer_map"]

_COLUMNS = (
    "theme", "layer_id", "zone_id", "name", "grade", "source_name", "town", "authority", "document", "geometry"
)  # fmt: skip
# Slivers along a border that two surveys drew twice are no area that anyone would look for on a map.
_LEAST_M2 = 10_000.0
_SQUARE_DEGREE_M2 = 1.12e10


def catalog_map(
    catalog: Catalog | str | Path, *, as_of: date | str | None = None, themes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return what the map of a catalog shows: its zones in force on a day, and where layers do not speak.

    Parameters
    ----------
    catalog : Catalog or path
    as_of : date or ISO text, optional
        Default today in China.
    themes : sequence of str, optional
        Default: every theme of the catalog.

    Raises
    ------
    CatalogError
        For a theme that the catalog does not have.
    """
    catalog = catalog if isinstance(catalog, Catalog) else Catalog.open(catalog)
    day = day_of(as_of)
    layers = catalog.load(as_of=day, themes=themes)
    return _payload(f"{catalog.region.name}环境管控图层图", layers, f"{day} 有效的图层")


def layer_map(layer: Layer) -> dict[str, Any]:
    """Return what the map of one layer shows."""
    date_of = layer.entry.data_date
    return _payload(layer.entry.name["zh"], Layers((layer,), ()), f"数据日期 {date_of or '不明'}")


def _payload(title: str, layers: Layers, when: str) -> dict[str, Any]:
    titles = {layer.entry.id: layer.entry.name["zh"] for layer in layers.layers}
    zones = pd.concat([layer.zones[list(_COLUMNS)] for layer in layers.layers], ignore_index=True)
    drawn, moved_m = zone_layers(zones, titles)
    synthetic = SYNTHETIC if any(layer.entry.synthetic for layer in layers.layers) else None
    return frame_of(
        title=title,
        subtitle=[f"{when}　{DISCLAIMER['zh']}"],
        notes=[INTERNAL],
        about=[
            "点按地图查看此处的管控区；未显示、未载入或未覆盖的图层不在其内。",
            f"图形为显示作过简化（约 {moved_m:g} 米以内），不作量算依据。",
        ],
        synthetic=synthetic,
        source_heads=["图层", "文件", "数据日期", "状态"],
        sources=[_source(layer) for layer in layers.layers],
        imprint=[text for text in (f"CGCS2000　{when}", DISCLAIMER["zh"], synthetic) if text],
        layers=drawn,
        gaps=_gaps(layers),
        tables=_gap_tables(layers, titles),
        bounds=bounds_of(zones.geometry.to_numpy()),
    )


def _source(layer: Layer) -> list[Any]:
    status = "已载入" if layer.status == "loaded" else label("gap", layer.status)["zh"]
    day = layer.entry.data_date.isoformat() if layer.entry.data_date else None
    return [layer.entry.name["zh"], layer.entry.document, day, status]


def _gaps(layers: Layers) -> list[dict[str, Any]]:
    """Return where a layer does not speak: its own gaps, and the part of the region that it does not cover."""
    areas = [
        (f"{theme(gap.theme).label['zh']}：{label('gap', gap.reason)['zh']}", gap.area)
        for gap in layers.gaps
        if gap.area is not None
    ]
    if layers.towns is not None:
        region = shapely.union_all(layers.towns["geometry"])
        for layer in layers.layers:
            if layer.status != "loaded" or layer.coverage is None:
                continue
            rest = shapely.difference(region, layer.coverage)
            if rest.area * _SQUARE_DEGREE_M2 > _LEAST_M2:
                areas.append((f"{layer.entry.name['zh']}：{label('gap', 'outside_coverage')['zh']}", rest))
    shapes = encoded(simplified([[area for _, area in areas]]).shapes[0])
    return [{"text": text, "shape": shape} for (text, _), shape in zip(areas, shapes, strict=True) if shape]


def _gap_tables(layers: Layers, titles: dict[str, str]) -> list[dict[str, Any]]:
    rows = [
        [theme(gap.theme).label["zh"], titles.get(gap.layer_id or ""), label("gap", gap.reason)["zh"], gap.zh]
        for gap in layers.gaps
    ]
    return [{"title": "图层缺项", "heads": ["主题", "图层", "原因", "说明"], "rows": rows}] if rows else []
