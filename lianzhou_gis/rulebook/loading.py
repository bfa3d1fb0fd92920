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

# What a file may say once for all its rules.
_DEFAULTS = {"theme", "everywhere", "authority", "checked_on"}
_ROW_KEYS = {
    "id", "when", "sets", "computes", "unverified", "effective_from", "effective_to", "paraphrase", "citations",
    "checked_on",
}  # fmt: skip
_FACT_KEYS = {
    "type", "zh", "en", "question", "unit", "choices", "claim", "help", "group", "checklist", "known_by", "whole",
    "none", "item", "minimum", "maximum", "formerly", "former_values",
}  # fmt: skip
_ROW_NEEDED = {"id", "when", "effective_from", "paraphrase", "citations", "checked_on"}


def read_files(files: Files) -> Contents:
    """Read a rulebook.

    Raises
    ------
    RuleError
        For anything that is not as it should be, and for what stands twice.
    """
    facts, laws = read_facts_vocabulary(files.facts), read_laws(files.laws)
    found: dict[str, Rule] = {}
    for path in files.rules:
        for rule in read_rules(path, facts, laws):
            if rule.id in found:
                first = found[rule.id]
                raise RuleError(
                    f"{path.name}:{rule.line}：规则 {rule.id} 已见于 {first.file}:{first.line}",
                    f"{path.name}:{rule.line}: rule {rule.id} stands already in {first.file}:{first.line}",
                )
            found[rule.id] = rule
    implied: dict[str, Implication] = {}
    for path in files.implications:
        for row in read_implications(path, facts, laws):
            if row.id in implied:
                raise RuleError(
                    f"{path.name}:{row.line}：{row.id} 重复", f"{path.name}:{row.line}: {row.id} stands twice"
                )
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
        raise RuleError(
            f"{path.name}：应只有 rules 列表与 defaults", f"{path.name}: must hold a list rules, defaults, nothing else"
        )
    reader = Reader(path, facts, laws)
    defaults = data.get("defaults") or {}
    reader.rule, reader.line = "defaults", getattr(defaults, "line", 0)
    reader.keys(defaults, _DEFAULTS)
    return [reader.read(_completed(entry, defaults)) for entry in data["rules"]]


def _completed(entry: Any, defaults: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a YAML value
    """Return a rule with what its file says once for all of them."""
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
            raise reader.fail("缺少 effective_from", "effective_from is missing")
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
            raise reader.fail(f"类型 {entry['type']} 有误", f"type {entry['type']} does not fit")
        _check_fact(reader, entry)
        _check_former(reader, entry, data)
    return FactVocabulary(data)


def _check_fact(reader: Reader, entry: Mapping[str, Any]) -> None:
    """Refuse a group, a source of knowledge, bounds or a checklist that do not fit the fact."""
    if entry.get("group", FACT_GROUPS[0]) not in FACT_GROUPS:
        raise reader.fail(f"没有分组 {entry['group']}", f"no group {entry['group']}")
    if entry.get("known_by", FACT_KNOWN_BY[0]) not in FACT_KNOWN_BY:
        raise reader.fail(f"没有来源 {entry['known_by']}", f"no source {entry['known_by']}")
    is_listable = entry["type"] == "choice" and entry.get("none") in entry.get("choices", {})
    if entry.get("checklist") and not is_listable and (entry["type"] != "yes_no" or entry.get("claim")):
        raise reader.fail(
            "列入清单的应为不需文件的是否类信息，或写明 none 的选项类信息",
            "a checklist holds what is yes or no without a document, or a choice that names its none",
        )
    if ("none" in entry) != ("item" in entry) or ("none" in entry and not (is_listable and entry.get("checklist"))):
        raise reader.fail(
            "none 与 item 只用于列入清单的选项类信息", "none and item belong to a choice on the checklist"
        )
    if "item" in entry:
        reader.text(entry, "item")
    bounds = {"whole", "minimum", "maximum"} & set(entry)
    if bounds and entry["type"] != "number":
        raise reader.fail(f"{sorted(bounds)} 只用于数值", f"{sorted(bounds)} belong to a number")


def _check_former(reader: Reader, entry: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Refuse a former name that is a fact, a meaning other than same or part, and values without a successor."""
    for name, meaning in entry.get("formerly", {}).items():
        if name in facts or meaning not in ("same", "part"):
            raise reader.fail(f"formerly 的 {name} 有误", f"formerly: {name}: {meaning} does not fit")
    for value, successors in entry.get("former_values", {}).items():
        choices = entry.get("choices", {})
        if value in choices or not successors or not set(successors) <= set(choices):
            raise reader.fail(f"former_values 的 {value} 有误", f"former_values: {value}: {successors} does not fit")


def read_implications(path: Path, facts: FactVocabulary, laws: Mapping[str, Law]) -> list[Implication]:
    """Read one file of implications.

    Raises
    ------
    RuleError
        For anything that is not as it should be.
    """
    data = read_located_yaml(path, RuleError)
    if not isinstance(data, dict) or not set(data) <= {"defaults", "implications"} or "implications" not in data:
        raise RuleError(
            f"{path.name}：应只有 implications 列表与 defaults",
            f"{path.name}: must hold a list implications, defaults, nothing else",
        )
    reader = Reader(path, facts, laws)
    reader.rule = "defaults"
    defaults = data.get("defaults") or {}
    reader.keys(defaults, {"checked_on", "effective_from"})
    return [_row(reader, _completed(entry, defaults)) for entry in data["implications"]]


def _row(reader: Reader, entry: Any) -> Implication:  # noqa: ANN401 - a YAML value
    reader.rule, reader.line = "?", getattr(entry, "line", 0)
    if not isinstance(entry, dict):
        raise reader.fail("应为键值对", "must be a mapping")
    reader.rule = str(entry.get("id", "?"))
    reader.keys(entry, _ROW_KEYS, _ROW_NEEDED)
    when = reader.condition(entry["when"])
    effective_from, checked = reader.day(entry, "effective_from"), reader.day(entry, "checked_on")
    sets, computes = entry.get("sets") or {}, entry.get("computes") or {}
    if when is None or effective_from is None or checked is None or not (sets or computes):
        raise reader.fail(
            "应有 when、effective_from、checked_on 及 sets 或 computes",
            "needs when, effective_from, checked_on and sets or computes",
        )
    for name in (*sets, *computes):
        if name not in reader.facts or reader.facts.get(name).claim:
            raise reader.fail(f"不能设定项目信息 {name}", f"the fact {name} cannot be set")
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


def _value(reader: Reader, name: str, raw: Any) -> Any:  # noqa: ANN401 - a YAML value
    # The same check as that of a condition: what a rule may ask for, a row may set.
    test = reader.condition({"fact": name, "is": raw})
    if not isinstance(test, Test) or reader.facts.get(name).type not in ("yes_no", "choice"):
        raise reader.fail(f"{name} 的值 {raw!r} 有误", f"{name} cannot be {raw!r}")
    return raw


def _factor(reader: Reader, name: str, given: Any) -> tuple[str, float, float]:  # noqa: ANN401 - a YAML value
    if not isinstance(given, dict) or set(given) != {"of", "times", "per"}:
        raise reader.fail(f"{name} 应有 of、times、per", f"{name} needs of, times and per")
    kinds = {reader.facts.get(fact).type if fact in reader.facts else None for fact in (name, given["of"])}
    if kinds != {"number"} or not float(given["per"]) > 0:
        raise reader.fail(f"{name} 与 {given['of']} 应为数值", f"{name} and {given['of']} must be numbers")
    return str(given["of"]), float(given["times"]), float(given["per"])


def _checked_for(path: Path) -> timedelta:
    data = read_located_yaml(path, RuleError)
    days = data.get("checked_for_days") if isinstance(data, dict) and len(data) == 1 else None
    if not isinstance(days, int) or isinstance(days, bool) or not 0 < days < 36525:
        raise RuleError(
            f"{path.name}：应只有 checked_for_days，为正整数天数", f"{path.name}: needs checked_for_days alone, in days"
        )
    return timedelta(days=days)
