"""The pairs of sites and zones that intersect, with their shared parts: the core of the overlay, in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.subdivide import split_geometries

__all__ = ["IntersectingPairs", "intersecting_pairs", "isin_sorted", "union_by_group"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Longer sites are subdivided first: the box of a long corridor covers half the county.
_LONG_SITE_M = 3000.0
_SITE_PART_M = 1000.0
_SITE_VERTICES = 1024
# A constant: shapely parses an empty geometry from text each time.
_EMPTY_COLLECTION = shapely.GeometryCollection()


@dataclass(frozen=True)
class IntersectingPairs:
    """Sites and zones that intersect.

    Attributes
    ----------
    site, zone : ndarray of int, shape (n,)
        Positions; each pair once, in order.
    area_m2 : ndarray of float, shape (n,)
    whole : ndarray of bool, shape (n,)
        Whether the site lies inside the zone and does not intersect its border.
    pieces : ndarray of shapely geometries, shape (m,)
        The parts of the intersections that have the lower dimension of site and zone.
    pair : ndarray of int, shape (m,)
        The pair of each piece.
    """

    site: Positions
    zone: Positions
    area_m2: Floats
    whole: Flags
    pieces: Geometries
    pair: Positions

    @cached_property
    def shapes(self) -> Geometries:
        """The intersections, shape (n,); empty where the two only touch."""
        return union_by_group(self.pieces, self.pair, len(self.site))

    def subset(self, chosen: Flags) -> IntersectingPairs:
        """Return the chosen pairs."""
        if chosen.all():
            return self
        number = np.cumsum(chosen) - 1
        piece = chosen[self.pair]
        return IntersectingPairs(
            self.site[chosen],
            self.zone[chosen],
            self.area_m2[chosen],
            self.whole[chosen],
            self.pieces[piece],
            number[self.pair[piece]],
        )


def union_by_group(shapes: Geometries, group: Positions, count: int) -> Geometries:
    """Return the union of the shapes of every group, shape (count,); an empty collection where there is none."""
    result = np.full(count, _EMPTY_COLLECTION, dtype=object)
    if not len(group):
        return result
    size = np.bincount(group, minlength=count)
    single = size[group] == 1
    result[group[single]] = shapes[single]
    several = np.flatnonzero(size > 1)
    if len(several):
        order = np.argsort(group, kind="stable")
        order = order[~single[order]]
        number = np.searchsorted(several, group[order])
        gathered = np.asarray(shapely.geometrycollections(shapes[order], indices=number), dtype=object)
        result[several] = shapely.union_all(gathered[:, None], axis=1)
    return result


def _of_dimension(shapes: Geometries, wanted: npt.NDArray[np.int_]) -> tuple[Geometries, Positions]:
    """Return the parts of shapes that have the wanted dimension, and the position of the shape of each."""
    kind = shapely.get_type_id(shapes)
    plain = (kind < 4) & (shapely.get_dimensions(shapes) == wanted) & ~shapely.is_empty(shapes)
    mixed = np.flatnonzero(kind >= 4)
    if not len(mixed):
        return shapes[plain], np.flatnonzero(plain)
    parts, index = shapely.get_parts(shapes[mixed], return_index=True)
    nested = shapely.get_type_id(parts) >= 4
    if nested.any():
        deeper, inner = shapely.get_parts(parts[nested], return_index=True)
        index = np.concatenate([index[~nested], index[nested][inner]])
        parts = np.concatenate([parts[~nested], deeper])
    index = mixed[index]
    chosen = (shapely.get_dimensions(parts) == wanted[index]) & ~shapely.is_empty(parts)
    origin = np.concatenate([np.flatnonzero(plain), index[chosen]])
    order = np.argsort(origin, kind="stable")
    return np.concatenate([shapes[plain], parts[chosen]])[order], origin[order]


def _crossed(parts: Geometries, index: ShapeIndex) -> Keys:
    """Return the keys of the parts and the shapes whose border they intersect."""
    part, chain = index.chain_tree.query(parts)
    crosses = shapely.intersects(parts[part], index.chains.shapes.take(chain))
    return np.unique(index.keys(part[crosses], index.chains.owner[chain[crosses]]))


def _contained(parts: Geometries, index: ShapeIndex, crossed: Keys) -> Keys:
    """Return the keys of the parts and the shapes that contain them: one point decides where no border crosses."""
    points = np.asarray(shapely.point_on_surface(parts), dtype=object)
    part, zone = index.areas.containing(points)
    keys = np.unique(index.keys(part, zone))
    return keys[~isin_sorted(keys, crossed)]


def isin_sorted(keys: Keys, sorted_keys: Keys) -> Flags:
    """Return which keys are in an array of sorted keys."""
    if not len(sorted_keys):
        return np.zeros(len(keys), dtype=bool)
    position = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.asarray(sorted_keys[position] == keys, dtype=bool)


def _shared(parts: Geometries, index: ShapeIndex, crossed: Keys) -> tuple[Keys, Geometries]:
    """Return the intersections of parts with the shapes whose border they cross."""
    zone = index.unkeyed(crossed)[1]
    areal = index.dimension[zone] == 2
    keys, pieces = _shared_areas(parts, index, crossed[areal])
    if areal.all():
        return keys, pieces
    more_keys, more = _shared_lines(parts, index, crossed[~areal])
    return np.concatenate([keys, more_keys]), np.concatenate([pieces, more])


def _shared_areas(parts: Geometries, index: ShapeIndex, crossed: Keys) -> tuple[Keys, Geometries]:
    """Intersect with the surroundings of the part in each area: one piece each, without a seam."""
    wanted = np.unique(index.unkeyed(crossed)[0])
    found, root = index.areas.tree.query(parts[wanted])
    part = wanted[found]
    keys = index.keys(part, index.areas.owner[root])
    chosen = isin_sorted(keys, crossed)
    part, root, keys = part[chosen], root[chosen], keys[chosen]
    order = np.lexsort((root, keys))
    part, root, keys = part[order], root[order], keys[order]
    local = index.areas.clip_around(shapely.bounds(parts[part]), root)
    return keys, np.asarray(shapely.intersection(parts[part], local), dtype=object)


def _shared_lines(parts: Geometries, index: ShapeIndex, crossed: Keys) -> tuple[Keys, Geometries]:
    """Intersect with lines and points tile by tile."""
    wanted = np.unique(index.unkeyed(crossed)[0])
    found, tile = index.lines.tree.query(parts[wanted])
    part = wanted[found]
    keys = index.keys(part, index.lines.owner[tile])
    chosen = isin_sorted(keys, crossed)
    part, tile, keys = part[chosen], tile[chosen], keys[chosen]
    order = np.lexsort((tile, keys))
    part, tile, keys = part[order], tile[order], keys[order]
    return keys, np.asarray(shapely.intersection(parts[part], index.lines.shapes.take(tile)), dtype=object)


def _parts(sites: Geometries) -> tuple[Geometries, Positions]:
    """Return connected parts of sites, long and heavy ones subdivided, with the position of the site of each."""
    present = np.flatnonzero(~(shapely.is_missing(sites) | shapely.is_empty(sites)))
    west, south, east, north = shapely.bounds(sites[present]).T
    long = np.maximum(east - west, north - south) > _LONG_SITE_M
    # Containment is decided on connected parts.
    long |= (shapely.get_num_coordinates(sites[present]) > _SITE_VERTICES) | (shapely.get_type_id(sites[present]) > 3)
    if not long.any():
        return sites[present], present
    parts, owner = split_geometries(
        sites[present[long]], max_vertices=_SITE_VERTICES, longest=_LONG_SITE_M, part=_SITE_PART_M
    )
    owner = np.concatenate([present[~long], present[long][owner]])
    order = np.argsort(owner, kind="stable")
    return np.concatenate([sites[present[~long]], parts])[order], owner[order]


def intersecting_pairs(sites: Geometries, index: ShapeIndex) -> IntersectingPairs:
    """Return the pairs of sites and zones that intersect, with their shared parts.

    A part of a site that crosses no border of a zone is inside or outside, which one point decides; only where a border
    crosses it, it is intersected with the surroundings of the part in the zone.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane, valid.
    index : ShapeIndex

    Returns
    -------
    IntersectingPairs
    """
    parts, owner = _parts(sites)
    shapely.prepare(parts)
    crossed = _crossed(parts, index)
    contained = _contained(parts, index, crossed)
    if not len(crossed) and not len(contained):
        shapely.destroy_prepared(parts)
        none = np.empty(0, dtype=np.intp)
        return IntersectingPairs(none, none, np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=object), none)
    cut_keys, cut = _shared(parts, index, crossed)
    shapely.destroy_prepared(parts)
    contained_part, contained_zone = index.unkeyed(contained)
    cut_part, cut_zone = index.unkeyed(cut_keys)
    crossed_part, crossed_zone = index.unkeyed(crossed)
    contained_pair, cut_pair = index.keys(owner[contained_part], contained_zone), index.keys(owner[cut_part], cut_zone)
    keys = np.unique(np.concatenate([contained_pair, index.keys(owner[crossed_part], crossed_zone)]))
    site, zone = index.unkeyed(keys)
    # A site is contained where all its parts are.
    count = np.bincount(owner, minlength=len(sites))
    whole = np.bincount(np.searchsorted(keys, contained_pair), minlength=len(keys)) == count[site]
    contained_place, cut_place = np.searchsorted(keys, contained_pair), np.searchsorted(keys, cut_pair)
    partial = ~whole[contained_place]
    shapes = np.concatenate([sites[site[whole]], parts[contained_part[partial]], cut])
    pair = np.concatenate([np.flatnonzero(whole), contained_place[partial], cut_place])
    lower = np.minimum(shapely.get_dimensions(sites[site]), index.dimension[zone])
    flat, origin = _of_dimension(shapes, lower[pair])
    pair = pair[origin]
    area = np.bincount(pair, weights=shapely.area(flat), minlength=len(keys)).astype(np.float64)
    return IntersectingPairs(site, zone, area, whole, flat, pair)
