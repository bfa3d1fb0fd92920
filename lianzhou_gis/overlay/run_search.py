"""Shortest paths of very many pairs of sites and zones: bounded by boxes, measured on runs of segments."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay.segment_runs import SegmentRuns, least_distances
from lianzhou_gis.overlay.shape_index import ShapeIndex

__all__ = [
    "SLACK_M",
    "Candidates",
    "RunPairs",
    "SiteParts",
    "box_distance",
    "first_minimum",
    "nearest_runs",
    "runs_by_boxes",
]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

SLACK_M = 0.05
# The box of a corridor of 20 km covers half the county: longer sites are searched in parts.
_LONG_SITE_M = 1500.0
_MAX_PARTS = 64
# Candidates whose intermediate arrays are held at once.
_BLOCK = 50_000
# Error of single precision and of the conformal factor between two runs, relative, per metre of distance, in metres.
_ROUGH, _BEND, _ROUGH_M = 1e-3, 2e-7, 1e-3
# Ranks at which rounds of measuring begin, by distance of boxes.
_ROUNDS = (0, 1, 3, 8, 2**62)


@dataclass(frozen=True)
class SiteParts:
    """The borders of sites in runs, and the consecutive runs of a site that are searched together.

    Attributes
    ----------
    runs : SegmentRuns
        Owned by positions of sites.
    site : ndarray of int, shape (parts,)
    first : ndarray of int, shape (parts + 1,)
        The first run of each part.
    boxes : ndarray of float, shape (parts, 4)
    """

    runs: SegmentRuns
    site: Positions
    first: Positions
    boxes: Floats

    @classmethod
    def from_sites(cls, sites: Geometries) -> SiteParts:
        """Cut the borders of sites; None and empty ones have no part."""
        runs = SegmentRuns.from_borders(sites)
        if not len(runs):
            nowhere = np.empty(0, dtype=np.intp)
            return cls(runs, nowhere, np.zeros(1, dtype=np.intp), np.empty((0, 4)))
        first = runs.first_of(len(sites))
        count = np.diff(first)
        boxes = np.nan_to_num(np.asarray(shapely.bounds(sites), dtype=np.float64))
        extent = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        several = (extent > _LONG_SITE_M) | (count > _MAX_PARTS)
        size = np.maximum(np.where(several, -(-count // _MAX_PARTS), count), 1)
        site, number = _numbered(-(-count // size))
        start = first[site] + number * size[site]
        bounds = np.empty((len(start), 4))
        np.minimum.reduceat(runs.boxes[:, :2], start, out=bounds[:, :2])
        np.maximum.reduceat(runs.boxes[:, 2:], start, out=bounds[:, 2:])
        return cls(runs, site, np.append(start, len(runs)), bounds)


@dataclass(frozen=True)
class Candidates:
    """Parts of sites and chains of borders that may hold the ends of a shortest path, sorted by pair.

    Attributes
    ----------
    part, chain : ndarray of int, shape (n,)
    pair : ndarray of int, shape (n,)
        The pair of a site and a zone, numbered from 0.
    site, zone : ndarray of int, shape (pairs,)
    distortion : float
        The largest ratio of planar lengths of one true length between them.
    """

    part: Positions
    chain: Positions
    pair: Positions
    site: Positions
    zone: Positions
    distortion: float

    @classmethod
    def build(cls, parts: SiteParts, index: ShapeIndex, part: Positions, chain: Positions, plane: Plane) -> Candidates:
        """Sort candidates by pair.

        Parameters
        ----------
        parts : SiteParts
        index : ShapeIndex
        part, chain : ndarray of int, shape (n,)
            At least one.
        plane : Plane
        """
        site, zone = parts.site[part], index.chains.owner[chain]
        keys = index.keys(site, zone)
        order = np.argsort(keys, kind="stable")
        part, chain, keys = part[order], chain[order], keys[order]
        new = np.diff(keys, prepend=keys[0] - 1) != 0
        south = min(float(parts.boxes[part, 1].min()), float(index.chains.boxes[chain, 1].min()))
        north = max(float(parts.boxes[part, 3].max()), float(index.chains.boxes[chain, 3].max()))
        k = plane.factor_at(np.array([south, north]))
        distortion = float(np.max(np.maximum(k, 1.0 / k)) ** 2) + 1e-5
        return cls(part, chain, np.cumsum(new) - 1, site[order][new], zone[order][new], distortion)

    def blocks(self) -> Iterator[Candidates]:
        """Yield the candidates of some pairs after the other."""
        start = 0
        while start < len(self.part):
            end = len(self.part)
            if end - start > _BLOCK:
                # A single pair may have more.
                last = max(int(self.pair[start + _BLOCK]), int(self.pair[start]) + 1)
                end = int(np.searchsorted(self.pair, last))
            pairs = slice(int(self.pair[start]), int(self.pair[end - 1]) + 1)
            rows = slice(start, end)
            yield Candidates(
                self.part[rows],
                self.chain[rows],
                self.pair[rows] - pairs.start,
                self.site[pairs],
                self.zone[pairs],
                self.distortion,
            )
            start = end


@dataclass(frozen=True)
class RunPairs:
    """Runs of sites and zones, shape (n,), with the pair of each; sorted by pair."""

    pair: Positions
    own: Positions
    other: Positions

    def take(self, chosen: npt.NDArray[np.bool_] | Positions) -> RunPairs:
        """Return some of them."""
        return RunPairs(self.pair[chosen], self.own[chosen], self.other[chosen])


def box_distance(one: Floats, other: Floats) -> Floats:
    """Return the distances of boxes, lower bounds of the distances of their contents."""
    x = np.maximum(one[:, 0] - other[:, 2], other[:, 0] - one[:, 2])
    y = np.maximum(one[:, 1] - other[:, 3], other[:, 1] - one[:, 3])
    np.maximum(x, 0.0, out=x)
    np.maximum(y, 0.0, out=y)
    x *= x
    y *= y
    x += y
    return np.asarray(np.sqrt(x, out=x), dtype=np.float64)


def first_minimum(group: Positions, value: npt.NDArray[np.floating]) -> Positions:
    """Return the position of the first smallest value of every group; groups are numbered from 0 and sorted.

    Examples
    --------
    >>> first_minimum(np.array([0, 0, 1, 1]), np.array([2.0, 1.0, 3.0, 3.0])).tolist()
    [1, 2]
    """
    smallest = np.flatnonzero(value == np.minimum.reduceat(value, _starts(group))[group])
    return smallest[_starts(group[smallest])]


def _starts(group: Positions) -> Positions:
    return np.flatnonzero(np.diff(group, prepend=-1))


def _numbered(sizes: Positions) -> tuple[Positions, Positions]:
    """Return, for ranges of some sizes, the range and the place in it of every member."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _expand(first: Positions, which: Positions) -> tuple[Positions, Positions]:
    """Return, for ranges from ``first[i]`` to ``first[i + 1]``, the row of ``which`` and the value of every member."""
    row, number = _numbered(first[which + 1] - first[which])
    return row, first[which][row] + number


def runs_by_boxes(
    parts: SiteParts, runs: SegmentRuns, first_run: Positions, part: Positions, chain: Positions, limit_m: Floats
) -> tuple[Positions, Positions, Positions]:
    """Return the row of the candidate, the run of the site and the run of the chain whose boxes are within a limit.

    Parameters
    ----------
    parts : SiteParts
    runs : SegmentRuns
        Of the chains.
    first_run : ndarray of int
        The first run of each chain.
    part, chain : ndarray of int, shape (n,)
    limit_m : ndarray of float, shape (n,)
    """
    row, run = _expand(first_run, chain)
    near = box_distance(parts.boxes[part[row]], runs.boxes[run]) <= limit_m[row]
    row, run = row[near], run[near]
    again, own = _expand(parts.first, part[row])
    row, run = row[again], run[again]
    near = box_distance(parts.runs.boxes[own], runs.boxes[run]) <= limit_m[row]
    return row[near], own[near], run[near]


def nearest_runs(parts: SiteParts, index: ShapeIndex, found: Candidates, near_m: Floats, plane: Plane) -> RunPairs:
    """Return the runs that may hold the shortest path of each pair, few of them.

    A first guess for every pair, the runs with the nearest boxes, bounds its distance; whatever has a farther box is
    dropped before segments are compared.

    Parameters
    ----------
    parts : SiteParts
    index : ShapeIndex
    found : Candidates
    near_m : ndarray of float, shape (pairs,)
        Pairs that are farther apart are left out.
    plane : Plane
    """
    own, runs, first_run = parts.runs, index.runs, index.first_run
    part, chain = found.part, found.chain

    def distances(one: Positions, other: Positions) -> npt.NDArray[np.float32]:
        a, b = own.boxes[one], runs.boxes[other]
        return least_distances(own, runs, one, other, plane.factor_at((a[:, 1] + a[:, 3] + b[:, 1] + b[:, 3]) / 4.0))

    def limits(one: Positions, other: Positions) -> Floats:
        return distances(one, other).astype(np.float64) * (found.distortion + _ROUGH) + SLACK_M

    least = box_distance(parts.boxes[part], index.chains.boxes[chain])
    guess = first_minimum(found.pair, least)
    row, run = _expand(first_run, chain[guess])
    run = run[first_minimum(row, box_distance(parts.boxes[part[guess[row]]], runs.boxes[run]))]
    row, one = _expand(parts.first, part[guess])
    one = one[first_minimum(row, box_distance(own.boxes[one], runs.boxes[run[row]]))]
    # Nor is anything measured that is farther than is asked for.
    limit = np.minimum(limits(one, run), near_m * (found.distortion + _ROUGH) + SLACK_M)
    chosen = np.flatnonzero(least <= limit[found.pair])
    row, one, run = runs_by_boxes(parts, runs, first_run, part[chosen], chain[chosen], limit[found.pair[chosen]])
    left = RunPairs(found.pair[chosen[row]], one, run)
    if not len(row):
        return left
    # Those with the nearest boxes first: what they measure leaves few of the others.
    least = box_distance(own.boxes[left.own], runs.boxes[left.other])
    order = np.lexsort((least, left.pair))
    left, least = left.take(order), least[order]
    starts = _starts(left.pair)
    # Pairs of which something is left.
    group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(order)))
    rank = np.arange(len(order)) - starts[group]
    metres = np.full(len(order), np.inf)
    for ranks in itertools.pairwise(_ROUNDS):
        rows = np.flatnonzero((rank >= ranks[0]) & (rank < ranks[1]) & (least <= limit[left.pair]))
        metres[rows] = distances(left.own[rows], left.other[rows])
        np.minimum.at(limit, left.pair[rows], metres[rows] * (found.distortion + _ROUGH) + SLACK_M)
    shortest = np.minimum.reduceat(metres, starts)
    bound = shortest * (1.0 + _ROUGH + _BEND * shortest) + _ROUGH_M
    bound[shortest > near_m[left.pair[starts]] * (1.0 + _ROUGH) + _ROUGH_M] = -1.0
    return left.take(metres <= bound[group])
