"""The two maps of a form as SVG: where the site lies in the county, and how it lies to the zones around it.

Black and white print must do: areas differ by pattern, the site is the strongest mark, and every distance is written.
One pixel of the SVG is a quarter of a millimetre on paper.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane
from lianzhou_gis.geodesy.distance import Floats
from lianzhou_gis.maps.figures.decorations import Frame, frame_around
from lianzhou_gis.maps.figures.fonts import clean, width_of
from lianzhou_gis.maps.nearest import ways
from lianzhou_gis.reports.content import Picture
from lianzhou_gis.reports.fonts import system_faces
from lianzhou_gis.vocabulary import Style, patterns, theme, verdict_style

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run

__all__ = ["SiteMaps", "badge", "compass", "verdict_range"]

_PX_PER_MM = 4.0
_INK = "#1b2733"
_CONTEXT = "administrative"
_MOST_WAYS = 3
_LEGEND_ROWS = 4
_LEGEND_STEP = 13.5
_Box = tuple[float, float, float, float]


def _families(face: str) -> str:
    return quoteattr(", ".join(system_faces().families[face]))


def _text(x: float, y: float, words: str, size: float, *, anchor: str = "middle", bold: bool = False, fill: str = _INK,
          halo: bool = True) -> str:  # fmt: skip
    look = f'font-family={_families("label")} font-size="{size:g}" text-anchor="{anchor}" fill="{fill}"'
    look += ' font-weight="bold"' if bold else ""
    written = escape(clean(words))
    under = (
        f'<text x="{x:.1f}" y="{y:.1f}" {look} stroke="white" stroke-width="3" stroke-linejoin="round">{written}</text>'
    )
    return (under if halo else "") + f'<text x="{x:.1f}" y="{y:.1f}" {look}>{written}</text>'


def _svg(width_mm: float, height_mm: float, inner: str) -> str:
    w, h = width_mm * _PX_PER_MM, height_mm * _PX_PER_MM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}">{inner}</svg>'
    )


def badge(verdict: str, size_mm: float = 14.0) -> Picture:
    """Return the mark of a verdict: filled where it is proven, dashed and without colour where it is open."""
    style = verdict_style(verdict)
    px = size_mm * _PX_PER_MM
    centre, radius = px / 2, px / 2 - 2
    if style.line == "dashed":
        ring = f'fill="white" stroke="{_INK}" stroke-width="2" stroke-dasharray="5 3"'
        ink = _INK
    else:
        ring, ink = f'fill="{style.colour}"', "white"
    inner = f'<circle cx="{centre}" cy="{centre}" r="{radius}" {ring}/>' + _text(
        centre, centre + px * 0.18, style.mark, px * 0.5, bold=True, fill=ink, halo=False
    )
    return Picture(_svg(size_mm, size_mm, inner), size_mm, size_mm, style.mark)


def verdict_range(proven: str, worst: str, width_mm: float = 62.0) -> Picture:
    """Return the line 查-控-论-程-禁: a filled dot at what is proven, a dashed stretch to what may still come.

    Open verdicts stand at the beginning of the line, as a hollow dot.
    """
    order = ["no_conflict_found", "conditional", "needs_judgement", "procedure_required", "prohibited"]
    height_mm = 9.0
    width = width_mm * _PX_PER_MM
    places = {name: 12 + number * (width - 24) / (len(order) - 1) for number, name in enumerate(order)}
    y, parts = 10.0, []
    parts.append(f'<line x1="12" y1="{y}" x2="{width - 12:g}" y2="{y}" stroke="#9aa5ae" stroke-width="1.2"/>')
    start, end = places.get(proven, places["no_conflict_found"]), places.get(worst, places.get(proven, 12.0))
    if end > start:
        parts.append(
            f'<line x1="{start:g}" y1="{y}" x2="{end:g}" y2="{y}" stroke="{_INK}" stroke-width="3" '
            'stroke-dasharray="6 4"/>'
        )
    for name, x in places.items():
        mark = verdict_style(name).mark
        filled = name == proven
        open_end = name == worst and worst != proven
        fill = _INK if filled else "white"
        dash = ' stroke-dasharray="2.5 2"' if open_end else ""
        radius = 5.5 if filled or open_end else 3.2
        parts.append(
            f'<circle cx="{x:g}" cy="{y}" r="{radius}" fill="{fill}" stroke="{_INK}" stroke-width="1.2"{dash}/>'
        )
        parts.append(_text(x, y + 21, mark, 12, bold=filled, halo=False))
    if proven not in places:
        parts.append(f'<circle cx="{start:g}" cy="{y}" r="5.5" fill="white" stroke="{_INK}" stroke-width="1.4"/>')
    alt = f"结论区间：{verdict_style(proven).mark}至{verdict_style(worst).mark}"
    return Picture(_svg(width_mm, height_mm, "".join(parts)), width_mm, height_mm, alt)


@dataclass(frozen=True)
class _Canvas:
    """Metres of a frame as pixels of a drawing."""

    frame: Frame
    height_px: float

    def xy(self, points: Floats) -> Floats:
        scale = 1000.0 * _PX_PER_MM / self.frame.denominator
        return np.column_stack([
            (points[:, 0] - self.frame.west) * scale,
            self.height_px - (points[:, 1] - self.frame.south) * scale,
        ])  # fmt: skip

    def path(self, shape: BaseGeometry | None) -> str:
        if shape is None or shape.is_empty:
            return ""
        parts = shapely.get_parts(shapely.get_parts(np.asarray([shape], dtype=object)))
        found = []
        for part in parts:
            kind = shapely.get_type_id(part)
            for line in shapely.get_rings(part) if kind == 3 else [part] if kind in (1, 2) else []:
                points = self.xy(shapely.get_coordinates(line))
                found.append("M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + ("Z" if kind == 3 else ""))
        return "".join(found)


@dataclass(frozen=True)
class _Zones:
    """The zones of a run as arrays, the largest first."""

    shapes: npt.NDArray[np.object_]
    themes: list[str]
    grades: list[str | None]


class SiteMaps:
    """The maps of the sites of one run; what all forms share is drawn once.

    Parameters
    ----------
    run : Run
    site_ids : collection of str, optional
        The sites that are drawn; default all.
    """

    def __init__(self, run: Run, site_ids: Collection[str] | None = None) -> None:
        self._run = run
        sites = run.tables["sites"]
        self._shapes = dict(zip(sites["site_id"].tolist(), sites.geometry.to_numpy(), strict=True))
        self._drawn = set(self._shapes if site_ids is None else site_ids)

    @cached_property
    def _zones(self) -> _Zones:
        zones = self._run.tables["zones"]
        shapes = zones.geometry.to_numpy()
        usable = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
        # The largest first, so that small zones stand above them.
        order = usable[np.argsort(-shapely.area(shapes[usable]), kind="stable")]
        themes, grades = zones["theme"].to_numpy(object), zones["grade"].to_numpy(object)
        return _Zones(shapes[order], [str(themes[row]) for row in order], [_grade(grades[row]) for row in order])

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._zones.shapes)

    @cached_property
    def _nearest(self) -> dict[str, list[tuple[str, float, Any]]]:
        """Lines from the drawn sites to the nearest zones that they do not meet, as :func:`ways` finds them."""
        asked: dict[tuple[str, str], float] = {}
        for site in self._run.document["sites"]:
            if site["site_id"] in self._drawn:
                apart = [
                    (float(check["nearest_m"]), str(check["theme"])) for check in site["checks"]
                    if check["nearest_m"] and check["theme"] != _CONTEXT
                ]  # fmt: skip
                asked |= {(site["site_id"], name): far for far, name in sorted(apart)[:_MOST_WAYS]}
        sites, zones = self._run.tables["sites"], self._run.tables["zones"]
        plane = Plane(self._run.document["run"]["parameters"].get("plane") or LIANZHOU_PROJ)
        near = zones[zones["theme"].isin({name for _, name in asked})]
        return ways(sites[sites["site_id"].isin(self._drawn)], near, asked, plane)

    def _shape(self, site_id: str) -> BaseGeometry | None:
        shape = self._shapes.get(site_id)
        return None if shape is None or shape.is_empty else shape

    def locator(self, site_id: str, width_mm: float, height_mm: float) -> Picture:
        """Return the county with its towns and a mark at the site."""
        ground, frame = self._county(width_mm, height_mm)
        height = height_mm * _PX_PER_MM
        parts = [ground]
        shape = self._shape(site_id)
        if shape is not None:
            at = frame.project([shape])[0].representative_point()
            x, y = _Canvas(frame, height).xy(np.array([[at.x, at.y]]))[0]
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="white" stroke-width="4"/>'
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="black" stroke-width="2"/>'
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="black"/>'
            )
            words = "本项目"
            right = x < width_mm * _PX_PER_MM * 0.6
            parts.append(
                _text(x + (12 if right else -12), y - 6, words, 12, anchor="start" if right else "end", bold=True)
            )
        parts.append(_text(6, 15, "位置图", 12, anchor="start"))
        return Picture(_svg(width_mm, height_mm, "".join(parts)), width_mm, height_mm, "项目在全市的位置")

    def _county(self, width_mm: float, height_mm: float) -> tuple[str, Frame]:
        key = (width_mm, height_mm)
        if key not in self._counties:
            zones = self._zones
            towns = zones.shapes[[number for number, name in enumerate(zones.themes) if name == _CONTEXT]]
            shown = list(towns) or [shape for shape in self._shapes.values() if shape is not None]
            box = shapely.box(*shapely.total_bounds(np.asarray(shown, dtype=object)))
            frame = frame_around(box, width_mm, height_mm, part=0.86)
            canvas = _Canvas(frame, height_mm * _PX_PER_MM)
            paths = [canvas.path(shape) for shape in frame.cut(frame.project(towns))]
            drawn = '<rect width="100%" height="100%" fill="#eceae6"/>'
            for number, path in enumerate(paths):
                look = 'fill="#fbfaf6" stroke="#1b2733" stroke-width="1.8"' if number == 0 else (
                    'fill="none" stroke="#6f7c88" stroke-width="0.8" stroke-dasharray="4 3"'
                )  # fmt: skip
                drawn += f'<path d="{path}" {look}/>'
            self._counties[key] = drawn, frame
        return self._counties[key]

    @cached_property
    def _counties(self) -> dict[tuple[float, float], tuple[str, Frame]]:
        return {}

    def surroundings(self, site_id: str, width_mm: float, height_mm: float) -> Picture:
        """Return the site with the zones around it, and lines to the nearest that do not meet it."""
        shape = self._shape(site_id)
        alt = "项目与管控区的位置关系"
        width, height = width_mm * _PX_PER_MM, height_mm * _PX_PER_MM
        if shape is None:
            inner = '<rect width="100%" height="100%" fill="white"/>' + _text(width / 2, height / 2, "无可绘图形", 14)
            return Picture(_svg(width_mm, height_mm, inner), width_mm, height_mm, alt)
        strip = _LEGEND_ROWS * _LEGEND_STEP + 6
        map_high = height - strip
        frame = frame_around(shape, width_mm, map_high / _PX_PER_MM, part=0.38, least=2000)
        canvas = _Canvas(frame, map_high)
        zones = self._zones
        rows = [row for row in np.sort(self._tree.query(shapely.box(*frame.lonlat))) if zones.themes[row] != _CONTEXT]
        looks = [_look(zones.themes[row], zones.grades[row]) for row in rows]
        definitions = _pattern_definitions(style for style, _ in looks)
        parts = ['<rect width="100%" height="100%" fill="white"/>', f"<defs>{definitions}</defs>"]
        units: list[tuple[Any, str]] = []
        legend: dict[str, Style] = {}
        # Cut in degrees first: only what lies in the frame is projected.
        west, south, east, north = frame.lonlat
        dx, dy = (east - west) * 0.03, (north - south) * 0.03
        cut = shapely.clip_by_rect(zones.shapes[rows], west - dx, south - dy, east + dx, north + dy)
        drawn = frame.cut(frame.project(cut))
        own = frame.project([shape])[0]
        for row, (style, words), piece in zip(rows, looks, drawn, strict=True):
            if piece is None or piece.is_empty:
                continue
            parts += _area(canvas.path(piece), style)
            if theme(zones.themes[row]).covering:
                units.append((piece, words))
            else:
                legend.setdefault(words, style)
        taken: list[_Box] = [(0, 0, 300, 22), (width - 36, 0, width, 56), (0, map_high - 28, 170, map_high)]
        parts += _site_mark(canvas, own)
        x0, y0, x1, y1 = own.bounds
        (left, bottom), (right, top) = canvas.xy(np.array([[x0, y0], [x1, y1]]))
        if (right - left) * (bottom - top) < 0.2 * width * map_high:
            taken.append((left, top, right, bottom))
        parts += self._lines(site_id, frame, canvas, (width, map_high), taken)
        for piece, words in units:
            at = _label_point(piece, frame, own)
            if at is not None:
                x, y = canvas.xy(np.array([[at.x, at.y]]))[0]
                if _room(taken, x, y, words, 11):
                    parts.append(_text(x, y, words, 11, fill="#46535f"))
        parts += [_north(width), _scale_bar(frame, map_high), _legend(legend, width, map_high)]
        parts.append(_text(6, 15, f"项目与管控区关系图　1:{frame.denominator:,}".replace(",", " "), 12, anchor="start"))
        return Picture(_svg(width_mm, height_mm, "".join(parts)), width_mm, height_mm, alt)

    def _lines(
        self,
        site_id: str,
        frame: Frame,
        canvas: _Canvas,
        size: tuple[float, float],
        taken: list[_Box],
    ) -> Iterator[str]:
        width, height = size
        for name, far, line in self._nearest.get(site_id, [])[:_MOST_WAYS]:
            points = canvas.xy(shapely.get_coordinates(frame.project([line])[0]))
            shown = shapely.clip_by_rect(shapely.LineString(points[[0, -1]]), 0, 0, width, height)
            if shown.is_empty or shown.length < 4:
                continue
            (x1, y1), (x2, y2) = shapely.get_coordinates(shown)[[0, -1]]
            yield (
                f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_INK}" stroke-width="1.6" '
                f'stroke-dasharray="2 3"/>'
            )
            words = f"{theme(name).label['zh']} {far:,.{1 if far < 1000 else 0}f} m"
            half = width_of(words) * 12 / 2
            for share in (0.62, 0.8, 0.45, 0.3, 0.95):
                at = shown.interpolate(share, normalized=True)
                x, y = min(max(at.x, half + 4), width - half - 4), min(max(at.y, 36.0), height - 34.0)
                if _room(taken, x, y, words, 12):
                    yield _text(x, y, words, 12, bold=True)
                    break


def _room(taken: list[_Box], x: float, y: float, words: str, size: float) -> bool:
    """Return whether a label fits at a point beside those that are there; where it does, its box is added."""
    half = width_of(words) * size / 2 + 3
    box = (x - half, y - size, x + half, y + 4)
    if any(box[0] < c and a < box[2] and box[1] < d and b < box[3] for a, b, c, d in taken):
        return False
    taken.append(box)
    return True


def _grade(value: object) -> str | None:
    return value if isinstance(value, str) else None


@cache
def _look(theme_id: str, grade_id: str | None) -> tuple[Style, str]:
    entry = theme(theme_id)
    grade = next((item for item in entry.grades if item.id == grade_id), None)
    if grade is None:
        return entry.style, entry.label["zh"]
    words = grade.label["zh"]
    return grade.style, words if entry.covering else f"{entry.label['zh']}·{words}"


def _pattern_definitions(styles: Iterable[Style]) -> str:
    found = {}
    for style in styles:
        name = _pattern_name(style)
        if name not in found and patterns()[style.pattern].paths:
            strokes = "".join(
                f'<path d="{path}" stroke="{style.line}" stroke-width="1" fill="none"/>'
                for path in patterns()[style.pattern].paths
            )
            found[name] = f'<pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse">{strokes}</pattern>'
    return "".join(found.values())


def _pattern_name(style: Style) -> str:
    return f"p-{style.pattern}-{style.line.removeprefix('#')}"


def _area(path: str, style: Style) -> list[str]:
    if not path:
        return []
    pattern = patterns()[style.pattern]
    parts = [f'<path d="{path}" fill="{style.fill}" fill-opacity="{min(pattern.tint, 0.2):g}" fill-rule="evenodd"/>']
    if pattern.paths:
        parts.append(f'<path d="{path}" fill="url(#{_pattern_name(style)})" fill-opacity="0.55" fill-rule="evenodd"/>')
    parts.append(f'<path d="{path}" fill="none" stroke="{style.line}" stroke-width="{max(style.width, 1):g}"/>')
    return parts


def _label_point(piece: BaseGeometry, frame: Frame, site: BaseGeometry) -> shapely.Point | None:
    """Return a point for the label of a zone, outside the site and away from the edge; ``None`` where none fits."""
    margin = frame.denominator * 0.008
    inner = shapely.box(
        frame.west + 2 * margin, frame.south + 2 * margin, frame.east - 2 * margin, frame.north - margin
    )
    room = shapely.difference(shapely.intersection(shapely.make_valid(piece), inner), site.buffer(margin * 0.6))
    if room.is_empty or room.area < (frame.denominator * 0.006) ** 2:
        return None
    return room.representative_point()


def _site_mark(canvas: _Canvas, shape: BaseGeometry) -> list[str]:
    path = canvas.path(shape)
    if path:
        return [
            f'<path d="{path}" fill="none" stroke="white" stroke-width="6" stroke-linejoin="round"/>',
            f'<path d="{path}" fill="none" stroke="black" stroke-width="2.6" stroke-linejoin="round"/>',
        ]
    points = canvas.xy(shapely.get_coordinates(shape))
    return [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="black" stroke="white" stroke-width="2.5"/>' for x, y in points
    ]


def _north(width: float) -> str:
    x, y = width - 18, 30
    return f'<path d="M{x},{y - 20} L{x + 6},{y + 4} L{x},{y - 2} L{x - 6},{y + 4}Z" fill="{_INK}"/>' + _text(
        x, y + 18, "北", 12
    )


def _scale_bar(frame: Frame, height: float) -> str:
    scale = 1000.0 * _PX_PER_MM / frame.denominator
    metres = next(
        lead * 10**power for power in range(6, -1, -1) for lead in (5, 2, 1) if lead * 10**power * scale <= 110
    )
    x, y = 10.0, height - 10
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    line = f"M{x},{y - 6}V{y}H{x + metres * scale:.1f}V{y - 6}"
    return (
        f'<path d="{line}" fill="none" stroke="white" stroke-width="4"/>'
        f'<path d="{line}" fill="none" stroke="{_INK}" stroke-width="1.6"/>'
    ) + _text(x + metres * scale + 6, y, words, 11, anchor="start")


def _legend(found: dict[str, Style], width: float, top: float) -> str:
    """Return swatches with names in a strip below the map, two columns, what is smallest on the map first."""
    rows = list(reversed(found.items()))
    room = 2 * _LEGEND_ROWS
    parts = [f'<line x1="0" y1="{top:.1f}" x2="{width:g}" y2="{top:.1f}" stroke="{_INK}" stroke-width="0.8"/>']
    parts.append(f'<rect x="0" y="{top + 0.5:.1f}" width="{width:g}" height="100%" fill="white"/>')
    for number, (words, style) in enumerate(rows[:room]):
        left, y = 8 + (number % 2) * width / 2, top + 6 + _LEGEND_STEP * (number // 2)
        parts += _area(f"M{left:.1f},{y:.1f}h18v9h-18Z", style)
        words = f"{words} 等" if number == room - 1 and len(rows) > room else words
        parts.append(_text(left + 24, y + 9, words, 10, anchor="start", halo=False))
    return "".join(parts)


def compass(bearing_deg: float | None) -> str:
    """Return a bearing as one of eight directions.

    Examples
    --------
    >>> compass(0.0), compass(100.0), compass(None)
    ('北', '东', '')
    """
    if bearing_deg is None or math.isnan(bearing_deg):
        return ""
    return ("北", "东北", "东", "东南", "南", "西南", "西", "西北")[round(bearing_deg / 45.0) % 8]
