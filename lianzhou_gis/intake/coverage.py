"""The coverage of a new layer: declared by a person, checked, stored beside the catalog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import shapely

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError, Issue
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.well_known import geometry_from_wkt
from lianzhou_gis.geodesy import Region
from lianzhou_gis.layers import load_layers
from lianzhou_gis.layers.coverage import WKT, areal
from lianzhou_gis.layers.coverage import declared_coverage as coverage_of_layer
from lianzhou_gis.rulebook import FactVocabulary
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import theme

__all__ = ["Coverage", "declared_coverage", "refuse_own_extent"]

ADMINISTRATIVE = "administrative"
_SAME = 1e-6


@dataclass(frozen=True)
class Coverage:
    """The area that a layer covers.

    Attributes
    ----------
    text : str or None
        Value in the catalog; the name of a file if one is to be stored.
    area : shapely geometry or None
        EPSG:4490; ``None`` if none is declared, or if it follows from the zones.
    to_keep : bool
        Whether ``area`` is to be written to the file that ``text`` names.
    """

    text: str | None
    area: Any = None
    to_keep: bool = False


def declared_coverage(
    text: str, entry: LayerEntry, catalog: Catalog | None, region: Region, day: date, facts: FactVocabulary
) -> tuple[Coverage, list[Issue]]:
    """Return the declared coverage.

    Parameters
    ----------
    text : str
        ``union``, ``administrative:<code>``, WKT in EPSG:4490, or a file.
    entry : LayerEntry
    catalog : Catalog, optional
        For the administrative areas; ``None`` if there is no catalog yet.
    region : Region
        Region in which the coordinates of a file must lie.
    day : datetime.date
        Day whose edition of the administrative areas is used.
    facts : FactVocabulary

    Raises
    ------
    CatalogError, MissingFileError, FormatError, ReferenceSystemError
        If it does not exist, is no area, or is invalid.
    """
    if text == "union":
        if not theme(entry.theme).covering:
            raise CatalogError.from_code("union_for_units_only")
        return Coverage(text), []
    if text.startswith(f"{ADMINISTRATIVE}:"):
        if entry.theme == ADMINISTRATIVE:
            return Coverage(text), []
        towns = None if catalog is None else load_layers(catalog, [ADMINISTRATIVE], day, facts=facts).towns
        none = Columns({"geometry": cells([])})
        declared = replace(entry, coverage=text)
        return Coverage(
            text, coverage_of_layer(declared, catalog, none, towns).area if catalog else _nowhere(entry, text)
        ), []
    if WKT.match(text):
        area = areal(geometry_from_wkt(text), entry)
        if area.bounds[0] < -180 or area.bounds[2] > 180 or area.bounds[1] < -90 or area.bounds[3] > 90:
            raise CatalogError.from_code("coverage_not_geographic")
        return Coverage(text, area), []
    features = read_features(Path(text), region=region)
    # Parts are checked one by one: a union would turn a broken part into a valid shape of another extent.
    area = areal(shapely.union_all([areal(part, entry) for part in features.columns["geometry"]]), entry)
    return Coverage(f"{entry.id}.coverage.gpkg", area, to_keep=True), features.issues


def _nowhere(entry: LayerEntry, text: str) -> NoReturn:
    raise CatalogError.from_code("coverage_before_administrative", layer=entry.id, coverage=text)


def refuse_own_extent(coverage: Coverage, zones: pd.DataFrame, entry: LayerEntry) -> None:
    """Refuse a declaration that only repeats the extent of the zones: it would clear nothing outside them.

    Raises
    ------
    CatalogError
        If the area is the box, the hull or the union of the zones, unless the zones cover the area by definition.
    """
    if coverage.area is None or theme(entry.theme).covering or entry.theme == ADMINISTRATIVE:
        return
    shapes = zones["geometry"].to_numpy(dtype=object)
    shapes = shapes[~shapely.is_missing(shapes)]
    if not len(shapes):
        return
    whole = shapely.geometrycollections(shapes)
    for extent in (shapely.envelope(whole), shapely.convex_hull(whole), *([shapes[0]] if len(shapes) == 1 else [])):
        if extent.area <= 0 or abs(extent.area - coverage.area.area) > _SAME * coverage.area.area:
            continue
        if shapely.hausdorff_distance(extent, coverage.area) < _SAME:
            raise CatalogError.from_code("coverage_is_own_extent", layer=entry.id)
