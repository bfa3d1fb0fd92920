"""Straight lines become ragged ones, neighbours staying neighbours.

What is displaced is the line between two corners, once, whoever uses it: two areas that shared an edge share the
ragged edge to the last bit, and a partition stays one. Where two ragged lines would cross, both are calmed until they
do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from tools.county.grid import Array, Shape

__all__ = ["roughen", "roughen_line", "smooth"]

ROUNDS = 40


def smooth(line: Shape, rounds: int = 3) -> Shape:
    """Return a line with its corners cut (Chaikin), its ends kept."""
    points = shapely.get_coordinates(line)
    for _ in range(rounds):
        near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.vstack([points[:1], np.stack([near, far], axis=1).reshape(-1, 2), points[-1:]])
    return shapely.LineString(points)


def _displaced(start: Array, end: Array, doublings: Array, strength: Array, random: np.random.Generator) -> list[Array]:
    """Return the points of every segment after midpoint displacement, ends included; one (m, 2) array a segment."""
    lines: list[Array] = [np.empty((0, 2))] * len(start)
    for level in np.unique(doublings):
        chosen = np.flatnonzero(doublings == level)
        points = np.stack([start[chosen], end[chosen]], axis=1)
        for _ in range(level):
            first, last = points[:, :-1], points[:, 1:]
            shift = np.clip(random.standard_normal(first.shape[:2]), -1.8, 1.8) * strength[chosen, None]
            along = last - first
            middle = (first + last) / 2 + np.stack([-along[..., 1], along[..., 0]], axis=-1) * shift[..., None]
            finer = np.empty((len(chosen), 2 * points.shape[1] - 1, 2))
            finer[:, ::2], finer[:, 1::2] = points, middle
            points = finer
        for position, line in zip(chosen, points, strict=True):
            lines[position] = line
    return lines


def _crossing(lines: Sequence[Array]) -> Array:
    """Return the positions of lines that cross themselves or meet another anywhere but in a common end."""
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    drawn: Shape = shapely.linestrings(np.vstack(lines), indices=owner)
    guilty = np.asarray(~shapely.is_simple(drawn))
    one, other = shapely.STRtree(drawn).query(drawn, predicate="intersects")
    one, other = one[one < other], other[one < other]
    meeting = shapely.intersection(drawn[one], drawn[other])
    ends: Shape = shapely.boundary(drawn)
    common = shapely.intersection(ends[one], ends[other])
    wrong = ~shapely.equals(meeting, common)
    guilty[one[wrong]] = guilty[other[wrong]] = True
    return np.flatnonzero(guilty)


def roughen(areas: Sequence[Shape] | Array, edge: float, strength: float, random: np.random.Generator) -> list[Shape]:
    """Return polygons with ragged borders; edges that two of them share stay shared exactly.

    Parameters
    ----------
    areas : sequence of Polygon or MultiPolygon
        In the plane; as a partition they must share whole segments (``shapely.coverage_is_valid``).
    edge : float
        Edges are halved until they are about this long, metres.
    strength : float
        Deviation of a midpoint as a share of its edge; 0.1 to 0.2 looks like a ridge or a bank.
    random : numpy.random.Generator

    Raises
    ------
    ValueError
        If the borders still cross after all calming.
    """
    rings, ring_of = shapely.get_rings(shapely.get_parts(areas), return_index=True)
    polygon_of = np.repeat(np.arange(len(areas)), shapely.get_num_geometries(areas))
    corners, ring_index = shapely.get_coordinates(rings, return_index=True)
    inner = ring_index[:-1] == ring_index[1:]
    first, last = corners[:-1][inner], corners[1:][inner]
    segment_ring = ring_index[:-1][inner]
    flipped = (first[:, 0] > last[:, 0]) | ((first[:, 0] == last[:, 0]) & (first[:, 1] > last[:, 1]))
    ordered = np.where(flipped[:, None], np.hstack([last, first]), np.hstack([first, last]))
    unique, which = np.unique(ordered, axis=0, return_inverse=True)
    start, end = unique[:, :2], unique[:, 2:]
    doublings = np.maximum(np.ceil(np.log2(np.hypot(*(end - start).T) / edge)), 0).astype(int)
    power = np.full(len(unique), strength)
    state = random.bit_generator.state
    for _ in range(ROUNDS):
        random.bit_generator.state = state
        lines = _displaced(start, end, doublings, power, random)
        guilty = _crossing(lines)
        if not len(guilty):
            break
        power[guilty] *= 0.6
    else:
        raise ValueError(f"{len(guilty)} borders still cross")
    pieces = [lines[k][::-1][:-1] if turn else lines[k][:-1] for k, turn in zip(which.ravel(), flipped, strict=True)]
    lengths = np.array([len(piece) for piece in pieces])
    coordinates = np.vstack(pieces)
    ring_number = np.repeat(segment_ring, lengths)
    closing = np.flatnonzero(np.diff(np.concatenate([[-1], ring_number]))) if len(ring_number) else np.array([], int)
    ends = np.concatenate([closing[1:], [len(coordinates)]])
    coordinates = np.insert(coordinates, ends, coordinates[closing], axis=0)
    ring_number = np.insert(ring_number, ends, ring_number[closing])
    ragged: Shape = shapely.linearrings(coordinates, indices=ring_number)
    return _regroup(_assemble(ragged, ring_of), polygon_of)


def _assemble(rings: Array, ring_of: Array) -> Array:
    """Return polygons from their rings; the first ring of each is the shell."""
    starts = np.flatnonzero(np.diff(np.concatenate([[-1], ring_of])))
    stops = np.concatenate([starts[1:], [len(ring_of)]])
    polygons = [shapely.Polygon(rings[i], rings[i + 1 : j]) for i, j in zip(starts, stops, strict=True)]
    return np.array(polygons, dtype=object)


def _regroup(polygons: Array, owner: Array) -> list[Shape]:
    groups = [polygons[owner == k] for k in range(int(owner.max()) + 1)]
    return [group[0] if len(group) == 1 else shapely.MultiPolygon(list(group)) for group in groups]


def roughen_line(line: Shape, edge: float, strength: float, random: np.random.Generator) -> Shape:
    """Return a line with meanders, its corners kept; calmed until it does not cross itself."""
    corners = shapely.get_coordinates(line)
    start, end = corners[:-1], corners[1:]
    doublings = np.maximum(np.ceil(np.log2(np.hypot(*(end - start).T) / edge)), 0).astype(int)
    state = random.bit_generator.state
    for attempt in range(ROUNDS):
        random.bit_generator.state = state
        lines = _displaced(start, end, doublings, np.full(len(start), strength * 0.7**attempt), random)
        bent = shapely.LineString(np.vstack([lines[0][:1], *(piece[1:] for piece in lines)]))
        if bent.is_simple:
            return bent
    raise ValueError("the line still crosses itself")
