"""Random worlds: layers of a few zones around a place, sites among them, facts, a day; all of it from one seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
import yaml

__all__ = ["Edition", "Site", "World", "Zone", "make_world", "write_world"]

ORDINARY = yaml.safe_load((Path(__file__).parent.parent / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))
# Sites of a world, and worlds (days, sites, facts) on the same layers.
SITES, SHARED = 8, 5
COUNTY = (112.2, 24.6, 112.75, 25.2)
# The system of an edition, in which its edges are straight: geographic, zones of three degrees with or without number.
SYSTEMS = ("EPSG:4490", "EPSG:4525", "EPSG:4526", "EPSG:4546", "EPSG:4547")
TURNS = (date(2022, 8, 16), date(2026, 3, 15), date(2026, 8, 15))
DAYS = (
    *(turn + timedelta(days=shift) for turn in TURNS for shift in (-1, 0, 1)),
    date(2026, 11, 23),
    date(2025, 6, 1),
)
THEMES = {
    "permanent_basic_farmland": (None,),
    "water_source_zone": ("primary", "secondary", "quasi"),
    "ecological_redline": ("core", "general"),
    "nature_reserve": ("core", "general"),
    "receptor": ("residential", "school"),
    "wetland": ("important", "general"),
    "river_range": ("range", "belt"),
    "contaminated_plot": ("listed", "suspected"),
    "karst_strong": (None,),
}
NESTED = ("water_source_zone", "nature_reserve")


@dataclass
class Zone:
    """A zone: its shape in the system of its edition, its grade as written there."""

    zone_id: str
    shape: Any
    grade: str | None
    grade_written: str | None


@dataclass
class Edition:
    """A layer of the catalog and what is wrong with it.

    Attributes
    ----------
    fault : str or None
        ``missing`` (no file), ``cut`` (a zone is gone), ``uncounted``, ``doubled`` (a row twice), ``no_coverage``.
    """

    layer_id: str
    series: str
    theme: str
    system: str
    zones: list[Zone]
    accuracy_m: float
    coverage: Any
    valid_from: date | None = None
    valid_to: date | None = None
    fault: str | None = None


@dataclass
class Site:
    """A site in EPSG:4490, an area or a corridor's axis is always an area here."""

    site_id: str
    shape: Any
    accuracy_m: float


@dataclass
class World:
    """Everything that a screening takes, and what it is made of."""

    seed: int
    day: date
    editions: list[Edition]
    sites: list[Site]
    facts: dict[str, Any]
    unknown: list[str] = field(default_factory=list)

    @property
    def themes(self) -> list[str]:
        """Themes in scope."""
        return sorted({edition.theme for edition in self.editions})


def _transformer(source: str, target: str) -> Any:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


_CACHE: dict[tuple[str, str], Any] = {}


def transformed(shape: Any, source: str, target: str) -> Any:
    """Return a shape with its vertices in another system."""
    if source == target:
        return shape
    key = source, target
    if key not in _CACHE:
        _CACHE[key] = _transformer(source, target)
    return shapely.transform(shape, lambda xy: np.column_stack(_CACHE[key].transform(xy[:, 0], xy[:, 1])))


class _Maker:
    """Shapes in metres around a place on the seam of two zones of three degrees or beside it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        seam = rng.random() < 0.25
        self.lon = 112.5 + rng.uniform(-0.01, 0.01) if seam else rng.uniform(112.32, 112.63)
        self.lat = rng.uniform(24.75, 25.05)

    def blob(self, x: float, y: float, size: float) -> Any:
        rng, kind = self.rng, self.rng.choice(("box", "star", "strip", "ring", "parts"))
        if kind == "box":
            return shapely.box(x - size, y - size * rng.uniform(0.2, 1), x + size, y + size)
        if kind == "strip":
            turn, wide = rng.uniform(0, np.pi), rng.choice((0.5, 4.0, 20.0))
            line = shapely.LineString([(x - size * np.cos(turn), y - size * np.sin(turn)),
                                       (x, y + rng.uniform(-5, 5)),
                                       (x + size * np.cos(turn), y + size * np.sin(turn))])  # fmt: skip
            return line.buffer(wide, cap_style="flat", join_style="mitre", mitre_limit=2)
        count = rng.randint(5, 24)
        angles = np.sort([rng.uniform(0, 2 * np.pi) for _ in range(count)])
        radii = [size * rng.uniform(0.4, 1.0) for _ in range(count)]
        star = shapely.Polygon(np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)])).buffer(0)
        if star.is_empty:
            return shapely.box(x - size, y - size, x + size, y + size)
        if kind == "ring":
            hole = shapely.affinity.scale(star, 0.4, 0.4, origin=(x, y))
            star = star.difference(hole)
            if rng.random() < 0.5:
                # An island in the hole.
                star = star.union(shapely.affinity.scale(hole, 0.5, 0.5, origin=(x, y)))
        if kind == "parts":
            star = shapely.union_all([star, shapely.box(x + 2 * size, y, x + 2.5 * size, y + size / 2)])
        return star

    def lonlat(self, shape: Any) -> Any:
        """Return a shape of metres in degrees; how well does not matter, the degrees are what counts."""
        wide = 111_320.0 * np.cos(np.radians(self.lat))
        return shapely.transform(
            shape, lambda xy: np.column_stack([self.lon + xy[:, 0] / wide, self.lat + xy[:, 1] / 110_780.0])
        )


def _areal(shape: Any) -> Any:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _stored(shape: Any, maker: _Maker, system: str) -> Any:
    """Return a shape of the local plane as a file of a system holds it: nanodegrees or tenths of millimetres."""
    digits = 10 if system == "EPSG:4490" else 4
    there = transformed(maker.lonlat(shape), "EPSG:4490", system)
    rounded = shapely.transform(there, lambda xy: np.round(xy, digits))
    return rounded if rounded.is_valid else there


def _zones(maker: _Maker, theme: str, layer_id: str, system: str) -> tuple[list[Zone], list[Any]]:
    rng, zones, shapes = maker.rng, [], []
    blobs = []
    for _ in range(rng.randint(1, 3)):
        x, y = rng.uniform(-1500, 1500), rng.uniform(-1500, 1500)
        blob = _areal(maker.blob(x, y, rng.choice((15.0, 80.0, 300.0, 1200.0))))
        blobs += _halves(blob, x) if rng.random() < 0.25 else [blob]
    for number, shape in enumerate(blobs):
        grades = list(THEMES[theme])
        picked = [rng.choice(grades)]
        if theme in NESTED and rng.random() < 0.5:
            picked = grades[:2]
        for level, grade in enumerate(picked):
            grown = shape if not level else _areal(shapely.union_all([shape.buffer(60 * level)]))
            stored = _stored(grown, maker, system)
            if not stored.is_valid or stored.is_empty:
                continue
            written = grade if grade is None or rng.random() < 0.97 else "其他不明级别"
            known = grade if written == grade else None
            zones.append(Zone(f"DEMO-{layer_id}-{number}-{level}", stored, known, written))
            shapes.append(grown)
    if not zones:
        return _zones(maker, theme, layer_id, system)
    return zones, shapes


def _halves(shape: Any, x: float) -> list[Any]:
    """Return a shape in two parts that share an edge, or whole where nothing is on one side."""
    west = shape.intersection(shapely.box(x - 1e5, -1e5, x, 1e5))
    halves = [west, shape.difference(west)]
    return [_areal(half) for half in halves] if all(half.area > 1.0 for half in halves) else [shape]


def _coverage(maker: _Maker) -> Any:
    rng = maker.rng
    if rng.random() < 0.8:
        return shapely.box(*COUNTY)
    edge = rng.uniform(-400, 2500)
    return maker.lonlat(shapely.box(-9000, -9000, edge, 9000))


def _edition(maker: _Maker, theme: str, layer_id: str, drawn: list[Any]) -> Edition:
    rng, system = maker.rng, maker.rng.choice(SYSTEMS)
    zones, shapes = _zones(maker, theme, layer_id, system)
    drawn += shapes
    fault = rng.choices((None, "missing", "cut", "uncounted", "doubled", "no_coverage"), (88, 2, 3, 3, 2, 2))[0]
    if fault == "doubled" and len(zones) < 2:
        fault = None
    return Edition(
        layer_id, layer_id, theme, system, zones, rng.choice((0.05, 0.5, 2.0, 10.0)), _coverage(maker), fault=fault
    )


def _sites(maker: _Maker, drawn: list[Any], count: int) -> list[Site]:
    rng, sites = maker.rng, []
    for number in range(count):
        size = rng.choice((3.0, 20.0, 60.0, 200.0))
        target = rng.choice(drawn)
        kind = rng.random()
        if kind < 0.2:
            x, y = rng.uniform(-2500, 2500), rng.uniform(-2500, 2500)
        else:
            # Close to a border: a little inside, a little outside, at a setback.
            ring = target.boundary
            point = ring.interpolate(rng.random(), normalized=True)
            away = rng.choice((0.0, 1.0, 3.0, 8.0, 30.0, 200.0, 500.0, 503.0, 1000.0)) + size + rng.uniform(-2, 4)
            turn = rng.uniform(0, 2 * np.pi)
            x, y = point.x + away * np.cos(turn), point.y + away * np.sin(turn)
        shape = _areal(maker.blob(x, y, size))
        if kind > 0.93:
            shape = target
        elif kind > 0.88:
            # Cut along the border of a zone.
            rest = shape.difference(target)
            shape = _areal(rest) if rest.area > 1 and rest.is_valid else shape
        stored = shapely.transform(maker.lonlat(shape), lambda xy: np.round(xy, 10))
        if stored.is_valid and not stored.is_empty and stored.geom_type in ("Polygon", "MultiPolygon"):
            sites.append(Site(f"S{number:02d}", stored, rng.choice((0.05, 0.5, 2.0))))
    return sites


def make_world(seed: int) -> World:
    """Return the world of a seed, the same every time; :data:`SHARED` seeds in a row share their layers."""
    ground = random.Random(seed // SHARED)
    maker = _Maker(ground)
    drawn: list[Any] = []
    editions = []
    turning_day = ground.choice(DAYS)
    for theme in ground.sample(sorted(THEMES), ground.randint(1, 3)):
        edition = _edition(maker, theme, theme, drawn)
        editions.append(edition)
        if ground.random() < 0.25:
            # An older and a newer edition of one series; the day lies in one of them.
            turn = turning_day + timedelta(days=ground.choice((-400, -1, 0, 1)))
            older = _edition(maker, theme, f"{theme}_old", drawn)
            older.series, older.valid_to = theme, turn - timedelta(days=1)
            edition.valid_from = turn
            older.valid_from = date(2015, 1, 1)
            editions.append(older)
        elif ground.random() < 0.06:
            edition.valid_from, edition.valid_to = (
                date(2015, 1, 1),
                turning_day - timedelta(days=ground.choice((1, 30))),
            )
    rng = maker.rng = random.Random(seed)
    day = turning_day if rng.random() < 0.5 else rng.choice(DAYS)
    facts = dict(ORDINARY)
    for name in rng.sample(sorted(facts), rng.choice((0, 0, 0, 1, 2))):
        if isinstance(facts[name], bool):
            facts[name] = not facts[name]
    unknown = rng.sample(sorted(facts), rng.choice((0, 0, 0, 1, 2)))
    for name in unknown:
        facts.pop(name)
    return World(seed, day, editions, _sites(maker, drawn, SITES), facts, unknown)


def write_world(world: World, folder: Path) -> Path:
    """Write layers and catalog of a world and return the path of the catalog."""
    entries = []
    for edition in world.editions:
        rows = list(edition.zones)
        path = folder / f"{edition.layer_id}.gpkg"
        if edition.fault == "cut":
            rows = rows[:-1]
        if edition.fault == "doubled":
            rows = [*rows[:-1], rows[0]]
        if edition.fault != "missing" and rows:
            table = pd.DataFrame(
                {"zone_id": [row.zone_id for row in rows], "grade": [row.grade_written for row in rows]}, dtype="string"
            )
            frame = gpd.GeoDataFrame(table, geometry=[row.shape for row in rows], crs=edition.system)
            pyogrio.write_dataframe(frame, path, driver="GPKG", geometry_type="Unknown", SPATIAL_INDEX="NO")
        entry = {
            "id": edition.layer_id,
            "series": edition.series,
            "theme": edition.theme,
            "path": path.name,
            "data_date": "2020-01-01",
            "accuracy_m": edition.accuracy_m,
            "synthetic": True,
        }
        if edition.fault != "uncounted":
            entry |= {"expected_count": len(edition.zones), "count_by": "zone_id"}
        if edition.fault != "no_coverage":
            entry["coverage"] = edition.coverage.wkt
        for name in ("valid_from", "valid_to"):
            if getattr(edition, name) is not None:
                entry[name] = getattr(edition, name)
        entries.append(entry)
    document = {"region": {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}, "layers": entries}
    path = folder / "layers.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def sites_frame(world: World) -> gpd.GeoDataFrame:
    """Return the sites of a world as a table."""
    table = {"site_id": [site.site_id for site in world.sites], "accuracy_m": [site.accuracy_m for site in world.sites]}
    return gpd.GeoDataFrame(table, geometry=[site.shape for site in world.sites], crs="EPSG:4490")


def as_json(world: World) -> str:
    """Return a world as text, to report it."""
    return json.dumps(
        {
            "seed": world.seed,
            "day": world.day.isoformat(),
            "unknown": world.unknown,
            "layers": [
                {"id": edition.layer_id, "system": edition.system, "fault": edition.fault, "zones": len(edition.zones)}
                for edition in world.editions
            ],
        }
    )
