"""A rulebook as plain values, as the cache keeps it.

The files stay the only source: what is kept stands under the hash of all their bytes and of the code that reads them,
and only where it gives back the very rulebook that was read. Nothing in it is run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from lianzhou_gis.cache import Cache
from lianzhou_gis.rulebook.conditions import Condition, Test
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.files import Contents
from lianzhou_gis.rulebook.implications import Implication
from lianzhou_gis.rulebook.model import Citation, Law, Rule, RuleVersion
from lianzhou_gis.vocabulary import Effect

__all__ = ["keep", "revived"]

_KIND = "rulebook"
_ROOMS = ("errors.py", "cache.py", "shipped.py", "vocabulary", "rulebook")
_DATES = ("effective_from", "effective_to", "checked_on")
_LISTS = ("grades", "named", "blocks")

Plain = dict[str, Any]


def revived(key: Mapping[str, Any]) -> Contents | None:
    """Return what was read of files under a key that names all their bytes; ``None`` where nothing usable is kept."""
    kept = Cache.standard(_ROOMS).get(_KIND, key)
    if kept is None:
        return None
    try:
        return _contents(kept.meta)
    except (KeyError, ValueError, TypeError, AttributeError):
        # Whole, and yet not what this code writes: read anew.
        return None


def keep(key: Mapping[str, Any], name: str, contents: Contents) -> None:
    """Keep what was read, where it comes back the same."""
    try:
        told = _told(contents)
        back = _contents(json.loads(json.dumps(told)))
    except (KeyError, ValueError, TypeError, AttributeError):
        return
    if back._replace(facts=contents.facts) == contents and list(back.facts) == list(contents.facts):
        Cache.standard(_ROOMS).put(_KIND, key, name, told)


def _told(contents: Contents) -> Plain:
    return {
        "rules": [
            {**_shallow(rule), "versions": [_row(version) for version in rule.versions]} for rule in contents.rules
        ],
        "facts": {fact.name: {**_shallow(fact), **fact.label, "label": None} for fact in contents.facts},
        "laws": [_dated(_shallow(law)) for law in contents.laws.values()],
        "implications": [_row(row) for row in contents.implications],
        "checked_for_days": contents.checked_for.days,
    }


def _contents(told: Plain) -> Contents:
    laws = {entry["id"]: Law(**_with_dates(entry)) for entry in told["laws"]}
    return Contents(
        tuple(
            Rule(**{**rule, "versions": tuple(_version(row, laws) for row in rule["versions"])})
            for rule in told["rules"]
        ),
        FactVocabulary(told["facts"]),
        laws,
        tuple(_implication(row, laws) for row in told["implications"]),
        timedelta(days=told["checked_for_days"]),
    )


def _shallow(item: Any) -> Plain:  # noqa: ANN401 - a dataclass
    return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}


def _dated(told: Plain) -> Plain:
    """Return a record with its days as texts."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}


def _with_dates(told: Plain) -> Plain:
    days = {name: date.fromisoformat(told[name]) for name in _DATES if told.get(name) is not None}
    return {**told, **days}


def _row(row: RuleVersion | Implication) -> Plain:
    return {
        **_dated(_shallow(row)),
        "when": None if row.when is None else _tree(row.when),
        # Title, issuer and the rest are those of the law.
        "citations": [[citation.law, citation.article] for citation in row.citations],
    }


def _tree(when: Condition | Test) -> list[Any]:
    if isinstance(when, Test):
        return [when.fact, when.operator, when.value]
    return [when.operator, [_tree(member) for member in when.members]]


def _when(tree: list[Any] | None) -> Any:  # noqa: ANN401 - a condition, a test or nothing
    if tree is None:
        return None
    if len(tree) == 3:
        fact, operator, value = tree
        return Test(fact, operator, tuple(value) if isinstance(value, list) else value)
    return Condition(tree[0], tuple(map(_when, tree[1])))


def _parts(row: Plain, laws: Mapping[str, Law]) -> Plain:
    cited = ((laws[law_id], article) for law_id, article in row["citations"])
    return {
        **_with_dates(row),
        "when": _when(row["when"]),
        "citations": tuple(
            Citation(law.id, law.title, article, law.issuer, law.link, law.effective_from) for law, article in cited
        ),
    }


def _version(row: Plain, laws: Mapping[str, Law]) -> RuleVersion:
    parts = _parts(row, laws)
    lists = {name: tuple(row[name]) for name in _LISTS if row[name] is not None}
    return RuleVersion(**{**parts, **lists, "effect": Effect(row["effect"]), "worst": Effect(row["worst"])})


def _implication(row: Plain, laws: Mapping[str, Law]) -> Implication:
    parts = _parts(row, laws)
    return Implication(**{**parts, "computes": {name: tuple(told) for name, told in row["computes"].items()}})
