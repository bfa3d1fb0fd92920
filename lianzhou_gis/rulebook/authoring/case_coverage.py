"""Which case proves which rule: for every version its articles, and what kinds of cases hold it in place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from lianzhou_gis.rulebook.authoring.worked_cases import Case, read_cases
from lianzhou_gis.rulebook.model import Rule, RuleVersion
from lianzhou_gis.rulebook.rulebook import Rulebook

__all__ = ["Proof", "proofs", "proofs_as_csv"]

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Proof:
    """The cases of one version of a rule.

    Attributes
    ----------
    hits, misses, unknown : int
        Cases of the version by what they expect: a finding, none, a missing fact.
    days : tuple of datetime.date
        The last day before it and its first, the last day of it and the first after.
    shown : frozenset of datetime.date
        Those of the days on which the rule has a case.
    """

    rule: Rule
    version: RuleVersion
    hits: int
    misses: int
    unknown: int
    days: tuple[date, ...]
    shown: frozenset[date]

    @property
    def lacking(self) -> list[str]:
        """Return what no case shows: ``hit``, ``miss``, ``unknown`` or a day."""
        found = [] if self.hits else ["hit"]
        if self.version.when is not None:
            found += [] if self.misses else ["miss"]
            found += [] if self.unknown else ["unknown"]
        return found + [str(day) for day in self.days if day not in self.shown]


def proofs(rulebook: Rulebook) -> Iterator[Proof]:
    """Yield the proof of every version of every rule.

    Examples
    --------
    >>> {kind for proof in proofs(Rulebook.load()) for kind in proof.lacking}
    set()
    """
    cases: dict[str, list[Case]] = {}
    for case in read_cases(rulebook):
        cases.setdefault(case.rule, []).append(case)
    for rule in rulebook.rules:
        listed = cases.get(rule.id, [])
        for version in rule.versions:
            last = version.effective_to
            own = [case for case in listed if version.effective_from <= case.as_of <= (last or date.max)]
            days = [version.effective_from - _DAY, version.effective_from]
            days += [] if last is None else [last, last + _DAY]
            yield Proof(
                rule=rule,
                version=version,
                hits=sum(case.expect == "finding" for case in own),
                misses=sum(case.expect == "none" for case in own),
                unknown=sum(case.expect == "missing_fact" for case in own),
                days=tuple(days),
                shown=frozenset(case.as_of for case in listed),
            )


def proofs_as_csv(rulebook: Rulebook) -> str:
    """Return a row for every version and article, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["rule", "from", "to", "effect", "unverified", "law", "article", "hits", "misses", "unknown_fact"])
    for proof in proofs(rulebook):
        version = proof.version
        for citation in version.citations:
            writer.writerow(
                [
                    version.id,
                    version.effective_from,
                    version.effective_to or "",
                    version.effect.value,
                    "unverified" if version.unverified else "",
                    citation.law,
                    citation.article,
                    proof.hits,
                    proof.misses,
                    proof.unknown,
                ]
            )
    return stream.getvalue()
