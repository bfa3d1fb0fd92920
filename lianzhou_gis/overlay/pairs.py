"""Which sites meet which zones, and in what piece: the core of the overlay, in the plane, on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.index import ShapeIndex
from lianzhou_gis.overlay.subdivide import pieces_of

__all__ = ["Pairs", "among", "meeting_pairs", "merged"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# The box of a long corridor holds half the county: sites longer than this are cut into parts first.
_LONG_SITE_M = 3000.0
_SITE_PART_M = 1000.0
_SITE_VERTICES = 1024
# Made once: shapely reads an empty shape from text each time.
_NOTHING = shapely.GeometryCollection()


@dataclass(frozen=True)
class Pairs:
    """Sites and zones that have a point in common.

    Attributes
    ----------
    site, zone : ndarray of int, shape (n,)
        Positions; each pair once, in order.
    area_m2 : ndarray of float, shape (n,)
    whole : ndarray of bool, shape (n,)
        Where the site lies inside the zone and no border of it runs through the site.
    pieces : ndarray of shapely geometries, shape (m,)
        What they share, part by part; of the dimension of the site or the zone, whichever is lower.
    pair : ndarray of int, shape (m,)
        To which pair each piece belongs.
    """

    site: Positions
    zone: Positions
    area_m2: Floats
    whole: Flags
    pieces: Geometries
    pair: Positions

    @cached_property
    def shapes(self) -> Geometries:
        """What the pairs share, shape (n,); empty where they only touch."""
        return merged(self.pieces, self.pair, len(self.site))

    def of(self, chosen: Flags) -> Pairs:
        """Return some of the pairs."""
        if chosen.all():
            return self
        number = np.cumsum(chosen) - 1
        kept = chosen[self.pair]
        return Pairs(
            self.site[chosen],
            self.zone[chosen],
            self.area_m2[chosen],
            self.whole[chosen],
            self.pieces[kept],
            number[self.pair[kept]],
        )


def merged(shapes: Geometries, group: Positions, count: int) -> Geometries:
    """Return the union of the shapes of every group; groups are numbered, an absent one is an empty collection."""
    result = np.full(count, _NOTHING, dtype=object)
    if not len(group):
        return result
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


def _of_dimension(shapes: Geometries, wanted: npt.NDArray[np.int_]) -> tuple[Geometries, Positions]:
    """Return the parts of shapes that have the dimension wanted, and which shape each comes from."""
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
    kept = (shapely.get_dimensions(parts) == wanted[index]) & ~shapely.is_empty(parts)
    origin = np.concatenate([np.flatnonzero(plain), index[kept]])
    order = np.argsort(origin, kind="stable")
    return np.concatenate([shapes[plain], parts[kept]])[order], origin[order]


def _crossed(parts: Geometries, index: ShapeIndex) -> Keys:
    """Return the parts and the shapes whose border they meet."""
    part, chain = index.chain_tree.query(parts)
    meets = shapely.intersects(parts[part], index.chains.shapes.at(chain))
    return np.unique(index.keys(part[meets], index.chains.owner[chain[meets]]))


def _held(parts: Geometries, index: ShapeIndex, crossed: Keys) -> Keys:
    """Return the parts and the shapes that hold them whole, no border in between: one point of them tells."""
    points = np.asarray(shapely.point_on_surface(parts), dtype=object)
    part, zone = index.areas.holding(points)
    keys = np.unique(index.keys(part, zone))
    return keys[~among(keys, crossed)]


def among(keys: Keys, sorted_keys: Keys) -> Flags:
    """Tell which keys are among others, which are sorted."""
    if not len(sorted_keys):
        return np.zeros(len(keys), dtype=bool)
    place = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.asarray(sorted_keys[place] == keys, dtype=bool)


def _shared(parts: Geometries, index: ShapeIndex, crossed: Keys) -> tuple[Keys, Geometries]:
    """Return what parts share with the shapes whose border they meet."""
    zone = index.unkeyed(crossed)[1]
    areal = index.dimension[zone] == 2
    keys, pieces = _shared_areas(parts, index, crossed[areal])
    if areal.all():
        return keys, pieces
    more_keys, more = _shared_lines(parts, index, crossed[~areal])
    return np.concatenate([keys, more_keys]), np.concatenate([pieces, more])


def _shared_areas(parts: Geometries, index: ShapeIndex, crossed: Keys) -> tuple[Keys, Geometries]:
    """Of an area only what lies around the part is looked at: one piece each, without a seam."""
    wanted = np.unique(index.unkeyed(crossed)[0])
    found, root = index.areas.tree.query(parts[wanted])
    part = wanted[found]
    keys = index.keys(part, index.areas.owner[root])
    chosen = among(keys, crossed)
    part, root, keys = part[chosen], root[chosen], keys[chosen]
    order = np.lexsort((root, keys))
    part, root, keys = part[order], root[order], keys[order]
    local = index.areas.around(shapely.bounds(parts[part]), root)
    return keys, np.asarray(shapely.intersection(parts[part], local), dtype=object)


def _shared_lines(parts: Geometries, index: ShapeIndex, crossed: Keys) -> tuple[Keys, Geometries]:
    """Lines and points are looked at tile by tile."""
    wanted = np.unique(index.unkeyed(crossed)[0])
    found, tile = index.lines.tree.query(parts[wanted])
    part = wanted[found]
    keys = index.keys(part, index.lines.owner[tile])
    chosen = among(keys, crossed)
    part, tile, keys = part[chosen], tile[chosen], keys[chosen]
    order = np.lexsort((tile, keys))
    part, tile, keys = part[order], tile[order], keys[order]
    return keys, np.asarray(shapely.intersection(parts[part], index.lines.shapes.at(tile)), dtype=object)


def _parts(sites: Geometries) -> tuple[Geometries, Positions]:
    """Return sites in connected parts, long and heavy ones cut, with the position of the site of each part."""
    present = np.flatnonzero(~(shapely.is_missing(sites) | shapely.is_empty(sites)))
    west, south, east, north = shapely.bounds(sites[present]).T
    long = np.maximum(east - west, north - south) > _LONG_SITE_M
    # What is held whole and what is not is told of connected parts.
    long |= (shapely.get_num_coordinates(sites[present]) > _SITE_VERTICES) | (shapely.get_type_id(sites[present]) > 3)
    if not long.any():
        return sites[present], present
    parts, owner = pieces_of(sites[present[long]], max_vertices=_SITE_VERTICES, longest=_LONG_SITE_M, part=_SITE_PART_M)
    owner = np.concatenate([present[~long], present[long][owner]])
    order = np.argsort(owner, kind="stable")
    return np.concatenate([sites[present[~long]], parts])[order], owner[order]


def meeting_pairs(sites: Geometries, index: ShapeIndex) -> Pairs:
    """Find the pairs of sites and zones that meet, with what they share.

    A part of a site that meets no border of a zone is inside or outside, which one of its points tells; only where a
    border runs through it, it is intersected with what of the zone lies around it.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane, valid.
    index : ShapeIndex

    Returns
    -------
    Pairs
    """
    parts, owner = _parts(sites)
    shapely.prepare(parts)
    crossed = _crossed(parts, index)
    held = _held(parts, index, crossed)
    if not len(crossed) and not len(held):
        shapely.destroy_prepared(parts)
        none = np.empty(0, dtype=np.intp)
        return Pairs(none, none, np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=object), none)
    cut_keys, cut = _shared(parts, index, crossed)
    shapely.destroy_prepared(parts)
    held_part, held_zone = index.unkeyed(held)
    cut_part, cut_zone = index.unkeyed(cut_keys)
    crossed_part, crossed_zone = index.unkeyed(crossed)
    held_pair, cut_pair = index.keys(owner[held_part], held_zone), index.keys(owner[cut_part], cut_zone)
    keys = np.unique(np.concatenate([held_pair, index.keys(owner[crossed_part], crossed_zone)]))
    site, zone = index.unkeyed(keys)
    # A site is held whole where all its parts are.
    count = np.bincount(owner, minlength=len(sites))
    whole = np.bincount(np.searchsorted(keys, held_pair), minlength=len(keys)) == count[site]
    held_place, cut_place = np.searchsorted(keys, held_pair), np.searchsorted(keys, cut_pair)
    loose = ~whole[held_place]
    shapes = np.concatenate([sites[site[whole]], parts[held_part[loose]], cut])
    pair = np.concatenate([np.flatnonzero(whole), held_place[loose], cut_place])
    lower = np.minimum(shapely.get_dimensions(sites[site]), index.dimension[zone])
    flat, origin = _of_dimension(shapes, lower[pair])
    pair = pair[origin]
    area = np.bincount(pair, weights=shapely.area(flat), minlength=len(keys)).astype(np.float64)
    return Pairs(site, zone, area, whole, flat, pair)
