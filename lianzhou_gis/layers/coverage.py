"""The coverage of a layer: declared, never the extent of its features."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError, Issue
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.positions import UNSTATED_POSITION_ERROR_M
from lianzhou_gis.formats.well_known import geometry_from_wkt
from lianzhou_gis.geodesy import Region
from lianzhou_gis.table import Columns

__all__ = ["UNION", "WKT", "DeclaredCoverage", "administrative_code", "areal", "declared_coverage"]

UNION = "union"
_ADMINISTRATIVE = "administrative:"
WKT = re.compile(r"\s*(MULTI)?POLYGON", re.I)


def areal(geometry: BaseGeometry | None, entry: LayerEntry) -> BaseGeometry:
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


@dataclass(frozen=True)
class DeclaredCoverage:
    """The area that a layer covers.

    Attributes
    ----------
    area : shapely geometry or None
        EPSG:4490; ``None`` where nothing is declared.
    reliable : bool
        ``False`` for a file in an old datum without transformation parameters.
    system : str or None
        Name of the reference system of the file.
    issues : tuple of Issue
        What was assumed or repaired on reading the file.
    error_m : float
        How far the borders of administrative zones may be wrong.
    """

    area: Any
    reliable: bool = True
    system: str | None = None
    issues: tuple[Issue, ...] = ()
    error_m: float = 0.0


def administrative_code(entry: LayerEntry) -> str | None:
    """Return the code of the administrative zone that the coverage of a layer is, if it is one.

    Examples
    --------
    >>> administrative_code(LayerEntry(id="k", series="k", theme="t", path="k.gpkg", coverage="administrative:441882"))
    '441882'
    """
    text = entry.coverage or ""
    return text.removeprefix(_ADMINISTRATIVE) if text.startswith(_ADMINISTRATIVE) else None


def declared_coverage(
    entry: LayerEntry, catalog: Catalog, zones: Columns, administrative: Columns | None, region: Region | None = None
) -> DeclaredCoverage:
    """Return the coverage of a layer.

    Parameters
    ----------
    entry : LayerEntry
    catalog : Catalog
    zones : Columns
        Of the layer itself.
    administrative : Columns, optional
        The zones of the theme ``administrative``.
    region : Region, optional
        Where coordinates of a file must lie.

    Raises
    ------
    CatalogError
        If the declaration leads nowhere.
    MissingFileError, FormatError, ReferenceSystemError
        If the file that is named cannot be read.
    """
    text, code = entry.coverage, administrative_code(entry)
    if text is None:
        return DeclaredCoverage(None)
    if text == UNION:
        return DeclaredCoverage(areal(shapely.union_all(zones["geometry"]), entry))
    if code is not None:
        chosen = None if administrative is None else administrative.take(administrative["zone_id"] == code)
        if not chosen:
            raise CatalogError.from_code("coverage_zone_missing", layer=entry.id, zone=code)
        stated = chosen["accuracy_m"].astype(np.float64)
        error = float(np.where(np.isnan(stated), UNSTATED_POSITION_ERROR_M, stated).max())
        return DeclaredCoverage(areal(shapely.union_all(chosen["geometry"]), entry), error_m=error)
    if WKT.match(text):
        return DeclaredCoverage(areal(geometry_from_wkt(text), entry))
    features = read_features(catalog.file(text), region=region)
    area = _united(features.columns["geometry"], entry)
    if features.second is not None:
        # Where the datum is only assumed what counts is covered in both readings.
        both = shapely.get_parts(shapely.intersection(area, _united(features.second.geometries, entry)))
        area = areal(shapely.union_all(both[shapely.get_dimensions(both) == 2]), entry)
    system = features.system
    issues = tuple(replace(issue, where=f"layer {entry.id}, coverage") for issue in features.issues)
    return DeclaredCoverage(area, system.reliable, system.name, issues)


def _united(parts: npt.NDArray[np.object_], entry: LayerEntry) -> BaseGeometry:
    """Return the union of areas; each is checked by itself, as a union makes a valid shape of a broken one."""
    return areal(shapely.union_all([areal(part, entry) for part in parts]), entry)
