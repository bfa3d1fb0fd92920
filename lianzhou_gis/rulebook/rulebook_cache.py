"""Cache of parsed rulebooks as plain values.

The files stay the only source: an entry is stored under the hash of all their bytes and of the code that reads them,
and only if it decodes to an equal rulebook. Nothing in it is executed.
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

__all__ = ["cached_contents", "store_contents"]

_KIND = "rulebook"
_ROOMS = ("errors.py", "messages.yaml", "cache.py", "resources.py", "vocabulary", "rulebook")
_DATES = ("effective_from", "effective_to", "checked_on", "text")
_LISTS = ("grades", "named", "blocks")

Plain = dict[str, Any]
Cited = dict[tuple[str, str], Citation]


def cached_contents(key: Mapping[str, Any]) -> Contents | None:
    """Return the parsed contents of files by a key that names all their bytes; ``None`` without a usable entry."""
    cached = Cache.standard(_ROOMS).get(_KIND, key)
    if cached is None:
        return None
    try:
        return _decode(cached.meta)
    except (KeyError, ValueError, TypeError, AttributeError):
        # Intact, but not of the form that this code writes: the files are read again.
        return None


def store_contents(key: Mapping[str, Any], name: str, contents: Contents) -> None:
    """Store parsed contents if they decode to an equal value."""
    try:
        record = _encode(contents)
        back = _decode(json.loads(json.dumps(record)))
    except (KeyError, ValueError, TypeError, AttributeError):
        return
    if back._replace(facts=contents.facts) == contents and list(back.facts) == list(contents.facts):
        Cache.standard(_ROOMS).put(_KIND, key, name, record)


def _encode(contents: Contents) -> Plain:
    return {
        "rules": [{**_shallow(rule), "versions": _changes(list(map(_row, rule.versions)))} for rule in contents.rules],
        "facts": {fact.name: {**_shallow(fact), **fact.label, "label": None} for fact in contents.facts},
        "laws": [_dated(_shallow(law)) for law in contents.laws.values()],
        "implications": [_row(row) for row in contents.implications],
        "checked_for_days": contents.checked_for.days,
    }


def _decode(record: Plain) -> Contents:
    laws = {entry["id"]: Law(**_with_dates(entry)) for entry in record["laws"]}
    cited: Cited = {}
    rules = []
    for rule in record["rules"]:
        first: Plain = {}
        versions = []
        for change in rule["versions"]:
            first = first or change
            versions.append(_version({**first, **change}, laws, cited))
        rules.append(Rule(**{**rule, "versions": tuple(versions)}))
    return Contents(
        tuple(rules),
        FactVocabulary(record["facts"]),
        laws,
        tuple(_implication(row, laws, cited) for row in record["implications"]),
        timedelta(days=record["checked_for_days"]),
    )


def _shallow(item: DataclassInstance) -> Plain:
    return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}


def _changes(rows: list[Plain]) -> list[Plain]:
    """Return the first version of a rule whole, and of the others the fields that differ from it."""
    # Compared as JSON: 1 equals True in Python.
    first = {name: json.dumps(value) for name, value in rows[0].items()} if rows else {}
    return [
        *rows[:1],
        *({name: value for name, value in row.items() if json.dumps(value) != first[name]} for row in rows[1:]),
    ]


def _dated(record: Plain) -> Plain:
    """Return a record with its days as texts."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in record.items()}


def _with_dates(record: Plain) -> Plain:
    for name in _DATES:
        if record.get(name) is not None:
            record[name] = date.fromisoformat(record[name])
    return record


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
    """Return the parts that rules and implications share; a citation used many times is built once."""
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
    return Implication(**{**parts, "computes": {name: tuple(record) for name, record in parts["computes"].items()}})
