"""Rules, their versions and the articles that they rest on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from lianzhou_gis.rulebook.conditions import Condition, Outcome, Test
from lianzhou_gis.vocabulary import Effect, Relation

__all__ = ["Citation", "Law", "Rule", "RuleVersion"]

Text = dict[str, str]
# Article and paragraph: 44(2).
_PARAGRAPH = re.compile(r"(\d+)\((\d+)\)")


@dataclass(frozen=True)
class Law:
    """A law, regulation, standard or plan of the register ``laws.yaml``.

    Attributes
    ----------
    text : datetime.date or None
        Date of the edition whose text the rules were read against; ``None`` where no text was at hand.
    """

    id: str
    title: Text
    issuer: Text
    link: str | None
    effective_from: date
    effective_to: date | None
    articles: int | None
    text: date | None = None

    def in_force(self, day: date) -> bool:
        """Tell whether it is in force on a day; both ends count."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True)
class Citation:
    """One article of one law."""

    law: str
    title: Text
    article: str
    issuer: Text
    link: str | None
    effective_from: date

    @property
    def place(self) -> Text:
        """Where in the law: article and paragraph by number; a chapter or a part of a list as it is named."""
        paragraph = _PARAGRAPH.fullmatch(self.article)
        if paragraph:
            number, place = paragraph.groups()
            return {"zh": f"第{number}条第{place}款", "en": f"art. {number}, para. {place}"}
        if self.article[:1].isdigit() and "." not in self.article:
            return {"zh": f"第{self.article}条", "en": f"art. {self.article}"}
        return {"zh": f"（{self.article.strip('（）')}）", "en": f"({self.article.strip('（）')})"}

    def text(self, lang: str) -> str:
        """Return the citation as it is printed.

        Examples
        --------
        >>> from lianzhou_gis.rulebook import Rulebook
        >>> Rulebook.load().rule("source.primary_unrelated").versions[-1].citations[0].text("zh")
        '《生态环境法典》第319条第1款'
        """
        if lang == "zh":
            return f"《{self.title['zh']}》{self.place['zh']}"
        return f"{self.title['en']}, {self.place['en']}"


@dataclass(frozen=True)
class RuleVersion:
    """A rule in the form of one day.

    Attributes
    ----------
    theme : str or None
        ``None`` for a rule that needs no layer (``everywhere``).
    grades : tuple of str or None
        The grades that it applies to; ``None`` for any.
    named : tuple of str or None
        Applies only to zones whose name holds one of these (and to those without a name); ``None`` for any.
    relation : {"overlap", "within", "touch", "outside"} or None
        ``None`` where ``setback_m`` decides, or the rule needs no layer.
    setback_m : float or None
        Applies up to this distance, metres, overlaps included.
    when : Condition, Test or None
        ``None`` applies always.
    worst : Effect
        The strictest that the rule may turn out to mean; the effect itself unless stated.
    unverified : bool
        Whether its content was not checked against the law's own text: marked so in every output, its effect unchanged.
    """

    id: str
    title: Text
    theme: str | None
    grades: tuple[str, ...] | None
    named: tuple[str, ...] | None
    subject: Literal["footprint", "outfall"]
    relation: str | None
    setback_m: float | None
    when: Condition | Test | None
    effect: Effect
    worst: Effect
    strict: bool
    unverified: bool
    general_procedure: bool
    action: Text
    authority: Text
    blocks: tuple[str, ...]
    curable: Mapping[str, Any] | None
    paraphrase: Text
    citations: tuple[Citation, ...]
    effective_from: date
    effective_to: date | None
    checked_on: date

    @property
    def needs_layer(self) -> bool:
        """Whether a layer has to be looked at."""
        return self.theme is not None

    @property
    def strictest(self) -> Effect:
        """The stricter of its effect and of its worst reading."""
        return self.effect if self.effect.rank <= self.worst.rank else self.worst

    @property
    def everywhere(self) -> bool:
        """Whether facts alone decide."""
        return self.theme is None

    def applies_to(self, grade: str | None, name: str | None = None) -> bool:
        """Tell whether the rule is about zones of this grade and name; a name that is not known may be any."""
        if self.named is not None and name and not any(wanted in name for wanted in self.named):
            return False
        return self.grades is None or grade in self.grades

    def applies_at(self, relation: str, distance_m: float) -> bool:
        """Tell whether a site with this relation to a zone is one that the rule is about."""
        if self.setback_m is not None:
            return distance_m <= self.setback_m
        if self.relation == Relation.OVERLAP:
            return relation in (Relation.OVERLAP, Relation.WITHIN)
        return self.relation == relation

    def evaluate(self, facts: Mapping[str, Any]) -> Outcome:
        """Evaluate the condition; a rule without one applies always."""
        return Outcome(True) if self.when is None else self.when.evaluate(facts)

    def tests(self) -> tuple[Test, ...]:
        """Return the tests that the rule makes of facts."""
        return () if self.when is None else self.when.tests()


@dataclass(frozen=True)
class Rule:
    """A rule with its versions in the order of their dates.

    Attributes
    ----------
    nothing_before : dict or None
        Why nothing is missing before its first version, zh and en; ``None`` where the law of that time was not read.
    """

    id: str
    file: str
    line: int
    versions: tuple[RuleVersion, ...]
    nothing_before: Text | None = None

    def __repr__(self) -> str:
        versions = ", ".join(f"{version.effective_from} {version.effect.value}" for version in self.versions)
        return f"<Rule {self.id}: {versions}>"

    def _repr_html_(self) -> str:
        from lianzhou_gis.reports import rule_card

        return rule_card(self)

    def version(self, day: date) -> RuleVersion | None:
        """Return the version of a day, ``None`` where there is none."""
        for version in self.versions:
            if version.effective_from <= day and (version.effective_to is None or day <= version.effective_to):
                return version
        return None
