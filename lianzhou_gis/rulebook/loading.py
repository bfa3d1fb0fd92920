"""Reading the YAML of the rulebook; whatever is wrong is refused with file, line and rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import RuleError
from lianzhou_gis.located_yaml import LocatedMapping, read_located_yaml
from lianzhou_gis.rulebook.conditions import Test
from lianzhou_gis.rulebook.facts import FACT_GROUPS, FACT_KNOWN_BY, TYPES, FactVocabulary
from lianzhou_gis.rulebook.files import Contents, Files
from lianzhou_gis.rulebook.implications import Implication
from lianzhou_gis.rulebook.model import Law, Rule
from lianzhou_gis.rulebook.parser import Reader

__all__ = ["read_facts_vocabulary", "read_files", "read_implications", "read_laws", "read_rules"]

# Fields that a file may give once for all its rules.
_DEFAULTS = {"theme", "everywhere", "authority", "checked_on"}
_ROW_KEYS = {
    "id", "when", "sets", "computes", "unverified", "effective_from", "effective_to", "paraphrase", "citations",
    "checked_on",
}  # fmt: skip
_FACT_KEYS = {
    "type", "zh", "en", "question", "unit", "choices", "claim", "help", "group", "checklist", "known_by", "whole",
    "none", "item", "silent", "minimum", "maximum", "formerly", "former_values",
}  # fmt: skip
_ROW_NEEDED = {"id", "when", "effective_from", "paraphrase", "citations", "checked_on"}


def read_files(files: Files) -> Contents:
    """Read a rulebook.

    Raises
    ------
    RuleError
        For anything that is not as it should be, and for duplicate ids.
    """
    facts, laws = read_facts_vocabulary(files.facts), read_laws(files.laws)
    found: dict[str, Rule] = {}
    for path in files.rules:
        for rule in read_rules(path, facts, laws):
            if rule.id in found:
                first = found[rule.id]
                raise RuleError.from_code(
                    "rule_repeated", file=path.name, line=rule.line, rule=rule.id, other=first.file, at=first.line
                )
            found[rule.id] = rule
    implied: dict[str, Implication] = {}
    for path in files.implications:
        for row in read_implications(path, facts, laws):
            if row.id in implied:
                raise RuleError.from_code("implication_repeated", file=path.name, line=row.line, row=row.id)
            implied[row.id] = row
    return Contents(
        tuple(found[rule_id] for rule_id in sorted(found)),
        facts,
        laws,
        tuple(implied[row_id] for row_id in sorted(implied)),
        _checked_for(files.horizon),
    )


def read_rules(path: Path, facts: FactVocabulary, laws: Mapping[str, Law]) -> list[Rule]:
    """Read one file of rules.

    Raises
    ------
    RuleError
        For anything that is not as it should be.
    """
    data = read_located_yaml(path, RuleError)
    shaped = isinstance(data, dict) and "rules" in data and set(data) <= {"defaults", "rules"}
    if not shaped or not isinstance(data["rules"], list):
        raise RuleError.from_code("rules_keys", file=path.name)
    reader = Reader(path, facts, laws)
    defaults = data.get("defaults") or {}
    reader.rule, reader.line = "defaults", getattr(defaults, "line", 0)
    reader.keys(defaults, _DEFAULTS)
    return [reader.read(_completed(entry, defaults)) for entry in data["rules"]]


def _completed(entry: object, defaults: Mapping[str, Any]) -> object:
    """Return a rule completed by the defaults of its file."""
    if not isinstance(entry, LocatedMapping):
        return entry
    completed = LocatedMapping({**defaults, **entry})
    completed.line = entry.line
    return completed


def read_laws(path: Path) -> dict[str, Law]:
    """Read the register of laws.

    Raises
    ------
    RuleError
        If an entry is not as it should be.
    """
    laws = {}
    for law_id, entry in read_located_yaml(path, RuleError).items():
        reader = Reader(path, FactVocabulary({}), {})
        reader.rule, reader.line = law_id, entry.line
        needed = {"title", "issuer", "link", "effective_from", "effective_to", "articles", "text"}
        reader.keys(entry, needed, needed)
        effective_from = reader.day(entry, "effective_from")
        if effective_from is None:
            raise reader.fail("key_missing", keys="effective_from")
        laws[law_id] = Law(
            id=law_id,
            title=reader.text(entry, "title"),
            issuer=reader.text(entry, "issuer"),
            link=entry["link"],
            effective_from=effective_from,
            effective_to=reader.day(entry, "effective_to"),
            articles=entry["articles"],
            text=reader.day(entry, "text"),
        )
    return laws


def read_facts_vocabulary(path: Path) -> FactVocabulary:
    """Read the vocabulary of facts.

    Raises
    ------
    RuleError
        If an entry is not as it should be.
    """
    data = read_located_yaml(path, RuleError)
    for name, entry in data.items():
        reader = Reader(path, FactVocabulary({}), {})
        reader.rule, reader.line = name, entry.line
        reader.keys(
            entry,
            _FACT_KEYS,
            {"type", "zh", "en", "question"},
        )
        reader.text(entry, "question")
        if "help" in entry:
            reader.text(entry, "help")
        if entry["type"] not in TYPES or (entry["type"] == "choice") != ("choices" in entry):
            raise reader.fail("fact_type_invalid", type=entry["type"])
        _check_fact(reader, entry)
        _check_former(reader, entry, data)
    return FactVocabulary(data)


def _check_fact(reader: Reader, entry: Mapping[str, Any]) -> None:
    """Refuse a group, a source of knowledge, bounds or a checklist that do not fit the fact."""
    if entry.get("group", FACT_GROUPS[0]) not in FACT_GROUPS:
        raise reader.fail("group_unknown", group=entry["group"])
    if entry.get("known_by", FACT_KNOWN_BY[0]) not in FACT_KNOWN_BY:
        raise reader.fail("source_unknown", source=entry["known_by"])
    is_listable = entry["type"] == "choice" and entry.get("none") in entry.get("choices", {})
    if entry.get("checklist") and not is_listable and (entry["type"] != "yes_no" or entry.get("claim")):
        raise reader.fail("checklist_type")
    if ("none" in entry) != ("item" in entry) or ("none" in entry and not (is_listable and entry.get("checklist"))):
        raise reader.fail("checklist_none")
    if not set(entry.get("silent", ())) <= set(entry.get("choices", {})):
        raise reader.fail("silent_unknown", choices=entry["silent"])
    if "item" in entry:
        reader.text(entry, "item")
    bounds = {"whole", "minimum", "maximum"} & set(entry)
    if bounds and entry["type"] != "number":
        raise reader.fail("bounds_of_no_number", bounds=sorted(bounds))


def _check_former(reader: Reader, entry: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Refuse a former name that is a fact, a meaning other than same or part, and values without a successor."""
    for name, meaning in entry.get("formerly", {}).items():
        if name in facts or meaning not in ("same", "part"):
            raise reader.fail("former_name", name=name)
    for value, successors in entry.get("former_values", {}).items():
        choices = entry.get("choices", {})
        if value in choices or not successors or not set(successors) <= set(choices):
            raise reader.fail("former_value", value=value)


def read_implications(path: Path, facts: FactVocabulary, laws: Mapping[str, Law]) -> list[Implication]:
    """Read one file of implications.

    Raises
    ------
    RuleError
        For anything that is not as it should be.
    """
    data = read_located_yaml(path, RuleError)
    if not isinstance(data, dict) or not set(data) <= {"defaults", "implications"} or "implications" not in data:
        raise RuleError.from_code("implications_keys", file=path.name)
    reader = Reader(path, facts, laws)
    reader.rule = "defaults"
    defaults = data.get("defaults") or {}
    reader.keys(defaults, {"checked_on", "effective_from"})
    return [_row(reader, _completed(entry, defaults)) for entry in data["implications"]]


def _row(reader: Reader, entry: object) -> Implication:
    reader.rule, reader.line = "?", getattr(entry, "line", 0)
    if not isinstance(entry, dict):
        raise reader.fail("entry_not_mapping")
    reader.rule = str(entry.get("id", "?"))
    reader.keys(entry, _ROW_KEYS, _ROW_NEEDED)
    when = reader.condition(entry["when"])
    effective_from, checked = reader.day(entry, "effective_from"), reader.day(entry, "checked_on")
    sets, computes = entry.get("sets") or {}, entry.get("computes") or {}
    if when is None or effective_from is None or checked is None or not (sets or computes):
        raise reader.fail("implication_keys")
    for name in (*sets, *computes):
        if name not in reader.facts or reader.facts.get(name).claim:
            raise reader.fail("implication_sets", name=name)
    return Implication(
        id=reader.rule,
        file=reader.path.name,
        line=reader.line,
        when=when,
        sets={name: _value(reader, name, raw) for name, raw in sets.items()},
        computes={name: _factor(reader, name, given) for name, given in computes.items()},
        unverified=bool(entry.get("unverified", False)),
        paraphrase=reader.text(entry, "paraphrase"),
        citations=reader.citations(entry["citations"], effective_from),
        effective_from=effective_from,
        effective_to=reader.day(entry, "effective_to"),
        checked_on=checked,
    )


def _value(reader: Reader, name: str, raw: object) -> object:
    # The same check as that of a condition: what a rule may ask for, a row may set.
    test = reader.condition({"fact": name, "is": raw})
    if not isinstance(test, Test) or reader.facts.get(name).type not in ("yes_no", "choice"):
        raise reader.fail("fact_value_invalid", name=name, value=raw)
    return raw


def _factor(reader: Reader, name: str, given: object) -> tuple[str, float, float]:
    if not isinstance(given, dict) or set(given) != {"of", "times", "per"}:
        raise reader.fail("factor_keys", name=name)
    kinds = {reader.facts.get(fact).type if fact in reader.facts else None for fact in (name, given["of"])}
    if kinds != {"number"} or not float(given["per"]) > 0:
        raise reader.fail("factor_not_numbers", name=name, of=given["of"])
    return str(given["of"]), float(given["times"]), float(given["per"])


def _checked_for(path: Path) -> timedelta:
    data = read_located_yaml(path, RuleError)
    days = data.get("checked_for_days") if isinstance(data, dict) and len(data) == 1 else None
    if not isinstance(days, int) or isinstance(days, bool) or not 0 < days < 36525:
        raise RuleError.from_code("checked_for_days", file=path.name)
    return timedelta(days=days)
