"""Control units and towns as one partition of the county: the same borders and no gap between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from rasterio import features

from tools.county.fractal import roughen
from tools.county.grid import Array, Grid, Shape, line_of, point_of, stream
from tools.county.places import place

__all__ = ["Partition", "partition", "unit_labels"]

CATEGORIES = ("priority", "key", "general")


@dataclass(frozen=True)
class Partition:
    """The county cut up: outline, towns and units in the order of their YAML files, in the plane."""

    county: Shape
    towns: list[Shape]
    units: list[Shape]


def grown(mask: Array, steps: int) -> Array:
    """Return a mask widened by so many cells."""
    for _ in range(steps):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def _numbers(unit: dict[str, Any]) -> list[int]:
    names = [town["name"] for town in place("county")["towns"]]
    return [names.index(name) + 1 for name in unit.get("towns", ())]


def unit_labels(grid: Grid, towns: Array, asked: Array, height: Array, red: Array, sources: list[Shape]) -> Array:
    """Return for every cell the position of its control unit over all three lists of the YAML file, counted from 1.

    Parameters
    ----------
    grid : Grid
    towns : ndarray of int
        The town of every cell, 0 outside the county.
    asked, height : ndarray
        How much a cell asks to be protected; metres.
    red : ndarray of int
        The labels of the protected areas.
    sources : list of Polygon
        The drinking-water zones, which are priority whatever the land is like.
    """
    inside = towns > 0
    must = grown(red > 0, 3) | grown(grid.mask(sources, all_touched=True), 3)
    wish = asked + 0.5 * grid.noise("priority", finest=700, coarsest=9000, slope=1.7)
    wanted = place("units")["priority_share"] * inside.sum()
    low, high = -9.0, 9.0
    for _ in range(30):
        limit = (low + high) / 2
        priority = inside & (must | (features.sieve((wish > limit).astype("uint8"), 260) == 1))
        low, high = (low, limit) if priority.sum() < wanted else (limit, high)
    for unit in place("units")["key"]:
        # A park keeps its surroundings, whatever the land there asks for.
        if "keeps_m" in unit:
            x, y = point_of(unit["middle"][0])
            priority &= must | (np.hypot(grid.centres()[0] - x, grid.centres()[1] - y) > unit["keeps_m"])
    labels = np.zeros(grid.shape, dtype="int32")
    number = 0
    for unit in place("units")["priority"]:
        number += 1
        chosen = np.isin(towns, _numbers(unit))
        if "reserve" in unit:
            chosen |= grown(np.isin(red, [2 + 2 * unit["reserve"], 3 + 2 * unit["reserve"]]), 4)
        labels[chosen & priority & (labels == 0)] = number
    sway = grid.noise("key units", finest=600, coarsest=6000, slope=1.6)
    for unit in place("units")["key"]:
        number += 1
        middle = unit["middle"]
        if len(middle) > 1:
            far, _ = grid.distance(line_of(middle))
        else:
            x, y = point_of(middle[0])
            far = np.hypot(grid.centres()[0] - x, grid.centres()[1] - y)
        free = inside & (labels == 0) & ~priority & np.isin(towns, _numbers(unit))
        dear = far * (1.0 + 0.12 * sway) + 3.0 * np.maximum(height - 220.0, 0.0)
        cells = int(min(unit["area_km2"] * 1e6 / grid.cell**2, free.sum() - 1))
        labels[free & (dear < np.partition(dear[free], cells)[cells])] = number
    for unit in place("units")["general"]:
        number += 1
        labels[np.isin(towns, _numbers(unit)) & (labels == 0)] = number
    return labels


def partition(grid: Grid, towns: Array, units: Array) -> Partition:
    """Return the ragged partition of the county into towns and units."""
    both = np.where(towns > 0, towns * 100 + units, 0).astype("int32")
    # Splinters go to their neighbour; the land outside takes part, so that the outline loses its stairs too.
    both = features.sieve(both, 45, mask=(towns > 0).astype("uint8")) * (towns > 0)
    stairs = grid.polygons(both)
    simple = shapely.coverage_simplify(list(stairs.values()), 170.0)
    pieces = dict(zip(stairs, roughen(simple, 55.0, 0.14, stream("partition")), strict=True))
    labels = np.array(list(pieces))
    areas = np.array(list(pieces.values()), dtype=object)

    def joined(numbers: Array, count: int) -> list[Shape]:
        return [shapely.coverage_union_all(areas[numbers == k]) for k in range(1, count + 1)]

    total = sum(len(place("units")[category]) for category in CATEGORIES)
    return Partition(
        county=shapely.coverage_union_all(areas),
        towns=joined(labels // 100, len(place("county")["towns"])),
        units=joined(labels % 100, total),
    )
