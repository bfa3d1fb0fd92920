"""Rules in words: conditions, places and times as a planner reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lianzhou_gis.rulebook.conditions import Condition, Test
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.industries import industry_name
from lianzhou_gis.rulebook.model import Rule, RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import Effect, label, theme

__all__ = ["before_in_words", "citations_in_words", "condition_in_words", "place_in_words", "time_in_words"]

_JOIN = {"zh": {"all": "，且", "any": "，或"}, "en": {"all": " and ", "any": " or "}}


def condition_in_words(tree: Condition | Test | None, vocabulary: FactVocabulary, lang: str) -> str:
    """Return a condition as a sentence.

    Examples
    --------
    >>> from lianzhou_gis.rulebook import Rulebook
    >>> facts = Rulebook.load().facts
    >>> both = Condition("all", (Test("livestock", "is", True), Test("livestock_head", "at_least", 500)))
    >>> condition_in_words(both, facts, "zh")
    '畜禽养殖：是，且养殖规模不少于 500头'
    """
    if tree is None:
        return "不论何种项目" if lang == "zh" else "whatever the project"
    if isinstance(tree, Test):
        return _test(tree, vocabulary, lang)
    members = [condition_in_words(member, vocabulary, lang) for member in tree.members]
    if tree.operator == "not":
        return f"并非（{members[0]}）" if lang == "zh" else f"not ({members[0]})"
    if tree.operator == "asked_if":
        asked, what = members
        return (
            f"{what}（未提供时只向“{asked}”的项目询问，其余按否）"
            if lang == "zh"
            else f"{what} (where unknown, asked only if {asked}, else taken as no)"
        )
    # What is joined otherwise inside is put into brackets, so that no one has to know which binds tighter.
    wrapped = [
        text
        if isinstance(member, Test) or member.operator in ("not", tree.operator)
        else (f"（{text}）" if lang == "zh" else f"({text})")
        for member, text in zip(tree.members, members, strict=True)
    ]
    return _JOIN[lang][tree.operator].join(wrapped)


def _test(test: Test, vocabulary: FactVocabulary, lang: str) -> str:
    fact = vocabulary.get(test.fact)
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    if fact.type == "codes":
        shown = [f"{code} {industry_name(code)}".strip() if lang == "zh" else str(code) for code in map(str, values)]
        within = "属于 " if lang == "zh" else " in "
        return f"{fact.label[lang]}{within}{('、' if lang == 'zh' else ', ').join(shown)}"
    shown = [vocabulary.shown(test.fact, value)[lang] for value in values]
    if test.operator in ("at_least", "at_most"):
        words = {
            "zh": {"at_least": "不少于", "at_most": "不多于"},
            "en": {"at_least": "at least", "at_most": "at most"},
        }
        space = "" if lang == "zh" else " "
        return f"{fact.label[lang]}{space}{words[lang][test.operator]} {shown[0]}"
    if lang == "zh":
        return f"{fact.label['zh']}：{'或'.join(shown)}"
    return f"{fact.label['en']}: {' or '.join(shown)}"


def place_in_words(version: RuleVersion, lang: str) -> str:
    """Return where a rule applies: theme, grades, names and how the site lies.

    Examples
    --------
    >>> from lianzhou_gis.rulebook import Rulebook
    >>> place_in_words(Rulebook.load().rule("source.primary_unrelated").versions[-1], "zh")
    '占用饮用水水源保护区（一级保护区）'
    """
    if version.theme is None:
        return "不限地点，依项目信息判断" if lang == "zh" else "anywhere, by the facts of the project"
    kind = theme(version.theme)
    named = {grade.id: grade.label[lang] for grade in kind.grades}
    comma = "、" if lang == "zh" else ", "
    parts = [named[grade] for grade in version.grades or ()] + list(version.named or ())
    of = kind.label[lang]
    if parts:
        of += f"（{comma.join(parts)}）" if lang == "zh" else f" ({comma.join(parts)})"
    who = {"zh": "排污口位于", "en": "outfall in "}[lang] if version.subject == "outfall" else ""
    if version.setback_m is not None:
        return f"{of} {version.setback_m:g} 米以内" if lang == "zh" else f"within {version.setback_m:g} m of {of}"
    if version.relation == "outside":
        return f"未全部位于{of}之内" if lang == "zh" else f"not wholly inside {of}"
    relation = who or label("relation", str(version.relation))[lang] + ("" if lang == "zh" else " ")
    return f"{relation}{of}"


def time_in_words(version: RuleVersion, lang: str) -> str:
    """Return from when to when a version is in force."""
    until = version.effective_to or ("今" if lang == "zh" else "now")
    return f"{version.effective_from} 至 {until}" if lang == "zh" else f"{version.effective_from} to {until}"


def before_in_words(rule: Rule, rulebook: Rulebook, lang: str) -> str | None:
    """Return what holds before the first version of a rule; ``None`` where it begins with the rulebook or is a notice.

    Examples
    --------
    >>> from lianzhou_gis.rulebook import Rulebook
    >>> book = Rulebook.load()
    >>> before_in_words(book.rule("karst.groundwater_risk"), book, "zh")
    '2021-12-01 以前：当时的法律未收入规则库，基准日在此以前的项目涉及本条时不作判断'
    """
    first = rule.versions[0]
    if first.effective_from <= rulebook.begins or first.strictest is Effect.NOTICE:
        return None
    if rule.nothing_before is not None:
        note = rule.nothing_before[lang]
    elif lang == "zh":
        note = "当时的法律未收入规则库，基准日在此以前的项目涉及本条时不作判断"
    else:
        note = "the law of that time is not in the rulebook; where it would apply nothing is decided for earlier days"
    return f"{first.effective_from} 以前：{note}" if lang == "zh" else f"Before {first.effective_from}: {note}"


def citations_in_words(citations: Sequence[Any], lang: str) -> str:
    """Return citations in a row."""
    return ("；" if lang == "zh" else "; ").join(citation.text(lang) for citation in citations)
