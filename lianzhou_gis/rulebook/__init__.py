"""Dated rules with their citations, the facts they ask for, access lists, worked cases. No GIS library is imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lianzhou_gis.rulebook.access import AccessItem, parse_access_items
from lianzhou_gis.rulebook.conditions import Condition, Outcome, Test
from lianzhou_gis.rulebook.days import day_of
from lianzhou_gis.rulebook.facts import Fact, FactVocabulary
from lianzhou_gis.rulebook.implications import Derived, Implication, Implications, Inference
from lianzhou_gis.rulebook.model import Citation, Law, Rule, RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook

if TYPE_CHECKING:
    from lianzhou_gis.rulebook.authoring.checks import check_rulebook
    from lianzhou_gis.rulebook.authoring.worked_cases import Case, read_cases

# What only looks at the rulebook itself resolves on first use: a screening does not wait for it.
_HOMES = {
    "Case": "authoring.worked_cases",
    "read_cases": "authoring.worked_cases",
    "check_rulebook": "authoring.checks",
}

__all__ = [
    "AccessItem",
    "Case",
    "Citation",
    "Condition",
    "Derived",
    "Fact",
    "FactVocabulary",
    "Implication",
    "Implications",
    "Inference",
    "Law",
    "Outcome",
    "Rule",
    "RuleVersion",
    "Rulebook",
    "Test",
    "check_rulebook",
    "day_of",
    "parse_access_items",
    "read_cases",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
