"""The zones of a layer, made ready to be asked: in the plane, milder grades cut by stricter ones, tiled, in a tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay.tiles import Tiles, chains_of, pieces_of
from lianzhou_gis.vocabulary import theme

__all__ = ["ShapeIndex", "areal_parts", "index_zones"]

Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True)
class ShapeIndex:
    """Shapes in the plane, tiled and in a tree.

    Attributes
    ----------
    shapes : ndarray of shapely geometries, shape (n,)
    tiles : Tiles
    """

    shapes: Geometries
    tiles: Tiles

    @classmethod
    def of(cls, shapes: Geometries) -> ShapeIndex:
        """Tile shapes; ``None`` and empty ones are never found."""
        return cls(shapes, pieces_of(shapes))

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Of the tiles."""
        return shapely.STRtree(self.tiles.shapes)

    @cached_property
    def chains(self) -> Tiles:
        """The borders of the shapes in short pieces."""
        return chains_of(self.shapes)

    @cached_property
    def chain_tree(self) -> shapely.STRtree:
        """Of the chains."""
        return shapely.STRtree(self.chains.shapes)

    @cached_property
    def areas(self) -> npt.NDArray[np.float64]:
        """Of the shapes, m2."""
        return np.asarray(shapely.area(self.shapes), dtype=np.float64)


def areal_parts(geometry: Any) -> Any:  # noqa: ANN401 - a shapely geometry
    """Return the areas of a geometry; what is left of a border after a cut (lines, points) is dropped.

    Examples
    --------
    >>> areal_parts(shapely.from_wkt("GEOMETRYCOLLECTION (POINT (0 0), POLYGON ((0 0, 1 0, 1 1, 0 0)))")).geom_type
    'Polygon'
    """
    if geometry is None or geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = shapely.get_parts(geometry)
    parts = parts[shapely.get_dimensions(parts) == 2]
    return shapely.Polygon() if not len(parts) else parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _cut_by_stricter(shapes: Geometries, zones: pd.DataFrame, theme_id: str) -> Geometries:
    """Cut milder grades by the stricter of the same source: nested and ring-shaped data then give the same answer."""
    order = {grade.id: rank for rank, grade in enumerate(theme(theme_id).grades)}
    rank = np.array([order.get(grade, -1) for grade in zones["grade"]])
    source = np.array([name if isinstance(name, str) else "" for name in zones["source_name"]], dtype=object)
    areal = (shapely.get_dimensions(shapes) == 2) & (rank >= 0)
    if len(np.unique(rank[areal])) < 2:
        return shapes
    result = shapes.copy()
    places = np.flatnonzero(areal)
    milder, stricter = shapely.STRtree(shapes[places]).query(shapes[places], predicate="intersects")
    milder, stricter = places[milder], places[stricter]
    bears = (rank[stricter] < rank[milder]) & (source[stricter] == source[milder])
    milder, stricter = milder[bears], stricter[bears]
    for place in np.unique(milder):
        held = shapely.union_all(shapes[stricter[milder == place]])
        result[place] = areal_parts(shapely.difference(shapes[place], held))
    return result


def index_zones(zones: pd.DataFrame, theme_id: str, plane: Plane) -> ShapeIndex:
    """Make the zones of a layer ready; what stricter zones of the same source hold is cut out of milder ones.

    Parameters
    ----------
    zones : DataFrame
        With the columns of zones; geometry EPSG:4490, valid.
    theme_id : str
    plane : Plane
    """
    shapes = plane.project(zones.geometry.to_numpy(), zones["survey_crs"].to_list() if len(zones) else None)
    if theme(theme_id).nested:
        shapes = _cut_by_stricter(shapes, zones, theme_id)
    return ShapeIndex.of(shapes)
