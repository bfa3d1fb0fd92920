"""Geometry for drawing only: simplified along shared borders, and written as short texts that our script reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

__all__ = ["ALPHABET", "DEGREES", "VERTICES", "Simplified", "encoded", "simplified"]

Shapes = npt.NDArray[np.object_]

# Units per degree in the texts: 0.1 m.
DEGREES = 1_000_000
# About 4 m, under the accuracy of the layers; coarser only where a map would hold more vertices than this.
TOLERANCE = 4e-5
VERTICES = 1_500_000
_SMALL = 60
_DEGREE_M = 111_000.0

# 5 bits a character and one for "more follows"; no character that JSON, HTML or a template would take for its own.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODES = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
_AREA, _LINE, _POINT = "a", "l", "p"


class Simplified:
    """Shapes of several layers, simplified for one map.

    Attributes
    ----------
    shapes : list of ndarray
        One array per layer, in the order given.
    tolerance_m : float
        About how far a line may have moved.
    """

    def __init__(self, shapes: list[Shapes], tolerance: float) -> None:
        self.shapes = shapes
        self.tolerance_m = round(tolerance * _DEGREE_M, 1)


def simplified(layers: Sequence[Any], *, most: int = VERTICES) -> Simplified:
    """Return the shapes of layers as coarse as a map of so many vertices needs, at least about 4 m.

    Where the areas of a layer lie side by side their shared borders are simplified as one line, so that no slit opens.

    Parameters
    ----------
    layers : sequence of arrays of shapely geometries
        EPSG:4490.
    most : int
        Vertices of the whole map.

    Examples
    --------
    >>> import shapely
    >>> zigzag = shapely.LineString([(112 + k * 1e-4, 24 + (k % 2) * 1e-5) for k in range(100)])
    >>> shapely.get_num_coordinates(simplified([[zigzag]]).shapes[0]).tolist()
    [2]
    """
    sources = [shapely.force_2d(np.asarray(layer, dtype=object)) for layer in layers]
    side_by_side = [_side_by_side(shapes) for shapes in sources]
    tolerance = TOLERANCE
    while True:
        drawn = [
            _simple(shapes, tolerance, shared, keep_small=tolerance == TOLERANCE)
            for shapes, shared in zip(sources, side_by_side, strict=True)
        ]
        if sum(int(shapely.get_num_coordinates(shapes).sum()) for shapes in drawn) <= most or tolerance > 0.01:
            return Simplified(drawn, tolerance)
        tolerance *= 1.5


def _side_by_side(shapes: Shapes) -> bool:
    """Tell whether areas share borders without lying over each other, as control units and the rings of a source do."""
    if len(shapes) < 2 or not np.isin(shapely.get_type_id(shapes), (3, 6)).all():
        return False
    return bool(shapely.coverage_is_valid(shapes))


def _simple(shapes: Shapes, tolerance: float, shared: bool, *, keep_small: bool) -> Shapes:
    if not len(shapes):
        return shapes
    if shared:
        simple = shapely.coverage_simplify(shapes, tolerance)
    else:
        simple = shapely.simplify(shapes, tolerance, preserve_topology=True)
        if keep_small:
            simple = np.where(shapely.get_num_coordinates(shapes) <= _SMALL, shapes, simple)
    # A shape that would vanish stays unsimplified.
    return np.asarray(np.where(shapely.is_empty(simple), shapes, simple), dtype=object)


def encoded(geometries: Sequence[BaseGeometry | None] | npt.NDArray[np.object_]) -> list[list[list[str]] | None]:
    """Return shapes as texts: a list of parts, each its kind (``a`` area, ``l`` line, ``p`` point) and its rings.

    A ring is its steps in units of 1/1,000,000 degree, longitude and latitude in turn, the first step from 0, 0.

    Examples
    --------
    >>> import shapely
    >>> encoded([shapely.Point(0.000001, -0.000001), None])
    [[['p', 'CD']], None]
    """
    shapes = np.asarray(geometries, dtype=object)
    parts, owners = shapely.get_parts(_flat(shapes), return_index=True)
    kinds = shapely.get_type_id(parts)
    rings, ring_parts = [], []
    for chosen, pieces in (
        (kinds == 3, shapely.get_rings(parts[kinds == 3], return_index=True)),
        (kinds != 3, (parts[kinds != 3], np.arange(int((kinds != 3).sum())))),
    ):
        rings.append(np.asarray(pieces[0], dtype=object))
        ring_parts.append(np.flatnonzero(chosen)[pieces[1]])
    lines, of_part = np.concatenate(rings), np.concatenate(ring_parts)
    texts = _texts(lines)
    letters = {0: _POINT, 1: _LINE, 2: _LINE, 3: _AREA}
    written: list[list[str]] = [[letters[int(kind)]] for kind in kinds]
    for text, part in zip(texts, of_part, strict=True):
        written[int(part)].append(text)
    encoded_shapes: list[list[list[str]] | None] = [
        None if empty else [] for empty in shapely.is_missing(shapes) | shapely.is_empty(shapes)
    ]
    for part, owner in zip(written, owners, strict=True):
        whole = encoded_shapes[int(owner)]
        if whole is not None:
            whole.append(part)
    return encoded_shapes


def _flat(shapes: Shapes) -> Shapes:
    """Return collections as one level of parts: a collection may hold multipolygons."""
    nested = shapely.get_type_id(shapes) == 7
    if not nested.any():
        return shapes
    result = shapes.copy()
    for place in np.flatnonzero(nested):
        result[place] = shapely.GeometryCollection(list(shapely.get_parts(shapely.get_parts(shapes[place]))))
    return result


def _texts(lines: Shapes) -> list[str]:
    """Return each line as its text; all steps of all lines are written at once."""
    xy, owners = shapely.get_coordinates(lines, return_index=True)
    if not len(xy):
        return []
    units = np.round(xy * DEGREES).astype(np.int64)
    steps = np.diff(units, axis=0, prepend=0)
    first = np.r_[True, np.diff(owners) != 0]
    steps[first] = units[first]
    # Repeated vertices are dropped, except the only or closing one of a line.
    last = np.r_[np.diff(owners) != 0, True]
    used = first | last | steps.any(axis=1)
    steps, owners = steps[used], owners[used]
    values = (np.abs(steps).ravel() << 1) | (steps.ravel() < 0)
    length = np.maximum(1, (np.frexp(values.astype(np.float64))[1] + 4) // 5)
    starts = np.cumsum(length) - length
    written = np.empty(int(length.sum()), dtype=np.uint8)
    for group in range(int(length.max())):
        has = length > group
        digit = (values[has] >> (5 * group)) & 31
        more = length[has] > group + 1
        written[starts[has] + group] = _CODES[digit | (more.astype(np.int64) << 5)]
    counts = np.bincount(owners, weights=length.reshape(-1, 2).sum(axis=1), minlength=len(lines)).astype(np.int64)
    text = written.tobytes().decode("ascii")
    ends = np.cumsum(counts)
    return [text[end - count : end] for end, count in zip(ends.tolist(), counts.tolist(), strict=True)]
