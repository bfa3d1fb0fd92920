"""How a site lies to a zone, decided by mean width and never by ``== 0`` or ``covers``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.distance_search import Nearness, near_border
from lianzhou_gis.overlay.index import ShapeIndex
from lianzhou_gis.overlay.pairs import Pairs, merged
from lianzhou_gis.overlay.uncovered import mean_width
from lianzhou_gis.table import Columns

__all__ = ["TOUCH_WIDTH_M", "may_be_thin", "related"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Twice the last digit of a millimetre coordinate: a piece thinner than this is a common border.
TOUCH_WIDTH_M = 0.002


def may_be_thin(rest_m2: Floats, sites: Geometries, pieces: Geometries) -> Flags:
    """Tell where what pieces leave of sites may be a rim of 2 mm; where it is more than one along all borders, not."""
    return np.asarray(rest_m2 < TOUCH_WIDTH_M * (shapely.length(sites) + shapely.length(pieces)), dtype=bool)


def _within(sites: Geometries, index: ShapeIndex, pairs: Pairs, inner: Flags) -> Flags:
    """Tell which pairs leave next to nothing of the site outside the zone."""
    own = sites[pairs.site]
    dimension = shapely.get_dimensions(own)
    result = pairs.whole & inner
    # A point that meets a zone is within it; a line by what is left of its length.
    result[inner & (dimension == 0)] = True
    lines = inner & (dimension == 1) & ~pairs.whole
    result[lines] = shapely.length(own[lines]) - shapely.length(pairs.shapes[lines]) < TOUCH_WIDTH_M
    areal = inner & (dimension == 2) & ~pairs.whole
    areal[areal] = may_be_thin(shapely.area(own[areal]) - pairs.area_m2[areal], own[areal], pairs.shapes[areal])
    maybe = np.flatnonzero(areal)
    if not len(maybe):
        return result
    # The zone is taken off, not what it shares with the site: along a border cut twice a hair would be left.
    found, root = index.areas.tree.query(own[maybe])
    same = index.areas.owner[root] == pairs.zone[maybe[found]]
    found, root = found[same], root[same]
    held = merged(index.areas.around(shapely.bounds(own[maybe[found]]), root), found, len(maybe))
    left = np.asarray(shapely.difference(own[maybe], held), dtype=object)
    parts, owner = shapely.get_parts(left, return_index=True)
    kept = shapely.get_dimensions(parts) == 2
    area = np.bincount(owner[kept], weights=shapely.area(parts[kept]), minlength=len(maybe))
    around = np.bincount(owner[kept], weights=shapely.length(parts[kept]), minlength=len(maybe))
    width = np.divide(2.0 * area, around, out=np.zeros(len(maybe)), where=around > 0)
    result[maybe] = width < TOUCH_WIDTH_M
    return result


def _shallow(pieces: Geometries, borders: Geometries, accuracy: Floats) -> Flags:
    """Tell where no corner of a piece lies deeper than the accuracy inside its site."""
    corners, owner = shapely.get_coordinates(pieces, return_index=True)
    shapely.prepare(borders)
    points = np.asarray(shapely.points(corners), dtype=object)
    near = np.asarray(shapely.distance(borders[owner], points)) <= accuracy[owner]
    shapely.destroy_prepared(borders)
    return np.asarray(np.bincount(owner[~near], minlength=len(pieces)) == 0, dtype=bool)


def _doubtful(
    sites: Geometries, index: ShapeIndex, pairs: Pairs, inner: Flags, width: Floats, accuracy: Floats
) -> Flags:
    """Tell which pieces may be there only because borders are not known better than they are."""
    # Of a zone that is known as a point nobody knows where it begins.
    result: Flags = inner & (index.dimension[pairs.zone] == 0)
    thin = np.flatnonzero(inner & ~result & (width < accuracy))
    if not len(thin):
        return result
    # In lines and points nothing lies deep.
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
    near = near_border(np.asarray(shapely.points(corners)), index, pairs.zone[place], accuracy[place])
    shallow[place[~near]] = False
    result[thin] = shallow[thin]
    return result


def related(
    sites: Geometries,
    index: ShapeIndex,
    pairs: Pairs,
    near: Nearness,
    site_accuracy_m: Floats,
    zone_accuracy_m: Floats,
) -> Columns:
    """Return the relation of every pair that meets or is near.

    Parameters
    ----------
    sites : ndarray of shapely geometries
        In the plane.
    index : ShapeIndex
        Of the zones.
    pairs : Pairs
    near : Nearness
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
    w = 2 x area / perimeter of the piece. ``touch``: w under 2 mm. ``doubtful``: w under hypot of both accuracies, and
    no corner of the piece deeper than that in site or zone: a narrow road across a zone is no error of borders.
    """
    dimension, along = shapely.get_dimensions(pairs.shapes), shapely.length(pairs.shapes)
    areal = (shapely.get_dimensions(sites[pairs.site]) == 2) & (index.dimension[pairs.zone] == 2)
    width = mean_width(pairs.shapes)
    size = np.where(dimension == 1, along, np.where(dimension == 0, np.inf, width))
    # Areas share an area or touch; a line or a point shares what it shares unless that is next to nothing.
    inner = ~shapely.is_empty(pairs.shapes) & np.where(areal, width >= TOUCH_WIDTH_M, size >= TOUCH_WIDTH_M)
    within = _within(sites, index, pairs, inner)
    accuracy = np.hypot(site_accuracy_m[pairs.site], zone_accuracy_m[pairs.zone])
    meeting = Columns(
        {
            "site": pairs.site,
            "zone": pairs.zone,
            "relation": np.where(within, "within", np.where(inner, "overlap", "touch")).astype(object),
            "area_m2": np.where(inner, pairs.area_m2, 0.0),
            "length_m": np.where(inner & (dimension == 1), along, np.nan),
            "distance_m": np.zeros(len(pairs.site)),
            "bearing_deg": np.full(len(pairs.site), np.nan),
            "doubtful": _doubtful(sites, index, pairs, inner, np.where(dimension == 1, along, width), accuracy),
            "whole": within & pairs.whole,
            "shape": pairs.shapes,
        }
    )
    if not len(near.site):
        return meeting
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
    return Columns.joined([meeting, close])
