"""``rules check``: what the loader cannot refuse because each rule alone is well formed."""

from __future__ import annotations

from datetime import date, timedelta

from lianzhou_gis.errors import Issue
from lianzhou_gis.rulebook.cases import read_cases
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import themes

__all__ = ["check_rulebook"]

# A rule that nobody has looked at for so long is worth a look, whatever it says.
_STALE = timedelta(days=365)


def check_rulebook(rulebook: Rulebook, *, today: date) -> list[Issue]:
    """Check a rulebook that loads.

    Parameters
    ----------
    rulebook : Rulebook
    today : datetime.date

    Returns
    -------
    list of Issue
        Errors: a case that does not come out, a rule without a case, a citation of a law not in force with the
        version, a theme and grade without a rule. Warnings: rules not looked at for a year.
    """
    return [*_cases(rulebook), *_citations(rulebook), *_coverage(rulebook, today), *_stale(rulebook, today)]


def _cases(rulebook: Rulebook) -> list[Issue]:
    issues, worked = [], set()
    for case in read_cases(rulebook):
        worked.add(case.rule)
        failure = case.failure(rulebook)
        if failure:
            where = f"{case.file}:{case.line}"
            issues.append(
                Issue("error", "case_fails", where, f"用例“{case.name}”不符：{failure}", f"{case.name}: {failure}")
            )
    for rule in rulebook.rules:
        if rule.id not in worked:
            where = f"{rule.file}:{rule.line}"
            issues.append(
                Issue("error", "rule_without_case", where, f"规则 {rule.id} 没有用例", f"{rule.id} has no case")
            )
    return issues


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
    return [
        Issue(
            "warning",
            "not_checked_lately",
            f"{rule.file}:{rule.line}",
            f"规则 {rule.id} 上次核对于 {rule.versions[-1].checked_on}",
            f"{rule.id} was last checked on {rule.versions[-1].checked_on}",
        )
        for rule in rulebook.rules
        if today - rule.versions[-1].checked_on > _STALE
    ]
