"""Maps of runs and layers: one offline HTML file that runs no script but our own, or an ordinary ``folium.Map``.

What needs folium or tiles resolves on first use: a publication needs neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lianzhou_gis.maps.catalog_map import catalog_map
from lianzhou_gis.maps.page import map_page, page
from lianzhou_gis.maps.payload import payload

if TYPE_CHECKING:
    from lianzhou_gis.maps.basemaps import basemap, with_basemap
    from lianzhou_gis.maps.explorer import explore, explore_layer, explore_layers

_HOMES = {
    "basemap": "lianzhou_gis.maps.basemaps",
    "explore": "lianzhou_gis.maps.explorer",
    "explore_layer": "lianzhou_gis.maps.explorer",
    "explore_layers": "lianzhou_gis.maps.explorer",
    "with_basemap": "lianzhou_gis.maps.basemaps",
}

__all__ = [
    "basemap",
    "catalog_map",
    "explore",
    "explore_layer",
    "explore_layers",
    "map_page",
    "page",
    "payload",
    "with_basemap",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'lianzhou_gis.maps' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
