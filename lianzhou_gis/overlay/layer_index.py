"""What sites are laid on: the zones of all layers in the plane, their coverages and their doubtful places, indexed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from lianzhou_gis.errors import Issue
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.layers import Cache, Layer, LayerGap
from lianzhou_gis.overlay.index import ShapeIndex
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import theme

__all__ = ["ACCURACY_ASSUMED", "UNSTATED_ACCURACY_M", "LayerIndex", "areal_parts", "cut_zones", "index_zones"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# What an area or a position is taken to be good for where nobody says: 0.4 mm on a map of 1:10,000.
UNSTATED_ACCURACY_M = 4.0
ACCURACY_ASSUMED = (
    f"未说明精度，按 {UNSTATED_ACCURACY_M:g} 米判断边界误差",
    f"{UNSTATED_ACCURACY_M:g} m is taken for it",
)


def areal_parts(geometry: Any) -> Any:  # noqa: ANN401 - a shapely geometry
    """Return the areas of a geometry; what is left of a border after a cut (lines, points) is dropped.

    Examples
    --------
    >>> areal_parts(shapely.from_wkt("GEOMETRYCOLLECTION (POINT (0 0), POLYGON ((0 0, 1 0, 1 1, 0 0)))")).geom_type
    'Polygon'
    """
    if geometry is None or geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = shapely.get_parts(geometry)
    parts = parts[shapely.get_dimensions(parts) == 2]
    return shapely.Polygon() if not len(parts) else parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _cut_by_stricter(shapes: Geometries, zones: Columns, theme_id: str) -> Geometries:
    """Cut milder grades by the stricter of the same source: nested and ring-shaped data then give the same answer."""
    order = {grade.id: rank for rank, grade in enumerate(theme(theme_id).grades)}
    rank = np.array([order.get(grade, -1) for grade in zones["grade"]])
    source = np.array([name if isinstance(name, str) else "" for name in zones["source_name"]], dtype=object)
    areal = (shapely.get_dimensions(shapes) == 2) & (rank >= 0)
    if len(np.unique(rank[areal])) < 2:
        return shapes
    result = shapes.copy()
    places = np.flatnonzero(areal)
    milder, stricter = shapely.STRtree(shapes[places]).query(shapes[places], predicate="intersects")
    milder, stricter = places[milder], places[stricter]
    bears = (rank[stricter] < rank[milder]) & (source[stricter] == source[milder])
    milder, stricter = milder[bears], stricter[bears]
    for place in np.unique(milder):
        held = shapely.union_all(shapes[stricter[milder == place]])
        result[place] = areal_parts(shapely.difference(shapes[place], held))
    return result


def cut_zones(zones: Columns, theme_id: str, plane: Plane) -> Geometries:
    """Return the zones of a layer in the plane; what stricter zones of the same source hold is cut out of milder ones.

    Parameters
    ----------
    zones : Columns
        With the columns of zones; geometry EPSG:4490, valid.
    theme_id : str
    plane : Plane
    """
    shapes = plane.project(zones["geometry"], zones["survey_crs"].tolist())
    if theme(theme_id).nested:
        shapes = _cut_by_stricter(shapes, zones, theme_id)
    return shapes


def index_zones(zones: Columns, theme_id: str, plane: Plane) -> ShapeIndex:
    """Make the zones of a layer ready to be asked; see :func:`cut_zones`."""
    return ShapeIndex.of(cut_zones(zones, theme_id, plane))


def _kept_index(layer: Layer, plane: Plane, cache: Cache) -> ShapeIndex:
    """Return the index of a layer from the cache, or make and keep it."""
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
    kept = cache.get("index", key)
    if kept is not None:
        try:
            return ShapeIndex.from_arrays(kept.arrays)
        except (KeyError, ValueError, TypeError):
            # Whole, and yet not what this code writes: made anew.
            pass
    index = index_zones(layer.columns, theme_id, plane)
    cache.put("index", key, layer.entry.id, {}, index.arrays())
    return index


def _codes(texts: Sequence[Any]) -> Positions:
    """Return numbers in the order of texts; -1 for None."""
    known = {text: number for number, text in enumerate(sorted({text for text in texts if text is not None}))}
    return np.array([known.get(text, -1) for text in texts], dtype=np.intp)


def _text(value: Any) -> str | None:  # noqa: ANN401 - a cell
    return value if isinstance(value, str) else None


@dataclass(frozen=True)
class LayerIndex:
    """Layers made ready; zones are numbered through all of them.

    Attributes
    ----------
    plane : Plane
    layers : tuple of Layer
        Those that could be loaded.
    shapes : ShapeIndex
        All that sites are asked about at once: the zones, then the different coverages, their borders, and the areas of
        the gaps that have one.
    layer : ndarray of int, shape (n,)
        Position of the layer of each zone.
    names : dict of str to ndarray, each shape (n,)
        ``zone_id, zone_name, grade, part``.
    accuracy_m : ndarray of float, shape (n,)
    rank : ndarray of int, shape (n,)
        The zone's place in the order of theme, layer and id.
    grade : ndarray of int, shape (n,)
        A number for the zone's grade in the order of texts, or -1.
    theme : ndarray of int, shape (layers,)
        A number for the theme of each layer, in the order of texts.
    coverage : ndarray of int, shape (layers,)
        Which of the different coverages is that of each layer; -1 for none.
    coverages : int
        How many there are.
    gaps : tuple of LayerGap
        As given.
    doubt : ndarray of int
        Positions in ``gaps`` of those that have an area.
    """

    plane: Plane
    layers: tuple[Layer, ...]
    shapes: ShapeIndex
    layer: Positions
    names: dict[str, Geometries]
    accuracy_m: Floats
    rank: Positions
    grade: Positions
    theme: Positions
    coverage: Positions
    coverages: int
    gaps: tuple[LayerGap, ...]
    doubt: Positions

    @classmethod
    def of(
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
            In which everything is measured.
        gaps : sequence of LayerGap
            Those with an area are laid under the sites as well.
        cache : Cache, optional
            Where indexes are kept; default: nowhere.
        """
        loaded = tuple(layer for layer in layers if layer.status == "loaded")
        count = [len(layer.columns) for layer in loaded]
        places = np.repeat(np.arange(len(loaded)), count)
        theirs = {"zone_id": "zone_id", "zone_name": "name", "grade": "grade", "part": "part"}
        names = {ours: _gathered(loaded, name) for ours, name in theirs.items()}
        accuracy = np.array([np.nan if value is None else value for value in _gathered(loaded, "accuracy_m")], float)
        keys = [
            (loaded[place].entry.theme, loaded[place].entry.id, zone_id, number)
            for number, (place, zone_id) in enumerate(zip(places, names["zone_id"], strict=True))
        ]
        rank = np.empty(len(keys), dtype=np.intp)
        rank[[key[-1] for key in sorted(keys)]] = np.arange(len(keys))
        areas, coverage = _distinct([layer.coverage for layer in loaded])
        covered = plane.project(areas)
        doubt = np.array([number for number, gap in enumerate(gaps) if gap.area is not None], dtype=np.intp)
        doubts = np.empty(len(doubt), dtype=object)
        doubts[:] = [gaps[number].area for number in doubt]
        return cls(
            plane=plane,
            layers=loaded,
            shapes=ShapeIndex.joined(
                [
                    *(_kept_index(layer, plane, cache or Cache(None)) for layer in loaded),
                    ShapeIndex.of(covered),
                    ShapeIndex.of(np.asarray(shapely.boundary(covered), dtype=object)),
                    ShapeIndex.of(plane.project(doubts)),
                ]
            ),
            layer=places.astype(np.intp),
            names=names,
            accuracy_m=np.where(np.isfinite(accuracy), accuracy, UNSTATED_ACCURACY_M),
            rank=rank,
            grade=_codes(list(names["grade"])),
            theme=_codes([layer.entry.theme for layer in loaded]),
            coverage=coverage,
            coverages=len(areas),
            gaps=tuple(gaps),
            doubt=doubt,
        )

    @property
    def first_coverage(self) -> int:
        """Where the coverages begin among the shapes."""
        return len(self.layer)

    @property
    def first_end(self) -> int:
        """Where the borders of the coverages begin."""
        return len(self.layer) + self.coverages

    @property
    def first_doubt(self) -> int:
        """Where the areas of gaps begin."""
        return len(self.layer) + 2 * self.coverages

    def reach(self, near_m: Mapping[str, float], setback_m: Mapping[str, float]) -> Floats:
        """Return how far each shape is looked for, metres; -1 where only what meets it matters.

        Parameters
        ----------
        near_m : mapping of str to float
            For every theme how far zones are told of.
        setback_m : mapping of str to float
            By theme: where a coverage ends nearer than that, it is told.
        """
        found = np.full(len(self.shapes), -1.0)
        themes = [layer.entry.theme for layer in self.layers]
        found[: self.first_coverage] = np.array([near_m[name] for name in themes], dtype=np.float64)[self.layer]
        for name, which in zip(themes, self.coverage.tolist(), strict=True):
            if which >= 0 and name in setback_m:
                found[self.first_end + which] = max(found[self.first_end + which], setback_m[name])
        return found

    @cached_property
    def covering(self) -> list[int]:
        """Positions of the layers whose zones leave no place out: what lies between them is a gap."""
        return [
            place
            for place, layer in enumerate(self.layers)
            if self.coverage[place] >= 0 and theme(layer.entry.theme).covering
        ]

    @cached_property
    def by_theme(self) -> list[tuple[int, ShapeIndex, Positions]]:
        """For every theme its number, the index of its zones alone, and their positions."""
        theme_of_zone = self.theme[self.layer]
        return [
            (int(number), self.shapes.only(members), members)
            for number in np.unique(theme_of_zone)
            for members in [np.flatnonzero(theme_of_zone == number)]
        ]

    @cached_property
    def cut(self) -> npt.NDArray[np.bool_]:
        """Of every zone whether it is here with less than its whole shape."""
        ids = zip(self.layer.tolist(), self.names["zone_id"].tolist(), strict=True)
        return np.array([zone_id in self.layers[layer].cut for layer, zone_id in ids], dtype=bool)

    @cached_property
    def unstated(self) -> list[Issue]:
        """What is said of the layers that do not state their accuracy."""
        zh, en = ACCURACY_ASSUMED
        return [
            Issue(
                "info",
                "accuracy_assumed",
                f"layer {layer.entry.id}",
                f"图层{zh}",
                f"the layer states no accuracy; {en}",
            )
            for layer in self.layers
            if _any_missing(layer.columns["accuracy_m"])
        ]

    @cached_property
    def layer_id(self) -> Geometries:
        """Ids of the layers."""
        return np.array([layer.entry.id for layer in self.layers], dtype=object)

    @cached_property
    def theme_id(self) -> Geometries:
        """Themes of the layers."""
        return np.array([layer.entry.theme for layer in self.layers], dtype=object)


def _any_missing(numbers: npt.NDArray[Any]) -> bool:
    return any(value is None or value != value for value in numbers.tolist())


def _gathered(layers: Sequence[Layer], column: str) -> Geometries:
    """Return a column of the zones of all layers; what is no text or number is None."""
    values = [value for layer in layers for value in layer.columns[column].tolist()]
    found = np.empty(len(values), dtype=object)
    found[:] = [None if isinstance(value, float) and np.isnan(value) else value for value in values]
    return found


def _distinct(coverages: Sequence[Any]) -> tuple[Geometries, Positions]:
    """Return the different geometries, and which of them each is: many layers share the coverage of the county."""
    place: dict[bytes, int] = {}
    # The same object is the same shape: it need not be looked at to be known again.
    seen: dict[int, int] = {id(None): -1}
    kept: list[Any] = []
    for area in coverages:
        if id(area) not in seen:
            seen[id(area)] = place.setdefault(shapely.to_wkb(area), len(kept))
            if seen[id(area)] == len(kept):
                kept.append(area)
    which = [seen[id(area)] for area in coverages]
    shapes = np.empty(len(kept), dtype=object)
    shapes[:] = kept
    return shapes, np.array(which, dtype=np.intp)
