"""Maps of runs and layers: one offline HTML file that runs no script but our own, or an ordinary ``folium.Map``."""

from __future__ import annotations

from lianzhou_gis.maps.basemaps import basemap, with_basemap
from lianzhou_gis.maps.catalog_map import catalog_map
from lianzhou_gis.maps.explorer import explore, explore_layer, explore_layers
from lianzhou_gis.maps.page import map_page, page
from lianzhou_gis.maps.payload import payload

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
