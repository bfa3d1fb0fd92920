"""What a worker does: a chunk of sites in, the tables of it out; a site that fails becomes a gap, never an end."""

from __future__ import annotations

import gc
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.batch.source import Chunk
from lianzhou_gis.batch.tables import TEXTS, certificates_table, overlaps_table, records_table, sites_table, written
from lianzhou_gis.errors import LianzhouError, Message, Phrase, ReferenceSystemError, RunError, extra
from lianzhou_gis.findings import Answer, Finding, Gap, RecordTable, answer_of, towns_of
from lianzhou_gis.formats import FactsFile, Sites
from lianzhou_gis.formats.geoparquet import ASSUMED_CRS
from lianzhou_gis.formats.georeference import georeference_features
from lianzhou_gis.formats.normalise import parse_geometries
from lianzhou_gis.formats.raw_features import RawFeatures
from lianzhou_gis.formats.site_drafts import SiteInput, draft_from_features
from lianzhou_gis.formats.sites import SITE_COLUMNS, build_sites
from lianzhou_gis.formats.well_known import screen_wkb
from lianzhou_gis.geodesy import Region
from lianzhou_gis.isolation import fault_place
from lianzhou_gis.runs.document import plain
from lianzhou_gis.screening import Result, Screener
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import GapReason, Verdict

__all__ = ["Done", "Task", "screener_of", "work"]

_ISSUES_SHOWN = 3
# Of an answer, by its name in the counts.
_FIELDS = {"verdicts": "verdict", "worst_possible": "worst_possible"}
UNKNOWN_TOWN = "?"


@dataclass(frozen=True)
class Task:
    """What is asked of every chunk; goes to the workers as it is.

    Attributes
    ----------
    catalog : str
        Path, the same for every worker.
    as_of : datetime.date
    themes : tuple of str or None
    name, sha256 : str
        Of the file of sites.
    crs : str or None
        In which its coordinates stand.
    datum : str or None
    facts : FactsFile
    sets : tuple of (str, str)
    ground : str
        SHA-256 of the fingerprint of layers, rules and program, which every worker must find the same.
    """

    catalog: str
    as_of: date
    themes: tuple[str, ...] | None
    name: str
    sha256: str
    crs: str | None
    datum: str | None
    facts: FactsFile
    sets: tuple[tuple[str, str], ...]
    ground: str


@dataclass(frozen=True)
class Done:
    """A chunk as it comes back.

    Attributes
    ----------
    number, sites : int
    tables : dict of str to bytes
        Parquet files by the name of the table.
    counts : dict
        By town: sites, verdicts, and for every theme how many sites lie in it with how many square metres.
    rules : dict
        What the rules that bear say of themselves.
    issues : list
        Code, severity, how often, some places, both texts of the first.
    failed : int
        Sites that could not be screened.
    faults : int
        Those of them on which the program itself failed.
    """

    number: int
    sites: int
    tables: dict[str, bytes]
    counts: dict[str, Any]
    rules: dict[str, Any]
    issues: list[dict[str, Any]]
    failed: int
    faults: int = 0


class _WorkerEndedError(Exception):
    """A site ended the process that screened it."""


_ENDED = Phrase("核查它的进程意外终止", "the process that screened it ended")


_Key = tuple[str, date, tuple[str, ...] | None]
_screeners: dict[_Key, Screener] = {}
_MAX_SCREENERS = 2


def screener_of(catalog: str, as_of: date, themes: tuple[str, ...] | None, *, check_files: bool = False) -> Screener:
    """Return the layers of a day made ready, once for every process, from the cache of its machine.

    Parameters
    ----------
    check_files : bool
        Whether to read the files again, so that a screener is returned only where they have the same bytes.
    """
    key = catalog, as_of, themes
    ready = _screeners.pop(key, None)
    if ready is None or check_files:
        ready = Screener.prepare(Path(catalog), as_of=as_of, themes=themes, progress=lambda step: None, previous=ready)
        if multiprocessing.parent_process() is not None:
            # A worker needs its layers to the end: the collector of garbage need not walk through them.
            gc.freeze()
    while len(_screeners) >= _MAX_SCREENERS:
        del _screeners[next(iter(_screeners))]
    _screeners[key] = ready
    return ready


@dataclass
class _Gathered:
    """What gathers from the parts of a chunk."""

    tables: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    issues: list[Any] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    failed: int = 0
    faults: int = 0


def work(task: Task, chunk: Chunk, lost: Mapping[int, str] | None = None) -> Done:
    """Screen a chunk.

    Parameters
    ----------
    task : Task
    chunk : Chunk
    lost : mapping of int to str, optional
        Places in the chunk of sites that are not even tried, and why: they ended a worker.

    Raises
    ------
    RunError
        If layers, rules or program are not those that the batch was begun with.
    """
    screener = screener_of(task.catalog, task.as_of, task.themes)
    if screener.fingerprint.sha256 != task.ground:
        # A worker of a cluster may hold layers of an earlier batch.
        screener = screener_of(task.catalog, task.as_of, task.themes, check_files=True)
    if screener.fingerprint.sha256 != task.ground:
        raise RunError.from_code("batch_ground_changed", catalog=Path(task.catalog).name)
    gathered = _Gathered()
    lost = lost or {}
    tried = np.array([row for row in range(len(chunk.ids)) if row not in lost], dtype=np.intp)
    if len(tried):
        _screened(task, chunk, tried, screener, gathered)
    for row in lost:
        _failed(task, chunk, row, _WorkerEndedError(), screener, gathered)
    tables = {}
    for name, parts in gathered.tables.items():
        whole = parts[0].unify_dictionaries().combine_chunks() if len(parts) == 1 else _joined(parts)
        tables[name] = written(whole)
    return Done(
        number=chunk.number,
        sites=len(chunk.ids),
        tables=tables,
        counts=gathered.counts,
        rules=gathered.rules,
        issues=_told(gathered.issues),
        failed=gathered.failed,
        faults=gathered.faults,
    )


def _joined(parts: list[Any]) -> Any:  # noqa: ANN401 - pyarrow tables
    """Return tables of the same columns as one, in the order of ``site_id``, whatever parts a chunk was cut into."""
    arrow = extra("pyarrow", "arrow")

    def plain(kind: Any) -> Any:  # noqa: ANN401 - a pyarrow type
        return kind.value_type if arrow.types.is_dictionary(kind) else kind

    schema = arrow.schema([(field.name, plain(field.type)) for field in parts[0].schema])
    whole = arrow.concat_tables([part.cast(schema) for part in parts]).combine_chunks()
    return whole.take(arrow.compute.sort_indices(whole["site_id"]))


def _screened(task: Task, chunk: Chunk, rows: npt.NDArray[np.intp], screener: Screener, gathered: _Gathered) -> None:
    """Screen some sites of a chunk; where that fails, each half by itself, down to the one that it fails for."""
    try:
        sites = _sites(task, chunk, rows, screener)
        facts = replace(task.facts, sites={name: own for name, own in task.facts.sites.items() if name in sites.facts})
        result = screener.screen(sites, facts=facts, sets=dict(task.sets), threads=1, progress=lambda step: None)
        towns = towns_of(sites.columns, screener.layers)
    except Exception as error:
        # Whatever it is: one site must not take the others with it, nor be forgotten.
        if len(rows) == 1:
            _failed(task, chunk, int(rows[0]), error, screener, gathered)
            return
        for half in np.array_split(rows, 2):
            _screened(task, chunk, half, screener, gathered)
        return
    faults = sum(gap.reason is GapReason.INTERNAL_ERROR for gap in result.sites_in.gaps)
    gathered.failed += faults
    gathered.faults += faults
    known, own = set(screener.layers.issues), result.assessment
    gathered.issues += [issue for issue in result.issues if issue not in known]
    gathered.rules |= _rule_texts(own.finding_table)
    gathered.tables["sites"].append(sites_table(sites, towns, own.answers))
    gathered.tables["overlaps"].append(overlaps_table(result.overlay))
    gathered.tables["findings"].append(records_table("findings", own.finding_table))
    gathered.tables["gaps"].append(records_table("gaps", own.gap_table))
    gathered.tables["certificates"].append(certificates_table(result))
    _count(gathered.counts, result, towns)


def _rule_texts(table: RecordTable[Finding]) -> dict[str, dict[str, Any]]:
    """Return what the rules of findings say of themselves, by rule, as the last finding of each has it."""
    last = {table.templates[number]["rule_id"]: number for number in table.decision.tolist()}
    return {rule_id: {name: plain(table.templates[number][name]) for name in TEXTS} for rule_id, number in last.items()}


def _sites(task: Task, chunk: Chunk, rows: npt.NDArray[np.intp], screener: Screener) -> Sites:
    """Return some sites of a chunk, checked and measured as those of any file."""
    table = chunk.table.take(rows)
    columns: dict[str, Any] = {}
    for name in table.schema.names:
        if name not in ("geometry", "source_row"):
            cells = np.empty(len(table), dtype=object)
            cells[:] = table[name].to_pylist()
            columns[str(name)] = cells
    region = screener.catalog.region
    shapes = parse_geometries(shapely.from_wkb, screen_wkb(table["geometry"].to_pylist())).geometries
    raw = RawFeatures(
        name=task.name,
        columns=columns,
        geometries=shapes,
        crs=None if task.crs == ASSUMED_CRS else task.crs,
        wgs84_by="GeoParquet" if task.crs == ASSUMED_CRS else None,
        encoding=None,
        sha256=task.sha256,
        rows=(chunk.first + rows).tolist(),
        doubles=True,
    )
    features = georeference_features(
        raw, crs=None, datum=task.datum, region=Region(region.name, region.bounds) if region.bounds else None
    )
    draft = draft_from_features(features, SiteInput(task.name, task.sha256))
    return build_sites([draft], ids=[chunk.ids[row] for row in rows])


def _failed(task: Task, chunk: Chunk, row: int, error: Exception, screener: Screener, gathered: _Gathered) -> None:
    """Put a site that cannot be screened into the result: not assessed, with the reason."""
    reason = GapReason.UNKNOWN_CRS if isinstance(error, ReferenceSystemError) else GapReason.READ_ERROR
    if isinstance(error, LianzhouError):
        detail = {"zh": f"该项目无法核查：{error.zh[:300]}", "en": f"the site could not be screened: {error.en[:300]}"}
    else:
        reason = GapReason.INTERNAL_ERROR
        why = _ENDED if isinstance(error, _WorkerEndedError) else fault_place(error)
        detail = Message.from_code("internal_error", reason=why).texts
        gathered.faults += 1
    site_id = chunk.ids[row]
    gap = Gap(site_id, reason, None, None, None, None, (), detail, Verdict.PROHIBITED)
    record = dict.fromkeys(SITE_COLUMNS) | {
        "site_id": site_id,
        "source_file": task.name,
        "source_row": chunk.first + row,
        "geometry_kind": "none",
    }
    sites = Sites(Columns({name: cells([value]) for name, value in record.items()}), {site_id: {}}, (), (), ())
    answers: dict[str, Answer] = {site_id: answer_of([], [gap])}
    gathered.tables["sites"].append(sites_table(sites, {}, answers))
    gathered.tables["gaps"].append(records_table("gaps", RecordTable.from_records(Gap, [gap])))
    gathered.tables["findings"].append(records_table("findings", RecordTable.from_records(Finding, [])))
    gathered.tables["overlaps"].append(overlaps_table(None))
    gathered.tables["certificates"].append(certificates_table(None))
    gathered.failed += 1
    for town in (UNKNOWN_TOWN, ""):
        counted = gathered.counts.setdefault(town, _nothing())
        counted["sites"] += 1
        for name, kind in _FIELDS.items():
            verdict = getattr(answers[site_id], kind).value
            counted[name][verdict] = counted[name].get(verdict, 0) + 1


def _nothing() -> dict[str, Any]:
    return {"sites": 0, "verdicts": {}, "worst_possible": {}, "themes": {}}


def _count(counts: dict[str, Any], result: Result, towns: Mapping[str, set[str]]) -> None:
    """Add the sites of a result to the counts of their towns, and to those of all (the empty name)."""
    rows, index = result.overlay.overlap_columns, result.overlay.index
    hit = (rows["subject"] == "footprint") & ((rows["relation"] == "overlap") | (rows["relation"] == "within"))
    layer = index.layer_of_zone[rows["zone"][hit]]
    ids, names = result.overlay.site_ids, index.theme_id[layer]
    known = list(dict.fromkeys(index.theme_id.tolist()))
    number = {name: position for position, name in enumerate(known)}
    inside = np.zeros((len(ids), len(known)), dtype=bool)
    inside[rows["site"][hit], [number[name] for name in names.tolist()]] = True
    areas = np.zeros(inside.shape)
    totals = result.overlay.total_columns
    whole = np.flatnonzero(totals["grade"] == None)  # noqa: E711 - of every element
    areas[totals["site"][whole], [number[name] for name in totals["theme"][whole].tolist()]] = totals["net_area_m2"][
        whole
    ]
    areas[~inside] = 0.0
    answers = [result.assessment.answers[site_id] for site_id in ids.tolist()]
    # A site in two towns counts in both, and once among all.
    members: dict[str, list[int]] = {"": list(range(len(ids)))}
    for site, site_id in enumerate(ids.tolist()):
        for town in sorted(towns.get(site_id, ())) or [UNKNOWN_TOWN]:
            members.setdefault(town, []).append(site)
    for town, sites in members.items():
        counted = counts.setdefault(town, _nothing())
        counted["sites"] += len(sites)
        for name in ("verdicts", "worst_possible"):
            found = Counter(getattr(answers[site], _FIELDS[name]).value for site in sites)
            counted[name] = dict(Counter(counted[name]) + found)
        for theme, often, area in zip(
            known, inside[sites].sum(axis=0).tolist(), areas[sites].sum(axis=0).tolist(), strict=True
        ):
            if often:
                before = counted["themes"].get(theme, (0, 0.0))
                counted["themes"][theme] = [before[0] + often, before[1] + area]


def _told(issues: Sequence[Any]) -> list[dict[str, Any]]:
    """Return issues by code: how often, where for some, and the texts of the first."""
    often = Counter((issue.severity, issue.code) for issue in issues)
    told = []
    for (severity, code), count in sorted(often.items()):
        own = [issue for issue in issues if (issue.severity, issue.code) == (severity, code)]
        where = [issue.where for issue in own[:_ISSUES_SHOWN]]
        told.append({"severity": severity, "code": code, "count": count, "where": where, "message": own[0].message})
    return told
