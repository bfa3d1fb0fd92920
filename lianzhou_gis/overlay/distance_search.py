"""Distances of sites and zones: candidates from the plane with a margin, decided on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay.intersecting_pairs import IntersectingPairs, isin_sorted
from lianzhou_gis.overlay.run_search import (
    SLACK_M,
    Candidates,
    RunPairs,
    SiteParts,
    box_distance,
    first_minimum,
    nearest_runs,
    runs_by_boxes,
)
from lianzhou_gis.overlay.segment_runs import SegmentRuns, shortest_paths
from lianzhou_gis.overlay.shape_index import ShapeIndex

__all__ = ["MARGIN", "NearPairs", "near_pairs", "nearest", "within_border_distance"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# Bound on planar distortion: 2.3 per mille in the county, 2 per cent in a province.
MARGIN = 1.03
# Of fewer candidates GEOS bounds the distances faster than arrays do.
_FEW = 1000
# Zones that reach this much farther than others are searched apart.
_USUAL = 1.2


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


_NO_PAIRS = NearPairs(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0), np.empty(0))


def _expanded_boxes(boxes: Floats, metres: float | Floats) -> Geometries:
    wide = boxes + np.reshape(metres, (-1, 1)) * np.array([-1.0, -1.0, 1.0, 1.0])
    # Diagonals have the same boxes as polygons, and are faster to make.
    return np.asarray(shapely.linestrings(wide.reshape(-1, 2, 2)), dtype=object)


def _closest(
    sites: Geometries, parts: SiteParts, index: ShapeIndex, found: Candidates, near_m: Floats, plane: Plane
) -> NearPairs:
    """Return the shortest path of every pair among the candidates, at most ``near_m`` long.

    Parameters
    ----------
    near_m : ndarray of float, shape (shapes,)
    """
    rows = []
    few = len(found.part) <= _FEW
    for block in [found] if few else found.blocks():
        if few:
            chains, number = np.unique(block.chain, return_inverse=True)
            runs = SegmentRuns.from_lines(index.chains.shapes.take(chains), np.arange(len(chains)))
            left = _few_nearest_runs(sites, parts, index, block, runs, number.astype(np.intp))
        else:
            runs, left = index.runs, nearest_runs(parts, index, block, near_m[block.zone], plane)
        paths = shortest_paths(plane, parts.runs, runs, left.own, left.other)
        # Ties go to the first runs.
        order = np.lexsort((left.other, left.own, paths.distance_m, left.pair))
        order = order[np.flatnonzero(np.diff(left.pair[order], prepend=-1))]
        pair = left.pair[order]
        rows.append((block.site[pair], block.zone[pair], paths.distance_m[order], paths.bearing_deg[order]))
    site, zone, distance, bearing = (np.concatenate(columns) for columns in zip(*rows, strict=True))
    return NearPairs(site, zone, distance, bearing).subset(distance <= near_m[zone])


def _few_nearest_runs(
    sites: Geometries, parts: SiteParts, index: ShapeIndex, found: Candidates, runs: SegmentRuns, number: Positions
) -> RunPairs:
    """Return the runs that may hold the shortest path of each pair.

    Of few pairs GEOS bounds the distances faster than arrays do.

    Parameters
    ----------
    runs : SegmentRuns
        Of the chains of the candidates alone.
    number : ndarray of int, shape (n,)
        Position of the chain of each candidate in them.
    """
    part, chain, pair = found.part, found.chain, found.pair
    least = box_distance(parts.boxes[part], index.chains.boxes[chain])
    shapes = index.chains.shapes.take(chain)
    own = sites[parts.site[part]]
    # The chain with the nearest box gives an upper bound; a chain with a farther box cannot be nearer.
    first = first_minimum(pair, least)
    bound = np.asarray(shapely.distance(own[first], shapes[first]), dtype=np.float64)
    limit = bound * found.distortion + SLACK_M
    chosen = np.flatnonzero(least <= limit[pair])
    metres = np.asarray(shapely.distance(own[chosen], shapes[chosen]), dtype=np.float64)
    np.minimum.at(bound, pair[chosen], metres)
    limit = bound * found.distortion + SLACK_M
    chosen = chosen[metres <= limit[pair[chosen]]]
    row, one, run = runs_by_boxes(
        parts, runs, runs.first_of(int(number.max()) + 1), part[chosen], number[chosen], limit[pair[chosen]]
    )
    return RunPairs(pair[chosen[row]], one, run)


def _within_boxes(parts: SiteParts, index: ShapeIndex, reach: Floats) -> tuple[Positions, Positions]:
    """Return parts and chains whose boxes are at most as far apart as the zone reaches, and some that are farther."""
    usual = float(reach[reach > 0.0].min(initial=np.inf)) * _USUAL
    wide = reach > usual
    if not wide.any():
        return _by_boxes(index.chain_tree, parts, float(reach.max()))
    # Zones that reach farther are searched by themselves: few zones, many chains in so large a box.
    part, chain = _by_boxes(index.chain_tree, parts, usual)
    common = ~wide[index.chains.owner[chain]]
    chains, tree = index.chains_of(wide)
    more, position = _by_boxes(tree, parts, float(reach.max()))
    return np.concatenate([part[common], more]), np.concatenate([chain[common], chains[position]])


def _by_boxes(tree: shapely.STRtree, parts: SiteParts, metres: float) -> tuple[Positions, Positions]:
    part, chain = tree.query(_expanded_boxes(parts.boxes, metres))
    return part, chain


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
    parts = SiteParts.from_sites(sites)
    reach = near_m * MARGIN + SLACK_M
    if not len(parts.site) or not len(index.chains) or reach.max() < 0.0:
        return _NO_PAIRS
    part, chain = _within_boxes(parts, index, reach)
    site, zone = parts.site[part], index.chains.owner[chain]
    chosen = box_distance(parts.boxes[part], index.chains.boxes[chain]) <= reach[zone]
    # A site inside a zone may be far from its border: such pairs intersect.
    chosen &= ~isin_sorted(index.keys(site, zone), index.keys(intersecting.site, intersecting.zone))
    if not chosen.any():
        return _NO_PAIRS
    found = Candidates.build(parts, index, part[chosen], chain[chosen], plane)
    return _closest(sites, parts, index, found, near_m, plane)


def nearest(sites: Geometries, index: ShapeIndex, plane: Plane) -> NearPairs:
    """Return, for every site, the nearest border of a shape, however far.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : ShapeIndex
    plane : Plane
    """
    parts = SiteParts.from_sites(sites)
    if not len(parts.site) or not len(index.chains):
        return _NO_PAIRS
    # The distance to the chain with the nearest box bounds the search.
    part, chain = index.chain_tree.query_nearest(_expanded_boxes(parts.boxes, 0.0), all_matches=False)
    bound = np.full(len(sites), np.inf)
    np.minimum.at(bound, parts.site[part], shapely.distance(sites[parts.site[part]], index.chains.shapes.take(chain)))
    wide = bound[parts.site] * MARGIN + SLACK_M
    part, chain = index.chain_tree.query(_expanded_boxes(parts.boxes, wide))
    chosen = box_distance(parts.boxes[part], index.chains.boxes[chain]) <= wide[part]
    found = Candidates.build(parts, index, part[chosen], chain[chosen], plane)
    near = _closest(sites, parts, index, found, np.full(len(index), np.inf), plane)
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
