"""The fixed grid on which public zones are drawn: cell sizes that nest, cells whose centre lies in a zone, outlines.

Cell centres lie at whole multiples of the cell size, counted from longitude and latitude 0. The sizes are a smallest
one doubled again and again, so that the centres of a coarser grid are among those of every finer one: a zone that is
published on two grids tells no more than it tells on the finer of the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio import features

__all__ = ["CellSet", "Lattice", "lattice_for", "sample"]

Shape = Any
Mask = npt.NDArray[np.bool_]

# The smallest cell is 56 units from south to north; a unit is 1e-5 degree.
_UNITS = 100_000
_NORTH = 56
_SMALLEST_M = 62.5
_METRES = 110_780.0 / _UNITS
# Largest cell: 64 km.
_MOST = 10


@dataclass(frozen=True)
class Lattice:
    """A grid of cells in EPSG:4490.

    Attributes
    ----------
    rung : int
        How often the smallest cell of about 62.5 m was doubled.
    east, north : int
        Cell size in units of 1e-5 degree.
    """

    rung: int
    east: int
    north: int

    @property
    def cell_m(self) -> float:
        """The nominal cell size in metres."""
        return _SMALLEST_M * float(1 << self.rung)

    @property
    def decimals(self) -> int:
        """Decimals of a degree that write every corner exactly."""
        return 5 if self.east % 2 == 0 else 6

    @property
    def size(self) -> tuple[float, float]:
        """Cell size in degrees, east and north."""
        return self.east / _UNITS, self.north / _UNITS

    @property
    def scale(self) -> npt.NDArray[np.float64]:
        """Metres of a degree of longitude and latitude, on which distances between drawings are measured."""
        return np.array([self.cell_m / self.size[0], self.cell_m / self.size[1]])

    def corners(self, columns: npt.ArrayLike, rows: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the south-western corners of cells, degrees, shape (n, 2)."""
        doubled = np.stack(
            [(2 * np.asarray(columns) - 1) * self.east, (2 * np.asarray(rows) - 1) * self.north], axis=-1
        )
        result: npt.NDArray[np.float64] = doubled / (2 * _UNITS)
        return result

    def centres(self, columns: npt.ArrayLike, rows: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the centres of cells, degrees, shape (n, 2)."""
        whole = np.stack([np.asarray(columns) * self.east, np.asarray(rows) * self.north], axis=-1)
        result: npt.NDArray[np.float64] = whole / _UNITS
        return result

    def holds_corners(self, xy: npt.NDArray[np.float64]) -> bool:
        """Tell whether all coordinates (n, 2) are corners of cells."""
        steps = xy * _UNITS / np.array([self.east, self.north]) + 0.5
        return bool(len(xy) == 0 or np.abs(steps - np.round(steps)).max() < 1e-6)

    def coarser(self, times: int = 1) -> Lattice:
        """Return the grid with cells doubled ``times`` times."""
        return Lattice(self.rung + times, self.east << times, self.north << times)


def lattice_for(cell_m: float, latitude: float) -> Lattice:
    """Return the grid with the smallest cells of at least a size.

    Parameters
    ----------
    cell_m : float
        Least cell size in metres; the next of 62.5, 125, 250, 500 m ... is taken.
    latitude : float
        Of the middle of the region; only its nearest multiple of 5 degrees counts, so that a change of the region's
        bounds moves no cell.

    Examples
    --------
    >>> grid = lattice_for(500, 24.9)
    >>> grid.cell_m, grid.size
    (500.0, (0.00496, 0.00448))
    >>> lattice_for(501, 24.9).cell_m
    1000.0
    """
    rung = max(0, math.ceil(math.log2(cell_m / _SMALLEST_M) - 1e-9))
    if rung > _MOST:
        raise ValueError(f"cells of {cell_m:g} m are too large")
    band = math.radians(5 * round(latitude / 5))
    east = round(_NORTH / max(math.cos(band), 0.1))
    return Lattice(rung, east << rung, _NORTH << rung)


@dataclass(frozen=True)
class CellSet:
    """Cells of a grid: a mask whose first row is the southernmost.

    Attributes
    ----------
    column, row : int
        Number of the cell of ``mask[0, 0]``.
    """

    lattice: Lattice
    column: int
    row: int
    mask: Mask

    @property
    def count(self) -> int:
        """How many cells there are."""
        return int(self.mask.sum())

    def numbers(self) -> npt.NDArray[np.int64]:
        """Return column and row of each cell, shape (n, 2)."""
        rows, columns = np.nonzero(self.mask)
        return np.stack([columns + self.column, rows + self.row], axis=-1).astype(np.int64)

    def centres(self) -> npt.NDArray[np.float64]:
        """Return the centres of the cells, degrees, shape (n, 2)."""
        return self.lattice.centres(*self.numbers().T)

    def border(self) -> Mask:
        """Return the cells of which a neighbour to the east, north, west or south is not among them."""
        wide = np.pad(self.mask, 1)
        inner = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
        return self.mask & ~inner

    def corners(self) -> npt.NDArray[np.float64]:
        """Return the corners of cells on the outline, degrees, shape (n, 2): every vertex of the outline among them."""
        wide = np.pad(self.mask, 1).astype(np.int64)
        around = wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]
        rows, columns = np.nonzero((around > 0) & (around < 4))
        return self.lattice.corners(columns + self.column, rows + self.row)

    def polygon(self) -> Shape:
        """Return the outline of the cells: a Polygon or MultiPolygon in EPSG:4490; parts may meet in corners."""
        place = self._transform()
        found = [
            shapely.Polygon(rings[0], rings[1:])
            for shape, _ in features.shapes(self.mask.astype(np.uint8), mask=self.mask, connectivity=4, transform=place)
            if (rings := [self._degrees(ring) for ring in shape["coordinates"]])
        ]
        if not found:
            return shapely.Polygon()
        whole = shapely.normalize(found[0] if len(found) == 1 else shapely.multipolygons(found))
        return whole

    def _transform(self) -> Affine:
        """Return the transform from pixels to half cells, which whole numbers count."""
        return Affine(2, 0, 2 * self.column - 1, 0, 2, 2 * self.row - 1)

    def _degrees(self, ring: list[tuple[float, float]]) -> npt.NDArray[np.float64]:
        """Return a ring with every corner of a cell that it passes, so that neighbours share all their vertices."""
        halves = np.round(np.array(ring)).astype(np.int64)
        steps = np.diff(halves, axis=0)
        counts = np.abs(steps).max(axis=1) // 2
        start = np.repeat(halves[:-1], counts, axis=0)
        along = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        passed = start + 2 * along[:, None] * np.sign(np.repeat(steps, counts, axis=0))
        closed = np.vstack([passed, passed[:1]])
        result: npt.NDArray[np.float64] = closed * [self.lattice.east, self.lattice.north] / (2 * _UNITS)
        return result


def sample(shape: Shape, lattice: Lattice, *, margin: int = 1) -> CellSet:
    """Return the cells of a grid whose centre lies in an area.

    Parameters
    ----------
    shape : shapely geometry
        Polygon or MultiPolygon, EPSG:4490.
    lattice : Lattice
    margin : int
        Empty cells around it.

    Returns
    -------
    CellSet
        Two areas that share a border share no cell, and leave none out.
    """
    east, north = lattice.size
    west, south, most_east, most_north = shapely.bounds(shape)
    column, row = math.floor(west / east) - margin, math.floor(south / north) - margin
    columns = math.ceil(most_east / east) + margin - column + 1
    rows = math.ceil(most_north / north) + margin - row + 1
    toggles = np.zeros(rows * columns, dtype=np.int64)
    for place in _crossings(shape, lattice, column, row):
        inside = place[1] < columns
        toggles += np.bincount(place[0][inside] * columns + place[1][inside], minlength=rows * columns)
    mask = (np.cumsum(toggles.reshape(rows, columns), axis=1) % 2).astype(bool)
    return CellSet(lattice, column, row, mask)


def _crossings(
    shape: Shape, lattice: Lattice, column: int, row: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield where the sides of each ring cross the lines of centres: the row, and the first column beyond.

    A side is taken from its southern end whichever way it runs, so that neighbours share their crossings exactly.
    """
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        xy = shapely.get_coordinates(ring) * _UNITS / np.array([lattice.east, lattice.north]) - [column, row]
        one, other = xy[:-1], xy[1:]
        upward = (one[:, 1] <= other[:, 1])[:, None]
        low, high = np.where(upward, one, other), np.where(upward, other, one)
        first = np.ceil(low[:, 1]).astype(np.int64)
        counts = np.maximum(np.ceil(high[:, 1]).astype(np.int64) - first, 0)
        side = np.repeat(np.arange(len(low)), counts)
        line = first[side] + np.arange(len(side)) - np.repeat(np.cumsum(counts) - counts, counts)
        low, high = low[side], high[side]
        x = low[:, 0] + (line - low[:, 1]) * (high[:, 0] - low[:, 0]) / (high[:, 1] - low[:, 1])
        yield line, np.ceil(x).astype(np.int64)
