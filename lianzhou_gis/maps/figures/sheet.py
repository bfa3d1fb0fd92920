"""A figure on an A4 sheet: the map, an inset of the county, legend, sources, and what it must not be taken for."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.maps.figures.decorations import Frame, frame_around, graticule, north_arrow, scale_bar
from lianzhou_gis.maps.figures.draw import draw, mark, write
from lianzhou_gis.maps.figures.fonts import clean, families_for, width_of
from lianzhou_gis.maps.figures.legend import draw_legend, legend_rows, styled
from lianzhou_gis.vocabulary import DISCLAIMER, Style, other_style, verdict_style

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lianzhou_gis.maps.figures.scene import Scene

__all__ = ["figure_of"]

# Millimetres: the sheet, the map on it, the column beside the map.
_WIDE, _HIGH = 297.0, 210.0
_MAP = (15.0, 33.0, 188.0, 150.0)
_COLUMN = (210.0, 78.0)
_INSET_HIGH = 62.0
_MM = 1 / 25.4
# Beyond so many sites their numbers would only cover each other.
_NUMBERED = 60
_MOST_LONG = 90


def figure_of(scene: Scene, *, font: str | Path | None = None) -> Figure:
    """Return a scene as a figure of A4 size.

    Parameters
    ----------
    scene : Scene
    font : path, optional
        A font file to write with.

    Raises
    ------
    MissingExtraError
        If matplotlib or a Chinese font is not installed.
    FormatError
        If a character that is used is in no font.
    """
    from lianzhou_gis.errors import extra

    extra("matplotlib", "figures")
    from matplotlib.figure import Figure

    main = _frame(scene)
    seen = _seen(scene, main)
    rows = legend_rows(scene, seen)
    notes = _notes(scene)
    families = families_for(
        ["北千米0123456789°′″EN:（）图例A4幅位置", scene.title, *scene.heading, *notes, *(row.text for row in rows),
         *(_numbered(site) for site in scene.sites), *_names(scene), *_marks(scene), *_distances(scene)],
        font,
    )  # fmt: skip
    figure = Figure(figsize=(_WIDE * _MM, _HIGH * _MM), facecolor="white")
    page = _axes(figure, (0, 0, _WIDE, _HIGH))
    page.set_axis_off()
    page.set_xlim(0, _WIDE)
    page.set_ylim(0, _HIGH)
    write(page, _MAP[0], _HIGH - 8, scene.title, 15, families, weight="bold", va="top")
    for number, line in enumerate(scene.heading[:2]):
        size = min(9.5, (_WIDE - 2 * _MAP[0]) / 0.3528 / max(width_of(line), 1))
        write(page, _MAP[0], _HIGH - 16.2 - 5 * number, line, size, families, va="top")
    _map(_axes(figure, _MAP), scene, main, families, numbered=len(scene.sites) <= _NUMBERED)
    top, bottom = _MAP[1] + _MAP[3], _MAP[1]
    if scene.focus is not None:
        _inset(figure, scene, main, families, top)
        top -= _INSET_HIGH + 4
    legend = _axes(figure, (_COLUMN[0], bottom, _COLUMN[1], top - bottom))
    legend.set_axis_off()
    legend.set_xlim(0, _COLUMN[1])
    legend.set_ylim(0, top - bottom)
    draw_legend(legend, rows, _COLUMN[1], top - bottom, families)
    _foot(page, notes, families)
    return figure


def _axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    x, y, wide, high = box
    return figure.add_axes((x / _WIDE, y / _HIGH, wide / _WIDE, high / _HIGH))


def _frame(scene: Scene) -> Frame:
    if scene.focus is not None:
        return frame_around(scene.focus, _MAP[2], _MAP[3], part=0.45, least=5000)
    everything = [site["shape"] for site in scene.sites] + list(scene.zones.geometry)
    return frame_around(_box(everything), _MAP[2], _MAP[3])


def _box(shapes: list[BaseGeometry | None]) -> BaseGeometry:
    if not shapes:
        return shapely.box(112.1, 24.5, 112.8, 25.2)
    return shapely.box(*shapely.total_bounds(np.asarray(shapes, dtype=object)))


def _seen(scene: Scene, frame: Frame) -> gpd.GeoDataFrame:
    """Return the zones that intersect the frame: only they are in its legend."""
    corners = shapely.box(frame.west, frame.south, frame.east, frame.north)
    return scene.zones[shapely.intersects(frame.project(scene.zones.geometry.to_numpy()), corners)]


def _map(
    axes: Axes, scene: Scene, frame: Frame, families: list[str], *, numbered: bool = True, whole: bool = True
) -> None:
    """Draw zones, gaps, sites and pieces; with ``whole`` also bar, arrow and the ways to the nearest zones."""
    graticule(axes, frame, families, size=6.0 if whole else 5.0)
    for order, (_, _, style, group) in enumerate(styled(scene.zones)):
        draw(axes, frame.cut(frame.project(group.geometry.to_numpy())), style, order=2 + order * 0.3)
    _, gap = other_style("gap")
    if whole:
        draw(axes, frame.cut(frame.project(scene.gaps)), gap, order=20, dash=(0, (3, 2)))
    _sites(axes, scene, frame, families, numbered=numbered, whole=whole)
    _town_names(axes, scene, frame, families, whole=whole)
    if scene.synthetic:
        _synthetic(axes, scene.synthetic, families, whole=whole)
    if whole:
        _ways(axes, scene, frame, families)
        scale_bar(axes, frame, families)
        north_arrow(axes, frame, families)


def _sites(axes: Axes, scene: Scene, frame: Frame, families: list[str], *, numbered: bool, whole: bool) -> None:
    inside = shapely.box(frame.west, frame.south, frame.east, frame.north)
    marked = []
    for number, site in enumerate(scene.sites):
        shape = frame.project([site["shape"]])[0]
        if not shape.intersects(inside):
            continue
        own = verdict_style(site["verdict"])
        dash = (0, (4, 2)) if own.line == "dashed" or site["worst"] != site["verdict"] else "solid"
        style = Style(own.colour, own.colour, "none", 4.0 if site["here"] and whole else 2.5)
        draw(axes, frame.cut([shape]), style, order=25 + number * 1e-4, dash=dash, opaque=0.3)
        # The site that the figure is about is not hidden under its own mark, unless it is too small to be found.
        box = shape.bounds
        little = max(box[2] - box[0], box[3] - box[1]) < 0.012 * frame.denominator
        if (little and site["here"]) or (whole and not site["here"]):
            marked.append((site, shapely.intersection(shape, inside).representative_point()))
    _marks_of(axes, marked, frame, families, numbered=numbered and whole, size=8.5 if whole else 6)
    if scene.pieces and whole:
        _, piece = other_style("piece")
        draw(axes, frame.cut(frame.project(scene.pieces)), piece, order=28)


def _marks_of(
    axes: Axes,
    sites: list[tuple[dict[str, Any], Any]],
    frame: Frame,
    families: list[str],
    *,
    numbered: bool,
    size: float,
) -> None:
    """Draw the marks of sites, a leader to those that give way to another."""
    mm = frame.denominator / 1000
    taken: list[tuple[float, float, float]] = []
    steps = [(0.0, 0.0), *((0.0, 4.4 * turn * way) for turn in range(1, 6) for way in (-1, 1))]
    for place, (site, centre) in enumerate(sites):
        wide = (width_of(_numbered(site)) * 2.3 if numbered else 0.0) + 5
        for right, up in steps:
            x, y = centre.x + right * mm, centre.y + up * mm
            if all(x > a + w * mm or a > x + wide * mm or abs(y - b) > 4.2 * mm for a, b, w in taken):
                break
        taken.append((x, y, wide))
        own, order = verdict_style(site["verdict"]), 32 + place * 1e-2
        axes.plot([centre.x, x], [centre.y, y], color=own.colour, linewidth=0.7, zorder=31)
        mark(axes, x, y, own, families, order=order, size=size)
        if numbered:
            _halo(axes, x + 2.6 * mm, y, _numbered(site), 6.2, families, order=order, ha="left", va="center_baseline")


def _halo(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: float,
    families: list[str],
    *,
    order: float,
    **look: Any,  # noqa: ANN401 - options of matplotlib
) -> None:
    """Write a text with a white edge, so that it is read over any pattern."""
    from matplotlib.patheffects import withStroke

    write(
        axes, x, y, text, size, families, zorder=order, clip_on=True,
        path_effects=[withStroke(linewidth=1.8, foreground="white")], **look,
    )  # fmt: skip


def _ways(axes: Axes, scene: Scene, frame: Frame, families: list[str]) -> None:
    """Draw lines to the nearest zones; distances are stacked where they would overlap."""
    _, style = other_style("nearest")
    mm = frame.denominator / 1000
    taken: list[tuple[float, float]] = []
    inside = shapely.box(frame.west, frame.south, frame.east, frame.north).buffer(-4 * mm)
    for text, (_, _, line) in zip(_distances(scene), scene.ways, strict=True):
        way = frame.project([line])[0]
        draw(axes, frame.cut([way]), style, order=34, dash=(0, (1, 1.5)))
        part = way.intersection(inside)
        if part.is_empty or part.geom_type != "LineString":
            continue
        x, y = part.interpolate(0.6, normalized=True).coords[0]
        while any(abs(y - other_y) < 3.4 * mm and abs(x - other_x) < 34 * mm for other_x, other_y in taken):
            y -= 3.5 * mm
        taken.append((x, y))
        _halo(axes, x, y, text, 6.2, families, order=36, ha="center", va="center_baseline", color=style.line)


def _distances(scene: Scene) -> list[str]:
    from lianzhou_gis.vocabulary import theme

    return [
        f"{theme(name).label['zh']} {metres:.2f} 米"
        if metres < 1000
        else f"{theme(name).label['zh']} {metres / 1000:.3f} 千米"
        for name, metres, _ in scene.ways
    ]


def _town_names(axes: Axes, scene: Scene, frame: Frame, families: list[str], *, whole: bool) -> None:
    towns = scene.zones[scene.zones["theme"] == "administrative"]
    corners = shapely.box(frame.west, frame.south, frame.east, frame.north)
    cut = shapely.intersection(frame.project(towns.geometry.to_numpy()), corners)
    for name, shape in zip(towns["name"], cut, strict=True):
        if isinstance(name, str) and shape.area > 0.01 * corners.area:
            x, y = shape.representative_point().coords[0]
            _halo(axes, x, y, name, 7 if whole else 5, families, order=30, ha="center", va="center", color="#4a5866")


def _synthetic(axes: Axes, text: str, families: list[str], *, whole: bool) -> None:
    for up in (0.2, 0.5, 0.8) if whole else (0.5,):
        write(
            axes, 0.5, up, text, 26 if whole else 11, families, transform=axes.transAxes, rotation=16, ha="center",
            va="center", color="#8a1c10", alpha=0.16, zorder=50, weight="bold",
        )  # fmt: skip


def _inset(figure: Figure, scene: Scene, main: Frame, families: list[str], top: float) -> None:
    """Draw where in the county the map is: towns, all sites, and the frame of the map."""
    from dataclasses import replace

    from matplotlib.patches import Rectangle

    high = _INSET_HIGH - 5
    place = (_COLUMN[0] + 4, top - high, _COLUMN[1] - 4, high)
    towns = scene.zones[scene.zones["theme"] == "administrative"]
    shapes = list(towns.geometry) or [site["shape"] for site in scene.sites]
    frame = frame_around(_box([*shapes, scene.focus]), place[2], place[3])
    axes = _axes(figure, place)
    _map(axes, replace(scene, zones=towns), frame, families, whole=False)
    corners = shapely.box(*main.lonlat)
    west, south, east, north = frame.project([corners])[0].bounds
    axes.add_patch(
        Rectangle(
            (west, south), east - west, north - south, facecolor="none", edgecolor="#c2185b", linewidth=1.4, zorder=45
        )
    )
    mm = frame.denominator / 1000
    if east - west < 4 * mm:
        axes.plot(
            (west + east) / 2, (south + north) / 2, "s", markersize=11, markerfacecolor="none",
            markeredgecolor="#c2185b", markeredgewidth=1.2, zorder=46,
        )  # fmt: skip
    _halo(
        axes, frame.west + 1.5 * mm, frame.north - 1.5 * mm, f"位置图 1:{frame.denominator:,}".replace(",", " "), 6.5,
        families, order=60, ha="left", va="top",
    )  # fmt: skip


def _numbered(site: dict[str, Any]) -> str:
    return clean(str(site["site_id"]))[:24]


def _names(scene: Scene) -> list[str]:
    return [name for name in scene.zones.loc[scene.zones["theme"] == "administrative", "name"] if isinstance(name, str)]


def _marks(scene: Scene) -> list[str]:
    return [verdict_style(site[key]).mark for site in scene.sites for key in ("verdict", "worst")]


def _notes(scene: Scene) -> list[str]:
    """Return the notes under the map, most important first."""
    notes = [
        f"{DISCLAIMER['zh']}。{'；'.join(scene.notes[:2])}。" + (f"{scene.synthetic}。" if scene.synthetic else "")
    ]
    notes += [f"{note}。" for note in scene.notes[2:]]
    if scene.left_out:
        notes.append(f"另有图层未绘出（覆盖全域或未选）：{'、'.join(scene.left_out)}。")
    frame = _frame(scene)
    notes.append(f"CGCS2000，3 度带高斯-克吕格投影第 {frame.zone} 带，经纬网为大地坐标。")
    notes[-1] += f"图层及数据日期——{'；'.join(scene.sources)}。"
    return notes


def _foot(page: Axes, notes: list[str], families: list[str]) -> None:
    """Write the notes as large as they fit, all of them."""
    room, wide = _MAP[1] - 12, _WIDE - 2 * _MAP[0] + 4
    for size in (6.8, 6.2, 5.6, 5.0, 4.5, 4.0, 3.5):
        each = wide / (size * 0.3528)
        lines = [line for note in notes for line in _wrapped(note, each)]
        if len(lines) * size * 0.3528 * 1.45 <= room:
            break
    for number, line in enumerate(lines):
        write(
            page, _MAP[0] - 2, _MAP[1] - 7 - number * size * 0.3528 * 1.45, line, size, families, va="top",
            color="#8a1c10" if number == 0 else "#1d2733",
        )  # fmt: skip


def _wrapped(text: str, each: float) -> list[str]:
    """Return a text in lines of at most so many heights of a letter; Chinese breaks anywhere."""
    lines, line = [], ""
    for letter in textwrap.dedent(text):
        if width_of(line + letter) > each:
            lines.append(line)
            line = ""
        line += letter
    return [*lines, line] if line else lines
