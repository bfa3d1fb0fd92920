"""The lie of the land: ridges, basins and valleys, from which follows where everything else may lie."""

from __future__ import annotations

import numpy as np

from tools.county.grid import Array, Grid, Shape, line_of
from tools.county.places import place

__all__ = ["heights"]


def heights(grid: Grid, courses: dict[str, Shape]) -> Array:
    """Return the height above the sea of every cell, metres.

    Parameters
    ----------
    grid : Grid
    courses : dict of str to LineString
        The rivers by id, source first, in the plane; the land drains to them.
    """
    data = place("relief")
    floor = float(data["floor_m"])
    rolling = grid.noise("relief, rolling", finest=900, coarsest=14000, slope=1.9)
    land = np.zeros(grid.shape)
    for number, ridge in enumerate(data["ridges"]):
        far, _ = grid.distance(line_of(ridge["crest"]))
        sway = grid.noise(f"relief, ridge {number}", finest=1500, coarsest=9000, slope=1.8)
        far = np.maximum(far * (1.0 + 0.22 * sway), 0.0)
        land = np.hypot(land, ridge["height_m"] * np.exp(-((far / ridge["width_m"]) ** 2)))
    gullies = np.abs(grid.noise("relief, gullies", finest=500, coarsest=5000, slope=1.5))
    land = land * (1.06 + 0.13 * rolling - 0.2 * gullies) + 40.0 * np.clip(rolling + 1.0, 0.0, None)
    # No summit is higher than the highest that is known.
    top = float(data["summit_m"]) - floor
    land = np.where(land > 0.6 * top, 0.6 * top + 0.4 * top * np.tanh((land / top - 0.6) / 0.4), land)
    valley = np.full(grid.shape, np.inf)
    for river in place("rivers")["rivers"]:
        far, share = grid.distance(courses[river["id"]].simplify(120.0))
        upper, lower = river["heights_m"]
        # Rivers fall steeply near the source and gently in the basin.
        bed = lower + (upper - lower) * (1.0 - share) ** 2.6
        valley = np.minimum(valley, bed + np.maximum(far - 150.0, 0.0) * (0.035 + 0.00012 * far))
    return np.asarray(np.minimum(floor + land, valley))
