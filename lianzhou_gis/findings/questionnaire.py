"""Questions as a person answers them: what the project is, lists with one answer each, what remains, the region's part.

One list is one answer: what is there is marked, everything else on it is recorded as an explicit no. What would prove a
prohibition at this very site stands on a list of its own. Within a round no layer has to be read again: an answer that
makes others needless, or needful, does so at once (:meth:`Questionnaire.still_open`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lianzhou_gis.findings.records import Question
from lianzhou_gis.rulebook import FactVocabulary, Rulebook
from lianzhou_gis.rulebook.facts import ACCESS_PREFIX, FACT_GROUPS
from lianzhou_gis.rulebook.implications import Implications
from lianzhou_gis.rulebook.model import RuleVersion
from lianzhou_gis.vocabulary import Verdict

__all__ = ["LIST_KINDS", "QuestionList", "Questionnaire", "questionnaire"]

# What the whole project is: asked before anything that may follow from it.
FIRST = ("project_type", "industry_code", "construction_nature", "target_use")
OUTFALL, SOURCE_DOWNSTREAM = "outfall", "source_downstream"
# Facts that are asked only once others are no longer open.
_AFTER = {
    OUTFALL: frozenset({"wastewater_route", "new_outfall"}),
    SOURCE_DOWNSTREAM: frozenset({"wastewater_route", "new_outfall", OUTFALL}),
}
LIST_KINDS = ("prohibiting", "other")


@dataclass(frozen=True)
class QuestionList:
    """Facts that one answer settles: those that are marked are there, all others are not.

    Attributes
    ----------
    kind : {"prohibiting", "other"}
        What would prove a prohibition here; the rest, items of the access list and claims that need a document last.
    facts : tuple of str
    """

    kind: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Questionnaire:
    """What to ask of one site now.

    Attributes
    ----------
    first : tuple of str
        Facts from which much follows; while any is open the rest may shrink.
    lists : tuple of QuestionList
        Each is one answer.
    single : tuple of str
        Facts that are asked one by one even where nothing on the lists is there.
    conditional : tuple of str
        Facts that only some answers of this round open.
    region : tuple of str
        Facts that an office confirms once for all projects.
    at_least, at_most : int
        How many answers are still needed: where they go well, and where each opens all that it can.
    """

    first: tuple[str, ...] = ()
    lists: tuple[QuestionList, ...] = ()
    single: tuple[str, ...] = ()
    conditional: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    at_least: int = 0
    at_most: int = 0
    _round: _Round | None = field(default=None, repr=False, compare=False)

    @property
    def answers(self) -> int:
        """How many answers this round asks for where nothing conditional is opened."""
        return len(self.first) + len(self.lists) + len(self.single) + len(self.region)

    @property
    def listed(self) -> tuple[str, ...]:
        """All facts of the lists."""
        return tuple(name for one in self.lists for name in one.facts)

    def __bool__(self) -> bool:
        return self.answers > 0

    def still_open(self, answers: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the facts of this round that are still needed after some answers, in the order to ask them.

        Parameters
        ----------
        answers : mapping of str to value
            As read by the vocabulary; ``None`` for what was asked and is not known.

        Returns
        -------
        tuple of str
            Never one that was answered.
        """
        if self._round is None:
            return ()
        return self._round.still_open(self, answers)


@dataclass(frozen=True)
class _Round:
    """The rules that are open at a site, evaluated without reading a layer again."""

    asked: Mapping[str, Question]
    known: Mapping[str, Any]
    versions: Mapping[str, RuleVersion]
    implications: Implications
    vocabulary: FactVocabulary

    def needed(self, answers: Mapping[str, Any]) -> set[str]:
        """Return the facts on which an open rule still depends with these answers."""
        facts = self.with_answers(answers)
        needed: set[str] = set()
        for name, question in self.asked.items():
            for rule_id in question.rules:
                version = self.versions.get(rule_id)
                if version is None:
                    needed |= {name} if facts.get(name) is None else set()
                    continue
                outcome = version.evaluate(facts)
                needed |= outcome.missing
                if version.subject == OUTFALL and outcome.value is not False and facts.get(OUTFALL) is None:
                    needed |= {OUTFALL} & set(self.asked)
        return needed

    def with_answers(self, answers: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts with answers and what follows; without what follows where the answers contradict it."""
        given = {name: value for name, value in answers.items() if value is not None}
        return self.implications.follow(self.known, given, frozenset()) or {**self.known, **given}

    def still_open(self, own: Questionnaire, answers: Mapping[str, Any]) -> tuple[str, ...]:
        if own.first:
            facts = self.with_answers(answers)
            return tuple(name for name in own.first if name not in answers and facts.get(name) is None)
        needed = self.needed(answers) - set(answers)
        # What decides whether there is an outfall comes before where it is, and where it is before what lies below it,
        # which the water courses may answer once the place is known.
        wanted = {name for name in needed if not needed & _AFTER.get(name, frozenset())}
        wanted -= {SOURCE_DOWNSTREAM} if answers.get(OUTFALL) is not None else set()
        return self.ordered(wanted & {*own.listed, *own.single, *own.conditional, *own.region})

    def ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return facts in the order of groups, and within one of the vocabulary; items of access lists last."""
        order = {fact.name: place for place, fact in enumerate(self.vocabulary)}
        groups = {group: place for place, group in enumerate(FACT_GROUPS)}

        def place(name: str) -> tuple[int, int, str]:
            if name.startswith(ACCESS_PREFIX):
                return len(groups), 0, name
            return groups.get(self.vocabulary.get(name).group or "", len(groups)), order.get(name, 0), name

        return tuple(sorted(names, key=place))


def questionnaire(
    questions: Sequence[Question], known: Mapping[str, Any], rulebook: Rulebook, day: date, *, verdict: Verdict
) -> Questionnaire:
    """Return the questions of one site as a person answers them.

    While type, code, nature or use of the land is open nothing else is asked: much follows from them.

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
        return Questionnaire()
    vocabulary, implications = rulebook.facts, rulebook.implied_on(day)
    versions = {version.id: version for version in rulebook.in_force(day)}
    this = _Round(asked, known, versions, implications, vocabulary)
    first = tuple(name for name in FIRST if name in asked or (name == FIRST[0] and _is_early(known)))
    lists = _lists(this, [name for name in asked if name not in first], verdict)
    listed = {name for one in lists for name in one.facts}
    region = {name for name in asked if _known_by(name, vocabulary) == "region"} - set(first)
    rest = set(asked) - set(first) - listed - region
    none = {name: _absent(name, vocabulary) for name in listed}
    single = this.needed(none) & rest
    at_most = len(first) + len(lists) + len(rest) + len(region) + sum(_opens_more(name, vocabulary) for name in listed)
    if first:
        return Questionnaire(first=first, at_least=len(first) - _implied_by_type(first), at_most=at_most, _round=this)
    return Questionnaire(
        lists=lists,
        single=this.ordered(single),
        conditional=this.ordered(rest - single),
        region=this.ordered(region),
        at_least=len(lists) + len(single) + len(region),
        at_most=at_most,
        _round=this,
    )


def _lists(this: _Round, names: Sequence[str], verdict: Verdict) -> tuple[QuestionList, ...]:
    """Return the lists: what would prohibit, and the rest.

    A claim that needs a document is listed where it is needed though nothing else is there; else an answer opens it.
    """
    vocabulary = this.vocabulary
    listable = [name for name in names if name.startswith(ACCESS_PREFIX) or vocabulary.get(name).checklist]
    alone = {name for name in listable if _prohibits_alone(this, name, verdict)}
    # What prohibits only by what follows from it is covered by the item on that.
    alone = {name for name in alone if not _follows(this, name) & (alone - {name})}
    needed = this.needed({name: _absent(name, vocabulary) for name in listable})
    claims = [name for name in names if vocabulary.get(name).claim and name in needed]
    found = {
        "prohibiting": this.ordered(alone),
        "other": (*this.ordered(set(listable) - alone), *this.ordered(claims)),
    }
    return tuple(QuestionList(kind, found[kind]) for kind in LIST_KINDS if found[kind])


def _absent(name: str, vocabulary: FactVocabulary) -> bool | str:
    return False if name.startswith(ACCESS_PREFIX) else vocabulary.get(name).not_there()


def _opens_more(name: str, vocabulary: FactVocabulary) -> bool:
    """Tell whether marking an item asks one thing more: which choice, or which document."""
    if name.startswith(ACCESS_PREFIX):
        return False
    fact = vocabulary.get(name)
    return fact.none is not None or fact.claim


def _follows(this: _Round, name: str) -> set[str]:
    """Return the facts that a yes to one would settle."""
    after = this.implications.follow(this.known, {name: True}, frozenset()) or {}
    return {other for other, value in after.items() if value is not None and this.known.get(other) is None}


def _is_early(known: Mapping[str, Any]) -> bool:
    """Tell whether it is worth asking what type of project it is: nothing of the kind is known yet."""
    return known.get("project_type") is None and known.get("industry_code") is None


def _implied_by_type(first: Sequence[str]) -> int:
    """Return how many of the first facts the type of project may itself answer."""
    return int(FIRST[0] in first and "target_use" in first)


def _known_by(name: str, vocabulary: FactVocabulary) -> str:
    return "applicant" if name.startswith(ACCESS_PREFIX) else vocabulary.get(name).known_by


def _decided_otherwise(question: Question, questions: Sequence[Question]) -> bool:
    """Tell whether an item of an access list waits for other facts that decide it without a person."""
    if not question.fact.startswith(ACCESS_PREFIX):
        return False
    return any(set(question.rules) & set(other.rules) for other in questions if other is not question)


def _prohibits_alone(this: _Round, name: str, verdict: Verdict) -> bool:
    """Tell whether marking an item alone would prove a prohibition that is not proven without it.

    A choice of which only some prohibit does not: which it is, is asked by itself.
    """
    absent = this.vocabulary.get(name).none or "no"
    replies = {reply.value: reply for reply in this.asked[name].replies if not reply.contradicts}
    marked = [reply for value, reply in replies.items() if value != absent]
    no = replies.get(absent)
    return (
        verdict is not Verdict.PROHIBITED
        and bool(marked)
        and all(reply.verdict is Verdict.PROHIBITED for reply in marked)
        and (no is None or no.verdict is not Verdict.PROHIBITED)
    )
