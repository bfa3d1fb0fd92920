"""A control layer as it was loaded, and what of it is not assessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue
from lianzhou_gis.geodesy import StudyArea
from lianzhou_gis.rulebook import AccessItem
from lianzhou_gis.vocabulary import GapReason

__all__ = ["COLUMNS", "Layer", "LayerGap", "Layers"]

COLUMNS = (
    "zone_id", "layer_id", "theme", "name", "grade", "part", "source_name", "source_type", "town", "authority",
    "document", "valid_from", "valid_to", "official_area_m2", "accuracy_m", "survey_crs", "source_row",
)  # fmt: skip


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
    zh: str
    en: str
    zone_id: str | None = None
    area: Any = None
    towns: tuple[str, ...] | None = None

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
    zones : DataFrame
        Columns of :data:`COLUMNS` first, then the layer's own, then ``geometry``: shapely geometries, EPSG:4490, the
        source's vertices, valid.
    status : str
        ``loaded``, or the gap reason for which it could not be used.
    coverage : shapely geometry, optional
        EPSG:4490; where the layer speaks. ``None``: nowhere.
    sha256 : str, optional
        Of the content: zones by id, normalised geometry, attributes.
    study : StudyArea, optional
        Beyond it zones were left out or cut off: what is nearest is known only up to there. ``None``: nothing was.
    cut : frozenset of str
        The zones that are not here with their whole shape.
    """

    entry: LayerEntry
    zones: pd.DataFrame
    status: str
    coverage: Any = None
    sha256: str | None = None
    study: StudyArea | None = None
    cut: frozenset[str] = frozenset()

    @property
    def feature_count(self) -> int:
        """Zones in use."""
        return len(self.zones)


@dataclass(frozen=True)
class Layers:
    """The layers of a day.

    Attributes
    ----------
    towns : DataFrame, optional
        The administrative zones, for the town of a site.
    access_items : tuple of AccessItem
        Of the control units, those in force.
    """

    layers: tuple[Layer, ...]
    gaps: tuple[LayerGap, ...]
    access_items: tuple[AccessItem, ...] = ()
    towns: pd.DataFrame | None = None
    issues: tuple[Issue, ...] = field(default=())
