"""Tables whose rows are the corners of plots: rows gathered into rings, rings into areas.

Which ring is a hole is decided as for the parcel TXT, by where it lies.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import Issue
from lianzhou_gis.formats.column_aliases import CORNER_ALIASES, SITE_ALIASES, find_columns, plain_name
from lianzhou_gis.formats.parcel_grammar import Corner, Plot
from lianzhou_gis.formats.parcel_rings import build_plot_shape
from lianzhou_gis.formats.raw_features import RawFeatures

__all__ = ["corner_columns", "plots_from_corners"]

ColumnArrays = dict[str, npt.NDArray[Any]]
_FEWEST = 3
_KINDS = {"线": "line", "点": "point", "line": "line", "point": "point"}
_REMARKS = {
    plain_name(word) for word in ("备注", "remark", "remarks", "note", "边长", "边长m", "距离", "方位角", "distance")
}


def corner_columns(columns: ColumnArrays, rows: int) -> dict[str, str] | None:
    """Return the columns that identify corners, None if each row is a point of its own.

    Rows are corners if there is a column of point numbers or rings, or nothing but a running number beside the
    coordinates.

    Examples
    --------
    >>> corner_columns({"地块": np.array(["a"]), "点号": np.array(["J1"])}, 1)
    {'point': '点号'}
    >>> corner_columns({"名称": np.array(["a"])}, 1)
    """
    found = find_columns(columns, CORNER_ALIASES)
    if "point" in found or "ring" in found:
        return {meaning: name for meaning, name in found.items() if meaning != "number" or "point" not in found}
    bare = {name for name in columns if name not in found.values() and plain_name(name) not in _REMARKS}
    if rows >= _FEWEST and not bare and set(found) <= {"number", "part"}:
        return found
    return None


def plots_from_corners(
    xy: npt.NDArray[np.float64],
    steps: npt.NDArray[np.float64],
    lines: npt.NDArray[np.int_],
    breaks: npt.NDArray[np.int_],
    columns: ColumnArrays,
    corners: dict[str, str],
    name: str,
    issues: list[Issue],
) -> RawFeatures:
    """Return one feature for every plot of a table of corners.

    Parameters
    ----------
    xy : ndarray of float, shape (n, 2)
        East and north; NaN where a row has none.
    steps : ndarray of float, shape (n, 2)
        Worth of the last digit of each number.
    lines : ndarray, shape (n,)
        Of the file.
    breaks : ndarray of int, shape (n,)
        Increases where blank rows separate plots.
    columns : dict of str to array
    corners : dict of str to str
        As :func:`corner_columns` returns it.
    """
    xy, steps, lines, breaks, columns = _without_blanks(xy, steps, lines, breaks, columns, corners)
    labels = columns[corners["point"]] if "point" in corners else columns.get(corners.get("number", ""))
    keys = _keys(columns, corners, breaks)
    plots: dict[tuple[Any, ...], list[int]] = {}
    for row, key in enumerate(keys):
        plots.setdefault(key, []).append(row)
    geometries = np.full(len(plots), None, dtype=object)
    # The digits of a plot are those of its most exact corner, on the coarser of its axes.
    plot_steps = np.array([steps[members].min(axis=0).max() for members in plots.values()], dtype=np.float64)
    kinds = columns.get(corners.get("kind", ""))
    for number, members in enumerate(plots.values()):
        kind = str(kinds[members[0]]).strip().lower() if kinds is not None else ""
        plot = Plot(None, "", "", "", _KINDS.get(kind, "polygon"), (), int(lines[members[0]]))
        rings = _rings(members, xy, columns, corners, breaks, labels)
        lost = [row for row in members if not np.isfinite(xy[row]).all()]
        if lost:
            # Without one of its corners the plot has another shape.
            issues.append(Issue.from_code("error", "plot_unusable", f"{name}:{lines[lost[0]]}"))
            continue
        plot.corners = [
            Corner(
                str(labels[row]) if labels is not None else str(row),
                ring,
                float(xy[row, 0]),
                float(xy[row, 1]),
                int(lines[row]),
            )
            for row, ring in zip(members, rings, strict=True)
        ]
        shape = build_plot_shape(plot, xy[members], name)
        issues.extend(shape.issues)
        geometries[number] = shape.geometry
        if shape.trouble is not None:
            issues.append(Issue("error", "plot_unusable", f"{name}:{plot.line}", shape.trouble.zh, shape.trouble.en))
    issues.append(
        Issue.from_code(
            "info" if "point" in corners else "warning", "corners_joined", name, rows=len(keys), plots=len(plots)
        )
    )
    plot_columns = _plot_columns(columns, corners, list(plots.values()), name, issues)
    return RawFeatures(
        name=name, columns=plot_columns, geometries=geometries, crs=None, encoding=None, issues=issues, steps=plot_steps
    )


def _without_blanks(
    xy: npt.NDArray[np.float64],
    steps: npt.NDArray[np.float64],
    lines: npt.NDArray[np.int_],
    breaks: npt.NDArray[np.int_],
    columns: ColumnArrays,
    corners: dict[str, str],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int_], npt.NDArray[np.int_], ColumnArrays]:
    """Leave out rows that have neither a point number nor coordinates: merged cells reach beyond the table."""
    if "point" not in corners:
        return xy, steps, lines, breaks, columns
    unnumbered = np.array([value is None for value in columns[corners["point"]]], dtype=bool)
    used = ~(unnumbered & np.isnan(xy).all(axis=1))
    used_columns = {title: values[used] for title, values in columns.items()}
    return xy[used], steps[used], lines[used], breaks[used], used_columns


def _filled(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column with merged cells filled downwards."""
    result, last = values.copy(), None
    for row, value in enumerate(values):
        if value is None:
            result[row] = last
        last = result[row]
    return result


def _keys(columns: ColumnArrays, corners: dict[str, str], breaks: npt.NDArray[np.int_]) -> list[tuple[Any, ...]]:
    """Return the plot of every row.

    Plots are separated by the columns of plot numbers and names and by any other column whose values repeat over at
    least three rows each; without one, by blank rows.
    """
    own = find_columns(columns, {key: SITE_ALIASES[key] for key in ("site_id", "name")}).values()
    separating = []
    for title, values in columns.items():
        if title in corners.values():
            continue
        filled = _filled(values)
        texts = np.array([str(value) for value in filled], dtype=object)
        changes = np.flatnonzero(texts[1:] != texts[:-1]) + 1
        runs = np.diff([0, *changes.tolist(), len(texts)])
        if title in own or (runs >= _FEWEST).all():
            columns[title] = filled
            separating.append(texts)
    if not own and all(len(set(texts.tolist())) == 1 for texts in separating):
        return [(int(value),) for value in breaks]
    return list(zip(*separating, strict=True))


def _rings(
    members: list[int],
    xy: npt.NDArray[np.float64],
    columns: ColumnArrays,
    corners: dict[str, str],
    breaks: npt.NDArray[np.int_],
    labels: npt.NDArray[Any] | None,
) -> list[int]:
    """Return ring numbers from the columns of parts and rings, else a new one where the numbering restarts."""
    ring_columns = [_filled(columns[corners[key]]) for key in ("part", "ring") if key in corners]
    known: dict[tuple[str, ...], int] = {}
    if ring_columns:
        names = [tuple(str(values[row]).strip().removesuffix(".0") for values in ring_columns) for row in members]
        return [known.setdefault(key, len(known) + 1) for key in names]
    rings, ring, first = [], 1, members[0]
    for place, row in enumerate(members):
        is_separated = place > 0 and breaks[row] != breaks[members[place - 1]]
        again = labels is not None and row != first and labels[row] == labels[first]
        # Repeating the first number closes a ring, unless the position differs and further corners follow.
        if is_separated or (again and place + _FEWEST <= len(members) and not np.array_equal(xy[row], xy[first])):
            ring, first = ring + 1, row
        rings.append(ring)
    return rings


def _plot_columns(
    columns: ColumnArrays, corners: dict[str, str], plots: list[list[int]], name: str, issues: list[Issue]
) -> ColumnArrays:
    """Return the columns whose value is the same for all corners of a plot; others are dropped."""
    shared: ColumnArrays = {}
    dropped = []
    for title, values in columns.items():
        if title in corners.values():
            continue
        first = np.empty(len(plots), dtype=object)
        same = True
        for number, members in enumerate(plots):
            there = [values[row] for row in members if values[row] is not None]
            first[number] = there[0] if there else None
            same = same and len({str(value) for value in there}) <= 1
        if same:
            shared[title] = first
        else:
            dropped.append(title)
    if dropped:
        listed = ", ".join(dropped[:8])
        issues.append(Issue.from_code("info", "corner_columns_dropped", name, listed=listed))
    return shared
