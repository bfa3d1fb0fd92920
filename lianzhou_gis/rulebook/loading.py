"""Reading the YAML of the rulebook; whatever is wrong is refused with file, line and rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lianzhou_gis.errors import RuleError
from lianzhou_gis.rulebook.conditions import OPERATORS, Condition, Test
from lianzhou_gis.rulebook.facts import TYPES, FactVocabulary
from lianzhou_gis.rulebook.model import Citation, Law, Rule, RuleVersion
from lianzhou_gis.vocabulary import Effect, label, themes

__all__ = ["Marked", "condition_of", "read_facts_vocabulary", "read_laws", "read_marked", "read_rules"]

_LARGEST = 2_000_000
_VERSION_KEYS = {
    "effective_from", "effective_to", "paraphrase", "citations", "grade", "relation", "setback_m", "when", "effect",
    "worst", "action", "unverified", "strict", "title",
}  # fmt: skip
_RULE_KEYS = (
    _VERSION_KEYS - {"effective_from", "effective_to", "paraphrase", "citations"}
    | {"id", "theme", "everywhere", "part", "named", "subject", "general_procedure", "authority", "blocks", "curable"}
    | {"checked_on", "versions"}
)  # fmt: skip
# What a file may say once for all its rules.
_DEFAULTS = {"theme", "everywhere", "authority", "checked_on"}
_CURES = {"cut", "survey", "assessment", "procedure", "relocation"}


class Marked(dict[str, Any]):
    """A YAML mapping that knows its line."""

    line: int = 0


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses duplicate keys and keeps the line of each mapping."""


def _mapping(loader: Any, node: yaml.MappingNode) -> Marked:  # noqa: ANN401 - a YAML loader
    result = Marked()
    result.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
        try:
            result[key] = loader.construct_object(value_node, deep=True)
        except ValueError as error:
            # A 30 February and its like: the reader of YAML takes it for a date and then stumbles over it.
            raise yaml.constructor.ConstructorError(None, None, f"{key}: {error}", value_node.start_mark) from error
    return result


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_marked(path: Path) -> Any:  # noqa: ANN401 - any YAML
    """Read a YAML file whose mappings know their lines.

    Raises
    ------
    RuleError
        If it is no YAML, too large, or has a duplicate key.
    """
    text = path.read_text(encoding="utf-8")
    if len(text) > _LARGEST:
        raise RuleError(f"{path.name}：文件过大", f"{path.name}: the file is too large")
    try:
        if "&" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise RuleError(f"{path.name}：不接受 YAML 引用", f"{path.name}: YAML aliases are not accepted")
        return yaml.load(text, Loader=_Loader)
    except (RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        # Newer builds of libyaml stop at a depth of their own; older ones run into Python's.
        if isinstance(error, RecursionError) or "nesting depth" in problem:
            raise RuleError(f"{path.name}：嵌套过深", f"{path.name}: nested too deeply") from error
        raise RuleError(f"{path.name}:{line}：YAML 有误（{problem}）", f"{path.name}:{line}: {problem}") from error


class _Reader:
    """Reads one file; every refusal names the file, the line and the rule."""

    def __init__(self, path: Path, facts: FactVocabulary, laws: Mapping[str, Law]) -> None:
        self.path, self.facts, self.laws = path, facts, laws
        self.rule, self.line = "", 0

    def fail(self, zh: str, en: str) -> RuleError:
        where = f"{self.path.name}:{self.line}"
        return RuleError(f"{where}：规则 {self.rule}：{zh}", f"{where}: rule {self.rule}: {en}")

    def keys(self, entry: Mapping[str, Any], allowed: Iterable[str], needed: Iterable[str] = ()) -> None:
        unknown, absent = sorted(set(entry) - set(allowed)), sorted(set(needed) - set(entry))
        if unknown:
            raise self.fail(f"未知的键 {', '.join(unknown)}", f"unknown key {', '.join(unknown)}")
        if absent:
            raise self.fail(f"缺少 {', '.join(absent)}", f"{', '.join(absent)} is missing")

    def text(self, entry: Mapping[str, Any], key: str) -> dict[str, str]:
        value = entry.get(key)
        if (
            not isinstance(value, dict)
            or set(value) != {"zh", "en"}
            or not all(str(item).strip() for item in value.values())
        ):
            raise self.fail(f"{key} 应有 zh 和 en 两种文字", f"{key} needs a text in zh and en")
        return {"zh": str(value["zh"]).strip(), "en": str(value["en"]).strip()}

    def day(self, entry: Mapping[str, Any], key: str) -> date | None:
        value = entry.get(key)
        if value is not None and type(value) is not date:
            raise self.fail(f"{key} 不是日期", f"{key} is no date")
        return value

    def effect(self, value: Any) -> Effect:  # noqa: ANN401 - a YAML value
        try:
            return Effect(value)
        except ValueError as error:
            raise self.fail(f"没有效力 {value!r}", f"no effect {value!r}") from error

    def condition(self, tree: Any) -> Condition | Test | None:  # noqa: ANN401 - a YAML value
        if tree is None:
            return None
        if not isinstance(tree, dict) or not tree:
            raise self.fail("when 应为 all/any/not 或 fact", "when must be all, any, not or a fact")
        if "fact" in tree:
            return self._test(tree)
        if len(tree) != 1 or next(iter(tree)) not in ("all", "any", "not"):
            raise self.fail(f"when 的键 {sorted(tree)} 有误", f"when has keys {sorted(tree)}")
        ((operator, members),) = tree.items()
        listed = [members] if operator == "not" else members
        if not isinstance(listed, list) or not listed:
            raise self.fail(f"{operator} 应为非空列表", f"{operator} needs a list that is not empty")
        read = tuple(self.condition(member) for member in listed)
        return Condition(operator, tuple(member for member in read if member is not None))

    def _test(self, tree: Mapping[str, Any]) -> Test:
        operators = [key for key in tree if key != "fact"]
        if len(operators) != 1 or operators[0] not in OPERATORS:
            raise self.fail(
                f"fact {tree['fact']} 应有 {OPERATORS} 之一", f"fact {tree['fact']} needs one of {OPERATORS}"
            )
        name, operator, value = str(tree["fact"]), operators[0], tree[operators[0]]
        if name not in self.facts:
            raise self.fail(f"没有项目信息 {name}", f"no fact {name} in the vocabulary")
        fact = self.facts.get(name)
        listed = value if operator == "in" else [value]
        if not isinstance(listed, list) or not listed:
            raise self.fail(f"{name} 的 in 应为非空列表", f"in of {name} needs a list")
        checks: dict[str, Callable[[Any], bool]] = {
            "yes_no": lambda item: isinstance(item, bool) and operator in ("is", "in"),
            "number": lambda item: isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item),
            "choice": lambda item: item in fact.choices and operator in ("is", "in"),
            "text": lambda item: isinstance(item, str) and operator in ("is", "in"),
            "codes": lambda item: isinstance(item, str | int) and operator in ("is", "in"),
        }
        if not all(checks[fact.type](item) for item in listed):
            raise self.fail(f"{name} 不能与 {value!r} 比较", f"{name} cannot be compared with {value!r} by {operator}")
        if operator == "in":
            return Test(name, operator, tuple(str(item) if fact.type == "codes" else item for item in listed))
        return Test(name, operator, str(value) if fact.type == "codes" else value)

    def citations(self, entries: Any, effective_from: date) -> tuple[Citation, ...]:  # noqa: ANN401 - a YAML value
        if not isinstance(entries, list) or not entries:
            raise self.fail("缺少 citations", "citations is missing")
        found = []
        for entry in entries:
            if not isinstance(entry, dict):
                raise self.fail("citation 应写明 law 与 article", "a citation needs law and article")
            self.keys(entry, {"law", "article"}, {"law", "article"})
            law = self.laws.get(str(entry["law"]))
            if law is None:
                raise self.fail(f"laws.yaml 中没有 {entry['law']}", f"laws.yaml has no {entry['law']}")
            article = str(entry["article"])
            number = article.split("-")[0].split("(")[0].split("第")[0]
            if law.articles is not None and number.isdigit() and not 1 <= int(number) <= law.articles:
                raise self.fail(
                    f"{law.title['zh']}只有 {law.articles} 条，没有第 {article} 条",
                    f"{law.id} has {law.articles} articles, no {article}",
                )
            found.append(Citation(law.id, law.title, article, law.issuer, law.link, law.effective_from))
        return tuple(found)

    def grades(self, theme: str | None, value: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - a YAML value
        if value in (None, "any"):
            return None
        listed = tuple(value) if isinstance(value, list) else (value,)
        known = {grade.id for grade in themes()[theme].grades} if theme else set()
        unknown = [str(grade) for grade in listed if grade not in known]
        if unknown:
            raise self.fail(f"主题 {theme} 没有级别 {unknown}", f"theme {theme} has no grade {unknown}")
        return listed

    def names(self, value: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - a YAML value
        if value is None:
            return None
        if not isinstance(value, list) or not value or not all(isinstance(name, str) and name for name in value):
            raise self.fail("named 应为名称的非空列表", "named needs a list of names")
        return tuple(value)

    def version(self, entry: Marked, given: Mapping[str, Any]) -> RuleVersion:
        merged = {**entry, **given}
        theme = None if entry.get("everywhere") else entry["theme"]
        effective_from = self.day(given, "effective_from")
        if effective_from is None:
            raise self.fail("缺少 effective_from", "effective_from is missing")
        effective_to = self.day(given, "effective_to")
        if effective_to is not None and effective_to < effective_from:
            raise self.fail("effective_to 早于 effective_from", "effective_to is before effective_from")
        relation, setback = merged.get("relation"), merged.get("setback_m")
        if theme is not None and (relation is None) == (setback is None):
            raise self.fail("relation 与 setback_m 应有且只有一个", "exactly one of relation and setback_m is needed")
        if relation not in (None, "overlap", "within", "touch", "outside"):
            raise self.fail(f"没有关系 {relation}", f"no relation {relation}")
        effect = self.effect(merged.get("effect"))
        curable = merged.get("curable")
        if curable is not None and (not isinstance(curable, dict) or curable.get("by") not in _CURES):
            raise self.fail(
                f"curable 的 by 应为 {sorted(_CURES)} 之一", f"by of curable must be one of {sorted(_CURES)}"
            )
        blocks = merged.get("blocks") or []
        for block in blocks:
            try:
                label("blocks", block)
            except KeyError as error:
                raise self.fail(f"没有 blocks {block}", f"no blocks {block}") from error
        checked = self.day(merged, "checked_on")
        if checked is None:
            raise self.fail("缺少 checked_on", "checked_on is missing")
        return RuleVersion(
            id=self.rule,
            title=self.text(merged, "title"),
            theme=theme,
            grades=self.grades(theme, merged.get("grade")),
            part=merged.get("part"),
            named=self.names(merged.get("named")),
            subject=merged.get("subject", "footprint"),
            relation=relation,
            setback_m=None if setback is None else float(setback),
            when=self.condition(merged.get("when")),
            effect=effect,
            worst=self.effect(merged["worst"]) if merged.get("worst") else effect,
            strict=bool(merged.get("strict", False)),
            unverified=bool(merged.get("unverified", False)),
            general_procedure=bool(merged.get("general_procedure", False)),
            action=self.text(merged, "action"),
            authority=self.text(merged, "authority"),
            blocks=tuple(blocks),
            curable=curable,
            paraphrase=self.text(given, "paraphrase"),
            citations=self.citations(given.get("citations"), effective_from),
            effective_from=effective_from,
            effective_to=effective_to,
            checked_on=checked,
        )

    def read(self, entry: Any) -> Rule:  # noqa: ANN401 - a YAML value
        self.rule, self.line = "?", getattr(entry, "line", 0)
        if not isinstance(entry, Marked):
            raise self.fail("规则应为键值对", "a rule must be a mapping")
        self.rule = str(entry.get("id", "?"))
        self.keys(entry, _RULE_KEYS, {"id", "title", "effect", "action", "authority", "checked_on", "versions"})
        if bool(entry.get("everywhere")) == ("theme" in entry):
            raise self.fail("theme 与 everywhere 应有且只有一个", "exactly one of theme and everywhere is needed")
        if "theme" in entry and entry["theme"] not in themes():
            raise self.fail(f"没有主题 {entry['theme']}", f"no theme {entry['theme']}")
        if entry.get("subject", "footprint") not in ("footprint", "outfall"):
            raise self.fail(f"没有 subject {entry['subject']}", f"no subject {entry['subject']}")
        if not isinstance(entry["versions"], list) or not entry["versions"]:
            raise self.fail("versions 应为非空列表", "versions needs a list that is not empty")
        versions: list[RuleVersion] = []
        for given in entry["versions"]:
            self.line = getattr(given, "line", self.line)
            if not isinstance(given, dict):
                raise self.fail("version 应为键值对", "a version must be a mapping")
            self.keys(given, _VERSION_KEYS)
            version = self.version(entry, given)
            if versions and (versions[-1].effective_to is None or version.effective_from <= versions[-1].effective_to):
                raise self.fail("各版本日期重叠或未按先后排列", "versions overlap or are not in order")
            versions.append(version)
        return Rule(self.rule, self.path.name, entry.line, tuple(versions))


def condition_of(tree: Any, facts: FactVocabulary, name: str) -> Condition | Test | None:  # noqa: ANN401 - JSON
    """Read the condition of an access-list item, of the same shape as in a rule.

    Raises
    ------
    RuleError
        If it is none.
    """
    reader = _Reader(Path("when"), facts, {})
    reader.rule = name
    return reader.condition(tree)


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
    reader = _Reader(path, facts, laws)
    defaults = data.get("defaults") or {}
    reader.rule, reader.line = "defaults", getattr(defaults, "line", 0)
    reader.keys(defaults, _DEFAULTS)
    return [reader.read(_completed(entry, defaults)) for entry in data["rules"]]


def _completed(entry: Any, defaults: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a YAML value
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
        reader = _Reader(path, FactVocabulary({}), {})
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
        reader = _Reader(path, FactVocabulary({}), {})
        reader.rule, reader.line = name, entry.line
        reader.keys(
            entry, {"type", "zh", "en", "question", "unit", "choices", "claim"}, {"type", "zh", "en", "question"}
        )
        reader.text(entry, "question")
        if entry["type"] not in TYPES or (entry["type"] == "choice") != ("choices" in entry):
            raise reader.fail(f"类型 {entry['type']} 有误", f"type {entry['type']} does not fit")
    return FactVocabulary(data)
