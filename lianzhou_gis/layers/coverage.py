"""The area for which a layer speaks: declared, never the extent of its features."""

from __future__ import annotations

import re
from typing import Any

import shapely

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.well_known import geometry_from_wkt
from lianzhou_gis.table import Columns

__all__ = ["UNION", "WKT", "areal", "coverage_of"]

UNION = "union"
_ADMINISTRATIVE = "administrative:"
WKT = re.compile(r"\s*(MULTI)?POLYGON", re.I)


def areal(geometry: Any, entry: LayerEntry) -> Any:  # noqa: ANN401 - a shapely geometry
    """Return an area that is fit to be a coverage.

    Raises
    ------
    CatalogError
        If it is no polygon, or not valid.
    """
    if geometry is None or geometry.is_empty or geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise CatalogError.from_code("coverage_not_areal", layer=entry.id)
    if not geometry.is_valid:
        raise CatalogError.from_code("coverage_crosses_itself", layer=entry.id)
    return geometry


def coverage_of(entry: LayerEntry, catalog: Catalog, zones: Columns, administrative: Columns | None) -> Any:  # noqa: ANN401 - a shapely geometry or None
    """Return where a layer speaks, EPSG:4490; ``None`` where nothing is declared.

    Parameters
    ----------
    administrative : Columns, optional
        The zones of the theme ``administrative``.

    Raises
    ------
    CatalogError
        If the declaration leads nowhere.
    MissingFileError, FormatError, ReferenceSystemError
        If the file that is named cannot be read.
    """
    text = entry.coverage
    if text is None:
        return None
    if text == UNION:
        return areal(shapely.union_all(zones["geometry"]), entry)
    if text.startswith(_ADMINISTRATIVE):
        code = text.removeprefix(_ADMINISTRATIVE)
        chosen = None if administrative is None else administrative.take(administrative["zone_id"] == code)
        if not chosen:
            raise CatalogError.from_code("coverage_zone_missing", layer=entry.id, zone=code)
        return areal(shapely.union_all(chosen["geometry"]), entry)
    if WKT.match(text):
        return areal(geometry_from_wkt(text), entry)
    # Each part is looked at by itself: a union would make something valid, and something else, of a broken one.
    parts = [areal(part, entry) for part in read_features(catalog.file(text)).columns["geometry"]]
    return areal(shapely.union_all(parts), entry)
