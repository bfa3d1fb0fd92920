"""Maps of a run: one offline HTML file that runs no script but our own, or an ordinary ``folium.Map``."""

from __future__ import annotations

from lianzhou_gis.maps.explorer import explore
from lianzhou_gis.maps.page import map_page

__all__ = ["explore", "map_page"]
