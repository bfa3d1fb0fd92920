"""Themes and grades with labels, order of strictness and style, from ``themes.yaml``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.resources import read_resource

NEAR_M = 1000.0


@dataclass(frozen=True, slots=True)
class Style:
    """How a theme or grade is drawn: fill and line colour, pattern, line width in pixels."""

    fill: str
    line: str
    pattern: str
    width: float


@dataclass(frozen=True, slots=True)
class Grade:
    """A level within a theme; ``spellings`` are the texts in data files that mean it."""

    id: str
    label: dict[str, str]
    spellings: tuple[str, ...]
    style: Style


@dataclass(frozen=True, slots=True)
class Theme:
    """One kind of control zone.

    Attributes
    ----------
    grades : tuple of Grade
        Strictest first. Empty if the theme has no levels; its zones then have the grade ``None``.
    nested : bool
        Whether a stricter grade cuts milder ones of the same source.
    covering : bool
        Whether its zones cover the whole area of the layer without gap or overlap (control units).
    context : bool
        Whether its zones divide the whole county: being in one of them has no consequence by itself.
    receiving : bool
        Whether its zones state the class of the water that receives an outfall; outside all of them it is unknown.
    near_m : float
        Zones up to this distance are reported as ``near``, metres.
    """

    id: str
    label: dict[str, str]
    grades: tuple[Grade, ...]
    nested: bool
    covering: bool
    context: bool
    receiving: bool
    near_m: float
    style: Style


def _style(data: dict[str, Any], default: Style) -> Style:
    return Style(
        fill=data.get("fill", default.fill),
        line=data.get("line", data.get("fill", default.line)),
        pattern=data.get("pattern", default.pattern),
        width=float(data.get("width", default.width)),
    )


@cache
def themes() -> dict[str, Theme]:
    """Return all themes by id, in the order in which lists and legends show them.

    Examples
    --------
    >>> list(themes())[:2]
    ['ecological_redline', 'water_source_zone']
    """
    data: dict[str, Any] = read_resource(Path(__file__).with_name("themes.yaml"))
    plain = Style("#777777", "#555555", "none", 1.0)
    found = {}
    for theme_id, entry in data.items():
        style = _style(entry.get("style", {}), plain)
        grades = tuple(
            Grade(
                id=grade_id,
                label={"zh": grade["zh"], "en": grade["en"]},
                spellings=tuple(str(spelling) for spelling in grade.get("spellings", ())),
                style=_style(grade.get("style", {}), style),
            )
            for grade_id, grade in entry.get("grades", {}).items()
        )
        found[theme_id] = Theme(
            id=theme_id,
            label={"zh": entry["zh"], "en": entry["en"]},
            grades=grades,
            nested=bool(entry.get("nested", False)),
            covering=bool(entry.get("covering", False)),
            context=bool(entry.get("context", False)),
            receiving=bool(entry.get("receiving", False)),
            near_m=float(entry.get("near_m", NEAR_M)),
            style=style,
        )
    return found


def theme(theme_id: str) -> Theme:
    """Return one theme.

    Raises
    ------
    KeyError
        For a theme that the vocabulary does not have.
    """
    return themes()[theme_id]


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-·.]+", "", unicodedata.normalize("NFKC", text)).casefold()


def grade_of(theme_id: str, text: str | None) -> str | None:
    """Return the grade that a text in a data file means, or ``None`` if none is known.

    Full-width letters, spaces and case are ignored. The whole text must match: "not a primary zone" is no primary zone.

    Examples
    --------
    >>> grade_of("water_source_zone", "一级 保护区")
    'primary'
    >>> grade_of("water_source_zone", "限制区") is None
    True
    """
    if text is None:
        return None
    wanted = _plain(str(text))
    for grade in theme(theme_id).grades:
        if wanted in {_plain(grade.id), _plain(grade.label["zh"]), *map(_plain, grade.spellings)}:
            return grade.id
    return None
