"""The attacks on a layer that is about to be published, and the bound that none of them may pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import BaseModel, ConfigDict
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import DisclosureError
from lianzhou_gis.maps.disclosure.attacks import (
    BORDER_ATTACKS,
    border_guesses,
    centres_of,
    distance_to_lines,
    true_border,
)
from lianzhou_gis.maps.disclosure.cell_zones import CellZone, draw_zone
from lianzhou_gis.maps.disclosure.lattice import Lattice, sample
from lianzhou_gis.maps.disclosure.policy import policy

__all__ = ["AttackReport", "attack_layer", "hidden_errors", "plausible_report"]

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

# Editions that are compared and averaged, zones that are drawn again for it, offsets of the grid that stand for chance.
_EDITIONS, _AGAIN = 6, 1
_OFFSETS = ((0.25, 0.6), (0.5, 0.15))
_MOST_VERTICES = 200
# Published errors are rounded down to this.
_STEP_M = 5.0
# Share of a border that must lie beside an exact one before it counts as shared.
_SHARED = 0.2


class AttackReport(BaseModel):
    """What the attacks made of a layer, metres rounded down to 5 where nothing else is said.

    No number is so exact that it could serve an attacker as a measurement of what is not public.

    Attributes
    ----------
    zones : int
        Zones that are drawn.
    median_m, least_m : float
        The error of the best border attack: of each zone, median and smallest.
    attacks : dict of str to float
        The median error of each border attack over the zones.
    editions, cells_differing : int
        Editions with other zones left out, in another order, and the cells in which a zone differed among them: where
        there are none, averaging editions tells no more than one of them.
    coarser_implied : bool
        The next coarser grid holds nothing that this grid does not tell.
    hidden_places : int or None
        Zones that are not drawn; ``None`` for a few.
    hidden_least_m : float or None
        How near the centres of zones, of gaps and of their surroundings come at least to the centre of a zone that is
        not drawn; never told beyond twice ``protect_m``.
    centre_least_m : float or None
        How near an attacker comes at least to the centre of a zone that is nearly a circle, an ellipse or a rectangle;
        ``None`` where no zone is; never told beyond twice ``protect_m``.
    shared_border_m : float or None
        The error where borders are drawn along exact borders published beside it; ``None`` where none are.
    near_share, near_by_chance : float
        The share of published vertices within a tenth of the accuracy of a source border, and on other grids.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    zones: int
    median_m: float
    least_m: float
    attacks: dict[str, float]
    editions: int
    cells_differing: int
    coarser_implied: bool
    hidden_places: int | None
    hidden_least_m: float | None
    centre_least_m: float | None
    shared_border_m: float | None
    near_share: float
    near_by_chance: float


def attack_layer(
    layer_id: str,
    shapes: Shapes,
    drawn: Sequence[CellZone],
    hidden: Shapes,
    lattice: Lattice,
    *,
    protect_m: float,
    accuracy_m: float,
    exact_lines: Sequence[Floats] = (),
    places: Floats | None = None,
) -> AttackReport:
    """Run every attack on a layer.

    Parameters
    ----------
    shapes : array of shapely geometries
        The zones as they are, EPSG:4490.
    drawn : sequence of CellZone
        What is published of each.
    hidden : array of shapely geometries
        Further objects of the layer that are withheld whatever their shape (intakes).
    exact_lines : sequence of ndarray, shape (n, 2)
        Borders that other layers publish exactly, degrees.
    places : ndarray, shape (n, 2), optional
        Hidden places of the whole catalog, degrees; they are not counted.

    Raises
    ------
    DisclosureError
        If an attack comes nearer than ``protect_m`` (median) or half of it (any zone).
    """
    shown = [number for number, zone in enumerate(drawn) if zone.cells is not None]
    zones = [drawn[number] for number in shown]
    true = shapes[shown]
    errors = np.array([[zone.errors.get(name, np.nan) for name in BORDER_ATTACKS] for zone in zones])
    best = np.nanmin(errors, axis=1)
    withheld = [*hidden, *(shapes[number] for number in range(len(shapes)) if number not in set(shown))]
    found = hidden_errors(zones, withheld, places, lattice)
    near, chance = _near_source(zones, true, lattice, accuracy_m / 10)
    differing, implied = _redrawn(shapes, drawn, shown, lattice, protect_m)
    shared = _shared_border(zones, true, exact_lines, lattice)
    centre = min((zone.centre_m for zone in zones), default=np.inf)
    _refuse(layer_id, best, found, centre, shared, differing, implied, protect_m)
    return AttackReport(
        zones=len(zones),
        median_m=_at_least(np.median(best)),
        least_m=_at_least(best.min()),
        attacks={
            name: _at_least(np.nanmedian(errors[:, place]))
            for place, name in enumerate(BORDER_ATTACKS)
            if not np.isnan(errors[:, place]).all()
        },
        editions=_EDITIONS,
        cells_differing=differing,
        coarser_implied=implied,
        hidden_places=_unless_few(len(withheld)),
        hidden_least_m=_at_least(min(found.min(), 2 * protect_m)) if len(found) else None,
        centre_least_m=_at_least(min(centre, 2 * protect_m)) if np.isfinite(centre) else None,
        shared_border_m=None if shared is None else _at_least(shared),
        near_share=round(near, 2),
        near_by_chance=round(chance, 2),
    )


def plausible_report(report: AttackReport, protect_m: float) -> bool:
    """Tell whether a report is one that this software writes of a layer that may be published: steps and bounds."""
    places = [report.hidden_least_m, report.centre_least_m, report.shared_border_m]
    metres = [report.median_m, report.least_m, *report.attacks.values()]
    metres += [value for value in places if value is not None]
    return (
        report.zones >= 1
        and all(0 <= value < 1e6 and value % _STEP_M == 0 for value in metres)
        and report.least_m <= min(report.median_m, *report.attacks.values())
        and set(report.attacks) <= set(BORDER_ATTACKS)
        and report.median_m >= protect_m
        and report.least_m >= protect_m / 2
        and all(
            value is None or protect_m / 2 - _STEP_M < value <= 2 * protect_m
            for value in (report.hidden_least_m, report.centre_least_m)
        )
        and report.editions == _EDITIONS
        and report.cells_differing == 0
        and report.coarser_implied
        and (report.hidden_places is None or report.hidden_places == 0 or report.hidden_places >= policy().fewest)
        and all(0 <= value <= 1 and round(value, 2) == value for value in (report.near_share, report.near_by_chance))
    )


def _unless_few(count: int) -> int | None:
    """Return a number, or ``None`` where it is so small that single objects could be told."""
    return count if count == 0 or count >= policy().fewest else None


def _refuse(
    layer_id: str,
    best: Floats,
    hidden: Floats,
    centre: float,
    shared: float | None,
    differing: int,
    implied: bool,
    protect_m: float,
) -> None:
    """Refuse what an attack brings below the bound."""
    median, least = float(np.median(best)), float(best.min())
    if median < protect_m or least < protect_m / 2:
        raise DisclosureError.from_code(
            "border_recovered", layer=layer_id, median=round(median), least=round(least), bound=protect_m
        )
    if len(hidden) and hidden.min() < protect_m / 2:
        raise DisclosureError.from_code("place_recovered", layer=layer_id, bound=protect_m / 2)
    if centre < protect_m / 2:
        raise DisclosureError.from_code("centre_recovered", layer=layer_id, bound=protect_m / 2)
    if shared is not None and shared < protect_m / 2:
        raise DisclosureError.from_code("border_shared", layer=layer_id, error=round(shared))
    if differing or not implied:
        raise DisclosureError.from_code("editions_differ", layer=layer_id, cells=differing)


def _at_least(metres: float) -> float:
    """Return an error rounded down: an exact one would tell how far a guess is from a border that is not public."""
    return float(metres // _STEP_M * _STEP_M)


def hidden_errors(
    zones: Sequence[CellZone], withheld: Sequence[Any], places: Floats | None, lattice: Lattice
) -> Floats:
    """Return how near an attacker comes to each withheld object, to omitted parts of zones and to places, metres.

    The guesses: the centres of all drawn zones and of their parts, of the gaps among them, and of the cells of gaps.
    """
    areas = [shape for shape in withheld if shape is not None and not shapely.is_empty(shape)]
    truth = shapely.get_coordinates(shapely.centroid(np.asarray([*areas, None], dtype=object)[:-1]))
    truth = np.vstack([truth, *([] if places is None else [places])])
    omitted = np.vstack([np.empty((0, 2)), *(zone.omitted_at for zone in zones)])
    if not zones or not len(truth) + len(omitted):
        return np.empty(0)
    outlines = [zone.outline for zone in zones]
    whole = shapely.union_all(outlines)
    gaps = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
    parts = [part for outline in outlines for part in shapely.get_parts(outline)]
    # A part that was left out shows as a gap, if at all.
    return np.concatenate(
        [_from_centres(truth, [*outlines, *parts, *gaps], lattice), _from_centres(omitted, gaps, lattice)]
    )


def _from_centres(truth: Floats, shapes: Sequence[BaseGeometry], lattice: Lattice) -> Floats:
    """Return the distance of each place (degrees) to the nearest centre of some shapes, metres."""
    if not len(truth) or not shapes:
        return np.empty(0)
    guesses = np.vstack([centres_of(shape, lattice.scale) for shape in shapes])
    tree = shapely.STRtree(np.asarray(shapely.points(guesses), dtype=object))
    _, far = tree.query_nearest(shapely.points(truth * lattice.scale), all_matches=False, return_distance=True)
    return np.asarray(far, dtype=np.float64)


def _near_source(zones: Sequence[CellZone], true: Shapes, lattice: Lattice, within_m: float) -> tuple[float, float]:
    """Return the share of published vertices near the border they stand for, and the same for grids put elsewhere."""
    scale, size = lattice.scale, np.array(lattice.size)
    near, chance = [], []
    for zone, shape in zip(zones, true, strict=True):
        assert zone.cells is not None
        lines = true_border(shape, lattice)
        vertices = [_thinned(zone.cells.corners())]
        for offset in _OFFSETS:
            shift = offset * size
            moved = sample(affine_transform(shape, [1, 0, 0, 1, *shift]), lattice)
            vertices.append(_thinned(moved.corners()) - shift)
        beside = distance_to_lines(np.vstack(vertices) * scale, lines) <= within_m
        near.append(beside[: len(vertices[0])])
        chance.append(beside[len(vertices[0]) :])
    return float(np.concatenate(near).mean()), float(np.concatenate(chance).mean())


def _thinned(points: Floats) -> Floats:
    """Return every n-th of many points."""
    return points[:: max(1, -(-len(points) // _MOST_VERTICES))]


def _redrawn(
    shapes: Shapes, drawn: Sequence[CellZone], shown: Sequence[int], lattice: Lattice, protect_m: float
) -> tuple[int, bool]:
    """Return the cells in which zones drawn again differ, and whether the coarser grid follows from this one."""
    differing, implied = 0, True
    for number in list(shown)[:: max(1, -(-len(shown) // _AGAIN))]:
        first, again = drawn[number].cells, draw_zone(shapes[number], lattice, protect_m).cells
        assert first is not None
        one, other = ({tuple(cell) for cell in item.numbers().tolist()} if item else set() for item in (first, again))
        differing += len(one ^ other)
        finer = sample(shapes[number], lattice)
        coarse = sample(shapes[number], lattice.coarser())
        even = {(column // 2, row // 2) for column, row in finer.numbers().tolist() if column % 2 == row % 2 == 0}
        implied &= even == {(column, row) for column, row in coarse.numbers().tolist()}
    return differing, implied


def _shared_border(
    zones: Sequence[CellZone], true: Shapes, exact_lines: Sequence[Floats], lattice: Lattice
) -> float | None:
    """Return the error of an attacker who draws borders along exact ones near by, metres."""
    if not exact_lines:
        return None
    scale = lattice.scale
    lines = np.asarray([shapely.LineString(line * scale) for line in exact_lines], dtype=object)
    tree = shapely.STRtree(lines)
    errors = []
    for zone, shape in zip(zones, true, strict=True):
        assert zone.cells is not None
        guess = dict(border_guesses(zone.cells, zone.outline))["smoothing_1"]
        points = shapely.points(_thinned(guess))
        pairs, far = tree.query_nearest(points, all_matches=False, return_distance=True)
        beside = far <= 0.75 * lattice.cell_m
        if beside.mean() < _SHARED:
            continue
        near = shapely.shortest_line(np.asarray(points, dtype=object)[pairs[0][beside]], lines[pairs[1][beside]])
        moved = shapely.get_coordinates(near)[1::2]
        own = true_border(shape, lattice)
        errors.append(float(np.median(distance_to_lines(moved, own))))
    return min(errors) if errors else None
