"""What makes a drawing a map: the frame with its graticule, the scale bar, north."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.geodesy import from_cgcs2000, gauss_kruger, to_cgcs2000
from lianzhou_gis.maps.figures.draw import write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Frame", "frame_around", "graticule", "north_arrow", "scale_bar"]

Shapes = Sequence[BaseGeometry | None] | npt.NDArray[np.object_]

# Denominators of map scales, and steps of the graticule in seconds of arc.
_SCALES = tuple(
    int(lead * 10**power)
    for power in range(3, 7)
    for lead in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8)
    if lead * 10**power >= 5000
)
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600)
_INK = "#1d2733"


@dataclass(frozen=True)
class Frame:
    """A piece of ground on paper: the Gauss-Krueger zone that it is drawn in, its scale, its corners in metres."""

    zone: int
    denominator: int
    west: float
    south: float
    east: float
    north: float

    def project(self, shapes: Shapes) -> npt.NDArray[np.object_]:
        """Return shapes of EPSG:4490 in the metres of the frame."""
        return from_cgcs2000(np.asarray(shapes, dtype=object), gauss_kruger(self.zone))

    def cut(self, shapes: Shapes) -> npt.NDArray[np.object_]:
        """Return shapes in metres as far as they are seen, no finer than paper shows."""
        thick = self.denominator * 0.00005
        drawn = shapely.simplify(np.asarray(shapes, dtype=object), thick, preserve_topology=True)
        beyond = 0.01 * (self.east - self.west)
        box = (self.west - beyond, self.south - beyond, self.east + beyond, self.north + beyond)
        whole = shapely.intersects(drawn, shapely.box(*box))
        cut = np.full(len(drawn), None, dtype=object)
        cut[whole] = shapely.clip_by_rect(drawn[whole], *box)
        return cut

    @property
    def lonlat(self) -> tuple[float, float, float, float]:
        """The frame's bounds in degrees."""
        corners = shapely.box(self.west, self.south, self.east, self.north)
        west, south, east, north = to_cgcs2000(np.array([corners], dtype=object), gauss_kruger(self.zone))[0].bounds
        return float(west), float(south), float(east), float(north)


def frame_around(shape: BaseGeometry, wide_mm: float, high_mm: float, *, part: float = 0.9, least: int = 0) -> Frame:
    """Return the frame at the largest usual scale in which a shape takes up at most a part of the paper.

    Parameters
    ----------
    shape : shapely geometry
        EPSG:4490.
    wide_mm, high_mm : float
        The size of the map on paper.
    part : float
    least : int
        The smallest denominator.
    """
    lon = (shape.bounds[0] + shape.bounds[2]) / 2
    zone = math.floor((lon + 1.5) / 3)
    west, south, east, north = from_cgcs2000(np.array([shape], dtype=object), gauss_kruger(zone))[0].bounds
    needed = max((east - west) / wide_mm, (north - south) / high_mm) * 1000 / part
    denominator = next((scale for scale in _SCALES if scale >= max(needed, least)), math.ceil(needed))
    x, y = (west + east) / 2, (south + north) / 2
    half_x, half_y = denominator * wide_mm / 2000, denominator * high_mm / 2000
    return Frame(zone, denominator, x - half_x, y - half_y, x + half_x, y + half_y)


def _degrees(value: float, step: float, letter: str) -> str:
    seconds = round(value * 3600)
    text = f"{seconds // 3600}°"
    if step < 3600:
        text += f"{seconds // 60 % 60:02d}′"
    if step < 60:
        text += f"{seconds % 60:02d}″"
    return text + letter


def _lines(frame: Frame) -> Iterator[tuple[bool, str, Any]]:
    """Yield the lines of the graticule: whether of one longitude, label, points in metres."""
    west, south, east, north = frame.lonlat
    step = next((step for step in _STEPS if (east - west) * 3600 / step < 7), 3600)
    steps = np.linspace(0, 1, 41)
    for upright, low, high, other in ((True, west, east, (south, north)), (False, south, north, (west, east))):
        for number in range(math.ceil(low * 3600 / step), math.floor(high * 3600 / step) + 1):
            value = number * step / 3600
            along = other[0] + (other[1] - other[0]) * steps
            points = np.column_stack([np.full(41, value), along] if upright else [along, np.full(41, value)])
            line = from_cgcs2000(np.array([shapely.LineString(points)], dtype=object), gauss_kruger(frame.zone))[0]
            yield upright, _degrees(value, step, "E" if upright else "N"), shapely.get_coordinates(line)


def graticule(axes: Axes, frame: Frame, families: list[str], *, size: float = 6.0) -> None:
    """Draw meridians and parallels with their degrees outside the frame."""
    axes.set_xlim(frame.west, frame.east)
    axes.set_ylim(frame.south, frame.north)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_linewidth(0.9)
        side.set_edgecolor(_INK)
    gap = frame.denominator * 0.0008
    for upright, degrees, xy in _lines(frame):
        axes.plot(*xy.T, color="#5c7080", linewidth=0.35, alpha=0.7, zorder=40)
        if upright:
            x = float(np.interp(frame.south, xy[:, 1], xy[:, 0]))
            if frame.west < x < frame.east:
                write(axes, x, frame.south - gap, degrees, size, families, ha="center", va="top", color=_INK)
        else:
            y = float(np.interp(frame.west, xy[:, 0], xy[:, 1]))
            if frame.south < y < frame.north:
                write(
                    axes, frame.west - gap, y, degrees, size, families, ha="right", va="center", rotation=90, color=_INK
                )


def scale_bar(axes: Axes, frame: Frame, families: list[str]) -> None:
    """Draw a bar in the lower left corner, its length a round number of metres, with the scale in words."""
    from matplotlib.patches import Rectangle

    wide = frame.east - frame.west
    whole = next(lead * 10**power for power in range(6, -1, -1) for lead in (5, 2, 1) if lead * 10**power <= wide / 3.2)
    mm = frame.denominator / 1000
    x, y = frame.west + 6 * mm, frame.south + 6 * mm
    axes.add_patch(
        Rectangle(
            (x - 4 * mm, y - 4 * mm), whole + 17 * mm, 13.4 * mm, facecolor="white", alpha=0.88, linewidth=0, zorder=60
        )
    )
    for part in range(4):
        axes.add_patch(
            Rectangle(
                (x + part * whole / 4, y), whole / 4, 1.3 * mm, facecolor=_INK if part % 2 == 0 else "white",
                edgecolor=_INK, linewidth=0.5, zorder=61,
            )
        )  # fmt: skip
    for part in (0, 2, 4):
        metres = whole * part / 4
        text = f"{metres / 1000:g}" if whole >= 2000 else f"{metres:g}"
        unit = ("千米" if whole >= 2000 else "米") if part == 4 else ""
        write(axes, x + metres, y - 0.5 * mm, text + unit, 6, families, ha="center", va="top", zorder=61, color=_INK)
    write(
        axes, x, y + 2.4 * mm, f"1:{frame.denominator:,}（A4 图幅）".replace(",", " "), 7, families, ha="left",
        va="bottom", zorder=61, color=_INK,
    )  # fmt: skip


def north_arrow(axes: Axes, frame: Frame, families: list[str]) -> None:
    """Draw an arrow to true north, which is not quite the top of the paper, in the upper left corner."""
    from matplotlib.patches import Polygon, Rectangle

    lon, lat = (sum(pair) / 2 for pair in (frame.lonlat[::2], frame.lonlat[1::2]))
    ends = frame.project([shapely.Point(lon, lat - 0.01), shapely.Point(lon, lat + 0.01)])
    dx, dy = ends[1].x - ends[0].x, ends[1].y - ends[0].y
    turn = math.atan2(dx, dy)
    mm = frame.denominator / 1000
    x, y = frame.west + 9 * mm, frame.north - 15 * mm
    axes.add_patch(
        Rectangle((x - 5 * mm, y - 6.5 * mm), 10 * mm, 19 * mm, facecolor="white", alpha=0.88, linewidth=0, zorder=60)
    )

    def place(right: float, up: float) -> tuple[float, float]:
        return (
            x + (right * math.cos(turn) + up * math.sin(turn)) * mm,
            y + (up * math.cos(turn) - right * math.sin(turn)) * mm,
        )

    for side, colour in ((-1, _INK), (1, "white")):
        corners = [place(0, 6.5), place(side * 2.7, -4.5), place(0, -2.2)]
        axes.add_patch(Polygon(corners, facecolor=colour, edgecolor=_INK, linewidth=0.6, zorder=61, closed=True))
    write(
        axes, *place(0, 7.2), "北", 8, families, ha="center", va="bottom", zorder=61, color=_INK, weight="bold",
    )  # fmt: skip
