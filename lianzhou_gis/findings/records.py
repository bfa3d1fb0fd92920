"""The rows that findings, gaps and questions are made of, and their tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from lianzhou_gis.rulebook import Citation
from lianzhou_gis.vocabulary import Effect, GapReason, Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AccessComparison",
    "Finding",
    "Gap",
    "Override",
    "Question",
    "Reply",
    "finding_id",
    "of_site",
    "place_of_finding",
    "place_of_gap",
    "table_of",
]

Text = dict[str, str]


def finding_id(site_id: str, layer_id: str | None, zone_id: str | None, rule_id: str, subject: str) -> str:
    """Return 12 hex that name a finding whatever the run.

    Examples
    --------
    >>> finding_id("S1", "water", "W1", "rule", "footprint")
    'c7d1ae37df21'
    """
    told = "\0".join((site_id, layer_id or "", zone_id or "", rule_id, subject))
    return hashlib.sha256(told.encode()).hexdigest()[:12]


@dataclass
class Finding:
    """One rule that bears on one site, through one zone or everywhere.

    Attributes
    ----------
    effect, worst : Effect
        What is proven, and the strictest that it may turn out to mean (a doubtful overlap, an unverified rule).
    geometry : shapely geometry or None
        The piece, EPSG:4490.
    """

    finding_id: str
    site_id: str
    layer_id: str | None
    theme: str | None
    zone_id: str | None
    zone_name: str | None
    grade: str | None
    relation: str | None
    subject: str
    rule_id: str
    title: Text
    effect: Effect
    worst: Effect
    doubtful: bool
    unverified: bool
    general_procedure: bool
    facts_used: dict[str, Any]
    missing_facts: tuple[str, ...]
    paraphrase: Text
    citations: tuple[Citation, ...]
    action: Text
    authority: Text
    blocks: tuple[str, ...]
    curable: dict[str, Any] | None
    override: Override | None
    area_m2: float
    share_of_site: float | None
    length_m: float | None
    distance_m: float | None
    geometry: Any = None


@dataclass
class Gap:
    """Something that is not assessed.

    Attributes
    ----------
    worst : Verdict
        The strictest that it may hide.
    """

    site_id: str
    reason: GapReason
    theme: str | None
    layer_id: str | None
    zone_id: str | None
    rule_id: str | None
    facts: tuple[str, ...]
    detail: Text
    worst: Verdict
    area_m2: float | None = None
    geometry: Any = None

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
    outcome : {"bears", "does_not_bear", "undecided"}
    finding_id : str or None
        Of the finding that it led to.
    """

    site_id: str
    layer_id: str
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
    area_m2: float
    share_of_site: float | None


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


_Record = TypeVar("_Record", Finding, Gap)


def of_site(record: _Record, site_id: str) -> _Record:
    """Return what is the same for many sites as the record of one of them.

    Examples
    --------
    >>> gap = Gap("", GapReason.NO_RULE, None, None, None, None, (), {}, Verdict.PROHIBITED)
    >>> of_site(gap, "S1").site_id
    'S1'
    """
    # A hundred for every site: to go through the constructor takes thrice as long.
    own = object.__new__(type(record))
    own.__dict__.update(record.__dict__)
    own.site_id = site_id
    return own


def place_of_finding(item: Finding) -> tuple[str, ...]:
    """Return where a finding stands among those of its site; what is missing comes first."""
    return (item.theme or "", item.rule_id, item.layer_id or "", item.zone_id or "", item.subject)


def place_of_gap(gap: Gap) -> tuple[str, ...]:
    """Return where a gap stands among those of its site; what is missing comes first."""
    return (gap.reason, gap.theme or "", gap.layer_id or "", gap.zone_id or "", gap.rule_id or "")


def table_of(kind: type, rows: Sequence[Any]) -> pd.DataFrame:
    """Return dataclass rows as a table with plain columns; without rows it keeps its columns."""
    import pandas as pd

    names = [item.name for item in fields(kind)]
    # Enums as plain text, so that tables compare and write as what they say.
    table = pd.DataFrame({name: pd.Series([_cell(getattr(row, name)) for row in rows], dtype=object) for name in names})
    return table.astype(dict.fromkeys({"area_m2", "share_of_site", "length_m", "distance_m"} & set(names), "float64"))


def _cell(value: Any) -> Any:  # noqa: ANN401
    return value.value if isinstance(value, Effect | GapReason | Verdict) else value
