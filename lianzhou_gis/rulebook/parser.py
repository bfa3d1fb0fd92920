"""The parts that files of the rulebook are made of: texts, days, conditions, citations, versions of rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import Message, RuleError
from lianzhou_gis.located_yaml import LocatedMapping
from lianzhou_gis.rulebook.conditions import OPERATORS, Condition, Test
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.industries import parse_industry_code
from lianzhou_gis.rulebook.model import Citation, Law, Rule, RuleVersion
from lianzhou_gis.vocabulary import Effect, label, themes

__all__ = ["Reader", "condition_of"]

_VERSION_KEYS = {
    "effective_from", "effective_to", "paraphrase", "citations", "grade", "relation", "setback_m", "when", "effect",
    "worst", "action", "unverified", "strict", "title",
}  # fmt: skip
_RULE_KEYS = (
    _VERSION_KEYS - {"effective_from", "effective_to", "paraphrase", "citations"}
    | {"id", "theme", "everywhere", "named", "subject", "general_procedure", "authority", "blocks", "curable"}
    | {"checked_on", "versions", "nothing_before"}
)  # fmt: skip
_CURES = {"cut", "survey", "assessment", "procedure", "relocation"}


class Reader:
    """Reads one file of the rulebook; every refusal names the file, the line and the rule or row."""

    def __init__(self, path: Path, facts: FactVocabulary, laws: Mapping[str, Law]) -> None:
        self.path, self.facts, self.laws = path, facts, laws
        self.rule, self.line = "", 0

    def fail(self, code: str, **parameters: object) -> RuleError:
        """Return the refusal of what is being read, with its place."""
        where, problem = f"{self.path.name}:{self.line}", Message.from_code(code, **parameters)
        return RuleError.from_code("rule_invalid", where=where, rule=self.rule, problem=problem)

    def keys(self, entry: Mapping[str, Any], allowed: Iterable[str], needed: Iterable[str] = ()) -> None:
        """Refuse keys that are not allowed, and the absence of those needed."""
        unknown, absent = sorted(set(entry) - set(allowed)), sorted(set(needed) - set(entry))
        if unknown:
            raise self.fail("key_unknown", keys=unknown)
        if absent:
            raise self.fail("key_missing", keys=absent)

    def text(self, entry: Mapping[str, Any], key: str) -> dict[str, str]:
        """Return a text that must be there in both languages."""
        value = entry.get(key)
        if (
            not isinstance(value, dict)
            or set(value) != {"zh", "en"}
            or not all(str(item).strip() for item in value.values())
        ):
            raise self.fail("text_languages", key=key)
        return {"zh": str(value["zh"]).strip(), "en": str(value["en"]).strip()}

    def day(self, entry: Mapping[str, Any], key: str) -> date | None:
        """Return a date, ``None`` where there is none."""
        value = entry.get(key)
        if value is not None and type(value) is not date:
            raise self.fail("not_a_date", key=key)
        return value

    def effect(self, value: object) -> Effect:
        """Return an effect by its name."""
        try:
            return Effect(str(value))
        except ValueError as error:
            raise self.fail("effect_unknown", value=value) from error

    def condition(self, tree: object) -> Condition | Test | None:
        """Return a tree of tests; ``None`` where nothing is asked."""
        if tree is None:
            return None
        if not isinstance(tree, dict) or not tree:
            raise self.fail("condition_operator")
        if "fact" in tree:
            return self._test(tree)
        if len(tree) != 1 or next(iter(tree)) not in ("all", "any", "not", "asked_if"):
            raise self.fail("condition_keys", keys=sorted(tree))
        ((operator, members),) = tree.items()
        listed = [members] if operator == "not" else members
        if not isinstance(listed, list) or not listed:
            raise self.fail("condition_members", operator=operator)
        read = tuple(member for member in map(self.condition, listed) if member is not None)
        if operator == "asked_if" and len(read) != 2:
            raise self.fail("asked_if_members")
        if operator == "not" and isinstance(read[0], Condition) and read[0].operator == "asked_if":
            # What is not asked counts as no; turned round it would count as yes.
            raise self.fail("asked_if_in_not")
        return Condition(operator, read)

    def _test(self, tree: Mapping[str, Any]) -> Test:
        operators = [key for key in tree if key != "fact"]
        if len(operators) != 1 or operators[0] not in OPERATORS:
            raise self.fail("test_operator", fact=tree["fact"], operators=OPERATORS)
        name, operator, value = str(tree["fact"]), operators[0], tree[operators[0]]
        if name not in self.facts:
            raise self.fail("fact_missing", name=name)
        fact = self.facts.get(name)
        listed = value if operator == "in" else [value]
        if not isinstance(listed, list) or not listed:
            raise self.fail("test_list", name=name)
        checks: dict[str, Callable[[Any], bool]] = {
            "yes_no": lambda item: isinstance(item, bool) and operator in ("is", "in"),
            "number": lambda item: isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item),
            "choice": lambda item: item in fact.choices and operator in ("is", "in"),
            "text": lambda item: isinstance(item, str) and operator in ("is", "in"),
            "codes": lambda item: parse_industry_code(str(item)) is not None and operator in ("is", "in"),
        }
        if not all(checks[fact.type](item) for item in listed):
            raise self.fail("test_value", value=value, name=name, operator=operator)
        if operator == "in":
            return Test(name, operator, tuple(str(item) if fact.type == "codes" else item for item in listed))
        return Test(name, operator, str(value) if fact.type == "codes" else value)

    def citations(self, entries: object, effective_from: date) -> tuple[Citation, ...]:
        """Return citations of articles that the register of laws has."""
        if not isinstance(entries, list) or not entries:
            raise self.fail("key_missing", keys="citations")
        found = []
        for entry in entries:
            if not isinstance(entry, dict):
                raise self.fail("citation_keys")
            self.keys(entry, {"law", "article"}, {"law", "article"})
            law = self.laws.get(str(entry["law"]))
            if law is None:
                raise self.fail("law_unknown", law=entry["law"])
            article = str(entry["article"])
            number = article.split("-")[0].split("(")[0].split("第")[0]
            if law.articles is not None and number.isdigit() and not 1 <= int(number) <= law.articles:
                raise self.fail("article_unknown", count=law.articles, article=article, title=law.title)
            found.append(Citation(law.id, law.title, article, law.issuer, law.link, law.effective_from))
        return tuple(found)

    def grades(self, theme: str | None, value: object) -> tuple[str, ...] | None:
        """Return grades of a theme; ``None`` for any."""
        if value in (None, "any"):
            return None
        listed = tuple(value) if isinstance(value, list) else (value,)
        known = {grade.id for grade in themes()[theme].grades} if theme else set()
        unknown = [str(grade) for grade in listed if grade not in known]
        if unknown:
            raise self.fail("grade_unknown", theme=theme, grades=unknown)
        return listed

    def names(self, value: object) -> tuple[str, ...] | None:
        """Return names of zones; ``None`` for any."""
        if value is None:
            return None
        if not isinstance(value, list) or not value or not all(isinstance(name, str) and name for name in value):
            raise self.fail("names_list")
        return tuple(value)

    def version(self, entry: LocatedMapping, given: Mapping[str, Any]) -> RuleVersion:
        """Return one version of a rule: the rule's fields, overridden by the version's."""
        merged = {**entry, **given}
        theme = None if entry.get("everywhere") else entry["theme"]
        effective_from = self.day(given, "effective_from")
        if effective_from is None:
            raise self.fail("key_missing", keys="effective_from")
        effective_to = self.day(given, "effective_to")
        if effective_to is not None and effective_to < effective_from:
            raise self.fail("version_dates")
        relation, setback = merged.get("relation"), merged.get("setback_m")
        if theme is not None and (relation is None) == (setback is None):
            raise self.fail("relation_or_setback")
        if relation not in (None, "overlap", "within", "touch", "outside"):
            raise self.fail("relation_unknown", relation=relation)
        effect = self.effect(merged.get("effect"))
        curable = merged.get("curable")
        if curable is not None and (not isinstance(curable, dict) or curable.get("by") not in _CURES):
            raise self.fail("cure_unknown", cures=sorted(_CURES))
        blocks = merged.get("blocks") or []
        for block in blocks:
            try:
                label("blocks", block)
            except KeyError as error:
                raise self.fail("blocks_unknown", block=block) from error
        checked = self.day(merged, "checked_on")
        if checked is None:
            raise self.fail("key_missing", keys="checked_on")
        citations = self.citations(given.get("citations"), effective_from)
        return RuleVersion(
            id=self.rule,
            title=self.text(merged, "title"),
            theme=theme,
            grades=self.grades(theme, merged.get("grade")),
            named=self.names(merged.get("named")),
            subject=merged.get("subject", "footprint"),
            relation=relation,
            setback_m=None if setback is None else float(setback),
            when=self.condition(merged.get("when")),
            effect=effect,
            worst=self.effect(merged["worst"]) if merged.get("worst") else effect,
            strict=bool(merged.get("strict", False)),
            unverified=bool(merged.get("unverified", False))
            or all(self.laws[cited.law].text is None for cited in citations),
            general_procedure=bool(merged.get("general_procedure", False)),
            action=self.text(merged, "action"),
            authority=self.text(merged, "authority"),
            blocks=tuple(blocks),
            curable=curable,
            paraphrase=self.text(given, "paraphrase"),
            citations=citations,
            effective_from=effective_from,
            effective_to=effective_to,
            checked_on=checked,
        )

    def read(self, entry: object) -> Rule:
        """Return one rule with its versions."""
        self.rule, self.line = "?", getattr(entry, "line", 0)
        if not isinstance(entry, LocatedMapping):
            raise self.fail("entry_not_mapping")
        self.rule = str(entry.get("id", "?"))
        self.keys(entry, _RULE_KEYS, {"id", "title", "effect", "action", "authority", "checked_on", "versions"})
        if bool(entry.get("everywhere")) == ("theme" in entry):
            raise self.fail("theme_or_everywhere")
        if "theme" in entry and entry["theme"] not in themes():
            raise self.fail("rule_theme_unknown", theme=entry["theme"])
        if entry.get("subject", "footprint") not in ("footprint", "outfall"):
            raise self.fail("subject_unknown", subject=entry["subject"])
        if not isinstance(entry["versions"], list) or not entry["versions"]:
            raise self.fail("versions_list")
        versions: list[RuleVersion] = []
        for given in entry["versions"]:
            self.line = getattr(given, "line", self.line)
            if not isinstance(given, dict):
                raise self.fail("entry_not_mapping")
            self.keys(given, _VERSION_KEYS)
            version = self.version(entry, given)
            if versions and (versions[-1].effective_to is None or version.effective_from <= versions[-1].effective_to):
                raise self.fail("versions_order")
            versions.append(version)
        before = self.text(entry, "nothing_before") if "nothing_before" in entry else None
        return Rule(self.rule, self.path.name, entry.line, tuple(versions), before)


def condition_of(tree: object, facts: FactVocabulary, name: str) -> Condition | Test | None:
    """Read the condition of an access-list item, of the same shape as in a rule.

    Raises
    ------
    RuleError
        If it is none.
    """
    reader = Reader(Path("when"), facts, {})
    reader.rule = name
    return reader.condition(tree)
