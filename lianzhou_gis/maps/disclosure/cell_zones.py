"""Zones as cells of the fixed grid, and why a zone is not drawn: too small, too regular, or its border recoverable.

Whatever is decided here rests on one zone alone, its holes included: the same zone gives the same cells in every
edition and beside any other zone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.maps.disclosure.attacks import (
    border_errors,
    centre_error,
    is_narrower,
    is_regular,
    shape_kind,
)
from lianzhou_gis.maps.disclosure.lattice import CellSet, Lattice, sample
from lianzhou_gis.maps.disclosure.policy import policy

__all__ = ["REASONS", "RESERVE", "CellZone", "Sketch", "attack_zones", "draw_zone", "draw_zones", "sketch_zone"]

Shape = Any

# Zones are drawn where the attacks of today stay beyond this share of protect_m; the layer's bound is half of it, and
# what lies between is kept for attacks of tomorrow.
RESERVE = 0.7
# Largest hole that is filled, in areas of the smallest zone.
_MOST_FILLED = 8.0

REASONS = {
    "not_areal": ("点或线状对象，不公布位置", "a point or line, of which no position is published"),
    "too_small": ("面积过小，绘出即可定位", "too small: its drawing would tell the place"),
    "regular": ("形状规则（圆、矩形、弧线或少数几条直边），可推算中心或边界", "so regular that it could be computed"),
    "recoverable": ("狭窄或平直，边界可被推算", "so narrow or straight that its border could be recovered"),
}


@dataclass(frozen=True)
class CellZone:
    """A zone as the public sees it.

    Attributes
    ----------
    cells : CellSet or None
        ``None`` where the zone is withheld.
    outline : Polygon or MultiPolygon or None
        EPSG:4490; vertices are corners of cells.
    reason : str or None
        Why it is withheld, a key of ``REASONS``.
    omitted : int
        Parts of a drawn zone that are not drawn.
    omitted_at : ndarray, shape (n, 2)
        Their centroids, degrees: the gaps that they leave must not tell them.
    errors : dict of str to float
        The error of each border attack on what is drawn, metres: of its parts, the smallest.
    centre_m : float
        How near an attacker comes to the centre of a part that is nearly regular, metres; infinite where none is.
    """

    cells: CellSet | None
    outline: Shape
    reason: str | None
    omitted: int = 0
    omitted_at: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    errors: dict[str, float] = field(default_factory=dict)
    centre_m: float = np.inf

    @property
    def error_m(self) -> float:
        """The error of the best border attack, metres."""
        return min(self.errors.values(), default=np.inf)


@dataclass(frozen=True)
class Sketch:
    """A part of a zone before it is attacked: its cells, or why it is not drawn.

    Attributes
    ----------
    part : Polygon
        As it is.
    filled, rough : Polygon
        Without holes that are not drawn, and as simple as what is measured on it.
    """

    part: Shape
    reason: str | None
    cells: CellSet | None = None
    outline: Shape = None
    filled: Shape = None
    rough: Shape = None
    kind: str = "free"


def draw_zones(shapes: npt.NDArray[np.object_], lattice: Lattice, protect_m: float) -> list[CellZone]:
    """Return each zone as cells; see :func:`draw_zone`."""
    return [draw_zone(shape, lattice, protect_m) for shape in shapes]


def draw_zone(shape: Shape, lattice: Lattice, protect_m: float) -> CellZone:
    """Return a zone as the cells whose centre lies in it.

    Parameters
    ----------
    shape : shapely geometry
        EPSG:4490.
    lattice : Lattice
    protect_m : float
        A part whose border an attack recovers to less than 0.7 of this is not drawn, nor a nearly regular one whose
        centre is recovered to less than half of it.

    Returns
    -------
    CellZone
        Parts that are too small, too regular or recoverable are left out, and the zone with its largest part. Holes of
        that kind are filled, since the gap would tell as much as the zone in it; a part whose hole is too large for
        that is left out.
    """
    zones = attack_zones([sketch_zone(shape, lattice, protect_m)], protect_m)
    assert zones is not None
    return zones[0]


def sketch_zone(shape: Shape, lattice: Lattice, protect_m: float) -> list[Sketch]:
    """Return the parts of a zone as they would be drawn if no attack on the border succeeded, the largest first."""
    if shapely.get_type_id(shape) not in (3, 6):
        return [Sketch(shape, "not_areal")]
    parts = shapely.get_parts(shapely.force_2d(shape))
    largest, *rest = parts[np.argsort(-shapely.area(parts), kind="stable")]
    first = _sketch_part(largest, lattice, protect_m)
    return [first] if first.reason else [first, *(_sketch_part(part, lattice, protect_m) for part in rest)]


def attack_zones(
    sketches: Sequence[list[Sketch]], protect_m: float, is_told: Callable[[list[CellZone]], bool] | None = None
) -> list[CellZone] | None:
    """Return each zone of those parts that withstand the attacks; it is withheld with its largest part.

    Parameters
    ----------
    sketches : sequence of list of Sketch
        Of each zone its parts, the largest first.
    protect_m : float
    is_told : callable, optional
        Asked whenever a part is left out, the parts not yet attacked drawn: whether the gap gives it away. The small
        parts are attacked first, since mostly they are left out.

    Returns
    -------
    list of CellZone or None
        ``None`` as soon as a gap gives a part away.
    """
    found: list[list[CellZone | Sketch]] = [list(parts) for parts in sketches]
    order = sorted(
        (int(item.cells.count), zone, part)
        for zone, parts in enumerate(sketches)
        for part, item in enumerate(parts)
        if item.cells is not None
    )
    for _, zone, part in order:
        if found[zone][0].reason:
            continue
        found[zone][part] = drawn = _attack_part(sketches[zone][part], protect_m)
        if (
            drawn.reason
            and is_told is not None
            and is_told([_joined(*both) for both in zip(sketches, found, strict=True)])
        ):
            return None
    return [_joined(*both) for both in zip(sketches, found, strict=True)]


def _joined(sketches: list[Sketch], parts: Sequence[CellZone | Sketch]) -> CellZone:
    """Return the zone of its parts, drawn or not; ``sketches`` are the same parts as they are."""
    if parts[0].reason:
        return CellZone(None, None, parts[0].reason)
    sets = [part.cells for part in parts if part.cells is not None]
    cells = _united(sets)
    left_out = [sketch.part for sketch, part in zip(sketches, parts, strict=True) if part.cells is None]
    errors = [part.errors for part in parts if isinstance(part, CellZone)]
    return CellZone(
        cells=cells,
        outline=parts[0].outline if len(sets) == 1 else cells.polygon(),
        reason=None,
        omitted=len(left_out),
        omitted_at=shapely.get_coordinates(shapely.centroid(left_out)).reshape(-1, 2),
        errors={
            name: min(found[name] for found in errors if name in found)
            for name in dict.fromkeys(name for found in errors for name in found)
        },
        centre_m=min((part.centre_m for part in parts if isinstance(part, CellZone)), default=np.inf),
    )


def _sketch_part(part: Shape, lattice: Lattice, protect_m: float) -> Sketch:
    """Return the cells of a polygon, or why it is not drawn whatever an attack comes to."""
    least = policy().least_area_m2(lattice.cell_m)
    if _area_m2(shapely.Polygon(part.exterior), lattice) < least:
        return Sketch(part, "too_small")
    holes = [shapely.Polygon(ring) for ring in part.interiors]
    telling = [hole for hole in holes if _area_m2(hole, lattice) >= least and not _is_safe(hole, lattice, protect_m)]
    if any(_area_m2(hole, lattice) > _MOST_FILLED * least for hole in telling):
        return Sketch(part, "recoverable")
    shown = [hole for hole in holes if _area_m2(hole, lattice) >= least and hole not in telling]
    filled = shapely.Polygon(part.exterior, [hole.exterior for hole in shown])
    if _area_m2(filled, lattice) < least:
        return Sketch(part, "too_small")
    # A border as simple as what is measured on it anyway.
    rough = shapely.simplify(filled, lattice.size[1] / 200)
    kind = shape_kind(rough, lattice.scale)
    if kind == "regular":
        return Sketch(part, "regular")
    if is_narrower(rough, policy().accuracy_m(lattice.cell_m), lattice.scale):
        return Sketch(part, "recoverable")
    cells = sample(filled, lattice)
    return Sketch(part, None, cells, cells.polygon(), filled, rough, kind)


def _attack_part(sketch: Sketch, protect_m: float) -> CellZone:
    """Return a part with what the attacks make of it, or why it is not drawn."""
    cells, outline = sketch.cells, sketch.outline
    if cells is None:
        return CellZone(None, None, sketch.reason)
    least_m = RESERVE * protect_m
    errors = border_errors(cells, outline, sketch.rough, least_m=least_m) if cells.mask.any() else {}
    if min(errors.values(), default=0.0) < least_m:
        return CellZone(None, None, "recoverable")
    centre = centre_error(cells, outline, sketch.filled) if sketch.kind == "nearly" else np.inf
    if centre < protect_m / 2:
        return CellZone(None, None, "regular")
    return CellZone(cells, outline, None, errors=errors, centre_m=centre)


def _is_safe(hole: Shape, lattice: Lattice, protect_m: float) -> bool:
    """Tell whether a gap gives away its centre and border no more than a zone may."""
    if is_regular(hole, lattice.scale):
        return False
    cells, least_m = sample(hole, lattice), RESERVE * protect_m
    if not cells.mask.any():
        return True
    return min(border_errors(cells, cells.polygon(), hole, least_m=least_m).values()) >= least_m


def _area_m2(shape: Shape, lattice: Lattice) -> float:
    return float(shapely.area(shape) * lattice.scale.prod())


def _united(sets: list[CellSet]) -> CellSet:
    if len(sets) == 1:
        return sets[0]
    column, row = min(item.column for item in sets), min(item.row for item in sets)
    width = max(item.column + item.mask.shape[1] for item in sets) - column
    height = max(item.row + item.mask.shape[0] for item in sets) - row
    mask = np.zeros((height, width), dtype=bool)
    for item in sets:
        south, west = item.row - row, item.column - column
        mask[south : south + item.mask.shape[0], west : west + item.mask.shape[1]] |= item.mask
    return CellSet(sets[0].lattice, column, row, mask)
