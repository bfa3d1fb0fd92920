"""``rules check``: what the loader cannot refuse because each rule alone is well formed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from lianzhou_gis.errors import Issue
from lianzhou_gis.rulebook.cases import Case, read_cases
from lianzhou_gis.rulebook.model import Rule
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.rulebook.soundness import soundness
from lianzhou_gis.vocabulary import Effect, themes

__all__ = ["check_rulebook"]

# Asked for wherever a rule is about an outfall, and tested by no condition.
_ASKED_BY_PLACE = "outfall"


def check_rulebook(rulebook: Rulebook, *, today: date) -> list[Issue]:
    """Check a rulebook that loads.

    Parameters
    ----------
    rulebook : Rulebook
    today : datetime.date

    Returns
    -------
    list of Issue
        Errors: a case that does not come out, a rule without a hit, a version without a case, a change of law without a
        case on its day and the day before, a citation of a law not in force with the version, a rule that can never
        bear, two rules that contradict. Warnings: no case of a miss or of an unknown fact, a theme and grade without a
        rule, a fact that nothing asks for, rules and implications not looked at for a year.
    """
    return [
        *_cases(rulebook),
        *_citations(rulebook),
        *soundness(rulebook),
        *_coverage(rulebook, today),
        *_facts(rulebook),
        *_stale(rulebook, today),
    ]


def _cases(rulebook: Rulebook) -> list[Issue]:
    issues: list[Issue] = []
    worked: dict[str, list[Case]] = {rule.id: [] for rule in rulebook.rules}
    for case in read_cases(rulebook):
        where = f"{case.file}:{case.line}"
        if case.rule not in worked:
            issues.append(Issue("error", "case_fails", where, f"没有规则 {case.rule}", f"there is no rule {case.rule}"))
            continue
        worked[case.rule].append(case)
        failure = case.failure(rulebook)
        if failure:
            issues.append(
                Issue("error", "case_fails", where, f"用例“{case.name}”不符：{failure}", f"{case.name}: {failure}")
            )
    for rule in rulebook.rules:
        issues += _kinds(rule, worked[rule.id])
    return issues


def _kinds(rule: Rule, cases: list[Case]) -> list[Issue]:
    """Return what kinds of cases a rule lacks: hit, miss, unknown fact, every version, the days of every change."""
    where = f"{rule.file}:{rule.line}"
    if not cases:
        return [Issue("error", "rule_without_case", where, f"规则 {rule.id} 没有用例", f"{rule.id} has no case")]

    def lacking(severity: Literal["error", "warning"], zh: str, en: str) -> Issue:
        return Issue(
            severity, "case_missing", where, f"规则 {rule.id} 没有{zh}的用例", f"{rule.id} has no case of {en}"
        )

    issues = []
    shown, days = {case.expect for case in cases}, {case.as_of for case in cases}
    if "finding" not in shown:
        issues.append(lacking("error", "命中", "a hit"))
    if "none" not in shown:
        issues.append(lacking("warning", "不命中", "a miss"))
    asking = any(version.when is not None and version.effect is not Effect.NOTICE for version in rule.versions)
    if asking and "missing_fact" not in shown:
        issues.append(lacking("warning", "信息未知", "an unknown fact"))
    for version in rule.versions:
        if not any(version.effective_from <= day <= (version.effective_to or date.max) for day in days):
            issues.append(
                lacking("error", f" {version.effective_from} 起版本", f"the version of {version.effective_from}")
            )
    for version in rule.versions[1:]:
        for day in (version.effective_from - timedelta(days=1), version.effective_from):
            if day not in days:
                issues.append(lacking("error", f" {day}（变更前后）", f"{day}, at the change"))
    return issues


def _facts(rulebook: Rulebook) -> list[Issue]:
    """Name the facts that no rule and no implication asks for or sets, and that nothing else can use."""
    used: set[str] = set()
    for rule in rulebook.rules:
        for version in rule.versions:
            used |= version.when.facts() if version.when is not None else frozenset()
    for row in rulebook.implications:
        used |= row.when.facts() | {*row.sets, *row.computes} | {of for of, _, _ in row.computes.values()}
    return [
        Issue(
            "warning",
            "fact_unused",
            "facts.yaml",
            f"没有规则使用项目信息 {fact.name}",
            f"no rule asks for the fact {fact.name}",
        )
        for fact in rulebook.facts
        if fact.name not in used and fact.name != _ASKED_BY_PLACE
    ]


def _citations(rulebook: Rulebook) -> list[Issue]:
    issues = []
    for rule in rulebook.rules:
        for version in rule.versions:
            for citation in version.citations:
                law = rulebook.laws[citation.law]
                last = version.effective_to or date.max
                if law.effective_from > version.effective_from or (law.effective_to or date.max) < last:
                    if version.effect.value == "notice":
                        continue
                    issues.append(
                        Issue(
                            "error",
                            "law_not_in_force",
                            f"{rule.file}:{rule.line}",
                            f"规则 {rule.id} 的版本（{version.effective_from} 起）超出《{law.title['zh']}》的有效期",
                            f"{rule.id}: the version from {version.effective_from} is not within the time of {law.id}",
                        )
                    )
    return issues


def _coverage(rulebook: Rulebook, today: date) -> list[Issue]:
    """Name the themes and grades that no rule speaks of: a gap for every site in them."""
    rules = [rule for rule in rulebook.in_force(today) if rule.needs_layer]
    issues = []
    for theme in themes().values():
        grades: list[str | None] = [item.id for item in theme.grades]
        for grade in grades or [None]:
            if not any(rule.theme == theme.id and rule.applies_to(grade) for rule in rules):
                named = f"{theme.id}/{grade}" if grade else theme.id
                issues.append(
                    Issue(
                        "warning", "no_rule", named, f"{named} 在 {today} 没有有效规则", f"{named}: no rule on {today}"
                    )
                )
    return issues


def _stale(rulebook: Rulebook, today: date) -> list[Issue]:
    checked = [(rule.file, rule.line, rule.id, rule.versions[-1].checked_on) for rule in rulebook.rules]
    checked += [(row.file, row.line, row.id, row.checked_on) for row in rulebook.implications]
    return [
        Issue(
            "warning",
            "not_checked_lately",
            f"{file}:{line}",
            f"规则 {name} 上次核对于 {day}",
            f"{name} was last checked on {day}",
        )
        for file, line, name, day in checked
        if today - day > rulebook.checked_for
    ]
