"""Judgements of people on findings: read from a file, shown beside the finding, never in its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

from lianzhou_gis.errors import FormatError, Issue, Phrase
from lianzhou_gis.findings.records import Override
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.facts import parse_document
from lianzhou_gis.formats.limits import MAX_FACTS_BYTES, read_bounded

__all__ = ["read_overrides", "unmatched"]

_NEEDED = ("finding_id", "decision", "office", "reason", "evidence", "decided_on")
_LONGEST = 2000


def read_overrides(path: str | Path) -> tuple[Override, ...]:
    r"""Read a file of judgements, YAML or JSON: a list ``overrides`` of what :class:`Override` holds.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is no YAML or JSON, a judgement lacks its office, reason, evidence or day, or a finding is judged twice.

    Examples
    --------
    >>> import tempfile
    >>> text = (
    ...     "overrides:\n  - {finding_id: c7d1ae37df21, decision: 可按既有用途保留, office: 连州分局, "
    ...     "reason: 现状用地, evidence: 示例函〔2026〕1号, decided_on: 2026-11-20}\n"
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "judged.yaml"
    ...     _ = path.write_text(text, encoding="utf-8")
    ...     (judged,) = read_overrides(path)
    >>> judged.office
    '连州分局'
    """
    path = Path(path)
    text, _, _ = decode_text(read_bounded(path, MAX_FACTS_BYTES), path.name)
    data = parse_document(text, path)
    listed = data.get("overrides") if isinstance(data, Mapping) and set(data) == {"overrides"} else None
    if not isinstance(listed, list):
        raise FormatError.from_code("overrides_malformed", file=path.name)
    found: dict[str, Override] = {}
    for number, entry in enumerate(listed, start=1):
        override = _override(entry, f"{path.name}[{number}]")
        if override.finding_id in found:
            raise FormatError.from_code(
                "override_repeated", where=f"{path.name}[{number}]", finding=override.finding_id
            )
        found[override.finding_id] = override
    return tuple(found.values())


def _override(entry: object, where: str) -> Override:
    cells = {str(key): value for key, value in entry.items()} if isinstance(entry, Mapping) else {}
    unknown = sorted(set(cells) - {*_NEEDED, "by"})
    absent = [key for key in _NEEDED if not str(cells.get(key) or "").strip()]
    if unknown or absent:
        zh = f"缺少 {', '.join(absent)}" if absent else f"未知的键 {', '.join(unknown)}"
        en = f"{', '.join(absent)} is missing" if absent else f"unknown key {', '.join(unknown)}"
        raise FormatError.from_code("override_invalid", where=where, problem=Phrase(zh, en))
    texts = {key: str(value).strip()[:_LONGEST] for key, value in cells.items() if value is not None}
    try:
        day = date.fromisoformat(texts.pop("decided_on"))
    except ValueError as error:
        raise FormatError.from_code("override_day", where=where) from error
    return Override(decided_on=day, **texts)


def unmatched(overrides: Sequence[Override], finding_ids: Collection[str]) -> list[Issue]:
    """Return an issue for every judgement whose finding does not exist."""
    known = set(finding_ids)
    return [
        Issue.from_code("warning", "override_without_finding", "overrides", finding=override.finding_id)
        for override in overrides
        if override.finding_id not in known
    ]
