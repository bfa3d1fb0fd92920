"""The raster on which the county is thought out, and the noise that makes it look grown.

Everything is thought in the equal-area plane of the toolkit and in metres; only :mod:`tools.county.writing` turns
to degrees.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import features

from lianzhou_gis.geodesy import Plane

__all__ = ["PLANE", "SEED", "Array", "Grid", "Shape", "line_of", "point_of", "stream"]

Array = NDArray[Any]
# Every operation on a shape is typed as giving a base class that has no area: shapes are Any here.
Shape = Any
SEED = 441882
PLANE = Plane()


def stream(name: str) -> np.random.Generator:
    """Return a generator of its own for every purpose, so that a change in one place leaves the others alone."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def point_of(lonlat: Sequence[float]) -> Array:
    """Return a place of the YAML files, lon/lat in degrees, as a pair in the plane, metres."""
    point = PLANE.project_vertices(np.array([shapely.Point(lonlat)], dtype=object))
    return np.asarray(shapely.get_coordinates(point)[0])


def line_of(course: Sequence[Sequence[float]]) -> Shape:
    """Return a line of the YAML files, lon/lat in degrees, in the plane, metres."""
    line: Shape = PLANE.project_vertices(np.array([shapely.LineString(course)], dtype=object))[0]
    return line


@dataclass(frozen=True)
class Grid:
    """Square cells over a rectangle of the plane, row 0 in the north."""

    west: float
    north: float
    cell: float
    columns: int
    rows: int

    @classmethod
    def around(cls, outline: Shape, cell: float, margin: float) -> Grid:
        """Return the grid that holds ``outline`` and ``margin`` metres around it."""
        west, south, east, north = outline.bounds
        west, north = np.floor((west - margin) / cell) * cell, np.ceil((north + margin) / cell) * cell
        columns, rows = np.ceil((east + margin - west) / cell), np.ceil((north - south + margin) / cell)
        return cls(float(west), float(north), cell, int(columns), int(rows))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def transform(self) -> Affine:
        """From column and row to the plane."""
        return Affine(self.cell, 0.0, self.west, 0.0, -self.cell, self.north)

    def centres(self) -> tuple[Array, Array]:
        """Return x and y of all cell centres, two arrays of the grid's shape."""
        x = self.west + (np.arange(self.columns) + 0.5) * self.cell
        y = self.north - (np.arange(self.rows) + 0.5) * self.cell
        return np.broadcast_to(x, self.shape), np.broadcast_to(y[:, None], self.shape)

    def mask(self, geometries: Sequence[Shape], *, all_touched: bool = False) -> Array:
        """Return which cells the geometries hold by their centre, or touch."""
        burnt = features.rasterize(
            ((geometry, 1) for geometry in geometries),
            out_shape=self.shape,
            transform=self.transform,
            all_touched=all_touched,
            dtype="uint8",
        )
        return np.asarray(np.asarray(burnt) == 1)

    def polygons(self, labels: Array) -> dict[int, Shape]:
        """Return the area of every label above 0, with the stairs of the cells; neighbours share every corner."""
        parts: dict[int, list[Shape]] = {}
        for shape, value in features.shapes(labels.astype("int32"), mask=labels > 0, transform=self.transform):
            parts.setdefault(int(value), []).append(shapely.geometry.shape(shape))
        origin = np.array([self.west, self.north])

        def snapped(points: Array) -> Array:
            return np.asarray(origin + np.round((points - origin) / self.cell) * self.cell)

        # Straight runs come without the corners of the cells on the other side of them.
        return {
            label: shapely.transform(shapely.segmentize(shapely.MultiPolygon(parts[label]), self.cell), snapped)
            for label in sorted(parts)
        }

    def distance(self, line: Shape) -> tuple[Array, Array]:
        """Return the distance of every cell from a line, metres, and where along it (0 to 1) the nearest point is."""
        x, y = self.centres()
        points = shapely.get_coordinates(line)
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        best, place = np.full(self.shape, np.inf), np.zeros(self.shape)
        for (ax, ay), (bx, by), start, end in zip(points[:-1], points[1:], along[:-1], along[1:], strict=True):
            share = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / (end - start) ** 2
            share = np.clip(share, 0.0, 1.0)
            found = np.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay))
            nearer = found < best
            best = np.where(nearer, found, best)
            place = np.where(nearer, (start + share * (end - start)) / along[-1], place)
        return best, place

    def noise(self, name: str, *, finest: float, coarsest: float, slope: float = 1.6) -> Array:
        """Return noise of mean 0 and deviation 1 with waves between two lengths, metres; higher slopes are smoother."""
        white = np.fft.rfft2(stream(name).standard_normal(self.shape))
        wave = np.hypot(np.fft.fftfreq(self.rows, self.cell)[:, None], np.fft.rfftfreq(self.columns, self.cell))
        kept = (wave >= 1.0 / coarsest) & (wave <= 1.0 / finest)
        field = np.fft.irfft2(np.where(kept, white / np.maximum(wave, 1e-9) ** slope, 0.0), s=self.shape)
        return np.asarray((field - field.mean()) / field.std())
