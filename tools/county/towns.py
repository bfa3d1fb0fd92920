"""Twelve towns of very unequal size, their borders drawn to the ridges between their seats."""

from __future__ import annotations

import numpy as np
import shapely

from tools.county.fractal import smooth
from tools.county.grid import Array, Grid, Shape, line_of, point_of
from tools.county.places import place

__all__ = ["outline", "town_labels"]

ROUNDS = 400


def outline() -> Shape:
    """Return the county before its border becomes ragged, in the plane, with the area that it is said to have."""
    corners = place("county")["outline"]
    ring = smooth(line_of([*corners, corners[0]]), 1)
    plain = shapely.Polygon(ring)
    # The east-west and north-south extremes are kept; the border between them gives way.
    target = float(place("county")["area_km2"]) * 1e6
    return plain if plain.area == 0 else shapely.Polygon(_towards(shapely.get_coordinates(plain.exterior), target))


def _towards(points: Array, target: float) -> Array:
    """Move points in or out from the middle, the four extremes least, until the ring has the target area."""
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    slack = np.minimum.reduce([points[:, 0] - west, east - points[:, 0], points[:, 1] - south, north - points[:, 1]])
    weight = np.clip(slack / 6000.0, 0.0, 1.0)[:, None]
    low, high = -0.5, 0.5
    for _ in range(60):
        factor = (low + high) / 2
        moved = points + (points - middle) * weight * factor
        low, high = (factor, high) if shapely.Polygon(moved).area < target else (low, factor)
    return np.asarray(moved)


def _travel(cost: Array, row: int, column: int, cell: float) -> Array:
    """Return the cost of going from one cell to every other, eight neighbours, by relaxation."""
    far = np.full((cost.shape[0] + 2, cost.shape[1] + 2), np.inf)
    far[row + 1, column + 1] = 0.0
    padded = np.pad(cost, 1, mode="edge")
    steps = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if dr or dc]
    while True:
        before = far[1:-1, 1:-1].copy()
        for dr, dc in steps:
            there = (slice(1 + dr, far.shape[0] - 1 + dr), slice(1 + dc, far.shape[1] - 1 + dc))
            toll = (padded[1:-1, 1:-1] + padded[there]) / 2 * cell * np.hypot(dr, dc)
            np.minimum(far[1:-1, 1:-1], far[there] + toll, out=far[1:-1, 1:-1])
        if np.array_equal(before, far[1:-1, 1:-1]):
            return before


def town_labels(grid: Grid, height: Array, inside: Array) -> Array:
    """Return for every cell the position of its town in the YAML file, counted from 1; 0 outside the county.

    Going uphill is dear, so borders come to lie on ridges; a toll at each town is adjusted until the areas are right.
    """
    towns = place("county")["towns"]
    coarse = 4
    rows, columns = grid.rows // coarse, grid.columns // coarse
    low = height[: rows * coarse, : columns * coarse].reshape(rows, coarse, columns, coarse).mean(axis=(1, 3))
    cost = 1.0 + (np.maximum(low - 90.0, 0.0) / 240.0) ** 1.2
    fields = []
    for town in towns:
        x, y = point_of(town["seat"])
        row, column = int((grid.north - y) / grid.cell) // coarse, int((x - grid.west) / grid.cell) // coarse
        fields.append(_finer(_travel(cost, row, column, grid.cell * coarse), coarse, grid.shape))
    travel = np.array(fields)[:, inside]
    target = np.array([town["area_km2"] for town in towns])
    target = target / target.sum() * inside.sum()
    toll = np.zeros(len(towns))
    for step in range(ROUNDS):
        count = np.bincount(np.argmin(travel - toll[:, None], axis=0), minlength=len(towns))
        toll += (target - count) / target * 3500.0 * 0.992**step
        toll -= toll.mean()
    labels = np.zeros(grid.shape, dtype="int32")
    labels[inside] = np.argmin(travel - toll[:, None], axis=0) + 1
    return labels


def _finer(field: Array, factor: int, shape: tuple[int, int]) -> Array:
    """Return a coarse field at the cells of the fine grid, linear in between."""
    rows = np.clip((np.arange(shape[0]) + 0.5) / factor - 0.5, 0, field.shape[0] - 1)
    columns = np.clip((np.arange(shape[1]) + 0.5) / factor - 0.5, 0, field.shape[1] - 1)
    r0, c0 = np.minimum(rows.astype(int), field.shape[0] - 2), np.minimum(columns.astype(int), field.shape[1] - 2)
    dr, dc = (rows - r0)[:, None], (columns - c0)[None, :]
    top = field[r0][:, c0] * (1 - dc) + field[r0][:, c0 + 1] * dc
    bottom = field[r0 + 1][:, c0] * (1 - dc) + field[r0 + 1][:, c0 + 1] * dc
    return np.asarray(top * (1 - dr) + bottom * dr)
