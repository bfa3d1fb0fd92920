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
    never : bool
        Not shown even where a document publishes it.
    themes : frozenset of str
        Themes whose zones are all of this kind.
    found, spared : re.Pattern
        What names of this kind hold, and names in which the same characters mean something else.
    """

    id: str
    label: dict[str, str]
    never: bool
    themes: frozenset[str]
    found: re.Pattern[str]
    spared: re.Pattern[str] | None


@cache
def hidden_kinds() -> tuple[HiddenKind, ...]:
    """Return the kinds, those that are never shown first."""
    data = _data()
    kinds = []
    for name, item in data["kinds"].items():
        words = [re.escape(word.replace(" ", "")) for word in item.get("words", [])]
        spared = [re.escape(word) for word in item.get("except", [])]
        kinds.append(
            HiddenKind(
                id=name,
                label={"zh": item["zh"], "en": item["en"]},
                never=bool(item.get("never", False)),
                themes=frozenset(item.get("themes", [])),
                found=re.compile("|".join([*words, *item.get("patterns", [])]), re.IGNORECASE),
                spared=re.compile("|".join(spared)) if spared else None,
            )
        )
    return tuple(sorted(kinds, key=lambda kind: not kind.never))


def hidden_kind(text: str) -> HiddenKind | None:
    """Return the kind of place that a folded text names, the strictest; ``None`` where it names none.

    Parameters
    ----------
    text : str
        Without spaces, of narrow width, simplified: see ``lianzhou_gis.maps.disclosure.text_folding``.

    Examples
    --------
    >>> [kind.id if (kind := hidden_kind(text)) else None for text in ("城区取水口泵房", "110kv连州线", "龙井村水源地")]
    ['intake', 'power', None]
    """
    for kind in hidden_kinds():
        plain = kind.spared.sub("", text) if kind.spared else text
        if kind.found.search(plain):
            return kind
    return None


def is_hidden_column(name: str) -> bool:
    """Tell whether the folded name of a column tells a place or a withheld measure.

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
