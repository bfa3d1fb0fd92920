"""Exact borders that a document published, without the places that they must not show: small parts, hairs, slits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.maps.disclosure.attacks import centres_of

__all__ = ["without_centres", "without_places"]

Floats = npt.NDArray[np.float64]
Shape = BaseGeometry

_MITRE = 4.0
# To which results of overlays are snapped, and what is larger than rounding at a corner.
_GRID_M, _ROUNDING_M2, _ROUNDING_M = 0.001, 1e-2, 0.05


def without_places(shape: Shape, least_m2: float, width_m: float, scale: Floats) -> tuple[Shape | None, int]:
    """Return an area without what is small or narrow enough to tell a place, and how many pieces were left out.

    Parameters
    ----------
    shape : shapely geometry
        EPSG:4490.
    least_m2 : float
        Parts and holes smaller than this, or narrower than its root (the largest circle in them), are places: parts are
        dropped, holes filled.
    width_m : float
        Hairs narrower than this are cut off with what hangs on them; slits that are narrower are closed.
    scale : ndarray
        Metres of a degree of longitude and latitude.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> field = shapely.union_all([shapely.box(0, 0, 400, 300), shapely.box(400, 100, 900, 101)])
    >>> whole, count = without_places(field, 900, 3, np.ones(2))
    >>> [round(value) for value in shapely.bounds(whole)], count
    ([0, 0, 402, 300], 1)
    >>> without_places(shapely.box(0, 0, 2000, 1), 900, 3, np.ones(2))
    (None, 1)
    """
    if shapely.get_type_id(shape) not in (3, 6):
        return None, 1
    flat = shapely.transform(shapely.force_2d(shape), lambda xy: xy * scale)
    flat = flat if shapely.is_valid(flat) else shapely.make_valid(flat)
    closed = _grown(_grown(flat, width_m / 2), -width_m / 2)
    left = _long_pieces(shapely.difference(closed, flat), width_m)
    if left:
        flat = shapely.union(flat, closed, grid_size=_GRID_M)
    parts = []
    for part in shapely.get_parts(flat):
        if shapely.get_type_id(part) != 3:
            continue
        holes = [ring for ring in part.interiors if _is_large(shapely.Polygon(ring), least_m2)]
        left += len(part.interiors) - len(holes)
        core = _grown(shapely.Polygon(part.exterior, holes), -width_m / 2)
        large = [
            piece
            for piece in shapely.get_parts(_grown(core, width_m / 2))
            if _is_large(shapely.Polygon(piece.exterior), least_m2)
        ]
        if not large:
            left += 1
            continue
        whole = shapely.Polygon(part.exterior, holes)
        wide = _grown(shapely.union_all(large), width_m / 2)
        cut = _long_pieces(shapely.difference(whole, wide), 0.0)
        left += cut
        # Not the difference of what is cut: slivers of it would still lead to the place.
        parts += list(shapely.get_parts(shapely.intersection(whole, wide, grid_size=_GRID_M) if cut else whole))
    parts = [part for part in parts if shapely.get_type_id(part) == 3 and _is_large(part, least_m2)]
    if not parts:
        return None, max(left, 1)
    kept = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return shapely.transform(kept, lambda xy: xy / scale), left


def without_centres(shape: Shape | None, places: Floats, metres: float, scale: Floats) -> tuple[Shape | None, int]:
    """Return an area without the parts of which a centre comes nearer to a hidden place, and how many they were.

    Parameters
    ----------
    shape : shapely geometry or None
        EPSG:4490.
    places : ndarray, shape (n, 2)
        Degrees.
    metres : float
    scale : ndarray
        Metres of a degree of longitude and latitude.
    """
    if shape is None or not len(places):
        return shape, 0
    hidden = places[None] * scale
    parts = list(shapely.get_parts(shape))
    kept = [part for part in parts if np.linalg.norm(centres_of(part, scale)[:, None] - hidden, axis=2).min() >= metres]
    if len(kept) == len(parts):
        return shape, 0
    left = len(parts) - len(kept)
    return (kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)) if kept else None, left


def _grown(shape: Shape, metres: float) -> Shape:
    """Return an area with sharp corners grown by a distance, or shrunk by a negative one."""
    return shapely.buffer(shape, metres, join_style="mitre", mitre_limit=_MITRE)


def _long_pieces(shape: Shape, width_m: float) -> int:
    """Return how many areal pieces of a difference are more than rounding at a corner."""
    return sum(
        1
        for piece in shapely.get_parts(shape)
        if shapely.get_type_id(piece) == 3
        and shapely.area(piece) > _ROUNDING_M2
        and np.ptp(shapely.get_coordinates(piece), axis=0).max() > max(width_m, _ROUNDING_M)
    )


def _is_large(part: shapely.Polygon, least_m2: float) -> bool:
    """Tell whether an area and the largest circle in it are no place."""
    if shapely.area(part) < least_m2:
        return False
    reach = float(np.sqrt(least_m2))
    simple = shapely.simplify(part, reach / 100)
    return bool(2 * shapely.length(shapely.maximum_inscribed_circle(simple, tolerance=reach / 100)) >= 0.95 * reach)
