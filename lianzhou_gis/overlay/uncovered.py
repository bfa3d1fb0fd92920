"""The parts of sites that a layer does not speak for: beyond its coverage, between units, in doubtful places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.index import ShapeIndex
from lianzhou_gis.overlay.layer_index import LayerIndex
from lianzhou_gis.overlay.pairs import Pairs, merged
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason

__all__ = ["mean_width", "outside", "remainders"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

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


def outside(sites: Geometries, index: ShapeIndex, pairs: Pairs, chosen: Flags) -> tuple[Positions, Geometries]:
    """Return what of every site is in none of the chosen shapes of an index; whole sites included.

    Of areas the parts that are wide enough to count; of lines any length, of points the point. ``pairs`` are those of
    the very sites; of a site that they leave out, all is looked at.
    """
    own = pairs.of(chosen[pairs.zone])
    whole = np.zeros(len(sites), dtype=bool)
    whole[own.site[own.whole]] = True
    # What is held whole, but for the last bits, needs no difference.
    some = own.of(~whole[own.site])
    if len(some.site):
        asked, number = np.unique(some.site, return_inverse=True)
        held = merged(some.shapes, number.astype(np.intp), len(asked))
        whole[asked] = ~shapely.is_empty(held) & (_measure(held) >= (1.0 - 1e-12) * _measure(sites[asked]))
    positions = np.flatnonzero(~whole & ~(shapely.is_missing(sites) | shapely.is_empty(sites)))
    if not len(positions):
        return positions, np.empty(0, dtype=object)
    # The zones are taken off, not what they share with the site: along a border cut twice a hair would be left.
    part, root = index.areas.tree.query(sites[positions])
    near = chosen[index.areas.owner[root]]
    part, root = part[near], root[near]
    cover = merged(index.areas.around(shapely.bounds(sites[positions[part]]), root), part, len(positions))
    rests = np.asarray(shapely.difference(sites[positions], cover), dtype=object)
    parts, owner = shapely.get_parts(rests, return_index=True)
    dimension = shapely.get_dimensions(parts)
    # Where borders run together the difference leaves hairs that are thinner than any survey.
    counts = (dimension == shapely.get_dimensions(sites[positions])[owner]) & ~shapely.is_empty(parts)
    counts &= (dimension != 2) | (mean_width(parts) >= _GAP_WIDTH_M)
    kept, number = np.unique(owner[counts], return_inverse=True)
    return positions[kept], merged(parts[counts], number.astype(np.intp), len(kept))


def _records(reason: GapReason, layer_id: str, site: Positions, rests: Geometries) -> Columns:
    return Columns({"site": site, "shape": rests, "area_m2": np.asarray(shapely.area(rests), dtype=np.float64)}).assign(
        reason=reason.value, layer_id=layer_id, gap=np.full(len(site), -1, dtype=np.int64)
    )


def remainders(sites: Geometries, ground: LayerIndex, pairs: Pairs) -> Columns:
    """Return the parts of sites beyond coverages, between control units, and where a layer is in doubt.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    ground : LayerIndex
    pairs : Pairs
        Of the sites with the shapes of the ground.

    Returns
    -------
    Columns
        ``site`` (position), ``shape`` (in the plane), ``area_m2``, ``reason``, ``layer_id``, ``gap`` (position in the
        gaps of the ground, or -1). A site that only touches a place in doubt has its gap too.
    """
    rows = [_in_doubt(ground, pairs)]
    number = np.arange(len(ground.shapes))
    for which in range(ground.coverages):
        site, rests = outside(sites, ground.shapes, pairs, number == ground.first_coverage + which)
        if len(site):
            own = np.flatnonzero(ground.coverage == which)
            rows += [_records(GapReason.OUTSIDE_COVERAGE, ground.layer_id[place], site, rests) for place in own]
    for place in ground.covering:
        # Only what lies within the coverage can be a gap between units.
        held = pairs.of(pairs.zone == ground.first_coverage + ground.coverage[place])
        within = np.full(len(sites), None, dtype=object)
        within[held.site] = held.shapes
        # Of a site that is cut by the coverage, what units hold may lie beyond it.
        uncut = np.zeros(len(sites), dtype=bool)
        uncut[held.site[held.whole]] = True
        units = np.zeros(len(ground.shapes), dtype=bool)
        units[: ground.first_coverage] = ground.layer == place
        site, rests = outside(within, ground.shapes, pairs.of(uncut[pairs.site]), units)
        if len(site):
            rows.append(_records(GapReason.COVERAGE_GAP, ground.layer_id[place], site, rests))
    return Columns.joined(rows)


def _in_doubt(ground: LayerIndex, pairs: Pairs) -> Columns:
    pairs = pairs.of(pairs.zone >= ground.first_doubt)
    number = ground.doubt[pairs.zone - ground.first_doubt]
    gaps = [ground.gaps[place] for place in number]
    return Columns(
        {
            "site": pairs.site,
            "shape": pairs.shapes,
            "area_m2": pairs.area_m2,
            "reason": np.array([gap.reason.value for gap in gaps], dtype=object),
            "layer_id": np.array([gap.layer_id for gap in gaps], dtype=object),
            "gap": number.astype(np.int64),
        }
    )
