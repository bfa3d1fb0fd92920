"""Catalog entries become checked, repaired zones of the right edition; what fails is a gap, and the rest goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.cache import Cache
from lianzhou_gis.catalog import Catalog, LayerEntry, Series
from lianzhou_gis.errors import CatalogError, Issue, LianzhouError, Message, MissingFileError, ReferenceSystemError
from lianzhou_gis.fingerprint import Fingerprint, code_fingerprint, file_fingerprint
from lianzhou_gis.formats.kinds import is_database
from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane, Region, StudyArea
from lianzhou_gis.layers.access import read_access_list, units_unknown, units_without_items
from lianzhou_gis.layers.coverage import UNION, DeclaredCoverage, administrative_code, declared_coverage
from lianzhou_gis.layers.gathering import Loading
from lianzhou_gis.layers.layer import Layer, LayerGap, Layers
from lianzhou_gis.layers.layer_cache import Loaded, cached_or_loaded
from lianzhou_gis.layers.misplacement import misplaced_gaps
from lianzhou_gis.rulebook import AccessItem, FactVocabulary
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import CLASSIFIED, GapReason, highest_secrecy, label, theme

__all__ = ["load_layers"]

ADMINISTRATIVE = "administrative"


def load_layers(
    catalog: Catalog,
    scope: Sequence[str],
    day: date,
    *,
    facts: FactVocabulary,
    region: Region | None = None,
    study: StudyArea | None = None,
    cache: Cache | None = None,
) -> Layers:
    """Load the layers of some themes in their edition of a day.

    Parameters
    ----------
    catalog : Catalog
    scope : sequence of str
        Themes.
    day : datetime.date
    facts : FactVocabulary
        For the conditions of access lists.
    region : Region, optional
        Where coordinates must lie.
    study : StudyArea, optional
        Zones beyond it concern no site: such zones are left out, heavy shapes are clipped to it.
    cache : Cache, optional
        Cache of loaded layers; default none.

    Returns
    -------
    Layers
        With a gap for everything that does not speak: a theme without a layer, a file gone or broken, an edition
        expired, rows missing, a broken or missing geometry. Nothing is raised for a layer.
    """
    plane = Plane(catalog.plane or LIANZHOU_PROJ)
    loading = Loading(catalog, day, region, study, plane, facts, [], [], cache or Cache(None))
    wanted = catalog.series(scope, day)
    for name in scope:
        if not any(series.theme == name for series in wanted):
            loading.gaps.append(
                LayerGap(
                    GapReason.LAYER_MISSING,
                    name,
                    None,
                    Message.from_code("theme_without_layer", theme=theme(name).label),
                )
            )
    places = _administrative(loading, wanted)
    loaded, items = [], []
    for series in wanted:
        layer = places.get(series.name) or _edition(loading, series, places)
        if layer.status == "loaded":
            layer = _covered_place(loading, layer, places) if series.name in places else _union_coverage(loading, layer)
            items.extend(_access(loading, layer))
        loaded.append(layer)
    known = [layer.columns for layer in places.values() if layer.status == "loaded"]
    return Layers(
        fingerprint=_fingerprint(loading, loaded, places),
        layers=tuple(loaded),
        gaps=tuple(loading.gaps),
        access_items=tuple(items),
        towns=known[0] if known else None,
        issues=tuple(loading.issues),
        secrecy=highest_secrecy(layer.entry.secrecy for layer in [*loaded, *places.values()]),
    )


def _fingerprint(loading: Loading, layers: Sequence[Layer], places: dict[str, Layer]) -> Fingerprint:
    """Return the fingerprint of everything that the layers of a day rest on."""
    used = {layer.entry.id: layer for layer in (*places.values(), *layers)}
    lists = {layer.entry.access_list for layer in used.values() if layer.entry.access_list is not None}
    return Fingerprint.from_inputs(
        code=code_fingerprint(),
        libraries=_versions(),
        as_of=loading.day,
        region=loading.region,
        plane=loading.plane.proj,
        entries={name: layer.entry for name, layer in used.items()},
        files={name: layer.files for name, layer in used.items()},
        content={name: layer.sha256 for name, layer in used.items()},
        status={name: layer.status for name, layer in used.items()},
        coverages={name: layer.coverage for name, layer in used.items()},
        access_lists={name: _list_fingerprint(loading.catalog, name) for name in sorted(lists)},
        gaps=[*loading.gaps, *loading.administrative_gaps],
    )


def _list_fingerprint(catalog: Catalog, name: str) -> dict[str, str | None]:
    try:
        return file_fingerprint(catalog.file(name))
    except CatalogError:
        # Outside the folder of the catalog: never read.
        return {name: None}


def _administrative(loading: Loading, wanted: Sequence[Series]) -> dict[str, Layer]:
    """Load the administrative zones first: coverage and towns rest on them, whatever the scope."""
    in_scope = {series.name for series in wanted}
    places = {}
    for series in loading.catalog.series([ADMINISTRATIVE], loading.day):
        apart = replace(loading, gaps=[])
        layer = places[series.name] = _edition(apart, series, {})
        loading.administrative_gaps.extend(apart.gaps)
        if series.name in in_scope:
            loading.gaps.extend(apart.gaps)
        if layer.status == "loaded" and (declared := _declared(loading, layer.entry, places, [])) is not None:
            shapes = layer.columns["geometry"]
            found = misplaced_gaps(shapes, declared.area, layer.entry) if declared.area is not None else []
            loading.administrative_gaps.extend(found)
            loading.gaps.extend(found if series.name in in_scope else [])
    return places


def _edition(loading: Loading, series: Series, places: dict[str, Layer]) -> Layer:
    """Load the edition of the day with its coverage."""
    entry = series.edition
    if entry is not None:
        gaps: list[LayerGap] = []
        declared = None if entry.theme == ADMINISTRATIVE else _declared(loading, entry, places, gaps)
        layer = _layer(loading, entry, None if declared is None else declared.area)
        if layer.status != "loaded":
            return layer
        loading.gaps.extend(gaps)
        _undated(loading, series)
        return layer if declared is None else _covered(layer, declared)
    last, day = series.editions[-1], loading.day
    if any(other.valid_to is not None and other.valid_to < day for other in series.editions):
        ended = max(other.valid_to for other in series.editions if other.valid_to is not None and other.valid_to < day)
        return loading.failed(
            last, GapReason.LAYER_EXPIRED, Message.from_code("edition_expired", layer=last.id, ended=ended, day=day)
        )
    return loading.failed(
        last,
        GapReason.LAYER_MISSING,
        Message.from_code("edition_not_begun", layer=last.id, begin=series.editions[0].valid_from, day=day),
    )


def _undated(loading: Loading, series: Series) -> None:
    """Report a series of which it cannot be known which edition is the newer one."""
    current = [entry for entry in series.editions if entry.in_force(loading.day)]
    firsts = [entry.valid_from for entry in current]
    if len(current) < 2 or (None not in firsts and len(set(firsts)) == len(firsts)):
        return
    message = Message.from_code(
        "editions_undated", series=series.name, editions=[e.id for e in current], day=loading.day
    )
    loading.gap(GapReason.LAYER_INCOMPLETE, series.edition or series.editions[-1], message)


def _layer(loading: Loading, entry: LayerEntry, coverage: BaseGeometry | None) -> Layer:
    """Read one layer; a failure becomes its gap."""
    try:
        return _cached(loading, entry, coverage)
    except MissingFileError as error:
        return loading.failed(entry, GapReason.LAYER_MISSING, error.message)
    except ReferenceSystemError as error:
        return loading.failed(entry, GapReason.UNKNOWN_CRS, error.message)
    except LianzhouError as error:
        return loading.failed(entry, GapReason.READ_ERROR, error.message)
    except Exception as error:
        # Whatever a reader of files throws: a layer that fails must never take the run with it, nor be forgotten.
        what = type(error).__name__
        return loading.failed(entry, GapReason.READ_ERROR, Message.from_code("reader_failed", problem=what))


@cache
def _versions() -> list[str]:
    """Return the versions of the libraries that make zones of files."""
    return [
        np.__version__,
        version("pandas"),
        shapely.__version__,
        shapely.geos_version_string,
        version("pyogrio"),
    ]


def _cached(loading: Loading, entry: LayerEntry, coverage: BaseGeometry | None) -> Layer:
    """Return a layer from the cache where it was loaded before, with its gaps and issues."""
    if entry.secrecy in CLASSIFIED:
        secrecy = label("secrecy", entry.secrecy)
        loading.issues.append(Issue.from_code("warning", "layer_classified", f"layer {entry.id}", secrecy=secrecy))
    if is_database(entry.path):
        return _read(loading, entry, coverage)

    def load() -> Loaded:
        aside = replace(loading, gaps=[], issues=[], turns=[])
        layer = _read(aside, entry, coverage)
        return Loaded(layer, tuple(aside.gaps), tuple(aside.issues), tuple(sorted(set(aside.turns))))

    parameters = {
        "plane": loading.plane.proj,
        "region": None if loading.region is None else asdict(loading.region),
        "study": None if loading.study is None else asdict(loading.study),
        "versions": _versions(),
        "coverage": None if coverage is None else hashlib.sha256(shapely.to_wkb(coverage)).hexdigest(),
    }
    found = cached_or_loaded(loading.cache, entry, loading.catalog.file(entry.path), loading.day, parameters, load)
    loading.gaps.extend(found.gaps)
    loading.issues.extend(found.issues)
    return found.layer


def _read(loading: Loading, entry: LayerEntry, coverage: BaseGeometry | None) -> Layer:
    # Imported lazily: not needed on a cache hit.
    from lianzhou_gis.layers.reader import read_layer

    return read_layer(loading, entry, coverage)


def _declared(
    loading: Loading, entry: LayerEntry, places: dict[str, Layer], gaps: list[LayerGap]
) -> DeclaredCoverage | None:
    """Return the declared coverage of a layer, ``None`` where it follows from its zones; gaps are added to ``gaps``.

    What a coverage rests on passes its own gaps on: those of the administrative zones, in scope or not, and an old
    datum of a file.
    """

    def gap(reason: GapReason, message: Message, **more: Any) -> None:  # noqa: ANN401 - fields of LayerGap
        gaps.append(LayerGap(reason, entry.theme, entry.id, message, **more))

    if entry.coverage == UNION:
        return None
    key = entry.coverage or ""
    declared = loading.coverages.get(key)
    if declared is None:
        loaded = [place.columns for place in places.values() if place.status == "loaded"]
        empty = Columns({"geometry": cells([])})
        try:
            declared = declared_coverage(entry, loading.catalog, empty, loaded[0] if loaded else None, loading.region)
        except LianzhouError as error:
            gap(GapReason.OUTSIDE_COVERAGE, error.message)
            return DeclaredCoverage(None)
        loading.coverages[key] = declared
    if declared.area is None:
        gap(GapReason.OUTSIDE_COVERAGE, Message.from_code("coverage_undeclared"))
    if not declared.reliable:
        gap(GapReason.UNRELIABLE_DATUM, Message.from_code("coverage_datum_unreliable", system=declared.system))
    loading.issues.extend(issue for issue in declared.issues if issue.severity != "info")
    code = administrative_code(entry)
    for found in loading.administrative_gaps if code is not None and entry.theme != ADMINISTRATIVE else ():
        if found.zone_id in (None, code):
            message = Message.from_code("coverage_gap_inherited", layer=found.layer_id, gap=found.message)
            gap(found.reason, message, area=found.area)
    return declared


def _covered_place(loading: Loading, layer: Layer, places: dict[str, Layer]) -> Layer:
    """Return an administrative layer with its coverage, which may be one of its own zones."""
    declared = _declared(loading, layer.entry, places, loading.gaps)
    return layer if declared is None else _covered(layer, declared)


def _covered(layer: Layer, declared: DeclaredCoverage) -> Layer:
    return replace(layer, coverage=declared.area, coverage_error_m=declared.error_m)


def _union_coverage(loading: Loading, layer: Layer) -> Layer:
    """Return a layer of control units with the union of its zones as coverage."""
    if layer.entry.coverage != UNION:
        return layer
    try:
        return replace(layer, coverage=declared_coverage(layer.entry, loading.catalog, layer.columns, None).area)
    except LianzhouError as error:
        loading.gap(GapReason.OUTSIDE_COVERAGE, layer.entry, error.message)
        return layer


def _access(loading: Loading, layer: Layer) -> list[AccessItem]:
    """Read the access list of a layer of control units, and name the units that it leaves out."""
    if layer.entry.theme != "control_unit":
        return []
    entry = layer.entry
    items: tuple[AccessItem, ...] = ()
    if entry.access_list is not None:
        try:
            path = loading.catalog.file(entry.access_list)
            items, gaps, issues = read_access_list(path, entry, loading.facts, loading.day)
            loading.gaps.extend(gaps)
            loading.issues.extend(issues)
        except LianzhouError as error:
            loading.gap(GapReason.LAYER_INCOMPLETE, entry, error.message)
    units = layer.columns["zone_id"].tolist()
    for unit_id in units_unknown(units, items):
        loading.gap(GapReason.LAYER_INCOMPLETE, entry, Message.from_code("access_list_unit_unknown", unit=unit_id))
    unlisted = set(units_without_items(units, items))
    for row, unit_id in enumerate(units):
        if unit_id in unlisted:
            loading.gap(
                GapReason.LAYER_INCOMPLETE,
                entry,
                Message.from_code("access_list_unit_missing", unit=unit_id),
                zone_id=unit_id,
                area=layer.columns["geometry"][row],
            )
    return list(items)
