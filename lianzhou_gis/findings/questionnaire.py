"""Questions as a person answers them: type and code first, single questions, one checklist, what the region confirms.

A checklist is one answer ("none of these") that is recorded as an explicit no for each of its items. What could bring
a prohibition at this very site by a yes alone stands as a question of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lianzhou_gis.findings.records import Question
from lianzhou_gis.rulebook import FactVocabulary, Rulebook
from lianzhou_gis.rulebook.facts import ACCESS_PREFIX, FACT_GROUPS
from lianzhou_gis.vocabulary import Verdict

__all__ = ["Questionnaire", "questionnaire"]

# What the whole project is: asked before anything that may follow from it.
FIRST = ("project_type", "industry_code", "construction_nature", "target_use")


@dataclass(frozen=True)
class Questionnaire:
    """What to ask of one site now.

    Attributes
    ----------
    first : tuple of str
        Facts from which much follows; while any is open the rest may shrink.
    single : tuple of str
        Facts asked one by one, by group.
    checklist : tuple of str
        Facts that one answer "none of these" settles.
    region : tuple of str
        Facts that an office confirms once for all projects.
    at_least, at_most : int
        How many answers are still needed: where they go well, and where each opens all that it can.
    """

    first: tuple[str, ...]
    single: tuple[str, ...]
    checklist: tuple[str, ...]
    region: tuple[str, ...]
    at_least: int
    at_most: int

    @property
    def answers(self) -> int:
        """How many answers this round asks for."""
        return len(self.first) + len(self.single) + bool(self.checklist) + len(self.region)

    def __bool__(self) -> bool:
        return self.answers > 0


def questionnaire(
    questions: Sequence[Question], known: Mapping[str, Any], rulebook: Rulebook, day: date, *, verdict: Verdict
) -> Questionnaire:
    """Return the questions of one site as a person answers them.

    While type, code, nature or use of the land is open nothing else is asked: much follows from them. What hangs on a
    yes to something of the same round waits for the next.

    Parameters
    ----------
    questions : sequence of Question
        Of one site.
    known : mapping
        Its facts, with all that follows.
    rulebook : Rulebook
    day : datetime.date
    verdict : Verdict
        What is proven of it.

    Returns
    -------
    Questionnaire
        Empty where nothing is open.
    """
    asked = {question.fact: question for question in questions if not _decided_otherwise(question, questions)}
    if not asked:
        return Questionnaire((), (), (), (), 0, 0)
    vocabulary = rulebook.facts
    region = [name for name in asked if _known_by(name, vocabulary) == "region"]
    first = [name for name in FIRST if name in asked or (name == FIRST[0] and _early(known))]
    alone = {name for name, question in asked.items() if _prohibits_alone(question, verdict)}
    # What prohibits only by what follows from it is covered by the question on that.
    alone = {name for name in alone if not _follows(name, known, rulebook, day) & (alone - {name})}
    checklist = [
        name
        for name, question in asked.items()
        if name not in (*first, *region) and _listed(name, vocabulary) and name not in alone
    ]
    needed = _needed(asked, known, checklist, rulebook, day)
    single = [name for name in asked if name not in (*first, *region, *checklist) and name in needed]
    order = {fact.name: place for place, fact in enumerate(vocabulary)}
    groups = {group: place for place, group in enumerate(FACT_GROUPS)}

    def place(name: str) -> tuple[int, int, str]:
        if name.startswith(ACCESS_PREFIX):
            return len(groups), 0, name
        return groups.get(vocabulary.get(name).group or "", len(groups)), order.get(name, 0), name

    short = {question.fact for question in questions if question.place is not None}
    listed = set(checklist)
    at_most = len(first) + len(asked) - len(set(first) & set(asked)) - len(listed) + bool(listed)
    if first:
        return Questionnaire(tuple(first), (), (), (), min(len(first), at_most), at_most)
    now = len(single) + bool(listed) + len(region)
    return Questionnaire(
        (),
        tuple(sorted(single, key=place)),
        tuple(sorted(checklist, key=place)),
        tuple(sorted(region, key=place)),
        at_least=min(len(short - listed) + bool(short & listed), now),
        at_most=at_most,
    )


def _follows(name: str, known: Mapping[str, Any], rulebook: Rulebook, day: date) -> set[str]:
    """Return the facts that a yes to one would settle."""
    after = rulebook.implied_on(day).follow(known, {name: True}, frozenset()) or {}
    return {other for other, value in after.items() if value is not None and known.get(other) is None}


def _early(known: Mapping[str, Any]) -> bool:
    """Tell whether it is worth asking what type of project it is: nothing of the kind is known yet."""
    return known.get("project_type") is None and known.get("industry_code") is None


def _known_by(name: str, vocabulary: FactVocabulary) -> str:
    return "applicant" if name.startswith(ACCESS_PREFIX) else vocabulary.get(name).known_by


def _listed(name: str, vocabulary: FactVocabulary) -> bool:
    return not name.startswith(ACCESS_PREFIX) and vocabulary.get(name).checklist


def _decided_otherwise(question: Question, questions: Sequence[Question]) -> bool:
    """Tell whether an item of an access list waits for other facts that decide it without a person."""
    if not question.fact.startswith(ACCESS_PREFIX):
        return False
    return any(set(question.rules) & set(other.rules) for other in questions if other is not question)


def _needed(
    asked: Mapping[str, Question], known: Mapping[str, Any], checklist: Sequence[str], rulebook: Rulebook, day: date
) -> set[str]:
    """Return what is still asked where the checklist is answered with "none of these"."""
    none = rulebook.implied_on(day).follow(known, dict.fromkeys(checklist, False), frozenset())
    facts = {**known, **dict.fromkeys(checklist, False)} if none is None else none
    versions = {version.id: version for version in rulebook.in_force(day)}
    needed: set[str] = set()
    for name, question in asked.items():
        for rule_id in question.rules:
            version = versions.get(rule_id)
            if version is None:
                needed.add(name)
                continue
            outcome = version.evaluate(facts)
            needed |= outcome.missing
            if version.subject == "outfall" and outcome.value:
                needed.add("outfall")
    return needed


def _prohibits_alone(question: Question, verdict: Verdict) -> bool:
    """Tell whether a yes alone would prove a prohibition that is not proven without it."""
    replies = {reply.value: reply for reply in question.replies if not reply.contradicts}
    yes, no = replies.get("yes"), replies.get("no")
    return (
        yes is not None
        and yes.verdict is Verdict.PROHIBITED
        and verdict is not Verdict.PROHIBITED
        and (no is None or no.verdict is not Verdict.PROHIBITED)
    )
