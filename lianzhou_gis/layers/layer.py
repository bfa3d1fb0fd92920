"""A control layer as it was loaded, and what of it is not assessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import CatalogError, Issue, Message, did_you_mean
from lianzhou_gis.fingerprint import Fingerprint
from lianzhou_gis.geodesy import StudyArea
from lianzhou_gis.rulebook import AccessItem
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    import pandas as pd

Array = npt.NDArray[Any]

__all__ = ["COLUMNS", "Layer", "LayerGap", "Layers"]

COLUMNS = (
    "zone_id", "layer_id", "theme", "name", "grade", "part", "source_name", "source_type", "town", "authority",
    "document", "valid_from", "valid_to", "official_area_m2", "accuracy_m", "survey_crs", "source_row",
)  # fmt: skip
# In a table of zones these are objects whatever they hold: what is missing is None, which rules take for unknown.
_OBJECTS = {*COLUMNS, "geometry"} - {"zone_id", "layer_id", "theme"}


@dataclass(frozen=True)
class LayerGap:
    """Why a layer, or a part of it, does not speak.

    Attributes
    ----------
    area : shapely geometry, optional
        EPSG:4490: sites that meet it have the gap. Without one, and without towns, every site has it.
    towns : tuple of str, optional
        Sites in these towns have the gap (and those whose town is not known).
    """

    reason: GapReason
    theme: str
    layer_id: str | None
    message: Message
    zone_id: str | None = None
    area: Any = None
    towns: tuple[str, ...] | None = None

    @property
    def zh(self) -> str:
        """The sentence in Chinese."""
        return self.message.zh

    @property
    def en(self) -> str:
        """The sentence in English."""
        return self.message.en

    @property
    def everywhere(self) -> bool:
        """Whether every site has the gap."""
        return self.area is None and self.towns is None


@dataclass(frozen=True)
class Layer:
    """One edition of a control layer.

    Attributes
    ----------
    entry : LayerEntry
    columns : Columns
        Of the zones: those of :data:`COLUMNS` first, then the layer's own, then ``geometry``: shapely geometries,
        EPSG:4490, the source's vertices, valid.
    status : str
        ``loaded``, or the gap reason for which it could not be used.
    coverage : shapely geometry, optional
        EPSG:4490; the coverage. ``None``: nowhere.
    sha256 : str, optional
        Of the content: zones by id, normalised geometry, attributes.
    study : StudyArea, optional
        Beyond it zones were left out or cut off: what is nearest is known only up to there. ``None``: nothing was.
    cut : frozenset of str
        The zones that are not here with their whole shape.
    files : mapping of str to str or None
        SHA-256 of every file that it may have been read from; ``None`` for one that was looked for and is absent.
        Of a database table its own hash.
    coverage_error_m : float
        How far the borders of the coverage may be wrong, where they are those of administrative zones; else 0.
    """

    entry: LayerEntry
    columns: Columns
    status: str
    coverage: Any = None
    sha256: str | None = None
    study: StudyArea | None = None
    cut: frozenset[str] = frozenset()
    files: Mapping[str, str | None] = field(default_factory=dict)
    coverage_error_m: float = 0.0

    def __repr__(self) -> str:
        entry = self.entry
        return (
            f"<Layer {entry.id}: {self.feature_count} zones of {entry.theme}, {self.status}, data of {entry.data_date}>"
        )

    def _repr_html_(self) -> str:
        from lianzhou_gis.reports import layer_card

        return layer_card(self)

    @property
    def feature_count(self) -> int:
        """Zones in use."""
        return len(self.columns)

    @cached_property
    def zones(self) -> pd.DataFrame:
        """The zones as a table."""
        return self.columns.frame(inferred=[name for name in self.columns.arrays if name not in _OBJECTS])

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        """The zones as a GeoDataFrame, EPSG:4490."""
        import geopandas as gpd

        return gpd.GeoDataFrame(self.zones, geometry="geometry", crs="EPSG:4490")

    def explore(self) -> folium.Map:
        """Return the layer as an ordinary ``folium.Map`` that draws offline."""
        from lianzhou_gis.maps import explore_layer

        return explore_layer(self)


@dataclass(frozen=True)
class Layers:
    """The layers of a day.

    Attributes
    ----------
    towns : Columns, optional
        The administrative zones, for the town of a site.
    access_items : tuple of AccessItem
        Of the control units, those in force.
    fingerprint : Fingerprint
        Of everything that the layers rest on, in scope or not.
    secrecy : {"none", "secret", "confidential"}, optional
        The highest class of all layers that were read, in scope or not; ``None`` where one states none.
    """

    layers: tuple[Layer, ...]
    gaps: tuple[LayerGap, ...]
    access_items: tuple[AccessItem, ...] = ()
    towns: Columns | None = None
    issues: tuple[Issue, ...] = field(default=())
    secrecy: str | None = None
    fingerprint: Fingerprint = field(default_factory=Fingerprint.from_inputs)

    def in_towns(self, shapes: Array) -> tuple[Array, Array]:
        """Return which shapes meet which towns, as positions in both.

        Parameters
        ----------
        shapes : ndarray of shapely geometries or None, shape (n,)
            EPSG:4490.
        """
        towns, tree, lock = self._towns
        shape, town = tree.query(shapes)
        # What GEOS makes ready of a shape is its own in every thread, unless they take turns.
        with lock:
            shapely.prepare(towns[np.unique(town)])
            inside = shapely.intersects(towns[town], shapes[shape])
        return shape[inside], town[inside]

    @cached_property
    def _towns(self) -> tuple[Array, shapely.STRtree, Lock]:
        """The shapes of the towns, of its own, and a tree of them."""
        shapes = np.empty(0, dtype=object) if self.towns is None else shapely.force_2d(self.towns["geometry"])
        return shapes, shapely.STRtree(shapes), Lock()

    @cached_property
    def town_names(self) -> list[set[str]]:
        """The names and codes of each town."""
        if self.towns is None:
            return []
        pairs = zip(self.towns["name"], self.towns["zone_id"], strict=True)
        return [{text for text in pair if isinstance(text, str) and text} for pair in pairs]

    def __repr__(self) -> str:
        used = sum(layer.status == "loaded" for layer in self.layers)
        return f"<Layers: {used} of {len(self.layers)} loaded, {len(self.gaps)} gaps>"

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, layer_id: str) -> Layer:
        """Return a layer by its id.

        Raises
        ------
        CatalogError
            If no layer of that id was loaded.
        """
        found = {layer.entry.id: layer for layer in self.layers}
        if layer_id not in found:
            raise CatalogError.from_code(
                "layer_not_loaded", layer=layer_id, hint=did_you_mean(layer_id, found), loaded=list(found)
            )
        return found[layer_id]
