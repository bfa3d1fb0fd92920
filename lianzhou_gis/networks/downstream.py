"""Source protection zones downstream of an outfall: a fact that the river layer of the catalog can answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.catalog import Catalog, RiverEntry
from lianzhou_gis.errors import Issue, LianzhouError, Message, Severity
from lianzhou_gis.formats import read_features
from lianzhou_gis.geodesy import Plane, Region
from lianzhou_gis.networks.river_network import Flow, RiverNetwork, single_courses
from lianzhou_gis.overlay import LayerIndex, Overlay
from lianzhou_gis.overlay.layer_index import UNSTATED_ERROR_M

__all__ = ["SOURCE_DOWNSTREAM", "DownstreamSearch", "RiverLayer"]

SOURCE_DOWNSTREAM = "source_downstream"
SOURCE_THEME = "water_source_zone"
# A zone that is only planned protects nothing yet.
PLANNED_GRADE = "proposed"
# Type ids of shapely of a line and of several.
_LINES = (1, 5)


@dataclass(frozen=True, eq=False)
class RiverLayer:
    """The water courses of a catalog as they were read.

    Attributes
    ----------
    entry : RiverEntry
    network : RiverNetwork or None
        ``None`` where the layer cannot be used; ``issues`` say why.
    sha256 : str or None
        Of the file's bytes.
    whole : bool
        Whether every course may be taken as present: the holder states it, and every record was read.
    issues : tuple of Issue
    """

    entry: RiverEntry
    network: RiverNetwork | None
    sha256: str | None = None
    whole: bool = False
    issues: tuple[Issue, ...] = ()

    @classmethod
    def read(cls, catalog: Catalog, entry: RiverEntry, plane: Plane) -> RiverLayer:
        """Read the water courses of a catalog. A layer that fails raises nothing: it has an issue and no network."""
        region = Region(catalog.region.name, catalog.region.bounds)
        where = f"rivers {entry.path}"
        try:
            features = read_features(
                catalog.file(entry.path), layer=entry.layer, crs=entry.crs, datum=entry.datum, region=region
            )
        except LianzhouError as error:
            return cls(entry, None, issues=(Issue.from_code("error", "rivers_unusable", where, reason=error),))
        shapes = features.columns["geometry"]
        usable = np.isin(shapely.get_type_id(shapes), _LINES) & ~shapely.is_empty(shapes)
        issues = list(features.issues)
        if not usable.all():
            issues.append(Issue.from_code("warning", "rivers_without_line", where, count=int((~usable).sum())))
        for fault in features.wholeness.faults:
            issues.append(Issue.from_code("warning", "rivers_incomplete", where, reason=fault.message))
        if not usable.any():
            return cls(entry, None, features.sha256, issues=tuple(issues))
        named = features.columns.arrays.get(entry.name_column)
        names = ["" if named is None or value is None else str(value) for value in (shapes if named is None else named)]
        courses, course_names = single_courses(
            plane.project(shapes[usable]), [name for name, line in zip(names, usable, strict=True) if line]
        )
        # Where the datum is only assumed the courses may lie elsewhere.
        placed = features.system.reliable and features.second is None
        whole = bool(entry.complete and usable.all() and not features.wholeness.faults and placed)
        network = RiverNetwork(courses, course_names, entry.join_m)
        return cls(entry, network, features.sha256, whole, tuple(issues))


@dataclass(frozen=True, eq=False)
class DownstreamSearch:
    """Looks for source protection zones downstream of outfalls.

    Attributes
    ----------
    rivers : RiverLayer
    index : LayerIndex
        The zones and the coverages of their layers, in the plane of the network.
    sources_whole : bool
        Whether the layers of source zones leave nothing open.
    """

    rivers: RiverLayer
    index: LayerIndex
    sources_whole: bool

    def answers(self, overlay: Overlay) -> tuple[dict[str, bool], list[Issue]]:
        """Return, by site, whether a source zone lies downstream of its outfall, as far as the layers answer it.

        Parameters
        ----------
        overlay : Overlay
            With the outfalls of the sites in the plane.

        Returns
        -------
        dict of site_id to bool
            ``True`` where the flow meets a zone or passes it within the errors of both. ``False`` only where all of
            the reach is known: no course ends open, all of it is covered by the layers of source zones.
        list of Issue
            For each site with an outfall: what was found, or why it is not known.
        """
        found: dict[str, bool] = {}
        issues: list[Issue] = []
        for row in np.flatnonzero(~shapely.is_missing(overlay.outfalls)):
            site_id, error_m = str(overlay.site_ids[row]), float(overlay.site_error_m[row])
            points = [self._answer(point, error_m) for point in shapely.get_parts(overlay.outfalls[row])]
            known = [answer for answer, _ in points]
            # Of an empty outfall nothing is known.
            if any(known) or (known and None not in known):
                found[site_id] = any(known)
            severity: Severity = "warning" if found.get(site_id, True) else "info"
            issues.extend(
                Issue(severity, (message.code or "").partition(".")[0], f"site {site_id}", message.zh, message.en)
                for _, message in points
            )
        return found, issues

    def _answer(self, point: shapely.Point, error_m: float) -> tuple[bool | None, Message]:
        """Return the answer of one point, and the sentence about it."""
        entry, network = self.rivers.entry, self.rivers.network
        if network is None:
            return None, Message.from_code("downstream_unknown.rivers")
        bank_m = entry.bank_m + error_m + self._river_error_m
        flow = network.downstream(point, bank_m=bank_m, reach_m=entry.reach_m)
        if not flow.stretches:
            return None, Message.from_code("downstream_unknown.no_river", metres=entry.bank_m)
        nearest = min(self._meetings(flow), default=None)
        if nearest is not None:
            metres, zone, course = nearest
            columns = self.index.zone_columns
            name = str(columns["zone_name"][zone] or columns["zone_id"][zone])
            river, km = network.names[course], metres / 1000
            return True, Message.from_code("source_downstream", river=river, km=km, zone=name)
        if flow.ends:
            return None, Message.from_code("downstream_unknown.open_end")
        if not (self.rivers.whole and self.sources_whole):
            return None, Message.from_code("downstream_unknown.incomplete")
        if not all(self._covered.covers(stretch.line) for stretch in flow.stretches):
            return None, Message.from_code("downstream_unknown.uncovered")
        return False, Message.from_code("no_source_downstream", km=entry.reach_m / 1000)

    def _meetings(self, flow: Flow) -> Iterator[tuple[float, int, int]]:
        """Yield metres along the flow, zone and course of every meeting of the flow with a source zone."""
        lines = np.array([stretch.line for stretch in flow.stretches], dtype=object)
        within = self.index.error_m[self._zones] + self._river_error_m
        tree = shapely.STRtree(lines)
        for zone, line in tree.query(self._shapes, predicate="dwithin", distance=within).T.tolist():
            stretch, shape = flow.stretches[line], self._shapes[zone]
            shared = shapely.intersection(shape, stretch.line)
            nearest = shapely.get_point(shapely.shortest_line(stretch.line, shape), 0) if shared.is_empty else shared
            places = shapely.points(shapely.get_coordinates(nearest))
            metres = stretch.from_m + float(shapely.line_locate_point(stretch.line, places).min())
            yield metres, int(self._zones[zone]), stretch.course

    @property
    def _river_error_m(self) -> float:
        stated = self.rivers.entry.accuracy_m
        return UNSTATED_ERROR_M if stated is None else stated

    @cached_property
    def _layers(self) -> list[int]:
        """Positions of the layers of source zones."""
        return [number for number, layer in enumerate(self.index.layers) if layer.entry.theme == SOURCE_THEME]

    @cached_property
    def _zones(self) -> npt.NDArray[np.intp]:
        """Positions of the designated zones."""
        of_sources = np.isin(self.index.layer_of_zone, self._layers)
        # A zone of an unknown grade may be any of them.
        planned = self.index.zone_columns["grade"] == PLANNED_GRADE
        return np.flatnonzero(of_sources & ~planned)

    @cached_property
    def _shapes(self) -> npt.NDArray[np.object_]:
        """The shapes of the designated zones, in the plane."""
        layers = [self.index.layers[number].columns for number in self._layers]
        shapes = [self.index.plane.project(zones["geometry"], zones["survey_crs"].tolist()) for zones in layers]
        position = np.flatnonzero(np.isin(self.index.layer_of_zone, self._layers))
        found: npt.NDArray[np.object_] = np.concatenate(shapes)[np.searchsorted(position, self._zones)]
        return found

    @cached_property
    def _covered(self) -> BaseGeometry:
        """Where every layer of source zones is known and was read, in the plane."""
        layers = [self.index.layers[number] for number in self._layers]
        if not layers or any(layer.coverage is None for layer in layers):
            return shapely.Polygon()
        areas = [layer.coverage for layer in layers]
        # Beyond the study area zones were left out.
        areas += [layer.study.box for layer in layers if layer.study is not None]
        covered: BaseGeometry = shapely.intersection_all(self.index.plane.project(np.array(areas, dtype=object)))
        return covered
