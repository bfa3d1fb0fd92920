"""What an attacker makes of a published zone: guesses at its border and its centre from the cells and this source code.

An attacker has the published cells, the cell size and this package. Every guess here uses nothing else. How far a
guess is from the truth is measured against the source, which only the publisher has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.maps.disclosure.lattice import CellSet, Lattice
from lianzhou_gis.maps.disclosure.shape_fits import (
    along_ring,
    circles_through,
    piece_guess,
    polygon_guess,
    smoothed_ring,
)

__all__ = [
    "BORDER_ATTACKS", "border_errors", "border_guesses", "centre_error", "centres_of", "distance_to_lines",
    "has_arc", "has_few_corners", "is_narrower", "is_regular", "least_width", "regularity", "shape_kind", "true_border",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Shape = Any

# Widths of the Gaussian along the outline, in cells.
_WIDTHS = (0.5, 0.75, 1.0, 1.5)
# Shortest waves, in cells, that the filters of Taubin let pass, and the first of their two factors.
_WAVES, _TAUBIN = (20,), 0.6307
# Pixels of a cell in which the sampling is inverted; odd, so that one lies on the centre of the cell.
_PIXELS = 5
_ROUNDS, _PASSES = 12, 3
_SURE = 0.02
# Steps along borders, in cells, at which distances are taken, and how many at most for a zone.
_STEP, _MOST_STEPS = 0.125, 130
_REGULAR, _NEARLY_REGULAR = 0.9, 0.85
# A border of so few corners (after simplification by so many metres) is pinned down by its cells.
_FEW_CORNERS, _CORNERS_M = 12, 10.0
# An arc of a circle in a border: the share of the border, how far it may be off in metres, least angle, largest radius.
_ARC_SHARES, _ARC_OFF_M, _ARC_ANGLE, _ARC_RADIUS_M = (0.2, 0.35, 0.5), 4.0, np.pi / 3, 20_000.0
_ARC_POINTS = 160

BORDER_ATTACKS = (
    "outline",
    *(f"smoothing_{width:g}" for width in _WIDTHS),
    *(f"taubin_{wave}" for wave in _WAVES),
    "inversion",
    "polygon",
    "pieces",
    "cell_centres",
)
# Attacks that guess part of a border only: the way back from the true border is not taken.
_PARTIAL = ("cell_centres", "pieces")


def border_guesses(cells: CellSet, outline: Shape) -> Iterator[tuple[str, Floats]]:
    """Yield each border attack with its guess: points of the border in flat metres, shape (n, 2).

    Parameters
    ----------
    cells : CellSet
    outline : Polygon or MultiPolygon
        The published shape of the cells, degrees.

    Notes
    -----
    ``outline``
        takes the published outline for the border.
    ``smoothing``
        runs a Gaussian of several widths along each ring of the outline, which undoes the steps.
    ``taubin``
        smooths in turns outward and inward, which shrinks no curve.
    ``inversion``
        knows that the centre of a cell decides: it looks for the smoothest border with all centres on the right side
        (a level set, blurred and held at the centres again and again).
    ``polygon``
        takes the zone for a polygon of few corners, right-angled where it can be (triangle, trapezium, L ...).
    ``pieces``
        takes the border for straight lines and arcs of circles (half circle, sector ...).
    ``cell_centres``
        takes the centres of the cells along the border for the border, which is near where a zone is narrow.
    """
    scale = cells.lattice.scale
    rings = [ring * scale for ring in _rings(outline)]
    yield "outline", _dense(rings, cells.lattice.cell_m * _STEP)
    fine = [along_ring(ring, cells.lattice.cell_m / 4) for ring in rings]
    for width in _WIDTHS:
        yield f"smoothing_{width:g}", np.vstack([smoothed_ring(ring, width * 4) for ring in fine])
    for wave in _WAVES:
        yield f"taubin_{wave}", np.vstack([_unshrunk(ring, wave * 4) for ring in fine])
    yield "inversion", _inverted(cells) * scale
    yield "polygon", polygon_guess(cells, outline)
    yield "pieces", piece_guess(cells, outline)
    columns_rows = np.argwhere(cells.border())[:, ::-1] + [cells.column, cells.row]
    yield "cell_centres", cells.lattice.centres(*columns_rows.T) * scale


def border_errors(cells: CellSet, outline: Shape, source: Shape, *, least_m: float = 0.0) -> dict[str, float]:
    """Return the error of each border attack on one zone, metres.

    Parameters
    ----------
    source : Polygon or MultiPolygon
        The zone as it is, EPSG:4490.
    least_m : float
        Once an attack comes nearer than this the others are not tried: the zone is not drawn.

    Returns
    -------
    dict of str to float
        The median distance from the guessed border to the true one, or from the true one to the guess, whichever is
        smaller.
    """
    true = true_border(source, cells.lattice)
    sides = _sides(true)
    along = _thinned(_dense(true, cells.lattice.cell_m * _STEP))
    tree = shapely.STRtree(sides)
    errors = {}
    for name, guess in border_guesses(cells, outline):
        if not len(guess):
            continue
        there = float(np.median(_nearest(tree, shapely.points(_thinned(guess)))))
        if name not in _PARTIAL:
            # Beside a guess of points, the true border is nearer to the line through them: half a step at most.
            there = min(there, float(np.median(_between(along, guess))))
        errors[name] = there
        if there < least_m:
            break
    return errors


def true_border(source: Shape, lattice: Lattice) -> list[Floats]:
    """Return the rings of a zone, flat metres, simplified by half a hundredth of a cell."""
    return _simplified(_rings(source), lattice.scale, lattice.cell_m / 200)


def centres_of(shape: Shape, scale: Floats) -> Floats:
    """Return what may be meant by the centre of a shape, flat metres: centroid, smallest circle, smallest rectangle."""
    flat = shapely.transform(_filled(shape), lambda xy: xy * scale)
    found = [
        shapely.centroid(flat),
        shapely.centroid(shapely.minimum_bounding_circle(flat)),
        shapely.centroid(shapely.oriented_envelope(flat)),
    ]
    return np.asarray(shapely.get_coordinates(found), dtype=np.float64)


def centre_error(cells: CellSet, outline: Shape, source: Shape) -> float:
    """Return how near an attacker comes to a centre of a zone, metres: the nearest of the guesses."""
    scale = cells.lattice.scale
    guess, true = centres_of(outline, scale), centres_of(source, scale)
    return float(np.linalg.norm(guess - true, axis=1).min())


def regularity(shape: Shape, scale: Floats) -> float:
    """Return how much a shape is like an ellipse or a rectangle: 1 is exactly so.

    The area that it has in common with the ellipse of the same second moments, or with its smallest rectangle, over
    the area of both together; the larger of the two. Holes are filled.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
        Degrees.
    scale : ndarray
        Metres of a degree of longitude and latitude.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> round(regularity(shapely.box(0, 0, 3, 1), np.ones(2)), 3)
    1.0
    >>> regularity(shapely.Point(0, 0).buffer(2, 60), np.ones(2)) > 0.99
    True
    >>> regularity(shapely.from_wkt("POLYGON ((0 0, 4 0, 4 1, 1 1, 1 4, 0 4, 0 0))"), np.ones(2)) < 0.6
    True
    """
    flat = shapely.transform(_filled(shape), lambda xy: xy * scale)
    flat = shapely.simplify(flat, np.sqrt(shapely.area(flat)) / 200)
    if not shapely.area(flat):
        return 0.0
    found = []
    for model in (_ellipse_like(flat), shapely.oriented_envelope(flat)):
        common = shapely.area(shapely.intersection(flat, model))
        found.append(common / (shapely.area(flat) + shapely.area(model) - common))
    return float(max(found))


def is_regular(shape: Shape, scale: Floats) -> bool:
    """Tell whether a shape follows from few numbers, so that an attacker who knows its kind can compute it.

    So like a circle, an ellipse or a rectangle that its centre can be computed, with an arc of a circle in its border,
    or with a border of at most twelve corners.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> [is_regular(shapely.from_wkt(text), np.ones(2)) for text in ("POLYGON ((0 0, 4000 0, 900 3000, 0 0))",)]
    [True]
    """
    return shape_kind(shape, scale) == "regular"


def shape_kind(shape: Shape, scale: Floats) -> Literal["regular", "nearly", "free"]:
    """Return whether a shape is regular, nearly so that its centre may mean something, or neither."""
    if has_few_corners(shape, scale) or has_arc(shape, scale):
        return "regular"
    likeness = regularity(shape, scale)
    return "regular" if likeness >= _REGULAR else "nearly" if likeness >= _NEARLY_REGULAR else "free"


def has_few_corners(shape: Shape, scale: Floats) -> bool:
    """Tell whether the outer ring of any part is a polygon of few corners."""
    outer = [shapely.get_coordinates(part.exterior) for part in shapely.get_parts(shape)]
    return any(len(ring) - 1 <= _FEW_CORNERS for ring in _simplified(outer, scale, _CORNERS_M))


def is_narrower(shape: Shape, width_m: float, scale: Floats) -> bool:
    """Tell whether no circle of a diameter in metres fits into a shape; a first look at one circle decides most.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> [is_narrower(shapely.box(0, 0, 5000, 30), width, np.ones(2)) for width in (20, 40)]
    [False, True]
    """
    flat = shapely.transform(shape, lambda xy: xy * scale)
    # least_width comes this near to the true width: twice its simplification and its tolerance.
    reserve = 2 * float(np.sqrt(shapely.area(flat))) * (1 / 500 + 1 / 200)
    inside = shapely.point_on_surface(flat)
    if 2 * shapely.distance(inside, shapely.boundary(flat)) >= width_m + reserve:
        return False
    return least_width(shape, scale) < width_m


def least_width(shape: Shape, scale: Floats) -> float:
    """Return the diameter of the largest circle in a shape, metres.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> round(least_width(shapely.box(0, 0, 5000, 30), np.ones(2)))
    30
    """
    flat = shapely.transform(shape, lambda xy: xy * scale)
    reach = float(np.sqrt(shapely.area(flat)))
    if not reach:
        return 0.0
    flat = shapely.simplify(flat, reach / 500)
    return 2 * float(shapely.length(shapely.maximum_inscribed_circle(flat, tolerance=reach / 200)))


def has_arc(shape: Shape, scale: Floats) -> bool:
    """Tell whether a good part of a border is an arc of a circle: its centre could be computed.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> half = shapely.Point(0, 0).buffer(2000, 60) & shapely.box(-3000, 0, 3000, 3000)
    >>> has_arc(half, np.ones(2)), has_arc(shapely.box(0, 0, 3000, 1000), np.ones(2))
    (True, False)
    """
    for ring in _rings(shape):
        points = _evenly(ring * scale, _ARC_POINTS)
        for share in _ARC_SHARES:
            window = round(share * _ARC_POINTS)
            starts = np.arange(0, _ARC_POINTS, window // 4)
            runs = points[(starts[:, None] + np.arange(window)) % len(points)]
            _, radii, off = circles_through(runs)
            lengths = np.linalg.norm(np.diff(runs, axis=1), axis=2).sum(axis=1)
            if ((off <= _ARC_OFF_M) & (radii <= _ARC_RADIUS_M) & (lengths >= _ARC_ANGLE * radii)).any():
                return True
    return False


def _ellipse_like(flat: Shape) -> Shape:
    """Return the ellipse with the area moments of a shape, from Green's theorem over its rings."""
    middle = shapely.get_coordinates(shapely.centroid(flat))[0]
    moments = np.zeros((2, 2))
    for ring in _rings(flat):
        one, other = ring[:-1] - middle, ring[1:] - middle
        cross = one[:, 0] * other[:, 1] - other[:, 0] * one[:, 1]
        sign = 1.0 if cross.sum() > 0 else -1.0
        for pair in (one, other, one + other):
            moments += sign * np.einsum("n,ni,nj->ij", cross, pair, pair) / 24
    values, axes = np.linalg.eigh(moments / shapely.area(flat))
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 2 * np.sqrt(np.maximum(values, 1e-12))
    return shapely.Polygon(circle @ axes.T + middle)


def distance_to_lines(points: Floats, lines: list[Floats]) -> Floats:
    """Return the distance from points to the nearest of some lines, all in flat metres."""
    return _nearest(shapely.STRtree(_sides(lines)), shapely.points(points))


def _nearest(tree: shapely.STRtree, points: shapely.Geometry | npt.NDArray[np.object_]) -> Floats:
    _, far = tree.query_nearest(points, all_matches=False, return_distance=True)
    return np.asarray(far, dtype=np.float64)


def _between(points: Floats, others: Floats) -> Floats:
    """Return the distance of each point to the nearest of others."""
    x = points[:, :1] - others[:, 0]
    y = points[:, 1:] - others[:, 1]
    x *= x
    y *= y
    x += y
    return np.asarray(np.sqrt(x.min(axis=1)))


def _filled(shape: Shape) -> Shape:
    """Return the outer rings alone, as areas."""
    outer = [shapely.Polygon(part.exterior) for part in shapely.get_parts(shape)]
    return outer[0] if len(outer) == 1 else shapely.union_all(outer)


def _rings(shape: Shape) -> list[Floats]:
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]


def _simplified(rings: list[Floats], scale: Floats, tolerance: float) -> list[Floats]:
    """Return rings in degrees as flat metres, each simplified by itself."""
    lines = [shapely.LineString(ring * scale) for ring in rings]
    return [shapely.get_coordinates(line) for line in shapely.simplify(lines, tolerance, preserve_topology=False)]


def _sides(rings: list[Floats]) -> npt.NDArray[np.object_]:
    ends = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    return np.asarray(shapely.linestrings(ends), dtype=object)


def _dense(rings: list[Floats], step: float) -> Floats:
    return np.vstack([along_ring(ring, step) for ring in rings])


def _evenly(ring: Floats, count: int) -> Floats:
    """Return a number of points at even steps along a closed ring."""
    length = float(np.linalg.norm(np.diff(ring, axis=0), axis=1).sum())
    return along_ring(ring, length / count)[:count]


def _thinned(points: Floats) -> Floats:
    """Return every n-th of many points."""
    return points[:: max(1, -(-len(points) // _MOST_STEPS))]


def _unshrunk(ring: Floats, wave: float) -> Floats:
    """Return a closed ring of even steps under Taubin's filter (SIGGRAPH 1995), which lets longer waves pass.

    The filter goes over the differences to the neighbours with a positive and a negative factor in turn; here its
    response is put on the Fourier transform of the ring.
    """
    waves = np.fft.fft(ring[:, 0] + 1j * ring[:, 1])
    curvature = 2 * np.sin(np.pi * np.fft.fftfreq(len(ring))) ** 2
    passed = 2 * np.sin(np.pi / wave) ** 2
    back = 1 / (passed - 1 / _TAUBIN)
    turns = max(4, round(1.2 / passed))
    smooth = np.fft.ifft(waves * ((1 - _TAUBIN * curvature) * (1 - back * curvature)) ** turns)
    return np.stack([smooth.real, smooth.imag], axis=1)


def _inverted(cells: CellSet) -> Floats:
    """Return points, degrees, of the smoothest border that has the centre of every cell on its side."""
    mask = np.pad(cells.mask, 1)
    field = np.kron(mask.astype(np.float32), np.ones((_PIXELS, _PIXELS), dtype=np.float32)) - np.float32(0.5)
    middle, buffer = _PIXELS // 2, np.empty_like(field)
    for _ in range(_ROUNDS):
        for _ in range(_PASSES):
            _blur(field, buffer)
        held = field[middle::_PIXELS, middle::_PIXELS]
        held[...] = np.where(mask, np.maximum(held, _SURE), np.minimum(held, -_SURE))
    found = []
    inside = field > 0
    for axis in (0, 1):
        first = field[:, :-1] if axis else field[:-1]
        then = field[:, 1:] if axis else field[1:]
        places = np.argwhere((inside[:, :-1] != inside[:, 1:]) if axis else (inside[:-1] != inside[1:])).astype(float)
        if not len(places):
            continue
        number = tuple(places.astype(np.int64).T)
        places[:, axis] += first[number] / (first[number] - then[number])
        found.append(places)
    if not found:
        return np.empty((0, 2))
    # From pixels (row, column) to cells, of which the padding added one.
    cell = (np.vstack(found)[:, ::-1] - middle) / _PIXELS - 1 + [cells.column, cells.row]
    result: Floats = cell * cells.lattice.size
    return result


def _blur(field: npt.NDArray[np.float32], buffer: npt.NDArray[np.float32]) -> None:
    """Put a field under the weights 1, 2, 1 along both axes, in place; its edge stays. The buffer is of its shape."""
    for before, here, then in (
        (field[:-2], field[1:-1], field[2:]),
        (field[:, :-2], field[:, 1:-1], field[:, 2:]),
    ):
        blurred = buffer[: here.shape[0], : here.shape[1]]
        np.add(here, here, out=blurred)
        blurred += before
        blurred += then
        np.multiply(blurred, np.float32(0.25), out=here)
