"""Overlay of sites on the zones of all layers: relations, areas, lengths, distances, totals, uncovered parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.errors import Issue
from lianzhou_gis.geodesy import Plane, footprints, length
from lianzhou_gis.layers import Layer, LayerGap
from lianzhou_gis.overlay.depth import SEARCH_CAP_M
from lianzhou_gis.overlay.distance_search import NearPairs, near_pairs
from lianzhou_gis.overlay.intersecting_pairs import IntersectingPairs, intersecting_pairs
from lianzhou_gis.overlay.layer_index import UNSTATED_ERROR_M, LayerIndex
from lianzhou_gis.overlay.neighbours import coverage_margins, nearest_zones, zones_shown
from lianzhou_gis.overlay.relations import Subjects, classify_pairs, overlap_depths
from lianzhou_gis.overlay.rows import MarginRow, OverlapRow, RemainderRow, TotalRow, overlap_rows
from lianzhou_gis.overlay.rule_ground import relate_to_grounds
from lianzhou_gis.overlay.totals import net_totals
from lianzhou_gis.overlay.uncovered import gaps_within_error, uncovered_parts
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Overlay", "overlay_layers", "overlay_sites"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_SITE_COLUMNS = ("site_id", "survey_crs", "geometry", "corridor_width_m", "outfall")
_DEPTHS = ("depth_m", "depth_at_least", "flip_m", "reserve_m")
# Columns of :attr:`Overlay.overlaps` that a table for people has no use for.
_INTERNAL = ("site", "zone", "error_m", "within_error", "crossing")
# Sites per chunk: large enough to spread the fixed cost, small enough for the pieces to stay in the processor's cache.
_CHUNK = 2000


@dataclass(frozen=True)
class Overlay:
    """The measured overlaps as plain columns; geometry columns hold shapely geometries, EPSG:4490.

    Attributes
    ----------
    overlap_columns : Columns
        Of :class:`OverlapRow`, sorted by site, then theme, layer and zone.
    total_columns : Columns
        Of :class:`TotalRow`.
    remainder_columns : Columns
        Of :class:`RemainderRow`.
    margin_columns : Columns
        Of :class:`MarginRow`.
    within_themes : frozenset of (site_id, theme)
        Sites that lie wholly within the union of the zones of a theme.
    issues : tuple of Issue
    index : LayerIndex
        The layers.
    site_ids : ndarray of str, shape (n,)
        Sorted; ``site`` in the rows is a position in it.
    footprints, outfalls : ndarray of shapely geometries or None, shape (n,)
        In the plane.
    site_error_m : ndarray of float, shape (n,)
        Position errors of the sites, as limits.
    """

    overlap_columns: Columns
    total_columns: Columns
    remainder_columns: Columns
    margin_columns: Columns
    within_themes: frozenset[tuple[str, str]]
    issues: tuple[Issue, ...]
    index: LayerIndex
    site_ids: Geometries
    footprints: Geometries
    outfalls: Geometries
    site_error_m: Floats

    def overlap_rows(self) -> Iterator[OverlapRow]:
        """Yield every row of :attr:`overlap_columns`."""
        return overlap_rows(self.overlap_columns)

    @cached_property
    def overlaps(self) -> pd.DataFrame:
        """A row for every site (or its outfall: ``subject``) and zone that overlap, touch or are near.

        Columns of :class:`OverlapRow`, with those of :attr:`depth_columns` before ``doubtful``, which is True on both
        sides of a border within the position error.
        """
        names = [name for name in OverlapRow._fields if name not in _INTERNAL]
        names[names.index("doubtful") : names.index("doubtful")] = _DEPTHS
        rows = self.overlap_columns
        doubtful = rows["doubtful"] | rows["within_error"]
        return rows.assign(**self.depth_columns.arrays).assign(doubtful=doubtful).select(names).frame()

    @cached_property
    def depth_columns(self) -> Columns:
        """How far borders may be wrong, for every row of :attr:`overlap_columns`.

        ``depth_m`` of the shared ground, exact to 1 mm, or minus the distance; ``depth_at_least``: the search ended at
        the larger of 50 m and the position error; ``flip_m``: the error that turns the relation, ``|depth_m|``;
        ``reserve_m``: what of it the position error leaves, NaN where the two run through each other or coincide.

        Searched when first asked for: decisions do not need it.
        """
        rows = self.overlap_columns
        depth = np.where(rows["relation"] == "near", -rows["distance_m"], 0.0)
        inside = (rows["relation"] == "overlap") | (rows["relation"] == "within")
        cap = np.maximum(SEARCH_CAP_M, 1.01 * rows["error_m"])
        for subject, shapes in (("footprint", self.footprints), ("outfall", self.outfalls)):
            chosen = np.flatnonzero(inside & (rows["subject"] == subject))
            if len(chosen):
                depth[chosen] = self._depths(shapes, rows["site"][chosen], rows["zone"][chosen], cap[chosen])
        flip = np.abs(depth)
        return Columns(
            {
                "depth_m": np.minimum(depth, cap),
                "depth_at_least": depth > cap,
                "flip_m": np.minimum(flip, np.where(depth > 0, cap, np.inf)),
                "reserve_m": np.where(
                    rows["crossing"], np.nan, np.minimum(flip, np.where(depth > 0, cap, np.inf)) - rows["error_m"]
                ),
            }
        )

    def _depths(self, shapes: Geometries, site: Positions, zone: Positions, goal_m: Floats) -> Floats:
        """Return the depths of rows that overlap."""
        unique, number = np.unique(site, return_inverse=True)
        subjects = self._subjects(shapes[unique], self.site_error_m[unique])
        pairs = intersecting_pairs(subjects.sites, self.index.shapes)
        keys = self.index.shapes.keys(number.astype(np.intp), zone)
        pairs = pairs.subset(np.isin(self.index.shapes.keys(pairs.site, pairs.zone), keys))
        goal = np.empty(len(pairs.site))
        position = np.searchsorted(self.index.shapes.keys(pairs.site, pairs.zone), keys)
        goal[position] = goal_m
        return overlap_depths(subjects, pairs, goal)[position]

    def relate_to_grounds(self, site: Positions, error_m: Floats, zone: Positions, ground: Positions) -> Columns:
        """Relate footprints to unions of zones; see :func:`~lianzhou_gis.overlay.rule_ground.relate_to_grounds`."""
        unique, number = np.unique(site, return_inverse=True)
        subjects = self._subjects(self.footprints[unique], self.site_error_m[unique])
        return relate_to_grounds(subjects, number.astype(np.intp), error_m, zone, ground)

    def _subjects(self, shapes: Geometries, error_m: Floats) -> Subjects:
        return Subjects(shapes, error_m, self.index.shapes, self.index.error_m, self.index.plane)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """``site_id, theme, grade`` (None: whole theme), ``gross_area_m2, net_area_m2, net_share``; net by union."""
        return _without_positions(self.total_columns).frame()

    @cached_property
    def remainder(self) -> pd.DataFrame:
        """``site_id, subject, reason, layer_id, gap`` (position in the gaps given, or -1), ``area_m2, geometry``."""
        return _without_positions(self.remainder_columns).frame()

    @cached_property
    def margins(self) -> pd.DataFrame:
        """``site_id, theme, layer_id, margin_m``: where coverage ends within the setback of a rule."""
        return _without_positions(self.margin_columns).frame()

    @cached_property
    def nearest_columns(self) -> Columns:
        """Columns of :class:`NearestRow`; no row where a zone outside the study area may be nearer."""
        return nearest_zones(self.site_ids, self.footprints, self.overlap_columns, self.index)

    @cached_property
    def nearest(self) -> pd.DataFrame:
        """``site_id, theme, layer_id, zone_id, nearest_m``: the nearest zone of every theme, however far."""
        return _without_positions(self.nearest_columns).frame()

    @cached_property
    def zones_shown(self) -> pd.DataFrame:
        """The zones that overlap, touch or are near a site or nearest to one, as loaded."""
        return zones_shown(self.index, self.overlap_columns, self.nearest_columns)


def _without_positions(columns: Columns) -> Columns:
    return columns.select([name for name in columns.arrays if name not in _INTERNAL])


@dataclass(frozen=True)
class _ProjectedSites:
    """The sites in the plane, sorted by id."""

    ids: Geometries
    sources: Geometries
    footprints: Geometries
    area_m2: Floats
    error_m: Floats
    outfalls: Geometries

    @classmethod
    def from_columns(cls, table: Mapping[str, npt.ArrayLike], plane: Plane) -> _ProjectedSites:
        ids = np.asarray(table["site_id"], dtype=object)
        order = np.argsort(ids, kind="stable")
        survey = np.asarray(table["survey_crs"], dtype=object)[order]
        sources = np.asarray(table["geometry"], dtype=object)[order]
        shapes = footprints(
            sources,
            plane,
            [code if isinstance(code, str) else None for code in survey],
            np.asarray(table["corridor_width_m"], dtype=np.float64)[order],
        )
        error = np.asarray(table["position_error_m"], dtype=np.float64)[order]
        return cls(
            ids=ids[order],
            sources=sources,
            footprints=shapes,
            area_m2=np.nan_to_num(np.asarray(shapely.area(shapes), dtype=np.float64)),
            error_m=np.where(np.isfinite(error), error, UNSTATED_ERROR_M),
            outfalls=plane.project_vertices(np.asarray(table["outfall"], dtype=object)[order]),
        )

    def slice(self, positions: slice) -> _ProjectedSites:
        return _ProjectedSites(
            self.ids[positions],
            self.sources[positions],
            self.footprints[positions],
            self.area_m2[positions],
            self.error_m[positions],
            self.outfalls[positions],
        )


def overlay_layers(
    sites: Columns | pd.DataFrame,
    layers: Sequence[Layer],
    plane: Plane,
    *,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float] | None = None,
    gaps: Sequence[LayerGap] = (),
) -> Overlay:
    """Index layers and overlay sites on them; see :func:`overlay_sites`."""
    return overlay_sites(sites, LayerIndex.build(layers, plane, gaps), near_m=near_m, setback_m=setback_m)


def overlay_sites(
    sites: Columns | pd.DataFrame,
    index: LayerIndex,
    *,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float] | None = None,
    threads: int = 1,
) -> Overlay:
    """Overlay sites on the zones of all layers.

    Parameters
    ----------
    sites : Columns or DataFrame
        The columns or the table of :class:`lianzhou_gis.Sites`; geometry EPSG:4490.
    index : LayerIndex
        The layers.
    near_m : mapping of str to float
        For every theme the distance up to which zones are reported, metres.
    setback_m : mapping of str to float, optional
        The largest setback of the rules of each theme, metres: zones, and ends of coverages in
        :attr:`Overlay.margins`, are reported up to it with the position error added.
    threads : int
        Number of threads; the result does not depend on it.

    Returns
    -------
    Overlay
    """
    # Positions of sites from formats that do not state their error are as good as their accuracy.
    error = np.asarray(sites["position_error_m" if "position_error_m" in sites else "accuracy_m"], dtype=np.float64)
    columns = {name: np.asarray(sites[name]) for name in _SITE_COLUMNS} | {"position_error_m": error}
    projected = _ProjectedSites.from_columns(columns, index.plane)
    radius = index.search_radius(near_m, setback_m or {}, float(projected.error_m.max(initial=0.0)))
    starts = range(0, max(len(projected.ids), 1), _CHUNK)

    def overlay_chunk(start: int) -> tuple[Columns, Columns, Columns, Columns, Columns]:
        chunk = projected.slice(slice(start, start + _CHUNK))
        tables = _overlay_chunk(chunk, index, radius, near_m, setback_m or {})
        overlaps, totals, within, remainder, margins = (
            table.assign(site=table["site"] + start) if "site" in table else table for table in tables
        )
        return overlaps, totals, within, remainder, margins

    if threads > 1 and len(starts) > 1:
        with ThreadPoolExecutor(threads) as pool:
            chunks = list(pool.map(overlay_chunk, starts))
    else:
        chunks = [overlay_chunk(start) for start in starts]
    overlaps, totals, within, remainder, margins = (
        Columns.joined(list(tables)) for tables in zip(*chunks, strict=True)
    )
    return Overlay(
        overlap_columns=overlaps,
        total_columns=totals,
        remainder_columns=remainder,
        margin_columns=margins,
        within_themes=frozenset(zip(within["site_id"].tolist(), within["theme"].tolist(), strict=True)),
        issues=tuple(_accuracy_issues(error, index.unstated_accuracy)),
        index=index,
        site_ids=projected.ids,
        footprints=projected.footprints,
        outfalls=projected.outfalls,
        site_error_m=projected.error_m,
    )


def _overlay_chunk(
    sites: _ProjectedSites,
    index: LayerIndex,
    radius: Floats,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float],
) -> tuple[Columns, Columns, Columns, Columns, Columns]:
    """Return overlaps, totals, sites within a theme, remainder and margins; ``site`` is a position in the chunk."""
    intersecting = intersecting_pairs(sites.footprints, index.shapes)
    near = near_pairs(sites.footprints, index.shapes, intersecting, radius, index.plane)
    pairs = intersecting.subset(intersecting.zone < index.first_coverage)
    close = _reported(near, sites.error_m, index, near_m, setback_m)
    subjects = Subjects(sites.footprints, sites.error_m, index.shapes, index.error_m, index.plane)
    rows = _with_zone_columns(classify_pairs(subjects, pairs, close), index)
    totals, within = net_totals(rows, sites.footprints, index.shapes)
    site, zone = rows["site"], rows["zone"]
    zone_area = index.shapes.area_m2[zone]
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = rows.assign(
            subject="footprint",
            share_of_site=np.where(sites.area_m2[site] > 0, rows["area_m2"] / sites.area_m2[site], np.nan),
            # The whole area of a zone clipped to the study area is unknown.
            share_of_zone=np.where((zone_area > 0) & ~index.clipped[zone], rows["area_m2"] / zone_area, np.nan),
        )
    remainder = uncovered_parts(sites.footprints, index, intersecting).assign(subject="footprint")
    margins = coverage_margins(index, intersecting, near, setback_m, sites.error_m).assign(subject="footprint")
    if not shapely.is_missing(sites.outfalls).all():
        at_outfalls = intersecting_pairs(sites.outfalls, index.shapes)
        near_outfalls = near_pairs(sites.outfalls, index.shapes, at_outfalls, radius, index.plane)
        outfall_rows = _classify_outfalls(sites, index, at_outfalls, near_outfalls, near_m, setback_m)
        ends = coverage_margins(index, at_outfalls, near_outfalls, setback_m, sites.error_m).assign(subject="outfall")
        margins = Columns.joined([margins, ends])
        rows = Columns.joined([rows, outfall_rows.select(tuple(rows.arrays))])
        outfall_remainder = uncovered_parts(sites.outfalls, index, at_outfalls).assign(subject="outfall")
        remainder = Columns.joined([remainder, outfall_remainder])
    remainder = Columns.joined([remainder, _at_coverage_end(remainder, margins)])
    beside = gaps_within_error(sites.footprints, sites.error_m, index).assign(subject="footprint")
    remainder = Columns.joined([remainder, beside.take(_unknown_to(remainder, beside)).select(tuple(remainder.arrays))])
    keys = [remainder[name].astype(str) for name in ("reason", "layer_id", "subject")]
    order = np.lexsort((remainder["gap"], *keys, remainder["site"]))
    return (
        _sorted_overlaps(rows, sites, index),
        _with_site_ids(totals, sites).select(TotalRow._fields),
        _with_site_ids(within, sites),
        _with_site_ids(_unproject(remainder.take(order), index.plane), sites).select(RemainderRow._fields),
        _with_site_ids(margins, sites).select(MarginRow._fields),
    )


def _at_coverage_end(remainder: Columns, margins: Columns) -> Columns:
    """Return remainder rows of the sites inside a coverage but closer to its end than the position error.

    An error of borders could put a part of them outside: they carry no shape, and no area (NaN).
    """

    def keys(rows: Columns) -> list[tuple[object, ...]]:
        return list(zip(*(rows[name].tolist() for name in ("site", "layer_id", "subject")), strict=True))

    known = set(keys(remainder.take(remainder["reason"] == GapReason.OUTSIDE_COVERAGE.value)))
    new = np.array([key not in known for key in keys(margins)], dtype=bool)
    found = margins.take(new & (margins["margin_m"] <= margins["error_m"]))
    rows = found.select(["site", "layer_id", "subject"]).assign(
        reason=GapReason.OUTSIDE_COVERAGE.value, gap=np.full(len(found), -1, dtype=np.int64)
    )
    rows = rows.assign(area_m2=np.full(len(found), np.nan), shape=np.full(len(found), None, dtype=object))
    return rows.select(tuple(remainder.arrays))


def _unknown_to(remainder: Columns, found: Columns) -> npt.NDArray[np.bool_]:
    """Return which rows are of a site and layer of which the remainder says nothing yet."""
    known = set(zip(remainder["site"].tolist(), remainder["layer_id"].tolist(), strict=True))
    pairs = zip(found["site"].tolist(), found["layer_id"].tolist(), strict=True)
    return np.array([pair not in known for pair in pairs], dtype=bool)


def _with_site_ids(rows: Columns, sites: _ProjectedSites) -> Columns:
    return rows.assign(site_id=sites.ids[rows["site"]])


def _with_zone_columns(rows: Columns, index: LayerIndex) -> Columns:
    zone = rows["zone"]
    layer = index.layer_of_zone[zone]
    return rows.assign(
        layer_id=index.layer_id[layer],
        theme=index.theme_id[layer],
        theme_code=index.theme_code[layer],
        grade_code=index.grade_code[zone],
        **{name: values[zone] for name, values in index.zone_columns.items()},
    )


def _reported(
    near: NearPairs,
    site_error_m: Floats,
    index: LayerIndex,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float],
) -> NearPairs:
    """Return the zones within the larger of ``near_m`` and the setback with the position error of the pair added."""
    near = near.subset(near.zone < index.first_coverage)
    themes, layer = index.theme_id.tolist(), index.layer_of_zone[near.zone]
    least, setback = (np.array([found.get(name, 0.0) for name in themes])[layer] for found in (near_m, setback_m))
    error = np.hypot(site_error_m[near.site], index.error_m[near.zone])
    return near.subset(near.distance_m <= np.maximum(least, setback + error))


def _classify_outfalls(
    sites: _ProjectedSites,
    index: LayerIndex,
    pairs: IntersectingPairs,
    near: NearPairs,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float],
) -> Columns:
    """Return the rows of the outfall points, which rules on discharges test instead of the footprint."""
    near = _reported(near, sites.error_m, index, near_m, setback_m)
    pairs = pairs.subset(pairs.zone < index.first_coverage)
    subjects = Subjects(sites.outfalls, sites.error_m, index.shapes, index.error_m, index.plane)
    rows = classify_pairs(subjects, pairs, near).assign(
        subject="outfall", share_of_site=np.nan, share_of_zone=np.nan, length_m=np.nan
    )
    return _with_zone_columns(rows, index)


def _unproject(rows: Columns, plane: Plane) -> Columns:
    """Return rows with ``shape`` (plane) as ``geometry`` (EPSG:4490); None where it is empty."""
    shapes = rows["shape"].copy()
    shapes[shapely.is_empty(shapes)] = None
    return rows.assign(geometry=plane.unproject(shapes))


def _sorted_overlaps(rows: Columns, sites: _ProjectedSites, index: LayerIndex) -> Columns:
    """Return the overlaps sorted, with ids and the shared parts in EPSG:4490."""
    order = np.lexsort((rows["subject"] == "outfall", index.zone_rank[rows["zone"]], rows["site"]))
    rows = rows.take(order)
    # Of a site that lies whole in a zone the geometry is at hand, where no edge was densified.
    source, whole = sites.sources[rows["site"]], rows["whole"] & (rows["subject"] == "footprint")
    whole &= shapely.get_num_coordinates(source) == shapely.get_num_coordinates(rows["shape"])
    whole &= (shapely.get_dimensions(source) == shapely.get_dimensions(rows["shape"])) & ~shapely.has_z(source)
    geometry = source.copy()
    geometry[~whole] = _unproject(rows.select(["shape"]).take(~whole), index.plane)["geometry"]
    rows = _with_site_ids(rows.assign(geometry=geometry), sites)
    lines = np.isfinite(rows["length_m"])
    if lines.any():
        # Lengths of lines are geodesic.
        metres = rows["length_m"].copy()
        metres[lines] = length(rows["geometry"][lines], index.plane)
        rows = rows.assign(length_m=metres)
    return rows.select(OverlapRow._fields)


def _accuracy_issues(accuracy: Floats, layer_issues: Sequence[Issue]) -> list[Issue]:
    """Return the issues of sites and layers without a stated accuracy."""
    count = int(np.isnan(accuracy).sum())
    if not count:
        return list(layer_issues)
    issue = Issue.from_code("info", "accuracy_assumed.sites", "sites", count=count, metres=UNSTATED_ERROR_M)
    return [issue, *layer_issues]
