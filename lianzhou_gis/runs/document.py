"""A result as the document that ``result.json`` holds: plain values, rounded, sorted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import lianzhou_gis
from lianzhou_gis.findings import AccessComparison, Finding, Gap, Question
from lianzhou_gis.findings.questionnaire import questionnaire
from lianzhou_gis.rulebook import AccessItem
from lianzhou_gis.runs.recheck import recheck_by_of
from lianzhou_gis.runs.seal import seal_of
from lianzhou_gis.table import columns_of
from lianzhou_gis.vocabulary import DISCLAIMER, label

if TYPE_CHECKING:
    import pandas as pd

    from lianzhou_gis.result import Result

__all__ = ["SCHEMA_VERSION", "as_document", "plain", "rounded"]

SCHEMA_VERSION: Literal["1"] = "1"
# Numbers are rounded at writing, not before: by the unit that a column's name ends in.
_DECIMALS = {"_m2": 2, "_m": 2, "_deg": 2, "share": 6, "share_of_site": 6, "share_of_zone": 6}


def decimals(column: str) -> int | None:
    """Return the decimals that a column is written with, ``None`` for what is no measure.

    Examples
    --------
    >>> decimals("net_area_m2"), decimals("share_of_site"), decimals("name")
    (2, 6, None)
    """
    for ending, places in _DECIMALS.items():
        if column.endswith(ending):
            return places
    return None


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose measures are rounded as they are written."""
    import pandas as pd

    places = {
        column: digits
        for column in frame.columns
        if (digits := decimals(str(column))) is not None and pd.api.types.is_float_dtype(frame[column])
    }
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    return frame.assign(**{column: frame[column].round(digits) + 0.0 for column, digits in places.items()})


def plain(value: object) -> Any:  # noqa: ANN401 - a JSON value
    """Return a value as JSON knows it: no numpy, no NaN, dates as ISO text, sets sorted."""
    if value is None:
        return None
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        # A time that is missing is one that does not equal itself.
        return value.isoformat() if value == value else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in result.json")


def _records(column: Callable[[str], Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return some columns as plain records, measures rounded."""
    columns = [_written(name, column(name)) for name in names]
    return [dict(zip(names, map(plain, row), strict=True)) for row in zip(*columns, strict=True)]


def _written(name: str, column: Iterable[Any]) -> list[Any]:
    digits = decimals(name)
    if digits is None:
        return column.tolist() if isinstance(column, np.ndarray) else list(column)
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    numbers: list[Any] = (np.round(np.asarray(column, dtype=np.float64), digits) + 0.0).tolist()
    return numbers


def _by_site(column: Callable[[str], Any], names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for site_id, record in zip(column("site_id"), _records(column, names), strict=True):
        groups.setdefault(site_id, []).append(record)
    return groups


def _of(records: Sequence[Any]) -> Callable[[str], list[Any]]:
    """Return the columns of records: their fields by name."""
    return lambda name: [getattr(record, name) for record in records]


_SITE = (
    "site_id name source_file source_row survey_crs datum accuracy_m town geometry_kind corridor_width_m area_m2 "
    "statutory_area_m2 declared_area_m2 length_m"
).split()
_FINDING, _GAP, _ACCESS = (
    [column.name for column in columns_of(record, "json")] for record in (Finding, Gap, AccessComparison)
)
_TOTAL = "theme grade gross_area_m2 net_area_m2 net_share".split()
_LAYER = "data_date valid_from valid_to publisher document synthetic secrecy".split()
_CHECK = "theme status zones gross_area_m2 net_area_m2 nearest_m".split()


def _sites(result: Result) -> list[dict[str, Any]]:
    found = result.assessment
    findings, gaps, access = (
        _by_site(_of(records), names)
        for records, names in (
            (found.finding_records, _FINDING),
            (found.gap_records, _GAP),
            (found.access_records, _ACCESS),
        )
    )
    totals = _by_site(result.overlay.total_columns.__getitem__, _TOTAL)
    checks = _by_site(found.check_rows.__getitem__, _CHECK)
    records: list[dict[str, Any]] = []
    questions: dict[str, list[dict[str, Any]]] = {}
    items = {item.fact: item for item in result.layers.access_items}
    asked: dict[str, list[Question]] = {}
    for question in result.questions:
        record = plain(question)
        asked.setdefault(question.site_id, []).append(question)
        questions.setdefault(record.pop("site_id"), []).append(record | _asked_of(question.fact, result, items))
    for record in _records(result.sites_in.columns.__getitem__, _SITE):
        site = record["site_id"]
        said = found.answers[site]
        record |= {"verdict": said.verdict.value, "worst_possible": said.worst_possible.value}
        record |= {"complete": said.complete, "label": dict(said.label)}
        record["facts"] = plain(dict(sorted(result.facts.get(site, {}).items())))
        record["facts_derived"] = [
            {
                "fact": item.fact,
                "value": plain(item.value),
                "says": item.row.paraphrase,
                "citations": plain(item.row.citations),
            }
            for item in sorted(result.derived.get(site, ()), key=lambda item: item.fact)
        ]
        record["findings"] = findings.get(site, [])
        record["gaps"] = gaps.get(site, [])
        record["totals"] = totals.get(site, [])
        record["questions"] = questions.get(site, [])
        record["questionnaire"] = _questionnaire(result, site, asked.get(site, ()))
        record["checks"] = checks.get(site, [])
        record["access"] = [_compared(row) for row in access.get(site, [])]
        records.append(record)
    return records


def _asked_of(fact: str, result: Result, items: Mapping[str, AccessItem]) -> dict[str, Any]:
    """Return what a page needs to ask for a fact: type, group, help, choices, the text of an access item."""
    known = result.rulebook.facts.get(fact)
    item = items.get(fact)
    return {
        "type": known.type,
        "group": known.group,
        "known_by": known.known_by,
        "help": None if known.help is None else dict(known.help),
        "unit": known.unit,
        "choices": {name: dict(text) for name, text in known.choices.items()},
        "none": known.none,
        "listed_as": None if known.item is None else dict(known.item),
        "needs_document": known.claim,
        "item_text": None if item is None else item.text,
    }


def _questionnaire(result: Result, site: str, questions: Sequence[Question]) -> dict[str, Any]:
    """Return the questions of a site as a person answers them."""
    verdict = result.assessment.answers[site].verdict
    own = questionnaire(questions, result.facts.get(site, {}), result.rulebook, result.as_of, verdict=verdict)
    return {
        "first": list(own.first),
        "lists": [{"kind": one.kind, "facts": list(one.facts)} for one in own.lists],
        "single": list(own.single),
        "conditional": list(own.conditional),
        "region": list(own.region),
        "at_least": own.at_least,
        "at_most": own.at_most,
    }


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    """Return an item that was compared with what came out in words, behind its code."""
    said, effect = label("access_outcome", row["outcome"]), label("effect", row["effect"])
    words = {"said": {lang: said[lang].format(effect=effect[lang]) for lang in ("zh", "en")}}
    place = _ACCESS.index("outcome") + 1
    return {**{name: row[name] for name in _ACCESS[:place]}, **words, **{name: row[name] for name in _ACCESS[place:]}}


def _layers(result: Result) -> list[dict[str, Any]]:
    return [
        {
            **{name: getattr(layer.entry, name) for name in ("id", "series", "theme")},
            "title": {lang: layer.entry.name[lang] for lang in ("zh", "en")} if layer.entry.title else None,
            "sha256": layer.sha256,
            **{name: plain(getattr(layer.entry, name)) for name in _LAYER},
            "feature_count": int(layer.feature_count),
            "expected_count": plain(layer.entry.expected_count),
            "status": str(layer.status),
        }
        for layer in sorted(result.layers.layers, key=lambda layer: layer.entry.id)
    ]


def _run(result: Result) -> dict[str, Any]:
    inputs = sorted({(item.name, item.sha256) for item in result.sites_in.inputs})
    record = {
        "as_of": result.as_of.isoformat(),
        "recheck_by": recheck_by_of(result).isoformat(),
        "region": result.catalog.region.name,
        "scope": list(result.scope),
        "synthetic": result.synthetic,
        # A run holds layers and coordinates that are not public, whatever its inputs were.
        "disclosure": "restricted",
        "secrecy": result.secrecy,
        "disclaimer": DISCLAIMER,
        "software": {"version": lianzhou_gis.__version__},
        "rulebook": {"version": result.rulebook.version, "sha256": result.rulebook.sha256},
        "layers": _layers(result),
        "inputs": [{"name": name, "sha256": sha256} for name, sha256 in inputs],
        "parameters": plain(result.parameters),
    }
    identity = result.identity
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "id": identity.sha256[:16],
        "created": created,
        **record,
        "fingerprint": {name: identity.parts[name] for name in sorted(identity.parts)},
    }


def as_document(result: Result) -> dict[str, Any]:
    """Return a result as the plain document of ``result.json``; what is written is validated in ``Run.of``."""
    issues = sorted(
        {(issue.severity, issue.code, issue.where, issue.zh, issue.en) for issue in result.issues},
        key=lambda issue: (("error", "warning", "info").index(issue[0]), *issue[1:]),
    )
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": _run(result),
        "sites": _sites(result),
        "issues": [
            {"severity": severity, "code": code, "where": where, "message": {"zh": zh, "en": en}}
            for severity, code, where, zh, en in issues
        ],
    }
    return {**document, "seal": seal_of(document)}
