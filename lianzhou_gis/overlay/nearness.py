"""How far sites are from zones: found in the plane with a margin, decided on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import Plane, distances
from lianzhou_gis.overlay.index import ShapeIndex

__all__ = ["Nearness", "near_pairs", "nearest"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# The plane is off by up to 2.3 per mille in the county and by 2 per cent in a province: candidates are taken this wide.
_MARGIN = 1.03
_SLACK_M = 0.05


@dataclass(frozen=True)
class Nearness:
    """Pairs of sites and zones with their distance.

    Attributes
    ----------
    site, zone : ndarray of int, shape (n,)
    distance_m, bearing_deg : ndarray of float, shape (n,)
        Geodesic; from the site to the zone, NaN where they meet.
    """

    site: Positions
    zone: Positions
    distance_m: Floats
    bearing_deg: Floats


_NOTHING = Nearness(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0), np.empty(0))


def _closest(sites: Geometries, index: ShapeIndex, site: Positions, tile: Positions, plane: Plane) -> Nearness:
    """Measure candidates and keep the shortest way of every pair of a site and a zone."""
    if not len(site):
        return _NOTHING
    flat = shapely.distance(sites[site], index.tiles.shapes[tile])
    zone = index.tiles.owner[tile]
    count = max(len(index.shapes), 1)
    _, pair = np.unique(site.astype(np.int64) * count + zone, return_inverse=True)
    shortest = np.full(int(pair.max()) + 1, np.inf)
    np.minimum.at(shortest, pair, flat)
    kept = flat <= shortest[pair] * _MARGIN + _SLACK_M
    site, tile, zone, pair = site[kept], tile[kept], zone[kept], pair[kept]
    ways = distances(plane, sites[site], index.tiles.shapes[tile])
    order = np.lexsort((ways.distance_m, pair))
    first = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]
    return Nearness(site[first], zone[first], ways.distance_m[first], ways.bearing_deg[first])


def near_pairs(sites: Geometries, index: ShapeIndex, near_m: float, plane: Plane) -> Nearness:
    """Return the pairs of sites and zones that are at most ``near_m`` apart, those that meet included.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : ShapeIndex
    near_m : float
    plane : Plane
    """
    present = np.flatnonzero(~(shapely.is_missing(sites) | shapely.is_empty(sites)))
    found, tile = index.tree.query(sites[present], predicate="dwithin", distance=near_m * _MARGIN + _SLACK_M)
    near = _closest(sites, index, present[found], tile, plane)
    kept = near.distance_m <= near_m
    return Nearness(near.site[kept], near.zone[kept], near.distance_m[kept], near.bearing_deg[kept])


def nearest(sites: Geometries, index: ShapeIndex, plane: Plane) -> Nearness:
    """Return, for every site, the nearest zone however far; no row for a site without a shape."""
    present = np.flatnonzero(~(shapely.is_missing(sites) | shapely.is_empty(sites)))
    if not len(present) or not len(index.tiles.shapes):
        return _NOTHING
    (found, _), reach = index.tree.query_nearest(sites[present], all_matches=False, return_distance=True)
    found, tile = index.tree.query(
        sites[present][found], predicate="dwithin", distance=np.asarray(reach) * _MARGIN + _SLACK_M
    )
    near = _closest(sites, index, present[found], tile, plane)
    order = np.lexsort((near.zone, near.distance_m, near.site))
    first = order[np.flatnonzero(np.diff(near.site[order], prepend=-1))]
    return Nearness(near.site[first], near.zone[first], near.distance_m[first], near.bearing_deg[first])
