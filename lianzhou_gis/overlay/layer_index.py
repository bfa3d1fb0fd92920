"""The zones of all layers in the plane with their coverages and the areas of their gaps, indexed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Issue
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.layers import Cache, Layer, LayerGap
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.width import without_hairs
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import theme

__all__ = ["UNSTATED_ERROR_M", "LayerIndex", "index_zones", "polygonal_part", "project_zones"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Cell = str | float | None

# Position error assumed where none is stated: 0.4 mm on a map of 1:10,000.
UNSTATED_ERROR_M = 4.0


def polygonal_part(geometry: BaseGeometry | None) -> BaseGeometry | None:
    """Return the polygons of a geometry without the lines and points that a difference may leave.

    Examples
    --------
    >>> polygonal_part(shapely.from_wkt("GEOMETRYCOLLECTION (POINT (0 0), POLYGON ((0 0, 1 0, 1 1, 0 0)))")).geom_type
    'Polygon'
    """
    if geometry is None or geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = shapely.get_parts(geometry)
    parts = parts[shapely.get_dimensions(parts) == 2]
    polygon: BaseGeometry = shapely.Polygon() if not len(parts) else shapely.union_all(parts)
    return parts[0] if len(parts) == 1 else polygon


def _cut_by_stricter_grades(shapes: Geometries, zones: Columns, theme_id: str) -> Geometries:
    """Subtract stricter grades from milder ones of the same source, so that nested and ring-shaped data agree.

    Zones that name no source may belong to different ones and are not cut.
    """
    order = {grade.id: rank for rank, grade in enumerate(theme(theme_id).grades)}
    rank = np.array([order.get(grade, -1) for grade in zones["grade"]])
    source = np.array([name if isinstance(name, str) else "" for name in zones["source_name"]], dtype=object)
    areal = (shapely.get_dimensions(shapes) == 2) & (rank >= 0) & (source != "")
    if len(np.unique(rank[areal])) < 2:
        return shapes
    result = shapes.copy()
    positions = np.flatnonzero(areal)
    milder, stricter = shapely.STRtree(shapes[positions]).query(shapes[positions], predicate="intersects")
    milder, stricter = positions[milder], positions[stricter]
    cuts = (rank[stricter] < rank[milder]) & (source[stricter] == source[milder])
    milder, stricter = milder[cuts], stricter[cuts]
    for position in np.unique(milder):
        union = shapely.union_all(shapes[stricter[milder == position]])
        result[position] = without_hairs(polygonal_part(shapely.difference(shapes[position], union)))
    return result


def project_zones(zones: Columns, theme_id: str, plane: Plane) -> Geometries:
    """Return the zones of a layer in the plane, milder grades cut by the stricter ones of the same source.

    Parameters
    ----------
    zones : Columns
        With the columns of zones; geometry EPSG:4490, valid.
    theme_id : str
    plane : Plane
    """
    shapes = plane.project(zones["geometry"], zones["survey_crs"].tolist())
    if theme(theme_id).nested:
        shapes = _cut_by_stricter_grades(shapes, zones, theme_id)
    return shapes


def index_zones(zones: Columns, theme_id: str, plane: Plane) -> ShapeIndex:
    """Index the zones of a layer; see :func:`project_zones`."""
    return ShapeIndex.build(project_zones(zones, theme_id, plane), compare=True)


def _cached_index(layer: Layer, plane: Plane, cache: Cache) -> ShapeIndex:
    """Return the index of a layer from the cache, or build and store it."""
    theme_id = layer.entry.theme
    if layer.sha256 is None:
        return index_zones(layer.columns, theme_id, plane)
    survey = sorted({code for code in layer.columns["survey_crs"] if isinstance(code, str)})
    key = {
        "content": layer.sha256,
        "zones": layer.columns["zone_id"].tolist(),
        "theme": theme_id,
        "plane": plane.proj,
        "survey_crs": survey,
        "study": None if layer.study is None else layer.study.bounds,
        "versions": [shapely.__version__, shapely.geos_version_string, pyproj.__version__, pyproj.proj_version_str],
    }
    entry = cache.get("index", key)
    if entry is not None:
        try:
            return ShapeIndex.from_arrays(entry.arrays)
        except (KeyError, ValueError, TypeError):
            # An intact entry of another format: rebuilt.
            pass
    index = index_zones(layer.columns, theme_id, plane)
    cache.put("index", key, layer.entry.id, {}, index.arrays())
    return index


def _codes(texts: Sequence[Cell]) -> Positions:
    """Return codes in the order of the sorted texts; -1 for None."""
    code = {text: number for number, text in enumerate(sorted({str(text) for text in texts if text is not None}))}
    return np.array([-1 if text is None else code[str(text)] for text in texts], dtype=np.intp)


@dataclass(frozen=True)
class LayerIndex:
    """The layers of an overlay; zones are numbered through all of them.

    Attributes
    ----------
    plane : Plane
    layers : tuple of Layer
        Those that were loaded.
    shapes : ShapeIndex
        The zones, then the distinct coverages, the borders of the coverages, and the areas of the gaps that have one.
    layer_of_zone : ndarray of int, shape (zones,)
        Position of the layer of each zone.
    zone_columns : dict of str to ndarray, each shape (zones,)
        ``zone_id, zone_name, grade, part``.
    error_m : ndarray of float, shape (zones,)
        Position errors, as limits.
    zone_rank : ndarray of int, shape (zones,)
        Rank of each zone by theme, layer and id.
    grade_code : ndarray of int, shape (zones,)
        Codes of the grades in the order of texts; -1 for none.
    theme_code : ndarray of int, shape (layers,)
        Codes of the themes in the order of texts.
    coverage_of_layer : ndarray of int, shape (layers,)
        Number of the distinct coverage of each layer; -1 for none.
    coverage_count : int
        Number of distinct coverages.
    source_code : ndarray of int, shape (zones,)
        Codes of the source names; -1 for none.
    grade_rank : ndarray of int, shape (zones,)
        Rank of the grade in the vocabulary, strictest first; -1 where unknown.
    gaps : tuple of LayerGap
        As given.
    gap_of_area : ndarray of int
        Positions in ``gaps`` of those that have an area.
    """

    plane: Plane
    layers: tuple[Layer, ...]
    shapes: ShapeIndex
    layer_of_zone: Positions
    zone_columns: dict[str, Geometries]
    error_m: Floats
    zone_rank: Positions
    grade_code: Positions
    source_code: Positions
    grade_rank: Positions
    theme_code: Positions
    coverage_of_layer: Positions
    coverage_count: int
    gaps: tuple[LayerGap, ...]
    gap_of_area: Positions

    @classmethod
    def build(
        cls,
        layers: Sequence[Layer],
        plane: Plane,
        gaps: Sequence[LayerGap] = (),
        cache: Cache | None = None,
    ) -> LayerIndex:
        """Index layers.

        Parameters
        ----------
        layers : sequence of Layer
        plane : Plane
            The plane in which everything is measured.
        gaps : sequence of LayerGap
            Those with an area are indexed as well.
        cache : Cache, optional
            Cache of the indexes; default none.
        """
        loaded = tuple(layer for layer in layers if layer.status == "loaded")
        layer_of_zone = np.repeat(np.arange(len(loaded)), [len(layer.columns) for layer in loaded])
        sources = {"zone_id": "zone_id", "zone_name": "name", "grade": "grade", "part": "part"}
        zone_columns = {name: _concatenate_column(loaded, source) for name, source in sources.items()}
        error = np.array(
            [np.nan if value is None else value for value in _concatenate_column(loaded, "accuracy_m")], float
        )
        keys = [
            (loaded[layer].entry.theme, loaded[layer].entry.id, zone_id, zone)
            for zone, (layer, zone_id) in enumerate(zip(layer_of_zone, zone_columns["zone_id"], strict=True))
        ]
        zone_rank = np.empty(len(keys), dtype=np.intp)
        zone_rank[[key[-1] for key in sorted(keys)]] = np.arange(len(keys))
        areas, coverage_of_layer = _distinct([layer.coverage for layer in loaded])
        coverages = plane.project(areas)
        gap_of_area = np.array([number for number, gap in enumerate(gaps) if gap.area is not None], dtype=np.intp)
        gap_areas = np.empty(len(gap_of_area), dtype=object)
        gap_areas[:] = [gaps[number].area for number in gap_of_area]
        return cls(
            plane=plane,
            layers=loaded,
            shapes=ShapeIndex.concatenate(
                [
                    *(_cached_index(layer, plane, cache or Cache(None)) for layer in loaded),
                    ShapeIndex.build(coverages),
                    ShapeIndex.build(np.asarray(shapely.boundary(coverages), dtype=object)),
                    ShapeIndex.build(plane.project(gap_areas)),
                ]
            ),
            layer_of_zone=layer_of_zone.astype(np.intp),
            zone_columns=zone_columns,
            error_m=np.where(np.isfinite(error), error, UNSTATED_ERROR_M),
            zone_rank=zone_rank,
            grade_code=_codes(list(zone_columns["grade"])),
            source_code=_codes([name or None for name in _concatenate_column(loaded, "source_name").tolist()]),
            grade_rank=_grade_ranks(loaded, layer_of_zone, zone_columns["grade"]),
            theme_code=_codes([layer.entry.theme for layer in loaded]),
            coverage_of_layer=coverage_of_layer,
            coverage_count=len(areas),
            gaps=tuple(gaps),
            gap_of_area=gap_of_area,
        )

    @property
    def first_coverage(self) -> int:
        """Position of the first coverage among the shapes."""
        return len(self.layer_of_zone)

    @property
    def first_coverage_border(self) -> int:
        """Position of the first border of a coverage among the shapes."""
        return len(self.layer_of_zone) + self.coverage_count

    @property
    def first_gap_area(self) -> int:
        """Position of the first area of a gap among the shapes."""
        return len(self.layer_of_zone) + 2 * self.coverage_count

    def search_radius(self, near_m: Mapping[str, float], setback_m: Mapping[str, float], site_error_m: float) -> Floats:
        """Return the distance up to which sites look for each shape, metres; -1 where only intersections matter.

        Parameters
        ----------
        near_m : mapping of str to float
            By theme: the distance up to which zones are reported at least.
        setback_m : mapping of str to float
            By theme: the largest setback of its rules; with the position error added, zones and ends of coverages are
            reported up to there.
        site_error_m : float
            The largest position error of the sites.
        """
        radius = np.full(len(self.shapes), -1.0)
        themes = [layer.entry.theme for layer in self.layers]
        near, setback = (
            np.array([found.get(name, 0.0) for name in themes], dtype=np.float64) for found in (near_m, setback_m)
        )
        error = np.hypot(site_error_m, self.error_m)
        radius[: self.first_coverage] = np.maximum(near[self.layer_of_zone], setback[self.layer_of_zone] + error)
        for layer, coverage in enumerate(self.coverage_of_layer.tolist()):
            if coverage >= 0:
                border = self.first_coverage_border + coverage
                reach = setback[layer] + float(np.hypot(site_error_m, self.coverage_error_m[layer]))
                radius[border] = max(radius[border], reach)
        behind = np.array([setback_m.get(self.gaps[gap].theme, 0.0) for gap in self.gap_of_area], dtype=np.float64)
        radius[self.first_gap_area :] = behind + np.hypot(site_error_m, self.gap_error_m)
        return radius

    @cached_property
    def layer_error_m(self) -> Floats:
        """The largest position error of the zones of each layer, shape (layers,); of a layer without zones 0."""
        largest = np.zeros(len(self.layers))
        np.maximum.at(largest, self.layer_of_zone, self.error_m)
        return largest

    @cached_property
    def coverage_error_m(self) -> Floats:
        """How far the end of the coverage of each layer may be wrong, its zones beside it too, shape (layers,)."""
        ends = np.array([layer.coverage_error_m for layer in self.layers], dtype=np.float64)
        return np.hypot(self.layer_error_m, ends)

    @cached_property
    def gap_error_m(self) -> Floats:
        """The position error of the layer of each area of a gap, in the order of ``gap_of_area``."""
        known = {layer.entry.id: error for layer, error in zip(self.layers, self.layer_error_m.tolist(), strict=True)}
        layers = [self.gaps[gap].layer_id or "" for gap in self.gap_of_area]
        return np.array([known.get(name, UNSTATED_ERROR_M) for name in layers], dtype=np.float64)

    @cached_property
    def exhaustive_layers(self) -> list[int]:
        """Positions of the layers whose zones partition their coverage: places between them are gaps."""
        return [
            position
            for position, layer in enumerate(self.layers)
            if self.coverage_of_layer[position] >= 0 and theme(layer.entry.theme).covering
        ]

    @cached_property
    def layers_with_gaps(self) -> list[int]:
        """Positions of the layers whose zones should partition their coverage and are less than it."""
        found = []
        for layer in self.exhaustive_layers:
            covered = float(self.shapes.area_m2[self.first_coverage + int(self.coverage_of_layer[layer])])
            units = float(self.shapes.area_m2[: self.first_coverage][self.layer_of_zone == layer].sum())
            if units < covered * (1.0 - 1e-12) - 1e-3:
                found.append(layer)
        return found

    @cached_property
    def by_theme(self) -> list[tuple[int, ShapeIndex, Positions]]:
        """For every theme its code, the index of its zones alone, and their positions."""
        theme_of_zone = self.theme_code[self.layer_of_zone]
        return [
            (int(code), self.shapes.subset(members), members)
            for code in np.unique(theme_of_zone)
            for members in [np.flatnonzero(theme_of_zone == code)]
        ]

    @cached_property
    def clipped(self) -> npt.NDArray[np.bool_]:
        """Whether each zone was clipped to the study area."""
        ids = zip(self.layer_of_zone.tolist(), self.zone_columns["zone_id"].tolist(), strict=True)
        return np.array([zone_id in self.layers[layer].cut for layer, zone_id in ids], dtype=bool)

    @cached_property
    def unstated_accuracy(self) -> list[Issue]:
        """An issue for every layer that does not state its accuracy."""
        return [
            Issue.from_code("info", "accuracy_assumed.layer", f"layer {layer.entry.id}", metres=UNSTATED_ERROR_M)
            for layer in self.layers
            if any(value is None or value != value for value in layer.columns["accuracy_m"].tolist())
        ]

    @cached_property
    def layer_id(self) -> Geometries:
        """Ids of the layers, shape (layers,)."""
        return np.array([layer.entry.id for layer in self.layers], dtype=object)

    @cached_property
    def theme_id(self) -> Geometries:
        """Themes of the layers, shape (layers,)."""
        return np.array([layer.entry.theme for layer in self.layers], dtype=object)


def _grade_ranks(layers: Sequence[Layer], layer_of_zone: Positions, grades: Geometries) -> Positions:
    """Return the rank of the grade of every zone; -1 where the vocabulary does not know it."""
    ranks = [{grade.id: rank for rank, grade in enumerate(theme(layer.entry.theme).grades)} for layer in layers]
    pairs = zip(layer_of_zone.tolist(), grades.tolist(), strict=True)
    return np.array([ranks[layer].get(grade, -1) for layer, grade in pairs], dtype=np.intp)


def _concatenate_column(layers: Sequence[Layer], column: str) -> Geometries:
    """Return a column of the zones of all layers as objects; NaN becomes None."""
    values = [value for layer in layers for value in layer.columns[column].tolist()]
    result = np.empty(len(values), dtype=object)
    result[:] = [None if isinstance(value, float) and np.isnan(value) else value for value in values]
    return result


def _distinct(coverages: Sequence[BaseGeometry | None]) -> tuple[Geometries, Positions]:
    """Return the distinct geometries and the number of each in them, -1 for None: many layers share one coverage."""
    number_of_wkb: dict[bytes | None, int] = {}
    # The same object need not be serialised again.
    number_of_object: dict[int, int] = {id(None): -1}
    distinct: list[BaseGeometry | None] = []
    for area in coverages:
        if id(area) not in number_of_object:
            number = number_of_wkb.setdefault(shapely.to_wkb(area), len(distinct))
            number_of_object[id(area)] = number
            if number == len(distinct):
                distinct.append(area)
    shapes = np.empty(len(distinct), dtype=object)
    shapes[:] = distinct
    return shapes, np.array([number_of_object[id(area)] for area in coverages], dtype=np.intp)
