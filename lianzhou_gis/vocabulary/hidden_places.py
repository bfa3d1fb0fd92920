"""Kinds of places that must not be found from anything public, from ``hidden_places.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.resources import read_resource

__all__ = ["HiddenKind", "hidden_kind", "hidden_kinds", "is_hidden_column"]


@dataclass(frozen=True)
class HiddenKind:
    """A kind of place.

    Attributes
    ----------
    themes : frozenset of str
        Themes whose zones are all of this kind.
    words : tuple of str
        Words that name the kind, without spaces.
    found : re.Pattern
        What names of this kind hold.
    weak : re.Pattern or None
        Words that name the kind unless they stand in the name of a settlement.
    spared : re.Pattern or None
        Names in which the same characters mean something else.
    """

    id: str
    label: dict[str, str]
    themes: frozenset[str]
    words: tuple[str, ...]
    found: re.Pattern[str]
    weak: re.Pattern[str] | None
    spared: re.Pattern[str] | None


@cache
def hidden_kinds() -> tuple[HiddenKind, ...]:
    """Return the kinds in the order of the file."""
    data = _data()
    kinds = []
    for name, item in data["kinds"].items():
        words, weak = (tuple(word.replace(" ", "") for word in item.get(key, [])) for key in ("words", "weak"))
        spared = [*map(re.escape, item.get("except", [])), data["settlements"]]
        kinds.append(
            HiddenKind(
                id=name,
                label={"zh": item["zh"], "en": item["en"]},
                themes=frozenset(item.get("themes", [])),
                words=words,
                found=re.compile("|".join([*map(re.escape, words), *item.get("patterns", [])]), re.IGNORECASE),
                weak=_pattern(list(map(re.escape, weak))),
                spared=_pattern(spared),
            )
        )
    return tuple(kinds)


def _pattern(parts: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def hidden_kind(text: str) -> HiddenKind | None:
    """Return the kind of place that a folded text names; ``None`` where it names none.

    Parameters
    ----------
    text : str
        Without spaces, of narrow width, simplified: see ``lianzhou_gis.maps.disclosure.text_folding``.

    Examples
    --------
    >>> [kind.id if (kind := hidden_kind(text)) else None for text in ("城区取水口泵房", "110kv连州线", "龙井村水源地")]
    ['intake', 'power', None]
    >>> [hidden_kind(text) is not None for text in ("水井冲村", "水井冲村1号井", "j1", "zk1", "wellfield")]
    [False, True, True, True, True]
    """
    for kind in hidden_kinds():
        if kind.found.search(text):
            return kind
        plain = kind.spared.sub("\u3000", text) if kind.spared else text
        if kind.weak and kind.weak.search(plain):
            return kind
    return None


def is_hidden_column(name: str) -> bool:
    """Return whether the folded name of a column means a place or a withheld measure.

    Examples
    --------
    >>> [is_hidden_column(name) for name in ("intake_x", "经度", "name", "year")]
    [True, True, False, False]
    """
    data = _data()
    return any(word in name for word in data["columns"]) or any(
        re.fullmatch(pattern, name) for pattern in data["column_patterns"]
    )


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read_resource(Path(__file__).with_name("hidden_places.yaml"))
    return data
