"""The vocabulary: verdicts, effects, relations, gap reasons, themes and grades, with their labels and styles.

Codes are enums here, labels and colours are data in the YAML files beside this one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lianzhou_gis.vocabulary.codes import CLASSIFIED, Effect, GapReason, Relation, Verdict, highest_secrecy
from lianzhou_gis.vocabulary.labels import DISCLAIMER, label
from lianzhou_gis.vocabulary.themes import Grade, Style, Theme, grade_of, theme, themes

if TYPE_CHECKING:
    from lianzhou_gis.vocabulary.styles import (
        Pattern,
        VerdictStyle,
        other_style,
        patterns,
        shown_at_first,
        verdict_style,
    )

# Imported lazily: used for drawing only.
_STYLES = {"Pattern", "VerdictStyle", "other_style", "patterns", "shown_at_first", "verdict_style"}

__all__ = [
    "CLASSIFIED",
    "DISCLAIMER",
    "Effect",
    "GapReason",
    "Grade",
    "Pattern",
    "Relation",
    "Style",
    "Theme",
    "Verdict",
    "VerdictStyle",
    "grade_of",
    "highest_secrecy",
    "label",
    "other_style",
    "patterns",
    "shown_at_first",
    "theme",
    "themes",
    "verdict_style",
]


def __getattr__(name: str) -> object:
    if name in _STYLES:
        return getattr(import_module(f"{__name__}.styles"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
