"""``rules check``: what the loader cannot refuse because each rule alone is well formed."""

from __future__ import annotations

from datetime import date

from lianzhou_gis.errors import Issue, Severity
from lianzhou_gis.rulebook.authoring.case_coverage import proofs
from lianzhou_gis.rulebook.authoring.consistency import soundness
from lianzhou_gis.rulebook.authoring.routes import pending_texts, routes
from lianzhou_gis.rulebook.authoring.worked_cases import Case, read_cases
from lianzhou_gis.rulebook.rulebook import Rulebook
from lianzhou_gis.vocabulary import themes

__all__ = ["check_rulebook"]

# Asked for wherever a rule is about an outfall, or by items of access lists, and tested by no condition of a rule.
_ASKED_ELSEWHERE = ("outfall", "in_park")


def check_rulebook(rulebook: Rulebook, *, today: date) -> list[Issue]:
    """Check a rulebook that loads.

    Parameters
    ----------
    rulebook : Rulebook
    today : datetime.date

    Returns
    -------
    list of Issue
        Errors: a failing case, a rule without a case, a version without a hit or without cases on and beside the
        days of its beginning and end, a citation of a law not in force with the version, a rule that can never
        apply, two rules that contradict. Warnings: a version without a case of a miss or of an unknown fact, a theme
        and grade without a rule, an unused fact, a route that no answers reach, a forgotten choice, rules and
        implications not checked for long. Infos: texts to obtain.
    """
    return [
        *_cases(rulebook),
        *_citations(rulebook),
        *soundness(rulebook),
        *_coverage(rulebook, today),
        *_facts(rulebook),
        *routes(rulebook, today),
        *_stale(rulebook, today),
        *pending_texts(rulebook, today),
    ]


def _cases(rulebook: Rulebook) -> list[Issue]:
    issues: list[Issue] = []
    worked: dict[str, list[Case]] = {rule.id: [] for rule in rulebook.rules}
    for case in read_cases(rulebook):
        where = f"{case.file}:{case.line}"
        if case.rule not in worked:
            issues.append(Issue.from_code("error", "case_fails.unknown_rule", where, rule=case.rule))
            continue
        worked[case.rule].append(case)
        failure = case.failure(rulebook)
        if failure:
            issues.append(Issue.from_code("error", "case_fails", where, case=case.name, failure=failure))
    for rule in rulebook.rules:
        if not worked[rule.id]:
            where = f"{rule.file}:{rule.line}"
            issues.append(Issue.from_code("error", "rule_without_case", where, rule=rule.id))
    return issues + _kinds(rulebook)


def _kinds(rulebook: Rulebook) -> list[Issue]:
    """Return what kinds of cases a version lacks: hit, miss, unknown fact, the days of its beginning and end."""
    issues = []
    for proof in proofs(rulebook):
        version, rule = proof.version, proof.rule
        named = {"rule": rule.id, "day": version.effective_from}
        for kind in proof.lacking:
            severity: Severity = "warning" if kind in ("miss", "unknown") else "error"
            where = f"{rule.file}:{rule.line}"
            if kind in ("hit", "miss", "unknown"):
                issues.append(Issue.from_code(severity, f"case_missing.{kind}", where, **named))
            else:
                issues.append(Issue.from_code(severity, "case_missing.change", where, at=kind, **named))
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
        Issue.from_code("warning", "fact_unused", "facts.yaml", fact=fact.name)
        for fact in rulebook.facts
        if fact.name not in used and fact.name not in _ASKED_ELSEWHERE
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
                        Issue.from_code(
                            "error",
                            "law_not_in_force",
                            f"{rule.file}:{rule.line}",
                            rule=rule.id,
                            day=version.effective_from,
                            title=law.title,
                        )
                    )
    return issues


def _coverage(rulebook: Rulebook, today: date) -> list[Issue]:
    """Name the themes and grades without a rule: a gap for every site in them."""
    rules = [rule for rule in rulebook.in_force(today) if rule.needs_layer]
    issues = []
    for theme in themes().values():
        grades: list[str | None] = [item.id for item in theme.grades]
        for grade in grades or [None]:
            if not any(rule.theme == theme.id and rule.applies_to(grade) for rule in rules):
                named = f"{theme.id}/{grade}" if grade else theme.id
                issues.append(Issue.from_code("warning", "no_rule", named, zone=named, day=today))
    return issues


def _stale(rulebook: Rulebook, today: date) -> list[Issue]:
    checked = [(rule.file, rule.line, rule.id, rule.versions[-1].checked_on) for rule in rulebook.rules]
    checked += [(row.file, row.line, row.id, row.checked_on) for row in rulebook.implications]
    return [
        Issue.from_code("warning", "not_checked_lately", f"{file}:{line}", rule=name, day=day)
        for file, line, name, day in checked
        if today - day > rulebook.checked_for
    ]
