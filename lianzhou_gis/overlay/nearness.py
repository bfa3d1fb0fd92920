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

# The plane is off by up to 2.3 per mille in the county, by 2 per cent in a province: candidates are taken this wide.
_MARGIN = 1.03
_SLACK_M = 0.05


@dataclass(frozen=True)
class Nearness:
    """Pairs of sites and zones with their distance, by site and zone.

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


def _present(sites: Geometries) -> Positions:
    return np.flatnonzero(~(shapely.is_missing(sites) | shapely.is_empty(sites)))


def _meeting(sites: Geometries, index: ShapeIndex) -> Nearness:
    """Return the pairs that have a point in common."""
    present = _present(sites)
    found, tile = index.tree.query(sites[present], predicate="intersects")
    count = max(len(index.shapes), 1)
    keys = np.unique(present[found].astype(np.int64) * count + index.tiles.owner[tile])
    site, zone = (keys // count).astype(np.intp), (keys % count).astype(np.intp)
    return Nearness(site, zone, np.zeros(len(keys)), np.full(len(keys), np.nan))


def _closest(sites: Geometries, index: ShapeIndex, site: Positions, chain: Positions, plane: Plane) -> Nearness:
    """Measure candidates and keep the shortest way of every pair of a site and a zone."""
    flat = shapely.distance(sites[site], index.chains.shapes[chain])
    zone = index.chains.owner[chain]
    _, pair = np.unique(site.astype(np.int64) * max(len(index.shapes), 1) + zone, return_inverse=True)
    shortest = np.full(len(pair), np.inf)
    np.minimum.at(shortest, pair, flat)
    kept = flat <= shortest[pair] * _MARGIN + _SLACK_M
    site, chain, zone, pair = site[kept], chain[kept], zone[kept], pair[kept]
    ways = distances(plane, sites[site], index.chains.shapes[chain])
    order = np.lexsort((ways.distance_m, pair))
    first = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]
    return Nearness(site[first], zone[first], ways.distance_m[first], ways.bearing_deg[first])


def _together(one: Nearness, other: Nearness) -> Nearness:
    site, zone = np.concatenate([one.site, other.site]), np.concatenate([one.zone, other.zone])
    order = np.lexsort((zone, site))
    metres = np.concatenate([one.distance_m, other.distance_m])
    bearing = np.concatenate([one.bearing_deg, other.bearing_deg])
    return Nearness(site[order], zone[order], metres[order], bearing[order])


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
    meets = _meeting(sites, index)
    present = _present(sites)
    reach = near_m * _MARGIN + _SLACK_M
    found, chain = index.chain_tree.query(sites[present], predicate="dwithin", distance=reach)
    site, zone = present[found], index.chains.owner[chain]
    count = max(len(index.shapes), 1)
    # The border of a zone may be far where its inside is under the site: those are known.
    apart = ~np.isin(site.astype(np.int64) * count + zone, meets.site.astype(np.int64) * count + meets.zone)
    near = _closest(sites, index, site[apart], chain[apart], plane)
    kept = near.distance_m <= near_m
    near = Nearness(near.site[kept], near.zone[kept], near.distance_m[kept], near.bearing_deg[kept])
    return _together(meets, near)


def nearest(sites: Geometries, index: ShapeIndex, plane: Plane) -> Nearness:
    """Return, for every site, the nearest zone however far; no row for a site without a shape."""
    meets = _meeting(sites, index)
    apart = np.setdiff1d(_present(sites), meets.site)
    near = Nearness(apart[:0], apart[:0], np.empty(0), np.empty(0))
    if len(apart) and len(index.chains.shapes):
        (found, _), reach = index.chain_tree.query_nearest(sites[apart], all_matches=False, return_distance=True)
        wide = np.asarray(reach) * _MARGIN + _SLACK_M
        found, chain = index.chain_tree.query(sites[apart][found], predicate="dwithin", distance=wide)
        near = _closest(sites, index, apart[found], chain, plane)
    both = _together(meets, near)
    order = np.lexsort((both.zone, both.distance_m, both.site))
    first = order[np.flatnonzero(np.diff(both.site[order], prepend=-1))]
    return Nearness(both.site[first], both.zone[first], both.distance_m[first], both.bearing_deg[first])
