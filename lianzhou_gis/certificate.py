"""The checker of clears: it reads the sources anew and must agree before a site reads ``no_conflict_found``.

The checker shares no code with what found the clear: of this package it uses the readers of files, the catalog and the
rulebook, and no geodesy, layers, overlay or findings. It is simpler and more cautious: a broken zone counts with all
its linework, holes filled; distances are taken in a plane around the site, with a tolerance for its bend.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.cache import Cache
from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.certificate_sources import Source, TangentPlane, border_pieces, read_source
from lianzhou_gis.errors import Message
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.well_known import geometry_from_wkt
from lianzhou_gis.rulebook import AccessItem, Rulebook, RuleVersion, parse_access_items
from lianzhou_gis.vocabulary import Effect, theme

__all__ = ["Checker"]

Geometries = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
_TOLERANCE_M = 0.05
# Key of the rules that need no layer.
_EVERYWHERE = ""
_FACTS_REMEMBERED = 64
# Relative bend of the plane per metre from the site.
_BEND = 2e-7


class Checker:
    """Reads the sources of a day and checks clears against them.

    Parameters
    ----------
    catalog : Catalog
    rulebook : Rulebook
    as_of : datetime.date
    scope : sequence of str
        Themes.
    cache : Cache, optional
        Cache of the sources as read; default none.
    """

    def __init__(
        self, catalog: Catalog, rulebook: Rulebook, as_of: date, scope: Sequence[str], cache: Cache | None = None
    ) -> None:
        self._cache = cache or Cache(None)
        self._catalog, self._rulebook, self._day, self._scope = catalog, rulebook, as_of, tuple(scope)
        rules = rulebook.in_force(as_of)
        self._rules: dict[str, list[RuleVersion]] = {name: [] for name in (_EVERYWHERE, *self._scope)}
        for rule in rules:
            name = _EVERYWHERE if rule.everywhere else str(rule.theme)
            if name in self._rules and rule.strictest is not Effect.NOTICE:
                self._rules[name].append(rule)
        self._active: dict[
            int, tuple[Mapping[str, Any], dict[str, list[RuleVersion]], dict[str, list[AccessItem]]]
        ] = {}
        self._coverages: dict[str, tuple[shapely.Geometry, shapely.STRtree] | None] = {}

    @cached_property
    def sources(self) -> dict[str, list[Source | Message]]:
        """The sources of every theme in scope, or why one cannot be read."""
        return {
            name: [read_source(self._catalog, entry, self._day, self._cache) for entry in self._editions(name)]
            for name in self._scope
        }

    def _editions(self, name: str) -> list[LayerEntry]:
        """Return the latest edition in force of every series of a theme."""
        latest: dict[str, LayerEntry] = {}
        for entry in self._catalog.layers:
            begun = entry.valid_from is None or entry.valid_from <= self._day
            if entry.theme != name or not begun or (entry.valid_to is not None and entry.valid_to < self._day):
                continue
            other = latest.get(entry.series)
            if other is None or (entry.valid_from or date.min) >= (other.valid_from or date.min):
                latest[entry.series] = entry
        return list(latest.values())

    @cached_property
    def _items(self) -> dict[str, list[AccessItem]]:
        """The items in force of every access list, by layer."""
        lists: dict[str, list[AccessItem]] = {}
        for name in self._scope:
            for entry in self._editions(name):
                if entry.access_list is not None:
                    path = self._catalog.file(entry.access_list)
                    text = decode_text(path.read_bytes(), path.name)[0]
                    items, _ = parse_access_items(csv.DictReader(io.StringIO(text)), self._rulebook.facts, path.name)
                    lists[entry.id] = [i for i in items if i.in_force(self._day) and i.effect is not Effect.NOTICE]
        return lists

    def _coverage(self, entry: LayerEntry, source: Source) -> tuple[shapely.Geometry, shapely.STRtree] | None:
        """Return the declared coverage of a layer in the plane of the region; ``None`` where it cannot be read."""
        text = entry.coverage
        if text is None:
            return None
        key = f"{entry.id} union" if text == "union" else text
        if key not in self._coverages:
            area = None
            if text == "union":
                area = shapely.union_all(source.shapes)
            elif text.startswith("administrative:"):
                code = text.removeprefix("administrative:")
                places = [
                    read_source(self._catalog, place, self._day, self._cache)
                    for place in self._editions("administrative")
                ]
                parts = [
                    s
                    for p in places
                    if isinstance(p, Source)
                    for s, i in zip(p.shapes, p.ids, strict=True)
                    if i == code
                ]
                area = shapely.union_all(parts) if parts else None
            elif text.lstrip()[:4].upper() in ("POLY", "MULT"):
                area = geometry_from_wkt(text)
            else:
                area = shapely.union_all(read_features(self._catalog.file(text)).columns["geometry"])
            drawn = (
                None if area is None or area.is_empty or not area.is_valid else self._plane.draw(shapely.force_2d(area))
            )
            self._coverages[key] = None if drawn is None else (drawn, shapely.STRtree(border_pieces(drawn)))
            if drawn is not None:
                shapely.prepare(drawn)
        return self._coverages[key]

    @cached_property
    def _plane(self) -> TangentPlane:
        _, south, _, north = self._catalog.region.bounds
        return TangentPlane((south + north) / 2)

    def check(
        self,
        shapes: Geometries,
        error_m: npt.NDArray[np.float64],
        facts: Sequence[Mapping[str, Any]],
        outfalls: Geometries | None = None,
    ) -> list[Message | None]:
        """Check clears against the sources.

        Parameters
        ----------
        shapes : ndarray of shapely geometries, shape (n,)
            Sites in EPSG:4490.
        error_m : ndarray of float, shape (n,)
            How well the borders of the sites are known.
        facts : sequence of mapping
            As the rules saw them.
        outfalls : ndarray of shapely geometries or None, shape (n,), optional

        Returns
        -------
        list of Message or None
            The first objection to each clear; ``None`` where the checker agrees.
        """
        against: list[Message | None] = [None] * len(shapes)
        drawn = self._plane.draw(shapely.force_2d(shapes))
        groups: dict[int, list[int]] = {}
        for row, known in enumerate(facts):
            groups.setdefault(id(known), []).append(row)
        for chosen in groups.values():
            known, rows = facts[chosen[0]], np.array(chosen, dtype=np.intp)
            active, items = self._not_excluded(known)
            for rule in active[_EVERYWHERE]:
                _refuse(against, rows, "certificate_rule", rule=rule.id)
            self._check_coverages(active, rows, drawn, error_m, against)
            for name in self._scope:
                self._check_theme(name, active[name], items, rows, shapes, error_m, outfalls, against)
        return against

    def _not_excluded(
        self, known: Mapping[str, Any]
    ) -> tuple[dict[str, list[RuleVersion]], dict[str, list[AccessItem]]]:
        """Return rules by theme and items by layer that the facts do not exclude; remembered for the facts object."""
        held = self._active.get(id(known))
        if held is None:
            if len(self._active) >= _FACTS_REMEMBERED:
                self._active.clear()
            rules = {
                name: [rule for rule in own if rule.when is None or rule.when.evaluate(known).value is not False]
                for name, own in self._rules.items()
            }
            items = {
                layer: [item for item in own if item.applies_under(known).value is not False]
                for layer, own in self._items.items()
            }
            # The facts are held with them, so that no other object gets their id.
            held = self._active[id(known)] = known, rules, items
        return held[1:]

    def _check_theme(
        self,
        name: str,
        rules: list[RuleVersion],
        listed: Mapping[str, list[AccessItem]],
        rows: Positions,
        shapes: Geometries,
        error_m: Numbers,
        outfalls: Geometries | None,
        against: list[Message | None],
    ) -> None:
        sources = self.sources[name]
        if not sources:
            _refuse(against, rows, "theme_without_layer", theme=theme(name).label)
        outside = [rule for rule in rules if rule.relation == "outside"]
        inside = np.zeros(len(rows), dtype=bool)
        for source in sources:
            if isinstance(source, Message):
                _refuse_with(against, rows, source)
                continue
            if source.whole is not None:
                _refuse_with(against, rows, source.whole)
            setback = max([0.0, *(rule.setback_m or 0.0 for rule in rules)])
            error = float(np.hypot(source.error_m.max(initial=0.0), error_m[rows].max(initial=0.0)))
            items = listed.get(source.entry.id, [])
            if not (rules or items or (theme(name).grades and source.ungraded)):
                continue
            reach = (setback + error + _TOLERANCE_M) * 1.02 + float(source.slack_m.max(initial=0.0))
            site, zone = self._near(source, rows, shapes, outfalls, reach, rules)
            for position, number in zip(site.tolist(), zone.tolist(), strict=True):
                row = int(rows[position])
                if against[row] is None:
                    against[row] = self._pair(
                        source, number, shapes[row], float(error_m[row]), rules, items, outfalls, row
                    )
            if outside:
                inside |= self._inside(source, rows, shapes)
        for rule in outside:
            _refuse(against, rows[~inside], "certificate_rule", rule=rule.id)

    def _near(
        self,
        source: Source,
        rows: Positions,
        shapes: Geometries,
        outfalls: Geometries | None,
        reach: float,
        rules: Sequence[RuleVersion],
    ) -> tuple[Any, Any]:
        """Return pairs of site and zone within reach, as positions in ``rows`` and in the source."""
        degrees = reach / float(self._plane.scale.min())
        site, zone = source.near(shapes[rows], degrees)
        if outfalls is not None and any(rule.subject == "outfall" for rule in rules):
            points = outfalls[rows]
            given = np.flatnonzero(~shapely.is_missing(points))
            more, others = source.near(points[given], degrees)
            site, zone = np.r_[site, given[more]], np.r_[zone, others]
        return site, zone

    def _pair(
        self,
        source: Source,
        number: int,
        shape: shapely.Geometry,
        site_error_m: float,
        rules: Sequence[RuleVersion],
        items: Sequence[AccessItem],
        outfalls: Geometries | None,
        row: int,
    ) -> Message | None:
        """Return the objection of one zone near a site to its clear."""
        grade, zone_id = source.grades[number], source.ids[number]
        unknown = grade is None and bool(theme(source.entry.theme).grades)
        rules = [rule for rule in rules if rule.grades is None or grade in rule.grades]
        items = [item for item in items if item.applies_in(zone_id)]
        if not (rules or items or unknown):
            return None
        plane = TangentPlane(shapely.centroid(shape).y)
        place, zone = plane.draw(shapely.force_2d(shape)), plane.draw(source.shapes[number])
        away = float(shapely.distance(place, zone))
        extent = float(np.hypot(*(shapely.bounds(place)[2:] - shapely.bounds(place)[:2])))
        slack = _TOLERANCE_M + _BEND * (away + extent) ** 2 + float(source.slack_m[number])
        error = 0.0 if getattr(source.entry, "defines", False) else float(source.error_m[number])
        limit = math.hypot(error, site_error_m)
        if unknown and away < limit - slack:
            return Message.from_code("certificate_zone", layer=source.entry.id, zone=zone_id, away=away)
        for rule in rules:
            subject = place
            if rule.subject == "outfall":
                point = None if outfalls is None else outfalls[row]
                if point is None:
                    continue
                subject = plane.draw(shapely.force_2d(point))
            if rule.relation in ("outside", "touch"):
                continue
            if rule.named is not None and not any(word in source.names[number] for word in rule.named):
                continue
            if rule.relation == "within" and not shapely.covers(shapely.buffer(zone, -slack), subject):
                continue
            distance = float(shapely.distance(subject, zone))
            firm = (
                shapely.area(shapely.buffer(shapely.intersection(subject, zone), -slack)) > 0
                if distance == 0
                else False
            )
            if firm or distance < (rule.setback_m or 0.0) + limit - slack:
                return Message.from_code("certificate_zone", layer=source.entry.id, zone=zone_id, away=distance)
        if items and (away < limit - slack or away == 0.0):
            return Message.from_code("certificate_item", item=items[0].item_id, zone=zone_id)
        return None

    def _inside(self, source: Source, rows: Positions, shapes: Geometries) -> npt.NDArray[np.bool_]:
        """Return which sites lie wholly in the zones of a source, to the tolerance."""
        found = np.zeros(len(rows), dtype=bool)
        site, zone = source.near(shapes[rows], 0.0)
        for position in np.unique(site):
            plane = TangentPlane(shapely.centroid(shapes[rows[position]]).y)
            union = shapely.union_all(plane.draw(source.shapes[zone[site == position]]))
            place = plane.draw(shapely.force_2d(shapes[rows[position]]))
            found[position] = shapely.covers(shapely.buffer(union, _TOLERANCE_M), place)
        return found

    @cached_property
    def _covered(self) -> list[tuple[str, Source, tuple[shapely.Geometry, shapely.STRtree] | None]]:
        """Every readable layer with its theme and coverage."""
        pairs = [(name, source) for name in self._scope for source in self.sources[name] if isinstance(source, Source)]
        return [(name, source, self._coverage(source.entry, source)) for name, source in pairs]

    def _check_coverages(
        self,
        active: Mapping[str, list[RuleVersion]],
        rows: Positions,
        drawn: Geometries,
        error_m: Numbers,
        against: list[Message | None],
    ) -> None:
        """Refuse sites that do not lie in the coverage of a layer with their errors and setbacks around them."""
        demands: dict[int, tuple[Any, list[tuple[Source, Numbers]]]] = {}
        for name, source, held in self._covered:
            if held is None:
                _refuse(against, rows, "certificate_coverage", layer=source.entry.id)
                continue
            setback = max([0.0, *(rule.setback_m or 0.0 for rule in active[name])])
            reach = np.maximum(setback, np.hypot(source.error_m.max(initial=0.0), error_m[rows])) * 0.98 - _TOLERANCE_M
            demands.setdefault(id(held), (held, []))[1].append((source, np.maximum(reach, 0.0)))
        sites = drawn[rows]
        points = shapely.point_on_surface(sites)
        for (area, border), needs in demands.values():
            outside = ~shapely.contains_properly(area, points)
            longest = np.max([reach for _, reach in needs], axis=0)
            close = np.unique(border.query(sites, predicate="dwithin", distance=longest)[0])
            for source, _ in needs:
                _refuse(against, rows[outside], "certificate_coverage", layer=source.entry.id)
            for position in close.tolist():
                nearest = border.geometries[border.nearest(sites[position])]
                margin = float(shapely.distance(sites[position], nearest))
                for source, reach in needs:
                    if margin < reach[position]:
                        _refuse(against, rows[[position]], "certificate_coverage", layer=source.entry.id)


def _refuse(against: list[Message | None], rows: Positions, code: str, **parameters: object) -> None:
    if len(rows):
        _refuse_with(against, rows, Message.from_code(code, **parameters))


def _refuse_with(against: list[Message | None], rows: Positions, message: Message) -> None:
    for row in rows.tolist():
        against[row] = against[row] or message
