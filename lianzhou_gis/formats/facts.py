"""Facts of projects merged from columns, a file and the command line; every conflict is reported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import shapely

from lianzhou_gis.errors import FactError, FormatError, Issue, Phrase, did_you_mean
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.limits import MAX_FACTS_BYTES, read_bounded
from lianzhou_gis.formats.outfalls import far_outfalls, outfall_point
from lianzhou_gis.formats.sites import Sites
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.located_yaml import parse_located_yaml
from lianzhou_gis.rulebook import FactVocabulary
from lianzhou_gis.rulebook.facts import DOCUMENT_SUFFIX, FormerFact

__all__ = ["FactsFile", "merge_facts", "outfalls_from_facts", "read_facts"]

_SHAPE = Phrase("{all: {...}, sites: {编号: {...}}} 或 名称: 值", "{all: {...}, sites: {id: {...}}} or name: value")


@dataclass(frozen=True)
class FactsFile:
    """Facts as a file gives them.

    Attributes
    ----------
    all : dict
        Facts of every site.
    sites : dict of str to dict
        Facts by ``site_id``; stronger than ``all``.
    name : str
        For messages.
    """

    all: dict[str, Any] = field(default_factory=dict)
    sites: dict[str, dict[str, Any]] = field(default_factory=dict)
    name: str = "facts"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def read_facts(path: str | Path) -> FactsFile:
    r"""Read a file of facts, YAML or JSON.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is too large, no YAML or JSON, has a duplicate key, or another shape.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "facts.yaml"
    ...     _ = path.write_text("all: {livestock: no}\nsites: {S1: {tourism: yes}}\n", encoding="utf-8")
    ...     facts = read_facts(path)
    >>> facts.all, facts.sites
    ({'livestock': False}, {'S1': {'tourism': True}})
    """
    path = Path(path)
    text, _, _ = decode_text(read_bounded(path, MAX_FACTS_BYTES), path.name)
    return facts_from_mapping(parse_document(text, path), path.name)


def parse_document(text: str, path: Path) -> object:
    """Parse YAML or JSON; duplicate keys and aliases are refused.

    Raises
    ------
    FormatError
        If it is neither; names the line.
    """
    if path.suffix.lower() != ".json":
        return parse_located_yaml(text, path.name)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        problem = " ".join(str(error).split())[:120]
        raise FormatError.from_code("facts_json_invalid", file=path.name, problem=problem) from error


def facts_from_mapping(data: object, name: str) -> FactsFile:
    """Return facts given as a mapping, flat or with ``all`` and ``sites``.

    Raises
    ------
    FormatError
        If it has another shape.
    """
    refusal = FormatError.from_code("facts_shape", file=name, shape=_SHAPE)
    if data is None:
        return FactsFile(name=name)
    if not isinstance(data, Mapping):
        raise refusal
    if not set(data) & {"all", "sites"}:
        return FactsFile(all={str(key): value for key, value in data.items()}, name=name)
    everywhere, by_site = data.get("all") or {}, data.get("sites") or {}
    shaped = isinstance(everywhere, Mapping) and isinstance(by_site, Mapping)
    if (
        set(data) - {"all", "sites"}
        or not shaped
        or not all(isinstance(row or {}, Mapping) for row in by_site.values())
    ):
        raise refusal
    return FactsFile(dict(everywhere), {str(key): dict(row or {}) for key, row in by_site.items()}, name)


def merge_facts(
    sites: Sites,
    facts: Mapping[str, Any] | FactsFile | None,
    sets: Mapping[str, str] | None,
    vocabulary: FactVocabulary,
) -> tuple[dict[str, dict[str, Any]], list[Issue]]:
    """Merge the facts of every project: --set overrides the file, the file overrides columns.

    Parameters
    ----------
    sites : Sites
    facts : mapping or FactsFile, optional
    sets : mapping of str to str, optional
        Names and texts of ``--set``; of all sites.
    vocabulary : FactVocabulary

    Returns
    -------
    facts : dict of site_id to dict
        Values as the rules see them; ``None`` is unknown. Claims without a document are unknown.
    issues : list of Issue
        ``fact_conflict`` for every value that a stronger one replaced, ``column_not_a_fact`` for other columns,
        ``fact_formerly`` for names of former vocabularies: carried over where the meaning is the same, else unknown.

    Raises
    ------
    FactError
        For an unknown fact or site in the file or ``--set``, or an impossible value anywhere.
    """
    file = facts if isinstance(facts, FactsFile) else facts_from_mapping(facts, "facts")
    _refuse_unknown(sites, file, sets or {}, vocabulary)
    issues = [*_other_columns(sites, vocabulary), *_former_names(sites, file, sets or {}, vocabulary)]
    merged: dict[str, dict[str, Any]] = {}
    for site_id in sites.columns["site_id"]:
        sources = [
            (f"site {site_id}", sites.facts.get(site_id, {})),
            (file.name, _of_site(file, site_id, vocabulary)),
            ("--set", sets or {}),
        ]
        known: dict[str, Any] = {}
        for where, row in sources:
            for column, raw in row.items():
                name = _current_name(str(column), vocabulary)
                if name is None:
                    continue
                value, found = vocabulary.parse(name, raw, where)
                issues += found
                before = known.get(name)
                if before is not None and value != before:
                    issues.append(_conflict(site_id, name, before, value, where))
                known[name] = value
        merged[site_id], found = vocabulary.settle_claims(known, f"site {site_id}")
        issues += found
    return merged, issues


def outfalls_from_facts(sites: Sites, facts: Mapping[str, Mapping[str, Any]]) -> Sites:
    """Return the sites with the outfalls that answers give as points; an answer replaces what the file has.

    Parameters
    ----------
    sites : Sites
    facts : mapping of site_id to mapping
        As merged; the fact ``outfall`` is ``longitude,latitude`` (CGCS2000), WKT or GeoJSON.

    Raises
    ------
    FormatError
        If one is no point.
    """
    ids = sites.columns["site_id"].tolist()
    given = {row: facts[name]["outfall"] for row, name in enumerate(ids) if facts.get(name, {}).get("outfall")}
    if not given:
        return sites
    points, issues, changed = sites.columns["outfall"].copy(), list(sites.issues), []
    for row, value in given.items():
        point, before = outfall_point(value, f"site {ids[row]}"), points[row]
        if before is not None and shapely.equals(before, point):
            continue
        if before is not None and not shapely.is_empty(before):
            issues.append(_conflict(ids[row], "outfall", before.wkt, point.wkt, "facts"))
        points[row] = point
        changed.append(row)
    if not changed:
        return sites
    shapes = sites.columns["geometry"][changed]
    issues += far_outfalls(points[changed], shapes, Plane(), [f"site {ids[row]}" for row in changed])
    return replace(sites, columns=sites.columns.assign(outfall=points), issues=tuple(issues))


def _of_site(file: FactsFile, site_id: str, vocabulary: FactVocabulary) -> dict[str, Any]:
    """Return the facts of a site in a file; its own override those of all sites."""
    site_facts = file.sites.get(site_id, {})
    overridden = {_current_name(str(name), vocabulary) for name in site_facts} - {None}
    return {
        **{name: raw for name, raw in file.all.items() if _current_name(str(name), vocabulary) not in overridden},
        **site_facts,
    }


def is_fact_name(name: str, vocabulary: FactVocabulary) -> bool:
    """Return whether a name is or was that of a fact."""
    return vocabulary.find(name) is not None or _former(name, vocabulary) is not None


def _former(name: str, vocabulary: FactVocabulary) -> FormerFact | None:
    """Return what became of a name that is no fact any more; the document of a former claim goes with the claim."""
    return None if vocabulary.find(name) is not None else vocabulary.former(name.removesuffix(DOCUMENT_SUFFIX))


def _current_name(name: str, vocabulary: FactVocabulary) -> str | None:
    """Return the fact that a name means today; ``None`` for a name without one meaning."""
    former = _former(name, vocabulary)
    if former is None or former.same is None:
        return vocabulary.find(name)
    return former.same + (DOCUMENT_SUFFIX if name.endswith(DOCUMENT_SUFFIX) else "")


def _former_names(sites: Sites, file: FactsFile, sets: Mapping[str, str], vocabulary: FactVocabulary) -> list[Issue]:
    """Return an issue for every former name of a fact, with the facts that replace it."""
    named = [
        *((f"{file.name}", name) for row in (file.all, *file.sites.values()) for name in row),
        *(("--set", name) for name in sets),
        *(("sites", name) for row in sites.facts.values() for name in row),
    ]
    issues = []
    for where, name in dict.fromkeys((where, str(name)) for where, name in named):
        former = _former(name, vocabulary)
        if former is None:
            continue
        listed = {
            lang: "、".join(f"{fact.name}（{fact.label[lang]}）" for fact in map(vocabulary.get, former.successors))
            for lang in ("zh", "en")
        }
        carried = former.same is not None
        issues.append(
            Issue.from_code(
                "info" if carried else "warning",
                "fact_formerly" if carried else "fact_formerly.split",
                where,
                name=name,
                successors=Phrase(listed["zh"], listed["en"].replace("、", ", ")),
            )
        )
    return issues


def _refuse_unknown(sites: Sites, file: FactsFile, sets: Mapping[str, str], vocabulary: FactVocabulary) -> None:
    ids = set(sites.columns["site_id"])
    for site_id in file.sites:
        if site_id not in ids:
            shown = ", ".join(sorted(ids)[:8])
            raise FactError.from_code(
                "facts_site_unknown.known",
                file=file.name,
                site=site_id,
                known=shown,
                hint=did_you_mean(site_id[:60], ids),
            )
    named = [(file.name, name) for row in (file.all, *file.sites.values()) for name in row]
    for where, name in [*named, *(("--set", name) for name in sets)]:
        if not is_fact_name(str(name), vocabulary):
            hint = did_you_mean(str(name)[:60], [fact.name for fact in vocabulary])
            raise FactError.from_code("fact_unknown", where=where, fact=name, hint=hint)


def _other_columns(sites: Sites, vocabulary: FactVocabulary) -> list[Issue]:
    columns = sorted({column for row in sites.facts.values() for column in row if not is_fact_name(column, vocabulary)})
    return [Issue.from_code("info", "column_not_a_fact", "sites", column=column[:40]) for column in columns]


def _conflict(site_id: str, name: str, before: object, value: object, where: str) -> Issue:
    return Issue.from_code(
        "warning", "fact_conflict", f"site {site_id}", name=name, before=before, value=value, where=where
    )
