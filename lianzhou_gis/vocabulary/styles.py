"""Drawing styles from ``styles.yaml``: patterns, verdicts, overlaps, gaps and outfalls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.resources import read_resource
from lianzhou_gis.vocabulary.codes import Verdict
from lianzhou_gis.vocabulary.themes import Style


@dataclass(frozen=True, slots=True)
class Pattern:
    """Strokes that distinguish areas without colour.

    Attributes
    ----------
    paths : tuple of str
        SVG paths in a cell of 8 x 8 pixels.
    tint : float
        Opacity of the fill under the strokes.
    angles : tuple of float
        The same strokes as lines, degrees counter-clockwise from east.
    hatch : str
        Name of the same strokes in matplotlib.
    mark : str
        Name of the same strokes in SLD; empty if there is none.
    """

    paths: tuple[str, ...]
    tint: float
    angles: tuple[float, ...]
    hatch: str
    mark: str


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """Colour, line (``solid`` or ``dashed``) and the one character on the mark of a verdict."""

    colour: str
    line: str
    mark: str


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read_resource(Path(__file__).with_name("styles.yaml"))
    return data


@cache
def patterns() -> dict[str, Pattern]:
    """Return all patterns by name.

    Examples
    --------
    >>> patterns()["horizontal"].angles
    (0.0,)
    """
    return {
        name: Pattern(
            paths=tuple(entry["paths"]),
            tint=float(entry["tint"]),
            angles=tuple(map(float, entry["angles"])),
            hatch=entry["hatch"],
            mark=entry["mark"],
        )
        for name, entry in _data()["patterns"].items()
    }


def verdict_style(verdict: str) -> VerdictStyle:
    """Return the style of a verdict.

    Examples
    --------
    >>> verdict_style("not_assessed").line
    'dashed'
    """
    return VerdictStyle(**_data()["verdicts"][Verdict(verdict).value])


def other_style(name: str) -> tuple[dict[str, str], Style]:
    """Return label and style of other features: an overlap ``piece``, a ``gap``, an ``outfall`` ...

    Examples
    --------
    >>> other_style("gap")[1].pattern
    'hatch'
    """
    entry = _data()["others"][name]
    style = Style(entry["fill"], entry["line"], entry["pattern"], float(entry["width"]))
    return {"zh": entry["zh"], "en": entry["en"]}, style


def shown_at_first(theme_id: str) -> bool:
    """Return whether a map shows a theme when it is opened.

    Examples
    --------
    >>> shown_at_first("water_source_zone")
    True
    """
    return theme_id not in _data()["hidden_at_first"]
