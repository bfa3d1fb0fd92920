"""Which sites meet which zones, and in what piece: the core of the overlay, in the plane, on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.index import ShapeIndex
from lianzhou_gis.overlay.tiles import pieces_of

__all__ = ["Pairs", "meeting_pairs", "merged"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# The box of a long corridor holds half the county: sites longer than this are cut into parts first.
_LONG_SITE_M = 3000.0
_SITE_PART_M = 1000.0


@dataclass(frozen=True)
class Pairs:
    """Sites and zones that have a point in common.

    Attributes
    ----------
    site, zone : ndarray of int, shape (n,)
        Positions; each pair once, in order.
    shapes : ndarray of shapely geometries, shape (n,)
        What they share; of the dimension of the site or the zone, whichever is lower. Empty where they only touch.
    area_m2 : ndarray of float, shape (n,)
    """

    site: Positions
    zone: Positions
    shapes: Geometries
    area_m2: Floats


def merged(shapes: Geometries, group: Positions, count: int) -> Geometries:
    """Return the union of the shapes of every group; groups are numbered, an absent one is an empty collection."""
    result = np.full(count, shapely.GeometryCollection(), dtype=object)
    size = np.bincount(group, minlength=count)
    single = size[group] == 1
    result[group[single]] = shapes[single]
    several = np.flatnonzero(size > 1)
    if len(several):
        order = np.argsort(group, kind="stable")
        order = order[~single[order]]
        place = np.searchsorted(several, group[order])
        gathered = np.asarray(shapely.geometrycollections(shapes[order], indices=place), dtype=object)
        result[several] = shapely.union_all(gathered[:, None], axis=1)
    return result


def _pieces(parts: Geometries, tiles: Geometries) -> Geometries:
    """Return what parts of sites and tiles of zones share; without an intersection where one holds the other."""
    shapely.prepare(tiles)
    shapely.prepare(parts)
    result = np.empty(len(parts), dtype=object)
    part_inside = shapely.covers(tiles, parts)
    result[part_inside] = parts[part_inside]
    tile_inside = ~part_inside
    tile_inside[tile_inside] = shapely.covers(parts[tile_inside], tiles[tile_inside])
    result[tile_inside] = tiles[tile_inside]
    rest = ~(part_inside | tile_inside)
    result[rest] = shapely.intersection(parts[rest], tiles[rest])
    return result


def _of_dimension(shapes: Geometries, wanted: npt.NDArray[np.int_]) -> tuple[Geometries, Positions]:
    """Return the parts of shapes that have the dimension wanted, and which shape each comes from."""
    parts, index = shapely.get_parts(shapes, return_index=True)
    nested = shapely.get_type_id(parts) >= 4
    if nested.any():
        deeper, inner = shapely.get_parts(parts[nested], return_index=True)
        index = np.concatenate([index[~nested], index[nested][inner]])
        parts = np.concatenate([parts[~nested], deeper])
    kept = (shapely.get_dimensions(parts) == wanted[index]) & ~shapely.is_empty(parts)
    return parts[kept], index[kept]


def meeting_pairs(sites: Geometries, index: ShapeIndex) -> Pairs:
    """Find the pairs of sites and zones that meet, with what they share.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane, valid.
    index : ShapeIndex

    Returns
    -------
    Pairs
    """
    parts = pieces_of(sites, longest=_LONG_SITE_M, part=_SITE_PART_M)
    part, tile = index.tree.query(parts.shapes, predicate="intersects")
    site, zone = parts.owner[part], index.tiles.owner[tile]
    count = len(index.shapes)
    keys, pair = np.unique(site.astype(np.int64) * max(count, 1) + zone, return_inverse=True)
    pair_site, pair_zone = (keys // max(count, 1)).astype(np.intp), (keys % max(count, 1)).astype(np.intp)
    shared = _pieces(parts.shapes[part], index.tiles.shapes[tile])
    lower = np.minimum(shapely.get_dimensions(sites[pair_site]), shapely.get_dimensions(index.shapes[pair_zone]))
    flat, origin = _of_dimension(shared, lower[pair])
    owner = pair[origin]
    area = np.bincount(owner, weights=shapely.area(flat), minlength=len(keys)).astype(np.float64)
    return Pairs(pair_site, pair_zone, merged(flat, owner, len(keys)), area)
