"""Sites x zones: every relation, area, share, length and distance, and the parts that no layer speaks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from lianzhou_gis.overlay.distance_search import near_border, near_pairs
from lianzhou_gis.overlay.layer_index import ACCURACY_ASSUMED, UNSTATED_ACCURACY_M, LayerIndex
from lianzhou_gis.overlay.neighbours import margins_of, nearest_of, zones_drawn
from lianzhou_gis.overlay.pairs import Pairs, meeting_pairs
from lianzhou_gis.overlay.relations import related
from lianzhou_gis.overlay.totals import totals_of
from lianzhou_gis.overlay.uncovered import remainders
from lianzhou_gis.table import Columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Overlay", "lay", "overlay"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_OVERLAPS = (
    "site_id", "layer_id", "theme", "zone_id", "zone_name", "grade", "part", "subject", "relation", "area_m2",
    "share_of_site", "share_of_zone", "length_m", "distance_m", "bearing_deg", "doubtful", "geometry",
)  # fmt: skip
_COLUMNS = ("site_id", "survey_crs", "geometry", "corridor_width_m", "accuracy_m", "outfall")
_TOTALS = ("site_id", "theme", "grade", "gross_area_m2", "net_area_m2", "net_share")
_REMAINDER = ("site_id", "subject", "reason", "layer_id", "gap", "area_m2", "geometry")
# Sites that one thread takes at a time: their pieces stay in the cache of the processor, the fixed costs are spread.
_CHUNK = 2000


@dataclass(frozen=True)
class Overlay:
    """What was measured, as plain columns; geometry columns hold shapely geometries, EPSG:4490.

    Attributes
    ----------
    rows : Columns
        Of :attr:`overlaps`.
    sums : Columns
        Of :attr:`totals`.
    rest : Columns
        Of :attr:`remainder`.
    ends : Columns
        ``site_id, theme, layer_id, margin_m``: where coverage ends within the setback of a rule.
    wholly_inside : frozenset of (site_id, theme)
        Sites that lie wholly within the zones of a theme.
    """

    rows: Columns
    sums: Columns
    rest: Columns
    ends: Columns
    wholly_inside: frozenset[tuple[str, str]]
    issues: tuple[Issue, ...]
    ground: LayerIndex
    ids: Geometries
    shapes: Geometries

    @cached_property
    def overlaps(self) -> pd.DataFrame:
        """A row for every site (or its outfall: ``subject``) and zone that overlap, touch or are near."""
        return self.rows.frame()

    @cached_property
    def totals(self) -> pd.DataFrame:
        """``site_id, theme, grade`` (None: whole theme), ``gross_area_m2, net_area_m2, net_share``; net by union."""
        return self.sums.frame()

    @cached_property
    def remainder(self) -> pd.DataFrame:
        """``site_id, subject, reason, layer_id, gap`` (position in the gaps given, or -1), ``area_m2, geometry``."""
        return self.rest.frame()

    @cached_property
    def margins(self) -> pd.DataFrame:
        """``site_id, theme, layer_id, margin_m``: where coverage ends within the setback of a rule."""
        return self.ends.frame()

    @cached_property
    def closest(self) -> Columns:
        """The nearest zone of every theme, however far; no row where one beyond the study area may be nearer."""
        return nearest_of(self.ids, self.shapes, self.rows, self.ground)

    @cached_property
    def nearest(self) -> pd.DataFrame:
        """``site_id, theme, layer_id, zone_id, nearest_m``: the nearest zone of every theme, however far."""
        return self.closest.frame()

    @cached_property
    def zones_drawn(self) -> pd.DataFrame:
        """The zones near a site or nearest to one, as loaded."""
        return zones_drawn(self.ground, self.rows, self.closest)


@dataclass(frozen=True)
class _Sites:
    """The sites in the plane, by id, and what of them is needed beside."""

    ids: Geometries
    shapes: Geometries
    area_m2: Floats
    accuracy_m: Floats
    outfalls: Geometries

    @classmethod
    def of(cls, table: Mapping[str, npt.ArrayLike], plane: Plane) -> _Sites:
        ids = np.asarray(table["site_id"], dtype=object)
        order = np.argsort(ids, kind="stable")
        survey = np.asarray(table["survey_crs"], dtype=object)[order]
        shapes = footprints(
            np.asarray(table["geometry"], dtype=object)[order],
            plane,
            [code if isinstance(code, str) else None for code in survey],
            np.asarray(table["corridor_width_m"], dtype=np.float64)[order],
        )
        accuracy = np.asarray(table["accuracy_m"], dtype=np.float64)[order]
        return cls(
            ids=ids[order],
            shapes=shapes,
            area_m2=np.nan_to_num(np.asarray(shapely.area(shapes), dtype=np.float64)),
            accuracy_m=np.where(np.isfinite(accuracy), accuracy, UNSTATED_ACCURACY_M),
            outfalls=plane.project_vertices(np.asarray(table["outfall"], dtype=object)[order]),
        )

    def chunk(self, places: slice) -> _Sites:
        return _Sites(
            self.ids[places],
            self.shapes[places],
            self.area_m2[places],
            self.accuracy_m[places],
            self.outfalls[places],
        )


def overlay(
    sites: Columns | pd.DataFrame,
    layers: Sequence[Layer],
    plane: Plane,
    *,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float] | None = None,
    gaps: Sequence[LayerGap] = (),
) -> Overlay:
    """Index layers and lay sites over them; see :func:`lay`."""
    return lay(sites, LayerIndex.of(layers, plane, gaps), near_m=near_m, setback_m=setback_m)


def lay(
    sites: Columns | pd.DataFrame,
    ground: LayerIndex,
    *,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float] | None = None,
    threads: int = 1,
) -> Overlay:
    """Lay sites over the zones of all layers.

    Parameters
    ----------
    sites : Columns or DataFrame
        The columns or the table of :class:`lianzhou_gis.Sites`.
    ground : LayerIndex
        The layers.
    near_m : mapping of str to float
        For every theme the distance up to which zones are reported, metres.
    setback_m : mapping of str to float, optional
        For themes with rules that look beyond the site, how far: where coverage ends nearer than that is said.
    threads : int
        At once; what comes out does not depend on it.

    Returns
    -------
    Overlay
    """
    there = _Sites.of({name: np.asarray(sites[name]) for name in _COLUMNS}, ground.plane)
    reach = ground.reach(near_m, setback_m or {})
    chunks = [slice(start, start + _CHUNK) for start in range(0, max(len(there.ids), 1), _CHUNK)]

    def measured(places: slice) -> tuple[Columns, Columns, Columns, Columns, Columns]:
        return _measured(there.chunk(places), ground, reach, setback_m or {})

    if threads > 1 and len(chunks) > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(measured, chunks))
    else:
        parts = [measured(places) for places in chunks]
    rows, sums, inside, rest, ends = (Columns.joined(list(tables)) for tables in zip(*parts, strict=True))
    return Overlay(
        rows=rows,
        sums=sums,
        rest=rest,
        ends=ends,
        wholly_inside=frozenset(zip(inside["site_id"].tolist(), inside["theme"].tolist(), strict=True)),
        issues=tuple(_accuracy_issues(np.asarray(sites["accuracy_m"], dtype=np.float64), ground.unstated)),
        ground=ground,
        ids=there.ids,
        shapes=there.shapes,
    )


def _measured(
    there: _Sites, ground: LayerIndex, reach: Floats, setback_m: Mapping[str, float]
) -> tuple[Columns, Columns, Columns, Columns, Columns]:
    """Return overlaps, totals, sites wholly inside, remainder and margins of some sites."""
    met = meeting_pairs(there.shapes, ground.shapes)
    by = near_pairs(there.shapes, ground.shapes, met, reach, ground.plane)
    pairs, near = met.of(met.zone < ground.first_coverage), by.of(by.zone < ground.first_coverage)
    accuracy = there.accuracy_m, ground.accuracy_m
    rows = _with_identity(related(there.shapes, ground.shapes, pairs, near, *accuracy), ground)
    sums, inside = totals_of(rows, there.shapes)
    site = rows["site"]
    of_zone = ground.shapes.area_m2[rows["zone"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = rows.assign(
            subject="footprint",
            share_of_site=np.where(there.area_m2[site] > 0, rows["area_m2"] / there.area_m2[site], np.nan),
            # Of a zone that was cut to the study area the whole is not known here.
            share_of_zone=np.where((of_zone > 0) & ~ground.cut[rows["zone"]], rows["area_m2"] / of_zone, np.nan),
        )
    rest = remainders(there.shapes, ground, met).assign(subject="footprint")
    if not shapely.is_missing(there.outfalls).all():
        poured = meeting_pairs(there.outfalls, ground.shapes)
        rows = Columns.joined([rows, _outfalls(there, ground, poured, reach).select(tuple(rows.arrays))])
        rest = Columns.joined([rest, remainders(there.outfalls, ground, poured).assign(subject="outfall")])
    keys = [rest[name].astype(str) for name in ("reason", "layer_id", "subject")]
    order = np.lexsort((rest["gap"], *keys, rest["site"]))
    ends = margins_of(ground, met, by, setback_m)
    return (
        _overlaps(rows, there, ground),
        sums.assign(site_id=there.ids[sums["site"]]).select(_TOTALS),
        inside.assign(site_id=there.ids[inside["site"]]),
        _placed(rest.take(order), there, ground.plane).select(_REMAINDER),
        ends.assign(site_id=there.ids[ends["site"]]).select(("site_id", "theme", "layer_id", "margin_m")),
    )


def _with_identity(rows: Columns, ground: LayerIndex) -> Columns:
    zone = rows["zone"]
    layer = ground.layer[zone]
    return rows.assign(
        layer_id=ground.layer_id[layer],
        theme=ground.theme_id[layer],
        theme_number=ground.theme[layer],
        grade_number=ground.grade[zone],
        **{name: values[zone] for name, values in ground.names.items()},
    )


def _outfalls(there: _Sites, ground: LayerIndex, met: Pairs, reach: Floats) -> Columns:
    """Return the rows of the outfall points: rules about discharges look at these, not at the footprint."""
    by = near_pairs(there.outfalls, ground.shapes, met, reach, ground.plane)
    pairs, near = met.of(met.zone < ground.first_coverage), by.of(by.zone < ground.first_coverage)
    zone = np.concatenate([pairs.zone, near.zone])
    site = np.concatenate([pairs.site, near.site])
    meets = np.arange(len(site)) < len(pairs.site)
    accuracy = np.hypot(there.accuracy_m[site], ground.accuracy_m[zone])
    # A point nearer to the border than both are known lies inside or outside by chance.
    doubtful = meets.copy()
    doubtful[meets] = near_border(there.outfalls[pairs.site], ground.shapes, pairs.zone, accuracy[meets])
    shapes = there.outfalls[site]
    shapes[~meets] = None
    nothing = np.full(len(pairs.site), np.nan)
    rows = Columns({"site": site, "zone": zone, "doubtful": doubtful, "whole": meets, "shape": shapes}).assign(
        subject="outfall",
        relation=np.where(meets, "within", "near").astype(object),
        area_m2=0.0,
        share_of_site=np.nan,
        share_of_zone=np.nan,
        length_m=np.nan,
        distance_m=np.concatenate([nothing * 0.0, near.distance_m]),
        bearing_deg=np.concatenate([nothing, near.bearing_deg]),
    )
    return _with_identity(rows.assign(distance_m=np.where(meets, 0.0, rows["distance_m"])), ground)


def _placed(rows: Columns, there: _Sites, plane: Plane) -> Columns:
    """Return rows with the ids of their sites and their shapes back in EPSG:4490."""
    shapes = rows["shape"].copy()
    shapes[shapely.is_empty(shapes)] = None
    return rows.assign(site_id=there.ids[rows["site"]], geometry=plane.unproject(shapes))


def _overlaps(rows: Columns, there: _Sites, ground: LayerIndex) -> Columns:
    """Return the overlaps as they are handed on: sorted, the pieces back in EPSG:4490."""
    order = np.lexsort((rows["subject"] == "outfall", ground.rank[rows["zone"]], rows["site"]))
    rows = _placed(rows.take(order), there, ground.plane)
    lines = np.isfinite(rows["length_m"])
    if lines.any():
        # The way along a line is measured on the ellipsoid.
        metres = rows["length_m"].copy()
        metres[lines] = length(rows["geometry"][lines], ground.plane)
        rows = rows.assign(length_m=metres)
    return rows.select(_OVERLAPS)


def _accuracy_issues(accuracy: Floats, unstated: Sequence[Issue]) -> list[Issue]:
    """Name what has no stated accuracy: sites, and the layers."""
    count = int(np.isnan(accuracy).sum())
    if not count:
        return list(unstated)
    zh, en = ACCURACY_ASSUMED
    return [
        Issue("info", "accuracy_assumed", "sites", f"{count} 个项目{zh}", f"{count} sites state no accuracy; {en}"),
        *unstated,
    ]
