"""The red line on ridges, rims and gorges, and the reserves inside it, as one partition with the same edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from rasterio import features

from tools.county.fractal import roughen
from tools.county.grid import Array, Grid, Shape, line_of, stream
from tools.county.places import place

__all__ = ["Protected", "protected_areas", "protected_labels", "score"]

# Labels of the partition: 1 red line outside reserves, then two for every reserve, its core and the rest.
PLAIN = 1


@dataclass(frozen=True)
class Protected:
    """What is protected, in the plane; ``core`` and ``rest`` by position of the reserve in the YAML file."""

    plain: list[Shape]
    core: list[Shape]
    rest: list[Shape]


def score(grid: Grid, height: Array, water: Array) -> Array:
    """Return how much a cell asks to be protected: height and what the YAML file favours, no unit."""
    total = np.clip((height - 150.0) / 420.0, -0.6, 2.4)
    for item in place("protected")["favoured"]:
        far, _ = grid.distance(line_of(item["line"]))
        total = total + item["weight"] * np.exp(-((far / item["width_m"]) ** 2))
    return np.where(water, -9.0, total)


def _reached(field: Array, among: Array, cells: float) -> Array:
    """Return the ``cells`` cells of ``among`` where ``field`` is lowest."""
    limit = np.partition(field[among], int(cells))[int(cells)]
    return np.asarray(among & (field < limit))


def protected_labels(grid: Grid, asked: Array, inside: Array, cells: float) -> Array:
    """Return the labels of the partition, 0 where nothing is protected.

    Parameters
    ----------
    grid : Grid
    asked : ndarray
        The score.
    inside : ndarray of bool
        The county.
    cells : float
        How many cells of the county shall be within the red line.
    """
    labels = np.zeros(grid.shape, dtype="int32")
    sway = grid.noise("reserves", finest=400, coarsest=6000, slope=1.5)
    for number, reserve in enumerate(place("protected")["reserves"]):
        far, _ = grid.distance(line_of(reserve["line"]))
        wish = far + 700.0 * sway - 500.0 * asked
        area = reserve["area_km2"] * 1e6 / grid.cell**2
        within = _reached(wish, inside & (asked > -5.0) & (labels == 0), area)
        within = features.sieve(within.astype("uint8"), 600) == 1
        deep = _eroded(within, 3)
        core = _reached(wish, deep, min(reserve["core_share"] * area, deep.sum() - 2))
        core = features.sieve(core.astype("uint8"), 120) == 1
        labels[within] = PLAIN + 2 + 2 * number
        labels[core & within] = PLAIN + 1 + 2 * number
    # Wide waves decide where the red line lies, fine ones fray it and leave holes and islands.
    frayed = asked + 0.34 * grid.noise("red line, wide", finest=1500, coarsest=9000)
    frayed = frayed + 0.36 * grid.noise("red line, fine", finest=250, coarsest=1800, slope=1.2)
    free = (labels == 0) & (asked > -5.0)
    # Beyond the border the red line goes on for a little and is cut off at the border later.
    kept = int(cells) - int((labels > 0)[inside].sum())
    limit = -np.partition(-frayed[free & inside], kept)[kept]
    red = (free & (frayed > limit)) | (labels > 0)
    red = features.sieve(red.astype("uint8"), 9) == 1
    return np.where(red, np.where(labels > 0, labels, PLAIN), np.where(labels > 0, labels, 0)).astype("int32")


def _eroded(mask: Array, steps: int) -> Array:
    for _ in range(steps):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask


def protected_areas(grid: Grid, labels: Array) -> Protected:
    """Return the ragged areas of the partition, not yet cut at the border of the county."""
    stairs = grid.polygons(labels)
    simple = shapely.coverage_simplify(list(stairs.values()), 95.0)
    areas = dict(zip(stairs, roughen(simple, 19.0, 0.15, stream("red line")), strict=True))
    count = len(place("protected")["reserves"])
    return Protected(
        plain=list(shapely.get_parts(areas[PLAIN])),
        core=[areas[PLAIN + 1 + 2 * number] for number in range(count)],
        rest=[areas[PLAIN + 2 + 2 * number] for number in range(count)],
    )
