"""Reading the YAML of the rulebook; whatever is wrong is refused with file, line and rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import RuleError
from lianzhou_gis.rulebook.facts import TYPES, FactVocabulary
from lianzhou_gis.rulebook.marked import Marked, read_marked
from lianzhou_gis.rulebook.model import Law, Rule
from lianzhou_gis.rulebook.reading import Reader

__all__ = ["completed", "read_facts_vocabulary", "read_laws", "read_rules"]

# What a file may say once for all its rules.
_DEFAULTS = {"theme", "everywhere", "authority", "checked_on"}


def read_rules(path: Path, facts: FactVocabulary, laws: Mapping[str, Law]) -> list[Rule]:
    """Read one file of rules.

    Raises
    ------
    RuleError
        For anything that is not as it should be.
    """
    data = read_marked(path)
    shaped = isinstance(data, dict) and "rules" in data and set(data) <= {"defaults", "rules"}
    if not shaped or not isinstance(data["rules"], list):
        raise RuleError(
            f"{path.name}：应只有 rules 列表与 defaults", f"{path.name}: must hold a list rules, defaults, nothing else"
        )
    reader = Reader(path, facts, laws)
    defaults = data.get("defaults") or {}
    reader.rule, reader.line = "defaults", getattr(defaults, "line", 0)
    reader.keys(defaults, _DEFAULTS)
    return [reader.read(completed(entry, defaults)) for entry in data["rules"]]


def completed(entry: Any, defaults: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a YAML value
    """Return a rule with what its file says once for all of them."""
    if not isinstance(entry, Marked):
        return entry
    completed = Marked({**defaults, **entry})
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
    for law_id, entry in read_marked(path).items():
        reader = Reader(path, FactVocabulary({}), {})
        reader.rule, reader.line = law_id, entry.line
        needed = {"title", "issuer", "link", "effective_from", "effective_to", "articles"}
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
        )
    return laws


def read_facts_vocabulary(path: Path) -> FactVocabulary:
    """Read the vocabulary of facts.

    Raises
    ------
    RuleError
        If an entry is not as it should be.
    """
    data = read_marked(path)
    for name, entry in data.items():
        reader = Reader(path, FactVocabulary({}), {})
        reader.rule, reader.line = name, entry.line
        reader.keys(
            entry,
            {"type", "zh", "en", "question", "unit", "choices", "claim", "help"},
            {"type", "zh", "en", "question"},
        )
        reader.text(entry, "question")
        if "help" in entry:
            reader.text(entry, "help")
        if entry["type"] not in TYPES or (entry["type"] == "choice") != ("choices" in entry):
            raise reader.fail(f"类型 {entry['type']} 有误", f"type {entry['type']} does not fit")
    return FactVocabulary(data)
