"""The parts of sites that a layer says nothing about: outside its coverage, between units, in the areas of gaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.intersecting_pairs import (
    IntersectingPairs,
    intersecting_pairs,
    isin_sorted,
    union_by_group,
)
from lianzhou_gis.overlay.layer_index import LayerIndex
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.totals import sharing_groups
from lianzhou_gis.overlay.width import parts_wider_than, too_small_for_disc
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason

__all__ = ["difference_from_shapes", "gaps_within_error", "uncovered_parts"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# A part outside a coverage, or a gap between units, counts where it holds a disc, or a length, of this.
_GAP_WIDTH_M = 0.01


def _measure(shapes: Geometries) -> npt.NDArray[np.float64]:
    return np.where(shapely.get_dimensions(shapes) == 2, shapely.area(shapes), shapely.length(shapes))


def difference_from_shapes(
    sites: Geometries, index: ShapeIndex, pairs: IntersectingPairs, chosen: Flags, cut: Flags | None = None
) -> tuple[Positions, Geometries]:
    """Return the part of every site outside all of the chosen shapes of an index.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : ShapeIndex
    pairs : IntersectingPairs
        Of these sites, all of them: a shape in no pair with a site takes nothing of it.
    chosen : ndarray of bool, shape (shapes,)
    cut : ndarray of bool, shape (sites,), optional
        Sites of which only a part is given here: what their pairs share may lie outside it, and is not measured.

    Returns
    -------
    site : ndarray of int, shape (m,)
        The sites of which a part lies outside.
    parts : ndarray of shapely geometries, shape (m,)
        Of areas the parts that hold a disc of 1 cm; of lines those longer than 1 cm; of points the point.
    """
    own = intersecting = pairs.subset(chosen[pairs.zone])
    if cut is not None:
        own = own.subset(~cut[own.site])
    covered = np.zeros(len(sites), dtype=bool)
    covered[own.site[own.whole]] = True
    # A site whose shared parts make up its measure needs no difference.
    partial = own.subset(~covered[own.site])
    if len(partial.site):
        candidates, number = np.unique(partial.site, return_inverse=True)
        shared = _shared_measure(sites[candidates], index, partial, number.astype(np.intp))
        measure = _measure(sites[candidates])
        covered[candidates] = shared >= (1.0 - 1e-12) * measure
        # Nor does one where what is left, wherever it lies, is too small to count.
        areal = shapely.get_dimensions(sites[candidates]) == 2
        covered[candidates] |= areal & (shared >= 0.0) & too_small_for_disc(measure - shared, _GAP_WIDTH_M)
    positions = np.flatnonzero(~covered & ~(shapely.is_missing(sites) | shapely.is_empty(sites)))
    if not len(positions):
        return positions, np.empty(0, dtype=object)
    # Subtract the zones, not the shared parts: a border computed twice would leave a hair.
    part, root = index.areas.tree.query(sites[positions])
    # A shape nearby that does not intersect the site takes nothing of it.
    zone = index.areas.owner[root]
    near = isin_sorted(index.keys(positions[part], zone), index.keys(intersecting.site, intersecting.zone))
    part, root = part[near], root[near]
    cover = union_by_group(index.areas.clip_around(shapely.bounds(sites[positions[part]]), root), part, len(positions))
    rests = np.asarray(shapely.difference(sites[positions], cover), dtype=object)
    parts, owner = shapely.get_parts(rests, return_index=True)
    dimension = shapely.get_dimensions(parts)
    counts = (dimension == shapely.get_dimensions(sites[positions])[owner]) & ~shapely.is_empty(parts)
    # Where borders coincide the difference leaves hairs of rounding.
    counts[counts] = (dimension[counts] == 0) | parts_wider_than(parts[counts], _GAP_WIDTH_M)
    remaining, number = np.unique(owner[counts], return_inverse=True)
    return positions[remaining], union_by_group(parts[counts], number.astype(np.intp), len(remaining))


def _shared_measure(sites: Geometries, index: ShapeIndex, pairs: IntersectingPairs, number: Positions) -> Floats:
    """Return the measure of what each site shares with the zones of its pairs, -1 for none; ``number`` is its site."""
    areal = shapely.get_dimensions(sites) == 2
    united = sharing_groups(index, pairs.zone, number, len(sites)) | ~areal
    shared = np.bincount(number, weights=pairs.area_m2, minlength=len(sites)).astype(np.float64)
    chosen = np.flatnonzero(united[number])
    if len(chosen):
        place = np.cumsum(united) - 1
        unions = union_by_group(pairs.shapes[chosen], place[number[chosen]], int(united.sum()))
        shared[united] = np.where(shapely.is_empty(unions), -1.0, _measure(unions))
    return shared


def _records(reason: GapReason, layer_id: str, site: Positions, parts: Geometries) -> Columns:
    area = np.asarray(shapely.area(parts), dtype=np.float64)
    return Columns({"site": site, "shape": parts, "area_m2": area}).assign(
        reason=reason.value, layer_id=layer_id, gap=np.full(len(site), -1, dtype=np.int64)
    )


def uncovered_parts(sites: Geometries, index: LayerIndex, pairs: IntersectingPairs) -> Columns:
    """Return the parts of sites outside coverages, between the units of a partition, and in the areas of gaps.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    index : LayerIndex
    pairs : IntersectingPairs
        Of the sites with the shapes of the index.

    Returns
    -------
    Columns
        ``site`` (position), ``shape`` (in the plane), ``area_m2``, ``reason``, ``layer_id``, ``gap`` (position in
        ``index.gaps``, or -1). A site that only touches the area of a gap is included.
    """
    rows = [_in_gap_areas(index, pairs)]
    number = np.arange(len(index.shapes))
    for coverage in range(index.coverage_count):
        site, parts = difference_from_shapes(sites, index.shapes, pairs, number == index.first_coverage + coverage)
        if len(site):
            layers = np.flatnonzero(index.coverage_of_layer == coverage)
            rows += [_records(GapReason.OUTSIDE_COVERAGE, index.layer_id[layer], site, parts) for layer in layers]
    for layer in index.exhaustive_layers:
        # Gaps between units are sought inside the coverage only.
        inside = pairs.subset(pairs.zone == index.first_coverage + index.coverage_of_layer[layer])
        covered = np.full(len(sites), None, dtype=object)
        covered[inside.site] = inside.shapes
        cut = np.ones(len(sites), dtype=bool)
        cut[inside.site[inside.whole]] = False
        units = np.zeros(len(index.shapes), dtype=bool)
        units[: index.first_coverage] = index.layer_of_zone == layer
        site, parts = difference_from_shapes(covered, index.shapes, pairs, units, cut)
        if len(site):
            rows.append(_records(GapReason.COVERAGE_GAP, index.layer_id[layer], site, parts))
    return Columns.joined(rows)


def gaps_within_error(sites: Geometries, error_m: Floats, index: LayerIndex) -> Columns:
    """Return the sites that an error of borders could put on a gap between the units of a partition.

    Parameters
    ----------
    sites : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    error_m : ndarray of float, shape (n,)
        Position errors of the sites.
    index : LayerIndex

    Returns
    -------
    Columns
        As :func:`uncovered_parts`, without shapes, areas NaN.
    """
    rows = [_records(GapReason.COVERAGE_GAP, "", np.empty(0, dtype=np.intp), np.empty(0, dtype=object))]
    for layer in index.layers_with_gaps:
        reach = np.hypot(error_m, index.layer_error_m[layer])
        wide = np.asarray(shapely.buffer(sites, reach, quad_segs=4), dtype=object)
        units = np.zeros(len(index.shapes), dtype=bool)
        units[: index.first_coverage] = index.layer_of_zone == layer
        site, parts = difference_from_shapes(wide, index.shapes, intersecting_pairs(wide, index.shapes), units)
        found = _records(GapReason.COVERAGE_GAP, index.layer_id[layer], site, parts)
        nothing = np.full(len(site), None, dtype=object)
        rows.append(found.assign(shape=nothing, area_m2=np.full(len(site), np.nan)))
    return Columns.joined(rows)


def _in_gap_areas(index: LayerIndex, pairs: IntersectingPairs) -> Columns:
    pairs = pairs.subset(pairs.zone >= index.first_gap_area)
    number = index.gap_of_area[pairs.zone - index.first_gap_area]
    gaps = [index.gaps[position] for position in number]
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
