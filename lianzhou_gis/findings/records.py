"""The records that an assessment yields: findings, gaps, questions, compared items of access lists, overrides."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from shapely.geometry.base import BaseGeometry

from lianzhou_gis.rulebook import Citation
from lianzhou_gis.table import FieldFormat
from lianzhou_gis.vocabulary import Effect, GapReason, Verdict

__all__ = ["AccessComparison", "Finding", "Gap", "Override", "Question", "Reply", "finding_id"]

Text = dict[str, str]
Area = Annotated[float, FieldFormat("m2", 2)]
AreaOrNone = Annotated[float | None, FieldFormat("m2", 2)]
Metres = Annotated[float | None, FieldFormat("m", 2)]
Share = Annotated[float | None, FieldFormat(None, 6)]
# Part of the record of the site in JSON.
SiteId = Annotated[str, FieldFormat(not_in=("json",))]
# Drawn from GeoPackage and GeoParquet; JSON has measures alone.
Shape = Annotated[BaseGeometry | None, FieldFormat(not_in=("json",))]
# What a rule says of itself stands once in rules.json of a batch, not in every row.
OfRule = FieldFormat(not_in=("parquet",))
RuleText = Annotated[Text, OfRule]


def finding_id(site_id: str, layer_id: str | None, zone_id: str | None, rule_id: str, subject: str) -> str:
    """Return 12 hex that name a finding whatever the run.

    Examples
    --------
    >>> finding_id("S1", "water", "W1", "rule", "footprint")
    'c7d1ae37df21'
    """
    key = "\0".join((site_id, layer_id or "", zone_id or "", rule_id, subject))
    return hashlib.sha256(key.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Finding:
    """One rule that applies to one site, through one zone or everywhere.

    Attributes
    ----------
    effect, worst : Effect
        What is proven, and the strictest that it may turn out to mean (a doubtful overlap, an open word of the law).
    curable : mapping or None
        By what it can be cured, with the m2 of a cut or survey.
    geometry : shapely geometry or None
        The shared part of site and zone, EPSG:4490.
    """

    finding_id: str
    site_id: SiteId
    layer_id: str | None
    theme: str | None
    zone_id: str | None
    zone_name: str | None
    grade: str | None
    relation: str | None
    subject: str
    rule_id: str
    title: RuleText
    effect: Effect
    worst: Effect
    doubtful: bool
    unverified: bool
    general_procedure: bool
    facts_used: dict[str, Any]
    missing_facts: Annotated[tuple[str, ...], OfRule]
    paraphrase: RuleText
    citations: Annotated[tuple[Citation, ...], OfRule]
    action: RuleText
    authority: RuleText
    blocks: Annotated[tuple[str, ...], OfRule]
    curable: dict[str, Any] | None
    override: Annotated[Override | None, OfRule]
    area_m2: Area
    share_of_site: Share
    length_m: Metres
    distance_m: Metres
    geometry: Shape = None


@dataclass(frozen=True)
class Gap:
    """Something that is not assessed.

    Attributes
    ----------
    worst : Verdict
        The strictest that it may hide.
    """

    site_id: SiteId
    reason: GapReason
    theme: str | None
    layer_id: str | None
    zone_id: str | None
    rule_id: str | None
    facts: tuple[str, ...]
    detail: Text
    worst: Verdict
    area_m2: AreaOrNone = None
    geometry: Shape = None

    @property
    def asks(self) -> bool:
        """Whether knowing more of the project would close it."""
        return self.reason in (GapReason.MISSING_FACT, GapReason.ACCESS_UNDECIDED)


@dataclass(frozen=True)
class AccessComparison:
    """One item of an access list compared with a project, as the EIA form asks, whatever came out.

    Attributes
    ----------
    unit_id, unit_name, unit_grade : str or None
        ``None`` for an item of province, region or city, which holds in every unit.
    known : dict
        What is known of the project on the facts that the item turns on; ``None`` is unknown.
    outcome : {"bears", "does_not_bear", "restated", "undecided"}
    finding_id : str or None
        Of the finding that it led to.
    """

    site_id: SiteId
    layer_id: Annotated[str, FieldFormat(not_in=("json",))]
    level: str
    unit_id: str | None
    unit_name: str | None
    unit_grade: str | None
    item_id: str
    dimension: str
    kind: str
    effect: Effect
    text: str
    document: str | None
    known: dict[str, Any]
    missing_facts: tuple[str, ...]
    outcome: str
    finding_id: str | None
    area_m2: Area
    share_of_site: Share


@dataclass(frozen=True)
class Reply:
    """One answer to a question, and what the verdict would then be, all else as it is.

    Attributes
    ----------
    value : str
        As it is written behind ``--set FACT=``.
    sets : dict of str to str
        All that has to be given: a claim needs its document.
    settles : int
        How many open points it closes.
    contradicts : bool
        Whether it contradicts what is known; then nothing is foretold.
    """

    value: str
    label: Text
    sets: dict[str, str]
    settles: int
    verdict: Verdict
    worst_possible: Verdict
    contradicts: bool


@dataclass(frozen=True)
class Question:
    """A fact that is asked for.

    Attributes
    ----------
    rules : tuple of str
        What hangs on it.
    settles, settles_always : int
        How many open points its best answer closes, and how many any answer does.
    place : int or None
        Its place in the short list of questions that can close every open point; ``None`` for those not on it.
    suggested : str or None
        The answer by which it does so there.
    replies : tuple of Reply
        What each answer would lead to; empty where answers cannot be listed.
    """

    site_id: str
    fact: str
    question: Text
    rules: tuple[str, ...]
    settles: int
    settles_always: int
    place: int | None
    suggested: str | None
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class Override:
    """A judgement of a person on a finding: kept beside it, it changes no verdict of the software.

    Attributes
    ----------
    finding_id : str
    decision, reason, evidence : str
        In their words; evidence is a document or its number.
    office : str
        Which office decided.
    by : str or None
        The person, where named.
    decided_on : datetime.date
    """

    finding_id: str
    decision: str
    office: str
    reason: str
    evidence: str
    decided_on: date
    by: str | None = None
