"""Borders that run along those of another layer after a shift, a turn, a buffer, a cut or a simplification.

The borders of the second layer are put into squares of 50 m and their neighbours. Points along each zone of the first
are looked up there under every shift by whole squares, and under every buffer that undoes one. What the best shift
comes to counts by how far it exceeds the best of all shifts that lie apart from it: chance, and borders so dense or so
straight that everything runs along them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["BorderRaster", "Matches", "ZoneSamples", "dense_borders", "match", "zone_samples"]

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

_SQUARE_M = 50.0
# Shifts to each side in squares, every other one (a datum, or the offset of a Chinese web map, comes to 600 m), and how
# far from the best of them lie those that stand for chance.
_REACH, _APART = 14, 5
_SHIFTS = np.stack(np.meshgrid(*2 * [np.arange(-_REACH, _REACH + 1, 2)]), axis=-1).reshape(-1, 2)
_BESIDE = np.stack(np.meshgrid(*2 * [np.arange(-1, 2)]), axis=-1).reshape(-1, 2)
# Buffers that are undone, metres, and the stretch of border whose direction counts; less is within the squares.
_BUFFERS_M, _CHORD_M = (-175.0, -125.0, -75.0, 75.0, 125.0, 175.0), 80.0
# Points along a zone; a quarter of them decides whether the others are looked up.
_POINTS, _FIRST, _WORTH = 48, 4, 0.6
_MOST_ZONES = 300


@dataclass(frozen=True)
class BorderRaster:
    """Squares through which borders run, with their neighbours.

    Attributes
    ----------
    origin : ndarray, shape (2,)
        Number of the square of ``mask[0, 0]``, east and north.
    """

    origin: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]

    @classmethod
    def from_shapes(cls, flat: Shapes) -> BorderRaster | None:
        """Return the squares of shapes in flat metres; ``None`` where there are none."""
        xy = dense_borders(flat, _SQUARE_M / 2)[0]
        if not len(xy):
            return None
        squares = np.floor(xy / _SQUARE_M).astype(np.int64)
        # Far enough around that every shift of a point beside it stays inside.
        origin = squares.min(axis=0) - 2
        mask = np.zeros(squares.max(axis=0) - origin + 3, dtype=bool)
        mask[tuple((squares - origin).T)] = True
        wide = mask.copy()
        wide[1:] |= mask[:-1]
        wide[:-1] |= mask[1:]
        mask = wide.copy()
        mask[:, 1:] |= wide[:, :-1]
        mask[:, :-1] |= wide[:, 1:]
        return cls(origin, mask)

    def shares(self, points: Floats, shifts: npt.NDArray[np.int64]) -> Floats:
        """Return for each shift (m, 2), in squares, the share of points (n, 2) in the squares."""
        squares = np.floor(points / _SQUARE_M).astype(np.int64)[:, None] + shifts
        return np.asarray(self.are_in(squares).mean(axis=0), dtype=np.float64)

    def are_in(self, squares: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Tell of squares (..., 2) whether a border runs through them or beside them."""
        places = squares - self.origin
        east, north = places[..., 0], places[..., 1]
        width, height = self.mask.shape
        inside = (east >= 0) & (east < width) & (north >= 0) & (north < height)
        return np.asarray(self.mask[np.where(inside, east, 0), np.where(inside, north, 0)] & inside)

    def is_near(self, points: Floats) -> bool:
        """Tell whether any border is in the reach of the shifts around points."""
        places = np.floor(points / _SQUARE_M).astype(np.int64) - self.origin
        low = np.maximum(places.min(axis=0) - _REACH, 0)
        high = places.max(axis=0) + _REACH + 1
        return bool((high > 0).all() and self.mask[low[0] : high[0], low[1] : high[1]].any())


@dataclass(frozen=True)
class ZoneSamples:
    """Points (n, 2) along a zone in flat metres, (m, n, 2) along its buffers, and the metres of its border."""

    points: Floats
    buffered: Floats
    length: float


@dataclass(frozen=True)
class Matches:
    """How far each zone of a layer runs along the borders of another.

    Attributes
    ----------
    shares : ndarray
        Of each zone, the share of its border under the best shift.
    excess : ndarray
        The same with chance taken off: 0 is no more than chance, 1 all of the border.
    lengths : ndarray
        Metres of border.
    """

    shares: Floats
    excess: Floats
    lengths: Floats

    @property
    def share(self) -> float:
        """Share of all borders."""
        return float(np.average(self.shares, weights=self.lengths)) if len(self.lengths) else 0.0

    @property
    def beyond_chance(self) -> float:
        """Share of all borders, chance taken off."""
        return float(np.average(self.excess, weights=self.lengths)) if len(self.lengths) else 0.0


def dense_borders(flat: Shapes, step: float) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return points along the borders of shapes at most a step apart, (n, 2), and the number of the shape of each.

    Rings that have collapsed to a point are left out.
    """
    parts, owner = shapely.get_parts(flat, return_index=True)
    areal = shapely.get_dimensions(parts) == 2
    rings, ring_owner = shapely.get_rings(parts[areal], return_index=True)
    lines = np.concatenate([rings, parts[~areal]])
    owners = np.concatenate([owner[areal][ring_owner], owner[~areal]])
    points = shapely.get_dimensions(lines) == 0
    whole = points | (shapely.length(lines) > 0)
    lines, owners, points = lines[whole], owners[whole], points[whole]
    lines[~points] = shapely.segmentize(lines[~points], step)
    xy, number = shapely.get_coordinates(lines, return_index=True)
    order = np.argsort(owners[number], kind="stable")
    return np.asarray(xy[order], dtype=np.float64), np.asarray(owners[number][order], dtype=np.int64)


def zone_samples(flat: Shapes) -> list[ZoneSamples]:
    """Return points along zones given in flat metres; of very many zones, some spread evenly."""
    if len(flat) > _MOST_ZONES:
        flat = flat[np.linspace(0, len(flat) - 1, _MOST_ZONES).astype(np.int64)]
    return [found for shape in flat if (found := _samples(shape)) is not None]


def _samples(shape: shapely.Geometry) -> ZoneSamples | None:
    parts = shapely.get_parts(shape)
    areal = shapely.get_dimensions(shape) == 2
    if shapely.get_dimensions(shape) == 0:
        return ZoneSamples(shapely.get_coordinates(parts), np.empty((0, 0, 2)), 1.0)
    lines = shapely.get_rings(parts) if areal else parts
    lines = lines[shapely.length(lines) > 0]
    if not len(lines):
        return None
    lengths = shapely.length(lines)
    ends = np.cumsum(lengths)
    position = np.linspace(0, ends[-1], _POINTS, endpoint=False)
    number = np.minimum(np.searchsorted(ends, position, side="right"), len(lines) - 1)
    position -= np.concatenate([[0.0], ends[:-1]])[number]

    def points(aside: float) -> Floats:
        along = (position + aside) % lengths[number] if areal else position + aside
        return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(lines[number], along)))

    here = points(0.0)
    chords = points(_CHORD_M / 2) - points(-_CHORD_M / 2)
    normals = np.stack([-chords[:, 1], chords[:, 0]], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    buffered = here + np.array(_BUFFERS_M if areal else ())[:, None, None] * normals
    return ZoneSamples(here, buffered, float(ends[-1]))


def match(zones: list[ZoneSamples], there: BorderRaster | None) -> Matches:
    """Return how far zones run along the borders of another layer under the best shift or buffer."""
    found = [(0.0, 0.0) if there is None else _best(zone, there) for zone in zones]
    shares, excess = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return Matches(shares, excess, np.array([zone.length for zone in zones]))


def _best(zone: ZoneSamples, there: BorderRaster) -> tuple[float, float]:
    """Return the largest share under a shift and what it exceeds chance by; buffers are tried where no shift does."""
    if not there.is_near(zone.points):
        return 0.0, 0.0
    share, excess = _under_shifts(zone.points, there)
    if len(zone.buffered) and not (share >= _WORTH and excess >= _WORTH):
        beside = there.are_in(np.floor(zone.buffered / _SQUARE_M).astype(np.int64)).mean(axis=1)
        for points in zone.buffered[beside >= _WORTH]:
            share, excess = max((share, excess), _under_shifts(points, there), key=lambda both: both[1])
    return share, excess


def _under_shifts(points: Floats, there: BorderRaster) -> tuple[float, float]:
    shares = there.shares(points[::_FIRST], _SHIFTS)
    if shares.max() >= _WORTH:
        shares = there.shares(points, _SHIFTS)
    best = int(shares.argmax())
    share = max(float(shares[best]), float(there.shares(points, _SHIFTS[best] + _BESIDE).max()))
    apart = np.abs(_SHIFTS - _SHIFTS[best]).max(axis=1) >= _APART
    chance = float(shares[apart].max())
    return share, max(share - chance, 0.0) / (1 - chance) if chance < 1 else 0.0
