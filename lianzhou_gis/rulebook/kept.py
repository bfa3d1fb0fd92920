"""A rulebook as plain values, as the cache keeps it.

The files stay the only source: what is kept stands under the hash of all their bytes and of the code that reads them,
and only where it gives back the very rulebook that was read. Nothing in it is run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from lianzhou_gis.cache import Cache
from lianzhou_gis.rulebook.conditions import Condition, Test
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.files import Contents
from lianzhou_gis.rulebook.implications import Implication
from lianzhou_gis.rulebook.model import Citation, Law, Rule, RuleVersion
from lianzhou_gis.vocabulary import Effect

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["keep", "revived"]

_KIND = "rulebook"
_ROOMS = ("errors.py", "messages.yaml", "cache.py", "resources.py", "vocabulary", "rulebook")
_DATES = ("effective_from", "effective_to", "checked_on", "text")
_LISTS = ("grades", "named", "blocks")

Plain = dict[str, Any]
Cited = dict[tuple[str, str], Citation]


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
        "rules": [{**_shallow(rule), "versions": _changes(list(map(_row, rule.versions)))} for rule in contents.rules],
        "facts": {fact.name: {**_shallow(fact), **fact.label, "label": None} for fact in contents.facts},
        "laws": [_dated(_shallow(law)) for law in contents.laws.values()],
        "implications": [_row(row) for row in contents.implications],
        "checked_for_days": contents.checked_for.days,
    }


def _contents(told: Plain) -> Contents:
    laws = {entry["id"]: Law(**_with_dates(entry)) for entry in told["laws"]}
    cited: Cited = {}
    rules = []
    for rule in told["rules"]:
        first: Plain = {}
        versions = []
        for change in rule["versions"]:
            first = first or change
            versions.append(_version({**first, **change}, laws, cited))
        rules.append(Rule(**{**rule, "versions": tuple(versions)}))
    return Contents(
        tuple(rules),
        FactVocabulary(told["facts"]),
        laws,
        tuple(_implication(row, laws, cited) for row in told["implications"]),
        timedelta(days=told["checked_for_days"]),
    )


def _shallow(item: DataclassInstance) -> Plain:
    return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}


def _changes(rows: list[Plain]) -> list[Plain]:
    """Return the first version of a rule whole, and of the others what is not as in the first: most of it is."""
    # By their texts: 1 is equal to True, and is not the same.
    first = {name: json.dumps(value) for name, value in rows[0].items()} if rows else {}
    return [
        *rows[:1],
        *({name: value for name, value in row.items() if json.dumps(value) != first[name]} for row in rows[1:]),
    ]


def _dated(told: Plain) -> Plain:
    """Return a record with its days as texts."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}


def _with_dates(told: Plain) -> Plain:
    for name in _DATES:
        if told.get(name) is not None:
            told[name] = date.fromisoformat(told[name])
    return told


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


def _when(tree: list[Any] | None) -> Condition | Test | None:
    if tree is None:
        return None
    if len(tree) == 3:
        fact, operator, value = tree
        return Test(fact, operator, tuple(value) if isinstance(value, list) else value)
    return Condition(tree[0], tuple(member for member in map(_when, tree[1]) if member is not None))


def _parts(row: Plain, laws: Mapping[str, Law], cited: Cited) -> Plain:
    """Return the parts that rules and implications share; a citation that stands in many is made once."""
    found = []
    for law_id, article in row["citations"]:
        if (law_id, article) not in cited:
            law = laws[law_id]
            cited[law_id, article] = Citation(law.id, law.title, article, law.issuer, law.link, law.effective_from)
        found.append(cited[law_id, article])
    row["citations"], row["when"] = tuple(found), _when(row["when"])
    return _with_dates(row)


def _version(row: Plain, laws: Mapping[str, Law], cited: Cited) -> RuleVersion:
    parts = _parts(row, laws, cited)
    for name in _LISTS:
        if parts[name] is not None:
            parts[name] = tuple(parts[name])
    parts["effect"], parts["worst"] = Effect(parts["effect"]), Effect(parts["worst"])
    return RuleVersion(**parts)


def _implication(row: Plain, laws: Mapping[str, Law], cited: Cited) -> Implication:
    parts = _parts(row, laws, cited)
    return Implication(**{**parts, "computes": {name: tuple(told) for name, told in parts["computes"].items()}})
