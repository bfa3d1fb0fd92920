"""How far sites are from zones: found in the plane with a margin, decided on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import Plane, distances
from lianzhou_gis.overlay.index import ShapeIndex
from lianzhou_gis.overlay.pairs import Pairs, among

__all__ = ["MARGIN", "Nearness", "near_border", "near_pairs", "nearest"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# The plane is off by up to 2.3 per mille in the county, by 2 per cent in a province: candidates are taken this wide.
MARGIN = 1.03
_SLACK_M = 0.05
# So few candidates are measured sooner than sorted out.
_FEW = 64


@dataclass(frozen=True)
class Nearness:
    """Pairs of sites and zones that do not meet, with their distance, by site and zone.

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

    def of(self, chosen: npt.NDArray[np.bool_]) -> Nearness:
        """Return some of the pairs."""
        return Nearness(self.site[chosen], self.zone[chosen], self.distance_m[chosen], self.bearing_deg[chosen])


def _present(sites: Geometries) -> Positions:
    return np.flatnonzero(~(shapely.is_missing(sites) | shapely.is_empty(sites)))


def _grown(boxes: Floats, metres: float | Floats) -> Geometries:
    west, south, east, north = boxes.T
    return np.asarray(shapely.box(west - metres, south - metres, east + metres, north + metres), dtype=object)


def _between(one: Floats, other: Floats) -> Floats:
    """Return how far boxes are apart: what lies in them is at least as far."""
    x = np.maximum(np.maximum(one[:, 0] - other[:, 2], other[:, 0] - one[:, 2]), 0.0)
    y = np.maximum(np.maximum(one[:, 1] - other[:, 3], other[:, 1] - one[:, 3]), 0.0)
    return np.asarray(np.hypot(x, y), dtype=np.float64)


def _first_of(group: npt.NDArray[np.intp], value: Floats, chain: Positions) -> Positions:
    """Return the place of the smallest value of every group; of equal ones that of the first chain."""
    order = np.lexsort((chain, value, group))
    return order[np.flatnonzero(np.diff(group[order], prepend=-1))]


def _bend(sites: Geometries, chain: Positions, index: ShapeIndex, plane: Plane) -> float:
    """Return by which factor ways of one true length can differ in the plane, between these sites and chains."""
    south, north = shapely.total_bounds(sites)[[1, 3]]
    boxes = index.chains.boxes[chain]
    k = plane.stretch(plane.latitude(np.array([min(south, boxes[:, 1].min()), max(north, boxes[:, 3].max())])))
    return float(np.max(np.maximum(k, 1.0 / k)) ** 2) + 1e-5


def _promising(
    sites: Geometries, index: ShapeIndex, site: Positions, chain: Positions, pair: Positions, bend: float
) -> npt.NDArray[np.bool_]:
    """Tell which candidates may be the nearest of their pair of a site and a zone, by their boxes."""
    least = _between(np.asarray(shapely.bounds(sites), dtype=np.float64)[site], index.chains.boxes[chain])
    # The chain whose box is nearest gives a way; a chain whose box is farther than that cannot be nearer.
    first = _first_of(pair, least, chain)
    bound = np.asarray(shapely.distance(sites[site[first]], index.chains.shapes.at(chain[first])))
    return np.asarray(least <= bound[pair] * bend + _SLACK_M, dtype=bool)


def _closest(sites: Geometries, index: ShapeIndex, site: Positions, chain: Positions, plane: Plane) -> Nearness:
    """Measure candidates and keep the shortest way of every pair of a site and a zone."""
    if not len(site):
        return Nearness(site, site, np.empty(0), np.empty(0))
    _, pair = np.unique(index.keys(site, index.chains.owner[chain]), return_inverse=True)
    # How far the plane is off here tells how much longer than the shortest a way may be and yet prove to be shorter.
    bend = _bend(sites[site], chain, index, plane)
    if len(site) > _FEW:
        kept = _promising(sites, index, site, chain, pair, bend)
        site, chain, pair = site[kept], chain[kept], pair[kept]
    flat = np.asarray(shapely.distance(sites[site], index.chains.shapes.at(chain)), dtype=np.float64)
    shortest = np.full(int(pair.max()) + 1, np.inf)
    np.minimum.at(shortest, pair, flat)
    kept = flat <= shortest[pair] * bend + _SLACK_M
    site, chain, pair = site[kept], chain[kept], pair[kept]
    ways = distances(plane, sites[site], index.chains.shapes.at(chain))
    first = _first_of(pair, ways.distance_m, chain)
    zone = index.chains.owner[chain[first]]
    return Nearness(site[first], zone, ways.distance_m[first], ways.bearing_deg[first])


def near_pairs(sites: Geometries, index: ShapeIndex, meets: Pairs, near_m: Floats, plane: Plane) -> Nearness:
    """Return the pairs of sites and zones that do not meet and are at most so far apart.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : ShapeIndex
    meets : Pairs
        Those of the sites that meet.
    near_m : ndarray of float, shape (zones,)
        How far to look from each zone.
    plane : Plane
    """
    present = _present(sites)
    if not len(present) or not len(index.chains):
        return Nearness(present[:0], present[:0], np.empty(0), np.empty(0))
    reach = near_m * MARGIN + _SLACK_M
    boxes = np.asarray(shapely.bounds(sites), dtype=np.float64)
    found, chain = index.chain_tree.query(_grown(boxes[present], float(reach.max())))
    site, zone = present[found], index.chains.owner[chain]
    kept = _between(boxes[site], index.chains.boxes[chain]) <= reach[zone]
    # The border of a zone may be far where its inside is under the site: those are known.
    kept &= ~among(index.keys(site, zone), index.keys(meets.site, meets.zone))
    near = _closest(sites, index, site[kept], chain[kept], plane)
    return near.of(near.distance_m <= near_m[near.zone])


def nearest(sites: Geometries, index: ShapeIndex, plane: Plane) -> Nearness:
    """Return, for every site, the nearest shape however far, as if no site met any.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : ShapeIndex
    plane : Plane
    """
    present = _present(sites)
    if not len(present) or not len(index.chains):
        return Nearness(present[:0], present[:0], np.empty(0), np.empty(0))
    boxes = np.asarray(shapely.bounds(sites), dtype=np.float64)[present]
    # The way to the chain whose box is nearest to the site's box bounds the search.
    found, chain = index.chain_tree.query_nearest(_grown(boxes, 0.0), all_matches=False)
    way = np.asarray(shapely.distance(sites[present[found]], index.chains.shapes.at(chain)), dtype=np.float64)
    wide = way * MARGIN + _SLACK_M
    again, chain = index.chain_tree.query(_grown(boxes[found], wide))
    place = found[again]
    kept = _between(boxes[place], index.chains.boxes[chain]) <= wide[again]
    near = _closest(sites, index, present[place[kept]], chain[kept], plane)
    order = np.lexsort((near.zone, near.distance_m, near.site))
    first = order[np.flatnonzero(np.diff(near.site[order], prepend=-1))]
    return Nearness(near.site[first], near.zone[first], near.distance_m[first], near.bearing_deg[first])


def near_border(points: Geometries, index: ShapeIndex, zone: Positions, metres: Floats) -> npt.NDArray[np.bool_]:
    """Tell which points are at most so far from the border of a zone.

    Parameters
    ----------
    points : ndarray of shapely points, shape (n,)
        In the plane.
    index : ShapeIndex
    zone : ndarray of int, shape (n,)
        Whose border.
    metres : ndarray of float, shape (n,)
    """
    result = np.zeros(len(points), dtype=bool)
    found, chain = index.chain_tree.query(_grown(np.asarray(shapely.bounds(points), dtype=np.float64), metres))
    own = index.chains.owner[chain] == zone[found]
    found, chain = found[own], chain[own]
    away = np.asarray(shapely.distance(points[found], index.chains.shapes.at(chain)), dtype=np.float64)
    result[found[away <= metres[found]]] = True
    return result
