"""The parts of sites that a layer does not speak for: beyond its coverage, between units, in doubtful places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay.index import ShapeIndex
from lianzhou_gis.overlay.pairs import Pairs, meeting_pairs, merged
from lianzhou_gis.vocabulary import GapReason
from lianzhou_gis.zones import Layer, LayerGap

__all__ = ["mean_width", "parts_in_gaps", "parts_not_covered"]

Geometries = npt.NDArray[np.object_]

# Hairline gaps of rounding are thinner than this; a gap between units counts from it.
_GAP_WIDTH_M = 0.01


def mean_width(shapes: Geometries) -> npt.NDArray[np.float64]:
    """Return 2 x area / perimeter of every shape, metres; 0 for lines and points.

    Examples
    --------
    >>> mean_width(np.array([shapely.box(0, 0, 100, 1), shapely.Point(0, 0)], dtype=object)).round(3).tolist()
    [0.99, 0.0]
    """
    perimeter = shapely.length(shapes)
    width = np.divide(2.0 * shapely.area(shapes), perimeter, out=np.zeros(len(shapes)), where=perimeter > 0)
    return np.where(shapely.get_dimensions(shapes) == 2, width, 0.0)


def _measure(shapes: Geometries) -> npt.NDArray[np.float64]:
    return np.where(shapely.get_dimensions(shapes) == 2, shapely.area(shapes), shapely.length(shapes))


def _outside(sites: Geometries, index: ShapeIndex, pairs: Pairs) -> tuple[npt.NDArray[np.intp], Geometries]:
    """Return what of every site is in none of the shapes of an index; whole sites included.

    Of areas the parts that are wide enough to count; of lines any length, of points the point.
    """
    held = merged(pairs.shapes, pairs.site, len(sites))
    present = ~(shapely.is_missing(sites) | shapely.is_empty(sites))
    # What is held whole, but for the last bits, needs no difference.
    whole = ~shapely.is_empty(held) & (_measure(held) >= (1.0 - 1e-12) * _measure(sites))
    positions = np.flatnonzero(present & ~whole)
    # The tiles are taken off, not what they share with the site: along a border cut twice a hair would be left.
    part, tile = index.tree.query(sites[positions], predicate="intersects")
    cover = merged(index.tiles.shapes[tile], part, len(positions))
    rests = np.asarray(shapely.difference(sites[positions], cover), dtype=object)
    parts, owner = shapely.get_parts(rests, return_index=True)
    dimension = shapely.get_dimensions(parts)
    # Where borders run together the difference leaves hairs that are thinner than any survey.
    counts = (dimension == shapely.get_dimensions(sites[positions])[owner]) & ~shapely.is_empty(parts)
    counts &= (dimension != 2) | (mean_width(parts) >= _GAP_WIDTH_M)
    kept, number = np.unique(owner[counts], return_inverse=True)
    return positions[kept], merged(parts[counts], number.astype(np.intp), len(kept))


def _records(reason: GapReason, layer_id: str, positions: npt.NDArray[np.intp], rests: Geometries) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site": positions,
            "reason": reason.value,
            "layer_id": layer_id,
            "gap": -1,
            "area_m2": shapely.area(rests),
            "shape": rests,
        }
    )


def parts_not_covered(
    sites: Geometries, layer: Layer, index: ShapeIndex, pairs: Pairs, covering: bool, plane: Plane
) -> pd.DataFrame:
    """Return the parts of sites beyond a layer's coverage, and within it those between control units.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    layer : Layer
        With a coverage.
    index : ShapeIndex
        Of the zones of the layer.
    pairs : Pairs
        Of the sites with the zones.
    covering : bool
        Whether the zones must cover the layer's whole area.

    Returns
    -------
    DataFrame
        ``site`` (position), ``reason``, ``layer_id``, ``gap`` (-1), ``area_m2``, ``shape`` (in the plane).
    """
    area = plane.project([layer.coverage])
    whole = ShapeIndex.of(area)
    inside = meeting_pairs(sites, whole)
    positions, rests = _outside(sites, whole, inside)
    beyond = _records(GapReason.OUTSIDE_COVERAGE, layer.entry.id, positions, rests)
    if not covering:
        return beyond
    # Only what lies within the coverage can be a gap between units.
    within = np.full(len(sites), None, dtype=object)
    within[inside.site] = inside.shapes
    positions, rests = _outside(within, index, pairs)
    return pd.concat([beyond, _records(GapReason.COVERAGE_GAP, layer.entry.id, positions, rests)], ignore_index=True)


def parts_in_gaps(sites: Geometries, gaps: Sequence[LayerGap], plane: Plane) -> pd.DataFrame:
    """Return the parts of sites that lie where a layer is in doubt; columns as :func:`parts_not_covered`.

    ``gap`` is the position of the gap. A site that only touches such a place has the gap too.
    """
    numbers = [number for number, gap in enumerate(gaps) if gap.area is not None]
    shapes = plane.project(np.array([gaps[number].area for number in numbers], dtype=object))
    pairs = meeting_pairs(sites, ShapeIndex.of(shapes))
    return pd.DataFrame(
        {
            "site": pairs.site,
            "reason": [gaps[numbers[zone]].reason.value for zone in pairs.zone],
            "layer_id": [gaps[numbers[zone]].layer_id for zone in pairs.zone],
            "gap": [numbers[zone] for zone in pairs.zone],
            "area_m2": pairs.area_m2,
            "shape": pairs.shapes,
        }
    )
