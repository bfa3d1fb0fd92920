"""Distances of sites and zones: candidates from the plane with a margin, decided on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import Plane, distances
from lianzhou_gis.overlay.intersecting_pairs import IntersectingPairs, isin_sorted
from lianzhou_gis.overlay.shape_index import ShapeIndex

__all__ = ["MARGIN", "NearPairs", "near_pairs", "nearest", "within_border_distance"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# Bound on planar distortion: 2.3 per mille in the county, 2 per cent in a province.
MARGIN = 1.03
_SLACK_M = 0.05
# Fewer candidates are measured at once: filtering them first would take longer.
_FEW = 64


@dataclass(frozen=True)
class NearPairs:
    """Pairs of sites and zones that do not intersect, with their distance, sorted by site and zone.

    Attributes
    ----------
    site, zone : ndarray of int, shape (n,)
    distance_m, bearing_deg : ndarray of float, shape (n,)
        Geodesic; from the site to the zone.
    """

    site: Positions
    zone: Positions
    distance_m: Floats
    bearing_deg: Floats

    def subset(self, chosen: npt.NDArray[np.bool_]) -> NearPairs:
        """Return the chosen pairs."""
        return NearPairs(self.site[chosen], self.zone[chosen], self.distance_m[chosen], self.bearing_deg[chosen])


def _present(sites: Geometries) -> Positions:
    return np.flatnonzero(~(shapely.is_missing(sites) | shapely.is_empty(sites)))


def _expanded_boxes(boxes: Floats, metres: float | Floats) -> Geometries:
    west, south, east, north = boxes.T
    return np.asarray(shapely.box(west - metres, south - metres, east + metres, north + metres), dtype=object)


def _box_distance(one: Floats, other: Floats) -> Floats:
    """Return the distances of boxes, lower bounds of the distances of their contents."""
    x = np.maximum(np.maximum(one[:, 0] - other[:, 2], other[:, 0] - one[:, 2]), 0.0)
    y = np.maximum(np.maximum(one[:, 1] - other[:, 3], other[:, 1] - one[:, 3]), 0.0)
    return np.asarray(np.hypot(x, y), dtype=np.float64)


def _argmin_by_group(group: npt.NDArray[np.intp], value: Floats, chain: Positions) -> Positions:
    """Return the position of the smallest value of every group; ties go to the first chain."""
    order = np.lexsort((chain, value, group))
    return order[np.flatnonzero(np.diff(group[order], prepend=-1))]


def _distortion(sites: Geometries, chain: Positions, index: ShapeIndex, plane: Plane) -> float:
    """Return the largest ratio of planar lengths of one true length between these sites and chains."""
    south, north = shapely.total_bounds(sites)[[1, 3]]
    boxes = index.chains.boxes[chain]
    k = plane.conformal_factor(plane.latitude(np.array([min(south, boxes[:, 1].min()), max(north, boxes[:, 3].max())])))
    return float(np.max(np.maximum(k, 1.0 / k)) ** 2) + 1e-5


def _may_be_nearest(
    sites: Geometries, index: ShapeIndex, site: Positions, chain: Positions, pair: Positions, distortion: float
) -> npt.NDArray[np.bool_]:
    """Return the candidates that may be the nearest of their pair of a site and a zone, by their boxes."""
    least = _box_distance(np.asarray(shapely.bounds(sites), dtype=np.float64)[site], index.chains.boxes[chain])
    # The chain with the nearest box gives an upper bound; a chain with a farther box cannot be nearer.
    first = _argmin_by_group(pair, least, chain)
    bound = np.asarray(shapely.distance(sites[site[first]], index.chains.shapes.take(chain[first])))
    return np.asarray(least <= bound[pair] * distortion + _SLACK_M, dtype=bool)


def _closest(sites: Geometries, index: ShapeIndex, site: Positions, chain: Positions, plane: Plane) -> NearPairs:
    """Return the shortest path of every pair of a site and a zone among the candidates."""
    if not len(site):
        return NearPairs(site, site, np.empty(0), np.empty(0))
    _, pair = np.unique(index.keys(site, index.chains.owner[chain]), return_inverse=True)
    # Bound on planar distortion: candidates within this factor of the shortest may still be nearest.
    distortion = _distortion(sites[site], chain, index, plane)
    if len(site) > _FEW:
        chosen = _may_be_nearest(sites, index, site, chain, pair, distortion)
        site, chain, pair = site[chosen], chain[chosen], pair[chosen]
    flat = np.asarray(shapely.distance(sites[site], index.chains.shapes.take(chain)), dtype=np.float64)
    shortest = np.full(int(pair.max()) + 1, np.inf)
    np.minimum.at(shortest, pair, flat)
    chosen = flat <= shortest[pair] * distortion + _SLACK_M
    site, chain, pair = site[chosen], chain[chosen], pair[chosen]
    paths = distances(plane, sites[site], index.chains.shapes.take(chain))
    first = _argmin_by_group(pair, paths.distance_m, chain)
    zone = index.chains.owner[chain[first]]
    return NearPairs(site[first], zone, paths.distance_m[first], paths.bearing_deg[first])


def near_pairs(
    sites: Geometries, index: ShapeIndex, intersecting: IntersectingPairs, near_m: Floats, plane: Plane
) -> NearPairs:
    """Return the pairs of sites and zones that do not intersect and are within a distance.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : ShapeIndex
    intersecting : IntersectingPairs
        Of the same sites; excluded.
    near_m : ndarray of float, shape (zones,)
        Largest distance for each zone, metres.
    plane : Plane
    """
    present = _present(sites)
    if not len(present) or not len(index.chains):
        return NearPairs(present[:0], present[:0], np.empty(0), np.empty(0))
    reach = near_m * MARGIN + _SLACK_M
    boxes = np.asarray(shapely.bounds(sites), dtype=np.float64)
    found, chain = index.chain_tree.query(_expanded_boxes(boxes[present], float(reach.max())))
    site, zone = present[found], index.chains.owner[chain]
    chosen = _box_distance(boxes[site], index.chains.boxes[chain]) <= reach[zone]
    # A site inside a zone may be far from its border: such pairs intersect.
    chosen &= ~isin_sorted(index.keys(site, zone), index.keys(intersecting.site, intersecting.zone))
    near = _closest(sites, index, site[chosen], chain[chosen], plane)
    return near.subset(near.distance_m <= near_m[near.zone])


def nearest(sites: Geometries, index: ShapeIndex, plane: Plane) -> NearPairs:
    """Return, for every site, the nearest border of a shape, however far.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : ShapeIndex
    plane : Plane
    """
    present = _present(sites)
    if not len(present) or not len(index.chains):
        return NearPairs(present[:0], present[:0], np.empty(0), np.empty(0))
    boxes = np.asarray(shapely.bounds(sites), dtype=np.float64)[present]
    # The distance to the chain with the nearest box bounds the search.
    found, chain = index.chain_tree.query_nearest(_expanded_boxes(boxes, 0.0), all_matches=False)
    bound = np.asarray(shapely.distance(sites[present[found]], index.chains.shapes.take(chain)), dtype=np.float64)
    wide = bound * MARGIN + _SLACK_M
    again, chain = index.chain_tree.query(_expanded_boxes(boxes[found], wide))
    position = found[again]
    chosen = _box_distance(boxes[position], index.chains.boxes[chain]) <= wide[again]
    near = _closest(sites, index, present[position[chosen]], chain[chosen], plane)
    order = np.lexsort((near.zone, near.distance_m, near.site))
    first = order[np.flatnonzero(np.diff(near.site[order], prepend=-1))]
    return NearPairs(near.site[first], near.zone[first], near.distance_m[first], near.bearing_deg[first])


def within_border_distance(
    points: Geometries, index: ShapeIndex, zone: Positions, metres: Floats
) -> npt.NDArray[np.bool_]:
    """Return which points are within a distance of the border of a zone.

    Parameters
    ----------
    points : ndarray of shapely points, shape (n,)
        In the plane.
    index : ShapeIndex
    zone : ndarray of int, shape (n,)
        The zone of each point.
    metres : ndarray of float, shape (n,)
    """
    result = np.zeros(len(points), dtype=bool)
    found, chain = index.chain_tree.query(_expanded_boxes(np.asarray(shapely.bounds(points), dtype=np.float64), metres))
    same = index.chains.owner[chain] == zone[found]
    found, chain = found[same], chain[same]
    distance = np.asarray(shapely.distance(points[found], index.chains.shapes.take(chain)), dtype=np.float64)
    result[found[distance <= metres[found]]] = True
    return result
