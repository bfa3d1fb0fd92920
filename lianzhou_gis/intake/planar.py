"""A layer projected once for all checks and comparisons, with uncut zones, shared parts and remainders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.layers import Layer
from lianzhou_gis.overlay.intersecting_pairs import intersecting_pairs, union_by_group
from lianzhou_gis.overlay.layer_index import polygonal_part, project_zones
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.subdivide import split_geometries
from lianzhou_gis.overlay.uncovered import difference_from_shapes
from lianzhou_gis.overlay.width import parts_wider_than

__all__ = ["Geometries", "PlanarLayer", "accuracy_of", "areas_of", "beyond", "shared", "shared_within", "wide_parts"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
_NOTHING = shapely.Polygon()


@dataclass(frozen=True)
class PlanarLayer:
    """The zones of a layer in the plane.

    Attributes
    ----------
    layer : Layer
        As loaded: valid geometry, EPSG:4490.
    plane : Plane
    """

    layer: Layer
    plane: Plane

    @property
    def zones(self) -> pd.DataFrame:
        """The table of zones."""
        return self.layer.zones

    @cached_property
    def shapes(self) -> Geometries:
        """The zones, uncut; what is no area is an empty polygon."""
        shapes = self.plane.project(self.zones["geometry"].to_numpy(dtype=object), self.zones["survey_crs"].to_list())
        return areas_of(shapes)

    @cached_property
    def index(self) -> ShapeIndex:
        """Of the zones, uncut."""
        return ShapeIndex.build(self.shapes)

    @cached_property
    def overlaps(self) -> tuple[Positions, Positions, Geometries]:
        """The pairs of zones that share ground, each once, and what they share."""
        return shared_within(self.shapes)

    @cached_property
    def cut(self) -> Geometries:
        """The zones, milder grades cut by stricter ones of the same source, as a screening sees them."""
        return areas_of(project_zones(self.layer.columns, self.layer.entry.theme, self.plane))

    def on_earth(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape of the plane in EPSG:4490."""
        unprojected: BaseGeometry = self.plane.unproject([shape])[0]
        return unprojected


def areas_of(shapes: Geometries) -> Geometries:
    """Replace shapes that are no areas by empty polygons."""
    result = shapes.copy()
    result[shapely.get_dimensions(shapes) != 2] = _NOTHING
    return result


def accuracy_of(zones: pd.DataFrame, unstated: float) -> npt.NDArray[np.float64]:
    """Return the accuracy of zones, metres."""
    return pd.to_numeric(zones["accuracy_m"], errors="coerce").fillna(unstated).to_numpy(dtype=np.float64)


def wide_parts(shape: BaseGeometry, width_m: float) -> BaseGeometry:
    """Return the parts of an area with at least this mean width; empty if there is none.

    Examples
    --------
    >>> shape = shapely.MultiPolygon([shapely.box(0, 0, 100, 1), shapely.box(0, 10, 50, 60)])
    >>> wide_parts(shape, 4.0).area
    2500.0
    """
    parts = np.asarray(shapely.get_parts(shapely.get_parts(shape)), dtype=object)
    parts = parts[shapely.get_dimensions(parts) == 2]
    kept = parts[parts_wider_than(parts, width_m)] if len(parts) else parts
    return _NOTHING if not len(kept) else kept[0] if len(kept) == 1 else shapely.union_all(kept)


def shared(first: Geometries, second: ShapeIndex) -> tuple[Positions, Positions, Geometries]:
    """Return the pairs of areas that share ground, and what they share."""
    pairs = intersecting_pairs(first, second)
    kept = pairs.area_m2 > 0
    return pairs.site[kept], pairs.zone[kept], pairs.shapes[kept]


def shared_within(shapes: Geometries) -> tuple[Positions, Positions, Geometries]:
    """Return the pairs of shapes that share ground, each once, and what they share."""
    tiles, owner = split_geometries(shapes)
    one, other = shapely.STRtree(tiles).query(tiles, predicate="intersects")
    once = owner[one] < owner[other]
    one, other = one[once], other[once]
    pieces = np.asarray(shapely.intersection(tiles[one], tiles[other]), dtype=object)
    kept = shapely.area(pieces) > 0
    owners = np.stack([owner[one[kept]], owner[other[kept]]], axis=1).reshape(-1, 2)
    pairs, group = np.unique(owners, axis=0, return_inverse=True)
    whole = union_by_group(pieces[kept], group.reshape(-1).astype(np.intp), len(pairs))
    return pairs[:, 0], pairs[:, 1], np.array([polygonal_part(shape) for shape in whole], dtype=object)


def beyond(first: Geometries, second: ShapeIndex) -> tuple[Positions, Geometries]:
    """Return the areas that are not wholly inside the others together, and what of them is not."""
    return difference_from_shapes(first, second, intersecting_pairs(first, second), np.ones(len(second), dtype=bool))
