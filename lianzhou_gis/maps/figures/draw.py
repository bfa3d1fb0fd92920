"""Zones and signs on paper: the colours, patterns and lines of the one style table, in millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.maps.figures.fonts import clean
from lianzhou_gis.vocabulary import Style, VerdictStyle, patterns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path
    from matplotlib.text import Text

__all__ = ["draw", "mark", "swatch", "write"]

# A pixel of the web map on paper, points.
_PIXEL = 0.55


def write(axes: Axes, x: float, y: float, text: str, size: float, families: list[str], **look: Any) -> Text:  # noqa: ANN401 - options of matplotlib
    """Write a text at a place of the axes; it is never parsed as a formula."""
    return axes.text(x, y, clean(text), fontsize=size, fontfamily=families, parse_math=False, **look)


def _path(shapes: npt.NDArray[np.object_]) -> Path | None:
    """Return areas as one path, outer rings one way round and holes the other, so that holes stay open."""
    from matplotlib.path import Path

    areas = shapely.get_parts(shapely.get_parts(np.asarray(shapes, dtype=object)))
    areas = areas[(shapely.get_type_id(areas) == 3) & ~shapely.is_empty(areas)]
    if not len(areas):
        return None
    rings = shapely.get_rings(shapely.orient_polygons(areas))
    xy, owner = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(xy), Path.LINETO, dtype=Path.code_type)
    first = np.r_[True, np.diff(owner) != 0]
    codes[first], codes[np.r_[first[1:], True]] = Path.MOVETO, Path.CLOSEPOLY
    return Path(xy, codes)


def draw(
    axes: Axes,
    shapes: Sequence[BaseGeometry | None] | npt.NDArray[np.object_],
    style: Style,
    *,
    order: float,
    dash: object = "solid",
    opaque: float | None = None,
) -> None:
    """Draw shapes of one style: ground, pattern and border of areas, lines, and points as small rings.

    Parameters
    ----------
    axes : matplotlib Axes
    shapes : array of shapely geometries
        In the plane of the axes.
    style : Style
    order : float
        Higher is drawn above lower.
    dash : matplotlib line style
    opaque : float, optional
        Opacity of the ground, instead of that of the pattern.
    """
    found = np.asarray([shape for shape in shapes if shape is not None and not shape.is_empty], dtype=object)
    if not len(found):
        return
    path = _path(found)
    if path is not None:
        _area(axes, path, style, order=order, dash=dash, opaque=opaque)
    parts = shapely.get_parts(shapely.get_parts(found))
    for line in parts[np.isin(shapely.get_type_id(parts), (1, 2, 5))]:
        xy = shapely.get_coordinates(line)
        axes.plot(*xy.T, color=style.line, linewidth=style.width * _PIXEL, linestyle=dash, zorder=order + 0.2)
    points = parts[shapely.get_type_id(parts) == 0]
    if len(points):
        xy = shapely.get_coordinates(points)
        axes.plot(
            *xy.T, "o", markersize=4, markerfacecolor=style.fill, markeredgecolor=style.line, markeredgewidth=0.8,
            linestyle="none", zorder=order + 0.2,
        )  # fmt: skip


def _area(axes: Axes, path: Path, style: Style, *, order: float, dash: object, opaque: float | None = None) -> None:
    from matplotlib.patches import PathPatch

    pattern = patterns()[style.pattern]
    tint = pattern.tint if opaque is None else opaque
    if tint:
        axes.add_patch(PathPatch(path, facecolor=style.fill, alpha=tint, linewidth=0, zorder=order))
    if pattern.hatch:
        # The strokes have the colour of the ground, the border its own: two patches.
        axes.add_patch(
            PathPatch(
                path, facecolor="none", edgecolor=style.fill, hatch=pattern.hatch, linewidth=0, zorder=order + 0.1
            )
        )
    axes.add_patch(
        PathPatch(
            path, facecolor="none", edgecolor=style.line, linewidth=style.width * _PIXEL, linestyle=dash,
            joinstyle="round", zorder=order + 0.2,
        )
    )  # fmt: skip


def swatch(
    axes: Axes,
    box: tuple[float, float, float, float],
    style: Style,
    *,
    dash: object = "solid",
    opaque: float | None = None,
) -> None:
    """Draw the sample of a style in a box of the legend."""
    from matplotlib.path import Path

    west, south, east, north = box
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    _area(axes, Path(corners, closed=True), style, order=3, dash=dash, opaque=opaque)


def mark(
    axes: Axes, x: float, y: float, look: VerdictStyle, families: list[str], *, order: float, size: float = 8.5
) -> None:
    """Draw the mark of a verdict: a disc with its one character, open and dashed where something is not known."""
    from matplotlib.lines import Line2D

    open_ = look.line == "dashed"
    axes.add_line(
        Line2D(
            [x], [y], marker="o", markersize=size * 1.25, markerfacecolor="white" if open_ else look.colour,
            markeredgecolor=look.colour, markeredgewidth=1.2, zorder=order,
        )
    )  # fmt: skip
    write(
        axes, x, y, look.mark, size * 0.78, families, color=look.colour if open_ else "white", zorder=order + 0.1,
        ha="center", va="center_baseline", clip_on=True,
    )  # fmt: skip
