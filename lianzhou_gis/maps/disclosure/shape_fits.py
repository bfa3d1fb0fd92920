"""Attacks that know what kind of shape a zone has: polygons of few sides, right angles, straight and round pieces.

A shape of few parameters is pinned down by many cells: the centres of the cells inside and outside must lie on their
sides of every line and arc. The fits here start from the smoothed outline and move lines, corners and arcs until they
separate the centres with the largest margin.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.maps.disclosure.lattice import CellSet

__all__ = ["along_ring", "circle_through", "circles_through", "piece_guess", "polygon_guess", "smoothed_ring"]

Floats = npt.NDArray[np.float64]
Shape = BaseGeometry

# Tolerances, in cells, at which the smoothed outline is simplified to find its corners.
_CORNERS = (0.6, 0.9, 1.3, 1.8)
_PIECES, _MOST_PIECES = 0.9, 48
_MOST_CORNERS, _FEWEST_SIDES = 12, 12
# Share of the centres along the border that may lie on the wrong side of a fit, before and after it is moved.
_START_WRONG, _END_WRONG = 0.15, 0.03
# After so many rounds a fit that is still far from good is given up.
_EARLY = 4
_MARGIN, _ROUNDS, _SETTLED = 0.25, 15, 0.005
# Most deviation, in cells, of outline sides from a circle that is taken for the border; stairs alone have 0.29.
_ROUND = 0.36
_LARGEST_RADIUS = 200


def smoothed_ring(ring: Floats, width: float) -> Floats:
    """Return a closed ring of even steps, without its last point repeated, under a Gaussian of a width in steps."""
    waves = np.fft.fft(ring[:, 0] + 1j * ring[:, 1])
    frequencies = np.fft.fftfreq(len(ring))
    smooth = np.fft.ifft(waves * np.exp(-2 * (np.pi * frequencies * width) ** 2))
    return np.stack([smooth.real, smooth.imag], axis=1)


def along_ring(ring: Floats, step: float) -> Floats:
    """Return points at even steps along a closed ring."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1))])
    positions = np.linspace(0, lengths[-1], max(4, round(lengths[-1] / step)), endpoint=False)
    return np.stack([np.interp(positions, lengths, ring[:, axis]) for axis in (0, 1)], axis=1)


def circle_through(points: Floats) -> tuple[Floats, float, float]:
    """Return centre, radius and root mean square deviation of the algebraic circle through points (n, 2).

    Examples
    --------
    >>> angle = np.linspace(0, 2, 9)
    >>> centre, radius, off = circle_through(np.stack([3 + 2 * np.cos(angle), 2 * np.sin(angle)], axis=1))
    >>> centre.round(6).tolist(), round(radius, 6), off < 1e-6
    ([3.0, 0.0], 2.0, True)
    """
    centres, radii, off = circles_through(points[None])
    return centres[0], float(radii[0]), float(off[0])


def circles_through(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Return centres (m, 2), radii and root mean square deviations of the circles through m runs of n points."""
    middle = points.mean(axis=1, keepdims=True)
    around = points - middle
    reach = np.maximum(np.abs(around).max(axis=(1, 2)), 1e-9)[:, None, None]
    around = around / reach
    terms = np.concatenate([2 * around, np.ones((*around.shape[:2], 1))], axis=2)
    normal = np.swapaxes(terms, 1, 2) @ terms + 1e-12 * np.eye(3)
    right = np.swapaxes(terms, 1, 2) @ (around**2).sum(axis=2, keepdims=True)
    found = np.linalg.solve(normal, right)[:, :, 0]
    centres = found[:, None, :2]
    radii = np.sqrt(np.maximum(found[:, 2] + (found[:, :2] ** 2).sum(axis=1), 0))
    away = np.linalg.norm(around - centres, axis=2) - radii[:, None]
    scale = reach[:, 0, 0]
    return (centres * reach + middle)[:, 0], radii * scale, np.sqrt((away**2).mean(axis=1)) * scale


def polygon_guess(cells: CellSet, outline: Shape) -> Floats:
    """Return points along the polygon of few corners that best separates the centres, flat metres, shape (n, 2).

    Parameters
    ----------
    cells : CellSet
    outline : Polygon or MultiPolygon
        Of the cells, degrees; its largest part is fitted.

    Returns
    -------
    ndarray
        Empty where no polygon of at most twelve corners fits. Among those that do, the one of fewest parameters is
        taken, as an attacker would who cannot see the true border.
    """
    cell = cells.lattice.cell_m
    ring = max((ring for ring, _ in _outer_rings(outline, cells)), key=len)
    points, side = _band(cells)
    best: tuple[tuple[bool, float, float], Floats] | None = None
    for corners in _starts(ring, cell):
        if _wrong(corners, points, side) > _START_WRONG:
            continue
        for parameters, fitted in _fits(corners, points, side, cell):
            wrong = _wrong(fitted, points, side)
            if wrong <= _END_WRONG:
                key = (wrong > _END_WRONG / 3, parameters, wrong)
                if best is None or key < best[0]:
                    best = key, fitted
    if best is None:
        return np.empty((0, 2))
    return along_ring(np.vstack([best[1], best[1][:1]]), cell / 8)


def piece_guess(cells: CellSet, outline: Shape) -> Floats:
    """Return the outline put onto straight lines and arcs of circles that separate the centres, flat metres.

    Each ring is cut at its corners; neighbouring pieces become one arc where a circle runs through both. A line is the
    middle between the convex hulls of the centres inside and outside.
    """
    cell = cells.lattice.cell_m
    found = [
        moved
        for ring, inside in _all_rings(outline, cells)
        if len(ring) > _FEWEST_SIDES
        for moved in _pieces(ring, inside, cell)
    ]
    return np.vstack(found) if found else np.empty((0, 2))


def _outer_rings(outline: Shape, cells: CellSet) -> Iterator[tuple[Floats, float]]:
    for part in shapely.get_parts(outline):
        yield _flat_ring(part.exterior, cells), 1.0 if shapely.is_ccw(part.exterior) else -1.0


def _all_rings(outline: Shape, cells: CellSet) -> Iterator[tuple[Floats, float]]:
    """Yield each ring in flat metres, and 1 where the cells lie to its left, -1 where to its right."""
    yield from _outer_rings(outline, cells)
    for part in shapely.get_parts(outline):
        for ring in part.interiors:
            yield _flat_ring(ring, cells), -1.0 if shapely.is_ccw(ring) else 1.0


def _flat_ring(ring: Shape, cells: CellSet) -> Floats:
    return np.asarray(shapely.get_coordinates(ring) * cells.lattice.scale, dtype=np.float64)


def _corner_numbers(smooth: Floats, tolerance: float) -> list[int]:
    """Return at which points of a smoothed ring its corners are; the first is one."""
    line = shapely.LineString(np.vstack([smooth, smooth[:1]]))
    kept = shapely.get_coordinates(shapely.simplify(line, tolerance))[:-1]
    places = np.isin(smooth[:, 0] + 1j * smooth[:, 1], kept[:, 0] + 1j * kept[:, 1])
    return [int(number) for number in np.flatnonzero(places)]


def _from_farthest(middles: Floats) -> int:
    """Return the side that is farthest from the middle of the ring, which is near a corner."""
    smooth = smoothed_ring(middles, 1.0)
    return int(((smooth - smooth.mean(axis=0)) ** 2).sum(axis=1).argmax())


def _starts(ring: Floats, cell: float) -> Iterator[Floats]:
    """Yield polygons of few corners along the smoothed outline, each number of corners once."""
    middles = (ring[1:] + ring[:-1]) / 2
    middles = np.roll(middles, -_from_farthest(middles), axis=0)
    smooth = smoothed_ring(middles, 1.0)
    seen = set()
    for tolerance in _CORNERS:
        numbers = _corner_numbers(smooth, tolerance * cell)
        if 3 <= len(numbers) <= _MOST_CORNERS and len(numbers) not in seen:
            seen.add(len(numbers))
            yield smooth[numbers]


def _band(cells: CellSet) -> tuple[Floats, Floats]:
    """Return the centres on both sides of the border, flat metres, and 1 for those of the zone, -1 for others."""
    mask = np.pad(cells.mask, 2)
    around = np.stack([np.roll(mask, (row, column), (0, 1)) for row in (-1, 0, 1) for column in (-1, 0, 1)])
    inner, outer = mask & ~around.all(axis=0), around.any(axis=0) & ~mask
    found = []
    for where in (inner, outer):
        rows, columns = np.nonzero(where)
        found.append(cells.lattice.centres(columns - 2 + cells.column, rows - 2 + cells.row) * cells.lattice.scale)
    return np.vstack(found), np.repeat([1.0, -1.0], [len(found[0]), len(found[1])])


def _signed(corners: Floats, points: Floats) -> tuple[Floats, npt.NDArray[np.int64], Floats, Floats]:
    """Return signed distances to a polygon (positive inside), the nearest sides, the shares along them, the normals."""
    then = np.roll(corners, -1, axis=0)
    sides = then - corners
    x, y = points[:, :1] - corners[:, 0], points[:, 1:] - corners[:, 1]
    share = np.clip((x * sides[:, 0] + y * sides[:, 1]) / np.maximum((sides**2).sum(axis=1), 1e-9), 0, 1)
    x -= share * sides[:, 0]
    y -= share * sides[:, 1]
    far = np.sqrt(x * x + y * y)
    side = far.argmin(axis=1)
    row = np.arange(len(points))
    sign = _sign(corners, points)
    distance = far[row, side]
    normal = np.stack([x[row, side], y[row, side]], axis=1) / np.maximum(distance, 1e-9)[:, None] * sign[:, None]
    return sign * distance, side, share[row, side], normal


def _sign(corners: Floats, points: Floats) -> Floats:
    """Return 1 for points in a polygon and -1 for others."""
    then = np.roll(corners, -1, axis=0)
    sides = then - corners
    x, y = points[:, :1], points[:, 1:]
    crosses = (corners[:, 1] > y) != (then[:, 1] > y)
    rise = np.where(sides[:, 1] == 0, 1e-9, sides[:, 1])
    at = corners[:, 0] + (y - corners[:, 1]) * sides[:, 0] / rise
    return np.where((crosses & (x < at)).sum(axis=1) % 2 == 1, 1.0, -1.0)


def _wrong(corners: Floats, points: Floats, side: Floats) -> float:
    return float((side * _sign(corners, points) < 0).mean())


def _fits(corners: Floats, points: Floats, side: Floats, cell: float) -> Iterator[tuple[float, Floats]]:
    """Yield fitted polygons with their number of parameters: of free corners, and of right angles if it has them."""
    yield 2.0 * len(corners), _free_fit(corners, points, side, cell)
    right = _right_angled_fit(corners, points, side, cell)
    if right is not None:
        yield len(corners) + 1.0, right


def _free_fit(corners: Floats, points: Floats, side: Floats, cell: float) -> Floats:
    """Return the polygon whose corners were moved by Gauss-Newton steps until the centres keep a margin."""
    count = len(corners)
    for turn in range(_ROUNDS):
        signed, number, share, normal = _signed(corners, points)
        if turn == _EARLY and (side * signed < 0).mean() > 2 * _END_WRONG:
            break
        lacking = _MARGIN * cell - side * signed
        close = lacking > 0
        if not close.any():
            break
        rows, start = np.arange(close.sum()), number[close]
        slope = np.zeros((len(rows), 2 * count))
        towards = side[close, None] * normal[close]
        for axis in (0, 1):
            slope[rows, 2 * start + axis] += (1 - share[close]) * towards[:, axis]
            slope[rows, 2 * ((start + 1) % count) + axis] += share[close] * towards[:, axis]
        step = _damped(slope, lacking[close], cell)
        corners = corners + step.reshape(count, 2)
        if np.abs(step).max() < _SETTLED * cell:
            break
    return corners


def _right_angled_fit(corners: Floats, points: Floats, side: Floats, cell: float) -> Floats | None:
    """Return the polygon of one direction and alternating offsets; ``None`` where the sides do not alternate."""
    edges = np.roll(corners, -1, axis=0) - corners
    angles, lengths = np.arctan2(edges[:, 1], edges[:, 0]), np.linalg.norm(edges, axis=1)
    direction = float(np.angle((lengths * np.exp(4j * angles)).sum()) / 4)
    across = np.round((angles - direction) / (np.pi / 2)).astype(np.int64) % 2
    if (across == np.roll(across, 1)).any():
        return None
    middle = corners.mean(axis=0)
    points = points - middle
    halves = (corners + np.roll(corners, -1, axis=0)) / 2 - middle
    axes = _axes(direction)
    values = np.concatenate([[direction], np.where(across == 0, halves @ axes[1], halves @ axes[0])])
    reach = float(np.sqrt(((corners - middle) ** 2).sum(axis=1).max()))
    scale = np.concatenate([[1 / reach], np.ones(len(corners))])

    def shape(values: Floats) -> Floats:
        along, beside = _axes(values[0])
        offset, before = values[1:], np.roll(values[1:], 1)
        # A side along the direction has its offset across it: a corner takes one offset from its side, one from before.
        first, second = np.where(across == 0, before, offset), np.where(across == 0, offset, before)
        return np.asarray(first[:, None] * along + second[:, None] * beside)

    for _ in range(_ROUNDS):
        signed = _signed(shape(values), points)[0]
        lacking = _MARGIN * cell - side * signed
        close = lacking > 0
        if not close.any():
            break
        here, beyond = points[close], signed[close]
        moved = [_signed(shape(values + part), here)[0] - beyond for part in np.diag(scale)]
        step = _damped(-side[close, None] * np.stack(moved, axis=1), lacking[close], cell)
        values = values + step * scale
        if np.abs(step).max() < _SETTLED * cell:
            break
    return np.asarray(shape(values) + middle)


def _axes(direction: float) -> Floats:
    return np.array([[np.cos(direction), np.sin(direction)], [-np.sin(direction), np.cos(direction)]])


def _damped(slope: Floats, lacking: Floats, cell: float) -> Floats:
    """Return the damped least-squares step that makes up for what the margins lack, at most half a cell."""
    normal = slope.T @ slope + 1e-2 * np.eye(slope.shape[1])
    return np.asarray(np.clip(np.linalg.solve(normal, -slope.T @ lacking), -cell / 2, cell / 2))


def _pieces(ring: Floats, inside: float, cell: float) -> Iterator[Floats]:
    sides = np.diff(ring, axis=0)
    middles = (ring[1:] + ring[:-1]) / 2
    towards = np.stack([-sides[:, 1], sides[:, 0]], axis=1) * inside / 2
    first = _from_farthest(middles)
    middles, towards = np.roll(middles, -first, axis=0), np.roll(towards, -first, axis=0)
    numbers = _corner_numbers(smoothed_ring(middles, 1.0), _PIECES * cell)
    numbers = [*([0] if numbers[0] else []), *numbers, len(middles)]
    # A border of many pieces is none of lines and arcs; smoothing does as well.
    if len(numbers) > _MOST_PIECES:
        return
    place = 0
    while place < len(numbers) - 1:
        end, arc = _longest_arc(middles, numbers, place, cell)
        piece = slice(numbers[place], numbers[end])
        place = end
        if arc is not None:
            yield _onto_arc(middles[piece], towards[piece], *arc, cell)
        elif piece.stop - piece.start >= 4:
            yield _onto_line(middles[piece], towards[piece])


def _longest_arc(
    middles: Floats, numbers: list[int], place: int, cell: float
) -> tuple[int, tuple[Floats, float] | None]:
    """Return where a piece ends and the circle through it; ``None`` for a straight one."""
    end, arc = place + 1, None
    for then in range(place + 2, len(numbers)):
        points = middles[numbers[place] : numbers[then]]
        if len(points) < 8:
            continue
        centre, radius, away = circle_through(points)
        if away > _ROUND * cell or radius > _LARGEST_RADIUS * cell:
            break
        end, arc = then, (centre, radius)
    return end, arc


def _onto_line(middles: Floats, towards: Floats) -> Floats:
    """Return points on the line between the centres inside and outside; corners may be in the way at both ends."""
    for trimmed in range(4):
        part = slice(trimmed, len(middles) - trimmed)
        if len(middles) - 2 * trimmed < 3:
            break
        hulls = [shapely.convex_hull(shapely.MultiPoint((middles + sign * towards)[part])) for sign in (1, -1)]
        ends = shapely.get_coordinates(shapely.shortest_line(*hulls))
        apart = float(np.linalg.norm(ends[1] - ends[0]))
        if apart > 1e-6:
            normal = (ends[1] - ends[0]) / apart
            away = (middles - ends.mean(axis=0)) @ normal
            return np.asarray(middles - away[:, None] * normal)
    centre = middles.mean(axis=0)
    along = np.linalg.svd(middles - centre, full_matrices=False)[2][0]
    return np.asarray(centre + np.outer((middles - centre) @ along, along))


def _onto_arc(middles: Floats, towards: Floats, centre: Floats, radius: float, cell: float) -> Floats:
    """Return points on the circle that keeps the centres inside and outside apart with the largest margin."""
    points = np.vstack([middles + towards, middles - towards])
    far = np.linalg.norm(points - centre, axis=1)
    count = len(middles)
    sign = 1.0 if far[:count].mean() < far[count:].mean() else -1.0
    side = sign * np.repeat([1.0, -1.0], [count, count])
    for _ in range(_ROUNDS):
        from_centre = points - centre
        far = np.maximum(np.linalg.norm(from_centre, axis=1), 1e-9)
        lacking = _MARGIN * cell - side * (radius - far)
        close = lacking > 0
        if close.sum() < 3:
            break
        slope = -side[close, None] * np.column_stack([from_centre[close] / far[close, None], np.ones(close.sum())])
        step = _damped(slope, lacking[close], cell)
        centre, radius = centre + step[:2], radius + float(step[2])
        if np.abs(step).max() < _SETTLED * cell:
            break
    from_centre = middles - centre
    far = np.maximum(np.linalg.norm(from_centre, axis=1, keepdims=True), 1e-9)
    return np.asarray(centre + from_centre / far * abs(radius))
