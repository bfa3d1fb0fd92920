"""Relations of sites and zones, decided with a tolerance: ``== 0`` and ``covers`` fail on floating-point borders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.distance_search import NearPairs, within_border_distance
from lianzhou_gis.overlay.intersecting_pairs import IntersectingPairs, union_by_group
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.uncovered import mean_width
from lianzhou_gis.table import Columns

__all__ = ["TOUCH_WIDTH_M", "classify_pairs", "may_be_thin"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Twice the last digit of millimetre coordinates: a narrower shared part is a common border.
TOUCH_WIDTH_M = 0.002


def may_be_thin(rest_m2: Floats, sites: Geometries, pieces: Geometries) -> Flags:
    """Return where the rest of a site may be a rim of 2 mm: its area is below that of such a rim along all borders."""
    return np.asarray(rest_m2 < TOUCH_WIDTH_M * (shapely.length(sites) + shapely.length(pieces)), dtype=bool)


def _within(sites: Geometries, index: ShapeIndex, pairs: IntersectingPairs, interior: Flags) -> Flags:
    """Return the pairs where at most a rim of the site lies outside the zone."""
    own = sites[pairs.site]
    dimension = shapely.get_dimensions(own)
    result = pairs.whole & interior
    # A point that intersects a zone is within it; a line where at most 2 mm of its length is outside.
    result[interior & (dimension == 0)] = True
    lines = interior & (dimension == 1) & ~pairs.whole
    result[lines] = shapely.length(own[lines]) - shapely.length(pairs.shapes[lines]) < TOUCH_WIDTH_M
    areal = interior & (dimension == 2) & ~pairs.whole
    areal[areal] = may_be_thin(shapely.area(own[areal]) - pairs.area_m2[areal], own[areal], pairs.shapes[areal])
    maybe = np.flatnonzero(areal)
    if not len(maybe):
        return result
    # Subtract the zone, not the shared part: a border computed twice would leave a hair.
    found, root = index.areas.tree.query(own[maybe])
    same = index.areas.owner[root] == pairs.zone[maybe[found]]
    found, root = found[same], root[same]
    zones = union_by_group(index.areas.clip_around(shapely.bounds(own[maybe[found]]), root), found, len(maybe))
    left = np.asarray(shapely.difference(own[maybe], zones), dtype=object)
    parts, owner = shapely.get_parts(left, return_index=True)
    areas = shapely.get_dimensions(parts) == 2
    area = np.bincount(owner[areas], weights=shapely.area(parts[areas]), minlength=len(maybe))
    around = np.bincount(owner[areas], weights=shapely.length(parts[areas]), minlength=len(maybe))
    width = np.divide(2.0 * area, around, out=np.zeros(len(maybe)), where=around > 0)
    result[maybe] = width < TOUCH_WIDTH_M
    return result


def _shallow(pieces: Geometries, borders: Geometries, accuracy: Floats) -> Flags:
    """Return where no vertex of the shared part lies deeper inside its site than the accuracy."""
    corners, owner = shapely.get_coordinates(pieces, return_index=True)
    shapely.prepare(borders)
    points = np.asarray(shapely.points(corners), dtype=object)
    near = np.asarray(shapely.distance(borders[owner], points)) <= accuracy[owner]
    shapely.destroy_prepared(borders)
    return np.asarray(np.bincount(owner[~near], minlength=len(pieces)) == 0, dtype=bool)


def _doubtful(
    sites: Geometries, index: ShapeIndex, pairs: IntersectingPairs, interior: Flags, width: Floats, accuracy: Floats
) -> Flags:
    """Return the pairs that overlap by less than the position errors."""
    # The extent of a zone given as a point is unknown.
    result: Flags = interior & (index.dimension[pairs.zone] == 0)
    thin = np.flatnonzero(interior & ~result & (width < accuracy))
    if not len(thin):
        return result
    # Lines and points have no interior.
    of_areas = thin[shapely.get_dimensions(sites[pairs.site[thin]]) == 2]
    shallow = np.ones(len(pairs.site), dtype=bool)
    shallow[of_areas] = _shallow(
        pairs.shapes[of_areas],
        np.asarray(shapely.boundary(sites[pairs.site[of_areas]]), dtype=object),
        accuracy[of_areas],
    )
    asked = thin[shallow[thin] & (index.dimension[pairs.zone[thin]] == 2)]
    corners, owner = shapely.get_coordinates(pairs.shapes[asked], return_index=True)
    place = asked[owner]
    near = within_border_distance(np.asarray(shapely.points(corners)), index, pairs.zone[place], accuracy[place])
    shallow[place[~near]] = False
    result[thin] = shallow[thin]
    return result


def classify_pairs(
    sites: Geometries,
    index: ShapeIndex,
    pairs: IntersectingPairs,
    near: NearPairs,
    site_accuracy_m: Floats,
    zone_accuracy_m: Floats,
) -> Columns:
    """Return the relation of every pair that intersects or is near.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        In the plane.
    index : ShapeIndex
        Of the zones.
    pairs : IntersectingPairs
    near : NearPairs
    site_accuracy_m, zone_accuracy_m : ndarray of float
        By position.

    Returns
    -------
    Columns
        ``site, zone`` (positions), ``relation``, ``area_m2``, ``length_m`` (in the plane; NaN where neither is a line),
        ``distance_m``, ``bearing_deg``, ``doubtful``, ``whole`` (no border runs through the site), ``shape`` (in the
        plane).

    Notes
    -----
    w = 2 x area / perimeter of the shared part. ``touch``: w below 2 mm. ``doubtful``: w below the hypot of both
    accuracies and no vertex of the part deeper than that in site or zone: a narrow road across a zone is certain.
    """
    dimension, along = shapely.get_dimensions(pairs.shapes), shapely.length(pairs.shapes)
    areal = (shapely.get_dimensions(sites[pairs.site]) == 2) & (index.dimension[pairs.zone] == 2)
    width = mean_width(pairs.shapes)
    size = np.where(dimension == 1, along, np.where(dimension == 0, np.inf, width))
    # Two areas overlap by width; a line or a point by length.
    interior = ~shapely.is_empty(pairs.shapes) & np.where(areal, width >= TOUCH_WIDTH_M, size >= TOUCH_WIDTH_M)
    within = _within(sites, index, pairs, interior)
    accuracy = np.hypot(site_accuracy_m[pairs.site], zone_accuracy_m[pairs.zone])
    intersecting = Columns(
        {
            "site": pairs.site,
            "zone": pairs.zone,
            "relation": np.where(within, "within", np.where(interior, "overlap", "touch")).astype(object),
            "area_m2": np.where(interior, pairs.area_m2, 0.0),
            "length_m": np.where(interior & (dimension == 1), along, np.nan),
            "distance_m": np.zeros(len(pairs.site)),
            "bearing_deg": np.full(len(pairs.site), np.nan),
            "doubtful": _doubtful(sites, index, pairs, interior, np.where(dimension == 1, along, width), accuracy),
            "whole": within & pairs.whole,
            "shape": pairs.shapes,
        }
    )
    if not len(near.site):
        return intersecting
    close = Columns(
        {
            "site": near.site,
            "zone": near.zone,
            "relation": np.full(len(near.site), "near", dtype=object),
            "area_m2": np.zeros(len(near.site)),
            "length_m": np.full(len(near.site), np.nan),
            "distance_m": near.distance_m,
            "bearing_deg": near.bearing_deg,
            "doubtful": np.zeros(len(near.site), dtype=bool),
            "whole": np.zeros(len(near.site), dtype=bool),
            "shape": np.full(len(near.site), None, dtype=object),
        }
    )
    return Columns.joined([intersecting, close])
