"""A run, or layers, as an ordinary ``folium.Map``, safe in all that is put into it here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import folium
from branca.element import MacroElement
from folium.template import Template

from lianzhou_gis.maps import assets, leaflet
from lianzhou_gis.maps.catalog_map import catalog_map, layer_map
from lianzhou_gis.maps.payload import as_json, payload
from lianzhou_gis.maps.zone_layers import bounds_of

if TYPE_CHECKING:
    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.layers import Layer
    from lianzhou_gis.result import Result
    from lianzhou_gis.runs import Run

__all__ = ["Planner", "base_map", "explore", "explore_layer", "explore_layers"]


class Planner(MacroElement):
    """Layers, sites and panels on a folium map.

    The data is a JSON element that only our constant script reads, and writes as text: no folium
    popup, tooltip or GeoJSON is used, because they put what comes from data into script or HTML.

    Parameters
    ----------
    data : dict
        What :func:`lianzhou_gis.maps.payload.payload` returns.
    bring : bool
        Whether script and style come with the element; the page that we write brings its own.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}{% if this.bring %}<style>{{ this.style }}</style>{% endif %}{% endmacro %}
        {% macro html(this, kwargs) %}
        <script type="application/json" id="{{ this.get_name() }}">{{ this.json }}</script>
        {% if this.bring %}<script>{{ this.script }}</script>{% endif %}
        {% endmacro %}
        {% macro script(this, kwargs) %}
        lianzhouPlanner({{ this._parent.get_name() }}, "{{ this.get_name() }}");
        {% endmacro %}
        """
    )

    def __init__(self, data: dict[str, Any], *, bring: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Planner"
        self.bring = bring
        self.json = as_json(data)
        self.script = assets.script()
        self.style = assets.style()


class OfflineMap(folium.Map):
    """A ``folium.Map`` with Leaflet inside; it asks a server for folium's other scripts only where they are used.

    What is drawn here needs Leaflet alone. Markers, popups and the like that a user adds need what folium brings for
    them (jQuery, Bootstrap, icons), which comes from folium's servers, as always with folium.

    Attributes
    ----------
    bring : bool
        Whether Leaflet comes with the map; the page that we write brings its own.
    """

    bring = True

    def render(self, **kwargs: object) -> str:
        """Bring the scripts that are needed, then render as folium does."""
        if not self.bring:
            self.default_js = self.default_css = []
            return str(super().render(**kwargs))  # type: ignore[no-untyped-call]
        script = leaflet.data_uri(leaflet.script().encode(), ".js")
        style = leaflet.data_uri(leaflet.style().encode(), ".css")
        added = any(not isinstance(child, Planner | folium.TileLayer) for child in self._children.values())
        default = folium.Map
        self.default_js = [
            ("leaflet", script),
            *(pair for pair in default.default_js if added and pair[0] != "leaflet"),
        ]
        self.default_css = [
            ("leaflet_css", style),
            *(pair for pair in default.default_css if added and pair[0] != "leaflet_css"),
        ]
        return str(super().render(**kwargs))  # type: ignore[no-untyped-call]


def base_map() -> OfflineMap:
    """Return an empty map without tiles."""
    frame = OfflineMap(location=[0, 0], zoom_start=2, tiles=None, width="100%", height="100%")
    frame._name = "Map"
    return frame


def _framed(data: dict[str, Any]) -> folium.Map:
    """Return what a map shows on an ordinary ``folium.Map``."""
    frame = base_map()
    Planner(data).add_to(frame)
    return frame


def explore(result: Result | Run, *, towards: Sequence[Any] = ()) -> folium.Map:
    """Return a run as a ``folium.Map``, to which tiles, markers and layers of one's own can be added.

    Parameters
    ----------
    result : Result or Run
    towards : sequence of shapely geometry, optional
        What the map looks at first, EPSG:4490; default all sites.

    Returns
    -------
    folium.Map
        Draws offline; it has no basemap until one is added.
    """
    from lianzhou_gis.runs import Run

    run = result if isinstance(result, Run) else Run.of(result)
    data = payload(run)
    return _framed(data | {"bounds": bounds_of(towards) or data["bounds"]})


def explore_layers(
    catalog: Catalog, *, as_of: date | str | None = None, themes: Sequence[str] | None = None
) -> folium.Map:
    """Return the layers of a catalog on a day as a ``folium.Map``; parameters as those of ``catalog_map``."""
    return _framed(catalog_map(catalog, as_of=as_of, themes=themes))


def explore_layer(layer: Layer) -> folium.Map:
    """Return one layer, as it was loaded, as a ``folium.Map``."""
    return _framed(layer_map(layer))
