"""Very many sites: streamed through all cores or a cluster, stopped and taken up again, summed up at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import lianzhou_gis
from lianzhou_gis.batch.ledger import Ledger
from lianzhou_gis.batch.local import run_local
from lianzhou_gis.batch.source import SiteSource
from lianzhou_gis.batch.summary import summarise
from lianzhou_gis.batch.work import Done, Task, screener_of
from lianzhou_gis.errors import FactError, ReferenceSystemError, RunError, did_you_mean, extra
from lianzhou_gis.fingerprint import Fingerprint
from lianzhou_gis.formats import FactsFile
from lianzhou_gis.formats.facts import facts_from_mapping, is_fact_name
from lianzhou_gis.formats.limits import sha256_of_file
from lianzhou_gis.geodesy import resolve_reference_system
from lianzhou_gis.rulebook import FactVocabulary, day_of
from lianzhou_gis.screening import Screener

__all__ = ["Batch", "Progress", "run_batch"]

CHUNK = 1000


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Attributes
    ----------
    done, total : int
        Sites.
    rate : float
        Sites a second, of this run.
    left_s : float or None
        Seconds that are left at that rate.
    """

    done: int
    total: int
    rate: float
    left_s: float | None


@dataclass(frozen=True)
class Batch:
    """A batch that is done.

    Attributes
    ----------
    folder : pathlib.Path
    sites, failed, faults : int
        All sites, those that could not be screened, and those of them on which the program itself failed.
    summary : dict
        What ``summary.json`` holds.
    """

    folder: Path
    sites: int
    failed: int
    faults: int
    summary: dict[str, Any]


def run_batch(
    sites: str | Path,
    catalog: str | Path,
    folder: str | Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
    facts: Mapping[str, Any] | FactsFile | None = None,
    sets: Mapping[str, str] | None = None,
    as_of: date | str | None = None,
    themes: Sequence[str] | None = None,
    chunk: int = CHUNK,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Batch:
    """Screen the sites of a file of any size into a folder of GeoParquet.

    Parameters
    ----------
    sites : path
        GeoParquet, GeoPackage or FlatGeobuf.
    catalog : path
        Of the catalog; on a cluster the same on every machine.
    folder : path
        New, empty, or of the same batch, which is then taken up where it stopped.
    layer, crs, datum, facts, sets, as_of, themes
        As :func:`lianzhou_gis.screen` and :func:`lianzhou_gis.read_sites` take them.
    chunk : int
        Sites that a worker takes at a time; memory grows with it, not with the number of sites.
    workers : int, optional
        Processes; default as many as there are processors.
    scheduler : str, optional
        The address of a dask scheduler, to use its workers instead.
    progress : callable, optional
        Told how far it is after every chunk.

    Returns
    -------
    Batch

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError, CatalogError, FactError, RunError
        For input that cannot be used at all. A single site that fails does not raise: it is a gap of the result.
    MissingExtraError
        Without pyarrow, or distributed where a scheduler is given.
    """
    extra("pyarrow", "arrow")
    source = SiteSource.open(sites, layer)
    day = day_of(as_of)
    named = tuple(themes) if themes else None
    # Layers that an earlier batch of this process read may have changed since.
    screener = screener_of(str(Path(catalog).resolve()), day, named, check_files=True)
    ids = source.ids()
    given = facts if isinstance(facts, FactsFile) else facts_from_mapping(facts, "facts")
    _check_facts(given, sets or {}, screener.rulebook.facts, set(ids) if given.sites else set())
    system = crs if crs is not None else source.crs
    if system is None and datum is None:
        raise ReferenceSystemError.from_code("batch_crs_missing", file=source.path)
    if system is not None:
        resolve_reference_system(system, where=source.path.name)
    task = Task(
        catalog=str(Path(catalog).resolve()),
        as_of=day,
        themes=named,
        name=source.path.name,
        sha256=sha256_of_file(source.path),
        crs=system,
        datum=datum,
        facts=given,
        sets=tuple(sorted((sets or {}).items())),
        ground=screener.fingerprint.sha256,
    )
    chunks = -(-source.count // chunk)
    ledger = Ledger.open(
        Path(folder), _asked(task, source, screener, chunk), _fingerprint(task, source, screener, chunk)
    )
    done = ledger.done()
    state = _State(source.count, sum(min(chunk, source.count - number * chunk) for number in done), progress)

    def commit(finished: Done) -> None:
        ledger.commit(finished)
        state.add(finished.sites)

    waiting = source.chunks(chunk, ids, done)
    if scheduler is not None:
        from lianzhou_gis.batch.cluster import run_on_cluster

        run_on_cluster(task, waiting, commit, scheduler)
    else:
        run_local(task, waiting, commit, min(workers or os.cpu_count() or 1, max(chunks - len(done), 1)))
    if sha256_of_file(source.path) != task.sha256:
        raise RunError.from_code("batch_source_changed", file=source.path.name)
    summary = summarise(ledger, screener, chunks)
    return Batch(Path(folder), summary["sites"], summary["failed"], summary["faults"], summary)


class _State:
    """Counts sites and reports progress."""

    def __init__(self, total: int, done: int, progress: Callable[[Progress], None] | None) -> None:
        self._total, self._before, self._done = total, done, done
        self._progress, self._started = progress, time.monotonic()

    def add(self, sites: int) -> None:
        self._done += sites
        if self._progress is not None:
            passed = time.monotonic() - self._started
            rate = (self._done - self._before) / passed if passed > 0 else 0.0
            left = (self._total - self._done) / rate if rate > 0 else None
            self._progress(Progress(self._done, self._total, rate, left))


def _check_facts(file: FactsFile, sets: Mapping[str, str], vocabulary: FactVocabulary, ids: set[str]) -> None:
    """Refuse unknown facts and sites before any site is screened.

    Raises
    ------
    FactError
    """
    unknown_ids = sorted(set(file.sites) - ids)
    if unknown_ids:
        raise FactError.from_code(
            "facts_site_unknown", file=file.name, site=unknown_ids[0][:60], count=len(unknown_ids)
        )
    rows = [(file.name, file.all), ("--set", sets), *((file.name, row) for row in file.sites.values())]
    for where, row in rows:
        for column, raw in row.items():
            if not is_fact_name(str(column), vocabulary):
                hint = did_you_mean(str(column)[:60], [fact.name for fact in vocabulary])
                raise FactError.from_code("facts_column_unknown", where=where, column=str(column)[:60], hint=hint)
            name = vocabulary.find(str(column))
            if name is not None:
                vocabulary.parse(name, raw, where)


def _asked(
    task: Task,
    source: SiteSource,
    screener: Screener,
    chunk: int,
) -> dict[str, Any]:
    """Return what was asked, as the manifest says it to people."""
    return {
        "software": lianzhou_gis.__version__,
        "input": {"name": task.name, "sha256": task.sha256, "layer": source.layer, "sites": source.count},
        "crs": task.crs,
        "datum": task.datum,
        "as_of": task.as_of.isoformat(),
        "scope": list(screener.scope),
        "chunk": chunk,
        "rulebook": {"version": screener.rulebook.version, "sha256": screener.rulebook.sha256},
        "region": screener.catalog.region.name,
        "layers": [
            {"id": layer.entry.id, "sha256": layer.sha256, "status": str(layer.status), "zones": layer.feature_count}
            for layer in screener.layers.layers
        ],
        "facts": {"all": task.facts.all, "sites": task.facts.sites, "sets": dict(task.sets)},
        "disclosure": "restricted",
        "secrecy": screener.layers.secrecy,
    }


def _fingerprint(task: Task, source: SiteSource, screener: Screener, chunk: int) -> Fingerprint:
    """Return the fingerprint of all that the answers rest on: a folder is taken up only by the very same."""
    return screener.fingerprint.with_inputs(
        sites={"sha256": task.sha256, "name": task.name, "layer": source.layer, "count": source.count},
        crs=task.crs,
        datum=task.datum,
        facts={"all": task.facts.all, "sites": task.facts.sites, "name": task.facts.name, "sets": task.sets},
        chunk=chunk,
    )
