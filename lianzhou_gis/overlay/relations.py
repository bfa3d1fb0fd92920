"""How a site lies to a zone, decided by mean width and never by ``== 0`` or ``covers``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.overlay.index import areal_parts
from lianzhou_gis.overlay.nearness import Nearness
from lianzhou_gis.overlay.pairs import Pairs
from lianzhou_gis.overlay.remainder import mean_width

__all__ = ["TOUCH_WIDTH_M", "related"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

# Twice the last digit of a millimetre coordinate: a piece thinner than this is a common border.
TOUCH_WIDTH_M = 0.002


def _within(sites: Geometries, zones: Geometries, pairs: Pairs, inner: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell which pairs leave next to nothing of the site outside the zone."""
    own = sites[pairs.site]
    dimension = shapely.get_dimensions(own)
    result = np.zeros(len(own), dtype=bool)
    # A point that meets a zone is within it; a line by what is left of its length.
    result[inner & (dimension == 0)] = True
    lines = inner & (dimension == 1)
    result[lines] = shapely.length(own[lines]) - shapely.length(pairs.shapes[lines]) < TOUCH_WIDTH_M
    rest = shapely.area(own) - pairs.area_m2
    # The rest must be thin; where it is more than a thin rim along both borders could be, it need not be built.
    rim = TOUCH_WIDTH_M * (shapely.length(own) + shapely.length(pairs.shapes))
    maybe = np.flatnonzero(inner & (dimension == 2) & (rest < rim))
    left = np.asarray(shapely.difference(own[maybe], zones[pairs.zone[maybe]]), dtype=object)
    mixed = shapely.get_type_id(left) == 7
    left[mixed] = [areal_parts(shape) for shape in left[mixed]]
    result[maybe] = mean_width(left) < TOUCH_WIDTH_M
    return result


def _depth(pieces: Geometries, shapes: Geometries) -> Floats:
    """Return how deep the deepest corner of every piece lies inside the area it belongs to; 0 in lines and points."""
    corners, owner = shapely.get_coordinates(pieces, return_index=True)
    borders = np.asarray(shapely.boundary(shapes), dtype=object)
    shapely.prepare(borders)
    far = shapely.distance(shapely.points(corners), borders[owner])
    depth = np.zeros(len(pieces))
    np.maximum.at(depth, owner, np.nan_to_num(far))
    return np.where(shapely.get_dimensions(shapes) == 2, depth, 0.0)


def _doubtful(sites: Geometries, zones: Geometries, pairs: Pairs, accuracy: Floats) -> npt.NDArray[np.bool_]:
    """Tell which pieces may be there only because borders are not known better than they are."""
    dimension = shapely.get_dimensions(pairs.shapes)
    width = np.where(dimension == 1, shapely.length(pairs.shapes), mean_width(pairs.shapes))
    # Of a zone that is known as a point nobody knows where it begins.
    result = shapely.get_dimensions(zones[pairs.zone]) == 0
    thin = np.flatnonzero(~result & (width < accuracy) & ~shapely.is_empty(pairs.shapes))
    pieces = pairs.shapes[thin]
    deep = np.maximum(_depth(pieces, zones[pairs.zone[thin]]), _depth(pieces, sites[pairs.site[thin]]))
    result[thin] = deep <= accuracy[thin]
    return np.asarray(result, dtype=bool)


def related(
    sites: Geometries,
    zones: Geometries,
    pairs: Pairs,
    near: Nearness,
    site_accuracy_m: Floats,
    zone_accuracy_m: Floats,
) -> pd.DataFrame:
    """Return the relation of every pair that meets or is near.

    Parameters
    ----------
    sites, zones : ndarray of shapely geometries
        In the plane.
    pairs : Pairs
    near : Nearness
    site_accuracy_m, zone_accuracy_m : ndarray of float
        By position.

    Returns
    -------
    DataFrame
        ``site, zone`` (positions), ``relation``, ``area_m2``, ``length_m`` (in the plane; NaN where neither is a line),
        ``distance_m``, ``bearing_deg``, ``doubtful``, ``shape`` (in the plane).

    Notes
    -----
    w = 2 x area / perimeter of the piece. ``touch``: w under 2 mm. ``doubtful``: w under hypot of both accuracies, and
    no corner of the piece deeper than that in site or zone: a narrow road across a zone is no error of borders.
    """
    dimension = shapely.get_dimensions(pairs.shapes)
    areal = (shapely.get_dimensions(sites[pairs.site]) == 2) & (shapely.get_dimensions(zones[pairs.zone]) == 2)
    width = mean_width(pairs.shapes)
    size = np.where(dimension == 1, shapely.length(pairs.shapes), np.where(dimension == 0, np.inf, width))
    # Areas share an area or touch; a line or a point shares what it shares unless that is next to nothing.
    inner = ~shapely.is_empty(pairs.shapes) & np.where(areal, width >= TOUCH_WIDTH_M, size >= TOUCH_WIDTH_M)
    within = _within(sites, zones, pairs, inner)
    accuracy = np.hypot(site_accuracy_m[pairs.site], zone_accuracy_m[pairs.zone])
    meeting = pd.DataFrame(
        {
            "site": pairs.site,
            "zone": pairs.zone,
            "relation": np.where(within, "within", np.where(inner, "overlap", "touch")),
            "area_m2": np.where(inner, pairs.area_m2, 0.0),
            "length_m": np.where(inner & (dimension == 1), shapely.length(pairs.shapes), np.nan),
            "distance_m": 0.0,
            "bearing_deg": np.nan,
            "doubtful": inner & _doubtful(sites, zones, pairs, accuracy),
            "shape": pairs.shapes,
        }
    )
    keys = [np.asarray(part.site, dtype=np.int64) * max(len(zones), 1) + part.zone for part in (pairs, near)]
    apart = ~np.isin(keys[1], keys[0])
    close = pd.DataFrame(
        {
            "site": near.site[apart],
            "zone": near.zone[apart],
            "relation": "near",
            "area_m2": 0.0,
            "length_m": np.nan,
            "distance_m": near.distance_m[apart],
            "bearing_deg": near.bearing_deg[apart],
            "doubtful": False,
            "shape": None,
        }
    )
    frames = [frame for frame in (meeting, close) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else meeting
