"""The whole synthetic county, thought out in the plane: land, waters, protection and control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from tools.county.grid import Array, Grid, Shape
from tools.county.places import place
from tools.county.protected import Protected, protected_areas, protected_labels, score
from tools.county.relief import heights
from tools.county.rivers import courses, lakes, surface
from tools.county.sources import SourceZone, source_zones
from tools.county.towns import outline, town_labels
from tools.county.units import Partition, partition, unit_labels

__all__ = ["County", "grow"]

CELL = 75.0
MARGIN = 3000.0


@dataclass(frozen=True)
class County:
    """What all layers are drawn from; geometry in the plane.

    Attributes
    ----------
    grid, height, towns : Grid and ndarray
        Relief in metres and the town of every cell.
    courses, rivers, lakes : dict
        Centre lines, water surfaces and lakes by id.
    protected : Protected
        Red line and reserves, cut at the border.
    parts : Partition
        Outline, towns and control units.
    red : MultiPolygon
        The whole red line.
    asked : ndarray
        How much a cell asks to be protected.
    """

    grid: Grid
    height: Array
    towns: Array
    courses: dict[str, Shape]
    rivers: dict[str, Shape]
    lakes: dict[str, Shape]
    protected: Protected
    sources: list[SourceZone]
    backup: list[SourceZone]
    parts: Partition
    red: Shape
    asked: Array


def polygons(geometry: Shape, least_m2: float = 0.0) -> list[Shape]:
    """Return the areas of a geometry that are larger than crumbs."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return [part for part in parts if part.geom_type == "Polygon" and part.area > least_m2]


def areal(geometry: Shape) -> Shape:
    """Return the areas of a geometry as one."""
    kept = polygons(geometry)
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)


def _within(protected: Protected, county: Shape) -> Protected:
    shapely.prepare(county)
    plain = [piece for part in protected.plain for piece in polygons(shapely.intersection(part, county), 200.0)]
    core = [areal(shapely.intersection(part, county)) for part in protected.core]
    rest = [areal(shapely.intersection(part, county)) for part in protected.rest]
    return Protected(plain, core, rest)


def grow() -> County:
    """Return the county, the same every time."""
    frame = outline()
    grid = Grid.around(frame, CELL, MARGIN)
    lines, water = courses(), lakes()
    height = heights(grid, lines)
    inside = grid.mask([frame])
    towns = town_labels(grid, height, inside)
    rivers = {river["id"]: surface(river, lines[river["id"]]) for river in place("rivers")["rivers"]}
    wet = grid.mask([*water.values(), *rivers.values()], all_touched=True)
    asked = score(grid, height, wet)
    sources, backup = source_zones(lines, water), source_zones(lines, water, backup=True)
    share, wanted = place("protected")["redline_share"], place("protected")["redline_share"]
    # Roughening and the border take a little away: the share asked of the cells gives way until the land has it.
    for _ in range(3):
        labels = protected_labels(grid, asked, inside, share * inside.sum())
        units = unit_labels(grid, towns, asked, height, labels, [zone.geometry for zone in sources])
        parts = partition(grid, towns, units)
        protected = _within(protected_areas(grid, labels), parts.county)
        red = shapely.union_all([*protected.plain, *protected.core, *protected.rest])
        share *= wanted * parts.county.area / red.area
    return County(grid, height, towns, lines, rivers, water, protected, sources, backup, parts, red, asked)


def cells_where(county: County, chosen: Array, least_cells: int) -> list[Shape]:
    """Return the areas of chosen cells, splinters left out, as polygons with the stairs of the cells."""
    from rasterio import features

    kept = features.sieve(chosen.astype("uint8"), least_cells) == 1
    stairs = county.grid.polygons(kept.astype("int32"))
    return list(shapely.get_parts(stairs[1])) if stairs else []


def square(x: float, y: float, side: float, turn: float = 0.0) -> Shape:
    """Return a square of the plane, turned by degrees."""
    half = side / 2
    angle = np.radians(turn)
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    turned = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return shapely.Polygon(turned + np.array([x, y]))
