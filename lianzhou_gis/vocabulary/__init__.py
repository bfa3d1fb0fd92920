"""The words of the field: verdicts, effects, relations, gap reasons, themes and grades, with their labels and styles.

Codes are enums here, labels and colours are data in the YAML files beside this one.
"""

from __future__ import annotations

from lianzhou_gis.vocabulary.codes import Effect, GapReason, Relation, Verdict
from lianzhou_gis.vocabulary.labels import DISCLAIMER, label
from lianzhou_gis.vocabulary.styles import Pattern, VerdictStyle, other_style, patterns, shown_at_first, verdict_style
from lianzhou_gis.vocabulary.themes import Grade, Style, Theme, grade_of, theme, themes

__all__ = [
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
    "label",
    "other_style",
    "patterns",
    "shown_at_first",
    "theme",
    "themes",
    "verdict_style",
]
