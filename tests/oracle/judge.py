"""What may be said of a site of a random world, found with shapely, pyproj and the rule files alone.

Nothing of the package is imported: its rules are read as YAML, distances are taken in an equidistant plane around the
site, edges are made dense in the system of their layer. An answer is firm only where a tolerance changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import yaml

from tests.oracle.worlds import Edition, Site, World, transformed

__all__ = ["Opinion", "judge"]

RULES = Path(__file__).parents[2] / "lianzhou_gis" / "rulebook" / "rules"
# Rounding of files, bends of edges and of the plane together stay far below this, metres.
TOLERANCE_M = 0.05
# A disc of 2 mm is more than a hair; the oracle is sure of one of this diameter.
SURE_DISC_M = 0.02
STRICTNESS = ("prohibited", "procedure_required", "needs_judgement", "conditional", "notice")


@dataclass(frozen=True)
class Opinion:
    """What may be said of a site.

    Attributes
    ----------
    clear : bool or None
        Whether it may read ``no_conflict_found``; ``None`` where a tolerance decides.
    reason : str
        The first ground against a clear.
    firm : str or None
        The strictest effect of a rule that is certain to bear, whatever the tolerance and the errors of borders.
    known : bool
        Whether the facts decided every condition, so that a clear is to be expected where nothing is against it.
    """

    clear: bool | None
    reason: str
    firm: str | None
    known: bool


@cache
def _documents() -> tuple[Any, ...]:
    paths = [path for path in sorted(RULES.glob("*.yaml")) if not path.name.endswith(".cases.yaml")]
    return tuple(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) for path in paths)


@cache
def _rules(day: date) -> tuple[dict[str, Any], ...]:
    """Return the versions in force on a day, defaults and version joined."""
    found = []
    for document in _documents():
        for rule in document["rules"]:
            whole = {**document.get("defaults", {}), **rule}
            for version in whole.pop("versions"):
                begin, end = version["effective_from"], version.get("effective_to")
                if begin <= day and (end is None or day <= end):
                    found.append({**whole, **version})
    return tuple(found)


def _holds(when: Any, facts: dict[str, Any]) -> bool | None:
    """Evaluate a condition by Kleene; ``None`` for what is not known or not understood here."""
    if when is None:
        return True
    ((key, value), *more) = when.items()
    if key in ("all", "asked_if", "any") and not more:
        parts = [_holds(part, facts) for part in value]
        if key == "any":
            return True if True in parts else None if None in parts else False
        return False if False in parts else None if None in parts else True
    if key == "not" and not more:
        inner = _holds(value, facts)
        return None if inner is None else not inner
    if key == "fact" and value in facts:
        known = facts[value]
        for test, against in more:
            if test == "is":
                if isinstance(against, bool) != isinstance(known, bool):
                    return None
                return bool(known == against)
            if test == "in":
                return known in against
    return None


def _dense(shape: Any, system: str) -> Any:
    step = 5e-4 if system == "EPSG:4490" else 50.0
    return shapely.segmentize(shape, step)


@dataclass(frozen=True)
class _Ground:
    """The zones of an edition in the plane around a site."""

    edition: Edition
    shapes: tuple[Any, ...]
    grades: tuple[str | None, ...]
    written: tuple[str | None, ...]

    def of_grade(self, grades: Any) -> Any:
        wanted = None if grades is None else {grades} if isinstance(grades, str) else set(grades)
        picked = [
            shape for shape, grade in zip(self.shapes, self.grades, strict=True) if wanted is None or grade in wanted
        ]
        return shapely.union_all(picked) if picked else shapely.Polygon()

    @property
    def unknown(self) -> Any:
        pairs = zip(self.shapes, self.grades, self.written, strict=True)
        return shapely.union_all([shape for shape, grade, written in pairs if written is not None and grade is None])


# The ellipsoid of CGCS2000.
SEMI_MAJOR_M, FLATTENING = 6378137.0, 1 / 298.257222101
SQUARED_ECCENTRICITY = FLATTENING * (2 - FLATTENING)


class _Plane:
    """East and north in the tangent plane at a site: right to 0.2 mm within 3 km of it."""

    def __init__(self, site: Site) -> None:
        middle = shapely.centroid(site.shape)
        self._lon, self._lat = np.radians(middle.x), np.radians(middle.y)
        self._origin = self._earth(np.array([[middle.x, middle.y]]))[0]

    @staticmethod
    def _earth(degrees: Any) -> Any:
        lon, lat = np.radians(degrees).T
        normal = SEMI_MAJOR_M / np.sqrt(1 - SQUARED_ECCENTRICITY * np.sin(lat) ** 2)
        return np.column_stack(
            [
                normal * np.cos(lat) * np.cos(lon),
                normal * np.cos(lat) * np.sin(lon),
                normal * (1 - SQUARED_ECCENTRICITY) * np.sin(lat),
            ]
        )

    def draw(self, shape: Any) -> Any:
        """Return a shape of degrees in metres east and north."""
        sin_lon, cos_lon, sin_lat, cos_lat = np.sin(self._lon), np.cos(self._lon), np.sin(self._lat), np.cos(self._lat)
        axes = np.array([[-sin_lon, cos_lon, 0.0], [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat]])
        return shapely.transform(shape, lambda xy: (self._earth(xy) - self._origin) @ axes.T)


def _ground(edition: Edition, plane: _Plane) -> _Ground:
    shapes = []
    for zone in edition.zones:
        shapes.append(plane.draw(transformed(_dense(zone.shape, edition.system), edition.system, "EPSG:4490")))
    repaired = tuple(shape if shape.is_valid else shapely.make_valid(shape) for shape in shapes)
    return _Ground(
        edition, repaired, tuple(z.grade for z in edition.zones), tuple(z.grade_written for z in edition.zones)
    )


def _holds_disc(shape: Any, diameter_m: float) -> bool:
    return not shape.is_empty and not shapely.buffer(shape, -diameter_m / 2).is_empty


def _edition(world: World, series: str) -> Edition | None:
    current = [
        edition
        for edition in world.editions
        if edition.series == series
        and (edition.valid_from is None or edition.valid_from <= world.day)
        and (edition.valid_to is None or world.day <= edition.valid_to)
    ]
    return max(current, key=lambda edition: edition.valid_from or date.min) if current else None


class _Case:
    """Gathers what speaks against a clear of one site."""

    def __init__(self) -> None:
        self.against: str | None = None
        self.open = False
        self.firm: str | None = None
        self.known = True

    def refuse(self, reason: str) -> None:
        self.against = self.against or reason

    def certain(self, effect: str) -> None:
        if self.firm is None or STRICTNESS.index(effect) < STRICTNESS.index(self.firm):
            self.firm = effect


def _common(shape: Any, ground: Any) -> Any:
    """Return what two shapes share; on a grid of a micrometre where GEOS fails on the numbers as they are."""
    try:
        return shapely.intersection(shape, ground)
    except shapely.errors.GEOSException:
        return shapely.intersection(shape, ground, grid_size=1e-6)


def _overlap(case: _Case, shape: Any, ground: Any, error: float, rule: dict[str, Any]) -> None:
    shared = _common(shape, ground)
    away = shapely.distance(shape, ground)
    if _holds_disc(shared, SURE_DISC_M):
        case.refuse(f"{rule['id']}: overlap")
        if _holds_disc(shared, error + 2 * TOLERANCE_M):
            case.certain(rule["effect"])
    elif away < error - TOLERANCE_M:
        case.refuse(f"{rule['id']}: {away:.2f} m away, error {error:.2f} m")
    elif away < error + TOLERANCE_M:
        case.open = True


def _one_rule(case: _Case, rule: dict[str, Any], shape: Any, ground: _Ground, error: float) -> None:
    area = ground.of_grade(rule.get("grade"))
    relation = rule.get("relation", "setback" if "setback_m" in rule else "overlap")
    if "named" in rule or rule.get("subject") == "outfall":
        case.open = case.known = False if "named" not in rule else case.known
        return
    if area.is_empty and relation != "outside":
        return
    if relation == "setback":
        left = shapely.distance(shape, area) - rule["setback_m"]
        if left < error - TOLERANCE_M:
            case.refuse(f"{rule['id']}: {left:.2f} m beyond the setback, error {error:.2f} m")
            if left < -error - TOLERANCE_M:
                case.certain(rule["effect"])
        elif left < error + TOLERANCE_M:
            case.open = True
    elif relation == "overlap":
        _overlap(case, shape, area, error, rule)
    elif relation == "within":
        if area.buffer(error + TOLERANCE_M).covers(shape):
            case.open = True
    elif relation == "outside":
        if _holds_disc(shapely.difference(shape, area), SURE_DISC_M):
            case.refuse(f"{rule['id']}: outside")
        elif not shapely.buffer(area, -error - TOLERANCE_M).covers(shape):
            case.open = True
    else:
        case.open = True


def _theme(case: _Case, world: World, site: Site, theme: str, rules: list[dict[str, Any]], plane: _Plane) -> None:
    shape = plane.draw(site.shape)
    shape = shape if shape.is_valid else shapely.make_valid(shape)
    for series in sorted({edition.series for edition in world.editions if edition.theme == theme}):
        edition = _edition(world, series)
        if edition is None:
            case.refuse(f"{series}: no edition in force")
            continue
        if edition.fault is not None:
            case.refuse(f"{series}: {edition.fault}")
            continue
        ground, error = _ground(edition, plane), float(np.hypot(edition.accuracy_m, site.accuracy_m))
        coverage = plane.draw(shapely.segmentize(edition.coverage, 5e-4))
        reach = error
        for rule in rules:
            outcome = _holds(rule.get("when"), world.facts)
            if outcome is False or rule["effect"] == "notice":
                continue
            reach = max(reach, float(rule.get("setback_m", 0.0)))
            if outcome is None:
                # What is not known here may follow from other facts: nothing is certain of such a rule.
                aside = _Case()
                _one_rule(aside, rule, shape, ground, error)
                case.known = case.known and aside.against is None and not aside.open
                case.open = case.open or aside.against is not None or aside.open
            else:
                _one_rule(case, rule, shape, ground, error)
        if _holds_disc(shapely.difference(shape, coverage), 0.05):
            case.refuse(f"{series}: outside its coverage")
        elif not coverage.contains(shape.buffer(reach + 1.0)):
            case.open = True
        unknown = ground.unknown
        if not unknown.is_empty:
            if _holds_disc(_common(shape, unknown), SURE_DISC_M):
                case.refuse(f"{series}: unknown grade")
            elif shapely.distance(shape, unknown) < 1100.0 + error:
                case.open = True


def judge(world: World, site: Site) -> Opinion:
    """Return what may be said of a site."""
    plane, rules = _Plane(site), _rules(world.day)
    case = _Case()
    for theme in world.themes:
        own = [rule for rule in rules if rule.get("theme") == theme and not rule.get("everywhere")]
        if not own:
            case.refuse(f"{theme}: no rule")
        _theme(case, world, site, theme, own, plane)
    for rule in rules:
        if rule.get("everywhere") and rule["effect"] != "notice":
            outcome = _holds(rule.get("when"), world.facts)
            if outcome is True:
                case.refuse(f"{rule['id']}: everywhere")
                case.certain(rule["effect"])
            elif outcome is None:
                case.open, case.known = True, False
    clear = False if case.against is not None else None if case.open else True
    return Opinion(clear, case.against or "", case.firm, case.known)
