"""The shape of ``result.json``.

The models here are its only definition; ``result.schema.json`` beside this file is the same as a JSON Schema, for
programs in other languages. A run is validated against them when it is written and when it is read.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lianzhou_gis.runs.document import SCHEMA_VERSION
from lianzhou_gis.vocabulary import Effect, GapReason, Relation, Verdict

__all__ = ["Document", "json_schema", "validated"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Record):
    """A text for people."""

    zh: str
    en: str


class SoftwareRecord(_Record):
    """What made the run."""

    version: str


class RulebookRecord(_Record):
    """Which rulebook was applied."""

    version: str
    sha256: str


class LayerRecord(_Record):
    """One layer as it was used."""

    id: str
    series: str
    theme: str
    title: Text | None
    sha256: str | None
    data_date: str | None
    valid_from: str | None
    valid_to: str | None
    publisher: str | None
    document: str | None
    synthetic: bool
    secrecy: Literal["none", "secret", "confidential"] | None
    feature_count: int
    expected_count: int | None
    status: str


class InputRecord(_Record):
    """One file that was read."""

    name: str
    sha256: str


class RunRecord(_Record):
    """The circumstances of the run; ``created`` is the only value that differs between equal runs.

    ``fingerprint`` has the SHA-256 of everything that the answers rest on, by its name; ``id`` is the beginning of the
    hash of all of them.
    """

    id: str
    created: str
    as_of: str
    recheck_by: str
    region: str
    scope: list[str]
    synthetic: bool
    disclosure: Literal["restricted"]
    secrecy: Literal["none", "secret", "confidential"] | None
    disclaimer: Text
    software: SoftwareRecord
    rulebook: RulebookRecord
    layers: list[LayerRecord]
    inputs: list[InputRecord]
    parameters: dict[str, Any]
    fingerprint: dict[str, str]


class CitationRecord(_Record):
    """The article that a rule rests on."""

    law: str
    title: Text
    article: str
    issuer: Text
    link: str | None
    effective_from: str | None


class OverrideRecord(_Record):
    """A judgement of a person on a finding, beside what the software found."""

    finding_id: str
    decision: str
    office: str
    reason: str
    evidence: str
    decided_on: str
    by: str | None


class FindingRecord(_Record):
    """One rule that bears on one site through one zone (or everywhere)."""

    finding_id: str
    layer_id: str | None
    theme: str | None
    zone_id: str | None
    zone_name: str | None
    grade: str | None
    relation: Relation | None
    subject: Literal["footprint", "outfall"]
    rule_id: str
    title: Text
    effect: Effect
    worst: Effect
    doubtful: bool
    unverified: bool
    general_procedure: bool
    facts_used: dict[str, Any]
    missing_facts: list[str]
    paraphrase: Text
    citations: list[CitationRecord]
    action: Text
    authority: Text
    blocks: list[str]
    curable: dict[str, Any] | None
    override: OverrideRecord | None
    area_m2: float
    share_of_site: float | None
    length_m: float | None
    distance_m: float | None


class GapRecord(_Record):
    """Something that is not assessed."""

    reason: GapReason
    theme: str | None
    layer_id: str | None
    zone_id: str | None
    rule_id: str | None
    facts: list[str]
    detail: Text
    worst: Verdict
    area_m2: float | None


class TotalRecord(_Record):
    """Areas of a theme, or of one grade of it, under a site."""

    theme: str
    grade: str | None
    gross_area_m2: float
    net_area_m2: float
    net_share: float | None


class ReplyRecord(_Record):
    """An answer to a question, and what the verdict would then be."""

    value: str
    label: Text
    sets: dict[str, str]
    settles: int
    verdict: Verdict
    worst_possible: Verdict
    contradicts: bool


class QuestionRecord(_Record):
    """A fact that is asked for; those with a place are the short list that can close every open point."""

    fact: str
    question: Text
    rules: list[str]
    settles: int
    settles_always: int
    place: int | None
    suggested: str | None
    replies: list[ReplyRecord]
    type: Literal["yes_no", "number", "choice", "text", "codes"]
    group: str | None
    known_by: Literal["applicant", "region", "layer"]
    help: Text | None
    unit: str | None
    choices: dict[str, Text]
    none: str | None
    listed_as: Text | None
    needs_document: bool
    item_text: str | None


class QuestionListRecord(_Record):
    """Facts that one answer settles: those marked are there, all others are recorded as an explicit no."""

    kind: Literal["prohibiting", "other"]
    facts: list[str]


class QuestionnaireRecord(_Record):
    """The questions of a site as a person answers them; while a first one is open there are no others."""

    first: list[str]
    lists: list[QuestionListRecord]
    single: list[str]
    conditional: list[str]
    region: list[str]
    at_least: int
    at_most: int


class AccessRecord(_Record):
    """One item of an access list compared with the project; without a unit it holds in every one."""

    level: Literal["province", "region", "city", "unit"]
    unit_id: str | None
    unit_name: str | None
    unit_grade: str | None
    item_id: str
    dimension: Literal["spatial", "emission", "risk", "resource"]
    kind: Literal["prohibited", "restricted", "required", "encouraged"]
    effect: Effect
    text: str
    document: str | None
    known: dict[str, Any]
    missing_facts: list[str]
    outcome: Literal["bears", "does_not_bear", "restated", "undecided"]
    said: Text
    finding_id: str | None
    area_m2: float
    share_of_site: float | None


class DerivedRecord(_Record):
    """A fact that was not given and follows from others."""

    fact: str
    value: Any
    says: Text
    citations: list[CitationRecord]


class CheckRecord(_Record):
    """What was looked at, negatives included."""

    theme: str
    status: Literal["hit", "none", "not_assessed", "not_in_scope"]
    zones: int
    gross_area_m2: float
    net_area_m2: float
    nearest_m: float | None


class SiteRecord(_Record):
    """A site with its verdict and its grounds."""

    site_id: str
    name: str | None
    source_file: str | None
    source_row: int | None
    survey_crs: str | None
    datum: str | None
    accuracy_m: float | None
    town: str | None
    geometry_kind: str
    corridor_width_m: float | None
    area_m2: float
    statutory_area_m2: float
    declared_area_m2: float | None
    length_m: float | None
    verdict: Verdict
    worst_possible: Verdict
    complete: bool
    label: Text
    facts: dict[str, Any]
    facts_derived: list[DerivedRecord]
    findings: list[FindingRecord]
    gaps: list[GapRecord]
    totals: list[TotalRecord]
    questions: list[QuestionRecord]
    questionnaire: QuestionnaireRecord
    checks: list[CheckRecord]
    access: list[AccessRecord]


class IssueRecord(_Record):
    """Something that was repaired, guessed, doubted or dropped."""

    severity: Literal["info", "warning", "error"]
    code: str
    where: str
    message: Text


class SealRecord(_Record):
    """Hashes of the document: of its content, without ``run.created`` and the seal itself, and of both together.

    ``moment_sha256`` is the SHA-256 of ``content_sha256``, a space and ``run.created``.
    """

    content_sha256: str
    moment_sha256: str


class Document(_Record):
    """The whole of ``result.json``."""

    schema_version: Literal["1"] = Field(default=SCHEMA_VERSION)
    run: RunRecord
    sites: list[SiteRecord]
    issues: list[IssueRecord]
    seal: SealRecord


def validated(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document in the order of the schema.

    Raises
    ------
    pydantic.ValidationError
        If it does not fit the schema.
    """
    return Document.model_validate(document).model_dump(mode="json")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``result.json``.

    Examples
    --------
    >>> json_schema()["title"]
    'Document'
    """
    return Document.model_json_schema()
