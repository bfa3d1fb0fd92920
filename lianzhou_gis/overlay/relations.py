"""Relations of sites and zones, and whether the position errors of both could undo them.

Two areas overlap where a part of what they share holds a disc of 2 mm: neither ``== 0``, nor ``covers``, nor a mean
over parts tells an area from the hairs that floating-point borders leave. An overlap is doubtful where its depth
(:mod:`~lianzhou_gis.overlay.depth`) is within the position error, and a zone nearby where its distance is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.geodesy.distance import scale
from lianzhou_gis.overlay.crossing import SURROUNDINGS, coincide, run_through
from lianzhou_gis.overlay.depth import SharedGround, border_segments, line_segments, maximum_depth, triangulate
from lianzhou_gis.overlay.distance_search import NearPairs, within_border_distance
from lianzhou_gis.overlay.intersecting_pairs import IntersectingPairs, union_by_group
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.width import (
    TOUCH_WIDTH_M,
    disc_diameter_bound,
    parts_wider_than,
    too_small_for_disc,
    wider_than,
)
from lianzhou_gis.table import Columns

__all__ = ["Subjects", "classify_pairs", "may_be_thin", "overlap_depths", "relate_intersecting"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# The planar distance of a segment within the search radius may be this much larger: the plane is not conformal.
_PLANE_MARGIN = 1.05


@dataclass(frozen=True)
class Subjects:
    """Sites (or outfalls) and the shapes that they are related to, in one plane.

    Attributes
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
    site_error_m : ndarray of float, shape (n,)
        Position errors, as limits.
    index : ShapeIndex
    zone_error_m : ndarray of float, shape (zones,)
    plane : Plane
    """

    sites: Geometries
    site_error_m: Floats
    index: ShapeIndex
    zone_error_m: Floats
    plane: Plane

    def error(self, site: Positions, zone: Positions) -> Floats:
        """Return the position error of pairs: the hypot of both errors."""
        return np.asarray(np.hypot(self.site_error_m[site], self.zone_error_m[zone]), dtype=np.float64)


def may_be_thin(rest_m2: Floats, border_m: Floats) -> Flags:
    """Return where the rest of a site may be a rim of 2 mm: its area is below that of such a rim along all borders."""
    return np.asarray(rest_m2 < TOUCH_WIDTH_M * border_m, dtype=bool)


def _interior(subjects: Subjects, pairs: IntersectingPairs) -> Flags:
    """Return the pairs that share more than a border: a disc, a length or a depth of 2 mm."""
    count = len(pairs.site)
    areal = (shapely.get_dimensions(subjects.sites[pairs.site]) == 2, subjects.index.dimension[pairs.zone] == 2)
    dimension = shapely.get_dimensions(pairs.pieces)
    interior = np.zeros(count, dtype=bool)
    interior[pairs.pair[(dimension == 2) & parts_wider_than(pairs.pieces, TOUCH_WIDTH_M)]] = True
    # A disc may lie across the edge at which a long site was divided.
    several = np.bincount(pairs.pair, minlength=count) > 1
    divided = np.flatnonzero(areal[0] & areal[1] & several & ~interior)
    if len(divided):
        chosen = np.zeros(count, dtype=bool)
        chosen[divided] = True
        interior[divided] = wider_than(pairs.subset(chosen).shapes, TOUCH_WIDTH_M)
    along = np.bincount(
        pairs.pair, weights=np.where(dimension == 1, shapely.length(pairs.pieces), 0.0), minlength=count
    )
    interior |= ~(areal[0] & areal[1]) & (along > TOUCH_WIDTH_M)
    points = np.flatnonzero(dimension == 0)
    interior[pairs.pair[points[_inside_border(subjects, pairs, points)]]] = True
    return interior


def _inside_border(subjects: Subjects, pairs: IntersectingPairs, points: Positions) -> Flags:
    """Return which shared points lie more than 2 mm inside the border of the area that they are shared with."""
    pair = pairs.pair[points]
    site, zone = pairs.site[pair], pairs.zone[pair]
    shapes = pairs.pieces[points]
    limit = np.full(len(points), TOUCH_WIDTH_M)
    inside = np.ones(len(points), dtype=bool)
    in_zone = subjects.index.dimension[zone] == 2
    inside[in_zone] = ~within_border_distance(shapes[in_zone], subjects.index, zone[in_zone], limit[in_zone])
    in_site = ~in_zone & (shapely.get_dimensions(subjects.sites[site]) == 2)
    borders = shapely.boundary(subjects.sites[site[in_site]])
    inside[in_site] = shapely.distance(borders, shapes[in_site]) > TOUCH_WIDTH_M
    return inside


def _within(subjects: Subjects, pairs: IntersectingPairs, interior: Flags) -> Flags:
    """Return the pairs where the part of the site outside the zone holds no disc, or no length, of 2 mm."""
    own = subjects.sites[pairs.site]
    index = subjects.index
    dimension = shapely.get_dimensions(own)
    result = pairs.whole & interior
    result[interior & (dimension == 0)] = True
    lines = interior & (dimension == 1) & ~pairs.whole
    result[lines] = shapely.length(own[lines]) - shapely.length(pairs.shapes[lines]) <= TOUCH_WIDTH_M
    areal = np.flatnonzero(interior & (dimension == 2) & ~pairs.whole)
    rest = shapely.area(own[areal]) - pairs.area_m2[areal]
    small = too_small_for_disc(rest, TOUCH_WIDTH_M)
    result[areal[small]] = True
    areal, rest = areal[~small], rest[~small]
    maybe = areal[may_be_thin(rest, shapely.length(own[areal]) + shapely.length(pairs.shapes[areal]))]
    if not len(maybe):
        return result
    # Subtract the zone, not the shared part: a border computed twice would leave a hair.
    found, root = index.areas.tree.query(own[maybe])
    same = index.areas.owner[root] == pairs.zone[maybe[found]]
    found, root = found[same], root[same]
    zones = union_by_group(index.areas.clip_around(shapely.bounds(own[maybe[found]]), root), found, len(maybe))
    result[maybe] = ~wider_than(np.asarray(shapely.difference(own[maybe], zones), dtype=object), TOUCH_WIDTH_M)
    return result


def _factors(subjects: Subjects, pairs: IntersectingPairs) -> Floats:
    """Return the conformal factor at every pair."""
    boxes = np.asarray(shapely.bounds(pairs.pieces), dtype=np.float64).reshape(-1, 4)
    count = np.maximum(np.bincount(pairs.pair, minlength=len(pairs.site)), 1)
    northing = np.bincount(pairs.pair, weights=(boxes[:, 1] + boxes[:, 3]) / 2.0, minlength=len(pairs.site)) / count
    return subjects.plane.conformal_factor(subjects.plane.latitude(northing))


def shared_ground(subjects: Subjects, pairs: IntersectingPairs, radius_m: Floats) -> SharedGround:
    """Return the shared ground of pairs with all border segments within a radius of it, scaled to be conformal.

    Parameters
    ----------
    subjects : Subjects
    pairs : IntersectingPairs
    radius_m : ndarray of float, shape (pairs,)
    """
    k = _factors(subjects, pairs)
    scales = np.column_stack([k, 1.0 / k])
    triangles, triangle_pair = triangulate(pairs.pieces, pairs.pair)
    wide = radius_m * _PLANE_MARGIN + TOUCH_WIDTH_M
    boxes = np.asarray(shapely.bounds(pairs.pieces), dtype=np.float64).reshape(-1, 4)
    boxes += wide[pairs.pair, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    site_segments, site_pair = _site_segments(subjects, pairs, boxes)
    zone_segments, zone_pair = _zone_segments(subjects.index, pairs, boxes)
    return SharedGround(
        triangles * scales[triangle_pair, None],
        triangle_pair,
        site_segments * np.tile(scales, 2)[site_pair],
        site_pair,
        np.asarray(shapely.get_dimensions(subjects.sites[pairs.site]) == 2, dtype=bool),
        zone_segments * np.tile(scales, 2)[zone_pair],
        zone_pair,
        np.asarray(subjects.index.dimension[pairs.zone] == 2, dtype=bool),
    )


def _site_segments(subjects: Subjects, pairs: IntersectingPairs, boxes: Floats) -> tuple[Floats, Positions]:
    """Return the border segments of the sites that meet a box of a piece of their pair, and the pair of each."""
    unique, number = np.unique(pairs.site, return_inverse=True)
    segments, owner = border_segments(subjects.sites[unique])
    tree = shapely.STRtree(np.asarray(shapely.linestrings(segments.reshape(-1, 2, 2)), dtype=object))
    box, segment = tree.query(np.asarray(shapely.box(*boxes.T), dtype=object))
    pair = pairs.pair[box]
    same = owner[segment] == number[pair]
    return _unique_segments(segments, pair[same], segment[same])


def _zone_segments(index: ShapeIndex, pairs: IntersectingPairs, boxes: Floats) -> tuple[Floats, Positions]:
    """Return the border segments of the zones that meet a box of a piece of their pair, and the pair of each."""
    box, chain = index.chain_tree.query(np.asarray(shapely.box(*boxes.T), dtype=object))
    pair = pairs.pair[box]
    same = (index.chains.owner[chain] == pairs.zone[pair]) & (index.dimension[pairs.zone[pair]] == 2)
    unique, number = np.unique(chain[same], return_inverse=True)
    segments, of_chain = line_segments(index.chains.shapes.take(unique), np.arange(len(unique)))
    first = np.searchsorted(of_chain, np.arange(len(unique)))
    size = np.bincount(of_chain, minlength=len(unique))[number]
    segment = np.repeat(first[number] - (np.cumsum(size) - size), size) + np.arange(size.sum())
    pair, around = np.repeat(pair[same], size), np.repeat(boxes[box[same]], size, axis=0)
    # Chains are long: of their segments only those in the box.
    x, y = segments[segment][:, [0, 2]], segments[segment][:, [1, 3]]
    near = (x.max(axis=1) >= around[:, 0]) & (x.min(axis=1) <= around[:, 2])
    near &= (y.max(axis=1) >= around[:, 1]) & (y.min(axis=1) <= around[:, 3])
    return _unique_segments(segments, pair[near], segment[near])


def _unique_segments(segments: Floats, pair: Positions, segment: Positions) -> tuple[Floats, Positions]:
    count = max(len(segments), 1)
    keys = np.unique(pair.astype(np.int64) * count + segment)
    return segments[keys % count], (keys // count).astype(np.intp)


def overlap_depths(subjects: Subjects, pairs: IntersectingPairs, goal_m: Floats, *, decide: bool = False) -> Floats:
    """Return the depths of pairs that overlap; see :func:`~lianzhou_gis.overlay.depth.maximum_depth`.

    Parameters
    ----------
    subjects : Subjects
    pairs : IntersectingPairs
    goal_m : ndarray of float, shape (pairs,)
        The search of a pair stops beyond this.
    decide : bool
        Whether only ``depth > goal_m`` matters.
    """
    if not len(pairs.site):
        return np.empty(0)
    return maximum_depth(shared_ground(subjects, pairs, goal_m), goal_m, decide=decide)


def _chosen(pairs: IntersectingPairs, positions: Positions) -> IntersectingPairs:
    flags = np.zeros(len(pairs.site), dtype=bool)
    flags[positions] = True
    return pairs.subset(flags)


def _doubtful(subjects: Subjects, pairs: IntersectingPairs, interior: Flags, error: Floats) -> tuple[Flags, Flags]:
    """Return the overlaps whose depth is within the position error, and those of them that cross or coincide."""
    # The extent of a zone given as a point is unknown.
    unknown = interior & (subjects.index.dimension[pairs.zone] == 0)
    doubtful, crossing = unknown.copy(), np.zeros(len(interior), dtype=bool)
    firm = np.zeros(len(interior), dtype=bool)
    firm[pairs.pair[disc_diameter_bound(pairs.pieces) > error[pairs.pair]]] = True
    shallow = np.flatnonzero(interior & ~unknown & ~firm)
    if not len(shallow):
        return doubtful, crossing
    chosen = _chosen(pairs, shallow)
    depth = overlap_depths(subjects, chosen, error[shallow], decide=True)
    shallow = shallow[depth <= error[shallow]]
    if len(shallow):
        crossing[shallow] = _cross(subjects, _chosen(pairs, shallow), error[shallow])
        doubtful[shallow] = ~crossing[shallow]
    return doubtful, crossing


def _cross(subjects: Subjects, pairs: IntersectingPairs, error: Floats) -> Flags:
    """Return the pairs that run through each other or coincide."""
    site_area = np.asarray(shapely.area(subjects.sites[pairs.site]), dtype=np.float64)
    result = coincide(pairs.area_m2, site_area, subjects.index.area_m2[pairs.zone])
    left = np.flatnonzero(~result)
    if not len(left):
        return result
    rest = _chosen(pairs, left)
    k, reach = _factors(subjects, rest), SURROUNDINGS * error[left] * _PLANE_MARGIN
    first, second = (scale(shapes, k) for shapes in _surroundings(subjects, rest, reach))
    parts, pair = shapely.get_parts(scale(rest.shapes, k), return_index=True)
    through = run_through(first[pair], second[pair], parts, error[left][pair])
    result[left[pair[through]]] = True
    return result


def _surroundings(subjects: Subjects, pairs: IntersectingPairs, radius_m: Floats) -> tuple[Geometries, Geometries]:
    """Return the site and the zone of every pair within a radius of what they share."""
    index = subjects.index
    boxes = shapely.bounds(pairs.shapes) + radius_m[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    around = np.asarray(shapely.box(*boxes.T), dtype=object)
    pair, root = index.areas.tree.query(around)
    same = index.areas.owner[root] == pairs.zone[pair]
    pair, root = pair[same], root[same]
    line, tile = index.lines.tree.query(around)
    same = index.lines.owner[tile] == pairs.zone[line]
    line, tile = line[same], tile[same]
    parts = np.concatenate([index.areas.clip_around(boxes[pair], root), index.lines.shapes.take(tile)])
    zones = union_by_group(parts, np.concatenate([pair, line]), len(boxes))
    return np.asarray(shapely.intersection(subjects.sites[pairs.site], around), dtype=object), zones


def relate_intersecting(subjects: Subjects, pairs: IntersectingPairs) -> Columns:
    """Return the relation of pairs that intersect.

    Returns
    -------
    Columns
        ``relation`` (``within``, ``overlap``, ``touch``), ``error_m``, ``doubtful``, ``within_error``, ``crossing``
        (the two run through each other or coincide, which makes an overlap certain whatever its depth).
    """
    interior = _interior(subjects, pairs)
    within = _within(subjects, pairs, interior)
    error = subjects.error(pairs.site, pairs.zone)
    doubtful, crossing = _doubtful(subjects, pairs, interior, error)
    return Columns(
        {
            "relation": np.where(within, "within", np.where(interior, "overlap", "touch")).astype(object),
            "error_m": error,
            "doubtful": doubtful,
            # A common border: any error may move the site into the zone.
            "within_error": ~interior & (error > 0.0),
            "crossing": crossing,
        }
    )


def classify_pairs(subjects: Subjects, pairs: IntersectingPairs, near: NearPairs) -> Columns:
    """Return the relation of every pair that intersects or is near.

    Parameters
    ----------
    subjects : Subjects
    pairs : IntersectingPairs
    near : NearPairs

    Returns
    -------
    Columns
        ``site, zone`` (positions), ``relation``, ``area_m2``, ``length_m`` (in the plane; NaN where neither is a line),
        ``distance_m``, ``bearing_deg``, ``error_m``, ``doubtful``, ``within_error``, ``crossing``, ``whole`` (no
        border crosses the site), ``shape`` (in the plane).
    """
    related = relate_intersecting(subjects, pairs)
    interior = related["relation"] != "touch"
    dimension, along = shapely.get_dimensions(pairs.shapes), shapely.length(pairs.shapes)
    intersecting = related.assign(
        site=pairs.site,
        zone=pairs.zone,
        area_m2=np.where(interior, pairs.area_m2, 0.0),
        length_m=np.where(interior & (dimension == 1), along, np.nan),
        distance_m=np.zeros(len(pairs.site)),
        bearing_deg=np.full(len(pairs.site), np.nan),
        whole=(related["relation"] == "within") & pairs.whole,
        shape=pairs.shapes,
    )
    if not len(near.site):
        return intersecting
    error = subjects.error(near.site, near.zone)
    close = Columns(
        {
            "relation": np.where(near.distance_m <= TOUCH_WIDTH_M, "touch", "near").astype(object),
            "error_m": error,
            "doubtful": np.zeros(len(near.site), dtype=bool),
            "within_error": near.distance_m <= error,
            "crossing": np.zeros(len(near.site), dtype=bool),
            "site": near.site,
            "zone": near.zone,
            "area_m2": np.zeros(len(near.site)),
            "length_m": np.full(len(near.site), np.nan),
            "distance_m": near.distance_m,
            "bearing_deg": near.bearing_deg,
            "whole": np.zeros(len(near.site), dtype=bool),
            "shape": np.full(len(near.site), None, dtype=object),
        }
    )
    return Columns.joined([intersecting, close])
